/* SPDX-License-Identifier: Apache-2.0 */
/* recovery_policies: types of anomaly and their escalation chains. */
#include "config/edge.h"

#include <string.h>

#define THRESHOLD_PPM    800000 /* of a policy that names none */
#define PARAMS_DEPTH_MAX 8      /* a recording puts the config into a document of its own */

/* An action that a step names; 0 after a complaint. */
static uint32_t step_action(struct edge *e, const struct muster_doc *step)
{
    const char *known[MUSTER_ACTIONS_MAX + MUSTER_CORE_ACTIONS_MAX + 1] = {NULL};
    const struct muster_doc *node = edge_get(step, "action");
    struct muster_names actions = edge_actions(e);
    uint32_t n = 0, index;
    if (!node) {
        EDGE_ERROR(e, step->mark, "a step needs an 'action'");
        return 0;
    }
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "the name of an action", e->d) != 0)
        return 0;
    index = edge_action(e, node, node->text);
    if (index != MUSTER_NAME_NONE)
        return index;
    for (; n < actions.count; n++)
        known[n] = actions.at[n];
    for (const char *const *name = muster_core_actions(); *name; name++)
        known[n++] = *name;
    edge_unknown(e, node, "action", known, "; name it under 'recovery_actions'");
    return 0;
}

static void load_params(struct edge *e, const struct muster_doc *step, char *params)
{
    struct muster_text t;
    const struct muster_doc *node =
        edge_mapping(e, step, "params", "a mapping such as {channel: emergency}");
    if (!node)
        return;
    muster_text_init(&t, params, MUSTER_PARAMS_MAX + 1);
    if (edge_json(node, PARAMS_DEPTH_MAX, &t, e->d) == 0 && muster_text_is_cut(&t))
        EDGE_ERROR(e, node->mark, "the parameters are %zu bytes of JSON, at most %d are allowed",
                   t.length, MUSTER_PARAMS_MAX);
}

static void load_step(struct edge *e, const struct muster_doc *node)
{
    static const char *const keys[] = {"action", "condition", "params", "timeout", NULL};
    struct muster_enhanced_config *c = &e->c->enhanced;
    if (muster_doc_expect(node, MUSTER_NODE_MAPPING, "a step such as {action: alert_ground}",
                          e->d) != 0)
        return;
    if (c->step_count == MUSTER_POLICY_STEPS_MAX) {
        EDGE_ERROR(e, node->mark, "more than %d steps in all policies", MUSTER_POLICY_STEPS_MAX);
        return;
    }
    uint32_t index = c->step_count++;
    struct muster_policy_step *step = &c->step[index];
    muster_doc_keys(node, keys, e->d);
    step->action = step_action(e, node);
    edge_seconds(e, node, "timeout", 1, &step->timeout);
    load_params(e, node, step->params);
    e->step_condition[index] = edge_get(node, "condition");
}

/* Conditions may speak of the types that have a policy. */
static void add_type(struct edge *e, const char *type)
{
    struct muster_anomaly_types *types = &e->c->enhanced.types;
    size_t size = strlen(type);
    if (size > 6 && strcmp(type + size - 6, "_fault") == 0)
        memcpy(types->name[types->count++], type, size + 1);
}

static void load_policy(struct edge *e, const struct muster_doc *node)
{
    static const char *const keys[] = {"severity_threshold", "description", "escalation_chain",
                                       NULL};
    struct muster_enhanced_config *c = &e->c->enhanced;
    if (!edge_is_name(node->key)) {
        EDGE_ERROR(e, node->key_mark, "'%.40s' is no type of anomaly: 1 to 31 of a-z, 0-9 and _",
                   node->key);
        return;
    }
    if (c->policy_count == MUSTER_POLICIES_MAX) {
        EDGE_ERROR(e, node->key_mark, "more than %d policies", MUSTER_POLICIES_MAX);
        return;
    }
    if (muster_doc_expect(node, MUSTER_NODE_MAPPING, "a mapping such as {escalation_chain: […]}",
                          e->d) != 0)
        return;
    struct muster_policy *policy = &c->policy[c->policy_count++];
    memcpy(policy->type, node->key, strlen(node->key) + 1);
    policy->severity_threshold_ppm = THRESHOLD_PPM;
    policy->first = c->step_count;
    add_type(e, node->key);
    muster_doc_keys(node, keys, e->d);
    edge_share(e, node, "severity_threshold", MUSTER_PPM, &policy->severity_threshold_ppm);
    edge_note_idle(e, edge_get(node, "description"));
    const struct muster_doc *chain = edge_get(node, "escalation_chain");
    if (!chain)
        EDGE_ERROR(e, node->mark, "policy '%s' needs an 'escalation_chain'", node->key);
    else if (muster_doc_expect(chain, MUSTER_NODE_SEQUENCE, "a list of steps", e->d) == 0)
        for (const struct muster_doc *step = chain->first; step; step = step->next)
            load_step(e, step);
    policy->count = c->step_count - policy->first;
    if (chain && chain->kind == MUSTER_NODE_SEQUENCE && !chain->first)
        EDGE_ERROR(e, chain->mark, "policy '%s' needs at least one step", node->key);
}

void edge_policies(struct edge *e, const struct muster_doc *policies)
{
    _Static_assert(MUSTER_POLICIES_MAX <= MUSTER_ANOMALY_TYPES_MAX, "every policy is a type");
    if (!policies || muster_doc_is_null(policies) ||
        muster_doc_expect(policies, MUSTER_NODE_MAPPING,
                          "a mapping such as {power_fault: {escalation_chain: […]}}", e->d) != 0)
        return;
    for (const struct muster_doc *one = policies->first; one; one = one->next)
        load_policy(e, one);
}
