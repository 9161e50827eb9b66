/* SPDX-License-Identifier: Apache-2.0 */
/* A member's config from a mapping: which orchestrator, and what the enhanced one has beside its
 * policies and phases. */
#include "config/node_config.h"

#include "config/edge.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define KEYS_MAX         48
#define FACTOR_PPM_MAX   (100 * MUSTER_PPM)
#define ATTEMPTS_MAX     100
#define THRESHOLD_MAX    1000
#define VERIFY_DELAY_MIN MUSTER_MILLISECOND

/* Keys of the enhanced orchestrator beside those of the core, older names at the end. */
static const char *const own_keys[] = {
    "orchestrator", "dry_run_mode", "recovery_policies", "phases",  "transitions", "initial_phase",
    "responses",    "global",       "advanced",          "dry_run", "policies",    "blast_radius",
    NULL,
};

static const char *const shared_keys[] = {"action_backoff", "action_breaker", NULL};

/* ---- what the other files use ---- */

const struct muster_doc *edge_get(const struct muster_doc *mapping, const char *key)
{
    const struct muster_doc *node = muster_doc_get(mapping, key);
    return node && !muster_doc_is_null(node) ? node : NULL;
}

const struct muster_doc *edge_mapping(struct edge *e, const struct muster_doc *mapping,
                                      const char *key, const char *example)
{
    const struct muster_doc *node = edge_get(mapping, key);
    bool good = node && muster_doc_expect(node, MUSTER_NODE_MAPPING, example, e->d) == 0;
    return good ? node : NULL;
}

void edge_share(struct edge *e, const struct muster_doc *mapping, const char *key, uint32_t max,
                uint32_t *value)
{
    const struct muster_doc *node = edge_get(mapping, key);
    if (node)
        muster_doc_ppm(node, 0, max, value, e->d);
}

void edge_count(struct edge *e, const struct muster_doc *mapping, const char *key, uint32_t min,
                uint32_t max, uint32_t *value)
{
    uint64_t read = 0;
    const struct muster_doc *node = edge_get(mapping, key);
    if (node && muster_doc_integer(node, min, max, &read, e->d) == 0)
        *value = (uint32_t)read;
}

void edge_seconds(struct edge *e, const struct muster_doc *mapping, const char *key, muster_dur min,
                  muster_dur *value)
{
    const struct muster_doc *node = edge_get(mapping, key);
    if (node)
        muster_doc_duration(node, min, MUSTER_INTEGER_MAX, true, value, e->d);
}

void edge_boolean(struct edge *e, const struct muster_doc *mapping, const char *key, bool *value)
{
    const struct muster_doc *node = edge_get(mapping, key);
    if (node)
        muster_doc_boolean(node, value, e->d);
}

bool edge_is_new(struct edge *e, const char *word)
{
    for (uint32_t i = 0; i < e->noted_count; i++) {
        if (strcmp(e->noted[i], word) == 0)
            return false;
    }
    assert(e->noted_count < EDGE_NOTES_MAX); /* only words that are written down here */
    e->noted[e->noted_count++] = word;
    return true;
}

void edge_note_idle(struct edge *e, const struct muster_doc *value)
{
    if (value && edge_is_new(e, value->key))
        muster_complain(e->d, MUSTER_SEVERITY_NOTE, value->key_mark, "'%s' has no effect here",
                        value->key);
}

void edge_unknown(struct edge *e, const struct muster_doc *node, const char *what,
                  const char *const *candidates, const char *instead)
{
    const char *near = muster_suggest(node->text, candidates);
    EDGE_ERROR(e, node->mark, "unknown %s '%.60s'%s%s%s", what, node->text,
               near ? ", did you mean '" : instead, near ? near : "", near ? "'?" : "");
}

void edge_list(const char *const *known, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "; expected one of ");
    for (const char *const *word = known; *word; word++) {
        if (used + strlen(*word) + sizeof ", …" + 2 > size) {
            snprintf(text + used, size - used, ", …");
            return;
        }
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", word == known ? "" : ", ", *word);
    }
    if (!*known)
        text[0] = 0;
}

struct muster_names edge_actions(const struct edge *e)
{
    return (struct muster_names){e->action, e->c->core.recovery.action_count};
}

uint32_t edge_action(struct edge *e, const struct muster_doc *node, const char *name)
{
    struct muster_names known = edge_actions(e);
    uint32_t index = muster_names_find(&known, muster_text_bytes(name));
    if (index != MUSTER_NAME_NONE || !edge_action_is_known(name))
        return index;
    if (!edge_action_add(&e->c->core.recovery, name)) {
        EDGE_ERROR(e, node->mark, "more than %d actions", MUSTER_ACTIONS_MAX);
        return 0; /* any will do: the load has failed */
    }
    return known.count;
}

/* ---- advanced, blast_radius ---- */

static void load_advanced(struct edge *e, const struct muster_doc *root)
{
    static const char *const keys[] = {
        "max_concurrent_actions",
        "action_timeout_multiplier",
        "verify_recovery_success",
        "verification_delay_seconds",
        "max_verification_attempts",
        "auto_escalate_on_failure",
        "escalation_failure_threshold",
        "max_actions_per_hour",
        "max_safe_mode_entries_per_day",
        "anomaly_active_seconds",
        "history_retention_days",
        "max_history_entries",
        NULL,
    };
    struct muster_enhanced_config *c = &e->c->enhanced;
    struct muster_acting_options *a = &c->acting;
    bool verify = true;
    const struct muster_doc *node =
        edge_mapping(e, root, "advanced", "a mapping such as {max_actions_per_hour: 10}");
    if (!node)
        return;
    muster_doc_keys(node, keys, e->d);
    const struct muster_doc *factor = edge_get(node, "action_timeout_multiplier");
    edge_count(e, node, "max_concurrent_actions", 1, MUSTER_RUNS_MAX, &a->concurrent_max);
    if (factor)
        muster_doc_ppm(factor, MUSTER_PPM / 10, FACTOR_PPM_MAX, &a->timeout_ppm, e->d);
    edge_boolean(e, node, "verify_recovery_success", &verify);
    edge_seconds(e, node, "verification_delay_seconds", VERIFY_DELAY_MIN, &a->verify_delay);
    edge_count(e, node, "max_verification_attempts", 1, ATTEMPTS_MAX, &a->verify_attempts);
    edge_boolean(e, node, "auto_escalate_on_failure", &c->auto_escalate);
    edge_count(e, node, "escalation_failure_threshold", 1, THRESHOLD_MAX,
               &c->escalation_failure_threshold);
    edge_count(e, node, "max_actions_per_hour", 0, MUSTER_LIMIT_MAX,
               &a->limits.max_actions_per_hour);
    edge_count(e, node, "max_safe_mode_entries_per_day", 0, MUSTER_LIMIT_MAX,
               &a->limits.max_safe_mode_entries_per_day);
    edge_seconds(e, node, "anomaly_active_seconds", 1, &c->active_for);
    edge_note_idle(e, edge_get(node, "history_retention_days"));
    edge_note_idle(e, edge_get(node, "max_history_entries"));
    if (!verify)
        a->verify_delay = 0;
}

static void load_blast(struct edge *e, const struct muster_doc *root)
{
    static const char *const keys[] = {"share", "min_healthy", "min_healthy_share",
                                       "zones", "clear_after", NULL};
    struct muster_acting_options *a = &e->c->enhanced.acting;
    const struct muster_doc *node =
        edge_mapping(e, root, "blast_radius", "a mapping such as {share: 10%}");
    if (!node)
        return;
    a->bounded = true;
    muster_doc_keys(node, keys, e->d);
    edge_share(e, node, "share", MUSTER_PPM, &a->blast.share_ppm);
    edge_count(e, node, "min_healthy", 0, MUSTER_MEMBERS_MAX, &a->blast.healthy_min);
    edge_share(e, node, "min_healthy_share", MUSTER_PPM, &a->blast.healthy_min_ppm);
    edge_seconds(e, node, "clear_after", 0, &a->blast.clear_after);
    edge_note_idle(e, edge_get(node, "zones")); /* members have none */
}

int muster_node_config_fits(const struct muster_config *core, uint32_t members,
                            const struct muster_doc *mapping, struct muster_diagnostics *d)
{
    const struct muster_doc *blast = muster_doc_get(mapping, "blast_radius");
    const struct muster_doc *node = muster_doc_get(blast, "min_healthy");
    if (!core->enhanced || !node || core->enhanced->acting.blast.healthy_min <= members)
        return 0;
    muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                    "'min_healthy' asks for %" PRIu32 " healthy members, the cluster has %" PRIu32,
                    core->enhanced->acting.blast.healthy_min, members);
    return MUSTER_E_INVALID;
}

/* ---- the door ---- */

/* A value under its name, or under an older one. */
static const struct muster_doc *get_renamed(struct edge *e, const struct muster_doc *root,
                                            const char *key, const char *older)
{
    const struct muster_doc *node = muster_doc_get(root, key), *old = muster_doc_get(root, older);
    if (old && node)
        EDGE_ERROR(e, old->key_mark, "'%s' is an older name of '%s', which is here as well", older,
                   key);
    else if (old)
        EDGE_WARNING(e, old->key_mark, "'%s' is an older name; write '%s'", older, key);
    return node ? node : old;
}

struct choice {
    bool enhanced;
    const struct muster_doc *dry_run, *policies;
};

static struct choice choose(struct edge *e, const struct muster_doc *root)
{
    static const char *const words[] = {"recovery", "enhanced", NULL};
    uint32_t word = 0;
    struct choice c = {.dry_run = get_renamed(e, root, "dry_run_mode", "dry_run"),
                       .policies = get_renamed(e, root, "recovery_policies", "policies")};
    const struct muster_doc *node = muster_doc_get(root, "orchestrator");
    c.enhanced = c.dry_run || c.policies || muster_doc_get(root, "phases");
    if (node && muster_doc_word(node, words, &word, e->d) == 0)
        c.enhanced = word == 1;
    return c;
}

/* What the basic orchestrator does not read: a policy that nobody follows should be heard of. */
static void warn_of_idle(struct edge *e, const struct muster_doc *root)
{
    for (const char *const *key = own_keys; *key; key++) {
        const struct muster_doc *node = muster_doc_get(root, *key);
        if (node && strcmp(*key, "orchestrator") != 0)
            EDGE_WARNING(e, node->key_mark,
                         "'%s' has no effect on the basic orchestrator; write 'orchestrator: "
                         "enhanced'",
                         *key);
    }
}

/* Of the actions, what only people or only the enhanced orchestrator read. */
static void note_idle_fields(struct edge *e, const struct muster_doc *root, bool enhanced)
{
    const struct muster_doc *actions = muster_doc_get(root, "recovery_actions");
    bool mapping = actions && actions->kind == MUSTER_NODE_MAPPING;
    for (const struct muster_doc *one = mapping ? actions->first : NULL; one; one = one->next) {
        edge_note_idle(e, muster_doc_get(one, "description"));
        if (!enhanced)
            edge_note_idle(e, muster_doc_get(one, "phase_restrictions"));
    }
}

/* What carries a decision out: of the actions that there are at last. */
static void bind_decisions(struct edge *e)
{
    const struct muster_names actions = edge_actions(e);
    for (uint32_t i = 0; i < MUSTER_DECISION_COUNT; i++) {
        const char *name = muster_decision_action((enum muster_decision)i);
        e->c->enhanced.phases.action_of[i] =
            name ? muster_names_find(&actions, muster_text_bytes(name)) : MUSTER_NAME_NONE;
    }
}

static void load_enhanced(struct edge *e, const struct muster_doc *root,
                          const struct choice *chosen)
{
    struct muster_enhanced_config *c = &e->c->enhanced;
    for (uint32_t i = 0; i < MUSTER_ACTIONS_MAX; i++)
        e->action[i] = e->c->core.recovery.action[i].name;
    muster_enhanced_config_defaults(c, &e->c->core.recovery);
    muster_responses_defaults(&e->responses);
    if (chosen->dry_run)
        muster_doc_boolean(chosen->dry_run, &c->dry_run, e->d);
    edge_policies(e, chosen->policies);
    edge_responses(e, root);
    edge_phases(e, root);
    edge_conditions(e);
    load_advanced(e, root);
    load_blast(e, root);
    edge_attempts(e, root, &c->acting);
    bind_decisions(e);
    e->c->core.enhanced = c;
}

static void load_basic(struct edge *e, const struct muster_doc *root)
{
    struct muster_acting_options *a = &e->c->acting;
    muster_acting_options_basic(a);
    edge_attempts(e, root, a);
    if (a->backs_off || a->breaks)
        e->c->core.acting = a;
    warn_of_idle(e, root);
}

/* The keys that the core leaves to others: ours and those of the caller. */
static const char *const *all_keys(const char *room[KEYS_MAX], const char *const *others)
{
    size_t n = 0;
    for (const char *const *key = own_keys; *key; key++)
        room[n++] = *key;
    for (const char *const *key = shared_keys; *key; key++)
        room[n++] = *key;
    for (; others && *others; others++) {
        assert(n + 1 < KEYS_MAX);
        room[n++] = *others;
    }
    room[n] = NULL;
    return room;
}

bool muster_node_config_has(const char *key)
{
    const char *const *own = own_keys, *const *shared = shared_keys;
    while (*own && strcmp(*own, key) != 0)
        own++;
    while (*shared && strcmp(*shared, key) != 0)
        shared++;
    return *own || *shared || edge_core_has(key);
}

bool edge_is_near(const char *key)
{
    return muster_suggest(key, own_keys) || muster_suggest(key, shared_keys) ||
           edge_core_is_near(key);
}

int muster_node_config_load(struct muster_node_config *c, const struct muster_doc *mapping,
                            const char *const *others, struct muster_diagnostics *d)
{
    const char *keys[KEYS_MAX];
    struct edge e = {.c = c, .d = d};
    uint32_t errors = d->errors;
    memset(c, 0, sizeof *c);
    (void)muster_core_config_load(&c->core, mapping, all_keys(keys, others), d);
    if (!mapping || mapping->kind != MUSTER_NODE_MAPPING)
        return d->errors == errors ? 0 : MUSTER_E_INVALID;
    struct choice chosen = choose(&e, mapping);
    note_idle_fields(&e, mapping, chosen.enhanced);
    if (chosen.enhanced)
        load_enhanced(&e, mapping, &chosen);
    else
        load_basic(&e, mapping);
    return d->errors == errors ? 0 : MUSTER_E_INVALID;
}
