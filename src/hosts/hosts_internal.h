/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of this room, shared by its files.
 * Threads: any. Blocks: on the disk where a file is named.
 */
#ifndef TUG_HOSTS_HOSTS_INTERNAL_H
#define TUG_HOSTS_HOSTS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "hosts/hosts.h"
#include "toml/toml.h"

/* Blocks of a PEM file: the end of the line that begins each. */
#define TUG__PEM_CERTIFICATE "CERTIFICATE-----"
#define TUG__PEM_KEY "PRIVATE KEY-----"

/* Fill host (lower case; docker.io becomes its API host), needs_ns and path ("/v2") for the
 * registry itself, all capabilities, scheme unknown.
 * host: as in a reference. endpoint: zeroed; on failure the caller still destroys it.
 * Errors: TUG_ERR_CONFIG (no host), TUG_ERR_NO_MEMORY. The message has no "FILE:LINE" in front. */
enum tug_status tug__endpoint_set_default(struct tug__endpoint_config *endpoint, const char *host,
                                          struct tug_error *err);
/* Fill scheme, host, needs_ns and path from a URL of hosts.toml.
 * override_path: the path is the API root, else /v2 is appended unless it ends so.
 * reference_host: for needs_ns. Errors: as above; a URL is never part of the message, as it may
 * hold secrets. */
enum tug_status tug__endpoint_set_url(struct tug__endpoint_config *endpoint, const char *url,
                                      bool override_path, const char *reference_host,
                                      struct tug_error *err);

/* Parse a duration of Go ("1m30s", "1.5s", "300ms"), more than zero, at most
 * TUG__DIAL_TIMEOUT_MAX_MS; rounded up to a whole millisecond. Returns: false, with *out_ms
 * untouched, for anything else. */
bool tug__go_duration_parse(const char *text, uint64_t *out_ms);

/* Tell whether a PEM file can be read and holds a block of that kind. Errors: as
 * tug__fs_read_config. */
enum tug_status tug__hosts_check_pem(const char *path, const char *kind, struct tug_error *err);

/* A hosts.toml being read. */
struct tug__hosts_reader {
    const struct tug__hosts_place *place;
    struct tug_error *err;
};

/* Fail with TUG_ERR_CONFIG and "FILE:LINE: reason". */
enum tug_status tug__hosts_refuse(const struct tug__hosts_reader *reader, unsigned line,
                                  const char *format, ...) TUG__PRINTF(3, 4);
/* Fail unless a value has a type. key: the key it belongs to. expected: the type in words. */
enum tug_status tug__hosts_expect(const struct tug__hosts_reader *reader,
                                  const struct tug__toml_value *value, enum tug__toml_type type,
                                  const char *key, const char *expected);
/* Iterate over a list, or over any other value as a list of one. */
const struct tug__toml_value *tug__hosts_first(const struct tug__toml_value *list);
const struct tug__toml_value *tug__hosts_next(const struct tug__toml_value *list,
                                              const struct tug__toml_value *item);
/* Number of values in that iteration. */
size_t tug__hosts_count(const struct tug__toml_value *list);
/* Read a header table into an endpoint that has no headers yet. On failure the caller still
 * destroys endpoint. Errors: TUG_ERR_CONFIG, TUG_ERR_NO_MEMORY. */
enum tug_status tug__hosts_read_header(const struct tug__hosts_reader *reader,
                                       const struct tug__toml_value *value,
                                       struct tug__endpoint_config *endpoint);

/* Create a tug__hosts_file with that many zeroed endpoints, the last one the upstream.
 * path: copied, NULL allowed. Returns: owned; NULL when out of memory. */
struct tug__hosts_file *tug__hosts_file_create(const char *path, size_t endpoint_count);

/* Add the *.crt, *.cert and *.key files of a directory to a file's only endpoint, in the order of
 * their names; its path becomes the directory's when there are any.
 * On failure the caller still destroys file. Errors: TUG_ERR_CONFIG ("'path': reason"),
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__hosts_load_certificates(const char *directory, struct tug__hosts_file *file,
                                             struct tug_error *err);

#endif
