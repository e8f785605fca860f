/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON as text: elements of arrays, strings written.
 */
#include "base/json.h"

#include <string.h>

#include <criterion/criterion.h>

static const struct tug__json_limits limits = {65536, 32, 10000};

struct log {
    char text[512];
    size_t count;
};

static enum tug_status note_element(void *context, size_t number, const char *text, size_t length,
                                    struct tug_error *err)
{
    struct log *const log = context;

    (void)err;
    cr_assert_eq(number, log->count++);
    if (strlen(log->text) + length + 2 < sizeof log->text) {
        strncat(log->text, text, length);
        strcat(log->text, ";");
    }
    return TUG_OK;
}

static enum tug_status elements_of(const char *text, const char *expected)
{
    struct log log = {0};
    const enum tug_status status = tug__json_each_element(
        &(struct tug__json_input){text, strlen(text), &limits}, "list", note_element, &log, NULL);

    cr_assert(status != TUG_OK || strcmp(log.text, expected) == 0, "%s", log.text);
    return status;
}

Test(base_json_text, finds_the_elements)
{
    cr_assert_eq(elements_of("{\"list\":[]}", ""), TUG_OK);
    cr_assert_eq(elements_of("{\"list\":[ ]}", ""), TUG_OK);
    cr_assert_eq(
        elements_of("{\"list\":[1, {\"a\":[1,2]} ,\"]\",[[]]]}", "1;{\"a\":[1,2]};\"]\";[[]];"),
        TUG_OK);
    cr_assert_eq(elements_of("{\"x\":[8,9],\"list\":[1],\"y\":[7]}", "1;"), TUG_OK);
    cr_assert_eq(
        elements_of("{\"x\":{\"list\":[8,9]},\"list\":[{\"list\":[3]}]}", "{\"list\":[3]};"),
        TUG_OK);
}

Test(base_json_text, wants_one_array_of_that_name)
{
    cr_assert_eq(elements_of("{}", ""), TUG_ERR_CONTENT);
    cr_assert_eq(elements_of("{\"lists\":[1]}", ""), TUG_ERR_CONTENT);
    cr_assert_eq(elements_of("{\"x\":{\"list\":[1]}}", ""), TUG_ERR_CONTENT);
    cr_assert_eq(elements_of("{\"list\":{}}", ""), TUG_ERR_CONTENT);
    cr_assert_eq(elements_of("{\"list\":7}", ""), TUG_ERR_CONTENT);
    cr_assert_eq(elements_of("{\"list\":[1],\"list\":[2]}", ""), TUG_ERR_CONTENT);
    cr_assert_eq(elements_of("{\"list\":[1]", ""), TUG_ERR_CONTENT);
    cr_assert_eq(elements_of("{\"list\":[1,]}", ""), TUG_ERR_CONTENT);
    cr_assert_eq(elements_of("[1]", ""), TUG_ERR_CONTENT);
}

/* Go writes null for a list without elements. */
Test(base_json_text, f52_a_null_list_is_empty)
{
    cr_assert_eq(elements_of("{\"list\":null}", ""), TUG_OK);
    cr_assert_eq(elements_of("{\"list\":null,\"list\":[1]}", ""), TUG_ERR_CONTENT);
}

Test(base_json_text, finds_many_elements)
{
    struct log log = {0};
    char text[12000] = "{\"list\":[0";

    for (int i = 1; i < 5000; i++) {
        memcpy(text + 8 + 2 * i, ",7", 2);
    }
    memcpy(text + 8 + 10000, "]}", 3);
    cr_assert_eq(tug__json_each_element(&(struct tug__json_input){text, strlen(text), &limits},
                                        "list", note_element, &log, NULL),
                 TUG_OK);
    cr_assert_eq(log.count, 5000);
}

static enum tug_status refuse(void *context, size_t number, const char *text, size_t length,
                              struct tug_error *err)
{
    (void)context;
    (void)number;
    (void)text;
    (void)length;
    err->code = TUG_ERR_BUSY;
    return TUG_ERR_BUSY;
}

/* Nothing is gathered: an element is handed on before what follows it is looked at. */
Test(base_json_text, elements_are_handed_on_as_they_come)
{
    static const char text[] = "{\"list\":[1,2,]}";
    struct tug_error err = {0};
    struct log log = {0};

    cr_assert_eq(tug__json_each_element(&(struct tug__json_input){text, strlen(text), &limits},
                                        "list", note_element, &log, &err),
                 TUG_ERR_CONTENT);
    cr_assert_str_eq(log.text, "1;2;");
    cr_assert_eq(tug__json_each_element(&(struct tug__json_input){text, strlen(text), &limits},
                                        "list", refuse, NULL, &err),
                 TUG_ERR_BUSY);
}

static void expect_string(const char *text, const char *expected)
{
    struct tug__buf buf;

    tug__buf_init(&buf, 256);
    cr_assert_eq(tug__json_append_string(&buf, text, NULL), TUG_OK);
    cr_assert_str_eq(buf.data, expected);
    tug__buf_fini(&buf);
}

Test(base_json_text, t44_writes_strings)
{
    expect_string("", "\"\"");
    expect_string("a/b", "\"a/b\"");
    expect_string("\"\\", "\"\\\"\\\\\"");
    expect_string("\n\t\x01\x1f\x7f", "\"\\u000a\\u0009\\u0001\\u001f\\u007f\"");
    expect_string("\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\"");
    expect_string("\xff"
                  "a\xc0\xaf\xe2\x82",
                  "\"\xef\xbf\xbd"
                  "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    expect_string("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* Whatever bytes go in, what comes out is read back by the strict parser. */
Test(base_json_text, t44_what_is_written_can_be_read)
{
    for (int first = 1; first < 256; first++) {
        const char text[] = {(char)first, (char)(first * 37 | 1), (char)(255 - first), 'x', '\0'};
        struct tug__json *json = NULL;
        struct tug__buf buf;

        tug__buf_init(&buf, 256);
        cr_assert_eq(tug__buf_append(&buf, "{\"a\":", 5, NULL), TUG_OK);
        cr_assert_eq(tug__json_append_string(&buf, text, NULL), TUG_OK);
        cr_assert_eq(tug__buf_append(&buf, "}", 1, NULL), TUG_OK);
        cr_assert_eq(tug__json_parse(buf.data, buf.length, &limits, &json, NULL), TUG_OK, "%d: %s",
                     first, buf.data);
        tug__json_destroy(json);
        tug__buf_fini(&buf);
    }
}

Test(base_json_text, a_string_respects_the_limit)
{
    struct tug__buf buf;

    for (size_t limit = 1; limit < 10; limit++) {
        tug__buf_init(&buf, limit);
        cr_assert_eq(tug__json_append_string(&buf, "a\n", NULL),
                     limit < 9 ? TUG_ERR_TOO_LARGE : TUG_OK, "limit %zu", limit);
        tug__buf_fini(&buf);
    }
}
