/* SPDX-License-Identifier: Apache-2.0 */
/* One member's part in work, with a board, a disk and an executor that do what a test says. For one
 * program file each. */
#ifndef MUSTER_TESTS_LIB_WORK_FIXTURE_H
#define MUSTER_TESTS_LIB_WORK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/coordinator/wire.h"
#include "core/coordinator/work.h"
#include "core/flat.h"
#include "core/notes.h"

#define S(seconds)   ((muster_dur)(seconds)*MUSTER_SECOND)
#define BOARD_MAX    (2 * MUSTER_WORK_BOARD_MAX)
#define MEMBERS      3
#define LIFE(member) (UINT64_C(0x100) + (member))
#define LOG_MAX      512

enum store_mode { STORE_WELL, STORE_NOSCRIPT, STORE_READONLY, STORE_LOST, STORE_LOADING };

struct noted {
    uint16_t note;
    uint64_t arg[4];
    char text[128];
};

/* An input on its way to the member. */
struct pending {
    uint16_t kind, status;
    uint64_t tag;
    size_t size;
    uint8_t data[65536];
};

struct bench {
    struct muster_config config;
    struct muster_place place;
    struct muster_member_view member[MEMBERS];
    struct muster_standing standing;
    struct muster_work *work;
    muster_time now;
    struct {
        char id[MUSTER_NAME_MAX + 1], text[MUSTER_WORK_RECORD_MAX];
    } board[BOARD_MAX];
    uint32_t records;
    enum store_mode store;
    uint32_t reads, calls, evals; /* requests: readings, scripts, of those whole ones */
    char message[64];             /* last one for the channel */
    uint8_t disk[MUSTER_WORK_ITEMS_MAX * MUSTER_WORK_SLOT];
    size_t disk_size;
    enum muster_status disk_status; /* of syncs; and of reads, when it is IOERROR */
    struct pending pending[16];
    uint32_t first, waiting;
    struct noted log[LOG_MAX];
    uint32_t logged;
    struct muster_effect action; /* last one; data null */
    char action_text[512];
    uint32_t actions, cancels;
};

static struct bench *b;

/* ---- what the member asks for ---- */

static inline struct pending *answer(uint16_t kind, uint64_t tag, uint16_t status)
{
    assert_true(b->waiting < 16);
    struct pending *p = &b->pending[(b->first + b->waiting++) % 16];
    *p = (struct pending){.kind = kind, .status = status, .tag = tag};
    return p;
}

static inline uint32_t find(const char *id)
{
    uint32_t i = 0;
    while (i < b->records && strcmp(b->board[i].id, id) != 0)
        i++;
    return i;
}

static inline void put(const char *id, const char *text)
{
    uint32_t i = find(id);
    size_t size = strlen(text) + 1;
    assert_true(i < BOARD_MAX && size <= sizeof b->board[i].text);
    b->records += i == b->records;
    snprintf(b->board[i].id, sizeof b->board[i].id, "%s", id);
    memcpy(b->board[i].text, text, size);
}

static inline const char *shown(const char *id)
{
    uint32_t i = find(id);
    return i < b->records ? b->board[i].text : "";
}

static inline void take_away(const char *id)
{
    uint32_t i = find(id);
    if (i < b->records)
        b->board[i] = b->board[--b->records];
}

static inline void change(const char *id, const char *old, const char *new, uint32_t most)
{
    char text[2 * MUSTER_WORK_RECORD_MAX];
    const char *cur = shown(id);
    if (!old[0]) {
        if (!cur[0] && b->records < most)
            put(id, new);
    } else if (strncmp(cur, old, strlen(old)) == 0 && !new[0]) {
        take_away(id);
    } else if (strncmp(cur, old, strlen(old)) == 0) {
        snprintf(text, sizeof text, "%s%s", new, cur + strlen(old));
        put(id, text);
    }
}

/* The words of an argument vector. */
static inline uint32_t split(struct muster_bytes data, char words[][MUSTER_WORK_RECORD_MAX + 512])
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, data);
    assert_int_equal(muster_flat_next(&r, &v), 0);
    uint32_t n = v.count;
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(muster_flat_next(&r, &v), 0);
        snprintf(words[i], sizeof words[i], "%.*s", (int)v.bytes.size, (const char *)v.bytes.at);
    }
    return n;
}

static inline void request(const struct muster_effect *e)
{
    static char words[64][MUSTER_WORK_RECORD_MAX + 512];
    uint32_t n = split(e->data, words);
    bool reads = strcmp(words[0], "HGETALL") == 0;
    b->reads += reads;
    b->calls += !reads;
    b->evals += strcmp(words[0], "EVAL") == 0;
    struct pending *p = answer(MUSTER_IN_REPLY, e->tag,
                               b->store == STORE_LOST ? MUSTER_STATUS_UNKNOWN : MUSTER_STATUS_OK);
    struct muster_flat_writer f;
    muster_flat_writer_init(&f, p->data, sizeof p->data);
    if (b->store == STORE_LOST)
        return;
    if (b->store == STORE_LOADING) {
        muster_flat_text(&f, MUSTER_FLAT_ERROR, "LOADING Redis is loading the dataset in memory");
    } else if (reads) {
        muster_flat_array(&f, 2 * b->records);
        for (uint32_t i = 0; i < b->records; i++) {
            muster_flat_text(&f, MUSTER_FLAT_BULK, b->board[i].id);
            muster_flat_text(&f, MUSTER_FLAT_BULK, b->board[i].text);
        }
    } else if (b->store == STORE_NOSCRIPT && strcmp(words[0], "EVALSHA") == 0) {
        muster_flat_text(&f, MUSTER_FLAT_ERROR, "NOSCRIPT No matching script. Please use EVAL.");
    } else if (b->store == STORE_READONLY) {
        muster_flat_text(&f, MUSTER_FLAT_ERROR, "READONLY You can't write.");
    } else {
        assert_int_equal((n - 7) % 3, 0);
        assert_string_equal(words[3], "{muster:muster}:work");
        for (uint32_t i = 5; i + 2 < n; i += 3)
            change(words[i], words[i + 1], words[i + 2], (uint32_t)atoi(words[4]));
        snprintf(b->message, sizeof b->message, "%.60s", words[n - 1]);
        muster_flat_integer(&f, n);
    }
    p->size = f.used;
}

static inline void operate(const struct muster_effect *e)
{
    struct pending *p = answer(MUSTER_IN_DISK, e->tag, MUSTER_STATUS_OK);
    assert_int_equal(e->disk.file, MUSTER_WORK_FILE);
    if (e->disk.operation == MUSTER_DISK_WRITE) {
        assert_true(e->disk.offset + e->data.size <= sizeof b->disk);
        memcpy(b->disk + e->disk.offset, e->data.at, e->data.size);
        if (e->disk.offset + e->data.size > b->disk_size)
            b->disk_size = e->disk.offset + e->data.size;
    } else if (e->disk.operation == MUSTER_DISK_SYNC || b->disk_status == MUSTER_STATUS_IOERROR) {
        p->status = (uint16_t)b->disk_status;
    } else if (e->disk.offset < b->disk_size) {
        p->size = b->disk_size - e->disk.offset;
        if (p->size > MUSTER_DISK_READ_MAX)
            p->size = MUSTER_DISK_READ_MAX;
        memcpy(p->data, b->disk + e->disk.offset, p->size);
    }
}

static inline void take_note(const struct muster_effect *e)
{
    assert_true(b->logged < LOG_MAX);
    struct noted *n = &b->log[b->logged++];
    n->note = e->note;
    memcpy(n->arg, e->arg, sizeof n->arg);
    snprintf(n->text, sizeof n->text, "%.*s", (int)e->data.size,
             e->data.at ? (const char *)e->data.at : "");
}

static inline void carry_out(const struct muster_effects *out)
{
    static char words[8][MUSTER_WORK_RECORD_MAX + 512];
    for (uint32_t i = 0; i < out->count; i++) {
        const struct muster_effect *e = &out->at[i];
        if (e->kind == MUSTER_OUT_REQUEST) {
            request(e);
        } else if (e->kind == MUSTER_OUT_DISK) {
            operate(e);
        } else if (e->kind == MUSTER_OUT_NOTE) {
            take_note(e);
        } else if (e->kind == MUSTER_OUT_CANCEL) {
            b->cancels++;
        } else {
            uint32_t n = split(e->data, words);
            snprintf(b->action_text, sizeof b->action_text, "%.99s|%.99s|%.99s|%.150s", words[0],
                     words[1], words[2], n > 3 ? words[3] : "");
            b->action = *e;
            b->action.data = (struct muster_bytes){0};
            b->actions++;
        }
    }
}

/* ---- inputs ---- */

static struct muster_effects out;

static inline struct muster_work_turn begin_turn(void)
{
    out.count = out.used = 0;
    return (struct muster_work_turn){b->now, b->standing, b->member, &out};
}

static inline void end_turn(struct muster_work_turn *t)
{
    muster_work_advance(b->work, t);
    assert_true(out.count <= 40); /* what is left of an input's bound belongs to others */
    carry_out(&out);
}

/* Hand in the oldest input that waits. */
static inline void deliver(void)
{
    assert_true(b->waiting > 0);
    struct pending *p = &b->pending[b->first];
    b->first = (b->first + 1) % 16;
    b->waiting--;
    struct muster_input in = {.kind = p->kind,
                              .status = p->status,
                              .now = b->now,
                              .tag = p->tag,
                              .data = {p->data, p->size}};
    struct muster_work_turn t = begin_turn();
    if (muster_work_owns(b->work, p->tag) && p->kind == MUSTER_IN_REPLY)
        muster_work_reply(b->work, &t, &in);
    else if (muster_work_owns(b->work, p->tag))
        muster_work_disk(b->work, &t, &in);
    end_turn(&t);
}

/* Until nothing waits any more, at this one time. */
static inline void settle(void)
{
    for (uint32_t i = 0; b->waiting > 0; i++) {
        assert_true(i < 2000);
        deliver();
    }
}

static inline void tick(void)
{
    struct muster_work_turn t = begin_turn();
    end_turn(&t);
    settle();
}

static inline void wait_for(muster_dur length)
{
    b->now += length;
    tick();
}

static inline void submit(const char *text)
{
    struct muster_work_turn t = begin_turn();
    muster_work_submit(b->work, &t, muster_text_bytes(text));
    end_turn(&t);
}

static inline void push(const char *payload)
{
    uint8_t room[128];
    struct muster_flat_writer f;
    muster_flat_writer_init(&f, room, sizeof room);
    muster_flat_array(&f, 3);
    muster_flat_text(&f, MUSTER_FLAT_BULK, "message");
    muster_flat_text(&f, MUSTER_FLAT_BULK, "state");
    muster_flat_text(&f, MUSTER_FLAT_BULK, payload);
    muster_work_push(b->work, b->now, muster_flat_written(&f));
    tick();
}

/* End the action that was handed out last. */
static inline void end_action(uint64_t result)
{
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .now = b->now, .tag = b->action.tag};
    in.action.result = result;
    in.action.attempt = b->action.action.attempt;
    struct muster_work_turn t = begin_turn();
    muster_work_ended(b->work, &t, &in);
    end_turn(&t);
}

/* ---- questions ---- */

/* The newest note of a kind; fails when there is none. */
static inline const struct noted *noted(uint16_t note)
{
    for (uint32_t i = b->logged; i > 0; i--)
        if (b->log[i - 1].note == note)
            return &b->log[i - 1];
    fail_msg("no note %u", note);
    return NULL;
}

static inline uint32_t notes(uint16_t note)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->logged; i++)
        n += b->log[i].note == note;
    return n;
}

static inline enum muster_work_entry_state state_of(uint32_t entry)
{
    return b->work->entry[entry].state;
}

/* ---- life ---- */

/* A new incarnation over what disk and board hold; not settled. */
static inline void start(uint64_t life)
{
    struct muster_input in = {.kind = MUSTER_IN_START, .now = b->now};
    in.start.incarnation_low = life;
    in.start.seed = life;
    free(b->work);
    b->work = calloc(1, muster_work_size(&b->config));
    muster_work_init(b->work, &b->config, &b->place, &muster_work_rendezvous);
    b->first = b->waiting = b->logged = 0;
    struct muster_work_turn t = begin_turn();
    muster_work_start(b->work, &in, &out);
    end_turn(&t);
}

static inline int open_bench(void **state)
{
    static const char *const names[] = {"n1", "n2", "n3"};
    (void)state;
    b = calloc(1, sizeof *b);
    muster_config_defaults(&b->config);
    b->config.work_items = 8;
    muster_config_finish(&b->config);
    b->place = (struct muster_place){0, MEMBERS, MEMBERS, names};
    b->now = S(1000);
    b->standing = (struct muster_standing){.joined = true, .epoch = 5};
    for (uint32_t i = 0; i < MEMBERS; i++)
        b->member[i] = (struct muster_member_view){
            .fresh = true, .seen = true, .live = true, .score = MUSTER_PPM, .life = LIFE(i)};
    start(LIFE(0));
    settle();
    b->logged = 0;
    return 0;
}

static inline int close_bench(void **state)
{
    (void)state;
    free(b->work);
    free(b);
    return 0;
}

/* ---- what tests say ---- */

#define NOTE(id) MUSTER_NOTE_WORK_##id
#define A        "id=a action=cache_purge"
#define IDEM     "id=a action=cache_purge idempotent=yes"

static inline const char *text_with_intent(const char *head, uint64_t intent, const char *tail)
{
    static char text[MUSTER_WORK_RECORD_MAX];
    snprintf(text, sizeof text, "%s;%llx %s", head, (unsigned long long)intent, tail);
    return text;
}

/* A record of a foreign submitter, n2. */
static inline const char *foreign(const char *head, const char *rest)
{
    return text_with_intent(head, MUSTER_WORK_INTENTS | 7, rest);
}

/* n1 has an item on the board that is offered; returns its intent. */
static inline uint64_t offer(const char *text)
{
    submit(text);
    settle();
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_OPEN);
    return b->work->entry[0].record.intent;
}

/* The leader, who is not n1, gives the own item to a member. */
static inline void assign(uint64_t intent, const char *number, const char *life, const char *member,
                          const char *idempotent)
{
    char head[64], rest[64];
    snprintf(head, sizeof head, "A %s 5 %s %s 0 0", number, life, member);
    snprintf(rest, sizeof rest, "n1 %s a cache_purge", idempotent);
    put("a", text_with_intent(head, intent, rest));
    push("I 1 -");
}

static inline bool begins(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

static inline void refuse(const char *text, enum muster_work_refusal reason)
{
    uint32_t before = notes(NOTE(REFUSED));
    submit(text);
    assert_int_equal(notes(NOTE(REFUSED)), before + 1);
    assert_int_equal(noted(NOTE(REFUSED))->arg[0], reason);
}

static inline void give(const char *head)
{
    put("f", foreign(head, "n2 n f cache_purge words and more"));
    push("I 1 -");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

#endif
