/* SPDX-License-Identifier: Apache-2.0
 *
 * Read and write numbers with units.
 *
 * Knows: the units of the command line. Does not know: options.
 * Threads: the caller's.
 */
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Digits after the point that count; further ones are read and dropped. */
#define FRACTION_DIGITS 6
#define FRACTION_SCALE UINT64_C(1000000)

struct unit {
    const char *name;
    uint64_t factor;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number. */
struct number {
    uint64_t whole;
    uint64_t fraction; /* millionths */
};

/* Read digits[.digits]. Returns: what follows, NULL when malformed or too large to hold. */
static const char *parse_number(const char *text, struct number *out_number)
{
    struct number number = {0};
    uint64_t scale = FRACTION_SCALE;

    if (!is_digit(*text)) {
        return NULL;
    }
    for (; is_digit(*text); text++) {
        if (number.whole > (UINT64_MAX - 9) / 10) {
            return NULL;
        }
        number.whole = number.whole * 10 + (uint64_t)(*text - '0');
    }
    if (*text == '.') {
        text++;
        if (!is_digit(*text)) {
            return NULL;
        }
        for (; is_digit(*text); text++) {
            scale /= 10;
            number.fraction += (uint64_t)(*text - '0') * scale;
        }
    }
    *out_number = number;
    return text;
}

/* Read a number with one of the units. Returns: false when malformed or more than max. */
static bool parse_with_unit(const char *text, const struct unit *units, uint64_t max,
                            uint64_t *out_value)
{
    struct number number;
    const char *const rest = parse_number(text, &number);

    if (rest == NULL) {
        return false;
    }
    for (; units->name != NULL; units++) {
        if (strcmp(rest, units->name) == 0) {
            if (number.whole > max / units->factor) { /* nothing below can overflow then */
                return false;
            }
            const uint64_t value =
                number.whole * units->factor + number.fraction * units->factor / FRACTION_SCALE;

            if (value > max) {
                return false;
            }
            *out_value = value;
            return true;
        }
    }
    return false;
}

bool units_parse_size(const char *text, uint64_t *out_bytes)
{
    static const struct unit units[] = {
        {"", 1},
        {"K", UINT64_C(1) << 10},
        {"M", UINT64_C(1) << 20},
        {"G", UINT64_C(1) << 30},
        {"KiB", UINT64_C(1) << 10},
        {"MiB", UINT64_C(1) << 20},
        {"GiB", UINT64_C(1) << 30},
        {"KB", UINT64_C(1000)},
        {"MB", UINT64_C(1000000)},
        {"GB", UINT64_C(1000000000)},
        {NULL, 0},
    };

    return parse_with_unit(text, units, INT64_MAX, out_bytes);
}

bool units_parse_rate(const char *text, uint64_t *out_bytes_per_s)
{
    const size_t length = strlen(text);
    const bool has_second = length > 2 && strcmp(text + length - 2, "/s") == 0;
    char size[UNITS_TEXT_MAX];
    uint64_t bytes = 0;

    if (length >= sizeof size) {
        return false;
    }
    memcpy(size, text, length + 1);
    if (has_second) {
        size[length - 2] = '\0';
    }
    if (!units_parse_size(size, &bytes) || bytes == 0) {
        return false;
    }
    *out_bytes_per_s = bytes;
    return true;
}

bool units_parse_time(const char *text, uint64_t *out_ms)
{
    static const struct unit units[] = {
        {"", 1000000},
        {"ms", 1000},
        {"s", 1000000},
        {"m", 60 * 1000000},
        {"h", UINT64_C(3600) * 1000000},
        {NULL, 0},
    };
    uint64_t us = 0;

    /* In microseconds, so that what is less than a millisecond can be rounded up. */
    if (!parse_with_unit(text, units, UNITS_TIME_MS_MAX * 1000, &us)) {
        return false;
    }
    *out_ms = us / 1000 + (us % 1000 > 0 ? 1 : 0);
    return true;
}

bool units_parse_count(const char *text, unsigned min, unsigned max, unsigned *out_count)
{
    uint64_t value = 0;

    if (*text == '\0' || strlen(text) > 10) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (!is_digit(*text)) {
            return false;
        }
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (value < min || value > max) {
        return false;
    }
    *out_count = (unsigned)value;
    return true;
}

/* Write value with a unit of 1024, and one decimal below decimals_below. */
static char *format_scaled(double value, double decimals_below, const char *suffix,
                           char out_text[UNITS_TEXT_MAX])
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;

    if (!(value > 0)) { /* also what is not a number */
        value = 0;
    }
    while (value >= 1023.5 && unit + 1 < sizeof names / sizeof names[0]) {
        value /= 1024;
        unit++;
    }
    if (value > 9999) { /* a sum that has gone wrong must not break the columns */
        value = 9999;
    }
    (void)snprintf(out_text, UNITS_TEXT_MAX, "%.*f %s%s",
                   unit > 0 && value < decimals_below - 0.05 ? 1 : 0, value, names[unit], suffix);
    return out_text;
}

const char *units_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

char *units_format_size(double bytes, char out_text[UNITS_TEXT_MAX])
{
    return format_scaled(bytes, 100, "", out_text);
}

char *units_format_rate(double bytes_per_s, char out_text[UNITS_TEXT_MAX])
{
    return format_scaled(bytes_per_s, 10, "/s", out_text);
}

char *units_format_wait(double seconds, char out_text[UNITS_TEXT_MAX])
{
    const unsigned whole = seconds > 0 && seconds < 60 ? (unsigned)(seconds + 0.5) : 0;

    if (seconds >= 59.5) {
        return units_format_duration(seconds < 60 ? 60 : seconds, out_text);
    }
    (void)snprintf(out_text, UNITS_TEXT_MAX, "%u s", whole);
    return out_text;
}

char *units_format_duration(double seconds, char out_text[UNITS_TEXT_MAX])
{
    if (!(seconds > 0)) {
        seconds = 0;
    }
    if (seconds < 0.995) {
        (void)snprintf(out_text, UNITS_TEXT_MAX, "%.2f s", seconds);
    } else if (seconds < 59.95) {
        (void)snprintf(out_text, UNITS_TEXT_MAX, "%.1f s", seconds);
    } else {
        const unsigned long whole = seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 1000000000UL;

        if (whole < 3600) {
            (void)snprintf(out_text, UNITS_TEXT_MAX, "%lum%02lus", whole / 60, whole % 60);
        } else {
            (void)snprintf(out_text, UNITS_TEXT_MAX, "%luh%02lum", whole / 3600, whole % 3600 / 60);
        }
    }
    return out_text;
}

char *units_format_age(int64_t seconds, char out_text[UNITS_TEXT_MAX])
{
    static const struct {
        int64_t below; /* seconds */
        int64_t unit;
        char name;
    } ages[] = {
        {60, 1, 's'},
        {3600, 60, 'm'},
        {2 * 24 * 3600, 3600, 'h'},
        {INT64_C(2) * 365 * 24 * 3600, 24 * 3600, 'd'},
        {INT64_MAX, INT64_C(365) * 24 * 3600, 'y'},
    };
    const int64_t age = seconds > 0 ? seconds : 0;
    size_t i = 0;

    while (i + 1 < sizeof ages / sizeof ages[0] && age >= ages[i].below) {
        i++;
    }
    (void)snprintf(out_text, UNITS_TEXT_MAX, "%" PRId64 "%c", age / ages[i].unit, ages[i].name);
    return out_text;
}
