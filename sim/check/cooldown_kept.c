/* SPDX-License-Identifier: Apache-2.0 */
/* Property: an action does not start again before its cooldown is over: on a process, and an action
 * of the cluster anywhere. */
#include "sim/check/check.h"

#include <string.h>

/* By process: 1 + the reading of its clock at the last end of each action; 0: none in this
 * incarnation. */
struct ends {
    muster_time at[MUSTER_ACTIONS_MAX];
};

/* Of a cluster: 1 + the true time of the last start or known end of each action. What ends when a
 * successor has been elected already is no news to that one. */
struct cluster {
    uint64_t epoch; /* of the newest leader */
    muster_time at[MUSTER_ACTIONS_MAX];
    uint64_t intent[MUSTER_ACTIONS_MAX]; /* started last: what was only prepared binds nobody */
    uint64_t under[MUSTER_ACTIONS_MAX];  /* the epoch in which that was */
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * (sizeof(struct ends) + sizeof(struct cluster));
}

static struct cluster *cluster_of(void *self, const struct muster_world *w, uint32_t process)
{
    struct ends *ends = self;
    struct cluster *first = (struct cluster *)(void *)(ends + muster_check_places(w));
    return first + muster_check_cluster(w, process);
}

static void judge_cluster(struct cluster *x, struct muster_world *w, const struct muster_record *r,
                          const struct muster_action_config *action)
{
    muster_time last = x->at[r->arg[2]];
    bool own = x->under[r->arg[2]] == r->arg[1];
    x->at[r->arg[2]] = r->time + 1;
    x->intent[r->arg[2]] = r->arg[0];
    x->under[r->arg[2]] = r->arg[1];
    /* One leadership goes by its own account, in which a cooldown begins with the end: while one
     * member's recovery is verified, another's may start. */
    if (last == 0 || own || !muster_check_hands_on(w, r->process))
        return;
    muster_dur age = muster_time_since(r->time, last - 1);
    muster_judged(w);
    if (muster_check_with_drift(muster_check_config(w), age) < action->cooldown)
        muster_violated(w,
                        "%s started %s (intent %" PRIu64 ") " SECONDS
                        " after the cluster last began or ended it; its cooldown is " SECONDS,
                        muster_world_name(w, r->process), action->name, r->arg[0], SECONDS_OF(age),
                        SECONDS_OF(action->cooldown));
}

/* Actions of the cluster, whoever leads. */
static void see_cluster(struct cluster *x, struct muster_world *w, const struct muster_record *r)
{
    const struct muster_config *c = muster_check_config(w);
    if (r->kind == NOTE_KIND(LEADER_ELECTED) && r->arg[0] > x->epoch)
        x->epoch = r->arg[0];
    else if (r->kind == NOTE_KIND(ACTION_STARTED) && r->arg[1] > 0 &&
             r->arg[2] < c->recovery.action_count)
        judge_cluster(x, w, r, &c->recovery.action[r->arg[2]]);
    else if (r->kind == NOTE_KIND(ACTION_ENDED) && r->arg[1] > 0 && r->arg[1] == x->epoch &&
             r->arg[3] < MUSTER_ACTIONS_MAX && r->arg[0] == x->intent[r->arg[3]])
        x->at[r->arg[3]] = r->time + 1;
}

static void judge_start(const struct ends *ends, struct muster_world *w,
                        const struct muster_record *r, const struct muster_action_config *action)
{
    muster_time ended = ends->at[r->arg[2]];
    if (ended == 0)
        return;
    muster_dur age = muster_time_since(muster_world_clock(w, r->process), ended - 1);
    muster_judged(w);
    if (age < action->cooldown)
        muster_violated(w,
                        "%s started %s (intent %" PRIu64 ") " SECONDS
                        " after its last end; its cooldown is " SECONDS,
                        muster_world_name(w, r->process), action->name, r->arg[0], SECONDS_OF(age),
                        SECONDS_OF(action->cooldown));
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    const struct muster_config *c = muster_check_config(w);
    if (!c || r->process == MUSTER_NOBODY)
        return;
    struct ends *ends = (struct ends *)self + r->process;
    see_cluster(cluster_of(self, w, r->process), w, r);
    switch (r->kind) {
    case NOTE_KIND(LEADER_ELECTED):
        break;
    case NOTE_KIND(ACTION_STARTED):
        if (r->arg[2] < c->recovery.action_count)
            judge_start(ends, w, r, &c->recovery.action[r->arg[2]]);
        break;
    case NOTE_KIND(ACTION_ENDED):
        if (r->arg[3] < MUSTER_ACTIONS_MAX)
            ends->at[r->arg[3]] = muster_world_clock(w, r->process) + 1;
        break;
    case MUSTER_EVENT_CLOCK:
        if (r->arg[0] != 0 || (int64_t)r->arg[1] >= 0)
            break; /* a clock that is put back says nothing of what came before */
        memset(ends, 0, sizeof *ends);
        break;
    default:
        memset(ends, 0, sizeof *ends);
        break;
    }
}

static const uint16_t kinds[] = {NOTE_KIND(ACTION_STARTED),
                                 NOTE_KIND(ACTION_ENDED),
                                 NOTE_KIND(LEADER_ELECTED),
                                 MUSTER_EVENT_CLOCK,
                                 MUSTER_EVENT_CRASH,
                                 MUSTER_EVENT_RESTART,
                                 0};

const struct muster_property muster_check_cooldown_kept = {
    .name = "cooldown_kept",
    .rule =
        "after an action has ended, whatever the result, the same process does not start it again "
        "before its cooldown is over; nor does anybody start one of the cluster",
    .explain =
        "A recovery action that is repeated at every poll does more harm than the fault. The "
        "cooldown runs from the end, also after a failure, on the lease clock: a wall clock "
        "that jumps must not shorten it (SPEC 9). Judged by the true reading of that clock, "
        "within one incarnation; the retries of one intent are one start. Cluster actions are "
        "judged over all processes and incarnations as well, in true time and from the last start "
        "or end that a leader still knew of: a failover, a restart or a store without memory ends "
        "no cooldown (rule R16); not where the store is the authority, nor where drift, durable "
        "voters or unique ids are not assumed. When it is violated, failures do not count, a "
        "cooldown is kept by the wrong name, a clock was mistaken for another, or a leader did "
        "not go on where the last one stood.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
