/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-test of the test support: does each scripted fault look to a client as it should?
 * Knows: the public headers, the small client. Does not know: the server's insides.
 */
#include "test_support.h"

#include <string.h>
#include <unistd.h>

#define BLOB_BYTES 200000
#define SEED 11

/* What one GET of the blob under a rule should look like; 0 and NULL: not looked at. */
struct fault_case {
    const char *name;
    struct fake_rule rule;
    const char *request; /* header lines */
    int status;
    enum client_end end;
    size_t len;   /* of the body; SIZE_MAX: not looked at */
    size_t first; /* the body is the blob's from here on … */
    size_t equal; /* … for so many bytes */
    const char *name_of_header;
    const char *value_of_header; /* NULL: must not be there */
};

#define RANGE "Range: bytes=1000-1999\r\n"

static const struct fault_case cases[] = {
    {.name = "status",
     .rule = {.answer = {.status = 429, .headers = "Retry-After: 7\r\n"}},
     .status = 429,
     .len = SIZE_MAX,
     .name_of_header = "Retry-After",
     .value_of_header = "7"},
    {.name = "error page",
     .rule = {.answer = {.status = 403,
                         .body = "<html>",
                         .headers = "Content-Type: text/html\r\n"}},
     .request = RANGE,
     .status = 403,
     .len = 6,
     .name_of_header = "Content-Type",
     .value_of_header = "text/html"},
    {.name = "login page",
     .rule = {.answer.body = "<html>"},
     .request = RANGE,
     .status = 200,
     .len = 6,
     .name_of_header = "Content-Range"},
    {.name = "redirect",
     .rule = {.answer.location = "{base}/cdn{path}?sig=1"},
     .status = 307,
     .name_of_header = "Content-Length",
     .value_of_header = "0"},
    {.name = "omit",
     .rule = {.answer.omit = "Docker-Content-Digest, content-type"},
     .status = 200,
     .len = BLOB_BYTES,
     .equal = BLOB_BYTES,
     .name_of_header = "Content-Type"},
    {.name = "until close",
     .rule = {.answer.omit = "Content-Length"},
     .status = 200,
     .len = BLOB_BYTES,
     .equal = BLOB_BYTES,
     .name_of_header = "Connection",
     .value_of_header = "close"},
    {.name = "cut and close",
     .rule = {.body = {.cut = FAKE_CUT_CLOSE, .cut_at_bytes = 777}},
     .status = 200,
     .end = CLIENT_CLOSED,
     .len = 777,
     .equal = 777},
    {.name = "cut at nothing",
     .rule = {.body = {.cut = FAKE_CUT_CLOSE}},
     .status = 200,
     .end = CLIENT_CLOSED},
    {.name = "cut in the head",
     .rule = {.body = {.cut = FAKE_CUT_CLOSE, .cut_at_bytes = 20, .cut_counts_head = true}},
     .end = CLIENT_CLOSED},
    {.name = "cut and reset",
     .rule = {.body = {.cut = FAKE_CUT_RST, .cut_at_bytes = 150000}},
     .status = 200,
     .end = CLIENT_RESET,
     .len = 150000,
     .equal = 150000},
    {.name = "short but well formed",
     .rule = {.body = {.cut = FAKE_CUT_END, .cut_at_bytes = 500}},
     .request = RANGE,
     .status = 206,
     .len = 500,
     .first = 1000,
     .equal = 500,
     .name_of_header = "Content-Range",
     .value_of_header = "bytes 1000-1999/200000"},
    {.name = "pause",
     .rule = {.body = {.cut = FAKE_CUT_PAUSE, .cut_at_bytes = 10, .pause_ms = 5}},
     .status = 200,
     .len = BLOB_BYTES,
     .equal = BLOB_BYTES},
    {.name = "extra",
     .rule = {.body.extra_bytes = 10},
     .status = 200,
     .len = BLOB_BYTES + 10,
     .equal = BLOB_BYTES,
     .name_of_header = "Content-Length",
     .value_of_header = "200010"},
    {.name = "extra, chunked",
     .rule = {.body = {.extra_bytes = 10, .chunked = true}},
     .status = 200,
     .len = BLOB_BYTES + 10,
     .equal = BLOB_BYTES,
     .name_of_header = "Content-Length"},
    {.name = "length too large",
     .rule = {.body.length_delta = 100},
     .status = 200,
     .end = CLIENT_CLOSED,
     .len = BLOB_BYTES,
     .equal = BLOB_BYTES},
    {.name = "length too small",
     .rule = {.body.length_delta = -100},
     .status = 200,
     .len = BLOB_BYTES - 100,
     .equal = BLOB_BYTES - 100},
    {.name = "length nonsense",
     .rule = {.answer.headers = "Content-Length: 200000, 7\r\n"},
     .status = 200,
     .len = BLOB_BYTES,
     .name_of_header = "Content-Length",
     .value_of_header = "200000, 7"},
    {.name = "chunked",
     .rule = {.body = {.chunked = true,
                       .chunk_bytes = 999,
                       .chunk_note = ";a=b",
                       .trailers = "X-Late: 1\r\n"}},
     .status = 200,
     .len = BLOB_BYTES,
     .equal = BLOB_BYTES},
    {.name = "chunked, cut",
     .rule = {.body = {.chunked = true, .cut = FAKE_CUT_CLOSE, .cut_at_bytes = 70000}},
     .status = 200,
     .end = CLIENT_CLOSED,
     .len = 70000,
     .equal = 70000},
    {.name = "chunked, ended early",
     .rule = {.body = {.chunked = true, .cut = FAKE_CUT_END, .cut_at_bytes = 70000}},
     .status = 200,
     .len = 70000,
     .equal = 70000},
    {.name = "range ignored",
     .rule = {.range.kind = FAKE_RANGE_IGNORE},
     .request = RANGE,
     .status = 200,
     .len = BLOB_BYTES,
     .equal = BLOB_BYTES,
     .name_of_header = "Content-Range"},
    {.name = "range refused",
     .rule = {.range.kind = FAKE_RANGE_REFUSE},
     .request = RANGE,
     .status = 416,
     .len = SIZE_MAX,
     .name_of_header = "Content-Range",
     .value_of_header = "bytes */200000"},
    {.name = "range shifted",
     .rule = {.range = {.kind = FAKE_RANGE_SHIFT, .shift_bytes = -300}},
     .request = RANGE,
     .status = 206,
     .len = 1000,
     .first = 700,
     .equal = 1000,
     .name_of_header = "Content-Range",
     .value_of_header = "bytes 700-1699/200000"},
    {.name = "range a lie",
     .rule = {.range = {.kind = FAKE_RANGE_LIE, .shift_bytes = 5}},
     .request = RANGE,
     .status = 206,
     .len = 1000,
     .first = 1005,
     .equal = 1000,
     .name_of_header = "Content-Range",
     .value_of_header = "bytes 1000-1999/200000"},
    {.name = "range shortened",
     .rule = {.range.max_bytes = 64},
     .request = RANGE,
     .status = 206,
     .len = 64,
     .first = 1000,
     .equal = 64,
     .name_of_header = "Content-Range",
     .value_of_header = "bytes 1000-1063/200000"},
    {.name = "wrong Content-Range",
     .rule = {.answer.headers = "Content-Range: bytes {first}-{last}/9{total}\r\n"},
     .request = RANGE,
     .status = 206,
     .len = 1000,
     .first = 1000,
     .equal = 1000,
     .name_of_header = "Content-Range",
     .value_of_header = "bytes 1000-1999/9200000"},
    {.name = "multipart",
     .rule = {.range.kind = FAKE_RANGE_MULTIPART},
     .request = RANGE,
     .status = 206,
     .len = SIZE_MAX,
     .name_of_header = "Content-Type",
     .value_of_header = "multipart/byteranges; boundary=fake"},
    {.name = "encoded",
     .rule = {.answer.headers = "Content-Encoding: gzip\r\n"},
     .status = 200,
     .len = BLOB_BYTES,
     .name_of_header = "Content-Encoding",
     .value_of_header = "gzip"},
    {.name = "closed", .rule = {.refuse = FAKE_REFUSE_CLOSE}, .end = CLIENT_CLOSED},
    {.name = "reset", .rule = {.refuse = FAKE_REFUSE_RST}, .end = CLIENT_RESET},
    {.name = "not HTTP", .rule = {.answer.raw = "SSH-2.0-x\r\n"}, .end = CLIENT_CLOSED},
};

static void check_case(struct fake_registry *registry, const char *path, const char *bytes,
                       const struct fault_case *want)
{
    struct client_reply reply;
    const int rule = fake_rule_add(registry, &want->rule);
    client_get(registry, path, want->request, &reply);
    fake_rule_remove(registry, rule);
    bool is_right = reply.status == want->status && reply.end == want->end &&
                    (want->len == SIZE_MAX || reply.len == want->len) && reply.len >= want->equal &&
                    memcmp(reply.body, bytes + want->first, want->equal) == 0;
    if (want->name_of_header != NULL) {
        is_right =
            is_right && (want->value_of_header != NULL
                             ? client_has(&reply, want->name_of_header, want->value_of_header)
                             : !client_has(&reply, want->name_of_header, NULL));
    }
    if (!is_right || fake_rule_hits(registry, rule) != 1) {
        fprintf(stderr, "fault '%s': status %d, end %d, %zu bytes\n%s", want->name, reply.status,
                (int)reply.end, reply.len, reply.headers);
        exit(1);
    }
    client_free(&reply);
}

static void check_cases(struct fake_registry *registry, const char *path, const char *bytes)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_case(registry, path, bytes, &cases[i]);
    }
}

static void check_location(struct fake_registry *registry, const char *path, const char *bytes)
{
    struct client_reply reply;
    char target[512];
    const int rule = fake_rule_add(
        registry, &(struct fake_rule){.match.path = "^/v2/",
                                      .answer = {.status = 302, .location = "{base}/cdn{path}"}});
    CHECK(client_get(registry, path, NULL, &reply) == 302);
    snprintf(target, sizeof(target), "%s/cdn%s", fake_registry_url(registry), path);
    CHECK(client_has(&reply, "Location", target));
    client_free(&reply);
    CHECK(client_get(registry, target + strlen(fake_registry_url(registry)), NULL, &reply) == 200);
    CHECK(reply.len == BLOB_BYTES && memcmp(reply.body, bytes, BLOB_BYTES) == 0);
    client_free(&reply);
    fake_rule_remove(registry, rule);
}

static void check_flip(struct fake_registry *registry, const char *path, const char *bytes)
{
    struct client_reply reply;
    const int rule = fake_rule_add(
        registry, &(struct fake_rule){.body = {.flip_mask = 0x10, .flip_offset = 150001}});
    CHECK(client_get(registry, path, NULL, &reply) == 200);
    CHECK((reply.body[150001] ^ bytes[150001]) == 0x10);
    reply.body[150001] ^= 0x10;
    CHECK(memcmp(reply.body, bytes, BLOB_BYTES) == 0);
    client_free(&reply);
    CHECK(client_get(registry, path, "Range: bytes=150001-150002\r\n", &reply) == 206);
    CHECK((reply.body[0] ^ bytes[150001]) == 0x10 && reply.body[1] == bytes[150002]);
    client_free(&reply);
    fake_rule_remove(registry, rule);
}

static void check_window(struct fake_registry *registry, const char *path)
{
    static const int want[] = {200, 429, 429, 503, 200};
    const int first = fake_rule_add(
        registry, &(struct fake_rule){.match = {.path = "/blobs/", .skip = 1, .times = 2},
                                      .answer.status = 429});
    const int second = fake_rule_add(
        registry, &(struct fake_rule){.match = {.method = "GET", .skip = 1, .times = 1},
                                      .answer.status = 503});
    struct client_reply reply;
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        CHECK(client_get(registry, path, NULL, &reply) == want[i]);
        client_free(&reply);
    }
    CHECK(fake_rule_hits(registry, first) == 2 && fake_rule_hits(registry, second) == 1);
    fake_rule_remove(registry, first);
    fake_rule_remove(registry, second);
}

static void check_token_service(struct fake_registry *registry, const char *path)
{
    const int challenge = fake_rule_add(
        registry,
        &(struct fake_rule){
            .match = {.path = "^/v2/", .without_header = "authorization: bearer t1\r\n"},
            .answer = {.status = 401,
                       .headers = "WWW-Authenticate: Bearer realm=\"{base}/token\"\r\n"}});
    const int token =
        fake_rule_add(registry, &(struct fake_rule){.match.path = "^/token",
                                                    .answer.body = "{\"token\":\"t1\"}"});
    struct client_reply reply;
    CHECK(client_get(registry, path, NULL, &reply) == 401);
    char want[128];
    snprintf(want, sizeof(want), "Bearer realm=\"%s/token\"", fake_registry_url(registry));
    CHECK(client_has(&reply, "WWW-Authenticate", want));
    CHECK(strstr(reply.body, "UNAUTHORIZED") != NULL);
    client_free(&reply);
    CHECK(client_get(registry, "/token?scope=x", NULL, &reply) == 200);
    CHECK(strcmp(reply.body, "{\"token\":\"t1\"}") == 0);
    client_free(&reply);
    CHECK(client_get(registry, path, "Authorization: Bearer t1\r\n", &reply) == 200);
    client_free(&reply);
    fake_rule_remove(registry, challenge);
    fake_rule_remove(registry, token);
}

static void check_interim_answer(struct fake_registry *registry, const char *path)
{
    const int rule = fake_rule_add(
        registry, &(struct fake_rule){.answer.before = "HTTP/1.1 103 Early Hints\r\n\r\n"
                                                       "HTTP/1.1 103 Early Hints\r\n\r\n"});
    struct client_reply reply;
    const int fd = client_connect(registry);
    client_send(fd, "GET", path, NULL);
    client_read(fd, "HEAD", TEST_WAIT_MS, &reply);
    CHECK(reply.status == 103);
    client_free(&reply);
    client_read(fd, "HEAD", TEST_WAIT_MS, &reply);
    CHECK(reply.status == 103);
    client_free(&reply);
    client_read(fd, "GET", TEST_WAIT_MS, &reply);
    CHECK(reply.status == 200 && reply.len == BLOB_BYTES);
    client_free(&reply);
    close(fd);
    fake_rule_remove(registry, rule);
}

static void check_refused_accept(struct fake_registry *registry)
{
    const int rule = fake_rule_add(
        registry, &(struct fake_rule){.refuse = FAKE_REFUSE_ACCEPT_RST, .match.times = 2});
    struct client_reply reply;
    for (int i = 0; i < 2; i++) {
        CHECK(client_get(registry, "/v2/", NULL, &reply) == 0 && reply.end != CLIENT_COMPLETE);
        client_free(&reply);
    }
    CHECK(client_get(registry, "/v2/", NULL, &reply) == 200);
    client_free(&reply);
    fake_rule_remove(registry, rule);
}

void test_faults(void)
{
    static char bytes[BLOB_BYTES];
    char digest[FAKE_DIGEST_SIZE];
    char path[256];
    struct fake_registry *const registry = fake_registry_create(NULL);
    fake_blob_add_generated(registry, "r", NULL, BLOB_BYTES, SEED, digest);
    fake_generate(SEED, 0, bytes, sizeof(bytes));
    snprintf(path, sizeof(path), "/v2/r/blobs/%s", digest);
    check_cases(registry, path, bytes);
    check_location(registry, path, bytes);
    check_flip(registry, path, bytes);
    check_window(registry, path);
    check_token_service(registry, path);
    check_interim_answer(registry, path);
    check_refused_accept(registry);
    fake_registry_destroy(registry);
}
