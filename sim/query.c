/* SPDX-License-Identifier: Apache-2.0 */
/* What may be asked of a world: ground truth for properties, identity, snapshots. */
#include "sim/inside.h"
#include "sim/redis/keyspace.h"

uint32_t muster_world_members(const struct muster_world *w)
{
    return w->process_count;
}

uint32_t muster_world_voters(const struct muster_world *w)
{
    return w->scenario->voters;
}

const struct muster_place *muster_world_place(const struct muster_world *w, uint32_t process)
{
    assert(process < w->process_count);
    return &w->process[process].place;
}

const char *muster_world_name(const struct muster_world *w, uint32_t process)
{
    return process < w->process_count ? w->process[process].name : "world";
}

muster_time muster_world_now(const struct muster_world *w)
{
    return w->now;
}

muster_time muster_world_clock(const struct muster_world *w, uint32_t process)
{
    assert(process < w->process_count);
    return muster_clock_read(&w->process[process].lease, w->now);
}

bool muster_world_running(const struct muster_world *w, uint32_t process)
{
    assert(process < w->process_count);
    return w->process[process].running && !w->process[process].stopped;
}

const void *muster_world_config(const struct muster_world *w)
{
    return w->scenario->config;
}

const void *muster_world_config_of(const struct muster_world *w, uint32_t process)
{
    assert(process < w->process_count);
    return w->scenario->configs[w->process[process].config];
}

const void *muster_world_state(const struct muster_world *w, uint32_t process)
{
    assert(process < w->process_count);
    return w->process[process].running ? w->process[process].self : NULL;
}

bool muster_world_bounded(const struct muster_world *w, uint32_t process)
{
    assert(process < w->process_count);
    return process_is_bounded(&w->process[process]);
}

muster_time muster_world_calm_since(const struct muster_world *w)
{
    bool calm = w->active_faults == 0 && w->blocked_ways == 0 && w->paused == 0;
    return calm ? w->calm_since : w->now;
}

uint64_t muster_world_hash(const struct muster_world *w)
{
    return w->hash;
}

uint64_t muster_world_seed(const struct muster_world *w)
{
    return w->seed;
}

const struct muster_scenario *muster_world_scenario(const struct muster_world *w)
{
    return w->scenario;
}

void muster_world_keys(const struct muster_world *w,
                       void (*see)(void *cookie, const struct muster_world_key *key), void *cookie)
{
    uint64_t now = store_wall_ms(w);
    for (uint32_t i = 0; i < w->store.count; i++) {
        const struct muster_keyspace *k = muster_redis_keyspace(w->store.at[i].redis);
        for (uint32_t n = 1; n <= muster_keyspace_last(k); n++) {
            const struct muster_keyspace_entry *e = muster_keyspace_entry(k, n);
            if (!muster_entry_is_key(e) || (e->expires && now > e->expires))
                continue;
            struct muster_world_key key = {.instance = i,
                                           .up = w->store.at[i].up,
                                           .master = i == w->store.master,
                                           .key = muster_keyspace_key(k, n),
                                           .parts = e->type == MUSTER_ENTRY_STRING ? 0 : e->count,
                                           .expires_ms = e->expires ? e->expires - now + 1 : 0};
            if (e->type == MUSTER_ENTRY_STRING)
                key.value = muster_keyspace_value(k, n);
            see(cookie, &key);
        }
    }
}

/* A snapshot has three parts: the world and all behind it, the used part of the queue, of the
 * events. */
struct snapshot {
    size_t used, state, queue, events;
};

static struct snapshot measure(const struct muster_world *w)
{
    struct snapshot s = {.used = w->arena->used};
    s.state = w->arena->used - (size_t)((const uint8_t *)w - w->arena->base);
    s.queue = w->queue.count * sizeof *w->queue.heap;
    s.events = w->pool.count * sizeof *w->pool.event;
    return s;
}

size_t muster_world_snapshot_size(const struct muster_world *w)
{
    struct snapshot s = measure(w);
    return sizeof s + s.state + s.queue + s.events;
}

void muster_world_snapshot(const struct muster_world *w, void *copy)
{
    struct snapshot s = measure(w);
    uint8_t *at = copy;
    memcpy(at, &s, sizeof s);
    memcpy(at += sizeof s, w, s.state);
    memcpy(at += s.state, w->queue.heap, s.queue);
    memcpy(at + s.queue, w->pool.event, s.events);
}

void muster_world_restore(struct muster_world *w, const void *copy)
{
    struct snapshot s;
    const uint8_t *at = copy;
    muster_record_sink sink = w->sink;
    void *cookie = w->sink_cookie;
    memcpy(&s, at, sizeof s);
    size_t grown = w->arena->used > s.used ? w->arena->used - s.used : 0;
    memset(w->arena->base + s.used, 0, grown); /* take() promises zeroes */
    memcpy((void *)w, at += sizeof s, s.state);
    memcpy(w->queue.heap, at += s.state, s.queue);
    memcpy(w->pool.event, at + s.queue, s.events);
    w->arena->used = s.used;
    w->sink = sink;
    w->sink_cookie = cookie;
}
