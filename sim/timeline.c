/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline: entries fire at a time or on an event, and end. */
#include "sim/inside.h"

#include <stdio.h>

static void schedule(struct muster_world *w, uint32_t entry, muster_time t, enum event_type type)
{
    uint32_t slot = world_event(w, type, MUSTER_NOBODY);
    world_at(w, slot)->tag = entry;
    world_push(w, t, MUSTER_CLASS_FAULT, slot);
}

bool timeline_create(struct muster_world *w)
{
    const struct muster_scenario *s = w->scenario;
    w->entry = muster_arena_take(w->arena, (s->entry_count + 1) * sizeof *w->entry);
    if (!w->entry)
        return false;
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const struct muster_entry *e = &s->timeline[i];
        if (e->when == 0)
            schedule(w, i, e->at, EV_ENTRY);
        else
            w->interest[kind_index(e->when)] |= 1;
    }
    return true;
}

void timeline_see(struct muster_world *w, const struct muster_record *r)
{
    const struct muster_scenario *s = w->scenario;
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const struct muster_entry *e = &s->timeline[i];
        if (e->when != r->kind || w->now < e->at || (e->until > 0 && w->now > e->until) ||
            (w->entry[i].triggered && !e->whenever))
            continue;
        if (e->has_of && (r->process == MUSTER_NOBODY || !select_matches(w, &e->of, r->process)))
            continue;
        w->entry[i].triggered = true;
        schedule(w, i, w->now + e->delay, EV_ENTRY);
    }
}

void timeline_fire(struct muster_world *w, uint32_t entry)
{
    const struct muster_entry *e = &w->scenario->timeline[entry];
    struct entry_state *state = &w->entry[entry];
    if (state->active)
        return; /* `whenever`: once at a time */
    state->fired = true;
    world_say(w, MUSTER_EVENT_FIRED, MUSTER_NOBODY, entry, 0, 0, 0, e->text);
    if (e->verb != MUSTER_DO_WORK) /* no fault, and perhaps goes on to the end */
        w->calm_since = w->now;
    else if (++state->rounds < e->work.count)
        schedule(w, entry, w->now + e->work.every, EV_ENTRY);
    if (!fault_begin(w, entry)) {
        if (e->optional)
            return;
        char text[256];
        snprintf(text, sizeof text, "nothing matches '%s'; say `optional: true` if that may be",
                 e->text);
        world_fail(w, MUSTER_RUN_UNMET, "timeline", text, e->mark);
        return;
    }
    if (e->lasts > 0) {
        state->active = true;
        w->active_faults++;
        schedule(w, entry, w->now + e->lasts, EV_ENTRY_END);
    }
}

/* A fault's end; inputs of a process that was slow are late for a while longer. */
static muster_time calm_from(const struct muster_world *w)
{
    muster_time from = w->now;
    for (uint32_t p = 0; p < w->process_count; p++)
        from = muster_time_max(from, w->process[p].slow_until);
    return from;
}

void timeline_end(struct muster_world *w, uint32_t entry)
{
    struct entry_state *state = &w->entry[entry];
    assert(state->active);
    world_say(w, MUSTER_EVENT_ENDED, MUSTER_NOBODY, entry, 0, 0, 0, NULL);
    fault_end(w, entry);
    state->active = false;
    w->active_faults--;
    w->calm_since = calm_from(w);
}

/* A fault that was never rehearsed defends nothing, whatever else was expected. */
void timeline_finish(struct muster_world *w)
{
    const struct muster_scenario *s = w->scenario;
    for (uint32_t i = 0; i < s->entry_count && !w->failed; i++) {
        const struct muster_entry *e = &s->timeline[i];
        if (e->when == 0 || e->whenever || e->optional || w->entry[i].fired)
            continue;
        char text[256];
        snprintf(text, sizeof text,
                 "this entry never fired; say `optional: true` if that may be: %s", e->text);
        world_fail(w, MUSTER_RUN_UNMET, "timeline", text, e->mark);
    }
}
