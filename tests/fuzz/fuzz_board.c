/* SPDX-License-Identifier: Apache-2.0 */
/* A board of any bytes, before a member that submits, leads and is an assignee: it goes on, its
 * effects stay within their bound, and its deadline is never long ago.
 *
 * Behind a first byte, whose lowest bits say whether it leads and whether it has an item of its
 * own, come lines `ID RECORD`; or, with the third bit, the store's reply as it is. */
#include "core/coordinator/work.h"
#include "core/flat.h"
#include "core/notes.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS    3
#define ROOM       65536
#define INPUTS_MAX 200
#define EFFECTS    40 /* of one input; what is left of its bound belongs to others */

enum { LEADS = 1, SUBMITS = 2, RAW = 4 };

struct bench {
    struct muster_work *work;
    struct muster_standing standing;
    struct muster_member_view member[MEMBERS];
    struct muster_bytes board;
    muster_time now;
    struct muster_input waiting[16];
    uint32_t first, count;
};

static struct muster_effects out;

/* ---- the surroundings ---- */

static struct muster_bytes reply_of(const uint8_t *data, size_t size, uint8_t room[ROOM])
{
    struct muster_flat_writer f, head;
    uint32_t count = 0;
    muster_flat_writer_init(&f, room, ROOM);
    muster_flat_array(&f, 0);
    for (size_t at = 0; at < size; count += 2) {
        const uint8_t *line = data + at, *end = memchr(line, '\n', size - at);
        size_t length = end ? (size_t)(end - line) : size - at;
        const uint8_t *blank = memchr(line, ' ', length);
        size_t id = blank ? (size_t)(blank - line) : length;
        size_t text = id + (blank ? 1 : 0);
        if (f.size - f.used < length + 2 * MUSTER_FLAT_HEAD)
            break;
        muster_flat_bytes(&f, MUSTER_FLAT_BULK, line, id);
        muster_flat_bytes(&f, MUSTER_FLAT_BULK, line + text, length - text);
        at += length + 1;
    }
    assert(!f.full);
    muster_flat_writer_init(&head, room, MUSTER_FLAT_HEAD);
    muster_flat_array(&head, count);
    return muster_flat_written(&f);
}

static void wait_for(struct bench *b, struct muster_input in)
{
    assert(b->count < 16);
    b->waiting[(b->first + b->count++) % 16] = in;
}

/* The end of an effect: the disk and the executor do well, the store shows the board. */
static void carry_out(struct bench *b)
{
    for (uint32_t i = 0; i < out.count; i++) {
        const struct muster_effect *e = &out.at[i];
        struct muster_input in = {.tag = e->tag, .status = MUSTER_STATUS_OK};
        if (e->kind == MUSTER_OUT_REQUEST) {
            in.kind = MUSTER_IN_REPLY;
            in.data = b->board;
        } else if (e->kind == MUSTER_OUT_DISK) {
            in.kind = MUSTER_IN_DISK;
        } else if (e->kind == MUSTER_OUT_ACTION) {
            in.kind = MUSTER_IN_ACTION;
            in.action.attempt = e->action.attempt;
            in.action.result = e->action.attempt % (MUSTER_RESULT_UNKNOWN + 1);
        } else {
            continue;
        }
        wait_for(b, in);
    }
}

static struct muster_work_turn begin(const struct bench *b)
{
    out.count = out.used = 0;
    return (struct muster_work_turn){b->now, b->standing, b->member, &out};
}

static void end(struct bench *b, struct muster_work_turn *t)
{
    muster_work_advance(b->work, t);
    assert(out.count <= EFFECTS);
    carry_out(b);
}

static void deliver(struct bench *b)
{
    struct muster_input in = b->waiting[b->first];
    struct muster_work_turn t = begin(b);
    b->first = (b->first + 1) % 16;
    b->count--;
    in.now = b->now;
    if (in.kind == MUSTER_IN_ACTION)
        muster_work_ended(b->work, &t, &in);
    else if (muster_work_owns(b->work, in.tag) && in.kind == MUSTER_IN_REPLY)
        muster_work_reply(b->work, &t, &in);
    else if (muster_work_owns(b->work, in.tag))
        muster_work_disk(b->work, &t, &in);
    end(b, &t);
}

static void live(struct bench *b, bool submits)
{
    for (uint32_t i = 0; i < INPUTS_MAX; i++) {
        struct muster_work_turn t = begin(b);
        if (b->count > 0) {
            deliver(b);
            continue;
        }
        if (submits && i < INPUTS_MAX / 2)
            muster_work_submit(b->work, &t, muster_text_bytes("id=a action=x idempotent=yes"));
        b->now = muster_time_add(b->now, MUSTER_SECOND);
        t.now = b->now;
        end(b, &t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"n1", "n2", "n3"};
    static const struct muster_place place = {0, MEMBERS, MEMBERS, names};
    static uint8_t room[ROOM];
    struct muster_config config;
    const uint8_t how = size > 0 ? data[0] : 0;
    muster_config_defaults(&config);
    config.work_items = 4;
    muster_config_finish(&config);
    struct bench b = {.now = 1000 * MUSTER_SECOND};
    b.standing = (struct muster_standing){.joined = true, .leads = how & LEADS, .epoch = 5};
    for (uint32_t i = 0; i < MEMBERS; i++)
        b.member[i] = (struct muster_member_view){
            .fresh = true, .seen = true, .live = true, .score = MUSTER_PPM, .life = 0x100 + i};
    if (size > 0)
        b.board = how & RAW ? (struct muster_bytes){data + 1, size - 1}
                            : reply_of(data + 1, size - 1, room);
    b.work = calloc(1, muster_work_size(&config));
    assert(b.work);
    muster_work_init(b.work, &config, &place, &muster_work_rendezvous);
    struct muster_input in = {.kind = MUSTER_IN_START, .now = b.now};
    in.start.incarnation_low = 0x100;
    struct muster_work_turn t = begin(&b);
    muster_work_start(b.work, &in, &out);
    end(&b, &t);
    live(&b, how & SUBMITS);
    free(b.work);
    return 0;
}
