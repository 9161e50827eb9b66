/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store share: requests, connections, and who holds which. */
#ifndef MUSTER_LIVE_STORE_INSIDE_H
#define MUSTER_LIVE_STORE_INSIDE_H

#include "core/flat.h"
#include "live/store.h"

#include <hiredis/hiredis.h>

#define ADDRESSES_MAX 8
#define PLACE_MAX     384 /* a host, a port, an address; or a path */
#define TEXT_MAX      256 /* an error line; a longer one is cut */

struct store_request {
    struct store_request *next;
    uint64_t tag;
    muster_time due; /* lease clock; MUSTER_NEVER: none */
    uint16_t status; /* how it ended, once it has */
    char *command;   /* as it goes over the wire; null when handed over */
    size_t size;
};

struct store_requests {
    struct store_request *first, *last;
};

enum store_connection_state {
    STORE_NEW,        /* to be begun from the loop */
    STORE_RESOLVING,  /* waits for the name's addresses */
    STORE_CONNECTING, /* to one address */
    STORE_SETUP,      /* AUTH and SELECT are under way */
    STORE_READY,      /* requests are handed to it as they come */
    STORE_CLOSED,     /* nobody's any more; freed when its handle is gone */
};

/* One socket, which tries one address. Its memory outlives every call that comes from it. */
struct store_connection {
    struct muster_live_store *store;
    struct store_connection *next;
    enum store_connection_state state;
    bool subscription;              /* for its one request; else it is store->commands */
    uint32_t tried;                 /* addresses, this one included */
    uint32_t at;                    /* index of this one */
    uint32_t setup;                 /* answers to AUTH and SELECT still to come */
    struct store_requests requests; /* they wait; from READY on they have been handed over */
    char address[INET6_ADDRSTRLEN];
    uv_connect_t connect;
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle;
    redisReader *reader;
    struct muster_flat_writer reply; /* the one that is being read, into room */
    uint8_t room[MUSTER_STORE_REPLY_MAX];
};

struct muster_live_store {
    uv_loop_t *loop;
    struct muster_live_store_config config;
    struct muster_live_sink sink;
    uv_timer_t timer; /* for the earliest due */
    muster_time wake; /* when it comes; MUSTER_NEVER: it does not */
    uv_idle_t idle;   /* active only while there is something to begin or to tell */
    uint32_t requests;
    struct store_requests ended;          /* to be told from the loop */
    struct store_connection *commands;    /* null: none */
    struct store_connection *connections; /* all whose handles are not gone */
    uint32_t handles;                     /* and a resolving, which close waits for */

    uv_getaddrinfo_t resolver; /* one at a time: it takes a thread of the pool, maybe for long */
    bool resolving;
    bool literal; /* the host is an address: nothing to resolve */
    bool fresh;   /* addresses came when nobody waited: the next connection takes them */
    struct sockaddr_storage addresses[ADDRESSES_MAX];
    uint32_t address_count;
    uint32_t preferred; /* index of the address to try first */

    bool refused;                 /* said, and no connection since */
    char auth_refused[TEXT_MAX];  /* the text said last; empty since a connection */
    char chunk[1 << 14];          /* what one read brings */
    void (*closed)(void *cookie); /* null: open */
    void *cookie;
};

/* ---- store.c ---- */

/* The same memory; null ends the program, for there is no going on without. */
void *store_need(void *memory);
/* Zeroed memory, never null. */
void *store_alloc(size_t size);
void store_request_put(struct store_requests *to, struct store_request *r);
struct store_request *store_request_take(struct store_requests *from);
/* It ends without data; told from the loop. */
void store_request_end(struct muster_live_store *s, struct store_request *r, uint16_t status);
/* It ends with the store's answer, now: the process is called. */
void store_request_answer(struct muster_live_store *s, struct store_request *r,
                          struct muster_bytes flat);
/* Hand an input to the process. */
void store_tell(struct muster_live_store *s, uint16_t kind, uint16_t status, uint64_t tag,
                struct muster_bytes data);
/* There is something to begin or to tell. */
void store_wake(struct muster_live_store *s);
/* A handle is gone: the last one ends the store. */
void store_release(struct muster_live_store *s);

/* ---- store_connection.c ---- */

/* A connection that the loop is going to begin. */
struct store_connection *store_connection_new(struct muster_live_store *s, bool subscription);
/* Resolve, or connect to the next address. */
void store_connection_begin(struct store_connection *c);
/* Let a request wait for it, or hand it over when it is READY. */
void store_connection_add(struct store_connection *c, struct store_request *r);
/* End the requests that are due by now, and with them what they came with. */
void store_connection_expire(struct store_connection *c, muster_time now);
/* Close it without a word; its requests stay in it. */
void store_connection_drop(struct store_connection *c);
/* Say something about it: with the place it leads to, and why, when that is not null. */
void store_connection_say(struct store_connection *c, enum muster_live_level level,
                          const char *event, const char *why);
/* It is over: close it, end its requests, say why. */
void store_connection_lose(struct store_connection *c, const char *why);

/* ---- store_session.c ---- */

/* The socket is connected: read from it, authenticate, then hand over what waits. */
void store_session_begin(struct store_connection *c);
/* Hand a request over to a connection that is READY. */
void store_session_hand(struct store_connection *c, struct store_request *r);

/* ---- store_reply.c ---- */

/* A reader that writes each reply into c->reply; what it returns as the reply only says that there
 * is one. A reply that does not fit, or is nested too deep, is an error of the reader. */
redisReader *store_reply_reader(struct store_connection *c);
/* A flat argument vector as it goes over the wire, for free(); null when it is none. */
char *store_reply_command(struct muster_bytes argv, size_t *ret_size);
/* What a subscription is sent: arrays of three. */
enum store_push {
    STORE_PUSH_NONE,
    STORE_PUSH_CONFIRMATION, /* "subscribe", channel, number of channels */
    STORE_PUSH_MESSAGE,      /* "message", channel, payload */
};
enum store_push store_reply_push(struct muster_bytes flat);
/* The text of an error line up to where it may repeat the password. */
struct muster_bytes store_reply_harmless(struct muster_bytes text, const char *password);

#endif
