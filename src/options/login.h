/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials from the command line: their rules, and the prompt for a missing password.
 * Threads: main, before any other is started.
 */
#ifndef TUG_CLI_LOGIN_H
#define TUG_CLI_LOGIN_H

#include "options.h"

/* Check the options about credentials and client certificates, get the password of --user from
 * standard input or (without echo) from the terminal, and store all in settings->run.
 * command: for messages. Returns: 0, or the exit status after an error was reported.
 * Blocks: until the password was entered. */
int login_prepare(struct settings *settings, const char *command);

#endif
