/* SPDX-License-Identifier: Apache-2.0
 *
 * The frame around a command that lists something of a store: the store is open, lines go to
 * standard output as text in columns, as JSON (an object a line), or as one word a line (--quiet).
 *
 * Calling sequence: listing_begin; the library's listing with listing.run.store and
 * listing.run.watch; for each item a line, then listing_next; listing_end.
 * Threads: main.
 */
#ifndef TUG_CLI_LISTING_H
#define TUG_CLI_LISTING_H

#include "store_run.h"
#include "table.h"

/* How a line is printed. */
enum listing_form {
    LISTING_COLUMNS,
    LISTING_WORDS, /* --quiet: the name or digest alone */
    LISTING_JSON,
};

struct listing {
    struct store_run run;
    struct text out;    /* lines that are not printed yet */
    struct table table; /* for LISTING_COLUMNS */
    enum listing_form form;
    bool is_exact;  /* --bytes */
    int64_t time_s; /* when the listing began, for ages */
};

/* Open the store and begin. command: for messages. columns: borrowed until the end.
 * Returns: 0, and listing_end is due; or the exit status after the failure was reported. */
int listing_begin(struct listing *listing, const struct settings *settings, const char *command,
                  const struct table_column *columns, size_t column_count);

/* End an item, all of whose cells are filled, or whose line was added to out.
 * Returns: TUG_OK; else the listing is to end with it: standard output takes nothing more. */
enum tug_status listing_next(struct listing *listing, struct tug_error *err);

/* Print a word as a line, for LISTING_WORDS. raw: escaped here. */
void listing_word(struct listing *listing, const char *raw);

/* Print what is left and close the store. status, error: what the library returned.
 * Returns: the exit status; a failure was reported. */
int listing_end(struct listing *listing, enum tug_status status, const struct tug_error *error);

/* --- members of a JSON object: each begins with a comma; "" as the name: none, in an array --- */

void listing_json_text(struct text *text, const char *name, const char *value);
void listing_json_number(struct text *text, const char *name, uint64_t value);
void listing_json_bool(struct text *text, const char *name, bool value);
void listing_json_digest(struct text *text, const char *name, const struct tug_digest *digest);
/* A time as RFC 3339, in UTC. */
void listing_json_time(struct text *text, const char *name, int64_t seconds);
/* An array of texts. */
void listing_json_texts(struct text *text, const char *name, const char *const *values,
                        size_t count);

#endif
