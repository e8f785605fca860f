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

#include "option_tags.h"
#include "option_trust.h"
#include "units.h"

/* Most retries; counted in an unsigned. */
#define RETRIES_MAX 1000000
/* Most parts of a list. */
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

/* Choose from words: "a|b|c". out_index: the position of value among them. */
static enum tug_status parse_choice(const char *value, const char *words, unsigned *out_index,
                                    struct tug_error *err)
{
    const size_t length = strlen(value);
    const char *at = words;

    for (unsigned i = 0;; i++) {
        const size_t word_length = strcspn(at, "|");

        if (word_length == length && memcmp(at, value, length) == 0) {
            *out_index = i;
            return TUG_OK;
        }
        if (at[word_length] == '\0') {
            break;
        }
        at += word_length + 1;
    }
    err->code = TUG_ERR_INVALID_ARGUMENT;
    (void)snprintf(err->message, sizeof err->message, "not one of: ");
    for (char *end = strchr(err->message, '\0'); *words != '\0'; words++) {
        end = stpcpy(end, *words == '|' ? ", " : (const char[]){*words, '\0'});
    }
    return err->code;
}

static enum tug_status take_time(const char *value, bool can_be_zero, uint64_t *out_ms,
                                 struct tug_error *err)
{
    const size_t digits = strspn(value, "0123456789");

    if (digits > 0 && strcmp(value + digits, "d") == 0) {
        return refuse(err, "not a time: write days as hours, such as 168h for 7 days");
    }
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
    settings->common.store_path = value;
    return TUG_OK;
}

static enum tug_status apply_quiet(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    (void)value;
    (void)err;
    settings->common.verbosity = -1;
    return TUG_OK;
}

static enum tug_status apply_verbose(struct settings *settings, const char *value,
                                     struct tug_error *err)
{
    (void)value;
    (void)err;
    settings->common.verbosity = settings->common.verbosity < 1 ? 1 : 2;
    return TUG_OK;
}

static enum tug_status apply_debug(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    (void)value;
    (void)err;
    settings->common.verbosity = 2;
    return TUG_OK;
}

static enum tug_status apply_platform(struct settings *settings, const char *value,
                                      struct tug_error *err)
{
    struct tug_platform platform;
    struct tug_platform *grown;
    enum tug_status status;

    if (strchr(value, ',') != NULL) {
        return refuse(err, "not one platform: repeat --platform for each");
    }
    status = tug_platform_parse(value, &platform, err);
    if (status != TUG_OK) {
        return status;
    }
    grown =
        reallocarray(settings->wish.platforms, settings->wish.platform_count + 1, sizeof platform);
    if (grown == NULL) {
        return refuse_memory(err);
    }
    settings->wish.platforms = grown;
    settings->wish.platforms[settings->wish.platform_count++] = platform;
    return TUG_OK;
}

static enum tug_status apply_name(struct settings *settings, const char *value,
                                  struct tug_error *err)
{
    struct tug_ref *ref = NULL;
    const enum tug_status status = tug_ref_parse(value, &ref, err);

    tug_ref_destroy(ref);
    settings->archive.image_name = value;
    return status;
}

static enum tug_status apply_output(struct settings *settings, const char *value,
                                    struct tug_error *err)
{
    if (*value == '\0') {
        return refuse(err, "must not be empty");
    }
    settings->archive.output_path = value;
    return TUG_OK;
}

/* Take the name of a file that results never go to. out_path: borrows value. */
static enum tug_status take_side_file(const char *value, const char **out_path,
                                      struct tug_error *err)
{
    if (strcmp(value, "-") == 0) {
        return refuse(err, "not a file: standard output is for results ('./-' is a file)");
    }
    *out_path = value;
    return TUG_OK;
}

static enum tug_status apply_trace(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    return take_side_file(value, &settings->common.trace_path, err);
}

static enum tug_status apply_skip_metadata(struct settings *settings, const char *value,
                                           struct tug_error *err)
{
    (void)value;
    (void)err;
    settings->run.all_metadata = false;
    return TUG_OK;
}

static enum tug_status apply_referrers(struct settings *settings, const char *value,
                                       struct tug_error *err)
{
    if (value != NULL && *value == '\0') {
        return refuse(err, "must not be empty");
    }
    settings->run.referrers = true;
    settings->run.referrer_type = value;
    return TUG_OK;
}

static enum tug_status apply_donor(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    struct fetch_settings *const fetch = &settings->fetch;
    const char **grown;

    if (*value == '\0') {
        return refuse(err, "must not be empty");
    }
    grown = reallocarray(fetch->donors, fetch->donor_count + 1, sizeof *grown);
    if (grown == NULL) {
        return refuse_memory(err);
    }
    grown[fetch->donor_count++] = value;
    fetch->donors = grown;
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
    grown = reallocarray(settings->fetch.labels, settings->fetch.label_count + 1, sizeof *grown);
    if (grown == NULL) {
        return refuse_memory(err);
    }
    settings->fetch.labels = grown;
    settings->fetch.labels[settings->fetch.label_count++] = value;
    return TUG_OK;
}

enum tug_status settings_add_input(struct settings *settings, const char *text, bool is_file,
                                   struct tug_error *err)
{
    struct input *const grown =
        reallocarray(settings->common.inputs, settings->common.input_count + 1, sizeof *grown);

    if (grown == NULL) {
        return refuse_memory(err);
    }
    settings->common.inputs = grown;
    settings->common.inputs[settings->common.input_count++] =
        (struct input){.text = text, .is_file = is_file};
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
    return take_side_file(value, &settings->fetch.failed_path, err);
}

static enum tug_status apply_downloads(struct settings *settings, const char *value,
                                       struct tug_error *err)
{
    _Static_assert(TUG_DOWNLOADS_MAX == 64, "the text below names the limit");
    if (!units_parse_count(value, 1, TUG_DOWNLOADS_MAX, &settings->run.max_concurrent_downloads)) {
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
    const enum tug_status status = take_size(value, &settings->run.chunk_size_bytes, err);

    settings->run.never_split = status == TUG_OK && settings->run.chunk_size_bytes == 0;
    return status;
}

static enum tug_status apply_max_size(struct settings *settings, const char *value,
                                      struct tug_error *err)
{
    const enum tug_status status = take_size(value, &settings->run.max_size_bytes, err);

    return status == TUG_OK && settings->run.max_size_bytes == 0
               ? refuse(err, "must be more than zero")
               : status;
}

static enum tug_status apply_per_host(struct settings *settings, const char *value,
                                      struct tug_error *err)
{
    if (!units_parse_count(value, 1, TUG_DOWNLOADS_MAX, &settings->run.max_per_host)) {
        return refuse(err, "not a number from 1 to 64");
    }
    return TUG_OK;
}

static enum tug_status apply_limit_rate(struct settings *settings, const char *value,
                                        struct tug_error *err)
{
    if (!units_parse_rate(value, &settings->run.limit_bytes_per_s)) {
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
        !units_parse_count(index, 0, count - 1, &settings->fetch.shard_index)) {
        return refuse(err, "not I/N with N from 1 to 1000000 and I from 0 to N-1");
    }
    settings->fetch.shard_count = count;
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
    settings->wish.repository = value;
    return TUG_OK;
}

static enum tug_status apply_retries(struct settings *settings, const char *value,
                                     struct tug_error *err)
{
    _Static_assert(RETRIES_MAX == 1000000, "the text below names the limit");
    if (!units_parse_count(value, 0, RETRIES_MAX, &settings->run.retries)) {
        return refuse(err, "not a number from 0 to 1000000");
    }
    settings->run.no_retries = settings->run.retries == 0;
    return TUG_OK;
}

static void forget_secret(char **secret)
{
    if (*secret != NULL) {
        explicit_bzero(*secret, strlen(*secret));
        free(*secret);
        *secret = NULL;
    }
}

/* Copy a secret and overwrite the original: every user can read a command line. */
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
    free(settings->login.user);
    forget_secret(&settings->login.password); /* of an earlier --user */
    settings->login.user = strndup(value, length);
    if (settings->login.user == NULL) {
        return refuse_memory(err);
    }
    if (colon == NULL) {
        return TUG_OK;
    }
    settings->login.has_shown_secret = true;
    return take_secret((char *)(uintptr_t)colon + 1, &settings->login.password, err);
}

static enum tug_status apply_refresh(struct settings *settings, const char *value,
                                     struct tug_error *err)
{
    if (*value == '\0') {
        return refuse(err, "must not be empty");
    }
    settings->login.has_shown_secret = true;
    return take_secret((char *)(uintptr_t)value, &settings->login.refresh_token, err);
}

/* The user information in a proxy's URL is a secret; the whole URL is overwritten. */
static enum tug_status apply_proxy(struct settings *settings, const char *value,
                                   struct tug_error *err)
{
    enum tug_status status;

    if (strchr(value, '@') == NULL) {
        forget_secret(&settings->login.proxy);
        settings->login.proxy = strdup(value);
        status = settings->login.proxy != NULL ? TUG_OK : refuse_memory(err);
    } else {
        settings->login.has_shown_proxy = true;
        status = take_secret((char *)(uintptr_t)value, &settings->login.proxy, err);
    }
    settings->run.proxy = settings->login.proxy;
    return status;
}

/* --- the table --- */

/* A group of options, and the commands that they have an effect on. */
#define FETCH(group) group, COMMAND_FETCH
#define BOTH(group) group, COMMAND_FETCH | COMMAND_RESOLVE
#define EXPORT(group) group, COMMAND_EXPORT
#define PLATFORMS(group) group, COMMAND_FETCH | COMMAND_RESOLVE | COMMAND_EXPORT
/* Those that change the store. */
#define WRITERS(group)                                                                             \
    group, COMMAND_FETCH | COMMAND_LABEL | COMMAND_RM | COMMAND_VERIFY | COMMAND_PRUNE |           \
               COMMAND_IMPORT
/* Those that list what a store has. */
#define LIST_BITS (COMMAND_IMAGES | COMMAND_LS | COMMAND_ACTIVE)
#define LISTS(group) group, LIST_BITS
/* Those that print results. */
#define RESULTS(group)                                                                             \
    group, COMMAND_FETCH | COMMAND_RESOLVE | COMMAND_LABEL | COMMAND_RM | COMMAND_VERIFY |         \
               COMMAND_PRUNE | COMMAND_IMPORT | COMMAND_TAGS | LIST_BITS
/* Those that ask registries and need no store. */
#define ASKERS(group) group, COMMAND_FETCH | COMMAND_RESOLVE | COMMAND_TAGS
#define TAGS(group) group, COMMAND_TAGS
#define NETWORK(group) group, COMMAND_NETWORK
#define CONTENT(group) group, COMMAND_FETCH | COMMAND_VERIFY
#define VERIFY(group) group, COMMAND_VERIFY
#define PRUNE(group) group, COMMAND_PRUNE
/* Those that bring content. */
#define BRINGERS(group) group, COMMAND_FETCH | COMMAND_IMPORT
/* Those that can say what they would do. */
#define PLANNERS(group) group, COMMAND_FETCH | COMMAND_PRUNE
#define ALL(group) group, COMMAND_ALL

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
#define CHOICE(group, member, name, words, text)                                                   \
    {                                                                                              \
        {name, 0, words, text}, group, KIND_CHOICE, NULL, offsetof(struct settings, member)        \
    }
#define TIME(group, kind, member, name, text)                                                      \
    {                                                                                              \
        {name, 0, "TIME", text}, group, kind, NULL, offsetof(struct settings, member)              \
    }

/* The words of a choice stand in the order of its enum. */
_Static_assert(COLOR_AUTO == 0 && COLOR_ALWAYS == 1 && COLOR_NEVER == 2, "auto|always|never");
_Static_assert(FORMAT_TEXT == 0 && FORMAT_JSON == 1, "text|json");
_Static_assert(TUG_DURABILITY_FULL == 0 && TUG_DURABILITY_NONE == 1, "full|none");
_Static_assert(ROOT_INDEX == 0 && ROOT_PLATFORM == 1, "index|platform");
_Static_assert(PROGRESS_AUTO == 0 && PROGRESS_TTY == 1 && PROGRESS_PLAIN == 2 &&
                   PROGRESS_JSON == 3 && PROGRESS_NONE == 4,
               "auto|tty|plain|json|none");
_Static_assert(sizeof(enum color_mode) == sizeof(unsigned), "a choice is stored as an unsigned");

static const struct option_spec table[] = {
    CALL(PLATFORMS(OPTION_WHAT), apply_platform, "platform", 0, "OS/ARCH[/VARIANT]",
         "platform to fetch, resolve or export"),
    CALL(EXPORT(OPTION_WHAT), apply_output, "output", 'o', "FILE",
         "write the archive to FILE, which appears once it is whole (default: stdout)"),
    FLAG(EXPORT(OPTION_WHAT), archive.allow_partial, "partial", 0,
         "export also images that lack content"),
    CALL(BRINGERS(OPTION_WHAT), apply_name, "name", 0, "REF",
         "name of the one image to fetch or import"),
    CHOICE(FETCH(OPTION_WHAT), fetch.root, "root", "index|platform",
           "what index.json names: what the reference names, or the manifest of the one platform "
           "(default index)"),
    CHOICE(FETCH(OPTION_WHAT), fetch.convert, "convert", "none|oci",
           "make OCI images of Docker's, schema 1 too: their digests change (default none)"),
    FLAG(FETCH(OPTION_WHAT), run.all_platforms, "all-platforms", 0,
         "every platform of every image"),
    FLAG(FETCH(OPTION_WHAT), run.all_metadata, "all-metadata", 0,
         "also manifests and configs of the other platforms"),
    CALL(FETCH(OPTION_WHAT), apply_skip_metadata, "skip-metadata", 0, NULL,
         "no manifests and configs of other platforms (the default)"),
    FLAG(FETCH(OPTION_WHAT), run.metadata_only, "metadata-only", 0,
         "manifests and configs only, of all platforms unless --platform is given"),
    CALL(FETCH(OPTION_WHAT), apply_label, "label", 0, "KEY=VALUE",
         "store a label with the image; repeatable"),
    CALL(FETCH(OPTION_WHAT), apply_referrers, "referrers", 0, "[=TYPE]",
         "also what refers to it: signatures, SBOMs, attestations; all, or of an artifact type"),
    FLAG(FETCH(OPTION_WHAT), run.foreign_layers, "foreign-layers", 0,
         "fetch foreign layers from the https URLs in the manifest if necessary"),
    FLAG(VERIFY(OPTION_WHAT), store.is_quick, "quick", 0,
         "trust what was verified before and has not changed since"),
    FLAG(VERIFY(OPTION_WHAT), store.repairs, "repair", 0,
         "fetch what is bad or missing again, from where its image came from"),
    CALL(CONTENT(OPTION_WHAT), option_apply_verify_key, "verify-key", 0, "FILE",
         "name only images that this public key signed (PEM, as cosign.pub); repeatable"),
    FLAG(CONTENT(OPTION_WHAT), trust.any_name, "verify-any-name", 0,
         "signatures count whatever repository they name"),
    FLAG(PRUNE(OPTION_WHAT), prune.partials, "partials", 0,
         "partial downloads that no process holds, instead of blobs"),
    TIME(PRUNE(OPTION_WHAT), KIND_TIME_OR_0, prune.older_than_ms, "older-than",
         "only partial downloads without a write for TIME"),
    CALL(TAGS(OPTION_WHAT), option_apply_match, "match", 0, "GLOB",
         "tags that match a pattern, such as '1.*'; repeatable"),
    CALL(TAGS(OPTION_WHAT), option_apply_exclude, "exclude", 0, "GLOB",
         "leave out tags that match a pattern; repeatable"),
    CALL(TAGS(OPTION_WHAT), option_apply_semver, "semver", 0, "RANGE",
         "versions in a range, such as '>=1.2, <2', '^1.4' or '1.x || 2.x'"),
    CALL(TAGS(OPTION_WHAT), option_apply_newest, "newest", 0, "N",
         "only the N highest versions of each repository"),
    CALL(BOTH(OPTION_MANY), apply_from_file, "from-file", 0, "FILE",
         "read references from FILE, one a line ('-': stdin); repeatable"),
    FLAG(BOTH(OPTION_MANY), wish.images_in, "images-in", 0,
         "files are YAML (compose, Kubernetes, output of Helm): take the images that they name"),
    CALL(BOTH(OPTION_MANY), apply_repository, "repository", 0, "HOST/NAME",
         "repository of bare tags and digests, and of the manifests of an index.json"),
    CALL(FETCH(OPTION_MANY), apply_shard, "shard", 0, "I/N",
         "fetch only part I (0 to N-1) of N of the references, for job arrays"),
    FLAG(FETCH(OPTION_MANY), run.fail_fast, "fail-fast", 0,
         "stop at the first reference that fails"),
    CALL(FETCH(OPTION_MANY), apply_failed_file, "failed-file", 0, "FILE",
         "write references that are not complete to FILE"),
    CALL(NETWORK(OPTION_HOW), apply_downloads, "max-concurrent-downloads", 0, "N",
         "concurrent downloads, 1 to 64 (default 6)"),
    CALL(CONTENT(OPTION_HOW), apply_chunk_size, "chunk-size", 0, "SIZE",
         "split blobs of half that or more over idle connections; 0: never (default 16MiB)"),
    CALL(CONTENT(OPTION_HOW), apply_per_host, "max-per-host", 0, "N",
         "concurrent requests to one registry, 1 to 64 (default: no separate limit)"),
    CHOICE(FETCH(OPTION_HOW), fetch.delta, "delta", "auto|off",
           "copy parts of zstd:chunked and eStargz layers from older ones (default auto)"),
    CALL(FETCH(OPTION_HOW), apply_donor, "donor", 0, "DIR",
         "another OCI layout whose layers may be copied from; repeatable"),
    FLAG(PLANNERS(OPTION_HOW), run.dry_run, "dry-run", 0,
         "print what would be done, with sizes; change nothing"),
    TIME(PRUNE(OPTION_HOW), KIND_TIME_OR_0, prune.wait_ms, "wait",
         "wait that long while runs use the store (default 0: not at all)"),
    FLAG(FETCH(OPTION_HOW), run.recheck, "recheck", 0,
         "also hash blobs that are already in the store; refetch damaged ones"),
    CALL(CONTENT(OPTION_HOW), apply_limit_rate, "limit-rate", 0, "RATE",
         "bytes per second over all connections (default: no limit)"),
    CALL(NETWORK(OPTION_HOW), apply_retries, "retries", 0, "N",
         "retries of a request without progress (default 5)"),
    TIME(NETWORK(OPTION_HOW), KIND_TIME, run.retry_max_wait_ms, "retry-max-wait",
         "longest wait before a retry (default 120s)"),
    TIME(NETWORK(OPTION_HOW), KIND_TIME, run.connect_timeout_ms, "connect-timeout",
         "limit for name lookup, connection and TLS handshake (default 30s)"),
    TIME(NETWORK(OPTION_HOW), KIND_TIME, run.stall_timeout_ms, "stall-timeout",
         "reconnect after TIME below 1 KiB/s (default 30s)"),
    TIME(ASKERS(OPTION_HOW), KIND_TIME_OR_0, run.timeout_ms, "timeout",
         "limit for the whole run (default 0: no limit)"),
    CALL(BRINGERS(OPTION_HOW), apply_max_size, "max-size", 0, "SIZE",
         "refuse images, or an archive, larger than this (default: no limit)"),
    CHOICE(WRITERS(OPTION_HOW), fetch.durability, "durability", "full|none",
           "sync data to the disk, or leave that to the system (default full)"),
    SECRET(NETWORK(OPTION_REGISTRY), apply_user, "user", 'u', "USER[:PASSWORD]",
           "log in; asks for a missing password on the terminal"),
    FLAG(NETWORK(OPTION_REGISTRY), login.wants_stdin_password, "password-stdin", 0,
         "read the password of --user from stdin"),
    SECRET(NETWORK(OPTION_REGISTRY), apply_refresh, "refresh", 0, "TOKEN",
           "log in with an identity (refresh) token"),
    TEXT(NETWORK(OPTION_REGISTRY), run.authfile, "authfile", "FILE",
         "look for credentials here first"),
    FLAG(NETWORK(OPTION_REGISTRY), run.plain_http, "plain-http", 0,
         "use http instead of https for every registry of this run"),
    FLAG(NETWORK(OPTION_REGISTRY), run.skip_verify, "skip-verify", 'k',
         "accept any certificate from the registry itself"),
    TEXT(NETWORK(OPTION_REGISTRY), run.ca_file, "tlscacert", "FILE",
         "additional CA certificates to trust (PEM)"),
    TEXT(NETWORK(OPTION_REGISTRY), run.certificate_file, "tlscert", "FILE",
         "client certificate (PEM), with --tlskey"),
    TEXT(NETWORK(OPTION_REGISTRY), run.key_file, "tlskey", "FILE",
         "key of the client certificate (PEM)"),
    TEXT(NETWORK(OPTION_REGISTRY), run.hosts_dir, "hosts-dir", "DIR",
         "hosts.toml files (default /etc/tug/certs.d, else /etc/containerd/certs.d)"),
    SECRET(NETWORK(OPTION_REGISTRY), apply_proxy, "proxy", 0, "URL",
           "proxy for all requests (default: http_proxy, https_proxy, all_proxy, no_proxy)"),
    FLAG(NETWORK(OPTION_REGISTRY), run.log_http, "http-dump", 0,
         "print headers of requests and responses on stderr, without secrets"),
    FLAG(NETWORK(OPTION_REGISTRY), run.log_timing, "http-trace", 0,
         "print the timing of each request on stderr"),
    CHOICE(FETCH(OPTION_SHOW), fetch.progress, "progress", "auto|tty|plain|json|none",
           "progress on stderr (default auto)"),
    CHOICE(RESULTS(OPTION_SHOW), common.format, "format", "text|json",
           "results on stdout (default text)"),
    FLAG(LISTS(OPTION_SHOW), store.exact_bytes, "bytes", 0,
         "sizes in bytes, not in KiB, MiB or GiB"),
    CALL(CONTENT(OPTION_SHOW), apply_trace, "trace", 0, "FILE",
         "write what each thread does, and when, to FILE (Chrome trace events)"),
    CALL(ALL(OPTION_GLOBAL), apply_store, "store", 0, "DIR",
         "the store (default: $TUG_STORE, $XDG_DATA_HOME/tug or ~/.local/share/tug)"),
    CALL(ALL(OPTION_GLOBAL), apply_quiet, "quiet", 'q', NULL, "only errors on stderr"),
    CALL(ALL(OPTION_GLOBAL), apply_verbose, "verbose", 'v', NULL,
         "print more on stderr; twice: even more"),
    CALL(ALL(OPTION_GLOBAL), apply_debug, "debug", 0, NULL, "same as -v -v"),
    CHOICE(ALL(OPTION_GLOBAL), common.color, "color", "auto|always|never",
           "colour in the progress display (default auto)"),
    FLAG(ALL(OPTION_GLOBAL), common.wants_help, "help", 'h', "show help and exit"),
    FLAG(ALL(OPTION_GLOBAL), common.wants_version, "version", 'V', "show the version and exit"),
};

#define TABLE_COUNT (sizeof table / sizeof table[0])
_Static_assert(TABLE_COUNT <= OPTIONS_MAX, "the parser has room for all options");

const struct option_spec *option_at(size_t index)
{
    return index < TABLE_COUNT ? &table[index] : NULL;
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
    case KIND_CHOICE:
        return parse_choice(value, spec->help.argument, member, err);
    case KIND_TIME:
    case KIND_TIME_OR_0:
        return take_time(value, spec->kind == KIND_TIME_OR_0, member, err);
    }
    return TUG_OK;
}
