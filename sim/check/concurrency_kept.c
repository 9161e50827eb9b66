/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a process has at most one action under way. */
#include "sim/check/check.h"

/* By process: the intent that runs; intents are never 0. */
static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(uint64_t);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    uint64_t *running = (uint64_t *)self + r->process;
    switch (r->kind) {
    case NOTE_KIND(ACTION_STARTED):
        muster_judged(w);
        if (*running != 0 && *running != r->arg[0])
            muster_violated(w,
                            "%s started intent %" PRIu64 " while its intent %" PRIu64 " still runs",
                            muster_world_name(w, r->process), r->arg[0], *running);
        *running = r->arg[0];
        break;
    case NOTE_KIND(ACTION_ENDED):
        if (*running == r->arg[0])
            *running = 0;
        break;
    default:
        *running = 0;
        break;
    }
}

static const uint16_t kinds[] = {NOTE_KIND(ACTION_STARTED), NOTE_KIND(ACTION_ENDED),
                                 MUSTER_EVENT_CRASH, MUSTER_EVENT_RESTART, 0};

const struct muster_property muster_check_concurrency_kept = {
    .name = "concurrency_kept",
    .rule = "a process has at most one action under way",
    .explain =
        "Two recovery actions at once hide from each other what they cause: nobody can tell "
        "afterwards which one helped. The limit is `max_concurrent_actions`, 1 (SPEC 1); the "
        "second is skipped and says so. When it is violated, an action counts as over before "
        "its end is known, or a trigger by hand goes around the rule.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
