/* SPDX-License-Identifier: Apache-2.0
 *
 * Find the path of the store.
 *
 * Knows: --store, the environment. Does not know: what a store is.
 * Threads: main.
 */
#include "store_path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <tug/error.h>

#include "report.h"

bool store_path_find(const char *named, struct store_path *out_path)
{
    const char *const path = named != NULL ? named : getenv("TUG_STORE");
    const char *const data_home = getenv("XDG_DATA_HOME");
    const char *const home = getenv("HOME");

    if (path != NULL && *path != '\0') {
        out_path->source = named != NULL ? "--store" : "$TUG_STORE";
        text_puts(&out_path->path, path);
        return true;
    }
    out_path->is_default = true;
    if (data_home != NULL && *data_home == '/') { /* the specification: ignore a relative one */
        out_path->source = "$XDG_DATA_HOME";
        text_printf(&out_path->path, "%s/tug", data_home);
        return true;
    }
    if (home != NULL && *home != '\0') {
        out_path->source = "the default";
        text_printf(&out_path->path, "%s/.local/share/tug", home);
        return true;
    }
    return false;
}

void store_path_tell(const struct store_path *path)
{
    char shown[PATH_MAX];
    char line[PATH_MAX + 64];

    (void)tug_text_escape(shown, sizeof shown, path->path.data, path->path.length);
    (void)snprintf(line, sizeof line, "store: %s (%s)", shown, path->source);
    report_log_line(NULL, line);
}

void store_path_make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
}
