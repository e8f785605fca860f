/* SPDX-License-Identifier: Apache-2.0
 *
 * References: the grammar of the distribution project, and what is refused with which words.
 */
#include "ref/ref.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define HEX32 "0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX32 HEX32

/* Expect a text to be accepted, with this full name. */
static void expect(const char *text, const char *name)
{
    struct tug_ref *ref = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug_ref_parse(text, &ref, &err), TUG_OK, "'%s': %s", text, err.message);
    cr_assert_str_eq(tug_ref_name(ref), name);
    tug_ref_destroy(ref);
}

/* Expect a text to be refused, with a message that ends so. */
static void refuse(const char *text, const char *why)
{
    struct tug_ref *ref = NULL;
    struct tug_error err = {0};
    size_t length;

    cr_assert_eq(tug_ref_parse(text, &ref, &err), TUG_ERR_INVALID_ARGUMENT, "'%s': accepted", text);
    cr_assert_eq(err.code, TUG_ERR_INVALID_ARGUMENT);
    cr_assert_null(ref, "'%s': output touched", text);
    length = strlen(err.message);
    cr_assert(length >= strlen(why) && strcmp(err.message + length - strlen(why), why) == 0,
              "'%s': message \"%s\"", text, err.message);
    cr_assert_eq(strncmp(err.message, "invalid reference '", 19), 0, "%s", err.message);
}

/* Expect a text to be refused, with a message that has this in it. */
static void refuse_about(const char *text, const char *about)
{
    struct tug_ref *ref = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug_ref_parse(text, &ref, &err), TUG_ERR_INVALID_ARGUMENT, "'%s': accepted", text);
    cr_assert_not_null(strstr(err.message, about), "'%s': message \"%s\"", text, err.message);
}

Test(ref_parse, tells_a_host_from_a_repository)
{
    expect("foo/bar", "docker.io/foo/bar:latest");
    expect("foo.com/bar", "foo.com/bar:latest");
    expect("foo:80/bar", "foo:80/bar:latest");
    expect("localhost/bar", "localhost/bar:latest");
    expect("localhost", "docker.io/library/localhost:latest");
    expect("Foo/bar", "Foo/bar:latest");
    expect("foo/bar.com/x", "docker.io/foo/bar.com/x:latest");
    expect("foo:5000", "docker.io/library/foo:5000");
    expect("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com/myimage:xn--n3h.com");
    expect("192.168.1.1/a", "192.168.1.1/a:latest");
    expect("192.168.1.1:8443/a/b/c", "192.168.1.1:8443/a/b/c:latest");
}

Test(ref_parse, accepts_bracketed_ipv6_hosts)
{
    expect("[::1]/repo", "[::1]/repo:latest");
    expect("[::1]:5000/repo:t", "[::1]:5000/repo:t");
    expect("[2001:DB8::1]:80/a/b", "[2001:DB8::1]:80/a/b:latest");
}

Test(ref_parse, refuses_malformed_ipv6_hosts)
{
    refuse("[::1/repo", "host: no ']' after the IPv6 address");
    refuse("[]:80/repo", "host: not an IPv6 address");
    refuse("[:::1]/repo", "host: not an IPv6 address");
    refuse("[fe80::1%eth0]/repo", "host: not an IPv6 address");
    refuse("[::ffff:127.0.0.1]/repo", "host: not an IPv6 address");
    refuse("[::1]x/repo", "host: only a port may follow ']'");
    refuse("[1.2.3.4]/repo", "host: not an IPv6 address");
    refuse("::1/repo", "host: not a host name (letters, digits and inner '-', joined by '.')");
}

Test(ref_parse, accepts_path_components_of_the_grammar)
{
    static const char *const good[] = {
        "a",       "0",     "a.b",  "a_b",       "a__b",         "a-b",      "a----b",
        "a.b_c-d", "1.2.3", "a0b1", "foo/a/b/c", "foo/a--b/c_d", "foo__bar", "xn--n3h",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char text[100];
        char name[110];

        (void)snprintf(text, sizeof text, "example.org/%s", good[i]);
        (void)snprintf(name, sizeof name, "%s:latest", text);
        expect(text, name);
    }
}

Test(ref_parse, refuses_other_path_components)
{
    static const char *const bad[] = {
        ".a",       "a.",    "a..b", "_a",   "a_",    "a___b", "-a",     "a-",
        "a._b",     "a.-b",  "a-_b", "a_-b", "..",    ".",     "a/../b", "a/./b",
        "a/b-",     "a/-b",  "a+b",  "a b",  "a%2fb", "a\\b",  "a?x",    "a#b",
        "\xc3\xa9", "a\xff", "a,b",  "a*",   "a$b",   "a/.b",  "a[0]",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[100];

        (void)snprintf(text, sizeof text, "example.org/%s", bad[i]);
        refuse_about(text, strchr(bad[i], ' ') != NULL ? "blanks" : "repository: allowed are");
    }
}

Test(ref_parse, refuses_empty_parts)
{
    refuse("", "name: missing");
    refuse("/", "repository: a part of it is empty");
    refuse("/a", "repository: a part of it is empty");
    refuse("a/", "repository: a part of it is empty");
    refuse("a//b", "repository: a part of it is empty");
    refuse("example.org/", "repository: a part of it is empty");
    refuse("example.org//a", "repository: a part of it is empty");
    refuse(":tag", "repository: a part of it is empty");
    refuse("@" DIGEST, "repository: a part of it is empty");
    refuse("a:", "tag: empty");
    refuse("a:@" DIGEST, "tag: empty");
    refuse_about("a@", "digest ''");
}

Test(ref_parse, refuses_upper_case_repositories)
{
    refuse("Foo", "repository: must be lower case");
    refuse("example.org/Foo", "repository: must be lower case");
    refuse("foo/Bar:tag", "repository: must be lower case");
}

Test(ref_parse, refuses_malformed_hosts)
{
    static const char why[] =
        "host: not a host name (letters, digits and inner '-', joined by '.')";

    refuse("-foo.com/a", why);
    refuse("foo-.com/a", why);
    refuse("foo..com/a", why);
    refuse(".foo/a", why);
    refuse("foo./a", why);
    refuse("foo_bar.com/a", why);
    refuse(":80/a", why);
    refuse("foo%2f.com/a", why);
    refuse("user:pw@foo.com/a",
           "host: has an '@' (user names and passwords are not part of a reference)");
}

Test(ref_parse, checks_ports)
{
    expect("foo:1/a", "foo:1/a:latest");
    expect("foo:65535/a", "foo:65535/a:latest");
    refuse("foo:0/a", "port: not a number from 1 to 65535");
    refuse("foo:65536/a", "port: not a number from 1 to 65535");
    refuse("foo:99999999999999999999999/a", "port: not a number from 1 to 65535");
    refuse("foo:/a", "port: not a number from 1 to 65535");
    refuse("foo:x/a", "port: not a number from 1 to 65535");
    refuse("foo:+1/a", "port: not a number from 1 to 65535");
    refuse("foo:80:80/a", "port: not a number from 1 to 65535");
    refuse("[::1]:/a", "port: not a number from 1 to 65535");
}

Test(ref_parse, checks_tags)
{
    static const char why[] =
        "tag: allowed are letters, digits, '_', '.' and '-', the last two not in front";
    char text[200];
    char name[220];

    expect("a:_", "docker.io/library/a:_");
    expect("a:V1.2-rc_3", "docker.io/library/a:V1.2-rc_3");
    refuse("a:.x", why);
    refuse("a:-x", why);
    refuse("a:x:y", why);
    refuse("a:x+y", why);
    refuse("a:\xc3\xa9", why);
    (void)snprintf(text, sizeof text, "a:%0*d", TUG__REF_TAG_MAX, 0);
    (void)snprintf(name, sizeof name, "docker.io/library/%s", text);
    expect(text, name);
    (void)snprintf(text, sizeof text, "a:%0*d", TUG__REF_TAG_MAX + 1, 0);
    refuse(text, "tag: longer than 128 characters");
}

Test(ref_parse, t24_checks_digests)
{
    expect("a@" DIGEST, "docker.io/library/a@" DIGEST);
    expect("a:b@" DIGEST, "docker.io/library/a:b@" DIGEST);
    refuse("a@sha256:" HEX32, "digest 'sha256:" HEX32 "': wrong length for its algorithm");
    refuse_about("a@" DIGEST "0", "digest '");
    refuse_about("a@sha256:" HEX32 "ABCDEF6789abcdef0123456789abcdef", "not lower-case hex");
    refuse_about("a@" HEX32 HEX32, "digest '");
    refuse_about("a@" DIGEST "@" DIGEST, "digest '");
    refuse_about("a@sha256:../../etc/passwd", "host:");
    refuse_about("x.org/a@sha256:../../etc/passwd", "digest '");
    refuse_about("a@blake3:" HEX32 HEX32, "algorithm is not supported");
}

Test(ref_parse, refuses_64_hex_digits_alone)
{
    refuse_about(HEX32 HEX32, "ambiguous");
    expect(HEX32 HEX32 ":x", "docker.io/library/" HEX32 HEX32 ":x");
    expect("foo/" HEX32 HEX32, "docker.io/foo/" HEX32 HEX32 ":latest");
    expect(HEX32 HEX32 "0", "docker.io/library/" HEX32 HEX32 "0:latest");
}

Test(ref_parse, refuses_urls)
{
    refuse_about("https://example.org/a", "scheme: not part of a reference");
    refuse_about("docker://a", "scheme: not part of a reference");
    refuse_about("://", "scheme: not part of a reference");
    refuse_about("example.org/a?tag=1", "repository: allowed are");
    refuse_about("example.org/a:1?x", "tag: allowed are");
    refuse_about("example.org/a:1#x", "tag: allowed are");
}

Test(ref_parse, f41_says_what_to_leave_out)
{
    refuse_about("docker://a", "leave out 'docker://'");
    refuse_about("http://localhost:5000/a", "leave out 'http://'");
    refuse_about("https://example.org/a", "leave out 'https://'");
    refuse_about("oci://a", "leave out all up to '://'");
}

Test(ref_parse, f15_refuses_a_digest_alone)
{
    refuse_about(DIGEST, "a digest alone");
    refuse_about("sha512:12", "a digest alone");
    expect("x/sha256:12", "docker.io/x/sha256:12");
    expect("sha256", "docker.io/library/sha256:latest");
}

static void expect_message(const char *text, const char *shown)
{
    struct tug_ref *ref = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug_ref_parse(text, &ref, &err), TUG_ERR_INVALID_ARGUMENT, "%s", text);
    cr_assert_not_null(strstr(err.message, shown), "%s", err.message);
}

/* User information is what stands before the first '/' and has a ':'; a digest is none. */
Test(ref_parse, f42_a_digest_is_no_user_information)
{
    expect_message("foo@sha256:1", "'foo@sha256:1'");
    expect_message("foo:1.2@sha256:1", "'foo:1.2@sha256:1'");
    expect_message("host:5000/foo@sha256:1", "'host:5000/foo@sha256:1'");
    expect_message("host/foo@sha256:12/x", "'host/foo@sha256:12/x'");
    expect_message("foo@latest", "'foo@latest'");
    expect_message("host:5000/foo@latest", "'host:5000/foo@latest'");
    expect_message("docker://foo@sha256:1", "'docker://foo@sha256:1'");
    expect_message("joe:secret@host/foo@sha256:1", "'***@host/foo@sha256:1'");
    expect_message("https://secret@host/foo@sha256:1", "'***@host/foo@sha256:1'");
    expect_message("joe:secret@host:5000", "'***@host:5000'");
}

Test(ref_parse, never_repeats_a_password)
{
    static const char *const texts[] = {
        "user:secret@example.org/a",
        "https://user:secret@example.org",
        "https://user:secret@example.org/a",
        "user:secret@example.org:5000/a/b:c",
        "user:secret@example.org:5000",
        "user:secret@example.org",
        "https://user:secret@example.org:5000",
        "user:sec@secret@example.org/a",
        "user:secret/secret@example.org/a",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tug_ref *ref = NULL;
        struct tug_error err = {0};

        cr_assert_eq(tug_ref_parse(texts[i], &ref, &err), TUG_ERR_INVALID_ARGUMENT);
        cr_assert_null(strstr(err.message, "secret"), "%s", err.message);
        cr_assert_not_null(strstr(err.message, "'***@example.org"), "%s", err.message);
    }
}

Test(ref_parse, t42_refuses_blanks_and_control_characters)
{
    static const char *const texts[] = {" a",       "a ",    "a b",   "a\n",          "a\t",
                                        "\x1b[2Ja", "a:b\r", "a\x7f", "foo.com/a\n/b"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refuse(texts[i], "blanks and control characters are not allowed");
    }
}

Test(ref_parse, t30_refuses_paths)
{
    refuse_about("../a", "host:");
    refuse_about("./a", "host:");
    refuse_about("example.org/../../etc/passwd", "repository:");
    refuse_about("example.org/a/..", "repository:");
    refuse_about("a/b:../c", "tag:");
    refuse_about("example.org/a:../b", "tag:");
}

Test(ref_parse, t42_limits_the_length)
{
    char text[260];
    char name[300];

    // docker.io/library/ and 237 characters are 255
    memset(text, 'a', 237);
    text[237] = '\0';
    (void)snprintf(name, sizeof name, "docker.io/library/%s:latest", text);
    expect(text, name);
    text[237] = 'a';
    text[238] = '\0';
    refuse(text, "name: host and repository are longer than 255 characters");
    // foo.com/ and 247
    memset(text, 'a', 255);
    memcpy(text, "foo.com/", 8);
    text[255] = '\0';
    (void)snprintf(name, sizeof name, "%s:latest", text);
    expect(text, name);
    text[255] = 'a';
    text[256] = '\0';
    refuse(text, "name: host and repository are longer than 255 characters");
}

Test(ref_parse, t42_cuts_long_texts_in_messages)
{
    char text[5001];
    struct tug_ref *ref = NULL;
    struct tug_error err = {0};

    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cr_assert_eq(tug_ref_parse(text, &ref, &err), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "aaa...': name: "), "%s", err.message);
    cr_assert(strlen(err.message) < 300);
}

Test(ref_parse, needs_no_error_value)
{
    struct tug_ref *ref = NULL;

    cr_assert_eq(tug_ref_parse("A", &ref, NULL), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_ref_parse("a@x", &ref, NULL), TUG_ERR_INVALID_ARGUMENT);
}
