/* SPDX-License-Identifier: Apache-2.0 */
/* Property: no action is handed out in a phase that does not allow it. */
#include "sim/check/orders.h"

#include "core/text.h"

#include <string.h>

/* By process, by what it was told and what its targets did. */
struct mission {
    uint32_t phase;
    uint64_t entering[MUSTER_RUNS_MAX]; /* intents of enter_safe_mode, newest last */
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct mission);
}

static void init(void *self, const struct muster_world *w)
{
    const struct muster_enhanced_config *c = muster_check_enhanced(w);
    struct mission *m = self;
    for (uint32_t p = 0; c && p < muster_check_places(w); p++)
        m[p].phase = c->phases.initial;
}

static void enter(struct mission *m, const struct muster_enhanced_config *c,
                  struct muster_bytes name)
{
    uint32_t to = muster_phase_find(&c->phases, name);
    if (muster_phase_may_follow(&c->phases, m->phase, to))
        m->phase = to;
}

static void remember(struct mission *m, uint64_t intent)
{
    memmove(m->entering, m->entering + 1, sizeof m->entering - sizeof m->entering[0]);
    m->entering[MUSTER_RUNS_MAX - 1] = intent;
}

static void see_end(struct mission *m, const struct muster_enhanced_config *c,
                    const struct muster_record *r)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX && r->arg[0] == MUSTER_RESULT_SUCCESS; i++) {
        if (r->tag == 0 || m->entering[i] != r->tag)
            continue;
        m->entering[i] = 0;
        enter(m, c, muster_text_bytes("SAFE_MODE"));
    }
}

static bool forbids(const struct muster_enhanced_config *c, uint32_t phase, uint32_t action)
{
    return (c->restricted[phase] >> action & 1) != 0 ||
           (c->phases.phase[phase].forbidden >> action & 1) != 0;
}

static void judge(const struct mission *m, struct muster_world *w,
                  const struct muster_enhanced_config *c, const struct muster_record *r,
                  uint32_t action)
{
    bool anywhere = false;
    for (uint32_t i = 0; i < c->phases.phase_count; i++)
        anywhere = anywhere || forbids(c, i, action);
    if (anywhere)
        muster_judged(w);
    if (forbids(c, m->phase, action))
        muster_violated(w, "%s handed %s out (intent %" PRIu64 ") in %s, which does not allow it",
                        muster_world_name(w, r->process),
                        muster_check_config(w)->recovery.action[action].name, r->tag,
                        c->phases.phase[m->phase].name);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    const struct muster_enhanced_config *c = muster_check_enhanced(w);
    if (!c || r->process == MUSTER_NOBODY)
        return;
    struct mission *m = (struct mission *)self + r->process;
    uint32_t action;
    switch (r->kind) {
    case TOLD:
        if (muster_check_order(r, MUSTER_VERB_PHASE))
            enter(m, c, r->data);
        break;
    case HANDED_OUT:
        action = muster_check_action(w, r);
        if (action == MUSTER_ACTIONS_MAX || !muster_check_is_action(r))
            break;
        if (strcmp(muster_check_config(w)->recovery.action[action].name, "enter_safe_mode") == 0)
            remember(m, r->tag);
        judge(m, w, c, r, action);
        break;
    case CAME_BACK:
        see_end(m, c, r);
        break;
    default: /* a new incarnation begins where the config says */
        *m = (struct mission){.phase = c->phases.initial};
        break;
    }
}

static const uint16_t kinds[] = {TOLD, HANDED_OUT, CAME_BACK, MUSTER_EVENT_RESTART, 0};

const struct muster_property muster_check_phase_restrictions_kept = {
    .name = "phase_restrictions_kept",
    .rule = "no attempt of an action is handed out in a phase that does not allow it",
    .explain =
        "During a launch the cure is worse than the fault: what a phase forbids is not run in it, "
        "whatever a policy, an operator or a retry says (SPEC 1). Judged by what the process was "
        "told and what its targets did, at every attempt. When it is violated, the rule was not "
        "asked, was asked only at the first attempt, or the phase did not follow.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .init = init,
    .see = see,
};
