/* SPDX-License-Identifier: Apache-2.0 */
/* The enhanced orchestrator: cycles, samples, verbs, the table. Chains are in chain.c. */
#include "core/orchestrator/enhanced.h"

#include "core/notes.h"
#include "core/orchestrator/chain.h"

#include <assert.h>

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

static bool is_healthy(uint64_t failed)
{
    return failed == 0; /* not known is not healthy */
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
        healthy += i == e->base.place->index
                       ? is_healthy(sight->own->failed_components)
                       : sight->member[i].fresh && is_healthy(sight->member[i].failed_components);
    muster_blast_see(b, t->now, healthy);
    if (b->storm != before)
        muster_effects_note(t->out, MUSTER_NOTE_STORM,
                            (const uint64_t[4]){b->storm, healthy, muster_blast_needed(b), 0},
                            NULL);
}

static void cycle(void *self, struct muster_turn *t, const struct muster_sight *sight)
{
    struct muster_enhanced *e = self;
    count_healthy(e, t, sight);
    muster_recovery_cycle(&e->base, t, sight);
}

/* Does what called for the action still hold, by the newest sample? */
static enum muster_look look_at(const struct muster_enhanced *e,
                                const struct muster_history_record *r)
{
    const struct muster_recovery_config *cfg = e->base.cfg;
    const struct muster_health *h = &e->health;
    switch ((enum muster_cause)r->cause) {
    case MUSTER_CAUSE_CIRCUIT_OPEN:
        if (h->circuit == MUSTER_CIRCUIT_UNKNOWN)
            return MUSTER_LOOK_UNKNOWN;
        return h->circuit == MUSTER_CIRCUIT_OPEN ? MUSTER_LOOK_PERSISTS : MUSTER_LOOK_GONE;
    case MUSTER_CAUSE_RETRY_FAILURES:
        if (h->failures_1h == MUSTER_COUNT_UNKNOWN)
            return MUSTER_LOOK_UNKNOWN;
        return h->failures_1h > cfg->retry_failures_1h ? MUSTER_LOOK_PERSISTS : MUSTER_LOOK_GONE;
    case MUSTER_CAUSE_FAILED_COMPONENTS:
        if (r->subject != e->base.place->index || h->failed_components == MUSTER_COUNT_UNKNOWN)
            return MUSTER_LOOK_UNKNOWN;
        return h->failed_components >= cfg->failed_components ? MUSTER_LOOK_PERSISTS
                                                              : MUSTER_LOOK_GONE;
    case MUSTER_CAUSE_ACCURACY:
        if (h->accuracy_ppm == MUSTER_COUNT_UNKNOWN)
            return MUSTER_LOOK_UNKNOWN;
        return h->accuracy_ppm < cfg->min_anomaly_accuracy_ppm ? MUSTER_LOOK_PERSISTS
                                                               : MUSTER_LOOK_GONE;
    case MUSTER_CAUSE_ANOMALY:
        return chain_look(e, r);
    case MUSTER_CAUSE_MANUAL:
        break;
    }
    /* An operator has seen something that no sample need show. */
    return h->system == MUSTER_SYSTEM_UNKNOWN  ? MUSTER_LOOK_UNKNOWN
           : h->system == MUSTER_SYSTEM_FAILED ? MUSTER_LOOK_PERSISTS
                                               : MUSTER_LOOK_GONE;
}

/* What follows from the end of an intent. */
static void after(struct muster_enhanced *e, struct muster_turn *t, const struct muster_end *end)
{
    const char *name = e->base.cfg->action[end->action].name;
    if (end->result == MUSTER_RESULT_SUCCESS && end->action == MUSTER_ACTION_SAFE_MODE)
        muster_fallback_cascade(&e->base.fallback, t->now, t->out);
    if (end->result == MUSTER_RESULT_SUCCESS && strcmp(name, "enter_safe_mode") == 0)
        enhanced_phase(e, t, muster_text_bytes("SAFE_MODE"));
    chain_ended(e, t, end);
}

static void verify(struct muster_enhanced *e, struct muster_turn *t)
{
    struct muster_acting *a = &e->base.acting;
    struct muster_end end;
    for (uint32_t i = 0; (i = muster_acting_to_verify(a, t->now, i)) < MUSTER_RUNS_MAX; i++)
        if (muster_acting_look(a, t, i, look_at(e, &a->run[i].record), &end))
            after(e, t, &end);
}

static enum muster_fallback_mode observe(void *self, struct muster_turn *t,
                                         const struct muster_health *own)
{
    struct muster_enhanced *e = self;
    e->health = *own;
    muster_fallback_observe(&e->base.fallback, t->now, own, t->out);
    verify(e, t);
    return e->base.fallback.local;
}

/* ---- verbs ---- */

void enhanced_phase(struct muster_enhanced *e, struct muster_turn *t, struct muster_bytes name)
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
    if (e->cfg->acting.bounded && muster_blast_acknowledge(b))
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
        enhanced_phase(e, t, text);
    else if (verb == MUSTER_VERB_DRY_RUN)
        switch_dry_run(e, t, text);
    else if (verb == MUSTER_VERB_ACKNOWLEDGE)
        acknowledge(e, t);
}

static void ended(void *self, struct muster_turn *t, const struct muster_input *in)
{
    struct muster_enhanced *e = self;
    struct muster_end end;
    if (muster_acting_ended(&e->base.acting, t, in, &end))
        after(e, t, &end);
    else
        chain_went_on(e, t);
}

/* ---- the rest of the table ---- */

static void advance(void *self, struct muster_turn *t)
{
    chain_advance(self, t);
}

static muster_time deadline(const void *self)
{
    return chain_deadline(self);
}

static void lost(void *self, struct muster_turn *t)
{
    struct muster_enhanced *e = self;
    muster_acting_lost(&e->base.acting, t);
    chain_orphans(e, t);
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
    .drain = drain,
    .idle = idle,
    .drained = drained,
    .saved = saved,
    .disk = disk,
    .owns = owns,
    .describe = describe,
    .metrics = metrics,
};
