/* SPDX-License-Identifier: Apache-2.0 */
/* The host of a live store in a test: see store_host.h. */
#include "tests/lib/store_host.h"

#include "core/flat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A flat value as text: bulk as is, "+status", "-error", ":1", "nil", "[a b]". */
static void render(struct muster_flat_reader *r, char *to, size_t size)
{
    struct muster_flat_value v;
    size_t used = strlen(to);
    assert_int_equal(muster_flat_next(r, &v), 0);
    char *at = to + used;
    size_t left = size - used;
    switch (v.type) {
    case MUSTER_FLAT_INTEGER:
        (void)snprintf(at, left, ":%lld", (long long)v.integer);
        break;
    case MUSTER_FLAT_NIL:
        (void)snprintf(at, left, "nil");
        break;
    case MUSTER_FLAT_ARRAY:
        (void)snprintf(at, left, "[");
        for (uint32_t i = 0; i < v.count; i++) {
            if (i > 0 && strlen(to) + 1 < size)
                strcat(to, " ");
            render(r, to, size);
        }
        if (strlen(to) + 1 < size)
            strcat(to, "]");
        break;
    case MUSTER_FLAT_BULK:
    case MUSTER_FLAT_STATUS:
    case MUSTER_FLAT_ERROR:
        (void)snprintf(at, left, "%s%.*s",
                       v.type == MUSTER_FLAT_BULK     ? ""
                       : v.type == MUSTER_FLAT_STATUS ? "+"
                                                      : "-",
                       (int)v.bytes.size, (const char *)v.bytes.at);
        break;
    }
}

static void on_input(void *cookie, const struct muster_input *in)
{
    static const char *const statuses[] = {"OK", "REFUSED", "UNKNOWN"};
    struct host *h = cookie;
    assert_false(h->asking);
    assert_non_null(h->store);
    assert_true(h->answers < HOST_ANSWERS_MAX);
    assert_true(in->status <= MUSTER_STATUS_UNKNOWN);
    struct host_answer *a = &h->answer[h->answers++];
    *a = (struct host_answer){in->kind, in->status, in->tag, in->data.size, ""};
    if (in->kind == MUSTER_IN_REPLY)
        assert_int_equal(in->reply.endpoint, MUSTER_ENDPOINT_STORE);
    else
        assert_int_equal(in->kind, MUSTER_IN_PUSH);
    (void)snprintf(a->text, sizeof a->text, "%s",
                   in->kind == MUSTER_IN_PUSH ? "PUSH" : statuses[in->status]);
    assert_true((in->data.size > 0) == (in->status == MUSTER_STATUS_OK));
    if (in->data.size > 0) {
        struct muster_flat_reader r, whole;
        muster_flat_reader_init(&r, in->data);
        muster_flat_reader_init(&whole, in->data);
        strcat(a->text, " ");
        render(&r, a->text, sizeof a->text);
        assert_int_equal(r.left.size, 0);
        assert_int_equal(muster_flat_skip(&whole), 0);
    }
    uv_stop(&h->loop); /* not to sleep on what has been waited for */
    if (h->react)
        h->react(h, a);
}

static void on_say(void *cookie, enum muster_live_level level, const char *event, const char *text)
{
    struct host *h = cookie;
    assert_true(h->remarks < HOST_REMARKS_MAX);
    struct host_remark *r = &h->remark[h->remarks++];
    r->level = level;
    (void)snprintf(r->text, sizeof r->text, "%s %s", event, text);
}

void host_init(struct host *h)
{
    memset(h, 0, sizeof *h);
    assert_int_equal(uv_loop_init(&h->loop), 0);
    uv_timer_init(&h->loop, &h->clock);
    h->clock.data = h;
}

void host_open(struct host *h, const struct muster_live_store_config *config)
{
    struct muster_live_sink sink = {h, on_input, on_say};
    assert_null(h->store);
    h->closed = false;
    h->store = muster_live_store_new(&h->loop, config, &sink);
    assert_non_null(h->store);
}

static void ask(struct host *h, uint64_t tag, const char *words, muster_dur timeout)
{
    static uint8_t room[1 << 16];
    struct muster_flat_writer w;
    uint32_t count = 1;
    for (const char *c = words; *c; c++)
        count += *c == '|';
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, count);
    for (uint32_t i = 0; i < count; i++) {
        size_t length = strcspn(words, "|");
        muster_flat_bytes(&w, MUSTER_FLAT_BULK, words, length);
        words += length + 1;
    }
    assert_false(w.full);
    h->asking = true;
    muster_live_store_request(h->store, tag, muster_flat_written(&w), timeout);
    h->asking = false;
    memset(room, 0xa5, sizeof room); /* the bytes were the store's during the call only */
}

void host_ask(struct host *h, uint64_t tag, const char *words, uint64_t timeout_ms)
{
    assert_true(timeout_ms > 0);
    ask(h, tag, words, timeout_ms * MUSTER_MILLISECOND);
}

void host_subscribe(struct host *h, uint64_t tag, const char *channel)
{
    char words[128];
    (void)snprintf(words, sizeof words, "SUBSCRIBE|%s", channel);
    ask(h, tag, words, 0);
}

static void on_clock(uv_timer_t *clock)
{
    ((struct host *)clock->data)->late = true;
    uv_stop(clock->loop);
}

static void set_clock(struct host *h, uint64_t ms)
{
    h->late = false;
    uv_update_time(&h->loop);
    uv_timer_start(&h->clock, on_clock, ms, 0);
}

void host_wait(struct host *h, uint32_t answers)
{
    set_clock(h, HOST_PATIENCE_MS);
    while (h->answers < answers && !h->late)
        uv_run(&h->loop, UV_RUN_ONCE);
    uv_timer_stop(&h->clock);
    assert_int_equal(h->answers, answers);
}

void host_let(struct host *h, uint64_t ms)
{
    set_clock(h, ms);
    while (!h->late)
        uv_run(&h->loop, UV_RUN_ONCE);
    /* on a busy machine time alone may have passed */
    for (int turn = 0; turn < HOST_TURNS; turn++)
        uv_run(&h->loop, UV_RUN_NOWAIT);
}

const char *host_answer(const struct host *h, uint64_t tag)
{
    const char *found = NULL;
    for (uint32_t i = 0; i < h->answers; i++) {
        if (h->answer[i].tag != tag || h->answer[i].kind != MUSTER_IN_REPLY)
            continue;
        assert_null(found);
        found = h->answer[i].text;
    }
    assert_non_null(found);
    return found;
}

const char *host_push(const struct host *h, uint64_t tag)
{
    for (uint32_t i = h->answers; i > 0; i--)
        if (h->answer[i - 1].tag == tag && h->answer[i - 1].kind == MUSTER_IN_PUSH)
            return h->answer[i - 1].text;
    return "";
}

uint32_t host_remarks(const struct host *h, const char *begin)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < h->remarks; i++)
        count += strncmp(h->remark[i].text, begin, strlen(begin)) == 0;
    return count;
}

void host_wait_remarks(struct host *h, const char *begin, uint32_t count)
{
    for (int ms = 0; ms < HOST_PATIENCE_MS && host_remarks(h, begin) < count; ms++)
        host_let(h, 1);
    assert_int_equal(host_remarks(h, begin), count);
}

const char *host_remark(const struct host *h)
{
    return h->remarks > 0 ? h->remark[h->remarks - 1].text : "";
}

static void on_closed(void *cookie)
{
    struct host *h = cookie;
    assert_false(h->closed);
    h->closed = true;
    uv_stop(&h->loop);
}

void host_begin_close(struct host *h)
{
    struct muster_live_store *store = h->store;
    h->store = NULL; /* from here on no input may come */
    muster_live_store_close(store, on_closed, h);
}

void host_close_store(struct host *h)
{
    if (h->store)
        host_begin_close(h);
    set_clock(h, HOST_PATIENCE_MS);
    while (!h->closed && !h->late)
        uv_run(&h->loop, UV_RUN_ONCE);
    uv_timer_stop(&h->clock);
    assert_true(h->closed);
}

void host_done(struct host *h)
{
    if (h->store)
        host_close_store(h);
    if (h->before_close)
        h->before_close(h);
    uv_close((uv_handle_t *)&h->clock, NULL);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&h->loop), 0);
}
