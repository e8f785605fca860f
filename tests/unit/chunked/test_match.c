/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers of real archives, in all three forms: what two versions have in common, byte for byte.
 */
#include "chunked/chunked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "help.h"

#define FILES 200

static const enum toc_format formats[] = {TOC_ZSTD, TOC_ZSTD_SPLIT, TOC_ESTARGZ};

struct pair {
    struct toc_layer old, new;
    struct tug__frame_table old_table, new_table;
};

static void fill(struct toc_file *files, char (*names)[32], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "d/file%03zu", i);
        files[i] = (struct toc_file){
            .name = names[i],
            .size = i % 7 == 0 ? 0 : (i * 7919) % 100000 + 1,
            .seed = i,
            .mtime = 1000,
        };
    }
    files[0].name = "d";
}

static void read_pair(struct pair *pair)
{
    struct tug_error err = {0};

    cr_assert_eq(help_read(&pair->old, &pair->old_table, &err), TUG_OK, "%s", err.message);
    cr_assert_eq(help_read(&pair->new, &pair->new_table, &err), TUG_OK, "%s", err.message);
}

static void free_pair(struct pair *pair)
{
    tug__frame_table_fini(&pair->old_table);
    tug__frame_table_fini(&pair->new_table);
    toc_layer_free(&pair->old);
    toc_layer_free(&pair->new);
}

/* Match, and check that every copy has the bytes. Returns: bytes of all copies. */
static uint64_t match(const struct pair *pair, size_t *out_count)
{
    struct tug__chunked_match *found = NULL;
    struct tug__chunked_copies copies;
    uint64_t sum = 0;
    uint64_t end = 0;

    cr_assert_eq(tug__chunked_match_create(&pair->new_table, &found, NULL), TUG_OK);
    tug__chunked_match_add(found, &pair->old_table, 3);
    cr_assert_eq(tug__chunked_match_copies(found, &copies, NULL), TUG_OK);
    for (size_t i = 0; i < copies.count; i++) {
        const struct tug__chunked_copy *const copy = &copies.items[i];

        cr_assert(copy->first >= end && copy->end > copy->first);
        cr_assert_eq(copy->donor, 3);
        cr_assert_eq(memcmp(pair->new.bytes + copy->first, pair->old.bytes + copy->from,
                            copy->end - copy->first),
                     0, "copy %zu differs", i);
        end = copy->end;
        sum += copy->end - copy->first;
    }
    cr_assert_eq(sum, copies.bytes);
    cr_assert_eq(sum, tug__chunked_match_bytes(found));
    *out_count = copies.count;
    tug__chunked_copies_fini(&copies);
    tug__chunked_match_destroy(found);
    return sum;
}

static void make_pair(enum toc_format format, void (*change)(struct toc_file *files),
                      struct pair *pair)
{
    static char names[FILES][32];
    struct toc_file files[FILES];

    *pair = (struct pair){0};
    fill(files, names, FILES);
    toc_layer_make(format, files, FILES, &pair->old);
    change(files);
    toc_layer_make(format, files, FILES, &pair->new);
    read_pair(pair);
}

static void change_nothing(struct toc_file *files)
{
    (void)files;
}

Test(match, same_layers_have_all_in_common)
{
    for (size_t i = 0; i < 3; i++) {
        struct pair pair;
        size_t count;

        make_pair(formats[i], change_nothing, &pair);
        cr_assert_eq(match(&pair, &count), pair.new.body_size);
        cr_assert_eq(count, 1, "one copy");
        free_pair(&pair);
    }
}

/* Content, time, a size that crosses 512, a name, a file that is no more, and one early in the
 * archive that was not there. */
static void change_some(struct toc_file *files)
{
    files[1].seed = 1001;
    files[11].seed = 1002;
    files[11].mtime = 2000;
    files[50].size += 600;
    files[51].mtime = 3000;
    files[100].name = "d/renamed";
    memmove(&files[150], &files[151], 20 * sizeof *files);
    files[170] = (struct toc_file){.name = "d/new", .size = 5000, .seed = 5000, .mtime = 1};
}

Test(match, what_did_not_change_is_found)
{
    for (size_t i = 0; i < 3; i++) {
        struct pair pair;
        uint64_t bytes;
        size_t count;

        make_pair(formats[i], change_some, &pair);
        bytes = match(&pair, &count);
        cr_assert(bytes > pair.new.body_size * 95 / 100, "%zu: %llu of %zu", i,
                  (unsigned long long)bytes, pair.new.body_size);
        cr_assert(bytes < pair.new.body_size);
        cr_assert_lt(count, 20);
        free_pair(&pair);
    }
}

static void change_all(struct toc_file *files)
{
    for (size_t i = 0; i < FILES; i++) {
        files[i].seed += 10000;
        files[i].mtime++;
    }
}

Test(match, what_changed_is_not_found)
{
    for (size_t i = 0; i < 3; i++) {
        struct pair pair;
        size_t count;

        make_pair(formats[i], change_all, &pair);
        cr_assert_lt(match(&pair, &count), 100, "only the end of the archive is the same");
        cr_assert_leq(count, 1);
        free_pair(&pair);
    }
}

#define MANY 3000

/* A donor of which so many files, the first ones, have changed. Returns: whether it is read. */
static enum tug_status read_changed(enum toc_format format, size_t changed)
{
    static char names[MANY][32];
    static struct toc_file files[MANY];
    struct pair pair = {0};
    const struct tug__chunked_source source = help_source(&pair.old);
    struct tug__chunked_match *found = NULL;
    struct tug__chunked_place place;
    struct tug__frame_table table = {0};
    enum tug_status status;

    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof names[i], "file%05zu", i);
        files[i] = (struct toc_file){.name = names[i], .size = 100, .seed = i, .mtime = 1};
    }
    toc_layer_make(format, files, MANY, &pair.old);
    for (size_t i = 0; i < changed; i++) {
        files[i].seed += MANY;
        files[i].mtime++;
    }
    toc_layer_make(format, files, MANY, &pair.new);
    read_pair(&pair);
    cr_assert_eq(tug__chunked_match_create(&pair.new_table, &found, NULL), TUG_OK);
    place = help_place(&pair.old);
    cr_assert_eq(tug__chunked_locate(&place, &source, NULL), TUG_OK);
    status = tug__chunked_read_donor(&place, &source, found, &table, NULL);
    cr_assert_eq(table.count, status == TUG_OK ? pair.old_table.count : 0);
    tug__frame_table_fini(&table);
    tug__chunked_match_destroy(found);
    free_pair(&pair);
    return status;
}

Test(match, a_donor_with_nothing_in_common_is_not_read_to_its_end)
{
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(read_changed(formats[i], 0), TUG_OK);
        cr_assert_eq(read_changed(formats[i], MANY / 6), TUG_OK, "what has changed comes first");
        cr_assert_eq(read_changed(formats[i], MANY / 2), TUG_ERR_CONTENT);
        cr_assert_eq(read_changed(formats[i], MANY), TUG_ERR_CONTENT);
    }
}

static void make_equal(struct toc_file *files)
{
    for (size_t i = 1; i < FILES; i++) {
        files[i].size = 30000;
        files[i].seed = 7;
    }
}

/* The same content many times: long copies all the same. */
Test(match, equal_files_do_not_tear_copies)
{
    static char names[FILES][32];
    struct toc_file files[FILES];
    struct pair pair = {0};
    size_t count;

    fill(files, names, FILES);
    make_equal(files);
    toc_layer_make(TOC_ZSTD_SPLIT, files, FILES, &pair.old);
    files[99].seed = 8;
    toc_layer_make(TOC_ZSTD_SPLIT, files, FILES, &pair.new);
    read_pair(&pair);
    cr_assert(match(&pair, &count) > pair.new.body_size * 99 / 100);
    cr_assert_leq(count, 3);
    free_pair(&pair);
}

/* The second donor fills what the first left. */
Test(match, donors_complement_each_other)
{
    static char names[FILES][32];
    struct toc_file files[FILES];
    struct toc_layer layers[3];
    struct tug__frame_table tables[3] = {{0}};
    struct tug__chunked_match *found = NULL;
    struct tug__chunked_copies copies;
    struct tug_error err = {0};
    unsigned seen = 0;

    fill(files, names, FILES);
    toc_layer_make(TOC_ZSTD, files, FILES, &layers[0]);
    toc_layer_make(TOC_ZSTD, files, FILES / 2, &layers[1]);
    toc_layer_make(TOC_ZSTD, files + FILES / 2, FILES / 2, &layers[2]);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(help_read(&layers[i], &tables[i], &err), TUG_OK, "%s", err.message);
    }
    cr_assert_eq(tug__chunked_match_create(&tables[0], &found, NULL), TUG_OK);
    tug__chunked_match_add(found, &tables[1], 0);
    tug__chunked_match_add(found, &tables[2], 1);
    cr_assert_eq(tug__chunked_match_copies(found, &copies, NULL), TUG_OK);
    for (size_t i = 0; i < copies.count; i++) {
        const struct tug__chunked_copy *const copy = &copies.items[i];

        seen |= 1U << copy->donor;
        cr_assert_eq(memcmp(layers[0].bytes + copy->first,
                            layers[1 + copy->donor].bytes + copy->from, copy->end - copy->first),
                     0);
    }
    cr_assert_eq(seen, 3);
    cr_assert(copies.bytes > layers[0].body_size * 95 / 100);
    tug__chunked_copies_fini(&copies);
    tug__chunked_match_destroy(found);
    for (size_t i = 0; i < 3; i++) {
        tug__frame_table_fini(&tables[i]);
        toc_layer_free(&layers[i]);
    }
}

/* A table made so that all its frames want the same places: quick, and whatever is found is right.
 */
Test(match, collisions_on_purpose_cost_no_time)
{
    const size_t count = 100000;
    struct tug__frame_table table = {.frames = calloc(count, sizeof *table.frames), .count = count};
    struct tug__chunked_match *found = NULL;

    for (size_t i = 0; i < count; i++) {
        table.frames[i] = (struct tug__frame){.first = 10 * i, .identity = {2 * i + 1, 7}};
    }
    table.end_byte = 10 * count;
    cr_assert_eq(tug__chunked_match_create(&table, &found, NULL), TUG_OK);
    tug__chunked_match_add(found, &table, 0);
    cr_assert(tug__chunked_match_bytes(found) <= table.end_byte);
    tug__chunked_match_destroy(found);
    free(table.frames);
}

Test(match, empty_tables)
{
    const struct tug__frame_table none = {0};
    struct tug__chunked_match *found = NULL;
    struct tug__chunked_copies copies;

    cr_assert_eq(tug__chunked_match_create(&none, &found, NULL), TUG_OK);
    tug__chunked_match_add(found, &none, 0);
    cr_assert_eq(tug__chunked_match_copies(found, &copies, NULL), TUG_OK);
    cr_assert_eq(copies.count, 0);
    tug__chunked_copies_fini(&copies);
    tug__chunked_match_destroy(found);
}
