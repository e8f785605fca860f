/* SPDX-License-Identifier: Apache-2.0
 *
 * Add to a list what an operand or a line says.
 *
 * Knows: the form of a line, parts of a list. Does not know: files.
 * Threads: main.
 */
#include "list_internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tug/ref.h>

#include "report.h"

/* Make room for one more reference. */
static bool grow(struct ref_list *list)
{
    const size_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
    char **items;
    struct tug_ref **refs;

    if (list->count < list->capacity) {
        return true;
    }
    items = reallocarray(list->items, capacity, sizeof(char *));
    if (items == NULL) {
        return false;
    }
    list->items = items;
    refs = reallocarray(list->refs, capacity, sizeof(struct tug_ref *));
    if (refs == NULL) {
        return false;
    }
    list->refs = refs;
    list->capacity = capacity;
    return true;
}

/* Note that the last item is a pattern. */
static bool add_glob(struct ref_list *list, const struct list_glob *glob)
{
    struct list_glob *const grown =
        reallocarray(list->globs, list->glob_count + 1, sizeof *list->globs);

    if (grown == NULL) {
        return false;
    }
    list->globs = grown;
    grown[list->glob_count] = *glob;
    grown[list->glob_count++].position = list->count - 1;
    return true;
}

int list_append(struct ref_list *list, struct composed *composed, const char *options)
{
    const char *const text = composed->text.data;
    const size_t length = strlen(text) + 1;
    char *const item = grow(list) ? malloc(length + strlen(options) + 1) : NULL;

    if (item == NULL) {
        return report_no_memory();
    }
    memcpy(item, text, length);
    memcpy(item + length, options, strlen(options) + 1);
    list->items[list->count] = item;
    list->refs[list->count++] = composed->ref;
    composed->ref = NULL;
    return composed->glob == 0 || add_glob(list, &(struct list_glob){.offset = composed->glob})
               ? 0
               : report_no_memory();
}

int list_move(struct ref_list *list, struct ref_list *from, size_t position,
              const struct list_glob *glob)
{
    if (!grow(list)) {
        return report_no_memory();
    }
    list->items[list->count] = from->items[position];
    list->refs[list->count++] = from->refs[position];
    from->items[position] = NULL;
    from->refs[position] = NULL;
    if (glob == NULL) {
        return 0;
    }
    tug_ref_destroy(list->refs[list->count - 1]);
    list->refs[list->count - 1] = NULL;
    return add_glob(list, glob) ? 0 : report_no_memory();
}

const char *ref_list_options(const struct ref_list *list, size_t position)
{
    const char *const item = list->items[position];

    return item + strlen(item) + 1;
}

bool list_is_in_shard(const struct list_source *source, const struct tug_ref *ref)
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

/* Tell whether the first word of a line is what YAML has there, and no reference can be. */
static bool is_of_yaml(const char *word)
{
    const size_t length = strlen(word);

    return strcmp(word, "---") == 0 || strcmp(word, "-") == 0 ||
           (length > 1 && word[0] != '{' && word[length - 1] == ':');
}

/* Add what the library cannot know: the option that a scheme, or a file's form, stands for. */
static void add_hint(struct list_reader *reader, const char *where, const char *text,
                     struct tug_error *error)
{
    const size_t length = strlen(error->message);

    if (strncmp(text, "http://", strlen("http://")) == 0) {
        (void)snprintf(error->message + length, sizeof error->message - length,
                       " and give --plain-http");
    } else if (where != NULL && !reader->has_hinted && is_of_yaml(text)) {
        reader->has_hinted = true;
        (void)snprintf(error->message + length, sizeof error->message - length, "; %s",
                       LIST_YAML_HINT);
    }
}

/* Check the keys of a line, before anything is asked of a registry. Most lines have those of the
 * line before. */
static enum tug_status check_keys(struct list_reader *reader, const struct line_options *options,
                                  struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < options->options.verify_key_count; i++) {
        const char *const path = options->verify_keys[i];

        if (reader->checked_key != NULL && strcmp(path, reader->checked_key) == 0) {
            continue;
        }
        status = tug_verify_key_check(path, err);
        if (status == TUG_OK) {
            free(reader->checked_key);
            reader->checked_key = strdup(path); /* without memory the next line checks again */
        }
    }
    return status;
}

int list_add(struct list_reader *reader, const char *where, const char *text, const char *digest,
             const char *options)
{
    struct tug_error error = {0};
    struct line_options parsed;
    struct composed composed = {0};
    int exit_status = 0;
    enum tug_status status =
        list_compose(reader->source->repository, text, digest, &composed, &error);

    if (status == TUG_OK) {
        status = line_options_parse(options, &parsed, &error);
        if (status == TUG_OK) {
            status = check_keys(reader, &parsed, &error);
        }
        line_options_fini(&parsed);
    }
    if (status != TUG_OK) {
        add_hint(reader, where, text, &error);
        report_error(where, error.message);
        exit_status = report_exit_status(status);
    } else if (composed.glob != 0 || list_is_in_shard(reader->source, composed.ref)) {
        exit_status = list_append(reader->list, &composed, options);
    }
    list_composed_fini(&composed);
    return exit_status;
}

/* --- lines --- */

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

/* Cut the first word off. Returns: the rest, within text. */
static char *cut_word(char *text)
{
    char *rest = text + strcspn(text, " \t\r");

    if (*rest != '\0') {
        *rest++ = '\0';
        rest += strspn(rest, " \t\r");
    }
    return rest;
}

/* Skip the media type and the size that `tug resolve` writes behind a digest. */
static const char *skip_type_and_size(const char *text)
{
    const size_t type = strcspn(text, " \t\r");
    const char *const size = text + type + strspn(text + type, " \t\r");
    const size_t digits = strspn(size, "0123456789");
    const bool is_type = (type == 1 && *text == '-') ||
                         (memchr(text, '/', type) != NULL && memchr(text, '=', type) == NULL);

    if (!is_type || digits == 0 || (size[digits] != '\0' && !is_blank(size[digits]))) {
        return text;
    }
    return size + digits + strspn(size + digits, " \t\r");
}

int list_add_line(struct list_reader *reader, const char *where, char *line)
{
    char *const text = strip(line);
    char *second;
    const char *options;

    if (*text == '\0') {
        return 0;
    }
    second = cut_word(text);
    if (!list_is_digest(second)) {
        return list_add(reader, where, text, NULL, second);
    }
    options = skip_type_and_size(cut_word(second));
    return list_add(reader, where, text, second, options);
}

void ref_list_fini(struct ref_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    for (size_t i = list->given_count; i < list->count; i++) {
        tug_ref_destroy(list->refs[i]);
    }
    free(list->items);
    free(list->refs);
    free(list->globs);
    *list = (struct ref_list){0};
}
