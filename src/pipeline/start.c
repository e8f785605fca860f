/* SPDX-License-Identifier: Apache-2.0
 *
 * Create what a run needs first: the session of its registries, and its engine.
 *
 * Knows: options, the interfaces of registry and engine. Does not know: HTTP.
 * Threads: the caller of tug__run or tug__lookup_run.
 */
#include "pipeline/start.h"

#include <string.h>

#include "base/error.h"
#include "pipeline/fit.h"
#include "pipeline/tell.h"
#include "registry/registry.h"

/* Find the one registry that credentials are for. out_host: borrowed; NULL when there are no
 * credentials. */
static enum tug_status find_credential_host(const struct tug__run_settings *settings,
                                            const char **out_host, struct tug_error *err)
{
    const struct tug_fetch_options *const options = &settings->options;

    *out_host = NULL;
    if ((options->user == NULL && options->refresh_token == NULL) || settings->ref_count == 0) {
        return TUG_OK;
    }
    *out_host = tug_ref_host(settings->refs[0]);
    for (size_t i = 1; i < settings->ref_count; i++) {
        if (strcmp(tug_ref_host(settings->refs[i]), *out_host) != 0) {
            return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                             "credentials are for one registry, but there are references to %s and "
                             "%s",
                             *out_host, tug_ref_host(settings->refs[i]));
        }
    }
    return TUG_OK;
}

enum tug_status tug__run_session(const struct tug__run_settings *settings,
                                 struct tug__session **out_session, struct tug_error *err)
{
    const struct tug_fetch_options *const options = &settings->options;
    struct tug__session_settings wanted = {
        .plain_http = options->plain_http,
        .skip_verify = options->skip_verify,
        .ca_file = options->ca_file,
        .certificate_file = options->certificate_file,
        .key_file = options->key_file,
        .hosts_dir = options->hosts_dir,
        .proxy = options->proxy,
        .refresh_token = options->refresh_token,
        .authfile = options->authfile,
        .program = {.on_credential = options->on_credential,
                    .context = options->credential_context},
        .on_log = tug__has_log(options) ? tug__say : NULL,
        .log_context = (void *)(uintptr_t)options,
        .log_heads = options->log_http,
        .log_timing = options->log_timing,
        .log_config = options->log_config,
        .added = {.headers = options->headers,
                  .header_count = options->header_count,
                  .user_agent = options->user_agent},
    };
    struct tug__session *session = NULL;
    enum tug_status status = find_credential_host(settings, &wanted.credential_host, err);

    if (wanted.credential_host != NULL && options->user != NULL) {
        wanted.user = options->user;
        wanted.password = options->password != NULL ? options->password : "";
    }
    if (status == TUG_OK) {
        status = tug__session_create(&wanted, &session, err);
    }
    for (size_t i = 0; status == TUG_OK && i < settings->ref_count; i++) {
        status = tug__session_add(session, tug_ref_host(settings->refs[i]), err);
    }
    if (status != TUG_OK) {
        tug__session_destroy(session);
        return status;
    }
    *out_session = session;
    return TUG_OK;
}

enum tug_status tug__run_engine(const struct tug__run_settings *settings,
                                const struct tug__engine_settings *own,
                                struct tug__engine **out_engine, struct tug_error *err)
{
    const struct tug_fetch_options *const options = &settings->options;
    struct tug__engine_settings wanted = *own;
    struct tug__engine *engine = NULL;
    enum tug_status status;
    unsigned worker_count;

    wanted.bell = settings->bell;
    wanted.trace = settings->trace;
    wanted.refs = settings->refs;
    wanted.ref_count = settings->ref_count;
    wanted.worker_count = tug__fit_workers(options, own->worker_count);
    wanted.max_per_host = options->max_per_host;
    wanted.bytes_per_s = options->limit_bytes_per_s;
    wanted.connect_timeout_ms = options->connect_timeout_ms;
    wanted.stall_timeout_ms = options->stall_timeout_ms;
    wanted.chunk_size_bytes = options->chunk_size_bytes;
    wanted.retries = options->no_retries ? 0 : options->retries;
    wanted.retry_max_wait_ms = options->retry_max_wait_ms;
    wanted.never_split = options->never_split;
    status = tug__engine_create(&wanted, &engine, err);
    if (status != TUG_OK) {
        return status;
    }
    worker_count = tug__engine_load(engine).worker_count;
    if (worker_count < wanted.worker_count) {
        tug__fit_log(options, worker_count, wanted.worker_count, "the system has no more threads");
    }
    *out_engine = engine;
    return TUG_OK;
}

struct tug__wish tug__run_wish(const struct tug__run_settings *settings)
{
    const struct tug_fetch_options *const options = &settings->options;

    return (struct tug__wish){
        .platforms = options->platforms,
        .platform_count = options->platform_count,
        .is_default = settings->has_default_platform,
        .all_platforms = options->all_platforms,
        .all_metadata = options->all_metadata,
        .metadata_only = options->metadata_only,
        .platform_root = options->platform_root,
        .referrers = options->referrers,
        .referrer_type = options->referrer_type,
    };
}
