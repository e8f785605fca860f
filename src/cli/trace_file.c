/* SPDX-License-Identifier: Apache-2.0
 *
 * Write Chrome trace events ("Trace Event Format", a JSON array).
 *
 * Knows: the format, the library's events. Does not know: runs.
 * Threads: main.
 */
#include "trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "json_write.h"
#include "report.h"

/* Bytes that are gathered before they are written, if no FLUSH comes first. */
#define GATHERED_MAX ((size_t)64 * 1024)

static void write_gathered(struct trace_file *file)
{
    if (file->os_errno == 0 && file->text.has_failed) {
        file->os_errno = ENOMEM;
    }
    if (file->os_errno == 0 && file->text.length > 0) {
        file->os_errno = text_write_all(file->fd, file->text.data, file->text.length);
    }
    text_clear(&file->text);
}

/* --- events --- */

/* Begin an event: its phase, where it happens (a row; -1: the process) and its name. */
static void begin(struct trace_file *file, const char *phase, int row, const char *name)
{
    text_printf(&file->text, ",\n{\"ph\":\"%s\",\"pid\":%ld,\"tid\":%d,\"name\":", phase,
                file->process, row + 1);
    json_string(&file->text, name);
}

/* Add a time; the format counts microseconds. */
static void add_time(struct text *text, const char *name, uint64_t time_ns)
{
    text_printf(text, ",\"%s\":%" PRIu64 ".%03u", name, time_ns / 1000, (unsigned)(time_ns % 1000));
}

static void add_member(struct text *text, const char *name, const char *value)
{
    text_printf(text, "%s\"%s\":", text->data[text->length - 1] == '{' ? "" : ",", name);
    json_string(text, value);
}

/* Add what is known of a span, and how it ended if not well. */
static void add_arguments(struct text *text, const struct tug_trace_event *event,
                          const char *text_name)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    text_puts(text, ",\"args\":{");
    if (text->has_failed) {
        return;
    }
    if (event->text != NULL) {
        add_member(text, text_name, event->text);
    }
    if (event->digest.algorithm != TUG_DIGEST_NONE) {
        add_member(text, "digest", tug_digest_format(&event->digest, digest));
        text_printf(text, ",\"offset\":%" PRIu64 ",\"length\":%" PRIu64, event->offset,
                    event->length);
    }
    if (event->status != TUG_OK) {
        add_member(text, "error", tug_status_name(event->status));
    }
    text_puts(text, "}");
}

static void add_row(struct trace_file *file, const struct tug_trace_event *event)
{
    begin(file, "M", (int)event->row, "thread_name");
    text_puts(&file->text, ",\"args\":{\"name\":");
    json_string(&file->text, event->name);
    text_puts(&file->text, "}}");
    begin(file, "M", (int)event->row, "thread_sort_index");
    text_printf(&file->text, ",\"args\":{\"sort_index\":%u}}", event->row);
}

static void add_span(struct trace_file *file, const struct tug_trace_event *event)
{
    begin(file, "X", (int)event->row, event->name);
    add_time(&file->text, "ts", event->begin_ns);
    add_time(&file->text, "dur", event->duration_ns);
    add_arguments(&file->text, event, "host");
    text_puts(&file->text, "}");
}

/* Images overlap, so each is an event with a beginning and an end of its own. */
static void add_image(struct trace_file *file, const struct tug_trace_event *event)
{
    file->images++;
    begin(file, "b", -1, event->text);
    text_printf(&file->text, ",\"cat\":\"image\",\"id\":%u", file->images);
    add_time(&file->text, "ts", event->begin_ns);
    add_arguments(&file->text, event, "reference");
    text_puts(&file->text, "}");
    begin(file, "e", -1, event->text);
    text_printf(&file->text, ",\"cat\":\"image\",\"id\":%u", file->images);
    add_time(&file->text, "ts", event->begin_ns + event->duration_ns);
    text_puts(&file->text, "}");
}

static void add_counter(struct trace_file *file, const struct tug_trace_event *event)
{
    begin(file, "C", -1, event->name);
    add_time(&file->text, "ts", event->begin_ns);
    text_printf(&file->text, ",\"args\":{\"value\":%" PRIu64 "}}", event->value);
}

static void add_dropped(struct trace_file *file, const struct tug_trace_event *event)
{
    begin(file, "i", (int)event->row, "spans left out");
    add_time(&file->text, "ts", event->begin_ns);
    text_printf(&file->text, ",\"s\":\"t\",\"args\":{\"count\":%" PRIu64 "}}", event->value);
}

void trace_file_take(void *context, const struct tug_trace_event *event)
{
    struct trace_file *const file = context;

    switch (event->kind) {
    case TUG_TRACE_ROW:
        add_row(file, event);
        break;
    case TUG_TRACE_SPAN:
        add_span(file, event);
        break;
    case TUG_TRACE_IMAGE:
        add_image(file, event);
        break;
    case TUG_TRACE_COUNTER:
        add_counter(file, event);
        break;
    case TUG_TRACE_DROPPED:
        add_dropped(file, event);
        break;
    case TUG_TRACE_FLUSH:
        write_gathered(file);
        break;
    case TUG_TRACE_NONE:
    default:
        break;
    }
    if (file->text.length >= GATHERED_MAX || file->text.has_failed) {
        write_gathered(file);
    }
}

/* --- the file --- */

tug_trace_fn trace_file_callback(const struct trace_file *file)
{
    return file->fd >= 0 ? trace_file_take : NULL;
}

int trace_file_open(struct trace_file *file, const char *path, const char *command)
{
    *file = (struct trace_file){.fd = -1, .path = path, .process = (long)getpid()};
    if (path == NULL) {
        return 0;
    }
    file->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    if (file->fd < 0) {
        report_errno(path, "open", errno);
        return EXIT_STATUS_USAGE;
    }
    text_printf(&file->text,
                "[{\"ph\":\"M\",\"pid\":%ld,\"tid\":0,\"name\":\"process_name\","
                "\"args\":{\"name\":\"tug %s\"}}",
                file->process, command);
    return 0;
}

int trace_file_close(struct trace_file *file)
{
    if (file->fd < 0) {
        return 0;
    }
    text_puts(&file->text, "\n]\n");
    write_gathered(file);
    if (close(file->fd) != 0 && file->os_errno == 0) {
        file->os_errno = errno;
    }
    file->fd = -1;
    text_fini(&file->text);
    if (file->os_errno != 0) {
        report_errno(file->path, "write", file->os_errno);
        return EXIT_STATUS_STORE;
    }
    return 0;
}
