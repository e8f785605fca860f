/* SPDX-License-Identifier: Apache-2.0
 *
 * Labels change within the text of an entry; all else stays byte for byte.
 */
#include "unit/store/index_place.h"

static void expect_labelled(const char *before, const char *const *labels, const char *after)
{
    struct tug_error err = {0};
    struct tug__buf buf;
    bool is_changed = false;
    size_t count = 0;

    while (labels[count] != NULL) {
        count++;
    }
    tug__buf_init(&buf, 10000);
    cr_assert_eq(
        tug__index_label_append(&buf, before, strlen(before), labels, count, &is_changed, &err),
        TUG_OK, "%s", err.message);
    cr_assert_str_eq(buf.data, after);
    cr_assert_eq(is_changed, strcmp(before, after) != 0, "%s", before);
    tug__buf_fini(&buf);
}

#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})
/* An element with annotations, as somebody who likes blanks writes it. */
#define BLANKS(annotations) "{ \"size\" : 1 ,\n \"annotations\" : " annotations " , \"x\":[1.50]\t}"

Test(index_label, a_label_is_added_changed_and_removed)
{
    expect_labelled("{\"size\":1}", LABELS("k=v"), "{\"size\":1,\"annotations\":{\"k\":\"v\"}}");
    expect_labelled("{\"size\":1 \n}", LABELS("k=v"),
                    "{\"size\":1,\"annotations\":{\"k\":\"v\"} \n}");
    expect_labelled("{}", LABELS("k=v"), "{\"annotations\":{\"k\":\"v\"}}");
    expect_labelled(BLANKS("null"), LABELS("k=v"), BLANKS("{\"k\":\"v\"}"));
    expect_labelled(BLANKS("{ }"), LABELS("k=v"), BLANKS("{\"k\":\"v\"}"));
    expect_labelled(BLANKS("{ \"a\" : \"b\" }"), LABELS("k=v"),
                    BLANKS("{ \"a\" : \"b\",\"k\":\"v\" }"));
    expect_labelled(BLANKS("{ \"a\" : \"b\" }"), LABELS("a=c"), BLANKS("{ \"a\" : \"c\" }"));
    expect_labelled(BLANKS("{ \"a\" : \"b\" }"), LABELS("a="), BLANKS("{ }"));
    expect_labelled(BLANKS("{\n\"a\":\"1\" ,\n\"b\":\"2\" ,\n\"c\":\"3\"\n}"), LABELS("b="),
                    BLANKS("{\n\"a\":\"1\" ,\n\"c\":\"3\"\n}"));
    expect_labelled(BLANKS("{\n\"a\":\"1\" ,\n\"b\":\"2\" ,\n\"c\":\"3\"\n}"), LABELS("a="),
                    BLANKS("{\n\"b\":\"2\" ,\n\"c\":\"3\"\n}"));
    expect_labelled(BLANKS("{\n\"a\":\"1\" ,\n\"b\":\"2\" ,\n\"c\":\"3\"\n}"), LABELS("c=", "a="),
                    BLANKS("{\n\"b\":\"2\"\n}"));
}

Test(index_label, several_at_once)
{
    expect_labelled("{\"annotations\":{\"a\":\"1\",\"b\":\"2\"}}",
                    LABELS("b=3", "c=4", "a=", "d=\"\n", "b=5", "c=6", "e=7", "e="),
                    "{\"annotations\":{\"b\":\"5\",\"d\":\"\\\"\\u000a\",\"c\":\"6\"}}");
}

Test(index_label, what_is_so_already_is_no_change)
{
    expect_labelled("{\"annotations\":{\"a\":\"1\"}}", LABELS("a=1"),
                    "{\"annotations\":{\"a\":\"1\"}}");
    expect_labelled("{\"annotations\":{\"a\":\"1\"}}", LABELS("b="),
                    "{\"annotations\":{\"a\":\"1\"}}");
    expect_labelled("{\"size\":1}", LABELS("b="), "{\"size\":1}");
    expect_labelled("{\"annotations\":{\"\\u0061\":\"\\u0031\"}}", LABELS("a=1"),
                    "{\"annotations\":{\"\\u0061\":\"\\u0031\"}}");
}

/* Names count as JSON means them, and only where they are annotations. */
Test(index_label, names_however_they_are_spelled)
{
    expect_labelled("{\"annot\\u0061tions\":{\"\\u0061\":7}}", LABELS("a=1"),
                    "{\"annot\\u0061tions\":{\"\\u0061\":\"1\"}}");
    expect_labelled("{\"a\":\"x\",\"more\":{\"annotations\":{\"a\":\"y\"}}}", LABELS("a=1"),
                    "{\"a\":\"x\",\"more\":{\"annotations\":{\"a\":\"y\"}},"
                    "\"annotations\":{\"a\":\"1\"}}");
    expect_labelled("{\"annotations\":{\"x\":{\"a\":1},\"a=b\":\"\"}}", LABELS("a==b"),
                    "{\"annotations\":{\"x\":{\"a\":1},\"a=b\":\"\",\"a\":\"=b\"}}");
}

Test(index_label, annotations_that_are_none_are_refused)
{
    static const char element[] = "{\"annotations\":[\"a\"]}";
    const char *const label = "a=1";
    struct tug_error err = {0};
    struct tug__buf buf;
    bool is_changed;

    tug__buf_init(&buf, 10000);
    cr_assert_eq(
        tug__index_label_append(&buf, element, strlen(element), &label, 1, &is_changed, &err),
        TUG_ERR_CONTENT);
    cr_assert_not_null(strstr(err.message, "annotations"), "%s", err.message);
    tug__buf_fini(&buf);
}
