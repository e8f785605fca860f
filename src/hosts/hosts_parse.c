/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of hosts.toml.
 *
 * Knows: the names, shapes and meanings of its keys. Does not know: HTTP, TLS, credentials.
 * Threads: any.
 */
#include "hosts/hosts_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "toml/toml.h"

/* An endpoint being read. */
struct entry {
    struct tug__endpoint_config *endpoint;
    bool is_top;                          /* of the top table; else of a [host."URL"] */
    const struct tug__toml_value *server; /* NULL: not given */
    const struct tug__toml_value *hosts;  /* NULL: not given */
    bool override_path;
};

typedef enum tug_status read_fn(const struct tug__hosts_reader *reader,
                                const struct tug__toml_value *value, struct entry *entry);

static enum tug_status read_server(const struct tug__hosts_reader *reader,
                                   const struct tug__toml_value *value, struct entry *entry)
{
    entry->server = value;
    return tug__hosts_expect(reader, value, TUG__TOML_STRING, "server", "a string");
}

static enum tug_status read_hosts(const struct tug__hosts_reader *reader,
                                  const struct tug__toml_value *value, struct entry *entry)
{
    const enum tug_status status = tug__hosts_expect(reader, value, TUG__TOML_TABLE, "host",
                                                     "tables like [host.\"https://mirror\"]");

    entry->hosts = value;
    if (status == TUG_OK && value->count >= TUG__HOSTS_ENDPOINTS_MAX) {
        return tug__hosts_refuse(reader, value->line, "over the limit of %d hosts",
                                 TUG__HOSTS_ENDPOINTS_MAX - 1);
    }
    return status;
}

static enum tug_status read_capabilities(const struct tug__hosts_reader *reader,
                                         const struct tug__toml_value *value, struct entry *entry)
{
    static const char *const names[] = {"pull", "resolve", "push", "referrers"};
    const size_t name_count = sizeof names / sizeof names[0];
    enum tug_status status =
        tug__hosts_expect(reader, value, TUG__TOML_ARRAY, "capabilities", "a list of strings");

    entry->endpoint->capabilities = 0;
    for (const struct tug__toml_value *item = status == TUG_OK ? value->head : NULL; item != NULL;
         item = item->next) {
        size_t i = 0;

        status =
            tug__hosts_expect(reader, item, TUG__TOML_STRING, "capabilities", "a list of strings");
        if (status != TUG_OK) {
            return status;
        }
        while (i < name_count && strcasecmp(item->text, names[i]) != 0) {
            i++;
        }
        if (i == name_count) {
            return tug__hosts_refuse(
                reader, item->line,
                "unknown capability '%s' (known: pull, resolve, push, referrers)", item->text);
        }
        entry->endpoint->capabilities |= 1U << i; /* in the order of TUG__CAN_… */
    }
    return status;
}

/* Find a named file and check its kind. item: its name. out_path: owned by the caller. */
static enum tug_status find_file(const struct tug__hosts_reader *reader,
                                 const struct tug__toml_value *item, const char *key,
                                 const char *kind, char **out_path)
{
    char *path = NULL;
    enum tug_status status;

    if (item->text[0] == '\0') {
        return tug__hosts_refuse(reader, item->line, "%s: an empty file name", key);
    }
    if (reader->place->directory == NULL || item->text[0] == '/') {
        path = strdup(item->text);
    } else if (asprintf(&path, "%s/%s", reader->place->directory, item->text) < 0) {
        path = NULL;
    }
    if (path == NULL) {
        return tug__fail_memory(reader->err);
    }
    if (reader->place->directory != NULL) {
        status = tug__hosts_check_pem(path, kind, reader->err);
        if (status != TUG_OK) {
            free(path);
            return tug__wrap(reader->err, status, "%s:%u: %s", reader->place->path, item->line,
                             key);
        }
    }
    *out_path = path;
    return TUG_OK;
}

static enum tug_status read_ca(const struct tug__hosts_reader *reader,
                               const struct tug__toml_value *value, struct entry *entry)
{
    struct tug__endpoint_config *const endpoint = entry->endpoint;

    if (tug__hosts_count(value) > TUG__HOSTS_FILES_MAX) {
        return tug__hosts_refuse(reader, value->line, "ca: over the limit of %d files",
                                 TUG__HOSTS_FILES_MAX);
    }
    endpoint->ca_files = calloc(tug__hosts_count(value) + 1, sizeof *endpoint->ca_files);
    if (endpoint->ca_files == NULL) {
        return tug__fail_memory(reader->err);
    }
    for (const struct tug__toml_value *item = tug__hosts_first(value); item != NULL;
         item = tug__hosts_next(value, item)) {
        enum tug_status status = tug__hosts_expect(reader, item, TUG__TOML_STRING, "ca",
                                                   "a string or a list of strings");

        if (status == TUG_OK) {
            status = find_file(reader, item, "ca", TUG__PEM_CERTIFICATE,
                               &endpoint->ca_files[endpoint->ca_file_count]);
        }
        if (status != TUG_OK) {
            return status;
        }
        endpoint->ca_file_count++;
    }
    return TUG_OK;
}

/* One client certificate: "both", ["both"], ["both", ""] or ["certificate", "key"]. */
static enum tug_status read_pair(const struct tug__hosts_reader *reader,
                                 const struct tug__toml_value *item, struct tug__client_pair *pair)
{
    static const char shapes[] = "a string, a list of strings or a list of [certificate, key]";
    const struct tug__toml_value *const certificate = tug__hosts_first(item);
    const struct tug__toml_value *const key =
        item->type == TUG__TOML_ARRAY && item->count == 2 ? item->head->next : NULL;
    const bool has_key_file =
        key != NULL && (key->type != TUG__TOML_STRING || key->text[0] != '\0');
    enum tug_status status;

    if (item->type == TUG__TOML_ARRAY && (item->count == 0 || item->count > 2)) {
        return tug__hosts_refuse(reader, item->line,
                                 "client: a pair has a certificate and a key, not %zu files",
                                 item->count);
    }
    status = tug__hosts_expect(reader, certificate, TUG__TOML_STRING, "client", shapes);
    if (status == TUG_OK && has_key_file) {
        status = tug__hosts_expect(reader, key, TUG__TOML_STRING, "client", shapes);
    }
    if (status == TUG_OK) {
        status =
            find_file(reader, certificate, "client", TUG__PEM_CERTIFICATE, &pair->certificate_file);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (has_key_file) {
        return find_file(reader, key, "client", TUG__PEM_KEY, &pair->key_file);
    }
    if (reader->place->directory == NULL) {
        return TUG_OK;
    }
    status = tug__hosts_check_pem(pair->certificate_file, TUG__PEM_KEY, reader->err);
    return status == TUG_OK
               ? TUG_OK
               : tug__wrap(reader->err, status,
                           "%s:%u: client (a certificate and its key in two files are written "
                           "[[\"certificate\", \"key\"]])",
                           reader->place->path, item->line);
}

static enum tug_status read_client(const struct tug__hosts_reader *reader,
                                   const struct tug__toml_value *value, struct entry *entry)
{
    struct tug__endpoint_config *const endpoint = entry->endpoint;

    if (tug__hosts_count(value) > TUG__HOSTS_FILES_MAX) {
        return tug__hosts_refuse(reader, value->line, "client: over the limit of %d certificates",
                                 TUG__HOSTS_FILES_MAX);
    }
    endpoint->client_pairs = calloc(tug__hosts_count(value) + 1, sizeof *endpoint->client_pairs);
    if (endpoint->client_pairs == NULL) {
        return tug__fail_memory(reader->err);
    }
    for (const struct tug__toml_value *item = tug__hosts_first(value); item != NULL;
         item = tug__hosts_next(value, item)) {
        /* counted first, so that half a pair is freed too */
        struct tug__client_pair *const pair =
            &endpoint->client_pairs[endpoint->client_pair_count++];
        const enum tug_status status = read_pair(reader, item, pair);

        if (status != TUG_OK) {
            return status;
        }
    }
    return TUG_OK;
}

static enum tug_status read_boolean(const struct tug__hosts_reader *reader,
                                    const struct tug__toml_value *value, bool *out_boolean)
{
    *out_boolean = value->boolean;
    return tug__hosts_expect(reader, value, TUG__TOML_BOOLEAN, value->key, "true or false");
}

static enum tug_status read_skip_verify(const struct tug__hosts_reader *reader,
                                        const struct tug__toml_value *value, struct entry *entry)
{
    entry->endpoint->has_skip_verify = true;
    return read_boolean(reader, value, &entry->endpoint->skip_verify);
}

static enum tug_status read_override_path(const struct tug__hosts_reader *reader,
                                          const struct tug__toml_value *value, struct entry *entry)
{
    return read_boolean(reader, value, &entry->override_path);
}

static enum tug_status read_dial_timeout(const struct tug__hosts_reader *reader,
                                         const struct tug__toml_value *value, struct entry *entry)
{
    const enum tug_status status =
        tug__hosts_expect(reader, value, TUG__TOML_STRING, "dial_timeout", "a string like \"5s\"");

    if (status == TUG_OK &&
        !tug__go_duration_parse(value->text, &entry->endpoint->dial_timeout_ms)) {
        return tug__hosts_refuse(
            reader, value->line,
            "dial_timeout: '%s' is not a duration from 1ns to 24h (example: 1m30s)", value->text);
    }
    return status;
}

static enum tug_status read_header(const struct tug__hosts_reader *reader,
                                   const struct tug__toml_value *value, struct entry *entry)
{
    return tug__hosts_read_header(reader, value, entry->endpoint);
}

/* Read the keys of the top table or of one host. */
static enum tug_status read_keys(const struct tug__hosts_reader *reader,
                                 const struct tug__toml_value *table, struct entry *entry)
{
    static const struct {
        const char *name;
        read_fn *read;
    } keys[] = {
        {"server", read_server}, /* the first two: at the top only */
        {"host", read_hosts},
        {"capabilities", read_capabilities},
        {"ca", read_ca},
        {"client", read_client},
        {"skip_verify", read_skip_verify},
        {"header", read_header},
        {"override_path", read_override_path},
        {"dial_timeout", read_dial_timeout},
    };
    const size_t key_count = sizeof keys / sizeof keys[0];

    for (const struct tug__toml_value *value = table->head; value != NULL; value = value->next) {
        size_t i = entry->is_top ? 0 : 2;
        enum tug_status status;

        while (i < key_count && strcmp(value->key, keys[i].name) != 0) {
            i++;
        }
        if (i == key_count) {
            return tug__hosts_refuse(
                reader, value->line,
                "unknown key '%s' (known %s capabilities, ca, client, skip_verify, "
                "header, override_path, dial_timeout)",
                value->key, entry->is_top ? "here: server, host," : "for a host:");
        }
        status = keys[i].read(reader, value, entry);
        if (status != TUG_OK) {
            return status;
        }
    }
    return TUG_OK;
}

/* Read one [host."URL"]. */
static enum tug_status read_host(const struct tug__hosts_reader *reader,
                                 const struct tug__toml_value *host,
                                 struct tug__endpoint_config *endpoint)
{
    struct entry entry = {.endpoint = endpoint};
    enum tug_status status = tug__hosts_expect(reader, host, TUG__TOML_TABLE, "host", "a table");

    if (status == TUG_OK) {
        status = read_keys(reader, host, &entry);
    }
    if (status != TUG_OK) {
        return status;
    }
    status = tug__endpoint_set_url(endpoint, host->key, entry.override_path, reader->place->host,
                                   reader->err);
    return status == TUG_OK
               ? TUG_OK
               : tug__wrap(reader->err, status, "%s:%u: host", reader->place->path, host->line);
}

/* The upstream's URL, or the reference's host. */
static enum tug_status finish_upstream(const struct tug__hosts_reader *reader,
                                       const struct entry *entry)
{
    const unsigned capabilities = entry->endpoint->capabilities;
    enum tug_status status;

    if (entry->server == NULL) {
        status = tug__endpoint_set_default(entry->endpoint, reader->place->host, reader->err);
        entry->endpoint->capabilities = capabilities;
        return status;
    }
    status = tug__endpoint_set_url(entry->endpoint, entry->server->text, entry->override_path,
                                   reader->place->host, reader->err);
    return status == TUG_OK ? TUG_OK
                            : tug__wrap(reader->err, status, "%s:%u: server", reader->place->path,
                                        entry->server->line);
}

static enum tug_status read_endpoints(const struct tug__hosts_reader *reader,
                                      const struct tug__toml_value *top,
                                      struct tug__hosts_file *file)
{
    struct entry entry = {.endpoint = &file->endpoints[file->endpoint_count - 1], .is_top = true};
    const struct tug__toml_value *host;
    unsigned capabilities;
    enum tug_status status = read_keys(reader, top, &entry);

    if (status == TUG_OK) {
        status = finish_upstream(reader, &entry);
    }
    capabilities = entry.endpoint->capabilities;
    host = entry.hosts != NULL ? entry.hosts->head : NULL;
    for (size_t i = 0; status == TUG_OK && host != NULL; host = host->next, i++) {
        status = read_host(reader, host, &file->endpoints[i]);
        capabilities |= file->endpoints[i].capabilities;
    }
    if (status == TUG_OK && (capabilities & TUG__CAN_PULL) == 0) {
        return tug__fail(reader->err, TUG_ERR_CONFIG,
                         "%s: neither the server nor a host has the capability 'pull'",
                         reader->place->path);
    }
    return status;
}

enum tug_status tug__hosts_parse(const char *text, size_t length,
                                 const struct tug__hosts_place *place,
                                 struct tug__hosts_file **out_file, struct tug_error *err)
{
    const struct tug__hosts_reader reader = {.place = place, .err = err};
    const struct tug__toml_value *hosts;
    size_t host_count;
    struct tug__hosts_file *file;
    struct tug__toml *toml;
    enum tug_status status = tug__toml_parse(text, length, place->path, &toml, err);

    if (status != TUG_OK) {
        return status;
    }
    hosts = tug__toml_get(tug__toml_root(toml), "host");
    host_count = hosts != NULL && hosts->type == TUG__TOML_TABLE ? hosts->count : 0;
    file = tug__hosts_file_create(place->path, host_count + 1);
    status =
        file != NULL ? read_endpoints(&reader, tug__toml_root(toml), file) : tug__fail_memory(err);
    tug__toml_destroy(toml);
    if (status != TUG_OK) {
        tug__hosts_destroy(file);
        return status;
    }
    *out_file = file;
    return TUG_OK;
}
