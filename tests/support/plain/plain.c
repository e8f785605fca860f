/* SPDX-License-Identifier: Apache-2.0
 *
 * The runner behind the plain criterion.h: each test in a process of its own, several at a time.
 *
 *     TESTS [--jobs N] [--filter PATTERN]
 *
 * PATTERN: SUITE/NAME as a shell's file names with its extended patterns, as criterion takes it.
 *
 * Knows: processes. Does not know: what is tested.
 * Threads: one; a test's process has those that its test makes.
 */
#include "criterion/criterion.h"

#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Most tests at a time. */
#define JOBS_MAX 64
/* Seconds for a test that names none. */
#define TIMEOUT_S 60.0
/* The sanitizer makes everything slower; timeouts are written for builds without it. */
#define TIMEOUT_FACTOR 4.0

/* A test under way, one slot each. */
struct job {
    pid_t pid; /* 0: the slot is free */
    const struct plain_test *test;
    size_t param;
    double end_s; /* when it is killed */
};

/* What the runner counts. */
struct sums {
    unsigned tested;
    unsigned passing;
    unsigned failing;
    unsigned crashing;
};

static struct plain_test *tests;
static struct plain_test *suites;
static struct job running[JOBS_MAX];
/* Shared with the tests' processes, one for each slot: set when the test's function returned. */
static volatile bool *has_returned;

void plain_add(struct plain_test *test)
{
    test->next = tests;
    tests = test;
}

void plain_add_suite(struct plain_test *suite)
{
    suite->next = suites;
    suites = suite;
}

void plain_fail(const char *file, int line, const char *check, const char *format, ...)
{
    va_list arguments;

    flockfile(stderr);
    (void)fprintf(stderr, "[----] %s:%d: check failed: %s:", file, line, check);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    funlockfile(stderr);
    (void)fflush(NULL);
    /* Past the sanitizer's own _exit, which would report each thread that could not be joined. */
    (void)syscall(SYS_exit_group, 1);
    abort();
}

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct plain_test *suite_of(const struct plain_test *test)
{
    static const struct plain_test none;

    for (const struct plain_test *suite = suites; suite != NULL; suite = suite->next) {
        if (strcmp(suite->suite, test->suite) == 0) {
            return suite;
        }
    }
    return &none;
}

static double timeout_of(const struct plain_test *test)
{
    const double own = test->timeout > 0 ? test->timeout : suite_of(test)->timeout;

    return (own > 0 ? own : TIMEOUT_S) * TIMEOUT_FACTOR;
}

static void call(void (*function)(void))
{
    if (function != NULL) {
        function();
    }
}

/* The life of a test's process. */
static void run_test(size_t slot)
{
    const struct plain_test *const test = running[slot].test;
    const struct plain_test *const suite = suite_of(test);

    (void)setpgid(0, 0);
    call(test->init != NULL ? test->init : suite->init);
    if (test->run != NULL) {
        test->run();
    } else {
        const struct criterion_test_params params = test->params();

        test->run_with((char *)params.params + running[slot].param * params.size);
    }
    call(test->fini != NULL ? test->fini : suite->fini);
    has_returned[slot] = true;
    /* Not _exit: the sanitizer looks for threads left over. */
    exit(0);
}

static void start(size_t slot, const struct plain_test *test, size_t param)
{
    struct job *const job = &running[slot];

    job->test = test;
    job->param = param;
    job->end_s = now_s() + timeout_of(test);
    has_returned[slot] = false;
    (void)fflush(NULL);
    job->pid = fork();
    if (job->pid == 0) {
        run_test(slot);
    }
    if (job->pid < 0) {
        perror("fork");
        exit(2);
    }
}

/* Note how the test of a slot ended. */
static void judge(size_t slot, int status, struct sums *sums)
{
    struct job *const job = &running[slot];

    sums->tested++;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && has_returned[slot]) {
        sums->passing++;
    } else if (WIFEXITED(status)) {
        sums->failing++;
        fprintf(stderr, "[FAIL] %s::%s: exit status %d%s\n", job->test->suite, job->test->name,
                WEXITSTATUS(status), has_returned[slot] ? " after its end" : "");
    } else {
        sums->crashing++;
        fprintf(stderr, "[FAIL] %s::%s: signal %d%s\n", job->test->suite, job->test->name,
                WTERMSIG(status), now_s() >= job->end_s ? " (timeout)" : "");
    }
    job->pid = 0;
}

/* Judge what has ended, kill what is late. */
static void look(struct sums *sums)
{
    for (size_t slot = 0; slot < JOBS_MAX; slot++) {
        int status;

        if (running[slot].pid == 0) {
            continue;
        }
        if (waitpid(running[slot].pid, &status, WNOHANG) == running[slot].pid) {
            judge(slot, status, sums);
        } else if (now_s() >= running[slot].end_s) {
            (void)kill(-running[slot].pid, SIGKILL);
            (void)kill(running[slot].pid, SIGKILL);
        }
    }
}

/* Look until one of so many slots is free. Returns: it. */
static size_t free_slot(size_t jobs, struct sums *sums)
{
    for (;;) {
        look(sums);
        for (size_t slot = 0; slot < jobs; slot++) {
            if (running[slot].pid == 0) {
                return slot;
            }
        }
        (void)usleep(2000);
    }
}

static bool is_any_running(void)
{
    for (size_t slot = 0; slot < JOBS_MAX; slot++) {
        if (running[slot].pid != 0) {
            return true;
        }
    }
    return false;
}

/* Of the extended patterns other C libraries than glibc get !(PATTERN) alone. */
static bool is_matched(const char *filter, const char *name)
{
#ifdef FNM_EXTMATCH
    return fnmatch(filter, name, FNM_EXTMATCH) == 0;
#else
    const size_t length = strlen(filter);
    char inner[512];

    if (strncmp(filter, "!(", 2) != 0 || filter[length - 1] != ')') {
        return fnmatch(filter, name, 0) == 0;
    }
    (void)snprintf(inner, sizeof inner, "%.*s", (int)length - 3, filter + 2);
    return fnmatch(inner, name, 0) != 0;
#endif
}

static bool is_wanted(const struct plain_test *test, const char *filter)
{
    char name[512];

    (void)snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
    return filter == NULL || is_matched(filter, name);
}

static void run_all(const char *filter, size_t jobs, struct sums *sums)
{
    for (const struct plain_test *test = tests; test != NULL; test = test->next) {
        const size_t count = test->params != NULL ? test->params().length : 1;

        for (size_t param = 0; is_wanted(test, filter) && param < count; param++) {
            start(free_slot(jobs, sums), test, param);
        }
    }
    while (is_any_running()) {
        look(sums);
        (void)usleep(2000);
    }
}

int main(int argc, char **argv)
{
    struct sums sums = {0};
    const char *filter = NULL;
    size_t jobs = 2;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--jobs") == 0 && i + 1 < argc) {
            jobs = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc) {
            filter = argv[++i];
        } else {
            fprintf(stderr, "%s: no option '%s'\n", argv[0], argv[i]);
            return 2;
        }
    }
    if (jobs < 1 || jobs > JOBS_MAX) {
        fprintf(stderr, "%s: --jobs is 1 to %d\n", argv[0], JOBS_MAX);
        return 2;
    }
    has_returned = mmap(NULL, JOBS_MAX * sizeof *has_returned, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (has_returned == MAP_FAILED) {
        perror("mmap");
        return 2;
    }
    run_all(filter, jobs, &sums);
    printf("[====] Synthesis: Tested: %u | Passing: %u | Failing: %u | Crashing: %u\n", sums.tested,
           sums.passing, sums.failing, sums.crashing);
    return sums.tested > 0 && sums.passing == sums.tested ? 0 : 1;
}
