/* SPDX-License-Identifier: Apache-2.0 */
/* One try: loaded, run and watched. */
#include "sim/shrink/shrink.h"

#include "core/config.h"

#include <stdio.h>
#include <string.h>

#define TRY_PATH "shrunk.yaml"
#define POISON   0xa5

struct watch {
    struct muster_shrink_outcome *outcome;
    struct muster_signature signature;
    const uint32_t *item_of; /* by entry of the scenario */
    uint32_t fired;          /* the item that fired last, while time stands still */
    muster_time fired_at;
};

/* ---- what a scenario assumes ---- */

static uint32_t magnitude(int32_t ppm)
{
    return ppm < 0 ? (uint32_t) - (int64_t)ppm : (uint32_t)ppm;
}

static uint32_t worst_drift(const struct muster_scenario *s)
{
    uint32_t worst = 0;
    for (uint32_t i = 0; i < s->members; i++) {
        uint32_t drift = magnitude(s->clock[i].drift_ppm);
        worst = drift > worst ? drift : worst;
    }
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const struct muster_entry *e = &s->timeline[i];
        if (e->verb != MUSTER_DO_CLOCK || e->clock.which != MUSTER_CLOCK_LEASE ||
            !e->clock.has_drift)
            continue;
        uint32_t drift = magnitude(e->clock.drift_ppm);
        worst = drift > worst ? drift : worst;
    }
    return worst;
}

static uint32_t limits_of(const struct muster_scenario *s)
{
    const struct muster_config *config = s->config;
    uint32_t limits = 0;
    if (strcmp(s->process->name, "muster") != 0)
        return 0;
    if ((s->assumptions & MUSTER_ASSUME_DRIFT) && worst_drift(s) > config->max_clock_drift_ppm)
        limits |= MUSTER_SHRINK_DRIFTS;
    if (muster_config_trusts_store(config, s->voters))
        limits |= MUSTER_SHRINK_STORE;
    return limits;
}

/* ---- watching ---- */

static bool same_mark(const struct muster_mark *a, const struct muster_mark *b)
{
    return a->line == b->line && a->column == b->column;
}

/* One item of the file may be several entries of the scenario, which then share its mark. */
static uint32_t count_items(const struct muster_scenario *s, uint32_t *item_of)
{
    uint32_t items = 0;
    for (uint32_t i = 0; i < s->entry_count; i++) {
        items += i == 0 || !same_mark(&s->timeline[i].mark, &s->timeline[i - 1].mark);
        item_of[i] = items - 1;
    }
    return items;
}

static void watch(void *cookie, const struct muster_world *w, const struct muster_record *r)
{
    struct watch *x = cookie;
    struct muster_shrink_outcome *o = x->outcome;
    o->failed_at = r->time; /* should it die of it */
    muster_signature_see(&x->signature, r);
    o->cut += r->kind == MUSTER_EVENT_PARTITION;
    o->cut -= r->kind == MUSTER_EVENT_HEAL && o->cut > 0;
    if (r->kind == MUSTER_EVENT_FIRED) {
        x->fired = x->item_of[r->arg[0]];
        x->fired_at = r->time;
        if (x->fired < MUSTER_SHRINK_ITEMS_MAX && o->item[x->fired].at == MUSTER_NEVER)
            o->item[x->fired].at = r->time;
        return;
    }
    bool fault = r->kind > MUSTER_EVENT_FIRED && r->kind <= MUSTER_EVENT_CLOCK;
    fault = fault || r->kind == MUSTER_EVENT_DISK_FAULT || r->kind == MUSTER_EVENT_RESET;
    if (!fault || r->process == MUSTER_NOBODY || r->time != x->fired_at ||
        x->fired >= MUSTER_SHRINK_ITEMS_MAX || o->item[x->fired].hit[0] ||
        o->item[x->fired].at != r->time)
        return;
    snprintf(o->item[x->fired].hit, sizeof o->item[x->fired].hit, "%s",
             muster_world_name(w, r->process));
}

static uint32_t find_expectation(const struct muster_scenario *s, struct muster_mark mark)
{
    uint32_t item = 0;
    for (uint32_t i = 0; i < s->expect_count; i++) {
        item += i > 0 && !same_mark(&s->expect[i].mark, &s->expect[i - 1].mark);
        if (same_mark(&s->expect[i].mark, &mark))
            return item;
    }
    return item;
}

static uint32_t count_changes(const struct muster_scenario *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const struct muster_entry *e = &s->timeline[i];
        n += e->verb == MUSTER_DO_VOTER_INIT;
        n += e->verb == MUSTER_DO_RESTART && e->restart.electorate > 0;
    }
    return n;
}

/* ---- a try ---- */

static void tell_end(const struct watch *x, struct muster_world *w)
{
    struct muster_shrink_outcome *o = x->outcome;
    const struct muster_scenario *s = muster_world_scenario(w);
    struct muster_verdict v;
    muster_world_finish(w, &v);
    o->code = (int32_t)v.code;
    o->never_judged = v.never_judged;
    o->events = v.events;
    o->failed_at = v.failed_at;
    for (uint32_t p = 0; p < muster_world_members(w); p++)
        o->down += !muster_world_running(w, p);
    snprintf(o->property, sizeof o->property, "%s", v.property ? v.property : "");
    snprintf(o->text, sizeof o->text, "%s", v.text);
    if (v.mark.source && strcmp(o->property, "expect") == 0)
        o->expectation = find_expectation(s, v.mark);
    if (v.code != MUSTER_RUN_PASSED)
        muster_signature_write(&x->signature, s, o->property, o->text, o->signature);
}

static void run_loaded(const struct muster_scenario *s, uint64_t seed, struct muster_arena *a,
                       struct muster_shrink_outcome *o)
{
    struct muster_memory memory = {0};
    uint32_t *item_of = muster_memory_take(&memory, (s->entry_count + 1) * sizeof *item_of);
    struct watch x = {.outcome = o, .item_of = item_of, .fired = MUSTER_SHRINK_ITEMS_MAX};
    o->items = count_items(s, item_of);
    o->members = s->members;
    o->changes = count_changes(s);
    for (uint32_t i = 0; i < MUSTER_SHRINK_ITEMS_MAX; i++)
        o->item[i].at = MUSTER_NEVER;
    o->loaded = true;
    muster_arena_reset(a, POISON);
    struct muster_world *w = muster_world_create(a, s, seed);
    if (!w) {
        o->code = MUSTER_RUN_INTERNAL;
        snprintf(o->text, sizeof o->text, "the world of this scenario does not fit into its arena");
    } else {
        muster_world_sink(w, watch, &x);
        while (muster_world_run(w, MUSTER_NEVER))
            continue;
        tell_end(&x, w);
    }
    muster_memory_free(&memory);
}

void muster_shrink_run(const struct muster_shrink_try *t, const struct muster_registry *registry,
                       struct muster_arena *a, struct muster_shrink_outcome *o)
{
    struct muster_memory memory = {0};
    struct muster_diagnostics *d = muster_memory_take(&memory, sizeof *d);
    struct muster_sources sources = {.sealed = true};
    memset(o, 0, sizeof *o);
    muster_source_add(&sources, TRY_PATH, t->text, t->size);
    struct muster_scenario *s = muster_scenario_load(TRY_PATH, &sources, registry, d);
    o->limits = s ? limits_of(s) : 0;
    if (s)
        muster_scenario_lint(s, d);
    o->warnings = d->warnings;
    if (s && t->events_max > 0 && t->events_max < s->events_max)
        s->events_max = t->events_max;
    if (s && (o->limits & ~t->limits) == 0)
        run_loaded(s, t->seed, a, o);
    muster_scenario_free(s);
    muster_sources_free(&sources);
    muster_memory_free(&memory);
}

void muster_shrink_crashed(struct muster_shrink_outcome *o, const char *text)
{
    o->code = MUSTER_RUN_SAFETY;
    snprintf(o->property, sizeof o->property, "no_crash");
    snprintf(o->text, sizeof o->text, "%s", text);
    muster_signature_crash(text, o->signature);
}

bool muster_shrink_fails(const struct muster_shrink_outcome *o)
{
    bool code = o->code == MUSTER_RUN_SAFETY || o->code == MUSTER_RUN_UNMET;
    return o->loaded && code && !o->never_judged && strcmp(o->property, "timeline") != 0 &&
           strcmp(o->property, "expect_failure") != 0;
}
