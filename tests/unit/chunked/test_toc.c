/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables of contents that lie: each is refused before any number of it is used.
 */
#include "chunked/chunked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "help.h"
#include "oci/limits.h"

#define BODY_SIZE 1000

static const char body[BODY_SIZE];

/* Read a layer with a body of 1000 bytes and this text (' stands for "). */
static enum tug_status read_text(enum toc_format format, const char *text, const char *tar_split,
                                 struct tug__frame_table *out_table, struct tug_error *err)
{
    char *const json = strdup(text);
    char *const split = tar_split != NULL ? strdup(tar_split) : NULL;
    struct toc_layer layer;
    enum tug_status status;

    for (char *at = json; *at != '\0'; at++) {
        *at = (char)(*at == '\'' ? '"' : *at);
    }
    for (char *at = split; at != NULL && *at != '\0'; at++) {
        *at = (char)(*at == '\'' ? '"' : *at);
    }
    toc_layer_assemble(
        format,
        &(struct toc_parts){.body = body, .body_size = BODY_SIZE, .json = json, .tar_split = split},
        &layer);
    *out_table = (struct tug__frame_table){0};
    *err = (struct tug_error){0};
    status = help_read(&layer, out_table, err);
    toc_layer_free(&layer);
    free(json);
    free(split);
    return status;
}

static void expect(enum toc_format format, const char *text, enum tug_status expected)
{
    struct tug__frame_table table;
    struct tug_error err;

    cr_assert_eq(read_text(format, text, NULL, &table, &err), expected, "%s: %s", text,
                 err.message);
    if (expected == TUG_OK) {
        cr_assert_gt(table.count, 0);
        cr_assert_eq(table.end_byte, BODY_SIZE);
    } else {
        cr_assert_null(table.frames, "%s", text);
    }
    tug__frame_table_fini(&table);
}

#define FILE_A "{'type':'reg','name':'a','size':5,'digest':'x','offset':10,'endOffset':20}"
#define TOC(entries) "{'version':1,'entries':[" entries "]}"

Test(toc, zstd_numbers)
{
    static const struct {
        const char *text;
        enum tug_status status;
    } cases[] = {
        {TOC(FILE_A), TUG_OK},
        {TOC(""), TUG_OK},
        {" { 'entries' : [ ] } ", TUG_OK},
        {"{'entries':[ ] , 'version':1}", TUG_OK},
        {TOC("{'type':'dir','name':'d'}," FILE_A), TUG_OK},
        /* beyond the layer, negative, fractional, too large for 64 bits, no number */
        {TOC("{'type':'reg','size':5,'offset':10,'endOffset':1001}"), TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':2000,'endOffset':2010}"), TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':-1,'endOffset':20}"), TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':1.5,'endOffset':20}"), TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':1e1,'endOffset':20}"), TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':18446744073709551615,'endOffset':20}"),
         TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':18446744073709551626,'endOffset':20}"),
         TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':'10','endOffset':20}"), TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':null,'endOffset':20}"), TUG_ERR_CONTENT},
        /* no offset, no end, an end before the beginning */
        {TOC("{'type':'reg','size':5,'endOffset':20}"), TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':10}"), TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':20,'endOffset':10}"), TUG_ERR_CONTENT},
        /* out of order, overlapping */
        {TOC(FILE_A ",{'type':'reg','size':5,'offset':5,'endOffset':8}"), TUG_ERR_CONTENT},
        {TOC(FILE_A ",{'type':'reg','size':5,'offset':15,'endOffset':30}"), TUG_ERR_CONTENT},
        {TOC(FILE_A "," FILE_A), TUG_ERR_CONTENT},
        /* chunks: of no file, after the end of their file, sums that do not fit */
        {TOC("{'type':'chunk','offset':10,'chunkSize':5}"), TUG_ERR_CONTENT},
        {TOC(FILE_A ",{'type':'chunk','offset':15,'chunkOffset':5,'chunkSize':5}"),
         TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':10,'endOffset':20,'chunkSize':3}"), TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':10,'endOffset':20,'chunkSize':6}"), TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':10,'endOffset':20,'chunkSize':3},"
             "{'type':'chunk','offset':15,'chunkOffset':3,'chunkSize':2}"),
         TUG_OK},
        {TOC("{'type':'reg','size':5,'offset':10,'endOffset':20,'chunkSize':3},"
             "{'type':'chunk','offset':15,'chunkOffset':2,'chunkSize':2}"),
         TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':10,'endOffset':20,'chunkSize':3},"
             "{'type':'chunk','offset':25,'chunkOffset':3,'chunkSize':2}"),
         TUG_ERR_CONTENT},
        {TOC("{'type':'reg','size':5,'offset':10,'endOffset':20,'chunkSize':3},"
             "{'type':'chunk','chunkOffset':3,'chunkSize':2}"),
         TUG_ERR_CONTENT},
        /* hard links to themselves have no content */
        {TOC("{'type':'hardlink','name':'a','linkName':'a','size':9}"), TUG_OK},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect(TOC_ZSTD, cases[i].text, cases[i].status);
    }
}

Test(toc, estargz_numbers)
{
    expect(TOC_ESTARGZ, TOC("{'type':'reg','size':5,'offset':10,'digest':'x'}"), TUG_OK);
    expect(TOC_ESTARGZ, TOC("{'type':'reg','size':5,'offset':1001}"), TUG_ERR_CONTENT);
    expect(TOC_ESTARGZ,
           TOC("{'type':'reg','size':5,'offset':10},{'type':'reg','size':5,'offset':9}"),
           TUG_ERR_CONTENT);
    expect(TOC_ESTARGZ,
           TOC("{'type':'reg','size':9,'offset':10,'chunkSize':4},"
               "{'type':'chunk','offset':15,'chunkOffset':4}"),
           TUG_OK);
}

Test(toc, texts_that_are_no_toc)
{
    static const char *const texts[] = {
        "[]",
        "{}",
        "nonsense",
        "{'entries':{}}",
        "{'entries':[}",
        "{'entries':[]",
        "{'entries':[]}]",
        "{'entries':[]}{'entries':[]}",
        "{'entries':[],'entries':[]}",
        "{'entries':[,]}",
        "{'entries':[{},]}",
        "{'entries':[{}{}]}",
        "{'entries':[{}{},{}]}",
        "{'entries':[{}5]}",
        "{'entries':[{} 'x']}",
        "{'entries':[5{}]}",
        "{'entries':[{}",
        "{'entries':[{}}",
        "{'entries':[1]}",
        "{'entries':['x']}",
        "{'entries':[{'size':1,'size':1}]}",
        "{'entries':[{'type':'reg' 'size':1}]}",
        "{'entries':[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}",
        "{'entries':[]x}",
        "{'entries':[],}",
        "{,'entries':[]}",
        "x{'entries':[]}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        expect(TOC_ZSTD, texts[i], TUG_ERR_CONTENT);
        expect(TOC_ESTARGZ, texts[i], TUG_ERR_CONTENT);
    }
}

#define SPLIT_TOC "{'version':1,'entries':[" FILE_A "],'tarSplitDigest':'%DIGEST%'}"

Test(toc, tar_split_must_fit)
{
    static const struct {
        const char *toc;
        const char *split;
        enum tug_status status;
    } cases[] = {
        {SPLIT_TOC, "{'type':2,'payload':'AA=='}\n{'type':1,'size':5}\n", TUG_OK},
        {SPLIT_TOC, "{'type':1,'size':0}\n{'type':1,'size':5}\n{'type':2}\n", TUG_OK},
        {SPLIT_TOC, "{'type':1,'size':6}\n", TUG_ERR_CONTENT},
        {SPLIT_TOC, "{'type':2,'payload':'AA=='}\n", TUG_ERR_CONTENT},
        {SPLIT_TOC, "{'type':1,'size':5}\n{'type':1,'size':5}\n", TUG_ERR_CONTENT},
        {SPLIT_TOC, "{'type':1,'size':5}", TUG_ERR_CONTENT}, /* no end of the line */
        {SPLIT_TOC, "{'type':1,'size':5,'size':5}\n", TUG_ERR_CONTENT},
        {SPLIT_TOC, "nonsense\n", TUG_ERR_CONTENT},
        {TOC(FILE_A), "{'type':1,'size':5}\n", TUG_ERR_CONTENT}, /* no digest of it */
        {"{'entries':[" FILE_A "],'tarSplitDigest':'sha256:"
         "0000000000000000000000000000000000000000000000000000000000000000'}",
         "{'type':1,'size':5}\n", TUG_ERR_CONTENT},
        {"{'entries':[" FILE_A "],'tarSplitDigest':'x'}", "{'type':1,'size':5}\n", TUG_ERR_CONTENT},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tug__frame_table table;
        struct tug_error err;

        cr_assert_eq(read_text(TOC_ZSTD_SPLIT, cases[i].toc, cases[i].split, &table, &err),
                     cases[i].status, "%zu: %s", i, err.message);
        tug__frame_table_fini(&table);
    }
}

/* The digest in the manifest decides, whatever the bytes look like. */
Test(toc, spoilt_bytes)
{
    static const enum toc_format formats[] = {TOC_ZSTD, TOC_ESTARGZ};

    for (size_t i = 0; i < 2; i++) {
        struct toc_layer layer;
        struct tug__frame_table table = {0};
        struct tug_error err = {0};

        toc_layer_assemble(
            formats[i],
            &(struct toc_parts){
                .body = body, .body_size = BODY_SIZE, .json = "{\"entries\":[]}", .packed_junk = 1},
            &layer);
        cr_assert_eq(help_read(&layer, &table, &err), TUG_ERR_CONTENT);
        toc_layer_free(&layer);
    }
}

Test(toc, another_digest)
{
    struct toc_layer layer;
    struct tug__frame_table table = {0};
    struct tug_error err = {0};

    for (size_t i = 0; i < 2; i++) {
        toc_layer_assemble(
            i == 0 ? TOC_ZSTD : TOC_ESTARGZ,
            &(struct toc_parts){.body = body, .body_size = BODY_SIZE, .json = "{\"entries\":[]}"},
            &layer);
        layer.values[0][20] = (char)(layer.values[0][20] == 'a' ? 'b' : 'a');
        cr_assert_eq(help_read(&layer, &table, &err), TUG_ERR_CONTENT);
        cr_assert_not_null(strstr(err.message, "digest"), "%s", err.message);
        toc_layer_free(&layer);
    }
}

/* Much text in few bytes: the announced length bounds it, and so does the limit. */
Test(toc, bombs)
{
    const size_t length = (size_t)TUG__TOC_RAW_BYTES_MAX + 4096;
    char *const json = malloc(length + 1);
    struct toc_layer layer;
    struct tug__frame_table table = {0};
    struct tug_error err = {0};

    memset(json, ' ', length);
    memcpy(json, "{\"entries\":[", 12);
    memcpy(json + length - 2, "]}", 2);
    json[length] = '\0';
    toc_layer_assemble(TOC_ESTARGZ,
                       &(struct toc_parts){.body = body, .body_size = BODY_SIZE, .json = json},
                       &layer);
    cr_assert_eq(help_read(&layer, &table, &err), TUG_ERR_TOO_LARGE, "%s", err.message);
    toc_layer_free(&layer);
    toc_layer_assemble(TOC_ZSTD,
                       &(struct toc_parts){
                           .body = body, .body_size = BODY_SIZE, .json = json, .toc_raw_lie = 1000},
                       &layer);
    cr_assert_eq(help_read(&layer, &table, &err), TUG_ERR_CONTENT, "%s", err.message);
    toc_layer_free(&layer);
    free(json);
}

/* One entry, and the number of chunks. */
Test(toc, limits)
{
    const size_t length = TUG__TOC_ENTRY_BYTES_MAX + 100;
    char *json = malloc(length + 1);
    void *const large_body = calloc(1, TUG__TOC_FRAMES_MAX + 10);
    size_t at;
    struct toc_layer layer;
    struct tug__frame_table table = {0};
    struct tug_error err = {0};

    memset(json, 'x', length);
    memcpy(json, "{\"entries\":[{\"name\":\"", 21);
    memcpy(json + length - 4, "\"}]}", 4);
    json[length] = '\0';
    toc_layer_assemble(
        TOC_ZSTD, &(struct toc_parts){.body = body, .body_size = BODY_SIZE, .json = json}, &layer);
    cr_assert_eq(help_read(&layer, &table, &err), TUG_ERR_TOO_LARGE, "%s", err.message);
    toc_layer_free(&layer);
    free(json);

    json = malloc((TUG__TOC_FRAMES_MAX + 10) * (size_t)64);
    at = (size_t)sprintf(json, "{\"entries\":[");
    for (unsigned i = 0; i < TUG__TOC_FRAMES_MAX + 2; i++) {
        at += (size_t)sprintf(json + at, "%s{\"type\":\"reg\",\"size\":1,\"offset\":%u}",
                              i > 0 ? "," : "", i);
    }
    (void)sprintf(json + at, "]}");
    toc_layer_assemble(TOC_ESTARGZ,
                       &(struct toc_parts){
                           .body = large_body, .body_size = TUG__TOC_FRAMES_MAX + 10, .json = json},
                       &layer);
    cr_assert_eq(help_read(&layer, &table, &err), TUG_ERR_TOO_LARGE, "%s", err.message);
    toc_layer_free(&layer);
    free(json);
    free(large_body);
}

/* Each prefix of a text ends early, whatever the portions are. */
Test(toc, text_in_portions)
{
    static char names[40][40];
    struct toc_file files[40];
    struct toc_layer layer;
    struct tug__frame_table table = {0};
    struct tug_error err = {0};

    for (size_t i = 0; i < 40; i++) {
        (void)snprintf(names[i], sizeof names[i], "f\\\"%zu\\u00e9", i);
        files[i] = (struct toc_file){.name = names[i], .size = 100 * i, .seed = i};
    }
    toc_layer_make(TOC_ZSTD, files, 40, &layer);
    cr_assert_eq(help_read(&layer, &table, &err), TUG_OK, "%s", err.message);
    cr_assert_eq(table.count, 39 * 2 + 1);
    tug__frame_table_fini(&table);
    toc_layer_free(&layer);
}

static void expect_same(const struct tug__frame_table *left, const struct tug__frame_table *right,
                        const char *what, size_t number)
{
    cr_assert_eq(left->count, right->count, "%s %zu", what, number);
    for (size_t i = 0; i < left->count; i++) {
        const struct tug__frame *const a = &left->frames[i];
        const struct tug__frame *const b = &right->frames[i];

        cr_assert(a->first == b->first && a->identity[0] == b->identity[0] &&
                      a->identity[1] == b->identity[1],
                  "%s %zu, frame %zu", what, number, i);
    }
}

#define PORTION_BYTES 65536
#define TWO_FILES(space)                                                                           \
    "{'type':" space "'reg'," space "'name':'a{\\'b',\n'xattrs':{'u.a':" space "'b'," space        \
    "'c':[1,2" space "]},'size':7," space "'offset':100,'endOffset':200,'digest':'sha256:x'}"      \
    "," space "{'type':'reg','name':'b','size':8,'offset':300,'endOffset':400}"

/* An entry is read from where it is, or out of two portions: its frames are the same. So are they
 * with other space between the parts of the text. */
Test(toc, an_entry_in_two_portions_is_the_same)
{
    static const char *const entries[] = {TWO_FILES(""), TWO_FILES(" "), TWO_FILES("\n\t ")};
    char *const padding = malloc(PORTION_BYTES + 1);
    struct tug__frame_table expected = {0};
    struct tug_error err;

    memset(padding, 'x', PORTION_BYTES);
    padding[PORTION_BYTES] = '\0';
    for (size_t i = 0; i < 3; i++) {
        for (size_t shift = 0; shift <= strlen(entries[i]) + 30; shift++) {
            struct tug__frame_table table;
            char *text;

            cr_assert_geq(asprintf(&text, "{'p':'%s','entries':[%s]}", padding + shift, entries[i]),
                          0);
            cr_assert_eq(read_text(TOC_ZSTD, text, NULL, &table, &err), TUG_OK, "%s", err.message);
            if (expected.count == 0) {
                expected = table;
                cr_assert_eq(expected.count, 5);
            } else {
                expect_same(&expected, &table, entries[i], shift);
                tug__frame_table_fini(&table);
            }
            free(text);
        }
    }
    tug__frame_table_fini(&expected);
    free(padding);
}
