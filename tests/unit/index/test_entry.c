/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of one image's entry in index.json.
 */
#include "unit/store/index_place.h"

Test(index_entry, adds_an_image)
{
    struct place place = place_create();
    static const char *const labels[] = {"k=v=w", "empty=", "dup=1", "quo\"te=\n", "dup=2"};
    struct tug__index_entry entry = index_entry_of("registry.example:5000/a/b:1", 7);
    struct tug__json *json;
    const struct tug__json_value *element;
    const struct tug__json_value *notes;
    const char *text = NULL;
    uint64_t size = 0;

    entry.source_host = "registry.example:5000";
    entry.labels = labels;
    entry.label_count = sizeof labels / sizeof *labels;
    place_open(&place);
    index_put(&place, &entry, 1);
    json = index_load(&place);
    element = tug__json_at(tug__json_get(tug__json_root(json), "manifests"), 0);
    notes = tug__json_get(element, "annotations");
    cr_assert_eq(tug__json_get_string(element, "mediaType", &text, NULL), TUG_OK);
    cr_assert_str_eq(text, entry.media_type);
    cr_assert_eq(tug__json_get_string(element, "digest", &text, NULL), TUG_OK);
    cr_assert_eq(strncmp(text, "sha256:070707", 13), 0);
    cr_assert_eq(tug__json_get_size(element, "size", &size, NULL), TUG_OK);
    cr_assert(size == 7);
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, INDEX_NAME)), entry.name);
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, INDEX_FULL_NAME)), entry.name);
    cr_assert_str_eq(
        tug__json_text(tug__json_get(notes, "containerd.io/distribution.source.registry.example")),
        "a/b");
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, "k")), "v=w");
    cr_assert_not(tug__json_has(notes, "empty"), "without a value there is no label");
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, "dup")), "2");
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, "quo\"te")), "\n");
    tug__json_destroy(json);
    cr_assert_eq(index_find(&place, entry.name), 7);
    cr_assert_eq(index_find(&place, "registry.example:5000/a/b:2"), 0);
    place_remove(&place);
}

Test(index_entry, t42_names_are_escaped_and_checked)
{
    static const char *const names[] = {"a\"b\\c\n", "-a",    "a//b",      "a b",
                                        "a/",        "a---b", "../../etc", "\xff\xfe"};
    struct place place = place_create();
    struct tug__json *json;

    place_open(&place);
    for (uint8_t i = 0; i < sizeof names / sizeof *names; i++) {
        index_put_one(&place, names[i], (uint8_t)(i + 1));
    }
    json = index_load(&place);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct tug__json_value *const notes = tug__json_get(
            tug__json_at(tug__json_get(tug__json_root(json), "manifests"), i), "annotations");

        cr_assert_not(tug__json_has(notes, INDEX_NAME), "'%s' against the grammar of ref.name",
                      names[i]);
        cr_assert(tug__json_has(notes, INDEX_FULL_NAME));
    }
    tug__json_destroy(json);
    cr_assert_eq(index_find(&place, names[0]), 1);
    cr_assert_eq(index_find(&place, "../../etc"), 7);
    index_put_one(&place, "a--b_c.d@e+f/g:h", 77);
    json = index_load(&place);
    cr_assert(tug__json_has(
        tug__json_get(tug__json_at(tug__json_get(tug__json_root(json), "manifests"), 8),
                      "annotations"),
        INDEX_NAME));
    tug__json_destroy(json);
    place_remove(&place);
}

/* The JSON of an element that says at least what an entry says. */
static bool is_said(const struct tug__index_entry *entry, const char *text)
{
    struct tug__json *json = NULL;
    bool is_there;

    cr_assert_eq(tug__json_parse(text, strlen(text), &index_limits, &json, NULL), TUG_OK, "%s",
                 text);
    is_there = tug__index_entry_is_said(entry, tug__json_root(json));
    tug__json_destroy(json);
    return is_there;
}

#define HEX_ONES "0101010101010101010101010101010101010101010101010101010101010101"
#define SAID_HEAD                                                                                  \
    "{\"size\": 1, \"platform\":{}, \"digest\":\"sha256:" HEX_ONES                                 \
    "\", \"mediaType\":\"application/vnd.oci.image.index.v1+json\", \"annotations\":{"
#define SAID_NAMES "\"" INDEX_NAME "\":\"a/b:1\",\"" INDEX_FULL_NAME "\":\"a/b:1\""
#define SAID_SOURCE "\"containerd.io/distribution.source.registry.example\":\"a/a,a/b\""

/* Other tools write the same in another order, with more beside it. */
Test(index_entry, what_is_said_is_compared_by_meaning)
{
    static const char *const labels[] = {"k=1", "k=2", "gone="};
    struct tug__index_entry entry = index_entry_of("a/b:1", 1);

    cr_assert(is_said(&entry, SAID_HEAD SAID_NAMES "," SAID_SOURCE "}}"));
    cr_assert(is_said(&entry, SAID_HEAD "\"more\":\"x\"," SAID_SOURCE "," SAID_NAMES "}}"));
    cr_assert_not(is_said(&entry, SAID_HEAD SAID_SOURCE "}}"), "no name");
    cr_assert_not(is_said(&entry, SAID_HEAD SAID_NAMES "}}"), "no source");
    cr_assert_not(
        is_said(&entry, SAID_HEAD SAID_NAMES "," SAID_SOURCE ",\"tug.left-out\":\"x\"}}"));
    cr_assert_not(is_said(&entry, "{}"));
    cr_assert_not(is_said(&entry, "{\"annotations\":7,\"size\":\"1\",\"digest\":null}"));
    entry.size_bytes = 2;
    cr_assert_not(is_said(&entry, SAID_HEAD SAID_NAMES "," SAID_SOURCE "}}"));
    entry.size_bytes = 1;
    entry.labels = labels;
    entry.label_count = 3;
    cr_assert_not(is_said(&entry, SAID_HEAD SAID_NAMES "," SAID_SOURCE "}}"));
    cr_assert_not(is_said(&entry, SAID_HEAD SAID_NAMES "," SAID_SOURCE ",\"k\":\"1\"}}"));
    cr_assert(is_said(&entry, SAID_HEAD SAID_NAMES "," SAID_SOURCE ",\"k\":\"2\"}}"));
    cr_assert_not(
        is_said(&entry, SAID_HEAD SAID_NAMES "," SAID_SOURCE ",\"k\":\"2\",\"gone\":\"\"}}"));
    entry.source_host = NULL;
    cr_assert(is_said(&entry, SAID_HEAD SAID_NAMES ",\"k\":\"2\"}}"), "it has no source");
}
