/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocations that fail when they are told to.
 *
 * Knows: the names that redefine.txt gives the allocating functions in libtug-oom.a.
 * Does not know: what is tested.
 * Threads: any may allocate; the test's own begins and ends.
 */
#include "oom.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

/* No operation of these tests allocates so often: the end of a loop that would have none. */
#define ALLOCATIONS_MAX 20000

static struct {
    atomic_bool is_armed;
    enum oom_mode mode;
    unsigned nth;
    atomic_uint count;
    atomic_uint failed;
} state;

/* The functions in place of the ones that allocate. */
void *oom_malloc(size_t size);
void *oom_calloc(size_t count, size_t size);
void *oom_realloc(void *old, size_t size);
void *oom_reallocarray(void *old, size_t count, size_t size);
char *oom_strdup(const char *text);
char *oom_strndup(const char *text, size_t length);
int oom_asprintf(char **out_text, const char *format, ...) __attribute__((format(printf, 2, 3)));
int oom_vasprintf(char **out_text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static bool is_due(void)
{
    unsigned number;

    if (!atomic_load(&state.is_armed)) {
        return false;
    }
    number = atomic_fetch_add(&state.count, 1) + 1;
    if (number < state.nth || (state.mode == OOM_ONE && number > state.nth)) {
        return false;
    }
    atomic_fetch_add(&state.failed, 1);
    errno = ENOMEM;
    return true;
}

void *oom_malloc(size_t size)
{
    return is_due() ? NULL : malloc(size);
}

void *oom_calloc(size_t count, size_t size)
{
    return is_due() ? NULL : calloc(count, size);
}

void *oom_realloc(void *old, size_t size)
{
    return is_due() ? NULL : realloc(old, size);
}

void *oom_reallocarray(void *old, size_t count, size_t size)
{
    return is_due() ? NULL : reallocarray(old, count, size);
}

char *oom_strdup(const char *text)
{
    return is_due() ? NULL : strdup(text);
}

char *oom_strndup(const char *text, size_t length)
{
    return is_due() ? NULL : strndup(text, length);
}

int oom_vasprintf(char **out_text, const char *format, va_list arguments)
{
    /* What asprintf leaves in *out_text when it fails is undefined: nobody may free it. */
    if (is_due()) {
        *out_text = (char *)(uintptr_t)0x10;
        return -1;
    }
    return vasprintf(out_text, format, arguments);
}

int oom_asprintf(char **out_text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = oom_vasprintf(out_text, format, arguments);
    va_end(arguments);
    return length;
}

void oom_begin(unsigned nth, enum oom_mode mode)
{
    state.nth = nth;
    state.mode = mode;
    atomic_store(&state.count, 0);
    atomic_store(&state.failed, 0);
    atomic_store(&state.is_armed, true);
}

bool oom_end(void)
{
    atomic_store(&state.is_armed, false);
    return atomic_load(&state.failed) > 0;
}

static void expect_no_leak(unsigned nth, enum oom_mode mode)
{
#ifdef __SANITIZE_ADDRESS__
    cr_assert_eq(__lsan_do_recoverable_leak_check(), 0, "after allocation %u failed, mode %d", nth,
                 mode);
#else
    (void)nth;
    (void)mode;
#endif
}

static void repeat(enum tug_status (*operation)(void *context, struct tug_error *err),
                   void (*between)(void *context), void *context, unsigned least,
                   enum oom_mode mode)
{
    for (unsigned nth = 1; nth < ALLOCATIONS_MAX; nth++) {
        struct tug_error err = {0};
        enum tug_status status;
        bool has_failed;

        oom_begin(nth, mode);
        status = operation(context, &err);
        has_failed = oom_end();
        expect_no_leak(nth, mode);
        cr_assert(status == TUG_OK || (has_failed && status == TUG_ERR_NO_MEMORY),
                  "allocation %u, mode %d: status %d: %s", nth, mode, status, err.message);
        cr_assert_eq(status, err.code, "allocation %u, mode %d: %s", nth, mode, err.message);
        if (between != NULL) {
            between(context);
        }
        if (!has_failed) {
            cr_assert_gt(nth, least);
            return;
        }
    }
    cr_fatal("it never ends");
}

void oom_each(enum tug_status (*operation)(void *context, struct tug_error *err),
              void (*between)(void *context), void *context, unsigned least)
{
    repeat(operation, between, context, least, OOM_ONE);
    repeat(operation, between, context, least, OOM_REST);
}
