/* SPDX-License-Identifier: Apache-2.0
 *
 * Events as they leave the library: without secrets.
 * Threads: any; nothing is shared but the session. Blocks: no.
 */
#ifndef TUG_PIPELINE_SHOWN_H
#define TUG_PIPELINE_SHOWN_H

#include <tug/fetch.h>

#include "oci/limits.h"
#include "registry/registry.h"

/* An event, with copies of the parts that may hold a secret. */
struct tug__shown {
    struct tug_event event;
    struct tug_error error;
    struct tug_image_result image;
    char text[TUG_ERROR_MESSAGE_MAX];
    char media_type[TUG__MEDIA_TYPE_MAX];
    char image_media_type[TUG__MEDIA_TYPE_MAX];
};

/* Copy an event and cut the secrets known to the session (NULL: none) out of all text that may come
 * from a server. out_shown: its event points into it and to the parts of `event`; valid while both
 * are. Returns: the event to pass on. */
const struct tug_event *tug__show(struct tug__session *session, const struct tug_event *event,
                                  struct tug__shown *out_shown);

#endif
