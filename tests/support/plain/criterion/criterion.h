/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of criterion's interface that our tests use, in plain C, for builds under
 * ThreadSanitizer, which criterion does not run in. Such builds find this header instead of
 * criterion's; the runner is plain.c.
 *
 * A test passes when its function returns: one that calls exit() has failed.
 */
#ifndef PLAIN_CRITERION_H
#define PLAIN_CRITERION_H

/* As criterion's, our tests' files may be less strict about what these macros become. */
#pragma GCC system_header

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The parameters of a parameterized test: an array with static storage. */
struct criterion_test_params {
    size_t size; /* of an element */
    void *params;
    size_t length;
};

/* One test, or a suite's defaults (then without a name); static storage, linked by the runner. */
struct plain_test {
    const char *suite;
    const char *name;
    void (*run)(void);
    void (*run_with)(void *param);
    struct criterion_test_params (*params)(void);
    /* What Test() and TestSuite() may name. */
    void (*init)(void);
    void (*fini)(void);
    double timeout; /* seconds; 0: the suite's, or the runner's */
    struct plain_test *next;
};

/* Add a test to those the runner knows; called before main. */
void plain_add(struct plain_test *test);

/* As plain_add(), of the defaults of a suite. */
void plain_add_suite(struct plain_test *suite);

/* Print where a check failed, its text and a message; end the process as failed. */
void plain_fail(const char *file, int line, const char *check, const char *format, ...)
    __attribute__((noreturn, format(printf, 4, 5)));

#define PLAIN_REGISTER(Id, Add, ...)                                                               \
    __attribute__((constructor)) static void Id##_register(void)                                   \
    {                                                                                              \
        static struct plain_test entry = {__VA_ARGS__};                                            \
        Add(&entry);                                                                               \
    }

#define TestSuite(Suite, ...)                                                                      \
    PLAIN_REGISTER(plain_suite_##Suite, plain_add_suite, .suite = #Suite, __VA_ARGS__)

#define Test(Suite, Name, ...)                                                                     \
    static void plain_##Suite##_##Name(void);                                                      \
    PLAIN_REGISTER(plain_##Suite##_##Name, plain_add, .suite = #Suite, .name = #Name,              \
                   .run = plain_##Suite##_##Name, __VA_ARGS__)                                     \
    static void plain_##Suite##_##Name(void)

#define ParameterizedTestParameters(Suite, Name)                                                   \
    static struct criterion_test_params plain_##Suite##_##Name##_params(void)

#define ParameterizedTest(Param, Suite, Name, ...)                                                 \
    static void plain_##Suite##_##Name(Param);                                                     \
    static void plain_##Suite##_##Name##_with(void *param)                                         \
    {                                                                                              \
        plain_##Suite##_##Name(param);                                                             \
    }                                                                                              \
    PLAIN_REGISTER(plain_##Suite##_##Name, plain_add, .suite = #Suite, .name = #Name,              \
                   .run_with = plain_##Suite##_##Name##_with,                                      \
                   .params = plain_##Suite##_##Name##_params, __VA_ARGS__)                         \
    static void plain_##Suite##_##Name(Param)

#define cr_make_param_array(Type, Array, Length)                                                   \
    ((struct criterion_test_params){.size = sizeof(Type), .params = (Array), .length = (Length)})

#define PLAIN_CHECK(Condition, Text, ...)                                                          \
    do {                                                                                           \
        if (!(Condition)) {                                                                        \
            plain_fail(__FILE__, __LINE__, Text, " " __VA_ARGS__);                                 \
        }                                                                                          \
    } while (0)

#define PLAIN_COMPARE(A, Operator, B, ...)                                                         \
    PLAIN_CHECK((A)Operator(B), #A " " #Operator " " #B, __VA_ARGS__)

#define cr_fatal(...) plain_fail(__FILE__, __LINE__, "cr_fatal", " " __VA_ARGS__)
#define cr_assert_fail(...) cr_fatal(__VA_ARGS__)
#define cr_assert(Condition, ...) PLAIN_CHECK(Condition, #Condition, __VA_ARGS__)
#define cr_assert_not(Condition, ...) PLAIN_CHECK(!(Condition), "!(" #Condition ")", __VA_ARGS__)
#define cr_assert_eq(A, B, ...) PLAIN_COMPARE(A, ==, B, __VA_ARGS__)
#define cr_assert_neq(A, B, ...) PLAIN_COMPARE(A, !=, B, __VA_ARGS__)
#define cr_assert_lt(A, B, ...) PLAIN_COMPARE(A, <, B, __VA_ARGS__)
#define cr_assert_leq(A, B, ...) PLAIN_COMPARE(A, <=, B, __VA_ARGS__)
#define cr_assert_gt(A, B, ...) PLAIN_COMPARE(A, >, B, __VA_ARGS__)
#define cr_assert_geq(A, B, ...) PLAIN_COMPARE(A, >=, B, __VA_ARGS__)
#define cr_assert_float_eq(A, B, Epsilon, ...)                                                     \
    PLAIN_CHECK((A) - (B) <= (Epsilon) && (B) - (A) <= (Epsilon), #A " is about " #B, __VA_ARGS__)
#define cr_assert_null(A, ...) PLAIN_COMPARE(A, ==, NULL, __VA_ARGS__)
#define cr_assert_not_null(A, ...) PLAIN_COMPARE(A, !=, NULL, __VA_ARGS__)
#define cr_assert_str_eq(A, B, ...)                                                                \
    PLAIN_CHECK(strcmp((A), (B)) == 0, #A " is the text " #B, __VA_ARGS__)
#define cr_assert_str_empty(A, ...) PLAIN_CHECK(*(A) == '\0', #A " is no text", __VA_ARGS__)
#define cr_assert_str_neq(A, B, ...)                                                               \
    PLAIN_CHECK(strcmp((A), (B)) != 0, #A " is not the text " #B, __VA_ARGS__)

#endif
