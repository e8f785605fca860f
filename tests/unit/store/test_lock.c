/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's lock: between threads, stores and processes; nothing is left behind by the dead.
 */
#include "store/internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "support/needs_root.h"
#include "unit/store/store_place.h"

#define THREADS 4
#define ROUNDS 200

struct counter {
    struct tug_store *store;
    /* Under the lock; atomic only because the thread sanitizer knows nothing of flock(2). */
    atomic_long value;
};

static void *count_up(void *argument)
{
    struct counter *const counter = argument;

    for (int i = 0; i < ROUNDS; i++) {
        int fd = -1;

        cr_assert_eq(tug__store_lock(counter->store, NULL, &fd, NULL), TUG_OK);
        const long before = atomic_load_explicit(&counter->value, memory_order_relaxed);

        (void)sched_yield();
        atomic_store_explicit(&counter->value, before + 1, memory_order_relaxed);
        tug__store_unlock(fd);
    }
    return NULL;
}

Test(store_lock, excludes_threads_of_one_store, .timeout = 60)
{
    struct place place = place_create();
    struct counter counter = {0};
    pthread_t threads[THREADS];

    place_open(&place);
    counter.store = place.store;
    for (int i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, count_up, &counter), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    }
    cr_assert_eq(atomic_load(&counter.value), THREADS * ROUNDS);
    place_remove(&place);
}

/* Whether somebody holds the lock, asked from outside. */
static bool is_locked(const struct place *place)
{
    const int fd = openat(place->fd, "lock", O_RDWR | O_CLOEXEC);
    const bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0;

    cr_assert_geq(fd, 0);
    (void)close(fd);
    return locked;
}

Test(store_lock, is_held_until_unlock)
{
    struct place place = place_create();
    int fd = -1;

    place_open(&place);
    cr_assert_not(is_locked(&place), "opening a store left it locked");
    cr_assert_eq(tug__store_lock(place.store, NULL, &fd, NULL), TUG_OK);
    cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    cr_assert(is_locked(&place));
    tug__store_unlock(fd);
    cr_assert_not(is_locked(&place));
    place_remove(&place);
}

/* Give up at the third question. */
static bool gives_up(void *context)
{
    unsigned *const questions = context;

    return ++*questions == 3;
}

Test(store_lock, a_wait_can_be_given_up, .timeout = 20)
{
    struct place place = place_create();
    unsigned questions = 0;
    const struct tug__lock_wait wait = {.should_give_up = gives_up, .context = &questions};
    int fd = -1;
    int second = -1;

    place_open(&place);
    cr_assert_eq(tug__store_lock(place.store, &wait, &fd, NULL), TUG_OK);
    cr_assert_eq(questions, 0, "nobody has it");
    cr_assert_eq(tug__store_lock(place.store, &wait, &second, NULL), TUG_ERR_CANCELLED);
    cr_assert_eq(questions, 3);
    tug__store_unlock(fd);
    cr_assert_eq(tug__store_lock(place.store, &wait, &second, NULL), TUG_OK);
    tug__store_unlock(second);
    place_remove(&place);
}

/* Whoever changes index.json, or stands still while it does, holds up nobody who only looks. */
Test(store_lock, a_complete_store_is_opened_without_it, .timeout = 10)
{
    struct place place = place_create();
    struct tug_store *second = NULL;
    int fd = -1;

    place_open(&place);
    cr_assert_eq(tug__store_lock(place.store, NULL, &fd, NULL), TUG_OK);
    cr_assert_eq(tug_store_open(place.path, NULL, &second, NULL), TUG_OK);
    tug_store_close(second);
    tug__store_unlock(fd);
    place_remove(&place);
}

Test(store_lock, ends_with_its_holder, .timeout = 20)
{
    struct place place = place_create();
    int ready[2];
    char byte = 0;
    int fd = -1;
    pid_t child;

    place_open(&place);
    cr_assert_eq(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        (void)alarm(30); /* should the test end early */
        (void)tug__store_lock(place.store, NULL, &fd, NULL);
        (void)!write(ready[1], "x", 1);
        for (;;) {
            (void)pause();
        }
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    cr_assert(is_locked(&place));
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_assert_eq(tug__store_lock(place.store, NULL, &fd, NULL), TUG_OK);
    tug__store_unlock(fd);
    (void)close(ready[0]);
    (void)close(ready[1]);
    place_remove(&place);
}

Test(store_lock, t34_a_link_or_fifo_is_refused, .timeout = 10)
{
    struct place place = place_create();
    int fd = -1;

    place_open(&place);
    cr_assert_eq(unlinkat(place.fd, "lock", 0), 0);
    cr_assert_eq(symlinkat("nowhere", place.fd, "lock"), 0);
    cr_assert_eq(tug__store_lock(place.store, NULL, &fd, NULL), TUG_ERR_STORE);
    cr_assert_eq(place_mode(&place, "nowhere"), 0);
    cr_assert_eq(unlinkat(place.fd, "lock", 0), 0);
    cr_assert_eq(mkfifoat(place.fd, "lock", 0600), 0);
    cr_assert_eq(tug__store_lock(place.store, NULL, &fd, NULL), TUG_ERR_STORE);
    cr_assert_eq(unlinkat(place.fd, "lock", 0), 0);
    cr_assert_eq(tug__store_lock(place.store, NULL, &fd, NULL), TUG_OK, "a missing one is made");
    tug__store_unlock(fd);
    cr_assert_eq(fd >= 0, true);
    place_remove(&place);
}

/* Whether lock.use could be taken that way from outside. */
static bool use_is_free_for(const struct place *place, int operation)
{
    const int fd = openat(place->fd, "lock.use", O_RDWR | O_CLOEXEC);
    const bool is_free = flock(fd, operation | LOCK_NB) == 0;

    cr_assert_geq(fd, 0);
    (void)close(fd);
    return is_free;
}

Test(store_lock, lock_use_is_shared_by_runs_and_excludes_deletion)
{
    struct place place = place_create();
    int first = -1;
    int second = -1;

    place_open(&place);
    cr_assert_eq(place_mode(&place, "lock.use"), 0, "made when it is needed");
    cr_assert_eq(tug__store_use(place.store, NULL, &first, NULL), TUG_OK);
    cr_assert(fcntl(first, F_GETFD) & FD_CLOEXEC);
    cr_assert_eq(tug__store_use(place.store, NULL, &second, NULL), TUG_OK);
    tug__store_unlock(first);
    cr_assert(use_is_free_for(&place, LOCK_SH));
    cr_assert_not(use_is_free_for(&place, LOCK_EX));
    tug__store_unlock(second);
    cr_assert(use_is_free_for(&place, LOCK_EX));
    place_remove(&place);
}

Test(store_lock, lock_use_waits_for_who_deletes, .timeout = 20)
{
    struct place place = place_create();
    unsigned questions = 0;
    const struct tug__lock_wait wait = {.should_give_up = gives_up, .context = &questions};
    struct tug_error err = {0};
    int fd = -1;
    int outside;

    place_open(&place);
    cr_assert_eq(tug__store_use(place.store, &wait, &fd, NULL), TUG_OK);
    tug__store_unlock(fd);
    outside = openat(place.fd, "lock.use", O_RDWR | O_CLOEXEC);
    cr_assert_eq(flock(outside, LOCK_EX | LOCK_NB), 0);
    cr_assert_eq(tug__store_use(place.store, &wait, &fd, &err), TUG_ERR_CANCELLED);
    cr_assert_eq(fd, -1);
    cr_assert(strstr(err.message, "lock.use") != NULL, "%s", err.message);
    (void)close(outside);
    place_remove(&place);
}

/* Nothing can be brought there, so nothing has to be held. */
Test(store_lock, lock_use_is_not_needed_for_a_store_that_is_read_only)
{
    const struct tug_store_options dry = {.size = sizeof dry, .make_nothing = true};
    struct place place = place_create();
    struct tug_store *second = NULL;
    const bool is_root = geteuid() == 0;
    int fd = 0;

    place_open(&place);
    cr_assert_eq(chmod(place.root, 0755), 0);
    cr_assert_eq(fchmod(place.fd, 0555), 0);
    if (is_root) {
        cr_assert_eq(seteuid(54321), 0);
    }
    cr_assert_eq(tug__store_use(place.store, NULL, &fd, NULL), TUG_OK);
    cr_assert_eq(fd, -1);
    if (is_root) {
        cr_assert_eq(seteuid(0), 0);
    }
    cr_assert_eq(fchmod(place.fd, 0700), 0);
    cr_assert_eq(tug_store_open(place.path, &dry, &second, NULL), TUG_OK);
    cr_assert_eq(tug__store_use(second, NULL, &fd, NULL), TUG_OK);
    cr_assert_eq(fd, -1);
    cr_assert_eq(place_mode(&place, "lock.use"), 0);
    tug_store_close(second);
    place_remove(&place);
}

/* A store that can be changed, with a lock.use that cannot be opened: to go on without it would be
 * to rely on content that may be deleted. */
Test(store_lock, lock_use_that_cannot_be_opened_is_an_error)
{
    struct place place = place_create();
    struct tug_error err = {0};
    int fd = -1;

    if (needs_root("lock.use of another user")) {
        cr_assert_eq(chmod(place.root, 0755), 0);
        cr_assert_eq(mkdir(place.path, 0700), 0);
        cr_assert_eq(chmod(place.path, 0777), 0);
        place_open(&place);
        place_put(&place, "lock.use", "");
        cr_assert_eq(fchmodat(place.fd, "lock.use", 0600, 0), 0);
        cr_assert_eq(seteuid(54321), 0);
        cr_assert_eq(tug__store_use(place.store, NULL, &fd, &err), TUG_ERR_STORE);
        cr_assert_eq(err.os_errno, EACCES);
        cr_assert(strstr(err.message, place.path) != NULL, "%s", err.message);
        cr_assert_eq(seteuid(0), 0);
    }
    place_remove(&place);
}
