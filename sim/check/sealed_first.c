/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a leader acts only when it has told its targets of its epoch, or tried to. */
#include "sim/check/orders.h"

/* By process: the epoch that it has sealed last. */
static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(uint64_t);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    const struct muster_config *c = muster_check_config(w);
    uint64_t *sealed = (uint64_t *)self + r->process;
    uint64_t epoch = r->arg[0];
    if (!c || !c->seal_targets)
        return;
    if (r->kind == NOTE_KIND(SEALED)) {
        *sealed = epoch;
        return;
    }
    if (epoch == 0 || !muster_check_is_action(r))
        return; /* a local action; a seal; work, which its submitter has granted */
    muster_judged(w);
    if (*sealed != epoch)
        muster_violated(w,
                        "%s handed out intent %" PRIu64 " with epoch %" PRIu64
                        " before it had sealed its targets",
                        muster_world_name(w, r->process), r->tag, epoch);
}

static const uint16_t kinds[] = {MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION, NOTE_KIND(SEALED), 0};

const struct muster_property muster_check_sealed_first = {
    .name = "sealed_first",
    .rule =
        "a leader hands out no cluster action before it has sealed its targets under its epoch, "
        "or has said which it could not",
    .explain =
        "A target refuses a former leader's effect only if it knows of a higher epoch, and it "
        "learns of one from what the new leader sends. So that comes first, and does nothing "
        "(rule R14). When it is violated, a leader acts while a target would still take what its "
        "predecessor has on the way, or does not say that one might.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
