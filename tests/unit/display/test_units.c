/* SPDX-License-Identifier: Apache-2.0
 *
 * Sizes, times and counts, read and written.
 */
#include "display/units.h"

#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

static void expect_size(const char *text, uint64_t expected)
{
    uint64_t bytes = 0;

    cr_assert(units_parse_size(text, &bytes), "'%s' was refused", text);
    cr_assert(bytes == expected, "'%s': %llu", text, (unsigned long long)bytes);
}

Test(display_units, reads_sizes)
{
    expect_size("0", 0);
    expect_size("17", 17);
    expect_size("1K", 1024);
    expect_size("1KiB", 1024);
    expect_size("1KB", 1000);
    expect_size("1.5M", 1572864);
    expect_size("2MB", 2000000);
    expect_size("0.5G", 536870912);
    expect_size("1GiB", 1073741824);
    expect_size("1GB", 1000000000);
    expect_size("0.9", 0);
    expect_size("1.9999999999", 1);
    expect_size("9223372036854775807", INT64_MAX);
    expect_size("8589934591G", UINT64_C(8589934591) << 30);
}

Test(display_units, refuses_other_sizes)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "K",
                                      "-1",
                                      "+1",
                                      "1 K",
                                      "1k",
                                      "1T",
                                      ".5",
                                      "1.",
                                      "1.K",
                                      "1..5",
                                      "1,5",
                                      "1e3",
                                      "0x1",
                                      "1KiBs",
                                      "1Kib",
                                      "1 ",
                                      " 1",
                                      "nan",
                                      "inf",
                                      "9223372036854775808",
                                      "8589934592G",
                                      "99999999999999999999999",
                                      "18446744073709551616"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t bytes = 4711;

        cr_assert_not(units_parse_size(bad[i], &bytes), "'%s' was taken", bad[i]);
        cr_assert(bytes == 4711, "'%s': output touched", bad[i]);
    }
}

static void expect_time(const char *text, uint64_t expected)
{
    uint64_t ms = 0;

    cr_assert(units_parse_time(text, &ms), "'%s' was refused", text);
    cr_assert(ms == expected, "'%s': %llu ms", text, (unsigned long long)ms);
}

Test(display_units, reads_times)
{
    expect_time("0", 0);
    expect_time("1", 1000);
    expect_time("1s", 1000);
    expect_time("1.5s", 1500);
    expect_time("250ms", 250);
    expect_time("2m", 120000);
    expect_time("1.5h", 5400000);
    expect_time("0.0001s", 1); /* more than zero never becomes zero */
    expect_time("0.2ms", 1);
    expect_time("8784h", UNITS_TIME_MS_MAX);
}

Test(display_units, refuses_other_times)
{
    static const char *const bad[] = {"",   "s",   "-1",  "1d",    "1 s",
                                      "1S", "1.s", "1us", "8785h", "99999999999999999999999"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t ms = 4711;

        cr_assert_not(units_parse_time(bad[i], &ms), "'%s' was taken", bad[i]);
        cr_assert(ms == 4711);
    }
}

Test(display_units, counts_are_plain_and_in_range)
{
    static const char *const bad[] = {"",    "0",  "65",  "-1",         "+1",
                                      "1.0", "1 ", "0x1", "4294967297", "18446744073709551617"};
    unsigned count = 0;

    cr_assert(units_parse_count("1", 1, 64, &count) && count == 1);
    cr_assert(units_parse_count("64", 1, 64, &count) && count == 64);
    cr_assert(units_parse_count("007", 1, 64, &count) && count == 7);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_not(units_parse_count(bad[i], 1, 64, &count), "'%s' was taken", bad[i]);
        cr_assert_eq(count, 7);
    }
}

static void expect_text(const char *text, const char *expected)
{
    cr_assert_str_eq(text, expected);
}

Test(display_units, writes_sizes)
{
    char text[UNITS_TEXT_MAX];

    expect_text(units_format_size(0, text), "0 B");
    expect_text(units_format_size(1023, text), "1023 B");
    expect_text(units_format_size(1024, text), "1.0 KiB");
    expect_text(units_format_size(1536, text), "1.5 KiB");
    expect_text(units_format_size(12.3 * 1048576, text), "12.3 MiB");
    expect_text(units_format_size(120.0 * 1048576, text), "120 MiB");
    expect_text(units_format_size(99.97 * 1024, text), "100 KiB");
    expect_text(units_format_size(1023.7 * 1024, text), "1.0 MiB");
    expect_text(units_format_rate(840, text), "840 B/s");
    expect_text(units_format_rate(5.1 * 1048576, text), "5.1 MiB/s");
    expect_text(units_format_rate(57.4 * 1048576, text), "57 MiB/s");
}

Test(display_units, writes_durations)
{
    char text[UNITS_TEXT_MAX];

    expect_text(units_format_duration(0.42, text), "0.42 s");
    expect_text(units_format_duration(0.996, text), "1.0 s");
    expect_text(units_format_duration(12.34, text), "12.3 s");
    expect_text(units_format_duration(59.96, text), "1m00s");
    expect_text(units_format_duration(185, text), "3m05s");
    expect_text(units_format_duration(3599.6, text), "1h00m");
    expect_text(units_format_duration(7620, text), "2h07m");
}

Test(display_units, formats_running_times_in_whole_seconds)
{
    char text[UNITS_TEXT_MAX];

    expect_text(units_format_wait(-1, text), "0 s");
    expect_text(units_format_wait(0.4, text), "0 s");
    expect_text(units_format_wait(12.6, text), "13 s");
    expect_text(units_format_wait(59.6, text), "1m00s");
    expect_text(units_format_wait(7620, text), "2h07m");
}

/* Whatever a sum came to, the text fits its column. */
Test(display_units, odd_numbers_stay_in_their_columns)
{
    const double odd[] = {-1, -1e300, 1e300, (double)NAN, (double)INFINITY, -(double)INFINITY};
    char text[UNITS_TEXT_MAX];

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        cr_assert_leq(strlen(units_format_size(odd[i], text)), 8, "'%s'", text);
        cr_assert_leq(strlen(units_format_rate(odd[i], text)), 10, "'%s'", text);
        cr_assert_lt(strlen(units_format_duration(odd[i], text)), UNITS_TEXT_MAX);
    }
    for (double bytes = 1; bytes < 1e19; bytes *= 1.01) {
        cr_assert_leq(strlen(units_format_size(bytes, text)), 8, "'%s'", text);
        cr_assert_leq(strlen(units_format_rate(bytes, text)), 10, "'%s'", text);
    }
}

Test(display_units, parses_rates)
{
    static const char *const bad[] = {"",         "/s",  "0",  "0MB/s", "10MB/m",
                                      "10MB/s/s", "x/s", "-1", "1s"};
    uint64_t rate = 7;

    cr_assert(units_parse_rate("10MB/s", &rate));
    cr_assert_eq(rate, 10000000);
    cr_assert(units_parse_rate("1.5KiB", &rate));
    cr_assert_eq(rate, 1536);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_not(units_parse_rate(bad[i], &rate), "%s", bad[i]);
        cr_assert_eq(rate, 1536);
    }
}

Test(display_units, ages)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {-1, "0s"},
        {0, "0s"},
        {59, "59s"},
        {60, "1m"},
        {3599, "59m"},
        {3600, "1h"},
        {172799, "47h"},
        {172800, "2d"},
        {63071999, "729d"},
        {63072000, "2y"},
        {INT64_MAX, "292471208677y"},
    };
    char text[UNITS_TEXT_MAX];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_str_eq(units_format_age(cases[i].seconds, text), cases[i].text);
    }
}
