/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a leader whose time is up says so at that moment, not when it next looks. */
#include "sim/check/check.h"

struct process {
    muster_time deadline; /* own clock; 0: does not lead */
    bool slow;
    bool disturbed; /* since its lease was last extended, it or its clock stood still */
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct process);
}

/* The lease runs for lease_ttl - margin from the sending of a renewal, the deadline likewise. */
static muster_time deadline_of(const struct muster_config *c, muster_time until)
{
    return until - (c->lease_ttl - c->margin) + c->renew_deadline;
}

static void judge(const struct process *p, struct muster_world *w, const struct muster_record *r)
{
    muster_dur late = muster_time_since(muster_world_clock(w, r->process), p->deadline);
    if (p->deadline == 0 || p->disturbed)
        return;
    muster_judged(w);
    if (late > MUSTER_MILLISECOND)
        muster_violated(w,
                        "%s gave up epoch %" PRIu64 " " SECONDS
                        " after its renew_deadline, though nothing held it up",
                        muster_world_name(w, r->process), r->arg[0], SECONDS_OF(late));
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    if (r->process == MUSTER_NOBODY)
        return; /* the store's clock */
    const struct muster_config *c = muster_check_config_of(w, r->process);
    if (!c)
        return;
    struct process *p = (struct process *)self + r->process;
    switch (r->kind) {
    case NOTE_KIND(LEADER_ELECTED):
    case NOTE_KIND(LEASE_EXTENDED):
        p->deadline = deadline_of(c, r->arg[2]);
        p->disturbed = p->slow;
        break;
    case NOTE_KIND(LEADER_LOST):
        judge(p, w, r);
        p->deadline = 0;
        break;
    case MUSTER_EVENT_SLOW:
        p->slow = r->arg[0] > 0;
        p->disturbed = true;
        break;
    case MUSTER_EVENT_PAUSE:
    case MUSTER_EVENT_CLOCK:
        p->disturbed = true;
        break;
    default:
        p->deadline = 0;
        break;
    }
}

static const uint16_t kinds[] = {CLAIM_KINDS, MUSTER_EVENT_PAUSE, MUSTER_EVENT_SLOW,
                                 MUSTER_EVENT_CLOCK, 0};

const struct muster_property muster_check_steps_down_in_time = {
    .name = "steps_down_in_time",
    .rule = "a leader gives up its leadership at its renew_deadline at the latest",
    .explain =
        "What runs under a lease is cancelled when the leader steps down, and the margin of the "
        "lease has room for that (stop_time, rule R6). A leader that finds out only at its next "
        "poll believes in itself for as long as it does not look, as did the origin of this code "
        "(rule R11; the Kubernetes leader election gives up at its renewDeadline likewise). Judged "
        "by the leader's own clock, wherever neither it nor its clock was held up since the last "
        "renewal. When it is violated, the deadline of the lease is missing from those that the "
        "process waits for.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
