/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-layer: an archive as a layer of an image has, the same bytes each time.
 *
 *     bench-layer SEED BYTES VERSION > TAR
 *
 * VERSION is "old", or a number: that of a rebuilt layer, of which so many per cent of the files
 * have new content and another time. What a rebuild changes anyway is new in each of them: the
 * times of the first directory and of each tenth.
 *
 * Sizes are those of a system with programs: half of the files are below 4 KiB, one of a thousand
 * has 4 to 16 MiB, which together are a fifth of the bytes. Of ten files four are text, three are
 * like machine code, three compressed already.
 *
 * Threads: one.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 512
#define FILES_PER_FOLDER 20
#define WORDS 4096
#define KIB ((uint64_t)1024)

/* Parts of a thousand, and the sizes of theirs. */
static const struct {
    unsigned share;
    uint64_t least, most;
} sizes[] = {
    {500, 100, 4 * KIB},        {350, 4 * KIB, 32 * KIB},   {110, 32 * KIB, 128 * KIB},
    {32, 128 * KIB, 512 * KIB}, {7, 512 * KIB, 4096 * KIB}, {1, 4096 * KIB, 16384 * KIB},
};

struct layer {
    uint64_t seed;
    bool is_new;
    unsigned changed_percent;
    char words[WORDS][12];
    unsigned char content[16384 * 1024 + BLOCK_BYTES];
};

static uint64_t next(uint64_t *state)
{
    uint64_t x = (*state += 0x9e3779b97f4a7c15U);

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

/* A generator of its own for each file and purpose. */
static uint64_t start(uint64_t seed, uint64_t number, uint64_t purpose)
{
    uint64_t state = seed * 1000003 + number * 64 + purpose;

    (void)next(&state);
    return next(&state);
}

static void write_all(const void *bytes, size_t length)
{
    if (fwrite(bytes, 1, length, stdout) != length) {
        perror("bench-layer: stdout");
        exit(1);
    }
}

static void write_header(const char *name, char type, uint64_t length, unsigned long time)
{
    unsigned char block[BLOCK_BYTES] = {0};
    char *const text = (char *)block;
    unsigned sum = 0;

    (void)snprintf(text, 100, "%s", name);
    (void)snprintf(text + 100, 8, "%07o", type == '5' ? 0755U : 0644U);
    (void)snprintf(text + 108, 8, "%07o", 0U);
    (void)snprintf(text + 116, 8, "%07o", 0U);
    (void)snprintf(text + 124, 12, "%011" PRIo64, length);
    (void)snprintf(text + 136, 12, "%011lo", time);
    memset(text + 148, ' ', 8);
    text[156] = type;
    memcpy(text + 257,
           "ustar\0"
           "00",
           8);
    for (size_t i = 0; i < sizeof block; i++) {
        sum += block[i];
    }
    (void)snprintf(text + 148, 8, "%06o", sum);
    write_all(block, sizeof block);
}

static void make_words(struct layer *layer)
{
    uint64_t state = start(1, 0, 0); /* all layers speak one language */

    for (unsigned i = 0; i < WORDS; i++) {
        const unsigned length = 2 + (unsigned)(next(&state) % 9);

        for (unsigned k = 0; k < length; k++) {
            layer->words[i][k] = (char)('a' + next(&state) % 26);
        }
        layer->words[i][length] = i % 16 == 0 ? '\n' : ' ';
    }
}

/* Words, few of them often. */
static void fill_text(struct layer *layer, uint64_t length, uint64_t state)
{
    uint64_t at = 0;

    while (at < length) {
        const uint64_t random = next(&state);
        const unsigned word = (unsigned)((random & 0xfff) * (random >> 12 & 0xfff) *
                                         (random >> 24 & 0xfff) / 4096 / 4096);
        const char *const text = layer->words[word % WORDS];

        for (unsigned i = 0; i < sizeof layer->words[0] && text[i] != '\0' && at < length; i++) {
            layer->content[at++] = (unsigned char)text[i];
        }
    }
}

/* Words of 8 bytes: some random, some small numbers, some as the one a little before. */
static void fill_code(struct layer *layer, uint64_t length, uint64_t state)
{
    for (uint64_t at = 0; at < length; at += 8) {
        const uint64_t random = next(&state);
        uint64_t word = random;

        if (random % 8 < 3) {
            word = random >> 48;
        } else if (random % 8 < 6 && at >= 256) {
            memcpy(&word, layer->content + at - 8 * (1 + (random >> 8) % 32), sizeof word);
        }
        memcpy(layer->content + at, &word, sizeof word);
    }
}

static void fill_random(struct layer *layer, uint64_t length, uint64_t state)
{
    for (uint64_t at = 0; at < length; at += 8) {
        const uint64_t word = next(&state);

        memcpy(layer->content + at, &word, sizeof word);
    }
}

static uint64_t choose_size(uint64_t state)
{
    unsigned part = (unsigned)(next(&state) % 1000);
    size_t i = 0;

    while (part >= sizes[i].share) {
        part -= sizes[i++].share;
    }
    return sizes[i].least + next(&state) % (sizes[i].most - sizes[i].least);
}

/* Every 50th file is one of 2 per cent, and so on: spread over the whole layer. */
static bool has_changed(const struct layer *layer, uint64_t number)
{
    return layer->is_new && number * layer->changed_percent % 100 + layer->changed_percent >= 100;
}

/* Returns: bytes of the archive. */
static uint64_t write_file(struct layer *layer, uint64_t number)
{
    const bool changed = has_changed(layer, number);
    const uint64_t length = choose_size(start(layer->seed, number, 0));
    const uint64_t kind = start(layer->seed, number, 1) % 10;
    const uint64_t state = start(layer->seed, number, changed ? 3 : 2);
    const uint64_t padding = (BLOCK_BYTES - length % BLOCK_BYTES) % BLOCK_BYTES;
    char name[100];

    (void)snprintf(name, sizeof name, "usr/share/d%05" PRIu64 "/file-%06" PRIu64,
                   number / FILES_PER_FOLDER, number);
    write_header(name, '0', length, 1700000000 + number % 1000 + (changed ? 5000000 : 0));
    if (kind < 4) {
        fill_text(layer, length, state);
    } else if (kind < 7) {
        fill_code(layer, length, state);
    } else {
        fill_random(layer, length, state);
    }
    memset(layer->content + length, 0, padding);
    write_all(layer->content, length + padding);
    return BLOCK_BYTES + length + padding;
}

static uint64_t write_folder(const struct layer *layer, uint64_t number)
{
    const bool changed = layer->is_new && number % 10 == 0;
    char name[100];

    (void)snprintf(name, sizeof name, "usr/share/d%05" PRIu64 "/", number);
    write_header(name, '5', 0, 1700000000 + number % 1000 + (changed ? 5000000 : 0));
    return BLOCK_BYTES;
}

int main(int argc, char **argv)
{
    static const unsigned char end[2 * BLOCK_BYTES];
    static struct layer layer;

    if (argc != 4) {
        fputs("usage: bench-layer SEED BYTES VERSION\n", stderr);
        return 2;
    }
    const uint64_t bytes = strtoull(argv[2], NULL, 10);
    uint64_t written = 0;

    layer.seed = strtoull(argv[1], NULL, 10);
    layer.is_new = strcmp(argv[3], "old") != 0;
    layer.changed_percent = layer.is_new ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    make_words(&layer);
    for (uint64_t number = 0; written < bytes; number++) {
        if (number % FILES_PER_FOLDER == 0) {
            written += write_folder(&layer, number / FILES_PER_FOLDER);
        }
        written += write_file(&layer, number);
    }
    write_all(end,
              sizeof end); /* no more: skopeo 1.9 waits for ever at the end of some padded ones */
    return fflush(stdout) == 0 ? 0 : 1;
}
