/* SPDX-License-Identifier: Apache-2.0 */
/* MULTI, EXEC, DISCARD, WATCH, UNWATCH. The commands of all open MULTIs share one bounded queue. */
#include "sim/redis/server.h"

#include <assert.h>
#include <string.h>

#define RECORD_HEAD 8 /* client, size */

static void read_head(const struct muster_redis *r, uint32_t at, uint32_t *client, uint32_t *size)
{
    assert(at + RECORD_HEAD <= r->queue_used);
    memcpy(client, r->queue + at, 4);
    memcpy(size, r->queue + at + 4, 4);
}

void muster_multi_forget(struct muster_redis *r, uint32_t client)
{
    uint32_t to = 0;
    uint32_t size = 0;
    for (uint32_t at = 0; at < r->queue_used; at += RECORD_HEAD + size) {
        uint32_t owner;
        read_head(r, at, &owner, &size);
        if (owner == client)
            continue;
        memmove(r->queue + to, r->queue + at, RECORD_HEAD + size);
        to += RECORD_HEAD + size;
    }
    r->queue_used = to;
    struct muster_redis_client *state = &r->clients[client];
    state->multi = false;
    state->broken = false;
    state->queued = 0;
}

void muster_watch_forget(struct muster_redis *r, uint32_t client)
{
    uint32_t to = 0;
    for (uint32_t i = 0; i < r->watch_count; i++)
        if (r->watches[i].client != client)
            r->watches[to++] = r->watches[i];
    r->watch_count = to;
    r->clients[client].touched = false;
}

void muster_multi_queue(struct muster_call *c)
{
    struct muster_redis *r = c->r;
    struct muster_redis_client *state = &r->clients[c->client];
    struct muster_flat_writer w;
    size_t left = MUSTER_REDIS_QUEUE - r->queue_used;
    muster_flat_writer_init(&w, r->queue + r->queue_used + RECORD_HEAD,
                            left > RECORD_HEAD ? left - RECORD_HEAD : 0);
    muster_flat_array(&w, c->argc);
    for (uint32_t i = 0; i < c->argc; i++)
        muster_flat_bytes(&w, MUSTER_FLAT_BULK, c->argv[i].at, c->argv[i].size);
    if (w.full) {
        state->broken = true;
        muster_reply_error(c, MUSTER_OOM);
        return;
    }
    uint32_t size = (uint32_t)w.used;
    memcpy(r->queue + r->queue_used, &c->client, 4);
    memcpy(r->queue + r->queue_used + 4, &size, 4);
    r->queue_used += RECORD_HEAD + size;
    state->queued++;
    muster_flat_text(c->reply, MUSTER_FLAT_STATUS, "QUEUED");
}

void muster_run_multi(struct muster_call *c)
{
    struct muster_redis_client *state = &c->r->clients[c->client];
    if (state->multi) {
        muster_reply_error(c, "ERR MULTI calls can not be nested");
        return;
    }
    state->multi = true;
    muster_reply_ok(c);
}

/* True when what this client watches has changed, by a command or by its expiry. */
static bool watch_failed(const struct muster_redis *r, uint32_t client)
{
    for (uint32_t i = 0; i < r->watch_count; i++) {
        const struct muster_redis_watch *w = &r->watches[i];
        if (w->client == client && w->expires && w->expires < r->now_ms)
            return true;
    }
    return r->clients[client].touched;
}

static void run_queued(struct muster_call *c)
{
    struct muster_redis *r = c->r;
    uint32_t size = 0;
    for (uint32_t at = 0; at < r->queue_used; at += RECORD_HEAD + size) {
        uint32_t owner;
        read_head(r, at, &owner, &size);
        if (owner != c->client)
            continue;
        struct muster_bytes argv[MUSTER_REDIS_ARGUMENTS];
        struct muster_call queued = *c;
        queued.argc =
            muster_argv_split((struct muster_bytes){r->queue + at + RECORD_HEAD, size}, argv);
        assert(queued.argc > 0);
        queued.argv = argv;
        queued.command = muster_command_find(argv[0]);
        assert(queued.command);
        const char *refused = muster_mode_refuses(&queued);
        if (refused)
            muster_reply_error(&queued, refused);
        else
            muster_call_run(&queued);
    }
}

void muster_run_exec(struct muster_call *c)
{
    struct muster_redis_client *state = &c->r->clients[c->client];
    if (!state->multi) {
        muster_reply_error(c, "ERR EXEC without MULTI");
        return;
    }
    bool failed = watch_failed(c->r, c->client);
    bool broken = state->broken;
    uint32_t queued = state->queued;
    muster_watch_forget(c->r, c->client);
    state->multi = false; /* the queued commands run, they are not queued again */
    if (broken) {
        muster_reply_error(c, "EXECABORT Transaction discarded because of previous errors.");
    } else if (failed) {
        muster_flat_nil(c->reply);
    } else {
        muster_flat_array(c->reply, queued);
        run_queued(c);
    }
    muster_multi_forget(c->r, c->client);
}

void muster_run_discard(struct muster_call *c)
{
    if (!c->r->clients[c->client].multi) {
        muster_reply_error(c, "ERR DISCARD without MULTI");
        return;
    }
    muster_multi_forget(c->r, c->client);
    muster_watch_forget(c->r, c->client);
    muster_reply_ok(c);
}

static uint64_t watch_hash(struct muster_bytes key)
{
    return muster_bytes_hash(0, key);
}

static bool watched(const struct muster_redis *r, uint32_t client, uint64_t key)
{
    for (uint32_t i = 0; i < r->watch_count; i++)
        if (r->watches[i].client == client && r->watches[i].key == key)
            return true;
    return false;
}

void muster_run_watch(struct muster_call *c)
{
    struct muster_redis *r = c->r;
    if (r->clients[c->client].multi) {
        muster_reply_error(c, "ERR WATCH inside MULTI is not allowed");
        return;
    }
    for (uint32_t i = 1; i < c->argc; i++) {
        uint64_t key = watch_hash(c->argv[i]);
        if (watched(r, c->client, key))
            continue;
        if (r->watch_count == MUSTER_REDIS_WATCHES) {
            muster_reply_error(c, MUSTER_OOM);
            return;
        }
        uint32_t n = muster_lookup(c, c->argv[i]);
        uint64_t expires = n ? muster_keyspace_entry(r->keys, n)->expires : 0;
        r->watches[r->watch_count++] = (struct muster_redis_watch){c->client, n != 0, key, expires};
    }
    muster_reply_ok(c);
}

void muster_run_unwatch(struct muster_call *c)
{
    muster_watch_forget(c->r, c->client);
    muster_reply_ok(c);
}

void muster_touch(struct muster_redis *r, struct muster_bytes key)
{
    if (r->watch_count == 0)
        return;
    uint64_t hash = watch_hash(key);
    for (uint32_t i = 0; i < r->watch_count; i++)
        if (r->watches[i].key == hash)
            r->clients[r->watches[i].client].touched = true;
}

void muster_touch_all(struct muster_redis *r)
{
    for (uint32_t i = 0; i < r->watch_count; i++)
        if (r->watches[i].existed)
            r->clients[r->watches[i].client].touched = true;
}
