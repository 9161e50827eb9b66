/* SPDX-License-Identifier: Apache-2.0 */
/* Executors and targets: the way of an effect from the decision to the deed, and back.
 *
 * The executor belongs to the process's machine: it stands still when the process is paused, and
 * reads the lease clock once more before it starts anything (SPEC R14). A target compares and keeps
 * the highest epoch with the effect, and knows what it has done by intent and attempt. What is on
 * its way when the sender gives up arrives all the same: only the target can stop it. */
#include "core/coordinator/work_record.h"
#include "core/text.h"
#include "sim/inside.h"

#include <stdio.h>

#define SEEN      (sizeof((struct target *)0)->seen / sizeof((struct target *)0)->seen[0])
#define ITEMS_MAX (UINT32_C(1) << 17)
#define PROBES    16

/* As many items as the timeline can submit, twice: what fires `whenever` is counted as often as a
 * target remembers other effects. */
static bool items_create(struct muster_world *w)
{
    const struct muster_scenario *s = w->scenario;
    uint64_t items = 0, size = 1;
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const struct muster_entry *e = &s->timeline[i];
        if (e->verb == MUSTER_DO_WORK)
            items += (uint64_t)e->work.count * w->process_capacity * (e->whenever ? SEEN : 1);
    }
    if (items == 0)
        return true;
    while (size < 2 * items && size < ITEMS_MAX)
        size *= 2;
    w->item = muster_arena_take(w->arena, size * sizeof *w->item);
    w->item_mask = (uint32_t)size - 1;
    return w->item != NULL;
}

/* The place of an item: its own, or a free one, or where there is none, that of another. */
static struct item *find_item(struct muster_world *w, uint64_t intent)
{
    for (uint32_t i = 0; i < PROBES; i++) {
        struct item *item = &w->item[(intent + i) & w->item_mask];
        if (item->intent == intent || item->intent == 0)
            return item;
    }
    return &w->item[intent & w->item_mask];
}

bool target_create(struct muster_world *w)
{
    const struct muster_scenario *s = w->scenario;
    if (!items_create(w))
        return false;
    w->target_count = s->target_count + 1;
    w->target = muster_arena_take(w->arena, w->target_count * sizeof *w->target);
    if (!w->target)
        return false;
    for (uint32_t i = 0; i < s->target_count; i++)
        w->target[i].config = s->target[i];
    struct muster_target_config *other = &w->target[s->target_count].config;
    snprintf(other->name, sizeof other->name, "default");
    other->takes = 100 * MUSTER_MILLISECOND;
    other->heals = MUSTER_ANY;
    other->fences = other->deduplicates = true;
    return true;
}

/* The target of an effect: by the action's name, which is the first text of its data. */
static uint32_t find_target(const struct muster_world *w, struct muster_bytes data)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, data);
    uint32_t none = w->target_count - 1;
    int error = muster_flat_next(&r, &v); /* the array's head, then its first element */
    if (error == 0)
        error = muster_flat_next(&r, &v);
    if (error != 0)
        return none;
    for (uint32_t i = 0; i < none; i++)
        if (muster_text_equal(v.bytes, w->target[i].config.runs))
            return i;
    return none;
}

bool action_waits(const struct process *x, uint32_t run, uint32_t generation)
{
    return (x->run_mask >> run & 1) && x->run[run].generation == generation;
}

static uint32_t run_of(struct process *x, uint64_t intent)
{
    for (uint32_t left = x->run_mask; left != 0; left &= left - 1)
        if (x->run[__builtin_ctz(left)].intent == intent)
            return (uint32_t)__builtin_ctz(left);
    return MUSTER_ANY;
}

/* Tell the process how it ended. */
static struct event *finish(struct muster_world *w, uint32_t p, uint32_t run, muster_time t,
                            enum muster_result result, uint64_t epoch, uint64_t cause)
{
    struct run *x = &w->process[p].run[run];
    x->state = RUN_DONE;
    x->due = MUSTER_NEVER;
    struct event *e = process_input(w, p, t, MUSTER_IN_ACTION, x->message, cause);
    e->other = (uint16_t)run;
    e->generation = x->generation;
    e->tag = x->intent;
    e->arg[0] = result;
    e->arg[1] = x->attempt;
    e->arg[2] = epoch;
    return e;
}

void action_begin(struct muster_world *w, uint32_t p, const struct muster_effect *e,
                  uint64_t message, uint64_t cause)
{
    struct process *x = &w->process[p];
    assert(x->run_mask != (UINT32_C(1) << RUNS_MAX) - 1); /* a process bounds what it has running */
    uint32_t i = (uint32_t)__builtin_ctz(~x->run_mask);
    struct run *run = &x->run[i];
    uint32_t generation = run->generation + 1;
    *run = (struct run){.state = RUN_WAITING,
                        .generation = generation,
                        .intent = e->tag,
                        .attempt = e->action.attempt,
                        .epoch = e->action.epoch,
                        .message = message,
                        .not_after = e->action.not_after,
                        .due = MUSTER_NEVER,
                        .timeout = e->action.timeout,
                        .end_slot = NO_SLOT};
    run->target = (uint16_t)find_target(w, e->data);
    x->run_mask |= UINT32_C(1) << i;
    uint32_t slot = world_event(w, EV_EXECUTE, (uint16_t)p);
    struct event *ev = world_at(w, slot);
    ev->incarnation = x->incarnation;
    ev->other = (uint16_t)i;
    ev->generation = generation;
    ev->cause = cause;
    muster_dur d =
        muster_random_between(&x->executor, 20 * MUSTER_MICROSECOND, 300 * MUSTER_MICROSECOND);
    world_push(w, w->now + d, MUSTER_CLASS_DELIVERY, slot);
}

static void send_to_target(struct muster_world *w, uint32_t p, uint32_t i, uint64_t cause)
{
    struct process *x = &w->process[p];
    struct run *run = &x->run[i];
    uint32_t slot = world_event(w, EV_TARGET, (uint16_t)p);
    struct event *e = world_at(w, slot);
    e->other = run->target;
    e->generation = run->generation;
    e->incarnation = x->incarnation;
    e->message = run->message;
    e->cause = cause;
    e->tag = run->intent;
    e->arg[0] = run->epoch;
    e->arg[1] = run->attempt;
    e->arg[2] = i;
    muster_dur d = network_latency(w, endpoint_of_process(w, p), endpoint_of_target(w, run->target),
                                   0, &x->executor);
    world_push(w, w->now + d, MUSTER_CLASS_DELIVERY, slot);
}

void action_execute(struct muster_world *w, uint32_t slot)
{
    struct event *e = world_at(w, slot);
    uint32_t p = e->process, i = e->other;
    struct process *x = &w->process[p];
    if (e->incarnation == x->incarnation && x->running && x->paused) {
        list_add(w, &x->backlog, slot);
        return;
    }
    bool current = e->incarnation == x->incarnation && x->running &&
                   action_waits(x, i, e->generation) && x->run[i].state == RUN_WAITING;
    uint64_t cause = e->cause;
    world_release(w, slot);
    if (!current)
        return;
    struct run *run = &x->run[i];
    muster_time clock = muster_time_max(muster_clock_read(&x->lease, w->now), x->last_now);
    bool late = run->epoch != 0 && clock > run->not_after;
    struct muster_record r = {.process = (uint16_t)p,
                              .message = run->message,
                              .cause = cause,
                              .arg = {run->intent, run->epoch, run->not_after, clock}};
    r.kind = late ? MUSTER_EVENT_EXECUTOR_DROPPED : MUSTER_EVENT_EXECUTOR_STARTED;
    bool silent = !late && run->attempt == 0; /* a seal starts nothing */
    uint64_t number = silent ? cause : world_emit(w, &r);
    if (late) {
        finish(w, p, i, w->now, MUSTER_RESULT_FENCED, 0, number);
        return;
    }
    run->state = RUN_SENT;
    run->due = muster_time_add(clock, run->timeout);
    send_to_target(w, p, i, number);
    process_arm(w, p);
}

static void tell(struct muster_world *w, const struct event *e, enum muster_result result,
                 uint64_t epoch, uint64_t cause)
{
    struct process *x = &w->process[e->process];
    uint32_t i = (uint32_t)e->arg[2];
    if (e->incarnation != x->incarnation || !x->running || !action_waits(x, i, e->generation) ||
        x->run[i].state == RUN_DONE)
        return;
    uint32_t from = endpoint_of_target(w, e->other);
    muster_time t = w->now + network_latency(w, from, e->process, 0, &x->executor);
    muster_time due = x->run[i].due;
    finish(w, e->process, i, t, result, epoch, cause)->from = from + 1;
    x->run[i].due = due; /* until the answer is there, the executor's timeout stands */
}

/* A target that does not fence knows no seals: to it that is an error. */
static void seal_arrive(struct muster_world *w, const struct event *e)
{
    struct target *t = &w->target[e->other];
    struct muster_record r = {.kind = MUSTER_EVENT_TARGET_SEALED,
                              .process = e->process,
                              .message = e->message,
                              .cause = e->cause,
                              .arg = {e->tag, e->arg[0], t->highest, e->other}};
    if (!t->config.fences) {
        tell(w, e, MUSTER_RESULT_FAILED, 0, e->cause);
    } else if (e->arg[0] < t->highest) {
        r.kind = MUSTER_EVENT_TARGET_REFUSED;
        tell(w, e, MUSTER_RESULT_FENCED, t->highest, world_emit(w, &r));
    } else {
        t->highest = e->arg[0];
        tell(w, e, MUSTER_RESULT_SUCCESS, t->highest, world_emit(w, &r));
    }
}

/* What a target knows of an effect. */
struct memory {
    bool stale; /* of an item that it has accepted with a higher number */
    bool seen;  /* done before */
};

static struct memory recall(struct muster_world *w, const struct target *t, const struct event *e)
{
    struct memory m = {0};
    if (w->item && muster_work_is_intent(e->tag)) {
        const struct item *item = find_item(w, e->tag);
        bool known = item->intent == e->tag;
        return (struct memory){known && e->arg[1] < item->number,
                               known && e->arg[1] == item->number};
    }
    for (uint32_t i = 0; i < SEEN; i++)
        m.seen |= t->seen[i].intent == e->tag && t->seen[i].attempt == e->arg[1];
    return m;
}

static void remember(struct muster_world *w, struct target *t, const struct event *e)
{
    if (w->item && muster_work_is_intent(e->tag)) {
        *find_item(w, e->tag) = (struct item){e->tag, e->arg[1]};
        return;
    }
    t->seen[t->seen_next].intent = e->tag;
    t->seen[t->seen_next].attempt = e->arg[1];
    t->seen_next = (t->seen_next + 1) % SEEN;
}

/* The target takes it, and begins. */
static void accept_effect(struct muster_world *w, uint32_t slot, struct muster_record *r)
{
    struct event *e = world_at(w, slot);
    struct target *t = &w->target[e->other];
    remember(w, t, e);
    t->accepted++;
    r->kind = MUSTER_EVENT_TARGET_STARTED;
    e->cause = world_emit(w, r);
    e->type = EV_TARGET_END;
    struct process *x = &w->process[e->process];
    uint32_t i = (uint32_t)e->arg[2];
    if (e->incarnation == x->incarnation && action_waits(x, i, e->generation) &&
        x->run[i].state == RUN_SENT) {
        x->run[i].state = RUN_RUNNING;
        x->run[i].end_slot = slot;
    }
    world_push(w, muster_time_add(w->now, t->config.takes), MUSTER_CLASS_DELIVERY, slot);
}

void action_arrive(struct muster_world *w, uint32_t slot)
{
    struct event *e = world_at(w, slot);
    uint32_t from = endpoint_of_process(w, e->process), to = endpoint_of_target(w, e->other);
    if (network_blocked(w, from, to)) {
        network_hold(w, from, to, slot);
        return;
    }
    if (e->arg[1] == 0) {
        seal_arrive(w, e);
        world_release(w, slot);
        return;
    }
    struct target *t = &w->target[e->other];
    struct muster_record r = {.process = e->process,
                              .message = e->message,
                              .cause = e->cause,
                              .arg = {e->tag, e->arg[0], e->arg[1], e->other}};
    struct memory known = recall(w, t, e);
    if (t->config.fences && ((e->arg[0] != 0 && e->arg[0] < t->highest) || known.stale)) {
        r.kind = MUSTER_EVENT_TARGET_REFUSED;
        r.arg[2] = t->highest;
        tell(w, e, MUSTER_RESULT_FENCED, t->highest, world_emit(w, &r));
        world_release(w, slot);
        return;
    }
    if (e->arg[0] > t->highest)
        t->highest = e->arg[0];
    if (t->config.deduplicates && known.seen) {
        r.kind = MUSTER_EVENT_TARGET_REPEATED;
        tell(w, e, MUSTER_RESULT_SUCCESS, t->highest, world_emit(w, &r));
        world_release(w, slot);
        return;
    }
    accept_effect(w, slot, &r);
}

void action_end(struct muster_world *w, uint32_t slot)
{
    struct event *e = world_at(w, slot);
    struct target *t = &w->target[e->other];
    if (!e->late) { /* late: it was killed before */
        bool failed = t->config.result == MUSTER_TARGET_FAIL;
        enum muster_result result = failed ? MUSTER_RESULT_FAILED : MUSTER_RESULT_SUCCESS;
        struct muster_record r = {.kind = MUSTER_EVENT_TARGET_ENDED,
                                  .process = e->process,
                                  .message = e->message,
                                  .cause = e->cause,
                                  .arg = {e->tag, result, e->arg[1], e->other}};
        uint64_t number = world_emit(w, &r);
        if (!failed && t->config.heals != MUSTER_ANY)
            health_set(w, t->config.heals, HEALTHY_TEXT);
        tell(w, e, result, t->highest, number);
    }
    world_release(w, slot);
}

/* The executor gives a run up: kills what it can reach. What cannot be reached may still happen. */
static void give_up(struct muster_world *w, uint32_t p, uint32_t i, enum muster_result result,
                    uint64_t cause)
{
    struct run *run = &w->process[p].run[i];
    bool reachable =
        !network_blocked(w, endpoint_of_process(w, p), endpoint_of_target(w, run->target));
    if (run->state == RUN_RUNNING && reachable) {
        world_at(w, run->end_slot)->late = true;
        world_say(w, MUSTER_EVENT_TARGET_ENDED, (uint16_t)p, run->intent, result, run->attempt,
                  run->target, NULL);
    } else if (run->state != RUN_WAITING) {
        result = MUSTER_RESULT_UNKNOWN;
    }
    finish(w, p, i, w->now, result, 0, cause);
}

void action_cancel(struct muster_world *w, uint32_t p, uint64_t intent, uint64_t cause)
{
    uint32_t i = run_of(&w->process[p], intent);
    if (i != MUSTER_ANY && w->process[p].run[i].state != RUN_DONE)
        give_up(w, p, i, MUSTER_RESULT_CANCELLED, cause);
}

muster_time action_due(const struct process *p)
{
    muster_time due = MUSTER_NEVER;
    for (uint32_t left = p->run_mask; left != 0; left &= left - 1)
        due = muster_time_min(due, p->run[__builtin_ctz(left)].due);
    return due;
}

void action_timeouts(struct muster_world *w, uint32_t p)
{
    struct process *x = &w->process[p];
    muster_time clock = muster_clock_read(&x->lease, w->now);
    for (uint32_t left = x->run_mask; left != 0; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(left);
        if (x->run[i].due <= clock)
            give_up(w, p, i, MUSTER_RESULT_TIMED_OUT, 0);
    }
}

void action_orphan(struct muster_world *w, uint32_t p)
{
    w->process[p].run_mask = 0; /* what has left goes on; nobody hears of it */
}
