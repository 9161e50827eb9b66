/* SPDX-License-Identifier: Apache-2.0 */
/* What the shipped properties share: who claims a lease, which epochs were won, who is up.
 * Not for others. */
#ifndef MUSTER_SIM_CHECK_CHECK_H
#define MUSTER_SIM_CHECK_CHECK_H

#include "core/config.h"
#include "sim/process.h"

#include <inttypes.h>

#define NOTE_KIND(id) ((uint16_t)(MUSTER_EVENT_NOTE + MUSTER_NOTE_##id))
/* What begins or ends a claim: listed in `kinds` by whoever calls muster_claim_see. */
#define CLAIM_KINDS                                                                                \
    NOTE_KIND(LEADER_ELECTED), NOTE_KIND(LEASE_EXTENDED), NOTE_KIND(LEADER_LOST),                  \
        NOTE_KIND(STOPPED), MUSTER_EVENT_CRASH, MUSTER_EVENT_RESTART
/* What changes who is up: for muster_uptime_see. */
#define UPTIME_KINDS MUSTER_EVENT_RESTART, MUSTER_EVENT_PAUSE, MUSTER_EVENT_RESUME

/* A time in a violation's text: printf("at " SECONDS, SECONDS_OF(t)). */
#define SECONDS       "%" PRIu64 ".%03" PRIu64 " s"
#define SECONDS_OF(t) (uint64_t)((t) / MUSTER_SECOND), (uint64_t)((t) / MUSTER_MILLISECOND % 1000)

/* Places for processes: the members, and twins that may be started later. */
uint32_t muster_check_places(const struct muster_world *w);
/* The config of process `muster`; null when the scenario runs another. */
const struct muster_config *muster_check_config(const struct muster_world *w);
/* The same of one process, as it was started with last. */
const struct muster_config *muster_check_config_of(const struct muster_world *w, uint32_t process);

/* The leadership that a process claims by its notes. A crash, a shutdown and a new
 * incarnation end it. */
struct muster_claim {
    bool claims;
    uint64_t epoch, attempt;
    muster_time until; /* own lease clock */
};

/* Take a record of the process into account. True when it claims or renews. */
bool muster_claim_see(struct muster_claim *c, const struct muster_record *r);
/* Whether the claim holds by the true reading of the process's clock. */
bool muster_claim_is_valid(const struct muster_claim *c, const struct muster_world *w,
                           uint32_t process);

/* Who won which epoch: the newest of those that share a place are kept. */
#define MUSTER_ELECTIONS_KEPT 64
struct muster_election {
    uint64_t epoch, attempt;
    uint64_t process;
};
struct muster_elections {
    struct muster_election at[MUSTER_ELECTIONS_KEPT];
};

void muster_elections_add(struct muster_elections *e, const struct muster_record *elected);
/* Null when nobody won it, or *ret_forgotten. */
const struct muster_election *muster_elections_find(const struct muster_elections *e,
                                                    uint64_t epoch, bool *ret_forgotten);

/* Since when a process can work, in true time. */
struct muster_uptime {
    muster_time since;
    bool paused;
};
void muster_uptime_see(struct muster_uptime *u, const struct muster_record *r);
/* Running, and not paused. */
bool muster_uptime_is_up(const struct muster_uptime *u, const struct muster_world *w,
                         uint32_t process);

/* Work items as a property sees them: a table by intent, with room for all that the timeline can
 * submit. */
struct muster_check_item {
    uint64_t intent;           /* 0: a free place */
    uint64_t granted, started; /* highest numbers: journaled, accepted by the target */
    uint64_t effects;          /* accepted by the target */
    muster_time accepted;      /* true time; of the submission */
    uint16_t submitter;
    uint8_t result;
    bool idempotent, ended;
};
struct muster_check_items {
    uint32_t mask;
    struct muster_check_item *at; /* mask + 1 of them */
};

/* Bytes of the places, and the table over as many zeroed ones. */
size_t muster_check_items_size(const struct muster_world *w);
void muster_check_items_init(struct muster_check_items *items, const struct muster_world *w,
                             void *room);
/* The item, or a new one; null when there is no room. */
struct muster_check_item *muster_check_items_take(struct muster_check_items *items,
                                                  uint64_t intent);

/* Whether what one process has done of the cluster's actions binds the next leader: the history is
 * held, by voters (R16), and nothing that this rests on is given up. */
bool muster_check_hands_on(const struct muster_world *w, uint32_t process);
/* The cluster of a process: 0, or its own number where each is a cluster of its own. */
uint32_t muster_check_cluster(const struct muster_world *w, uint32_t process);

/* SPEC 2: with the conditions met, a leader is back within this length of true time. */
muster_dur muster_check_failover_bound(const struct muster_config *c);
/* A length on a clock of the allowed drift, as true time, at most. */
muster_dur muster_check_with_drift(const struct muster_config *c, muster_dur length);

extern const struct muster_property muster_check_one_leader_per_epoch;
extern const struct muster_property muster_check_one_valid_lease;
extern const struct muster_property muster_check_lease_has_majority;
extern const struct muster_property muster_check_promise_only_rises;
extern const struct muster_property muster_check_own_attempt;
extern const struct muster_property muster_check_twin_refuses;
extern const struct muster_property muster_check_unknown_read_first;
extern const struct muster_property muster_check_store_spared;
extern const struct muster_property muster_check_steps_down_in_time;
extern const struct muster_property muster_check_effect_epoch;
extern const struct muster_property muster_check_no_late_effect;
extern const struct muster_property muster_check_no_stale_effect;
extern const struct muster_property muster_check_sealed_first;
extern const struct muster_property muster_check_effect_once;
extern const struct muster_property muster_check_decided_with_quorum;
extern const struct muster_property muster_check_pause_kept;
extern const struct muster_property muster_check_history_held;
extern const struct muster_property muster_check_cooldown_kept;
extern const struct muster_property muster_check_one_terminal_record;
extern const struct muster_property muster_check_concurrency_kept;
extern const struct muster_property muster_check_phase_restrictions_kept;
extern const struct muster_property muster_check_limits_kept;
extern const struct muster_property muster_check_blast_radius_kept;
extern const struct muster_property muster_check_dry_run_runs_nothing;
extern const struct muster_property muster_check_history_kept;
extern const struct muster_property muster_check_work_once;
extern const struct muster_property muster_check_memory_bounded;
extern const struct muster_property muster_check_leader_returns;
extern const struct muster_property muster_check_members_listed;
extern const struct muster_property muster_check_intents_end;
extern const struct muster_property muster_check_faults_answered;
extern const struct muster_property muster_check_leadership_stable;
extern const struct muster_property muster_check_work_ends;

#endif
