/* SPDX-License-Identifier: Apache-2.0 */
/* Property: an anomaly that calls for an action is acted on, or refused by a rule that lasts. */
#include "sim/check/orders.h"

#include "core/text.h"

#include <string.h>

#define ANOMALIES MUSTER_ANOMALIES_MAX

/* An action that an anomaly calls for, and that nothing was said of yet. */
struct call {
    bool open;
    uint32_t action;
    uint64_t decision;
    muster_time since; /* true time */
};

struct anomaly {
    char type[MUSTER_NAME_MAX + 1]; /* empty: a free place */
    muster_time last_told;
    uint32_t severity_ppm;
    bool called;              /* this outbreak has called for its policy */
    struct call step, answer; /* the policy's first, and the phase-aware handler's */
    uint64_t intent;          /* runs for it; 0: none */
};

struct process {
    struct muster_claim claim;
    struct muster_uptime up;
    muster_time led_since;               /* true time; MUSTER_NEVER: it does not lead */
    muster_time free_since;              /* no action of its own is under way */
    uint64_t under_way[MUSTER_RUNS_MAX]; /* intents; 0: a free place */
    bool draining;
    struct anomaly *told; /* newest report; null: none, or its place was taken */
    struct anomaly anomaly[ANOMALIES];
};

struct state {
    bool paused;
    muster_time resumed;
    struct process at[];
};

static size_t size(const struct muster_world *w)
{
    return sizeof(struct state) + muster_check_places(w) * sizeof(struct process);
}

static void forget(struct process *x)
{
    struct muster_claim claim = x->claim;
    struct muster_uptime up = x->up;
    *x = (struct process){.claim = claim, .up = up, .led_since = MUSTER_NEVER};
}

static void init(void *self, const struct muster_world *w)
{
    struct state *s = self;
    for (uint32_t p = 0; p < muster_check_places(w); p++)
        forget(&s->at[p]);
}

/* ---- what is called for ---- */

static const struct muster_policy *policy_of(const struct muster_enhanced_config *e,
                                             const char *type)
{
    const struct muster_policy *other = NULL;
    for (uint32_t i = 0; i < e->policy_count; i++) {
        if (strcmp(e->policy[i].type, type) == 0)
            return &e->policy[i];
        if (strcmp(e->policy[i].type, MUSTER_ANOMALY_UNKNOWN) == 0)
            other = &e->policy[i];
    }
    return other;
}

static void call_policy(struct anomaly *a, const struct muster_enhanced_config *e, muster_time now)
{
    const struct muster_policy *policy = policy_of(e, a->type);
    if (a->called || !policy || policy->count == 0 || a->severity_ppm == MUSTER_FACT_UNKNOWN ||
        a->severity_ppm < policy->severity_threshold_ppm)
        return;
    a->called = true;
    if (a->intent == 0) /* else the chain of an earlier outbreak is still under way */
        a->step = (struct call){true, e->step[policy->first].action, 0, now};
}

/* While a stronger answer is held up, a weaker one is not asked for again. */
static void call_answer(struct anomaly *a, uint32_t action, uint64_t decision, muster_time now)
{
    if (!a->answer.open || decision >= a->answer.decision)
        a->answer = (struct call){true, action, decision, now};
}

/* ---- judging ---- */

static muster_dur patience(const struct muster_config *c)
{
    return muster_check_with_drift(c, 2 * MUSTER_CHAIN_PAUSE + c->lease_ttl + c->request_timeout);
}

static bool is_busy(const struct process *x)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (x->under_way[i] != 0)
            return true;
    return false;
}

static void judge(const struct state *s, struct muster_world *w, uint32_t p,
                  const struct anomaly *a, const struct call *call)
{
    const struct process *x = &s->at[p];
    const struct muster_config *c = muster_check_config_of(w, p);
    const struct muster_enhanced_config *e = muster_check_enhanced(w);
    muster_time until =
        muster_time_min(muster_world_now(w), muster_time_add(a->last_told, e->active_for));
    bool cluster = c->recovery.action[call->action].scope == MUSTER_SCOPE_CLUSTER;
    if (!call->open || s->paused || x->draining || is_busy(x) ||
        !muster_uptime_is_up(&x->up, w, p) || (cluster && x->led_since == MUSTER_NEVER))
        return;
    muster_time from = muster_time_max(call->since, muster_time_max(s->resumed, x->free_since));
    from = muster_time_max(from, muster_time_max(x->up.since, muster_world_calm_since(w)));
    from = cluster ? muster_time_max(from, x->led_since) : from;
    if (muster_time_since(until, from) <= patience(c))
        return;
    muster_judged(w);
    muster_violated(w,
                    "%s was told of %s, which has called for %s since " SECONDS
                    ": neither was it started nor does a rule that lasts forbid it",
                    muster_world_name(w, p), a->type, c->recovery.action[call->action].name,
                    SECONDS_OF(call->since));
}

static void judge_both(const struct state *s, struct muster_world *w, uint32_t p,
                       const struct anomaly *a)
{
    judge(s, w, p, a, &a->step);
    judge(s, w, p, a, &a->answer);
}

/* ---- reports ---- */

static bool is_type(struct muster_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~' || text.at[i] == '"' || text.at[i] == '\\')
            return false;
    return text.size > 0 && text.size <= MUSTER_NAME_MAX;
}

static void read_report(struct muster_bytes text, struct muster_bytes *type, uint32_t *severity)
{
    struct muster_bytes value, key;
    uint64_t number;
    *type = muster_text_bytes(MUSTER_ANOMALY_UNKNOWN);
    *severity = MUSTER_FACT_UNKNOWN;
    while ((value = muster_text_token(&text)).size > 0) {
        if (!muster_text_split(&value, '=', &key))
            continue;
        bool good = muster_text_parse_u64(value, &number) == 0 && number <= MUSTER_PPM;
        if (muster_text_equal(key, "type") && is_type(value))
            *type = value;
        else if (muster_text_equal(key, "severity_ppm"))
            *severity = good ? (uint32_t)number : MUSTER_FACT_UNKNOWN;
    }
}

/* Its place, or that of the one told of longest ago. */
static struct anomaly *place_of(struct process *x, struct muster_bytes type)
{
    struct anomaly *place = &x->anomaly[0];
    for (uint32_t i = 0; i < ANOMALIES; i++) {
        if (muster_text_equal(type, x->anomaly[i].type))
            return &x->anomaly[i];
        if (x->anomaly[i].last_told < place->last_told)
            place = &x->anomaly[i];
    }
    *place = (struct anomaly){.intent = 0};
    memcpy(place->type, type.at, type.size);
    return place;
}

static void see_report(struct state *s, struct muster_world *w, const struct muster_record *r,
                       const struct muster_enhanced_config *e)
{
    struct process *x = &s->at[r->process];
    struct muster_bytes type;
    uint32_t severity;
    read_report(r->data, &type, &severity);
    struct anomaly *a = place_of(x, type);
    if (r->time >= muster_time_add(a->last_told, e->active_for)) {
        judge_both(s, w, r->process, a);
        a->step.open = a->answer.open = a->called = false;
    }
    a->last_told = r->time;
    a->severity_ppm = severity;
    x->told = a;
    if (!e->phases_decide)
        call_policy(a, e, r->time);
}

/* What the phase-aware handler has decided about the newest report. */
static void see_decision(struct process *x, const struct muster_record *r,
                         const struct muster_enhanced_config *e)
{
    uint64_t decision = r->arg[0];
    if (!x->told || !e->phases_decide || decision >= MUSTER_DECISION_COUNT)
        return;
    uint32_t action = e->phases.action_of[decision];
    if (action != MUSTER_NAME_NONE && decision != MUSTER_DECISION_NO_ACTION)
        call_answer(x->told, action, decision, r->time);
    else if (decision == MUSTER_DECISION_CONTROLLED_ACTION)
        call_policy(x->told, e, r->time);
    x->told = NULL;
}

/* ---- answers ---- */

/* What holds everything up and goes away again, rather than a rule about one action. */
static bool is_obstacle(uint64_t result)
{
    return result == MUSTER_RESULT_SKIPPED_CONCURRENCY || result == MUSTER_RESULT_SKIPPED_PAUSED ||
           result == MUSTER_RESULT_SKIPPED_NOT_LEADER ||
           result == MUSTER_RESULT_SKIPPED_NO_QUORUM || result == MUSTER_RESULT_SKIPPED_STORE_LOST;
}

/* Whether a text names the type as a word. */
static bool names(struct muster_bytes text, const char *type)
{
    size_t size = strlen(type);
    for (size_t i = 0; size > 0 && i + size <= text.size; i++) {
        bool begins = i == 0 || text.at[i - 1] == '(';
        bool ends = i + size == text.size || text.at[i + size] == ' ' || text.at[i + size] == ')' ||
                    text.at[i + size] == ',';
        if (begins && ends && memcmp(text.at + i, type, size) == 0)
            return true;
    }
    return false;
}

static void answer(struct muster_world *w, struct process *x, const struct muster_record *r,
                   uint64_t action, uint64_t intent)
{
    for (uint32_t i = 0; i < ANOMALIES; i++) {
        struct anomaly *a = &x->anomaly[i];
        if (!names(r->data, a->type))
            continue;
        a->intent = intent > 0 ? intent : a->intent;
        if ((a->step.open && a->step.action == action) ||
            (a->answer.open && a->answer.action == action))
            muster_judged(w);
        a->step.open &= a->step.action != action;
        a->answer.open &= a->answer.action != action;
    }
}

/* Prepared or started: once for both. */
static void begin(struct process *x, uint64_t intent)
{
    uint32_t place = MUSTER_RUNS_MAX;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++) {
        if (x->under_way[i] == intent)
            return;
        if (x->under_way[i] == 0)
            place = i;
    }
    if (place < MUSTER_RUNS_MAX)
        x->under_way[place] = intent;
}

static void see_end(struct process *x, const struct muster_record *r)
{
    for (uint32_t i = 0; i < ANOMALIES; i++)
        if (x->anomaly[i].intent == r->arg[0])
            x->anomaly[i].intent = 0;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (x->under_way[i] == r->arg[0])
            x->under_way[i] = 0;
    x->free_since = r->time;
}

static void see_claim(struct process *x, const struct muster_world *w,
                      const struct muster_record *r)
{
    if (!muster_claim_is_valid(&x->claim, w, r->process))
        x->led_since = MUSTER_NEVER;
    muster_claim_see(&x->claim, r);
    muster_uptime_see(&x->up, r);
    if (r->kind == MUSTER_EVENT_CRASH || r->kind == MUSTER_EVENT_RESTART)
        forget(x);
    x->led_since = muster_claim_is_valid(&x->claim, w, r->process)
                       ? muster_time_min(x->led_since, r->time)
                       : MUSTER_NEVER;
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    const struct muster_enhanced_config *e = muster_check_enhanced(w);
    if (!e || r->process == MUSTER_NOBODY)
        return;
    struct process *x = &s->at[r->process];
    switch (r->kind) {
    case TOLD:
        if (muster_check_order(r, MUSTER_VERB_ANOMALY))
            see_report(s, w, r, e);
        break;
    case NOTE_KIND(ANOMALY):
        see_decision(x, r, e);
        break;
    case NOTE_KIND(ACTION_PREPARED):
    case NOTE_KIND(ACTION_STARTED):
        begin(x, r->arg[0]);
        answer(w, x, r, r->arg[2], r->arg[0]);
        break;
    case NOTE_KIND(ACTION_SKIPPED):
        if (!is_obstacle(r->arg[0]))
            answer(w, x, r, r->arg[1], 0);
        break;
    case NOTE_KIND(ACTION_ENDED):
        see_end(x, r);
        break;
    case NOTE_KIND(PAUSE_ASKED):
        s->paused |= r->arg[0] != 0;
        break;
    case NOTE_KIND(PAUSE_DURABLE):
        s->paused = r->arg[0] != 0;
        s->resumed = r->time;
        break;
    case NOTE_KIND(DRAINING):
        x->draining = true;
        break;
    default:
        see_claim(x, w, r);
        break;
    }
}

static void end(void *self, struct muster_world *w)
{
    struct state *s = self;
    for (uint32_t p = 0; muster_check_enhanced(w) && p < muster_world_members(w); p++) {
        struct process *x = &s->at[p];
        if (!muster_claim_is_valid(&x->claim, w, p))
            x->led_since = MUSTER_NEVER;
        for (uint32_t i = 0; i < ANOMALIES; i++)
            judge_both(s, w, p, &x->anomaly[i]);
    }
}

static const uint16_t kinds[] = {CLAIM_KINDS,
                                 MUSTER_EVENT_PAUSE,
                                 MUSTER_EVENT_RESUME,
                                 TOLD,
                                 NOTE_KIND(ANOMALY),
                                 NOTE_KIND(ACTION_PREPARED),
                                 NOTE_KIND(ACTION_STARTED),
                                 NOTE_KIND(ACTION_SKIPPED),
                                 NOTE_KIND(ACTION_ENDED),
                                 NOTE_KIND(PAUSE_ASKED),
                                 NOTE_KIND(PAUSE_DURABLE),
                                 NOTE_KIND(DRAINING),
                                 0};

const struct muster_property muster_check_anomalies_answered = {
    .name = "anomalies_answered",
    .rule = "an action that an anomaly calls for is started, or refused by a rule that lasts, once "
            "nothing holds it up",
    .explain =
        "An anomaly comes once: a step that another action, a lost lease or a pause holds up has "
        "to be asked for again, or the fault stands and nobody acts (SPEC 1). So what the policy "
        "of its type begins with, or what the phase answers with, is started or refused by a rule "
        "that does not go away by itself within a lease and two pauses of the chain: by whoever "
        "was told of it, while that one is up, leads, runs nothing else, and the faults are over. "
        "When it is violated, a chain was dropped at an obstacle, or a refusal was not recorded.",
    .class = MUSTER_LIVENESS,
    .assumes = MUSTER_ASSUME_DRIFT,
    .kinds = kinds,
    .size = size,
    .init = init,
    .see = see,
    .end = end,
};
