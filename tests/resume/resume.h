/* SPDX-License-Identifier: Apache-2.0
 *
 * What the programs of this folder share: requirements, random numbers, and looking at a store.
 * Errors: a line on stderr and the end of the program. Threads: main.
 */
#ifndef RESUME_H
#define RESUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Say what is wrong, printf-like, and end the program with status 1. */
_Noreturn void resume_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The next random number below limit (splitmix64). */
uint64_t resume_random(uint64_t *state, uint64_t limit);

/* Hash every file below STORE/blobs/sha256 and fail if one is not what its name says.
 * when: for the message. Returns: how many there are. */
size_t resume_check_blobs(const char *store, const char *when);

/* Check that index.json of a store, if it exists, is JSON whose entries name blobs that are there,
 * and follow those: manifests, configs, layers. Returns: the number of entries. */
size_t resume_check_index(const char *store, const char *when);

/* Tell whether an entry of index.json has this name. */
bool resume_is_named(const char *store, const char *name);

/* Number of files below STORE/ingest/sha256 whose names end so; "" for all. */
size_t resume_count_partials(const char *store, const char *ending);

#endif
