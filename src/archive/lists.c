/* SPDX-License-Identifier: Apache-2.0
 *
 * The lists of an exported archive: index.json, and the manifest.json of `docker load`.
 *
 * Knows: both formats. Does not know: the store, how an archive is written. Threads: any.
 */
#include "archive/lists.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tug/ref.h>

#include "base/error.h"
#include "base/json.h"
#include "index/annotations.h"
#include "oci/digest.h"

#define INDEX_BEGIN                                                                                \
    "{\"schemaVersion\":2,\"mediaType\":\"application/"                                            \
    "vnd.oci.image.index.v1+json\",\"manifests\":["

/* An annotation, to be sorted by key. */
struct note {
    const char *key;
    const char *value;
};

char *tug__blob_member_name(const struct tug_digest *digest, char out_name[TUG__BLOB_NAME_MAX])
{
    char hex[TUG_DIGEST_TEXT_MAX];

    (void)snprintf(out_name, TUG__BLOB_NAME_MAX, "blobs/%s/%s",
                   tug__digest_algorithm_name(digest->algorithm), tug__digest_hex(digest, hex));
    return out_name;
}

/* Order of texts of which some are missing: those come last. */
static int compare_texts(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return (a == NULL) - (b == NULL);
    }
    return strcmp(a, b);
}

static int compare_digests(const struct tug_digest *a, const struct tug_digest *b)
{
    const int by_algorithm = (int)a->algorithm - (int)b->algorithm;

    return by_algorithm != 0 ? by_algorithm : memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static int compare_notes(const void *a, const void *b)
{
    return strcmp(((const struct note *)a)->key, ((const struct note *)b)->key);
}

static enum tug_status append_notes(struct tug__buf *buf, const struct note *notes, size_t count,
                                    struct tug_error *err)
{
    enum tug_status status = tug__buf_printf(buf, err, ",\"annotations\":{");

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = i > 0 ? tug__buf_append(buf, ",", 1, err) : TUG_OK;
        if (status == TUG_OK) {
            status = tug__json_append_string(buf, notes[i].key, err);
        }
        if (status == TUG_OK) {
            status = tug__buf_append(buf, ":", 1, err);
        }
        if (status == TUG_OK) {
            status = tug__json_append_string(buf, notes[i].value, err);
        }
    }
    return status == TUG_OK ? tug__buf_append(buf, "}", 1, err) : status;
}

static size_t count_notes(const char *annotations)
{
    size_t count = 0;

    while (annotations != NULL && *annotations != '\0') {
        annotations += strlen(annotations) + 1;
        annotations += strlen(annotations) + 1;
        count++;
    }
    return count;
}

/* Append the annotations of a line, sorted. */
static enum tug_status append_sorted_notes(struct tug__buf *buf, const struct tug__index_line *line,
                                           struct tug_error *err)
{
    const size_t all = count_notes(line->annotations);
    struct note *const notes = calloc(all + 2, sizeof *notes);
    const char *at = line->annotations;
    size_t count = 0;
    enum tug_status status;

    if (notes == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < all; i++) {
        notes[count].key = line->refers_to != NULL && strcmp(at, TUG__INDEX_REF_NAME) == 0
                               ? TUG__INDEX_OWN_NAME
                               : at;
        notes[count].value = at + strlen(at) + 1;
        at = notes[count].value + strlen(notes[count].value) + 1;
        count += strcmp(notes[count].key, TUG__INDEX_PLATFORMS) != 0 &&
                 strcmp(notes[count].key, TUG__INDEX_REFERS_TO) != 0;
    }
    if (line->platforms != NULL) {
        notes[count++] = (struct note){TUG__INDEX_PLATFORMS, line->platforms};
    }
    if (line->refers_to != NULL) {
        notes[count++] = (struct note){TUG__INDEX_REFERS_TO, line->refers_to};
    }
    qsort(notes, count, sizeof *notes, compare_notes);
    status = count > 0 ? append_notes(buf, notes, count, err) : TUG_OK;
    free(notes);
    return status;
}

static enum tug_status append_index_line(struct tug__buf *buf, const struct tug__index_line *line,
                                         struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = tug__buf_printf(buf, err, "{\"mediaType\":");

    if (status == TUG_OK) {
        status = tug__json_append_string(buf, line->media_type, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_printf(buf, err, ",\"digest\":\"%s\",\"size\":%" PRIu64,
                                 tug_digest_format(&line->digest, digest), line->size_bytes);
    }
    if (status == TUG_OK) {
        status = append_sorted_notes(buf, line, err);
    }
    return status == TUG_OK ? tug__buf_append(buf, "}", 1, err) : status;
}

static int compare_index_lines(const void *a, const void *b)
{
    const struct tug__index_line *const left = a;
    const struct tug__index_line *const right = b;
    const int by_name = compare_texts(left->name, right->name);

    return by_name != 0 ? by_name : compare_digests(&left->digest, &right->digest);
}

enum tug_status tug__index_text(struct tug__index_line *lines, size_t count, struct tug__buf *buf,
                                struct tug_error *err)
{
    enum tug_status status = tug__buf_printf(buf, err, INDEX_BEGIN);

    qsort(lines, count, sizeof *lines, compare_index_lines);
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        if (i > 0 && compare_index_lines(&lines[i - 1], &lines[i]) == 0) {
            continue;
        }
        status = i > 0 ? tug__buf_append(buf, ",", 1, err) : TUG_OK;
        if (status == TUG_OK) {
            status = append_index_line(buf, &lines[i], err);
        }
    }
    return status == TUG_OK ? tug__buf_append(buf, "]}", 2, err) : status;
}

static int compare_docker_lines(const void *a, const void *b)
{
    const struct tug__docker_line *const left = a;
    const struct tug__docker_line *const right = b;
    const int by_manifest = compare_digests(&left->manifest, &right->manifest);

    return by_manifest != 0 ? by_manifest : compare_texts(left->name, right->name);
}

/* Images of one manifest, which is one element of manifest.json. */
struct group {
    const struct tug__docker_line *lines;
    size_t count;
};

static int compare_groups(const void *a, const void *b)
{
    const struct group *const left = a;
    const struct group *const right = b;
    const int by_name = compare_texts(left->lines->name, right->lines->name);

    return by_name != 0 ? by_name
                        : compare_digests(&left->lines->manifest, &right->lines->manifest);
}

/* Append the names of an image, as Docker takes them: HOST/NAME:TAG. */
static enum tug_status append_tags(struct tug__buf *buf, const struct group *group,
                                   struct tug_error *err)
{
    size_t told = 0;
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < group->count; i++) {
        const char *const name = group->lines[i].name;
        struct tug_ref *ref = NULL;

        if (name == NULL || (i > 0 && strcmp(name, group->lines[i - 1].name) == 0)) {
            continue;
        }
        if (tug_ref_parse(name, &ref, NULL) == TUG_OK && tug_ref_tag(ref) != NULL) {
            status = tug__buf_printf(buf, err, "%s\"%s/%s:%s\"", told++ > 0 ? "," : "",
                                     tug_ref_host(ref), tug_ref_repository(ref), tug_ref_tag(ref));
        }
        tug_ref_destroy(ref);
    }
    return status;
}

static enum tug_status append_group(struct tug__buf *buf, const struct group *group,
                                    struct tug_error *err)
{
    const struct tug__docker_line *const image = group->lines;
    char member[TUG__BLOB_NAME_MAX];
    enum tug_status status = tug__buf_printf(buf, err, "{\"Config\":\"%s\",\"RepoTags\":[",
                                             tug__blob_member_name(&image->config, member));

    if (status == TUG_OK) {
        status = append_tags(buf, group, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_printf(buf, err, "],\"Layers\":[");
    }
    for (size_t i = 0; status == TUG_OK && i < image->layer_count; i++) {
        status = tug__buf_printf(buf, err, "%s\"%s\"", i > 0 ? "," : "",
                                 tug__blob_member_name(&image->layers[i], member));
    }
    return status == TUG_OK ? tug__buf_append(buf, "]}", 2, err) : status;
}

/* Put lines of one manifest together. lines are sorted. Returns: how many groups. */
static size_t make_groups(const struct tug__docker_line *lines, size_t count, struct group *groups)
{
    size_t made = 0;

    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !tug_digest_equal(&lines[i - 1].manifest, &lines[i].manifest)) {
            groups[made++] = (struct group){.lines = &lines[i]};
        }
        groups[made - 1].count++;
    }
    qsort(groups, made, sizeof *groups, compare_groups);
    return made;
}

enum tug_status tug__docker_text(struct tug__docker_line *lines, size_t count, struct tug__buf *buf,
                                 struct tug_error *err)
{
    struct group *const groups = calloc(count > 0 ? count : 1, sizeof *groups);
    enum tug_status status;
    size_t made;

    if (groups == NULL) {
        return tug__fail_memory(err);
    }
    qsort(lines, count, sizeof *lines, compare_docker_lines);
    made = make_groups(lines, count, groups);
    status = tug__buf_append(buf, "[", 1, err);
    for (size_t i = 0; status == TUG_OK && i < made; i++) {
        status = i > 0 ? tug__buf_append(buf, ",", 1, err) : TUG_OK;
        if (status == TUG_OK) {
            status = append_group(buf, &groups[i], err);
        }
    }
    free(groups);
    return status == TUG_OK ? tug__buf_append(buf, "]", 1, err) : status;
}
