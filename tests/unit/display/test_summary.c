/* SPDX-License-Identifier: Apache-2.0
 *
 * The line that sums up a run.
 */
#include "display/summary.h"

#include <criterion/criterion.h>

static void expect(const struct summary *summary, const char *line)
{
    struct text text = {0};

    summary_format(summary, &text);
    cr_assert_str_eq(text.data, line);
    text_fini(&text);
}

Test(display_summary, f35_complete)
{
    struct summary summary = {
        .totals = {.images = 3, .images_done = 3, .bytes_received = 2 << 20, .seconds = 2},
        .fetched_count = 12,
    };

    expect(&summary, "fetched 3 images: 12 blobs, 2.0 MiB in 2.0 s (1.0 MiB/s)");
    summary.reused_count = 1;
    summary.reused_bytes = 100;
    expect(&summary,
           "fetched 3 images: 12 blobs, 2.0 MiB in 2.0 s (1.0 MiB/s), 1 blob, 100 B reused");
    summary.fetched_count = 0;
    summary.totals.bytes_received = 0;
    expect(&summary, "nothing to fetch: 3 images, 1 blob, 100 B reused in 2.0 s");
    summary.totals.bytes_received = 1024; /* only manifests */
    expect(&summary,
           "fetched 3 images: no new blobs, 1.0 KiB in 2.0 s (512 B/s), 1 blob, 100 B reused");
}

/* Layers that were put together: what came, and what did not have to. */
Test(display_summary, copied)
{
    struct summary summary = {
        .totals = {.images = 1,
                   .images_done = 1,
                   .bytes_received = 2 << 20,
                   .bytes_copied = 50 << 20,
                   .seconds = 2},
        .fetched_count = 3,
    };

    expect(&summary, "fetched 1 image: 3 blobs, 2.0 MiB in 2.0 s (1.0 MiB/s), 50.0 MiB copied from "
                     "other layers");
    summary.reused_count = 1;
    summary.reused_bytes = 100;
    expect(&summary, "fetched 1 image: 3 blobs, 2.0 MiB in 2.0 s (1.0 MiB/s), 50.0 MiB copied from "
                     "other layers, 1 blob, 100 B reused");
}

Test(display_summary, f35_failed)
{
    struct summary summary = {
        .totals = {.images = 1, .images_failed = 1},
        .exit_status = 5,
    };

    expect(&summary, "fetched nothing: 1 image failed after 0.00 s");
    summary.totals.bytes_received = 1024;
    expect(&summary,
           "fetched nothing: 1 image failed after 0.00 s; 1.0 KiB received, kept for the next run");
    summary.totals.images = 3;
    summary.totals.images_failed = 3;
    summary.stopped_count = 2; /* --fail-fast */
    summary.totals.bytes_received = 0;
    expect(&summary, "fetched nothing: 1 image failed, 2 not fetched after 0.00 s");
    summary.totals.images_done = 1;
    summary.totals.images_failed = 2;
    summary.stopped_count = 1;
    summary.totals.bytes_received = 10;
    summary.totals.seconds = 1;
    summary.fetched_count = 1;
    expect(&summary,
           "fetched 1 of 3 images: 1 blob, 10 B in 1.0 s (10 B/s), 1 failed, 1 not fetched");
}

Test(display_summary, f35_interrupted_is_not_failed)
{
    struct summary summary = {
        .totals = {.images = 3, .images_failed = 3, .seconds = 5.2},
        .stopped_count = 3,
        .exit_status = 130,
    };

    expect(&summary, "interrupted after 5.2 s: 0 of 3 images fetched");
    summary.totals.images_done = 1;
    summary.totals.images_failed = 2;
    summary.stopped_count = 1;
    summary.totals.bytes_received = 1024;
    expect(&summary, "interrupted after 5.2 s: 1 of 3 images fetched, 1 failed; 1.0 KiB received, "
                     "kept for the next run");
    summary.exit_status = 10;
    summary.stopped_count = 2;
    expect(&summary, "timed out after 5.2 s: 1 of 3 images fetched; 1.0 KiB received, kept for the "
                     "next run");
}
