/* SPDX-License-Identifier: Apache-2.0 */
/* The durable state of a voter: two checksummed slots in one file, written in turn (SPEC R7).
 *
 * A write goes to the slot that does not hold the newest state, so a torn write costs only itself.
 * The newest valid slot counts. 128 bytes each, little-endian:
 *   0 magic  8 sequence  16 cluster hash  24 disk id (2 words)  40 electorate digest
 *   48 promised epoch  56 promised attempt  64 highest epoch known
 *   72 pause epoch  80 pause count  88 generation of the electorate
 *   96 generation that is known to be settled
 *   104 zero …  120 CRC-32C of bytes 0..119
 * A slot of a version that knew no pause and no generations has 0 there: not paused, the first.
 * Fencing epochs only protect if this survives: a slot is written and synced before what it says is
 * told to anybody (Raft's rule for term and vote, Ongaro and Ousterhout 2014, section 5).
 */
#ifndef MUSTER_CORE_COORDINATOR_SLOT_H
#define MUSTER_CORE_COORDINATOR_SLOT_H

#include "core/coordinator/pause.h"
#include "core/types.h"

#define MUSTER_SLOT_SIZE 128
#define MUSTER_SLOT_FILE 0 /* the file number of the slots; history is file 1 */

struct muster_slot {
    uint64_t sequence;            /* 1, 2, …; even ones live in slot 0, odd ones in slot 1 */
    uint64_t cluster;             /* muster_slot_hash of the cluster's name */
    uint64_t disk_high, disk_low; /* drawn once, at bootstrap */
    uint64_t electorate;          /* digest of the configured voters (SPEC R8) */
    uint64_t epoch, attempt;      /* the promise; 0, 0 before the first */
    uint64_t known;               /* highest epoch this voter knew of; at least epoch */
    struct muster_pause pause;    /* the newest that it knew of; its epoch is at most `known` */
    uint64_t generation, settled; /* of the electorate (electorate.h) */
};

/* Where in the file a state with this sequence goes. */
static inline uint64_t muster_slot_offset(uint64_t sequence)
{
    return (sequence & 1) * MUSTER_SLOT_SIZE;
}

/* The sequence of the next write: above `floor`, up to which sequences may be on the disk (failed
 * writes too), and not of the slot that holds the acknowledged state: after a failed write the next
 * try goes to the same other slot. */
static inline uint64_t muster_slot_next(const struct muster_slot *held, uint64_t floor)
{
    uint64_t next = floor + 1;
    return held->sequence > 0 && (next & 1) == (held->sequence & 1) ? next + 1 : next;
}

/* Write the bytes of a slot. */
void muster_slot_encode(const struct muster_slot *s, uint8_t bytes[MUSTER_SLOT_SIZE]);

/* The newest valid slot of a file's contents.
 * Errors: MUSTER_E_NOTFOUND when the file is empty or zeroes, MUSTER_E_CORRUPT when there is
 * something but no slot is valid; then *s is zeroed. */
int muster_slot_decode(struct muster_slot *s, struct muster_bytes file);

/* CRC-32C over bytes, to go on with; the checksum is its complement at the end. */
uint32_t muster_slot_check(uint32_t check, const void *data, size_t size);
#define MUSTER_SLOT_CHECK_START UINT32_MAX

/* FNV-1a, 64 bits, over bytes: names and electorates; not for integrity. */
uint64_t muster_slot_hash(uint64_t hash, const void *data, size_t size);
#define MUSTER_SLOT_HASH_START UINT64_C(0xcbf29ce484222325)

#endif
