/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents that are as long as a registry may make them: the time for them grows with their
 * length, not with its square.
 *
 * Knows: the public API. Does not know: which loop would be the slow one.
 * Threads: criterion's, which is the resolver's; its CPU time is what is measured.
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

TestSuite(quadratic, .timeout = 60);

/* Ten times what it takes; a quadratic loop takes five times this. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CPU_MS_MAX 10000
#else
#define CPU_MS_MAX 1000
#endif

static uint64_t cpu_ms(void)
{
    struct timespec now;

    cr_assert_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / TUG__NS_PER_MS;
}

/* Descriptors of count blobs of one size that nobody has. Returns: owned. */
static char *make_layers(size_t count)
{
    enum { LENGTH = 128 };
    char *const text = malloc(count * LENGTH + 1);
    size_t at = 0;

    cr_assert_not_null(text);
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(text + at, LENGTH,
                               "%s{\"mediaType\":\"a/b\",\"size\":9,\"digest\":\"sha256:%064zx\"}",
                               i > 0 ? "," : "", (i * 7919) % count + 1);
    }
    return text;
}

Test(quadratic, f12_layers_of_equal_size)
{
    struct flow flow;
    char *const layers = make_layers(35000);
    uint64_t before_ms;

    flow_open(&flow, NULL);
    flow_add_manifest(&flow, "1", NULL, layers, NULL);
    flow.options.dry_run = true;
    before_ms = cpu_ms();
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_lt(cpu_ms() - before_ms, CPU_MS_MAX, "%ju ms of CPU time",
                 (uintmax_t)(cpu_ms() - before_ms));
    cr_assert_eq(flow.seen.image.blobs, 35000 + 2);
    free(layers);
    flow_close(&flow);
}
