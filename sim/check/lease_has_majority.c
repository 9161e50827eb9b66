/* SPDX-License-Identifier: Apache-2.0 */
/* Property: who is elected has the durable promise of a majority, by what the disks really
 * hold. */
#include "core/coordinator/electorate.h"
#include "sim/check/check.h"

#define PROMISES_KEPT 8 /* of each voter: it makes a new one at most every lease_ttl */

struct promise {
    uint64_t epoch, attempt;
    uint64_t generation; /* of the electorate in which it stands on the disk */
};

struct voter {
    struct promise at[PROMISES_KEPT];
    uint64_t made;
};

struct state {
    uint64_t settled; /* the generation in which the electorate before counts no more */
    struct voter voter[];
};

static size_t size(const struct muster_world *w)
{
    return sizeof(struct state) + muster_world_voters(w) * sizeof(struct voter);
}

static bool has_promised(const struct voter *v, struct promise p)
{
    for (uint32_t i = 0; i < PROMISES_KEPT; i++)
        if (v->at[i].epoch == p.epoch && v->at[i].attempt == p.attempt &&
            v->at[i].generation == p.generation)
            return true;
    return false;
}

static void see_disk(struct voter *v, const struct muster_record *r)
{
    struct muster_slot slot;
    if (r->arg[0] != MUSTER_SLOT_FILE || muster_slot_decode(&slot, r->data) != 0)
        return;
    struct promise p = {slot.epoch, slot.attempt, slot.generation > 0 ? slot.generation : 1};
    if (p.epoch != 0 && !has_promised(v, p))
        v->at[v->made++ % PROMISES_KEPT] = p;
}

/* Whether a majority of an electorate has promised; else that is the violation. */
static bool judge(const struct state *s, struct muster_world *w, const struct muster_record *r,
                  enum muster_electorate which)
{
    const struct muster_place *place = muster_world_place(w, r->process);
    struct promise p = {r->arg[0], r->arg[1], muster_electorate_generation(place)};
    uint32_t voters = muster_electorate_size(place, which), with = 0;
    for (uint32_t i = 0; i < place->voters; i++)
        with += muster_electorate_has(place, which, i) && has_promised(&s->voter[i], p);
    if (with > voters / 2)
        return true;
    muster_violated(w,
                    "%s was elected with epoch %" PRIu64 " (attempt %" PRIx64
                    "), but only %u of %u voters%s have that promise on disk",
                    muster_world_name(w, r->process), r->arg[0], r->arg[1], with, voters,
                    which == MUSTER_ELECTORATE_BEFORE ? " of the electorate before" : "");
    return false;
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    if (r->kind == MUSTER_EVENT_DURABLE) {
        if (r->process < muster_world_voters(w))
            see_disk(&s->voter[r->process], r);
        return;
    }
    const struct muster_place *place = muster_world_place(w, r->process);
    uint64_t generation = muster_electorate_generation(place);
    const struct muster_config *c = muster_check_config_of(w, r->process);
    if (!c || muster_config_trusts_store(c, muster_electorate_size(place, MUSTER_ELECTORATE_NOW)))
        return; /* nobody promises there; what else leads keeps its promises elsewhere */
    muster_judged(w);
    if (!judge(s, w, r, MUSTER_ELECTORATE_NOW))
        return;
    if (s->settled == generation || judge(s, w, r, MUSTER_ELECTORATE_BEFORE))
        s->settled = generation;
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
        "counted promises of other pairs, of strangers, or such as were not synced. While one "
        "electorate gives way to the next, a majority of each is needed until somebody was so "
        "elected (Ongaro 2014, section 4.3), and only promises made in the next one count. Not "
        "judged where the store is the authority, nor on the origin's wire.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
