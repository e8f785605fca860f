/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug__hosts_parse, without a directory: every endpoint that comes out is whole.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hosts/hosts.h"

/* Longer texts only slow the search down. */
#define INPUT_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* No character that would end a line, or a part of a URL. */
static void check_text(const char *text, const char *forbidden)
{
    for (; *text != '\0'; text++) {
        require((unsigned char)*text >= 0x20 && *text != 0x7f && strchr(forbidden, *text) == NULL);
    }
}

static void check(const struct tug__endpoint_config *endpoint)
{
    const size_t path_length = strlen(endpoint->path);

    require(endpoint->host[0] != '\0' && strlen(endpoint->host) <= TUG__ENDPOINT_HOST_MAX);
    check_text(endpoint->host, "/@?# \\");
    require(path_length <= TUG__ENDPOINT_PATH_MAX);
    require(path_length == 0 ||
            (endpoint->path[0] == '/' && endpoint->path[path_length - 1] != '/'));
    require(strstr(endpoint->path, "//") == NULL);
    check_text(endpoint->path, "?# \\");
    require((endpoint->capabilities & ~(unsigned)TUG__CAN_ALL) == 0);
    require(endpoint->dial_timeout_ms <= TUG__DIAL_TIMEOUT_MAX_MS);
    for (size_t i = 0; i < endpoint->ca_file_count; i++) {
        require(endpoint->ca_files[i][0] != '\0');
    }
    for (size_t i = 0; i < endpoint->client_pair_count; i++) {
        require(endpoint->client_pairs[i].certificate_file[0] != '\0');
    }
    for (size_t i = 0; i < endpoint->header_count; i++) {
        require(endpoint->headers[i].name[0] != '\0');
        check_text(endpoint->headers[i].name, ": \t");
        check_text(endpoint->headers[i].value, "");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tug__hosts_place place = {.host = "docker.io", .path = "f"};
    struct tug__hosts_file *file = NULL;
    struct tug_error err = {0};

    if (size > INPUT_MAX) {
        return 0;
    }
    if (tug__hosts_parse((const char *)data, size, &place, &file, &err) == TUG_OK) {
        require(file->endpoint_count >= 1 && file->endpoint_count <= TUG__HOSTS_ENDPOINTS_MAX);
        for (size_t i = 0; i < file->endpoint_count; i++) {
            check(&file->endpoints[i]);
        }
        tug__hosts_destroy(file);
    } else {
        require(err.code == TUG_ERR_CONFIG && strncmp(err.message, "f:", 2) == 0 && file == NULL);
    }
    return 0;
}
