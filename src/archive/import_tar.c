/* SPDX-License-Identifier: Apache-2.0
 *
 * Read a tar archive of images in one pass.
 *
 * Knows: members, the formats' lists. Does not know: libarchive, HTTP. Threads: the calling one.
 *
 * Content may come before the list that says what it is, and a pipe cannot go back. So whatever can
 * be content goes to the store as it comes: blobs, whose names say their digest, to be verified and
 * committed; other parts, hashed, to be held back until manifest.json asks for them.
 */
#include "archive/import_internal.h"

#include <string.h>
#include <sys/stat.h>

#include "archive/docker_save.h"
#include "archive/limits.h"
#include "archive/member.h"
#include "archive/table.h"
#include "archive/tar_in.h"
#include "base/error.h"

/* One archive. */
struct reading {
    struct tug__import *import;
    struct tug__tar_in *in;
    struct tug__table table;
    struct tug__buf index;       /* index.json; data NULL: none yet */
    struct tug__buf docker_list; /* manifest.json */
    struct tug__buf layout;      /* oci-layout */
};

/* Read a list into memory. */
static enum tug_status read_list(struct reading *reading, const struct tug__tar_member *member,
                                 struct tug__buf *buf, struct tug_error *err)
{
    uint8_t *const piece = reading->import->intake.piece;
    size_t length = 1;
    enum tug_status status = TUG_OK;

    if (buf->data != NULL || member->size_bytes == 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "member '%s' is %s", member->name,
                         buf->data != NULL ? "there twice" : "empty");
    }
    if (member->size_bytes > buf->limit) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "member '%s' is longer than %zu bytes",
                         member->name, buf->limit);
    }
    while (status == TUG_OK && length > 0) {
        status = tug__tar_in_read(reading->in, piece, TUG__ARCHIVE_PIECE, &length, err);
        if (status == TUG_OK) {
            status = tug__buf_append(buf, piece, length, err);
        }
    }
    return status;
}

/* Bring the content of a member into the store. */
static enum tug_status take_content(struct reading *reading, const struct tug__tar_member *member,
                                    const char *name, const struct tug_digest *digest,
                                    struct tug_error *err)
{
    const struct tug__source source = {.read = tug__tar_in_read, .context = reading->in};
    struct tug__intake *const intake = &reading->import->intake;
    struct tug__part part;
    enum tug_status status;

    if (digest != NULL) {
        status = tug__intake_blob(intake, digest, member->size_bytes, &source, err);
    } else {
        status = tug__intake_part(intake, member->size_bytes, &source, &part, err);
    }
    if (status == TUG_ERR_CONTENT || status == TUG_ERR_TOO_LARGE) {
        return tug__wrap(err, status, "member '%s'", name);
    }
    return status == TUG_OK && digest == NULL
               ? tug__table_add(&reading->table, name, NULL, &part, err)
               : status;
}

static enum tug_status take_file(struct reading *reading, const struct tug__tar_member *member,
                                 const char *name, struct tug_error *err)
{
    struct tug_digest digest = {0};

    switch (tug__member_use(name, &digest)) {
    case TUG__USE_NOTHING:
        return TUG_OK;
    case TUG__USE_LAYOUT:
        return read_list(reading, member, &reading->layout, err);
    case TUG__USE_INDEX:
        return read_list(reading, member, &reading->index, err);
    case TUG__USE_DOCKER_LIST:
        return read_list(reading, member, &reading->docker_list, err);
    case TUG__USE_BLOB:
        return take_content(reading, member, name, &digest, err);
    case TUG__USE_PART:
        return take_content(reading, member, name, NULL, err);
    }
    return TUG_OK;
}

/* Remember a link: a name for another member, which some tools write for a layer that is there
 * already. It is never followed but in the table. */
static enum tug_status take_link(struct reading *reading, const struct tug__tar_member *member,
                                 const char *name, struct tug_error *err)
{
    const bool is_hard = member->type == TUG__MEMBER_HARDLINK;
    char target[TUG__ARCHIVE_NAME_MAX];
    struct tug_digest digest;
    const enum tug_status status =
        tug__member_target(is_hard ? NULL : name, member->target, target, err);

    if (status != TUG_OK) {
        return status;
    }
    switch (tug__member_use(name, &digest)) {
    case TUG__USE_NOTHING:
        return TUG_OK;
    case TUG__USE_PART:
        return tug__table_add(&reading->table, name, target, NULL, err);
    case TUG__USE_LAYOUT:
    case TUG__USE_INDEX:
    case TUG__USE_DOCKER_LIST:
    case TUG__USE_BLOB:
        break;
    }
    return tug__fail(err, TUG_ERR_CONTENT, "member '%s' is a link", name);
}

static enum tug_status take_member(struct reading *reading, const struct tug__tar_member *member,
                                   struct tug_error *err)
{
    char name[TUG__ARCHIVE_NAME_MAX];
    const enum tug_status status = tug__member_name(member->name, name, err);

    if (status != TUG_OK) {
        return status;
    }
    switch (member->type) {
    case TUG__MEMBER_DIR:
        return TUG_OK;
    case TUG__MEMBER_FILE:
        return take_file(reading, member, name, err);
    case TUG__MEMBER_SYMLINK:
    case TUG__MEMBER_HARDLINK:
        return take_link(reading, member, name, err);
    case TUG__MEMBER_SPECIAL:
        break;
    }
    return tug__fail(err, TUG_ERR_CONTENT, "member '%s' is a device, a FIFO, or a file with holes",
                     name);
}

static enum tug_status read_members(struct reading *reading, struct tug_error *err)
{
    struct tug_work_progress *const progress = &reading->import->work->progress;
    struct tug__tar_member member;
    enum tug_status status = TUG_OK;
    bool is_end = false;

    while (status == TUG_OK && !is_end) {
        status = tug__tar_in_next(reading->in, &member, &is_end, err);
        if (status == TUG_OK && !is_end) {
            status = take_member(reading, &member, err);
        }
        if (status == TUG_OK && ++progress->items_done > TUG__ARCHIVE_MEMBERS_MAX) {
            status = tug__fail(err, TUG_ERR_TOO_LARGE, "the archive has more than %zu members",
                               TUG__ARCHIVE_MEMBERS_MAX);
        }
    }
    if (status == TUG_OK) {
        status = tug__tar_in_finish(reading->in, err);
    }
    return status == TUG_OK ? tug__intake_commit(&reading->import->intake, err) : status;
}

/* Find the images in the list of one format. One that has both is a layout, and its manifest.json
 * says nothing that index.json does not. */
static enum tug_status find_images(struct reading *reading, struct tug_error *err)
{
    struct tug__images_found *const images = &reading->import->images;
    const struct tug__docker_save save = {
        .intake = &reading->import->intake, .table = &reading->table, .images = images};

    if (reading->layout.data != NULL) {
        const enum tug_status status =
            tug__images_check_layout(reading->layout.data, reading->layout.length, err);

        if (status != TUG_OK) {
            return status;
        }
    }
    if (reading->index.data != NULL) {
        return tug__images_read_index(images, reading->index.data, reading->index.length, err);
    }
    if (reading->docker_list.data != NULL) {
        return tug__docker_save_read(&save, reading->docker_list.data, reading->docker_list.length,
                                     err);
    }
    return tug__fail(err, TUG_ERR_CONTENT,
                     "no archive of images: it has neither index.json (OCI) nor manifest.json "
                     "(docker save), or was cut off");
}

/* Learn what can be believed of sizes: of a plain file, all that it has. */
static void learn_size(struct tug__import *import, int fd)
{
    struct stat info;

    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        import->work->progress.bytes_total = (uint64_t)info.st_size;
        import->intake.real_bytes = (uint64_t)info.st_size;
    }
}

enum tug_status tug__import_tar(struct tug__import *import, int fd, struct tug_error *err)
{
    struct reading reading = {.import = import};
    enum tug_status status = tug__tar_in_open(fd, import->work, &reading.in, err);

    tug__buf_init(&reading.index, TUG__ARCHIVE_LIST_BYTES_MAX);
    tug__buf_init(&reading.docker_list, TUG__ARCHIVE_LIST_BYTES_MAX);
    tug__buf_init(&reading.layout, TUG__ARCHIVE_LAYOUT_BYTES_MAX);
    learn_size(import, fd);
    if (status == TUG_OK) {
        status = read_members(&reading, err);
    }
    if (status == TUG_OK) {
        status = find_images(&reading, err);
    }
    tug__tar_in_close(reading.in);
    tug__table_fini(&reading.table);
    tug__buf_fini(&reading.index);
    tug__buf_fini(&reading.docker_list);
    tug__buf_fini(&reading.layout);
    return status;
}
