/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a process stands only for the attempt that it has campaigned with last. */
#include "sim/check/check.h"

/* By process: the attempt of its last campaign; 0: none in this life. */
static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(uint64_t);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    uint64_t *attempt = (uint64_t *)self + r->process;
    const struct muster_config *c = muster_check_config_of(w, r->process);
    if (!c || c->local)
        return; /* who is its own cluster has nobody to campaign against */
    if (c->wire == MUSTER_WIRE_ASTRA)
        return; /* no attempt stands in the origin's lock */
    if (r->kind == NOTE_KIND(CAMPAIGN)) {
        *attempt = r->arg[1];
    } else if (r->kind == MUSTER_EVENT_RESTART) {
        *attempt = 0;
    } else {
        muster_judged(w);
        if (r->arg[1] != *attempt)
            muster_violated(w,
                            "%s stands for epoch %" PRIu64 " with attempt %" PRIx64
                            ", but has campaigned with attempt %" PRIx64,
                            muster_world_name(w, r->process), r->arg[0], r->arg[1], *attempt);
    }
}

static const uint16_t kinds[] = {NOTE_KIND(CAMPAIGN), NOTE_KIND(ACQUIRED),
                                 NOTE_KIND(LEADER_ELECTED), MUSTER_EVENT_RESTART, 0};

const struct muster_property muster_check_own_attempt = {
    .name = "own_attempt",
    .rule = "a process holds the leader record, or leads, only with the attempt of its own last "
            "campaign",
    .explain =
        "The lease counts from the sending of what took or renewed the record, and only who sent "
        "it knows when that was. A record of another, of an earlier life, or of an earlier attempt "
        "of one's own that was held up on its way may bear one's name and was sent some other "
        "time: leading with it would be leading for too long. So a record is recognised by its "
        "attempt, drawn anew for every campaign (rules R9 and R15); what is found of the own "
        "without it is released. When it is violated, a process has recognised a record by its id, "
        "its incarnation or its epoch alone. Not judged on the origin's wire, which "
        "knows ids alone.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
