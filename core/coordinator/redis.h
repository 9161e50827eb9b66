/* SPDX-License-Identifier: Apache-2.0 */
/* The redis coordinator: what one member reads from the store and writes into it, and when.
 *
 * Every poll_every (faster while there is no leader) it reads the leader record, the epoch counter,
 * the decision and the members' records with one MGET. It publishes its own record every
 * heartbeat_every, and at once when its promise or echo has changed. Lease transitions run as
 * scripts (wire.h). A message on the channel only makes the others look earlier. One request of a
 * kind is under way at a time. What nothing rests on, the own health and the state on the channel,
 * is behind a circuit breaker: a store in trouble is left to the lease.
 *
 * A start goes through: LOADING the durable state -> WATCHING for a twin (SPEC R9) -> ACTIVE, or
 * REFUSED for good.
 */
#ifndef MUSTER_CORE_COORDINATOR_REDIS_H
#define MUSTER_CORE_COORDINATOR_REDIS_H

#include "core/coordinator/bulk.h"
#include "core/coordinator/hold.h"
#include "core/coordinator/interface.h"
#include "core/coordinator/lease.h"
#include "core/coordinator/members.h"
#include "core/coordinator/voter_init.h"
#include "core/coordinator/votes.h"

enum muster_phase_of_life {
    MUSTER_LIFE_LOADING,
    MUSTER_LIFE_WATCHING,
    MUSTER_LIFE_ACTIVE,
    MUSTER_LIFE_REFUSED, /* a twin lives: passive until it is stopped */
    MUSTER_LIFE_LEAVING, /* shutting down: what it holds is released */
    MUSTER_LIFE_LEFT,
};

/* Requests by kind: at most one of each is under way; the kind is the low byte of the tag. */
enum muster_request_kind {
    MUSTER_ASK_NONE,
    MUSTER_ASK_POLL,
    MUSTER_ASK_SCRIPT,
    MUSTER_ASK_RECORD,   /* SET of the own record */
    MUSTER_ASK_HEALTH,   /* SET of the own health */
    MUSTER_ASK_DECISION, /* SET of the decision */
    MUSTER_ASK_WAKE,     /* PUBLISH: look now */
    MUSTER_ASK_STATE,    /* PUBLISH: the own state */
    MUSTER_ASK_SUBSCRIBE,
    MUSTER_ASK_SLOT_READ,
    MUSTER_ASK_SLOT_WRITE,
    MUSTER_ASK_SLOT_SYNC,
    MUSTER_ASK_LEDGER_READ,
    MUSTER_ASK_LEDGER_WRITE,
    MUSTER_ASK_LEDGER_SYNC,
    MUSTER_ASK_LEDGER_SET, /* SET of the own ledger */
    MUSTER_ASK_LEDGER_GET, /* MGET of voters' ledgers */
    MUSTER_ASK_COUNT
};

/* What the slot under way is, beside a promise. */
enum muster_forming {
    MUSTER_FORMS_NOTHING,
    MUSTER_FORMS_FIRST, /* the voter's first state (bootstrap) */
    MUSTER_FORMS_ANEW,  /* a new one after a loss (voter_init.h) */
    MUSTER_FORMS_NEXT,  /* its state, in the next electorate (electorate.h) */
};

struct muster_redis_coordinator {
    const struct muster_config *cfg;
    const struct muster_place *place;
    struct muster_lease lease;
    struct muster_members members;
    struct muster_self self;
    struct muster_incarnation incarnation;
    enum muster_phase_of_life life;
    bool bootstrap; /* may write the first durable state, once it has seen that no epoch is known */
    bool readable;  /* the slots could be read at the start */
    struct muster_slot before; /* of the electorate before, to be taken over; sequence 0: none */
    enum muster_forming forming;
    struct muster_voter_init init;
    enum muster_status slot_status; /* of the slot under way: what failed first */
    bool holds;                     /* a voter, and the config wants it */
    struct muster_hold hold;
    enum muster_status hold_status; /* likewise, of the ledger's write */
    uint64_t hold_all;              /* epoch under which all voters' ledgers are being read; or 0 */
    uint64_t sequence;              /* of the own record */
    muster_time watch_until;
    struct muster_incarnation twin; /* the foreign incarnation seen in the own key … */
    uint64_t twin_sequence;         /* … and its sequence */
    bool twin_seen, published;

    uint64_t next_tag;
    uint64_t tag[MUSTER_ASK_COUNT]; /* of the request under way; 0: none */
    muster_time poll_at, poll_sent, heartbeat_at;
    muster_time answered; /* last answer of the store */
    bool store_lost;
    struct muster_bulk bulk; /* HEALTH and STATE */
    bool unpublished;        /* the own record did not get through */
    bool poll_again;         /* something happened while a poll was under way */
    bool whole_script;       /* NOSCRIPT: send EVAL */

    bool yielding;      /* an operator has named … */
    uint32_t successor; /* … this member */

    uint64_t decision_sequence;      /* own, as leader */
    struct muster_decision decision; /* last one computed */
    uint64_t decision_epoch;
    struct muster_decision_record applied;
    bool apply; /* `applied` is new: the node takes it */

    struct muster_leader_record leader;  /* as last parsed, from … */
    char leader_text[MUSTER_RECORD_MAX]; /* … this text; empty: none, or no record */

    uint8_t poll_argv[MUSTER_KEY_MAX * (MUSTER_MEMBERS_MAX + 4)];
    uint32_t poll_argv_size;
    struct muster_member member[]; /* place->count of them */
};

#endif
