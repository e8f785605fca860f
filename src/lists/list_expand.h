/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns of tags in a list: HOST/NAME:GLOB stands for every tag that matches.
 * Threads: main; those of the library besides.
 */
#ifndef TUG_CLI_LIST_EXPAND_H
#define TUG_CLI_LIST_EXPAND_H

#include <stdbool.h>

#include <tug/tags.h>

#include "list.h"

/* Run tug_fetch_list_tags with these options, and stop it on a signal. out_error: how it ended.
 * Returns: 0, or the exit status after a failure to begin, or a signal, was reported. */
typedef int (*list_tags_fn)(struct tug_fetch *fetch, const struct tug_tags_options *options,
                            struct tug_error *out_error);

/* How the registries are asked. */
struct list_asking {
    const struct tug_fetch_options
        *options; /* of the run; its registry's, times and log are used */
    list_tags_fn list_tags;
    bool is_quiet; /* no warnings */
};

/* Most references that the patterns of a list stand for. */
#define EXPANDED_MAX ((size_t)1000000)

/* Replace each pattern by the references that it stands for, in the order of tug_fetch_list_tags,
 * with the options of its line; those of other parts (list_source), and those that the list has
 * anyway with the same options, are left out. A pattern that cannot be expanded, or that no tag
 * matches, stays, with the reason (list_glob.error).
 * source: as for ref_list_load. Returns: 0, or the exit status after a failure was reported.
 * Blocks: until the registries have answered. */
int ref_list_expand(struct ref_list *list, const struct list_source *source,
                    const struct list_asking *asking);

#endif
