/* SPDX-License-Identifier: Apache-2.0 */
/* struct muster_config as YAML, exact: every length in ns, every share in ppm. */
#include "config/core_config.h"

#include "config/edge.h"

void edge_put(struct muster_text *t, const char *key, uint64_t value, const char *unit)
{
    muster_text_add(t, ", ");
    muster_text_add(t, key);
    muster_text_add(t, ": ");
    muster_text_add_u64(t, value);
    muster_text_add(t, unit);
}

static void put_action(struct muster_text *t, const struct muster_config *c, uint32_t index)
{
    const struct muster_action_config *a = &c->recovery.action[index];
    muster_text_add(t, a->name);
    muster_text_add(t, a->enabled ? ": {enabled: true" : ": {enabled: false");
    muster_text_add(t, a->scope == MUSTER_SCOPE_LOCAL ? ", scope: local" : ", scope: cluster");
    edge_put(t, "cooldown", a->cooldown, "ns");
    edge_put(t, "timeout", a->timeout, "ns");
    edge_put(t, "max_retries", a->max_retries, "");
    if (c->enhanced)
        edge_put_restrictions(t, c->enhanced, index);
    muster_text_add(t, "}");
}

static void put_recovery(struct muster_text *t, const struct muster_config *c)
{
    const struct muster_recovery_config *r = &c->recovery;
    muster_text_add(t, r->enabled ? ", enabled: true" : ", enabled: false");
    edge_put(t, "poll_interval", r->poll_interval, "ns");
    muster_text_add(t, ", thresholds: {circuit_open_duration: ");
    muster_text_add_u64(t, r->circuit_open_duration);
    muster_text_add(t, "ns");
    edge_put(t, "retry_failures_1h", r->retry_failures_1h, "");
    edge_put(t, "failed_components", r->failed_components, "");
    edge_put(t, "min_anomaly_accuracy", r->min_anomaly_accuracy_ppm, "ppm");
    muster_text_add(t, "}, recovery_actions: {");
    for (uint32_t i = 0; i < r->action_count; i++) {
        muster_text_add(t, i > 0 ? ", " : "");
        put_action(t, c, i);
    }
    muster_text_add(t, "}");
}

void muster_core_config_write(const struct muster_config *c, struct muster_text *t)
{
    muster_text_add(t, "{cluster: '");
    muster_text_add(t, c->cluster);
    static const char *const wires[] = {"", ", wire: astra", ", wire: bridge"};
    muster_text_add(t, c->local ? "', coordinator: {type: local" : "', coordinator: {type: redis");
    if (!c->local)
        muster_text_add(t, wires[c->wire]);
    muster_text_add(t, "}");
    if (c->authority != MUSTER_AUTHORITY_DEFAULT)
        muster_text_add(t, c->authority == MUSTER_AUTHORITY_VOTERS ? ", authority: voters"
                                                                   : ", authority: store");
    edge_put(t, "lease_ttl", c->lease_ttl, "ns");
    edge_put(t, "renew_every", c->renew_every, "ns");
    edge_put(t, "renew_deadline", c->renew_deadline, "ns");
    edge_put(t, "request_timeout", c->request_timeout, "ns");
    edge_put(t, "poll_every", c->poll_every, "ns");
    edge_put(t, "jitter", c->jitter, "ns");
    edge_put(t, "confirm_timeout", c->confirm_timeout, "ns");
    edge_put(t, "stop_time", c->stop_time, "ns");
    edge_put(t, "margin", c->margin, "ns");
    edge_put(t, "heartbeat_every", c->heartbeat_every, "ns");
    edge_put(t, "vote_ttl", c->vote_ttl, "ns");
    edge_put(t, "health_ttl", c->health_ttl, "ns");
    edge_put(t, "max_clock_drift_ppm", c->max_clock_drift_ppm, "");
    edge_put(t, "quorum_threshold", c->quorum_threshold_ppm, "ppm");
    muster_text_add(t, c->store_lost_freezes ? ", store_lost: freeze" : ", store_lost: local_only");
    muster_text_add(t, c->seal_targets ? ", seal_targets: true" : ", seal_targets: false");
    muster_text_add(t, c->hold_history ? ", hold_history: true" : ", hold_history: false");
    edge_put(t, "work_items", c->work_items, "");
    edge_put(t, "work_timeout", c->work_timeout, "ns");
    put_recovery(t, c);
    if (c->enhanced)
        edge_put_enhanced(t, c);
    else if (c->acting)
        edge_put_attempts(t, c->acting);
    muster_text_add(t, "}");
}
