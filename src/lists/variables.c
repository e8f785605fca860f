/* SPDX-License-Identifier: Apache-2.0
 *
 * Put the defaults of variables in their place.
 *
 * Knows: how docker compose writes variables. Does not know: references, files.
 * Threads: any.
 */
#include "variables.h"

#include <string.h>

/* Variables within the default of another one, and so on: this many deep. */
#define DEPTH_MAX 16

/* Where a variable stands, and what is within its braces. */
struct variable {
    const char *text; /* its default */
    const char *end;  /* the brace after that */
};

/* Find the brace that closes a variable. at: within it. Returns: NULL, there is none before end. */
static const char *find_close(const char *at, const char *end)
{
    unsigned depth = 0;

    for (; at < end; at++) {
        if (*at == '}' && depth-- == 0) {
            return at;
        }
        depth += *at == '$' && at + 1 < end && at[1] == '{';
    }
    return NULL;
}

/* Take ${NAME:-TEXT} or ${NAME-TEXT} apart. Returns: false, it is something else. */
static bool take_apart(const char *dollar, const char *end, struct variable *out_variable)
{
    const char *at = dollar + 2;

    if (end - dollar < 2 || dollar[1] != '{') {
        return false;
    }
    at += strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (at == dollar + 2 || at >= end) {
        return false;
    }
    at += *at == ':';
    if (at >= end || *at != '-') {
        return false;
    }
    out_variable->text = at + 1;
    out_variable->end = find_close(at + 1, end);
    return out_variable->end != NULL;
}

/* Replace in [text, end). Returns: NULL, or the variable that has no default. */
static const char *replace(const char *text, const char *end, unsigned depth, struct text *out_text)
{
    struct variable variable;

    for (const char *at = text; at < end; at++) {
        if (*at != '$') {
            text_append(out_text, at, 1);
        } else if (at + 1 < end && at[1] == '$') {
            text_append(out_text, at++, 1);
        } else if (depth < DEPTH_MAX && take_apart(at, end, &variable)) {
            const char *const failed = replace(variable.text, variable.end, depth + 1, out_text);

            if (failed != NULL) {
                return failed;
            }
            at = variable.end;
        } else {
            return at;
        }
    }
    return NULL;
}

bool variables_replace(const char *text, struct text *out_text, const char **out_variable)
{
    text_append(out_text, "", 0); /* the empty text has data, too */
    *out_variable = replace(text, text + strlen(text), 0, out_text);
    return *out_variable == NULL;
}
