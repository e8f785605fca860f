/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug_ref_parse: what it accepts must have parts that fit into an URL and a full name that
 * stands for itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ref/ref.h"

/* Twice the longest reference. */
#define INPUT_MAX 1100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void check(const struct tug_ref *ref)
{
    struct tug_ref *again = NULL;

    require(strlen(tug_ref_host(ref)) + 1 + strlen(tug_ref_repository(ref)) <= TUG__REF_NAME_MAX);
    require(strcspn(tug_ref_name(ref), " \t\r\n\"'\\?#%") == strlen(tug_ref_name(ref)));
    require(strpbrk(tug_ref_host(ref), "/@") == NULL);
    require(strpbrk(tug_ref_repository(ref), ":@ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL);
    require(strstr(tug_ref_repository(ref), "..") == NULL);
    require(tug_ref_tag(ref) != NULL || tug_ref_digest(ref) != NULL);
    require(tug_ref_tag(ref) == NULL || strpbrk(tug_ref_tag(ref), "/:@") == NULL);
    require(tug_ref_parse(tug_ref_name(ref), &again, NULL) == TUG_OK);
    require(strcmp(tug_ref_name(again), tug_ref_name(ref)) == 0);
    tug_ref_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tug_ref *ref = NULL;
    struct tug_error err = {0};
    char text[INPUT_MAX + 1];

    if (size > INPUT_MAX) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if (tug_ref_parse(text, &ref, &err) == TUG_OK) {
        check(ref);
    } else {
        require(err.code == TUG_ERR_INVALID_ARGUMENT && err.message[0] != '\0' && ref == NULL);
    }
    tug_ref_destroy(ref);
    return 0;
}
