/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns of tags in a list: HOST/NAME:GLOB stands for every tag that matches.
 * Threads: main; a thread for signals and those of the library besides.
 */
#ifndef TUG_CLI_LIST_EXPAND_H
#define TUG_CLI_LIST_EXPAND_H

#include <stdbool.h>

#include <tug/fetch.h>

#include "list.h"

/* Most references that the patterns of a list stand for. */
#define EXPANDED_MAX ((size_t)1000000)

/* Replace each pattern by the references that it stands for, in the order of tug_fetch_list_tags,
 * with the options of its line; those of other parts (list_source), and those that the list has
 * anyway with the same options, are left out. A pattern that cannot be expanded, or that no tag
 * matches, stays, with the reason (list_glob.error).
 * source: as for ref_list_load. options: of the run; its registry's, times and log are used.
 * is_quiet: no warnings. Returns: 0; the exit status after a failure to begin, or the interruption
 * by a signal, was reported. Blocks: until the registries have answered. */
int ref_list_expand(struct ref_list *list, const struct list_source *source,
                    const struct tug_fetch_options *options, bool is_quiet);

#endif
