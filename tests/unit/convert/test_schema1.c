/* SPDX-License-Identifier: Apache-2.0
 *
 * Config and manifest of a schema 1 image, and the way back.
 */
#include "convert/schema1.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "oci/digest.h"
#include "oci/document.h"
#include "oci/limits.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define LAYER "application/vnd.oci.image.layer.v1.tar"

static struct tug_digest digest_of(const char *hex)
{
    char text[TUG_DIGEST_TEXT_MAX] = "sha256:";
    struct tug_digest digest = {0};

    cr_assert_eq(tug__digest_read(strcat(text, hex), &digest, NULL), TUG_OK);
    return digest;
}

/* Three layers: a blank one in the middle, a throw-away one on top. */
static char top[] = "{\"id\":\"" C64 "\",\"parent\":\"" B64 "\", \"os\" : \"linux\","
                    "\"architecture\":\"amd64\",\"Size\":12,\"throwaway\":true,"
                    "\"config\":{\"Cmd\":[\"/bin/sh\", \"\\u00e9\"],\"Size\":1},\"x\":1.50,"
                    "\"created\":\"2016-01-02T03:04:05.6Z\","
                    "\"container_config\":{\"Cmd\":[\"/bin/sh\",\"-c\",\"#(nop) CMD \\\"x\\\"\"]}}";
static char middle[] = "{\"id\":\"" B64 "\",\"parent\":\"" A64 "\",\"author\":\"me\","
                       "\"comment\":\"c\"}";
static char lowest[] = "{\"id\":\"" A64 "\",\"container_config\":null,\"created\":1}";

static struct tug__schema1_layer layers[] = {
    {.history = lowest}, {.history = middle}, {.history = top, .is_throwaway = true}};

static void set_up(struct tug__schema1 *schema1, struct tug__layer_facts facts[3])
{
    layers[0].blob = digest_of(A64);
    layers[1].blob = digest_of(B64);
    layers[2].blob = digest_of(C64);
    *schema1 = (struct tug__schema1){.layers = layers, .count = 3};
    memset(facts, 0, 3 * sizeof *facts);
    facts[0] = (struct tug__layer_facts){
        .diff_id = digest_of(B64), .size_bytes = 99, .media_type = LAYER "+gzip"};
    facts[1] = (struct tug__layer_facts){.is_blank = true};
}

static const char config_text[] =
    "{\"os\":\"linux\",\"architecture\":\"amd64\","
    "\"config\":{\"Cmd\":[\"/bin/sh\", \"\\u00e9\"],\"Size\":1},\"x\":1.50,"
    "\"created\":\"2016-01-02T03:04:05.6Z\","
    "\"container_config\":{\"Cmd\":[\"/bin/sh\",\"-c\",\"#(nop) CMD \\\"x\\\"\"]},"
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" B64 "\"]},"
    "\"history\":[{},{\"author\":\"me\",\"comment\":\"c\",\"empty_layer\":true},"
    "{\"created\":\"2016-01-02T03:04:05.6Z\",\"created_by\":\"/bin/sh -c #(nop) CMD \\\"x\\\"\","
    "\"empty_layer\":true}]}";

static const char manifest_text[] =
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
    "\"config\":{\"mediaType\":\"application/"
    "vnd.oci.image.config.v1+json\",\"digest\":\"sha256:" C64
    "\",\"size\":1234},\"layers\":[{\"mediaType\":\"" LAYER "+gzip\",\"digest\":\"sha256:" A64
    "\",\"size\":99}]}";

Test(convert_schema1, config_and_manifest_are_put_together)
{
    const struct tug_digest config_digest = digest_of(C64);
    struct tug__schema1 schema1;
    struct tug__layer_facts facts[3];
    struct tug__layer_facts recalled[3];
    struct tug__buf config, manifest;
    struct tug_error err = {0};

    set_up(&schema1, facts);
    tug__buf_init(&config, TUG__CONFIG_BYTES_MAX);
    tug__buf_init(&manifest, TUG__MANIFEST_BYTES_MAX);
    cr_assert_eq(tug__convert_schema1_config(&schema1, facts, &config, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_str_eq(config.data, config_text);
    cr_assert_eq(
        tug__convert_schema1_manifest(&schema1, facts, &config_digest, 1234, &manifest, &err),
        TUG_OK, "%s", err.message);
    cr_assert_str_eq(manifest.data, manifest_text);
    cr_assert(tug__convert_schema1_recall(&schema1, &config, &manifest, recalled));
    cr_assert(tug_digest_equal(&recalled[0].diff_id, &facts[0].diff_id));
    cr_assert_eq(recalled[0].size_bytes, 99);
    cr_assert_str_eq(recalled[0].media_type, LAYER "+gzip");
    cr_assert(recalled[1].is_blank);
    tug__buf_fini(&config);
    tug__buf_fini(&manifest);
}

Test(convert_schema1, what_the_topmost_history_lacks_is_added)
{
    static char alone[] = "{\"id\":\"" A64 "\",\"os\":\"\",\"architecture\":null}";
    struct tug__schema1_layer layer = {.history = alone};
    const struct tug__schema1 schema1 = {
        .layers = &layer, .count = 1, .os = "linux", .architecture = "arm64"};
    const struct tug__layer_facts facts = {.diff_id = digest_of(A64)};
    struct tug__buf config;
    struct tug_error err = {0};

    tug__buf_init(&config, TUG__CONFIG_BYTES_MAX);
    cr_assert_eq(tug__convert_schema1_config(&schema1, &facts, &config, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_str_eq(config.data,
                     "{\"architecture\":\"arm64\",\"os\":\"linux\",\"rootfs\":{"
                     "\"type\":\"layers\",\"diff_ids\":[\"sha256:" A64 "\"]},\"history\":[{}]}");
    tug__buf_fini(&config);
}

Test(convert_schema1, a_name_that_hides_behind_an_escape_is_refused)
{
    static char hidden[] = "{\"id\":\"" A64 "\",\"root\\u0066s\":{}}";
    struct tug__schema1_layer layer = {.history = hidden};
    const struct tug__schema1 schema1 = {.layers = &layer, .count = 1};
    const struct tug__layer_facts facts = {.diff_id = digest_of(A64)};
    struct tug__buf config;
    struct tug_error err = {0};

    tug__buf_init(&config, TUG__CONFIG_BYTES_MAX);
    cr_assert_eq(tug__convert_schema1_config(&schema1, &facts, &config, &err), TUG_ERR_CONTENT);
    cr_assert_eq(config.length, 0);
    tug__buf_fini(&config);
}

Test(convert_schema1, texts_of_another_image_are_not_recalled)
{
    struct tug__schema1 schema1;
    struct tug__layer_facts facts[3];
    struct tug__buf config, manifest;
    struct tug_error err = {0};

    set_up(&schema1, facts);
    tug__buf_init(&config, TUG__CONFIG_BYTES_MAX);
    tug__buf_init(&manifest, TUG__MANIFEST_BYTES_MAX);
    (void)tug__buf_printf(&config, &err, "%s", config_text);
    (void)tug__buf_printf(&manifest, &err, "%s", "{\"layers\":[]}");
    cr_assert_not(tug__convert_schema1_recall(&schema1, &config, &manifest, facts));
    tug__buf_clear(&manifest);
    (void)tug__buf_printf(&manifest, &err, "%s", manifest_text);
    schema1.count = 2;
    cr_assert_not(tug__convert_schema1_recall(&schema1, &config, &manifest, facts));
    schema1.count = 3;
    tug__buf_clear(&config);
    (void)tug__buf_printf(&config, &err, "no JSON");
    cr_assert_not(tug__convert_schema1_recall(&schema1, &config, &manifest, facts));
    tug__buf_fini(&config);
    tug__buf_fini(&manifest);
}
