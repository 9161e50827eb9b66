/* SPDX-License-Identifier: Apache-2.0 */
/* Property: at no true instant do two processes hold a lease that is valid by their own
 * clocks. */
#include "sim/check/check.h"

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct muster_claim);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct muster_claim *claim = self;
    uint32_t p = r->process;
    struct muster_claim *own = &claim[p];
    if (!muster_claim_see(own, r) || !muster_claim_is_valid(own, w, p))
        return;
    muster_judged(w);
    for (uint32_t q = 0; q < muster_world_members(w); q++) {
        const struct muster_claim *other = &claim[q];
        if (q == p || !muster_claim_is_valid(other, w, q))
            continue;
        muster_violated(w,
                        "%s leads with epoch %" PRIu64 " while %s still does with epoch %" PRIu64
                        ": by its own clock for another " SECONDS,
                        muster_world_name(w, p), own->epoch, muster_world_name(w, q), other->epoch,
                        SECONDS_OF(other->until - muster_world_clock(w, q)));
        return;
    }
}

static const uint16_t kinds[] = {CLAIM_KINDS, 0};

const struct muster_property muster_check_one_valid_lease = {
    .name = "one_valid_lease",
    .rule = "no two processes hold a valid lease at one true instant",
    .explain =
        "A lease (Gray and Cheriton 1989) lets its holder act without asking, until it ends "
        "by the holder's own clock. Judged is the truth: at every election and renewal the "
        "clock of every other claimant is read as it really stands, also while that process "
        "is paused or cut off. It rests on rules R4 to R6: the lease counts from the sending "
        "of the renewal, voters wait a full lease_ttl after their last echo, and the margin "
        "covers the drift. When it is violated, two leaders act at once, and only fencing at "
        "the targets is left. Not judged where clocks drift more than allowed, voters lose "
        "their disks, or ids are shared.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DRIFT | MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
