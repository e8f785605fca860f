/* SPDX-License-Identifier: Apache-2.0
 *
 * Where credentials are looked for, in which order, and how often (T-09, T-10, T-14).
 */
#include "auth/credential.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/tmpdir.h"

#define THREADS 8

/* A home directory, and the variables that credentials see. */
static char *home;
static struct {
    const char *name;
    char value[512];
} variables[8];

static const char *get_env(void *context, const char *name)
{
    (void)context;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        if (variables[i].name != NULL && strcmp(variables[i].name, name) == 0) {
            return variables[i].value;
        }
    }
    return NULL;
}

static void set_variable(const char *name, const char *value)
{
    size_t i = 0;

    while (variables[i].name != NULL && strcmp(variables[i].name, name) != 0) {
        i++;
    }
    variables[i].name = name;
    (void)snprintf(variables[i].value, sizeof variables[i].value, "%s", value);
}

/* Write a file below the home directory and return its path, valid until the next call. */
static const char *put(const char *name, const char *text)
{
    static char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", home, name);
    for (char *slash = path + strlen(home) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    tmpdir_write(path, text, strlen(text));
    return path;
}

/* The same with one entry for "h.example". */
static const char *put_user(const char *name, const char *user)
{
    char text[256];

    (void)snprintf(text, sizeof text,
                   "{\"auths\":{\"h.example\":{\"username\":\"%s\",\"password\":\"p\"}}}", user);
    return put(name, text);
}

static void put_helper(const char *name, const char *script)
{
    char path[256];
    char text[1024];

    (void)snprintf(path, sizeof path, "bin/docker-credential-%s", name);
    (void)snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    cr_assert_eq(chmod(put(path, text), 0700), 0);
}

static void set_up(void)
{
    char path[4096];

    home = tmpdir_create();
    set_variable("HOME", home);
    (void)snprintf(path, sizeof path, "%s/bin:%s", home, getenv("PATH"));
    cr_assert_eq(setenv("PATH", path, 1), 0);
    cr_assert_eq(setenv("TESTHOME", home, 1), 0);
}

static void tear_down(void)
{
    tmpdir_remove(home);
}

TestSuite(auth_credential, .init = set_up, .fini = tear_down, .timeout = 60);

static struct tug__credentials *create(struct tug__credential_settings settings)
{
    struct tug__credentials *credentials = NULL;
    struct tug_error err = {0};

    settings.get_env = get_env;
    cr_assert_eq(tug__credentials_create(&settings, &credentials, &err), TUG_OK, "%s", err.message);
    return credentials;
}

/* Ask and compare the user name; NULL: none is known. */
static void expect(struct tug__credentials *credentials, const char *host, const char *repository,
                   const char *user)
{
    const struct tug__credential_request request = {.host = host, .repository = repository};
    struct tug__credential credential = {0};
    struct tug_error err = {0};

    cr_assert_eq(tug__credentials_get(credentials, &request, &credential, &err), TUG_OK, "%s",
                 err.message);
    if (user == NULL) {
        cr_assert_eq(credential.kind, TUG__CREDENTIAL_NONE, "%s", credential.username);
    } else {
        cr_assert_neq(credential.kind, TUG__CREDENTIAL_NONE, "%s: none", host);
        cr_assert_str_eq(credential.username, user);
    }
    tug__credential_fini(&credential);
}

static void expect_first(const char *user)
{
    struct tug__credentials *const credentials = create((struct tug__credential_settings){0});

    expect(credentials, "h.example", "a/b", user);
    tug__credentials_destroy(credentials);
}

static void expect_failure(struct tug__credentials *credentials, enum tug_status code,
                           const char *why)
{
    const struct tug__credential_request request = {.host = "h.example"};
    struct tug__credential credential = {0};

    for (int i = 0; i < 2; i++) { // it is remembered
        struct tug_error err = {0};

        cr_assert_eq(tug__credentials_get(credentials, &request, &credential, &err), code, "%s",
                     err.message);
        cr_assert_eq(err.code, code);
        cr_assert_not_null(strstr(err.message, why), "%s", err.message);
    }
    tug__credentials_destroy(credentials);
}

Test(auth_credential, looks_in_order)
{
    char path[512];

    expect_first(NULL);
    (void)put(".dockercfg", "{\"h.example\":{\"username\":\"legacy\",\"password\":\"p\"}}");
    expect_first("legacy");
    (void)put_user(".docker/config.json", "docker");
    expect_first("docker");
    (void)put_user("dockerconfig/config.json", "moved");
    (void)snprintf(path, sizeof path, "%s/dockerconfig", home);
    set_variable("DOCKER_CONFIG", path);
    expect_first("moved");
    (void)put_user(".config/containers/auth.json", "podman");
    expect_first("podman");
    (void)put_user("xdg/containers/auth.json", "xdg");
    (void)snprintf(path, sizeof path, "%s/xdg", home);
    set_variable("XDG_CONFIG_HOME", path);
    expect_first("xdg");
    (void)put_user("run/containers/auth.json", "run");
    (void)snprintf(path, sizeof path, "%s/run", home);
    set_variable("XDG_RUNTIME_DIR", path);
    expect_first("run");
    set_variable("DOCKER_AUTH_CONFIG",
                 "{\"auths\":{\"h.example\":{\"username\":\"env\",\"password\":\"p\"}}}");
    expect_first("env");
    set_variable("REGISTRY_AUTH_FILE", put_user("named.json", "named"));
    expect_first("named");
    {
        struct tug__credentials *credentials =
            create((struct tug__credential_settings){.authfile = put_user("flag.json", "flag")});

        expect(credentials, "h.example", NULL, "flag");
        tug__credentials_destroy(credentials);
        credentials = create((struct tug__credential_settings){.authfile = put("flag.json", "{}"),
                                                               .host = "h.example",
                                                               .user = "given",
                                                               .password = "p"});
        expect(credentials, "H.example", NULL, "given");
        tug__credentials_destroy(credentials);
    }
}

Test(auth_credential, goes_on_where_a_place_has_none)
{
    (void)put(".config/containers/auth.json", "{\"auths\":{\"other.example\":{\"auth\":\"dTpw\"},"
                                              "\"h.example\":{}}}");
    (void)put_user(".docker/config.json", "docker");
    expect_first("docker");
}

Test(auth_credential, t10_binds_given_ones_to_their_host)
{
    struct tug__credentials *credentials = create(
        (struct tug__credential_settings){.host = "h.example:5000", .user = "u", .password = ""});

    expect(credentials, "h.example:5000", "a", "u");
    expect(credentials, "h.example", "a", NULL);
    expect(credentials, "h.example:5001", "a", NULL);
    expect(credentials, "evil-h.example:5000", "a", NULL);
    expect(credentials, "h.example.evil:5000", "a", NULL);
    expect(credentials, "", "a", NULL);
    tug__credentials_destroy(credentials);
    credentials = create(
        (struct tug__credential_settings){.host = "docker.io", .user = "u", .password = "p"});
    expect(credentials, "registry-1.docker.io", "a", "u");
    expect(credentials, "docker.io.", "a", NULL);
    tug__credentials_destroy(credentials);
}

Test(auth_credential, t09_asks_by_a_mirrors_own_name)
{
    struct tug__credentials *credentials;

    (void)put(".docker/config.json",
              "{\"auths\":{\"docker.io\":{\"username\":\"hub\",\"password\":\"p\"},"
              "\"mirror.example\":{\"username\":\"mirror\",\"password\":\"p\"}}}");
    credentials = create((struct tug__credential_settings){0});
    expect(credentials, "docker.io", "a", "hub");
    expect(credentials, "mirror.example", "a", "mirror");
    expect(credentials, "other.example", "a", NULL);
    tug__credentials_destroy(credentials);
}

static void refuse_settings(struct tug__credential_settings settings, const char *why)
{
    struct tug__credentials *credentials = NULL;
    struct tug_error err = {0};

    settings.get_env = get_env;
    cr_assert_eq(tug__credentials_create(&settings, &credentials, &err), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_null(credentials);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
    cr_assert_null(strstr(err.message, "s3cret"), "%s", err.message);
}

Test(auth_credential, checks_what_is_given)
{
    struct tug__credentials *credentials;
    const struct tug__credential_request request = {.host = "h"};
    struct tug__credential credential = {0};

    refuse_settings((struct tug__credential_settings){.user = "u", .password = "s3cret"},
                    "registry");
    refuse_settings((struct tug__credential_settings){.host = "h", .user = "u"}, "password");
    refuse_settings((struct tug__credential_settings){.refresh_token = "s3cret"}, "registry");
    refuse_settings(
        (struct tug__credential_settings){.host = "h", .user = "a:b", .password = "s3cret"},
        "colon");
    refuse_settings(
        (struct tug__credential_settings){.host = "h", .user = "a", .password = "s3cret\r\nX: y"},
        "control");
    refuse_settings(
        (struct tug__credential_settings){.host = "h", .user = "a\n", .password = "s3cret"},
        "control");
    refuse_settings(
        (struct tug__credential_settings){
            .host = "h", .user = "a", .password = "s3cret", .refresh_token = "s3cret"},
        "both");
    credentials =
        create((struct tug__credential_settings){.host = "h", .refresh_token = "refresh"});
    cr_assert_eq(tug__credentials_get(credentials, &request, &credential, NULL), TUG_OK);
    cr_assert_eq(credential.kind, TUG__CREDENTIAL_IDENTITY);
    cr_assert_str_eq(credential.secret, "refresh");
    tug__credential_fini(&credential);
    tug__credentials_destroy(credentials);
}

Test(auth_credential, is_strict_about_named_files)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/missing.json", home);
    expect_failure(create((struct tug__credential_settings){.authfile = path}), TUG_ERR_CONFIG,
                   "missing.json: No such file");
    expect_failure(
        create((struct tug__credential_settings){.authfile = put("bad.json", "{\"auths\":")}),
        TUG_ERR_CONFIG, "bad.json: not valid JSON");
    set_variable("REGISTRY_AUTH_FILE", path);
    expect_failure(create((struct tug__credential_settings){0}), TUG_ERR_CONFIG, "missing.json");
    set_variable("REGISTRY_AUTH_FILE", "");
    (void)put(".docker/config.json", "nonsense");
    expect_failure(create((struct tug__credential_settings){0}), TUG_ERR_CONFIG,
                   "~/.docker/config.json: not valid JSON");
    set_variable("DOCKER_AUTH_CONFIG", "nonsense");
    expect_failure(create((struct tug__credential_settings){0}), TUG_ERR_CONFIG,
                   "$DOCKER_AUTH_CONFIG: not valid JSON");
}

Test(auth_credential, reads_no_place_after_the_one_that_decides)
{
    (void)put_user(".config/containers/auth.json", "podman");
    (void)put(".docker/config.json", "nonsense");
    expect_first("podman");
}

Test(auth_credential, opens_nothing_before_it_is_asked)
{
    struct tug__credentials *credentials;

    (void)put(".docker/config.json", "nonsense");
    credentials = create((struct tug__credential_settings){0});
    (void)put_user(".docker/config.json", "docker"); // what is there when it is first needed counts
    expect(credentials, "h.example", NULL, "docker");
    (void)put_user(".docker/config.json", "later"); // and is read once
    expect(credentials, "h.example", NULL, "docker");
    tug__credentials_destroy(credentials);
}

Test(auth_credential, asks_helpers_before_the_file)
{
    struct tug__credentials *credentials;

    put_helper("one", "echo '{\"Username\":\"one\",\"Secret\":\"s\"}'");
    put_helper("two", "read -r key\n"
                      "[ \"$key\" != none.example ] || { echo credentials not found in native "
                      "keychain; exit 1; }\n"
                      "echo '{\"Username\":\"two '\"$key\"'\",\"Secret\":\"s\"}'");
    (void)put(".docker/config.json",
              "{\"credsStore\":\"two\",\"credHelpers\":{\"h.example\":\"one\",\"f.example\":\"\"},"
              "\"auths\":{\"none.example\":{\"username\":\"file\",\"password\":\"p\"},"
              "\"f.example\":{\"username\":\"file\",\"password\":\"p\"},"
              "\"h.example\":{\"username\":\"file\",\"password\":\"p\"}}}");
    credentials = create((struct tug__credential_settings){0});
    expect(credentials, "h.example", NULL, "one");
    expect(credentials, "other.example", NULL, "two other.example");
    expect(credentials, "docker.io", NULL, "two https://index.docker.io/v1/");
    expect(credentials, "none.example", NULL, "file");
    expect(credentials, "f.example", NULL, "file");
    tug__credentials_destroy(credentials);
}

Test(auth_credential, names_file_and_helper_that_failed)
{
    put_helper("bad", "echo x >> $TESTHOME/runs; echo 'it is \033[1mlocked'; exit 1");
    (void)put(".docker/config.json", "{\"credsStore\":\"bad\"}");
    expect_failure(create((struct tug__credential_settings){0}), TUG_ERR_AUTH,
                   "~/.docker/config.json: credential helper 'docker-credential-bad': it is "
                   "\\x1b[1mlocked");
    {
        char *const path = tmpdir_join(home, "runs");
        char *const runs = tmpdir_read(path, NULL);

        cr_assert_str_eq(runs, "x\n", "asked twice, run once");
        free(runs);
        free(path);
    }
}

static void *ask(void *argument)
{
    const struct tug__credential_request request = {.host = "h.example"};
    struct tug__credential credential = {0};
    const enum tug_status status = tug__credentials_get(argument, &request, &credential, NULL);
    const bool is_right = status == TUG_OK && credential.kind == TUG__CREDENTIAL_PASSWORD &&
                          strcmp(credential.username, "u") == 0;

    tug__credential_fini(&credential);
    return is_right ? argument : NULL;
}

Test(auth_credential, runs_a_helper_once_for_many_threads)
{
    pthread_t threads[THREADS];
    struct tug__credentials *credentials;
    char *const path = tmpdir_join(home, "runs");
    char *runs;

    put_helper("slow", "echo x >> $TESTHOME/runs; sleep 0.4\n"
                       "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
    (void)put(".docker/config.json", "{\"credsStore\":\"slow\"}");
    credentials = create((struct tug__credential_settings){0});
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, ask, credentials), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;

        cr_assert_eq(pthread_join(threads[i], &result), 0);
        cr_assert_not_null(result);
    }
    runs = tmpdir_read(path, NULL);
    cr_assert_str_eq(runs, "x\n");
    free(runs);
    free(path);
    tug__credentials_destroy(credentials);
}

/* How many times the helper was started, by the file that it appends to. */
static off_t count_runs(void)
{
    char *const path = tmpdir_join(home, "runs");
    struct stat info = {0};

    (void)stat(path, &info);
    free(path);
    return info.st_size / 2;
}

/* Stop when the helper runs. */
static bool stop_in_the_helper(void *context)
{
    (void)context;
    return count_runs() > 0;
}

/* Stop a wait that has begun. */
static bool stop_at_the_second_question(void *context)
{
    return ++*(unsigned *)context > 1;
}

Test(auth_credential, lets_those_who_wait_be_cancelled)
{
    unsigned questions = 0;
    const struct tug__credential_request first = {.host = "h.example",
                                                  .should_stop = stop_in_the_helper};
    const struct tug__credential_request second = {.host = "h.example",
                                                   .should_stop = stop_at_the_second_question,
                                                   .stop_context = &questions};
    struct tug__credential credential = {0};
    struct tug__credentials *credentials;
    pthread_t thread;
    void *result = NULL;

    put_helper("slow", "echo x >> $TESTHOME/runs\n"
                       "until [ -e $TESTHOME/go ]; do sleep 0.01; done\n"
                       "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
    (void)put(".docker/config.json", "{\"credsStore\":\"slow\"}");
    credentials = create((struct tug__credential_settings){0});
    // the one who runs the helper is cancelled: that is not remembered
    cr_assert_eq(tug__credentials_get(credentials, &first, &credential, NULL), TUG_ERR_CANCELLED);
    // another runs it, one who waits is cancelled
    cr_assert_eq(pthread_create(&thread, NULL, ask, credentials), 0);
    while (count_runs() < 2) {
        (void)sched_yield();
    }
    cr_assert_eq(tug__credentials_get(credentials, &second, &credential, NULL), TUG_ERR_CANCELLED);
    (void)put("go", "");
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_not_null(result);
    cr_assert_eq(count_runs(), 2);
    tug__credentials_destroy(credentials);
}

Test(auth_credential, limits_a_helpers_time)
{
    put_helper("hang", "sleep 1000");
    (void)put(".docker/config.json", "{\"credsStore\":\"hang\"}");
    expect_failure(create((struct tug__credential_settings){.helper_timeout_ms = 300}),
                   TUG_ERR_AUTH, "no answer within 300 ms");
}

Test(auth_credential, gives_dockers_headers)
{
    struct tug__credentials *credentials;
    const char *const *headers = NULL;
    size_t count = 9;

    credentials = create((struct tug__credential_settings){0});
    cr_assert_eq(tug__credentials_headers(credentials, &headers, &count, NULL), TUG_OK);
    cr_assert_eq(count, 0u);
    tug__credentials_destroy(credentials);
    (void)put(".docker/config.json", "{\"HttpHeaders\":{\"X-Meta\":\"a\"}}");
    (void)put(".config/containers/auth.json", "{\"HttpHeaders\":{\"X-Other\":\"a\"}}");
    credentials = create((struct tug__credential_settings){0});
    cr_assert_eq(tug__credentials_headers(credentials, &headers, &count, NULL), TUG_OK);
    cr_assert_eq(count, 1u);
    cr_assert_str_eq(headers[0], "X-Meta: a");
    tug__credentials_destroy(credentials);
}
