/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages of referrers put together as one index, with their limits (T-19).
 */
#include "registry/referrer_list.h"

#include <string.h>

#include <criterion/criterion.h>

#include "oci/digest.h"
#include "oci/limits.h"

#define HEX(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define ENTRY(c, type)                                                                             \
    "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:" HEX(      \
        c) "\","                                                                                   \
           "\"size\":2,\"artifactType\":\"" type "\"}"
#define HEAD                                                                                       \
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","              \
    "\"manifests\":["

static enum tug_status add(struct tug__referrer_list *list, const char *entries, bool is_filtered)
{
    struct tug__referrer_page page = {.is_filtered = is_filtered};
    struct tug__buf text;
    enum tug_status status;

    tug__buf_init(&text, TUG__MANIFEST_BYTES_MAX);
    cr_assert_eq(tug__buf_printf(&text, NULL, HEAD "%s]}", entries), TUG_OK);
    page.text = text.data;
    page.length = text.length;
    status = tug__referrer_list_add(list, &page, NULL);
    tug__buf_fini(&text);
    return status;
}

static void expect(struct tug__referrer_list *list, const char *entries)
{
    struct tug__buf buf;

    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    cr_assert_eq(tug__referrer_list_write(list, &buf, NULL), TUG_OK);
    cr_assert(strncmp(buf.data, HEAD, strlen(HEAD)) == 0);
    cr_assert(strncmp(buf.data + strlen(HEAD), entries, strlen(entries)) == 0, "%s", buf.data);
    cr_assert_str_eq(buf.data + strlen(HEAD) + strlen(entries), "]}");
    tug__buf_fini(&buf);
    tug__referrer_list_fini(list);
}

Test(referrer_list, pages_in_any_order_make_the_same_index)
{
    struct tug__referrer_list list;

    tug__referrer_list_init(&list, NULL);
    cr_assert_eq(add(&list, ENTRY("22", "b") "," ENTRY("11", "a"), false), TUG_OK);
    cr_assert_eq(add(&list, ENTRY("11", "a"), false), TUG_OK, "an entry may come twice");
    expect(&list, ENTRY("11", "a") "," ENTRY("22", "b"));
}

Test(referrer_list, a_registry_that_does_not_filter_is_helped)
{
    struct tug__referrer_list list;

    tug__referrer_list_init(&list, "a");
    cr_assert_eq(add(&list, ENTRY("22", "b") "," ENTRY("11", "a"), false), TUG_OK);
    expect(&list, ENTRY("11", "a"));
    tug__referrer_list_init(&list, "a");
    cr_assert_eq(add(&list, ENTRY("22", "b"), true), TUG_OK, "the registry said that it did");
    expect(&list, ENTRY("22", "b"));
    tug__referrer_list_init(&list, NULL);
    expect(&list, "");
}

Test(referrer_list, what_is_no_entry_is_refused)
{
    static const char *const bad[] = {"{}", "1", "{\"digest\":1}", "{\"digest\":\"sha256:12\"}",
                                      "{\"Digest\":\"sha256:" HEX("11") "\"}"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tug__referrer_list list;

        tug__referrer_list_init(&list, NULL);
        cr_assert_eq(add(&list, bad[i], false), TUG_ERR_CONTENT, "%s", bad[i]);
        tug__referrer_list_fini(&list);
    }
}

Test(referrer_list, t19_there_is_a_limit)
{
    struct tug__referrer_list list;

    tug__referrer_list_init(&list, NULL);
    for (size_t i = 0; i < TUG__REFERRERS_MAX; i++) {
        cr_assert_eq(add(&list, ENTRY("11", "a"), false), TUG_OK);
    }
    cr_assert_eq(add(&list, ENTRY("11", "a"), false), TUG_ERR_TOO_LARGE);
    tug__referrer_list_fini(&list);
}

Test(referrer_list, the_tag_of_a_digest_is_cut)
{
    struct tug_digest digest;
    char text[TUG_DIGEST_TEXT_MAX];

    cr_assert_eq(tug_digest_parse("sha512:" HEX("12") HEX("34"), 135, &digest, NULL), TUG_OK);
    cr_assert_str_eq(tug__digest_tag(&digest, text), "sha512-" HEX("12"));
    cr_assert_eq(tug_digest_parse("sha256:" HEX("12"), 71, &digest, NULL), TUG_OK);
    cr_assert_str_eq(tug__digest_tag(&digest, text), "sha256-" HEX("12"));
}
