/* SPDX-License-Identifier: Apache-2.0
 *
 * When the certificates that are trusted are read. Whom they make trusted: tests/net.
 */
#include "http/tls.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/ssl.h>

#include "http/ca_places.h"
#include "support/tmpdir.h"

static char *make_bad_file(const char *directory)
{
    char *const path = tmpdir_join(directory, "bundle.pem");

    tmpdir_write(path, "not PEM", 7);
    return path;
}

Test(http_tls, the_bundle_is_read_by_the_first_connection)
{
    char *const directory = tmpdir_create();
    char *bundle = make_bad_file(directory);
    const struct tug__ca_places places = {.bundle = bundle};
    SSL_CTX *const context = SSL_CTX_new(TLS_client_method());
    struct tug__trust *trust = NULL;
    struct tug_error first = {0};
    struct tug_error second = {0};

    cr_assert_eq(tug__trust_create(&places, NULL, 0, &trust, NULL), TUG_OK);
    memset(bundle, 'x', strlen(bundle)); /* the trust has a copy */
    cr_assert_eq(tug__trust_apply(trust, context, &first), TUG_ERR_CONFIG);
    cr_assert_not_null(strstr(first.message, "CA file '/"), "%s", first.message);
    cr_assert_not_null(strstr(first.message, "bundle.pem': "), "%s", first.message);
    cr_assert_eq(tug__trust_apply(trust, context, &second), TUG_ERR_CONFIG);
    cr_assert_str_eq(second.message, first.message);
    tug__trust_destroy(trust);
    SSL_CTX_free(context);
    free(bundle);
    tmpdir_remove(directory);
}

Test(http_tls, files_that_are_named_are_read_at_once)
{
    char *const directory = tmpdir_create();
    char *const file = make_bad_file(directory);
    const char *const files[] = {file};
    const struct tug__ca_places none = {0};
    struct tug__trust *trust = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__trust_create(&none, files, 1, &trust, &err), TUG_ERR_CONFIG);
    cr_assert_not_null(strstr(err.message, "CA file '/"), "%s", err.message);
    cr_assert_null(trust);
    free(file);
    tmpdir_remove(directory);
}
