/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the flow tests of the registry client share: registries that want tokens, second servers
 * that record all they get, hosts.toml files.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "flow.h"

/* The secrets of all these tests; none may ever arrive where it does not belong. */
#define SECRET_PASSWORD "sesame-9f3b"
#define SECRET_TOKEN "tok-51c7e2"
#define SECRET_HEADER "hdr-77aa01"
/* base64 of "me:" SECRET_PASSWORD, as Basic sends it */
#define SECRET_BASIC "bWU6c2VzYW1lLTlmM2I="

/* As flow_open(), with no configuration or credentials but the test's own: HOME and all variables
 * that name such files lead into the scene's directory, or nowhere. */
void registry_open(struct flow *flow);

/* Have a registry ask for SECRET_TOKEN, from a token server that is realm (a URL in quotes; words
 * as in fake_rule.h); NULL: its own /token, which gives SECRET_TOKEN. */
void registry_ask_for_token(struct fake_registry *registry, const char *realm);

/* Log in as "me" with SECRET_PASSWORD in this run. */
void registry_log_in(struct flow *flow);

/* Write the hosts.toml of flow->registry and use it. text: its content; owned by the caller. */
void registry_write_hosts(struct flow *flow, const char *text);

/* Check that no request a server has got holds any secret. */
void registry_expect_no_secret(struct fake_registry *registry);

/* Check that text holds no secret. */
void registry_expect_clean(const char *text);

#endif
