/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token-server: the token service of a registry, for tests. Checks Basic credentials (GET) and
 * passwords and refresh tokens (POST), issues JWTs signed by OpenSSL that docker-registry verifies.
 *
 * Knows: the token protocol, JWT. Does not know: the registry. Threads: one.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "fake_internal.h"
#include "mini_server.h"

#define LIST_MAX 16
#define SCOPES_MAX 16

static const char usage_text[] =
    "usage: token-server --key PEM --cert PEM --port-file FILE [options]\n"
    "  --user NAME:PASSWORD:REPOS   REPOS: names separated by commas, * for all; repeatable\n"
    "  --refresh TOKEN:REPOS        an identity token taken by POST; repeatable\n"
    "  --anonymous REPOS            what needs no credentials\n"
    "  --lifetime S                 how long a token for pulling is good (default 300)\n"
    "  --leeway S                   what the registry adds to that (docker-registry: 60)\n"
    "  --field token|access_token   the member that holds the token (default token)\n"
    "  --post STATUS                answer every POST with this status\n"
    "  --issuer I --service S       default: tests\n"
    "  --log FILE                   receives each request\n"
    "  --tokens FILE                receives each token issued\n"
    "  --address A                  default: 127.0.0.1\n";

/* Who may read what; the text lies in argv. */
struct grant {
    char *secret; /* "NAME:PASSWORD" or a refresh token */
    char *repos;
};

struct token_server {
    struct mini_options mini;
    const char *issuer;
    const char *service;
    const char *field;
    const char *tokens;
    char *anonymous;
    long lifetime_s;
    long leeway_s;
    int post_status;
    struct grant users[LIST_MAX];
    size_t user_count;
    struct grant refreshes[LIST_MAX];
    size_t refresh_count;
    EVP_PKEY *key;
    char *certificate; /* base64 of its DER */
    unsigned issued;
};

/* base64 without line ends, owned; is_url: the alphabet for URLs, without padding. */
static char *encode(const void *data, size_t len, bool is_url)
{
    char *const text = fake_alloc((len + 2) / 3 * 4 + 1);
    const int size = EVP_EncodeBlock((unsigned char *)text, data, (int)len);
    for (int i = 0; is_url && i < size; i++) {
        text[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
        if (text[i] == '=') {
            text[i] = '\0';
        }
    }
    return text;
}

/* "header.claims.signature", owned. */
static char *sign(const struct token_server *server, const char *header, const char *claims)
{
    char *const head = encode(header, strlen(header), true);
    char *const body = encode(claims, strlen(claims), true);
    char *const text = mini_text("%s.%s", head, body);
    EVP_MD_CTX *const ctx = EVP_MD_CTX_new();
    unsigned char signature[1024];
    size_t size = sizeof(signature);
    if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, server->key) != 1 ||
        EVP_DigestSign(ctx, signature, &size, (const unsigned char *)text, strlen(text)) != 1) {
        fake_die("cannot sign");
    }
    EVP_MD_CTX_free(ctx);
    char *const tail = encode(signature, size, true);
    char *const token = mini_text("%s.%s", text, tail);
    free(tail);
    free(text);
    free(body);
    free(head);
    return token;
}

static bool may_read(const char *repos, const char *name)
{
    return repos != NULL && (strcmp(repos, "*") == 0 || fake_list_has(repos, name));
}

/* Write the claim for one "repository:NAME:ACTIONS" if it is granted. */
static void put_access(FILE *out, char *scope, const char *repos, bool *is_first)
{
    char *rest = NULL;
    const char *const type = strtok_r(scope, ":", &rest);
    const char *const name = strtok_r(NULL, ":", &rest);
    char *const actions = strtok_r(NULL, ":", &rest);
    if (actions == NULL || strpbrk(name, "\"\\") != NULL || !may_read(repos, name)) {
        return;
    }
    fprintf(out, "%s{\"type\":\"%s\",\"name\":\"%s\",\"actions\":[", *is_first ? "" : ",", type,
            name);
    const char *gap = "";
    for (char *action = strtok_r(actions, ",", &rest); action != NULL;
         action = strtok_r(NULL, ",", &rest)) {
        fprintf(out, "%s\"%s\"", gap, action);
        gap = ",";
    }
    fputs("]}", out);
    *is_first = false;
}

/* The list of access claims for the scopes of a form that repos allows, owned. */
static char *make_access(const char *form, const char *repos)
{
    char *text = NULL;
    size_t size = 0;
    bool is_first = true;
    FILE *const out = open_memstream(&text, &size);
    if (out == NULL) {
        fake_die("no memory for claims");
    }
    for (size_t i = 0; i < SCOPES_MAX; i++) {
        char *const scopes = mini_form_value(form, "scope", i);
        char *rest = NULL;
        for (char *scope = scopes != NULL ? strtok_r(scopes, " ", &rest) : NULL; scope != NULL;
             scope = strtok_r(NULL, " ", &rest)) {
            put_access(out, scope, repos, &is_first);
        }
        free(scopes);
    }
    fclose(out);
    return text;
}

static struct mini_answer issue(struct token_server *server, const char *form, const char *repos)
{
    const long now = (long)time(NULL);
    char *const access = make_access(form, repos);
    /* Who pushes prepares a test and must not be hurried. */
    const bool is_push = strstr(access, "\"push\"") != NULL;
    const long lifetime_s = is_push ? 300 : server->lifetime_s;
    char *const header =
        mini_text("{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5c\":[\"%s\"]}", server->certificate);
    char *const claims =
        mini_text("{\"iss\":\"%s\",\"sub\":\"\",\"aud\":\"%s\",\"exp\":%ld,\"nbf\":%ld,\"iat\":%ld,"
                  "\"jti\":\"%u\",\"access\":[%s]}",
                  server->issuer, server->service, now + lifetime_s - server->leeway_s, now - 300,
                  now, ++server->issued, access);
    char *const token = sign(server, header, claims);
    const struct mini_answer answer = {
        .status = 200,
        .headers = mini_text("Content-Type: application/json\r\n"),
        .body = mini_text("{\"%s\":\"%s\",\"expires_in\":%ld}", server->field, token, lifetime_s)};
    mini_append_line(server->tokens, token);
    free(token);
    free(claims);
    free(header);
    free(access);
    return answer;
}

static struct mini_answer refuse(int status, const char *why)
{
    return (struct mini_answer){
        .status = status,
        .headers = mini_text("Content-Type: application/json\r\n"),
        .body = mini_text("{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"%s\"}]}", why)};
}

/* The repositories of the grant with this secret; NULL: there is none. */
static const char *find_grant(const struct grant *grants, size_t count, const char *secret)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(grants[i].secret, secret) == 0) {
            return grants[i].repos;
        }
    }
    return NULL;
}

static struct mini_answer answer_get(struct token_server *server, const char *form,
                                     const char *headers)
{
    size_t len = 0;
    const char *const value = fake_header_find(headers, "Authorization", &len);
    if (value == NULL) {
        return issue(server, form, server->anonymous);
    }
    for (size_t i = 0; i < server->user_count; i++) {
        const struct grant *const user = &server->users[i];
        char *const wanted = encode(user->secret, strlen(user->secret), false);
        const bool is_match = len == 6 + strlen(wanted) && strncasecmp(value, "Basic ", 6) == 0 &&
                              strncmp(value + 6, wanted, len - 6) == 0;
        free(wanted);
        if (is_match) {
            return issue(server, form, user->repos);
        }
    }
    return refuse(401, "incorrect username or password");
}

/* The repositories that a form's password or refresh token is good for; NULL: for none. */
static const char *grant_of(const struct token_server *server, const char *form, const char *kind)
{
    char *const token = mini_form_value(form, "refresh_token", 0);
    char *const name = mini_form_value(form, "username", 0);
    char *const password = mini_form_value(form, "password", 0);
    const char *repos = NULL;
    if (strcmp(kind, "refresh_token") == 0 && token != NULL) {
        repos = find_grant(server->refreshes, server->refresh_count, token);
    } else if (strcmp(kind, "password") == 0 && name != NULL && password != NULL) {
        char *const both = mini_text("%s:%s", name, password);
        repos = find_grant(server->users, server->user_count, both);
        free(both);
    }
    free(password);
    free(name);
    free(token);
    return repos;
}

static struct mini_answer answer_post(struct token_server *server, const char *form)
{
    if (server->post_status != 0) {
        return refuse(server->post_status, "no POST here");
    }
    char *const kind = mini_form_value(form, "grant_type", 0);
    char *const client = mini_form_value(form, "client_id", 0);
    const bool is_whole = kind != NULL && client != NULL && client[0] != '\0';
    const char *const repos = is_whole ? grant_of(server, form, kind) : NULL;
    free(client);
    free(kind);
    return repos != NULL ? issue(server, form, repos) : refuse(401, "not valid");
}

static struct mini_answer answer(const struct mini_request *request, void *ctx)
{
    struct token_server *const server = ctx;
    const char *const query = strchr(request->target, '?');
    if (strstr(request->target, "/token") == NULL) {
        return refuse(404, "only tokens here");
    }
    return strcmp(request->method, "POST") == 0
               ? answer_post(server, request->body)
               : answer_get(server, query != NULL ? query + 1 : "", request->headers);
}

static void read_key(struct token_server *server, const char *path)
{
    FILE *const file = fopen(path, "re");
    server->key = file != NULL ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
    if (server->key == NULL) {
        fake_die("no key in '%s'", path);
    }
    fclose(file);
}

static void read_certificate(struct token_server *server, const char *path)
{
    unsigned char *der = NULL;
    FILE *const file = fopen(path, "re");
    X509 *const certificate = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    const int size = certificate != NULL ? i2d_X509(certificate, &der) : -1;
    if (size <= 0) {
        fake_die("no certificate in '%s'", path);
    }
    server->certificate = encode(der, (size_t)size, false);
    OPENSSL_free(der);
    X509_free(certificate);
    fclose(file);
}

/* Take "SECRET:REPOS"; the secret may hold colons. */
static void add_grant(struct grant *grants, size_t *count, char *text)
{
    char *const colon = strrchr(text, ':');
    if (colon == NULL || *count == LIST_MAX) {
        fake_die("not a grant, or too many");
    }
    *colon = '\0';
    grants[(*count)++] = (struct grant){.secret = text, .repos = colon + 1};
}

static void set_option(struct token_server *server, int option)
{
    switch (option) {
    case 'k':
        read_key(server, optarg);
        break;
    case 'c':
        read_certificate(server, optarg);
        break;
    case 'u':
        add_grant(server->users, &server->user_count, optarg);
        break;
    case 'r':
        add_grant(server->refreshes, &server->refresh_count, optarg);
        break;
    case 'n':
        server->anonymous = optarg;
        break;
    case 'l':
        server->lifetime_s = strtol(optarg, NULL, 10);
        break;
    case 'w':
        server->leeway_s = strtol(optarg, NULL, 10);
        break;
    case 'f':
        server->field = optarg;
        break;
    case 'p':
        server->post_status = (int)strtol(optarg, NULL, 10);
        break;
    case 'i':
        server->issuer = optarg;
        break;
    case 's':
        server->service = optarg;
        break;
    case 'L':
        server->mini.log = optarg;
        break;
    case 'T':
        server->tokens = optarg;
        break;
    case 'a':
        server->mini.address = optarg;
        break;
    case 'P':
        server->mini.port_file = optarg;
        break;
    default:
        fputs(usage_text, stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"key", required_argument, NULL, 'k'},       {"cert", required_argument, NULL, 'c'},
        {"user", required_argument, NULL, 'u'},      {"refresh", required_argument, NULL, 'r'},
        {"anonymous", required_argument, NULL, 'n'}, {"lifetime", required_argument, NULL, 'l'},
        {"leeway", required_argument, NULL, 'w'},    {"field", required_argument, NULL, 'f'},
        {"post", required_argument, NULL, 'p'},      {"issuer", required_argument, NULL, 'i'},
        {"service", required_argument, NULL, 's'},   {"log", required_argument, NULL, 'L'},
        {"tokens", required_argument, NULL, 'T'},    {"address", required_argument, NULL, 'a'},
        {"port-file", required_argument, NULL, 'P'}, {NULL, 0, NULL, 0}};
    struct token_server server = {
        .issuer = "tests", .service = "tests", .field = "token", .lifetime_s = 300};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        set_option(&server, option);
    }
    if (server.key == NULL || server.certificate == NULL || server.mini.port_file == NULL) {
        fputs(usage_text, stderr);
        exit(2);
    }
    mini_server_run(&server.mini, answer, &server);
}
