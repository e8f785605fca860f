/* SPDX-License-Identifier: Apache-2.0
 *
 * The text that says which manifests of an index are there.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "archive/platform_set.h"

/* Add manifests: "os/arch", "-" for none; with a '!' before it the manifest is not complete. */
static void expect(const char *const *manifests, const char *wanted)
{
    struct tug__platform_set set = {.is_all = true};
    char *text = NULL;

    for (; *manifests != NULL; manifests++) {
        const bool is_complete = (*manifests)[0] != '!';
        const char *const name = *manifests + !is_complete;
        struct tug_platform platform = {0};

        if (strcmp(name, "-") != 0) {
            cr_assert_eq(tug_platform_parse(name, &platform, NULL), TUG_OK);
        }
        cr_assert_eq(tug__platform_set_add(&set, strcmp(name, "-") != 0 ? &platform : NULL,
                                           is_complete, NULL),
                     TUG_OK);
    }
    cr_assert_eq(tug__platform_set_end(&set, TUG_OK, &text, NULL), TUG_OK);
    cr_assert((text == NULL) == (wanted == NULL), "%s", text);
    cr_assert(text == NULL || strcmp(text, wanted) == 0, "%s", text);
    free(text);
}

Test(archive_platform_set, texts)
{
    expect((const char *const[]){NULL}, "all");
    expect((const char *const[]){"linux/arm64", "linux/amd64", "unknown/unknown", NULL}, "all");
    expect((const char *const[]){"linux/s390x", "!linux/arm64", "linux/amd64", NULL},
           "linux/s390x linux/amd64");
    expect((const char *const[]){"linux/arm64", "linux/arm64", "!-", NULL}, "linux/arm64");
    expect((const char *const[]){"unknown/unknown", "linux/arm64", "!unknown/unknown", NULL},
           "linux/arm64");
    expect((const char *const[]){"!linux/arm64", "!linux/amd64", NULL}, "none");
    expect((const char *const[]){"-", "!linux/amd64", NULL}, NULL);
}
