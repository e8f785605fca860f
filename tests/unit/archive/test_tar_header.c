/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers of exported members, byte for byte.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "archive/tar_header.h"

#define HEX128                                                                                     \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static uint8_t blocks[TUG__TAR_HEADER_BLOCKS * TUG__TAR_BLOCK] __attribute__((aligned(8)));

static void expect_sum(const uint8_t *block)
{
    unsigned sum = 0;

    for (size_t i = 0; i < TUG__TAR_BLOCK; i++) {
        sum += i >= 148 && i < 156 ? ' ' : block[i];
    }
    cr_assert_eq(strtoul((const char *)block + 148, NULL, 8), sum);
    cr_assert_eq(block[154], '\0');
    cr_assert_eq(block[155], ' ');
}

Test(tar_header, a_file)
{
    memset(blocks, 0xff, sizeof blocks);
    cr_assert_eq(tug__tar_header("index.json", 01234567, blocks), TUG__TAR_BLOCK);
    cr_assert_str_eq((const char *)blocks, "index.json");
    cr_assert_str_eq((const char *)blocks + 100, "0000644");
    cr_assert_str_eq((const char *)blocks + 108, "0000000");
    cr_assert_str_eq((const char *)blocks + 116, "0000000");
    cr_assert_str_eq((const char *)blocks + 124, "00001234567");
    cr_assert_str_eq((const char *)blocks + 136, "00000000000");
    cr_assert_eq(blocks[156], '0');
    cr_assert_eq(memcmp(blocks + 257,
                        "ustar\0"
                        "00",
                        8),
                 0);
    expect_sum(blocks);
}

Test(tar_header, a_directory)
{
    cr_assert_eq(tug__tar_header("blobs/", 0, blocks), TUG__TAR_BLOCK);
    cr_assert_str_eq((const char *)blocks + 100, "0000755");
    cr_assert_eq(blocks[156], '5');
    expect_sum(blocks);
}

Test(tar_header, a_size_of_8_gib_needs_a_record)
{
    cr_assert_eq(tug__tar_header("a", (UINT64_C(1) << 33) - 1, blocks), TUG__TAR_BLOCK);
    cr_assert_str_eq((const char *)blocks + 124, "77777777777");
    cr_assert_eq(tug__tar_header("a", UINT64_C(1) << 33, blocks), 3 * TUG__TAR_BLOCK);
    cr_assert_eq(blocks[156], 'x');
    cr_assert_str_eq((const char *)blocks + 124, "00000000023");
    cr_assert_str_eq((const char *)blocks + 512, "19 size=8589934592\n");
    cr_assert_str_eq((const char *)blocks + 1024, "a");
    cr_assert_str_eq((const char *)blocks + 1024 + 124, "00000000000");
    expect_sum(blocks);
    expect_sum(blocks + 1024);
}

Test(tar_header, a_long_name_needs_a_record)
{
    static const char name[] = "blobs/sha512/" HEX128;

    cr_assert_eq(tug__tar_header(name, 5, blocks), 3 * TUG__TAR_BLOCK);
    cr_assert_str_eq((const char *)blocks + 512, "151 path=blobs/sha512/" HEX128 "\n");
    cr_assert_eq(memcmp(blocks + 1024, name, 100), 0);
    cr_assert_str_eq((const char *)blocks + 1024 + 124, "00000000005");
    expect_sum(blocks + 1024);
}

Test(tar_header, records_count_their_own_digits)
{
    char name[102 + 1];

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)tug__tar_header(name, 0, blocks);
    cr_assert_eq(strtoul((const char *)blocks + 512, NULL, 10), strlen((const char *)blocks + 512));
    name[101] = '\0';
    (void)tug__tar_header(name, UINT64_MAX >> 1, blocks);
    cr_assert_eq(strtoul((const char *)blocks + 124, NULL, 8), strlen((const char *)blocks + 512));
}

Test(tar_header, lengths)
{
    cr_assert_eq(tug__tar_padding(0), 0);
    cr_assert_eq(tug__tar_padding(1), 511);
    cr_assert_eq(tug__tar_padding(512), 0);
    cr_assert_eq(tug__tar_padding(513), 511);
    cr_assert_eq(tug__tar_member_bytes("a", 513), 512 + 1024);
    cr_assert_eq(tug__tar_member_bytes("blobs/sha512/" HEX128, 0), 1536);
    cr_assert_eq(tug__tar_member_bytes("a", UINT64_C(1) << 33), 1536 + (UINT64_C(1) << 33));
}
