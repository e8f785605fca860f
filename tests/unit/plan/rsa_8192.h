/* SPDX-License-Identifier: Apache-2.0
 *
 * A signature by the largest key there may be, made with OpenSSL once: such a key takes seconds.
 */
#ifndef RSA_8192_H
#define RSA_8192_H

static const char rsa_8192_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIEIjANBgkqhkiG9w0BAQEFAAOCBA8AMIIECgKCBAEAwv78JjCbVMVhAHf5ehvz\n"
    "sz1Z/AXbWsF4Ntt7fg5OQ6kD6vM7iHPP51opA04w19CRyYctLjpZfH7QvmXCZEYC\n"
    "v96CV3A3unhbg3kBZ0UwktOjz4xHh5jRSIdEDw0S4Ib9wKCVPL62xI494UBGsB5K\n"
    "YyttbGRkTRbx5Gs7KucDXKKB1DUXs0JucWUa1I6YsKtaRRgvWGHqjE9Pf6YsiUMt\n"
    "z0kiv+UNWzRGavvQFDFmRFqBzJvkefUQ7lxXLMKWeEHMqXbKWlYaU8vHshQntXT3\n"
    "ZlHhpIOHZuPAVhOeypMYarFSP1fsMpz+tRU0Ke0BxQT/63LOrKEf7PZJnYjXbZVK\n"
    "aOCvzvVCpSazpASI8qkt0hPXd50mn3EI14zgDqMw9dmXtwc9Y6eZe0At8W4AVGgv\n"
    "s8F3C4b0K8hZE8R41gGs+F2HuGT5T6NlvJW77Pkh6fYKEvOFex28B0C8xTcPWd9z\n"
    "X8tkaCrhZUz5f4k6JleYwQMULTQUMYQQh1+O3ptxWrX/aWlu3HgXgCoVxZed51PS\n"
    "PeMhm4hpfHPet5qgF3GhRfbn+UMhPbibLXTlbftJ3S/iyIbdy4GuJ1hM4dL5Pvl4\n"
    "IIAN4r3iAn/t+BZpWG4Nw7uwl1HKk1bawu+kbmwf9lDYk1GkC+FQquTOy5GFNe+Z\n"
    "sTPLgMWzHDrz5lb+nlHQiDZb/OVIUoOCt0f5bd99Fhbn53r2bOxaFPp9KNR3eQ0V\n"
    "pTiCebWFUzjumBdGpwwsCqsdEO/Bha7tK6YFOdk1cYjO1n1PSb0K2k4LPhXWLUsq\n"
    "to/NXWQWbXFGQ1vZ/qtLkakT92dRol0u0DxmGZDcJGTvBW5wEAu5QU3GuhJ/Ipdc\n"
    "EwGxIWxjXtB9p1qK1C3/aLBWhCLAQ1PKAdQsTmvP/EeQmNic0lO4J0R5zyC8oBMI\n"
    "K/BKjqdFVMwVVeawBHVYutMRT7Wmgep8SWgCcpwjFiZ6ff8lf5ruQLsNkmYb532k\n"
    "LVce4nDLSAOB/kBpm+0LAfTi0FSTSm9J1FPxU9BsX8CI6SZ5nnP4jGQqmABO/9Tw\n"
    "6HgRqSPQVbNP2qOLGqGUoRgiy1vjIBm0TXbqtI6KTZAJXWFM/enDK/9ExmzN+epn\n"
    "2AgF9aGZC2JSCCeEUxSRaPsVKu/+xErTF7RphU/ySFzLY7KMsLlcFZtIcN9mE3q/\n"
    "e4degA7TyCZS3eeGG09yGRlOgQPmed08E07IfMJGB71DalC40rbvc3bghMropQmx\n"
    "vhSF3Ij2DS8PL084M1mcgEKc2cbguukA6Hj077CEcJUhMQVO5THFH+2T4DUYUh5e\n"
    "Tq06KMlHESxDNJXj8ct5I3SR9ByCi/BPkkysMUtQ+kvfxy4F8Y+cyziAHcKq62lB\n"
    "0wIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

/* Of this, as it stands. */
#define RSA_8192_DIGEST "1111111111111111111111111111111111111111111111111111111111111111"
static const char rsa_8192_payload[] =
    "{\"critical\":{\"identity\":{\"docker-reference\":\"reg.test/team/app\"},"
    "\"image\":{\"docker-manifest-digest\":\"sha256:" RSA_8192_DIGEST "\"},"
    "\"type\":\"cosign container image signature\"},\"optional\":null}";

static const char rsa_8192_signature[] =
    "pyecDzj2EBz2tEZLU+f4YUaoYn2DVa5yrcByst4ddcYznAtyTQalWjFkRfLXKB7VZpEDcMwg3Oa4"
    "HeIQBd0lw5yjMeA7vQeQXEcwJGTPGyFT1l/Ge8EOckgEPqKxQxm+vI3kds59WsohsNomdmnhfWbe"
    "7T+nZkltUkKxhr/Lm83NFf3KJS21iPr5Epr6AqPGlePUOuzMXb2IFgH5ltObUpSh9CmXNpZ4JTVG"
    "4hi8D+Zp4UeUy/Npt+FrFld/WfW0Z00rtw7bHRisFj3ozGGfFYkbazDLFVVoZd9Vc65oLS1HdETE"
    "miFItl82zfK5E9FDAY8Lk7fO2oyJXAfTQdqUuisnt2Oj3QQyhM6nZrl9AipTHa4ppkZhTuRe63Gw"
    "UXAgWjIz55wlxEAz5M9Uo7Ri0dAjjjpx7qeG6VXjVGwK2zuFPvWLWOX5chkq80QqyQPjSRIy28L2"
    "76jHehA30KqKkzE7eNU1gzg+Rax3VsvcMjZ5d5XqVu9GPiyouXq2eFuJ8/vI/WgBG9iQ1BVaZr85"
    "CecY/+Kgkz0VjiTmsq7LeKbKV1q639QIyacXzBNtQ5vgjbwLlbcGueQuptrxZhssk1c4bk2y1oCS"
    "dWHiO040hVs6ObtyU57cjvpG0OXHgckdb4TeoKR4ZnVZshmIOmcTUwpqkOSO3pq0RDecdbq5IXzz"
    "60HpE/tk/3QSTyq866vtr3LzVQC6jWwqpN4D/2En3iY+AlDWwk6k+n8EBUzalpJC+gUpf2376g74"
    "ubO/TkBjEBoaEAcoV9gy9C8PHVuJTSQX0zJ7UL/wnUmd3FyJ2z55V3c/ZoI/VTQZ8SzmcHMtO7pv"
    "nHDYycWA2ET1YWvrJ8H65mlZgAeqLfBWNBOIdh1er1ZDHwYnUw334aT5ff/yDxlerv8YSbTZIEjK"
    "VtsorMKz5IxFRBkbj6LjohT53vNt9PgDvQDIwJ7KxvE5YTUJyJ8tnOlYL5e4vL0z58MrCZbF/Eem"
    "SVjRGc44penvIWakl55baHyTGbiLtsMU1h0TB+jbIMPRB8CzJ+nnXqOPed11jLCtltOtfFVdEz4W"
    "NAMxwo4RbdJ8S5DZE36EoaMGRgl1Cnv6rJb8EQiMK4r9T278isUZXPK0nfDI5BrH/bpEFNDiPhFU"
    "gg8XXeMSamnwjwlyyFt7U0WXKf3tzD/WqLKCF+8180zDh3vt73N1NYRKWlG68qQufG3GXDqqjCqR"
    "4trDOmy7yjvjTGu6MaJ1xvo34BdJ0Cr373//hTBtd04A65W7sYJbiZhuCP8pXebhE0BzxMyGxQ2D"
    "AoY2wD9ZE7qr70FUbG+TthxNxBKUlsMmXn1rTiSB8ojZe+proHj2AroRXpJXrgW/WSUT3VPpXQ==";

#endif
