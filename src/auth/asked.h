/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials that the program gives when it is asked (tug/credential.h).
 *
 * Threads: any number may ask at once; the program is asked by one at a time, without a lock held.
 */
#ifndef TUG_AUTH_ASKED_H
#define TUG_AUTH_ASKED_H

#include <stdbool.h>

#include <tug/credential.h>

#include "auth/credential.h"

/* What the program was asked, and its answers, in one run. */
struct tug__asked;

/* Prepare to ask.
 * on_credential: called as tug_credential_fn says. out_asked: owned.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__asked_create(tug_credential_fn on_credential, void *context,
                                  struct tug__asked **out_asked, struct tug_error *err);
/* Wipe and free; NULL is allowed. No other thread may be inside. */
void tug__asked_destroy(struct tug__asked *asked);

/* Ask for the credential of a host, or take the answer given before.
 * request: its host is normalised by tug__auth_host. out_is_answered: the program has an answer,
 * which may be that there is none (TUG__CREDENTIAL_NONE); false: it leaves the question to others.
 * out_credential: owned; set if it is answered.
 * Errors: TUG_ERR_AUTH, TUG_ERR_CONFIG, TUG_ERR_NETWORK (the program's), TUG_ERR_CANCELLED,
 * TUG_ERR_NO_MEMORY. Blocks: in the program, and while another thread asks it. */
enum tug_status tug__asked_get(struct tug__asked *asked,
                               const struct tug__credential_request *request,
                               struct tug__credential *out_credential, bool *out_is_answered,
                               struct tug_error *err);

#endif
