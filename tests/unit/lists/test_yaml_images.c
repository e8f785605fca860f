/* SPDX-License-Identifier: Apache-2.0
 *
 * Images that YAML files name.
 */
#include "lists/yaml_images.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "display/text.h"

/* Write "LINE:TEXT|", or "LINE!WHY|". */
static bool note(void *context, const struct yaml_image *image)
{
    text_printf(context, "%lu%c%s|", image->line, image->text != NULL ? ':' : '!',
                image->text != NULL ? image->text : image->why);
    return true;
}

static enum tug_status find(const char *yaml, size_t length, struct text *out_images,
                            struct yaml_position *out_position, struct tug_error *err)
{
    FILE *const file =
        length > 0 ? fmemopen((void *)(uintptr_t)yaml, length, "r") : fopen("/dev/null", "re");
    enum tug_status status;

    text_puts(out_images, "");
    status = yaml_images_each(file, note, out_images, out_position, err);
    (void)fclose(file);
    return status;
}

static void expect(const char *yaml, const char *images)
{
    struct text found = {0};
    struct yaml_position position;
    struct tug_error err = {0};

    cr_assert_eq(find(yaml, strlen(yaml), &found, &position, &err), TUG_OK, "%lu:%lu: %s",
                 position.line, position.column, err.message);
    cr_assert_str_eq(found.data, images);
    text_fini(&found);
}

static void expect_bytes_refused(const char *yaml, size_t length, enum tug_status status,
                                 unsigned long line, unsigned long column, const char *message)
{
    struct text found = {0};
    struct yaml_position position;
    struct tug_error err = {0};

    cr_assert_eq(find(yaml, length, &found, &position, &err), status, "%s", err.message);
    cr_assert_eq(position.line, line, "line %lu", position.line);
    cr_assert_eq(position.column, column, "column %lu", position.column);
    cr_assert_str_eq(err.message, message);
    text_fini(&found);
}

static void expect_refused(const char *yaml, unsigned long line, unsigned long column,
                           const char *message)
{
    expect_bytes_refused(yaml, strlen(yaml), TUG_ERR_INVALID_ARGUMENT, line, column, message);
}

Test(cli_yaml_images, of_every_document_and_depth)
{
    expect("", "");
    expect("a: b\n", "");
    expect("- nginx\n- image\n", "");
    expect("image: a:1\n", "1:a:1|");
    expect("image: a:1\n---\nb:\n- c: [{image: 'b:2'}]\n...\n---\n\"image\": |-\n  c:3\n",
           "1:a:1|4:b:2|7:c:3|");
    expect("a:\n  image: a\n  images: b\n  myimage: c\n  Image: d\n", "2:a|");
    expect("{\"spec\": {\"image\": \"a:1\", \"x\": [\"image\", \"b\"]}}", "1:a:1|");
    expect("\xef\xbb\xbfimage: a:1\r\nb: c\r\n", "1:a:1|");
    expect("? {image: a}\n: {image: b}\n? [image]\n: c\n", "1:a|2:b|");
    expect("x: image\nimage: image\nimage: y\n", "2:image|3:y|");
}

Test(cli_yaml_images, that_are_no_strings)
{
    expect("image:\n", "1!not a string|");
    expect("image: ''\n", "1!empty|");
    expect("image: ~\n---\nimage: null\n---\nimage: true\n---\nimage: 1.27\n",
           "1!not a string|3!not a string|5!not a string|7!not a string|");
    expect("image: '1'\nb: {image: !!str 2}\nc: {image: !!binary YQ==}\nd: {image: ! 3}\n",
           "1:1|2:2|3!not a string|4:3|");
    expect("image: [a, b]\n", "1!not a string but a sequence|");
    expect("image:\n  repository: a\n  tag: b\n",
           "2!not a string but a mapping (of a chart's values? Give what 'helm template' prints)|");
    expect("image: \"a\\0b\"\n", "1!contains a NUL character|");
}

Test(cli_yaml_images, in_templates)
{
    static const char template[] = "a template: give what 'helm template' prints|";
    char expected[256];

    (void)snprintf(expected, sizeof expected, "1!%s", template);
    expect("image: {{ .Values.image }}\n", expected);
    (void)snprintf(expected, sizeof expected, "1!'{{ .Values.image }}' is %s", template);
    expect("image: \"{{ .Values.image }}\"\n", expected);
    (void)snprintf(expected, sizeof expected, "1!'a:{{.Tag}}' is %s", template);
    expect("image: a:{{.Tag}}\n", expected);
    expect("image: {a: {b: c}}\n",
           "1!not a string but a mapping (of a chart's values? Give what 'helm template' prints)|");
}

Test(cli_yaml_images, with_variables)
{
    expect("image: a:${TAG:-1}\n", "1:a:1|");
    expect("image: a:${TAG}\n", "1!'a:${TAG}' has a variable without a default|");
    expect("image: ${A:-}\n", "1!'${A:-}' is empty once its variables have their defaults|");
}

Test(cli_yaml_images, behind_aliases)
{
    expect("x: &i a:1\nimage: *i\n", "2:a:1|");
    expect("image: &i a:1\nb: {image: *i}\n", "1:a:1|2:a:1|");
    expect("x: &c {image: a}\ny: *c\nz: {<<: *c}\n", "1:a|");
    expect("x: &c {a: b}\nimage: *c\n", "2!an alias of what is not a string|");
    expect("x: &n 1\nimage: *n\n", "2!an alias of what is not a string|");
    expect("image: *unknown\n", "1!an alias of what is not a string|");
    expect("x: &i a\ny: &i b\nimage: *i\n---\nimage: *i\n",
           "3:b|5!an alias of what is not a string|");
    expect("x: &i a\ny: &i [b]\nimage: *i\n", "3!an alias of what is not a string|");
    expect("&k image: a\n", "1:a|");
    expect("x: &k image\n*k : a\n", "");
}

Test(cli_yaml_images, of_volumes)
{
    expect("image:\n  reference: a:1\n  pullPolicy: Always\n", "2:a:1|");
    expect("x: &i b:2\nimage: {reference: *i}\n", "2:b:2|");
    expect("reference: a\nimages: {reference: b}\n", "");
}

Test(cli_yaml_images, of_kustomize)
{
    expect("images:\n- name: a\n  newName: r/b\n  newTag: v1\n- name: c\n  newTag: '2'\n",
           "2:r/b:v1|5:c:2|");
    expect("images:\n- {name: a, newTag: 1, digest: sha256:00}\n", "2:a@sha256:00|");
    expect("images:\n- {name: a, newTag: 1.27}\n", "2:a:1.27|");
    expect("images:\n- {name: a, newName: b}\n",
           "2!'b' is without a tag, which is elsewhere: give what 'kustomize build' prints|");
    expect("images:\n- name: a\n- a:1\n- [{name: a, newTag: b}]\n- image: x\n", "5:x|");
    expect("x: [{name: a, newTag: b}]\nimages: {name: a, newTag: b}\n", "");
}

Test(cli_yaml_images, of_what_is_no_yaml)
{
    expect_refused("a:\n  b: c: d\n", 2, 7,
                   "not YAML: mapping values are not allowed in this context");
    expect_refused("a: [b\n", 2, 1, "not YAML: did not find expected ',' or ']'");
    expect_refused("a: x\n{{ if }}\nb: c\n", 3, 1,
                   "not YAML: could not find expected ':' (a template? Give what 'helm template' "
                   "prints)");
    expect_refused("a: \x9f", 1, 1, "not YAML: invalid leading UTF-8 octet at byte 4");
    expect_bytes_refused("\xff\xfe"
                         "a\0",
                         4, TUG_ERR_INVALID_ARGUMENT, 0, 0, "UTF-16: save it as UTF-8");
}

/* Repeat a text. Returns: owned. */
static char *many(const char *text, size_t count, size_t *out_length)
{
    const size_t length = strlen(text);
    char *const whole = malloc(count * length + 1);

    for (size_t i = 0; i < count; i++) {
        memcpy(whole + i * length, text, length);
    }
    whole[count * length] = '\0';
    *out_length = count * length;
    return whole;
}

Test(cli_yaml_images, of_hostile_files)
{
    size_t length;
    char *text = many("[", 1000000, &length);

    expect_bytes_refused(text, length, TUG_ERR_INVALID_ARGUMENT, 1, 257,
                         "nested more than 256 levels deep");
    free(text);
    text = many("- ", 1000000, &length);
    expect_bytes_refused(text, length, TUG_ERR_INVALID_ARGUMENT, 1, 513,
                         "nested more than 256 levels deep");
    free(text);
    text = many("%TAG !a! x\n", 100000, &length); /* each is compared with all others */
    expect_bytes_refused(text, length, TUG_ERR_TOO_LARGE, 0, 0, "more than 1000 directives %TAG");
    free(text);
    text = many("#aaaaaaaaaaaaaaa", YAML_BYTES_MAX / 16 + 1, &length);
    expect_bytes_refused(text, length, TUG_ERR_TOO_LARGE, 0, 0, "larger than 64 MiB");
    free(text);
    text = many("a", 5000, &length);
    memcpy(text, "image: ", 7);
    expect(text, "1!too long|");
    free(text);
}

/* A billion laughs: aliases of aliases are not followed. */
Test(cli_yaml_images, are_not_multiplied)
{
    struct text yaml = {0};

    text_puts(&yaml, "a0: &a0 {image: lol}\n");
    for (int i = 1; i < 30; i++) {
        text_printf(&yaml, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
                    i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    }
    text_puts(&yaml, "image: *a29\n");
    expect(yaml.data, "1:lol|31!an alias of what is not a string|");
    text_fini(&yaml);
}

static bool stop(void *context, const struct yaml_image *image)
{
    *(unsigned long *)context = image->line;
    return false;
}

Test(cli_yaml_images, end_when_the_caller_says_so)
{
    static char yaml[] = "- image: a\n- image: b\n";
    FILE *const file = fmemopen(yaml, strlen(yaml), "r");
    struct yaml_position position;
    struct tug_error err = {0};
    unsigned long line = 0;

    cr_assert_eq(yaml_images_each(file, stop, &line, &position, &err), TUG_ERR_CANCELLED);
    cr_assert_eq(line, 1);
    (void)fclose(file);
}
