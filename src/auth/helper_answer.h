/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer and exit of a credential helper, as a credential or an error.
 * Does not know: HTTP, tokens, registries.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_AUTH_HELPER_ANSWER_H
#define TUG_AUTH_HELPER_ANSWER_H

#include <stdbool.h>

#include <tug/error.h>

#include "auth/credential.h"
#include "base/buf.h"

/* How a helper ended. */
struct tug__helper_end {
    bool is_known; /* false: it was reaped elsewhere in the program; its output alone decides */
    int status;    /* as from waitpid */
};

/* Evaluate a helper that has ended.
 * program: its name. output: all it printed; changed.
 * out_credential: owned; TUG__CREDENTIAL_NONE when the helper says that it has none. Untouched on
 * failure. Errors: TUG_ERR_AUTH, TUG_ERR_NO_MEMORY. A message holds nothing that may be an
 * answer. */
enum tug_status tug__helper_judge(const char *program, const struct tug__helper_end *end,
                                  struct tug__buf *output, struct tug__credential *out_credential,
                                  struct tug_error *err);

/* Add the first line that a helper wrote to its standard error to how it failed, unless it may be
 * an answer.
 * complaint: changed. Returns: TUG_ERR_AUTH. */
enum tug_status tug__helper_add_complaint(char *complaint, struct tug_error *err);

#endif
