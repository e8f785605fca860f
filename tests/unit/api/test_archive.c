/* SPDX-License-Identifier: Apache-2.0
 *
 * tug_store_export and tug_store_import as a program calls them: options, progress, cancel.
 */
#include "unit/store/store_place.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <tug/tug.h>

#include "oci/digest.h"

#define LAYER "not a layer"
#define TYPE "application/vnd.oci.image.manifest.v1+json"

/* Put a text into the store as a blob. */
static struct tug_digest put_blob(const struct place *place, const char *text)
{
    struct tug__ingest *ingest = NULL;
    struct tug_digest digest;
    struct tug_error err = {0};

    cr_assert_eq(tug__digest_of(TUG_DIGEST_SHA256, text, strlen(text), &digest, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_open(place->store, &digest, strlen(text), &ingest, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_eq(write(ingest->fd, text, strlen(text)), (ssize_t)strlen(text));
    cr_assert_eq(tug__ingest_commit(ingest, &err), TUG_OK, "%s", err.message);
    return digest;
}

/* Put an image into the store, "r.example/a:1". */
static void put_image(const struct place *place)
{
    static const char config[] = "{\"os\":\"linux\",\"architecture\":\"s390x\"}";
    const struct tug_digest config_digest = put_blob(place, config);
    const struct tug_digest layer_digest = put_blob(place, LAYER);
    struct tug__index_entry entry = {.name = "r.example/a:1", .media_type = TYPE};
    char config_text[TUG_DIGEST_TEXT_MAX];
    char layer_text[TUG_DIGEST_TEXT_MAX];
    char text[1024];

    (void)snprintf(text, sizeof text,
                   "{\"schemaVersion\":2,\"mediaType\":\"" TYPE "\",\"config\":{\"mediaType\":"
                   "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\","
                   "\"size\":%zu},\"layers\":[{\"mediaType\":"
                   "\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}]}",
                   tug_digest_format(&config_digest, config_text), strlen(config),
                   tug_digest_format(&layer_digest, layer_text), strlen(LAYER));
    entry.digest = put_blob(place, text);
    entry.size_bytes = strlen(text);
    cr_assert_eq(tug__store_index_put(place->store, &entry, 1, NULL, NULL), TUG_OK);
}

/* What a watch was told. */
struct told {
    int calls_until_stop; /* of should_stop; 0: never */
    int reports;
    struct tug_work_progress last;
};

static bool should_stop(void *context)
{
    struct told *const told = context;

    return told->calls_until_stop > 0 && --told->calls_until_stop == 0;
}

static void on_progress(void *context, const struct tug_work_progress *progress)
{
    struct told *const told = context;

    told->reports++;
    told->last = *progress;
}

static struct tug_watch watch_of(struct told *told)
{
    return (struct tug_watch){.size = sizeof(struct tug_watch),
                              .on_progress = on_progress,
                              .should_stop = should_stop,
                              .context = told};
}

static const char *const image[] = {"r.example/a:1"};

static int memory_file(void)
{
    const int fd = memfd_create("archive", MFD_CLOEXEC);

    cr_assert_geq(fd, 0);
    return fd;
}

static void count_image(void *context, const struct tug_imported *imported)
{
    cr_assert_str_eq(imported->name, image[0]);
    cr_assert_str_eq(imported->media_type, TYPE);
    ++*(int *)context;
}

Test(api_archive, there_and_back_with_progress)
{
    struct place place = place_create();
    struct place other = place_create();
    struct told told = {0};
    const struct tug_watch watch = watch_of(&told);
    struct tug_archive_result result = TUG_ARCHIVE_RESULT_INIT;
    struct tug_import_options options = TUG_IMPORT_OPTIONS_INIT;
    const int fd = memory_file();
    int images = 0;

    place_open(&place);
    place_open(&other);
    put_image(&place);
    cr_assert_eq(tug_store_export(place.store, image, 1, fd, NULL, &watch, &result, NULL), TUG_OK);
    cr_assert_eq(result.images, 1);
    cr_assert_eq(result.blobs, 3);
    cr_assert_geq(told.reports, 1);
    cr_assert_eq(told.last.items_done, 3);
    cr_assert_eq(told.last.items_total, 3);
    cr_assert_geq(told.last.bytes_done, told.last.bytes_total);
    cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
    told = (struct told){0};
    options.on_image = count_image;
    options.image_context = &images;
    cr_assert_eq(tug_store_import(other.store, fd, &options, &watch, &result, NULL), TUG_OK);
    cr_assert_eq(images, 1);
    cr_assert_eq(result.blobs, 3);
    cr_assert_eq(result.blobs_present, 0);
    cr_assert_gt(told.last.bytes_done, 0);
    cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
    cr_assert_eq(tug_store_import(other.store, fd, NULL, NULL, &result, NULL), TUG_OK);
    cr_assert_eq(result.blobs, 0);
    cr_assert_eq(result.blobs_present, 3);
    (void)close(fd);
    place_remove(&place);
    place_remove(&other);
}

/* Whenever it is stopped, it says so, and has named nothing. */
Test(api_archive, stops_when_it_is_told_to)
{
    struct place place = place_create();
    const int archive = memory_file();
    struct tug_error err = {0};
    enum tug_status status = TUG_ERR_CANCELLED;

    place_open(&place);
    put_image(&place);
    cr_assert_eq(tug_store_export(place.store, image, 1, archive, NULL, NULL, NULL, NULL), TUG_OK);
    for (int calls = 1; status == TUG_ERR_CANCELLED && calls < 1000; calls++) {
        struct told told = {.calls_until_stop = calls};
        const struct tug_watch watch = watch_of(&told);
        const int fd = memory_file();

        status = tug_store_export(place.store, image, 1, fd, NULL, &watch, NULL, &err);
        cr_assert(calls > 1 || status == TUG_ERR_CANCELLED);
        (void)close(fd);
    }
    cr_assert_eq(status, TUG_OK);
    status = TUG_ERR_CANCELLED;
    for (int calls = 1; status == TUG_ERR_CANCELLED && calls < 1000; calls++) {
        struct place other = place_create();
        struct told told = {.calls_until_stop = calls};
        const struct tug_watch watch = watch_of(&told);
        bool is_named = true;

        place_open(&other);
        cr_assert_eq(lseek(archive, 0, SEEK_SET), 0);
        status = tug_store_import(other.store, archive, NULL, &watch, NULL, &err);
        cr_assert(calls > 1 || status == TUG_ERR_CANCELLED);
        cr_assert_eq(
            tug__store_index_find(other.store, image[0], &is_named, &(struct tug_digest){0}, NULL),
            TUG_OK);
        cr_assert_eq(is_named, status == TUG_OK);
        place_remove(&other);
    }
    cr_assert_eq(status, TUG_OK);
    (void)close(archive);
    place_remove(&place);
}

/* A pipe that nobody writes to, and one that nobody reads. */
Test(api_archive, stops_while_a_pipe_stands_still)
{
    struct place place = place_create();
    struct told told = {.calls_until_stop = 5};
    const struct tug_watch watch = watch_of(&told);
    struct tug_error err = {0};
    int ends[2];

    place_open(&place);
    put_image(&place);
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(tug_store_import(place.store, ends[0], NULL, &watch, NULL, &err),
                 TUG_ERR_CANCELLED);
    cr_assert_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    while (write(ends[1], place.path, 1) == 1) {
    }
    told.calls_until_stop = 5;
    cr_assert_eq(tug_store_export(place.store, image, 1, ends[1], NULL, &watch, NULL, &err),
                 TUG_ERR_CANCELLED);
    (void)close(ends[0]);
    (void)close(ends[1]);
    place_remove(&place);
}

Test(api_archive, arguments_are_checked)
{
    const struct tug_export_options no_size = {0};
    const struct tug_import_options no_import_size = {0};
    struct tug_archive_result no_result_size = {0};
    struct tug_import_options bad_name = TUG_IMPORT_OPTIONS_INIT;
    struct place place = place_create();
    const int fd = memory_file();

    place_open(&place);
    put_image(&place);
    bad_name.name = "NOT A NAME";
    cr_assert_eq(tug_store_export(place.store, image, 0, fd, NULL, NULL, NULL, NULL),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_store_export(place.store, image, 1, fd, &no_size, NULL, NULL, NULL),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_store_export(place.store, image, 1, fd, NULL, NULL, &no_result_size, NULL),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(
        tug_store_export(place.store, (const char *const[]){"b"}, 1, fd, NULL, NULL, NULL, NULL),
        TUG_ERR_NOT_FOUND);
    cr_assert_eq(lseek(fd, 0, SEEK_END), 0, "something was written");
    cr_assert_eq(tug_store_import(place.store, fd, &no_import_size, NULL, NULL, NULL),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_store_import(place.store, fd, NULL, NULL, &no_result_size, NULL),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_store_import(place.store, fd, &bad_name, NULL, NULL, NULL),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_store_import(place.store, fd, NULL, NULL, NULL, NULL), TUG_ERR_CONTENT);
    cr_assert_eq(tug_store_import(place.store, -1, NULL, NULL, NULL, NULL), TUG_ERR_STORE);
    cr_assert_eq(tug_store_export(place.store, image, 1, -1, NULL, NULL, NULL, NULL),
                 TUG_ERR_STORE);
    (void)close(fd);
    place_remove(&place);
}
