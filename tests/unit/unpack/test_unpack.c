/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers unpacked: gzip, zstd and none, damaged ones, and ones that do not end.
 */
#include "unpack/unpack.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "oci/digest.h"

static const char hello[] = "hello, layer\n";
/* Of it. */
static const uint8_t hello_gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
                                     0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xd7, 0x51, 0xc8,
                                     0x49, 0xac, 0x4c, 0x2d, 0xe2, 0x02, 0x00, 0x33, 0x31,
                                     0x4d, 0xe6, 0x0d, 0x00, 0x00, 0x00};
static const uint8_t hello_zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x69, 0x00, 0x00,
                                     0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x2c, 0x20, 0x6c, 0x61,
                                     0x79, 0x65, 0x72, 0x0a, 0x82, 0xb5, 0xa9, 0x70};
static const uint8_t hello_twice[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                      0x93, 0xef, 0xe6, 0x60, 0x00, 0x01, 0x26, 0xe6, 0xd3, 0x1e,
                                      0x67, 0x4f, 0x9e, 0xbc, 0x1e, 0x78, 0xc2, 0x73, 0x8d, 0x8f,
                                      0xee, 0x23, 0x26, 0x06, 0x63, 0x43, 0xdf, 0x67, 0xbc, 0x40,
                                      0x09, 0x00, 0xe1, 0x4e, 0x21, 0x0c, 0x21, 0x00, 0x00, 0x00};
/* Of 64 KiB of zeros. */
static const uint8_t zeros_gzip[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x01, 0x01, 0x00, 0x00,
    0x00, 0x80, 0x90, 0xfe, 0xaf, 0xee, 0x08, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x6a, 0xeb, 0x8e, 0x97, 0xd7, 0x00, 0x00, 0x01, 0x00};
#define ZEROS_BYTES 65536

static bool go_on(void *context)
{
    (void)context;
    return false;
}

static bool stop(void *context)
{
    (void)context;
    return true;
}

static int file_of(const void *bytes, size_t length)
{
    const int fd = memfd_create("layer", MFD_CLOEXEC);

    cr_assert(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
    return fd;
}

static enum tug_status unpack(const void *bytes, size_t length, uint64_t max_bytes,
                              bool (*should_stop)(void *context), struct tug__unpacked *out,
                              struct tug_error *err)
{
    uint8_t buffer[4096];
    const struct tug__unpacking unpacking = {.buffer = buffer,
                                             .buffer_bytes = sizeof buffer,
                                             .max_bytes = max_bytes,
                                             .should_stop = should_stop};
    const int fd = file_of(bytes, length);
    const enum tug_status status = tug__unpack_digest(fd, TUG_DIGEST_SHA256, &unpacking, out, err);

    (void)close(fd);
    return status;
}

static void expect(const void *bytes, size_t length, enum tug__packing packing, const char *type)
{
    struct tug__unpacked unpacked = {0};
    struct tug_digest digest;
    struct tug_error err = {0};

    cr_assert_eq(unpack(bytes, length, strlen(hello), go_on, &unpacked, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_eq(tug__digest_of(TUG_DIGEST_SHA256, hello, strlen(hello), &digest, NULL), TUG_OK);
    cr_assert(tug_digest_equal(&unpacked.digest, &digest));
    cr_assert_eq(unpacked.packing, packing);
    cr_assert_eq(unpacked.size_bytes, strlen(hello));
    cr_assert_not(unpacked.is_blank);
    cr_assert_str_eq(tug__packing_layer_type(packing), type);
}

static void refuse(const void *bytes, size_t length, uint64_t max_bytes, enum tug_status code,
                   const char *why)
{
    struct tug__unpacked unpacked = {0};
    struct tug_error err = {0};

    cr_assert_eq(unpack(bytes, length, max_bytes, go_on, &unpacked, &err), code, "%s: %s", why,
                 err.message);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
    cr_assert_eq(unpacked.size_bytes, 0, "untouched");
}

Test(unpack, each_packing_comes_out)
{
    expect(hello, strlen(hello), TUG__PACKING_NONE, "application/vnd.oci.image.layer.v1.tar");
    expect(hello_gzip, sizeof hello_gzip, TUG__PACKING_GZIP,
           "application/vnd.oci.image.layer.v1.tar+gzip");
    expect(hello_zstd, sizeof hello_zstd, TUG__PACKING_ZSTD,
           "application/vnd.oci.image.layer.v1.tar+zstd");
}

Test(unpack, zeros_are_a_blank_layer)
{
    struct tug__unpacked unpacked = {0};
    struct tug_error err = {0};

    cr_assert_eq(unpack(zeros_gzip, sizeof zeros_gzip, ZEROS_BYTES, go_on, &unpacked, &err), TUG_OK,
                 "%s", err.message);
    cr_assert(unpacked.is_blank);
    cr_assert_eq(unpacked.size_bytes, ZEROS_BYTES);
    cr_assert_eq(unpack("", 0, 0, go_on, &unpacked, &err), TUG_OK);
    cr_assert(unpacked.is_blank);
}

Test(unpack, more_than_the_limit_is_refused)
{
    refuse(zeros_gzip, sizeof zeros_gzip, ZEROS_BYTES - 1, TUG_ERR_CONTENT,
           "it unpacks to more than the limit of 65535 bytes");
    refuse(hello, strlen(hello), 3, TUG_ERR_CONTENT, "the limit of 3 bytes");
}

Test(unpack, damage_is_refused)
{
    uint8_t damaged[sizeof hello_gzip];

    refuse(hello_gzip, sizeof hello_gzip - 10, 1000, TUG_ERR_CONTENT, "cannot be unpacked");
    refuse(zeros_gzip, sizeof zeros_gzip / 2, ZEROS_BYTES, TUG_ERR_CONTENT, "cannot be unpacked");
    refuse(hello_gzip, 2, 1000, TUG_ERR_CONTENT, "cannot be unpacked");
    refuse(hello_zstd, sizeof hello_zstd - 6, 1000, TUG_ERR_CONTENT, "cannot be unpacked");
    refuse(hello_twice, sizeof hello_twice, 1000, TUG_ERR_CONTENT, "packed twice");
    memcpy(damaged, hello_gzip, sizeof damaged);
    damaged[10] = 0xff;
    refuse(damaged, sizeof damaged, 1000, TUG_ERR_CONTENT, "cannot be unpacked");
}

Test(unpack, it_stops_when_told)
{
    struct tug__unpacked unpacked = {0};
    struct tug_error err = {0};

    cr_assert_eq(unpack(hello_gzip, sizeof hello_gzip, 1000, stop, &unpacked, &err),
                 TUG_ERR_CANCELLED);
}
