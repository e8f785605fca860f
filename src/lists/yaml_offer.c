/* SPDX-License-Identifier: Apache-2.0
 *
 * What a text or mapping of a YAML file says about an image.
 *
 * Knows: variables, templates, Kustomize. Does not know: the parser, references, lists.
 * Threads: any.
 */
#include <stdlib.h>
#include <string.h>

#include <tug/error.h>

#include "text.h"
#include "variables.h"
#include "yaml_walk.h"

/* Longest reason that is given. */
#define WHY_MAX 512

static enum yaml_walk_result report(const struct yaml_walk *walk, const struct yaml_image *image)
{
    return walk->on_image(walk->context, image) ? YAML_WALK_OK : YAML_WALK_STOPPED;
}

bool yaml_is_text(const struct yaml_node *node)
{
    static const char *const others[] = {"",     "~",    "null",  "Null",  "NULL", "true",
                                         "True", "TRUE", "false", "False", "FALSE"};

    if (node->tag != NULL) {
        return strcmp(node->tag, "!") == 0 || strcmp(node->tag, "tag:yaml.org,2002:str") == 0;
    }
    if (!node->is_plain) {
        return true;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(node->text, others[i]) == 0) {
            return false;
        }
    }
    return node->text[strspn(node->text, "0123456789.")] != '\0'; /* a number */
}

enum yaml_walk_result yaml_skip(struct yaml_walk *walk, unsigned long line, const char *why)
{
    return report(walk, &(struct yaml_image){.line = line, .why = why});
}

/* Skip a text. why: what it is, behind the text. */
static enum yaml_walk_result skip_text(struct yaml_walk *walk, unsigned long line, const char *text,
                                       const char *why)
{
    char shown[300];
    char whole[WHY_MAX];

    (void)tug_text_escape(shown, sizeof shown, text, strlen(text));
    (void)snprintf(whole, sizeof whole, "'%s' %s", shown, why);
    return yaml_skip(walk, line, whole);
}

/* Report a text whose variables have their defaults. */
static enum yaml_walk_result offer_replaced(struct yaml_walk *walk, unsigned long line,
                                            const char *text)
{
    struct text replaced = {0};
    const char *variable;
    enum yaml_walk_result result;

    if (!variables_replace(text, &replaced, &variable)) {
        result = skip_text(walk, line, text, "has a variable without a default");
    } else if (replaced.has_failed) {
        result = YAML_WALK_NO_MEMORY;
    } else if (*replaced.data == '\0') {
        result = skip_text(walk, line, text, "is empty once its variables have their defaults");
    } else {
        result = report(walk, &(struct yaml_image){.line = line, .text = replaced.data});
    }
    text_fini(&replaced);
    return result;
}

enum yaml_walk_result yaml_offer(struct yaml_walk *walk, unsigned long line, const char *text)
{
    if (*text == '\0') {
        return yaml_skip(walk, line, "empty");
    }
    if (strlen(text) > YAML_TEXT_MAX) {
        return yaml_skip(walk, line, "too long");
    }
    if (strstr(text, "{{") != NULL) {
        return skip_text(walk, line, text, "is a template: give what 'helm template' prints");
    }
    return offer_replaced(walk, line, text);
}

/* Report an entry of Kustomize's "images", which replaces parts of an image's name. */
static enum yaml_walk_result offer_entry(struct yaml_walk *walk, const struct yaml_frame *frame)
{
    char *const *const texts = frame->fields->texts;
    const char *const digest = texts[YAML_FIELD_DIGEST];
    const char *const tag = digest != NULL ? digest : texts[YAML_FIELD_NEW_TAG];
    const char *const name =
        texts[YAML_FIELD_NEW_NAME] != NULL ? texts[YAML_FIELD_NEW_NAME] : texts[YAML_FIELD_NAME];
    struct text text = {0};
    enum yaml_walk_result result;

    if (name == NULL || (tag == NULL && texts[YAML_FIELD_NEW_NAME] == NULL)) {
        return YAML_WALK_OK; /* not Kustomize's */
    }
    if (tag == NULL) {
        return skip_text(
            walk, frame->line, name,
            "is without a tag, which is elsewhere: give what 'kustomize build' prints");
    }
    text_printf(&text, "%s%c%s", name, digest != NULL ? '@' : ':', tag);
    result = text.has_failed ? YAML_WALK_NO_MEMORY : yaml_offer(walk, frame->line, text.data);
    text_fini(&text);
    return result;
}

enum yaml_walk_result yaml_offer_mapping(struct yaml_walk *walk, const struct yaml_frame *frame)
{
    const char *const reference = frame->fields->texts[YAML_FIELD_REFERENCE];

    if (frame->place == YAML_PLACE_ENTRY) {
        return offer_entry(walk, frame);
    }
    if (frame->is_template) {
        return yaml_skip(walk, frame->line, "a template: give what 'helm template' prints");
    }
    if (reference == NULL) {
        return yaml_skip(walk, frame->line,
                         "not a string but a mapping (of a chart's values? "
                         "Give what 'helm template' prints)");
    }
    return yaml_offer(walk, frame->line, reference);
}
