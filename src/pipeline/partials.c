/* SPDX-License-Identifier: Apache-2.0
 *
 * Partial downloads that earlier runs left behind: the ones that are of no use any more are
 * dropped, and old ones that nobody resumes are reported.
 *
 * Knows: partial downloads as the store lists them. Does not know: requests.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "oci/digest.h"

/* A partial download without a write for so long is reported. */
#define OLD_S ((int64_t)7 * 24 * 3600)

#define KIB ((uint64_t)1024)

void tug__partials_find(struct tug__resolver *resolver)
{
    struct tug__partials *const partials = &resolver->partials;

    if (!resolver->settings->options.dry_run && !resolver->ending.is_stopping) {
        /* on failure none is known: nothing is dropped or reported */
        (void)tug__store_partials(resolver->settings->store, &partials->items, &partials->count,
                                  NULL);
    }
}

static int compare(const void *a, const void *b)
{
    const struct tug_digest *const digest = a;
    const struct tug__partial *const partial = b;

    return tug__digest_compare(digest, &partial->digest);
}

void tug__partials_drop(struct tug__resolver *resolver, const struct tug_digest *digest)
{
    const struct tug__partials *const partials = &resolver->partials;
    const struct tug__partial *const found =
        partials->count > 0
            ? bsearch(digest, partials->items, partials->count, sizeof *partials->items, compare)
            : NULL;

    if (found != NULL) {
        /* one that a process holds stays; what cannot be removed harms nobody */
        (void)tug__store_remove_partial(resolver->settings->store, digest, NULL);
    }
}

/* Count the partial downloads that are old and that no process holds. */
static size_t count_old(struct tug_store *store, const struct tug__partial *items, size_t count,
                        uint64_t *out_bytes)
{
    const int64_t now_s = (int64_t)time(NULL);
    char holder[TUG__HOLDER_TEXT_MAX];
    size_t old = 0;
    int64_t pid;

    *out_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (now_s - items[i].modified_s >= OLD_S &&
            !tug__store_find_holder(store, &items[i].digest, &pid, holder)) {
            *out_bytes += items[i].disk_bytes;
            old++;
        }
    }
    return old;
}

void tug__partials_report(struct tug__resolver *resolver)
{
    struct tug_store *const store = resolver->settings->store;
    struct tug__partial *items = NULL;
    size_t count = 0;
    uint64_t bytes;
    size_t old;
    char text[160];

    if (resolver->partials.count == 0 ||
        tug__store_partials(store, &items, &count, NULL) != TUG_OK) {
        return;
    }
    old = count_old(store, items, count, &bytes);
    free(items);
    if (old > 0) {
        (void)snprintf(
            text, sizeof text,
            "%zu partial download%s of %" PRIu64 " %s not resumed for 7 days: 'tug prune "
            "--partials' deletes %s",
            old, old == 1 ? "" : "s", bytes >= KIB * KIB ? bytes / KIB / KIB : bytes / KIB,
            bytes >= KIB * KIB ? "MiB" : "KiB", old == 1 ? "it" : "them");
        tug__emit_notice(resolver, text);
    }
}

void tug__partials_fini(struct tug__resolver *resolver)
{
    free(resolver->partials.items);
    resolver->partials = (struct tug__partials){0};
}
