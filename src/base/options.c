/* SPDX-License-Identifier: Apache-2.0
 *
 * Copy options structs between programs and libraries of different age.
 *
 * Knows: that the first member is the size. Does not know: JSON, HTTP, the store.
 * Threads: any.
 */
#include "base/options.h"

#include <string.h>

#include "base/error.h"

enum tug_status tug__options_copy(void *own, size_t own_size, const void *options, const char *name,
                                  struct tug_error *err)
{
    const unsigned char *const bytes = options;
    size_t size;

    memcpy(&size, bytes, sizeof size);
    if (size == 0) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "%s.size is not set: initialise the struct with its _INIT macro", name);
    }
    if (size < sizeof size || size > TUG__OPTIONS_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "%s.size is %zu: initialise the struct with its _INIT macro", name, size);
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
