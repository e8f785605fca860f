/* SPDX-License-Identifier: Apache-2.0
 *
 * Create and free a loaded configuration; read the files that it names.
 *
 * Knows: the file system. Does not know: HTTP, TLS, credentials.
 * Threads: any.
 */
#include "hosts/hosts_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fs.h"
#include "base/str.h"

/* Most bytes of a PEM file: a full bundle has a quarter of a MiB. */
#define PEM_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct tug__hosts_file *tug__hosts_file_create(const char *path, size_t endpoint_count)
{
    struct tug__hosts_file *const file = calloc(1, sizeof *file);

    if (file == NULL) {
        return NULL;
    }
    file->endpoints = calloc(endpoint_count, sizeof *file->endpoints);
    file->endpoint_count = file->endpoints != NULL ? endpoint_count : 0;
    if (file->endpoints == NULL || !tug__text_copy(&file->path, path)) {
        tug__hosts_destroy(file);
        return NULL;
    }
    for (size_t i = 0; i < endpoint_count; i++) {
        file->endpoints[i].capabilities = TUG__CAN_ALL;
    }
    file->endpoints[endpoint_count - 1].is_upstream = true;
    return file;
}

static void endpoint_fini(struct tug__endpoint_config *endpoint)
{
    free(endpoint->host);
    free(endpoint->path);
    for (size_t i = 0; i < endpoint->ca_file_count; i++) {
        free(endpoint->ca_files[i]);
    }
    free(endpoint->ca_files);
    for (size_t i = 0; i < endpoint->client_pair_count; i++) {
        free(endpoint->client_pairs[i].certificate_file);
        free(endpoint->client_pairs[i].key_file);
    }
    free(endpoint->client_pairs);
    for (size_t i = 0; i < endpoint->header_count; i++) {
        free(endpoint->headers[i].name);
        free(endpoint->headers[i].value);
    }
    free(endpoint->headers);
}

void tug__hosts_destroy(struct tug__hosts_file *file)
{
    if (file == NULL) {
        return;
    }
    for (size_t i = 0; i < file->endpoint_count; i++) {
        endpoint_fini(&file->endpoints[i]);
    }
    free(file->endpoints);
    free(file->path);
    free(file);
}

enum tug_status tug__hosts_check_pem(const char *path, const char *kind, struct tug_error *err)
{
    struct tug__buf buf;
    enum tug_status status;

    tug__buf_init(&buf, PEM_BYTES_MAX);
    status = tug__fs_read_config(path, &buf, err);
    if (status == TUG_OK &&
        (buf.length == 0 || memmem(buf.data, buf.length, kind, strlen(kind)) == NULL)) {
        status = tug__fail(err, TUG_ERR_CONFIG, "'%s': contains no %s in PEM format", path,
                           strcmp(kind, TUG__PEM_KEY) == 0 ? "private key" : "certificate");
    }
    tug__buf_fini(&buf);
    return status;
}
