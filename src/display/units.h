/* SPDX-License-Identifier: Apache-2.0
 *
 * Sizes, times and counts as users write and read them.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_DISPLAY_UNITS_H
#define TUG_DISPLAY_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Capacity that holds every text the format functions write. */
#define UNITS_TEXT_MAX 32
/* Longest time that is accepted, 366 days: further sums of times cannot overflow. */
#define UNITS_TIME_MS_MAX (UINT64_C(366) * 24 * 3600 * 1000)

/* Parse a size: digits, optionally with a decimal fraction, then nothing (bytes), K, M, G, KiB,
 * MiB, GiB (powers of 1024) or KB, MB, GB (powers of 1000). A fraction of a byte is cut off.
 * out_bytes: untouched on failure. Returns: false when malformed or over 2^63 - 1 bytes. */
bool units_parse_size(const char *text, uint64_t *out_bytes);

/* Parse a rate: a size, optionally followed by "/s".
 * out_bytes_per_s: untouched on failure. Returns: false when malformed, zero or too large. */
bool units_parse_rate(const char *text, uint64_t *out_bytes_per_s);

/* Parse a time: digits, optionally with a decimal fraction, then nothing or s (seconds), ms, m
 * (minutes) or h. More than zero never becomes zero.
 * out_ms: untouched on failure. Returns: false when malformed or over UNITS_TIME_MS_MAX. */
bool units_parse_time(const char *text, uint64_t *out_ms);

/* Parse a plain decimal number between min and max, both included.
 * out_count: untouched on failure. Returns: false when malformed or out of range. */
bool units_parse_count(const char *text, unsigned min, unsigned max, unsigned *out_count);

/* Return the end of a regular noun after a count: "", or "s" unless count is 1. */
const char *units_plural(uint64_t count);

/* Write a size with one of B, KiB, MiB, GiB, TiB, PiB, EiB: "0 B", "1.5 KiB", "12.3 MiB",
 * "120 MiB"; at most 8 characters. Returns: out_text. */
char *units_format_size(double bytes, char out_text[UNITS_TEXT_MAX]);

/* Write a rate: "840 B/s", "5.1 MiB/s", "57 MiB/s"; at most 10 characters. Returns: out_text. */
char *units_format_rate(double bytes_per_s, char out_text[UNITS_TEXT_MAX]);

/* Write a duration: "0.42 s", "12.3 s", "3m05s", "2h07m". Returns: out_text. */
char *units_format_duration(double seconds, char out_text[UNITS_TEXT_MAX]);

/* Write a duration that is shown while it runs, in whole seconds: "12 s", "3m05s", "2h07m".
 * Returns: out_text. */
char *units_format_wait(double seconds, char out_text[UNITS_TEXT_MAX]);

/* Write how long ago something was: "12s", "5m", "3h", "12d", "3y", cut down to the unit; less than
 * none is "0s". Returns: out_text. */
char *units_format_age(int64_t seconds, char out_text[UNITS_TEXT_MAX]);

#endif
