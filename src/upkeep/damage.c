/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of the kinds of damage to a store.
 * Threads: any.
 */
#include <tug/upkeep.h>

const char *tug_damage_name(enum tug_damage damage)
{
    switch (damage) {
    case TUG_DAMAGE_NONE:
        return "none";
    case TUG_DAMAGE_MISSING:
        return "missing";
    case TUG_DAMAGE_SIZE:
        return "wrong-size";
    case TUG_DAMAGE_CONTENT:
        return "wrong-content";
    case TUG_DAMAGE_UNREADABLE:
        return "unreadable";
    case TUG_DAMAGE_NOT_A_FILE:
        return "not-a-file";
    case TUG_DAMAGE_DOCUMENT:
        return "bad-document";
    case TUG_DAMAGE_FOREIGN_FILE:
        return "foreign-file";
    case TUG_DAMAGE_INDEX:
        return "bad-index";
    case TUG_DAMAGE_UNSIGNED:
        return "unsigned";
    }
    return "unknown";
}
