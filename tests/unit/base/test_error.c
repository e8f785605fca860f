/* SPDX-License-Identifier: Apache-2.0
 *
 * Error values: filled, wrapped, escaped, cut.
 */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/utf8.h"

Test(base_error, is_filled_whole)
{
    struct tug_error err;

    memset(&err, 0x5a, sizeof err);
    cr_assert_eq(tug__fail(&err, TUG_ERR_AUTH, "no %s for '%d'", "key", 3), TUG_ERR_AUTH);
    cr_assert_eq(err.code, TUG_ERR_AUTH);
    cr_assert_eq(err.os_errno, 0);
    cr_assert_eq(err.http_status, 0);
    cr_assert_str_eq(err.message, "no key for '3'");
}

Test(base_error, may_be_absent)
{
    cr_assert_eq(tug__fail(NULL, TUG_ERR_AUTH, "x"), TUG_ERR_AUTH);
    cr_assert_eq(tug__fail_errno(NULL, TUG_ERR_STORE, EIO, "x"), TUG_ERR_STORE);
    cr_assert_eq(tug__wrap(NULL, TUG_ERR_BUSY, "x"), TUG_ERR_BUSY);
    cr_assert_eq(tug__fail_memory(NULL), TUG_ERR_NO_MEMORY);
}

Test(base_error, names_the_system_error)
{
    struct tug_error err = {.http_status = 500};

    cr_assert_eq(tug__fail_errno(&err, TUG_ERR_STORE, ENOSPC, "cannot write '%s'", "f"),
                 TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, ENOSPC);
    cr_assert_eq(err.http_status, 0);
    cr_assert_str_eq(err.message, "cannot write 'f': No space left on device");
}

Test(base_error, memory_has_its_code)
{
    struct tug_error err = {0};

    cr_assert_eq(tug__fail_memory(&err), TUG_ERR_NO_MEMORY);
    cr_assert_eq(err.code, TUG_ERR_NO_MEMORY);
    cr_assert_neq(err.message[0], '\0');
}

Test(base_error, a_wrap_keeps_code_and_numbers)
{
    struct tug_error err = {0};

    (void)tug__fail_errno(&err, TUG_ERR_STORE, ENOSPC, "cannot read");
    err.http_status = 404;
    cr_assert_eq(tug__wrap(&err, TUG_ERR_INTERNAL, "layer %d", 2), TUG_ERR_STORE);
    cr_assert_eq(tug__wrap(&err, TUG_ERR_INTERNAL, "image"), TUG_ERR_STORE);
    cr_assert_eq(err.code, TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, ENOSPC);
    cr_assert_eq(err.http_status, 404);
    cr_assert_str_eq(err.message, "image: layer 2: cannot read: No space left on device");
}

Test(base_error, t43_foreign_text_is_escaped_once)
{
    struct tug_error err = {0};

    (void)tug__fail(&err, TUG_ERR_NETWORK, "it said '%s'", "\x1b[2J\n\\");
    cr_assert_str_eq(err.message, "it said '\\x1b[2J\\x0a\\\\'");
    (void)tug__wrap(&err, TUG_ERR_NETWORK, "from '%s'", "\x07");
    cr_assert_str_eq(err.message, "from '\\x07': it said '\\x1b[2J\\x0a\\\\'");
}

/* Messages are cut at their capacity, and stay valid UTF-8 wherever that is. */
Test(base_error, long_messages_are_cut_between_characters)
{
    char text[1200];

    for (size_t shift = 0; shift < 4; shift++) {
        struct tug_error err = {0};

        memset(text, 'a', sizeof text);
        for (size_t i = shift; i + 4 < sizeof text; i += 4) {
            memcpy(text + i, "\xf0\x9f\x98\x80", 4);
        }
        text[sizeof text - 4] = '\0';
        (void)tug__fail(&err, TUG_ERR_NETWORK, "%s", text);
        cr_assert(tug__is_utf8(err.message, strlen(err.message)), "fail, shift %zu", shift);
        cr_assert_gt(strlen(err.message), sizeof err.message - 5);
        for (size_t i = 0; i < 5; i++) {
            (void)tug__wrap(&err, TUG_ERR_NETWORK, "%.*s", (int)i, "abcde");
            cr_assert(tug__is_utf8(err.message, strlen(err.message)), "wrap %zu", i);
            cr_assert_gt(strlen(err.message), sizeof err.message - 8);
        }
    }
}

Test(base_error, a_long_context_leaves_no_room)
{
    struct tug_error err = {0};
    char text[2000];

    memset(text, 'c', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)tug__fail(&err, TUG_ERR_NETWORK, "why");
    cr_assert_eq(tug__wrap(&err, TUG_ERR_INTERNAL, "%s", text), TUG_ERR_NETWORK);
    cr_assert_eq(strlen(err.message), sizeof err.message - 1);
}

Test(base_error, every_status_has_its_own_name)
{
    cr_assert_str_eq(tug_status_name(TUG_OK), "ok");
    cr_assert_str_eq(tug_status_name(TUG_ERR_NOT_FOUND), "not-found");
    cr_assert_str_eq(tug_status_name(TUG_ERR_INTERNAL), "internal");
    for (int a = TUG_OK; a <= TUG_ERR_INTERNAL; a++) {
        cr_assert_str_neq(tug_status_name((enum tug_status)a), "unknown");
        for (int b = TUG_OK; b < a; b++) {
            cr_assert_str_neq(tug_status_name((enum tug_status)a),
                              tug_status_name((enum tug_status)b));
        }
    }
    cr_assert_str_eq(tug_status_name((enum tug_status)(TUG_ERR_INTERNAL + 1)), "unknown");
}

Test(base_error, f40_advice_stands_at_the_end_and_is_kept_whole)
{
    struct tug_error err = {0};
    char advice[32];

    cr_assert_eq(tug__advise(NULL, TUG_ERR_BUSY, "x"), TUG_ERR_BUSY);
    (void)tug__fail(&err, TUG_ERR_NETWORK, "no answer");
    cr_assert_eq(tug__advise(&err, TUG_ERR_BUSY, "try %s\n", "-k"), TUG_ERR_NETWORK);
    cr_assert_str_eq(err.message, "no answer; try -k\\x0a");
    memset(err.message, 'a', sizeof err.message - 1);
    memcpy(err.message + sizeof err.message - 1 - strlen("; try again") - 1, "ä",
           strlen("ä")); /* cut in two */
    (void)tug__advise(&err, TUG_ERR_BUSY, "%s", "try again");
    (void)snprintf(advice, sizeof advice, "%.31s",
                   err.message + strlen(err.message) - strlen("a; try again"));
    cr_assert_str_eq(advice, "a; try again");
    cr_assert_lt(strlen(err.message), sizeof err.message);
}
