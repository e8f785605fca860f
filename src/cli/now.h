/* SPDX-License-Identifier: Apache-2.0
 *
 * The clock of the command.
 */
#ifndef TUG_CLI_NOW_H
#define TUG_CLI_NOW_H

#include <stdint.h>

/* Milliseconds since some fixed moment; never goes back. Threads: any. */
int64_t now_ms(void);

#endif
