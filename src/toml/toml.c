/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML documents: permitted characters, lines, table headers; the tree.
 *
 * Knows: TOML 1.0. Does not know: files, JSON, HTTP.
 * Threads: any.
 */
#include "toml/toml.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "toml/toml_internal.h"

struct tug__toml {
    struct tug__toml_value root;
};

static void free_members(struct tug__toml_value *value)
{
    struct tug__toml_value *next;

    /* depth is bounded by TUG__TOML_DEPTH_MAX */
    for (struct tug__toml_value *member = value->head; member != NULL; member = next) {
        next = member->next;
        free_members(member);
        free(member->key);
        free(member->text);
        free(member);
    }
}

/* Refuse characters that are not allowed anywhere, so that no later step has to check for them. */
static enum tug_status check_line(const struct tug__toml_scan *scan, size_t length)
{
    if (!tug__is_utf8(scan->at, length)) {
        return tug__toml_refuse(scan, "not UTF-8");
    }
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)scan->at[i];
        const bool ends_line =
            byte == '\r' && i + 1 == length && scan->at + length < scan->end; /* before an LF */

        if ((byte < 0x20 && byte != '\t' && !ends_line) || byte == 0x7f) {
            return tug__toml_refuse(scan, "a control character (0x%02x)", byte);
        }
    }
    return TUG_OK;
}

static enum tug_status check_text(struct tug__toml_scan scan)
{
    if ((size_t)(scan.end - scan.at) > TUG__TOML_BYTES_MAX) {
        return tug__toml_refuse(&scan, "over the limit of %zu bytes", TUG__TOML_BYTES_MAX);
    }
    while (scan.at < scan.end) {
        const char *const newline = memchr(scan.at, '\n', (size_t)(scan.end - scan.at));
        const char *const line_end = newline != NULL ? newline : scan.end;
        const enum tug_status status = check_line(&scan, (size_t)(line_end - scan.at));

        if (status != TUG_OK) {
            return status;
        }
        scan.at = newline != NULL ? newline + 1 : scan.end;
        scan.line++;
    }
    return TUG_OK;
}

/* Nothing but a comment may follow on this line. */
static enum tug_status expect_line_end(struct tug__toml_scan *scan)
{
    tug__toml_skip_blanks(scan);
    if (scan->at == scan->end || strchr("#\r\n", *scan->at) != NULL) {
        return TUG_OK;
    }
    return tug__toml_refuse(scan, "expected the end of the line, not '%c'", *scan->at);
}

/* Go from a table to its sub-table that a part of a header names; create it when it is missing.
 * key: owned by this function. */
static enum tug_status enter(struct tug__toml_scan *scan, struct tug__toml_value **table, char *key,
                             bool is_last, size_t depth)
{
    struct tug__toml_value *found = tug__toml_find(*table, key);
    enum tug_status status = TUG_OK;

    if (found == NULL) {
        status = tug__toml_add(scan, *table, key, depth, &found);
        if (status != TUG_OK) {
            return status;
        }
        found->type = TUG__TOML_TABLE;
        found->state = is_last ? TUG__TOML_DEFINED : TUG__TOML_IMPLIED;
        *table = found;
        return TUG_OK;
    }
    if (found->state == TUG__TOML_CLOSED ||
        (is_last && found->state != (unsigned char)TUG__TOML_IMPLIED)) {
        status = tug__toml_refuse(scan, "'%s' was defined before, on line %u", key, found->line);
    } else if (is_last) {
        found->state = TUG__TOML_DEFINED;
        found->line = scan->line;
    }
    free(key);
    *table = found;
    return status;
}

/* Read "[a.b]"; at is on the bracket. */
static enum tug_status scan_header(struct tug__toml_scan *scan, struct tug__toml_value *root,
                                   struct tug__toml_value **out_table, size_t *out_depth)
{
    struct tug__toml_value *table = root;
    size_t depth = 0;

    scan->at++;
    if (tug__toml_peek(scan) == '[') {
        return tug__toml_refuse(scan, "arrays of tables are not supported");
    }
    for (bool is_last = false; !is_last; depth++) {
        char *key;
        enum tug_status status;

        tug__toml_skip_blanks(scan);
        status = tug__toml_scan_key(scan, &key);
        if (status != TUG_OK) {
            return status;
        }
        tug__toml_skip_blanks(scan);
        is_last = tug__toml_peek(scan) == ']';
        if (!is_last && tug__toml_peek(scan) != '.') {
            free(key);
            return tug__toml_refuse(scan, "expected '.' or ']' in a table's header");
        }
        scan->at++;
        status = enter(scan, &table, key, is_last, depth);
        if (status != TUG_OK) {
            return status;
        }
    }
    *out_table = table;
    *out_depth = depth;
    return TUG_OK;
}

static enum tug_status scan_document(struct tug__toml_scan *scan, struct tug__toml_value *root)
{
    struct tug__toml_value *table = root;
    size_t depth = 0;

    for (tug__toml_skip_lines(scan); scan->at < scan->end; tug__toml_skip_lines(scan)) {
        enum tug_status status = *scan->at == '[' ? scan_header(scan, root, &table, &depth)
                                                  : tug__toml_scan_pair(scan, table, depth);

        if (status == TUG_OK) {
            status = expect_line_end(scan);
        }
        if (status != TUG_OK) {
            return status;
        }
    }
    return TUG_OK;
}

enum tug_status tug__toml_parse(const char *text, size_t length, const char *name,
                                struct tug__toml **out_toml, struct tug_error *err)
{
    struct tug__toml_scan scan = {.at = text + tug__mark_length(text, length),
                                  .end = text + length,
                                  .line = 1,
                                  .name = name,
                                  .err = err};
    enum tug_status status = check_text(scan);
    struct tug__toml *toml;

    if (status != TUG_OK) {
        return status;
    }
    toml = calloc(1, sizeof *toml);
    if (toml == NULL) {
        return tug__fail_memory(err);
    }
    toml->root.type = TUG__TOML_TABLE;
    toml->root.line = 1;
    toml->root.state = TUG__TOML_DEFINED;
    status = scan_document(&scan, &toml->root);
    if (status != TUG_OK) {
        tug__toml_destroy(toml);
        return status;
    }
    *out_toml = toml;
    return TUG_OK;
}

void tug__toml_destroy(struct tug__toml *toml)
{
    if (toml == NULL) {
        return;
    }
    free_members(&toml->root);
    free(toml);
}

const struct tug__toml_value *tug__toml_root(const struct tug__toml *toml)
{
    return &toml->root;
}

const struct tug__toml_value *tug__toml_get(const struct tug__toml_value *table, const char *key)
{
    return tug__toml_find(table, key);
}

const char *tug__toml_type_name(enum tug__toml_type type)
{
    switch (type) {
    case TUG__TOML_TABLE:
        return "a table";
    case TUG__TOML_ARRAY:
        return "a list";
    case TUG__TOML_STRING:
        return "a string";
    case TUG__TOML_INTEGER:
        return "a number";
    case TUG__TOML_BOOLEAN:
        return "a boolean";
    case TUG__TOML_NONE:
        break;
    }
    return "nothing";
}
