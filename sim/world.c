/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of the world: events, records, checks, the run hash. */
#include "sim/inside.h"

#include <stdarg.h>
#include <stdio.h>

#define QUEUE_CAPACITY  262144
#define EVENTS_CAPACITY 262144
#define BUFFER_MIN_BITS 6

/* ---- memory of events ---- */

static uint32_t buffer_class(uint32_t size)
{
    uint32_t class = 0;
    while ((UINT32_C(1) << (class + BUFFER_MIN_BITS)) < size)
        class ++;
    assert(class < BUFFER_CLASSES);
    return class;
}

uint8_t *world_buffer(struct muster_world *w, uint32_t size)
{
    uint32_t class = buffer_class(size);
    uint8_t *b = w->pool.buffer[class];
    if (b) {
        memcpy(&w->pool.buffer[class], b, sizeof(uint8_t *));
        return b;
    }
    b = muster_arena_take(w->arena, (size_t)1 << (class + BUFFER_MIN_BITS));
    assert(b); /* the arena is sized for events_max of bounded events */
    return b;
}

void world_release_buffer(struct muster_world *w, uint8_t *buffer, uint32_t size)
{
    if (!buffer)
        return;
    uint32_t class = buffer_class(size);
    memcpy(buffer, &w->pool.buffer[class], sizeof(uint8_t *));
    w->pool.buffer[class] = buffer;
}

uint32_t world_event(struct muster_world *w, enum event_type type, uint16_t process)
{
    uint32_t slot = w->pool.free;
    if (slot != NO_SLOT)
        w->pool.free = w->pool.event[slot].next;
    else
        slot = w->pool.count++;
    assert(slot < w->pool.capacity);
    struct event *e = &w->pool.event[slot];
    memset(e, 0, sizeof *e);
    e->type = (uint8_t)type;
    e->process = process;
    e->next = NO_SLOT;
    return slot;
}

struct event *world_at(struct muster_world *w, uint32_t slot)
{
    assert(slot < w->pool.count);
    assert(w->pool.event[slot].type != EV_FREE);
    return &w->pool.event[slot];
}

void world_data(struct muster_world *w, struct event *e, struct muster_bytes data)
{
    assert(!e->data);
    e->size = (uint32_t)data.size;
    if (data.size == 0)
        return;
    e->data = world_buffer(w, e->size);
    memcpy(e->data, data.at, data.size);
}

void world_release(struct muster_world *w, uint32_t slot)
{
    struct event *e = world_at(w, slot);
    world_release_buffer(w, e->data, e->size);
    e->data = NULL;
    e->type = EV_FREE;
    e->next = w->pool.free;
    w->pool.free = slot;
}

void world_push(struct muster_world *w, muster_time t, enum muster_class class, uint32_t slot)
{
    assert(t >= w->now);
    bool pushed = muster_queue_push(&w->queue, t, class, slot);
    assert(pushed);
}

void list_add(struct muster_world *w, struct event_list *l, uint32_t slot)
{
    world_at(w, slot)->next = NO_SLOT;
    if (l->first == NO_SLOT)
        l->first = slot;
    else
        world_at(w, l->last)->next = slot;
    l->last = slot;
}

uint32_t list_take(struct muster_world *w, struct event_list *l)
{
    uint32_t slot = l->first;
    if (slot != NO_SLOT) {
        l->first = world_at(w, slot)->next;
        world_at(w, slot)->next = NO_SLOT;
    }
    return slot;
}

/* ---- records, checks ---- */

/* What a process says of itself, kept for selectors. */
static void hear_claim(struct muster_world *w, const struct muster_record *r)
{
    struct claim *c = &w->process[r->process].claim;
    switch (r->kind - MUSTER_EVENT_NOTE) {
    case MUSTER_NOTE_LEADER_ELECTED:
        c->leads = true;
        c->epoch = r->arg[0];
        c->until = r->arg[2];
        break;
    case MUSTER_NOTE_LEASE_EXTENDED:
        c->until = r->arg[2];
        break;
    case MUSTER_NOTE_LEADER_LOST:
        c->leads = false;
        break;
    case MUSTER_NOTE_FALLBACK:
        c->mode = (uint8_t)r->arg[0];
        break;
    case MUSTER_NOTE_STOPPED:
        w->process[r->process].stopped = true;
        break;
    default:
        break;
    }
}

static void ask_properties(struct muster_world *w, const struct muster_record *r, uint64_t wanted)
{
    w->judged_record = r;
    for (uint32_t i = 0; wanted != 0; i++, wanted >>= 1) {
        if (!(wanted & 1))
            continue;
        w->judging = i;
        w->use[i].property->see(w->use[i].self, w, r);
    }
    w->judged_record = NULL;
}

uint64_t world_emit(struct muster_world *w, struct muster_record *r)
{
    r->number = ++w->numbers;
    r->time = w->now;
    w->hash = muster_record_hash(w->hash, r);
    uint32_t index = kind_index(r->kind);
    if (r->kind >= MUSTER_EVENT_NOTE && r->process != MUSTER_NOBODY)
        hear_claim(w, r);
    if (w->sink)
        w->sink(w->sink_cookie, w, r);
    if (w->watch[index])
        ask_properties(w, r, w->watch[index]);
    if (w->interest[index] & 1)
        timeline_see(w, r);
    if (w->interest[index] & 2)
        expect_see(w, r);
    return r->number;
}

uint64_t world_say(struct muster_world *w, uint16_t kind, uint16_t process, uint64_t a, uint64_t b,
                   uint64_t c, uint64_t d, const char *text)
{
    struct muster_record r = {.kind = kind, .process = process, .arg = {a, b, c, d}};
    if (text)
        r.data = (struct muster_bytes){(const uint8_t *)text, strlen(text)};
    return world_emit(w, &r);
}

void world_fail(struct muster_world *w, enum muster_outcome_code code, const char *property,
                const char *text, struct muster_mark mark)
{
    if (w->failed)
        return;
    w->failed = true;
    struct muster_verdict *v = &w->verdict;
    v->code = code;
    v->property = property;
    v->mark = mark;
    v->failed_at = w->now;
    v->failed_record = w->numbers;
    snprintf(v->text, sizeof v->text, "%s", text);
}

void muster_judged(struct muster_world *w)
{
    w->use[w->judging].judged++;
}

void muster_violated(struct muster_world *w, const char *format, ...)
{
    struct use *u = &w->use[w->judging];
    if (u->failed || !u->in_force)
        return;
    u->failed = true;
    char text[256];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    bool safety = u->property->class == MUSTER_SAFETY;
    world_fail(w, safety ? MUSTER_RUN_SAFETY : MUSTER_RUN_UNMET, u->property->name, text,
               (struct muster_mark){0});
}

/* ---- creation ---- */

static bool properties_create(struct muster_world *w)
{
    const struct muster_scenario *s = w->scenario;
    w->use = muster_arena_take(w->arena, s->property_count * sizeof *w->use + 1);
    if (!w->use)
        return false;
    assert(s->property_count <= 64);
    w->use_count = s->property_count;
    for (uint32_t i = 0; i < s->property_count; i++) {
        const struct muster_property *p = s->properties[i].property;
        size_t size = p->size ? p->size(w) : 0;
        w->use[i] = (struct use){.property = p, .named = s->properties[i].named};
        w->use[i].in_force = (p->assumes & ~s->assumptions) == 0;
        w->use[i].self = muster_arena_take(w->arena, size + 1);
        if (!w->use[i].self)
            return false;
        if (p->init)
            p->init(w->use[i].self, w);
        if (!p->see || !w->use[i].in_force)
            continue;
        for (uint32_t k = 0; p->kinds && p->kinds[k]; k++)
            w->watch[kind_index(p->kinds[k])] |= UINT64_C(1) << i;
        for (uint32_t k = 0; !p->kinds && k < WATCHED_KINDS; k++)
            w->watch[k] |= UINT64_C(1) << i;
    }
    return true;
}

static uint32_t count_twins(const struct muster_scenario *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->entry_count; i++)
        n += s->timeline[i].verb == MUSTER_DO_TWIN;
    return n < TWINS_MAX ? n : TWINS_MAX;
}

static void clocks_create(struct muster_world *w, struct process *p)
{
    p->lease = (struct muster_clock){0, MUSTER_SECOND + w->scenario->clock[p->member].offset,
                                     w->scenario->clock[p->member].drift_ppm};
    /* 2026-01-01: any date does, wall clocks decide nothing */
    int64_t wall = INT64_C(1767225600000000000) + w->scenario->clock[p->member].wall_offset;
    p->wall = (struct muster_clock){0, (uint64_t)wall, w->scenario->clock[p->member].drift_ppm};
}

static bool process_place(struct muster_world *w, uint32_t p, uint32_t member)
{
    struct process *x = &w->process[p];
    const struct muster_scenario *s = w->scenario;
    memset(x, 0, sizeof *x);
    x->member = member;
    x->wake = MUSTER_NEVER;
    x->backlog = (struct event_list){NO_SLOT, NO_SLOT};
    x->circuit_open_since = MUSTER_NEVER;
    x->health = HEALTHY_TEXT;
    snprintf(x->name, sizeof x->name, "%s%.*s", s->names[member],
             p < s->members ? 0 : (int)(p - s->members + 1), "''''");
    clocks_create(w, x);
    x->links = muster_random_named(w->seed, x->name, 1);
    x->to_store = muster_random_named(w->seed, x->name, 2);
    x->from_store = muster_random_named(w->seed, x->name, 3);
    x->disks = muster_random_named(w->seed, x->name, 4);
    x->executor = muster_random_named(w->seed, x->name, 5);
    process_electorate(w, p, MUSTER_ELECTORATE_FIRST);
    return process_memory(w, p);
}

uint32_t process_twin(struct muster_world *w, uint32_t original)
{
    uint32_t p = w->process_count;
    if (p == w->process_capacity || !process_place(w, p, w->process[original].member))
        return MUSTER_ANY;
    w->process_count++;
    process_electorate(w, p, w->process[original].electorate);
    w->process[p].config = w->process[original].config;
    muster_disk_copy(&w->process[p].disk, &w->process[original].disk, w->arena);
    return p;
}

static bool members_create(struct muster_world *w)
{
    w->process_capacity = w->scenario->members + count_twins(w->scenario);
    w->process = muster_arena_take(w->arena, w->process_capacity * sizeof *w->process);
    w->side = muster_arena_take(w->arena, w->process_capacity);
    if (!w->process || !w->side)
        return false;
    memset(w->side, UINT8_MAX, w->process_capacity);
    for (uint32_t p = 0; p < w->scenario->members; p++)
        if (!process_place(w, p, p))
            return false;
    w->process_count = w->scenario->members;
    return true;
}

/* Large tables that are mostly empty lie at the back of the arena: a snapshot copies what is in use
 * of them and no more. */
bool world_tables(struct muster_world *w, struct muster_arena *a)
{
    w->effects = muster_arena_reserve(a, sizeof *w->effects);
    w->scratch = muster_arena_reserve(a, SCRATCH);
    w->queue.heap = muster_arena_reserve(a, (QUEUE_CAPACITY + 1) * sizeof *w->queue.heap);
    w->pool.event = muster_arena_reserve(a, EVENTS_CAPACITY * sizeof *w->pool.event);
    w->queue.capacity = QUEUE_CAPACITY;
    w->pool.capacity = EVENTS_CAPACITY;
    w->pool.free = NO_SLOT;
    return w->effects && w->scratch && w->queue.heap && w->pool.event;
}

struct muster_world *muster_world_create(struct muster_arena *a, const struct muster_scenario *s,
                                         uint64_t seed)
{
    assert(a->used == 0);
    struct muster_world tables = {0};
    if (!world_tables(&tables, a))
        return NULL;
    struct muster_world *w = muster_arena_take(a, sizeof *w);
    if (!w)
        return NULL;
    *w = tables;
    w->scenario = s;
    w->arena = a;
    w->seed = seed;
    w->end = s->duration;
    w->hash = MUSTER_HASH_START;
    for (uint32_t i = 0; i < MUSTER_SELECTOR_MAX; i++)
        w->binding[i] = MUSTER_ANY;
    if (!members_create(w) || !target_create(w) || !store_create(w))
        return NULL;
    if (!network_create(w) || !properties_create(w) || !timeline_create(w) || !expect_create(w))
        return NULL;
    health_create(w);
    for (uint32_t p = 0; p < w->process_count; p++)
        process_start(w, p);
    return w;
}

void muster_world_sink(struct muster_world *w, muster_record_sink sink, void *cookie)
{
    w->sink = sink;
    w->sink_cookie = cookie;
}

/* ---- the loop ---- */

static void dispatch(struct muster_world *w, uint32_t slot)
{
    struct event *e = world_at(w, slot);
    switch ((enum event_type)e->type) {
    case EV_INPUT:
    case EV_DISK:
        process_event(w, slot);
        return;
    case EV_COMMAND:
        store_command(w, slot);
        return;
    case EV_REPLICATE:
        store_replicate(w, slot);
        return;
    case EV_DATAGRAM:
        network_datagram(w, slot);
        return;
    case EV_EXECUTE:
        action_execute(w, slot);
        return;
    case EV_TARGET:
        action_arrive(w, slot);
        return;
    case EV_TARGET_END:
        action_end(w, slot);
        return;
    case EV_ENTRY:
        timeline_fire(w, (uint32_t)e->tag);
        break;
    case EV_ENTRY_END:
        timeline_end(w, (uint32_t)e->tag);
        break;
    case EV_HEALTH:
        health_set(w, (uint32_t)e->arg[0], w->scenario->health[e->tag].text);
        break;
    case EV_EXPECT:
        expect_look(w);
        break;
    case EV_FREE:
        assert(false);
        break;
    }
    world_release(w, slot);
}

static void count_event(struct muster_world *w, muster_time before)
{
    w->events++;
    if (w->now != before)
        w->instant_events = 0;
    char text[128];
    if (++w->instant_events > INSTANT_EVENTS_MAX) {
        snprintf(text, sizeof text, "more than %d events within one instant", INSTANT_EVENTS_MAX);
        world_fail(w, MUSTER_RUN_SAFETY, "no_livelock", text, (struct muster_mark){0});
    }
    if (w->events >= w->scenario->events_max) {
        snprintf(text, sizeof text, "the run took more than events_max (%llu) events",
                 (unsigned long long)w->scenario->events_max);
        world_fail(w, MUSTER_RUN_UNMET, "events_max", text, (struct muster_mark){0});
    }
}

bool muster_world_run(struct muster_world *w, muster_time until)
{
    if (until > w->end)
        until = w->end;
    while (!w->failed && w->queue.count > 0 && w->queue.heap[0].time <= until) {
        struct muster_queue_entry top = muster_queue_pop(&w->queue);
        muster_time before = w->now;
        assert(top.time >= before);
        w->now = top.time;
        uint32_t slot = muster_queue_slot(top);
        if (!(slot & MUSTER_QUEUE_TIMER))
            dispatch(w, slot);
        else if (!process_wake(w, slot & ~MUSTER_QUEUE_TIMER, muster_queue_sequence(top)))
            continue;
        count_event(w, before);
    }
    if (!w->failed && w->now < until)
        w->now = until;
    return !w->failed && w->now < w->end;
}

static void finish_properties(struct muster_world *w)
{
    for (uint32_t i = 0; i < w->use_count && !w->failed; i++) {
        struct use *u = &w->use[i];
        w->judging = i;
        if (u->in_force && u->property->end)
            u->property->end(u->self, w);
        if (!w->failed && u->named && u->judged == 0 && !w->scenario->lenient) {
            w->verdict.never_judged = true;
            char text[160];
            snprintf(text, sizeof text,
                     "%s is named by the scenario but was never put to the test%s",
                     u->property->name, u->in_force ? "" : ": an assumption puts it out of force");
            world_fail(w, MUSTER_RUN_UNMET, u->property->name, text, (struct muster_mark){0});
        }
    }
}

/* expect_failure turns the verdict round: the named property has to fail, and only that. */
static void judge_expected_failure(struct muster_world *w)
{
    const struct muster_property *expected = w->scenario->expect_failure;
    struct muster_verdict *v = &w->verdict;
    if (!expected)
        return;
    if (!w->failed) {
        char text[160];
        snprintf(text, sizeof text, "%s was expected to fail and held", expected->name);
        world_fail(w, MUSTER_RUN_UNMET, "expect_failure", text, (struct muster_mark){0});
    } else if (v->property && strcmp(v->property, expected->name) == 0) {
        v->expected_failure = true;
        v->code = MUSTER_RUN_PASSED;
    }
}

void muster_world_finish(struct muster_world *w, struct muster_verdict *verdict)
{
    if (!w->stopped) {
        w->stopped = true;
        expect_finish(w); /* none of these looks at a run that has failed */
        finish_properties(w);
        timeline_finish(w);
        judge_expected_failure(w);
        for (uint32_t i = 0; i < w->use_count; i++)
            w->verdict.not_judged += w->use[i].in_force ? 0 : 1;
        w->verdict.hash = w->hash;
        w->verdict.events = w->events;
        w->verdict.records = w->numbers;
        w->verdict.ended = w->now;
    }
    *verdict = w->verdict;
}
