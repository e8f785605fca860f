/* SPDX-License-Identifier: Apache-2.0
 *
 * The places where credentials are looked for, in their order.
 * Threads: created by one, then read-only except for the parts that credential.c guards. Blocks:
 * no.
 */
#ifndef TUG_AUTH_CREDENTIAL_PLACES_H
#define TUG_AUTH_CREDENTIAL_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>

#include "auth/authfile.h"
#include "auth/credential.h"

/* --authfile, three variables, two of Podman, two of docker. */
#define TUG__PLACES_MAX 7

struct tug__place {
    char *name;      /* for messages; owned */
    const char *why; /* it is looked at: a variable's name; NULL: a usual place. Static text */
    char *path;      /* owned; NULL: text is set */
    char *text;      /* JSON from the environment; owned, wiped */
    enum tug__authfile_kind kind;
    bool must_exist; /* named by the user */
    bool is_docker;  /* docker's config.json: its HttpHeaders count */
};

/* List the places named by settings and the environment. Opens nothing. out_places: filled from the
 * front, unused ones zeroed; the caller calls tug__place_fini on each, also on failure. Errors:
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__places_list(const struct tug__credential_settings *settings,
                                 struct tug__place out_places[TUG__PLACES_MAX], size_t *out_count,
                                 struct tug_error *err);
/* Tell whether a place is there. Opens nothing. */
bool tug__place_exists(const struct tug__place *place);
/* Wipe and free. */
void tug__place_fini(struct tug__place *place);
/* Read a place. Blocks: on the disk.
 * out_file: owned; NULL when the place does not exist, which is fine for one that the user did not
 * name.
 * Errors: TUG_ERR_CONFIG, TUG_ERR_NO_MEMORY. */
enum tug_status tug__place_read(const struct tug__place *place, struct tug__authfile **out_file,
                                struct tug_error *err);

#endif
