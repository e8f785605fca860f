/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scene of a flow test: a fake registry, a fresh store, one set of options, and what a fetch
 * did. Checks use criterion's assertions, so these functions belong to the test's own thread.
 *
 *     struct flow flow;
 *     flow_open(&flow, NULL);
 *     build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, NULL);
 *     cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
 *     flow_close(&flow);
 */
#ifndef FLOW_H
#define FLOW_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <criterion/criterion.h>
#include <json-c/json.h>

#include <tug/tug.h>

#include "support/builders.h"
#include "support/fake_registry.h"
#include "support/run.h"
#include "support/tmpdir.h"

/* Longest wait for anything; never reached by a test that passes, and shorter than its timeout. */
#ifdef __SANITIZE_THREAD__
#define FLOW_WAIT_MS 160000
#else
#define FLOW_WAIT_MS 40000
#endif

/* Number of elements of an array. */
#define FLOW_COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What the events of a fetch told, and how it ended. */
struct flow_seen {
    enum tug_status status;
    struct tug_error error;
    unsigned counts[TUG_EVENT_IMAGE_PROGRESS + 1]; /* by enum tug_event_kind */
    struct tug_image_result image;                 /* of the last image; its texts are NULL */
    struct tug_image_result progress;     /* how far an image was at last; its texts are NULL */
    char media_type[128];                 /* of the last image, "" for none */
    char platform[TUG_PLATFORM_TEXT_MAX]; /* of the last image that had one */
    char warning[512];                    /* the last one */
    char retry[TUG_ERROR_MESSAGE_MAX];    /* the last one's error */
    unsigned attempt, attempts_max;       /* of the last one */
    unsigned committed_refs;              /* TUG_EVENT_COMMITTED that named an image */
    uint64_t resumed_bytes;               /* most done_bytes of any TUG_EVENT_STARTED */
    bool is_out_of_order;                 /* an event came before one that it needs */
    uint64_t copied_bytes; /* of the totals of the last TUG_EVENT_TICK with an active download */
    struct {
        uint64_t bytes, copied_bytes;    /* of all TUG_EVENT_PLANNED */
        char donor[TUG_DIGEST_TEXT_MAX]; /* of the last one that had it, "" for none */
    } planned;
    struct tug_totals totals; /* of the last event */
};

struct flow {
    struct fake_registry *registry;
    char *directory; /* holds the store, and whatever else a test puts there */
    char *store;     /* path of the store */
    char *hosts_dir; /* of hosts.toml files; NULL: none */
    struct tug_platform platform;
    const struct tug_sink *sink;      /* of a program's own store; NULL: none */
    struct tug_fetch_options options; /* for library runs; plain http, linux/amd64, no retries */
    uint64_t signal_bytes;            /* post `reached` when a download has so many; 0: never */
    sem_t reached;
    bool cancel_retried;   /* cancel when a download is heard of after a retry */
    int released_by_image; /* rule to release when a reference is complete or failed; 0: none */
    int released_by_retry; /* likewise, when an attempt has failed */
    uint64_t cancel_blobs; /* cancel when an image has so many blobs in the store; 0: never */
    struct flow_seen seen;
    /* of the run under way */
    struct tug_store *open_store;
    struct tug_fetch *fetch;
    pthread_t thread;
};

/* Start a registry and name a store that does not exist yet. options: NULL for the defaults. */
void flow_open(struct flow *flow, const struct fake_options *options);

/* Check the store once more (if there is one) and remove everything. */
void flow_close(struct flow *flow);

/* Go on as an ordinary user, for whom file modes count; call it before flow_open().
 * flow_close() takes it back. */
void flow_drop_root(void);

/* Ask for no platform: then the config of a single image decides about nothing, and is asked for
 * together with the layers. */
void flow_want_default(struct flow *flow);

/* "HOST:PORT/NAME" in new memory. Returns: owned; free(). */
char *flow_reference(const struct flow *flow, const char *name);

/*
 * Fetch "HOST:PORT/NAME" through the library, fill flow->seen, and check the store.
 * Returns: what tug_fetch_run returned.
 */
enum tug_status flow_fetch(struct flow *flow, const char *name);

/* As flow_fetch() with several references in one run. */
enum tug_status flow_fetch_all(struct flow *flow, const char *const *names, size_t count);

/* Begin a fetch on a thread of its own; flow->fetch may be cancelled until flow_wait(). */
void flow_start(struct flow *flow, const char *name);

/* As flow_start() with several references in one run. */
void flow_start_all(struct flow *flow, const char *const *names, size_t count);

/* Wait for the end of what flow_start() began. Returns: as flow_fetch(). */
enum tug_status flow_wait(struct flow *flow);

/* Wait until a download has flow->signal_bytes. */
void flow_wait_reached(struct flow *flow);

/*
 * Run `tug fetch` of "HOST:PORT/NAME" with plain http, no retries, for linux/amd64.
 * more: further arguments, NULL-terminated, or NULL. out_result: run_result_fini() is due.
 * Returns: the exit status.
 */
int flow_command(const struct flow *flow, const char *name, const char *const *more,
                 struct run_result *out_result);

/*
 * Run the command quietly and check how it fails: exit status, nothing on stdout, exactly one line
 * on stderr, "tug: …", that names the reference and holds text; and that the store is valid.
 */
void flow_expect_exit(const struct flow *flow, const char *name, int status, const char *text);

/* Fetch "app:1" and check that exactly these blobs are in the store, each asked for once at most.
 */
void flow_expect_fetched(struct flow *flow, const char *const *digests, size_t count);

/* Check oci-layout, index.json and that each file below blobs/ has the digest it is named after. */
void flow_check_store(const struct flow *flow);

/* Number of files below blobs/. */
size_t flow_blob_count(const struct flow *flow);

/* Tell whether a blob is in the store; its content is what flow_check_store() looks at. */
bool flow_has(const struct flow *flow, const char *digest);

/* Path of a file for a digest: area is "blobs" or "ingest". Returns: owned; free(). */
char *flow_path(const struct flow *flow, const char *area, const char *digest);

/* Size of the partial file of a digest; -1: there is none. */
int64_t flow_partial_size(const struct flow *flow, const char *digest);

/* index.json. Returns: owned; json_object_put(). */
struct json_object *flow_index(const struct flow *flow);

/* The only entry of index.json of "HOST:PORT/NAME"; checks that there is one. Borrowed. */
struct json_object *flow_index_entry(const struct flow *flow, struct json_object *index,
                                     const char *name);

/* An annotation of an entry, borrowed; NULL: none. */
const char *flow_annotation(struct json_object *entry, const char *key);

/* Number of requests of a method (NULL: any) for something of this digest, tag or path. */
size_t flow_requests(const struct flow *flow, const char *method, const char *what);

/* Add a blob of text to repository "app". */
struct build_descriptor flow_add_blob(struct flow *flow, const char *media_type, const char *text);

/* Add the config of a linux/amd64 image without layers to repository "app". */
struct build_descriptor flow_add_config(struct flow *flow);

/*
 * Add an OCI manifest "app:TAG".
 * config: NULL for that of flow_add_config(). layers: JSON texts of descriptors, with commas.
 */
void flow_add_manifest(struct flow *flow, const char *tag, const struct build_descriptor *config,
                       const char *layers, struct build_descriptor *out_descriptor);

#endif
