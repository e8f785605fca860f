/* SPDX-License-Identifier: Apache-2.0
 *
 * The top of a JSON document is an object.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "base/json.h"

Test(base_json_top, is_an_object)
{
    static const char *const others[] = {"[]", " [{}]", "\"a\"", "7", "true", "null", "", " "};
    const struct tug__json_limits limits = {1024, 8, 64};
    struct tug__json *json = NULL;
    struct tug_error err = {0};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cr_assert_eq(tug__json_parse(others[i], strlen(others[i]), &limits, &json, &err),
                     TUG_ERR_CONTENT, "'%s'", others[i]);
        cr_assert_null(json);
    }
    cr_assert_eq(tug__json_parse(" {} ", 4, &limits, &json, &err), TUG_OK, "%s", err.message);
    cr_assert(tug__json_is_object(tug__json_root(json)));
    tug__json_destroy(json);
}
