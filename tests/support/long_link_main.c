/* SPDX-License-Identifier: Apache-2.0 */
/*
 * long-link: a long link between two network namespaces, for as long as it runs.
 *
 *     long-link [-d DELAY-MS] [-r MBIT/S] [-l LOSS-PERCENT] [-q QUEUE-MS] [-s SEED]
 *
 * Makes two namespaces, "near" (10.77.0.1) and "far" (10.77.0.2), each with one TUN device, and
 * carries the packets between the devices: each packet waits for those before it at the link's
 * rate, is dropped when it would wait for longer than the queue holds (default: one round trip, at
 * least 20 ms), or by chance, and arrives DELAY-MS later (so a round trip takes twice that). Both
 * directions are alike. TCP runs between two kernels' stacks, as it does over a real link; a proxy
 * in between would hide how it starts and how it recovers.
 *
 * Prints "near PATH far PATH" (for nsenter --net=PATH) once the link is up. On SIGTERM prints the
 * packets carried and dropped, and ends; the namespaces end with their last process. Needs root.
 * Threads: one for each direction; they share nothing that changes but the word to end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MTU 1500
#define PACKETS_MAX 65536 /* on the way in one direction: 98 MB, a second at 780 Mbit/s */
#define SEND_QUEUE 20000  /* of the device: the link's queue is ours, not the device's */
#define NS_PER_S 1000000000ULL
#define LOOK_NS (NS_PER_S / 20) /* at least so often: is it time to end? */

struct link {
    uint64_t delay_ns;
    uint64_t queue_ns; /* longest wait for the packets before */
    double ns_per_byte;
    double loss; /* 0 to 1 */
};

struct packet {
    uint64_t due_ns;
    uint16_t size;
    unsigned char bytes[MTU];
};

struct direction {
    const struct link *link;
    int from;
    int to;
    uint64_t random;
    uint64_t free_ns; /* when the link has sent all that came before */
    struct packet *ring;
    unsigned head; /* next to arrive */
    unsigned tail;
    unsigned long carried;
    unsigned long dropped;
    pthread_t thread;
    _Atomic bool should_end; /* set by the main thread */
};

_Noreturn static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* xorshift64*: the same packets are lost for the same seed and order. */
static double next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)((*state * 0x2545f4914f6cdd1dULL) >> 11) / 9007199254740992.0;
}

/* Take one packet from the device into the ring, or drop it. Returns false when there is none. */
static bool take_packet(struct direction *d)
{
    struct packet *const slot = &d->ring[d->tail % PACKETS_MAX];
    const ssize_t size = read(d->from, slot->bytes, sizeof slot->bytes);
    const uint64_t now = now_ns();

    if (size <= 0) {
        return false;
    }
    const uint64_t start = d->free_ns > now ? d->free_ns : now;
    if (start - now > d->link->queue_ns || next_random(&d->random) < d->link->loss) {
        d->dropped++;
        return true;
    }
    d->free_ns = start + (uint64_t)((double)size * d->link->ns_per_byte);
    slot->size = (uint16_t)size;
    slot->due_ns = d->free_ns + d->link->delay_ns;
    d->tail++;
    return true;
}

/* Returns: nanoseconds until the next packet arrives; LOOK_NS when none is on the way. */
static uint64_t deliver_due(struct direction *d)
{
    while (d->head != d->tail) {
        const struct packet *const packet = &d->ring[d->head % PACKETS_MAX];
        const uint64_t now = now_ns();

        if (packet->due_ns > now) {
            return packet->due_ns - now < LOOK_NS ? packet->due_ns - now : LOOK_NS;
        }
        if (write(d->to, packet->bytes, packet->size) < 0) {
            d->dropped++;
        } else {
            d->carried++;
        }
        d->head++;
    }
    return LOOK_NS;
}

/* Carry packets until the end. */
static void *carry(void *opaque)
{
    struct direction *const d = opaque;

    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    while (!d->should_end) {
        const uint64_t wait_ns = deliver_due(d);
        const bool has_room = d->tail - d->head < PACKETS_MAX;
        struct pollfd ready = {.fd = d->from, .events = has_room ? POLLIN : 0};
        const struct timespec wait = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
                                      .tv_nsec = (long)(wait_ns % NS_PER_S)};

        if (ppoll(&ready, 1, &wait, NULL) > 0) {
            for (unsigned i = 0; i < 64 && d->tail - d->head < PACKETS_MAX && take_packet(d); i++) {
            }
        }
    }
    return NULL;
}

static void set_address(struct ifreq *request, const char *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};

    (void)inet_pton(AF_INET, address, &in.sin_addr);
    memcpy(&request->ifr_addr, &in, sizeof in);
}

static void set_up_device(int sock, struct ifreq *request, unsigned long what, const char *name)
{
    if (ioctl(sock, what, request) < 0) {
        fail(name);
    }
}

/* A device up with its address, and loopback, in the namespace this thread is in. */
static int make_device(const char *address)
{
    struct ifreq device = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    struct ifreq loopback = {.ifr_name = "lo"};
    const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || sock < 0) {
        fail("/dev/net/tun");
    }
    memcpy(device.ifr_name, "wan", sizeof "wan");
    set_up_device(fd, &device, TUNSETIFF, "TUNSETIFF");
    set_address(&device, address);
    set_up_device(sock, &device, SIOCSIFADDR, "SIOCSIFADDR");
    set_address(&device, "255.255.255.252");
    set_up_device(sock, &device, SIOCSIFNETMASK, "SIOCSIFNETMASK");
    device.ifr_mtu = MTU;
    set_up_device(sock, &device, SIOCSIFMTU, "SIOCSIFMTU");
    device.ifr_qlen = SEND_QUEUE;
    set_up_device(sock, &device, SIOCSIFTXQLEN, "SIOCSIFTXQLEN");
    device.ifr_flags = IFF_UP | IFF_RUNNING;
    set_up_device(sock, &device, SIOCSIFFLAGS, "SIOCSIFFLAGS");
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    set_up_device(sock, &loopback, SIOCSIFFLAGS, "SIOCSIFFLAGS");
    (void)close(sock);
    return fd;
}

/* Enter a new namespace. Returns a descriptor of it, under which others find it. */
static int enter_namespace(void)
{
    if (unshare(CLONE_NEWNET) < 0) {
        fail("unshare");
    }
    const int fd = open("/proc/thread-self/ns/net", O_RDONLY);
    if (fd < 0) {
        fail("/proc/thread-self/ns/net");
    }
    return fd;
}

static void start_direction(struct direction *d)
{
    d->ring = calloc(PACKETS_MAX, sizeof *d->ring);
    if (d->ring == NULL || pthread_create(&d->thread, NULL, carry, d) != 0) {
        fail("a direction");
    }
}

static void end_direction(struct direction *d)
{
    d->should_end = true;
    (void)pthread_join(d->thread, NULL);
    free(d->ring);
}

static struct link read_options(int argc, char **argv, uint64_t *out_seed)
{
    double delay_ms = 0, rate_mbit = 1000, loss_percent = 0, queue_ms = -1;
    int option;

    while ((option = getopt(argc, argv, "d:r:l:q:s:")) != -1) {
        switch (option) {
        case 'd':
            delay_ms = atof(optarg);
            break;
        case 'r':
            rate_mbit = atof(optarg);
            break;
        case 'l':
            loss_percent = atof(optarg);
            break;
        case 'q':
            queue_ms = atof(optarg);
            break;
        case 's':
            *out_seed = strtoull(optarg, NULL, 10);
            break;
        default:
            exit(2);
        }
    }
    if (queue_ms < 0) {
        queue_ms = 2 * delay_ms > 20 ? 2 * delay_ms : 20;
    }
    return (struct link){.delay_ns = (uint64_t)(delay_ms * 1e6),
                         .queue_ns = (uint64_t)(queue_ms * 1e6),
                         .ns_per_byte = 8000 / rate_mbit,
                         .loss = loss_percent / 100};
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    const struct link link = read_options(argc, argv, &seed);
    struct direction out = {.link = &link, .random = seed * 2654435761U + 1};
    struct direction back = {.link = &link, .random = seed * 2246822519U + 3};
    sigset_t signals;
    int signal_number;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    const int near_fd = enter_namespace();
    out.from = back.to = make_device("10.77.0.1");
    const int far_fd = enter_namespace();
    out.to = back.from = make_device("10.77.0.2");
    start_direction(&out);
    start_direction(&back);
    printf("near /proc/%d/fd/%d far /proc/%d/fd/%d\n", (int)getpid(), near_fd, (int)getpid(),
           far_fd);
    (void)fflush(stdout);
    (void)sigwait(&signals, &signal_number);
    end_direction(&out);
    end_direction(&back);
    printf("out %lu dropped %lu, back %lu dropped %lu\n", out.carried, out.dropped, back.carried,
           back.dropped);
    return fflush(stdout) == 0 ? 0 : 1;
}
