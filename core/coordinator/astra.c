/* SPDX-License-Identifier: Apache-2.0 */
/* The coordinator of the origin's wire: whoever holds its lock leads (SPEC 8).
 *
 * The wire has no epochs. So that what a target sees rises all the same, an epoch here is the
 * store's clock when the lock was taken, in us since 1970, or one more than the highest that a
 * target has told, if that is higher. It rises as long as that clock does, and among members of
 * this kind: the origin's own send none.
 *
 * There is no record of a decision either: every member counts the votes of the configured voters
 * itself, and applies the outcome to itself while somebody leads. Pauses and named successors have
 * no place on the wire, and are refused.
 */
#include "core/coordinator/astra_side.h"
#include "core/coordinator/electorate.h"
#include "core/coordinator/voter_init.h"
#include "core/coordinator/votes.h"
#include "core/random.h"

#include <assert.h>

#define MEMBER_NOTES_MAX 8

struct astra {
    const struct muster_config *cfg;
    const struct muster_place *place;
    struct muster_astra_side side;
    struct muster_members members;
    struct muster_random random; /* attempts, jitter */
    bool draining, leaving, left;
    bool leads;              /* said so; ends with the lock */
    struct muster_pair pair; /* of this leadership, or of the campaign under way */
    uint64_t known;          /* highest epoch heard of or had */
    muster_time fresh_from;  /* after a stall: only a renewal sent from here counts (R13) */
    muster_time campaign_at; /* drawn when the lock was seen free */
    muster_time stand_back;  /* no campaign before, on an operator's word */
    bool store_lost;
    struct muster_decision decision;
    uint64_t decision_sequence, decision_epoch;
    bool apply; /* `decision` is new: the node takes it */
    struct muster_member member[];
};

static void note(struct muster_effects *out, enum muster_note kind, uint64_t a, uint64_t b,
                 uint64_t c, uint64_t d)
{
    muster_effects_note(out, (uint16_t)kind, (const uint64_t[4]){a, b, c, d}, NULL);
}

static size_t size(const struct muster_place *place)
{
    return sizeof(struct astra) + place->count * sizeof(struct muster_member);
}

static void init(void *self, const struct muster_config *cfg, const struct muster_place *place)
{
    struct astra *a = self;
    assert(place->count <= MUSTER_MEMBERS_MAX && place->voters <= MUSTER_VOTERS_MAX);
    a->cfg = cfg;
    a->place = place;
    a->campaign_at = MUSTER_NEVER;
    muster_members_init(&a->members, cfg, a->member, place->count);
    muster_astra_side_init(&a->side, cfg, place, &a->members);
}

static void start(struct astra *a, const struct muster_input *in, struct muster_effects *out)
{
    a->random.state = in->start.seed;
    muster_astra_side_start(&a->side, in);
    note(out, MUSTER_NOTE_WIRE_ASTRA, muster_electorate_size(a->place, MUSTER_ELECTORATE_NOW), 0, 0,
         0);
    note(out, MUSTER_NOTE_JOINED, 0, 0, 0, 0);
}

/* ---- leading ---- */

/* The key is deleted when what ran under the leadership has had its time to end. */
static void step_down(struct astra *a, muster_time now, enum muster_lost reason, muster_dur after,
                      struct muster_effects *out)
{
    struct muster_astra_lock *l = &a->side.lock;
    if (a->leads)
        note(out, MUSTER_NOTE_LEADER_LOST, a->pair.epoch, a->pair.attempt, reason, 0);
    if (l->held)
        muster_astra_lock_drop(l, muster_time_add(now, after));
    a->leads = a->side.shown_as_leader = false;
}

static void elected(struct astra *a, muster_time now, struct muster_effects *out)
{
    const struct muster_astra_lock *l = &a->side.lock;
    a->pair.epoch = l->taken > a->known ? l->taken : a->known + 1;
    note(out, MUSTER_NOTE_ACQUIRED, a->pair.epoch, a->pair.attempt, 0, 0);
    if (a->draining || now >= l->until || a->pair.epoch > MUSTER_INTEGER_MAX) {
        note(out, MUSTER_NOTE_ATTEMPT_RELEASED, a->pair.epoch, a->pair.attempt, 0, 0);
        step_down(a, now, MUSTER_LOST_EXPIRED, 0, out);
        return;
    }
    a->known = a->pair.epoch;
    a->leads = a->side.shown_as_leader = true;
    a->decision_epoch = 0;
    note(out, MUSTER_NOTE_LEADER_ELECTED, a->pair.epoch, a->pair.attempt, l->until, 0);
}

static void take_news(struct astra *a, muster_time now, enum muster_astra_news news,
                      struct muster_effects *out)
{
    const struct muster_astra_lock *l = &a->side.lock;
    switch (news) {
    case MUSTER_ASTRA_TAKEN:
        elected(a, now, out);
        break;
    case MUSTER_ASTRA_EXTENDED:
        note(out, MUSTER_NOTE_LEASE_EXTENDED, a->pair.epoch, a->pair.attempt, l->until,
             l->renewals);
        break;
    case MUSTER_ASTRA_LOST:
        step_down(a, now, MUSTER_LOST_RECORD_GONE, 0, out);
        break;
    case MUSTER_ASTRA_RELEASED:
        note(out, MUSTER_NOTE_RELEASED, a->pair.epoch, a->pair.attempt, 0, 0);
        break;
    case MUSTER_ASTRA_SAME:
        break;
    }
}

static bool may_campaign(const struct astra *a, muster_time now)
{
    return muster_electorate_has(a->place, MUSTER_ELECTORATE_NOW, a->place->index) &&
           !a->draining && now >= a->stand_back;
}

/* The lock was read. One that bears the own name, and is not held, is of an earlier life or of a
 * command that came late: it is taken again, or given back. */
static void look(struct astra *a, muster_time now)
{
    struct muster_astra_lock *l = &a->side.lock;
    bool own = a->side.holder == MUSTER_ASTRA_OWN;
    bool open = !l->held && muster_astra_lock_is_idle(l) && a->side.holder != MUSTER_ASTRA_OTHER;
    if (!open || !may_campaign(a, now)) {
        a->campaign_at = MUSTER_NEVER;
        if (open && own)
            muster_astra_lock_clear(l);
    } else if (own) {
        a->campaign_at = muster_time_max(now, l->take_from);
    } else if (a->campaign_at == MUSTER_NEVER) {
        muster_dur wait = muster_random_next(&a->random) % (a->cfg->jitter + 1);
        a->campaign_at = muster_time_max(muster_time_add(now, wait), l->take_from);
    }
}

static void campaign(struct astra *a, struct muster_effects *out)
{
    a->campaign_at = MUSTER_NEVER;
    a->pair = (struct muster_pair){0, muster_random_next(&a->random) >> 16 | 1};
    note(out, MUSTER_NOTE_CAMPAIGN, a->known, a->pair.attempt, 0, 0);
    muster_astra_lock_take(&a->side.lock);
}

/* ---- consensus ---- */

/* A vote that was never seen to change says nothing yet. */
static bool is_fresh(const struct astra *a, muster_time now, uint32_t index)
{
    return a->members.at[index].record.sequence > 0 &&
           muster_members_fresh(&a->members, now, index);
}

static uint32_t collect(const struct astra *a, muster_time now,
                        struct muster_vote vote[MUSTER_VOTERS_MAX])
{
    uint32_t voters = 0;
    for (uint32_t i = 0; i < a->place->voters; i++) {
        const struct muster_member_record *r = &a->members.at[i].record;
        if (!muster_electorate_has(a->place, MUSTER_ELECTORATE_NOW, i))
            continue;
        struct muster_vote *v = &vote[voters++];
        *v = (struct muster_vote){0};
        if (i == a->place->index)
            *v = (struct muster_vote){true, a->side.self.circuit, a->side.self.mode};
        else if (is_fresh(a, now, i))
            *v = (struct muster_vote){true, (enum muster_circuit_state)r->circuit,
                                      (enum muster_fallback_mode)r->mode};
    }
    return voters;
}

/* Under the own epoch, or, of a leader who has none to tell, under none. */
static void decide(struct astra *a, muster_time now, struct muster_effects *out)
{
    struct muster_vote vote[MUSTER_VOTERS_MAX];
    uint64_t epoch = a->leads ? a->pair.epoch : 0;
    uint32_t voters = collect(a, now, vote);
    struct muster_decision d = muster_votes_decide(vote, voters, a->cfg->quorum_threshold_ppm);
    const struct muster_decision *was = &a->decision;
    if (a->decision_sequence > 0 && a->decision_epoch == epoch && d.outcome == was->outcome &&
        d.circuit == was->circuit && d.mode == was->mode)
        return;
    a->decision = d;
    a->decision_epoch = epoch;
    a->decision_sequence++;
    a->apply = d.outcome == MUSTER_OUTCOME_DECIDED;
    note(out, MUSTER_NOTE_CONSENSUS, epoch, a->decision_sequence, d.outcome, d.voting);
}

/* ---- inputs ---- */

static bool owns(const void *self, uint64_t tag)
{
    const struct astra *a = self;
    return muster_astra_side_owns(&a->side, tag);
}

static void reply(struct astra *a, const struct muster_input *in, struct muster_effects *out)
{
    bool read;
    enum muster_astra_news news = muster_astra_side_reply(&a->side, in, &read, out);
    if (a->store_lost && a->side.answered == in->now) {
        a->store_lost = false;
        note(out, MUSTER_NOTE_STORE_BACK, 0, 0, 0, 0);
    }
    take_news(a, in->now, news, out);
    if (!read)
        return;
    muster_members_judge(&a->members, in->now, a->side.poll_sent, MEMBER_NOTES_MAX, out);
    look(a, in->now);
    if (a->side.holder != MUSTER_ASTRA_NOBODY) /* no leader, no decision */
        decide(a, in->now, out);
}

static void handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    if (in->kind == MUSTER_IN_START)
        start(self, in, out);
    else if (in->kind == MUSTER_IN_REPLY)
        reply(self, in, out);
}

static bool command(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct astra *a = self;
    switch (in->command.verb) {
    case MUSTER_VERB_PAUSE:
    case MUSTER_VERB_RESUME:
        note(out, MUSTER_NOTE_PAUSE_REFUSED, in->command.verb == MUSTER_VERB_PAUSE,
             MUSTER_REFUSAL_NO_WIRE, 0, 0);
        return true;
    case MUSTER_VERB_SWITCHOVER:
        note(out, MUSTER_NOTE_HANDOVER_REFUSED, MUSTER_REFUSAL_NO_WIRE, 0, 0, 0);
        return true;
    case MUSTER_VERB_STEP_DOWN:
        if (!a->leads) {
            note(out, MUSTER_NOTE_HANDOVER_REFUSED, MUSTER_REFUSAL_NOT_LEADER, 0, 0, 0);
            return true;
        }
        note(out, MUSTER_NOTE_HANDOVER, a->pair.epoch, a->pair.attempt, 0, 0);
        a->stand_back = muster_time_add(in->now, a->cfg->lease_ttl);
        step_down(a, in->now, MUSTER_LOST_STEP_DOWN, a->cfg->stop_time, out);
        return true;
    case MUSTER_VERB_VOTER_INIT:
        muster_voter_init_refuse(MUSTER_INIT_NEEDLESS, 0, a->known, out);
        return true;
    default:
        return false;
    }
}

static void vote(void *self, const struct muster_self *news)
{
    struct astra *a = self;
    a->side.self = *news;
}

static void heard(void *self, muster_time now, uint64_t epoch, struct muster_effects *out)
{
    struct astra *a = self;
    if (epoch >= MUSTER_INTEGER_MAX || epoch <= a->known)
        return;
    a->known = epoch;
    step_down(a, now, MUSTER_LOST_FENCED, a->cfg->stop_time, out);
}

static void stalled(void *self, muster_time now)
{
    struct astra *a = self;
    a->fresh_from = now;
    if (a->side.lock.held)
        a->side.lock.renew_at = now;
}

static void drain(void *self)
{
    struct astra *a = self;
    a->draining = true;
    a->campaign_at = MUSTER_NEVER;
}

static void leave(void *self, muster_time now, struct muster_effects *out)
{
    struct astra *a = self;
    a->leaving = a->draining = true;
    step_down(a, now, MUSTER_LOST_SHUTDOWN, 0, out);
}

/* ---- time ---- */

static void advance(void *self, muster_time now, struct muster_effects *out)
{
    struct astra *a = self;
    struct muster_astra_lock *l = &a->side.lock;
    if (a->left)
        return;
    if (l->held && now >= l->until)
        step_down(a, now, MUSTER_LOST_EXPIRED, a->cfg->stop_time, out);
    if (!a->store_lost && muster_time_since(now, a->side.answered) >= a->cfg->renew_deadline) {
        a->store_lost = true;
        note(out, MUSTER_NOTE_STORE_LOST, 0, 0, 0, 0);
    }
    if (now >= a->campaign_at && muster_astra_lock_is_idle(l) && !l->must_read)
        campaign(a, out);
    muster_astra_side_advance(&a->side, now, out);
    a->left = a->leaving && muster_astra_lock_is_idle(l);
}

static muster_time deadline(const void *self)
{
    const struct astra *a = self;
    if (a->left)
        return MUSTER_NEVER;
    muster_time t = muster_astra_side_deadline(&a->side);
    if (muster_astra_lock_is_idle(&a->side.lock) && !a->side.lock.must_read)
        t = muster_time_min(t, a->campaign_at);
    if (!a->store_lost)
        t = muster_time_min(t, muster_time_add(a->side.answered, a->cfg->renew_deadline));
    return t;
}

/* ---- queries ---- */

static struct muster_standing standing(const void *self, muster_time now)
{
    const struct astra *a = self;
    const struct muster_astra_lock *l = &a->side.lock;
    struct muster_standing s = {.leads = a->leads && now < l->until && l->since >= a->fresh_from,
                                .holds = a->leads,
                                .refusal = a->store_lost ? MUSTER_RESULT_SKIPPED_STORE_LOST
                                                         : MUSTER_RESULT_SKIPPED_NOT_LEADER,
                                .frozen = a->store_lost && a->cfg->store_lost_freezes,
                                .joined = true,
                                .leaving = a->leaving,
                                .left = a->left};
    if (s.leads) {
        s.epoch = a->pair.epoch;
        s.until = l->until;
    }
    return s;
}

static struct muster_member_view member(const void *self, muster_time now, uint32_t index)
{
    const struct astra *a = self;
    const struct muster_member *m = &a->members.at[index];
    return (struct muster_member_view){
        .fresh = is_fresh(a, now, index),
        .failed_components = index == a->place->index ? a->side.self.failed : MUSTER_COUNT_UNKNOWN,
        .seen = m->liveness != MUSTER_MEMBER_UNSEEN,
        .live = m->liveness == MUSTER_MEMBER_LIVE,
        .gone = m->liveness == MUSTER_MEMBER_GONE,
        .score = (uint32_t)m->record.score,
    };
}

static bool decision(void *self, struct muster_agreement *ret_agreement)
{
    struct astra *a = self;
    bool apply = a->apply;
    a->apply = false;
    if (apply)
        *ret_agreement = (struct muster_agreement){a->decision_epoch, a->decision_sequence,
                                                   a->decision.circuit, a->decision.mode};
    return apply;
}

static void describe(const void *self, struct muster_text *t)
{
    const struct astra *a = self;
    muster_text_add(t, a->left ? "life=left" : a->leaving ? "life=leaving" : "life=active");
    muster_text_add(t, a->leads ? " lease=leading epoch=" : " lease=idle epoch=");
    muster_text_add_u64(t, a->leads ? a->pair.epoch : 0);
    muster_text_add(t, " known=");
    muster_text_add_u64(t, a->known);
    muster_text_add(t, a->store_lost ? " store=lost wire=astra" : " store=answers wire=astra");
}

const struct muster_coordinator_kind muster_coordinator_astra = {
    .name = "redis",
    .size = size,
    .init = init,
    .handle = handle,
    .owns = owns,
    .command = command,
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
