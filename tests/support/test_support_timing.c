/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-test of the test support: answers that stall, wait, are slow or have no end.
 * Knows: the public headers, the small client. Does not know: the server's insides.
 */
#include "test_support.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOB_BYTES 200000
#define SEED 11

static void check_stall(struct fake_registry *registry, const char *path)
{
    const int rule = fake_rule_add(
        registry, &(struct fake_rule){.body = {.cut = FAKE_CUT_STALL, .cut_at_bytes = 5000}});
    struct client_reply reply;
    struct fake_request request;
    fake_record_mark(registry);
    const int fd = client_connect(registry);
    client_send(fd, "GET", path, NULL);
    client_read(fd, "GET", 50, &reply);
    CHECK(fake_record_wait_bytes(registry, 5000, TEST_WAIT_MS));
    while (reply.end == CLIENT_SILENT && reply.len < 5000) { /* a slow machine */
        char byte;
        CHECK(recv(fd, &byte, 1, 0) == 1);
        reply.len++;
    }
    CHECK(reply.len == 5000);
    CHECK(fake_record_get(registry, NULL, "/blobs/", 0, &request));
    CHECK(request.body_bytes == 5000 && request.finish_ns == 0);
    CHECK(!fake_record_wait_idle(registry, 0));
    client_free(&reply);
    close(fd);
    CHECK(fake_record_wait_idle(registry, TEST_WAIT_MS)); /* the peer's close ended it */
    fake_rule_remove(registry, rule);
}

static void check_hold(struct fake_registry *registry, const char *path)
{
    const int rule = fake_rule_add(registry, &(struct fake_rule){.timing.hold = true});
    int fds[3];
    struct client_reply reply;
    CHECK(fake_record_wait_closed(registry, TEST_WAIT_MS));
    fake_record_mark(registry);
    for (int i = 0; i < 3; i++) {
        fds[i] = client_connect(registry);
        client_send(fds[i], "GET", path, NULL);
    }
    CHECK(fake_record_wait_count(registry, "GET", path, 3, TEST_WAIT_MS));
    CHECK(fake_record_totals(registry).body_bytes == 0);
    CHECK(fake_record_totals(registry).connections_open_max == 3);
    fake_rule_release(registry, rule);
    for (int i = 0; i < 3; i++) {
        client_read(fds[i], "GET", TEST_WAIT_MS, &reply);
        CHECK(reply.status == 200 && reply.len == BLOB_BYTES);
        client_free(&reply);
        close(fds[i]);
    }
    fake_rule_remove(registry, rule);
}

/* Bytes before the cut are sent, those behind it once the rule is released. */
static void check_hold_in_the_body(struct fake_registry *registry, const char *path)
{
    const int rule = fake_rule_add(
        registry, &(struct fake_rule){.body = {.cut = FAKE_CUT_HOLD, .cut_at_bytes = 5000}});
    struct client_reply reply;
    struct fake_request request;
    fake_record_mark(registry);
    const int fd = client_connect(registry);
    client_send(fd, "GET", path, NULL);
    CHECK(fake_record_wait_bytes(registry, 5000, TEST_WAIT_MS));
    CHECK(fake_record_get(registry, NULL, "/blobs/", 0, &request));
    CHECK(request.body_bytes == 5000 && request.finish_ns == 0);
    fake_rule_release(registry, rule);
    client_read(fd, "GET", TEST_WAIT_MS, &reply);
    CHECK(reply.status == 200 && reply.end == CLIENT_COMPLETE && reply.len == BLOB_BYTES);
    client_free(&reply);
    close(fd);
    fake_rule_remove(registry, rule);
}

/* What a request gets is decided when it is seen, whatever rules are added at once. */
static void check_rule_of_a_seen_request(struct fake_registry *registry)
{
    struct client_reply reply;
    const int fd = client_connect(registry);
    fake_record_mark(registry);
    for (size_t i = 1; i <= 200; i++) {
        client_send(fd, "GET", "/v2/", NULL);
        CHECK(fake_record_wait_count(registry, NULL, NULL, i, TEST_WAIT_MS));
        const int rule = fake_rule_add(registry, &(struct fake_rule){.answer.status = 500});
        client_read(fd, "GET", TEST_WAIT_MS, &reply);
        CHECK(reply.status == 200);
        client_free(&reply);
        fake_rule_remove(registry, rule);
    }
    close(fd);
}

static void *get_ten(void *argument)
{
    struct fake_registry *const registry = argument;
    struct client_reply reply;
    for (int i = 0; i < 10; i++) {
        CHECK(client_get(registry, "/v2/", NULL, &reply) == 200);
        client_free(&reply);
    }
    return NULL;
}

/* The nth request of the record is the nth that a rule has seen. */
static void check_order_of_rules(struct fake_registry *registry)
{
    pthread_t threads[8];
    struct fake_request request;
    const int rule = fake_rule_add(
        registry, &(struct fake_rule){.match = {.path = "^/v2/$", .skip = 30, .times = 20}});
    fake_record_mark(registry);
    for (int i = 0; i < 8; i++) {
        CHECK(pthread_create(&threads[i], NULL, get_ten, registry) == 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < 80; i++) {
        CHECK(fake_record_get(registry, NULL, "^/v2/$", i, &request));
        CHECK(request.rule == (i >= 30 && i < 50 ? rule : 0));
    }
    fake_rule_remove(registry, rule);
}

/* Only lower bounds: a slow machine can make it longer, nothing can make it shorter. */
static void check_timing(struct fake_registry *registry, const char *path)
{
    const int rule = fake_rule_add(
        registry, &(struct fake_rule){.timing = {.delay_ms = 30, .rate_bytes_per_s = 2000000}});
    struct client_reply reply;
    struct fake_request request;
    fake_record_mark(registry);
    CHECK(client_get(registry, path, NULL, &reply) == 200 && reply.len == BLOB_BYTES);
    client_free(&reply);
    CHECK(fake_record_wait_idle(registry, TEST_WAIT_MS));
    CHECK(fake_record_get(registry, NULL, NULL, 0, &request));
    /* 200 kB at 2 MB/s are 100 ms, less one slice of 20 ms that needs no waiting. */
    CHECK(request.finish_ns - request.start_ns >= (uint64_t)110 * 1000000);
    fake_rule_remove(registry, rule);
}

static void check_endless(struct fake_registry *registry, const char *path)
{
    const int rule = fake_rule_add(
        registry, &(struct fake_rule){.body = {.extra_bytes = FAKE_ENDLESS, .chunked = true}});
    fake_record_mark(registry);
    const int fd = client_connect(registry);
    client_send(fd, "GET", path, NULL);
    char buf[65536];
    for (size_t got = 0; got < (size_t)5 * BLOB_BYTES;) {
        const ssize_t count = recv(fd, buf, sizeof(buf), 0);
        CHECK(count > 0);
        got += (size_t)count;
    }
    close(fd);
    CHECK(fake_record_wait_idle(registry, TEST_WAIT_MS));
    fake_rule_remove(registry, rule);
}

/* Whatever answers are doing, stop ends them. */
static void check_stop_under_way(const char *path)
{
    struct fake_registry *const registry = fake_registry_create(NULL);
    char digest[FAKE_DIGEST_SIZE];
    char big[256];
    fake_blob_add_generated(registry, "r", NULL, BLOB_BYTES, SEED, NULL);
    fake_blob_add_generated(registry, "r", "sha256:b16", (uint64_t)1 << 40, SEED, digest);
    snprintf(big, sizeof(big), "/v2/r/blobs/%s", digest);
    fake_rule_add(registry, &(struct fake_rule){.match = {.path = path, .times = 1},
                                                .body.cut = FAKE_CUT_STALL});
    fake_rule_add(registry,
                  &(struct fake_rule){.match = {.path = path, .times = 1}, .timing.hold = true});
    fake_rule_add(registry, &(struct fake_rule){.match = {.path = path, .times = 1},
                                                .timing.delay_ms = 3600000});
    fake_rule_add(registry, &(struct fake_rule){.match = {.path = path, .times = 1},
                                                .timing.rate_bytes_per_s = 1});
    int fds[5];
    for (int i = 0; i < 5; i++) {
        fds[i] = client_connect(registry);
        client_send(fds[i], "GET", i < 4 ? path : big, NULL); /* the last is never read */
    }
    CHECK(fake_record_wait_count(registry, NULL, NULL, 5, TEST_WAIT_MS));
    fake_registry_stop(registry);
    for (int i = 0; i < 5; i++) {
        close(fds[i]);
    }
    fake_registry_destroy(registry);
}

void test_timing(void)
{
    char digest[FAKE_DIGEST_SIZE];
    char path[256];
    struct fake_registry *const registry = fake_registry_create(NULL);
    fake_blob_add_generated(registry, "r", NULL, BLOB_BYTES, SEED, digest);
    snprintf(path, sizeof(path), "/v2/r/blobs/%s", digest);
    check_stall(registry, path);
    check_hold(registry, path);
    check_hold_in_the_body(registry, path);
    check_rule_of_a_seen_request(registry);
    check_order_of_rules(registry);
    check_timing(registry, path);
    check_endless(registry, path);
    check_stop_under_way(path);
    fake_registry_destroy(registry);
}
