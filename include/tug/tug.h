/* SPDX-License-Identifier: Apache-2.0
 *
 * libtug: fetch the content of container images into an OCI image layout.
 *
 * Include this one header. The library prints nothing, installs no signal handlers, never exits and
 * has no global state of its own; errors are values, progress comes through a callback, and a run
 * can be cancelled from any thread. libcurl is initialised (thread-safely) by tug_fetch_create.
 *
 * Structs and versions. A struct that the program owns (options, results, tug_watch) begins with
 * its size, which its _INIT macro sets; later versions of the library add members at the end. A
 * program built with an older header gets the defaults for options it does not know, and the
 * members of results that it knows. One built with a newer header works as long as it leaves
 * options unknown to the library at zero; otherwise the call fails with TUG_ERR_UNSUPPORTED,
 * because no option is silently ignored. Structs that the library owns and passes to a callback
 * (tug_event, tug_image_result, tug_totals, tug_list_entry, tug_blob_info and others) grow at the
 * end as well: read them through the pointer; several are an array of pointers. The values
 * tug_error, tug_digest and tug_platform never change.
 *
 * So a program built with one version runs with every later one of the same soname,
 * libtug.so.MAJOR: a version that breaks this has the next MAJOR number. Symbols carry the version
 * that they came with (TUG_0.2): the dynamic linker refuses a library that lacks one.
 */
#ifndef TUG_TUG_H
#define TUG_TUG_H

#include <tug/archive.h>
#include <tug/credential.h>
#include <tug/error.h>
#include <tug/fetch.h>
#include <tug/images.h>
#include <tug/log.h>
#include <tug/oci.h>
#include <tug/ref.h>
#include <tug/sink.h>
#include <tug/store.h>
#include <tug/tags.h>
#include <tug/upkeep.h>

#define TUG_VERSION "0.2.0"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The version of the library at run time, e.g. "0.2.0". Static text. Threads: any. */
const char *tug_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
