/* SPDX-License-Identifier: Apache-2.0
 *
 * Read and write STORE/verified.
 *
 * Knows: the format of that file. Does not know: documents, the network, how the memo is used.
 * Threads: any; a memo belongs to one thread at a time.
 */
#include "store/memo.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/str.h"
#include "oci/digest.h"
#include "store/internal.h"

#define MEMO_FILE "verified"
#define MEMO_HEAD "tug verified 1\n"
/* Enough for a million blobs; a larger store is verified without a memo. */
#define MEMO_BYTES_MAX ((size_t)256 * 1024 * 1024)
/* Numbers in a line. */
#define NUMBER_COUNT 4

/* The clock of most file systems ticks every 10 ms or faster; without nanoseconds, at least every
 * two seconds. */
#define FINE_TICK_NS (INT64_C(20) * 1000 * 1000)
#define COARSE_TICK_NS (INT64_C(3) * 1000 * 1000 * 1000)

static int64_t ns_of(const struct timespec *time)
{
    return (int64_t)time->tv_sec * (int64_t)TUG__NS_PER_S + time->tv_nsec;
}

struct tug__memo_entry tug__memo_entry(const struct tug_digest *digest, const struct stat *file)
{
    return (struct tug__memo_entry){
        .digest = *digest,
        .size_bytes = (uint64_t)file->st_size,
        .modified_ns = ns_of(&file->st_mtim),
        .changed_ns = ns_of(&file->st_ctim),
        .inode = (uint64_t)file->st_ino,
    };
}

bool tug__memo_may_keep(const struct tug__memo_entry *entry, int64_t now_ns)
{
    const bool is_fine = entry->changed_ns % (int64_t)TUG__NS_PER_S != 0;

    return entry->modified_ns >= 0 && entry->changed_ns >= 0 && /* the format has no sign */
           now_ns - entry->changed_ns > (is_fine ? FINE_TICK_NS : COARSE_TICK_NS);
}

static int compare_entries(const void *a, const void *b)
{
    const struct tug__memo_entry *const left = a;
    const struct tug__memo_entry *const right = b;

    return tug__digest_compare(&left->digest, &right->digest);
}

/* --- reading --- */

/* Read a number that ends at a blank or at the end of the line, and skip past it. */
static bool read_number(const char **at, const char *end, uint64_t *out_value)
{
    const char *const blank = memchr(*at, ' ', (size_t)(end - *at));
    const char *const stop = blank != NULL ? blank : end;

    if (!tug__parse_u64(*at, (size_t)(stop - *at), out_value)) {
        return false;
    }
    *at = blank != NULL ? blank + 1 : end;
    return true;
}

static bool read_line(const char *line, const char *end, struct tug__memo_entry *out_entry)
{
    const char *at = memchr(line, ' ', (size_t)(end - line));
    uint64_t numbers[NUMBER_COUNT];

    if (at == NULL ||
        tug_digest_parse(line, (size_t)(at - line), &out_entry->digest, NULL) != TUG_OK) {
        return false;
    }
    at++;
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        if (!read_number(&at, end, &numbers[i])) {
            return false;
        }
    }
    out_entry->size_bytes = numbers[0];
    out_entry->modified_ns = (int64_t)numbers[1];
    out_entry->changed_ns = (int64_t)numbers[2];
    out_entry->inode = numbers[3];
    return at == end;
}

/* Check that a text ends with a line that is the digest of all text before it. Returns: length of
 * the text before; 0: the digest does not match. */
static size_t check_sum(const char *text, size_t length)
{
    const char *last;
    struct tug_digest claimed;
    struct tug_digest found;

    if (length < sizeof MEMO_HEAD || text[length - 1] != '\n' ||
        memcmp(text, MEMO_HEAD, strlen(MEMO_HEAD)) != 0) {
        return 0;
    }
    last = memrchr(text, '\n', length - 1);
    if (last == NULL ||
        tug_digest_parse(last + 1, (size_t)(text + length - 1 - (last + 1)), &claimed, NULL) !=
            TUG_OK ||
        tug__digest_of(claimed.algorithm, text, (size_t)(last + 1 - text), &found, NULL) !=
            TUG_OK ||
        !tug_digest_equal(&claimed, &found)) {
        return 0;
    }
    return (size_t)(last + 1 - text);
}

static size_t count_lines(const char *text, size_t length)
{
    size_t count = 0;

    for (const char *at = text; (at = memchr(at, '\n', (size_t)(text + length - at))) != NULL;
         at++) {
        count++;
    }
    return count;
}

/* Parse the lines of a text with the right digest. */
static enum tug_status take_lines(const char *text, size_t length, struct tug__memo *out_memo,
                                  struct tug_error *err)
{
    const char *at = text + strlen(MEMO_HEAD);
    struct tug__memo memo = {
        .entries = calloc(count_lines(text, length), sizeof *memo.entries),
    };

    if (memo.entries == NULL) {
        return tug__fail_memory(err);
    }
    while (at < text + length) {
        const char *const end = memchr(at, '\n', (size_t)(text + length - at));

        if (end == NULL || !read_line(at, end, &memo.entries[memo.count])) {
            tug__memo_fini(&memo); /* perhaps of another version */
            break;
        }
        memo.count++;
        at = end + 1;
    }
    *out_memo = memo;
    return TUG_OK;
}

enum tug_status tug__memo_load(struct tug_store *store, struct tug__memo *out_memo,
                               struct tug_error *err)
{
    struct tug__memo memo = {0};
    struct tug__buf buf;
    enum tug_status status;
    size_t length;

    tug__buf_init(&buf, MEMO_BYTES_MAX);
    status = tug__fs_read_file(store->root_fd, MEMO_FILE, &buf, err);
    if (status == TUG_OK) {
        length = check_sum(buf.data, buf.length);
        status = length > 0 ? take_lines(buf.data, length, &memo, err) : TUG_OK;
    } else if (status != TUG_ERR_NO_MEMORY) {
        status = TUG_OK;
    }
    tug__buf_fini(&buf);
    if (status == TUG_OK) {
        *out_memo = memo;
    }
    return status;
}

bool tug__memo_has(const struct tug__memo *memo, const struct tug__memo_entry *entry)
{
    const struct tug__memo_entry *const found =
        memo->count > 0
            ? bsearch(entry, memo->entries, memo->count, sizeof *memo->entries, compare_entries)
            : NULL;

    return found != NULL && found->size_bytes == entry->size_bytes &&
           found->modified_ns == entry->modified_ns && found->changed_ns == entry->changed_ns &&
           found->inode == entry->inode;
}

void tug__memo_fini(struct tug__memo *memo)
{
    free(memo->entries);
    *memo = (struct tug__memo){0};
}

/* --- writing --- */

static enum tug_status append_entry(struct tug__buf *buf, const struct tug__memo_entry *entry,
                                    struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    return tug__buf_printf(buf, err, "%s %" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu64 "\n",
                           tug_digest_format(&entry->digest, digest), entry->size_bytes,
                           entry->modified_ns, entry->changed_ns, entry->inode);
}

static enum tug_status append_sum(struct tug__buf *buf, struct tug_error *err)
{
    char text[TUG_DIGEST_TEXT_MAX];
    struct tug_digest sum;
    const enum tug_status status =
        tug__digest_of(TUG_DIGEST_SHA256, buf->data, buf->length, &sum, err);

    return status == TUG_OK ? tug__buf_printf(buf, err, "%s\n", tug_digest_format(&sum, text))
                            : status;
}

enum tug_status tug__memo_save(struct tug_store *store, struct tug__memo_entry *entries,
                               size_t count, struct tug_error *err)
{
    const struct tug__fs_replacement replacement = {
        .temporary = MEMO_FILE ".tmp",
        .name = MEMO_FILE,
        .mode = tug__access_file_mode(store->root_mode),
    };
    struct tug__buf buf;
    enum tug_status status;

    if (count > 0) {
        qsort(entries, count, sizeof *entries, compare_entries);
    }
    tug__buf_init(&buf, MEMO_BYTES_MAX);
    status = tug__buf_append(&buf, MEMO_HEAD, strlen(MEMO_HEAD), err);
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = append_entry(&buf, &entries[i], err);
    }
    if (status == TUG_OK) {
        status = append_sum(&buf, err);
    }
    if (status == TUG_OK) {
        status = tug__fs_replace_bytes(store->root_fd, &replacement, buf.data, buf.length, err);
    }
    tug__buf_fini(&buf);
    return status;
}
