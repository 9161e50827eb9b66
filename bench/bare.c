/* SPDX-License-Identifier: Apache-2.0 */
/* The physical limit: a binary heap and the work, and nothing of a simulator around them.
 *   bare b1 TIMERS EVENTS        timers that fire and are set again
 *   bare b2 NODES DELIVERIES     messages of 100 bytes between nodes, 64 in flight
 *   bare b3 SECONDS              an idle five-member cluster: its events, no protocol */
#include "bench/work.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

/* Events order by time, then by the order in which they were scheduled. */
struct event {
    uint64_t time;
    uint32_t sequence;
    uint32_t slot;
};

struct heap {
    struct event *at;
    size_t count;
    size_t capacity;
    uint32_t sequence;
};

struct message {
    uint32_t from, to;
    uint32_t next_free;
    uint8_t payload[WORK_PAYLOAD];
};

/* Messages from one block, with a list of the free ones. */
struct pool {
    struct message *at;
    uint32_t free;
};

static void *take(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    assert(memory);
    return memory;
}

static void heap_open(struct heap *h, size_t capacity)
{
    *h = (struct heap){.at = take(capacity, sizeof *h->at), .capacity = capacity};
}

static inline bool earlier(struct event a, struct event b)
{
    return a.time < b.time || (a.time == b.time && (int32_t)(a.sequence - b.sequence) < 0);
}

static inline void heap_push(struct heap *h, uint64_t time, uint32_t slot)
{
    assert(h->count < h->capacity);
    struct event added = {time, h->sequence++, slot};
    size_t hole = h->count++;
    while (hole > 0) {
        size_t parent = (hole - 1) / 2;
        if (!earlier(added, h->at[parent]))
            break;
        h->at[hole] = h->at[parent];
        hole = parent;
    }
    h->at[hole] = added;
}

static inline struct event heap_pop(struct heap *h)
{
    assert(h->count > 0);
    struct event top = h->at[0];
    struct event last = h->at[--h->count];
    size_t hole = 0;
    for (size_t child = 1; child < h->count; child = 2 * hole + 1) {
        if (child + 1 < h->count && earlier(h->at[child + 1], h->at[child]))
            child++;
        if (!earlier(h->at[child], last))
            break;
        h->at[hole] = h->at[child];
        hole = child;
    }
    h->at[hole] = last;
    return top;
}

static void pool_open(struct pool *p, uint32_t count)
{
    p->at = take(count, sizeof *p->at);
    p->free = 0;
    for (uint32_t i = 0; i < count; i++)
        p->at[i].next_free = i + 1;
}

static inline uint32_t pool_take(struct pool *p)
{
    uint32_t slot = p->free;
    p->free = p->at[slot].next_free;
    return slot;
}

static inline void pool_give(struct pool *p, uint32_t slot)
{
    p->at[slot].next_free = p->free;
    p->free = slot;
}

static void run_timers(uint32_t timers, uint64_t events)
{
    struct work w;
    struct heap h;
    work_begin(&w);
    heap_open(&h, timers);
    for (uint32_t i = 0; i < timers; i++)
        heap_push(&h, work_delay(&w), i);
    uint64_t now = 0;
    double began = work_seconds();
    for (uint64_t k = 0; k < events; k++) {
        struct event e = heap_pop(&h);
        now = e.time;
        work_mix(&w, now);
        work_mix(&w, e.slot);
        heap_push(&h, now + work_delay(&w), e.slot);
    }
    work_report(&w, "b1", "bare", timers, events, work_seconds() - began, now);
    free(h.at);
}

static void run_messages(uint32_t nodes, uint64_t deliveries)
{
    struct work w;
    struct heap h;
    struct pool pool;
    work_begin(&w);
    heap_open(&h, WORK_IN_FLIGHT);
    pool_open(&pool, WORK_IN_FLIGHT + 1);
    uint8_t(*received)[WORK_PAYLOAD] = take(nodes, sizeof *received);
    for (uint32_t k = 0; k < WORK_IN_FLIGHT; k++) {
        uint32_t slot = pool_take(&pool);
        struct message *m = &pool.at[slot];
        m->from = k % nodes;
        m->to = work_peer(&w, m->from, nodes);
        work_fill(m->payload, k);
        heap_push(&h, work_latency(&w), slot);
    }
    uint64_t now = 0;
    double began = work_seconds();
    for (uint64_t k = 0; k < deliveries; k++) {
        struct event e = heap_pop(&h);
        struct message *m = &pool.at[e.slot];
        uint32_t self = m->to;
        uint64_t counter;
        now = e.time;
        memcpy(received[self], m->payload, WORK_PAYLOAD);
        memcpy(&counter, received[self], sizeof counter);
        work_mix(&w, now);
        work_mix(&w, (uint64_t)m->from << 32 | self);
        work_mix(&w, counter);
        pool_give(&pool, e.slot);
        counter += WORK_IN_FLIGHT;
        memcpy(received[self], &counter, sizeof counter);
        uint32_t slot = pool_take(&pool);
        m = &pool.at[slot];
        m->from = self;
        m->to = work_peer(&w, self, nodes);
        memcpy(m->payload, received[self], WORK_PAYLOAD);
        heap_push(&h, now + work_latency(&w), slot);
    }
    work_report(&w, "b2", "bare", nodes, deliveries, work_seconds() - began, now);
    free(received);
    free(pool.at);
    free(h.at);
}

/* Idle raft: every member ticks each 100 ms; at its ticks the leader sends a heartbeat to the four
 * others, each is answered; a send is an event of its own before the delivery 15 ms later. */
enum { CLUSTER = 5, TICK = 1 << 30, SENT = 1 << 29 };
#define CLUSTER_TICK UINT64_C(100000000)
#define CLUSTER_LATENCY UINT64_C(15000000)

struct cluster {
    struct heap heap;
    struct pool pool;
    uint8_t received[CLUSTER][WORK_PAYLOAD];
};

static inline void cluster_send(struct cluster *c, uint64_t now, uint32_t from, uint32_t to)
{
    uint32_t slot = pool_take(&c->pool);
    struct message *m = &c->pool.at[slot];
    m->from = from;
    m->to = to;
    memcpy(m->payload, c->received[from], WORK_PAYLOAD);
    heap_push(&c->heap, now, SENT | slot);
}

static inline void cluster_step(struct cluster *c, struct event e)
{
    if (e.slot & TICK) {
        heap_push(&c->heap, e.time + CLUSTER_TICK, e.slot);
        if (e.slot == TICK)
            for (uint32_t to = 1; to < CLUSTER; to++)
                cluster_send(c, e.time, 0, to);
    } else if (e.slot & SENT) {
        heap_push(&c->heap, e.time + CLUSTER_LATENCY, e.slot & ~(uint32_t)SENT);
    } else {
        struct message *m = &c->pool.at[e.slot];
        uint32_t from = m->from;
        uint32_t self = m->to;
        memcpy(c->received[self], m->payload, WORK_PAYLOAD);
        pool_give(&c->pool, e.slot);
        if (self != 0)
            cluster_send(c, e.time, self, from);
    }
}

static void run_cluster(double seconds)
{
    struct work w;
    struct cluster c = {.heap = {0}};
    work_begin(&w);
    heap_open(&c.heap, 4 * CLUSTER);
    pool_open(&c.pool, 4 * CLUSTER);
    for (uint32_t i = 0; i < CLUSTER; i++)
        heap_push(&c.heap, CLUSTER_TICK, TICK | i);
    uint64_t now = 0;
    uint64_t events = 0;
    double began = work_seconds();
    double took = 0;
    while (took < seconds) {
        for (int burst = 0; burst < 100000; burst++, events++) {
            struct event e = heap_pop(&c.heap);
            now = e.time;
            work_mix(&w, now);
            work_mix(&w, e.slot);
            cluster_step(&c, e);
        }
        took = work_seconds() - began;
    }
    work_report(&w, "b3", "bare", CLUSTER, events, took, now);
    free(c.pool.at);
    free(c.heap.at);
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    uint64_t events = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    if (argc == 4 && strcmp(argv[1], "b1") == 0 && n > 0)
        run_timers(n, events);
    else if (argc == 4 && strcmp(argv[1], "b2") == 0 && n > 1)
        run_messages(n, events);
    else if (argc == 3 && strcmp(argv[1], "b3") == 0)
        run_cluster(strtod(argv[2], NULL));
    else {
        fputs("usage: bare b1 TIMERS EVENTS | b2 NODES DELIVERIES | b3 SECONDS\n", stderr);
        return 64;
    }
    return 0;
}
