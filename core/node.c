/* SPDX-License-Identifier: Apache-2.0 */
/* The door of a member: which part takes which input, and what follows from it for the others. */
#include "core/node.h"

#include "core/coordinator/work.h"
#include "core/flat.h"
#include "core/notes.h"
#include "core/seal.h"

#include <assert.h>

struct muster_node {
    struct muster_config cfg;
    struct muster_place place;
    const struct muster_coordinator_kind *kind;
    const struct muster_orchestrator_kind *plan;
    struct muster_health health;
    struct muster_self self;
    muster_time now;
    muster_time promised_deadline; /* what deadline() said last: later than this is a stall */
    muster_time sample_at;
    uint64_t sample_tag, samples; /* of the request for health under way; 0: none */
    struct muster_seal seal;
    uint64_t inherited; /* epoch under which the orchestrator goes on with the ledger */
    muster_time drain_by;
    bool started, inside, led, draining, stopped;
    bool cycle_due;                   /* when the sample under way has come */
    void *coordinator, *orchestrator; /* in the block */
    struct muster_work *work;         /* likewise; null where there is none */
    _Alignas(16) unsigned char block[];
};

static const struct muster_coordinator_kind *coordinator_of(const struct muster_config *cfg,
                                                            const struct muster_parts *parts)
{
    if (parts && parts->coordinator)
        return parts->coordinator;
    if (cfg->local)
        return &muster_coordinator_local;
    switch (cfg->wire) {
    case MUSTER_WIRE_ASTRA:
        return &muster_coordinator_astra;
    case MUSTER_WIRE_BRIDGE:
        return &muster_coordinator_bridge;
    case MUSTER_WIRE_NATIVE:
        break;
    }
    return &muster_coordinator_redis;
}

static const struct muster_orchestrator_kind *orchestrator_of(const struct muster_config *cfg,
                                                              const struct muster_parts *parts)
{
    if (parts && parts->orchestrator)
        return parts->orchestrator;
    return cfg->enhanced ? &muster_orchestrator_enhanced : &muster_orchestrator_recovery;
}

static size_t aligned(size_t size)
{
    return (size + 15) & ~(size_t)15;
}

size_t muster_node_size(const struct muster_config *cfg, const struct muster_place *place,
                        const struct muster_parts *parts)
{
    return sizeof(struct muster_node) + aligned(orchestrator_of(cfg, parts)->size(cfg, place)) +
           aligned(coordinator_of(cfg, parts)->size(place)) +
           (cfg->work_items > 0 ? muster_work_size(cfg) : 0);
}

void muster_node_init(struct muster_node *n, const struct muster_config *cfg,
                      const struct muster_place *place, const struct muster_parts *parts)
{
    char text[8];
    assert(muster_config_check(cfg, 0, text, sizeof text) == NULL);
    n->cfg = *cfg;
    n->place = *place;
    n->kind = coordinator_of(cfg, parts);
    n->self.failed = MUSTER_COUNT_UNKNOWN;
    n->promised_deadline = n->sample_at = n->drain_by = MUSTER_NEVER;
    muster_health_unknown(&n->health);
    muster_seal_init(&n->seal, &n->cfg, &n->place);
    n->plan = orchestrator_of(cfg, parts);
    n->orchestrator = n->block;
    n->coordinator = n->block + aligned(n->plan->size(&n->cfg, &n->place));
    n->kind->init(n->coordinator, &n->cfg, &n->place);
    if (cfg->work_items == 0)
        return;
    n->work = (void *)((unsigned char *)n->coordinator + aligned(n->kind->size(&n->place)));
    muster_work_init(n->work, &n->cfg, &n->place,
                     parts && parts->work_strategy ? parts->work_strategy
                                                   : &muster_work_rendezvous);
}

static struct muster_standing standing(const struct muster_node *n)
{
    return n->kind->standing(n->coordinator, n->now);
}

static void note(struct muster_effects *out, enum muster_note kind, uint64_t a, uint64_t b,
                 uint64_t c, uint64_t d)
{
    muster_effects_note(out, (uint16_t)kind, (const uint64_t[4]){a, b, c, d}, NULL);
}

/* ---- what the orchestrator may do ---- */

/* Whether what must not be forgotten is handed on from leader to leader. */
static bool hands_on(const struct muster_node *n)
{
    return n->cfg.hold_history && n->kind->hold && n->plan->account;
}

static struct muster_authority authority(const struct muster_node *n)
{
    struct muster_standing s = standing(n);
    bool holds = hands_on(n);
    bool leads =
        s.leads && muster_seal_is_over(&n->seal, s.epoch) && (!holds || n->inherited == s.epoch);
    /* Where a twin leads its life, this one acts on nothing. */
    return (struct muster_authority){.leads = leads,
                                     .draining = n->draining || s.refused,
                                     .frozen = s.frozen,
                                     .paused = s.paused,
                                     .refusal = s.refusal,
                                     .holds = holds,
                                     .held = s.held,
                                     .epoch = s.epoch,
                                     .not_after = s.until};
}

/* One call into the orchestrator, with what it may do now. */
static struct muster_turn turn(const struct muster_node *n, const struct muster_authority *a,
                               struct muster_effects *out)
{
    return (struct muster_turn){n->now, a, out, MUSTER_TURN_NOTES_MAX};
}

static void view_members(const struct muster_node *n,
                         struct muster_member_view member[MUSTER_MEMBERS_MAX])
{
    for (uint32_t i = 0; i < n->place.count; i++)
        member[i] = n->kind->member(n->coordinator, n->now, i);
}

/* ---- health ---- */

static void sample(struct muster_node *n, struct muster_effects *out)
{
    if (n->plan->poll(n->orchestrator, n->now))
        n->cycle_due = true; /* with this sample */
    n->sample_at = muster_time_min(muster_time_add(n->now, n->cfg.heartbeat_every),
                                   n->plan->sample_at(n->orchestrator));
    if (n->sample_tag != 0)
        return;
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_REQUEST);
    e->tag = n->sample_tag = ++n->samples << 8 | MUSTER_TAG_SAMPLE;
    e->request.endpoint = MUSTER_ENDPOINT_HEALTH;
    e->request.timeout = n->cfg.request_timeout;
}

static void vote(struct muster_node *n, enum muster_fallback_mode mode)
{
    n->self.circuit = n->health.circuit;
    n->self.mode = mode;
    n->self.failed = n->health.failed_components;
    n->kind->vote(n->coordinator, &n->self);
}

/* The orchestrator looks at the new sample, and at what the members have published. */
static void observe(struct muster_node *n, struct muster_effects *out)
{
    struct muster_member_view member[MUSTER_MEMBERS_MAX];
    for (uint32_t i = 0; i < n->place.count; i++)
        member[i] = n->kind->member(n->coordinator, n->now, i);
    struct muster_sight sight = {&n->health, member, n->place.count};
    struct muster_authority a = authority(n);
    struct muster_turn t = turn(n, &a, out);
    vote(n, n->plan->observe(n->orchestrator, &t, &sight));
    if (n->cycle_due)
        n->plan->cycle(n->orchestrator, &t, &sight);
    n->cycle_due = false;
}

static void sampled(struct muster_node *n, const struct muster_input *in,
                    struct muster_effects *out)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    struct muster_health before = n->health;
    n->sample_tag = 0;
    muster_health_unknown(&n->health);
    muster_flat_reader_init(&r, in->data);
    if (in->status == MUSTER_STATUS_OK && muster_flat_next(&r, &v) == 0 && muster_flat_is_text(&v))
        muster_health_parse(&n->health, v.bytes);
    uint32_t score = muster_health_score(&n->health);
    bool news = score != n->self.score || n->health.circuit != before.circuit ||
                n->health.failed_components != before.failed_components;
    n->self.score = score;
    if (news)
        note(out, MUSTER_NOTE_HEALTH, score, muster_health_classify(score),
             n->health.failed_components, n->health.circuit);
    observe(n, out);
}

/* ---- work ---- */

/* An input that is work's, or the end of any: what it has to do. */
static void work(struct muster_node *n, const struct muster_input *in, struct muster_effects *out)
{
    struct muster_member_view member[MUSTER_MEMBERS_MAX];
    struct muster_work_turn t = {n->now, standing(n), member, out};
    /* Nothing is given under an epoch of which the targets have not been told. */
    t.standing.leads = t.standing.leads && muster_seal_is_over(&n->seal, t.standing.epoch);
    bool looks = in || n->cfg.local; /* time alone assigns nothing, where there is a board */
    if (looks)
        view_members(n, member);
    if (!in)
        muster_work_advance(n->work, &t);
    else if (in->kind == MUSTER_IN_COMMAND)
        muster_work_submit(n->work, &t, in->data);
    else if (in->kind == MUSTER_IN_ACTION)
        muster_work_ended(n->work, &t, in);
    else if (in->kind == MUSTER_IN_DISK)
        muster_work_disk(n->work, &t, in);
    else
        muster_work_reply(n->work, &t, in);
}

static bool is_of_work(const struct muster_node *n, uint64_t tag)
{
    return n->work && muster_work_owns(n->work, tag);
}

/* ---- inputs ---- */

static void start(struct muster_node *n, const struct muster_input *in, struct muster_effects *out)
{
    assert(!n->started);
    n->started = true;
    n->sample_at = in->now;
    note(out, MUSTER_NOTE_STARTED, 0, 0, 0, 0);
    /* Unique across members and incarnations: 44 random bits, and room for 256 intents of each. */
    uint64_t base =
        (in->start.incarnation_low ^ in->start.incarnation_high >> 7) & ((UINT64_C(1) << 44) - 1);
    n->plan->init(n->orchestrator, &n->cfg, &n->place, base << 8);
    n->kind->handle(n->coordinator, in, out);
    if (n->work)
        muster_work_start(n->work, in, out);
}

static void command(struct muster_node *n, const struct muster_input *in,
                    struct muster_effects *out)
{
    if (in->command.verb == MUSTER_VERB_SHUTDOWN && !n->draining) {
        n->draining = true;
        n->kind->drain(n->coordinator);
        n->drain_by = MUSTER_NEVER;
        note(out, MUSTER_NOTE_DRAINING, 0, 0, 0, 0);
        struct muster_authority a = authority(n);
        struct muster_turn t = turn(n, &a, out);
        n->plan->drain(n->orchestrator, &t);
        if (n->work)
            muster_work_drain(n->work, n->now);
    } else if (in->command.verb == MUSTER_VERB_WORK && n->work) {
        work(n, in, out);
    } else if (in->command.verb == MUSTER_VERB_WORK) {
        muster_work_refuse(out, MUSTER_WORK_REFUSED_OFF, "");
    } else if (in->command.verb != MUSTER_VERB_SHUTDOWN &&
               !(n->kind->command && n->kind->command(n->coordinator, in, out))) {
        struct muster_authority a = authority(n);
        struct muster_turn t = turn(n, &a, out);
        n->plan->event(n->orchestrator, &t, in->command.verb, in->data);
    }
}

static void ended(struct muster_node *n, const struct muster_input *in, struct muster_effects *out)
{
    if (in->action.epoch > 0)
        n->kind->heard(n->coordinator, n->now, in->action.epoch, out);
    if (muster_seal_owns(in->tag)) {
        muster_seal_ended(&n->seal, in, out);
        return;
    }
    if (muster_work_is_intent(in->tag)) {
        if (n->work)
            work(n, in, out);
        return;
    }
    struct muster_authority a = authority(n);
    struct muster_turn t = turn(n, &a, out);
    n->plan->ended(n->orchestrator, &t, in);
}

static void reply(struct muster_node *n, const struct muster_input *in, struct muster_effects *out)
{
    if (in->tag != 0 && in->tag == n->sample_tag)
        sampled(n, in, out);
    else if (is_of_work(n, in->tag))
        work(n, in, out);
    else if (n->kind->owns(n->coordinator, in->tag))
        n->kind->handle(n->coordinator, in, out);
}

static void disk(struct muster_node *n, const struct muster_input *in, struct muster_effects *out)
{
    if (n->plan->owns(n->orchestrator, in->tag))
        n->plan->disk(n->orchestrator, in, out);
    else if (is_of_work(n, in->tag))
        work(n, in, out);
    else if (n->kind->owns(n->coordinator, in->tag))
        n->kind->handle(n->coordinator, in, out);
}

/* ---- what follows ---- */

static void apply_decision(struct muster_node *n, struct muster_effects *out)
{
    struct muster_agreement agreed;
    if (!n->kind->decision(n->coordinator, &agreed))
        return;
    struct muster_authority a = authority(n);
    struct muster_turn t = turn(n, &a, out);
    if (n->plan->agreed(n->orchestrator, &t, agreed.mode))
        note(out, MUSTER_NOTE_CONSENSUS_APPLIED, agreed.epoch, agreed.sequence, agreed.circuit,
             agreed.mode);
}

/* What runs under a lease does not outlive it. */
static void follow_lease(struct muster_node *n, struct muster_effects *out)
{
    bool holds = standing(n).holds;
    if (n->led && !holds) {
        struct muster_authority a = authority(n);
        struct muster_turn t = turn(n, &a, out);
        n->plan->lost(n->orchestrator, &t);
    }
    n->led = holds;
}

/* The first thing under a new lease, and nothing else meanwhile (R14). */
static void seal(struct muster_node *n, struct muster_effects *out)
{
    struct muster_standing s = standing(n);
    if (s.leads)
        muster_seal_advance(&n->seal, n->now, s.epoch, s.until, out);
    else if (muster_seal_deadline(&n->seal) != MUSTER_NEVER)
        muster_seal_stop(&n->seal, out);
}

/* A new leader goes on where its predecessors stood, before it acts (R16). */
static void inherit(struct muster_node *n, struct muster_effects *out)
{
    struct muster_standing s = standing(n);
    if (!hands_on(n) || !s.leads || !s.informed || n->inherited == s.epoch)
        return;
    const struct muster_ledger *l = n->kind->ledger(n->coordinator);
    n->inherited = s.epoch;
    if (l->version.epoch == 0 && !l->damaged)
        return; /* nothing was ever begun */
    muster_dur passed = muster_time_since(n->now, l->read_at);
    struct muster_authority a = authority(n);
    struct muster_turn t = turn(n, &a, out);
    n->plan->inherit(n->orchestrator, &t, muster_ledger_text(l), passed);
    note(out, MUSTER_NOTE_LEDGER_INHERITED, l->version.epoch, l->version.count, passed, 0);
}

/* What a successor must know goes to the voters. */
static void hand_on(struct muster_node *n)
{
    char room[MUSTER_LEDGER_MAX + 1];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    if (!hands_on(n) || !standing(n).leads || n->inherited != standing(n).epoch ||
        !n->plan->account(n->orchestrator, n->now, &t))
        return;
    n->plan->entrusted(n->orchestrator,
                       n->kind->hold(n->coordinator, n->now, muster_text_written(&t)));
}

/* A planned handover waits for what runs under the lease, and no longer. */
static void yield(struct muster_node *n, struct muster_effects *out)
{
    if (standing(n).yielding && n->plan->idle(n->orchestrator))
        n->kind->yield(n->coordinator, n->now, out);
}

/* Drain, then release, then stop (R12). A history that the disk refuses holds a shutdown up only so
 * long. */
static void leave(struct muster_node *n, struct muster_effects *out)
{
    if (!n->draining)
        return;
    bool idle = n->plan->drained(n->orchestrator) && (!n->work || muster_work_drained(n->work));
    if (!standing(n).leaving && idle) {
        if (n->drain_by == MUSTER_NEVER)
            n->drain_by = muster_time_add(n->now, n->cfg.renew_deadline);
        bool saved = n->plan->saved(n->orchestrator) && (!n->work || muster_work_saved(n->work));
        if (saved || n->now >= n->drain_by) {
            n->drain_by = MUSTER_NEVER;
            n->kind->leave(n->coordinator, n->now, out);
            n->kind->advance(n->coordinator, n->now, out);
        }
    }
    if (standing(n).left) {
        n->stopped = true;
        note(out, MUSTER_NOTE_STOPPED, 0, 0, 0, 0);
    }
}

/* The loop stood still, or its clock jumped: what was true before need not be true now (R13). */
static void notice_stall(struct muster_node *n, const struct muster_input *in,
                         struct muster_effects *out)
{
    muster_time due = n->promised_deadline;
    if (due == MUSTER_NEVER || in->now <= muster_time_add(due, n->cfg.stop_time))
        return;
    n->kind->stalled(n->coordinator, in->now);
    note(out, MUSTER_NOTE_STALLED, in->now - due, 0, 0, 0);
}

static muster_time next_deadline(const struct muster_node *n)
{
    if (n->stopped)
        return MUSTER_NEVER;
    if (standing(n).refused)
        return n->drain_by;
    muster_time t = muster_time_min(n->sample_at, n->drain_by);
    t = muster_time_min(t, muster_seal_deadline(&n->seal));
    if (n->plan->deadline)
        t = muster_time_min(t, n->plan->deadline(n->orchestrator));
    if (n->work)
        t = muster_time_min(t, muster_work_deadline(n->work, standing(n)));
    return muster_time_min(t, n->kind->deadline(n->coordinator));
}

void muster_node_handle(struct muster_node *n, const struct muster_input *in,
                        struct muster_effects *out)
{
    assert(!n->inside);
    assert(in->now >= n->now);
    assert(n->started == (in->kind != MUSTER_IN_START));
    n->now = in->now;
    if (n->stopped)
        return; /* what was on its way comes too late */
    n->inside = true;
    notice_stall(n, in, out);
    switch ((enum muster_input_kind)in->kind) {
    case MUSTER_IN_START:
        start(n, in, out);
        break;
    case MUSTER_IN_REPLY:
        reply(n, in, out);
        break;
    case MUSTER_IN_PUSH:
        n->kind->handle(n->coordinator, in, out);
        if (n->work)
            muster_work_push(n->work, n->now, in->data);
        break;
    case MUSTER_IN_DISK:
        disk(n, in, out);
        break;
    case MUSTER_IN_ACTION:
        ended(n, in, out);
        break;
    case MUSTER_IN_COMMAND:
        command(n, in, out);
        break;
    case MUSTER_IN_TIMER:
    case MUSTER_IN_MESSAGE: /* members meet in the store */
        break;
    }
    if (n->now >= n->sample_at && !standing(n).refused)
        sample(n, out);
    apply_decision(n, out);
    inherit(n, out);
    if (n->plan->advance && !standing(n).refused && !n->stopped) {
        struct muster_authority a = authority(n);
        struct muster_turn t = turn(n, &a, out);
        n->plan->advance(n->orchestrator, &t);
    }
    yield(n, out);
    hand_on(n);
    n->kind->advance(n->coordinator, n->now, out);
    follow_lease(n, out);
    seal(n, out);
    if (n->work)
        work(n, NULL, out);
    leave(n, out);
    /* What came meanwhile may be to be looked at sooner. */
    n->sample_at = muster_time_min(n->sample_at, n->plan->sample_at(n->orchestrator));
    n->promised_deadline = next_deadline(n);
    n->inside = false;
}

muster_time muster_node_deadline(const struct muster_node *n)
{
    return n->promised_deadline;
}

int muster_node_describe(const struct muster_node *n, char *text, size_t size)
{
    struct muster_text t;
    muster_text_init(&t, text, size);
    n->kind->describe(n->coordinator, &t);
    if (n->work)
        muster_work_describe(n->work, &t);
    if (n->started) { /* before, there is no orchestrator yet */
        muster_text_add(&t, " ");
        n->plan->describe(n->orchestrator, &t);
    }
    return (int)t.length;
}
