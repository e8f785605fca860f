/* SPDX-License-Identifier: Apache-2.0
 *
 * Collect and check references.
 *
 * Knows: the forms of --from-file. Does not know: what becomes of the references.
 * Threads: main.
 */
#include "list.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tug/oci.h>
#include <tug/ref.h>

#include "report.h"
#include "text.h"

/* Longest index that is read as a list. */
#define INDEX_BYTES_MAX ((size_t)256 * 1024 * 1024)

/* What one line of a file holds. */
enum line_kind {
    LINE_END, /* there is no further line */
    LINE_TEXT,
    LINE_TOO_LONG,
    LINE_HAS_NUL,
};

/* The list being read. */
struct reader {
    struct ref_list *list;
    const struct list_source *source;
};

static int fail_memory(void)
{
    report_error(NULL, "out of memory");
    return EXIT_STATUS_STORE;
}

static int append(struct ref_list *list, const char *text, const char *options)
{
    const size_t length = strlen(text) + 1;
    char *item;

    if (list->count == list->capacity) {
        const size_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        char **const grown = reallocarray(list->items, capacity, sizeof *grown);

        if (grown == NULL) {
            return fail_memory();
        }
        list->items = grown;
        list->capacity = capacity;
    }
    item = malloc(length + strlen(options) + 1);
    if (item == NULL) {
        return fail_memory();
    }
    memcpy(item, text, length);
    memcpy(item + length, options, strlen(options) + 1);
    list->items[list->count++] = item;
    return 0;
}

const char *ref_list_options(const struct ref_list *list, size_t position)
{
    const char *const item = list->items[position];

    return item + strlen(item) + 1;
}

/* Tell whether a reference is of the wanted part: by its full name, so that it stays where it is
 * when others come and go. */
static bool is_in_shard(const struct list_source *source, const struct tug_ref *ref)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    if (source->shard_count == 0) {
        return true;
    }
    for (const char *at = tug_ref_name(ref); *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    }
    hash ^= hash >> 32; /* names that differ at their end only differ in few low bits */
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return (hash >> 32) % source->shard_count == source->shard_index;
}

/* Check a reference with its options and add it. where: "FILE:LINE", NULL for an operand. */
static int add_checked(struct reader *reader, const char *where, const char *text,
                       const char *options)
{
    struct tug_error error = {0};
    struct line_options parsed;
    struct tug_ref *ref = NULL;
    int exit_status = 0;
    enum tug_status status = tug_ref_parse(text, &ref, &error);

    if (status == TUG_OK) {
        status = line_options_parse(options, &parsed, &error);
        line_options_fini(&parsed);
    }
    if (status != TUG_OK) {
        report_error(where, error.message);
        exit_status = report_exit_status(status);
    } else if (is_in_shard(reader->source, ref)) {
        exit_status = append(reader->list, text, options);
    }
    tug_ref_destroy(ref);
    return exit_status;
}

/* --- lines --- */

/* Read one line, whatever its length, without its end. line: LIST_LINE_MAX bytes. */
static enum line_kind read_line(FILE *file, char *line)
{
    enum line_kind kind = LINE_TEXT;
    size_t length = 0;
    int c = getc_unlocked(file);

    if (c == EOF) {
        return LINE_END;
    }
    for (; c != EOF && c != '\n'; c = getc_unlocked(file)) {
        if (c == '\0') {
            kind = LINE_HAS_NUL;
        } else if (length + 1 < LIST_LINE_MAX) {
            line[length++] = (char)c;
        } else if (kind == LINE_TEXT) {
            kind = LINE_TOO_LONG;
        }
    }
    line[length] = '\0';
    return kind;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cut comment and blanks off a line. Returns: the rest, within line. */
static char *strip(char *line)
{
    char *end;

    while (is_blank(*line)) {
        line++;
    }
    for (end = line; *end != '\0'; end++) {
        if (*end == '#' && (end == line || is_blank(end[-1]))) {
            break;
        }
    }
    while (end > line && is_blank(end[-1])) {
        end--;
    }
    *end = '\0';
    return line;
}

/* Take one line. Returns: 0, or the exit status. */
static int take_line(struct reader *reader, const char *where, enum line_kind kind, char *line)
{
    char *text;
    char *options;

    if (kind == LINE_TOO_LONG) {
        report_error(where, "line is too long for a reference");
        return EXIT_STATUS_USAGE;
    }
    if (kind == LINE_HAS_NUL) {
        report_error(where, "line has a NUL character");
        return EXIT_STATUS_USAGE;
    }
    text = strip(line);
    if (*text == '\0') {
        return 0;
    }
    options = text + strcspn(text, " \t\r");
    if (*options != '\0') {
        *options++ = '\0';
        options += strspn(options, " \t\r");
    }
    return add_checked(reader, where, text, options);
}

static int load_lines(struct reader *reader, const char *name, FILE *file)
{
    char line[LIST_LINE_MAX];
    char where[LIST_LINE_MAX + 32];
    int status = 0;

    for (unsigned long number = 1;; number++) {
        const enum line_kind kind = read_line(file, line);
        char *text = line;
        int line_status;

        if (kind == LINE_END) {
            break;
        }
        if (number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0) {
            text += 3;
        }
        (void)snprintf(where, sizeof where, "%.*s:%lu", LIST_LINE_MAX, name, number);
        line_status = take_line(reader, where, kind, text);
        if (line_status == EXIT_STATUS_STORE) {
            return line_status;
        }
        status = line_status != 0 ? line_status : status;
    }
    return status;
}

/* --- an index as a list --- */

/* An index of which only the digests are of use; what they are read with is known by the way. */
static enum tug_status take_entry(void *context, const struct tug_index_entry *entry,
                                  struct tug_error *err)
{
    struct reader *const reader = context;
    char digest[TUG_DIGEST_TEXT_MAX];
    char text[LIST_LINE_MAX];

    (void)snprintf(text, sizeof text, "%s@%s", reader->source->repository,
                   tug_digest_format(&entry->digest, digest));
    /* A manifest is named by itself, so it is wanted, whatever machine it is for. */
    if (add_checked(reader, NULL, text, entry->is_index ? "" : "all-platforms") != 0) {
        err->code = TUG_ERR_INVALID_ARGUMENT;
        (void)snprintf(err->message, sizeof err->message, "not a usable entry");
        return err->code;
    }
    return TUG_OK;
}

static int load_index(struct reader *reader, const char *name, FILE *file)
{
    struct tug_error error = {0};
    struct text text = {0};
    char buffer[16384];
    size_t length;
    enum tug_status status;

    if (reader->source->repository == NULL) {
        report_error(name, "an index: --repository HOST/NAME must say where its manifests are");
        return EXIT_STATUS_USAGE;
    }
    while ((length = fread(buffer, 1, sizeof buffer, file)) > 0 && text.length < INDEX_BYTES_MAX) {
        text_append(&text, buffer, length);
    }
    if (text.has_failed) {
        text_fini(&text);
        return fail_memory();
    }
    status = tug_index_each(text.data, text.length, take_entry, reader, &error);
    text_fini(&text);
    if (status == TUG_OK) {
        return 0;
    }
    report_error(name, error.message);
    return status == TUG_ERR_NO_MEMORY ? EXIT_STATUS_STORE : EXIT_STATUS_USAGE;
}

static int load_stream(struct reader *reader, const char *name, FILE *file)
{
    const int first = getc_unlocked(file);
    int status;

    if (first != EOF) {
        (void)ungetc(first, file);
    }
    status = first == '{' ? load_index(reader, name, file) : load_lines(reader, name, file);
    if (ferror(file)) {
        report_errno(name, "read", errno);
        return EXIT_STATUS_USAGE;
    }
    return status;
}

static int load_file(struct reader *reader, const char *name)
{
    FILE *file;
    int status;

    if (strcmp(name, "-") == 0) {
        return load_stream(reader, "standard input", stdin);
    }
    file = fopen(name, "re");
    if (file == NULL) {
        report_errno(name, "open", errno);
        return EXIT_STATUS_USAGE;
    }
    status = load_stream(reader, name, file);
    (void)fclose(file);
    return status;
}

int ref_list_load(struct ref_list *list, const struct input *inputs, size_t input_count,
                  const struct list_source *source)
{
    struct reader reader = {.list = list, .source = source};
    int status = 0;

    for (size_t i = 0; i < input_count && status != EXIT_STATUS_STORE; i++) {
        const int input_status = inputs[i].is_file ? load_file(&reader, inputs[i].text)
                                                   : add_checked(&reader, NULL, inputs[i].text, "");

        status = input_status != 0 ? input_status : status;
    }
    return status;
}

void ref_list_fini(struct ref_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct ref_list){0};
}
