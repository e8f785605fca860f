/* SPDX-License-Identifier: Apache-2.0
 *
 * Annotations and footers: real ones, and those that point elsewhere.
 */
#include "chunked/chunked.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "help.h"
#include "oci/limits.h"

#define SUM "sha256:e72b806fcf3bebe9e9b4aaca3efc3c0bbf5069de535131ac2432661a058f6a1c"
#define OLD "io.containers.zstd-chunked."
#define NEW "io.github.containers.zstd-chunked."
#define STARGZ "containerd.io/snapshot/stargz/toc.digest"

static bool find(const char *annotations, size_t length, uint64_t size_bytes,
                 struct tug__chunked_place *out_place)
{
    struct tug__descriptor descriptor = {.size_bytes = size_bytes};
    bool is_found;

    descriptor.annotations = malloc(length + 1);
    memcpy(descriptor.annotations, annotations, length);
    descriptor.annotations[length] = '\0';
    is_found = tug__chunked_find(&descriptor, out_place);
    free(descriptor.annotations);
    return is_found;
}

/* A text in which \0 ends each key and value. */
#define FIND(text, size, place) find(text, sizeof(text), size, place)

Test(place, as_skopeo_writes_it)
{
    struct tug__chunked_place place;

    cr_assert(FIND(OLD "manifest-checksum\0" SUM "\0" OLD "manifest-position\0"
                       "78269254:634588:3586227:1\0",
                   78903890, &place));
    cr_assert_eq(place.format, TUG__CHUNKED_ZSTD);
    cr_assert_eq(place.toc.offset, 78269254);
    cr_assert_eq(place.toc.length, 634588);
    cr_assert_eq(place.toc.raw_length, 3586227);
    cr_assert_eq(place.tar_split.length, 0);
    cr_assert_eq(tug__chunked_tail(&place), 78269246);
}

Test(place, tar_split_on_either_side)
{
    struct tug__chunked_place place;

    cr_assert(FIND(NEW "manifest-checksum\0" SUM "\0" NEW "manifest-position\0"
                       "1000:100:500:1\0" NEW "tarsplit-position\0"
                       "1108:50:300\0",
                   2000, &place));
    cr_assert_eq(tug__chunked_tail(&place), 992);
    cr_assert(FIND(NEW "manifest-checksum\0" SUM "\0" NEW "manifest-position\0"
                       "1000:100:500:1\0" NEW "tarsplit-position\0"
                       "900:50:300\0",
                   2000, &place));
    cr_assert_eq(tug__chunked_tail(&place), 892);
}

#define ZSTD(position) NEW "manifest-checksum\0" SUM "\0" NEW "manifest-position\0" position "\0"

Test(place, positions_that_cannot_be)
{
    struct tug__chunked_place place;

    cr_assert(FIND(ZSTD("1000:100:500:1"), 2000, &place));
    cr_assert_not(FIND(ZSTD("1000:100:500:1"), 1099, &place), "beyond the layer");
    cr_assert_not(FIND(ZSTD("1000:100:500:2"), 2000, &place), "another type");
    cr_assert_not(FIND(ZSTD("1000:100:500"), 2000, &place));
    cr_assert_not(FIND(ZSTD("1000:100:500:1:1"), 2000, &place));
    cr_assert_not(FIND(ZSTD("1000::500:1"), 2000, &place));
    cr_assert_not(FIND(ZSTD("-1:100:500:1"), 2000, &place));
    cr_assert_not(FIND(ZSTD("0:100:500:1"), 2000, &place), "no room for a header");
    cr_assert_not(FIND(ZSTD("1000:0:500:1"), 2000, &place));
    cr_assert_not(FIND(ZSTD("1000:100:0:1"), 2000, &place));
    cr_assert_not(FIND(ZSTD("18446744073709551615:2:500:1"), 2000, &place));
    cr_assert_not(FIND(ZSTD("1000:18446744073709551615:500:1"), 2000, &place));
    cr_assert_not(FIND(ZSTD("1000:100:67108865:1"), 2000, &place), "over the limit");
    cr_assert_not(FIND(ZSTD("1000:40000000:500:1"), UINT64_C(1) << 40, &place), "over the limit");
    cr_assert_not(FIND(ZSTD("1000:100:500:1") NEW "tarsplit-position\0"
                                                  "1050:100:500\0",
                       2000, &place),
                  "they overlap");
    cr_assert_not(FIND(NEW "manifest-checksum\0md5:1\0" NEW "manifest-position\0"
                           "1000:100:500:1\0",
                       2000, &place));
    cr_assert_not(FIND("some\0thing\0", 2000, &place));
    cr_assert_eq(place.format, TUG__CHUNKED_NONE);
}

Test(place, estargz_tail_is_guessed_then_known)
{
    struct toc_layer layer;
    struct tug__chunked_place place;
    struct tug__chunked_source source;
    static const char body[100000];

    toc_layer_assemble(
        TOC_ESTARGZ,
        &(struct toc_parts){.body = body, .body_size = sizeof body, .json = "{\"entries\":[]}"},
        &layer);
    place = help_place(&layer);
    source = help_source(&layer);
    cr_assert_eq(tug__chunked_tail(&place), layer.size - 32768);
    cr_assert_eq(tug__chunked_locate(&place, &source, NULL), TUG_OK);
    cr_assert_eq(tug__chunked_tail(&place), layer.body_size);
    toc_layer_free(&layer);
}

Test(place, footers_that_lie)
{
    static const char body[1000];

    for (size_t at = 0; at < 51; at++) {
        struct toc_layer layer;
        struct tug__chunked_place place;
        struct tug__chunked_source source;
        struct tug_error err = {0};

        toc_layer_assemble(
            TOC_ESTARGZ,
            &(struct toc_parts){.body = body, .body_size = sizeof body, .json = "{\"entries\":[]}"},
            &layer);
        layer.bytes[layer.size - 51 + at] = at >= 16 && at < 32 ? 'f' : '!';
        place = help_place(&layer);
        source = help_source(&layer);
        /* the header's time and the empty member at the end do not matter */
        if ((at >= 4 && at < 10) || at >= 38) {
            cr_assert_eq(tug__chunked_locate(&place, &source, &err), TUG_OK, "%zu", at);
        } else if (at == 30 || at == 31) { /* within the layer, but not the right place */
            struct tug__frame_table table = {0};

            cr_assert_eq(tug__chunked_locate(&place, &source, &err), TUG_OK);
            cr_assert_eq(tug__chunked_read(&place, &source, &table, &err), TUG_ERR_CONTENT);
        } else {
            cr_assert_neq(tug__chunked_locate(&place, &source, &err), TUG_OK, "%zu", at);
        }
        toc_layer_free(&layer);
    }
}
