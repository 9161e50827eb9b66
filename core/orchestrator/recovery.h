/* SPDX-License-Identifier: Apache-2.0 */
/* The basic recovery orchestrator (SPEC 1), a pure state machine inside a node.
 *
 * A cycle evaluates the conditions and hands out what the rules let pass (acting.h):
 *   circuit OPEN for more than circuit_open_duration        -> circuit_restart
 *   more than retry_failures_1h                             -> cache_purge
 *   own failed_components at least at the bound             -> safe_mode
 *   accuracy below its bound, when reported                 -> safe_mode
 *   a member's published failed_components, likewise        -> safe_mode for it, by the leader
 * What is unknown does not trigger.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_RECOVERY_H
#define MUSTER_CORE_ORCHESTRATOR_RECOVERY_H

#include "core/orchestrator/acting.h"
#include "core/orchestrator/fallback.h"
#include "core/orchestrator/health.h"
#include "core/orchestrator/interface.h"

/* Belongs to the node's block; fields are read by queries and tests, written here only. */
struct muster_recovery {
    const struct muster_recovery_config *cfg;
    const struct muster_place *place;
    muster_time next_poll;
    struct muster_acting acting;
    struct muster_fallback fallback;
    struct muster_why_not own[MUSTER_ACTIONS_MAX]; /* of own faults; safe_mode's is in subject[] */
    struct muster_why_not subject[MUSTER_MEMBERS_MAX]; /* of safe_mode, by member */
    uint32_t first_subject;                            /* asked first next time: nobody starves */
};

/* cfg and place outlive r; intent_base as in muster_acting_init. The first poll is due at once. */
void muster_recovery_init(struct muster_recovery *r, const struct muster_recovery_config *cfg,
                          const struct muster_place *place,
                          const struct muster_acting_options *options, uint64_t intent_base);

/* Take the poll that is due: true once per poll_interval; missed polls are not made up for. */
bool muster_recovery_poll(struct muster_recovery *r, muster_time now);

/* One cycle. Also retries a history that the disk refused. */
void muster_recovery_cycle(struct muster_recovery *r, struct muster_turn *t,
                           const struct muster_sight *sight);

/* The input ACTION. After a success of safe_mode the fallback mode is SAFE. */
void muster_recovery_ended(struct muster_recovery *r, struct muster_turn *t,
                           const struct muster_input *in);
/* Attempts whose wait is over are handed out, or their intents end. */
void muster_recovery_advance(struct muster_recovery *r, struct muster_turn *t);

/* An operator's trigger, "<action> [reason…]", for this member: needs no condition, obeys every
 * rule. An unknown action is skipped with CONDITION_NOT_MET, its number being MUSTER_ACTIONS_MAX.
 * Of the reason 31 printable characters are kept. */
void muster_recovery_trigger(struct muster_recovery *r, struct muster_turn *t,
                             struct muster_bytes text);

#endif
