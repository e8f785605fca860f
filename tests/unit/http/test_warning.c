/* SPDX-License-Identifier: Apache-2.0
 *
 * Warnings of registries are read strictly (T-43).
 */
#include <criterion/criterion.h>

#include "http/warning.h"

Test(warning, t43_only_the_form_of_the_specification)
{
    static const char *const bad[] = {"",           "299 - ",          "299 - \"",
                                      "299 - \"\"", "199 - \"text\"",  "299 a \"text\"",
                                      "299 - text", "299 - \"endless", "299 - \"endless\\"};
    char text[TUG__WARNING_MAX];
    char small[5];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_not(tug__warning_parse(bad[i], text, sizeof text), "%s", bad[i]);
    }
    cr_assert(tug__warning_parse("299 - \"a \\\"b\\\" c\" \"date\"", text, sizeof text));
    cr_assert_str_eq(text, "a \"b\" c");
    cr_assert(tug__warning_parse("299 - \"abcdefgh\"", small, sizeof small));
    cr_assert_str_eq(small, "abcd");
    cr_assert(tug__warning_parse("299 - \"at http://u:p@h/x?sig=abc now\"", text, sizeof text));
    cr_assert_str_eq(text, "at http://h/x?REDACTED now", "T-13");
}
