/* SPDX-License-Identifier: Apache-2.0 */
/* Mission phases (SPEC 1): which follow upon which, and how anomalies are answered in each.
 *
 * An anomaly is answered in this order:
 *   1. Confidence that is unknown or below min_confidence_for_action: NO_ACTION.
 *   2. The class of severity decides by the phase's thresholds; an unknown severity, or a phase
 *      without a policy, by default_decision.
 *   3. The phase's escalation rules are asked in their order. One that holds makes the decision
 *      stronger, never weaker; NO_ESCALATION ends the rules.
 * Below min_confidence_for_escalation no rule has effect, and a class that escalates is answered
 * like the next lower class that does not. So it is where the phase forbids the action of an
 * escalation; what else it forbids gives way to the next weaker decision. An action in neither list
 * of a phase is allowed; forbidden beats allowed.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_PHASE_H
#define MUSTER_CORE_ORCHESTRATOR_PHASE_H

#include "core/orchestrator/condition.h"
#include "core/orchestrator/recurrence.h"
#include "core/orchestrator/response.h"

#define MUSTER_PHASES_MAX              16
#define MUSTER_PHASE_RULES_MAX         48 /* of all phases together */
#define MUSTER_PHASE_ACTIONS_MAX       64 /* one bit of a mask each */
#define MUSTER_PHASE_JUSTIFICATION_MAX 95 /* bytes, without the final 0 */

struct muster_phase_policy {
    char name[MUSTER_NAME_MAX + 1];
    uint64_t allowed;                                  /* bit i: action i is listed as allowed */
    uint64_t forbidden;                                /* likewise */
    uint32_t next;                                     /* bit i: phase i may follow */
    enum muster_decision decision[MUSTER_LEVEL_COUNT]; /* by class of severity */
};

struct muster_phase_rule {
    uint32_t phase;
    struct muster_response response;
    struct muster_condition condition;
    char justification[MUSTER_PHASE_JUSTIFICATION_MAX + 1]; /* for people; may be empty */
};

/* Plain data, filled by the edge; indices of actions are those of the caller's list. */
struct muster_phase_config {
    struct muster_phase_policy phase[MUSTER_PHASES_MAX];
    uint32_t phase_count; /* at least 1 */
    uint32_t initial;
    struct muster_phase_rule rule[MUSTER_PHASE_RULES_MAX]; /* of one phase: in the order asked */
    uint32_t rule_count;
    enum muster_decision default_decision;      /* LOG_ONLY */
    uint32_t action_of[MUSTER_DECISION_COUNT];  /* what carries a decision out, or none */
    uint32_t min_confidence_for_action_ppm;     /* 700000 */
    uint32_t min_confidence_for_escalation_ppm; /* 800000 */
    muster_dur recurrence_window;               /* 3600 s */
};

/* The phases and transitions of SPEC 1, beginning in LAUNCH, with thresholds as the origin's file
 * has them, without rules or lists. The actions, at most MUSTER_PHASE_ACTIONS_MAX, are looked
 * through for those that carry decisions out. */
void muster_phase_config_defaults(struct muster_phase_config *c,
                                  const struct muster_names *actions);
/* Add a phase that nothing leads to or from and that answers by default_decision. Errors:
 * MUSTER_E_INVALID when the name is empty, too long or taken, MUSTER_E_NOSPACE. */
int muster_phase_config_add(struct muster_phase_config *c, struct muster_bytes name,
                            uint32_t *ret_phase);
/* The phase of that name, or MUSTER_NAME_NONE. */
uint32_t muster_phase_find(const struct muster_phase_config *c, struct muster_bytes name);
/* Whether the phase `to` may follow upon `from`. A phase follows upon itself only if the config
 * says so; staying needs no transition. */
bool muster_phase_may_follow(const struct muster_phase_config *c, uint32_t from, uint32_t to);

enum muster_permission {
    MUSTER_PERMISSION_ALLOWED,
    MUSTER_PERMISSION_UNLISTED,
    MUSTER_PERMISSION_FORBIDDEN
};

/* What a phase's lists say of an action; UNLISTED is allowed too. */
enum muster_permission muster_phase_permission(const struct muster_phase_config *c, uint32_t phase,
                                               uint32_t action);

/* What the decision follows from. */
enum muster_phase_cause {
    MUSTER_PHASE_BY_CONFIDENCE, /* too low to act on */
    MUSTER_PHASE_BY_SEVERITY,
    MUSTER_PHASE_BY_DEFAULT, /* severity is not known */
    MUSTER_PHASE_BY_RULE,
};

/* What kept a stronger decision from being taken. */
enum muster_phase_hold {
    MUSTER_PHASE_NOT_HELD,
    MUSTER_PHASE_HELD_BY_CONFIDENCE,
    MUSTER_PHASE_HELD_BY_LIST, /* its action is forbidden in the phase */
};

struct muster_phase_decision {
    enum muster_decision decision;
    enum muster_phase_cause cause;
    enum muster_phase_hold hold;
    enum muster_decision wanted; /* the stronger one, when it was held back */
    uint32_t action; /* index, or MUSTER_NAME_NONE: nothing, or what the anomaly's policy says */
    uint32_t phase;
    uint32_t rule;     /* the cause, when a rule is; else MUSTER_PHASE_RULES_MAX */
    uint32_t end_rule; /* the rule that ended the rules; MUSTER_PHASE_RULES_MAX: none did */
    uint32_t severity_ppm, confidence_ppm, recurrence_count; /* as in the facts */
};

void muster_phase_decide(const struct muster_phase_config *c, uint32_t phase,
                         const struct muster_condition_facts *facts,
                         struct muster_phase_decision *ret_decision);
/* The reasoning, for people: "severity 0.95 (CRITICAL), confidence 0.9, 2 within 3600s, in LAUNCH:
 * ESCALATE_SAFE_MODE by rule 1 (critical faults end a launch)". */
void muster_phase_reason(struct muster_text *t, const struct muster_phase_config *c,
                         const struct muster_phase_decision *d);

/* The phase a node is in, and what it has seen lately. */
struct muster_phase {
    const struct muster_phase_config *cfg;
    muster_time since; /* in this phase */
    uint32_t current;
    uint32_t reserved;
    struct muster_recurrence recurrence;
};

/* cfg outlives p. */
void muster_phase_init(struct muster_phase *p, const struct muster_phase_config *cfg,
                       muster_time now);
/* Go on to a phase; into the current one nothing changes. Errors: MUSTER_E_INVALID when it may not
 * follow, or is none; nothing changes then. */
int muster_phase_enter(struct muster_phase *p, muster_time now, uint32_t to);
/* The phase-aware handler: count an anomaly of this type, and decide. facts->recurrence_count
 * becomes the count within the window, unless the source reports more. */
void muster_phase_handle(struct muster_phase *p, muster_time now, struct muster_bytes type,
                         struct muster_condition_facts *facts,
                         struct muster_phase_decision *ret_decision);

#endif
