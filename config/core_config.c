/* SPDX-License-Identifier: Apache-2.0 */
/* struct muster_config from a mapping, ours or the origin's recovery.yaml. */
#include "config/core_config.h"

#include "config/edge.h"
#include "core/coordinator/astra_wire.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_TIMEOUT  (30 * MUSTER_SECOND)
#define DEFAULT_COOLDOWN (300 * MUSTER_SECOND)
#define RETRIES_MAX      10
#define KEYS_MAX         64 /* of one mapping, ours and others' */

/* The actions of SPEC 1: a name that is none of them and looks like one is probably misspelt. */
static const char *const known_actions[MUSTER_CORE_ACTIONS_MAX + 1] = {
    "circuit_restart",
    "cache_purge",
    "safe_mode",
    "reduce_power_load",
    "activate_cooling",
    "stabilize_attitude",
    "enter_safe_mode",
    "reduce_processor_load",
    "alert_ground",
    "restart_radio",
    "switch_to_backup_radio",
    "log_detailed_state",
    NULL,
};

/* Keys that are ours, and those of the origin's file that steer nothing in the core. */
static const char *const known_keys[] = {
    "cluster",
    "coordinator",
    "authority",
    "lease_ttl",
    "renew_every",
    "renew_deadline",
    "request_timeout",
    "poll_every",
    "jitter",
    "confirm_timeout",
    "stop_time",
    "margin",
    "heartbeat_every",
    "vote_ttl",
    "health_ttl",
    "max_clock_drift_ppm",
    "quorum_threshold",
    "poll_interval",
    "enabled",
    "thresholds",
    "cooldowns",
    "recovery_actions",
    "seal_targets",
    "store_lost",
    "logging",
    "work_items",
    "work_timeout",
    "hold_history",
    NULL,
};

bool edge_action_is_known(const char *name)
{
    for (const char *const *known = known_actions; *known; known++) {
        if (strcmp(*known, name) == 0)
            return true;
    }
    return false;
}

/* Whether an action may run without the lease when the config does not say (SPEC 1). */
static enum muster_scope default_scope(const char *name)
{
    bool local = strcmp(name, "circuit_restart") == 0 || strcmp(name, "cache_purge") == 0 ||
                 strcmp(name, "log_detailed_state") == 0;
    return local ? MUSTER_SCOPE_LOCAL : MUSTER_SCOPE_CLUSTER;
}

static struct muster_action_config *find_action(struct muster_recovery_config *r, const char *name)
{
    for (uint32_t i = 0; i < r->action_count; i++) {
        if (strcmp(r->action[i].name, name) == 0)
            return &r->action[i];
    }
    return NULL;
}

bool edge_is_name(const char *text)
{
    size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return good > 0 && good <= MUSTER_NAME_MAX && !text[good];
}

struct muster_action_config *edge_action_add(struct muster_recovery_config *r, const char *name)
{
    assert(edge_is_name(name) && !find_action(r, name));
    if (r->action_count == MUSTER_ACTIONS_MAX)
        return NULL;
    struct muster_action_config *action = &r->action[r->action_count++];
    memcpy(action->name, name, strlen(name) + 1);
    action->enabled = true;
    action->scope = default_scope(name);
    action->timeout = DEFAULT_TIMEOUT;
    action->cooldown = DEFAULT_COOLDOWN;
    return action;
}

/* The action that a mapping's value is about; a new one is added with its defaults. */
static struct muster_action_config *take_action(struct muster_recovery_config *r,
                                                const struct muster_doc *value,
                                                struct muster_diagnostics *d)
{
    struct muster_action_config *action = find_action(r, value->key);
    if (action)
        return action;
    if (!edge_is_name(value->key)) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, value->key_mark,
                        "'%.40s' is no name of an action: 1 to 31 of a-z, 0-9 and _", value->key);
        return NULL;
    }
    const char *near =
        edge_action_is_known(value->key) ? NULL : muster_suggest(value->key, known_actions);
    action = edge_action_add(r, value->key);
    if (!action)
        muster_complain(d, MUSTER_SEVERITY_ERROR, value->key_mark, "more than %d actions",
                        MUSTER_ACTIONS_MAX);
    else if (near)
        muster_complain(d, MUSTER_SEVERITY_WARNING, value->key_mark,
                        "'%s' becomes an action of its own; did you mean '%s'?", value->key, near);
    return action;
}

static void load_action(struct muster_action_config *a, const struct muster_doc *value,
                        struct muster_diagnostics *d)
{
    /* The last two are read by the edge of the enhanced orchestrator. */
    static const char *const keys[] = {"enabled", "timeout",     "max_retries",        "cooldown",
                                       "scope",   "description", "phase_restrictions", NULL};
    static const char *const scopes[] = {"local", "cluster", NULL};
    if (muster_doc_expect(value, MUSTER_NODE_MAPPING, "a mapping such as {timeout: 30s}", d) != 0)
        return;
    muster_doc_keys(value, keys, d);
    const struct muster_doc *node;
    if ((node = muster_doc_get(value, "enabled")))
        muster_doc_boolean(node, &a->enabled, d);
    if ((node = muster_doc_get(value, "timeout")))
        muster_doc_duration(node, 1, MUSTER_INTEGER_MAX, true, &a->timeout, d);
    if ((node = muster_doc_get(value, "cooldown")))
        muster_doc_duration(node, 0, MUSTER_INTEGER_MAX, true, &a->cooldown, d);
    uint64_t retries = 0;
    node = muster_doc_get(value, "max_retries");
    if (node && muster_doc_integer(node, 0, RETRIES_MAX, &retries, d) == 0)
        a->max_retries = (uint32_t)retries;
    uint32_t scope = 0;
    node = muster_doc_get(value, "scope");
    if (node && muster_doc_word(node, scopes, &scope, d) == 0)
        a->scope = scope == 0 ? MUSTER_SCOPE_LOCAL : MUSTER_SCOPE_CLUSTER;
}

static void load_actions(struct muster_recovery_config *r, const struct muster_doc *actions,
                         struct muster_diagnostics *d)
{
    if (!actions || muster_doc_expect(actions, MUSTER_NODE_MAPPING,
                                      "a mapping such as {safe_mode: {timeout: 10s}}", d) != 0)
        return;
    for (const struct muster_doc *value = actions->first; value; value = value->next) {
        struct muster_action_config *a = take_action(r, value, d);
        if (a)
            load_action(a, value, d);
    }
}

/* After the actions, so that a cooldown can be given to one that this file defines. */
static void load_cooldowns(struct muster_recovery_config *r, const struct muster_doc *cooldowns,
                           struct muster_diagnostics *d)
{
    if (!cooldowns || muster_doc_expect(cooldowns, MUSTER_NODE_MAPPING,
                                        "a mapping such as {safe_mode: 300s}", d) != 0)
        return;
    for (const struct muster_doc *value = cooldowns->first; value; value = value->next) {
        struct muster_action_config *a = find_action(r, value->key);
        if (!a && !edge_action_is_known(value->key)) {
            const char *near = muster_suggest(value->key, known_actions);
            char words[150];
            edge_list(known_actions, words, sizeof words);
            muster_complain(d, MUSTER_SEVERITY_ERROR, value->key_mark,
                            "unknown action '%.60s'%s%s%s", value->key,
                            near ? ", did you mean '" : words, near ? near : "", near ? "'?" : "");
            continue;
        }
        a = a ? a : take_action(r, value, d);
        if (a)
            muster_doc_duration(value, 0, MUSTER_INTEGER_MAX, true, &a->cooldown, d);
    }
}

static void load_thresholds(struct muster_recovery_config *r, const struct muster_doc *thresholds,
                            struct muster_diagnostics *d)
{
    static const char *const keys[] = {"circuit_open_duration", "retry_failures_1h",
                                       "failed_components", "min_anomaly_accuracy", NULL};
    if (!thresholds || muster_doc_expect(thresholds, MUSTER_NODE_MAPPING,
                                         "a mapping such as {failed_components: 2}", d) != 0)
        return;
    muster_doc_keys(thresholds, keys, d);
    const struct muster_doc *node;
    if ((node = muster_doc_get(thresholds, "circuit_open_duration")))
        muster_doc_duration(node, 0, MUSTER_INTEGER_MAX, true, &r->circuit_open_duration, d);
    if ((node = muster_doc_get(thresholds, "retry_failures_1h")))
        muster_doc_integer(node, 0, MUSTER_INTEGER_MAX, &r->retry_failures_1h, d);
    if ((node = muster_doc_get(thresholds, "failed_components")))
        muster_doc_integer(node, 1, MUSTER_INTEGER_MAX, &r->failed_components, d);
    if ((node = muster_doc_get(thresholds, "min_anomaly_accuracy")))
        muster_doc_ppm(node, 0, MUSTER_PPM, &r->min_anomaly_accuracy_ppm, d);
}

static void load_durations(struct muster_config *c, const struct muster_doc *mapping,
                           struct muster_diagnostics *d)
{
    const struct {
        const char *key;
        muster_dur *value;
        bool bare_seconds; /* a key of the origin's files */
    } all[] = {
        {"lease_ttl", &c->lease_ttl, false},
        {"renew_every", &c->renew_every, false},
        {"renew_deadline", &c->renew_deadline, false},
        {"request_timeout", &c->request_timeout, false},
        {"poll_every", &c->poll_every, false},
        {"jitter", &c->jitter, false},
        {"confirm_timeout", &c->confirm_timeout, false},
        {"stop_time", &c->stop_time, false},
        {"margin", &c->margin, false},
        {"heartbeat_every", &c->heartbeat_every, false},
        {"vote_ttl", &c->vote_ttl, false},
        {"health_ttl", &c->health_ttl, false},
        {"work_timeout", &c->work_timeout, false},
        {"poll_interval", &c->recovery.poll_interval, true},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const struct muster_doc *node = muster_doc_get(mapping, all[i].key);
        if (node)
            muster_doc_duration(node, 0, MUSTER_INTEGER_MAX, all[i].bare_seconds, all[i].value, d);
    }
}

static void load_numbers(struct muster_config *c, const struct muster_doc *mapping,
                         struct muster_diagnostics *d)
{
    const struct muster_doc *node = muster_doc_get(mapping, "cluster");
    char name[MUSTER_NAME_MAX + 1] = "";
    if (node && muster_doc_text(node, name, sizeof name, d) == 0) {
        if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") !=
            strlen(name))
            muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                            "'%s' is no name of a cluster: letters, digits, '_', '-' and '.'",
                            name);
        else
            memcpy(c->cluster, name, sizeof name);
    }
    uint64_t drift = 0;
    node = muster_doc_get(mapping, "max_clock_drift_ppm");
    if (node && muster_doc_integer(node, 0, MUSTER_PPM - 1, &drift, d) == 0)
        c->max_clock_drift_ppm = (uint32_t)drift;
    uint64_t items = 0;
    node = muster_doc_get(mapping, "work_items");
    if (node && muster_doc_integer(node, 0, MUSTER_WORK_ITEMS_MAX, &items, d) == 0)
        c->work_items = (uint32_t)items;
    if ((node = muster_doc_get(mapping, "quorum_threshold")))
        muster_doc_ppm(node, MUSTER_PPM / 2, MUSTER_PPM, &c->quorum_threshold_ppm, d);
    if ((node = muster_doc_get(mapping, "enabled")))
        muster_doc_boolean(node, &c->recovery.enabled, d);
    if ((node = muster_doc_get(mapping, "seal_targets")))
        muster_doc_boolean(node, &c->seal_targets, d);
    if ((node = muster_doc_get(mapping, "hold_history")))
        muster_doc_boolean(node, &c->hold_history, d);
    static const char *const authorities[] = {"voters", "store", NULL};
    uint32_t authority = 0;
    node = muster_doc_get(mapping, "authority");
    if (node && muster_doc_word(node, authorities, &authority, d) == 0)
        c->authority = authority == 0 ? MUSTER_AUTHORITY_VOTERS : MUSTER_AUTHORITY_STORE;
}

static void load_store_lost(struct muster_config *c, const struct muster_doc *node,
                            struct muster_diagnostics *d)
{
    static const char *const words[] = {"local_only", "freeze", NULL};
    uint32_t word = 0;
    if (node && muster_doc_word(node, words, &word, d) == 0)
        c->store_lost_freezes = word == 1;
}

/* coordinator: {type: redis, wire: bridge} */
static void load_coordinator(struct muster_config *c, const struct muster_doc *coordinator,
                             struct muster_diagnostics *d)
{
    static const char *const keys[] = {"type", "wire", NULL};
    static const char *const types[] = {"redis", "local", NULL};
    static const char *const wires[] = {"native", "astra", "bridge", NULL};
    if (!coordinator || muster_doc_expect(coordinator, MUSTER_NODE_MAPPING,
                                          "a mapping such as {type: redis}", d) != 0)
        return;
    muster_doc_keys(coordinator, keys, d);
    uint32_t type = 0;
    const struct muster_doc *node = muster_doc_get(coordinator, "type");
    if (node && muster_doc_word(node, types, &type, d) == 0)
        c->local = type == 1;
    uint32_t wire = 0;
    node = muster_doc_get(coordinator, "wire");
    if (node && muster_doc_word(node, wires, &wire, d) == 0)
        c->wire = (enum muster_wire)wire;
    if (node && c->local)
        muster_complain(d, MUSTER_SEVERITY_WARNING, node->key_mark,
                        "'wire' has no effect on 'type: local', which has no store");
}

/* What stands here and cannot hold on the origin's wire, whose times are fixed. */
static void warn_of_wire(const struct muster_config *c, const struct muster_doc *mapping,
                         struct muster_diagnostics *d)
{
    const struct {
        const char *key;
        muster_dur said, fixed;
    } times[] = {
        {"lease_ttl", c->lease_ttl, MUSTER_ASTRA_LOCK_TTL},
        {"renew_every", c->renew_every, MUSTER_ASTRA_RENEW_EVERY},
        {"vote_ttl", c->vote_ttl, MUSTER_ASTRA_VOTE_TTL},
        {"health_ttl", c->health_ttl, MUSTER_ASTRA_HEALTH_TTL},
    };
    if (c->local || c->wire != MUSTER_WIRE_ASTRA)
        return;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const struct muster_doc *node = muster_doc_get(mapping, times[i].key);
        if (node && times[i].said != times[i].fixed)
            muster_complain(d, MUSTER_SEVERITY_WARNING, node->key_mark,
                            "'%s' has no effect with 'wire: astra': it is %us there", times[i].key,
                            (unsigned)(times[i].fixed / MUSTER_SECOND));
    }
    const struct muster_doc *node = muster_doc_get(mapping, "authority");
    if (node && c->authority == MUSTER_AUTHORITY_VOTERS)
        muster_complain(d, MUSTER_SEVERITY_WARNING, node->key_mark,
                        "'authority: voters' has no effect with 'wire: astra': whoever holds the "
                        "lock in the store leads");
}

/* The origin's, where the program's own log is meant; nothing of it reaches the core. */
static void load_logging(const struct muster_doc *logging, struct muster_diagnostics *d)
{
    static const char *const keys[] = {"level",    "slack_webhook", "slack_events",
                                       "log_file", "log_rotation",  "log_retention_days",
                                       NULL};
    if (!logging)
        return;
    if (!muster_doc_is_null(logging) &&
        muster_doc_expect(logging, MUSTER_NODE_MAPPING, "a mapping such as {level: INFO}", d) == 0)
        muster_doc_keys(logging, keys, d);
    muster_complain(d, MUSTER_SEVERITY_NOTE, logging->key_mark, "'logging' has no effect here");
}

/* The rules of SPEC R6, each complaint at the key it is about. */
static void check(const struct muster_config *c, const struct muster_doc *mapping,
                  struct muster_diagnostics *d)
{
    char text[256];
    const char *key;
    for (uint32_t skip = 0; (key = muster_config_check(c, skip, text, sizeof text)); skip++) {
        const struct muster_doc *node = muster_doc_get(mapping, key);
        struct muster_mark mark = node      ? node->mark
                                  : mapping ? mapping->mark
                                            : (struct muster_mark){0};
        muster_complain(d, MUSTER_SEVERITY_ERROR, mark, "%s", text);
    }
}

/* Keys of ours and of others, in one list for the suggestions. */
static void check_keys(const struct muster_doc *mapping, const char *const *others,
                       struct muster_diagnostics *d)
{
    const char *all[KEYS_MAX];
    size_t n = 0;
    for (const char *const *key = known_keys; *key; key++)
        all[n++] = *key;
    for (; others && *others; others++) {
        assert(n + 1 < KEYS_MAX);
        all[n++] = *others;
    }
    all[n] = NULL;
    muster_doc_keys(mapping, all, d);
}

bool edge_core_has(const char *key)
{
    const char *const *known = known_keys;
    while (*known && strcmp(*known, key) != 0)
        known++;
    return *known != NULL;
}

bool edge_core_is_near(const char *key)
{
    return muster_suggest(key, known_keys) != NULL;
}

const char *const *muster_core_actions(void)
{
    return known_actions;
}

int muster_core_config_load(struct muster_config *c, const struct muster_doc *mapping,
                            const char *const *others, struct muster_diagnostics *d)
{
    uint32_t errors = d->errors;
    muster_config_defaults(c);
    if (mapping && muster_doc_is_null(mapping))
        mapping = NULL;
    if (mapping && muster_doc_expect(mapping, MUSTER_NODE_MAPPING,
                                     "a mapping such as {lease_ttl: 15s}", d) != 0)
        return MUSTER_E_INVALID;
    if (mapping) {
        check_keys(mapping, others, d);
        load_durations(c, mapping, d);
        load_numbers(c, mapping, d);
        load_store_lost(c, muster_doc_get(mapping, "store_lost"), d);
        load_coordinator(c, muster_doc_get(mapping, "coordinator"), d);
        load_thresholds(&c->recovery, muster_doc_get(mapping, "thresholds"), d);
        load_actions(&c->recovery, muster_doc_get(mapping, "recovery_actions"), d);
        load_cooldowns(&c->recovery, muster_doc_get(mapping, "cooldowns"), d);
        load_logging(muster_doc_get(mapping, "logging"), d);
        warn_of_wire(c, mapping, d);
    }
    muster_config_finish(c);
    if (d->errors ==
        errors) /* what did not load keeps its default, about which nobody wants to read */
        check(c, mapping, d);
    return d->errors == errors ? 0 : MUSTER_E_INVALID;
}
