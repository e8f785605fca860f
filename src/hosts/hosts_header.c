/* SPDX-License-Identifier: Apache-2.0
 *
 * The [header] tables of hosts.toml, and helpers for reading any of its values.
 *
 * Knows: which header lines a file may add to a request. Does not know: HTTP, TLS, credentials.
 * Threads: any.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hosts/hosts_internal.h"

/* Longest reason; the error's message is cut at its own capacity. */
#define REASON_MAX 512

enum tug_status tug__hosts_refuse(const struct tug__hosts_reader *reader, unsigned line,
                                  const char *format, ...)
{
    char reason[REASON_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return tug__fail(reader->err, TUG_ERR_CONFIG, "%s:%u: %s", reader->place->path, line, reason);
}

enum tug_status tug__hosts_expect(const struct tug__hosts_reader *reader,
                                  const struct tug__toml_value *value, enum tug__toml_type type,
                                  const char *key, const char *expected)
{
    return value->type == type ? TUG_OK
                               : tug__hosts_refuse(reader, value->line, "%s: expected %s, not %s",
                                                   key, expected, tug__toml_type_name(value->type));
}

const struct tug__toml_value *tug__hosts_first(const struct tug__toml_value *list)
{
    return list->type == TUG__TOML_ARRAY ? list->head : list;
}

const struct tug__toml_value *tug__hosts_next(const struct tug__toml_value *list,
                                              const struct tug__toml_value *item)
{
    return item == list ? NULL : item->next;
}

size_t tug__hosts_count(const struct tug__toml_value *list)
{
    return list->type == TUG__TOML_ARRAY ? list->count : 1;
}

static enum tug_status check_header_name(const struct tug__hosts_reader *reader,
                                         const struct tug__toml_value *header)
{
    /* Headers that make up a request or determine the form of its answer. */
    static const char *const own[] = {"Host",
                                      "Content-Length",
                                      "Transfer-Encoding",
                                      "Connection",
                                      "Keep-Alive",
                                      "Upgrade",
                                      "TE",
                                      "Trailer",
                                      "Expect",
                                      "Range",
                                      "Accept",
                                      "If-Range",
                                      "Accept-Encoding",
                                      NULL};
    const char *const name = header->key;

    for (const char *c = name; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("!#$%&'*+-.^_`|~", *c) == NULL) {
            return tug__hosts_refuse(reader, header->line, "header: '%s' is not a header's name",
                                     name);
        }
    }
    if (name[0] == '\0') {
        return tug__hosts_refuse(reader, header->line, "header: an empty name");
    }
    for (size_t i = 0; own[i] != NULL; i++) {
        if (strcasecmp(name, own[i]) == 0) {
            return tug__hosts_refuse(reader, header->line, "header: '%s' cannot be set", name);
        }
    }
    if (strncasecmp(name, "Proxy-", strlen("Proxy-")) == 0) {
        return tug__hosts_refuse(reader, header->line, "header: '%s' cannot be set", name);
    }
    return TUG_OK;
}

/* Values may be secrets, so they never appear in a message. */
static enum tug_status check_header_value(const struct tug__hosts_reader *reader, const char *name,
                                          const struct tug__toml_value *item)
{
    if (item->type != TUG__TOML_STRING) {
        return tug__hosts_refuse(reader, item->line,
                                 "header: '%s': expected a string or a list of strings, not %s",
                                 name, tug__toml_type_name(item->type));
    }
    if (strlen(item->text) > TUG__HOSTS_HEADER_BYTES_MAX) {
        return tug__hosts_refuse(reader, item->line, "header: '%s': over the limit of %zu bytes",
                                 name, TUG__HOSTS_HEADER_BYTES_MAX);
    }
    for (const char *c = item->text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return tug__hosts_refuse(reader, item->line,
                                     "header: '%s': a control character in its value", name);
        }
    }
    return TUG_OK;
}

/* One name with its values. The array has room for the lines. */
static enum tug_status add_header(const struct tug__hosts_reader *reader,
                                  const struct tug__toml_value *header,
                                  struct tug__endpoint_config *endpoint)
{
    enum tug_status status = check_header_name(reader, header);

    for (const struct tug__toml_value *item = status == TUG_OK ? tug__hosts_first(header) : NULL;
         item != NULL; item = tug__hosts_next(header, item)) {
        struct tug__endpoint_header *line;

        status = check_header_value(reader, header->key, item);
        if (status != TUG_OK) {
            return status;
        }
        line = &endpoint->headers[endpoint->header_count++];
        line->name = strdup(header->key);
        line->value = strdup(item->text);
        if (line->name == NULL || line->value == NULL) {
            return tug__fail_memory(reader->err);
        }
    }
    return status;
}

enum tug_status tug__hosts_read_header(const struct tug__hosts_reader *reader,
                                       const struct tug__toml_value *value,
                                       struct tug__endpoint_config *endpoint)
{
    enum tug_status status = tug__hosts_expect(reader, value, TUG__TOML_TABLE, "header", "a table");
    size_t lines = 0;

    for (const struct tug__toml_value *header = value->head; header != NULL;
         header = header->next) {
        lines += tug__hosts_count(header);
        for (const struct tug__toml_value *other = value->head; status == TUG_OK && other != header;
             other = other->next) {
            if (strcasecmp(other->key, header->key) == 0) {
                return tug__hosts_refuse(reader, header->line,
                                         "header: '%s' was given before, on line %u", header->key,
                                         other->line);
            }
        }
    }
    if (status == TUG_OK && lines > TUG__HOSTS_HEADERS_MAX) {
        return tug__hosts_refuse(reader, value->line, "header: over the limit of %d lines",
                                 TUG__HOSTS_HEADERS_MAX);
    }
    if (status == TUG_OK) {
        endpoint->headers = calloc(lines + 1, sizeof *endpoint->headers);
        status = endpoint->headers != NULL ? TUG_OK : tug__fail_memory(reader->err);
    }
    for (const struct tug__toml_value *header = value->head; status == TUG_OK && header != NULL;
         header = header->next) {
        status = add_header(reader, header, endpoint);
    }
    return status;
}
