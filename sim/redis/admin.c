/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about the server and the connection. */
#include "sim/redis/server.h"

#include <stdio.h>
#include <string.h>

void muster_run_ping(struct muster_call *c)
{
    if (c->argc > 2) {
        muster_reply_error(c, "ERR wrong number of arguments for 'ping' command");
        return;
    }
    struct muster_bytes text = c->argc == 2 ? c->argv[1] : muster_text("");
    if (!c->applied && c->r->clients[c->client].channels) {
        muster_flat_array(c->reply, 2);
        muster_reply_bulk(c, muster_text("pong"));
        muster_reply_bulk(c, text);
    } else if (c->argc == 2) {
        muster_reply_bulk(c, text);
    } else {
        muster_flat_text(c->reply, MUSTER_FLAT_STATUS, "PONG");
    }
}

void muster_run_echo(struct muster_call *c)
{
    muster_reply_bulk(c, c->argv[1]);
}

void muster_run_time(struct muster_call *c)
{
    char room[24];
    muster_flat_array(c->reply, 2);
    muster_reply_bulk(c, muster_integer_text((int64_t)(c->r->now_ms / 1000), room));
    muster_reply_bulk(c, muster_integer_text((int64_t)(c->r->now_ms % 1000 * 1000), room));
}

/* There is one database. */
void muster_run_select(struct muster_call *c)
{
    int64_t v;
    if (!muster_argument_integer(c, 1, &v))
        return;
    if (v != 0)
        muster_reply_error(c, "ERR DB index is out of range");
    else
        muster_reply_ok(c);
}

/* No password is ever right: how a client gets past NOAUTH is for the scenario to say. */
void muster_run_auth(struct muster_call *c)
{
    bool open = c->r->mode != MUSTER_REDIS_NOAUTH;
    if (c->argc > 3)
        muster_reply_error(c, MUSTER_SYNTAX);
    else if (open && c->argc == 2)
        muster_reply_error(c, "ERR AUTH <password> called without any password configured for the "
                              "default user. Are you sure your configuration is correct?");
    else if (open && c->argc == 3 && c->argv[1].size == 7 && !memcmp(c->argv[1].at, "default", 7))
        muster_reply_ok(c);
    else
        muster_reply_error(c, "WRONGPASS invalid username-password pair or user is disabled.");
}

void muster_run_shutdown(struct muster_call *c)
{
    muster_reply_error(c, "ERR Errors trying to SHUTDOWN. Check logs.");
}

void muster_run_wait(struct muster_call *c)
{
    int64_t v;
    if (!muster_argument_integer(c, 1, &v))
        return;
    if (!muster_text_integer(c->argv[2], &v))
        muster_reply_error(c, "ERR timeout is not an integer or out of range");
    else if (v < 0)
        muster_reply_error(c, "ERR timeout is negative");
    else
        muster_reply_integer(c, c->r->replicas);
}

static bool is_replica(const struct muster_redis *r)
{
    return r->mode == MUSTER_REDIS_REPLICA || r->mode == MUSTER_REDIS_MASTERDOWN;
}

void muster_run_role(struct muster_call *c)
{
    if (is_replica(c->r)) {
        bool down = c->r->mode == MUSTER_REDIS_MASTERDOWN;
        muster_flat_array(c->reply, 5);
        muster_reply_bulk(c, muster_text("slave"));
        muster_reply_bulk(c, muster_text("127.0.0.1"));
        muster_reply_integer(c, 6379);
        muster_reply_bulk(c, muster_text(down ? "connect" : "connected"));
        muster_reply_integer(c, down ? -1 : 0);
        return;
    }
    muster_flat_array(c->reply, 3);
    muster_reply_bulk(c, muster_text("master"));
    muster_reply_integer(c, 0);
    muster_flat_array(c->reply, c->r->replicas);
    for (uint32_t i = 0; i < c->r->replicas; i++) {
        muster_flat_array(c->reply, 3);
        muster_reply_bulk(c, muster_text("127.0.0.1"));
        muster_reply_bulk(c, muster_text("6379"));
        muster_reply_bulk(c, muster_text("0"));
    }
}

static bool wants(const struct muster_call *c, const char *section)
{
    for (uint32_t i = 1; i < c->argc; i++)
        if (muster_text_is(c->argv[i], section) || muster_text_is(c->argv[i], "all") ||
            muster_text_is(c->argv[i], "everything") || muster_text_is(c->argv[i], "default"))
            return true;
    return c->argc == 1;
}

/* The sections that clients of a coordination store read. */
void muster_run_info(struct muster_call *c)
{
    char text[512];
    int used = 0;
    const struct muster_redis *r = c->r;
    if (wants(c, "server"))
        used = snprintf(text, sizeof(text),
                        "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"
                        "arch_bits:64\r\nserver_time_usec:%llu\r\n",
                        (unsigned long long)r->now_ms * 1000);
    if (wants(c, "replication")) {
        const char *gap = used ? "\r\n" : "";
        size_t left = sizeof(text) - (size_t)used;
        if (is_replica(r))
            used += snprintf(text + used, left,
                             "%s# Replication\r\nrole:slave\r\nmaster_host:127.0.0.1\r\n"
                             "master_port:6379\r\nmaster_link_status:%s\r\nslave_read_only:1\r\n"
                             "connected_slaves:0\r\n",
                             gap, r->mode == MUSTER_REDIS_MASTERDOWN ? "down" : "up");
        else
            used += snprintf(text + used, left,
                             "%s# Replication\r\nrole:master\r\nconnected_slaves:%u\r\n", gap,
                             (unsigned)r->replicas);
    }
    muster_reply_bulk(c, (struct muster_bytes){(const uint8_t *)text, (size_t)used});
}

static void set_name(struct muster_call *c)
{
    struct muster_redis_client *state = &c->r->clients[c->client];
    struct muster_bytes name = c->argv[2];
    for (size_t i = 0; i < name.size; i++) {
        if (name.at[i] < '!' || name.at[i] > '~') {
            muster_reply_error(c, "ERR Client names cannot contain spaces, newlines or special "
                                  "characters.");
            return;
        }
    }
    state->name_size = (uint8_t)(name.size < sizeof(state->name) ? name.size : sizeof(state->name));
    if (name.size)
        memcpy(state->name, name.at, state->name_size);
    muster_reply_ok(c);
}

/* The subcommand is a known one with the right number of arguments. */
void muster_run_client(struct muster_call *c)
{
    const struct muster_redis_client *state = &c->r->clients[c->client];
    if (muster_text_is(c->argv[1], "id"))
        muster_reply_integer(c, (int64_t)c->client + 1);
    else if (muster_text_is(c->argv[1], "setname"))
        set_name(c);
    else if (state->name_size == 0)
        muster_flat_nil(c->reply);
    else
        muster_reply_bulk(c, (struct muster_bytes){(const uint8_t *)state->name, state->name_size});
}
