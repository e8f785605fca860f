/* SPDX-License-Identifier: Apache-2.0
 *
 * Make references of the words of a list.
 *
 * Knows: --repository, tags, digests. Does not know: files.
 * Threads: main.
 */
#include "list_internal.h"

#include <string.h>

#include <tug/oci.h>
#include <tug/ref.h>

/* Refuse a text. why, more: what follows it in the message. */
static enum tug_status fail(struct tug_error *err, const char *text, const char *why,
                            const char *more)
{
    char escaped[300];
    char escaped_more[300];

    (void)tug_text_escape(escaped, sizeof escaped, text, strlen(text));
    (void)tug_text_escape(escaped_more, sizeof escaped_more, more, strlen(more));
    err->code = TUG_ERR_INVALID_ARGUMENT;
    (void)snprintf(err->message, sizeof err->message, "'%s' %s%s", escaped, why, escaped_more);
    return err->code;
}

static enum tug_status fail_memory(struct tug_error *err)
{
    err->code = TUG_ERR_NO_MEMORY;
    (void)snprintf(err->message, sizeof err->message, "out of memory");
    return err->code;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool list_is_digest(const char *text)
{
    return starts_with(text, "sha256:") || starts_with(text, "sha384:") ||
           starts_with(text, "sha512:");
}

/* Check a reference. */
static enum tug_status check(const char *text, struct tug_error *err)
{
    struct tug_ref *ref = NULL;
    const enum tug_status status = tug_ref_parse(text, &ref, err);

    tug_ref_destroy(ref);
    return status;
}

/* Tell whether a reference belongs to a repository. */
static bool is_of(const char *repository, const struct tug_ref *ref)
{
    struct tug_ref *other = NULL;
    bool is_same;

    if (tug_ref_parse(repository, &other, NULL) != TUG_OK) {
        return false;
    }
    is_same = strcmp(tug_ref_host(ref), tug_ref_host(other)) == 0 &&
              strcmp(tug_ref_repository(ref), tug_ref_repository(other)) == 0;
    tug_ref_destroy(other);
    return is_same;
}

/* Put a tag or digest behind a repository; a reference in that repository is taken as it is. */
static enum tug_status place(const char *repository, const char *text, struct text *out_ref,
                             struct tug_error *err)
{
    const char *const bare = text + (*text == '@' || *text == ':' ? 1 : 0);
    struct tug_ref *ref = NULL;
    enum tug_status status;

    if (strchr(text, '/') == NULL) {
        text_printf(out_ref, "%s%c%s", repository, list_is_digest(bare) ? '@' : ':', bare);
        if (out_ref->has_failed) {
            return fail_memory(err);
        }
        status = check(out_ref->data, err);
        if (status != TUG_ERR_INVALID_ARGUMENT || list_is_digest(bare)) {
            return status;
        }
    }
    status = tug_ref_parse(text, &ref, err);
    if (status == TUG_OK && !is_of(repository, ref)) {
        status = fail(err, text, "is neither a tag nor a digest, nor of --repository ", repository);
    }
    tug_ref_destroy(ref);
    text_clear(out_ref);
    text_puts(out_ref, text);
    return status;
}

/* Put the digest behind a reference that may have it already. */
static enum tug_status add_digest(const char *digest, struct text *ref_text, struct tug_error *err)
{
    const char *const own = strchr(ref_text->data, '@');

    if (own == NULL) {
        text_printf(ref_text, "@%s", digest);
        return TUG_OK;
    }
    return strcmp(own + 1, digest) == 0
               ? TUG_OK
               : fail(err, ref_text->data, "has another digest beside it: ", digest);
}

enum tug_status list_compose(const char *repository, const char *text, const char *digest,
                             struct text *out_ref, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (repository != NULL) {
        status = place(repository, text, out_ref, err);
    } else if (list_is_digest(text)) {
        status = fail(err, text,
                      "is only a digest: give its repository with --repository HOST/NAME", "");
    } else {
        text_puts(out_ref, text);
    }
    if (status == TUG_OK && out_ref->has_failed) {
        return fail_memory(err);
    }
    if (status == TUG_OK) { /* first, so that its message is about what was given */
        status = check(out_ref->data, err);
    }
    if (status != TUG_OK || digest == NULL || *digest == '\0') {
        return status;
    }
    status = add_digest(digest, out_ref, err);
    if (status == TUG_OK && out_ref->has_failed) {
        return fail_memory(err);
    }
    if (status == TUG_OK) {
        status = check(out_ref->data, err);
    }
    return status;
}
