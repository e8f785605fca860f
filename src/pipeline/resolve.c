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
#include "oci/digest.h"
#include "oci/limits.h"

#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

/* What an image wants of one digest. */
struct request {
    const struct tug__descriptor *descriptor;
    bool has_size;    /* the descriptor's size is known */
    bool is_document; /* a manifest or index */
    bool is_root;
    bool is_again;    /* as of an edge */
    bool is_optional; /* see tug__edge */
    bool is_recheck;  /* the store has it, but it has to be hashed first */
    enum tug__want want;
    unsigned depth;
};

/* --- what the store has --- */

/* Read a document that is in the store.
 * Returns: true with the bytes in buf; false when it must be fetched: whatever is wrong with its
 * content, a fetch puts it right or says why not. */
static bool read_stored(struct tug__resolver *resolver, const struct tug_digest *digest,
                        struct tug__buf *buf)
{
    struct tug_digest found;

    return tug__store_read(resolver->settings->store, digest, buf, NULL) == TUG_OK &&
           tug__digest_of(digest->algorithm, buf->data, buf->length, &found, NULL) == TUG_OK &&
           tug_digest_equal(digest, &found);
}

static void report_reused(struct tug__resolver *resolver, struct tug__image *image,
                          const struct tug__descriptor *descriptor, uint64_t size_bytes)
{
    struct tug_event event = {
        .kind = TUG_EVENT_REUSED,
        .ref = image->result.ref,
        .digest = descriptor->digest,
        .media_type = descriptor->media_type,
        .size_bytes = size_bytes,
        .done_bytes = size_bytes,
    };

    image->result.bytes_reused += size_bytes;
    image->result.blobs_done++;
    resolver->totals.blobs_done++;
    resolver->bytes_settled += size_bytes;
    tug__emit(resolver, &event);
}

/* Read a document from the store if it is there, and let the image go on with it. */
static bool serve_document(struct tug__resolver *resolver, struct tug__image *image,
                           const struct request *request)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    const struct tug__edge edge = {.image = image,
                                   .want = request->want,
                                   .depth = request->depth,
                                   .is_root = request->is_root};
    struct tug__need *const need = tug__image_need(image, &descriptor->digest);
    bool is_present;
    struct tug__buf buf;

    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    is_present = read_stored(resolver, &descriptor->digest, &buf) &&
                 (!request->has_size || buf.length == descriptor->size_bytes);
    if (is_present) {
        if (!request->has_size) {
            resolver->totals.bytes_known += buf.length;
            image->result.bytes_known += buf.length;
        }
        report_reused(resolver, image, descriptor, buf.length);
        if (need != NULL) {
            need->is_document = true;
            need->has_size = true;
            need->size_bytes = buf.length;
        }
        if (!request->is_again) {
            tug__image_take_document(resolver, &edge, &descriptor->digest, buf.data, buf.length,
                                     descriptor->media_type, true);
        }
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
        report_reused(resolver, image, descriptor, size_bytes);
        *out_served = SERVED;
    }
    return TUG_OK;
}

/* The store cannot be looked at. */
static void fail_lookup(struct tug__resolver *resolver, struct tug__node *node,
                        const struct tug_error *error)
{
    if (node->tag != NULL) {
        node->digest = (struct tug_digest){0}; /* not in the tree */
    }
    tug__node_fail(resolver, node, error);
}

bool tug__node_serve_from_store(struct tug__resolver *resolver, struct tug__node *node)
{
    char no_type[] = "";
    const struct tug__descriptor descriptor = {
        .digest = node->digest,
        .size_bytes = node->size_bytes,
        .kind = node->kind,
        .media_type = node->media_type != NULL ? node->media_type : no_type,
    };
    struct request request = {
        .descriptor = &descriptor,
        .has_size = node->has_size,
        .is_document = node->is_document,
    };

    for (struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        struct tug_error error = {0};
        enum served served = SERVED_NOT;
        bool is_new = false;

        if (edge->image == NULL) {
            continue;
        }
        request.want = edge->want;
        request.depth = edge->depth;
        request.is_root = edge->is_root;
        request.is_again = edge->is_again;
        (void)tug__image_see(edge->image, &node->digest, &is_new, NULL);
        if (serve_request(resolver, edge->image, &request, &served, &error) != TUG_OK) {
            fail_lookup(resolver, node, &error);
            return true;
        }
        if (served != SERVED) { /* the first already: nothing has been done */
            if (is_new && node->tag != NULL) {
                tug__image_unsee(edge->image, &node->digest); /* the tag may have moved on */
            }
            node->job_kind = served == SERVED_UNCHECKED ? TUG__JOB_RECHECK : node->job_kind;
            return false;
        }
    }
    if (node->has_size) {
        tug__node_check_sizes(resolver, node, node->size_bytes);
    }
    for (struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        if (edge->image != NULL) {
            tug__image_settle(resolver, edge->image);
        }
    }
    if (node->tag != NULL) {
        node->digest = (struct tug_digest){0}; /* not in the tree */
    }
    tug__graph_remove(&resolver->graph, node);
    return true;
}

/* --- asking for things --- */

/* Tell whether a layer may be fetched from the URLs it names (T-01). */
static bool may_ask_urls(const struct tug__resolver *resolver,
                         const struct tug__descriptor *descriptor)
{
    return descriptor->urls != NULL && resolver->settings->options.foreign_layers;
}

/* Make a node for what neither the store nor the graph has, and put it in line. */
static enum tug_status make_node(struct tug__resolver *resolver, struct tug__image *image,
                                 const struct request *request, struct tug__node **out_node,
                                 struct tug_error *err)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    struct tug__node *node = NULL;
    const enum tug_status status =
        tug__graph_add(&resolver->graph, &descriptor->digest, &node, err);

    if (status != TUG_OK) {
        return status;
    }
    node->has_size = request->has_size;
    node->size_bytes = descriptor->size_bytes;
    node->kind = descriptor->kind;
    node->is_document = request->is_document;
    node->source = image->ref;
    node->job_kind = request->is_document  ? TUG__JOB_MANIFEST
                     : request->is_recheck ? TUG__JOB_RECHECK
                                           : TUG__JOB_BLOB;
    if (descriptor->media_type[0] != '\0') {
        node->media_type = strdup(descriptor->media_type);
    }
    if (descriptor->data != NULL && descriptor->size_bytes > 0) {
        node->data = malloc(descriptor->size_bytes);
    }
    if (may_ask_urls(resolver, descriptor)) {
        node->urls = strdup(descriptor->urls);
    }
    if ((node->media_type == NULL && descriptor->media_type[0] != '\0') ||
        (node->urls == NULL && may_ask_urls(resolver, descriptor)) ||
        (node->data == NULL && descriptor->data != NULL && descriptor->size_bytes > 0)) {
        tug__graph_remove(&resolver->graph, node);
        return tug__fail_memory(err);
    }
    if (node->data != NULL) {
        memcpy(node->data, descriptor->data, descriptor->size_bytes);
    }
    if (!request->is_recheck &&
        (node->data != NULL || (request->has_size && descriptor->size_bytes == 0))) {
        node->job_kind = TUG__JOB_INLINE; /* nothing to ask for: the content is known */
    }
    *out_node = node;
    return TUG_OK;
}

/* Somebody else wants the same digest, or wanted it: wait for it, too, unless this image's own
 * repository has failed to give it and no other is asked. */
static enum tug_status join_node(struct tug__resolver *resolver, struct tug__node *node,
                                 const struct tug__edge *edge, struct tug_error *err)
{
    const bool was_needed = tug__node_is_needed(node);
    const struct tug_error *const refused =
        tug__node_refused(node, edge->image->ref, edge->has_size, edge->size_bytes);
    enum tug_status status;

    if (refused != NULL && !was_needed) {
        *err = *refused;
        return err->code;
    }
    status = tug__node_add_edge(node, edge, err);
    if (status != TUG_OK || was_needed) {
        return status;
    }
    if (node->state == TUG__NODE_DROPPING) {
        tug__node_ask_for(node, edge); /* when it is dropped */
    } else if (node->state == TUG__NODE_FAILED) {
        tug__node_ask_for(node, edge);
        tug__node_enqueue(resolver, node);
    }
    return TUG_OK;
}

/* Make an image wait for a digest that the store does not have. */
static enum tug_status wait_for_node(struct tug__resolver *resolver, const struct request *request,
                                     const struct tug__edge *edge, struct tug_error *err)
{
    struct tug__node *node = NULL;
    enum tug_status status = make_node(resolver, edge->image, request, &node, err);

    if (status != TUG_OK) {
        return status;
    }
    status = tug__node_add_edge(node, edge, err);
    if (status != TUG_OK) {
        tug__graph_remove(&resolver->graph, node);
        return status;
    }
    tug__node_enqueue(resolver, node);
    return TUG_OK;
}

enum tug_status tug__image_ask_again(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__need *need, struct tug_error *err)
{
    char no_type[] = "";
    const struct tug__descriptor descriptor = {
        .digest = need->digest,
        .size_bytes = need->size_bytes,
        .kind = need->kind,
        .media_type = no_type,
        .urls = need->urls,
    };
    const struct request request = {
        .descriptor = &descriptor,
        .has_size = need->has_size,
        .is_document = need->is_document,
        .is_again = true,
    };
    const struct tug__edge edge = {
        .image = image,
        .is_again = true,
        .has_size = need->has_size,
        .size_bytes = need->size_bytes,
    };
    struct tug__node *const node = tug__graph_find(&resolver->graph, &need->digest);

    resolver->totals.blobs_done--; /* it counts when it is there again */
    image->result.blobs_done--;
    resolver->bytes_settled -= need->size_bytes;
    return node != NULL ? join_node(resolver, node, &edge, err)
                        : wait_for_node(resolver, &request, &edge, err);
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
    const struct tug__edge edge = {
        .image = image,
        .want = request->want,
        .depth = request->depth,
        .is_root = request->is_root,
        .is_optional = request->is_optional,
        .has_size = request->has_size,
        .size_bytes = descriptor->size_bytes,
    };
    struct request asked = *request;
    enum served served = SERVED_NOT;
    char text[TUG_DIGEST_TEXT_MAX];
    bool is_new = false;
    struct tug__node *node;
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
    resolver->totals.blobs++;
    resolver->totals.bytes_known += request->has_size ? descriptor->size_bytes : 0;
    image->wanted_bytes += request->has_size ? descriptor->size_bytes : 0;
    image->result.bytes_known += request->has_size ? descriptor->size_bytes : 0;
    node = tug__graph_find(&resolver->graph, &descriptor->digest);
    if (node != NULL) {
        return join_node(resolver, node, &edge, err);
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
    return wait_for_node(resolver, &asked, &edge, err);
}

/* --- what documents name --- */

static bool is_document_kind(enum tug__media_kind kind)
{
    return kind == TUG__MEDIA_INDEX || kind == TUG__MEDIA_MANIFEST || kind == TUG__MEDIA_SCHEMA1;
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
static enum tug_status take_manifest(struct tug__resolver *resolver, const struct tug__edge *edge,
                                     const struct tug_digest *digest,
                                     struct tug__document *document, struct tug_error *err)
{
    struct tug__image *const image = edge->image;
    const bool is_held = edge->is_root && edge->want == TUG__WANT_ALL &&
                         !resolver->settings->options.dry_run &&
                         tug__image_is_judged_first(image, document);
    const size_t wanted =
        edge->want == TUG__WANT_ALL ? document->child_count : (size_t)document->has_config;
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
                                      edge->is_root ? NULL : digest, err);
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

/* Take what an index names: nested indexes at once, the rest is kept for the choice. */
static enum tug_status take_index(struct tug__resolver *resolver, const struct tug__edge *edge,
                                  const struct tug__document *document, struct tug_error *err)
{
    struct tug__image *const image = edge->image; /* should it fail, the edge forgets it */
    enum tug_status status = TUG_OK;

    if (edge->depth >= TUG__INDEX_DEPTH_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "indexes are nested more than %d levels deep",
                         TUG__INDEX_DEPTH_MAX);
    }
    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        const struct tug__descriptor *const child = &document->children[i];

        if (child->kind == TUG__MEDIA_INDEX) {
            const struct request request = {.descriptor = child,
                                            .has_size = true,
                                            .is_document = true,
                                            .want = TUG__WANT_ALL,
                                            .depth = edge->depth + 1};

            status = ask_for(resolver, image, &request, err);
        } else {
            status = tug__image_add_entry(image, child, err);
        }
    }
    return status;
}

static enum tug_status note_root(struct tug__resolver *resolver, struct tug__image *image,
                                 const struct tug_digest *digest, size_t length,
                                 const struct tug__document *document, struct tug_error *err)
{
    struct tug_event event = {
        .kind = TUG_EVENT_RESOLVED,
        .ref = image->result.ref,
        .digest = *digest,
        .media_type = document->media_type,
        .size_bytes = length,
    };

    image->media_type = strdup(document->media_type);
    if (image->media_type == NULL) {
        return tug__fail_memory(err);
    }
    image->is_index = document->kind == TUG__MEDIA_INDEX;
    image->result.media_type = image->media_type;
    image->result.digest = *digest;
    image->result.size_bytes = length;
    tug__emit(resolver, &event);
    return TUG_OK;
}

void tug__image_take_document(struct tug__resolver *resolver, const struct tug__edge *edge,
                              const struct tug_digest *digest, const char *bytes, size_t length,
                              const char *media_type, bool is_pinned)
{
    struct tug__image *const image = edge->image;
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
    } else if (edge->is_root) {
        status = note_root(resolver, image, digest, length, &document, &error);
    }
    if (status == TUG_OK) {
        status = document.kind == TUG__MEDIA_INDEX
                     ? take_index(resolver, edge, &document, &error)
                     : take_manifest(resolver, edge, digest, &document, &error);
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
        .is_document = is_document_kind(entry->kind),
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
        tug__image_tell_choice(resolver, image, best);
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

/* How much of a root is wanted, should it be a manifest. */
static enum tug__want root_want(const struct tug__image *image)
{
    return image->wish.metadata_only ? TUG__WANT_METADATA : TUG__WANT_ALL;
}

/* Wait for the root by its tag. A name that index.json knows is asked about with a HEAD first: when
 * nothing has changed, that is all. */
static enum tug_status ask_for_tag(struct tug__resolver *resolver, struct tug__image *image,
                                   struct tug_error *err)
{
    struct tug__node *node = NULL;
    enum tug_status status = TUG_OK;

    if (!resolver->has_names) {
        status = tug__store_index_names(resolver->settings->store, &resolver->names, err);
        resolver->has_names = status == TUG_OK;
    }
    if (status == TUG_OK) {
        status = tug__graph_add(&resolver->graph, NULL, &node, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    node->is_document = true;
    node->source = image->ref;
    node->job_kind = tug__index_names_has(&resolver->names, image->result.ref) ? TUG__JOB_RESOLVE
                                                                               : TUG__JOB_MANIFEST;
    node->tag = strdup(tug_ref_tag(image->ref));
    if (node->tag == NULL) {
        tug__graph_remove(&resolver->graph, node);
        return tug__fail_memory(err);
    }
    image->result.blobs++;
    resolver->totals.blobs++;
    status = tug__node_add_edge(
        node, &(struct tug__edge){.image = image, .want = root_want(image), .is_root = true}, err);
    if (status != TUG_OK) {
        tug__graph_remove(&resolver->graph, node);
        return status;
    }
    tug__node_enqueue(resolver, node);
    return TUG_OK;
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
