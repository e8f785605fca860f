/* SPDX-License-Identifier: Apache-2.0
 *
 * Referrers at the fake registry, and what a store has of them.
 * Errors: a failed assertion. Threads: the test's.
 */
#ifndef EXTRAS_H
#define EXTRAS_H

#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SBOM "application/spdx+json"
#define SIGNATURE "application/vnd.example.signature"
#define COSIGN_LAYER "application/vnd.dev.cosign.simplesigning.v1+json"
#define IS_INDEX "Content-Type: " BUILD_OCI_INDEX "\r\n"

/* Add a manifest with one layer of text. subject: digest; NULL: none. tag: NULL: none. */
static inline struct build_descriptor add_referrer(struct flow *flow, const char *subject,
                                                   const char *type, const char *text,
                                                   const char *tag)
{
    const struct build_descriptor config = flow_add_blob(flow, "application/json", "{}");
    const struct build_descriptor layer = flow_add_blob(flow, type, text);
    char *const config_text = build_descriptor_json(&config, NULL);
    char *const layer_text = build_descriptor_json(&layer, NULL);
    char *const subject_text =
        subject != NULL ? build_text(",\"artifactType\":\"%s\",\"subject\":{\"mediaType\":\"%s\","
                                     "\"digest\":\"%s\",\"size\":1}",
                                     type, BUILD_OCI_MANIFEST, subject)
                        : strdup("");
    char *const manifest =
        build_text("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]%s}",
                   BUILD_OCI_MANIFEST, config_text, layer_text, subject_text);
    struct build_descriptor result;

    build_manifest_raw(flow->registry, "app", tag, BUILD_OCI_MANIFEST, manifest, &result);
    free(config_text);
    free(layer_text);
    free(subject_text);
    free(manifest);
    return result;
}

/* An entry of a list. Returns: owned. */
static inline char *entry_of(const struct build_descriptor *referrer, const char *type)
{
    char *const more = build_text("\"artifactType\":\"%s\"", type);
    char *const text = build_descriptor_json(referrer, more);

    free(more);
    return text;
}

/* The registry lists these entries for a digest. query: of the page; NULL: none. headers: more of
 * the answer. */
static inline void answer_list(struct flow *flow, const char *digest, const char *query,
                               const char *entries, const char *headers)
{
    char *const path = build_text("^/v2/app/referrers/%s%s$", digest, query != NULL ? query : "");
    char *const all = build_text("%s%s", IS_INDEX, headers != NULL ? headers : "");
    char *const body = build_text("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}",
                                  BUILD_OCI_INDEX, entries);

    fake_rule_add(
        flow->registry,
        &(struct fake_rule){.match.path = path, .answer.body = body, .answer.headers = all});
    free(path);
    free(all);
    free(body);
}

/* The same for one referrer. */
static inline void answer_one(struct flow *flow, const char *digest,
                              const struct build_descriptor *entry, const char *type)
{
    char *const text = entry_of(entry, type);

    answer_list(flow, digest, NULL, text, NULL);
    free(text);
}

/* The image "app:1". */
static inline struct build_descriptor begin(struct flow *flow)
{
    struct build_descriptor root;

    flow_open(flow, NULL);
    flow->options.referrers = true;
    flow_add_manifest(flow, "1", NULL, "", &root);
    return root;
}

/* How many entries the list of a digest has in the store; -1: index.json does not name one. */
static inline int listed(const struct flow *flow, const char *digest)
{
    char *const name = build_text("%s/app:sha256-%s", fake_registry_host(flow->registry),
                                  digest + strlen("sha256:"));
    struct json_object *const index = flow_index(flow);
    struct json_object *const entries = json_object_object_get(index, "manifests");
    int count = -1;

    for (size_t i = 0; i < json_object_array_length(entries); i++) {
        struct json_object *const entry = json_object_array_get_idx(entries, i);
        const char *const found = flow_annotation(entry, "org.opencontainers.image.ref.name");

        if (found != NULL && strcmp(found, name) == 0) {
            char *const path = flow_path(
                flow, "blobs", json_object_get_string(json_object_object_get(entry, "digest")));
            struct json_object *const list = json_object_from_file(path);

            count = (int)json_object_array_length(json_object_object_get(list, "manifests"));
            json_object_put(list);
            free(path);
        }
    }
    json_object_put(index);
    free(name);
    return count;
}

static inline size_t count_names(const struct flow *flow)
{
    struct json_object *const index = flow_index(flow);
    const size_t count = json_object_array_length(json_object_object_get(index, "manifests"));

    json_object_put(index);
    return count;
}

static inline void expect_failure(struct flow *flow, enum tug_status status, const char *text)
{
    cr_assert_eq(flow_fetch(flow, "app:1"), status, "%d: %s", (int)flow->seen.status,
                 flow->seen.error.message);
    cr_assert_not_null(strstr(flow->seen.error.message, text), "%s", flow->seen.error.message);
    flow_check_store(flow);
}

#endif
