/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json and manifest.json of an exported archive.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "archive/lists.h"

#define TYPE "application/vnd.oci.image.manifest.v1+json"
#define HEAD                                                                                       \
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","              \
    "\"manifests\":["
#define HEX_1 "0101010101010101010101010101010101010101010101010101010101010101"
#define HEX_2 "0202020202020202020202020202020202020202020202020202020202020202"
#define HEX_3 "0303030303030303030303030303030303030303030303030303030303030303"
#define BLOB_1 "blobs/sha256/" HEX_1
#define BLOB_2 "blobs/sha256/" HEX_2
#define BLOB_3 "blobs/sha256/" HEX_3

static struct tug_digest digest_of(uint8_t byte)
{
    struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA256};

    memset(digest.bytes, byte, 32);
    return digest;
}

static void expect_index(struct tug__index_line *lines, size_t count, const char *wanted)
{
    struct tug__buf buf;

    tug__buf_init(&buf, 100000);
    cr_assert_eq(tug__index_text(lines, count, &buf, NULL), TUG_OK);
    cr_assert_str_eq(buf.data, wanted);
    tug__buf_fini(&buf);
}

static void expect_docker(struct tug__docker_line *lines, size_t count, const char *wanted)
{
    struct tug__buf buf;

    tug__buf_init(&buf, 100000);
    cr_assert_eq(tug__docker_text(lines, count, &buf, NULL), TUG_OK);
    cr_assert_str_eq(buf.data, wanted);
    tug__buf_fini(&buf);
}

Test(archive_lists, members_have_the_names_of_a_layout)
{
    const struct tug_digest digest = digest_of(1);
    char name[TUG__BLOB_NAME_MAX];

    cr_assert_str_eq(tug__blob_member_name(&digest, name), BLOB_1);
}

Test(archive_lists, images_and_annotations_are_sorted)
{
    struct tug__index_line lines[] = {
        {.media_type = TYPE, .digest = digest_of(1), .size_bytes = 9},
        {.name = "b", .media_type = TYPE, .digest = digest_of(2), .annotations = ""},
        {.name = "a",
         .media_type = TYPE,
         .digest = digest_of(3),
         .size_bytes = 7,
         .annotations = "z\0last\0a\0qu\"ote\0m\0\0"},
        {.name = "b", .media_type = TYPE, .digest = digest_of(2), .annotations = ""},
    };

    expect_index(lines, 4,
                 HEAD "{\"mediaType\":\"" TYPE "\",\"digest\":\"sha256:" HEX_3
                      "\",\"size\":7,\"annotations\":{\"a\":\"qu\\\"ote\",\"m\":\"\","
                      "\"z\":\"last\"}},"
                      "{\"mediaType\":\"" TYPE "\",\"digest\":\"sha256:" HEX_2 "\",\"size\":0},"
                      "{\"mediaType\":\"" TYPE "\",\"digest\":\"sha256:" HEX_1 "\",\"size\":9}]}");
    expect_index(lines, 0, HEAD "]}");
}

Test(archive_lists, the_export_says_which_platforms_it_has)
{
    struct tug__index_line lines[] = {
        {.name = "a",
         .media_type = TYPE,
         .digest = digest_of(1),
         .annotations = "z\0last\0tug.platforms\0all\0",
         .platforms = "linux/arm64"},
        {.name = "b",
         .media_type = TYPE,
         .digest = digest_of(2),
         .annotations = "tug.platforms\0all\0"},
    };

    expect_index(lines, 2,
                 HEAD "{\"mediaType\":\"" TYPE "\",\"digest\":\"sha256:" HEX_1
                      "\",\"size\":0,\"annotations\":{\"tug.platforms\":\"linux/arm64\","
                      "\"z\":\"last\"}},"
                      "{\"mediaType\":\"" TYPE "\",\"digest\":\"sha256:" HEX_2 "\",\"size\":0}]}");
}

Test(archive_lists, docker_is_told_config_tags_and_layers)
{
    const struct tug_digest layers[] = {digest_of(3), digest_of(2), digest_of(3)};
    struct tug__docker_line line = {
        .name = "docker.io/library/a:1",
        .manifest = digest_of(9),
        .config = digest_of(1),
        .layers = layers,
        .layer_count = 3,
    };

    expect_docker(&line, 1,
                  "[{\"Config\":\"" BLOB_1 "\",\"RepoTags\":[\"docker.io/library/a:1\"],"
                  "\"Layers\":[\"" BLOB_3 "\",\"" BLOB_2 "\",\"" BLOB_3 "\"]}]");
}

Test(archive_lists, names_of_one_manifest_are_tags_of_one_image)
{
    struct tug__docker_line lines[] = {
        {.name = "r.example:5000/b:2", .manifest = digest_of(9), .config = digest_of(1)},
        {.name = "r.example:5000/a:1", .manifest = digest_of(8), .config = digest_of(2)},
        {.name = "r.example:5000/b:1", .manifest = digest_of(9), .config = digest_of(1)},
        {.name = "r.example:5000/b:2", .manifest = digest_of(9), .config = digest_of(1)},
    };

    expect_docker(lines, 4,
                  "[{\"Config\":\"" BLOB_2 "\",\"RepoTags\":[\"r.example:5000/a:1\"],\"Layers\":[]}"
                  ",{\"Config\":\"" BLOB_1 "\",\"RepoTags\":[\"r.example:5000/b:1\","
                  "\"r.example:5000/b:2\"],\"Layers\":[]}]");
}

/* A name with a digest only, none at all, and what another tool called a name. */
Test(archive_lists, docker_is_told_no_name_that_has_no_tag)
{
    struct tug__docker_line lines[] = {
        {.name = "r.example/a@sha256:" HEX_1, .manifest = digest_of(7), .config = digest_of(1)},
        {.name = "r.example/a:tag@sha256:" HEX_1, .manifest = digest_of(8), .config = digest_of(1)},
        {.name = "\"NOT A NAME", .manifest = digest_of(9), .config = digest_of(1)},
        {.manifest = digest_of(6), .config = digest_of(1)},
    };

    expect_docker(lines, 4,
                  "[{\"Config\":\"" BLOB_1 "\",\"RepoTags\":[],\"Layers\":[]},"
                  "{\"Config\":\"" BLOB_1 "\",\"RepoTags\":[\"r.example/a:tag\"],\"Layers\":[]},"
                  "{\"Config\":\"" BLOB_1 "\",\"RepoTags\":[],\"Layers\":[]},"
                  "{\"Config\":\"" BLOB_1 "\",\"RepoTags\":[],\"Layers\":[]}]");
}
