/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug_platform_parse and tug__platform_rank: a platform prints as text that parses to itself,
 * runs on itself, and ranks stay in range.
 * Input: a specifier, or two with a newline between them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/platform.h"

/* Past the longest platform, twice. */
#define INPUT_MAX 1100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static int parse(const char *text, struct tug_platform *out_platform)
{
    struct tug_platform again;
    struct tug_error err = {0};
    char printed[TUG_PLATFORM_TEXT_MAX];

    if (tug_platform_parse(text, out_platform, &err) != TUG_OK) {
        require(err.code == TUG_ERR_INVALID_ARGUMENT && err.message[0] != '\0');
        return 0;
    }
    (void)tug_platform_format(out_platform, printed);
    require(tug_platform_parse(printed, &again, NULL) == TUG_OK);
    require(strcmp(again.os, out_platform->os) == 0);
    require(strcmp(again.architecture, out_platform->architecture) == 0);
    require(strcmp(again.variant, out_platform->variant) == 0);
    require(strcmp(again.os_version, out_platform->os_version) == 0);
    require(tug__platform_rank(out_platform, &again) == 0);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tug_platform wanted;
    struct tug_platform offered;
    char text[INPUT_MAX + 1];
    char *second;

    if (size > INPUT_MAX) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    second = strchr(text, '\n');
    if (second == NULL) {
        (void)parse(text, &wanted);
        return 0;
    }
    *second++ = '\0';
    if (parse(text, &wanted) && parse(second, &offered)) {
        const int rank = tug__platform_rank(&wanted, &offered);

        require(rank >= 0 && rank <= TUG__PLATFORM_NO_MATCH);
        // only what is equal runs exactly
        require(rank != 0 || strcmp(wanted.architecture, offered.architecture) == 0);
    }
    return 0;
}
