/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands. Arity and flags are those that Redis 7.0 tells of itself (COMMAND
 * INFO). */
#include "sim/redis/server.h"

#include <assert.h>

#define WRITE MUSTER_COMMAND_WRITE
#define DENYOOM MUSTER_COMMAND_DENYOOM
#define LOADING MUSTER_COMMAND_LOADING
#define STALE MUSTER_COMMAND_STALE
#define NOSCRIPT MUSTER_COMMAND_NOSCRIPT
#define BUSY MUSTER_COMMAND_BUSY
#define NOAUTH MUSTER_COMMAND_NOAUTH
#define PUBSUB MUSTER_COMMAND_PUBSUB
#define KEYS MUSTER_COMMAND_KEYS
#define NOMULTI MUSTER_COMMAND_NOMULTI

#define NAME_MOST 11

/* By length, then by name. */
const struct muster_command muster_commands[] = {
    {"del", -2, WRITE | KEYS, muster_run_del},
    {"get", 2, KEYS, muster_run_get},
    {"set", -3, WRITE | DENYOOM | KEYS, muster_run_set},
    {"ttl", 2, KEYS, muster_run_ttl},
    {"auth", -2, NOSCRIPT | LOADING | STALE | BUSY | NOAUTH, muster_run_auth},
    {"decr", 2, WRITE | DENYOOM | KEYS, muster_run_decr},
    {"echo", 2, LOADING | STALE, muster_run_echo},
    {"eval", -3, NOSCRIPT | STALE, muster_run_eval},
    {"exec", 1, NOSCRIPT | LOADING | STALE | NOMULTI, muster_run_exec},
    {"hdel", -3, WRITE | KEYS, muster_run_hdel},
    {"hget", 3, KEYS, muster_run_hget},
    {"hlen", 2, KEYS, muster_run_hlen},
    {"hset", -4, WRITE | DENYOOM | KEYS, muster_run_hset},
    {"incr", 2, WRITE | DENYOOM | KEYS, muster_run_incr},
    {"info", -1, LOADING | STALE, muster_run_info},
    {"keys", 2, 0, muster_run_keys},
    {"mget", -2, KEYS, muster_run_mget},
    {"mset", -3, WRITE | DENYOOM | KEYS, muster_run_mset},
    {"ping", -1, PUBSUB, muster_run_ping},
    {"pttl", 2, KEYS, muster_run_ttl},
    {"role", 1, NOSCRIPT | LOADING | STALE, muster_run_role},
    {"sadd", -3, WRITE | DENYOOM | KEYS, muster_run_sadd},
    {"scan", -2, 0, muster_run_scan},
    {"srem", -3, WRITE | KEYS, muster_run_srem},
    {"time", 1, LOADING | STALE, muster_run_time},
    {"type", 2, KEYS, muster_run_type},
    {"wait", 3, NOSCRIPT, muster_run_wait},
    {"hmget", -3, KEYS, muster_run_hmget},
    {"multi", 1, NOSCRIPT | LOADING | STALE | BUSY | NOMULTI, muster_run_multi},
    {"scard", 2, KEYS, muster_run_scard},
    {"setex", 4, WRITE | DENYOOM | KEYS, muster_run_setex},
    {"setnx", 3, WRITE | DENYOOM | KEYS, muster_run_setnx},
    {"watch", -2, NOSCRIPT | LOADING | STALE | BUSY | NOMULTI, muster_run_watch},
    {"append", 3, WRITE | DENYOOM | KEYS, muster_run_append},
    {"client", -2, NOSCRIPT, muster_run_client},
    {"dbsize", 1, 0, muster_run_dbsize},
    {"decrby", 3, WRITE | DENYOOM | KEYS, muster_run_decrby},
    {"exists", -2, KEYS, muster_run_exists},
    {"expire", -3, WRITE | KEYS, muster_run_expire},
    {"getdel", 2, WRITE | KEYS, muster_run_getdel},
    {"getset", 3, WRITE | DENYOOM | KEYS, muster_run_getset},
    {"incrby", 3, WRITE | DENYOOM | KEYS, muster_run_incrby},
    {"psetex", 4, WRITE | DENYOOM | KEYS, muster_run_setex},
    {"script", -2, NOSCRIPT, muster_run_script},
    {"select", 2, LOADING | STALE, muster_run_select},
    {"strlen", 2, KEYS, muster_run_strlen},
    {"unlink", -2, WRITE | KEYS, muster_run_del},
    {"discard", 1, NOSCRIPT | LOADING | STALE | BUSY | NOMULTI, muster_run_discard},
    {"evalsha", -3, NOSCRIPT | STALE, muster_run_evalsha},
    {"flushdb", -1, WRITE, muster_run_flush},
    {"hexists", 3, KEYS, muster_run_hexists},
    {"hgetall", 2, KEYS, muster_run_hgetall},
    {"persist", 2, WRITE | KEYS, muster_run_persist},
    {"pexpire", -3, WRITE | KEYS, muster_run_expire},
    {"publish", 3, LOADING | STALE, muster_run_publish},
    {"unwatch", 1, NOSCRIPT | LOADING | STALE | BUSY, muster_run_unwatch},
    {"expireat", -3, WRITE | KEYS, muster_run_expire},
    {"flushall", -1, WRITE, muster_run_flush},
    {"shutdown", -1, NOSCRIPT | LOADING | STALE | BUSY, muster_run_shutdown},
    {"smembers", 2, KEYS, muster_run_smembers},
    {"pexpireat", -3, WRITE | KEYS, muster_run_expire},
    {"sismember", 3, KEYS, muster_run_sismember},
    {"subscribe", -2, NOSCRIPT | LOADING | STALE | PUBSUB, muster_run_subscribe},
    {"unsubscribe", -1, NOSCRIPT | LOADING | STALE | PUBSUB, muster_run_unsubscribe},
};

const uint32_t muster_command_count = sizeof(muster_commands) / sizeof(muster_commands[0]);

/* Where the names of a length begin; a unit test finds every row by its name. */
static const uint8_t first_of_length[NAME_MOST + 2] = {0,  0,  0,  0,  4,  27, 33,
                                                       47, 56, 60, 63, 63, 64};

const struct muster_command *muster_command_find(struct muster_bytes name)
{
    if (name.size == 0 || name.size > NAME_MOST)
        return NULL;
    uint8_t initial = name.at[0] | 32;
    for (uint32_t i = first_of_length[name.size]; i < first_of_length[name.size + 1]; i++) {
        const struct muster_command *row = &muster_commands[i];
        if ((uint8_t)row->name[0] == initial && muster_text_is(name, row->name))
            return row;
    }
    return NULL;
}

bool muster_command_arity(const struct muster_command *command, uint32_t argc)
{
    assert(command->arity != 0);
    if (command->arity > 0)
        return argc == (uint32_t)command->arity;
    return argc >= (uint32_t)-command->arity;
}
