/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers of the members that an export writes.
 *
 * Knows: the ustar and pax formats. Does not know: the store, what the members are.
 * Threads: any.
 *
 * Own code and no library's: the bytes of an export are a promise, and libarchive's headers changed
 * from version to version (names of extended headers, which records they hold).
 */
#include "archive/tar_header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Largest size that eleven octal digits hold, 8 GiB less a byte. */
#define USTAR_SIZE_MAX ((UINT64_C(1) << 33) - 1)
#define USTAR_NAME_MAX ((size_t)100)

/* One block, as POSIX lays it out. */
struct ustar {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char linkname[100];
    char magic[6];
    char version[2];
    char uname[32];
    char gname[32];
    char devmajor[8];
    char devminor[8];
    char prefix[155];
    char unused[12];
};

_Static_assert(sizeof(struct ustar) == TUG__TAR_BLOCK, "a header is one block");

/* Write octal digits that fill a field but for the NUL at its end. */
static void put_octal(char *field, size_t length, uint64_t value)
{
    field[length - 1] = '\0';
    for (size_t i = length - 1; i > 0; i--) {
        field[i - 1] = (char)('0' + (value & 7));
        value >>= 3;
    }
}

static void put_block(struct ustar *out_block, const char *name, char type, uint64_t size_bytes)
{
    const size_t length = strlen(name);
    unsigned sum = 0;

    memset(out_block, 0, sizeof *out_block);
    memcpy(out_block->name, name, length < USTAR_NAME_MAX ? length : USTAR_NAME_MAX);
    put_octal(out_block->mode, sizeof out_block->mode, type == '5' ? 0755 : 0644);
    put_octal(out_block->uid, sizeof out_block->uid, 0);
    put_octal(out_block->gid, sizeof out_block->gid, 0);
    put_octal(out_block->size, sizeof out_block->size, size_bytes);
    put_octal(out_block->mtime, sizeof out_block->mtime, 0);
    out_block->type = type;
    memcpy(out_block->magic, "ustar", sizeof out_block->magic);
    memcpy(out_block->version, "00", sizeof out_block->version);
    put_octal(out_block->devmajor, sizeof out_block->devmajor, 0);
    put_octal(out_block->devminor, sizeof out_block->devminor, 0);
    /* The sum of all bytes, its own field taken as spaces. */
    memset(out_block->checksum, ' ', sizeof out_block->checksum);
    for (size_t i = 0; i < sizeof *out_block; i++) {
        sum += ((const uint8_t *)out_block)[i];
    }
    put_octal(out_block->checksum, sizeof out_block->checksum - 1, sum);
}

/* Append a pax record, "LENGTH KEY=VALUE\n", where the length counts its own digits, too. */
static size_t put_record(char *out_text, size_t capacity, const char *key, const char *value)
{
    const size_t bare = strlen(key) + strlen(value) + 3;
    size_t length = bare + 1;

    while (length != bare + (size_t)snprintf(NULL, 0, "%zu", length)) {
        length++;
    }
    (void)snprintf(out_text, capacity, "%zu %s=%s\n", length, key, value);
    return length;
}

size_t tug__tar_header(const char *name, uint64_t size_bytes,
                       uint8_t out_blocks[TUG__TAR_HEADER_BLOCKS * TUG__TAR_BLOCK])
{
    const size_t length = strlen(name);
    const char type = length > 0 && name[length - 1] == '/' ? '5' : '0';
    const bool is_large = size_bytes > USTAR_SIZE_MAX;
    struct ustar *const blocks = (struct ustar *)(void *)out_blocks;
    char *const records = (char *)&blocks[1];
    char digits[24];
    size_t used = 0;

    if (length <= USTAR_NAME_MAX && !is_large) {
        put_block(&blocks[0], name, type, size_bytes);
        return TUG__TAR_BLOCK;
    }
    memset(records, 0, TUG__TAR_BLOCK);
    if (length > USTAR_NAME_MAX) {
        used += put_record(records, TUG__TAR_BLOCK, "path", name);
    }
    if (is_large) {
        (void)snprintf(digits, sizeof digits, "%" PRIu64, size_bytes);
        used += put_record(records + used, TUG__TAR_BLOCK - used, "size", digits);
    }
    put_block(&blocks[0], "pax_header", 'x', used);
    put_block(&blocks[2], name, type, is_large ? 0 : size_bytes);
    return 3 * TUG__TAR_BLOCK;
}

size_t tug__tar_padding(uint64_t size_bytes)
{
    return (size_t)(-size_bytes % TUG__TAR_BLOCK);
}

uint64_t tug__tar_member_bytes(const char *name, uint64_t size_bytes)
{
    const bool is_long = strlen(name) > USTAR_NAME_MAX || size_bytes > USTAR_SIZE_MAX;

    return (is_long ? 3 : 1) * TUG__TAR_BLOCK + size_bytes + tug__tar_padding(size_bytes);
}
