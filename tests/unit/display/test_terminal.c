/* SPDX-License-Identifier: Apache-2.0
 *
 * What standard error is connected to: here a pseudo terminal or a file.
 */
#include "display/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <criterion/criterion.h>

/* Put a pseudo terminal of that size in the place of standard error. */
static void use_terminal(unsigned short columns, unsigned short rows)
{
    const struct winsize size = {.ws_col = columns, .ws_row = rows};
    const int control = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    int fd;

    cr_assert_geq(control, 0);
    cr_assert_eq(grantpt(control), 0);
    cr_assert_eq(unlockpt(control), 0);
    fd = open(ptsname(control), O_RDWR | O_NOCTTY | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(ioctl(fd, TIOCSWINSZ, &size), 0);
    cr_assert_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
}

static void use_file(void)
{
    const int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

    cr_assert_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
}

Test(display_terminal, draws_on_able_terminals_only)
{
    use_terminal(80, 24);
    cr_assert_eq(setenv("TERM", "xterm", 1), 0);
    cr_assert(terminal_can_draw());
    cr_assert_eq(setenv("TERM", "dumb", 1), 0);
    cr_assert_not(terminal_can_draw());
    cr_assert_eq(setenv("TERM", "", 1), 0);
    cr_assert_not(terminal_can_draw());
    cr_assert_eq(unsetenv("TERM"), 0);
    cr_assert_not(terminal_can_draw());
    use_file();
    cr_assert_eq(setenv("TERM", "xterm", 1), 0);
    cr_assert_not(terminal_can_draw());
}

Test(display_terminal, colour_is_asked_for_or_fits)
{
    use_terminal(80, 24);
    cr_assert_eq(setenv("TERM", "xterm", 1), 0);
    cr_assert_eq(unsetenv("NO_COLOR"), 0);
    cr_assert(terminal_has_color(COLOR_AUTO));
    cr_assert_not(terminal_has_color(COLOR_NEVER));
    cr_assert_eq(setenv("NO_COLOR", "", 1), 0);
    cr_assert(terminal_has_color(COLOR_AUTO), "an empty NO_COLOR says nothing");
    cr_assert_eq(setenv("NO_COLOR", "1", 1), 0);
    cr_assert_not(terminal_has_color(COLOR_AUTO));
    cr_assert(terminal_has_color(COLOR_ALWAYS));
    use_file();
    cr_assert_eq(unsetenv("NO_COLOR"), 0);
    cr_assert_not(terminal_has_color(COLOR_AUTO));
}

static void expect_size(unsigned columns, unsigned rows)
{
    unsigned found_columns = 0;
    unsigned found_rows = 0;

    terminal_size(&found_columns, &found_rows);
    cr_assert_eq(found_columns, columns, "%u columns", found_columns);
    cr_assert_eq(found_rows, rows, "%u rows", found_rows);
}

Test(display_terminal, size_is_asked_then_told_then_guessed)
{
    cr_assert_eq(setenv("COLUMNS", "77", 1), 0);
    cr_assert_eq(setenv("LINES", "33", 1), 0);
    use_terminal(100, 50);
    expect_size(100, 50);
    use_terminal(20000, 30000);
    expect_size(1000, 1000);
    use_terminal(0, 0);
    expect_size(77, 33);
    use_file();
    expect_size(77, 33);
    cr_assert_eq(setenv("COLUMNS", "0", 1), 0);
    cr_assert_eq(setenv("LINES", "x", 1), 0);
    expect_size(80, 24);
    cr_assert_eq(unsetenv("COLUMNS"), 0);
    cr_assert_eq(unsetenv("LINES"), 0);
    expect_size(80, 24);
}

Test(display_terminal, closed_descriptors_are_filled)
{
    const int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);

    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    (void)close(STDERR_FILENO);
    cr_assert(terminal_guard_descriptors());
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        cr_assert_neq(fcntl(fd, F_GETFD), -1);
        cr_assert_eq(write(fd, "x", 1), -1, "descriptor %d takes data", fd);
    }
    (void)dup2(saved, STDERR_FILENO);
}
