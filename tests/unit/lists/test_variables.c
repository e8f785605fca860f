/* SPDX-License-Identifier: Apache-2.0
 *
 * Defaults of docker compose's variables.
 */
#include "lists/variables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static void expect(const char *text, const char *expected)
{
    struct text out = {0};
    const char *variable;

    cr_assert(variables_replace(text, &out, &variable), "%s", text);
    cr_assert_null(variable);
    cr_assert_str_eq(out.data, expected);
    text_fini(&out);
}

static void expect_refused(const char *text, const char *at)
{
    struct text out = {0};
    const char *variable;

    cr_assert_not(variables_replace(text, &out, &variable), "%s", text);
    cr_assert_str_eq(variable, at);
    text_fini(&out);
}

Test(cli_variables, take_their_defaults)
{
    expect("", "");
    expect("nginx:1.27", "nginx:1.27");
    expect("app:${TAG:-1.4}", "app:1.4");
    expect("app:${TAG-1.4}", "app:1.4");
    expect("${HOST:-r.example}/${NAME:-app}:${TAG:-1}", "r.example/app:1");
    expect("${A:-}x", "x");
    expect("${A:-${B:-${C-deep}}}x", "deepx");
    expect("${A:-a$$b}", "a$b");
    expect("$$x${A:-}$$", "$x$");
}

Test(cli_variables, without_a_default_are_refused)
{
    expect_refused("app:${TAG}", "${TAG}");
    expect_refused("app:$TAG", "$TAG");
    expect_refused("a${A:-1}:${TAG:?must be set}", "${TAG:?must be set}");
    expect_refused("${TAG:+x}", "${TAG:+x}");
    expect_refused("${TAG", "${TAG");
    expect_refused("${TAG:-x", "${TAG:-x");
    expect_refused("${A:-${B:-x}", "${A:-${B:-x}");
    expect_refused("${A:-${B}}", "${B}}");
    expect_refused("${:-x}", "${:-x}");
    expect_refused("${A.B:-x}", "${A.B:-x}");
    expect_refused("$(x)", "$(x)");
    expect_refused("x$", "$");
}

/* A value of the environment never gets into a name, and with it to a registry. */
Test(cli_variables, are_not_looked_up)
{
    (void)setenv("TAG", "secret", 1);
    expect("app:${TAG:-1}", "app:1");
    expect_refused("app:${TAG}", "${TAG}");
}

Test(cli_variables, are_bounded_in_depth)
{
    char text[4096] = "";

    for (int i = 0; i < 16; i++) {
        (void)strcat(text, "${A:-");
    }
    (void)strcat(text, "x}}}}}}}}}}}}}}}}");
    expect(text, "x");
    (void)snprintf(text, sizeof text, "%.*s", 17 * 5,
                   "${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-"
                   "${A:-${A:-");
    (void)strcat(text, "x}}}}}}}}}}}}}}}}}");
    expect_refused(text, "${A:-x}}}}}}}}}}}}}}}}}");
}
