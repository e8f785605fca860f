/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of the display drawn in place: which ones there are, and their content for a given
 * width. Pure functions.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_DISPLAY_ROWS_H
#define TUG_DISPLAY_ROWS_H

#include "active.h"

/* Longest row; a wider terminal is not filled. */
#define ROWS_WIDTH_MAX 160
/* Most rows of the note about the last retry. */
#define ROWS_NOTE_MAX 4

enum row_color {
    ROW_PLAIN = 0,
    ROW_GOOD,
    ROW_BAD,
};

/* One row, in ASCII: a byte is a column. */
struct row {
    char text[ROWS_WIDTH_MAX + 1];
    size_t color_start; /* columns that are coloured; none when the two are equal */
    size_t color_end;
    enum row_color color;
};

/* Content of a row. */
enum row_kind {
    ROW_IMAGE, /* images[index] */
    ROW_BLOB,  /* blobs[index] */
    ROW_MORE,  /* index blobs or images have no row */
};

struct row_choice {
    enum row_kind kind;
    size_t index;
};

/* Choose the content of at most `most` rows: active images, each with its blobs. If there is not
 * room for all, finished blobs are left out first, oldest first, then images without an active
 * blob, then blobs. out_choices: capacity `most`. Returns: the number of rows. */
size_t rows_choose(const struct active *active, size_t most, struct row_choice *out_choices);

/* Fill a row, of at most width columns (1 to ROWS_WIDTH_MAX). now_seconds: of the run. */
void row_of_image(const struct active_image *image, double now_seconds, size_t width,
                  struct row *out_row);
void row_of_blob(const struct active_blob *blob, double now_seconds, size_t width,
                 struct row *out_row);
void row_of_more(size_t count, size_t width, struct row *out_row);

/* The totals of the run, as many as fit: the most important are left out last. */
void row_of_total(const struct active *active, const struct tug_totals *totals,
                  const struct rate *rate, size_t width, struct row *out_row);

/* The last retry and its reason, in up to `most` rows (at most ROWS_NOTE_MAX).
 * Returns: the number of rows; 0 when there is nothing to report any more. */
size_t rows_of_retry(const struct active *active, const struct tug_totals *totals, size_t width,
                     size_t most, struct row *out_rows);

#endif
