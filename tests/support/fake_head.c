/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status line and the headers of an answer, with what a rule adds and leaves out.
 * Knows: replies, rules. Does not know: sockets. Threads: a connection's.
 */
#include "fake_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The head while it is written. */
struct head_text {
    FILE *out;
    const struct fake_rule *rule;
};

static const struct fake_rule no_rule;

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 206:
        return "Partial Content";
    case 302:
        return "Found";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 416:
        return "Range Not Satisfiable";
    case 429:
        return "Too Many Requests";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    default:
        return "Scripted";
    }
}

static bool is_overridden(const struct fake_rule *rule, const char *name)
{
    size_t len = 0;
    return rule->answer.headers != NULL &&
           fake_header_find(rule->answer.headers, name, &len) != NULL;
}

static bool is_wanted(const struct fake_rule *rule, const char *name)
{
    return !is_overridden(rule, name) && !fake_list_has(rule->answer.omit, name);
}

/* Write a header unless the rule replaces it or leaves it out. */
__attribute__((format(printf, 3, 4))) static void put_header(struct head_text *text,
                                                             const char *name, const char *format,
                                                             ...)
{
    if (!is_wanted(text->rule, name)) {
        return;
    }
    va_list args;
    va_start(args, format);
    fprintf(text->out, "%s: ", name);
    vfprintf(text->out, format, args);
    fputs("\r\n", text->out);
    va_end(args);
}

/* What the words in a rule's text stand for. */
struct words {
    const char *path;
    const char *base;
    const struct fake_reply *reply;
};

/* Write the word at the start of text. Returns: its length, 0 when it is none. */
static size_t put_word(FILE *out, const char *text, const struct words *words)
{
    const uint64_t first = words->reply->asked_first;
    const uint64_t length = words->reply->asked_length;
    if (strncmp(text, "{path}", 6) == 0) {
        fputs(words->path, out);
        return 6;
    }
    if (strncmp(text, "{base}", 6) == 0) {
        fputs(words->base, out);
        return 6;
    }
    if (strncmp(text, "{first}", 7) == 0) {
        fprintf(out, "%" PRIu64, first);
        return 7;
    }
    if (strncmp(text, "{last}", 6) == 0) {
        fprintf(out, "%" PRIu64, first + length - (length > 0 ? 1 : 0));
        return 6;
    }
    if (strncmp(text, "{total}", 7) == 0) {
        fprintf(out, "%" PRIu64, words->reply->total);
        return 7;
    }
    return 0;
}

static void put_template(FILE *out, const char *text, const struct words *words)
{
    while (*text != '\0') {
        const size_t len = *text == '{' ? put_word(out, text, words) : 0;
        if (len == 0) {
            fputc(*text, out);
        }
        text += len > 0 ? len : 1;
    }
}

/* The header that says where the body ends; without one the connection has to close. */
static void put_length(struct head_text *text, struct fake_reply *reply)
{
    const struct fake_body_fault *const fault = &text->rule->body;
    if (fault->chunked) {
        put_header(text, "Transfer-Encoding", "chunked");
        reply->is_close = reply->is_close || !is_wanted(text->rule, "Transfer-Encoding");
        return;
    }
    if (reply->status == 204 || reply->status == 304) {
        return;
    }
    if (fault->extra_bytes == FAKE_ENDLESS || !is_wanted(text->rule, "Content-Length")) {
        reply->is_close = true;
    }
    if (fault->extra_bytes != FAKE_ENDLESS) {
        const uint64_t length =
            reply->length + strlen(reply->prefix) + strlen(reply->suffix) + fault->extra_bytes;
        put_header(text, "Content-Length", "%" PRId64, (int64_t)length + fault->length_delta);
    }
}

static void put_range(struct head_text *text, const struct fake_reply *reply)
{
    if (reply->has_range && !reply->is_multipart) {
        put_header(text, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
                   reply->asked_first, reply->asked_first + reply->asked_length - 1, reply->total);
    } else if (reply->status == 416) {
        put_header(text, "Content-Range", "bytes */%" PRIu64, reply->total);
    }
}

char *fake_head_text(struct fake_registry *registry, const struct fake_head *head,
                     const struct fake_rule *rule, struct fake_reply *reply)
{
    char *memory = NULL;
    size_t size = 0;
    struct head_text text = {.rule = rule != NULL ? rule : &no_rule};
    text.out = open_memstream(&memory, &size);
    if (text.out == NULL) {
        fake_die("no memory for headers");
    }
    const struct fake_answer *const answer = &text.rule->answer;
    const struct words words = {head->path, registry->url, reply};
    fprintf(text.out, "HTTP/1.1 %d %s\r\n", reply->status, reason_of(reply->status));
    put_header(&text, "Docker-Distribution-Api-Version", "registry/2.0");
    if (reply->media_type != NULL) {
        put_header(&text, "Content-Type", "%s", reply->media_type);
    }
    if (reply->digest != NULL) {
        put_header(&text, "Docker-Content-Digest", "%s", reply->digest);
    }
    if (reply->is_blob) {
        put_header(&text, "Accept-Ranges", "bytes");
    }
    put_range(&text, reply);
    put_length(&text, reply);
    if (answer->location != NULL) {
        fputs("Location: ", text.out);
        put_template(text.out, answer->location, &words);
        fputs("\r\n", text.out);
    }
    if (answer->headers != NULL) {
        const size_t len = strlen(answer->headers);
        put_template(text.out, answer->headers, &words);
        fputs(len > 0 && answer->headers[len - 1] != '\n' ? "\r\n" : "", text.out);
    }
    if (reply->is_close) {
        put_header(&text, "Connection", "close");
    }
    fputs("\r\n", text.out);
    if (fclose(text.out) != 0) {
        fake_die("no memory for headers");
    }
    if (text.rule->body.length_delta != 0) {
        reply->is_close = true;
    }
    return memory;
}
