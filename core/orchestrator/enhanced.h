/* SPDX-License-Identifier: Apache-2.0 */
/* The enhanced orchestrator (SPEC 1): what the basic one does, and answers to anomalies.
 *
 * An anomaly is an event with a type, a severity and a confidence. It is answered in this order:
 *   1. The phase-aware handler (phase.h), when phases are configured: nothing, one action, or
 *      CONTROLLED_ACTION, which leaves it to the policy.
 *   2. The policy of its type, else the one named unknown_anomaly. Below its severity_threshold
 *      nothing is done.
 *   3. Its escalation chain, least invasive step first.
 *
 * The chain of one anomaly:
 *
 *   event or time                            what happens
 *   the step's condition does not hold       condition_not_met; the next step at once
 *   it holds, a rule stops the action        recorded; the next step MUSTER_CHAIN_PAUSE later, but
 *     … another action runs, no lease, paused  the same step again MUSTER_CHAIN_PAUSE later
 *   it holds, the action is handed out       the chain waits for its end
 *   the action ends                          failed or not is a fact of conditions from now on; the
 *                                            next step MUSTER_CHAIN_PAUSE later
 *   escalation_failure_threshold steps have  the next step is taken whatever its condition says
 *     failed in a row (auto_escalate)
 *   no step is left                          the chain is at rest until the anomaly comes again
 *
 * An anomaly is active, which `<type>_fault`, simultaneous_faults and duration speak of, until
 * active_for after it was last reported. It comes back to a chain under way as newer facts only.
 *
 * Verification (acting.h) looks at the newest sample: a fault is gone when what called for the
 * action no longer holds; of an anomaly, when it has not been reported since the action was over
 * and the own system is not FAILED. Nothing known is unknown.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_ENHANCED_H
#define MUSTER_CORE_ORCHESTRATOR_ENHANCED_H

#include "core/orchestrator/condition.h"
#include "core/orchestrator/phase.h"
#include "core/orchestrator/recovery.h"

#define MUSTER_POLICIES_MAX     24
#define MUSTER_POLICY_STEPS_MAX 64 /* of all policies together */
#define MUSTER_ANOMALIES_MAX    16 /* active at a time; one more takes the place of the oldest */
#define MUSTER_CHAIN_PAUSE      (2 * MUSTER_SECOND)

struct muster_policy_step {
    uint32_t action;
    muster_dur timeout; /* 0: the action's own */
    struct muster_condition condition;
    char params[MUSTER_PARAMS_MAX + 1]; /* JSON, handed to the action; may be empty */
};

struct muster_policy {
    char type[MUSTER_NAME_MAX + 1]; /* of anomaly; unknown_anomaly stands for every other */
    uint32_t severity_threshold_ppm;
    uint32_t first, count; /* its steps */
};

/* Plain data, filled by the edge, not copied into the node: it outlives it. */
struct muster_enhanced_config {
    struct muster_policy policy[MUSTER_POLICIES_MAX];
    uint32_t policy_count;
    struct muster_policy_step step[MUSTER_POLICY_STEPS_MAX];
    uint32_t step_count;
    struct muster_anomaly_types types; /* that conditions and policies speak of */
    struct muster_phase_config phases;
    bool phases_decide;                     /* the phase-aware handler is asked first */
    uint32_t restricted[MUSTER_PHASES_MAX]; /* by phase, bit i: action i is not allowed */
    bool dry_run;
    bool auto_escalate;                    /* true */
    uint32_t escalation_failure_threshold; /* 2 */
    muster_dur active_for;                 /* 300 s */
    struct muster_acting_options acting;
};

/* SPEC 1's defaults: no policies, phases that do not decide, `advanced` as the origin has it. */
void muster_enhanced_config_defaults(struct muster_enhanced_config *c,
                                     const struct muster_recovery_config *recovery);

enum muster_chain {
    MUSTER_CHAIN_RESTS,
    MUSTER_CHAIN_DUE,   /* the next step is looked at when `due` has come */
    MUSTER_CHAIN_WAITS, /* for the end of `intent` */
};

struct muster_anomaly {
    uint32_t policy; /* index; MUSTER_NAME_NONE: a free place */
    uint32_t type;   /* index of types, or MUSTER_NAME_NONE: a type that nobody speaks of */
    char name[MUSTER_NAME_MAX + 1];
    struct muster_condition_facts facts; /* duration and what is active are of the moment */
    muster_time first_seen, last_seen;
    enum muster_chain chain;
    uint32_t step;     /* of the policy, from 0 */
    uint32_t failures; /* steps in a row */
    muster_time due;
    uint64_t intent;
    struct muster_why_not block;
};

struct muster_enhanced {
    struct muster_recovery base;
    const struct muster_enhanced_config *cfg;
    struct muster_phase phase;
    struct muster_anomaly anomaly[MUSTER_ANOMALIES_MAX];
    struct muster_health health; /* the newest sample */
    muster_time asked_at;        /* health was last asked for because of a look */
};

extern const struct muster_orchestrator_kind muster_orchestrator_enhanced;

#endif
