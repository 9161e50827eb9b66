/* SPDX-License-Identifier: Apache-2.0 */
/* The candidate's and leader's half of the lease: campaign, majority, renewal, stepping down. */
#include "core/coordinator/lease_inside.h"

#include <assert.h>

void muster_lease_init(struct muster_lease *l, const struct muster_config *cfg,
                       const struct muster_place *place, struct muster_incarnation incarnation,
                       uint64_t seed, muster_time now)
{
    memset(l, 0, sizeof *l);
    l->cfg = cfg;
    l->place = place;
    l->incarnation = incarnation;
    l->random.state = seed;
    l->wait_from = now;
    l->trusts_store =
        muster_config_trusts_store(cfg, muster_electorate_size(place, MUSTER_ELECTORATE_NOW));
    l->campaign_at = l->renew_at = l->confirm_by = l->release_at = l->lock_until = MUSTER_NEVER;
    l->generation = muster_electorate_generation(place);
    l->electorate = muster_electorate_digest(place, MUSTER_ELECTORATE_NOW);
    l->settled = !muster_electorate_changes(place);
}

/* ---- records of one's own ---- */

static bool is_own(const struct muster_lease *l, const struct muster_leader_record *r)
{
    return muster_incarnation_equal(r->incarnation, l->incarnation);
}

static bool is_current(const struct muster_lease *l, const struct muster_leader_record *r)
{
    return is_own(l, r) && !r->released && r->pair.attempt == l->pair.attempt;
}

static void keep_record(struct muster_lease *l, struct muster_bytes text)
{
    assert(text.size < sizeof l->record);
    memcpy(l->record, text.at, text.size);
    l->record[text.size] = 0;
    l->record_known = true;
}

static void forget_record(struct muster_lease *l)
{
    l->record_known = false;
    l->record[0] = 0;
}

static void remember_sent(struct muster_lease *l, uint64_t counter, muster_time at)
{
    l->sent[counter % MUSTER_LEASE_SENDS].counter = counter;
    l->sent[counter % MUSTER_LEASE_SENDS].at = at;
}

/* When this counter was sent; false when that is forgotten, which is as if it never was. */
static bool sent_at(const struct muster_lease *l, uint64_t counter, muster_time *at)
{
    if (counter > l->counter || l->sent[counter % MUSTER_LEASE_SENDS].counter != counter)
        return false;
    *at = l->sent[counter % MUSTER_LEASE_SENDS].at;
    return true;
}

/* ---- leading ---- */

bool muster_lease_leads(const struct muster_lease *l, muster_time now)
{
    return l->state == MUSTER_LEASE_LEADING && now < l->until && l->echoed >= l->fresh_from &&
           now < muster_time_add(l->echoed, l->cfg->renew_deadline);
}

static void want_script(struct muster_lease *l, enum muster_lease_script script)
{
    assert(!l->script_running);
    l->script = script;
}

static void want_release(struct muster_lease *l, muster_time at)
{
    l->release_at = l->record_known ? at : MUSTER_NEVER;
}

void muster_lease_step_down(struct muster_lease *l, muster_time now, enum muster_lost reason,
                            muster_dur after, struct muster_effects *out)
{
    if (l->state == MUSTER_LEASE_IDLE)
        return;
    bool led = l->state == MUSTER_LEASE_LEADING;
    const uint64_t arg[4] = {l->pair.epoch, l->pair.attempt, led ? reason : 0, 0};
    if (led)
        lease_note(out, MUSTER_NOTE_LEADER_LOST, arg);
    else if (l->state == MUSTER_LEASE_CONFIRMING)
        lease_note(out, MUSTER_NOTE_ATTEMPT_RELEASED, arg);
    lease_give_pause_up(l, out);
    l->state = MUSTER_LEASE_IDLE;
    l->until = 0;
    l->renew_at = l->confirm_by = l->campaign_at = MUSTER_NEVER;
    if (!l->script_running)
        l->script = MUSTER_LEASE_NOTHING;
    if (reason == MUSTER_LOST_RECORD_GONE)
        forget_record(l);
    want_release(l, led ? muster_time_add(now, after) : now);
}

void muster_lease_hand_over(struct muster_lease *l, muster_time now, const char *successor,
                            muster_dur after, struct muster_effects *out)
{
    assert(l->state == MUSTER_LEASE_LEADING);
    enum muster_lost reason = successor ? MUSTER_LOST_SWITCHOVER : MUSTER_LOST_STEP_DOWN;
    if (successor) {
        assert(strlen(successor) < sizeof l->successor);
        memcpy(l->successor, successor, strlen(successor) + 1);
    } else {
        l->stand_back = muster_time_add(now, l->cfg->lease_ttl);
    }
    muster_lease_step_down(l, now, reason, after, out);
}

/* The acquire or renewal with this counter is known to count. Is that news? Then the lease begins
 * or goes on. */
static void lead_from(struct muster_lease *l, muster_time now, uint64_t counter,
                      struct muster_effects *out)
{
    muster_time at;
    if (!sent_at(l, counter, &at))
        return;
    muster_time until =
        muster_time_min(muster_time_add(at, l->cfg->lease_ttl - l->cfg->margin), l->lock_until);
    bool news = l->state == MUSTER_LEASE_CONFIRMING || at > l->echoed;
    if (!news || now >= until || now >= muster_time_add(at, l->cfg->renew_deadline))
        return;
    const uint64_t arg[4] = {l->pair.epoch, l->pair.attempt, until, counter};
    l->echoed = at;
    l->until = until;
    if (l->state == MUSTER_LEASE_LEADING) {
        lease_note(out, MUSTER_NOTE_LEASE_EXTENDED, arg);
        return;
    }
    l->state = MUSTER_LEASE_LEADING;
    l->confirm_by = MUSTER_NEVER;
    l->publish = l->wake = true;
    lease_note(out, MUSTER_NOTE_LEADER_ELECTED, (const uint64_t[4]){arg[0], arg[1], until, 0});
}

/* Did a majority promise or echo something new? */
static void count_majority(struct muster_lease *l, muster_time now,
                           const struct muster_lease_view *v, struct muster_effects *out)
{
    uint64_t counter;
    if (!muster_pair_equal(muster_lease_promise(l), l->pair) || !lease_majority(l, v, &counter))
        return;
    lead_from(l, now, counter, out);
    if (l->state == MUSTER_LEASE_LEADING)
        lease_settle(l, out);
}

/* ---- reading the store ---- */

static void see_own_record(struct muster_lease *l, const struct muster_lease_view *v)
{
    keep_record(l, v->leader_text);
    if (v->leader.counter > l->acknowledged)
        l->acknowledged = v->leader.counter;
}

/* The record is ours: from the acquire's reply, or recognised by our attempt when that was lost
 * (R15). */
static void acquired(struct muster_lease *l, muster_time now, const struct muster_leader_record *r,
                     struct muster_bytes text, struct muster_effects *out)
{
    assert(l->state == MUSTER_LEASE_ACQUIRING);
    l->state = MUSTER_LEASE_CONFIRMING;
    l->pair = r->pair;
    l->acknowledged = r->counter;
    keep_record(l, text);
    muster_time sent = 0;
    bool known = sent_at(l, 0, &sent);
    assert(known);
    l->confirm_by = muster_time_add(sent, l->cfg->confirm_timeout);
    l->renew_at = muster_time_add(sent, l->cfg->renew_every);
    l->wake = true;
    lease_note(out, MUSTER_NOTE_ACQUIRED,
               (const uint64_t[4]){r->pair.epoch, r->pair.attempt, 0, 0});
    if (r->pair.epoch > l->known)
        l->known = r->pair.epoch;
    if (l->trusts_store)
        lead_from(l, now, r->counter, out);
    else if (r->pair.epoch > l->slot.epoch && lease_may_promise(l, now))
        lease_promise(l, now, l->pair, r->counter, out);
}

/* A record of ours that we no longer stand for: a command outlived its client in somebody's
 * buffers. */
static void see_zombie(struct muster_lease *l, muster_time now, const struct muster_lease_view *v,
                       struct muster_effects *out)
{
    if (l->script != MUSTER_LEASE_NOTHING || l->release_at != MUSTER_NEVER)
        return; /* a release of it is on its way */
    keep_record(l, v->leader_text);
    want_release(l, now);
    const uint64_t arg[4] = {v->leader.pair.epoch, v->leader.pair.attempt, 0, 0};
    lease_note(out, MUSTER_NOTE_ZOMBIE_RELEASED, arg);
}

/* Each by itself: one absurd number hides no other. */
static void see_epoch(struct muster_lease *l, uint64_t epoch)
{
    if (epoch <= MUSTER_INTEGER_MAX && epoch > l->known)
        l->known = epoch;
}

static void see_epochs(struct muster_lease *l, const struct muster_lease_view *v)
{
    see_epoch(l, v->epoch);
    if (v->has_leader)
        see_epoch(l, v->leader.pair.epoch);
    for (uint32_t i = 0; i < l->place->voters; i++)
        if (i != l->place->index && v->present[i])
            see_epoch(l, v->voter[i].known);
}

static void see_as_leader(struct muster_lease *l, muster_time now,
                          const struct muster_lease_view *v, struct muster_effects *out)
{
    if (!v->has_leader || !is_current(l, &v->leader) ||
        !muster_pair_equal(v->leader.pair, l->pair)) {
        /* Missing or another's is lost, and never written again (R1). */
        muster_lease_step_down(l, now, MUSTER_LOST_RECORD_GONE, 0, out);
        return;
    }
    if (!l->script_running)
        see_own_record(l, v);
    if (l->trusts_store)
        lead_from(l, now, l->acknowledged, out);
    else
        count_majority(l, now, v, out);
    lease_count_pause(l, now, v, out);
}

/* A record that has stood still for a full lease_ttl is dead, whatever TTL the store still gives it
 * (its clock may have been set back) and whether or not it can be read. Safety does not rest on
 * this; an acquire replaces that very text only. */
static void see_dead_record(struct muster_lease *l, muster_time now, struct muster_bytes text)
{
    l->dead = false;
    if (text.size == 0 || text.size >= sizeof l->seen || text.at[0] == 'R') {
        l->seen[0] = 0;
    } else if (!muster_text_equal(text, l->seen)) {
        memcpy(l->seen, text.at, text.size);
        l->seen[text.size] = 0;
        l->seen_at = now;
    } else {
        l->dead = now >= muster_time_add(l->seen_at, l->cfg->lease_ttl);
    }
}

/* From when on this member may campaign. Who is named in the tombstone goes first, the others hold
 * back until that one must have led or given up. */
static muster_time campaign_from(struct muster_lease *l, muster_time now,
                                 const struct muster_lease_view *v, bool *ret_named)
{
    const struct muster_leader_record *r = &v->leader;
    bool handed = v->has_leader && r->released && r->successor[0];
    *ret_named = handed && strcmp(r->successor, l->place->names[l->place->index]) == 0;
    if (*ret_named)
        return l->campaign_from;
    muster_time from = muster_time_max(l->campaign_from, l->stand_back);
    if (!handed)
        return from;
    if (!muster_pair_equal(r->pair, l->handed)) {
        l->handed = r->pair;
        l->handed_at = now;
    }
    return muster_time_max(from, muster_time_add(l->handed_at, l->cfg->confirm_timeout));
}

static void plan_campaign(struct muster_lease *l, muster_time now,
                          const struct muster_lease_view *v)
{
    bool named;
    muster_time from = campaign_from(l, now, v, &named);
    bool may = l->leaderless && !l->hopeless && !l->draining && l->state == MUSTER_LEASE_IDLE &&
               l->script == MUSTER_LEASE_NOTHING && l->release_at == MUSTER_NEVER && now >= from &&
               lease_may_campaign(l, now);
    l->wants_lock &= may;
    if (!may)
        l->campaign_at = MUSTER_NEVER;
    else if (named)
        l->campaign_at = now;
    else if (l->campaign_at == MUSTER_NEVER)
        l->campaign_at =
            muster_time_add(now, muster_random_next(&l->random) % (l->cfg->jitter + 1));
}

void muster_lease_see(struct muster_lease *l, muster_time now, const struct muster_lease_view *v,
                      struct muster_effects *out)
{
    see_epochs(l, v);
    lease_see_pauses(l, v);
    lease_see_electorate(l, v, out);
    see_dead_record(l, now, v->leader_text);
    l->leaderless = !v->has_leader || v->leader.released || l->dead;
    bool own = v->has_leader && is_own(l, &v->leader) && !v->leader.released;
    if (l->state == MUSTER_LEASE_ACQUIRING && own && is_current(l, &v->leader))
        acquired(l, now, &v->leader, v->leader_text, out);
    else if (own && (l->state < MUSTER_LEASE_CONFIRMING || !is_current(l, &v->leader)) &&
             !(l->state == MUSTER_LEASE_ACQUIRING && l->script_running))
        see_zombie(l, now, v, out);
    lease_vote(l, now, v, out);
    if (l->state >= MUSTER_LEASE_CONFIRMING)
        see_as_leader(l, now, v, out);
    plan_campaign(l, now, v);
    muster_lease_tick(l, now, out);
}

void muster_lease_heard(struct muster_lease *l, muster_time now, uint64_t epoch,
                        struct muster_effects *out)
{
    if (epoch > l->known && epoch <= MUSTER_INTEGER_MAX)
        l->known = epoch;
    if (l->state >= MUSTER_LEASE_CONFIRMING && epoch > l->pair.epoch)
        muster_lease_step_down(l, now, MUSTER_LOST_FENCED, l->cfg->stop_time, out);
}

/* ---- time ---- */

void muster_lease_stalled(struct muster_lease *l, muster_time now)
{
    l->fresh_from = now;
    if (l->state >= MUSTER_LEASE_CONFIRMING)
        l->renew_at = now;
}

static void tick_leader(struct muster_lease *l, muster_time now, struct muster_effects *out)
{
    if (l->state == MUSTER_LEASE_LEADING && now >= l->until)
        muster_lease_step_down(l, now, MUSTER_LOST_EXPIRED, l->cfg->stop_time, out);
    else if (l->state == MUSTER_LEASE_LEADING &&
             now >= muster_time_add(l->echoed, l->cfg->renew_deadline))
        muster_lease_step_down(l, now, MUSTER_LOST_DEADLINE, l->cfg->stop_time, out);
    else if (l->state == MUSTER_LEASE_CONFIRMING && now >= l->confirm_by)
        muster_lease_step_down(l, now, MUSTER_LOST_DEADLINE, 0, out);
    else if (l->state == MUSTER_LEASE_ACQUIRING && now >= l->confirm_by && !l->script_running)
        muster_lease_step_down(l, now, MUSTER_LOST_DEADLINE, 0, out);
}

void muster_lease_tick(struct muster_lease *l, muster_time now, struct muster_effects *out)
{
    tick_leader(l, now, out);
    if (now >= lease_keep_at(l))
        lease_keep(l);
    if (l->script_running)
        return;
    if (now >= l->release_at) {
        l->release_at = MUSTER_NEVER;
        if (l->record_known) /* else the next reading shows whether there is something to release */
            want_script(l, MUSTER_LEASE_RELEASE);
    } else if (l->state >= MUSTER_LEASE_CONFIRMING && now >= l->renew_at && l->record_known) {
        want_script(l, MUSTER_LEASE_RENEW);
    } else if (now >= l->campaign_at) {
        l->wants_lock = now >= l->lock_until;
        if (l->wants_lock)
            return;
        l->campaign_at = MUSTER_NEVER;
        if (l->leaderless && !l->draining && lease_may_campaign(l, now)) {
            l->state = MUSTER_LEASE_ACQUIRING;
            want_script(l, MUSTER_LEASE_ACQUIRE);
        }
    }
}

muster_time muster_lease_deadline(const struct muster_lease *l)
{
    muster_time t = lease_keep_at(l);
    if (l->state == MUSTER_LEASE_LEADING)
        t = muster_time_min(t, muster_time_min(l->until,
                                               muster_time_add(l->echoed, l->cfg->renew_deadline)));
    else if (l->state == MUSTER_LEASE_CONFIRMING)
        t = muster_time_min(t, l->confirm_by);
    if (l->script_running) /* its end comes first, and looks at the rest */
        return t;
    if (l->state == MUSTER_LEASE_ACQUIRING)
        t = muster_time_min(t, l->confirm_by);
    if (l->record_known)
        t = muster_time_min(t, l->renew_at);
    if (!l->wants_lock)
        t = muster_time_min(t, l->campaign_at);
    return muster_time_min(t, l->release_at);
}

/* ---- scripts ---- */

void muster_lease_script_sent(struct muster_lease *l, muster_time now, struct muster_effects *out)
{
    assert(l->script != MUSTER_LEASE_NOTHING && !l->script_running);
    struct muster_text t;
    struct muster_leader_record r;
    l->script_running = true;
    l->script_sent = now;
    if (l->script == MUSTER_LEASE_ACQUIRE) {
        l->pair = (struct muster_pair){0, muster_random_next(&l->random) >> 16 | 1};
        l->counter = l->acknowledged = 0;
        l->successor[0] = 0;
        l->confirm_by = muster_time_add(now, l->cfg->confirm_timeout);
        memset(l->sent, 0xff, sizeof l->sent);
        remember_sent(l, 0, now);
        forget_record(l);
        lease_note(out, MUSTER_NOTE_CAMPAIGN, (const uint64_t[4]){l->known, l->pair.attempt, 0, 0});
        return;
    }
    assert(l->record_known);
    memcpy(l->expected, l->record, sizeof l->expected);
    int error = muster_leader_record_parse(&r, muster_text_bytes(l->record));
    assert(!error && !r.released);
    muster_text_init(&t, l->written, sizeof l->written);
    if (l->script == MUSTER_LEASE_RENEW) {
        r.counter = ++l->counter;
        remember_sent(l, l->counter, now);
        l->renew_at = muster_time_add(now, l->cfg->renew_every);
    } else {
        r.released = true;
        memcpy(r.successor, l->successor, sizeof r.successor);
    }
    muster_leader_record_write(&r, &t);
    assert(!muster_text_is_cut(&t));
}

static void renewed(struct muster_lease *l, muster_time now, const struct muster_leader_record *r,
                    struct muster_bytes text, struct muster_effects *out)
{
    if (!is_current(l, r) || !muster_pair_equal(r->pair, l->pair)) {
        muster_lease_step_down(l, now, MUSTER_LOST_RECORD_GONE, 0, out);
        return;
    }
    keep_record(l, text);
    if (r->counter > l->acknowledged)
        l->acknowledged = r->counter;
    if (r->counter < l->counter)
        l->renew_at = now; /* the store has lost a renewal: what we expected does not stand */
    if (l->trusts_store)
        lead_from(l, now, l->acknowledged, out);
    else if (muster_pair_equal(muster_lease_promise(l), l->pair))
        lease_echo(l, now, r->counter);
}

/* A script of an attempt that has ended meanwhile left a record of ours behind: take it back. */
static void release_late(struct muster_lease *l, muster_time now,
                         const struct muster_leader_record *r, struct muster_bytes text)
{
    if (!r || !is_current(l, r))
        return;
    keep_record(l, text);
    want_release(l, now);
}

void muster_lease_script_done(struct muster_lease *l, muster_time now, struct muster_bytes record,
                              struct muster_effects *out)
{
    enum muster_lease_script script = l->script;
    struct muster_leader_record r;
    assert(l->script_running && script != MUSTER_LEASE_NOTHING);
    bool valid = record.size > 0 && record.size < MUSTER_RECORD_MAX &&
                 muster_leader_record_parse(&r, record) == 0;
    l->script = MUSTER_LEASE_NOTHING;
    l->script_running = false;
    switch (script) {
    case MUSTER_LEASE_ACQUIRE:
        if (l->state == MUSTER_LEASE_ACQUIRING && valid && is_current(l, &r))
            acquired(l, now, &r, record, out);
        else if (l->state == MUSTER_LEASE_IDLE)
            release_late(l, now, valid ? &r : NULL, record);
        else if (l->state == MUSTER_LEASE_ACQUIRING)
            muster_lease_step_down(l, now, MUSTER_LOST_RECORD_GONE, 0, out);
        break;
    case MUSTER_LEASE_RENEW:
        if (l->state < MUSTER_LEASE_CONFIRMING)
            release_late(l, now, valid ? &r : NULL, record);
        else if (valid)
            renewed(l, now, &r, record, out);
        else
            muster_lease_step_down(l, now, MUSTER_LOST_RECORD_GONE, 0, out);
        break;
    case MUSTER_LEASE_NOTHING: /* none has run: see above */
    case MUSTER_LEASE_RELEASE:
        if (valid && r.released && is_own(l, &r)) {
            lease_note(out, MUSTER_NOTE_RELEASED,
                       (const uint64_t[4]){r.pair.epoch, r.pair.attempt, 0, 0});
            l->wake = true;
        }
        forget_record(l);
        break;
    }
    muster_lease_tick(l, now, out);
}

void muster_lease_script_failed(struct muster_lease *l, muster_time now, bool perhaps_executed,
                                struct muster_effects *out)
{
    assert(l->script_running);
    enum muster_lease_script script = l->script;
    l->script = MUSTER_LEASE_NOTHING;
    l->script_running = false;
    if (perhaps_executed)
        l->record_known = false; /* read before writing again */
    if (script == MUSTER_LEASE_RENEW && l->state >= MUSTER_LEASE_CONFIRMING) {
        l->renew_at = muster_time_add(l->script_sent, l->cfg->poll_every);
    } else if (script == MUSTER_LEASE_ACQUIRE && !perhaps_executed) {
        /* A store that answers takes no writes: not at once again, like a renewal. */
        l->campaign_from =
            muster_time_max(l->campaign_from, muster_time_add(l->script_sent, l->cfg->poll_every));
        muster_lease_step_down(l, now, MUSTER_LOST_RECORD_GONE, 0, out);
    } else if (script == MUSTER_LEASE_RELEASE) {
        forget_record(l); /* it ends with its TTL, or is found as a zombie */
    }
}

bool muster_lease_is_released(const struct muster_lease *l)
{
    return l->state == MUSTER_LEASE_IDLE && l->script == MUSTER_LEASE_NOTHING &&
           l->release_at == MUSTER_NEVER;
}
