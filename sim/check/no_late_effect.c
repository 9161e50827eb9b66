/* SPDX-License-Identifier: Apache-2.0 */
/* Property: no cluster effect starts after its executor's clock has read past not_after. */
#include "sim/check/check.h"

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    uint64_t intent = r->arg[0], epoch = r->arg[1];
    muster_time not_after = r->arg[2], clock = r->arg[3];
    (void)self;
    if (epoch == 0)
        return; /* needs no lease, so it has no end of one */
    muster_judged(w);
    if (clock > not_after)
        muster_violated(w,
                        "the executor of %s started intent %" PRIu64 " of epoch %" PRIu64
                        " " SECONDS " too late, by the clock it had just read",
                        muster_world_name(w, r->process), intent, epoch,
                        SECONDS_OF(clock - not_after));
}

static const uint16_t kinds[] = {MUSTER_EVENT_EXECUTOR_STARTED, 0};

const struct muster_property muster_check_no_late_effect = {
    .name = "no_late_effect",
    .rule = "no cluster effect starts when its executor's clock has read past its not_after",
    .explain =
        "Between a decision and the deed a process may stand still: a garbage collection, a "
        "stopped virtual machine, a full queue (Kleppmann 2016 shows the case). So an effect "
        "carries the time after which it must not start, and the executor reads its lease "
        "clock once more and drops a late one (rules R13 and R14). What is on its way by then "
        "can only be stopped by the target's fence. When it is violated, an executor started "
        "something without asking the clock.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .see = see,
};
