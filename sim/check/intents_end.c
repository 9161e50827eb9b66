/* SPDX-License-Identifier: Apache-2.0 */
/* Property: every action that was started gets its terminal record in time. */
#include "sim/check/orders.h"

struct process {
    struct muster_uptime up;
    uint64_t intent; /* that runs; 0 for none */
    uint64_t action;
    muster_time started; /* true time */
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct process);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct process *p = (struct process *)self + r->process;
    muster_uptime_see(&p->up, r);
    switch (r->kind) {
    case NOTE_KIND(ACTION_STARTED):
        p->intent = r->arg[0];
        p->action = r->arg[2];
        p->started = r->time;
        break;
    case NOTE_KIND(ACTION_ENDED):
        muster_judged(w);
        if (p->intent == r->arg[0])
            p->intent = 0;
        break;
    case MUSTER_EVENT_CRASH:
        p->intent = 0; /* nobody is left to tell how it ended */
        break;
    default:
        break;
    }
}

/* The longest that an attempt may take, at whatever step of a policy. */
static muster_dur timeout_of(const struct muster_config *c, uint64_t action)
{
    const struct muster_enhanced_config *e = c->enhanced;
    muster_dur longest = c->recovery.action[action].timeout;
    for (uint32_t i = 0; e && i < e->step_count; i++)
        if (e->step[i].action == action && e->step[i].timeout > longest)
            longest = e->step[i].timeout;
    return e ? longest / MUSTER_PPM * e->acting.timeout_ppm : longest;
}

/* Every attempt may use its whole timeout, and a request's besides for the way there and back; the
 * longest wait is between them, and looks may come after them. */
static muster_dur patience(const struct muster_config *c, uint64_t action)
{
    const struct muster_acting_options *o = c->enhanced ? &c->enhanced->acting : c->acting;
    uint32_t retries = c->recovery.action[action].max_retries;
    muster_dur sum = (timeout_of(c, action) + c->request_timeout) * (retries + 1);
    if (o && o->backs_off)
        sum += o->retry.cap * retries;
    if (o)
        sum += (o->verify_delay + c->request_timeout) * o->verify_attempts;
    return muster_check_with_drift(c, sum);
}

static void end(void *self, struct muster_world *w)
{
    const struct process *at = self;
    const struct muster_config *c = muster_check_config(w);
    muster_time now = muster_world_now(w);
    for (uint32_t p = 0; c && p < muster_world_members(w); p++) {
        if (at[p].intent == 0 || at[p].action >= c->recovery.action_count ||
            !muster_uptime_is_up(&at[p].up, w, p))
            continue;
        muster_time from = muster_time_max(at[p].started, at[p].up.since);
        if (now - from <= patience(c, at[p].action))
            continue;
        muster_judged(w);
        muster_violated(w,
                        "%s started %s (intent %" PRIu64 ") at " SECONDS
                        " and it has no end after " SECONDS,
                        muster_world_name(w, p), c->recovery.action[at[p].action].name,
                        at[p].intent, SECONDS_OF(at[p].started), SECONDS_OF(now - at[p].started));
        return;
    }
}

static const uint16_t kinds[] = {NOTE_KIND(ACTION_STARTED), NOTE_KIND(ACTION_ENDED),
                                 MUSTER_EVENT_CRASH, UPTIME_KINDS, 0};

const struct muster_property muster_check_intents_end = {
    .name = "intents_end",
    .rule = "every action that was started gets its terminal record once its timeouts are over",
    .explain =
        "While an action runs no other one does, so an intent without an end blocks recovery "
        "for good, and an operator waits for a word that never comes. Each attempt has a "
        "timeout, and an outcome that nobody knows is an end, too: `unknown` (SPEC 1). A "
        "process that has crashed or stands still is not asked. When it is violated, an "
        "answer of the executor was passed over, or a retry was put off and forgotten.",
    .class = MUSTER_LIVENESS,
    .assumes = MUSTER_ASSUME_DRIFT,
    .kinds = kinds,
    .size = size,
    .see = see,
    .end = end,
};
