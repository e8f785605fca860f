/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers that hosts.toml or the program adds to requests.
 *
 * Knows: which endpoints they are for. Does not know: curl, manifests, the store.
 * Threads: the session's creator.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "auth/header.h"
#include "base/error.h"
#include "base/str.h"
#include "registry/session_internal.h"

enum tug_status tug__session_keep_headers(struct tug__session *session,
                                          const struct tug__added *added, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    session->config.headers = calloc(added->header_count + 1, sizeof *session->config.headers);
    if (session->config.headers == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; status == TUG_OK && i < added->header_count; i++) {
        struct tug__endpoint_header *const header = &session->config.headers[i];

        status = tug__header_split(added->headers[i], &header->name, &header->value, err);
        session->config.header_count += status == TUG_OK;
    }
    return status;
}

void tug__session_drop_headers(struct tug__session *session)
{
    for (size_t i = 0; i < session->config.header_count; i++) {
        free(session->config.headers[i].name);
        tug__wipe_free(session->config.headers[i].value);
    }
    free(session->config.headers);
}

enum tug_status tug__added_check(const struct tug__added *added, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < added->header_count; i++) {
        char *name = NULL;
        char *value = NULL;

        status = tug__header_split(added->headers[i], &name, &value, err);
        free(name);
        tug__wipe_free(value);
    }
    if (status == TUG_OK && added->user_agent != NULL &&
        !tug__header_is_valid("User-Agent", added->user_agent)) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "a user agent with control characters");
    }
    return status;
}

/* Add a line to what is sent to an endpoint. Errors: TUG_ERR_NO_MEMORY. */
static enum tug_status add_header(struct tug__session *session, struct tug__endpoint *endpoint,
                                  const struct tug__endpoint_header *header, struct tug_error *err)
{
    /* libcurl wants "Name;" for a header with an empty value */
    const bool is_empty = header->value[0] == '\0';
    char *line = NULL;

    if (asprintf(&line, is_empty ? "%s;%s" : "%s: %s", header->name, header->value) < 0) {
        return tug__fail_memory(err);
    }
    endpoint->headers[endpoint->header_count++] = line;
    endpoint->has_authorization |= strcasecmp(header->name, "Authorization") == 0;
    return tug__secrets_add_header(session->secrets, header->name, header->value, err);
}

static bool has_header(const struct tug__endpoint_config *config, const char *name)
{
    size_t i = 0;

    while (i < config->header_count && strcasecmp(config->headers[i].name, name) != 0) {
        i++;
    }
    return i < config->header_count;
}

enum tug_status tug__session_set_headers(struct tug__session *session,
                                         struct tug__endpoint *endpoint, struct tug_error *err)
{
    const struct tug__endpoint_config *const config = endpoint->config;
    /* T-12: the program's are for the registry itself, and not for mirrors */
    const size_t added = config->is_upstream ? session->config.header_count : 0;
    enum tug_status status = TUG_OK;

    endpoint->headers = calloc(config->header_count + added + 1, sizeof *endpoint->headers);
    if (endpoint->headers == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; status == TUG_OK && i < config->header_count; i++) {
        status = add_header(session, endpoint, &config->headers[i], err);
    }
    for (size_t i = 0; status == TUG_OK && i < added; i++) {
        if (!has_header(config, session->config.headers[i].name)) {
            status = add_header(session, endpoint, &session->config.headers[i], err);
        }
    }
    return status;
}
