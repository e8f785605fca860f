/* SPDX-License-Identifier: Apache-2.0
 *
 * One descriptor: every member that a registry could get wrong.
 */
#include "oci/descriptor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "oci/limits.h"

#define HEX32 "0123456789abcdef0123456789abcdef"
#define DIGEST "\"digest\":\"sha256:" HEX32 HEX32 "\""

/* Parse JSON (' stands for ") and read it as a descriptor. */
static enum tug_status read_text(const char *text, struct tug__descriptor *out_descriptor,
                                 struct tug_error *err)
{
    static const struct tug__json_limits limits = {
        .max_bytes = 100000, .max_depth = 8, .max_values = 100};
    char *const copy = strdup(text);
    struct tug__json *json = NULL;
    enum tug_status status;

    for (char *at = copy; *at != '\0'; at++) {
        *at = (char)(*at == '\'' ? '"' : *at);
    }
    status = tug__json_parse(copy, strlen(copy), &limits, &json, err);
    cr_assert_eq(status, TUG_OK, "bad test: %s", text);
    status = tug__descriptor_read(tug__json_root(json), out_descriptor, err);
    tug__json_destroy(json);
    free(copy);
    return status;
}

static void expect_ok(const char *text, struct tug__descriptor *out_descriptor)
{
    struct tug_error err = {0};

    memset(out_descriptor, 0, sizeof *out_descriptor);
    cr_assert_eq(read_text(text, out_descriptor, &err), TUG_OK, "%s: %s", text, err.message);
    cr_assert_eq(err.code, TUG_OK, "%s: error touched on success", text);
    cr_assert_not_null(out_descriptor->media_type);
}

static void refuse(const char *text, enum tug_status expected, const char *message)
{
    struct tug__descriptor descriptor;
    struct tug__descriptor before;
    struct tug_error err = {0};

    memset(&descriptor, 0x5a, sizeof descriptor);
    before = descriptor;
    cr_assert_eq(read_text(text, &descriptor, &err), expected, "%s", text);
    cr_assert_eq(err.code, expected, "%s", text);
    cr_assert_eq(strncmp(err.message, message, strlen(message)), 0, "%s: '%s'", text, err.message);
    cr_assert_eq(memcmp(&descriptor, &before, sizeof descriptor), 0, "output touched: %s", text);
}

Test(oci_descriptor, reads_a_complete_one)
{
    struct tug__descriptor descriptor;
    char text[TUG_DIGEST_TEXT_MAX];
    char platform[TUG_PLATFORM_TEXT_MAX];

    expect_ok("{'mediaType':'application/vnd.oci.image.manifest.v1+json'," DIGEST ",'size':7682,"
              "'annotations':{'a':'b'},'urls':[],"
              "'platform':{'architecture':'ARM','os':'Linux','os.version':'1.2','features':[]}}",
              &descriptor);
    cr_assert_eq(descriptor.kind, TUG__MEDIA_MANIFEST);
    cr_assert_str_eq(descriptor.media_type, "application/vnd.oci.image.manifest.v1+json");
    cr_assert_str_eq(tug_digest_format(&descriptor.digest, text), "sha256:" HEX32 HEX32);
    cr_assert_eq(descriptor.size_bytes, 7682);
    cr_assert(descriptor.has_platform);
    cr_assert_str_eq(tug_platform_format(&descriptor.platform, platform), "linux(1.2)/arm/v7");
    cr_assert_null(descriptor.data);
    tug__descriptor_fini(&descriptor);
    tug__descriptor_fini(&descriptor);
}

Test(oci_descriptor, tolerates_a_missing_media_type)
{
    struct tug__descriptor descriptor;

    expect_ok("{" DIGEST ",'size':0}", &descriptor);
    cr_assert_eq(descriptor.kind, TUG__MEDIA_OTHER);
    cr_assert_str_eq(descriptor.media_type, "");
    cr_assert_eq(descriptor.size_bytes, 0);
    cr_assert_not(descriptor.has_platform);
    tug__descriptor_fini(&descriptor);
    expect_ok("{'mediaType':null," DIGEST ",'size':0}", &descriptor);
    tug__descriptor_fini(&descriptor);
}

Test(oci_descriptor, keeps_foreign_layers_as_such)
{
    struct tug__descriptor descriptor;

    expect_ok("{'mediaType':'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'," DIGEST
              ",'size':5,'urls':['http://169.254.169.254/']}",
              &descriptor);
    cr_assert_eq(descriptor.kind, TUG__MEDIA_FOREIGN);
    tug__descriptor_fini(&descriptor);
}

Test(oci_descriptor, refuses_what_is_no_object)
{
    struct tug__descriptor descriptor;
    struct tug_error err = {0};

    cr_assert_eq(tug__descriptor_read(NULL, &descriptor, &err), TUG_ERR_CONTENT);
    cr_assert_str_eq(err.message, "not an object");
}

Test(oci_descriptor, t24_refuses_bad_digests)
{
    refuse("{'size':1}", TUG_ERR_CONTENT, "digest: missing");
    refuse("{'digest':null,'size':1}", TUG_ERR_CONTENT, "digest: missing");
    refuse("{'digest':5,'size':1}", TUG_ERR_CONTENT, "digest");
    refuse("{'digest':'','size':1}", TUG_ERR_CONTENT, "digest ''");
    refuse("{'digest':'sha256:../../etc/passwd','size':1}", TUG_ERR_CONTENT,
           "digest 'sha256:../../etc/passwd': ");
    refuse("{'digest':'sha256:" HEX32 "','size':1}", TUG_ERR_CONTENT, "digest 'sha256:");
    refuse("{'digest':'blake3:" HEX32 HEX32 "','size':1}", TUG_ERR_UNSUPPORTED, "digest 'blake3:");
}

Test(oci_descriptor, t25_refuses_bad_sizes)
{
    static const char *const sizes[] = {"-1",   "1e400", "1.5",
                                        "1e3",  "'5'",   "null",
                                        "true", "[1]",   "9223372036854775808",
                                        "-0.0", "1.0",   "99999999999999999999999"};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char text[200];

        (void)snprintf(text, sizeof text, "{" DIGEST ",'size':%s}", sizes[i]);
        refuse(text, TUG_ERR_CONTENT, "size");
    }
    refuse("{" DIGEST "}", TUG_ERR_CONTENT, "size");
}

Test(oci_descriptor, t25_refuses_a_size_over_the_largest)
{
    refuse("{" DIGEST ",'size':1125899906842625}", TUG_ERR_CONTENT, "a size of ");
    refuse("{" DIGEST ",'size':9223372036854775807}", TUG_ERR_CONTENT, "a size of ");
}

Test(oci_descriptor, t25_takes_the_largest_size)
{
    struct tug__descriptor descriptor;

    expect_ok("{" DIGEST ",'size':1125899906842624}", &descriptor);
    cr_assert_eq(descriptor.size_bytes, TUG__BLOB_BYTES_MAX);
    tug__descriptor_fini(&descriptor);
}

Test(oci_descriptor, refuses_media_types_that_are_none)
{
    char text[600];

    refuse("{'mediaType':5," DIGEST ",'size':1}", TUG_ERR_CONTENT, "mediaType");
    refuse("{'mediaType':'a\\u000a'," DIGEST ",'size':1}", TUG_ERR_CONTENT, "mediaType: ");
    refuse("{'mediaType':'a\\u007f'," DIGEST ",'size':1}", TUG_ERR_CONTENT, "mediaType: ");
    refuse("{'mediaType':'a\\u0085'," DIGEST ",'size':1}", TUG_ERR_CONTENT, "mediaType: ");
    refuse("{'mediaType':'a\\u202e'," DIGEST ",'size':1}", TUG_ERR_CONTENT, "mediaType: ");
    (void)snprintf(text, sizeof text, "{'mediaType':'%0*d'," DIGEST ",'size':1}",
                   TUG__MEDIA_TYPE_MAX + 1, 0);
    refuse(text, TUG_ERR_CONTENT, "mediaType: over the limit of 256");
}

Test(oci_descriptor, takes_the_longest_media_type)
{
    char text[600];
    struct tug__descriptor descriptor;

    (void)snprintf(text, sizeof text, "{'mediaType':'%0*d'," DIGEST ",'size':1}",
                   TUG__MEDIA_TYPE_MAX, 0);
    expect_ok(text, &descriptor);
    cr_assert_eq(strlen(descriptor.media_type), TUG__MEDIA_TYPE_MAX);
    tug__descriptor_fini(&descriptor);
}

Test(oci_descriptor, takes_an_empty_platform_as_none)
{
    struct tug__descriptor descriptor;

    expect_ok("{" DIGEST ",'size':1,'platform':null}", &descriptor);
    cr_assert_not(descriptor.has_platform);
    tug__descriptor_fini(&descriptor);
    expect_ok("{" DIGEST ",'size':1,'platform':{'os':'','architecture':''}}", &descriptor);
    cr_assert_not(descriptor.has_platform);
    tug__descriptor_fini(&descriptor);
    expect_ok("{" DIGEST ",'size':1,'platform':{'os':'linux'}}", &descriptor);
    cr_assert(descriptor.has_platform);
    tug__descriptor_fini(&descriptor);
}

Test(oci_descriptor, refuses_platforms_of_wrong_types)
{
    char text[400];

    refuse("{" DIGEST ",'size':1,'platform':'linux'}", TUG_ERR_CONTENT, "platform: not an object");
    refuse("{" DIGEST ",'size':1,'platform':[]}", TUG_ERR_CONTENT, "platform: not an object");
    refuse("{" DIGEST ",'size':1,'platform':{'os':1}}", TUG_ERR_CONTENT, "platform: os");
    refuse("{" DIGEST ",'size':1,'platform':{'architecture':{}}}", TUG_ERR_CONTENT,
           "platform: architecture");
    refuse("{" DIGEST ",'size':1,'platform':{'variant':false}}", TUG_ERR_CONTENT,
           "platform: variant");
    refuse("{" DIGEST ",'size':1,'platform':{'os.version':[]}}", TUG_ERR_CONTENT,
           "platform: os.version");
    refuse("{" DIGEST ",'size':1,'platform':{'os':'a\\u001b[2J'}}", TUG_ERR_CONTENT,
           "platform: os: ");
    (void)snprintf(text, sizeof text, "{" DIGEST ",'size':1,'platform':{'os':'%0*d'}}",
                   TUG_PLATFORM_FIELD_MAX, 0);
    refuse(text, TUG_ERR_CONTENT, "platform: os: over the limit of 63");
}

Test(oci_descriptor, keeps_data_of_the_right_length)
{
    struct tug__descriptor descriptor;

    expect_ok("{" DIGEST ",'size':2,'data':'e30='}", &descriptor);
    cr_assert_not_null(descriptor.data);
    cr_assert_eq(memcmp(descriptor.data, "{}", 2), 0);
    tug__descriptor_fini(&descriptor);
    expect_ok("{" DIGEST ",'size':0,'data':''}", &descriptor);
    cr_assert_not_null(descriptor.data);
    tug__descriptor_fini(&descriptor);
}

Test(oci_descriptor, t33_ignores_data_that_is_not_what_it_should_be)
{
    static const char *const members[] = {
        "'size':3,'data':'e30='", "'size':1,'data':'e30='", "'size':1000000,'data':'e30='",
        "'size':2,'data':'e30'",  "'size':2,'data':'!!!!'", "'size':2,'data':'e3 0='",
        "'size':2,'data':5",      "'size':2,'data':null",   "'size':1125899906842624,'data':'e30='",
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct tug__descriptor descriptor;
        char text[300];

        (void)snprintf(text, sizeof text, "{" DIGEST ",%s}", members[i]);
        expect_ok(text, &descriptor);
        cr_assert_null(descriptor.data, "%s", text);
        tug__descriptor_fini(&descriptor);
    }
}

Test(oci_descriptor, t01_urls_of_foreign_layers_only_and_https_only)
{
    struct tug__descriptor descriptor;

    expect_ok("{'mediaType':'application/vnd.docker.image.rootfs.foreign.diff.tar'," DIGEST
              ",'size':5,'urls':['http://a/','https://b/x','file:///etc/passwd','https://c d/',5,"
              "'HTTPS://e/']}",
              &descriptor);
    cr_assert_str_eq(descriptor.urls, "https://b/x HTTPS://e/");
    tug__descriptor_fini(&descriptor);
    expect_ok("{'mediaType':'application/vnd.oci.image.layer.v1.tar'," DIGEST
              ",'size':5,'urls':['https://b/x']}",
              &descriptor);
    cr_assert_null(descriptor.urls);
    tug__descriptor_fini(&descriptor);
}

static void expect_annotation(const struct tug__descriptor *descriptor, const char *key,
                              const char *expected)
{
    const char *const value = tug__descriptor_annotation(descriptor, key);

    if (expected == NULL) {
        cr_assert_null(value, "%s: '%s'", key, value);
        return;
    }
    cr_assert_not_null(value, "%s: missing", key);
    cr_assert_str_eq(value, expected, "%s", key);
}

Test(oci_descriptor, keeps_annotations)
{
    struct tug__descriptor descriptor;

    expect_ok("{" DIGEST ",'size':5,'annotations':{'io.example.position':'1:2:3:1','':'no key',"
              "'io.example':'shorter','number':5,'null':null,'empty':'','last':'\u00e9'}}",
              &descriptor);
    expect_annotation(&descriptor, "io.example.position", "1:2:3:1");
    expect_annotation(&descriptor, "io.example", "shorter");
    expect_annotation(&descriptor, "empty", "");
    expect_annotation(&descriptor, "last", "\xc3\xa9");
    expect_annotation(&descriptor, "", NULL);
    expect_annotation(&descriptor, "number", NULL);
    expect_annotation(&descriptor, "null", NULL);
    expect_annotation(&descriptor, "shorter", NULL); /* a value is no key */
    expect_annotation(&descriptor, "Last", NULL);
    tug__descriptor_fini(&descriptor);
}

Test(oci_descriptor, takes_annotations_that_are_none)
{
    static const char *const members[] = {
        "'size':5",
        "'size':5,'annotations':null",
        "'size':5,'annotations':{}",
        "'size':5,'annotations':[]",
        "'size':5,'annotations':'text'",
        "'size':5,'annotations':{'a':1}",
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct tug__descriptor descriptor;
        char text[300];

        (void)snprintf(text, sizeof text, "{" DIGEST ",%s}", members[i]);
        expect_ok(text, &descriptor);
        cr_assert_null(descriptor.annotations, "%s", text);
        expect_annotation(&descriptor, "a", NULL);
        tug__descriptor_fini(&descriptor);
    }
}

/* Signatures and certificates of some KiB stand there: no reason to refuse what they belong to. */
Test(oci_descriptor, leaves_out_long_annotations_alone)
{
    struct tug__descriptor descriptor;
    char text[3 * TUG__ANNOTATION_BYTES_MAX];
    const int most = TUG__ANNOTATION_BYTES_MAX - 4; /* with the key and both ends */

    (void)snprintf(text, sizeof text,
                   "{" DIGEST ",'size':5,'annotations':{'ab':'%0*d','cd':'%0*d','ef':'kept'}}",
                   most + 1, 0, most, 0);
    expect_ok(text, &descriptor);
    expect_annotation(&descriptor, "ab", NULL);
    cr_assert_eq(strlen(tug__descriptor_annotation(&descriptor, "cd")), (size_t)most);
    expect_annotation(&descriptor, "ef", "kept");
    tug__descriptor_fini(&descriptor);
}

Test(oci_descriptor, keeps_the_first_annotations_of_many)
{
    struct tug__descriptor descriptor;
    char text[4096];
    size_t at = (size_t)snprintf(text, sizeof text, "{" DIGEST ",'size':5,'annotations':{");

    for (unsigned i = 1; i <= TUG__ANNOTATIONS_MAX + 1; i++) {
        at +=
            (size_t)snprintf(text + at, sizeof text - at, "%s'key%u':'%u'", i > 1 ? "," : "", i, i);
    }
    (void)snprintf(text + at, sizeof text - at, "}}");
    expect_ok(text, &descriptor);
    expect_annotation(&descriptor, "key1", "1");
    expect_annotation(&descriptor, "key64", "64");
    expect_annotation(&descriptor, "key65", NULL);
    tug__descriptor_fini(&descriptor);
}

Test(oci_descriptor, f10_refuses_names_in_another_case)
{
    refuse("{" DIGEST ",'size':1,'Size':2}", TUG_ERR_CONTENT, "'Size' differs from 'size'");
    refuse("{" DIGEST ",'size':1,'URLs':[]}", TUG_ERR_CONTENT, "'URLs' differs from 'urls'");
    refuse("{" DIGEST ",'size':1,'Data':''}", TUG_ERR_CONTENT, "'Data' differs from 'data'");
    refuse("{" DIGEST ",'size':1,'mediatype':''}", TUG_ERR_CONTENT, "'mediatype' differs");
    refuse("{" DIGEST ",'size':1,'platform':{'OS.Version':'1'}}", TUG_ERR_CONTENT,
           "platform: 'OS.Version' differs from 'os.version'");
}
