/* SPDX-License-Identifier: Apache-2.0 */
/* The door on a real machine: inputs in, records shown, effects carried out. */
#include "live/host.h"

#include "live/health.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SELF_DIES 70

struct muster_live_host {
    struct muster_live_host_options o;
    uv_loop_t *loop;
    void *self;
    struct muster_effects *out;
    struct muster_live_store *store;
    struct muster_live_disk *disk;
    struct muster_live_health *health;
    struct muster_live_executor *executor;
    bool started, inside, stopped, closing;
    muster_time last_now;
    uint64_t hash, records, messages;

    int timer_fd; /* CLOCK_BOOTTIME, as the deadlines are (SPEC R6) */
    uv_poll_t timer;
    muster_time armed; /* what it is set to */

    uv_idle_t later; /* answers for ports that are not there */
    struct muster_input owed[MUSTER_EFFECTS_MAX];
    uint32_t owed_count;

    uint32_t open; /* handles and ports that have not closed yet */
    void (*closed)(void *cookie);
    void *closed_cookie;
};

static void deliver(struct muster_live_host *h, struct muster_input *in);

/* A host without a clock, an entropy source or memory cannot keep any promise. */
static void die(const char *what)
{
    fprintf(stderr, "musterd: %s: %s\n", what, strerror(errno));
    exit(SELF_DIES);
}

/* ---- records ---- */

static uint64_t show(struct muster_live_host *h, struct muster_record *r)
{
    r->number = ++h->records;
    r->time = h->last_now;
    r->process = (uint16_t)h->o.place.index;
    h->hash = muster_record_hash(h->hash, r);
    if (h->o.record)
        h->o.record(h->o.cookie, r);
    return r->number;
}

static void show_effect(struct muster_live_host *h, const struct muster_effect *e, uint64_t cause)
{
    bool note = e->kind == MUSTER_OUT_NOTE;
    struct muster_record r = {.cause = cause, .tag = e->tag, .data = e->data};
    r.kind = (uint16_t)(note ? MUSTER_EVENT_NOTE + e->note : MUSTER_EVENT_EFFECT + e->kind);
    r.message = note || e->kind == MUSTER_OUT_CANCEL ? 0 : ++h->messages;
    memcpy(r.arg, e->arg, sizeof r.arg);
    show(h, &r);
    h->stopped |= note && e->note == MUSTER_NOTE_STOPPED;
}

/* ---- ports ---- */

static void take_input(void *host, const struct muster_input *in)
{
    struct muster_live_host *h = host;
    struct muster_input copy = *in;
    if (!h->closing)
        deliver(h, &copy);
}

static void pass_on(void *host, enum muster_live_level level, const char *event, const char *text)
{
    struct muster_live_host *h = host;
    if (h->o.say)
        h->o.say(h->o.cookie, level, event, text);
}

/* What a port that is not there would have answered, from the loop. */
static void pay(uv_idle_t *idle)
{
    struct muster_live_host *h = idle->data;
    struct muster_input owed[MUSTER_EFFECTS_MAX];
    uint32_t count = h->owed_count;
    memcpy(owed, h->owed, count * sizeof *owed);
    h->owed_count = 0;
    uv_idle_stop(idle);
    for (uint32_t i = 0; i < count && !h->closing; i++)
        deliver(h, &owed[i]);
}

static struct muster_input *owe(struct muster_live_host *h, const struct muster_effect *e,
                                enum muster_input_kind kind, enum muster_status status)
{
    assert(h->owed_count < MUSTER_EFFECTS_MAX);
    struct muster_input *in = &h->owed[h->owed_count++];
    *in = (struct muster_input){.kind = (uint16_t)kind, .status = (uint16_t)status, .tag = e->tag};
    uv_idle_start(&h->later, pay);
    return in;
}

static void request(struct muster_live_host *h, const struct muster_effect *e)
{
    if (e->request.endpoint == MUSTER_ENDPOINT_STORE && h->store)
        muster_live_store_request(h->store, e->tag, e->data, e->request.timeout);
    else if (e->request.endpoint == MUSTER_ENDPOINT_HEALTH && h->health)
        muster_live_health_request(h->health, e->tag, e->request.timeout);
    else
        owe(h, e, MUSTER_IN_REPLY, MUSTER_STATUS_REFUSED)->reply.endpoint = e->request.endpoint;
}

static void disk(struct muster_live_host *h, const struct muster_effect *e)
{
    if (h->disk) {
        muster_live_disk_begin(h->disk, e);
        return;
    }
    struct muster_input *in = owe(h, e, MUSTER_IN_DISK, MUSTER_STATUS_IOERROR);
    in->disk.operation = e->disk.operation;
    in->disk.file = e->disk.file;
}

static void action(struct muster_live_host *h, const struct muster_effect *e)
{
    if (h->executor) {
        muster_live_executor_begin(h->executor, e);
        return;
    }
    struct muster_input *in = owe(h, e, MUSTER_IN_ACTION, MUSTER_STATUS_OK);
    in->action.result = MUSTER_RESULT_FAILED;
    in->action.attempt = e->action.attempt;
}

static void carry_out(struct muster_live_host *h, const struct muster_effect *e)
{
    switch ((enum muster_effect_kind)e->kind) {
    case MUSTER_OUT_REQUEST:
        request(h, e);
        break;
    case MUSTER_OUT_DISK:
        disk(h, e);
        break;
    case MUSTER_OUT_ACTION:
        action(h, e);
        break;
    case MUSTER_OUT_CANCEL:
        if (h->executor)
            muster_live_executor_cancel(h->executor, e->tag);
        break;
    case MUSTER_OUT_SEND: /* lost, as a datagram may be */
    case MUSTER_OUT_NOTE:
        break;
    }
}

/* ---- time ---- */

static void arm(struct muster_live_host *h)
{
    muster_time next = h->stopped ? MUSTER_NEVER : h->o.process->deadline(h->self);
    if (next == h->armed)
        return;
    struct itimerspec t = {0}; /* disarmed */
    if (next != MUSTER_NEVER) {
        muster_time at = next > 0 ? next : 1; /* zero would disarm it; the past is at once */
        t.it_value.tv_sec = (time_t)(at / MUSTER_SECOND);
        t.it_value.tv_nsec = (long)(at % MUSTER_SECOND);
    }
    if (timerfd_settime(h->timer_fd, TFD_TIMER_ABSTIME, &t, NULL) != 0)
        die("timerfd_settime");
    h->armed = next;
}

static void ring(uv_poll_t *timer, int status, int events)
{
    struct muster_live_host *h = timer->data;
    uint64_t expirations;
    (void)status, (void)events;
    if (read(h->timer_fd, &expirations, sizeof expirations) < 0 || h->closing)
        return; /* set anew meanwhile */
    h->armed = MUSTER_NEVER;
    if (h->o.process->deadline(h->self) <= muster_live_clock()) {
        struct muster_input in = {.kind = MUSTER_IN_TIMER};
        deliver(h, &in);
    } else {
        arm(h);
    }
}

/* ---- the door ---- */

static void deliver(struct muster_live_host *h, struct muster_input *in)
{
    assert(!h->inside && h->started);
    if (h->stopped)
        return;
    h->inside = true;
    muster_time clock = muster_live_clock();
    in->now = clock > h->last_now ? clock : h->last_now;
    in->wall = muster_live_wall();
    h->last_now = in->now;
    struct muster_record r = {.kind = in->kind,
                              .status = in->status,
                              .clock = in->now,
                              .wall = in->wall,
                              .tag = in->tag,
                              .data = in->data};
    memcpy(r.arg, in->arg, sizeof r.arg);
    uint64_t cause = show(h, &r);
    struct muster_effects *out = h->out;
    out->count = out->used = 0;
    h->o.process->handle(h->self, in, out);
    for (uint32_t i = 0; i < out->count; i++)
        show_effect(h, &out->at[i], cause);
    for (uint32_t i = 0; i < out->count; i++)
        carry_out(h, &out->at[i]);
    h->inside = false;
    arm(h);
    if (h->stopped && h->o.stopped)
        h->o.stopped(h->o.cookie);
}

void muster_live_host_start(struct muster_live_host *h)
{
    uint64_t drawn[3];
    if (getrandom(drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
        die("getrandom");
    struct muster_input in = {.kind = MUSTER_IN_START};
    in.start.incarnation_high = drawn[0];
    in.start.incarnation_low = drawn[1];
    in.start.seed = drawn[2];
    in.start.flags = h->o.bootstrap ? MUSTER_START_BOOTSTRAP : 0;
    assert(!h->started);
    h->started = true;
    deliver(h, &in);
}

void muster_live_host_command(struct muster_live_host *h, uint64_t verb, const char *text)
{
    struct muster_input in = {.kind = MUSTER_IN_COMMAND,
                              .data = {(const uint8_t *)text, strlen(text)}};
    in.command.verb = verb;
    deliver(h, &in);
}

/* ---- life ---- */

static void make_handles(struct muster_live_host *h)
{
    h->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (h->timer_fd < 0)
        die("timerfd_create");
    if (uv_poll_init(h->loop, &h->timer, h->timer_fd) != 0 || uv_idle_init(h->loop, &h->later) != 0)
        die("uv_poll_init");
    h->timer.data = h->later.data = h;
    uv_poll_start(&h->timer, UV_READABLE, ring);
    h->armed = MUSTER_NEVER;
}

static void make_ports(struct muster_live_host *h)
{
    const struct muster_live_sink sink = {h, take_input, pass_on};
    if (h->o.store)
        h->store = muster_live_store_new(h->loop, h->o.store, &sink);
    if (h->o.health)
        h->health = muster_live_health_new(h->loop, h->o.health, &sink);
    if (h->o.actions)
        h->executor = muster_live_executor_new(h->loop, h->o.actions, &sink);
}

struct muster_live_host *muster_live_host_new(uv_loop_t *loop,
                                              const struct muster_live_host_options *options,
                                              char *text, size_t size)
{
    struct muster_live_host *h = calloc(1, sizeof *h);
    if (!h)
        die("host");
    h->o = *options;
    h->loop = loop;
    h->hash = MUSTER_HASH_START;
    if (options->state) {
        const struct muster_live_sink sink = {h, take_input, pass_on};
        h->disk = muster_live_disk_open(loop, options->state, &sink, text, size);
        if (!h->disk) {
            free(h);
            return NULL;
        }
    }
    size_t own = (options->process->size(options->config, &h->o.place) + 15) / 16 * 16;
    h->self = aligned_alloc(16, own);
    h->out = calloc(1, sizeof *h->out);
    if (!h->self || !h->out)
        die("process");
    memset(h->self, 0, own);
    options->process->init(h->self, options->config, &h->o.place);
    make_handles(h);
    make_ports(h);
    return h;
}

int muster_live_host_describe(const struct muster_live_host *h, char *text, size_t size)
{
    if (h->o.process->describe)
        return h->o.process->describe(h->self, text, size);
    if (size > 0)
        text[0] = 0;
    return 0;
}

struct muster_live_disk *muster_live_host_disk(struct muster_live_host *h)
{
    return h->disk;
}

uint64_t muster_live_host_hash(const struct muster_live_host *h, uint64_t *ret_records)
{
    *ret_records = h->records;
    return h->hash;
}

static void one_closed(void *cookie)
{
    struct muster_live_host *h = cookie;
    if (--h->open > 0)
        return;
    void (*closed)(void *) = h->closed;
    void *closed_cookie = h->closed_cookie;
    free(h->self);
    free(h->out);
    free(h);
    closed(closed_cookie);
}

static void timer_closed(uv_handle_t *handle)
{
    struct muster_live_host *h = handle->data;
    close(h->timer_fd);
    one_closed(h);
}

static void later_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

void muster_live_host_close(struct muster_live_host *h, void (*closed)(void *cookie), void *cookie)
{
    assert(!h->closing && !h->inside);
    h->closing = true;
    h->closed = closed;
    h->closed_cookie = cookie;
    h->open = 2u + (h->store != NULL) + (h->health != NULL) + (h->executor != NULL);
    uv_close((uv_handle_t *)&h->timer, timer_closed);
    uv_close((uv_handle_t *)&h->later, later_closed);
    if (h->store)
        muster_live_store_close(h->store, one_closed, h);
    if (h->health)
        muster_live_health_close(h->health, one_closed, h);
    if (h->executor)
        muster_live_executor_close(h->executor, one_closed, h);
    if (h->disk)
        muster_live_disk_close(h->disk);
}
