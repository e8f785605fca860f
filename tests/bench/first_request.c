/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-first-request: how long a client takes from its start to its first request on the wire.
 *
 *     bench-first-request COUNT COMMAND…
 *
 * Listens on a free loopback port, starts the command (the word HOST in its arguments becomes
 * ADDRESS:PORT) and prints the milliseconds until the first byte of a request is there, COUNT
 * times. The request is not answered: the connection is closed and the command killed. Threads:
 * one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 10000

extern char **environ;

_Noreturn static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int open_listener(unsigned *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        fail("listen");
    }
    *out_port = ntohs(address.sin_port);
    return fd;
}

/* Put the address in place of HOST. */
static void name_host(char **command, unsigned port)
{
    for (char **word = command; *word != NULL; word++) {
        const char *const place = strstr(*word, "HOST");
        char *text = NULL;

        if (place == NULL) {
            continue;
        }
        if (asprintf(&text, "%.*s127.0.0.1:%u%s", (int)(place - *word), *word, port, place + 4) <
            0) {
            fail("memory");
        }
        *word = text;
    }
}

static void wait_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    if (poll(&poll_fd, 1, WAIT_MS) != 1) {
        fail("no request came");
    }
}

/* Start the command once. Returns: milliseconds until its request. */
static double time_request(int listener, char **command)
{
    pid_t pid = 0;
    char byte;
    const double start_ms = now_ms();

    errno = posix_spawnp(&pid, command[0], NULL, NULL, command, environ);
    if (errno != 0) {
        fail(command[0]);
    }
    wait_readable(listener);
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    wait_readable(fd);
    if (recv(fd, &byte, 1, 0) != 1) {
        fail("recv");
    }
    const double took_ms = now_ms() - start_ms;
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    (void)close(fd);
    return took_ms;
}

int main(int argc, char **argv)
{
    unsigned port = 0;

    if (argc < 3) {
        fputs("usage: bench-first-request COUNT COMMAND...\n", stderr);
        return 2;
    }
    for (long count = atol(argv[1]); count > 0; count--) {
        /* A listener for each: what a killed client left in the queue must not count. */
        const int listener = open_listener(&port);
        char **const command = calloc((size_t)argc, sizeof *command);

        if (command == NULL) {
            fail("memory");
        }
        memcpy(command, argv + 2, (size_t)(argc - 2) * sizeof *command);
        name_host(command, port);
        printf("%.2f\n", time_request(listener, command));
        free(command);
        (void)close(listener);
    }
    return 0;
}
