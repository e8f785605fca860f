/* SPDX-License-Identifier: Apache-2.0
 *
 * The credentials of the command line: what belongs together, and the password that is not there.
 * Threads: main, before any other is started.
 */
#ifndef TUG_CLI_LOGIN_H
#define TUG_CLI_LOGIN_H

#include "options.h"

/* Check the options about credentials and client certificates, get the password of --user from
 * standard input or (without echo) from the terminal, and put all into settings->fetch.
 * command: for messages. Returns: 0, or the exit status after telling what is wrong.
 * Blocks: until the password is there. */
int login_prepare(struct settings *settings, const char *command);

#endif
