/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of findings.
 *
 * Knows: kinds of damage, what a walk says of a blob. Does not know: files, how damage was found or
 * repaired. Threads: a walk's.
 */
#include "upkeep/finding.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/portable.h"
#include "oci/digest.h"

#define TEXT_MAX (TUG_ERROR_MESSAGE_MAX + 256)
#define PATH_TEXT_MAX (TUG_DIGEST_TEXT_MAX + 32)

static void tell(const struct tug__findings *findings, const struct tug_finding *finding)
{
    struct tug_verify_result *const result = findings->result;

    if (finding->damage == TUG_DAMAGE_FOREIGN_FILE) {
        result->foreign_files++;
    } else {
        result->findings++;
        result->repaired += finding->is_repaired ? 1 : 0;
    }
    if (findings->options->on_finding != NULL) {
        findings->options->on_finding(findings->options->finding_context, finding);
    }
}

/* What is wrong, in words. */
static void describe(const struct tug__bad *bad, const struct tug__walk_blob *blob,
                     char out_text[TEXT_MAX])
{
    switch (bad->damage) {
    case TUG_DAMAGE_MISSING:
        (void)snprintf(out_text, TEXT_MAX, "missing");
        return;
    case TUG_DAMAGE_SIZE:
        (void)snprintf(out_text, TEXT_MAX, "has %" PRIu64 " bytes, not %" PRIu64, bad->file_bytes,
                       blob != NULL ? blob->size_bytes : 0);
        return;
    case TUG_DAMAGE_CONTENT:
        (void)snprintf(out_text, TEXT_MAX, "its content has another digest");
        return;
    case TUG_DAMAGE_UNREADABLE:
        (void)snprintf(out_text, TEXT_MAX, "cannot be read: %s", tug__errno_text(bad->os_errno));
        return;
    case TUG_DAMAGE_NOT_A_FILE:
        (void)snprintf(out_text, TEXT_MAX, "not a regular file");
        return;
    case TUG_DAMAGE_DOCUMENT:
        (void)snprintf(out_text, TEXT_MAX, "%s",
                       blob != NULL && blob->problem != NULL ? blob->problem : "cannot be parsed");
        return;
    case TUG_DAMAGE_NONE:
    case TUG_DAMAGE_FOREIGN_FILE:
    case TUG_DAMAGE_INDEX:
    case TUG_DAMAGE_UNSIGNED:
        break;
    }
    (void)snprintf(out_text, TEXT_MAX, "%s", tug_damage_name(bad->damage));
}

/* Add what became of it. */
static void add_mending(enum tug__mending mending, const struct tug_error *error,
                        char text[TEXT_MAX])
{
    const size_t length = strlen(text);
    char *const end = text + length;
    const size_t room = TEXT_MAX - length;

    switch (mending) {
    case TUG__MENDED_NOT:
        return;
    case TUG__MENDED:
        (void)snprintf(end, room, "; fetched again");
        return;
    case TUG__MENDED_REMOVED:
        (void)snprintf(end, room, "; nothing needs it: removed");
        return;
    case TUG__MENDED_FAILED:
        (void)snprintf(end, room, "; cannot be fetched: %s", error->message);
        return;
    }
}

/* Write the path of a blob below the root. Returns: out_path. */
static const char *write_path(const struct tug_digest *digest, char out_path[PATH_TEXT_MAX])
{
    char hex[TUG_DIGEST_TEXT_MAX];

    (void)snprintf(out_path, PATH_TEXT_MAX, "blobs/%s/%s",
                   tug__digest_algorithm_name(digest->algorithm), tug__digest_hex(digest, hex));
    return out_path;
}

enum tug_status tug__tell_bad(const struct tug__findings *findings, struct tug__walk *walk,
                              const struct tug__bad *bad, enum tug__mending mending,
                              const struct tug_error *error, struct tug_error *err)
{
    const uint32_t number = tug__walk_find(walk, &bad->digest);
    const struct tug__walk_blob *const blob =
        number != TUG__WALK_NONE ? tug__walk_blob(walk, number) : NULL;
    struct tug_finding finding = {
        .damage = bad->damage,
        .digest = bad->digest,
        .size_bytes = blob != NULL && blob->is_named ? blob->size_bytes : 0,
        .is_repaired = mending == TUG__MENDED || mending == TUG__MENDED_REMOVED,
    };
    char path[PATH_TEXT_MAX];
    char text[TEXT_MAX];
    enum tug_status status = TUG_OK;

    finding.path = write_path(&bad->digest, path);
    describe(bad, blob, text);
    add_mending(mending, error, text);
    finding.text = text;
    if (blob != NULL) {
        status = tug__walk_names(walk, number, &finding.images, &finding.image_count, err);
    }
    if (status == TUG_OK) {
        tell(findings, &finding);
    }
    return status;
}

void tug__tell_foreign(const struct tug__findings *findings, const char *path, bool is_dir)
{
    const struct tug_finding finding = {
        .damage = TUG_DAMAGE_FOREIGN_FILE,
        .path = path,
        .text =
            is_dir ? "a directory that is no part of a store" : "a file that is no part of a store",
    };

    tell(findings, &finding);
}

void tug__tell_unsigned(const struct tug__findings *findings, const char *name,
                        const struct tug_digest *digest, const char *why)
{
    char path[PATH_TEXT_MAX];
    const struct tug_finding finding = {
        .damage = TUG_DAMAGE_UNSIGNED,
        .digest = *digest,
        .path = write_path(digest, path),
        .text = why,
        .images = name != NULL ? &name : NULL,
        .image_count = name != NULL,
    };

    findings->result->images_unsigned++;
    tell(findings, &finding);
}

void tug__tell_index(const struct tug__findings *findings, const char *text, bool is_repaired)
{
    const struct tug_finding finding = {
        .damage = TUG_DAMAGE_INDEX,
        .path = "index.json",
        .text = text,
        .is_repaired = is_repaired,
    };

    tell(findings, &finding);
}
