/* SPDX-License-Identifier: Apache-2.0
 *
 * Text built in memory, and written whole.
 */
#include "display/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

Test(display_text, grows)
{
    struct text text = {0};

    text_append(&text, "ab", 2);
    text_puts(&text, "");
    text_printf(&text, "-%d-%s", 12, "x");
    cr_assert_str_eq(text.data, "ab-12-x");
    for (int i = 0; i < 1000; i++) {
        text_append(&text, "0123456789", 10);
    }
    cr_assert_eq(text.length, 10007);
    cr_assert_eq(strlen(text.data), 10007);
    cr_assert_not(text.has_failed);
    text_clear(&text);
    cr_assert_eq(text.length, 0);
    text_puts(&text, "new");
    cr_assert_str_eq(text.data, "new");
    text_fini(&text);
    cr_assert_null(text.data);
    text_puts(&text, "again");
    cr_assert_str_eq(text.data, "again");
    text_fini(&text);
}

/* Every length around the sizes it grows by. */
Test(display_text, ends_with_a_nul_at_every_length)
{
    char piece[400];

    memset(piece, 'p', sizeof piece);
    for (size_t length = 1; length < sizeof piece; length++) {
        struct text text = {0};

        text_append(&text, piece, length);
        text_printf(&text, "%.*s", (int)length, piece);
        cr_assert_eq(text.length, 2 * length);
        cr_assert_eq(strlen(text.data), 2 * length);
        text_fini(&text);
    }
}

#define BYTES ((size_t)1024 * 1024)

static void *drain(void *argument)
{
    const int fd = *(const int *)argument;
    static char piece[4096];
    size_t sum = 0;
    ssize_t count;

    while ((count = read(fd, piece, sizeof piece)) > 0) {
        sum += (size_t)count;
    }
    return (void *)sum;
}

/* A pipe is full long before that, and may be non-blocking. */
Test(display_text, writes_all_to_a_full_pipe, .timeout = 30)
{
    char *const data = calloc(1, BYTES);

    for (int is_nonblocking = 0; is_nonblocking < 2; is_nonblocking++) {
        pthread_t reader;
        void *sum = NULL;
        int ends[2];

        cr_assert_eq(pipe(ends), 0);
        cr_assert_eq(fcntl(ends[1], F_SETFL, is_nonblocking ? O_NONBLOCK : 0), 0);
        cr_assert_eq(pthread_create(&reader, NULL, drain, &ends[0]), 0);
        cr_assert_eq(text_write_all(ends[1], data, BYTES), 0);
        (void)close(ends[1]);
        cr_assert_eq(pthread_join(reader, &sum), 0);
        cr_assert_eq((size_t)sum, BYTES);
        (void)close(ends[0]);
    }
    free(data);
}

Test(display_text, tells_why_it_cannot_write)
{
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    cr_assert_eq(text_write_all(full, "x", 1), ENOSPC);
    cr_assert_eq(text_write_all(full, "", 0), 0);
    cr_assert_eq(text_write_all(-1, "x", 1), EBADF);
    (void)close(full);
}
