/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores whose layers fetch may copy from (--donor).
 * Threads: main.
 */
#ifndef CLI_DONOR_STORES_H
#define CLI_DONOR_STORES_H

#include <stddef.h>

#include <tug/store.h>

#include "options.h"

/* Open ones. All zero: none. */
struct donor_stores {
    struct tug_store **items; /* owned, and each of them */
    size_t count;
};

/* Open all that the settings name, for reading only; a failure is reported, and names the one.
 * Returns: 0, or the exit status. */
int donor_stores_open(struct donor_stores *stores, const struct fetch_settings *settings);
/* Close them. */
void donor_stores_close(struct donor_stores *stores);

#endif
