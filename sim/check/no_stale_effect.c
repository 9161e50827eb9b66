/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a target starts no effect of an epoch below one that it knows. */
#include "sim/check/check.h"
#include "sim/scenario/scenario.h"

#define TARGETS (MUSTER_TARGETS_MAX + 1) /* the scenario's, and the default one */

static size_t size(const struct muster_world *w)
{
    (void)w;
    return TARGETS * sizeof(uint64_t);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    uint64_t intent = r->arg[0], epoch = r->arg[1], target = r->arg[3];
    if (epoch == 0 || target >= TARGETS)
        return;
    uint64_t *highest = (uint64_t *)self + target;
    muster_judged(w);
    if (r->kind == MUSTER_EVENT_TARGET_SEALED)
        *highest = epoch > *highest ? epoch : *highest;
    else if (epoch < *highest)
        muster_violated(w,
                        "target %" PRIu64 " started intent %" PRIu64 " of %s with epoch %" PRIu64
                        " after it had started or been sealed with epoch %" PRIu64,
                        target, intent, muster_world_name(w, r->process), epoch, *highest);
    else
        *highest = epoch;
}

static const uint16_t kinds[] = {MUSTER_EVENT_TARGET_STARTED, MUSTER_EVENT_TARGET_SEALED, 0};

const struct muster_property muster_check_no_stale_effect = {
    .name = "no_stale_effect",
    .rule = "a target starts no effect with an epoch below one it has started or been sealed with",
    .explain =
        "A message of a leader that has been replaced can arrive at any time later. Fencing "
        "is the target's part: it keeps the highest epoch it has seen, atomically with the "
        "effect, and refuses lower ones (Kleppmann 2016; Chubby's sequencers, Burrows 2006; "
        "rule R14). When it is violated, a target does not compare, forgets, or epochs do not "
        "rise. A scenario with a target that does not fence says so: `assumptions: "
        "{fencing_targets: false}`.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_FENCING,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
