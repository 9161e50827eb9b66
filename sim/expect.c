/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations: what a scenario says should be so, by a time, at a time, or throughout. */
#include "sim/inside.h"

#include <stdio.h>

static bool is_counted(const struct muster_expectation *x)
{
    return x->kind == MUSTER_EXPECT_EVENT || x->kind == MUSTER_EXPECT_RESULT ||
           x->kind == MUSTER_EXPECT_TARGET;
}

static void want(struct muster_world *w, uint16_t kind)
{
    w->interest[kind_index(kind)] |= 2;
}

static void want_note(struct muster_world *w, enum muster_note note)
{
    want(w, (uint16_t)(MUSTER_EVENT_NOTE + note));
}

/* Which records can change whether an expectation holds. */
static void subscribe(struct muster_world *w, const struct muster_expectation *x)
{
    switch (x->kind) {
    case MUSTER_EXPECT_LEADER:
        want_note(w, MUSTER_NOTE_LEADER_ELECTED);
        want_note(w, MUSTER_NOTE_LEADER_LOST);
        want(w, MUSTER_EVENT_CRASH);
        break;
    case MUSTER_EXPECT_EVENT:
        want(w, x->event);
        break;
    case MUSTER_EXPECT_MODE:
        want_note(w, MUSTER_NOTE_FALLBACK);
        break;
    case MUSTER_EXPECT_RESULT:
        want_note(w, MUSTER_NOTE_ACTION_ENDED);
        want_note(w, MUSTER_NOTE_ACTION_SKIPPED);
        break;
    case MUSTER_EXPECT_TARGET:
        want(w, MUSTER_EVENT_TARGET_STARTED);
        break;
    case MUSTER_EXPECT_STATE:
        for (uint16_t k = MUSTER_EVENT_NOTE; k < WATCHED_KINDS; k++)
            want(w, k);
        break;
    }
}

static void look_at(struct muster_world *w, muster_time t)
{
    world_push(w, t, MUSTER_CLASS_EXPECT, world_event(w, EV_EXPECT, MUSTER_NOBODY));
}

bool expect_create(struct muster_world *w)
{
    const struct muster_scenario *s = w->scenario;
    w->expect = muster_arena_take(w->arena, (s->expect_count + 1) * sizeof *w->expect);
    if (!w->expect)
        return false;
    for (uint32_t i = 0; i < s->expect_count; i++) {
        const struct muster_expectation *x = &s->expect[i];
        w->expect[i].open = x->from == 0 && x->timing != MUSTER_EXPECT_AT;
        subscribe(w, x);
        look_at(w, x->at);
        if (x->from > 0)
            look_at(w, x->from);
    }
    return true;
}

static bool state_holds(struct muster_world *w, const struct muster_expectation *x, uint32_t p)
{
    char text[1024];
    const struct muster_process *table = w->scenario->process;
    if (!w->process[p].running || !table->describe)
        return false;
    table->describe(w->process[p].self, text, sizeof text);
    size_t size = strlen(x->word);
    for (const char *at = strstr(text, x->word); at; at = strstr(at + 1, x->word))
        if ((at == text || at[-1] == ' ') && (at[size] == 0 || at[size] == ' '))
            return true;
    return false;
}

static bool leader_holds(struct muster_world *w, const struct muster_expectation *x)
{
    uint32_t leader = select_leader(w, true);
    if (x->none)
        return leader == MUSTER_ANY;
    if (leader == MUSTER_ANY)
        return false;
    if (x->any || !x->has_who)
        return true;
    return select_matches(w, &x->who, leader) != x->negate;
}

static bool members_hold(struct muster_world *w, const struct muster_expectation *x)
{
    bool any = false;
    for (uint32_t p = 0; p < w->process_count; p++) {
        if (!w->process[p].running || (x->has_who && !select_matches(w, &x->who, p)))
            continue;
        any = true;
        bool holds = x->kind == MUSTER_EXPECT_MODE ? w->process[p].claim.mode == x->value
                                                   : state_holds(w, x, p);
        if (!holds)
            return false;
    }
    return any;
}

static bool holds(struct muster_world *w, uint32_t i)
{
    const struct muster_expectation *x = &w->scenario->expect[i];
    uint32_t n = w->expect[i].count;
    if (x->kind == MUSTER_EXPECT_LEADER)
        return leader_holds(w, x);
    if (is_counted(x))
        return n >= x->min && n <= x->max;
    return members_hold(w, x);
}

static void fail(struct muster_world *w, uint32_t i)
{
    const struct muster_expectation *x = &w->scenario->expect[i];
    char text[256], found[96] = "";
    uint32_t leader = select_leader(w, true);
    if (x->kind == MUSTER_EXPECT_LEADER && leader != MUSTER_ANY)
        snprintf(found, sizeof found, ": the leader is %s with epoch %llu", w->process[leader].name,
                 (unsigned long long)w->process[leader].claim.epoch);
    else if (x->kind == MUSTER_EXPECT_LEADER)
        snprintf(found, sizeof found, ": nobody leads");
    else if (is_counted(x))
        snprintf(found, sizeof found, ": seen %u times", w->expect[i].count);
    snprintf(text, sizeof text, "expected %s%s", x->text, found);
    w->expect[i].failed = w->expect[i].done = true;
    world_fail(w, MUSTER_RUN_UNMET, "expect", text, x->mark);
}

/* Judge one expectation now; `last`: its window ends with this instant. */
static void judge(struct muster_world *w, uint32_t i, bool last)
{
    const struct muster_expectation *x = &w->scenario->expect[i];
    struct expect_state *state = &w->expect[i];
    if (state->done || (!state->open && !last))
        return;
    /* Of a count, a lower bound is met once and for all; an upper one can be broken at any time. */
    if (is_counted(x)) {
        if (state->count > x->max)
            fail(w, i);
        else if (last && !holds(w, i))
            fail(w, i);
        else if (last || (x->max == MUSTER_ANY && x->timing == MUSTER_EXPECT_BY && holds(w, i)))
            state->done = true;
        return;
    }
    bool now = holds(w, i);
    if (x->timing == MUSTER_EXPECT_BY)
        state->done = now;
    if (!now && (last || x->timing == MUSTER_EXPECT_DURING))
        fail(w, i);
    if (last)
        state->done = true;
}

/* Does this record count for a counting expectation? */
static bool counts(struct muster_world *w, const struct muster_expectation *x,
                   const struct muster_record *r)
{
    if (x->kind == MUSTER_EXPECT_TARGET)
        return r->kind == MUSTER_EVENT_TARGET_STARTED && r->arg[3] == x->value;
    if (x->has_who && (r->process == MUSTER_NOBODY || !select_matches(w, &x->who, r->process)))
        return false;
    if (x->kind == MUSTER_EXPECT_EVENT)
        return r->kind == x->event;
    bool ended = r->kind == MUSTER_EVENT_NOTE + MUSTER_NOTE_ACTION_ENDED;
    bool skipped = r->kind == MUSTER_EVENT_NOTE + MUSTER_NOTE_ACTION_SKIPPED;
    if ((!ended && !skipped) || r->arg[ended ? 2 : 0] != x->value)
        return false;
    if (!x->word)
        return true;
    const struct muster_config *config = w->scenario->config; /* only our own process has actions */
    uint64_t action = r->arg[ended ? 3 : 1];
    return config && action < config->recovery.action_count &&
           strcmp(config->recovery.action[action].name, x->word) == 0;
}

void expect_see(struct muster_world *w, const struct muster_record *r)
{
    for (uint32_t i = 0; i < w->scenario->expect_count && !w->failed; i++) {
        const struct muster_expectation *x = &w->scenario->expect[i];
        struct expect_state *state = &w->expect[i];
        if (state->done || w->now < x->from || w->now > x->at)
            continue;
        if (is_counted(x)) {
            if (!counts(w, x, r))
                continue;
            state->count++;
        }
        if (x->timing != MUSTER_EXPECT_AT)
            judge(w, i, false);
    }
}

void expect_look(struct muster_world *w)
{
    for (uint32_t i = 0; i < w->scenario->expect_count && !w->failed; i++) {
        const struct muster_expectation *x = &w->scenario->expect[i];
        if (w->now >= x->from && x->timing != MUSTER_EXPECT_AT)
            w->expect[i].open = true;
        if (w->now == x->at)
            judge(w, i, true);
        else if (w->now == x->from)
            judge(w, i, false);
    }
}

void expect_finish(struct muster_world *w)
{
    for (uint32_t i = 0; i < w->scenario->expect_count && !w->failed; i++)
        if (!w->expect[i].done)
            judge(w, i, true);
}
