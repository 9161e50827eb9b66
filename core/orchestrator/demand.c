/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions that call for an action: see demand.h. */
#include "core/orchestrator/demand.h"

struct muster_demand muster_demand_circuit(const struct muster_recovery_config *cfg,
                                           uint32_t subject, const struct muster_health *own)
{
    struct muster_demand d = {.action = MUSTER_ACTION_CIRCUIT_RESTART, .subject = subject};
    d.cause = MUSTER_CAUSE_CIRCUIT_OPEN;
    d.value = own->open_duration;
    d.holds = own->circuit == MUSTER_CIRCUIT_OPEN && own->open_duration != MUSTER_NEVER &&
              own->open_duration > cfg->circuit_open_duration;
    return d;
}

struct muster_demand muster_demand_retries(const struct muster_recovery_config *cfg,
                                           uint32_t subject, const struct muster_health *own)
{
    struct muster_demand d = {.action = MUSTER_ACTION_CACHE_PURGE, .subject = subject};
    d.cause = MUSTER_CAUSE_RETRY_FAILURES;
    d.value = own->failures_1h;
    d.holds = own->failures_1h != MUSTER_COUNT_UNKNOWN && own->failures_1h > cfg->retry_failures_1h;
    return d;
}

struct muster_demand muster_demand_safety(const struct muster_recovery_config *cfg,
                                          uint32_t subject, uint64_t failed)
{
    struct muster_demand d = {.action = MUSTER_ACTION_SAFE_MODE, .subject = subject};
    d.cause = MUSTER_CAUSE_FAILED_COMPONENTS;
    d.value = failed;
    d.holds = failed != MUSTER_COUNT_UNKNOWN && failed >= cfg->failed_components;
    return d;
}

struct muster_demand muster_demand_own_safety(const struct muster_recovery_config *cfg,
                                              uint32_t subject, const struct muster_health *own)
{
    struct muster_demand d = muster_demand_safety(cfg, subject, own->failed_components);
    if (d.holds || own->accuracy_ppm == MUSTER_COUNT_UNKNOWN)
        return d;
    d.cause = MUSTER_CAUSE_ACCURACY;
    d.value = own->accuracy_ppm;
    d.holds = own->accuracy_ppm < cfg->min_anomaly_accuracy_ppm;
    return d;
}
