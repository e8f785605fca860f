/* SPDX-License-Identifier: Apache-2.0
 *
 * What an index names, entry by entry, and whose fault it is when it cannot be read.
 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <tug/oci.h>

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static enum tug_status count_entry(void *context, const struct tug_list_entry *entry,
                                   struct tug_error *err)
{
    unsigned *const counts = context;

    (void)err;
    counts[entry->is_index]++;
    return TUG_OK;
}

static void expect(const char *text, enum tug_status expected, const char *message)
{
    struct tug_error err = {0};
    unsigned counts[2] = {0};

    cr_assert_eq(tug_list_each(text, strlen(text), count_entry, counts, &err), expected, "%s: %s",
                 text, err.message);
    cr_assert_eq(err.code, expected);
    cr_assert_not_null(strstr(err.message, message), "%s", err.message);
}

Test(index_list, tells_manifests_and_indexes)
{
    static const char text[] =
        "{\"manifests\":[{\"digest\":\"sha256:" HEX
        "\",\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\"},{\"digest\":\"sha256:" HEX
        "\",\"mediaType\":\"application/vnd.oci.image.index.v1+json\"}]}";
    unsigned counts[2] = {0};

    cr_assert_eq(tug_list_each(text, sizeof text - 1, count_entry, counts, NULL), TUG_OK);
    cr_assert_eq(counts[0], 1);
    cr_assert_eq(counts[1], 1);
}

Test(index_list, f52_without_type_and_platform_it_may_be_an_index)
{
    static const char text[] =
        "{\"manifests\":[{\"digest\":\"sha256:" HEX "\"},{\"digest\":\"sha256:" HEX
        "\",\"platform\":{\"os\":\"linux\"}}]}";
    unsigned counts[2] = {0};

    cr_assert_eq(tug_list_each(text, sizeof text - 1, count_entry, counts, NULL), TUG_OK);
    cr_assert_eq(counts[0], 1);
    cr_assert_eq(counts[1], 1);
}

Test(index_list, a_bad_document_is_no_bad_argument)
{
    expect("{\"manifests\":[{\"digest\":\"sha256:zz\"}]}", TUG_ERR_CONTENT, "manifests[0]");
    expect("{\"manifests\":[{}]}", TUG_ERR_CONTENT, "no digest");
    expect("{\"manifests\":[{\"digest\":\"blake3:aa\"}]}", TUG_ERR_UNSUPPORTED, "manifests[0]");
    expect("[5]", TUG_ERR_CONTENT, "[0]: not a string");
    expect("[\"a\",", TUG_ERR_CONTENT, "not valid JSON");
    expect("5", TUG_ERR_CONTENT, "not valid JSON");
    expect("", TUG_ERR_CONTENT, "not valid JSON");
}

/* Write down "line|name|digest|platform;" of each entry. */
static enum tug_status note_entry(void *context, const struct tug_list_entry *entry,
                                  struct tug_error *err)
{
    char *const notes = context;
    char digest[TUG_DIGEST_TEXT_MAX];
    char platform[TUG_PLATFORM_TEXT_MAX] = "";

    (void)err;
    if (entry->has_platform) {
        (void)tug_platform_format(&entry->platform, platform);
    }
    (void)snprintf(notes + strlen(notes), 1024 - strlen(notes), "%s|%s|%.9s|%s;",
                   entry->line != NULL ? entry->line : "", entry->name != NULL ? entry->name : "",
                   tug_digest_format(&entry->digest, digest), platform);
    return TUG_OK;
}

static void expect_notes(const char *text, const char *expected)
{
    struct tug_error err = {0};
    char notes[1024] = "";

    cr_assert_eq(tug_list_each(text, strlen(text), note_entry, notes, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_str_eq(notes, expected, "%s", notes);
}

Test(index_list, f45_an_array_of_texts_is_a_list)
{
    expect_notes("[]", "");
    expect_notes(" \n[ \"a:1\", \"b\\u0041 label.x=\\\"y\\\"\" ]\n", "a:1|||;bA label.x=\"y\"|||;");
    expect("[\"a\", {\"x\": 1}]", TUG_ERR_CONTENT, "[1]: not a string");
}

Test(index_list, f45_results_are_a_list)
{
    expect_notes("{\"ref\":\"r.io/a:1\",\"digest\":\"sha256:" HEX "\",\"size\":1}\n\n"
                 "{\"ref\":\"r.io/b:1\",\"digest\":null}\r\n{\"total\":{\"blobs\":2}}",
                 "|r.io/a:1|sha256:e3|;|r.io/b:1||;");
    expect("{\"ref\":\"a\"}\n{\"ref\":5}\n", TUG_ERR_CONTENT, "result 2");
}

Test(index_list, f45_annotations_have_full_names)
{
    expect_notes("{\"manifests\":["
                 "{\"digest\":\"sha256:" HEX "\",\"annotations\":{"
                 "\"io.containerd.image.name\":\"r.io/a:1\","
                 "\"org.opencontainers.image.ref.name\":\"1\"}},"
                 "{\"digest\":\"sha256:" HEX "\",\"annotations\":{"
                 "\"org.opencontainers.image.ref.name\":\"r.io/b:1\"}},"
                 "{\"digest\":\"sha256:" HEX "\",\"annotations\":{"
                 "\"org.opencontainers.image.ref.name\":\"1\"}}]}",
                 "|r.io/a:1|sha256:e3|;|r.io/b:1|sha256:e3|;||sha256:e3|;");
}

#define MADE "\"digest\":\"sha256:" HEX "\","
#define ORIGINAL "\"sha256:ff" HEX2 "\""
#define HEX2 "b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* A registry has what an image was converted from, and not what was made of it here. */
Test(index_list, what_was_made_here_is_listed_as_the_registry_has_it)
{
    expect_notes("{\"ref\":\"r.io/a:1\"," MADE "\"convertedFrom\":" ORIGINAL "}",
                 "|r.io/a:1|sha256:ff|;");
    expect_notes("{\"manifests\":[{" MADE "\"annotations\":{"
                 "\"io.containerd.image.name\":\"r.io/a:1\",\"tug.converted-from\":" ORIGINAL
                 "}}]}",
                 "|r.io/a:1|sha256:ff|;");
}

Test(index_list, what_only_refers_to_an_image_is_none)
{
    expect_notes("{\"manifests\":[{" MADE "\"annotations\":{"
                 "\"org.opencontainers.image.ref.name\":\"r.io/a:sha256-12.sig\","
                 "\"tug.refers-to\":\"sha256:" HEX "\"}},{" MADE "\"annotations\":{"
                 "\"org.opencontainers.image.ref.name\":\"r.io/b:1\"}}]}",
                 "|r.io/b:1|sha256:e3|;");
}

Test(index_list, f16_platforms_are_known)
{
    const struct tug_platform amd64 = {.os = "linux", .architecture = "amd64"};
    const struct tug_platform arm64 = {.os = "linux", .architecture = "arm64"};

    expect_notes("{\"manifests\":[{\"digest\":\"sha256:" HEX "\",\"platform\":"
                 "{\"os\":\"Linux\",\"architecture\":\"x86_64\"}},"
                 "{\"digest\":\"sha256:" HEX "\",\"platform\":{}}]}",
                 "||sha256:e3|linux/amd64;||sha256:e3|;");
    cr_assert(tug_platform_runs(&amd64, &amd64));
    cr_assert_not(tug_platform_runs(&amd64, &arm64));
}

/* A hostile list is refused at its first element: nothing is gathered of it before. */
Test(index_list, entries_are_handed_on_as_they_come)
{
    static const char text[] = "{\"manifests\":[{\"digest\":\"sha256:" HEX "\"},{]}";
    unsigned counts[2] = {0};

    cr_assert_eq(tug_list_each(text, sizeof text - 1, count_entry, counts, NULL), TUG_ERR_CONTENT);
    cr_assert_eq(counts[1], 1);
}

/* What is no list is named, where it is known. */
Test(index_list, f46_names_documents_that_are_no_list)
{
    expect("{\"schemaVersion\":2,\"config\":{},\"layers\":[]}", TUG_ERR_CONTENT,
           "an image manifest, not a list");
    expect("{\"schemaVersion\":1,\"fsLayers\":[]}", TUG_ERR_CONTENT, "a schema 1 image manifest");
    expect("{\"os\":\"linux\",\"rootfs\":{}}", TUG_ERR_CONTENT, "an image's config");
    expect("{\"name\":\"a\",\"tags\":[]}", TUG_ERR_CONTENT, "a registry's list of tags");
    expect("{\"auths\":{}}", TUG_ERR_CONTENT, "a credentials file");
    expect("{\"imageLayoutVersion\":\"1.0.0\"}", TUG_ERR_CONTENT, "name its index.json");
    expect("{\"layers\":[],\"manifests\":[]}", TUG_OK, "");
    expect("{\"other\":1}", TUG_ERR_CONTENT, "manifests: missing");
}

Test(index_list, f10_refuses_names_in_another_case)
{
    expect("{\"Manifests\":[]}", TUG_ERR_CONTENT, "'Manifests' differs from 'manifests'");
    expect("{\"manifests\":[],\"manifestS\":[]}", TUG_ERR_CONTENT, "in case only");
    expect("{\"manifests\":[{\"digest\":\"sha256:" HEX "\",\"Digest\":\"\"}]}", TUG_ERR_CONTENT,
           "manifests[0]: 'Digest' differs");
}
