/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door of the mini server: a program answers HTTP requests one after the other with text that
 * a function makes, and writes down every request. For helpers of the tests that decide too much
 * for a rule of the fake registry.
 *
 * Knows: sockets, the fake registry's request reader. Does not know: what is asked for.
 */
#ifndef MINI_SERVER_H
#define MINI_SERVER_H

#include <stddef.h>

/* One request; all text is borrowed for the call. */
struct mini_request {
    const char *method;
    const char *target;  /* path and query as sent */
    const char *headers; /* "Name: value\r\n" lines */
    const char *body;
};

/* What a request gets. */
struct mini_answer {
    int status;
    char *headers; /* owned by the answer: "Name: value\r\n" lines; NULL: none */
    char *body;    /* owned by the answer; NULL: empty */
    char *reason;  /* owned by the answer: what follows the status; NULL: "Answer" */
};

/* Decide an answer. ctx: as given to mini_server_run(). Threads: the caller's of that. */
typedef struct mini_answer (*mini_answer_fn)(const struct mini_request *request, void *ctx);

/* Where to listen and write; all text is borrowed for the call. */
struct mini_options {
    const char *address;   /* IPv4; NULL: 127.0.0.1 */
    unsigned port;         /* 0: any free one */
    const char *port_file; /* receives the port once it listens */
    const char *log;       /* receives each request with its headers and body; NULL: none */
};

/*
 * Serve until SIGTERM or SIGINT ends the process; each connection gets one answer and is closed.
 * Errors: prints one line on stderr and aborts when it cannot listen or write.
 * Threads: one, the caller's. Blocks: for ever.
 */
_Noreturn void mini_server_run(const struct mini_options *options, mini_answer_fn answer,
                               void *ctx);

/* Owned text; never NULL. */
char *mini_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Find a value in "a=1&b=2" text and undo its percent escapes ('+' is a blank).
 * nth: from 0 on, of the values of that name.
 * Returns: owned; NULL when there is none.
 */
char *mini_form_value(const char *form, const char *name, size_t nth);

/* Append bytes to a file as one line of text; aborts when it cannot. path: NULL does nothing. */
void mini_append_line(const char *path, const char *line);

#endif
