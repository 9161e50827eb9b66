/* SPDX-License-Identifier: Apache-2.0 */
/* The basic recovery orchestrator: see recovery.h. */
#include "core/orchestrator/recovery.h"

#include "core/flat.h"
#include "core/notes.h"
#include "core/orchestrator/demand.h"

#include <assert.h>
#include <string.h>

/* A why-not text: action, member, cause and remedy, each bounded. */
#define TEXT_MAX 256
/* The flat array of an ACTION: two names and a reason. */
#define ACTION_DATA_MAX 256

/* What a cycle carries along. */
struct cycle {
    muster_time now;
    const struct muster_authority *authority;
    struct muster_effects *out;
    uint32_t notes_left;
};

void muster_recovery_init(struct muster_recovery *r, const struct muster_recovery_config *cfg,
                          const struct muster_place *place, uint64_t intent_base)
{
    assert(cfg->action_count > MUSTER_ACTION_SAFE_MODE);
    assert(cfg->action_count <= MUSTER_ACTIONS_MAX);
    assert(place->count <= MUSTER_MEMBERS_MAX);
    assert(place->index < place->count);
    assert(intent_base < MUSTER_HISTORY_TAGS);
    memset(r, 0, sizeof *r);
    r->cfg = cfg;
    r->place = place;
    r->next_intent = intent_base;
    muster_cooldown_init(&r->cooldowns);
    muster_fallback_init(&r->fallback);
    muster_history_init(&r->history);
}

muster_time muster_recovery_deadline(const struct muster_recovery *r)
{
    return r->next_poll;
}

bool muster_recovery_poll(struct muster_recovery *r, muster_time now)
{
    if (now < r->next_poll)
        return false;
    r->next_poll = muster_time_add(now, r->cfg->poll_interval);
    return true;
}

bool muster_recovery_drained(const struct muster_recovery *r)
{
    return r->running.record.intent == 0;
}

static bool is_running(const struct muster_recovery *r, uint32_t action, uint32_t subject)
{
    const struct muster_history_record *run = &r->running.record;
    return run->intent != 0 && run->action == action && run->subject == subject;
}

static struct muster_why_not *block_of(struct muster_recovery *r, uint32_t action, uint32_t subject)
{
    if (action == MUSTER_ACTION_SAFE_MODE)
        return &r->subject[subject];
    return &r->own[action];
}

/* The rules. */

static enum muster_result ask_authority(const struct muster_authority *a, muster_time now)
{
    if (a->leads)
        return now < a->not_after ? MUSTER_RESULT_SUCCESS : MUSTER_RESULT_SKIPPED_NOT_LEADER;
    assert(a->refusal >= MUSTER_RESULT_SKIPPED_NOT_LEADER);
    assert(a->refusal <= MUSTER_RESULT_SKIPPED_STORE_LOST);
    return a->refusal;
}

/* The first rule that stops an action now, or SUCCESS; *ret_until as in struct muster_why_not. */
static enum muster_result ask_rules(const struct muster_recovery *r, uint32_t action,
                                    muster_time now, const struct muster_authority *a,
                                    muster_time *ret_until)
{
    const struct muster_action_config *cfg = &r->cfg->action[action];
    *ret_until = 0;
    if (!r->cfg->enabled || !cfg->enabled)
        return MUSTER_RESULT_SKIPPED_DISABLED;
    if (a->draining)
        return MUSTER_RESULT_SKIPPED_PAUSED;
    if (cfg->scope == MUSTER_SCOPE_CLUSTER) {
        enum muster_result refusal = ask_authority(a, now);
        if (refusal != MUSTER_RESULT_SUCCESS)
            return refusal;
    }
    *ret_until = muster_cooldown_until(&r->cooldowns, action, now);
    if (*ret_until != 0)
        return MUSTER_RESULT_SKIPPED_COOLDOWN;
    return muster_recovery_drained(r) ? MUSTER_RESULT_SUCCESS : MUSTER_RESULT_SKIPPED_CONCURRENCY;
}

const char *muster_recovery_remedy(uint64_t result)
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
        return "a restart: this member is shutting down";
    case MUSTER_RESULT_SKIPPED_DISABLED:
        return "`enabled: true` in the config";
    case MUSTER_RESULT_CONDITION_NOT_MET:
        return "the name of a configured action";
    default:
        return "nothing";
    }
}

/* Acting, and not acting. */

static void make_record(struct muster_history_record *record, const struct muster_demand *d,
                        muster_time now)
{
    memset(record, 0, sizeof *record);
    record->action = (uint8_t)d->action;
    record->subject = (uint8_t)d->subject;
    record->cause = (uint8_t)d->cause;
    record->value = d->value;
    record->began = now;
    if (d->text)
        memcpy(record->text, d->text, strlen(d->text));
}

/* Text of ACTION_SKIPPED: "safe_mode for n2 (3 failed components): cleared by the end of the
 * cooldown". */
static void skipped_text(const struct muster_recovery *r,
                         const struct muster_history_record *record, const char *action,
                         struct muster_text *t)
{
    muster_text_add(t, action);
    muster_text_add(t, " for ");
    muster_text_add(t, r->place->names[record->subject]);
    muster_text_add(t, " (");
    muster_history_reason(t, record);
    muster_text_add(t, "): cleared by ");
    muster_text_add(t, muster_recovery_remedy(record->result));
}

static void note_skipped(const struct muster_recovery *r, const struct muster_demand *d,
                         const struct muster_history_record *record, struct muster_effects *out)
{
    char room[TEXT_MAX];
    struct muster_text t;
    bool known = d->action < r->cfg->action_count;
    muster_text_init(&t, room, sizeof room);
    skipped_text(r, record, known ? r->cfg->action[d->action].name : "unknown action", &t);
    uint64_t arg[4] = {record->result, d->action, record->ended, d->subject};
    muster_effects_note(out, MUSTER_NOTE_ACTION_SKIPPED, arg, room);
}

/* Record that a rule stopped an action. */
static void skip(struct muster_recovery *r, struct cycle *c, const struct muster_demand *d,
                 enum muster_result result, muster_time until)
{
    struct muster_history_record record;
    make_record(&record, d, c->now);
    record.result = (uint8_t)result;
    record.ended = until;
    note_skipped(r, d, &record, c->out);
    muster_history_add(&r->history, &record);
    r->latest[d->action] = (struct muster_why_not){until, (uint32_t)result, d->subject};
}

/* The ACTION of the running record's newest attempt. */
static void hand_out(const struct muster_recovery *r, muster_time now,
                     const struct muster_authority *a, struct muster_effects *out)
{
    const struct muster_history_record *run = &r->running.record;
    const struct muster_action_config *cfg = &r->cfg->action[run->action];
    char reason[TEXT_MAX];
    struct muster_text t;
    muster_text_init(&t, reason, sizeof reason);
    muster_history_reason(&t, run);
    uint8_t room[ACTION_DATA_MAX];
    struct muster_flat_writer w;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, 3);
    muster_flat_text(&w, MUSTER_FLAT_BULK, cfg->name);
    muster_flat_text(&w, MUSTER_FLAT_BULK, r->place->names[run->subject]);
    muster_flat_text(&w, MUSTER_FLAT_BULK, reason);
    assert(!w.full);
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_ACTION);
    e->tag = run->intent;
    e->action.epoch = run->epoch;
    e->action.attempt = run->attempts;
    /* A local action needs no lease, but one that starts late answers a fault of the past. */
    e->action.not_after =
        cfg->scope == MUSTER_SCOPE_CLUSTER ? a->not_after : muster_time_add(now, cfg->timeout);
    e->action.timeout = cfg->timeout;
    muster_effects_data(out, e, room, w.used);
}

static uint64_t take_intent(struct muster_recovery *r)
{
    uint64_t intent = r->next_intent == 0 ? 1 : r->next_intent;
    r->next_intent = (intent + 1) % MUSTER_HISTORY_TAGS;
    return intent;
}

static void start(struct muster_recovery *r, struct cycle *c, const struct muster_demand *d)
{
    struct muster_history_record *run = &r->running.record;
    assert(muster_recovery_drained(r));
    make_record(run, d, c->now);
    run->intent = take_intent(r);
    run->attempts = 1;
    if (r->cfg->action[d->action].scope == MUSTER_SCOPE_CLUSTER)
        run->epoch = c->authority->epoch;
    r->running.cancelled = false;
    *block_of(r, d->action, d->subject) = (struct muster_why_not){0, MUSTER_RESULT_SUCCESS, 0};
    r->latest[d->action] = (struct muster_why_not){0, MUSTER_RESULT_SUCCESS, 0};
    char room[TEXT_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_history_reason(&t, run);
    uint64_t arg[4] = {run->intent, run->epoch, run->action, run->subject};
    muster_effects_note(c->out, MUSTER_NOTE_ACTION_STARTED, arg, room);
    hand_out(r, c->now, c->authority, c->out);
}

/* Decide on a demand of a cycle. */
static void consider(struct muster_recovery *r, struct cycle *c, struct muster_demand d)
{
    struct muster_why_not *block = block_of(r, d.action, d.subject);
    if (is_running(r, d.action, d.subject))
        return;
    if (!d.holds) {
        *block = (struct muster_why_not){0, MUSTER_RESULT_SUCCESS, 0};
        return;
    }
    muster_time until;
    enum muster_result result = ask_rules(r, d.action, c->now, c->authority, &until);
    if (result == MUSTER_RESULT_SUCCESS) {
        start(r, c, &d);
        return;
    }
    r->counts[result]++;
    if ((block->result == (uint32_t)result && block->until == until) || c->notes_left == 0)
        return;
    c->notes_left--;
    *block = (struct muster_why_not){until, (uint32_t)result, d.subject};
    skip(r, c, &d, result, until);
}

/* safe_mode, for the own faults and, on the leader, for those of the others. Whoever comes after
 * the one served last is asked first: one cooldown holds for all of them. */
static void consider_safe_mode(struct muster_recovery *r, struct cycle *c,
                               const struct muster_health *own,
                               const struct muster_recovery_subject *subject)
{
    bool for_all = r->cfg->action[MUSTER_ACTION_SAFE_MODE].scope == MUSTER_SCOPE_CLUSTER &&
                   c->authority->leads;
    uint32_t count = r->place->count;
    uint32_t first = r->first_subject;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t member = (first + i) % count;
        bool served = is_running(r, MUSTER_ACTION_SAFE_MODE, member);
        if (member == r->place->index)
            consider(r, c, muster_demand_own_safety(r->cfg, member, own));
        else if (for_all && subject[member].fresh)
            consider(r, c, muster_demand_safety(r->cfg, member, subject[member].failed_components));
        else
            r->subject[member] = (struct muster_why_not){0, MUSTER_RESULT_SUCCESS, 0};
        if (!served && is_running(r, MUSTER_ACTION_SAFE_MODE, member))
            r->first_subject = (member + 1) % count;
    }
}

void muster_recovery_cycle(struct muster_recovery *r, muster_time now,
                           const struct muster_health *own,
                           const struct muster_recovery_subject *subject, uint32_t count,
                           const struct muster_authority *a, struct muster_effects *out)
{
    struct cycle c = {now, a, out, MUSTER_RECOVERY_NOTES_MAX};
    uint32_t self = r->place->index;
    assert(count == r->place->count);
    muster_fallback_observe(&r->fallback, now, own, out);
    consider(r, &c, muster_demand_circuit(r->cfg, self, own));
    consider(r, &c, muster_demand_retries(r->cfg, self, own));
    consider_safe_mode(r, &c, own, subject);
    muster_history_save(&r->history, r->cfg, r->place, out);
}

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

void muster_recovery_trigger(struct muster_recovery *r, muster_time now, struct muster_bytes action,
                             struct muster_bytes reason, const struct muster_authority *a,
                             struct muster_effects *out)
{
    struct cycle c = {now, a, out, 1};
    char text[MUSTER_HISTORY_TEXT_MAX + 1];
    struct muster_demand d = {.action = MUSTER_ACTIONS_MAX,
                              .subject = r->place->index,
                              .text = text};
    d.cause = MUSTER_CAUSE_MANUAL;
    copy_reason(text, reason);
    for (uint32_t i = 0; i < r->cfg->action_count; i++) {
        if (muster_text_equal(action, r->cfg->action[i].name))
            d.action = i;
    }
    if (d.action == MUSTER_ACTIONS_MAX) {
        struct muster_history_record record;
        make_record(&record, &d, now);
        record.result = MUSTER_RESULT_CONDITION_NOT_MET;
        r->counts[record.result]++;
        note_skipped(r, &d, &record, out);
        muster_history_add(&r->history, &record);
        return;
    }
    muster_time until;
    enum muster_result result = ask_rules(r, d.action, now, a, &until);
    if (result == MUSTER_RESULT_SUCCESS) {
        start(r, &c, &d);
        return;
    }
    r->counts[result]++;
    skip(r, &c, &d, result, until);
}

/* Whether what came back may be tried again: only what surely did not succeed, under the very
 * authority in which it was decided. */
static bool may_retry(const struct muster_recovery *r, muster_time now, uint64_t result,
                      const struct muster_authority *a)
{
    const struct muster_history_record *run = &r->running.record;
    const struct muster_action_config *cfg = &r->cfg->action[run->action];
    if (result != MUSTER_RESULT_FAILED && result != MUSTER_RESULT_TIMED_OUT)
        return false;
    if (run->attempts > cfg->max_retries || r->running.cancelled || a->draining)
        return false;
    if (cfg->scope == MUSTER_SCOPE_LOCAL)
        return true;
    return ask_authority(a, now) == MUSTER_RESULT_SUCCESS && a->epoch == run->epoch;
}

/* The one terminal record of the intent. */
static void finish(struct muster_recovery *r, muster_time now, uint64_t result,
                   struct muster_effects *out)
{
    struct muster_history_record *run = &r->running.record;
    uint64_t arg[4] = {run->intent, run->epoch, result, run->action};
    run->result = (uint8_t)result;
    run->ended = now;
    muster_effects_note(out, MUSTER_NOTE_ACTION_ENDED, arg, NULL);
    r->counts[result]++;
    muster_cooldown_start(&r->cooldowns, run->action, now, r->cfg->action[run->action].cooldown);
    muster_history_add(&r->history, run);
    if (result == MUSTER_RESULT_SUCCESS && run->action == MUSTER_ACTION_SAFE_MODE)
        muster_fallback_cascade(&r->fallback, now, out);
    memset(&r->running, 0, sizeof r->running);
    muster_history_save(&r->history, r->cfg, r->place, out);
}

void muster_recovery_ended(struct muster_recovery *r, muster_time now,
                           const struct muster_input *in, const struct muster_authority *a,
                           struct muster_effects *out)
{
    struct muster_history_record *run = &r->running.record;
    assert(in->kind == MUSTER_IN_ACTION);
    if (run->intent == 0 || in->tag != run->intent || in->action.attempt != run->attempts)
        return;
    uint64_t result = in->action.result;
    if (result >= MUSTER_RESULT_SKIPPED_COOLDOWN)
        result = MUSTER_RESULT_UNKNOWN; /* not a way in which an action ends */
    if (may_retry(r, now, result, a)) {
        run->attempts++;
        hand_out(r, now, a, out);
        return;
    }
    finish(r, now, result, out);
}

void muster_recovery_lost(struct muster_recovery *r, struct muster_effects *out)
{
    const struct muster_history_record *run = &r->running.record;
    if (run->intent == 0 || r->running.cancelled)
        return;
    if (r->cfg->action[run->action].scope != MUSTER_SCOPE_CLUSTER)
        return;
    r->running.cancelled = true;
    muster_effects_add(out, MUSTER_OUT_CANCEL)->tag = run->intent;
}

void muster_recovery_inherit(struct muster_recovery *r, muster_time now, uint32_t action,
                             muster_dur age)
{
    assert(action < r->cfg->action_count);
    muster_cooldown_inherit(&r->cooldowns, action, now, age, r->cfg->action[action].cooldown);
}

void muster_recovery_disk(struct muster_recovery *r, const struct muster_input *in,
                          struct muster_effects *out)
{
    assert(in->kind == MUSTER_IN_DISK);
    muster_history_disk(&r->history, r->cfg, r->place, in, out);
}

bool muster_recovery_owns(uint64_t tag)
{
    return muster_history_owns(tag);
}

void muster_recovery_describe(const struct muster_recovery *r, struct muster_text *t)
{
    const struct muster_history_record *run = &r->running.record;
    muster_text_add(t, "running=");
    muster_text_add(t, run->intent ? r->cfg->action[run->action].name : "none");
    if (run->intent) {
        muster_text_add(t, " subject=");
        muster_text_add(t, r->place->names[run->subject]);
        muster_text_add(t, " intent=");
        muster_text_add_u64(t, run->intent);
        muster_text_add(t, " attempt=");
        muster_text_add_u64(t, run->attempts);
    }
    muster_text_add(t, " mode=");
    muster_text_add(t, muster_mode_text(r->fallback.mode));
    muster_text_add(t, " vote=");
    muster_text_add(t, muster_mode_text(r->fallback.local));
    for (uint32_t i = 0; i < r->cfg->action_count; i++) {
        if (r->latest[i].result == MUSTER_RESULT_SUCCESS)
            continue;
        muster_text_add(t, " ");
        muster_text_add(t, r->cfg->action[i].name);
        muster_text_add(t, "=");
        muster_text_add(t, muster_result_text(r->latest[i].result));
    }
    muster_text_add(t, " durable=");
    muster_text_add_u64(t, r->history.durable);
}
