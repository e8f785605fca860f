/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug__toml_parse: the tree that comes out is whole and within the limits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "toml/toml.h"

/* Longer texts only slow the search down. */
#define INPUT_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static size_t check(const struct tug__toml_value *value, size_t depth)
{
    size_t members = 0;
    size_t values = 1;

    require(value->type != TUG__TOML_NONE && value->line >= 1 && depth <= TUG__TOML_DEPTH_MAX);
    require((value->type == TUG__TOML_STRING) == (value->text != NULL));
    require(value->text == NULL || tug__is_utf8(value->text, strlen(value->text)));
    for (const struct tug__toml_value *member = value->head; member != NULL;
         member = member->next) {
        require((value->type == TUG__TOML_TABLE) == (member->key != NULL));
        require(member->key == NULL || tug__toml_get(value, member->key) == member);
        values += check(member, depth + 1);
        members++;
    }
    require(members == value->count);
    return values;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tug__toml *toml = NULL;
    struct tug_error err = {0};

    if (size > INPUT_MAX) {
        return 0;
    }
    if (tug__toml_parse((const char *)data, size, "f", &toml, &err) == TUG_OK) {
        require(check(tug__toml_root(toml), 0) <= TUG__TOML_VALUES_MAX + 1);
        tug__toml_destroy(toml);
    } else {
        require(err.code == TUG_ERR_CONFIG && strncmp(err.message, "f:", 2) == 0 && toml == NULL);
    }
    return 0;
}
