/* SPDX-License-Identifier: Apache-2.0 */
/* What scenarios do to the store: crash, failover, loss, errors, and how it comes back. */
#include "sim/inside.h"

#include <stdio.h>

#define OPERATOR(w) (2 * (w)->process_capacity) /* client number of the scenario itself */

static void disconnect_all(struct muster_world *w, uint32_t instance)
{
    for (uint32_t p = 0; p < w->process_count; p++) {
        struct process *x = &w->process[p];
        if (!x->running || x->instance != instance)
            continue;
        world_say(w, MUSTER_EVENT_RESET, (uint16_t)p, endpoint_of_store(w, instance), 0, 0, 0,
                  NULL);
        process_disconnect(w, p, w->now + MUSTER_MILLISECOND, w->numbers);
    }
}

/* The scenario's own commands: no connection, no reply, but the replicas follow. */
static void operate_with(struct muster_world *w, const char *command, const char *argument,
                         const char *value)
{
    uint8_t room[1024];
    struct muster_flat_writer argv;
    muster_flat_writer_init(&argv, room, sizeof room);
    muster_flat_array(&argv, 1 + (argument != NULL) + (value != NULL));
    muster_flat_text(&argv, MUSTER_FLAT_BULK, command);
    if (argument)
        muster_flat_text(&argv, MUSTER_FLAT_BULK, argument);
    if (value)
        muster_flat_text(&argv, MUSTER_FLAT_BULK, value);
    struct muster_redis_out out;
    muster_flat_writer_init(&out.reply, w->scratch, SCRATCH / 2);
    muster_flat_writer_init(&out.stream, w->scratch + SCRATCH / 2, SCRATCH / 4);
    muster_flat_writer_init(&out.pushes, w->scratch + SCRATCH / 4 * 3, SCRATCH / 4);
    uint64_t now_ms = store_wall_ms(w);
    struct store *st = &w->store;
    struct muster_redis *master = st->at[st->master].redis;
    muster_redis_execute(master, now_ms, OPERATOR(w), muster_flat_written(&argv), &out);
    struct muster_bytes stream = muster_flat_written(&out.stream);
    for (uint32_t i = 0; i < st->count; i++)
        if (i != st->master && !st->at[i].detached)
            store_apply(st->at[i].redis, now_ms, stream);
    if (st->image)
        store_apply(st->image, now_ms, stream);
}

static void operate(struct muster_world *w, const char *command, const char *argument)
{
    operate_with(w, command, argument, NULL);
}

/* Every replica that follows starts over from the master's keys. */
static void resync(struct muster_world *w)
{
    struct store *st = &w->store;
    for (uint32_t i = 0; i < st->count; i++) {
        if (i == st->master || st->at[i].detached)
            continue;
        muster_redis_restart(st->at[i].redis, muster_redis_keyspace(st->at[st->master].redis));
        muster_redis_set_mode(st->at[i].redis, MUSTER_REDIS_REPLICA);
    }
    if (st->image)
        muster_redis_restart(st->image, muster_redis_keyspace(st->at[st->master].redis));
}

static void restart(struct muster_world *w)
{
    struct store *st = &w->store;
    struct store_instance *m = &st->at[st->master];
    if (m->up)
        disconnect_all(w, st->master);
    m->up = true;
    switch (w->scenario->store.persistence) {
    case MUSTER_PERSIST_NONE:
        muster_redis_restart(m->redis, NULL);
        break;
    case MUSTER_PERSIST_EVERYSEC:
        muster_keyspace_copy(st->spare, muster_redis_keyspace(st->image));
        muster_redis_restart(m->redis, st->spare);
        break;
    case MUSTER_PERSIST_ALWAYS:
        muster_keyspace_copy(st->spare, muster_redis_keyspace(m->redis));
        muster_redis_restart(m->redis, st->spare);
        break;
    }
    muster_redis_set_mode(m->redis, MUSTER_REDIS_MASTER);
    resync(w);
}

static void failover(struct muster_world *w, const struct muster_entry *e)
{
    struct store *st = &w->store;
    uint32_t old = st->master, next = e->store.instance;
    assert(next < st->count);
    if (next == old)
        return;
    uint32_t stay[SELECTION_MAX];
    uint32_t staying = select_processes(w, &e->store.stay, stay);
    st->at[old].detached = true;
    st->at[next].detached = false;
    st->master = next;
    muster_redis_set_mode(st->at[next].redis, MUSTER_REDIS_MASTER);
    for (uint32_t p = 0; p < w->process_count; p++) {
        bool stays = false;
        for (uint32_t i = 0; i < staying; i++)
            stays |= stay[i] == p;
        if (stays || w->process[p].instance != old)
            continue;
        if (w->process[p].running)
            process_disconnect(w, p, w->now + MUSTER_MILLISECOND, w->numbers);
        w->process[p].instance = next;
    }
    resync(w);
}

/* Former masters discard what they have and follow. */
static void rejoin(struct muster_world *w)
{
    struct store *st = &w->store;
    for (uint32_t i = 0; i < st->count; i++)
        if (i != st->master)
            st->at[i].detached = false;
    for (uint32_t p = 0; p < w->process_count; p++) {
        if (w->process[p].instance == st->master)
            continue;
        if (w->process[p].running)
            process_disconnect(w, p, w->now + MUSTER_MILLISECOND, w->numbers);
        w->process[p].instance = st->master;
    }
    resync(w);
}

static void evict(struct muster_world *w, const char *key)
{
    char pattern[128];
    snprintf(pattern, sizeof pattern, "*%s*", key);
    operate(w, "KEYS", pattern);
    struct muster_flat_reader r;
    struct muster_flat_value v;
    char name[8][128];
    uint32_t n = 0;
    muster_flat_reader_init(&r, (struct muster_bytes){w->scratch, SCRATCH / 2});
    if (muster_flat_next(&r, &v) != 0)
        return;
    for (uint32_t left = v.count; left > 0 && n < 8 && muster_flat_next(&r, &v) == 0; left--)
        snprintf(name[n++], sizeof name[0], "%.*s", (int)v.bytes.size, (const char *)v.bytes.at);
    for (uint32_t i = 0; i < n; i++)
        operate(w, "DEL", name[i]);
}

static enum muster_redis_mode mode_of(const char *word)
{
    static const struct {
        const char *word;
        enum muster_redis_mode mode;
    } modes[] = {
        {"READONLY", MUSTER_REDIS_REPLICA},
        {"LOADING", MUSTER_REDIS_LOADING},
        {"MASTERDOWN", MUSTER_REDIS_MASTERDOWN},
        {"MISCONF", MUSTER_REDIS_MISCONF},
        {"OOM", MUSTER_REDIS_OOM},
        {"BUSY", MUSTER_REDIS_BUSY},
        {"NOREPLICAS", MUSTER_REDIS_NOREPLICAS},
        {"NOAUTH", MUSTER_REDIS_NOAUTH},
        {"UNKILLABLE", MUSTER_REDIS_UNKILLABLE},
        {"NOPERM", MUSTER_REDIS_NOPERM},
        {"MOVED", MUSTER_REDIS_MOVED},
        {"ASK", MUSTER_REDIS_ASK},
    };
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (word && strcmp(modes[i].word, word) == 0)
            return modes[i].mode;
    return MUSTER_REDIS_MASTER;
}

static void lose_reply(struct muster_world *w, const struct muster_entry *e)
{
    uint32_t found[SELECTION_MAX];
    uint32_t n = select_processes(w, &e->who, found);
    for (uint32_t i = 0; i < n; i++)
        w->process[found[i]].lose_reply = true;
}

static void crash(struct muster_world *w)
{
    struct store *st = &w->store;
    st->at[st->master].up = false;
    disconnect_all(w, st->master);
}

void store_fault(struct muster_world *w, const struct muster_entry *e)
{
    struct store *st = &w->store;
    struct muster_redis *master = st->at[st->master].redis;
    world_say(w, MUSTER_EVENT_STORE, MUSTER_NOBODY, e->store.fault, st->master, 0, 0, NULL);
    switch (e->store.fault) {
    case MUSTER_STORE_FLUSHALL:
        operate(w, "FLUSHALL", NULL);
        break;
    case MUSTER_STORE_CRASH:
        crash(w);
        break;
    case MUSTER_STORE_RESTART:
        restart(w);
        break;
    case MUSTER_STORE_FAILOVER:
        failover(w, e);
        break;
    case MUSTER_STORE_REJOIN:
        rejoin(w);
        break;
    case MUSTER_STORE_DUMP:
        muster_keyspace_copy(st->dump, muster_redis_keyspace(master));
        st->has_dump = true;
        break;
    case MUSTER_STORE_RESTORE:
        disconnect_all(w, st->master);
        muster_redis_restart(master, st->has_dump ? st->dump : NULL);
        resync(w);
        break;
    case MUSTER_STORE_ANSWER:
        muster_redis_set_mode(master, mode_of(e->store.word));
        break;
    case MUSTER_STORE_SLOW:
        st->slow = e->store.latency;
        break;
    case MUSTER_STORE_RESET:
        disconnect_all(w, st->master);
        break;
    case MUSTER_STORE_EVICT:
        evict(w, e->store.word);
        break;
    case MUSTER_STORE_LOSE_REPLY:
        lose_reply(w, e);
        break;
    case MUSTER_STORE_FORGET_SCRIPTS:
        operate(w, "SCRIPT", "FLUSH");
        break;
    case MUSTER_STORE_SET:
        operate_with(w, "SET", e->store.word, e->store.value);
        break;
    case MUSTER_STORE_FAULT_COUNT:
        assert(false);
        break;
    }
}

void store_fault_end(struct muster_world *w, const struct muster_entry *e)
{
    struct store *st = &w->store;
    if (e->store.fault == MUSTER_STORE_ANSWER)
        muster_redis_set_mode(st->at[st->master].redis, MUSTER_REDIS_MASTER);
    else if (e->store.fault == MUSTER_STORE_SLOW)
        st->slow = 0;
    else if (e->store.fault == MUSTER_STORE_FAILOVER)
        rejoin(w);
    else if (e->store.fault == MUSTER_STORE_CRASH)
        restart(w);
}
