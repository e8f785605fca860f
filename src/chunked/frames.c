/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries of a TOC, in order, into frames.
 *
 * zstd:chunked: a chunk's frame is the chunk alone; a file's last one ends at its endOffset, and up
 * to the next file's offset comes a frame with the file's padding and all headers. eStargz: only
 * the offsets of chunks are known, so what follows a chunk belongs to its frame.
 *
 * Knows: what entries say. Does not know: JSON, files, donors.
 * Threads: any.
 */
#include <stdlib.h>

#include "base/error.h"
#include "chunked/internal.h"
#include "oci/limits.h"

#define TAR_BLOCK 512

/* Kinds of identities. */
enum { KIND_HEADER = 11, KIND_CHUNK, KIND_LAST };

static enum tug_status refuse(struct tug_error *err, const char *what)
{
    return tug__fail(err, TUG_ERR_CONTENT, "the table of contents %s", what);
}

static enum tug_status append(struct tug__frame_table *table, const struct tug__frame *frame,
                              struct tug_error *err)
{
    if (table->count == TUG__TOC_FRAMES_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "over %d chunks", TUG__TOC_FRAMES_MAX);
    }
    if (table->count == table->capacity) {
        const size_t capacity = table->capacity > 0 ? 2 * table->capacity : 1024;
        struct tug__frame *const frames = realloc(table->frames, capacity * sizeof *frames);

        if (frames == NULL) {
            return tug__fail_memory(err);
        }
        table->frames = frames;
        table->capacity = capacity;
    }
    table->frames[table->count++] = *frame;
    return TUG_OK;
}

/* The identity of the frame that is open. All zero: its headers are still to come. */
static struct tug__mix identity_of(const struct tug__framing *framing)
{
    struct tug__mix mix = framing->chunk;

    if (!framing->is_content && framing->has_tar_split) {
        return (struct tug__mix){0, 0};
    }
    if (!framing->is_content || framing->format == TUG__CHUNKED_ESTARGZ) {
        tug__mix_number(&mix, framing->header.a);
        tug__mix_number(&mix, framing->header.b);
    }
    mix.a |= 1;
    return mix;
}

/* Close the frame that is open, and open the next. A frame without a byte is none. */
static enum tug_status cut(struct tug__framing *framing, uint64_t at, struct tug_error *err)
{
    const struct tug__mix mix = identity_of(framing);
    const struct tug__frame frame = {.first = framing->first, .identity = {mix.a, mix.b}};
    enum tug_status status = TUG_OK;

    if (at < framing->first || at > framing->end_byte) {
        return refuse(err, "has chunks out of order, or beyond the layer");
    }
    if (at > framing->first) {
        status = append(framing->table, &frame, err);
        framing->header_count += status == TUG_OK && mix.a == 0;
    }
    framing->first = at;
    framing->is_content = false;
    framing->chunk = tug__mix_start(KIND_HEADER);
    return status;
}

/* The current file is complete: what follows is its padding, and headers. */
static enum tug_status end_file(struct tug__framing *framing, struct tug_error *err)
{
    if (!framing->is_in_file) {
        return TUG_OK;
    }
    framing->is_in_file = false;
    if (framing->file_done != framing->file_size) {
        return refuse(err, "has a file whose chunks do not make its size");
    }
    framing->header = tug__mix_start(KIND_HEADER);
    tug__mix_number(&framing->header, framing->file_size % TAR_BLOCK);
    return framing->format == TUG__CHUNKED_ZSTD ? cut(framing, framing->file_end, err) : TUG_OK;
}

/* A chunk begins: note what is known of its frame. */
static enum tug_status begin_chunk(struct tug__framing *framing, const struct tug__toc_entry *entry,
                                   struct tug_error *err)
{
    const uint64_t rest = framing->file_size - framing->file_done;
    const uint64_t size = entry->chunk_size > 0 ? entry->chunk_size : rest;
    enum tug_status status;

    if (!entry->has_offset || entry->chunk_offset != framing->file_done || size > rest ||
        size == 0) {
        return refuse(err, "has a chunk that is not part of its file");
    }
    status = cut(framing, entry->offset, err);
    framing->file_done += size;
    framing->is_content = true;
    framing->chunk = tug__mix_start(KIND_CHUNK);
    tug__mix_number(&framing->chunk, size);
    tug__mix_number(&framing->chunk, entry->content.a);
    tug__mix_number(&framing->chunk, entry->content.b);
    if (!entry->has_content) { /* like no other */
        tug__mix_number(&framing->chunk, entry->offset);
    }
    framing->header = tug__mix_start(KIND_HEADER);
    return status;
}

/* A file with content begins. */
static enum tug_status begin_file(struct tug__framing *framing, const struct tug__toc_entry *entry,
                                  struct tug_error *err)
{
    if (framing->format == TUG__CHUNKED_ZSTD && entry->end <= entry->offset) {
        return refuse(err, "has a file without an end");
    }
    framing->is_in_file = true;
    framing->file_size = entry->size;
    framing->file_end = entry->end;
    framing->file_done = 0;
    tug__mix_number(&framing->file_sizes, entry->size);
    return begin_chunk(framing, entry, err);
}

void tug__framing_begin(struct tug__framing *framing)
{
    framing->chunk = tug__mix_start(KIND_HEADER);
    framing->header = tug__mix_start(KIND_HEADER);
    framing->file_sizes = tug__mix_start(TUG__MIX_FILE_SIZES);
}

enum tug_status tug__framing_add(struct tug__framing *framing, const struct tug__toc_entry *entry,
                                 struct tug_error *err)
{
    enum tug_status status;

    if (entry->is_chunk) {
        return framing->is_in_file ? begin_chunk(framing, entry, err)
                                   : refuse(err, "has a chunk of no file");
    }
    status = end_file(framing, err);
    if (status != TUG_OK) {
        return status;
    }
    tug__mix_number(&framing->header, entry->header.a);
    tug__mix_number(&framing->header, entry->header.b);
    if (!entry->is_regular || entry->size == 0) {
        return TUG_OK;
    }
    return begin_file(framing, entry, err);
}

enum tug_status tug__framing_end(struct tug__framing *framing, struct tug_error *err)
{
    enum tug_status status = end_file(framing, err);

    if (status != TUG_OK) {
        return status;
    }
    tug__mix_number(&framing->header, KIND_LAST);
    status = cut(framing, framing->end_byte, err);
    framing->table->end_byte = framing->end_byte;
    return status;
}

void tug__frame_table_fini(struct tug__frame_table *table)
{
    free(table->frames);
    *table = (struct tug__frame_table){0};
}
