/* SPDX-License-Identifier: Apache-2.0
 *
 * Credential helpers, good and bad ones (T-14, T-50). The helpers are shell scripts in a directory
 * that is the first of PATH.
 */
#include "auth/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "support/tmpdir.h"

static char *helpers;

static void set_up(void)
{
    char path[4096];

    helpers = tmpdir_create();
    (void)snprintf(path, sizeof path, "%s:%s", helpers, getenv("PATH"));
    cr_assert_eq(setenv("PATH", path, 1), 0);
    cr_assert_eq(setenv("HELPERS", helpers, 1), 0);
}

static void tear_down(void)
{
    tmpdir_remove(helpers);
}

TestSuite(auth_helper, .init = set_up, .fini = tear_down);

static void install(const char *name, const char *script)
{
    char path[4096];
    char text[2048];

    (void)snprintf(path, sizeof path, "%s/docker-credential-%s", helpers, name);
    (void)snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    tmpdir_write(path, text, strlen(text));
    cr_assert_eq(chmod(path, 0700), 0);
}

static enum tug_status ask(const char *name, uint64_t timeout_ms,
                           struct tug__credential *credential, struct tug_error *err)
{
    const struct tug__helper_request request = {
        .name = name, .server = "h.example", .timeout_ms = timeout_ms};

    return tug__helper_get(&request, credential, err);
}

/* Ask a helper that fails. */
static void expect_failure(const char *script, uint64_t timeout_ms, const char *why)
{
    struct tug__credential credential = {0};
    struct tug_error err = {0};

    install("bad", script);
    cr_assert_eq(ask("bad", timeout_ms, &credential, &err), TUG_ERR_AUTH, "%s", script);
    cr_assert_not_null(strstr(err.message, "credential helper 'docker-credential-bad': "), "%s",
                       err.message);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
    cr_assert_null(strchr(err.message, '\x1b'));
    cr_assert_null(strstr(err.message, "s3cret"), "%s", err.message);
    cr_assert_null(credential.secret);
}

static void expect_none(const char *script)
{
    struct tug__credential credential = {0};
    struct tug_error err = {0};

    install("none", script);
    cr_assert_eq(ask("none", 10000, &credential, &err), TUG_OK, "%s: %s", script, err.message);
    cr_assert_eq(credential.kind, TUG__CREDENTIAL_NONE);
}

Test(auth_helper, asks_by_stdin_and_takes_the_answer)
{
    struct tug__credential credential = {0};
    struct tug_error err = {0};

    install("good", "[ \"$1\" = get ] && [ $# = 1 ] && [ \"$(cat)\" = h.example ] || exit 3\n"
                    "echo '{\"ServerURL\":\"h.example\",\"Username\":\"u\",\"Secret\":\"s:x\"}'");
    cr_assert_eq(ask("good", 10000, &credential, &err), TUG_OK, "%s", err.message);
    cr_assert_eq(credential.kind, TUG__CREDENTIAL_PASSWORD);
    cr_assert_str_eq(credential.username, "u");
    cr_assert_str_eq(credential.secret, "s:x");
    cr_assert_str_eq(credential.source, "docker-credential-good");
    tug__credential_fini(&credential);
}

Test(auth_helper, takes_an_identity_token)
{
    struct tug__credential credential = {0};

    install("token", "echo '{\"Username\":\"<token>\",\"Secret\":\"refresh\"}'");
    cr_assert_eq(ask("token", 10000, &credential, NULL), TUG_OK);
    cr_assert_eq(credential.kind, TUG__CREDENTIAL_IDENTITY);
    cr_assert_str_eq(credential.secret, "refresh");
    tug__credential_fini(&credential);
}

Test(auth_helper, t50_knows_what_means_none)
{
    expect_none("echo credentials not found in native keychain; exit 1");
    expect_none("printf '  credentials not found in native keychain\\n\\n'; exit 1");
    expect_none("echo no credentials server URL; exit 1");
    expect_none("echo no credentials username; exit 1");
    expect_none("echo '{\"Username\":\"\",\"Secret\":\"\"}'");
    expect_none("echo '{}'");
}

Test(auth_helper, t50_reports_failures_in_its_own_words)
{
    expect_failure("echo 'the keychain is locked'; exit 1", 10000, "the keychain is locked");
    expect_failure("printf '\\033[2Jboo\\nline'; exit 2", 10000, "\\x1b[2Jboo");
    expect_failure("echo '{\"Secret\":\"s3cret\"}'; exit 1", 10000, "exit status 1");
    expect_failure("exit 7", 10000, "exit status 7");
    expect_failure("kill -SEGV $$", 10000, "killed by signal 11");
    expect_failure("echo s3cret", 10000, "not a credential");
    expect_failure("echo '{\"Username\":7,\"Secret\":\"s3cret\"}'", 10000, "not a credential");
    expect_failure("echo '{\"Username\":\"u\",\"Secret\":\"s3cret\\r\\nX: y\"}'", 10000,
                   "not a credential");
    expect_failure(":", 10000, "not a credential");
}

Test(auth_helper, t50_refuses_names_that_are_paths)
{
    static const char *const names[] = {"",     "../x", "a/b",      "a b",     "a;b",
                                        "$(x)", "a\nb", "\xc3\xa4", "a\x1b[2J"};
    char longest[TUG__HELPER_NAME_MAX + 1];
    struct tug__credential credential = {0};
    struct tug_error err = {0};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cr_assert_eq(ask(names[i], 10000, &credential, &err), TUG_ERR_AUTH, "%s", names[i]);
        cr_assert_not_null(strstr(err.message, "refused"), "%s", err.message);
    }
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    cr_assert_eq(ask(longest, 10000, &credential, &err), TUG_ERR_AUTH);
    cr_assert_eq(ask("not-installed", 10000, &credential, &err), TUG_ERR_AUTH);
    cr_assert_not_null(strstr(err.message, "docker-credential-not-installed"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, "No such file"), "%s", err.message);
}

/* Tell whether the process whose id a helper left in a file is gone. */
static bool is_gone(const char *file)
{
    char *const path = tmpdir_join(helpers, file);
    const uint64_t deadline_ns = tug__deadline_ns(20000);
    char *text;
    pid_t pid;

    while ((text = tmpdir_read(path, NULL)) == NULL) {
        cr_assert(tug__now_ns() < deadline_ns, "no %s", file);
    }
    pid = (pid_t)strtol(text, NULL, 10);
    cr_assert(pid > 0);
    free(text);
    free(path);
    // a grandchild is a zombie until init takes it
    while (kill(pid, 0) == 0 && tug__now_ns() < deadline_ns) {
        char stat[64];
        FILE *proc;
        char state = 'Z';

        (void)snprintf(stat, sizeof stat, "/proc/%d/stat", (int)pid);
        proc = fopen(stat, "re");
        if (proc != NULL) {
            (void)fscanf(proc, "%*d %*s %c", &state);
            (void)fclose(proc);
        }
        if (state == 'Z') {
            return true;
        }
    }
    return kill(pid, 0) != 0;
}

/* What it starts becomes the test's child when it ends: none of them is left, and none ended by
 * itself. */
Test(auth_helper, t50_kills_what_never_ends, .timeout = 30)
{
    int status = 0;

    cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    expect_failure("sleep 1000 & wait", 400, "no answer within 400 ms");
    while (wait(&status) > 0) {
        cr_assert(WIFSIGNALED(status));
    }
    cr_assert_eq(errno, ECHILD);
}

Test(auth_helper, t50_kills_what_ignores_signals, .timeout = 30)
{
    expect_failure("trap '' TERM INT HUP; while :; do sleep 0.1; done", 300, "no answer");
}

Test(auth_helper, t50_kills_what_prints_without_end, .timeout = 30)
{
    expect_failure("echo $$ > $HELPERS/pid; yes s3cret", 20000, "over the limit of 65536 bytes");
    cr_assert(is_gone("pid"));
    expect_failure("head -c 104857600 /dev/zero", 20000, "over the limit of 65536 bytes");
}

Test(auth_helper, t50_f56_passes_no_descriptors, .timeout = 30)
{
    // not close-on-exec, as a host program may have it: one low, one high
    const int low = open("/dev/null", O_RDONLY);
    const int high = fcntl(low, F_DUPFD, 200);
    char *const path = tmpdir_join(helpers, "fds");
    char *list;
    struct tug__credential credential = {0};
    struct tug_error err = {0};

    cr_assert(low > 2 && low < 10 && high == 200);
    // the shell's own descriptors are from 10 on; nothing here makes it start another process
    install("fds", "for fd in 3 4 5 6 7 8 9 200; do\n"
                   "  [ ! -e /proc/$$/fd/$fd ] || echo $fd\n"
                   "done > $HELPERS/fds\n"
                   "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
    cr_assert_eq(ask("fds", 10000, &credential, &err), TUG_OK, "%s", err.message);
    tug__credential_fini(&credential);
    list = tmpdir_read(path, NULL);
    cr_assert_not_null(list);
    cr_assert_str_eq(list, "", "open: %s", list);
    free(list);
    free(path);
    (void)close(high);
    (void)close(low);
}

Test(auth_helper, does_not_wait_for_what_it_leaves_behind, .timeout = 30)
{
    struct tug__credential credential = {0};
    char *const path = tmpdir_join(helpers, "child");
    char *text;

    install("agent", "sleep 60 & echo $! > $HELPERS/child\n"
                     "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
    cr_assert_eq(ask("agent", 20000, &credential, NULL), TUG_OK);
    cr_assert_str_eq(credential.username, "u");
    tug__credential_fini(&credential);
    text = tmpdir_read(path, NULL);
    cr_assert_not_null(text);
    (void)kill((pid_t)strtol(text, NULL, 10), SIGKILL);
    free(text);
    free(path);
}

static bool is_there(void *context)
{
    return access(context, F_OK) == 0;
}

Test(auth_helper, ends_when_cancelled, .timeout = 30)
{
    char *const path = tmpdir_join(helpers, "pid");
    const struct tug__helper_request request = {.name = "slow",
                                                .server = "h",
                                                .timeout_ms = 20000,
                                                .should_stop = is_there,
                                                .stop_context = path};
    struct tug__credential credential = {0};

    install("slow", "sleep 1000 & echo $! > $HELPERS/child\n"
                    "echo $$ > $HELPERS/new; mv $HELPERS/new $HELPERS/pid; wait");
    cr_assert_eq(tug__helper_get(&request, &credential, NULL), TUG_ERR_CANCELLED);
    cr_assert(is_gone("pid"));
    cr_assert(is_gone("child"), "its children are killed with it");
    free(path);
}

Test(auth_helper, leaves_other_children_and_signals_alone, .timeout = 30)
{
    struct tug__credential credential = {0};
    struct sigaction before;
    struct sigaction after;
    int status = 0;
    pid_t other;

    install("quick", "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
    other = fork();
    cr_assert(other >= 0);
    if (other == 0) {
        _exit(42);
    }
    cr_assert_eq(sigaction(SIGCHLD, NULL, &before), 0);
    cr_assert_eq(ask("quick", 10000, &credential, NULL), TUG_OK);
    tug__credential_fini(&credential);
    cr_assert_eq(sigaction(SIGCHLD, NULL, &after), 0);
    cr_assert(before.sa_handler == after.sa_handler);
    cr_assert_eq(waitpid(other, &status, 0), other);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

Test(auth_helper, works_where_children_are_collected_by_the_system, .timeout = 30)
{
    struct tug__credential credential = {0};
    struct tug_error err = {0};

    cr_assert(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    install("quick", "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
    cr_assert_eq(ask("quick", 10000, &credential, &err), TUG_OK, "%s", err.message);
    cr_assert_str_eq(credential.secret, "s");
    tug__credential_fini(&credential);
    expect_none("echo credentials not found in native keychain; exit 1");
    expect_failure("sleep 1000", 300, "no answer");
    (void)signal(SIGCHLD, SIG_DFL);
}

Test(auth_helper, gives_the_child_default_signals, .timeout = 30)
{
    struct tug__credential credential = {0};
    sigset_t all;
    char *rest = NULL;

    cr_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    (void)sigfillset(&all);
    cr_assert_eq(sigprocmask(SIG_BLOCK, &all, NULL), 0);
    // those that a shell gives to its commands: busybox's ignores SIGQUIT itself
    install("signals", "i=$(sed -n 's/^SigIgn:[^0-9a-f]*//p;' /proc/self/status)\n"
                       "b=$(sed -n 's/^SigBlk:[^0-9a-f]*//p;' /proc/self/status)\n"
                       "echo \"{\\\"Username\\\":\\\"$i $b\\\",\\\"Secret\\\":\\\"s\\\"}\"");
    cr_assert_eq(ask("signals", 10000, &credential, NULL), TUG_OK);
    // 32 and 33 belong to the C library
    cr_assert_eq(strtoull(credential.username, &rest, 16) & 0x7fffffffU, 0u, "%s",
                 credential.username);
    cr_assert_eq(strtoull(rest, NULL, 16), 0u, "%s", credential.username);
    tug__credential_fini(&credential);
    cr_assert_eq(sigprocmask(SIG_UNBLOCK, &all, NULL), 0);
}

/* Its first line of standard error says why; the rest, and what may be an answer, is not shown. */
Test(auth_helper, f37_what_it_says_on_stderr)
{
    static const struct {
        const char *script;
        const char *message;
    } cases[] = {
        {"echo 'gpg: no agent' >&2; echo more >&2; exit 3",
         "credential helper 'docker-credential-x': it says 'gpg: no agent': exit status 3"},
        {"echo 'locked' ; echo 'gpg: no agent' >&2; exit 1",
         "credential helper 'docker-credential-x': it says 'gpg: no agent': locked"},
        {"printf '\\n  \\033[31mred\\n' >&2; kill -9 $$",
         "credential helper 'docker-credential-x': it says '\\x1b[31mred': killed by signal 9"},
        {"echo '{\"Secret\":\"s\"}' >&2; exit 1",
         "credential helper 'docker-credential-x': exit status 1"},
        {"echo nothing", "credential helper 'docker-credential-x': its answer is not a credential"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tug__credential credential = {0};
        struct tug_error err = {0};

        install("x", cases[i].script);
        cr_assert_eq(ask("x", 10000, &credential, &err), TUG_ERR_AUTH);
        cr_assert_str_eq(err.message, cases[i].message, "%s", err.message);
    }
}

/* More than a pipe holds: it is read and forgotten. */
Test(auth_helper, f37_a_lot_on_stderr)
{
    struct tug__credential credential = {0};
    struct tug_error err = {0};

    install("x", "head -c 1000000 /dev/zero | tr '\\0' e >&2\n"
                 "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
    cr_assert_eq(ask("x", 10000, &credential, &err), TUG_OK, "%s", err.message);
    tug__credential_fini(&credential);
}

static bool stop_when_slow(void *context)
{
    return *(const int *)context > 0;
}

static void count_slow(void *context, const char *program)
{
    cr_assert_str_eq(program, "docker-credential-x");
    ++*(int *)context;
}

Test(auth_helper, f37_a_slow_one_is_told_of)
{
    struct tug__credential credential = {0};
    int slow = 0;
    const struct tug__helper_request request = {
        .name = "x",
        .server = "h.example",
        .timeout_ms = 60000,
        .should_stop = stop_when_slow,
        .stop_context = &slow,
        .on_slow = count_slow,
        .slow_context = &slow,
    };

    install("x", "exec sleep 60");
    cr_assert_eq(tug__helper_get(&request, &credential, NULL), TUG_ERR_CANCELLED);
    cr_assert_eq(slow, 1);
}
