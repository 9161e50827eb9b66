/* SPDX-License-Identifier: Apache-2.0 */
/* Anomalies and their escalation chains: what enhanced.c and chain.c give one another. */
#ifndef MUSTER_CORE_ORCHESTRATOR_CHAIN_H
#define MUSTER_CORE_ORCHESTRATOR_CHAIN_H

#include "core/orchestrator/enhanced.h"

/* An anomaly was reported (MUSTER_VERB_ANOMALY's text). Malformed parts are unknown; without a type
 * it is passed over. */
void chain_report(struct muster_enhanced *e, struct muster_turn *t, struct muster_bytes text);
/* Chains go on whose time has come, or whose obstacle may have gone. */
void chain_advance(struct muster_enhanced *e, struct muster_turn *t);
muster_time chain_deadline(const struct muster_enhanced *e);
/* An intent ended. */
void chain_ended(struct muster_enhanced *e, struct muster_turn *t, const struct muster_end *end);
/* An action is over and is being verified: its chain goes on meanwhile. */
void chain_went_on(struct muster_enhanced *e, struct muster_turn *t);
/* Leadership ended: chains whose intents are gone are due again. */
void chain_orphans(struct muster_enhanced *e, struct muster_turn *t);
/* Whether the anomaly that called for this record's action is still there. */
enum muster_look chain_look(const struct muster_enhanced *e, const struct muster_history_record *r);
/* " anomaly=power_fault step=2 …" for people. */
void chain_describe(const struct muster_enhanced *e, struct muster_text *t);

/* enhanced.c: go on to a phase by name; noted, or refused. */
void enhanced_phase(struct muster_enhanced *e, struct muster_turn *t, struct muster_bytes name);

#endif
