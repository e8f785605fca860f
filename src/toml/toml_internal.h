/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the TOML parser, shared by the files of this room.
 * Threads: a scan belongs to one call of tug__toml_parse. Blocks: never.
 */
#ifndef TUG_TOML_INTERNAL_H
#define TUG_TOML_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "toml/toml.h"

/* How a table came about, which decides what may add to it (TOML 1.0, "Table" and "Keys"). */
enum tug__toml_state {
    TUG__TOML_CLOSED = 0, /* an inline table, or no table: nothing */
    TUG__TOML_IMPLIED,    /* by a longer header ([a.b] makes a): its own header, once */
    TUG__TOML_DEFINED,    /* by its header: the keys below it, headers of sub-tables */
    TUG__TOML_DOTTED,     /* by dotted keys: dotted keys of the same table, headers of sub-tables */
};

/* The place in the text. Text is UTF-8 without control characters but tab and line ends (LF, CR LF)
 * once parsing has begun. */
struct tug__toml_scan {
    const char *at;
    const char *end;
    unsigned line;
    const char *name; /* of the file */
    size_t values;    /* made so far */
    struct tug_error *err;
};

/* Fail with TUG_ERR_CONFIG and "NAME:LINE: reason", the line being the present one. */
enum tug_status tug__toml_refuse(const struct tug__toml_scan *scan, const char *format, ...)
    TUG__PRINTF(2, 3);
/* The same for another line. */
enum tug_status tug__toml_refuse_at(const struct tug__toml_scan *scan, unsigned line,
                                    const char *format, ...) TUG__PRINTF(3, 4);

/* The next character; NUL at the end of the text. */
char tug__toml_peek(const struct tug__toml_scan *scan);
/* Tell whether the text continues with these characters. */
bool tug__toml_sees(const struct tug__toml_scan *scan, const char *text);
/* Step over spaces and tabs. */
void tug__toml_skip_blanks(struct tug__toml_scan *scan);
/* Step over spaces, tabs, line ends and comments. */
void tug__toml_skip_lines(struct tug__toml_scan *scan);

/* Append a value to a table or array.
 * key: owned by the value from now on, also on failure; NULL in an array. depth: of parent, 0 for
 * the top table.
 * out_value: borrowed from parent. Errors: TUG_ERR_CONFIG (count, depth), TUG_ERR_NO_MEMORY. */
enum tug_status tug__toml_add(struct tug__toml_scan *scan, struct tug__toml_value *parent,
                              char *key, size_t depth, struct tug__toml_value **out_value);
/* As tug__toml_get, for the parser. */
struct tug__toml_value *tug__toml_find(const struct tug__toml_value *table, const char *key);

/* Read one part of a key, bare or quoted. out_key: owned by the caller. */
enum tug_status tug__toml_scan_key(struct tug__toml_scan *scan, char **out_key);
/* Read a string; at is on its opening quote. out_text: owned by the caller. */
enum tug_status tug__toml_scan_string(struct tug__toml_scan *scan, char **out_text);
/* Read "key = value" into a table of that depth; at is on the key. */
enum tug_status tug__toml_scan_pair(struct tug__toml_scan *scan, struct tug__toml_value *table,
                                    size_t depth);

#endif
