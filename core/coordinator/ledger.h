/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: what must not be forgotten of the cluster's actions, handed on from leader to leader
 * (SPEC R16).
 *
 * It is a text of the orchestrator's (orchestrator/acting.h), which nobody reads on its way. Times
 * in it are ages: how long something had been over when it was written. A reader adds what has
 * passed since it read the text, and nothing for the way there or for the time in which it lay on a
 * disk: so an age is never older than the truth, and a loss makes it younger.
 *
 * Its version only rises, as a pause's does (pause.h): the epoch of the leader that wrote it, and a
 * number among its own. A newer one holds all that counts in an older one, since a leader begins
 * with the newest that a majority holds (hold.h).
 *
 * On disk it has a file of its own with two slots, written in turn like a voter's (slot.h), each in
 * MUSTER_LEDGER_SLOT bytes, little-endian:
 *   0 magic  8 sequence  16 cluster hash  24 epoch  32 count  40 size of the text
 *   48 CRC-32C of bytes 0..47 and of the text  56 zero  64 the text
 * In the store it has a key for each voter, with the value "L <epoch> <count> <CRC-32C> <text>".
 */
#ifndef MUSTER_CORE_COORDINATOR_LEDGER_H
#define MUSTER_CORE_COORDINATOR_LEDGER_H

#include "core/text.h"
#include "core/types.h"

#define MUSTER_LEDGER_FILE      3    /* slots of the voter are file 0, history 1, work 2 */
#define MUSTER_LEDGER_MAX       3584 /* bytes of a text */
#define MUSTER_LEDGER_SLOT      4096
#define MUSTER_LEDGER_HEAD      64
#define MUSTER_LEDGER_VALUE_MAX (MUSTER_LEDGER_MAX + 64) /* in the store, with the final 0 */

struct muster_ledger_version {
    uint64_t epoch; /* of the leader that wrote it; 0: nothing was ever written */
    uint64_t count; /* 1, 2, … of what that leader wrote */
};

static inline bool muster_ledger_is_newer(struct muster_ledger_version a,
                                          struct muster_ledger_version b)
{
    return a.epoch != b.epoch ? a.epoch > b.epoch : a.count > b.count;
}

struct muster_ledger {
    struct muster_ledger_version version;
    muster_time read_at; /* own clock: when it was read, or written by this member */
    bool damaged;        /* the disk held something that cannot be read: count all as just now */
    uint32_t size;
    uint8_t text[MUSTER_LEDGER_MAX];
};

static inline struct muster_bytes muster_ledger_text(const struct muster_ledger *l)
{
    return (struct muster_bytes){l->text, l->size};
}

/* Where in the file a state with this sequence (1, 2, …) goes. */
static inline uint64_t muster_ledger_offset(uint64_t sequence)
{
    return (sequence & 1) * MUSTER_LEDGER_SLOT;
}

/* The bytes of a slot. Returns how many. */
size_t muster_ledger_encode(const struct muster_ledger *l, uint64_t sequence, uint64_t cluster,
                            uint8_t bytes[MUSTER_LEDGER_HEAD + MUSTER_LEDGER_MAX]);
/* One slot, the first or the second; read_at and damaged are left as they are.
 * Errors: MUSTER_E_NOTFOUND when it is empty, zeroes, or of another cluster, MUSTER_E_CORRUPT; *l
 * is then untouched. */
int muster_ledger_decode(struct muster_ledger *l, uint64_t *ret_sequence, uint64_t cluster,
                         uint32_t slot, struct muster_bytes bytes);

/* The value in the store. It fits into MUSTER_LEDGER_VALUE_MAX. */
void muster_ledger_write(const struct muster_ledger *l, struct muster_text *t);
/* Read one. MUSTER_E_INVALID: it is none, and *l is untouched. */
int muster_ledger_parse(struct muster_ledger *l, struct muster_bytes value);

#endif
