/* SPDX-License-Identifier: Apache-2.0 */
/* The executor and its targets. Actions by name: `good` succeeds, `bad` fails, `slow` lasts longer
 * than anybody waits, `guarded` stands behind a fence that knows no epoch yet. */
#include "tests/conformance/conformance.h"

#define SECOND MUSTER_SECOND

/* The one end of the step's first action. */
static enum conformance_verdict ends(struct conformance *c, const struct muster_input *in,
                                     enum muster_result result, uint64_t epoch)
{
    if (in->kind != MUSTER_IN_ACTION || conformance_which(c, in) != 0)
        return CONFORMANCE_ON;
    if (in->action.result != result || in->action.attempt != 1 || in->action.epoch != epoch)
        return conformance_bad(c, "ended as %s of attempt %llu, epoch %llu",
                               muster_result_text(in->action.result),
                               (unsigned long long)in->action.attempt,
                               (unsigned long long)in->action.epoch);
    return CONFORMANCE_GOOD;
}

static void good(struct conformance *c)
{
    conformance_act(c, "good");
}

static enum conformance_verdict succeeds(struct conformance *c, const struct muster_input *in)
{
    return ends(c, in, MUSTER_RESULT_SUCCESS, 0);
}

static void bad(struct conformance *c)
{
    conformance_act(c, "bad");
}

static enum conformance_verdict fails(struct conformance *c, const struct muster_input *in)
{
    return ends(c, in, MUSTER_RESULT_FAILED, 0);
}

static void slow(struct conformance *c)
{
    conformance_act(c, "slow")->action.timeout = SECOND / 2;
}

static enum conformance_verdict times_out(struct conformance *c, const struct muster_input *in)
{
    enum conformance_verdict v = ends(c, in, MUSTER_RESULT_TIMED_OUT, 0);
    muster_dur lasted = conformance_lasted(c);
    if (v == CONFORMANCE_GOOD && (lasted < SECOND / 2 || lasted > 2 * SECOND))
        return conformance_bad(c, "after %llu ns", (unsigned long long)lasted);
    return v;
}

static void slow_to_cancel(struct conformance *c)
{
    conformance_act(c, "slow");
    c->due = muster_time_add(c->now, SECOND / 2);
}

static enum conformance_verdict is_cancelled(struct conformance *c, const struct muster_input *in)
{
    if (in->kind == MUSTER_IN_TIMER && c->now >= c->due) {
        c->due = MUSTER_NEVER;
        muster_effects_add(c->out, MUSTER_OUT_CANCEL)->tag = c->first_tag;
    }
    enum conformance_verdict v = ends(c, in, MUSTER_RESULT_CANCELLED, 0);
    return v == CONFORMANCE_GOOD && conformance_lasted(c) > 2 * SECOND
               ? conformance_bad(c, "after %llu ns", (unsigned long long)conformance_lasted(c))
               : v;
}

/* In the same breath: it ends all the same, once. */
static void cancel_at_once(struct conformance *c)
{
    conformance_act(c, "slow");
    muster_effects_add(c->out, MUSTER_OUT_CANCEL)->tag = c->first_tag;
}

static void late(struct conformance *c)
{
    struct muster_effect *e = conformance_act(c, "guarded");
    e->action.epoch = 3;
    e->action.not_after = c->now > 0 ? c->now - 1 : 0;
}

static enum conformance_verdict is_dropped(struct conformance *c, const struct muster_input *in)
{
    return ends(c, in, MUSTER_RESULT_FENCED, 0);
}

static void guarded(struct conformance *c)
{
    conformance_act(c, "guarded")->action.epoch = 5;
}

static enum conformance_verdict is_accepted(struct conformance *c, const struct muster_input *in)
{
    return ends(c, in, MUSTER_RESULT_SUCCESS, 5);
}

static void stale(struct conformance *c)
{
    conformance_act(c, "guarded")->action.epoch = 4;
}

static enum conformance_verdict is_fenced(struct conformance *c, const struct muster_input *in)
{
    return ends(c, in, MUSTER_RESULT_FENCED, 5);
}

static const struct conformance_step action[] = {
    {"what succeeds says so", good, succeeds},
    {"what fails says so", bad, fails},
    {"what lasts longer than its timeout is ended", slow, times_out},
    {"what is given up is ended", slow_to_cancel, is_cancelled},
    {"what is given up before it began ends once", cancel_at_once, is_cancelled},
    {"a late effect does not start", late, is_dropped},
    {"a fence takes an epoch and tells it", guarded, is_accepted},
    {"a fence refuses a lower epoch and tells the highest", stale, is_fenced},
    {NULL, NULL, NULL},
};
const struct conformance_suite conformance_action = {"action", action};
