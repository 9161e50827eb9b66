/* SPDX-License-Identifier: Apache-2.0 */
/* The fake Redis: command semantics on the level of replies, in bounded memory, time handed in.
 *
 * One struct muster_redis is one server: a keyspace, its script cache, its subscribers. The
 * keyspace is one relocatable block (offsets, no pointers), so that a dump, a full resync and the
 * image an AOF would give back are plain copies. Time stands still inside a command, scripts
 * included, as in Redis. Semantics and error texts follow Redis 7.0. What is not implemented
 * answers "ERR unknown command ..." as Redis does for a command it does not know.
 */
#ifndef MUSTER_SIM_REDIS_REDIS_H
#define MUSTER_SIM_REDIS_REDIS_H

#include "core/flat.h"
#include "sim/arena.h"

struct muster_redis;
struct muster_keyspace;
struct muster_lua; /* a Lua 5.1 state in the arena, shared by all servers of a world */

struct muster_redis_limits {
    uint32_t keys;    /* keys, hash fields and set members in total; at most 65536 */
    uint32_t data;    /* bytes of keys and values, at most 64 MiB */
    uint32_t clients; /* client numbers are 0..clients-1 */
    uint32_t scripts; /* cached scripts */
};

/* What a command asks the world to do besides its reply: entries for the replication stream (each a
 * flat argument vector, deterministic: SET with PXAT, DEL for what expired, scripts by their
 * effects) and messages to subscribers. The caller owns the room. */
struct muster_redis_out {
    struct muster_flat_writer reply;
    struct muster_flat_writer stream; /* flat argument vectors back to back */
    struct muster_flat_writer
        pushes; /* per message: INTEGER client, then array ("message", channel, payload) */
};

/* Lua: made once per world (84 us), its memory is `size` bytes of the arena (256 KiB is plenty).
 * Sandboxed like Redis's: no io, os (but os.clock), require, loadfile, global writes; math without
 * a libm or libc random of its own, which is replaced by a generator seeded with 0 at each call;
 * `redis`, cjson-less. A script that runs for more than 1,000,000 VM instructions ends with the
 * error of a timeout. */
struct muster_lua *muster_lua_create(struct muster_arena *a, size_t size);

struct muster_redis *muster_redis_create(struct muster_arena *a,
                                         const struct muster_redis_limits *limits,
                                         struct muster_lua *lua);

/* Roles and states that the world scripts. */
enum muster_redis_mode {
    MUSTER_REDIS_MASTER,
    MUSTER_REDIS_REPLICA,    /* writes answer READONLY, reads are served */
    MUSTER_REDIS_LOADING,    /* everything but PING's own LOADING answers LOADING */
    MUSTER_REDIS_MASTERDOWN, /* replica-serve-stale-data no: MASTERDOWN */
    MUSTER_REDIS_MISCONF,    /* writes answer MISCONF */
    MUSTER_REDIS_OOM,        /* writes that need memory answer OOM */
    MUSTER_REDIS_BUSY,       /* everything but SCRIPT KILL, SHUTDOWN NOSAVE answers BUSY */
    MUSTER_REDIS_NOREPLICAS, /* writes answer NOREPLICAS */
    MUSTER_REDIS_NOAUTH,     /* everything but AUTH and HELLO answers NOAUTH */
    MUSTER_REDIS_UNKILLABLE, /* as BUSY, but SCRIPT KILL is refused; in BUSY it ends the mode */
    MUSTER_REDIS_NOPERM,     /* everything but AUTH answers NOPERM */
    MUSTER_REDIS_MOVED,      /* whatever names a key answers MOVED, as where the slot has gone */
    MUSTER_REDIS_ASK,        /* the same with ASK */
};
void muster_redis_set_mode(struct muster_redis *r, enum muster_redis_mode mode);
enum muster_redis_mode muster_redis_get_mode(const struct muster_redis *r);
/* How many replicas have acknowledged everything: what WAIT, INFO and ROLE tell. At first 0. */
void muster_redis_set_replicas(struct muster_redis *r, uint32_t count);

/* Execute one command (flat argument vector) of a client at wall time now_ms. Always leaves exactly
 * one value in out->reply (an error when the reply does not fit). Expired keys are removed lazily,
 * and by a bounded active sweep of muster_redis_sweep. */
void muster_redis_execute(struct muster_redis *r, uint64_t now_ms, uint32_t client,
                          struct muster_bytes flat, struct muster_redis_out *out);

/* Apply one entry of a master's stream to a replica (or to the image of an AOF); no reply. */
void muster_redis_apply(struct muster_redis *r, uint64_t now_ms, struct muster_bytes flat);

/* Remove up to `most` keys that have expired; stream gets their DELs. Returns how many. */
uint32_t muster_redis_sweep(struct muster_redis *r, uint64_t now_ms, uint32_t most,
                            struct muster_flat_writer *stream);
/* The earliest wall ms at which some key has expired, so that a sweep then removes it (a key set at
 * 10 with PX 5 is there at 15 and gone at 16, as in Redis); UINT64_MAX if none; may cost
 * O(keys). */
uint64_t muster_redis_next_expiry(const struct muster_redis *r);

/* The connection of a client is gone: its subscriptions, MULTI and WATCH state too. */
void muster_redis_forget(struct muster_redis *r, uint32_t client);

/* The process restarted: script cache, subscribers and client states are gone; the keyspace is what
 * `image` holds (null: empty). Also used for a full resync and to restore a dump. */
void muster_redis_restart(struct muster_redis *r, const struct muster_keyspace *image);
struct muster_keyspace *muster_redis_keyspace(struct muster_redis *r);
size_t muster_keyspace_size(const struct muster_redis_limits *limits);
/* An empty one of the same limits, in the arena: for dumps and AOF images. */
struct muster_keyspace *muster_keyspace_create(struct muster_arena *a,
                                               const struct muster_redis_limits *limits);
void muster_keyspace_copy(struct muster_keyspace *to, const struct muster_keyspace *from);
/* Order-independent digest of keys, values and expiries relative to now_ms (0: absolute). */
uint64_t muster_keyspace_digest(const struct muster_keyspace *k, uint64_t now_ms);

#endif
