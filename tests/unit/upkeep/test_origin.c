/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an image came from, by what its entry tells.
 */
#include "upkeep/origin.h"

#include <string.h>

#include <stdio.h>
#include <criterion/criterion.h>

#define SOURCE "containerd.io/distribution.source."

/* Annotations are text with a NUL at the end of each key and value; literals end with one more. */
static void expect(const char *name, const char *annotations, const char *expected)
{
    struct tug__origins origins = {0};
    char found[2048] = "";

    cr_assert_eq(tug__origins_add(&origins, name, annotations, NULL), TUG_OK);
    for (size_t i = 0; i < origins.count; i++) {
        (void)strcat(found, i > 0 ? " " : "");
        (void)strcat(found, origins.texts[i]);
    }
    cr_assert_str_eq(found, expected);
    tug__origins_fini(&origins);
}

Test(upkeep_origin, a_name_is_where_it_came_from)
{
    expect("r.example/a/b:1", "", "r.example/a/b");
    expect("alpine", "", "docker.io/library/alpine");
}

Test(upkeep_origin, sources_come_first_the_latest_first)
{
    expect("r.example/a/b:1", SOURCE "r.example\0a/b,c/d\0", "r.example/c/d r.example/a/b");
    expect("r.example/a/b:1",
           SOURCE "mirror.example\0a/b\0"
                  "k\0v\0",
           "mirror.example/a/b r.example/a/b");
    expect(NULL, SOURCE "r.example\0a/b\0", "r.example/a/b");
}

Test(upkeep_origin, the_port_is_the_names)
{
    expect("localhost:5000/a:1", SOURCE "localhost\0b,a\0", "localhost:5000/a localhost:5000/b");
    expect("[::1]:5000/a:1", SOURCE "[::1]\0b\0", "[::1]:5000/b [::1]:5000/a");
    expect("localhost:5000/a:1", SOURCE "local\0b\0", "local/b localhost:5000/a");
}

/* What another host's name does not tell, tug.source does. */
Test(upkeep_origin, the_port_is_noted_for_another_name)
{
    expect("other.example/a:1", SOURCE "localhost\0b,a\0tug.source\0localhost:5000/b\0",
           "localhost/a localhost:5000/b other.example/a");
    expect("other.example/a:1", "tug.source\0[::1]:5000/b\0" SOURCE "[::1]\0b\0",
           "[::1]:5000/b other.example/a");
    expect("a.example/a:1", SOURCE "b.example\0b\0tug.source\0c.example:1/b\0",
           "b.example/b a.example/a");
    expect("a.example/a:1", SOURCE "b.example\0b\0tug.source\0b.example:1\0",
           "b.example/b a.example/a");
    expect("a.example/a:1", "tug.source\0c.example:1/b\0", "a.example/a");
}

Test(upkeep_origin, what_is_no_reference_came_from_nowhere)
{
    expect("Not a reference", "", "");
    expect(NULL, "", "");
    expect(NULL, SOURCE "h\0,,a,\0", "h/a");
}

Test(upkeep_origin, there_is_an_end_to_them)
{
    struct tug__origins origins = {0};

    for (int i = 0; i < 2 * TUG__ORIGINS_MAX; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "r.example/a%d:1", i);
        cr_assert_eq(tug__origins_add(&origins, name, "", NULL), TUG_OK);
    }
    cr_assert_eq(origins.count, TUG__ORIGINS_MAX);
    tug__origins_fini(&origins);
}
