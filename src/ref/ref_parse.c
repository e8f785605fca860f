/* SPDX-License-Identifier: Apache-2.0
 *
 * Parse image references.
 *
 * Knows: the reference grammar of the distribution project, exactly.
 * Does not know: registries, the meaning of a missing part (ref_print.c fills it in).
 * Threads: any.
 */
#include "ref/ref.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

/* Most bytes of a refused reference shown in a message. */
#define SHOWN_MAX 160
/* Hex digits of a bare sha256 digest, which the grammar would accept as a name. */
#define BARE_DIGEST_LENGTH 64

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define LOWER_HEX DIGITS "abcdef"
#define HEX LOWER_HEX "ABCDEF"

/* Length of the prefix of a slice that consists of the given characters. */
static size_t span(struct tug__ref_slice slice, const char *characters)
{
    size_t length = 0;

    while (length < slice.length && slice.start[length] != '\0' &&
           strchr(characters, slice.start[length]) != NULL) {
        length++;
    }
    return length;
}

static struct tug__ref_slice skip(struct tug__ref_slice slice, size_t length)
{
    return (struct tug__ref_slice){.start = slice.start + length, .length = slice.length - length};
}

/* The part of a slice before a character, or all of it. */
static struct tug__ref_slice until(struct tug__ref_slice slice, char end)
{
    const char *const at = slice.length > 0 ? memchr(slice.start, end, slice.length) : NULL;

    if (at != NULL) {
        slice.length = (size_t)(at - slice.start);
    }
    return slice;
}

/* Split off the last part at a separator. *slice: shortened when it has the separator. Returns: the
 * part after it; without a start when there is none. */
static struct tug__ref_slice cut_off(struct tug__ref_slice *slice, char separator)
{
    const struct tug__ref_slice whole = *slice;

    *slice = until(whole, separator);
    if (slice->length == whole.length) {
        return (struct tug__ref_slice){0};
    }
    return skip(whole, slice->length + 1);
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Tell whether a text begins like a digest, even if the rest is malformed. */
static bool has_algorithm(const char *text)
{
    return starts_with(text, "sha256:") || starts_with(text, "sha384:") ||
           starts_with(text, "sha512:");
}

static bool is_port(const char *text, const char *end)
{
    return strspn(text, DIGITS) == (size_t)(end - text);
}

/* Tell whether the text after an '@' may be meant as a digest rather than a host. */
static bool is_like_digest(const char *text)
{
    const char *const colon = strchr(text, ':');

    return has_algorithm(text) || (colon != NULL && strchr(text, '/') == NULL &&
                                   !is_port(colon + 1, colon + strlen(colon)));
}

/* The last '@' of a slice, or NULL. */
static const char *last_at(const char *start, const char *end)
{
    return memrchr(start, '@', (size_t)(end - start));
}

/* Find the '@' that ends user information, which no message may show: that comes before the first
 * '/' and has a ':' (or follows a scheme). A password may contain an unescaped '/' or '@', so the
 * last '@' not followed by a digest counts. Returns: NULL when there is none. */
static const char *find_secret_end(const char *text)
{
    const char *const scheme = strstr(text, "://");
    const char *const start = scheme != NULL ? scheme + 3 : text;
    const char *const slash = strchrnul(start, '/');
    const char *const colon = memchr(start, ':', (size_t)(slash - start));
    const char *const at = last_at(start, slash);
    const char *last = last_at(start, start + strlen(start));

    if (last != NULL && is_like_digest(last + 1)) {
        last = last_at(start, last);
    }
    if (at == NULL) {
        return colon != NULL && !is_port(colon + 1, slash) ? last : NULL;
    }
    return scheme != NULL || (colon != NULL && colon < at) ? last : NULL;
}

/* Prefix an error with the reference. */
static enum tug_status wrap(const char *text, enum tug_status status, struct tug_error *err)
{
    const char *const secret_end = find_secret_end(text);
    const char *const shown = secret_end != NULL ? secret_end : text;

    return tug__wrap(err, status, "invalid reference '%s%.*s%s'", secret_end != NULL ? "***" : "",
                     SHOWN_MAX, shown, strlen(shown) > SHOWN_MAX ? "..." : "");
}

/* Each check below returns NULL or an error text that begins with the name of the part. */

/* Say what to remove from a text with a scheme. */
static const char *check_scheme(const char *text)
{
    if (starts_with(text, "docker://")) {
        return "scheme: not part of a reference, leave out 'docker://'";
    }
    if (starts_with(text, "https://")) {
        return "scheme: not part of a reference, leave out 'https://'";
    }
    if (starts_with(text, "http://")) {
        return "scheme: not part of a reference, leave out 'http://'";
    }
    return "scheme: not part of a reference, leave out all up to '://'";
}

static const char *check_text(const char *text)
{
    const struct tug__ref_slice all = {.start = text, .length = strlen(text)};

    if (all.length == 0) {
        return "name: missing";
    }
    if (strstr(text, "://") != NULL) {
        return check_scheme(text);
    }
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f) {
            return "blanks and control characters are not allowed";
        }
    }
    if (all.length == BARE_DIGEST_LENGTH && span(all, LOWER_HEX) == all.length) {
        return "name: ambiguous, 64 hex digits alone (write NAME@sha256:DIGEST)";
    }
    if (has_algorithm(text)) {
        return "name: missing, a digest alone (write NAME@DIGEST)";
    }
    return NULL;
}

/* domain-component: letters, digits and, not at its ends, dashes */
static bool is_domain_component(struct tug__ref_slice component)
{
    return component.length > 0 && span(component, LOWER UPPER DIGITS "-") == component.length &&
           component.start[0] != '-' && component.start[component.length - 1] != '-';
}

static const char *check_domain(struct tug__ref_slice domain)
{
    for (;;) {
        const struct tug__ref_slice component = until(domain, '.');

        if (!is_domain_component(component)) {
            return "host: not a host name (letters, digits and inner '-', joined by '.')";
        }
        if (component.length == domain.length) {
            return NULL;
        }
        domain = skip(domain, component.length + 1);
    }
}

static const char *check_ipv6(struct tug__ref_slice address)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr binary;

    if (address.length >= sizeof text || span(address, HEX ":") != address.length) {
        return "host: not an IPv6 address";
    }
    memcpy(text, address.start, address.length);
    text[address.length] = '\0';
    return inet_pton(AF_INET6, text, &binary) == 1 ? NULL : "host: not an IPv6 address";
}

static const char *check_port(struct tug__ref_slice port)
{
    uint64_t number = 0;

    if (!tug__parse_u64(port.start, port.length, &number) || number < 1 || number > 65535) {
        return "port: not a number from 1 to 65535";
    }
    return NULL;
}

static const char *check_host(struct tug__ref_slice host)
{
    const bool is_bracketed = host.length > 0 && host.start[0] == '[';
    struct tug__ref_slice name = until(host, is_bracketed ? ']' : ':');
    struct tug__ref_slice rest = skip(host, name.length);
    const char *wrong;

    if (memchr(host.start, '@', host.length) != NULL) {
        return "host: has an '@' (user names and passwords are not part of a reference)";
    }
    if (is_bracketed) {
        if (rest.length == 0) {
            return "host: no ']' after the IPv6 address";
        }
        name = skip(name, 1);
        rest = skip(rest, 1);
    }
    wrong = is_bracketed ? check_ipv6(name) : check_domain(name);
    if (wrong != NULL || rest.length == 0) {
        return wrong;
    }
    return rest.start[0] == ':' ? check_port(skip(rest, 1)) : "host: only a port may follow ']'";
}

/* Length of a separator at the beginning of a slice: '.', '_', "__" or dashes; 0 for none. */
static size_t separator_length(struct tug__ref_slice slice)
{
    const size_t underscores = span(slice, "_");

    if (underscores > 0) {
        return underscores <= 2 ? underscores : 0;
    }
    return slice.length > 0 && slice.start[0] == '.' ? 1 : span(slice, "-");
}

/* [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)* */
static bool is_path_component(struct tug__ref_slice component)
{
    for (;;) {
        const size_t word = span(component, LOWER DIGITS);
        size_t separator;

        if (word == 0) {
            return false;
        }
        component = skip(component, word);
        if (component.length == 0) {
            return true;
        }
        separator = separator_length(component);
        if (separator == 0) {
            return false;
        }
        component = skip(component, separator);
    }
}

static const char *check_repository(struct tug__ref_slice repository)
{
    for (size_t i = 0; i < repository.length; i++) {
        if (repository.start[i] >= 'A' && repository.start[i] <= 'Z') {
            return "repository: must be lower case";
        }
    }
    for (;;) {
        const struct tug__ref_slice component = until(repository, '/');

        if (component.length == 0) {
            return "repository: a part of it is empty";
        }
        if (!is_path_component(component)) {
            return "repository: allowed are a-z and 0-9, with single '.', one or two '_' or any "
                   "'-' between them";
        }
        if (component.length == repository.length) {
            return NULL;
        }
        repository = skip(repository, component.length + 1);
    }
}

static const char *check_tag(struct tug__ref_slice tag)
{
    if (tag.length == 0) {
        return "tag: empty";
    }
    if (tag.length > TUG__REF_TAG_MAX) {
        return "tag: longer than 128 characters";
    }
    if (tag.start[0] == '.' || tag.start[0] == '-' ||
        span(tag, LOWER UPPER DIGITS "_.-") != tag.length) {
        return "tag: allowed are letters, digits, '_', '.' and '-', the last two not in front";
    }
    return NULL;
}

bool tug__ref_is_tag(const char *text, size_t length)
{
    return check_tag((struct tug__ref_slice){.start = text, .length = length}) == NULL;
}

/* The first component of a name is a host when no repository of the default registry can begin with
 * it. */
static bool is_host(struct tug__ref_slice component)
{
    static const char localhost[] = "localhost";

    for (size_t i = 0; i < component.length; i++) {
        const char c = component.start[i];

        if (c == '.' || c == ':' || (c >= 'A' && c <= 'Z')) {
            return true;
        }
    }
    return component.length == strlen(localhost) &&
           memcmp(component.start, localhost, component.length) == 0;
}

/* Split a reference at its separators, which no part may contain. */
static struct tug__ref_parts split(const char *text)
{
    struct tug__ref_parts parts = {.repository = {.start = text, .length = strlen(text)}};
    const struct tug__ref_slice first = until(parts.repository, '/');

    if (first.length < parts.repository.length && is_host(first)) {
        parts.host = first;
        parts.repository = skip(parts.repository, first.length + 1);
    }
    parts.digest = cut_off(&parts.repository, '@');
    parts.tag = cut_off(&parts.repository, ':');
    return parts;
}

/* Check all parts but the digest. */
static const char *check_parts(const struct tug__ref_parts *parts)
{
    const char *wrong = NULL;

    if (parts->host.start != NULL) {
        wrong = check_host(parts->host);
    }
    if (wrong == NULL) {
        wrong = check_repository(parts->repository);
    }
    if (wrong == NULL && parts->tag.start != NULL) {
        wrong = check_tag(parts->tag);
    }
    return wrong;
}

/* Parse the digest of a reference; an unknown algorithm is an invalid argument here. */
static enum tug_status parse_digest(struct tug__ref_slice text, struct tug_digest *out_digest,
                                    struct tug_error *err)
{
    if (tug_digest_parse(text.start, text.length, out_digest, err) == TUG_OK) {
        return TUG_OK;
    }
    if (err != NULL) {
        err->code = TUG_ERR_INVALID_ARGUMENT;
    }
    return TUG_ERR_INVALID_ARGUMENT;
}

enum tug_status tug_ref_parse(const char *text, struct tug_ref **out_ref, struct tug_error *err)
{
    const char *wrong = check_text(text);
    struct tug__ref_parts parts;
    struct tug_digest digest;
    struct tug_ref *ref;

    if (wrong == NULL) {
        parts = split(text);
        wrong = check_parts(&parts);
    }
    if (wrong == NULL && !tug__ref_complete(&parts)) {
        wrong = "name: host and repository are longer than 255 characters";
    }
    if (wrong != NULL) {
        return wrap(text, tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "%s", wrong), err);
    }
    if (parts.digest.start != NULL && parse_digest(parts.digest, &digest, err) != TUG_OK) {
        return wrap(text, TUG_ERR_INVALID_ARGUMENT, err);
    }
    ref = tug__ref_create(&parts, parts.digest.start != NULL ? &digest : NULL);
    if (ref == NULL) {
        return tug__fail_memory(err);
    }
    *out_ref = ref;
    return TUG_OK;
}
