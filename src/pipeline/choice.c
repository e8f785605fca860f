/* SPDX-License-Identifier: Apache-2.0
 *
 * What the choice among the entries of an index means for its image, and the warnings about it.
 *
 * Knows: the choice (plan.h). Does not know: how it was made, requests.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <string.h>

/* Warn when the entry chosen for a platform has another architecture. */
static void warn_of_substitute(struct tug__resolver *resolver, const struct tug__image *image,
                               const struct tug_platform *wanted, const struct tug_platform *chosen)
{
    char wanted_text[TUG_PLATFORM_TEXT_MAX];
    char chosen_text[TUG_PLATFORM_TEXT_MAX];

    if (strcmp(wanted->architecture, chosen->architecture) != 0) {
        tug__emit_shortfall(resolver, image, "no entry for %s, using %s, which runs on it",
                            tug_platform_format(wanted, wanted_text),
                            tug_platform_format(chosen, chosen_text));
    }
}

/* Warn when entries with other operating system versions would have fitted as well: Windows images
 * run on hosts of their own version only. */
static void warn_of_versions(struct tug__resolver *resolver, const struct tug__image *image,
                             const struct tug_platform *wanted, const enum tug__want *wants,
                             size_t best)
{
    char list[TUG__PLAN_VERSIONS_MAX];
    char text[TUG_PLATFORM_TEXT_MAX];

    if (tug__plan_passed_over(wanted, image->gathered.entries, image->gathered.entry_count, wants,
                              best, list)) {
        const struct tug_platform *const chosen = &image->gathered.entries[best].platform;

        tug__emit_warning(resolver, image,
                          "using %s of several versions, not %s (--platform '%s(VERSION)/%s' "
                          "chooses)",
                          tug_platform_format(chosen, text), list, chosen->os,
                          chosen->architecture);
    }
}

void tug__image_report_choice(struct tug__resolver *resolver, struct tug__image *image,
                              const enum tug__want *wants, const size_t *best)
{
    const struct tug__wish *const wish = &image->wish;

    if (wish->all_platforms) {
        return;
    }
    for (size_t i = 0; i < wish->platform_count; i++) {
        if (best[i] < image->gathered.entry_count) {
            warn_of_substitute(resolver, image, &wish->platforms[i],
                               &image->gathered.entries[best[i]].platform);
            warn_of_versions(resolver, image, &wish->platforms[i], wants, best[i]);
        }
    }
    if (wish->platform_count == 1 && best[0] < image->gathered.entry_count) {
        image->found.platform = image->gathered.entries[best[0]].platform;
        image->result.platform = &image->found.platform;
    }
}
