/* SPDX-License-Identifier: Apache-2.0 */
/* Property: an epoch is won by one attempt of one process. */
#include "sim/check/check.h"

static size_t size(const struct muster_world *w)
{
    (void)w;
    return sizeof(struct muster_elections);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct muster_elections *elections = self;
    bool forgotten;
    uint64_t epoch = r->arg[0];
    const char *name = muster_world_name(w, r->process);
    muster_judged(w);
    if (epoch == 0) {
        muster_violated(w, "%s was elected for epoch 0, which is nobody's", name);
        return;
    }
    const struct muster_election *before = muster_elections_find(elections, epoch, &forgotten);
    if (before && (before->attempt != r->arg[1] || before->process != r->process))
        muster_violated(w,
                        "%s was elected for epoch %" PRIu64 " (attempt %" PRIx64
                        "), which %s had won with attempt %" PRIx64,
                        name, epoch, r->arg[1], muster_world_name(w, (uint32_t)before->process),
                        before->attempt);
    muster_elections_add(elections, r);
}

static const uint16_t kinds[] = {NOTE_KIND(LEADER_ELECTED), 0};

const struct muster_property muster_check_one_leader_per_epoch = {
    .name = "one_leader_per_epoch",
    .rule = "an epoch belongs to one attempt of one process",
    .explain =
        "An epoch is the token by which targets tell an old leader's effects from a new one's "
        "(Chubby's sequencers, Burrows 2006; fencing tokens, Kleppmann 2016). It can do so "
        "only while no two leaders share one: Raft's election safety (Ongaro and Ousterhout "
        "2014, 5.2). It follows from rule R3: a voter promises an epoch to one attempt, and "
        "two majorities have a voter in common. When it is violated, a voter promised twice, "
        "forgot a promise, or somebody led without a majority.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
