/* A fetch in a program with an event loop:  event_loop STORE REFERENCE...
 *
 * tug_fetch_run blocks, so it has a thread of its own. What its events say is kept under a mutex,
 * and an eventfd tells the loop that there is something to look at. The loop below ends the fetch
 * when a line arrives on standard input.
 *
 *     cc -o event_loop event_loop.c $(pkg-config --cflags --libs tug) -pthread */
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <tug/tug.h>
#include <unistd.h>

struct run {
    struct tug_fetch *fetch;
    int wake_fd;
    pthread_mutex_t mutex; /* guards the rest */
    struct tug_totals totals;
    bool is_done;
    enum tug_status status;
    struct tug_error error;
};

static void wake(const struct run *run)
{
    const uint64_t one = 1;

    if (write(run->wake_fd, &one, sizeof one) < 0) {
        perror("eventfd"); /* it cannot be full */
    }
}

static void on_event(void *context, const struct tug_event *event)
{
    struct run *const run = context;

    if (event->kind == TUG_EVENT_TICK) {
        pthread_mutex_lock(&run->mutex);
        run->totals = *event->totals;
        pthread_mutex_unlock(&run->mutex);
        wake(run);
    }
}

static void *run_main(void *argument)
{
    struct run *const run = argument;
    struct tug_error error = {0};
    const enum tug_status status = tug_fetch_run(run->fetch, &error);

    pthread_mutex_lock(&run->mutex);
    run->status = status;
    run->error = error;
    run->is_done = true;
    pthread_mutex_unlock(&run->mutex);
    wake(run);
    return NULL;
}

/* Show how far the run is. Returns: true when it has ended. */
static bool look_at(struct run *run)
{
    uint64_t count;
    bool is_done;

    if (read(run->wake_fd, &count, sizeof count) < 0) {
        return false;
    }
    pthread_mutex_lock(&run->mutex);
    printf("%" PRIu64 " of %" PRIu64 " bytes\n", run->totals.bytes_done, run->totals.bytes_known);
    is_done = run->is_done;
    pthread_mutex_unlock(&run->mutex);
    return is_done;
}

static void loop(struct run *run)
{
    struct pollfd files[] = {{.fd = run->wake_fd, .events = POLLIN},
                             {.fd = STDIN_FILENO, .events = POLLIN}};

    for (;;) {
        char line[64];

        if (poll(files, 2, -1) < 0) {
            continue;
        }
        if (files[0].revents != 0 && look_at(run)) {
            return;
        }
        if (files[1].revents != 0) {
            if (read(STDIN_FILENO, line, sizeof line) > 0) {
                tug_fetch_cancel(run->fetch);
            }
            files[1].fd = -1; /* once */
        }
    }
}

/* Make the fetch. */
static enum tug_status prepare(struct run *run, struct tug_store *store, char **names, int count,
                               struct tug_error *error)
{
    struct tug_fetch_options options = TUG_FETCH_OPTIONS_INIT;
    enum tug_status status;

    options.on_event = on_event;
    options.event_context = run;
    status = tug_fetch_create(store, &options, &run->fetch, error);
    for (int i = 0; status == TUG_OK && i < count; i++) {
        status = tug_fetch_add(run->fetch, names[i], error);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct run run = {.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    struct tug_store *store = NULL;
    pthread_t thread;

    if (argc < 3 || run.wake_fd < 0) {
        fprintf(stderr, "usage: event_loop STORE REFERENCE...\n");
        return 2;
    }
    pthread_mutex_init(&run.mutex, NULL);
    run.status = tug_store_open(argv[1], NULL, &store, &run.error);
    if (run.status == TUG_OK) {
        run.status = prepare(&run, store, argv + 2, argc - 2, &run.error);
    }
    if (run.status == TUG_OK && pthread_create(&thread, NULL, run_main, &run) == 0) {
        loop(&run);
        pthread_join(thread, NULL);
    }
    if (run.status != TUG_OK) {
        fprintf(stderr, "event_loop: %s\n", run.error.message);
    }
    tug_fetch_destroy(run.fetch);
    tug_store_close(store);
    pthread_mutex_destroy(&run.mutex);
    close(run.wake_fd);
    return run.status == TUG_OK ? 0 : 1;
}
