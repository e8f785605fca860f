/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug_store_import: whatever an archive holds, the store is whole afterwards, every blob is
 * what its name says, and only a successful import has named something.
 * Input: a byte; 't': a tar file follows, as it is. Else members follow, of which a tar file is
 * made: a byte for the type, the name up to a NUL, two bytes for the length (low one first), the
 * content.
 * "@N", N a digit, in a name or content becomes the SHA-256 of the N-th member's content in hex,
 * and
 * "@." in a name that of its own.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tug/tug.h>

#include "archive/tar_header.h"
#include "base/buf.h"
#include "oci/digest.h"
#include "store/store.h"

#define INPUT_MAX ((size_t)64 * 1024)
#define NAME_MAX_BYTES ((size_t)180)
/* Members that may be referred to. */
#define DIGESTS 10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* What is left of the input. */
struct input {
    const uint8_t *at;
    size_t left;
};

/* A tar file that is being made. */
struct making {
    struct tug__buf tar;
    char hex[DIGESTS][TUG_DIGEST_TEXT_MAX]; /* of the members so far */
    size_t count;
};

static size_t take(struct input *input, size_t length)
{
    length = length < input->left ? length : input->left;
    input->at += length;
    input->left -= length;
    return length;
}

/* Copy a text with its digests filled in. own: for "@."; NULL: none. */
static void expand(const struct making *making, const uint8_t *text, size_t length, const char *own,
                   struct tug__buf *out)
{
    for (size_t i = 0; i < length; i++) {
        const char *hex = NULL;

        if (text[i] == '@' && i + 1 < length) {
            const size_t number = (size_t)text[i + 1] - '0';

            hex = text[i + 1] == '.' ? own : number < making->count ? making->hex[number] : NULL;
        }
        if (hex != NULL) {
            require(tug__buf_append(out, hex, strlen(hex), NULL) == TUG_OK);
            i++;
        } else {
            require(tug__buf_append(out, &text[i], 1, NULL) == TUG_OK);
        }
    }
}

/* Write a header of another type than a file's, and its checksum anew. */
static void set_type(uint8_t *block, uint8_t type, const char *target)
{
    unsigned sum = 0;

    block[156] = type;
    (void)strncpy((char *)block + 157, target, 99);
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < TUG__TAR_BLOCK; i++) {
        sum += block[i];
    }
    (void)snprintf((char *)block + 148, 8, "%06o", sum);
}

static void add_member(struct making *making, uint8_t type, struct tug__buf *name,
                       struct tug__buf *content)
{
    static const uint8_t zeros[TUG__TAR_BLOCK];
    _Alignas(8) uint8_t blocks[TUG__TAR_HEADER_BLOCKS * TUG__TAR_BLOCK];
    const bool is_file = type == '0' || (type != '1' && type != '2' && type != '3' && type != '6');
    const size_t size = is_file ? content->length : 0;
    const size_t length = tug__tar_header(name->length > 0 ? name->data : "", size, blocks);

    if (!is_file) {
        set_type(blocks + length - TUG__TAR_BLOCK, type, content->length > 0 ? content->data : "");
    }
    require(tug__buf_append(&making->tar, blocks, length, NULL) == TUG_OK);
    require(tug__buf_append(&making->tar, content->data, size, NULL) == TUG_OK);
    require(tug__buf_append(&making->tar, zeros, tug__tar_padding(size), NULL) == TUG_OK);
}

static void make_member(struct making *making, struct input *input)
{
    struct tug_digest digest;
    char own[TUG_DIGEST_TEXT_MAX];
    struct tug__buf content;
    struct tug__buf name;
    const uint8_t type = *input->at;
    const uint8_t *raw_name;
    const uint8_t *at;
    size_t name_length;
    size_t length;

    (void)take(input, 1);
    raw_name = input->at;
    at = memchr(raw_name, '\0', input->left);
    name_length = at != NULL ? (size_t)(at - raw_name) : input->left;
    (void)take(input, name_length + 1);
    at = input->at;
    length = take(input, 2) == 2 ? (size_t)at[0] + 256 * (size_t)at[1] : 0;
    at = input->at;
    length = take(input, length);
    tug__buf_init(&content, 64 * INPUT_MAX);
    tug__buf_init(&name, 64 * INPUT_MAX);
    expand(making, at, length, NULL, &content);
    require(tug__digest_of(TUG_DIGEST_SHA256, content.data != NULL ? content.data : "",
                           content.length, &digest, NULL) == TUG_OK);
    (void)tug__digest_hex(&digest, own);
    expand(making, raw_name, name_length < 80 ? name_length : 80, own, &name);
    if (name.length <= NAME_MAX_BYTES) {
        add_member(making, type, &name, &content);
    }
    if (making->count < DIGESTS) {
        (void)strcpy(making->hex[making->count++], own);
    }
    tug__buf_fini(&content);
    tug__buf_fini(&name);
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *place)
{
    (void)info;
    (void)flag;
    (void)place;
    return remove(path);
}

/* Every file below blobs/sha256 is what its name says. */
static void check_blobs(struct tug_store *store, const char *path)
{
    char dir_path[256];
    DIR *dir;

    (void)snprintf(dir_path, sizeof dir_path, "%s/blobs/sha256", path);
    dir = opendir(dir_path);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char text[TUG_DIGEST_TEXT_MAX];
        struct tug_digest digest;
        struct tug_digest found;
        struct tug__buf buf;

        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(text, sizeof text, "sha256:%.70s", entry->d_name);
        require(tug_digest_parse(text, strlen(text), &digest, NULL) == TUG_OK);
        tug__buf_init(&buf, 64 * INPUT_MAX);
        require(tug__store_read(store, &digest, &buf, NULL) == TUG_OK);
        require(tug__digest_of(TUG_DIGEST_SHA256, buf.data != NULL ? buf.data : "", buf.length,
                               &found, NULL) == TUG_OK);
        require(tug_digest_equal(&digest, &found));
        tug__buf_fini(&buf);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

/* Each image that was named can be exported: it is whole. */
static void check_image(void *context, const struct tug_imported *image)
{
    require(image->name != NULL && image->digest.algorithm != TUG_DIGEST_NONE);
    ++*(size_t *)context;
}

static void import(const void *bytes, size_t length)
{
    const struct tug_store_options store_options = {.size = sizeof store_options,
                                                    .durability = TUG_DURABILITY_NONE};
    char path[] = "/dev/shm/tug-fuzz-XXXXXX";
    struct tug_import_options options = TUG_IMPORT_OPTIONS_INIT;
    const int fd = memfd_create("archive", MFD_CLOEXEC);
    struct tug_store *store = NULL;
    struct tug_error error = {0};
    size_t named = 0;
    enum tug_status status;

    require(fd >= 0 && mkdtemp(path) != NULL);
    require(write(fd, bytes, length) == (ssize_t)length && lseek(fd, 0, SEEK_SET) == 0);
    require(tug_store_open(path, &store_options, &store, &error) == TUG_OK);
    options.max_size_bytes = INPUT_MAX * 64;
    options.on_image = check_image;
    options.image_context = &named;
    status = tug_store_import(store, fd, &options, NULL, NULL, &error);
    require((status == TUG_OK) == (error.code == TUG_OK));
    require(status == TUG_OK ? named > 0 : named == 0 && error.message[0] != '\0');
    require(status != TUG_ERR_INTERNAL && status != TUG_ERR_STORE);
    check_blobs(store, path);
    tug_store_close(store);
    (void)close(fd);
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[2 * TUG__TAR_BLOCK];
    struct input input = {.at = data, .left = size};
    struct making making = {0};

    if (size == 0 || size > INPUT_MAX) {
        return 0;
    }
    (void)take(&input, 1);
    if (data[0] == 't') {
        import(input.at, input.left);
        return 0;
    }
    tug__buf_init(&making.tar, 64 * INPUT_MAX);
    while (input.left > 0) {
        make_member(&making, &input);
    }
    require(tug__buf_append(&making.tar, zeros, sizeof zeros, NULL) == TUG_OK);
    import(making.tar.data, making.tar.length);
    tug__buf_fini(&making.tar);
    return 0;
}
