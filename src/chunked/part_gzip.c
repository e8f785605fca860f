/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpack gzip as a stream. The only file that includes zlib.
 *
 * Knows: zlib. Does not know: files, JSON, documents.
 * Threads: any.
 */
#include <stdlib.h>

#include <zlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "chunked/internal.h"

/* For inflateInit2: a gzip header, and the largest window. */
#define GZIP_WINDOW (MAX_WBITS + 16)

/* State of one call. */
struct stream {
    const struct tug__part_stream *unpacking;
    z_stream zlib;
    unsigned char *in, *out; /* TUG__PART_BYTES each */
    uint64_t raw_bytes;
    bool is_ended;
};

/* Pass on what one input holds. */
static enum tug_status unpack_input(struct stream *stream, size_t length, struct tug_error *err)
{
    const struct tug__part_stream *const unpacking = stream->unpacking;
    z_stream *const zlib = &stream->zlib;

    zlib->next_in = stream->in;
    zlib->avail_in = (uInt)length;
    do {
        size_t out_length;
        enum tug_status status;
        int code;

        zlib->next_out = stream->out;
        zlib->avail_out = (uInt)TUG__PART_BYTES;
        code = inflate(zlib, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
            return tug__fail(err, TUG_ERR_CONTENT, "not valid gzip: %s",
                             zlib->msg != NULL ? zlib->msg : "corrupt");
        }
        stream->is_ended = code == Z_STREAM_END;
        out_length = TUG__PART_BYTES - zlib->avail_out;
        stream->raw_bytes += out_length;
        if (stream->raw_bytes > unpacking->part.raw_length) {
            return tug__fail(err, TUG_ERR_TOO_LARGE, "it unpacks to over %llu bytes",
                             (unsigned long long)unpacking->part.raw_length);
        }
        status =
            unpacking->on_bytes(unpacking->context, (const char *)stream->out, out_length, err);
        if (status != TUG_OK) {
            return status;
        }
    } while (!stream->is_ended && (zlib->avail_in > 0 || zlib->avail_out == 0));
    return TUG_OK;
}

static enum tug_status unpack_all(struct stream *stream, struct tug_error *err)
{
    const struct tug__part_stream *const unpacking = stream->unpacking;
    const struct tug__packed *const part = &unpacking->part;
    enum tug_status status = TUG_OK;

    for (uint64_t at = 0; status == TUG_OK && !stream->is_ended && at < part->length;) {
        size_t length;

        status = tug__part_read(unpacking, at, stream->in, &length, err);
        if (status == TUG_OK) {
            status = unpack_input(stream, length, err);
        }
        at += length;
    }
    if (status == TUG_OK && !stream->is_ended) {
        status = tug__fail(err, TUG_ERR_CONTENT, "not valid gzip: an early end");
    }
    return status;
}

enum tug_status tug__part_gunzip(const struct tug__part_stream *unpacking, struct tug_error *err)
{
    TUG__AUTO_FREE unsigned char *in = malloc(TUG__PART_BYTES);
    TUG__AUTO_FREE unsigned char *out = malloc(TUG__PART_BYTES);
    struct stream stream = {.unpacking = unpacking, .in = in, .out = out};
    enum tug_status status;

    if (in == NULL || out == NULL || inflateInit2(&stream.zlib, GZIP_WINDOW) != Z_OK) {
        return tug__fail_memory(err);
    }
    status = unpack_all(&stream, err);
    (void)inflateEnd(&stream.zlib);
    return status;
}
