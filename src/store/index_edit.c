/* SPDX-License-Identifier: Apache-2.0
 *
 * Edit index.json as text: unchanged elements are copied byte for byte, new entries come last.
 *
 * Knows: elements and their names. Does not know: documents, the network.
 * Threads: any; an edit belongs to one thread at a time.
 *
 * The new text is never in memory as a whole. An edit holds 8 bytes for each run of kept elements,
 * and the texts of the new entries.
 */
#include "store/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fs.h"

/* Buffer size: bytes collected for one write. */
#define OUTPUT_BYTES ((size_t)64 * 1024)
#define NO_POSITION SIZE_MAX

/* The name of an entry, in a table sorted for lookup. */
struct tug__edit_name {
    uint64_t hash;
    size_t position; /* in entries */
};

struct tug__edit_entry {
    size_t offset, length; /* within entry_texts */
    bool is_there;         /* the index has this exact text already */
};

/* A run of kept elements, from the start of the first to the end of the last. An index has at most
 * 256 MiB, so 32 bits suffice, and there may be millions of runs. */
struct tug__edit_run {
    uint32_t begin, end;
};

static int compare_names(const void *a, const void *b)
{
    const struct tug__edit_name *const left = a;
    const struct tug__edit_name *const right = b;

    if (left->hash != right->hash) {
        return left->hash < right->hash ? -1 : 1;
    }
    return (left->position > right->position) - (left->position < right->position);
}

/* Find the last entry of that name: among several, the last one counts. */
static size_t find_entry(const struct tug__index_edit *edit, const char *name, size_t length)
{
    const uint64_t hash = tug__index_name_hash(name, length);
    size_t low = 0;
    size_t high = edit->count;

    while (low < high) { /* to the first name after those with this hash */
        const size_t middle = low + (high - low) / 2;

        if (edit->names[middle].hash <= hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low > 0 && edit->names[low - 1].hash == hash; low--) {
        const char *const found = edit->entries[edit->names[low - 1].position].name;

        if (strlen(found) == length && memcmp(found, name, length) == 0) {
            return edit->names[low - 1].position;
        }
    }
    return NO_POSITION;
}

static bool counts(const struct tug__index_edit *edit, size_t position)
{
    const char *const name = edit->entries[position].name;

    return find_entry(edit, name, strlen(name)) == position;
}

/* Write the texts of all entries that count; those of the others stay empty. */
static enum tug_status make_texts(struct tug__index_edit *edit, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; i < edit->count; i++) {
        const char *const name = edit->entries[i].name;

        edit->names[i] = (struct tug__edit_name){
            .hash = tug__index_name_hash(name, strlen(name)),
            .position = i,
        };
    }
    qsort(edit->names, edit->count, sizeof *edit->names, compare_names);
    for (size_t i = 0; status == TUG_OK && i < edit->count; i++) {
        struct tug__edit_entry *const added = &edit->added[i];

        added->offset = edit->entry_texts.length;
        if (counts(edit, i)) {
            status = tug__index_entry_append(&edit->entry_texts, &edit->entries[i], err);
        }
        added->length = edit->entry_texts.length - added->offset;
    }
    return status;
}

static enum tug_status keep(struct tug__index_edit *edit, const struct tug__index_element *element,
                            struct tug_error *err)
{
    const uint32_t end = (uint32_t)(element->offset + element->length);

    if (edit->is_open) {
        edit->runs[edit->run_count - 1].end = end;
        return TUG_OK;
    }
    if (edit->run_count == edit->run_capacity) {
        const size_t capacity = edit->run_capacity > 0 ? edit->run_capacity * 2 : 8;
        struct tug__edit_run *const grown = reallocarray(edit->runs, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        edit->runs = grown;
        edit->run_capacity = capacity;
    }
    edit->runs[edit->run_count++] =
        (struct tug__edit_run){.begin = (uint32_t)element->offset, .end = end};
    edit->is_open = true;
    return TUG_OK;
}

/* Decide whether an element is kept. Among several that match an entry exactly, the first one is.
 */
static enum tug_status judge_element(void *context, const struct tug__index_element *element,
                                     struct tug_error *err)
{
    struct tug__index_edit *const edit = context;
    const size_t position =
        element->name != NULL ? find_entry(edit, element->name, element->name_length) : NO_POSITION;
    struct tug__edit_entry *added;

    if (position == NO_POSITION) {
        return keep(edit, element, err);
    }
    added = &edit->added[position];
    if (!added->is_there && element->length == added->length &&
        memcmp(element->text, edit->entry_texts.data + added->offset, added->length) == 0) {
        added->is_there = true;
        return keep(edit, element, err);
    }
    edit->is_open = false;
    edit->is_shrinking = true;
    return TUG_OK;
}

enum tug_status tug__index_edit_init(struct tug__index_edit *out_edit, const char *text,
                                     size_t length, const struct tug__json_limits *limits,
                                     const struct tug__index_entry *entries, size_t count,
                                     struct tug_error *err)
{
    struct tug__index_edit edit = {
        .text = text,
        .length = length,
        .entries = entries,
        .count = count,
        .names = calloc(count + 1, sizeof *edit.names),
        .added = calloc(count + 1, sizeof *edit.added),
    };
    enum tug_status status;

    tug__buf_init(&edit.entry_texts, limits->max_bytes);
    status =
        edit.names != NULL && edit.added != NULL ? make_texts(&edit, err) : tug__fail_memory(err);
    if (status == TUG_OK) {
        status = tug__index_scan(text, length, limits, judge_element, &edit, &edit.list, err);
    }
    if (status != TUG_OK) {
        tug__index_edit_fini(&edit);
        return status;
    }
    *out_edit = edit;
    return TUG_OK;
}

/* Tell whether an entry has to be added. */
static bool is_new(const struct tug__edit_entry *added)
{
    return added->length > 0 && !added->is_there;
}

bool tug__index_edit_is_needed(const struct tug__index_edit *edit)
{
    bool is_needed = edit->is_shrinking;

    for (size_t i = 0; !is_needed && i < edit->count; i++) {
        is_needed = is_new(&edit->added[i]);
    }
    return is_needed;
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

static void put_all(const struct tug__index_edit *edit, struct output *output)
{
    bool is_first = true;

    put(output, edit->text, edit->list.begin);
    for (size_t i = 0; i < edit->run_count; i++) {
        const struct tug__edit_run *const run = &edit->runs[i];

        put_elements(output, &is_first, edit->text + run->begin, run->end - run->begin);
    }
    for (size_t i = 0; i < edit->count; i++) {
        const struct tug__edit_entry *const added = &edit->added[i];

        if (is_new(added)) {
            put_elements(output, &is_first, edit->entry_texts.data + added->offset, added->length);
        }
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
    free(edit->names);
    free(edit->added);
    free(edit->runs);
    tug__buf_fini(&edit->entry_texts);
    *edit = (struct tug__index_edit){0};
}
