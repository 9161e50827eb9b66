/* SPDX-License-Identifier: Apache-2.0 */
/* A server that plays Redis as badly as a test wants, on the test's own loop. */
#ifndef MUSTER_TESTS_LIB_STORE_PEER_H
#define MUSTER_TESTS_LIB_STORE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>
#include <uv.h>

#define PEER_LOG_MAX  64
#define PEER_TEXT_MAX 128

struct peer_server;

/* One connection that it has accepted. */
struct peer {
    struct peer_server *server;
    struct peer *next;
    uint32_t number;   /* of the connection, from 1 */
    uint32_t commands; /* that came on it */
    bool closed;       /* by either side */
    redisReader *reader;
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle;
};

struct peer_server {
    uv_loop_t *loop;
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle;
    uint16_t port;
    struct peer *peers;
    uint32_t accepted, open;
    uint32_t commands;
    char log[PEER_LOG_MAX][PEER_TEXT_MAX]; /* each command: "2: SET a 1", by connection */
    void (*greet)(struct peer *p);         /* a connection has been accepted; or null */
    void (*command)(struct peer *p, const char *words); /* one has come; null: never an answer */
};

/* Listen on a port of 127.0.0.1 that the system chooses, or on that one. */
void peer_server_open(struct peer_server *s, uv_loop_t *loop, uint16_t port);
/* On a Unix socket. */
void peer_server_open_path(struct peer_server *s, uv_loop_t *loop, const char *path);
/* Close the listener and every connection; the handles go when the loop runs on. */
void peer_server_close(struct peer_server *s);

/* Send text, or bytes. */
void peer_say(struct peer *p, const char *text);
void peer_send(struct peer *p, const void *bytes, size_t size);
/* Close; or let the other end see a reset. */
void peer_close(struct peer *p);
void peer_reset(struct peer *p);
/* The newest connection. */
struct peer *peer_newest(struct peer_server *s);

#endif
