/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose failure is shown when several endpoints failed.
 */
#include "registry/ranking.h"

#include <stddef.h>

#include <criterion/criterion.h>

/* Mirrors in upper case, the registry itself in lower case: n 404, d denied, c wrong content, r
 * rate limited, u unreachable, p pausing. */
static struct tug__failure make(char kind)
{
    static const struct {
        char kind;
        enum tug_status code;
    } codes[] = {{'n', TUG_ERR_NOT_FOUND},    {'d', TUG_ERR_AUTH},    {'c', TUG_ERR_CONTENT},
                 {'r', TUG_ERR_RATE_LIMITED}, {'u', TUG_ERR_NETWORK}, {'p', TUG_ERR_RATE_LIMITED}};
    const bool is_upstream = kind >= 'a';
    const char lower = (char)(is_upstream ? kind : kind - 'A' + 'a');
    struct tug__failure failure = {.is_upstream = is_upstream, .was_asked = lower != 'p'};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        failure.error.code = codes[i].kind == lower ? codes[i].code : failure.error.code;
    }
    return failure;
}

Test(registry_ranking, f22_the_first_that_is_no_404_is_shown)
{
    static const struct {
        const char *failures; /* in the order of asking */
        size_t shown;
    } cases[] = {
        {"n", 0},   {"Nn", 0},  {"NNn", 0}, {"Un", 0}, {"Nu", 1},  {"NUn", 1}, {"Dn", 0},
        {"UDn", 0}, {"DUn", 0}, {"Ud", 0},  {"dU", 0}, {"Cn", 0},  {"nU", 1},  {"UCd", 0},
        {"Pn", 0},  {"Np", 1},  {"Pd", 1},  {"Dp", 0}, {"PUn", 1}, {"Pp", 0},  {"Du", 1},
        {"Cr", 1},  {"Ru", 1},  {"Uu", 0},  {"Ur", 0}, {"Dd", 0},  {"uR", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tug__failure kept = {0};
        size_t shown = 99;

        for (size_t k = 0; cases[i].failures[k] != '\0'; k++) {
            const struct tug__failure failure = make(cases[i].failures[k]);

            if (tug__failure_outranks(&failure, &kept)) {
                kept = failure;
                shown = k;
            }
        }
        cr_assert_eq(shown, cases[i].shown, "%s: %zu", cases[i].failures, shown);
    }
}
