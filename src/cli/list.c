/* SPDX-License-Identifier: Apache-2.0
 *
 * Collect and check references.
 *
 * Knows: the form of --from-file. Does not know: what becomes of the references.
 * Threads: main.
 */
#include "list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tug/ref.h>

#include "report.h"

/* What one line of a file holds. */
enum line_kind {
    LINE_END, /* there is no further line */
    LINE_TEXT,
    LINE_TOO_LONG,
    LINE_HAS_NUL,
};

static int append(struct ref_list *list, const char *text)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        char **const grown = reallocarray(list->items, capacity, sizeof *grown);

        if (grown == NULL) {
            report_error(NULL, "out of memory");
            return EXIT_STATUS_STORE;
        }
        list->items = grown;
        list->capacity = capacity;
    }
    list->items[list->count] = strdup(text);
    if (list->items[list->count] == NULL) {
        report_error(NULL, "out of memory");
        return EXIT_STATUS_STORE;
    }
    list->count++;
    return 0;
}

/* Check a reference and add it. where: "FILE:LINE", NULL for an operand. */
static int add_checked(struct ref_list *list, const char *where, const char *text)
{
    struct tug_error error = {0};
    struct tug_ref *ref = NULL;
    const enum tug_status status = tug_ref_parse(text, &ref, &error);

    if (status != TUG_OK) {
        report_error(where, error.message);
        return report_exit_status(status);
    }
    tug_ref_destroy(ref);
    return append(list, text);
}

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
static int take_line(struct ref_list *list, const char *where, enum line_kind kind, char *line)
{
    const char *text;

    if (kind == LINE_TOO_LONG) {
        report_error(where, "line is too long for a reference");
        return EXIT_STATUS_USAGE;
    }
    if (kind == LINE_HAS_NUL) {
        report_error(where, "line has a NUL character");
        return EXIT_STATUS_USAGE;
    }
    text = strip(line);
    return *text != '\0' ? add_checked(list, where, text) : 0;
}

static int load_lines(struct ref_list *list, const char *name, FILE *file)
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
        line_status = take_line(list, where, kind, text);
        if (line_status == EXIT_STATUS_STORE) {
            return line_status;
        }
        status = line_status != 0 ? line_status : status;
    }
    if (ferror(file)) {
        report_errno(name, "read", errno);
        return EXIT_STATUS_USAGE;
    }
    return status;
}

static int load_file(struct ref_list *list, const char *name)
{
    FILE *file;
    int status;

    if (strcmp(name, "-") == 0) {
        return load_lines(list, "standard input", stdin);
    }
    file = fopen(name, "re");
    if (file == NULL) {
        report_errno(name, "open", errno);
        return EXIT_STATUS_USAGE;
    }
    status = load_lines(list, name, file);
    (void)fclose(file);
    return status;
}

int ref_list_load(struct ref_list *list, const struct input *inputs, size_t input_count)
{
    int status = 0;

    for (size_t i = 0; i < input_count && status != EXIT_STATUS_STORE; i++) {
        const int input_status = inputs[i].is_file ? load_file(list, inputs[i].text)
                                                   : add_checked(list, NULL, inputs[i].text);

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
