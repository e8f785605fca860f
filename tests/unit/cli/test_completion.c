/* SPDX-License-Identifier: Apache-2.0
 *
 * What operands and values are, by what help calls them.
 */
#include "cli/completion.h"

#include <criterion/criterion.h>

Test(cli_completion, operands_are_words_of_the_synopsis)
{
    cr_assert_eq(completion_operands(""), 0);
    cr_assert_eq(completion_operands("[options]"), 0);
    cr_assert_eq(completion_operands("[options] REF... | --from-file FILE"), COMPLETION_IMAGES);
    cr_assert_eq(completion_operands("[options] [-o FILE] REF..."), COMPLETION_IMAGES);
    cr_assert_eq(completion_operands("[options] FILE | DIR | -"), COMPLETION_FILES);
    cr_assert_eq(completion_operands("DIGEST|REF"), COMPLETION_BLOBS | COMPLETION_IMAGES);
    cr_assert_eq(completion_operands("[--repair] [DIGEST|REF...]"),
                 COMPLETION_BLOBS | COMPLETION_IMAGES);
    cr_assert_eq(completion_operands("IMAGE KEY=VALUE..."), COMPLETION_IMAGES);
    cr_assert_eq(completion_operands("[COMMAND]"), COMPLETION_COMMANDS);
    cr_assert_eq(completion_operands("SHELL"), COMPLETION_SHELLS);
    cr_assert_eq(completion_operands("REFERENCE"), 0);
}

Test(cli_completion, values_are_named)
{
    cr_assert_eq(completion_value_of(NULL), COMPLETION_NO_VALUE);
    cr_assert_eq(completion_value_of("[=TYPE]"), COMPLETION_NO_VALUE);
    cr_assert_eq(completion_value_of("FILE"), COMPLETION_FILE);
    cr_assert_eq(completion_value_of("DIR"), COMPLETION_DIR);
    cr_assert_eq(completion_value_of("REF"), COMPLETION_IMAGE);
    cr_assert_eq(completion_value_of("auto|tty"), COMPLETION_WORD);
    cr_assert_eq(completion_value_of("OS/ARCH[/VARIANT]"), COMPLETION_ANY);
    cr_assert_eq(completion_value_of("KEY=VALUE"), COMPLETION_ANY);
}

Test(cli_completion, quotes_hold)
{
    struct text text = {0};

    completion_quote(&text, "it's [a] \\", "[");
    cr_assert_str_eq(text.data, "'it'\\''s \\[a] \\'");
    text_fini(&text);
}
