/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that may stop an action, and the record of what they stopped. */
#include "core/notes.h"
#include "core/orchestrator/acting_inside.h"

#include <assert.h>
#include <string.h>

bool acting_is_safe_mode(const struct muster_recovery_config *cfg, uint32_t action)
{
    return action == MUSTER_ACTION_SAFE_MODE ||
           strcmp(cfg->action[action].name, "enter_safe_mode") == 0;
}

bool acting_mends(const struct muster_recovery_config *cfg, uint32_t action)
{
    const char *name = cfg->action[action].name;
    return strcmp(name, "alert_ground") != 0 && strcmp(name, "log_detailed_state") != 0;
}

uint32_t muster_acting_find(const struct muster_recovery_config *cfg, struct muster_bytes name)
{
    for (uint32_t i = 0; i < cfg->action_count; i++)
        if (muster_text_equal(name, cfg->action[i].name))
            return i;
    return MUSTER_ACTIONS_MAX;
}

/* ---- the rules ---- */

enum muster_result acting_ask_authority(const struct muster_turn *t)
{
    const struct muster_authority *a = t->authority;
    if (a->leads && a->paused)
        return MUSTER_RESULT_SKIPPED_PAUSED;
    if (a->leads)
        return t->now < a->not_after ? MUSTER_RESULT_SUCCESS : MUSTER_RESULT_SKIPPED_NOT_LEADER;
    assert(a->refusal >= MUSTER_RESULT_SKIPPED_NOT_LEADER);
    assert(a->refusal <= MUSTER_RESULT_SKIPPED_STORE_LOST);
    return a->refusal;
}

bool acting_circuit_lets(const struct muster_acting *a, muster_time now, uint32_t action,
                         muster_time *ret_until)
{
    *ret_until = 0;
    if (!a->options.breaks)
        return true;
    struct muster_breaker then = a->breaker[action];
    struct muster_breaker_answer answer = muster_breaker_ask(&then, now);
    if (!answer.go && then.state == MUSTER_CIRCUIT_OPEN)
        *ret_until = answer.until; /* else the end of the probe clears it */
    return answer.go;
}

static enum muster_result ask_bounds(const struct muster_acting *a, const struct muster_turn *t,
                                     const struct muster_demand *d, muster_time *ret_until)
{
    if (a->options.limited) {
        struct muster_limit_answer limit =
            muster_limits_ask(&a->limits, t->now, acting_is_safe_mode(a->cfg, d->action));
        *ret_until = limit.until;
        if (limit.limit != MUSTER_LIMIT_NONE)
            return MUSTER_RESULT_SKIPPED_RATE_LIMIT;
    }
    if (a->options.bounded) {
        struct muster_blast_answer blast = muster_blast_ask(&a->blast, t->now, d->subject);
        *ret_until = blast.until;
        if (blast.rule != MUSTER_BLAST_FREE)
            return MUSTER_RESULT_SKIPPED_BLAST_RADIUS;
    }
    *ret_until = 0;
    return MUSTER_RESULT_SUCCESS;
}

/* The first rule that stops an action now, or SUCCESS; *ret_until as in struct muster_why_not. */
static enum muster_result ask_rules(struct muster_acting *a, const struct muster_turn *t,
                                    const struct muster_demand *d, muster_time *ret_until)
{
    const struct muster_action_config *cfg = &a->cfg->action[d->action];
    *ret_until = 0;
    if (!a->cfg->enabled || !cfg->enabled)
        return MUSTER_RESULT_SKIPPED_DISABLED;
    if (a->paused || t->authority->draining)
        return MUSTER_RESULT_SKIPPED_PAUSED;
    if (t->authority->frozen)
        return MUSTER_RESULT_SKIPPED_STORE_LOST;
    if (cfg->scope == MUSTER_SCOPE_CLUSTER) {
        enum muster_result refusal = acting_ask_authority(t);
        if (refusal != MUSTER_RESULT_SUCCESS)
            return refusal;
    }
    if (a->forbidden >> d->action & 1)
        return MUSTER_RESULT_SKIPPED_PHASE_RESTRICTION;
    *ret_until = muster_cooldown_until(&a->cooldowns, d->action, t->now);
    if (*ret_until != 0)
        return MUSTER_RESULT_SKIPPED_COOLDOWN;
    if (!acting_circuit_lets(a, t->now, d->action, ret_until))
        return MUSTER_RESULT_SKIPPED_CIRCUIT_OPEN;
    enum muster_result bound = ask_bounds(a, t, d, ret_until);
    if (bound != MUSTER_RESULT_SUCCESS)
        return bound;
    if (acting_running(a) >= a->options.concurrent_max || !acting_free(a) ||
        muster_acting_runs(a, d->action, d->subject) != 0)
        return MUSTER_RESULT_SKIPPED_CONCURRENCY;
    return a->dry_run ? MUSTER_RESULT_SKIPPED_DRY_RUN : MUSTER_RESULT_SUCCESS;
}

const char *muster_acting_remedy(const struct muster_authority *a, uint64_t result)
{
    switch (result) {
    case MUSTER_RESULT_SKIPPED_COOLDOWN:
        return "the end of the cooldown";
    case MUSTER_RESULT_SKIPPED_CONCURRENCY:
        return "the end of the action that runs";
    case MUSTER_RESULT_SKIPPED_NOT_LEADER:
        return "leadership of this member; else the leader acts";
    case MUSTER_RESULT_SKIPPED_NO_QUORUM:
        return "a majority of the voters";
    case MUSTER_RESULT_SKIPPED_STORE_LOST:
        return "an answer of the store";
    case MUSTER_RESULT_SKIPPED_PAUSED:
        return a->draining ? "a restart: this member is shutting down" : "the operator's resume";
    case MUSTER_RESULT_SKIPPED_DISABLED:
        return "`enabled: true` in the config";
    case MUSTER_RESULT_SKIPPED_PHASE_RESTRICTION:
        return "a phase that allows it";
    case MUSTER_RESULT_SKIPPED_RATE_LIMIT:
        return "time, or a higher limit in the config";
    case MUSTER_RESULT_SKIPPED_BLAST_RADIUS:
        return "the end of a recovery that runs, healthy members, or an acknowledgement";
    case MUSTER_RESULT_SKIPPED_DRY_RUN:
        return "the end of the dry run";
    case MUSTER_RESULT_SKIPPED_CIRCUIT_OPEN:
        return "a probe that ends well";
    case MUSTER_RESULT_CONDITION_NOT_MET:
        return "the name of a configured action";
    default:
        return "nothing";
    }
}

/* ---- the record ---- */

void acting_record(struct muster_history_record *record, const struct muster_demand *d,
                   muster_time now)
{
    memset(record, 0, sizeof *record);
    record->action = (uint8_t)d->action;
    record->subject = (uint8_t)d->subject;
    record->cause = (uint8_t)d->cause;
    record->value = d->value;
    record->began = now;
    if (d->text) {
        size_t size = strlen(d->text);
        memcpy(record->text, d->text,
               size < sizeof record->text - 1 ? size : sizeof record->text - 1);
    }
}

/* Text of ACTION_SKIPPED: "safe_mode for n2 (3 failed components): cleared by the end of the
 * cooldown". */
static void note_skipped(const struct muster_acting *a, const struct muster_turn *t,
                         const struct muster_demand *d, const struct muster_history_record *record)
{
    char room[ACTING_TEXT_MAX];
    struct muster_text text;
    bool known = d->action < a->cfg->action_count;
    muster_text_init(&text, room, sizeof room);
    muster_text_add(&text, known ? a->cfg->action[d->action].name : "unknown action");
    muster_text_add(&text, " for ");
    muster_text_add(&text, a->place->names[record->subject]);
    muster_text_add(&text, " (");
    muster_history_reason(&text, record);
    muster_text_add(&text, "): cleared by ");
    muster_text_add(&text,
                    d->remedy ? d->remedy : muster_acting_remedy(t->authority, record->result));
    uint64_t arg[4] = {record->result, d->action, record->ended, d->subject};
    muster_effects_note(t->out, MUSTER_NOTE_ACTION_SKIPPED, arg, room);
}

/* Record that something stopped an action. */
static void skip(struct muster_acting *a, struct muster_turn *t, const struct muster_demand *d,
                 enum muster_result result, muster_time until)
{
    struct muster_history_record record;
    acting_record(&record, d, t->now);
    record.result = (uint8_t)result;
    record.ended = until;
    note_skipped(a, t, d, &record);
    muster_history_add(&a->history, &record);
    if (d->action < a->cfg->action_count)
        a->latest[d->action] = (struct muster_why_not){until, (uint32_t)result, d->subject};
}

/* Count it; tell of it when it is news. */
static void stopped(struct muster_acting *a, struct muster_turn *t, const struct muster_demand *d,
                    enum muster_result result, muster_time until, struct muster_why_not *block)
{
    a->counts[result]++;
    if ((block->result == (uint32_t)result && block->until == until) || t->notes_left == 0)
        return;
    t->notes_left--;
    *block = (struct muster_why_not){until, (uint32_t)result, d->subject};
    skip(a, t, d, result, until);
}

/* ---- deciding ---- */

enum muster_result muster_acting_consider(struct muster_acting *a, struct muster_turn *t,
                                          const struct muster_demand *d,
                                          struct muster_why_not *block)
{
    muster_time until;
    if (muster_acting_runs(a, d->action, d->subject) != 0)
        return MUSTER_RESULT_SUCCESS;
    if (!d->holds) {
        *block = (struct muster_why_not){0, MUSTER_RESULT_SUCCESS, 0};
        return MUSTER_RESULT_SUCCESS;
    }
    enum muster_result result = ask_rules(a, t, d, &until);
    if (result == MUSTER_RESULT_SUCCESS) {
        *block = (struct muster_why_not){0, MUSTER_RESULT_SUCCESS, 0};
        acting_start(a, t, d);
    } else {
        stopped(a, t, d, result, until, block);
    }
    return result;
}

void muster_acting_refuse(struct muster_acting *a, struct muster_turn *t,
                          const struct muster_demand *d, enum muster_result result,
                          struct muster_why_not *block)
{
    stopped(a, t, d, result, 0, block);
}

enum muster_result muster_acting_demand(struct muster_acting *a, struct muster_turn *t,
                                        const struct muster_demand *d)
{
    muster_time until = 0;
    enum muster_result result = MUSTER_RESULT_CONDITION_NOT_MET; /* there is no such action */
    if (d->action < a->cfg->action_count)
        result = ask_rules(a, t, d, &until);
    if (result == MUSTER_RESULT_SUCCESS) {
        acting_start(a, t, d);
        return result;
    }
    a->counts[result]++;
    skip(a, t, d, result, until);
    return result;
}
