/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image that is named again takes over from what is there: labels, and where it came from.
 */
#include "unit/store/index_place.h"

#include <stdio.h>

#define SOURCE "containerd.io/distribution.source."

/* The annotation of the last entry that has a name. Returns: owned; NULL: it has none. */
static char *note_of(const struct place *place, const char *name, const char *key)
{
    struct tug__json *const json = index_load(place);
    const struct tug__json_value *const list = tug__json_get(tug__json_root(json), "manifests");
    char *found = NULL;

    for (size_t i = 0; i < tug__json_length(list); i++) {
        const struct tug__json_value *const notes =
            tug__json_get(tug__json_at(list, i), "annotations");
        const char *const full = tug__json_text(tug__json_get(notes, INDEX_FULL_NAME));
        const char *const text = tug__json_text(tug__json_get(notes, key));

        if (full != NULL && strcmp(full, name) == 0) {
            free(found);
            found = text != NULL ? strdup(text) : NULL;
        }
    }
    tug__json_destroy(json);
    return found;
}

static void expect_note(const struct place *place, const char *name, const char *key,
                        const char *expected)
{
    char *const found = note_of(place, name, key);

    if (expected == NULL) {
        cr_assert_null(found, "%s of %s is '%s'", key, name, found);
    } else {
        cr_assert_not_null(found, "%s has no %s", name, key);
        cr_assert_str_eq(found, expected);
    }
    free(found);
}

static void put_labelled(const struct place *place, const char *name, uint8_t number,
                         const char *const *labels, size_t count)
{
    struct tug__index_entry entry = index_entry_of(name, number);

    entry.labels = labels;
    entry.label_count = count;
    index_put(place, &entry, 1);
}

static void put_from(const struct place *place, const char *name, uint8_t number, const char *host,
                     const char *repository)
{
    struct tug__index_entry entry = index_entry_of(name, number);

    entry.source_host = host;
    entry.source_repository = repository;
    index_put(place, &entry, 1);
}

static ino_t inode_of(const struct place *place)
{
    struct stat info;

    cr_assert_eq(fstatat(place->fd, "index.json", &info, 0), 0);
    return info.st_ino;
}

Test(index_put, labels_stay_unless_they_are_set)
{
    static const char *const first[] = {"team=net", "stage=test", "note=a \"b\""};
    static const char *const second[] = {"stage=live", "new=1"};
    static const char *const third[] = {"stage=", "none="};
    struct place place = place_create();
    ino_t inode;

    place_open(&place);
    put_labelled(&place, "a/b:1", 1, first, 3);
    index_put_one(&place, "a/b:2", 9);
    inode = inode_of(&place);
    index_put_one(&place, "a/b:1", 1);
    put_labelled(&place, "a/b:1", 1, first, 2);
    cr_assert_eq(inode_of(&place), inode, "nothing is new, and nothing is written");
    index_put_one(&place, "a/b:1", 2);
    expect_note(&place, "a/b:1", "team", "net");
    put_labelled(&place, "a/b:1", 2, second, 2);
    cr_assert_eq(index_count(&place), 2);
    cr_assert_eq(index_find(&place, "a/b:1"), 2);
    expect_note(&place, "a/b:1", "team", "net");
    expect_note(&place, "a/b:1", "note", "a \"b\"");
    expect_note(&place, "a/b:1", "stage", "live");
    expect_note(&place, "a/b:1", "new", "1");
    expect_note(&place, "a/b:2", "team", NULL);
    inode = inode_of(&place);
    put_labelled(&place, "a/b:1", 2, second, 2);
    cr_assert_eq(inode_of(&place), inode);
    put_labelled(&place, "a/b:1", 2, third, 2);
    expect_note(&place, "a/b:1", "stage", NULL);
    expect_note(&place, "a/b:1", "team", "net");
    place_remove(&place);
}

/* What others wrote in its own way stays, in its place, when it says all that is to be said. */
Test(index_put, an_entry_of_another_tool_that_says_the_same_stays)
{
    struct place place = place_create();
    char *text;

    place_open(&place);
    place_put(
        &place, "index.json",
        "{\"manifests\":[ {\"annotations\":{\"z\":\"1\",\"" SOURCE
        "registry.example\":\"a/b\",\"" INDEX_NAME "\":\"a/b:1\",\"" INDEX_FULL_NAME
        "\":\"a/b:1\"},\"size\":1, \"platform\":{\"os\":\"linux\"},"
        "\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"digest\":"
        "\"sha256:0101010101010101010101010101010101010101010101010101010101010101\"} ,\t7]}");
    text = place_get(&place, "index.json");
    index_put_one(&place, "a/b:1", 1);
    place_expect(&place, "index.json", text);
    index_put_one(&place, "a/b:1", 2);
    expect_note(&place, "a/b:1", "z", "1");
    cr_assert_eq(index_count(&place), 2);
    free(text);
    place_remove(&place);
}

/* Of several entries with one name the last one counts, for us as for containerd. */
Test(index_put, the_last_one_of_a_name_hands_its_labels_on)
{
    struct place place = place_create();

    place_open(&place);
    place_put(&place, "index.json",
              "{\"manifests\":[{\"annotations\":{\"" INDEX_FULL_NAME
              "\":\"a/b:1\",\"k\":\"old\",\"older\":\"1\"}},1,"
              "{\"annotations\":{\"" INDEX_FULL_NAME "\":\"a/b:1\",\"k\":\"new\"}},2]}");
    index_put_one(&place, "a/b:1", 1);
    cr_assert_eq(index_count(&place), 3);
    expect_note(&place, "a/b:1", "k", "new");
    expect_note(&place, "a/b:1", "older", NULL);
    place_remove(&place);
}

/* Where one root was fetched from is remembered, whichever name it got. */
Test(index_put, sources_of_a_root_grow)
{
    struct place place = place_create();
    ino_t inode;

    place_open(&place);
    put_from(&place, "x:1", 1, "one.example:5000", "lib/b");
    put_from(&place, "x:1", 1, "one.example", "lib/a");
    expect_note(&place, "x:1", SOURCE "one.example", "lib/a,lib/b");
    put_from(&place, "x:1", 1, "[::1]:80", "c");
    expect_note(&place, "x:1", SOURCE "one.example", "lib/a,lib/b");
    expect_note(&place, "x:1", SOURCE "[::1]", "c");
    inode = inode_of(&place);
    put_from(&place, "x:1", 1, "one.example", "lib/b");
    cr_assert_eq(inode_of(&place), inode, "it is known");
    put_from(&place, "x:1", 2, "one.example", "lib/b");
    expect_note(&place, "x:1", SOURCE "[::1]", "c");

    put_from(&place, "y:1", 2, "one.example", "other");
    expect_note(&place, "y:1", SOURCE "one.example", "lib/a,lib/b,other");
    expect_note(&place, "y:1", SOURCE "[::1]", "c");
    put_from(&place, "z:1", 3, "one.example", "z");
    expect_note(&place, "z:1", SOURCE "one.example", "z");
    inode = inode_of(&place);
    put_from(&place, "x:1", 2, "one.example", "lib/b");
    put_from(&place, "y:1", 2, "one.example", "other");
    cr_assert_eq(inode_of(&place), inode, "nothing is written for what is the same");
    place_remove(&place);
}

Test(index_put, sources_of_one_change_are_shared)
{
    struct place place = place_create();
    struct tug__index_entry entries[] = {index_entry_of("x:1", 1), index_entry_of("y:1", 2),
                                         index_entry_of("z:1", 1)};

    entries[0].source_repository = "x";
    entries[1].source_repository = "y";
    entries[2].source_repository = "z";
    entries[2].source_host = NULL; /* it came from nowhere */
    place_open(&place);
    index_put(&place, entries, 3);
    expect_note(&place, "x:1", SOURCE "registry.example", "x");
    expect_note(&place, "y:1", SOURCE "registry.example", "y");
    expect_note(&place, "z:1", SOURCE "registry.example", "x");
    place_remove(&place);
}

/* An entry stays small, however many repositories have its root. */
Test(index_put, sources_are_limited)
{
    struct place place = place_create();
    char repository[40];
    char *found;
    size_t commas = 0;

    place_open(&place);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(repository, sizeof repository, "r%02d", i);
        put_from(&place, repository, 1, "h", repository);
    }
    found = note_of(&place, "r99", SOURCE "h");
    cr_assert_not_null(strstr(found, "r99"), "its own one: %s", found);
    for (const char *at = found; *at != '\0'; at++) {
        commas += *at == ',' ? 1 : 0;
    }
    cr_assert_eq(commas + 1, TUG__INDEX_REPOSITORIES_MAX, "%s", found);
    free(found);
    place_remove(&place);
}

/* Containerd refuses labels of more than 4096 bytes. */
Test(index_put, sources_fit_into_a_label)
{
    struct place place = place_create();
    char repository[600];
    char *found;

    place_open(&place);
    for (int i = 0; i < 12; i++) {
        memset(repository, 'a' + i, sizeof repository - 1);
        repository[sizeof repository - 1] = '\0';
        put_from(&place, "x:1", 1, "h", repository);
    }
    found = note_of(&place, "x:1", SOURCE "h");
    cr_assert_leq(strlen(found) + strlen(SOURCE "h"), 4096);
    cr_assert_not_null(strstr(found, repository), "its own one");
    free(found);
    place_remove(&place);
}

static void put_platforms(const struct place *place, uint8_t number, const char *platforms)
{
    struct tug__index_entry entry = index_entry_of("a/b:1", number);

    entry.platforms = platforms;
    index_put(place, &entry, 1);
}

/* They grow with the same root; another root begins anew. */
Test(index_put, platforms_grow)
{
    static const char key[] = "tug.platforms";
    struct place place = place_create();
    ino_t inode;

    place_open(&place);
    put_platforms(&place, 1, "linux/amd64");
    put_platforms(&place, 1, "linux/arm64");
    expect_note(&place, "a/b:1", key, "linux/amd64 linux/arm64");
    inode = inode_of(&place);
    put_platforms(&place, 1, "linux/amd64");
    put_platforms(&place, 1, "none");
    put_platforms(&place, 1, NULL);
    cr_assert_eq(inode_of(&place), inode, "nothing is new, and nothing is written");
    put_platforms(&place, 2, "linux/arm");
    expect_note(&place, "a/b:1", key, "linux/arm");
    put_platforms(&place, 3, NULL);
    expect_note(&place, "a/b:1", key, NULL);
    place_remove(&place);
}

/* A fetch of metadata only says so, but takes nothing back; content that came later is said by no
 * platform when its manifest is no index's. */
Test(index_put, metadata_only_before_and_after)
{
    static const char key[] = "tug.platforms";
    struct place place = place_create();

    place_open(&place);
    put_platforms(&place, 1, "none");
    expect_note(&place, "a/b:1", key, "none");
    put_platforms(&place, 1, NULL);
    expect_note(&place, "a/b:1", key, NULL);
    put_platforms(&place, 1, "none");
    expect_note(&place, "a/b:1", key, NULL);
    put_platforms(&place, 2, "none");
    expect_note(&place, "a/b:1", key, "none");
    place_remove(&place);
}

/* A manifest chosen from an index: its platform and the index are said, and repeated for nothing.
 */
Test(index_put, manifest_of_an_index)
{
    struct tug__index_entry entry = index_entry_of("a/b:1", 1);
    const struct tug_digest index_digest = index_entry_of("a/b:1", 2).digest;
    const struct tug_platform platform = {.os = "linux", .architecture = "arm", .variant = "v7"};
    char text[TUG_DIGEST_TEXT_MAX];
    struct place place = place_create();
    ino_t inode;

    place_open(&place);
    index_put(&place, &entry, 1);
    entry.platform = &platform;
    entry.index_digest = &index_digest;
    index_put(&place, &entry, 1);
    expect_note(&place, "a/b:1", "tug.index", tug_digest_format(&index_digest, text));
    inode = inode_of(&place);
    index_put(&place, &entry, 1);
    cr_assert_eq(inode_of(&place), inode, "nothing is new, and nothing is written");
    entry.index_digest = NULL;
    index_put(&place, &entry, 1);
    expect_note(&place, "a/b:1", "tug.index", NULL);
    place_remove(&place);
}

/* What an image was made of is said as long as that is so. */
Test(index_put, converted_image)
{
    struct tug__index_entry entry = index_entry_of("a/b:1", 1);
    const struct tug_digest original = index_entry_of("a/b:1", 2).digest;
    char text[TUG_DIGEST_TEXT_MAX];
    struct place place = place_create();
    ino_t inode;

    place_open(&place);
    entry.converted_from = &original;
    index_put(&place, &entry, 1);
    expect_note(&place, "a/b:1", "tug.converted-from", tug_digest_format(&original, text));
    inode = inode_of(&place);
    index_put(&place, &entry, 1);
    cr_assert_eq(inode_of(&place), inode, "nothing is new, and nothing is written");
    entry.converted_from = NULL;
    index_put(&place, &entry, 1);
    expect_note(&place, "a/b:1", "tug.converted-from", NULL);
    place_remove(&place);
}

/* Containerd's key for a source has no port. Where the name of the image does not tell it either,
 * an annotation of tug's own does. */
Test(index_put, port_of_a_source)
{
    struct tug__index_entry entry = index_entry_of("a.example/b:1", 1);
    struct place place = place_create();
    ino_t inode;

    place_open(&place);
    entry.source_host = "localhost:5000";
    entry.source_repository = "team/b";
    index_put(&place, &entry, 1);
    expect_note(&place, "a.example/b:1", "tug.source", "localhost:5000/team/b");
    inode = inode_of(&place);
    index_put(&place, &entry, 1);
    cr_assert_eq(inode_of(&place), inode, "nothing is new, and nothing is written");
    entry.source_host = "registry.example";
    index_put(&place, &entry, 1);
    expect_note(&place, "a.example/b:1", "tug.source", "localhost:5000/team/b");
    entry.source_host = "localhost:5001";
    index_put(&place, &entry, 1);
    expect_note(&place, "a.example/b:1", "tug.source", "localhost:5001/team/b");
    entry = index_entry_of("localhost:5000/b:1", 2);
    entry.source_host = "localhost:5000";
    entry.source_repository = "team/b";
    index_put(&place, &entry, 1);
    expect_note(&place, "localhost:5000/b:1", "tug.source", NULL);
    place_remove(&place);
}
