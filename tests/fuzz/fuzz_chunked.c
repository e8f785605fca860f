/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz the reading of tables of contents. The first byte of the input chooses the format; the rest,
 * up to a NUL, is the text of a table, and what follows is tar-split. They are put into a layer
 * whose digests are true, so that every check behind the digest is reached. With a first byte from
 * 'm' on, the rest is a whole layer with its positions at its end instead.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/error.h"
#include "chunked/chunked.h"
#include "chunked/internal.h"
#include "oci/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct layer {
    const uint8_t *bytes;
    size_t size;
};

static enum tug_status read_layer(void *context, uint64_t offset, void *bytes, size_t length,
                                  struct tug_error *err)
{
    const struct layer *const layer = context;

    if (offset > layer->size || length > layer->size - offset) {
        return tug__fail(err, TUG_ERR_STORE, "beyond the layer");
    }
    memcpy(bytes, layer->bytes + offset, length);
    return TUG_OK;
}

/* Frames in order, within the layer, and a match with themselves that is whole. */
static void check_table(const struct tug__frame_table *table)
{
    struct tug__chunked_match *match = NULL;
    struct tug__chunked_copies copies;
    uint64_t end = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (table->frames[i].first < end || table->frames[i].first >= table->end_byte ||
            (table->frames[i].identity[0] == 0 && table->frames[i].identity[1] == 0)) {
            abort();
        }
        end = table->frames[i].first + 1;
    }
    if (tug__chunked_match_create(table, &match, NULL) != TUG_OK) {
        return;
    }
    tug__chunked_match_add(match, table, 0);
    if (tug__chunked_match_copies(match, &copies, NULL) == TUG_OK) {
        end = 0;
        for (size_t i = 0; i < copies.count; i++) {
            const struct tug__chunked_copy *const copy = &copies.items[i];

            if (copy->first < end || copy->end <= copy->first || copy->end > table->end_byte ||
                copy->from + (copy->end - copy->first) > table->end_byte) {
                abort();
            }
            end = copy->end;
        }
        tug__chunked_copies_fini(&copies);
    }
    tug__chunked_match_destroy(match);
}

static void read_table(struct tug__chunked_place *place, struct layer *layer)
{
    const struct tug__chunked_source source = {.read = read_layer, .context = layer};
    struct tug__frame_table table = {0};
    struct tug_error err = {0};

    if (tug__chunked_locate(place, &source, &err) == TUG_OK &&
        tug__chunked_read(place, &source, &table, &err) == TUG_OK) {
        check_table(&table);
        tug__frame_table_fini(&table);
    } else if (err.message[0] == '\0') {
        abort();
    }
}

/* Append a skippable frame with a part. */
static struct tug__packed add_part(uint8_t *bytes, size_t *at, const void *text, size_t length)
{
    static const uint8_t magic[] = {0x50, 0x2a, 0x4d, 0x18};
    const size_t packed =
        ZSTD_compress(bytes + *at + 8, ZSTD_compressBound(length), text, length, 1);
    const struct tug__packed part = {.offset = *at + 8, .length = packed, .raw_length = length};

    memcpy(bytes + *at, magic, 4);
    for (unsigned i = 0; i < 4; i++) {
        bytes[*at + 4 + i] = (uint8_t)(packed >> 8 * i);
    }
    *at += 8 + packed;
    return part;
}

/* The digest of a packed tar-split takes the place of "%DIGEST%" in the text. */
static char *fill_in(const char *text, size_t length, const struct tug_digest *digest,
                     size_t *out_length)
{
    const char *const mark = memmem(text, length, "%DIGEST%", 8);
    char hex[TUG_DIGEST_TEXT_MAX];
    char *const filled = malloc(length + sizeof hex);
    const size_t before = mark != NULL ? (size_t)(mark - text) : length;
    char *at = filled;

    at = (char *)mempcpy(at, text, before);
    if (mark != NULL) {
        at = stpcpy(at, tug_digest_format(digest, hex));
        at = (char *)mempcpy(at, mark + 8, length - before - 8);
    }
    *out_length = (size_t)(at - filled);
    return filled;
}

static void try_zstd(const char *text, size_t length, const char *split, size_t split_length)
{
    const size_t body = 1000;
    uint8_t *const bytes = calloc(1, body + 2048 + ZSTD_compressBound(length + 200) +
                                         ZSTD_compressBound(split_length));
    struct tug__chunked_place place = {.format = TUG__CHUNKED_ZSTD};
    struct tug_digest digest = {0};
    size_t at = body;
    size_t filled_length;
    char *filled;
    struct layer layer = {.bytes = bytes};

    if (split_length > 0) {
        place.tar_split = add_part(bytes, &at, split, split_length);
        (void)tug__digest_of(TUG_DIGEST_SHA256, bytes + place.tar_split.offset,
                             place.tar_split.length, &digest, NULL);
    }
    filled = fill_in(text, length, &digest, &filled_length);
    place.toc = add_part(bytes, &at, filled, filled_length);
    (void)tug__digest_of(TUG_DIGEST_SHA256, bytes + place.toc.offset, place.toc.length,
                         &place.checksum, NULL);
    place.size_bytes = at;
    layer.size = at;
    read_table(&place, &layer);
    free(filled);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct layer layer = {.bytes = data + 1, .size = size - 1};
    struct tug__chunked_place place = {.size_bytes = layer.size,
                                       .checksum = {.algorithm = TUG_DIGEST_SHA256}};
    const uint8_t *end;

    if (size < 80) {
        return 0;
    }
    if (data[0] < 'm') {
        end = memchr(data + 1, 0, size - 1);
        end = end != NULL ? end : data + size;
        try_zstd((const char *)data + 1, (size_t)(end - data - 1), (const char *)end + 1,
                 end < data + size ? (size_t)(data + size - end - 1) : 0);
        return 0;
    }
    if (data[0] == 'm') { /* its own footer tells where */
        place.format = TUG__CHUNKED_ESTARGZ;
    } else {
        place.format = TUG__CHUNKED_ZSTD;
        place.toc = (struct tug__packed){data[1] + UINT64_C(9), data[2] + UINT64_C(1), 100000};
        if (place.toc.offset + place.toc.length > layer.size) {
            return 0;
        }
    }
    read_table(&place, &layer);
    return 0;
}
