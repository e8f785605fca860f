/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake registry's life: listening, one thread per connection, stopping.
 * Knows: sockets and threads. Does not know: HTTP, content.
 * Threads: the acceptor's and the connections' run here; the rest is called by the test.
 */
#include "fake_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char bad_request[] =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/* Answer requests until the connection ends. */
static void serve(struct fake_connection *connection)
{
    struct fake_registry *const registry = connection->registry;
    for (bool goes_on = true; goes_on;) {
        struct fake_head head = {0};
        const enum fake_read read = fake_request_read(connection, &head);
        if (read == FAKE_READ_BAD) {
            send(connection->fd, bad_request, sizeof(bad_request) - 1, MSG_NOSIGNAL);
        }
        if (read != FAKE_READ_OK) {
            return;
        }
        const struct fake_rule_node *node = NULL;
        struct fake_entry *const entry =
            fake_record_begin(registry, connection->number, &head, &node);
        goes_on = fake_send_answer(connection, &head, node, entry);
        fake_record_finish(registry, entry);
    }
}

static void *run_connection(void *argument)
{
    struct fake_connection *const connection = argument;
    struct fake_registry *const registry = connection->registry;
    connection->in = fake_alloc(FAKE_REQUEST_MAX_BYTES * 2);
    connection->piece = fake_alloc(FAKE_PIECE_BYTES);
    serve(connection);
    free(connection->in);
    free(connection->piece);
    pthread_mutex_lock(&registry->lock);
    close(connection->fd);
    connection->fd = -1;
    pthread_mutex_unlock(&registry->lock);
    fake_record_closed(registry);
    pthread_mutex_lock(&registry->lock);
    connection->is_finished = true;
    pthread_mutex_unlock(&registry->lock);
    return NULL;
}

/* Take one finished connection, or with all any one, out of the list. */
static struct fake_connection *take_connection(struct fake_registry *registry, bool all)
{
    struct fake_connection *taken = NULL;
    pthread_mutex_lock(&registry->lock);
    for (struct fake_connection **at = &registry->connections; *at != NULL; at = &(*at)->next) {
        if (all || (*at)->is_finished) {
            taken = *at;
            *at = taken->next;
            break;
        }
    }
    pthread_mutex_unlock(&registry->lock);
    return taken;
}

static void join_connections(struct fake_registry *registry, bool all)
{
    struct fake_connection *connection;
    while ((connection = take_connection(registry, all)) != NULL) {
        pthread_join(connection->thread, NULL);
        free(connection);
    }
}

/*
 * Connections that the client has not closed. One it closed before it made another is not
 * counted, even if its thread has not noticed yet, so that the most ever open is exact.
 */
static unsigned count_open(struct fake_registry *registry)
{
    unsigned count = 0;
    pthread_mutex_lock(&registry->lock);
    for (const struct fake_connection *at = registry->connections; at != NULL; at = at->next) {
        struct pollfd on = {.fd = at->fd, .events = POLLRDHUP};
        if (at->fd >= 0 && poll(&on, 1, 0) == 0) {
            count++;
        }
    }
    pthread_mutex_unlock(&registry->lock);
    return count;
}

static void start_connection(struct fake_registry *registry, int fd)
{
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    fake_record_opened(registry, count_open(registry) + 1);
    struct fake_connection *const connection = fake_alloc(sizeof(*connection));
    connection->registry = registry;
    connection->fd = fd;
    pthread_mutex_lock(&registry->lock);
    connection->number = ++registry->connection_count;
    const int error = pthread_create(&connection->thread, NULL, run_connection, connection);
    if (error != 0) {
        fake_die("no thread for a connection: %s", strerror(error));
    }
    connection->next = registry->connections;
    registry->connections = connection;
    pthread_mutex_unlock(&registry->lock);
}

static void refuse_connection(struct fake_registry *registry, int fd, enum fake_refuse refuse)
{
    fake_record_opened(registry, 1);
    if (refuse == FAKE_REFUSE_ACCEPT_RST) {
        fake_send_reset(fd, false);
    }
    pthread_mutex_lock(&registry->lock);
    registry->connection_count++;
    pthread_mutex_unlock(&registry->lock);
    close(fd);
    fake_record_closed(registry);
}

static bool is_stopping(struct fake_registry *registry)
{
    pthread_mutex_lock(&registry->lock);
    const bool stopping = registry->is_stopping;
    pthread_mutex_unlock(&registry->lock);
    return stopping;
}

static void *run_acceptor(void *argument)
{
    struct fake_registry *const registry = argument;
    for (;;) {
        const int fd = accept4(registry->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        const int error = errno;
        if (is_stopping(registry)) {
            if (fd >= 0) {
                close(fd);
            }
            return NULL;
        }
        join_connections(registry, false);
        if (fd < 0) {
            if (error != ECONNABORTED && error != EINTR) {
                fake_die("cannot accept: %s", strerror(error));
            }
            continue;
        }
        pthread_mutex_lock(&registry->lock);
        const struct fake_rule_node *const node = fake_rule_pick_locked(registry, NULL);
        pthread_mutex_unlock(&registry->lock);
        if (node != NULL) {
            refuse_connection(registry, fd, node->rule.refuse);
        } else {
            start_connection(registry, fd);
        }
    }
}

static void start_listening(struct fake_registry *registry, const char *address)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(registry->options.port)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    const int send_buffer = registry->options.send_buffer_bytes; /* connections inherit it */
    if (send_buffer > 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer)) != 0) {
        fake_die("cannot set a buffer: %m");
    }
    if (fd < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 1024) != 0) {
        fake_die("cannot listen on %s: %m", address);
    }
    socklen_t size = sizeof(at);
    if (getsockname(fd, (struct sockaddr *)&at, &size) != 0) {
        fake_die("no address: %m");
    }
    registry->listen_fd = fd;
    registry->port = ntohs(at.sin_port);
    snprintf(registry->host, sizeof(registry->host), "%s:%u", address, registry->port);
    snprintf(registry->url, sizeof(registry->url), "http://%s", registry->host);
}

struct fake_registry *fake_registry_create(const struct fake_options *options)
{
    struct fake_registry *const registry = fake_alloc(sizeof(*registry));
    const char *address = "127.0.0.1";
    if (options != NULL) {
        registry->options = *options;
        address = options->address != NULL ? options->address : address;
    }
    registry->options.address = NULL; /* borrowed */
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&registry->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&registry->lock, NULL);
    start_listening(registry, address);
    /* Signals are for the test's own threads; SIGPIPE would come from sendfile(). */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&registry->acceptor, NULL, run_acceptor, registry);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        fake_die("no thread: %s", strerror(error));
    }
    return registry;
}

void fake_registry_drop_connections(struct fake_registry *registry)
{
    pthread_mutex_lock(&registry->lock);
    for (struct fake_connection *at = registry->connections; at != NULL; at = at->next) {
        if (at->fd >= 0) {
            shutdown(at->fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&registry->lock);
}

void fake_registry_stop(struct fake_registry *registry)
{
    pthread_mutex_lock(&registry->lock);
    const bool was_stopping = registry->is_stopping;
    registry->is_stopping = true;
    pthread_mutex_unlock(&registry->lock);
    if (was_stopping) {
        return;
    }
    shutdown(registry->listen_fd, SHUT_RDWR);
    pthread_join(registry->acceptor, NULL);
    close(registry->listen_fd);
    fake_registry_drop_connections(registry);
    join_connections(registry, true);
}

void fake_registry_destroy(struct fake_registry *registry)
{
    if (registry == NULL) {
        return;
    }
    fake_registry_stop(registry);
    fake_content_fini(registry);
    fake_rule_fini(registry);
    fake_record_fini(registry);
    pthread_cond_destroy(&registry->changed);
    pthread_mutex_destroy(&registry->lock);
    free(registry);
}

uint16_t fake_registry_port(const struct fake_registry *registry)
{
    return registry->port;
}

const char *fake_registry_host(const struct fake_registry *registry)
{
    return registry->host;
}

const char *fake_registry_url(const struct fake_registry *registry)
{
    return registry->url;
}
