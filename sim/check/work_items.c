/* SPDX-License-Identifier: Apache-2.0 */
/* The table of work items that properties keep: see check.h. */
#include "sim/check/check.h"
#include "sim/scenario/scenario.h"
#include "sim/world.h"

#define WHENEVER_ROUNDS 64 /* how often an entry that fires each time is reckoned with */
#define ITEMS_MAX       (UINT64_C(1) << 18)

/* A power of two, at least twice as many as can be submitted; 1 where nothing is. */
static uint64_t places(const struct muster_world *w)
{
    const struct muster_scenario *s = muster_world_scenario(w);
    uint64_t items = 0, size = 1;
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const struct muster_entry *e = &s->timeline[i];
        if (e->verb == MUSTER_DO_WORK)
            items += (uint64_t)e->work.count * s->members * (e->whenever ? WHENEVER_ROUNDS : 1);
    }
    while (size < 2 * items && size < ITEMS_MAX)
        size *= 2;
    return size;
}

size_t muster_check_items_size(const struct muster_world *w)
{
    return places(w) * sizeof(struct muster_check_item);
}

void muster_check_items_init(struct muster_check_items *items, const struct muster_world *w,
                             void *room)
{
    items->mask = (uint32_t)places(w) - 1;
    items->at = room;
}

struct muster_check_item *muster_check_items_take(struct muster_check_items *items, uint64_t intent)
{
    for (uint64_t i = 0; i <= items->mask; i++) {
        struct muster_check_item *one = &items->at[(intent + i) & items->mask];
        if (one->intent == 0)
            one->intent = intent;
        if (one->intent == intent)
            return one;
    }
    return NULL;
}
