/* SPDX-License-Identifier: Apache-2.0
 *
 * References: what is filled in, and the parts of the result.
 */
#include "ref/ref.h"

#include <string.h>

#include <criterion/criterion.h>

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG_DIGEST                                                                                \
    "sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                      \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct tug_ref *parse(const char *text)
{
    struct tug_ref *ref = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug_ref_parse(text, &ref, &err), TUG_OK, "'%s': %s", text, err.message);
    return ref;
}

static void expect_name(const char *text, const char *name)
{
    struct tug_ref *const ref = parse(text);
    struct tug_ref *again;

    cr_assert_str_eq(tug_ref_name(ref), name);
    // the full name stands for itself
    again = parse(tug_ref_name(ref));
    cr_assert_str_eq(tug_ref_name(again), name);
    tug_ref_destroy(again);
    tug_ref_destroy(ref);
}

Test(ref_print, fills_in_the_default_registry)
{
    expect_name("nginx", "docker.io/library/nginx:latest");
    expect_name("foo/nginx", "docker.io/foo/nginx:latest");
    expect_name("docker.io/nginx", "docker.io/library/nginx:latest");
    expect_name("docker.io/library/nginx", "docker.io/library/nginx:latest");
    expect_name("docker.io/foo/nginx:1", "docker.io/foo/nginx:1");
}

Test(ref_print, renames_the_legacy_registry)
{
    expect_name("index.docker.io/nginx", "docker.io/library/nginx:latest");
    expect_name("index.docker.io/foo/nginx", "docker.io/foo/nginx:latest");
}

Test(ref_print, leaves_other_registries_alone)
{
    expect_name("example.org/nginx", "example.org/nginx:latest");
    expect_name("docker.io:443/nginx", "docker.io:443/nginx:latest");
    expect_name("localhost:5000/nginx", "localhost:5000/nginx:latest");
    expect_name("Docker.IO/nginx", "Docker.IO/nginx:latest");
}

Test(ref_print, fills_in_the_tag_only_without_a_digest)
{
    expect_name("nginx@" DIGEST, "docker.io/library/nginx@" DIGEST);
    expect_name("nginx:1@" LONG_DIGEST, "docker.io/library/nginx:1@" LONG_DIGEST);
}

Test(ref_print, gives_the_parts)
{
    struct tug_ref *const ref = parse("[::1]:5000/a/b:c@" DIGEST);
    char text[TUG_DIGEST_TEXT_MAX];

    cr_assert_str_eq(tug_ref_host(ref), "[::1]:5000");
    cr_assert_str_eq(tug_ref_repository(ref), "a/b");
    cr_assert_str_eq(tug_ref_tag(ref), "c");
    cr_assert_str_eq(tug_digest_format(tug_ref_digest(ref), text), DIGEST);
    tug_ref_destroy(ref);
}

Test(ref_print, gives_the_parts_that_were_filled_in)
{
    struct tug_ref *const ref = parse("nginx");

    cr_assert_str_eq(tug_ref_host(ref), "docker.io");
    cr_assert_str_eq(tug_ref_repository(ref), "library/nginx");
    cr_assert_str_eq(tug_ref_tag(ref), "latest");
    cr_assert_null(tug_ref_digest(ref));
    tug_ref_destroy(ref);
}

Test(ref_print, gives_no_tag_beside_a_lone_digest)
{
    struct tug_ref *const ref = parse("nginx@" DIGEST);

    cr_assert_null(tug_ref_tag(ref));
    cr_assert_not_null(tug_ref_digest(ref));
    tug_ref_destroy(ref);
    tug_ref_destroy(NULL);
}
