/* SPDX-License-Identifier: Apache-2.0 */
/* How often an anomaly of a type was seen lately: a bounded memory of times, by name of type.
 *
 * Names come from outside, so their number has no bound; the memory has. A type gets a slot of its
 * own when it is first seen, or takes one over in which nothing is left within the window. While
 * there is none, further types, and names too long for a name, count together in the last slot:
 * their count is then too high, never too low.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_RECURRENCE_H
#define MUSTER_CORE_ORCHESTRATOR_RECURRENCE_H

#include "core/config.h"

#define MUSTER_RECURRENCE_TYPES_MAX 32
#define MUSTER_RECURRENCE_TIMES_MAX 32 /* counts saturate here */

/* A ring of the newest times, oldest at `first`. */
struct muster_recurrence_slot {
    char type[MUSTER_NAME_MAX + 1]; /* empty: not taken, or the slot that types share */
    muster_time at[MUSTER_RECURRENCE_TIMES_MAX];
    uint32_t first;
    uint32_t count;
};

struct muster_recurrence {
    struct muster_recurrence_slot slot[MUSTER_RECURRENCE_TYPES_MAX + 1]; /* the last is shared */
};

void muster_recurrence_init(struct muster_recurrence *r);
/* An anomaly of this type is seen now. Returns how many there were within the window, this one
 * included; one that is exactly the window old still counts. now must not go backwards. */
uint32_t muster_recurrence_add(struct muster_recurrence *r, muster_time now, muster_dur window,
                               struct muster_bytes type);
/* The same count, with nothing added. */
uint32_t muster_recurrence_count(const struct muster_recurrence *r, muster_time now,
                                 muster_dur window, struct muster_bytes type);

#endif
