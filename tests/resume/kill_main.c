/* SPDX-License-Identifier: Apache-2.0
 *
 * resume-kill: interrupt a fetch of large blobs at random moments, again and again, and count what
 * the server sent in the end.
 *
 *     resume-kill KILL|TERM CONNECTIONS COUNT SEED
 *
 * Each connection has 6 MB/s. After each interruption every blob in the store must be right; each
 * fetch that gets to its end is checked, and the next one begins with an empty store.
 * The bound: what was fetched to the end, and for each interruption and connection 1 MiB and what
 * the sockets held. The server's own buffer is 64 KiB (the kernel doubles that), and the receiver's
 * stays at its first size, 128 KiB, since what comes so slowly is read as it comes.
 *
 * Environment: TUG. Threads: main, and the server's.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "resume/resume.h"
#include "support/builders.h"
#include "support/fake_registry.h"
#include "support/run.h"
#include "support/tmpdir.h"

#define RATE_BYTES_PER_S 6000000
#define SEND_BUFFER_BYTES (64 << 10)
#define LOSS_BYTES (UINT64_C(1) << 20)
#define SOCKET_BYTES (UINT64_C(2) * SEND_BUFFER_BYTES + (128 << 10))
#define SHORTEST_MS 20
#define LONGEST_MS 650

struct scene {
    struct fake_registry *registry;
    struct build_image_result image;
    char *reference;
    char *directory;
    char *store;
    char connections[16];
    int signal_number;
    unsigned done;   /* fetches that got to their end */
    unsigned states; /* interruptions that left a state file */
};

static void sleep_ms(uint64_t ms)
{
    const struct timespec time = {.tv_sec = (time_t)(ms / 1000),
                                  .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&time, NULL);
}

static struct run_process *start(const struct scene *scene)
{
    const char *const argv[] = {getenv("TUG"),
                                "-q",
                                "--store",
                                scene->store,
                                "fetch",
                                "--plain-http",
                                "--platform",
                                "linux/amd64",
                                "--chunk-size",
                                "1MiB",
                                "--max-concurrent-downloads",
                                scene->connections,
                                scene->reference,
                                NULL};

    return run_start(&(struct run_options){.argv = argv, .timeout_ms = 100000});
}

/* A fetch got to its end: check all of it and begin anew. */
static void take_done(struct scene *scene)
{
    const size_t wanted = scene->image.layer_count + 2;
    char *const directory = scene->directory;

    if (resume_check_blobs(scene->store, "after the end") != wanted) {
        resume_fail("not %zu blobs after the end", wanted);
    }
    if (resume_check_index(scene->store, "after the end") != 1) {
        resume_fail("the image has no name after the end");
    }
    if (resume_count_partials(scene->store, "") != 0) {
        resume_fail("partial files after the end");
    }
    scene->done++;
    scene->directory = tmpdir_create();
    free(scene->store);
    scene->store = tmpdir_join(scene->directory, "store");
    tmpdir_remove(directory);
}

/* Tell whether a process catches a signal already. */
static bool catches(pid_t pid, int signal_number)
{
    unsigned long long caught = 0;
    char line[256];
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "SigCgt: %llx", &caught);
    }
    fclose(file);
    return (caught >> (signal_number - 1) & 1) != 0;
}

/* Tell whether it ended as the signal should end it: one that is not caught ends it at once. */
static bool is_interrupted(const struct scene *scene, const struct run_result *result,
                           bool is_caught)
{
    return result->exit_status == 128 + scene->signal_number ||
           (result->signal == scene->signal_number && !is_caught);
}

/* Run once; interrupted after so long, or (0) to the end. */
static void run_once(struct scene *scene, uint64_t after_ms)
{
    struct run_process *const process = start(scene);
    struct run_result result;
    bool is_caught = false;

    if (after_ms > 0) {
        sleep_ms(after_ms);
        is_caught = catches(run_pid(process), scene->signal_number);
        run_signal(process, scene->signal_number);
    }
    (void)run_wait(process, &result);
    if (result.exit_status == 0) {
        take_done(scene);
    } else if (after_ms == 0 || !is_interrupted(scene, &result, is_caught) || result.timed_out) {
        resume_fail("status %d, signal %d: %s", result.exit_status, result.signal, result.err);
    } else {
        (void)resume_check_blobs(scene->store, "after an interruption");
        (void)resume_check_index(scene->store, "after an interruption");
        scene->states += resume_count_partials(scene->store, ".state") > 0;
    }
    run_result_fini(&result);
}

static void open_scene(struct scene *scene, uint64_t connections, uint64_t seed)
{
    /* Long enough that more connections pay: a blob that soon ends is left alone. */
    const uint64_t size = (connections < 2 ? 8 : 8 * connections) << 20;
    const uint64_t sizes[] = {size, size, size / 8};

    scene->registry = fake_registry_create(&(struct fake_options){
        .rate_bytes_per_s = RATE_BYTES_PER_S, .send_buffer_bytes = SEND_BUFFER_BYTES});
    build_image_add(scene->registry,
                    &(struct build_image){.repo = "app",
                                          .tag = "1",
                                          .layer_sizes = sizes,
                                          .layer_count = sizeof sizes / sizeof sizes[0],
                                          .seed = seed},
                    &scene->image);
    scene->reference = build_text("%s/app:1", fake_registry_host(scene->registry));
    scene->directory = tmpdir_create();
    scene->store = tmpdir_join(scene->directory, "store");
    snprintf(scene->connections, sizeof scene->connections, "%u", (unsigned)connections);
}

int main(int argc, char **argv)
{
    struct scene scene = {.signal_number = SIGKILL};
    const uint64_t connections = argc == 5 ? strtoull(argv[2], NULL, 10) : 0;
    const unsigned count = argc == 5 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    uint64_t random = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
    uint64_t sent;
    uint64_t size;
    uint64_t limit;

    if (connections == 0 || count == 0 || getenv("TUG") == NULL) {
        resume_fail("usage: TUG=… resume-kill KILL|TERM CONNECTIONS COUNT SEED");
    }
    scene.signal_number = strcmp(argv[1], "TERM") == 0 ? SIGTERM : SIGKILL;
    open_scene(&scene, connections, random);
    for (unsigned i = 0; i < count; i++) {
        run_once(&scene, SHORTEST_MS + resume_random(&random, LONGEST_MS - SHORTEST_MS));
    }
    run_once(&scene, 0);
    fake_record_wait_closed(scene.registry, 10000);
    sent = fake_record_totals(scene.registry).blob_bytes;
    size = scene.done * (scene.image.total_bytes - scene.image.manifest.size_bytes);
    limit = size + count * connections * (LOSS_BYTES + SOCKET_BYTES);
    printf(
        "= %s x %u, %ju connections: %u times %ju bytes, sent %ju, %jd more, for each interruption "
        "and connection %jd; %u left a state file\n",
        argv[1], count, (uintmax_t)connections, scene.done,
        (uintmax_t)(scene.image.total_bytes - scene.image.manifest.size_bytes), (uintmax_t)sent,
        (intmax_t)(sent - size), (intmax_t)(sent - size) / (intmax_t)(count * connections),
        scene.states);
    if (sent > limit) {
        resume_fail("the server sent %ju bytes, the limit is %ju", (uintmax_t)sent,
                    (uintmax_t)limit);
    }
    if (sent < size) {
        resume_fail("the server sent less than there is");
    }
    if (connections >= 8 && count >= 8 && scene.states == 0) {
        resume_fail("no fetch was interrupted while it had parts out of order");
    }
    tmpdir_remove(scene.directory);
    free(scene.store);
    free(scene.reference);
    fake_registry_destroy(scene.registry);
    return 0;
}
