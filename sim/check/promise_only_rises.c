/* SPDX-License-Identifier: Apache-2.0 */
/* Property: the promise on a voter's disk only rises, and an epoch is promised to one
 * attempt. */
#include "core/coordinator/slot.h"
#include "sim/check/check.h"

struct promise {
    uint64_t epoch, attempt;
};

static size_t size(const struct muster_world *w)
{
    return muster_world_voters(w) * sizeof(struct promise);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    if (r->arg[0] != MUSTER_SLOT_FILE || r->process >= muster_world_voters(w))
        return;
    struct promise *before = (struct promise *)self + r->process;
    const char *name = muster_world_name(w, r->process);
    struct muster_slot slot; /* zeroed when nothing valid is there: that is a fall, too */
    (void)muster_slot_decode(&slot, r->data);
    if (before->epoch != 0)
        muster_judged(w);
    if (slot.epoch < before->epoch)
        muster_violated(w,
                        "the disk of %s holds a promise of epoch %" PRIu64 " after one of %" PRIu64,
                        name, slot.epoch, before->epoch);
    else if (slot.epoch == before->epoch && slot.attempt == 0)
        return; /* a floor: what was promised before is promised to nobody else */
    else if (slot.epoch == before->epoch && slot.attempt != before->attempt)
        muster_violated(w,
                        "%s promised epoch %" PRIu64 " twice: to attempt %" PRIx64
                        " and then to %" PRIx64,
                        name, slot.epoch, before->attempt, slot.attempt);
    else
        *before = (struct promise){slot.epoch, slot.attempt};
}

static const uint16_t kinds[] = {MUSTER_EVENT_DURABLE, 0};

const struct muster_property muster_check_promise_only_rises = {
    .name = "promise_only_rises",
    .rule = "the promise on a voter's disk only rises, and names one attempt an epoch",
    .explain =
        "A promise is what a later candidate runs into. A voter that goes back to a lower "
        "epoch, or gives one epoch to two attempts, can help two majorities into being (rule "
        "R3; Paxos's acceptors and Raft's currentTerm and votedFor obey the same). Judged at "
        "every sync that a voter's disk has acknowledged. When it is violated, look at how a "
        "voter reads its slots at start, and whether it writes before it knows what it had "
        "promised. A voter that lost its disk and was told a floor (voter-init, rule R7) goes on "
        "above what it had promised, too, though it cannot know that.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
