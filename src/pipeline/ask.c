/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image needs: count it, and use the store's copy or request it from the engine.
 *
 * Knows: the store's content, the engine's interface. Does not know: what documents mean, requests,
 * retries.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <string.h>

#include "base/error.h"
#include "chunked/chunked.h"

void tug__image_note_reused(struct tug__resolver *resolver, struct tug__image *image,
                            const struct tug_digest *digest, const char *media_type,
                            uint64_t size_bytes)
{
    struct tug_event event = {
        .kind = TUG_EVENT_REUSED,
        .ref = image->result.ref,
        .digest = *digest,
        .media_type = media_type,
        .size_bytes = size_bytes,
        .done_bytes = size_bytes,
    };

    image->result.bytes_reused += size_bytes;
    image->result.blobs_done++;
    resolver->reporter.totals.blobs_done++;
    resolver->reporter.bytes_stored += size_bytes;
    tug__emit(resolver, &event);
    tug__partials_drop(resolver, digest);
}

/* Note the size that content in the store turned out to have. */
static void note_size(struct tug__resolver *resolver, struct tug__image *image,
                      const struct tug__request *request, uint64_t size_bytes)
{
    struct tug__need *const need = tug__image_need(image, &request->descriptor->digest);

    if (!request->has_size) {
        resolver->reporter.totals.bytes_known += size_bytes;
        image->result.bytes_known += size_bytes;
    }
    if (need != NULL) {
        need->is_document = request->is_document;
        need->has_size = true;
        need->size_bytes = size_bytes;
    }
}

/* Read a document from the store, if it has it. buf: receives the document. Returns: true when it
 * does. */
static bool read_document(struct tug__resolver *resolver, struct tug__image *image,
                          const struct tug__request *request, struct tug__buf *buf)
{
    const struct tug__descriptor *const descriptor = request->descriptor;

    if (!tug__stored_document(resolver->settings->store, &descriptor->digest, buf) ||
        (request->has_size && buf->length != descriptor->size_bytes)) {
        return false;
    }
    note_size(resolver, image, request, buf->length);
    tug__image_note_reused(resolver, image, &descriptor->digest, descriptor->media_type,
                           buf->length);
    return true;
}

/* Result of serving a request from the store. */
enum served {
    SERVED_NOT = 0,   /* it must be fetched */
    SERVED_UNCHECKED, /* present, but has to be hashed (options.recheck) */
    SERVED,           /* present */
};

/* Serve a request from the store. body: receives a document. Errors: TUG_ERR_STORE: the store
 * cannot be read, so fetched content could not be found either. */
static enum tug_status serve_request(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__request *request, struct tug__buf *body,
                                     enum served *out_served, struct tug_error *err)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    bool is_present = false;
    uint64_t size_bytes = 0;
    const bool has_to_hash = resolver->settings->options.recheck &&
                             !tug__digest_set_has(&resolver->checked, &descriptor->digest);
    const enum tug_status status = tug_store_stat(resolver->settings->store, &descriptor->digest,
                                                  &is_present, &size_bytes, err);

    *out_served = SERVED_NOT;
    if (status != TUG_OK || !is_present) {
        return status;
    }
    if (request->is_document) {
        *out_served = read_document(resolver, image, request, body) ? SERVED : SERVED_NOT;
    } else if (request->has_size ? size_bytes != descriptor->size_bytes || request->is_known
                                 : has_to_hash) {
        *out_served = SERVED_NOT; /* damaged; made here, so a lane compares every byte; or the
                                     engine hashes it once it knows its size */
    } else if (has_to_hash) {
        *out_served = SERVED_UNCHECKED;
    } else {
        note_size(resolver, image, request, size_bytes);
        tug__image_note_reused(resolver, image, &descriptor->digest, descriptor->media_type,
                               size_bytes);
        *out_served = SERVED;
    }
    return TUG_OK;
}

/* Tell whether a layer may be fetched from its URLs (T-01). */
static bool may_ask_urls(const struct tug__resolver *resolver,
                         const struct tug__descriptor *descriptor)
{
    return descriptor->urls != NULL && resolver->settings->options.foreign_layers;
}

/* Let an image wait for a digest that the store does not have. */
static enum tug_status wait_for(struct tug__resolver *resolver, struct tug__image *image,
                                const struct tug__request *request, struct tug_error *err)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    const struct tug__purpose purpose = {
        .want = request->want,
        .depth = request->depth,
        .is_root = request->is_root,
        .is_document = request->is_document,
        .is_optional = request->is_optional,
        .is_again = request->is_known,
        .extra = request->extra,
    };
    struct tug__chunked_place place;
    const struct tug__layer_toc toc = {.place = &place, .number = request->layer_number};
    const struct tug__wanted wanted = {
        .digest = descriptor->digest,
        .layer = {.toc = tug__chunked_find(descriptor, &place) ? &toc : NULL,
                  .urls = may_ask_urls(resolver, descriptor) ? descriptor->urls : NULL},
        .has_size = request->has_size,
        .size_bytes = descriptor->size_bytes,
        .kind = descriptor->kind,
        .is_document = request->is_document,
        .media_type = descriptor->media_type[0] != '\0' ? descriptor->media_type : NULL,
        .data = descriptor->data,
        .source = image->ref,
        .may_be_blob = request->is_root,
        .accepts_schema1 = resolver->settings->options.convert != NULL,
        .max_bytes = resolver->settings->options.max_size_bytes,
        .is_recheck = request->is_recheck,
    };
    const enum tug_status status = tug__engine_start(resolver->engine, &wanted, &image->waiter,
                                                     tug__purpose_pack(&purpose), err);

    image->pending += status == TUG_OK;
    return status;
}

/* Note what an image needs of a digest. When out of memory for the URLs, only the registry is used.
 */
static void note_need(struct tug__image *image, const struct tug__request *request)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    struct tug__need *const need = tug__image_need(image, &descriptor->digest);

    need->is_document = request->is_document;
    need->has_size = request->has_size;
    need->size_bytes = request->has_size ? descriptor->size_bytes : 0;
    need->kind = descriptor->kind;
    need->urls = descriptor->urls != NULL ? strdup(descriptor->urls) : NULL;
}

enum tug_status tug__image_ask(struct tug__resolver *resolver, struct tug__image *image,
                               const struct tug__request *request, struct tug__buf *body,
                               bool *out_is_read, struct tug_error *err)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    const uint64_t known_bytes = request->has_size ? descriptor->size_bytes : 0;
    struct tug__request asked = *request;
    enum served served = SERVED_NOT;
    char text[TUG_DIGEST_TEXT_MAX];
    bool is_new = false;
    enum tug_status status;

    *out_is_read = false;
    if (image->state == TUG__IMAGE_DONE) {
        return TUG_OK; /* it has failed because of a sibling */
    }
    status = tug__image_see(image, &descriptor->digest, &is_new, err);
    if (status != TUG_OK || !is_new) {
        return status;
    }
    note_need(image, request);
    image->result.blobs++;
    resolver->reporter.totals.blobs++;
    resolver->reporter.totals.bytes_known += known_bytes;
    image->wanted_bytes += known_bytes;
    image->result.bytes_known += known_bytes;
    if (tug__engine_knows(resolver->engine, &descriptor->digest)) {
        return tug__image_skips(resolver, image, request)
                   ? tug__image_skip(resolver, image, request, err)
                   : wait_for(resolver, image, request, err);
    }
    status = serve_request(resolver, image, request, body, &served, err);
    if (status != TUG_OK || served == SERVED) {
        *out_is_read = status == TUG_OK && request->is_document;
        return status;
    }
    asked.is_recheck = served == SERVED_UNCHECKED;
    if (tug__image_skips(resolver, image, &asked)) {
        return tug__image_skip(resolver, image, &asked, err);
    }
    if (resolver->settings->options.dry_run && !request->is_document && request->has_size &&
        !asked.is_recheck) {
        if (request->is_optional) {
            tug__emit_warning(resolver, image,
                              "foreign layer %s is fetched only if the registry has it",
                              tug_digest_format(&descriptor->digest, text));
        }
        tug__plan_report_blob(resolver, image, request);
        return TUG_OK;
    }
    return wait_for(resolver, image, &asked, err);
}

enum tug_status tug__store_is_named(struct tug__resolver *resolver, const char *name,
                                    bool *out_is_named, struct tug_error *err)
{
    if (!resolver->has_names) {
        const enum tug_status status =
            tug__store_index_names(resolver->settings->store, &resolver->names, err);

        if (status != TUG_OK) {
            return status;
        }
        resolver->has_names = true;
    }
    *out_is_named = tug__index_names_has(&resolver->names, name);
    return TUG_OK;
}
