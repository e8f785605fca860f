/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scripts for shells have in common.
 *
 * Knows: how help calls operands and values. Does not know: any shell, but its single quotes.
 * Threads: any.
 */
#include "completion.h"

#include <string.h>

/* What words of a synopsis or of an option's argument stand for. */
static const struct {
    const char *word;
    unsigned operand;
    enum completion_value value;
} kinds[] = {
    {"REF", COMPLETION_IMAGES, COMPLETION_IMAGE}, {"IMAGE", COMPLETION_IMAGES, COMPLETION_IMAGE},
    {"DIGEST", COMPLETION_BLOBS, COMPLETION_ANY}, {"FILE", COMPLETION_FILES, COMPLETION_FILE},
    {"DIR", COMPLETION_FILES, COMPLETION_DIR},    {"COMMAND", COMPLETION_COMMANDS, COMPLETION_ANY},
    {"SHELL", COMPLETION_SHELLS, COMPLETION_ANY},
};

#define KIND_COUNT (sizeof kinds / sizeof kinds[0])
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static unsigned operand_of(const char *word, size_t length)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strlen(kinds[i].word) == length && memcmp(kinds[i].word, word, length) == 0) {
            return kinds[i].operand;
        }
    }
    return 0;
}

unsigned completion_operands(const char *synopsis)
{
    bool is_value = false; /* the word is an option's */
    unsigned operands = 0;

    for (const char *at = synopsis + strspn(synopsis, " []|"); *at != '\0';) {
        const size_t length = strcspn(at, " []|");

        if (!is_value) {
            operands |= operand_of(at, strspn(at, CAPITALS));
        }
        is_value = *at == '-' && length > 1 && at[length] == ' ';
        at += length;
        at += strspn(at, " []|");
    }
    return operands;
}

enum completion_value completion_value_of(const char *argument)
{
    if (argument == NULL || *argument == '[') {
        return COMPLETION_NO_VALUE;
    }
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i].word, argument) == 0) {
            return kinds[i].value;
        }
    }
    return strchr(argument, '|') != NULL && strpbrk(argument, CAPITALS) == NULL ? COMPLETION_WORD
                                                                                : COMPLETION_ANY;
}

void completion_each_option(struct text *text, const struct command *command,
                            completion_option_fn add)
{
    const unsigned bit = command != NULL ? command->bit : COMMAND_ALL;
    struct option_help option;

    for (int group = 0; group < OPTION_GROUP_COUNT; group++) {
        for (size_t i = 0; option_help_get(bit, (enum option_group)group, i, &option); i++) {
            add(text, command, &option);
        }
    }
}

void completion_quote(struct text *text, const char *words, const char *escaped)
{
    text_puts(text, "'");
    for (; *words != '\0'; words++) {
        if (*words == '\'') {
            text_puts(text, "'\\''");
            continue;
        }
        text_append(text, "\\", strchr(escaped, *words) != NULL);
        text_append(text, words, 1);
    }
    text_puts(text, "'");
}

void completion_add_words(struct text *text, const char *argument)
{
    for (; *argument != '\0'; argument++) {
        text_append(text, *argument == '|' ? " " : argument, 1);
    }
}

void completion_add_commands(struct text *text, const struct command_table *table,
                             unsigned operands, const char *separator)
{
    const char *before = "";

    for (size_t i = 0; i < table->count; i++) {
        const struct command *const command = &table->commands[i];

        if (operands == 0 || (completion_operands(command->synopsis) & operands) != 0) {
            text_printf(text, "%s%s", before, command->name);
            before = separator;
        }
    }
}
