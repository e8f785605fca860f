/* Show the progress of each image, and stop at Ctrl-C:  progress STORE REFERENCE...
 *
 * Events come on the thread that called tug_fetch_run, one at a time, so they need no lock. A
 * signal handler may not call the library: SIGINT is blocked, and a thread waits for it.
 *
 *     cc -o progress progress.c $(pkg-config --cflags --libs tug) -pthread */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <tug/tug.h>

static void on_event(void *context, const struct tug_event *event)
{
    const struct tug_image_result *const image = event->image;

    (void)context;
    switch (event->kind) {
    case TUG_EVENT_IMAGE_PROGRESS:
        printf("%s: %" PRIu64 " of %" PRIu64 " bytes, %" PRIu64 " of %" PRIu64 " blobs\n",
               image->ref, image->bytes_done, image->bytes_known, image->blobs_done, image->blobs);
        break;
    case TUG_EVENT_IMAGE:
        printf("%s: %s\n", image->ref, image->status == TUG_OK ? "complete" : image->error.message);
        break;
    case TUG_EVENT_RETRY:
        printf("%s: %s; again in %" PRIu64 " ms\n", event->ref, event->error->message,
               event->delay_ms);
        break;
    case TUG_EVENT_WARNING:
        printf("%s%s%s\n", event->ref != NULL ? event->ref : "", event->ref != NULL ? ": " : "",
               event->text);
        break;
    default: /* later versions add kinds */
        break;
    }
    fflush(stdout);
}

/* Wait for SIGINT, or for SIGTERM, which main sends at the end. */
static void *wait_for_signal(void *argument)
{
    sigset_t signals;
    int number = 0;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigwait(&signals, &number);
    tug_fetch_cancel(argument); /* harmless after the run */
    return NULL;
}

/* Run the fetch while a thread waits for signals. */
static enum tug_status run(struct tug_fetch *fetch, struct tug_error *error)
{
    pthread_t waiter;
    enum tug_status status;

    if (pthread_create(&waiter, NULL, wait_for_signal, fetch) != 0) {
        fprintf(stderr, "progress: no thread\n");
        return TUG_ERR_NO_MEMORY;
    }
    status = tug_fetch_run(fetch, error);
    pthread_kill(waiter, SIGTERM);
    pthread_join(waiter, NULL);
    return status;
}

int main(int argc, char **argv)
{
    struct tug_fetch_options options = TUG_FETCH_OPTIONS_INIT;
    struct tug_store *store = NULL;
    struct tug_fetch *fetch = NULL;
    struct tug_error error = {0};
    enum tug_status status;
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (argc < 3) {
        fprintf(stderr, "usage: progress STORE REFERENCE...\n");
        return 2;
    }
    options.on_event = on_event;
    options.tick_ms = 100;
    status = tug_store_open(argv[1], NULL, &store, &error);
    if (status == TUG_OK) {
        status = tug_fetch_create(store, &options, &fetch, &error);
    }
    for (int i = 2; status == TUG_OK && i < argc; i++) {
        status = tug_fetch_add(fetch, argv[i], &error);
    }
    if (status == TUG_OK) {
        status = run(fetch, &error);
    }
    if (status != TUG_OK) {
        fprintf(stderr, "progress: %s\n", error.message);
    }
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    return status == TUG_OK ? 0 : status == TUG_ERR_CANCELLED ? 130 : 1;
}
