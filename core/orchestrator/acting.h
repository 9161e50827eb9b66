/* SPDX-License-Identifier: Apache-2.0 */
/* Intents: from a call for an action, by the rules that may stop it, to its one terminal record.
 * Both orchestrators act through here.
 *
 * An intent is one decision to act. It is handed out up to 1 + max_retries times, always under the
 * epoch in which it was decided, and has exactly one ACTION_ENDED, from which its cooldown runs.
 * The calls of one action, whoever they are for, are behind one circuit breaker (breaker.h): what
 * failed, timed out or ended unknown counts against it, each attempt once.
 *
 *   state      event                               next       and
 *   -          called for, a rule stops it         -          counted, recorded, noted as skipped
 *   -          called for, dry run                 -          skipped_dry_run: no cooldown
 *   -          called for                          RUNNING    ACTION_STARTED, handed out
 *   -            the same, of the cluster, and     PREPARED   ACTION_PREPARED; in the next version
 *                the authority holds the ledger               of the ledger
 *   PREPARED   a majority holds that version       RUNNING    ACTION_STARTED, handed out
 *   PREPARED     the same, a rule stops it now     -          ACTION_ENDED cancelled
 *   PREPARED   not held within its timeout,        -          ACTION_ENDED cancelled
 *                leadership ended, shutting down
 *   RUNNING    failed or timed out, may be retried RUNNING    handed out again, attempt + 1
 *   RUNNING      the same, and it backs off        WAITING    a wait of retry.h, and then
 *   WAITING    the wait is over, it may be retried RUNNING    handed out again, attempt + 1
 *   WAITING    the wait is over, a rule stops it   -          ACTION_ENDED as the last attempt did
 *   WAITING    leadership ended, shutting down     WAITING    the wait is over at once
 *   RUNNING    success, to be verified             VERIFYING  looks again after verify_delay
 *   RUNNING    every other end, also the success   -          ACTION_ENDED
 *                of alert_ground, log_detailed_state
 *   VERIFYING  the fault is gone                   -          ACTION_ENDED success
 *   VERIFYING  it persists, or nobody knows        VERIFYING  up to verify_attempts looks
 *   VERIFYING  and that was the last look          -          ACTION_ENDED unverified
 *   RUNNING    leadership ended (cluster action)   RUNNING    CANCEL; its end still comes
 *   VERIFYING  the same, or shutting down          -          ACTION_ENDED unverified
 *
 * The ledger (coordinator/ledger.h), as a text of words:
 *   ended <n> {<action> <age in ms>}  open <n> {<action> <intent>}  storm <storm> <acknowledged>
 *   limits <account of limits.h>
 * Ended are actions of the cluster, with the age of their last end, which is where their cooldown
 * began; open are intents of the cluster that were prepared and have not ended. Who inherits one
 * that is open counts it as ended, and as started, just now. A new version is written when an
 * intent of the cluster is prepared or ends, and when the storm rule's state changes.
 *
 * The rules, in the order in which they are asked: enabled, paused (or draining), frozen, authority
 * and the cluster's pause (of a cluster action), phase, cooldown, circuit, rate limits, blast
 * radius, concurrency; then dry run. Before another attempt those are asked again that can have
 * changed: paused, frozen, authority, phase, circuit, dry run. What is being verified takes no part
 * in concurrency, what is prepared or waits for its next attempt does. What a rule stops is counted
 * each time, and noted as ACTION_SKIPPED when the rule or its `until` changes, or when the fault
 * comes back after it was gone or unknown; `until` is 0 when no time clears it.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_ACTING_H
#define MUSTER_CORE_ORCHESTRATOR_ACTING_H

#include "core/config.h"
#include "core/orchestrator/blast.h"
#include "core/orchestrator/breaker.h"
#include "core/orchestrator/cooldown.h"
#include "core/orchestrator/demand.h"
#include "core/orchestrator/history.h"
#include "core/orchestrator/interface.h"
#include "core/orchestrator/limits.h"
#include "core/orchestrator/retry.h"
#include "core/port.h"
#include "core/text.h"

#define MUSTER_RUNS_MAX 8 /* intents under way: running and being verified */

/* Why an action did not run: the rule, and until when (0: no time clears it). */
struct muster_why_not {
    muster_time until;
    uint32_t result;  /* enum muster_result; SUCCESS: nothing stops it */
    uint32_t subject; /* the member it was for */
};

/* What is beside the rules of the config: the enhanced orchestrator's, fixed at init. */
struct muster_acting_options {
    uint32_t concurrent_max;  /* 1..MUSTER_RUNS_MAX */
    uint32_t timeout_ppm;     /* factor of every timeout; MUSTER_PPM: as configured */
    muster_dur verify_delay;  /* 0: nothing is verified */
    uint32_t verify_attempts; /* looks, at least 1 when something is verified */
    bool limited;             /* limits hold */
    bool bounded;             /* the blast radius holds */
    bool backs_off;           /* waits between attempts; else they follow at once */
    bool breaks;              /* every action is behind a breaker */
    struct muster_limits_config limits;
    struct muster_blast_config blast;
    struct muster_retry_config retry;     /* but for max_attempts, which the action's config says */
    struct muster_breaker_config breaker; /* probe_timeout 0: the action's own ends every probe */
};

/* An intent under way; record.intent 0: a free place. */
struct muster_run {
    struct muster_history_record record; /* becomes the terminal record */
    const char *params;                  /* of the config; may be null */
    muster_dur timeout;
    muster_time look_at;  /* VERIFYING: when to look again; else MUSTER_NEVER */
    muster_time since;    /* VERIFYING: the success, or the last look */
    muster_time again_at; /* WAITING: when the next attempt goes; PREPARED: when it is given up;
                             else MUSTER_NEVER */
    uint64_t held_by;     /* PREPARED: the version of the ledger that is to be held; else 0 */
    muster_time counted;  /* when the limits counted it */
    struct muster_retry retry;
    uint64_t ticket; /* the breaker's, of the newest attempt */
    bool probe;      /* the newest attempt is the breaker's probe */
    bool cancelled;
    uint32_t looks; /* taken so far */
};

/* Belongs to its orchestrator's block; fields are read by queries and tests, written here only, but
 * for the three switches. */
struct muster_acting {
    const struct muster_recovery_config *cfg;
    const struct muster_place *place;
    struct muster_acting_options options;
    /* switches, the orchestrator's */
    bool paused, dry_run;
    uint32_t forbidden; /* bit i: the phase forbids action i */

    uint64_t next_intent;
    bool news; /* that the ledger is to tell */
    struct muster_run run[MUSTER_RUNS_MAX];
    struct muster_cooldowns cooldowns;
    struct muster_limits limits;
    struct muster_blast blast;
    struct muster_breaker breaker[MUSTER_ACTIONS_MAX]; /* by action */
    struct muster_why_not latest[MUSTER_ACTIONS_MAX];  /* by action, whoever it was for */
    uint64_t counts[MUSTER_RESULT_COUNT];              /* results: ends and refusals */
    struct muster_history history;
};

/* The basic orchestrator's: one at a time, nothing else; defaults of what could be switched on. */
void muster_acting_options_basic(struct muster_acting_options *o);

/* cfg and place outlive it; options are copied. intent_base: drawn at random below 2^52 for each
 * incarnation; intents run on from it (and around, without 0), so that they are unique across
 * members and restarts for all practical ends. */
void muster_acting_init(struct muster_acting *a, const struct muster_recovery_config *cfg,
                        const struct muster_place *place,
                        const struct muster_acting_options *options, uint64_t intent_base);

/* Decide on a demand. block: what stopped this demand last time, kept by the caller. Returns the
 * result: SUCCESS when it was handed out or already runs, or when nothing calls for it; else the
 * rule. */
enum muster_result muster_acting_consider(struct muster_acting *a, struct muster_turn *t,
                                          const struct muster_demand *d,
                                          struct muster_why_not *block);
/* An operator's wish: noted and recorded each time. */
enum muster_result muster_acting_demand(struct muster_acting *a, struct muster_turn *t,
                                        const struct muster_demand *d);
/* Record that something stopped a demand that was never put to the rules: a condition, a
 * threshold. Notes count as in muster_acting_consider. */
void muster_acting_refuse(struct muster_acting *a, struct muster_turn *t,
                          const struct muster_demand *d, enum muster_result result,
                          struct muster_why_not *block);

/* What became of an intent. */
struct muster_end {
    uint32_t action;
    enum muster_result result;
    uint64_t intent;
    enum muster_cause cause;
    muster_time began;                      /* handed out first */
    bool mends;                             /* not one that only tells of a fault */
    char text[MUSTER_HISTORY_TEXT_MAX + 1]; /* of the record */
};

/* How far an intent has come. */
enum muster_stage {
    MUSTER_STAGE_RUNS,  /* it goes on, or is none of ours */
    MUSTER_STAGE_DONE,  /* success at the target; being verified from now on */
    MUSTER_STAGE_ENDED, /* it has its terminal record */
};

/* The input ACTION: retried, verified later, or ended. An action of another incarnation is passed
 * over. *ret_end is set when it is DONE or ENDED. The node looks at in->action.epoch itself. */
enum muster_stage muster_acting_ended(struct muster_acting *a, struct muster_turn *t,
                                      const struct muster_input *in, struct muster_end *ret_end);
/* The intent of this action on this subject that is under way, or is being verified; 0: none. */
uint64_t muster_acting_runs(const struct muster_acting *a, uint32_t action, uint32_t subject);
/* Nothing runs or waits; what is being verified does neither. */
bool muster_acting_drained(const struct muster_acting *a);
/* The same of cluster actions only. */
bool muster_acting_idle(const struct muster_acting *a);

/* What is prepared and held by now is handed out; what a rule stops is given up. */
void muster_acting_release(struct muster_acting *a, struct muster_turn *t);

/* When the next attempt is due of what waits for one; MUSTER_NEVER when nothing does. */
muster_time muster_acting_again_at(const struct muster_acting *a);
/* The place of an intent whose wait is over, from `from` on; MUSTER_RUNS_MAX: none. */
uint32_t muster_acting_to_retry(const struct muster_acting *a, muster_time now, uint32_t from);
/* Hand its next attempt out, if the rules still let it. True when the intent has ended instead. */
bool muster_acting_retry(struct muster_acting *a, struct muster_turn *t, uint32_t place,
                         struct muster_end *ret_end);

/* When the next look at what is being verified is due; MUSTER_NEVER when nothing is. */
muster_time muster_acting_look_at(const struct muster_acting *a);
enum muster_look { MUSTER_LOOK_GONE, MUSTER_LOOK_PERSISTS, MUSTER_LOOK_UNKNOWN };
/* The place of an intent whose look is due, from `from` on; MUSTER_RUNS_MAX: none. */
uint32_t muster_acting_to_verify(const struct muster_acting *a, muster_time now, uint32_t from);
/* It was looked at. True when the intent has ended. */
bool muster_acting_look(struct muster_acting *a, struct muster_turn *t, uint32_t place,
                        enum muster_look look, struct muster_end *ret_end);

/* Leadership ended: cancel what runs under it, end what is being verified. What waits for its next
 * attempt is due at once, and ends. */
void muster_acting_lost(struct muster_acting *a, struct muster_turn *t);
/* Shutting down: end what is being verified; what waits for its next attempt as above. */
void muster_acting_drain(struct muster_acting *a, struct muster_turn *t);

/* The ledger's text, which fits into MUSTER_LEDGER_MAX; false: there is no news. */
bool muster_acting_account(const struct muster_acting *a, muster_time now, struct muster_text *t);
/* It was handed in as this version. */
void muster_acting_entrusted(struct muster_acting *a, uint64_t version);
/* Go on with a text of the ledger, so long after it was read. What is malformed counts as if
 * everything had just been done. */
void muster_acting_take_over(struct muster_acting *a, muster_time now, struct muster_bytes text,
                             muster_dur passed);
/* The state of the storm rule has changed. */
static inline void muster_acting_storm(struct muster_acting *a)
{
    a->news = true;
}

/* Another member, or an earlier incarnation, ended this action `age` ago (MUSTER_NEVER: unknown,
 * counts as just now). */
void muster_acting_inherit(struct muster_acting *a, muster_time now, uint32_t action,
                           muster_dur age);

/* The index of an action by its name; MUSTER_ACTIONS_MAX when there is none. */
uint32_t muster_acting_find(const struct muster_recovery_config *cfg, struct muster_bytes name);
/* What would clear a rule, for people. */
const char *muster_acting_remedy(const struct muster_authority *a, uint64_t result);
/* "running=… safe_mode=skipped_cooldown durable=…" for people. */
void muster_acting_describe(const struct muster_acting *a, struct muster_text *t,
                            const char *between);

#endif
