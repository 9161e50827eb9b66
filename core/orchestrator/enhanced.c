/* SPDX-License-Identifier: Apache-2.0 */
/* The enhanced orchestrator: cycles, samples, verbs, the table. Anomalies are in report.c and
 * chain.c. */
#include "core/orchestrator/enhanced.h"

#include "core/notes.h"
#include "core/orchestrator/chain.h"

#include <assert.h>
#include <string.h>

void muster_enhanced_config_defaults(struct muster_enhanced_config *c,
                                     const struct muster_recovery_config *recovery)
{
    const char *at[MUSTER_ACTIONS_MAX];
    struct muster_names actions = {at, recovery->action_count};
    for (uint32_t i = 0; i < recovery->action_count; i++)
        at[i] = recovery->action[i].name;
    memset(c, 0, sizeof *c);
    muster_phase_config_defaults(&c->phases, &actions);
    c->auto_escalate = true;
    c->escalation_failure_threshold = 2;
    c->active_for = 300 * MUSTER_SECOND;
    muster_acting_options_basic(&c->acting);
    c->acting.timeout_ppm = 1500000;
    c->acting.verify_delay = 30 * MUSTER_SECOND;
    c->acting.verify_attempts = 3;
    c->acting.limited = true;
    muster_limits_defaults(&c->acting.limits);
    muster_blast_defaults(&c->acting.blast);
    c->acting.backs_off = c->acting.breaks = true;
}

static size_t size(const struct muster_config *cfg, const struct muster_place *place)
{
    (void)cfg, (void)place;
    return sizeof(struct muster_enhanced);
}

/* What the phase allows is a rule of acting. */
static void follow_phase(struct muster_enhanced *e)
{
    uint32_t phase = e->phase.current;
    e->base.acting.forbidden =
        e->cfg->restricted[phase] | (uint32_t)e->cfg->phases.phase[phase].forbidden;
}

static void init(void *self, const struct muster_config *cfg, const struct muster_place *place,
                 uint64_t intent_base)
{
    struct muster_enhanced *e = self;
    assert(cfg->enhanced);
    assert(cfg->enhanced->active_for > 0);
    e->cfg = cfg->enhanced;
    muster_recovery_init(&e->base, &cfg->recovery, place, &e->cfg->acting, intent_base);
    muster_phase_init(&e->phase, &e->cfg->phases, 0);
    muster_health_unknown(&e->health);
    for (uint32_t i = 0; i < MUSTER_ANOMALIES_MAX; i++)
        e->anomaly[i].policy = MUSTER_NAME_NONE;
    e->base.acting.dry_run = e->cfg->dry_run;
    follow_phase(e);
}

/* ---- samples and cycles ---- */

static muster_time sample_at(const void *self)
{
    const struct muster_enhanced *e = self;
    muster_time look = muster_acting_look_at(&e->base.acting);
    muster_time poll = e->base.cfg->enabled ? e->base.next_poll : MUSTER_NEVER;
    return look > e->asked_at ? muster_time_min(poll, look) : poll; /* else the answer is awaited */
}

static bool poll(void *self, muster_time now)
{
    struct muster_enhanced *e = self;
    if (now >= muster_acting_look_at(&e->base.acting))
        e->asked_at = now;
    return e->base.cfg->enabled && muster_recovery_poll(&e->base, now);
}

/* What is known of a member's failed components. */
static uint64_t failed_of(const struct muster_enhanced *e, const struct muster_sight *sight,
                          uint32_t member)
{
    if (member == e->base.place->index)
        return sight->own->failed_components;
    return sight->member[member].fresh ? sight->member[member].failed_components
                                       : MUSTER_COUNT_UNKNOWN;
}

/* Count the healthy members for the blast radius; tell of a storm. */
static void count_healthy(struct muster_enhanced *e, struct muster_turn *t,
                          const struct muster_sight *sight)
{
    struct muster_blast *b = &e->base.acting.blast;
    enum muster_storm before = b->storm;
    uint32_t healthy = 0;
    if (!e->cfg->acting.bounded)
        return;
    for (uint32_t i = 0; i < sight->count; i++)
        healthy += failed_of(e, sight, i) == 0; /* not known is not healthy */
    muster_blast_see(b, t->now, healthy);
    if (b->storm == before)
        return;
    muster_acting_storm(&e->base.acting);
    muster_effects_note(t->out, MUSTER_NOTE_STORM,
                        (const uint64_t[4]){b->storm, healthy, muster_blast_needed(b), 0}, NULL);
}

static void cycle(void *self, struct muster_turn *t, const struct muster_sight *sight)
{
    struct muster_enhanced *e = self;
    count_healthy(e, t, sight);
    muster_recovery_cycle(&e->base, t, sight);
}

static enum muster_look look_of(bool known, bool persists)
{
    return !known ? MUSTER_LOOK_UNKNOWN : persists ? MUSTER_LOOK_PERSISTS : MUSTER_LOOK_GONE;
}

/* Does what called for the action still hold? */
static enum muster_look look_at(const struct muster_enhanced *e, const struct muster_sight *sight,
                                const struct muster_run *run)
{
    const struct muster_recovery_config *cfg = e->base.cfg;
    const struct muster_health *h = &e->health;
    uint64_t failed = failed_of(e, sight, run->record.subject);
    switch ((enum muster_cause)run->record.cause) {
    case MUSTER_CAUSE_CIRCUIT_OPEN:
        return look_of(h->circuit != MUSTER_CIRCUIT_UNKNOWN, h->circuit == MUSTER_CIRCUIT_OPEN);
    case MUSTER_CAUSE_RETRY_FAILURES:
        return look_of(h->failures_1h != MUSTER_COUNT_UNKNOWN,
                       h->failures_1h > cfg->retry_failures_1h);
    case MUSTER_CAUSE_FAILED_COMPONENTS:
        return look_of(failed != MUSTER_COUNT_UNKNOWN, failed >= cfg->failed_components);
    case MUSTER_CAUSE_ACCURACY:
        return look_of(h->accuracy_ppm != MUSTER_COUNT_UNKNOWN,
                       h->accuracy_ppm < cfg->min_anomaly_accuracy_ppm);
    case MUSTER_CAUSE_ANOMALY:
        return chain_look(e, run);
    case MUSTER_CAUSE_MANUAL:
        break;
    }
    /* An operator has seen something that no sample need show. */
    return look_of(h->system != MUSTER_SYSTEM_UNKNOWN, h->system == MUSTER_SYSTEM_FAILED);
}

static void verify(struct muster_enhanced *e, struct muster_turn *t,
                   const struct muster_sight *sight)
{
    struct muster_acting *a = &e->base.acting;
    struct muster_end end;
    for (uint32_t i = 0; (i = muster_acting_to_verify(a, t->now, i)) < MUSTER_RUNS_MAX; i++)
        if (muster_acting_look(a, t, i, look_at(e, sight, &a->run[i]), &end))
            chain_ended(e, t, &end);
}

static enum muster_fallback_mode observe(void *self, struct muster_turn *t,
                                         const struct muster_sight *sight)
{
    struct muster_enhanced *e = self;
    e->health = *sight->own;
    muster_fallback_observe(&e->base.fallback, t->now, sight->own, t->out);
    verify(e, t, sight);
    return e->base.fallback.local;
}

/* ---- verbs ---- */

/* Go on to a phase by name; noted, or refused. */
static void enter_phase(struct muster_enhanced *e, struct muster_turn *t, struct muster_bytes name)
{
    char text[MUSTER_NAME_MAX + 1];
    struct muster_text shown;
    uint32_t from = e->phase.current, to = muster_phase_find(&e->cfg->phases, name);
    if (to == from)
        return;
    bool entered = to != MUSTER_NAME_NONE && muster_phase_enter(&e->phase, t->now, to) == 0;
    muster_text_init(&shown, text, sizeof text);
    muster_text_add_bytes(&shown, name);
    muster_effects_note(t->out, entered ? MUSTER_NOTE_PHASE : MUSTER_NOTE_PHASE_REFUSED,
                        (const uint64_t[4]){to == MUSTER_NAME_NONE ? MUSTER_PHASES_MAX : to, from},
                        text);
    follow_phase(e);
}

static void switch_dry_run(struct muster_enhanced *e, struct muster_turn *t,
                           struct muster_bytes text)
{
    bool on = muster_text_equal(text, "on");
    if (!on && !muster_text_equal(text, "off"))
        return;
    e->base.acting.dry_run = on;
    muster_effects_note(t->out, MUSTER_NOTE_DRY_RUN, (const uint64_t[4]){on}, NULL);
}

static void acknowledge(struct muster_enhanced *e, struct muster_turn *t)
{
    struct muster_blast *b = &e->base.acting.blast;
    if (!e->cfg->acting.bounded || !muster_blast_acknowledge(b))
        return;
    muster_acting_storm(&e->base.acting);
    muster_effects_note(t->out, MUSTER_NOTE_STORM,
                        (const uint64_t[4]){b->storm, b->healthy, muster_blast_needed(b), 0},
                        "acknowledged");
}

static void event(void *self, struct muster_turn *t, uint64_t verb, struct muster_bytes text)
{
    struct muster_enhanced *e = self;
    if (verb == MUSTER_VERB_TRIGGER)
        muster_recovery_trigger(&e->base, t, text);
    else if (verb == MUSTER_VERB_ANOMALY)
        chain_report(e, t, text);
    else if (verb == MUSTER_VERB_PHASE)
        enter_phase(e, t, text);
    else if (verb == MUSTER_VERB_DRY_RUN)
        switch_dry_run(e, t, text);
    else if (verb == MUSTER_VERB_ACKNOWLEDGE)
        acknowledge(e, t);
}

/* An action succeeded at its target: what is so from now on, whether it has helped or not. */
static void succeeded(struct muster_enhanced *e, struct muster_turn *t, uint32_t action)
{
    struct muster_bytes phase = muster_text_bytes("SAFE_MODE");
    if (action == MUSTER_ACTION_SAFE_MODE)
        muster_fallback_cascade(&e->base.fallback, t->now, t->out);
    else if (strcmp(e->base.cfg->action[action].name, "enter_safe_mode") == 0 &&
             muster_phase_find(&e->cfg->phases, phase) != MUSTER_NAME_NONE)
        enter_phase(e, t, phase);
}

static void ended(void *self, struct muster_turn *t, const struct muster_input *in)
{
    struct muster_enhanced *e = self;
    struct muster_end end;
    enum muster_stage stage = muster_acting_ended(&e->base.acting, t, in, &end);
    if (stage == MUSTER_STAGE_RUNS)
        return;
    if (end.result == MUSTER_RESULT_SUCCESS)
        succeeded(e, t, end.action);
    if (stage == MUSTER_STAGE_DONE)
        chain_done(e, t, &end);
    else
        chain_ended(e, t, &end);
}

/* ---- the rest of the table ---- */

static void advance(void *self, struct muster_turn *t)
{
    struct muster_enhanced *e = self;
    struct muster_acting *a = &e->base.acting;
    struct muster_end end;
    muster_acting_release(a, t);
    for (uint32_t i = 0; (i = muster_acting_to_retry(a, t->now, i)) < MUSTER_RUNS_MAX; i++)
        if (muster_acting_retry(a, t, i, &end))
            chain_ended(e, t, &end);
    chain_advance(e, t);
}

static muster_time deadline(const void *self)
{
    const struct muster_enhanced *e = self;
    return muster_time_min(muster_acting_again_at(&e->base.acting), chain_deadline(e));
}

static void lost(void *self, struct muster_turn *t)
{
    struct muster_enhanced *e = self;
    muster_acting_lost(&e->base.acting, t);
}

static bool agreed(void *self, struct muster_turn *t, enum muster_fallback_mode mode)
{
    struct muster_enhanced *e = self;
    return muster_fallback_decide(&e->base.fallback, t->now, mode, t->out);
}

static void drain(void *self, struct muster_turn *t)
{
    struct muster_enhanced *e = self;
    muster_acting_drain(&e->base.acting, t);
}

static bool account(const void *self, muster_time now, struct muster_text *t)
{
    const struct muster_enhanced *e = self;
    return muster_acting_account(&e->base.acting, now, t);
}

static void entrusted(void *self, uint64_t version)
{
    struct muster_enhanced *e = self;
    muster_acting_entrusted(&e->base.acting, version);
}

static void inherit(void *self, struct muster_turn *t, struct muster_bytes text, muster_dur passed)
{
    struct muster_enhanced *e = self;
    muster_acting_take_over(&e->base.acting, t->now, text, passed);
}

static bool idle(const void *self)
{
    const struct muster_enhanced *e = self;
    return muster_acting_idle(&e->base.acting);
}

static bool drained(const void *self)
{
    const struct muster_enhanced *e = self;
    return muster_acting_drained(&e->base.acting);
}

static bool saved(const void *self)
{
    const struct muster_enhanced *e = self;
    return muster_history_saved(&e->base.acting.history);
}

static void disk(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct muster_enhanced *e = self;
    muster_history_disk(&e->base.acting.history, e->base.cfg, e->base.place, in, out);
}

static bool owns(const void *self, uint64_t tag)
{
    (void)self;
    return muster_history_owns(tag);
}

static void describe(const void *self, struct muster_text *t)
{
    const struct muster_enhanced *e = self;
    muster_orchestrator_recovery.describe(&e->base, t);
    muster_text_add(t, " phase=");
    muster_text_add(t, e->cfg->phases.phase[e->phase.current].name);
    muster_text_add(t, e->base.acting.dry_run ? " dry_run=on" : " dry_run=off");
    chain_describe(e, t);
}

static const uint64_t *metrics(const void *self)
{
    const struct muster_enhanced *e = self;
    return e->base.acting.counts;
}

const struct muster_orchestrator_kind muster_orchestrator_enhanced = {
    .name = "enhanced",
    .size = size,
    .init = init,
    .sample_at = sample_at,
    .poll = poll,
    .cycle = cycle,
    .observe = observe,
    .advance = advance,
    .deadline = deadline,
    .event = event,
    .ended = ended,
    .lost = lost,
    .agreed = agreed,
    .account = account,
    .entrusted = entrusted,
    .inherit = inherit,
    .drain = drain,
    .idle = idle,
    .drained = drained,
    .saved = saved,
    .disk = disk,
    .owns = owns,
    .describe = describe,
    .metrics = metrics,
};
