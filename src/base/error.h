/* SPDX-License-Identifier: Apache-2.0
 *
 * Build and extend tug_error values.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_BASE_ERROR_H
#define TUG_BASE_ERROR_H

#include <tug/error.h>

/* Check calls like printf's; first_arg is 0 where the arguments are a va_list. */
#define TUG__PRINTF(format_index, first_arg)                                                       \
    __attribute__((__format__(__printf__, format_index, first_arg)))

/* Fill err (NULL: do nothing) with a code and a formatted message and return the code, so that
 * `return tug__fail(err, …)` is one line. The formatted text is escaped as a whole with
 * tug_text_escape: arguments may be raw server text. os_errno and http_status become 0. */
enum tug_status tug__fail(struct tug_error *err, enum tug_status code, const char *format, ...)
    TUG__PRINTF(3, 4);

/* The same with a system call's errno: stored in os_errno, and ": strerror" appended. */
enum tug_status tug__fail_errno(struct tug_error *err, enum tug_status code, int os_errno,
                                const char *format, ...) TUG__PRINTF(4, 5);

/* Put "context: " before the message of a filled error and return its code. The context is escaped.
 * err may be NULL; code, from the failing call, is returned then. */
enum tug_status tug__wrap(struct tug_error *err, enum tug_status code, const char *format, ...)
    TUG__PRINTF(3, 4);

/* Put "; advice" after the message of a filled error and return its code: what to do about it. The
 * advice is escaped. When there is no room for both, the end of the message is cut, not the advice.
 * err may be NULL, as in tug__wrap. */
enum tug_status tug__advise(struct tug_error *err, enum tug_status code, const char *format, ...)
    TUG__PRINTF(3, 4);

/* Fill err for a failed allocation. */
enum tug_status tug__fail_memory(struct tug_error *err);

#endif
