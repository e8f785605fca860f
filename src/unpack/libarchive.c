/* SPDX-License-Identifier: Apache-2.0
 *
 * libarchive, loaded when an archive is read and not before.
 *
 * Knows: how libraries are loaded. Does not know: the store, archives. Threads: any.
 */
#include "unpack/libarchive.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

/* The one whose headers this is built with. */
#define SONAME "libarchive.so.13"

/* Look up one function. The cast goes by way of memory, as POSIX asks for. */
static bool find(void *handle, const char *name, void *out_function)
{
    void *const found = dlsym(handle, name);

    memcpy(out_function, &found, sizeof found);
    return found != NULL;
}

enum tug_status tug__libarchive_load(struct tug__libarchive *out_library, void **out_handle,
                                     struct tug_error *err)
{
    bool is_whole = true;
    const char *why;

    *out_handle = NULL;
    if (tug__libarchive_linked != NULL) {
        tug__libarchive_linked(out_library);
        return TUG_OK;
    }
    /* It stays in memory once it was loaded: some of its libraries do not like to leave. */
    *out_handle = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (*out_handle == NULL) {
        why = dlerror();
        return tug__fail(err, TUG_ERR_CONFIG,
                         "archives are read with libarchive, which cannot be loaded: %s",
                         why != NULL ? why : SONAME);
    }
#define FIND(name) is_whole = find(*out_handle, "archive_" #name, &out_library->name) && is_whole;
    TUG__LIBARCHIVE_FUNCTIONS(FIND)
#undef FIND
    if (!is_whole) {
        tug__libarchive_unload(*out_handle);
        return tug__fail(err, TUG_ERR_CONFIG, "%s lacks a function that is needed", SONAME);
    }
    return TUG_OK;
}

void tug__libarchive_unload(void *handle)
{
    if (handle != NULL) {
        (void)dlclose(handle);
    }
}
