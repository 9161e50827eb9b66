/* SPDX-License-Identifier: Apache-2.0 */
/* The enhanced orchestrator's part of a written config: see core_config.h. */
#include "config/edge.h"

#include <assert.h>
#include <string.h>

static void put_boolean(struct muster_text *t, const char *key, bool value)
{
    muster_text_add(t, ", ");
    muster_text_add(t, key);
    muster_text_add(t, value ? ": true" : ": false");
}

/* JSON as it is, but with ${ as $${ in the values: what loads a config replaces variables there,
 * and leaves keys alone. */
static void put_json(struct muster_text *t, const char *json)
{
    while (*json) {
        size_t size = 1;
        if (*json != '"') {
            muster_text_add_bytes(t, (struct muster_bytes){(const uint8_t *)json, 1});
            json++;
            continue;
        }
        while (json[size] != '"')
            size += json[size] == '\\' ? 2 : 1;
        size++;
        bool key = json[size] == ':';
        for (const char *end = json + size; json < end; json++) {
            if (!key && json[0] == '$' && json[1] == '{')
                muster_text_add(t, "$");
            muster_text_add_bytes(t, (struct muster_bytes){(const uint8_t *)json, 1});
        }
    }
}

static void put_string(struct muster_text *t, const char *text)
{
    char json[6 * MUSTER_PHASE_JUSTIFICATION_MAX + 3];
    struct muster_text string;
    muster_text_init(&string, json, sizeof json);
    bool good = edge_json_string(&string, text);
    assert(good && !muster_text_is_cut(&string)); /* it was looked at when it was loaded */
    (void)good;
    put_json(t, json);
}

/* ---- policies ---- */

struct writer {
    struct muster_text *t;
    const struct muster_config *core;
    const struct muster_enhanced_config *c;
    const char *action[MUSTER_ACTIONS_MAX];
    struct muster_anomaly_types types;
};

static void put_condition(const struct writer *w, const struct muster_condition *condition)
{
    struct muster_anomaly_types types = w->types;
    const struct muster_condition_names names = {{w->action, w->core->recovery.action_count},
                                                 &types,
                                                 false};
    muster_text_add(w->t, ", condition: \"");
    muster_condition_write(condition, &names, w->t); /* its words need no escapes */
    muster_text_add(w->t, "\"");
}

static void put_step(const struct writer *w, const struct muster_policy_step *step)
{
    muster_text_add(w->t, "{action: ");
    muster_text_add(w->t, w->action[step->action]);
    put_condition(w, &step->condition);
    if (step->params[0]) {
        muster_text_add(w->t, ", params: ");
        put_json(w->t, step->params);
    }
    if (step->timeout > 0)
        edge_put(w->t, "timeout", step->timeout, "ns");
    muster_text_add(w->t, "}");
}

static void put_policies(const struct writer *w)
{
    muster_text_add(w->t, ", recovery_policies: {");
    for (uint32_t i = 0; i < w->c->policy_count; i++) {
        const struct muster_policy *p = &w->c->policy[i];
        muster_text_add(w->t, i > 0 ? ", " : "");
        muster_text_add(w->t, p->type);
        muster_text_add(w->t, ": {severity_threshold: ");
        muster_text_add_u64(w->t, p->severity_threshold_ppm);
        muster_text_add(w->t, "ppm, escalation_chain: [");
        for (uint32_t k = 0; k < p->count; k++) {
            muster_text_add(w->t, k > 0 ? ", " : "");
            put_step(w, &w->c->step[p->first + k]);
        }
        muster_text_add(w->t, "]}");
    }
    muster_text_add(w->t, "}");
}

/* ---- phases ---- */

static void put_list(const struct writer *w, const char *key, uint64_t actions)
{
    const char *between = "";
    muster_text_add(w->t, key);
    for (uint32_t i = 0; i < w->core->recovery.action_count; i++) {
        if (!(actions >> i & 1))
            continue;
        muster_text_add(w->t, between);
        muster_text_add(w->t, w->action[i]);
        between = ", ";
    }
}

static void put_rule(const struct writer *w, const struct muster_phase_rule *rule)
{
    muster_text_add(w->t, "{action: ");
    muster_text_add(w->t, rule->response.ends ? "NO_ESCALATION" : w->action[rule->response.action]);
    put_condition(w, &rule->condition);
    if (rule->justification[0]) {
        muster_text_add(w->t, ", justification: ");
        put_string(w->t, rule->justification);
    }
    muster_text_add(w->t, "}");
}

static void put_phase(const struct writer *w, uint32_t index)
{
    const struct muster_phase_policy *p = &w->c->phases.phase[index];
    const char *between = "";
    muster_text_add(w->t, p->name);
    put_list(w, ": {allowed_actions: [", p->allowed);
    put_list(w, "], forbidden_actions: [", p->forbidden);
    muster_text_add(w->t, "], severity_thresholds: {");
    for (uint32_t i = 0; i < MUSTER_LEVEL_COUNT; i++) {
        muster_text_add(w->t, i > 0 ? ", " : "");
        muster_text_add(w->t, muster_level_text(i));
        muster_text_add(w->t, ": ");
        muster_text_add(w->t, muster_decision_text(p->decision[i]));
    }
    muster_text_add(w->t, "}, escalation_rules: [");
    for (uint32_t i = 0; i < w->c->phases.rule_count; i++) {
        if (w->c->phases.rule[i].phase != index)
            continue;
        muster_text_add(w->t, between);
        put_rule(w, &w->c->phases.rule[i]);
        between = ", ";
    }
    muster_text_add(w->t, "]}");
}

/* Phases that do not decide are those of SPEC 1 and stay unsaid, but for what may follow. */
static void put_phases(const struct writer *w)
{
    const struct muster_phase_config *c = &w->c->phases;
    for (uint32_t i = 0; i < c->phase_count && w->c->phases_decide; i++) {
        muster_text_add(w->t, i > 0 ? ", " : ", phases: {");
        put_phase(w, i);
    }
    muster_text_add(w->t, w->c->phases_decide ? "}, transitions: {" : ", transitions: {");
    for (uint32_t i = 0; i < c->phase_count; i++) {
        const char *between = "";
        muster_text_add(w->t, i > 0 ? ", " : "");
        muster_text_add(w->t, c->phase[i].name);
        muster_text_add(w->t, ": [");
        for (uint32_t k = 0; k < c->phase_count; k++) {
            if (!(c->phase[i].next >> k & 1))
                continue;
            muster_text_add(w->t, between);
            muster_text_add(w->t, c->phase[k].name);
            between = ", ";
        }
        muster_text_add(w->t, "]");
    }
    muster_text_add(w->t, "}, initial_phase: ");
    muster_text_add(w->t, c->phase[c->initial].name);
    muster_text_add(w->t, ", global: {default_action: ");
    muster_text_add(w->t, muster_decision_text(c->default_decision));
    edge_put(w->t, "min_confidence_for_action", c->min_confidence_for_action_ppm, "ppm");
    edge_put(w->t, "min_confidence_for_escalation", c->min_confidence_for_escalation_ppm, "ppm");
    edge_put(w->t, "recurrence_window_seconds", c->recurrence_window, "ns");
    muster_text_add(w->t, "}");
}

/* ---- the rest ---- */

static void put_advanced(struct muster_text *t, const struct muster_enhanced_config *c)
{
    const struct muster_acting_options *a = &c->acting;
    muster_text_add(t, ", advanced: {max_concurrent_actions: ");
    muster_text_add_u64(t, a->concurrent_max);
    edge_put(t, "action_timeout_multiplier", a->timeout_ppm, "ppm");
    put_boolean(t, "verify_recovery_success", a->verify_delay > 0);
    if (a->verify_delay > 0)
        edge_put(t, "verification_delay_seconds", a->verify_delay, "ns");
    edge_put(t, "max_verification_attempts", a->verify_attempts, "");
    put_boolean(t, "auto_escalate_on_failure", c->auto_escalate);
    edge_put(t, "escalation_failure_threshold", c->escalation_failure_threshold, "");
    edge_put(t, "max_actions_per_hour", a->limits.max_actions_per_hour, "");
    edge_put(t, "max_safe_mode_entries_per_day", a->limits.max_safe_mode_entries_per_day, "");
    edge_put(t, "anomaly_active_seconds", c->active_for, "ns");
    muster_text_add(t, "}");
    if (!a->bounded)
        return;
    muster_text_add(t, ", blast_radius: {share: ");
    muster_text_add_u64(t, a->blast.share_ppm);
    muster_text_add(t, "ppm");
    edge_put(t, "min_healthy", a->blast.healthy_min, "");
    edge_put(t, "min_healthy_share", a->blast.healthy_min_ppm, "ppm");
    edge_put(t, "clear_after", a->blast.clear_after, "ns");
    muster_text_add(t, "}");
}

void edge_put_restrictions(struct muster_text *t, const struct muster_enhanced_config *c,
                           uint32_t action)
{
    bool any = false;
    for (uint32_t i = 0; i < c->phases.phase_count; i++) {
        if (!(c->restricted[i] >> action & 1))
            continue;
        muster_text_add(t, any ? ", " : ", phase_restrictions: {");
        muster_text_add(t, c->phases.phase[i].name);
        muster_text_add(t, ": false");
        any = true;
    }
    muster_text_add(t, any ? "}" : "");
}

void edge_put_enhanced(struct muster_text *t, const struct muster_config *core)
{
    struct writer w = {.t = t, .core = core, .c = core->enhanced, .types = core->enhanced->types};
    for (uint32_t i = 0; i < core->recovery.action_count; i++)
        w.action[i] = core->recovery.action[i].name;
    muster_text_add(t, ", orchestrator: enhanced");
    put_boolean(t, "dry_run_mode", w.c->dry_run);
    put_policies(&w);
    put_phases(&w);
    put_advanced(t, w.c);
    edge_put_attempts(t, &w.c->acting);
}
