/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials that the program gives when it is asked: when, how often, and where they go.
 *
 * Knows: the fake registry's record. Does not know: how answers are kept.
 * Threads: criterion's; the callback is called on a worker's.
 */
#include "registry.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(credentials, .timeout = 60);

#define BASIC_WANTED                                                                               \
    {                                                                                              \
        .match.path = "^/v2/", .match.without_header = "Authorization: Basic " SECRET_BASIC,       \
        .answer.status = 401, .answer.headers = "WWW-Authenticate: Basic realm=\"r\""              \
    }

static const uint64_t sizes[] = {70000, 60000, 50000, 40000, 30000, 20000};

static const struct build_image image = {
    .repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = FLOW_COUNT(sizes)};

/* What the program does, and what it saw. */
struct program {
    enum tug_status status; /* to return */
    bool gives;
    bool gives_nothing;
    const char *bearer; /* instead of user and password */
    const char *host;   /* only for this one; NULL: for any */
    struct tug_fetch *cancels;
    pthread_t runner;
    atomic_uint inside; /* callbacks at this moment */
    bool has_overlapped;
    bool was_on_runner;
    unsigned calls;
    char hosts[4][280]; /* of the first calls */
    char repository[280];
    bool had_registry;
};

static enum tug_status on_credential(void *context, const struct tug_credential_request *request,
                                     struct tug_credential_answer *answer, struct tug_error *err)
{
    struct program *const program = context;
    enum tug_status status = program->status;

    program->has_overlapped |= atomic_fetch_add(&program->inside, 1) > 0;
    program->was_on_runner |= pthread_equal(program->runner, pthread_self()) != 0;
    if (program->calls < 4) {
        (void)snprintf(program->hosts[program->calls], sizeof program->hosts[0], "%s",
                       request->host);
    }
    (void)snprintf(program->repository, sizeof program->repository, "%s", request->repository);
    program->had_registry |= request->registry != NULL;
    program->calls++;
    if (program->gives_nothing) {
        tug_credential_give_nothing(answer);
    } else if (program->host != NULL && strcmp(program->host, request->host) != 0) {
        status = TUG_OK;
    } else if (status == TUG_OK && program->bearer != NULL) {
        status = tug_credential_give_bearer_token(answer, program->bearer, err);
    } else if (status == TUG_OK && program->gives) {
        status = tug_credential_give_password(answer, "me", SECRET_PASSWORD, err);
    } else if (status != TUG_OK) {
        err->code = status;
        (void)snprintf(err->message, sizeof err->message, "the vault is sealed");
    }
    (void)atomic_fetch_sub(&program->inside, 1);
    return status;
}

/* A scene whose program is asked. */
static void open_scene(struct flow *flow, struct program *program)
{
    registry_open(flow);
    build_image_add(flow->registry, &image, NULL);
    program->runner = pthread_self();
    flow->options.on_credential = on_credential;
    flow->options.credential_context = program;
    flow->options.max_concurrent_downloads = 8;
}

Test(credentials, the_program_is_asked_once_after_a_challenge)
{
    struct program program = {.gives = true};
    struct flow flow;

    open_scene(&flow, &program);
    fake_rule_add(flow.registry, &(struct fake_rule)BASIC_WANTED);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(program.calls, 1);
    cr_assert_not(program.was_on_runner);
    cr_assert_str_eq(program.hosts[0], fake_registry_host(flow.registry));
    cr_assert_str_eq(program.repository, "app");
    flow_close(&flow);
}

Test(credentials, nobody_is_asked_without_a_challenge)
{
    struct program program = {.gives = true};
    struct flow flow;

    open_scene(&flow, &program);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(program.calls, 0);
    registry_expect_no_secret(flow.registry);
    flow_close(&flow);
}

Test(credentials, a_token_server_gets_the_password)
{
    struct program program = {.gives = true};
    struct fake_request request;
    struct flow flow;

    open_scene(&flow, &program);
    registry_ask_for_token(flow.registry, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(program.calls, 1);
    cr_assert(fake_record_get(flow.registry, "POST", "^/token", 0, &request));
    cr_assert_not_null(strstr(request.body, "password=" SECRET_PASSWORD));
    flow_close(&flow);
}

Test(credentials, a_bearer_token_is_sent_as_it_is)
{
    struct program program = {.bearer = SECRET_TOKEN};
    struct flow flow;

    open_scene(&flow, &program);
    registry_ask_for_token(flow.registry, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(fake_record_count(flow.registry, NULL, "^/token"), 0);
    flow_close(&flow);
}

/* No answer leaves the question to the other places; nothing ends it. */
Test(credentials, the_program_may_say_ask_others)
{
    for (int nothing = 0; nothing < 2; nothing++) {
        struct program program = {.gives_nothing = nothing != 0};
        struct flow flow;

        open_scene(&flow, &program);
        fake_rule_add(flow.registry, &(struct fake_rule)BASIC_WANTED);
        registry_log_in(&flow);
        cr_assert_eq(flow_fetch(&flow, "app:1"), nothing ? TUG_ERR_AUTH : TUG_OK, "%s",
                     flow.seen.error.message);
        cr_assert_eq(program.calls, 1);
        flow_close(&flow);
    }
}

/* The advice is for the program that has the callback, not only for the command. */
Test(credentials, missing_and_refused_ones_name_the_callback)
{
    for (int found = 0; found < 2; found++) {
        struct program program = {0};
        struct flow flow;

        open_scene(&flow, &program);
        fake_rule_add(flow.registry,
                      &(struct fake_rule){.match.path = "^/token", .answer.status = 401});
        registry_ask_for_token(flow.registry, NULL);
        if (found) {
            registry_log_in(&flow);
        }
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_AUTH);
        cr_assert_not_null(strstr(flow.seen.error.message, "on_credential"), "%s",
                           flow.seen.error.message);
        cr_assert_not_null(strstr(flow.seen.error.message, "docker login"), "%s",
                           flow.seen.error.message);
        cr_assert_null(strstr(flow.seen.error.message, "--user"), "%s", flow.seen.error.message);
        flow_close(&flow);
    }
}

/* Each repository is asked about on its own, by one thread at a time. */
Test(credentials, one_question_at_a_time)
{
    static const char *const names[] = {"a:1", "b:1", "c:1", "d:1"};
    struct program program = {.gives = true};
    struct flow flow;

    open_scene(&flow, &program);
    for (size_t i = 0; i < FLOW_COUNT(names); i++) {
        const char repo[] = {names[i][0], '\0'};

        build_image_add(
            flow.registry,
            &(struct build_image){.repo = repo, .tag = "1", .layer_sizes = sizes, .layer_count = 1},
            NULL);
    }
    fake_rule_add(flow.registry, &(struct fake_rule)BASIC_WANTED);
    cr_assert_eq(flow_fetch_all(&flow, names, FLOW_COUNT(names)), TUG_OK, "%s",
                 flow.seen.error.message);
    cr_assert_eq(program.calls, FLOW_COUNT(names));
    cr_assert_not(program.has_overlapped);
    flow_close(&flow);
}

Test(credentials, a_failure_of_the_program_fails_the_image)
{
    static const struct {
        enum tug_status returned;
        enum tug_status expected;
        unsigned calls;
    } cases[] = {{TUG_ERR_AUTH, TUG_ERR_AUTH, 1},
                 {TUG_ERR_NOT_FOUND, TUG_ERR_AUTH, 1},
                 {TUG_ERR_CONFIG, TUG_ERR_CONFIG, 1},
                 {TUG_ERR_NETWORK, TUG_ERR_NETWORK, 2}};

    for (size_t i = 0; i < FLOW_COUNT(cases); i++) {
        struct program program = {.status = cases[i].returned};
        struct flow flow;

        open_scene(&flow, &program);
        fake_rule_add(flow.registry, &(struct fake_rule)BASIC_WANTED);
        flow.options.no_retries = false;
        flow.options.retries = 1;
        flow.options.retry_max_wait_ms = 1;
        cr_assert_eq(flow_fetch(&flow, "app:1"), cases[i].expected, "%zu: %s", i,
                     flow.seen.error.message);
        cr_assert_not_null(strstr(flow.seen.error.message, "the vault is sealed"), "%s",
                           flow.seen.error.message);
        cr_assert_eq(program.calls, cases[i].calls, "%zu: %u", i, program.calls);
        flow_close(&flow);
    }
}

Test(credentials, refused_ones_are_named_as_the_programs)
{
    struct program program = {.bearer = "wrong-" SECRET_TOKEN};
    struct flow flow;

    open_scene(&flow, &program);
    registry_ask_for_token(flow.registry, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_AUTH);
    cr_assert_not_null(strstr(flow.seen.error.message, "that the program gave"), "%s",
                       flow.seen.error.message);
    registry_expect_clean(flow.seen.error.message);
    flow_close(&flow);
}

Test(credentials, t02_a_redirect_takes_none_along)
{
    struct fake_registry *const other = fake_registry_create(NULL);
    struct program program = {.gives = true};
    struct flow flow;
    char *text;

    open_scene(&flow, &program);
    build_image_add(other, &image, NULL);
    fake_rule_add(flow.registry, &(struct fake_rule)BASIC_WANTED);
    text = build_text("%s{path}", fake_registry_url(other));
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/blobs/", .answer.location = text});
    free(text);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_gt(fake_record_count(other, NULL, "/blobs/"), 0);
    registry_expect_no_secret(other);
    cr_assert_eq(program.calls, 1, "the target of a redirect is nobody's host");
    fake_registry_destroy(other);
    flow_close(&flow);
}

/* T-09: a mirror is asked about by its own name, and gets no credential of another host. */
Test(credentials, t09_a_mirror_is_another_host)
{
    struct fake_registry *const mirror = fake_registry_create(NULL);
    struct program program = {.gives = true};
    struct flow flow;
    char *text;

    open_scene(&flow, &program);
    program.host = fake_registry_host(flow.registry);
    build_image_add(mirror, &image, NULL);
    text = build_text("server = \"%s\"\n[host.\"%s\"]\n", fake_registry_url(flow.registry),
                      fake_registry_url(mirror));
    registry_write_hosts(&flow, text);
    free(text);
    fake_rule_add(mirror, &(struct fake_rule)BASIC_WANTED);
    fake_rule_add(flow.registry, &(struct fake_rule)BASIC_WANTED);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(program.calls, 2);
    cr_assert_str_eq(program.hosts[0], fake_registry_host(mirror));
    cr_assert_str_eq(program.hosts[1], fake_registry_host(flow.registry));
    registry_expect_no_secret(mirror);
    fake_registry_destroy(mirror);
    flow_close(&flow);
}

/* Resolving, listing tags and fetching ask alike. */
Test(credentials, resolve_asks_as_well)
{
    struct program program = {.gives = true};
    struct tug_fetch *fetch = NULL;
    struct tug_error error = {0};
    struct flow flow;
    char *reference;

    open_scene(&flow, &program);
    fake_rule_add(flow.registry, &(struct fake_rule)BASIC_WANTED);
    reference = flow_reference(&flow, "app:1");
    cr_assert_eq(tug_fetch_create(NULL, &flow.options, &fetch, &error), TUG_OK);
    cr_assert_eq(tug_fetch_add(fetch, reference, &error), TUG_OK);
    cr_assert_eq(tug_fetch_resolve(fetch, &error), TUG_OK, "%s", error.message);
    cr_assert_eq(program.calls, 1);
    tug_fetch_destroy(fetch);
    free(reference);
    flow_close(&flow);
}
