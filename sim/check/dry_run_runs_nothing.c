/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a process in dry run hands nothing out. */
#include "sim/check/orders.h"

#include <string.h>

/* By process: dry run is on. */
static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(bool);
}

static void init(void *self, const struct muster_world *w)
{
    const struct muster_enhanced_config *c = muster_check_enhanced(w);
    memset(self, c && c->dry_run, muster_check_places(w) * sizeof(bool));
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    const struct muster_enhanced_config *c = muster_check_enhanced(w);
    if (!c || r->process == MUSTER_NOBODY)
        return;
    bool *dry = (bool *)self + r->process;
    switch (r->kind) {
    case TOLD:
        if (muster_check_order(r, MUSTER_VERB_DRY_RUN))
            *dry = r->data.size == 2 && memcmp(r->data.at, "on", 2) == 0;
        break;
    case NOTE_KIND(ACTION_SKIPPED):
        if (*dry)
            muster_judged(w);
        break;
    case HANDED_OUT:
        if (*dry && muster_check_is_action(r))
            muster_violated(w, "%s handed intent %" PRIu64 " out (attempt %" PRIu64 ") in dry run",
                            muster_world_name(w, r->process), r->tag, r->arg[1]);
        break;
    default:
        *dry = c->dry_run;
        break;
    }
}

static const uint16_t kinds[] = {TOLD, NOTE_KIND(ACTION_SKIPPED), HANDED_OUT, MUSTER_EVENT_RESTART,
                                 0};

const struct muster_property muster_check_dry_run_runs_nothing = {
    .name = "dry_run_runs_nothing",
    .rule = "a process in dry run hands no action out, not even a further attempt",
    .explain =
        "A dry run is trusted to be one: who tries a policy on a real cluster does so because "
        "nothing will be run (SPEC 1). What runs when it is switched on ends as it does; it is not "
        "tried again. Judged by the switch that the process was told. When it is violated, a way "
        "to hand an action out does not ask.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .init = init,
    .see = see,
};
