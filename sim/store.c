/* SPDX-License-Identifier: Apache-2.0 */
/* The store in the world: connections, execution, replication, persistence. */
#include "core/coordinator/work.h"
#include "sim/inside.h"

#define LUA_MEMORY     (80 * 1024)  /* 22 KiB for the state, the rest for scripts and garbage */
#define LUA_WORK       (240 * 1024) /* more, for scripts that rewrite a board */
#define SWEEP_EVERY_MS 1000
#define SWEEP_MOST     20
#define IMAGE          STORES_MAX /* as an instance: what the AOF would give back */
#define THIRD          (SCRATCH / 3)

static bool has_work(const struct muster_scenario *s)
{
    for (uint32_t i = 0; i < s->entry_count; i++)
        if (s->timeline[i].verb == MUSTER_DO_WORK)
            return true;
    return false;
}

static struct muster_redis_limits limits_of(const struct muster_world *w)
{
    /* Small, because a snapshot copies all of it: a few keys a member, records of some 200 bytes.
     * */
    struct muster_redis_limits l = {.keys = 64 + 8 * w->process_capacity,
                                    .data = 16384 + 4096 * w->process_capacity,
                                    .scripts = 8};
    if (has_work(w->scenario)) { /* and the board */
        l.keys += 2 * MUSTER_WORK_BOARD_MAX;
        l.data += MUSTER_WORK_BOARD_MAX * MUSTER_WORK_RECORD_MAX;
    }
    l.clients = 2 * w->process_capacity + 1; /* commands, subscriptions, the operator */
    return l;
}

static bool needs(const struct muster_scenario *s, enum muster_store_fault a,
                  enum muster_store_fault b)
{
    for (uint32_t i = 0; i < s->entry_count; i++)
        if (s->timeline[i].verb == MUSTER_DO_STORE &&
            (s->timeline[i].store.fault == a || s->timeline[i].store.fault == b))
            return true;
    return false;
}

static bool copies_create(struct muster_world *w, const struct muster_redis_limits *l)
{
    struct store *st = &w->store;
    const struct muster_scenario *s = w->scenario;
    bool restarts = needs(s, MUSTER_STORE_RESTART, MUSTER_STORE_CRASH);
    if (restarts && !(st->spare = muster_keyspace_create(w->arena, l)))
        return false;
    if (needs(s, MUSTER_STORE_DUMP, MUSTER_STORE_RESTORE) &&
        !(st->dump = muster_keyspace_create(w->arena, l)))
        return false;
    if (restarts && s->store.persistence == MUSTER_PERSIST_EVERYSEC) {
        st->image = muster_redis_create(w->arena, l, st->lua);
        if (!st->image)
            return false;
        muster_redis_set_mode(st->image, MUSTER_REDIS_REPLICA);
    }
    return true;
}

bool store_create(struct muster_world *w)
{
    struct store *st = &w->store;
    const struct muster_scenario *s = w->scenario;
    struct muster_redis_limits l = limits_of(w);
    st->count = 1 + s->store.replicas;
    int64_t wall = INT64_C(1767225600000000000) + s->store.clock_offset;
    st->clock = (struct muster_clock){0, (uint64_t)wall, s->store.drift_ppm};
    st->lua = muster_lua_create(w->arena, LUA_MEMORY + (has_work(s) ? LUA_WORK : 0));
    if (!st->lua)
        return false;
    for (uint32_t i = 0; i < st->count; i++) {
        st->at[i].redis = muster_redis_create(w->arena, &l, st->lua);
        if (!st->at[i].redis)
            return false;
        st->at[i].up = true;
        if (i > 0)
            muster_redis_set_mode(st->at[i].redis, MUSTER_REDIS_REPLICA);
    }
    return copies_create(w, &l);
}

uint64_t store_wall_ms(const struct muster_world *w)
{
    return muster_clock_read(&w->store.clock, w->now) / MUSTER_MILLISECOND;
}

void store_forget(struct muster_world *w, uint32_t p)
{
    struct muster_redis *redis = w->store.at[w->process[p].instance].redis;
    muster_redis_forget(redis, p);
    muster_redis_forget(redis, w->process_capacity + p);
}

void store_request(struct muster_world *w, uint32_t p, uint32_t request,
                   const struct muster_effect *e, uint64_t cause)
{
    struct process *x = &w->process[p];
    uint32_t slot = world_event(w, EV_COMMAND, (uint16_t)p);
    struct event *ev = world_at(w, slot);
    ev->other = (uint16_t)x->instance;
    ev->generation = x->connection;
    ev->message = x->request[request].message;
    ev->cause = cause;
    ev->arg[0] = request;
    ev->arg[1] = x->request[request].generation;
    ev->arg[2] = x->request[request].due == MUSTER_NEVER;
    world_data(w, ev, e->data);
    uint32_t to = endpoint_of_store(w, x->instance);
    muster_time t =
        w->now + network_latency(w, endpoint_of_process(w, p), to, e->data.size, &x->to_store);
    x->sent_until = muster_time_max(t, x->sent_until);
    world_push(w, x->sent_until, MUSTER_CLASS_DELIVERY, slot);
}

/* ---- replication ---- */

static void replicate_to(struct muster_world *w, uint32_t from, uint32_t to,
                         struct muster_bytes entry, uint64_t cause)
{
    struct store *st = &w->store;
    uint32_t slot = world_event(w, EV_REPLICATE, MUSTER_NOBODY);
    struct event *e = world_at(w, slot);
    e->other = (uint16_t)to;
    e->arg[0] = from;
    e->cause = cause;
    world_data(w, e, entry);
    muster_time t, *until = to == IMAGE ? &st->image_until : &st->at[to].applied_until;
    if (to == IMAGE) /* an AOF of everysec is on disk at the next full second */
        t = (w->now / MUSTER_SECOND + 1) * MUSTER_SECOND;
    else
        t = w->now + w->scenario->store.lag;
    *until = muster_time_max(*until, t);
    world_push(w, *until, MUSTER_CLASS_DELIVERY, slot);
}

/* What one command changed travels as one: a replica never shows half of a script. */
static void replicate(struct muster_world *w, uint32_t from, struct muster_bytes stream,
                      uint64_t cause)
{
    struct store *st = &w->store;
    for (uint32_t i = 0; i < st->count; i++)
        if (i != from && !st->at[i].detached && st->at[i].up)
            replicate_to(w, from, i, stream, cause);
    if (st->image && from == st->master)
        replicate_to(w, from, IMAGE, stream, cause);
}

void store_apply(struct muster_redis *redis, uint64_t now_ms, struct muster_bytes stream)
{
    struct muster_flat_reader r;
    muster_flat_reader_init(&r, stream);
    while (r.left.size > 0) {
        struct muster_bytes entry = r.left;
        int error = muster_flat_skip(&r);
        assert(!error);
        entry.size -= r.left.size;
        muster_redis_apply(redis, now_ms, entry);
    }
}

void store_replicate(struct muster_world *w, uint32_t slot)
{
    struct event *e = world_at(w, slot);
    struct store *st = &w->store;
    uint32_t from = (uint32_t)e->arg[0], to = e->other;
    if (to == IMAGE) {
        store_apply(st->image, store_wall_ms(w), (struct muster_bytes){e->data, e->size});
    } else {
        uint32_t a = endpoint_of_store(w, from), b = endpoint_of_store(w, to);
        if (network_blocked(w, a, b)) {
            network_hold(w, a, b, slot);
            return;
        }
        /* a replica follows its master only as long as both are what they were */
        if (st->at[to].up && from == st->master && !st->at[to].detached)
            store_apply(st->at[to].redis, store_wall_ms(w),
                        (struct muster_bytes){e->data, e->size});
    }
    world_release(w, slot);
}

/* ---- execution ---- */

static void push(struct muster_world *w, uint32_t instance, struct muster_bytes pushes,
                 uint64_t cause)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, pushes);
    while (muster_flat_next(&r, &v) == 0) {
        struct muster_bytes message = r.left;
        int error = muster_flat_skip(&r);
        assert(!error && v.type == MUSTER_FLAT_INTEGER);
        message.size -= r.left.size;
        uint32_t p = (uint32_t)v.integer - w->process_capacity;
        if (p >= w->process_count || w->process[p].instance != instance)
            continue;
        struct process *x = &w->process[p];
        uint32_t from = endpoint_of_store(w, instance);
        muster_time t = w->now + network_latency(w, from, p, message.size, &x->from_store);
        x->received_until = muster_time_max(t, x->received_until);
        uint32_t i = x->subscription;
        struct event *e = process_input(w, p, x->received_until, MUSTER_IN_PUSH, 0, cause);
        e->other = (uint16_t)i;
        e->generation = x->subscription_generation;
        e->from = from + 1;
        e->tag = x->request[i].tag;
        world_data(w, e, message);
    }
}

static void answer(struct muster_world *w, const struct event *e, struct muster_bytes reply,
                   uint64_t cause)
{
    uint32_t p = e->process, instance = e->other;
    struct process *x = &w->process[p];
    if (e->generation != x->connection)
        return; /* its client is gone: executed all the same */
    uint32_t from = endpoint_of_store(w, instance);
    muster_time t = w->now + network_latency(w, from, p, reply.size, &x->from_store);
    if (x->lose_reply) {
        x->lose_reply = false;
        world_say(w, MUSTER_EVENT_RESET, (uint16_t)p, from, 0, 0, 0, NULL);
        process_disconnect(w, p, t, cause);
        return;
    }
    x->received_until = muster_time_max(t, x->received_until);
    struct event *r = process_reply(w, p, (uint32_t)e->arg[0], (uint32_t)e->arg[1],
                                    x->received_until, MUSTER_STATUS_OK, reply, cause);
    if (r)
        r->from = from + 1;
}

static void execute(struct muster_world *w, const struct event *e, struct muster_redis_out *out)
{
    muster_flat_writer_init(&out->reply, w->scratch, THIRD);
    muster_flat_writer_init(&out->stream, w->scratch + THIRD, THIRD);
    muster_flat_writer_init(&out->pushes, w->scratch + THIRD + THIRD, THIRD);
    uint64_t now_ms = store_wall_ms(w);
    struct muster_redis *redis = w->store.at[e->other].redis;
    if (now_ms >= w->store.next_sweep) {
        w->store.next_sweep = now_ms + SWEEP_EVERY_MS;
        if (muster_redis_get_mode(redis) == MUSTER_REDIS_MASTER)
            muster_redis_sweep(redis, now_ms, SWEEP_MOST, &out->stream);
    }
    /* a subscriber's connection is one of its own, as RESP2 demands */
    uint32_t client = e->arg[2] ? w->process_capacity + e->process : e->process;
    muster_redis_execute(redis, now_ms, client, (struct muster_bytes){e->data, e->size}, out);
    assert(!out->reply.full && !out->stream.full && !out->pushes.full);
}

void store_command(struct muster_world *w, uint32_t slot)
{
    struct event *e = world_at(w, slot);
    struct process *x = &w->process[e->process];
    struct store *st = &w->store;
    bool current = e->generation == x->connection;
    uint32_t from = endpoint_of_process(w, e->process), to = endpoint_of_store(w, e->other);
    if (network_blocked(w, from, to)) {
        network_hold(w, from, to, slot);
        return;
    }
    if (!st->at[e->other].up || (e->arg[2] && !current)) {
        if (current)
            process_reply(w, e->process, (uint32_t)e->arg[0], (uint32_t)e->arg[1],
                          w->now + 500 * MUSTER_MICROSECOND, MUSTER_STATUS_REFUSED,
                          (struct muster_bytes){0}, e->cause);
        world_release(w, slot);
        return;
    }
    if (st->slow > 0 && !e->late) {
        e->late = true;
        world_push(w, w->now + st->slow, MUSTER_CLASS_DELIVERY, slot);
        return;
    }
    struct muster_redis_out out;
    execute(w, e, &out);
    struct muster_record r = {.kind = MUSTER_EVENT_EXECUTED,
                              .process = e->process,
                              .message = e->message,
                              .cause = e->cause,
                              .arg = {e->other, e->process}};
    uint64_t number = world_emit(w, &r);
    if (e->arg[2]) {
        x->subscription = (uint32_t)e->arg[0];
        x->subscription_generation = (uint32_t)e->arg[1];
    } else {
        answer(w, e, muster_flat_written(&out.reply), number);
    }
    if (out.stream.used > 0 && !st->at[e->other].detached)
        replicate(w, e->other, muster_flat_written(&out.stream), number);
    push(w, e->other, muster_flat_written(&out.pushes), number);
    world_release(w, slot);
}
