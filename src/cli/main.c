/* SPDX-License-Identifier: Apache-2.0
 *
 * tug: from the command line to a command.
 *
 * Knows: commands by name, global options. Does not know: what commands do.
 * Threads: main.
 */
#include "command.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "login.h"
#include "report.h"
#include "terminal.h"

/* Open files that suffice for the most downloads at once. */
#define FILES_WANTED 1024

/* Keep the process small. By default glibc gives each thread an arena of its own, from which freed
 * memory hardly ever goes back, and raises its limit for separate mappings to the largest block
 * ever freed. A dozen threads that mostly move data through a few large buffers need none of that:
 * two arenas, and fixed limits, so that large blocks are mapped, and unmapped when freed. */
static void limit_memory(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_ARENA_MAX, 2);
    (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 128 * 1024);
#endif
}

/* Raise the soft limit of open files to what 64 downloads need, as far as the hard limit allows.
 * Not higher, because credential helpers inherit it. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FILES_WANTED) {
        limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* on failure the library runs fewer downloads */
    }
}

/* Run the command that follows the global options. */
static int dispatch(struct settings *settings, int argc, char **argv)
{
    const struct command *command;
    int next = 0;
    int status = options_parse(settings, argc, argv, NULL, 0, &next);

    if (status != 0) {
        return status;
    }
    if (settings->common.wants_version) {
        return cmd_version(settings, commands_table());
    }
    if (next == argc) {
        if (settings->common.wants_help) {
            return help_print_commands(commands_table(), STDOUT_FILENO);
        }
        (void)help_print_commands(commands_table(), STDERR_FILENO);
        return EXIT_STATUS_USAGE;
    }
    command = command_find(commands_table(), argv[next]);
    if (command == NULL) {
        return command_refuse(commands_table(), argv[next]);
    }
    status = options_parse(settings, argc - next, argv + next, command->name, command->bit, &next);
    if (status != 0) {
        return status;
    }
    if (settings->common.wants_help) {
        return help_print_command(command);
    }
    if (settings->common.wants_version) {
        return cmd_version(&(struct settings){0}, commands_table());
    }
    if ((command->bit & COMMAND_NETWORK) != 0) {
        status = login_prepare(settings, command->name);
        if (status != 0) {
            return status;
        }
    }
    return command->run(settings, commands_table());
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    int status;

    if (!terminal_guard_descriptors()) {
        return EXIT_STATUS_STORE;
    }
    limit_memory();
    raise_file_limit();
    (void)signal(SIGPIPE, SIG_IGN); /* report a closed pipe like any write error */
    status = dispatch(&settings, argc, argv);
    settings_fini(&settings);
    return status;
}
