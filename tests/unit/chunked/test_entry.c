/* SPDX-License-Identifier: Apache-2.0
 *
 * One entry of a table of contents: read as a whole text, or from where it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "chunked/internal.h"
#include "oci/limits.h"

#define ENTRY                                                                                      \
    "{\"type\":\"reg\",\"name\":\"a\",\"size\":7,\"offset\":100,\"endOffset\":200,"                \
    "\"digest\":\"sha256:x\"}"

static bool is_same(const struct tug__toc_entry *left, const struct tug__toc_entry *right)
{
    return left->is_regular == right->is_regular && left->offset == right->offset &&
           left->end == right->end && left->size == right->size &&
           left->has_content == right->has_content && left->content.a == right->content.a &&
           left->content.b == right->content.b && left->header.a == right->header.a &&
           left->header.b == right->header.b;
}

Test(toc_entry, is_taken_from_where_it_is)
{
    static const char *const behind[] = {"", ",{}", "]}", "x"};
    struct tug__toc_entry expected;

    cr_assert_eq(tug__toc_entry_read(ENTRY, strlen(ENTRY), &expected, NULL), TUG_OK);
    cr_assert(expected.is_regular && expected.has_offset && expected.has_content);
    cr_assert_eq(expected.size, 7);
    cr_assert_eq(expected.offset, 100);
    cr_assert_eq(expected.end, 200);
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        struct tug__toc_entry entry;
        char text[256];

        (void)snprintf(text, sizeof text, "%s%s", ENTRY, behind[i]);
        cr_assert_eq(tug__toc_entry_take(text, strlen(text), &entry), strlen(ENTRY), "%s", text);
        cr_assert(is_same(&expected, &entry), "%s", text);
    }
}

/* Not complete, or refused: then nothing is told of it. */
Test(toc_entry, is_not_taken)
{
    static const char *const texts[] = {
        "{\"size\":1,\"size\":2}", "{\"size\":-1}",  "{\"size\":\"1\"}", "[]", "{\"a\":nul}",
        "{\"endOffset\":1e3}",     "{\"offset\":}}",
    };
    const struct tug__toc_entry none = {.size = 77};
    struct tug__toc_entry entry = none;
    char *const large = calloc(1, TUG__TOC_ENTRY_BYTES_MAX + 64);

    for (size_t i = 0; i < strlen(ENTRY); i++) {
        cr_assert_eq(tug__toc_entry_take(ENTRY, i, &entry), 0, "%zu bytes", i);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_assert_eq(tug__toc_entry_take(texts[i], strlen(texts[i]), &entry), 0, "%s", texts[i]);
        cr_assert_neq(tug__toc_entry_read(texts[i], strlen(texts[i]), &entry, NULL), TUG_OK, "%s",
                      texts[i]);
    }
    memset(large, 'x', TUG__TOC_ENTRY_BYTES_MAX);
    memcpy(large, "{\"name\":\"", strlen("{\"name\":\""));
    strcat(large, "\"}");
    cr_assert_eq(tug__toc_entry_take(large, strlen(large), &entry), 0, "over the limit");
    cr_assert(is_same(&none, &entry), "it was touched");
    free(large);
}
