/* SPDX-License-Identifier: Apache-2.0
 *
 * Content on its way into the store: what becomes a blob, what is left.
 */
#include "unit/store/store_place.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "archive/intake.h"
#include "oci/digest.h"

/* A source of one text, in reads of so many bytes. */
struct text_source {
    const char *text;
    size_t step;
};

static enum tug_status read_text(void *context, void *buffer, size_t capacity, size_t *out_length,
                                 struct tug_error *err)
{
    struct text_source *const source = context;
    size_t length = strlen(source->text);

    (void)err;
    length = length < source->step ? length : source->step;
    length = length < capacity ? length : capacity;
    memcpy(buffer, source->text, length);
    source->text += length;
    *out_length = length;
    return TUG_OK;
}

/* A store, and an intake into it. */
struct desk {
    struct place place;
    struct tug__work work;
    struct tug__intake intake;
};

static void desk_open(struct desk *desk)
{
    *desk = (struct desk){.place = place_create()};
    place_open(&desk->place);
    cr_assert_eq(tug__intake_begin(&desk->intake, desk->place.store, &desk->work, NULL), TUG_OK);
}

static void desk_close(struct desk *desk)
{
    tug__intake_fini(&desk->intake);
    place_remove(&desk->place);
}

static struct tug_digest digest_of(const char *text)
{
    struct tug_digest digest;

    cr_assert_eq(tug__digest_of(TUG_DIGEST_SHA256, text, strlen(text), &digest, NULL), TUG_OK);
    return digest;
}

static bool has(const struct desk *desk, const char *text)
{
    const struct tug_digest digest = digest_of(text);
    bool is_present = false;

    cr_assert_eq(tug_store_stat(desk->place.store, &digest, &is_present, NULL, NULL), TUG_OK);
    return is_present;
}

/* Bring a text as a blob that should be another one, of another size. */
static enum tug_status bring(struct desk *desk, const char *text, const char *wanted, size_t size)
{
    struct text_source text_source = {.text = text, .step = 3};
    const struct tug__source source = {.read = read_text, .context = &text_source};
    const struct tug_digest digest = digest_of(wanted);

    return tug__intake_blob(&desk->intake, &digest, size, &source, NULL);
}

static struct tug__part bring_part(struct desk *desk, const char *text)
{
    struct text_source text_source = {.text = text, .step = 100};
    const struct tug__source source = {.read = read_text, .context = &text_source};
    const struct tug_digest digest = digest_of(text);
    struct tug__part part;

    cr_assert_eq(tug__intake_part(&desk->intake, strlen(text), &source, &part, NULL), TUG_OK);
    cr_assert(tug_digest_equal(&part.digest, &digest));
    return part;
}

static size_t count_partials(const struct desk *desk)
{
    const int fd = openat(desk->place.fd, "ingest/sha256", O_RDONLY | O_DIRECTORY);
    DIR *const dir = fd >= 0 ? fdopendir(fd) : NULL;
    size_t count = 0;

    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return count;
}

Test(archive_intake, blobs_are_verified_and_committed_in_groups)
{
    struct desk desk;
    char text[32];

    desk_open(&desk);
    for (int i = 0; i < TUG__INTAKE_GROUP + 1; i++) {
        (void)snprintf(text, sizeof text, "blob %d", i);
        cr_assert_eq(bring(&desk, text, text, strlen(text)), TUG_OK);
        cr_assert_eq(bring(&desk, text, text, strlen(text)), TUG_OK, "twice");
    }
    cr_assert(has(&desk, "blob 0"));
    cr_assert_not(has(&desk, text));
    cr_assert_eq(tug__intake_commit(&desk.intake, NULL), TUG_OK);
    cr_assert(has(&desk, text));
    cr_assert_eq(desk.intake.blobs, TUG__INTAKE_GROUP + 1);
    cr_assert_eq(desk.intake.blobs_present, TUG__INTAKE_GROUP + 1);
    cr_assert_eq(count_partials(&desk), 0);
    desk_close(&desk);
}

Test(archive_intake, t35_content_that_is_not_what_it_should_be)
{
    struct desk desk;

    desk_open(&desk);
    cr_assert_eq(bring(&desk, "evil", "good", 4), TUG_ERR_CONTENT);
    cr_assert_eq(bring(&desk, "good", "good", 3), TUG_ERR_CONTENT);
    cr_assert_eq(bring(&desk, "good", "good", 5), TUG_ERR_CONTENT);
    cr_assert_eq(bring(&desk, "", "good", 4), TUG_ERR_CONTENT);
    cr_assert_eq(bring(&desk, "good", "good", SIZE_MAX), TUG_ERR_TOO_LARGE);
    cr_assert_eq(tug__intake_commit(&desk.intake, NULL), TUG_OK);
    cr_assert_not(has(&desk, "good"));
    cr_assert_not(has(&desk, "evil"));
    cr_assert_eq(count_partials(&desk), 0);
    cr_assert_eq(bring(&desk, "good", "good", 4), TUG_OK);
    cr_assert_eq(bring(&desk, "", "", 0), TUG_OK, "an empty blob is one, too");
    cr_assert_eq(tug__intake_commit(&desk.intake, NULL), TUG_OK);
    cr_assert(has(&desk, "good"));
    desk_close(&desk);
}

Test(archive_intake, parts_become_blobs_when_they_are_needed)
{
    struct desk desk;
    struct tug__part first;

    desk_open(&desk);
    first = bring_part(&desk, "first");
    (void)bring_part(&desk, "second");
    (void)bring_part(&desk, "first");
    cr_assert_eq(count_partials(&desk), 2);
    cr_assert_eq(tug__intake_need(&desk.intake, &first.digest, NULL), TUG_OK);
    cr_assert_eq(tug__intake_need(&desk.intake, &first.digest, NULL), TUG_OK);
    cr_assert_eq(tug__intake_commit(&desk.intake, NULL), TUG_OK);
    cr_assert(has(&desk, "first"));
    cr_assert_not(has(&desk, "second"));
    tug__intake_fini(&desk.intake);
    cr_assert_eq(count_partials(&desk), 0, "what nobody needs is gone");
    place_remove(&desk.place);
}

/* A partial download of the blob, with a state file, is in the way. */
Test(archive_intake, a_part_replaces_a_partial_download)
{
    struct desk desk;
    struct tug__ingest *old = NULL;
    struct tug__part part;

    desk_open(&desk);
    part = bring_part(&desk, "content");
    cr_assert_eq(tug__ingest_open(desk.place.store, &part.digest, 7, &old, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_begin_state(old, 0, NULL), TUG_OK);
    cr_assert_eq(tug__intake_need(&desk.intake, &part.digest, NULL), TUG_OK);
    cr_assert_eq(tug__intake_commit(&desk.intake, NULL), TUG_OK);
    cr_assert(has(&desk, "content"));
    cr_assert_neq(tug__ingest_check_name(old, NULL), TUG_OK, "its holder starts over");
    tug__ingest_close(old);
    cr_assert_eq(count_partials(&desk), 0);
    desk_close(&desk);
}

Test(archive_intake, more_parts_than_are_held_become_blobs)
{
    struct desk desk;
    char text[32];

    desk_open(&desk);
    for (int i = 0; i < TUG__INTAKE_HELD + TUG__INTAKE_GROUP; i++) {
        (void)snprintf(text, sizeof text, "part %d", i);
        (void)bring_part(&desk, text);
    }
    cr_assert(has(&desk, "part 0"));
    cr_assert_not(has(&desk, text));
    desk_close(&desk);
}

Test(archive_intake, content_has_a_limit)
{
    struct desk desk;

    desk_open(&desk);
    desk.intake.max_bytes = 10;
    cr_assert_eq(bring(&desk, "12345", "12345", 5), TUG_OK);
    cr_assert_eq(bring(&desk, "123456", "123456", 6), TUG_ERR_TOO_LARGE);
    desk_close(&desk);
}
