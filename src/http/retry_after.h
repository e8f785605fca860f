/* SPDX-License-Identifier: Apache-2.0
 *
 * The Retry-After header as registries send it in practice.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_HTTP_RETRY_AFTER_H
#define TUG_HTTP_RETRY_AFTER_H

#include <stdint.h>

/* Longest wait that is believed; callers have a shorter limit of their own. */
#define TUG__RETRY_AFTER_MAX_MS ((uint64_t)24 * 60 * 60 * 1000)

/* Read a Retry-After value: seconds ("120"), fractions of them ("1.5"), an HTTP date in any of its
 * three forms, or a duration as Go prints it ("880.092µs", "1m30s").
 * text: NUL-terminated foreign text. now_s: Unix time.
 * Returns: milliseconds, at least 1 and at most TUG__RETRY_AFTER_MAX_MS; 0 for anything else, also
 * for negative numbers and dates in the past: the usual backoff applies then. */
uint64_t tug__retry_after_parse(const char *text, int64_t now_s);

#endif
