/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the self-test share: a check that ends the program, and a small HTTP client
 * that takes answers apart without believing them.
 */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_registry.h"

/* Longest wait for anything; never reached by a test that passes. */
#define TEST_WAIT_MS 60000

#define CHECK(fact)                                                                                \
    do {                                                                                           \
        if (!(fact)) {                                                                             \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #fact);                   \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* How an answer ended. */
enum client_end {
    CLIENT_COMPLETE = 0, /* as its head announced */
    CLIENT_CLOSED,       /* the server closed too early */
    CLIENT_RESET,        /* the server reset the connection */
    CLIENT_SILENT        /* nothing came any more */
};

/* One answer. */
struct client_reply {
    int status; /* 0: there was no head */
    char headers[16384];
    char *body; /* owned; what came of it, chunks put together */
    size_t len;
    enum client_end end;
};

/* Connect. Returns: a socket, to be closed. */
int client_connect(struct fake_registry *registry);

/* Send "METHOD PATH HTTP/1.1" with more header lines ("Name: value\r\n", or NULL). */
void client_send(int fd, const char *method, const char *path, const char *headers);

/* Read one answer, waiting at most silence_ms for each piece; free with client_free(). */
void client_read(int fd, const char *method, unsigned silence_ms, struct client_reply *out_reply);

/* Send and read, waiting as long as TEST_WAIT_MS. Returns: the status. */
int client_ask(int fd, const char *method, const char *path, const char *headers,
               struct client_reply *out_reply);

/* Connect, GET, close. Returns: the status. */
int client_get(struct fake_registry *registry, const char *path, const char *headers,
               struct client_reply *out_reply);

/* Is a header there with exactly this value? value NULL: is it there at all? */
bool client_has(const struct client_reply *reply, const char *name, const char *value);

void client_free(struct client_reply *reply);

/* The tests of each file. */
void test_faults(void);
void test_timing(void);
void test_tools(void);

#endif
