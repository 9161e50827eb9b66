/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules and the intents give one another. Not for others. */
#ifndef MUSTER_CORE_ORCHESTRATOR_ACTING_INSIDE_H
#define MUSTER_CORE_ORCHESTRATOR_ACTING_INSIDE_H

#include "core/orchestrator/acting.h"

/* A why-not text: action, member, cause and remedy, each bounded. */
#define ACTING_TEXT_MAX 256

/* A run's `held_by` until the next version of the ledger has got its number. */
#define ACTING_NEXT_VERSION UINT64_MAX

/* acting.c */
uint32_t acting_running(const struct muster_acting *a);
struct muster_run *acting_free(struct muster_acting *a); /* null: every place is taken */
void acting_start(struct muster_acting *a, struct muster_turn *t, const struct muster_demand *d);

/* attempt.c */
bool acting_is_cluster(const struct muster_acting *a, const struct muster_run *run);
muster_dur acting_timeout(const struct muster_acting *a, const struct muster_demand *d);
/* Hand the run's newest attempt out, past its breaker. */
void acting_hand_out(struct muster_acting *a, const struct muster_turn *t, struct muster_run *run);
/* Its newest attempt ended so: the breaker learns of it. */
void acting_answered(struct muster_acting *a, const struct muster_turn *t, struct muster_run *run,
                     uint64_t result);
/* Whether the rules that can have changed let it go, under the authority in which it was
 * decided. */
bool acting_may_go(const struct muster_acting *a, const struct muster_turn *t,
                   const struct muster_run *run);
/* Whether what came back is tried again. */
bool acting_may_retry(const struct muster_acting *a, const struct muster_turn *t,
                      const struct muster_run *run, uint64_t result);
/* Take the next attempt: at once, or after a wait. */
void acting_try_again(struct muster_acting *a, const struct muster_turn *t, struct muster_run *run,
                      uint64_t result);

/* rules.c */
enum muster_result acting_ask_authority(const struct muster_turn *t);
/* Whether the breaker of an action lets a call go; asking takes nothing. */
bool acting_circuit_lets(const struct muster_acting *a, muster_time now, uint32_t action,
                         muster_time *ret_until);
bool acting_is_safe_mode(const struct muster_recovery_config *cfg, uint32_t action);
/* False: it only tells of a fault, which nobody expects to go away by that. */
bool acting_mends(const struct muster_recovery_config *cfg, uint32_t action);
void acting_record(struct muster_history_record *record, const struct muster_demand *d,
                   muster_time now);

#endif
