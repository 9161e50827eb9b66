/* SPDX-License-Identifier: Apache-2.0 */
/* The enhanced orchestrator (SPEC 1): what the basic one does, and answers to anomalies.
 *
 * An anomaly is an event with a type, a severity and a confidence, told to one member or to all of
 * them; a member answers what it was told. It is answered in this order:
 *   1. The phase-aware handler (phase.h), when phases are configured: nothing, one action (the
 *      answer), or CONTROLLED_ACTION, which leaves it to the policy.
 *   2. The policy of its type, else the one named unknown_anomaly. Below its severity_threshold, or
 *      when the severity is not known, the chain is not taken up: condition_not_met.
 *   3. Its escalation chain, least invasive step first.
 * A report without a well-formed type is one of unknown_anomaly.
 *
 * The chain of one anomaly:
 *
 *   event or time                            what happens
 *   the step's condition does not hold       condition_not_met; the next step at once
 *   it holds, a rule stops the action        recorded; the next step MUSTER_CHAIN_PAUSE later, but
 *     … an obstacle: another action runs,    the same step again MUSTER_CHAIN_PAUSE later, as long
 *       no lease, paused                       as the anomaly is active
 *   it holds, the same action is under way   skipped_concurrency, an obstacle
 *     for another cause
 *   it holds, the action is handed out       the chain waits for its end
 *   success, verified later (acting.h)       the next step MUSTER_CHAIN_PAUSE later; the end of the
 *                                            verification is a fact of conditions when it comes
 *   every other end                          the next step MUSTER_CHAIN_PAUSE later; failed or not
 *                                            is a fact of conditions from now on
 *   escalation_failure_threshold failures    a step behind the first is taken whatever its
 *     in a row (auto_escalate)                 condition says; the count begins anew once it runs
 *     … while the chain is at rest           it goes on behind the furthest step that it took
 *   no step is left                          the chain is at rest until the anomaly comes again
 *   the anomaly comes again meanwhile        newer facts only
 *   the phase has changed, and the new one   what has not been handed out is given up
 *     does not leave it to the policy
 *   it is no longer active                   what has not been handed out is given up
 *
 * Failed, timed out, unverified and unknown are failures. Cancelled and fenced tell nothing of an
 * action; the success of one that only tells of a fault (acting.h) does not end a row of failures.
 *
 * An answer that an obstacle stops is asked for again like a step, while the phase stays; meanwhile
 * only a decision as strong takes its place. Answers come before steps.
 *
 * An anomaly is active, which `<type>_fault`, simultaneous_faults and duration speak of, until
 * active_for after it was last reported, with or without a policy. When all places are taken, one
 * gives way: among those at rest, else among all, the one reported longest ago. What was left of
 * its chain is then condition_not_met.
 *
 * Verification looks at a sample: a fault is gone when what called for the action no longer holds;
 * of an anomaly, when it has not been reported since the success or the last look and the own
 * system is not FAILED. Nothing known is unknown.
 *
 * A success of enter_safe_mode at the target moves the phase to SAFE_MODE, when there is one; it
 * need not be verified for that. The phase, dry run and what is known of anomalies are the member's
 * own: the others are told by whoever told this one.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_ENHANCED_H
#define MUSTER_CORE_ORCHESTRATOR_ENHANCED_H

#include "core/orchestrator/condition.h"
#include "core/orchestrator/phase.h"
#include "core/orchestrator/recovery.h"

#define MUSTER_POLICIES_MAX     24
#define MUSTER_POLICY_STEPS_MAX 64 /* of all policies together */
#define MUSTER_ANOMALIES_MAX    16 /* active at a time */
#define MUSTER_CHAIN_PAUSE      (2 * MUSTER_SECOND)
#define MUSTER_ANOMALY_UNKNOWN  "unknown_anomaly" /* the policy of types that have none */

struct muster_policy_step {
    uint32_t action;
    muster_dur timeout; /* 0: the action's own */
    struct muster_condition condition;
    char params[MUSTER_PARAMS_MAX + 1]; /* JSON, handed to the action; may be empty */
};

struct muster_policy {
    char type[MUSTER_NAME_MAX + 1];  /* of anomaly; unknown_anomaly stands for every other */
    uint32_t severity_threshold_ppm; /* at least */
    uint32_t first, count;           /* its steps */
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
    uint32_t escalation_failure_threshold; /* 2; 0 is 1 */
    muster_dur active_for;                 /* 300 s; not 0 */
    struct muster_acting_options acting;
};

/* SPEC 1's defaults: no policies, phases that do not decide, `advanced` as the origin has it,
 * breaker and backoff on, no blast radius. */
void muster_enhanced_config_defaults(struct muster_enhanced_config *c,
                                     const struct muster_recovery_config *recovery);

enum muster_chain {
    MUSTER_CHAIN_RESTS,
    MUSTER_CHAIN_DUE,   /* the next step is looked at when `due` has come */
    MUSTER_CHAIN_WAITS, /* for the end of `intent` */
};

struct muster_anomaly {
    uint32_t policy; /* index; MUSTER_POLICIES_MAX: none; MUSTER_NAME_NONE: a free place */
    uint32_t type;   /* index of types, or MUSTER_NAME_NONE: a type that nobody speaks of */
    char name[MUSTER_NAME_MAX + 1];
    struct muster_condition_facts facts; /* duration and what is active are of the moment */
    muster_time first_seen, last_seen;
    enum muster_chain chain;
    uint32_t step;     /* of the policy, from 0 */
    uint32_t phase;    /* that left it to the policy */
    uint32_t beyond;   /* the step behind the furthest that ran; 0: none did */
    uint32_t failures; /* in a row */
    muster_time due;
    uint64_t intent;
    struct muster_why_not block; /* of the step; at rest, of the chain as a whole */
    /* The phase-aware handler's own action while an obstacle holds it up, or MUSTER_NAME_NONE. */
    uint32_t answer;
    uint32_t answer_phase; /* in which it was decided */
    enum muster_decision answer_decision;
    muster_time answer_due;
    struct muster_why_not answer_block;
};

struct muster_enhanced {
    struct muster_recovery base;
    const struct muster_enhanced_config *cfg;
    struct muster_phase phase;
    struct muster_anomaly anomaly[MUSTER_ANOMALIES_MAX];
    struct muster_health health; /* the newest sample */
    muster_time asked_at;        /* health was last asked for because of a look */
    muster_time crowded_out;     /* an active anomaly last had to give its place up; 0: never */
};

extern const struct muster_orchestrator_kind muster_orchestrator_enhanced;

#endif
