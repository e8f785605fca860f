/* SPDX-License-Identifier: Apache-2.0
 *
 * What a credential helper said and how it ended, as a credential or an error.
 * Does not know: processes.
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
    bool is_known; /* false: someone else collected the child; its output alone decides */
    int status;    /* as from waitpid */
};

/* Judge a helper that has ended.
 * program: its name. output: all it printed; changed.
 * out_credential: owned; TUG__CREDENTIAL_NONE when the helper says that it has none. Untouched on
 * failure. Errors: TUG_ERR_AUTH, TUG_ERR_NO_MEMORY. A message holds nothing that may be an answer.
 */
enum tug_status tug__helper_judge(const char *program, const struct tug__helper_end *end,
                                  struct tug__buf *output, struct tug__credential *out_credential,
                                  struct tug_error *err);

/* Add the first line that a helper wrote to its standard error to how it failed, unless it may be
 * an answer.
 * complaint: changed. Returns: TUG_ERR_AUTH. */
enum tug_status tug__helper_add_complaint(char *complaint, struct tug_error *err);

#endif
