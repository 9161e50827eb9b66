/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of the store that has come about: authenticate, hand requests over, take answers. */
#include "live/store_inside.h"

#include <assert.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define KEEPALIVE_IDLE     15 /* s; a dead peer is noticed after 30 */
#define KEEPALIVE_INTERVAL 5
#define KEEPALIVE_PROBES   3
#define FRAMING            64 /* bytes of RESP beside the content of the longest reply */

/* ---- sending ---- */

struct sending {
    uv_write_t write;
    char *command;
};

static void on_sent(uv_write_t *write, int status)
{
    struct store_connection *c = write->data;
    struct sending *sending = (struct sending *)write;
    free(sending->command);
    free(sending);
    if (status != 0 && c->state != STORE_CLOSED)
        store_connection_lose(c, uv_strerror(status));
}

/* Takes the command. */
static void send_command(struct store_connection *c, char *command, size_t size)
{
    struct sending *sending = store_alloc(sizeof *sending);
    uv_buf_t buffer = uv_buf_init(command, (unsigned)size);
    sending->command = command;
    sending->write.data = c;
    int status = uv_write(&sending->write, &c->handle.stream, &buffer, 1, on_sent);
    if (status != 0)
        on_sent(&sending->write, status);
}

void store_session_hand(struct store_connection *c, struct store_request *r)
{
    char *command = r->command;
    assert(c->state == STORE_READY && command);
    r->command = NULL;
    send_command(c, command, r->size);
}

static void become_ready(struct store_connection *c)
{
    struct muster_live_store *s = c->store;
    c->state = STORE_READY;
    s->preferred = c->at;
    s->refused = false;
    s->auth_refused[0] = '\0';
    store_connection_say(c, MUSTER_LIVE_INFO, "store_connected", NULL);
    for (struct store_request *r = c->requests.first, *next; r && c->state == STORE_READY;
         r = next) {
        next = r->next;
        store_session_hand(c, r);
    }
}

/* ---- answers ---- */

/* What AUTH or SELECT refuses is the answer to everything that waited. The line is bounded, and
 * does not repeat the password: unknown commands are answered with their arguments. */
static void refuse(struct store_connection *c, struct muster_bytes flat)
{
    struct muster_live_store *s = c->store;
    struct muster_bytes line = {flat.at + MUSTER_FLAT_HEAD, flat.size - MUSTER_FLAT_HEAD};
    uint8_t room[MUSTER_FLAT_HEAD + TEXT_MAX];
    char text[TEXT_MAX];
    struct muster_flat_writer w;
    struct store_request *r;
    line = store_reply_harmless(line, s->config.password);
    (void)snprintf(text, sizeof text, "%.*s", (int)line.size, (const char *)line.at);
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_text(&w, MUSTER_FLAT_ERROR, text);
    store_connection_drop(c);
    if (strcmp(s->auth_refused, text) != 0)
        store_connection_say(c, MUSTER_LIVE_ERROR, "store_auth_refused", text);
    memcpy(s->auth_refused, text, sizeof text);
    while ((r = store_request_take(&c->requests))) /* none is left when the store was closed */
        store_request_answer(s, r, muster_flat_written(&w));
}

static void take_setup(struct store_connection *c, struct muster_bytes flat)
{
    assert(c->setup > 0 && flat.size >= MUSTER_FLAT_HEAD);
    if (flat.at[0] == MUSTER_FLAT_ERROR)
        refuse(c, flat);
    else if (flat.at[0] != MUSTER_FLAT_STATUS)
        store_connection_lose(c, "no answer to AUTH or SELECT");
    else if (--c->setup == 0)
        become_ready(c);
}

static void take_push(struct store_connection *c, struct muster_bytes flat)
{
    struct store_request *r = c->requests.first;
    assert(r && r == c->requests.last);
    switch (store_reply_push(flat)) {
    case STORE_PUSH_MESSAGE:
        store_tell(c->store, MUSTER_IN_PUSH, MUSTER_STATUS_OK, r->tag, flat);
        return;
    case STORE_PUSH_CONFIRMATION:
        r->due = MUSTER_NEVER;
        return;
    case STORE_PUSH_NONE:
        break;
    }
    if (r->due == MUSTER_NEVER) {
        store_connection_lose(c, "neither a message nor a confirmation");
        return;
    }
    store_connection_drop(c);
    store_request_answer(c->store, store_request_take(&c->requests), flat);
}

static void take_answer(struct store_connection *c, struct muster_bytes flat)
{
    struct store_request *r;
    if (c->state == STORE_SETUP)
        take_setup(c, flat);
    else if (c->subscription)
        take_push(c, flat);
    else if ((r = store_request_take(&c->requests)))
        store_request_answer(c->store, r, flat);
    else
        store_connection_lose(c, "an answer that nobody asked for");
}

/* ---- reading ---- */

static void take_answers(struct store_connection *c)
{
    const redisReader *reader = c->reader;
    while (c->state != STORE_CLOSED) {
        void *reply;
        if (redisReaderGetReply(c->reader, &reply) != REDIS_OK) {
            store_connection_lose(c, c->reply.full ? "a reply too long or nested too deep"
                                                   : reader->errstr);
            return;
        }
        if (!reply)
            break;
        struct muster_bytes flat = muster_flat_written(&c->reply);
        muster_flat_writer_init(&c->reply, c->room, sizeof c->room);
        take_answer(c, flat);
    }
    /* one value that is still incomplete; the reader would go on collecting it */
    if (c->state != STORE_CLOSED && reader->len - reader->pos > sizeof c->room + FRAMING)
        store_connection_lose(c, "a reply too long");
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    struct muster_live_store *s = ((struct store_connection *)handle->data)->store;
    (void)size;
    *buffer = uv_buf_init(s->chunk, sizeof s->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct store_connection *c = stream->data;
    if (size < 0)
        store_connection_lose(c, size == UV_EOF ? "closed by the store" : uv_strerror((int)size));
    else if (redisReaderFeed(c->reader, buffer->base, (size_t)size) != REDIS_OK)
        store_connection_lose(c, c->reader->errstr);
    else
        take_answers(c);
}

/* ---- the beginning ---- */

static void set_up_socket(struct store_connection *c)
{
    const int interval = KEEPALIVE_INTERVAL, probes = KEEPALIVE_PROBES;
    uv_os_fd_t fd;
    if (uv_fileno(&c->handle.any, &fd) != 0)
        return;
    /* as good as the system gives: a subscription learns by it that its peer is dead */
    (void)uv_tcp_nodelay(&c->handle.tcp, 1);
    (void)uv_tcp_keepalive(&c->handle.tcp, 1, KEEPALIVE_IDLE);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

static void ask_setup(struct store_connection *c, int count, const char **argument)
{
    char *command;
    int size = redisFormatCommandArgv(&command, count, argument, NULL);
    c->setup++;
    send_command(c, store_need(size > 0 ? command : NULL), (size_t)size);
}

void store_session_begin(struct store_connection *c)
{
    const struct muster_live_store_config *f = &c->store->config;
    const char *auth[] = {"AUTH", f->user, f->password}, *auth_default[] = {"AUTH", f->password};
    char number[16];
    const char *select[] = {"SELECT", number};
    assert(c->state == STORE_CONNECTING && c->setup == 0);
    c->state = STORE_SETUP;
    if (!f->path[0])
        set_up_socket(c);
    int status = uv_read_start(&c->handle.stream, on_alloc, on_read);
    if (status != 0) {
        store_connection_lose(c, uv_strerror(status));
        return;
    }
    (void)snprintf(number, sizeof number, "%" PRIu32, f->database);
    if (f->password[0])
        ask_setup(c, f->user[0] ? 3 : 2, f->user[0] ? auth : auth_default);
    if (f->database != 0 && c->state == STORE_SETUP)
        ask_setup(c, 2, select);
    if (c->state == STORE_SETUP && c->setup == 0)
        become_ready(c);
}
