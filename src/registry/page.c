/* SPDX-License-Identifier: Apache-2.0
 *
 * Links between pages, and their limits.
 *
 * Knows: the Link header. Does not know: what the pages hold, curl.
 * Threads: any.
 */
#include "registry/page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/fnv.h"
#include "url/origin.h"
#include "url/resolve.h"
#include "url/url.h"

/* --- the header --- */

/* A piece of the header. */
struct slice {
    const char *text;
    size_t length;
};

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " \t");
}

/* Read the value of a parameter: a token, or a quoted text without escapes. */
static bool read_value(const char **at, struct slice *out_value)
{
    if (**at == '"') {
        out_value->text = ++*at;
        out_value->length = strcspn(*at, "\"");
        *at += out_value->length;
        return *(*at)++ == '"';
    }
    out_value->text = *at;
    out_value->length = strcspn(*at, " \t;,");
    *at += out_value->length;
    return true;
}

/* Tell whether one of the words of a value is "next". */
static bool has_next(struct slice value)
{
    static const char next[] = "next";

    while (value.length > 0) {
        const char *const blank = memchr(value.text, ' ', value.length);
        const size_t length = blank != NULL ? (size_t)(blank - value.text) : value.length;

        if (length == strlen(next) && strncasecmp(value.text, next, length) == 0) {
            return true;
        }
        value.text += length + (blank != NULL);
        value.length -= length + (blank != NULL);
    }
    return false;
}

/* Read the parameters of one link, up to the ',' or the end. Only the first "rel" counts. */
static bool read_parameters(const char **at, bool *out_is_next)
{
    bool has_rel = false;

    *out_is_next = false;
    for (skip_blanks(at); **at == ';'; skip_blanks(at)) {
        struct slice value = {0};
        const char *name;
        size_t length;

        ++*at;
        skip_blanks(at);
        name = *at;
        length = strcspn(name, " \t=;,");
        *at += length;
        skip_blanks(at);
        if (**at == '=') {
            ++*at;
            skip_blanks(at);
            if (!read_value(at, &value)) {
                return false;
            }
        }
        if (!has_rel && length == strlen("rel") && strncasecmp(name, "rel", length) == 0) {
            has_rel = true;
            *out_is_next = has_next(value);
        }
    }
    return **at == ',' || **at == '\0';
}

/* Find the target of the link "next". out_target: without a text when there is none. Returns: false
 * when the header is malformed. */
static bool find_next(const char *link, struct slice *out_target)
{
    *out_target = (struct slice){0};
    for (;;) {
        struct slice target;
        bool is_next;

        link += strspn(link, " \t,");
        if (*link == '\0') {
            return true;
        }
        if (*link != '<') {
            return false;
        }
        target.text = ++link;
        target.length = strcspn(link, ">");
        link += target.length;
        if (*link++ != '>' || !read_parameters(&link, &is_next)) {
            return false;
        }
        if (is_next) {
            *out_target = target;
            return true;
        }
    }
}

/* --- the target --- */

/* Tell whether the path of a URL ends in what was asked for. Registries behind a proxy leave out or
 * add what the proxy does before it. */
static bool is_same_list(const char *url, const struct tug__resource *resource)
{
    const char *const parts[] = {resource->reference, resource->kind, resource->repository};
    const char *const begin = strstr(url, "://") + 3;
    const char *end = begin + strcspn(begin, "?");

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const size_t length = strlen(parts[i]);

        if ((size_t)(end - begin) <= length || memcmp(end - length, parts[i], length) != 0 ||
            end[-(ptrdiff_t)length - 1] != '/') {
            return false;
        }
        end -= length + 1;
    }
    return true;
}

static enum tug_status refuse(const char *target, const char *why, struct tug_error *err)
{
    char shown[256];

    return tug__fail(err, TUG_ERR_CONTENT, "the link to the next page is refused: %s: '%s'", why,
                     tug__url_redact(shown, sizeof shown, target));
}

enum tug_status tug__page_next(const char *link, const char *url,
                               const struct tug__resource *resource,
                               char out_query[TUG__PAGE_QUERY_MAX], struct tug_error *err)
{
    char text[TUG__URL_MAX];
    char next[TUG__URL_MAX];
    struct tug__origin asked;
    struct tug__origin origin;
    struct slice target;
    const char *query;
    enum tug_status status = TUG_ERR_CONTENT;

    if (!find_next(link, &target)) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "the Link header of the answer is malformed: '%.160s'", link);
    }
    if (target.text == NULL) {
        return TUG_OK;
    }
    (void)snprintf(text, sizeof text, "%.*s",
                   (int)(target.length < sizeof text ? target.length : sizeof text), target.text);
    if (target.length < sizeof text) {
        status = tug__url_resolve(next, sizeof next, url, text, err);
    }
    if (status == TUG_ERR_NO_MEMORY) {
        return status;
    }
    if (status != TUG_OK || !tug__origin_parse(next, &origin) || !tug__origin_parse(url, &asked)) {
        return refuse(text, "not a usable URL", err);
    }
    if (!tug__origin_equal(&origin, &asked)) {
        return refuse(text, "it leads to another server", err);
    }
    if (!is_same_list(next, resource)) {
        return refuse(text, "it leads to another list", err);
    }
    query = next + strcspn(next, "?");
    if (*query == '\0' || query[1] == '\0') {
        return refuse(text, "it names no page", err);
    }
    if (strlen(query + 1) >= TUG__PAGE_QUERY_MAX) {
        return refuse(text, "it is too long", err);
    }
    (void)strcpy(out_query, query + 1);
    return TUG_OK;
}

/* --- counting --- */

/* Remember a query. A server that finds two with one hash breaks its own list only. */
static enum tug_status remember(struct tug__pages *pages, const char *query, struct tug_error *err)
{
    const uint64_t hash = tug__fnv_add(TUG__FNV_START, query, strlen(query));

    for (size_t i = 0; i < pages->count; i++) {
        if (pages->seen[i] == hash) {
            return tug__fail(err, TUG_ERR_CONTENT, "the pages of the list are a loop");
        }
    }
    if (pages->count == pages->capacity) {
        const size_t capacity = pages->capacity > 0 ? 2 * pages->capacity : 16;
        uint64_t *const grown = reallocarray(pages->seen, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        pages->seen = grown;
        pages->capacity = capacity;
    }
    pages->seen[pages->count++] = hash;
    return TUG_OK;
}

enum tug_status tug__pages_take(struct tug__pages *pages, size_t items, const char *next,
                                struct tug_error *err)
{
    pages->items += items;
    pages->barren = items > 0 ? 0 : pages->barren + 1;
    if (pages->items > pages->max_items) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "the list is over the limit of %zu entries",
                         pages->max_items);
    }
    if (*next == '\0') {
        return TUG_OK;
    }
    if (pages->count + 1 >= pages->max_pages) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "the list is over the limit of %zu pages",
                         pages->max_pages);
    }
    if (pages->barren > pages->max_barren) {
        return tug__fail(err, TUG_ERR_CONTENT, "%zu pages of the list in a row are empty",
                         pages->barren);
    }
    return remember(pages, next, err);
}

void tug__pages_clear(struct tug__pages *pages)
{
    free(pages->seen);
    *pages = (struct tug__pages){.max_pages = pages->max_pages,
                                 .max_items = pages->max_items,
                                 .max_barren = pages->max_barren};
}
