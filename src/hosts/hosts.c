/* SPDX-License-Identifier: Apache-2.0
 *
 * Find and load the file or directory that configures a registry host.
 *
 * Knows: containerd's lookup order, Docker's certs.d. Does not know: HTTP, TLS, OpenSSL.
 * Threads: any.
 */
#include "hosts/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "hosts/hosts_internal.h"
#include "toml/toml.h"

/* Check for a directory. *out_exists: whether it exists. */
static enum tug_status find_directory(const char *path, bool *out_exists, struct tug_error *err)
{
    struct stat about;

    *out_exists = stat(path, &about) == 0;
    if (!*out_exists) {
        return errno == ENOENT ? TUG_OK : tug__fail_errno(err, TUG_ERR_CONFIG, errno, "'%s'", path);
    }
    return S_ISDIR(about.st_mode) ? TUG_OK
                                  : tug__fail(err, TUG_ERR_CONFIG, "'%s': not a directory", path);
}

enum tug_status tug__hosts_root(const char *option, const char *const *defaults,
                                const char **out_root, struct tug_error *err)
{
    static const char *const places[] = {"/etc/tug/certs.d", "/etc/containerd/certs.d", NULL};
    bool exists = false;
    enum tug_status status = TUG_OK;

    if (option != NULL) {
        status = find_directory(option, &exists, err);
        if (status == TUG_OK && !exists) {
            status = tug__fail_errno(err, TUG_ERR_CONFIG, ENOENT, "'%s'", option);
        }
        if (status == TUG_OK) {
            *out_root = option;
        }
        return status;
    }
    for (defaults = defaults != NULL ? defaults : places; *defaults != NULL; defaults++) {
        status = find_directory(*defaults, &exists, err);
        if (status != TUG_OK || exists) {
            break;
        }
    }
    if (status == TUG_OK) {
        *out_root = *defaults;
    }
    return status;
}

/* The n-th place to look for a host's directory.
 * Returns: TUG_OK; *out_path: owned, NULL past the last place. */
static enum tug_status format_place(const char *root, const char *host, int n, char **out_path,
                                    struct tug_error *err)
{
    const char *const bracket = strrchr(host, ']');
    const char *const port = strchr(bracket != NULL ? bracket : host, ':');
    int length = -1;

    *out_path = NULL;
    switch (port != NULL ? n : n + 1) {
    case 0:
        length = asprintf(out_path, "%s/%.*s_%s_", root, (int)(port - host), host, port + 1);
        break;
    case 1:
        length = asprintf(out_path, "%s/%s", root, host);
        break;
    case 2:
        length = asprintf(out_path, "%s/_default", root);
        break;
    default:
        return TUG_OK;
    }
    if (length < 0) {
        *out_path = NULL;
        return tug__fail_memory(err);
    }
    return TUG_OK;
}

/* The directory that configures a host. *out_directory: owned; NULL when there is none. */
static enum tug_status find_place(const char *root, const char *host, char **out_directory,
                                  struct tug_error *err)
{
    for (int n = 0;; n++) {
        char *path;
        bool exists = false;
        enum tug_status status = format_place(root, host, n, &path, err);

        if (status == TUG_OK && path != NULL) {
            status = find_directory(path, &exists, err);
        }
        if (status == TUG_OK && (exists || path == NULL)) {
            *out_directory = path;
            return TUG_OK;
        }
        free(path);
        if (status != TUG_OK) {
            return status;
        }
    }
}

/* Read the hosts.toml of a directory. *out_file: NULL when it is missing or empty. */
static enum tug_status load_toml(const char *directory, const char *host,
                                 struct tug__hosts_file **out_file, struct tug_error *err)
{
    struct tug__buf buf;
    struct stat about;
    char *path = NULL;
    enum tug_status status;

    *out_file = NULL;
    if (asprintf(&path, "%s/hosts.toml", directory) < 0) {
        return tug__fail_memory(err);
    }
    if (lstat(path, &about) != 0 && errno == ENOENT) { /* a link that leads nowhere is an error */
        free(path);
        return TUG_OK;
    }
    tug__buf_init(&buf, TUG__TOML_BYTES_MAX);
    status = tug__fs_read_config(path, &buf, err);
    if (status == TUG_OK && buf.length > 0) {
        const struct tug__hosts_place place = {.host = host, .path = path, .directory = directory};

        status = tug__hosts_parse(buf.data, buf.length, &place, out_file, err);
    }
    tug__buf_fini(&buf);
    free(path);
    return status;
}

enum tug_status tug__hosts_load(const char *root, const char *host,
                                struct tug__hosts_file **out_file, struct tug_error *err)
{
    char *directory = NULL;
    struct tug__hosts_file *const file = tug__hosts_file_create(NULL, 1);
    struct tug__hosts_file *configured = NULL;
    enum tug_status status = file != NULL
                                 ? tug__endpoint_set_default(&file->endpoints[0], host, err)
                                 : tug__fail_memory(err);

    if (status == TUG_OK && root != NULL) {
        status = find_place(root, host, &directory, err);
    }
    if (status == TUG_OK && directory != NULL) {
        status = load_toml(directory, host, &configured, err);
    }
    if (status == TUG_OK && directory != NULL && configured == NULL) {
        status = tug__hosts_load_certificates(directory, file, err);
    }
    free(directory);
    if (status != TUG_OK || configured != NULL) {
        tug__hosts_destroy(file);
    }
    if (status == TUG_OK) {
        *out_file = configured != NULL ? configured : file;
    }
    return status;
}
