/* SPDX-License-Identifier: Apache-2.0
 *
 * Member names that other parsers take for ones we know.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "base/json.h"

Test(base_json_names, f10_what_go_takes_for_a_known_name)
{
    static const struct {
        const char *name;
        const char *known;
        bool is_alias;
    } cases[] = {
        {"Layers", "layers", true},
        {"LAYERS", "layers", true},
        {"mediatype", "mediaType", true},
        {"layer\xC5\xBF", "layers", true}, /* U+017F */
        {"\xE2\x84\xAA"
         "ey",
         "key", true},               /* U+212A */
        {"layers", "layers", false}, /* the name itself */
        {"layer", "layers", false},
        {"layerss", "layers", false},
        {"", "layers", false},
        {"", "", false},
        {"l\xC3\xA4yers", "layers", false},
        {"layer\xC5", "layers", false}, /* half a character */
        {"\xE2\x84", "k", false},
        {"a_b",
         "a\x7F"
         "b",
         false},
        {"[", "{", false}, /* as far apart as two cases, and no letters */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(tug__json_is_alias(cases[i].name, strlen(cases[i].name), cases[i].known),
                     cases[i].is_alias, "case %zu: '%s'", i, cases[i].name);
    }
    cr_assert(tug__json_is_alias("Layers, and more", 6, "layers"),
              "the length counts, not the NUL");
}

static enum tug_status check(const char *text, struct tug_error *err)
{
    static const char *const names[] = {"config", "layers", NULL};
    const struct tug__json_limits limits = {1024, 8, 64};
    struct tug__json *json = NULL;
    enum tug_status status;

    cr_assert_eq(tug__json_parse(text, strlen(text), &limits, &json, err), TUG_OK, "%s", text);
    status = tug__json_check_names(tug__json_root(json), names, err);
    tug__json_destroy(json);
    return status;
}

Test(base_json_names, f10_an_alias_is_refused_by_its_name)
{
    struct tug_error err = {0};

    cr_assert_eq(check("{}", &err), TUG_OK);
    cr_assert_eq(check("{\"config\":1,\"layers\":2,\"Other\":3,\"other\":4}", &err), TUG_OK);
    cr_assert_eq(check("{\"in\":{\"Layers\":1}}", &err), TUG_OK, "of this object only");
    cr_assert_eq(check("{\"layers\":1,\"Layers\":2}", &err), TUG_ERR_CONTENT);
    cr_assert_not_null(strstr(err.message, "'Layers' differs from 'layers'"), "%s", err.message);
    cr_assert_eq(check("{\"CONFIG\":1}", &err), TUG_ERR_CONTENT);
    cr_assert_not_null(strstr(err.message, "'CONFIG' differs from 'config'"), "%s", err.message);
}
