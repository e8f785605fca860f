/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials from options, standard input and the terminal.
 *
 * Knows: terminals, signals. Does not know: registries.
 * Threads: main.
 */
#include "login.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "report.h"
#include "text.h"

/* Longest password, its line end included: tokens used as passwords have some thousand characters.
 */
#define PASSWORD_MAX 65536

/* Signals that end a prompt; the terminal must have its echo back first. */
static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

#define ENDING_COUNT (sizeof ending_signals / sizeof ending_signals[0])

static volatile sig_atomic_t caught_signal;

static void on_signal(int number)
{
    caught_signal = number;
}

/* Read one line into buf. Returns: its length without the line end; -1: the end of the file before
 * any byte, an error, too long, or a signal. */
static ssize_t read_line(int fd, char *buf, size_t capacity)
{
    size_t length = 0;

    for (;;) {
        char byte;
        const ssize_t count = read(fd, &byte, 1); /* consume no byte beyond the line */

        if (count < 0 && errno == EINTR && caught_signal == 0) {
            continue;
        }
        if (count < 0 || (count == 0 && length == 0)) {
            return -1;
        }
        if (count == 0 || byte == '\n') {
            break;
        }
        if (length + 1 >= capacity) {
            return -1;
        }
        buf[length++] = byte;
    }
    if (length > 0 && buf[length - 1] == '\r') {
        length--;
    }
    buf[length] = '\0';
    return (ssize_t)length;
}

/* Ask on the terminal. Returns: as read_line. */
static ssize_t prompt(int tty, const char *user, char *buf, size_t capacity)
{
    struct sigaction before[ENDING_COUNT];
    const struct sigaction action = {.sa_handler = on_signal}; /* without SA_RESTART: read ends */
    struct termios shown;
    struct termios hidden;
    struct text question = {0};
    char escaped[512];
    ssize_t length;

    if (tcgetattr(tty, &shown) != 0) {
        return -1;
    }
    caught_signal = 0;
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        (void)sigaction(ending_signals[i], &action, &before[i]);
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    (void)tcsetattr(tty, TCSAFLUSH, &hidden);
    (void)tug_text_escape(escaped, sizeof escaped, user, strlen(user));
    text_printf(&question, "Password for %s: ", escaped);
    (void)text_write_all(tty, question.data, question.length);
    text_fini(&question);
    length = read_line(tty, buf, capacity);
    (void)tcsetattr(tty, TCSAFLUSH, &shown);
    (void)text_write_all(tty, "\n", 1);
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        (void)sigaction(ending_signals[i], &before[i], NULL);
    }
    if (caught_signal != 0) {
        (void)raise(caught_signal);
    }
    return length;
}

/* Get the password of --user. Returns: 0, or the exit status. */
static int ask_password(struct settings *settings, const char *command)
{
    char *const buf = malloc(PASSWORD_MAX);
    ssize_t length = -1;
    int tty = -1;

    if (buf == NULL) {
        return report_no_memory();
    }
    if (settings->login.wants_stdin_password) {
        length = read_line(STDIN_FILENO, buf, PASSWORD_MAX);
    } else {
        tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (tty >= 0) {
            length = prompt(tty, settings->login.user, buf, PASSWORD_MAX);
            (void)close(tty);
        }
    }
    if (length >= 0) {
        settings->login.password = strdup(buf);
    }
    explicit_bzero(buf, PASSWORD_MAX);
    free(buf);
    if (caught_signal != 0) {
        return 128 + caught_signal; /* it is ignored, or we would not be here */
    }
    if (length < 0) {
        return settings->login.wants_stdin_password
                   ? report_usage(command, "--password-stdin: no password on stdin")
                   : report_usage(command,
                                  "--user: no password, and no terminal to ask for it: use "
                                  "--password-stdin");
    }
    if (settings->login.password == NULL) {
        return report_no_memory();
    }
    return 0;
}

static bool reads_stdin(const struct settings *settings)
{
    for (size_t i = 0; i < settings->common.input_count; i++) {
        if (settings->common.inputs[i].is_file &&
            strcmp(settings->common.inputs[i].text, "-") == 0) {
            return true;
        }
    }
    return false;
}

/* Check values that conflict; option_rules.c checks conflicting options. Returns: 0, or the exit
 * status. */
static int check(const struct settings *settings, const char *command)
{
    if (settings->login.wants_stdin_password && settings->login.password != NULL) {
        return report_usage(command, "--password-stdin has no effect: --user has a password");
    }
    if (settings->login.wants_stdin_password && reads_stdin(settings)) {
        return report_usage(command, "--password-stdin and --from-file - both read stdin");
    }
    return 0;
}

int login_prepare(struct settings *settings, const char *command)
{
    int status = check(settings, command);

    if (status != 0) {
        return status;
    }
    if (settings->login.has_shown_secret && settings->common.verbosity >= 0) {
        report_warning("other users can read a secret on the command line: use "
                       "--password-stdin, --authfile or 'docker login'");
    }
    if (settings->login.has_shown_proxy && settings->common.verbosity >= 0) {
        report_warning("other users can read a password in --proxy: set http_proxy or "
                       "https_proxy in the environment instead");
    }
    if (settings->login.user != NULL && settings->login.password == NULL &&
        settings->common.input_count > 0) {
        status = ask_password(settings, command);
    }
    settings->run.user = settings->login.user;
    settings->run.password = settings->login.password;
    settings->run.refresh_token = settings->login.refresh_token;
    return status;
}
