/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules and the intents give one another. Not for others. */
#ifndef MUSTER_CORE_ORCHESTRATOR_ACTING_INSIDE_H
#define MUSTER_CORE_ORCHESTRATOR_ACTING_INSIDE_H

#include "core/orchestrator/acting.h"

/* A why-not text: action, member, cause and remedy, each bounded. */
#define ACTING_TEXT_MAX 256

/* acting.c */
uint32_t acting_running(const struct muster_acting *a);
struct muster_run *acting_free(struct muster_acting *a); /* null: every place is taken */
void acting_start(struct muster_acting *a, struct muster_turn *t, const struct muster_demand *d);

/* rules.c */
enum muster_result acting_ask_authority(const struct muster_turn *t);
bool acting_is_safe_mode(const struct muster_recovery_config *cfg, uint32_t action);
void acting_record(struct muster_history_record *record, const struct muster_demand *d,
                   muster_time now);

#endif
