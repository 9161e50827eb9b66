/* SPDX-License-Identifier: Apache-2.0 */
/* Escalation chains: see enhanced.h. */
#include "core/orchestrator/chain.h"

#include "core/notes.h"

#include <assert.h>
#include <string.h>

_Static_assert(MUSTER_HISTORY_TEXT_MAX >= MUSTER_NAME_MAX, "a record tells an anomaly's type");
_Static_assert(MUSTER_ACTIONS_MAX <= 64, "what failed is a bit of the facts");

bool chain_is_active(const struct muster_enhanced *e, const struct muster_anomaly *x,
                     muster_time now)
{
    return chain_is_taken(x) && now < muster_time_add(x->last_seen, e->cfg->active_for);
}

const struct muster_policy *chain_policy(const struct muster_enhanced *e,
                                         const struct muster_anomaly *x)
{
    assert(x->policy < e->cfg->policy_count);
    return &e->cfg->policy[x->policy];
}

/* What the conditions of this anomaly may speak of, now. */
const struct muster_condition_facts *chain_facts(struct muster_enhanced *e,
                                                 struct muster_anomaly *x, muster_time now)
{
    x->facts.duration = muster_time_since(now, x->first_seen);
    x->facts.step = x->chain == MUSTER_CHAIN_RESTS ? 0 : x->step + 1;
    x->facts.active = 0;
    x->facts.simultaneous_faults = 0;
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        const struct muster_anomaly *other = &e->anomaly[i];
        if (!chain_is_active(e, other, now))
            continue;
        x->facts.simultaneous_faults++;
        if (other->type != MUSTER_NAME_NONE)
            x->facts.active |= UINT64_C(1) << other->type;
    }
    return &x->facts;
}

/* The demand of the anomaly for an action. */
struct muster_demand chain_demand(const struct muster_enhanced *e, const struct muster_anomaly *x,
                                  uint32_t action)
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

/* ---- demands ---- */

/* Put a demand to the rules. One that the same action runs for another reason does not serve. */
static enum muster_result consider(struct muster_enhanced *e, struct muster_turn *t,
                                   const struct muster_demand *d, struct muster_why_not *block)
{
    struct muster_acting *a = &e->base.acting;
    if (muster_acting_runs(a, d->action, d->subject) == 0)
        return muster_acting_consider(a, t, d, block);
    muster_acting_refuse(a, t, d, MUSTER_RESULT_SKIPPED_CONCURRENCY, block);
    return MUSTER_RESULT_SKIPPED_CONCURRENCY;
}

/* What holds everything up, rather than one action. */
static bool is_obstacle(enum muster_result result)
{
    return result == MUSTER_RESULT_SKIPPED_CONCURRENCY || result == MUSTER_RESULT_SKIPPED_PAUSED ||
           result == MUSTER_RESULT_SKIPPED_NOT_LEADER ||
           result == MUSTER_RESULT_SKIPPED_NO_QUORUM || result == MUSTER_RESULT_SKIPPED_STORE_LOST;
}

/* Do what the phase-aware handler demands, now or, if an obstacle is in the way, when it has
 * gone. */
void chain_answer(struct muster_enhanced *e, struct muster_turn *t, struct muster_anomaly *x,
                  uint32_t action, enum muster_decision decision)
{
    struct muster_demand d = chain_demand(e, x, action);
    bool waits = x->answer != MUSTER_NAME_NONE;
    if (x->answer != action)
        chain_unblock(&x->answer_block);
    bool obstacle = is_obstacle(consider(e, t, &d, &x->answer_block));
    if (waits && decision < x->answer_decision)
        return; /* the stronger one still waits */
    x->answer = obstacle ? action : MUSTER_NAME_NONE;
    x->answer_decision = decision;
    x->answer_phase = e->phase.current;
    x->answer_due = muster_time_add(t->now, MUSTER_CHAIN_PAUSE);
}

/* ---- steps ---- */

static void next_step(struct muster_enhanced *e, struct muster_anomaly *x, muster_time due)
{
    x->step++;
    x->intent = 0;
    x->chain = x->step < chain_policy(e, x)->count ? MUSTER_CHAIN_DUE : MUSTER_CHAIN_RESTS;
    x->due = due;
    chain_unblock(&x->block);
}

/* Enough has failed in a row that conditions are asked no more. */
static bool is_escalated(const struct muster_enhanced *e, const struct muster_anomaly *x)
{
    return e->cfg->auto_escalate && x->failures > 0 &&
           x->failures >= e->cfg->escalation_failure_threshold;
}

/* Whether the phase of now leaves the anomaly to its policy, as the one did that took it up. */
static bool phase_lets(struct muster_enhanced *e, struct muster_anomaly *x, muster_time now)
{
    struct muster_phase_decision d;
    if (!e->cfg->phases_decide || x->phase == e->phase.current)
        return true;
    muster_phase_decide(&e->cfg->phases, e->phase.current, chain_facts(e, x, now), &d);
    if (d.decision != MUSTER_DECISION_CONTROLLED_ACTION || d.action != MUSTER_NAME_NONE)
        return false;
    x->phase = e->phase.current;
    return true;
}

/* Take the step that is due. False when the chain can go no further now. */
static bool take_step(struct muster_enhanced *e, struct muster_turn *t, struct muster_anomaly *x)
{
    const struct muster_policy_step *step = &e->cfg->step[chain_policy(e, x)->first + x->step];
    bool escalates = x->step > 0 && is_escalated(e, x);
    if (t->notes_left == 0)
        return false; /* it could not be told why not: in the next call, at the same time */
    struct muster_demand d = chain_demand(e, x, step->action);
    d.params = step->params[0] ? step->params : NULL;
    d.timeout = step->timeout;
    if (!phase_lets(e, x, t->now)) {
        d.remedy = "another report: the phase has changed";
        muster_acting_refuse(&e->base.acting, t, &d, MUSTER_RESULT_CONDITION_NOT_MET, &x->block);
        x->chain = MUSTER_CHAIN_RESTS;
        return false;
    }
    if (!escalates && !muster_condition_holds(&step->condition, chain_facts(e, x, t->now))) {
        d.remedy = "its condition";
        muster_acting_refuse(&e->base.acting, t, &d, MUSTER_RESULT_CONDITION_NOT_MET, &x->block);
        next_step(e, x, t->now);
        return true;
    }
    enum muster_result result = consider(e, t, &d, &x->block);
    if (result == MUSTER_RESULT_SUCCESS) {
        x->chain = MUSTER_CHAIN_WAITS;
        x->intent = muster_acting_runs(&e->base.acting, d.action, d.subject);
        x->failures = escalates ? 0 : x->failures;
        x->beyond = x->beyond > x->step ? x->beyond : x->step + 1;
    } else if (is_obstacle(result)) {
        x->due = muster_time_add(t->now, MUSTER_CHAIN_PAUSE);
    } else {
        next_step(e, x, muster_time_add(t->now, MUSTER_CHAIN_PAUSE));
    }
    return false;
}

/* What was not reported for long is over. */
static void forget(struct muster_enhanced *e, struct muster_turn *t)
{
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        struct muster_anomaly *x = &e->anomaly[i];
        if (!chain_is_taken(x) || chain_is_active(e, x, t->now))
            continue;
        x->answer = MUSTER_NAME_NONE;
        if (x->chain != MUSTER_CHAIN_WAITS)
            x->policy = MUSTER_NAME_NONE;
    }
}

/* An answer that an obstacle held up. It was one for the phase of then. */
static void answer_again(struct muster_enhanced *e, struct muster_turn *t, struct muster_anomaly *x)
{
    if (x->answer_phase == e->phase.current) {
        chain_answer(e, t, x, x->answer, x->answer_decision);
        return;
    }
    struct muster_demand d = chain_demand(e, x, x->answer);
    d.remedy = "another report: the phase has changed";
    muster_acting_refuse(&e->base.acting, t, &d, MUSTER_RESULT_CONDITION_NOT_MET, &x->answer_block);
    x->answer = MUSTER_NAME_NONE;
}

void chain_advance(struct muster_enhanced *e, struct muster_turn *t)
{
    forget(e, t);
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        struct muster_anomaly *x = &e->anomaly[i];
        if (chain_is_taken(x) && x->answer != MUSTER_NAME_NONE && t->now >= x->answer_due &&
            t->notes_left > 0)
            answer_again(e, t, x);
    }
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        struct muster_anomaly *x = &e->anomaly[i];
        while (chain_is_taken(x) && x->chain == MUSTER_CHAIN_DUE && t->now >= x->due &&
               take_step(e, t, x))
            continue;
    }
}

muster_time chain_deadline(const struct muster_enhanced *e)
{
    muster_time t = MUSTER_NEVER;
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        const struct muster_anomaly *x = &e->anomaly[i];
        if (chain_is_taken(x) && x->chain == MUSTER_CHAIN_DUE)
            t = muster_time_min(t, x->due);
        if (chain_is_taken(x) && x->answer != MUSTER_NAME_NONE)
            t = muster_time_min(t, x->answer_due);
    }
    return t;
}

/* ---- ends ---- */

static struct muster_anomaly *find(struct muster_enhanced *e, const struct muster_end *end)
{
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX && end->cause == MUSTER_CAUSE_ANOMALY; i++) {
        struct muster_anomaly *x = &e->anomaly[i];
        if (chain_is_taken(x) && strcmp(x->name, end->text) == 0)
            return x;
    }
    return NULL;
}

static void go_on(struct muster_enhanced *e, const struct muster_turn *t, struct muster_anomaly *x,
                  uint64_t intent)
{
    if (x->chain == MUSTER_CHAIN_WAITS && x->intent == intent)
        next_step(e, x, muster_time_add(t->now, MUSTER_CHAIN_PAUSE));
}

/* Enough has failed while the chain is at rest: it goes on behind the furthest step it took. */
static void escalate(struct muster_enhanced *e, const struct muster_turn *t,
                     struct muster_anomaly *x)
{
    if (x->chain != MUSTER_CHAIN_RESTS || x->beyond == 0 || !chain_is_active(e, x, t->now) ||
        !is_escalated(e, x) || x->beyond >= chain_policy(e, x)->count)
        return;
    x->chain = MUSTER_CHAIN_DUE;
    x->step = x->beyond;
    x->due = muster_time_add(t->now, MUSTER_CHAIN_PAUSE);
    chain_unblock(&x->block);
}

void chain_done(struct muster_enhanced *e, struct muster_turn *t, const struct muster_end *end)
{
    struct muster_anomaly *x = find(e, end);
    if (!x)
        return;
    x->facts.failed &= ~(UINT64_C(1) << end->action);
    go_on(e, t, x, end->intent);
}

void chain_ended(struct muster_enhanced *e, struct muster_turn *t, const struct muster_end *end)
{
    struct muster_anomaly *x = find(e, end);
    uint64_t bit = UINT64_C(1) << end->action;
    /* What was given up, or was refused for an old epoch, says nothing of the action; and what
     * began before the anomaly last went away says nothing of this one. */
    bool tells = end->result != MUSTER_RESULT_CANCELLED && end->result != MUSTER_RESULT_FENCED;
    if (!x)
        return;
    if (tells && end->began >= x->first_seen) {
        bool failed = end->result != MUSTER_RESULT_SUCCESS;
        x->facts.failed = failed ? x->facts.failed | bit : x->facts.failed & ~bit;
        if (failed || end->mends)
            x->failures = failed ? x->failures + 1 : 0;
    }
    go_on(e, t, x, end->intent);
    escalate(e, t, x);
}

enum muster_look chain_look(const struct muster_enhanced *e, const struct muster_run *run)
{
    if (e->health.system == MUSTER_SYSTEM_UNKNOWN)
        return MUSTER_LOOK_UNKNOWN;
    if (e->health.system == MUSTER_SYSTEM_FAILED)
        return MUSTER_LOOK_PERSISTS;
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        const struct muster_anomaly *x = &e->anomaly[i];
        if (chain_is_taken(x) && strcmp(x->name, run->record.text) == 0)
            return x->last_seen > run->since ? MUSTER_LOOK_PERSISTS : MUSTER_LOOK_GONE;
    }
    /* It is over, unless it was one too many. */
    return e->crowded_out > run->record.began ? MUSTER_LOOK_UNKNOWN : MUSTER_LOOK_GONE;
}

void chain_describe(const struct muster_enhanced *e, struct muster_text *t)
{
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        const struct muster_anomaly *x = &e->anomaly[i];
        if (!chain_is_taken(x))
            continue;
        muster_text_add(t, " anomaly=");
        muster_text_add(t, x->name);
        muster_text_add(t, " step=");
        muster_text_add_u64(t, x->chain == MUSTER_CHAIN_RESTS ? 0 : x->step + 1);
    }
}
