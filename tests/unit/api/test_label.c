/* SPDX-License-Identifier: Apache-2.0
 *
 * Which labels a program may set.
 */
#include <tug/fetch.h>

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "index/annotations.h"

static void expect(const char *label, enum tug_status status, const char *why)
{
    struct tug_error err = {0};

    cr_assert_eq(tug_label_check(label, &err), status, "'%s': %s", label, err.message);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
}

Test(api_label, what_is_one)
{
    expect("a=", TUG_OK, "");
    expect("org.example/a=b=c", TUG_OK, "");
    expect("tug.indexes=1", TUG_OK, "");
    expect("a", TUG_ERR_INVALID_ARGUMENT, "not KEY=VALUE");
    expect("=a", TUG_ERR_INVALID_ARGUMENT, "not KEY=VALUE");
    expect("a=\xff", TUG_ERR_INVALID_ARGUMENT, "not UTF-8");
}

/* What tug writes is no label for a reader of index.json either. */
Test(api_label, what_tug_writes_itself)
{
    static const char *const keys[] = {
        TUG__INDEX_IMAGE_NAME, TUG__INDEX_REF_NAME,
        TUG__INDEX_LEFT_OUT,   TUG__INDEX_PLATFORMS,
        TUG__INDEX_INDEX,      TUG__INDEX_CONVERTED_FROM,
        TUG__INDEX_REFERS_TO,  TUG__INDEX_OWN_NAME,
        TUG__INDEX_SOURCE,     TUG__INDEX_SOURCE_PREFIX "registry.example",
    };
    char label[128];

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        (void)snprintf(label, sizeof label, "%s=x", keys[i]);
        expect(label, TUG_ERR_INVALID_ARGUMENT, "is written by tug itself");
        cr_assert_not(tug__index_is_label(keys[i]), "%s", keys[i]);
    }
}
