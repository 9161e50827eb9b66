/* SPDX-License-Identifier: Apache-2.0 */
/* The store on a real machine: Redis through hiredis, on libuv's loop.
 *
 * Requests are argument vectors (core/flat.h) and end in REPLY; a SUBSCRIBE is a request without a
 * timeout that goes over a connection of its own, as RESP2 demands, and ends when that connection
 * does; its messages come as PUSH with its tag. How a request ends:
 *
 *   OK       the store answered; data is the flat reply, an error line included
 *   REFUSED  surely not executed: no connection came about, or it was not yet handed to one
 *   UNKNOWN  handed to a connection that was lost or closed, or no answer within the timeout
 *
 * A request that is not answered in time takes its connection with it, as in the simulator: its
 * answer could no longer be told from the next one's. There is no reconnecting in the background: a
 * request without a connection makes one, so the pace is the process's own.
 *
 * hiredis 0.14: its libuv adapter swallows refused and reset connections, it has no deadlines and
 * resolves names inside connect; so the adapter, the timers and the resolving are here.
 */
#ifndef MUSTER_LIVE_STORE_H
#define MUSTER_LIVE_STORE_H

#include "live/port.h"

#define MUSTER_STORE_TEXT_MAX     255
#define MUSTER_STORE_REQUESTS_MAX 32        /* under way at a time; one more is REFUSED */
#define MUSTER_STORE_REPLY_MAX    (1 << 20) /* bytes of a flat reply; a longer one is UNKNOWN */

struct muster_live_store_config {
    char host[MUSTER_STORE_TEXT_MAX + 1];     /* name or address; or */
    char path[MUSTER_STORE_TEXT_MAX + 1];     /* a Unix socket, when not empty */
    uint16_t port;                            /* 6379 */
    char user[MUSTER_STORE_TEXT_MAX + 1];     /* empty: AUTH with the password alone */
    char password[MUSTER_STORE_TEXT_MAX + 1]; /* empty: no AUTH */
    uint32_t database;                        /* SELECT, when not 0 */
};

struct muster_live_store;

/* A store without a connection yet. loop and what the sink's host is outlive it. Never null: out of
 * memory ends the program. */
struct muster_live_store *muster_live_store_new(uv_loop_t *loop,
                                                const struct muster_live_store_config *config,
                                                const struct muster_live_sink *sink);

/* Begin a request: ends in REPLY with this tag. argv: a flat array of bulks. timeout: ns; 0: a
 * subscription. A new connection is authenticated first; what AUTH or SELECT refuses is the answer
 * (OK, with the error line) of every request that waited for it, and is said once. */
void muster_live_store_request(struct muster_live_store *s, uint64_t tag, struct muster_bytes argv,
                               muster_dur timeout);

/* Close: requests under way get no answer. `closed` comes from the loop when every handle is
 * gone; the store is freed then. */
void muster_live_store_close(struct muster_live_store *s, void (*closed)(void *cookie),
                             void *cookie);

#endif
