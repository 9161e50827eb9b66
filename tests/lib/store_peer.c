/* SPDX-License-Identifier: Apache-2.0 */
/* A server that plays Redis as badly as a test wants: see store_peer.h. */
#include "tests/lib/store_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct outgoing {
    uv_write_t write;
    char bytes[];
};

static void on_written(uv_write_t *write, int status)
{
    (void)status; /* the other end may be gone */
    free(write);
}

void peer_send(struct peer *p, const void *bytes, size_t size)
{
    struct outgoing *o = malloc(sizeof *o + size);
    assert_non_null(o);
    memcpy(o->bytes, bytes, size);
    uv_buf_t buffer = uv_buf_init(o->bytes, (unsigned)size);
    assert_int_equal(uv_write(&o->write, &p->handle.stream, &buffer, 1, on_written), 0);
}

void peer_say(struct peer *p, const char *text)
{
    peer_send(p, text, strlen(text));
}

static void on_gone(uv_handle_t *handle)
{
    struct peer *p = handle->data;
    struct peer **at = &p->server->peers;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    redisReaderFree(p->reader);
    free(p);
}

void peer_close(struct peer *p)
{
    if (p->closed)
        return;
    p->closed = true;
    p->server->open--;
    uv_close(&p->handle.any, on_gone);
}

void peer_reset(struct peer *p)
{
    assert_false(p->closed);
    p->closed = true;
    p->server->open--;
    assert_int_equal(uv_tcp_close_reset(&p->handle.tcp, on_gone), 0);
}

static void take(struct peer *p, const redisReply *command)
{
    struct peer_server *s = p->server;
    char words[PEER_TEXT_MAX] = "";
    size_t used = 0;
    assert_int_equal(command->type, REDIS_REPLY_ARRAY);
    for (size_t i = 0; i < command->elements && used < sizeof words; i++)
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%s", i > 0 ? " " : "",
                                 command->element[i]->str);
    assert_true(s->commands < PEER_LOG_MAX);
    (void)snprintf(s->log[s->commands++], PEER_TEXT_MAX, "%u: %.100s", p->number, words);
    p->commands++;
    if (s->command)
        s->command(p, words);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    static char room[65536];
    (void)handle;
    (void)size;
    *buffer = uv_buf_init(room, sizeof room);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct peer *p = stream->data;
    if (size < 0) {
        peer_close(p);
        return;
    }
    assert_int_equal(redisReaderFeed(p->reader, buffer->base, (size_t)size), REDIS_OK);
    void *command;
    while (!p->closed) {
        assert_int_equal(redisReaderGetReply(p->reader, &command), REDIS_OK);
        if (!command)
            break;
        take(p, command);
        freeReplyObject(command);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct peer_server *s = listener->data;
    struct peer *p = calloc(1, sizeof *p);
    assert_non_null(p);
    assert_int_equal(status, 0);
    p->server = s;
    p->number = ++s->accepted;
    p->reader = redisReaderCreate();
    p->next = s->peers;
    s->peers = p;
    s->open++;
    if (listener->type == UV_NAMED_PIPE)
        uv_pipe_init(s->loop, &p->handle.pipe, 0);
    else
        uv_tcp_init(s->loop, &p->handle.tcp);
    p->handle.any.data = p;
    assert_int_equal(uv_accept(listener, &p->handle.stream), 0);
    assert_int_equal(uv_read_start(&p->handle.stream, on_alloc, on_read), 0);
    if (s->greet)
        s->greet(p);
}

static void listen_on(struct peer_server *s)
{
    s->handle.any.data = s;
    assert_int_equal(uv_listen(&s->handle.stream, 16, on_connection), 0);
}

void peer_server_open(struct peer_server *s, uv_loop_t *loop, uint16_t port)
{
    struct sockaddr_in a;
    int size = sizeof a;
    memset(s, 0, sizeof *s);
    s->loop = loop;
    uv_tcp_init(loop, &s->handle.tcp);
    assert_int_equal(uv_ip4_addr("127.0.0.1", port, &a), 0);
    assert_int_equal(uv_tcp_bind(&s->handle.tcp, (struct sockaddr *)&a, 0), 0);
    assert_int_equal(uv_tcp_getsockname(&s->handle.tcp, (struct sockaddr *)&a, &size), 0);
    s->port = ntohs(a.sin_port);
    listen_on(s);
}

void peer_server_open_path(struct peer_server *s, uv_loop_t *loop, const char *path)
{
    memset(s, 0, sizeof *s);
    s->loop = loop;
    uv_pipe_init(loop, &s->handle.pipe, 0);
    assert_int_equal(uv_pipe_bind(&s->handle.pipe, path), 0);
    listen_on(s);
}

void peer_server_close(struct peer_server *s)
{
    for (struct peer *p = s->peers; p; p = p->next)
        peer_close(p);
    uv_close(&s->handle.any, NULL);
}

struct peer *peer_newest(struct peer_server *s)
{
    assert_non_null(s->peers);
    return s->peers;
}
