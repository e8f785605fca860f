/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The self-test's HTTP client, on a raw socket.
 * Knows: HTTP/1.1 framing. Does not know: the server's insides. Threads: the caller's.
 */
#include "test_support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_internal.h"

int client_connect(struct fake_registry *registry)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(fake_registry_port(registry))};
    char address[INET_ADDRSTRLEN];
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK(sscanf(fake_registry_host(registry), "%15[^:]", address) == 1);
    CHECK(inet_pton(AF_INET, address, &to.sin_addr) == 1);
    CHECK(connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0);
    return fd;
}

void client_send(int fd, const char *method, const char *path, const char *headers)
{
    char *text = NULL;
    const int len = asprintf(&text, "%s %s HTTP/1.1\r\nHost: test\r\n%s\r\n", method, path,
                             headers != NULL ? headers : "");
    CHECK(len > 0);
    for (size_t done = 0; done < (size_t)len;) {
        const ssize_t sent = send(fd, text + done, (size_t)len - done, MSG_NOSIGNAL);
        if (sent < 0) {
            break; /* refused: reading will show how */
        }
        done += (size_t)sent;
    }
    free(text);
}

/* Read len bytes at most. Returns: how many, 0 when the answer ended early: see *out_end. */
static size_t read_some(int fd, unsigned silence_ms, void *buf, size_t len,
                        enum client_end *out_end)
{
    struct pollfd on = {.fd = fd, .events = POLLIN};
    if (poll(&on, 1, (int)silence_ms) <= 0) {
        *out_end = CLIENT_SILENT;
        return 0;
    }
    const ssize_t got = recv(fd, buf, len, 0);
    if (got <= 0) {
        *out_end = got == 0 ? CLIENT_CLOSED : CLIENT_RESET;
        return 0;
    }
    return (size_t)got;
}

/* Read up to and with an end mark, byte by byte. Returns: whether it came. */
static bool read_until(int fd, unsigned silence_ms, const char *mark, char *buf, size_t size,
                       enum client_end *out_end)
{
    size_t len = 0;
    const size_t mark_len = strlen(mark);
    while (len + 1 < size) {
        if (read_some(fd, silence_ms, buf + len, 1, out_end) == 0) {
            return false;
        }
        buf[++len] = '\0';
        if (len >= mark_len && strcmp(buf + len - mark_len, mark) == 0) {
            return true;
        }
    }
    return false;
}

/* Append len bytes of body (SIZE_MAX: up to the end). Returns: whether all came. */
static bool read_body(int fd, unsigned silence_ms, size_t len, struct client_reply *reply)
{
    while (len > 0) {
        const size_t step = len < 262144 ? len : 262144;
        reply->body = realloc(reply->body, reply->len + step + 1);
        CHECK(reply->body != NULL);
        const size_t got = read_some(fd, silence_ms, reply->body + reply->len, step, &reply->end);
        if (got == 0) {
            return false;
        }
        reply->len += got;
        reply->body[reply->len] = '\0';
        len -= len == SIZE_MAX ? 0 : got;
    }
    return true;
}

static void read_chunks(int fd, unsigned silence_ms, struct client_reply *reply)
{
    char line[1024];
    for (;;) {
        if (!read_until(fd, silence_ms, "\r\n", line, sizeof(line), &reply->end)) {
            return;
        }
        const size_t size = strtoul(line, NULL, 16);
        if (size == 0) {
            break;
        }
        if (!read_body(fd, silence_ms, size, reply) ||
            !read_until(fd, silence_ms, "\r\n", line, sizeof(line), &reply->end)) {
            return;
        }
    }
    do { /* trailers */
        if (!read_until(fd, silence_ms, "\r\n", line, sizeof(line), &reply->end)) {
            return;
        }
    } while (strcmp(line, "\r\n") != 0);
}

void client_read(int fd, const char *method, unsigned silence_ms, struct client_reply *out_reply)
{
    *out_reply = (struct client_reply){0};
    out_reply->body = fake_copy("", 0);
    char *const head = out_reply->headers;
    if (!read_until(fd, silence_ms, "\r\n\r\n", head, sizeof(out_reply->headers),
                    &out_reply->end) ||
        sscanf(head, "HTTP/1.1 %d", &out_reply->status) != 1) {
        return;
    }
    size_t len = 0;
    const char *const length = fake_header_find(head, "Content-Length", &len);
    if (strcmp(method, "HEAD") == 0) {
        return;
    }
    if (client_has(out_reply, "Transfer-Encoding", "chunked")) {
        read_chunks(fd, silence_ms, out_reply);
    } else if (length != NULL) {
        read_body(fd, silence_ms, strtoul(length, NULL, 10), out_reply);
    } else {
        read_body(fd, silence_ms, SIZE_MAX, out_reply);
        out_reply->end = out_reply->end == CLIENT_CLOSED ? CLIENT_COMPLETE : out_reply->end;
    }
}

int client_ask(int fd, const char *method, const char *path, const char *headers,
               struct client_reply *out_reply)
{
    client_send(fd, method, path, headers);
    client_read(fd, method, TEST_WAIT_MS, out_reply);
    return out_reply->status;
}

int client_get(struct fake_registry *registry, const char *path, const char *headers,
               struct client_reply *out_reply)
{
    const int fd = client_connect(registry);
    const int status = client_ask(fd, "GET", path, headers, out_reply);
    close(fd);
    return status;
}

bool client_has(const struct client_reply *reply, const char *name, const char *value)
{
    size_t len = 0;
    const char *const found = fake_header_find(reply->headers, name, &len);
    return found != NULL &&
           (value == NULL || (strlen(value) == len && memcmp(found, value, len) == 0));
}

void client_free(struct client_reply *reply)
{
    free(reply->body);
    reply->body = NULL;
}
