/* SPDX-License-Identifier: Apache-2.0 */
/* The basic recovery orchestrator (SPEC 1), a pure state machine inside a node.
 *
 * A cycle evaluates the conditions, checks the rules, hands out at most one action, and records
 * what was done and what was not:
 *   circuit OPEN for more than circuit_open_duration        -> circuit_restart
 *   more than retry_failures_1h                             -> cache_purge
 *   own failed_components at least at the bound             -> safe_mode
 *   accuracy below its bound, when reported                 -> safe_mode
 *   a member's published failed_components, likewise        -> safe_mode for it, by the leader
 * What is unknown does not trigger. The rules, in the order in which they are asked: enabled,
 * draining, authority (of a cluster action), cooldown, concurrency (one action at a time). What a
 * rule stops is counted each time, and noted as ACTION_SKIPPED when the rule or its `until`
 * changes, or when the fault comes back after it was gone or unknown; `until` is 0 when no time
 * clears it.
 *
 * An intent is one decision to act. It is handed out up to 1 + max_retries times, always under the
 * epoch in which it was decided, and has exactly one ACTION_ENDED, from which its cooldown runs.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_RECOVERY_H
#define MUSTER_CORE_ORCHESTRATOR_RECOVERY_H

#include "core/config.h"
#include "core/orchestrator/cooldown.h"
#include "core/orchestrator/fallback.h"
#include "core/orchestrator/health.h"
#include "core/orchestrator/history.h"
#include "core/port.h"
#include "core/text.h"

/* New why-not notes of one cycle; the rest follows in the next ones, so that a call's effects are
 * bounded. */
#define MUSTER_RECOVERY_NOTES_MAX 12
/* At most this many effects, and this many bytes of room, come of one call. */
#define MUSTER_RECOVERY_EFFECTS_MAX 32
#define MUSTER_RECOVERY_ROOM_MAX    8192

/* What the leader knows of a member, by its vote. */
struct muster_recovery_subject {
    bool fresh;                 /* else nothing is known of it */
    uint64_t failed_components; /* MUSTER_COUNT_UNKNOWN: not said */
};

/* What the node may do now. */
struct muster_authority {
    bool leads;    /* a majority stands behind it until not_after */
    bool draining; /* no action starts any more */
    /* When it does not lead: SKIPPED_NOT_LEADER, SKIPPED_NO_QUORUM or SKIPPED_STORE_LOST. */
    enum muster_result refusal;
    uint64_t epoch;
    muster_time not_after; /* own lease clock; no cluster action starts at or after it */
};

/* Why an action did not run: the rule, and until when (0: no time clears it). */
struct muster_why_not {
    muster_time until;
    uint32_t result;  /* enum muster_result; SUCCESS: nothing stops it */
    uint32_t subject; /* the member it was for */
};

/* The action that is handed out. */
struct muster_running {
    struct muster_history_record record; /* becomes the terminal record; intent 0: nothing runs */
    bool cancelled;
    uint8_t reserved[7];
};

/* Belongs to the node's block; fields are read by queries and tests, written here only. */
struct muster_recovery {
    const struct muster_recovery_config *cfg;
    const struct muster_place *place;
    uint64_t next_intent;
    muster_time next_poll;
    struct muster_running running;
    struct muster_cooldowns cooldowns;
    struct muster_fallback fallback;
    struct muster_why_not own[MUSTER_ACTIONS_MAX]; /* of own faults; safe_mode's is in subject[] */
    struct muster_why_not subject[MUSTER_MEMBERS_MAX]; /* of safe_mode, by member */
    struct muster_why_not latest[MUSTER_ACTIONS_MAX];  /* by action, whoever it was for */
    uint64_t counts[MUSTER_RESULT_COUNT];              /* results: ends and refusals */
    uint32_t first_subject;                            /* asked first next time: nobody starves */
    uint32_t reserved;
    struct muster_history history;
};

/* cfg and place outlive r. intent_base: drawn at random below 2^52 for each incarnation; intents
 * run on from it (and around, without 0), so that they are unique across members and restarts for
 * all practical ends. The first poll is due at once. */
void muster_recovery_init(struct muster_recovery *r, const struct muster_recovery_config *cfg,
                          const struct muster_place *place, uint64_t intent_base);

/* When health is to be sampled next. */
muster_time muster_recovery_deadline(const struct muster_recovery *r);
/* Take the poll that is due: true once per poll_interval. The node then asks for health, and calls
 * muster_recovery_cycle when it has come; missed polls are not made up for. */
bool muster_recovery_poll(struct muster_recovery *r, muster_time now);

/* One cycle. own: the newest sample, all unknown when there is none. subject[]: by member, count =
 * all members; the own entry is not read. Also retries a history that the disk refused. */
void muster_recovery_cycle(struct muster_recovery *r, muster_time now,
                           const struct muster_health *own,
                           const struct muster_recovery_subject *subject, uint32_t count,
                           const struct muster_authority *a, struct muster_effects *out);

/* The input ACTION: retried or ended. An action of another incarnation is passed over. After a
 * success of safe_mode the fallback mode is SAFE. The node looks at in->action.epoch itself. */
void muster_recovery_ended(struct muster_recovery *r, muster_time now,
                           const struct muster_input *in, const struct muster_authority *a,
                           struct muster_effects *out);

/* An operator's trigger, for this member: needs no condition, obeys every rule. An unknown action
 * is skipped with CONDITION_NOT_MET, its number being MUSTER_ACTIONS_MAX. Of the reason 31
 * printable characters are kept. */
void muster_recovery_trigger(struct muster_recovery *r, muster_time now, struct muster_bytes action,
                             struct muster_bytes reason, const struct muster_authority *a,
                             struct muster_effects *out);

/* Leadership ended: cancel what runs under it. Its ACTION still comes, and ends it. */
void muster_recovery_lost(struct muster_recovery *r, struct muster_effects *out);

/* Another member, or an earlier incarnation, ended this action `age` ago (MUSTER_NEVER: unknown,
 * counts as just now). */
void muster_recovery_inherit(struct muster_recovery *r, muster_time now, uint32_t action,
                             muster_dur age);

/* A disk effect of ours ended; ours are those whose tag muster_recovery_owns. */
void muster_recovery_disk(struct muster_recovery *r, const struct muster_input *in,
                          struct muster_effects *out);
bool muster_recovery_owns(uint64_t tag);

/* Nothing runs. What has ended may still be on its way to the disk:
 * muster_history_saved(&r->history). */
bool muster_recovery_drained(const struct muster_recovery *r);
/* What would clear a rule, for people. */
const char *muster_recovery_remedy(uint64_t result);
/* "running=… mode=…" for people. */
void muster_recovery_describe(const struct muster_recovery *r, struct muster_text *t);

#endif
