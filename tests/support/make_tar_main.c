/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make-tar: write a tar file to stdout that no honest program would write.
 *
 *     make-tar WORD…
 *
 *   text NAME CONTENT      a file with this content
 *   copy NAME FILE         a file with the content of FILE
 *   directory NAME         and symlink NAME TARGET, hardlink NAME TARGET, fifo NAME, device NAME
 *   typed CHARACTER NAME   a member of this type, without content
 *   claim NAME SIZE        the head of a file of SIZE bytes, in octal up to 8 GiB, then in binary;
 *                          the content is what the next words write
 *   field NAME SIZE-TEXT   the same with this text as it is in the field for the size, 12 bytes
 *   minus NAME             the same with a size of -1 in binary
 *   wrong-sum NAME         an empty file whose checksum is wrong
 *   split PREFIX NAME      an empty file, its name in two fields as ustar does it
 *   pax KEY VALUE          an extended header for the next member; global KEY VALUE: for all
 *   pax-raw TEXT           the same with this text instead of a record
 *   long-name NAME         and long-link TARGET: GNU's way to give the next member a longer one
 *   many COUNT             so many empty files
 *   bytes COUNT            so many times 'x', filled up to a block
 *   zeros COUNT            so many blocks of zeros; "zeros 2" ends a tar file
 *
 * Names are cut to 100 bytes. Nothing else is checked. Ends with status 1 when stdout is closed.
 * Knows: the fields of a tar header. Threads: main.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 512
#define OCTAL_MAX ((UINT64_C(1) << 33) - 1)

/* POSIX.1-1988, section 10.1.1. */
struct header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char user[32];
    char group[32];
    char major[8];
    char minor[8];
    char prefix[155];
    char unused[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

_Noreturn static void fail(const char *what, const char *subject)
{
    fprintf(stderr, "make-tar: %s '%s'\n", what, subject);
    exit(2);
}

static void write_bytes(const void *bytes, size_t length)
{
    if (fwrite(bytes, 1, length, stdout) != length) {
        exit(1);
    }
}

/* Fill up to a whole block what was written. */
static void pad(uint64_t length)
{
    static const char zeros[BLOCK];

    write_bytes(zeros, (size_t)((BLOCK - length % BLOCK) % BLOCK));
}

static void copy_field(char *field, size_t size, const char *text)
{
    const size_t length = strlen(text);

    memcpy(field, text, length < size ? length : size);
}

static void set_size(struct header *header, uint64_t size)
{
    if (size <= OCTAL_MAX) {
        char text[sizeof header->size + 1];

        snprintf(text, sizeof text, "%011" PRIo64, size & OCTAL_MAX);
        memcpy(header->size, text, sizeof header->size);
        return;
    }
    memset(header->size, 0, sizeof header->size);
    header->size[0] = (char)0x80;
    for (size_t i = 0; i < sizeof size; i++) {
        header->size[sizeof header->size - 1 - i] = (char)(size >> 8 * i & 0xFF);
    }
}

static struct header make_header(char type, const char *name, const char *link)
{
    struct header header = {.mode = "0000644",
                            .uid = "0000000",
                            .gid = "0000000",
                            .mtime = "00000000000",
                            .type = type,
                            .magic = "ustar",
                            .version = {'0', '0'}};

    copy_field(header.name, sizeof header.name, name);
    copy_field(header.link, sizeof header.link, link);
    set_size(&header, 0);
    return header;
}

/* wrong: so much is added to the checksum. */
static void write_header(struct header *header, unsigned wrong)
{
    const unsigned char *const bytes = (const unsigned char *)header;
    char text[sizeof header->checksum];
    unsigned sum = wrong;

    memset(header->checksum, ' ', sizeof header->checksum);
    for (size_t i = 0; i < BLOCK; i++) {
        sum += bytes[i];
    }
    snprintf(text, sizeof text, "%06o", sum & 0777777);
    memcpy(header->checksum, text, 7);
    write_bytes(header, BLOCK);
}

static void write_empty(char type, const char *name, const char *link)
{
    struct header header = make_header(type, name, link);

    write_header(&header, 0);
}

static void write_claim(char type, const char *name, uint64_t size)
{
    struct header header = make_header(type, name, "");

    set_size(&header, size);
    write_header(&header, 0);
}

static void write_member(char type, const char *name, const void *bytes, size_t length)
{
    write_claim(type, name, length);
    write_bytes(bytes, length);
    pad(length);
}

static void write_copy(const char *name, const char *path)
{
    static char piece[1 << 16];
    FILE *const file = fopen(path, "re");
    uint64_t size;
    size_t length;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fail("cannot read", path);
    }
    size = (uint64_t)ftell(file);
    rewind(file);
    write_claim('0', name, size);
    while ((length = fread(piece, 1, sizeof piece, file)) > 0) {
        write_bytes(piece, length);
    }
    fclose(file);
    pad(size);
}

/* A record says its own length, the digits included. */
static void write_pax(char type, const char *key, const char *value)
{
    const size_t rest = strlen(key) + strlen(value) + 3;
    size_t length = rest + 1;
    char digits[24];
    char *record;

    while (rest + (size_t)snprintf(digits, sizeof digits, "%zu", length) != length) {
        length++;
    }
    record = malloc(length + 1);
    if (record == NULL) {
        fail("no memory for", key);
    }
    snprintf(record, length + 1, "%s %s=%s\n", digits, key, value);
    write_member(type, "pax", record, length);
    free(record);
}

static void write_field(const char *name, const char *text)
{
    struct header header = make_header('0', name, "");

    memset(header.size, 0, sizeof header.size);
    copy_field(header.size, sizeof header.size, text);
    write_header(&header, 0);
}

static void write_minus(const char *name)
{
    struct header header = make_header('0', name, "");

    memset(header.size, 0xFF, sizeof header.size);
    write_header(&header, 0);
}

static void write_wrong_sum(const char *name)
{
    struct header header = make_header('0', name, "");

    write_header(&header, 1);
}

static void write_split(const char *prefix, const char *name)
{
    struct header header = make_header('0', name, "");

    copy_field(header.prefix, sizeof header.prefix, prefix);
    write_header(&header, 0);
}

static void write_many(const char *count)
{
    const uint64_t limit = strtoull(count, NULL, 10);

    for (uint64_t i = 0; i < limit; i++) {
        char name[32];

        snprintf(name, sizeof name, "member-%" PRIu64, i);
        write_empty('0', name, "");
    }
}

static void write_filler(const char *count)
{
    const uint64_t length = strtoull(count, NULL, 10);
    char block[BLOCK];

    memset(block, 'x', sizeof block);
    for (uint64_t left = length; left > 0; left -= left < BLOCK ? left : BLOCK) {
        write_bytes(block, left < BLOCK ? (size_t)left : BLOCK);
    }
    pad(length);
}

static void write_zeros(const char *count)
{
    static const char block[BLOCK];
    const uint64_t limit = strtoull(count, NULL, 10);

    for (uint64_t i = 0; i < limit; i++) {
        write_bytes(block, BLOCK);
    }
}

/* Words with one argument. Returns: whether it is one. */
static bool write_one(const char *word, const char *argument)
{
    if (strcmp(word, "directory") == 0) {
        write_empty('5', argument, "");
    } else if (strcmp(word, "fifo") == 0) {
        write_empty('6', argument, "");
    } else if (strcmp(word, "device") == 0) {
        write_empty('3', argument, "");
    } else if (strcmp(word, "minus") == 0) {
        write_minus(argument);
    } else if (strcmp(word, "wrong-sum") == 0) {
        write_wrong_sum(argument);
    } else if (strcmp(word, "pax-raw") == 0) {
        write_member('x', "pax", argument, strlen(argument));
    } else if (strcmp(word, "long-name") == 0) {
        write_member('L', "././@LongLink", argument, strlen(argument) + 1);
    } else if (strcmp(word, "long-link") == 0) {
        write_member('K', "././@LongLink", argument, strlen(argument) + 1);
    } else if (strcmp(word, "many") == 0) {
        write_many(argument);
    } else if (strcmp(word, "bytes") == 0) {
        write_filler(argument);
    } else if (strcmp(word, "zeros") == 0) {
        write_zeros(argument);
    } else {
        return false;
    }
    return true;
}

/* Words with two arguments. */
static void write_two(const char *word, const char *first, const char *second)
{
    if (strcmp(word, "text") == 0) {
        write_member('0', first, second, strlen(second));
    } else if (strcmp(word, "copy") == 0) {
        write_copy(first, second);
    } else if (strcmp(word, "symlink") == 0) {
        write_empty('2', first, second);
    } else if (strcmp(word, "hardlink") == 0) {
        write_empty('1', first, second);
    } else if (strcmp(word, "typed") == 0) {
        write_empty(first[0], second, "");
    } else if (strcmp(word, "claim") == 0) {
        write_claim('0', first, strtoull(second, NULL, 10));
    } else if (strcmp(word, "field") == 0) {
        write_field(first, second);
    } else if (strcmp(word, "split") == 0) {
        write_split(first, second);
    } else if (strcmp(word, "pax") == 0) {
        write_pax('x', first, second);
    } else if (strcmp(word, "global") == 0) {
        write_pax('g', first, second);
    } else {
        fail("no such word:", word);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc;) {
        if (i + 1 < argc && write_one(argv[i], argv[i + 1])) {
            i += 2;
        } else if (i + 2 < argc) {
            write_two(argv[i], argv[i + 1], argv[i + 2]);
            i += 3;
        } else {
            fail("words are missing after", argv[i]);
        }
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
