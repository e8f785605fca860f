/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug__version_parse, tug__version_compare and tug__version_range_parse: the order of three
 * versions is one, and a version is in the range that it names.
 * Input: up to three versions and a range, a line each.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ref/version.h"

/* Past the longest range. */
#define INPUT_MAX 1600
#define VERSIONS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void check_order(const struct tug__version *versions)
{
    const int first = tug__version_compare(&versions[0], &versions[1]);
    const int second = tug__version_compare(&versions[1], &versions[2]);

    for (size_t i = 0; i < VERSIONS; i++) {
        require(tug__version_compare(&versions[i], &versions[i]) == 0);
    }
    require(sign(tug__version_compare(&versions[1], &versions[0])) == -sign(first));
    if (first <= 0 && second <= 0) {
        require(tug__version_compare(&versions[0], &versions[2]) <= 0);
    }
}

/* A version is in the range of its own text, and not in the range without it. */
static void check_range(const char *text, const struct tug__version *version)
{
    struct tug__version_range range;
    char negated[INPUT_MAX + 4] = "!=";

    if (tug__version_range_parse(text, &range, NULL) == TUG_OK) {
        require(tug__version_in_range(version, &range));
        (void)strcpy(negated + 2, text);
        require(tug__version_range_parse(negated, &range, NULL) == TUG_OK);
        require(!tug__version_in_range(version, &range));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tug__version versions[VERSIONS];
    struct tug__version_range range;
    struct tug_error err = {0};
    char text[INPUT_MAX + 1];
    char *rest = text;
    size_t count = 0;
    char *line;

    if (size > INPUT_MAX) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    while (count < VERSIONS && (line = strsep(&rest, "\n")) != NULL &&
           tug__version_parse(line, strlen(line), &versions[count])) {
        check_range(line, &versions[count++]);
    }
    if (count == VERSIONS) {
        check_order(versions);
    }
    if (rest != NULL && tug__version_range_parse(rest, &range, &err) == TUG_OK) {
        require(range.count > 0 && range.count <= TUG__RANGE_TERMS_MAX);
        for (size_t i = 0; i < count; i++) {
            (void)tug__version_in_range(&versions[i], &range);
        }
    } else if (rest != NULL) {
        require(err.code == TUG_ERR_INVALID_ARGUMENT && err.message[0] != '\0');
    }
    return 0;
}
