/* List the images of a store, or print what one of them names:
 *     list STORE             images: digest, bytes, name
 *     list STORE REFERENCE   the root of an image, manifest or index, as it is
 *
 *     cc -o list list.c $(pkg-config --cflags --libs tug) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tug/tug.h>
#include <unistd.h>

static enum tug_status print_image(void *context, const struct tug_image_info *image,
                                   struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    char name[512] = "-"; /* names come from index.json, which anybody may have written */

    (void)context;
    (void)err;
    if (image->name != NULL) {
        tug_text_escape(name, sizeof name, image->name, strlen(image->name));
    }
    printf("%s %" PRIu64 " %s%s\n", tug_digest_format(&image->digest, digest), image->content_bytes,
           name, image->is_complete ? "" : " (incomplete)");
    return TUG_OK;
}

static enum tug_status print_root(struct tug_store *store, const char *text, struct tug_error *err)
{
    struct tug_digest digest;
    enum tug_status status = tug_store_find_image(store, text, NULL, &digest, err);
    char bytes[4096];
    ssize_t length;
    int fd = -1;

    if (status == TUG_OK) {
        status = tug_store_open_blob(store, &digest, &fd, NULL, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    while ((length = read(fd, bytes, sizeof bytes)) > 0) {
        fwrite(bytes, 1, (size_t)length, stdout);
    }
    close(fd);
    return TUG_OK;
}

int main(int argc, char **argv)
{
    struct tug_store_options options = TUG_STORE_OPTIONS_INIT;
    struct tug_store *store = NULL;
    struct tug_error error = {0};
    enum tug_status status;

    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: list STORE [REFERENCE]\n");
        return 2;
    }
    options.must_exist = true;
    status = tug_store_open(argv[1], &options, &store, &error);
    if (status == TUG_OK) {
        status = argc == 2 ? tug_store_each_image(store, print_image, NULL, NULL, &error)
                           : print_root(store, argv[2], &error);
    }
    if (status != TUG_OK) {
        fprintf(stderr, "list: %s\n", error.message);
    }
    tug_store_close(store);
    return status == TUG_OK ? 0 : 1;
}
