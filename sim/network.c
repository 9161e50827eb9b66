/* SPDX-License-Identifier: Apache-2.0 */
/* Links and partitions. A stream is ordered and lossless as TCP is: what a partition stops is held
 * and arrives when it ends, also if its sender has given up by then. A datagram may be lost,
 * doubled, overtaken. */
#include "sim/inside.h"

uint32_t endpoint_of_process(const struct muster_world *w, uint32_t p)
{
    assert(p < w->process_capacity);
    return p;
}

uint32_t endpoint_of_store(const struct muster_world *w, uint32_t instance)
{
    return w->process_capacity + instance;
}

uint32_t endpoint_of_target(const struct muster_world *w, uint32_t target)
{
    return w->process_capacity + w->store.count + target;
}

uint32_t endpoint_of_health(const struct muster_world *w, uint32_t member)
{
    return w->process_capacity + w->store.count + w->target_count + member;
}

static uint32_t way(const struct muster_world *w, uint32_t from, uint32_t to)
{
    assert(from < w->endpoints && to < w->endpoints);
    return from * w->endpoints + to;
}

/* The endpoints that a reference of a scenario means: the whole store is several. */
static uint32_t refer(const struct muster_world *w, struct muster_endpoint_ref r,
                      uint32_t found[STORES_MAX])
{
    uint32_t n = 0;
    switch (r.kind) {
    case MUSTER_AT_MEMBER:
        found[n++] = endpoint_of_process(w, r.index);
        break;
    case MUSTER_AT_STORE:
        for (uint32_t i = 0; i < w->store.count; i++)
            if (r.index == MUSTER_ANY || r.index == i)
                found[n++] = endpoint_of_store(w, i);
        break;
    case MUSTER_AT_TARGET:
        found[n++] = endpoint_of_target(w, r.index);
        break;
    case MUSTER_AT_HEALTH:
        found[n++] = endpoint_of_health(w, r.index);
        break;
    }
    return n;
}

static void set_link(struct muster_world *w, const struct muster_link_rule *rule,
                     const struct muster_link_config *config)
{
    uint32_t a[STORES_MAX], b[STORES_MAX];
    uint32_t na = refer(w, rule->a, a), nb = refer(w, rule->b, b);
    for (uint32_t i = 0; i < na; i++)
        for (uint32_t j = 0; j < nb; j++) {
            w->link[way(w, a[i], b[j])] = *config;
            w->link[way(w, b[j], a[i])] = *config;
        }
}

void network_link(struct muster_world *w, const struct muster_link_rule *rule)
{
    set_link(w, rule, &rule->link);
}

void network_link_default(struct muster_world *w, const struct muster_link_rule *rule)
{
    const struct muster_scenario *s = w->scenario;
    bool members = rule->a.kind == MUSTER_AT_MEMBER && rule->b.kind == MUSTER_AT_MEMBER;
    set_link(w, rule, members ? &s->datagram : &s->stream);
    for (uint32_t i = 0; i < s->link_count; i++)
        if (memcmp(&s->links[i].a, &rule->a, sizeof rule->a) == 0 &&
            memcmp(&s->links[i].b, &rule->b, sizeof rule->b) == 0)
            set_link(w, rule, &s->links[i].link);
}

bool network_create(struct muster_world *w)
{
    uint32_t n = endpoint_of_health(w, w->scenario->members);
    w->endpoints = n;
    w->blocked = muster_arena_take(w->arena, (size_t)n * n * sizeof *w->blocked);
    w->link = muster_arena_take(w->arena, (size_t)n * n * sizeof *w->link);
    w->held = muster_arena_take(w->arena, (size_t)n * n * sizeof *w->held);
    if (!w->blocked || !w->link || !w->held)
        return false;
    for (uint32_t from = 0; from < n; from++)
        for (uint32_t to = 0; to < n; to++) {
            bool members = from < w->process_capacity && to < w->process_capacity;
            bool local = to >= endpoint_of_health(w, 0) || from >= endpoint_of_health(w, 0);
            struct muster_link_config *l = &w->link[way(w, from, to)];
            *l = members ? w->scenario->datagram : w->scenario->stream;
            if (local) /* a health source sits on its member's machine */
                l->latency =
                    (struct muster_latency){100 * MUSTER_MICROSECOND, MUSTER_MILLISECOND, 0, 0};
            w->held[way(w, from, to)] = (struct event_list){NO_SLOT, NO_SLOT};
        }
    for (uint32_t i = 0; i < w->scenario->link_count; i++)
        network_link(w, &w->scenario->links[i]);
    return true;
}

muster_dur network_latency(struct muster_world *w, uint32_t from, uint32_t to, size_t size,
                           struct muster_random *r)
{
    const struct muster_link_config *l = &w->link[way(w, from, to)];
    muster_dur d = muster_random_between(r, l->latency.min, l->latency.max);
    if (muster_random_chance(r, l->latency.tail_ppm))
        d += muster_random_below(r, l->latency.tail_max + 1);
    if (l->bandwidth > 0)
        d += size * MUSTER_SECOND / l->bandwidth;
    return d;
}

bool network_blocked(const struct muster_world *w, uint32_t from, uint32_t to)
{
    return w->blocked[way(w, from, to)] > 0;
}

void network_hold(struct muster_world *w, uint32_t from, uint32_t to, uint32_t slot)
{
    list_add(w, &w->held[way(w, from, to)], slot);
}

void network_block(struct muster_world *w, uint32_t from, uint32_t to)
{
    if (w->blocked[way(w, from, to)]++ == 0)
        w->blocked_ways++;
    world_say(w, MUSTER_EVENT_PARTITION, MUSTER_NOBODY, from, to, 0, 0, NULL);
}

void network_unblock(struct muster_world *w, uint32_t from, uint32_t to, bool all)
{
    uint32_t i = way(w, from, to);
    if (w->blocked[i] == 0)
        return;
    w->blocked[i] = all ? 0 : (uint16_t)(w->blocked[i] - 1);
    if (w->blocked[i] > 0)
        return;
    w->blocked_ways--;
    w->calm_since = w->now;
    world_say(w, MUSTER_EVENT_HEAL, MUSTER_NOBODY, from, to, 0, 0, NULL);
    struct muster_random r = muster_random_named(w->seed, "heal", w->numbers);
    muster_time t = w->now;
    for (uint32_t slot = list_take(w, &w->held[i]); slot != NO_SLOT;
         slot = list_take(w, &w->held[i])) {
        muster_time at = w->now + network_latency(w, from, to, world_at(w, slot)->size, &r);
        t = muster_time_max(t, at); /* what was held keeps its order */
        world_push(w, t, MUSTER_CLASS_DELIVERY, slot);
    }
}

static void schedule_datagram(struct muster_world *w, uint32_t p, uint32_t to,
                              const struct muster_effect *e, uint64_t message, uint64_t cause)
{
    struct process *x = &w->process[p];
    const struct muster_link_config *l = &w->link[way(w, p, to)];
    uint32_t slot = world_event(w, EV_DATAGRAM, (uint16_t)to);
    struct event *ev = world_at(w, slot);
    ev->other = (uint16_t)p;
    ev->message = message;
    ev->cause = cause;
    ev->arg[0] = w->process[p].member;
    ev->arg[1] = e->send.type;
    world_data(w, ev, e->data);
    muster_dur d = network_latency(w, p, to, e->data.size, &x->links);
    if (muster_random_chance(&x->links, l->reorder_ppm))
        d += muster_random_below(&x->links, 10 * (l->latency.max + 1));
    world_push(w, w->now + d, MUSTER_CLASS_DELIVERY, slot);
}

void network_send(struct muster_world *w, uint32_t p, const struct muster_effect *e,
                  uint64_t message, uint64_t cause)
{
    uint32_t to = (uint32_t)e->send.to;
    assert(to < w->scenario->members);
    struct process *x = &w->process[p];
    const struct muster_link_config *l = &w->link[way(w, p, to)];
    if (muster_random_chance(&x->links, l->loss_ppm)) {
        struct muster_record r = {.kind = MUSTER_EVENT_LOST,
                                  .process = (uint16_t)p,
                                  .message = message,
                                  .cause = cause,
                                  .arg = {to}};
        world_emit(w, &r);
        return;
    }
    schedule_datagram(w, p, to, e, message, cause);
    if (muster_random_chance(&x->links, l->duplicate_ppm)) {
        struct muster_record r = {.kind = MUSTER_EVENT_DUPLICATED,
                                  .process = (uint16_t)p,
                                  .message = message,
                                  .cause = cause,
                                  .arg = {to}};
        world_emit(w, &r);
        schedule_datagram(w, p, to, e, message, cause);
    }
}

void network_datagram(struct muster_world *w, uint32_t slot)
{
    struct event *e = world_at(w, slot);
    uint32_t to = e->process;
    if (network_blocked(w, e->other, to) || !w->process[to].running) {
        struct muster_record r = {.kind = MUSTER_EVENT_LOST,
                                  .process = e->other,
                                  .message = e->message,
                                  .cause = e->cause,
                                  .arg = {to}};
        world_emit(w, &r);
        world_release(w, slot);
        return;
    }
    e->type = EV_INPUT;
    e->kind = MUSTER_IN_MESSAGE;
    e->incarnation = w->process[to].incarnation;
    process_event(w, slot);
}
