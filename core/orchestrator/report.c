/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of anomalies: their places, and what is decided about each: see enhanced.h. */
#include "core/notes.h"
#include "core/orchestrator/chain.h"

#include <string.h>

#define REPORT_MAX 240

/* ---- places ---- */

static uint32_t find_policy(const struct muster_enhanced_config *cfg, struct muster_bytes type)
{
    uint32_t other = MUSTER_POLICIES_MAX;
    for (uint32_t i = 0; i < cfg->policy_count; i++) {
        if (muster_text_equal(type, cfg->policy[i].type))
            return i;
        if (strcmp(cfg->policy[i].type, MUSTER_ANOMALY_UNKNOWN) == 0)
            other = i;
    }
    return other;
}

/* It is new, or was over: nothing is known of it yet. An action that still runs for it is waited
 * for. */
static void begin(struct muster_anomaly *x, muster_time now)
{
    x->first_seen = now;
    x->failures = x->beyond = 0;
    x->answer = MUSTER_NAME_NONE;
    muster_condition_facts_init(&x->facts);
    chain_unblock(&x->block);
    chain_unblock(&x->answer_block);
    if (x->chain == MUSTER_CHAIN_DUE)
        x->chain = MUSTER_CHAIN_RESTS;
}

static bool is_at_rest(const struct muster_anomaly *x)
{
    return x->chain == MUSTER_CHAIN_RESTS && x->answer == MUSTER_NAME_NONE;
}

/* Whether x is to give its place up rather than y. */
static bool gives_way(const struct muster_anomaly *x, const struct muster_anomaly *y)
{
    if (!chain_is_taken(x) || !chain_is_taken(y))
        return chain_is_taken(y);
    if (is_at_rest(x) != is_at_rest(y))
        return is_at_rest(x);
    return x->last_seen < y->last_seen;
}

/* Too many anomalies at a time: this one is forgotten, and what was left of its chain is told. */
static void crowd_out(struct muster_enhanced *e, struct muster_turn *t, struct muster_anomaly *x)
{
    uint32_t step = x->step + (x->chain == MUSTER_CHAIN_WAITS);
    e->crowded_out = t->now;
    if (x->chain == MUSTER_CHAIN_RESTS || step >= chain_policy(e, x)->count)
        return;
    struct muster_demand d =
        chain_demand(e, x, e->cfg->step[chain_policy(e, x)->first + step].action);
    d.remedy = "fewer anomalies at a time";
    chain_unblock(&x->block);
    muster_acting_refuse(&e->base.acting, t, &d, MUSTER_RESULT_CONDITION_NOT_MET, &x->block);
}

static struct muster_anomaly *place_of(struct muster_enhanced *e, struct muster_turn *t,
                                       struct muster_bytes type)
{
    struct muster_anomaly *place = &e->anomaly[0];
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++) {
        struct muster_anomaly *x = &e->anomaly[i];
        if (chain_is_taken(x) && muster_text_equal(type, x->name))
            return x;
        if (gives_way(x, place))
            place = x;
    }
    if (chain_is_active(e, place, t->now))
        crowd_out(e, t, place);
    memset(place, 0, sizeof *place);
    memcpy(place->name, type.at, type.size);
    place->policy = find_policy(e->cfg, type);
    place->type = muster_anomaly_type_find(&e->cfg->types, type);
    begin(place, t->now);
    return place;
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

/* A type goes into records and the history: nothing that could forge a line of those. */
static bool is_type(struct muster_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] <= ' ' || text.at[i] > '~' || text.at[i] == '"' || text.at[i] == '\\')
            return false;
    }
    return text.size > 0 && text.size <= MUSTER_NAME_MAX;
}

static struct report parse(struct muster_bytes text)
{
    struct report r = {.type = muster_text_bytes(MUSTER_ANOMALY_UNKNOWN),
                       .severity_ppm = MUSTER_FACT_UNKNOWN,
                       .confidence_ppm = MUSTER_FACT_UNKNOWN,
                       .recurrence = MUSTER_FACT_UNKNOWN};
    for (;;) {
        struct muster_bytes value = muster_text_token(&text), key;
        if (value.size == 0)
            return r;
        if (!muster_text_split(&value, '=', &key))
            continue;
        if (muster_text_equal(key, "type") && is_type(value))
            r.type = value;
        else if (muster_text_equal(key, "severity_ppm"))
            r.severity_ppm = number_of(value, MUSTER_PPM);
        else if (muster_text_equal(key, "confidence_ppm"))
            r.confidence_ppm = number_of(value, MUSTER_PPM);
        else if (muster_text_equal(key, "recurrence"))
            r.recurrence = number_of(value, UINT32_MAX - 1);
    }
}

/* What is decided about a report: by the phase-aware handler, which also counts how often the type
 * came; or it is left to the policy, if there is one. */
static struct muster_phase_decision decide(struct muster_enhanced *e, const struct muster_turn *t,
                                           struct muster_anomaly *x)
{
    struct muster_phase_decision d;
    muster_phase_handle(&e->phase, t->now, muster_text_bytes(x->name), &x->facts, &d);
    if (e->cfg->phases_decide)
        return d;
    d.decision = x->policy == MUSTER_POLICIES_MAX ? MUSTER_DECISION_NO_ACTION
                                                  : MUSTER_DECISION_CONTROLLED_ACTION;
    d.action = MUSTER_NAME_NONE;
    return d;
}

static void note_report(struct muster_enhanced *e, struct muster_turn *t,
                        const struct muster_anomaly *x, const struct muster_phase_decision *d)
{
    char text[REPORT_MAX];
    struct muster_text shown;
    bool left = d->decision == MUSTER_DECISION_CONTROLLED_ACTION && d->action == MUSTER_NAME_NONE;
    muster_text_init(&shown, text, sizeof text);
    muster_text_add(&shown, x->name);
    if (e->cfg->phases_decide) {
        muster_text_add(&shown, ": ");
        muster_phase_reason(&shown, &e->cfg->phases, d);
    }
    if (x->policy == MUSTER_POLICIES_MAX && (left || !e->cfg->phases_decide))
        muster_text_add(&shown, ": no policy speaks of it");
    else if (left)
        muster_text_add(&shown, ": left to its policy");
    muster_effects_note(t->out, MUSTER_NOTE_ANOMALY,
                        (const uint64_t[4]){d->decision, x->facts.severity_ppm,
                                            x->facts.confidence_ppm, x->facts.recurrence_count},
                        text);
}

/* The chain is not taken up: why, for the step that would have been its first. */
static void refuse(struct muster_enhanced *e, struct muster_turn *t, struct muster_anomaly *x,
                   const char *remedy)
{
    const struct muster_policy *p = chain_policy(e, x);
    struct muster_demand d = chain_demand(e, x, e->cfg->step[p->first].action);
    d.remedy = remedy;
    muster_acting_refuse(&e->base.acting, t, &d, MUSTER_RESULT_CONDITION_NOT_MET, &x->block);
}

static void take_up(struct muster_enhanced *e, struct muster_turn *t, struct muster_anomaly *x)
{
    uint32_t severity = x->facts.severity_ppm;
    if (severity == MUSTER_FACT_UNKNOWN || severity < chain_policy(e, x)->severity_threshold_ppm) {
        refuse(e, t, x, "a severity of at least the policy's threshold");
        return;
    }
    x->chain = MUSTER_CHAIN_DUE;
    x->step = 0;
    x->phase = e->phase.current;
    x->due = t->now;
    chain_unblock(&x->block);
}

void chain_report(struct muster_enhanced *e, struct muster_turn *t, struct muster_bytes text)
{
    struct report r = parse(text);
    struct muster_anomaly *x = place_of(e, t, r.type);
    if (!chain_is_active(e, x, t->now))
        begin(x, t->now);
    x->last_seen = t->now;
    x->facts.severity_ppm = r.severity_ppm;
    x->facts.confidence_ppm = r.confidence_ppm;
    x->facts.recurrence_count = r.recurrence;
    (void)chain_facts(e, x, t->now);
    struct muster_phase_decision d = decide(e, t, x);
    note_report(e, t, x, &d);
    bool has_chain = x->policy != MUSTER_POLICIES_MAX && chain_policy(e, x)->count > 0;
    if (d.action != MUSTER_NAME_NONE)
        chain_answer(e, t, x, d.action, d.decision);
    else if (!has_chain || x->chain != MUSTER_CHAIN_RESTS)
        return; /* to a chain under way it brings newer facts */
    else if (d.decision == MUSTER_DECISION_CONTROLLED_ACTION)
        take_up(e, t, x);
    else
        refuse(e, t, x, "another decision of the phase-aware handler");
}
