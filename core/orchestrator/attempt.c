/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts of an intent: handed out past their breaker, and again, at once or after a wait. */
#include "core/flat.h"
#include "core/orchestrator/acting_inside.h"

#include <assert.h>

/* The flat array of an ACTION: two names, a reason, parameters. */
#define ACTION_DATA_MAX (320 + MUSTER_PARAMS_MAX)

bool acting_is_cluster(const struct muster_acting *a, const struct muster_run *run)
{
    return a->cfg->action[run->record.action].scope == MUSTER_SCOPE_CLUSTER;
}

/* timeout * timeout_ppm / 10^6, saturating; the division comes first, so that nothing overflows. */
muster_dur acting_timeout(const struct muster_acting *a, const struct muster_demand *d)
{
    muster_dur timeout = d->timeout > 0 ? d->timeout : a->cfg->action[d->action].timeout;
    uint64_t whole = timeout / MUSTER_PPM, rest = timeout % MUSTER_PPM,
             factor = a->options.timeout_ppm;
    if (whole > (MUSTER_NEVER - MUSTER_PPM * factor) / factor)
        return MUSTER_NEVER;
    return whole * factor + rest * factor / MUSTER_PPM;
}

/* The ACTION of the run's newest attempt. */
static void put_action(const struct muster_acting *a, const struct muster_turn *t,
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
        acting_is_cluster(a, run) ? t->authority->not_after : muster_time_add(t->now, run->timeout);
    e->action.timeout = run->timeout;
    muster_effects_data(t->out, e, room, w.used);
}

void acting_hand_out(struct muster_acting *a, const struct muster_turn *t, struct muster_run *run)
{
    if (a->options.breaks) {
        struct muster_breaker_answer answer =
            muster_breaker_ask(&a->breaker[run->record.action], t->now);
        assert(answer.go); /* the rules have asked */
        run->ticket = answer.ticket;
        run->probe = answer.probe;
    }
    put_action(a, t, run);
}

void acting_answered(struct muster_acting *a, const struct muster_turn *t, struct muster_run *run,
                     uint64_t result)
{
    bool well = result == MUSTER_RESULT_SUCCESS || result == MUSTER_RESULT_FENCED;
    if (!a->options.breaks)
        return;
    /* What was given up says nothing of the target; but a probe that told nothing has not ended
     * well. */
    if (result != MUSTER_RESULT_CANCELLED || run->probe)
        (void)muster_breaker_end(&a->breaker[run->record.action], t->now, run->ticket, well);
}

bool acting_may_go(const struct muster_acting *a, const struct muster_turn *t,
                   const struct muster_run *run)
{
    uint32_t action = run->record.action;
    muster_time until;
    if (t->authority->draining || t->authority->frozen || a->paused || a->dry_run ||
        (a->forbidden >> action & 1))
        return false;
    if (acting_is_cluster(a, run) && (acting_ask_authority(t) != MUSTER_RESULT_SUCCESS ||
                                      t->authority->epoch != run->record.epoch))
        return false;
    return acting_circuit_lets(a, t->now, action, &until);
}

/* Only what surely did not succeed is tried again, under the very authority in which it was
 * decided, and only while it would be begun, too. */
bool acting_may_retry(const struct muster_acting *a, const struct muster_turn *t,
                      const struct muster_run *run, uint64_t result)
{
    if (result != MUSTER_RESULT_FAILED && result != MUSTER_RESULT_TIMED_OUT)
        return false;
    if (run->record.attempts > a->cfg->action[run->record.action].max_retries || run->cancelled)
        return false;
    return acting_may_go(a, t, run);
}

void acting_try_again(struct muster_acting *a, const struct muster_turn *t, struct muster_run *run,
                      uint64_t result)
{
    muster_dur wait = 0;
    run->record.result = (uint8_t)result; /* should there be no further attempt */
    if (a->options.backs_off) {
        bool more = muster_retry_wait(&run->retry, run->record.attempts + 1, &wait);
        assert(more); /* the action's max_retries says the same */
        (void)more;
    }
    if (wait > 0) {
        run->again_at = muster_time_add(t->now, wait);
        return;
    }
    run->record.attempts++;
    acting_hand_out(a, t, run);
}
