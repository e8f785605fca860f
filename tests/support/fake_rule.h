/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripted faults of the fake registry: which requests, and what is done to their answers.
 *
 * A rule is written with designated initialisers and zero always means "don't":
 *
 *     fake_rule_add(reg, &(struct fake_rule){.match.path = "/blobs/", .match.times = 1,
 *                                            .body.cut = FAKE_CUT_RST, .body.cut_at_bytes = 1000});
 *
 * Rules are tried in the order they were added. The first one that matches and is within its
 * skip/times window decides; later rules do not see that request. So {times 1, status 429},
 * {times 1, status 503} answers 429, then 503, then as usual.
 *
 * A token service: one rule with .match.without_header = "Authorization: Bearer t1",
 * .match.path = "^/v2/", .answer.status = 401, .answer.headers =
 * "WWW-Authenticate: Bearer realm=\"{base}/token\"\r\n", one with .match.path = "^/token",
 * .answer.body = "{\"token\":\"t1\"}".
 *
 * Paths, here and in fake_record.h, match as substrings of the request target (query included);
 * a leading '^' ties them to its beginning, a trailing '$' to its end. NULL matches everything.
 */
#ifndef FAKE_RULE_H
#define FAKE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_registry;

/* For body.extra_bytes: never end. Needs body.chunked, else the body has no Content-Length. */
#define FAKE_ENDLESS UINT64_MAX

/* Instead of an answer. */
enum fake_refuse {
    FAKE_REFUSE_NONE = 0,
    FAKE_REFUSE_CLOSE,     /* read the request, close the connection */
    FAKE_REFUSE_RST,       /* read the request, reset the connection */
    FAKE_REFUSE_ACCEPT,    /* close each new connection unread; match: skip and times only */
    FAKE_REFUSE_ACCEPT_RST /* reset each new connection unread; match: skip and times only */
};

/* What happens after body.cut_at_bytes bytes. */
enum fake_cut {
    FAKE_CUT_NONE = 0,
    FAKE_CUT_CLOSE, /* close; chunked: without the last chunk */
    FAKE_CUT_RST,   /* reset, after the client's kernel has got the bytes before the cut */
    FAKE_CUT_STALL, /* send nothing more until the client closes or the server stops */
    FAKE_CUT_PAUSE, /* wait body.pause_ms, then go on */
    FAKE_CUT_END,   /* a well-formed answer with a short body: Content-Length or last chunk fit */
    FAKE_CUT_HOLD   /* wait until fake_rule_release(), then go on */
};

/* What happens to a request for a blob with a Range header. */
enum fake_range {
    FAKE_RANGE_HONEST = 0,
    FAKE_RANGE_IGNORE,   /* 200 and the whole content */
    FAKE_RANGE_REFUSE,   /* 416 */
    FAKE_RANGE_SHIFT,    /* 206 of a range moved by range.shift_bytes, and it says so */
    FAKE_RANGE_LIE,      /* the same bytes, but Content-Range is what was asked for */
    FAKE_RANGE_MULTIPART /* 206 multipart/byteranges with one part */
};

/* Which requests a rule is for; all conditions must hold. */
struct fake_match {
    const char *method;         /* exact; NULL: any */
    const char *path;           /* see above; NULL: any */
    const char *header;         /* part of the header text "Name: value\r\n…", any case */
    const char *without_header; /* must not be part of the header text, any case */
    unsigned skip;              /* leave the first so many matches alone */
    unsigned times;             /* then apply to so many; 0: to all */
};

/*
 * The answer's head and content. In headers and location these words are replaced: {path} the
 * request target, {base} the server's URL, {first} {last} {total} the range sent and the size.
 */
struct fake_answer {
    int status;           /* replaces the status; 4xx and 5xx get an error body if body is NULL */
    const char *headers;  /* "Name: value\r\n" lines; the last line end may be missing; they
                             replace default headers of that name */
    const char *omit;     /* names of default headers to leave out, separated by commas */
    const char *location; /* Location header; status 307 unless given */
    const char *body;     /* replaces the content; status 200 unless given; Range is ignored */
    size_t body_len;      /* 0: strlen(body) */
    const char *before;   /* bytes sent before the status line, e.g. "HTTP/1.1 103 …\r\n\r\n" */
    const char *raw;      /* these bytes instead of HTTP, then close */
    size_t raw_len;       /* 0: strlen(raw) */
};

/* Damage to the range protocol. */
struct fake_range_fault {
    enum fake_range kind;
    int64_t shift_bytes; /* for SHIFT and LIE; kept within the content */
    uint64_t max_bytes;  /* never answer more than this; Content-Range says so */
};

/* Damage to the body. */
struct fake_body_fault {
    enum fake_cut cut;
    uint64_t cut_at_bytes;  /* body bytes before the cut */
    bool cut_counts_head;   /* count from the first byte of the status line */
    unsigned pause_ms;      /* for FAKE_CUT_PAUSE */
    uint8_t flip_mask;      /* xor this into … */
    uint64_t flip_offset;   /* … the byte at this offset of the whole content */
    uint64_t extra_bytes;   /* so many 'x' after the body, counted in Content-Length */
    int64_t length_delta;   /* added to the Content-Length header only; then close */
    bool chunked;           /* Transfer-Encoding: chunked, no Content-Length */
    size_t chunk_bytes;     /* size of a chunk; 0: 64 KiB */
    const char *chunk_note; /* chunk extension, e.g. ";a=b" */
    const char *trailers;   /* "Name: value\r\n" lines after the last chunk */
};

/* When things are sent. */
struct fake_timing {
    unsigned delay_ms;         /* wait before answering */
    bool hold;                 /* wait until fake_rule_release() */
    uint64_t rate_bytes_per_s; /* overrides the server's rate; body only … */
    bool rate_counts_head;     /* … unless this is set */
};

/* One scripted fault; all zero changes nothing. */
struct fake_rule {
    struct fake_match match;
    enum fake_refuse refuse;
    struct fake_answer answer;
    struct fake_range_fault range;
    struct fake_body_fault body;
    struct fake_timing timing;
};

/*
 * Add a rule after those already there; it holds from the next request on.
 * rule: borrowed for the call; all its text is copied.
 * Returns: its number, from 1 on.
 */
int fake_rule_add(struct fake_registry *registry, const struct fake_rule *rule);

/* Apply a rule no more; answers under way are not changed. Removing twice does nothing. */
void fake_rule_remove(struct fake_registry *registry, int rule);

/* Let go of the answers held by the rule's timing.hold or FAKE_CUT_HOLD, and hold no more. */
void fake_rule_release(struct fake_registry *registry, int rule);

/* How often a rule was applied so far. */
unsigned fake_rule_hits(struct fake_registry *registry, int rule);

/*
 * Read a rule from one line of text, for command lines: "KEY=VALUE" words separated by blanks.
 * Keys: method path header without skip times status location body refuse cut at pause flip
 * flip-at extra length-delta chunked chunk-note trailers before range shift max delay rate
 * rate-head add-header omit. Values of refuse, cut and range are the enum's last words in lower
 * case, "accept-rst" for two of them; "_" stands for a blank and "__" for "_" inside header,
 * without, body, add-header, before, trailers and chunk-note.
 * "_" stands for a blank inside header, without, body, add-header, before and trailers, "__" for
 * "_". out_rule: filled; its text points into text, which is changed and must outlive it. Returns:
 * NULL, or a borrowed message that says what is wrong.
 */
const char *fake_rule_parse(char *text, struct fake_rule *out_rule);

#endif
