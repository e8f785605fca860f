/* SPDX-License-Identifier: Apache-2.0
 *
 * A verification under way: what the files verify*.c share.
 * Threads: one verification is its caller's.
 */
#ifndef TUG_UPKEEP_VERIFY_INTERNAL_H
#define TUG_UPKEEP_VERIFY_INTERNAL_H

#include "store/memo.h"
#include "upkeep/finding.h"
#include "upkeep/verify.h"

/* Something that is wrong, until it was told. */
struct tug__pending {
    struct tug__bad *bad; /* owned */
    size_t count, capacity;
};

struct tug__verification {
    const struct tug__verify_settings *settings;
    struct tug_verify_result *result;
    struct tug__findings findings;
    struct tug__trace_row *row; /* of the caller's thread; NULL: no trace */
    struct tug__walk *walk;     /* of this round */
    uint8_t *marks;             /* of its blobs; owned */
    struct tug__pending pending;
    struct tug__memo memo; /* what was right before; what is not looked at stays in it */
    struct tug__memo kept; /* what is right now; capacity is kept_capacity */
    size_t kept_capacity;
    struct tug_digest *seen; /* owned; looked at in earlier rounds, sorted */
    size_t seen_count, seen_capacity;
    bool has_mended_document; /* in this round */
};

/* Note that something is wrong. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__verification_add(struct tug__pending *pending, const struct tug__bad *bad,
                                      struct tug_error *err);
/* Note that a blob was looked at. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__verification_see(struct tug__verification *verification,
                                      const struct tug_digest *digest, struct tug_error *err);
/* Make all that was looked at so far known to tug__verification_has_seen. */
void tug__verification_sort(struct tug__verification *verification);
/* Tell whether a blob was looked at before the last tug__verification_sort. */
bool tug__verification_has_seen(const struct tug__verification *verification,
                                const struct tug_digest *digest);
/* Note that a blob is right. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__verification_keep(struct tug__verification *verification,
                                       const struct tug__memo_entry *entry, struct tug_error *err);

/* Look at what this round has to look at: needs walk and marks (verify_look.c). */
enum tug_status tug__verification_look(struct tug__verification *verification,
                                       struct tug_error *err);
/* Mend what can be mended, and tell of it; the rest stays pending (verify_mend.c). */
enum tug_status tug__verification_mend(struct tug__verification *verification,
                                       struct tug_error *err);
/* Check that images are signed, and tell of those that are not (verify_signed.c). Without keys it
 * does nothing. Errors: TUG_ERR_NO_MEMORY, TUG_ERR_CANCELLED. */
enum tug_status tug__verification_check_signed(struct tug__verification *verification,
                                               struct tug_error *err);
/* Tell what is still pending. A blob that is bad and that nothing needs is removed by a repair. */
enum tug_status tug__verification_tell(struct tug__verification *verification,
                                       struct tug_error *err);

#endif
