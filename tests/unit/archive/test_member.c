/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of members: which are taken, and for what.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "archive/member.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void expect_name(const char *raw, const char *wanted)
{
    char name[TUG__ARCHIVE_NAME_MAX];
    struct tug_error error = {0};

    cr_assert_eq(tug__member_name(raw, name, &error), TUG_OK, "%s: %s", raw, error.message);
    cr_assert_str_eq(name, wanted);
}

Test(archive_member, names_have_one_form)
{
    expect_name("index.json", "index.json");
    expect_name("./index.json", "index.json");
    expect_name("././a//b/./c/", "a/b/c");
    expect_name("./", "");
    expect_name("", "");
    expect_name("..a/b..", "..a/b..");
}

Test(archive_member, t35_names_that_lead_out_are_refused)
{
    static const char *const names[] = {
        "/etc/passwd", "..", "../x", "a/../../x", "a/..", "./..", "blobs/sha256/../../../../x",
        "//x"};
    char name[TUG__ARCHIVE_NAME_MAX];
    char long_name[TUG__ARCHIVE_NAME_MAX + 1];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct tug_error error = {0};

        cr_assert_eq(tug__member_name(names[i], name, &error), TUG_ERR_CONTENT, "%s", names[i]);
    }
    memset(long_name, 'x', sizeof long_name);
    long_name[TUG__ARCHIVE_NAME_MAX - 2] = '\0';
    cr_assert_eq(tug__member_name(long_name, name, NULL), TUG_OK);
    long_name[TUG__ARCHIVE_NAME_MAX - 2] = 'x';
    long_name[TUG__ARCHIVE_NAME_MAX - 1] = '\0';
    cr_assert_eq(tug__member_name(long_name, name, NULL), TUG_ERR_CONTENT);
}

static void expect_target(const char *name, const char *target, const char *wanted)
{
    char found[TUG__ARCHIVE_NAME_MAX];
    struct tug_error error = {0};

    cr_assert_eq(tug__member_target(name, target, found, &error),
                 wanted != NULL ? TUG_OK : TUG_ERR_CONTENT, "%s -> %s", name, target);
    cr_assert(wanted == NULL || strcmp(found, wanted) == 0, "%s", found);
}

Test(archive_member, t35_links_stay_in_the_archive)
{
    expect_target("id/layer.tar", "../" HEX ".tar", HEX ".tar");
    expect_target("id/layer.tar", "../other/layer.tar", "other/layer.tar");
    expect_target("layer.tar", "x.tar", "x.tar");
    expect_target("a/b/c", ".././../d", "d");
    expect_target("a/b", "../../etc/passwd", NULL);
    expect_target("b", "../x", NULL);
    expect_target("a/b", "/etc/passwd", NULL);
    expect_target(NULL, "a/b", "a/b");
    expect_target(NULL, "a/../b", NULL);
    expect_target(NULL, "/etc/passwd", NULL);
}

Test(archive_member, uses)
{
    static const struct {
        const char *name;
        enum tug__member_use use;
    } rows[] = {
        {"oci-layout", TUG__USE_LAYOUT},
        {"index.json", TUG__USE_INDEX},
        {"manifest.json", TUG__USE_DOCKER_LIST},
        {"blobs/sha256/" HEX, TUG__USE_BLOB},
        {"blobs/sha512/" HEX HEX, TUG__USE_BLOB},
        {"blobs/sha512/" HEX, TUG__USE_PART}, /* no digest, and no name of a blob */
        {"blobs/sha256/" HEX ".tar.gz", TUG__USE_PART},
        {HEX ".json", TUG__USE_PART},
        {HEX "/layer.tar", TUG__USE_PART},
        {"sha256:" HEX, TUG__USE_PART},
        {"config.json", TUG__USE_PART},
        {HEX "/VERSION", TUG__USE_NOTHING},
        {HEX "/json", TUG__USE_NOTHING},
        {"repositories", TUG__USE_NOTHING},
        {"", TUG__USE_NOTHING},
        {"blobs", TUG__USE_NOTHING},
        {"usr/bin/env", TUG__USE_NOTHING},
        {"a/index.json/b", TUG__USE_NOTHING},
    };
    struct tug_digest digest = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert_eq(tug__member_use(rows[i].name, &digest), rows[i].use, "%s", rows[i].name);
    }
    cr_assert_eq(tug__member_use("blobs/sha256/" HEX, &digest), TUG__USE_BLOB);
    cr_assert_eq(digest.algorithm, TUG_DIGEST_SHA256);
    cr_assert_eq(digest.bytes[0], 0x01);
}

Test(archive_member, digests_in_names)
{
    struct tug_digest digest = {0};

    cr_assert(tug__member_digest(HEX ".json", &digest));
    cr_assert(tug__member_digest("a/" HEX ".tar.gz", &digest));
    cr_assert(tug__member_digest("sha256:" HEX, &digest));
    cr_assert_not(tug__member_digest(HEX "0", &digest));
    cr_assert_not(tug__member_digest(HEX "/layer.tar", &digest));
    cr_assert_not(tug__member_digest("config.json", &digest));
    cr_assert_not(tug__member_digest("0123", &digest));
}
