/* SPDX-License-Identifier: Apache-2.0
 *
 * Check by its configs that an image is for the promised platform.
 *
 * Knows: configs in the store, index entries, the wish. Does not know: requests. Threads: the
 * resolver.
 *
 * A wrong platform in an index is its publisher's mistake and causes a warning: the image may still
 * be the one that the user wants. A single manifest promises nothing. If platforms were asked for,
 * it is judged as an index is; if this machine's platform is only the default, a mismatch causes a
 * warning.
 */
#include "pipeline/resolver.h"

#include <string.h>

#include "base/error.h"
#include "oci/limits.h"
#include "oci/platform.h"

/* Tell whether two platforms mean the same kind of machine. Configs often lack the variant. */
static bool is_same_machine(const struct tug_platform *left, const struct tug_platform *right)
{
    return strcmp(left->os, right->os) == 0 && strcmp(left->architecture, right->architecture) == 0;
}

/* Compare the platform of a manifest's index entries with that of its config. */
static void judge_entry(struct tug__resolver *resolver, struct tug__image *image,
                        const struct tug_digest *manifest, const struct tug_platform *platform)
{
    const struct tug_platform *promised = NULL;
    const struct tug__descriptor *entries;
    size_t count = 0;
    char text[TUG_PLATFORM_TEXT_MAX];
    char promised_text[TUG_PLATFORM_TEXT_MAX];

    entries = tug__gathered_find_entries(&image->gathered, manifest, &count);
    for (size_t i = 0; i < count; i++) {
        if (!entries[i].has_platform) {
            continue;
        }
        promised = &entries[i].platform;
        if (is_same_machine(promised, platform)) {
            return;
        }
    }
    if (promised == NULL) {
        return;
    }
    tug__emit_shortfall(resolver, image, "the index says %s, but the image is for %s",
                        tug_platform_format(promised, promised_text),
                        tug_platform_format(platform, text));
    if (image->result.platform != NULL && is_same_machine(image->result.platform, promised)) {
        image->found.platform = *platform;
    }
}

enum tug_status tug__image_judge_root(struct tug__resolver *resolver, struct tug__image *image,
                                      const struct tug_platform *platform, struct tug_error *err)
{
    const struct tug__wish *const wish = &image->wish;
    const enum tug_status status = tug__plan_check(wish, platform, err);
    char text[TUG_PLATFORM_TEXT_MAX];
    char wanted[TUG_PLATFORM_TEXT_MAX];

    image->found.platform = *platform;
    image->result.platform = &image->found.platform;
    if (status == TUG_OK || !wish->is_default) {
        return status;
    }
    *err = (struct tug_error){0}; /* nobody asked for this machine's platform */
    tug__emit_shortfall(resolver, image, "the image is for %s, not %s",
                        tug_platform_format(platform, text),
                        tug_platform_format(&wish->platforms[0], wanted));
    return TUG_OK;
}

static enum tug_status judge_config(struct tug__resolver *resolver, struct tug__image *image,
                                    const struct tug__config_check *check, struct tug_error *err)
{
    struct tug_platform platform;
    char digest[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = TUG_OK;
    bool has_platform = false;
    struct tug__buf buf;

    tug__buf_init(&buf, TUG__CONFIG_BYTES_MAX);
    if (tug__store_read(resolver->settings->store, &check->digest, &buf, NULL) == TUG_OK) {
        status = tug__config_platform(buf.data, buf.length, &platform, &has_platform, err);
    }
    tug__buf_fini(&buf);
    if (status != TUG_OK) {
        return tug__wrap(err, status, "config %s", tug_digest_format(&check->digest, digest));
    }
    if (!has_platform) {
        return TUG_OK;
    }
    if (check->is_entry) {
        judge_entry(resolver, image, &check->manifest, &platform);
        return TUG_OK;
    }
    return tug__image_judge_root(resolver, image, &platform, err);
}

bool tug__image_is_judged_first(const struct tug__image *image,
                                const struct tug__document *document)
{
    return !image->wish.is_default && !image->wish.all_platforms && document->has_config &&
           document->child_count > 1 && document->children[0].kind == TUG__MEDIA_CONFIG;
}

enum tug_status tug__image_judge(struct tug__resolver *resolver, struct tug__image *image,
                                 struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (const struct tug__config_check *check = image->gathered.checks;
         status == TUG_OK && check != NULL; check = check->next) {
        status = judge_config(resolver, image, check, err);
    }
    tug__gathered_forget_checks(&image->gathered);
    return status;
}
