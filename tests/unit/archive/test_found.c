/* SPDX-License-Identifier: Apache-2.0
 *
 * The images that an archive names: what they are called, what comes with them.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "archive/found.h"

#define HEX "0101010101010101010101010101010101010101010101010101010101010101"
#define TYPE "application/vnd.oci.image.manifest.v1+json"
#define ROOT "\"mediaType\":\"" TYPE "\",\"digest\":\"sha256:" HEX "\",\"size\":7"
#define INDEX(entries) "{\"schemaVersion\":2,\"manifests\":[" entries "]}"

static void expect_name(const char *full, const char *ref_name, const char *name, const char *poor)
{
    struct tug__images_found images = {0};
    struct tug__image_found *const image = tug__images_add(&images);

    cr_assert_eq(tug__image_set_name(image, full, ref_name, NULL), TUG_OK);
    cr_assert((name == NULL) == (image->name == NULL), "%s, %s: %s", full, ref_name, image->name);
    cr_assert(name == NULL || strcmp(image->name, name) == 0, "%s", image->name);
    cr_assert((poor == NULL) == (image->poor_name == NULL));
    cr_assert(poor == NULL || strcmp(image->poor_name, poor) == 0, "%s", image->poor_name);
    tug__images_fini(&images);
}

Test(archive_found, names)
{
    expect_name("docker.io/library/a:1", "1", "docker.io/library/a:1", NULL);
    expect_name(NULL, "r.example:5000/a/b:1", "r.example:5000/a/b:1", NULL);
    expect_name("a:1", NULL, "docker.io/library/a:1", NULL);
    expect_name(NULL, "team/a", "docker.io/team/a:latest", NULL);
    expect_name("r.example/a@sha256:" HEX, NULL, "r.example/a@sha256:" HEX, NULL);
    /* A tag alone would make "docker.io/library/latest:latest". */
    expect_name(NULL, "latest", NULL, "latest");
    expect_name(NULL, "1.2.3-rc1", NULL, "1.2.3-rc1");
    expect_name("latest", "r.example/a:1", "r.example/a:1", NULL);
    expect_name("NOT/A/NAME", "v1", NULL, "v1");
    expect_name("../../evil:1", NULL, NULL, "../../evil:1");
    expect_name("", "", NULL, "");
    expect_name(NULL, NULL, NULL, NULL);
}

Test(archive_found, an_index_with_labels_and_sources)
{
    static const char text[] =
        INDEX("{" ROOT
              ",\"annotations\":{\"io.containerd.image.name\":\"r.example/a:1\",\"team\":\"blue\","
              "\"org.opencontainers.image.ref.name\":\"1\",\"a=b\":\"no label\",\"number\":1,"
              "\"containerd.io/distribution.source.r.example\":\"a,,b/"
              "c\",\"tug.left-out\":\"sha256:x\"}},"
              "{" ROOT "}");
    struct tug__images_found images = {0};

    cr_assert_eq(tug__images_read_index(&images, text, strlen(text), NULL), TUG_OK);
    cr_assert_eq(images.count, 2);
    cr_assert_str_eq(images.images[0].name, "r.example/a:1");
    cr_assert_str_eq(images.images[0].media_type, TYPE);
    cr_assert_eq(images.images[0].size_bytes, 7);
    cr_assert_eq(images.images[0].label_count, 1);
    cr_assert_str_eq(images.images[0].labels[0], "team=blue");
    cr_assert_eq(images.images[0].source_count, 2);
    cr_assert_str_eq(images.images[0].sources[1].host, "r.example");
    cr_assert_str_eq(images.images[0].sources[1].repository, "b/c");
    cr_assert_str_eq(images.images[0].left_out, "sha256:x");
    cr_assert_null(images.images[1].name);
    tug__images_fini(&images);
}

Test(archive_found, t35_lists_that_are_none_are_refused)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"manifests\":{}}",
        "{\"manifests\":[1]}",
        INDEX("{\"mediaType\":\"a/b\",\"digest\":\"sha256:../../../etc\",\"size\":1}"),
        INDEX("{\"mediaType\":\"a/b\",\"digest\":\"sha256:" HEX "\",\"size\":-1}"),
        INDEX("{\"mediaType\":\"a/b\",\"Digest\":\"sha256:" HEX "\",\"size\":1}"),
        INDEX("{" ROOT "}") "x",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tug__images_found images = {0};
        struct tug_error error = {0};

        cr_assert_eq(tug__images_read_index(&images, texts[i], strlen(texts[i]), &error),
                     TUG_ERR_CONTENT, "%s", texts[i]);
        cr_assert_eq(strncmp(error.message, "index.json: ", 12), 0, "%s", error.message);
        tug__images_fini(&images);
    }
}

Test(archive_found, versions_of_a_layout)
{
    static const char good[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
    static const char *const bad[] = {"", "{}", "{\"imageLayoutVersion\":1}",
                                      "{\"imageLayoutVersion\":\"2.0.0\"}"};

    cr_assert_eq(tug__images_check_layout(good, strlen(good), NULL), TUG_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(tug__images_check_layout(bad[i], strlen(bad[i]), NULL), TUG_ERR_CONTENT);
    }
}
