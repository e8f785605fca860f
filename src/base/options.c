/* SPDX-License-Identifier: Apache-2.0
 *
 * Copy options and results between programs and libraries of different age.
 *
 * Knows: that the first member is the size. Does not know: JSON, HTTP, the store.
 * Threads: any.
 */
#include "base/options.h"

#include <string.h>

#include "base/error.h"

/* The size that a program's struct begins with. */
static size_t size_of(const void *sized)
{
    size_t size;

    memcpy(&size, sized, sizeof size);
    return size;
}

static enum tug_status check_size(size_t size, const char *name, struct tug_error *err)
{
    if (size == 0) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "%s.size is not set: initialise the struct with its _INIT macro", name);
    }
    if (size < sizeof size || size > TUG__OPTIONS_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "%s.size is %zu: initialise the struct with its _INIT macro", name, size);
    }
    return TUG_OK;
}

enum tug_status tug__options_copy(void *own, size_t own_size, const void *options, const char *name,
                                  struct tug_error *err)
{
    const unsigned char *const bytes = options;
    const size_t size = size_of(options);
    const enum tug_status status = check_size(size, name, err);

    if (status != TUG_OK) {
        return status;
    }
    for (size_t i = own_size; i < size; i++) {
        if (bytes[i] != 0) {
            return tug__fail(err, TUG_ERR_UNSUPPORTED,
                             "%s has an option set that this libtug does not know: the program was "
                             "built for a newer one",
                             name);
        }
    }
    memset(own, 0, own_size);
    memcpy(own, options, size < own_size ? size : own_size);
    memcpy(own, &own_size, sizeof own_size);
    return TUG_OK;
}

enum tug_status tug__result_check(const void *result, const char *name, struct tug_error *err)
{
    return result != NULL ? check_size(size_of(result), name, err) : TUG_OK;
}

void tug__result_copy(void *result, const void *own, size_t own_size)
{
    const size_t size = result != NULL ? size_of(result) : 0;

    if (size > 0) {
        memset(result, 0, size);
        memcpy(result, own, size < own_size ? size : own_size);
        memcpy(result, &size, sizeof size);
    }
}
