/* SPDX-License-Identifier: Apache-2.0 */
/* One member's part in holding the ledger (ledger.h): voter, leader, successor (SPEC R16).
 *
 * A leader hands a new version in before a cluster action starts. It travels through the store:
 *
 *   leader    writes it to its disk, and into its own key; then says the version in its record
 *   voter     sees a version newer than its own in a record, reads that voter's key, writes the
 *             text to its disk and into its own key; then says the version in its record
 *   leader    counts the records of those who stand behind it: a majority holds the version
 *
 * A key is written again with every heartbeat, so that a store that forgets gets all of it back.
 *
 * Nothing that a majority held is lost. Those who held it stood behind the leader that wrote it;
 * their next promise was made later, so the records that make the next leader show what they
 * hold. A new leader therefore acts only when, of a majority that has promised its very pair,
 * nobody holds a newer version than itself (is informed); until then it asks for the newest.
 *
 * Where the store is the authority nobody promises. A version is held then when it is on the own
 * disk and the store has acknowledged the own key, and a new leader reads all voters' keys before
 * it acts: what the store forgets while no other voter is up is on the disks of those who are not.
 */
#ifndef MUSTER_CORE_COORDINATOR_HOLD_H
#define MUSTER_CORE_COORDINATOR_HOLD_H

#include "core/coordinator/lease.h"
#include "core/coordinator/ledger.h"

#define MUSTER_HOLD_TTL (86400 * MUSTER_SECOND) /* of a key: as far back as a limit counts */

struct muster_hold {
    struct muster_ledger known;                   /* the newest that was read or written */
    struct muster_ledger_version disk, published; /* acknowledged by the own disk, the store */

    /* the disk */
    uint32_t slots_read;                  /* 2: what was there is known */
    uint64_t sequence, held_sequence;     /* the highest that may be on it; of `disk` */
    struct muster_ledger_version writing; /* epoch 0: nothing is under way */
    muster_time write_from;               /* after a failure: not before */

    /* the store */
    struct muster_ledger_version publishing;
    bool publish;   /* the own key is to be written */
    bool again;     /* … when the store has answered a reading */
    uint64_t fetch; /* voters, a bit each, whose keys are to be read */
    bool all;       /* those of every voter */

    /* the leader */
    uint64_t asked;                       /* epoch in which all keys were read; store's authority */
    uint64_t informed;                    /* epoch in which nobody knows more than this member */
    struct muster_ledger_version durable; /* of the own versions, the newest that is held */
};

/* A slot of the file was read at the start, the first or the second; status: how that ended. */
void muster_hold_load(struct muster_hold *h, muster_time now, uint64_t cluster,
                      enum muster_status status, struct muster_bytes slot);
static inline bool muster_hold_is_loaded(const struct muster_hold *h)
{
    return h->slots_read >= 2;
}

/* The leader's next version of the ledger: a text of at most MUSTER_LEDGER_MAX bytes (asserted).
 * Returns its count under this epoch; UINT64_MAX when a leader of a higher epoch has written
 * already, so that no version of this one will be held any more. */
uint64_t muster_hold_take(struct muster_hold *h, muster_time now, uint64_t epoch,
                          struct muster_bytes text);

/* The store was read, and the lease has seen it (muster_lease_see). */
void muster_hold_see(struct muster_hold *h, muster_time now, const struct muster_lease *l,
                     const struct muster_lease_view *v, struct muster_effects *out);
/* Keys were read: a flat array of values. all: those of every voter, under this epoch. */
void muster_hold_fetched(struct muster_hold *h, muster_time now, uint64_t all,
                         struct muster_bytes reply);

/* When the disk is to be written at the earliest; MUSTER_NEVER: it is not, or a write is under
 * way. */
muster_time muster_hold_write_at(const struct muster_hold *h);
/* Begin a write: the bytes, and where they go. */
size_t muster_hold_begin(struct muster_hold *h, uint64_t cluster, uint64_t *ret_offset,
                         uint8_t bytes[MUSTER_LEDGER_HEAD + MUSTER_LEDGER_MAX]);
/* It ended, with its sync. False: it is to be tried again `later`. */
bool muster_hold_written(struct muster_hold *h, muster_time later, enum muster_status status);
/* The own key was written, or not. */
void muster_hold_published(struct muster_hold *h, bool well);

#endif
