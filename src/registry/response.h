/* SPDX-License-Identifier: Apache-2.0
 *
 * What an answer other than the expected one means.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_REGISTRY_RESPONSE_H
#define TUG_REGISTRY_RESPONSE_H

#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

#include "http/http.h"
#include "http/secrets.h"

/* Rate limits reported by an answer. Borrowed foreign text; NULL: not reported. */
struct tug__response_limits {
    const char *limit;     /* Docker Hub's ratelimit-limit, "100;w=21600" */
    const char *remaining; /* ratelimit-remaining */
    const char *source; /* docker-ratelimit-source: the address or account they are counted for */
    uint64_t retry_after_ms;
    struct tug__secrets *secrets; /* cut from the registry's message; NULL: none are known */
};

/* Fill err for a bad HTTP status, with the registry's own message if the body has one
 * (distribution-spec "Error Codes").
 * body: length bytes of the answer's body, at most TUG__ERROR_BODY_MAX; need not be JSON.
 * limits: shown for a 429; NULL: none, and no secrets are known.
 * Returns: TUG_ERR_NOT_FOUND (404, 410), TUG_ERR_AUTH (401, 403), TUG_ERR_RATE_LIMITED (429),
 * TUG_ERR_NETWORK (all others); err->http_status is set. */
enum tug_status tug__response_fail(int http_status, const char *body, size_t length,
                                   const struct tug__response_limits *limits,
                                   struct tug_error *err);

#endif
