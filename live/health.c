/* SPDX-License-Identifier: Apache-2.0 */
/* The health file, read on libuv's threads, one request after the other. */
#include "live/health.h"

#include "core/flat.h"
#include "live/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHY_MAX 200

struct request {
    uint64_t tag;
    uint64_t due; /* uv_hrtime */
};

struct muster_live_health {
    struct muster_live_sink sink;
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_work_t work;
    struct request request[MUSTER_HEALTH_REQUESTS_MAX];
    uint32_t count;
    bool reading; /* the work is under way, or its answer is being given */
    bool wanted;  /* and it is for request[0]: that has not timed out meanwhile */
    bool timer_closed;
    void (*closed)(void *cookie); /* null: not closing */
    void *cookie;
    char said[WHY_MAX];

    /* The work's own while it is under way. */
    char path[MUSTER_HEALTH_PATH_MAX + 1];
    char why[WHY_MAX]; /* what is wrong; empty: nothing */
    uint32_t status;   /* enum muster_status */
    uint8_t reply[MUSTER_FLAT_HEAD + MUSTER_LIVE_HEALTH_TEXT_ROOM]; /* when OK */
    size_t reply_size;
};

/* ---- on a thread of libuv's ---- */

/* Open and size up. Returns the descriptor, or -1 with the reason in why. */
static int open_file(struct muster_live_health *h)
{
    struct stat s;
    int fd = open(h->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &s) != 0) {
        uv_strerror_r(uv_translate_sys_error(errno), h->why, sizeof h->why);
    } else if (!S_ISREG(s.st_mode)) {
        (void)snprintf(h->why, sizeof h->why, "not a regular file");
    } else if (s.st_size > MUSTER_HEALTH_FILE_MAX) {
        (void)snprintf(h->why, sizeof h->why, "larger than %d bytes", MUSTER_HEALTH_FILE_MAX);
    } else {
        return fd;
    }
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* The whole file. Returns its size, or SIZE_MAX with the reason in why. */
static size_t read_file(struct muster_live_health *h, int fd, uint8_t *room)
{
    size_t used = 0;
    while (used <= MUSTER_HEALTH_FILE_MAX) {
        ssize_t n = read(fd, room + used, MUSTER_HEALTH_FILE_MAX + 1 - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            uv_strerror_r(uv_translate_sys_error(errno), h->why, sizeof h->why);
            return SIZE_MAX;
        }
        if (n == 0)
            return used;
        used += (size_t)n;
    }
    (void)snprintf(h->why, sizeof h->why, "larger than %d bytes", MUSTER_HEALTH_FILE_MAX);
    return SIZE_MAX;
}

static uint32_t translate(struct muster_live_health *h, struct muster_bytes json)
{
    char room[MUSTER_LIVE_HEALTH_TEXT_ROOM];
    struct muster_text text;
    struct muster_flat_writer w;
    muster_text_init(&text, room, sizeof room);
    if (muster_health_text(json, &text, h->why, sizeof h->why) != 0)
        return MUSTER_STATUS_REFUSED;
    muster_flat_writer_init(&w, h->reply, sizeof h->reply);
    muster_flat_text(&w, MUSTER_FLAT_BULK, room);
    assert(!w.full);
    h->reply_size = muster_flat_written(&w).size;
    return MUSTER_STATUS_OK;
}

static void work(uv_work_t *work)
{
    struct muster_live_health *h = work->data;
    uint8_t *room = malloc(MUSTER_HEALTH_FILE_MAX + 1); /* only what is used of it takes space */
    h->why[0] = 0;
    h->status = MUSTER_STATUS_REFUSED;
    int fd = room ? open_file(h) : -1;
    if (!room)
        (void)snprintf(h->why, sizeof h->why, "out of memory");
    if (fd >= 0) {
        size_t size = read_file(h, fd, room);
        (void)close(fd);
        if (size != SIZE_MAX)
            h->status = translate(h, (struct muster_bytes){room, size});
    }
    free(room);
}

/* ---- on the loop ---- */

static void say(struct muster_live_health *h, const char *why)
{
    char text[MUSTER_HEALTH_PATH_MAX + WHY_MAX + 8];
    if (h->closed || strcmp(h->said, why) == 0)
        return;
    (void)snprintf(text, sizeof text, "%s: %s", h->path, why[0] ? why : "all well again");
    (void)snprintf(h->said, sizeof h->said, "%s", why);
    h->sink.say(h->sink.host, why[0] ? MUSTER_LIVE_WARNING : MUSTER_LIVE_INFO,
                why[0] ? "health_unknown" : "health_known", text);
}

/* Take a request off the queue and answer it. */
static void answer(struct muster_live_health *h, uint32_t i, uint32_t status)
{
    struct muster_input in = {.kind = MUSTER_IN_REPLY,
                              .status = (uint16_t)status,
                              .tag = h->request[i].tag};
    assert(i < h->count);
    in.reply.endpoint = MUSTER_ENDPOINT_HEALTH;
    if (status == MUSTER_STATUS_OK)
        in.data = (struct muster_bytes){h->reply, h->reply_size};
    h->count--;
    memmove(&h->request[i], &h->request[i + 1], (h->count - i) * sizeof h->request[0]);
    h->sink.input(h->sink.host, &in);
}

static void when_closed(struct muster_live_health *h)
{
    if (!h->timer_closed || h->reading)
        return;
    void (*closed)(void *cookie) = h->closed;
    void *cookie = h->cookie;
    free(h);
    closed(cookie);
}

static void timed(uv_timer_t *timer);

/* Wake when the next request is due, and not at all when there is none. The loop's time lags
 * behind, so it may be too early. */
static void arm(struct muster_live_health *h)
{
    uint64_t now = uv_hrtime(), due = UINT64_MAX;
    for (uint32_t i = 0; i < h->count; i++)
        due = muster_time_min(due, h->request[i].due);
    if (due == UINT64_MAX) {
        (void)uv_timer_stop(&h->timer);
        return;
    }
    uint64_t left_ms = muster_time_since(due, now) / MUSTER_MILLISECOND + 1;
    (void)uv_timer_start(&h->timer, timed, left_ms, 0);
}

static uint32_t next_late(const struct muster_live_health *h)
{
    uint32_t i = 0;
    uint64_t now = uv_hrtime();
    while (i < h->count && h->request[i].due > now)
        i++;
    return i;
}

static void timed(uv_timer_t *timer)
{
    struct muster_live_health *h = timer->data;
    for (uint32_t i = next_late(h); i < h->count && !h->closed; i = next_late(h)) {
        if (i == 0)
            h->wanted = false;
        say(h, "not read in time");
        if (!h->closed)
            answer(h, i, MUSTER_STATUS_UNKNOWN);
    }
    if (!h->closed)
        arm(h);
}

static void worked(uv_work_t *work, int status);

/* Read for the request that has waited longest. */
static void go_on(struct muster_live_health *h)
{
    arm(h);
    if (h->reading || h->count == 0)
        return;
    h->reading = h->wanted = true;
    h->work.data = h;
    int error = uv_queue_work(h->loop, &h->work, work, worked);
    assert(error == 0); /* it fails only without a function to call */
    (void)error;
}

static void worked(uv_work_t *work, int status)
{
    struct muster_live_health *h = work->data;
    (void)status; /* cancelled: only when closing */
    if (!h->closed)
        say(h, h->why);
    if (!h->closed && h->wanted) {
        h->wanted = false;
        answer(h, 0, h->status); /* still reading: what this may ask anew must wait */
    }
    h->reading = false;
    if (h->closed)
        when_closed(h);
    else
        go_on(h);
}

/* ---- the port ---- */

struct muster_live_health *muster_live_health_new(uv_loop_t *loop, const char *path,
                                                  const struct muster_live_sink *sink)
{
    struct muster_live_health *h = live_take(sizeof *h);
    size_t length = strlen(path);
    assert(length <= MUSTER_HEALTH_PATH_MAX);
    memcpy(h->path, path, length + 1);
    h->sink = *sink;
    h->loop = loop;
    (void)uv_timer_init(loop, &h->timer);
    h->timer.data = h;
    return h;
}

void muster_live_health_request(struct muster_live_health *h, uint64_t tag, muster_dur timeout)
{
    assert(!h->closed);
    assert(h->count < MUSTER_HEALTH_REQUESTS_MAX); /* a process bounds what it asks at a time */
    h->request[h->count++] = (struct request){tag, muster_time_add(uv_hrtime(), timeout)};
    go_on(h);
}

static void timer_closed(uv_handle_t *timer)
{
    struct muster_live_health *h = timer->data;
    h->timer_closed = true;
    when_closed(h);
}

void muster_live_health_close(struct muster_live_health *h, void (*closed)(void *cookie),
                              void *cookie)
{
    assert(closed && !h->closed);
    h->closed = closed;
    h->cookie = cookie;
    if (h->reading)
        (void)uv_cancel((uv_req_t *)&h->work);
    uv_close((uv_handle_t *)&h->timer, timer_closed);
}
