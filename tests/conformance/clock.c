/* SPDX-License-Identifier: Apache-2.0 */
/* The clock and the timer. */
#include "tests/conformance/conformance.h"

#define WAIT (50 * MUSTER_MILLISECOND)

static void wait(struct conformance *c)
{
    c->due = muster_time_add(c->now, WAIT);
}

/* Not before its time, and not long after it. */
static enum conformance_verdict in_time(struct conformance *c, const struct muster_input *in)
{
    muster_dur lasted = conformance_lasted(c);
    if (in->kind != MUSTER_IN_TIMER)
        return CONFORMANCE_ON;
    if (lasted < WAIT || lasted > WAIT + MUSTER_SECOND / 2)
        return conformance_bad(c, "TIMER after %llu ns", (unsigned long long)lasted);
    return CONFORMANCE_GOOD;
}

static void past(struct conformance *c)
{
    c->due = c->now;
}

static enum conformance_verdict at_once(struct conformance *c, const struct muster_input *in)
{
    if (in->kind != MUSTER_IN_TIMER)
        return CONFORMANCE_ON;
    return conformance_lasted(c) < MUSTER_SECOND / 2 ? CONFORMANCE_GOOD
                                                     : conformance_bad(c, "not at once");
}

/* The earlier of two counts, also when it is the later said. */
static void twice(struct conformance *c)
{
    c->due = muster_time_add(c->now, 20 * WAIT);
    conformance_sample(c, 2 * WAIT); /* its end brings the deadline forward */
}

static enum conformance_verdict brought_forward(struct conformance *c,
                                                const struct muster_input *in)
{
    if (in->kind == MUSTER_IN_REPLY) {
        c->due = muster_time_add(c->now, WAIT);
        c->began = c->now;
        c->seen = 1;
        return CONFORMANCE_ON;
    }
    return c->seen == 1 ? in_time(c, in) : conformance_bad(c, "TIMER before the reply");
}

static const struct conformance_step clock_steps[] = {
    {"a TIMER comes when it is due", wait, in_time},
    {"a deadline in the past is at once", past, at_once},
    {"a deadline can be brought forward", twice, brought_forward},
    {NULL, NULL, NULL},
};
const struct conformance_suite conformance_clock = {"clock", clock_steps};
