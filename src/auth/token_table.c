/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of each token, and decisions from it.
 *
 * Knows: lifetimes, refusals. Does not know: HTTP, JSON, registries.
 * Threads: the caller holds the lock of the table.
 */
#include "auth/token_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

/* A shorter-lived token is used to the end of its life. */
#define RENEWED_EARLY_S 60
/* Parts of a key. */
#define KEY_PARTS 5

void tug__token_secret_free(struct tug__token_secret *secret)
{
    if (secret != NULL) {
        tug__wipe_free(secret->text);
        free(secret);
    }
}

struct tug__token_secret *tug__token_secret_unref(struct tug__token_secret *secret)
{
    return secret != NULL && --secret->refs == 0 ? secret : NULL;
}

void tug__token_entry_free(struct tug__token_entry *entry)
{
    if (entry != NULL) {
        tug__token_secret_free(entry->secret);
        free(entry->key);
        free(entry);
    }
}

char *tug__token_key_join(const struct tug__token_key *key, size_t *out_length)
{
    const char *const parts[KEY_PARTS] = {key->origin, key->realm, key->service, key->scope,
                                          key->account};
    size_t length = 0;
    char *joined;

    for (size_t i = 0; i < KEY_PARTS; i++) {
        length += (parts[i] != NULL ? strlen(parts[i]) : 0) + 1;
    }
    joined = malloc(length);
    *out_length = 0;
    for (size_t i = 0; joined != NULL && i < KEY_PARTS; i++) {
        const char *const part = parts[i] != NULL ? parts[i] : "";

        memcpy(joined + *out_length, part, strlen(part) + 1);
        *out_length += strlen(part) + 1;
    }
    return joined;
}

struct tug__token_entry *tug__token_table_find(const struct tug__token_table *table,
                                               const char *key, size_t length)
{
    struct tug__token_entry *entry = table->entries;

    while (entry != NULL && (entry->key_length != length || memcmp(entry->key, key, length) != 0)) {
        entry = entry->next;
    }
    return entry;
}

/* Unlink the least recently used entry. NULL: all are in use. */
static struct tug__token_entry *evict(struct tug__token_table *table)
{
    struct tug__token_entry **oldest = NULL;
    struct tug__token_entry *evicted = NULL;

    for (struct tug__token_entry **at = &table->entries; *at != NULL; at = &(*at)->next) {
        if ((*at)->users == 0 && (oldest == NULL || (*at)->last_use < (*oldest)->last_use)) {
            oldest = at;
        }
    }
    if (oldest != NULL) {
        evicted = *oldest;
        *oldest = evicted->next;
        table->count--;
    }
    return evicted;
}

struct tug__token_entry *tug__token_entry_make(const struct tug__token_key *key)
{
    struct tug__token_entry *const made = calloc(1, sizeof *made);

    if (made == NULL || (made->key = tug__token_key_join(key, &made->key_length)) == NULL) {
        tug__token_entry_free(made);
        return NULL;
    }
    return made;
}

struct tug__token_entry *tug__token_table_hold(struct tug__token_table *table,
                                               struct tug__token_entry *made,
                                               struct tug__token_entry **out_unused)
{
    struct tug__token_entry *entry = tug__token_table_find(table, made->key, made->key_length);

    *out_unused = made;
    if (entry == NULL) {
        *out_unused = table->count >= TUG__TOKEN_CACHE_MAX ? evict(table) : NULL;
        entry = made;
        entry->next = table->entries;
        table->entries = entry;
        table->count++;
    }
    entry->users++;
    entry->last_use = ++table->uses;
    return entry;
}

void tug__token_table_fini(struct tug__token_table *table)
{
    while (table->entries != NULL) {
        struct tug__token_entry *const entry = table->entries;

        table->entries = entry->next;
        tug__token_entry_free(entry);
    }
}

enum tug__token_step tug__token_choose(const struct tug__token_entry *entry, uint64_t waited_for,
                                       uint64_t now_ns)
{
    const bool is_usable = entry->secret != NULL && now_ns < entry->expires_ns;

    if (is_usable && (now_ns < entry->renew_ns || entry->is_fetching)) {
        return TUG__TOKEN_TAKE;
    }
    if (!is_usable && now_ns < entry->refused_until_ns) {
        return TUG__TOKEN_FAIL;
    }
    if (!is_usable && waited_for != 0 && entry->failed_flight >= waited_for) {
        return TUG__TOKEN_FAIL;
    }
    return entry->is_fetching ? TUG__TOKEN_WAIT : TUG__TOKEN_FETCH;
}

struct tug__token_secret *tug__token_install(struct tug__token_table *table,
                                             struct tug__token_entry *entry,
                                             struct tug__token_secret *secret, uint64_t started_ns,
                                             uint64_t lifetime_s)
{
    struct tug__token_secret *const old = tug__token_secret_unref(entry->secret);
    const uint64_t lifetime_ns = lifetime_s * TUG__NS_PER_S;

    entry->secret = secret;
    entry->generation = ++table->generation;
    entry->expires_ns = started_ns + lifetime_ns;
    entry->renew_ns =
        lifetime_s < RENEWED_EARLY_S ? entry->expires_ns : started_ns + lifetime_ns / 5 * 4;
    entry->is_renewal = entry->was_refused;
    entry->was_refused = false;
    entry->is_accepted = false;
    entry->refused_until_ns = 0;
    return old;
}

bool tug__token_note_failure(struct tug__token_entry *entry, const struct tug_error *error,
                             uint64_t now_ns)
{
    if (error->code != TUG_ERR_CANCELLED) {
        entry->failed_flight = entry->flight;
        entry->failure = *error;
        entry->renew_ns = entry->expires_ns; /* no repeated attempts */
    }
    if (error->code == TUG_ERR_AUTH) {
        entry->refused_until_ns = now_ns + TUG__TOKEN_REFUSED_MS * TUG__NS_PER_MS;
    }
    return error->code != TUG_ERR_CANCELLED && entry->secret != NULL && now_ns < entry->expires_ns;
}

bool tug__token_refuse(struct tug__token_entry *entry, uint64_t generation, uint64_t now_ns,
                       struct tug__token_secret **out_unused)
{
    if (entry->secret == NULL || entry->generation != generation) {
        /* another thread was faster: a newer token exists or is being fetched, or the refusal was
         * final */
        return entry->secret != NULL || now_ns >= entry->refused_until_ns;
    }
    *out_unused = tug__token_secret_unref(entry->secret);
    entry->secret = NULL;
    if (!entry->is_renewal || entry->is_accepted) {
        entry->was_refused = true;
        return true;
    }
    (void)tug__fail(&entry->failure, TUG_ERR_AUTH,
                    "the registry refuses a token just issued for it");
    entry->refused_until_ns = now_ns + TUG__TOKEN_REFUSED_MS * TUG__NS_PER_MS;
    return false;
}
