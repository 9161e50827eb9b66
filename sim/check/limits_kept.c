/* SPDX-License-Identifier: Apache-2.0 */
/* Property: no more actions start in an hour, nor entries into safe mode in a day, than allowed. */
#include "sim/check/orders.h"

#include <string.h>

static const muster_dur windows[MUSTER_LIMIT_COUNT] = {
    [MUSTER_LIMIT_ACTIONS] = 3600 * MUSTER_SECOND,
    [MUSTER_LIMIT_SAFE_MODE] = 86400 * MUSTER_SECOND,
};
static const char *const names[MUSTER_LIMIT_COUNT] = {
    [MUSTER_LIMIT_ACTIONS] = "max_actions_per_hour",
    [MUSTER_LIMIT_SAFE_MODE] = "max_safe_mode_entries_per_day",
};

/* By process: the readings of its clock at the newest starts of this incarnation, in a ring. */
struct starts {
    muster_time at[MUSTER_LIMIT_COUNT][MUSTER_LIMIT_MAX];
    uint64_t count[MUSTER_LIMIT_COUNT];
};

/* And by cluster, in true time, of cluster actions alone. */
static size_t size(const struct muster_world *w)
{
    return 2 * muster_check_places(w) * sizeof(struct starts);
}

static void count(struct starts *s, struct muster_world *w, const struct muster_record *r,
                  enum muster_limit limit, uint32_t max, bool cluster)
{
    muster_time now = cluster ? r->time : muster_world_clock(w, r->process);
    muster_judged(w);
    /* The max-th newest start before this one must have left the window. */
    bool full = s->count[limit] >= max;
    muster_time oldest =
        max > 0 && full ? s->at[limit][(s->count[limit] - max) % MUSTER_LIMIT_MAX] : now;
    muster_dur age = now - oldest;
    if (cluster)
        age = muster_check_with_drift(muster_check_config(w), age);
    if (full && age < windows[limit])
        muster_violated(w, "%s started intent %" PRIu64 " beyond '%s: %" PRIu32 "'%s",
                        muster_world_name(w, r->process), r->arg[0], names[limit], max,
                        cluster ? " of the cluster" : "");
    s->at[limit][s->count[limit]++ % MUSTER_LIMIT_MAX] = now;
}

static void count_all(struct starts *s, struct muster_world *w, const struct muster_record *r,
                      bool cluster)
{
    const struct muster_limits_config *l = &muster_check_enhanced(w)->acting.limits;
    count(s, w, r, MUSTER_LIMIT_ACTIONS, l->max_actions_per_hour, cluster);
    if (muster_check_is_safe_mode(muster_check_config(w), r->arg[2]))
        count(s, w, r, MUSTER_LIMIT_SAFE_MODE, l->max_safe_mode_entries_per_day, cluster);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    const struct muster_enhanced_config *c = muster_check_enhanced(w);
    if (!c || !c->acting.limited || r->process == MUSTER_NOBODY)
        return;
    struct starts *s = (struct starts *)self + r->process;
    if (r->kind != NOTE_KIND(ACTION_STARTED)) {
        if (r->kind != MUSTER_EVENT_CLOCK || (r->arg[0] == 0 && (int64_t)r->arg[1] < 0))
            memset(s, 0, sizeof *s);
        return;
    }
    count_all(s, w, r, false);
    if (r->arg[1] > 0 && muster_check_hands_on(w, r->process))
        count_all((struct starts *)self + muster_check_places(w) +
                      muster_check_cluster(w, r->process),
                  w, r, true);
}

static const uint16_t kinds[] = {NOTE_KIND(ACTION_STARTED), MUSTER_EVENT_CLOCK,
                                 MUSTER_EVENT_RESTART, 0};

const struct muster_property muster_check_limits_kept = {
    .name = "limits_kept",
    .rule = "one process starts no more actions within an hour, nor entries into safe mode within "
            "a day, than its limits allow; nor do all together start more of the cluster",
    .explain =
        "Recovery that runs again and again is an outage of its own (SPEC 1; the origin had these "
        "limits in its config and never applied them, SPEC 9). The windows slide on the lease "
        "clock; an action that starts at the very end of one is in the next. Judged by the true "
        "reading of that clock, within one incarnation; the attempts of one intent are one start. "
        "Cluster actions are judged over all leaders and restarts as well, in true time (rule "
        "R16), as cooldown_kept judges them. When it is violated, a start is not counted, a way to "
        "start one does not ask, or a leader did not go on with the account of the last one.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
