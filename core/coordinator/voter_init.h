/* SPDX-License-Identifier: Apache-2.0 */
/* voter-init: an operator lets a voter that lost its durable state vote again (SPEC R7).
 *
 * What such a voter has forgotten may still bind it: an echo that a lease rests on, a promise that
 * has made a leader. So, one after the other:
 *   1. a full lease_ttl passes from its start: no lease and no election rests any more on what it
 *      echoed in its former life;
 *   2. the records of a majority of the other voters advance twice, so that they say what those
 *      voters know now, whatever the store remembers. A leader that this voter has helped into
 *      being had a majority, and so at least one of those that were read;
 *   3. the new state promises a floor to nobody (attempt 0): the highest of what those voters and
 *      the store know, what the voter itself has heard of, and what the operator gives, who alone
 *      knows the targets. It never promises that epoch or a lower one;
 *   4. R5's wait begins anew.
 * It is refused, with the reason, when the voter needs none, when the operator's floor is below
 * what the cluster knows (then it was not taken from the targets), when the disk cannot be read (an
 * older state may be on it), or when no majority of the others has advanced within a vote_ttl. A
 * voter alone has nobody to ask: there the floor is all that protects.
 */
#ifndef MUSTER_CORE_COORDINATOR_VOTER_INIT_H
#define MUSTER_CORE_COORDINATOR_VOTER_INIT_H

#include "core/coordinator/lease.h"

struct muster_voter_init {
    bool pending;
    uint64_t floor;   /* the operator's */
    muster_time from; /* records that advance from here count, on the own clock */
    muster_time by;   /* refused at the latest here */
    struct {
        struct muster_incarnation incarnation;
        uint64_t sequence;
        uint32_t advances;
    } seen[MUSTER_VOTERS_MAX];
};

/* The floor that the operator's verb names: "floor=N", N up to MUSTER_FLOOR_MAX.
 * Errors: MUSTER_E_INVALID; *ret_floor is then untouched. */
#define MUSTER_FLOOR_MAX (MUSTER_INTEGER_MAX / 2) /* as many epochs are left above it */
int muster_voter_init_parse(struct muster_bytes text, uint64_t *ret_floor);

/* The verb has come, with its text; a second one takes the place of the first. readable: the slots
 * could be read at the start, whatever was in them. */
void muster_voter_init_ask(struct muster_voter_init *v, const struct muster_lease *l,
                           muster_time now, struct muster_bytes text, bool readable,
                           struct muster_effects *out);

/* The store was read, and the lease has seen it. True: l->writing is the new state, to be written;
 * then muster_voter_init_written is due. */
bool muster_voter_init_see(struct muster_voter_init *v, struct muster_lease *l, muster_time now,
                           const struct muster_lease_view *view, struct muster_effects *out);
void muster_voter_init_written(struct muster_voter_init *v, struct muster_lease *l, muster_time now,
                               enum muster_status status, struct muster_effects *out);

/* Time passes; call at the deadline, or at any time. MUSTER_NEVER: nothing is due. */
void muster_voter_init_tick(struct muster_voter_init *v, const struct muster_lease *l,
                            muster_time now, struct muster_effects *out);
static inline muster_time muster_voter_init_deadline(const struct muster_voter_init *v)
{
    return v->pending ? v->by : MUSTER_NEVER;
}

/* This member stops for good: what is pending is refused. */
void muster_voter_init_stop(struct muster_voter_init *v, const struct muster_lease *l,
                            struct muster_effects *out);

/* Put out the refusal. known: the highest epoch heard of. */
void muster_voter_init_refuse(enum muster_init_refusal reason, uint64_t floor, uint64_t known,
                              struct muster_effects *out);

#endif
