/* SPDX-License-Identifier: Apache-2.0
 *
 * Options structs of the public API, which a program fills and whose first member is their size.
 * Threads: any; nothing is shared.
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

#endif
