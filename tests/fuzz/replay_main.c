/* SPDX-License-Identifier: Apache-2.0
 *
 * Run a fuzz target over files, without a fuzzer: seeds and what a fuzzer once found.
 *
 * Usage: PROGRAM FILE…  Fails on a file that cannot be read; a finding ends the process.
 * Does not know: which parser it is linked with.
 * Threads: one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Largest file that is replayed. */
#define FILE_MAX ((size_t)16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path, uint8_t *room)
{
    FILE *const file = fopen(path, "rb");
    size_t size;
    int failed;
    uint8_t *exact;

    if (file == NULL) {
        perror(path);
        return 1;
    }
    size = fread(room, 1, FILE_MAX, file);
    failed = ferror(file) || !feof(file);
    (void)fclose(file);
    if (failed) {
        fprintf(stderr, "%s: cannot be read, or too large\n", path);
        return 1;
    }
    // memory of the exact size, so that a sanitizer sees reads past the end
    exact = malloc(size > 0 ? size : 1);
    if (exact == NULL) {
        perror(path);
        return 1;
    }
    for (size_t i = 0; i < size; i++) {
        exact[i] = room[i];
    }
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    uint8_t *const room = malloc(FILE_MAX);
    int failures = 0;

    if (room == NULL) {
        perror("replay");
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        failures += replay(argv[i], room);
    }
    free(room);
    return failures > 0 ? 1 : 0;
}
