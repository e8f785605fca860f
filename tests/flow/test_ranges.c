/* SPDX-License-Identifier: Apache-2.0
 *
 * Downloads that are cut short: where they go on, and which answers are not taken for their rest.
 *
 * Knows: ranges. Does not know: documents.
 * Threads: criterion's.
 */
#include "cut.h"

#include <string.h>

TestSuite(ranges, .timeout = 60);

static void check_goes_on(enum fake_cut cut)
{
    struct cut scene;

    cut_open(&scene, cut);
    cut_expect_done(&scene, 2);
    cut_expect_range(&scene, 1, CUT_AT_BYTES);
    cr_assert_eq(scene.flow.seen.resumed_bytes, 0, "nothing was there before this run");
    cr_assert_eq(scene.flow.seen.totals.bytes_received, scene.built.total_bytes);
    flow_close(&scene.flow);
}

Test(ranges, reset_goes_on_at_the_right_byte)
{
    check_goes_on(FAKE_CUT_RST);
}

Test(ranges, t27_close_goes_on_at_the_right_byte)
{
    check_goes_on(FAKE_CUT_CLOSE);
}

Test(ranges, stall_goes_on_over_a_new_connection)
{
    struct cut scene;

    cut_open(&scene, FAKE_CUT_STALL);
    scene.flow.options.stall_timeout_ms = 1000;
    cut_expect_done(&scene, 2);
    cut_expect_range(&scene, 1, CUT_AT_BYTES);
    flow_close(&scene.flow);
}

/* A server that gives a piece at a time. */
Test(ranges, ranges_cut_by_the_server)
{
    struct cut scene;

    cut_open(&scene, FAKE_CUT_RST);
    cut_on_range(&scene, (struct fake_rule){.range.max_bytes = 300000});
    cut_expect_done(&scene, 4);
    cut_expect_range(&scene, 2, CUT_AT_BYTES + 300000);
    cut_expect_range(&scene, 3, CUT_AT_BYTES + 600000);
    flow_close(&scene.flow);
}

Test(ranges, t28_whole_content_for_a_range)
{
    struct cut scene;

    cut_open(&scene, FAKE_CUT_RST);
    cut_on_range(&scene, (struct fake_rule){.range.kind = FAKE_RANGE_IGNORE});
    cut_expect_done(&scene, 2);
    cut_expect_range(&scene, 1, CUT_AT_BYTES);
    flow_close(&scene.flow);
}

/* A range answer that must not be used: all of it comes again, from zero. */
static void check_refused(struct fake_rule rule, const char *text)
{
    struct cut scene;

    cut_open(&scene, FAKE_CUT_RST);
    cut_on_range(&scene, rule);
    cut_expect_done(&scene, 3);
    cut_expect_range(&scene, 1, CUT_AT_BYTES);
    cut_expect_range(&scene, 2, 0);
    cr_assert_not_null(strstr(scene.flow.seen.retry, text), "%s", scene.flow.seen.retry);
    flow_close(&scene.flow);
}

Test(ranges, t28_another_range_than_asked_for)
{
    check_refused((struct fake_rule){.range = {.kind = FAKE_RANGE_SHIFT, .shift_bytes = -1}},
                  "asked from 700001");
    check_refused(
        (struct fake_rule){.range = {.kind = FAKE_RANGE_SHIFT, .shift_bytes = -CUT_AT_BYTES}},
        "asked from 700001");
}

Test(ranges, t28_right_range_with_wrong_bytes)
{
    check_refused((struct fake_rule){.range = {.kind = FAKE_RANGE_LIE, .shift_bytes = -5}},
                  "its content has the digest");
}

Test(ranges, t28_multipart)
{
    check_refused((struct fake_rule){.range.kind = FAKE_RANGE_MULTIPART},
                  "no usable Content-Range");
}

Test(ranges, t28_no_content_range)
{
    check_refused((struct fake_rule){.answer.omit = "Content-Range"}, "no usable Content-Range");
}

Test(ranges, t28_another_total)
{
    check_refused(
        (struct fake_rule){.answer.headers = "Content-Range: bytes {first}-{last}/9999999\r\n"},
        "9999999 bytes under this digest");
}

Test(ranges, t28_range_longer_than_it_says)
{
    check_refused((struct fake_rule){.body = {.extra_bytes = 1, .chunked = true}},
                  "sends more than");
}

Test(ranges, t28_range_refused)
{
    check_refused((struct fake_rule){.range.kind = FAKE_RANGE_REFUSE}, "no byte 700001");
}
