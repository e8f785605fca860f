/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending an answer, with the faults of a rule: cuts, stalls, flips, rates, framing.
 * Knows: sockets, replies, rules. Does not know: which content is asked for.
 * Threads: a connection's. Every wait ends when the peer closes or the server stops, which
 * shuts the socket down.
 */
#include "fake_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_MAX_NS ((uint64_t)10 * 1000000000U)
#define CHUNK_BYTES ((size_t)64 * 1024)

/* What bytes are, since faults count some of them only. */
enum part { PART_HEAD, PART_FRAME, PART_CONTENT };

/* One answer while it is sent. */
struct sender {
    struct fake_connection *connection;
    struct fake_entry *entry;
    const struct fake_rule *rule;
    int hold_fd;       /* readable once the rule is released */
    bool can_cut;      /* the cut is still to come */
    uint64_t cut_left; /* bytes before it */
    uint64_t rate;     /* bytes per second, 0: no limit */
    uint64_t rate_from_ns;
    uint64_t rate_sent;
};

static const struct fake_rule no_rule;

/* Wait so long, or for ever, or until wake_fd is readable. Returns: false when the peer is gone. */
static bool wait_peer(int fd, int wake_fd, const uint64_t *wait_ns)
{
    struct pollfd on[2] = {{.fd = fd, .events = POLLRDHUP}, {.fd = wake_fd, .events = POLLIN}};
    const uint64_t until_ns = wait_ns != NULL ? fake_now_ns() + *wait_ns : 0;
    for (;;) {
        const uint64_t now_ns = fake_now_ns();
        const uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
        const struct timespec left = {.tv_sec = (time_t)(left_ns / 1000000000U),
                                      .tv_nsec = (long)(left_ns % 1000000000U)};
        const int count = ppoll(on, 2, wait_ns != NULL ? &left : NULL, NULL);
        if (on[0].revents != 0 && count > 0) {
            return false;
        }
        if (count == 0 || (count > 0 && on[1].revents != 0)) {
            return true;
        }
        if (count < 0 && errno != EINTR) {
            fake_die("cannot poll: %m");
        }
    }
}

static bool wait_ms(int fd, unsigned ms)
{
    const uint64_t wait_ns = (uint64_t)ms * 1000000U;
    return ms == 0 || wait_peer(fd, -1, &wait_ns);
}

void fake_send_reset(int fd, bool drain)
{
    const uint64_t until_ns = fake_now_ns() + DRAIN_MAX_NS;
    const uint64_t step_ns = 500000;
    int unsent = 0;
    while (drain && ioctl(fd, SIOCOUTQ, &unsent) == 0 && unsent > 0 &&
           wait_peer(fd, -1, &step_ns) && fake_now_ns() < until_ns) {
    }
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

/* The bytes before the cut are sent: do it. Returns: whether sending goes on. */
static bool do_cut(struct sender *sender)
{
    const int fd = sender->connection->fd;
    sender->can_cut = false;
    switch (sender->rule->body.cut) {
    case FAKE_CUT_RST:
        fake_send_reset(fd, true);
        return false;
    case FAKE_CUT_STALL:
        wait_peer(fd, -1, NULL);
        return false;
    case FAKE_CUT_PAUSE:
        return wait_ms(fd, sender->rule->body.pause_ms);
    case FAKE_CUT_HOLD:
        return wait_peer(fd, sender->hold_fd, NULL);
    case FAKE_CUT_NONE:
    case FAKE_CUT_CLOSE:
    case FAKE_CUT_END:
        break;
    }
    return false;
}

static bool is_cut_counted(const struct sender *sender, enum part part)
{
    return part == PART_CONTENT || (part == PART_HEAD && sender->rule->body.cut_counts_head);
}

static bool is_rated(const struct sender *sender, enum part part)
{
    return part == PART_CONTENT || (part == PART_HEAD && sender->rule->timing.rate_counts_head);
}

/* Wait until the rate allows more. Returns: how many bytes, 0 when the peer is gone. */
static size_t allow_rate(struct sender *sender, size_t len)
{
    const uint64_t rate = sender->rate;
    const uint64_t now_ns = fake_now_ns();
    if (sender->rate_sent == 0) {
        sender->rate_from_ns = now_ns;
    }
    /* The seconds and the rest apart, so that the product cannot overflow. */
    const uint64_t due_ns = sender->rate_from_ns + sender->rate_sent / rate * 1000000000U +
                            sender->rate_sent % rate * 1000000000U / rate;
    const uint64_t left_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    if (left_ns > 0 && !wait_peer(sender->connection->fd, -1, &left_ns)) {
        return 0;
    }
    const uint64_t slice = rate / 50 > 0 ? rate / 50 : 1; /* 20 ms */
    return len < slice ? len : (size_t)slice;
}

/* How many of len bytes may be sent now, after a pause or wait if due; 0: the answer is over. */
static size_t allow(struct sender *sender, enum part part, size_t len)
{
    size_t count = len;
    const bool is_counted = is_cut_counted(sender, part);
    if (sender->can_cut && is_counted && sender->cut_left == 0 && !do_cut(sender)) {
        return 0;
    }
    if (sender->rate > 0 && is_rated(sender, part)) {
        count = allow_rate(sender, count);
    }
    if (sender->can_cut && is_counted && count > sender->cut_left) {
        count = (size_t)sender->cut_left;
    }
    if (sender->can_cut && is_counted) {
        sender->cut_left -= count;
    }
    if (sender->rate > 0 && is_rated(sender, part)) {
        sender->rate_sent += count;
    }
    return count;
}

/* Content is counted before it is sent: who has received it finds it counted. */
static void count_content(struct sender *sender, enum part part, int64_t count)
{
    if (part == PART_CONTENT) {
        fake_record_bytes(sender->connection->registry, sender->entry, count);
    }
}

static bool send_now(struct sender *sender, enum part part, const char *data, size_t len)
{
    count_content(sender, part, (int64_t)len);
    while (len > 0) {
        const ssize_t sent = send(sender->connection->fd, data, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            count_content(sender, part, -(int64_t)len);
            return false;
        }
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Send bytes as far as the faults let them. Returns: false when the connection is to end. */
static bool put(struct sender *sender, enum part part, const char *data, size_t len)
{
    while (len > 0) {
        const size_t count = allow(sender, part, len);
        if (count == 0 || !send_now(sender, part, data, count)) {
            return false;
        }
        data += count;
        len -= count;
    }
    return true;
}

static bool put_text(struct sender *sender, enum part part, const char *text)
{
    return text == NULL || put(sender, part, text, strlen(text));
}

/* Send content, in a chunk of its own when the answer is chunked. */
static bool put_content(struct sender *sender, const char *data, size_t len)
{
    const struct fake_body_fault *const fault = &sender->rule->body;
    if (len == 0) {
        return true;
    }
    if (!fault->chunked) {
        return put(sender, PART_CONTENT, data, len);
    }
    char size[32];
    snprintf(size, sizeof(size), "%zx", len);
    return put_text(sender, PART_FRAME, size) && put_text(sender, PART_FRAME, fault->chunk_note) &&
           put(sender, PART_FRAME, "\r\n", 2) && put(sender, PART_CONTENT, data, len) &&
           put(sender, PART_FRAME, "\r\n", 2);
}

static size_t piece_size(const struct sender *sender, uint64_t left)
{
    size_t size = FAKE_PIECE_BYTES;
    if (sender->rule->body.chunked) {
        const size_t chunk =
            sender->rule->body.chunk_bytes > 0 ? sender->rule->body.chunk_bytes : CHUNK_BYTES;
        size = chunk < size ? chunk : size;
    }
    return left < size ? (size_t)left : size;
}

static void flip(const struct fake_body_fault *fault, uint64_t offset, char *data, size_t len)
{
    if (fault->flip_mask != 0 && fault->flip_offset >= offset &&
        fault->flip_offset - offset < len) {
        data[fault->flip_offset - offset] ^= (char)fault->flip_mask;
    }
}

/* Send an unchanged file without copying it. */
static bool put_file(struct sender *sender, int fd, uint64_t offset, uint64_t left)
{
    off_t at = (off_t)offset;
    while (left > 0) {
        size_t count = allow(sender, PART_CONTENT, piece_size(sender, left));
        if (count == 0) {
            return false;
        }
        left -= count;
        count_content(sender, PART_CONTENT, (int64_t)count);
        while (count > 0) {
            const ssize_t sent = sendfile(sender->connection->fd, fd, &at, count);
            if (sent < 0 && errno == EINTR) {
                continue;
            }
            if (sent <= 0) {
                count_content(sender, PART_CONTENT, -(int64_t)count);
                return false;
            }
            count -= (size_t)sent;
        }
    }
    return true;
}

/* Send the reply's range of its content, read piece by piece. */
static bool put_range(struct sender *sender, const struct fake_reply *reply, int file_fd)
{
    char *const piece = sender->connection->piece;
    const struct fake_body_fault *const fault = &sender->rule->body;
    if (file_fd >= 0 && fault->flip_mask == 0 && !fault->chunked) {
        return put_file(sender, file_fd, reply->first, reply->length);
    }
    for (uint64_t done = 0; done < reply->length;) {
        const uint64_t offset = reply->first + done;
        const size_t len = piece_size(sender, reply->length - done);
        if (reply->content != NULL) {
            fake_content_read(reply->content, file_fd, offset, piece, len);
        } else {
            memcpy(piece, reply->text + offset, len);
        }
        flip(fault, offset, piece, len);
        if (!put_content(sender, piece, len)) {
            return false;
        }
        done += len;
    }
    return true;
}

static bool put_extra(struct sender *sender)
{
    uint64_t left = sender->rule->body.extra_bytes;
    const bool is_endless = left == FAKE_ENDLESS;
    char *const piece = sender->connection->piece;
    if (left > 0) {
        memset(piece, 'x', FAKE_PIECE_BYTES);
    }
    while (left > 0) {
        const size_t len = piece_size(sender, left);
        if (!put_content(sender, piece, len)) {
            return false;
        }
        left -= is_endless ? 0 : len;
    }
    return true;
}

static bool put_body(struct sender *sender, const struct fake_reply *reply)
{
    const int file_fd = fake_content_open(reply->content);
    bool is_ok = put_content(sender, reply->prefix, strlen(reply->prefix)) &&
                 put_range(sender, reply, file_fd) &&
                 put_content(sender, reply->suffix, strlen(reply->suffix)) && put_extra(sender);
    if (file_fd >= 0) {
        close(file_fd);
    }
    if (is_ok && sender->can_cut && sender->cut_left == 0) {
        is_ok = do_cut(sender); /* after the last byte */
    }
    if (is_ok && sender->rule->body.chunked) {
        is_ok = put_text(sender, PART_FRAME, "0\r\n") &&
                put_text(sender, PART_FRAME, sender->rule->body.trailers) &&
                put_text(sender, PART_FRAME, "\r\n");
    }
    return is_ok;
}

static bool put_raw(struct sender *sender, const struct fake_answer *answer)
{
    const size_t len = answer->raw_len > 0 ? answer->raw_len : strlen(answer->raw);
    return put(sender, PART_CONTENT, answer->raw, len);
}

static bool put_answer(struct sender *sender, const struct fake_head *head)
{
    struct fake_registry *const registry = sender->connection->registry;
    const struct fake_rule *const rule = sender->rule;
    if (rule->answer.raw != NULL) {
        put_raw(sender, &rule->answer);
        return false;
    }
    struct fake_reply reply;
    fake_reply_make(registry, head, rule, &reply);
    char *const text = fake_head_text(registry, head, rule, &reply);
    fake_record_status(registry, sender->entry, reply.status);
    bool is_ok =
        put_text(sender, PART_HEAD, rule->answer.before) && put_text(sender, PART_HEAD, text);
    free(text);
    if (is_ok && !reply.is_head) {
        is_ok = put_body(sender, &reply);
    }
    return is_ok && !reply.is_close;
}

bool fake_send_answer(struct fake_connection *connection, const struct fake_head *head,
                      const struct fake_rule_node *node, struct fake_entry *entry)
{
    const struct fake_options *const options = &connection->registry->options;
    const struct fake_rule *const rule = node != NULL ? &node->rule : &no_rule;
    struct sender sender = {
        .connection = connection,
        .entry = entry,
        .rule = rule,
        .hold_fd = node != NULL ? node->hold_fd : -1,
        .can_cut = rule->body.cut != FAKE_CUT_NONE && rule->body.cut != FAKE_CUT_END,
        .cut_left = rule->body.cut_at_bytes,
        .rate = rule->timing.rate_bytes_per_s > 0 ? rule->timing.rate_bytes_per_s
                                                  : options->rate_bytes_per_s};
    if (!wait_ms(connection->fd, options->delay_ms) ||
        !wait_ms(connection->fd, rule->timing.delay_ms) ||
        (rule->timing.hold && !wait_peer(connection->fd, node->hold_fd, NULL))) {
        return false;
    }
    if (rule->refuse == FAKE_REFUSE_RST) {
        fake_send_reset(connection->fd, false);
    }
    if (rule->refuse != FAKE_REFUSE_NONE) {
        return false;
    }
    return put_answer(&sender, head);
}
