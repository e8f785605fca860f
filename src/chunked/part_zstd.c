/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpack zstd as a stream. The only file that includes zstd.
 *
 * Knows: libzstd, limits. Does not know: files, JSON, documents.
 * Threads: any.
 */
#include <stdlib.h>

#include <zstd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "chunked/internal.h"
#include "oci/limits.h"

/* State of one call. */
struct stream {
    const struct tug__part_stream *unpacking;
    ZSTD_DStream *zstd;
    char *in, *out; /* TUG__PART_BYTES each */
    uint64_t raw_bytes;
    bool is_frame_end; /* no frame is open */
};

/* Pass on what one input holds. */
static enum tug_status unpack_input(struct stream *stream, size_t length, struct tug_error *err)
{
    const struct tug__part_stream *const unpacking = stream->unpacking;
    ZSTD_inBuffer in = {.src = stream->in, .size = length};
    bool is_full = false;

    while (in.pos < in.size || is_full) {
        ZSTD_outBuffer out = {.dst = stream->out, .size = TUG__PART_BYTES};
        const size_t code = ZSTD_decompressStream(stream->zstd, &out, &in);
        enum tug_status status;

        if (ZSTD_isError(code)) {
            return tug__fail(err, TUG_ERR_CONTENT, "not valid zstd: %s", ZSTD_getErrorName(code));
        }
        stream->is_frame_end = code == 0;
        is_full = out.pos == out.size && code != 0;
        stream->raw_bytes += out.pos;
        if (stream->raw_bytes > unpacking->part.raw_length) {
            return tug__fail(err, TUG_ERR_CONTENT, "it unpacks to more than announced");
        }
        status = unpacking->on_bytes(unpacking->context, stream->out, out.pos, err);
        if (status != TUG_OK) {
            return status;
        }
    }
    return TUG_OK;
}

static enum tug_status unpack_all(struct stream *stream, struct tug_error *err)
{
    const struct tug__part_stream *const unpacking = stream->unpacking;
    const struct tug__packed *const part = &unpacking->part;
    enum tug_status status = TUG_OK;

    for (uint64_t at = 0; status == TUG_OK && at < part->length;) {
        size_t length;

        status = tug__part_read(unpacking, at, stream->in, &length, err);
        if (status == TUG_OK) {
            status = unpack_input(stream, length, err);
        }
        at += length;
    }
    if (status == TUG_OK && (!stream->is_frame_end || stream->raw_bytes != part->raw_length)) {
        status = tug__fail(err, TUG_ERR_CONTENT, "it unpacks to less than announced");
    }
    return status;
}

enum tug_status tug__part_unzstd(const struct tug__part_stream *unpacking, struct tug_error *err)
{
    TUG__AUTO_FREE char *in = malloc(TUG__PART_BYTES);
    TUG__AUTO_FREE char *out = malloc(TUG__PART_BYTES);
    struct stream stream = {
        .unpacking = unpacking,
        .zstd = ZSTD_createDStream(),
        .in = in,
        .out = out,
        .is_frame_end = true,
    };
    enum tug_status status;

    if (in == NULL || out == NULL || stream.zstd == NULL ||
        ZSTD_isError(
            ZSTD_DCtx_setParameter(stream.zstd, ZSTD_d_windowLogMax, TUG__TOC_WINDOW_LOG_MAX))) {
        (void)ZSTD_freeDStream(stream.zstd);
        return tug__fail_memory(err);
    }
    status = unpack_all(&stream, err);
    (void)ZSTD_freeDStream(stream.zstd);
    return status;
}
