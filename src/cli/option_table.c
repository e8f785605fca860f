/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of options: what each is called, says and does to the settings.
 *
 * Knows: units, the public option types. Does not know: how a command line is read.
 * Threads: main, before any other is started.
 */
#include "option_table.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tug/ref.h>

#include "units.h"

/* Retries are counted in an unsigned; nobody means more than this. */
#define RETRIES_MAX 1000000
/* Parts of a list; nobody has more machines. */
#define SHARDS_MAX 1000000

static enum tug_status refuse(struct tug_error *err, const char *why)
{
    err->code = TUG_ERR_INVALID_ARGUMENT;
    (void)snprintf(err->message, sizeof err->message, "%s", why);
    return err->code;
}

static enum tug_status refuse_memory(struct tug_error *err)
{
    (void)refuse(err, "out of memory");
    err->code = TUG_ERR_NO_MEMORY;
    return err->code;
}

/* Choose from a list of words. out_index: the position of value in words. */
static enum tug_status choose(const char *value, const char *const *words, int *out_index,
                              struct tug_error *err)
{
    char why[128] = "not one of:";

    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0) {
            *out_index = i;
            return TUG_OK;
        }
        (void)snprintf(why + strlen(why), sizeof why - strlen(why), "%s %s", i > 0 ? "," : "",
                       words[i]);
    }
    return refuse(err, why);
}

static enum tug_status take_time(const char *value, bool can_be_zero, uint64_t *out_ms,
                                 struct tug_error *err)
{
    if (!units_parse_time(value, out_ms)) {
        return refuse(err, "not a time such as 500ms, 30s, 2m or 1h");
    }
    return can_be_zero || *out_ms > 0 ? TUG_OK : refuse(err, "must be more than zero");
}

/* --- options that are more than a flag or a time --- */

static enum tug_status apply_store(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    if (*value == '\0') {
        return refuse(err, "must not be empty");
    }
    settings->store_path = value;
    return TUG_OK;
}

static enum tug_status apply_quiet(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    (void)value;
    (void)err;
    settings->verbosity = -1;
    return TUG_OK;
}

static enum tug_status apply_verbose(struct settings *settings, const char *value,
                                     struct tug_error *err)
{
    (void)value;
    (void)err;
    settings->verbosity = settings->verbosity < 1 ? 1 : 2;
    return TUG_OK;
}

static enum tug_status apply_debug(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    (void)value;
    (void)err;
    settings->verbosity = 2;
    return TUG_OK;
}

static enum tug_status apply_color(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    static const char *const words[] = {"auto", "always", "never", NULL};
    static const enum color_mode modes[] = {COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER};
    int index;
    const enum tug_status status = choose(value, words, &index, err);

    if (status == TUG_OK) {
        settings->color = modes[index];
    }
    return status;
}

static enum tug_status apply_platform(struct settings *settings, const char *value,
                                      struct tug_error *err)
{
    struct tug_platform platform;
    struct tug_platform *grown;
    const enum tug_status status = tug_platform_parse(value, &platform, err);

    if (status != TUG_OK) {
        return status;
    }
    grown = reallocarray(settings->platforms, settings->platform_count + 1, sizeof platform);
    if (grown == NULL) {
        return refuse_memory(err);
    }
    settings->platforms = grown;
    settings->platforms[settings->platform_count++] = platform;
    return TUG_OK;
}

static enum tug_status apply_skip_metadata(struct settings *settings, const char *value,
                                           struct tug_error *err)
{
    (void)value;
    (void)err;
    settings->fetch.all_metadata = false;
    return TUG_OK;
}

static enum tug_status apply_label(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    const char *const equals = strchr(value, '=');
    const char **grown;

    if (equals == NULL || equals == value) {
        return refuse(err, "not KEY=VALUE");
    }
    if (tug_label_check(value, err) != TUG_OK) {
        return err->code;
    }
    grown = reallocarray(settings->labels, settings->label_count + 1, sizeof *grown);
    if (grown == NULL) {
        return refuse_memory(err);
    }
    settings->labels = grown;
    settings->labels[settings->label_count++] = value;
    return TUG_OK;
}

/* Remember an operand or a list. */
enum tug_status settings_add_input(struct settings *settings, const char *text, bool is_file,
                                   struct tug_error *err)
{
    struct input *const grown =
        reallocarray(settings->inputs, settings->input_count + 1, sizeof *grown);

    if (grown == NULL) {
        return refuse_memory(err);
    }
    settings->inputs = grown;
    settings->inputs[settings->input_count++] = (struct input){.text = text, .is_file = is_file};
    return TUG_OK;
}

static enum tug_status apply_from_file(struct settings *settings, const char *value,
                                       struct tug_error *err)
{
    return settings_add_input(settings, value, true, err);
}

static enum tug_status apply_failed_file(struct settings *settings, const char *value,
                                         struct tug_error *err)
{
    (void)err;
    settings->failed_path = value;
    return TUG_OK;
}

static enum tug_status apply_downloads(struct settings *settings, const char *value,
                                       struct tug_error *err)
{
    _Static_assert(TUG_DOWNLOADS_MAX == 64, "the text below names the limit");
    if (!units_parse_count(value, 1, TUG_DOWNLOADS_MAX,
                           &settings->fetch.max_concurrent_downloads)) {
        return refuse(err, "not a number from 1 to 64");
    }
    return TUG_OK;
}

static enum tug_status take_size(const char *value, uint64_t *out_bytes, struct tug_error *err)
{
    return units_parse_size(value, out_bytes)
               ? TUG_OK
               : refuse(err, "not a size such as 500K, 16MiB or 2GB");
}

static enum tug_status apply_chunk_size(struct settings *settings, const char *value,
                                        struct tug_error *err)
{
    const enum tug_status status = take_size(value, &settings->fetch.chunk_size_bytes, err);

    settings->fetch.never_split = status == TUG_OK && settings->fetch.chunk_size_bytes == 0;
    return status;
}

static enum tug_status apply_max_size(struct settings *settings, const char *value,
                                      struct tug_error *err)
{
    const enum tug_status status = take_size(value, &settings->fetch.max_size_bytes, err);

    return status == TUG_OK && settings->fetch.max_size_bytes == 0
               ? refuse(err, "must be more than zero")
               : status;
}

static enum tug_status apply_per_host(struct settings *settings, const char *value,
                                      struct tug_error *err)
{
    if (!units_parse_count(value, 1, TUG_DOWNLOADS_MAX, &settings->fetch.max_per_host)) {
        return refuse(err, "not a number from 1 to 64");
    }
    return TUG_OK;
}

static enum tug_status apply_limit_rate(struct settings *settings, const char *value,
                                        struct tug_error *err)
{
    if (!units_parse_rate(value, &settings->fetch.limit_bytes_per_s)) {
        return refuse(err, "not a rate such as 500KB/s or 10MiB");
    }
    return TUG_OK;
}

static enum tug_status apply_shard(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    const char *const slash = strchr(value, '/');
    char index[16];
    unsigned count = 0;

    _Static_assert(SHARDS_MAX == 1000000, "the text below names the limit");
    if (slash == NULL || (size_t)(slash - value) >= sizeof index) {
        return refuse(err, "not I/N, such as 0/4");
    }
    memcpy(index, value, (size_t)(slash - value));
    index[slash - value] = '\0';
    if (!units_parse_count(slash + 1, 1, SHARDS_MAX, &count) ||
        !units_parse_count(index, 0, count - 1, &settings->shard_index)) {
        return refuse(err, "not I/N with N from 1 to 1000000 and I from 0 to N-1");
    }
    settings->shard_count = count;
    return TUG_OK;
}

static enum tug_status apply_repository(struct settings *settings, const char *value,
                                        struct tug_error *err)
{
    const char *const slash = strrchr(value, '/');
    struct tug_ref *ref = NULL;
    const enum tug_status status = tug_ref_parse(value, &ref, err);

    tug_ref_destroy(ref);
    if (status != TUG_OK) {
        return status;
    }
    if (slash == NULL || strchr(value, '@') != NULL || strchr(slash, ':') != NULL) {
        return refuse(err, "not HOST/NAME without tag and digest");
    }
    settings->repository = value;
    return TUG_OK;
}

static enum tug_status apply_retries(struct settings *settings, const char *value,
                                     struct tug_error *err)
{
    _Static_assert(RETRIES_MAX == 1000000, "the text below names the limit");
    if (!units_parse_count(value, 0, RETRIES_MAX, &settings->fetch.retries)) {
        return refuse(err, "not a number from 0 to 1000000");
    }
    settings->fetch.no_retries = settings->fetch.retries == 0;
    return TUG_OK;
}

static enum tug_status apply_durability(struct settings *settings, const char *value,
                                        struct tug_error *err)
{
    static const char *const words[] = {"full", "none", NULL};
    static const enum tug_durability values[] = {TUG_DURABILITY_FULL, TUG_DURABILITY_NONE};
    int index;
    const enum tug_status status = choose(value, words, &index, err);

    if (status == TUG_OK) {
        settings->durability = values[index];
    }
    return status;
}

static enum tug_status apply_progress(struct settings *settings, const char *value,
                                      struct tug_error *err)
{
    static const char *const words[] = {"auto", "tty", "plain", "json", "none", NULL};
    static const enum progress_mode modes[] = {PROGRESS_AUTO, PROGRESS_TTY, PROGRESS_PLAIN,
                                               PROGRESS_JSON, PROGRESS_NONE};
    int index;
    const enum tug_status status = choose(value, words, &index, err);

    if (status == TUG_OK) {
        settings->progress = modes[index];
    }
    return status;
}

static enum tug_status apply_format(struct settings *settings, const char *value,
                                    struct tug_error *err)
{
    static const char *const words[] = {"text", "json", NULL};
    static const enum result_format formats[] = {FORMAT_TEXT, FORMAT_JSON};
    int index;
    const enum tug_status status = choose(value, words, &index, err);

    if (status == TUG_OK) {
        settings->format = formats[index];
    }
    return status;
}

static void forget_secret(char **secret)
{
    if (*secret != NULL) {
        explicit_bzero(*secret, strlen(*secret));
        free(*secret);
        *secret = NULL;
    }
}

/* Copy a text and overwrite it where it came from: everybody can read a command line. */
static enum tug_status take_secret(char *secret, char **out_copy, struct tug_error *err)
{
    char *const copy = strdup(secret);

    explicit_bzero(secret, strlen(secret));
    if (copy == NULL) {
        return refuse_memory(err);
    }
    forget_secret(out_copy);
    *out_copy = copy;
    return TUG_OK;
}

static enum tug_status apply_user(struct settings *settings, const char *value,
                                  struct tug_error *err)
{
    const char *const colon = strchr(value, ':');
    const size_t length = colon != NULL ? (size_t)(colon - value) : strlen(value);

    if (length == 0) {
        return refuse(err, "not USER or USER:PASSWORD");
    }
    free(settings->user);
    forget_secret(&settings->password); /* of a user who was named before */
    settings->user = strndup(value, length);
    if (settings->user == NULL) {
        return refuse_memory(err);
    }
    if (colon == NULL) {
        return TUG_OK;
    }
    settings->has_shown_secret = true;
    return take_secret((char *)(uintptr_t)colon + 1, &settings->password, err);
}

static enum tug_status apply_refresh(struct settings *settings, const char *value,
                                     struct tug_error *err)
{
    if (*value == '\0') {
        return refuse(err, "must not be empty");
    }
    settings->has_shown_secret = true;
    return take_secret((char *)(uintptr_t)value, &settings->refresh_token, err);
}

/* The user information in a proxy's URL is a secret; the whole is overwritten with it. */
static enum tug_status apply_proxy(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    enum tug_status status;

    if (strchr(value, '@') == NULL) {
        forget_secret(&settings->proxy);
        settings->proxy = strdup(value);
        status = settings->proxy != NULL ? TUG_OK : refuse_memory(err);
    } else {
        settings->has_shown_proxy = true;
        status = take_secret((char *)(uintptr_t)value, &settings->proxy, err);
    }
    settings->fetch.proxy = settings->proxy;
    return status;
}

/* --- the table --- */

/* A group of options, and the commands that they have an effect on. */
#define FETCH(group) group, COMMAND_FETCH
#define BOTH(group) group, COMMAND_FETCH | COMMAND_RESOLVE
#define ALL(group) group, COMMAND_FETCH | COMMAND_RESOLVE | COMMAND_OTHER

#define CALL(group, apply, name, short_name, argument, text)                                       \
    {                                                                                              \
        {name, short_name, argument, text}, group, KIND_CALL, apply, 0                             \
    }
#define SECRET(group, apply, name, short_name, argument, text)                                     \
    {                                                                                              \
        {name, short_name, argument, text}, group, KIND_SECRET, apply, 0                           \
    }
#define FLAG(group, member, name, short_name, text)                                                \
    {                                                                                              \
        {name, short_name, NULL, text}, group, KIND_FLAG, NULL, offsetof(struct settings, member)  \
    }
#define TEXT(group, member, name, argument, text)                                                  \
    {                                                                                              \
        {name, 0, argument, text}, group, KIND_TEXT, NULL, offsetof(struct settings, member)       \
    }
#define TIME(group, kind, member, name, text)                                                      \
    {                                                                                              \
        {name, 0, "TIME", text}, group, kind, NULL, offsetof(struct settings, member)              \
    }

static const struct option_spec table[] = {
    CALL(FETCH(OPTION_WHAT), apply_platform, "platform", 0, "OS/ARCH[/VARIANT]",
         "platform to fetch; repeatable (default: this machine's)"),
    FLAG(FETCH(OPTION_WHAT), fetch.all_platforms, "all-platforms", 0,
         "every platform of every image"),
    FLAG(FETCH(OPTION_WHAT), fetch.all_metadata, "all-metadata", 0,
         "also manifests and configs of the platforms not wanted"),
    CALL(FETCH(OPTION_WHAT), apply_skip_metadata, "skip-metadata", 0, NULL,
         "undo --all-metadata (the default)"),
    FLAG(FETCH(OPTION_WHAT), fetch.metadata_only, "metadata-only", 0,
         "no layers; of all platforms, unless --platform is given"),
    CALL(FETCH(OPTION_WHAT), apply_label, "label", 0, "KEY=VALUE",
         "keep a label with the image in the store; repeatable"),
    FLAG(FETCH(OPTION_WHAT), fetch.foreign_layers, "foreign-layers", 0,
         "foreign layers also from the https URLs that manifests name"),
    CALL(FETCH(OPTION_MANY), apply_from_file, "from-file", 0, "FILE",
         "read references from FILE, one a line ('-': stdin); repeatable"),
    CALL(FETCH(OPTION_MANY), apply_repository, "repository", 0, "HOST/NAME",
         "what tags, digests and the manifests of an index.json belong to"),
    CALL(FETCH(OPTION_MANY), apply_shard, "shard", 0, "I/N",
         "only part I (0 to N-1) of N of the references, for job arrays"),
    FLAG(FETCH(OPTION_MANY), fetch.fail_fast, "fail-fast", 0,
         "stop at the first reference that fails"),
    CALL(FETCH(OPTION_MANY), apply_failed_file, "failed-file", 0, "FILE",
         "write the references that are not complete to FILE"),
    CALL(BOTH(OPTION_HOW), apply_downloads, "max-concurrent-downloads", 0, "N",
         "downloads at once, 1 to 64 (default 6)"),
    CALL(FETCH(OPTION_HOW), apply_chunk_size, "chunk-size", 0, "SIZE",
         "split larger blobs over idle connections; 0: never (default 16MiB)"),
    CALL(FETCH(OPTION_HOW), apply_per_host, "max-per-host", 0, "N",
         "requests at once to one registry, 1 to 64 (default: no further limit)"),
    FLAG(FETCH(OPTION_HOW), fetch.dry_run, "dry-run", 0,
         "tell what would be fetched, with sizes; fetch only manifests, into memory"),
    FLAG(FETCH(OPTION_HOW), fetch.recheck, "recheck", 0,
         "hash what the store has already, too, and fetch damaged blobs again"),
    CALL(FETCH(OPTION_HOW), apply_limit_rate, "limit-rate", 0, "RATE",
         "bytes per second, all connections together (default: no limit)"),
    CALL(BOTH(OPTION_HOW), apply_retries, "retries", 0, "N",
         "failed attempts in a row after the first (default 5)"),
    TIME(BOTH(OPTION_HOW), KIND_TIME, fetch.retry_max_wait_ms, "retry-max-wait",
         "longest wait before an attempt (default 120s)"),
    TIME(BOTH(OPTION_HOW), KIND_TIME, fetch.connect_timeout_ms, "connect-timeout",
         "for name lookup, connecting and TLS (default 30s)"),
    TIME(BOTH(OPTION_HOW), KIND_TIME, fetch.stall_timeout_ms, "stall-timeout",
         "reconnect after so long below 1 KiB/s (default 30s)"),
    TIME(BOTH(OPTION_HOW), KIND_TIME_OR_0, fetch.timeout_ms, "timeout",
         "for the whole run (default 0: no limit)"),
    CALL(FETCH(OPTION_HOW), apply_max_size, "max-size", 0, "SIZE",
         "refuse an image of more wanted content than this (default: none)"),
    CALL(FETCH(OPTION_HOW), apply_durability, "durability", 0, "full|none",
         "force data to the disk, or leave it to the system (default full)"),
    SECRET(BOTH(OPTION_REGISTRY), apply_user, "user", 'u', "USER[:PASSWORD]",
           "log in; without a password it is asked for on the terminal"),
    FLAG(BOTH(OPTION_REGISTRY), wants_stdin_password, "password-stdin", 0,
         "read the password of --user from stdin"),
    SECRET(BOTH(OPTION_REGISTRY), apply_refresh, "refresh", 0, "TOKEN",
           "log in with an identity (refresh) token"),
    TEXT(BOTH(OPTION_REGISTRY), fetch.authfile, "authfile", "FILE",
         "look for credentials here before the usual places"),
    FLAG(BOTH(OPTION_REGISTRY), fetch.plain_http, "plain-http", 0,
         "http instead of https, for every registry of this run"),
    FLAG(BOTH(OPTION_REGISTRY), fetch.skip_verify, "skip-verify", 'k',
         "take any certificate of the registry itself"),
    TEXT(BOTH(OPTION_REGISTRY), fetch.ca_file, "tlscacert", "FILE",
         "certificates to trust besides the system's (PEM)"),
    TEXT(BOTH(OPTION_REGISTRY), fetch.certificate_file, "tlscert", "FILE",
         "client certificate (PEM), with --tlskey"),
    TEXT(BOTH(OPTION_REGISTRY), fetch.key_file, "tlskey", "FILE", "its key (PEM)"),
    TEXT(BOTH(OPTION_REGISTRY), fetch.hosts_dir, "hosts-dir", "DIR",
         "hosts.toml files (default /etc/tug/certs.d, else /etc/containerd/certs.d)"),
    SECRET(BOTH(OPTION_REGISTRY), apply_proxy, "proxy", 0, "URL",
           "for all requests (default: http_proxy, https_proxy, all_proxy, no_proxy)"),
    FLAG(BOTH(OPTION_REGISTRY), fetch.log_http, "http-dump", 0,
         "show heads of requests and answers on stderr, without secrets"),
    FLAG(BOTH(OPTION_REGISTRY), fetch.log_timing, "http-trace", 0,
         "show the times of each request on stderr"),
    CALL(FETCH(OPTION_SHOW), apply_progress, "progress", 0, "auto|tty|plain|json|none",
         "progress on stderr (default auto)"),
    CALL(BOTH(OPTION_SHOW), apply_format, "format", 0, "text|json",
         "results on stdout (default text)"),
    CALL(ALL(OPTION_GLOBAL), apply_store, "store", 0, "DIR",
         "the store (default: $TUG_STORE, $XDG_DATA_HOME/tug or ~/.local/share/tug)"),
    CALL(ALL(OPTION_GLOBAL), apply_quiet, "quiet", 'q', NULL, "only errors on stderr"),
    CALL(ALL(OPTION_GLOBAL), apply_verbose, "verbose", 'v', NULL,
         "tell more on stderr; twice: still more"),
    CALL(ALL(OPTION_GLOBAL), apply_debug, "debug", 0, NULL, "the same as -v twice"),
    CALL(ALL(OPTION_GLOBAL), apply_color, "color", 0, "auto|always|never",
         "colour in the progress display (default auto)"),
    FLAG(ALL(OPTION_GLOBAL), wants_help, "help", 'h', "show help and exit"),
    FLAG(ALL(OPTION_GLOBAL), wants_version, "version", 'V', "show the version and exit"),
};

#define TABLE_COUNT (sizeof table / sizeof table[0])
_Static_assert(TABLE_COUNT <= OPTIONS_MAX, "the parser has room for all options");

const struct option_spec *option_at(size_t index)
{
    return index < TABLE_COUNT ? &table[index] : NULL;
}

bool option_help_get(unsigned command_bit, enum option_group group, size_t index,
                     struct option_help *out_help)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (table[i].group == group && (table[i].commands & command_bit) != 0 && index-- == 0) {
            *out_help = table[i].help;
            return true;
        }
    }
    return false;
}

const char *option_group_title(enum option_group group)
{
    switch (group) {
    case OPTION_WHAT:
        return "What to fetch";
    case OPTION_MANY:
        return "Many references";
    case OPTION_HOW:
        return "How to fetch";
    case OPTION_REGISTRY:
        return "Registry";
    case OPTION_SHOW:
        return "Output";
    case OPTION_GLOBAL:
        return "Global options";
    case OPTION_GROUP_COUNT:
        break;
    }
    return "";
}

enum tug_status option_apply(struct settings *settings, const struct option_spec *spec,
                             const char *value, struct tug_error *err)
{
    void *const member = (char *)settings + spec->offset;

    switch (spec->kind) {
    case KIND_CALL:
    case KIND_SECRET:
        return spec->apply(settings, value, err);
    case KIND_FLAG:
        *(bool *)member = true;
        return TUG_OK;
    case KIND_TEXT:
        *(const char **)member = value;
        return TUG_OK;
    case KIND_TIME:
    case KIND_TIME_OR_0:
        return take_time(value, spec->kind == KIND_TIME_OR_0, member, err);
    }
    return TUG_OK;
}
