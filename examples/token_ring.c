/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is not ours, in the same world: the members of a ring take turns.
 *
 * Who has the token tells the others, works for `hold`, then offers it to the next member; who is
 * ready gets it, who does not answer within `patience` is passed over. Who hears of no token for
 * `silence` makes one. So each side of a long partition has its own: the toy's known limit. */
#include "config/document.h"
#include "core/port.h"
#include "sim/process.h"

#include <inttypes.h>
#include <stdio.h>

struct config {
    muster_dur hold, patience, silence;
};

enum state { IDLE, WORKING, OFFERING };
enum message { NEWS, OFFER, READY, GRANT };
enum note { TAKEN = MUSTER_NOTE_CUSTOM, PASSED, DROPPED };

struct member {
    const struct config *config;
    struct muster_place place;
    enum state state;
    uint64_t seen;  /* the newest token it knows of; its own while it has one */
    uint64_t ready; /* what it has declared itself ready for */
    muster_time heard, until, try_at, skip_at;
    uint64_t to; /* whom it offers the token */
};

/* A token is a number: its generation, then how often it was handed on. The higher is newer. */
#define GENERATION UINT64_C(0x100000000)

static void tell(struct muster_effects *out, uint64_t to, enum message type, uint64_t token)
{
    uint8_t bytes[8]; /* little-endian, whatever the machine */
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(token >> 8 * i);
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_SEND);
    e->send.to = to;
    e->send.type = type;
    muster_effects_data(out, e, bytes, sizeof bytes);
}

static uint64_t read_token(struct muster_bytes data)
{
    uint64_t token = 0;
    for (size_t i = 0; i < 8 && i < data.size; i++)
        token |= (uint64_t)data.at[i] << 8 * i;
    return token;
}

static void take(struct member *m, muster_time now, uint64_t t, struct muster_effects *out)
{
    m->state = WORKING;
    m->seen = t;
    m->until = m->skip_at = now + m->config->hold;
    m->to = m->place.index;
    muster_effects_note(out, TAKEN, (uint64_t[4]){t, m->until}, NULL);
    for (uint32_t i = 1; i < m->place.count; i++)
        tell(out, (m->place.index + i) % m->place.count, NEWS, t);
}

static void make(struct member *m, muster_time now, struct muster_effects *out)
{
    take(m, now, (m->seen / GENERATION + 1) * GENERATION, out);
}

static void let_go(struct member *m, muster_time now, enum note note, struct muster_effects *out)
{
    muster_effects_note(out, (uint16_t)note, (uint64_t[4]){m->seen, m->to}, NULL);
    m->state = IDLE;
    m->heard = now;
}

static void offer(struct member *m, muster_time now, struct muster_effects *out)
{
    m->state = OFFERING;
    if (now >= m->skip_at) {
        m->to = (m->to + 1) % m->place.count;
        m->skip_at = now + m->config->patience;
    }
    m->try_at = now + m->config->patience / 4;
    if (m->to != m->place.index)
        tell(out, m->to, OFFER, m->seen + 1);
}

/* When there is something to do. The stagger keeps two members from making a token at once. */
static muster_time deadline(const void *self)
{
    const struct member *m = self;
    muster_dur stagger = 2 * m->config->patience * m->place.index;
    muster_time idle = m->heard + m->config->silence + stagger;
    return m->state == IDLE ? idle : m->state == WORKING ? m->until : m->try_at;
}

static void on_timer(struct member *m, muster_time now, struct muster_effects *out)
{
    if (m->state == IDLE)
        make(m, now, out);
    else if (now > m->until + m->config->silence / 2)
        let_go(m, now, DROPPED, out); /* the others may be about to make a new one */
    else
        offer(m, now, out);
}

static void on_message(struct member *m, const struct muster_input *in, struct muster_effects *out)
{
    uint64_t t = read_token(in->data);
    switch ((enum message)in->message.type) {
    case NEWS:
        if (t <= m->seen)
            break;
        if (m->state != IDLE)
            let_go(m, in->now, DROPPED, out);
        m->seen = t;
        m->ready = 0;
        m->heard = in->now;
        break;
    case OFFER:
        if (m->state != IDLE || t <= m->seen)
            break;
        m->ready = t;
        m->heard = in->now;
        tell(out, in->message.from, READY, t);
        break;
    case READY:
        if (m->state != OFFERING || in->message.from != m->to || t != m->seen + 1)
            break; /* too late: somebody else may have it by now */
        m->seen = t;
        let_go(m, in->now, PASSED, out);
        tell(out, m->to, GRANT, t);
        break;
    case GRANT:
        if (m->state == IDLE && t == m->ready && in->now < m->heard + m->config->patience)
            take(m, in->now, t, out); /* a later one may have been replaced */
        break;
    }
}

static void handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct member *m = self;
    if (in->kind == MUSTER_IN_START) {
        m->heard = in->now;
        if (m->place.index == 0 && (in->start.flags & MUSTER_START_BOOTSTRAP))
            make(m, in->now, out);
    } else if (in->kind == MUSTER_IN_TIMER) {
        on_timer(m, in->now, out);
    } else if (in->kind == MUSTER_IN_MESSAGE) {
        on_message(m, in, out);
    }
}

static size_t size(const void *config, const struct muster_place *place)
{
    (void)config, (void)place;
    return sizeof(struct member);
}

static void init(void *self, const void *config, const struct muster_place *place)
{
    *(struct member *)self = (struct member){.config = config, .place = *place};
}

static int describe(const void *self, char *text, size_t room)
{
    static const char *const states[] = {"idle", "working", "offering"};
    const struct member *m = self;
    return snprintf(text, room, "state=%s generation=%" PRIu64 " hop=%" PRIu64, states[m->state],
                    m->seen / GENERATION, m->seen % GENERATION);
}

static int config_load(void *config, const struct muster_doc *mapping, struct muster_diagnostics *d)
{
    static const char *const keys[] = {"hold", "patience", "silence", NULL};
    struct config *c = config;
    muster_dur *value[] = {&c->hold, &c->patience, &c->silence};
    int error = 0;
    *c = (struct config){200 * MUSTER_MILLISECOND, MUSTER_SECOND, 15 * MUSTER_SECOND};
    if (mapping)
        muster_doc_keys(mapping, keys, d);
    for (int i = 0; mapping && keys[i]; i++) {
        const struct muster_doc *node = muster_doc_get(mapping, keys[i]);
        if (node)
            error |= muster_doc_duration(node, 1, 3600 * MUSTER_SECOND, false, value[i], d);
    }
    return error;
}

static const char *const message_names[] = {"news", "offer", "ready", "grant", NULL};
static const char *const note_names[] = {"token_taken", "token_passed", "token_dropped", NULL};

static const struct muster_process token_ring = {
    .name = "token_ring",
    .summary = "members of a ring take turns (examples/token_ring.c)",
    .config_size = sizeof(struct config),
    .config_load = config_load,
    .size = size,
    .init = init,
    .handle = handle,
    .deadline = deadline,
    .describe = describe,
    .message_names = message_names,
    .note_names = note_names,
};

/* The property. By process: until when, on its own clock, it may work. */
static size_t one_token_size(const struct muster_world *w)
{
    return (muster_world_members(w) + 8) * sizeof(muster_time); /* twins may come */
}

static void one_token_see(void *self, struct muster_world *w, const struct muster_record *r)
{
    muster_time *until = self;
    if (r->kind == MUSTER_EVENT_CRASH || r->kind == MUSTER_EVENT_NOTE + DROPPED)
        until[r->process] = 0;
    if (r->kind != MUSTER_EVENT_NOTE + TAKEN)
        return; /* of one's own notes every kind is shown */
    until[r->process] = r->arg[1];
    muster_judged(w);
    for (uint32_t q = 0; q < muster_world_members(w); q++)
        if (q != r->process && muster_world_clock(w, q) < until[q])
            muster_violated(w, "%s works while %s still does, for another %" PRIu64 " ms",
                            muster_world_name(w, r->process), muster_world_name(w, q),
                            (until[q] - muster_world_clock(w, q)) / MUSTER_MILLISECOND);
}

static const uint16_t kinds[] = {MUSTER_EVENT_CRASH, MUSTER_EVENT_NOTE + TAKEN,
                                 MUSTER_EVENT_NOTE + DROPPED, 0};

static const struct muster_property one_token = {
    .name = "one_token",
    .rule = "no two members work at one instant",
    .explain = "Two that work mean that a member out of reach was taken for dead.",
    .class = MUSTER_SAFETY,
    .kinds = kinds,
    .size = one_token_size,
    .see = one_token_see,
};

int main(int argc, char **argv)
{
    static const struct muster_process *const processes[] = {&token_ring, NULL};
    static const struct muster_property *const properties[] = {&one_token, NULL};
    static const struct muster_registry registry = {processes, properties};
    return muster_main(argc, argv, &registry);
}
