/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that uses the library, compiled by tests/cli/older_program.sh against headers that are
 * older or newer than it, and by make lint as C99 and C++17. Arguments: a store, a reference.
 * Output: a line per call. What a struct has behind its end must stay as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tug/tug.h>

#define CANARY 0x5a

static int failures;

static void check(const char *what, enum tug_status status, const struct tug_error *err)
{
    printf("%s: %s\n", what, tug_status_name(status));
    if (status != TUG_OK) {
        fprintf(stderr, "%s\n", err->message);
        failures++;
    }
}

/* A struct of the program's own size, and bytes behind it that belong to somebody else. */
static void *guarded(const void *value, size_t size)
{
    unsigned char *const bytes = (unsigned char *)malloc(size + 256);

    if (bytes == NULL) {
        abort();
    }
    memcpy(bytes, value, size);
    memset(bytes + size, CANARY, 256);
    return bytes;
}

static void release(const char *what, void *value, size_t size)
{
    const unsigned char *const bytes = (const unsigned char *)value;

    for (size_t i = size; i < size + 256; i++) {
        if (bytes[i] != CANARY) {
            printf("%s: written behind its end\n", what);
            failures++;
            break;
        }
    }
    free(value);
}

static void on_event(void *context, const struct tug_event *event)
{
    if (event->kind == TUG_EVENT_IMAGE) {
        printf("image: %s\n", tug_status_name(event->image->status));
        ++*(int *)context;
    }
}

static enum tug_status on_image(void *context, const struct tug_image_info *image,
                                struct tug_error *err)
{
    (void)err;
    for (size_t i = 0; i < image->platform_count; i++) {
        char digest[TUG_DIGEST_TEXT_MAX];

        /* a member behind the platform and its digest */
        printf("platform: %d %.7s\n", image->platforms[i]->is_stored,
               tug_digest_format(&image->platforms[i]->digest, digest));
    }
    ++*(int *)context;
    return TUG_OK;
}

static void fetch(struct tug_store *store, const char *reference)
{
    const struct tug_fetch_options initial = TUG_FETCH_OPTIONS_INIT;
    const struct tug_reference_options initial_own = TUG_REFERENCE_OPTIONS_INIT;
    struct tug_fetch_options *const options =
        (struct tug_fetch_options *)guarded(&initial, sizeof initial);
    void *const own = guarded(&initial_own, sizeof initial_own);
    struct tug_fetch *run = NULL;
    struct tug_error err;
    int images = 0;

    memset(&err, 0, sizeof err);
    options->plain_http = true;
    options->on_event = on_event;
    options->event_context = &images;
#ifdef SET_NEW_OPTION
    options->new_option = "x";
#endif
    check("create", tug_fetch_create(store, options, &run, &err), &err);
    if (run != NULL) {
        check("add",
              tug_fetch_add_with(run, reference, (const struct tug_reference_options *)own, &err),
              &err);
        check("run", tug_fetch_run(run, &err), &err);
    }
    printf("images: %d\n", images);
    tug_fetch_destroy(run);
    release("tug_fetch_options", options, sizeof *options);
    release("tug_reference_options", own, sizeof initial_own);
}

static void keep_up(struct tug_store *store)
{
    const struct tug_verify_result unverified = TUG_VERIFY_RESULT_INIT;
    const struct tug_prune_result unpruned = TUG_PRUNE_RESULT_INIT;
    struct tug_watch watch = TUG_WATCH_INIT;
    void *const verified = guarded(&unverified, sizeof unverified);
    void *const pruned = guarded(&unpruned, sizeof unpruned);
    struct tug_error err;
    int images = 0;

    memset(&err, 0, sizeof err);
    check("verify",
          tug_store_verify(store, NULL, &watch, (struct tug_verify_result *)verified, &err), &err);
    printf("verified: %d\n", (int)((struct tug_verify_result *)verified)->blobs);
    check("prune", tug_store_prune(store, NULL, &watch, (struct tug_prune_result *)pruned, &err),
          &err);
    check("list", tug_store_each_image(store, on_image, &images, &watch, &err), &err);
    printf("listed: %d\n", images);
    release("tug_verify_result", verified, sizeof unverified);
    release("tug_prune_result", pruned, sizeof unpruned);
}

int main(int argc, char **argv)
{
    const struct tug_store_options options = TUG_STORE_OPTIONS_INIT;
    struct tug_store *store = NULL;
    struct tug_error err;

    memset(&err, 0, sizeof err);
    if (argc != 3) {
        return 2;
    }
    check("open", tug_store_open(argv[1], &options, &store, &err), &err);
    if (store != NULL) {
        fetch(store, argv[2]);
        keep_up(store);
    }
    tug_store_close(store);
    return failures == 0 ? 0 : 1;
}
