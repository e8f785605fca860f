/* SPDX-License-Identifier: Apache-2.0
 *
 * Which versions are in a range.
 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "ref/version.h"

/* Check each version of a list, separated by blanks. */
static void check(const struct tug__version_range *range, const char *texts, bool is_in)
{
    while (*texts != '\0') {
        const size_t length = strcspn(texts, " ");
        struct tug__version version;

        cr_assert(tug__version_parse(texts, length, &version), "'%s'", texts);
        cr_assert_eq(tug__version_in_range(&version, range), is_in, "'%s': %.*s", range->text,
                     (int)length, texts);
        texts += length + strspn(texts + length, " ");
    }
}

static void range(const char *text, const char *in, const char *out)
{
    struct tug__version_range range;
    struct tug_error err = {0};

    cr_assert_eq(tug__version_range_parse(text, &range, &err), TUG_OK, "%s", err.message);
    check(&range, in, true);
    check(&range, out, false);
}

Test(version_range, comparisons)
{
    range(">=1.2, <2", "1.2 1.2.0 1.10.3 v1.99", "1 1.1.9 2 2.0.0 2.1 3");
    range(">= 1.2 < 2", "1.2.0 1.99.0", "1.1.0 2.0.0");
    range(">=1.2<2", "1.2.0 1.99.0", "1.1.0 2.0.0");
    range("=1.2.3", "1.2.3 v1.2.3 1.2.3_4", "1.2.4 1.2.3.1 1.2");
    range("1.2.3", "1.2.3", "1.2.2 1.2.4");
    range("==1.2.3.4", "1.2.3.4", "1.2.3 1.2.3.5");
    range(">1.2.3", "1.2.4 1.3", "1.2.3 1.2");
    range("<=1.2.3", "1.2.3 1.2 0.1", "1.2.4 1.3");
    range("!=1.2.3", "1.2.2 1.2.4 9", "1.2.3");
    range(">=1, !=1.5.0, <2", "1.4.9 1.5.1", "1.5 0.9 2");
    range("=>1 =<2.0.0", "1 2", "0.9 2.0.1");
}

Test(version_range, missing_numbers)
{
    range("1.2", "1.2 1.2.0 1.2.99", "1.1 1.3");
    range("1.2.x", "1.2 1.2.0 1.2.99", "1.1 1.3");
    range("1.x", "1 1.0 1.99.9", "0.9 2");
    range("1.X.x", "1.0.0 1.99.9", "2.0.0");
    range("*", "0 1.2.3 99.0", "1.2.3-rc1");
    range(">=*", "0 99", "1-rc1");
    range(">1.2", "1.3 2", "1.2 1.2.9");
    range("<1.2", "1.1.9", "1.2 1.2.1");
    range("<=1.2", "1.2 1.2.9", "1.3");
    range("!=1.2", "1.1.9 1.3", "1.2 1.2.9");
    range(">*", "", "0 1 99");
    range("!=*", "", "0 1 99");
    range("1.2.3.x", "1.2.3 1.2.3.9", "1.2.4");
}

Test(version_range, carets_and_tildes)
{
    range("^1.2.3", "1.2.3 1.9", "1.2.2 2");
    range("^1.2", "1.2 1.9", "1.1 2");
    range("^1", "1 1.9", "2");
    range("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3");
    range("^0.0.3", "0.0.3", "0.0.4 0.0.2");
    range("^0.0", "0.0.0 0.0.9", "0.1");
    range("^0", "0.0.1 0.9", "1");
    range("^0.0.0", "0.0.0", "0.0.1");
    range("^*", "0 1 9", "");
    range("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3");
    range("~1.2", "1.2 1.2.9", "1.3 1.1");
    range("~1", "1 1.9", "2 0.9");
    range("~> 1.2", "1.2.9", "1.3");
    range("~1.2.3.4", "1.2.3.4 1.2.9", "1.2.3.3 1.3");
}

Test(version_range, alternatives_and_spans)
{
    range("1.2.x || 2.x", "1.2.9 2.9", "1.3 3 1.1");
    range("<1 || >=2, <3", "0.9 2.9", "1.5 3");
    range("^1||^3", "1.9 3.9", "2 4");
    range("1.2 - 2.3", "1.2 2.3 2.3.9", "1.1 2.4");
    range("1.2.3 - 2.3.4", "1.2.3 2.3.4", "1.2.2 2.3.5");
    range("1 - 2 || 5", "1 2.9 5.1", "3 6");
}

/* They count where one is named. */
Test(version_range, pre_releases)
{
    range(">=1.2, <2", "1.2", "1.3-rc1 1.2-rc1 2-rc1 1.27-alpine");
    range(">=1.2-0, <2", "1.2-rc1 1.2 1.3-alpine", "1.1 2.0.0-rc1 2");
    range(">1.2.3-rc.2", "1.2.3-rc.10 1.2.3 1.2.4-a", "1.2.3-rc.2 1.2.3-beta");
    range("<2.0.0-rc.2", "2.0.0-rc.1 1", "2.0.0-rc.2 2");
    range("~1.2-0", "1.2-rc1 1.2.9-x", "1.3-rc1");
    range("^1.2.3-rc1", "1.2.3-rc2 1.9-rc1", "2-rc1");
    range("1.2.3-rc1", "1.2.3-rc1", "1.2.3 1.2.3-rc2");
    range(">=1 || >=3-0", "1 3-rc1", "2-rc1");
}

static void refuse(const char *text, const char *why)
{
    struct tug__version_range range;
    struct tug_error err = {0};

    cr_assert_eq(tug__version_range_parse(text, &range, &err), TUG_ERR_INVALID_ARGUMENT, "'%s'",
                 text);
    cr_assert_not_null(strstr(err.message, why), "'%s': %s", text, err.message);
}

Test(version_range, what_is_none)
{
    char text[TUG__RANGE_TEXT_MAX + 1];

    refuse("", "a version is missing");
    refuse("  ", "a version is missing");
    refuse(">=", "a version is missing");
    refuse(">=1,", "a version is missing");
    refuse(",1", "a version is missing");
    refuse("1 ||", "a version is missing");
    refuse("|| 1", "a version is missing");
    refuse("1 | 2", "joined by '||'");
    refuse("1 || || 2", "a version is missing");
    refuse("latest", "'latest' is not a version");
    refuse("1.x.3", "'1.x.3' is not a version");
    refuse("1.x-rc1", "'1.x-rc1' is not a version");
    refuse(">>1", "a version is missing");
    refuse(">=1 - 2", "'-' is not a version");
    refuse("1.2.3.4.5", "is not a version");
    refuse("1234567890123456789", "is not a version");
    refuse("\x1b[31m", "\\x1b");
    memset(text, '1', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    refuse(text, "longer than 1023");
    for (size_t i = 0; i + 2 < sizeof text; i += 2) {
        memcpy(text + i, "1 ", 2);
    }
    text[2 * TUG__RANGE_TERMS_MAX + 1] = '\0';
    refuse(text, "too many comparisons");
    text[(2 * TUG__RANGE_TERMS_MAX) - 1] = '\0';
    range(text, "1", "2");
}
