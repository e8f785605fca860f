/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict scan: what json-c lets pass and must be refused, with json-c's parser behind it.
 */
#include "base/json_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static const struct tug__json_limits limits = {65536, 32, 10000};

/* Scan and parse: both must agree. */
static enum tug_status check(const char *text, size_t length)
{
    struct tug__json_counts counts = {0};
    struct tug_error err = {0};
    struct tug__json *json = NULL;
    /* An exact copy, so that AddressSanitizer sees a read past the end. */
    char *const copy = malloc(length > 0 ? length : 1);
    enum tug_status scanned;
    enum tug_status parsed;

    memcpy(copy, text, length);
    scanned =
        tug__json_scan(&(struct tug__json_input){copy, length, &limits}, NULL, NULL, &counts, &err);
    parsed = tug__json_parse(copy, length, &limits, &json, NULL);
    cr_assert_eq(err.code, scanned);
    cr_assert_eq(scanned, parsed, "'%.100s': scan %d, parse %d", text, scanned, parsed);
    tug__json_destroy(json);
    free(copy);
    return scanned;
}

#define ACCEPTED(literal)                                                                          \
    cr_assert_eq(check(literal, sizeof(literal) - 1), TUG_OK, "%s: refused", literal)
#define REFUSED(literal)                                                                           \
    cr_assert_eq(check(literal, sizeof(literal) - 1), TUG_ERR_CONTENT, "%s: taken", literal)

Test(base_json_scan, accepts_rfc_8259)
{
    ACCEPTED("{}");
    ACCEPTED(" \t\r\n{ \"a\" : [ 1 , -2.5e+3 , 0 , -0 , 1E5, 0.1 , true , false , null ] } \n");
    ACCEPTED("{\"\":\"\",\"\\u0061\\n\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"}");
    ACCEPTED("{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"}");
    ACCEPTED("{\"a\":\"\\ud83d\\ude00\\uD83D\\uDE00\\uffff\\ud7ff\\ue000\\u0001\"}");
    ACCEPTED("{\"a\":[[],{},[{}]]}");
}

Test(base_json_scan, words_and_quotes_of_other_languages)
{
    REFUSED("{\"a\":NaN}");
    REFUSED("{\"a\":nan}");
    REFUSED("{\"a\":-NaN}");
    REFUSED("{\"a\":Infinity}");
    REFUSED("{\"a\":-Infinity}");
    REFUSED("{\"a\":True}");
    REFUSED("{\"a\":NULL}");
    REFUSED("{\"a\":nul}");
    REFUSED("{\"a\":nullx}");
    REFUSED("{\"a\":truefalse}");
    REFUSED("{'a':1}");
    REFUSED("{\"a\":'b'}");
    REFUSED("{a:1}");
    REFUSED("{\"a\":1 /* c */}");
    REFUSED("{\"a\":1 // c\n}");
    REFUSED("{\"a\":undefined}");
}

Test(base_json_scan, structure)
{
    REFUSED("");
    REFUSED(" ");
    REFUSED("{");
    REFUSED("}");
    REFUSED("{\"a\"");
    REFUSED("{\"a\":");
    REFUSED("{\"a\":1");
    REFUSED("{\"a\":1,");
    REFUSED("{\"a\":1,}");
    REFUSED("{,}");
    REFUSED("{\"a\" 1}");
    REFUSED("{\"a\":1 \"b\":2}");
    REFUSED("{\"a\":[1,]}");
    REFUSED("{\"a\":[,1]}");
    REFUSED("{\"a\":[1 2]}");
    REFUSED("{\"a\":[1}");
    REFUSED("{\"a\":[1}]");
    REFUSED("{\"a\":{]}");
    REFUSED("{\"a\"::1}");
    REFUSED("{1:2}");
    REFUSED("{\"a\":}");
}

Test(base_json_scan, nothing_may_follow)
{
    REFUSED("{}x");
    REFUSED("{}{}");
    REFUSED("{},");
    REFUSED("{} }");
    REFUSED("{}\0");
    REFUSED("{}\0{\"hidden\":1}");
    REFUSED("{}\x0b");
    REFUSED("\xef\xbb\xbf{}"); /* byte order mark */
}

Test(base_json_scan, nul_and_control_characters)
{
    REFUSED("\0{}");
    REFUSED("{\0}");
    REFUSED("{\"a\0b\":1}");
    REFUSED("{\"a\":\"b\0c\"}");
    REFUSED("{\"a\":1\0}");
    REFUSED("{\"a\":\"b\\u0000c\"}");
    REFUSED("{\"a\\u0000b\":1}");
    REFUSED("{\"a\":\"b\nc\"}");
    REFUSED("{\"a\":\"b\tc\"}");
    REFUSED("{\"a\":\"\x1f\"}");
    REFUSED("{\x0c}");
    REFUSED("{\"a\":\xc2\xa0 1}"); /* a no-break space is no white space */
}

Test(base_json_scan, escapes)
{
    REFUSED("{\"a\":\"\\x41\"}");
    REFUSED("{\"a\":\"\\'\"}");
    REFUSED("{\"a\":\"\\u12\"}");
    REFUSED("{\"a\":\"\\u12g4\"}");
    REFUSED("{\"a\":\"\\U00e9\"}");
    REFUSED("{\"a\":\"\\");
    REFUSED("{\"a\":\"\\u");
    REFUSED("{\"a\":\"\\u00");
    REFUSED("{\"a\":\"\\u00e9");
    REFUSED("{\"a\":\"\\\0\"}");
    REFUSED("{\"a\":\"\\\"}");
}

Test(base_json_scan, lone_surrogates)
{
    REFUSED("{\"a\":\"\\ud83d\"}");
    REFUSED("{\"a\":\"\\ud83dx\"}");
    REFUSED("{\"a\":\"\\ude00\"}");
    REFUSED("{\"a\":\"\\ud83d\\u0041\"}");
    REFUSED("{\"a\":\"\\ud83d\\ud83d\"}");
    REFUSED("{\"a\":\"\\ude00\\ud83d\"}");
    REFUSED("{\"a\":\"\\ud83d\\n\\ude00\"}");
    REFUSED("{\"a\":\"\\ud83d\\u");
    REFUSED("{\"a\":\"\\ud83d\\ude0");
    REFUSED("{\"\\udfff\":1}");
    REFUSED("{\"a\":\"\xed\xa0\xbd\xed\xb8\x80\"}"); /* a pair in CESU-8 */
}

Test(base_json_scan, utf8)
{
    REFUSED("{\"a\":\"\xff\xfe\"}");
    REFUSED("{\"a\":\"\xc0\xaf\"}");
    REFUSED("{\"a\":\"\xe0\x80\xaf\"}");
    REFUSED("{\"a\":\"\xf0\x80\x80\xaf\"}");
    REFUSED("{\"a\":\"\xc0\x80\"}");
    REFUSED("{\"a\":\"\xf4\x90\x80\x80\"}");
    REFUSED("{\"a\":\"\xc3\"}");
    REFUSED("{\"\x80\":1}");
    REFUSED("{\"a\":\"\xc3");
}

Test(base_json_scan, numbers)
{
    REFUSED("{\"a\":01}");
    REFUSED("{\"a\":-01}");
    REFUSED("{\"a\":00}");
    REFUSED("{\"a\":+1}");
    REFUSED("{\"a\":-}");
    REFUSED("{\"a\":.5}");
    REFUSED("{\"a\":1.}");
    REFUSED("{\"a\":1.e5}");
    REFUSED("{\"a\":1e}");
    REFUSED("{\"a\":1e+}");
    REFUSED("{\"a\":0x10}");
    REFUSED("{\"a\":1_000}");
    REFUSED("{\"a\":--1}");
    REFUSED("{\"a\":1");
    ACCEPTED("{\"a\":123456789012345678901234567890}");
    ACCEPTED("{\"a\":1e400}");
}

/* Every beginning of a good text is refused, without a read past its end. */
Test(base_json_scan, every_torn_text_is_refused)
{
    static const char text[] = "{\"a\\u00e9\":[1,-2.5e+3,\"\\ud83d\\ude00\xc3\xa9\",true,null],"
                               "\"b\":{\"c\":[[{}]],\"d\":\"\"}}";

    cr_assert_eq(check(text, sizeof text - 1), TUG_OK);
    for (size_t length = 0; length < sizeof text - 1; length++) {
        cr_assert_eq(check(text, length), TUG_ERR_CONTENT, "%zu bytes were taken", length);
    }
}

static enum tug_status scan(const char *text, const struct tug__json_limits *with,
                            struct tug__json_counts *out_counts)
{
    return tug__json_scan(&(struct tug__json_input){text, strlen(text), with}, NULL, NULL,
                          out_counts, NULL);
}

Test(base_json_scan, counts_members_and_elements)
{
    struct tug__json_counts counts = {0};

    cr_assert_eq(scan("{\"a\":[1,[2,3],{\"b\":null}],\"c\":{}}", &limits, &counts), TUG_OK);
    cr_assert_eq(counts.members, 3);
    cr_assert_eq(counts.elements, 5);
}

Test(base_json_scan, limits_are_exact)
{
    const struct tug__json_limits exact = {15, 3, 5};
    struct tug__json_counts counts = {0};

    cr_assert_eq(scan("{\"a\":[[1,2]] }", &exact, &counts), TUG_OK); /* depth 3, 5 values */
    cr_assert_eq(scan("{\"a\":[[1,2]]  }", &exact, &counts), TUG_OK);
    cr_assert_eq(scan("{\"a\":[[1,2]]   }", &exact, &counts), TUG_ERR_TOO_LARGE);
    cr_assert_eq(scan("{\"a\":[[1,2,3]]}", &exact, &counts), TUG_ERR_TOO_LARGE);
    cr_assert_eq(scan("{\"a\":[[[]]]}", &exact, &counts), TUG_ERR_TOO_LARGE);
}

/* A limit beyond what the scanner can hold must not run over its levels. */
Test(base_json_scan, depth_has_a_ceiling_of_its_own)
{
    const struct tug__json_limits wide = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    const size_t depth = 100000;
    struct tug__json_counts counts;
    char *const text = malloc(depth + 6);

    memcpy(text, "{\"a\":", 5);
    memset(text + 5, '[', depth);
    text[depth + 5] = '\0';
    cr_assert_eq(scan(text, &wide, &counts), TUG_ERR_TOO_LARGE);
    free(text);
}

struct places {
    const char *text;
    char log[256];
    size_t stop_at;
    size_t count;
};

static enum tug_status on_place(void *context, const struct tug__json_value_place *place,
                                struct tug_error *err)
{
    struct places *const places = context;
    const size_t at = strlen(places->log);

    (void)err;
    if (++places->count == places->stop_at) {
        return TUG_ERR_BUSY;
    }
    if (place->end > 0) {
        (void)snprintf(places->log + at, sizeof places->log - at, "%zu%.*s=%.*s ", place->depth,
                       (int)place->key_length, places->text + place->key_offset,
                       (int)(place->end - place->begin), places->text + place->begin);
    }
    return TUG_OK;
}

Test(base_json_scan, tells_the_place_of_every_value)
{
    static const char text[] = "{\"a\":[ 1 ,{\"b\":2}],\"c\":\"x\"}";
    struct places places = {.text = text};
    struct tug__json_counts counts;

    cr_assert_eq(tug__json_scan(&(struct tug__json_input){text, strlen(text), &limits}, on_place,
                                &places, &counts, NULL),
                 TUG_OK);
    cr_assert_str_eq(places.log, "2=1 3b=2 2={\"b\":2} 1a=[ 1 ,{\"b\":2}] 1c=\"x\" "
                                 "0={\"a\":[ 1 ,{\"b\":2}],\"c\":\"x\"} ");
}

Test(base_json_scan, stops_when_told)
{
    static const char text[] = "{\"a\":[1,2]}";

    for (size_t stop_at = 1; stop_at <= 8; stop_at++) {
        struct places places = {.text = text, .stop_at = stop_at};
        struct tug__json_counts counts;

        cr_assert_eq(tug__json_scan(&(struct tug__json_input){text, strlen(text), &limits},
                                    on_place, &places, &counts, NULL),
                     TUG_ERR_BUSY);
        cr_assert_eq(places.count, stop_at);
    }
}

static size_t plain_by_bytes(const char *text, size_t length)
{
    size_t at = 0;

    while (at < length && (unsigned char)text[at] >= 0x20 && text[at] != '"' && text[at] != '\\') {
        at++;
    }
    return at;
}

/* Every byte at every place of texts of up to three words, beside every kind of neighbour. */
Test(base_json_scan, plain_text_ends_at_the_first_special_byte)
{
    static const char neighbours[] = {'a',    ' ',    '!',    '#',    '[',   ']',
                                      '\x7f', '\x80', '\xa2', '\xdc', '\xff'};

    for (size_t length = 0; length <= 24; length++) {
        for (size_t place = 0; place < length; place++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                char *const text = malloc(length); /* nothing is read behind it */

                memset(text, neighbours[(byte + place) % sizeof neighbours], length);
                text[place] = (char)byte;
                cr_assert_eq(tug__json_plain_length(text, length), plain_by_bytes(text, length),
                             "byte %u at %zu of %zu", byte, place, length);
                free(text);
            }
        }
    }
    cr_assert_eq(tug__json_plain_length("", 0), 0);
}

static enum tug_status count_place(void *context, const struct tug__json_value_place *place,
                                   struct tug_error *err)
{
    (void)err;
    *(size_t *)context += 1 + place->depth + place->end;
    return TUG_OK;
}

static size_t scan_first(const char *text, size_t length, size_t max_bytes, size_t *out_told)
{
    const struct tug__json_limits first_limits = {
        .max_bytes = max_bytes, .max_depth = 8, .max_values = 100};
    const struct tug__json_input input = {.text = text, .length = length, .limits = &first_limits};

    *out_told = 0;
    return tug__json_scan_first(&input, count_place, out_told);
}

/* The first object of a text: found as soon as all of it is there, whatever comes behind it. */
Test(base_json_scan, first_object_of_a_text)
{
    static const char object[] = "{\"a\":[1,{\"b}\":\"]\\\"\"}],\"c\":null}";
    static const char *const behind[] = {"", ",", "}", "{", "x", "\xff", " \n", ",{\"a\":1}"};
    const size_t length = strlen(object);
    char text[128];
    size_t told;
    size_t told_whole;

    for (size_t i = 0; i < length; i++) {
        cr_assert_eq(scan_first(object, i, 1000, &told), 0, "%zu bytes", i);
    }
    cr_assert_eq(scan_first(object, length, 1000, &told_whole), length);
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        (void)snprintf(text, sizeof text, "%s%s", object, behind[i]);
        cr_assert_eq(scan_first(text, strlen(text), 1000, &told), length + strspn(behind[i], " \n"),
                     "%s", text);
        cr_assert_eq(told, told_whole, "%s", text);
        cr_assert_eq(scan_first(text, strlen(text), length - 1, &told), 0, "over the limit");
    }
}

Test(base_json_scan, what_is_no_first_object)
{
    static const char *const texts[] = {
        "",          "[]",           "1",           "x{}", "{\"a\":}",
        "{\"a\" 1}", "{\"\xff\":1}", "{\"a\\\":1}", "{,}", "{\"a\":\"\n\"}",
        "{'a':1}"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t told;

        cr_assert_eq(scan_first(texts[i], strlen(texts[i]), 1000, &told), 0, "%s", texts[i]);
    }
}
