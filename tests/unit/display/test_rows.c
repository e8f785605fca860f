/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of the display: what events make of them, for every width and number of rows.
 */
#include "display/rows.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#define REF "registry.example/team/app:1"

/* A run as its events tell of it. */
struct scene {
    struct active active;
    struct tug_totals totals;
    struct rate rate;
};

static struct tug_digest digest_of(unsigned number)
{
    struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA256};

    digest.bytes[0] = (unsigned char)(number >> 8);
    digest.bytes[1] = (unsigned char)number;
    return digest;
}

static void tell(struct scene *scene, struct tug_event event)
{
    event.totals = &scene->totals;
    active_on_event(&scene->active, &event);
}

static void tell_image(struct scene *scene, size_t position, const char *ref, uint64_t bytes_done)
{
    const struct tug_image_result image = {
        .position = position,
        .ref = ref,
        .digest = digest_of(999),
        .blobs = 10,
        .blobs_done = 7,
        .bytes_known = 1000,
        .bytes_done = bytes_done,
    };

    tell(scene, (struct tug_event){.kind = TUG_EVENT_IMAGE_PROGRESS, .ref = ref, .image = &image});
}

static void tell_blob(struct scene *scene, enum tug_event_kind kind, unsigned number,
                      const char *ref, uint64_t done_bytes)
{
    tell(scene, (struct tug_event){.kind = kind,
                                   .ref = ref,
                                   .digest = digest_of(number),
                                   .size_bytes = 1000,
                                   .done_bytes = done_bytes});
}

static void tell_retry(struct scene *scene, const char *message)
{
    struct tug_error error = {.code = TUG_ERR_NETWORK};

    strcpy(error.message, message);
    tell(scene, (struct tug_event){.kind = TUG_EVENT_RETRY,
                                   .ref = REF,
                                   .error = &error,
                                   .delay_ms = 5000,
                                   .attempt = 2,
                                   .attempts_max = 6});
}

static void expect(const struct row *row, const char *text)
{
    cr_assert_str_eq(row->text, text);
}

Test(display_rows, f34_image_by_name_and_percentage)
{
    struct scene scene = {.totals.images = 1};
    struct row row;

    tell_image(&scene, 0, REF, 450);
    row_of_image(scene.active.images, 0, 99, &row);
    cr_assert(strstr(row.text, REF "  ") == row.text && strstr(row.text, " resolved") != NULL);
    cr_assert_null(strchr(row.text, '%'), "only its index was read so far: '%s'", row.text);
    tell_blob(&scene, TUG_EVENT_STARTED, 1, REF, 0);
    tell_image(&scene, 0, REF, 450);
    row_of_image(scene.active.images, 0, 79, &row);
    expect(&row, REF "      resolved   45%    7/10 blobs 450 B/1000 B");
    row_of_image(scene.active.images, 0, 39, &row);
    expect(&row, REF "    45% 7/10");
    row_of_image(scene.active.images, 0, 19, &row);
    expect(&row, ".../app:1  45% 7/10");
    active_fini(&scene.active);
}

Test(display_rows, f34_finished_blobs_stay_until_their_image_is_done)
{
    struct scene scene = {.totals.images = 1};
    const struct tug_image_result result = {.position = 0, .ref = REF};
    struct row row;

    tell_image(&scene, 0, REF, 0);
    tell_blob(&scene, TUG_EVENT_STARTED, 1, REF, 0);
    tell_blob(&scene, TUG_EVENT_COMMITTED, 1, REF, 0);
    tell_blob(&scene, TUG_EVENT_REUSED, 2, REF, 0);
    cr_assert_eq(scene.active.count, 2);
    row_of_blob(&scene.active.blobs[0], 0, 39, &row);
    expect(&row, "  000100000000 100% done");
    row_of_blob(&scene.active.blobs[1], 0, 39, &row);
    expect(&row, "  000200000000 100% exists");
    tell(&scene, (struct tug_event){.kind = TUG_EVENT_IMAGE, .ref = REF, .image = &result});
    cr_assert_eq(scene.active.count, 0);
    cr_assert_eq(scene.active.image_count, 0);
    active_fini(&scene.active);
}

Test(display_rows, f33_stalled_and_queued)
{
    struct scene scene = {.totals.images = 1};
    struct row row;

    tell_image(&scene, 0, REF, 0);
    tell_blob(&scene, TUG_EVENT_STARTED, 1, REF, 0);
    tell_blob(&scene, TUG_EVENT_STARTED, 2, REF, 0);
    scene.totals.seconds = 12.3;
    tell_blob(&scene, TUG_EVENT_PROGRESS, 1, REF, 0);
    tell(&scene, (struct tug_event){.kind = TUG_EVENT_TICK});
    row_of_blob(&scene.active.blobs[0], 12.3, 19, &row);
    expect(&row, "0001 stalled 12 s");
    cr_assert_eq(row.color, ROW_BAD);
    row_of_blob(&scene.active.blobs[1], 12.3, 19, &row);
    expect(&row, "0002   0% queued");
    tell_blob(&scene, TUG_EVENT_PROGRESS, 1, REF, 100);
    row_of_blob(&scene.active.blobs[0], 12.3, 19, &row);
    expect(&row, "0001  10% 0 B/s");
    active_fini(&scene.active);
}

Test(display_rows, f33_last_retry_and_its_reason)
{
    struct scene scene = {.totals = {.images = 1, .seconds = 1}};
    struct row rows[ROWS_NOTE_MAX];

    cr_assert_eq(rows_of_retry(&scene.active, &scene.totals, 79, ROWS_NOTE_MAX, rows), 0);
    tell_retry(&scene, "blob sha256:0123456789abcdef0123456789abcdef: connection r\xc3\xa9set");
    cr_assert_eq(rows_of_retry(&scene.active, &scene.totals, 79, ROWS_NOTE_MAX, rows), 1);
    expect(&rows[0], "retry 2/5 in 5 s: blob sha256:0123456789ab: connection r?set");
    cr_assert_eq(rows_of_retry(&scene.active, &scene.totals, 39, ROWS_NOTE_MAX, rows), 2);
    expect(&rows[0], "retry 2/5 in 5 s: blob");
    expect(&rows[1], "sha256:0123456789ab: connection r?set");
    cr_assert_eq(rows_of_retry(&scene.active, &scene.totals, 39, 1, rows), 1);
    scene.totals.seconds = 60; /* nothing has come since */
    cr_assert_eq(rows_of_retry(&scene.active, &scene.totals, 79, 1, rows), 1);
    expect(&rows[0], "retry 2/5: blob sha256:0123456789ab: connection r?set");
    scene.totals.bytes_received = 1;
    cr_assert_eq(rows_of_retry(&scene.active, &scene.totals, 79, 1, rows), 0);
    active_fini(&scene.active);
}

Test(display_rows, f34_sums_that_matter_most_stay)
{
    struct scene scene = {
        .totals = {.images = 1, .blobs = 10, .blobs_done = 7, .bytes_known = 1000, .seconds = 34},
        .rate = {.bytes_per_s = 50, .has_rate = true},
    };
    struct row row;

    row_of_total(&scene.active, &scene.totals, &scene.rate, 99, &row);
    cr_assert_null(strchr(row.text, '%'), "nothing is known of the image: '%s'", row.text);
    scene.totals.bytes_done = 450;
    tell_image(&scene, 0, REF, 450);
    tell_blob(&scene, TUG_EVENT_STARTED, 1, REF, 0);
    row_of_total(&scene.active, &scene.totals, &scene.rate, 99, &row);
    expect(&row, "0/1 image  7/10 blobs  45%  450 B/1000 B  50 B/s  eta 11 s  elapsed 34 s");
    row_of_total(&scene.active, &scene.totals, &scene.rate, 39, &row);
    expect(&row, "0/1 image  45%  50 B/s  eta 11 s");
    row_of_total(&scene.active, &scene.totals, &scene.rate, 19, &row);
    expect(&row, "45%  eta 11 s");
    scene.totals.bytes_copied = 300;
    row_of_total(&scene.active, &scene.totals, &scene.rate, 99, &row);
    expect(&row,
           "0/1 image  7/10 blobs  45%  450 B/1000 B  300 B copied  50 B/s  eta 11 s  elapsed "
           "34 s");
    row_of_total(&scene.active, &scene.totals, &scene.rate, 59, &row);
    expect(&row, "0/1 image  45%  450 B/1000 B  50 B/s  eta 11 s");
    active_fini(&scene.active);
}

/* Of a long list only some images are known: how far it is follows from the images. */
Test(display_rows, f34_estimate_of_a_list)
{
    struct scene scene = {.totals = {.images = 10, .images_done = 2, .seconds = 30}};

    tell_image(&scene, 2, REF, 500);
    tell_blob(&scene, TUG_EVENT_STARTED, 1, REF, 0);
    scene.totals.bytes_known = 3000;
    scene.totals.bytes_done = 2500;
    cr_assert_float_eq(active_total_part(&scene.active, &scene.totals), 0.25, 1e-9);
    cr_assert_float_eq(active_eta_seconds(&scene.active, &scene.totals, &scene.rate), 90, 1e-6);
    active_fini(&scene.active);
}

/* Whatever the terminal, no row is wider and there are no more than fit. */
Test(display_rows, fit_every_terminal)
{
    struct scene scene = {.totals = {.images = 40, .bytes_known = 40000, .images_failed = 3}};
    struct row_choice choices[2 * ACTIVE_MAX + 1];
    struct row rows[ROWS_NOTE_MAX];
    char refs[40][64];

    for (unsigned i = 0; i < 40; i++) {
        (void)snprintf(refs[i], sizeof refs[i], "registry.example/library/image-%u:latest", i);
        tell_image(&scene, i, refs[i], i);
        for (unsigned j = 0; j < 10 && i < 39; j++) { /* more than are kept */
            tell_blob(&scene, TUG_EVENT_STARTED, 10 * i + j, refs[i], j);
            tell_blob(&scene, j % 3 == 0 ? TUG_EVENT_COMMITTED : TUG_EVENT_PROGRESS, 10 * i + j,
                      refs[i], 10 * j);
        }
    }
    tell_retry(&scene, "manifest 1: the registry answered 429, too many requests, and said why");
    cr_assert_leq(scene.active.count, ACTIVE_MAX);
    for (size_t most = 0; most <= 2 * ACTIVE_MAX; most++) {
        const size_t count = rows_choose(&scene.active, most, choices);

        cr_assert_leq(count, most);
        cr_assert(most == 0 || count > 0);
    }
    for (size_t width = 1; width <= ROWS_WIDTH_MAX; width++) {
        for (size_t i = 0; i < scene.active.count; i++) {
            row_of_blob(&scene.active.blobs[i], 1, width, &rows[0]);
            cr_assert_leq(strlen(rows[0].text), width);
        }
        row_of_image(&scene.active.images[39], 1, width, &rows[0]);
        cr_assert_leq(strlen(rows[0].text), width);
        row_of_image(&scene.active.images[0], 1, width, &rows[0]);
        cr_assert_leq(strlen(rows[0].text), width);
        row_of_total(&scene.active, &scene.totals, &scene.rate, width, &rows[0]);
        cr_assert_leq(strlen(rows[0].text), width);
        row_of_more(12345, width, &rows[0]);
        cr_assert_leq(strlen(rows[0].text), width);
        const size_t count =
            rows_of_retry(&scene.active, &scene.totals, width, ROWS_NOTE_MAX, rows);
        for (size_t i = 0; i < count; i++) {
            cr_assert_leq(strlen(rows[i].text), width);
        }
    }
    active_fini(&scene.active);
}

/* Little room: one image with some of its blobs, or many images without. */
Test(display_rows, f34_choice_for_few_rows)
{
    struct scene scene = {.totals.images = 1};
    struct row_choice choices[8];

    tell_image(&scene, 0, REF, 0);
    for (unsigned i = 0; i < 8; i++) {
        tell_blob(&scene, TUG_EVENT_STARTED, i, REF, 0);
    }
    tell_blob(&scene, TUG_EVENT_COMMITTED, 0, REF, 0);
    cr_assert_eq(rows_choose(&scene.active, 5, choices), 5);
    cr_assert(choices[0].kind == ROW_IMAGE && choices[1].kind == ROW_BLOB);
    cr_assert(choices[4].kind == ROW_MORE && choices[4].index == 4, "7 are under way, 3 shown");
    tell_image(&scene, 1, "registry.example/b:1", 0);
    tell_image(&scene, 2, "registry.example/c:1", 0);
    tell_blob(&scene, TUG_EVENT_PROGRESS, 1, "registry.example/b:1", 0);
    tell_blob(&scene, TUG_EVENT_PROGRESS, 2, "registry.example/c:1", 0);
    cr_assert_eq(rows_choose(&scene.active, 3, choices), 3);
    cr_assert(choices[0].kind == ROW_IMAGE && choices[2].kind == ROW_IMAGE);
    cr_assert_eq(rows_choose(&scene.active, 2, choices), 2);
    cr_assert(choices[1].kind == ROW_MORE && choices[1].index == 2);
    active_fini(&scene.active);
}
