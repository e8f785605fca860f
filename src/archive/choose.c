/* SPDX-License-Identifier: Apache-2.0
 *
 * Which content of the store an export of some images holds.
 *
 * Knows: the walk, platforms. Does not know: HTTP, archives. Threads: the calling one.
 */
#include "archive/leaves.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "index/annotations.h"
#include "oci/limits.h"
#include "oci/platform.h"
#include "walk/referrers.h"

/* What a manifest that is not complete loses when manifests are compared: a worse platform that is
 * complete comes before it. */
#define INCOMPLETE_RANK (TUG__PLATFORM_NO_MATCH / 2)

/* A look at what a manifest needs. */
struct look {
    const struct tug__walk *walk;
    uint32_t image;
    uint64_t missing;
    uint32_t example;
};

enum tug_status tug__choice_begin(struct tug__choice *choice, size_t image_count,
                                  struct tug_error *err)
{
    const size_t blobs = tug__walk_counts(choice->walk).blobs;

    choice->is_chosen = calloc(blobs + 1, sizeof *choice->is_chosen);
    choice->lines = calloc(image_count + 1, sizeof *choice->lines);
    choice->docker_lines = calloc(image_count + 1, sizeof *choice->docker_lines);
    return choice->is_chosen != NULL && choice->lines != NULL && choice->docker_lines != NULL
               ? TUG_OK
               : tug__fail_memory(err);
}

void tug__choice_fini(struct tug__choice *choice)
{
    for (size_t i = 0; i < choice->docker_count; i++) {
        free((struct tug_digest *)(uintptr_t)choice->docker_lines[i].layers);
    }
    for (size_t i = 0; i < choice->line_count; i++) {
        free((char *)(uintptr_t)choice->lines[i].platforms);
        free((char *)(uintptr_t)choice->lines[i].refers_to);
    }
    free(choice->docker_lines);
    free(choice->lines);
    free(choice->is_chosen);
    *choice = (struct tug__choice){0};
}

static bool is_usable(const struct tug__walk_blob *blob)
{
    return blob->state == TUG__BLOB_PRESENT && blob->problem == NULL;
}

static enum tug_status look_at(void *context, uint32_t number, struct tug_error *err)
{
    struct look *const look = context;

    (void)err;
    if (!is_usable(tug__walk_blob(look->walk, number)) &&
        !tug__walk_is_left_out(look->walk, look->image, number)) {
        look->example = look->missing++ == 0 ? number : look->example;
    }
    return TUG_OK;
}

static enum tug_status add_leaf(struct tug__choice *choice, uint32_t image, uint32_t number,
                                const struct tug_platform *platform, struct tug__leaves *leaves,
                                struct tug_error *err)
{
    struct look look = {.walk = choice->walk, .image = image};
    enum tug_status status;
    size_t child_count;
    const struct tug__walk_child *const children =
        tug__walk_children(choice->walk, number, &child_count);

    if (platform == NULL && child_count > 0 && children[0].role == TUG__ROLE_CONFIG) {
        platform = tug__walk_config(choice->walk, children[0].blob).platform;
    }
    if (leaves->count == leaves->capacity) {
        const size_t capacity = leaves->capacity > 0 ? leaves->capacity * 2 : 16;
        struct tug__leaf *const grown = reallocarray(leaves->items, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        leaves->items = grown;
        leaves->capacity = capacity;
    }
    status = tug__walk_each_needed(choice->walk, number, look_at, &look, err);
    leaves->items[leaves->count] = (struct tug__leaf){
        .blob = number, .platform = platform, .missing = look.missing, .example = look.example};
    leaves->count += status == TUG_OK;
    return status;
}

/* Find the manifests below a document, and choose the indexes on the way. */
static enum tug_status find_leaves(struct tug__choice *choice, uint32_t image, uint32_t number,
                                   const struct tug_platform *platform, unsigned depth,
                                   struct tug__leaves *leaves, struct tug_error *err)
{
    const struct tug__walk_blob *const blob = tug__walk_blob(choice->walk, number);
    enum tug_status status = TUG_OK;
    const struct tug__walk_child *children;
    size_t count;

    if (blob->kind != TUG__MEDIA_INDEX) {
        return add_leaf(choice, image, number, platform, leaves, err);
    }
    if (!is_usable(blob) || depth > TUG__INDEX_DEPTH_MAX) {
        return TUG_OK;
    }
    choice->is_chosen[number] = true;
    children = tug__walk_children(choice->walk, number, &count);
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        if (children[i].role == TUG__ROLE_MANIFEST) {
            status = find_leaves(choice, image, children[i].blob, children[i].platform, depth + 1,
                                 leaves, err);
        }
    }
    return status;
}

/* Find the best manifest for a platform: one that is complete, else any; NULL when none runs on it.
 * One without a platform will do for every one, when there is no other. */
static struct tug__leaf *find_best(const struct tug__leaves *leaves,
                                   const struct tug_platform *wanted)
{
    struct tug__leaf *best = NULL;
    int best_rank = TUG__PLATFORM_NO_MATCH;

    for (size_t i = 0; i < leaves->count; i++) {
        struct tug__leaf *const leaf = &leaves->items[i];
        int rank;

        if (leaf->platform == NULL && leaves->count == 1) {
            return leaf;
        }
        if (leaf->platform == NULL || tug__platform_is_unknown(leaf->platform)) {
            continue;
        }
        rank =
            tug__platform_rank(wanted, leaf->platform) + (leaf->missing > 0 ? INCOMPLETE_RANK : 0);
        if (rank < best_rank) {
            best_rank = rank;
            best = leaf;
        }
    }
    return best;
}

static const char *image_text(const struct tug__choice *choice, uint32_t image,
                              char out_digest[TUG_DIGEST_TEXT_MAX])
{
    const struct tug__walk_image *const entry = tug__walk_image(choice->walk, image);

    return entry->name != NULL
               ? entry->name
               : tug_digest_format(&tug__walk_blob(choice->walk, entry->root)->digest, out_digest);
}

/* Say what an image lacks. */
static enum tug_status fail_incomplete(const struct tug__choice *choice, uint32_t image,
                                       uint32_t example, uint64_t missing, struct tug_error *err)
{
    const struct tug__walk_blob *const blob = tug__walk_blob(choice->walk, example);
    char digest[TUG_DIGEST_TEXT_MAX];
    char name[TUG_DIGEST_TEXT_MAX];
    const char *const text = image_text(choice, image, name);

    (void)tug_digest_format(&blob->digest, digest);
    if (blob->state == TUG__BLOB_PRESENT) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "image '%s': %s is damaged (%s); 'tug verify --repair' fetches it again",
                         text, digest, blob->problem);
    }
    return tug__fail(err, TUG_ERR_NOT_FOUND,
                     "image '%s' is incomplete: %s is %s%s; fetch the image again, or export what "
                     "there is with --partial",
                     text, digest, blob->state == TUG__BLOB_ABSENT ? "not in the store" : "damaged",
                     missing > 1 ? ", and it is not the only one" : "");
}

static enum tug_status select_platform(const struct tug__choice *choice, uint32_t image,
                                       const struct tug__leaves *leaves,
                                       const struct tug_platform *wanted, struct tug_error *err)
{
    struct tug__leaf *const best = find_best(leaves, wanted);
    char platform[TUG_PLATFORM_TEXT_MAX];
    char name[TUG_DIGEST_TEXT_MAX];

    if (best == NULL) {
        return tug__fail(err, TUG_ERR_NOT_FOUND, "image '%s' has no platform %s",
                         image_text(choice, image, name), tug_platform_format(wanted, platform));
    }
    best->is_selected = true;
    return best->missing == 0 || choice->options->allow_partial
               ? TUG_OK
               : fail_incomplete(choice, image, best->example, best->missing, err);
}

/* Select the manifests that are complete. */
static enum tug_status select_all(const struct tug__choice *choice, uint32_t image,
                                  const struct tug__leaves *leaves, struct tug_error *err)
{
    bool has_one = false;

    for (size_t i = 0; i < leaves->count; i++) {
        struct tug__leaf *const leaf = &leaves->items[i];

        leaf->is_selected = leaf->missing == 0 || choice->options->allow_partial;
        has_one = has_one || leaf->is_selected;
    }
    /* An index of nothing is complete. */
    return has_one || leaves->count == 0 ? TUG_OK
                                         : fail_incomplete(choice, image, leaves->items[0].example,
                                                           leaves->items[0].missing, err);
}

/* Decide which manifests the export holds. */
static enum tug_status select_leaves(const struct tug__choice *choice, uint32_t image,
                                     const struct tug__leaves *leaves, struct tug_error *err)
{
    const struct tug_export_options *const options = choice->options;
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < options->platform_count; i++) {
        struct tug_platform wanted = options->platforms[i];

        tug__platform_normalise(&wanted);
        status = select_platform(choice, image, leaves, &wanted, err);
    }
    return status == TUG_OK && options->platform_count == 0 ? select_all(choice, image, leaves, err)
                                                            : status;
}

static enum tug_status choose_blob(void *context, uint32_t number, struct tug_error *err)
{
    struct tug__choice *const choice = context;

    (void)err;
    if (is_usable(tug__walk_blob(choice->walk, number))) {
        choice->is_chosen[number] = true;
    }
    return TUG_OK;
}

/* Count the layers of a manifest that Docker can load. Returns: false for any other manifest. */
static bool count_layers(const struct tug__choice *choice, const struct tug__leaf *leaf,
                         size_t *out_count)
{
    size_t count;
    const struct tug__walk_child *const children =
        tug__walk_children(choice->walk, leaf->blob, &count);

    if (!leaf->is_selected || count == 0 || children[0].role != TUG__ROLE_CONFIG ||
        tug__walk_blob(choice->walk, children[0].blob)->kind != TUG__MEDIA_CONFIG ||
        (leaf->platform != NULL && tug__platform_is_unknown(leaf->platform))) {
        return false;
    }
    *out_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct tug__walk_blob *const blob = tug__walk_blob(choice->walk, children[i].blob);

        if (children[i].role == TUG__ROLE_SUBJECT) {
            continue;
        }
        if (!is_usable(blob) ||
            (i > 0 && blob->kind != TUG__MEDIA_LAYER && blob->kind != TUG__MEDIA_FOREIGN)) {
            return false;
        }
        *out_count += children[i].role == TUG__ROLE_LAYER;
    }
    return true;
}

/* Add what Docker loads of an image. */
static enum tug_status add_docker_line(struct tug__choice *choice, const char *name,
                                       const struct tug__leaf *leaf, size_t layer_count,
                                       struct tug_error *err)
{
    struct tug_digest *const layers = calloc(layer_count + 1, sizeof *layers);
    size_t child_count;
    const struct tug__walk_child *const children =
        tug__walk_children(choice->walk, leaf->blob, &child_count);
    size_t added = 0;

    if (layers == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 1; i < child_count; i++) {
        if (children[i].role == TUG__ROLE_LAYER) {
            layers[added++] = tug__walk_blob(choice->walk, children[i].blob)->digest;
        }
    }
    choice->docker_lines[choice->docker_count++] = (struct tug__docker_line){
        .name = name,
        .manifest = tug__walk_blob(choice->walk, leaf->blob)->digest,
        .config = tug__walk_blob(choice->walk, children[0].blob)->digest,
        .layers = layers,
        .layer_count = added,
    };
    return TUG_OK;
}

static enum tug_status add_for_docker(struct tug__choice *choice, const char *name,
                                      const struct tug__leaves *leaves, struct tug_error *err)
{
    const struct tug__leaf *chosen = NULL;
    int best_rank = TUG__PLATFORM_NO_MATCH + 1;
    size_t chosen_layers = 0;
    struct tug_platform host;

    tug_platform_host(&host);
    for (size_t i = 0; i < leaves->count; i++) {
        const struct tug__leaf *const leaf = &leaves->items[i];
        const int rank = leaf->platform != NULL ? tug__platform_rank(&host, leaf->platform)
                                                : TUG__PLATFORM_NO_MATCH;
        size_t layers;

        if (rank < best_rank && count_layers(choice, leaf, &layers)) {
            best_rank = rank;
            chosen = leaf;
            chosen_layers = layers;
        }
    }
    return chosen != NULL ? add_docker_line(choice, name, chosen, chosen_layers, err) : TUG_OK;
}

static enum tug_status choose_selected(struct tug__choice *choice, const struct tug__leaves *leaves,
                                       struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < leaves->count; i++) {
        if (leaves->items[i].is_selected) {
            status = tug__walk_each_needed(choice->walk, leaves->items[i].blob, choose_blob, choice,
                                           err);
        }
    }
    return status;
}

/* Find the root of an image. Errors: TUG_ERR_CONTENT, TUG_ERR_NOT_FOUND: it cannot be used. */
static enum tug_status find_root(const struct tug__choice *choice, uint32_t image,
                                 const struct tug__walk_blob **out_root, struct tug_error *err)
{
    const struct tug__walk_image *const entry = tug__walk_image(choice->walk, image);

    if (entry->root == TUG__WALK_NONE) {
        return tug__fail(err, TUG_ERR_CONTENT, "image '%s': its entry in index.json: %s",
                         entry->name != NULL ? entry->name : "", entry->problem);
    }
    *out_root = tug__walk_blob(choice->walk, entry->root);
    return is_usable(*out_root) ? TUG_OK : fail_incomplete(choice, image, entry->root, 1, err);
}

/* Add the line of an image. platforms, refers_to: taken. */
static void add_line(struct tug__choice *choice, const struct tug__walk_image *entry,
                     const struct tug__walk_blob *root, char *platforms, char *refers_to)
{
    choice->lines[choice->line_count++] = (struct tug__index_line){
        .name = entry->name,
        .media_type = entry->media_type[0] != '\0' ? entry->media_type : root->media_type,
        .digest = root->digest,
        .size_bytes = root->file_bytes,
        .annotations = entry->annotations,
        .platforms = platforms,
        .refers_to = refers_to,
    };
}

enum tug_status tug__choice_add_follower(struct tug__choice *choice, uint32_t image,
                                         const struct tug__digest_set *roots, struct tug_error *err)
{
    const struct tug__walk_image *const entry = tug__walk_image(choice->walk, image);
    const char *const said = tug__walk_annotation(entry, TUG__INDEX_PLATFORMS);
    const struct tug__walk_blob *root = NULL;
    struct tug__leaves leaves = {0};
    char *platforms = NULL;
    char *refers_to = NULL;
    enum tug_status status = find_root(choice, image, &root, err);

    if (status == TUG_OK) { /* as a whole, like one manifest */
        status = add_leaf(choice, image, entry->root, NULL, &leaves, err);
    }
    if (status == TUG_OK) {
        status = select_all(choice, image, &leaves, err);
    }
    if (status == TUG_OK) {
        status = choose_selected(choice, &leaves, err);
    }
    free(leaves.items);
    if (status == TUG_OK) {
        platforms = said != NULL ? strdup(said) : NULL;
        refers_to = tug__walk_followed(entry, roots);
        if (refers_to == NULL || (platforms == NULL && said != NULL)) {
            free(platforms);
            free(refers_to);
            return tug__fail_memory(err);
        }
        add_line(choice, entry, root, platforms, refers_to);
    }
    return status;
}

enum tug_status tug__choice_add(struct tug__choice *choice, uint32_t image, struct tug_error *err)
{
    const struct tug__walk_image *const entry = tug__walk_image(choice->walk, image);
    const struct tug__walk_blob *root = NULL;
    struct tug__leaves leaves = {0};
    char *platforms = NULL;
    enum tug_status status = find_root(choice, image, &root, err);

    if (status == TUG_OK) {
        status = find_leaves(choice, image, entry->root, NULL, 0, &leaves, err);
    }
    if (status == TUG_OK) {
        status = select_leaves(choice, image, &leaves, err);
    }
    if (status == TUG_OK) {
        status = choose_selected(choice, &leaves, err);
    }
    if (status == TUG_OK) {
        status = add_for_docker(choice, entry->name, &leaves, err);
    }
    if (status == TUG_OK) {
        status = tug__leaves_describe(choice, image, &leaves, &platforms, err);
    }
    free(leaves.items);
    if (status == TUG_OK) {
        add_line(choice, entry, root, platforms, NULL);
    }
    return status;
}
