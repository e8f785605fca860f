/* SPDX-License-Identifier: Apache-2.0
 *
 * Docker's certs.d: a directory with *.crt, *.cert and *.key for one host.
 *
 * Knows: what the file name suffixes mean. Does not know: HTTP, TLS, OpenSSL.
 * Threads: any.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hosts/hosts_internal.h"

/* The names in a directory, sorted by bytes. */
struct names {
    struct dirent **entries;
    size_t count;
};

static bool ends_with(const char *name, const char *ending)
{
    const size_t length = strlen(name);
    const size_t ending_length = strlen(ending);

    return length > ending_length && strcmp(name + length - ending_length, ending) == 0;
}

static int is_relevant(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           (ends_with(entry->d_name, ".crt") || ends_with(entry->d_name, ".cert") ||
            ends_with(entry->d_name, ".key"));
}

static int compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* no locale, unlike alphasort */
}

/* The file with the same stem and another suffix; NULL: there is none. */
static const char *find_sibling(const struct names *names, const char *name, const char *ending)
{
    const size_t stem = (size_t)(strrchr(name, '.') - name);

    for (size_t i = 0; i < names->count; i++) {
        const char *const other = names->entries[i]->d_name;

        if (strncmp(other, name, stem) == 0 && strcmp(other + stem, ending) == 0) {
            return other;
        }
    }
    return NULL;
}

/* Check a file and build its path. *out_path: owned. */
static enum tug_status check_file(const char *directory, const char *name, const char *kind,
                                  char **out_path, struct tug_error *err)
{
    char *path = NULL;
    enum tug_status status;

    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        return tug__fail_memory(err);
    }
    status = tug__hosts_check_pem(path, kind, err);
    if (status != TUG_OK) {
        free(path);
        return status;
    }
    *out_path = path;
    return TUG_OK;
}

static enum tug_status load_pair(const char *directory, const struct names *names, const char *name,
                                 struct tug__client_pair *pair, struct tug_error *err)
{
    const char *const key = find_sibling(names, name, ".key");
    enum tug_status status =
        check_file(directory, name, TUG__PEM_CERTIFICATE, &pair->certificate_file, err);

    if (status == TUG_OK) {
        status = key != NULL ? check_file(directory, key, TUG__PEM_KEY, &pair->key_file, err)
                             : tug__hosts_check_pem(pair->certificate_file, TUG__PEM_KEY, err);
    }
    return status;
}

/* The arrays have room for all names. */
static enum tug_status load_all(const char *directory, const struct names *names,
                                struct tug__endpoint_config *endpoint, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; i < names->count && status == TUG_OK; i++) {
        const char *const name = names->entries[i]->d_name;

        if (ends_with(name, ".crt")) {
            status = check_file(directory, name, TUG__PEM_CERTIFICATE,
                                &endpoint->ca_files[endpoint->ca_file_count], err);
            endpoint->ca_file_count += status == TUG_OK;
        } else if (ends_with(name, ".cert")) {
            /* counted first, so that half a pair is freed too */
            status = load_pair(directory, names, name,
                               &endpoint->client_pairs[endpoint->client_pair_count++], err);
        } else if (find_sibling(names, name, ".cert") == NULL) {
            status = tug__fail(err, TUG_ERR_CONFIG,
                               "'%s/%s': a key without its certificate (*.cert)", directory, name);
        }
    }
    return status;
}

static enum tug_status fill(const char *directory, const struct names *names,
                            struct tug__hosts_file *file, struct tug_error *err)
{
    struct tug__endpoint_config *const endpoint = &file->endpoints[0];

    if (names->count == 0) {
        return TUG_OK;
    }
    if (names->count > TUG__HOSTS_FILES_MAX) {
        return tug__fail(err, TUG_ERR_CONFIG, "'%s': over the limit of %d certificates and keys",
                         directory, TUG__HOSTS_FILES_MAX);
    }
    file->path = strdup(directory);
    endpoint->ca_files = calloc(names->count, sizeof *endpoint->ca_files);
    endpoint->client_pairs = calloc(names->count, sizeof *endpoint->client_pairs);
    if (file->path == NULL || endpoint->ca_files == NULL || endpoint->client_pairs == NULL) {
        return tug__fail_memory(err);
    }
    return load_all(directory, names, endpoint, err);
}

enum tug_status tug__hosts_load_certificates(const char *directory, struct tug__hosts_file *file,
                                             struct tug_error *err)
{
    struct names names = {0};
    const int found = scandir(directory, &names.entries, is_relevant, compare);
    enum tug_status status;

    if (found < 0) {
        return errno == ENOMEM ? tug__fail_memory(err)
                               : tug__fail_errno(err, TUG_ERR_CONFIG, errno, "'%s'", directory);
    }
    names.count = (size_t)found;
    status = fill(directory, &names, file, err);
    for (size_t i = 0; i < names.count; i++) {
        free(names.entries[i]);
    }
    free(names.entries);
    return status;
}
