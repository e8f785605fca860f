/* SPDX-License-Identifier: Apache-2.0
 *
 * The command get: one blob to standard output.
 *
 * Knows: the public library. Does not know: what a blob is.
 * Threads: main.
 */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tug/images.h>

#include "report.h"
#include "store_run.h"

#define PIECE_BYTES 65536

/* Find the blob that an operand means: a digest is one itself, a name means its image's root. */
static enum tug_status find(struct store_run *run, const char *text, struct tug_digest *out_digest,
                            struct tug_error *err)
{
    if (tug_digest_parse(text, strlen(text), out_digest, NULL) == TUG_OK) {
        return TUG_OK;
    }
    return tug_store_find_image(run->store, text, NULL, out_digest, err);
}

static enum tug_status fail(struct tug_error *err, enum tug_status code, const char *what,
                            const char *why)
{
    err->code = code;
    (void)snprintf(err->message, sizeof err->message, "%s: %s", what, why);
    return code;
}

/* Copy a file to standard output, until nobody reads it. */
static enum tug_status copy(struct store_run *run, int fd, uint64_t size_bytes,
                            struct tug_error *err)
{
    struct text piece = {0};
    char bytes[PIECE_BYTES];
    uint64_t copied = 0;
    enum tug_status status = TUG_OK;

    while (status == TUG_OK && store_run_has_reader(run)) {
        const ssize_t count = read(fd, bytes, sizeof bytes);

        if (count > 0) {
            copied += (uint64_t)count;
            text_append(&piece, bytes, (size_t)count);
            store_run_print(run, &piece);
        } else if (count == 0) {
            break;
        } else if (errno != EINTR) {
            status = fail(err, TUG_ERR_STORE, "cannot read the blob", strerror(errno));
        }
        if (run->watch.should_stop(run->watch.context)) {
            status = fail(err, TUG_ERR_CANCELLED, "get", "interrupted");
        }
    }
    text_fini(&piece);
    if (status == TUG_OK && store_run_has_reader(run) && copied != size_bytes) {
        status = fail(err, TUG_ERR_STORE, "cannot read the blob",
                      "another program changed the length of its file");
    }
    return status;
}

int cmd_get(const struct settings *settings, const struct command_table *table)
{
    struct store_run run;
    struct tug_digest digest;
    struct tug_error error = {0};
    uint64_t size_bytes = 0;
    int fd = -1;
    enum tug_status status;
    int exit_status;

    (void)table;
    if (settings->common.input_count != 1) {
        return report_usage("get", "get: %s",
                            settings->common.input_count == 0
                                ? "no digest or reference given"
                                : "one digest or reference at a time");
    }
    exit_status = store_run_begin(&run, settings, "get", STORE_IS_READ);
    if (exit_status != 0) {
        return exit_status;
    }
    status = find(&run, settings->common.inputs[0].text, &digest, &error);
    if (status == TUG_OK) {
        status = tug_store_open_blob(run.store, &digest, &fd, &size_bytes, &error);
    }
    if (status == TUG_OK) {
        status = copy(&run, fd, size_bytes, &error);
        (void)close(fd);
    }
    return store_run_end(&run, status, &error);
}
