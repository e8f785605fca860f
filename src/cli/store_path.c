/* SPDX-License-Identifier: Apache-2.0
 *
 * Find the path of the store.
 *
 * Knows: --store, the environment. Does not know: what a store is.
 * Threads: main.
 */
#include "store_path.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool store_path_find(const char *named, struct text *out_path, bool *out_is_default)
{
    const char *const path = named != NULL ? named : getenv("TUG_STORE");
    const char *const data_home = getenv("XDG_DATA_HOME");
    const char *const home = getenv("HOME");

    *out_is_default = false;
    if (path != NULL && *path != '\0') {
        text_puts(out_path, path);
        return true;
    }
    *out_is_default = true;
    if (data_home != NULL && *data_home == '/') { /* the specification: ignore a relative one */
        text_printf(out_path, "%s/tug", data_home);
        return true;
    }
    if (home != NULL && *home != '\0') {
        text_printf(out_path, "%s/.local/share/tug", home);
        return true;
    }
    return false;
}

void store_path_make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
}
