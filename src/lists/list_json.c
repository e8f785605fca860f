/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists in JSON.
 *
 * Knows: --repository, --platform. Does not know: JSON.
 * Threads: main.
 */
#include "list_internal.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Longest list in JSON that is read. */
#define JSON_BYTES_MAX ((size_t)256 * 1024 * 1024)

/* One list in JSON. */
struct json_list {
    struct list_reader *reader;
    const char *name;
    size_t number;       /* of the entry, from 1 */
    bool *platforms_met; /* of each wanted platform; owned */
    bool has_unplaced;   /* an entry has no platform */
    int status;          /* of an entry that was refused, and reported */
};

static enum tug_status fail(struct tug_error *err, const char *why)
{
    err->code = TUG_ERR_INVALID_ARGUMENT;
    (void)snprintf(err->message, sizeof err->message, "%s", why);
    return err->code;
}

/* Tell whether an entry is for a wanted platform, or has none. */
static bool is_wanted(struct json_list *list, const struct tug_list_entry *entry)
{
    const struct list_source *const source = list->reader->source;
    bool runs = false;

    if (source->platform_count == 0) {
        return true;
    }
    if (!entry->has_platform) {
        list->has_unplaced = true;
        return true;
    }
    for (size_t i = 0; i < source->platform_count; i++) {
        if (tug_platform_runs(&source->platforms[i], &entry->platform)) {
            list->platforms_met[i] = true;
            runs = true;
        }
    }
    return runs;
}

/* Options of an entry of an index: a manifest that is named by itself is wanted, whatever machine
 * it is for; unless the command line says for which. */
static const char *entry_options(const struct json_list *list, const struct tug_list_entry *entry)
{
    return entry->is_index || list->reader->source->platform_count > 0 ? "" : "all-platforms";
}

static int add_entry(struct json_list *list, const char *where, const struct tug_list_entry *entry)
{
    struct list_reader *const reader = list->reader;
    const char *const repository = reader->source->repository;
    const bool has_digest = entry->digest.algorithm != TUG_DIGEST_NONE;
    char digest[TUG_DIGEST_TEXT_MAX];
    char line[LIST_LINE_MAX];

    (void)tug_digest_format(&entry->digest, digest);
    if (entry->line != NULL) {
        if (strlen(entry->line) >= sizeof line) {
            report_error(where, "line too long");
            return EXIT_STATUS_USAGE;
        }
        return list_add_line(reader, where, strcpy(line, entry->line));
    }
    if (repository != NULL && has_digest) {
        return list_add(reader, where, digest, NULL, entry_options(list, entry));
    }
    if (entry->name == NULL) {
        report_error(where, "entry without a full name: give its repository with "
                            "--repository HOST/NAME");
        return EXIT_STATUS_USAGE;
    }
    return list_add(reader, where, entry->name, digest,
                    has_digest ? entry_options(list, entry) : "");
}

static enum tug_status take_entry(void *context, const struct tug_list_entry *entry,
                                  struct tug_error *err)
{
    struct json_list *const list = context;
    char where[LIST_LINE_MAX + 32];
    int status;

    list->number++;
    if (!is_wanted(list, entry)) {
        return TUG_OK;
    }
    (void)snprintf(where, sizeof where, "%.*s: entry %zu", LIST_LINE_MAX, list->name, list->number);
    status = add_entry(list, where, entry);
    list->status = status != 0 ? status : list->status;
    return status == EXIT_STATUS_STORE ? fail(err, "out of memory") : TUG_OK;
}

/* Refuse a list that has nothing for a platform that was asked for. */
static int check_platforms(const struct json_list *list)
{
    const struct list_source *const source = list->reader->source;
    char name[TUG_PLATFORM_TEXT_MAX];
    char message[TUG_PLATFORM_TEXT_MAX + 64];

    for (size_t i = 0; !list->has_unplaced && i < source->platform_count; i++) {
        if (!list->platforms_met[i]) {
            (void)snprintf(message, sizeof message, "no entry is for the platform %s",
                           tug_platform_format(&source->platforms[i], name));
            report_error(list->name, message);
            return report_exit_status(TUG_ERR_NOT_FOUND);
        }
    }
    return 0;
}

/* Say which option is for an object that is no list, but names an image. */
static void add_hint(const struct text *text, struct tug_error *error)
{
    static const char member[] = "\"image\"";
    const size_t length = strlen(error->message);

    if (error->code == TUG_ERR_CONTENT &&
        memmem(text->data, text->length, member, strlen(member)) != NULL) {
        (void)snprintf(error->message + length, sizeof error->message - length, "; %s",
                       LIST_YAML_HINT);
    }
}

static int take_list(struct json_list *list, const struct text *text)
{
    struct tug_error error = {0};
    enum tug_status status;

    status = tug_list_each(text->data, text->length, take_entry, list, &error);
    if (list->status != 0) { /* reported, entry by entry */
        return list->status;
    }
    if (status == TUG_OK) {
        return check_platforms(list);
    }
    add_hint(text, &error);
    report_error(list->name, error.message);
    return status == TUG_ERR_NO_MEMORY ? EXIT_STATUS_STORE : EXIT_STATUS_USAGE;
}

int list_load_json(struct list_reader *reader, const char *name, FILE *file, const char *begin)
{
    struct json_list list = {
        .reader = reader,
        .name = name,
        .platforms_met = calloc(reader->source->platform_count + 1, sizeof(bool)),
    };
    struct text text = {0};
    char buffer[16384];
    size_t length;
    int status;

    text_puts(&text, begin);
    while ((length = fread(buffer, 1, sizeof buffer, file)) > 0 && text.length < JSON_BYTES_MAX) {
        text_append(&text, buffer, length);
    }
    if (text.has_failed || list.platforms_met == NULL) {
        status = report_no_memory();
    } else {
        status = take_list(&list, &text);
    }
    text_fini(&text);
    free(list.platforms_met);
    return status;
}
