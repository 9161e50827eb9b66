/* SPDX-License-Identifier: Apache-2.0 */
/* The door of a member: which part takes which input, and what follows from it for the others. */
#include "core/node.h"

#include "core/coordinator/coordinator.h"
#include "core/flat.h"
#include "core/orchestrator/recovery.h"

#include <assert.h>

struct muster_node {
    struct muster_config cfg;
    struct muster_place place;
    struct muster_coordinator coordinator;
    struct muster_recovery recovery;
    struct muster_health health;
    muster_time now;
    muster_time promised_deadline; /* what deadline() said last: later than this is a stall */
    muster_time sample_at;
    muster_time drain_by;
    bool started, inside, led, draining, stopped;
    bool cycle_due; /* when the sample under way has come */
    struct muster_member member[]; /* place.count of them */
};

size_t muster_node_size(const struct muster_place *place)
{
    return sizeof(struct muster_node) + place->count * sizeof(struct muster_member);
}

void muster_node_init(struct muster_node *n, const struct muster_config *cfg,
                      const struct muster_place *place)
{
    char text[8];
    assert(muster_config_check(cfg, 0, text, sizeof text) == NULL);
    n->cfg = *cfg;
    n->place = *place;
    n->promised_deadline = n->sample_at = n->drain_by = MUSTER_NEVER;
    muster_health_unknown(&n->health);
    muster_coordinator_init(&n->coordinator, &n->cfg, &n->place, n->member);
}

static void note(struct muster_effects *out, enum muster_note kind, uint64_t a, uint64_t b,
                 uint64_t c, uint64_t d)
{
    muster_effects_note(out, (uint16_t)kind, (const uint64_t[4]){a, b, c, d}, NULL);
}

/* ---- what the orchestrator may do ---- */

static struct muster_authority authority(const struct muster_node *n)
{
    const struct muster_lease *l = &n->coordinator.lease;
    struct muster_authority a = {.draining = n->draining};
    if (n->coordinator.life == MUSTER_LIFE_REFUSED)
        a.draining = true; /* the twin lives here: this one acts on nothing */
    a.leads = muster_lease_leads(l, n->now);
    a.refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER;
    if (a.leads) {
        a.epoch = l->pair.epoch;
        a.not_after = l->until;
    } else if (n->coordinator.store_lost) {
        a.refusal = MUSTER_RESULT_SKIPPED_STORE_LOST;
    } else if (l->state >= MUSTER_LEASE_CONFIRMING) {
        a.refusal = MUSTER_RESULT_SKIPPED_NO_QUORUM;
    }
    return a;
}

static void cycle(struct muster_node *n, struct muster_effects *out)
{
    struct muster_recovery_subject subject[MUSTER_MEMBERS_MAX];
    const struct muster_members *m = &n->coordinator.members;
    for (uint32_t i = 0; i < n->place.count; i++) {
        subject[i].fresh = muster_members_fresh(m, n->now, i);
        subject[i].failed_components = m->at[i].record.failed;
    }
    struct muster_authority a = authority(n);
    muster_recovery_cycle(&n->recovery, n->now, &n->health, subject, n->place.count, &a, out);
}

/* ---- health ---- */

static void sample(struct muster_node *n, struct muster_effects *out)
{
    if (n->cfg.recovery.enabled && muster_recovery_poll(&n->recovery, n->now))
        n->cycle_due = true; /* with this sample */
    n->sample_at = muster_time_add(n->now, n->cfg.heartbeat_every);
    if (n->cfg.recovery.enabled)
        n->sample_at = muster_time_min(n->sample_at, muster_recovery_deadline(&n->recovery));
    if (n->coordinator.tag[MUSTER_ASK_SAMPLE] != 0)
        return;
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_REQUEST);
    e->tag = muster_coordinator_tag(&n->coordinator, MUSTER_ASK_SAMPLE);
    e->request.endpoint = MUSTER_ENDPOINT_HEALTH;
    e->request.timeout = n->cfg.request_timeout;
}

static void vote(struct muster_node *n)
{
    struct muster_self *self = &n->coordinator.self;
    self->circuit = n->health.circuit;
    self->mode = n->recovery.fallback.local;
    self->failed = n->health.failed_components;
}

static void sampled(struct muster_node *n, const struct muster_input *in,
                    struct muster_effects *out)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    struct muster_health before = n->health;
    n->coordinator.tag[MUSTER_ASK_SAMPLE] = 0;
    muster_health_unknown(&n->health);
    muster_flat_reader_init(&r, in->data);
    if (in->status == MUSTER_STATUS_OK && muster_flat_next(&r, &v) == 0 && muster_flat_is_text(&v))
        muster_health_parse(&n->health, v.bytes);
    uint32_t score = muster_health_score(&n->health);
    bool news = score != n->coordinator.self.score || n->health.circuit != before.circuit ||
                n->health.failed_components != before.failed_components;
    n->coordinator.self.score = score;
    if (news)
        note(out, MUSTER_NOTE_HEALTH, score, muster_health_classify(score),
             n->health.failed_components, n->health.circuit);
    muster_fallback_observe(&n->recovery.fallback, n->now, &n->health, out);
    vote(n);
    if (!n->cycle_due)
        return;
    n->cycle_due = false;
    cycle(n, out);
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
    muster_recovery_init(&n->recovery, &n->cfg.recovery, &n->place, base << 8);
    muster_coordinator_start(&n->coordinator, in, out);
}

static void command(struct muster_node *n, const struct muster_input *in,
                    struct muster_effects *out)
{
    if (in->command.verb == MUSTER_VERB_SHUTDOWN && !n->draining) {
        n->draining = true;
        n->coordinator.lease.draining = true;
        n->drain_by = MUSTER_NEVER;
        note(out, MUSTER_NOTE_DRAINING, 0, 0, 0, 0);
    } else if (in->command.verb == MUSTER_VERB_TRIGGER) {
        struct muster_bytes rest = in->data;
        struct muster_bytes action = muster_text_token(&rest);
        for (; rest.size > 0 && *rest.at == ' '; rest.size--)
            rest.at++;
        struct muster_authority a = authority(n);
        muster_recovery_trigger(&n->recovery, n->now, action, rest, &a, out);
    }
}

static void ended(struct muster_node *n, const struct muster_input *in, struct muster_effects *out)
{
    if (in->action.epoch > 0)
        muster_lease_heard(&n->coordinator.lease, n->now, in->action.epoch, out);
    struct muster_authority a = authority(n);
    muster_recovery_ended(&n->recovery, n->now, in, &a, out);
}

static void reply(struct muster_node *n, const struct muster_input *in, struct muster_effects *out)
{
    if (!muster_coordinator_owns(&n->coordinator, in->tag))
        return;
    if ((in->tag & 0xff) == MUSTER_ASK_SAMPLE)
        sampled(n, in, out);
    else
        muster_coordinator_reply(&n->coordinator, in, out);
}

static void disk(struct muster_node *n, const struct muster_input *in, struct muster_effects *out)
{
    if (muster_recovery_owns(in->tag))
        muster_recovery_disk(&n->recovery, in, out);
    else if (muster_coordinator_owns(&n->coordinator, in->tag))
        muster_coordinator_disk(&n->coordinator, in, out);
}

/* ---- what follows ---- */

static void apply_decision(struct muster_node *n, struct muster_effects *out)
{
    struct muster_coordinator *c = &n->coordinator;
    if (!c->apply)
        return;
    c->apply = false;
    if (muster_fallback_decide(&n->recovery.fallback, n->now, c->applied.mode, out))
        note(out, MUSTER_NOTE_CONSENSUS_APPLIED, c->applied.epoch, c->applied.sequence,
             c->applied.circuit, c->applied.mode);
}

/* What runs under a lease does not outlive it. */
static void follow_lease(struct muster_node *n, struct muster_effects *out)
{
    bool leading = n->coordinator.lease.state == MUSTER_LEASE_LEADING;
    if (n->led && !leading)
        muster_recovery_lost(&n->recovery, out);
    n->led = leading;
}

/* Drain, then release, then stop (R12). A history that the disk refuses holds a shutdown up only so
 * long. */
static void leave(struct muster_node *n, struct muster_effects *out)
{
    struct muster_coordinator *c = &n->coordinator;
    if (!n->draining)
        return;
    if (c->life != MUSTER_LIFE_LEAVING && c->life != MUSTER_LIFE_LEFT &&
        muster_recovery_drained(&n->recovery)) {
        if (n->drain_by == MUSTER_NEVER)
            n->drain_by = muster_time_add(n->now, n->cfg.renew_deadline);
        if (muster_history_saved(&n->recovery.history) || n->now >= n->drain_by) {
            n->drain_by = MUSTER_NEVER;
            muster_coordinator_leave(c, n->now, out);
            muster_coordinator_advance(c, n->now, out);
        }
    }
    if (c->life == MUSTER_LIFE_LEFT && !n->stopped) {
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
    muster_lease_stalled(&n->coordinator.lease, in->now);
    note(out, MUSTER_NOTE_STALLED, in->now - due, 0, 0, 0);
}

static muster_time next_deadline(const struct muster_node *n)
{
    if (!n->started || n->stopped)
        return MUSTER_NEVER;
    if (n->coordinator.life == MUSTER_LIFE_REFUSED)
        return n->drain_by;
    muster_time t = muster_time_min(n->sample_at, n->drain_by);
    return muster_time_min(t, muster_coordinator_deadline(&n->coordinator));
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
        muster_coordinator_push(&n->coordinator, in, out);
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
    if (n->now >= n->sample_at && n->coordinator.life != MUSTER_LIFE_REFUSED && !n->stopped)
        sample(n, out);
    apply_decision(n, out);
    muster_coordinator_advance(&n->coordinator, n->now, out);
    follow_lease(n, out);
    leave(n, out);
    n->promised_deadline = next_deadline(n);
    n->inside = false;
}

muster_time muster_node_deadline(const struct muster_node *n)
{
    return n->promised_deadline;
}

int muster_node_describe(const struct muster_node *n, char *text, size_t size)
{
    static const char *const lives[] = {"loading", "watching", "active",
                                        "refused", "leaving",  "left"};
    static const char *const leases[] = {"idle", "acquiring", "confirming", "leading"};
    const struct muster_coordinator *c = &n->coordinator;
    struct muster_text t;
    muster_text_init(&t, text, size);
    muster_text_add(&t, "life=");
    muster_text_add(&t, lives[c->life]);
    muster_text_add(&t, " lease=");
    muster_text_add(&t, leases[c->lease.state]);
    muster_text_add(&t, " epoch=");
    muster_text_add_u64(&t, c->lease.state >= MUSTER_LEASE_CONFIRMING ? c->lease.pair.epoch : 0);
    muster_text_add(&t, " promise=");
    muster_text_add_u64(&t, c->lease.slot.epoch);
    muster_text_add(&t, " known=");
    muster_text_add_u64(&t, c->lease.known);
    muster_text_add(&t, " fit=");
    muster_text_add(&t, c->lease.fit ? "yes" : "no");
    muster_text_add(&t, " store=");
    muster_text_add(&t, c->store_lost ? "lost" : "answers");
    muster_text_add(&t, " ");
    muster_recovery_describe(&n->recovery, &t);
    return (int)t.length;
}
