/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML: what is taken, in which order, and the line and reason of what is refused.
 */
#include "toml/toml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct tug__toml *parse_bytes(const char *text, size_t length)
{
    struct tug__toml *toml = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__toml_parse(text, length, "f.toml", &toml, &err), TUG_OK, "%s: %s", text,
                 err.message);
    return toml;
}

/* The value that keys up to a NULL lead to. */
static const struct tug__toml_value *at(const struct tug__toml *toml, const char *const *keys)
{
    const struct tug__toml_value *value = tug__toml_root(toml);

    for (; *keys != NULL; keys++) {
        value = tug__toml_get(value, *keys);
        cr_assert_not_null(value, "no '%s'", *keys);
    }
    return value;
}

#define AT(toml, ...) at(toml, (const char *const[]){__VA_ARGS__, NULL})

/* Expect the value of the key "k" to be that string. */
static void expect_string(const char *text, const char *expected)
{
    struct tug__toml *const toml = parse_bytes(text, strlen(text));
    const struct tug__toml_value *const value = AT(toml, "k");

    cr_assert_eq(value->type, TUG__TOML_STRING, "%s", text);
    cr_assert_str_eq(value->text, expected, "%s", text);
    tug__toml_destroy(toml);
}

static void expect_integer(const char *number, int64_t expected)
{
    char text[256];
    struct tug__toml *toml;

    (void)snprintf(text, sizeof text, "k = %s # note", number);
    toml = parse_bytes(text, strlen(text));
    cr_assert_eq(AT(toml, "k")->type, TUG__TOML_INTEGER, "%s", number);
    cr_assert_eq(AT(toml, "k")->integer, expected, "%s", number);
    tug__toml_destroy(toml);
}

static void refuse_bytes(const char *text, size_t length, const char *why)
{
    struct tug__toml *toml = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__toml_parse(text, length, "f.toml", &toml, &err), TUG_ERR_CONFIG,
                 "accepted: %s", text);
    cr_assert_null(toml);
    cr_assert_not_null(strstr(err.message, why), "'%s': %s", text, err.message);
    cr_assert_eq(strncmp(err.message, "f.toml:", strlen("f.toml:")), 0, "%s", err.message);
}

/* Expect a refusal whose message holds "LINE: reason". */
static void refuse(const char *text, const char *why)
{
    refuse_bytes(text, strlen(text), why);
}

Test(toml, takes_an_empty_text_and_comments)
{
    struct tug__toml *toml = parse_bytes("", 0);

    cr_assert_eq(tug__toml_root(toml)->count, 0);
    tug__toml_destroy(toml);
    toml = parse_bytes("# one\r\n\r\n \t# two \xC3\xA9\tx\n#", 22);
    cr_assert_eq(tug__toml_root(toml)->count, 0);
    tug__toml_destroy(toml);
    tug__toml_destroy(NULL);
}

Test(toml, f36_skips_a_byte_order_mark)
{
    expect_string("\xef\xbb\xbfk = \"v\"", "v");
    expect_string("\xef\xbb\xbf\r\n\r\nk = \"v\"", "v");
    refuse_bytes("k = 1\n\xef\xbb\xbf", 9, "f.toml:2:");
}

Test(toml, knows_the_line_of_each_value)
{
    static const char text[] = "# c\n"
                               "a = 1\r\n"
                               "[t]\n"
                               "s = \"\"\"\n"
                               "x\\\n"
                               "  y\"\"\"\n"
                               "l = [ # c\n"
                               "  1,\n"
                               "\n"
                               "  2, ]\n"
                               "b = true\n";
    struct tug__toml *const toml = parse_bytes(text, sizeof text - 1);
    const struct tug__toml_value *const list = AT(toml, "t", "l");

    cr_assert_eq(AT(toml, "a")->line, 2);
    cr_assert_eq(AT(toml, "t")->line, 3);
    cr_assert_eq(AT(toml, "t", "s")->line, 4);
    cr_assert_str_eq(AT(toml, "t", "s")->text, "xy");
    cr_assert_eq(list->line, 7);
    cr_assert_eq(list->count, 2);
    cr_assert_eq(list->head->line, 8);
    cr_assert_eq(list->head->next->line, 10);
    cr_assert_eq(AT(toml, "t", "b")->line, 11);
    tug__toml_destroy(toml);
}

Test(toml, reads_keys_of_all_kinds)
{
    static const char text[] = "bare-1_A = 1\n"
                               "\"quoted \\u00e9\" = 2\n"
                               "'lit\\' = 3\n"
                               "\"\" = 4\n"
                               "1 . \"x.y\" .\tz = 5\n"
                               "1.w = 6\n";
    struct tug__toml *const toml = parse_bytes(text, sizeof text - 1);

    cr_assert_eq(AT(toml, "bare-1_A")->integer, 1);
    cr_assert_eq(AT(toml, "quoted \xC3\xA9")->integer, 2);
    cr_assert_eq(AT(toml, "lit\\")->integer, 3);
    cr_assert_eq(AT(toml, "")->integer, 4);
    cr_assert_eq(AT(toml, "1", "x.y", "z")->integer, 5);
    cr_assert_eq(AT(toml, "1", "w")->integer, 6);
    cr_assert_null(tug__toml_get(AT(toml, "1", "w"), "w"));
    cr_assert_null(tug__toml_get(AT(toml, "1"), "v"));
    tug__toml_destroy(toml);
}

Test(toml, keeps_the_order_of_appearance)
{
    static const char text[] = "[host.\"https://b\".header]\nx = 1\n"
                               "[ host . \"https://a\" ]\ny = 1\n"
                               "[host.\"https://b\"]\nz = 1\n"
                               "[host]\n\"https://c\" = {}\n";
    struct tug__toml *const toml = parse_bytes(text, sizeof text - 1);
    const struct tug__toml_value *const host = AT(toml, "host");

    cr_assert_eq(host->count, 3);
    cr_assert_str_eq(host->head->key, "https://b");
    cr_assert_str_eq(host->head->next->key, "https://a");
    cr_assert_str_eq(host->head->next->next->key, "https://c");
    cr_assert_eq(AT(toml, "host", "https://b", "header", "x")->integer, 1);
    cr_assert_eq(AT(toml, "host", "https://b", "z")->integer, 1);
    tug__toml_destroy(toml);
}

Test(toml, reads_strings)
{
    expect_string("k = \"\"", "");
    expect_string("k=''", "");
    expect_string("k = \"a\\tb\\n\\\"\\\\\\b\\f\\r # no comment\"",
                  "a\tb\n\"\\\b\f\r # no comment");
    expect_string("k = \"\\u0041\\u00E9\\u20ac\\U0001F600\"",
                  "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    expect_string("k = 'C:\\u0041\"'", "C:\\u0041\"");
    expect_string("k = \"\"\"\"\"\"", "");
    expect_string("k = \"\"\"\r\na\r\nb\"\"\"", "a\nb");
    expect_string("k = \"\"\"a \\  \n\n \t b\\\n\"\"\"", "a b");
    expect_string("k = \"\"\"\"\"two\"\"\"\"\"", "\"\"two\"\"");
    expect_string("k = '''\n'a\\'\n''b'''", "'a\\'\n''b");
}

Test(toml, reads_numbers_and_booleans)
{
    struct tug__toml *const toml = parse_bytes("t = true\nf = false", 18);

    cr_assert_eq(AT(toml, "t")->type, TUG__TOML_BOOLEAN);
    cr_assert(AT(toml, "t")->boolean);
    cr_assert_eq(AT(toml, "f")->type, TUG__TOML_BOOLEAN);
    cr_assert(!AT(toml, "f")->boolean);
    tug__toml_destroy(toml);
    expect_integer("0", 0);
    expect_integer("+0", 0);
    expect_integer("-17", -17);
    expect_integer("1_000", 1000);
    expect_integer("0xDEAD_beef", 0xDEADBEEF);
    expect_integer("0o755", 493);
    expect_integer("0b0101", 5);
    expect_integer("9223372036854775807", INT64_MAX);
    expect_integer("-9223372036854775808", INT64_MIN);
    expect_integer("0x7fff_ffff_ffff_ffff", INT64_MAX);
}

Test(toml, reads_arrays_and_inline_tables)
{
    static const char text[] =
        "l = [[\"c\", 'k'], [ ], [\n1,# c\n2\n,], {a.b = 1, \"c\" = [true]}]\n"
        "e = {}";
    struct tug__toml *const toml = parse_bytes(text, sizeof text - 1);
    const struct tug__toml_value *const list = AT(toml, "l");
    const struct tug__toml_value *const table = list->head->next->next->next;

    cr_assert_eq(list->count, 4);
    cr_assert_null(list->head->key);
    cr_assert_str_eq(list->head->head->next->text, "k");
    cr_assert_eq(list->head->next->count, 0);
    cr_assert_eq(list->head->next->next->count, 2);
    cr_assert_eq(table->type, TUG__TOML_TABLE);
    cr_assert_eq(tug__toml_get(tug__toml_get(table, "a"), "b")->integer, 1);
    cr_assert(tug__toml_get(table, "c")->head->boolean);
    cr_assert_eq(AT(toml, "e")->count, 0);
    tug__toml_destroy(toml);
}

Test(toml, refuses_what_is_defined_twice)
{
    refuse("a = 1\nb = 2\na = 3", "3: 'a' was defined before, on line 1");
    refuse("a = 1\n'a' = 1", "2: 'a' was defined");
    refuse("[a]\n[b]\n[a]", "3: 'a' was defined before, on line 1");
    refuse("[a.b]\n[a]\n[a]", "3: 'a' was defined before, on line 2");
    refuse("a = 1\n[a]", "2: 'a' was defined");
    refuse("a = 1\n[a.b]", "2: 'a' was defined");
    refuse("a = 1\na.b = 2", "2: 'a' was defined");
    refuse("a.b = 1\na = 2", "2: 'a' was defined");
    refuse("a = {}\na.b = 2", "2: 'a' was defined");
    refuse("a = {}\n[a.b]", "2: 'a' was defined");
    refuse("a = [{}]\n[a.b]", "2: 'a' was defined");
    refuse("a = {b = 1, b = 2}", "1: 'b' was defined");
    refuse("a = {b.c = 1, b = 2}", "1: 'b' was defined");
    refuse("[a]\nb.c = 1\n[a.b]", "3: 'b' was defined");
    refuse("[a.b]\n[a]\nb.c = 1", "3: 'b' was defined");
    refuse("[a.b.c]\n[a]\nb.d = 1", "3: 'b' was defined");
    refuse("[a]\nb = 1\n[a.b]", "3: 'b' was defined");
}

Test(toml, lets_headers_add_below_dotted_keys)
{
    static const char text[] = "[f]\na.b = 1\na.c.d = 2\n[f.a.t]\nx = 3\n";
    struct tug__toml *const toml = parse_bytes(text, sizeof text - 1);

    cr_assert_eq(AT(toml, "f", "a", "c", "d")->integer, 2);
    cr_assert_eq(AT(toml, "f", "a", "t", "x")->integer, 3);
    tug__toml_destroy(toml);
}

Test(toml, refuses_what_is_not_supported)
{
    refuse("\n[[a]]", "2: arrays of tables are not supported");
    refuse("a = 1.5", "1: fractions are not supported");
    refuse("a = 1e3", "fractions");
    refuse("a = -inf", "fractions");
    refuse("a = nan", "fractions");
    refuse("a = 1979-05-27T07:32:00Z", "dates and times are not supported");
    refuse("a = 1979-05-27 07:32:00", "dates and times are not supported");
    refuse("a = 07:32:00", "dates and times");
}

Test(toml, refuses_bad_numbers_and_words)
{
    refuse("a = 9223372036854775808", "not a whole number of 64 bits");
    refuse("a = -9223372036854775809", "not a whole number");
    refuse("a = 0x8000000000000000", "not a whole number");
    refuse("a = 007", "not a whole number");
    refuse("a = 1__0", "not a whole number");
    refuse("a = 1_", "not a whole number");
    refuse("a = 0x", "not a whole number");
    refuse("a = 0x_1", "not a whole number");
    refuse("a = -0x1", "not a whole number");
    refuse("a = 0o8", "not a whole number");
    refuse("a = 0b2", "not a whole number");
    refuse("a = _1", "not a value (strings must be quoted)");
    refuse("a = True", "not a value");
    refuse("a = +", "not a value");
    refuse("\na = yes", "2: not a value");
}

Test(toml, refuses_bad_strings)
{
    refuse("a = \"x", "1: an unterminated string");
    refuse("a = \"x\n\"", "1: an unterminated string");
    refuse("a = \"\"\"\nx\r\ny\n\"\"\"\nb", "5: expected '=' after the key 'b'");
    refuse("a = 'x\n'", "1: an unterminated string");
    refuse("\na = \"\"\"x\n\n", "2: an unterminated string");
    refuse("a = '''x''", "1: an unterminated string");
    refuse("a = \"\\x41\"", "1: an unknown escape");
    refuse("a = \"\\ \n\"", "1: an unknown escape");
    refuse("a = \"C:\\Users\"", "1: an escape with fewer than 8");
    refuse("a = \"\\u12\"", "an escape with fewer than 4");
    refuse("a = \"\\u0000\"", "an escape for an invalid character");
    refuse("a = \"\\uD800\"", "an escape for an invalid character (U+D800)");
    refuse("a = \"\\U00110000\"", "an escape for an invalid character");
    refuse("\"\"\"a\"\"\" = 1", "1: a key in three quotes");
    refuse("a = \"\"\"x\"\"\"\"\"\"", "1: expected the end of the line");
}

Test(toml, refuses_bad_bytes)
{
    refuse("a = 1\n# \xff", "2: not UTF-8");
    refuse("# \xC0\x80", "1: not UTF-8");
    refuse("a = \"\x01\"", "1: a control character (0x01)");
    refuse("\n\n# \x7f", "3: a control character (0x7f)");
    refuse("a = 1\rb = 2\n", "1: a control character (0x0d)");
    refuse("a = 1\r", "1: a control character (0x0d)");
    refuse("a = '''\r\r\n'''", "1: a control character (0x0d)");
    refuse_bytes("a = 1\n\0", 7, "2: a control character (0x00)");
}

Test(toml, refuses_bad_structure)
{
    refuse("a", "1: expected '=' after the key 'a'");
    refuse("a\n= 1", "1: expected '='");
    refuse("a =\n1", "1: expected a value");
    refuse("= 1", "1: expected a key");
    refuse("a. = 1", "1: expected a key");
    refuse("a = 1 b = 2", "1: expected the end of the line, not 'b'");
    refuse("[a", "1: expected '.' or ']' in a table's header");
    refuse("[]", "1: expected a key");
    refuse("[a.]", "1: expected a key");
    refuse("[a\n]", "1: expected '.' or ']'");
    refuse("[a] b = 1", "1: expected the end of the line");
    refuse("\na = [1,\n\n", "2: an unterminated array");
    refuse("a = [1\n2]", "2: expected ',' or ']'");
    refuse("a = [,]", "1: expected a value");
    refuse("a = [1,,2]", "1: expected a value");
    refuse("a = {b = 1,}", "1: expected a key");
    refuse("a = {b = 1\n}", "1: expected ',' or '}'");
    refuse("a = {", "1: expected a key");
    refuse("a = {b}", "1: expected '='");
}

/* Text of a repeated piece between two ends. */
static char *repeat(const char *begin, const char *piece, size_t times, const char *end)
{
    const size_t piece_length = strlen(piece);
    char *const text = malloc(strlen(begin) + times * piece_length + strlen(end) + 1);
    char *place = text;

    cr_assert_not_null(text);
    place = stpcpy(place, begin);
    for (size_t i = 0; i < times; i++, place += piece_length) {
        memcpy(place, piece, piece_length);
    }
    (void)strcpy(place, end);
    return text;
}

static void refuse_repeated(const char *begin, const char *piece, size_t times, const char *why)
{
    char *const text = repeat(begin, piece, times, "");

    refuse(text, why);
    free(text);
}

Test(toml, limits_depth_count_and_size)
{
    char *text = repeat("a = ", "[", TUG__TOML_DEPTH_MAX - 1, "");
    char *const whole = repeat(text, "]", TUG__TOML_DEPTH_MAX - 1, "");

    tug__toml_destroy(parse_bytes(whole, strlen(whole)));
    free(whole);
    free(text);
    text = repeat("a = [", "1,", TUG__TOML_VALUES_MAX - 1, "]");
    tug__toml_destroy(parse_bytes(text, strlen(text)));
    free(text);
    text = repeat("#", "x", TUG__TOML_BYTES_MAX - 1, "");
    tug__toml_destroy(parse_bytes(text, strlen(text)));
    free(text);
    refuse_repeated("a = ", "[", 100000, "1: nested over the limit of 32 levels");
    refuse_repeated("a = ", "{a=", 100000, "1: nested over the limit of 32 levels");
    refuse_repeated("a", ".a", 100000, "1: nested over the limit of 32 levels");
    refuse_repeated("[a", ".a", 100000, "1: nested over the limit of 32 levels");
    refuse_repeated("a = [", "1,\n", TUG__TOML_VALUES_MAX, "over the limit of 4096 values");
    refuse_repeated("#", "x", TUG__TOML_BYTES_MAX, "1: over the limit of 1048576 bytes");
}

Test(toml, names_types)
{
    cr_assert_str_eq(tug__toml_type_name(TUG__TOML_STRING), "a string");
    cr_assert_str_eq(tug__toml_type_name(TUG__TOML_NONE), "nothing");
}

/* A key or password whose quotes were forgotten. */
Test(toml, f04_a_word_that_is_no_value_is_not_shown)
{
    static const char *const words[] = {"S3cret", "1S3cret", "1.S3cret", "2026-S3cret"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char text[64];
        struct tug__toml *document = NULL;
        struct tug_error err = {0};

        (void)snprintf(text, sizeof text, "X-Key = %s", words[i]);
        cr_assert_neq(tug__toml_parse(text, strlen(text), "a.toml", &document, &err), TUG_OK);
        cr_assert_null(strstr(err.message, "S3cret"), "%s", err.message);
    }
}
