/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of a run, shared by its files: run.c (loop and clock), events.c (what the caller is
 * told), advance.c, ask.c, documents.c, admit.c and image.c (images and documents), choice.c and
 * judge.c (their platforms), untyped.c (roots that are blobs), settle.c (what came of what they
 * want), left_out.c, complete.c, present.c and publish.c (their names). All of it belongs to the
 * thread of tug__run. Content is brought by the engine (engine.h).
 */
#ifndef TUG_PIPELINE_RESOLVER_H
#define TUG_PIPELINE_RESOLVER_H

#include "pipeline/digest_set.h"
#include "engine/engine.h"
#include "pipeline/image.h"
#include "pipeline/pipeline.h"

/* Finished images on their way into index.json; publish.c's own. */
struct tug__naming {
    struct tug__image *first_ready, *last_ready; /* wait for the next rewrite of index.json */
    struct tug__publication *publication;        /* at lane 0; NULL: none */
    size_t ready_count;                          /* at no lane yet */
    uint64_t published_ns;                       /* when the last one was sent, 0: none was */
};

/* What the caller is told; events.c's own, but for the sums. */
struct tug__reporter {
    struct tug_totals totals;
    uint64_t bytes_settled; /* of totals.bytes_done: in the store */
    uint64_t started_ns;
};

/* The images of a run. Those in line for their names are the naming's as well. */
struct tug__images {
    struct tug__image *at_work;
    struct tug__image *done; /* to be freed when nobody looks at them any more */
    /* counts that bound what is under way */
    size_t begun;            /* of the references: all before this one */
    size_t active_count;     /* begun and not done */
    size_t publishing_count; /* of these: need nothing more but their name */
    size_t done_count;
};

/* Why a run ends, and what it returns. */
struct tug__ending {
    bool is_stopping; /* no new work: cancelled, timed out, or failing fast */
    bool is_failing_fast;
    struct tug_error first_error; /* of the first reference that failed; zero: none did */
};

struct tug__resolver {
    const struct tug__run_settings *settings;
    struct tug__engine *engine;
    struct tug__session *session; /* of registries; shared with the engine */
    struct tug__wish wish;
    struct tug__images images;
    struct tug__digest_set planned; /* told of by a dry run */
    struct tug__digest_set checked; /* options.recheck: hashed in this run */
    struct tug__index_names names;  /* what index.json named when the run began */
    bool has_names;
    struct tug__naming naming;
    struct tug__reporter reporter;
    struct tug__ending ending;
};

/* --- events.c --- */

/* Send an event; totals are filled in here. */
void tug__emit(struct tug__resolver *resolver, struct tug_event *event);
/* Send a warning that an image is not all that was asked for (tug_event.is_shortfall). */
void tug__emit_shortfall(struct tug__resolver *resolver, const struct tug__image *image,
                         const char *format, ...) TUG__PRINTF(3, 4);
/* Send a warning about an image, printf-like, escaped. */
void tug__emit_warning(struct tug__resolver *resolver, const struct tug__image *image,
                       const char *format, ...) TUG__PRINTF(3, 4);
/* Send a warning about the whole run, escaped. */
void tug__emit_notice(struct tug__resolver *resolver, const char *text);
/* Report the state of each active download and image, what registries warn of, and the sums. */
void tug__tick(struct tug__resolver *resolver);

/* --- ask.c --- */

/* An image needs a digest: count it, and take it from the store or wait for it.
 * body: receives a document that the store has; limited by the caller. out_is_read: it did.
 * Errors: TUG_ERR_STORE (the store cannot be looked at: what came could not be found either),
 * TUG_ERR_NO_MEMORY, and as tug__engine_start. */
enum tug_status tug__image_ask(struct tug__resolver *resolver, struct tug__image *image,
                               const struct tug__request *request, struct tug__buf *body,
                               bool *out_is_read, struct tug_error *err);
/* Report and count what the store had already. */
void tug__image_note_reused(struct tug__resolver *resolver, struct tug__image *image,
                            const struct tug_digest *digest, const char *media_type,
                            uint64_t size_bytes);

/* --- documents.c --- */

/* Ask for what an image needs (tug__image_ask), and go on with it at once when it is a document
 * that the store has. */
enum tug_status tug__image_want(struct tug__resolver *resolver, struct tug__image *image,
                                const struct tug__request *request, struct tug_error *err);
/* Want the children of a manifest from first up to end, if they may come (tug__image_admit). */
enum tug_status tug__image_want_children(struct tug__resolver *resolver, struct tug__image *image,
                                         const struct tug__document *document, size_t first,
                                         size_t end, struct tug_error *err);
/* A document that an image waits for is there: take what it names. The root of a reference by
 * digest may turn out to be a blob.
 * media_type: what it was announced as, NULL unknown; is_pinned as tug__document_parse. */
void tug__image_take_content(struct tug__resolver *resolver, struct tug__image *image,
                             const struct tug__purpose *purpose, const struct tug_digest *digest,
                             const char *bytes, size_t length, const char *media_type,
                             bool is_pinned);
/* A blob is in the store that an image wants to read: it is a document all the same, or the root of
 * a reference by digest, or the image fails. */
void tug__image_take_stored(struct tug__resolver *resolver, struct tug__image *image,
                            const struct tug__purpose *purpose, const struct tug__settled *settled);

/* --- advance.c --- */

/* Begin the image of a reference: look for what the store knows, ask for its root. */
void tug__image_begin(struct tug__resolver *resolver, size_t position);
/* Something an image waited for is there. Goes on with it when it was the last. */
void tug__image_settle(struct tug__resolver *resolver, struct tug__image *image);

/* --- settle.c --- */

/* Let images go on with all that the engine has settled. */
void tug__images_settle(struct tug__resolver *resolver);

/* --- left_out.c --- */

/* Tell whether an image does without a blob when its registry does not have it. */
bool tug__may_be_left_out(const struct tug__resolver *resolver, const struct tug__descriptor *blob);
/* An image does without a blob that was counted for it: take it off the counts, keep it for the
 * result, warn. size_bytes: as it was counted. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_leave_out(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug_digest *digest, uint64_t size_bytes,
                                     struct tug_error *err);
/* What index.json says of so many blobs: their digests, separated by commas, cut after some.
 * digests: sorted in place, so that the text is the same in each run. Returns: owned; NULL without
 * memory. */
char *tug__left_out_text(struct tug_digest *digests, size_t count);

/* --- admit.c --- */

/* Tell whether an image may have the blobs of one more manifest: by its size, and by the space that
 * the disk has for everything the run fetches at present.
 * blobs: count of them, ordered by size and digest. Errors: TUG_ERR_TOO_LARGE; TUG_ERR_STORE with
 * ENOSPC: the message says how many bytes are missing. */
enum tug_status tug__image_admit(struct tug__resolver *resolver, const struct tug__image *image,
                                 const struct tug__descriptor *const *blobs, size_t count,
                                 struct tug_error *err);

/* --- image.c --- */

/* Make the image of a reference and count it as begun. NULL without memory: then its failure was
 * reported. */
struct tug__image *tug__image_create(struct tug__resolver *resolver, size_t position);
/* Report the failure of a reference whose image was never made. */
void tug__image_fail_idle(struct tug__resolver *resolver, size_t position,
                          const struct tug_error *error);
/* Free the images that are done. Nothing may hold a pointer to one. */
void tug__images_sweep(struct tug__resolver *resolver);
/* End an image with an error (unless it is done already) and report it. */
void tug__image_fail(struct tug__resolver *resolver, struct tug__image *image,
                     const struct tug_error *error);
/* An image has its name in index.json, or error says why not. */
void tug__image_finish(struct tug__resolver *resolver, struct tug__image *image,
                       const struct tug_error *error);

/* --- in_use.c --- */

/* Hold the store until the end of the run, so that nobody deletes what the run found in it.
 * end_ns: the end of the run's time. out_fd: for tug__store_unlock; -1: not needed. A wait that the
 * end of the time or a cancel cut short is no error: the run is stopping then.
 * Errors: TUG_ERR_STORE. Blocks: while another process deletes content. */
enum tug_status tug__run_use_store(struct tug__resolver *resolver, uint64_t end_ns, int *out_fd,
                                   struct tug_error *err);

/* --- present.c --- */

/* Look once more whether everything that an image needs is in the store.
 * Returns: true when it is. Otherwise it is not in line for its name any more: it waits for what is
 * missing, or has failed. */
bool tug__image_is_present(struct tug__resolver *resolver, struct tug__image *image);

/* --- dry.c --- */

/* A dry run: tell that this would be fetched for an image, and count it. */
void tug__plan_report(struct tug__resolver *resolver, struct tug__image *image,
                      const struct tug_digest *digest, const char *media_type, uint64_t size_bytes);
/* Forget what was told. */
void tug__plan_fini(struct tug__resolver *resolver);

/* --- judge.c --- */

/* Tell whether the config of a root manifest decides if the rest of it is wanted: somebody asked
 * for platforms, and only its config says which one it is for. */
bool tug__image_is_judged_first(const struct tug__image *image,
                                const struct tug__document *document);
/* The configs that an image has to be compared with are in the store: compare, note the platform
 * for the result, warn. Each config is looked at once. Errors: as tug__config_platform;
 * TUG_ERR_NOT_FOUND: the image is not for a platform that was asked for. */
enum tug_status tug__image_judge(struct tug__resolver *resolver, struct tug__image *image,
                                 struct tug_error *err);

/* --- untyped.c --- */

/* The root of an image is known: keep it for the result and tell. media_type: copied. Errors:
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_note_root(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug_digest *digest, uint64_t size_bytes,
                                     const char *media_type, struct tug_error *err);
/* Tell whether what is wanted for that purpose may turn out to be a blob. */
bool tug__image_may_be_blob(const struct tug__image *image, const struct tug__purpose *purpose);
/* A blob is the root of an image. media_type: as its registry says. Returns: false when the image
 * did not ask for just anything of that digest. */
bool tug__image_take_blob(struct tug__resolver *resolver, struct tug__image *image,
                          const struct tug__purpose *purpose, const struct tug_digest *digest,
                          uint64_t size_bytes, const char *media_type);

/* --- choice.c --- */

/* Tell what follows from the choice among the entries of an image's indexes: the platform for the
 * result; warnings of one that stands in for another, and of versions that were not taken.
 * wants, best: as tug__plan_select wrote them. */
void tug__image_tell_choice(struct tug__resolver *resolver, struct tug__image *image,
                            const enum tug__want *wants, const size_t *best);

/* --- complete.c --- */

/* Everything an image needs is there: look at its configs, put it in line for its name. */
void tug__image_publish(struct tug__resolver *resolver, struct tug__image *image);
/* Append an image to those in line: tug__publish_due sends it. */
void tug__naming_add(struct tug__naming *naming, struct tug__image *image);

/* --- publish.c --- */

/* Tell whether so many images wait for their name that they shall have it before the second is
 * over. named: what index.json names, about. */
bool tug__publish_is_crowded(size_t ready, size_t named);
/* Give lane 0 what is in line if it is time to and it has nothing to publish. Once for each round
 * of the loop. Returns: when to look again (tug__now_ns). */
uint64_t tug__publish_due(struct tug__resolver *resolver);
/* A publication is back: its images are done. It is freed. */
void tug__publish_take(struct tug__resolver *resolver, struct tug__publication *publication);
/* Free what is still at a lane; the engine is stopped. */
void tug__publish_fini(struct tug__resolver *resolver);

#endif
