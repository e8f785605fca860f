/* SPDX-License-Identifier: Apache-2.0
 *
 * Read a tar archive member by member, with libarchive.
 *
 * Knows: libarchive. Does not know: documents, what the members are. Threads: the calling one.
 *
 * Of libarchive only the tar format and two filters are switched on: what is never asked for cannot
 * be attacked.
 */
#include "archive/tar_in.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unpack/libarchive.h"
#include "archive/limits.h"
#include "base/error.h"

/* Between two looks whether to go on, while the writer does not write. */
#define WAIT_MS 100

struct tug__tar_in {
    int fd;
    bool is_file;
    struct tug__work *work; /* borrowed */
    struct tug__libarchive library;
    void *handle;
    struct archive *archive;
    struct tug_error error; /* of read_more: what libarchive cannot tell */
    uint8_t *piece;         /* owned */
};

/* Wait until there is something to read, unless the call is to stop. */
static enum tug_status wait_readable(struct tug__tar_in *in)
{
    struct pollfd state = {.fd = in->fd, .events = POLLIN};
    enum tug_status status = tug__work_go_on(in->work, &in->error);

    while (status == TUG_OK && !in->is_file && poll(&state, 1, WAIT_MS) == 0) {
        status = tug__work_go_on(in->work, &in->error);
    }
    return status;
}

/* Read for libarchive. */
static la_ssize_t read_more(struct archive *archive, void *context, const void **out_bytes)
{
    struct tug__tar_in *const in = context;
    ssize_t length;

    (void)archive;
    *out_bytes = in->piece;
    if (in->error.code != TUG_OK) { /* it was told, and tries the next filter */
        return ARCHIVE_FATAL;
    }
    do {
        if (wait_readable(in) != TUG_OK) {
            return ARCHIVE_FATAL;
        }
        length = read(in->fd, in->piece, TUG__ARCHIVE_PIECE);
    } while (length < 0 && (errno == EINTR || errno == EAGAIN));
    if (length < 0) {
        (void)tug__fail_errno(&in->error, TUG_ERR_STORE, errno, "cannot read the archive");
        return ARCHIVE_FATAL;
    }
    in->work->progress.bytes_done += (uint64_t)length;
    return length;
}

/* Skip content for libarchive: the next read tells when that led beyond the end. */
static la_int64_t skip(struct archive *archive, void *context, la_int64_t length)
{
    struct tug__tar_in *const in = context;
    struct stat info;
    off_t place;

    (void)archive;
    if (!in->is_file || fstat(in->fd, &info) != 0) {
        return 0; /* it reads instead */
    }
    place = lseek(in->fd, 0, SEEK_CUR);
    if (place < 0 || length > info.st_size - place || lseek(in->fd, length, SEEK_CUR) < 0) {
        return 0;
    }
    in->work->progress.bytes_done += (uint64_t)length;
    return length;
}

/* Turn what libarchive says into an error. */
static enum tug_status fail(const struct tug__tar_in *in, struct tug_error *err)
{
    const char *const why = in->library.error_string(in->archive);

    if (in->error.code != TUG_OK) {
        if (err != NULL) {
            *err = in->error;
        }
        return in->error.code;
    }
    return tug__fail(err, TUG_ERR_CONTENT, "cannot read the archive: %s",
                     why != NULL ? why : "it is damaged");
}

static enum tug_status open_archive(struct tug__tar_in *in, struct tug_error *err)
{
    const struct tug__libarchive *const library = &in->library;
    enum tug_status status = tug__libarchive_load(&in->library, &in->handle, err);

    if (status != TUG_OK) {
        return status;
    }
    in->archive = library->read_new();
    in->piece = malloc(TUG__ARCHIVE_PIECE);
    if (in->archive == NULL || in->piece == NULL) {
        return tug__fail_memory(err);
    }
    if (library->read_support_format_tar(in->archive) != ARCHIVE_OK ||
        library->read_support_filter_gzip(in->archive) != ARCHIVE_OK ||
        library->read_support_filter_zstd(in->archive) != ARCHIVE_OK ||
        library->read_open2(in->archive, in, NULL, read_more, skip, NULL) != ARCHIVE_OK) {
        return fail(in, err);
    }
    return TUG_OK;
}

enum tug_status tug__tar_in_open(int fd, struct tug__work *work, struct tug__tar_in **out_in,
                                 struct tug_error *err)
{
    struct tug__tar_in *const in = calloc(1, sizeof *in);
    struct stat info;
    enum tug_status status;

    if (in == NULL) {
        return tug__fail_memory(err);
    }
    in->fd = fd;
    in->work = work;
    in->is_file = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    status = open_archive(in, err);
    if (status != TUG_OK) {
        tug__tar_in_close(in);
        return status;
    }
    *out_in = in;
    return TUG_OK;
}

static enum tug__member_type type_of(const struct tug__libarchive *library,
                                     struct archive_entry *entry)
{
    if (library->entry_hardlink(entry) != NULL) {
        return TUG__MEMBER_HARDLINK;
    }
    switch (library->entry_filetype(entry)) {
    case AE_IFREG:
        return library->entry_sparse_count(entry) > 0 ? TUG__MEMBER_SPECIAL : TUG__MEMBER_FILE;
    case AE_IFDIR:
        return TUG__MEMBER_DIR;
    case AE_IFLNK:
        return TUG__MEMBER_SYMLINK;
    default:
        return TUG__MEMBER_SPECIAL;
    }
}

/* Tell whether a warning is of a text in another character set. It is an owner's name, which nobody
 * asks for; the member's own name shows as missing. Any other warning means that the header can be
 * read in several ways. */
static bool is_of_characters(const struct tug__tar_in *in)
{
    const char *const why = in->library.error_string(in->archive);

    return why != NULL && strstr(why, "can't be converted") != NULL;
}

enum tug_status tug__tar_in_next(struct tug__tar_in *in, struct tug__tar_member *out_member,
                                 bool *out_is_end, struct tug_error *err)
{
    const struct tug__libarchive *const library = &in->library;
    struct archive_entry *entry = NULL;
    struct tug__tar_member member = {0};
    const int answer = library->read_next_header(in->archive, &entry);
    la_int64_t size;

    *out_is_end = answer == ARCHIVE_EOF;
    if (*out_is_end) {
        return in->error.code == TUG_OK ? TUG_OK : fail(in, err);
    }
    if (answer != ARCHIVE_OK && (answer != ARCHIVE_WARN || !is_of_characters(in))) {
        return fail(in, err);
    }
    member.name = library->entry_pathname(entry);
    if (member.name == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "a member of the archive has an unreadable name");
    }
    member.type = type_of(library, entry);
    if (member.type == TUG__MEMBER_SYMLINK || member.type == TUG__MEMBER_HARDLINK) {
        member.target = member.type == TUG__MEMBER_SYMLINK ? library->entry_symlink(entry)
                                                           : library->entry_hardlink(entry);
        if (member.target == NULL) {
            return tug__fail(err, TUG_ERR_CONTENT, "member '%s' is a link to an unreadable name",
                             member.name);
        }
    }
    size = library->entry_size_is_set(entry) ? library->entry_size(entry) : 0;
    if (size < 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "member '%s' has a negative size", member.name);
    }
    member.size_bytes = (uint64_t)size;
    *out_member = member;
    return TUG_OK;
}

enum tug_status tug__tar_in_read(void *context, void *buffer, size_t capacity, size_t *out_length,
                                 struct tug_error *err)
{
    struct tug__tar_in *const in = context;
    const la_ssize_t length = in->library.read_data(in->archive, buffer, capacity);

    if (length < 0) {
        return fail(in, err);
    }
    *out_length = (size_t)length;
    return TUG_OK;
}

enum tug_status tug__tar_in_finish(struct tug__tar_in *in, struct tug_error *err)
{
    const void *bytes;
    la_ssize_t length = 1;

    for (size_t total = 0; length > 0 && !in->is_file && total < TUG__ARCHIVE_TAIL_MAX;
         total += (size_t)length) {
        length = read_more(in->archive, in, &bytes);
        if (length < 0) {
            return fail(in, err);
        }
    }
    return TUG_OK;
}

void tug__tar_in_close(struct tug__tar_in *in)
{
    if (in == NULL) {
        return;
    }
    if (in->archive != NULL) {
        (void)in->library.read_free(in->archive);
    }
    tug__libarchive_unload(in->handle);
    free(in->piece);
    free(in);
}
