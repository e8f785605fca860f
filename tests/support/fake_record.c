/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of the fake registry: requests, sums, and waiting for them to change.
 * Knows: requests' text and numbers. Does not know: sockets, rules. Threads: any.
 */
#include "fake_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TEXT_MAX_BYTES ((size_t)16 * 1024) /* of headers and of a body */

static size_t clip(size_t len)
{
    return len < TEXT_MAX_BYTES ? len : TEXT_MAX_BYTES;
}

/* Copy text to *at, move *at behind its NUL. Returns: the copy. */
static const char *place(char **at, const char *text, size_t len)
{
    char *const copy = *at;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *at += len + 1;
    return copy;
}

static void keep_locked(struct fake_registry *registry, struct fake_entry *entry)
{
    const size_t max =
        registry->options.record_max_count > 0 ? registry->options.record_max_count : 65536;
    const size_t count = registry->entry_count;
    if (count >= max) {
        return;
    }
    if ((count & (count - 1)) == 0) { /* a power of two: full */
        const size_t room = count > 0 ? count * 2 : 1;
        struct fake_entry **const larger =
            reallocarray(registry->entries, room, sizeof(*registry->entries));
        if (larger == NULL) {
            fake_die("no memory for the record");
        }
        registry->entries = larger;
    }
    registry->entries[registry->entry_count++] = entry;
    entry->is_kept = true;
}

struct fake_entry *fake_record_begin(struct fake_registry *registry, unsigned connection,
                                     const struct fake_head *head,
                                     const struct fake_rule_node **out_rule)
{
    size_t range_len = 0;
    const char *range = fake_header_find(head->headers, "Range", &range_len);
    range = range != NULL ? range : "";
    const size_t method_len = strlen(head->method);
    const size_t path_len = strlen(head->path);
    const size_t headers_len = clip(strlen(head->headers));
    const size_t body_len = clip(strlen(head->body));
    struct fake_entry *const entry =
        fake_alloc(sizeof(*entry) + method_len + path_len + range_len + headers_len + body_len + 5);
    char *at = entry->text;
    entry->request.connection = connection;
    entry->request.method = place(&at, head->method, method_len);
    entry->request.path = place(&at, head->path, path_len);
    entry->request.range = place(&at, range, range_len);
    entry->request.headers = place(&at, head->headers, headers_len);
    entry->request.body = place(&at, head->body, body_len);
    entry->request.start_ns = fake_now_ns();
    entry->is_blob = strstr(head->path, "/blobs/") != NULL;
    pthread_mutex_lock(&registry->lock);
    *out_rule = fake_rule_pick_locked(registry, head);
    entry->request.rule = *out_rule != NULL ? (*out_rule)->id : 0;
    keep_locked(registry, entry);
    registry->totals.requests++;
    registry->active_count++;
    pthread_cond_broadcast(&registry->changed);
    pthread_mutex_unlock(&registry->lock);
    return entry;
}

void fake_record_status(struct fake_registry *registry, struct fake_entry *entry, int status)
{
    pthread_mutex_lock(&registry->lock);
    entry->request.status = status;
    entry->is_blob = entry->is_blob && status < 300;
    pthread_mutex_unlock(&registry->lock);
}

/* After a mark, bytes taken back may have been counted before it. */
static uint64_t add(uint64_t sum, int64_t count)
{
    return count < 0 && sum < (uint64_t)-count ? 0 : sum + (uint64_t)count;
}

void fake_record_bytes(struct fake_registry *registry, struct fake_entry *entry, int64_t count)
{
    pthread_mutex_lock(&registry->lock);
    entry->request.body_bytes = add(entry->request.body_bytes, count);
    registry->totals.body_bytes = add(registry->totals.body_bytes, count);
    if (entry->is_blob) {
        registry->totals.blob_bytes = add(registry->totals.blob_bytes, count);
    }
    pthread_cond_broadcast(&registry->changed);
    pthread_mutex_unlock(&registry->lock);
}

void fake_record_finish(struct fake_registry *registry, struct fake_entry *entry)
{
    const uint64_t now_ns = fake_now_ns();
    pthread_mutex_lock(&registry->lock);
    entry->request.finish_ns = now_ns;
    const bool is_kept = entry->is_kept;
    registry->active_count--;
    pthread_cond_broadcast(&registry->changed);
    pthread_mutex_unlock(&registry->lock);
    if (!is_kept) {
        free(entry);
    }
}

/* open_count: connections whose client has not closed, the new one included. */
void fake_record_opened(struct fake_registry *registry, unsigned open_count)
{
    pthread_mutex_lock(&registry->lock);
    struct fake_totals *const totals = &registry->totals;
    totals->connections_accepted++;
    totals->connections_open++;
    if (open_count > totals->connections_open_max) {
        totals->connections_open_max = open_count;
    }
    pthread_cond_broadcast(&registry->changed);
    pthread_mutex_unlock(&registry->lock);
}

void fake_record_closed(struct fake_registry *registry)
{
    pthread_mutex_lock(&registry->lock);
    registry->totals.connections_open--;
    pthread_cond_broadcast(&registry->changed);
    pthread_mutex_unlock(&registry->lock);
}

void fake_record_fini(struct fake_registry *registry)
{
    for (size_t i = 0; i < registry->entry_count; i++) {
        free(registry->entries[i]);
    }
    free(registry->entries);
}

static bool is_match(const struct fake_entry *entry, const char *method, const char *path)
{
    return (method == NULL || strcmp(entry->request.method, method) == 0) &&
           fake_path_matches(path, entry->request.path);
}

static size_t count_locked(struct fake_registry *registry, const char *method, const char *path)
{
    size_t count = 0;
    for (size_t i = registry->entry_mark; i < registry->entry_count; i++) {
        count += is_match(registry->entries[i], method, path) ? 1 : 0;
    }
    return count;
}

size_t fake_record_count(struct fake_registry *registry, const char *method, const char *path)
{
    pthread_mutex_lock(&registry->lock);
    const size_t count = count_locked(registry, method, path);
    pthread_mutex_unlock(&registry->lock);
    return count;
}

bool fake_record_get(struct fake_registry *registry, const char *method, const char *path,
                     size_t nth, struct fake_request *out_request)
{
    bool is_found = false;
    pthread_mutex_lock(&registry->lock);
    for (size_t i = registry->entry_mark; i < registry->entry_count && !is_found; i++) {
        if (is_match(registry->entries[i], method, path) && nth-- == 0) {
            *out_request = registry->entries[i]->request;
            is_found = true;
        }
    }
    pthread_mutex_unlock(&registry->lock);
    return is_found;
}

bool fake_request_header(const struct fake_request *request, const char *name, char *buf,
                         size_t size)
{
    size_t len = 0;
    const char *const value = fake_header_find(request->headers, name, &len);
    if (value == NULL || size == 0) {
        return value != NULL;
    }
    len = len < size ? len : size - 1;
    memcpy(buf, value, len);
    buf[len] = '\0';
    return true;
}

struct fake_totals fake_record_totals(struct fake_registry *registry)
{
    pthread_mutex_lock(&registry->lock);
    const struct fake_totals totals = registry->totals;
    pthread_mutex_unlock(&registry->lock);
    return totals;
}

void fake_record_mark(struct fake_registry *registry)
{
    pthread_mutex_lock(&registry->lock);
    registry->entry_mark = registry->entry_count;
    const unsigned open_count = registry->totals.connections_open;
    registry->totals =
        (struct fake_totals){.connections_open = open_count, .connections_open_max = open_count};
    pthread_mutex_unlock(&registry->lock);
}

/* What a wait function waits for; the lock is held when it is asked. */
struct condition {
    bool (*is_met)(struct fake_registry *registry, const struct condition *condition);
    const char *method;
    const char *path;
    uint64_t number;
};

static bool wait_for(struct fake_registry *registry, const struct condition *condition,
                     unsigned timeout_ms)
{
    const uint64_t until_ns = fake_now_ns() + (uint64_t)timeout_ms * 1000000U;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000U),
                                   .tv_nsec = (long)(until_ns % 1000000000U)};
    pthread_mutex_lock(&registry->lock);
    bool is_met = condition->is_met(registry, condition);
    while (!is_met) {
        const int error = pthread_cond_timedwait(&registry->changed, &registry->lock, &until);
        is_met = condition->is_met(registry, condition);
        if (error != 0) {
            break;
        }
    }
    pthread_mutex_unlock(&registry->lock);
    return is_met;
}

static bool has_count(struct fake_registry *registry, const struct condition *condition)
{
    return count_locked(registry, condition->method, condition->path) >= condition->number;
}

bool fake_record_wait_count(struct fake_registry *registry, const char *method, const char *path,
                            size_t count, unsigned timeout_ms)
{
    const struct condition condition = {has_count, method, path, count};
    return wait_for(registry, &condition, timeout_ms);
}

static bool has_bytes(struct fake_registry *registry, const struct condition *condition)
{
    return registry->totals.body_bytes >= condition->number;
}

bool fake_record_wait_bytes(struct fake_registry *registry, uint64_t body_bytes,
                            unsigned timeout_ms)
{
    const struct condition condition = {has_bytes, NULL, NULL, body_bytes};
    return wait_for(registry, &condition, timeout_ms);
}

static bool is_idle(struct fake_registry *registry, const struct condition *condition)
{
    (void)condition;
    return registry->active_count == 0;
}

bool fake_record_wait_idle(struct fake_registry *registry, unsigned timeout_ms)
{
    const struct condition condition = {is_idle, NULL, NULL, 0};
    return wait_for(registry, &condition, timeout_ms);
}

static bool is_closed(struct fake_registry *registry, const struct condition *condition)
{
    (void)condition;
    return registry->totals.connections_open == 0;
}

bool fake_record_wait_closed(struct fake_registry *registry, unsigned timeout_ms)
{
    const struct condition condition = {is_closed, NULL, NULL, 0};
    return wait_for(registry, &condition, timeout_ms);
}
