/* SPDX-License-Identifier: Apache-2.0
 *
 * The credentials of a registry: given ones, auth files, credential helpers.
 *
 * Does not know: HTTP. Nothing is read, opened or run before the first tug__credentials_get (or
 * _headers), so a fetch without a 401 never touches a user's files.
 */
#ifndef TUG_AUTH_CREDENTIAL_H
#define TUG_AUTH_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/credential.h>
#include <tug/error.h>

#include "base/buf.h"

/* Longest user name or secret, in bytes. */
#define TUG__CREDENTIAL_TEXT_MAX ((size_t)64 * 1024)

/* The source of credentials that the program gave. */
#define TUG__CREDENTIAL_PROGRAM "the program"

enum tug__credential_kind {
    TUG__CREDENTIAL_NONE = 0, /* none is known: continue anonymously */
    TUG__CREDENTIAL_PASSWORD, /* username and secret: Basic, or GET at the token server */
    TUG__CREDENTIAL_IDENTITY, /* secret is a refresh token: POST grant_type=refresh_token */
    TUG__CREDENTIAL_BEARER,   /* secret is sent as "Bearer" as it is ("registrytoken") */
};

/* A credential. All texts are owned and free of control characters. */
struct tug__credential {
    enum tug__credential_kind kind;
    char *username; /* NULL when kind needs none */
    char *secret;   /* NULL for TUG__CREDENTIAL_NONE */
    char *source;   /* where it is from, for messages ("~/.docker/config.json"); NULL for none */
};

/* Wipe and free what a credential owns; it is empty and usable again. */
void tug__credential_fini(struct tug__credential *credential);
/* Copy a credential. out_copy: owned, untouched on failure. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__credential_dup(const struct tug__credential *credential,
                                    struct tug__credential *out_copy, struct tug_error *err);

/* Build a credential from borrowed texts.
 * borrowed: its texts stay the caller's. out_credential: owned, untouched on failure.
 * Errors: TUG_ERR_CONTENT (control characters in one, over TUG__CREDENTIAL_TEXT_MAX; the message
 * quotes nothing), TUG_ERR_NO_MEMORY. */
enum tug_status tug__credential_make(const struct tug__credential *borrowed,
                                     struct tug__credential *out_credential, struct tug_error *err);

/* What a user or program gives as a credential. All is borrowed. */
struct tug__login {
    enum tug__credential_kind kind;
    const char *user; /* NULL: none */
    const char *secret;
    const char *source; /* for messages */
};

/* Build a credential that was given. out_credential: owned, untouched on failure.
 * Errors: TUG_ERR_INVALID_ARGUMENT (control characters, over the limit, a user name with a colon;
 * nothing is quoted), TUG_ERR_NO_MEMORY. */
enum tug_status tug__credential_build(const struct tug__login *login,
                                      struct tug__credential *out_credential,
                                      struct tug_error *err);

/* Where to look. Everything is copied; NULL and 0 mean "not given". */
struct tug__credential_settings {
    const char *host;          /* the one registry that user or refresh_token are for */
    const char *user;          /* --user; needs host and password */
    const char *password;      /* may be empty */
    const char *refresh_token; /* --refresh; needs host; not together with user */
    const char *authfile;      /* --authfile */
    /* Asked before all of these (auth/asked.h). NULL: is not. */
    tug_credential_fn on_credential;
    void *credential_context;
    uint64_t helper_timeout_ms; /* of one helper; 0: 60 s */
    /* Called once for each file with secrets that users other than its owner can read, by a thread
     * that asks for credentials. NULL: not reported. */
    void (*on_exposed)(void *context, const char *name);
    void *exposed_context;
    /* Called once for each slow run of a helper (auth/helper.h). NULL: not reported. */
    void (*on_slow)(void *context, const char *program);
    void *slow_context;
    /* The environment, asked once for each variable by tug__credentials_create; the text is copied.
     * NULL: getenv. */
    const char *(*get_env)(void *context, const char *name);
    void *env_context;
};

/* The credentials of one run. Threads: any number may ask at once. Each file is read and each
 * helper is run once per host, by the first thread that needs it, while others wait. No lock is
 * held meanwhile. */
struct tug__credentials;

/* Remember where to look. Opens nothing.
 * out_credentials: owned. Errors: TUG_ERR_INVALID_ARGUMENT (user without host or password, both
 * kinds, control characters in one, a user name with a colon), TUG_ERR_NO_MEMORY. Blocks: no. */
enum tug_status tug__credentials_create(const struct tug__credential_settings *settings,
                                        struct tug__credentials **out_credentials,
                                        struct tug_error *err);
/* Append the places that there are, in the order in which they are asked, and why: for people, one
 * line without its end. Opens nothing. Without any: appends nothing. Errors: TUG_ERR_NO_MEMORY,
 * TUG_ERR_TOO_LARGE. */
enum tug_status tug__credentials_describe(const struct tug__credentials *credentials,
                                          struct tug__buf *text, struct tug_error *err);
/* Wipe and free; NULL is allowed. No other thread may be inside. */
void tug__credentials_destroy(struct tug__credentials *credentials);

/* The host that asks. Borrowed for the call. */
struct tug__credential_request {
    /* Host with port as in the reference or of the mirror that asked (T-09), never of a redirect's
     * target or a token server. Docker Hub may be "docker.io", "index.docker.io" or
     * "registry-1.docker.io". Case does not matter; otherwise it is compared exactly. */
    const char *host;
    /* The registry that this host serves by the user's configuration (`server` of hosts.toml): a
     * credential given for one is used for the other. NULL: none, as for mirrors. */
    const char *registry_host;
    const char *repository; /* for keys of single repositories; NULL: none */
    /* Checked at least every 100 ms while the call waits; true ends it. NULL: not checked. */
    bool (*should_stop)(void *context);
    void *stop_context;
};

/* Find the credential of a host. The first place that has one wins: the program, when it is asked;
 * the given one (for its host only), --authfile, $REGISTRY_AUTH_FILE, $DOCKER_AUTH_CONFIG (JSON,
 * only its "auths"), $XDG_RUNTIME_DIR/containers/auth.json, $XDG_CONFIG_HOME (or
 * ~/.config)/containers/auth.json, $DOCKER_CONFIG/config.json (or ~/.docker/config.json),
 * ~/.dockercfg. In a file: the helper named for the host in credHelpers, else credsStore; a
 * credential that neither has comes from "auths". out_credential: owned (tug__credential_fini);
 * TUG__CREDENTIAL_NONE when no place has one. Untouched on failure. Errors: TUG_ERR_CONFIG (a
 * malformed or unreadable file, also a missing one that was named by
 * --authfile or $REGISTRY_AUTH_FILE; the message names it), TUG_ERR_AUTH (a helper failed; the
 * message names it), TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY. A failure is remembered: asking again
 * gives the same answer (cancelling and lack of memory apart).
 * Threads: any. Blocks: on files, and on a helper for helper_timeout_ms at most. */
enum tug_status tug__credentials_get(struct tug__credentials *credentials,
                                     const struct tug__credential_request *request,
                                     struct tug__credential *out_credential, struct tug_error *err);

/* Tell whether the program is asked before all other places. Threads: any. */
bool tug__credentials_ask_program(const struct tug__credentials *credentials);

/* The "HttpHeaders" of docker's config.json, for requests to a registry's own origin and nowhere
 * else (neither redirect targets nor token servers).
 * out_headers: out_count texts "Name: value", without control characters; borrowed, valid and
 * unchanging until tug__credentials_destroy. Names that a request sets itself (Authorization,
 * Host, Range, Accept, …) are left out.
 * Reads the files as tug__credentials_get does: ask after the first 401 only.
 * Errors: TUG_ERR_CONFIG, TUG_ERR_NO_MEMORY. */
enum tug_status tug__credentials_headers(struct tug__credentials *credentials,
                                         const char *const **out_headers, size_t *out_count,
                                         struct tug_error *err);

#endif
