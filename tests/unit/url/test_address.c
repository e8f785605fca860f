/* SPDX-License-Identifier: Apache-2.0
 *
 * Private addresses (T-07, T-18).
 */
#include <criterion/criterion.h>

#include "url/address.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

Test(address, t18_private_hosts)
{
    static const char *const hosts[] = {"localhost",
                                        "LOCALHOST:80",
                                        "a.localhost",
                                        "localhost.",
                                        "127.0.0.1",
                                        "127.1",
                                        "0x7f.1",
                                        "2130706433",
                                        "10.1.2.3:443",
                                        "172.16.0.1",
                                        "172.31.255.255",
                                        "192.168.1.1",
                                        "169.254.169.254",
                                        "100.64.0.1",
                                        "0.0.0.0",
                                        "224.0.0.1",
                                        "255.255.255.255",
                                        "[::1]:5000",
                                        "[::]",
                                        "[fe80::1]",
                                        "[fd00::1]",
                                        "[::ffff:127.0.0.1]",
                                        "[::ffff:a9fe:a9fe]",
                                        "[64:ff9b::a00:1]",
                                        "[2002:7f00:1::]"};

    for (size_t i = 0; i < COUNT(hosts); i++) {
        cr_assert(tug__host_is_private(hosts[i]), "%s", hosts[i]);
    }
}

Test(address, public_hosts)
{
    static const char *const hosts[] = {"example.org",
                                        "8.8.8.8",
                                        "172.32.0.1",
                                        "100.128.0.1",
                                        "11.0.0.1",
                                        "notlocalhost",
                                        "localhost.evil.example",
                                        "[2001:db8::1]",
                                        "[2606::1]:443",
                                        "[::ffff:8.8.8.8]",
                                        "10.example.org",
                                        ""};

    for (size_t i = 0; i < COUNT(hosts); i++) {
        cr_assert_not(tug__host_is_private(hosts[i]), "%s", hosts[i]);
    }
}
