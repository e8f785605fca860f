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

/* Tell whether a word is meant as a digest, however wrong the rest of it is. */
static bool is_digest(const char *text)
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
        text_printf(out_ref, "%s%c%s", repository, is_digest(bare) ? '@' : ':', bare);
        if (out_ref->has_failed) {
            return fail_memory(err);
        }
        status = check(out_ref->data, err);
        if (status != TUG_ERR_INVALID_ARGUMENT || is_digest(bare)) {
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
    } else if (is_digest(text)) {
        status =
            fail(err, text, "is a digest alone: --repository HOST/NAME must say where it is", "");
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

/* --- lines --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cut comment and blanks off a line. Returns: the rest, within line. */
static char *strip(char *line)
{
    char *end;

    while (is_blank(*line)) {
        line++;
    }
    for (end = line; *end != '\0'; end++) {
        if (*end == '#' && (end == line || is_blank(end[-1]))) {
            break;
        }
    }
    while (end > line && is_blank(end[-1])) {
        end--;
    }
    *end = '\0';
    return line;
}

/* Cut the first word off. Returns: the rest, within text. */
static char *cut_word(char *text)
{
    char *rest = text + strcspn(text, " \t\r");

    if (*rest != '\0') {
        *rest++ = '\0';
        rest += strspn(rest, " \t\r");
    }
    return rest;
}

/* Skip the media type and the size that `tug resolve` writes behind a digest. */
static const char *skip_type_and_size(const char *text)
{
    const size_t type = strcspn(text, " \t\r");
    const char *const size = text + type + strspn(text + type, " \t\r");
    const size_t digits = strspn(size, "0123456789");
    const bool is_type = (type == 1 && *text == '-') ||
                         (memchr(text, '/', type) != NULL && memchr(text, '=', type) == NULL);

    if (!is_type || digits == 0 || (size[digits] != '\0' && !is_blank(size[digits]))) {
        return text;
    }
    return size + digits + strspn(size + digits, " \t\r");
}

int list_add_line(struct list_reader *reader, const char *where, char *line)
{
    char *const text = strip(line);
    char *second;
    const char *options;

    if (*text == '\0') {
        return 0;
    }
    second = cut_word(text);
    if (!is_digest(second)) {
        return list_add(reader, where, text, NULL, second);
    }
    options = skip_type_and_size(cut_word(second));
    return list_add(reader, where, text, second, options);
}
