/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/error.h"

static enum tug_status read_layer(void *context, uint64_t offset, void *bytes, size_t length,
                                  struct tug_error *err)
{
    const struct toc_layer *const layer = context;

    if (offset > layer->size || length > layer->size - offset) {
        return tug__fail(err, TUG_ERR_STORE, "read beyond the layer");
    }
    memcpy(bytes, layer->bytes + offset, length);
    return TUG_OK;
}

struct tug__chunked_source help_source(const struct toc_layer *layer)
{
    return (struct tug__chunked_source){
        .read = read_layer,
        .context = (void *)(uintptr_t)layer,
    };
}

char *help_annotations(const struct toc_layer *layer)
{
    char *const text = calloc(1, sizeof layer->keys + sizeof layer->values + 1);
    char *at = text;

    for (size_t i = 0; i < layer->annotation_count; i++) {
        at = stpcpy(at, layer->keys[i]) + 1;
        at = stpcpy(at, layer->values[i]) + 1;
    }
    return text;
}

struct tug__chunked_place help_place(const struct toc_layer *layer)
{
    struct tug__descriptor descriptor = {.size_bytes = layer->size,
                                         .annotations = help_annotations(layer)};
    struct tug__chunked_place place;

    cr_assert(tug__chunked_find(&descriptor, &place));
    free(descriptor.annotations);
    return place;
}

enum tug_status help_read(const struct toc_layer *layer, struct tug__frame_table *out_table,
                          struct tug_error *err)
{
    struct tug__chunked_place place = help_place(layer);
    const struct tug__chunked_source source = help_source(layer);
    enum tug_status status = tug__chunked_locate(&place, &source, err);

    return status == TUG_OK ? tug__chunked_read(&place, &source, out_table, err) : status;
}
