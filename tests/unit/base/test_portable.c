/* SPDX-License-Identifier: Apache-2.0
 *
 * What other C libraries lack: texts of errors, a wait with a monotonic deadline, descriptors that
 * a program does not inherit.
 */
#include "base/portable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/clock.h"

Test(portable, texts_of_errors)
{
    cr_assert_str_eq(tug__errno_text(ENOENT), "No such file or directory");
    cr_assert_str_neq(tug__errno_text(EACCES), tug__errno_text(ENOSPC));
    cr_assert_neq(*tug__errno_text(12345), '\0', "there is a text for each number");
}

Test(portable, a_wait_ends_at_its_deadline)
{
    const uint64_t begun_ns = tug__now_ns();
    sem_t semaphore;

    cr_assert_eq(sem_init(&semaphore, 0, 1), 0);
    cr_assert_eq(tug__sem_wait_until(&semaphore, begun_ns), 0, "it is free: the deadline is past");
    cr_assert_eq(tug__sem_wait_until(&semaphore, begun_ns), ETIMEDOUT);
    cr_assert_eq(tug__sem_wait_until(&semaphore, begun_ns + 20 * TUG__NS_PER_MS), ETIMEDOUT);
    cr_assert_geq(tug__now_ns(), begun_ns + 20 * TUG__NS_PER_MS);
    (void)sem_destroy(&semaphore);
}

/* Start a shell that fails if it has a descriptor. */
static int start_and_look(int fd, int first)
{
    char look[] = "[ ! -e /proc/self/fd/$0 ]";
    char name[] = "sh", option[] = "-c", number[16];
    char *const argv[] = {name, option, look, number, NULL};
    char *const no_environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    int status = -1;
    pid_t pid;

    (void)snprintf(number, sizeof number, "%d", fd);
    cr_assert_eq(posix_spawn_file_actions_init(&actions), 0);
    cr_assert_eq(tug__spawn_closes_from(&actions, first), 0);
    cr_assert_eq(posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, no_environment), 0);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    (void)posix_spawn_file_actions_destroy(&actions);
    return status;
}

Test(portable, descriptors_are_not_inherited)
{
    const int fd = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, as other code may */

    cr_assert_geq(fd, 0);
    cr_assert_neq(start_and_look(fd, fd + 1), 0, "it is inherited");
    cr_assert_eq(start_and_look(fd, fd), 0, "it is not");
    (void)close(fd);
}
