/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a health fault that stands is acted on, or refused with a reason. */
#include "core/orchestrator/health.h"
#include "sim/check/check.h"

#define FAULTS 3 /* by the action they call for: circuit_restart, cache_purge, safe_mode */

struct fault {
    muster_time since; /* true time at which it called for its action; MUSTER_NEVER: it does not */
    muster_time cleared; /* when it last ceased to */
    bool answered;
    /* What was done about it, perhaps before it came: while that goes on, or is being verified, the
     * next thing waits for its end. */
    uint64_t intent;   /* 0: none is open */
    uint16_t by;       /* whose it is */
    muster_time ended; /* when the last one was */
};

struct process {
    struct muster_claim claim;
    struct muster_uptime up;
    struct fault fault[FAULTS];
    /* The circuit, in true time, where its source does not say; else MUSTER_NEVER. */
    muster_time open_since;
};

struct state {
    muster_time led_since; /* true time; MUSTER_NEVER while nobody leads */
    struct process at[];
};

static size_t size(const struct muster_world *w)
{
    return sizeof(struct state) + muster_check_places(w) * sizeof(struct process);
}

static void init(void *self, const struct muster_world *w)
{
    struct state *s = self;
    s->led_since = MUSTER_NEVER;
    for (uint32_t p = 0; p < muster_check_places(w); p++) {
        s->at[p].open_since = MUSTER_NEVER;
        for (uint32_t f = 0; f < FAULTS; f++)
            s->at[p].fault[f].since = MUSTER_NEVER;
    }
}

/* A fault has to be seen twice before its silence counts. */
static muster_dur patience(const struct muster_config *c)
{
    return muster_check_with_drift(c, 2 * c->recovery.poll_interval + c->request_timeout);
}

static void judge(const struct state *s, struct muster_world *w, const struct muster_config *c,
                  uint32_t p, uint32_t f)
{
    const struct process *x = &s->at[p];
    const struct fault *fault = &x->fault[f];
    muster_time now = muster_world_now(w);
    if (!c->recovery.enabled || !muster_uptime_is_up(&x->up, w, p))
        return;
    if (fault->since == MUSTER_NEVER || s->led_since == MUSTER_NEVER)
        return;
    if (fault->answered) {
        muster_judged(w);
        return;
    }
    if (fault->intent != 0)
        return;
    muster_time from = muster_time_max(fault->since, s->led_since);
    from = muster_time_max(from, fault->ended);
    from = muster_time_max(from, muster_time_max(x->up.since, muster_world_calm_since(w)));
    if (muster_time_since(now, from) <= patience(c))
        return;
    muster_judged(w);
    muster_violated(w,
                    "%s has called for %s since " SECONDS
                    ": neither was it started nor is it said why not",
                    muster_world_name(w, p), c->recovery.action[f].name, SECONDS_OF(fault->since));
}

/* Since when each action is called for by this health, in true time. */
static void demands(struct process *x, const struct muster_health *h, const struct muster_config *c,
                    muster_time now, muster_time since[FAULTS])
{
    const struct muster_recovery_config *limit = &c->recovery;
    bool open = h->circuit == MUSTER_CIRCUIT_OPEN, told = h->open_duration != MUSTER_NEVER;
    bool too_long = told && h->open_duration > limit->circuit_open_duration;
    x->open_since = open && !told ? muster_time_min(x->open_since, now) : MUSTER_NEVER;
    bool retries =
        h->failures_1h != MUSTER_COUNT_UNKNOWN && h->failures_1h > limit->retry_failures_1h;
    bool failed = h->failed_components != MUSTER_COUNT_UNKNOWN &&
                  h->failed_components >= limit->failed_components;
    bool inaccurate = h->accuracy_ppm != MUSTER_COUNT_UNKNOWN &&
                      h->accuracy_ppm < limit->min_anomaly_accuracy_ppm;
    /* The source tells whole seconds, so the bound is passed up to one later. */
    muster_time due = muster_time_add(x->open_since, limit->circuit_open_duration + MUSTER_SECOND);
    since[MUSTER_ACTION_CIRCUIT_RESTART] = open && too_long ? now : due;
    since[MUSTER_ACTION_CACHE_PURGE] = retries ? now : MUSTER_NEVER;
    since[MUSTER_ACTION_SAFE_MODE] = failed || inaccurate ? now : MUSTER_NEVER;
}

static void see_health(struct state *s, struct muster_world *w, const struct muster_record *r,
                       const struct muster_config *c)
{
    struct process *x = &s->at[r->process];
    struct muster_health h;
    muster_time since[FAULTS];
    muster_health_parse(&h, r->data);
    demands(x, &h, c, r->time, since);
    for (uint32_t f = 0; f < FAULTS; f++) {
        struct fault *fault = &x->fault[f];
        bool stood = fault->since != MUSTER_NEVER, stands = since[f] != MUSTER_NEVER;
        if (stood == stands)
            continue;
        if (stood) {
            judge(s, w, c, r->process, f);
            fault->since = MUSTER_NEVER;
            fault->cleared = r->time;
            continue;
        }
        /* One that comes back before anybody can have seen it go is still the same. */
        bool same = fault->answered && r->time - fault->cleared <= patience(c);
        fault->since = since[f];
        fault->answered = same;
    }
}

static void see_answer(struct state *s, const struct muster_world *w, uint64_t action,
                       uint64_t subject)
{
    if (action < FAULTS && subject < muster_world_members(w))
        s->at[subject].fault[action].answered |=
            s->at[subject].fault[action].since <= muster_world_now(w);
}

static void see_start(struct state *s, const struct muster_world *w, const struct muster_record *r)
{
    uint64_t action = r->arg[2], subject = r->arg[3];
    see_answer(s, w, action, subject);
    if (action < FAULTS && subject < muster_world_members(w)) {
        s->at[subject].fault[action].intent = r->arg[0];
        s->at[subject].fault[action].by = r->process;
    }
}

static void end_intent(struct fault *fault, muster_time now)
{
    fault->intent = 0;
    fault->ended = now;
}

static void see_end(struct state *s, const struct muster_world *w, const struct muster_record *r)
{
    for (uint32_t p = 0; r->arg[3] < FAULTS && p < muster_world_members(w); p++) {
        struct fault *fault = &s->at[p].fault[r->arg[3]];
        if (fault->intent == r->arg[0])
            end_intent(fault, r->time);
    }
}

/* What a process had under way it has forgotten. */
static void see_crash(struct state *s, const struct muster_world *w, const struct muster_record *r)
{
    for (uint32_t p = 0; p < muster_world_members(w); p++)
        for (uint32_t f = 0; f < FAULTS; f++)
            if (s->at[p].fault[f].intent != 0 && s->at[p].fault[f].by == r->process)
                end_intent(&s->at[p].fault[f], r->time);
}

static void see_leadership(struct state *s, const struct muster_world *w)
{
    bool led = false;
    for (uint32_t p = 0; p < muster_world_members(w); p++)
        led |= muster_claim_is_valid(&s->at[p].claim, w, p);
    s->led_since = led ? muster_time_min(s->led_since, muster_world_now(w)) : MUSTER_NEVER;
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    const struct muster_config *c = muster_check_config(w);
    if (!c)
        return;
    switch (r->kind) {
    case MUSTER_EVENT_HEALTH_SET:
        see_health(s, w, r, c);
        break;
    case NOTE_KIND(ACTION_STARTED):
        see_start(s, w, r);
        break;
    case NOTE_KIND(ACTION_ENDED):
        see_end(s, w, r);
        break;
    case NOTE_KIND(ACTION_SKIPPED):
        see_answer(s, w, r->arg[1], r->arg[3]);
        break;
    default:
        if (r->kind == MUSTER_EVENT_RESTART || r->kind == MUSTER_EVENT_CRASH)
            see_crash(s, w, r);
        muster_uptime_see(&s->at[r->process].up, r);
        muster_claim_see(&s->at[r->process].claim, r);
        see_leadership(s, w);
        break;
    }
}

static void end(void *self, struct muster_world *w)
{
    struct state *s = self;
    const struct muster_config *c = muster_check_config(w);
    see_leadership(s, w);
    for (uint32_t p = 0; c && p < muster_world_members(w); p++)
        for (uint32_t f = 0; f < FAULTS; f++)
            judge(s, w, c, p, f);
}

static const uint16_t kinds[] = {CLAIM_KINDS,
                                 MUSTER_EVENT_PAUSE,
                                 MUSTER_EVENT_RESUME,
                                 MUSTER_EVENT_HEALTH_SET,
                                 NOTE_KIND(ACTION_STARTED),
                                 NOTE_KIND(ACTION_ENDED),
                                 NOTE_KIND(ACTION_SKIPPED),
                                 0};

const struct muster_property muster_check_faults_answered = {
    .name = "faults_answered",
    .rule = "a health fault that stands for longer than two polls is acted on, or "
            "refused with a reason",
    .explain =
        "A fault that nobody acts on and nobody mentions is what the whole orchestrator is "
        "there to prevent. So an action that is not taken is recorded, too, with the rule "
        "that stopped it and what would clear it (SPEC 1, \"why not\"). Judged from what the "
        "health source really says, with the thresholds of the config, while there is a "
        "leader and the member is up. When it is violated, a health state was misread as "
        "fine, a condition failed in silence, or a skip was not recorded.",
    .class = MUSTER_LIVENESS,
    .assumes = MUSTER_ASSUME_DRIFT,
    .kinds = kinds,
    .size = size,
    .init = init,
    .see = see,
    .end = end,
};
