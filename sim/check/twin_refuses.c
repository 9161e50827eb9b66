/* SPDX-License-Identifier: Apache-2.0 */
/* Property: of two processes with one id the right one refuses. */
#include "sim/check/check.h"

struct process {
    uint64_t high, low; /* the incarnation of its present life */
    bool joined;
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct process);
}

/* Whose life an incarnation is; MUSTER_NOBODY when it is over by now. */
static uint32_t find(const struct process *at, const struct muster_world *w, uint64_t high,
                     uint64_t low)
{
    for (uint32_t p = 0; p < muster_world_members(w); p++)
        if (at[p].high == high && at[p].low == low)
            return p;
    return MUSTER_NOBODY;
}

static bool is_lower(const struct process *a, const struct process *b)
{
    return a->high != b->high ? a->high < b->high : a->low < b->low;
}

static void judge(const struct process *at, struct muster_world *w, uint32_t p, uint32_t twin)
{
    const struct process *own = &at[p], *other = &at[twin];
    muster_judged(w);
    if (own->joined && !other->joined)
        muster_violated(w, "%s has joined and refuses for %s, which has not",
                        muster_world_name(w, p), muster_world_name(w, twin));
    else if (own->joined == other->joined && is_lower(own, other))
        muster_violated(w,
                        "%s refuses for %s, though its incarnation %016" PRIx64
                        "… is below %016" PRIx64 "… and %s of them joined",
                        muster_world_name(w, p), muster_world_name(w, twin), own->high, other->high,
                        own->joined ? "both" : "neither");
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct process *at = self;
    uint32_t twin;
    switch (r->kind) {
    case MUSTER_EVENT_INPUT + MUSTER_IN_START:
        at[r->process] = (struct process){r->arg[0], r->arg[1], false};
        break;
    case NOTE_KIND(JOINED):
        at[r->process].joined = true;
        break;
    default:
        twin = find(at, w, r->arg[0], r->arg[1]);
        if (twin != MUSTER_NOBODY)
            judge(at, w, r->process, twin);
        break;
    }
}

static const uint16_t kinds[] = {MUSTER_EVENT_INPUT + MUSTER_IN_START, NOTE_KIND(JOINED),
                                 NOTE_KIND(DUPLICATE_ID), 0};

const struct muster_property muster_check_twin_refuses = {
    .name = "twin_refuses",
    .rule = "of two processes with one id the newcomer refuses, and of two that start together "
            "the one with the higher incarnation",
    .explain =
        "A second process with the same id happens: a copied config, a supervisor that starts "
        "before the old process is gone, a disk cloned with its machine. Both would vote as one. "
        "Nothing but their incarnations, 128 random bits each, tells them apart, so there is an "
        "order that both can see: whoever has joined stays, between equals the lower incarnation "
        "(rule R9). Judged when one refuses, by who has joined and by the incarnations that were "
        "handed in at START. When it is violated, a newcomer drives out a member that works, or "
        "two that start together refuse for each other, and none is left.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
