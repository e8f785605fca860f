/* SPDX-License-Identifier: Apache-2.0
 *
 * What an index names, entry by entry, and whose fault it is when it cannot be read.
 */
#include <string.h>

#include <criterion/criterion.h>

#include <tug/oci.h>

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static enum tug_status count_entry(void *context, const struct tug_index_entry *entry,
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

    cr_assert_eq(tug_index_each(text, strlen(text), count_entry, counts, &err), expected, "%s: %s",
                 text, err.message);
    cr_assert_eq(err.code, expected);
    cr_assert_not_null(strstr(err.message, message), "%s", err.message);
}

Test(index_list, tells_manifests_and_indexes)
{
    static const char text[] =
        "{\"manifests\":[{\"digest\":\"sha256:" HEX "\"},{\"digest\":\"sha256:" HEX
        "\",\"mediaType\":\"application/vnd.oci.image.index.v1+json\"}]}";
    unsigned counts[2] = {0};

    cr_assert_eq(tug_index_each(text, sizeof text - 1, count_entry, counts, NULL), TUG_OK);
    cr_assert_eq(counts[0], 1);
    cr_assert_eq(counts[1], 1);
}

Test(index_list, a_bad_document_is_no_bad_argument)
{
    expect("{\"manifests\":[{\"digest\":\"sha256:zz\"}]}", TUG_ERR_CONTENT, "manifests[0]");
    expect("{\"manifests\":[{}]}", TUG_ERR_CONTENT, "no digest");
    expect("{\"manifests\":[{\"digest\":\"blake3:aa\"}]}", TUG_ERR_UNSUPPORTED, "manifests[0]");
    expect("[]", TUG_ERR_CONTENT, "");
}

Test(index_list, f10_refuses_names_in_another_case)
{
    expect("{\"Manifests\":[]}", TUG_ERR_CONTENT, "'Manifests' differs from 'manifests'");
    expect("{\"manifests\":[],\"manifestS\":[]}", TUG_ERR_CONTENT, "in case only");
    expect("{\"manifests\":[{\"digest\":\"sha256:" HEX "\",\"Digest\":\"\"}]}", TUG_ERR_CONTENT,
           "manifests[0]: 'Digest' differs");
}
