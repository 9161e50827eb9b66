/* SPDX-License-Identifier: Apache-2.0 */
/* The host of a live store in a test: a loop, requests as words, and a log of what came of them. */
#ifndef MUSTER_TESTS_LIB_STORE_HOST_H
#define MUSTER_TESTS_LIB_STORE_HOST_H

#include "live/store.h"

#define HOST_ANSWERS_MAX 256
#define HOST_REMARKS_MAX 64
#define HOST_TEXT_MAX    600
#define HOST_PATIENCE_MS 20000
#define HOST_TURNS       8

struct host_answer {
    uint16_t kind, status;
    uint64_t tag;
    size_t size;              /* of the data */
    char text[HOST_TEXT_MAX]; /* "OK +PONG", "REFUSED", "UNKNOWN", "PUSH [message c p]"; cut */
};

struct host_remark {
    enum muster_live_level level;
    char text[HOST_TEXT_MAX]; /* "store_refused 127.0.0.1:1: connection refused" */
};

struct host {
    uv_loop_t loop;
    uv_timer_t clock;
    bool late, closed;
    struct muster_live_store *store; /* null when it is closed */
    bool asking;                     /* a request is being begun: no answer may come */
    uint32_t answers, remarks;
    struct host_answer answer[HOST_ANSWERS_MAX];
    struct host_remark remark[HOST_REMARKS_MAX];
    void (*react)(struct host *h, const struct host_answer *a); /* as the process would; or null */
    void (*before_close)(struct host *h);                       /* what else is on the loop; null */
};

/* A loop; then a store on it. */
void host_init(struct host *h);
void host_open(struct host *h, const struct muster_live_store_config *config);
/* Begin a request of words separated by '|'. */
void host_ask(struct host *h, uint64_t tag, const char *words, uint64_t timeout_ms);
void host_subscribe(struct host *h, uint64_t tag, const char *channel);
/* Run the loop until there have been so many answers in all; fails when they do not come. */
void host_wait(struct host *h, uint32_t answers);
/* Run it for a time, and HOST_TURNS turns more. */
void host_let(struct host *h, uint64_t ms);
/* The only answer with this tag, as text; fails when there is none, or more. */
const char *host_answer(const struct host *h, uint64_t tag);
/* The newest push with this tag, or "". */
const char *host_push(const struct host *h, uint64_t tag);
/* How many remarks begin like that; and the newest one, or "". */
uint32_t host_remarks(const struct host *h, const char *begin);
const char *host_remark(const struct host *h);
/* Run the loop until so many begin like that. */
void host_wait_remarks(struct host *h, const char *begin, uint32_t count);
/* Close the store, wait for it; nothing comes any more, and the store's handles are gone. */
void host_close_store(struct host *h);
/* Begin to close; from within an answer too. */
void host_begin_close(struct host *h);
/* Close what is open; fails when a handle is left on the loop. */
void host_done(struct host *h);

#endif
