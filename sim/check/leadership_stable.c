/* SPDX-License-Identifier: Apache-2.0 */
/* Property: without faults, nobody loses the leadership but by being shut down. */
#include "sim/check/check.h"

static const char *const lost_texts[] = {
#define X(id, text) text,
    MUSTER_LOST(X)
#undef X
};

/* When what a fault has left behind is over, too. */
static muster_time settled(const struct muster_world *w, const struct muster_config *c)
{
    return muster_world_calm_since(w) + muster_check_failover_bound(c);
}

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct muster_uptime);
}

/* A majority of the voters has been up for a failover bound: without one nobody can lead. */
static bool has_majority(const struct muster_uptime *up, const struct muster_world *w,
                         const struct muster_config *c)
{
    uint32_t voters = muster_world_voters(w), steady = 0;
    muster_dur bound = muster_check_failover_bound(c);
    for (uint32_t p = 0; p < voters; p++)
        steady += muster_uptime_is_up(&up[p], w, p) && up[p].since + bound <= muster_world_now(w);
    return steady > voters / 2;
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct muster_uptime *up = self;
    const struct muster_config *c = muster_check_config(w);
    uint64_t reason = r->arg[2];
    muster_uptime_see(&up[r->process], r);
    if (r->kind != NOTE_KIND(LEADER_LOST) || !c || r->time < settled(w, c) ||
        !has_majority(up, w, c))
        return;
    muster_judged(w);
    bool asked = reason == MUSTER_LOST_SHUTDOWN || reason == MUSTER_LOST_STEP_DOWN ||
                 reason == MUSTER_LOST_SWITCHOVER;
    if (!asked)
        muster_violated(w, "%s lost epoch %" PRIu64 " (%s) " SECONDS " after the last fault",
                        muster_world_name(w, r->process), r->arg[0],
                        reason < MUSTER_LOST_COUNT ? lost_texts[reason] : "?",
                        SECONDS_OF(r->time - muster_world_calm_since(w)));
}

static void end(void *self, struct muster_world *w)
{
    const struct muster_config *c = muster_check_config(w);
    (void)self;
    if (c && settled(w, c) <= muster_world_now(w))
        muster_judged(w);
}

static const uint16_t kinds[] = {NOTE_KIND(LEADER_LOST), UPTIME_KINDS, 0};

const struct muster_property muster_check_leadership_stable = {
    .name = "leadership_stable",
    .rule = "once faults and what they left behind are over, nobody loses the "
            "leadership but by a shutdown",
    .explain =
        "Every change of the leader is a time in which no cluster action runs. In quiet times "
        "there is no reason for one: renewals are repeated several times within a lease "
        "(renew_every against renew_deadline and lease_ttl, rule R6; the same three numbers "
        "as in the Kubernetes leader election). Counting begins a failover bound after the "
        "last fault, and only while a majority of the voters has been up for that long. When it is "
        "violated, renewals starve behind other work, or a voter campaigns against a leader that "
        "is alive.",
    .class = MUSTER_LIVENESS,
    .assumes = MUSTER_ASSUME_DRIFT | MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .kinds = kinds,
    .size = size,
    .see = see,
    .end = end,
};
