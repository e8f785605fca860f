/* SPDX-License-Identifier: Apache-2.0
 *
 * Ask whether a registry has a blob, and what it says of it.
 *
 * Knows: what an answer to a HEAD of a blob must be. Does not know: the store, what becomes of it.
 * Threads: the client's owner.
 */
#include <stdio.h>

#include "base/error.h"
#include "oci/digest.h"
#include "registry/client_internal.h"

struct asked {
    const struct tug_digest *digest;
    struct tug__manifest_reply reply;
};

/* Tell whether a digest is the one of no bytes at all. */
static bool is_of_nothing(const struct tug_digest *digest)
{
    struct tug_digest nothing;

    return tug__digest_of(digest->algorithm, NULL, 0, &nothing, NULL) == TUG_OK &&
           tug__digest_compare(&nothing, digest) == 0;
}

static enum tug_status on_success(void *context, const struct tug__http_response *response,
                                  struct tug_error *err)
{
    struct asked *const asked = context;
    struct tug__manifest_reply *const reply = &asked->reply;
    const char *const type = tug__http_header(response, "Content-Type");

    *reply = (struct tug__manifest_reply){0};
    if (response->status != 200) {
        return tug__fail(err, TUG_ERR_NETWORK, "the registry answered status %d, not 200",
                         response->status);
    }
    /* Some say 0 because a HEAD has no body. */
    reply->has_size = response->content_length > 0 || is_of_nothing(asked->digest);
    reply->size_bytes = response->content_length > 0 ? (uint64_t)response->content_length : 0;
    if (type != NULL) {
        (void)snprintf(reply->media_type, sizeof reply->media_type, "%s", type);
    }
    return TUG_OK;
}

static enum tug_status on_end(void *context, const struct tug__http_response *response,
                              struct tug_error *err)
{
    const struct asked *const asked = context;

    (void)response;
    return asked->reply.has_size ? TUG_OK
                                 : tug__fail(err, TUG_ERR_UNSUPPORTED,
                                             "the registry does not tell the size of the blob");
}

static const struct tug__ask_handler handler = {
    .on_success = on_success, .on_data = tug__ignore_body, .on_end = on_end};

enum tug_status tug__client_head_blob(struct tug__client *client, const struct tug__source *source,
                                      const struct tug_digest *digest,
                                      struct tug__manifest_reply *out_reply, struct tug_error *err)
{
    struct asked asked = {.digest = digest};
    char text[TUG_DIGEST_TEXT_MAX];
    struct tug__ask ask = {
        .source = source,
        .what = {source->repository, "blobs", tug_digest_format(digest, text), NULL},
        .capabilities = TUG__CAN_PULL,
        .is_head = true,
        .has_digest = true,
        .accept = "*/*",
        .handler = &handler,
        .context = &asked,
    };
    const enum tug_status status = tug__ask(client, &ask, err);

    *out_reply = status == TUG_OK ? asked.reply : (struct tug__manifest_reply){0};
    out_reply->result = ask.result;
    return status;
}
