/* SPDX-License-Identifier: Apache-2.0 */
/* Intents: begun, retried, verified, ended. The rules are in rules.c, attempts in attempt.c. */
#include "core/orchestrator/acting.h"

#include "core/notes.h"
#include "core/orchestrator/acting_inside.h"

#include <assert.h>
#include <string.h>

void muster_acting_options_basic(struct muster_acting_options *o)
{
    memset(o, 0, sizeof *o);
    o->concurrent_max = 1;
    o->timeout_ppm = MUSTER_PPM;
    muster_retry_defaults(&o->retry);
    muster_breaker_defaults(&o->breaker);
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
    assert(!options->backs_off || !muster_retry_check(&options->retry));
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
    struct muster_breaker_config breaker = options->breaker;
    if (breaker.probe_timeout == 0)
        breaker.probe_timeout = MUSTER_INTEGER_MAX; /* every attempt ends by its own timeout */
    for (uint32_t i = 0; options->breaks && i < cfg->action_count; i++)
        muster_breaker_init(&a->breaker[i], &breaker, 0);
}

/* ---- what is under way ---- */

static bool is_verified(const struct muster_run *run)
{
    return run->record.intent != 0 && run->look_at != MUSTER_NEVER;
}

static bool is_waiting(const struct muster_run *run)
{
    return run->record.intent != 0 && run->again_at != MUSTER_NEVER;
}

static bool is_prepared(const struct muster_run *run)
{
    return run->record.intent != 0 && run->held_by != 0;
}

uint32_t acting_running(const struct muster_acting *a)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        n += a->run[i].record.intent != 0 && !is_verified(&a->run[i]);
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

uint64_t muster_acting_runs(const struct muster_acting *a, uint32_t action, uint32_t subject)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++) {
        const struct muster_history_record *r = &a->run[i].record;
        if (r->intent != 0 && r->action == action && r->subject == subject)
            return r->intent;
    }
    return 0;
}

bool muster_acting_idle(const struct muster_acting *a)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (a->run[i].record.intent != 0 && !is_verified(&a->run[i]) &&
            acting_is_cluster(a, &a->run[i]))
            return false;
    return true;
}

/* ---- handing out ---- */

static uint64_t take_intent(struct muster_acting *a)
{
    uint64_t intent = a->next_intent == 0 ? 1 : a->next_intent;
    a->next_intent = (intent + 1) % MUSTER_HISTORY_TAGS;
    return intent;
}

static void tell(const struct muster_turn *t, enum muster_note note, const struct muster_run *run)
{
    const struct muster_history_record *r = &run->record;
    char room[ACTING_TEXT_MAX];
    struct muster_text text;
    muster_text_init(&text, room, sizeof room);
    muster_history_reason(&text, r);
    muster_effects_note(t->out, (uint16_t)note,
                        (const uint64_t[4]){r->intent, r->epoch, r->action, r->subject}, room);
}

static void begin(struct muster_acting *a, struct muster_turn *t, struct muster_run *run)
{
    tell(t, MUSTER_NOTE_ACTION_STARTED, run);
    acting_hand_out(a, t, run);
}

/* It goes when the ledger that tells of it is held, or ends as cancelled. */
static void prepare(struct muster_acting *a, struct muster_turn *t, struct muster_run *run)
{
    run->held_by = ACTING_NEXT_VERSION;
    run->again_at = muster_time_add(t->now, run->timeout);
    run->record.result = MUSTER_RESULT_CANCELLED;
    a->news = true;
    tell(t, MUSTER_NOTE_ACTION_PREPARED, run);
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
    run->timeout = acting_timeout(a, d);
    run->look_at = run->again_at = MUSTER_NEVER;
    if (a->options.backs_off) {
        struct muster_retry_config retry = a->options.retry;
        retry.max_attempts = 1 + a->cfg->action[d->action].max_retries;
        muster_retry_init(&run->retry, &retry, r->intent);
    }
    a->latest[d->action] = (struct muster_why_not){0, MUSTER_RESULT_SUCCESS, 0};
    run->counted = t->now;
    if (a->options.limited)
        muster_limits_count(&a->limits, t->now, acting_is_safe_mode(a->cfg, d->action));
    if (a->options.bounded)
        muster_blast_begin(&a->blast, d->subject);
    if (r->epoch > 0 && t->authority->holds)
        prepare(a, t, run);
    else
        begin(a, t, run);
}

void muster_acting_release(struct muster_acting *a, struct muster_turn *t)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++) {
        struct muster_run *run = &a->run[i];
        bool held = is_prepared(run) && !run->cancelled && t->authority->held >= run->held_by &&
                    t->authority->epoch == run->record.epoch;
        if (!held)
            continue;
        bool storm =
            a->options.bounded &&
            muster_blast_ask(&a->blast, t->now, run->record.subject).rule != MUSTER_BLAST_FREE;
        if (storm || !acting_may_go(a, t, run)) {
            run->again_at = t->now;
            continue;
        }
        if (a->options.limited)
            muster_limits_move(&a->limits, run->counted, t->now,
                               acting_is_safe_mode(a->cfg, run->record.action));
        run->record.began = run->counted = t->now;
        run->again_at = MUSTER_NEVER;
        run->held_by = 0;
        begin(a, t, run);
    }
}

/* ---- ending ---- */

static struct muster_end end_of(const struct muster_acting *a,
                                const struct muster_history_record *r, uint64_t result)
{
    struct muster_end end = {.action = r->action,
                             .result = (enum muster_result)result,
                             .intent = r->intent,
                             .cause = (enum muster_cause)r->cause,
                             .began = r->began,
                             .mends = acting_mends(a->cfg, r->action)};
    memcpy(end.text, r->text, sizeof end.text);
    return end;
}

/* The one terminal record of the intent. */
static void finish(struct muster_acting *a, struct muster_turn *t, struct muster_run *run,
                   uint64_t result, struct muster_end *ret_end)
{
    struct muster_history_record *r = &run->record;
    uint64_t arg[4] = {r->intent, r->epoch, result, r->action};
    *ret_end = end_of(a, r, result);
    r->result = (uint8_t)result;
    r->ended = t->now;
    muster_effects_note(t->out, MUSTER_NOTE_ACTION_ENDED, arg, NULL);
    a->counts[result]++;
    muster_cooldown_start(&a->cooldowns, r->action, t->now, a->cfg->action[r->action].cooldown);
    if (a->options.bounded)
        muster_blast_end(&a->blast, r->subject);
    a->news |= acting_is_cluster(a, run);
    muster_history_add(&a->history, r);
    memset(run, 0, sizeof *run);
    muster_history_save(&a->history, a->cfg, a->place, t->out);
}

/* The run whose newest attempt this ends. */
static struct muster_run *run_of(struct muster_acting *a, const struct muster_input *in)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX && in->tag != 0; i++) {
        struct muster_run *run = &a->run[i];
        bool at_target = !is_verified(run) && !is_waiting(run);
        if (run->record.intent == in->tag && at_target &&
            run->record.attempts == in->action.attempt)
            return run;
    }
    return NULL;
}

enum muster_stage muster_acting_ended(struct muster_acting *a, struct muster_turn *t,
                                      const struct muster_input *in, struct muster_end *ret_end)
{
    assert(in->kind == MUSTER_IN_ACTION);
    struct muster_run *run = run_of(a, in);
    uint64_t result = in->action.result;
    if (!run)
        return MUSTER_STAGE_RUNS;
    if (result > MUSTER_RESULT_UNKNOWN)
        result = MUSTER_RESULT_UNKNOWN; /* not a way in which an action ends */
    acting_answered(a, t, run, result);
    if (acting_may_retry(a, t, run, result)) {
        acting_try_again(a, t, run, result);
        return MUSTER_STAGE_RUNS;
    }
    bool verify = a->options.verify_delay > 0 && acting_mends(a->cfg, run->record.action);
    if (result == MUSTER_RESULT_SUCCESS && verify && !run->cancelled && !t->authority->draining) {
        run->look_at = muster_time_add(t->now, a->options.verify_delay);
        run->since = t->now;
        *ret_end = end_of(a, &run->record, result);
        return MUSTER_STAGE_DONE;
    }
    finish(a, t, run, result, ret_end);
    return MUSTER_STAGE_ENDED;
}

/* ---- waiting ---- */

muster_time muster_acting_again_at(const struct muster_acting *a)
{
    muster_time t = MUSTER_NEVER;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (is_waiting(&a->run[i]))
            t = muster_time_min(t, a->run[i].again_at);
    return t;
}

uint32_t muster_acting_to_retry(const struct muster_acting *a, muster_time now, uint32_t from)
{
    while (from < MUSTER_RUNS_MAX && !(is_waiting(&a->run[from]) && now >= a->run[from].again_at))
        from++;
    return from;
}

bool muster_acting_retry(struct muster_acting *a, struct muster_turn *t, uint32_t place,
                         struct muster_end *ret_end)
{
    struct muster_run *run = &a->run[place];
    uint64_t last = run->record.result;
    assert(is_waiting(run));
    run->again_at = MUSTER_NEVER;
    if (!acting_may_retry(a, t, run, last)) {
        finish(a, t, run, last, ret_end);
        return true;
    }
    run->record.attempts++;
    acting_hand_out(a, t, run);
    return false;
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
        run->since = t->now;
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
        if (run->record.intent == 0 || !acting_is_cluster(a, run))
            continue;
        if (is_verified(run)) {
            finish(a, t, run, MUSTER_RESULT_UNVERIFIED, &end);
        } else if (is_waiting(run)) {
            run->cancelled = true;
            run->again_at = t->now;
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
        else if (is_waiting(&a->run[i]))
            a->run[i].again_at = t->now;
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
        muster_text_add(t, is_verified(&a->run[i])   ? "verifying="
                           : is_prepared(&a->run[i]) ? "prepared="
                           : is_waiting(&a->run[i])  ? "waiting="
                                                     : "running=");
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
