/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials that the program itself has: a callback for when a registry asks for authentication
 * (tug_fetch_options.on_credential).
 */
#ifndef TUG_CREDENTIAL_H
#define TUG_CREDENTIAL_H

#include <tug/error.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What a credential is needed for. Borrowed: valid during the callback only. */
struct tug_credential_request {
    /* The host that asked, with its port if it has one: the registry, or a mirror. Docker Hub is
     * "docker.io" under all its names; lower case. */
    const char *host;
    /* The registry as references name it, when a hosts.toml says that host is its server; NULL: for
     * a mirror. A credential for one should not be given to the other lightly. */
    const char *registry;
    const char *repository; /* within the host, e.g. "library/nginx" */
};

/* Takes the answer to one request. Opaque; valid during the callback only. */
struct tug_credential_answer;

/* Give user and password, as Basic authentication and token servers want them.
 * answer: what was given before is replaced. user, password: copied; the copies are wiped before
 * their memory is freed.
 * Returns: TUG_OK. Errors: TUG_ERR_INVALID_ARGUMENT (NULL, control characters, a user with a colon,
 * over 64 KiB; nothing is quoted), TUG_ERR_NO_MEMORY. Threads: the callback's. Blocks: no. */
enum tug_status tug_credential_give_password(struct tug_credential_answer *answer, const char *user,
                                             const char *password, struct tug_error *err);

/* Give an OAuth2 refresh token ("identity token"), which the registry's token server exchanges.
 * token: copied, and wiped as above. Returns, errors, threads: as tug_credential_give_password. */
enum tug_status tug_credential_give_identity_token(struct tug_credential_answer *answer,
                                                   const char *token, struct tug_error *err);

/* Give a token that the registry takes as it is ("Authorization: Bearer TOKEN").
 * token: copied, and wiped as above. Returns, errors, threads: as tug_credential_give_password. */
enum tug_status tug_credential_give_bearer_token(struct tug_credential_answer *answer,
                                                 const char *token, struct tug_error *err);

/* Say that nobody logs in at this host: the request goes on anonymously, and no other place is
 * asked. Threads: the callback's. */
void tug_credential_give_nothing(struct tug_credential_answer *answer);

/* Find the credential of a host, and give it by one of the functions above. A callback that gives
 * none and returns TUG_OK leaves the question to the other places: tug_fetch_options.user, auth
 * files, credential helpers.
 *
 * It is called once a registry has asked for authentication, never before, and once in a run for
 * each host and repository: the answer is kept, and wiped at the end of the run. It goes to that
 * host, or as tokens require to the token server that the host names, and never along with a
 * redirect.
 *
 * Returns: TUG_OK. Anything else, with err filled, fails what needs the credential: TUG_ERR_NETWORK
 * may pass, and is tried again as any other request; TUG_ERR_CONFIG is kept; every other status
 * counts as TUG_ERR_AUTH.
 *
 * Threads: one of the run's own, not the one that called tug_fetch_run, and all signals are
 * blocked; one call at a time for each run. It must not call any function on the same fetch except
 * tug_fetch_cancel. It may block, for instance on a question to a user, but downloads that need
 * credentials wait meanwhile, and a run that is cancelled ends only after it has returned. */
typedef enum tug_status (*tug_credential_fn)(void *context,
                                             const struct tug_credential_request *request,
                                             struct tug_credential_answer *answer,
                                             struct tug_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
