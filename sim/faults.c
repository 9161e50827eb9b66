/* SPDX-License-Identifier: Apache-2.0 */
/* What the entries of a timeline do, and how it is undone when their `for` ends. */
#include "sim/inside.h"

#include <inttypes.h>
#include <stdio.h>

/* Remember what an entry was resolved to, for its end. */
static void remember(struct muster_world *w, struct entry_state *state, const uint16_t *found,
                     uint32_t count)
{
    if (state->found)
        world_release_buffer(w, (uint8_t *)state->found, state->count * (uint32_t)sizeof *found);
    state->count = count;
    state->found = NULL;
    if (count == 0)
        return;
    state->found = (uint16_t *)(void *)world_buffer(w, count * (uint32_t)sizeof *found);
    memcpy(state->found, found, count * sizeof *found);
}

/* ---- partitions ---- */

static void set_sides(struct muster_world *w, const struct muster_entry *e)
{
    uint16_t found[UINT8_MAX];
    memset(w->side, UINT8_MAX, w->process_capacity);
    w->sides = e->partition.sides;
    w->store_group = UINT32_MAX;
    uint8_t *side =
        w->scratch; /* all sides are resolved before any is set: a selector may ask for them */
    memset(side, UINT8_MAX, UINT8_MAX);
    for (uint32_t i = 0; i < e->partition.sides; i++) {
        uint32_t n = select_endpoints(w, &e->partition.side[i], found, UINT8_MAX);
        for (uint32_t k = 0; k < n; k++) {
            if (found[k] < w->process_count)
                side[found[k]] = (uint8_t)i;
            else if (found[k] == endpoint_of_store(w, w->store.master))
                w->store_group = i;
        }
    }
    memcpy(w->side, side, w->process_capacity);
}

static uint32_t cross(const uint16_t *a, uint32_t na, const uint16_t *b, uint32_t nb,
                      uint16_t *pairs, uint32_t count)
{
    for (uint32_t i = 0; i < na; i++)
        for (uint32_t j = 0; j < nb; j++) {
            pairs[count++] = a[i];
            pairs[count++] = b[j];
        }
    return count;
}

static bool partition(struct muster_world *w, const struct muster_entry *e,
                      struct entry_state *state)
{
    uint16_t a[UINT8_MAX], b[UINT8_MAX];
    uint16_t *pairs = (uint16_t *)(void *)w->scratch;
    uint32_t count = 0;
    for (uint32_t i = 0; i < e->partition.sides; i++) {
        uint32_t na = select_endpoints(w, &e->partition.side[i], a, UINT8_MAX);
        for (uint32_t j = 0; j < e->partition.sides; j++) {
            if (i == j || (e->partition.one_way && i > 0))
                continue;
            uint32_t nb = select_endpoints(w, &e->partition.side[j], b, UINT8_MAX);
            assert((count + 2 * na * nb) * sizeof *pairs <= SCRATCH);
            count = cross(a, na, b, nb, pairs, count);
        }
    }
    remember(w, state, pairs, count);
    set_sides(w, e);
    for (uint32_t i = 0; i < state->count; i += 2)
        network_block(w, state->found[i], state->found[i + 1]);
    return count > 0;
}

static void heal(struct muster_world *w)
{
    for (uint32_t from = 0; from < w->endpoints; from++)
        for (uint32_t to = 0; to < w->endpoints; to++)
            network_unblock(w, from, to, true);
}

/* ---- processes ---- */

static bool can(const struct process *x, enum muster_verb_kind verb)
{
    switch (verb) {
    case MUSTER_DO_RESTART:
        return !x->running;
    case MUSTER_DO_PAUSE:
        return x->running && !x->paused;
    case MUSTER_DO_RESUME:
        return x->running && x->paused;
    case MUSTER_DO_CRASH:
    case MUSTER_DO_STOP:
    case MUSTER_DO_TWIN:
    case MUSTER_DO_TRIGGER:
    case MUSTER_DO_COMMAND:
    case MUSTER_DO_ANOMALY:
    case MUSTER_DO_PHASE:
    case MUSTER_DO_DRY_RUN:
    case MUSTER_DO_ACKNOWLEDGE:
    case MUSTER_DO_STEP_DOWN:
    case MUSTER_DO_SWITCHOVER:
    case MUSTER_DO_PAUSE_RECOVERY:
    case MUSTER_DO_VOTER_INIT:
    case MUSTER_DO_WORK:
        return x->running;
    default:
        return true;
    }
}

static void command(struct muster_world *w, uint32_t p, enum muster_verb verb, const char *text,
                    const char *more)
{
    char data[512];
    int n =
        snprintf(data, sizeof data, "%s%s%s", text ? text : "", more ? " " : "", more ? more : "");
    struct event *e = process_input(w, p, w->now, MUSTER_IN_COMMAND, 0, w->numbers);
    e->arg[0] = verb;
    world_data(w, e,
               (struct muster_bytes){(uint8_t *)data,
                                     n < (int)sizeof data ? (size_t)n : sizeof data - 1});
}

/* Nobody to be found is no member's name: the leader refuses it. */
static void switch_over(struct muster_world *w, uint32_t p, const struct muster_selection *to)
{
    uint32_t found[SELECTION_MAX];
    uint32_t n = select_processes(w, to, found);
    command(w, p, MUSTER_VERB_SWITCHOVER,
            n > 0 ? w->scenario->names[w->process[found[0]].member] : "", NULL);
}

static void init_voter(struct muster_world *w, uint32_t p, uint64_t floor)
{
    char text[32];
    snprintf(text, sizeof text, "floor=%" PRIu64, floor);
    command(w, p, MUSTER_VERB_VOTER_INIT, text, NULL);
}

/* Ids are told apart by the round, and by the node where one entry is for several. */
static void submit(struct muster_world *w, uint32_t p, const struct muster_entry *e)
{
    const struct entry_state *state = &w->entry[e - w->scenario->timeline];
    char round[16] = "", text[512];
    if (e->work.count > 1)
        snprintf(round, sizeof round, ".%u", state->rounds);
    bool several = state->count > 1;
    snprintf(text, sizeof text, "id=%s%s%s%s action=%s idempotent=%s", e->work.id, round,
             several ? "." : "", several ? w->process[p].name : "", e->work.action,
             e->work.idempotent ? "yes" : "no");
    command(w, p, MUSTER_VERB_WORK, text, e->work.params);
}

static void change_clock(struct muster_world *w, uint32_t p, const struct muster_entry *e)
{
    bool lease = e->clock.which == MUSTER_CLOCK_LEASE;
    struct muster_clock *c = lease ? &w->process[p].lease : &w->process[p].wall;
    int64_t step = e->clock.has_step ? e->clock.step : 0;
    if (lease && step < 0)
        step = 0; /* the boot-time clock never goes back */
    muster_clock_change(c, w->now, step, e->clock.has_drift ? e->clock.drift_ppm : c->drift_ppm);
    world_say(w, MUSTER_EVENT_CLOCK, (uint16_t)p, e->clock.which, (uint64_t)step,
              (uint64_t)(int64_t)c->drift_ppm, 0, NULL);
    process_arm(w, p);
}

static void set_disk(struct muster_world *w, uint32_t p, enum muster_disk_fault fault,
                     muster_dur latency)
{
    struct muster_disk *d = &w->process[p].disk;
    struct muster_random r = muster_random_named(w->seed, w->process[p].name, w->numbers);
    d->full = fault == MUSTER_DISK_FAULT_FULL;
    d->error = fault == MUSTER_DISK_FAULT_ERROR;
    d->slow = fault == MUSTER_DISK_FAULT_SLOW ? latency : 0;
    if (fault == MUSTER_DISK_FAULT_ROT)
        muster_disk_rot(d, &r);
    if (fault == MUSTER_DISK_FAULT_LOST)
        muster_disk_crash(d, MUSTER_DISK_GONE, &r);
    world_say(w, MUSTER_EVENT_DISK_FAULT, (uint16_t)p, fault, fault != MUSTER_DISK_FAULT_GOOD, 0, 0,
              NULL);
}

static void slow(struct muster_world *w, uint32_t p, muster_dur by)
{
    w->process[p].slow = by;
    world_say(w, MUSTER_EVENT_SLOW, (uint16_t)p, by, 0, 0, 0, NULL);
}

static void reset(struct muster_world *w, uint32_t p, const struct muster_entry *e)
{
    if (e->reset.endpoint.kind != MUSTER_AT_STORE || !w->process[p].running)
        return;
    world_say(w, MUSTER_EVENT_RESET, (uint16_t)p, endpoint_of_store(w, w->process[p].instance), 0,
              0, 0, NULL);
    process_disconnect(w, p, w->now, w->numbers);
}

static uint32_t start_twin(struct muster_world *w, uint32_t original)
{
    uint32_t p = process_twin(w, original);
    if (p != MUSTER_ANY)
        process_start(w, p);
    return p;
}

/* One process; returns the process that `as` binds. */
static uint32_t act(struct muster_world *w, uint32_t p, const struct muster_entry *e)
{
    switch (e->verb) {
    case MUSTER_DO_CRASH:
        process_crash(w, p, (enum muster_disk_crash)e->crash.disk);
        break;
    case MUSTER_DO_RESTART:
        if (e->restart.electorate > 0)
            process_electorate(w, p, (enum muster_scenario_electorate)(e->restart.electorate - 1));
        if (e->restart.config > 0)
            w->process[p].config = e->restart.config - 1;
        w->process[p].bootstraps = e->restart.bootstrap;
        process_start(w, p);
        break;
    case MUSTER_DO_PAUSE:
        process_pause(w, p);
        break;
    case MUSTER_DO_RESUME:
        process_resume(w, p);
        break;
    case MUSTER_DO_SLOW:
        slow(w, p, e->slow.by);
        break;
    case MUSTER_DO_STOP:
        command(w, p, MUSTER_VERB_SHUTDOWN, NULL, NULL);
        break;
    case MUSTER_DO_TWIN:
        return start_twin(w, p);
    case MUSTER_DO_RESET:
        reset(w, p, e);
        break;
    case MUSTER_DO_CLOCK:
        change_clock(w, p, e);
        break;
    case MUSTER_DO_HEALTH:
        health_set(w, w->process[p].member, e->health.text);
        break;
    case MUSTER_DO_DISK:
        set_disk(w, p, e->disk.fault, e->disk.latency);
        break;
    case MUSTER_DO_TRIGGER:
    case MUSTER_DO_COMMAND:
    case MUSTER_DO_ANOMALY:
    case MUSTER_DO_PHASE:
    case MUSTER_DO_DRY_RUN:
    case MUSTER_DO_ACKNOWLEDGE:
    case MUSTER_DO_STEP_DOWN:
    case MUSTER_DO_PAUSE_RECOVERY:
        command(w, p, e->order.verb, e->order.text, e->order.more);
        break;
    case MUSTER_DO_SWITCHOVER:
        switch_over(w, p, &e->switchover.to);
        break;
    case MUSTER_DO_VOTER_INIT:
        init_voter(w, p, e->voter_init.floor);
        break;
    case MUSTER_DO_WORK:
        submit(w, p, e);
        break;
    case MUSTER_DO_PARTITION:
    case MUSTER_DO_HEAL:
    case MUSTER_DO_LINK:
    case MUSTER_DO_TARGET:
    case MUSTER_DO_STORE:
        assert(false); /* not about processes */
        break;
    }
    return p;
}

static bool act_on_processes(struct muster_world *w, const struct muster_entry *e,
                             struct entry_state *state)
{
    uint32_t found[SELECTION_MAX];
    uint16_t kept[SELECTION_MAX];
    uint32_t n = select_processes(w, &e->who, found), count = 0;
    for (uint32_t i = 0; i < n; i++)
        if (can(&w->process[found[i]], e->verb))
            kept[count++] = (uint16_t)found[i];
    remember(w, state, kept, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bound = act(w, kept[i], e);
        if (i == 0 && e->binding != MUSTER_ANY)
            w->binding[e->binding] = bound;
    }
    return count > 0;
}

static void change_store_clock(struct muster_world *w, const struct muster_entry *e)
{
    struct muster_clock *c = &w->store.clock;
    int64_t step = e->clock.has_step ? e->clock.step : 0;
    muster_clock_change(c, w->now, step, e->clock.has_drift ? e->clock.drift_ppm : c->drift_ppm);
    world_say(w, MUSTER_EVENT_CLOCK, MUSTER_NOBODY, MUSTER_CLOCK_STORE, (uint64_t)step,
              (uint64_t)(int64_t)c->drift_ppm, 0, NULL);
}

static void say_link(struct muster_world *w, const struct muster_entry *e)
{
    world_say(w, MUSTER_EVENT_LINK, MUSTER_NOBODY, e->link.a.index, e->link.b.index,
              e->link.link.latency.min, e->link.link.latency.max, NULL);
}

bool fault_begin(struct muster_world *w, uint32_t entry)
{
    const struct muster_entry *e = &w->scenario->timeline[entry];
    struct entry_state *state = &w->entry[entry];
    switch (e->verb) {
    case MUSTER_DO_PARTITION:
        return partition(w, e, state);
    case MUSTER_DO_HEAL:
        heal(w);
        return true;
    case MUSTER_DO_LINK:
        network_link(w, &e->link);
        say_link(w, e);
        return true;
    case MUSTER_DO_TARGET:
        w->target[e->target.index].config = e->target.config;
        return true;
    case MUSTER_DO_STORE:
        store_fault(w, e);
        return true;
    case MUSTER_DO_CLOCK:
        if (e->clock.which != MUSTER_CLOCK_STORE)
            return act_on_processes(w, e, state);
        change_store_clock(w, e);
        return true;
    default:
        return act_on_processes(w, e, state);
    }
}

/* ---- ends ---- */

static void undo(struct muster_world *w, uint32_t p, const struct muster_entry *e)
{
    struct process *x = &w->process[p];
    switch (e->verb) {
    case MUSTER_DO_CRASH:
    case MUSTER_DO_STOP: /* it may be draining still: then it is left to stop */
        if (!x->running)
            process_start(w, p);
        break;
    case MUSTER_DO_PAUSE:
        if (x->running && x->paused)
            process_resume(w, p);
        break;
    case MUSTER_DO_SLOW:
        slow(w, p, 0);
        break;
    case MUSTER_DO_CLOCK:
        muster_clock_change(&x->lease, w->now, 0, w->scenario->clock[x->member].drift_ppm);
        process_arm(w, p);
        break;
    case MUSTER_DO_HEALTH:
        health_set(w, x->member, HEALTHY_TEXT);
        break;
    case MUSTER_DO_DISK:
        set_disk(w, p, MUSTER_DISK_FAULT_GOOD, 0);
        break;
    default:
        break; /* it was an instant */
    }
}

void fault_end(struct muster_world *w, uint32_t entry)
{
    const struct muster_entry *e = &w->scenario->timeline[entry];
    struct entry_state *state = &w->entry[entry];
    switch (e->verb) {
    case MUSTER_DO_PARTITION:
        for (uint32_t i = 0; i < state->count; i += 2)
            network_unblock(w, state->found[i], state->found[i + 1], false);
        break;
    case MUSTER_DO_LINK:
        network_link_default(w, &e->link);
        break;
    case MUSTER_DO_TARGET:
        w->target[e->target.index].config = w->scenario->target[e->target.index];
        break;
    case MUSTER_DO_STORE:
        store_fault_end(w, e);
        break;
    default:
        for (uint32_t i = 0; i < state->count; i++)
            undo(w, state->found[i], e);
        break;
    }
}
