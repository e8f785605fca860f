/* SPDX-License-Identifier: Apache-2.0
 *
 * resume-replay: cut the power after each step of a fetch, as far as a test can.
 *
 *     resume-replay POINTS SEED           POINTS: how many moments are tried, 0 for every one
 *     resume-replay POINTS SEED prune     of an image that is fetched, removed without a sync,
 *                                         pruned, and fetched again
 *     resume-replay POINTS SEED many      of many small layers, which are synced together
 *
 * A fetch in parts, interrupted once, is recorded call by call (preload/store_calls.h). For each
 * moment the store is built anew in three ways: all calls until then took effect (the process was
 * killed); only what was synced did; and what was not synced did in part: names in order up to some
 * point, of the data any piece or none, with zeros in its place. Then no blob may be wrong, no
 * image named whose content is missing, and a fetch must end well.
 *
 * A name is safe when its directory was synced after it was made, data when its file was.
 *
 * Environment: TUG, OBJ (where store-calls.so is). Threads: main, and the servers'.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "resume/preload/store_calls.h"
#include "resume/resume.h"
#include "support/builders.h"
#include "support/fake_registry.h"
#include "support/run.h"
#include "support/tmpdir.h"

#define FILES_MAX 512
#define RATE_BYTES_PER_S 3000000
#define FIRST_RUN_MS 900
#define MANY_COUNT 60

enum variant { KEPT = 0, DROPPED, MIXED, VARIANT_COUNT };

static const char *const variant_names[] = {"kept", "dropped", "mixed"};

/* A recorded call. */
struct step {
    struct store_call call;
    const char *bytes;
    int file;       /* number of the file it is about; -1: none */
    bool is_name;   /* changes a directory, else a file */
    size_t safe_at; /* number of the step that made it durable; SIZE_MAX: none */
};

/* A file while a store is built. */
struct file {
    char path[STORE_PATH_MAX]; /* "": it has no name */
    char *data;
    size_t length;
    uint32_t mode;
};

struct scene {
    bool is_pruned, is_many; /* the other forms */
    struct fake_registry *slow;
    struct fake_registry *fast;
    struct build_image_result image;
    char *directory;
    char *log;
    struct step *steps;
    size_t step_count;
    int file_count;
    struct file files[FILES_MAX];
};

static const char *const no_more[] = {NULL};

/* Run tug on a store. interrupt_ms: SIGTERM after so long; 0: never. */
static void fetch(const char *store, const struct fake_registry *registry, uint64_t interrupt_ms,
                  const char *const *env, const char *when)
{
    char *const reference = build_text("%s/app:1", fake_registry_host(registry));
    const char *const argv[] = {getenv("TUG"),
                                "-q",
                                "--store",
                                store,
                                "fetch",
                                "--plain-http",
                                "--platform",
                                "linux/amd64",
                                "--chunk-size",
                                "1MiB",
                                "--max-concurrent-downloads",
                                "4",
                                reference,
                                NULL};
    const struct timespec wait = {.tv_sec = (time_t)(interrupt_ms / 1000),
                                  .tv_nsec = (long)(interrupt_ms % 1000) * 1000000};
    struct run_process *const process =
        run_start(&(struct run_options){.argv = argv, .env = env, .timeout_ms = 60000});
    struct run_result result;

    if (interrupt_ms > 0) {
        nanosleep(&wait, NULL);
        run_signal(process, SIGTERM);
    }
    (void)run_wait(process, &result);
    if (result.exit_status != (interrupt_ms > 0 ? 143 : 0)) {
        resume_fail("%s: status %d, signal %d: %s", when, result.exit_status, result.signal,
                    result.err);
    }
    run_result_fini(&result);
    free(reference);
}

/* Run a command of tug on a store, which must succeed. words: what follows the store. */
static void run_tug(const char *store, const char *const words[4], const char *const *env)
{
    const char *const argv[] = {getenv("TUG"), "-q",     "--store", store, words[0],
                                words[1],      words[2], words[3],  NULL};
    struct run_result result;

    (void)run_wait(run_start(&(struct run_options){.argv = argv, .env = env, .timeout_ms = 60000}),
                   &result);
    if (result.exit_status != 0) {
        resume_fail("%s: status %d, signal %d: %s", words[0], result.exit_status, result.signal,
                    result.err);
    }
    run_result_fini(&result);
}

/* --- recording --- */

/* The name is gone without a sync, then the blobs; those that come again sync their directory. */
static void record_prune(const struct scene *scene, const char *store, const char *const *env)
{
    char *const name = build_text("%s/app:1", fake_registry_host(scene->slow));

    run_tug(store, (const char *const[]){"rm", "--durability", "none", name}, env);
    run_tug(store, (const char *const[]){"prune", NULL, NULL, NULL}, env);
    if (resume_check_blobs(store, "pruned") != 0) {
        resume_fail("prune left blobs");
    }
    fetch(store, scene->slow, 0, env, "the recorded run after prune");
    free(name);
}

static void record(struct scene *scene)
{
    char *const store = tmpdir_join(scene->directory, "recorded");
    char *const root = build_text("STORE_CALLS_ROOT=%s", store);
    char *const log = build_text("STORE_CALLS_RECORD=%s", scene->log);
    char *const preload = build_text("LD_PRELOAD=%s/store-calls.so", getenv("OBJ"));
    const char *const env[] = {root, log, preload, NULL};

    if (mkdir(store, 0700) != 0) {
        resume_fail("cannot make '%s'", store);
    }
    if (!scene->is_pruned && !scene->is_many) {
        fetch(store, scene->slow, FIRST_RUN_MS, env, "the first recorded run");
    }
    fetch(store, scene->slow, 0, env, "a recorded run to its end");
    if (scene->is_pruned) {
        record_prune(scene, store, env);
    }
    if (resume_check_blobs(store, "recorded") != scene->image.layer_count + 2) {
        resume_fail("the recorded fetch is not complete");
    }
    free(store);
    free(root);
    free(log);
    free(preload);
}

static void read_steps(struct scene *scene)
{
    size_t length = 0;
    const char *at = tmpdir_read(scene->log, &length); /* kept to the end */
    const char *const end = at + length;

    if (at == NULL) {
        resume_fail("nothing was recorded");
    }
    scene->steps = calloc(length / sizeof(struct store_call) + 1, sizeof *scene->steps);
    while (end - at >= (ptrdiff_t)sizeof(struct store_call)) {
        struct step *const step = &scene->steps[scene->step_count++];

        memcpy(&step->call, at, sizeof step->call);
        at += sizeof step->call;
        step->bytes = at;
        at += step->call.length;
    }
    if (at != end) {
        resume_fail("the record is torn");
    }
}

/* The file that has a name now; -1: none. */
static int find_by_path(const struct scene *scene, const char *path)
{
    for (int i = scene->file_count - 1; i >= 0 && path[0] != '\0'; i--) {
        if (strcmp(scene->files[i].path, path) == 0) {
            return i;
        }
    }
    return -1;
}

/* A step gives a file a name, which another one may have had. */
static void move_name(struct scene *scene, int file, const char *path)
{
    const int replaced = find_by_path(scene, path);

    if (replaced >= 0) {
        scene->files[replaced].path[0] = '\0';
    }
    if (file >= 0) {
        strcpy(scene->files[file].path, path);
    }
}

/* Which file is each step about? They are told by name: one that is made again is another file. */
static void name_files(struct scene *scene)
{
    for (size_t i = 0; i < scene->step_count; i++) {
        struct step *const step = &scene->steps[i];
        const uint32_t kind = step->call.kind;

        step->file = find_by_path(scene, step->call.path);
        step->is_name = kind == STORE_CALL_CREATE || kind == STORE_CALL_RENAME ||
                        kind == STORE_CALL_UNLINK || kind == STORE_CALL_MKDIR;
        if (kind == STORE_CALL_CREATE) {
            step->file = scene->file_count++;
            move_name(scene, step->file, step->call.path);
        } else if (kind == STORE_CALL_RENAME) {
            move_name(scene, step->file, step->call.path2);
        } else if (kind == STORE_CALL_UNLINK) {
            move_name(scene, -1, step->call.path);
        }
        if (scene->file_count == FILES_MAX || (kind == STORE_CALL_RENAME && step->file < 0)) {
            resume_fail("step %zu: too many files, or one that was never made", i);
        }
    }
}

/* Tell whether a directory holds a name. */
static bool is_parent(const char *directory, const char *path)
{
    const char *const slash = strrchr(path, '/');
    const size_t length = slash != NULL ? (size_t)(slash - path) : 0;

    return strlen(directory) == length && strncmp(directory, path, length) == 0;
}

/* Tell whether a sync makes an earlier step durable. Of a rename, the new name's directory counts.
 */
static bool makes_safe(const struct step *sync, const struct step *step)
{
    if (sync->call.kind == STORE_CALL_SYNC_ALL) {
        return true;
    }
    if (!step->is_name) {
        return sync->file >= 0 && sync->file == step->file;
    }
    return sync->file < 0 &&
           is_parent(sync->call.path,
                     step->call.kind == STORE_CALL_RENAME ? step->call.path2 : step->call.path);
}

static void find_safe(struct scene *scene)
{
    for (size_t i = 0; i < scene->step_count; i++) {
        scene->steps[i].safe_at = SIZE_MAX;
        for (size_t j = i + 1; j < scene->step_count; j++) {
            if ((scene->steps[j].call.kind == STORE_CALL_SYNC ||
                 scene->steps[j].call.kind == STORE_CALL_SYNC_ALL) &&
                makes_safe(&scene->steps[j], &scene->steps[i])) {
                scene->steps[i].safe_at = j;
                break;
            }
        }
    }
}

/* --- building --- */

static void resize(struct file *file, size_t length)
{
    if (length > file->length) {
        file->data = realloc(file->data, length);
        if (file->data == NULL) {
            resume_fail("no memory");
        }
        memset(file->data + file->length, 0, length - file->length);
    }
    file->length = length;
}

static void apply_to_file(struct file *file, const struct step *step)
{
    const struct store_call *const call = &step->call;

    if (call->kind == STORE_CALL_WRITE) {
        if (call->offset + call->length > file->length) {
            resize(file, call->offset + call->length);
        }
        memcpy(file->data + call->offset, step->bytes, call->length);
    } else if (call->kind == STORE_CALL_TRUNCATE) {
        resize(file, call->offset);
    } else if (call->kind == STORE_CALL_MODE) {
        file->mode = call->mode;
    }
}

static void make_dir(const char *store, const char *path)
{
    char *const full = tmpdir_join(store, path);

    (void)mkdir(full, 0700); /* fails below a directory that was lost */
    free(full);
}

static void apply_to_names(struct scene *scene, const char *store, const struct step *step)
{
    if (step->call.kind == STORE_CALL_MKDIR) {
        make_dir(store, step->call.path);
    } else if (step->call.kind == STORE_CALL_CREATE) {
        move_name(scene, step->file, step->call.path);
        scene->files[step->file].mode = step->call.mode;
    } else if (step->call.kind == STORE_CALL_RENAME) {
        move_name(scene, step->file, step->call.path2);
    } else {
        move_name(scene, -1, step->call.path);
    }
}

static void write_file(const char *store, const struct file *file)
{
    char *const path = tmpdir_join(store, file->path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0 && (write(fd, file->data, file->length) != (ssize_t)file->length ||
                    fchmod(fd, file->mode) != 0 || close(fd) != 0)) {
        resume_fail("cannot write '%s'", path);
    }
    if (fd < 0 && errno != ENOENT) {
        resume_fail("cannot make '%s'", path);
    }
    free(path);
}

/* Build the store as it may be when the power fails after so many steps. */
static void build(struct scene *scene, const char *store, size_t count, enum variant variant,
                  uint64_t *random)
{
    const size_t names_until = variant == KEPT    ? count
                               : variant == MIXED ? resume_random(random, count + 1)
                                                  : 0;

    for (int i = 0; i < scene->file_count; i++) {
        free(scene->files[i].data);
        scene->files[i] = (struct file){.mode = 0600};
    }
    if (mkdir(store, 0700) != 0) {
        resume_fail("cannot make '%s'", store);
    }
    for (size_t i = 0; i < count; i++) {
        const struct step *const step = &scene->steps[i];
        const bool is_safe = step->safe_at < count;

        if (step->is_name) {
            if (is_safe || i < names_until) {
                apply_to_names(scene, store, step);
            }
        } else if (step->file >= 0 &&
                   (is_safe || variant == KEPT || (variant == MIXED && resume_random(random, 2)))) {
            apply_to_file(&scene->files[step->file], step);
        }
    }
    for (int i = 0; i < scene->file_count; i++) {
        if (scene->files[i].path[0] != '\0') {
            write_file(store, &scene->files[i]);
        }
    }
}

/* Returns: the number of images that were named before the fetch. */
static size_t try_point(struct scene *scene, size_t count, enum variant variant, uint64_t *random)
{
    char *const when =
        build_text("after step %zu of %zu, %s", count, scene->step_count, variant_names[variant]);
    char *const directory = tmpdir_create();
    char *const store = tmpdir_join(directory, "store");
    size_t named;

    build(scene, store, count, variant, random);
    (void)resume_check_blobs(store, when);
    named = resume_check_index(store, when);
    fetch(store, scene->fast, 0, no_more, when);
    if (resume_check_blobs(store, when) != scene->image.layer_count + 2 ||
        resume_check_index(store, when) != named + 1) {
        resume_fail("%s: the store is not complete", when);
    }
    /* A state file alone means nothing, nor does one that was never finished. */
    if (resume_count_partials(store, "") !=
        resume_count_partials(store, ".state") + resume_count_partials(store, ".state.tmp")) {
        resume_fail("%s: partial files are left", when);
    }
    free(store);
    free(when);
    tmpdir_remove(directory);
    return named;
}

/* Tell whether a power cut after so many steps may cost index.json: it was changed without a sync,
 * and nothing relies on it yet, until the first blob is deleted. */
static bool is_unpromised(const struct scene *scene, size_t count)
{
    size_t changed = SIZE_MAX;

    for (size_t i = 0; scene->is_pruned && i < scene->step_count; i++) {
        const struct store_call *const call = &scene->steps[i].call;

        if (call->kind == STORE_CALL_UNLINK && strncmp(call->path, "blobs/", 6) == 0) {
            return count > changed && count < i;
        }
        if (call->kind == STORE_CALL_RENAME && strcmp(call->path2, "index.json") == 0) {
            changed = i;
        }
    }
    return false;
}

static void open_scene(struct scene *scene, uint64_t seed)
{
    static const uint64_t in_parts[] = {9 << 20, 300000};
    static const uint64_t small[] = {30000, 10000};
    static uint64_t many[MANY_COUNT] = {1000, 1000};
    struct build_image image = {.repo = "app",
                                .tag = "1",
                                .layer_sizes = scene->is_pruned ? small : in_parts,
                                .layer_count = sizeof small / sizeof small[0],
                                .seed = seed};
    for (; scene->is_many && image.layer_count < MANY_COUNT; image.layer_count++) {
        image.layer_sizes = many;
        many[image.layer_count] = 1000;
    }
    scene->slow =
        fake_registry_create(&(struct fake_options){.rate_bytes_per_s = RATE_BYTES_PER_S});
    scene->fast = fake_registry_create(NULL);
    build_image_add(scene->slow, &image, &scene->image);
    build_image_add(scene->fast, &image, NULL);
    scene->directory = tmpdir_create();
    scene->log = tmpdir_join(scene->directory, "calls");
}

int main(int argc, char **argv)
{
    static struct scene scene;
    const char *const form = argc == 4 ? argv[3] : "";
    const bool is_known = argc == 3 || strcmp(form, "prune") == 0 || strcmp(form, "many") == 0;
    const size_t points = is_known ? strtoull(argv[1], NULL, 10) : 0;
    uint64_t random = is_known ? strtoull(argv[2], NULL, 10) : 0;
    size_t counts[STORE_CALL_COUNT] = {0};
    size_t tried = 0, named = 0;

    if (!is_known || getenv("TUG") == NULL || getenv("OBJ") == NULL) {
        resume_fail("usage: TUG=… OBJ=… resume-replay POINTS SEED [prune|many]");
    }
    scene.is_pruned = strcmp(form, "prune") == 0;
    scene.is_many = strcmp(form, "many") == 0;
    open_scene(&scene, random);
    record(&scene);
    read_steps(&scene);
    name_files(&scene);
    find_safe(&scene);
    for (size_t i = 0; i < scene.step_count; i++) {
        counts[scene.steps[i].call.kind]++;
    }
    for (size_t count = 0; count <= scene.step_count; count++) {
        if ((points > 0 && resume_random(&random, scene.step_count + 1) >= points) ||
            is_unpromised(&scene, count)) {
            continue;
        }
        for (int variant = KEPT; variant < VARIANT_COUNT; variant++) {
            named += try_point(&scene, count, (enum variant)variant, &random);
            tried++;
        }
    }
    printf("= %zu calls (%zu writes, %zu syncs, %zu of all, %zu renames, %zu files made): %zu "
           "stores built, %zu "
           "with the image named already\n",
           scene.step_count, counts[STORE_CALL_WRITE], counts[STORE_CALL_SYNC],
           counts[STORE_CALL_SYNC_ALL], counts[STORE_CALL_RENAME], counts[STORE_CALL_CREATE], tried,
           named);
    fake_registry_destroy(scene.slow);
    fake_registry_destroy(scene.fast);
    tmpdir_remove(scene.directory);
    return tried > 0 ? 0 : 1;
}
