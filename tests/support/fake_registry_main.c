/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake-registry: the fake registry as a program, for scripts and demonstrations.
 * Serves an image layout or generated images until SIGTERM or SIGINT.
 * Knows: the command line. Does not know: HTTP. Threads: the server's; main waits for signals.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builders.h"
#include "fake_layout.h"
#include "fake_registry.h"

#define LIST_MAX 256

static const char usage_text[] =
    "usage: fake-registry [options]\n"
    "  --layout DIR                     serve this OCI image layout\n"
    "  --repo NAME:TAG=REFNAME          name an entry of its index.json; repeatable\n"
    "  --generate NAME:TAG=SIZE[:LAYERS]  serve a made-up image; repeatable\n"
    "  --rule \"KEY=VALUE ...\"           a fault, see fake_rule.h; repeatable\n"
    "  --port PORT                      default: any free port\n"
    "  --port-file FILE                 write the port there\n"
    "  --log FILE                       write requests and sums there at the end\n"
    "  --record FILE                    write requests with headers and bodies there at the end\n"
    "  --address A                      IPv4 address; default: 127.0.0.1\n"
    "  --rate BYTES                     body bytes per second and connection\n"
    "  --delay MS                       wait before every answer\n"
    "  --send-buffer BYTES              of each connection; default: the system's\n"
    "Sizes take K, M and G (1024). Ends at SIGTERM or SIGINT.\n";

struct settings {
    struct fake_options options;
    const char *layout;
    const char *port_file;
    const char *log;
    const char *record;
    char *repos[LIST_MAX];
    size_t repo_count;
    char *generated[LIST_MAX];
    size_t generated_count;
    char *rules[LIST_MAX];
    size_t rule_count;
};

_Noreturn static void fail(const char *what, const char *subject)
{
    fprintf(stderr, "fake-registry: %s '%s'\n", what, subject);
    exit(2);
}

static void append(char **list, size_t *count, char *item)
{
    if (*count == LIST_MAX) {
        fail("too many options like", item);
    }
    list[(*count)++] = item;
}

/* Read a number with an optional K, M or G. *out_end: what follows it. */
static uint64_t parse_size(const char *text, char **out_end)
{
    uint64_t size = strtoull(text, out_end, 10);
    if (*out_end == text) {
        fail("not a size:", text);
    }
    switch (**out_end) {
    case 'K':
        size <<= 10;
        break;
    case 'M':
        size <<= 20;
        break;
    case 'G':
        size <<= 30;
        break;
    default:
        return size;
    }
    (*out_end)++;
    return size;
}

static uint64_t parse_whole_size(const char *text)
{
    char *end = NULL;
    const uint64_t size = parse_size(text, &end);
    if (*end != '\0') {
        fail("not a size:", text);
    }
    return size;
}

/* Split "NAME:TAG=VALUE" in place. Returns: the value. */
static char *split_name(char *text, char **out_tag)
{
    char *const equals = strchr(text, '=');
    if (equals == NULL) {
        fail("no '=' in", text);
    }
    *equals = '\0';
    char *const colon = strrchr(text, ':');
    if (colon == NULL) {
        fail("no ':TAG' in", text);
    }
    *colon = '\0';
    *out_tag = colon + 1;
    return equals + 1;
}

static void parse_options(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {
        {"layout", required_argument, NULL, 'l'},   {"repo", required_argument, NULL, 'r'},
        {"generate", required_argument, NULL, 'g'}, {"rule", required_argument, NULL, 'f'},
        {"port", required_argument, NULL, 'p'},     {"port-file", required_argument, NULL, 'P'},
        {"log", required_argument, NULL, 'L'},      {"record", required_argument, NULL, 'c'},
        {"address", required_argument, NULL, 'a'},  {"rate", required_argument, NULL, 'R'},
        {"delay", required_argument, NULL, 'd'},    {"send-buffer", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'l':
            settings->layout = optarg;
            break;
        case 'r':
            append(settings->repos, &settings->repo_count, optarg);
            break;
        case 'g':
            append(settings->generated, &settings->generated_count, optarg);
            break;
        case 'f':
            append(settings->rules, &settings->rule_count, optarg);
            break;
        case 'p':
            settings->options.port = (uint16_t)parse_whole_size(optarg);
            break;
        case 'P':
            settings->port_file = optarg;
            break;
        case 'L':
            settings->log = optarg;
            break;
        case 'c':
            settings->record = optarg;
            break;
        case 'a':
            settings->options.address = optarg;
            break;
        case 'R':
            settings->options.rate_bytes_per_s = parse_whole_size(optarg);
            break;
        case 'd':
            settings->options.delay_ms = (unsigned)parse_whole_size(optarg);
            break;
        case 'b':
            settings->options.send_buffer_bytes = (int)parse_whole_size(optarg);
            break;
        case 'h':
            fputs(usage_text, stdout);
            exit(0);
        default:
            fputs(usage_text, stderr);
            exit(2);
        }
    }
    if (optind < argc) {
        fail("unexpected argument", argv[optind]);
    }
}

/* Add one generated image. number: of the option, so that images differ. */
static void add_generated(struct fake_registry *registry, char *text, size_t number)
{
    uint64_t sizes[BUILD_LAYERS_MAX];
    char *tag = NULL;
    char *end = NULL;
    const uint64_t size = parse_size(split_name(text, &tag), &end);
    const uint64_t count = *end == ':' ? parse_whole_size(end + 1) : 1;
    if ((*end != '\0' && *end != ':') || count > BUILD_LAYERS_MAX) {
        fail("wrong size or number of layers for", text);
    }
    for (uint64_t i = 0; i < count; i++) {
        sizes[i] = size;
    }
    const struct build_image image = {.repo = text,
                                      .tag = tag,
                                      .layer_sizes = sizes,
                                      .layer_count = (size_t)count,
                                      .seed = number * BUILD_LAYERS_MAX};
    build_image_add(registry, &image, NULL);
}

static void add_content(struct fake_registry *registry, struct settings *settings)
{
    struct fake_layout *const layout =
        settings->layout != NULL ? fake_layout_open(registry, settings->layout) : NULL;
    for (size_t i = 0; i < settings->repo_count; i++) {
        char *tag = NULL;
        const char *const ref_name = split_name(settings->repos[i], &tag);
        if (layout == NULL) {
            fail("without --layout there is no", ref_name);
        }
        fake_layout_tag(layout, settings->repos[i], tag, ref_name);
    }
    fake_layout_close(layout);
    for (size_t i = 0; i < settings->generated_count; i++) {
        add_generated(registry, settings->generated[i], i);
    }
    for (size_t i = 0; i < settings->rule_count; i++) {
        struct fake_rule rule;
        const char *const problem = fake_rule_parse(settings->rules[i], &rule);
        if (problem != NULL) {
            fail(problem, "--rule");
        }
        fake_rule_add(registry, &rule);
    }
}

/* Write the port so that a reader sees all of it or no file. */
static void write_port(const char *path, unsigned port)
{
    char *const temporary = build_text("%s.tmp", path);
    FILE *const file = fopen(temporary, "we");
    if (file == NULL || fprintf(file, "%u\n", port) < 0 || fclose(file) != 0 ||
        rename(temporary, path) != 0) {
        fail("cannot write", path);
    }
    free(temporary);
}

static void write_log(const char *path, struct fake_registry *registry)
{
    FILE *const file = fopen(path, "we");
    if (file == NULL) {
        fail("cannot write", path);
    }
    struct fake_request request;
    for (size_t i = 0; fake_record_get(registry, NULL, NULL, i, &request); i++) {
        fprintf(file, "request connection=%u %s %s range=%s status=%d body_bytes=%" PRIu64 "\n",
                request.connection, request.method, request.path,
                request.range[0] != '\0' ? request.range : "-", request.status, request.body_bytes);
    }
    const struct fake_totals totals = fake_record_totals(registry);
    fprintf(file,
            "requests %" PRIu64 "\nbody_bytes %" PRIu64 "\nblob_bytes %" PRIu64
            "\nconnections_accepted %u\nconnections_open_max %u\n",
            totals.requests, totals.body_bytes, totals.blob_bytes, totals.connections_accepted,
            totals.connections_open_max);
    fclose(file);
}

/* All that clients sent, for looking for secrets in it, with when. */
static void write_record(const char *path, struct fake_registry *registry)
{
    FILE *const file = fopen(path, "we");
    if (file == NULL) {
        fail("cannot write", path);
    }
    struct fake_request request;
    for (size_t i = 0; fake_record_get(registry, NULL, NULL, i, &request); i++) {
        fprintf(file, "request ms=%" PRIu64 " %s %s status=%d\n%s\n%s\n",
                request.start_ns / 1000000U, request.method, request.path, request.status,
                request.headers, request.body);
    }
    fclose(file);
}

int main(int argc, char **argv)
{
    struct settings settings = {.options.record_max_count = 16384};
    sigset_t ends;
    int signal_number = 0;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    parse_options(argc, argv, &settings);
    struct fake_registry *const registry = fake_registry_create(&settings.options);
    add_content(registry, &settings);
    if (settings.port_file != NULL) {
        write_port(settings.port_file, fake_registry_port(registry));
    }
    printf("listening on %s\n", fake_registry_host(registry));
    fflush(stdout);
    sigwait(&ends, &signal_number);
    fake_registry_stop(registry);
    if (settings.log != NULL) {
        write_log(settings.log, registry);
    }
    if (settings.record != NULL) {
        write_record(settings.record, registry);
    }
    fake_registry_destroy(registry);
    return 0;
}
