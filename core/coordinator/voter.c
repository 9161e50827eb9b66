/* SPDX-License-Identifier: Apache-2.0 */
/* The voter's half of the lease: promises, echoes, the wait between them, the durable slot (R3, R4,
 * R5, R7). */
#include "core/coordinator/lease_inside.h"

#include <assert.h>

struct muster_pair muster_lease_promise(const struct muster_lease *l)
{
    return (struct muster_pair){l->slot.epoch, l->slot.attempt};
}

bool lease_is_voter(const struct muster_lease *l)
{
    uint32_t own = l->place->index;
    bool votes = muster_electorate_has(l->place, MUSTER_ELECTORATE_NOW, own) ||
                 (!l->settled && muster_electorate_has(l->place, MUSTER_ELECTORATE_BEFORE, own));
    return votes && l->fit && l->active;
}

/* R5: a full lease_ttl by the own clock after the last promise, new echo or start, unless the
 * promised pair is known to be released. Who trusts the store has promised nothing. */
muster_time muster_lease_wait_end(const struct muster_lease *l)
{
    return l->released || l->trusts_store ? l->wait_from
                                          : muster_time_add(l->wait_from, l->cfg->lease_ttl);
}

bool lease_may_promise(const struct muster_lease *l, muster_time now)
{
    return lease_is_voter(l) && l->writing.sequence == 0 && now >= l->promise_from &&
           now >= muster_lease_wait_end(l);
}

/* A candidate is the first to promise itself the pair it asks for. */
bool lease_may_campaign(const struct muster_lease *l, muster_time now)
{
    return muster_electorate_has(l->place, MUSTER_ELECTORATE_NOW, l->place->index) &&
           (l->trusts_store ? lease_is_voter(l) : lease_may_promise(l, now));
}

/* What is true whatever the slot is to this voter. */
static void take_over(struct muster_lease *l, const struct muster_slot *slot)
{
    if (slot->known > l->known)
        l->known = slot->known;
    if (muster_pause_is_newer(slot->pause, l->pause))
        l->pause = slot->pause;
}

void muster_lease_restore(struct muster_lease *l, const struct muster_slot *slot)
{
    l->slot = *slot;
    l->slot_floor = slot->sequence;
    l->fit = true;
    l->settled |= slot->settled == l->generation;
    take_over(l, slot);
}

/* A state of this cluster and electorate that promises nothing. */
static struct muster_slot blank(const struct muster_lease *l)
{
    return (struct muster_slot){
        .cluster =
            muster_slot_hash(MUSTER_SLOT_HASH_START, l->cfg->cluster, strlen(l->cfg->cluster)),
        .disk_high = l->incarnation.high,
        .disk_low = l->incarnation.low,
        .electorate = l->electorate,
        .generation = l->generation,
        .settled = l->settled ? l->generation : 0,
    };
}

void muster_lease_begin(struct muster_lease *l, const struct muster_slot *other)
{
    assert(!l->fit && l->trusts_store);
    if (other)
        take_over(l, other);
    l->slot = blank(l);
    l->fit = true;
}

void muster_lease_form(struct muster_lease *l, uint64_t floor)
{
    assert(!l->fit && l->writing.sequence == 0);
    l->writing = blank(l);
    l->writing.sequence = muster_slot_next(&l->slot, l->slot_floor);
    l->writing.epoch = floor;
    l->writing.known = l->known > floor ? l->known : floor;
    l->writing.pause = l->pause;
    l->slot_floor = l->writing.sequence;
}

void lease_write_slot(struct muster_lease *l, struct muster_pair pair)
{
    l->writing = l->slot;
    l->writing.sequence = muster_slot_next(&l->slot, l->slot_floor);
    l->writing.electorate = l->electorate;
    l->writing.generation = l->generation;
    l->writing.settled = l->settled ? l->generation : 0;
    l->writing.epoch = pair.epoch;
    l->writing.attempt = pair.attempt;
    assert(l->known >= pair.epoch);
    l->writing.known = l->known;
    l->writing.pause = l->pause;
    l->slot_floor = l->writing.sequence;
}

void muster_lease_adopt(struct muster_lease *l, const struct muster_slot *before)
{
    assert(!l->fit && l->writing.sequence == 0);
    l->slot = *before;
    take_over(l, before);
    lease_write_slot(l, muster_lease_promise(l));
}

/* ---- what is kept beside the promise ---- */

static bool has_news(const struct muster_lease *l)
{
    bool settled = l->settled && l->generation > 1 && l->slot.settled != l->generation;
    return settled || muster_pause_is_newer(l->pause, l->slot.pause);
}

muster_time lease_keep_at(const struct muster_lease *l)
{
    bool due = lease_is_voter(l) && l->writing.sequence == 0 && has_news(l);
    return due ? l->keep_from : MUSTER_NEVER;
}

void lease_keep(struct muster_lease *l)
{
    assert(l->writing.sequence == 0);
    lease_write_slot(l, muster_lease_promise(l));
}

static void kept(struct muster_lease *l, muster_time now, enum muster_status status)
{
    if (status == MUSTER_STATUS_OK) {
        l->slot = l->writing;
        l->publish = l->wake = true;
    } else {
        l->keep_from = muster_time_add(now, l->cfg->renew_every);
    }
    l->writing.sequence = 0;
}

/* ---- promises ---- */

void lease_promise(struct muster_lease *l, muster_time now, struct muster_pair pair,
                   uint64_t counter, struct muster_effects *out)
{
    assert(lease_may_promise(l, now));
    assert(pair.epoch > l->slot.epoch);
    if (l->state >= MUSTER_LEASE_CONFIRMING && !muster_pair_equal(pair, l->pair))
        muster_lease_step_down(l, now, MUSTER_LOST_PROMISED_HIGHER, l->cfg->stop_time, out);
    lease_write_slot(l, pair);
    l->writing_echo = counter;
}

void muster_lease_written(struct muster_lease *l, muster_time now, enum muster_status status,
                          struct muster_effects *out)
{
    assert(l->writing.sequence > 0);
    if (l->writing.epoch == l->slot.epoch) {
        kept(l, now, status);
        return;
    }
    const uint64_t arg[4] = {l->writing.epoch, l->writing.attempt, (uint64_t)status, 0};
    if (status != MUSTER_STATUS_OK) {
        /* It may be on the disk all the same: a pair that was perhaps promised is never asked for
         * again. */
        bool own = l->state == MUSTER_LEASE_CONFIRMING && l->pair.epoch == l->writing.epoch;
        l->writing.sequence = 0;
        l->promise_from = muster_time_add(now, l->cfg->renew_every);
        l->campaign_from = muster_time_add(now, l->cfg->lease_ttl);
        lease_note(out, MUSTER_NOTE_PROMISE_FAILED, arg);
        if (own) /* a candidate that cannot promise only stands in the others' way */
            muster_lease_step_down(l, now, MUSTER_LOST_DEADLINE, 0, out);
        return;
    }
    l->slot = l->writing;
    l->writing.sequence = 0;
    l->fit = true;
    l->wait_from = now;
    l->released = false;
    l->has_echo = true;
    l->echo = l->writing_echo;
    l->publish = l->wake = true;
    lease_note(out, MUSTER_NOTE_PROMISED, (const uint64_t[4]){arg[0], arg[1], 0, 0});
}

/* The very pair that was promised shows a counter: echo it, if it is news. seen: when it was first
 * read, from which R5's wait runs: it was sent before that, and the lease counts from the sending.
 * A restarted voter that may echo only later does not wait anew for a leader that is long dead. */
void lease_echo(struct muster_lease *l, muster_time seen, uint64_t counter)
{
    if (l->has_echo && counter <= l->echo)
        return;
    l->has_echo = true;
    l->echo = counter;
    l->wait_from = muster_time_max(l->wait_from, seen);
    l->publish = true;
}

void lease_vote(struct muster_lease *l, muster_time now, const struct muster_lease_view *v,
                struct muster_effects *out)
{
    if (!v->has_leader || !lease_is_voter(l) || l->trusts_store)
        return;
    const struct muster_leader_record *r = &v->leader;
    struct muster_pair promise = muster_lease_promise(l);
    bool replaced = r->replaced.epoch > 0 && muster_pair_equal(r->replaced, promise);
    if (promise.epoch > 0 && (replaced || (r->released && muster_pair_equal(r->pair, promise))))
        l->released = true;
    if (r->released)
        return;
    if (promise.epoch > 0 && muster_pair_equal(r->pair, promise)) {
        lease_echo(l, l->seen_at, r->counter);
        return;
    }
    /* A live candidate releases after confirm_timeout, a live leader's counter moves: to promise
     * what has stood still for longer would only begin another wait. Not needed for safety. */
    bool alive = muster_time_since(now, l->seen_at) < l->cfg->confirm_timeout;
    if (r->pair.epoch > promise.epoch && alive && lease_may_promise(l, now))
        lease_promise(l, now, r->pair, r->counter, out);
}
