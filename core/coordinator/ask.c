/* SPDX-License-Identifier: Apache-2.0 */
/* Building the coordinator's requests. */
#include "core/coordinator/ask.h"

#include "core/flat.h"

#include <assert.h>

#define ARGV_MAX 2048
#define CHANNEL  "state"

static uint64_t take_tag(struct muster_redis_coordinator *c, enum muster_request_kind kind)
{
    assert(c->tag[kind] == 0);
    return c->tag[kind] = ++c->next_tag << 8 | kind;
}

static void put_key(const struct muster_redis_coordinator *c, struct muster_flat_writer *w,
                    const char *name, const char *id)
{
    char room[MUSTER_KEY_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    if (id)
        muster_key_of_member(&t, c->cfg->cluster, name, id);
    else
        muster_key(&t, c->cfg->cluster, name);
    assert(!muster_text_is_cut(&t));
    muster_flat_text(w, MUSTER_FLAT_BULK, room);
}

static void put_text(struct muster_flat_writer *w, const char *text)
{
    muster_flat_text(w, MUSTER_FLAT_BULK, text);
}

static void put_word(struct muster_flat_writer *w, uint64_t v)
{
    char room[24];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add_u64(&t, v);
    put_text(w, room);
}

static void put_milliseconds(struct muster_flat_writer *w, muster_dur d)
{
    put_word(w, d / MUSTER_MILLISECOND);
}

/* Room for an argument vector straight in the effects. */
static struct muster_flat_writer begin_in(struct muster_effects *out, uint32_t arguments,
                                          size_t size)
{
    struct muster_flat_writer w;
    assert(MUSTER_EFFECTS_ROOM - out->used >= size);
    muster_flat_writer_init(&w, out->room + out->used, size);
    muster_flat_array(&w, arguments);
    return w;
}

static struct muster_flat_writer begin(struct muster_effects *out, uint32_t arguments)
{
    return begin_in(out, arguments, ARGV_MAX);
}

static void send(struct muster_redis_coordinator *c, enum muster_request_kind kind,
                 struct muster_bytes argv, muster_dur timeout, struct muster_effects *out)
{
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_REQUEST);
    e->tag = take_tag(c, kind);
    e->request.endpoint = MUSTER_ENDPOINT_STORE;
    e->request.timeout = timeout;
    e->data = argv;
}

static void finish(struct muster_redis_coordinator *c, enum muster_request_kind kind,
                   struct muster_flat_writer *w, struct muster_effects *out)
{
    assert(!w->full);
    out->used += (uint32_t)w->used;
    send(c, kind, muster_flat_written(w),
         kind == MUSTER_ASK_SUBSCRIBE ? 0 : c->cfg->request_timeout, out);
}

void ask_prepare(struct muster_redis_coordinator *c)
{
    struct muster_flat_writer w;
    muster_flat_writer_init(&w, c->poll_argv, sizeof c->poll_argv);
    muster_flat_array(&w, 4 + c->place->count);
    put_text(&w, "MGET");
    put_key(c, &w, "leader", NULL);
    put_key(c, &w, "epoch", NULL);
    put_key(c, &w, "decision", NULL);
    for (uint32_t i = 0; i < c->place->count; i++)
        put_key(c, &w, "node", c->place->names[i]);
    assert(!w.full);
    c->poll_argv_size = (uint32_t)w.used;
}

void ask_poll(struct muster_redis_coordinator *c, muster_time now, struct muster_effects *out)
{
    c->poll_sent = now;
    c->poll_again = false;
    send(c, MUSTER_ASK_POLL, (struct muster_bytes){c->poll_argv, c->poll_argv_size},
         c->cfg->request_timeout, out);
}

static void put_script(const struct muster_redis_coordinator *c, struct muster_flat_writer *w,
                       enum muster_script script)
{
    put_text(w, c->whole_script ? "EVAL" : "EVALSHA");
    put_text(w, c->whole_script ? muster_script_text(script) : muster_script_sha1(script));
}

static void put_acquire(struct muster_redis_coordinator *c, struct muster_flat_writer *w)
{
    char room[MUSTER_NAME_MAX + 40];
    struct muster_text t;
    put_script(c, w, MUSTER_SCRIPT_ACQUIRE);
    put_text(w, "2");
    put_key(c, w, "leader", NULL);
    put_key(c, w, "epoch", NULL);
    put_word(w, c->lease.known);
    muster_text_init(&t, room, sizeof room);
    muster_text_add_hex(&t, c->lease.pair.attempt, 1);
    put_text(w, room);
    muster_text_init(&t, room, sizeof room);
    muster_text_add(&t, c->place->names[c->place->index]);
    muster_text_add(&t, " ");
    muster_text_add_hex(&t, c->incarnation.high, 16);
    muster_text_add_hex(&t, c->incarnation.low, 16);
    put_text(w, room);
    put_milliseconds(w, c->cfg->lease_ttl);
    put_text(w, c->lease.dead ? c->lease.seen : "");
}

void ask_script(struct muster_redis_coordinator *c, muster_time now, struct muster_effects *out)
{
    struct muster_lease *l = &c->lease;
    if (!c->whole_script) /* after NOSCRIPT the same script goes out again, whole */
        muster_lease_script_sent(l, now, out);
    bool acquire = l->script == MUSTER_LEASE_ACQUIRE;
    struct muster_flat_writer w = begin(out, acquire ? 10 : 7);
    if (acquire) {
        put_acquire(c, &w);
    } else {
        put_script(c, &w, MUSTER_SCRIPT_REPLACE);
        put_text(&w, "1");
        put_key(c, &w, "leader", NULL);
        put_text(&w, l->expected);
        put_text(&w, l->written);
        put_milliseconds(&w, c->cfg->lease_ttl);
    }
    finish(c, MUSTER_ASK_SCRIPT, &w, out);
}

void ask_record(struct muster_redis_coordinator *c, muster_time now, struct muster_effects *out)
{
    const struct muster_lease *l = &c->lease;
    bool voter = c->place->index < c->place->voters;
    struct muster_member_record r = {
        .incarnation = c->incarnation,
        .sequence = ++c->sequence,
        .electorate = l->electorate,
        .promise = muster_lease_promise(l),
        .echo = l->has_echo ? l->echo : 0,
        .known = l->known,
        .circuit = c->self.circuit,
        .mode = c->self.mode,
        .score = c->self.score,
        .failed = c->self.failed,
        .pause = l->slot.pause,
        .ledger = c->hold.disk,
        .generation = l->generation,
        .settled = l->settled ? l->generation : 0,
    };
    if (c->life == MUSTER_LIFE_WATCHING)
        r.state = MUSTER_MEMBER_JOINING;
    else if (voter && !l->fit)
        r.state = MUSTER_MEMBER_UNFIT;
    else
        r.state =
            l->draining && c->cfg->work_items > 0 ? MUSTER_MEMBER_DRAINING : MUSTER_MEMBER_ACTIVE;
    char room[MUSTER_RECORD_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_member_record_write(&r, &t);
    assert(!muster_text_is_cut(&t));
    struct muster_flat_writer w = begin(out, 5);
    put_text(&w, "SET");
    put_key(c, &w, "node", c->place->names[c->place->index]);
    put_text(&w, room);
    put_text(&w, "PX");
    put_milliseconds(&w, c->cfg->vote_ttl);
    finish(c, MUSTER_ASK_RECORD, &w, out);
    c->published = true;
    c->lease.publish = false;
    (void)now;
}

/* "circuit=CLOSED mode=PRIMARY score=1000000": what the channel and the health key say. */
static void describe_self(const struct muster_redis_coordinator *c, struct muster_text *t)
{
    muster_text_add(t, "circuit=");
    muster_text_add(t, muster_circuit_text(c->self.circuit));
    muster_text_add(t, " mode=");
    muster_text_add(t, muster_mode_text(c->self.mode));
    muster_text_add(t, " score=");
    muster_text_add_u64(t, c->self.score);
}

void ask_health(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    char room[128];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    describe_self(c, &t);
    struct muster_flat_writer w = begin(out, 5);
    put_text(&w, "SET");
    put_key(c, &w, "health", c->place->names[c->place->index]);
    put_text(&w, room);
    put_text(&w, "PX");
    put_milliseconds(&w, c->cfg->health_ttl);
    finish(c, MUSTER_ASK_HEALTH, &w, out);
}

void ask_decision(struct muster_redis_coordinator *c, const struct muster_decision_record *d,
                  struct muster_effects *out)
{
    char room[MUSTER_RECORD_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_decision_record_write(d, &t);
    struct muster_flat_writer w = begin(out, 5);
    put_text(&w, "SET");
    put_key(c, &w, "decision", NULL);
    put_text(&w, room);
    put_text(&w, "PX");
    put_milliseconds(&w, c->cfg->vote_ttl);
    finish(c, MUSTER_ASK_DECISION, &w, out);
}

static void publish(struct muster_redis_coordinator *c, enum muster_request_kind kind,
                    const char *text, struct muster_effects *out)
{
    struct muster_flat_writer w = begin(out, 3);
    put_text(&w, "PUBLISH");
    put_key(c, &w, CHANNEL, NULL);
    put_text(&w, text);
    finish(c, kind, &w, out);
}

/* Messages begin with W (look now) or S (state of a member). */
void ask_wake(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    char room[MUSTER_NAME_MAX + 4];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add(&t, "W ");
    muster_text_add(&t, c->place->names[c->place->index]);
    publish(c, MUSTER_ASK_WAKE, room, out);
    c->lease.wake = false;
}

void ask_state(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    char room[MUSTER_RECORD_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add(&t, "S ");
    muster_text_add(&t, c->place->names[c->place->index]);
    muster_text_add(&t, " ");
    describe_self(c, &t);
    publish(c, MUSTER_ASK_STATE, room, out);
}

void ask_subscribe(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    struct muster_flat_writer w = begin(out, 2);
    put_text(&w, "SUBSCRIBE");
    put_key(c, &w, CHANNEL, NULL);
    finish(c, MUSTER_ASK_SUBSCRIBE, &w, out);
}

static struct muster_effect *ask_disk(struct muster_redis_coordinator *c,
                                      enum muster_request_kind kind,
                                      enum muster_disk_operation operation,
                                      struct muster_effects *out)
{
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_DISK);
    e->tag = take_tag(c, kind);
    e->disk.operation = operation;
    e->disk.file = kind >= MUSTER_ASK_LEDGER_READ ? MUSTER_LEDGER_FILE : MUSTER_SLOT_FILE;
    return e;
}

void ask_slot_read(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    ask_disk(c, MUSTER_ASK_SLOT_READ, MUSTER_DISK_READ, out);
}

void ask_slot_write(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    uint8_t bytes[MUSTER_SLOT_SIZE];
    muster_slot_encode(&c->lease.writing, bytes);
    struct muster_effect *e = ask_disk(c, MUSTER_ASK_SLOT_WRITE, MUSTER_DISK_WRITE, out);
    e->disk.offset = muster_slot_offset(c->lease.writing.sequence);
    muster_effects_data(out, e, bytes, sizeof bytes);
    ask_disk(c, MUSTER_ASK_SLOT_SYNC, MUSTER_DISK_SYNC, out);
    c->slot_status = MUSTER_STATUS_OK;
}

/* ---- the ledger ---- */

static uint64_t cluster(const struct muster_redis_coordinator *c)
{
    return muster_slot_hash(MUSTER_SLOT_HASH_START, c->cfg->cluster, strlen(c->cfg->cluster));
}

void ask_ledger_read(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    ask_disk(c, MUSTER_ASK_LEDGER_READ, MUSTER_DISK_READ, out)->disk.offset =
        muster_ledger_offset(c->hold.slots_read);
}

void ask_ledger_write(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    uint8_t bytes[MUSTER_LEDGER_HEAD + MUSTER_LEDGER_MAX];
    struct muster_effect *e = ask_disk(c, MUSTER_ASK_LEDGER_WRITE, MUSTER_DISK_WRITE, out);
    size_t size = muster_hold_begin(&c->hold, cluster(c), &e->disk.offset, bytes);
    muster_effects_data(out, e, bytes, size);
    ask_disk(c, MUSTER_ASK_LEDGER_SYNC, MUSTER_DISK_SYNC, out);
    c->hold_status = MUSTER_STATUS_OK;
}

void ask_ledger_set(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    char room[MUSTER_LEDGER_VALUE_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_ledger_write(&c->hold.known, &t);
    assert(!muster_text_is_cut(&t));
    struct muster_flat_writer w = begin_in(out, 5, MUSTER_LEDGER_VALUE_MAX + 2 * MUSTER_KEY_MAX);
    put_text(&w, "SET");
    put_key(c, &w, "ledger", c->place->names[c->place->index]);
    put_text(&w, room);
    put_text(&w, "PX");
    put_milliseconds(&w, MUSTER_HOLD_TTL);
    finish(c, MUSTER_ASK_LEDGER_SET, &w, out);
    c->hold.publishing = c->hold.known.version;
    c->hold.publish = false;
}

void ask_ledger_get(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    uint32_t keys = 0;
    for (uint32_t i = 0; i < c->place->voters; i++)
        keys += c->hold.fetch >> i & 1;
    struct muster_flat_writer w = begin(out, 1 + keys);
    put_text(&w, "MGET");
    for (uint32_t i = 0; i < c->place->voters; i++)
        if (c->hold.fetch >> i & 1)
            put_key(c, &w, "ledger", c->place->names[i]);
    finish(c, MUSTER_ASK_LEDGER_GET, &w, out);
    c->hold_all = c->hold.all ? c->lease.pair.epoch : 0;
    c->hold.fetch = 0;
}
