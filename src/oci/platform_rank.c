/* SPDX-License-Identifier: Apache-2.0
 *
 * Rank the offered platforms for the wanted one.
 *
 * Knows: which processors run code for which older ones.
 * Does not know: indexes, manifests.
 * Threads: any.
 */
#include "oci/platform.h"

#include <string.h>

/* The oldest 32-bit ARM version in use, and the newest one that 64-bit ARM processors run. */
#define ARM_OLDEST 5
#define ARM_OF_ARM64 8
/* ARM v9.x includes v8.(x+5), up to v8.9, the last one. */
#define ARM_V9_AHEAD 5
#define ARM_V8_LAST 9

/* "v8.2" as numbers. */
struct version {
    int major;
    int minor;
};

/* Read a number of at most two digits. Returns: its end, NULL when there is none. */
static const char *read_number(const char *text, int *out_number)
{
    int number = 0;
    int digits = 0;

    for (; *text >= '0' && *text <= '9'; text++) {
        number = 10 * number + (*text - '0');
        digits++;
        if (digits > 2) {
            return NULL;
        }
    }
    *out_number = number;
    return digits > 0 ? text : NULL;
}

/* Read a variant "vN" or "vN.M"; an empty one means major version when_empty. Returns: false when
 * it is anything else. */
static bool read_version(const char *variant, int when_empty, struct version *out_version)
{
    struct version version = {.major = when_empty};
    const char *at = variant;

    if (*at != '\0') {
        at = *at == 'v' ? read_number(at + 1, &version.major) : NULL;
        if (at != NULL && *at == '.') {
            at = read_number(at + 1, &version.minor);
        }
    }
    if (at == NULL || *at != '\0') {
        return false;
    }
    *out_version = version;
    return true;
}

static int rank_amd64(const struct tug_platform *wanted, const struct tug_platform *offered)
{
    struct version want;
    struct version offer;

    if (!read_version(wanted->variant, 1, &want) || want.minor != 0 || want.major < 1) {
        return TUG__PLATFORM_NO_MATCH;
    }
    if (strcmp(offered->architecture, "386") == 0) {
        return offered->variant[0] == '\0' ? want.major : TUG__PLATFORM_NO_MATCH;
    }
    if (strcmp(offered->architecture, "amd64") != 0 || !read_version(offered->variant, 1, &offer) ||
        offer.minor != 0 || offer.major < 1 || offer.major > want.major) {
        return TUG__PLATFORM_NO_MATCH;
    }
    return want.major - offer.major;
}

/* Rank an offer for 32-bit ARM; newest is the wanted version. */
static int rank_arm(int newest, const struct tug_platform *offered)
{
    struct version offer;

    if (strcmp(offered->architecture, "arm") != 0 || !read_version(offered->variant, 0, &offer) ||
        offer.minor != 0 || offer.major < ARM_OLDEST || offer.major > newest) {
        return TUG__PLATFORM_NO_MATCH;
    }
    return newest - offer.major;
}

static int rank_arm64(const struct tug_platform *wanted, const struct tug_platform *offered)
{
    struct version want;
    struct version offer;
    int first_v8 = 0; /* the rank of v8.newest_v8 */
    int newest_v8;

    if (!read_version(wanted->variant, 8, &want) || want.major < 8 || want.major > 9) {
        return TUG__PLATFORM_NO_MATCH;
    }
    newest_v8 = want.minor;
    if (want.major == 9) {
        first_v8 = want.minor + 1;
        newest_v8 = want.minor + ARM_V9_AHEAD;
        newest_v8 = newest_v8 < ARM_V8_LAST ? newest_v8 : ARM_V8_LAST;
    }
    if (strcmp(offered->architecture, "arm64") != 0) {
        const int rank = rank_arm(ARM_OF_ARM64, offered);

        return rank < TUG__PLATFORM_NO_MATCH ? first_v8 + newest_v8 + 1 + rank : rank;
    }
    if (!read_version(offered->variant, 8, &offer)) {
        return TUG__PLATFORM_NO_MATCH;
    }
    if (offer.major == 9 && want.major == 9 && offer.minor <= want.minor) {
        return want.minor - offer.minor;
    }
    if (offer.major == 8 && offer.minor <= newest_v8) {
        return first_v8 + newest_v8 - offer.minor;
    }
    return TUG__PLATFORM_NO_MATCH;
}

/* Tell whether a version begins with all the components of another ("10.0.17763.1" with
 * "10.0.17763"); every version begins with an empty one. */
static bool begins_with(const char *version, const char *beginning)
{
    const size_t length = strlen(beginning);

    return length == 0 || (strncmp(version, beginning, length) == 0 &&
                           (version[length] == '\0' || version[length] == '.'));
}

int tug__platform_rank(const struct tug_platform *wanted, const struct tug_platform *offered)
{
    struct version version;

    if (strcmp(wanted->os, offered->os) != 0 ||
        !begins_with(offered->os_version, wanted->os_version)) {
        return TUG__PLATFORM_NO_MATCH;
    }
    if (strcmp(wanted->architecture, offered->architecture) == 0 &&
        strcmp(wanted->variant, offered->variant) == 0) {
        return 0;
    }
    if (strcmp(wanted->architecture, "amd64") == 0) {
        return rank_amd64(wanted, offered);
    }
    if (strcmp(wanted->architecture, "arm64") == 0) {
        return rank_arm64(wanted, offered);
    }
    if (strcmp(wanted->architecture, "arm") == 0 && read_version(wanted->variant, 0, &version) &&
        version.minor == 0) {
        return rank_arm(version.major, offered);
    }
    return TUG__PLATFORM_NO_MATCH;
}

bool tug__platform_is_unknown(const struct tug_platform *platform)
{
    return strcmp(platform->os, "unknown") == 0 && strcmp(platform->architecture, "unknown") == 0;
}
