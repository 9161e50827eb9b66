/* SPDX-License-Identifier: Apache-2.0 */
/* PUBLISH, SUBSCRIBE, UNSUBSCRIBE. A command leaves exactly one reply, so of the confirmations of
 * several channels the first is the reply and the others are pushes. */
#include "sim/redis/server.h"

#include <assert.h>
#include <string.h>

static struct muster_bytes channel_of(const struct muster_redis_subscription *s)
{
    return (struct muster_bytes){s->channel, s->size};
}

static bool same(struct muster_bytes a, struct muster_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

static uint32_t find(const struct muster_redis *r, uint32_t client, struct muster_bytes channel)
{
    uint32_t i = 0;
    while (i < r->subscription_count && !(r->subscriptions[i].client == client &&
                                          same(channel_of(&r->subscriptions[i]), channel)))
        i++;
    return i;
}

static void drop(struct muster_redis *r, uint32_t i)
{
    assert(i < r->subscription_count);
    r->clients[r->subscriptions[i].client].channels--;
    r->subscription_count--;
    memmove(&r->subscriptions[i], &r->subscriptions[i + 1],
            (r->subscription_count - i) * sizeof(r->subscriptions[0]));
}

void muster_pubsub_forget(struct muster_redis *r, uint32_t client)
{
    for (uint32_t i = r->subscription_count; i > 0; i--)
        if (r->subscriptions[i - 1].client == client)
            drop(r, i - 1);
}

/* Confirm a change: to the reply when it is the first, else as a push to the client itself. */
static void confirm(struct muster_call *c, bool first, const char *what,
                    const struct muster_bytes *channel)
{
    struct muster_flat_writer *w = first ? c->reply : c->pushes;
    if (!w)
        return;
    if (!first)
        muster_flat_integer(w, c->client);
    muster_flat_array(w, 3);
    muster_flat_text(w, MUSTER_FLAT_BULK, what);
    if (channel)
        muster_flat_bytes(w, MUSTER_FLAT_BULK, channel->at, channel->size);
    else
        muster_flat_nil(w);
    muster_flat_integer(w, c->r->clients[c->client].channels);
}

void muster_run_subscribe(struct muster_call *c)
{
    struct muster_redis *r = c->r;
    for (uint32_t i = 1; i < c->argc; i++) {
        struct muster_bytes channel = c->argv[i];
        if (find(r, c->client, channel) == r->subscription_count) {
            if (channel.size > MUSTER_REDIS_CHANNEL ||
                r->subscription_count == r->subscription_most) {
                if (i == 1)
                    muster_reply_error(c, MUSTER_OOM);
                return;
            }
            struct muster_redis_subscription *s = &r->subscriptions[r->subscription_count++];
            *s = (struct muster_redis_subscription){.client = c->client,
                                                    .size = (uint32_t)channel.size};
            if (channel.size)
                memcpy(s->channel, channel.at, channel.size);
            r->clients[c->client].channels++;
        }
        confirm(c, i == 1, "subscribe", &channel);
    }
}

/* Without arguments: from everything, in the order of subscription. */
static void unsubscribe_all(struct muster_call *c)
{
    struct muster_redis *r = c->r;
    if (r->clients[c->client].channels == 0) {
        confirm(c, true, "unsubscribe", NULL);
        return;
    }
    bool first = true;
    for (uint32_t i = 0; i < r->subscription_count;) {
        struct muster_redis_subscription s = r->subscriptions[i];
        if (s.client != c->client) {
            i++;
            continue;
        }
        struct muster_bytes channel = channel_of(&s);
        drop(r, i);
        confirm(c, first, "unsubscribe", &channel);
        first = false;
    }
}

void muster_run_unsubscribe(struct muster_call *c)
{
    if (c->argc == 1) {
        unsubscribe_all(c);
        return;
    }
    for (uint32_t i = 1; i < c->argc; i++) {
        uint32_t at = find(c->r, c->client, c->argv[i]);
        if (at < c->r->subscription_count)
            drop(c->r, at);
        confirm(c, i == 1, "unsubscribe", &c->argv[i]);
    }
}

void muster_run_publish(struct muster_call *c)
{
    int64_t receivers = 0;
    for (uint32_t i = 0; i < c->r->subscription_count; i++) {
        const struct muster_redis_subscription *s = &c->r->subscriptions[i];
        if (!same(channel_of(s), c->argv[1]))
            continue;
        receivers++;
        if (!c->pushes)
            continue;
        muster_flat_integer(c->pushes, s->client);
        muster_flat_array(c->pushes, 3);
        muster_flat_text(c->pushes, MUSTER_FLAT_BULK, "message");
        muster_flat_bytes(c->pushes, MUSTER_FLAT_BULK, c->argv[1].at, c->argv[1].size);
        muster_flat_bytes(c->pushes, MUSTER_FLAT_BULK, c->argv[2].at, c->argv[2].size);
    }
    muster_reply_integer(c, receivers);
}
