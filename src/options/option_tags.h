/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of tags alone, for the table of options.
 * Threads: main, before any other is started.
 */
#ifndef TUG_OPTIONS_OPTION_TAGS_H
#define TUG_OPTIONS_OPTION_TAGS_H

#include "options.h"

/* Take a value into settings.tags; each is an option_apply_fn. */
enum tug_status option_apply_match(struct settings *settings, const char *value,
                                   struct tug_error *err);
enum tug_status option_apply_exclude(struct settings *settings, const char *value,
                                     struct tug_error *err);
enum tug_status option_apply_semver(struct settings *settings, const char *value,
                                    struct tug_error *err);
enum tug_status option_apply_newest(struct settings *settings, const char *value,
                                    struct tug_error *err);

#endif
