/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's lock: between threads, stores and processes; nothing is left behind by the dead.
 */
#include "store/internal.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/wait.h>

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
