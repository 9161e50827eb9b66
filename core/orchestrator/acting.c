/* SPDX-License-Identifier: Apache-2.0 */
/* Intents: handed out, retried, verified, ended. The rules are in rules.c. */
#include "core/orchestrator/acting.h"

#include "core/flat.h"
#include "core/notes.h"
#include "core/orchestrator/acting_inside.h"

#include <assert.h>
#include <string.h>

/* The flat array of an ACTION: two names, a reason, parameters. */
#define ACTION_DATA_MAX (320 + MUSTER_PARAMS_MAX)

void muster_acting_options_basic(struct muster_acting_options *o)
{
    memset(o, 0, sizeof *o);
    o->concurrent_max = 1;
    o->timeout_ppm = MUSTER_PPM;
}

void muster_acting_init(struct muster_acting *a, const struct muster_recovery_config *cfg,
                        const struct muster_place *place,
                        const struct muster_acting_options *options, uint64_t intent_base)
{
    assert(cfg->action_count > MUSTER_ACTION_SAFE_MODE);
    assert(cfg->action_count <= MUSTER_ACTIONS_MAX);
    assert(place->index < place->count);
    assert(intent_base < MUSTER_HISTORY_TAGS);
    assert(options->concurrent_max >= 1 && options->concurrent_max <= MUSTER_RUNS_MAX);
    assert(options->verify_delay == 0 || options->verify_attempts > 0);
    memset(a, 0, sizeof *a);
    a->cfg = cfg;
    a->place = place;
    a->options = *options;
    a->next_intent = intent_base;
    muster_cooldown_init(&a->cooldowns);
    muster_history_init(&a->history);
    if (options->limited)
        muster_limits_init(&a->limits, &options->limits);
    if (options->bounded)
        muster_blast_init(&a->blast, &options->blast, place->count, NULL);
}

/* ---- what is under way ---- */

static bool is_running(const struct muster_run *run)
{
    return run->record.intent != 0 && run->look_at == MUSTER_NEVER;
}

static bool is_verified(const struct muster_run *run)
{
    return run->record.intent != 0 && run->look_at != MUSTER_NEVER;
}

uint32_t acting_running(const struct muster_acting *a)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        n += is_running(&a->run[i]);
    return n;
}

struct muster_run *acting_free(struct muster_acting *a)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (a->run[i].record.intent == 0)
            return &a->run[i];
    return NULL;
}

bool muster_acting_drained(const struct muster_acting *a)
{
    return acting_running(a) == 0;
}

bool muster_acting_runs(const struct muster_acting *a, uint32_t action, uint32_t subject)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++) {
        const struct muster_history_record *r = &a->run[i].record;
        if (r->intent != 0 && r->action == action && r->subject == subject)
            return true;
    }
    return false;
}

static const struct muster_run *find_run(const struct muster_acting *a, uint64_t intent)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX && intent != 0; i++)
        if (a->run[i].record.intent == intent)
            return &a->run[i];
    return NULL;
}

bool muster_acting_knows(const struct muster_acting *a, uint64_t intent)
{
    return find_run(a, intent) != NULL;
}

bool muster_acting_is_verified(const struct muster_acting *a, uint64_t intent)
{
    const struct muster_run *run = find_run(a, intent);
    return run && is_verified(run);
}

static bool is_cluster(const struct muster_acting *a, const struct muster_run *run)
{
    return a->cfg->action[run->record.action].scope == MUSTER_SCOPE_CLUSTER;
}

bool muster_acting_idle(const struct muster_acting *a)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (is_running(&a->run[i]) && is_cluster(a, &a->run[i]))
            return false;
    return true;
}

/* ---- handing out ---- */

/* The ACTION of the run's newest attempt. */
static void hand_out(const struct muster_acting *a, const struct muster_turn *t,
                     const struct muster_run *run)
{
    const struct muster_history_record *r = &run->record;
    const struct muster_action_config *cfg = &a->cfg->action[r->action];
    char reason[ACTING_TEXT_MAX];
    struct muster_text text;
    muster_text_init(&text, reason, sizeof reason);
    muster_history_reason(&text, r);
    uint8_t room[ACTION_DATA_MAX];
    struct muster_flat_writer w;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, run->params ? 4 : 3);
    muster_flat_text(&w, MUSTER_FLAT_BULK, cfg->name);
    muster_flat_text(&w, MUSTER_FLAT_BULK, a->place->names[r->subject]);
    muster_flat_text(&w, MUSTER_FLAT_BULK, reason);
    if (run->params)
        muster_flat_text(&w, MUSTER_FLAT_BULK, run->params);
    assert(!w.full);
    struct muster_effect *e = muster_effects_add(t->out, MUSTER_OUT_ACTION);
    e->tag = r->intent;
    e->action.epoch = r->epoch;
    e->action.attempt = r->attempts;
    /* A local action needs no lease, but one that starts late answers a fault of the past. */
    e->action.not_after =
        is_cluster(a, run) ? t->authority->not_after : muster_time_add(t->now, run->timeout);
    e->action.timeout = run->timeout;
    muster_effects_data(t->out, e, room, w.used);
}

static uint64_t take_intent(struct muster_acting *a)
{
    uint64_t intent = a->next_intent == 0 ? 1 : a->next_intent;
    a->next_intent = (intent + 1) % MUSTER_HISTORY_TAGS;
    return intent;
}

/* timeout * timeout_ppm / 10^6, saturating; the division comes first, so that nothing overflows. */
static muster_dur timeout_of(const struct muster_acting *a, const struct muster_demand *d)
{
    muster_dur timeout = d->timeout > 0 ? d->timeout : a->cfg->action[d->action].timeout;
    uint64_t whole = timeout / MUSTER_PPM, rest = timeout % MUSTER_PPM,
             factor = a->options.timeout_ppm;
    if (whole > (MUSTER_NEVER - MUSTER_PPM * factor) / factor)
        return MUSTER_NEVER;
    return whole * factor + rest * factor / MUSTER_PPM;
}

void acting_start(struct muster_acting *a, struct muster_turn *t, const struct muster_demand *d)
{
    struct muster_run *run = acting_free(a);
    assert(run);
    memset(run, 0, sizeof *run);
    struct muster_history_record *r = &run->record;
    acting_record(r, d, t->now);
    r->intent = take_intent(a);
    r->attempts = 1;
    if (a->cfg->action[d->action].scope == MUSTER_SCOPE_CLUSTER)
        r->epoch = t->authority->epoch;
    run->params = d->params;
    run->timeout = timeout_of(a, d);
    run->look_at = MUSTER_NEVER;
    a->latest[d->action] = (struct muster_why_not){0, MUSTER_RESULT_SUCCESS, 0};
    if (a->options.limited)
        muster_limits_count(&a->limits, t->now, acting_is_safe_mode(a->cfg, d->action));
    if (a->options.bounded)
        muster_blast_begin(&a->blast, d->subject);
    char room[ACTING_TEXT_MAX];
    struct muster_text text;
    muster_text_init(&text, room, sizeof room);
    muster_history_reason(&text, r);
    uint64_t arg[4] = {r->intent, r->epoch, r->action, r->subject};
    muster_effects_note(t->out, MUSTER_NOTE_ACTION_STARTED, arg, room);
    hand_out(a, t, run);
}

/* ---- ending ---- */

/* Whether what came back may be tried again: only what surely did not succeed, under the very
 * authority in which it was decided. */
static bool may_retry(const struct muster_acting *a, const struct muster_turn *t,
                      const struct muster_run *run, uint64_t result)
{
    const struct muster_action_config *cfg = &a->cfg->action[run->record.action];
    if (result != MUSTER_RESULT_FAILED && result != MUSTER_RESULT_TIMED_OUT)
        return false;
    if (run->record.attempts > cfg->max_retries || run->cancelled || t->authority->draining ||
        t->authority->frozen)
        return false;
    if (!is_cluster(a, run))
        return true;
    return acting_ask_authority(t) == MUSTER_RESULT_SUCCESS &&
           t->authority->epoch == run->record.epoch;
}

/* The one terminal record of the intent. */
static void finish(struct muster_acting *a, struct muster_turn *t, struct muster_run *run,
                   uint64_t result, struct muster_end *ret_end)
{
    struct muster_history_record *r = &run->record;
    uint64_t arg[4] = {r->intent, r->epoch, result, r->action};
    *ret_end = (struct muster_end){.action = r->action,
                                   .result = (enum muster_result)result,
                                   .intent = r->intent,
                                   .cause = (enum muster_cause)r->cause};
    memcpy(ret_end->text, r->text, sizeof ret_end->text);
    r->result = (uint8_t)result;
    r->ended = t->now;
    muster_effects_note(t->out, MUSTER_NOTE_ACTION_ENDED, arg, NULL);
    a->counts[result]++;
    muster_cooldown_start(&a->cooldowns, r->action, t->now, a->cfg->action[r->action].cooldown);
    if (a->options.bounded)
        muster_blast_end(&a->blast, r->subject);
    muster_history_add(&a->history, r);
    memset(run, 0, sizeof *run);
    muster_history_save(&a->history, a->cfg, a->place, t->out);
}

bool muster_acting_ended(struct muster_acting *a, struct muster_turn *t,
                         const struct muster_input *in, struct muster_end *ret_end)
{
    assert(in->kind == MUSTER_IN_ACTION);
    struct muster_run *run = NULL;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX && in->tag != 0; i++)
        if (is_running(&a->run[i]) && a->run[i].record.intent == in->tag)
            run = &a->run[i];
    if (!run || in->action.attempt != run->record.attempts)
        return false;
    uint64_t result = in->action.result;
    if (result >= MUSTER_RESULT_SKIPPED_COOLDOWN)
        result = MUSTER_RESULT_UNKNOWN; /* not a way in which an action ends */
    if (may_retry(a, t, run, result)) {
        run->record.attempts++;
        hand_out(a, t, run);
        return false;
    }
    if (result == MUSTER_RESULT_SUCCESS && a->options.verify_delay > 0 && !run->cancelled &&
        !t->authority->draining) {
        run->look_at = muster_time_add(t->now, a->options.verify_delay);
        run->record.ended = t->now; /* of the deed; the intent's end is yet to come */
        return false;
    }
    finish(a, t, run, result, ret_end);
    return true;
}

/* ---- verifying ---- */

muster_time muster_acting_look_at(const struct muster_acting *a)
{
    muster_time t = MUSTER_NEVER;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (is_verified(&a->run[i]))
            t = muster_time_min(t, a->run[i].look_at);
    return t;
}

uint32_t muster_acting_to_verify(const struct muster_acting *a, muster_time now, uint32_t from)
{
    while (from < MUSTER_RUNS_MAX && !(is_verified(&a->run[from]) && now >= a->run[from].look_at))
        from++;
    return from;
}

bool muster_acting_look(struct muster_acting *a, struct muster_turn *t, uint32_t place,
                        enum muster_look look, struct muster_end *ret_end)
{
    struct muster_run *run = &a->run[place];
    assert(is_verified(run));
    run->looks++;
    if (look != MUSTER_LOOK_GONE && run->looks < a->options.verify_attempts) {
        run->look_at = muster_time_add(t->now, a->options.verify_delay);
        return false;
    }
    finish(a, t, run, look == MUSTER_LOOK_GONE ? MUSTER_RESULT_SUCCESS : MUSTER_RESULT_UNVERIFIED,
           ret_end);
    return true;
}

void muster_acting_lost(struct muster_acting *a, struct muster_turn *t)
{
    struct muster_end end;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++) {
        struct muster_run *run = &a->run[i];
        if (run->record.intent == 0 || !is_cluster(a, run))
            continue;
        if (is_verified(run)) {
            finish(a, t, run, MUSTER_RESULT_UNVERIFIED, &end);
        } else if (!run->cancelled) {
            run->cancelled = true;
            muster_effects_add(t->out, MUSTER_OUT_CANCEL)->tag = run->record.intent;
        }
    }
}

void muster_acting_drain(struct muster_acting *a, struct muster_turn *t)
{
    struct muster_end end;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (is_verified(&a->run[i]))
            finish(a, t, &a->run[i], MUSTER_RESULT_UNVERIFIED, &end);
}

/* ---- the rest ---- */

void muster_acting_inherit(struct muster_acting *a, muster_time now, uint32_t action,
                           muster_dur age)
{
    assert(action < a->cfg->action_count);
    muster_cooldown_inherit(&a->cooldowns, action, now, age, a->cfg->action[action].cooldown);
}

void muster_acting_describe(const struct muster_acting *a, struct muster_text *t,
                            const char *between)
{
    bool any = false;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++) {
        const struct muster_history_record *r = &a->run[i].record;
        if (r->intent == 0)
            continue;
        muster_text_add(t, any ? " " : "");
        muster_text_add(t, is_verified(&a->run[i]) ? "verifying=" : "running=");
        any = true;
        muster_text_add(t, a->cfg->action[r->action].name);
        muster_text_add(t, " subject=");
        muster_text_add(t, a->place->names[r->subject]);
        muster_text_add(t, " intent=");
        muster_text_add_u64(t, r->intent);
        muster_text_add(t, " attempt=");
        muster_text_add_u64(t, r->attempts);
    }
    muster_text_add(t, any ? "" : "running=none");
    muster_text_add(t, between);
    for (uint32_t i = 0; i < a->cfg->action_count; i++) {
        if (a->latest[i].result == MUSTER_RESULT_SUCCESS)
            continue;
        muster_text_add(t, " ");
        muster_text_add(t, a->cfg->action[i].name);
        muster_text_add(t, "=");
        muster_text_add(t, muster_result_text(a->latest[i].result));
    }
    muster_text_add(t, " durable=");
    muster_text_add_u64(t, a->history.durable);
}
