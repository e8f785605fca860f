/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-measure: run a command once and say what it took and whether the machine was quiet.
 *
 *     bench-measure [-o FILE] [-d DAEMON-PID]… [-s SERVER-PID]… COMMAND…
 *
 * Appends one line to FILE, fields divided by tabs: wall seconds; CPU seconds of the command, its
 * children and the daemons; peak memory in KiB (the largest process of the command plus each
 * daemon's peak); CPU seconds of the servers; stolen CPU and CPU of anybody else in percent of the
 * time; exit status (128 + signal).
 *
 * Foreign CPU is what /proc/stat counts as user, nice and system time less the above, so the
 * kernel's own threads are in it. The clock there ticks every 10 ms: two ticks are let go.
 * Threads: one.
 */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIDS_MAX 64

extern char **environ;

struct machine {
    double busy_s;
    double stolen_s;
};

struct pids {
    long list[PIDS_MAX];
    unsigned count;
};

_Noreturn static void fail(const char *what)
{
    perror(what);
    exit(125);
}

static FILE *open_proc(long pid, const char *name)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
    return fopen(path, "re");
}

static double ticks_to_s(unsigned long long ticks)
{
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static struct machine read_machine(void)
{
    unsigned long long user, nice, system, idle, wait, irq, soft, steal;
    FILE *const file = fopen("/proc/stat", "re");

    if (file == NULL || fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
                               &system, &idle, &wait, &irq, &soft, &steal) != 8) {
        fail("/proc/stat");
    }
    (void)fclose(file);
    return (struct machine){.busy_s = ticks_to_s(user + nice + system),
                            .stolen_s = ticks_to_s(steal)};
}

/* CPU time of a process with all its threads. */
static double read_process_s(long pid)
{
    unsigned long long user = 0, system = 0;
    char line[1024] = "";
    FILE *const file = open_proc(pid, "stat");

    if (file == NULL || fgets(line, sizeof line, file) == NULL) {
        fail("a process to watch");
    }
    (void)fclose(file);
    const char *const name_end = strrchr(line, ')');
    if (name_end == NULL ||
        sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
               &system) != 2) {
        fail("/proc/PID/stat");
    }
    return ticks_to_s(user + system);
}

static double read_processes_s(const struct pids *pids)
{
    double sum = 0;

    for (unsigned i = 0; i < pids->count; i++) {
        sum += read_process_s(pids->list[i]);
    }
    return sum;
}

static long read_peak_kib(long pid)
{
    char line[256];
    long peak_kib = 0;
    FILE *const file = open_proc(pid, "status");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmHWM: %ld kB", &peak_kib) == 1) {
            break;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return peak_kib;
}

/* Let the daemon's peak begin at what it holds now. */
static void reset_peak(long pid)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%ld/clear_refs", pid);
    FILE *const file = fopen(path, "we");
    if (file == NULL || fputs("5", file) < 0 || fclose(file) != 0) {
        fail(path);
    }
}

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double timeval_s(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void add_pid(struct pids *pids, const char *text)
{
    if (pids->count == PIDS_MAX) {
        fail("too many processes");
    }
    pids->list[pids->count++] = atol(text);
}

/* Run it. Returns: its status; out_usage: of it and its children. */
static int run(char **command, struct rusage *out_usage)
{
    pid_t pid = 0;
    int status = 0;
    const int problem = posix_spawnp(&pid, command[0], NULL, NULL, command, environ);

    if (problem != 0) {
        errno = problem;
        fail(command[0]);
    }
    while (wait4(pid, &status, 0, out_usage) < 0) {
        if (errno != EINTR) {
            fail("wait4");
        }
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static double percent(double part_s, double whole_s)
{
    return part_s <= 0 ? 0 : 100 * part_s / whole_s;
}

int main(int argc, char **argv)
{
    struct pids daemons = {.count = 0};
    struct pids servers = {.count = 0};
    const char *out_path = NULL;
    struct rusage usage;
    int option;

    while ((option = getopt(argc, argv, "+o:d:s:")) != -1) {
        switch (option) {
        case 'o':
            out_path = optarg;
            break;
        case 'd':
            add_pid(&daemons, optarg);
            break;
        case 's':
            add_pid(&servers, optarg);
            break;
        default:
            return 125;
        }
    }
    if (optind == argc) {
        fputs("usage: bench-measure [-o FILE] [-d PID] [-s PID] COMMAND...\n", stderr);
        return 125;
    }
    for (unsigned i = 0; i < daemons.count; i++) {
        reset_peak(daemons.list[i]);
    }
    const double daemons_before_s = read_processes_s(&daemons);
    const double servers_before_s = read_processes_s(&servers);
    const struct machine before = read_machine();
    const double start_s = now_s();
    const int status = run(argv + optind, &usage);
    const double wall_s = now_s() - start_s;
    const struct machine after = read_machine();
    const double server_s = read_processes_s(&servers) - servers_before_s;
    const double cpu_s = timeval_s(&usage.ru_utime) + timeval_s(&usage.ru_stime) +
                         read_processes_s(&daemons) - daemons_before_s;
    long peak_kib = usage.ru_maxrss;

    for (unsigned i = 0; i < daemons.count; i++) {
        peak_kib += read_peak_kib(daemons.list[i]);
    }
    const double slack_s = ticks_to_s(2);
    const double foreign_s = after.busy_s - before.busy_s - cpu_s - server_s - slack_s;
    const double stolen_s = after.stolen_s - before.stolen_s - slack_s;
    const double machine_s = wall_s * (double)sysconf(_SC_NPROCESSORS_ONLN);
    FILE *const out = out_path != NULL ? fopen(out_path, "ae") : stdout;
    if (out == NULL) {
        fail(out_path);
    }
    fprintf(out, "%.4f\t%.4f\t%ld\t%.2f\t%.1f\t%.1f\t%d\n", wall_s, cpu_s, peak_kib, server_s,
            percent(stolen_s, machine_s), percent(foreign_s, wall_s), status);
    return fflush(out) == 0 ? 0 : 125;
}
