/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of credentials: how docker and Podman write them, which key fits (T-10).
 */
#include "auth/authfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/tmpdir.h"

/* base64 of "user:pass". */
#define USER_PASS "dXNlcjpwYXNz"

static struct tug__authfile *parse_as(const char *text, enum tug__authfile_kind kind)
{
    const struct tug__authfile_text input = {text, strlen(text), "FILE", kind};
    struct tug__authfile *file = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__authfile_parse(&input, &file, &err), TUG_OK, "%s", err.message);
    return file;
}

static struct tug__authfile *parse(const char *text)
{
    return parse_as(text, TUG__AUTHFILE_FULL);
}

static void refuse(const char *text, const char *why)
{
    const struct tug__authfile_text input = {text, strlen(text), "FILE", TUG__AUTHFILE_FULL};
    struct tug__authfile *file = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__authfile_parse(&input, &file, &err), TUG_ERR_CONFIG, "%s", text);
    cr_assert_null(file);
    cr_assert_eq(err.code, TUG_ERR_CONFIG);
    cr_assert_eq(strncmp(err.message, "FILE: ", 6), 0, "%s", err.message);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
}

/* Look up; "kind username secret" in one text, or "none". */
static void expect(const struct tug__authfile *file, const char *host, const char *repository,
                   const char *expected)
{
    static const char *const kinds[] = {"none", "password", "identity", "bearer"};
    struct tug__credential credential = {0};
    struct tug_error err = {0};
    char normal[TUG__AUTH_HOST_MAX];
    char found[256];

    cr_assert(tug__auth_host(host, normal));
    cr_assert_eq(tug__authfile_find(file, normal, repository, &credential, &err), TUG_OK, "%s",
                 err.message);
    (void)snprintf(found, sizeof found, "%s%s%s%s%s", kinds[credential.kind],
                   credential.username != NULL ? " " : "",
                   credential.username != NULL ? credential.username : "",
                   credential.secret != NULL ? " " : "",
                   credential.secret != NULL ? credential.secret : "");
    cr_assert_str_eq(found, expected, "%s/%s: '%s'", host, repository, found);
    cr_assert(credential.kind == TUG__CREDENTIAL_NONE || strcmp(credential.source, "FILE") == 0);
    tug__credential_fini(&credential);
}

static void expect_one(const char *entry, const char *expected)
{
    char text[512];
    struct tug__authfile *file;

    (void)snprintf(text, sizeof text, "{\"auths\":{\"h.example\":%s}}", entry);
    file = parse(text);
    expect(file, "h.example", "a/b", expected);
    tug__authfile_destroy(file);
}

static void refuse_one(const char *entry, const char *why)
{
    char text[512];
    struct tug__authfile *file;
    struct tug__credential credential = {0};
    struct tug_error err = {0};

    (void)snprintf(text, sizeof text, "{\"auths\":{\"h.example\":%s}}", entry);
    file = parse(text);
    cr_assert_eq(tug__authfile_find(file, "h.example", NULL, &credential, &err), TUG_ERR_CONFIG,
                 "%s", entry);
    cr_assert_eq(err.code, TUG_ERR_CONFIG);
    cr_assert_not_null(strstr(err.message, "FILE: auths: 'h.example'"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
    cr_assert_null(strstr(err.message, "geheim"), "%s", err.message);
    tug__authfile_destroy(file);
}

Test(auth_authfile, reads_each_form_of_secret)
{
    expect_one("{\"auth\":\"" USER_PASS "\"}", "password user pass");
    expect_one("{\"username\":\"user\",\"password\":\"pass\"}", "password user pass");
    expect_one("{\"auth\":\"" USER_PASS "\",\"username\":\"x\",\"password\":\"y\"}",
               "password user pass");
    expect_one("{\"auth\":\"" USER_PASS "\",\"identitytoken\":\"idt\"}", "identity idt");
    expect_one("{\"username\":\"u\",\"identitytoken\":\"idt\"}", "identity u idt");
    expect_one("{\"identitytoken\":\"idt\",\"registrytoken\":\"rt\"}", "bearer rt");
    expect_one("{}", "none");
    expect_one("{\"auth\":\"\",\"email\":\"x\"}", "none");
    expect_one("{\"username\":\"user\"}", "none");
    expect_one("null", "none");
}

/* Editors on Windows begin a file with a mark. */
Test(auth_authfile, f36_skips_a_byte_order_mark_and_blank_lines)
{
    static const char *const beginnings[] = {"\xef\xbb\xbf", "\xef\xbb\xbf\r\n\r\n ", "\n\t\n"};

    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        char text[128];
        struct tug__authfile *file;

        (void)snprintf(text, sizeof text, "%s{\"auths\":{\"r.example\":{\"auth\":\"%s\"}}}",
                       beginnings[i], USER_PASS);
        file = parse(text);
        expect(file, "r.example", NULL, "password user pass");
        tug__authfile_destroy(file);
    }
    tug__authfile_destroy(parse("\xef\xbb\xbf"));
    refuse("\xef\xbb\xbf\xef\xbb\xbf{}", "not valid JSON");
    refuse("{}\xef\xbb\xbf", "not valid JSON");
}

Test(auth_authfile, decodes_sloppy_base64)
{
    expect_one("{\"auth\":\"dTpw\"}", "password u p");
    expect_one("{\"auth\":\"dTpwYQ==\"}", "password u pa");
    expect_one("{\"auth\":\"dTpwYQ\"}", "password u pa");
    expect_one("{\"auth\":\"dTpw\\nYQ==\\n\"}", "password u pa");
    expect_one("{\"auth\":\"dTpwAAA=\"}", "password u p"); // trailing NULs
    expect_one("{\"auth\":\"dTpwOnE=\"}", "password u p:q");
    expect_one("{\"auth\":\"dTo=\"}", "password u ");
    refuse_one("{\"auth\":\"dTpwY\"}", "not base64");
    refuse_one("{\"auth\":\"!!!!\"}", "not base64");
    refuse_one("{\"auth\":\"Z2VoZWlt\"}", "not user:password");
    refuse_one("{\"auth\":\"dTpwAHg=\"}", "NUL");
    refuse_one("{\"auth\":\"dTpwCmdlaGVpbQ==\"}", "control characters"); // u:p\ngeheim
    refuse_one("{\"registrytoken\":\"geheim\\r\\nX: y\"}", "control characters");
}

Test(auth_authfile, t10_compares_hosts_exactly)
{
    static const char *const others[] = {
        "gcr.io.evil.com", "evil-gcr.io", "evil.gcr.io", "cr.io",   "gcr.io.",   "gcr.i",
        "gcr.io:443",      "gcr.io:5000", "xgcr.io",     "gcr.iox", "gcr.io%2f", "io"};
    struct tug__authfile *const file =
        parse("{\"auths\":{\"GCR.io\":{\"auth\":\"" USER_PASS "\"},"
              "\"port.example:5000\":{\"auth\":\"" USER_PASS "\"}}}");

    expect(file, "gcr.io", "a/b", "password user pass");
    expect(file, "GCR.IO", "a/b", "password user pass");
    expect(file, "port.example:5000", NULL, "password user pass");
    expect(file, "port.example", NULL, "none");
    expect(file, "port.example:5001", NULL, "none");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        expect(file, others[i], "a/b", "none");
    }
    tug__authfile_destroy(file);
}

Test(auth_authfile, t10_gives_hub_credentials_to_hub_only)
{
    static const char *const keys[] = {TUG__HUB_KEY,          "index.docker.io",
                                       "docker.io",           "registry-1.docker.io",
                                       "index.docker.io/v1/", "https://registry-1.docker.io/v2/"};
    static const char *const others[] = {"evil-docker.io", "docker.io.",    "docker.io.evil.com",
                                         "auth.docker.io", "hub.docker.io", "docker.com"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char text[256];
        struct tug__authfile *file;

        (void)snprintf(text, sizeof text, "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}", keys[i],
                       USER_PASS);
        file = parse(text);
        expect(file, "docker.io", "library/nginx", "password user pass");
        expect(file, "index.docker.io", NULL, "password user pass");
        expect(file, "Registry-1.docker.io", NULL, "password user pass");
        for (size_t j = 0; j < sizeof others / sizeof *others; j++) {
            expect(file, others[j], NULL, "none");
        }
        tug__authfile_destroy(file);
    }
}

Test(auth_authfile, takes_dockers_urls_as_keys)
{
    struct tug__authfile *const file =
        parse("{\"auths\":{\"https://a.example/v1/\":{\"auth\":\"" USER_PASS "\"},"
              "\"http://b.example\":{\"auth\":\"" USER_PASS "\"},"
              "\"https://c.example/v2\":{\"auth\":\"" USER_PASS "\"},"
              "\"https://d.example/other/\":{\"auth\":\"" USER_PASS "\"},"
              "\"https://user@e.example/\":{\"auth\":\"" USER_PASS "\"},"
              "\"\":{\"auth\":\"" USER_PASS "\"},"
              "\"ftp://f.example/\":{\"auth\":\"" USER_PASS "\"}}}");

    expect(file, "a.example", "v1", "password user pass");
    expect(file, "b.example", NULL, "password user pass");
    expect(file, "c.example", NULL, "password user pass");
    expect(file, "d.example", "other/x", "none");
    expect(file, "e.example", NULL, "none");
    expect(file, "f.example", NULL, "none");
    tug__authfile_destroy(file);
}

Test(auth_authfile, prefers_the_longest_key)
{
    struct tug__authfile *const file =
        parse("{\"auths\":{\"h.example/a\":{\"username\":\"a\",\"password\":\"1\"},"
              "\"h.example/a/b/c\":{\"username\":\"abc\",\"password\":\"3\"},"
              "\"h.example/a/b\":{\"username\":\"ab\",\"password\":\"2\"},"
              "\"h.example/x/y\":{},"
              "\"h.example\":{\"username\":\"h\",\"password\":\"0\"}}}");

    expect(file, "h.example", "a/b/c", "password abc 3");
    expect(file, "h.example", "a/b/c/d", "password abc 3");
    expect(file, "h.example", "a/b/cd", "password ab 2");
    expect(file, "h.example", "a/b", "password ab 2");
    expect(file, "h.example", "a", "password a 1");
    expect(file, "h.example", "ab", "password h 0");
    expect(file, "h.example", "x/y", "password h 0");
    expect(file, "h.example", NULL, "password h 0");
    expect(file, "other.example", "a/b/c", "none");
    tug__authfile_destroy(file);
}

Test(auth_authfile, prefers_the_usual_spelling)
{
    struct tug__authfile *const file =
        parse("{\"auths\":{\"https://h.example/v1/\":{\"username\":\"a\",\"password\":\"1\"},"
              "\"h.example\":{\"username\":\"b\",\"password\":\"2\"},"
              "\"registry-1.docker.io\":{\"username\":\"c\",\"password\":\"3\"},"
              "\"" TUG__HUB_KEY "\":{\"username\":\"d\",\"password\":\"4\"}}}");

    expect(file, "h.example", NULL, "password b 2");
    expect(file, "docker.io", NULL, "password d 4");
    tug__authfile_destroy(file);
}

static void expect_helper(const struct tug__authfile *file, const char *host, const char *name,
                          const char *key)
{
    const char *found_key = NULL;
    const char *const found = tug__authfile_helper(file, host, &found_key);

    if (name == NULL) {
        cr_assert_null(found, "%s: %s", host, found);
    } else {
        cr_assert_not_null(found, "%s", host);
        cr_assert_str_eq(found, name);
        cr_assert_str_eq(found_key, key);
    }
}

Test(auth_authfile, finds_helpers)
{
    struct tug__authfile *file =
        parse("{\"credsStore\":\"store\",\"credHelpers\":{\"gcr.io\":\"gcloud\",\"h:5000\":\"\","
              "\"docker.io\":\"hub\"}}");

    expect_helper(file, "gcr.io", "gcloud", "gcr.io");
    expect_helper(file, "xgcr.io", "store", "xgcr.io");
    expect_helper(file, "eu.gcr.io", "store", "eu.gcr.io");
    expect_helper(file, "docker.io", "hub", "docker.io");
    expect_helper(file, "h:5000", NULL, NULL);
    tug__authfile_destroy(file);
    file = parse("{\"credsStore\":\"store\"}");
    expect_helper(file, "docker.io", "store", TUG__HUB_KEY);
    tug__authfile_destroy(file);
    file = parse("{\"auths\":{}}");
    expect_helper(file, "gcr.io", NULL, NULL);
    tug__authfile_destroy(file);
}

Test(auth_authfile, knows_its_kinds)
{
    static const char full[] = "{\"auths\":{\"h\":{\"auth\":\"" USER_PASS "\"}},"
                               "\"credsStore\":\"s\",\"HttpHeaders\":{\"X-A\":\"b\"}}";
    struct tug__authfile *file = parse_as(full, TUG__AUTHFILE_AUTHS);
    size_t count = 9;

    expect(file, "h", NULL, "password user pass");
    expect_helper(file, "h", NULL, NULL);
    (void)tug__authfile_headers(file, &count);
    cr_assert_eq(count, 0u);
    tug__authfile_destroy(file);
    file = parse_as("{\"https://h/v1/\":{\"auth\":\"" USER_PASS "\",\"email\":\"e\"}}",
                    TUG__AUTHFILE_LEGACY);
    expect(file, "h", NULL, "password user pass");
    tug__authfile_destroy(file);
}

Test(auth_authfile, takes_headers_that_may_be_sent)
{
    struct tug__authfile *const file =
        parse("{\"HttpHeaders\":{\"X-Meta\":\"a b\",\"authorization\":\"Basic x\",\"Host\":\"y\","
              "\"User-Agent\":\"z\",\"X-Other\":\"c\",\"X-Empty\":\"\"}}");
    size_t count = 0;
    const char *const *const headers = tug__authfile_headers(file, &count);

    cr_assert_eq(count, 2u);
    cr_assert_str_eq(headers[0], "X-Meta: a b");
    cr_assert_str_eq(headers[1], "X-Other: c");
    tug__authfile_destroy(file);
    refuse("{\"HttpHeaders\":{\"X\":\"a\\r\\nY: b\"}}", "not a header");
    refuse("{\"HttpHeaders\":{\"X Y\":\"a\"}}", "not a header");
    refuse("{\"HttpHeaders\":{\"X\\r\\nY\":\"a\"}}", "not a header");
    refuse("{\"HttpHeaders\":{\"\":\"a\"}}", "not a header");
    refuse("{\"HttpHeaders\":{\"X\":7}}", "not a header");
}

Test(auth_authfile, refuses_what_is_malformed)
{
    refuse("{", "JSON");
    refuse("[]", "");
    refuse("{\"auths\":{},}", "");
    refuse("{\"auths\":{},\"auths\":{}}", "");
    refuse("{\"auths\":[]}", "auths: not an object");
    refuse("{\"auths\":{\"h\":7}}", "not an object");
    refuse("{\"auths\":{\"h\":{\"auth\":7}}}", "auth: not a string");
    refuse("{\"credsStore\":7}", "credsStore: not a string");
    refuse("{\"credHelpers\":{\"h\":{}}}", "not a string");
    tug__authfile_destroy(parse(""));
    tug__authfile_destroy(parse(" \n"));
    tug__authfile_destroy(parse("{\"auths\":null,\"unknown\":[1,2]}"));
}

Test(auth_authfile, reads_files_and_links_to_them)
{
    static const char text[] = "{\"auths\":{\"h\":{\"auth\":\"" USER_PASS "\"}}}";
    char *const directory = tmpdir_create();
    char *const path = tmpdir_join(directory, "config.json");
    char *const link = tmpdir_join(directory, "link");
    char *const fifo = tmpdir_join(directory, "fifo");
    struct tug__authfile *file = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__authfile_read(path, "FILE", TUG__AUTHFILE_FULL, &file, &err), TUG_ERR_CONFIG);
    cr_assert_eq(err.os_errno, ENOENT);
    tmpdir_write(path, text, sizeof text - 1);
    cr_assert_eq(symlink("config.json", link), 0);
    cr_assert_eq(tug__authfile_read(link, "FILE", TUG__AUTHFILE_FULL, &file, &err), TUG_OK);
    expect(file, "h", NULL, "password user pass");
    tug__authfile_destroy(file);
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    cr_assert_eq(tug__authfile_read(fifo, "FILE", TUG__AUTHFILE_FULL, &file, &err), TUG_ERR_CONFIG);
    cr_assert_eq(tug__authfile_read(directory, "FILE", TUG__AUTHFILE_FULL, &file, &err),
                 TUG_ERR_CONFIG);
    cr_assert_eq(tug__authfile_read("/dev/null", "FILE", TUG__AUTHFILE_FULL, &file, &err), TUG_OK);
    expect(file, "h", NULL, "none");
    tug__authfile_destroy(file);
    cr_assert_eq(truncate(path, (off_t)TUG__AUTHFILE_BYTES_MAX + 1), 0);
    cr_assert_eq(tug__authfile_read(path, "FILE", TUG__AUTHFILE_FULL, &file, &err), TUG_ERR_CONFIG);
    cr_assert_not_null(strstr(err.message, "over the limit"), "%s", err.message);
    free(fifo);
    free(link);
    free(path);
    tmpdir_remove(directory);
}
