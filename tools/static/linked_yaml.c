/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of libyaml for the command that is linked without shared libraries, which can load
 * none later.
 */
#include "libyaml.h"

void libyaml_linked(struct libyaml *out_library)
{
#define LINK(name) out_library->name = yaml_##name;
    LIBYAML_FUNCTIONS(LINK)
#undef LINK
}
