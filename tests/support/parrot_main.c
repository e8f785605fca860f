/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parrot: a registry, token server, storage and proxy that repeats what it is sent, wherever an
 * answer has room for text. The tag of a reference says where and how: "PLACE-FORM".
 *
 * PLACE: a status (403, 404, 416, 429, 500), type, document, encoding, warning, digest, location
 * (a presigned URL of its own, which answers 403), nowhere (a Location that is no URL).
 * FORM: plain (Basic is decoded), raw, percent, base64, escaped.
 * A CONNECT is refused; the host it names begins with place and form: "403-raw.example:443".
 * A repository that begins with "bearer" asks for tokens; its second word tells what the token
 * server does: "give" or "deny".
 *
 * Knows: HTTP's heads. Does not know: which of it is secret. Threads: one.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "fake_internal.h"
#include "mini_server.h"

struct parrot {
    struct mini_options mini;
    const char *token;     /* given out by the token server */
    const char *signature; /* put into presigned URLs */
};

/* Is a header of interest to nobody? */
static bool is_boring(const char *line)
{
    static const char *const names[] = {
        "Host:",           "User-Agent:", "Accept:",       "Range:",           "Accept-Encoding:",
        "Content-Length:", "Connection:", "Content-Type:", "Proxy-Connection:"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncasecmp(line, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}

static char *encode_base64(const char *text)
{
    char *const encoded = fake_alloc(strlen(text) * 2 + 8);
    EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)text, (int)strlen(text));
    return encoded;
}

/* Append a header's value, or what Basic hides in it. */
static void put_value(FILE *out, const char *value, size_t length, const char *form)
{
    char bytes[2048] = "";
    if (strcmp(form, "plain") == 0 && strncasecmp(value, "Basic ", 6) == 0 &&
        length < sizeof bytes && (length - 6) % 4 == 0) {
        const int decoded = EVP_DecodeBlock((unsigned char *)bytes,
                                            (const unsigned char *)value + 6, (int)length - 6);
        if (decoded > 0) {
            fprintf(out, "%s ", bytes);
            return;
        }
    }
    fprintf(out, "%.*s ", (int)length, value);
}

/* All that was sent and may be secret, on one line; owned. */
static char *heard(const struct mini_request *request, const char *form)
{
    char *text = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&text, &size);
    const char *const query = strchr(request->target, '?');
    for (const char *line = request->headers; *line != '\0';) {
        const size_t length = strcspn(line, "\r\n");
        const char *const colon = memchr(line, ':', length);
        if (!is_boring(line) && colon != NULL && colon + 2 <= line + length) {
            put_value(out, colon + 2, (size_t)(line + length - colon - 2), form);
        }
        line += length + strspn(line + length, "\r\n");
    }
    fprintf(out, "%s %s", query != NULL ? query : "", request->body != NULL ? request->body : "");
    fclose(out);
    return text;
}

/* Write it in another form; owned. */
static char *rewrite(char *text, const char *form)
{
    char *other = NULL;
    size_t size = 0;
    if (strcmp(form, "base64") == 0) {
        other = encode_base64(text);
        free(text);
        return other;
    }
    if (strcmp(form, "percent") != 0 && strcmp(form, "escaped") != 0) {
        return text;
    }
    FILE *const out = open_memstream(&other, &size);
    for (const char *c = text; *c != '\0'; c++) {
        const bool is_plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z');
        fprintf(out, is_plain ? "%c" : form[0] == 'p' ? "%%%02X" : "\\u%04x", (unsigned char)*c);
    }
    fclose(out);
    free(text);
    return other;
}

/* Text as it stands in a JSON string; owned. "escaped" is so already. */
static char *quote(const char *text, const char *form)
{
    char *quoted = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&quoted, &size);
    for (const char *c = text; *c != '\0'; c++) {
        const bool is_special = *c == '"' || (*c == '\\' && strcmp(form, "escaped") != 0);
        fprintf(out, "%s%c", is_special ? "\\" : "", *c);
    }
    fclose(out);
    return quoted;
}

static struct mini_answer challenge(const struct mini_request *request, const char *repository)
{
    char host[256] = "";
    const char *const line = strcasestr(request->headers, "Host: ");
    if (line != NULL) {
        snprintf(host, sizeof host, "%.*s", (int)strcspn(line + 6, "\r\n"), line + 6);
    }
    const bool is_secure = strcasestr(request->headers, "X-Forwarded-Proto: https") != NULL;
    const bool is_bearer = strncmp(repository, "bearer", 6) == 0;
    return (struct mini_answer){
        .status = 401,
        .headers = is_bearer ? mini_text("WWW-Authenticate: Bearer realm=\"%s://%s/token/%s\"\r\n",
                                         is_secure ? "https" : "http", host,
                                         strstr(repository, "deny") ? "deny" : "give")
                             : mini_text("WWW-Authenticate: Basic realm=\"parrot\"\r\n"),
    };
}

/* Repeat text at a place. */
static struct mini_answer repeat(const char *place, const char *text, const char *quoted,
                                 const struct parrot *parrot)
{
    const char *const type = "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n";
    struct mini_answer reply = {.status = (int)strtol(place, NULL, 10)};
    if (reply.status >= 400) {
        reply.reason = mini_text("Denied: %.4000s", text);
        reply.headers = mini_text(
            "X-Seen: %.4000s\r\nProxy-Authenticate: Basic realm=\"%.4000s\"\r\n", text, quoted);
        reply.body = mini_text("{\"errors\":[{\"code\":\"DENIED\",\"message\":\"%s\"}]}", quoted);
        return reply;
    }
    reply.status = 200;
    if (strcmp(place, "type") == 0) {
        reply.headers = mini_text("Content-Type: %.4000s\r\n", text);
        reply.body = mini_text("<html>%s", text);
    } else if (strcmp(place, "document") == 0) {
        reply.headers = mini_text("%s", type);
        reply.body =
            mini_text("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":"
                      "\"%s\",\"digest\":\"%s\",\"size\":1},\"layers\":[]}",
                      quoted, quoted, quoted);
    } else if (strcmp(place, "digest") == 0) {
        reply.headers = mini_text("%sDocker-Content-Digest: %.4000s\r\n", type, text);
        reply.body = mini_text("{}");
    } else if (strcmp(place, "encoding") == 0) {
        reply.headers = mini_text("%sContent-Encoding: %.4000s\r\n", type, text);
    } else if (strcmp(place, "warning") == 0) {
        reply.status = 404;
        reply.headers = mini_text("Warning: 299 - \"%.4000s\"\r\n", quoted);
    } else if (strcmp(place, "location") == 0) {
        reply.status = 307;
        reply.headers = mini_text("Location: /v2/stored/manifests/403-plain?X-Amz-Signature=%s&"
                                  "X-Amz-SignedHeaders=host\r\n",
                                  parrot->signature);
    } else {
        reply.status = 307;
        reply.headers = mini_text("Location: ftp://%.4000s\r\n", text);
    }
    return reply;
}

/* What follows a part of a text; NULL without that part. */
static const char *after(const char *text, const char *part)
{
    const char *const found = strstr(text, part);
    return found != NULL ? found + strlen(part) : NULL;
}

static struct mini_answer answer(const struct mini_request *request, void *ctx)
{
    const struct parrot *const parrot = ctx;
    const char *const repository = strstr(request->target, "/v2/");
    const bool is_connect = strcmp(request->method, "CONNECT") == 0;
    const char *const tag = is_connect ? request->target : after(request->target, "/manifests/");
    const bool is_stored = repository != NULL && strncmp(repository, "/v2/stored/", 11) == 0;
    char place[64] = "403";
    const char *form = "plain";

    if (strstr(request->target, "/token/give") != NULL) {
        return (struct mini_answer){.status = 200,
                                    .body = mini_text("{\"token\":\"%s\"}", parrot->token)};
    }
    if (repository != NULL && !is_stored &&
        strcasestr(request->headers, "\nAuthorization:") == NULL &&
        strncasecmp(request->headers, "Authorization:", 14) != 0) {
        return challenge(request, repository + 4);
    }
    if (tag != NULL) {
        static const char *const forms[] = {"plain", "raw", "percent", "base64", "escaped"};
        snprintf(place, sizeof place, "%.*s", (int)strcspn(tag, "-?"), tag);
        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
            form = strstr(tag, forms[i]) != NULL ? forms[i] : form;
        }
    }
    char *const text = rewrite(heard(request, form), form);
    char *const quoted = quote(text, form);
    const struct mini_answer reply = repeat(place, text, quoted, parrot);
    free(quoted);
    free(text);
    return reply;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"token", required_argument, NULL, 't'},
                                            {"signature", required_argument, NULL, 's'},
                                            {"log", required_argument, NULL, 'L'},
                                            {"port-file", required_argument, NULL, 'P'},
                                            {NULL, 0, NULL, 0}};
    struct parrot parrot = {.token = "token", .signature = "signature"};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 't':
            parrot.token = optarg;
            break;
        case 's':
            parrot.signature = optarg;
            break;
        case 'L':
            parrot.mini.log = optarg;
            break;
        case 'P':
            parrot.mini.port_file = optarg;
            break;
        default:
            exit(2);
        }
    }
    if (parrot.mini.port_file == NULL) {
        fputs("usage: parrot --port-file FILE [--token TEXT] [--signature TEXT] [--log FILE]\n",
              stderr);
        exit(2);
    }
    mini_server_run(&parrot.mini, answer, &parrot);
}
