/* SPDX-License-Identifier: Apache-2.0 */
/* A server: making one, its modes, restarting it, forgetting a client. */
#include "sim/redis/server.h"

#include <assert.h>
#include <string.h>

struct muster_redis *muster_redis_create(struct muster_arena *a,
                                         const struct muster_redis_limits *limits,
                                         struct muster_lua *lua)
{
    assert(limits->clients > 0);
    assert(limits->scripts > 0);
    struct muster_redis *r = muster_arena_take(a, sizeof(*r));
    if (!r)
        return NULL;
    r->limits = *limits;
    r->lua = lua;
    r->subscription_most = 2 * limits->clients + 8;
    r->clients = muster_arena_take(a, limits->clients * sizeof(r->clients[0]));
    r->subscriptions = muster_arena_take(a, r->subscription_most * sizeof(r->subscriptions[0]));
    r->scripts = muster_arena_take(a, limits->scripts * sizeof(r->scripts[0]));
    r->queue = muster_arena_take(a, MUSTER_REDIS_QUEUE);
    r->keys = muster_keyspace_create(a, limits);
    bool complete = r->clients && r->subscriptions && r->scripts && r->queue && r->keys;
    return complete ? r : NULL;
}

void muster_redis_set_mode(struct muster_redis *r, enum muster_redis_mode mode)
{
    r->mode = mode;
}

enum muster_redis_mode muster_redis_get_mode(const struct muster_redis *r)
{
    return r->mode;
}

void muster_redis_set_replicas(struct muster_redis *r, uint32_t count)
{
    r->replicas = count;
}

struct muster_keyspace *muster_redis_keyspace(struct muster_redis *r)
{
    return r->keys;
}

void muster_redis_forget(struct muster_redis *r, uint32_t client)
{
    assert(client < r->limits.clients);
    muster_pubsub_forget(r, client);
    muster_multi_forget(r, client);
    muster_watch_forget(r, client);
    r->clients[client] = (struct muster_redis_client){0};
}

void muster_redis_restart(struct muster_redis *r, const struct muster_keyspace *image)
{
    muster_scripts_forget(r);
    memset(r->clients, 0, r->limits.clients * sizeof(r->clients[0]));
    r->subscription_count = 0;
    r->watch_count = 0;
    r->queue_used = 0;
    if (image && image != r->keys)
        muster_keyspace_copy(r->keys, image);
    else if (!image)
        muster_keyspace_clear(r->keys);
}
