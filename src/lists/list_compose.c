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

/* Parse the text of a reference, in place of what was parsed before. */
static enum tug_status parse(struct composed *composed, struct tug_error *err)
{
    if (composed->text.has_failed) {
        return fail_memory(err);
    }
    tug_ref_destroy(composed->ref);
    composed->ref = NULL;
    return tug_ref_parse(composed->text.data, &composed->ref, err);
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
static enum tug_status place(const char *repository, const char *text, struct composed *composed,
                             struct tug_error *err)
{
    const char *const bare = text + (*text == '@' || *text == ':' ? 1 : 0);
    enum tug_status status;

    if (strchr(text, '/') == NULL) {
        text_printf(&composed->text, "%s%c%s", repository, list_is_digest(bare) ? '@' : ':', bare);
        status = parse(composed, err);
        if (status != TUG_ERR_INVALID_ARGUMENT || list_is_digest(bare)) {
            return status;
        }
        text_clear(&composed->text);
    }
    text_puts(&composed->text, text);
    status = parse(composed, err);
    if (status == TUG_OK && !is_of(repository, composed->ref)) {
        status = fail(err, text, "is neither a tag nor a digest, nor of --repository ", repository);
    }
    return status;
}

/* Put the digest behind a reference that may have it already. */
static enum tug_status add_digest(const char *digest, struct composed *composed,
                                  struct tug_error *err)
{
    const char *const own = strchr(composed->text.data, '@');

    if (own == NULL) {
        text_printf(&composed->text, "@%s", digest);
        return parse(composed, err);
    }
    return strcmp(own + 1, digest) == 0
               ? TUG_OK
               : fail(err, composed->text.data, "has another digest beside it: ", digest);
}

/* The pattern of tags in a text; NULL: there is none. */
static const char *find_glob(const char *repository, const char *text)
{
    static const char wild[] = "*?[";
    const char *const slash = strrchr(text, '/');
    const char *const name = slash != NULL ? slash + 1 : text;
    const char *const colon = strchr(name, ':');

    if (colon != NULL) {
        return strpbrk(colon + 1, wild) != NULL ? colon + 1 : NULL;
    }
    return repository != NULL && slash == NULL && strpbrk(text, wild) != NULL ? text : NULL;
}

/* Take a pattern of tags. glob: within text. */
static enum tug_status compose_pattern(const char *repository, const char *text, const char *glob,
                                       struct composed *composed, struct tug_error *err)
{
    const bool has_name = glob - text > 1;
    enum tug_status status;

    if (glob[strspn(glob, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
                          "*?[]!^:")] != '\0') {
        return fail(
            err, text,
            "is a pattern of tags: it may have letters, digits, and _ . - * ? [ ] ! ^ :", "");
    }
    if (has_name) {
        text_append(&composed->text, text, (size_t)(glob - text) - 1);
    } else {
        text_puts(&composed->text, repository != NULL ? repository : "");
    }
    status = composed->text.data != NULL ? parse(composed, err) : fail_memory(err);
    if (status == TUG_OK && has_name && repository != NULL && !is_of(repository, composed->ref)) {
        return fail(err, text, "is not of --repository ", repository);
    }
    composed->glob = composed->text.length + 1;
    text_printf(&composed->text, ":%s", glob);
    return status == TUG_OK && composed->text.has_failed ? fail_memory(err) : status;
}

enum tug_status list_compose(const char *repository, const char *text, const char *digest,
                             struct composed *out_composed, struct tug_error *err)
{
    const char *const glob = find_glob(repository, text);
    enum tug_status status;

    if (glob != NULL) {
        return digest == NULL || *digest == '\0'
                   ? compose_pattern(repository, text, glob, out_composed, err)
                   : fail(err, text, "is a pattern of tags, and has a digest beside it: ", digest);
    }
    if (repository != NULL) {
        status = place(repository, text, out_composed, err);
    } else if (list_is_digest(text)) {
        status = fail(err, text,
                      "is only a digest: give its repository with --repository HOST/NAME", "");
    } else {
        text_puts(&out_composed->text, text);
        status = parse(out_composed, err); /* first, so that its message is about what was given */
    }
    if (status != TUG_OK || digest == NULL || *digest == '\0') {
        return status;
    }
    return add_digest(digest, out_composed, err);
}

void list_composed_fini(struct composed *composed)
{
    tug_ref_destroy(composed->ref);
    text_fini(&composed->text);
    *composed = (struct composed){0};
}
