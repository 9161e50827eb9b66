/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings: what loads, and yet does nothing. */
#include "sim/scenario/inside.h"

#include "core/orchestrator/enhanced.h"

#include <string.h>

#define WARN(d, mark, ...) muster_complain(d, MUSTER_SEVERITY_WARNING, mark, __VA_ARGS__)

/* Whether a selection has a member in it: all traffic begins or ends at one. */
static bool has_member(const struct muster_selection *side)
{
    for (uint32_t i = 0; i < side->count; i++) {
        if (!side->at[i].is_endpoint || side->at[i].endpoint.kind == MUSTER_AT_MEMBER)
            return true;
    }
    return false;
}

static bool has_replica(const struct muster_selection *side)
{
    for (uint32_t i = 0; i < side->count; i++) {
        if (side->at[i].is_endpoint && side->at[i].endpoint.kind == MUSTER_AT_STORE)
            return true;
    }
    return false;
}

/* Traffic runs between members, from members to all else, and between the store's instances. */
static bool sides_talk(const struct muster_scenario *s, const struct muster_selection *a,
                       const struct muster_selection *b)
{
    if (has_member(a) || has_member(b))
        return true;
    return s->store.replicas > 0 && has_replica(a) && has_replica(b);
}

static bool same_item(const struct muster_selection *a, uint32_t i,
                      const struct muster_selection *b, uint32_t j)
{
    if (a->at[i].is_endpoint != b->at[j].is_endpoint)
        return false;
    if (a->at[i].is_endpoint)
        return a->at[i].endpoint.kind == b->at[j].endpoint.kind &&
               a->at[i].endpoint.index == b->at[j].endpoint.index;
    return a->at[i].selector.kind == b->at[j].selector.kind &&
           a->at[i].selector.index == b->at[j].selector.index;
}

static bool sides_overlap(const struct muster_selection *a, const struct muster_selection *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        for (uint32_t j = 0; j < b->count; j++) {
            if (same_item(a, i, b, j))
                return true;
        }
    }
    return false;
}

static void lint_partition(const struct muster_scenario *s, const struct muster_entry *e,
                           struct muster_diagnostics *d)
{
    bool talk = false, overlap = false;
    for (uint32_t i = 0; i < e->partition.sides; i++) {
        for (uint32_t j = i + 1; j < e->partition.sides; j++) {
            talk = talk || sides_talk(s, &e->partition.side[i], &e->partition.side[j]);
            overlap = overlap || sides_overlap(&e->partition.side[i], &e->partition.side[j]);
        }
    }
    if (!talk)
        WARN(d, e->mark, "this partition separates nothing: its sides have no traffic");
    if (overlap)
        WARN(d, e->mark,
             "one name stands on two sides of this partition, which cannot separate it");
}

static bool is_used(const struct muster_link_rule *rule)
{
    bool stores = rule->a.kind == MUSTER_AT_STORE && rule->b.kind == MUSTER_AT_STORE;
    bool foreign = (rule->a.kind == MUSTER_AT_HEALTH && rule->b.kind == MUSTER_AT_MEMBER &&
                    rule->a.index != rule->b.index) ||
                   (rule->b.kind == MUSTER_AT_HEALTH && rule->a.kind == MUSTER_AT_MEMBER &&
                    rule->a.index != rule->b.index);
    bool member = rule->a.kind == MUSTER_AT_MEMBER || rule->b.kind == MUSTER_AT_MEMBER;
    return stores || (member && !foreign);
}

static bool is_stream(const struct muster_link_rule *rule)
{
    return rule->a.kind != MUSTER_AT_MEMBER || rule->b.kind != MUSTER_AT_MEMBER;
}

static void lint_link(const struct muster_link_rule *rule, struct muster_mark mark,
                      struct muster_diagnostics *d)
{
    const struct muster_link_config *link = &rule->link;
    if (!is_used(rule))
        WARN(d, mark, "nothing ever travels over this link");
    else if (is_stream(rule) && (link->loss_ppm || link->duplicate_ppm || link->reorder_ppm))
        WARN(d, mark,
             "loss, duplicate and reorder do nothing to a stream; only node to node is datagrams");
}

static bool has_before(const struct muster_scenario *s, uint32_t entry, enum muster_verb_kind verb)
{
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const struct muster_entry *e = &s->timeline[i];
        if (i != entry && e->verb == verb && e->at <= s->timeline[entry].at)
            return true;
    }
    return false;
}

static bool has_fault(const struct muster_scenario *s, enum muster_store_fault fault)
{
    for (uint32_t i = 0; i < s->entry_count; i++) {
        if (s->timeline[i].verb == MUSTER_DO_STORE && s->timeline[i].store.fault == fault)
            return true;
    }
    return false;
}

static void lint_store(const struct muster_scenario *s, const struct muster_entry *e,
                       struct muster_diagnostics *d)
{
    if (e->store.fault == MUSTER_STORE_RESTORE && !has_fault(s, MUSTER_STORE_DUMP))
        WARN(d, e->mark, "'restore' without a 'dump' before it brings back an empty store");
    if (e->store.fault == MUSTER_STORE_REJOIN && !has_fault(s, MUSTER_STORE_FAILOVER))
        WARN(d, e->mark, "'rejoin' without a 'failover' before it has no old master");
    if (e->store.fault == MUSTER_STORE_RESTART && !has_fault(s, MUSTER_STORE_CRASH))
        WARN(d, e->mark, "'restart' of a store that never crashes");
}

/* A report that nobody answers, or that is likely misspelt. */
static void lint_anomaly(const struct muster_enhanced_config *c, const struct muster_entry *e,
                         struct muster_diagnostics *d)
{
    const char *known[MUSTER_POLICIES_MAX + 1];
    uint32_t n = 0;
    bool others = c->phases_decide;
    for (; n < c->policy_count; n++) {
        known[n] = c->policy[n].type;
        others = others || strcmp(known[n], MUSTER_ANOMALY_UNKNOWN) == 0;
        if (strcmp(known[n], e->order.type) == 0)
            return;
    }
    known[n] = NULL;
    struct muster_bytes type = muster_text_bytes(e->order.type);
    if (muster_anomaly_type_find(&c->types, type) != MUSTER_NAME_NONE)
        return; /* conditions speak of it */
    const char *near = muster_suggest(e->order.type, known);
    if (near)
        WARN(d, e->mark, "no policy speaks of '%.31s', did you mean '%s'?", e->order.type, near);
    else if (!others)
        WARN(d, e->mark, "no policy speaks of '%.31s': nothing will be done", e->order.type);
}

/* An operator's verb that the origin's wire has no word for, where nobody speaks another. */
static void lint_wire(const struct muster_scenario *s, const struct muster_entry *e,
                      struct muster_diagnostics *d)
{
    const struct muster_config *config = own_config(s);
    if (config && config->wire == MUSTER_WIRE_ASTRA && s->config_count == 1)
        WARN(d, e->mark, "a member with 'wire: astra' refuses that");
}

/* What an orchestrator is told that cannot do anything with it. */
static void lint_order(const struct muster_scenario *s, const struct muster_entry *e,
                       struct muster_diagnostics *d)
{
    const struct muster_config *config = own_config(s);
    if (!config)
        return;
    if (!config->enhanced) {
        WARN(d, e->mark, "the basic orchestrator knows no anomalies, phases, dry run or blocks");
        return;
    }
    const struct muster_enhanced_config *c = config->enhanced;
    if (e->verb == MUSTER_DO_ANOMALY)
        lint_anomaly(c, e, d);
    if (e->verb == MUSTER_DO_ACKNOWLEDGE && !c->acting.bounded)
        WARN(d, e->mark, "'acknowledge' with no blast radius that could block");
    if (e->verb == MUSTER_DO_PHASE &&
        muster_phase_find(&c->phases, muster_text_bytes(e->order.text)) == MUSTER_NAME_NONE)
        WARN(d, e->mark, "phase '%.31s' is not in the config: it will be refused", e->order.text);
}

static void lint_entry(const struct muster_scenario *s, uint32_t i, struct muster_diagnostics *d)
{
    const struct muster_entry *e = &s->timeline[i];
    if (e->when != 0 && muster_time_add(e->at, e->delay) >= s->duration)
        WARN(d, e->mark, "this entry can never fire: it is armed when the scenario ends");
    else if (e->at >= s->duration)
        WARN(d, e->mark, "this entry fires when the scenario ends");
    switch (e->verb) {
    case MUSTER_DO_PARTITION:
        lint_partition(s, e, d);
        break;
    case MUSTER_DO_LINK:
        lint_link(&e->link, e->mark, d);
        break;
    case MUSTER_DO_HEAL:
        if (!has_before(s, i, MUSTER_DO_PARTITION))
            WARN(d, e->mark, "'heal' with no partition before it");
        break;
    case MUSTER_DO_RESUME:
        if (!has_before(s, i, MUSTER_DO_PAUSE))
            WARN(d, e->mark, "'resume' with no pause before it");
        break;
    case MUSTER_DO_RESTART:
        if (!has_before(s, i, MUSTER_DO_CRASH) && !has_before(s, i, MUSTER_DO_STOP))
            WARN(d, e->mark, "'restart' with no crash or stop before it");
        break;
    case MUSTER_DO_STORE:
        lint_store(s, e, d);
        break;
    case MUSTER_DO_ANOMALY:
    case MUSTER_DO_PHASE:
    case MUSTER_DO_DRY_RUN:
    case MUSTER_DO_ACKNOWLEDGE:
        lint_order(s, e, d);
        break;
    case MUSTER_DO_SWITCHOVER:
    case MUSTER_DO_PAUSE_RECOVERY:
    case MUSTER_DO_VOTER_INIT:
        lint_wire(s, e, d);
        break;
    case MUSTER_DO_WORK:
        if (own_config(s) && own_config(s)->work_items == 0)
            WARN(d, e->mark, "the nodes take no work; give them config: {work_items: 64}");
        break;
    default:
        break;
    }
}

/* Whether an action can ever be asked for: by a trigger, or as our own process is told of it. */
static bool is_run(const struct muster_scenario *s, const char *action)
{
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const struct muster_entry *e = &s->timeline[i];
        if (e->verb == MUSTER_DO_TRIGGER && strcmp(e->order.text, action) == 0)
            return true;
        if (e->verb == MUSTER_DO_WORK && strcmp(e->work.action, action) == 0)
            return true;
    }
    const struct muster_config *config = own_config(s);
    return !config || is_configured(config, action) || strcmp(action, "default") == 0;
}

static void lint_expectation(const struct muster_scenario *s, const struct muster_expectation *x,
                             struct muster_diagnostics *d)
{
    const struct muster_config *config = own_config(s);
    if (x->timing == MUSTER_EXPECT_BY && x->at == 0)
        WARN(d, x->mark, "at time 0 nothing has happened yet");
    if (x->kind == MUSTER_EXPECT_RESULT && config && !is_configured(config, x->word))
        WARN(d, x->mark, "action '%s' is not in the config: it has no results", x->word);
}

static bool is_spoken_of(const struct muster_scenario *s, uint32_t binding)
{
    for (uint32_t i = 0; i < s->expect_count; i++) {
        const struct muster_expectation *x = &s->expect[i];
        if (x->has_who && x->who.kind == MUSTER_SELECT_NAMED && x->who.index == binding)
            return true;
    }
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const struct muster_entry *e = &s->timeline[i];
        bool of = e->has_of && e->of.kind == MUSTER_SELECT_NAMED && e->of.index == binding;
        const struct muster_selector named = {MUSTER_SELECT_NAMED, binding};
        struct muster_selection one = {.count = 1};
        one.at[0].selector = named;
        bool there = sides_overlap(&e->who, &one);
        for (uint32_t j = 0; e->verb == MUSTER_DO_PARTITION && j < e->partition.sides; j++)
            there = there || sides_overlap(&e->partition.side[j], &one);
        if (e->verb == MUSTER_DO_STORE)
            there = there || sides_overlap(&e->store.stay, &one);
        if (of || there)
            return true;
    }
    return false;
}

void muster_scenario_lint(const struct muster_scenario *s, struct muster_diagnostics *d)
{
    struct muster_mark whole = {s->sources.first, 0, 0};
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const struct muster_entry *e = &s->timeline[i];
        lint_entry(s, i, d);
        if (e->binding != MUSTER_ANY && !is_spoken_of(s, e->binding))
            WARN(d, e->mark, "nothing speaks of '%s', which is bound here",
                 s->bindings[e->binding]);
    }
    for (uint32_t i = 0; i < s->link_count; i++)
        lint_link(&s->links[i], whole, d);
    for (uint32_t i = 0; i < s->target_count; i++) {
        if (!is_run(s, s->target[i].runs))
            WARN(d, whole, "target '%s' waits for action '%s', which nothing runs",
                 s->target[i].name, s->target[i].runs);
    }
    for (uint32_t i = 0; i < s->health_count; i++) {
        if (s->health[i].at >= s->duration)
            WARN(d, whole, "health of %s changes after the end", s->names[s->health[i].member]);
    }
    for (uint32_t i = 0; i < s->expect_count; i++)
        lint_expectation(s, &s->expect[i], d);
    lint_assumptions(s, d);
    const struct muster_config *config = own_config(s);
    if (s->voters == 2 && !(config && muster_config_trusts_store(config, s->voters)))
        WARN(d, whole, "two voters tolerate no loss; one or three do better");
}
