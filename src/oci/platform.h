/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of the offered platforms run on the wanted one.
 */
#ifndef TUG_OCI_PLATFORM_H
#define TUG_OCI_PLATFORM_H

#include <stdbool.h>

#include <tug/oci.h>

/* Rank of a platform that does not run on the wanted one. */
#define TUG__PLATFORM_NO_MATCH 1000

/* Convert the fields to the normal form described in tug/oci.h. Threads: any. */
void tug__platform_normalise(struct tug_platform *platform);

/* Rank an offer for a wanted platform, both normalised: 0 is exact, larger is further down the
 * ladder (amd64 vN … v1, then 386; arm vN … v5; arm64 v9.x, v8.x, then arm v8 … v5),
 * TUG__PLATFORM_NO_MATCH when it does not run. os_version counts only when wanted has one: then the
 * offer's must have the same leading components. Threads: any. Blocks: no. */
int tug__platform_rank(const struct tug_platform *wanted, const struct tug_platform *offered);

/* Tell whether a platform is "unknown/unknown", which build tools write for attestations. */
bool tug__platform_is_unknown(const struct tug_platform *platform);

#endif
