/* SPDX-License-Identifier: Apache-2.0
 *
 * Open the stores of --donor.
 *
 * Knows: settings, the public library. Does not know: what is copied from them.
 * Threads: main.
 */
#include "donor_stores.h"

#include <stdlib.h>

#include "report.h"

int donor_stores_open(struct donor_stores *stores, const struct fetch_settings *settings)
{
    const struct tug_store_options options = {
        .size = sizeof options,
        .must_exist = true,
        .make_nothing = true,
    };

    if (settings->donor_count == 0) {
        return 0;
    }
    stores->items = calloc(settings->donor_count, sizeof(struct tug_store *));
    if (stores->items == NULL) {
        return report_no_memory();
    }
    for (size_t i = 0; i < settings->donor_count; i++) {
        struct tug_error error = {0};
        const enum tug_status status =
            tug_store_open(settings->donors[i], &options, &stores->items[i], &error);

        if (status != TUG_OK) {
            report_error("--donor", error.message);
            return report_exit_status(status);
        }
        stores->count++;
    }
    return 0;
}

void donor_stores_close(struct donor_stores *stores)
{
    for (size_t i = 0; i < stores->count; i++) {
        tug_store_close(stores->items[i]);
    }
    free(stores->items);
    *stores = (struct donor_stores){0};
}
