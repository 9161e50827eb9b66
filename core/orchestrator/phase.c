/* SPDX-License-Identifier: Apache-2.0 */
/* Mission phases: see phase.h. */
#include "core/orchestrator/phase.h"

#include <assert.h>

bool muster_phase_may_follow(const struct muster_phase_config *c, uint32_t from, uint32_t to)
{
    assert(from < c->phase_count);
    return to < c->phase_count && (c->phase[from].next >> to & 1) != 0;
}

enum muster_permission muster_phase_permission(const struct muster_phase_config *c, uint32_t phase,
                                               uint32_t action)
{
    assert(phase < c->phase_count);
    assert(action < MUSTER_PHASE_ACTIONS_MAX);
    if (c->phase[phase].forbidden >> action & 1)
        return MUSTER_PERMISSION_FORBIDDEN;
    return c->phase[phase].allowed >> action & 1 ? MUSTER_PERMISSION_ALLOWED
                                                 : MUSTER_PERMISSION_UNLISTED;
}

/* ---- decisions ---- */

static bool forbids(const struct muster_phase_config *c, uint32_t phase, uint32_t action)
{
    return action != MUSTER_NAME_NONE &&
           muster_phase_permission(c, phase, action) == MUSTER_PERMISSION_FORBIDDEN;
}

/* A value that is unknown is below every minimum. */
static bool is_confident(uint32_t confidence_ppm, uint32_t minimum_ppm)
{
    return confidence_ppm != MUSTER_FACT_UNKNOWN && confidence_ppm >= minimum_ppm;
}

/* What the phase answers to a class of severity that must not escalate. */
static enum muster_decision answer_below(const struct muster_phase_policy *p,
                                         enum muster_level level)
{
    for (uint32_t i = level; i-- > 0;) {
        if (p->decision[i] != MUSTER_DECISION_ESCALATE_SAFE_MODE)
            return p->decision[i];
    }
    return MUSTER_DECISION_ALERT_OPERATORS;
}

/* A decision is called for that is not to be taken. */
static void hold_back(struct muster_phase_decision *d, enum muster_decision wanted,
                      enum muster_phase_hold hold)
{
    if (wanted < d->wanted)
        return;
    d->wanted = wanted;
    d->hold = hold;
}

/* The decision by class of severity, before any rule. */
static void decide_by_severity(const struct muster_phase_config *c, bool may_escalate,
                               struct muster_phase_decision *d)
{
    const struct muster_phase_policy *p = &c->phase[d->phase];
    bool known = d->severity_ppm != MUSTER_FACT_UNKNOWN;
    enum muster_level level = known ? muster_level_of(d->severity_ppm) : MUSTER_LEVEL_LOW;
    d->cause = known ? MUSTER_PHASE_BY_SEVERITY : MUSTER_PHASE_BY_DEFAULT;
    d->decision = known ? p->decision[level] : c->default_decision;
    if (d->decision == MUSTER_DECISION_ESCALATE_SAFE_MODE) {
        if (!may_escalate)
            hold_back(d, d->decision, MUSTER_PHASE_HELD_BY_CONFIDENCE);
        else if (forbids(c, d->phase, c->action_of[d->decision]))
            hold_back(d, d->decision, MUSTER_PHASE_HELD_BY_LIST);
        if (d->hold != MUSTER_PHASE_NOT_HELD)
            d->decision = answer_below(p, level);
    }
    while (forbids(c, d->phase, c->action_of[d->decision])) {
        hold_back(d, d->decision, MUSTER_PHASE_HELD_BY_LIST);
        d->decision--;
    }
    d->action = c->action_of[d->decision];
}

/* A rule holds: it makes the decision stronger. One as strong as the class of severity is preferred
 * to it, because it tells more. */
static void apply_rule(const struct muster_phase_config *c, uint32_t rule, bool may_escalate,
                       struct muster_phase_decision *d)
{
    const struct muster_response *response = &c->rule[rule].response;
    bool by_rule = d->cause == MUSTER_PHASE_BY_RULE;
    if (response->decision < d->decision || (response->decision == d->decision && by_rule))
        return;
    if (!may_escalate) {
        hold_back(d, response->decision, MUSTER_PHASE_HELD_BY_CONFIDENCE);
    } else if (forbids(c, d->phase, response->action)) {
        hold_back(d, response->decision, MUSTER_PHASE_HELD_BY_LIST);
    } else {
        d->decision = response->decision;
        d->action = response->action;
        d->cause = MUSTER_PHASE_BY_RULE;
        d->rule = rule;
    }
}

static void ask_rules(const struct muster_phase_config *c,
                      const struct muster_condition_facts *facts, bool may_escalate,
                      struct muster_phase_decision *d)
{
    assert(c->rule_count <= MUSTER_PHASE_RULES_MAX);
    for (uint32_t i = 0; i < c->rule_count && d->end_rule == MUSTER_PHASE_RULES_MAX; i++) {
        const struct muster_phase_rule *rule = &c->rule[i];
        if (rule->phase != d->phase || !muster_condition_holds(&rule->condition, facts))
            continue;
        if (rule->response.ends)
            d->end_rule = i;
        else
            apply_rule(c, i, may_escalate, d);
    }
}

void muster_phase_decide(const struct muster_phase_config *c, uint32_t phase,
                         const struct muster_condition_facts *facts,
                         struct muster_phase_decision *ret_decision)
{
    struct muster_phase_decision d = {
        .decision = MUSTER_DECISION_NO_ACTION,
        .cause = MUSTER_PHASE_BY_CONFIDENCE,
        .action = MUSTER_NAME_NONE,
        .phase = phase,
        .rule = MUSTER_PHASE_RULES_MAX,
        .end_rule = MUSTER_PHASE_RULES_MAX,
        .severity_ppm = facts->severity_ppm,
        .confidence_ppm = facts->confidence_ppm,
        .recurrence_count = facts->recurrence_count,
    };
    assert(phase < c->phase_count);
    if (is_confident(d.confidence_ppm, c->min_confidence_for_action_ppm)) {
        bool may_escalate = is_confident(d.confidence_ppm, c->min_confidence_for_escalation_ppm);
        decide_by_severity(c, may_escalate, &d);
        ask_rules(c, facts, may_escalate, &d);
        if (d.decision >= d.wanted)
            d.hold = MUSTER_PHASE_NOT_HELD;
    }
    *ret_decision = d;
}

/* ---- reasons ---- */

/* Parts per million as a decimal: "0.95", "1". */
static void add_share(struct muster_text *t, uint32_t ppm)
{
    uint32_t rest = ppm % MUSTER_PPM;
    muster_text_add_u64(t, ppm / MUSTER_PPM);
    muster_text_add(t, rest > 0 ? "." : "");
    for (uint32_t unit = MUSTER_PPM / 10; rest > 0; unit /= 10) {
        muster_text_add_u64(t, rest / unit);
        rest %= unit;
    }
}

static void add_facts(struct muster_text *t, const struct muster_phase_config *c,
                      const struct muster_phase_decision *d)
{
    if (d->severity_ppm == MUSTER_FACT_UNKNOWN) {
        muster_text_add(t, "severity unknown");
    } else {
        muster_text_add(t, "severity ");
        add_share(t, d->severity_ppm);
        muster_text_add(t, " (");
        muster_text_add(t, muster_level_text(muster_level_of(d->severity_ppm)));
        muster_text_add(t, ")");
    }
    muster_text_add(t, ", confidence ");
    if (d->confidence_ppm == MUSTER_FACT_UNKNOWN)
        muster_text_add(t, "unknown");
    else
        add_share(t, d->confidence_ppm);
    if (d->recurrence_count != MUSTER_FACT_UNKNOWN) {
        muster_text_add(t, ", ");
        muster_text_add_u64(t, d->recurrence_count);
        muster_text_add(t, " within ");
        muster_text_add_duration(t, c->recurrence_window);
    }
    muster_text_add(t, ", in ");
    muster_text_add(t, c->phase[d->phase].name);
}

/* "rule 2 (why)", counted from 1 within its phase. */
static void add_rule(struct muster_text *t, const struct muster_phase_config *c, uint32_t rule)
{
    uint32_t number = 1;
    assert(rule < c->rule_count);
    for (uint32_t i = 0; i < rule; i++)
        number += c->rule[i].phase == c->rule[rule].phase;
    muster_text_add(t, "rule ");
    muster_text_add_u64(t, number);
    if (c->rule[rule].justification[0]) {
        muster_text_add(t, " (");
        muster_text_add(t, c->rule[rule].justification);
        muster_text_add(t, ")");
    }
}

static void add_cause(struct muster_text *t, const struct muster_phase_config *c,
                      const struct muster_phase_decision *d)
{
    switch (d->cause) {
    case MUSTER_PHASE_BY_CONFIDENCE:
        muster_text_add(t, " because confidence is not at least ");
        add_share(t, c->min_confidence_for_action_ppm);
        break;
    case MUSTER_PHASE_BY_SEVERITY:
        muster_text_add(t, " by severity");
        break;
    case MUSTER_PHASE_BY_DEFAULT:
        muster_text_add(t, " by default");
        break;
    case MUSTER_PHASE_BY_RULE:
        muster_text_add(t, " by ");
        add_rule(t, c, d->rule);
        break;
    }
}

void muster_phase_reason(struct muster_text *t, const struct muster_phase_config *c,
                         const struct muster_phase_decision *d)
{
    assert(d->phase < c->phase_count);
    add_facts(t, c, d);
    muster_text_add(t, ": ");
    muster_text_add(t, muster_decision_text(d->decision));
    add_cause(t, c, d);
    if (d->hold != MUSTER_PHASE_NOT_HELD) {
        muster_text_add(t, ", not ");
        muster_text_add(t, muster_decision_text(d->wanted));
        muster_text_add(t, " because ");
    }
    if (d->hold == MUSTER_PHASE_HELD_BY_CONFIDENCE) {
        muster_text_add(t, "confidence is not at least ");
        add_share(t, c->min_confidence_for_escalation_ppm);
    } else if (d->hold == MUSTER_PHASE_HELD_BY_LIST) {
        muster_text_add(t, "the phase forbids it");
    }
    if (d->end_rule != MUSTER_PHASE_RULES_MAX) {
        muster_text_add(t, ", no further rules by ");
        add_rule(t, c, d->end_rule);
    }
}

/* ---- the phase a node is in ---- */

void muster_phase_init(struct muster_phase *p, const struct muster_phase_config *cfg,
                       muster_time now)
{
    assert(cfg->initial < cfg->phase_count);
    memset(p, 0, sizeof *p);
    p->cfg = cfg;
    p->since = now;
    p->current = cfg->initial;
    muster_recurrence_init(&p->recurrence);
}

int muster_phase_enter(struct muster_phase *p, muster_time now, uint32_t to)
{
    if (to == p->current)
        return 0;
    if (!muster_phase_may_follow(p->cfg, p->current, to))
        return MUSTER_E_INVALID;
    p->current = to;
    p->since = now;
    return 0;
}

void muster_phase_handle(struct muster_phase *p, muster_time now, struct muster_bytes type,
                         struct muster_condition_facts *facts,
                         struct muster_phase_decision *ret_decision)
{
    uint32_t count = muster_recurrence_add(&p->recurrence, now, p->cfg->recurrence_window, type);
    uint32_t reported = facts->recurrence_count;
    if (reported == MUSTER_FACT_UNKNOWN || reported < count)
        facts->recurrence_count = count;
    muster_phase_decide(p->cfg, p->current, facts, ret_decision);
}
