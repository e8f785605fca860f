/* SPDX-License-Identifier: Apache-2.0
 *
 * What refers to an image comes with it: by the referrers API, by the tag that stands for a digest,
 * by Cosign's tags; whole, or the image fails and the error says why (T-19).
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(extras, .timeout = 60);

#define SBOM "application/spdx+json"
#define SIGNATURE "application/vnd.example.signature"
#define COSIGN_LAYER "application/vnd.dev.cosign.simplesigning.v1+json"
#define IS_INDEX "Content-Type: " BUILD_OCI_INDEX "\r\n"

/* Add a manifest with one layer of text. subject: digest; NULL: none. tag: NULL: none. */
static struct build_descriptor add_referrer(struct flow *flow, const char *subject,
                                            const char *type, const char *text, const char *tag)
{
    const struct build_descriptor config = flow_add_blob(flow, "application/json", "{}");
    const struct build_descriptor layer = flow_add_blob(flow, type, text);
    char *const config_text = build_descriptor_json(&config, NULL);
    char *const layer_text = build_descriptor_json(&layer, NULL);
    char *const subject_text =
        subject != NULL ? build_text(",\"artifactType\":\"%s\",\"subject\":{\"mediaType\":\"%s\","
                                     "\"digest\":\"%s\",\"size\":1}",
                                     type, BUILD_OCI_MANIFEST, subject)
                        : strdup("");
    char *const manifest =
        build_text("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]%s}",
                   BUILD_OCI_MANIFEST, config_text, layer_text, subject_text);
    struct build_descriptor result;

    build_manifest_raw(flow->registry, "app", tag, BUILD_OCI_MANIFEST, manifest, &result);
    free(config_text);
    free(layer_text);
    free(subject_text);
    free(manifest);
    return result;
}

/* An entry of a list. Returns: owned. */
static char *entry_of(const struct build_descriptor *referrer, const char *type)
{
    char *const more = build_text("\"artifactType\":\"%s\"", type);
    char *const text = build_descriptor_json(referrer, more);

    free(more);
    return text;
}

/* The registry lists these entries for a digest. query: of the page; NULL: none. headers: more of
 * the answer. */
static void answer_list(struct flow *flow, const char *digest, const char *query,
                        const char *entries, const char *headers)
{
    char *const path = build_text("^/v2/app/referrers/%s%s$", digest, query != NULL ? query : "");
    char *const all = build_text("%s%s", IS_INDEX, headers != NULL ? headers : "");
    char *const body = build_text("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}",
                                  BUILD_OCI_INDEX, entries);

    fake_rule_add(
        flow->registry,
        &(struct fake_rule){.match.path = path, .answer.body = body, .answer.headers = all});
    free(path);
    free(all);
    free(body);
}

/* The same for one referrer. */
static void answer_one(struct flow *flow, const char *digest, const struct build_descriptor *entry,
                       const char *type)
{
    char *const text = entry_of(entry, type);

    answer_list(flow, digest, NULL, text, NULL);
    free(text);
}

/* The image "app:1". */
static struct build_descriptor begin(struct flow *flow)
{
    struct build_descriptor root;

    flow_open(flow, NULL);
    flow->options.referrers = true;
    flow_add_manifest(flow, "1", NULL, "", &root);
    return root;
}

/* How many entries the list of a digest has in the store; -1: index.json does not name one. */
static int listed(const struct flow *flow, const char *digest)
{
    char *const name = build_text("%s/app:sha256-%s", fake_registry_host(flow->registry),
                                  digest + strlen("sha256:"));
    struct json_object *const index = flow_index(flow);
    struct json_object *const entries = json_object_object_get(index, "manifests");
    int count = -1;

    for (size_t i = 0; i < json_object_array_length(entries); i++) {
        struct json_object *const entry = json_object_array_get_idx(entries, i);
        const char *const found = flow_annotation(entry, "org.opencontainers.image.ref.name");

        if (found != NULL && strcmp(found, name) == 0) {
            char *const path = flow_path(
                flow, "blobs", json_object_get_string(json_object_object_get(entry, "digest")));
            struct json_object *const list = json_object_from_file(path);

            count = (int)json_object_array_length(json_object_object_get(list, "manifests"));
            json_object_put(list);
            free(path);
        }
    }
    json_object_put(index);
    free(name);
    return count;
}

static size_t count_names(const struct flow *flow)
{
    struct json_object *const index = flow_index(flow);
    const size_t count = json_object_array_length(json_object_object_get(index, "manifests"));

    json_object_put(index);
    return count;
}

static void expect_failure(struct flow *flow, enum tug_status status, const char *text)
{
    cr_assert_eq(flow_fetch(flow, "app:1"), status, "%d: %s", (int)flow->seen.status,
                 flow->seen.error.message);
    cr_assert_not_null(strstr(flow->seen.error.message, text), "%s", flow->seen.error.message);
    flow_check_store(flow);
}

Test(extras, pages_of_the_api_bring_all)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const struct build_descriptor first = add_referrer(&flow, root.digest, SBOM, "1", NULL);
    const struct build_descriptor second = add_referrer(&flow, root.digest, SBOM, "2", NULL);
    char *const link =
        build_text("Link: </v2/app/referrers/%s?page=2>; rel=\"next\"\r\n", root.digest);
    char *const page_1 = entry_of(&first, SBOM);
    char *const page_2 = entry_of(&second, SBOM);

    answer_list(&flow, root.digest, "?page=2", page_2, NULL);
    answer_list(&flow, root.digest, NULL, page_1, link);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(flow_has(&flow, first.digest) && flow_has(&flow, second.digest));
    cr_assert_eq(listed(&flow, root.digest), 2);
    cr_assert_eq(count_names(&flow), 2);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", flow.seen.warning);
    free(link);
    free(page_1);
    free(page_2);
    flow_close(&flow);
}

/* Neither the API, nor the tag, nor one of Cosign's. */
Test(extras, a_registry_without_referrers_is_no_failure)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);

    (void)root;
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/referrers/", .answer.status = 405});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(count_names(&flow), 1);
    cr_assert_eq(flow.seen.image.blobs, flow.seen.image.blobs_done);
    cr_assert_eq(flow.seen.totals.blobs, flow.seen.totals.blobs_done);
    flow_close(&flow);
}

Test(extras, an_image_in_the_store_gets_just_its_referrers)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const struct build_descriptor sbom = add_referrer(&flow, root.digest, SBOM, "1", NULL);

    answer_one(&flow, root.digest, &sbom, SBOM);
    flow.options.referrers = false;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(!flow_has(&flow, sbom.digest));
    flow.options.referrers = true;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(flow_has(&flow, sbom.digest));
    cr_assert_eq(flow_requests(&flow, "GET", "manifests/1"), 1, "the first time");
    cr_assert_eq(flow_requests(&flow, "GET", root.digest), 1, "the list");
    flow_close(&flow);
}

Test(extras, a_type_is_chosen_whether_or_not_the_registry_filters)
{
    for (int is_filtered = 0; is_filtered < 2; is_filtered++) {
        struct flow flow;
        const struct build_descriptor root = begin(&flow);
        const struct build_descriptor sbom = add_referrer(&flow, root.digest, SBOM, "1", NULL);
        const struct build_descriptor other =
            add_referrer(&flow, root.digest, SIGNATURE, "2", NULL);
        char *const first = entry_of(&sbom, SBOM);
        char *const second = entry_of(&other, SIGNATURE);
        char *const both = build_text("%s,%s", first, second);

        flow.options.referrer_type = SBOM;
        answer_list(&flow, root.digest, "?artifactType=application%2Fspdx%2Bjson",
                    is_filtered ? first : both,
                    is_filtered ? "OCI-Filters-Applied: artifactType\r\n" : NULL);
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
        cr_assert(flow_has(&flow, sbom.digest));
        cr_assert(!flow_has(&flow, other.digest));
        cr_assert_eq(listed(&flow, root.digest), 1);
        free(first);
        free(second);
        free(both);
        flow_close(&flow);
    }
}

/* An entry may leave the type out, and the manifest then says it. */
Test(extras, a_type_that_the_list_leaves_out_is_that_of_the_manifest)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const struct build_descriptor sbom = add_referrer(&flow, root.digest, SBOM, "1", NULL);
    const struct build_descriptor other = add_referrer(&flow, root.digest, SIGNATURE, "2", NULL);
    char *const first = build_descriptor_json(&sbom, NULL);
    char *const second = build_descriptor_json(&other, NULL);
    char *const both = build_text("%s,%s", first, second);

    flow.options.referrer_type = SBOM;
    answer_list(&flow, root.digest, "?artifactType=application%2Fspdx%2Bjson", both, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(listed(&flow, root.digest), 1);
    free(first);
    free(second);
    free(both);
    flow_close(&flow);
}

/* The list is a claim; the manifest has to say it, too. */
Test(extras, a_manifest_of_another_subject_is_left_out)
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
Test(extras, a_circle_ends)
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

Test(extras, referrers_of_referrers_have_a_depth)
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

Test(extras, t19_a_link_elsewhere_a_loop_and_garbage_are_refused)
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

Test(extras, a_tag_that_is_no_list_is_refused)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    char *const tag = build_text("sha256-%s", root.digest + strlen("sha256:"));

    (void)add_referrer(&flow, root.digest, SBOM, "in place of a list", tag);
    expect_failure(&flow, TUG_ERR_CONTENT, tag);
    free(tag);
    flow_close(&flow);
}

Test(extras, t19_ten_thousand_referrers_are_too_many)
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

Test(extras, a_listed_manifest_that_is_not_there_fails_the_image)
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

Test(extras, sizes_are_checked_before_bytes_come)
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

Test(extras, a_registry_that_fails_fails_the_image)
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

Test(extras, cosigns_tags_are_named_as_they_are)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    char *const tag = build_text("sha256-%s.sig", root.digest + strlen("sha256:"));
    char *const name = build_text("app:%s", tag);
    const struct build_descriptor signature =
        add_referrer(&flow, NULL, COSIGN_LAYER, "a payload", tag);
    struct json_object *index;

    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(flow_has(&flow, signature.digest));
    cr_assert_eq(count_names(&flow), 2);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "GET", tag), 1, "the second time a HEAD is enough");
    index = flow_index(&flow);
    cr_assert_not_null(
        strstr(json_object_to_json_string_ext(index, JSON_C_TO_STRING_NOSLASHESCAPE), name));
    json_object_put(index);
    free(tag);
    free(name);
    flow_close(&flow);
}

/* They have no artifact type: the type of a layer counts. */
Test(extras, cosigns_tags_are_chosen_by_the_type_of_their_layers)
{
    for (int is_wanted = 0; is_wanted < 2; is_wanted++) {
        struct flow flow;
        const struct build_descriptor root = begin(&flow);
        char *const tag = build_text("sha256-%s.sig", root.digest + strlen("sha256:"));

        (void)add_referrer(&flow, NULL, COSIGN_LAYER, "a payload", tag);
        flow.options.referrer_type = is_wanted ? COSIGN_LAYER : SBOM;
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
        cr_assert_eq(count_names(&flow), is_wanted ? 2 : 1);
        free(tag);
        flow_close(&flow);
    }
}

Test(extras, an_index_and_the_chosen_platform_are_asked_about)
{
    static const char *const platforms[] = {"linux/amd64", "linux/arm64"};
    struct build_image_result images[2];
    struct build_descriptor index;
    struct flow flow;

    flow_open(&flow, NULL);
    flow.options.referrers = true;
    build_multi_add(flow.registry,
                    &(struct build_multi){.image = {.repo = "app", .tag = "1"},
                                          .platforms = platforms,
                                          .platform_count = 2},
                    images, &index);
    const struct build_descriptor of_index = add_referrer(&flow, index.digest, SBOM, "i", NULL);
    const struct build_descriptor of_amd64 =
        add_referrer(&flow, images[0].manifest.digest, SBOM, "a", NULL);
    const struct build_descriptor of_arm64 =
        add_referrer(&flow, images[1].manifest.digest, SBOM, "b", NULL);

    answer_one(&flow, index.digest, &of_index, SBOM);
    answer_one(&flow, images[0].manifest.digest, &of_amd64, SBOM);
    answer_one(&flow, images[1].manifest.digest, &of_arm64, SBOM);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(flow_has(&flow, of_index.digest) && flow_has(&flow, of_amd64.digest));
    cr_assert(!flow_has(&flow, of_arm64.digest));
    cr_assert_eq(count_names(&flow), 3);
    flow.options.platform_root = true;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(count_names(&flow), 3, "those of the manifest, which is the root now");
    flow_close(&flow);
}

/* An index may refer to something, too; it comes with all that it names. */
Test(extras, a_referrer_may_be_an_index)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const struct build_descriptor part = add_referrer(&flow, NULL, SBOM, "a part", NULL);
    char *const more = build_text("\"subject\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":1}",
                                  BUILD_OCI_MANIFEST, root.digest);
    const struct build_entry entry = {.descriptor = &part};
    struct build_descriptor index;

    build_index_add(
        flow.registry,
        &(struct build_index){.repo = "app", .entries = &entry, .entry_count = 1, .more = more},
        &index);
    answer_one(&flow, root.digest, &index, SBOM);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(flow_has(&flow, part.digest));
    cr_assert_eq(listed(&flow, root.digest), 1);
    free(more);
    flow_close(&flow);
}

Test(extras, a_dry_run_plans_them)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const struct build_descriptor sbom = add_referrer(&flow, root.digest, SBOM, "1", NULL);

    flow.options.dry_run = true;
    answer_one(&flow, root.digest, &sbom, SBOM);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_PLANNED], 5,
                 "two manifests, two configs, a layer, not %u",
                 flow.seen.counts[TUG_EVENT_PLANNED]);
    flow_close(&flow);
}
