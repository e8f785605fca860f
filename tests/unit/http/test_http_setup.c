/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests on one handle, one after the other. What needs a server is in tests/flow and tests/net.
 */
#include "http/http.h"

#include <criterion/criterion.h>

static bool never(void *context)
{
    (void)context;
    return false;
}

/* libcurl keeps its receive buffer after a request that ended before there was a connection, and
 * then takes no other size for it: that is no reason to fail the next request. */
Test(http_perform, a_request_that_never_connected_leaves_a_handle_that_works)
{
    const struct tug__http_settings settings = {.connect_timeout_ms = 1000,
                                                .stall_timeout_ms = 1000,
                                                .user_agent = "test",
                                                .should_stop = never};
    const uint64_t bodies[] = {0, 0, UINT64_C(1) << 30, 0};
    struct tug__http *http;

    cr_assert_eq(tug__http_global_acquire(NULL), TUG_OK);
    cr_assert_eq(tug__http_create(&settings, &http, NULL), TUG_OK);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        /* refused by libcurl: only https is allowed */
        const struct tug__http_request request = {.url = "http://127.0.0.1:1/",
                                                  .body_bytes = bodies[i]};
        struct tug__http_response response;
        struct tug_error err = {0};

        cr_assert_eq(tug__http_perform(http, &request, &response, &err), TUG_ERR_NETWORK,
                     "request %zu: %s", i, err.message);
        cr_assert_eq(response.failure, TUG__HTTP_REFUSED, "request %zu: %s", i, err.message);
    }
    tug__http_destroy(http);
    tug__http_global_release();
}
