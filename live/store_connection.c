/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of the store: resolve a name, try its addresses in turn, give up. */
#include "live/store_inside.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

struct store_connection *store_connection_new(struct muster_live_store *s, bool subscription)
{
    assert(subscription || !s->commands);
    struct store_connection *c = store_alloc(sizeof *c);
    c->store = s;
    c->subscription = subscription;
    c->state = STORE_NEW;
    c->reader = store_reply_reader(c);
    if (s->config.path[0])
        uv_pipe_init(s->loop, &c->handle.pipe, 0);
    else
        uv_tcp_init(s->loop, &c->handle.tcp);
    c->handle.any.data = c->connect.data = c;
    s->handles++;
    c->next = s->connections;
    s->connections = c;
    if (!subscription)
        s->commands = c;
    store_wake(s);
    return c;
}

static void on_closed(uv_handle_t *handle)
{
    struct store_connection *c = handle->data;
    struct muster_live_store *s = c->store;
    assert(!c->requests.first);
    struct store_connection **at = &s->connections;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    redisReaderFree(c->reader);
    free(c);
    store_release(s);
}

void store_connection_drop(struct store_connection *c)
{
    assert(c->state != STORE_CLOSED);
    c->state = STORE_CLOSED;
    if (c->store->commands == c)
        c->store->commands = NULL;
    uv_close(&c->handle.any, on_closed);
}

/* ---- the end ---- */

void store_connection_say(struct store_connection *c, enum muster_live_level level,
                          const char *event, const char *why)
{
    const struct muster_live_store_config *f = &c->store->config;
    const char *role = c->subscription ? "subscription at " : "";
    bool brackets = strchr(f->host, ':') != NULL;
    char place[PLACE_MAX], text[PLACE_MAX + 256];
    if (f->path[0])
        (void)snprintf(place, sizeof place, "%s%s", role, f->path);
    else
        (void)snprintf(place, sizeof place, "%s%s%s%s:%" PRIu16 "%s%s%s", role, brackets ? "[" : "",
                       f->host, brackets ? "]" : "", f->port, c->address[0] ? " (" : "", c->address,
                       c->address[0] ? ")" : "");
    (void)snprintf(text, sizeof text, "%s%s%s", place, why ? ": " : "", why ? why : "");
    c->store->sink.say(c->store->sink.host, level, event, text);
}

/* It never became READY. The next attempt begins at another address, if there is one. */
static void attempt_failed(struct store_connection *c, const char *why)
{
    struct muster_live_store *s = c->store;
    if (c->tried > 0)
        s->preferred = c->at + 1;
    if (!s->refused)
        store_connection_say(c, MUSTER_LIVE_WARNING, "store_refused", why);
    s->refused = true;
}

void store_connection_lose(struct store_connection *c, const char *why)
{
    bool ready = c->state == STORE_READY;
    struct store_request *r;
    store_connection_drop(c);
    while ((r = store_request_take(&c->requests)))
        store_request_end(c->store, r, ready ? MUSTER_STATUS_UNKNOWN : MUSTER_STATUS_REFUSED);
    if (ready)
        store_connection_say(c, MUSTER_LIVE_WARNING, "store_disconnected", why);
    else
        attempt_failed(c, why);
}

/* Its requests go to another one, which tries the next address. */
static void replace(struct store_connection *c, uint32_t tried)
{
    store_connection_drop(c);
    if (!c->requests.first)
        return;
    struct store_connection *next = store_connection_new(c->store, c->subscription);
    next->tried = tried;
    next->requests = c->requests;
    c->requests = (struct store_requests){0};
}

/* Requests that were never handed over end, and the attempt they waited for: what it waits for may
 * be a packet sent again at ever longer intervals, or an address that answers nothing. */
static void expire_waiting(struct store_connection *c, muster_time now)
{
    struct store_requests all = c->requests;
    struct store_request *r;
    bool any = false;
    c->requests = (struct store_requests){0};
    while ((r = store_request_take(&all))) {
        if (r->due > now) {
            store_request_put(&c->requests, r);
            continue;
        }
        any = true;
        store_request_end(c->store, r, MUSTER_STATUS_REFUSED);
    }
    if (!any)
        return;
    attempt_failed(c, "no connection within the timeout");
    replace(c, 0);
}

void store_connection_expire(struct store_connection *c, muster_time now)
{
    bool any = false;
    assert(c->state != STORE_CLOSED);
    if (c->state != STORE_READY) {
        expire_waiting(c, now);
        return;
    }
    for (const struct store_request *r = c->requests.first; r; r = r->next)
        any = any || r->due <= now;
    if (any)
        store_connection_lose(c, "no answer within the timeout");
}

void store_connection_add(struct store_connection *c, struct store_request *r)
{
    assert(c->state != STORE_CLOSED && r->command);
    store_request_put(&c->requests, r);
    if (c->state == STORE_READY)
        store_session_hand(c, r);
}

/* ---- the beginning ---- */

/* On loopback, a socket whose own port is the one that nobody listens on meets itself. */
static bool is_own_peer(const struct store_connection *c)
{
    struct sockaddr_storage own = {0}, peer = {0};
    int size = sizeof own, peer_size = sizeof peer;
    return uv_tcp_getsockname(&c->handle.tcp, (struct sockaddr *)&own, &size) == 0 &&
           uv_tcp_getpeername(&c->handle.tcp, (struct sockaddr *)&peer, &peer_size) == 0 &&
           size == peer_size && memcmp(&own, &peer, (size_t)size) == 0;
}

static void on_connect(uv_connect_t *connect, int status)
{
    struct store_connection *c = connect->data;
    const struct muster_live_store *s = c->store;
    if (c->state == STORE_CLOSED)
        return; /* cancelled */
    if (status == 0 && !s->config.path[0] && is_own_peer(c))
        status = UV_ECONNREFUSED;
    if (status == 0)
        store_session_begin(c);
    else if (!s->config.path[0] && c->tried < s->address_count)
        replace(c, c->tried);
    else
        store_connection_lose(c, uv_strerror(status));
}

static void connect_path(struct store_connection *c)
{
    const char *path = c->store->config.path;
    if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
        store_connection_lose(c, "the path is too long for a socket"); /* libuv would cut it */
        return;
    }
    c->state = STORE_CONNECTING;
    uv_pipe_connect(&c->connect, &c->handle.pipe, path, on_connect);
}

static void connect_address(struct store_connection *c)
{
    struct muster_live_store *s = c->store;
    assert(s->address_count > 0);
    c->at = (s->preferred + c->tried++) % s->address_count;
    const struct sockaddr *address = (const struct sockaddr *)&s->addresses[c->at];
    if (!s->literal)
        (void)uv_ip_name(address, c->address, sizeof c->address);
    c->state = STORE_CONNECTING;
    int status = uv_tcp_connect(&c->connect, &c->handle.tcp, address, on_connect);
    if (status != 0)
        on_connect(&c->connect, status);
}

static void take_addresses(struct muster_live_store *s, const struct addrinfo *list)
{
    assert(list); /* a name that resolves has an address */
    s->address_count = 0;
    for (; list && s->address_count < ADDRESSES_MAX; list = list->ai_next)
        memcpy(&s->addresses[s->address_count++], list->ai_addr, list->ai_addrlen);
}

static void on_resolved(uv_getaddrinfo_t *resolver, int status, struct addrinfo *list)
{
    struct muster_live_store *s = resolver->data;
    s->resolving = false;
    if (status == 0)
        take_addresses(s, list);
    uv_freeaddrinfo(list);
    s->fresh = status == 0;
    for (struct store_connection *c = s->connections; c; c = c->next) {
        if (c->state != STORE_RESOLVING)
            continue;
        s->fresh = false;
        if (status == 0)
            connect_address(c);
        else
            store_connection_lose(c, uv_strerror(status));
    }
    store_release(s);
}

static void resolve(struct store_connection *c)
{
    struct muster_live_store *s = c->store;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char port[8];
    c->state = STORE_RESOLVING;
    if (s->resolving)
        return;
    (void)snprintf(port, sizeof port, "%" PRIu16, s->config.port);
    int status = uv_getaddrinfo(s->loop, &s->resolver, on_resolved, s->config.host, port, &hints);
    if (status != 0) {
        store_connection_lose(c, uv_strerror(status));
        return;
    }
    s->resolving = true;
    s->handles++;
}

void store_connection_begin(struct store_connection *c)
{
    struct muster_live_store *s = c->store;
    assert(c->state == STORE_NEW && c->requests.first);
    if (s->config.path[0]) {
        connect_path(c);
    } else if (s->literal || s->fresh || c->tried > 0) {
        s->fresh = false;
        connect_address(c);
    } else {
        resolve(c);
    }
}
