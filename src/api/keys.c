/* SPDX-License-Identifier: Apache-2.0
 *
 * What a key for signatures may be.
 *
 * Knows: keys by their interface. Does not know: signatures, images.
 * Threads: any.
 */
#include <tug/fetch.h>

#include "trust/key.h"

enum tug_status tug_verify_key_check(const char *path, struct tug_error *err)
{
    struct tug__key *key = NULL;
    const enum tug_status status = tug__key_load(path, &key, err);

    tug__key_destroy(key);
    return status;
}
