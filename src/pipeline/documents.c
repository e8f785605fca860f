/* SPDX-License-Identifier: Apache-2.0
 *
 * From references to everything they need: images, their documents, what those name.
 *
 * Knows: documents, platforms, the store's content. Does not know: requests, retries.
 * Threads: the resolver.
 *
 * An image goes through its states once: GATHERING while any index of it is still to be read (the
 * choice of a platform needs all of them), FETCHING until all it waits for is there, PUBLISHING
 * while a lane writes index.json, DONE. What is in the store already is taken from there on the
 * way.
 */
#include "pipeline/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/error.h"
#include "oci/content_kind.h"
#include "oci/digest.h"
#include "oci/limits.h"

#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

/* What an image wants of one digest. */
struct request {
    const struct tug__descriptor *descriptor;
    bool has_size;    /* the descriptor's size is known */
    bool is_document; /* a manifest or index */
    bool is_root;
    bool is_optional; /* as of a purpose */
    bool is_recheck;  /* the store has it, but it has to be hashed first */
    enum tug__want want;
    unsigned depth;
};

/* --- what the store has --- */

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
    resolver->reporter.bytes_settled += size_bytes;
    tug__emit(resolver, &event);
}

/* Read a document from the store if it is there, and let the image go on with it. */
static bool serve_document(struct tug__resolver *resolver, struct tug__image *image,
                           const struct request *request)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    const struct tug__purpose purpose = {
        .want = request->want,
        .depth = request->depth,
        .is_root = request->is_root,
        .is_document = true,
    };
    struct tug__need *const need = tug__image_need(image, &descriptor->digest);
    bool is_present;
    struct tug__buf buf;

    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    is_present = tug__stored_document(resolver->settings->store, &descriptor->digest, &buf) &&
                 (!request->has_size || buf.length == descriptor->size_bytes);
    if (is_present) {
        if (!request->has_size) {
            resolver->reporter.totals.bytes_known += buf.length;
            image->result.bytes_known += buf.length;
        }
        tug__image_note_reused(resolver, image, &descriptor->digest, descriptor->media_type,
                               buf.length);
        if (need != NULL) {
            need->is_document = true;
            need->has_size = true;
            need->size_bytes = buf.length;
        }
        tug__image_take_content(resolver, image, &purpose, &descriptor->digest, buf.data,
                                buf.length, descriptor->media_type, true);
    }
    tug__buf_fini(&buf);
    return is_present;
}

/* What the store can do for a request. */
enum served {
    SERVED_NOT = 0,   /* it must be fetched */
    SERVED_UNCHECKED, /* it is there, but has to be hashed (options.recheck) */
    SERVED,           /* it was there, and the image went on with it */
};

/* Serve a request from the store.
 * Errors: TUG_ERR_STORE: the store cannot be looked at: what came could not be found either. */
static enum tug_status serve_request(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct request *request, enum served *out_served,
                                     struct tug_error *err)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    bool is_present = false;
    uint64_t size_bytes = 0;
    const enum tug_status status = tug_store_stat(resolver->settings->store, &descriptor->digest,
                                                  &is_present, &size_bytes, err);

    *out_served = SERVED_NOT;
    if (status != TUG_OK || !is_present) {
        return status;
    }
    if (request->is_document) {
        *out_served = serve_document(resolver, image, request) ? SERVED : SERVED_NOT;
    } else if (size_bytes == descriptor->size_bytes && resolver->settings->options.recheck &&
               !tug__digest_set_has(&resolver->checked, &descriptor->digest)) {
        *out_served = SERVED_UNCHECKED;
    } else if (size_bytes == descriptor->size_bytes) {
        tug__image_note_reused(resolver, image, &descriptor->digest, descriptor->media_type,
                               size_bytes);
        *out_served = SERVED;
    }
    return TUG_OK;
}

/* --- asking for things --- */

/* Tell whether a layer may be fetched from the URLs it names (T-01). */
static bool may_ask_urls(const struct tug__resolver *resolver,
                         const struct tug__descriptor *descriptor)
{
    return descriptor->urls != NULL && resolver->settings->options.foreign_layers;
}

/* Make an image wait for a digest that the store does not have. */
static enum tug_status wait_for(struct tug__resolver *resolver, struct tug__image *image,
                                const struct request *request, struct tug_error *err)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    const struct tug__purpose purpose = {
        .want = request->want,
        .depth = request->depth,
        .is_root = request->is_root,
        .is_document = request->is_document,
        .is_optional = request->is_optional,
    };
    const struct tug__wanted wanted = {
        .digest = descriptor->digest,
        .has_size = request->has_size,
        .size_bytes = descriptor->size_bytes,
        .kind = descriptor->kind,
        .is_document = request->is_document,
        .media_type = descriptor->media_type[0] != '\0' ? descriptor->media_type : NULL,
        .data = descriptor->data,
        .urls = may_ask_urls(resolver, descriptor) ? descriptor->urls : NULL,
        .source = image->ref,
        .may_be_blob = request->is_root,
        .max_bytes = resolver->settings->options.max_size_bytes,
        .is_recheck = request->is_recheck,
    };
    const enum tug_status status = tug__engine_start(resolver->engine, &wanted, &image->waiter,
                                                     tug__purpose_pack(&purpose), err);

    image->pending += status == TUG_OK;
    return status;
}

/* Keep what an image needs of a digest. Without memory for the URLs the registry is asked. */
static void note_need(struct tug__image *image, const struct request *request)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    struct tug__need *const need = tug__image_need(image, &descriptor->digest);

    need->is_document = request->is_document;
    need->has_size = request->has_size;
    need->size_bytes = request->has_size ? descriptor->size_bytes : 0;
    need->kind = descriptor->kind;
    need->urls = descriptor->urls != NULL ? strdup(descriptor->urls) : NULL;
}

/* An image needs a digest: count it, take it from the store, or wait for it. */
static enum tug_status ask_for(struct tug__resolver *resolver, struct tug__image *image,
                               const struct request *request, struct tug_error *err)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    struct request asked = *request;
    enum served served = SERVED_NOT;
    char text[TUG_DIGEST_TEXT_MAX];
    bool is_new = false;
    enum tug_status status;

    if (image->state == TUG__IMAGE_DONE) {
        return TUG_OK; /* it failed over a sibling */
    }
    status = tug__image_see(image, &descriptor->digest, &is_new, err);
    if (status != TUG_OK || !is_new) {
        return status;
    }
    note_need(image, request);
    image->result.blobs++;
    resolver->reporter.totals.blobs++;
    resolver->reporter.totals.bytes_known += request->has_size ? descriptor->size_bytes : 0;
    image->wanted_bytes += request->has_size ? descriptor->size_bytes : 0;
    image->result.bytes_known += request->has_size ? descriptor->size_bytes : 0;
    if (tug__engine_knows(resolver->engine, &descriptor->digest)) {
        return wait_for(resolver, image, request, err);
    }
    status = serve_request(resolver, image, request, &served, err);
    if (status != TUG_OK || served == SERVED || image->state == TUG__IMAGE_DONE) {
        return status;
    }
    asked.is_recheck = served == SERVED_UNCHECKED;
    if (resolver->settings->options.dry_run && !request->is_document && !asked.is_recheck) {
        if (request->is_optional) {
            tug__emit_warning(resolver, image, "foreign layer %s comes only if the registry has it",
                              tug_digest_format(&descriptor->digest, text));
        }
        tug__plan_report(resolver, image, &descriptor->digest, descriptor->media_type,
                         descriptor->size_bytes);
        return TUG_OK;
    }
    return wait_for(resolver, image, &asked, err);
}

/* --- what documents name --- */

static bool is_document_kind(enum tug__media_kind kind)
{
    return kind == TUG__MEDIA_INDEX || kind == TUG__MEDIA_MANIFEST || kind == TUG__MEDIA_SCHEMA1;
}

/* Tell whether an entry of an index is to be read. One without a type is a manifest or an index,
 * whatever its own members say: indexes name nothing else without saying what it is. */
static bool is_document_entry(const struct tug__descriptor *entry)
{
    return is_document_kind(entry->kind) || entry->media_type[0] == '\0';
}

/* Tell whether an entry may be an index, so that the choice of a platform has to wait for it. */
static bool may_be_index(const struct tug__descriptor *entry)
{
    return entry->kind == TUG__MEDIA_INDEX ||
           (entry->media_type[0] == '\0' && !entry->has_platform);
}

/* Large blobs first: they take longest. Those of the same digest side by side (tug__image_admit).
 */
static int compare_blobs(const void *a, const void *b)
{
    const struct tug__descriptor *const *const left = a;
    const struct tug__descriptor *const *const right = b;

    if ((*left)->size_bytes != (*right)->size_bytes) {
        return (*left)->size_bytes < (*right)->size_bytes ? 1 : -1;
    }
    return memcmp(&(*left)->digest, &(*right)->digest, sizeof(*left)->digest);
}

static enum tug_status ask_for_blobs(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__descriptor **blobs, size_t count,
                                     struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        const struct request request = {
            .descriptor = blobs[i],
            .has_size = true,
            .is_optional = tug__may_be_left_out(resolver, blobs[i]),
        };

        status = ask_for(resolver, image, &request, err);
        if (status == TUG_ERR_NOT_FOUND && request.is_optional) { /* as another image has learnt */
            status =
                tug__image_leave_out(resolver, image, &blobs[i]->digest, blobs[i]->size_bytes, err);
        }
    }
    return status;
}

/* Docker before 1.10 pushed configs without their type. */
static bool has_untyped_config(const struct tug__document *document)
{
    return document->has_config && strcmp(document->media_type, DOCKER_MANIFEST) == 0 &&
           strcasecmp(document->children[0].media_type, "application/octet-stream") == 0;
}

/* Ask for the children of a manifest from first up to end. is_held: only look whether they may
 * come.
 */
static enum tug_status ask_for_children(struct tug__resolver *resolver, struct tug__image *image,
                                        const struct tug__document *document, size_t first,
                                        size_t end, bool is_held, struct tug_error *err)
{
    const struct tug__descriptor **const blobs = calloc(end - first + 1, sizeof *blobs);
    enum tug_status status;

    if (blobs == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = first; i < end; i++) {
        blobs[i - first] = &document->children[i];
    }
    qsort(blobs, end - first, sizeof(const struct tug__descriptor *), compare_blobs);
    status = tug__image_admit(resolver, image, blobs, end - first, err);
    if (status == TUG_OK && !is_held) {
        status = ask_for_blobs(resolver, image, blobs, end - first, err);
    }
    free(blobs);
    return status;
}

/* Take what a manifest names: the config, and the layers if they are wanted. document: moved into
 * the image when the config decides about the layers. */
static enum tug_status take_manifest(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__purpose *purpose,
                                     const struct tug_digest *digest,
                                     struct tug__document *document, struct tug_error *err)
{
    const bool is_held = purpose->is_root && purpose->want == TUG__WANT_ALL &&
                         !resolver->settings->options.dry_run &&
                         tug__image_is_judged_first(image, document);
    const size_t wanted =
        purpose->want == TUG__WANT_ALL ? document->child_count : (size_t)document->has_config;
    char text[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = TUG_OK;

    if (has_untyped_config(document)) {
        tug__emit_warning(resolver, image,
                          "manifest %s is by Docker before 1.10: its config has the type "
                          "application/octet-stream, which current tools may refuse",
                          tug_digest_format(digest, text));
    }
    if (document->has_config && document->children[0].kind == TUG__MEDIA_CONFIG) {
        status = tug__image_add_check(image, &document->children[0].digest,
                                      purpose->is_root ? NULL : digest, err);
    }
    if (status == TUG_OK && !purpose->is_root && image->state == TUG__IMAGE_GATHERING) {
        status = tug__image_add_entry(image,
                                      &(struct tug__descriptor){.digest = *digest,
                                                                .kind = document->kind,
                                                                .media_type = document->media_type},
                                      err); /* might have been an index: now it is one to choose */
    }
    if (status == TUG_OK) {
        status = ask_for_children(resolver, image, document, 0, wanted, is_held, err);
    }
    if (status == TUG_OK && is_held) {
        status = ask_for_children(resolver, image, document, 0, 1, false, err);
    }
    if (status == TUG_OK && is_held) {
        image->held = *document;
        *document = (struct tug__document){0};
    }
    return status;
}

/* The config of a manifest that is held is there: judge it, ask for the rest. */
static enum tug_status take_held(struct tug__resolver *resolver, struct tug__image *image,
                                 struct tug_error *err)
{
    struct tug__document document = image->held;
    enum tug_status status = tug__image_judge(resolver, image, err);

    image->held = (struct tug__document){0};
    if (status == TUG_OK) {
        status = ask_for_children(resolver, image, &document, 1, document.child_count, false, err);
    }
    tug__document_fini(&document);
    return status;
}

/* How much of what may turn out to be a manifest is wanted. */
static enum tug__want root_want(const struct tug__image *image)
{
    return image->wish.metadata_only ? TUG__WANT_METADATA : TUG__WANT_ALL;
}

/* Take what an index names: nested indexes at once, the rest is kept for the choice. */
static enum tug_status take_index(struct tug__resolver *resolver, struct tug__image *image,
                                  const struct tug__purpose *purpose,
                                  const struct tug__document *document, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (purpose->depth >= TUG__INDEX_DEPTH_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "indexes are nested more than %d levels deep",
                         TUG__INDEX_DEPTH_MAX);
    }
    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        const struct tug__descriptor *const child = &document->children[i];

        if (may_be_index(child)) {
            const struct request request = {.descriptor = child,
                                            .has_size = true,
                                            .is_document = true,
                                            .want = root_want(image),
                                            .depth = purpose->depth + 1};

            status = ask_for(resolver, image, &request, err);
        } else {
            status = tug__image_add_entry(image, child, err);
        }
    }
    return status;
}

void tug__image_take_document(struct tug__resolver *resolver, struct tug__image *image,
                              const struct tug__purpose *purpose, const struct tug_digest *digest,
                              const char *bytes, size_t length, const char *media_type,
                              bool is_pinned)
{
    struct tug__document document = {0};
    struct tug_error error = {0};
    char text[TUG_DIGEST_TEXT_MAX];
    enum tug_status status;

    if (image->state == TUG__IMAGE_DONE) {
        return;
    }
    status = tug__document_parse(bytes, length, media_type, is_pinned, &document, &error);
    if (status != TUG_OK) {
        (void)tug__wrap(&error, status, "manifest %s", tug_digest_format(digest, text));
    } else if (purpose->is_root) {
        image->is_index = document.kind == TUG__MEDIA_INDEX;
        status = tug__image_note_root(resolver, image, digest, length, document.media_type, &error);
    }
    if (status == TUG_OK) {
        status = document.kind == TUG__MEDIA_INDEX
                     ? take_index(resolver, image, purpose, &document, &error)
                     : take_manifest(resolver, image, purpose, digest, &document, &error);
    }
    if (status != TUG_OK) {
        tug__image_fail(resolver, image, &error);
    }
    tug__document_fini(&document);
}

/* --- the choice --- */

static enum tug_status ask_for_entry(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__descriptor *entry, enum tug__want want,
                                     struct tug_error *err)
{
    const struct request request = {
        .descriptor = entry,
        .has_size = true,
        .is_document = is_document_entry(entry),
        .want = want,
        .depth = TUG__INDEX_DEPTH_MAX, /* a manifest here: an index would be a lie about its type */
    };

    return ask_for(resolver, image, &request, err);
}

/* All indexes are read: choose among their entries and ask for them, the wanted ones first. */
static enum tug_status choose_entries(struct tug__resolver *resolver, struct tug__image *image,
                                      struct tug_error *err)
{
    const struct tug__wish *const wish = &image->wish;
    const size_t count = image->entry_count;
    enum tug__want *const wants = calloc(count + 1, sizeof *wants);
    size_t *const best = calloc(wish->platform_count + 1, sizeof *best);
    enum tug_status status = wants != NULL && best != NULL ? TUG_OK : tug__fail_memory(err);

    if (status == TUG_OK) {
        status = tug__plan_select(wish, image->entries, count, wants, best, err);
    }
    if (status == TUG_OK) {
        tug__image_tell_choice(resolver, image, wants, best);
    }
    for (int want = TUG__WANT_ALL; status == TUG_OK && want > TUG__WANT_NOTHING; want--) {
        for (size_t i = 0; status == TUG_OK && i < count; i++) {
            if ((int)wants[i] == want) {
                status = ask_for_entry(resolver, image, &image->entries[i], wants[i], err);
            }
        }
    }
    free(wants);
    free(best);
    return status;
}

/* Nothing is pending: go to the next state. */
static void advance(struct tug__resolver *resolver, struct tug__image *image)
{
    struct tug_error error = {0};

    if (image->state == TUG__IMAGE_GATHERING) {
        image->state = TUG__IMAGE_FETCHING;
        if ((image->is_index && choose_entries(resolver, image, &error) != TUG_OK) ||
            (image->held.child_count > 0 && take_held(resolver, image, &error) != TUG_OK)) {
            tug__image_fail(resolver, image, &error);
        }
    }
    if (image->state != TUG__IMAGE_FETCHING || image->pending > 0) {
        return; /* failed, or there is more to wait for now */
    }
    tug__image_publish(resolver, image);
}

void tug__image_settle(struct tug__resolver *resolver, struct tug__image *image)
{
    image->pending--;
    if (image->pending == 0) {
        advance(resolver, image);
    }
}

/* --- the beginning --- */

/* Wait for the root by its tag. A name that index.json knows is asked about with a HEAD first: when
 * nothing has changed, that is all. */
static enum tug_status ask_for_tag(struct tug__resolver *resolver, struct tug__image *image,
                                   struct tug_error *err)
{
    const struct tug__purpose purpose = {
        .want = root_want(image), .is_root = true, .is_document = true};
    struct tug__wanted wanted = {.is_document = true, .source = image->ref};
    enum tug_status status = TUG_OK;
    char *tag;

    if (!resolver->has_names) {
        status = tug__store_index_names(resolver->settings->store, &resolver->names, err);
        resolver->has_names = status == TUG_OK;
    }
    if (status != TUG_OK) {
        return status;
    }
    tag = strdup(tug_ref_tag(image->ref));
    if (tag == NULL) {
        return tug__fail_memory(err);
    }
    wanted.tag = tag;
    wanted.asks_digest_first = tug__index_names_has(&resolver->names, image->result.ref);
    image->result.blobs++;
    resolver->reporter.totals.blobs++;
    status = tug__engine_start(resolver->engine, &wanted, &image->waiter,
                               tug__purpose_pack(&purpose), err);
    image->pending += status == TUG_OK;
    free(tag);
    return status;
}

static enum tug_status ask_for_digest(struct tug__resolver *resolver, struct tug__image *image,
                                      struct tug_error *err)
{
    char no_type[] = "";
    const struct tug__descriptor root = {
        .digest = *tug_ref_digest(image->ref),
        .media_type = no_type,
    };
    const struct request request = {
        .descriptor = &root, .is_document = true, .is_root = true, .want = root_want(image)};

    return ask_for(resolver, image, &request, err);
}

void tug__image_begin(struct tug__resolver *resolver, size_t position)
{
    struct tug__image *const image = tug__image_create(resolver, position);
    struct tug_error error = {0};
    enum tug_status status;

    if (image == NULL) {
        return;
    }
    tug__emit(resolver, &(struct tug_event){.kind = TUG_EVENT_IMAGE_PROGRESS,
                                            .ref = image->result.ref,
                                            .image = &image->result});
    image->pending++; /* until its root was asked for, so that it cannot advance before */
    status = tug_ref_digest(image->ref) != NULL ? ask_for_digest(resolver, image, &error)
                                                : ask_for_tag(resolver, image, &error);
    if (status != TUG_OK) {
        tug__image_fail(resolver, image, &error);
    }
    tug__image_settle(resolver, image);
}

void tug__image_take_content(struct tug__resolver *resolver, struct tug__image *image,
                             const struct tug__purpose *purpose, const struct tug_digest *digest,
                             const char *bytes, size_t length, const char *media_type,
                             bool is_pinned)
{
    if (!tug__image_may_be_blob(image, purpose) || tug__content_is_document(bytes, length) ||
        !tug__image_take_blob(resolver, image, purpose, digest, length, media_type)) {
        tug__image_take_document(resolver, image, purpose, digest, bytes, length, media_type,
                                 is_pinned);
    }
}

void tug__image_take_stored(struct tug__resolver *resolver, struct tug__image *image,
                            const struct tug__purpose *purpose, const struct tug__settled *settled)
{
    const struct tug_digest *const digest = &settled->digest;
    struct tug_error error = {0};
    char text[TUG_DIGEST_TEXT_MAX];
    bool is_document = false;
    struct tug__buf buf;

    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    if (settled->size_bytes <= TUG__MANIFEST_BYTES_MAX &&
        tug__store_read(resolver->settings->store, digest, &buf, NULL) == TUG_OK) {
        is_document = tug__content_is_document(buf.data, buf.length);
    }
    if (is_document) {
        tug__image_take_document(resolver, image, purpose, digest, buf.data, buf.length, NULL,
                                 true);
    } else if (!tug__image_take_blob(resolver, image, purpose, digest, settled->size_bytes,
                                     settled->media_type)) {
        (void)tug__fail(&error, TUG_ERR_CONTENT, "manifest %s: it is none, but a blob",
                        tug_digest_format(digest, text));
        tug__image_fail(resolver, image, &error);
    }
    tug__buf_fini(&buf);
}
