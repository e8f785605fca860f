/* SPDX-License-Identifier: Apache-2.0
 *
 * resume-prune: fetches, and prune beside them, all killed and started again at random.
 *
 *     resume-prune SECONDS SEED
 *
 * It goes on for so long, and until enough has happened.
 * Five slots for fetches of images that share layers, now and then an import or a verification
 * instead, one slot for prune; names are removed all the while. None of them may fail, what is
 * named must be complete at every moment, and a fetch that ended well has named its images. In the
 * end prune leaves exactly what the names need.
 *
 * Names are removed by this thread alone, which waits for the end of it: so what index.json names
 * while it is looked at stays, whatever prune does meanwhile.
 *
 * Environment: TUG. Threads: main, the server's, and those that read what programs print.
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

#define RATE_BYTES_PER_S 3000000
#define FETCHERS 5
#define PRUNER FETCHERS
#define SLOTS (FETCHERS + 1)
#define IMAGES 12
#define LAYERS 3
#define LAYER_BYTES (120 << 10)
#define PER_FETCH 3
#define STEP_MS 25
#define TIMEOUT_MS 300000
/* Of a prune that finds the store in use. */
#define BUSY_STATUS 7

/* A process and what it was started for. */
struct slot {
    struct run_process *process; /* NULL: none */
    bool is_killed;
    bool may_be_busy;         /* a prune that waits for nobody */
    size_t images[PER_FETCH]; /* of a fetch or an import */
    size_t image_count;
    unsigned start; /* the step */
};

struct scene {
    struct fake_registry *registry;
    char *names[IMAGES];
    struct build_image_result images[IMAGES];
    unsigned removed[IMAGES]; /* the last step in which the name was removed */
    char *directory;
    char *store;
    char *archive; /* of the first images */
    struct slot slots[SLOTS];
    uint64_t random;
    unsigned step;
    unsigned fetched;
    unsigned pruned;
    unsigned busy; /* prunes that did not wait */
    unsigned killed;
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void sleep_ms(uint64_t ms)
{
    const struct timespec time = {.tv_nsec = (long)ms * 1000000};

    nanosleep(&time, NULL);
}

static bool chance(struct scene *scene, unsigned one_in)
{
    return resume_random(&scene->random, one_in) == 0;
}

/* Images that stand next to each other have all layers but one in common. */
static void open_scene(struct scene *scene)
{
    static const uint64_t sizes[LAYERS] = {LAYER_BYTES, LAYER_BYTES, LAYER_BYTES};

    scene->registry =
        fake_registry_create(&(struct fake_options){.rate_bytes_per_s = RATE_BYTES_PER_S});
    for (size_t i = 0; i < IMAGES; i++) {
        char repo[16];

        snprintf(repo, sizeof repo, "app%zu", i);
        build_image_add(scene->registry,
                        &(struct build_image){.repo = repo,
                                              .tag = "1",
                                              .layer_sizes = sizes,
                                              .layer_count = LAYERS,
                                              .seed = i + 1},
                        &scene->images[i]);
        scene->names[i] = build_text("%s/%s:1", fake_registry_host(scene->registry), repo);
    }
    scene->directory = tmpdir_create();
    scene->store = tmpdir_join(scene->directory, "store");
    scene->archive = tmpdir_join(scene->directory, "archive.tar");
}

static void close_scene(struct scene *scene)
{
    for (size_t i = 0; i < IMAGES; i++) {
        free(scene->names[i]);
    }
    tmpdir_remove(scene->directory);
    free(scene->store);
    free(scene->archive);
    fake_registry_destroy(scene->registry);
}

static struct run_process *start(const struct scene *scene, const char *const words[])
{
    const char *argv[16] = {getenv("TUG"), "-q", "--store", scene->store};
    size_t count = 4;

    while (*words != NULL) {
        argv[count++] = *words++;
    }
    return run_start(&(struct run_options){.argv = argv, .timeout_ms = TIMEOUT_MS});
}

/* Run one to its end, which must be this one. */
static void run_to_end(const struct scene *scene, const char *const words[], int wanted_status)
{
    struct run_result result;

    (void)run_wait(start(scene, words), &result);
    if (result.exit_status != wanted_status) {
        resume_fail("step %u: %s %s: status %d, signal %d: %s", scene->step, words[0], words[1],
                    result.exit_status, result.signal, result.err);
    }
    run_result_fini(&result);
}

/* Make the archive, and an empty store again. */
static void make_archive(struct scene *scene)
{
    const char *fetch[8] = {"fetch", "--plain-http", "--platform", "linux/amd64"};
    const char *export[8] = {"export", "-o", scene->archive};
    char *const other = tmpdir_join(scene->directory, "other");
    char *const store = scene->store;

    for (size_t i = 0; i < PER_FETCH; i++) {
        fetch[4 + i] = scene->names[i];
        export[3 + i] = scene->names[i];
    }
    scene->store = other;
    run_to_end(scene, fetch, 0);
    run_to_end(scene, export, 0);
    scene->store = store;
    free(other);
}

static void start_fetch(struct scene *scene, struct slot *slot)
{
    const char *words[8] = {"fetch", "--plain-http", "--platform", "linux/amd64"};

    slot->image_count = PER_FETCH;
    for (size_t i = 0; i < PER_FETCH; i++) {
        slot->images[i] = resume_random(&scene->random, IMAGES);
        words[4 + i] = scene->names[slot->images[i]];
    }
    slot->process = start(scene, words);
}

static void start_import(struct scene *scene, struct slot *slot)
{
    slot->image_count = PER_FETCH;
    for (size_t i = 0; i < PER_FETCH; i++) {
        slot->images[i] = i;
    }
    slot->process = start(scene, (const char *const[]){"import", scene->archive, NULL});
}

/* Something that reads or brings content. */
static void start_user(struct scene *scene, struct slot *slot)
{
    const uint64_t number = resume_random(&scene->random, 10);

    if (number == 0 && scene->fetched > 0) { /* there is a store */
        slot->process = start(scene, (const char *const[]){"verify", NULL});
    } else if (number < 3) {
        start_import(scene, slot);
    } else {
        start_fetch(scene, slot);
    }
}

static void start_prune(struct scene *scene, struct slot *slot)
{
    static const char *const at_once[] = {"prune", NULL};
    static const char *const waiting[] = {"prune", "--wait", "250s", NULL};
    static const char *const partials[] = {"prune", "--partials", NULL};

    slot->may_be_busy = chance(scene, 4);
    slot->process = start(scene, slot->may_be_busy  ? at_once
                                 : chance(scene, 4) ? partials
                                                    : waiting);
}

/* A fetch or import ended well: its images are named, but those whose names were removed meanwhile.
 */
static void check_fetched(const struct scene *scene, const struct slot *slot)
{
    for (size_t i = 0; i < slot->image_count; i++) {
        const size_t image = slot->images[i];

        if (scene->removed[image] < slot->start &&
            !resume_is_named(scene->store, scene->names[image])) {
            resume_fail("step %u: %s was fetched and has no name", scene->step,
                        scene->names[image]);
        }
    }
}

/* Take the end of a slot's process. */
static void reap(struct scene *scene, size_t number)
{
    struct slot *const slot = &scene->slots[number];
    const bool is_fetch = number != PRUNER;
    struct run_result result;

    (void)run_wait(slot->process, &result);
    slot->process = NULL;
    if (result.exit_status == 0) {
        scene->fetched += is_fetch;
        scene->pruned += !is_fetch;
    } else if (result.exit_status == BUSY_STATUS && slot->may_be_busy) {
        scene->busy++;
    } else if (result.signal != SIGKILL || !slot->is_killed || result.timed_out) {
        resume_fail("step %u: %s: status %d, signal %d: %s%s", scene->step,
                    is_fetch ? "fetch, import or verify" : "prune", result.exit_status,
                    result.signal, result.out, result.err);
    }
    if (is_fetch && result.exit_status == 0) {
        check_fetched(scene, slot);
    }
    run_result_fini(&result);
}

static void kill_slot(struct scene *scene, size_t number)
{
    scene->slots[number].is_killed = true;
    run_signal(scene->slots[number].process, SIGKILL);
    reap(scene, number);
    scene->killed++;
}

/* Remove a name that may be there or not; killed now and then. */
static void remove_name(struct scene *scene)
{
    const size_t image = resume_random(&scene->random, IMAGES);
    struct run_process *const process =
        start(scene, (const char *const[]){"rm", scene->names[image], NULL});
    const bool is_killed = chance(scene, 4);
    struct run_result result;

    if (is_killed) {
        sleep_ms(resume_random(&scene->random, STEP_MS));
        run_signal(process, SIGKILL);
    }
    (void)run_wait(process, &result);
    /* 3: there is no such name; 7: there is no store yet. */
    if (result.exit_status != 0 && result.exit_status != 3 && result.exit_status != 7 &&
        !is_killed) {
        resume_fail("rm %s: status %d: %s", scene->names[image], result.exit_status, result.err);
    }
    scene->removed[image] = scene->step;
    run_result_fini(&result);
}

/* Start what is not running, or kill it. */
static void stir(struct scene *scene)
{
    const size_t number = resume_random(&scene->random, SLOTS);
    struct slot *const slot = &scene->slots[number];

    if (slot->process != NULL) {
        if (chance(scene, 3)) {
            kill_slot(scene, number);
        }
        return;
    }
    *slot = (struct slot){.start = scene->step};
    if (number != PRUNER) {
        start_user(scene, slot);
    } else if (scene->fetched > 0) { /* there is a store */
        start_prune(scene, slot);
    }
}

static void reap_ended(struct scene *scene)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (scene->slots[i].process != NULL && run_is_over(scene->slots[i].process)) {
            reap(scene, i);
        }
    }
}

static void run_steps(struct scene *scene, uint64_t end_ms)
{
    while (now_ms() < end_ms || scene->fetched < 10 || scene->pruned < 2 || scene->killed < 4) {
        scene->step++;
        sleep_ms(resume_random(&scene->random, STEP_MS));
        reap_ended(scene);
        stir(scene);
        if (chance(scene, 2)) {
            remove_name(scene);
        }
        if (chance(scene, 4)) {
            (void)resume_check_index(scene->store, "beside prune");
        }
    }
}

/* All that still run get to their ends, prune too. */
static void finish(struct scene *scene)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (scene->slots[i].process != NULL) {
            reap(scene, i);
        }
    }
}

/* Tell whether a digest is among those that named images need. */
static bool is_needed(const struct scene *scene, const bool named[IMAGES], const char *digest)
{
    for (size_t i = 0; i < IMAGES; i++) {
        const struct build_image_result *const image = &scene->images[i];
        bool is_of_it = strcmp(image->manifest.digest, digest) == 0 ||
                        strcmp(image->config.digest, digest) == 0;

        for (size_t j = 0; j < image->layer_count; j++) {
            is_of_it = is_of_it || strcmp(image->layers[j].digest, digest) == 0;
        }
        if (named[i] && is_of_it) {
            return true;
        }
    }
    return false;
}

/* What the registry has and named images need: each digest once. */
static size_t count_needed(const struct scene *scene, const bool named[IMAGES])
{
    const char *counted[IMAGES * (LAYERS + 2)];
    size_t count = 0;

    for (size_t i = 0; i < IMAGES; i++) {
        const struct build_image_result *const image = &scene->images[i];
        const char *all[LAYERS + 2] = {image->manifest.digest, image->config.digest};

        for (size_t j = 0; j < LAYERS; j++) {
            all[2 + j] = image->layers[j].digest;
        }
        for (size_t j = 0; j < LAYERS + 2; j++) {
            bool is_new = is_needed(scene, named, all[j]);

            for (size_t k = 0; k < count; k++) {
                is_new = is_new && strcmp(counted[k], all[j]) != 0;
            }
            if (is_new) {
                counted[count++] = all[j];
            }
        }
    }
    return count;
}

/* Of all names a quarter stays; prune alone leaves what they need, and nothing else. */
static void check_end(struct scene *scene)
{
    bool named[IMAGES] = {false};
    size_t left;

    for (size_t i = 0; i < IMAGES; i++) {
        named[i] = i % 4 == 1;
        run_to_end(scene,
                   (const char *const[]){"fetch", "--plain-http", "--platform", "linux/amd64",
                                         scene->names[i], NULL},
                   0);
        if (!named[i]) {
            run_to_end(scene, (const char *const[]){"rm", scene->names[i], NULL}, 0);
        }
    }
    run_to_end(scene, (const char *const[]){"prune", NULL}, 0);
    run_to_end(scene, (const char *const[]){"prune", "--partials", NULL}, 0);
    left = resume_check_blobs(scene->store, "after the last prune");
    if (left != count_needed(scene, named)) {
        resume_fail("the last prune left %zu blobs, %zu are needed", left,
                    count_needed(scene, named));
    }
    if (resume_check_index(scene->store, "after the last prune") != IMAGES / 4) {
        resume_fail("not %u names after the last prune", IMAGES / 4);
    }
    if (resume_count_partials(scene->store, "") != 0) {
        resume_fail("partial files after the last prune");
    }
}

int main(int argc, char **argv)
{
    static struct scene scene;
    const uint64_t seconds = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;

    if (seconds == 0 || getenv("TUG") == NULL) {
        resume_fail("usage: TUG=… resume-prune SECONDS SEED");
    }
    scene.random = strtoull(argv[2], NULL, 10);
    open_scene(&scene);
    make_archive(&scene);
    run_steps(&scene, now_ms() + seconds * 1000);
    finish(&scene);
    (void)resume_check_index(scene.store, "after all ended");
    check_end(&scene);
    printf("= seed %s: %u steps, %u fetches, imports, verifications and %u prunes got to their "
           "ends, %u prunes found the "
           "store in use, %u processes were killed; %ju bytes were served\n",
           argv[2], scene.step, scene.fetched, scene.pruned, scene.busy, scene.killed,
           (uintmax_t)fake_record_totals(scene.registry).blob_bytes);
    close_scene(&scene);
    return 0;
}
