/* SPDX-License-Identifier: Apache-2.0 */
/* Property: who is elected has the durable promise of a majority, by what the disks really
 * hold. */
#include "core/coordinator/slot.h"
#include "sim/check/check.h"

#define PROMISES_KEPT 8 /* of each voter: it makes a new one at most every lease_ttl */

struct promise {
    uint64_t epoch, attempt;
};

struct voter {
    struct promise at[PROMISES_KEPT];
    uint64_t made;
};

static size_t size(const struct muster_world *w)
{
    return muster_world_voters(w) * sizeof(struct voter);
}

static bool has_promised(const struct voter *v, struct promise p)
{
    for (uint32_t i = 0; i < PROMISES_KEPT; i++)
        if (v->at[i].epoch == p.epoch && v->at[i].attempt == p.attempt)
            return true;
    return false;
}

static void see_disk(struct voter *v, const struct muster_record *r)
{
    struct muster_slot slot;
    if (r->arg[0] != MUSTER_SLOT_FILE || muster_slot_decode(&slot, r->data) != 0)
        return;
    struct promise p = {slot.epoch, slot.attempt};
    if (p.epoch != 0 && !has_promised(v, p))
        v->at[v->made++ % PROMISES_KEPT] = p;
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct voter *voter = self;
    uint32_t voters = muster_world_voters(w), with = 0;
    if (r->kind == MUSTER_EVENT_DURABLE) {
        if (r->process < voters)
            see_disk(&voter[r->process], r);
        return;
    }
    const struct muster_config *c = muster_check_config(w);
    if (c && muster_config_trusts_store(c, voters))
        return; /* nobody promises there */
    for (uint32_t i = 0; i < voters; i++)
        with += has_promised(&voter[i], (struct promise){r->arg[0], r->arg[1]});
    muster_judged(w);
    if (with <= voters / 2)
        muster_violated(w,
                        "%s was elected with epoch %" PRIu64 " (attempt %" PRIx64
                        "), but only %u of %u voters have that promise on disk",
                        muster_world_name(w, r->process), r->arg[0], r->arg[1], with, voters);
}

static const uint16_t kinds[] = {MUSTER_EVENT_DURABLE, NOTE_KIND(LEADER_ELECTED), 0};

const struct muster_property muster_check_lease_has_majority = {
    .name = "lease_has_majority",
    .rule = "whoever is elected has the durable promise of more than half of the configured voters",
    .explain =
        "The store is where members meet, not what they trust: it may lose every key or come "
        "back from an old dump. What makes a leader is that a strict majority of the "
        "configured voters has its very pair of epoch and attempt on disk (rules R3 and R8; "
        "Raft demands the same of a vote, Ongaro and Ousterhout 2014, figure 2). Judged by "
        "what the disks acknowledged, not by what was said. When it is violated, somebody "
        "counted promises of other pairs, of strangers, or such as were not synced. Not judged "
        "where the store is the authority.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
