/* SPDX-License-Identifier: Apache-2.0
 *
 * References from operands and files.
 */
#include "lists/list.h"

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
        struct tug_ref *ref = NULL;

        (void)strcat(strcat(out_text, list.items[i]), ",");
        cr_assert_eq(tug_ref_parse(list.items[i], &ref, NULL), TUG_OK);
        cr_assert_str_eq(tug_ref_name(list.refs[i]), tug_ref_name(ref));
        tug_ref_destroy(ref);
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
    expect_error("a:1\nb\0c\n", 8, "refs:2: line contains a NUL", "a:1,");
    expect_error("a#b\n", 4, "refs:1: ", "");
    expect_error("a b\n", 4, "refs:1: ", "");
    memset(long_line, 'a', sizeof long_line);
    (void)memcpy(long_line + sizeof long_line - 5, "\nb:1", 4);
    expect_error(long_line, sizeof long_line - 1, "refs:1: line too long", "b:1,");
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
    expect_error("{\"manifests\":[{\"digest\":\"sha256:" HEX "\"}]}", 100,
                 "refs: entry 1: entry without a full name: give its repository with", "");
    cr_assert_eq(load_source("{\"manifests\":[{\"digest\":\"sha256:../x\"}]}", &source, &list),
                 USAGE);
    cr_assert_eq(load_source("{\"manifests\":[5]}", &source, &list), USAGE);
    cr_assert_eq(load_source("{\"layers\":[]}", &source, &list), USAGE);
    cr_assert_eq(load_source("{", &source, &list), USAGE);
    cr_assert_eq(list.count, 0);
    ref_list_fini(&list);
}

/* Load with a repository and compare "ref(options),". */
static void expect_loaded(const struct list_source *source, const char *content,
                          const char *expected)
{
    struct ref_list list = {0};
    char text[2048] = "";

    cr_assert_eq(load_source(content, source, &list), 0, "%s", content);
    for (size_t i = 0; i < list.count; i++) {
        const char *const options = ref_list_options(&list, i);

        (void)strcat(strcat(text, list.items[i]), *options != '\0' ? "(" : "");
        (void)strcat(strcat(text, options), *options != '\0' ? ")," : ",");
    }
    cr_assert_str_eq(text, expected, "%s", text);
    ref_list_fini(&list);
}

#define D "sha256:" HEX

static void expect_refused(const char *content, const char *where)
{
    expect_error(content, strlen(content), where, "");
}

Test(cli_list, f15_tags_and_digests_belong_to_the_repository)
{
    static const struct list_source source = {.repository = "r.example/a/b"};
    const struct input inputs[] = {{"v1", false}, {"v2@" D, false}};
    struct ref_list list = {0};

    expect_loaded(&source, "v1\n" D "\n:v2\n@" D " platform=linux/arm64\n",
                  "r.example/a/b:v1,r.example/a/b@" D ",r.example/a/b:v2,r.example/a/b@" D
                  "(platform=linux/arm64),");
    expect_loaded(&source, "v1 " D "\nr.example/a/b:v3\nr.example/a/b@" D "\n",
                  "r.example/a/b:v1@" D ",r.example/a/b:v3,r.example/a/b@" D ",");
    expect_loaded(&source, "[\"v1\"]", "r.example/a/b:v1,");
    cr_assert_eq(ref_list_load(&list, inputs, 2, &source), 0);
    cr_assert_str_eq(list.items[0], "r.example/a/b:v1");
    cr_assert_str_eq(list.items[1], "r.example/a/b:v2@" D);
    ref_list_fini(&list);
    /* What it cannot belong to is not fetched from elsewhere in silence. */
    cr_assert_eq(load_source("other.example/a/b:1\n", &source, &list), USAGE);
    cr_assert_eq(load_source("nginx:1.27\n", &source, &list), USAGE);
    cr_assert_eq(load_source("sha256:12\n", &source, &list), USAGE);
    cr_assert_eq(list.count, 0);
    ref_list_fini(&list);
}

/* A pattern stays one item, with the repository it is of. */
Test(cli_list, patterns_of_tags)
{
    const struct input inputs[] = {{"r.example:5000/a:1.*", false},
                                   {"[::1]:5000/b:[0-9]", false},
                                   {"nginx:1.?-alpine", false},
                                   {"r.example/a:1", false}};
    const struct list_source none = {0};
    struct ref_list list = {0};

    cr_assert_eq(ref_list_load(&list, inputs, 4, &none), 0);
    cr_assert_eq(list.count, 4);
    cr_assert_eq(list.glob_count, 3);
    cr_assert_str_eq(list.items[0], "r.example:5000/a:1.*");
    cr_assert_str_eq(list.items[0] + list.globs[0].offset, "1.*");
    cr_assert_str_eq(tug_ref_name(list.refs[0]), "r.example:5000/a:latest");
    cr_assert_str_eq(list.items[1] + list.globs[1].offset, "[0-9]");
    cr_assert_str_eq(tug_ref_repository(list.refs[2]), "library/nginx");
    cr_assert_eq(list.globs[2].position, 2);
    ref_list_fini(&list);
}

Test(cli_list, patterns_of_tags_of_the_repository)
{
    const struct input inputs[] = {{"1.*", false}, {":v?", false}, {"r.example/a:*", false}};
    const struct list_source source = {.repository = "r.example/a"};
    struct ref_list list = {0};

    cr_assert_eq(ref_list_load(&list, inputs, 3, &source), 0);
    cr_assert_eq(list.glob_count, 3);
    cr_assert_str_eq(list.items[0], "r.example/a:1.*");
    cr_assert_str_eq(list.items[1], "r.example/a:v?");
    cr_assert_str_eq(list.items[2], "r.example/a:*");
    ref_list_fini(&list);
}

Test(cli_list, what_is_no_pattern_of_tags)
{
    static const char *const texts[] = {
        "r.example/*:1",          "r.*/a:1",       "*", "r.example/a:1*\n",
        "r.example/a:*@sha256:0", "r.example/A:*", ":*"};
    const struct list_source none = {0};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct input input = {texts[i], false};
        struct ref_list list = {0};

        cr_assert_eq(ref_list_load(&list, &input, 1, &none), USAGE, "'%s'", texts[i]);
        ref_list_fini(&list);
    }
}

Test(cli_list, f15_a_digest_alone_needs_the_repository)
{
    expect_refused(D "\n", "refs:1: '" D "' is only a digest: give its repository");
    expect_refused("[\"" D "\"]", "refs: entry 1: '" D "' is only a digest");
    expect_refused("sha256:12\n", "is only a digest");
}

Test(cli_list, f16_entries_for_other_platforms_are_left_out)
{
    static const char text[] =
        "{\"manifests\":[{\"digest\":\"sha256:" HEX "\",\"platform\":{\"os\":\"linux\","
        "\"architecture\":\"amd64\"}},{\"digest\":\"sha384:" HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}}]}";
    struct tug_platform platforms[2];
    struct list_source source = {
        .repository = "r.example/a", .platforms = platforms, .platform_count = 1};
    struct ref_list list = {0};

    cr_assert_eq(tug_platform_parse("linux/amd64", &platforms[0], NULL), TUG_OK);
    cr_assert_eq(tug_platform_parse("linux/s390x", &platforms[1], NULL), TUG_OK);
    expect_loaded(&source, text, "r.example/a@" D ",");
    expect_loaded(&source, "{\"manifests\":[{\"digest\":\"" D "\"}]}", "r.example/a@" D ",");
    source.platform_count = 2; /* one of them is not there */
    cr_assert_eq(load_source(text, &source, &list), 3);
    ref_list_fini(&list);
}

Test(cli_list, f36_a_mark_and_blank_lines_before_json)
{
    static const struct list_source source = {.repository = "r.example/a"};
    static const char *const beginnings[] = {"", "\xef\xbb\xbf", "\n\n", "\xef\xbb\xbf\r\n \t\r\n",
                                             " "};

    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        char text[256];

        (void)snprintf(text, sizeof text, "%s{\"manifests\":[{\"digest\":\"" D "\"}]}\n",
                       beginnings[i]);
        expect_loaded(&source, text, "r.example/a@" D ",");
        (void)snprintf(text, sizeof text, "%s[\n\"x:1\"]", beginnings[i]);
        expect_loaded(&(struct list_source){0}, text, "x:1,");
        (void)snprintf(text, sizeof text, "%s[::1]:5000/x:1\n", beginnings[i]);
        expect_loaded(&(struct list_source){0}, text, "[::1]:5000/x:1,");
    }
    expect_refused("\n\n\nB//\n", "refs:4: ");
    expect_error("\xff\xfe{\0", 4, "save it as UTF-8", "");
    expect_refused("\xef\xbb", "refs:1: ");
}

Test(cli_list, f45_own_output_is_a_list)
{
    expect_list("r.example/a:1 " D "\n", "r.example/a:1@" D ",");
    expect_list("r.example/a@" D " " D "\n", "r.example/a@" D ",");
    expect_loaded(&(struct list_source){0},
                  "r.example/a:1 " D " application/vnd.oci.image.index.v1+json 856\n"
                  "r.example/a:2 " D " - 856 all-platforms\n"
                  "r.example/a:3 " D " label.a=b/c # x\n",
                  "r.example/a:1@" D ",r.example/a:2@" D "(all-platforms),r.example/a:3@" D
                  "(label.a=b/c),");
    expect_list("{\"ref\":\"r.example/a:1\",\"digest\":\"" D "\"}\n", "r.example/a:1@" D ",");
    expect_refused("r.example/a@" D " sha256:0\n", "another digest beside it");
    expect_refused("a:1 sha256:0\n", "refs:1: invalid reference 'a:1@sha256:0'");
}

Test(cli_list, f45_the_stores_index_is_a_list)
{
    static const char text[] = "{\"manifests\":[{\"digest\":\"" D "\",\"annotations\":{"
                               "\"io.containerd.image.name\":\"r.example/a:1\"}}]}";

    expect_loaded(&(struct list_source){0}, text, "r.example/a:1@" D ",");
    expect_loaded(&(struct list_source){.repository = "m.example/x"}, text, "m.example/x@" D ",");
}

Test(cli_list, f45_metadata_words_of_a_line)
{
    struct line_options options;
    struct tug_error error = {0};

    cr_assert_eq(line_options_parse("metadata-only all-metadata", &options, &error), TUG_OK);
    cr_assert(options.options.metadata_only);
    cr_assert(options.options.all_metadata);
    line_options_fini(&options);
    expect_list("a:1 metadata-only\nb:1 all-metadata all-platforms\n", "a:1,b:1,");
    expect_refused("a:1 all-platforms platform=linux/amd64\n", "refs:1: all-platforms and");
}

Test(cli_list, referrers_of_a_line)
{
    struct line_options options;
    struct tug_error error = {0};

    cr_assert_eq(line_options_parse("referrers=a/b", &options, &error), TUG_OK);
    cr_assert(options.options.referrers);
    cr_assert_str_eq(options.options.referrer_type, "a/b");
    line_options_fini(&options);
    cr_assert_eq(line_options_parse("referrers=a/b referrers", &options, &error), TUG_OK);
    cr_assert(options.options.referrers);
    cr_assert_null(options.options.referrer_type);
    line_options_fini(&options);
    expect_refused("a:1 referrers=\n", "refs:1: referrers= needs a type");
}

Test(cli_list, f46_an_image_manifest_is_named)
{
    expect_refused("{\"config\":{},\"layers\":[]}", "refs: an image manifest, not a list");
}

Test(cli_list, f41_names_the_option_for_http)
{
    expect_refused("http://localhost:5000/a\n", "leave out 'http://' and give --plain-http");
}
