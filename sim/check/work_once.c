/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a work item runs as often as it may, and ends once. */
#include "core/coordinator/work_record.h"
#include "sim/check/check.h"

#define ITEM "item %" PRIx64

static size_t size(const struct muster_world *w)
{
    return sizeof(struct muster_check_items) + muster_check_items_size(w);
}

static void init(void *self, const struct muster_world *w)
{
    struct muster_check_items *items = self;
    muster_check_items_init(items, w, items + 1);
}

/* A target has accepted a run of the item. */
static void see_effect(struct muster_world *w, const struct muster_record *r,
                       struct muster_check_item *item)
{
    uint64_t number = r->arg[2];
    muster_judged(w);
    if (number > item->granted)
        muster_violated(w,
                        ITEM " runs at %s with number %" PRIu64
                             ", which its submitter has not journaled",
                        item->intent, muster_world_name(w, r->process), number);
    else if (number <= item->started)
        muster_violated(w, ITEM " was accepted with number %" PRIu64 " after number %" PRIu64,
                        item->intent, number, item->started);
    else if (item->effects > 0 && !item->idempotent)
        muster_violated(w,
                        ITEM " is not idempotent, and was accepted twice: with number %" PRIu64
                             " after number %" PRIu64,
                        item->intent, number, item->started);
    item->started = number;
    item->effects++;
}

static void see_end(struct muster_world *w, const struct muster_record *r,
                    struct muster_check_item *item)
{
    uint64_t result = r->arg[2];
    bool restated = r->arg[3] != 0;
    bool nothing = result == MUSTER_RESULT_CANCELLED || result == MUSTER_RESULT_FENCED;
    const char *name = muster_world_name(w, r->process);
    muster_judged(w);
    if (item->ended && (!restated || item->result != result))
        muster_violated(w, "%s ended " ITEM " a second time: as %s, and now as %s", name,
                        item->intent, muster_result_text(item->result), muster_result_text(result));
    else if (result == MUSTER_RESULT_SUCCESS && item->effects == 0)
        muster_violated(w, "%s ended " ITEM " as success, and no target has accepted it", name,
                        item->intent);
    else if (nothing && item->effects > 0 && !item->idempotent)
        muster_violated(w,
                        "%s ended " ITEM " as %s, which says that nothing was done, and a "
                        "target has accepted it",
                        name, item->intent, muster_result_text(result));
    item->ended = true;
    item->result = (uint8_t)result;
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    if (!muster_check_config(w) || !muster_work_is_intent(r->arg[0]))
        return;
    struct muster_check_item *item = muster_check_items_take(self, r->arg[0]);
    if (!item)
        return;
    switch (r->kind) {
    case NOTE_KIND(WORK_ACCEPTED):
        item->idempotent = r->arg[1] != 0;
        break;
    case NOTE_KIND(WORK_GRANTED):
        if (r->arg[1] > item->granted)
            item->granted = r->arg[1];
        break;
    case NOTE_KIND(WORK_ENDED):
        see_end(w, r, item);
        break;
    default:
        see_effect(w, r, item);
        break;
    }
}

static const uint16_t kinds[] = {NOTE_KIND(WORK_ACCEPTED), NOTE_KIND(WORK_GRANTED),
                                 NOTE_KIND(WORK_ENDED), MUSTER_EVENT_TARGET_STARTED, 0};

const struct muster_property muster_check_work_once = {
    .name = "work_once",
    .rule = "a work item runs only when its submitter has journaled the number, each number at "
            "most once and in their order, one that is not idempotent at most once, and it has "
            "one terminal record",
    .explain =
        "Between a submitter and its item stand a store that forgets, members that die and "
        "messages that come late. What an item may do therefore hangs on three things that do "
        "not: the submitter's journal, the item's number, and the target that remembers the "
        "highest number (SPEC 2, Work; Gray 1978 on intents in a log). Judged by what the "
        "targets have accepted, and by the terminal records: one an item, `success` only for "
        "what a target has accepted, `cancelled` and `fenced` only for what none has. When it is "
        "violated, an assignment was run before it was journaled, an interrupted run was "
        "repeated, or a target does not look at numbers. Needs targets that fence and "
        "deduplicate, and disks that keep what they have acknowledged.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_FENCING | MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .init = init,
    .see = see,
};
