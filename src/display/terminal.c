/* SPDX-License-Identifier: Apache-2.0
 *
 * Query the terminal.
 *
 * Knows: ttys and the environment. Does not know: the display.
 * Threads: the caller's.
 */
#include "terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "units.h"

bool terminal_guard_descriptors(void)
{
    int fd;

    do { /* open takes the lowest free number: once above 2, none of them is closed */
        fd = open("/dev/null", O_RDONLY);
        if (fd < 0) { /* a root without /dev; a directory cannot be read or written either */
            fd = open("/", O_RDONLY | O_DIRECTORY);
        }
        if (fd < 0) {
            return false;
        }
    } while (fd <= STDERR_FILENO);
    (void)close(fd);
    return true;
}

bool terminal_can_draw(void)
{
    const char *const term = getenv("TERM");

    return isatty(STDERR_FILENO) && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
}

bool terminal_has_color(enum color_mode mode)
{
    const char *const no_color = getenv("NO_COLOR");

    switch (mode) {
    case COLOR_ALWAYS:
        return true;
    case COLOR_NEVER:
        return false;
    case COLOR_AUTO:
        break;
    }
    return terminal_can_draw() && (no_color == NULL || *no_color == '\0');
}

/* Read a size from the environment. */
static unsigned environment_size(const char *name, unsigned fallback)
{
    const char *const value = getenv(name);
    unsigned size = fallback;

    if (value != NULL) {
        (void)units_parse_count(value, 1, 1000, &size);
    }
    return size;
}

void terminal_size(unsigned *out_columns, unsigned *out_rows)
{
    struct winsize size = {0};

    (void)ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    *out_columns = size.ws_col > 0 ? size.ws_col : environment_size("COLUMNS", 80);
    *out_rows = size.ws_row > 0 ? size.ws_row : environment_size("LINES", 24);
    if (*out_columns > 1000) {
        *out_columns = 1000;
    }
    if (*out_rows > 1000) {
        *out_rows = 1000;
    }
}
