/* SPDX-License-Identifier: Apache-2.0 */
/* Property: an intent starts once and ends once. */
#include "sim/check/check.h"

#define INTENTS_KEPT 128 /* the newest */

struct intent {
    uint64_t number;
    bool started, ended;
};

struct state {
    uint64_t count;
    struct intent at[INTENTS_KEPT];
};

static size_t size(const struct muster_world *w)
{
    (void)w;
    return sizeof(struct state);
}

/* The newest first: it is mostly that one. */
static struct intent *find(struct state *s, uint64_t number)
{
    uint64_t oldest = s->count > INTENTS_KEPT ? s->count - INTENTS_KEPT : 0;
    for (uint64_t i = s->count; i > oldest; i--) {
        struct intent *one = &s->at[(i - 1) % INTENTS_KEPT];
        if (one->number == number)
            return one;
    }
    return NULL;
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    uint64_t number = r->arg[0];
    const char *name = muster_world_name(w, r->process);
    struct intent *one = find(s, number);
    if (r->kind != NOTE_KIND(ACTION_ENDED)) {
        bool started = r->kind == NOTE_KIND(ACTION_STARTED);
        if (one && (!started || one->started || one->ended))
            muster_violated(w, "%s started intent %" PRIu64 ", a number already used", name,
                            number);
        else if (one)
            one->started = true; /* it was prepared before */
        else
            s->at[s->count++ % INTENTS_KEPT] = (struct intent){number, started, false};
        return;
    }
    if (!one && s->count > INTENTS_KEPT)
        return; /* may have been forgotten here */
    muster_judged(w);
    if (!one)
        muster_violated(w, "%s ended intent %" PRIu64 " (%s), which was never started", name,
                        number, muster_result_text(r->arg[2]));
    else if (one->ended)
        muster_violated(w, "%s ended intent %" PRIu64 " a second time, now as %s", name, number,
                        muster_result_text(r->arg[2]));
    else
        one->ended = true;
}

static const uint16_t kinds[] = {NOTE_KIND(ACTION_PREPARED), NOTE_KIND(ACTION_STARTED),
                                 NOTE_KIND(ACTION_ENDED), 0};

const struct muster_property muster_check_one_terminal_record = {
    .name = "one_terminal_record",
    .rule = "an intent is prepared and started once and has at most one terminal record, after "
            "that",
    .explain =
        "An operator reads in the history what became of an action, and counts results. Two "
        "ends of one intent contradict each other, an end without a start is an invention, "
        "and a number used twice defeats the deduplication at the target (SPEC 2, Work). When "
        "it is violated, a late answer of an attempt was taken for another's, or a cancelled "
        "action was ended by the cancel and again by its answer.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
