/* SPDX-License-Identifier: Apache-2.0
 *
 * A store of a program's own: what is asked of it, what it is handed, and what becomes of the file.
 */
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "unit/store/store_place.h"

#define PIECE ((uint64_t)256 * 1024)

/* A program that counts, and keeps no content. */
struct program {
    struct tug_sink sink;
    bool is_present;
    uint64_t size_bytes; /* that it says it has */
    enum tug_status refusal;
    unsigned begun, writes, committed, aborted;
    uint64_t received;
    char media_type[32];
    enum tug_status why;
    struct tug__cancel stop; /* set by the first write, if it is to be */
    bool has_to_stop;
};

static enum tug_status have(void *context, const struct tug_digest *digest, bool *out_is_present,
                            uint64_t *out_size_bytes, struct tug_error *err)
{
    const struct program *const program = context;

    (void)digest;
    (void)err;
    *out_is_present = program->is_present;
    *out_size_bytes = program->size_bytes;
    return program->refusal;
}

static enum tug_status read_it(void *context, const struct tug_digest *digest, void *buffer,
                               size_t length, struct tug_error *err)
{
    (void)context;
    (void)digest;
    (void)err;
    memset(buffer, 'x', length);
    return TUG_OK;
}

static enum tug_status begin(void *context, const struct tug_sink_blob *blob, void **out_handle,
                             struct tug_error *err)
{
    struct program *const program = context;

    (void)err;
    program->begun++;
    *out_handle = &program->received;
    (void)snprintf(program->media_type, sizeof program->media_type, "%s", blob->media_type);
    return TUG_OK;
}

static enum tug_status write_it(void *context, void *handle, uint64_t offset, const void *bytes,
                                size_t length, struct tug_error *err)
{
    struct program *const program = context;

    (void)bytes;
    (void)err;
    cr_assert_eq(handle, &program->received);
    cr_assert_eq(offset, program->received);
    program->writes++;
    program->received += length;
    if (program->has_to_stop) {
        tug__cancel_set(&program->stop);
    }
    return program->refusal;
}

static enum tug_status commit(void *context, void *handle, struct tug_error *err)
{
    struct program *const program = context;

    (void)handle;
    memset(err->message, 'x', sizeof err->message); /* no end */
    program->committed++;
    return TUG_OK;
}

static void abort_it(void *context, void *handle, const struct tug_error *why)
{
    struct program *const program = context;

    (void)handle;
    program->aborted++;
    program->why = why->code;
}

/* Open the store of a place with a sink. */
static void open_with(struct place *place, struct program *program)
{
    struct tug_store_options options = TUG_STORE_OPTIONS_INIT;

    program->sink = (struct tug_sink){.size = sizeof program->sink,
                                      .have = have,
                                      .read = read_it,
                                      .begin = begin,
                                      .write = write_it,
                                      .commit = commit,
                                      .abort = abort_it,
                                      .context = program};
    tug__cancel_init(&program->stop);
    options.sink = &program->sink;
    cr_assert_eq(tug_store_open(place->path, &options, &place->store, NULL), TUG_OK);
    place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_geq(place->fd, 0);
}

/* Hand over a file of so many bytes. Returns: how that went. */
static struct tug_error hand_over(struct place *place, struct program *program, uint64_t size_bytes)
{
    const struct tug_digest digest = place_digest();
    struct tug_error error = {0};
    struct tug__ingest_commit commits[2] = {{.error = &error}, {.error = &error}};

    cr_assert_eq(tug__ingest_open(place->store, &digest, size_bytes, &commits[1].ingest, NULL),
                 TUG_OK);
    cr_assert_eq(ftruncate(commits[1].ingest->fd, (off_t)size_bytes), 0);
    commits[1].stop = &program->stop;
    tug__store_commit(place->store, commits, 2, NULL);
    tug__ingest_close(commits[1].ingest);
    return error;
}

Test(store_sink, bytes_come_in_pieces)
{
    struct place place = place_create();
    struct program program = {0};

    open_with(&place, &program);
    cr_assert_eq(hand_over(&place, &program, 2 * PIECE + 1).code, TUG_OK);
    cr_assert_eq(program.begun, 1);
    cr_assert_eq(program.writes, 3);
    cr_assert_eq(program.received, 2 * PIECE + 1);
    cr_assert_eq(program.committed, 1);
    cr_assert_str_eq(program.media_type, "", "unknown");
    cr_assert_eq(place_mode(&place, PLACE_BLOB), 0);
    cr_assert_eq(place_mode(&place, PLACE_INGEST), 0);
    place_remove(&place);
}

Test(store_sink, nothing_is_written_of_nothing)
{
    struct place place = place_create();
    struct program program = {0};

    open_with(&place, &program);
    cr_assert_eq(hand_over(&place, &program, 0).code, TUG_OK);
    cr_assert_eq(program.writes, 0);
    cr_assert_eq(program.committed, 1);
    place_remove(&place);
}

/* A stop ends it after the piece in progress; before it begins, nothing is called. */
Test(store_sink, a_stop_leaves_the_file)
{
    struct place place = place_create();
    struct program program = {.has_to_stop = true};

    open_with(&place, &program);
    cr_assert_eq(hand_over(&place, &program, 2 * PIECE).code, TUG_ERR_CANCELLED);
    cr_assert_eq(program.writes, 1);
    cr_assert_eq(program.aborted, 1);
    cr_assert_eq(program.why, TUG_ERR_CANCELLED);
    cr_assert_neq(place_mode(&place, PLACE_INGEST), 0);
    cr_assert_eq(hand_over(&place, &program, 2 * PIECE).code, TUG_ERR_CANCELLED);
    cr_assert_eq(program.begun, 1);
    cr_assert_neq(place_mode(&place, PLACE_INGEST), 0);
    place_remove(&place);
}

/* The end of the last piece is the end of the stop's chance. */
Test(store_sink, what_is_all_there_is_committed)
{
    struct place place = place_create();
    struct program program = {.has_to_stop = true};

    open_with(&place, &program);
    cr_assert_eq(hand_over(&place, &program, PIECE).code, TUG_OK);
    cr_assert_eq(program.committed, 1);
    place_remove(&place);
}

/* A refusal has a code that nobody takes for a reason to try again, and a text in any case. */
Test(store_sink, a_refusal_is_final)
{
    struct place place = place_create();
    struct program program = {.refusal = TUG_ERR_BUSY};
    struct tug_error error;

    open_with(&place, &program);
    error = hand_over(&place, &program, PIECE);
    cr_assert_eq(error.code, TUG_ERR_STORE);
    cr_assert_eq(error.os_errno, 0);
    cr_assert(error.is_permanent);
    cr_assert_str_eq(error.message, "the program refused to write it: busy");
    cr_assert_eq(program.aborted, 1);
    cr_assert_eq(program.why, TUG_ERR_STORE);
    cr_assert_eq(place_mode(&place, PLACE_INGEST), 0);
    place_remove(&place);
}

/* A file that another program has cut is not handed over as if it were whole. */
Test(store_sink, a_short_file_is_no_content)
{
    const struct tug_digest digest = place_digest();
    struct place place = place_create();
    struct program program = {0};
    struct tug_error error = {0};
    struct tug__ingest_commit only = {.error = &error};

    open_with(&place, &program);
    cr_assert_eq(tug__ingest_open(place.store, &digest, 2 * PIECE, &only.ingest, NULL), TUG_OK);
    cr_assert_eq(ftruncate(only.ingest->fd, (off_t)PIECE), 0);
    tug__store_commit(place.store, &only, 1, NULL);
    tug__ingest_close(only.ingest);
    cr_assert_eq(error.code, TUG_ERR_STORE);
    cr_assert_eq(program.committed, 0);
    cr_assert_eq(program.aborted, 1);
    place_remove(&place);
}

Test(store_sink, content_is_read_up_to_a_limit)
{
    const struct tug_digest digest = place_digest();
    struct program program = {.is_present = true, .size_bytes = 5};
    struct place place = place_create();
    struct tug_error error = {0};
    struct tug__buf buf;

    open_with(&place, &program);
    tug__buf_init(&buf, 5);
    cr_assert_eq(tug__store_read(place.store, &digest, &buf, NULL), TUG_OK);
    cr_assert_str_eq(buf.data, "xxxxx");
    tug__buf_clear(&buf);
    program.size_bytes = 6;
    cr_assert_eq(tug__store_read(place.store, &digest, &buf, &error), TUG_ERR_TOO_LARGE);
    program.size_bytes = UINT64_MAX;
    cr_assert_eq(tug__store_read(place.store, &digest, &buf, &error), TUG_ERR_TOO_LARGE);
    program.size_bytes = 0;
    cr_assert_eq(tug__store_read(place.store, &digest, &buf, &error), TUG_OK);
    cr_assert_eq(buf.length, 0);
    program.is_present = false;
    cr_assert_eq(tug__store_read(place.store, &digest, &buf, &error), TUG_ERR_STORE);
    cr_assert(tug__store_is_removed(&error));
    tug__buf_fini(&buf);
    place_remove(&place);
}

Test(store_sink, each_callback_but_write_is_needed)
{
    struct tug_store_options options = TUG_STORE_OPTIONS_INIT;
    struct program program = {0};
    struct place place = place_create();
    struct tug_store *store = NULL;
    struct tug_error error = {0};
    struct tug_sink sink;

    open_with(&place, &program);
    options.sink = &sink;
    sink = program.sink;
    sink.have = NULL;
    cr_assert_eq(tug_store_open(place.path, &options, &store, &error), TUG_ERR_INVALID_ARGUMENT);
    sink = program.sink;
    sink.abort = NULL;
    cr_assert_eq(tug_store_open(place.path, &options, &store, &error), TUG_ERR_INVALID_ARGUMENT);
    sink = program.sink;
    sink.size = 0;
    cr_assert_eq(tug_store_open(place.path, &options, &store, &error), TUG_ERR_INVALID_ARGUMENT);
    sink = program.sink;
    sink.write = NULL;
    cr_assert_eq(tug_store_open(place.path, &options, &store, &error), TUG_OK);
    tug_store_close(store);
    place_remove(&place);
}
