/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpack a layer to hash it.
 *
 * Knows: libarchive, how compressed files begin. Does not know: documents, the store.
 * Threads: any.
 *
 * Only two filters of libarchive are switched on. Content that is not compressed does not need it.
 */
#include "unpack/unpack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"
#include "base/hash.h"
#include "oci/digest.h"
#include "unpack/libarchive.h"

#define LAYER_TYPE "application/vnd.oci.image.layer.v1.tar"
/* Bytes that libarchive gets at a time. */
#define READ_BYTES ((size_t)64 * 1024)

/* A file that libarchive reads. */
struct reader {
    int fd;
    struct tug__libarchive library;
    void *handle;
    struct archive *archive;
    uint8_t *piece;         /* owned */
    struct tug_error error; /* of read_more: what libarchive cannot tell */
};

const char *tug__packing_layer_type(enum tug__packing packing)
{
    switch (packing) {
    case TUG__PACKING_NONE:
        break;
    case TUG__PACKING_GZIP:
        return LAYER_TYPE "+gzip";
    case TUG__PACKING_ZSTD:
        return LAYER_TYPE "+zstd";
    }
    return LAYER_TYPE;
}

enum tug_status tug__packing_find(int fd, enum tug__packing *out_packing, struct tug_error *err)
{
    static const uint8_t gzip[] = {0x1f, 0x8b};
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    uint8_t bytes[4];
    const ssize_t length = pread(fd, bytes, sizeof bytes, 0);

    if (length < 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot read a blob");
    }
    *out_packing = TUG__PACKING_NONE;
    if (length >= (ssize_t)sizeof gzip && memcmp(bytes, gzip, sizeof gzip) == 0) {
        *out_packing = TUG__PACKING_GZIP;
    } else if (length >= (ssize_t)sizeof zstd && memcmp(bytes, zstd, sizeof zstd) == 0) {
        *out_packing = TUG__PACKING_ZSTD;
    }
    return TUG_OK;
}

/* --- what comes out of a file --- */

/* Read for libarchive. */
static la_ssize_t read_more(struct archive *archive, void *context, const void **out_bytes)
{
    struct reader *const reader = context;
    size_t length = 0;

    (void)archive;
    *out_bytes = reader->piece;
    if (reader->error.code != TUG_OK || tug__fs_read_some(reader->fd, reader->piece, READ_BYTES,
                                                          &length, &reader->error) != TUG_OK) {
        return ARCHIVE_FATAL;
    }
    return (la_ssize_t)length;
}

/* Turn what libarchive says into an error. */
static enum tug_status fail(const struct reader *reader, struct tug_error *err)
{
    const char *const why = reader->library.error_string(reader->archive);

    if (reader->error.code != TUG_OK) {
        if (err != NULL) {
            *err = reader->error;
        }
        return reader->error.code;
    }
    return tug__fail(err, TUG_ERR_CONTENT, "cannot be unpacked: %s",
                     why != NULL ? why : "it is damaged");
}

static void reader_close(struct reader *reader)
{
    if (reader->archive != NULL) {
        (void)reader->library.read_free(reader->archive);
    }
    tug__libarchive_unload(reader->handle);
    free(reader->piece);
}

/* Open what is packed as one file. */
static enum tug_status reader_open(struct reader *reader, struct tug_error *err)
{
    struct tug__libarchive *const library = &reader->library;
    struct archive_entry *entry = NULL;
    enum tug_status status = tug__libarchive_load(library, &reader->handle, err);

    if (status != TUG_OK) {
        return status;
    }
    reader->archive = library->read_new();
    reader->piece = malloc(READ_BYTES);
    if (reader->archive == NULL || reader->piece == NULL) {
        return tug__fail_memory(err);
    }
    if (library->read_support_format_raw(reader->archive) != ARCHIVE_OK ||
        library->read_support_filter_gzip(reader->archive) != ARCHIVE_OK ||
        library->read_support_filter_zstd(reader->archive) != ARCHIVE_OK ||
        library->read_open2(reader->archive, reader, NULL, read_more, NULL, NULL) != ARCHIVE_OK ||
        library->read_next_header(reader->archive, &entry) != ARCHIVE_OK) {
        return fail(reader, err);
    }
    /* It takes what it does not know as it is, and unpacks what was packed twice. */
    if (library->filter_code(reader->archive, 0) == ARCHIVE_FILTER_NONE ||
        library->filter_code(reader->archive, 1) != ARCHIVE_FILTER_NONE) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "cannot be unpacked: it is damaged, or packed twice");
    }
    return TUG_OK;
}

/* Read on. reader: NULL: the file is not packed. */
static enum tug_status read_on(struct reader *reader, int fd,
                               const struct tug__unpacking *unpacking, size_t *out_length,
                               struct tug_error *err)
{
    la_ssize_t length;

    if (reader == NULL) {
        return tug__fs_read_some(fd, unpacking->buffer, unpacking->buffer_bytes, out_length, err);
    }
    length = reader->library.read_data(reader->archive, unpacking->buffer, unpacking->buffer_bytes);
    if (length < 0) {
        return fail(reader, err);
    }
    *out_length = (size_t)length;
    return TUG_OK;
}

/* --- hashing it --- */

static bool is_zero(const uint8_t *bytes, size_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

static enum tug_status hash_all(struct reader *reader, int fd, struct tug__hash *hash,
                                const struct tug__unpacking *unpacking,
                                struct tug__unpacked *unpacked, struct tug_error *err)
{
    size_t length = 1;
    enum tug_status status = TUG_OK;

    while (status == TUG_OK && length > 0) {
        status = read_on(reader, fd, unpacking, &length, err);
        if (status == TUG_OK && length > unpacking->max_bytes - unpacked->size_bytes) {
            return tug__fail(err, TUG_ERR_CONTENT,
                             "it unpacks to more than the limit of %" PRIu64 " bytes",
                             unpacking->max_bytes);
        }
        if (status == TUG_OK) {
            unpacked->size_bytes += length;
            unpacked->is_blank = unpacked->is_blank && is_zero(unpacking->buffer, length);
            status = tug__hash_update(hash, unpacking->buffer, length, err);
        }
        if (status == TUG_OK && unpacking->should_stop(unpacking->context)) {
            status = tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
        }
    }
    return status;
}

enum tug_status tug__unpack_digest(int fd, enum tug_digest_algorithm algorithm,
                                   const struct tug__unpacking *unpacking,
                                   struct tug__unpacked *out_unpacked, struct tug_error *err)
{
    struct tug__unpacked unpacked = {.digest.algorithm = algorithm, .is_blank = true};
    struct reader reader = {.fd = fd};
    struct tug__hash *hash = NULL;
    bool is_packed;
    enum tug_status status = tug__packing_find(fd, &unpacked.packing, err);

    is_packed = unpacked.packing != TUG__PACKING_NONE;
    if (status == TUG_OK && lseek(fd, 0, SEEK_SET) < 0) {
        status = tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot read a blob");
    }
    if (status == TUG_OK) {
        status = tug__hash_create(tug__digest_algorithm_name(algorithm), &hash, err);
    }
    if (status == TUG_OK && is_packed) {
        status = reader_open(&reader, err);
    }
    if (status == TUG_OK) {
        status = hash_all(is_packed ? &reader : NULL, fd, hash, unpacking, &unpacked, err);
    }
    if (status == TUG_OK) {
        status = tug__hash_finish(hash, unpacked.digest.bytes, err);
    }
    reader_close(&reader);
    tug__hash_destroy(hash);
    if (status == TUG_OK) {
        *out_unpacked = unpacked;
    }
    return status;
}
