/* SPDX-License-Identifier: Apache-2.0
 *
 * An export or import at work: how far it is, and whether it is to go on.
 * Threads: the calling one. Blocks: no longer than the caller's functions.
 */
#ifndef TUG_ARCHIVE_WORK_H
#define TUG_ARCHIVE_WORK_H

#include <tug/store.h>

#include "base/error.h"
#include "store/watch.h"

/* A call at work. Begin with tug__watch_begin. */
struct tug__work {
    struct tug__watch watch;
    struct tug_work_progress progress;
};

/* Tell the progress if it is time to, and look whether to go on. Call it at least every
 * TUG__ARCHIVE_PIECE bytes. Errors: TUG_ERR_CANCELLED. */
enum tug_status tug__work_go_on(struct tug__work *work, struct tug_error *err);

/* Tell the caller what fails nothing; escaped as a whole. */
void tug__work_warn(struct tug__work *work, const char *format, ...) TUG__PRINTF(2, 3);

#endif
