/* SPDX-License-Identifier: Apache-2.0
 *
 * The error value that every fallible tug function fills.
 */
#ifndef TUG_ERROR_H
#define TUG_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Kinds of failure, by what the caller can do about them. Zero is success; values are stable. */
enum tug_status {
    TUG_OK = 0,
    TUG_ERR_INVALID_ARGUMENT, /* a reference, platform or option the caller must correct */
    TUG_ERR_NO_MEMORY,        /* an allocation failed, or no thread or descriptor is available */
    TUG_ERR_STORE,            /* the store: I/O error, disk full, no permission, not a store */
    TUG_ERR_NETWORK,          /* name lookup, connection, TLS or server failure; may pass */
    TUG_ERR_TIMEOUT,          /* the run's deadline (options.timeout_ms) has passed */
    TUG_ERR_AUTH,             /* the registry denied access */
    TUG_ERR_NOT_FOUND,        /* no such repository, tag, digest or platform */
    TUG_ERR_RATE_LIMITED,     /* 429 after all retries, or a wait over retry_max_wait_ms */
    TUG_ERR_CONTENT,          /* wrong digest or size, or a malformed document */
    TUG_ERR_UNSUPPORTED, /* content of a kind tug does not fetch (schema 1); an option it does not
                            know */
    TUG_ERR_TOO_LARGE,   /* over a limit that protects memory or disk */
    TUG_ERR_CONFIG,      /* a configuration file, credential file or certificate file */
    TUG_ERR_CANCELLED,   /* tug_fetch_cancel() was called; partial downloads are kept */
    TUG_ERR_BUSY,        /* another process holds a resource that is needed */
    TUG_ERR_INTERNAL,    /* a bug in tug: please report the message */
};

/* Capacity of tug_error.message, terminating NUL included. */
#define TUG_ERROR_MESSAGE_MAX 768

/* An error by value: fixed size, owned by the caller, copyable by assignment.
 * Zero-initialise it before the first call; functions fill it only when they fail. */
struct tug_error {
    enum tug_status code;
    int os_errno;      /* errno of the failing system call, 0 when there was none */
    int http_status;   /* HTTP status of the failing response, 0 when there was none */
    bool is_permanent; /* retrying is useless, whatever the code (e.g. a bad certificate) */
    /* One line, UTF-8, control characters escaped, no secret: what failed, then why, the
     * outermost context first. Truncated to the capacity. */
    char message[TUG_ERROR_MESSAGE_MAX];
};

/* Return the stable short name of a status, e.g. "not-found" ("ok" for TUG_OK).
 * Returns: static text, never NULL; "unknown" for a value outside the list.
 * Threads: any. Blocks: no. */
const char *tug_status_name(enum tug_status status);

/* Copy text in a form that a terminal or a log can show safely, on one line.
 * Control characters (C0, C1, DEL) become \xNN, other invisible characters \u{N}: blanks
 * other than the space, line and paragraph separators, format characters (bidirectional controls,
 * zero-width ones, soft hyphens), variation selectors, tags, fillers. Invalid UTF-8 bytes become
 * \xNN, a backslash is doubled.
 * dst: receives the NUL-terminated result, truncated before an escape or character that does not
 *      fit. capacity: bytes at dst, at least 1.
 * src: length bytes, need not be NUL-terminated, may be NULL when length is 0.
 * Returns: bytes written to dst, without the NUL.
 * Threads: any. Blocks: no. */
size_t tug_text_escape(char *dst, size_t capacity, const char *src, size_t length);

/* The initial value of a struct that begins with its size: the size, and zero for the rest. The
 * _INIT macros are made of it. */
#ifdef __cplusplus
extern "C++" {
template <typename type> inline type tug__sized()
{
    type value = type();

    value.size = sizeof value;
    return value;
}
}
#define TUG_SIZED(type) tug__sized<type>()
#else
#define TUG_SIZED(type)                                                                            \
    {                                                                                              \
        .size = sizeof(type)                                                                       \
    }
#endif

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
