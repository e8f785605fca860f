/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict parser for the part of TOML 1.0 that configuration files need.
 *
 * Accepted: comments; bare, quoted and dotted keys; [table] headers; basic and literal strings,
 * also of several lines; whole numbers in all four bases; true and false; arrays over several
 * lines; inline tables. Refused, by name: fractions, dates and times, arrays of tables ([[…]]).
 * Stricter than TOML: no NUL in a string, even as an escape.
 *
 * Every refusal is TUG_ERR_CONFIG and "NAME:LINE: reason".
 * Threads: a document is immutable once parsed: any. Blocks: never.
 */
#ifndef TUG_TOML_TOML_H
#define TUG_TOML_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

/* Limits of a text. The last one bounds memory and time: a key is compared with every other key of
 * its table. */
#define TUG__TOML_BYTES_MAX ((size_t)1024 * 1024)
#define TUG__TOML_DEPTH_MAX 32
#define TUG__TOML_VALUES_MAX ((size_t)4096)

enum tug__toml_type {
    TUG__TOML_NONE = 0,
    TUG__TOML_TABLE,
    TUG__TOML_ARRAY,
    TUG__TOML_STRING,
    TUG__TOML_INTEGER,
    TUG__TOML_BOOLEAN,
};

/* A value. Borrowed from its document, read-only to all but the parser. */
struct tug__toml_value {
    enum tug__toml_type type;
    unsigned line;   /* where its key begins (array elements: where the value begins), from 1 */
    char *key;       /* name within its table, UTF-8 without NUL, may be empty; NULL in an array */
    char *text;      /* STRING: UTF-8 without NUL; it may hold any other character. Else NULL */
    int64_t integer; /* INTEGER */
    bool boolean;    /* BOOLEAN */
    size_t count;    /* TABLE, ARRAY: number of members or elements */
    struct tug__toml_value *head; /* the first of them; a table's are in order of appearance: a */
    struct tug__toml_value *next; /* table stands where the first header or key that names it is */
    /* For the parser only. */
    struct tug__toml_value *tail;
    unsigned char state;
};

struct tug__toml;

/* Parse a whole text; a UTF-8 byte order mark at its beginning is skipped.
 * text: length bytes, borrowed for the call. name: of the file, for messages; borrowed for the
 * call. out_toml: owned by the caller, untouched on failure.
 * Errors: TUG_ERR_CONFIG (not TOML, a part of it that is refused, a limit; "NAME:LINE: reason"),
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__toml_parse(const char *text, size_t length, const char *name,
                                struct tug__toml **out_toml, struct tug_error *err);

/* Free a document and all its values; NULL is allowed. */
void tug__toml_destroy(struct tug__toml *toml);

/* The top table, never NULL. Borrowed, as long as the document lives. */
const struct tug__toml_value *tug__toml_root(const struct tug__toml *toml);

/* The member of a table with that key; NULL when it has none, or table is not a table. Borrowed. */
const struct tug__toml_value *tug__toml_get(const struct tug__toml_value *table, const char *key);

/* What a type is called in messages, with its article: "a string". Static text. */
const char *tug__toml_type_name(enum tug__toml_type type);

#endif
