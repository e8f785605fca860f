/* SPDX-License-Identifier: Apache-2.0
 *
 * OCI's media types for Docker's.
 *
 * Knows: image-spec 1.1.1 "media-types", Docker's types. Does not know: the network, JSON.
 * Threads: any.
 */
#include "convert/convert.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

static const struct {
    const char *docker, *oci;
} types[] = {
    {DOCKER "distribution.manifest.v2+json", OCI "manifest.v1+json"},
    {DOCKER "distribution.manifest.list.v2+json", OCI "index.v1+json"},
    {DOCKER "container.image.v1+json", OCI "config.v1+json"},
    {DOCKER "image.rootfs.diff.tar", OCI "layer.v1.tar"},
    {DOCKER "image.rootfs.diff.tar.gzip", OCI "layer.v1.tar+gzip"},
    {DOCKER "image.rootfs.diff.tar.zstd", OCI "layer.v1.tar+zstd"},
    {DOCKER "image.rootfs.foreign.diff.tar", OCI "layer.nondistributable.v1.tar"},
    {DOCKER "image.rootfs.foreign.diff.tar.gzip", OCI "layer.nondistributable.v1.tar+gzip"},
    {DOCKER "image.rootfs.foreign.diff.tar.zstd", OCI "layer.nondistributable.v1.tar+zstd"},
};

const char *tug__convert_type(const char *media_type)
{
    const size_t length = strcspn(media_type, "; \t");

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strlen(types[i].docker) == length &&
            strncasecmp(media_type, types[i].docker, length) == 0) {
            return types[i].oci;
        }
    }
    return NULL;
}
