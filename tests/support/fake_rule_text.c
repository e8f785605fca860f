/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a rule from a line of text, for the fake-registry program.
 * Knows: struct fake_rule. Does not know: the server. Threads: any.
 */
#include "fake_rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_LINE, KIND_BOOL, KIND_INT, KIND_UNSIGNED, KIND_U64, KIND_I64 };

/* A key whose value goes straight into a field. */
struct key {
    const char *name;
    enum kind kind;
    size_t offset;
};

#define FIELD(member) offsetof(struct fake_rule, member)

static const struct key keys[] = {
    {"method", KIND_TEXT, FIELD(match.method)},
    {"path", KIND_TEXT, FIELD(match.path)},
    {"header", KIND_LINE, FIELD(match.header)},
    {"without", KIND_LINE, FIELD(match.without_header)},
    {"skip", KIND_UNSIGNED, FIELD(match.skip)},
    {"times", KIND_UNSIGNED, FIELD(match.times)},
    {"status", KIND_INT, FIELD(answer.status)},
    {"location", KIND_TEXT, FIELD(answer.location)},
    {"body", KIND_LINE, FIELD(answer.body)},
    {"add-header", KIND_LINE, FIELD(answer.headers)}, /* the line end is added by the server */
    {"omit", KIND_TEXT, FIELD(answer.omit)},
    {"at", KIND_U64, FIELD(body.cut_at_bytes)},
    {"pause", KIND_UNSIGNED, FIELD(body.pause_ms)},
    {"flip-at", KIND_U64, FIELD(body.flip_offset)},
    {"extra", KIND_U64, FIELD(body.extra_bytes)},
    {"length-delta", KIND_I64, FIELD(body.length_delta)},
    {"chunked", KIND_BOOL, FIELD(body.chunked)},
    {"before", KIND_LINE, FIELD(answer.before)},
    {"trailers", KIND_LINE, FIELD(body.trailers)},
    {"chunk-note", KIND_LINE, FIELD(body.chunk_note)},
    {"rate-head", KIND_BOOL, FIELD(timing.rate_counts_head)},
    {"shift", KIND_I64, FIELD(range.shift_bytes)},
    {"max", KIND_U64, FIELD(range.max_bytes)},
    {"delay", KIND_UNSIGNED, FIELD(timing.delay_ms)},
    {"rate", KIND_U64, FIELD(timing.rate_bytes_per_s)},
};

/* Returns: the place of word in a list ended by NULL, counted from 1; 0: not there. */
static int place_of(const char *word, const char *const *list)
{
    for (int i = 0; list[i] != NULL; i++) {
        if (strcmp(word, list[i]) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static const char *set_named(const char *name, const char *value, struct fake_rule *rule)
{
    static const char *const refuse[] = {"close", "rst", "accept", "accept-rst", NULL};
    static const char *const cut[] = {"close", "rst", "stall", "pause", "end", NULL};
    static const char *const range[] = {"ignore", "refuse", "shift", "lie", "multipart", NULL};
    if (strcmp(name, "refuse") == 0) {
        rule->refuse = (enum fake_refuse)place_of(value, refuse);
        return rule->refuse != FAKE_REFUSE_NONE ? NULL : "unknown value of refuse";
    }
    if (strcmp(name, "cut") == 0) {
        rule->body.cut = (enum fake_cut)place_of(value, cut);
        return rule->body.cut != FAKE_CUT_NONE ? NULL : "unknown value of cut";
    }
    if (strcmp(name, "range") == 0) {
        rule->range.kind = (enum fake_range)place_of(value, range);
        return rule->range.kind != FAKE_RANGE_HONEST ? NULL : "unknown value of range";
    }
    if (strcmp(name, "flip") == 0) {
        rule->body.flip_mask = (uint8_t)strtoul(value, NULL, 0);
        return rule->body.flip_mask != 0 ? NULL : "flip needs a mask, 1 to 255";
    }
    return "unknown key";
}

/* "_" stands for a blank, "__" for itself. */
static void replace_blanks(char *text)
{
    char *to = text;
    for (; *text != '\0'; text++) {
        const bool is_escaped = text[0] == '_' && text[1] == '_';
        text += is_escaped ? 1 : 0;
        *to++ = (char)(*text == '_' && !is_escaped ? ' ' : *text);
    }
    *to = '\0';
}

static const char *set_field(const struct key *key, char *value, struct fake_rule *rule)
{
    char *const field = (char *)rule + key->offset;
    char *end = value;
    errno = 0;
    switch (key->kind) {
    case KIND_LINE:
        replace_blanks(value);
        *(const char **)(void *)field = value;
        return NULL;
    case KIND_TEXT:
        *(const char **)(void *)field = value;
        return NULL;
    case KIND_BOOL:
        *(bool *)(void *)field = strcmp(value, "1") == 0;
        return strcmp(value, "1") == 0 ? NULL : "only 1 is possible";
    case KIND_INT:
        *(int *)(void *)field = (int)strtol(value, &end, 10);
        break;
    case KIND_UNSIGNED:
        *(unsigned *)(void *)field = (unsigned)strtoul(value, &end, 10);
        break;
    case KIND_U64:
        *(uint64_t *)(void *)field = strtoull(value, &end, 10);
        break;
    case KIND_I64:
        *(int64_t *)(void *)field = strtoll(value, &end, 10);
        break;
    }
    return *end == '\0' && end != value && errno == 0 ? NULL : "not a number";
}

static const char *set_key(const char *name, char *value, struct fake_rule *rule)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strcmp(name, keys[i].name) == 0) {
            return set_field(&keys[i], value, rule);
        }
    }
    return set_named(name, value, rule);
}

const char *fake_rule_parse(char *text, struct fake_rule *out_rule)
{
    char *rest = NULL;
    *out_rule = (struct fake_rule){0};
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *const equals = strchr(word, '=');
        if (equals == NULL) {
            return "a word without '='";
        }
        *equals = '\0';
        const char *const problem = set_key(word, equals + 1, out_rule);
        if (problem != NULL) {
            return problem;
        }
    }
    return NULL;
}
