/* SPDX-License-Identifier: Apache-2.0 */
/* Property: in the end the leader lists every member that is up as live. */
#include "sim/check/check.h"

struct process {
    struct muster_claim claim;
    struct muster_uptime up;
    uint64_t live; /* as it sees the members: a bit each */
};

_Static_assert(MUSTER_MEMBERS_MAX <= 64, "a member is a bit of a word");

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct process);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct process *p = (struct process *)self + r->process;
    (void)w;
    uint64_t bit = r->arg[0] < MUSTER_MEMBERS_MAX ? UINT64_C(1) << r->arg[0] : 0;
    muster_claim_see(&p->claim, r);
    muster_uptime_see(&p->up, r);
    switch (r->kind) {
    case NOTE_KIND(MEMBER_LIVE):
        p->live |= bit;
        break;
    case NOTE_KIND(MEMBER_SUSPECT):
    case NOTE_KIND(MEMBER_GONE):
        p->live &= ~bit;
        break;
    case MUSTER_EVENT_RESTART:
        p->live = 0;
        break;
    default:
        break;
    }
}

/* How long a member may take to be seen: three heartbeats, and the polls in between. */
static muster_dur patience(const struct muster_config *c)
{
    return muster_check_with_drift(c, 3 * c->heartbeat_every + 2 * c->poll_every);
}

static uint32_t find_leader(const struct process *at, const struct muster_world *w)
{
    for (uint32_t p = 0; p < muster_world_members(w); p++)
        if (muster_claim_is_valid(&at[p].claim, w, p))
            return p;
    return MUSTER_NOBODY;
}

static void end(void *self, struct muster_world *w)
{
    const struct process *at = self;
    const struct muster_config *c = muster_check_config(w);
    muster_time now = muster_world_now(w);
    uint32_t leader = find_leader(at, w), members = muster_world_members(w);
    if (!c || leader == MUSTER_NOBODY || muster_world_calm_since(w) + patience(c) > now)
        return;
    if (at[leader].up.since + patience(c) > now)
        return; /* has had no time to look around */
    for (uint32_t m = 0; m < members && m < MUSTER_MEMBERS_MAX; m++) {
        if (m == leader || !muster_uptime_is_up(&at[m].up, w, m) ||
            at[m].up.since + patience(c) > now)
            continue;
        muster_judged(w);
        if (at[leader].live >> m & 1)
            continue;
        muster_violated(w,
                        "%s leads and does not list %s as live, which has been up since " SECONDS,
                        muster_world_name(w, leader), muster_world_name(w, m),
                        SECONDS_OF(at[m].up.since));
        return;
    }
}

static const uint16_t kinds[] = {CLAIM_KINDS,
                                 MUSTER_EVENT_PAUSE,
                                 MUSTER_EVENT_RESUME,
                                 NOTE_KIND(MEMBER_LIVE),
                                 NOTE_KIND(MEMBER_SUSPECT),
                                 NOTE_KIND(MEMBER_GONE),
                                 0};

const struct muster_property muster_check_members_listed = {
    .name = "members_listed",
    .rule = "in the end the leader lists every member that is up as live",
    .explain =
        "Work goes only to members that are listed as live; one that is forgotten costs "
        "capacity in silence. A member counts once it has been up, without faults, for three "
        "heartbeats. Failure detectors may be wrong for a while, but not for ever "
        "(completeness and accuracy in the end, Chandra and Toueg 1996). When it is violated, "
        "a member's return is not noticed, most likely because its new incarnation begins "
        "with a lower sequence than the old one had.",
    .class = MUSTER_LIVENESS,
    .assumes = MUSTER_ASSUME_UNIQUE,
    .kinds = kinds,
    .size = size,
    .see = see,
    .end = end,
};
