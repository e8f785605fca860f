/* SPDX-License-Identifier: Apache-2.0
 *
 * Read WWW-Authenticate headers.
 *
 * Knows: the grammar of RFC 9110 section 11, and what registries make of it. Does not know: HTTP,
 * credentials, tokens.
 * Threads: any.
 */
#include "auth/challenge.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* The rest of a header. */
struct cursor {
    const char *at;
    const char *end;
};

/* A piece of the header: a token, or a value with its quotes and escapes still in it. */
struct slice {
    const char *start;
    size_t length;
};

/* One parameter, or the end of a challenge. */
enum step {
    STEP_PARAMETER,
    STEP_CHALLENGE, /* the next thing is a scheme */
    STEP_END,
    STEP_MALFORMED,
};

static bool is_token_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Unquoted values are tokens; in practice also URLs and the like. */
static bool is_bare_value_character(char c)
{
    return c > ' ' && c <= '~' && c != ',' && c != '"';
}

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t')) {
        cursor->at++;
    }
}

/* Skip the commas between elements of a list, empty elements included. */
static void skip_commas(struct cursor *cursor)
{
    while (cursor->at < cursor->end &&
           (*cursor->at == ',' || *cursor->at == ' ' || *cursor->at == '\t')) {
        cursor->at++;
    }
}

static struct slice scan_while(struct cursor *cursor, bool (*is_part)(char))
{
    struct slice taken = {.start = cursor->at};

    while (cursor->at < cursor->end && is_part(*cursor->at)) {
        cursor->at++;
    }
    taken.length = (size_t)(cursor->at - taken.start);
    return taken;
}

static bool is_name(const struct slice *slice, const char *name)
{
    return slice->length == strlen(name) && strncasecmp(slice->start, name, slice->length) == 0;
}

/* Parse a quoted string, without its quotes, escapes left in. Returns: false when it is
 * unterminated. */
static bool parse_quoted(struct cursor *cursor, struct slice *out_value)
{
    out_value->start = ++cursor->at;
    while (cursor->at < cursor->end && *cursor->at != '"') {
        if (*cursor->at == '\\') {
            cursor->at++;
            if (cursor->at == cursor->end) {
                return false;
            }
        }
        cursor->at++;
    }
    if (cursor->at == cursor->end) {
        return false;
    }
    out_value->length = (size_t)(cursor->at - out_value->start);
    cursor->at++;
    return true;
}

/* Undo the escapes of a value. Returns: false when it does not fit or has control characters. */
static bool copy_value(const struct slice *value, bool is_quoted, char *out_text, size_t capacity)
{
    size_t length = 0;

    for (size_t i = 0; i < value->length; i++) {
        char c = value->start[i];

        if (is_quoted && c == '\\') {
            c = value->start[++i]; /* parse_quoted saw that there is one */
        }
        if ((unsigned char)c < ' ' || c == 0x7F || length + 1 >= capacity) {
            return false;
        }
        out_text[length++] = c;
    }
    out_text[length] = '\0';
    return true;
}

/* Store a parameter. Returns: false when it makes the challenge unusable. */
static bool store_parameter(struct tug__challenge *challenge, const struct slice *name,
                            const struct slice *value, bool is_quoted)
{
    struct slice kept = *value;
    char *field;
    size_t capacity;

    if (is_name(name, "realm")) {
        field = challenge->realm;
        capacity = sizeof challenge->realm;
    } else if (is_name(name, "service")) {
        field = challenge->service;
        capacity = sizeof challenge->service;
    } else if (is_name(name, "scope")) {
        field = challenge->scope;
        capacity = sizeof challenge->scope;
    } else if (is_name(name, "error")) {
        field = challenge->error;
        capacity = sizeof challenge->error;
        /* an escape must not be cut in two */
        if (kept.length >= capacity) {
            kept.length = capacity - 1;
            kept.length -= kept.start[kept.length - 1] == '\\' ? 1 : 0;
        }
    } else {
        return true;
    }
    return field[0] != '\0' || copy_value(&kept, is_quoted, field, capacity);
}

/* Parse the part after the scheme: parameters, or a token68, which is ignored. A name followed by
 * "=" is a parameter; anything else after a comma begins the next challenge. */
static enum step parse_parameter(struct cursor *cursor, struct tug__challenge *challenge,
                                 bool *is_spoiled)
{
    const struct cursor before = *cursor;
    struct slice name;
    struct slice value;
    bool is_quoted;

    if (cursor->at == cursor->end) {
        return STEP_END;
    }
    name = scan_while(cursor, is_token_character);
    if (name.length == 0) {
        return STEP_MALFORMED;
    }
    skip_space(cursor);
    if (cursor->at == cursor->end || *cursor->at != '=') {
        *cursor = before;
        return STEP_CHALLENGE;
    }
    cursor->at++;
    skip_space(cursor);
    is_quoted = cursor->at < cursor->end && *cursor->at == '"';
    if (is_quoted) {
        if (!parse_quoted(cursor, &value)) {
            return STEP_MALFORMED;
        }
    } else {
        value = scan_while(cursor, is_bare_value_character);
    }
    if (!store_parameter(challenge, &name, &value, is_quoted)) {
        *is_spoiled = true;
    }
    skip_space(cursor);
    return cursor->at < cursor->end && *cursor->at != ',' ? STEP_MALFORMED : STEP_PARAMETER;
}

/* Skip a token68 ("Negotiate abc=="), which stands alone up to the next comma. */
static void skip_token68(struct cursor *cursor)
{
    struct cursor ahead = *cursor;

    (void)scan_while(&ahead, is_bare_value_character);
    skip_space(&ahead);
    if (ahead.at == cursor->at || (ahead.at < ahead.end && *ahead.at != ',')) {
        return; /* there is none, or it is a parameter with a space or a quote in it */
    }
    /* "realm=x" looks like one as well; a token68 has "=" only at its end */
    for (const char *c = cursor->at; c < ahead.at; c++) {
        if (*c == '=' && c + 1 < ahead.at && c[1] != '=' && c[1] != ' ' && c[1] != '\t') {
            return;
        }
    }
    *cursor = ahead;
}

static enum tug__auth_scheme scheme_of(const struct slice *name)
{
    if (is_name(name, "bearer")) {
        return TUG__AUTH_BEARER;
    }
    return is_name(name, "basic") ? TUG__AUTH_BASIC : TUG__AUTH_NONE;
}

/* Parse one challenge. Returns: STEP_CHALLENGE when another may follow. */
static enum step parse_challenge(struct cursor *cursor, struct tug__challenge *out_found)
{
    struct slice scheme;
    enum step step = STEP_PARAMETER;
    bool is_spoiled = false;

    out_found->scheme = TUG__AUTH_NONE;
    out_found->realm[0] = '\0';
    out_found->service[0] = '\0';
    out_found->scope[0] = '\0';
    out_found->error[0] = '\0';
    scheme = scan_while(cursor, is_token_character);
    if (scheme.length == 0 || (cursor->at < cursor->end && strchr(" \t,", *cursor->at) == NULL) ||
        (cursor->at < cursor->end && *cursor->at == '\0')) {
        return STEP_MALFORMED;
    }
    skip_space(cursor);
    skip_token68(cursor);
    while (step == STEP_PARAMETER) {
        skip_commas(cursor);
        step = parse_parameter(cursor, out_found, &is_spoiled);
    }
    if (step != STEP_MALFORMED && !is_spoiled) {
        out_found->scheme = scheme_of(&scheme);
    }
    if (out_found->scheme == TUG__AUTH_BEARER && out_found->realm[0] == '\0') {
        out_found->scheme = TUG__AUTH_NONE;
    }
    return step;
}

void tug__challenge_init(struct tug__challenge *challenge)
{
    memset(challenge, 0, sizeof *challenge);
}

void tug__challenge_add(struct tug__challenge *challenge, const char *value, size_t length)
{
    struct cursor cursor = {.at = value, .end = value + length};
    struct tug__challenge found;
    enum step step = STEP_CHALLENGE;

    if (length > TUG__CHALLENGE_HEADER_MAX) {
        return;
    }
    tug__challenge_init(&found);
    skip_commas(&cursor);
    while (step == STEP_CHALLENGE && cursor.at < cursor.end) {
        step = parse_challenge(&cursor, &found);
        if (found.scheme > challenge->scheme) {
            *challenge = found;
        }
    }
}
