/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the store: twins, the first state, members, the leader record, the decision. */
#include "core/coordinator/reading.h"

#include "core/flat.h"

#include <assert.h>

#define MEMBER_NOTES_MAX 8
#define WATCH_HEARTBEATS 2
#define TWIN_ADVANCES    2

static void note(struct muster_effects *out, enum muster_note kind, uint64_t a, uint64_t b,
                 uint64_t c)
{
    muster_effects_note(out, (uint16_t)kind, (const uint64_t[4]){a, b, c, 0}, NULL);
}

/* ---- twins (R9) ---- */

static void become_active(struct muster_redis_coordinator *c, muster_time now,
                          struct muster_effects *out)
{
    c->life = MUSTER_LIFE_ACTIVE;
    c->lease.active = true;
    c->lease.publish = true;
    c->heartbeat_at = now;
    c->watch_until = MUSTER_NEVER;
    note(out, MUSTER_NOTE_JOINED, 0, 0, 0);
}

static void refuse(struct muster_redis_coordinator *c, muster_time now, struct muster_effects *out)
{
    muster_lease_step_down(&c->lease, now, MUSTER_LOST_DUPLICATE, 0, out);
    muster_voter_init_stop(&c->init, &c->lease, out);
    c->lease.active = false;
    c->life = MUSTER_LIFE_REFUSED;
    c->poll_at = c->heartbeat_at = c->watch_until = MUSTER_NEVER;
    note(out, MUSTER_NOTE_DUPLICATE_ID, c->twin.high, c->twin.low, 0);
}

/* Has the foreign record in the own key advanced, twice, since it was first seen? One that stands
 * still is of a dead incarnation; once is what the last command of such a one does, when it was
 * still on its way. */
static bool twin_advances(struct muster_redis_coordinator *c, const struct muster_member_record *r)
{
    bool same = c->twin_seen && muster_incarnation_equal(c->twin, r->incarnation);
    bool advances = same && r->sequence >= c->twin_sequence + TWIN_ADVANCES;
    if (!same) {
        c->twin = r->incarnation;
        c->twin_sequence = r->sequence;
        c->twin_seen = true;
    }
    return advances;
}

static void look_for_twin(struct muster_redis_coordinator *c, muster_time now,
                          struct muster_effects *out)
{
    const struct muster_member *own = &c->members.at[c->place->index];
    bool foreign =
        own->present && !muster_incarnation_equal(own->record.incarnation, c->incarnation);
    if (c->life == MUSTER_LIFE_WATCHING && c->watch_until == MUSTER_NEVER) {
        /* two heartbeats of the twin, and the reading that shows the second */
        c->watch_until =
            muster_time_add(now, WATCH_HEARTBEATS * c->cfg->heartbeat_every + c->cfg->poll_every);
        if (!foreign)
            c->heartbeat_at =
                now; /* nobody is here: say so at once, for one who starts together with us */
    }
    if (foreign && twin_advances(c, &own->record)) {
        bool newcomer = c->life == MUSTER_LIFE_WATCHING;
        bool theirs = own->record.state == MUSTER_MEMBER_JOINING;
        bool lower = muster_incarnation_below(own->record.incarnation, c->incarnation);
        if ((newcomer && !theirs) || (newcomer == theirs && lower)) {
            refuse(c, now, out);
            return;
        }
    }
    if (foreign && c->published)
        c->lease.publish = true; /* what stands there is not what we said */
    if (c->life == MUSTER_LIFE_WATCHING && now >= c->watch_until)
        become_active(c, now, out);
}

/* ---- the first state (R7) ---- */

/* The first durable state: refused when anybody knows an epoch of this cluster (R7). */
static void try_bootstrap(struct muster_redis_coordinator *c, const struct muster_lease_view *v,
                          struct muster_effects *out)
{
    if (!c->bootstrap || c->place->index >= c->place->voters || c->lease.writing.sequence > 0)
        return;
    if (c->lease.known > 0) {
        c->bootstrap = false;
        note(out, MUSTER_NOTE_BOOTSTRAP_REFUSED, c->lease.known, 0, 0);
        return;
    }
    assert(!v->has_leader || v->leader.pair.epoch == 0);
    muster_lease_form(&c->lease, 0);
    c->forming = MUSTER_FORMS_FIRST;
}

/* The state of the electorate before becomes one of this (R8), with the promise that binds it. */
static void try_adopt(struct muster_redis_coordinator *c)
{
    if (c->before.sequence == 0 || c->lease.writing.sequence > 0)
        return;
    muster_lease_adopt(&c->lease, &c->before);
    c->forming = MUSTER_FORMS_NEXT;
}

/* ---- what stands in it ---- */

static void see_decision(struct muster_redis_coordinator *c, const struct muster_lease_view *v,
                         struct muster_bytes text)
{
    struct muster_decision_record d;
    if (text.size == 0 || muster_decision_record_parse(&d, text) != 0 || !v->has_leader ||
        v->leader.released)
        return;
    bool current = d.epoch == v->leader.pair.epoch && d.epoch >= c->applied.epoch;
    bool news = d.epoch > c->applied.epoch || d.sequence > c->applied.sequence;
    if (!current || !news)
        return;
    c->applied = d;
    c->apply = true;
}

static struct muster_bytes next_text(struct muster_flat_reader *r)
{
    struct muster_flat_value v;
    if (muster_flat_next(r, &v) != 0 || v.type != MUSTER_FLAT_BULK)
        return (struct muster_bytes){NULL, 0};
    return v.bytes;
}

/* Most readings show the record of the last one: parse only what is new. */
static bool parse_leader(struct muster_redis_coordinator *c, struct muster_bytes text)
{
    if (text.size == 0 || text.size >= MUSTER_RECORD_MAX)
        return false;
    if (muster_text_equal(text, c->leader_text))
        return true;
    c->leader_text[0] = 0;
    if (muster_leader_record_parse(&c->leader, text) != 0)
        return false;
    memcpy(c->leader_text, text.at, text.size);
    c->leader_text[text.size] = 0;
    return true;
}

void reading_done(struct muster_redis_coordinator *c, muster_time now, struct muster_bytes reply,
                  struct muster_effects *out)
{
    struct muster_flat_reader r;
    struct muster_flat_value array;
    muster_flat_reader_init(&r, reply);
    if (muster_flat_next(&r, &array) != 0 || array.count != 3 + c->place->count)
        return;
    struct muster_lease_view v = {.voter = c->members.voter, .present = c->members.present};
    struct muster_bytes leader = next_text(&r), epoch = next_text(&r), decision = next_text(&r);
    v.leader_text = leader;
    v.has_leader = parse_leader(c, leader);
    v.leader = c->leader;
    if (muster_text_parse_u64(epoch, &v.epoch) != 0)
        v.epoch = 0;
    for (uint32_t i = 0; i < c->place->count; i++)
        muster_members_see(&c->members, now, i, next_text(&r));
    look_for_twin(c, now, out);
    if (c->life == MUSTER_LIFE_REFUSED)
        return;
    muster_members_judge(&c->members, now, c->poll_sent, MEMBER_NOTES_MAX, out);
    see_decision(c, &v, decision);
    muster_lease_see(&c->lease, now, &v, out);
    if (c->holds)
        muster_hold_see(&c->hold, now, &c->lease, &v, out);
    try_bootstrap(c, &v, out);
    try_adopt(c);
    if (muster_voter_init_see(&c->init, &c->lease, now, &v, out))
        c->forming = MUSTER_FORMS_ANEW;
}
