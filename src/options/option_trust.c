/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose signatures the command line trusts.
 *
 * Knows: settings. Does not know: keys, signatures.
 * Threads: main, before any other is started.
 */
#include "option_trust.h"

#include <stdio.h>
#include <stdlib.h>

enum tug_status option_apply_verify_key(struct settings *settings, const char *value,
                                        struct tug_error *err)
{
    struct trust_settings *const trust = &settings->trust;
    const char **const grown =
        *value != '\0' ? reallocarray(trust->keys, trust->key_count + 1, sizeof *grown) : NULL;

    if (grown == NULL) {
        err->code = *value != '\0' ? TUG_ERR_NO_MEMORY : TUG_ERR_INVALID_ARGUMENT;
        (void)snprintf(err->message, sizeof err->message, "%s",
                       *value != '\0' ? "out of memory" : "must not be empty");
        return err->code;
    }
    grown[trust->key_count++] = value;
    trust->keys = grown;
    return TUG_OK;
}
