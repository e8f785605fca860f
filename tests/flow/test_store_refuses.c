/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores that cannot take anything: a file, read-only, no permission, full.
 *
 * Knows: mount namespaces, the command's exit status. Does not know: documents.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(store_refuses, .timeout = 60);

static void add_image(struct flow *flow, uint64_t size, struct build_image_result *out_built)
{
    const struct build_image image = {
        .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1};

    build_image_add(flow->registry, &image, out_built);
}

/* A store without an image in it. */
static void make_store(const struct flow *flow)
{
    struct tug_error error = {0};
    struct tug_store *store = NULL;

    cr_assert_eq(tug_store_open(flow->store, NULL, &store, &error), TUG_OK, "%s", error.message);
    tug_store_close(store);
}

Test(store_refuses, file_in_its_place)
{
    struct run_result result;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, 20000, NULL);
    tmpdir_write(flow.store, "mine", 4);
    cr_assert_eq(flow_command(&flow, "app:1", NULL, &result), 7, "%s", result.err);
    cr_assert_not_null(strstr(result.err, "Not a directory"), "%s", result.err);
    cr_assert_eq(strchr(result.err, '\n'), result.err + result.err_len - 1, "%s", result.err);
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 0);
    char *const text = tmpdir_read(flow.store, NULL);
    cr_assert_str_eq(text, "mine");
    free(text);
    run_result_fini(&result);
    cr_assert_eq(unlink(flow.store), 0);
    flow_close(&flow);
}

/* Start a shell script in a mount namespace of its own, with $1 the store, $2 a spare directory and
 * fetch() for app:1. */
static struct run_process *start_mounted(const struct flow *flow, const char *script)
{
    char *const reference = flow_reference(flow, "app:1");
    char *const spare = tmpdir_join(flow->directory, "spare");
    char *const text = build_text("fetch() {\n"
                                  "    status=0\n"
                                  "    \"$TUG\" --store \"$1\" fetch -q --plain-http --retries 0 "
                                  "--platform linux/amd64 '%s' > /dev/null || status=$?\n"
                                  "    echo \"exit $status\"\n"
                                  "}\n"
                                  "%s",
                                  reference, script);
    /* Not the root user: a user namespace gives the right to mount. */
    const char *const argv[] = {
        "unshare", geteuid() == 0 ? "-m" : "-rm", "sh", "-euc", text, "sh", flow->store, spare,
        NULL};
    struct run_process *process;

    cr_assert_not_null(getenv("TUG"), "TUG names no program");
    process = run_start(&(struct run_options){.argv = argv, .timeout_ms = 2 * FLOW_WAIT_MS});
    free(text);
    free(spare);
    free(reference);
    return process;
}

/* Wait for its end. What it prints on stdout must be `expected`. */
static void end_mounted(struct run_process *process, const char *expected, const char *message)
{
    struct run_result result;

    (void)run_wait(process, &result);
    cr_assert_eq(result.exit_status, 0, "%s", result.err);
    cr_assert_str_eq(result.out, expected, "%s%s", result.out, result.err);
    cr_assert_not_null(strstr(result.err, message), "no '%s': %s", message, result.err);
    cr_assert_eq(strchr(result.err, '\n'), result.err + result.err_len - 1, "%s", result.err);
    run_result_fini(&result);
}

static void run_mounted(const struct flow *flow, const char *script, const char *expected,
                        const char *message)
{
    end_mounted(start_mounted(flow, script), expected, message);
}

Test(store_refuses, t41_read_only)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, 20000, &built);
    make_store(&flow);
    run_mounted(&flow,
                "mount --bind \"$1\" \"$1\"\n"
                "mount -o remount,bind,ro \"$1\"\n"
                "fetch \"$1\"\n",
                "exit 7\n", "Read-only file system");
    cr_assert_eq(flow_blob_count(&flow), 0);
    cr_assert_eq(flow_requests(&flow, NULL, "/blobs/"), 0);
    flow_close(&flow);
}

/* What is there already needs no change. */
Test(store_refuses, a_read_only_store_that_has_it_is_no_error)
{
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, 20000, NULL);
    make_store(&flow);
    run_mounted(&flow,
                "fetch \"$1\"\n"
                "mount --bind \"$1\" \"$1\"\n"
                "mount -o remount,bind,ro \"$1\"\n"
                "fetch \"$1\"\n"
                "echo told >&2\n",
                "exit 0\nexit 0\n", "told");
    flow_close(&flow);
}

/* A file system that tells no number of blocks does not say that it is full. */
Test(store_refuses, unknown_space_is_no_lack_of_it)
{
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, 20000, NULL);
    make_store(&flow);
    run_mounted(&flow,
                "mkdir \"$2\"\n"
                "mount -t ramfs none \"$2\"\n"
                "fetch \"$2/store\"\n"
                "echo told >&2\n",
                "exit 0\n", "told");
    flow_close(&flow);
}

Test(store_refuses, t41_no_permission)
{
    struct flow flow;

    flow_drop_root();
    flow_open(&flow, NULL);
    add_image(&flow, 20000, NULL);
    make_store(&flow);
    char *const path = tmpdir_join(flow.store, "ingest/sha256");
    cr_assert_eq(chmod(path, 0500), 0);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_STORE);
    cr_assert_not_null(strstr(flow.seen.error.message, "Permission denied"), "%s",
                       flow.seen.error.message);
    cr_assert_eq(flow_blob_count(&flow), 0);
    free(path);
    flow_close(&flow);
}

/* The disk is full in mid-blob: what is there stays good, and goes on where there is room again. */
Test(store_refuses, t41_full)
{
    static const uint64_t size = 3 << 20;
    struct build_image_result built;
    struct run_process *process;
    struct flow flow;
    struct fake_request last;
    int rule;

    flow_open(&flow, NULL);
    add_image(&flow, size, &built);
    make_store(&flow);
    rule = fake_rule_add(flow.registry, &(struct fake_rule){.match.path = built.layers[0].digest,
                                                            .match.times = 1,
                                                            .body.cut = FAKE_CUT_HOLD,
                                                            .body.cut_at_bytes = 1 << 20});
    /* There is room when it is looked for; then somebody else takes it, and the rest comes. */
    process = start_mounted(
        &flow, "mkdir \"$2\"\n"
               "mount -t tmpfs -o size=4m none \"$2\"\n"
               "fetch \"$2/store\" &\n"
               "until [ -n \"$(find \"$2\" -path '*/ingest/sha256/*' -size +200k)\" ]; do\n"
               "    kill -0 $! || break\n"
               "done\n"
               "dd if=/dev/zero of=\"$2/other\" bs=64k 2> /dev/null || :\n"
               "echo full\n"
               "wait || :\n"
               "cp -a \"$2/store/.\" \"$1\"\n"
               "rm \"$2/other\"\n"
               "fetch \"$2/store\"\n");
    cr_assert(run_wait_output(process, "full\n", FLOW_WAIT_MS));
    fake_rule_release(flow.registry, rule);
    end_mounted(process, "full\nexit 7\nexit 0\n", "No space left on device");
    flow_check_store(&flow);
    cr_assert(!flow_has(&flow, built.layers[0].digest));
    const int64_t kept = flow_partial_size(&flow, built.layers[0].digest);
    cr_assert(kept > 0 && kept < (int64_t)size, "%jd bytes kept", (intmax_t)kept);
    cr_assert(fake_record_get(flow.registry, "GET", built.layers[0].digest, 1, &last));
    char *const range = build_text("bytes=%jd-%ju", (intmax_t)kept, (uintmax_t)size - 1);
    cr_assert_str_eq(last.range, range);
    free(range);
    flow_close(&flow);
}
