/* SPDX-License-Identifier: Apache-2.0
 *
 * tar-split: everything of an archive that is not a file's content, as lines of JSON. A line of
 * type 2 holds bytes in base64, one of type 1 stands for a file's content. All bytes between two
 * files with content are what one frame of headers was compressed from, so they are its identity.
 *
 * Knows: lines of tar-split. Does not know: files, descriptors, donors.
 * Threads: any.
 */
#include <string.h>

#include "base/error.h"
#include "base/json_scan.h"
#include "chunked/internal.h"
#include "oci/digest.h"
#include "oci/limits.h"

enum { KIND_RAW = 21 };

/* One line. Texts are raw, without their quotes. */
struct line {
    const char *text;
    uint64_t type;
    uint64_t size;
    const char *payload;
    size_t payload_length;
    unsigned seen; /* bit by member */
};

/* State of reading. */
struct tar_split {
    struct tug__buf line;
    struct tug__frame_table *table;
    size_t frame;        /* the next one that may wait for its identity */
    size_t header_count; /* frames that got theirs */
    struct tug__mix raw; /* of the bytes since the last file with content */
    struct tug__mix file_sizes;
};

static enum tug_status on_place(void *context, const struct tug__json_value_place *place,
                                struct tug_error *err)
{
    static const char *const names[] = {"type", "size", "payload"};
    struct line *const line = context;
    const char *const value = line->text + place->begin;
    const size_t length = place->end - place->begin;
    unsigned i = 0;

    if (place->depth != 1 || place->end == 0) {
        return TUG_OK;
    }
    while (i < 3 && (strlen(names[i]) != place->key_length ||
                     memcmp(names[i], line->text + place->key_offset, place->key_length) != 0)) {
        i++;
    }
    if (i == 3) {
        return TUG_OK;
    }
    if ((line->seen & (1U << i)) != 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "'%s' appears twice", names[i]);
    }
    line->seen |= 1U << i;
    if (i < 2) {
        return tug__toc_number(value, length, i == 0 ? &line->type : &line->size, err);
    }
    if (length >= 2 && *value == '"') {
        line->payload = value + 1;
        line->payload_length = length - 2;
    }
    return TUG_OK;
}

/* The bytes up to here are those of the next frame that has none. */
static enum tug_status end_headers(struct tar_split *state, struct tug_error *err)
{
    struct tug__frame_table *const table = state->table;

    while (state->frame < table->count && table->frames[state->frame].identity[0] != 0) {
        state->frame++;
    }
    if (state->frame == table->count) {
        return tug__fail(err, TUG_ERR_CONTENT, "the headers are not those of the layer");
    }
    table->frames[state->frame].identity[0] = state->raw.a | 1;
    table->frames[state->frame].identity[1] = state->raw.b;
    state->header_count++;
    state->raw = tug__mix_start(KIND_RAW);
    return TUG_OK;
}

/* Base64 text of the same bytes in the same portions is the same: it need not be decoded. */
static enum tug_status read_line(struct tar_split *state, struct tug_error *err)
{
    static const struct tug__json_limits limits = {
        .max_bytes = TUG__TOC_ENTRY_BYTES_MAX,
        .max_depth = 4,
        .max_values = 64,
    };
    const struct tug__json_input input = {
        .text = state->line.data, .length = state->line.length, .limits = &limits};
    struct line line = {.text = state->line.data};
    struct tug__json_counts counts;
    enum tug_status status = tug__json_scan(&input, on_place, &line, &counts, err);

    if (status != TUG_OK) {
        return status;
    }
    if (line.type == 2) {
        tug__mix_bytes(&state->raw, line.payload, line.payload_length);
    } else if (line.type == 1 && line.size > 0) {
        tug__mix_number(&state->file_sizes, line.size);
        status = end_headers(state, err);
    }
    return status;
}

static enum tug_status on_text(void *context, const char *bytes, size_t length,
                               struct tug_error *err)
{
    struct tar_split *const state = context;
    enum tug_status status = TUG_OK;

    while (status == TUG_OK && length > 0) {
        const char *const end = memchr(bytes, '\n', length);
        const size_t taken = end != NULL ? (size_t)(end - bytes) : length;

        status = tug__buf_append(&state->line, bytes, taken, err);
        if (status == TUG_OK && end != NULL) {
            if (state->line.length > 0) {
                status = read_line(state, err);
            }
            tug__buf_clear(&state->line);
        }
        bytes += end != NULL ? taken + 1 : taken;
        length -= end != NULL ? taken + 1 : taken;
    }
    return status;
}

/* Compare what was found with the TOC. */
static enum tug_status check(const struct tar_split *state, const struct tug__framing *framing,
                             struct tug_error *err)
{
    if (state->line.length > 0 || state->header_count != framing->header_count ||
        state->file_sizes.a != framing->file_sizes.a ||
        state->file_sizes.b != framing->file_sizes.b) {
        return tug__fail(err, TUG_ERR_CONTENT, "the headers are not those of the layer");
    }
    return TUG_OK;
}

enum tug_status tug__tar_split_read(const struct tug__chunked_place *place,
                                    const struct tug__chunked_source *source,
                                    const struct tug_digest *digest,
                                    const struct tug__framing *framing, struct tug_error *err)
{
    struct tar_split state = {
        .table = framing->table,
        .raw = tug__mix_start(KIND_RAW),
        .file_sizes = tug__mix_start(TUG__MIX_FILE_SIZES),
    };
    struct tug__part_stream unpacking = {
        .source = source, .part = place->tar_split, .on_bytes = on_text, .context = &state};
    enum tug_status status = tug__hash_create(tug__digest_algorithm_name(digest->algorithm),
                                              &unpacking.packed_hash, err);

    if (status != TUG_OK) {
        return status;
    }
    tug__buf_init(&state.line, TUG__TOC_ENTRY_BYTES_MAX);
    status = tug__part_unzstd(&unpacking, err);
    if (status == TUG_OK) {
        status = tug__chunked_check_digest(unpacking.packed_hash, digest, err);
    }
    if (status == TUG_OK) {
        status = end_headers(&state, err);
    }
    if (status == TUG_OK) {
        status = check(&state, framing, err);
    }
    tug__buf_fini(&state.line);
    tug__hash_destroy(unpacking.packed_hash);
    return status;
}
