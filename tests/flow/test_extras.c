/* SPDX-License-Identifier: Apache-2.0
 *
 * What refers to an image comes with it: by the referrers API, by the tag that stands for a digest,
 * by Cosign's tags.
 */
#include "extras.h"

TestSuite(extras, .timeout = 60);

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
    cr_assert_eq(flow.seen.image.referrer_count, 2);
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
    cr_assert_null(
        strstr(json_object_to_json_string_ext(index, JSON_C_TO_STRING_PLAIN), "\"mediaType\":\"\""),
        "the store's copy has a type, too");
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
    cr_assert_eq(flow.seen.image.referrer_count, 1);
    flow_close(&flow);
}

/* Otherwise a run for one type would take the others away. */
Test(extras, what_was_fetched_for_another_type_stays)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const struct build_descriptor sbom = add_referrer(&flow, root.digest, SBOM, "1", NULL);
    const struct build_descriptor other = add_referrer(&flow, root.digest, SIGNATURE, "2", NULL);
    char *const first = entry_of(&sbom, SBOM);
    char *const second = entry_of(&other, SIGNATURE);

    answer_list(&flow, root.digest, "?artifactType=application%2Fspdx%2Bjson", first, NULL);
    answer_list(&flow, root.digest, "?artifactType=application%2Fvnd.example.signature", second,
                NULL);
    answer_list(&flow, root.digest, NULL, second, NULL);
    flow.options.referrer_type = SBOM;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow.options.referrer_type = SIGNATURE;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(listed(&flow, root.digest), 2);
    flow.options.referrer_type = NULL;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(listed(&flow, root.digest), 1, "what the registry has");
    free(first);
    free(second);
    flow_close(&flow);
}

/* A registry that lists nothing may just be one that cannot tell. */
Test(extras, what_the_registry_no_longer_lists_stays)
{
    struct flow flow;
    const struct build_descriptor root = begin(&flow);
    const struct build_descriptor sbom = add_referrer(&flow, root.digest, SBOM, "1", NULL);
    const int rule = fake_rule_add(
        flow.registry,
        &(struct fake_rule){.match.path = "/referrers/", .match.skip = 1, .answer.status = 404});

    answer_one(&flow, root.digest, &sbom, SBOM);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
        cr_assert_eq(flow.seen.image.referrer_count, i == 0 ? 1 : 0);
        cr_assert_eq(listed(&flow, root.digest), 1);
        cr_assert(flow_has(&flow, sbom.digest));
    }
    cr_assert_gt(fake_rule_hits(flow.registry, rule), 0);
    flow_close(&flow);
}
