/* SPDX-License-Identifier: Apache-2.0
 *
 * From the events of a YAML parser to the images that a file names.
 *
 * Knows: which keys name images. Does not know: references, lists.
 * Threads: any.
 *
 * Nothing is expanded: an alias is looked up only where an image should be, and only among texts.
 */
#include "yaml_images.h"

#include <errno.h>
#include <string.h>

#include "libyaml.h"
#include "yaml_walk.h"

/* Directives %TAG in a file: the parser compares each with all earlier ones of its document. */
#define TAGS_MAX 1000

/* What is read. */
struct input {
    FILE *file;
    size_t length;   /* read so far */
    int os_errno;    /* of a failed read */
    bool has_braces; /* there was "{{", as in a template */
    unsigned tags;   /* lines that begin with "%T" */
    char last[2];    /* bytes before the next one */
};

/* One file being read. */
struct reading {
    struct input input;
    struct libyaml libyaml;
    yaml_parser_t parser;
    struct yaml_walk walk;
};

/* Tell whether a byte ends a line by YAML's rules, or is the last one of a character that does. */
static bool is_break(char byte)
{
    return memchr("\n\r\x85\xa8\xa9", byte, 5) != NULL;
}

/* Note what the parser does not tell of. */
static void look_at(struct input *input, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        input->has_braces = input->has_braces || (bytes[i] == '{' && input->last[1] == '{');
        input->tags += bytes[i] == 'T' && input->last[1] == '%' && is_break(input->last[0]);
        input->last[0] = input->last[1];
        input->last[1] = bytes[i];
    }
}

/* A yaml_read_handler_t. A failure looks like the end of the file. */
static int read_bytes(void *data, unsigned char *buffer, size_t size, size_t *out_length)
{
    struct input *const input = data;

    *out_length = input->length <= YAML_BYTES_MAX && input->tags <= TAGS_MAX
                      ? fread(buffer, 1, size, input->file)
                      : 0;
    if (ferror(input->file)) {
        input->os_errno = errno;
    }
    input->length += *out_length;
    look_at(input, (const char *)buffer, *out_length);
    return 1;
}

/* --- failures --- */

static enum tug_status fail(struct tug_error *err, enum tug_status code, const char *why)
{
    err->code = code;
    (void)snprintf(err->message, sizeof err->message, "%s", why);
    return code;
}

/* Say why the parser gave up. */
static enum tug_status fail_parser(const struct reading *reading,
                                   struct yaml_position *out_position, struct tug_error *err)
{
    const yaml_parser_t *const parser = &reading->parser;
    const bool is_reader = parser->error == YAML_READER_ERROR; /* it has no line for bytes */
    const yaml_mark_t *const mark = is_reader ? &parser->mark : &parser->problem_mark;
    char byte[48] = "";

    if (parser->error == YAML_MEMORY_ERROR) {
        return fail(err, TUG_ERR_NO_MEMORY, "out of memory");
    }
    if (is_reader) {
        (void)snprintf(byte, sizeof byte, " at byte %zu", parser->problem_offset + 1);
    }
    *out_position = (struct yaml_position){mark->line + 1, mark->column + 1};
    err->code = TUG_ERR_INVALID_ARGUMENT;
    (void)snprintf(err->message, sizeof err->message, "not YAML: %s%s%s",
                   parser->problem != NULL ? parser->problem : "no reason given", byte,
                   reading->input.has_braces ? " (a template? Give what 'helm template' prints)"
                                             : "");
    return err->code;
}

/* Say why the file could not be read to its end; TUG_OK: it was. */
static enum tug_status check_input(const struct input *input, struct tug_error *err)
{
    char why[128];

    if (input->os_errno != 0) {
        (void)snprintf(why, sizeof why, "read: %s", strerror(input->os_errno));
        return fail(err, TUG_ERR_INVALID_ARGUMENT, why);
    }
    if (input->tags > TAGS_MAX) {
        return fail(err, TUG_ERR_TOO_LARGE, "more than 1000 directives %TAG");
    }
    return input->length > YAML_BYTES_MAX ? fail(err, TUG_ERR_TOO_LARGE, "larger than 64 MiB")
                                          : TUG_OK;
}

/* --- events --- */

static struct yaml_node node_of(const yaml_event_t *event)
{
    struct yaml_node node = {.line = event->start_mark.line + 1};

    if (event->type == YAML_SCALAR_EVENT) {
        node.anchor = (const char *)event->data.scalar.anchor;
        node.tag = (const char *)event->data.scalar.tag;
        node.text = (const char *)event->data.scalar.value;
        node.length = event->data.scalar.length;
        node.is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    } else if (event->type == YAML_ALIAS_EVENT) {
        node.anchor = (const char *)event->data.alias.anchor;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        node.anchor = (const char *)event->data.mapping_start.anchor;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        node.anchor = (const char *)event->data.sequence_start.anchor;
    }
    return node;
}

/* Hand an event on. Returns: YAML_WALK_OK, or why not. */
static enum yaml_walk_result take_event(struct yaml_walk *walk, const yaml_event_t *event)
{
    const struct yaml_node node = node_of(event);

    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        yaml_walk_begin(walk);
        return YAML_WALK_OK;
    case YAML_SCALAR_EVENT:
        return yaml_walk_scalar(walk, &node);
    case YAML_ALIAS_EVENT:
        return yaml_walk_alias(walk, &node);
    case YAML_MAPPING_START_EVENT:
        return yaml_walk_open(walk, &node, true);
    case YAML_SEQUENCE_START_EVENT:
        return yaml_walk_open(walk, &node, false);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return yaml_walk_close(walk);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return YAML_WALK_OK;
}

static enum tug_status check_walk(enum yaml_walk_result result, const yaml_event_t *event,
                                  struct yaml_position *out_position, struct tug_error *err)
{
    switch (result) {
    case YAML_WALK_OK:
        break;
    case YAML_WALK_TOO_DEEP:
        *out_position =
            (struct yaml_position){event->start_mark.line + 1, event->start_mark.column + 1};
        return fail(err, TUG_ERR_INVALID_ARGUMENT, "nested more than 256 levels deep");
    case YAML_WALK_NO_MEMORY:
        return fail(err, TUG_ERR_NO_MEMORY, "out of memory");
    case YAML_WALK_STOPPED:
        return fail(err, TUG_ERR_CANCELLED, "stopped");
    }
    return TUG_OK;
}

/* Lists are UTF-8, whatever their form. */
static enum tug_status check_encoding(const yaml_event_t *event, struct tug_error *err)
{
    return event->data.stream_start.encoding == YAML_UTF8_ENCODING
               ? TUG_OK
               : fail(err, TUG_ERR_INVALID_ARGUMENT, "UTF-16: save it as UTF-8");
}

/* Parse to the end. */
static enum tug_status parse(struct reading *reading, struct yaml_position *out_position,
                             struct tug_error *err)
{
    enum tug_status status = TUG_OK;
    bool is_end = false;
    yaml_event_t event;

    while (status == TUG_OK && !is_end) {
        if (!reading->libyaml.parser_parse(&reading->parser, &event)) {
            status = check_input(&reading->input, err);
            return status != TUG_OK ? status : fail_parser(reading, out_position, err);
        }
        is_end = event.type == YAML_STREAM_END_EVENT;
        status = event.type == YAML_STREAM_START_EVENT
                     ? check_encoding(&event, err)
                     : check_walk(take_event(&reading->walk, &event), &event, out_position, err);
        reading->libyaml.event_delete(&event);
    }
    return status == TUG_OK ? check_input(&reading->input, err) : status;
}

enum tug_status yaml_images_each(FILE *file, yaml_image_fn on_image, void *context,
                                 struct yaml_position *out_position, struct tug_error *err)
{
    struct reading reading = {.input.file = file,
                              .input.last = {'\n', '\n'},
                              .walk = {.on_image = on_image, .context = context}};
    enum tug_status status = libyaml_load(&reading.libyaml, err);

    *out_position = (struct yaml_position){0};
    if (status != TUG_OK) {
        return status;
    }
    if (!reading.libyaml.parser_initialize(&reading.parser)) {
        return fail(err, TUG_ERR_NO_MEMORY, "out of memory");
    }
    reading.libyaml.parser_set_input(&reading.parser, read_bytes, &reading.input);
    status = parse(&reading, out_position, err);
    yaml_walk_fini(&reading.walk);
    reading.libyaml.parser_delete(&reading.parser);
    return status;
}
