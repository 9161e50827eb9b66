/* SPDX-License-Identifier: Apache-2.0 */
/* The redis coordinator: life of a member, reading the store, when what is asked. */
#include "core/coordinator/answer.h"
#include "core/coordinator/ask.h"
#include "core/coordinator/operator.h"
#include "core/coordinator/reading.h"
#include "core/coordinator/redis_ledger.h"

#include "core/flat.h"

#include <assert.h>

#define LEADERLESS_POLLS 4  /* polls per renew_every while nobody leads */
#define CONFIRMING_POLLS 12 /* and while the own attempt waits for its majority */

static void note(struct muster_effects *out, enum muster_note kind, uint64_t a, uint64_t b,
                 uint64_t c)
{
    muster_effects_note(out, (uint16_t)kind, (const uint64_t[4]){a, b, c, 0}, NULL);
}

static size_t size(const struct muster_place *place)
{
    return sizeof(struct muster_redis_coordinator) + place->count * sizeof(struct muster_member);
}

static void init(void *self, const struct muster_config *cfg, const struct muster_place *place)
{
    struct muster_redis_coordinator *c = self;
    assert(place->count <= MUSTER_MEMBERS_MAX && place->voters <= MUSTER_VOTERS_MAX);
    assert(place->voters >= 1 && place->voters <= place->count);
    c->cfg = cfg;
    c->place = place;
    c->life = MUSTER_LIFE_LOADING;
    c->self = (struct muster_self){.failed = MUSTER_COUNT_UNKNOWN};
    c->poll_at = c->heartbeat_at = c->watch_until = MUSTER_NEVER;
    c->holds = cfg->hold_history && place->index < place->voters;
    muster_members_init(&c->members, cfg, c->member, place->count);
    ask_prepare(c);
    muster_bulk_init(&c->bulk, cfg);
}

static void start(struct muster_redis_coordinator *c, const struct muster_input *in,
                  struct muster_effects *out)
{
    c->incarnation =
        (struct muster_incarnation){in->start.incarnation_high, in->start.incarnation_low};
    c->bootstrap = (in->start.flags & MUSTER_START_BOOTSTRAP) != 0;
    muster_lease_init(&c->lease, c->cfg, c->place, c->incarnation, in->start.seed, in->now);
    c->answered = in->now;
    uint32_t voters = muster_electorate_size(c->place, MUSTER_ELECTORATE_NOW);
    if (c->lease.trusts_store)
        note(out, MUSTER_NOTE_AUTHORITY_STORE, voters, 0, 0);
    if (voters == 2) /* SPEC R8: whoever runs two must hear of it */
        note(out, MUSTER_NOTE_TWO_VOTERS, 0, 0, 0);
    ask_slot_read(c, out);
    ask_subscribe(c, out);
}

static bool owns(const void *self, uint64_t tag)
{
    const struct muster_redis_coordinator *c = self;
    uint64_t kind = tag & 0xff;
    return kind < MUSTER_ASK_COUNT && kind != MUSTER_ASK_NONE && c->tag[kind] == tag;
}

/* ---- the durable state ---- */

/* All that this member keeps is known: next, is there a twin? */
static void watch(struct muster_redis_coordinator *c, muster_time now)
{
    c->life = MUSTER_LIFE_WATCHING;
    c->poll_at = now;
}

static void loaded(struct muster_redis_coordinator *c, const struct muster_input *in,
                   struct muster_effects *out)
{
    struct muster_slot slot;
    uint64_t cluster =
        muster_slot_hash(MUSTER_SLOT_HASH_START, c->cfg->cluster, strlen(c->cfg->cluster));
    c->readable = in->status == MUSTER_STATUS_OK;
    bool ours = muster_slot_decode(&slot, in->data) == 0 && c->readable && slot.cluster == cluster;
    /* A slot of another cluster or electorate is no state of this voter (R7, R8). */
    enum muster_electorate_slot is =
        ours ? muster_electorate_judge(c->place, &slot) : MUSTER_SLOT_FOREIGN;
    c->lease.slot_floor = slot.sequence; /* a foreign one is not to outlast what is written here */
    if (c->lease.trusts_store && is != MUSTER_SLOT_HELD) { /* no lease rests on what it keeps */
        muster_lease_begin(&c->lease, ours ? &slot : NULL);
        c->bootstrap = false;
    } else if (is == MUSTER_SLOT_HELD) {
        muster_lease_restore(&c->lease, &slot);
        c->bootstrap = false;
    } else if (is == MUSTER_SLOT_BEFORE) {
        c->before = slot;
        c->bootstrap = false;
        muster_lease_heard(&c->lease, in->now, slot.known, out);
    } else if (c->place->index < c->place->voters &&
               (!c->bootstrap || !c->readable || in->data.size > 0)) {
        c->bootstrap = false; /* damaged or unreadable state is not no state */
        note(out, MUSTER_NOTE_VOTER_UNFIT, 0, 0, 0);
    }
    if (c->holds)
        ask_ledger_read(c, out);
    else
        watch(c, in->now);
}

/* A slot is durable when its WRITE and its SYNC have ended well, in whatever order it is heard. */
static void slot_ended(struct muster_redis_coordinator *c, const struct muster_input *in,
                       struct muster_effects *out)
{
    if (c->slot_status == MUSTER_STATUS_OK)
        c->slot_status = (enum muster_status)in->status;
    if (ask_busy(c, MUSTER_ASK_SLOT_WRITE) || ask_busy(c, MUSTER_ASK_SLOT_SYNC))
        return;
    enum muster_forming forms = c->forming;
    bool ok = c->slot_status == MUSTER_STATUS_OK;
    if (forms == MUSTER_FORMS_NOTHING) {
        muster_lease_written(&c->lease, in->now, c->slot_status, out);
        return;
    }
    c->forming = MUSTER_FORMS_NOTHING;
    if (ok) {
        c->bootstrap = false;
        muster_lease_restore(&c->lease, &c->lease.writing);
        c->lease.publish = true;
    }
    c->lease.writing.sequence = 0;
    if (forms == MUSTER_FORMS_ANEW) {
        muster_voter_init_written(&c->init, &c->lease, in->now, c->slot_status, out);
    } else if (ok && forms == MUSTER_FORMS_NEXT) {
        c->before.sequence = 0;
        note(out, MUSTER_NOTE_ELECTORATE_HELD, c->lease.generation, c->lease.electorate, 0);
    } else if (ok) {
        note(out, MUSTER_NOTE_BOOTSTRAPPED, 0, 0, 0);
    }
}

static void disk(struct muster_redis_coordinator *c, const struct muster_input *in,
                 struct muster_effects *out)
{
    enum muster_request_kind kind = (enum muster_request_kind)(in->tag & 0xff);
    c->tag[kind] = 0;
    if (kind == MUSTER_ASK_SLOT_READ)
        loaded(c, in, out);
    else if (kind < MUSTER_ASK_LEDGER_READ)
        slot_ended(c, in, out);
    else if (kind != MUSTER_ASK_LEDGER_READ)
        redis_ledger_written(c, in);
    else if (redis_ledger_loaded(c, in, out))
        watch(c, in->now);
}

/* ---- answers ---- */

static void store_answered(struct muster_redis_coordinator *c, muster_time now,
                           struct muster_effects *out)
{
    c->answered = now;
    if (c->store_lost)
        note(out, MUSTER_NOTE_STORE_BACK, 0, 0, 0);
    c->store_lost = false;
}

static void script_answered(struct muster_redis_coordinator *c, const struct muster_input *in,
                            bool ok, const struct muster_flat_value *v, struct muster_effects *out)
{
    bool whole = c->whole_script;
    c->whole_script = false;
    if (!ok) {
        muster_lease_script_failed(&c->lease, in->now, in->status == MUSTER_STATUS_UNKNOWN, out);
        c->poll_at = muster_time_min(c->poll_at, in->now);
        return;
    }
    if (v->type == MUSTER_FLAT_ERROR) {
        if (muster_answer_note(v->bytes, out) == MUSTER_REACTION_LOAD_SCRIPT && !whole &&
            c->life != MUSTER_LIFE_REFUSED) {
            c->whole_script = true;
            ask_script(c, in->now, out);
            return;
        }
        muster_lease_script_failed(&c->lease, in->now, false, out);
        return;
    }
    struct muster_bytes record = {NULL, 0};
    if (v->type == MUSTER_FLAT_BULK)
        record = v->bytes;
    muster_lease_script_done(&c->lease, in->now, record, out);
}

static void poll_answered(struct muster_redis_coordinator *c, const struct muster_input *in,
                          bool ok, const struct muster_flat_value *v, struct muster_effects *out)
{
    if (ok && v->type == MUSTER_FLAT_ERROR) {
        muster_answer_note(v->bytes, out);
    } else if (ok) {
        reading_done(c, in->now, in->data, out);
        c->lease.publish |= c->unpublished && c->life == MUSTER_LIFE_ACTIVE;
        c->unpublished = false;
    }
    if (c->life == MUSTER_LIFE_REFUSED)
        return;
    muster_dur every = c->cfg->poll_every;
    if (c->lease.state == MUSTER_LEASE_CONFIRMING)
        every = c->cfg->renew_every / CONFIRMING_POLLS;
    else if (c->lease.leaderless)
        every = c->cfg->renew_every / LEADERLESS_POLLS;
    if (every > c->cfg->poll_every)
        every = c->cfg->poll_every;
    c->poll_at = muster_time_add(c->poll_sent, every);
}

static void reply(struct muster_redis_coordinator *c, const struct muster_input *in,
                  struct muster_effects *out)
{
    enum muster_request_kind kind = (enum muster_request_kind)(in->tag & 0xff);
    struct muster_flat_reader r;
    struct muster_flat_value v;
    c->tag[kind] = 0;
    muster_flat_reader_init(&r, in->data);
    bool ok = in->status == MUSTER_STATUS_OK && muster_flat_next(&r, &v) == 0;
    if (ok && v.type != MUSTER_FLAT_ERROR)
        store_answered(c, in->now, out);
    if (kind == MUSTER_ASK_POLL)
        poll_answered(c, in, ok, &v, out);
    else if (kind == MUSTER_ASK_SCRIPT)
        script_answered(c, in, ok, &v, out);
    else if (kind == MUSTER_ASK_RECORD && (!ok || v.type == MUSTER_FLAT_ERROR))
        c->unpublished = true; /* again when the store has answered a reading, not at once */
    else if (kind == MUSTER_ASK_HEALTH || kind == MUSTER_ASK_STATE)
        muster_bulk_ended(&c->bulk, in->now,
                          kind == MUSTER_ASK_HEALTH ? MUSTER_BULK_HEALTH : MUSTER_BULK_STATE,
                          ok && v.type != MUSTER_FLAT_ERROR, out);
    else if (kind >= MUSTER_ASK_LEDGER_SET)
        redis_ledger_answered(c, in, kind, ok && v.type != MUSTER_FLAT_ERROR);
}

static void push(struct muster_redis_coordinator *c, const struct muster_input *in)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, in->data);
    /* array: "message", channel, payload */
    if (muster_flat_next(&r, &v) != 0 || v.count != 3 || muster_flat_skip(&r) != 0 ||
        muster_flat_skip(&r) != 0 || muster_flat_next(&r, &v) != 0)
        return;
    if (v.bytes.size < 2 || v.bytes.at[0] != 'W')
        return;
    if (ask_busy(c, MUSTER_ASK_POLL))
        c->poll_again = true;
    else if (c->poll_at != MUSTER_NEVER)
        c->poll_at = in->now;
}

/* ---- consensus ---- */

/* What the voters of this electorate say, the own vote as it is now. */
static uint32_t collect_votes(const struct muster_redis_coordinator *c, muster_time now,
                              struct muster_vote vote[MUSTER_VOTERS_MAX])
{
    uint32_t voters = 0;
    for (uint32_t i = 0; i < c->place->voters; i++) {
        if (!muster_electorate_has(c->place, MUSTER_ELECTORATE_NOW, i))
            continue;
        const struct muster_member_record *r = &c->members.at[i].record;
        struct muster_vote *v = &vote[voters++];
        bool counts = muster_members_fresh(&c->members, now, i) &&
                      r->electorate == c->lease.electorate && r->circuit <= MUSTER_CIRCUIT_OPEN &&
                      r->mode <= MUSTER_MODE_SAFE;
        *v = (struct muster_vote){0};
        if (i == c->place->index)
            *v = (struct muster_vote){true, c->self.circuit, c->self.mode};
        else if (counts)
            *v = (struct muster_vote){true, (enum muster_circuit_state)r->circuit,
                                      (enum muster_fallback_mode)r->mode};
    }
    return voters;
}

static void decide(struct muster_redis_coordinator *c, muster_time now, struct muster_effects *out)
{
    struct muster_vote vote[MUSTER_VOTERS_MAX];
    uint32_t voters = collect_votes(c, now, vote);
    struct muster_decision d = muster_votes_decide(vote, voters, c->cfg->quorum_threshold_ppm);
    bool news = c->decision_epoch != c->lease.pair.epoch || d.outcome != c->decision.outcome ||
                d.circuit != c->decision.circuit || d.mode != c->decision.mode;
    if (news) {
        c->decision_sequence =
            c->decision_epoch == c->lease.pair.epoch ? c->decision_sequence + 1 : 1;
        c->decision_epoch = c->lease.pair.epoch;
        muster_effects_note(out, MUSTER_NOTE_CONSENSUS,
                            (const uint64_t[4]){c->decision_epoch, c->decision_sequence, d.outcome,
                                                d.voting},
                            NULL);
    }
    c->decision = d;
    if (d.outcome != MUSTER_OUTCOME_DECIDED || ask_busy(c, MUSTER_ASK_DECISION))
        return;
    struct muster_decision_record r = {c->decision_epoch, c->decision_sequence, d.circuit, d.mode,
                                       d.voting};
    ask_decision(c, &r, out);
}

static void heartbeat(struct muster_redis_coordinator *c, muster_time now,
                      struct muster_effects *out)
{
    c->heartbeat_at = muster_time_add(now, c->cfg->heartbeat_every);
    c->lease.publish = true;
    c->hold.publish |= c->hold.known.version.epoch > 0;
    if (!ask_busy(c, MUSTER_ASK_HEALTH) && muster_bulk_may(&c->bulk, now, MUSTER_BULK_HEALTH, out))
        ask_health(c, out);
    if (!ask_busy(c, MUSTER_ASK_STATE) && muster_bulk_may(&c->bulk, now, MUSTER_BULK_STATE, out))
        ask_state(c, out);
    if (muster_lease_leads(&c->lease, now))
        decide(c, now, out);
}

/* ---- time ---- */

/* Something the voter waits for may be possible once R5's wait is over: look again right then. */
static muster_time next_poll(const struct muster_redis_coordinator *c)
{
    muster_time wait = muster_lease_wait_end(&c->lease);
    return wait > c->poll_sent ? muster_time_min(c->poll_at, wait) : c->poll_at;
}

static void advance(void *self, muster_time now, struct muster_effects *out)
{
    struct muster_redis_coordinator *c = self;
    struct muster_lease *l = &c->lease;
    if (c->life == MUSTER_LIFE_LOADING || c->life == MUSTER_LIFE_REFUSED ||
        c->life == MUSTER_LIFE_LEFT)
        return;
    muster_lease_tick(l, now, out);
    operator_advance(c, out);
    if (!c->store_lost && muster_time_since(now, c->answered) >= c->cfg->renew_deadline) {
        c->store_lost = true;
        note(out, MUSTER_NOTE_STORE_LOST, 0, 0, 0);
    }
    muster_voter_init_tick(&c->init, l, now, out);
    if (now >= c->heartbeat_at)
        heartbeat(c, now, out);
    if (l->writing.sequence > 0 && !ask_busy(c, MUSTER_ASK_SLOT_WRITE) &&
        !ask_busy(c, MUSTER_ASK_SLOT_SYNC))
        ask_slot_write(c, out);
    redis_ledger_advance(c, now, out);
    if (l->publish && !ask_busy(c, MUSTER_ASK_RECORD) &&
        (c->published || c->heartbeat_at != MUSTER_NEVER))
        ask_record(c, now, out);
    if (l->script != MUSTER_LEASE_NOTHING && !l->script_running)
        ask_script(c, now, out);
    if (l->wake && !ask_busy(c, MUSTER_ASK_WAKE))
        ask_wake(c, out);
    if (!ask_busy(c, MUSTER_ASK_POLL) && (now >= next_poll(c) || c->poll_again))
        ask_poll(c, now, out);
    if (!ask_busy(c, MUSTER_ASK_SUBSCRIBE) && !c->store_lost && c->answered == now)
        ask_subscribe(c, out);
    if (c->life == MUSTER_LIFE_LEAVING && muster_lease_is_released(l) && !l->wake)
        c->life = MUSTER_LIFE_LEFT;
}

static muster_time deadline(const void *self)
{
    const struct muster_redis_coordinator *c = self;
    if (c->life == MUSTER_LIFE_LOADING || c->life == MUSTER_LIFE_REFUSED ||
        c->life == MUSTER_LIFE_LEFT)
        return MUSTER_NEVER;
    muster_time t = muster_time_min(c->heartbeat_at, muster_lease_deadline(&c->lease));
    t = muster_time_min(t, muster_voter_init_deadline(&c->init));
    if (c->life != MUSTER_LIFE_WATCHING)
        t = muster_time_min(t, muster_hold_write_at(&c->hold));
    if (!ask_busy(c, MUSTER_ASK_POLL))
        t = muster_time_min(t, next_poll(c));
    if (!c->store_lost)
        t = muster_time_min(t, muster_time_add(c->answered, c->cfg->renew_deadline));
    return t;
}

static void leave(void *self, muster_time now, struct muster_effects *out)
{
    struct muster_redis_coordinator *c = self;
    if (c->life == MUSTER_LIFE_LOADING || c->life == MUSTER_LIFE_REFUSED) {
        c->life = MUSTER_LIFE_LEFT;
        return;
    }
    c->life = MUSTER_LIFE_LEAVING;
    c->lease.draining = true;
    muster_voter_init_stop(&c->init, &c->lease, out);
    muster_lease_step_down(&c->lease, now, MUSTER_LOST_SHUTDOWN, 0, out);
}

/* ---- the table ---- */

static void handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    if (in->kind == MUSTER_IN_START)
        start(self, in, out);
    else if (in->kind == MUSTER_IN_PUSH)
        push(self, in);
    else if (in->kind == MUSTER_IN_DISK)
        disk(self, in, out);
    else
        reply(self, in, out);
}

static bool command(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct muster_redis_coordinator *c = self;
    if (in->command.verb != MUSTER_VERB_VOTER_INIT)
        return operator_command(c, in, out);
    if (c->before.sequence > 0)
        muster_voter_init_refuse(MUSTER_INIT_NEEDLESS, 0, c->lease.known, out);
    else if (c->life == MUSTER_LIFE_WATCHING || c->life == MUSTER_LIFE_ACTIVE)
        muster_voter_init_ask(&c->init, &c->lease, in->now, in->data, c->readable, out);
    else
        muster_voter_init_refuse(MUSTER_INIT_NOT_NOW, 0, c->lease.known, out);
    return true;
}

static void vote(void *self, const struct muster_self *news)
{
    struct muster_redis_coordinator *c = self;
    c->self = *news;
}

static void heard(void *self, muster_time now, uint64_t epoch, struct muster_effects *out)
{
    struct muster_redis_coordinator *c = self;
    muster_lease_heard(&c->lease, now, epoch, out);
}

static void stalled(void *self, muster_time now)
{
    struct muster_redis_coordinator *c = self;
    muster_lease_stalled(&c->lease, now);
}

static void drain(void *self)
{
    struct muster_redis_coordinator *c = self;
    c->lease.draining = true;
    if (c->cfg->work_items > 0 && c->life == MUSTER_LIFE_ACTIVE)
        c->lease.publish = true; /* so that nothing more is given to it */
}

static struct muster_standing standing(const void *self, muster_time now)
{
    const struct muster_redis_coordinator *c = self;
    const struct muster_lease *l = &c->lease;
    struct muster_standing s = {.leads = muster_lease_leads(l, now) && !c->yielding,
                                .holds = l->state == MUSTER_LEASE_LEADING,
                                .refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER,
                                .frozen = c->store_lost && c->cfg->store_lost_freezes,
                                .paused = muster_lease_is_paused(l),
                                .yielding = c->yielding,
                                .joined = c->life >= MUSTER_LIFE_ACTIVE,
                                .refused = c->life == MUSTER_LIFE_REFUSED,
                                .leaving = c->life >= MUSTER_LIFE_LEAVING,
                                .left = c->life == MUSTER_LIFE_LEFT};
    if (s.leads) {
        s.epoch = l->pair.epoch;
        s.until = l->until;
        s.informed = c->hold.informed == s.epoch;
        s.held = c->hold.durable.epoch == s.epoch ? c->hold.durable.count : 0;
    } else if (c->store_lost) {
        s.refusal = MUSTER_RESULT_SKIPPED_STORE_LOST;
    } else if (l->state >= MUSTER_LEASE_CONFIRMING && !c->yielding) {
        s.refusal = MUSTER_RESULT_SKIPPED_NO_QUORUM;
    }
    return s;
}

static struct muster_member_view member(const void *self, muster_time now, uint32_t index)
{
    const struct muster_redis_coordinator *c = self;
    const struct muster_member *m = &c->members.at[index];
    const struct muster_member_record *r = &m->record;
    return (struct muster_member_view){
        .fresh = muster_members_fresh(&c->members, now, index),
        .failed_components = r->failed,
        .seen = m->liveness != MUSTER_MEMBER_UNSEEN,
        .live = m->liveness == MUSTER_MEMBER_LIVE,
        .gone = m->liveness == MUSTER_MEMBER_GONE,
        .draining = r->state == MUSTER_MEMBER_DRAINING,
        .score = r->score <= MUSTER_PPM ? (uint32_t)r->score : 0,
        .life = r->incarnation.low,
    };
}

static const struct muster_ledger *ledger(const void *self)
{
    const struct muster_redis_coordinator *c = self;
    return &c->hold.known;
}

static uint64_t hold(void *self, muster_time now, struct muster_bytes text)
{
    struct muster_redis_coordinator *c = self;
    return muster_hold_take(&c->hold, now, c->lease.pair.epoch, text);
}

static bool decision(void *self, struct muster_agreement *ret_agreement)
{
    struct muster_redis_coordinator *c = self;
    const struct muster_decision_record *d = &c->applied;
    if (!c->apply)
        return false;
    c->apply = false;
    *ret_agreement =
        (struct muster_agreement){d->epoch, d->sequence, (enum muster_circuit_state)d->circuit,
                                  (enum muster_fallback_mode)d->mode};
    return true;
}

static void describe(const void *self, struct muster_text *t)
{
    static const char *const lives[] = {"loading", "watching", "active",
                                        "refused", "leaving",  "left"};
    static const char *const leases[] = {"idle", "acquiring", "confirming", "leading"};
    const struct muster_redis_coordinator *c = self;
    muster_text_add(t, "life=");
    muster_text_add(t, lives[c->life]);
    muster_text_add(t, " lease=");
    muster_text_add(t, leases[c->lease.state]);
    muster_text_add(t, " epoch=");
    muster_text_add_u64(t, c->lease.state >= MUSTER_LEASE_CONFIRMING ? c->lease.pair.epoch : 0);
    muster_text_add(t, " promise=");
    muster_text_add_u64(t, c->lease.slot.epoch);
    muster_text_add(t, " known=");
    muster_text_add_u64(t, c->lease.known);
    muster_text_add(t, " fit=");
    muster_text_add(t, c->lease.fit ? "yes" : "no");
    muster_text_add(t, " store=");
    muster_text_add(t, c->store_lost ? "lost" : "answers");
    muster_text_add(t, muster_pause_is_on(c->lease.pause) ? " recovery=paused" : " recovery=on");
    muster_text_add(t, " ");
    muster_bulk_describe(&c->bulk, t);
}

const struct muster_coordinator_kind muster_coordinator_redis = {
    .name = "redis",
    .size = size,
    .init = init,
    .handle = handle,
    .owns = owns,
    .command = command,
    .ledger = ledger,
    .hold = hold,
    .yield = operator_yield,
    .vote = vote,
    .heard = heard,
    .stalled = stalled,
    .drain = drain,
    .leave = leave,
    .advance = advance,
    .deadline = deadline,
    .standing = standing,
    .member = member,
    .decision = decision,
    .describe = describe,
};
