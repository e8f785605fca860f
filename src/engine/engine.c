/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's life, and queries about it.
 *
 * Knows: the interfaces of its parts. Does not know: images, who waits for what.
 * Threads: the resolver.
 */
#include "engine/state.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

enum tug_status tug__engine_create(const struct tug__engine_settings *settings,
                                   struct tug__engine **out_engine, struct tug_error *err)
{
    struct tug__engine *const engine = calloc(1, sizeof *engine);
    const struct tug__pool_settings pool_settings = {
        .store = settings->store,
        .worker_count = settings->worker_count,
        .bytes_per_s = settings->bytes_per_s,
        .trace = settings->trace,
        .client = {.session = settings->session,
                   .connect_timeout_ms = settings->connect_timeout_ms,
                   .stall_timeout_ms = settings->stall_timeout_ms},
    };
    enum tug_status status;

    if (engine == NULL) {
        return tug__fail_memory(err);
    }
    engine->settings = *settings;
    engine->retry_policy = (struct tug__retry_policy){.retries = settings->retries,
                                                      .max_wait_ms = settings->retry_max_wait_ms};
    engine->random = (uint32_t)tug__now_ns();
    status = tug__hosts_create(engine, err);
    if (status == TUG_OK) {
        status = tug__pool_start(&pool_settings, settings->bell, &engine->pool, err);
    }
    if (status != TUG_OK) {
        tug__engine_destroy(engine);
        return status;
    }
    *out_engine = engine;
    return TUG_OK;
}

void tug__engine_halt(struct tug__engine *engine)
{
    engine->is_stopping = true;
}

static void take(struct tug__engine *engine, const struct tug__msg *msg)
{
    if (msg->kind == TUG__MSG_PUBLISHED) {
        engine->naming.out = NULL;
        engine->naming.returned = msg->object;
    } else {
        tug__jobs_handle_event(engine, msg);
    }
}

bool tug__engine_handle_event(struct tug__engine *engine)
{
    struct tug__msg msg;

    if (!tug__pool_next_event(engine->pool, &msg)) {
        return false;
    }
    take(engine, &msg);
    return true;
}

void tug__engine_publish(struct tug__engine *engine, struct tug__publication *publication)
{
    const struct tug__msg msg = {.kind = TUG__MSG_PUBLISH, .object = publication};

    engine->naming.out = publication;
    tug__pool_send(engine->pool, 0, &msg);
}

struct tug__publication *tug__engine_get_published(struct tug__engine *engine)
{
    struct tug__publication *const published = engine->naming.returned;

    engine->naming.returned = NULL;
    return published;
}

bool tug__engine_get_notice(struct tug__engine *engine, char *out_text)
{
    return tug__pool_get_notice(engine->pool, out_text);
}

void tug__engine_each_download(const struct tug__engine *engine,
                               void (*visit)(void *context, const struct tug__download *download),
                               void *context)
{
    for (const struct tug__transfer *transfer = engine->transfers; transfer != NULL;
         transfer = transfer->next) {
        const struct tug__node *const node = transfer->owner;
        const struct tug__download download = {
            .ref = tug__node_ref(node),
            .digest = &node->wanted.digest,
            .media_type = node->wanted.media_type,
            .size_bytes = node->wanted.size_bytes,
            .done_bytes = tug__ranges_done(&transfer->ranges),
            .copied_bytes = tug__delta_copied(node),
            .is_running = node->attempt.is_running,
            .edges = node->edges,
        };

        visit(context, &download);
    }
}

struct tug__engine_load tug__engine_load(const struct tug__engine *engine)
{
    return (struct tug__engine_load){
        .worker_count = tug__pool_worker_count(engine->pool),
        .idle_workers = tug__parts_idle_workers(engine),
        .received_bytes = tug__pool_received(engine->pool),
    };
}

void tug__engine_count_requests(const struct tug__engine *engine, unsigned *out_asking,
                                unsigned *out_receiving)
{
    tug__pool_count_requests(engine->pool, out_asking, out_receiving);
}

uint64_t tug__engine_wanted_bytes(const struct tug__engine *engine)
{
    return engine->graph.wanted_bytes;
}

uint64_t tug__engine_missing_bytes(const struct tug__engine *engine)
{
    uint64_t sum = 0;

    for (const struct tug__node *node = engine->graph.nodes; node != NULL;
         node = node->links.next) {
        const struct tug__wanted *const wanted = &node->wanted;

        if (wanted->has_size && !wanted->is_document && tug__node_is_needed(node)) {
            const uint64_t missing = tug__stored_missing_bytes(engine->settings.store,
                                                               &wanted->digest, wanted->size_bytes);

            sum = sum > UINT64_MAX - missing ? UINT64_MAX : sum + missing;
        }
    }
    return sum;
}

struct ending {
    struct tug__engine *engine;
    const struct tug__engine_handler *handler;
};

static void on_event(void *context, const struct tug__msg *msg)
{
    const struct ending *const ending = context;

    take(ending->engine, msg);
    ending->handler->on_settled(ending->handler->context);
}

static bool on_round(void *context)
{
    const struct ending *const ending = context;

    return ending->handler->on_round(ending->handler->context);
}

void tug__engine_stop(struct tug__engine *engine, const struct tug__engine_handler *handler)
{
    struct ending ending = {.engine = engine, .handler = handler};

    engine->is_stopping = true;
    tug__pool_stop(engine->pool, &(struct tug__pool_handler){
                                     .on_event = on_event,
                                     .on_round = on_round,
                                     .context = &ending,
                                 });
}

void tug__engine_destroy(struct tug__engine *engine)
{
    if (engine == NULL) {
        return;
    }
    tug__jobs_fini(engine);
    tug__delta_state_fini(engine);
    tug__pool_destroy(engine->pool);
    free(engine);
}
