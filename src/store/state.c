/* SPDX-License-Identifier: Apache-2.0
 *
 * Which parts of a partial download are present, once they are no longer one piece from the start:
 * ingest/<alg>/<hex>.state.
 *
 * Knows: the file's format, below. Does not know: the network, which thread writes which part.
 * Threads: load, begin and remove belong to the ingest's owner; tug__ingest_note may be called by
 * several threads at once, each with slots of its own.
 *
 * The file has a fixed length. A header of 128 bytes names the blob; then come slots of 32 bytes,
 * one per part, written in place with one pwrite when the part has grown. Each carries a checksum
 * over its content, its number and the header, and none crosses a sector. A slot is written after
 * the data it describes, so a killed process leaves only true claims. A power cut may keep the slot
 * and lose the data: the digest check catches that. Any mismatch (another version, another blob, a
 * torn slot, more than the data file has) makes the whole file invalid.
 */
#include "store/internal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fnv.h"
#include "base/fs.h"
#include "oci/digest.h"

#define STATE_MAGIC UINT64_C(0x3130657461745474) /* "tTtate01" */
#define STATE_BYTES (sizeof(struct state_header) + TUG__INGEST_SLOTS * sizeof(struct state_slot))

/* All numbers little-endian. */
struct state_header {
    uint64_t magic;
    uint64_t slot_count;
    uint64_t size_bytes; /* of the blob */
    uint64_t algorithm;
    uint8_t digest[TUG_DIGEST_BYTES_MAX];
    uint64_t reserved[3];
    uint64_t check;
};

struct state_slot {
    uint64_t first;
    uint64_t end; /* 0: an unused slot, all zero */
    uint64_t reserved;
    uint64_t check;
};

_Static_assert(sizeof(struct state_header) == 128, "the header is a whole number of slots");
_Static_assert(sizeof(struct state_slot) == 32, "no slot crosses a sector");

struct state_file {
    struct state_header header;
    struct state_slot slots[TUG__INGEST_SLOTS];
};

/* Most parts carried over from an earlier download; the other slots are for this one. */
#define PARTS_MAX (TUG__INGEST_SLOTS / 2)

static char *state_name(const struct tug__ingest *ingest, char out_name[TUG__STATE_NAME_MAX])
{
    char hex[TUG_DIGEST_TEXT_MAX];

    (void)snprintf(out_name, TUG__STATE_NAME_MAX, "%s.state",
                   tug__digest_hex(&ingest->digest, hex));
    return out_name;
}

static void make_header(const struct tug__ingest *ingest, struct state_header *out_header)
{
    *out_header = (struct state_header){
        .magic = htole64(STATE_MAGIC),
        .slot_count = htole64(TUG__INGEST_SLOTS),
        .size_bytes = htole64(ingest->size_bytes),
        .algorithm = htole64((uint64_t)ingest->digest.algorithm),
    };
    memcpy(out_header->digest, ingest->digest.bytes, sizeof out_header->digest);
    out_header->check =
        htole64(tug__fnv_add(TUG__FNV_START, out_header, offsetof(struct state_header, check)));
}

/* Checksum of a slot: over its content, its number, and the blob it belongs to. */
static uint64_t slot_sum(const struct state_header *header, unsigned number,
                         const struct state_slot *slot)
{
    const uint64_t place = htole64(number);
    uint64_t sum = tug__fnv_add(TUG__FNV_START, &header->check, sizeof header->check);

    sum = tug__fnv_add(sum, &place, sizeof place);
    return htole64(tug__fnv_add(sum, slot, offsetof(struct state_slot, check)));
}

static void make_slot(const struct state_header *header, unsigned number, uint64_t first,
                      uint64_t end, struct state_slot *out_slot)
{
    *out_slot = (struct state_slot){.first = htole64(first), .end = htole64(end)};
    out_slot->check = slot_sum(header, number, out_slot);
}

/* Tell whether a slot is all zero. */
static bool is_unused(const struct state_slot *slot)
{
    return slot->first == 0 && slot->end == 0 && slot->reserved == 0 && slot->check == 0;
}

/* Add the parts in the slots to ingest->present. Returns: false when any of them is invalid. */
static bool add_slots(struct tug__ingest *ingest, const struct state_file *file,
                      uint64_t data_bytes)
{
    for (unsigned i = 0; i < TUG__INGEST_SLOTS; i++) {
        const struct state_slot *const slot = &file->slots[i];
        const uint64_t first = le64toh(slot->first);
        const uint64_t end = le64toh(slot->end);

        if (is_unused(slot)) {
            continue;
        }
        if (slot->check != slot_sum(&file->header, i, slot) || first > end || end > data_bytes ||
            end > ingest->size_bytes ||
            tug__extents_add(&ingest->present, first, end, NULL) != TUG_OK) {
            return false;
        }
    }
    return true;
}

enum tug_status tug__state_load(struct tug__ingest *ingest, int dir_fd, uint64_t data_bytes,
                                bool *out_is_valid, struct tug_error *err)
{
    char name[TUG__STATE_NAME_MAX];
    struct state_header expected;
    struct state_file file;
    struct stat info;
    enum tug_status status;

    *out_is_valid = false;
    status = tug__fs_open_file(dir_fd, state_name(ingest, name), O_RDWR, &ingest->state_fd, err);
    if (status != TUG_OK) {
        return status;
    }
    if (fstat(ingest->state_fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat '%s'", name);
    }
    if (data_bytes > ingest->size_bytes || (uint64_t)info.st_size != STATE_BYTES) {
        return TUG_OK;
    }
    status = tug__fs_pread_all(ingest->state_fd, &file, sizeof file, 0, err);
    if (status != TUG_OK) {
        return status;
    }
    make_header(ingest, &expected);
    *out_is_valid = memcmp(&file.header, &expected, sizeof expected) == 0 &&
                    add_slots(ingest, &file, data_bytes);
    if (!*out_is_valid) {
        tug__extents_fini(&ingest->present);
    }
    if (ingest->present.count > PARTS_MAX) {
        ingest->present.count = PARTS_MAX; /* drops the last ones: they are fetched again */
    }
    return TUG_OK;
}

uint64_t tug__state_look(int dir_fd, const struct tug_digest *digest, uint64_t data_bytes,
                         uint64_t *out_size_bytes)
{
    struct tug__ingest ingest = {.digest = *digest, .fd = -1, .state_fd = -1};
    char name[TUG__STATE_NAME_MAX];
    struct state_header expected;
    struct state_file file;
    uint64_t present_bytes = 0;
    TUG__AUTO_FD int fd = -1;

    *out_size_bytes = 0;
    if (tug__fs_open_file(dir_fd, state_name(&ingest, name), O_RDONLY, &fd, NULL) != TUG_OK ||
        tug__fs_pread_all(fd, &file, sizeof file, 0, NULL) != TUG_OK) {
        return 0;
    }
    ingest.size_bytes = le64toh(file.header.size_bytes);
    make_header(&ingest, &expected);
    if (memcmp(&file.header, &expected, sizeof expected) != 0) {
        return 0;
    }
    *out_size_bytes = ingest.size_bytes;
    if (add_slots(&ingest, &file, data_bytes)) {
        present_bytes = tug__extents_bytes(&ingest.present);
    }
    tug__extents_fini(&ingest.present);
    return present_bytes;
}

enum tug_status tug__ingest_begin_state(struct tug__ingest *ingest, uint64_t prefix_bytes,
                                        struct tug_error *err)
{
    char temporary[TUG__STATE_NAME_MAX + 4];
    char name[TUG__STATE_NAME_MAX];
    const struct tug__fs_replacement replacement = {
        .temporary = temporary,
        .name = name,
        .mode = 0600,
        .sync = ingest->store->is_durable,
    };
    struct tug__algorithm_dirs dirs;
    struct state_file file = {0};
    enum tug_status status =
        tug__store_dirs(ingest->store, ingest->digest.algorithm, true, &dirs, err);

    if (status == TUG_OK) {
        status = tug__store_sync_layout(ingest->store, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    make_header(ingest, &file.header);
    if (prefix_bytes > 0) {
        make_slot(&file.header, 0, 0, prefix_bytes, &file.slots[0]);
    }
    for (unsigned i = 0; i < ingest->present.count && i + 1 < TUG__INGEST_SLOTS; i++) {
        make_slot(&file.header, i + 1, ingest->present.items[i].first, ingest->present.items[i].end,
                  &file.slots[i + 1]);
    }
    (void)snprintf(temporary, sizeof temporary, "%s.tmp", state_name(ingest, name));
    status = tug__fs_replace_bytes(dirs.ingest_fd, &replacement, &file, sizeof file, err);
    if (status != TUG_OK) {
        return status;
    }
    if (ingest->state_fd >= 0) {
        (void)close(ingest->state_fd);
        ingest->state_fd = -1;
    }
    status = tug__fs_open_file(dirs.ingest_fd, name, O_RDWR, &ingest->state_fd, err);
    if (status == TUG_OK) {
        tug__store_give_file(ingest->store, ingest->state_fd);
    }
    return status;
}

enum tug_status tug__ingest_note(const struct tug__ingest *ingest, unsigned number, uint64_t first,
                                 uint64_t end, struct tug_error *err)
{
    struct state_header header;
    struct state_slot slot = {0};

    make_header(ingest, &header);
    if (end > first) {
        make_slot(&header, number, first, end, &slot);
    }
    return tug__fs_pwrite_all(ingest->state_fd, &slot, sizeof slot,
                              sizeof header + number * sizeof slot, err);
}

enum tug_status tug__state_remove(struct tug__ingest *ingest, int dir_fd, struct tug_error *err)
{
    char name[TUG__STATE_NAME_MAX];

    if (ingest->state_fd >= 0) {
        (void)close(ingest->state_fd);
        ingest->state_fd = -1;
    }
    if (unlinkat(dir_fd, state_name(ingest, name), 0) != 0 && errno != ENOENT) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot remove '%s'", name);
    }
    return TUG_OK;
}
