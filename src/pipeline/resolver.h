/* SPDX-License-Identifier: Apache-2.0
 *
 * The resolver's state, shared by its files: run.c (loop and clock), events.c (what the caller is
 * told), resolve.c, admit.c and image.c (images and documents), choice.c and judge.c (their
 * platforms), left_out.c, publish.c (their names), jobs.c (requests), dispatch.c (whose turn it
 * is), parts.c (blobs over several connections), sources.c (who is asked), outcome.c (what comes of
 * it). All of it belongs to the thread of tug__run.
 */
#ifndef TUG_PIPELINE_RESOLVER_H
#define TUG_PIPELINE_RESOLVER_H

#include "pipeline/digest_set.h"
#include "pipeline/graph.h"
#include "pipeline/pipeline.h"
#include "pipeline/pool.h"
#include "pipeline/spread.h"
#include "registry/retry.h"

/* A first-in first-out list of nodes that wait for their turn. */
struct tug__node_list {
    struct tug__node *first, *last;
};

/* A registry, as references name it: what waits for it, and what is known of it. */
struct tug__host {
    const char *name;                       /* borrowed from a reference */
    struct tug__node_list queued_documents; /* first: they make the next work known */
    struct tug__node_list queued_blobs;
    uint64_t pause_until_ns; /* it asked to be left alone */
    unsigned jobs_out;       /* at workers or in their ring */
    bool ignores_ranges;
    struct tug__host *next;
};

struct tug__resolver {
    const struct tug__run_settings *settings;
    struct tug__pool *pool;
    struct tug__graph graph;
    struct tug__image *images;      /* those at work */
    struct tug__image *done_images; /* to be freed when nobody looks at them any more */
    struct tug__digest_set planned; /* told of by a dry run */
    struct tug__digest_set checked; /* options.recheck: hashed in this run */
    struct tug__index_names names;  /* what index.json named when the run began */
    bool has_names;
    struct tug__host *hosts;         /* asked in turn: after each look the first goes to the end */
    void *hosts_by_name;             /* the same, as a tsearch tree */
    struct tug__transfer *transfers; /* all that are open */
    struct tug__session *session;    /* of registries; shared with the workers */
    struct tug__spread spread;
    struct tug__wish wish;
    struct tug__retry_policy retry_policy;
    uint32_t random; /* state of the jitter */

    struct tug__node_list queued_inline; /* for a lane */

    /* counts that bound what is under way */
    size_t images_begun;
    size_t images_active;     /* begun and not done */
    size_t images_publishing; /* of these: need nothing more but their name */
    size_t images_ready;      /* of these: at no lane yet */
    size_t images_done;
    unsigned transfers_open;
    unsigned jobs_out; /* at workers or in their ring */
    unsigned inline_out;
    unsigned next_lane;

    /* finished images */
    struct tug__image *first_ready, *last_ready; /* wait for the next rewrite of index.json */
    struct tug__publication *publication;        /* at lane 0; NULL: none */
    uint64_t published_ns;                       /* when the last one was sent, 0: none was */

    struct tug_totals totals;
    uint64_t bytes_settled; /* of totals.bytes_done: in the store */
    uint64_t started_ns;
    bool is_failing_fast;
    bool is_stopping; /* no new work: cancelled, timed out, or failing fast */
    enum tug_status first_status;
    struct tug_error first_error;
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

/* --- resolve.c --- */

/* Begin the image of a reference: look for what the store knows, ask for its root. */
void tug__image_begin(struct tug__resolver *resolver, size_t position);
/* A document that an image waits for is in the store: take what it names.
 * media_type: what it was announced as, NULL unknown; is_pinned as tug__document_parse. */
void tug__image_take_document(struct tug__resolver *resolver, const struct tug__edge *edge,
                              const struct tug_digest *digest, const char *bytes, size_t length,
                              const char *media_type, bool is_pinned);
/* Something an image waited for is there. Goes on with it when it was the last. */
void tug__image_settle(struct tug__resolver *resolver, struct tug__image *image);
/* Something that an image needs was removed from the store: wait for it once more. Errors: why it
 * cannot be had. */
enum tug_status tug__image_ask_again(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__need *need, struct tug_error *err);
/* Try to serve a waiting node from the store (another process may have brought it). With
 * options.recheck a blob that is there has to be hashed: that is asked for next then.
 * Returns: true when the node is settled and gone, or has failed because the store cannot be looked
 * at. */
bool tug__node_serve_from_store(struct tug__resolver *resolver, struct tug__node *node);

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

/* --- choice.c --- */

/* Tell what follows from the choice among the entries of an image's indexes: the platform for the
 * result; warnings of one that stands in for another, and of versions that were not taken.
 * best: as tug__plan_select wrote it. */
void tug__image_tell_choice(struct tug__resolver *resolver, struct tug__image *image,
                            const size_t *best);

/* --- publish.c --- */

/* Everything an image needs is there: look at its configs, have it named. */
void tug__image_publish(struct tug__resolver *resolver, struct tug__image *image);
/* Put an image in line for its name. It is only appended: tug__publish_due sends it. */
void tug__publish_add(struct tug__resolver *resolver, struct tug__image *image);
/* Tell whether so many images wait for their name that they shall have it before the second is
 * over. named: what index.json names, about. */
bool tug__publish_is_crowded(size_t ready, size_t named);
/* Give lane 0 what is in line if it is time to and it has nothing to publish. Once for each round
 * of the loop. Returns: when to look again (tug__now_ns). */
uint64_t tug__publish_due(struct tug__resolver *resolver);
/* A publication is back: its images are done. It is freed. */
void tug__publish_take(struct tug__resolver *resolver, struct tug__publication *publication);
/* Free what is still at a lane; the pool is stopped. */
void tug__publish_fini(struct tug__resolver *resolver);

/* --- jobs.c --- */

/* Put a node in line for its turn, unless jobs for it are still out; one whose bytes came already
 * goes to the head. */
void tug__node_enqueue(struct tug__resolver *resolver, struct tug__node *node);
/* Make a job of a node and hand it to the workers.
 * share: of a blob that is open already, NULL for anything else; moved into the job.
 * Returns: false when there is no room or no memory; nothing has changed then. */
bool tug__node_submit(struct tug__resolver *resolver, struct tug__node *node,
                      const struct tug__share *share);
/* Remember when the first job of a node began. */
void tug__node_note_start(struct tug__node *node);
/* Take a node that nobody needs off whatever it was about to do. It may be freed. */
void tug__node_abandon(struct tug__resolver *resolver, struct tug__node *node);
/* Have the lane close a node's transfer, as soon as all its jobs are back; running ones are
 * cancelled. */
void tug__node_drop_transfer(struct tug__resolver *resolver, struct tug__node *node,
                             enum tug__drop drop);
/* Cancel the jobs of a node: their results are of no use. */
void tug__node_cancel_jobs(struct tug__resolver *resolver, struct tug__node *node);
/* Free a node's transfer that no lane holds. */
void tug__transfer_free(struct tug__resolver *resolver, struct tug__node *node);
/* Make a job for a node, without its share; NULL without memory. */
struct tug__job *tug__job_create(struct tug__resolver *resolver, struct tug__node *node);
/* Count a job that is on its way as one of its node's. */
void tug__node_add_job(struct tug__node *node, struct tug__job *job);
/* Make the transfer of a blob that has none. Returns: false without memory. */
bool tug__transfer_create(struct tug__resolver *resolver, struct tug__node *node);
/* Free a job and the body it holds. */
void tug__job_free(struct tug__job *job);
/* Tell whether a registry may get one more request. */
bool tug__host_has_room(const struct tug__resolver *resolver, const struct tug__host *host);
/* Make the lines of every registry that the run's references name. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__hosts_create(struct tug__resolver *resolver, struct tug_error *err);
/* A registry of the run: what is known of it, and what waits for it. */
struct tug__host *tug__host_find(struct tug__resolver *resolver, const char *name);
/* No job for a node until then, unless one is out. */
void tug__node_wait(struct tug__resolver *resolver, struct tug__node *node, uint64_t wake_ns);
/* Free the jobs and transfers of all nodes; the pool is stopped. */
void tug__jobs_fini(struct tug__resolver *resolver);

/* --- dispatch.c --- */

/* Give out as much work as there is room for. */
void tug__jobs_submit(struct tug__resolver *resolver);
/* Put nodes whose wait is over back in line. Returns: when the next one's is (tug__now_ns). */
uint64_t tug__jobs_wake(struct tug__resolver *resolver);

/* --- parts.c --- */

/* Give idle workers shares of blobs that are being fetched already. */
void tug__parts_submit(struct tug__resolver *resolver);
/* Measure, and decide whether blobs get more connections. Returns: when to look again. */
uint64_t tug__parts_look(struct tug__resolver *resolver);
/* A share for a node that has no job out: the first of its blob, or the rest of one that was
 * interrupted. Returns: false when nothing is missing (or no memory). */
bool tug__parts_take(struct tug__resolver *resolver, struct tug__node *node,
                     struct tug__share *out_share);

/* --- outcome.c --- */

/* A message of a worker or a lane about a job or a transfer. */
void tug__jobs_take_event(struct tug__resolver *resolver, const struct tug__msg *msg);

/* --- sources.c --- */

/* A node's source failed for good: go on with the repository of another image that needs it; when
 * all have failed, so has every image that needs it. The node may be gone then. */
void tug__node_fail(struct tug__resolver *resolver, struct tug__node *node,
                    const struct tug_error *error);
/* Say in an error's message what it is about. */
void tug__node_add_subject(const struct tug__node *node, struct tug_error *error);
/* Why a repository has failed to give a node's content, with that size. Borrowed from the node;
 * NULL: it was not tried. */
const struct tug_error *tug__node_refused(const struct tug__node *node,
                                          const struct tug_ref *source, bool has_size,
                                          uint64_t size_bytes);
/* Let a node ask for what this edge's image wants; it has no job out. */
void tug__node_ask_for(struct tug__node *node, const struct tug__edge *edge);
/* The content has so many bytes: fail the images whose descriptors tell another size. */
void tug__node_check_sizes(struct tug__resolver *resolver, struct tug__node *node,
                           uint64_t size_bytes);

#endif
