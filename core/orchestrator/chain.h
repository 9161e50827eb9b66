/* SPDX-License-Identifier: Apache-2.0 */
/* Anomalies and their escalation chains: what enhanced.c, report.c and chain.c give one another. */
#ifndef MUSTER_CORE_ORCHESTRATOR_CHAIN_H
#define MUSTER_CORE_ORCHESTRATOR_CHAIN_H

#include "core/orchestrator/enhanced.h"

/* report.c: an anomaly was reported (MUSTER_VERB_ANOMALY's text). Malformed parts are unknown; a
 * type that is missing or malformed is unknown_anomaly. */
void chain_report(struct muster_enhanced *e, struct muster_turn *t, struct muster_bytes text);

/* Chains and answers go on whose time has come. */
void chain_advance(struct muster_enhanced *e, struct muster_turn *t);
/* When chain_advance has something to do next. After it that is in the future, unless the turn's
 * notes were used up: then it is now, and the next turn goes on. */
muster_time chain_deadline(const struct muster_enhanced *e);
/* An action succeeded and is being verified: its chain goes on meanwhile. */
void chain_done(struct muster_enhanced *e, struct muster_turn *t, const struct muster_end *end);
/* An intent ended. */
void chain_ended(struct muster_enhanced *e, struct muster_turn *t, const struct muster_end *end);
/* Whether the anomaly that called for this run's action is still there. */
enum muster_look chain_look(const struct muster_enhanced *e, const struct muster_run *run);
/* " anomaly=power_fault step=2 …" for people; step 0: at rest. */
void chain_describe(const struct muster_enhanced *e, struct muster_text *t);

/* Do what the phase-aware handler demands, now or, if an obstacle is in the way, when it has
 * gone. */
void chain_answer(struct muster_enhanced *e, struct muster_turn *t, struct muster_anomaly *x,
                  uint32_t action, enum muster_decision decision);

static inline bool chain_is_taken(const struct muster_anomaly *x)
{
    return x->policy != MUSTER_NAME_NONE;
}

static inline void chain_unblock(struct muster_why_not *block)
{
    *block = (struct muster_why_not){0, MUSTER_RESULT_SUCCESS, 0};
}

bool chain_is_active(const struct muster_enhanced *e, const struct muster_anomaly *x,
                     muster_time now);
/* The policy of an anomaly that has one (asserted). */
const struct muster_policy *chain_policy(const struct muster_enhanced *e,
                                         const struct muster_anomaly *x);
/* What the conditions of this anomaly may speak of, now. */
const struct muster_condition_facts *chain_facts(struct muster_enhanced *e,
                                                 struct muster_anomaly *x, muster_time now);
/* The demand of the anomaly for an action. */
struct muster_demand chain_demand(const struct muster_enhanced *e, const struct muster_anomaly *x,
                                  uint32_t action);

#endif
