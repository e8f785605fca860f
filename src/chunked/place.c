/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a layer's TOC is: annotations, and the footer of eStargz.
 *
 * zstd:chunked's annotations have everything. Of eStargz they have only the digest of the TOC; the
 * last 51 bytes of the layer are an empty gzip member whose extra field says where the TOC begins.
 *
 * Knows: annotations of descriptors. Does not know: JSON, files, donors.
 * Threads: any.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "chunked/internal.h"
#include "oci/digest.h"
#include "oci/document.h"
#include "oci/limits.h"

#define FOOTER_BYTES 51

/* A tail to begin with: real TOCs take 0.4 to 0.6 % of an eStargz layer. */
#define TAIL_GUESS_MIN ((uint64_t)32 * 1024)
#define TAIL_GUESS_MAX ((uint64_t)4 * 1024 * 1024)
#define TAIL_GUESS_PART 180

/* Header of a skippable frame of zstd: a magic number of which four bits are free, and a length. */
#define SKIPPABLE_BYTES 8
#define SKIPPABLE_MAGIC UINT32_C(0x184D2A50)

/* Both names of zstd:chunked's annotations, the newer first. */
static const char *const zstd_keys[][3] = {
    {"io.github.containers.zstd-chunked.manifest-checksum",
     "io.github.containers.zstd-chunked.manifest-position",
     "io.github.containers.zstd-chunked.tarsplit-position"},
    {"io.containers.zstd-chunked.manifest-checksum", "io.containers.zstd-chunked.manifest-position",
     "io.containers.zstd-chunked.tarsplit-position"},
};
static const char estargz_key[] = "containerd.io/snapshot/stargz/toc.digest";

/* Parse numbers separated by colons. Returns: how many there are; 0: malformed, or more than that.
 */
static size_t parse_numbers(const char *text, uint64_t *numbers, size_t capacity)
{
    size_t count = 0;

    for (;;) {
        const size_t length = strcspn(text, ":");

        if (count == capacity || !tug__parse_u64(text, length, &numbers[count])) {
            return 0;
        }
        count++;
        if (text[length] == '\0') {
            return count;
        }
        text += length + 1;
    }
}

/* Check a part of zstd:chunked: behind its header, before the end of the layer, within limits. */
static bool is_possible(const struct tug__packed *part, uint64_t size_bytes, uint64_t raw_max)
{
    return part->offset > SKIPPABLE_BYTES && part->length > 0 && part->offset < size_bytes &&
           part->length <= size_bytes - part->offset && part->length <= TUG__TOC_PACKED_BYTES_MAX &&
           part->raw_length > 0 && part->raw_length <= raw_max;
}

static bool are_apart(const struct tug__packed *a, const struct tug__packed *b)
{
    return a->offset + a->length <= b->offset || b->offset + b->length <= a->offset;
}

static bool find_zstd(const struct tug__descriptor *descriptor, const char *const keys[3],
                      struct tug__chunked_place *place)
{
    const char *const checksum = tug__descriptor_annotation(descriptor, keys[0]);
    const char *const position = tug__descriptor_annotation(descriptor, keys[1]);
    const char *const tar_split = tug__descriptor_annotation(descriptor, keys[2]);
    uint64_t numbers[4];

    if (checksum == NULL || position == NULL || parse_numbers(position, numbers, 4) != 4 ||
        numbers[3] != 1 ||
        tug_digest_parse(checksum, strlen(checksum), &place->checksum, NULL) != TUG_OK) {
        return false;
    }
    place->toc = (struct tug__packed){numbers[0], numbers[1], numbers[2]};
    if (!is_possible(&place->toc, descriptor->size_bytes, TUG__TOC_RAW_BYTES_MAX)) {
        return false;
    }
    if (tar_split != NULL) {
        if (parse_numbers(tar_split, numbers, 4) != 3) {
            return false;
        }
        place->tar_split = (struct tug__packed){numbers[0], numbers[1], numbers[2]};
        if (!is_possible(&place->tar_split, descriptor->size_bytes, TUG__TAR_SPLIT_BYTES_MAX) ||
            !are_apart(&place->toc, &place->tar_split)) {
            return false;
        }
    }
    place->format = TUG__CHUNKED_ZSTD;
    return true;
}

static bool find_estargz(const struct tug__descriptor *descriptor, struct tug__chunked_place *place)
{
    const char *const digest = tug__descriptor_annotation(descriptor, estargz_key);

    if (digest == NULL || descriptor->size_bytes <= FOOTER_BYTES ||
        tug_digest_parse(digest, strlen(digest), &place->checksum, NULL) != TUG_OK) {
        return false;
    }
    place->format = TUG__CHUNKED_ESTARGZ;
    return true;
}

bool tug__chunked_find(const struct tug__descriptor *descriptor,
                       struct tug__chunked_place *out_place)
{
    *out_place = (struct tug__chunked_place){0};
    if (descriptor->annotations == NULL || descriptor->size_bytes > TUG__BLOB_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i <= sizeof zstd_keys / sizeof *zstd_keys; i++) {
        struct tug__chunked_place place = {.size_bytes = descriptor->size_bytes};

        if (i < sizeof zstd_keys / sizeof *zstd_keys ? find_zstd(descriptor, zstd_keys[i], &place)
                                                     : find_estargz(descriptor, &place)) {
            *out_place = place;
            return true;
        }
    }
    return false;
}

uint64_t tug__chunked_tail(const struct tug__chunked_place *place)
{
    uint64_t guess = place->size_bytes / TAIL_GUESS_PART;
    uint64_t first = place->toc.offset;

    if (place->format == TUG__CHUNKED_ZSTD) {
        if (place->tar_split.length > 0 && place->tar_split.offset < first) {
            first = place->tar_split.offset;
        }
        return first - SKIPPABLE_BYTES;
    }
    if (place->toc.length > 0) {
        return first;
    }
    guess = guess > TAIL_GUESS_MIN ? guess : TAIL_GUESS_MIN;
    guess = guess < TAIL_GUESS_MAX ? guess : TAIL_GUESS_MAX;
    return place->size_bytes > guess ? place->size_bytes - guess : 0;
}

/* The offset in the footer; UINT64_MAX: it is none. */
static uint64_t parse_footer(const uint8_t footer[FOOTER_BYTES])
{
    static const uint8_t head[] = {0x1f, 0x8b, 8, 4};        /* deflate, with an extra field */
    static const uint8_t extra[] = {26, 0, 'S', 'G', 22, 0}; /* its length, id, length */
    char hex[17] = "";
    char *end = NULL;
    unsigned long long offset;

    if (memcmp(footer, head, sizeof head) != 0 || memcmp(footer + 10, extra, sizeof extra) != 0 ||
        memcmp(footer + 32, "STARGZ", 6) != 0) {
        return UINT64_MAX;
    }
    memcpy(hex, footer + 16, 16);
    if (strspn(hex, "0123456789abcdef") != 16) {
        return UINT64_MAX;
    }
    offset = strtoull(hex, &end, 16);
    return (uint64_t)offset;
}

enum tug_status tug__chunked_locate(struct tug__chunked_place *place,
                                    const struct tug__chunked_source *source, struct tug_error *err)
{
    uint8_t footer[FOOTER_BYTES];
    uint64_t offset;
    uint64_t end;
    enum tug_status status;

    if (place->format != TUG__CHUNKED_ESTARGZ || place->toc.length > 0) {
        return TUG_OK;
    }
    end = place->size_bytes - FOOTER_BYTES;
    status = source->read(source->context, end, footer, sizeof footer, err);
    if (status != TUG_OK) {
        return status;
    }
    offset = parse_footer(footer);
    if (offset == 0 || offset >= end) {
        return tug__fail(err, TUG_ERR_CONTENT, "the layer does not end with a footer of eStargz");
    }
    if (end - offset > TUG__TOC_PACKED_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "a table of contents of over %llu bytes",
                         (unsigned long long)TUG__TOC_PACKED_BYTES_MAX);
    }
    place->toc = (struct tug__packed){offset, end - offset, TUG__TOC_RAW_BYTES_MAX};
    return TUG_OK;
}

/* Check the header of a skippable frame. */
static enum tug_status check_skippable(const struct tug__packed *part,
                                       const struct tug__chunked_source *source,
                                       struct tug_error *err)
{
    uint8_t head[SKIPPABLE_BYTES];
    uint32_t magic = 0;
    uint32_t length = 0;
    const enum tug_status status =
        source->read(source->context, part->offset - sizeof head, head, sizeof head, err);

    for (unsigned i = 4; i-- > 0;) {
        magic = magic << 8 | head[i];
        length = length << 8 | head[4 + i];
    }
    if (status == TUG_OK &&
        ((magic & ~UINT32_C(15)) != SKIPPABLE_MAGIC || length != part->length)) {
        return tug__fail(err, TUG_ERR_CONTENT, "the layer has no frame where one is announced");
    }
    return status;
}

enum tug_status tug__chunked_check_parts(const struct tug__chunked_place *place,
                                         const struct tug__chunked_source *source,
                                         struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (place->format == TUG__CHUNKED_ZSTD) {
        status = check_skippable(&place->toc, source, err);
        if (status == TUG_OK && place->tar_split.length > 0) {
            status = check_skippable(&place->tar_split, source, err);
        }
    }
    return status;
}

enum tug_status tug__chunked_check_digest(struct tug__hash *hash, const struct tug_digest *expected,
                                          struct tug_error *err)
{
    struct tug_digest found = {.algorithm = expected->algorithm};
    const enum tug_status status = tug__hash_finish(hash, found.bytes, err);

    if (status == TUG_OK && !tug_digest_equal(&found, expected)) {
        return tug__fail(err, TUG_ERR_CONTENT, "its table of contents has another digest");
    }
    return status;
}
