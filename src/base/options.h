/* SPDX-License-Identifier: Apache-2.0
 *
 * Structs of the public API that a program owns, and whose first member is their size: options,
 * which it fills, and results, which the library fills. Threads: any; nothing is shared.
 */
#ifndef TUG_BASE_OPTIONS_H
#define TUG_BASE_OPTIONS_H

#include <stddef.h>

#include <tug/error.h>

/* Most bytes a program's struct may have: a larger size is an uninitialised member. */
#define TUG__OPTIONS_BYTES_MAX 4096

/* Copy options as the program knows them to a struct as the library knows it. Members that an older
 * program does not know become zero, their default. A newer program's struct is longer; the members
 * that the library does not know must be zero, because no option is silently ignored.
 * own: own_size bytes; its size member becomes own_size. Untouched on failure.
 * options: begins with a size_t, the bytes it has; borrowed. name: the struct's, for messages.
 * Returns: TUG_OK. Errors: TUG_ERR_INVALID_ARGUMENT (the size is not set, or no size),
 * TUG_ERR_UNSUPPORTED (an option is set that the library does not know). */
enum tug_status tug__options_copy(void *own, size_t own_size, const void *options, const char *name,
                                  struct tug_error *err);

/* Check the size of a result before work for it is done.
 * result: begins with a size_t, the bytes it has; borrowed; NULL: not wanted. name: the struct's.
 * Returns: TUG_OK. Errors: TUG_ERR_INVALID_ARGUMENT (the size is not set, or no size). */
enum tug_status tug__result_check(const void *result, const char *name, struct tug_error *err);

/* Copy a result as the library knows it to a struct as the program knows it: an older program gets
 * the members it knows, and what only a newer one knows becomes zero.
 * result: as for tug__result_check, which has accepted it; its size stays. own: own_size bytes. */
void tug__result_copy(void *result, const void *own, size_t own_size);

#endif
