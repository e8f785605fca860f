/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by all parts of the TOML parser: refusing, looking ahead, adding to the tree.
 *
 * Knows: where a text's lines end. Does not know: files, JSON, HTTP.
 * Threads: any.
 */
#include "toml/toml_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest reason; the error's message is cut at its own capacity. */
#define REASON_MAX 512

TUG__PRINTF(3, 0)
static enum tug_status refuse(const struct tug__toml_scan *scan, unsigned line, const char *format,
                              va_list arguments)
{
    char reason[REASON_MAX];

    (void)vsnprintf(reason, sizeof reason, format, arguments);
    return tug__fail(scan->err, TUG_ERR_CONFIG, "%s:%u: %s", scan->name, line, reason);
}

enum tug_status tug__toml_refuse(const struct tug__toml_scan *scan, const char *format, ...)
{
    va_list arguments;
    enum tug_status status;

    va_start(arguments, format);
    status = refuse(scan, scan->line, format, arguments);
    va_end(arguments);
    return status;
}

enum tug_status tug__toml_refuse_at(const struct tug__toml_scan *scan, unsigned line,
                                    const char *format, ...)
{
    va_list arguments;
    enum tug_status status;

    va_start(arguments, format);
    status = refuse(scan, line, format, arguments);
    va_end(arguments);
    return status;
}

char tug__toml_peek(const struct tug__toml_scan *scan)
{
    return scan->at < scan->end ? *scan->at : '\0';
}

bool tug__toml_sees(const struct tug__toml_scan *scan, const char *text)
{
    const size_t length = strlen(text);

    return (size_t)(scan->end - scan->at) >= length && memcmp(scan->at, text, length) == 0;
}

void tug__toml_skip_blanks(struct tug__toml_scan *scan)
{
    while (tug__toml_peek(scan) == ' ' || tug__toml_peek(scan) == '\t') {
        scan->at++;
    }
}

void tug__toml_skip_lines(struct tug__toml_scan *scan)
{
    bool is_comment = false;

    for (; scan->at < scan->end; scan->at++) {
        if (*scan->at == '\n') {
            scan->line++;
            is_comment = false;
        } else if (*scan->at == '#') {
            is_comment = true;
        } else if (!is_comment && strchr(" \t\r", *scan->at) == NULL) {
            return;
        }
    }
}

enum tug_status tug__toml_add(struct tug__toml_scan *scan, struct tug__toml_value *parent,
                              char *key, size_t depth, struct tug__toml_value **out_value)
{
    struct tug__toml_value *value;

    if (scan->values == TUG__TOML_VALUES_MAX || depth == TUG__TOML_DEPTH_MAX) {
        free(key);
        return depth == TUG__TOML_DEPTH_MAX
                   ? tug__toml_refuse(scan, "nested over the limit of %d levels",
                                      TUG__TOML_DEPTH_MAX)
                   : tug__toml_refuse(scan, "over the limit of %zu values", TUG__TOML_VALUES_MAX);
    }
    value = calloc(1, sizeof *value);
    if (value == NULL) {
        free(key);
        return tug__fail_memory(scan->err);
    }
    scan->values++;
    value->key = key;
    value->line = scan->line;
    if (parent->tail != NULL) {
        parent->tail->next = value;
    } else {
        parent->head = value;
    }
    parent->tail = value;
    parent->count++;
    *out_value = value;
    return TUG_OK;
}

struct tug__toml_value *tug__toml_find(const struct tug__toml_value *table, const char *key)
{
    struct tug__toml_value *member = table->type == TUG__TOML_TABLE ? table->head : NULL;

    while (member != NULL && strcmp(member->key, key) != 0) {
        member = member->next;
    }
    return member;
}
