/* SPDX-License-Identifier: Apache-2.0 */
/* The leader lease of one node: voter, candidate and leader in one pure state machine (SPEC 2,
 * R1–R7, R11–R15).
 *
 * Redis is where the nodes meet, not what they trust. A voter durably promises one (epoch, attempt)
 * at a time and echoes the counter of that pair's renewals; a candidate leads when a majority of
 * the configured voters has promised its very pair, until lease_ttl - margin after the sending of
 * the newest renewal that a majority has echoed. Safety needs no more than two facts: two
 * majorities share a voter, and a voter promises again only a full lease_ttl after its last new
 * echo. (Compare Gray and Cheriton 1989 for leases, Lamport's Paxos for promises.)
 *
 * Where the store is the authority (muster_config_trusts_store), its reply stands for the majority:
 * a candidate leads with the acquire's acknowledgement, until lease_ttl - margin after the sending
 * of the newest renewal that the store has acknowledged or shown. Nobody promises, echoes or waits
 * then, and whoever finds no leader record takes it: a store that forgets makes two leaders.
 *
 * The coordinator feeds it what it reads (views), how writes ended, and the time; it answers with
 * wishes: one script to run, one slot to write, "publish my record", "wake the others". No wish is
 * lost: it stands until its end is reported.
 *
 *   IDLE -campaign-> ACQUIRING -record is ours-> CONFIRMING -majority promised-> LEADING
 *   any of the last three -lost, expired, asked-> IDLE, leaving a tombstone if the record is ours
 */
#ifndef MUSTER_CORE_COORDINATOR_LEASE_H
#define MUSTER_CORE_COORDINATOR_LEASE_H

#include "core/coordinator/electorate.h"
#include "core/coordinator/wire.h"
#include "core/notes.h"
#include "core/port.h"
#include "core/random.h"

#define MUSTER_LEASE_SENDS 8 /* renewals whose sending time is remembered */

enum muster_lease_state {
    MUSTER_LEASE_IDLE,
    MUSTER_LEASE_ACQUIRING,
    MUSTER_LEASE_CONFIRMING,
    MUSTER_LEASE_LEADING
};

/* What one reading of the store shows. Records of others that could not be parsed count as
 * absent. */
struct muster_lease_view {
    bool has_leader; /* a record or a tombstone */
    struct muster_leader_record leader;
    struct muster_bytes leader_text;
    uint64_t epoch;                           /* the store's counter, 0 when missing */
    const struct muster_member_record *voter; /* by voter; [own index] is not read */
    const bool *present;
};

/* The script a node wants run; at most one at a time. */
enum muster_lease_script {
    MUSTER_LEASE_NOTHING,
    MUSTER_LEASE_ACQUIRE,
    MUSTER_LEASE_RENEW,
    MUSTER_LEASE_RELEASE
};

struct muster_lease {
    const struct muster_config *cfg;
    const struct muster_place *place;
    struct muster_incarnation incarnation;
    struct muster_random random;     /* attempts, jitter */
    uint64_t generation, electorate; /* digest */
    bool settled;                    /* the electorate before counts no more */

    /* voter */
    bool trusts_store;          /* else the voters are the authority */
    bool fit;                   /* durable state is valid, or none is needed */
    bool active;                /* no twin, joined: may promise, echo, campaign */
    struct muster_slot slot;    /* as acknowledged by the disk */
    struct muster_slot writing; /* sequence 0: nothing under way */
    uint64_t writing_echo;
    uint64_t slot_floor; /* sequences up to here may be on the disk: failed writes too */
    bool has_echo;
    uint64_t echo;             /* counter of the promised pair */
    muster_time wait_from;     /* last promise, new echo or start: R5 */
    bool released;             /* the tombstone of the promised pair was read */
    uint64_t known;            /* highest epoch heard of */
    struct muster_pause pause; /* the newest heard of or asked for */
    muster_time keep_from;     /* after what is kept beside a promise could not be written */
    bool pause_asked;          /* by the operator of this leader, who has no answer yet */
    muster_time promise_from;  /* after a promise that failed: none before */
    muster_time campaign_from; /* and no campaign before */
    muster_time stand_back;    /* nor, unless it is named, after an operator's step-down */
    struct muster_pair handed; /* of the last tombstone that names a successor … */
    muster_time handed_at;     /* … and when it was first read */

    /* candidate and leader */
    enum muster_lease_state state;
    struct muster_pair pair;
    uint64_t counter;      /* newest that was sent */
    uint64_t acknowledged; /* newest that was seen in the store */
    struct {
        uint64_t counter;
        muster_time at;
    } sent[MUSTER_LEASE_SENDS];
    bool record_known; /* record[] is what stands in the store, as far as we know */
    char record[MUSTER_RECORD_MAX];
    muster_time echoed; /* sending of the newest renewal that a majority echoed */
    muster_time until;  /* the lease's end; 0 when there is none */
    muster_time
        fresh_from; /* after a stall: only an echo of what was sent from here counts (R13) */
    muster_time campaign_at, renew_at, confirm_by, release_at;
    char seen[MUSTER_RECORD_MAX]; /* what stands in the leader record, … */
    muster_time seen_at;          /* … since when, by the own clock */
    bool dead;                    /* it has stood still for a full lease_ttl */
    bool leaderless;              /* the last view had no live leader record */
    bool hopeless;                /* … and too many voters of another electorate */
    bool draining;                /* neither campaigns nor, without a lease, holds on */
    /* Where another lock is needed besides (bridge.c): it holds until then, and no lease is had for
     * longer; 0: it is not held, and no campaign begins. MUSTER_NEVER: none is needed. */
    muster_time lock_until;
    bool wants_lock;                     /* a campaign waits for it */
    char successor[MUSTER_NAME_MAX + 1]; /* to be named in the tombstone; empty: nobody */

    /* wishes */
    enum muster_lease_script script; /* running or wanted */
    bool script_running;
    char expected[MUSTER_RECORD_MAX]; /* RENEW, RELEASE: the whole record that must stand */
    char written[MUSTER_RECORD_MAX];  /* what it writes */
    muster_time script_sent;
    bool publish; /* own record has news */
    bool wake;    /* tell the others to look */
};

/* cfg and place outlive it. now: the start, from which R5 waits. */
void muster_lease_init(struct muster_lease *l, const struct muster_config *cfg,
                       const struct muster_place *place, struct muster_incarnation incarnation,
                       uint64_t seed, muster_time now);

/* The durable state as read at start; fit becomes true. */
void muster_lease_restore(struct muster_lease *l, const struct muster_slot *slot);

/* Where the store is the authority: this voter has no state of this electorate, and needs none to
 * begin. other: one of this cluster all the same; may be null. */
void muster_lease_begin(struct muster_lease *l, const struct muster_slot *other);

/* Have a first or new state written (l->writing), which promises nothing up to `floor`. It counts
 * when it is durable and restored. Only of a voter that is not fit, with no slot under way. */
void muster_lease_form(struct muster_lease *l, uint64_t floor);

/* Have the state of the electorate before (MUSTER_SLOT_BEFORE) written as one of this electorate,
 * with the promise in it. It counts when it is durable and restored. */
void muster_lease_adopt(struct muster_lease *l, const struct muster_slot *before);

/* The store was read. */
void muster_lease_see(struct muster_lease *l, muster_time now, const struct muster_lease_view *v,
                      struct muster_effects *out);

/* Time passes: expiry, renew_deadline, confirm_timeout, campaigns, renewals. Call at the deadline,
 * or at any time. */
void muster_lease_tick(struct muster_lease *l, muster_time now, struct muster_effects *out);
muster_time muster_lease_deadline(const struct muster_lease *l);

/* The process or its clock stood still or jumped, noticed now (R13). */
void muster_lease_stalled(struct muster_lease *l, muster_time now);

/* The script that is wanted was handed to the store now: fills expected/written. Call before
 * sending. */
void muster_lease_script_sent(struct muster_lease *l, muster_time now, struct muster_effects *out);
/* It ended. record: what stands in the store now; empty span: nothing does. */
void muster_lease_script_done(struct muster_lease *l, muster_time now, struct muster_bytes record,
                              struct muster_effects *out);
/* It ended without a result. executed: perhaps it was (connection lost); else surely not (an error
 * reply). */
void muster_lease_script_failed(struct muster_lease *l, muster_time now, bool perhaps_executed,
                                struct muster_effects *out);

/* A slot is to be written: encode l->writing to its offset and sync. Then report. */
void muster_lease_written(struct muster_lease *l, muster_time now, enum muster_status status,
                          struct muster_effects *out);

/* A target or a voter told of this epoch; as leader of a lower one, step down (R14). */
void muster_lease_heard(struct muster_lease *l, muster_time now, uint64_t epoch,
                        struct muster_effects *out);

/* Leadership ends now; the tombstone follows `after` later, when the record is ours. */
void muster_lease_step_down(struct muster_lease *l, muster_time now, enum muster_lost reason,
                            muster_dur after, struct muster_effects *out);

/* The same, on an operator's word, of a leader. successor: who is to follow at once, while the
 * others hold back for a confirm_timeout (R12); null: anybody, but not this member for a
 * lease_ttl. */
void muster_lease_hand_over(struct muster_lease *l, muster_time now, const char *successor,
                            muster_dur after, struct muster_effects *out);

/* An operator of this leader pauses the cluster's recovery or resumes it: stopped at once, and
 * going on only when a majority has that on disk, which is noted. False: this leader has been
 * succeeded. */
bool muster_lease_pause(struct muster_lease *l, bool on, const char *why,
                        struct muster_effects *out);
/* No cluster action starts, whoever leads. */
bool muster_lease_is_paused(const struct muster_lease *l);

/* May effects of the cluster start now? */
bool muster_lease_leads(const struct muster_lease *l, muster_time now);

/* The promise to publish; epoch 0 before the first. */
struct muster_pair muster_lease_promise(const struct muster_lease *l);

/* When the voter may promise again (R5). */
muster_time muster_lease_wait_end(const struct muster_lease *l);

/* Is there still something to release or on its way? For shutdown. */
bool muster_lease_is_released(const struct muster_lease *l);

#endif
