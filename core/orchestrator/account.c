/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's text: what a successor must know of the cluster's actions (acting.h). */
#include "core/orchestrator/acting_inside.h"

#include <assert.h>

/* ---- writing ---- */

static bool is_cluster(const struct muster_acting *a, uint32_t action)
{
    return a->cfg->action[action].scope == MUSTER_SCOPE_CLUSTER;
}

/* An intent of the cluster that was begun, or is about to be, and has not ended. */
static bool is_open(const struct muster_acting *a, const struct muster_run *run)
{
    return run->record.intent != 0 && acting_is_cluster(a, run);
}

static void add_word(struct muster_text *t, uint64_t value)
{
    muster_text_add(t, " ");
    muster_text_add_u64(t, value);
}

static void add_entry(const struct muster_acting *a, struct muster_text *t, uint32_t action,
                      uint64_t value)
{
    muster_text_add(t, " ");
    muster_text_add(t, a->cfg->action[action].name);
    add_word(t, value);
}

static void write_ends(const struct muster_acting *a, muster_time now, struct muster_text *t)
{
    muster_dur age[MUSTER_ACTIONS_MAX];
    uint64_t ended = 0;
    for (uint32_t i = 0; i < a->cfg->action_count; i++) {
        age[i] = is_cluster(a, i)
                     ? muster_cooldown_age(&a->cooldowns, i, now, a->cfg->action[i].cooldown)
                     : MUSTER_NEVER;
        ended += age[i] != MUSTER_NEVER;
    }
    muster_text_add(t, "ended");
    add_word(t, ended);
    for (uint32_t i = 0; i < a->cfg->action_count; i++)
        if (age[i] != MUSTER_NEVER)
            add_entry(a, t, i, age[i] / MUSTER_MILLISECOND);
}

static void write_open(const struct muster_acting *a, struct muster_text *t)
{
    uint64_t open = 0;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        open += is_open(a, &a->run[i]);
    muster_text_add(t, " open");
    add_word(t, open);
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (is_open(a, &a->run[i]))
            add_entry(a, t, a->run[i].record.action, a->run[i].record.intent);
}

/* What has not ended may only have started when somebody reads this: it has no age. */
static void write_limits(const struct muster_acting *a, muster_time now, struct muster_text *t)
{
    struct muster_limits l = a->limits;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (is_open(a, &a->run[i]))
            muster_limits_move(&l, a->run[i].counted, now,
                               acting_is_safe_mode(a->cfg, a->run[i].record.action));
    muster_text_add(t, " limits ");
    muster_limits_export(&l, now, t);
}

bool muster_acting_account(const struct muster_acting *a, muster_time now, struct muster_text *t)
{
    if (!a->news)
        return false;
    write_ends(a, now, t);
    write_open(a, t);
    muster_text_add(t, " storm");
    add_word(t, a->blast.storm);
    add_word(t, a->blast.acknowledged);
    write_limits(a, now, t);
    assert(!muster_text_is_cut(t));
    return true;
}

void muster_acting_entrusted(struct muster_acting *a, uint64_t version)
{
    a->news = false;
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (a->run[i].held_by == ACTING_NEXT_VERSION)
            a->run[i].held_by = version;
}

/* ---- reading ---- */

static bool take_number(struct muster_bytes *text, uint64_t *ret_value)
{
    return muster_text_parse_u64(muster_text_token(text), ret_value) == 0;
}

/* A list of actions, each with a number: the age of its last end in ms, or an intent that is open.
 * An action that this member does not know is passed over. */
static bool inherit_list(struct muster_acting *a, muster_time now, struct muster_bytes *text,
                         const char *name, bool ended, muster_dur passed)
{
    uint64_t count, value;
    if (!muster_text_equal(muster_text_token(text), name) || !take_number(text, &count))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t action = muster_acting_find(a->cfg, muster_text_token(text));
        if (!take_number(text, &value) || value > MUSTER_INTEGER_MAX)
            return false;
        if (action == MUSTER_ACTIONS_MAX)
            continue;
        muster_dur age = muster_time_add(value * MUSTER_MILLISECOND, passed);
        muster_acting_inherit(a, now, action,
                              ended && value <= MUSTER_INTEGER_MAX / MUSTER_MILLISECOND
                                  ? age
                                  : MUSTER_NEVER);
    }
    return true;
}

static bool inherit(struct muster_acting *a, muster_time now, struct muster_bytes text,
                    muster_dur passed)
{
    uint64_t storm, acknowledged;
    if (!inherit_list(a, now, &text, "ended", true, passed) ||
        !inherit_list(a, now, &text, "open", false, passed) ||
        !muster_text_equal(muster_text_token(&text), "storm") || !take_number(&text, &storm) ||
        !take_number(&text, &acknowledged) ||
        !muster_text_equal(muster_text_token(&text), "limits"))
        return false;
    if (a->options.bounded)
        muster_blast_inherit(&a->blast, now, storm, acknowledged);
    struct muster_limits unused = {.cfg = {0, 0}};
    return muster_limits_import(a->options.limited ? &a->limits : &unused, now, passed, text);
}

void muster_acting_take_over(struct muster_acting *a, muster_time now, struct muster_bytes text,
                             muster_dur passed)
{
    if (inherit(a, now, text, passed))
        return;
    for (uint32_t i = 0; i < a->cfg->action_count; i++)
        if (is_cluster(a, i))
            muster_acting_inherit(a, now, i, MUSTER_NEVER);
    if (a->options.bounded)
        muster_blast_inherit(&a->blast, now, MUSTER_STORM_ON, 0);
    if (a->options.limited)
        (void)muster_limits_import(&a->limits, now, 0, (struct muster_bytes){NULL, 0});
}
