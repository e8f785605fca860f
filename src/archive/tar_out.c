/* SPDX-License-Identifier: Apache-2.0
 *
 * Write a tar archive to a descriptor.
 *
 * Knows: headers, hashes. Does not know: documents. Threads: the calling one.
 */
#include "archive/tar_out.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/limits.h"
#include "archive/tar_header.h"
#include "base/error.h"
#include "base/hash.h"
#include "oci/digest.h"

/* What a pipe takes without waiting once poll(2) says that it is writable. */
#define PIPE_PIECE ((size_t)4096)
/* Between two looks whether to go on, while the reader does not read. */
#define WAIT_MS 100

enum tug_status tug__tar_out_begin(struct tug__tar_out *out, int fd, struct tug__work *work,
                                   struct tug_error *err)
{
    struct stat info;

    *out = (struct tug__tar_out){.fd = fd, .work = work};
    if (fstat(fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot write the archive");
    }
    out->is_file = S_ISREG(info.st_mode) || S_ISBLK(info.st_mode);
    out->piece = malloc(TUG__ARCHIVE_PIECE);
    return out->piece != NULL ? TUG_OK : tug__fail_memory(err);
}

void tug__tar_out_fini(struct tug__tar_out *out)
{
    free(out->piece);
    out->piece = NULL;
}

/* Wait until the descriptor takes bytes, so that a reader that stands still holds nobody up who
 * wants to stop. An error shows in the write that follows. */
static enum tug_status wait_writable(struct tug__tar_out *out, struct tug_error *err)
{
    struct pollfd state = {.fd = out->fd, .events = POLLOUT};
    enum tug_status status = tug__work_go_on(out->work, err);

    while (status == TUG_OK && !out->is_file && poll(&state, 1, WAIT_MS) == 0) {
        status = tug__work_go_on(out->work, err);
    }
    return status;
}

static enum tug_status write_all(struct tug__tar_out *out, const void *bytes, size_t length,
                                 struct tug_error *err)
{
    const uint8_t *at = bytes;

    while (length > 0) {
        const size_t most = out->is_file ? TUG__ARCHIVE_PIECE : PIPE_PIECE;
        const enum tug_status status = wait_writable(out, err);
        const ssize_t written =
            status == TUG_OK ? write(out->fd, at, length < most ? length : most) : 0;

        if (status != TUG_OK) {
            return status;
        }
        if (written < 0 && errno != EINTR && errno != EAGAIN) {
            return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot write the archive");
        }
        if (written > 0) {
            at += written;
            length -= (size_t)written;
            out->work->progress.bytes_done += (uint64_t)written;
        }
    }
    return TUG_OK;
}

static enum tug_status write_header(struct tug__tar_out *out, const char *name, uint64_t size_bytes,
                                    struct tug_error *err)
{
    _Alignas(max_align_t) uint8_t blocks[TUG__TAR_HEADER_BLOCKS * TUG__TAR_BLOCK];
    const size_t length = tug__tar_header(name, size_bytes, blocks);

    return write_all(out, blocks, length, err);
}

static enum tug_status write_padding(struct tug__tar_out *out, uint64_t size_bytes,
                                     struct tug_error *err)
{
    static const uint8_t zeros[TUG__TAR_BLOCK];

    return write_all(out, zeros, tug__tar_padding(size_bytes), err);
}

enum tug_status tug__tar_out_bytes(struct tug__tar_out *out, const char *name, const void *bytes,
                                   size_t length, struct tug_error *err)
{
    enum tug_status status = write_header(out, name, length, err);

    if (status == TUG_OK) {
        status = write_all(out, bytes, length, err);
    }
    return status == TUG_OK ? write_padding(out, length, err) : status;
}

/* Read the next piece, which the file has to have in full. */
static enum tug_status read_piece(int fd, void *piece, size_t length, uint64_t offset,
                                  struct tug_error *err)
{
    for (size_t done = 0; done < length;) {
        const ssize_t got =
            pread(fd, (uint8_t *)piece + done, length - done, (off_t)(offset + done));

        if (got < 0 && errno != EINTR) {
            return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot read it");
        }
        if (got == 0) {
            return tug__fail(err, TUG_ERR_CONTENT, "it is shorter than its size");
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return TUG_OK;
}

static enum tug_status copy(struct tug__tar_out *out, int fd, uint64_t size_bytes,
                            struct tug__hash *hash, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (uint64_t offset = 0; status == TUG_OK && offset < size_bytes;) {
        const uint64_t rest = size_bytes - offset;
        const size_t length = rest < TUG__ARCHIVE_PIECE ? (size_t)rest : TUG__ARCHIVE_PIECE;

        status = read_piece(fd, out->piece, length, offset, err);
        if (status == TUG_OK) {
            status = tug__hash_update(hash, out->piece, length, err);
        }
        if (status == TUG_OK) {
            status = write_all(out, out->piece, length, err);
        }
        offset += length;
    }
    return status;
}

enum tug_status tug__tar_out_file(struct tug__tar_out *out, const char *name, int fd,
                                  const struct tug_digest *digest, uint64_t size_bytes,
                                  struct tug_error *err)
{
    struct tug_digest found = {.algorithm = digest->algorithm};
    struct tug__hash *hash = NULL;
    enum tug_status status = write_header(out, name, size_bytes, err);

    if (status == TUG_OK) {
        status = tug__hash_create(tug__digest_algorithm_name(digest->algorithm), &hash, err);
    }
    if (status == TUG_OK) {
        status = copy(out, fd, size_bytes, hash, err);
    }
    if (status == TUG_OK) {
        status = tug__hash_finish(hash, found.bytes, err);
    }
    tug__hash_destroy(hash);
    if (status == TUG_OK && !tug_digest_equal(&found, digest)) {
        status = tug__fail(err, TUG_ERR_CONTENT, "its bytes do not have that digest");
    }
    return status == TUG_OK ? write_padding(out, size_bytes, err) : status;
}

enum tug_status tug__tar_out_end(struct tug__tar_out *out, struct tug_error *err)
{
    static const uint8_t zeros[2 * TUG__TAR_BLOCK];

    return write_all(out, zeros, sizeof zeros, err);
}
