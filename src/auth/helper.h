/* SPDX-License-Identifier: Apache-2.0
 *
 * Ask a credential helper (docker-credential-NAME) for one credential.
 * Does not know: HTTP, tokens, registries.
 * Threads: any, at the same time too; the host program's other children and its signal
 * dispositions are left alone. Blocks: until the helper ends, timeout_ms at most.
 */
#ifndef TUG_AUTH_HELPER_H
#define TUG_AUTH_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

#include "auth/credential.h"

/* Most bytes a helper may print. */
#define TUG__HELPER_OUTPUT_MAX ((size_t)64 * 1024)
/* A helper that takes longer is probably waiting for its user. */
#define TUG__HELPER_SLOW_MS 2000
/* Longest name, NUL included. */
#define TUG__HELPER_NAME_MAX 128

/* Everything is borrowed for the call. */
struct tug__helper_request {
    const char *name;   /* of the program after "docker-credential-"; from a file: checked here */
    const char *server; /* written to its standard input, at most 4 KiB */
    uint64_t timeout_ms;
    bool (*should_stop)(void *context); /* checked at least every 100 ms; NULL: not checked */
    void *stop_context;
    /* Called once when the helper has taken TUG__HELPER_SLOW_MS. program: its name. NULL: not
     * reported. */
    void (*on_slow)(void *context, const char *program);
    void *slow_context;
};

/* Run `docker-credential-NAME get`, found by PATH, without a shell, in its own process group, with
 * its standard descriptors only.
 * out_credential: owned; TUG__CREDENTIAL_NONE when the helper says that it has none. Its source is
 * the program's name. Untouched on failure.
 * Errors: TUG_ERR_AUTH (it cannot be run, bad name, it failed, it was killed for its time or
 * output, its answer is not a credential; the message names the program and quotes its own error
 * and the first line of its standard error, escaped), TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY. When
 * the call gives up, the program and its process group are killed and reaped first. */
enum tug_status tug__helper_get(const struct tug__helper_request *request,
                                struct tug__credential *out_credential, struct tug_error *err);

#endif
