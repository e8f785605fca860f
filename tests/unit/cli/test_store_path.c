/* SPDX-License-Identifier: Apache-2.0
 *
 * Which path the store has.
 */
#include "cli/store_path.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "support/tmpdir.h"

static void set(const char *name, const char *value)
{
    cr_assert_eq(value != NULL ? setenv(name, value, 1) : unsetenv(name), 0);
}

/* Each test is a process of its own, so the environment needs no repair. */
Test(cli_store_path, named_before_environment_before_home)
{
    static const struct {
        const char *named, *tug_store, *data_home, *home; /* NULL: not set */
        const char *path;                                 /* NULL: there is none */
        bool is_default;
        const char *source;
    } cases[] = {
        {"a", "/b", "/c", "/d", "a", false, "--store"},
        {"", "/b", "/c", "/d", "/c/tug", true, "$XDG_DATA_HOME"}, /* given, and empty */
        {NULL, "/b", "/c", "/d", "/b", false, "$TUG_STORE"},
        {NULL, "", "/c", "/d", "/c/tug", true, "$XDG_DATA_HOME"},
        {NULL, NULL, "/c", "/d", "/c/tug", true, "$XDG_DATA_HOME"},
        {NULL, NULL, "c", "/d", "/d/.local/share/tug", true, "the default"},
        {NULL, NULL, NULL, "/d", "/d/.local/share/tug", true, "the default"},
        {NULL, NULL, NULL, "", NULL, true, NULL},
        {NULL, NULL, NULL, NULL, NULL, true, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_path path = {0};
        bool is_found;

        set("TUG_STORE", cases[i].tug_store);
        set("XDG_DATA_HOME", cases[i].data_home);
        set("HOME", cases[i].home);
        is_found = store_path_find(cases[i].named, &path);
        cr_assert_eq(is_found, cases[i].path != NULL, "case %zu", i);
        cr_assert_eq(path.is_default, cases[i].is_default, "case %zu", i);
        if (is_found) {
            cr_assert_str_eq(path.path.data, cases[i].path);
            cr_assert_str_eq(path.source, cases[i].source);
        }
        text_fini(&path.path);
    }
}

Test(cli_store_path, parents_are_made)
{
    char *const dir = tmpdir_create();
    char *const path = tmpdir_join(dir, "a/b/store");
    char *const parent = tmpdir_join(dir, "a/b");
    struct stat info;

    store_path_make_parents(path);
    cr_assert_eq(stat(parent, &info), 0);
    cr_assert_eq(info.st_mode & 07777, 0700);
    cr_assert_neq(stat(path, &info), 0, "the store itself is the library's to make");
    free(parent);
    free(path);
    tmpdir_remove(dir);
}
