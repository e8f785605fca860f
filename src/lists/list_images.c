/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists that are YAML files of other programs (--images-in).
 *
 * Knows: what is said about images that are left out. Does not know: YAML.
 * Threads: main.
 */
#include "list_internal.h"

#include <search.h>
#include <string.h>

#include "report.h"
#include "yaml_images.h"

/* One file. */
struct yaml_list {
    struct list_reader *reader;
    const char *name;
    bool has_image; /* it has one, wanted or not */
    int status;     /* of a failure that was reported */
};

static int compare_names(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* Warn about a place in the file. line: 0: of none in particular. */
static void warn(const struct yaml_list *list, unsigned long line, const char *what,
                 const char *why)
{
    struct text text = {0};
    char name[LIST_LINE_MAX];

    (void)tug_text_escape(name, sizeof name, list->name, strlen(list->name));
    text_puts(&text, name);
    if (line > 0) {
        text_printf(&text, ":%lu", line);
    }
    text_printf(&text, ": %s%s", what, why);
    if (!text.has_failed) {
        report_warning(text.data);
    }
    text_fini(&text);
}

/* Add an image, unless the files had it already: by its full name. */
static int add_image(struct list_reader *reader, struct composed *composed)
{
    const char *const name = tug_ref_name(composed->ref);
    const char *const *place;

    if (!list_is_in_shard(reader->source, composed->ref) ||
        tfind(name, &reader->images, compare_names) != NULL) {
        return 0;
    }
    place = tsearch(name, &reader->images, compare_names); /* the list keeps what it borrows */
    return place != NULL ? list_append(reader->list, composed, "") : report_no_memory();
}

static bool take_image(void *context, const struct yaml_image *image)
{
    struct yaml_list *const list = context;
    struct composed composed = {0};
    struct tug_error error = {0};

    list->has_image = true;
    if (image->text == NULL) {
        warn(list, image->line, "image skipped: ", image->why);
        return true;
    }
    text_puts(&composed.text, image->text);
    if (composed.text.has_failed) {
        list->status = report_no_memory();
    } else if (tug_ref_parse(image->text, &composed.ref, &error) == TUG_OK) {
        list->status = add_image(list->reader, &composed);
    } else if (error.code == TUG_ERR_NO_MEMORY) {
        list->status = report_no_memory();
    } else {
        warn(list, image->line, "image skipped: ", error.message);
    }
    list_composed_fini(&composed);
    return list->status == 0;
}

int list_load_images(struct list_reader *reader, const char *name, FILE *file)
{
    struct yaml_list list = {.reader = reader, .name = name};
    struct yaml_position position;
    struct tug_error error = {0};
    char where[LIST_LINE_MAX + 64];
    const enum tug_status status = yaml_images_each(file, take_image, &list, &position, &error);

    if (list.status != 0) {
        return list.status;
    }
    if (status == TUG_OK) {
        if (!list.has_image) {
            warn(&list, 0, "names no image", "");
        }
        return 0;
    }
    (void)snprintf(where, sizeof where, "%.*s:%lu:%lu", LIST_LINE_MAX, name, position.line,
                   position.column);
    report_error(position.line > 0 ? where : name, error.message);
    return status == TUG_ERR_NO_MEMORY || status == TUG_ERR_CONFIG ? report_exit_status(status)
                                                                   : EXIT_STATUS_USAGE;
}
