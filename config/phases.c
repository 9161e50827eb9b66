/* SPDX-License-Identifier: Apache-2.0 */
/* phases, transitions, responses: what a mission phase allows, and how it answers anomalies. */
#include "config/edge.h"

#include <assert.h>
#include <string.h>

static const char *const decision_words[] = {
#define X(name) #name,
    MUSTER_DECISIONS(X)
#undef X
        NULL,
};

/* Words of the origin that stand for no action unless `responses` says for which. */
static const char *const open_words[] = {
    "DEPLOY_SOLAR_PANELS",     "FIRE_THRUSTERS",    "PAYLOAD_OPERATIONS",
    "HIGH_POWER_TRANSMISSION", "ISOLATE_SUBSYSTEM", NULL,
};

static bool is_open_word(const char *word)
{
    const char *const *open = open_words;
    while (*open && strcmp(*open, word) != 0)
        open++;
    return *open != NULL;
}

/* ---- responses ---- */

void edge_responses(struct edge *e, const struct muster_doc *root)
{
    const struct muster_doc *responses =
        edge_mapping(e, root, "responses",
                     "a mapping such as {ISOLATE_SUBSYSTEM: circuit_restart}");
    struct muster_names actions = edge_actions(e);
    const char *known[MUSTER_ACTIONS_MAX + 1] = {NULL};
    memcpy(known, actions.at, actions.count * sizeof *known);
    for (const struct muster_doc *one = responses ? responses->first : NULL; one; one = one->next) {
        size_t size = strlen(one->key);
        if (size == 0 || size > MUSTER_NAME_MAX ||
            strspn(one->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != size) {
            EDGE_ERROR(e, one->key_mark, "'%.40s' is no response: 1 to 31 of A-Z, 0-9 and _",
                       one->key);
            continue;
        }
        if (muster_doc_expect(one, MUSTER_NODE_SCALAR, "the name of an action", e->d) != 0)
            continue;
        if (edge_action(e, one, one->text) == MUSTER_NAME_NONE) {
            edge_unknown(e, one, "action", known, "; name it under 'recovery_actions'");
            continue;
        }
        if (muster_responses_map(&e->responses, muster_text_bytes(one->key),
                                 muster_text_bytes(one->text)) != 0)
            EDGE_ERROR(e, one->key_mark, "more than %d responses", MUSTER_RESPONSES_MAX);
    }
}

static void complain_of_response(struct edge *e, const struct muster_doc *node)
{
    const char *words[MUSTER_RESPONSES_MAX + MUSTER_ACTIONS_MAX + 8];
    const struct muster_names actions = edge_actions(e);
    uint32_t n = 0;
    for (; n < e->responses.count; n++)
        words[n] = e->responses.word[n];
    for (uint32_t i = 0; i < actions.count; i++)
        words[n++] = actions.at[i];
    for (const char *const *open = open_words; *open; open++)
        words[n++] = *open;
    words[n++] = "NO_ESCALATION";
    words[n] = NULL;
    assert(n < sizeof words / sizeof *words);
    edge_unknown(e, node, "response", words, "; map it under 'responses'");
}

/* What a word comes to; its action is added when it is one of SPEC 1's. Errors:
 * MUSTER_E_NOTFOUND. */
static int read_response(struct edge *e, const struct muster_doc *node,
                         struct muster_response *ret_response)
{
    struct muster_bytes word = muster_text_bytes(node->text);
    const char *action = node->text;
    for (uint32_t i = 0; i < e->responses.count; i++) {
        if (muster_text_equal(word, e->responses.word[i]))
            action = e->responses.action[i];
    }
    if (strcmp(action, "NO_ESCALATION") != 0)
        (void)edge_action(e, node, action);
    const struct muster_names actions = edge_actions(e);
    int error = muster_responses_read(&e->responses, word, &actions, ret_response);
    assert(error != MUSTER_E_INVALID || e->d->errors > 0); /* what it stands for is configured */
    return error;
}

/* ---- one phase ---- */

/* Once: a list that forbids what nothing does is right as it stands. */
static void note_open_word(struct edge *e, const struct muster_doc *node)
{
    if (edge_is_new(e, node->text))
        muster_complain(e->d, MUSTER_SEVERITY_NOTE, node->mark,
                        "'%s' stands for no action here; 'responses' can map it", node->text);
}

/* A list of responses, as bits of their actions. */
static uint64_t load_list(struct edge *e, const struct muster_doc *phase, const char *key)
{
    uint64_t bits = 0;
    struct muster_response response;
    const struct muster_doc *list = edge_get(phase, key);
    if (!list || muster_doc_expect(list, MUSTER_NODE_SEQUENCE, "a list of responses", e->d) != 0)
        return 0;
    for (const struct muster_doc *one = list->first; one; one = one->next) {
        if (muster_doc_expect(one, MUSTER_NODE_SCALAR, "a response", e->d) != 0)
            continue;
        if (read_response(e, one, &response) != 0) {
            if (is_open_word(one->text))
                note_open_word(e, one);
            else
                complain_of_response(e, one);
        } else if (response.action == MUSTER_NAME_NONE) {
            EDGE_ERROR(e, one->mark, "'%s' ends rules, it is no action", one->text);
        } else {
            bits |= UINT64_C(1) << response.action;
        }
    }
    return bits;
}

static void load_thresholds(struct edge *e, const struct muster_doc *phase,
                            struct muster_phase_policy *policy)
{
    static const char *const levels[] = {
#define X(name) #name,
        MUSTER_LEVELS(X)
#undef X
            NULL,
    };
    const struct muster_doc *thresholds =
        edge_mapping(e, phase, "severity_thresholds",
                     "a mapping such as {CRITICAL: ESCALATE_SAFE_MODE}");
    if (!thresholds)
        return;
    muster_doc_keys(thresholds, levels, e->d);
    for (uint32_t i = 0; i < MUSTER_LEVEL_COUNT; i++) {
        uint32_t word = 0;
        const struct muster_doc *node = edge_get(thresholds, levels[i]);
        if (node && muster_doc_word(node, decision_words, &word, e->d) == 0)
            policy->decision[i] = (enum muster_decision)word;
    }
}

static void load_rule_action(struct edge *e, const struct muster_doc *node,
                             struct muster_response *response)
{
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a response", e->d) != 0)
        return;
    if (read_response(e, node, response) == 0)
        return;
    if (is_open_word(node->text))
        EDGE_ERROR(e, node->mark, "'%s' stands for no action here; map it under 'responses'",
                   node->text);
    else
        complain_of_response(e, node);
}

static void load_rule(struct edge *e, const struct muster_doc *node, uint32_t phase)
{
    static const char *const keys[] = {"condition", "action", "justification", NULL};
    struct muster_phase_config *c = &e->c->enhanced.phases;
    if (muster_doc_expect(node, MUSTER_NODE_MAPPING,
                          "a rule such as {condition: always, action: NO_ESCALATION}", e->d) != 0)
        return;
    if (c->rule_count == MUSTER_PHASE_RULES_MAX) {
        EDGE_ERROR(e, node->mark, "more than %d rules in all phases", MUSTER_PHASE_RULES_MAX);
        return;
    }
    uint32_t index = c->rule_count++;
    struct muster_phase_rule *rule = &c->rule[index];
    struct muster_text unseen = {0};
    const struct muster_doc *condition = edge_get(node, "condition"),
                            *action = edge_get(node, "action"),
                            *why = edge_get(node, "justification");
    muster_doc_keys(node, keys, e->d);
    rule->phase = phase;
    e->rule_condition[index] = condition;
    if (!condition)
        EDGE_ERROR(e, node->mark, "a rule needs a 'condition'");
    if (!action)
        EDGE_ERROR(e, node->mark, "a rule needs an 'action'");
    else
        load_rule_action(e, action, &rule->response);
    if (why && muster_doc_text(why, rule->justification, sizeof rule->justification, e->d) == 0 &&
        !edge_json_string(&unseen, why->text))
        EDGE_ERROR(e, why->mark, "'%.60s' is no UTF-8", why->text);
}

static void load_phase(struct edge *e, const struct muster_doc *node, uint32_t index)
{
    static const char *const keys[] = {
        "description",
        "allowed_actions",
        "forbidden_actions",
        "severity_thresholds",
        "threshold_multiplier",
        "escalation_rules",
        NULL,
    };
    struct muster_phase_policy *p = &e->c->enhanced.phases.phase[index];
    if (muster_doc_is_null(node) ||
        muster_doc_expect(node, MUSTER_NODE_MAPPING,
                          "a mapping such as {forbidden_actions: [STABILIZATION]}", e->d) != 0)
        return;
    muster_doc_keys(node, keys, e->d);
    p->allowed = load_list(e, node, "allowed_actions");
    p->forbidden = load_list(e, node, "forbidden_actions");
    const struct muster_names actions = edge_actions(e);
    for (uint32_t i = 0; i < actions.count; i++) {
        if (p->allowed & p->forbidden & UINT64_C(1) << i)
            EDGE_WARNING(e, node->key_mark,
                         "phase '%s' both allows and forbids '%s': it is forbidden", p->name,
                         actions.at[i]);
    }
    load_thresholds(e, node, p);
    const struct muster_doc *rules = edge_get(node, "escalation_rules");
    if (rules && muster_doc_expect(rules, MUSTER_NODE_SEQUENCE, "a list of rules", e->d) == 0)
        for (const struct muster_doc *rule = rules->first; rule; rule = rule->next)
            load_rule(e, rule, index);
    edge_note_idle(e, edge_get(node, "description"));
    edge_note_idle(e, edge_get(node, "threshold_multiplier"));
}

/* ---- the table ---- */

/* The names of the phases, for suggestions. */
static const char *const *phase_names(struct edge *e, const char *room[MUSTER_PHASES_MAX + 1])
{
    const struct muster_phase_config *c = &e->c->enhanced.phases;
    for (uint32_t i = 0; i < c->phase_count; i++)
        room[i] = c->phase[i].name;
    room[c->phase_count] = NULL;
    return room;
}

/* The phase that a text names; MUSTER_NAME_NONE after a complaint. */
static uint32_t find_phase(struct edge *e, const char *name, struct muster_mark mark)
{
    const char *room[MUSTER_PHASES_MAX + 1];
    uint32_t index = muster_phase_find(&e->c->enhanced.phases, muster_text_bytes(name));
    const struct muster_doc node = {.text = name, .mark = mark};
    if (index == MUSTER_NAME_NONE) {
        char words[150];
        edge_list(phase_names(e, room), words, sizeof words);
        edge_unknown(e, &node, "phase", room, words);
    }
    return index;
}

/* A new phase, as SPEC 1 has the one of that name, else with every class answered by the default;
 * false after a complaint. */
static bool add_phase(struct edge *e, const struct muster_doc *node,
                      const struct muster_phase_config *defaults)
{
    struct muster_phase_config *c = &e->c->enhanced.phases;
    struct muster_bytes name = muster_text_bytes(node->key);
    uint32_t index, known = muster_phase_find(defaults, name);
    if (name.size == 0 || name.size > MUSTER_NAME_MAX ||
        strspn(node->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") !=
            name.size) {
        EDGE_ERROR(e, node->key_mark,
                   "'%.40s' is no name of a phase: 1 to 31 letters, digits and '_'", node->key);
        return false;
    }
    if (muster_phase_config_add(c, name, &index) != 0) {
        EDGE_ERROR(e, node->key_mark, "more than %d phases", MUSTER_PHASES_MAX);
        return false;
    }
    if (known != MUSTER_NAME_NONE)
        memcpy(c->phase[index].decision, defaults->phase[known].decision,
               sizeof c->phase[index].decision);
    return true;
}

/* The transitions that hold unless the file says otherwise. */
static void bind_transitions(struct muster_phase_config *c,
                             const struct muster_phase_config *defaults)
{
    for (uint32_t from = 0; from < c->phase_count; from++) {
        const char *name = c->phase[from].name;
        uint32_t known_from = muster_phase_find(defaults, muster_text_bytes(name));
        for (uint32_t to = 0; to < c->phase_count; to++) {
            const char *next = c->phase[to].name;
            uint32_t known_to = muster_phase_find(defaults, muster_text_bytes(next));
            bool both = known_from != MUSTER_NAME_NONE && known_to != MUSTER_NAME_NONE;
            if ((both && muster_phase_may_follow(defaults, known_from, known_to)) ||
                (strcmp(next, "SAFE_MODE") == 0 && to != from))
                c->phase[from].next |= UINT32_C(1) << to;
        }
    }
}

static void load_phases(struct edge *e, const struct muster_doc *phases)
{
    struct muster_phase_config *c = &e->c->enhanced.phases;
    const struct muster_phase_config defaults = *c;
    if (muster_doc_expect(phases, MUSTER_NODE_MAPPING,
                          "a mapping such as {LAUNCH: {allowed_actions: [LOG_EVENT]}}", e->d) != 0)
        return;
    if (!phases->first) {
        EDGE_ERROR(e, phases->mark, "'phases' needs at least one phase");
        return;
    }
    e->c->enhanced.phases_decide = true;
    memset(c->phase, 0, sizeof c->phase);
    c->phase_count = 0;
    for (const struct muster_doc *one = phases->first; one; one = one->next)
        if (add_phase(e, one, &defaults))
            load_phase(e, one, c->phase_count - 1);
    bind_transitions(c, &defaults);
    for (uint32_t i = 0; i < MUSTER_DECISION_COUNT; i++) {
        const char *action = muster_decision_action((enum muster_decision)i);
        if (action)
            (void)edge_action(e, phases, action);
    }
    if (c->phase_count == 0)
        *c = defaults; /* complained of */
}

static void load_transitions(struct edge *e, const struct muster_doc *root)
{
    struct muster_phase_config *c = &e->c->enhanced.phases;
    const struct muster_doc *transitions =
        edge_mapping(e, root, "transitions", "a mapping such as {LAUNCH: [SAFE_MODE]}");
    for (const struct muster_doc *one = transitions ? transitions->first : NULL; one;
         one = one->next) {
        uint32_t from = find_phase(e, one->key, one->key_mark), bits = 0;
        if (muster_doc_expect(one, MUSTER_NODE_SEQUENCE, "a list of phases", e->d) != 0)
            continue;
        for (const struct muster_doc *to = one->first; to; to = to->next) {
            uint32_t index = MUSTER_NAME_NONE;
            if (muster_doc_expect(to, MUSTER_NODE_SCALAR, "the name of a phase", e->d) == 0)
                index = find_phase(e, to->text, to->mark);
            bits |= index == MUSTER_NAME_NONE ? 0 : UINT32_C(1) << index;
        }
        if (from != MUSTER_NAME_NONE)
            c->phase[from].next = bits;
    }
}

static void load_initial(struct edge *e, const struct muster_doc *root)
{
    struct muster_phase_config *c = &e->c->enhanced.phases;
    const struct muster_doc *node = edge_get(root, "initial_phase");
    uint32_t led_to = 0;
    if (node && muster_doc_expect(node, MUSTER_NODE_SCALAR, "the name of a phase", e->d) == 0) {
        uint32_t index = find_phase(e, node->text, node->mark);
        c->initial = index == MUSTER_NAME_NONE ? 0 : index;
    }
    for (uint32_t i = 0; i < c->phase_count; i++)
        led_to |= c->phase[i].next;
    const struct muster_doc *phases = muster_doc_get(root, "phases");
    for (uint32_t i = 0; i < c->phase_count; i++) {
        const struct muster_doc *phase = muster_doc_get(phases, c->phase[i].name);
        if (phase && i != c->initial && !(led_to >> i & 1))
            EDGE_WARNING(e, phase->key_mark,
                         "nothing leads to phase '%s'; name it under 'transitions'",
                         c->phase[i].name);
    }
}

/* recovery_actions: {NAME: {phase_restrictions: {LAUNCH: false}}} */
static void load_restrictions(struct edge *e, const struct muster_doc *root)
{
    const struct muster_doc *actions = muster_doc_get(root, "recovery_actions");
    bool mapping = actions && actions->kind == MUSTER_NODE_MAPPING;
    const struct muster_names names = edge_actions(e);
    for (const struct muster_doc *one = mapping ? actions->first : NULL; one; one = one->next) {
        uint32_t action = muster_names_find(&names, muster_text_bytes(one->key));
        const struct muster_doc *restrictions =
            edge_mapping(e, one, "phase_restrictions", "a mapping such as {LAUNCH: false}");
        const struct muster_doc *phase = restrictions ? restrictions->first : NULL;
        for (; phase && action != MUSTER_NAME_NONE; phase = phase->next) {
            bool allowed = true;
            uint32_t index = find_phase(e, phase->key, phase->key_mark);
            if (muster_doc_boolean(phase, &allowed, e->d) == 0 && index != MUSTER_NAME_NONE &&
                !allowed)
                e->c->enhanced.restricted[index] |= UINT32_C(1) << action;
        }
    }
}

/* ---- global ---- */

static void load_global(struct edge *e, const struct muster_doc *root)
{
    static const char *const idle[] = {
        "recurrence_threshold",   "anomaly_classification_timeout_ms",
        "log_all_decisions",      "log_decisions_with_confidence",
        "enable_simulation_mode", "simulation_mode_requires_env_var",
    };
    static const char *const keys[] = {
        "default_action",
        "min_confidence_for_action",
        "min_confidence_for_escalation",
        "recurrence_window_seconds",
        "recurrence_threshold",
        "anomaly_classification_timeout_ms",
        "log_all_decisions",
        "log_decisions_with_confidence",
        "enable_simulation_mode",
        "simulation_mode_requires_env_var",
        NULL,
    };
    struct muster_phase_config *c = &e->c->enhanced.phases;
    const struct muster_doc *global =
        edge_mapping(e, root, "global", "a mapping such as {min_confidence_for_action: 0.7}");
    uint32_t word = 0;
    if (!global)
        return;
    muster_doc_keys(global, keys, e->d);
    const struct muster_doc *decision = edge_get(global, "default_action");
    if (decision && muster_doc_word(decision, decision_words, &word, e->d) == 0)
        c->default_decision = (enum muster_decision)word;
    edge_share(e, global, "min_confidence_for_action", MUSTER_PPM,
               &c->min_confidence_for_action_ppm);
    edge_share(e, global, "min_confidence_for_escalation", MUSTER_PPM,
               &c->min_confidence_for_escalation_ppm);
    edge_seconds(e, global, "recurrence_window_seconds", 1, &c->recurrence_window);
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        edge_note_idle(e, edge_get(global, idle[i]));
}

void edge_phases(struct edge *e, const struct muster_doc *root)
{
    const struct muster_doc *phases = edge_get(root, "phases");
    load_global(e, root); /* a phase of its own name answers by default_action */
    if (phases)
        load_phases(e, phases);
    load_transitions(e, root);
    load_initial(e, root);
    load_restrictions(e, root);
}
