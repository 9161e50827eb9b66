/* SPDX-License-Identifier: Apache-2.0 */
/* The keyspace of one server: a relocatable block of keys, hash fields and set members.
 *
 * All three are entries of one open-addressing table. A field or member has an owner, the entry
 * of its hash or set, and stands in the owner's list in the order of insertion; an entry without
 * an owner is a key. Entries are numbered from 1 and keep their number for life, so that a SCAN
 * cursor is a number. Functions that store invalidate spans into the keyspace, and must not be
 * handed such spans. */
#ifndef MUSTER_SIM_REDIS_KEYSPACE_H
#define MUSTER_SIM_REDIS_KEYSPACE_H

#include "sim/redis/redis.h"

enum muster_entry_type {
    MUSTER_ENTRY_FREE = 0,
    MUSTER_ENTRY_STRING, /* also fields and members */
    MUSTER_ENTRY_HASH,
    MUSTER_ENTRY_SET,
};

struct muster_keyspace_entry {
    uint64_t expires; /* wall ms, the last in which the key is there; 0: never expires */
    uint32_t hash;
    uint32_t owner;      /* 0: a key */
    uint32_t next, prev; /* siblings of the same owner; of a free entry: the next free one */
    uint32_t first, last, count; /* what a hash or set holds */
    uint32_t at;                 /* offset of its record in the data */
    uint32_t capacity;           /* bytes there for key and value */
    uint32_t key_size;
    uint32_t value_size;
    uint32_t type; /* enum muster_entry_type */
};

uint64_t muster_bytes_hash(uint64_t seed, struct muster_bytes data);

static inline uint32_t muster_entry_is_key(const struct muster_keyspace_entry *e)
{
    return e->type != MUSTER_ENTRY_FREE && e->owner == 0;
}

/* Entry by number; 1 <= n <= muster_keyspace_last(). May be a free one. */
struct muster_keyspace_entry *muster_keyspace_entry(const struct muster_keyspace *k, uint32_t n);
uint32_t muster_keyspace_last(const struct muster_keyspace *k);
uint32_t muster_keyspace_keys(const struct muster_keyspace *k);

/* 0 when there is none. Expired keys are found like any other. */
uint32_t muster_keyspace_find(const struct muster_keyspace *k, uint32_t owner,
                              struct muster_bytes key);

/* Find or create, and store a value; what a hash or set held is removed. Returns 0 when full,
 * and then nothing has changed. The expiry stays as it is. */
uint32_t muster_keyspace_put(struct muster_keyspace *k, uint32_t owner, struct muster_bytes key,
                             enum muster_entry_type type, struct muster_bytes value);
void muster_keyspace_remove(struct muster_keyspace *k, uint32_t n);
void muster_keyspace_clear(struct muster_keyspace *k);
void muster_keyspace_expire(struct muster_keyspace *k, uint32_t n, uint64_t expires);

struct muster_bytes muster_keyspace_key(const struct muster_keyspace *k, uint32_t n);
struct muster_bytes muster_keyspace_value(const struct muster_keyspace *k, uint32_t n);

/* A lower bound of all expiries: nothing expires before. UINT64_MAX: nothing at all. */
uint64_t muster_keyspace_soonest(const struct muster_keyspace *k);
void muster_keyspace_set_soonest(struct muster_keyspace *k, uint64_t soonest);

#endif
