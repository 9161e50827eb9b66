/* SPDX-License-Identifier: Apache-2.0 */
/* The keyspace: one block of slots, entries and records, joined by numbers and offsets only. */
#include "sim/redis/keyspace.h"

#include <assert.h>
#include <string.h>

#define ENTRIES_MAX   65536
#define DATA_MAX      (UINT32_C(64) << 20)
#define INDEX_BITS    17 /* of a slot; the rest is a tag of the hash, to spare looks at entries */
#define INDEX_MASK    ((UINT32_C(1) << INDEX_BITS) - 1)
#define RECORD_HEAD   8 /* number of the entry, capacity */
#define GARBAGE_LEAST 4096

struct muster_keyspace {
    uint32_t entries; /* capacity */
    uint32_t slots;   /* power of two, at least twice the entries */
    uint32_t data;    /* bytes that live records may take */
    uint32_t room;    /* bytes there are: a quarter more, so that compaction stays cheap */
    uint32_t last;    /* highest entry ever used */
    uint32_t free;    /* first free entry at or below last */
    uint32_t taken;   /* entries in use */
    uint32_t keys;    /* of which are keys */
    uint32_t fresh;   /* data from here on is unused */
    uint32_t live;    /* bytes of live records */
    uint64_t soonest;
    uint64_t block[]; /* slots, entries, data */
};

static uint32_t slots_for(uint32_t entries)
{
    uint32_t n = 16;
    while (n < 2 * entries)
        n *= 2;
    return n;
}

static size_t entries_at(const struct muster_keyspace *k)
{
    return (size_t)k->slots * sizeof(uint32_t);
}

static size_t data_at(const struct muster_keyspace *k)
{
    return entries_at(k) + ((size_t)k->entries + 1) * sizeof(struct muster_keyspace_entry);
}

static uint32_t *slots_of(const struct muster_keyspace *k)
{
    return (uint32_t *)(uintptr_t)k->block;
}

static uint8_t *record(const struct muster_keyspace *k, uint32_t at)
{
    return (uint8_t *)(uintptr_t)k->block + data_at(k) + at;
}

static struct muster_keyspace_entry *entry(const struct muster_keyspace *k, uint32_t n)
{
    return (struct muster_keyspace_entry *)(void *)((uint8_t *)(uintptr_t)k->block +
                                                    entries_at(k)) +
           n;
}

struct muster_keyspace_entry *muster_keyspace_entry(const struct muster_keyspace *k, uint32_t n)
{
    assert(n > 0);
    assert(n <= k->last);
    return entry(k, n);
}

uint32_t muster_keyspace_last(const struct muster_keyspace *k)
{
    return k->last;
}

uint32_t muster_keyspace_keys(const struct muster_keyspace *k)
{
    return k->keys;
}

uint64_t muster_keyspace_soonest(const struct muster_keyspace *k)
{
    return k->soonest;
}

void muster_keyspace_set_soonest(struct muster_keyspace *k, uint64_t soonest)
{
    k->soonest = soonest;
}

size_t muster_keyspace_size(const struct muster_redis_limits *limits)
{
    struct muster_keyspace k = {.entries = limits->keys, .slots = slots_for(limits->keys)};
    size_t room = (size_t)limits->data + limits->data / 4 + RECORD_HEAD;
    return sizeof(k) + data_at(&k) + (room + 15) / 16 * 16;
}

struct muster_keyspace *muster_keyspace_create(struct muster_arena *a,
                                               const struct muster_redis_limits *limits)
{
    assert(limits->keys > 0);
    assert(limits->keys <= ENTRIES_MAX);
    assert(limits->data <= DATA_MAX);
    struct muster_keyspace *k = muster_arena_take(a, muster_keyspace_size(limits));
    if (!k)
        return NULL;
    k->entries = limits->keys;
    k->slots = slots_for(limits->keys);
    k->data = limits->data;
    k->room = limits->data + limits->data / 4;
    k->soonest = UINT64_MAX;
    return k;
}

void muster_keyspace_clear(struct muster_keyspace *k)
{
    memset(slots_of(k), 0, entries_at(k));
    k->last = 0;
    k->free = 0;
    k->taken = 0;
    k->keys = 0;
    k->fresh = 0;
    k->live = 0;
    k->soonest = UINT64_MAX;
}

void muster_keyspace_copy(struct muster_keyspace *to, const struct muster_keyspace *from)
{
    assert(to->entries == from->entries);
    assert(to->data == from->data);
    memcpy(to, from, sizeof(*to));
    memcpy(slots_of(to), slots_of(from), entries_at(to));
    memcpy(entry(to, 0), entry(from, 0), (from->last + 1) * sizeof(struct muster_keyspace_entry));
    memcpy(record(to, 0), record(from, 0), from->fresh);
}

static uint64_t load_le(const uint8_t *at, size_t size)
{
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++)
        v |= (uint64_t)at[i] << 8 * i;
    return v;
}

static uint64_t load_le8(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
           (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
           (uint64_t)at[7] << 56;
}

uint64_t muster_bytes_hash(uint64_t seed, struct muster_bytes data)
{
    uint64_t h = (seed + data.size + 1) * UINT64_C(0x9e3779b97f4a7c15);
    const uint8_t *at = data.at;
    size_t left = data.size;
    for (; left > 8; left -= 8, at += 8) {
        h = (h ^ load_le8(at)) * UINT64_C(0xd6e8feb86659fd93);
        h ^= h >> 32;
    }
    /* The tail overlaps what came before where it can: one load instead of up to eight. */
    uint64_t tail = data.size >= 8 ? load_le8(at + left - 8) : load_le(at, left);
    h = (h ^ tail) * UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    h *= UINT64_C(0xa0761d6478bd642f);
    return h ^ h >> 29;
}

struct muster_bytes muster_keyspace_key(const struct muster_keyspace *k, uint32_t n)
{
    const struct muster_keyspace_entry *e = entry(k, n);
    return (struct muster_bytes){record(k, e->at) + RECORD_HEAD, e->key_size};
}

struct muster_bytes muster_keyspace_value(const struct muster_keyspace *k, uint32_t n)
{
    const struct muster_keyspace_entry *e = entry(k, n);
    return (struct muster_bytes){record(k, e->at) + RECORD_HEAD + e->key_size, e->value_size};
}

/* --- the table --- */

static uint32_t slot_value(uint32_t hash, uint32_t n)
{
    return (hash & ~INDEX_MASK) | n;
}

static uint32_t find_hashed(const struct muster_keyspace *k, uint32_t owner,
                            struct muster_bytes key, uint32_t hash)
{
    const uint32_t *slots = slots_of(k);
    uint32_t mask = k->slots - 1;
    for (uint32_t i = hash & mask; slots[i]; i = (i + 1) & mask) {
        if ((slots[i] ^ hash) & ~INDEX_MASK)
            continue;
        uint32_t n = slots[i] & INDEX_MASK;
        const struct muster_keyspace_entry *e = entry(k, n);
        if (e->hash == hash && e->owner == owner && e->key_size == key.size &&
            (key.size == 0 || memcmp(record(k, e->at) + RECORD_HEAD, key.at, key.size) == 0))
            return n;
    }
    return 0;
}

uint32_t muster_keyspace_find(const struct muster_keyspace *k, uint32_t owner,
                              struct muster_bytes key)
{
    return find_hashed(k, owner, key, (uint32_t)muster_bytes_hash(owner, key));
}

static void table_insert(struct muster_keyspace *k, uint32_t n)
{
    uint32_t *slots = slots_of(k);
    uint32_t mask = k->slots - 1;
    uint32_t hash = entry(k, n)->hash;
    uint32_t i = hash & mask;
    while (slots[i])
        i = (i + 1) & mask;
    slots[i] = slot_value(hash, n);
}

/* Removal shifts back what had to step aside, so there are no tombstones. */
static void table_remove(struct muster_keyspace *k, uint32_t n)
{
    uint32_t *slots = slots_of(k);
    uint32_t mask = k->slots - 1;
    uint32_t i = entry(k, n)->hash & mask;
    while ((slots[i] & INDEX_MASK) != n) {
        assert(slots[i]);
        i = (i + 1) & mask;
    }
    for (uint32_t j = (i + 1) & mask; slots[j]; j = (j + 1) & mask) {
        uint32_t home = entry(k, slots[j] & INDEX_MASK)->hash & mask;
        if (((j - home) & mask) < ((j - i) & mask))
            continue;
        slots[i] = slots[j];
        i = j;
    }
    slots[i] = 0;
}

/* --- the data: records one after the other, garbage closed up when it outweighs what lives --- */

static void record_head(struct muster_keyspace *k, uint32_t at, uint32_t n, uint32_t capacity)
{
    memcpy(record(k, at), &n, 4);
    memcpy(record(k, at) + 4, &capacity, 4);
}

static void compact(struct muster_keyspace *k)
{
    uint32_t to = 0;
    uint32_t size = 0;
    for (uint32_t from = 0; from < k->fresh; from += size) {
        uint32_t n;
        uint32_t capacity;
        memcpy(&n, record(k, from), 4);
        memcpy(&capacity, record(k, from) + 4, 4);
        size = RECORD_HEAD + capacity;
        if (n == 0)
            continue;
        struct muster_keyspace_entry *e = entry(k, n);
        assert(e->at == from);
        if (to != from)
            memmove(record(k, to), record(k, from), size);
        e->at = to;
        to += size;
    }
    assert(to == k->live);
    k->fresh = to;
}

static void record_free(struct muster_keyspace *k, struct muster_keyspace_entry *e)
{
    record_head(k, e->at, 0, e->capacity);
    k->live -= RECORD_HEAD + e->capacity;
    e->capacity = 0;
}

static uint32_t capacity_for(size_t bytes)
{
    return (uint32_t)((bytes + RECORD_HEAD + 15) / 16 * 16 - RECORD_HEAD);
}

/* Room for a record of entry n: its offset, or UINT32_MAX. */
static uint32_t record_take(struct muster_keyspace *k, uint32_t n, uint32_t capacity)
{
    uint32_t size = RECORD_HEAD + capacity;
    uint64_t threshold = (uint64_t)2 * k->live + GARBAGE_LEAST;
    if (k->fresh + (uint64_t)size > k->room || k->fresh > threshold)
        compact(k);
    if (k->fresh + (uint64_t)size > k->room)
        return UINT32_MAX;
    uint32_t at = k->fresh;
    record_head(k, at, n, capacity);
    k->fresh += size;
    k->live += size;
    return at;
}

static bool fits(const struct muster_keyspace *k, const struct muster_keyspace_entry *old,
                 size_t bytes)
{
    uint64_t given = old ? RECORD_HEAD + old->capacity : 0;
    return bytes <= DATA_MAX && k->live - given + RECORD_HEAD + capacity_for(bytes) <= k->data;
}

/* Store key and value of an entry. The old record goes first, so the room is sure to be enough. */
static void record_store(struct muster_keyspace *k, uint32_t n, struct muster_bytes key,
                         struct muster_bytes value)
{
    struct muster_keyspace_entry *e = entry(k, n);
    uint32_t capacity = capacity_for(key.size + value.size);
    bool in_place = e->capacity >= capacity && e->capacity / 4 <= capacity;
    if (!in_place) {
        if (e->capacity)
            record_free(k, e);
        e->at = record_take(k, n, capacity);
        assert(e->at != UINT32_MAX);
        e->capacity = capacity;
        if (key.size)
            memcpy(record(k, e->at) + RECORD_HEAD, key.at, key.size);
    }
    e->key_size = (uint32_t)key.size;
    e->value_size = (uint32_t)value.size;
    if (value.size)
        memcpy(record(k, e->at) + RECORD_HEAD + key.size, value.at, value.size);
}

/* --- entries --- */

static uint32_t entry_take(struct muster_keyspace *k)
{
    uint32_t n = k->free;
    if (n)
        k->free = entry(k, n)->next;
    else if (k->last < k->entries)
        n = ++k->last;
    if (n) {
        k->taken++;
        *entry(k, n) = (struct muster_keyspace_entry){.type = MUSTER_ENTRY_STRING};
    }
    return n;
}

static void link_into(struct muster_keyspace *k, uint32_t owner, uint32_t n)
{
    struct muster_keyspace_entry *o = entry(k, owner);
    struct muster_keyspace_entry *e = entry(k, n);
    e->owner = owner;
    e->prev = o->last;
    if (o->last)
        entry(k, o->last)->next = n;
    else
        o->first = n;
    o->last = n;
    o->count++;
}

static void unlink_from(struct muster_keyspace *k, uint32_t owner, uint32_t n)
{
    struct muster_keyspace_entry *o = entry(k, owner);
    struct muster_keyspace_entry *e = entry(k, n);
    assert(o->count > 0);
    if (e->prev)
        entry(k, e->prev)->next = e->next;
    else
        o->first = e->next;
    if (e->next)
        entry(k, e->next)->prev = e->prev;
    else
        o->last = e->prev;
    o->count--;
}

static void drop(struct muster_keyspace *k, uint32_t n)
{
    struct muster_keyspace_entry *e = entry(k, n);
    table_remove(k, n);
    record_free(k, e);
    if (e->owner == 0)
        k->keys--;
    k->taken--;
    *e = (struct muster_keyspace_entry){.next = k->free};
    k->free = n;
}

static void drop_members(struct muster_keyspace *k, uint32_t n)
{
    uint32_t next = 0;
    for (uint32_t m = entry(k, n)->first; m; m = next) {
        next = entry(k, m)->next;
        drop(k, m);
    }
    struct muster_keyspace_entry *e = entry(k, n);
    e->first = 0;
    e->last = 0;
    e->count = 0;
}

void muster_keyspace_remove(struct muster_keyspace *k, uint32_t n)
{
    struct muster_keyspace_entry *e = muster_keyspace_entry(k, n);
    assert(e->type != MUSTER_ENTRY_FREE);
    drop_members(k, n);
    if (e->owner)
        unlink_from(k, e->owner, n);
    drop(k, n);
}

uint32_t muster_keyspace_put(struct muster_keyspace *k, uint32_t owner, struct muster_bytes key,
                             enum muster_entry_type type, struct muster_bytes value)
{
    uint32_t hash = (uint32_t)muster_bytes_hash(owner, key);
    uint32_t n = find_hashed(k, owner, key, hash);
    struct muster_keyspace_entry *e = n ? entry(k, n) : NULL;
    size_t bytes = key.size + value.size;
    if (!fits(k, e, bytes))
        return 0;
    if (e) {
        drop_members(k, n);
        e->type = type;
        record_store(k, n, key, value);
        return n;
    }
    n = entry_take(k);
    if (!n)
        return 0;
    e = entry(k, n);
    e->hash = hash;
    e->type = type;
    record_store(k, n, key, value);
    table_insert(k, n);
    if (owner)
        link_into(k, owner, n);
    else
        k->keys++;
    return n;
}

void muster_keyspace_expire(struct muster_keyspace *k, uint32_t n, uint64_t expires)
{
    muster_keyspace_entry(k, n)->expires = expires;
    if (expires && expires < k->soonest)
        k->soonest = expires;
}

static uint64_t entry_digest(const struct muster_keyspace *k, uint32_t n, uint64_t seed)
{
    uint64_t h = muster_bytes_hash(seed + entry(k, n)->type, muster_keyspace_key(k, n));
    return muster_bytes_hash(h, muster_keyspace_value(k, n));
}

uint64_t muster_keyspace_digest(const struct muster_keyspace *k, uint64_t now_ms)
{
    uint64_t sum = k->keys;
    for (uint32_t n = 1; n <= k->last; n++) {
        const struct muster_keyspace_entry *e = entry(k, n);
        if (!muster_entry_is_key(e))
            continue;
        uint64_t left = e->expires ? e->expires - now_ms + 1 : 0;
        uint64_t h = entry_digest(k, n, left);
        uint64_t members = 0;
        for (uint32_t m = e->first; m; m = entry(k, m)->next)
            members += entry_digest(k, m, h);
        sum += h ^ members * UINT64_C(0x9e3779b97f4a7c15);
    }
    return sum;
}
