/* SPDX-License-Identifier: Apache-2.0
 *
 * OCI's media types for Docker's.
 */
#include "convert/convert.h"

#include <criterion/criterion.h>

#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

Test(convert_types, each_of_dockers_has_one)
{
    static const char *const pairs[][2] = {
        {DOCKER "distribution.manifest.v2+json", OCI "manifest.v1+json"},
        {DOCKER "distribution.manifest.list.v2+json", OCI "index.v1+json"},
        {DOCKER "container.image.v1+json", OCI "config.v1+json"},
        {DOCKER "image.rootfs.diff.tar", OCI "layer.v1.tar"},
        {DOCKER "image.rootfs.diff.tar.gzip", OCI "layer.v1.tar+gzip"},
        {DOCKER "image.rootfs.diff.tar.zstd", OCI "layer.v1.tar+zstd"},
        {DOCKER "image.rootfs.foreign.diff.tar.gzip", OCI "layer.nondistributable.v1.tar+gzip"},
        {DOCKER "Image.RootFS.diff.tar.gzip; charset=utf-8", OCI "layer.v1.tar+gzip"},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const char *const type = tug__convert_type(pairs[i][0]);

        cr_assert_not_null(type, "%s", pairs[i][0]);
        cr_assert_str_eq(type, pairs[i][1]);
    }
}

Test(convert_types, all_others_stay)
{
    static const char *const types[] = {
        "",
        OCI "manifest.v1+json",
        OCI "layer.v1.tar+gzip",
        DOCKER "plugin.v1+json",
        DOCKER "distribution.manifest.v1+prettyjws",
        DOCKER "image.rootfs.diff.tar.gzip+encrypted",
        "application/octet-stream",
        "application/vnd.in-toto+json",
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        cr_assert_null(tug__convert_type(types[i]), "%s", types[i]);
    }
}
