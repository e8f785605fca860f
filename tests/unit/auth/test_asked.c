/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program may give as a credential, and how often it is asked.
 */
#include "auth/asked.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(auth_asked, .timeout = 20);

static const struct tug__credential_request request = {.host = "h.example", .repository = "a/b"};

struct program {
    enum tug_status (*give)(struct tug_credential_answer *answer, struct tug_error *err);
    unsigned calls;
};

static enum tug_status on_credential(void *context, const struct tug_credential_request *asks,
                                     struct tug_credential_answer *answer, struct tug_error *err)
{
    struct program *const program = context;

    cr_assert_str_eq(asks->host, "h.example");
    cr_assert_str_eq(asks->repository, "a/b");
    cr_assert_null(asks->registry);
    program->calls++;
    return program->give(answer, err);
}

static enum tug_status give_both(struct tug_credential_answer *answer, struct tug_error *err)
{
    const enum tug_status status = tug_credential_give_password(answer, "me", "first", err);

    return status == TUG_OK ? tug_credential_give_identity_token(answer, "second", err) : status;
}

static enum tug_status give_none(struct tug_credential_answer *answer, struct tug_error *err)
{
    (void)answer;
    (void)err;
    return TUG_OK;
}

static enum tug_status take_back(struct tug_credential_answer *answer, struct tug_error *err)
{
    const enum tug_status status = tug_credential_give_bearer_token(answer, "t", err);

    tug_credential_give_nothing(answer);
    return status;
}

static enum tug_status say_nothing(struct tug_credential_answer *answer, struct tug_error *err)
{
    (void)answer;
    (void)err;
    return TUG_ERR_AUTH;
}

/* Whatever is refused leaves what was given before. */
static enum tug_status give_bad(struct tug_credential_answer *answer, struct tug_error *err)
{
    static char long_text[TUG__CREDENTIAL_TEXT_MAX + 2];

    memset(long_text, 'x', sizeof long_text - 1);
    cr_assert_eq(tug_credential_give_password(answer, "me", "kept", err), TUG_OK);
    cr_assert_eq(tug_credential_give_password(answer, NULL, "x", err), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_credential_give_password(answer, "me", NULL, err), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_credential_give_password(answer, "m:e", "x", err), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_credential_give_password(answer, "me", "hush\r\nX: y", err),
                 TUG_ERR_INVALID_ARGUMENT);
    cr_assert_null(strstr(err->message, "hush"));
    cr_assert_eq(tug_credential_give_bearer_token(answer, "a\nb", err), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_eq(tug_credential_give_bearer_token(answer, long_text, err),
                 TUG_ERR_INVALID_ARGUMENT);
    return TUG_OK;
}

/* Ask twice. Returns: how often the program was asked. */
static unsigned ask(struct program program, enum tug_status expected, bool expected_answer,
                    enum tug__credential_kind kind, const char *secret)
{
    struct tug__asked *asked = NULL;

    cr_assert_eq(tug__asked_create(on_credential, &program, &asked, NULL), TUG_OK);
    for (int i = 0; i < 2; i++) {
        struct tug__credential credential = {0};
        struct tug_error error = {0};
        bool is_answered = false;

        cr_assert_eq(tug__asked_get(asked, &request, &credential, &is_answered, &error), expected,
                     "%s", error.message);
        cr_assert_eq(is_answered, expected_answer);
        cr_assert_eq(credential.kind, kind);
        cr_assert_eq(secret == NULL, credential.secret == NULL);
        cr_assert(secret == NULL || strcmp(secret, credential.secret) == 0);
        cr_assert_eq(expected, error.code);
        tug__credential_fini(&credential);
    }
    tug__asked_destroy(asked);
    return program.calls;
}

Test(auth_asked, the_last_answer_counts)
{
    cr_assert_eq(
        ask((struct program){.give = give_both}, TUG_OK, true, TUG__CREDENTIAL_IDENTITY, "second"),
        1);
    cr_assert_eq(
        ask((struct program){.give = give_bad}, TUG_OK, true, TUG__CREDENTIAL_PASSWORD, "kept"), 1);
    cr_assert_eq(ask((struct program){.give = take_back}, TUG_OK, true, TUG__CREDENTIAL_NONE, NULL),
                 1);
}

Test(auth_asked, no_answer_is_remembered_too)
{
    cr_assert_eq(
        ask((struct program){.give = give_none}, TUG_OK, false, TUG__CREDENTIAL_NONE, NULL), 1);
    cr_assert_eq(
        ask((struct program){.give = say_nothing}, TUG_ERR_AUTH, false, TUG__CREDENTIAL_NONE, NULL),
        1);
}

static bool stops(void *context)
{
    (void)context;
    return true;
}

static enum tug_status ask_inside(struct tug_credential_answer *answer, struct tug_error *err);

static struct tug__asked *busy;

/* While the program is asked, another question waits, until it is told to stop. */
static enum tug_status ask_inside(struct tug_credential_answer *answer, struct tug_error *err)
{
    const struct tug__credential_request impatient = {
        .host = "h.example", .repository = "other", .should_stop = stops};
    struct tug__credential credential = {0};
    bool is_answered = false;

    (void)answer;
    cr_assert_eq(tug__asked_get(busy, &impatient, &credential, &is_answered, err),
                 TUG_ERR_CANCELLED);
    *err = (struct tug_error){0};
    return TUG_OK;
}

Test(auth_asked, a_question_waits_for_another)
{
    struct program program = {.give = ask_inside};
    struct tug__credential credential = {0};
    struct tug_error error = {0};
    bool is_answered = false;

    cr_assert_eq(tug__asked_create(on_credential, &program, &busy, NULL), TUG_OK);
    cr_assert_eq(tug__asked_get(busy, &request, &credential, &is_answered, &error), TUG_OK);
    cr_assert_eq(program.calls, 1);
    tug__asked_destroy(busy);
}
