/* SPDX-License-Identifier: Apache-2.0
 *
 * The bounded byte buffer: limit, invariants, stealing.
 */
#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

/* What buf.h promises at every moment. */
static void check_invariants(const struct tug__buf *buf)
{
    cr_assert_leq(buf->length, buf->capacity);
    cr_assert_leq(buf->capacity, buf->limit + 1);
    cr_assert(buf->data == NULL || buf->data[buf->length] == '\0', "no NUL behind the content");
}

Test(base_buf, starts_empty_without_memory)
{
    struct tug__buf buf;

    tug__buf_init(&buf, 100);
    check_invariants(&buf);
    cr_assert_null(buf.data);
    cr_assert_eq(tug__buf_append(&buf, NULL, 0, NULL), TUG_OK);
    cr_assert_null(buf.data);
    tug__buf_fini(&buf);
}

Test(base_buf, holds_exactly_its_limit)
{
    static const size_t limits[] = {1, 2, 10, 255, 256, 257, 1000, 4096, 70000};

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct tug_error err = {0};
        struct tug__buf buf;

        tug__buf_init(&buf, limits[i]);
        for (size_t at = 0; at < limits[i]; at++) {
            const char byte = (char)(at * 7);

            cr_assert_eq(tug__buf_append(&buf, &byte, 1, &err), TUG_OK);
            check_invariants(&buf);
        }
        cr_assert_eq(tug__buf_append(&buf, "x", 1, &err), TUG_ERR_TOO_LARGE);
        cr_assert_eq(err.code, TUG_ERR_TOO_LARGE);
        cr_assert_eq(buf.length, limits[i], "changed by a failed append");
        for (size_t at = 0; at < limits[i]; at++) {
            cr_assert_eq(buf.data[at], (char)(at * 7));
        }
        check_invariants(&buf);
        tug__buf_fini(&buf);
    }
}

Test(base_buf, refuses_lengths_that_overflow)
{
    struct tug__buf buf;

    tug__buf_init(&buf, 8);
    cr_assert_eq(tug__buf_append(&buf, "abc", 3, NULL), TUG_OK);
    cr_assert_eq(tug__buf_append(&buf, "abc", SIZE_MAX, NULL), TUG_ERR_TOO_LARGE);
    cr_assert_eq(tug__buf_append(&buf, "abc", SIZE_MAX - 2, NULL), TUG_ERR_TOO_LARGE);
    cr_assert_eq(tug__buf_append(&buf, "abcdef", 6, NULL), TUG_ERR_TOO_LARGE);
    cr_assert_str_eq(buf.data, "abc");
    tug__buf_fini(&buf);
}

Test(base_buf, keeps_nul_bytes)
{
    struct tug__buf buf;

    tug__buf_init(&buf, 8);
    cr_assert_eq(tug__buf_append(&buf, "a\0b", 3, NULL), TUG_OK);
    cr_assert_eq(tug__buf_append(&buf, "\0c", 2, NULL), TUG_OK);
    cr_assert_eq(buf.length, 5);
    cr_assert_eq(memcmp(buf.data, "a\0b\0c", 6), 0);
    tug__buf_fini(&buf);
}

Test(base_buf, prints_within_the_limit)
{
    struct tug_error err = {0};
    struct tug__buf buf;

    tug__buf_init(&buf, 10);
    cr_assert_eq(tug__buf_printf(&buf, &err, "%s=%d", "ab", 17), TUG_OK);
    cr_assert_eq(tug__buf_printf(&buf, &err, "%s", ""), TUG_OK);
    cr_assert_str_eq(buf.data, "ab=17");
    cr_assert_eq(tug__buf_printf(&buf, &err, "%s", "123456"), TUG_ERR_TOO_LARGE);
    cr_assert_str_eq(buf.data, "ab=17");
    cr_assert_eq(tug__buf_printf(&buf, &err, "%05d", 42), TUG_OK);
    cr_assert_str_eq(buf.data, "ab=1700042");
    check_invariants(&buf);
    tug__buf_fini(&buf);
}

Test(base_buf, is_usable_after_clear_and_fini)
{
    struct tug__buf buf;

    tug__buf_init(&buf, 4);
    tug__buf_clear(&buf);
    cr_assert_eq(tug__buf_append(&buf, "abcd", 4, NULL), TUG_OK);
    tug__buf_clear(&buf);
    cr_assert_str_eq(buf.data, "");
    cr_assert_eq(tug__buf_append(&buf, "efgh", 4, NULL), TUG_OK);
    cr_assert_str_eq(buf.data, "efgh");
    tug__buf_fini(&buf);
    cr_assert_eq(tug__buf_append(&buf, "abcde", 5, NULL), TUG_ERR_TOO_LARGE);
    cr_assert_eq(tug__buf_append(&buf, "ijkl", 4, NULL), TUG_OK);
    cr_assert_str_eq(buf.data, "ijkl");
    tug__buf_fini(&buf);
}

Test(base_buf, gives_its_memory_away)
{
    struct tug__buf buf;
    size_t length = 99;
    char *text;

    tug__buf_init(&buf, 4);
    cr_assert_null(tug__buf_steal(&buf, &length));
    cr_assert_eq(length, 0);
    cr_assert_eq(tug__buf_append(&buf, "abc", 3, NULL), TUG_OK);
    text = tug__buf_steal(&buf, &length);
    cr_assert_str_eq(text, "abc");
    cr_assert_eq(length, 3);
    cr_assert_null(buf.data);
    cr_assert_eq(tug__buf_append(&buf, "defg", 4, NULL), TUG_OK);
    cr_assert_str_eq(text, "abc");
    free(text);
    tug__buf_clear(&buf);
    cr_assert_null(tug__buf_steal(&buf, &length), "an emptied buffer has nothing to give");
    tug__buf_fini(&buf);
}
