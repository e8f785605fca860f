/* SPDX-License-Identifier: Apache-2.0
 *
 * References resolved for one platform: which manifest it is, and what is requested to find out.
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The result of one reference. */
struct answer {
    enum tug_status status;
    struct tug_error error;
    char digest[TUG_DIGEST_TEXT_MAX];
    char media_type[128];
    char platform[TUG_PLATFORM_TEXT_MAX]; /* "": none was reported */
    char warning[512];                    /* the last one that is a shortfall */
    uint64_t size_bytes;
};

static void on_event(void *context, const struct tug_event *event)
{
    struct answer *const answer = context;
    const struct tug_image_result *const image = event->image;

    if (event->kind == TUG_EVENT_WARNING && event->is_shortfall) {
        (void)snprintf(answer->warning, sizeof answer->warning, "%s", event->text);
    }
    if (event->kind != TUG_EVENT_IMAGE) {
        return;
    }
    answer->status = image->status;
    answer->error = image->error;
    answer->size_bytes = image->size_bytes;
    (void)tug_digest_format(&image->digest, answer->digest);
    if (image->media_type != NULL) {
        (void)snprintf(answer->media_type, sizeof answer->media_type, "%s", image->media_type);
    }
    if (image->platform != NULL) {
        (void)tug_platform_format(image->platform, answer->platform);
    }
}

/* Resolve one reference with options of its own; NULL: none. */
static struct answer resolve_with(struct flow *flow, const char *name,
                                  const struct tug_reference_options *own)
{
    char *const reference = flow_reference(flow, name);
    struct answer answer = {0};
    struct tug_fetch *fetch = NULL;

    flow->options.on_event = on_event;
    flow->options.event_context = &answer;
    cr_assert_eq(tug_fetch_create(NULL, &flow->options, &fetch, NULL), TUG_OK);
    cr_assert_eq(tug_fetch_add_with(fetch, reference, own, NULL), TUG_OK);
    cr_assert_eq(tug_fetch_resolve(fetch, NULL), answer.status);
    tug_fetch_destroy(fetch);
    free(reference);
    return answer;
}

static struct answer resolve(struct flow *flow, const char *name, const char *platform)
{
    cr_assert_eq(tug_platform_parse(platform, &flow->platform, NULL), TUG_OK);
    return resolve_with(flow, name, NULL);
}

static void expect(const struct answer *answer, const struct build_descriptor *descriptor,
                   const char *platform)
{
    cr_assert_eq(answer->status, TUG_OK, "%s", answer->error.message);
    cr_assert_str_eq(answer->digest, descriptor->digest);
    cr_assert_str_eq(answer->media_type, descriptor->media_type);
    cr_assert_eq(answer->size_bytes, descriptor->size_bytes);
    cr_assert_str_eq(answer->platform, platform);
}

static void expect_not_found(const struct answer *answer, const char *message)
{
    cr_assert_eq(answer->status, TUG_ERR_NOT_FOUND, "%s", answer->error.message);
    cr_assert_str_eq(answer->error.message, message);
}

/* One request: the index. */
Test(resolve_platform, an_entry_of_an_index)
{
    static const char *const platforms[] = {"linux/amd64", "linux/arm64", "linux/arm/v6"};
    struct build_image_result images[3];
    struct build_descriptor index;
    struct answer answer;
    struct flow flow;

    flow_open(&flow, NULL);
    build_multi_add(flow.registry,
                    &(struct build_multi){.image = {.repo = "app", .tag = "1"},
                                          .platforms = platforms,
                                          .platform_count = 3,
                                          .attestations = true},
                    images, &index);
    answer = resolve(&flow, "app:1", "linux/arm64");
    expect(&answer, &images[1].manifest, "linux/arm64");
    cr_assert_eq(flow_requests(&flow, NULL, "/manifests/"), 1);
    cr_assert_eq(flow_requests(&flow, NULL, "/blobs/"), 0);

    char *const pinned = build_text("app@%s", index.digest);
    answer = resolve(&flow, pinned, "linux/arm/v7");
    expect(&answer, &images[2].manifest, "linux/arm/v6");
    answer = resolve(&flow, "app:1", "linux/s390x");
    expect_not_found(&answer, "platform linux/s390x not found; the index has linux/amd64, "
                              "linux/arm64, linux/arm/v6");
    flow_close(&flow);
    free(pinned);
}

/* An entry without type and platform may be an index, or a manifest. */
Test(resolve_platform, nested_indexes)
{
    struct build_image_result amd64;
    struct build_image_result arm64;
    struct build_descriptor inner;
    struct answer answer;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &(struct build_image){.repo = "app"}, &amd64);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .platform = "linux/arm64"},
                    &arm64);
    const struct build_entry leaf = {.descriptor = &arm64.manifest, .platform = "linux/arm64"};
    build_index_add(flow.registry,
                    &(struct build_index){.repo = "app", .entries = &leaf, .entry_count = 1},
                    &inner);
    struct build_descriptor untyped = inner;
    untyped.media_type = "";
    const struct build_entry top[] = {
        {.descriptor = &amd64.manifest, .platform = "linux/amd64"},
        {.descriptor = &untyped},
        {.descriptor = &inner}, /* once more: it is read once */
    };
    build_index_add(
        flow.registry,
        &(struct build_index){.repo = "app", .tag = "1", .entries = top, .entry_count = 3}, NULL);
    answer = resolve(&flow, "app:1", "linux/arm64");
    expect(&answer, &arm64.manifest, "linux/arm64");
    cr_assert_eq(flow_requests(&flow, NULL, "/manifests/"), 2);
    answer = resolve(&flow, "app:1", "linux/amd64");
    expect(&answer, &amd64.manifest, "linux/amd64");
    flow_close(&flow);
}

/* What platform a single image is for, its config says. */
Test(resolve_platform, a_single_image)
{
    struct build_image_result image;
    struct answer answer;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(
        flow.registry,
        &(struct build_image){
            .repo = "app", .tag = "1", .layer_sizes = (uint64_t[]){1000}, .layer_count = 1},
        &image);
    answer = resolve(&flow, "app:1", "linux/amd64");
    expect(&answer, &image.manifest, "linux/amd64");
    cr_assert_eq(flow_requests(&flow, NULL, "/blobs/"), 1);
    answer = resolve(&flow, "app:1", "linux/arm64");
    expect_not_found(&answer, "platform linux/arm64 not found; the image is for linux/amd64");

    char *const layer = build_text("app@%s", image.layers[0].digest);
    answer = resolve(&flow, layer, "linux/arm64");
    cr_assert_eq(answer.status, TUG_OK, "a blob has no platform: %s", answer.error.message);
    cr_assert_eq(answer.size_bytes, 1000);
    cr_assert_str_eq(answer.digest, image.layers[0].digest);
    flow_close(&flow);
    free(layer);
}

/* A config that does not have its digest is fetched once more, then refused. */
Test(resolve_platform, a_config_is_verified)
{
    struct build_image_result image;
    struct answer answer;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, &image);
    const int rule = fake_rule_add(
        flow.registry, &(struct fake_rule){.match.path = "/blobs/", .body.flip_mask = 1});

    answer = resolve(&flow, "app:1", "linux/amd64");
    cr_assert_eq(answer.status, TUG_ERR_CONTENT, "%s", answer.error.message);
    cr_assert_eq(flow_requests(&flow, NULL, image.config.digest), 2);
    fake_rule_remove(flow.registry, rule);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/blobs/", .answer.status = 404});
    answer = resolve(&flow, "app:1", "linux/amd64");
    cr_assert_eq(answer.status, TUG_ERR_NOT_FOUND, "%s", answer.error.message);
    flow_close(&flow);
}

/* An index that does not say what its entries are for: the only one may be meant. */
Test(resolve_platform, entries_without_platform)
{
    struct build_image_result image;
    struct build_image_result other;
    struct answer answer;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &(struct build_image){.repo = "app"}, &image);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .platform = "linux/arm64"},
                    &other);
    const struct build_entry entries[] = {{.descriptor = &image.manifest},
                                          {.descriptor = &other.manifest}};

    build_index_add(
        flow.registry,
        &(struct build_index){.repo = "app", .tag = "1", .entries = entries, .entry_count = 1},
        NULL);
    build_index_add(
        flow.registry,
        &(struct build_index){.repo = "app", .tag = "2", .entries = entries, .entry_count = 2},
        NULL);
    answer = resolve(&flow, "app:1", "linux/s390x");
    expect(&answer, &image.manifest, "");
    answer = resolve(&flow, "app:2", "linux/s390x");
    expect_not_found(&answer, "the index does not say which platforms its entries are for");
    flow_close(&flow);
}

/* A reference's own options stand for those of the run; several platforms have no one answer. */
Test(resolve_platform, options_of_a_reference)
{
    static const char *const platforms[] = {"linux/amd64", "linux/386"};
    const struct tug_reference_options all = {.size = sizeof all, .all_platforms = true};
    struct tug_platform wanted[2];
    struct tug_reference_options own = {.size = sizeof own, .metadata_only = true};
    struct build_image_result images[2];
    struct build_descriptor index;
    struct answer answer;
    struct flow flow;

    flow_open(&flow, NULL);
    build_multi_add(flow.registry,
                    &(struct build_multi){.image = {.repo = "app", .tag = "1"},
                                          .platforms = platforms,
                                          .platform_count = 2},
                    images, &index);
    answer = resolve_with(&flow, "app:1", &all);
    expect(&answer, &index, "");
    cr_assert_eq(tug_platform_parse("linux/386", &wanted[0], NULL), TUG_OK);
    cr_assert_eq(tug_platform_parse("linux/arm64", &wanted[1], NULL), TUG_OK);
    own.platforms = wanted;
    own.platform_count = 1;
    answer = resolve_with(&flow, "app:1", &own);
    expect(&answer, &images[1].manifest, "linux/386");
    own.platform_count = 2;
    answer = resolve_with(&flow, "app:1", &own);
    cr_assert_eq(answer.status, TUG_ERR_INVALID_ARGUMENT);
    flow_close(&flow);
}

/* What stands in for the platform is said. */
Test(resolve_platform, a_substitute)
{
    static const char *const platforms[] = {"linux/386"};
    struct build_image_result image;
    struct answer answer;
    struct flow flow;

    flow_open(&flow, NULL);
    build_multi_add(flow.registry,
                    &(struct build_multi){.image = {.repo = "app", .tag = "1"},
                                          .platforms = platforms,
                                          .platform_count = 1},
                    &image, NULL);
    answer = resolve(&flow, "app:1", "linux/amd64");
    expect(&answer, &image.manifest, "linux/386");
    cr_assert_str_eq(answer.warning, "no entry for linux/amd64, using linux/386, which runs on it");
    flow_close(&flow);
}
