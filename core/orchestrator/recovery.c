/* SPDX-License-Identifier: Apache-2.0 */
/* The basic recovery orchestrator: see recovery.h. */
#include "core/orchestrator/recovery.h"

#include "core/orchestrator/demand.h"

#include <assert.h>

void muster_recovery_init(struct muster_recovery *r, const struct muster_recovery_config *cfg,
                          const struct muster_place *place,
                          const struct muster_acting_options *options, uint64_t intent_base)
{
    assert(place->count <= MUSTER_MEMBERS_MAX);
    memset(r, 0, sizeof *r);
    r->cfg = cfg;
    r->place = place;
    muster_acting_init(&r->acting, cfg, place, options, intent_base);
    muster_fallback_init(&r->fallback);
}

bool muster_recovery_poll(struct muster_recovery *r, muster_time now)
{
    if (now < r->next_poll)
        return false;
    r->next_poll = muster_time_add(now, r->cfg->poll_interval);
    return true;
}

/* ---- a cycle ---- */

static void consider(struct muster_recovery *r, struct muster_turn *t, struct muster_demand d)
{
    bool safe_mode = d.action == MUSTER_ACTION_SAFE_MODE;
    muster_acting_consider(&r->acting, t, &d,
                           safe_mode ? &r->subject[d.subject] : &r->own[d.action]);
}

/* safe_mode, for the own faults and, on the leader, for those of the others. Whoever comes after
 * the one served last is asked first: one cooldown holds for all of them. */
static void consider_safe_mode(struct muster_recovery *r, struct muster_turn *t,
                               const struct muster_sight *sight)
{
    bool for_all = r->cfg->action[MUSTER_ACTION_SAFE_MODE].scope == MUSTER_SCOPE_CLUSTER &&
                   t->authority->leads;
    uint32_t count = r->place->count;
    uint32_t first = r->first_subject;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t member = (first + i) % count;
        bool served = muster_acting_runs(&r->acting, MUSTER_ACTION_SAFE_MODE, member) != 0;
        if (member == r->place->index)
            consider(r, t, muster_demand_own_safety(r->cfg, member, sight->own));
        else if (for_all && sight->member[member].fresh)
            consider(r, t,
                     muster_demand_safety(r->cfg, member, sight->member[member].failed_components));
        else
            r->subject[member] = (struct muster_why_not){0, MUSTER_RESULT_SUCCESS, 0};
        if (!served && muster_acting_runs(&r->acting, MUSTER_ACTION_SAFE_MODE, member) != 0)
            r->first_subject = (member + 1) % count;
    }
}

void muster_recovery_cycle(struct muster_recovery *r, struct muster_turn *t,
                           const struct muster_sight *sight)
{
    uint32_t self = r->place->index;
    assert(sight->count == r->place->count);
    muster_fallback_observe(&r->fallback, t->now, sight->own, t->out);
    consider(r, t, muster_demand_circuit(r->cfg, self, sight->own));
    consider(r, t, muster_demand_retries(r->cfg, self, sight->own));
    consider_safe_mode(r, t, sight);
    muster_history_save(&r->acting.history, r->cfg, r->place, t->out);
}

/* ---- events ---- */

/* The operator's words, cut to what a record holds; what could forge a line of the history becomes
 * '_'. */
static void copy_reason(char text[MUSTER_HISTORY_TEXT_MAX + 1], struct muster_bytes reason)
{
    size_t size = reason.size < MUSTER_HISTORY_TEXT_MAX ? reason.size : MUSTER_HISTORY_TEXT_MAX;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = reason.at[i];
        bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        text[i] = plain ? (char)c : '_';
    }
    text[size] = 0;
}

void muster_recovery_trigger(struct muster_recovery *r, struct muster_turn *t,
                             struct muster_bytes text)
{
    char reason[MUSTER_HISTORY_TEXT_MAX + 1];
    struct muster_demand d = {.subject = r->place->index, .holds = true, .text = reason};
    d.cause = MUSTER_CAUSE_MANUAL;
    d.action = muster_acting_find(r->cfg, muster_text_token(&text));
    for (; text.size > 0 && *text.at == ' '; text.size--)
        text.at++;
    copy_reason(reason, text);
    muster_acting_demand(&r->acting, t, &d);
}

void muster_recovery_ended(struct muster_recovery *r, struct muster_turn *t,
                           const struct muster_input *in)
{
    struct muster_end end;
    if (muster_acting_ended(&r->acting, t, in, &end) == MUSTER_STAGE_ENDED &&
        end.result == MUSTER_RESULT_SUCCESS && end.action == MUSTER_ACTION_SAFE_MODE)
        muster_fallback_cascade(&r->fallback, t->now, t->out);
}

void muster_recovery_advance(struct muster_recovery *r, struct muster_turn *t)
{
    struct muster_acting *a = &r->acting;
    struct muster_end end;
    muster_acting_release(a, t);
    for (uint32_t i = 0; (i = muster_acting_to_retry(a, t->now, i)) < MUSTER_RUNS_MAX; i++)
        (void)muster_acting_retry(a, t, i, &end);
}

/* ---- the table ---- */

static size_t size(const struct muster_config *cfg, const struct muster_place *place)
{
    (void)cfg, (void)place;
    return sizeof(struct muster_recovery);
}

static void init(void *self, const struct muster_config *cfg, const struct muster_place *place,
                 uint64_t intent_base)
{
    struct muster_acting_options options;
    muster_acting_options_basic(&options);
    if (cfg->acting)
        options = *cfg->acting;
    assert(options.verify_delay == 0);
    muster_recovery_init(self, &cfg->recovery, place, &options, intent_base);
}

static muster_time sample_at(const void *self)
{
    const struct muster_recovery *r = self;
    return r->cfg->enabled ? r->next_poll : MUSTER_NEVER;
}

static bool poll(void *self, muster_time now)
{
    struct muster_recovery *r = self;
    return r->cfg->enabled && muster_recovery_poll(r, now);
}

static void cycle(void *self, struct muster_turn *t, const struct muster_sight *sight)
{
    muster_recovery_cycle(self, t, sight);
}

static enum muster_fallback_mode observe(void *self, struct muster_turn *t,
                                         const struct muster_sight *sight)
{
    struct muster_recovery *r = self;
    muster_fallback_observe(&r->fallback, t->now, sight->own, t->out);
    return r->fallback.local;
}

static void advance(void *self, struct muster_turn *t)
{
    muster_recovery_advance(self, t);
}

static muster_time deadline(const void *self)
{
    const struct muster_recovery *r = self;
    return muster_acting_again_at(&r->acting);
}

static void event(void *self, struct muster_turn *t, uint64_t verb, struct muster_bytes text)
{
    if (verb == MUSTER_VERB_TRIGGER)
        muster_recovery_trigger(self, t, text);
}

static void ended(void *self, struct muster_turn *t, const struct muster_input *in)
{
    muster_recovery_ended(self, t, in);
}

static void lost(void *self, struct muster_turn *t)
{
    struct muster_recovery *r = self;
    muster_acting_lost(&r->acting, t);
}

static bool agreed(void *self, struct muster_turn *t, enum muster_fallback_mode mode)
{
    struct muster_recovery *r = self;
    return muster_fallback_decide(&r->fallback, t->now, mode, t->out);
}

static void drain(void *self, struct muster_turn *t)
{
    struct muster_recovery *r = self;
    muster_acting_drain(&r->acting, t);
}

static bool account(const void *self, muster_time now, struct muster_text *t)
{
    const struct muster_recovery *r = self;
    return muster_acting_account(&r->acting, now, t);
}

static void entrusted(void *self, uint64_t version)
{
    struct muster_recovery *r = self;
    muster_acting_entrusted(&r->acting, version);
}

static void inherit(void *self, struct muster_turn *t, struct muster_bytes text, muster_dur passed)
{
    struct muster_recovery *r = self;
    muster_acting_take_over(&r->acting, t->now, text, passed);
}

static bool idle(const void *self)
{
    const struct muster_recovery *r = self;
    return muster_acting_idle(&r->acting);
}

static bool drained(const void *self)
{
    const struct muster_recovery *r = self;
    return muster_acting_drained(&r->acting);
}

static bool saved(const void *self)
{
    const struct muster_recovery *r = self;
    return muster_history_saved(&r->acting.history);
}

static void disk(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct muster_recovery *r = self;
    muster_history_disk(&r->acting.history, r->cfg, r->place, in, out);
}

static bool owns(const void *self, uint64_t tag)
{
    (void)self;
    return muster_history_owns(tag);
}

static void describe(const void *self, struct muster_text *t)
{
    const struct muster_recovery *r = self;
    char modes[64];
    struct muster_text between;
    muster_text_init(&between, modes, sizeof modes);
    muster_text_add(&between, " mode=");
    muster_text_add(&between, muster_mode_text(r->fallback.mode));
    muster_text_add(&between, " vote=");
    muster_text_add(&between, muster_mode_text(r->fallback.local));
    muster_acting_describe(&r->acting, t, modes);
}

static const uint64_t *metrics(const void *self)
{
    const struct muster_recovery *r = self;
    return r->acting.counts;
}

const struct muster_orchestrator_kind muster_orchestrator_recovery = {
    .name = "recovery",
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
