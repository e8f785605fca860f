/* SPDX-License-Identifier: Apache-2.0
 *
 * Lay out the rows of the display.
 *
 * Knows: active images and blobs, units. Does not know: the terminal, the order of events.
 * Threads: the caller's.
 */
#include "rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

/* From this width on a row has a bar and all columns. */
#define WIDTH_WIDE 72
/* From this width on a narrow row has a size, or a digest of full length. */
#define WIDTH_SIZE 48
#define WIDTH_LABEL 30
/* Columns of a wide blob besides the bar: indent 2, label 12, brackets 2, percentage 4, sizes 17,
 * rate 10, state 13, blanks between them 6. */
#define WIDTH_FIXED (2 + 12 + 2 + 4 + 17 + 10 + 13 + 6)
#define BAR_MAX 40
/* Column where the bar of a wide blob starts. */
#define BAR_START (2 + 12 + 2)

/* Digits shown of a digest, and how many consecutive ones count as a digest in a text. */
#define DIGEST_DIGITS 12
#define DIGEST_MIN 32

/* Added to a wait so that rounding rounds up: it is never "in 0 s". */
#define ROUND_UP 0.49

/* --- texts --- */

/* Write a row's text, cut to width columns. */
static void put_row(struct row *row, size_t width, const char *format, ...)
    __attribute__((__format__(__printf__, 3, 4)));
static void put_row(struct row *row, size_t width, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(row->text, width + 1, format, arguments);
    va_end(arguments);
}

/* Copy text into a field of width columns; of a longer one the end is kept, which distinguishes
 * names. */
static void put_name(char *out_field, size_t width, const char *text)
{
    const size_t length = strlen(text);
    const size_t dots = width >= 8 ? 3 : 0;

    if (length <= width) {
        (void)snprintf(out_field, width + 1, "%-*s", (int)width, text);
        return;
    }
    memset(out_field, '.', dots);
    memcpy(out_field + dots, text + length - (width - dots), width - dots);
    out_field[width] = '\0';
}

/* Write a percentage, " 45%"; four blanks when the fraction is not known. */
static void put_percent(char out_text[8], double part)
{
    if (part < 0) {
        (void)snprintf(out_text, 8, "    ");
    } else {
        (void)snprintf(out_text, 8, "%3d%%", (int)(part * 100));
    }
}

/* --- an image --- */

static void describe_image(const struct active_image *image, double now_seconds,
                           char out_state[UNITS_TEXT_MAX * 2])
{
    const double waited = now_seconds - image->seen_seconds;
    char duration[UNITS_TEXT_MAX] = "";

    if (image->is_resolved) {
        (void)snprintf(out_state, (size_t)UNITS_TEXT_MAX * 2, "resolved");
    } else if (image->retry_seconds > now_seconds) {
        (void)snprintf(out_state, (size_t)UNITS_TEXT_MAX * 2, "retry %s",
                       units_format_wait(image->retry_seconds - now_seconds + ROUND_UP, duration));
    } else if (waited >= ACTIVE_STALL_SECONDS) {
        (void)snprintf(out_state, (size_t)UNITS_TEXT_MAX * 2, "resolving %s",
                       units_format_wait(waited, duration));
    } else {
        (void)snprintf(out_state, (size_t)UNITS_TEXT_MAX * 2, "resolving");
    }
}

void row_of_image(const struct active_image *image, double now_seconds, size_t width,
                  struct row *out_row)
{
    const double part = active_image_part(image);
    char state[UNITS_TEXT_MAX * 2];
    char percent[8];
    char blobs[48] = "";
    char bytes[UNITS_TEXT_MAX * 2 + 2] = "";
    char done[UNITS_TEXT_MAX];
    char known[UNITS_TEXT_MAX];
    char right[256];

    describe_image(image, now_seconds, state);
    put_percent(percent, part);
    if (part >= 0) {
        (void)snprintf(blobs, sizeof blobs, "%llu/%llu", (unsigned long long)image->blobs_done,
                       (unsigned long long)image->blobs);
        (void)snprintf(bytes, sizeof bytes, "%s/%s",
                       units_format_size((double)image->bytes_done, done),
                       units_format_size((double)image->bytes_known, known));
    }
    if (width >= WIDTH_WIDE) {
        char known_columns[128] = "";

        if (part >= 0) {
            (void)snprintf(known_columns, sizeof known_columns, "%s %7s blobs %s", percent, blobs,
                           bytes);
        }
        (void)snprintf(right, sizeof right, " %-9s %-36s", state, known_columns);
    } else if (part < 0) {
        (void)snprintf(right, sizeof right, " %s", state);
    } else {
        (void)snprintf(right, sizeof right, " %s %s", percent, blobs);
    }
    const size_t room = strlen(right) + 4 < width ? width - strlen(right) : 4;
    char name[ROWS_WIDTH_MAX + 1];

    put_name(name, room < width ? room : width, image->ref);
    *out_row = (struct row){0};
    put_row(out_row, width, "%s%s", name, right);
    for (size_t i = strlen(out_row->text); i > 0 && out_row->text[i - 1] == ' '; i--) {
        out_row->text[i - 1] = '\0';
    }
}

/* --- a blob --- */

/* Describe a blob's state. Returns: false while it downloads normally, when its rate says more. */
static bool describe_blob(const struct active_blob *blob, double now_seconds, char *out_state,
                          size_t capacity)
{
    const double stalled = active_stalled_seconds(blob, now_seconds);
    char duration[UNITS_TEXT_MAX];

    switch (blob->state) {
    case ACTIVE_DOWNLOADING:
        if (stalled > 0) {
            (void)snprintf(out_state, capacity, "stalled %s", units_format_wait(stalled, duration));
            return true;
        }
        (void)snprintf(out_state, capacity, "downloading");
        return false;
    case ACTIVE_VERIFYING:
        (void)snprintf(out_state, capacity, "verifying");
        break;
    case ACTIVE_RETRYING:
        if (blob->retry_seconds > now_seconds) {
            (void)snprintf(
                out_state, capacity, "retry %s",
                units_format_wait(blob->retry_seconds - now_seconds + ROUND_UP, duration));
        } else {
            (void)snprintf(out_state, capacity, "retrying");
        }
        break;
    case ACTIVE_QUEUED:
        (void)snprintf(out_state, capacity, "queued");
        break;
    case ACTIVE_WAITING:
        (void)snprintf(out_state, capacity, "other process");
        break;
    case ACTIVE_DONE:
        (void)snprintf(out_state, capacity, "done");
        break;
    case ACTIVE_EXISTS:
        (void)snprintf(out_state, capacity, "exists");
        break;
    }
    return true;
}

/* The fraction of a blob received, 0 to 1. */
static double done_part(const struct active_blob *blob)
{
    if (blob->size_bytes == 0 || blob->done_bytes >= blob->size_bytes) {
        return blob->state == ACTIVE_VERIFYING || !active_is_live(blob) ? 1 : 0;
    }
    return (double)blob->done_bytes / (double)blob->size_bytes;
}

static void fill_bar(char *out_bar, size_t width, double part)
{
    const size_t full = (size_t)(part * (double)width + 0.5);

    memset(out_bar, '.', width);
    memset(out_bar, '#', full < width ? full : width);
    out_bar[width] = '\0';
}

/* The digits of a digest. Borrowed from out_text. */
static const char *digits_of(const struct tug_digest *digest, char out_text[TUG_DIGEST_TEXT_MAX])
{
    const char *const colon = strchr(tug_digest_format(digest, out_text), ':');

    return colon != NULL ? colon + 1 : out_text;
}

/* Sizes of a blob: for an active one also the bytes received. */
static void put_sizes(const struct active_blob *blob, char out_text[UNITS_TEXT_MAX * 2])
{
    char done[UNITS_TEXT_MAX];
    char size[UNITS_TEXT_MAX];

    (void)units_format_size((double)blob->done_bytes, done);
    (void)units_format_size((double)blob->size_bytes, size);
    if (active_is_live(blob) && blob->size_bytes == 0) { /* unknown */
        (void)snprintf(out_text, (size_t)UNITS_TEXT_MAX * 2, "%17s", "");
    } else if (active_is_live(blob)) {
        (void)snprintf(out_text, (size_t)UNITS_TEXT_MAX * 2, "%8s/%-8s", done, size);
    } else {
        (void)snprintf(out_text, (size_t)UNITS_TEXT_MAX * 2, "%8s %-8s", "", size);
    }
}

static void fill_narrow(const struct active_blob *blob, const char *digits, const char *what,
                        size_t width, struct row *out_row)
{
    char percent[8];
    char size[UNITS_TEXT_MAX];

    put_percent(percent, done_part(blob));
    (void)units_format_size((double)blob->size_bytes, size);
    if (width >= WIDTH_SIZE) {
        put_row(out_row, width, "  %.12s %s %8s %s", digits, percent, size, what);
    } else if (width >= WIDTH_LABEL) {
        put_row(out_row, width, "  %.12s %s %s", digits, percent, what);
    } else if (strlen(what) + 10 > width) {
        put_row(out_row, width, "%.4s %s", digits, what);
    } else {
        put_row(out_row, width, "%.4s %s %s", digits, percent, what);
    }
}

void row_of_blob(const struct active_blob *blob, double now_seconds, size_t width,
                 struct row *out_row)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    const char *const digits = digits_of(&blob->digest, digest);
    char state[UNITS_TEXT_MAX * 2];
    char sizes[UNITS_TEXT_MAX * 2];
    char rate[UNITS_TEXT_MAX] = "";
    char percent[8];
    char bar[BAR_MAX + 1];
    const bool has_state = describe_blob(blob, now_seconds, state, sizeof state);
    const bool is_bad =
        has_state && (blob->state == ACTIVE_DOWNLOADING || blob->state == ACTIVE_RETRYING);

    if (!has_state) {
        (void)units_format_rate(blob->rate.bytes_per_s, rate);
    }
    *out_row = (struct row){.color = is_bad ? ROW_BAD : ROW_GOOD};
    if (width < WIDTH_WIDE) {
        fill_narrow(blob, digits, has_state ? state : rate, width, out_row);
        return;
    }
    const size_t bar_width = width - WIDTH_FIXED < BAR_MAX ? width - WIDTH_FIXED : (size_t)BAR_MAX;

    fill_bar(bar, bar_width, done_part(blob));
    put_percent(percent, done_part(blob));
    put_sizes(blob, sizes);
    put_row(out_row, width, "  %.12s [%s] %s %s %10s %s", digits, bar, percent, sizes, rate, state);
    out_row->color_start = BAR_START;
    out_row->color_end = BAR_START + bar_width;
}

void row_of_more(size_t count, size_t width, struct row *out_row)
{
    *out_row = (struct row){0};
    put_row(out_row, width, "... and %zu more", count);
}

/* --- the totals --- */

enum {
    PIECE_IMAGES,
    PIECE_BLOBS,
    PIECE_PERCENT,
    PIECE_BYTES,
    PIECE_COPIED,
    PIECE_RATE,
    PIECE_ETA,
    PIECE_ELAPSED,
    PIECE_FAILED,
    PIECE_RETRIES,
    PIECE_COUNT,
};

/* Join the non-empty pieces with two blanks, in order. Pieces that do not fit are left out, the
 * least important first. */
static void join_pieces(char pieces[PIECE_COUNT][96], size_t width, char *out_text)
{
    static const unsigned char least_first[PIECE_COUNT] = {
        PIECE_RETRIES, PIECE_BLOBS,  PIECE_ELAPSED, PIECE_COPIED, PIECE_BYTES,
        PIECE_RATE,    PIECE_IMAGES, PIECE_FAILED,  PIECE_ETA,    PIECE_PERCENT,
    };
    size_t length = 0;

    for (size_t i = 0; i < PIECE_COUNT; i++) {
        length += pieces[i][0] != '\0' ? strlen(pieces[i]) + 2 : 0;
    }
    for (size_t i = 0; i + 1 < PIECE_COUNT && length > width + 2; i++) {
        char *const piece = pieces[least_first[i]];

        length -= *piece != '\0' ? strlen(piece) + 2 : 0;
        *piece = '\0';
    }
    *out_text = '\0';
    length = 0;
    for (size_t i = 0; i < PIECE_COUNT && length < width; i++) {
        if (pieces[i][0] != '\0') {
            length += (size_t)snprintf(out_text + length, width + 1 - length, "%s%s",
                                       length > 0 ? "  " : "", pieces[i]);
        }
    }
}

void row_of_total(const struct active *active, const struct tug_totals *totals,
                  const struct rate *rate, size_t width, struct row *out_row)
{
    const double part = active_total_part(active, totals);
    const double eta_seconds = active_eta_seconds(active, totals, rate);
    char pieces[PIECE_COUNT][96] = {{0}};
    char first[UNITS_TEXT_MAX];
    char second[UNITS_TEXT_MAX];

    (void)snprintf(pieces[PIECE_IMAGES], sizeof pieces[0], "%llu/%llu image%s",
                   (unsigned long long)totals->images_done, (unsigned long long)totals->images,
                   totals->images == 1 ? "" : "s");
    if (totals->bytes_known > 0) {
        (void)snprintf(pieces[PIECE_BLOBS], sizeof pieces[0], "%llu/%llu blobs",
                       (unsigned long long)totals->blobs_done, (unsigned long long)totals->blobs);
        (void)snprintf(pieces[PIECE_BYTES], sizeof pieces[0], "%s/%s",
                       units_format_size((double)totals->bytes_done, first),
                       units_format_size((double)totals->bytes_known, second));
        (void)snprintf(pieces[PIECE_RATE], sizeof pieces[0], "%s",
                       units_format_rate(rate->bytes_per_s, first));
    }
    if (totals->bytes_copied > 0) {
        (void)snprintf(pieces[PIECE_COPIED], sizeof pieces[0], "%s copied",
                       units_format_size((double)totals->bytes_copied, first));
    }
    if (part >= 0) {
        (void)snprintf(pieces[PIECE_PERCENT], sizeof pieces[0], "%d%%", (int)(part * 100));
        (void)snprintf(pieces[PIECE_ETA], sizeof pieces[0], "eta %s",
                       eta_seconds >= 0 ? units_format_wait(eta_seconds, first) : "-");
    }
    (void)snprintf(pieces[PIECE_ELAPSED], sizeof pieces[0], "elapsed %s",
                   units_format_wait(totals->seconds, first));
    if (totals->images_failed > 0) {
        (void)snprintf(pieces[PIECE_FAILED], sizeof pieces[0], "%llu failed",
                       (unsigned long long)totals->images_failed);
    }
    if (active->retry.count > 0) {
        (void)snprintf(pieces[PIECE_RETRIES], sizeof pieces[0], "%llu retr%s",
                       (unsigned long long)active->retry.count,
                       active->retry.count == 1 ? "y" : "ies");
    }
    *out_row = (struct row){0};
    join_pieces(pieces, width, out_row->text);
}

/* --- the last retry --- */

/* Replace each character that is not ASCII by '?': its width is not known here. */
static void make_ascii(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        const unsigned char byte = (unsigned char)*from;

        if (byte < 0x80) {
            *to++ = *from;
        } else if (byte >= 0xc0) { /* the first byte of a character */
            *to++ = '?';
        }
    }
    *to = '\0';
}

/* Shorten long runs of hexadecimal digits, which are digests, to the digits shown in rows. */
static void shorten_digests(char *text)
{
    char *to = text;

    while (*text != '\0') {
        const size_t length = strspn(text, "0123456789abcdef");
        const size_t kept = length >= DIGEST_MIN ? DIGEST_DIGITS : length > 0 ? length : 1;

        memmove(to, text, kept);
        to += kept;
        text += length > 0 ? length : 1;
    }
    *to = '\0';
}

static void describe_retry(const struct active_retry *retry, const struct tug_totals *totals,
                           bool has_ref, char *out_text, size_t capacity)
{
    const double left = retry->retry_seconds - totals->seconds;
    char count[48] = "";
    char when[UNITS_TEXT_MAX + 8] = "";
    char duration[UNITS_TEXT_MAX];

    if (retry->attempt > 0 && retry->attempts_max > 1) {
        (void)snprintf(count, sizeof count, " %u/%u", retry->attempt, retry->attempts_max - 1);
    }
    if (left > 0) {
        (void)snprintf(when, sizeof when, " in %s", units_format_wait(left + ROUND_UP, duration));
    }
    (void)snprintf(out_text, capacity, "retry%s%s: %s%s%s", count, when, has_ref ? retry->ref : "",
                   has_ref ? ": " : "", retry->text);
    make_ascii(out_text);
    shorten_digests(out_text);
}

/* How much of a text goes into a row: to the last blank that fits, if that is not far back. */
static size_t break_line(const char *text, size_t width)
{
    size_t length = strnlen(text, width);

    if (text[length] == '\0') {
        return length;
    }
    while (length > width / 2 && text[length] != ' ') {
        length--;
    }
    return text[length] == ' ' ? length : width;
}

size_t rows_of_retry(const struct active *active, const struct tug_totals *totals, size_t width,
                     size_t most, struct row *out_rows)
{
    char text[2 * TUG_ERROR_MESSAGE_MAX];
    const char *rest = text;
    size_t count = 0;

    if (!active_has_retry(active, totals)) {
        return 0;
    }
    describe_retry(&active->retry, totals,
                   totals->images > 1 && active->retry.ref != NULL && width >= WIDTH_WIDE, text,
                   sizeof text);
    while (*rest != '\0' && count < most) {
        const size_t length = break_line(rest, width);
        struct row *const row = &out_rows[count++];

        *row = (struct row){.color = ROW_BAD, .color_end = length};
        memcpy(row->text, rest, length);
        rest += length;
        rest += *rest == ' ';
    }
    return count;
}
