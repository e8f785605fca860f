/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to answer: which content, which status, which range of it.
 * Knows: the pull API of registries, rules. Does not know: sockets. Threads: a connection's.
 */
#include "fake_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char octets[] = "application/octet-stream";
static const char json[] = "application/json";
static const struct fake_rule no_rule;

static const char *code_of(int status)
{
    switch (status) {
    case 401:
        return "UNAUTHORIZED";
    case 403:
        return "DENIED";
    case 404:
        return "NAME_UNKNOWN";
    case 405:
        return "UNSUPPORTED";
    case 416:
        return "RANGE_INVALID";
    case 429:
        return "TOOMANYREQUESTS";
    default:
        return "UNKNOWN";
    }
}

static void set_text(struct fake_reply *reply, int status, const char *text, size_t len)
{
    reply->status = status;
    reply->content = NULL;
    reply->text = text;
    reply->text_len = len;
    reply->digest = NULL;
    reply->media_type = len > 0 ? json : NULL;
    reply->has_range = false;
    reply->is_multipart = false;
    reply->total = len;
    reply->first = 0;
    reply->length = len;
}

static void set_error(struct fake_reply *reply, int status, const char *code)
{
    snprintf(reply->error, sizeof(reply->error),
             "{\"errors\":[{\"code\":\"%s\",\"message\":\"status %d\",\"detail\":null}]}\n", code,
             status);
    const uint64_t total = reply->total;
    set_text(reply, status, reply->error, strlen(reply->error));
    reply->total = total; /* of the content there would have been, for Content-Range */
    reply->is_blob = false;
}

static void set_content(struct fake_reply *reply, const struct fake_content *content)
{
    reply->status = 200;
    reply->content = content;
    reply->digest = content->digest;
    reply->media_type = content->media_type != NULL ? content->media_type : octets;
    reply->total = content->size_bytes;
    reply->length = content->size_bytes;
}

/* The path without its query, and with %XX decoded. Owned. */
static char *decode_path(const char *path)
{
    char *const out = fake_copy(path, strcspn(path, "?"));
    char *to = out;
    for (const char *from = out; *from != '\0'; from++) {
        unsigned byte = 0;
        if (*from == '%' && sscanf(from + 1, "%2x", &byte) == 1 && byte != 0) {
            *to++ = (char)byte;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return out;
}

static char *last_of(char *text, const char *part)
{
    char *found = NULL;
    for (char *at = text; (at = strstr(at, part)) != NULL; at++) {
        found = at;
    }
    return found;
}

static void find_manifest(struct fake_registry *registry, struct fake_reply *reply,
                          const char *repo, const char *name)
{
    const char kind = strchr(name, ':') != NULL ? 'm' : 't';
    const struct fake_content *const content = fake_content_find(registry, kind, repo, name);
    if (content == NULL) {
        set_error(reply, 404, "MANIFEST_UNKNOWN");
        return;
    }
    set_content(reply, content);
}

static void find_blob(struct fake_registry *registry, struct fake_reply *reply, const char *repo,
                      const char *name)
{
    const struct fake_content *const content = fake_content_find(registry, 'b', repo, name);
    if (content == NULL) {
        set_error(reply, 404, "BLOB_UNKNOWN");
        return;
    }
    set_content(reply, content);
    reply->is_blob = true;
}

/* As a well-behaved registry; anything before /v2/ is ignored, for "CDN" paths. */
static void route(struct fake_registry *registry, const struct fake_head *head,
                  struct fake_reply *reply)
{
    if (strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0) {
        set_error(reply, 405, "UNSUPPORTED");
        return;
    }
    char *const path = decode_path(head->path);
    char *const root = strstr(path, "/v2");
    char *const repo = root != NULL ? root + 4 : NULL;
    char *found = NULL;
    if (root == NULL || (root[3] != '/' && root[3] != '\0')) {
        set_error(reply, 404, "NAME_UNKNOWN");
    } else if (root[3] == '\0' || *repo == '\0') {
        set_text(reply, 200, "{}", 2);
    } else if ((found = last_of(repo, "/manifests/")) != NULL) {
        *found = '\0';
        find_manifest(registry, reply, repo, found + strlen("/manifests/"));
    } else if ((found = last_of(repo, "/blobs/")) != NULL) {
        *found = '\0';
        find_blob(registry, reply, repo, found + strlen("/blobs/"));
    } else {
        set_error(reply, 404, "NAME_UNKNOWN");
    }
    free(path);
}

/* Read "bytes=a-b", "bytes=a-" or "bytes=-n". Returns: false when it is to be ignored. */
static bool parse_range(const char *text, uint64_t total, uint64_t *out_first, uint64_t *out_last)
{
    uint64_t first = 0;
    uint64_t last = 0;
    int end = 0;
    if (sscanf(text, "bytes=%" SCNu64 "-%" SCNu64 "%n", &first, &last, &end) == 2 &&
        (text[end] == '\r' || text[end] == '\0')) {
        *out_first = first;
        *out_last = last;
        return first <= last;
    }
    end = 0;
    if (sscanf(text, "bytes=%" SCNu64 "-%n", &first, &end) == 1 && end > 0 &&
        (text[end] == '\r' || text[end] == '\0')) {
        *out_first = first;
        *out_last = UINT64_MAX;
        return true;
    }
    end = 0;
    if (sscanf(text, "bytes=-%" SCNu64 "%n", &last, &end) == 1 && end > 0 &&
        (text[end] == '\r' || text[end] == '\0')) {
        *out_first = last > total ? 0 : total - last;
        *out_last = UINT64_MAX;
        return true;
    }
    return false;
}

static void set_multipart(struct fake_reply *reply)
{
    reply->is_multipart = true;
    reply->media_type = "multipart/byteranges; boundary=fake";
    snprintf(reply->prefix, sizeof(reply->prefix),
             "--fake\r\nContent-Type: %s\r\nContent-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64
             "\r\n\r\n",
             octets, reply->first, reply->first + reply->length - 1, reply->total);
    snprintf(reply->suffix, sizeof(reply->suffix), "\r\n--fake--\r\n");
}

static void apply_range(const struct fake_head *head, const struct fake_range_fault *fault,
                        struct fake_reply *reply)
{
    size_t len = 0;
    uint64_t first = 0;
    uint64_t last = 0;
    const char *const text = fake_header_find(head->headers, "Range", &len);
    if (!reply->is_blob || text == NULL || fault->kind == FAKE_RANGE_IGNORE ||
        !parse_range(text, reply->total, &first, &last)) {
        return;
    }
    if (first >= reply->total || fault->kind == FAKE_RANGE_REFUSE) {
        set_error(reply, 416, "RANGE_INVALID");
        return;
    }
    last = last < reply->total ? last : reply->total - 1;
    reply->asked_first = first;
    reply->length = last - first + 1;
    if (fault->kind == FAKE_RANGE_SHIFT || fault->kind == FAKE_RANGE_LIE) {
        const int64_t shift = fault->shift_bytes;
        const uint64_t room = reply->total - reply->length;
        first = shift < 0 ? first - ((uint64_t)-shift < first ? (uint64_t)-shift : first)
                          : first + (uint64_t)shift;
        first = first < room ? first : room;
    }
    if (fault->kind == FAKE_RANGE_SHIFT) {
        reply->asked_first = first;
    }
    if (fault->max_bytes > 0 && reply->length > fault->max_bytes) {
        reply->length = fault->max_bytes;
    }
    reply->first = first;
    reply->status = 206;
    reply->has_range = true;
    if (fault->kind == FAKE_RANGE_MULTIPART) {
        set_multipart(reply);
    }
}

static void apply_answer(const struct fake_answer *answer, struct fake_reply *reply)
{
    const int status = answer->status == 0 && answer->location != NULL ? 307 : answer->status;
    if (answer->body != NULL) {
        const char *const media_type = reply->status == 200 ? reply->media_type : json;
        const char *const digest = reply->status == 200 ? reply->digest : NULL;
        const size_t len = answer->body_len > 0 ? answer->body_len : strlen(answer->body);
        set_text(reply, status != 0 ? status : 200, answer->body, len);
        if (reply->status < 300) {
            reply->media_type = media_type;
            reply->digest = digest;
        }
        reply->is_blob = false;
    } else if (status >= 400) {
        set_error(reply, status, code_of(status));
    } else if (status >= 300) {
        set_text(reply, status, "", 0);
        reply->is_blob = false;
    }
}

void fake_reply_make(struct fake_registry *registry, const struct fake_head *head,
                     const struct fake_rule *rule, struct fake_reply *out_reply)
{
    const struct fake_rule *const script = rule != NULL ? rule : &no_rule;
    *out_reply = (struct fake_reply){.is_head = strcmp(head->method, "HEAD") == 0,
                                     .is_close = head->is_last};
    route(registry, head, out_reply);
    apply_answer(&script->answer, out_reply);
    if (!out_reply->is_head) {
        apply_range(head, &script->range, out_reply);
    }
    if (script->answer.status != 0 && out_reply->status < 300) {
        out_reply->status = script->answer.status;
    }
    out_reply->asked_length = out_reply->length;
    if (script->body.cut == FAKE_CUT_END && out_reply->length > script->body.cut_at_bytes) {
        out_reply->length = script->body.cut_at_bytes;
    }
    if (out_reply->status == 204 || out_reply->status == 304) {
        out_reply->is_head = true;
    }
}
