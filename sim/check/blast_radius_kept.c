/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a process keeps what it has under recovery within the blast radius. */
#include "sim/check/orders.h"

#include <string.h>

/* By process. */
struct recoveries {
    uint64_t intent[MUSTER_RUNS_MAX]; /* under way, 0: a free place */
    uint64_t target[MUSTER_RUNS_MAX];
    bool blocked; /* it has told of a storm, and not that it is over */
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct recoveries);
}

static uint32_t targets_of(const struct recoveries *x)
{
    uint64_t seen = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++) {
        uint64_t bit = x->intent[i] != 0 ? UINT64_C(1) << x->target[i] : 0;
        n += bit != 0 && !(seen & bit);
        seen |= bit;
    }
    return n;
}

static void see_start(struct recoveries *x, struct muster_world *w,
                      const struct muster_blast_config *c, const struct muster_record *r)
{
    uint64_t allowed = (uint64_t)muster_world_members(w) * c->share_ppm / MUSTER_PPM;
    const char *name = muster_world_name(w, r->process);
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++) {
        if (x->intent[i] != 0)
            continue;
        x->intent[i] = r->arg[0];
        x->target[i] = r->arg[3] % MUSTER_MEMBERS_MAX;
        break;
    }
    muster_judged(w);
    allowed = allowed > 0 ? allowed : 1;
    if (x->blocked)
        muster_violated(w, "%s started intent %" PRIu64 " in a storm", name, r->arg[0]);
    else if (targets_of(x) > allowed)
        muster_violated(w,
                        "%s started intent %" PRIu64 ": %" PRIu32
                        " targets are under recovery, at most %" PRIu64 " may be",
                        name, r->arg[0], targets_of(x), allowed);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    const struct muster_enhanced_config *c = muster_check_enhanced(w);
    if (!c || !c->acting.bounded || r->process == MUSTER_NOBODY)
        return;
    struct recoveries *x = (struct recoveries *)self + r->process;
    switch (r->kind) {
    case NOTE_KIND(ACTION_STARTED):
        see_start(x, w, &c->acting.blast, r);
        break;
    case NOTE_KIND(ACTION_ENDED):
        for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
            x->intent[i] = x->intent[i] == r->arg[0] ? 0 : x->intent[i];
        break;
    case NOTE_KIND(STORM):
        x->blocked = r->arg[0] == MUSTER_STORM_ON || r->arg[0] == MUSTER_STORM_OVER;
        break;
    default:
        memset(x, 0, sizeof *x);
        break;
    }
}

static const uint16_t kinds[] = {NOTE_KIND(ACTION_STARTED), NOTE_KIND(ACTION_ENDED),
                                 NOTE_KIND(STORM), MUSTER_EVENT_RESTART, 0};

const struct muster_property muster_check_blast_radius_kept = {
    .name = "blast_radius_kept",
    .rule = "one process has at most its share of the targets under recovery, but one, and starts "
            "none in a storm",
    .explain =
        "The cure must not be the outage: at most a share of the targets may be under recovery at "
        "once, always at least one, and none starts while too few members are healthy and nobody "
        "has acknowledged it (SPEC 1; Envoy's max_ejection_percent, medik8s' minHealthy). Under "
        "recovery is what was started and has no terminal record. Of a storm it is judged by what "
        "the process itself has told. When it is violated, a start or an end is not counted, or a "
        "way to start does not ask.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
