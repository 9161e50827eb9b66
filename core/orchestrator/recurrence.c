/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrence: see recurrence.h. */
#include "core/orchestrator/recurrence.h"

#include "core/text.h"

#include <assert.h>

void muster_recurrence_init(struct muster_recurrence *r)
{
    memset(r, 0, sizeof *r);
}

/* Times of the slot that are still within the window. */
static uint32_t recent(const struct muster_recurrence_slot *s, muster_time now, muster_dur window)
{
    uint32_t old = 0;
    assert(s->count <= MUSTER_RECURRENCE_TIMES_MAX);
    while (old < s->count) {
        muster_time at = s->at[(s->first + old) % MUSTER_RECURRENCE_TIMES_MAX];
        if (muster_time_since(now, at) <= window)
            break;
        old++;
    }
    return s->count - old;
}

static bool is_name(struct muster_bytes type)
{
    return type.size > 0 && type.size <= MUSTER_NAME_MAX && !memchr(type.at, 0, type.size);
}

/* The slot that is the type's own; the shared one when there is none. */
static uint32_t find(const struct muster_recurrence *r, struct muster_bytes type)
{
    uint32_t i = is_name(type) ? 0 : MUSTER_RECURRENCE_TYPES_MAX;
    while (i < MUSTER_RECURRENCE_TYPES_MAX && !muster_text_equal(type, r->slot[i].type))
        i++;
    return i;
}

/* A slot of its own for a new type; the shared one when none is to be had. */
static uint32_t take(struct muster_recurrence *r, muster_time now, muster_dur window,
                     struct muster_bytes type)
{
    uint32_t i = is_name(type) ? 0 : MUSTER_RECURRENCE_TYPES_MAX;
    while (i < MUSTER_RECURRENCE_TYPES_MAX && recent(&r->slot[i], now, window) > 0)
        i++;
    if (i < MUSTER_RECURRENCE_TYPES_MAX) {
        /* What was shared so far may have been of this type. */
        r->slot[i] = r->slot[MUSTER_RECURRENCE_TYPES_MAX];
        memcpy(r->slot[i].type, type.at, type.size);
    }
    return i;
}

static void push(struct muster_recurrence_slot *s, muster_time now)
{
    if (s->count == MUSTER_RECURRENCE_TIMES_MAX) {
        s->first = (s->first + 1) % MUSTER_RECURRENCE_TIMES_MAX;
        s->count--;
    }
    s->at[(s->first + s->count) % MUSTER_RECURRENCE_TIMES_MAX] = now;
    s->count++;
}

uint32_t muster_recurrence_add(struct muster_recurrence *r, muster_time now, muster_dur window,
                               struct muster_bytes type)
{
    uint32_t i = find(r, type);
    if (i == MUSTER_RECURRENCE_TYPES_MAX)
        i = take(r, now, window, type);
    push(&r->slot[i], now);
    return recent(&r->slot[i], now, window);
}

uint32_t muster_recurrence_count(const struct muster_recurrence *r, muster_time now,
                                 muster_dur window, struct muster_bytes type)
{
    return recent(&r->slot[find(r, type)], now, window);
}
