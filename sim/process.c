/* SPDX-License-Identifier: Apache-2.0 */
/* Processes in the world: the door, the effects that come out of it, life and death. */
#include "core/orchestrator/health.h"
#include "sim/inside.h"

static bool alive(const struct process *x)
{
    return x->running && !x->stopped;
}

/* ---- requests ---- */

static uint32_t request_begin(struct muster_world *w, uint32_t p, const struct muster_effect *e,
                              uint64_t message)
{
    struct process *x = &w->process[p];
    assert(x->request_mask != UINT32_MAX); /* a process bounds what it asks at a time */
    uint32_t i = (uint32_t)__builtin_ctz(~x->request_mask);
    struct request *q = &x->request[i];
    x->request_mask |= UINT32_C(1) << i;
    q->generation++;
    q->endpoint = (uint8_t)e->request.endpoint;
    q->tag = e->tag;
    q->message = message;
    q->due = MUSTER_NEVER;
    if (e->request.timeout > 0)
        q->due = muster_time_add(muster_clock_read(&x->lease, w->now), e->request.timeout);
    return i;
}

static bool request_waits(const struct process *x, uint32_t i, uint32_t generation)
{
    return (x->request_mask >> i & 1) && x->request[i].generation == generation;
}

struct event *process_input(struct muster_world *w, uint32_t p, muster_time t, uint16_t kind,
                            uint64_t message, uint64_t cause)
{
    uint32_t slot = world_event(w, EV_INPUT, (uint16_t)p);
    struct event *e = world_at(w, slot);
    e->kind = kind;
    e->incarnation = w->process[p].incarnation;
    e->message = message;
    e->cause = cause;
    world_push(w, t, MUSTER_CLASS_DELIVERY, slot);
    return e;
}

struct event *process_reply(struct muster_world *w, uint32_t p, uint32_t request,
                            uint32_t generation, muster_time t, enum muster_status status,
                            struct muster_bytes data, uint64_t cause)
{
    struct process *x = &w->process[p];
    if (!request_waits(x, request, generation))
        return NULL;
    struct request *q = &x->request[request];
    struct event *e = process_input(w, p, t, MUSTER_IN_REPLY, q->message, cause);
    e->other = (uint16_t)request;
    e->generation = generation;
    e->tag = q->tag;
    e->status = (uint16_t)status;
    e->arg[0] = q->endpoint;
    world_data(w, e, data);
    return e;
}

void process_disconnect(struct muster_world *w, uint32_t p, muster_time t, uint64_t cause)
{
    struct process *x = &w->process[p];
    store_forget(w, p);
    x->connection++;
    x->sent_until = x->received_until = 0;
    for (uint32_t left = x->request_mask; left != 0; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(left);
        if (x->request[i].endpoint == MUSTER_ENDPOINT_STORE)
            process_reply(w, p, i, x->request[i].generation, t, MUSTER_STATUS_UNKNOWN,
                          (struct muster_bytes){0}, cause);
    }
}

/* Requests whose time is up end as UNKNOWN; a store connection does not survive it. */
static bool time_out_requests(struct muster_world *w, uint32_t p, muster_time clock)
{
    struct process *x = &w->process[p];
    bool any = false, store = false;
    for (uint32_t left = x->request_mask; left != 0; left &= left - 1) {
        struct request *q = &x->request[__builtin_ctz(left)];
        if (q->due > clock)
            continue;
        q->due = MUSTER_NEVER;
        any = true;
        if (q->endpoint == MUSTER_ENDPOINT_STORE)
            store = true;
        else
            process_reply(w, p, (uint32_t)__builtin_ctz(left), q->generation, w->now,
                          MUSTER_STATUS_UNKNOWN, (struct muster_bytes){0}, 0);
    }
    if (store)
        process_disconnect(w, p, w->now, 0);
    return any;
}

/* ---- the disk ---- */

static void disk_begin(struct muster_world *w, uint32_t p, const struct muster_effect *e,
                       uint64_t message, uint64_t cause)
{
    struct process *x = &w->process[p];
    assert(e->disk.file < MUSTER_DISK_FILES);
    uint32_t slot = world_event(w, EV_DISK, (uint16_t)p);
    struct event *ev = world_at(w, slot);
    ev->incarnation = x->incarnation;
    ev->message = message;
    ev->cause = cause;
    ev->tag = e->tag;
    ev->arg[0] = e->disk.operation;
    ev->arg[1] = e->disk.file;
    ev->arg[2] = e->disk.operation == MUSTER_DISK_READ ? e->disk.offset : 0;
    uint64_t offset = e->disk.operation == MUSTER_DISK_APPEND ? MUSTER_DISK_END : e->disk.offset;
    if (e->disk.operation == MUSTER_DISK_WRITE || e->disk.operation == MUSTER_DISK_APPEND)
        ev->status = (uint16_t)muster_disk_write(&x->disk, w->arena, (uint32_t)e->disk.file, offset,
                                                 e->data);
    const struct muster_latency *sync = &w->scenario->disk;
    muster_dur d = 20 * MUSTER_MICROSECOND;
    if (e->disk.operation == MUSTER_DISK_SYNC) {
        d = muster_random_between(&x->disks, sync->min, sync->max);
        if (muster_random_chance(&x->disks, sync->tail_ppm))
            d += muster_random_below(&x->disks, sync->tail_max + 1);
    }
    x->disk_free = muster_time_max(x->disk_free, w->now) + d + x->disk.slow;
    world_push(w, x->disk_free, MUSTER_CLASS_DELIVERY, slot);
}

/* The operation ends on the disk, whether or not its process can hear of it. */
static void disk_end(struct muster_world *w, struct event *e)
{
    struct process *x = &w->process[e->process];
    uint32_t file = (uint32_t)e->arg[1];
    if (e->arg[0] == MUSTER_DISK_READ) {
        world_data(w, e, muster_disk_read(&x->disk, file, e->arg[2]));
        e->arg[2] = 0; /* the input says operation and file */
    } else if (e->arg[0] == MUSTER_DISK_SYNC) {
        e->status = (uint16_t)muster_disk_sync(&x->disk, file, &x->disks);
        struct muster_bytes held = muster_disk_durable(&x->disk, file);
        struct muster_record r = {.kind = MUSTER_EVENT_DURABLE,
                                  .process = e->process,
                                  .message = e->message,
                                  .cause = e->cause,
                                  .arg = {file, held.size}};
        size_t shown = held.size < 512 ? held.size : 512;
        if (shown > 0)
            r.data = (struct muster_bytes){held.at + held.size - shown, shown};
        if (e->status == MUSTER_STATUS_OK)
            world_emit(w, &r);
    }
    e->type = EV_INPUT;
    e->kind = MUSTER_IN_DISK;
}

/* ---- the door ---- */

static void carry_out(struct muster_world *w, uint32_t p, const struct muster_effect *e,
                      uint64_t cause)
{
    bool note = e->kind == MUSTER_OUT_NOTE;
    bool sends = !note && e->kind != MUSTER_OUT_CANCEL;
    struct muster_record r = {.process = (uint16_t)p,
                              .cause = cause,
                              .tag = e->tag,
                              .data = e->data};
    r.kind = (uint16_t)(note ? MUSTER_EVENT_NOTE + e->note : MUSTER_EVENT_EFFECT + e->kind);
    r.message = sends ? ++w->messages : 0;
    memcpy(r.arg, e->arg, sizeof r.arg);
    uint64_t number = world_emit(w, &r);
    uint32_t q;
    switch ((enum muster_effect_kind)e->kind) {
    case MUSTER_OUT_REQUEST:
        q = request_begin(w, p, e, r.message);
        if (e->request.endpoint == MUSTER_ENDPOINT_STORE)
            store_request(w, p, q, e, number);
        else
            health_request(w, p, q, number);
        break;
    case MUSTER_OUT_SEND:
        network_send(w, p, e, r.message, number);
        break;
    case MUSTER_OUT_DISK:
        disk_begin(w, p, e, r.message, number);
        break;
    case MUSTER_OUT_ACTION:
        action_begin(w, p, e, r.message, number);
        break;
    case MUSTER_OUT_CANCEL:
        action_cancel(w, p, e->tag, number);
        break;
    case MUSTER_OUT_NOTE:
        break;
    }
}

static void deliver(struct muster_world *w, uint32_t p, struct muster_input *in, uint64_t message,
                    uint64_t cause)
{
    struct process *x = &w->process[p];
    const struct muster_process *table = w->scenario->process;
    in->now = muster_time_max(muster_clock_read(&x->lease, w->now), x->last_now);
    in->wall = muster_clock_read(&x->wall, w->now) / MUSTER_MILLISECOND;
    x->last_now = in->now;
    struct muster_record r = {.kind = in->kind,
                              .process = (uint16_t)p,
                              .status = in->status,
                              .clock = in->now,
                              .wall = in->wall,
                              .message = message,
                              .cause = cause,
                              .tag = in->tag,
                              .data = in->data};
    memcpy(r.arg, in->arg, sizeof r.arg);
    uint64_t number = world_emit(w, &r);
    struct muster_effects *out = w->effects;
    out->count = out->used = 0;
    table->handle(x->self, in, out);
    assert(out->count <= MUSTER_EFFECTS_MAX && out->used <= MUSTER_EFFECTS_ROOM);
    for (uint32_t i = 0; i < out->count; i++)
        carry_out(w, p, &out->at[i], number);
    if (x->stopped)
        process_retire(w, p);
    else
        process_arm(w, p);
}

void process_arm(struct muster_world *w, uint32_t p)
{
    struct process *x = &w->process[p];
    if (!alive(x) || x->paused)
        return;
    muster_time next = w->scenario->process->deadline(x->self);
    for (uint32_t left = x->request_mask; left != 0; left &= left - 1)
        next = muster_time_min(next, x->request[__builtin_ctz(left)].due);
    if (x->run_mask)
        next = muster_time_min(next, action_due(x));
    muster_time t = muster_clock_when(&x->lease, next);
    if (t == MUSTER_NEVER)
        return;
    t = muster_time_max(t, w->now) + x->slow;
    if (t >= x->wake)
        return; /* the pending one comes first, and arms again */
    x->wake = t;
    x->wake_sequence = w->queue.sequence;
    world_push(w, t, x->timers_first ? MUSTER_CLASS_EARLY : MUSTER_CLASS_TIMER,
               MUSTER_QUEUE_TIMER | p);
}

bool process_wake(struct muster_world *w, uint32_t p, uint64_t sequence)
{
    struct process *x = &w->process[p];
    if (x->wake == MUSTER_NEVER || x->wake_sequence != sequence)
        return false; /* replaced by an earlier one */
    x->wake = MUSTER_NEVER;
    x->timers_first = false;
    if (!alive(x) || x->paused)
        return false;
    muster_time clock = muster_clock_read(&x->lease, w->now);
    bool did = time_out_requests(w, p, clock);
    if (x->run_mask && action_due(x) <= clock) {
        action_timeouts(w, p);
        did = true;
    }
    if (w->scenario->process->deadline(x->self) <= clock) {
        struct muster_input in = {.kind = MUSTER_IN_TIMER};
        deliver(w, p, &in, 0, 0);
        return true;
    }
    process_arm(w, p);
    return did;
}

/* Inputs that nobody waits for any more are not delivered: late replies, pushes of a lost
 * subscription. */
static bool is_stale(struct process *x, const struct event *e)
{
    if (e->incarnation != x->incarnation || !alive(x))
        return true;
    if (e->kind == MUSTER_IN_REPLY || e->kind == MUSTER_IN_PUSH)
        return !request_waits(x, e->other, e->generation);
    if (e->kind == MUSTER_IN_ACTION)
        return !action_waits(x, e->other, e->generation);
    return false;
}

void process_event(struct muster_world *w, uint32_t slot)
{
    struct event *e = world_at(w, slot);
    uint32_t p = e->process;
    struct process *x = &w->process[p];
    if (e->type == EV_DISK && e->incarnation == x->incarnation && x->running)
        disk_end(w, e);
    if (is_stale(x, e)) {
        world_release(w, slot);
        return;
    }
    if (e->from > 0 && network_blocked(w, e->from - 1, p)) {
        network_hold(w, e->from - 1, p, slot);
        return;
    }
    if (x->paused) {
        list_add(w, &x->backlog, slot);
        return;
    }
    if (!e->late && (x->slow > 0 || x->slow_until > w->now)) {
        e->late = true; /* and what comes behind it does not overtake it */
        x->slow_until = muster_time_max(w->now + x->slow, x->slow_until);
        world_push(w, x->slow_until, MUSTER_CLASS_DELIVERY, slot);
        return;
    }
    if (e->kind == MUSTER_IN_REPLY)
        x->request_mask &= ~(UINT32_C(1) << e->other);
    else if (e->kind == MUSTER_IN_ACTION)
        x->run_mask &= ~(UINT32_C(1) << e->other);
    struct muster_input in = {.kind = e->kind,
                              .status = e->status,
                              .tag = e->tag,
                              .data = {e->data, e->size}};
    memcpy(in.arg, e->arg, sizeof in.arg);
    deliver(w, p, &in, e->message, e->cause);
    world_release(w, slot);
}

/* ---- memory ---- */

#define GUARD_BYTE 0xa7

bool process_memory(struct muster_world *w, uint32_t p)
{
    struct process *x = &w->process[p];
    const struct muster_scenario *s = w->scenario;
    x->size = 0;
    for (uint32_t i = 0; i < s->config_count; i++) {
        size_t size = s->process->size(s->configs[i], &x->place);
        x->size = size > x->size ? size : x->size;
    }
    uint8_t *block = muster_arena_take(w->arena, GUARD + x->size + GUARD);
    if (!block)
        return false;
    memset(block, GUARD_BYTE, GUARD);
    memset(block + GUARD + x->size, GUARD_BYTE, GUARD);
    x->self = block + GUARD;
    return true;
}

bool process_is_bounded(const struct process *x)
{
    const uint8_t *before = (const uint8_t *)x->self - GUARD;
    const uint8_t *behind = (const uint8_t *)x->self + x->size;
    uint8_t changed = 0;
    for (uint32_t i = 0; i < GUARD; i++)
        changed |= (before[i] ^ GUARD_BYTE) | (behind[i] ^ GUARD_BYTE);
    return changed == 0;
}

/* ---- life and death ---- */

void process_electorate(struct muster_world *w, uint32_t p,
                        enum muster_scenario_electorate electorate)
{
    struct process *x = &w->process[p];
    assert(!x->running);
    x->electorate = electorate;
    x->place = w->scenario->place[electorate];
    x->place.index = x->member;
}

void process_start(struct muster_world *w, uint32_t p)
{
    struct process *x = &w->process[p];
    const struct muster_scenario *s = w->scenario;
    assert(!x->running);
    memset(x->self, 0, x->size);
    s->process->init(x->self, s->configs[x->config], &x->place);
    x->running = true;
    x->stopped = x->paused = false;
    x->claim = (struct claim){.mode = MUSTER_MODE_PRIMARY};
    x->last_now = 0;
    x->incarnation++;
    x->instance = w->store.master;
    if (x->incarnation > 1 || w->now > 0)
        world_say(w, MUSTER_EVENT_RESTART, (uint16_t)p, x->incarnation, 0, 0, 0, NULL);
    struct muster_random r = muster_random_named(w->seed, x->name, 1000 + x->incarnation);
    struct event *e = process_input(w, p, w->now, MUSTER_IN_START, 0, w->numbers);
    e->arg[0] = muster_random_next(&r);
    e->arg[1] = muster_random_next(&r);
    e->arg[2] = muster_random_next(&r);
    e->arg[3] = (w->now == 0 || x->bootstraps ? MUSTER_START_BOOTSTRAP : 0) |
                (x->electorate == MUSTER_ELECTORATE_NEXT ? MUSTER_START_NEXT : 0) |
                (uint64_t)x->config << MUSTER_START_CONFIG_SHIFT;
}

static void drop_backlog(struct muster_world *w, struct process *x)
{
    for (uint32_t slot = list_take(w, &x->backlog); slot != NO_SLOT;
         slot = list_take(w, &x->backlog))
        world_release(w, slot);
}

/* What it has in memory and on the way to itself is gone; what it has sent is not. */
void process_retire(struct muster_world *w, uint32_t p)
{
    struct process *x = &w->process[p];
    store_forget(w, p);
    w->paused -= x->paused;
    x->running = x->paused = false;
    x->connection++;
    x->request_mask = 0;
    x->sent_until = x->received_until = x->slow_until = 0;
    x->wake = MUSTER_NEVER;
    x->claim.leads = false;
    x->disk_free = w->now;
    drop_backlog(w, x);
    action_orphan(w, p);
}

void process_crash(struct muster_world *w, uint32_t p, enum muster_disk_crash how)
{
    struct process *x = &w->process[p];
    assert(x->running);
    process_retire(w, p);
    muster_disk_crash(&x->disk, how, &x->disks);
    world_say(w, MUSTER_EVENT_CRASH, (uint16_t)p, how, 0, 0, 0, NULL);
}

void process_pause(struct muster_world *w, uint32_t p)
{
    w->process[p].paused = true;
    w->paused++;
    world_say(w, MUSTER_EVENT_PAUSE, (uint16_t)p, 0, 0, 0, 0, NULL);
}

void process_resume(struct muster_world *w, uint32_t p)
{
    struct process *x = &w->process[p];
    x->paused = false;
    w->paused--;
    w->calm_since = w->now;
    world_say(w, MUSTER_EVENT_RESUME, (uint16_t)p, 0, 0, 0, 0, NULL);
    /* A loop that wakes up may look at its timers or at its sockets first: both are real. */
    struct muster_random r = muster_random_named(w->seed, x->name, w->numbers);
    x->timers_first = muster_random_chance(&r, MUSTER_PPM / 2);
    x->wake = MUSTER_NEVER;
    process_arm(w, p);
    for (uint32_t slot = list_take(w, &x->backlog); slot != NO_SLOT;
         slot = list_take(w, &x->backlog))
        world_push(w, w->now, MUSTER_CLASS_DELIVERY, slot);
}
