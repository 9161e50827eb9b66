/* SPDX-License-Identifier: Apache-2.0 */
/* The event queue: a binary heap in one block, in a stated total order.
 *
 * Order: time, then class, then sequence of scheduling. Entries are 16 bytes; the slot says which
 * event it is and never decides, because sequences are unique. Inline: this is the innermost loop
 * of the world. */
#ifndef MUSTER_SIM_QUEUE_H
#define MUSTER_SIM_QUEUE_H

#include "core/types.h"

#include <assert.h>

/* Of two events at one instant the lower class comes first. */
enum muster_class {
    MUSTER_CLASS_FAULT = 0,    /* timeline: the world changes before anything happens in it */
    MUSTER_CLASS_EARLY = 1,    /* timers of a process that wakes up and looks at its clock first */
    MUSTER_CLASS_DELIVERY = 2, /* replies, messages, disk, actions */
    MUSTER_CLASS_TIMER = 3,
    MUSTER_CLASS_EXPECT = 4, /* expectations judge what all others have left */
};

#define MUSTER_QUEUE_SLOT_BITS     24
#define MUSTER_QUEUE_SEQUENCE_BITS 36
/* Slots with this bit are timers: the rest of the slot says whose. They need no event behind them.
 * */
#define MUSTER_QUEUE_TIMER (UINT32_C(1) << 23)
#define MUSTER_QUEUE_SLOTS (UINT32_C(1) << MUSTER_QUEUE_SLOT_BITS)

struct muster_queue_entry {
    muster_time time;
    uint64_t order; /* class : sequence : slot */
};

struct muster_queue {
    struct muster_queue_entry *heap; /* capacity + 1 entries */
    uint32_t count, capacity;
    uint64_t sequence;
};

static inline bool muster_queue_before(struct muster_queue_entry a, struct muster_queue_entry b)
{
    return a.time != b.time ? a.time < b.time : a.order < b.order;
}

static inline uint32_t muster_queue_slot(struct muster_queue_entry e)
{
    return (uint32_t)(e.order & (MUSTER_QUEUE_SLOTS - 1));
}

/* Tells two entries of one slot apart. */
static inline uint64_t muster_queue_sequence(struct muster_queue_entry e)
{
    return e.order >> MUSTER_QUEUE_SLOT_BITS & ((UINT64_C(1) << MUSTER_QUEUE_SEQUENCE_BITS) - 1);
}

/* Returns false when the queue is full. */
static inline bool muster_queue_push(struct muster_queue *q, muster_time time,
                                     enum muster_class class, uint32_t slot)
{
    assert(slot < MUSTER_QUEUE_SLOTS);
    if (q->count == q->capacity)
        return false;
    const struct muster_queue_entry e = {time, (uint64_t) class << (MUSTER_QUEUE_SLOT_BITS +
                                                                    MUSTER_QUEUE_SEQUENCE_BITS) |
                                                   q->sequence++ << MUSTER_QUEUE_SLOT_BITS | slot};
    uint32_t i = q->count++;
    while (i > 0) {
        uint32_t parent = (i - 1) / 2;
        if (!muster_queue_before(e, q->heap[parent]))
            break;
        q->heap[i] = q->heap[parent];
        i = parent;
    }
    q->heap[i] = e;
    return true;
}

/* The earliest entry; the queue must not be empty. */
static inline struct muster_queue_entry muster_queue_pop(struct muster_queue *q)
{
    assert(q->count > 0);
    const struct muster_queue_entry top = q->heap[0];
    const uint32_t n = --q->count;
    const struct muster_queue_entry e = q->heap[n];
    uint32_t i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= n)
            break;
        if (child + 1 < n && muster_queue_before(q->heap[child + 1], q->heap[child]))
            child++;
        if (!muster_queue_before(q->heap[child], e))
            break;
        q->heap[i] = q->heap[child];
        i = child;
    }
    q->heap[i] = e;
    return top;
}

#endif
