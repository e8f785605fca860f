/* SPDX-License-Identifier: Apache-2.0
 *
 * A store in a temporary directory, and looking at its files from outside.
 * Errors: a failed assertion. Threads: the test's.
 */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "store/store.h"
#include "support/tmpdir.h"

/* SHA-256 of "{}". */
#define PLACE_HEX "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define PLACE_BLOB "blobs/sha256/" PLACE_HEX
#define PLACE_INGEST "ingest/sha256/" PLACE_HEX

struct place {
    char *root; /* owned: temporary directory */
    char *path; /* owned: of the store, below root */
    int fd;     /* of the store's directory; -1 before place_open */
    struct tug_store *store;
};

/* Make the surroundings; the store's directory does not exist yet. */
static inline struct place place_create(void)
{
    struct place place = {.root = tmpdir_create(), .fd = -1};

    place.path = tmpdir_join(place.root, "store");
    return place;
}

/* Open the store. Returns: what tug_store_open did. */
static inline enum tug_status place_try(struct place *place, struct tug_error *err)
{
    return tug_store_open(place->path, NULL, &place->store, err);
}

/* Open the store, which must succeed. */
static inline void place_open(struct place *place)
{
    struct tug_error err = {0};

    cr_assert_eq(place_try(place, &err), TUG_OK, "%s", err.message);
    if (place->fd < 0) {
        place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    cr_assert_geq(place->fd, 0);
}

static inline void place_close(struct place *place)
{
    tug_store_close(place->store);
    place->store = NULL;
}

static inline void place_remove(struct place *place)
{
    place_close(place);
    if (place->fd >= 0) {
        (void)close(place->fd);
    }
    free(place->path);
    tmpdir_remove(place->root);
}

/* Write a file below the store. */
static inline void place_put(const struct place *place, const char *name, const char *text)
{
    char *const path = tmpdir_join(place->path, name);

    tmpdir_write(path, text, strlen(text));
    free(path);
}

/* Read a file below the store. Returns: owned; NULL when it is not there. */
static inline char *place_get(const struct place *place, const char *name)
{
    char *const path = tmpdir_join(place->path, name);
    char *const text = tmpdir_read(path, NULL);

    free(path);
    return text;
}

static inline void place_expect(const struct place *place, const char *name, const char *expected)
{
    char *const text = place_get(place, name);

    cr_assert_not_null(text, "'%s' is not there", name);
    cr_assert_str_eq(text, expected, "'%s' holds '%s', not '%s'", name, text, expected);
    free(text);
}

/* The mode of a name below the store, type included; 0: it is not there. */
static inline mode_t place_mode(const struct place *place, const char *name)
{
    struct stat info;

    return fstatat(place->fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 ? info.st_mode : 0;
}

/* The digest of "{}". */
static inline struct tug_digest place_digest(void)
{
    struct tug_digest digest;

    cr_assert_eq(tug_digest_parse("sha256:" PLACE_HEX, strlen("sha256:" PLACE_HEX), &digest, NULL),
                 TUG_OK);
    return digest;
}

#endif
