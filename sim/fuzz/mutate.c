/* SPDX-License-Identifier: Apache-2.0 */
/* Mutating a plan: a few small changes, and a new seed for the world. */
#include "sim/fuzz/inside.h"

#include <string.h>

enum change {
    CHANGE_TIME,
    CHANGE_WHEN,
    CHANGE_WHAT,
    CHANGE_LENGTH,
    CHANGE_ADD,
    CHANGE_ADD_MORE,
    CHANGE_REMOVE,
    CHANGE_SPLICE,
    CHANGE_SHIFT,
    CHANGE_CONDITIONS,
    CHANGE_COUNT
};

static void take_away(struct muster_plan *p, uint32_t i)
{
    p->count--;
    memmove(&p->entry[i], &p->entry[i + 1], (p->count - i) * sizeof p->entry[0]);
}

static void add_entry(struct muster_plan *p, const struct muster_plan_frame *f,
                      struct muster_random *r)
{
    uint32_t fault = draw_bit(r, p->allowed);
    if (p->count < MUSTER_PLAN_ENTRIES_MAX && fault != MUSTER_FAULT_NONE &&
        entry_draw(&p->entry[p->count], p, f, fault, r))
        p->count++;
}

/* What the other does from some time on takes the place of what this one does. */
static void splice_in(struct muster_plan *p, const struct muster_plan *other,
                      struct muster_random *r)
{
    muster_time cut = muster_random_between(r, PLAN_FIRST, p->calm);
    for (uint32_t i = p->count; i > 0; i--)
        if (!p->entry[i - 1].pinned && p->entry[i - 1].at >= cut)
            take_away(p, i - 1);
    for (uint32_t i = 0; i < other->count && p->count < MUSTER_PLAN_ENTRIES_MAX; i++) {
        const struct muster_plan_entry *e = &other->entry[i];
        bool fits = !e->pinned && e->at >= cut && p->allowed >> e->fault & 1;
        /* Targets and replicas are those of the other's own conditions. */
        if (e->fault == MUSTER_FAULT_TARGET || e->fault == MUSTER_FAULT_TARGET_UNFENCED)
            fits = fits && strcmp(p->target, other->target) == 0;
        if (e->fault == MUSTER_FAULT_STORE_FAILOVER)
            fits = fits && p->replicas >= other->replicas;
        if (e->fault == MUSTER_FAULT_CLOCK_DRIFT)
            fits = fits && p->assumptions == other->assumptions && p->drift_ppm == other->drift_ppm;
        if (fits)
            p->entry[p->count++] = *e;
    }
}

static void shift(struct muster_plan *p, uint32_t from, struct muster_random *r)
{
    muster_dur by = draw_wide(r, MUSTER_MILLISECOND, p->calm / 2);
    bool earlier = muster_random_below(r, 2) == 0;
    for (uint32_t i = from; i < p->count; i++) {
        struct muster_plan_entry *e = &p->entry[i];
        if (e->pinned)
            continue;
        muster_time at = earlier ? muster_time_since(e->at, by) : e->at + by;
        e->at = at / MUSTER_MICROSECOND * MUSTER_MICROSECOND;
    }
}

static void change_conditions(struct muster_plan *p, const struct muster_plan_frame *f,
                              struct muster_random *r)
{
    uint64_t which = muster_random_below(r, 3);
    if (f->base)
        return; /* a scenario's conditions are its own */
    if (which == 0)
        draw_network(p, r);
    else if (which == 1)
        draw_clocks(p, f, r);
    else
        draw_disk(p, r);
}

/* Changes of one entry; what cannot be drawn is left as it was. */
static void change_entry(struct muster_plan *p, const struct muster_plan_frame *f,
                         enum change change, uint32_t i, struct muster_random *r)
{
    struct muster_plan_entry *e = &p->entry[i], new = *e;
    muster_dur by = draw_wide(r, MUSTER_MICROSECOND, 4 * p->pace) / MUSTER_MICROSECOND;
    bool less = muster_random_below(r, 2) == 0;
    by *= MUSTER_MICROSECOND;
    switch (change) {
    case CHANGE_TIME:
        new.at = less ? muster_time_since(e->at, by) : e->at + by;
        break;
    case CHANGE_LENGTH:
        if (e->lasts == 0)
            return;
        new.lasts = less && e->lasts > by ? e->lasts - by : e->lasts + by;
        break;
    case CHANGE_WHEN:
        entry_draw_when(&new, p, f, r);
        break;
    default:
        if (!entry_draw_what(&new, p, f, r))
            return;
        break;
    }
    *e = new;
}

static void change_once(struct muster_plan *p, const struct muster_plan_frame *f,
                        const struct muster_plan *other, struct muster_random *r)
{
    enum change change = (enum change)muster_random_below(r, CHANGE_COUNT);
    uint32_t i = p->count > 0 ? (uint32_t)muster_random_below(r, p->count) : 0;
    bool free = p->count > 0 && !p->entry[i].pinned;
    switch (change) {
    case CHANGE_TIME:
    case CHANGE_WHEN:
    case CHANGE_WHAT:
    case CHANGE_LENGTH:
        if (free)
            change_entry(p, f, change, i, r);
        break;
    case CHANGE_ADD:
    case CHANGE_ADD_MORE:
        add_entry(p, f, r);
        break;
    case CHANGE_REMOVE:
        if (free)
            take_away(p, i);
        break;
    case CHANGE_SPLICE:
        splice_in(p, other, r);
        break;
    case CHANGE_SHIFT:
        shift(p, i, r);
        break;
    case CHANGE_CONDITIONS:
        change_conditions(p, f, r);
        break;
    case CHANGE_COUNT:
        break;
    }
}

void muster_plan_mutate(struct muster_plan *p, const struct muster_plan_frame *f,
                        const struct muster_plan *from, const struct muster_plan *other,
                        uint64_t seed)
{
    struct muster_random random = {seed * UINT64_C(0xd6e8feb86659fd93) + 2}, *r = &random;
    *p = *from;
    p->seed = seed;
    for (uint64_t left = 1 + muster_random_below(r, 5); left > 0; left--)
        change_once(p, f, other, r);
    plan_repair(p);
}
