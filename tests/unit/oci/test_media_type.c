/* SPDX-License-Identifier: Apache-2.0
 *
 * Media types: what each means to a fetcher.
 */
#include "oci/media_type.h"

#include <string.h>

#include <criterion/criterion.h>

static void expect(const char *media_type, enum tug__media_kind expected)
{
    cr_assert_eq(tug__media_kind(media_type), expected, "'%s': kind %d", media_type,
                 (int)tug__media_kind(media_type));
}

Test(oci_media_type, knows_manifests_and_indexes)
{
    expect("application/vnd.oci.image.manifest.v1+json", TUG__MEDIA_MANIFEST);
    expect("application/vnd.docker.distribution.manifest.v2+json", TUG__MEDIA_MANIFEST);
    expect("application/vnd.oci.artifact.manifest.v1+json", TUG__MEDIA_MANIFEST);
    expect("application/vnd.oci.image.index.v1+json", TUG__MEDIA_INDEX);
    expect("application/vnd.docker.distribution.manifest.list.v2+json", TUG__MEDIA_INDEX);
}

Test(oci_media_type, knows_schema_1)
{
    expect("application/vnd.docker.distribution.manifest.v1+json", TUG__MEDIA_SCHEMA1);
    expect("application/vnd.docker.distribution.manifest.v1+prettyjws", TUG__MEDIA_SCHEMA1);
}

Test(oci_media_type, knows_image_configs)
{
    expect("application/vnd.oci.image.config.v1+json", TUG__MEDIA_CONFIG);
    expect("application/vnd.docker.container.image.v1+json", TUG__MEDIA_CONFIG);
    expect("application/vnd.cncf.helm.config.v1+json", TUG__MEDIA_OTHER);
    expect("application/vnd.oci.empty.v1+json", TUG__MEDIA_OTHER);
}

Test(oci_media_type, knows_layers_of_any_packing)
{
    expect("application/vnd.oci.image.layer.v1.tar", TUG__MEDIA_LAYER);
    expect("application/vnd.oci.image.layer.v1.tar+gzip", TUG__MEDIA_LAYER);
    expect("application/vnd.oci.image.layer.v1.tar+zstd", TUG__MEDIA_LAYER);
    expect("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", TUG__MEDIA_LAYER);
    expect("application/vnd.docker.image.rootfs.diff.tar", TUG__MEDIA_LAYER);
    expect("application/vnd.docker.image.rootfs.diff.tar.gzip", TUG__MEDIA_LAYER);
    expect("application/vnd.docker.image.rootfs.diff.tar.zstd", TUG__MEDIA_LAYER);
    expect("application/vnd.erofs.layer.v1", TUG__MEDIA_LAYER);
}

Test(oci_media_type, tells_foreign_layers_from_others)
{
    expect("application/vnd.oci.image.layer.nondistributable.v1.tar", TUG__MEDIA_FOREIGN);
    expect("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", TUG__MEDIA_FOREIGN);
    expect("application/vnd.docker.image.rootfs.foreign.diff.tar", TUG__MEDIA_FOREIGN);
    expect("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", TUG__MEDIA_FOREIGN);
}

Test(oci_media_type, takes_anything_else_as_opaque)
{
    expect(NULL, TUG__MEDIA_OTHER);
    expect("", TUG__MEDIA_OTHER);
    expect(";", TUG__MEDIA_OTHER);
    expect("application/json", TUG__MEDIA_OTHER);
    expect("application/vnd.in-toto+json", TUG__MEDIA_OTHER);
    expect("application/vnd.oci.image.manifest.v1+jso", TUG__MEDIA_OTHER);
    expect("application/vnd.oci.image.manifest.v1+jsonx", TUG__MEDIA_OTHER);
    expect("application/vnd.oci.image.manifest.v2+json", TUG__MEDIA_OTHER);
}

Test(oci_media_type, ignores_case_blanks_and_parameters)
{
    expect("Application/VND.OCI.Image.Manifest.V1+JSON", TUG__MEDIA_MANIFEST);
    expect("application/vnd.oci.image.index.v1+json; charset=utf-8", TUG__MEDIA_INDEX);
    expect("application/vnd.oci.image.index.v1+json;charset=utf-8", TUG__MEDIA_INDEX);
    expect(" \tapplication/vnd.oci.image.index.v1+json\t ; q=1", TUG__MEDIA_INDEX);
}

Test(oci_media_type, t21_knows_the_types_that_say_nothing)
{
    cr_assert(tug__media_is_generic(NULL));
    cr_assert(tug__media_is_generic(""));
    cr_assert(tug__media_is_generic(" "));
    cr_assert(tug__media_is_generic("application/json"));
    cr_assert(tug__media_is_generic("Application/JSON; charset=utf-8"));
    cr_assert(tug__media_is_generic("application/octet-stream"));
    cr_assert(tug__media_is_generic("text/plain; charset=utf-8"));
    cr_assert_not(tug__media_is_generic("text/html"));
    cr_assert_not(tug__media_is_generic("application/jsonx"));
    cr_assert_not(tug__media_is_generic("application/vnd.oci.image.index.v1+json"));
}

Test(oci_media_type, asks_for_every_kind_of_document_and_not_for_schema_1)
{
    static const char *const types[] = {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        cr_assert_not_null(strstr(tug__media_accept(false), types[i]));
    }
    cr_assert_null(strstr(tug__media_accept(false), "manifest.v1+prettyjws"));
    cr_assert_null(strstr(tug__media_accept(false), "docker.distribution.manifest.v1"));
    cr_assert_not_null(strstr(tug__media_accept(true), "manifest.v1+prettyjws"));
}
