/* SPDX-License-Identifier: Apache-2.0
 *
 * libyaml, loaded when a YAML file is read and not before.
 *
 * Knows: how libraries are loaded. Does not know: YAML, lists.
 * Threads: any.
 */
#include "libyaml.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The one whose header this is built with. */
#define SONAME "libyaml-0.so.2"

/* Look up one function. The cast goes by way of memory, as POSIX asks for. */
static bool find(void *handle, const char *name, void *out_function)
{
    void *const found = dlsym(handle, name);

    memcpy(out_function, &found, sizeof found);
    return found != NULL;
}

static enum tug_status fail(struct tug_error *err, const char *why)
{
    err->code = TUG_ERR_CONFIG;
    (void)snprintf(err->message, sizeof err->message,
                   "YAML is read with libyaml, which cannot be loaded: %s", why);
    return err->code;
}

enum tug_status libyaml_load(struct libyaml *out_library, struct tug_error *err)
{
    bool is_whole = true;
    void *handle;

    if (libyaml_linked != NULL) {
        libyaml_linked(out_library);
        return TUG_OK;
    }
    handle = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *const why = dlerror();

        return fail(err, why != NULL ? why : SONAME);
    }
#define FIND(name) is_whole = find(handle, "yaml_" #name, &out_library->name) && is_whole;
    LIBYAML_FUNCTIONS(FIND)
#undef FIND
    return is_whole ? TUG_OK : fail(err, SONAME " lacks a function that is needed");
}
