/* SPDX-License-Identifier: Apache-2.0
 *
 * Results on standard output, in the order the references were given, and what follows from them.
 * Threads: main.
 */
#ifndef TUG_CLI_RESULT_H
#define TUG_CLI_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/fetch.h>
#include <tug/tags.h>

#include "list.h"
#include "options.h"
#include "text.h"

/* What is known of one reference. */
struct result_slot {
    char *line;        /* owned; waits for the results before it, NULL: there is nothing to print */
    struct text *plan; /* owned; of a dry run: what would be fetched for it; of tags: their lines;
                          NULL: nothing so far */
    enum tug_status status;
    bool is_known;
};

/* The results of a run. Fields are private to result.c. */
struct results {
    const struct ref_list *refs; /* borrowed */
    enum result_format format;
    bool is_tags;              /* of tags: the tags of each repository, nothing of its own */
    bool is_lookup;            /* of resolve: media type and size, nothing of what was fetched */
    struct result_slot *slots; /* one for each reference */
    size_t printed_count;      /* slots before this one are done with */
    int output_errno;          /* of the first write that failed; nothing is written after it */
    bool has_lost_line;        /* no memory for a line */
    bool is_plan;              /* of a dry run */
    uint64_t planned_count;    /* of a dry run: what would be fetched, each digest once */
    uint64_t planned_bytes;
    uint64_t least_bytes; /* of those, fetched in any case */
};

/* Prepare for the results of refs, which must outlive them.
 * Returns: false when there is no memory. */
bool results_init(struct results *results, const struct ref_list *refs, enum result_format format);

/* Free everything; results may be zero or half-made. */
void results_fini(struct results *results);

/* Record the result of a reference and print every line that is due.
 * Returns: false when standard output has failed; output_errno has the reason. */
bool results_take(struct results *results, const struct tug_image_result *image);

/* Record a blob that would be fetched for the reference at a position (TUG_EVENT_PLANNED). */
void results_plan(struct results *results, size_t position, const struct tug_event *event);

/* Record a tag; its line is printed with the result of its repository, or before, when it is the
 * repository's turn. Returns: as results_take. */
bool results_take_tag(struct results *results, const struct tug_tag *tag);

/* Record error as the result of every reference without one, and print the rest. */
bool results_finish(struct results *results, const struct tug_error *error);

/* Write each reference that is not complete to fd, a line each, over its present content; a regular
 * file is truncated after them. Returns: 0, or an errno. */
int results_write_failed(const struct results *results, int fd);

/* Return the exit status that the results make.
 * signal_number: the signal that cancelled the run, 0 when none did. */
int results_exit_status(const struct results *results, int signal_number);

#endif
