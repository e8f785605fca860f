/* SPDX-License-Identifier: Apache-2.0
 *
 * References from operands and files.
 */
#include "cli/list.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/tmpdir.h"

#define USAGE 2

/* Load a file of that content. Returns: the exit status; the list is "a,b," in out_text, and what
 * was said on standard error in out_errors. */
static int load(const char *content, size_t length, char out_text[512], char out_errors[1024])
{
    char *const dir = tmpdir_create();
    char *const path = tmpdir_join(dir, "refs");
    char *const said = tmpdir_join(dir, "said");
    const struct input input = {.text = path, .is_file = true};
    const struct list_source source = {0};
    const int standard_error = dup(STDERR_FILENO);
    const int sink = open(said, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct ref_list list = {0};
    char *errors;
    int status;

    tmpdir_write(path, content, length);
    (void)dup2(sink, STDERR_FILENO);
    status = ref_list_load(&list, &input, 1, &source);
    (void)dup2(standard_error, STDERR_FILENO);
    out_text[0] = '\0';
    for (size_t i = 0; i < list.count; i++) {
        (void)strcat(strcat(out_text, list.items[i]), ",");
    }
    ref_list_fini(&list);
    cr_assert_eq(list.count, 0);
    errors = tmpdir_read(said, NULL);
    (void)snprintf(out_errors, 1024, "%s", errors);
    free(errors);
    (void)close(sink);
    (void)close(standard_error);
    free(said);
    free(path);
    tmpdir_remove(dir);
    return status;
}

static void expect_list(const char *content, const char *expected)
{
    char text[512];
    char errors[1024];

    cr_assert_eq(load(content, strlen(content), text, errors), 0, "%s", errors);
    cr_assert_str_eq(text, expected);
    cr_assert_str_eq(errors, "");
}

Test(cli_list, reads_one_reference_a_line)
{
    expect_list("", "");
    expect_list("\n\n", "");
    expect_list("a/b:1\nc:2\n", "a/b:1,c:2,");
    expect_list("a/b:1", "a/b:1,");
    expect_list("  a/b:1 \t\r\n\r\n\tc:2\r\n", "a/b:1,c:2,");
    expect_list("a:1\na:1\n", "a:1,a:1,");
}

Test(cli_list, skips_comments_and_mark)
{
    expect_list("# all\na:1 # one\n #two\nb:2\t#three\n", "a:1,b:2,");
    expect_list("\xef\xbb\xbf"
                "a:1\n",
                "a:1,");
    expect_list("\xef\xbb\xbf# x\n", "");
}

static void expect_error(const char *content, size_t length, const char *where, const char *good)
{
    char text[512];
    char errors[1024];

    cr_assert_eq(load(content, length, text, errors), USAGE, "%.40s", content);
    cr_assert_not_null(strstr(errors, where), "'%s' lacks '%s'", errors, where);
    cr_assert_str_eq(text, good);
}

/* Everything wrong is told with its line; what is good is kept. */
Test(cli_list, tells_what_is_wrong_and_where)
{
    char long_line[LIST_LINE_MAX + 100];

    expect_error("a:1\nB//:x\nc:1\n", 14, "refs:2: ", "a:1,c:1,");
    expect_error("a:1\nb\0c\n", 8, "refs:2: line has a NUL", "a:1,");
    expect_error("a#b\n", 4, "refs:1: ", "");
    expect_error("a b\n", 4, "refs:1: ", "");
    memset(long_line, 'a', sizeof long_line);
    (void)memcpy(long_line + sizeof long_line - 5, "\nb:1", 4);
    expect_error(long_line, sizeof long_line - 1, "refs:1: line is too long", "b:1,");
}

Test(cli_list, operands_and_files_keep_their_order)
{
    char *const dir = tmpdir_create();
    char *const path = tmpdir_join(dir, "refs");
    const struct input inputs[] = {{"a:1", false}, {path, true}, {"d:4", false}};
    struct ref_list list = {0};

    tmpdir_write(path, "b:2\nc:3\n", 8);
    cr_assert_eq(ref_list_load(&list, inputs, 3, &(struct list_source){0}), 0);
    cr_assert_eq(list.count, 4);
    cr_assert_str_eq(list.items[0], "a:1");
    cr_assert_str_eq(list.items[1], "b:2");
    cr_assert_str_eq(list.items[2], "c:3");
    cr_assert_str_eq(list.items[3], "d:4");
    ref_list_fini(&list);
    free(path);
    tmpdir_remove(dir);
}

/* Load a list of that content from a pipe of this process, as part of the whole. */
static int load_source(const char *content, const struct list_source *source,
                       struct ref_list *out_list)
{
    char *const dir = tmpdir_create();
    char *const path = tmpdir_join(dir, "refs");
    const struct input input = {.text = path, .is_file = true};
    int status;

    tmpdir_write(path, content, strlen(content));
    status = ref_list_load(out_list, &input, 1, source);
    free(path);
    tmpdir_remove(dir);
    return status;
}

Test(cli_list, keeps_options_of_a_line)
{
    struct ref_list list = {0};
    struct line_options options;
    struct tug_error error = {0};

    cr_assert_eq(
        load_source("a/b:1 platform=linux/arm64\tlabel.k=v=w platform=linux/arm/v6 # why\r\n"
                    "a/c:1\tall-platforms\r\n"
                    "a/d:1\r\n",
                    &(struct list_source){0}, &list),
        0);
    cr_assert_eq(list.count, 3);
    cr_assert_str_eq(list.items[0], "a/b:1");
    cr_assert_eq(line_options_parse(ref_list_options(&list, 0), &options, &error), TUG_OK);
    cr_assert_eq(options.options.platform_count, 2);
    cr_assert_str_eq(options.options.platforms[0].architecture, "arm64");
    cr_assert_str_eq(options.options.platforms[1].variant, "v6");
    cr_assert_eq(options.options.label_count, 1);
    cr_assert_str_eq(options.options.labels[0], "k=v=w");
    cr_assert_not(options.options.all_platforms);
    line_options_fini(&options);
    cr_assert_eq(line_options_parse(ref_list_options(&list, 1), &options, &error), TUG_OK);
    cr_assert(options.options.all_platforms);
    line_options_fini(&options);
    cr_assert_str_eq(ref_list_options(&list, 2), "");
    ref_list_fini(&list);
}

Test(cli_list, refuses_options_it_does_not_know)
{
    expect_error("a:1 platfrom=x\n", 15, "refs:1: 'platfrom=x' is not ", "");
    expect_error("a:1\nb:1 platform=\n", 18, "refs:2: ", "a:1,");
    expect_error("a:1 label.x\n", 12, "refs:1: label 'x' is not KEY=VALUE", "");
    expect_error("a:1 label.io.containerd.image.name=x\n", 37, "is written by tug itself", "");
    expect_error("a:1 all-platforms=yes\n", 22, "refs:1: ", "");
}

Test(cli_list, parts_are_disjoint_and_complete_and_stay)
{
    static const char *const texts[] = {"a/b:1\na/b:2\na/b:3\nc:1\nd:1\ne:1\nf:1\ng:1\nh:1\ni:1\n",
                                        "new:1\na/b:1\na/b:2\na/b:3\nc:1\nd:1\ne:1\nf:1\nh:1\n"};
    char where[2][512] = {"", ""};
    size_t used = 0;

    for (unsigned text = 0; text < 2; text++) {
        size_t sum = 0;

        for (unsigned i = 0; i < 3; i++) {
            struct ref_list list = {0};

            cr_assert_eq(load_source(texts[text],
                                     &(struct list_source){.shard_index = i, .shard_count = 3},
                                     &list),
                         0);
            used += list.count > 0;
            sum += list.count;
            for (size_t k = 0; k < list.count; k++) {
                if (strchr("gin", *list.items[k]) == NULL) { /* not in both */
                    (void)strcat(strcat(where[text], list.items[k]), ",");
                }
            }
            (void)strcat(where[text], ";");
            ref_list_fini(&list);
        }
        cr_assert_eq(sum, text == 0 ? 10 : 9);
    }
    cr_assert_eq(used, 6, "a part got nothing");
    cr_assert_str_eq(where[0], where[1], "a change of the list moved others");
}

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

Test(cli_list, an_index_is_a_list)
{
    const struct list_source source = {.repository = "r.example/a/b"};
    struct ref_list list = {0};

    cr_assert_eq(
        load_source("{\"schemaVersion\":2,\"manifests\":["
                    "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"size\":2,"
                    "\"digest\":\"sha256:" HEX "\"},"
                    "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"size\":2,"
                    "\"digest\":\"sha256:" HEX "\"}]}",
                    &source, &list),
        0);
    cr_assert_eq(list.count, 2);
    cr_assert_str_eq(list.items[0], "r.example/a/b@sha256:" HEX);
    cr_assert_str_eq(ref_list_options(&list, 0), "all-platforms");
    cr_assert_str_eq(ref_list_options(&list, 1), "");
    ref_list_fini(&list);
    expect_error("{\"manifests\":[]}", 16, "--repository HOST/NAME must say", "");
    cr_assert_eq(load_source("{\"manifests\":[{\"digest\":\"sha256:../x\"}]}", &source, &list),
                 USAGE);
    cr_assert_eq(load_source("{\"manifests\":[5]}", &source, &list), USAGE);
    cr_assert_eq(load_source("{\"layers\":[]}", &source, &list), USAGE);
    cr_assert_eq(load_source("{", &source, &list), USAGE);
    cr_assert_eq(list.count, 0);
    ref_list_fini(&list);
}
