/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs of a store that are not what they are named after, though of the right size: --recheck
 * finds and replaces them.
 *
 * Knows: the layout's files. Does not know: which thread hashes.
 * Threads: criterion's.
 */
#include "flow.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(recheck, .timeout = 60);

static const uint64_t sizes[] = {900000, 5000};

/* An image that is in the store. */
static void open_scene(struct flow *flow, struct build_image_result *out_built)
{
    flow_open(flow, NULL);
    build_image_add(flow->registry,
                    &(struct build_image){.repo = "app",
                                          .tag = "1",
                                          .layer_sizes = sizes,
                                          .layer_count = FLOW_COUNT(sizes),
                                          .seed = 5},
                    out_built);
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    flow->options.recheck = true;
}

/* Flip a bit of the byte in the middle of a blob; the size stays. */
static void damage(const struct flow *flow, const struct build_descriptor *blob)
{
    char *const path = flow_path(flow, "blobs", blob->digest);
    const off_t at = (off_t)(blob->size_bytes / 2);
    char byte = 0;
    int fd;

    cr_assert_eq(chmod(path, 0600), 0);
    fd = open(path, O_RDWR | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    cr_assert_eq(close(fd), 0);
    free(path);
}

static ino_t inode_of(const struct flow *flow, const char *digest)
{
    char *const path = flow_path(flow, "blobs", digest);
    struct stat info;

    cr_assert_eq(stat(path, &info), 0);
    free(path);
    return info.st_ino;
}

Test(recheck, f20_what_is_right_is_reused)
{
    struct flow flow;
    struct build_image_result built;
    ino_t before;

    open_scene(&flow, &built);
    before = inode_of(&flow, built.layers[0].digest);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_REUSED], 4);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_COMMITTED], 0);
    cr_assert_eq(flow.seen.image.bytes_reused, built.total_bytes);
    cr_assert_eq(flow_requests(&flow, "GET", "/blobs/"), 3, "a blob was asked for again");
    cr_assert_eq(inode_of(&flow, built.layers[0].digest), before);
    flow_close(&flow);
}

Test(recheck, f20_what_is_damaged_is_fetched_again)
{
    struct flow flow;
    struct build_image_result built;

    open_scene(&flow, &built);
    damage(&flow, &built.layers[0]);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_not_null(strstr(flow.seen.warning, "is damaged"), "%s", flow.seen.warning);
    cr_assert_not_null(strstr(flow.seen.warning, built.layers[0].digest), "%s", flow.seen.warning);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_REUSED], 3);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_COMMITTED], 1);
    cr_assert_eq(flow.seen.image.bytes_fetched, sizes[0]);
    cr_assert_eq(flow_requests(&flow, "GET", built.layers[0].digest), 2);
    flow_close(&flow); /* checks every blob's digest */
}

/* A layer that several images of a run share, and a config: each once. */
Test(recheck, f20_each_digest_once)
{
    static const char *const names[] = {"app:1", "app:1", "app:1"};
    struct flow flow;
    struct build_image_result built;

    open_scene(&flow, &built);
    damage(&flow, &built.layers[1]);
    damage(&flow, &built.config);
    cr_assert_eq(flow_fetch_all(&flow, names, FLOW_COUNT(names)), TUG_OK, "%s",
                 flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "GET", built.layers[1].digest), 2);
    cr_assert_eq(flow_requests(&flow, "GET", built.config.digest), 2);
    cr_assert_eq(flow_requests(&flow, "GET", built.layers[0].digest), 1);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_COMMITTED], 2);
    cr_assert_eq(flow.seen.totals.blobs_done, flow.seen.totals.blobs);
    flow_close(&flow);
}

/* While nobody has the right bytes, the wrong ones stay in their place; a dry run only tells. */
Test(recheck, f20_nothing_is_removed_before_it_can_be_replaced)
{
    static const char *const more[] = {"--recheck", NULL};
    static const char *const dry[] = {"--recheck", "--dry-run", NULL};
    struct flow flow;
    struct build_image_result built;
    struct run_result result;
    ino_t before;
    int rule;

    open_scene(&flow, &built);
    damage(&flow, &built.layers[0]);
    before = inode_of(&flow, built.layers[0].digest);
    rule = fake_rule_add(flow.registry,
                         &(struct fake_rule){.match.path = "/blobs/", .answer.status = 404});
    cr_assert_eq(flow_command(&flow, "app:1", dry, &result), 0, "%s", result.err);
    cr_assert_not_null(strstr(result.out, built.layers[0].digest), "%s", result.out);
    cr_assert_null(strstr(result.out, built.layers[1].digest), "%s", result.out);
    cr_assert_eq(fake_rule_hits(flow.registry, rule), 0);
    run_result_fini(&result);
    cr_assert_eq(flow_command(&flow, "app:1", more, &result), 3, "%s", result.err);
    run_result_fini(&result);
    cr_assert_eq(inode_of(&flow, built.layers[0].digest), before);
    fake_rule_remove(flow.registry, rule);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_neq(inode_of(&flow, built.layers[0].digest), before);
    flow_close(&flow);
}
