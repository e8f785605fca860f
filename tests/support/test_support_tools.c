/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-test of the test support: builders, layouts, rules as text, directories, programs.
 * Knows: the public headers, the small client. Does not know: their insides.
 */
#include "test_support.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builders.h"
#include "fake_layout.h"
#include "run.h"
#include "tmpdir.h"

/* GET a document and compare its digest with its name. Returns: its text, owned. */
static char *get_document(struct fake_registry *registry, const char *repo,
                          const struct build_descriptor *descriptor, const char *kind)
{
    struct client_reply reply;
    char *const path = build_text("/v2/%s/%s/%s", repo, kind, descriptor->digest);
    char digest[FAKE_DIGEST_SIZE];
    char algorithm[16];
    CHECK(client_get(registry, path, NULL, &reply) == 200);
    CHECK(sscanf(descriptor->digest, "%15[^:]", algorithm) == 1);
    fake_digest(algorithm, reply.body, reply.len, digest);
    CHECK(strcmp(digest, descriptor->digest) == 0 && reply.len == descriptor->size_bytes);
    if (strcmp(kind, "manifests") == 0) {
        CHECK(client_has(&reply, "Content-Type", descriptor->media_type));
    }
    free(path);
    return reply.body;
}

static void check_image(enum build_family family, const char *algorithm)
{
    struct fake_registry *const registry = fake_registry_create(NULL);
    static struct build_image_result image;
    const uint64_t sizes[] = {0, 1, 70000};
    build_image_add(registry,
                    &(struct build_image){.repo = "x/y",
                                          .tag = "1",
                                          .family = family,
                                          .algorithm = algorithm,
                                          .platform = "linux/arm64/v8",
                                          .layer_sizes = sizes,
                                          .layer_count = 3,
                                          .more = "\"annotations\":{\"a\":\"b\"}"},
                    &image);
    char *const manifest = get_document(registry, "x/y", &image.manifest, "manifests");
    CHECK(strstr(manifest, image.config.digest) != NULL);
    CHECK(strstr(manifest, "\"annotations\":{\"a\":\"b\"}}") != NULL);
    char *const config = get_document(registry, "x/y", &image.config, "blobs");
    CHECK(strstr(config, "\"variant\":\"v8\"") != NULL);
    free(manifest);
    free(config);
    uint64_t total = image.manifest.size_bytes + image.config.size_bytes;
    CHECK(image.layer_count == 3);
    for (size_t i = 0; i < 3; i++) {
        free(get_document(registry, "x/y", &image.layers[i], "blobs"));
        total += sizes[i];
    }
    CHECK(total == image.total_bytes);
    struct client_reply reply;
    CHECK(client_get(registry, "/v2/x/y/manifests/1", NULL, &reply) == 200);
    CHECK(client_has(&reply, "Docker-Content-Digest", image.manifest.digest));
    client_free(&reply);
    fake_registry_destroy(registry);
}

static void check_index(void)
{
    struct fake_registry *const registry = fake_registry_create(NULL);
    static struct build_image_result images[2];
    struct build_descriptor index;
    const char *const platforms[] = {"linux/amd64", "linux/arm/v7"};
    build_multi_add(registry,
                    &(struct build_multi){.image = {.repo = "m",
                                                    .tag = "t",
                                                    .layer_sizes = (const uint64_t[]){100},
                                                    .layer_count = 1},
                                          .platforms = platforms,
                                          .platform_count = 2,
                                          .attestations = true},
                    images, &index);
    char *const text = get_document(registry, "m", &index, "manifests");
    CHECK(strstr(text, images[0].manifest.digest) != NULL);
    CHECK(strstr(text, "\"variant\":\"v7\"") != NULL);
    CHECK(strstr(text, "\"architecture\":\"unknown\",\"os\":\"unknown\"") != NULL);
    CHECK(strcmp(images[0].layers[0].digest, images[1].layers[0].digest) != 0);
    free(text);
    struct build_descriptor raw;
    build_manifest_raw(registry, "m", "bad", "text/html", "{", &raw);
    free(get_document(registry, "m", &raw, "manifests"));
    fake_registry_destroy(registry);
}

static void make_directory(const char *parent, const char *name)
{
    char *const path = tmpdir_join(parent, name);
    CHECK(mkdir(path, 0700) == 0);
    free(path);
}

static void write_blob(const char *directory, const struct build_descriptor *descriptor,
                       const char *text)
{
    char *const name = build_text("blobs/sha256/%s", descriptor->digest + strlen("sha256:"));
    char *const path = tmpdir_join(directory, name);
    tmpdir_write(path, text, strlen(text));
    free(path);
    free(name);
}

static void check_layout(void)
{
    char *const directory = tmpdir_create();
    struct build_descriptor config = {.media_type = BUILD_OCI_CONFIG, .size_bytes = 2};
    struct build_descriptor manifest = {.media_type = BUILD_OCI_MANIFEST};
    make_directory(directory, "blobs");
    make_directory(directory, "blobs/sha256");
    fake_digest(NULL, "{}", 2, config.digest);
    write_blob(directory, &config, "{}");
    char *const config_json = build_descriptor_json(&config, NULL);
    char *const json = build_text("{\"schemaVersion\":2,\"config\":%s,\"layers\":[]}", config_json);
    manifest.size_bytes = strlen(json);
    fake_digest(NULL, json, strlen(json), manifest.digest);
    write_blob(directory, &manifest, json);
    char *const entry = build_descriptor_json(
        &manifest, "\"annotations\":{\"org.opencontainers.image.ref.name\":\"name\"}");
    char *const index = build_text("{\"schemaVersion\":2,\"manifests\":[%s]}", entry);
    char *const path = tmpdir_join(directory, "index.json");
    tmpdir_write(path, index, strlen(index));

    struct fake_registry *const registry = fake_registry_create(NULL);
    struct fake_layout *const layout = fake_layout_open(registry, directory);
    fake_layout_tag(layout, "some/repo", "7", "name");
    fake_layout_close(layout);
    struct client_reply reply;
    CHECK(client_get(registry, "/v2/some/repo/manifests/7", NULL, &reply) == 200);
    CHECK(strcmp(reply.body, json) == 0);
    CHECK(client_has(&reply, "Docker-Content-Digest", manifest.digest));
    client_free(&reply);
    free(get_document(registry, "any", &config, "blobs"));
    const int rule =
        fake_rule_add(/* a file, with and without sendfile() */
                      registry,
                      &(struct fake_rule){.body = {.cut = FAKE_CUT_CLOSE, .cut_at_bytes = 1}});
    char *const blob = build_text("/v2/any/blobs/%s", config.digest);
    CHECK(client_get(registry, blob, NULL, &reply) == 200 && reply.len == 1);
    client_free(&reply);
    fake_rule_remove(registry, rule);
    fake_rule_add(registry, &(struct fake_rule){.body = {.flip_mask = 1}});
    CHECK(client_get(registry, blob, "Range: bytes=0-0\r\n", &reply) == 206);
    CHECK(reply.body[0] == ('{' ^ 1));
    client_free(&reply);
    fake_registry_destroy(registry);
    free(blob);
    free(path);
    free(index);
    free(entry);
    free(json);
    free(config_json);
    tmpdir_remove(directory);
}

static void check_rule_text(void)
{
    struct fake_rule rule;
    char good[] = "path=/blobs/ skip=2 times=1 cut=rst at=1000 flip=0x11 range=lie shift=-5 "
                  "add-header=X-A:_b chunked=1";
    CHECK(fake_rule_parse(good, &rule) == NULL);
    CHECK(strcmp(rule.match.path, "/blobs/") == 0 && rule.match.skip == 2 && rule.match.times == 1);
    CHECK(rule.body.cut == FAKE_CUT_RST && rule.body.cut_at_bytes == 1000);
    CHECK(rule.body.flip_mask == 0x11 && rule.body.chunked);
    CHECK(rule.range.kind == FAKE_RANGE_LIE && rule.range.shift_bytes == -5);
    CHECK(strcmp(rule.answer.headers, "X-A: b") == 0);
    char unknown[] = "colour=red";
    char wrong[] = "skip=many";
    char value[] = "cut=deep";
    CHECK(fake_rule_parse(unknown, &rule) != NULL);
    CHECK(fake_rule_parse(wrong, &rule) != NULL);
    CHECK(fake_rule_parse(value, &rule) != NULL);
}

static void check_tmpdir(void)
{
    char *const directory = tmpdir_create();
    char *const copy = strdup(directory);
    make_directory(directory, "sub");
    make_directory(directory, "sub/deep");
    char *const path = tmpdir_join(directory, "sub/deep/file");
    tmpdir_write(path, "abc", 3);
    size_t len = 0;
    char *const text = tmpdir_read(path, &len);
    CHECK(len == 3 && strcmp(text, "abc") == 0);
    CHECK(tmpdir_read("/does/not/exist", NULL) == NULL);
    CHECK(chmod(path, 0444) == 0);
    char *const deep = tmpdir_join(directory, "sub/deep");
    CHECK(chmod(deep, 0) == 0);
    char *const link = tmpdir_join(directory, "link");
    CHECK(symlink("/etc", link) == 0);
    tmpdir_remove(directory);
    CHECK(access(copy, F_OK) != 0 && access("/etc/passwd", F_OK) == 0);
    free(link);
    free(deep);
    free(text);
    free(path);
    free(copy);
}

static void check_run(void)
{
    struct run_result result;
    const char *const script[] = {"sh", "-c", "cat; printf \"$A-${HOME-none}-$PWD\" >&2; exit 3",
                                  NULL};
    const char *const env[] = {"A=1", "HOME", NULL};
    CHECK(!run_command(
        &(struct run_options){.argv = script, .env = env, .input = "in\n", .directory = "/"},
        &result));
    CHECK(result.exit_status == 3 && result.signal == 0 && !result.timed_out);
    CHECK(strcmp(result.out, "in\n") == 0 && strcmp(result.err, "1-none-/") == 0);
    CHECK(result.rss_kib > 0 && result.wall_ns > 0);
    run_result_fini(&result);
    const char *const flood[] = {"head", "-c", "1000000", "/dev/zero", NULL};
    CHECK(run_command(&(struct run_options){.argv = flood, .output_max_bytes = 1000}, &result));
    CHECK(result.truncated && result.out_len == 1000 && result.err_len == 0);
    run_result_fini(&result);
    const char *const slow[] = {"sleep", "600", NULL};
    CHECK(!run_command(&(struct run_options){.argv = slow, .timeout_ms = 20}, &result));
    CHECK(result.timed_out && result.exit_status == -1 && result.signal == SIGKILL);
    run_result_fini(&result);
    /* A program may end while a child of its own keeps the pipes: longer than the deadline. */
    const char *const leaver[] = {"sh", "-c", "sleep 600 & echo $!", NULL};
    CHECK(run_command(&(struct run_options){.argv = leaver}, &result) && !result.timed_out);
    CHECK(kill((pid_t)strtol(result.out, NULL, 10), SIGKILL) == 0);
    run_result_fini(&result);
    const char *const deaf[] = {"true", NULL};
    static char input[1000000];
    CHECK(run_command(
        &(struct run_options){.argv = deaf, .input = input, .input_len = sizeof(input)}, NULL));
}

static void check_run_async(void)
{
    struct run_result result;
    const char *const argv[] = {
        "sh", "-c", "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.01; done", NULL};
    struct run_process *const process = run_start(&(struct run_options){.argv = argv});
    CHECK(run_pid(process) > 0);
    CHECK(run_wait_output(process, "ready\n", TEST_WAIT_MS));
    CHECK(!run_wait_output(process, "never", 1));
    run_signal(process, SIGTERM);
    CHECK(run_wait_output(process, "got\n", TEST_WAIT_MS));
    CHECK(!run_wait(process, &result));
    CHECK(result.exit_status == 5 && strcmp(result.out, "ready\ngot\n") == 0);
    run_result_fini(&result);
}

void test_tools(void)
{
    check_image(BUILD_OCI, NULL);
    check_image(BUILD_DOCKER, "sha512");
    check_index();
    check_layout();
    check_rule_text();
    check_tmpdir();
    check_run();
    check_run_async();
}
