/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel of the world at the work of the bare heap: its queue, its events, its buffers.
 *   kernel b1 N EVENTS      kernel b2 N DELIVERIES */
#include "bench/work.h"
#include "sim/inside.h"

#include <stdlib.h>

static struct muster_world *kernel(struct muster_arena *a)
{
    if (muster_arena_map(a, (size_t)256 << 20, NULL) != 0)
        exit(70);
    struct muster_world tables = {0};
    if (!world_tables(&tables, a))
        exit(70);
    struct muster_world *w = muster_arena_take(a, sizeof *w);
    if (!w)
        exit(70);
    *w = tables;
    w->arena = a;
    return w;
}

static uint32_t next(struct muster_world *w)
{
    struct muster_queue_entry top = muster_queue_pop(&w->queue);
    assert(top.time >= w->now);
    w->now = top.time;
    w->events++;
    return muster_queue_slot(top);
}

static void timers(struct muster_world *w, struct work *k, uint32_t n, uint64_t total)
{
    for (uint32_t i = 0; i < n; i++)
        world_push(w, work_delay(k), MUSTER_CLASS_TIMER, MUSTER_QUEUE_TIMER | i);
    double start = work_seconds();
    while (w->events < total) {
        uint32_t slot = next(w);
        work_mix(k, w->now);
        work_mix(k, slot & ~MUSTER_QUEUE_TIMER);
        world_push(w, w->now + work_delay(k), MUSTER_CLASS_TIMER, slot);
    }
    work_report(k, "b1", "kernel", n, total, work_seconds() - start, w->now);
}

static void send(struct muster_world *w, struct work *k, uint32_t from, uint32_t n,
                 const uint8_t *payload)
{
    uint32_t slot = world_event(w, EV_DATAGRAM, (uint16_t)work_peer(k, from, n));
    struct event *e = world_at(w, slot);
    e->other = (uint16_t)from;
    world_data(w, e, (struct muster_bytes){payload, WORK_PAYLOAD});
    world_push(w, w->now + work_latency(k), MUSTER_CLASS_DELIVERY, slot);
}

static void mesh(struct muster_world *w, struct work *k, uint32_t n, uint64_t total)
{
    uint8_t(*received)[WORK_PAYLOAD] = calloc(n, sizeof *received);
    uint8_t payload[WORK_PAYLOAD];
    if (!received)
        exit(70);
    for (uint32_t i = 0; i < WORK_IN_FLIGHT; i++) {
        work_fill(payload, i);
        send(w, k, i % n, n, payload);
    }
    double start = work_seconds();
    while (w->events < total) {
        uint32_t slot = next(w);
        struct event *e = world_at(w, slot);
        uint8_t *own = received[e->process];
        uint64_t counter;
        memcpy(own, e->data, e->size);
        memcpy(&counter, own, sizeof counter);
        work_mix(k, w->now);
        work_mix(k, (uint64_t)e->other << 32 | e->process);
        work_mix(k, counter);
        uint32_t self = e->process;
        world_release(w, slot);
        counter += WORK_IN_FLIGHT;
        memcpy(own, &counter, sizeof counter);
        send(w, k, self, n, own);
    }
    work_report(k, "b2", "kernel", n, total, work_seconds() - start, w->now);
    free(received);
}

int main(int argc, char **argv)
{
    if (argc != 4 || (strcmp(argv[1], "b1") != 0 && strcmp(argv[1], "b2") != 0)) {
        fprintf(stderr, "usage: kernel b1 N EVENTS | b2 N DELIVERIES\n");
        return 64;
    }
    struct muster_arena arena;
    struct work k;
    struct muster_world *w = kernel(&arena);
    uint32_t n = (uint32_t)strtoul(argv[2], NULL, 10);
    uint64_t total = strtoull(argv[3], NULL, 10);
    work_begin(&k);
    if (strcmp(argv[1], "b1") == 0)
        timers(w, &k, n, total);
    else
        mesh(w, &k, n, total);
    return 0;
}
