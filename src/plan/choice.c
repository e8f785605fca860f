/* SPDX-License-Identifier: Apache-2.0
 *
 * What the choice among the entries of an index means for the user.
 *
 * Knows: the choice (plan.h). Does not know: how it was made, HTTP.
 * Threads: any.
 */
#include "plan/choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Warn when the entry chosen for a platform has another architecture. */
static void warn_of_substitute(const struct tug_platform *wanted, const struct tug_platform *chosen,
                               tug__choice_warn_fn warn, void *context)
{
    char wanted_text[TUG_PLATFORM_TEXT_MAX];
    char chosen_text[TUG_PLATFORM_TEXT_MAX];
    char text[2 * TUG_PLATFORM_TEXT_MAX + 64];

    if (strcmp(wanted->architecture, chosen->architecture) != 0) {
        (void)snprintf(text, sizeof text, "no entry for %s, using %s, which runs on it",
                       tug_platform_format(wanted, wanted_text),
                       tug_platform_format(chosen, chosen_text));
        warn(context, true, text);
    }
}

/* Warn when entries with other operating system versions would have fitted as well: Windows images
 * run on hosts of their own version only. */
static void warn_of_versions(const struct tug__choice *choice, size_t position,
                             tug__choice_warn_fn warn, void *context)
{
    const size_t best = choice->best[position];
    const struct tug_platform *const chosen = &choice->entries[best].platform;
    char list[TUG__PLAN_VERSIONS_MAX];
    char platform[TUG_PLATFORM_TEXT_MAX];
    char text[TUG__PLAN_VERSIONS_MAX + 2 * TUG_PLATFORM_TEXT_MAX + 128];

    if (tug__plan_passed_over(&choice->wish->platforms[position], choice->entries, choice->count,
                              choice->wants, best, list)) {
        (void)snprintf(text, sizeof text,
                       "using %s of several versions, not %s (--platform '%s(VERSION)/%s' chooses)",
                       tug_platform_format(chosen, platform), list, chosen->os,
                       chosen->architecture);
        warn(context, false, text);
    }
}

void tug__choice_warn(const struct tug__choice *choice, tug__choice_warn_fn warn, void *context)
{
    const struct tug__wish *const wish = choice->wish;

    for (size_t i = 0; !wish->all_platforms && i < wish->platform_count; i++) {
        if (choice->best[i] < choice->count) {
            warn_of_substitute(&wish->platforms[i], &choice->entries[choice->best[i]].platform,
                               warn, context);
            warn_of_versions(choice, i, warn, context);
        }
    }
}

char *tug__choice_text(const struct tug__choice *choice)
{
    const struct tug__wish *const wish = choice->wish;
    char *const text = calloc(wish->platform_count + 1, TUG_PLATFORM_TEXT_MAX + 1);
    char *at = text;

    for (size_t i = 0; text != NULL && i < wish->platform_count; i++) {
        if (choice->best[i] < choice->count) {
            if (at > text) {
                *at++ = ' ';
            }
            (void)tug_platform_format(&choice->entries[choice->best[i]].platform, at);
            at += strlen(at);
        }
    }
    if (at == text) {
        free(text);
        return NULL;
    }
    return text;
}
