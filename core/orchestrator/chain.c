/* SPDX-License-Identifier: Apache-2.0 */
/* Escalation chains: see enhanced.h. */
#include "core/orchestrator/chain.h"

#include "core/notes.h"

#include <assert.h>

#define REPORT_MAX 240

static uint32_t find_policy(const struct muster_enhanced_config *cfg, struct muster_bytes type)
{
    uint32_t other = MUSTER_NAME_NONE;
    for (uint32_t i = 0; i < cfg->policy_count; i++) {
        if (muster_text_equal(type, cfg->policy[i].type))
            return i;
        if (strcmp(cfg->policy[i].type, "unknown_anomaly") == 0)
            other = i;
    }
    return other;
}

static bool is_active(const struct muster_enhanced *e, const struct muster_anomaly *x,
                      muster_time now)
{
    return x->policy != MUSTER_NAME_NONE && now < muster_time_add(x->last_seen, e->cfg->active_for);
}

/* What the conditions of this anomaly may speak of, now. */
static const struct muster_condition_facts *facts_of(struct muster_enhanced *e,
                                                     struct muster_anomaly *x, muster_time now)
{
    x->facts.duration = muster_time_since(now, x->first_seen);
    x->facts.step = x->step + 1;
    x->facts.active = 0;
    x->facts.simultaneous_faults = 0;
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        const struct muster_anomaly *other = &e->anomaly[i];
        if (!is_active(e, other, now))
            continue;
        x->facts.simultaneous_faults++;
        if (other->type != MUSTER_NAME_NONE)
            x->facts.active |= UINT64_C(1) << other->type;
    }
    return &x->facts;
}

/* The demand of the anomaly for an action. */
static struct muster_demand demand_of(const struct muster_enhanced *e,
                                      const struct muster_anomaly *x, uint32_t action)
{
    return (struct muster_demand){.action = action,
                                  .subject = e->base.place->index,
                                  .holds = true,
                                  .cause = MUSTER_CAUSE_ANOMALY,
                                  .value = x->facts.severity_ppm == MUSTER_FACT_UNKNOWN
                                               ? UINT64_MAX
                                               : x->facts.severity_ppm,
                                  .text = x->name};
}

/* ---- reports ---- */

struct report {
    struct muster_bytes type;
    uint32_t severity_ppm, confidence_ppm, recurrence;
};

static uint32_t number_of(struct muster_bytes text, uint64_t most)
{
    uint64_t value;
    bool good = muster_text_parse_u64(text, &value) == 0 && value <= most;
    return good ? (uint32_t)value : MUSTER_FACT_UNKNOWN;
}

static struct report parse(struct muster_bytes text)
{
    struct report r = {.severity_ppm = MUSTER_FACT_UNKNOWN,
                       .confidence_ppm = MUSTER_FACT_UNKNOWN,
                       .recurrence = MUSTER_FACT_UNKNOWN};
    for (;;) {
        struct muster_bytes value = muster_text_token(&text), key;
        if (value.size == 0)
            return r;
        if (!muster_text_split(&value, '=', &key))
            continue;
        if (muster_text_equal(key, "type") && value.size <= MUSTER_NAME_MAX)
            r.type = value;
        else if (muster_text_equal(key, "severity_ppm"))
            r.severity_ppm = number_of(value, MUSTER_PPM);
        else if (muster_text_equal(key, "confidence_ppm"))
            r.confidence_ppm = number_of(value, MUSTER_PPM);
        else if (muster_text_equal(key, "recurrence"))
            r.recurrence = number_of(value, UINT32_MAX - 1);
    }
}

/* The place of an anomaly: its own, a free one, or the one that was reported longest ago. */
static struct muster_anomaly *place_of(struct muster_enhanced *e, struct muster_turn *t,
                                       struct muster_bytes type)
{
    struct muster_anomaly *oldest = &e->anomaly[0];
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        struct muster_anomaly *x = &e->anomaly[i];
        if (x->policy != MUSTER_NAME_NONE && muster_text_equal(type, x->name))
            return x;
        bool free = x->policy == MUSTER_NAME_NONE;
        bool gone = oldest->policy == MUSTER_NAME_NONE;
        if (!gone && (free || x->last_seen < oldest->last_seen))
            oldest = x;
    }
    memset(oldest, 0, sizeof *oldest);
    oldest->first_seen = oldest->last_seen = t->now;
    memcpy(oldest->name, type.at, type.size);
    oldest->type = muster_anomaly_type_find(&e->cfg->types, type);
    muster_condition_facts_init(&oldest->facts);
    return oldest;
}

static void note_report(struct muster_enhanced *e, struct muster_turn *t,
                        const struct muster_anomaly *x, const struct muster_phase_decision *d)
{
    char text[REPORT_MAX];
    struct muster_text shown;
    muster_text_init(&shown, text, sizeof text);
    muster_text_add(&shown, x->name);
    muster_text_add(&shown, ": ");
    if (e->cfg->phases_decide)
        muster_phase_reason(&shown, &e->cfg->phases, d);
    else
        muster_text_add(&shown, "left to its policy");
    muster_effects_note(t->out, MUSTER_NOTE_ANOMALY,
                        (const uint64_t[4]){d->decision, x->facts.severity_ppm,
                                            x->facts.confidence_ppm, x->facts.recurrence_count},
                        text);
}

/* The chain is not taken up: why, for the step that would have been its first. */
static void refuse(struct muster_enhanced *e, struct muster_turn *t, struct muster_anomaly *x,
                   const char *remedy)
{
    const struct muster_policy *p = &e->cfg->policy[x->policy];
    if (p->count == 0)
        return;
    struct muster_demand d = demand_of(e, x, e->cfg->step[p->first].action);
    d.remedy = remedy;
    muster_acting_refuse(&e->base.acting, t, &d, MUSTER_RESULT_CONDITION_NOT_MET, &x->block);
}

static void take_up(struct muster_enhanced *e, struct muster_turn *t, struct muster_anomaly *x)
{
    const struct muster_policy *p = &e->cfg->policy[x->policy];
    uint32_t severity = x->facts.severity_ppm;
    if (severity == MUSTER_FACT_UNKNOWN || severity < p->severity_threshold_ppm) {
        refuse(e, t, x, "a severity of at least the policy's threshold");
        return;
    }
    if (x->chain != MUSTER_CHAIN_RESTS || p->count == 0)
        return; /* under way: the newer facts are enough */
    x->chain = MUSTER_CHAIN_DUE;
    x->step = 0;
    x->due = t->now;
}

void chain_report(struct muster_enhanced *e, struct muster_turn *t, struct muster_bytes text)
{
    struct report r = parse(text);
    uint32_t policy = r.type.size > 0 ? find_policy(e->cfg, r.type) : MUSTER_NAME_NONE;
    struct muster_phase_decision d = {.decision = MUSTER_DECISION_CONTROLLED_ACTION};
    if (policy == MUSTER_NAME_NONE && !(e->cfg->phases_decide && r.type.size > 0))
        return; /* no policy speaks of it, not even unknown_anomaly */
    struct muster_anomaly *x = place_of(e, t, r.type);
    if (!is_active(e, x, t->now))
        x->first_seen = t->now;
    x->policy = policy == MUSTER_NAME_NONE ? MUSTER_POLICIES_MAX : policy;
    x->last_seen = t->now;
    x->facts.severity_ppm = r.severity_ppm;
    x->facts.confidence_ppm = r.confidence_ppm;
    x->facts.recurrence_count = r.recurrence == MUSTER_FACT_UNKNOWN ? 0 : r.recurrence;
    (void)facts_of(e, x, t->now);
    struct muster_phase_decision by_phase;
    muster_phase_handle(&e->phase, t->now, r.type, &x->facts, &by_phase); /* counts recurrence */
    if (e->cfg->phases_decide)
        d = by_phase;
    note_report(e, t, x, &d);
    if (d.decision == MUSTER_DECISION_CONTROLLED_ACTION && d.action == MUSTER_NAME_NONE &&
        policy == MUSTER_NAME_NONE)
        return;
    if (!e->cfg->phases_decide ||
        (d.decision == MUSTER_DECISION_CONTROLLED_ACTION && d.action == MUSTER_NAME_NONE)) {
        take_up(e, t, x);
    } else if (d.action != MUSTER_NAME_NONE) {
        struct muster_demand demand = demand_of(e, x, d.action);
        muster_acting_consider(&e->base.acting, t, &demand, &x->block);
    } else if (policy != MUSTER_NAME_NONE) {
        refuse(e, t, x, "what the phase-aware handler demands");
    }
}

/* ---- steps ---- */

static void next_step(struct muster_enhanced *e, struct muster_anomaly *x, muster_time due)
{
    x->step++;
    x->intent = 0;
    bool more = x->step < e->cfg->policy[x->policy].count;
    x->chain = more ? MUSTER_CHAIN_DUE : MUSTER_CHAIN_RESTS;
    x->due = due;
}

/* What holds the whole chain up, rather than one step. */
static bool is_obstacle(enum muster_result result)
{
    return result == MUSTER_RESULT_SKIPPED_CONCURRENCY || result == MUSTER_RESULT_SKIPPED_PAUSED ||
           result == MUSTER_RESULT_SKIPPED_NOT_LEADER ||
           result == MUSTER_RESULT_SKIPPED_NO_QUORUM || result == MUSTER_RESULT_SKIPPED_STORE_LOST;
}

/* Take the step that is due. False when the chain can go no further now. */
static bool take_step(struct muster_enhanced *e, struct muster_turn *t, struct muster_anomaly *x)
{
    const struct muster_policy *p = &e->cfg->policy[x->policy];
    const struct muster_policy_step *step = &e->cfg->step[p->first + x->step];
    bool escalates = e->cfg->auto_escalate && x->failures > 0 &&
                     x->failures >= e->cfg->escalation_failure_threshold;
    struct muster_demand d = demand_of(e, x, step->action);
    d.params = step->params[0] ? step->params : NULL;
    d.timeout = step->timeout;
    if (!escalates && !muster_condition_holds(&step->condition, facts_of(e, x, t->now))) {
        d.remedy = "its condition";
        muster_acting_refuse(&e->base.acting, t, &d, MUSTER_RESULT_CONDITION_NOT_MET, &x->block);
        next_step(e, x, t->now);
        return true;
    }
    if (muster_acting_runs(&e->base.acting, d.action, d.subject)) { /* somebody else's intent */
        x->due = muster_time_add(t->now, MUSTER_CHAIN_PAUSE);
        return false;
    }
    uint64_t intent = e->base.acting.next_intent == 0 ? 1 : e->base.acting.next_intent;
    enum muster_result result = muster_acting_consider(&e->base.acting, t, &d, &x->block);
    if (result == MUSTER_RESULT_SUCCESS) {
        x->chain = MUSTER_CHAIN_WAITS;
        x->intent = intent;
        x->failures = escalates ? 0 : x->failures;
        return false;
    }
    if (is_obstacle(result))
        x->due = muster_time_add(t->now, MUSTER_CHAIN_PAUSE);
    else
        next_step(e, x, muster_time_add(t->now, MUSTER_CHAIN_PAUSE));
    return false;
}

static bool may_go_on(const struct muster_enhanced *e, const struct muster_anomaly *x,
                      muster_time now)
{
    return x->policy != MUSTER_NAME_NONE && x->chain == MUSTER_CHAIN_DUE && now >= x->due &&
           x->policy < e->cfg->policy_count;
}

void chain_advance(struct muster_enhanced *e, struct muster_turn *t)
{
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        struct muster_anomaly *x = &e->anomaly[i];
        if (x->policy != MUSTER_NAME_NONE && x->chain != MUSTER_CHAIN_WAITS &&
            !is_active(e, x, t->now)) {
            x->policy = MUSTER_NAME_NONE; /* it is over */
            continue;
        }
        while (may_go_on(e, x, t->now) && take_step(e, t, x))
            continue;
    }
}

muster_time chain_deadline(const struct muster_enhanced *e)
{
    muster_time t = MUSTER_NEVER;
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        const struct muster_anomaly *x = &e->anomaly[i];
        if (x->policy < e->cfg->policy_count && x->chain == MUSTER_CHAIN_DUE)
            t = muster_time_min(t, x->due);
    }
    return t;
}

/* ---- ends ---- */

static bool is_failure(enum muster_result result)
{
    return result != MUSTER_RESULT_SUCCESS && result != MUSTER_RESULT_CANCELLED;
}

void chain_ended(struct muster_enhanced *e, struct muster_turn *t, const struct muster_end *end)
{
    if (end->cause != MUSTER_CAUSE_ANOMALY)
        return;
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        struct muster_anomaly *x = &e->anomaly[i];
        if (x->policy == MUSTER_NAME_NONE || strcmp(x->name, end->text) != 0)
            continue;
        uint64_t bit = UINT64_C(1) << end->action;
        bool failed = is_failure(end->result);
        x->facts.failed = failed ? x->facts.failed | bit : x->facts.failed & ~bit;
        x->failures = failed ? x->failures + 1 : 0;
        if (x->chain == MUSTER_CHAIN_WAITS && x->intent == end->intent)
            next_step(e, x, muster_time_add(t->now, MUSTER_CHAIN_PAUSE));
    }
}

void chain_went_on(struct muster_enhanced *e, struct muster_turn *t)
{
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        struct muster_anomaly *x = &e->anomaly[i];
        if (x->policy != MUSTER_NAME_NONE && x->chain == MUSTER_CHAIN_WAITS &&
            muster_acting_is_verified(&e->base.acting, x->intent))
            next_step(e, x, muster_time_add(t->now, MUSTER_CHAIN_PAUSE));
    }
}

void chain_orphans(struct muster_enhanced *e, struct muster_turn *t)
{
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        struct muster_anomaly *x = &e->anomaly[i];
        if (x->policy != MUSTER_NAME_NONE && x->chain == MUSTER_CHAIN_WAITS &&
            !muster_acting_knows(&e->base.acting, x->intent))
            next_step(e, x, muster_time_add(t->now, MUSTER_CHAIN_PAUSE));
    }
}

enum muster_look chain_look(const struct muster_enhanced *e, const struct muster_history_record *r)
{
    if (e->health.system == MUSTER_SYSTEM_UNKNOWN)
        return MUSTER_LOOK_UNKNOWN;
    if (e->health.system == MUSTER_SYSTEM_FAILED)
        return MUSTER_LOOK_PERSISTS;
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        const struct muster_anomaly *x = &e->anomaly[i];
        if (x->policy != MUSTER_NAME_NONE && strcmp(x->name, r->text) == 0)
            return x->last_seen > r->ended ? MUSTER_LOOK_PERSISTS : MUSTER_LOOK_GONE;
    }
    return MUSTER_LOOK_GONE;
}

void chain_describe(const struct muster_enhanced *e, struct muster_text *t)
{
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        const struct muster_anomaly *x = &e->anomaly[i];
        if (x->policy == MUSTER_NAME_NONE)
            continue;
        muster_text_add(t, " anomaly=");
        muster_text_add(t, x->name);
        muster_text_add(t, " step=");
        muster_text_add_u64(t, x->chain == MUSTER_CHAIN_RESTS ? 0 : x->step + 1);
    }
}
