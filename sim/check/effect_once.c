/* SPDX-License-Identifier: Apache-2.0 */
/* Property: one attempt of one intent starts at most once at a target. */
#include "sim/check/check.h"

#define STARTS_KEPT 128 /* the newest; twice what a simulated target remembers */

struct start {
    uint64_t intent;
    uint32_t attempt, target;
};

struct state {
    uint64_t count;
    struct start at[STARTS_KEPT];
};

static size_t size(const struct muster_world *w)
{
    (void)w;
    return sizeof(struct state);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    struct start one = {r->arg[0], (uint32_t)r->arg[2], (uint32_t)r->arg[3]};
    uint64_t kept = s->count < STARTS_KEPT ? s->count : STARTS_KEPT;
    muster_judged(w);
    for (uint64_t i = 0; i < kept; i++) {
        const struct start *before = &s->at[i];
        if (before->intent != one.intent || before->attempt != one.attempt ||
            before->target != one.target)
            continue;
        muster_violated(w, "target %u started attempt %u of intent %" PRIu64 " of %s a second time",
                        one.target, one.attempt, one.intent, muster_world_name(w, r->process));
        return;
    }
    s->at[s->count++ % STARTS_KEPT] = one;
}

static const uint16_t kinds[] = {MUSTER_EVENT_TARGET_STARTED, 0};

const struct muster_property muster_check_effect_once = {
    .name = "effect_once",
    .rule = "one attempt of one intent starts at most once at a target",
    .explain = "A reply that got lost and a message that came twice look alike to the sender. The "
               "intent and the attempt name the effect, so that a target can recognise the "
               "repetition and do nothing (rule R14). When it is violated, a radio is restarted "
               "twice for one decision: either the target does not deduplicate, or an intent or "
               "attempt number was used twice. A scenario with a target that does not deduplicate "
               "says so: `assumptions: {fencing_targets: false}`.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_FENCING,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
