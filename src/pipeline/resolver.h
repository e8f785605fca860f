/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of a run, shared by its files: run.c (loop and clock), events.c (events for the
 * caller), advance.c, ask.c, documents.c, admit.c and image.c (images and documents), judge.c
 * (their platforms), convert.c, convert_made.c and convert_schema1.c (as OCI), untyped.c (roots
 * that are blobs), extras_ask.c, extras_read.c and extras_name.c (what refers to images), settle.c
 * (results from the engine), left_out.c, complete.c, present.c and publish.c (their names),
 * partials.c (what earlier runs left). All of it belongs to the thread of tug__run. The engine
 * (engine.h) fetches content.
 */
#ifndef TUG_PIPELINE_RESOLVER_H
#define TUG_PIPELINE_RESOLVER_H

#include "oci/digest_set.h"
#include "engine/engine.h"
#include "pipeline/gauge.h"
#include "pipeline/image.h"
#include "pipeline/pipeline.h"
#include "store/list.h"

/* Finished images on their way into index.json; used by publish.c only. */
struct tug__naming {
    struct tug__image *first_ready, *last_ready; /* waiting for the next rewrite of index.json */
    struct tug__publication *publication;        /* at lane 0; NULL: none */
    size_t ready_count;                          /* not sent to a lane yet */
    uint64_t published_ns;                       /* when the last one was sent; 0: never */
};

/* Reporting to the caller; used by events.c only, except for the totals. */
struct tug__reporter {
    struct tug_totals totals;
    uint64_t bytes_stored, bytes_copied; /* parts of those of totals: in the store */
    uint64_t started_ns;
};

/* What became of a document (convert/convert.h). */
struct tug__converted;

/* The images of a run. Those waiting for their names are also listed in the naming. */
struct tug__images {
    struct tug__image *at_work;
    struct tug__image *done; /* to be freed when no caller uses them any more */
    /* counts that bound the work in progress */
    size_t begun;            /* references started so far */
    size_t active_count;     /* started and not done */
    size_t publishing_count; /* of these: complete except for their name */
    size_t done_count;
};

/* Why a run ends, and its result. */
struct tug__ending {
    bool is_stopping; /* no new work: cancelled, timed out, or failing fast */
    bool is_failing_fast;
    struct tug_error first_error; /* of the first reference that failed; zero: none */
};

/* The partial downloads that were there when the run began; used by partials.c only. */
struct tug__partials {
    struct tug__partial *items; /* owned; by digest */
    size_t count;
};

struct tug__resolver {
    const struct tug__run_settings *settings;
    struct tug__engine *engine;
    struct tug__session *session; /* of registries; shared with the engine */
    struct tug__wish wish;
    struct tug__images images;
    struct tug__digest_set planned; /* reported by a dry run */
    struct tug__digest_set checked; /* options.recheck: hashed in this run */
    struct tug__index_names names;  /* the names in index.json when the run began */
    bool has_names;
    struct tug__partials partials;
    struct tug__naming naming;
    struct tug__reporter reporter;
    struct tug__ending ending;
    struct tug__trace_row *row; /* of this thread; NULL: no trace */
    struct tug__gauge gauge;
};

/* --- events.c --- */

/* Send an event; totals are filled in here. */
void tug__emit(struct tug__resolver *resolver, struct tug_event *event);
/* Send a warning that an image is incomplete or not as requested (tug_event.is_shortfall). */
void tug__emit_shortfall(struct tug__resolver *resolver, const struct tug__image *image,
                         const char *format, ...) TUG__PRINTF(3, 4);
/* Send a warning about an image, printf-like, escaped. */
void tug__emit_warning(struct tug__resolver *resolver, const struct tug__image *image,
                       const char *format, ...) TUG__PRINTF(3, 4);
/* Send a warning about the whole run, escaped. */
void tug__emit_notice(struct tug__resolver *resolver, const char *text);
/* Report the state of each active download and image, warnings about registries, and the totals. */
void tug__tick(struct tug__resolver *resolver);

/* --- ask.c --- */

/* Request a digest for an image: count it, and use the store's copy or wait for the engine. body:
 * receives a document that the store has; the caller sets its limit. out_is_read: body holds the
 * document. Errors: TUG_ERR_STORE (the store cannot be read, so fetched content could not be found
 * either), TUG_ERR_NO_MEMORY, and as tug__engine_start. */
enum tug_status tug__image_ask(struct tug__resolver *resolver, struct tug__image *image,
                               const struct tug__request *request, struct tug__buf *body,
                               bool *out_is_read, struct tug_error *err);
/* Report and count content that the store had already. */
void tug__image_note_reused(struct tug__resolver *resolver, struct tug__image *image,
                            const struct tug_digest *digest, const char *media_type,
                            uint64_t size_bytes);

/* Tell whether index.json had a name when it was read first, as far as a guess needs it
 * (tug__index_names_has). Errors: as tug__store_index_names. */
enum tug_status tug__store_is_named(struct tug__resolver *resolver, const char *name,
                                    bool *out_is_named, struct tug_error *err);

/* --- documents.c --- */

/* Request a digest for an image (tug__image_ask); a document that the store has is used at once. */
enum tug_status tug__image_want(struct tug__resolver *resolver, struct tug__image *image,
                                const struct tug__request *request, struct tug_error *err);
/* Order blobs for tug__image_admit, and for their requests. */
void tug__order_blobs(const struct tug__descriptor **blobs, size_t count);
/* Check that all children of a document are admitted (tug__image_admit). */
enum tug_status tug__image_admit_all(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__document *document, struct tug_error *err);
/* Request the children of a manifest from first up to end, if they are admitted (tug__image_admit).
 */
enum tug_status tug__image_want_children(struct tug__resolver *resolver, struct tug__image *image,
                                         const struct tug__document *document, size_t first,
                                         size_t end, struct tug_error *err);
/* Use a document that an image waited for: request what it names. The root of a reference by digest
 * may turn out to be a blob. media_type: the announced type, NULL: unknown; is_pinned: as for
 * tug__document_parse. */
void tug__image_use_content(struct tug__resolver *resolver, struct tug__image *image,
                            const struct tug__purpose *purpose, const struct tug_digest *digest,
                            const char *bytes, size_t length, const char *media_type,
                            bool is_pinned);
/* Use a blob in the store that an image has to read: it is a document after all, or the root of a
 * reference by digest; otherwise the image fails. */
void tug__image_use_stored(struct tug__resolver *resolver, struct tug__image *image,
                           const struct tug__purpose *purpose, const struct tug__settled *settled);

/* --- advance.c --- */

/* Start the image of a reference: check the store, request the root. */
void tug__image_begin(struct tug__resolver *resolver, size_t position);
/* Count one arrival of what an image waits for; the last one advances the image. */
void tug__image_arrive(struct tug__resolver *resolver, struct tug__image *image);

/* --- extras_ask.c --- */

/* Ask what refers to a manifest of an image, once, if that is wanted: all answers are among what
 * the image waits for. Errors: TUG_ERR_TOO_LARGE, TUG_ERR_NO_MEMORY, and of the store. */
enum tug_status tug__image_ask_referrers(struct tug__resolver *resolver, struct tug__image *image,
                                         const struct tug_digest *subject, struct tug_error *err);
/* Ask what refers to an extra, which may move. Cosign itself signs only the SBOMs that it attaches.
 */
enum tug_status tug__image_ask_further(struct tug__resolver *resolver, struct tug__image *image,
                                       const struct tug__extra *item, struct tug_error *err);
/* The answer to a question is that there is nothing. */
void tug__image_lacks_referrers(struct tug__resolver *resolver, struct tug__image *image,
                                const struct tug__purpose *purpose);
/* Do without what the registry does not have, if it is a signature's payload and only signatures
 * are wanted. size_bytes: as counted before. Returns: false: the image cannot do without it. */
bool tug__image_lose_payload(struct tug__resolver *resolver, struct tug__image *image,
                             const struct tug_digest *digest, const char *media_type,
                             uint64_t size_bytes);
/* Write the name in index.json of a tag in an image's repository. Returns: owned; NULL when out of
 * memory. */
char *tug__image_tag_name(const struct tug__image *image, const char *tag);

/* --- extras_read.c --- */

/* Use the answer to a question, or the document of an extra (purpose->extra). */
void tug__image_use_extra(struct tug__resolver *resolver, struct tug__image *image,
                          const struct tug__purpose *purpose, const struct tug__settled *settled);
/* Use extras that did not have to be fetched, as something else had made the image need them. */
enum tug_status tug__image_use_late(struct tug__resolver *resolver, struct tug__image *image,
                                    struct tug_error *err);

/* --- extras_payloads.c --- */

/* Request the payloads and the config of a manifest of signatures, the number-th extra, when only
 * signatures are wanted: none over TUG__SIGNATURE_BYTES_MAX, and of an image no more than
 * TUG__SIGNATURES_MAX payloads. One of which a part is left out is not kept, but judged. Errors: as
 * tug__image_want_children. */
enum tug_status tug__image_want_payloads(struct tug__resolver *resolver, struct tug__image *image,
                                         size_t number, const struct tug__document *document,
                                         struct tug_error *err);

/* --- extras_name.c --- */

/* All extras of an image are in the store: put their lists there. The image may have to wait again.
 * Does nothing the second time. */
enum tug_status tug__image_finish_extras(struct tug__resolver *resolver, struct tug__image *image,
                                         struct tug_error *err);
/* The text of a list that was made for an image, by its digest; NULL: it is none. Borrowed. */
uint8_t *tug__image_made_list(const struct tug__image *image, const struct tug_digest *digest);
/* Write the entries of index.json for an image's extras. out_entries: they borrow from the image;
 * NULL: only count. Returns: their number, or more without out_entries. */
size_t tug__image_extra_entries(const struct tug__image *image,
                                struct tug__index_entry *out_entries);

/* --- settle.c --- */

/* Pass everything that the engine has settled to the images. */
void tug__images_settle(struct tug__resolver *resolver);

/* --- left_out.c --- */

/* Tell whether an image is complete without a blob that its registry does not have. */
bool tug__may_be_left_out(const struct tug__resolver *resolver, const struct tug__descriptor *blob);
/* Subtract what was counted for an image, which does without it. size_bytes: as counted. */
void tug__image_uncount(struct tug__resolver *resolver, struct tug__image *image,
                        const struct tug_digest *digest, uint64_t size_bytes);
/* Leave out a blob that was counted for an image: subtract it, note it for the result, warn.
 * size_bytes: as counted before. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_leave_out(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug_digest *digest, uint64_t size_bytes,
                                     struct tug_error *err);
/* Ask the program whether it skips a blob. */
bool tug__image_skips(const struct tug__resolver *resolver, const struct tug__image *image,
                      const struct tug__request *request);
/* Leave out a blob that it skips and that was counted. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_skip(struct tug__resolver *resolver, struct tug__image *image,
                                const struct tug__request *request, struct tug_error *err);

/* --- admit.c --- */

/* Check that an image may fetch the blobs of one more manifest: its size is within the limit, and
 * the disk has space for everything that the run is fetching.
 * blobs: count elements, ordered by size and digest. Errors: TUG_ERR_TOO_LARGE; TUG_ERR_STORE with
 * ENOSPC: the message says how many bytes are missing. */
enum tug_status tug__image_admit(struct tug__resolver *resolver, const struct tug__image *image,
                                 const struct tug__descriptor *const *blobs, size_t count,
                                 struct tug_error *err);

/* --- image.c --- */

/* Create the image of a reference and count it as started. NULL when out of memory; the failure is
 * then already reported. */
struct tug__image *tug__image_create(struct tug__resolver *resolver, size_t position);
/* Report the failure of a reference whose image was never created. */
void tug__image_fail_idle(struct tug__resolver *resolver, size_t position,
                          const struct tug_error *error);
/* Free the images that are done. No caller may still hold a pointer to one. */
void tug__images_sweep(struct tug__resolver *resolver);
/* End an image with an error (unless it is done already) and report it. */
void tug__image_fail(struct tug__resolver *resolver, struct tug__image *image,
                     const struct tug_error *error);
/* Finish an image: it has its name in index.json, or error says why not. */
void tug__image_finish(struct tug__resolver *resolver, struct tug__image *image,
                       const struct tug_error *error);

/* --- in_use.c --- */

/* Hold the store until the end of the run, so that no process deletes content that the run has
 * found. end_ns: the run's deadline. out_fd: for tug__store_unlock; -1: not needed. A wait cut
 * short by the deadline or a cancel is not an error: the run is then stopping.
 * Errors: TUG_ERR_STORE. Blocks: while another process deletes content. */
enum tug_status tug__run_use_store(struct tug__resolver *resolver, uint64_t end_ns, int *out_fd,
                                   struct tug_error *err);

/* --- partials.c --- */

/* Remember which partial downloads earlier runs left. The store is held. */
void tug__partials_find(struct tug__resolver *resolver);
/* Drop the partial download of a blob that the store has. Cheap when there is none. */
void tug__partials_drop(struct tug__resolver *resolver, const struct tug_digest *digest);
/* At the end of the run: report those that nobody has resumed for long, in one line. */
void tug__partials_report(struct tug__resolver *resolver);
/* Free what is remembered. */
void tug__partials_fini(struct tug__resolver *resolver);

/* --- present.c --- */

/* Check again that everything an image needs is in the store. Returns: true when it is. Otherwise
 * the image has left the queue for its name: it waits for the missing content, or has failed. */
bool tug__image_is_present(struct tug__resolver *resolver, struct tug__image *image);

/* --- dry.c --- */

/* In a dry run, report and count content that would be fetched for an image. donor: that it may be
 * copied from, NULL: none. */
void tug__plan_report(struct tug__resolver *resolver, struct tug__image *image,
                      const struct tug__settled *content, const struct tug_digest *donor);
/* The same of a blob of known size, which may have a donor. */
void tug__plan_report_blob(struct tug__resolver *resolver, struct tug__image *image,
                           const struct tug__request *request);
/* Free the set of reported digests. */
void tug__plan_fini(struct tug__resolver *resolver);

/* --- judge.c --- */

/* Tell whether the config of a root manifest decides if its layers are wanted: platforms were asked
 * for, and only the config says which one the image is for. */
bool tug__image_is_judged_first(const struct tug__image *image,
                                const struct tug__document *document);
/* Compare the platforms in an image's configs, which are in the store, with the expected ones; note
 * the platform for the result, and warn. Each config is compared once. Errors: as
 * tug__config_platform; TUG_ERR_NOT_FOUND: the image is not for a platform that was asked for. */
enum tug_status tug__image_judge(struct tug__resolver *resolver, struct tug__image *image,
                                 struct tug_error *err);

/* Compare the platform of a single image with the wanted ones; note it for the result, and warn.
 * Errors: TUG_ERR_NOT_FOUND: the image is not for a platform that was asked for. */
enum tug_status tug__image_judge_root(struct tug__resolver *resolver, struct tug__image *image,
                                      const struct tug_platform *platform, struct tug_error *err);

/* --- convert.c --- */

/* Tell whether an index has to be converted: it, or one of its entries, has a type of Docker's. */
bool tug__image_is_docker_index(const struct tug__image *image);
/* Want the manifests of all other entries, too, so that what an index is converted to does not
 * depend on the platforms that are fetched. wants: of the gathered entries. */
void tug__image_want_entries(const struct tug__image *image, enum tug__want *wants);
/* Do without such a manifest, which the registry does not have. size_bytes: as counted before. */
void tug__image_skip_entry(struct tug__resolver *resolver, struct tug__image *image,
                           const struct tug_digest *digest, uint64_t size_bytes);
/* Convert an image that has everything it needs, if the run converts; it may then wait for content
 * again, and this is called once more. Done only once. Errors: TUG_ERR_CONTENT,
 * TUG_ERR_UNSUPPORTED, TUG_ERR_TOO_LARGE, TUG_ERR_STORE, TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_convert(struct tug__resolver *resolver, struct tug__image *image,
                                   struct tug_error *err);

/* --- convert_made.c --- */

/* Bring a converted document or config into the store. bytes: moved. out_digest: of it. */
enum tug_status tug__image_make(struct tug__resolver *resolver, struct tug__image *image,
                                struct tug__buf *bytes, const char *media_type,
                                struct tug_digest *out_digest, struct tug_error *err);
/* Put what the root was converted to in its place. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_take_converted(struct tug__image *image,
                                          const struct tug__converted *result,
                                          struct tug_error *err);

/* --- convert_schema1.c --- */

/* Note a root of schema 1, and judge the image by its platform. text, document: it, as text and
 * parsed. Errors: as tug__image_judge_root, TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_note_schema1(struct tug__resolver *resolver, struct tug__image *image,
                                        const struct tug__document_text *text,
                                        const struct tug__document *document,
                                        struct tug_error *err);
/* Convert an image whose root is of schema 1, as tug__image_convert does. */
enum tug_status tug__image_convert_schema1(struct tug__resolver *resolver, struct tug__image *image,
                                           struct tug_error *err);

/* --- untyped.c --- */

/* Note the root of an image for the result, and report it. media_type: copied. Errors:
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_note_root(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug_digest *digest, uint64_t size_bytes,
                                     const char *media_type, struct tug_error *err);
/* Tell whether content wanted for this purpose may turn out to be a blob. */
bool tug__image_may_be_blob(const struct tug__image *image, const struct tug__purpose *purpose);
/* Use a blob as the root of an image. media_type: from its registry. Returns: false when the image
 * wants a document, not any content with this digest. */
bool tug__image_use_blob(struct tug__resolver *resolver, struct tug__image *image,
                         const struct tug__purpose *purpose, const struct tug_digest *digest,
                         uint64_t size_bytes, const char *media_type);

/* --- image_signed.c --- */

/* Check that one of the image's keys signed the digest that index.json is to have, by what was
 * fetched. Without keys, and in a dry run, it does nothing. Errors: TUG_ERR_CONTENT: what was
 * found, why it does not count, and whether another digest of the image is signed;
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_check_signed(const struct tug__resolver *resolver,
                                        const struct tug__image *image, struct tug_error *err);

/* --- complete.c --- */

/* Finish an image that has everything it needs: check its configs, queue it for its name. */
void tug__image_publish(struct tug__resolver *resolver, struct tug__image *image);
/* Append an image to the queue; tug__publish_due sends it. */
void tug__naming_add(struct tug__naming *naming, struct tug__image *image);

/* --- publish.c --- */

/* Tell whether enough images wait for their names to rewrite index.json before a second has passed.
 * named: names in index.json, roughly. */
bool tug__publish_is_crowded(size_t ready, size_t named);
/* Send the queue to lane 0 when it is due and lane 0 has no other publication. Called once in each
 * round of the loop. Returns: when to call again (tug__now_ns). */
uint64_t tug__publish_due(struct tug__resolver *resolver);
/* Finish the images of a publication that came back, and free it. */
void tug__publish_finish(struct tug__resolver *resolver, struct tug__publication *publication);
/* Free a publication that is still at a lane; the engine is stopped. */
void tug__publish_fini(struct tug__resolver *resolver);

#endif
