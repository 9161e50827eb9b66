/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a process has no more actions under way than it may. */
#include "sim/check/orders.h"

#include <string.h>

/* By process: the intents that run, 0 for a free place; intents are never 0. */
struct running {
    uint64_t intent[MUSTER_RUNS_MAX];
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct running);
}

static uint32_t allowed(const struct muster_world *w)
{
    const struct muster_config *c = muster_check_config(w);
    const struct muster_acting_options *basic = c ? c->acting : NULL;
    const struct muster_enhanced_config *enhanced = muster_check_enhanced(w);
    return enhanced ? enhanced->acting.concurrent_max : basic ? basic->concurrent_max : 1;
}

static void start(struct running *x, struct muster_world *w, const struct muster_record *r)
{
    uint64_t other = 0;
    uint32_t n = 0, place = 0;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++) {
        bool runs = x->intent[i] != 0 && x->intent[i] != r->arg[0];
        n += runs;
        other = runs ? x->intent[i] : other;
        place = runs ? place : i;
    }
    muster_judged(w);
    if (n >= allowed(w))
        muster_violated(w, "%s started intent %" PRIu64 " while its intent %" PRIu64 " still runs",
                        muster_world_name(w, r->process), r->arg[0], other);
    x->intent[place] = r->arg[0];
}

static void end(struct running *x, uint64_t intent)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        x->intent[i] = x->intent[i] == intent ? 0 : x->intent[i];
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct running *x = (struct running *)self + r->process;
    switch (r->kind) {
    case NOTE_KIND(ACTION_STARTED):
        start(x, w, r);
        break;
    case NOTE_KIND(ACTION_ENDED):
        end(x, r->arg[0]);
        break;
    case CAME_BACK: /* a success may be verified yet, but it runs no more */
        if (r->arg[0] == MUSTER_RESULT_SUCCESS)
            end(x, r->tag);
        break;
    default:
        memset(x, 0, sizeof *x);
        break;
    }
}

static const uint16_t kinds[] = {NOTE_KIND(ACTION_STARTED), NOTE_KIND(ACTION_ENDED), CAME_BACK,
                                 MUSTER_EVENT_CRASH,        MUSTER_EVENT_RESTART,    0};

const struct muster_property muster_check_concurrency_kept = {
    .name = "concurrency_kept",
    .rule = "a process has no more actions under way than max_concurrent_actions",
    .explain =
        "Two recovery actions at once hide from each other what they cause: nobody can tell "
        "afterwards which one helped. The limit is `max_concurrent_actions`, 1 (SPEC 1); the "
        "second is skipped and says so. An action is under way until its last attempt has "
        "come back, between two attempts, too; what is being verified is not. When it is "
        "violated, an action counts as over before its end is known, or a trigger by hand goes "
        "around the rule.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
