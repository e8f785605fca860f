/* SPDX-License-Identifier: Apache-2.0
 *
 * Convert an image of schema 1: its layers are fetched without known sizes, then unpacked by
 * workers to learn their diff ids, then a config and a manifest are made.
 *
 * Knows: schema 1, the room that converts it. Does not know: HTTP, retries, how layers are packed.
 * Threads: the resolver.
 *
 * Unpacking takes long, so what an earlier run has computed is used again: index.json names the
 * image that came of it, and if config and manifest come out with the same digests once more, they
 * are the ones.
 */
#include "pipeline/resolver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "convert/convert.h"
#include "oci/digest.h"
#include "oci/limits.h"

/* --- the layers --- */

enum tug_status tug__image_note_schema1(struct tug__resolver *resolver, struct tug__image *image,
                                        const struct tug__document_text *text,
                                        const struct tug__document *document, struct tug_error *err)
{
    struct tug__conversion *const conversion = &image->conversion;
    enum tug_status status =
        tug__schema1_parse(text->bytes, text->length, &conversion->schema1, err);

    if (status != TUG_OK) {
        return status;
    }
    conversion->facts = calloc(conversion->schema1.count, sizeof *conversion->facts);
    return conversion->facts != NULL
               ? tug__image_judge_root(resolver, image, &document->platform, err)
               : tug__fail_memory(err);
}

/* Note the sizes that the layers turned out to have, and check what they sum up to: nothing said so
 * before. */
static enum tug_status note_sizes(const struct tug__resolver *resolver, struct tug__image *image,
                                  struct tug_error *err)
{
    const struct tug__schema1 *const schema1 = &image->conversion.schema1;
    const uint64_t max_bytes = resolver->settings->options.max_size_bytes;

    for (size_t i = 0; i < schema1->count; i++) {
        const struct tug__need *const need = tug__image_need(image, &schema1->layers[i].blob);

        if (!schema1->layers[i].is_throwaway && (need == NULL || need->is_left_out)) {
            return tug__fail(err, TUG_ERR_UNSUPPORTED,
                             "a schema 1 image without its layers is not converted");
        }
        image->conversion.facts[i].size_bytes =
            schema1->layers[i].is_throwaway ? 0 : need->size_bytes;
    }
    if (max_bytes > 0 && image->result.bytes_known > max_bytes) {
        return tug__fail(err, TUG_ERR_TOO_LARGE,
                         "the image has %" PRIu64 " bytes, over the limit of %" PRIu64,
                         image->result.bytes_known, max_bytes);
    }
    return TUG_OK;
}

/* Have a layer unpacked. */
static enum tug_status ask_to_unpack(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug_digest *layer, struct tug_error *err)
{
    const struct tug__purpose purpose = {.is_again = true};
    char text[TUG_DIGEST_TEXT_MAX];
    const struct tug__wanted wanted = {.tag = tug_digest_format(layer, text),
                                       .source = image->ref,
                                       .inquiry = TUG__INQUIRY_UNPACKED};
    const enum tug_status status = tug__engine_start(resolver->engine, &wanted, &image->waiter,
                                                     tug__purpose_pack(&purpose), err);

    image->pending += status == TUG_OK;
    return status;
}

/* Tell whether a layer comes before the one at a position, too. */
static bool is_repeated(const struct tug__schema1 *schema1, size_t position)
{
    for (size_t i = 0; i < position; i++) {
        if (!schema1->layers[i].is_throwaway &&
            tug_digest_equal(&schema1->layers[i].blob, &schema1->layers[position].blob)) {
            return true;
        }
    }
    return false;
}

static enum tug_status ask_to_unpack_all(struct tug__resolver *resolver, struct tug__image *image,
                                         struct tug_error *err)
{
    const struct tug__schema1 *const schema1 = &image->conversion.schema1;
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < schema1->count; i++) {
        if (!schema1->layers[i].is_throwaway && !is_repeated(schema1, i)) {
            status = ask_to_unpack(resolver, image, &schema1->layers[i].blob, err);
        }
    }
    return status;
}

/* --- an earlier run's --- */

/* What an earlier run made, and what would be made again. */
struct recall {
    struct tug__buf config, manifest;
    struct tug__buf new_config, new_manifest;
    struct tug__layer_facts *facts; /* owned */
};

/* Read the image that index.json names. Returns: false when it is not there, or no such image. */
static bool read_earlier(const struct tug__resolver *resolver, const struct tug__image *image,
                         struct recall *recall)
{
    struct tug_store *const store = resolver->settings->store;
    struct tug__document document = {0};
    struct tug_digest digest;
    bool is_found = false;

    if (tug__store_index_find(store, image->result.named.name, &is_found, &digest, NULL) !=
            TUG_OK ||
        !is_found || !tug__stored_document(store, &digest, &recall->manifest)) {
        return false;
    }
    const struct tug__document_text text = {.bytes = recall->manifest.data,
                                            .length = recall->manifest.length,
                                            .media_type = TUG__OCI_MANIFEST_TYPE,
                                            .is_pinned = true};
    is_found = tug__document_parse(&text, &document, NULL) == TUG_OK && document.has_config &&
               tug__stored_document(store, &document.children[0].digest, &recall->config);
    tug__document_fini(&document);
    return is_found;
}

static bool is_same(const struct tug__buf *a, const struct tug__buf *b)
{
    return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

/* Write config and manifest. */
static enum tug_status write_both(const struct tug__schema1 *schema1,
                                  const struct tug__layer_facts *facts, struct tug__buf *config,
                                  struct tug__buf *manifest, struct tug_error *err)
{
    struct tug_digest digest;
    enum tug_status status = tug__convert_schema1_config(schema1, facts, config, err);

    if (status == TUG_OK) {
        status = tug__digest_of(TUG_DIGEST_SHA256, config->data, config->length, &digest, err);
    }
    return status == TUG_OK ? tug__convert_schema1_manifest(schema1, facts, &digest, config->length,
                                                            manifest, err)
                            : status;
}

/* Find the facts of an earlier run, of layers of the same sizes. */
static bool find_earlier(const struct tug__resolver *resolver, struct tug__image *image,
                         struct recall *recall)
{
    struct tug__conversion *const conversion = &image->conversion;
    const struct tug__schema1 *const schema1 = &conversion->schema1;

    recall->facts = calloc(schema1->count, sizeof *recall->facts);
    if (recall->facts == NULL || !read_earlier(resolver, image, recall) ||
        !tug__convert_schema1_recall(schema1, &recall->config, &recall->manifest, recall->facts) ||
        write_both(schema1, recall->facts, &recall->new_config, &recall->new_manifest, NULL) !=
            TUG_OK ||
        !is_same(&recall->config, &recall->new_config) ||
        !is_same(&recall->manifest, &recall->new_manifest)) {
        return false;
    }
    for (size_t i = 0; i < schema1->count; i++) {
        if (!schema1->layers[i].is_throwaway && !recall->facts[i].is_blank &&
            recall->facts[i].size_bytes != conversion->facts[i].size_bytes) {
            return false;
        }
    }
    free(conversion->facts);
    conversion->facts = recall->facts;
    recall->facts = NULL;
    return true;
}

static bool recall_facts(const struct tug__resolver *resolver, struct tug__image *image)
{
    struct recall recall = {0};
    bool is_found;

    if (resolver->settings->options.recheck) {
        return false;
    }
    tug__buf_init(&recall.config, TUG__CONFIG_BYTES_MAX);
    tug__buf_init(&recall.manifest, TUG__MANIFEST_BYTES_MAX);
    tug__buf_init(&recall.new_config, TUG__CONFIG_BYTES_MAX);
    tug__buf_init(&recall.new_manifest, TUG__MANIFEST_BYTES_MAX);
    is_found = find_earlier(resolver, image, &recall);
    tug__buf_fini(&recall.config);
    tug__buf_fini(&recall.manifest);
    tug__buf_fini(&recall.new_config);
    tug__buf_fini(&recall.new_manifest);
    free(recall.facts);
    return is_found;
}

/* --- config and manifest --- */

static enum tug_status make_image(struct tug__resolver *resolver, struct tug__image *image,
                                  struct tug_error *err)
{
    const struct tug__conversion *const conversion = &image->conversion;
    struct tug__converted result = {.media_type = TUG__OCI_MANIFEST_TYPE};
    struct tug_digest config_digest;
    struct tug__buf config, manifest;
    enum tug_status status;

    tug__buf_init(&config, TUG__CONFIG_BYTES_MAX);
    tug__buf_init(&manifest, TUG__MANIFEST_BYTES_MAX);
    status = write_both(&conversion->schema1, conversion->facts, &config, &manifest, err);
    result.size_bytes = manifest.length;
    if (status == TUG_OK) {
        status =
            tug__image_make(resolver, image, &config, TUG__OCI_CONFIG_TYPE, &config_digest, err);
    }
    if (status == TUG_OK) {
        status = tug__image_make(resolver, image, &manifest, TUG__OCI_MANIFEST_TYPE, &result.digest,
                                 err);
    }
    if (status == TUG_OK) {
        status = tug__image_take_converted(image, &result, err);
    }
    tug__buf_fini(&config);
    tug__buf_fini(&manifest);
    return status;
}

enum tug_status tug__image_convert_schema1(struct tug__resolver *resolver, struct tug__image *image,
                                           struct tug_error *err)
{
    struct tug__conversion *const conversion = &image->conversion;
    const bool is_first = !conversion->are_facts_asked;
    enum tug_status status = TUG_OK;

    conversion->are_facts_asked = true;
    if (is_first) {
        status = note_sizes(resolver, image, err);
    }
    if (status == TUG_OK && is_first && !recall_facts(resolver, image)) {
        status = ask_to_unpack_all(resolver, image, err);
    }
    if (status != TUG_OK || image->pending > 1) {
        return status; /* called again when all are unpacked; one is the caller's */
    }
    conversion->is_done = true;
    return make_image(resolver, image, err);
}
