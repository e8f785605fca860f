/* SPDX-License-Identifier: Apache-2.0
 *
 * The options that may follow a reference in a file.
 *
 * Knows: their words. Does not know: files, lines.
 * Threads: main.
 */
#include "list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tug/ref.h>

static enum tug_status fail_memory(struct tug_error *err)
{
    err->code = TUG_ERR_NO_MEMORY;
    (void)snprintf(err->message, sizeof err->message, "out of memory");
    return err->code;
}

static enum tug_status add_platform(struct line_options *options, const char *value,
                                    struct tug_error *err)
{
    struct tug_platform platform;
    struct tug_platform *grown;
    const size_t count = options->options.platform_count;
    const enum tug_status status = tug_platform_parse(value, &platform, err);

    if (status != TUG_OK) {
        return status;
    }
    grown = reallocarray(options->platforms, count + 1, sizeof *grown);
    if (grown == NULL) {
        return fail_memory(err);
    }
    grown[count] = platform;
    options->platforms = grown;
    options->options.platforms = grown;
    options->options.platform_count = count + 1;
    return TUG_OK;
}

/* Append a copy of a text to an array. */
static enum tug_status add_text(char ***texts, size_t *count, const char *value,
                                struct tug_error *err)
{
    char **const grown = reallocarray(*texts, *count + 1, sizeof *grown);

    if (grown == NULL) {
        return fail_memory(err);
    }
    *texts = grown;
    grown[*count] = strdup(value);
    if (grown[*count] == NULL) {
        return fail_memory(err);
    }
    ++*count;
    return TUG_OK;
}

static enum tug_status add_label(struct line_options *options, const char *value,
                                 struct tug_error *err)
{
    enum tug_status status = tug_label_check(value, err);

    if (status == TUG_OK) {
        status = add_text(&options->labels, &options->options.label_count, value, err);
        options->options.labels = (const char *const *)options->labels;
    }
    return status;
}

static enum tug_status add_key(struct line_options *options, const char *value,
                               struct tug_error *err)
{
    enum tug_status status;

    if (*value == '\0') {
        err->code = TUG_ERR_INVALID_ARGUMENT;
        (void)snprintf(err->message, sizeof err->message, "verify-key= needs a file");
        return err->code;
    }
    status = add_text(&options->verify_keys, &options->options.verify_key_count, value, err);
    options->options.verify_keys = (const char *const *)options->verify_keys;
    return status;
}

static enum tug_status set_name(struct line_options *options, const char *value,
                                struct tug_error *err)
{
    struct tug_ref *ref = NULL;
    const enum tug_status status = tug_ref_parse(value, &ref, err);

    tug_ref_destroy(ref);
    if (status != TUG_OK) {
        return status;
    }
    free(options->name);
    options->name = strdup(value);
    options->options.name = options->name;
    return options->name != NULL ? TUG_OK : fail_memory(err);
}

/* referrers, or referrers=TYPE. */
static enum tug_status set_referrers(struct line_options *options, const char *type,
                                     struct tug_error *err)
{
    if (type != NULL && *type == '\0') {
        err->code = TUG_ERR_INVALID_ARGUMENT;
        (void)snprintf(err->message, sizeof err->message, "referrers= needs a type");
        return err->code;
    }
    free(options->referrer_type);
    options->referrer_type = type != NULL ? strdup(type) : NULL;
    options->options.referrers = true;
    options->options.referrer_type = options->referrer_type;
    return options->referrer_type != NULL || type == NULL ? TUG_OK : fail_memory(err);
}

static enum tug_status take_word(struct line_options *options, const char *word,
                                 struct tug_error *err)
{
    char shown[128];

    if (strcmp(word, "all-platforms") == 0) {
        options->options.all_platforms = true;
        return TUG_OK;
    }
    if (strcmp(word, "all-metadata") == 0) {
        options->options.all_metadata = true;
        return TUG_OK;
    }
    if (strcmp(word, "metadata-only") == 0) {
        options->options.metadata_only = true;
        return TUG_OK;
    }
    if (strcmp(word, "root=platform") == 0) {
        options->options.platform_root = true;
        return TUG_OK;
    }
    if (strcmp(word, "referrers") == 0) {
        return set_referrers(options, NULL, err);
    }
    if (strncmp(word, "referrers=", strlen("referrers=")) == 0) {
        return set_referrers(options, word + strlen("referrers="), err);
    }
    if (strncmp(word, "name=", strlen("name=")) == 0) {
        return set_name(options, word + strlen("name="), err);
    }
    if (strncmp(word, "platform=", strlen("platform=")) == 0) {
        return add_platform(options, word + strlen("platform="), err);
    }
    if (strncmp(word, "verify-key=", strlen("verify-key=")) == 0) {
        return add_key(options, word + strlen("verify-key="), err);
    }
    if (strncmp(word, "label.", strlen("label.")) == 0) {
        return add_label(options, word + strlen("label."), err);
    }
    (void)tug_text_escape(shown, sizeof shown, word, strlen(word));
    err->code = TUG_ERR_INVALID_ARGUMENT;
    (void)snprintf(err->message, sizeof err->message,
                   "'%s' is not platform=OS/ARCH, all-platforms, all-metadata, metadata-only, "
                   "root=platform, referrers[=TYPE], name=REF, verify-key=FILE or label.KEY=VALUE",
                   shown);
    return err->code;
}

enum tug_status line_options_parse(const char *text, struct line_options *out_options,
                                   struct tug_error *err)
{
    char *const copy = strdup(text);
    char *rest = copy;
    const char *word;
    enum tug_status status = TUG_OK;

    *out_options = (struct line_options){.options = TUG_REFERENCE_OPTIONS_INIT};
    if (copy == NULL) {
        return fail_memory(err);
    }
    while (status == TUG_OK && (word = strsep(&rest, " \t\r")) != NULL) {
        if (*word != '\0') {
            status = take_word(out_options, word, err);
        }
    }
    free(copy);
    if (status == TUG_OK && out_options->options.all_platforms &&
        out_options->options.platform_count > 0) {
        err->code = TUG_ERR_INVALID_ARGUMENT;
        (void)snprintf(err->message, sizeof err->message,
                       "all-platforms and platform= exclude each other");
        return err->code;
    }
    return status;
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
    }
    free(texts);
}

void line_options_fini(struct line_options *options)
{
    free_texts(options->labels, options->options.label_count);
    free(options->referrer_type);
    free_texts(options->verify_keys, options->options.verify_key_count);
    free(options->name);
    free(options->platforms);
    *options = (struct line_options){0};
}
