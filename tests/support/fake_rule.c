/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the fake registry: kept in order, picked for each request, counted.
 * Knows: requests' text. Does not know: what a fault does. Threads: any.
 */
#include "fake_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Replace borrowed text by a copy that the node owns. len 0 means up to the NUL. */
static void own_text(struct fake_rule_node *node, const char **text, size_t len)
{
    if (*text == NULL) {
        return;
    }
    if (node->owned_count == sizeof(node->owned) / sizeof(node->owned[0])) {
        fake_die("too much text in a rule");
    }
    char *const copy = fake_copy(*text, len > 0 ? len : strlen(*text));
    node->owned[node->owned_count++] = copy;
    *text = copy;
}

int fake_rule_add(struct fake_registry *registry, const struct fake_rule *rule)
{
    struct fake_rule_node *const node = fake_alloc(sizeof(*node));
    node->rule = *rule;
    node->hold_fd = -1;
    own_text(node, &node->rule.match.method, 0);
    own_text(node, &node->rule.match.path, 0);
    own_text(node, &node->rule.match.header, 0);
    own_text(node, &node->rule.match.without_header, 0);
    own_text(node, &node->rule.answer.headers, 0);
    own_text(node, &node->rule.answer.omit, 0);
    own_text(node, &node->rule.answer.location, 0);
    own_text(node, &node->rule.answer.body, rule->answer.body_len);
    own_text(node, &node->rule.answer.before, 0);
    own_text(node, &node->rule.answer.raw, rule->answer.raw_len);
    own_text(node, &node->rule.body.chunk_note, 0);
    own_text(node, &node->rule.body.trailers, 0);
    if (rule->timing.hold || rule->body.cut == FAKE_CUT_HOLD) {
        node->hold_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (node->hold_fd < 0) {
            fake_die("no eventfd: %m");
        }
    }
    pthread_mutex_lock(&registry->lock);
    struct fake_rule_node **end = &registry->rules;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = node;
    const int id = ++registry->rule_count;
    node->id = id;
    pthread_mutex_unlock(&registry->lock);
    return id;
}

static struct fake_rule_node *find_locked(struct fake_registry *registry, int rule)
{
    for (struct fake_rule_node *node = registry->rules; node != NULL; node = node->next) {
        if (node->id == rule) {
            return node;
        }
    }
    fake_die("there is no rule %d", rule);
}

void fake_rule_remove(struct fake_registry *registry, int rule)
{
    pthread_mutex_lock(&registry->lock);
    find_locked(registry, rule)->is_removed = true;
    pthread_mutex_unlock(&registry->lock);
}

void fake_rule_release(struct fake_registry *registry, int rule)
{
    pthread_mutex_lock(&registry->lock);
    const struct fake_rule_node *const node = find_locked(registry, rule);
    if (node->hold_fd >= 0 && eventfd_write(node->hold_fd, 1) != 0) {
        fake_die("cannot release rule %d: %m", rule);
    }
    pthread_mutex_unlock(&registry->lock);
}

unsigned fake_rule_hits(struct fake_registry *registry, int rule)
{
    pthread_mutex_lock(&registry->lock);
    const unsigned hits = find_locked(registry, rule)->hits;
    pthread_mutex_unlock(&registry->lock);
    return hits;
}

static bool matches(const struct fake_rule *rule, const struct fake_head *head)
{
    const bool is_accept =
        rule->refuse == FAKE_REFUSE_ACCEPT || rule->refuse == FAKE_REFUSE_ACCEPT_RST;
    if (head == NULL || is_accept) {
        return head == NULL && is_accept;
    }
    const struct fake_match *const match = &rule->match;
    return (match->method == NULL || strcmp(match->method, head->method) == 0) &&
           fake_path_matches(match->path, head->path) &&
           (match->header == NULL || strcasestr(head->headers, match->header) != NULL) &&
           (match->without_header == NULL ||
            strcasestr(head->headers, match->without_header) == NULL);
}

const struct fake_rule_node *fake_rule_pick_locked(struct fake_registry *registry,
                                                   const struct fake_head *head)
{
    const struct fake_rule_node *picked = NULL;
    for (struct fake_rule_node *node = registry->rules; node != NULL; node = node->next) {
        if (node->is_removed || !matches(&node->rule, head)) {
            continue;
        }
        const struct fake_match *const match = &node->rule.match;
        const unsigned nth = node->seen++;
        if (nth < match->skip || (match->times > 0 && nth - match->skip >= match->times)) {
            continue;
        }
        node->hits++;
        picked = node;
        break;
    }
    return picked;
}

void fake_rule_fini(struct fake_registry *registry)
{
    while (registry->rules != NULL) {
        struct fake_rule_node *const node = registry->rules;
        registry->rules = node->next;
        for (size_t i = 0; i < node->owned_count; i++) {
            free(node->owned[i]);
        }
        if (node->hold_fd >= 0) {
            close(node->hold_fd);
        }
        free(node);
    }
}
