/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on hashes and sets. A member of a set is a field without a value. */
#include "sim/redis/server.h"

#include <assert.h>

static enum muster_entry_type type_of_command(const struct muster_call *c)
{
    return c->command->name[0] == 'h' ? MUSTER_ENTRY_HASH : MUSTER_ENTRY_SET;
}

/* The hash or set that argument 1 names, 0 if none; false after replying WRONGTYPE. */
static bool lookup(struct muster_call *c, uint32_t *n)
{
    return muster_lookup_typed(c, c->argv[1], type_of_command(c), n);
}

static uint32_t member(const struct muster_call *c, uint32_t n, struct muster_bytes name)
{
    return n ? muster_keyspace_find(c->r->keys, n, name) : 0;
}

/* Redis has no empty hashes or sets. */
static void remove_if_empty(struct muster_call *c, uint32_t n)
{
    if (muster_keyspace_entry(c->r->keys, n)->count == 0)
        muster_keyspace_remove(c->r->keys, n);
}

/* HSET, SADD: store argv[2..] in steps of one or two; *changed counts what the reply counts.
 * When the keyspace is full, what was stored before stays and is told to the stream. */
static void add(struct muster_call *c, uint32_t step)
{
    uint32_t n;
    struct muster_keyspace *k = c->r->keys;
    struct muster_bytes none = {NULL, 0};
    if (!lookup(c, &n))
        return;
    if (!n)
        n = muster_keyspace_put(k, 0, c->argv[1], type_of_command(c), none);
    int64_t added = 0;
    bool changed = false;
    uint32_t i = 2;
    for (; n && i < c->argc; i += step) {
        bool is_new = !member(c, n, c->argv[i]);
        struct muster_bytes value = step == 2 ? c->argv[i + 1] : none;
        if ((is_new || step == 2) &&
            !muster_keyspace_put(k, n, c->argv[i], MUSTER_ENTRY_STRING, value))
            break;
        added += is_new;
        changed = changed || is_new || step == 2;
    }
    if (n)
        remove_if_empty(c, n);
    if (changed) {
        muster_touch(c->r, c->argv[1]);
        muster_stream(c, i, c->argv);
    }
    if (i < c->argc)
        muster_reply_error(c, MUSTER_OOM);
    else
        muster_reply_integer(c, added);
}

void muster_run_hset(struct muster_call *c)
{
    if (c->argc % 2)
        muster_reply_error(c, "ERR wrong number of arguments for 'hset' command");
    else
        add(c, 2);
}

void muster_run_sadd(struct muster_call *c)
{
    add(c, 1);
}

static void take_out(struct muster_call *c)
{
    uint32_t n;
    if (!lookup(c, &n))
        return;
    int64_t removed = 0;
    for (uint32_t i = 2; n && i < c->argc; i++) {
        uint32_t m = member(c, n, c->argv[i]);
        if (!m)
            continue;
        muster_keyspace_remove(c->r->keys, m);
        removed++;
    }
    if (removed) {
        remove_if_empty(c, n);
        muster_touch(c->r, c->argv[1]);
        muster_stream_verbatim(c);
    }
    muster_reply_integer(c, removed);
}

void muster_run_hdel(struct muster_call *c)
{
    take_out(c);
}

void muster_run_srem(struct muster_call *c)
{
    take_out(c);
}

void muster_run_hget(struct muster_call *c)
{
    uint32_t n;
    if (lookup(c, &n))
        muster_reply_value(c, member(c, n, c->argv[2]));
}

void muster_run_hmget(struct muster_call *c)
{
    uint32_t n;
    if (!lookup(c, &n))
        return;
    muster_flat_array(c->reply, c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++)
        muster_reply_value(c, member(c, n, c->argv[i]));
}

/* HGETALL, SMEMBERS: in the order of insertion. */
static void list(struct muster_call *c, bool values)
{
    uint32_t n;
    if (!lookup(c, &n))
        return;
    const struct muster_keyspace *k = c->r->keys;
    uint32_t count = n ? muster_keyspace_entry(k, n)->count : 0;
    muster_flat_array(c->reply, values ? 2 * count : count);
    uint32_t m = n ? muster_keyspace_entry(k, n)->first : 0;
    for (; m; m = muster_keyspace_entry(k, m)->next) {
        muster_reply_bulk(c, muster_keyspace_key(k, m));
        if (values)
            muster_reply_bulk(c, muster_keyspace_value(k, m));
    }
}

void muster_run_hgetall(struct muster_call *c)
{
    list(c, true);
}

void muster_run_smembers(struct muster_call *c)
{
    list(c, false);
}

static void exists(struct muster_call *c)
{
    uint32_t n;
    if (lookup(c, &n))
        muster_reply_integer(c, member(c, n, c->argv[2]) != 0);
}

void muster_run_hexists(struct muster_call *c)
{
    exists(c);
}

void muster_run_sismember(struct muster_call *c)
{
    exists(c);
}

static void count(struct muster_call *c)
{
    uint32_t n;
    if (lookup(c, &n))
        muster_reply_integer(c, n ? muster_keyspace_entry(c->r->keys, n)->count : 0);
}

void muster_run_hlen(struct muster_call *c)
{
    count(c);
}

void muster_run_scard(struct muster_call *c)
{
    count(c);
}
