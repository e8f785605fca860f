/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of libarchive for a program that is linked without shared libraries, which can load
 * none later.
 */
#include "unpack/libarchive.h"

void tug__libarchive_linked(struct tug__libarchive *out_library)
{
#define LINK(name) out_library->name = archive_##name;
    TUG__LIBARCHIVE_FUNCTIONS(LINK)
#undef LINK
}
