/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-test of the test support: does the fake registry do what tests will believe it does?
 * This file: main, the well-behaved server and its record.
 * Knows: the public headers, the small client. Does not know: the server's insides.
 */
#include "test_support.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "builders.h"

#define BLOB_BYTES 300000

/* A registry with one generated blob. */
struct scene {
    struct fake_registry *registry;
    char digest[FAKE_DIGEST_SIZE];
    char path[256];
    char bytes[BLOB_BYTES];
};

static struct scene *open_scene_at(const char *address)
{
    struct scene *const scene = calloc(1, sizeof(*scene));
    CHECK(scene != NULL);
    scene->registry = fake_registry_create(&(struct fake_options){.address = address});
    fake_blob_add_generated(scene->registry, "a/b", NULL, BLOB_BYTES, 7, scene->digest);
    snprintf(scene->path, sizeof(scene->path), "/v2/a/b/blobs/%s", scene->digest);
    fake_generate(7, 0, scene->bytes, BLOB_BYTES);
    return scene;
}

static struct scene *open_scene(void)
{
    return open_scene_at(NULL);
}

static void close_scene(struct scene *scene)
{
    fake_registry_destroy(scene->registry);
    free(scene);
}

static void check_ping_and_errors(void)
{
    struct scene *const scene = open_scene();
    struct client_reply reply;
    CHECK(client_get(scene->registry, "/v2/", NULL, &reply) == 200);
    client_free(&reply);
    CHECK(client_get(scene->registry, "/v2/a/b/manifests/none", NULL, &reply) == 404);
    CHECK(client_has(&reply, "Content-Type", "application/json"));
    CHECK(strstr(reply.body, "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"") == reply.body);
    client_free(&reply);
    CHECK(client_get(scene->registry, "/v2/a/b/blobs/sha256:00", NULL, &reply) == 404);
    CHECK(strstr(reply.body, "BLOB_UNKNOWN") != NULL);
    client_free(&reply);
    CHECK(client_get(scene->registry, "/other", NULL, &reply) == 404);
    client_free(&reply);
    const int fd = client_connect(scene->registry);
    CHECK(client_ask(fd, "DELETE", scene->path, NULL, &reply) == 405);
    client_free(&reply);
    close(fd);
    close_scene(scene);
}

static void check_blob(void)
{
    struct scene *const scene = open_scene();
    struct client_reply reply;
    CHECK(client_get(scene->registry, scene->path, NULL, &reply) == 200);
    CHECK(reply.end == CLIENT_COMPLETE && reply.len == BLOB_BYTES);
    CHECK(memcmp(reply.body, scene->bytes, BLOB_BYTES) == 0);
    CHECK(client_has(&reply, "Content-Type", "application/octet-stream"));
    CHECK(client_has(&reply, "Docker-Content-Digest", scene->digest));
    char digest[FAKE_DIGEST_SIZE];
    fake_digest(NULL, reply.body, reply.len, digest);
    CHECK(strcmp(digest, scene->digest) == 0);
    client_free(&reply);
    const int fd = client_connect(scene->registry);
    CHECK(client_ask(fd, "HEAD", scene->path, NULL, &reply) == 200);
    CHECK(client_has(&reply, "Content-Length", "300000") && reply.len == 0);
    client_free(&reply);
    close(fd);
    close_scene(scene);
}

static void check_one_range(const struct scene *scene, const char *range, size_t first,
                            const char *content_range, size_t len)
{
    struct client_reply reply;
    char header[64];
    snprintf(header, sizeof(header), "Range: bytes=%s\r\n", range);
    CHECK(client_get(scene->registry, scene->path, header, &reply) == 206);
    CHECK(client_has(&reply, "Content-Range", content_range));
    CHECK(reply.end == CLIENT_COMPLETE && reply.len == len);
    CHECK(memcmp(reply.body, scene->bytes + first, len) == 0);
    client_free(&reply);
}

static void check_ranges(void)
{
    struct scene *const scene = open_scene();
    struct client_reply reply;
    check_one_range(scene, "0-0", 0, "bytes 0-0/300000", 1);
    check_one_range(scene, "1001-200002", 1001, "bytes 1001-200002/300000", 199002);
    check_one_range(scene, "299990-", 299990, "bytes 299990-299999/300000", 10);
    check_one_range(scene, "299990-400000", 299990, "bytes 299990-299999/300000", 10);
    check_one_range(scene, "-5", 299995, "bytes 299995-299999/300000", 5);
    CHECK(client_get(scene->registry, scene->path, "Range: bytes=300000-\r\n", &reply) == 416);
    CHECK(client_has(&reply, "Content-Range", "bytes */300000"));
    CHECK(strstr(reply.body, "\"errors\"") != NULL);
    client_free(&reply);
    CHECK(client_get(scene->registry, scene->path, "Range: bytes=5-2\r\n", &reply) == 200);
    CHECK(reply.len == BLOB_BYTES);
    client_free(&reply);
    close_scene(scene);
}

static void check_sources(void)
{
    struct fake_registry *const registry = fake_registry_create(NULL);
    struct client_reply reply;
    char digest[FAKE_DIGEST_SIZE];
    char path[256];
    fake_blob_add(registry, NULL, NULL, NULL, 0, digest);
    CHECK(strcmp(digest,
                 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") == 0);
    snprintf(path, sizeof(path), "/v2/any/blobs/%s", digest);
    CHECK(client_get(registry, path, NULL, &reply) == 200);
    CHECK(reply.end == CLIENT_COMPLETE && reply.len == 0);
    client_free(&reply);
    fake_blob_add(registry, "only/here", "sha256:0123", "text", 4, NULL);
    CHECK(client_get(registry, "/v2/only/here/blobs/sha256%3A0123?ns=x", NULL, &reply) == 200);
    CHECK(strcmp(reply.body, "text") == 0);
    client_free(&reply);
    CHECK(client_get(registry, "/v2/else/blobs/sha256:0123", NULL, &reply) == 404);
    client_free(&reply);
    fake_registry_destroy(registry);
}

static void check_tags(void)
{
    struct fake_registry *const registry = fake_registry_create(NULL);
    struct client_reply reply;
    char first[FAKE_DIGEST_SIZE];
    char path[256];
    const struct fake_manifest one = {.repo = "r", .tag = "t", .json = "{\"n\":1}"};
    const struct fake_manifest two = {
        .repo = "r", .tag = "t", .json = "{\"n\":2}", .media_type = "text/plain"};
    fake_manifest_add(registry, &one, first);
    fake_manifest_add(registry, &two, NULL);
    CHECK(client_get(registry, "/v2/r/manifests/t", NULL, &reply) == 200);
    CHECK(strcmp(reply.body, "{\"n\":2}") == 0 && client_has(&reply, "Content-Type", "text/plain"));
    client_free(&reply);
    fake_tag_set(registry, "r", "t", first);
    CHECK(client_get(registry, "/v2/r/manifests/t", NULL, &reply) == 200);
    CHECK(strcmp(reply.body, "{\"n\":1}") == 0);
    CHECK(client_has(&reply, "Docker-Content-Digest", first));
    client_free(&reply);
    snprintf(path, sizeof(path), "/v2/r/manifests/%s", first);
    CHECK(client_get(registry, path, NULL, &reply) == 200);
    client_free(&reply);
    fake_registry_destroy(registry);
}

static void check_keep_alive(void)
{
    struct scene *const scene = open_scene();
    struct client_reply reply;
    const int fd = client_connect(scene->registry);
    for (int i = 0; i < 5; i++) {
        CHECK(client_ask(fd, "GET", scene->path, "Range: bytes=10-19\r\n", &reply) == 206);
        client_free(&reply);
    }
    CHECK(client_ask(fd, "GET", "/v2/", "Connection: close\r\n", &reply) == 200);
    CHECK(client_has(&reply, "Connection", "close"));
    client_free(&reply);
    char byte;
    CHECK(recv(fd, &byte, 1, 0) == 0);
    close(fd);
    const struct fake_totals totals = fake_record_totals(scene->registry);
    CHECK(totals.connections_accepted == 1 && totals.requests == 6);
    close_scene(scene);
}

static void check_record(void)
{
    struct scene *const scene = open_scene();
    struct fake_registry *const registry = scene->registry;
    struct client_reply reply;
    struct fake_request request;
    char value[32];
    client_get(registry, scene->path, "Range: bytes=0-99\r\nX-Mark: me\r\n", &reply);
    client_free(&reply);
    client_get(registry, "/v2/a/b/manifests/none", NULL, &reply);
    const size_t error_len = reply.len;
    client_free(&reply);
    CHECK(fake_record_wait_idle(registry, TEST_WAIT_MS));
    CHECK(fake_record_count(registry, NULL, NULL) == 2);
    CHECK(fake_record_count(registry, "GET", "/blobs/") == 1);
    CHECK(fake_record_count(registry, "HEAD", NULL) == 0);
    CHECK(fake_record_count(registry, NULL, "^/v2/a/b/manifests/none$") == 1);
    CHECK(fake_record_count(registry, NULL, "^/manifests") == 0);
    CHECK(fake_record_get(registry, "GET", "/blobs/", 0, &request));
    CHECK(!fake_record_get(registry, "GET", "/blobs/", 1, &request));
    CHECK(strcmp(request.range, "bytes=0-99") == 0 && strcmp(request.path, scene->path) == 0);
    CHECK(fake_request_header(&request, "x-mark", value, sizeof(value)));
    CHECK(strcmp(value, "me") == 0);
    CHECK(request.status == 206 && request.body_bytes == 100 && request.connection == 1);
    CHECK(request.start_ns > 0 && request.finish_ns >= request.start_ns);
    struct fake_totals totals = fake_record_totals(registry);
    CHECK(totals.blob_bytes == 100 && totals.body_bytes == 100 + error_len);
    CHECK(totals.connections_accepted == 2);
    fake_record_mark(registry);
    totals = fake_record_totals(registry);
    CHECK(totals.requests == 0 && totals.body_bytes == 0);
    CHECK(fake_record_count(registry, NULL, NULL) == 0);
    CHECK(!fake_record_wait_count(registry, NULL, NULL, 1, 1));
    close_scene(scene);
}

/*
 * Content is counted before the client can have it: no waiting is needed to compare sums. (Were it
 * counted later, this would fail now and then only; it never fails as it is.)
 */
static void check_sums_are_ready(void)
{
    struct scene *const scene = open_scene();
    struct client_reply reply;
    for (uint64_t i = 1; i <= 50; i++) {
        client_get(scene->registry, scene->path, NULL, &reply);
        client_free(&reply);
        CHECK(fake_record_totals(scene->registry).blob_bytes == i * BLOB_BYTES);
    }
    close_scene(scene);
}

static void check_open_connections(void)
{
    struct scene *const scene = open_scene();
    struct fake_registry *const registry = scene->registry;
    struct client_reply reply;
    for (int i = 0; i < 50; i++) { /* one after the other is one, however slow the server is */
        client_get(registry, "/v2/", NULL, &reply);
        client_free(&reply);
    }
    CHECK(fake_record_totals(registry).connections_open_max == 1);
    int fds[5];
    for (int i = 0; i < 5; i++) {
        fds[i] = client_connect(registry);
        CHECK(client_ask(fds[i], "GET", "/v2/", NULL, &reply) == 200);
        client_free(&reply);
    }
    CHECK(fake_record_totals(registry).connections_open_max == 5);
    for (int i = 0; i < 5; i++) {
        close(fds[i]);
    }
    CHECK(fake_record_wait_closed(registry, TEST_WAIT_MS));
    CHECK(fake_record_totals(registry).connections_open == 0);
    close_scene(scene);
}

static void check_pipelined_and_bad(void)
{
    struct scene *const scene = open_scene();
    struct client_reply reply;
    int fd = client_connect(scene->registry);
    client_send(fd, "POST", "/token", "Content-Length: 3\r\n");
    CHECK(send(fd, "a=b", 3, MSG_NOSIGNAL) == 3);
    client_send(fd, "GET", "/v2/", NULL);
    client_read(fd, "POST", TEST_WAIT_MS, &reply);
    CHECK(reply.status == 405);
    client_free(&reply);
    client_read(fd, "GET", TEST_WAIT_MS, &reply);
    CHECK(reply.status == 200);
    client_free(&reply);
    close(fd);
    struct fake_request request;
    CHECK(fake_record_get(scene->registry, "POST", "^/token$", 0, &request));
    CHECK(strcmp(request.body, "a=b") == 0);
    fd = client_connect(scene->registry);
    CHECK(send(fd, "nonsense\r\n\r\n", 12, MSG_NOSIGNAL) == 12);
    client_read(fd, "GET", TEST_WAIT_MS, &reply);
    CHECK(reply.status == 400);
    client_free(&reply);
    close(fd);
    close_scene(scene);
}

static void *get_blobs(void *argument)
{
    struct scene *const scene = argument;
    struct client_reply reply;
    const int fd = client_connect(scene->registry);
    for (int i = 0; i < 10; i++) {
        CHECK(client_ask(fd, "GET", scene->path, NULL, &reply) == 200);
        CHECK(memcmp(reply.body, scene->bytes, BLOB_BYTES) == 0);
        client_free(&reply);
    }
    close(fd);
    return NULL;
}

static void check_many_threads(void)
{
    struct scene *const scene = open_scene();
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        CHECK(pthread_create(&threads[i], NULL, get_blobs, scene) == 0);
    }
    CHECK(fake_record_wait_count(scene->registry, "GET", "/blobs/", 80, TEST_WAIT_MS));
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(fake_record_totals(scene->registry).blob_bytes == (uint64_t)80 * BLOB_BYTES);
    CHECK(fake_record_totals(scene->registry).connections_open_max <= 8);
    close_scene(scene);
}

static void check_generated_anywhere(void)
{
    static unsigned char whole[10000];
    unsigned char part[64];
    fake_generate(3, 0, whole, sizeof(whole));
    for (size_t offset = 0; offset < 9000; offset += 37) {
        const size_t len = offset % 63 + 1;
        fake_generate(3, offset, part, len);
        CHECK(memcmp(part, whole + offset, len) == 0);
    }
    fake_generate(4, 0, part, sizeof(part));
    CHECK(memcmp(part, whole, 8) != 0 && memcmp(whole, whole + 8, 8) != 0);
}

static void check_stop_and_same_port(void)
{
    /* Where no other program takes the port meanwhile. */
    static const char address[] = "127.0.0.77";
    struct scene *const scene = open_scene_at(address);
    const uint16_t port = fake_registry_port(scene->registry);
    const int idle = client_connect(scene->registry);
    struct client_reply reply;
    CHECK(client_ask(idle, "GET", "/v2/", NULL, &reply) == 200);
    client_free(&reply);
    fake_registry_stop(scene->registry);
    fake_registry_stop(scene->registry);
    char byte;
    CHECK(recv(idle, &byte, 1, 0) == 0);
    close(idle);
    CHECK(fake_record_count(scene->registry, NULL, NULL) == 1);
    struct fake_registry *const again =
        fake_registry_create(&(struct fake_options){.address = address, .port = port});
    CHECK(fake_registry_port(again) == port);
    CHECK(client_get(again, "/v2/", NULL, &reply) == 200);
    client_free(&reply);
    fake_registry_destroy(again);
    close_scene(scene);
}

int main(void)
{
    check_generated_anywhere();
    check_ping_and_errors();
    check_blob();
    check_ranges();
    check_sources();
    check_tags();
    check_keep_alive();
    check_record();
    check_sums_are_ready();
    check_open_connections();
    check_pipelined_and_bad();
    check_many_threads();
    check_stop_and_same_port();
    test_faults();
    test_timing();
    test_tools();
    puts("test-support: all passed");
    return 0;
}
