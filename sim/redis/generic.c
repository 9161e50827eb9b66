/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on keys of any type: deleting, expiring, listing. */
#include "sim/redis/server.h"

#include <assert.h>

/* DEL, UNLINK */
void muster_run_del(struct muster_call *c)
{
    int64_t removed = 0;
    for (uint32_t i = 1; i < c->argc; i++) {
        uint32_t n = muster_lookup(c, c->argv[i]);
        if (!n)
            continue;
        muster_keyspace_remove(c->r->keys, n);
        muster_touch(c->r, c->argv[i]);
        removed++;
    }
    if (removed)
        muster_stream_verbatim(c);
    muster_reply_integer(c, removed);
}

void muster_run_exists(struct muster_call *c)
{
    int64_t found = 0;
    for (uint32_t i = 1; i < c->argc; i++)
        found += muster_lookup(c, c->argv[i]) != 0;
    muster_reply_integer(c, found);
}

static const char *type_name(const struct muster_call *c, uint32_t n)
{
    static const char *const names[] = {"none", "string", "hash", "set"};
    return names[n ? muster_keyspace_entry(c->r->keys, n)->type : 0];
}

void muster_run_type(struct muster_call *c)
{
    uint32_t n = muster_lookup(c, c->argv[1]);
    muster_flat_text(c->reply, MUSTER_FLAT_STATUS, type_name(c, n));
}

/* --- expiry --- */

enum { EXPIRE_NX = 1, EXPIRE_XX = 2, EXPIRE_GT = 4, EXPIRE_LT = 8 };

static bool read_expire_options(struct muster_call *c, uint32_t *flags)
{
    static const char *const words[] = {"nx", "xx", "gt", "lt"};
    *flags = 0;
    for (uint32_t i = 3; i < c->argc; i++) {
        uint32_t w = 0;
        while (w < 4 && !muster_text_is(c->argv[i], words[w]))
            w++;
        if (w == 4) {
            muster_reply_errorf(c, "ERR Unsupported option %s", c->argv[i]);
            return false;
        }
        *flags |= 1u << w;
    }
    const char *error = NULL;
    if ((*flags & EXPIRE_NX) && (*flags & ~(uint32_t)EXPIRE_NX))
        error = "ERR NX and XX, GT or LT options at the same time are not compatible";
    else if ((*flags & EXPIRE_GT) && (*flags & EXPIRE_LT))
        error = "ERR GT and LT options at the same time are not compatible";
    if (error)
        muster_reply_error(c, error);
    return !error;
}

/* The wall ms that EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT name; may be in the past, even negative. */
static bool read_when(struct muster_call *c, int64_t *when)
{
    const char *name = c->command->name;
    bool in_ms = name[0] == 'p';
    bool relative = name[in_ms ? 7 : 6] == '\0';
    if (!muster_argument_integer(c, 2, when))
        return false;
    int64_t base = relative ? (int64_t)c->r->now_ms : 0;
    bool scales = in_ms || (*when <= INT64_MAX / 1000 && *when >= INT64_MIN / 1000);
    if (scales && !in_ms)
        *when *= 1000;
    if (!scales || *when > INT64_MAX - base) {
        muster_reply_errorf(c, "ERR invalid expire time in '%s' command", muster_text(name));
        return false;
    }
    *when += base;
    return true;
}

/* No expiry counts as infinitely late. */
static bool expire_allowed(uint32_t flags, uint64_t old, int64_t when)
{
    bool later = old && when > (int64_t)old;
    bool earlier = !old || when < (int64_t)old;
    return !((flags & EXPIRE_NX) && old) && !((flags & EXPIRE_XX) && !old) &&
           !((flags & EXPIRE_GT) && !later) && !((flags & EXPIRE_LT) && !earlier);
}

void muster_run_expire(struct muster_call *c)
{
    uint32_t flags;
    int64_t when;
    if (!read_expire_options(c, &flags) || !read_when(c, &when))
        return;
    uint32_t n = muster_lookup(c, c->argv[1]);
    if (!n || !expire_allowed(flags, muster_keyspace_entry(c->r->keys, n)->expires, when)) {
        muster_reply_integer(c, 0);
        return;
    }
    char room[24];
    if (when <= (int64_t)c->r->now_ms && !c->applied) {
        muster_keyspace_remove(c->r->keys, n);
        muster_stream_del(c->stream, c->argv[1]);
    } else {
        uint64_t expires = when > 0 ? (uint64_t)when : 1;
        muster_keyspace_expire(c->r->keys, n, expires);
        struct muster_bytes argv[3] = {muster_text("PEXPIREAT"), c->argv[1]};
        argv[2] = muster_integer_text((int64_t)expires, room);
        muster_stream(c, 3, argv);
    }
    muster_touch(c->r, c->argv[1]);
    muster_reply_integer(c, 1);
}

/* TTL, PTTL */
void muster_run_ttl(struct muster_call *c)
{
    uint32_t n = muster_lookup(c, c->argv[1]);
    uint64_t expires = n ? muster_keyspace_entry(c->r->keys, n)->expires : 0;
    uint64_t left = expires > c->r->now_ms ? expires - c->r->now_ms : 0;
    if (!n)
        muster_reply_integer(c, -2);
    else if (!expires)
        muster_reply_integer(c, -1);
    else if (c->command->name[0] == 'p')
        muster_reply_integer(c, (int64_t)left);
    else
        muster_reply_integer(c, (int64_t)((left + 500) / 1000));
}

void muster_run_persist(struct muster_call *c)
{
    uint32_t n = muster_lookup(c, c->argv[1]);
    if (!n || !muster_keyspace_entry(c->r->keys, n)->expires) {
        muster_reply_integer(c, 0);
        return;
    }
    muster_keyspace_expire(c->r->keys, n, 0);
    muster_touch(c->r, c->argv[1]);
    muster_stream_verbatim(c);
    muster_reply_integer(c, 1);
}

/* --- listing; the order is that of the entries, which only the history of commands decides --- */

static bool listed(const struct muster_call *c, uint32_t n, struct muster_bytes pattern)
{
    const struct muster_keyspace_entry *e = muster_keyspace_entry(c->r->keys, n);
    return muster_entry_is_key(e) && !muster_entry_expired(e, c->r->now_ms) &&
           muster_glob(pattern, muster_keyspace_key(c->r->keys, n));
}

void muster_run_keys(struct muster_call *c)
{
    uint32_t last = muster_keyspace_last(c->r->keys);
    uint32_t count = 0;
    for (uint32_t n = 1; n <= last; n++)
        count += listed(c, n, c->argv[1]);
    muster_flat_array(c->reply, count);
    for (uint32_t n = 1; n <= last; n++)
        if (listed(c, n, c->argv[1]))
            muster_reply_bulk(c, muster_keyspace_key(c->r->keys, n));
}

struct scan {
    struct muster_bytes pattern, type;
    int64_t count;
    uint32_t from;
};

static bool read_scan(struct muster_call *c, struct scan *s)
{
    bool good = true;
    for (uint32_t i = 2; i < c->argc && good; i += 2) {
        if (i + 1 == c->argc) {
            good = false;
        } else if (muster_text_is(c->argv[i], "match")) {
            s->pattern = c->argv[i + 1];
        } else if (muster_text_is(c->argv[i], "type")) {
            s->type = c->argv[i + 1];
        } else if (muster_text_is(c->argv[i], "count")) {
            if (!muster_argument_integer(c, i + 1, &s->count))
                return false;
            good = s->count >= 1;
        } else {
            good = false;
        }
    }
    if (!good)
        muster_reply_error(c, MUSTER_SYNTAX);
    return good;
}

static bool scanned(const struct muster_call *c, const struct scan *s, uint32_t n)
{
    return listed(c, n, s->pattern) &&
           (s->type.size == 0 || muster_text_is(s->type, type_name(c, n)));
}

/* The cursor is the number of the next entry: entries keep theirs, so a key that is there
 * throughout is returned exactly once. */
void muster_run_scan(struct muster_call *c)
{
    struct scan s = {muster_text("*"), {NULL, 0}, 10, 1};
    int64_t cursor;
    if (!muster_text_integer(c->argv[1], &cursor)) {
        muster_reply_error(c, "ERR invalid cursor");
        return;
    }
    if (!read_scan(c, &s))
        return;
    uint32_t last = muster_keyspace_last(c->r->keys);
    if (cursor > 0)
        s.from = cursor > last ? last + 1 : (uint32_t)cursor;
    else if (cursor < 0)
        s.from = last + 1;
    uint32_t to = s.count > last - s.from + 1 ? last + 1 : s.from + (uint32_t)s.count;
    uint32_t count = 0;
    for (uint32_t n = s.from; n < to; n++)
        count += scanned(c, &s, n);
    char room[24];
    muster_flat_array(c->reply, 2);
    muster_reply_bulk(c, muster_integer_text(to > last ? 0 : (int64_t)to, room));
    muster_flat_array(c->reply, count);
    for (uint32_t n = s.from; n < to; n++)
        if (scanned(c, &s, n))
            muster_reply_bulk(c, muster_keyspace_key(c->r->keys, n));
}

void muster_run_dbsize(struct muster_call *c)
{
    muster_reply_integer(c, muster_keyspace_keys(c->r->keys));
}

/* FLUSHALL, FLUSHDB */
void muster_run_flush(struct muster_call *c)
{
    bool option =
        c->argc == 2 && (muster_text_is(c->argv[1], "sync") || muster_text_is(c->argv[1], "async"));
    if (c->argc > 1 && !option) {
        muster_reply_error(c, MUSTER_SYNTAX);
        return;
    }
    muster_touch_all(c->r);
    muster_keyspace_clear(c->r->keys);
    muster_stream_verbatim(c);
    muster_reply_ok(c);
}
