/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests: the strict grammar, text and value, computing.
 */
#include "oci/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

/* SHA-256 of "{}", the empty config. */
#define EMPTY_HEX "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define HEX32 "0123456789abcdef0123456789abcdef"
#define HEX64 HEX32 HEX32

static enum tug_status parse(const char *text, struct tug_digest *out_digest)
{
    struct tug_error err = {0};
    const enum tug_status status = tug_digest_parse(text, strlen(text), out_digest, &err);

    cr_assert_eq(err.code, status, "'%s': code and return value differ", text);
    cr_assert(status == TUG_OK || err.message[0] != '\0', "'%s': no message", text);
    return status;
}

static void expect(const char *text, enum tug_status expected)
{
    struct tug_digest digest;
    struct tug_digest before;

    memset(&digest, 0x5a, sizeof digest);
    before = digest;
    cr_assert_eq(parse(text, &digest), expected, "'%.100s': wrong verdict", text);
    cr_assert_eq(memcmp(&digest, &before, sizeof digest) == 0, expected != TUG_OK,
                 "'%.100s': output touched on failure, or not filled", text);
}

Test(oci_digest, accepts_the_three_algorithms)
{
    expect("sha256:" HEX64, TUG_OK);
    expect("sha384:" HEX64 HEX32, TUG_OK);
    expect("sha512:" HEX64 HEX64, TUG_OK);
}

Test(oci_digest, prints_what_it_parsed)
{
    static const char *const texts[] = {"sha256:" HEX64, "sha384:" HEX64 HEX32,
                                        "sha512:" HEX64 HEX64};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tug_digest digest;
        char text[TUG_DIGEST_TEXT_MAX];
        char hex[TUG_DIGEST_TEXT_MAX];

        cr_assert_eq(parse(texts[i], &digest), TUG_OK);
        cr_assert_str_eq(tug_digest_format(&digest, text), texts[i]);
        cr_assert_str_eq(tug__digest_hex(&digest, hex), strchr(texts[i], ':') + 1);
    }
}

Test(oci_digest, zeroes_the_bytes_past_the_algorithms_length)
{
    struct tug_digest digest;
    static const uint8_t zeroes[TUG_DIGEST_BYTES_MAX];

    memset(&digest, 0xff, sizeof digest);
    cr_assert_eq(parse("sha256:" HEX64, &digest), TUG_OK);
    cr_assert_eq(memcmp(digest.bytes + 32, zeroes, sizeof digest.bytes - 32), 0);
}

Test(oci_digest, t24_refuses_upper_case_hex)
{
    expect("sha256:" HEX32 "0123456789ABCDEF0123456789abcdef", TUG_ERR_INVALID_ARGUMENT);
    expect("SHA256:" HEX64, TUG_ERR_INVALID_ARGUMENT);
}

Test(oci_digest, t24_refuses_wrong_lengths)
{
    expect("sha256:", TUG_ERR_INVALID_ARGUMENT);
    expect("sha256:" HEX32, TUG_ERR_INVALID_ARGUMENT);
    expect("sha256:" HEX64 "0", TUG_ERR_INVALID_ARGUMENT);
    expect("sha512:" HEX64, TUG_ERR_INVALID_ARGUMENT);
    expect("sha384:" HEX64 HEX64, TUG_ERR_INVALID_ARGUMENT);
}

Test(oci_digest, t24_refuses_what_could_be_a_path)
{
    expect("sha256:../../etc/passwd", TUG_ERR_INVALID_ARGUMENT);
    expect("../sha256:" HEX64, TUG_ERR_INVALID_ARGUMENT);
    expect("sha256/:" HEX64, TUG_ERR_INVALID_ARGUMENT);
    expect("sha256:/" HEX32 "123456789abcdef0123456789abcdef", TUG_ERR_INVALID_ARGUMENT);
    expect(".:" HEX64, TUG_ERR_INVALID_ARGUMENT);
}

Test(oci_digest, t24_refuses_other_malformed_texts)
{
    expect("", TUG_ERR_INVALID_ARGUMENT);
    expect(":", TUG_ERR_INVALID_ARGUMENT);
    expect("sha256", TUG_ERR_INVALID_ARGUMENT);
    expect(HEX64, TUG_ERR_INVALID_ARGUMENT);
    expect(":" HEX64, TUG_ERR_INVALID_ARGUMENT);
    expect("sha256::" HEX64, TUG_ERR_INVALID_ARGUMENT);
    expect(" sha256:" HEX64, TUG_ERR_INVALID_ARGUMENT);
    expect("sha256:" HEX64 "\n", TUG_ERR_INVALID_ARGUMENT);
    expect("sha256:" HEX32 "g123456789abcdef0123456789abcdef", TUG_ERR_INVALID_ARGUMENT);
    expect("sha256+:" HEX64, TUG_ERR_INVALID_ARGUMENT);
    expect("sha256+-b:" HEX64, TUG_ERR_INVALID_ARGUMENT);
}

Test(oci_digest, t24_refuses_an_embedded_nul)
{
    char text[] = "sha256:" HEX64;
    struct tug_digest digest;
    struct tug_error err = {0};

    text[20] = '\0';
    cr_assert_eq(tug_digest_parse(text, sizeof text - 1, &digest, &err), TUG_ERR_INVALID_ARGUMENT);
    text[20] = '0';
    text[3] = '\0';
    cr_assert_eq(tug_digest_parse(text, sizeof text - 1, &digest, &err), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_digest_parse(text, sizeof text, &digest, &err), TUG_ERR_INVALID_ARGUMENT);
}

Test(oci_digest, t24_refuses_ten_kilobytes_with_a_short_message)
{
    char text[10001];
    struct tug_digest digest;
    struct tug_error err = {0};

    memset(text, 'a', sizeof text - 1);
    memcpy(text, "sha256:", 7);
    text[sizeof text - 1] = '\0';
    cr_assert_eq(tug_digest_parse(text, sizeof text - 1, &digest, &err), TUG_ERR_INVALID_ARGUMENT);
    cr_assert(strlen(err.message) < 200);
    cr_assert_not_null(strstr(err.message, "wrong length"));
}

Test(oci_digest, t24_tells_unknown_algorithms_from_malformed_ones)
{
    expect("blake3:" HEX64, TUG_ERR_UNSUPPORTED);
    expect("md5:d41d8cd98f00b204e9800998ecf8427e", TUG_ERR_UNSUPPORTED);
    expect("sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", TUG_ERR_UNSUPPORTED);
    expect("multihash+base58:Q=", TUG_ERR_UNSUPPORTED);
    expect("sha256x:" HEX64, TUG_ERR_UNSUPPORTED);
    expect("blake3:", TUG_ERR_INVALID_ARGUMENT);
    expect("blake3:a/b", TUG_ERR_INVALID_ARGUMENT);
}

Test(oci_digest, needs_no_error_value)
{
    struct tug_digest digest;

    cr_assert_eq(tug_digest_parse("x", 1, &digest, NULL), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_digest_parse(NULL, 0, &digest, NULL), TUG_ERR_INVALID_ARGUMENT);
}

Test(oci_digest, compares_algorithm_and_value)
{
    struct tug_digest a;
    struct tug_digest b;
    const struct tug_digest unset = {0};

    cr_assert_eq(parse("sha256:" HEX64, &a), TUG_OK);
    b = a;
    cr_assert(tug_digest_equal(&a, &b));
    b.bytes[31] ^= 1;
    cr_assert_not(tug_digest_equal(&a, &b));
    b = a;
    b.algorithm = TUG_DIGEST_SHA512;
    cr_assert_not(tug_digest_equal(&a, &b));
    cr_assert_not(tug_digest_equal(&a, &unset));
    cr_assert(tug_digest_equal(&unset, &unset));
}

Test(oci_digest, prints_an_unset_digest_as_nothing)
{
    const struct tug_digest unset = {0};
    char text[TUG_DIGEST_TEXT_MAX] = "x";

    cr_assert_str_eq(tug_digest_format(&unset, text), "");
    cr_assert_str_eq(tug__digest_hex(&unset, text), "");
    cr_assert_str_eq(tug__digest_algorithm_name(TUG_DIGEST_NONE), "");
    cr_assert_eq(tug__digest_length(TUG_DIGEST_NONE), 0);
}

Test(oci_digest, computes_the_digest_of_bytes)
{
    struct tug_digest digest;
    char text[TUG_DIGEST_TEXT_MAX];

    cr_assert_eq(tug__digest_of(TUG_DIGEST_SHA256, "{}", 2, &digest, NULL), TUG_OK);
    cr_assert_str_eq(tug_digest_format(&digest, text), "sha256:" EMPTY_HEX);
    cr_assert_eq(tug__digest_of(TUG_DIGEST_SHA512, "", 0, &digest, NULL), TUG_OK);
    cr_assert_str_eq(tug_digest_format(&digest, text),
                     "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
}

Test(oci_digest, computes_nothing_without_an_algorithm)
{
    struct tug_digest digest;
    struct tug_error err = {0};

    cr_assert_eq(tug__digest_of(TUG_DIGEST_NONE, "", 0, &digest, &err), TUG_ERR_INTERNAL);
    cr_assert_eq(err.code, TUG_ERR_INTERNAL);
}

/* The order is total, and nothing but the same digest is equal. */
Test(oci_digest, order)
{
    const struct tug_digest low = {.algorithm = TUG_DIGEST_SHA256, .bytes = {1}};
    const struct tug_digest high = {.algorithm = TUG_DIGEST_SHA256, .bytes = {1, [31] = 1}};
    const struct tug_digest other = {.algorithm = TUG_DIGEST_SHA512, .bytes = {1}};

    cr_assert_eq(tug__digest_compare(&low, &low), 0);
    cr_assert_lt(tug__digest_compare(&low, &high), 0);
    cr_assert_gt(tug__digest_compare(&high, &low), 0);
    cr_assert_neq(tug__digest_compare(&low, &other), 0);
}
