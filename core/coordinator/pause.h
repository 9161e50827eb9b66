/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the cluster's recovery is paused, as a number that only rises (SPEC R16).
 *
 * A leader says it on an operator's word. The number begins with the epoch of that leader, so of
 * two leaders' words the later leader's counts, whatever the other's has been: a word that a
 * replaced leader could not make durable in time does not undo a later one. It travels with each
 * voter's durable promise (slot.h) and its record (wire.h), and whoever reads a newer one takes it
 * over.
 *
 * A voter that is counted holds it on its disk while it still stands behind the leader that said
 * it. Its next promise is written later, and carries it: so a new leader's majority knows of
 * everything that was acknowledged. */
#ifndef MUSTER_CORE_COORDINATOR_PAUSE_H
#define MUSTER_CORE_COORDINATOR_PAUSE_H

#include "core/types.h"

struct muster_pause {
    uint64_t epoch; /* of the leader that said it; 0: nobody has */
    uint64_t count; /* of what that leader has said; odd: paused */
};

static inline bool muster_pause_is_on(struct muster_pause p)
{
    return p.count & 1;
}

static inline bool muster_pause_is_newer(struct muster_pause a, struct muster_pause b)
{
    return a.epoch != b.epoch ? a.epoch > b.epoch : a.count > b.count;
}

/* What a leader of this epoch says next, after `last`. */
static inline struct muster_pause muster_pause_next(struct muster_pause last, uint64_t epoch,
                                                    bool on)
{
    uint64_t next = last.epoch == epoch ? last.count + 1 : 1;
    return (struct muster_pause){epoch, (next & 1) == on ? next : next + 1};
}

#endif
