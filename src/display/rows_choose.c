/* SPDX-License-Identifier: Apache-2.0
 *
 * Choose which images and blobs get a row of the display when there is not room for all.
 *
 * Knows: active images and blobs. Does not know: the content of a row.
 * Threads: the caller's.
 */
#include <string.h>

#include "rows.h"

/* Images and blobs that get a row. */
struct shown {
    bool blobs[ACTIVE_MAX];
    bool images[ACTIVE_MAX];
    size_t blob_count;
    size_t image_count;
};

static bool is_of_image(const struct active_blob *blob, const struct active_image *image)
{
    return blob->ref != NULL && strcmp(blob->ref, image->ref) == 0;
}

static bool has_live_blob(const struct active *active, const struct active_image *image)
{
    for (size_t i = 0; i < active->count; i++) {
        if (active_is_live(&active->blobs[i]) && is_of_image(&active->blobs[i], image)) {
            return true;
        }
    }
    return false;
}

static void show_images(const struct active *active, bool only_live, size_t most,
                        struct shown *shown)
{
    shown->image_count = 0;
    for (size_t i = 0; i < active->image_count; i++) {
        shown->images[i] =
            shown->image_count < most && (!only_live || has_live_blob(active, &active->images[i]));
        shown->image_count += shown->images[i];
    }
}

/* Show active blobs, oldest first, or finished ones, newest first. */
static void show_blobs(const struct active *active, bool is_live, size_t most, struct shown *shown)
{
    for (size_t i = 0; i < active->count && most > 0; i++) {
        const size_t index = is_live ? i : active->count - 1 - i;

        if (active_is_live(&active->blobs[index]) == is_live) {
            shown->blobs[index] = true;
            shown->blob_count++;
            most--;
        }
    }
}

static void add_choice(struct row_choice *choices, size_t *count, enum row_kind kind, size_t index)
{
    choices[(*count)++] = (struct row_choice){.kind = kind, .index = index};
}

/* Add the blobs of an image; NULL: those of no image that is shown. */
static void add_blobs(const struct active *active, const struct active_image *image,
                      struct shown *shown, struct row_choice *choices, size_t *count)
{
    for (size_t i = 0; i < active->count; i++) {
        if (shown->blobs[i] && (image == NULL || is_of_image(&active->blobs[i], image))) {
            shown->blobs[i] = false;
            add_choice(choices, count, ROW_BLOB, i);
        }
    }
}

/* Choose the rows. Returns: the number of rows left out, for ROW_MORE. */
static size_t select_shown(const struct active *active, size_t most, struct shown *shown)
{
    size_t live = 0;

    for (size_t i = 0; i < active->count; i++) {
        live += active_is_live(&active->blobs[i]);
    }
    show_images(active, false, ACTIVE_MAX, shown);
    if (shown->image_count + live > most) {
        show_images(active, live > 0, ACTIVE_MAX, shown);
    }
    if (shown->image_count + live <= most) {
        show_blobs(active, true, live, shown);
        show_blobs(active, false, most - shown->image_count - live, shown);
        return 0;
    }
    if (2 * shown->image_count <= most) { /* few images: some of the blobs */
        show_blobs(active, true, most - 1 - shown->image_count, shown);
        return live - shown->blob_count;
    }
    const size_t images = shown->image_count;

    if (images <= most) {
        return 0;
    }
    show_images(active, live > 0, most - 1, shown);
    return images - shown->image_count;
}

size_t rows_choose(const struct active *active, size_t most, struct row_choice *out_choices)
{
    struct shown shown = {0};
    size_t count = 0;
    size_t more;

    if (most == 0) {
        return 0;
    }
    more = select_shown(active, most, &shown);
    for (size_t i = 0; i < active->image_count; i++) {
        if (shown.images[i]) {
            add_choice(out_choices, &count, ROW_IMAGE, i);
            add_blobs(active, &active->images[i], &shown, out_choices, &count);
        }
    }
    add_blobs(active, NULL, &shown, out_choices, &count);
    if (more > 0) {
        add_choice(out_choices, &count, ROW_MORE, more);
    }
    return count;
}
