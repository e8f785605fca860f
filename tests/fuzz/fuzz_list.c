/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug_list_each: every entry has what its form promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tug/oci.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum tug_status check_entry(void *context, const struct tug_list_entry *entry,
                                   struct tug_error *err)
{
    char platform[TUG_PLATFORM_TEXT_MAX];
    size_t *const length = context;

    (void)err;
    if (entry->line == NULL && entry->name == NULL && entry->digest.algorithm == TUG_DIGEST_NONE) {
        abort();
    }
    *length += entry->line != NULL ? strlen(entry->line) : 0;
    *length += entry->name != NULL ? strlen(entry->name) : 0;
    *length += strlen(tug_platform_format(&entry->platform, platform));
    return TUG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const copy = malloc(size); /* not NUL-terminated, so that reading on shows */
    struct tug_error err = {0};
    size_t length = 0;

    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data, size);
    if (tug_list_each(copy, size, check_entry, &length, &err) != TUG_OK && err.message[0] == '\0') {
        abort();
    }
    free(copy);
    return 0;
}
