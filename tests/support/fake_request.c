/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one HTTP request from a connection.
 * Knows: the connection's buffer. Does not know: what is asked for. Threads: the connection's.
 */
#include "fake_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* Append what arrives to the buffer. Returns: false at its end, at an error and when it is full. */
static bool receive(struct fake_connection *connection)
{
    const size_t room = FAKE_REQUEST_MAX_BYTES * 2 - connection->in_len;
    if (room == 0) {
        return false;
    }
    ssize_t got;
    do {
        got = recv(connection->fd, connection->in + connection->in_len, room, 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return false;
    }
    connection->in_len += (size_t)got;
    return true;
}

static void drop_used(struct fake_connection *connection)
{
    connection->in_len -= connection->in_used;
    memmove(connection->in, connection->in + connection->in_used, connection->in_len);
    connection->in_used = 0;
}

/* "METHOD TARGET HTTP/1.x": end each part with a NUL. */
static bool split_request_line(char *line, struct fake_head *head)
{
    char *const first = strchr(line, ' ');
    char *const second = first != NULL ? strchr(first + 1, ' ') : NULL;
    if (second == NULL || first == line || strncmp(second + 1, "HTTP/1.", 7) != 0) {
        return false;
    }
    *first = '\0';
    *second = '\0';
    head->method = line;
    head->path = first + 1;
    head->is_last = second[8] == '0';
    return true;
}

/* Returns: the size of the request's body; SIZE_MAX when it cannot be known or is too large. */
static size_t body_size(const char *headers)
{
    size_t len = 0;
    if (fake_header_find(headers, "Transfer-Encoding", &len) != NULL) {
        return SIZE_MAX;
    }
    const char *const value = fake_header_find(headers, "Content-Length", &len);
    if (value == NULL) {
        return 0;
    }
    const unsigned long long size = strtoull(value, NULL, 10);
    return size < FAKE_REQUEST_MAX_BYTES ? (size_t)size : SIZE_MAX;
}

enum fake_read fake_request_read(struct fake_connection *connection, struct fake_head *out_head)
{
    drop_used(connection);
    char *end = NULL;
    while ((end = memmem(connection->in, connection->in_len, "\r\n\r\n", 4)) == NULL) {
        if (connection->in_len >= FAKE_REQUEST_MAX_BYTES) {
            return FAKE_READ_BAD;
        }
        if (!receive(connection)) {
            return FAKE_READ_END;
        }
        if (connection->in[0] < 'A' || connection->in[0] > 'z') {
            return FAKE_READ_BAD; /* no method: a TLS client, say; it must not wait for an answer */
        }
    }
    char *const line_end = memmem(connection->in, connection->in_len, "\r\n", 2);
    const size_t head_size = (size_t)(end - connection->in) + 4;
    out_head->headers = line_end + 2;
    *line_end = '\0';
    end[2] = '\0'; /* the headers keep their last line's end */
    const size_t size = body_size(out_head->headers);
    if (!split_request_line(connection->in, out_head) || size == SIZE_MAX) {
        return FAKE_READ_BAD;
    }
    while (connection->in_len < head_size + size) {
        if (!receive(connection)) {
            return FAKE_READ_END;
        }
    }
    out_head->body = end + 3; /* moved by one, for a NUL behind it */
    memmove(out_head->body, connection->in + head_size, size);
    out_head->body[size] = '\0';
    size_t len = 0;
    const char *const wish = fake_header_find(out_head->headers, "Connection", &len);
    out_head->is_last =
        out_head->is_last || (wish != NULL && len == 5 && strncasecmp(wish, "close", 5) == 0);
    connection->in_used = head_size + size;
    return FAKE_READ_OK;
}
