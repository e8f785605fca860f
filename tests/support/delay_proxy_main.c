/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delay-proxy: a TCP proxy that holds back each direction for a time, as a long way does.
 *
 *     delay-proxy PORT MS        to 127.0.0.1:PORT; prints "listening on 127.0.0.1:PORT"
 *
 * Order and bandwidth stay. It does not imitate how TCP starts slowly over a long way.
 * Knows: sockets. Does not know: HTTP. Threads: for each connection and direction a reader and a
 * writer, with a queue between them. Ends with a signal.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)64 << 10)
/* More than comes within the delay at full speed. */
#define QUEUE_BYTES_MAX ((size_t)64 << 20)

struct piece {
    struct timespec due;
    size_t length; /* 0: the end */
    struct piece *next;
    char bytes[];
};

struct connection {
    int fds[2];
    atomic_int users; /* threads that have not ended */
};

struct direction {
    struct connection *connection;
    int from, to;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct piece *first, *last;
    size_t queued;
    bool is_broken; /* nobody takes any more */
};

static unsigned delay_ms;

_Noreturn static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void release(struct connection *connection)
{
    if (atomic_fetch_sub(&connection->users, 1) == 1) {
        close(connection->fds[0]);
        close(connection->fds[1]);
        free(connection);
    }
}

/* Queue a piece, waiting for room. Returns: false when nobody takes it; it is freed then. */
static bool push(struct direction *direction, struct piece *piece)
{
    bool is_taken;

    pthread_mutex_lock(&direction->lock);
    while (direction->queued > QUEUE_BYTES_MAX && !direction->is_broken) {
        pthread_cond_wait(&direction->changed, &direction->lock);
    }
    is_taken = !direction->is_broken;
    if (is_taken) {
        *(direction->first != NULL ? &direction->last->next : &direction->first) = piece;
        direction->last = piece;
        direction->queued += piece->length;
        pthread_cond_broadcast(&direction->changed);
    }
    pthread_mutex_unlock(&direction->lock);
    if (!is_taken) {
        free(piece);
    }
    return is_taken;
}

static struct piece *pop(struct direction *direction)
{
    struct piece *piece;

    pthread_mutex_lock(&direction->lock);
    while (direction->first == NULL) {
        pthread_cond_wait(&direction->changed, &direction->lock);
    }
    piece = direction->first;
    direction->first = piece->next;
    direction->queued -= piece->length;
    pthread_cond_broadcast(&direction->changed);
    pthread_mutex_unlock(&direction->lock);
    return piece;
}

static void *run_reader(void *argument)
{
    struct direction *const direction = argument;
    struct connection *const connection = direction->connection;
    bool is_end = false;

    while (!is_end) {
        struct piece *const piece = malloc(sizeof *piece + PIECE_BYTES);
        ssize_t count;

        if (piece == NULL) {
            fail("malloc");
        }
        count = recv(direction->from, piece->bytes, PIECE_BYTES, 0);
        is_end = count <= 0;
        piece->length = is_end ? 0 : (size_t)count;
        piece->next = NULL;
        clock_gettime(CLOCK_MONOTONIC, &piece->due);
        piece->due.tv_nsec += (long)delay_ms * 1000000;
        piece->due.tv_sec += piece->due.tv_nsec / 1000000000;
        piece->due.tv_nsec %= 1000000000;
        if (!push(direction, piece)) {
            is_end = true;
        }
    }
    release(connection);
    return NULL;
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* The direction is left to the end of the program: its reader may still be at it. */
static void *run_writer(void *argument)
{
    struct direction *const direction = argument;
    struct connection *const connection = direction->connection;
    bool is_end = false;

    while (!is_end) {
        struct piece *const piece = pop(direction);

        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &piece->due, NULL);
        is_end = piece->length == 0 || !send_all(direction->to, piece->bytes, piece->length);
        free(piece);
    }
    pthread_mutex_lock(&direction->lock);
    direction->is_broken = true;
    pthread_cond_broadcast(&direction->changed);
    pthread_mutex_unlock(&direction->lock);
    shutdown(direction->to, SHUT_WR);
    shutdown(direction->from, SHUT_RD);
    release(connection);
    return NULL;
}

static void start_thread(void *(*run)(void *), void *argument)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run, argument) != 0) {
        fail("pthread_create");
    }
    pthread_detach(thread);
}

static void start_connection(int client, const struct sockaddr_in *target)
{
    struct connection *const connection = calloc(1, sizeof *connection);
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;

    if (connection == NULL || server < 0 ||
        connect(server, (const struct sockaddr *)target, sizeof *target) != 0) {
        fail("connect");
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connection->fds[0] = client;
    connection->fds[1] = server;
    atomic_init(&connection->users, 4);
    for (int i = 0; i < 2; i++) {
        struct direction *const direction = calloc(1, sizeof *direction);

        if (direction == NULL) {
            fail("calloc");
        }
        direction->connection = connection;
        direction->from = connection->fds[i];
        direction->to = connection->fds[1 - i];
        pthread_mutex_init(&direction->lock, NULL);
        pthread_cond_init(&direction->changed, NULL);
        start_thread(run_reader, direction);
        start_thread(run_writer, direction);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in target = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in own = target;
    socklen_t size = sizeof own;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (argc != 3) {
        fprintf(stderr, "usage: delay-proxy PORT MS\n");
        return 2;
    }
    target.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    delay_ms = (unsigned)strtoul(argv[2], NULL, 10);
    signal(SIGPIPE, SIG_IGN);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0 || listen(fd, 256) != 0 ||
        getsockname(fd, (struct sockaddr *)&own, &size) != 0) {
        fail("listen");
    }
    printf("listening on 127.0.0.1:%u\n", ntohs(own.sin_port));
    fflush(stdout);
    for (;;) {
        const int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

        if (client < 0) {
            fail("accept");
        }
        start_connection(client, &target);
    }
}
