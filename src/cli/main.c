/* SPDX-License-Identifier: Apache-2.0
 *
 * tug: the table of commands and the way to them.
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

static const char *const fetch_examples[] = {
    "tug fetch alpine:3.20",
    "tug fetch --platform linux/arm64 --platform linux/amd64 nginx:1.27",
    "tug --store /srv/images fetch --from-file images.txt --failed-file again.txt",
    "tug fetch --plain-http --format json localhost:5000/app:1.4 | jq -r .digest",
    NULL,
};

static const char fetch_description[] =
    "Fetch images into the store. A reference is [HOST[:PORT]/]NAME[:TAG][@DIGEST];\n"
    "the default host is docker.io. Content that is already in the store is not\n"
    "fetched again, and interrupted downloads are resumed. Prints\n"
    "FULL-REFERENCE DIGEST for each complete image. TIME is a number with ms, s, m or\n"
    "h, by default seconds; SIZE is in bytes, or with K, M, G, KiB, MiB or GiB\n"
    "(powers of 1024) or KB, MB or GB.\n";

static const char *const resolve_examples[] = {
    "tug resolve alpine:3.20",
    "tug resolve --format json --user me registry.example.org/team/app:1.4 | jq -r .digest",
    NULL,
};

static const char resolve_description[] =
    "Ask the registries which digests the references name, and fetch nothing. Prints\n"
    "FULL-REFERENCE DIGEST MEDIA-TYPE SIZE for each.\n";

static const struct command all_commands[] = {
    {"fetch", "[options] REF... | --from-file FILE", "fetch images into the store",
     fetch_description, COMMAND_FETCH, fetch_examples, cmd_fetch},
    {"resolve", "[options] REF...", "print the digests of references", resolve_description,
     COMMAND_RESOLVE, resolve_examples, cmd_resolve},
    {"version", "", "show the version", NULL, COMMAND_OTHER, NULL, cmd_version},
    {"help", "[COMMAND]", "show help", NULL, COMMAND_OTHER, NULL, cmd_help},
};

static const struct command_table commands = {
    .commands = all_commands,
    .count = sizeof all_commands / sizeof all_commands[0],
};

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
        return cmd_version(settings, &commands);
    }
    if (next == argc) {
        if (settings->common.wants_help) {
            return help_print_commands(&commands, STDOUT_FILENO);
        }
        (void)help_print_commands(&commands, STDERR_FILENO);
        return EXIT_STATUS_USAGE;
    }
    command = command_find(&commands, argv[next]);
    if (command == NULL) {
        return command_refuse(&commands, argv[next]);
    }
    status = options_parse(settings, argc - next, argv + next, command->name, command->bit, &next);
    if (status != 0) {
        return status;
    }
    if (settings->common.wants_help) {
        return help_print_command(command);
    }
    if (settings->common.wants_version) {
        return cmd_version(&(struct settings){0}, &commands);
    }
    if (command->bit != COMMAND_OTHER) {
        status = login_prepare(settings, command->name);
        if (status != 0) {
            return status;
        }
    }
    return command->run(settings, &commands);
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
