/* SPDX-License-Identifier: Apache-2.0 */
/* Property: every accepted work item gets its terminal record. */
#include "core/coordinator/work_record.h"
#include "sim/check/check.h"

struct state {
    struct muster_uptime up[MUSTER_MEMBERS_MAX];
    struct muster_check_items items;
};

static size_t size(const struct muster_world *w)
{
    return sizeof(struct state) + muster_check_items_size(w);
}

static void init(void *self, const struct muster_world *w)
{
    struct state *s = self;
    muster_check_items_init(&s->items, w, s + 1);
}

static void see_item(struct state *s, struct muster_world *w, const struct muster_record *r)
{
    struct muster_check_item *item = muster_check_items_take(&s->items, r->arg[0]);
    if (!item)
        return;
    if (r->kind == NOTE_KIND(WORK_ENDED)) {
        muster_judged(w);
        item->ended = true;
    } else if (item->accepted == 0) {
        item->accepted = r->time;
        item->submitter = r->process;
    }
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    if (r->kind == NOTE_KIND(WORK_ENDED) || r->kind == NOTE_KIND(WORK_ACCEPTED))
        see_item(s, w, r);
    else if (r->process < MUSTER_MEMBERS_MAX)
        muster_uptime_see(&s->up[r->process], r);
}

/* A leader has to come, to notice that an assignee is gone, and two runs may use all their time. */
static muster_dur patience(const struct muster_config *c)
{
    muster_dur noticed = c->vote_ttl + 3 * c->heartbeat_every;
    muster_dur run = c->work_timeout + c->request_timeout + 4 * c->poll_every;
    return muster_check_failover_bound(c) + muster_check_with_drift(c, noticed + 2 * run);
}

static void end(void *self, struct muster_world *w)
{
    const struct state *s = self;
    const struct muster_config *c = muster_check_config(w);
    muster_time now = muster_world_now(w);
    for (uint32_t i = 0; c && i <= s->items.mask; i++) {
        const struct muster_check_item *item = &s->items.at[i];
        uint32_t p = item->submitter;
        if (item->accepted == 0 || item->ended || p >= muster_world_members(w) ||
            !muster_uptime_is_up(&s->up[p], w, p))
            continue;
        muster_time from = muster_time_max(item->accepted, s->up[p].since);
        from = muster_time_max(from, muster_world_calm_since(w));
        if (muster_time_since(now, from) <= patience(c))
            continue;
        muster_judged(w);
        muster_violated(w,
                        "%s accepted item %" PRIx64 " at " SECONDS " and has no end of it " SECONDS
                        " after everything was well",
                        muster_world_name(w, p), item->intent, SECONDS_OF(item->accepted),
                        SECONDS_OF(now - from));
        return;
    }
}

static const uint16_t kinds[] = {NOTE_KIND(WORK_ACCEPTED), NOTE_KIND(WORK_ENDED), UPTIME_KINDS, 0};

const struct muster_property muster_check_work_ends = {
    .name = "work_ends",
    .rule = "every accepted work item gets its terminal record once the faults have stopped",
    .explain =
        "Accepted means that whoever submitted it need not remember it any more. So a submitter "
        "that is up goes on until it knows how the item ended, or that nobody ever will: through "
        "a store that lost everything, a leader that died between assignment and run, an "
        "assignee that never came back, and its own restart. Reckoned from the last fault, the "
        "submission or the submitter's start: a failover, the lifetime of a vote in which a dead "
        "assignee is noticed, and two whole runs. When it is violated, an item was lost: nobody "
        "puts it back on the board, or nobody takes it from one who is gone.",
    .class = MUSTER_LIVENESS,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_DRIFT,
    .kinds = kinds,
    .size = size,
    .init = init,
    .see = see,
    .end = end,
};
