/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a process writes nowhere but into its own memory. */
#include "sim/check/check.h"

/* The last input of a process. */
struct last {
    uint64_t number;
    uint16_t kind;
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct last);
}

static void judge(const struct last *last, struct muster_world *w, uint32_t p)
{
    if (last[p].number == 0)
        return; /* it has done nothing so far */
    muster_judged(w);
    if (!muster_world_bounded(w, p))
        muster_violated(w,
                        "%s has written outside of its memory, at the latest in record %" PRIu64
                        " (%s)",
                        muster_world_name(w, p), last[p].number,
                        muster_event_type(last[p].kind)->name);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct last *last = self;
    judge(last, w, r->process);
    last[r->process] = (struct last){r->number, r->kind};
}

static void end(void *self, struct muster_world *w)
{
    for (uint32_t p = 0; p < muster_world_members(w); p++)
        judge(self, w, p);
}

static const uint16_t kinds[] = {MUSTER_EVENT_INPUT + MUSTER_IN_START,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_TIMER,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_REPLY,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_PUSH,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_MESSAGE,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_DISK,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_ACTION,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_COMMAND,
                                 0};

const struct muster_property muster_check_memory_bounded = {
    .name = "memory_bounded",
    .rule = "a process writes nothing outside of the memory that it asked for",
    .explain =
        "A process says with size() how much memory it needs, gets that once, and takes no more "
        "(core/ cannot: core/banned.h makes the heap a compile error). What is left to go wrong is "
        "a write past either end. So each block lies between two guards of 64 bytes, looked at "
        "before each input and at the end; the effects of one input are counted against their "
        "bounds as well, and what exceeds them fails an assert (no_crash). A write that leaps over "
        "the guard is for the sanitizers to find, a bound inside of the block for the asserts. "
        "When it is violated, size() and what init() and handle() use do not agree.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
    .end = end,
};
