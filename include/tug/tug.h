/* SPDX-License-Identifier: Apache-2.0
 *
 * libtug: fetch the content of container images into an OCI image layout.
 *
 * Include this one header. The library prints nothing, installs no signal handlers, never exits and
 * has no global state of its own; errors are values, progress comes through a callback, and a run
 * can be cancelled from any thread. libcurl is initialised (thread-safely) by tug_fetch_create.
 */
#ifndef TUG_TUG_H
#define TUG_TUG_H

#include <tug/error.h>
#include <tug/fetch.h>
#include <tug/oci.h>
#include <tug/ref.h>
#include <tug/store.h>

#define TUG_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The version of the library at run time, e.g. "0.1.0". Static text. Threads: any. */
const char *tug_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
