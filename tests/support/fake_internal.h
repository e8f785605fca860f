/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the fake registry share: its structures and the calls between them.
 *
 * One lock guards everything that changes. Content and rules never change once added and are
 * freed by destroy only, so a pointer found under the lock stays good without it.
 */
#ifndef FAKE_INTERNAL_H
#define FAKE_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "fake_registry.h"

#define FAKE_BUCKET_COUNT 4096
#define FAKE_REQUEST_MAX_BYTES ((size_t)64 * 1024) /* a request's head, and its body */
#define FAKE_PIECE_BYTES ((size_t)128 * 1024)      /* content handed to the kernel at once */

enum fake_source { FAKE_MEMORY, FAKE_FILE, FAKE_GENERATED };

/* A blob or manifest; read-only once it is in the table. */
struct fake_content {
    struct fake_content *next; /* all content, for destroy */
    enum fake_source source;
    uint64_t size_bytes;
    uint64_t seed; /* FAKE_GENERATED */
    char *data;    /* FAKE_MEMORY: owned; FAKE_FILE: its path */
    char *media_type;
    char digest[FAKE_DIGEST_SIZE];
};

/* One name of some content: kind, repository ("" for all), digest or tag. */
struct fake_name {
    struct fake_name *next; /* in its bucket */
    const struct fake_content *content;
    char key[]; /* "KIND REPO TEXT", see fake_content_find() */
};

struct fake_rule_node {
    struct fake_rule_node *next;
    struct fake_rule rule; /* read-only; its text is owned below */
    void *owned[16];
    size_t owned_count;
    int id;
    int hold_fd; /* an eventfd, readable once released; -1: no hold */
    unsigned seen;
    unsigned hits;
    bool is_removed;
};

/* One request in the record. The text is read-only; the rest is under the lock. */
struct fake_entry {
    struct fake_request request;
    bool is_blob;
    bool is_kept; /* in the record; else freed when it is over */
    char text[];
};

struct fake_connection {
    /* set at create */
    struct fake_registry *registry;
    unsigned number;
    pthread_t thread;
    /* under the lock */
    struct fake_connection *next;
    int fd; /* written by its thread only; -1: closed */
    bool is_finished;
    /* its thread only */
    char *in; /* FAKE_REQUEST_MAX_BYTES * 2 bytes */
    size_t in_len;
    size_t in_used; /* of it, by the request being answered */
    char *piece;    /* FAKE_PIECE_BYTES */
};

struct fake_registry {
    /* set at create, then read-only */
    struct fake_options options;
    int listen_fd;
    uint16_t port;
    char host[64];
    char url[80];
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* anything in totals or the record changed */
    /* under the lock */
    bool is_stopping;
    struct fake_connection *connections;
    struct fake_content *content;
    struct fake_name *names[FAKE_BUCKET_COUNT];
    struct fake_rule_node *rules;
    int rule_count;
    struct fake_entry **entries;
    size_t entry_count;
    size_t entry_mark; /* entries before it are not found any more */
    size_t active_count;
    unsigned connection_count;
    struct fake_totals totals;
};

/* A request as read from a connection; the text lies in the connection's buffer. */
struct fake_head {
    char *method;
    char *path;
    char *headers; /* "Name: value\r\n" lines and a NUL */
    char *body;
    bool is_last; /* the client wants the connection closed after the answer */
};

enum fake_read { FAKE_READ_OK, FAKE_READ_END, FAKE_READ_BAD };

/* What will be sent, before the body's faults. */
struct fake_reply {
    const struct fake_content *content; /* NULL: text */
    const char *text;
    size_t text_len;
    char error[256];        /* what text may point to */
    const char *media_type; /* NULL: no Content-Type */
    const char *digest;     /* NULL: no Docker-Content-Digest */
    const char *error_code; /* for a JSON error */
    int status;
    bool is_blob;
    bool is_head;   /* no body, whatever the length says */
    bool has_range; /* the request asked for one and it is honoured */
    bool is_multipart;
    bool is_close;         /* the connection ends with this answer */
    uint64_t total;        /* size of the whole content */
    uint64_t first;        /* first byte sent */
    uint64_t length;       /* bytes sent */
    uint64_t asked_first;  /* what Content-Range says … */
    uint64_t asked_length; /* … even if the body is cut to less by FAKE_CUT_END */
    char prefix[256];      /* of the part, for multipart */
    char suffix[32];
};

/* fake_util.c: print one line on stderr and abort(). */
_Noreturn void fake_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Zeroed memory, owned; never NULL. */
void *fake_alloc(size_t size);
/* A copy with a NUL behind, owned; never NULL. */
char *fake_copy(const void *data, size_t len);
/* CLOCK_MONOTONIC. */
uint64_t fake_now_ns(void);
/* Does a request target match, with '^' and '$' as fake_rule.h says? */
bool fake_path_matches(const char *pattern, const char *path);
/* The value of the first header of that name, any case; borrowed from headers; NULL: none. */
const char *fake_header_find(const char *headers, const char *name, size_t *out_len);
/* Is name, any case, one of the items separated by commas? list may be NULL. */
bool fake_list_has(const char *list, const char *name);

/* fake_content.c: content by name; kind is 'b'lob, 'm'anifest or 't'ag. Takes the lock. */
const struct fake_content *fake_content_find(struct fake_registry *registry, char kind,
                                             const char *repo, const char *text);
/* A descriptor for fake_content_read(), to be closed; -1: none is needed. content may be NULL. */
int fake_content_open(const struct fake_content *content);
/* Copy len bytes from offset on; the range lies within the content. */
void fake_content_read(const struct fake_content *content, int fd, uint64_t offset, void *buf,
                       size_t len);
void fake_content_fini(struct fake_registry *registry);

/* fake_rule.c: the rule for a request or (head NULL) a new connection; NULL: none. */
const struct fake_rule_node *fake_rule_pick_locked(struct fake_registry *registry,
                                                   const struct fake_head *head);
void fake_rule_fini(struct fake_registry *registry);

/*
 * fake_record.c; none is called with the lock held. begin() picks the rule of a request (NULL:
 * none) and opens its entry, which its connection's thread uses until finish(); bytes() takes back
 * bytes with a negative count.
 */
struct fake_entry *fake_record_begin(struct fake_registry *registry, unsigned connection,
                                     const struct fake_head *head,
                                     const struct fake_rule_node **out_rule);
void fake_record_status(struct fake_registry *registry, struct fake_entry *entry, int status);
void fake_record_bytes(struct fake_registry *registry, struct fake_entry *entry, int64_t count);
void fake_record_finish(struct fake_registry *registry, struct fake_entry *entry);
void fake_record_opened(struct fake_registry *registry, unsigned open_count);
void fake_record_closed(struct fake_registry *registry);
void fake_record_fini(struct fake_registry *registry);

/* fake_request.c: read the next request; forgets the one before. Blocks until it is there. */
enum fake_read fake_request_read(struct fake_connection *connection, struct fake_head *out_head);

/* fake_reply.c: decide the answer, faults of status and range included. */
void fake_reply_make(struct fake_registry *registry, const struct fake_head *head,
                     const struct fake_rule *rule, struct fake_reply *out_reply);
/* fake_head.c: its status line and headers, owned text. May set reply->is_close. */
char *fake_head_text(struct fake_registry *registry, const struct fake_head *head,
                     const struct fake_rule *rule, struct fake_reply *reply);

/* fake_send.c: answer one request. Returns: whether the connection goes on. */
bool fake_send_answer(struct fake_connection *connection, const struct fake_head *head,
                      const struct fake_rule_node *node, struct fake_entry *entry);
/* fake_send.c: let the peer's kernel have all, then arrange that close() resets. */
void fake_send_reset(int fd, bool drain);

#endif
