/* SPDX-License-Identifier: Apache-2.0 */
/* The redis coordinator: life of a member, reading the store, when what is asked. */
#include "core/coordinator/ask.h"

#include "core/flat.h"

#include <assert.h>

#define MEMBER_NOTES_MAX 8
#define LEADERLESS_POLLS 4  /* polls per renew_every while nobody leads */
#define CONFIRMING_POLLS 12 /* and while the own attempt waits for its majority */
#define WATCH_HEARTBEATS 2
#define TWIN_ADVANCES 2

static void note(struct muster_effects *out, enum muster_note kind, uint64_t a, uint64_t b,
                 uint64_t c)
{
    muster_effects_note(out, (uint16_t)kind, (const uint64_t[4]){a, b, c, 0}, NULL);
}

void muster_coordinator_init(struct muster_coordinator *c, const struct muster_config *cfg,
                             const struct muster_place *place, struct muster_member *member)
{
    assert(place->count <= MUSTER_MEMBERS_MAX && place->voters <= MUSTER_VOTERS_MAX);
    assert(place->voters >= 1 && place->voters <= place->count);
    memset(c, 0, sizeof *c);
    c->cfg = cfg;
    c->place = place;
    c->life = MUSTER_LIFE_LOADING;
    c->self = (struct muster_self){.failed = MUSTER_COUNT_UNKNOWN};
    c->poll_at = c->heartbeat_at = c->watch_until = MUSTER_NEVER;
    muster_members_init(&c->members, cfg, member, place->count);
    ask_prepare(c);
}

void muster_coordinator_start(struct muster_coordinator *c, const struct muster_input *in,
                              struct muster_effects *out)
{
    c->incarnation =
        (struct muster_incarnation){in->start.incarnation_high, in->start.incarnation_low};
    c->bootstrap = (in->start.flags & MUSTER_START_BOOTSTRAP) != 0;
    muster_lease_init(&c->lease, c->cfg, c->place, c->incarnation, in->start.seed, in->now);
    c->answered = in->now;
    ask_slot_read(c, out);
    ask_subscribe(c, out);
}

bool muster_coordinator_owns(const struct muster_coordinator *c, uint64_t tag)
{
    uint64_t kind = tag & 0xff;
    return kind < MUSTER_ASK_COUNT && kind != MUSTER_ASK_NONE && c->tag[kind] == tag;
}

/* ---- the durable state ---- */

static void loaded(struct muster_coordinator *c, const struct muster_input *in,
                   struct muster_effects *out)
{
    struct muster_slot slot;
    uint64_t cluster =
        muster_slot_hash(MUSTER_SLOT_HASH_START, c->cfg->cluster, strlen(c->cfg->cluster));
    bool valid = in->status == MUSTER_STATUS_OK && muster_slot_decode(&slot, in->data) == 0;
    /* A slot of another cluster or electorate is no state of this voter (R7, R8). */
    if (valid && slot.cluster == cluster && slot.electorate == c->lease.electorate) {
        muster_lease_restore(&c->lease, &slot);
        c->bootstrap = false;
    } else if (c->place->index < c->place->voters &&
               (!c->bootstrap || in->status != MUSTER_STATUS_OK || in->data.size > 0)) {
        c->bootstrap = false; /* damaged or unreadable state is not no state */
        note(out, MUSTER_NOTE_VOTER_UNFIT, 0, 0, 0);
    }
    c->life = MUSTER_LIFE_WATCHING;
    c->poll_at = in->now;
}

/* The first durable state: refused when anybody knows an epoch of this cluster (R7). */
static void try_bootstrap(struct muster_coordinator *c, const struct muster_lease_view *v,
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
    struct muster_lease *l = &c->lease;
    l->writing = (struct muster_slot){.sequence = 1, .electorate = l->electorate};
    l->writing.cluster =
        muster_slot_hash(MUSTER_SLOT_HASH_START, c->cfg->cluster, strlen(c->cfg->cluster));
    l->writing.disk_high = c->incarnation.high;
    l->writing.disk_low = c->incarnation.low;
    l->slot_floor = 1;
    c->bootstrapping = true;
}

/* A slot is durable when its WRITE and its SYNC have ended well, in whatever order it is heard. */
static void slot_ended(struct muster_coordinator *c, const struct muster_input *in,
                       struct muster_effects *out)
{
    if (c->slot_status == MUSTER_STATUS_OK)
        c->slot_status = (enum muster_status)in->status;
    if (ask_busy(c, MUSTER_ASK_SLOT_WRITE) || ask_busy(c, MUSTER_ASK_SLOT_SYNC))
        return;
    if (!c->bootstrapping) {
        muster_lease_written(&c->lease, in->now, c->slot_status, out);
        return;
    }
    c->bootstrapping = false;
    if (c->slot_status == MUSTER_STATUS_OK) {
        c->bootstrap = false;
        muster_lease_restore(&c->lease, &c->lease.writing);
        c->lease.publish = true;
        note(out, MUSTER_NOTE_BOOTSTRAPPED, 0, 0, 0);
    }
    c->lease.writing.sequence = 0;
}

void muster_coordinator_disk(struct muster_coordinator *c, const struct muster_input *in,
                             struct muster_effects *out)
{
    enum muster_request_kind kind = (enum muster_request_kind)(in->tag & 0xff);
    c->tag[kind] = 0;
    if (kind == MUSTER_ASK_SLOT_READ)
        loaded(c, in, out);
    else
        slot_ended(c, in, out);
}

/* ---- twins (R9) ---- */

static void become_active(struct muster_coordinator *c, muster_time now, struct muster_effects *out)
{
    c->life = MUSTER_LIFE_ACTIVE;
    c->lease.active = true;
    c->lease.publish = true;
    c->heartbeat_at = now;
    c->watch_until = MUSTER_NEVER;
    note(out, MUSTER_NOTE_JOINED, 0, 0, 0);
}

static void refuse(struct muster_coordinator *c, muster_time now, struct muster_effects *out)
{
    muster_lease_step_down(&c->lease, now, MUSTER_LOST_DUPLICATE, 0, out);
    c->lease.active = false;
    c->life = MUSTER_LIFE_REFUSED;
    c->poll_at = c->heartbeat_at = c->watch_until = MUSTER_NEVER;
    note(out, MUSTER_NOTE_DUPLICATE_ID, c->twin.high, c->twin.low, 0);
}

/* Has the foreign record in the own key advanced, twice, since it was first seen? One that stands
 * still is of a dead incarnation; once is what the last command of such a one does, when it was
 * still on its way. */
static bool twin_advances(struct muster_coordinator *c, const struct muster_member_record *r)
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

static void look_for_twin(struct muster_coordinator *c, muster_time now, struct muster_effects *out)
{
    const struct muster_member *own = &c->members.at[c->place->index];
    bool foreign =
        own->present && !muster_incarnation_equal(own->record.incarnation, c->incarnation);
    if (c->life == MUSTER_LIFE_WATCHING && c->watch_until == MUSTER_NEVER) {
        /* two heartbeats of the twin, and the reading that shows the second */
        c->watch_until = muster_time_add(now, WATCH_HEARTBEATS * c->cfg->heartbeat_every +
                                                  c->cfg->poll_every);
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

/* ---- reading the store ---- */

static void see_decision(struct muster_coordinator *c, const struct muster_lease_view *v,
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
static bool parse_leader(struct muster_coordinator *c, struct muster_bytes text)
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

static void read_store(struct muster_coordinator *c, muster_time now, struct muster_bytes reply,
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
    muster_members_judge(&c->members, now, MEMBER_NOTES_MAX, out);
    see_decision(c, &v, decision);
    muster_lease_see(&c->lease, now, &v, out);
    try_bootstrap(c, &v, out);
}

/* ---- answers ---- */

static void store_answered(struct muster_coordinator *c, muster_time now,
                           struct muster_effects *out)
{
    c->answered = now;
    if (c->store_lost)
        note(out, MUSTER_NOTE_STORE_BACK, 0, 0, 0);
    c->store_lost = false;
}

/* The stated reaction to an error of the store (R10). A command that was answered with an error was
 * not executed; a script that fails half way through is the same, as ours write last. */
static enum muster_reaction react(struct muster_coordinator *c, struct muster_bytes text,
                                  struct muster_effects *out)
{
    enum muster_reaction reaction = MUSTER_REACTION_RETRY;
    if (text.size >= 8 && memcmp(text.at, "NOSCRIPT", 8) == 0)
        reaction = MUSTER_REACTION_LOAD_SCRIPT;
    char shown[48];
    struct muster_text t;
    muster_text_init(&t, shown, sizeof shown);
    muster_text_add_bytes(&t, text);
    (void)c;
    muster_effects_note(out, MUSTER_NOTE_STORE_ERROR, (const uint64_t[4]){reaction, 0, 0, 0},
                        shown);
    return reaction;
}

static void script_answered(struct muster_coordinator *c, const struct muster_input *in, bool ok,
                            const struct muster_flat_value *v, struct muster_effects *out)
{
    bool whole = c->whole_script;
    c->whole_script = false;
    if (!ok) {
        muster_lease_script_failed(&c->lease, in->now, in->status == MUSTER_STATUS_UNKNOWN, out);
        c->poll_at = muster_time_min(c->poll_at, in->now);
        return;
    }
    if (v->type == MUSTER_FLAT_ERROR) {
        if (react(c, v->bytes, out) == MUSTER_REACTION_LOAD_SCRIPT && !whole &&
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

static void poll_answered(struct muster_coordinator *c, const struct muster_input *in, bool ok,
                          const struct muster_flat_value *v, struct muster_effects *out)
{
    if (ok && v->type == MUSTER_FLAT_ERROR) {
        react(c, v->bytes, out);
    } else if (ok) {
        read_store(c, in->now, in->data, out);
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

void muster_coordinator_reply(struct muster_coordinator *c, const struct muster_input *in,
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
}

void muster_coordinator_push(struct muster_coordinator *c, const struct muster_input *in,
                             struct muster_effects *out)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, in->data);
    (void)out;
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

static void decide(struct muster_coordinator *c, muster_time now, struct muster_effects *out)
{
    struct muster_vote vote[MUSTER_VOTERS_MAX];
    for (uint32_t i = 0; i < c->place->voters; i++) {
        const struct muster_member_record *r = &c->members.at[i].record;
        bool own = i == c->place->index;
        bool counts = muster_members_fresh(&c->members, now, i) &&
                      r->electorate == c->lease.electorate && r->circuit <= MUSTER_CIRCUIT_OPEN &&
                      r->mode <= MUSTER_MODE_SAFE;
        vote[i] = (struct muster_vote){.fresh = own || counts};
        vote[i].circuit = own      ? c->self.circuit
                          : counts ? (enum muster_circuit_state)r->circuit
                                   : 0;
        vote[i].mode = own ? c->self.mode : counts ? (enum muster_fallback_mode)r->mode : 0;
    }
    struct muster_decision d =
        muster_votes_decide(vote, c->place->voters, c->cfg->quorum_threshold_ppm);
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

static void heartbeat(struct muster_coordinator *c, muster_time now, struct muster_effects *out)
{
    c->heartbeat_at = muster_time_add(now, c->cfg->heartbeat_every);
    c->lease.publish = true;
    if (!ask_busy(c, MUSTER_ASK_HEALTH))
        ask_health(c, out);
    if (!ask_busy(c, MUSTER_ASK_STATE))
        ask_state(c, out);
    if (muster_lease_leads(&c->lease, now))
        decide(c, now, out);
}

/* ---- time ---- */

/* Something the voter waits for may be possible once R5's wait is over: look again right then. */
static muster_time next_poll(const struct muster_coordinator *c)
{
    muster_time wait = muster_lease_wait_end(&c->lease);
    return wait > c->poll_sent ? muster_time_min(c->poll_at, wait) : c->poll_at;
}

void muster_coordinator_advance(struct muster_coordinator *c, muster_time now,
                                struct muster_effects *out)
{
    struct muster_lease *l = &c->lease;
    if (c->life == MUSTER_LIFE_LOADING || c->life == MUSTER_LIFE_REFUSED ||
        c->life == MUSTER_LIFE_LEFT)
        return;
    muster_lease_tick(l, now, out);
    if (!c->store_lost && muster_time_since(now, c->answered) >= c->cfg->renew_deadline) {
        c->store_lost = true;
        note(out, MUSTER_NOTE_STORE_LOST, 0, 0, 0);
    }
    if (now >= c->heartbeat_at)
        heartbeat(c, now, out);
    if (l->writing.sequence > 0 && !ask_busy(c, MUSTER_ASK_SLOT_WRITE) &&
        !ask_busy(c, MUSTER_ASK_SLOT_SYNC))
        ask_slot_write(c, out);
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

muster_time muster_coordinator_deadline(const struct muster_coordinator *c)
{
    if (c->life == MUSTER_LIFE_LOADING || c->life == MUSTER_LIFE_REFUSED ||
        c->life == MUSTER_LIFE_LEFT)
        return MUSTER_NEVER;
    muster_time t = muster_time_min(c->heartbeat_at, muster_lease_deadline(&c->lease));
    if (!ask_busy(c, MUSTER_ASK_POLL))
        t = muster_time_min(t, next_poll(c));
    if (!c->store_lost)
        t = muster_time_min(t, muster_time_add(c->answered, c->cfg->renew_deadline));
    return t;
}

void muster_coordinator_leave(struct muster_coordinator *c, muster_time now,
                              struct muster_effects *out)
{
    if (c->life == MUSTER_LIFE_LOADING || c->life == MUSTER_LIFE_REFUSED) {
        c->life = MUSTER_LIFE_LEFT;
        return;
    }
    c->life = MUSTER_LIFE_LEAVING;
    c->lease.draining = true;
    muster_lease_step_down(&c->lease, now, MUSTER_LOST_SHUTDOWN, 0, out);
}
