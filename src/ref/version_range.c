/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranges of versions, in the notations of npm, Helm and Masterminds.
 *
 * Knows: how ranges are written. Does not know: references.
 * Threads: any.
 */
#include "ref/version.h"

#include <string.h>

#include "base/error.h"
#include "ref/version_internal.h"

/* Numbers that a version must have to mean itself alone: 1.2 is every 1.2.z, 1.2.3 is one. */
#define NUMBERS_OF_ONE 3

enum operation {
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_AT_LEAST,
    OP_ABOVE,
    OP_AT_MOST,
    OP_BELOW,
    OP_CARET,
    OP_TILDE,
};

static const struct {
    const char *text;
    enum operation operation;
} operators[] = {
    /* each before those that it begins with */
    {">=", OP_AT_LEAST}, {"=>", OP_AT_LEAST},  {"<=", OP_AT_MOST}, {"=<", OP_AT_MOST},
    {"==", OP_EQUAL},    {"!=", OP_NOT_EQUAL}, {"~>", OP_TILDE},   {">", OP_ABOVE},
    {"<", OP_BELOW},     {"=", OP_EQUAL},      {"^", OP_CARET},    {"~", OP_TILDE},
};

/* Where characters end a version. */
#define SEPARATORS " \t,|<>=!~^"

/* --- terms --- */

/* The lowest version that differs from this one in the number at a place. */
static struct tug__version next(const struct tug__version *version, size_t place)
{
    struct tug__version next = {0};

    memcpy(next.numbers, version->numbers, (place + 1) * sizeof next.numbers[0]);
    next.numbers[place]++;
    return next;
}

static struct tug__version_bound closed(struct tug__version version)
{
    return (struct tug__version_bound){.is_set = true, .version = version};
}

static struct tug__version_bound open(struct tug__version version)
{
    return (struct tug__version_bound){.is_set = true, .is_open = true, .version = version};
}

/* Tell whether a version as written stands for all that begin like it. */
static bool is_partial(const struct tug__version_text *text)
{
    return text->has_wildcard || (text->given < NUMBERS_OF_ONE && text->version.pre_length == 0);
}

/* The place of the number that ^ lets change no more. */
static size_t caret_place(const struct tug__version_text *text)
{
    for (size_t i = 0; i < text->given; i++) {
        if (text->version.numbers[i] != 0) {
            return i;
        }
    }
    return text->given - 1;
}

/* What "*" means beside an operator: all versions, or none. */
static struct tug__version_term any(enum operation operation)
{
    return (struct tug__version_term){.is_negated = operation == OP_NOT_EQUAL ||
                                                    operation == OP_ABOVE || operation == OP_BELOW};
}

/* Make the interval of an operator and a version. */
static struct tug__version_term make_term(enum operation operation,
                                          const struct tug__version_text *text)
{
    const struct tug__version *const version = &text->version;
    struct tug__version_term term = {0};
    size_t place = text->given - 1;

    if (text->given == 0) {
        return any(operation);
    }
    term.names_pre = version->pre_length > 0;
    switch (operation) {
    case OP_AT_LEAST:
        term.low = closed(*version);
        return term;
    case OP_ABOVE:
        term.low = is_partial(text) ? closed(next(version, place)) : open(*version);
        return term;
    case OP_AT_MOST:
        term.high = is_partial(text) ? open(next(version, place)) : closed(*version);
        return term;
    case OP_BELOW:
        term.high = open(*version);
        return term;
    case OP_CARET:
        place = caret_place(text);
        break;
    case OP_TILDE:
        place = place > 1 ? 1 : place;
        break;
    case OP_EQUAL:
    case OP_NOT_EQUAL:
        term.is_negated = operation == OP_NOT_EQUAL;
        term.low = closed(*version);
        term.high = is_partial(text) ? open(next(version, place)) : closed(*version);
        return term;
    }
    term.low = closed(*version);
    term.high = open(next(version, place));
    return term;
}

/* --- parsing --- */

/* A range being parsed. */
struct parser {
    struct tug__version_range *range;
    const char *at;
    bool begins_alternative;
    struct tug_error *err;
};

static enum tug_status refuse(const struct parser *parser, const char *what)
{
    return tug__fail(parser->err, TUG_ERR_INVALID_ARGUMENT, "version range '%.80s': %s",
                     parser->range->text, what);
}

static void skip_blanks(struct parser *parser)
{
    parser->at += strspn(parser->at, " \t");
}

static enum operation take_operator(struct parser *parser, bool *out_is_there)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (strncmp(parser->at, operators[i].text, strlen(operators[i].text)) == 0) {
            parser->at += strlen(operators[i].text);
            skip_blanks(parser);
            *out_is_there = true;
            return operators[i].operation;
        }
    }
    *out_is_there = false;
    return OP_EQUAL;
}

static enum tug_status take_version(struct parser *parser, struct tug__version_text *out_text)
{
    const size_t length = strcspn(parser->at, SEPARATORS);

    if (length == 0) {
        return refuse(parser, "a version is missing");
    }
    if (!tug__version_read(parser->at, length, true, out_text)) {
        return tug__fail(parser->err, TUG_ERR_INVALID_ARGUMENT,
                         "version range '%.80s': '%.*s' is not a version such as 1.2.3, 1.2 or 1.x",
                         parser->range->text, (int)(length < 80 ? length : 80), parser->at);
    }
    parser->at += length;
    return TUG_OK;
}

static enum tug_status add_term(struct parser *parser, struct tug__version_term term)
{
    struct tug__version_range *const range = parser->range;

    if (range->count == TUG__RANGE_TERMS_MAX) {
        return refuse(parser, "too many comparisons");
    }
    term.begins_alternative = parser->begins_alternative;
    parser->begins_alternative = false;
    range->terms[range->count++] = term;
    return TUG_OK;
}

/* Tell whether " - " follows, and move behind it. */
static bool take_dash(struct parser *parser)
{
    const char *const dash = parser->at + strspn(parser->at, " \t");

    if (dash == parser->at || dash[0] != '-' || (dash[1] != ' ' && dash[1] != '\t')) {
        return false;
    }
    parser->at = dash + 1;
    skip_blanks(parser);
    return true;
}

/* Parse one comparison, or "LOW - HIGH". */
static enum tug_status take_term(struct parser *parser)
{
    struct tug__version_text text;
    bool has_operator;
    const enum operation operation = take_operator(parser, &has_operator);
    enum tug_status status = take_version(parser, &text);

    if (status != TUG_OK) {
        return status;
    }
    if (has_operator || !take_dash(parser)) {
        return add_term(parser, make_term(operation, &text));
    }
    status = add_term(parser, make_term(OP_AT_LEAST, &text));
    if (status == TUG_OK) {
        status = take_version(parser, &text);
    }
    return status == TUG_OK ? add_term(parser, make_term(OP_AT_MOST, &text)) : status;
}

/* Parse comparisons up to "||" or the end. */
static enum tug_status take_alternative(struct parser *parser)
{
    enum tug_status status;

    parser->begins_alternative = true;
    do {
        status = take_term(parser);
        skip_blanks(parser);
        if (status == TUG_OK && *parser->at == ',') {
            parser->at++;
            skip_blanks(parser);
        } else if (*parser->at == '|' || *parser->at == '\0') {
            break;
        }
    } while (status == TUG_OK);
    return status;
}

enum tug_status tug__version_range_parse(const char *text, struct tug__version_range *out_range,
                                         struct tug_error *err)
{
    struct parser parser = {.range = out_range, .at = out_range->text, .err = err};

    out_range->count = 0;
    if (strlen(text) >= sizeof out_range->text) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                         "version range '%.80s...': longer than %d characters", text,
                         TUG__RANGE_TEXT_MAX - 1);
    }
    memcpy(out_range->text, text, strlen(text) + 1);
    for (;;) {
        enum tug_status status;

        skip_blanks(&parser);
        status = take_alternative(&parser);
        if (status != TUG_OK || *parser.at == '\0') {
            return status;
        }
        if (strncmp(parser.at, "||", 2) != 0) {
            return refuse(&parser, "alternatives are joined by '||'");
        }
        parser.at += 2;
    }
}

/* --- matching --- */

static int compare_numbers(const struct tug__version *left, const struct tug__version *right)
{
    const struct tug__version left_release = {
        .numbers = {left->numbers[0], left->numbers[1], left->numbers[2], left->numbers[3]}};
    const struct tug__version right_release = {
        .numbers = {right->numbers[0], right->numbers[1], right->numbers[2], right->numbers[3]}};

    return tug__version_compare(&left_release, &right_release);
}

static bool is_above(const struct tug__version *version, const struct tug__version_bound *low)
{
    const int order = low->is_set ? tug__version_compare(version, &low->version) : 1;

    return low->is_open ? order > 0 : order >= 0;
}

static bool is_below(const struct tug__version *version, const struct tug__version_bound *high)
{
    if (!high->is_set) {
        return true;
    }
    if (!high->is_open) {
        return tug__version_compare(version, &high->version) <= 0;
    }
    return high->version.pre_length > 0 ? tug__version_compare(version, &high->version) < 0
                                        : compare_numbers(version, &high->version) < 0;
}

bool tug__version_in_range(const struct tug__version *version,
                           const struct tug__version_range *range)
{
    bool holds = false;
    bool may_be_pre = false;

    for (size_t i = 0; i < range->count; i++) {
        const struct tug__version_term *const term = &range->terms[i];

        if (term->begins_alternative) {
            if (holds && (may_be_pre || version->pre_length == 0)) {
                return true;
            }
            holds = true;
            may_be_pre = false;
        }
        holds = holds && (is_above(version, &term->low) && is_below(version, &term->high)) !=
                             term->is_negated;
        may_be_pre = may_be_pre || term->names_pre;
    }
    return holds && (may_be_pre || version->pre_length == 0);
}
