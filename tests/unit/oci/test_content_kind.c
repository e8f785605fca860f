/* SPDX-License-Identifier: Apache-2.0
 *
 * A document, or a blob?
 */
#include "oci/content_kind.h"

#include <string.h>

#include <criterion/criterion.h>

static bool is_document(const char *text)
{
    return tug__content_is_document(text, strlen(text));
}

Test(oci_content_kind, f24_documents_well_formed_or_not)
{
    cr_assert(is_document("{\"schemaVersion\":2,\"config\":{}}"));
    cr_assert(is_document("{\"schemaVersion\":1,\"fsLayers\":[]}"));
    cr_assert(is_document("{\"manifests\":[]}"));
    cr_assert(is_document("{\"layers\":5}"));
    cr_assert(is_document("{\"mediaType\":\"application/vnd.oci.artifact.manifest.v1+json\"}"));
}

Test(oci_content_kind, f24_blobs)
{
    cr_assert_not(is_document(""));
    cr_assert_not(is_document("\x1f\x8b"));
    cr_assert_not(is_document("{}"));
    cr_assert_not(is_document("[{\"manifests\":[]}]"));
    cr_assert_not(is_document("{\"manifests\":"));
    cr_assert_not(is_document("{\"architecture\":\"amd64\",\"config\":{},\"rootfs\":{}}"));
    cr_assert_not(is_document("{\"mediaType\":\"application/vnd.oci.image.config.v1+json\"}"));
}

static void expect_type(const char *said, const char *expected)
{
    char type[TUG__MEDIA_TYPE_MAX];

    tug__content_type_of_blob(said, type);
    cr_assert_str_eq(type, expected, "%s", said);
}

Test(oci_content_kind, f24_type_of_a_blob)
{
    char longest[2 * TUG__MEDIA_TYPE_MAX];

    expect_type("application/vnd.oci.image.layer.v1.tar+gzip",
                "application/vnd.oci.image.layer.v1.tar+gzip");
    expect_type(" text/plain; charset=utf-8", "text/plain");
    expect_type("", "application/octet-stream");
    expect_type(";", "application/octet-stream");
    expect_type("a/\x1b[2J", "application/octet-stream");
    expect_type("application/vnd.oci.image.index.v1+json", "application/octet-stream");
    expect_type("Application/vnd.docker.distribution.manifest.v2+json; x=y",
                "application/octet-stream");
    expect_type("application/vnd.docker.distribution.manifest.v1+prettyjws",
                "application/octet-stream");
    (void)memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    longest[TUG__MEDIA_TYPE_MAX - 1] = '\0';
    expect_type(longest, longest);
}
