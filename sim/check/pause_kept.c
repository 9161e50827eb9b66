/* SPDX-License-Identifier: Apache-2.0 */
/* Property: once a pause has been acknowledged, no cluster action is handed out. */
#include "sim/check/orders.h"

/* Of the cluster; of processes that are each a cluster of its own, one each. */
struct pause {
    bool on;
    uint64_t epoch, count;
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct pause);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    const struct muster_config *c = muster_check_config(w);
    if (!c)
        return;
    struct pause *p = (struct pause *)self + (c->local ? r->process : 0);
    if (r->kind == NOTE_KIND(PAUSE_DURABLE)) {
        *p = (struct pause){r->arg[0] != 0, r->arg[1], r->arg[2]};
    } else if (r->kind == NOTE_KIND(PAUSE_ASKED)) {
        p->on = p->on && r->arg[0] != 0; /* a resume may hold before anybody knows that it does */
    } else if (r->arg[0] != 0 && muster_check_is_action(r) && p->on) {
        muster_violated(w,
                        "%s handed out intent %" PRIu64 " with epoch %" PRIu64
                        ", while the cluster's recovery is paused since word %" PRIu64
                        " of epoch %" PRIu64,
                        muster_world_name(w, r->process), r->tag, r->arg[0], p->count, p->epoch);
    }
    if (p->on)
        muster_judged(w);
}

static const uint16_t kinds[] = {MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION, NOTE_KIND(PAUSE_ASKED),
                                 NOTE_KIND(PAUSE_DURABLE), 0};

const struct muster_property muster_check_pause_kept = {
    .name = "pause_kept",
    .rule = "from the moment a pause has been acknowledged until an operator asks for its end, "
            "nobody hands out a cluster action",
    .explain =
        "An operator who has paused the cluster's recovery works on what it would act on. A new "
        "leader, a restart or a store without memory must not end that (rule R16): so a pause is "
        "acknowledged only when a majority of the voters has it on disk, and a leader is elected "
        "by a majority that knows of it. When it is violated, a pause was acknowledged too early, "
        "was lost with a disk or a leader, or an older word was taken for the newest.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DRIFT | MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
