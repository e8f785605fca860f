/* SPDX-License-Identifier: Apache-2.0
 *
 * One entry of a TOC.
 *
 * Knows: names of members, the strict scan. Does not know: files, documents, the network.
 * Threads: any.
 */
#include <string.h>

#include "base/error.h"
#include "base/json_scan.h"
#include "base/str.h"
#include "chunked/internal.h"
#include "oci/limits.h"

/* Members that say where and what the content is; all others make the header. */
enum member {
    MEMBER_HEADER = 0,
    MEMBER_TYPE,
    MEMBER_SIZE,
    MEMBER_OFFSET,
    MEMBER_END_OFFSET,
    MEMBER_CHUNK_OFFSET,
    MEMBER_CHUNK_SIZE,
    MEMBER_DIGEST,
    MEMBER_CHUNK_DIGEST,
    MEMBER_CHUNK_TYPE,
    MEMBER_COUNT,
};

#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
static const struct {
    const char *text;
    size_t length;
} names[] = {NAME(""),          NAME("type"),      NAME("size"),
             NAME("offset"),    NAME("endOffset"), NAME("chunkOffset"),
             NAME("chunkSize"), NAME("digest"),    NAME("chunkDigest"),
             NAME("chunkType")};

_Static_assert(sizeof names / sizeof *names == MEMBER_COUNT, "every member has its name");

struct reading {
    const char *text;
    struct tug__toc_entry *entry;
    unsigned seen; /* bit by member */
    struct tug__mix digest, chunk_digest;
    struct tug__mix chunk_type;
};

static enum member find_member(const char *name, size_t length)
{
    for (size_t i = 1; i < MEMBER_COUNT; i++) {
        if (names[i].length == length && memcmp(names[i].text, name, length) == 0) {
            return (enum member)i;
        }
    }
    return MEMBER_HEADER;
}

enum tug_status tug__toc_number(const char *text, size_t length, uint64_t *out_value,
                                struct tug_error *err)
{
    if (!tug__parse_u64(text, length, out_value) || *out_value > TUG__BLOB_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "a number that cannot be: '%.*s'",
                         length < 32 ? (int)length : 32, text);
    }
    return TUG_OK;
}

static bool is_text(const char *text, size_t length, const char *known)
{
    return length == strlen(known) + 2 && memcmp(text + 1, known, length - 2) == 0;
}

/* Read one member's value. */
static enum tug_status read_value(struct reading *reading, enum member member, const char *value,
                                  size_t length, struct tug_error *err)
{
    struct tug__toc_entry *const entry = reading->entry;

    switch (member) {
    case MEMBER_TYPE:
        entry->is_chunk = is_text(value, length, "chunk");
        entry->is_regular = is_text(value, length, "reg");
        tug__mix_bytes(&entry->header, value, length);
        return TUG_OK;
    case MEMBER_SIZE:
        tug__mix_bytes(&entry->header, value, length);
        return tug__toc_number(value, length, &entry->size, err);
    case MEMBER_OFFSET:
        entry->has_offset = true;
        return tug__toc_number(value, length, &entry->offset, err);
    case MEMBER_END_OFFSET:
        return tug__toc_number(value, length, &entry->end, err);
    case MEMBER_CHUNK_OFFSET:
        return tug__toc_number(value, length, &entry->chunk_offset, err);
    case MEMBER_CHUNK_SIZE:
        return tug__toc_number(value, length, &entry->chunk_size, err);
    case MEMBER_DIGEST:
        tug__mix_bytes(&reading->digest, value, length);
        return TUG_OK;
    case MEMBER_CHUNK_DIGEST:
        tug__mix_bytes(&reading->chunk_digest, value, length);
        return TUG_OK;
    case MEMBER_CHUNK_TYPE:
        tug__mix_bytes(&reading->chunk_type, value, length);
        return TUG_OK;
    case MEMBER_HEADER:
    case MEMBER_COUNT:
    default:
        return TUG_OK;
    }
}

/* Add a member to what is in the header. Of arrays and objects only what they hold counts, which
 * was reported before: space between the parts of a text means nothing. */
static void mix_header(struct reading *reading, const struct tug__json_value_place *place)
{
    struct tug__mix *const header = &reading->entry->header;
    const char *const value = reading->text + place->begin;
    const bool is_leaf = *value != '{' && *value != '[';

    tug__mix_number(header, place->depth);
    tug__mix_bytes(header, reading->text + place->key_offset, place->key_length);
    tug__mix_bytes(header, value, is_leaf ? place->end - place->begin : 1);
}

static enum tug_status on_place(void *context, const struct tug__json_value_place *place,
                                struct tug_error *err)
{
    struct reading *const reading = context;
    const char *const name = reading->text + place->key_offset;
    enum member member;

    if (place->depth == 0 || place->end == 0) {
        return TUG_OK;
    }
    member = place->depth == 1 ? find_member(name, place->key_length) : MEMBER_HEADER;
    if (member == MEMBER_HEADER) {
        mix_header(reading, place);
        return TUG_OK;
    }
    if ((reading->seen & (1U << member)) != 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "'%s' appears twice", names[member].text);
    }
    reading->seen |= 1U << member;
    return read_value(reading, member, reading->text + place->begin, place->end - place->begin,
                      err);
}

/* A chunk is known by its digest; a file of one chunk has only its own. */
static void find_content(struct reading *reading)
{
    struct tug__toc_entry *const entry = reading->entry;
    const bool has_chunk = (reading->seen & (1U << MEMBER_CHUNK_DIGEST)) != 0;
    const bool has_type = (reading->seen & (1U << MEMBER_CHUNK_TYPE)) != 0;

    entry->has_content = has_chunk || has_type || (reading->seen & (1U << MEMBER_DIGEST)) != 0;
    entry->content = has_chunk ? reading->chunk_digest : reading->digest;
    if (has_type) {
        tug__mix_number(&entry->content, reading->chunk_type.a);
        tug__mix_number(&entry->content, reading->chunk_type.b);
    }
}

static const struct tug__json_limits limits = {
    .max_bytes = TUG__TOC_ENTRY_BYTES_MAX,
    .max_depth = 8,
    .max_values = TUG__TOC_ENTRY_VALUES_MAX,
};

static struct reading begin(const char *text, struct tug__toc_entry *entry)
{
    *entry = (struct tug__toc_entry){.header = tug__mix_start(1)};
    return (struct reading){
        .text = text,
        .entry = entry,
        .digest = tug__mix_start(2), /* of one chunk or of a file, a digest means the same */
        .chunk_digest = tug__mix_start(2),
        .chunk_type = tug__mix_start(3),
    };
}

enum tug_status tug__toc_entry_read(const char *text, size_t length,
                                    struct tug__toc_entry *out_entry, struct tug_error *err)
{
    const struct tug__json_input input = {.text = text, .length = length, .limits = &limits};
    struct tug__toc_entry entry;
    struct reading reading = begin(text, &entry);
    struct tug__json_counts counts;
    const enum tug_status status = tug__json_scan(&input, on_place, &reading, &counts, err);

    if (status == TUG_OK) {
        find_content(&reading);
        *out_entry = entry;
    }
    return status;
}

size_t tug__toc_entry_take(const char *text, size_t length, struct tug__toc_entry *out_entry)
{
    const struct tug__json_input input = {.text = text, .length = length, .limits = &limits};
    struct tug__toc_entry entry;
    struct reading reading = begin(text, &entry);
    const size_t taken = tug__json_scan_first(&input, on_place, &reading);

    if (taken > 0) {
        find_content(&reading);
        *out_entry = entry;
    }
    return taken;
}
