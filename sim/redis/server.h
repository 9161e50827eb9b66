/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the fake share: the server, one command under way, and how replies, the
 * stream and the keyspace are reached from a command. */
#ifndef MUSTER_SIM_REDIS_SERVER_H
#define MUSTER_SIM_REDIS_SERVER_H

#include "sim/redis/keyspace.h"
#include "sim/redis/lua.h"

#define MUSTER_REDIS_ARGUMENTS 4096  /* a longer command is refused */
#define MUSTER_REDIS_QUEUE     16384 /* bytes for the commands of all open MULTIs */
#define MUSTER_REDIS_WATCHES   64
#define MUSTER_REDIS_CHANNEL   116 /* bytes in the name of a channel */

struct muster_redis_client {
    bool multi;
    bool broken;  /* EXEC will answer EXECABORT */
    bool touched; /* a watched key has changed: EXEC will answer nil */
    uint8_t name_size;
    char name[32];
    uint32_t queued;
    uint32_t channels;
};

struct muster_redis_watch {
    uint32_t client;
    bool existed;
    uint64_t key; /* hash */
    uint64_t expires;
};

struct muster_redis_subscription { /* in the order of SUBSCRIBE */
    uint32_t client;
    uint32_t size;
    uint8_t channel[MUSTER_REDIS_CHANNEL];
};

struct muster_redis_script {
    char sha[40]; /* hexadecimal, lower case, as EVALSHA names it */
    int function; /* in the registry of Lua; 0: slot is free */
};

struct muster_redis {
    struct muster_redis_limits limits;
    enum muster_redis_mode mode;
    uint32_t replicas;
    uint64_t now_ms; /* of the command under way: time stands still inside it */
    struct muster_keyspace *keys;
    struct muster_lua *lua;
    struct muster_redis_client *clients;
    struct muster_redis_subscription *subscriptions;
    struct muster_redis_script *scripts;
    uint8_t *queue; /* records of client, size, argument vector */
    uint32_t queue_used;
    uint32_t subscription_count, subscription_most;
    uint32_t watch_count;
    uint32_t next_script; /* the slot that a new script takes when all are in use */
    struct muster_redis_watch watches[MUSTER_REDIS_WATCHES];
};

/* One command under way. */
struct muster_call {
    struct muster_redis *r;
    const struct muster_command *command;
    const struct muster_bytes *argv;
    uint32_t argc;
    uint32_t client;
    bool scripted; /* from redis.call */
    bool applied;  /* from a master's stream: expiry is the master's business */
    struct muster_flat_writer *reply;
    struct muster_flat_writer *stream; /* null when applied */
    struct muster_flat_writer *pushes; /* null when applied */
};

enum { /* flags of a command */
       MUSTER_COMMAND_WRITE = 1,
       MUSTER_COMMAND_DENYOOM = 2,
       MUSTER_COMMAND_LOADING = 4, /* runs while the data set is loaded */
       MUSTER_COMMAND_STALE = 8,   /* runs on a replica without a master */
       MUSTER_COMMAND_NOSCRIPT = 16,
       MUSTER_COMMAND_BUSY = 32,     /* runs while a script is busy */
       MUSTER_COMMAND_NOAUTH = 64,   /* runs before AUTH */
       MUSTER_COMMAND_PUBSUB = 128,  /* runs in a connection that has subscribed */
       MUSTER_COMMAND_KEYS = 256,    /* names keys */
       MUSTER_COMMAND_NOMULTI = 512, /* is executed, not queued, in a MULTI */
};

struct muster_command {
    const char *name; /* lower case */
    int16_t arity;    /* with the name; negative: at least so many */
    uint16_t flags;
    void (*run)(struct muster_call *c);
};

/* By name in any case; null when there is none. */
const struct muster_command *muster_command_find(struct muster_bytes name);
bool muster_command_arity(const struct muster_command *command, uint32_t argc);
extern const struct muster_command muster_commands[];
extern const uint32_t muster_command_count;

/* Why the server's mode refuses a command (the text after the '-'), null when it does not. */
const char *muster_mode_refuses(const struct muster_call *c);
/* Run a command that has passed the gates; leaves one value in c->reply. */
void muster_call_run(struct muster_call *c);
/* Split a flat argument vector. Returns the number of arguments, 0 when it is not one. */
uint32_t muster_argv_split(struct muster_bytes flat,
                           struct muster_bytes argv[MUSTER_REDIS_ARGUMENTS]);

/* --- replies --- */

void muster_reply_error(struct muster_call *c, const char *text);
/* One %s is filled with at most 128 bytes of `part`, line breaks replaced. */
void muster_reply_errorf(struct muster_call *c, const char *format, struct muster_bytes part);
void muster_reply_ok(struct muster_call *c);
void muster_reply_bulk(struct muster_call *c, struct muster_bytes data);
/* A value of the keyspace, or nil when n is 0. */
void muster_reply_value(struct muster_call *c, uint32_t n);
static inline void muster_reply_integer(struct muster_call *c, int64_t v)
{
    muster_flat_integer(c->reply, v);
}

#define MUSTER_SYNTAX      "ERR syntax error"
#define MUSTER_NOT_INTEGER "ERR value is not an integer or out of range"
#define MUSTER_WRONGTYPE   "WRONGTYPE Operation against a key holding the wrong kind of value"
#define MUSTER_OOM         "OOM command not allowed when used memory > 'maxmemory'."

/* --- the stream --- */

void muster_stream_verbatim(struct muster_call *c);
void muster_stream(struct muster_call *c, uint32_t argc, const struct muster_bytes *argv);
void muster_stream_del(struct muster_flat_writer *stream, struct muster_bytes key);

/* --- the keyspace as a command sees it --- */

/* The entry of a live key, 0 if none. On a master an expired one is removed on the way. */
uint32_t muster_lookup(struct muster_call *c, struct muster_bytes key);
/* The same for a key that must be of a type; replies WRONGTYPE and returns false when it is not. */
bool muster_lookup_typed(struct muster_call *c, struct muster_bytes key,
                         enum muster_entry_type type, uint32_t *n);
bool muster_entry_expired(const struct muster_keyspace_entry *e, uint64_t now_ms);
/* Whoever watches the key will see EXEC fail. */
void muster_touch(struct muster_redis *r, struct muster_bytes key);
void muster_touch_all(struct muster_redis *r);

/* --- text and numbers --- */

struct muster_bytes muster_text(const char *text);
bool muster_text_is(struct muster_bytes b, const char *lower); /* in any case */
bool muster_text_integer(struct muster_bytes b, int64_t *v);   /* as strict as Redis */
struct muster_bytes muster_integer_text(int64_t v, char room[24]);
bool muster_glob(struct muster_bytes pattern, struct muster_bytes text);
/* In hexadecimal, without a zero at the end. */
void muster_sha1_hex(struct muster_bytes data, char hex[40]);

/* Reply an error and return false when argument i is no integer. */
bool muster_argument_integer(struct muster_call *c, uint32_t i, int64_t *v);

/* --- across files --- */

void muster_watch_forget(struct muster_redis *r, uint32_t client);
void muster_multi_forget(struct muster_redis *r, uint32_t client);
void muster_pubsub_forget(struct muster_redis *r, uint32_t client);
void muster_multi_queue(struct muster_call *c);
void muster_scripts_forget(struct muster_redis *r);

#define MUSTER_COMMAND_FUNCTIONS(X)                                                                \
    X(append)                                                                                      \
    X(auth) X(client) X(dbsize) X(decr) X(decrby) X(del) X(discard) X(echo) X(eval) X(evalsha)     \
        X(exec) X(exists) X(expire) X(flush) X(get) X(getdel) X(getset) X(hdel) X(hexists) X(hget) \
            X(hgetall) X(hlen) X(hmget) X(hset) X(incr) X(incrby) X(info) X(keys) X(mget) X(mset)  \
                X(multi) X(persist) X(ping) X(publish) X(role) X(sadd) X(scan) X(scard) X(script)  \
                    X(select) X(set) X(setex) X(setnx) X(shutdown) X(sismember) X(smembers)        \
                        X(srem) X(strlen) X(subscribe) X(time) X(ttl) X(type) X(unsubscribe)       \
                            X(unwatch) X(wait) X(watch)
#define X(name) void muster_run_##name(struct muster_call *c);
MUSTER_COMMAND_FUNCTIONS(X)
#undef X

#endif
