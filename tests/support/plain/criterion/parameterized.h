/* SPDX-License-Identifier: Apache-2.0 */
/* All of it is in criterion.h. */
#ifndef PLAIN_PARAMETERIZED_H
#define PLAIN_PARAMETERIZED_H

#include "criterion.h"

#endif
