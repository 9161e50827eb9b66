/* SPDX-License-Identifier: Apache-2.0 */
/* The store on a real machine: its requests from beginning to end. */
#include "live/store_inside.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *store_need(void *memory)
{
    if (!memory) {
        perror("store");
        exit(70);
    }
    return memory;
}

void *store_alloc(size_t size)
{
    return store_need(calloc(1, size));
}

/* ---- requests ---- */

void store_request_put(struct store_requests *to, struct store_request *r)
{
    r->next = NULL;
    if (to->last)
        to->last->next = r;
    else
        to->first = r;
    to->last = r;
}

struct store_request *store_request_take(struct store_requests *from)
{
    struct store_request *r = from->first;
    if (!r)
        return NULL;
    from->first = r->next;
    if (!r->next)
        from->last = NULL;
    return r;
}

static void request_free(struct muster_live_store *s, struct store_request *r)
{
    assert(s->requests > 0);
    s->requests--;
    free(r->command);
    free(r);
}

static void requests_free(struct muster_live_store *s, struct store_requests *all)
{
    struct store_request *r;
    while ((r = store_request_take(all)))
        request_free(s, r);
}

/* ---- what comes of them ---- */

void store_tell(struct muster_live_store *s, uint16_t kind, uint16_t status, uint64_t tag,
                struct muster_bytes data)
{
    assert(!s->closed);
    struct muster_input in = {.kind = kind, .status = status, .tag = tag, .data = data};
    if (kind == MUSTER_IN_REPLY)
        in.reply.endpoint = MUSTER_ENDPOINT_STORE;
    s->sink.input(s->sink.host, &in);
}

void store_request_answer(struct muster_live_store *s, struct store_request *r,
                          struct muster_bytes flat)
{
    uint64_t tag = r->tag;
    request_free(s, r); /* before: the process may ask again from within */
    store_tell(s, MUSTER_IN_REPLY, MUSTER_STATUS_OK, tag, flat);
}

void store_request_end(struct muster_live_store *s, struct store_request *r, uint16_t status)
{
    assert(status == MUSTER_STATUS_REFUSED || status == MUSTER_STATUS_UNKNOWN);
    r->status = status;
    store_request_put(&s->ended, r);
    store_wake(s);
}

static void tell_ended(struct muster_live_store *s)
{
    struct store_request *last = s->ended.last; /* what ends from now on has its own turn */
    for (bool more = last != NULL; more && !s->closed;) {
        struct store_request *r = store_request_take(&s->ended);
        uint16_t status = r->status;
        uint64_t tag = r->tag;
        more = r != last;
        request_free(s, r);
        store_tell(s, MUSTER_IN_REPLY, status, tag, (struct muster_bytes){0});
    }
}

static void on_idle(uv_idle_t *idle)
{
    struct muster_live_store *s = idle->data;
    uv_idle_stop(idle); /* what comes up below starts it again */
    for (struct store_connection *c = s->connections; c; c = c->next)
        if (c->state == STORE_NEW)
            store_connection_begin(c);
    tell_ended(s);
}

void store_wake(struct muster_live_store *s)
{
    uv_idle_start(&s->idle, on_idle);
}

/* ---- time ---- */

static void on_timer(uv_timer_t *timer);

static void wake_at(struct muster_live_store *s, muster_time due)
{
    if (due >= s->wake)
        return;
    s->wake = due;
    muster_dur left = muster_time_since(due, muster_live_clock());
    uv_timer_start(&s->timer, on_timer, left / MUSTER_MILLISECOND + 1, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct muster_live_store *s = timer->data;
    muster_time now = muster_live_clock();
    s->wake = MUSTER_NEVER;
    for (struct store_connection *c = s->connections; c; c = c->next)
        if (c->state != STORE_CLOSED)
            store_connection_expire(c, now);
    for (struct store_connection *c = s->connections; c; c = c->next)
        for (struct store_request *r = c->requests.first; r; r = r->next)
            wake_at(s, r->due);
}

/* ---- the port ---- */

struct muster_live_store *muster_live_store_new(uv_loop_t *loop,
                                                const struct muster_live_store_config *config,
                                                const struct muster_live_sink *sink)
{
    struct muster_live_store *s = store_alloc(sizeof *s);
    s->loop = loop;
    s->config = *config;
    s->sink = *sink;
    s->wake = MUSTER_NEVER;
    uv_timer_init(loop, &s->timer);
    uv_idle_init(loop, &s->idle);
    s->timer.data = s->idle.data = s->resolver.data = s;
    s->handles = 2;
    struct sockaddr_storage *first = &s->addresses[0];
    s->literal = uv_ip4_addr(config->host, config->port, (struct sockaddr_in *)first) == 0 ||
                 uv_ip6_addr(config->host, config->port, (struct sockaddr_in6 *)first) == 0;
    s->address_count = s->literal;
    struct sigaction handling; /* libuv writes to sockets that the store may have closed */
    if (sigaction(SIGPIPE, NULL, &handling) == 0 && handling.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
    return s;
}

void muster_live_store_request(struct muster_live_store *s, uint64_t tag, struct muster_bytes argv,
                               muster_dur timeout)
{
    assert(!s->closed);
    struct store_request *r = store_alloc(sizeof *r);
    bool subscription = timeout == 0, room = s->requests < MUSTER_STORE_REQUESTS_MAX;
    s->requests++;
    r->tag = tag;
    r->due =
        muster_time_add(muster_live_clock(), subscription ? MUSTER_STORE_CONFIRM_MAX : timeout);
    r->command = room ? store_reply_command(argv, &r->size) : NULL;
    if (!r->command) {
        store_request_end(s, r, MUSTER_STATUS_REFUSED);
        return;
    }
    struct store_connection *c = subscription ? NULL : s->commands;
    wake_at(s, r->due);
    store_connection_add(c ? c : store_connection_new(s, subscription), r);
}

void store_release(struct muster_live_store *s)
{
    assert(s->handles > 0);
    if (--s->handles > 0)
        return;
    assert(s->closed && !s->connections && s->requests == 0);
    void (*closed)(void *cookie) = s->closed;
    void *cookie = s->cookie;
    explicit_bzero(&s->config, sizeof s->config);
    free(s);
    closed(cookie);
}

static void on_closed(uv_handle_t *handle)
{
    store_release(handle->data);
}

void muster_live_store_close(struct muster_live_store *s, void (*closed)(void *cookie),
                             void *cookie)
{
    assert(!s->closed && closed);
    s->closed = closed;
    s->cookie = cookie;
    for (struct store_connection *c = s->connections; c; c = c->next) {
        if (c->state != STORE_CLOSED)
            store_connection_drop(c);
        requests_free(s, &c->requests);
    }
    requests_free(s, &s->ended);
    if (s->resolving)
        (void)uv_cancel((uv_req_t *)&s->resolver); /* or it has begun, and is waited for */
    uv_close((uv_handle_t *)&s->timer, on_closed);
    uv_close((uv_handle_t *)&s->idle, on_closed);
}
