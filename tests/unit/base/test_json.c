/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON documents: getters, limits, and the values json-c reads loosely.
 */
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static const struct tug__json_limits limits = {65536, 32, 10000};

static struct tug__json *parse(const char *text)
{
    struct tug_error err = {0};
    struct tug__json *json = NULL;

    cr_assert_eq(tug__json_parse(text, strlen(text), &limits, &json, &err), TUG_OK, "'%s': %s",
                 text, err.message);
    return json;
}

static void expect_refused(const char *text, enum tug_status expected)
{
    struct tug_error err = {0};
    struct tug__json *json = NULL;

    cr_assert_eq(tug__json_parse(text, strlen(text), &limits, &json, &err), expected, "'%.200s'",
                 text);
    cr_assert_eq(err.code, expected);
    cr_assert_neq(err.message[0], '\0');
    cr_assert_null(json);
}

Test(base_json, finds_members)
{
    struct tug__json *const json = parse("{\"a\":{\"b\":[1,\"two\",null]},\"n\":null,\"\":\"e\"}");
    const struct tug__json_value *const root = tug__json_root(json);
    const struct tug__json_value *const list = tug__json_get(tug__json_get(root, "a"), "b");

    cr_assert(tug__json_is_object(root));
    cr_assert_not(tug__json_is_array(root));
    cr_assert(tug__json_is_array(list));
    cr_assert_eq(tug__json_length(list), 3);
    cr_assert_str_eq(tug__json_text(tug__json_at(list, 1)), "two");
    cr_assert_null(tug__json_text(tug__json_at(list, 0)), "a number is no text");
    cr_assert_null(tug__json_at(list, 2));
    cr_assert_null(tug__json_at(list, 3));
    cr_assert_null(tug__json_at(list, SIZE_MAX));
    cr_assert_null(tug__json_get(root, "n"));
    cr_assert(tug__json_has(root, "n"), "null is a member too");
    cr_assert_not(tug__json_has(root, "x"));
    cr_assert_str_eq(tug__json_text(tug__json_get(root, "")), "e");
    tug__json_destroy(json);
    tug__json_destroy(NULL);
}

Test(base_json, getters_take_what_is_not_there)
{
    struct tug__json *const json = parse("{\"s\":\"x\"}");
    const struct tug__json_value *const text = tug__json_get(tug__json_root(json), "s");

    cr_assert_null(tug__json_get(NULL, "a"));
    cr_assert_null(tug__json_get(text, "a"));
    cr_assert_not(tug__json_has(NULL, "a"));
    cr_assert_not(tug__json_has(text, "a"));
    cr_assert_not(tug__json_is_object(NULL));
    cr_assert_not(tug__json_is_array(NULL));
    cr_assert_eq(tug__json_length(NULL), 0);
    cr_assert_eq(tug__json_length(text), 0);
    cr_assert_null(tug__json_at(NULL, 0));
    cr_assert_null(tug__json_text(NULL));
    tug__json_destroy(json);
}

Test(base_json, strings_are_typed)
{
    struct tug__json *const json =
        parse("{\"s\":\"\\u00e9\\ud83d\\ude00\\n\",\"i\":1,\"b\":true,\"o\":{},\"n\":null}");
    const struct tug__json_value *const root = tug__json_root(json);
    static const char *const others[] = {"i", "b", "o"};
    const char *text = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__json_get_string(root, "s", &text, &err), TUG_OK);
    cr_assert_str_eq(text, "\xc3\xa9\xf0\x9f\x98\x80\n");
    cr_assert_eq(tug__json_get_string(root, "absent", &text, &err), TUG_OK);
    cr_assert_null(text);
    cr_assert_eq(tug__json_get_string(root, "n", &text, &err), TUG_OK);
    cr_assert_null(text);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        text = "kept";
        cr_assert_eq(tug__json_get_string(root, others[i], &text, &err), TUG_ERR_CONTENT);
        cr_assert_str_eq(text, "kept");
    }
    tug__json_destroy(json);
}

static enum tug_status get_size(const char *number, uint64_t *out_size)
{
    char text[128];
    struct tug__json *json;
    enum tug_status status;

    (void)snprintf(text, sizeof text, "{\"size\":%s}", number);
    json = parse(text);
    status = tug__json_get_size(tug__json_root(json), "size", out_size, NULL);
    tug__json_destroy(json);
    return status;
}

Test(base_json, sizes_are_whole_numbers_in_range)
{
    uint64_t size = 1;

    cr_assert_eq(get_size("0", &size), TUG_OK);
    cr_assert(size == 0);
    cr_assert_eq(get_size("9223372036854775807", &size), TUG_OK);
    cr_assert(size == INT64_MAX);
    cr_assert_eq(get_size("4294967296", &size), TUG_OK);
    cr_assert(size == UINT64_C(4294967296));
}

/* json-c clamps, rounds and converts all of these without a word. */
Test(base_json, sizes_are_not_clamped_or_converted)
{
    static const char *const bad[] = {"-1",
                                      "9223372036854775808",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "99999999999999999999999999",
                                      "-9223372036854775808",
                                      "-9223372036854775809",
                                      "-99999999999999999999999999",
                                      "1.0",
                                      "1e3",
                                      "1E0",
                                      "0.5",
                                      "1e999",
                                      "\"123\"",
                                      "\"123abc\"",
                                      "true",
                                      "null",
                                      "[1]",
                                      "{}"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t size = 4711;

        cr_assert_eq(get_size(bad[i], &size), TUG_ERR_CONTENT, "%s was taken", bad[i]);
        cr_assert(size == 4711, "%s: output touched", bad[i]);
    }
}

Test(base_json, a_missing_size_is_an_error)
{
    struct tug__json *const json = parse("{}");
    uint64_t size = 4711;

    cr_assert_eq(tug__json_get_size(tug__json_root(json), "size", &size, NULL), TUG_ERR_CONTENT);
    cr_assert_eq(tug__json_get_size(NULL, "size", &size, NULL), TUG_ERR_CONTENT);
    cr_assert(size == 4711);
    tug__json_destroy(json);
}

Test(base_json, duplicate_members_are_refused)
{
    expect_refused("{\"a\":1,\"a\":2}", TUG_ERR_CONTENT);
    expect_refused("{\"a\":1,\"b\":0,\"a\":1}", TUG_ERR_CONTENT);
    expect_refused("{\"a\":1,\"\\u0061\":2}", TUG_ERR_CONTENT);
    expect_refused("{\"x\":[{\"y\":{\"a\":null,\"a\":null}}]}", TUG_ERR_CONTENT);
    expect_refused("{\"\":1,\"\":2}", TUG_ERR_CONTENT);
    /* The same name in different objects is none. */
    tug__json_destroy(parse("{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]}}"));
    tug__json_destroy(parse("{\"a\":1,\"A\":2,\"a \":3}"));
}

Test(base_json, the_top_is_an_object)
{
    static const char *const bad[] = {"", " ", "[]", "[{}]", "\"a\"", "1", "null", "true"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect_refused(bad[i], TUG_ERR_CONTENT);
    }
}

Test(base_json, limits_hold)
{
    const struct tug__json_limits tight = {40, 3, 6};
    struct tug__json *json = NULL;

    cr_assert_eq(tug__json_parse("{\"a\":[{}]}", 10, &tight, &json, NULL), TUG_OK);
    tug__json_destroy(json);
    json = NULL;
    cr_assert_eq(tug__json_parse("{\"a\":[[[]]]}", 12, &tight, &json, NULL), TUG_ERR_TOO_LARGE);
    cr_assert_eq(tug__json_parse("{\"a\":[1,2,3,4]}", 15, &tight, &json, NULL), TUG_OK);
    tug__json_destroy(json);
    json = NULL;
    cr_assert_eq(tug__json_parse("{\"a\":[1,2,3,4,5]}", 17, &tight, &json, NULL),
                 TUG_ERR_TOO_LARGE);
    cr_assert_eq(
        tug__json_parse("{\"a\":\"0123456789012345678901234567890\"}    ", 43, &tight, &json, NULL),
        TUG_ERR_TOO_LARGE);
    cr_assert_null(json);
}

/* As deep as the limit is fine, for json-c's own limit too; one deeper is not. */
Test(base_json, depth_is_the_limits_depth)
{
    const struct tug__json_limits deep = {65536, 200, 10000};

    for (size_t depth = 199; depth <= 202; depth++) {
        struct tug__json *json = NULL;
        char text[1024] = "{\"a\":";
        size_t at = strlen(text);
        enum tug_status status;

        memset(text + at, '[', depth - 1);
        memset(text + at + depth - 1, ']', depth - 1);
        at += 2 * (depth - 1);
        text[at++] = '}';
        status = tug__json_parse(text, at, &deep, &json, NULL);
        cr_assert_eq(status, depth <= 200 ? TUG_OK : TUG_ERR_TOO_LARGE, "depth %zu", depth);
        tug__json_destroy(json);
    }
}

struct visit {
    char order[16];
    size_t count;
    size_t stop_after;
};

static bool on_member(void *context, const char *key, const struct tug__json_value *member)
{
    struct visit *const visit = context;

    (void)member;
    visit->order[visit->count++] = key[0];
    return visit->count < visit->stop_after;
}

Test(base_json, members_come_in_order)
{
    struct tug__json *const json = parse("{\"z\":1,\"a\":null,\"m\":[],\"b\":{}}");
    struct visit all = {.stop_after = 10};
    struct visit two = {.stop_after = 2};

    tug__json_each_member(tug__json_root(json), on_member, &all);
    cr_assert_str_eq(all.order, "zamb");
    tug__json_each_member(tug__json_root(json), on_member, &two);
    cr_assert_str_eq(two.order, "za");
    tug__json_each_member(NULL, on_member, &all);
    tug__json_each_member(tug__json_get(tug__json_root(json), "m"), on_member, &all);
    cr_assert_eq(all.count, 4);
    tug__json_destroy(json);
}
