/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands that list something of a store.
 *
 * Knows: the forms of a line, standard output. Does not know: what is listed.
 * Threads: main.
 */
#include "listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "json_write.h"
#include "report.h"

/* Longest word of a line. */
#define WORD_MAX 4096
/* How much gathers before it is printed. */
#define PIECE_BYTES ((size_t)32 * 1024)

int listing_begin(struct listing *listing, const struct settings *settings, const char *command,
                  const struct table_column *columns, size_t column_count)
{
    int status;

    *listing = (struct listing){
        .form = settings->common.format == FORMAT_JSON ? LISTING_JSON
                : settings->common.verbosity < 0       ? LISTING_WORDS
                                                       : LISTING_COLUMNS,
        .is_exact = settings->store.exact_bytes,
        .time_s = time(NULL),
    };
    status = store_run_begin(&listing->run, settings, command, STORE_IS_READ);
    if (status == 0) {
        listing->run.meter.verb = "listed";
        table_begin(&listing->table, columns, column_count, &listing->out);
    }
    return status;
}

enum tug_status listing_next(struct listing *listing, struct tug_error *err)
{
    if (listing->out.length >= PIECE_BYTES || listing->out.has_failed) {
        store_run_print(&listing->run, &listing->out);
    }
    if (store_run_has_reader(&listing->run)) {
        return TUG_OK;
    }
    err->code = TUG_ERR_STORE;
    (void)snprintf(err->message, sizeof err->message, "cannot write to standard output");
    return TUG_ERR_STORE;
}

void listing_word(struct listing *listing, const char *raw)
{
    char word[WORD_MAX];

    (void)tug_text_escape(word, sizeof word, raw, strlen(raw));
    text_puts(&listing->out, word);
    text_puts(&listing->out, "\n");
}

int listing_end(struct listing *listing, enum tug_status status, const struct tug_error *error)
{
    if (listing->form == LISTING_COLUMNS && status == TUG_OK) {
        table_end(&listing->table);
    } else {
        text_fini(&listing->table.cells);
    }
    store_run_print(&listing->run, &listing->out);
    text_fini(&listing->out);
    return store_run_end(&listing->run, status, error);
}

/* --- JSON --- */

static void add_name(struct text *text, const char *name)
{
    text_puts(text, ",");
    if (*name != '\0') {
        json_string(text, name);
        text_puts(text, ":");
    }
}

void listing_json_text(struct text *text, const char *name, const char *value)
{
    add_name(text, name);
    json_string(text, value);
}

void listing_json_number(struct text *text, const char *name, uint64_t value)
{
    add_name(text, name);
    text_printf(text, "%" PRIu64, value);
}

void listing_json_bool(struct text *text, const char *name, bool value)
{
    add_name(text, name);
    text_puts(text, value ? "true" : "false");
}

void listing_json_digest(struct text *text, const char *name, const struct tug_digest *digest)
{
    char shown[TUG_DIGEST_TEXT_MAX];

    listing_json_text(
        text, name, digest->algorithm != TUG_DIGEST_NONE ? tug_digest_format(digest, shown) : NULL);
}

void listing_json_time(struct text *text, const char *name, int64_t seconds)
{
    const time_t moment = (time_t)seconds;
    char shown[64] = "";
    struct tm parts;

    if (gmtime_r(&moment, &parts) != NULL) {
        (void)strftime(shown, sizeof shown, "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
    listing_json_text(text, name, *shown != '\0' ? shown : NULL);
}

void listing_json_texts(struct text *text, const char *name, const char *const *values,
                        size_t count)
{
    add_name(text, name);
    text_puts(text, "[");
    for (size_t i = 0; i < count; i++) {
        text_puts(text, i > 0 ? "," : "");
        json_string(text, values[i]);
    }
    text_puts(text, "]");
}
