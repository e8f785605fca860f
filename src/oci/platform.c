/* SPDX-License-Identifier: Apache-2.0
 *
 * Platforms: normal form, text form, and this machine's.
 *
 * Knows: Go's names for systems and architectures, common aliases, uname(2).
 * Does not know: documents, JSON.
 * Threads: any.
 */
#include "oci/platform.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/error.h"

/* Most bytes of a refused specifier shown in a message. */
#define SHOWN_MAX 100

static const char *const known_systems[] = {
    "aix",   "android", "darwin", "dragonfly", "freebsd", "hurd",    "illumos", "ios", "js",
    "linux", "nacl",    "netbsd", "openbsd",   "plan9",   "solaris", "windows", "zos",
};

static const char *const known_architectures[] = {
    "386",     "amd64",  "amd64p32", "arm",      "armbe",     "arm64",       "arm64be", "loong64",
    "mips",    "mipsle", "mips64",   "mips64le", "mips64p32", "mips64p32le", "ppc",     "ppc64",
    "ppc64le", "riscv",  "riscv64",  "s390",     "s390x",     "sparc",       "sparc64", "wasm",
};

/* Another name for an architecture. */
struct alias {
    const char *name;
    const char *architecture;
    const char *variant; /* implied by the name; NULL: the variant is left unchanged */
};

static const struct alias aliases[] = {
    {"i386", "386", ""},        {"x86_64", "amd64", NULL}, {"x86-64", "amd64", NULL},
    {"aarch64", "arm64", NULL}, {"armhf", "arm", "v7"},    {"armel", "arm", "v6"},
};

/* Names from uname that are neither Go's nor an alias. */
static const struct alias machines[] = {
    {"i486", "386", ""},        {"i586", "386", ""},           {"i686", "386", ""},
    {"armv5", "arm", "v5"},     {"armv6", "arm", "v6"},        {"armv7", "arm", "v7"},
    {"armv8", "arm", "v8"},     {"aarch64_be", "arm64be", ""}, {"loongarch64", "loong64", ""},
#if __BYTE_ORDER == __LITTLE_ENDIAN
    {"mips64", "mips64le", ""}, {"mips", "mipsle", ""},
#endif
};

static bool is_listed(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void lower_case(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            *text = (char)(*text - 'A' + 'a');
        }
    }
}

/* Copy text into a platform field, truncated to its capacity. */
static void set_field(char field[TUG_PLATFORM_FIELD_MAX], const char *text)
{
    const size_t length = strnlen(text, TUG_PLATFORM_FIELD_MAX - 1);

    memcpy(field, text, length);
    field[length] = '\0';
}

static void set_alias(struct tug_platform *platform, const struct alias *alias)
{
    set_field(platform->architecture, alias->architecture);
    if (alias->variant != NULL) {
        set_field(platform->variant, alias->variant);
    }
}

/* Write "8" as "v8", drop a minor 0, and drop the default variant or, for 32-bit ARM, add it. */
static void normalise_variant(struct tug_platform *platform)
{
    const bool is_amd64 = strcmp(platform->architecture, "amd64") == 0;
    const bool is_arm64 = strcmp(platform->architecture, "arm64") == 0;
    const bool is_arm = strcmp(platform->architecture, "arm") == 0;
    char *const variant = platform->variant;
    const size_t length = strlen(variant);

    if (!is_amd64 && !is_arm64 && !is_arm) {
        return;
    }
    if (variant[0] >= '0' && variant[0] <= '9' && length + 1 < sizeof platform->variant) {
        memmove(variant + 1, variant, length + 1);
        variant[0] = 'v';
    }
    if (is_arm64 && (strcmp(variant, "v8.0") == 0 || strcmp(variant, "v9.0") == 0)) {
        variant[2] = '\0';
    }
    if ((is_amd64 && strcmp(variant, "v1") == 0) || (is_arm64 && strcmp(variant, "v8") == 0)) {
        variant[0] = '\0';
    }
    if (is_arm && variant[0] == '\0') {
        set_field(variant, "v7");
    }
}

void tug__platform_normalise(struct tug_platform *platform)
{
    lower_case(platform->os);
    lower_case(platform->architecture);
    lower_case(platform->variant);
    if (strcmp(platform->os, "macos") == 0) {
        set_field(platform->os, "darwin");
    }
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (strcmp(platform->architecture, aliases[i].name) == 0) {
            set_alias(platform, &aliases[i]);
            break;
        }
    }
    normalise_variant(platform);
}

void tug_platform_host(struct tug_platform *out_platform)
{
    struct tug_platform platform = {.os = "linux"};
    struct utsname names;

    if (uname(&names) == 0) {
        set_field(platform.os, names.sysname);
        set_field(platform.architecture, names.machine);
        for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
            /* "armv7l", "armv5tel": the suffix gives endianness and extensions */
            const bool is_arm = strncmp(machines[i].name, "armv", 4) == 0;
            const size_t length = strlen(machines[i].name) + (is_arm ? 0 : 1);

            if (strncmp(names.machine, machines[i].name, length) == 0) {
                set_alias(&platform, &machines[i]);
                break;
            }
        }
    }
    tug__platform_normalise(&platform);
    *out_platform = platform;
}

/* The parts of a specifier; a length of 0 means not given. */
struct parts {
    const char *start[3];
    size_t length[3];
    size_t count;
    const char *version;
    size_t version_length;
};

/* Split "OS(VERSION)/ARCH/VARIANT". Returns: false when it has more parts or an unmatched
 * parenthesis. */
static bool split_parts(const char *text, struct parts *out_parts)
{
    struct parts parts = {0};
    const char *at = text;
    const char *bracket;

    for (;;) {
        const size_t length = strcspn(at, "/");

        if (parts.count == 3) {
            return false;
        }
        parts.start[parts.count] = at;
        parts.length[parts.count++] = length;
        if (at[length] == '\0') {
            break;
        }
        at += length + 1;
    }
    bracket = memchr(text, '(', parts.length[0]);
    if (bracket != NULL) {
        if (text[parts.length[0] - 1] != ')') {
            return false;
        }
        parts.version = bracket + 1;
        parts.version_length = (size_t)(text + parts.length[0] - 1 - parts.version);
        parts.length[0] = (size_t)(bracket - text);
    }
    *out_parts = parts;
    return true;
}

/* Copy a part of a specifier. Returns: false when it is empty, too long or has characters other
 * than [A-Za-z0-9_.-]. */
static bool copy_part(char field[TUG_PLATFORM_FIELD_MAX], const char *part, size_t length)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_.-";

    if (length == 0 || length >= TUG_PLATFORM_FIELD_MAX || strspn(part, allowed) < length) {
        return false;
    }
    memcpy(field, part, length);
    field[length] = '\0';
    return true;
}

static enum tug_status refuse(const char *text, const char *why, struct tug_error *err)
{
    const bool is_cut = strlen(text) > SHOWN_MAX;

    return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                     "invalid platform '%.*s%s': %s (example: linux/arm64)", SHOWN_MAX, text,
                     is_cut ? "..." : "", why);
}

/* Complete a platform given as one word, which is in its os field. Returns: false when the word is
 * neither an operating system nor an architecture. */
static bool complete_word(struct tug_platform *platform)
{
    struct tug_platform host;
    struct tug_platform as_architecture = {0};

    tug_platform_host(&host);
    tug__platform_normalise(platform);
    if (is_listed(platform->os, known_systems, sizeof known_systems / sizeof known_systems[0])) {
        set_field(platform->architecture, host.architecture);
        set_field(platform->variant, host.variant);
        return true;
    }
    set_field(as_architecture.os, host.os);
    set_field(as_architecture.architecture, platform->os);
    tug__platform_normalise(&as_architecture);
    if (platform->os_version[0] != '\0' ||
        !is_listed(as_architecture.architecture, known_architectures,
                   sizeof known_architectures / sizeof known_architectures[0])) {
        return false;
    }
    *platform = as_architecture;
    return true;
}

enum tug_status tug_platform_parse(const char *text, struct tug_platform *out_platform,
                                   struct tug_error *err)
{
    struct tug_platform platform = {0};
    struct parts parts;

    if (strchr(text, '*') != NULL) {
        return refuse(text, "wildcards are not supported", err);
    }
    if (!split_parts(text, &parts)) {
        return refuse(text, "not of the form OS[(VERSION)]/ARCH[/VARIANT]", err);
    }
    if (!copy_part(platform.os, parts.start[0], parts.length[0]) ||
        (parts.version != NULL &&
         !copy_part(platform.os_version, parts.version, parts.version_length)) ||
        (parts.count > 1 && !copy_part(platform.architecture, parts.start[1], parts.length[1])) ||
        (parts.count > 2 && !copy_part(platform.variant, parts.start[2], parts.length[2]))) {
        return refuse(text, "each part is 1 to 63 letters, digits, '_', '.' or '-'", err);
    }
    if (parts.count == 1 && !complete_word(&platform)) {
        return refuse(text, "unknown operating system or architecture", err);
    }
    tug__platform_normalise(&platform);
    *out_platform = platform;
    return TUG_OK;
}

char *tug_platform_format(const struct tug_platform *platform, char out_text[TUG_PLATFORM_TEXT_MAX])
{
    const bool has_version = platform->os_version[0] != '\0';
    const bool has_variant = platform->variant[0] != '\0';

    (void)snprintf(out_text, TUG_PLATFORM_TEXT_MAX, "%s%s%s%s/%s%s%s", platform->os,
                   has_version ? "(" : "", platform->os_version, has_version ? ")" : "",
                   platform->architecture, has_variant ? "/" : "", platform->variant);
    return out_text;
}
