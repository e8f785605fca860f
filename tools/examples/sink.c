/* Fetch images for a program with a store of its own, here a directory of files that are named by
 * their digests:  sink WORK DIRECTORY REFERENCE...
 *
 *     cc -o sink sink.c $(pkg-config --cflags --libs tug) */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tug/tug.h>
#include <unistd.h>

/* A file that is being written. */
struct incoming {
    char path[PATH_MAX], part[PATH_MAX + 8];
    int fd;
};

static enum tug_status fail(struct tug_error *err, const char *path)
{
    snprintf(err->message, sizeof err->message, "%.600s: %m", path);
    return TUG_ERR_STORE;
}

static const char *name(void *directory, const struct tug_digest *digest, char *path)
{
    char text[TUG_DIGEST_TEXT_MAX];

    snprintf(path, PATH_MAX, "%s/%s", (const char *)directory, tug_digest_format(digest, text));
    return path;
}

static enum tug_status have(void *directory, const struct tug_digest *digest, bool *out_is_present,
                            uint64_t *out_size_bytes, struct tug_error *err)
{
    char path[PATH_MAX];
    struct stat info;

    *out_is_present = stat(name(directory, digest, path), &info) == 0;
    if (!*out_is_present) {
        return errno == ENOENT ? TUG_OK : fail(err, path);
    }
    *out_size_bytes = (uint64_t)info.st_size;
    return TUG_OK;
}

static enum tug_status read_whole(void *directory, const struct tug_digest *digest, void *buffer,
                                  size_t length, struct tug_error *err)
{
    char path[PATH_MAX];
    FILE *file = fopen(name(directory, digest, path), "r");
    enum tug_status status = TUG_OK;

    if (file == NULL || fread(buffer, 1, length, file) != length) {
        status = fail(err, path);
    }
    if (file != NULL) {
        fclose(file);
    }
    return status;
}

/* One content comes once at a time: its digest will do for the name of a file in progress. */
static enum tug_status begin(void *directory, const struct tug_sink_blob *blob, void **out_handle,
                             struct tug_error *err)
{
    struct incoming *incoming = malloc(sizeof *incoming);

    if (incoming == NULL) {
        return TUG_ERR_NO_MEMORY;
    }
    name(directory, &blob->digest, incoming->path);
    snprintf(incoming->part, sizeof incoming->part, "%s.part", incoming->path);
    incoming->fd = open(incoming->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (incoming->fd < 0) {
        fail(err, incoming->part);
        free(incoming);
        return TUG_ERR_STORE;
    }
    *out_handle = incoming;
    return TUG_OK;
}

static enum tug_status write_on(void *directory, void *handle, uint64_t offset, const void *bytes,
                                size_t length, struct tug_error *err)
{
    struct incoming *incoming = handle;

    (void)directory;
    for (size_t done = 0; done < length;) {
        ssize_t count =
            pwrite(incoming->fd, (const char *)bytes + done, length - done, (off_t)(offset + done));

        if (count < 0 && errno != EINTR) {
            return fail(err, incoming->part);
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return TUG_OK;
}

static void drop(void *directory, void *handle, const struct tug_error *why)
{
    struct incoming *incoming = handle;

    (void)directory;
    (void)why;
    close(incoming->fd);
    unlink(incoming->part);
    free(incoming);
}

static enum tug_status commit(void *directory, void *handle, struct tug_error *err)
{
    struct incoming *incoming = handle;

    if (fsync(incoming->fd) != 0 || rename(incoming->part, incoming->path) != 0) {
        fail(err, incoming->path);
        drop(directory, handle, err);
        return TUG_ERR_STORE;
    }
    close(incoming->fd);
    free(incoming);
    return TUG_OK;
}

/* What an image is called is up to the program: this one prints it. */
static void on_event(void *context, const struct tug_event *event)
{
    char text[TUG_DIGEST_TEXT_MAX];

    (void)context;
    if (event->kind == TUG_EVENT_IMAGE && event->image->status == TUG_OK) {
        printf("%s %s %s\n", tug_digest_format(&event->image->digest, text),
               event->image->media_type, event->image->ref);
    }
}

int main(int argc, char **argv)
{
    struct tug_sink sink = TUG_SINK_INIT;
    struct tug_store_options store_options = TUG_STORE_OPTIONS_INIT;
    struct tug_fetch_options options = TUG_FETCH_OPTIONS_INIT;
    struct tug_store *store = NULL;
    struct tug_fetch *fetch = NULL;
    struct tug_error error = {0};
    enum tug_status status;

    if (argc < 4) {
        fprintf(stderr, "usage: sink WORK DIRECTORY REFERENCE...\n");
        return 2;
    }
    sink.have = have;
    sink.read = read_whole;
    sink.begin = begin;
    sink.write = write_on;
    sink.commit = commit;
    sink.abort = drop;
    sink.context = argv[2];
    store_options.sink = &sink;
    options.on_event = on_event;
    status = tug_store_open(argv[1], &store_options, &store, &error);
    if (status == TUG_OK) {
        status = tug_fetch_create(store, &options, &fetch, &error);
    }
    for (int i = 3; status == TUG_OK && i < argc; i++) {
        status = tug_fetch_add(fetch, argv[i], &error);
    }
    if (status == TUG_OK) {
        status = tug_fetch_run(fetch, &error);
    }
    if (status != TUG_OK) {
        fprintf(stderr, "sink: %s\n", error.message);
    }
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    return status == TUG_OK ? 0 : 1;
}
