/* SPDX-License-Identifier: Apache-2.0
 *
 * Parse Retry-After.
 *
 * Knows: RFC 9110 (delta-seconds, HTTP-date), Go's time.Duration text. Does not know: clocks,
 * libcurl, HTTP.
 * Threads: any.
 */
#include "http/retry_after.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Read digits with an optional fraction; strtod would follow the locale and accept hexadecimal,
 * exponents and "infinity". Returns: the text after them; NULL when there is no digit. */
static const char *read_number(const char *text, double *out_number)
{
    double number = 0;
    double place = 1;
    const char *at = text;

    while (*at >= '0' && *at <= '9') {
        number = number * 10 + (*at++ - '0');
    }
    if (at == text) {
        return NULL;
    }
    if (*at == '.') {
        at++;
        while (*at >= '0' && *at <= '9') {
            place /= 10;
            number += (*at++ - '0') * place;
        }
    }
    *out_number = number;
    return at;
}

static uint64_t limit(double ms)
{
    if (!(ms > 0)) {
        return 0;
    }
    if (ms >= (double)TUG__RETRY_AFTER_MAX_MS) {
        return TUG__RETRY_AFTER_MAX_MS;
    }
    return ms < 1 ? 1 : (uint64_t)(ms + 0.5);
}

/* Milliseconds of a unit at the start of the text. Returns: its length, 0: none. */
static size_t read_unit(const char *text, double *out_ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {
        {"ns", 1e-6}, {"us", 1e-3}, {"\xc2\xb5s", 1e-3}, {"\xce\xbcs", 1e-3}, {"\xb5s", 1e-3},
        {"ms", 1},    {"s", 1e3},   {"m", 6e4},          {"h", 3.6e6},
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const size_t length = strlen(units[i].name);

        if (strncmp(text, units[i].name, length) == 0) {
            *out_ms = units[i].ms;
            return length;
        }
    }
    return 0;
}

/* Numbers with units, or one number without. */
static bool read_duration(const char *text, double *out_ms)
{
    double sum = 0;
    bool has_unit = false;

    while (*text != '\0') {
        double number = 0;
        double unit = 1000;
        size_t length;

        text = read_number(text, &number);
        if (text == NULL) {
            return false;
        }
        length = read_unit(text, &unit);
        if (length == 0 && (*text != '\0' || has_unit)) {
            return false;
        }
        has_unit = true;
        sum += number * unit;
        text += length;
    }
    *out_ms = sum;
    return has_unit;
}

static int month_of(const char *name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (strncasecmp(name, names + 3 * (size_t)i, 3) == 0) {
            return i;
        }
    }
    return -1;
}

/* The three forms of RFC 9110 section 5.6.7; the name of the weekday is ignored. */
static bool read_date(const char *text, int64_t *out_s)
{
    struct tm when = {0};
    char month[4] = "";
    int year = 0;
    int end = 0;

    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &when.tm_mday, month,
               &year, &when.tm_hour, &when.tm_min, &when.tm_sec, &end) != 6 ||
        end == 0) {
        end = 0;
        if (sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &when.tm_mday, month,
                   &year, &when.tm_hour, &when.tm_min, &when.tm_sec, &end) == 6 &&
            end > 0) {
            year += year < 70 ? 2000 : 1900;
        } else if (sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", month,
                          &when.tm_mday, &when.tm_hour, &when.tm_min, &when.tm_sec, &year,
                          &end) != 6 ||
                   end == 0) {
            return false;
        }
    }
    when.tm_mon = month_of(month);
    when.tm_year = year - 1900;
    if (text[end] != '\0' || when.tm_mon < 0 || year < 1970) {
        return false;
    }
    *out_s = (int64_t)timegm(&when);
    return true;
}

uint64_t tug__retry_after_parse(const char *text, int64_t now_s)
{
    char copy[64];
    double ms = 0;
    int64_t when_s = 0;
    size_t length;

    text += strspn(text, " \t");
    length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
        length--;
    }
    if (length == 0 || length >= sizeof copy) {
        return 0;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (read_duration(copy, &ms)) {
        return limit(ms);
    }
    if (read_date(copy, &when_s) && when_s > now_s) {
        return limit((double)(when_s - now_s) * 1000);
    }
    return 0;
}
