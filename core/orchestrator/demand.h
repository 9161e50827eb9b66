/* SPDX-License-Identifier: Apache-2.0 */
/* What calls for an action: the conditions of the basic recovery orchestrator, as pure functions
 * (SPEC 1).
 *
 * What is unknown holds nothing: an action answers a fault that was seen, never the lack of news.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_DEMAND_H
#define MUSTER_CORE_ORCHESTRATOR_DEMAND_H

#include "core/config.h"
#include "core/orchestrator/health.h"
#include "core/orchestrator/history.h"

/* A call for an action, with what was measured. */
struct muster_demand {
    uint32_t action;
    uint32_t subject; /* the member it is for */
    bool holds;       /* else nothing calls for it */
    enum muster_cause cause;
    uint64_t value;     /* as in a history record */
    const char *text;   /* of a manual trigger: the reason; of an anomaly: its type; else null */
    const char *params; /* what the action is told besides, at most MUSTER_PARAMS_MAX bytes */
    const char
        *remedy; /* what would clear what stops it, when no rule of acting.h did; else null */
    muster_dur timeout; /* 0: the action's own */
};

/* circuit_restart: OPEN for more than the bound. */
struct muster_demand muster_demand_circuit(const struct muster_recovery_config *cfg,
                                           uint32_t subject, const struct muster_health *own);
/* cache_purge: more failures in the last hour than the bound. */
struct muster_demand muster_demand_retries(const struct muster_recovery_config *cfg,
                                           uint32_t subject, const struct muster_health *own);
/* safe_mode by what a member has published: at least the bound. */
struct muster_demand muster_demand_safety(const struct muster_recovery_config *cfg,
                                          uint32_t subject, uint64_t failed);
/* safe_mode by the own sample, which besides tells the accuracy: below the bound, when reported. */
struct muster_demand muster_demand_own_safety(const struct muster_recovery_config *cfg,
                                              uint32_t subject, const struct muster_health *own);

#endif
