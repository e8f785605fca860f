/* SPDX-License-Identifier: Apache-2.0 */
/*
 * presign: answers every request with a redirect to the same path elsewhere, signed and good for a
 * few seconds, in the form that nginx's secure_link module checks.
 *
 * Knows: secure_link's md5 of "EXPIRES PATH SECRET". Does not know: registries. Threads: one.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "fake_internal.h"
#include "mini_server.h"

struct presign {
    struct mini_options mini;
    const char *target; /* "http://HOST:PORT" */
    const char *secret;
    long lifetime_s;
};

/* base64 for URLs of the md5 of text, owned. */
static char *make_signature(const char *text)
{
    unsigned char md5[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(text, strlen(text), md5, &size, EVP_md5(), NULL) != 1) {
        fake_die("no md5");
    }
    char *const signature = fake_alloc(EVP_MAX_MD_SIZE * 2);
    EVP_EncodeBlock((unsigned char *)signature, md5, (int)size);
    for (char *at = signature; *at != '\0'; at++) {
        *at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at == '=' ? '\0' : *at);
    }
    return signature;
}

static struct mini_answer answer(const struct mini_request *request, void *ctx)
{
    const struct presign *const presign = ctx;
    const long expires = (long)time(NULL) + presign->lifetime_s;
    const int path_len = (int)strcspn(request->target, "?");
    char *const text =
        mini_text("%ld %.*s %s", expires, path_len, request->target, presign->secret);
    char *const signature = make_signature(text);
    const struct mini_answer reply = {
        .status = 307,
        .headers = mini_text("Location: %s%.*s?md5=%s&expires=%ld\r\n", presign->target, path_len,
                             request->target, signature, expires)};
    free(signature);
    free(text);
    return reply;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"target", required_argument, NULL, 't'},
                                            {"secret", required_argument, NULL, 's'},
                                            {"lifetime", required_argument, NULL, 'l'},
                                            {"log", required_argument, NULL, 'L'},
                                            {"port-file", required_argument, NULL, 'P'},
                                            {"port", required_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
    struct presign presign = {.lifetime_s = 2};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 't':
            presign.target = optarg;
            break;
        case 's':
            presign.secret = optarg;
            break;
        case 'l':
            presign.lifetime_s = strtol(optarg, NULL, 10);
            break;
        case 'L':
            presign.mini.log = optarg;
            break;
        case 'p':
            presign.mini.port = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'P':
            presign.mini.port_file = optarg;
            break;
        default:
            exit(2);
        }
    }
    if (presign.target == NULL || presign.secret == NULL || presign.mini.port_file == NULL) {
        fputs(
            "usage: presign --target URL --secret TEXT --port-file FILE [--port P] [--lifetime S] "
            "[--log FILE]\n",
            stderr);
        exit(2);
    }
    mini_server_run(&presign.mini, answer, &presign);
}
