/* SPDX-License-Identifier: Apache-2.0
 *
 * A program's store for the tests of sinks.
 *
 * Knows: tug/sink.h. Does not know: what any test is about.
 * Threads: any; a mutex guards all of it.
 */
#include "keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void note_fault(struct keeper *keeper, const char *fault)
{
    keeper->fault = keeper->fault != NULL ? keeper->fault : fault;
}

static struct kept *find(struct keeper *keeper, const char *digest, bool is_committed)
{
    for (size_t i = 0; i < KEEPER_MAX; i++) {
        struct kept *const kept = &keeper->kept[i];

        if (kept->is_committed == is_committed && strcmp(kept->digest, digest) == 0) {
            return kept;
        }
    }
    return NULL;
}

static void drop(struct kept *kept)
{
    free(kept->bytes);
    memset(kept, 0, sizeof *kept);
}

/* Whether a call is to be refused; if so, say why. */
static bool is_refused(const struct keeper *keeper, enum keeper_call call, const char *digest,
                       struct tug_error *err)
{
    const bool is = keeper->refused == call &&
                    (keeper->refused_digest == NULL || strcmp(keeper->refused_digest, digest) == 0);

    if (is) {
        (void)snprintf(err->message, sizeof err->message, "the shelf is full");
        err->code = TUG_ERR_CONTENT; /* neither counts */
        err->os_errno = 2;
    }
    return is;
}

static void lose(struct keeper *keeper, const char *digest, struct kept *kept)
{
    if (keeper->lost_after > 0 && keeper->lost_digest != NULL &&
        strcmp(keeper->lost_digest, digest) == 0 && ++keeper->asked == keeper->lost_after) {
        drop(kept);
    }
}

static enum tug_status have(void *context, const struct tug_digest *digest, bool *out_is_present,
                            uint64_t *out_size_bytes, struct tug_error *err)
{
    struct keeper *const keeper = context;
    enum tug_status status = TUG_OK;
    char text[TUG_DIGEST_TEXT_MAX];
    struct kept *kept;

    (void)tug_digest_format(digest, text);
    (void)pthread_mutex_lock(&keeper->lock);
    kept = find(keeper, text, true);
    if (kept != NULL) {
        lose(keeper, text, kept);
        kept = find(keeper, text, true);
    }
    if (is_refused(keeper, KEEPER_HAVE, text, err)) {
        status = keeper->refusal;
    } else if (kept != NULL) {
        *out_is_present = true;
        *out_size_bytes = kept->size_bytes;
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    return status;
}

static enum tug_status read_it(void *context, const struct tug_digest *digest, void *buffer,
                               size_t length, struct tug_error *err)
{
    struct keeper *const keeper = context;
    enum tug_status status = TUG_OK;
    char text[TUG_DIGEST_TEXT_MAX];
    const struct kept *kept;

    (void)tug_digest_format(digest, text);
    (void)pthread_mutex_lock(&keeper->lock);
    keeper->reads++;
    kept = find(keeper, text, true);
    if (is_refused(keeper, KEEPER_READ, text, err)) {
        status = keeper->refusal;
    } else if (kept == NULL || kept->size_bytes != length) {
        status = TUG_ERR_NOT_FOUND;
    } else {
        memcpy(buffer, kept->bytes, length);
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    return status;
}

/* Take a free place. Errors: NULL. */
static struct kept *take(struct keeper *keeper, const char *digest,
                         const struct tug_sink_blob *blob)
{
    struct kept *const kept = find(keeper, "", false);

    if (kept == NULL) {
        return NULL;
    }
    kept->bytes = malloc((size_t)blob->size_bytes + 1);
    kept->size_bytes = blob->size_bytes;
    (void)snprintf(kept->digest, sizeof kept->digest, "%s", digest);
    (void)snprintf(kept->media_type, sizeof kept->media_type, "%s", blob->media_type);
    if (keeper->sink.write == NULL &&
        pread(blob->fd, kept->bytes, (size_t)blob->size_bytes, 0) == (ssize_t)blob->size_bytes) {
        kept->length = blob->size_bytes;
    }
    return kept;
}

static enum tug_status begin(void *context, const struct tug_sink_blob *blob, void **out_handle,
                             struct tug_error *err)
{
    struct keeper *const keeper = context;
    enum tug_status status = TUG_OK;
    char text[TUG_DIGEST_TEXT_MAX];

    (void)tug_digest_format(&blob->digest, text);
    (void)pthread_mutex_lock(&keeper->lock);
    if (is_refused(keeper, KEEPER_BEGIN, text, err)) {
        status = keeper->refusal;
    } else {
        if (find(keeper, text, false) != NULL) {
            note_fault(keeper, "one content twice at once");
        }
        keeper->begun++;
        keeper->active++;
        keeper->most_active =
            keeper->active > keeper->most_active ? keeper->active : keeper->most_active;
        *out_handle = take(keeper, text, blob);
        status = *out_handle != NULL ? TUG_OK : TUG_ERR_NO_MEMORY;
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    return status;
}

/* The first write of a content may do something else besides. */
static void dawdle(struct keeper *keeper, const char *digest)
{
    const struct timespec pause = {.tv_sec = keeper->slow_ms / 1000,
                                   .tv_nsec = (long)(keeper->slow_ms % 1000) * 1000000};
    struct fake_registry *registry;

    if (keeper->slow_digest != NULL && strcmp(keeper->slow_digest, digest) == 0) {
        (void)nanosleep(&pause, NULL);
    }
    if (keeper->cancel.digest != NULL && strcmp(keeper->cancel.digest, digest) == 0) {
        registry = keeper->cancel.flow->registry;
        keeper->cancel.has_failed = !fake_record_wait_count(
            registry, "GET", keeper->cancel.endless_digest, 1, FLOW_WAIT_MS);
        if (keeper->cancel.flow->options.timeout_ms == 0) {
            tug_fetch_cancel(keeper->cancel.flow->fetch);
        }
        keeper->cancel.has_failed |= !fake_record_wait_idle(registry, FLOW_WAIT_MS);
    }
}

static enum tug_status write_it(void *context, void *handle, uint64_t offset, const void *bytes,
                                size_t length, struct tug_error *err)
{
    struct keeper *const keeper = context;
    struct kept *const kept = handle;
    enum tug_status status = TUG_OK;

    if (offset == 0) {
        dawdle(keeper, kept->digest);
    }
    (void)pthread_mutex_lock(&keeper->lock);
    keeper->writes++;
    if (offset != kept->length || length == 0 || length > 256 * 1024 ||
        length > kept->size_bytes - offset) {
        note_fault(keeper, "bytes out of order");
    } else if (is_refused(keeper, KEEPER_WRITE, kept->digest, err)) {
        status = keeper->refusal;
    } else {
        memcpy(kept->bytes + offset, bytes, length);
        kept->length += length;
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    return status;
}

static enum tug_status commit(void *context, void *handle, struct tug_error *err)
{
    struct keeper *const keeper = context;
    struct kept *const kept = handle;
    struct kept *older;
    enum tug_status status = TUG_OK;

    (void)pthread_mutex_lock(&keeper->lock);
    keeper->active--;
    if (kept->length != kept->size_bytes) {
        note_fault(keeper, "committed before its end");
    }
    if (is_refused(keeper, KEEPER_COMMIT, kept->digest, err)) {
        status = keeper->refusal;
        keeper->aborted++;
        drop(kept);
    } else {
        older = find(keeper, kept->digest, true);
        if (older != NULL) {
            drop(older);
        }
        kept->is_committed = true;
        keeper->committed++;
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    return status;
}

static void abort_it(void *context, void *handle, const struct tug_error *why)
{
    struct keeper *const keeper = context;

    (void)pthread_mutex_lock(&keeper->lock);
    keeper->active--;
    keeper->aborted++;
    keeper->why = why->code;
    if (why->message[0] == '\0') {
        note_fault(keeper, "an abort without a reason");
    }
    drop(handle);
    (void)pthread_mutex_unlock(&keeper->lock);
}

void keeper_init(struct keeper *keeper)
{
    memset(keeper, 0, sizeof *keeper);
    keeper->sink = (struct tug_sink){
        .size = sizeof keeper->sink,
        .have = have,
        .read = read_it,
        .begin = begin,
        .write = write_it,
        .commit = commit,
        .abort = abort_it,
        .context = keeper,
    };
    keeper->refusal = TUG_ERR_STORE;
    cr_assert_eq(pthread_mutex_init(&keeper->lock, NULL), 0);
}

void keeper_fini(struct keeper *keeper)
{
    char found[FAKE_DIGEST_SIZE];

    cr_assert_null(keeper->fault, "%s", keeper->fault);
    cr_assert_eq(keeper->active, 0);
    for (size_t i = 0; i < KEEPER_MAX; i++) {
        struct kept *const kept = &keeper->kept[i];

        if (kept->is_committed) {
            fake_digest(NULL, kept->bytes, (size_t)kept->size_bytes, found);
            cr_assert_str_eq(found, kept->digest);
        }
        drop(kept);
    }
    (void)pthread_mutex_destroy(&keeper->lock);
}

struct kept *keeper_find(struct keeper *keeper, const char *digest)
{
    return find(keeper, digest, true);
}

size_t keeper_count(struct keeper *keeper)
{
    size_t count = 0;

    for (size_t i = 0; i < KEEPER_MAX; i++) {
        count += keeper->kept[i].is_committed;
    }
    return count;
}

void keeper_mark(struct keeper *keeper)
{
    keeper->begun = 0;
    keeper->committed = 0;
    keeper->aborted = 0;
    keeper->writes = 0;
    keeper->most_active = 0;
    keeper->asked = 0;
    keeper->reads = 0;
    keeper->why = TUG_OK;
}
