/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on strings. */
#include "sim/redis/server.h"

#include <assert.h>
#include <string.h>

#define APPEND_MOST 65536 /* bytes that one APPEND may lead to */

enum { /* options of SET */
       OPTION_NX = 1,
       OPTION_XX = 2,
       OPTION_GET = 4,
       OPTION_KEEPTTL = 8,
       OPTION_TIME = 16,
};

struct set_options {
    uint32_t flags;
    uint64_t expires; /* wall ms, 0: none */
};

/* Store a string and its expiry, and put it on the stream; false (with an OOM reply) when full. */
static bool store(struct muster_call *c, struct muster_bytes key, struct muster_bytes value,
                  uint64_t expires, bool keep)
{
    uint32_t n = muster_keyspace_put(c->r->keys, 0, key, MUSTER_ENTRY_STRING, value);
    if (!n) {
        muster_reply_error(c, MUSTER_OOM);
        return false;
    }
    if (!keep)
        muster_keyspace_expire(c->r->keys, n, expires);
    muster_touch(c->r, key);
    char room[24];
    struct muster_bytes argv[5] = {muster_text("SET"), key, value};
    uint32_t argc = 3;
    if (keep) {
        argv[argc++] = muster_text("KEEPTTL");
    } else if (expires) {
        argv[argc++] = muster_text("PXAT");
        argv[argc++] = muster_integer_text((int64_t)expires, room);
    }
    muster_stream(c, argc, argv);
    return true;
}

/* An expiry from argument i in `unit` ms, relative to now or absolute. */
static bool read_expiry(struct muster_call *c, uint32_t i, int64_t unit, bool relative,
                        uint64_t *expires)
{
    int64_t v = 0;
    if (!muster_argument_integer(c, i, &v))
        return false;
    int64_t base = relative ? (int64_t)c->r->now_ms : 0;
    if (v <= 0 || v > INT64_MAX / unit || v * unit > INT64_MAX - base) {
        muster_reply_errorf(c, "ERR invalid expire time in '%s' command",
                            muster_text(c->command->name));
        return false;
    }
    *expires = (uint64_t)(v * unit + base);
    return true;
}

/* Flags that may not stand beside an option. */
static uint32_t set_flag(struct muster_bytes word, uint32_t *forbids)
{
    *forbids = 0;
    if (muster_text_is(word, "get"))
        return OPTION_GET;
    *forbids = OPTION_XX;
    if (muster_text_is(word, "nx"))
        return OPTION_NX;
    *forbids = OPTION_NX;
    if (muster_text_is(word, "xx"))
        return OPTION_XX;
    *forbids = OPTION_TIME;
    if (muster_text_is(word, "keepttl"))
        return OPTION_KEEPTTL;
    *forbids = OPTION_TIME | OPTION_KEEPTTL;
    if (muster_text_is(word, "ex") || muster_text_is(word, "px") || muster_text_is(word, "exat") ||
        muster_text_is(word, "pxat"))
        return OPTION_TIME;
    return 0;
}

static bool read_set_options(struct muster_call *c, struct set_options *o)
{
    uint32_t time_at = 0;
    for (uint32_t i = 3; i < c->argc; i++) {
        uint32_t forbids;
        uint32_t flag = set_flag(c->argv[i], &forbids);
        bool missing = flag == OPTION_TIME && i + 1 == c->argc;
        if (!flag || missing || (o->flags & forbids)) {
            muster_reply_error(c, MUSTER_SYNTAX);
            return false;
        }
        o->flags |= flag;
        if (flag == OPTION_TIME)
            time_at = ++i;
    }
    if (!time_at)
        return true;
    struct muster_bytes word = c->argv[time_at - 1];
    int64_t unit = (word.at[0] | 32) == 'e' ? 1000 : 1;
    return read_expiry(c, time_at, unit, word.size == 2, &o->expires);
}

void muster_run_set(struct muster_call *c)
{
    struct set_options o = {0, 0};
    if (c->argc > 3 && !read_set_options(c, &o))
        return;
    uint32_t n = 0;
    size_t mark = c->reply->used;
    if (o.flags & OPTION_GET) {
        if (!muster_lookup_typed(c, c->argv[1], MUSTER_ENTRY_STRING, &n))
            return;
        muster_reply_value(c, n);
    } else if (o.flags & (OPTION_NX | OPTION_XX)) {
        n = muster_lookup(c, c->argv[1]);
    }
    if ((n && (o.flags & OPTION_NX)) || (!n && (o.flags & OPTION_XX))) {
        if (!(o.flags & OPTION_GET))
            muster_flat_nil(c->reply);
        return;
    }
    /* A key that has expired must not lend its old expiry to KEEPTTL. */
    if (o.flags & OPTION_KEEPTTL)
        (void)muster_lookup(c, c->argv[1]);
    size_t used = c->reply->used;
    c->reply->used = mark; /* an error takes the place of the old value */
    if (!store(c, c->argv[1], c->argv[2], o.expires, o.flags & OPTION_KEEPTTL))
        return;
    c->reply->used = used;
    if (!(o.flags & OPTION_GET))
        muster_reply_ok(c);
}

/* SETEX, PSETEX */
void muster_run_setex(struct muster_call *c)
{
    uint64_t expires;
    int64_t unit = c->command->name[0] == 'p' ? 1 : 1000;
    if (read_expiry(c, 2, unit, true, &expires) && store(c, c->argv[1], c->argv[3], expires, false))
        muster_reply_ok(c);
}

void muster_run_setnx(struct muster_call *c)
{
    if (muster_lookup(c, c->argv[1]))
        muster_reply_integer(c, 0);
    else if (store(c, c->argv[1], c->argv[2], 0, false))
        muster_reply_integer(c, 1);
}

void muster_run_get(struct muster_call *c)
{
    uint32_t n;
    if (muster_lookup_typed(c, c->argv[1], MUSTER_ENTRY_STRING, &n))
        muster_reply_value(c, n);
}

void muster_run_getset(struct muster_call *c)
{
    uint32_t n;
    if (!muster_lookup_typed(c, c->argv[1], MUSTER_ENTRY_STRING, &n))
        return;
    size_t mark = c->reply->used;
    muster_reply_value(c, n);
    size_t used = c->reply->used;
    c->reply->used = mark;
    if (store(c, c->argv[1], c->argv[2], 0, false))
        c->reply->used = used;
}

void muster_run_getdel(struct muster_call *c)
{
    uint32_t n;
    if (!muster_lookup_typed(c, c->argv[1], MUSTER_ENTRY_STRING, &n))
        return;
    muster_reply_value(c, n);
    if (!n)
        return;
    muster_keyspace_remove(c->r->keys, n);
    muster_touch(c->r, c->argv[1]);
    if (c->stream)
        muster_stream_del(c->stream, c->argv[1]);
}

void muster_run_mget(struct muster_call *c)
{
    muster_flat_array(c->reply, c->argc - 1);
    for (uint32_t i = 1; i < c->argc; i++) {
        uint32_t n = muster_lookup(c, c->argv[i]);
        if (n && muster_keyspace_entry(c->r->keys, n)->type != MUSTER_ENTRY_STRING)
            n = 0;
        muster_reply_value(c, n);
    }
}

void muster_run_mset(struct muster_call *c)
{
    if (c->argc % 2 == 0) {
        muster_reply_error(c, "ERR wrong number of arguments for 'mset' command");
        return;
    }
    for (uint32_t i = 1; i < c->argc; i += 2)
        if (!store(c, c->argv[i], c->argv[i + 1], 0, false))
            return;
    muster_reply_ok(c);
}

static void add(struct muster_call *c, int64_t by)
{
    uint32_t n;
    int64_t v = 0;
    if (!muster_lookup_typed(c, c->argv[1], MUSTER_ENTRY_STRING, &n))
        return;
    if (n && !muster_text_integer(muster_keyspace_value(c->r->keys, n), &v)) {
        muster_reply_error(c, MUSTER_NOT_INTEGER);
        return;
    }
    if ((by < 0 && v < INT64_MIN - by) || (by > 0 && v > INT64_MAX - by)) {
        muster_reply_error(c, "ERR increment or decrement would overflow");
        return;
    }
    char room[24];
    struct muster_bytes text = muster_integer_text(v + by, room);
    if (!muster_keyspace_put(c->r->keys, 0, c->argv[1], MUSTER_ENTRY_STRING, text)) {
        muster_reply_error(c, MUSTER_OOM);
        return;
    }
    muster_touch(c->r, c->argv[1]);
    muster_stream_verbatim(c);
    muster_reply_integer(c, v + by);
}

void muster_run_incr(struct muster_call *c)
{
    add(c, 1);
}

void muster_run_decr(struct muster_call *c)
{
    add(c, -1);
}

void muster_run_incrby(struct muster_call *c)
{
    int64_t by;
    if (muster_argument_integer(c, 2, &by))
        add(c, by);
}

void muster_run_decrby(struct muster_call *c)
{
    int64_t by;
    if (!muster_argument_integer(c, 2, &by))
        return;
    if (by == INT64_MIN)
        muster_reply_error(c, "ERR decrement would overflow");
    else
        add(c, -by);
}

void muster_run_append(struct muster_call *c)
{
    uint32_t n;
    uint8_t joined[APPEND_MOST];
    if (!muster_lookup_typed(c, c->argv[1], MUSTER_ENTRY_STRING, &n))
        return;
    struct muster_bytes old = {NULL, 0};
    if (n)
        old = muster_keyspace_value(c->r->keys, n);
    struct muster_bytes more = c->argv[2];
    if (old.size > sizeof(joined) || more.size > sizeof(joined) - old.size) {
        muster_reply_error(c, "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
        return;
    }
    if (old.size)
        memcpy(joined, old.at, old.size);
    if (more.size)
        memcpy(joined + old.size, more.at, more.size);
    struct muster_bytes all = {joined, old.size + more.size};
    if (!muster_keyspace_put(c->r->keys, 0, c->argv[1], MUSTER_ENTRY_STRING, all)) {
        muster_reply_error(c, MUSTER_OOM);
        return;
    }
    muster_touch(c->r, c->argv[1]);
    muster_stream_verbatim(c);
    muster_reply_integer(c, (int64_t)all.size);
}

void muster_run_strlen(struct muster_call *c)
{
    uint32_t n;
    if (muster_lookup_typed(c, c->argv[1], MUSTER_ENTRY_STRING, &n))
        muster_reply_integer(c, n ? (int64_t)muster_keyspace_value(c->r->keys, n).size : 0);
}
