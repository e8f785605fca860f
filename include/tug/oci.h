/* SPDX-License-Identifier: Apache-2.0
 *
 * Value types of the OCI image specification (1.1.1): digest and platform.
 */
#ifndef TUG_OCI_H
#define TUG_OCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Digest algorithms of the specification that tug verifies. */
enum tug_digest_algorithm {
    TUG_DIGEST_NONE = 0, /* an unset digest */
    TUG_DIGEST_SHA256,
    TUG_DIGEST_SHA384,
    TUG_DIGEST_SHA512,
};

/* Most bytes a digest has (sha512). */
#define TUG_DIGEST_BYTES_MAX 64
/* Capacity for a digest as text, "sha512:" and the terminating NUL included. */
#define TUG_DIGEST_TEXT_MAX 136

/* A digest by value. Bytes past the algorithm's length are zero, so two equal digests are equal
 * byte for byte. All zero is the unset digest. */
struct tug_digest {
    enum tug_digest_algorithm algorithm;
    uint8_t bytes[TUG_DIGEST_BYTES_MAX];
};

/* Parse "algorithm:hex" strictly (image-spec "Digests"): a registered algorithm, lower-case hex of
 * exactly its length, nothing else.
 * text: length bytes, borrowed. out_digest: untouched on failure.
 * Returns: TUG_OK. Errors: TUG_ERR_INVALID_ARGUMENT (malformed), TUG_ERR_UNSUPPORTED (well-formed,
 * but an algorithm tug does not know).
 * Threads: any. Blocks: no. */
enum tug_status tug_digest_parse(const char *text, size_t length, struct tug_digest *out_digest,
                                 struct tug_error *err);

/* Write a digest as "algorithm:hex".
 * out_text: receives NUL-terminated text; the empty string for an unset digest.
 * Returns: out_text. Threads: any. Blocks: no. */
char *tug_digest_format(const struct tug_digest *digest, char out_text[TUG_DIGEST_TEXT_MAX]);

/* Tell whether two digests are the same algorithm and value (two unset digests are equal).
 * Threads: any. Blocks: no. */
bool tug_digest_equal(const struct tug_digest *a, const struct tug_digest *b);

/* Capacity of one platform field and of a platform as text, NUL included. */
#define TUG_PLATFORM_FIELD_MAX 64
#define TUG_PLATFORM_TEXT_MAX (4 * TUG_PLATFORM_FIELD_MAX + 8)

/* A platform by value, normalised: lower case, Go's names ("amd64", not "x86_64"), no variant
 * where the variant is the architecture's default (amd64 v1, arm64 v8). Empty string: not given. */
struct tug_platform {
    char os[TUG_PLATFORM_FIELD_MAX];
    char architecture[TUG_PLATFORM_FIELD_MAX];
    char variant[TUG_PLATFORM_FIELD_MAX];
    char os_version[TUG_PLATFORM_FIELD_MAX];
};

/* Parse a platform specifier as users write it: OS/ARCH[/VARIANT], OS or ARCH alone (the other half
 * is this machine's), OS(VERSION)/ARCH for an os.version. The result is normalised.
 * text: NUL-terminated, borrowed. out_platform: untouched on failure.
 * Returns: TUG_OK. Errors: TUG_ERR_INVALID_ARGUMENT.
 * Threads: any. Blocks: no. */
enum tug_status tug_platform_parse(const char *text, struct tug_platform *out_platform,
                                   struct tug_error *err);

/* Fill in the platform of the machine this runs on (uname; the ARM variant from the machine name).
 * Threads: any. Blocks: no. */
void tug_platform_host(struct tug_platform *out_platform);

/* Write a platform as OS[(VERSION)]/ARCH[/VARIANT].
 * Returns: out_text, NUL-terminated. Threads: any. Blocks: no. */
char *tug_platform_format(const struct tug_platform *platform,
                          char out_text[TUG_PLATFORM_TEXT_MAX]);

/* Tell whether a platform can run images for another one, as when an entry of an index is chosen.
 * Both normalised, as by tug_platform_parse and tug_list_each. Threads: any. */
bool tug_platform_runs(const struct tug_platform *wanted, const struct tug_platform *offered);

/* One entry of a list in JSON. Strings are borrowed for the call, and unchecked. */
struct tug_list_entry {
    const char *line; /* in an array of strings: the string; the other members are then unset */
    const char *name; /* the full name of the image; NULL: none given */
    struct tug_digest digest; /* unset: none given */
    bool is_index; /* an index by its media type; or, without type and platform, it may be one */
    bool has_platform;
    struct tug_platform platform; /* normalised */
};

/* Receives an entry. Returns: anything but TUG_OK (with err filled) ends tug_list_each with that
 * status. */
typedef enum tug_status (*tug_list_entry_fn)(void *context, const struct tug_list_entry *entry,
                                             struct tug_error *err);

/* Call on_entry for each element of a JSON list, in order. A list is the `manifests` of an OCI
 * index (a store's index.json has full names in its annotations) or Docker manifest list, an array
 * of strings, or the result lines of `tug fetch` and `tug resolve --format json`. Of what tug has
 * converted the digest is that of the original; entries of index.json that only refer to an image
 * are left out. Entries are
 * reported while the text is read, so an error further on may follow any number of entries. text:
 * length bytes, borrowed for the call. Errors: TUG_ERR_CONTENT (not a list; the message names the
 * document if it is a known kind), TUG_ERR_UNSUPPORTED (a digest of an algorithm that tug does not
 * know), TUG_ERR_TOO_LARGE, TUG_ERR_NO_MEMORY, and any status that on_entry returns. Threads: any.
 * Blocks: no. */
enum tug_status tug_list_each(const char *text, size_t length, tug_list_entry_fn on_entry,
                              void *context, struct tug_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
