/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server for helper programs: accept, read one request, answer, write it down, close.
 * Knows: sockets, the request reader. Does not know: what is asked for. Threads: one.
 */
#include "mini_server.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "fake_internal.h"

char *mini_text(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        fake_die("no memory for text");
    }
    va_end(args);
    return text;
}

static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *const place = digit != '\0' ? strchr(digits, digit | 0x20) : NULL;
    return place != NULL ? (int)(place - digits) : -1;
}

/* Undo percent escapes in place. */
static char *decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        const int high = *from == '%' ? hex_digit(from[1]) : -1;
        const int low = high >= 0 ? hex_digit(from[2]) : -1;
        if (low >= 0) {
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = *from == '+' ? ' ' : *from;
        }
    }
    *to = '\0';
    return text;
}

char *mini_form_value(const char *form, const char *name, size_t nth)
{
    const size_t name_len = strlen(name);
    while (*form != '\0') {
        const size_t len = strcspn(form, "&");
        if (len > name_len && strncmp(form, name, name_len) == 0 && form[name_len] == '=' &&
            nth-- == 0) {
            return decode(fake_copy(form + name_len + 1, len - name_len - 1));
        }
        form += len + (form[len] == '&' ? 1 : 0);
    }
    return NULL;
}

void mini_append_line(const char *path, const char *line)
{
    if (path == NULL) {
        return;
    }
    FILE *const file = fopen(path, "ae");
    if (file == NULL || fprintf(file, "%s\n", line) < 0 || fclose(file) != 0) {
        fake_die("cannot write '%s'", path);
    }
}

static int listen_on(const char *address, unsigned port, unsigned *out_port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof(name);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (inet_pton(AF_INET, address != NULL ? address : "127.0.0.1", &name.sin_addr) != 1 ||
        fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
        fake_die("cannot listen on '%s'", address != NULL ? address : "127.0.0.1");
    }
    *out_port = ntohs(name.sin_port);
    return fd;
}

/* Readers see the whole port or no file. */
static void write_port(const char *path, unsigned port)
{
    char *const temporary = mini_text("%s.tmp", path);
    char *const text = mini_text("%u", port);
    mini_append_line(temporary, text);
    if (rename(temporary, path) != 0) {
        fake_die("cannot write '%s'", path);
    }
    free(text);
    free(temporary);
}

static void send_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        const ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        text += sent;
        left -= (size_t)sent;
    }
}

static void answer_one(struct fake_connection *connection, const struct mini_options *options,
                       mini_answer_fn answer, void *ctx)
{
    struct fake_head head;
    if (fake_request_read(connection, &head) != FAKE_READ_OK) {
        return;
    }
    const struct mini_request request = {head.method, head.path, head.headers, head.body};
    struct mini_answer reply = answer(&request, ctx);
    const uint64_t now_ms = fake_now_ns() / 1000000U;
    char *const line =
        mini_text("request ms=%" PRIu64 " %s %s status=%d\n%s\n%s", now_ms, request.method,
                  request.target, reply.status, request.headers, request.body);
    mini_append_line(options->log, line); /* before the answer: who has that finds this */
    const char *const body = reply.body != NULL ? reply.body : "";
    char *const text = mini_text("HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n"
                                 "Connection: close\r\n%s\r\n%s",
                                 reply.status, reply.reason != NULL ? reply.reason : "Answer",
                                 strlen(body), reply.headers != NULL ? reply.headers : "",
                                 strcmp(request.method, "HEAD") == 0 ? "" : body);
    send_all(connection->fd, text);
    free(text);
    free(line);
    free(reply.reason);
    free(reply.headers);
    free(reply.body);
}

void mini_server_run(const struct mini_options *options, mini_answer_fn answer, void *ctx)
{
    unsigned port = 0;
    const int listen_fd = listen_on(options->address, options->port, &port);
    struct fake_connection connection = {.in = fake_alloc(FAKE_REQUEST_MAX_BYTES * 2)};
    signal(SIGPIPE, SIG_IGN);
    write_port(options->port_file, port);
    for (;;) {
        connection.fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (connection.fd < 0) {
            continue;
        }
        /* A client that says nothing must not keep the others waiting. */
        const struct timeval patience = {.tv_sec = 2};
        setsockopt(connection.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        connection.in_len = 0;
        connection.in_used = 0;
        answer_one(&connection, options, answer, ctx);
        close(connection.fd);
    }
}
