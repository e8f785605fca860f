/* SPDX-License-Identifier: Apache-2.0
 *
 * Read operands and files with references.
 *
 * Knows: how a file is read. Does not know: what lines and lists in JSON say.
 * Threads: main.
 */
#include "list.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list_internal.h"
#include "report.h"
#include "text.h"

/* What one line of a file holds. */
enum line_kind {
    LINE_END, /* there is no further line */
    LINE_TEXT,
    LINE_TOO_LONG,
    LINE_HAS_NUL,
};

/* How a file begins. */
struct beginning {
    char text[4];        /* what was read of the first line that is not blank */
    unsigned long lines; /* blank ones before it */
};

/* Read one line, whatever its length, without its end. line: LIST_LINE_MAX bytes, with what was
 * read of it already. */
static enum line_kind read_line(FILE *file, char *line)
{
    enum line_kind kind = LINE_TEXT;
    size_t length = strlen(line);
    int c = getc_unlocked(file);

    if (c == EOF && length == 0) {
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

/* Take one line. Returns: 0, or the exit status. */
static int take_line(struct list_reader *reader, const char *where, enum line_kind kind, char *line)
{
    if (kind == LINE_TOO_LONG) {
        report_error(where, "line too long");
        return EXIT_STATUS_USAGE;
    }
    if (kind == LINE_HAS_NUL) {
        report_error(where, "line contains a NUL character");
        return EXIT_STATUS_USAGE;
    }
    return list_add_line(reader, where, line);
}

static int load_lines(struct list_reader *reader, const char *name, FILE *file,
                      const struct beginning *beginning)
{
    char line[LIST_LINE_MAX];
    char where[LIST_LINE_MAX + 32];
    int status = 0;

    (void)strcpy(line, beginning->text);
    for (unsigned long number = beginning->lines + 1;; number++) {
        const enum line_kind kind = read_line(file, line);
        int line_status;

        if (kind == LINE_END) {
            break;
        }
        (void)snprintf(where, sizeof where, "%.*s:%lu", LIST_LINE_MAX, name, number);
        line_status = take_line(reader, where, kind, line);
        if (line_status == EXIT_STATUS_STORE) {
            return line_status;
        }
        status = line_status != 0 ? line_status : status;
        line[0] = '\0';
    }
    return status;
}

/* --- files --- */

/* Skip blanks and blank lines. Returns: the character after them, or EOF. */
static int skip_blanks(FILE *file, unsigned long *lines)
{
    int c;

    while ((c = getc_unlocked(file)) == ' ' || c == '\t' || c == '\r' || c == '\n') {
        *lines += c == '\n';
    }
    return c;
}

/* Read the byte order mark and the first characters, as many as it takes to tell JSON from lines.
 * file: what was read of it is in out_beginning, blanks and the mark excepted. */
static void read_beginning(FILE *file, struct beginning *out_beginning)
{
    static const char mark[] = "\xef\xbb\xbf";
    char *text = out_beginning->text;
    int c = 0;

    while (text < out_beginning->text + 3 && (c = getc_unlocked(file)) != EOF &&
           c == (unsigned char)mark[text - out_beginning->text]) {
        *text++ = (char)c;
    }
    if (text == out_beginning->text + 3) {
        *out_beginning = (struct beginning){0};
        c = skip_blanks(file, &out_beginning->lines);
        text = out_beginning->text;
    } else if (text == out_beginning->text && c != EOF) {
        (void)ungetc(c, file);
        c = skip_blanks(file, &out_beginning->lines);
    }
    if (c == '[') { /* of an array, or of an IPv6 address */
        *text++ = (char)c;
        c = getc_unlocked(file);
        while (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            c = getc_unlocked(file);
        }
    }
    if (c != EOF) {
        (void)ungetc(c, file);
    }
}

static int load_stream(struct list_reader *reader, const char *name, FILE *file)
{
    struct beginning beginning = {0};
    int next;
    int status;

    reader->has_hinted = false;
    if (reader->source->images_in) {
        return list_load_images(reader, name, file);
    }
    read_beginning(file, &beginning);
    next = getc_unlocked(file);
    if (next != EOF) {
        (void)ungetc(next, file);
    }
    if (next == 0xff || next == 0xfe) {
        report_error(name, "not UTF-8 (probably UTF-16): save it as UTF-8");
        return EXIT_STATUS_USAGE;
    }
    if (beginning.text[0] == '[' ? next == '"' || next == ']' || next == '{' || next == '['
                                 : beginning.text[0] == '\0' && next == '{') {
        status = list_load_json(reader, name, file, beginning.text);
    } else {
        status = load_lines(reader, name, file, &beginning);
    }
    if (ferror(file)) {
        report_errno(name, "read", errno);
        return EXIT_STATUS_USAGE;
    }
    return status;
}

static int load_file(struct list_reader *reader, const char *name)
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

static void free_nothing(void *node)
{
    (void)node;
}

int ref_list_load(struct ref_list *list, const struct input *inputs, size_t input_count,
                  const struct list_source *source)
{
    struct list_reader reader = {.list = list, .source = source};
    int status = 0;

    for (size_t i = 0; i < input_count && status != EXIT_STATUS_STORE; i++) {
        const int input_status = inputs[i].is_file
                                     ? load_file(&reader, inputs[i].text)
                                     : list_add(&reader, NULL, inputs[i].text, NULL, "");

        status = input_status != 0 ? input_status : status;
    }
    tdestroy(reader.images, free_nothing);
    free(reader.checked_key);
    return status;
}
