/* SPDX-License-Identifier: Apache-2.0
 *
 * Options and results of programs that are older or newer than the library.
 */
#include "base/options.h"

#include <stdint.h>
#include <string.h>

#include <criterion/criterion.h>

/* One struct in three versions. */
struct older {
    size_t size;
    uint64_t first;
};

struct own {
    size_t size;
    uint64_t first, second;
};

struct newer {
    size_t size;
    uint64_t first, second, third;
};

Test(options, older_program_gets_defaults)
{
    const struct {
        struct older options;
        uint64_t behind;
    } program = {{.size = sizeof program.options, .first = 1}, .behind = 7};
    struct own own = {.second = 9};

    cr_assert_eq(tug__options_copy(&own, sizeof own, &program.options, "x", NULL), TUG_OK);
    cr_assert_eq(own.size, sizeof own);
    cr_assert_eq(own.first, 1);
    cr_assert_eq(own.second, 0, "what is behind the program's struct is not read");
}

Test(options, same_age)
{
    const struct own program = {.size = sizeof program, .first = 1, .second = 2};
    struct own own;

    cr_assert_eq(tug__options_copy(&own, sizeof own, &program, "x", NULL), TUG_OK);
    cr_assert_eq(memcmp(&own, &program, sizeof own), 0);
}

Test(options, newer_program_may_leave_new_options_alone)
{
    const struct newer program = {.size = sizeof program, .first = 1, .second = 2};
    struct own own;

    cr_assert_eq(tug__options_copy(&own, sizeof own, &program, "x", NULL), TUG_OK);
    cr_assert_eq(own.size, sizeof own);
    cr_assert_eq(own.second, 2);
}

Test(options, newer_program_is_refused_what_is_unknown)
{
    const struct newer program = {.size = sizeof program, .third = UINT64_C(1) << 63};
    struct own own = {.first = 5};
    struct tug_error error = {0};

    cr_assert_eq(tug__options_copy(&own, sizeof own, &program, "x", &error), TUG_ERR_UNSUPPORTED);
    cr_assert_eq(own.first, 5, "untouched");
    cr_assert_str_eq(error.message, "x has an option set that this libtug does not know: the "
                                    "program was built for a newer one");
}

Test(options, size_must_be_one)
{
    static const size_t sizes[] = {1, sizeof(size_t) - 1, TUG__OPTIONS_BYTES_MAX + 1, SIZE_MAX};
    struct own program = {.first = 1};
    struct own own;
    struct tug_error error = {0};

    cr_assert_eq(tug__options_copy(&own, sizeof own, &program, "x", &error),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_str_eq(error.message,
                     "x.size is not set: initialise the struct with its _INIT macro");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        program.size = sizes[i];
        cr_assert_eq(tug__options_copy(&own, sizeof own, &program, "x", &error),
                     TUG_ERR_INVALID_ARGUMENT);
    }
}

/* What is behind an older program's struct is its own. */
Test(options, older_program_gets_the_results_it_knows)
{
    struct {
        struct older result;
        uint64_t behind;
    } program = {{.size = sizeof program.result}, .behind = 7};
    const struct own own = {.size = sizeof own, .first = 1, .second = 2};

    cr_assert_eq(tug__result_check(&program.result, "x", NULL), TUG_OK);
    tug__result_copy(&program.result, &own, sizeof own);
    cr_assert_eq(program.result.size, sizeof program.result);
    cr_assert_eq(program.result.first, 1);
    cr_assert_eq(program.behind, 7, "more was written than the program knows");
}

Test(options, newer_program_gets_zero_for_unknown_results)
{
    struct newer program = {.size = sizeof program, .third = 9};
    const struct own own = {.size = sizeof own, .first = 1, .second = 2};

    tug__result_copy(&program, &own, sizeof own);
    cr_assert_eq(program.size, sizeof program);
    cr_assert_eq(program.second, 2);
    cr_assert_eq(program.third, 0);
}

Test(options, result_without_size)
{
    const struct own unset = {0};
    struct tug_error error = {0};

    cr_assert_eq(tug__result_check(NULL, "x", &error), TUG_OK, "not wanted");
    cr_assert_eq(tug__result_check(&unset, "x", &error), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_str_eq(error.message,
                     "x.size is not set: initialise the struct with its _INIT macro");
    tug__result_copy(NULL, &unset, sizeof unset);
}
