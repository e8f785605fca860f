/* SPDX-License-Identifier: Apache-2.0
 *
 * Edit index.json as text: kept elements are copied byte for byte.
 *
 * Knows: elements. Does not know: why one is kept, dropped or replaced; documents, the network.
 * Threads: any; an edit belongs to one thread at a time.
 *
 * The new text is never in memory as a whole. An edit holds 12 bytes for each run of kept elements
 * and for each element that may be dropped or replaced, and the new texts.
 */
#include "index/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fs.h"

/* Buffer size: bytes collected for one write. */
#define OUTPUT_BYTES ((size_t)64 * 1024)

/* Kind of a run. */
enum run_kind {
    RUN_KEPT, /* elements, from the start of the first to the end of the last */
    RUN_HELD, /* the same, one element */
    RUN_GONE, /* a dropped element */
    RUN_NEW,  /* bytes of texts */
};

/* 32 bits suffice, and there may be millions of runs. */
struct tug__edit_run {
    uint32_t begin, end; /* within the old text, or within texts */
    enum run_kind kind;
};

_Static_assert(TUG__INDEX_BYTES_MAX <= UINT32_MAX, "a run keeps places in 32 bits");

void tug__index_edit_init(struct tug__index_edit *out_edit, const char *text, size_t length)
{
    *out_edit = (struct tug__index_edit){.text = text, .length = length};
    tug__buf_init(&out_edit->texts, TUG__INDEX_BYTES_MAX);
}

static enum tug_status add_run(struct tug__index_edit *edit, struct tug__edit_run run,
                               struct tug_error *err)
{
    if (edit->run_count == edit->run_capacity) {
        const size_t capacity = edit->run_capacity > 0 ? edit->run_capacity * 2 : 8;
        struct tug__edit_run *const grown = reallocarray(edit->runs, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        edit->runs = grown;
        edit->run_capacity = capacity;
    }
    edit->runs[edit->run_count++] = run;
    return TUG_OK;
}

static struct tug__edit_run run_of(const struct tug__index_element *element, enum run_kind kind)
{
    return (struct tug__edit_run){
        .begin = (uint32_t)element->offset,
        .end = (uint32_t)(element->offset + element->length),
        .kind = kind,
    };
}

enum tug_status tug__index_edit_keep(struct tug__index_edit *edit,
                                     const struct tug__index_element *element,
                                     struct tug_error *err)
{
    if (edit->is_open) {
        edit->runs[edit->run_count - 1].end = (uint32_t)(element->offset + element->length);
        return TUG_OK;
    }
    edit->is_open = true;
    return add_run(edit, run_of(element, RUN_KEPT), err);
}

enum tug_status tug__index_edit_hold(struct tug__index_edit *edit,
                                     const struct tug__index_element *element, size_t *out_place,
                                     struct tug_error *err)
{
    edit->is_open = false;
    *out_place = edit->run_count;
    return add_run(edit, run_of(element, RUN_HELD), err);
}

void tug__index_edit_drop(struct tug__index_edit *edit, size_t place)
{
    edit->runs[place].kind = RUN_GONE;
    edit->is_changed = true;
}

static struct tug__edit_run new_run(const struct tug__index_edit *edit, size_t begin)
{
    return (struct tug__edit_run){
        .begin = (uint32_t)begin,
        .end = (uint32_t)edit->texts.length,
        .kind = RUN_NEW,
    };
}

void tug__index_edit_replace(struct tug__index_edit *edit, size_t place, size_t begin)
{
    edit->runs[place] = new_run(edit, begin);
    edit->is_changed = true;
}

enum tug_status tug__index_edit_add(struct tug__index_edit *edit, size_t begin,
                                    struct tug_error *err)
{
    edit->is_open = false;
    edit->is_changed = true;
    return add_run(edit, new_run(edit, begin), err);
}

bool tug__index_edit_is_needed(const struct tug__index_edit *edit)
{
    return edit->is_changed;
}

/* Destination of the new text: a file, or none (fd -1) when only its length is wanted. */
struct output {
    int fd;
    uint64_t offset; /* in the file: bytes flushed so far */
    struct tug__buf buf;
    enum tug_status status;
    struct tug_error *err;
};

static void flush(struct output *output)
{
    if (output->status == TUG_OK && output->fd >= 0) {
        output->status = tug__fs_pwrite_all(output->fd, output->buf.data, output->buf.length,
                                            output->offset, output->err);
    }
    output->offset += output->buf.length;
    tug__buf_clear(&output->buf);
}

static void put(struct output *output, const char *text, size_t length)
{
    if (output->status != TUG_OK) {
        return;
    }
    if (output->fd >= 0 && output->buf.length + length <= OUTPUT_BYTES) {
        output->status = tug__buf_append(&output->buf, text, length, output->err);
        return;
    }
    flush(output);
    if (output->status == TUG_OK && output->fd >= 0) {
        output->status = tug__fs_pwrite_all(output->fd, text, length, output->offset, output->err);
    }
    output->offset += length;
}

/* Write elements on a line of their own. */
static void put_elements(struct output *output, bool *is_first, const char *text, size_t length)
{
    const char *const separator = *is_first ? "[\n" : ",\n";

    *is_first = false;
    put(output, separator, strlen(separator));
    put(output, text, length);
}

static bool is_old(const struct tug__edit_run *run)
{
    return run->kind == RUN_KEPT || run->kind == RUN_HELD;
}

/* Write adjacent runs of old text, with the text between them. first: the first run. Returns: the
 * run after them. */
static size_t put_old(const struct tug__index_edit *edit, struct output *output, bool *is_first,
                      size_t first)
{
    size_t next = first + 1;

    while (next < edit->run_count && is_old(&edit->runs[next])) {
        next++;
    }
    put_elements(output, is_first, edit->text + edit->runs[first].begin,
                 edit->runs[next - 1].end - edit->runs[first].begin);
    return next;
}

static void put_all(const struct tug__index_edit *edit, struct output *output)
{
    bool is_first = true;

    put(output, edit->text, edit->list.begin);
    for (size_t i = 0; i < edit->run_count;) {
        const struct tug__edit_run *const run = &edit->runs[i];

        if (is_old(run)) {
            i = put_old(edit, output, &is_first, i);
            continue;
        }
        if (run->kind == RUN_NEW) {
            put_elements(output, &is_first, edit->texts.data + run->begin, run->end - run->begin);
        }
        i++;
    }
    put(output, is_first ? "[\n]" : "\n]", is_first ? 3 : 2);
    put(output, edit->text + edit->list.end, edit->length - edit->list.end);
}

size_t tug__index_edit_length(const struct tug__index_edit *edit)
{
    struct output output = {.fd = -1};

    put_all(edit, &output);
    return (size_t)output.offset;
}

enum tug_status tug__index_edit_write(void *context, int fd, struct tug_error *err)
{
    struct output output = {.fd = fd, .err = err};

    tug__buf_init(&output.buf, OUTPUT_BYTES);
    put_all(context, &output);
    flush(&output);
    tug__buf_fini(&output.buf);
    return output.status;
}

void tug__index_edit_fini(struct tug__index_edit *edit)
{
    free(edit->runs);
    tug__buf_fini(&edit->texts);
    *edit = (struct tug__index_edit){0};
}
