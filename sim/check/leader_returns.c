/* SPDX-License-Identifier: Apache-2.0 */
/* Property: once faults are over and a majority is up, there is a leader within the failover
 * bound. */
#include "sim/check/check.h"

struct process {
    struct muster_claim claim;
    struct muster_uptime up;
};

struct state {
    muster_time lost; /* true time up to which a lease has held, as far as records tell */
    struct process at[];
};

static size_t size(const struct muster_world *w)
{
    return sizeof(struct state) + muster_check_places(w) * sizeof(struct process);
}

/* Since when a voter can promise: it has to be up for a full lease first (rule R5). */
static muster_time fit_since(const struct muster_uptime *u, const struct muster_config *c)
{
    return u->since + muster_check_with_drift(c, c->lease_ttl);
}

/* Since when a majority of the voters has been fit, in true time; MUSTER_NEVER when it is
 * not up. */
static muster_time majority_since(const struct state *s, const struct muster_world *w,
                                  const struct muster_config *c)
{
    uint32_t voters = muster_world_voters(w);
    muster_time best = MUSTER_NEVER;
    for (uint32_t i = 0; i < voters; i++) {
        muster_time t = fit_since(&s->at[i].up, c);
        uint32_t fit = 0;
        for (uint32_t q = 0; q < voters; q++)
            fit += muster_uptime_is_up(&s->at[q].up, w, q) && fit_since(&s->at[q].up, c) <= t;
        if (fit > voters / 2)
            best = muster_time_min(best, t);
    }
    return best;
}

/* Until when a claim has held so far, in true time. A lease may run out without a record, on
 * a process that stands still. */
static muster_time held_until(const struct muster_claim *claim, const struct muster_world *w,
                              uint32_t p)
{
    if (!claim->claims)
        return 0;
    muster_dur ago = muster_time_since(muster_world_clock(w, p), claim->until);
    return muster_time_since(muster_world_now(w), ago);
}

/* When the last lease ended, in true time; MUSTER_NEVER while one is valid. */
static muster_time leaderless_since(const struct state *s, const struct muster_world *w)
{
    muster_time since = s->lost;
    for (uint32_t p = 0; p < muster_world_members(w); p++) {
        if (muster_claim_is_valid(&s->at[p].claim, w, p))
            return MUSTER_NEVER;
        since = muster_time_max(since, held_until(&s->at[p].claim, w, p));
    }
    return since;
}

static void judge(const struct state *s, struct muster_world *w, bool ended)
{
    const struct muster_config *c = muster_check_config(w);
    muster_time now = muster_world_now(w);
    if (!c)
        return;
    muster_dur bound = muster_check_failover_bound(c);
    muster_time calm = muster_world_calm_since(w);
    muster_time lost = leaderless_since(s, w);
    muster_time fit = majority_since(s, w, c);
    if (fit > now || muster_time_max(calm, fit) + bound > now)
        return;
    muster_judged(w);
    if (lost == MUSTER_NEVER)
        return;
    muster_time from = muster_time_max(muster_time_max(calm, lost), fit);
    if (now - from > bound)
        muster_violated(w,
                        "%s: no leader for " SECONDS " since " SECONDS
                        ", with a majority up and no fault; the bound is " SECONDS,
                        ended ? "at the end" : "elected too late", SECONDS_OF(now - from),
                        SECONDS_OF(from), SECONDS_OF(bound));
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    struct process *p = &s->at[r->process];
    if (r->kind == NOTE_KIND(LEADER_ELECTED))
        judge(s, w, false);
    s->lost = muster_time_max(s->lost, held_until(&p->claim, w, r->process));
    muster_claim_see(&p->claim, r);
    muster_uptime_see(&p->up, r);
}

static void end(void *self, struct muster_world *w)
{
    judge(self, w, true);
}

static const uint16_t kinds[] = {CLAIM_KINDS, MUSTER_EVENT_PAUSE, MUSTER_EVENT_RESUME, 0};

const struct muster_property muster_check_leader_returns = {
    .name = "leader_returns",
    .rule = "once faults are over and a majority of the voters is up, a leader is back within "
            "lease_ttl + 2 x renew_every",
    .explain =
        "Safety alone is easy: a cluster without a leader never has two. The bound is SPEC "
        "2's: the voters wait a full lease_ttl after their last echo, then a campaign takes "
        "at most two renewals. It counts from the leader's loss, or from when faults are over "
        "and a majority of voters is up, if that is later; a voter that was restarted needs a "
        "full lease_ttl of its own first. Patroni and the Kubernetes leader election state "
        "their bounds the same way, as a TTL and some retries. When it is violated, "
        "candidates get in each other's way, or a dead record in the store blocks them. Not "
        "judged when the end comes sooner than the bound.",
    .class = MUSTER_LIVENESS,
    .assumes = MUSTER_ASSUME_DRIFT | MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .kinds = kinds,
    .size = size,
    .see = see,
    .end = end,
};
