/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenes of the registry client's flow tests.
 *
 * Knows: the fake registry's rules. Does not know: what any test is about.
 * Threads: the test's.
 */
#include "registry.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const secrets[] = {SECRET_PASSWORD, SECRET_TOKEN, SECRET_HEADER, SECRET_BASIC};

void registry_open(struct flow *flow)
{
    static const char *const variables[] = {
        "DOCKER_CONFIG",   "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR",
        "XDG_CONFIG_HOME", "http_proxy",         "https_proxy",        "all_proxy",
        "HTTPS_PROXY",     "ALL_PROXY"};

    flow_open(flow, NULL);
    for (size_t i = 0; i < FLOW_COUNT(variables); i++) {
        cr_assert_eq(unsetenv(variables[i]), 0);
    }
    cr_assert_eq(setenv("HOME", flow->directory, 1), 0);
    registry_write_hosts(flow, "");
}

void registry_ask_for_token(struct fake_registry *registry, const char *realm)
{
    char *const headers =
        build_text("WWW-Authenticate: Bearer realm=%s,service=\"s\",scope=\"repository:app:pull\"",
                   realm != NULL ? realm : "\"{base}/token\"");

    fake_rule_add(registry,
                  &(struct fake_rule){.match.path = "^/v2/",
                                      .match.without_header = "Authorization: Bearer " SECRET_TOKEN,
                                      .answer.status = 401,
                                      .answer.headers = headers});
    if (realm == NULL) {
        fake_rule_add(registry,
                      &(struct fake_rule){.match.path = "^/token",
                                          .answer.body = "{\"token\":\"" SECRET_TOKEN "\"}"});
    }
    free(headers);
}

void registry_log_in(struct flow *flow)
{
    flow->options.user = "me";
    flow->options.password = SECRET_PASSWORD;
}

void registry_write_hosts(struct flow *flow, const char *text)
{
    char *const root = tmpdir_join(flow->directory, "hosts");
    char *const name = build_text("127.0.0.1_%u_", fake_registry_port(flow->registry));
    char *const directory = tmpdir_join(root, name);
    char *const path = tmpdir_join(directory, "hosts.toml");

    (void)mkdir(root, 0700);
    if (*text != '\0') {
        (void)mkdir(directory, 0700);
        tmpdir_write(path, text, strlen(text));
    }
    flow->options.hosts_dir = root; /* to the end of the test's process */
    free(path);
    free(directory);
    free(name);
}

void registry_expect_clean(const char *text)
{
    for (size_t i = 0; i < FLOW_COUNT(secrets); i++) {
        cr_assert_null(strstr(text, secrets[i]), "'%s' is in: %s", secrets[i], text);
    }
}

void registry_expect_no_secret(struct fake_registry *registry)
{
    struct fake_request request;

    for (size_t i = 0; fake_record_get(registry, NULL, NULL, i, &request); i++) {
        registry_expect_clean(request.path);
        registry_expect_clean(request.headers);
        registry_expect_clean(request.body);
    }
}
