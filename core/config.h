/* SPDX-License-Identifier: Apache-2.0 */
/* What a node is told once: timing of the lease, votes, recovery. Copied into the node at init.
 * The edge (config/) fills it from files; the core never sees a file. */
#ifndef MUSTER_CORE_CONFIG_H
#define MUSTER_CORE_CONFIG_H

#include "core/types.h"

#define MUSTER_NAME_MAX       31  /* bytes of any name, without the final 0 */
#define MUSTER_VOTERS_MAX     15  /* configured voters */
#define MUSTER_MEMBERS_MAX    64  /* members of one cluster */
#define MUSTER_ACTIONS_MAX    32  /* actions known to one orchestrator */
#define MUSTER_WORK_ITEMS_MAX 64  /* work items that one member has open */
#define MUSTER_PARAMS_MAX     511 /* bytes of an action's parameters, without the final 0 */

enum muster_scope {
    MUSTER_SCOPE_LOCAL = 0,   /* runs on the node itself, needs no lease */
    MUSTER_SCOPE_CLUSTER = 1, /* runs only under the lease, with its epoch */
};

/* One action of the recovery orchestrator. */
struct muster_action_config {
    char name[MUSTER_NAME_MAX + 1];
    bool enabled;
    enum muster_scope scope;
    muster_dur
        cooldown; /* after its end, whatever the result, the same action does not start again */
    muster_dur timeout;   /* from its start at the target */
    uint32_t max_retries; /* further attempts of one intent after a failure; 0..10 */
};

/* The basic recovery orchestrator (SPEC 1). */
struct muster_recovery_config {
    bool enabled;
    muster_dur poll_interval;          /* between evaluations; default 30 s */
    muster_dur circuit_open_duration;  /* OPEN for longer -> circuit_restart; 300 s */
    uint64_t retry_failures_1h;        /* more than -> cache_purge; 50 */
    uint64_t failed_components;        /* at least -> safe_mode; 2 */
    uint32_t min_anomaly_accuracy_ppm; /* below, when reported -> safe_mode; 800000 */
    struct muster_action_config action[MUSTER_ACTIONS_MAX];
    uint32_t action_count; /* circuit_restart, cache_purge, safe_mode come first */
};

enum muster_action_index {
    MUSTER_ACTION_CIRCUIT_RESTART = 0,
    MUSTER_ACTION_CACHE_PURGE = 1,
    MUSTER_ACTION_SAFE_MODE = 2,
};

struct muster_acting_options;
/* What a lease rests on (SPEC 2). */
enum muster_lease_authority {
    MUSTER_AUTHORITY_DEFAULT = 0, /* voters from three voters on, else the store */
    MUSTER_AUTHORITY_VOTERS = 1,  /* a majority of the voters, whatever the store does */
    MUSTER_AUTHORITY_STORE = 2,   /* the usual lock in Redis: R3, R5, R7 and R8 are void */
};

/* What a member of a cluster speaks in the store. */
enum muster_wire {
    MUSTER_WIRE_NATIVE = 0,
    MUSTER_WIRE_ASTRA = 1, /* the origin's keys and JSON, and its lock (coordinator/astra_wire.h) */
    MUSTER_WIRE_BRIDGE = 2, /* both, on the way from one to the other (coordinator/bridge.c) */
};

struct muster_enhanced_config;

struct muster_config {
    /* Of the enhanced orchestrator (orchestrator/enhanced.h), outlives the node; null: the basic
     * one. */
    const struct muster_enhanced_config *enhanced;
    /* Of the basic one (orchestrator/acting.h), which verifies nothing; outlives the node; null:
     * one at a time, retried at once, nothing else. */
    const struct muster_acting_options *acting;
    bool local; /* a process that is its own cluster: no store, no votes (coordinator/local.c) */
    enum muster_lease_authority authority;
    enum muster_wire wire;
    char cluster[MUSTER_NAME_MAX + 1]; /* names the keys in the store and the durable slots */
    muster_dur lease_ttl;              /* 15 s */
    muster_dur renew_every;            /* 3 s */
    muster_dur renew_deadline;         /* 10 s */
    muster_dur request_timeout;        /* 1 s */
    muster_dur poll_every;             /* 1.5 s */
    muster_dur jitter;                 /* of a campaign; renew_every / 4 */
    muster_dur confirm_timeout;        /* 2 x renew_every */
    muster_dur stop_time;              /* from stepping down to the last effect cancelled; 100 ms */
    muster_dur margin;          /* lease_ttl - margin is what a leader uses; default R6's minimum */
    muster_dur heartbeat_every; /* 5 s */
    muster_dur vote_ttl;        /* 30 s */
    muster_dur health_ttl;      /* 60 s */
    bool store_lost_freezes; /* without the store nothing starts at all, no local action either */
    bool seal_targets; /* a new leader tells its targets of its epoch before it acts (seal.h) */
    bool hold_history; /* no cluster action starts before the voters hold that it does (hold.h) */
    uint32_t max_clock_drift_ppm;  /* of each lease clock against true time; 500 */
    uint32_t quorum_threshold_ppm; /* 500000..1000000 */
    uint32_t work_items;           /* open at a time; 0: this member takes no part in work */
    muster_dur work_timeout;       /* of one run, from its start at the target; 30 s */
    struct muster_recovery_config recovery;
};

/* Where a process stands in its cluster. Names are the caller's and outlive the process; the
 * electorate is the first `voters` members (SPEC R8: configured, never counted from what is
 * present). While one electorate gives way to the next (coordinator/electorate.h), these are the
 * voters of both. */
struct muster_place {
    uint32_t index; /* own index, 0-based */
    uint32_t count; /* all members */
    uint32_t voters;
    const char *const *names;
    uint64_t generation; /* of the electorate; 0 is 1, the first */
    uint64_t joining; /* bit 1 << index: votes in this generation, and not in the one before … */
    uint64_t leaving; /* … and the other way round; at most one bit each */
};

/* Fill with the defaults of SPEC 2 and 1; derived values (jitter, confirm_timeout, margin) are 0,
 * which muster_config_finish replaces by what the other values give. */
void muster_config_defaults(struct muster_config *c);

/* Derive what is 0: jitter, confirm_timeout, margin. On the origin's wire its times hold, whatever
 * stands there: lease_ttl, renew_every, vote_ttl, health_ttl, and the leader tries to renew until
 * lease_ttl - margin. */
void muster_config_finish(struct muster_config *c);

/* Whether the store alone says who leads, among so many configured voters. */
bool muster_config_trusts_store(const struct muster_config *c, uint32_t voters);

/* The smallest safe margin, SPEC R6: ceil(2 rho ttl / (1 + rho)) + 2 ms + stop_time. */
muster_dur muster_config_margin_min(muster_dur lease_ttl, uint32_t drift_ppm, muster_dur stop_time);

/* Votes needed for a decision: min(n, floor(threshold * n) + 1). */
uint32_t muster_config_votes_needed(uint32_t voters, uint32_t threshold_ppm);

/* The rules of SPEC R6 that refuse a config at load. Writes one complaint, which names the key and
 * the bound, into text and returns the name of the key at fault; null when all hold. Call
 * repeatedly with a growing `skip` (0, 1, …) to get every complaint. */
const char *muster_config_check(const struct muster_config *c, uint32_t skip, char *text,
                                size_t size);

#endif
