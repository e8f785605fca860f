/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the system's authorities are. What is tried without any variable is the machine's: see
 * tests/net/f19_ca_places.sh.
 */
#include "http/ca_places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/tmpdir.h"

/* Make a directory with so many hashed names. */
static char *make_places(unsigned names)
{
    char *const directory = tmpdir_create();

    for (unsigned i = 0; i < names; i++) {
        char name[16];
        char *path;

        (void)snprintf(name, sizeof name, "%08x.0", i);
        path = tmpdir_join(directory, name);
        tmpdir_write(path, "x", 1);
        free(path);
    }
    return directory;
}

static char *make_file(const char *directory, const char *name, const char *text)
{
    char *const path = tmpdir_join(directory, name);

    tmpdir_write(path, text, strlen(text));
    return path;
}

Test(http_ca_places, f19_a_complete_directory_saves_the_bundle)
{
    static const struct {
        unsigned names;
        bool has_bundle;
    } cases[] = {{1, true},
                 {TUG__CA_NAMES_ENOUGH - 1, true},
                 {TUG__CA_NAMES_ENOUGH, false},
                 {TUG__CA_NAMES_ENOUGH + 3, false}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *const directory = make_places(cases[i].names);
        char *const bundle = make_file(directory, "bundle.pem", "x");
        struct tug__ca_places places;

        tug__ca_places_find(NULL, NULL, directory, bundle, &places);
        cr_assert_str_eq(places.directory, directory, "%u names", cases[i].names);
        cr_assert_eq(places.bundle != NULL, cases[i].has_bundle, "%u names", cases[i].names);
        free(bundle);
        tmpdir_remove(directory);
    }
}

Test(http_ca_places, f19_other_names_are_not_hashed_ones)
{
    static const char *const names[] = {"ca-certificates.crt", "0123456.0",   "012345678.0",
                                        "0123456g.0",          "01234567",    "01234567.",
                                        "01234567.x",          "01234567.0x", "01234567.r0"};
    char *const directory = tmpdir_create();
    struct tug__ca_places places;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        free(make_file(directory, names[i], "x"));
    }
    tug__ca_places_find(NULL, NULL, directory, NULL, &places);
    cr_assert(places.directory == NULL || strcmp(places.directory, directory) != 0);
    tmpdir_remove(directory);
}

Test(http_ca_places, f19_variables_stand_for_both)
{
    char *const directory = make_places(TUG__CA_NAMES_ENOUGH);
    char *const bundle = make_file(directory, "bundle.pem", "x");
    char *const empty = make_file(directory, "empty.pem", "");
    struct tug__ca_places places;

    tug__ca_places_find(directory, bundle, NULL, NULL, &places);
    cr_assert_str_eq(places.directory, directory);
    cr_assert_str_eq(places.bundle, bundle);
    tug__ca_places_find(directory, NULL, "/etc", bundle, &places);
    cr_assert_str_eq(places.directory, directory);
    cr_assert_null(places.bundle);
    tug__ca_places_find("", bundle, directory, NULL, &places);
    cr_assert_null(places.directory);
    cr_assert_str_eq(places.bundle, bundle);
    tug__ca_places_find("", empty, directory, bundle, &places);
    cr_assert_null(places.directory);
    cr_assert_null(places.bundle);
    tug__ca_places_find("", "", directory, NULL, &places);
    cr_assert_str_eq(places.directory, directory);
    free(empty);
    free(bundle);
    tmpdir_remove(directory);
}
