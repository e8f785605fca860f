/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer's TOC, from its compressed bytes to the table of frames.
 *
 * Knows: the parts of the room. Does not know: files, descriptors, donors.
 * Threads: any.
 */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "chunked/internal.h"
#include "oci/digest.h"
#include "oci/limits.h"

#define TAR_BLOCK 512
#define TOC_NAME "stargz.index.json"

/* A donor is looked at after this part of its text, and must have so much in common by then.
 * Archives are sorted, so what has changed may come first; but not a quarter of all files that a
 * layer has. */
#define LOOK_PART 4
#define LOOK_PERCENT 2

/* State of reading one TOC. */
struct toc {
    const struct tug__chunked_place *place;
    struct tug__framing framing;
    struct tug__json_split split;
    struct tug__hash *hash;             /* of what place->checksum is of */
    struct tug_digest tar_split_digest; /* as the TOC says; unset: it does not */
    /* eStargz: the archive with one file that holds the text */
    char header[TAR_BLOCK];
    size_t header_length;
    uint64_t text_rest; /* bytes of the file to come */
    /* a donor */
    const struct tug__chunked_match *match; /* NULL: it is none, or was looked at */
    uint64_t text_bytes, text_done;
    bool is_hashed_raw; /* the checksum is of the text */
};

static enum tug_status on_element(void *context, const char *text, size_t length,
                                  struct tug_error *err)
{
    struct toc *const toc = context;
    struct tug__toc_entry entry;
    const enum tug_status status = tug__toc_entry_read(text, length, &entry, err);

    return status == TUG_OK ? tug__framing_add(&toc->framing, &entry, err) : status;
}

static size_t take_element(void *context, const char *text, size_t length,
                           enum tug_status *out_status, struct tug_error *err)
{
    struct toc *const toc = context;
    struct tug__toc_entry entry;
    const size_t taken = tug__toc_entry_take(text, length, &entry);

    *out_status = taken > 0 ? tug__framing_add(&toc->framing, &entry, err) : TUG_OK;
    return taken;
}

/* A member of the TOC beside its entries. */
static enum tug_status on_member(void *context, const char *text, size_t length,
                                 struct tug_error *err)
{
    static const char name[] = "\"tarSplitDigest\":\"";
    struct toc *const toc = context;
    const size_t name_length = strlen(name);

    if (length <= name_length || memcmp(text, name, name_length) != 0 || text[length - 1] != '"') {
        return TUG_OK;
    }
    if (toc->tar_split_digest.algorithm != TUG_DIGEST_NONE ||
        tug_digest_parse(text + name_length, length - name_length - 1, &toc->tar_split_digest,
                         NULL) != TUG_OK) {
        return tug__fail(err, TUG_ERR_CONTENT, "the table of contents has no usable digest");
    }
    return TUG_OK;
}

/* Some of the text was read: look whether it is worth reading on. */
static enum tug_status look_at_donor(struct toc *toc, size_t length, struct tug_error *err)
{
    const struct tug__chunked_match *const match = toc->match;

    toc->text_done += length;
    if (match == NULL || toc->text_done < toc->text_bytes / LOOK_PART) {
        return TUG_OK;
    }
    toc->match = NULL;
    return tug__chunked_match_has(match, toc->framing.table, LOOK_PERCENT)
               ? TUG_OK
               : tug__fail(err, TUG_ERR_CONTENT, "the layers have nothing in common");
}

static enum tug_status on_text(void *context, const char *bytes, size_t length,
                               struct tug_error *err)
{
    struct toc *const toc = context;
    enum tug_status status = TUG_OK;

    if (toc->is_hashed_raw) {
        status = tug__hash_update(toc->hash, bytes, length, err);
    }
    if (status == TUG_OK) {
        status = tug__json_split_add(&toc->split, bytes, length, err);
    }
    return status == TUG_OK ? look_at_donor(toc, length, err) : status;
}

/* Parse the header of the archive in an eStargz's TOC. */
static enum tug_status read_header(struct toc *toc, struct tug_error *err)
{
    uint64_t size = 0;

    if (strncmp(toc->header, TOC_NAME, 100) != 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "the layer has no table of contents at its end");
    }
    for (size_t i = 124; i < 135; i++) {
        if (toc->header[i] < '0' || toc->header[i] > '7') {
            return tug__fail(err, TUG_ERR_CONTENT, "the table of contents has no size");
        }
        size = size * 8 + (uint64_t)(toc->header[i] - '0');
    }
    toc->text_rest = size;
    toc->text_bytes = size;
    return TUG_OK;
}

/* Bytes of that archive: its header, then the text, then padding, which is ignored. */
static enum tug_status on_archive(void *context, const char *bytes, size_t length,
                                  struct tug_error *err)
{
    struct toc *const toc = context;
    const size_t wanted = TAR_BLOCK - toc->header_length;
    const size_t taken = length < wanted ? length : wanted;
    enum tug_status status = TUG_OK;
    size_t text_length;

    memcpy(toc->header + toc->header_length, bytes, taken);
    toc->header_length += taken;
    if (taken > 0 && toc->header_length == TAR_BLOCK) {
        status = read_header(toc, err);
    }
    text_length = length - taken;
    text_length = text_length < toc->text_rest ? text_length : (size_t)toc->text_rest;
    if (status == TUG_OK && text_length > 0) {
        toc->text_rest -= text_length;
        status = on_text(toc, bytes + taken, text_length, err);
    }
    return status;
}

static enum tug_status read_toc(struct toc *toc, const struct tug__chunked_source *source,
                                struct tug_error *err)
{
    const bool is_zstd = toc->place->format == TUG__CHUNKED_ZSTD;
    const struct tug__part_stream unpacking = {
        .source = source,
        .part = toc->place->toc,
        .packed_hash = is_zstd ? toc->hash : NULL,
        .on_bytes = is_zstd ? on_text : on_archive,
        .context = toc,
    };
    enum tug_status status;

    toc->is_hashed_raw = !is_zstd;
    toc->text_bytes = toc->place->toc.raw_length;
    status = is_zstd ? tug__part_unzstd(&unpacking, err) : tug__part_gunzip(&unpacking, err);
    if (status == TUG_OK) {
        status = tug__chunked_check_digest(toc->hash, &toc->place->checksum, err);
    }
    if (status == TUG_OK && toc->text_rest > 0) {
        status = tug__fail(err, TUG_ERR_CONTENT, "the table of contents is cut off");
    }
    if (status == TUG_OK) {
        status = tug__json_split_end(&toc->split, err);
    }
    return status == TUG_OK ? tug__framing_end(&toc->framing, err) : status;
}

/* Read the table, then the headers that are kept apart. */
static enum tug_status read_parts(struct toc *toc, const struct tug__chunked_source *source,
                                  struct tug_error *err)
{
    enum tug_status status = tug__chunked_check_parts(toc->place, source, err);

    if (status == TUG_OK) {
        status = read_toc(toc, source, err);
    }
    if (status != TUG_OK || !toc->framing.has_tar_split) {
        return status;
    }
    if (toc->tar_split_digest.algorithm == TUG_DIGEST_NONE) {
        return tug__fail(err, TUG_ERR_CONTENT, "the table of contents does not name its headers");
    }
    return tug__tar_split_read(toc->place, source, &toc->tar_split_digest, &toc->framing, err);
}

enum tug_status tug__chunked_read(const struct tug__chunked_place *place,
                                  const struct tug__chunked_source *source,
                                  struct tug__frame_table *out_table, struct tug_error *err)
{
    return tug__chunked_read_donor(place, source, NULL, out_table, err);
}

enum tug_status tug__chunked_read_donor(const struct tug__chunked_place *place,
                                        const struct tug__chunked_source *source,
                                        const struct tug__chunked_match *match,
                                        struct tug__frame_table *out_table, struct tug_error *err)
{
    struct tug__frame_table table = {0};
    struct toc toc = {
        .place = place,
        .framing = {.table = &table,
                    .format = place->format,
                    .has_tar_split = place->tar_split.length > 0,
                    .end_byte = tug__chunked_tail(place)},
        .split = {.on_member = on_member,
                  .on_element = on_element,
                  .take_element = take_element,
                  .context = &toc},
        .match = match,
    };
    enum tug_status status =
        tug__hash_create(tug__digest_algorithm_name(place->checksum.algorithm), &toc.hash, err);

    if (status != TUG_OK) {
        return status;
    }
    tug__json_split_init(&toc.split);
    tug__framing_begin(&toc.framing);
    status = read_parts(&toc, source, err);
    tug__json_split_fini(&toc.split);
    tug__hash_destroy(toc.hash);
    if (status != TUG_OK) {
        tug__frame_table_fini(&table);
        return status;
    }
    *out_table = table;
    return TUG_OK;
}
