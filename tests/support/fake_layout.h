/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI image layout directory as content of a fake registry.
 * Errors: as in fake_registry.h.
 */
#ifndef FAKE_LAYOUT_H
#define FAKE_LAYOUT_H

#include "fake_registry.h"

struct fake_layout;

/*
 * Read DIR/index.json, and serve every file of DIR/blobs/<algorithm>/ as a blob of every
 * repository, from the file, and every manifest that the index leads to.
 * directory: holds its files unchanged until the registry is destroyed. Digests are believed.
 * Returns: owned; give it to fake_layout_close().
 */
struct fake_layout *fake_layout_open(struct fake_registry *registry, const char *directory);

/*
 * Name an entry of index.json.
 * ref_name: its org.opencontainers.image.ref.name. Aborts when there is none.
 */
void fake_layout_tag(struct fake_layout *layout, const char *repo, const char *tag,
                     const char *ref_name);

/* Free it; the content stays. NULL does nothing. */
void fake_layout_close(struct fake_layout *layout);

#endif
