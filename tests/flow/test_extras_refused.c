/* SPDX-License-Identifier: Apache-2.0
 *
 * What refers to an image, and cannot be had or believed: the image fails, and the error says why;
 * or it is left out, with a warning (T-19).
 */
#include "extras.h"

TestSuite(extras_refused, .timeout = 60);

/* The list is a claim; the manifest has to say it, too. */
Test(extras_refused, a_manifest_of_another_subject_is_left_out)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const struct build_descriptor other =
        add_referrer(&flow,
                     "sha256:"
                     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                     SBOM, "of another", NULL);
    const struct build_descriptor layer = flow_add_blob(&flow, SBOM, "of another");

    answer_one(&flow, root.digest, &other, SBOM);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_not_null(strstr(flow.seen.warning, "does not say so itself"), "%s",
                       flow.seen.warning);
    cr_assert(!flow_has(&flow, layer.digest));
    cr_assert_eq(listed(&flow, root.digest), -1);
    flow_close(&flow);
}

/* Lists in which everything refers to everything. */
Test(extras_refused, a_circle_ends)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const struct build_descriptor sbom = add_referrer(&flow, root.digest, SBOM, "1", NULL);
    char *const first = entry_of(&sbom, SBOM);
    char *const second = entry_of(&root, SBOM);
    char *const both = build_text("%s,%s", first, second);

    answer_list(&flow, root.digest, NULL, both, NULL);
    answer_list(&flow, sbom.digest, NULL, both, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_WARNING], 3, "%s", flow.seen.warning);
    cr_assert_eq(listed(&flow, root.digest), 1);
    cr_assert_eq(listed(&flow, sbom.digest), -1);
    free(first);
    free(second);
    free(both);
    flow_close(&flow);
}

/* A chain of so many referrers. */
static void add_chain(struct flow *flow, const struct build_descriptor *root, int count)
{
    struct build_descriptor subject = *root;

    for (int i = 0; i < count; i++) {
        char text[32];
        struct build_descriptor next;

        (void)snprintf(text, sizeof text, "level %d", i);
        next = add_referrer(flow, subject.digest, SIGNATURE, text, NULL);
        answer_one(flow, subject.digest, &next, SIGNATURE);
        subject = next;
    }
}

Test(extras_refused, referrers_of_referrers_have_a_depth)
{
    struct flow flow;
    struct build_descriptor root = begin(&flow);

    add_chain(&flow, &root, 4);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(count_names(&flow), 5);
    flow_close(&flow);
    root = begin(&flow);
    add_chain(&flow, &root, 5);
    expect_failure(&flow, TUG_ERR_TOO_LARGE, "more than 4 levels");
    flow_close(&flow);
}

Test(extras_refused, t19_a_link_elsewhere_a_loop_and_garbage_are_refused)
{
    static const struct {
        const char *link, *entries;
    } cases[] = {
        {"Link: <http://127.0.0.1:1/v2/app/referrers/x?page=2>; rel=\"next\"\r\n", ""},
        {"Link: <?page=1>; rel=\"next\"\r\n", ""},
        {NULL, "\"no entry\""},
        {NULL, "{\"mediaType\":\"" BUILD_OCI_MANIFEST "\",\"digest\":\"sha256:12\",\"size\":1}"},
    };

    for (size_t i = 0; i < FLOW_COUNT(cases); i++) {
        struct flow flow;
        const struct build_descriptor root = begin(&flow);

        answer_list(&flow, root.digest, NULL, cases[i].entries, cases[i].link);
        answer_list(&flow, root.digest, "?page=1", cases[i].entries, cases[i].link);
        expect_failure(&flow, TUG_ERR_CONTENT, "referrers of sha256:");
        flow_close(&flow);
    }
}

Test(extras_refused, a_tag_that_is_no_list_is_refused)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    char *const tag = build_text("sha256-%s", root.digest + strlen("sha256:"));

    (void)add_referrer(&flow, root.digest, SBOM, "in place of a list", tag);
    expect_failure(&flow, TUG_ERR_CONTENT, tag);
    free(tag);
    flow_close(&flow);
}

Test(extras_refused, t19_ten_thousand_referrers_are_too_many)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const size_t room = 10000 * 200;
    char *const entries = malloc(room);
    size_t length = 0;

    for (unsigned i = 0; i < 10000; i++) {
        length +=
            (size_t)snprintf(entries + length, room - length,
                             "%s{\"mediaType\":\"%s\",\"digest\":\"sha256:%064x\",\"size\":2}",
                             i > 0 ? "," : "", BUILD_OCI_MANIFEST, i);
    }
    answer_list(&flow, root.digest, NULL, entries, NULL);
    expect_failure(&flow, TUG_ERR_TOO_LARGE, "2000");
    free(entries);
    flow_close(&flow);
}

Test(extras_refused, a_listed_manifest_that_is_not_there_fails_the_image)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const struct build_descriptor gone = {
        .media_type = BUILD_OCI_MANIFEST,
        .digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        .size_bytes = 5,
    };

    answer_one(&flow, root.digest, &gone, SBOM);
    expect_failure(&flow, TUG_ERR_NOT_FOUND, gone.digest);
    flow_close(&flow);
}

Test(extras_refused, sizes_are_checked_before_bytes_come)
{
    struct flow flow;
    struct build_descriptor root = begin(&flow);
    struct build_descriptor sbom = add_referrer(&flow, root.digest, SBOM, "1", NULL);

    sbom.size_bytes = 5 * 1024 * 1024;
    answer_one(&flow, root.digest, &sbom, SBOM);
    expect_failure(&flow, TUG_ERR_TOO_LARGE, "over the limit");
    cr_assert_eq(flow_requests(&flow, "GET", sbom.digest), 0);
    flow_close(&flow);
    root = begin(&flow);
    sbom = add_referrer(&flow, root.digest, SBOM, "more than a kilobyte in all", NULL);
    flow.options.max_size_bytes = root.size_bytes + 200;
    answer_one(&flow, root.digest, &sbom, SBOM);
    expect_failure(&flow, TUG_ERR_TOO_LARGE, "over the limit of");
    cr_assert_eq(flow_requests(&flow, "GET", sbom.digest), 0);
    flow_close(&flow);
}

Test(extras_refused, a_registry_that_fails_fails_the_image)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);

    (void)root;
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/referrers/", .answer.status = 500});
    expect_failure(&flow, TUG_ERR_NETWORK, "referrers of sha256:");
    flow_close(&flow);
    (void)begin(&flow);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = ".sig", .answer.status = 500});
    expect_failure(&flow, TUG_ERR_NETWORK, ".sig'");
    flow_close(&flow);
}
