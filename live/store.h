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
 * answer could no longer be told from the next one's. One that is still waiting for a connection
 * takes the attempt with it, and those that wait on begin another, at the next address. There is no
 * reconnecting in the background: a request without a connection makes one, so the pace is the
 * process's own.
 *
 * hiredis writes the commands and reads the replies; sockets, timers and resolving are libuv's. Its
 * async API is not used: in 0.14 it ends the program with an assertion when the store sends an
 * answer nobody asked for, does not bound what a reply takes, resolves names inside connect, and
 * has no deadlines.
 *
 * What is said:
 *   store_connected     info     where to
 *   store_disconnected  warning  where from and why: a connection that requests had been handed to
 *   store_refused       warning  where to and why: none came about; once, until one does
 *   store_auth_refused  error    the store's answer to AUTH or SELECT; once for each new text
 * No text contains the password.
 */
#ifndef MUSTER_LIVE_STORE_H
#define MUSTER_LIVE_STORE_H

#include "live/port.h"

#define MUSTER_STORE_TEXT_MAX     255
#define MUSTER_STORE_REQUESTS_MAX 32        /* under way at a time; one more is REFUSED */
#define MUSTER_STORE_REPLY_MAX    (1 << 20) /* bytes of a flat reply; a longer one is UNKNOWN */
#define MUSTER_STORE_NESTING_MAX  8         /* as muster_flat_skip; a deeper reply is UNKNOWN */
#define MUSTER_STORE_CONFIRM_MAX  (5 * MUSTER_SECOND) /* from SUBSCRIBE to its confirmation */

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
 * memory ends the program. SIGPIPE is ignored from here on, unless the program handles it. */
struct muster_live_store *muster_live_store_new(uv_loop_t *loop,
                                                const struct muster_live_store_config *config,
                                                const struct muster_live_sink *sink);

/* Begin a request: ends in REPLY with this tag. argv: a flat array of bulks, at least one; anything
 * else is REFUSED. timeout: ns on the lease clock; 0: a subscription, which ends like a request
 * when it is not confirmed within MUSTER_STORE_CONFIRM_MAX, with OK when SUBSCRIBE is answered
 * with an error. A new connection is authenticated first; what AUTH or SELECT refuses is the answer
 * (OK, with the error line, as far as it surely does not repeat the password) of every request that
 * waited for it. Not after close. */
void muster_live_store_request(struct muster_live_store *s, uint64_t tag, struct muster_bytes argv,
                               muster_dur timeout);

/* Close, once: requests under way get no answer. May be called from within an input. `closed` comes
 * from the loop when every handle is gone and a name that was being resolved is; the store is
 * freed then. */
void muster_live_store_close(struct muster_live_store *s, void (*closed)(void *cookie),
                             void *cookie);

#endif
