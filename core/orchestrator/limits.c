/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: see limits.h. */
#include "core/orchestrator/limits.h"

#include <assert.h>
#include <string.h>

#define ACTIONS   10
#define SAFE_MODE 5

static const struct {
    const char *name; /* in the text */
    muster_dur window;
} limits[MUSTER_LIMIT_COUNT] = {
    [MUSTER_LIMIT_ACTIONS] = {"actions", 3600 * MUSTER_SECOND},
    [MUSTER_LIMIT_SAFE_MODE] = {"safe_mode", 86400 * MUSTER_SECOND},
};

void muster_limits_defaults(struct muster_limits_config *cfg)
{
    *cfg = (struct muster_limits_config){.max_actions_per_hour = ACTIONS,
                                         .max_safe_mode_entries_per_day = SAFE_MODE};
}

const char *muster_limits_check(const struct muster_limits_config *cfg)
{
    if (cfg->max_actions_per_hour > MUSTER_LIMIT_MAX)
        return "max_actions_per_hour";
    if (cfg->max_safe_mode_entries_per_day > MUSTER_LIMIT_MAX)
        return "max_safe_mode_entries_per_day";
    return NULL;
}

void muster_limits_init(struct muster_limits *l, const struct muster_limits_config *cfg)
{
    assert(!muster_limits_check(cfg));
    memset(l, 0, sizeof *l);
    l->cfg = *cfg;
}

static uint32_t max_of(const struct muster_limits *l, enum muster_limit limit)
{
    assert(limit < MUSTER_LIMIT_COUNT);
    return limit == MUSTER_LIMIT_ACTIONS ? l->cfg.max_actions_per_hour
                                         : l->cfg.max_safe_mode_entries_per_day;
}

static struct muster_limit_answer ask_one(const struct muster_limits *l, muster_time now,
                                          enum muster_limit limit)
{
    uint32_t max = max_of(l, limit);
    muster_time until = max > 0 ? l->until[limit][max - 1] : 0;
    if (max > 0 && until <= now)
        return (struct muster_limit_answer){.limit = MUSTER_LIMIT_NONE};
    return (struct muster_limit_answer){.limit = limit, .until = until};
}

struct muster_limit_answer muster_limits_ask(const struct muster_limits *l, muster_time now,
                                             bool safe_mode)
{
    struct muster_limit_answer actions = ask_one(l, now, MUSTER_LIMIT_ACTIONS);
    if (!safe_mode)
        return actions;
    struct muster_limit_answer entries = ask_one(l, now, MUSTER_LIMIT_SAFE_MODE);
    if (entries.limit == MUSTER_LIMIT_NONE)
        return actions;
    if (actions.limit == MUSTER_LIMIT_NONE || entries.until == 0)
        return entries;
    return actions.until == 0 || actions.until > entries.until ? actions : entries;
}

/* To its place, and the oldest out. */
static void insert(muster_time newest_first[MUSTER_LIMIT_MAX], muster_time until)
{
    uint32_t place = 0;
    while (place < MUSTER_LIMIT_MAX && newest_first[place] >= until)
        place++;
    if (place == MUSTER_LIMIT_MAX)
        return;
    memmove(newest_first + place + 1, newest_first + place,
            (MUSTER_LIMIT_MAX - 1 - place) * sizeof newest_first[0]);
    newest_first[place] = until;
}

void muster_limits_inherit(struct muster_limits *l, muster_time now, enum muster_limit limit,
                           muster_dur age)
{
    assert(limit < MUSTER_LIMIT_COUNT);
    muster_dur passed = age == MUSTER_NEVER ? 0 : age;
    if (passed < limits[limit].window)
        insert(l->until[limit], muster_time_add(now, limits[limit].window - passed));
}

void muster_limits_count(struct muster_limits *l, muster_time now, bool safe_mode)
{
    muster_limits_inherit(l, now, MUSTER_LIMIT_ACTIONS, 0);
    if (safe_mode)
        muster_limits_inherit(l, now, MUSTER_LIMIT_SAFE_MODE, 0);
}

/* The newest that was counted then, in one window. */
static void move(muster_time newest_first[MUSTER_LIMIT_MAX], muster_time from, muster_time to)
{
    uint32_t place = 0;
    while (place < MUSTER_LIMIT_MAX && newest_first[place] != from)
        place++;
    if (place == MUSTER_LIMIT_MAX)
        return;
    memmove(newest_first + place, newest_first + place + 1,
            (MUSTER_LIMIT_MAX - 1 - place) * sizeof newest_first[0]);
    newest_first[MUSTER_LIMIT_MAX - 1] = 0;
    insert(newest_first, to);
}

void muster_limits_move(struct muster_limits *l, muster_time from, muster_time now, bool safe_mode)
{
    for (uint32_t i = 0; i < (safe_mode ? MUSTER_LIMIT_COUNT : MUSTER_LIMIT_SAFE_MODE); i++)
        move(l->until[i], muster_time_add(from, limits[i].window),
             muster_time_add(now, limits[i].window));
}

uint32_t muster_limits_used(const struct muster_limits *l, muster_time now, enum muster_limit limit)
{
    assert(limit < MUSTER_LIMIT_COUNT);
    uint32_t used = 0;
    while (used < MUSTER_LIMIT_MAX && l->until[limit][used] > now)
        used++;
    return used;
}

/* The age of what leaves its window then. A time that was cut off at MUSTER_NEVER tells none. */
static muster_dur age_of(muster_time until, muster_time now, muster_dur window)
{
    return until == MUSTER_NEVER ? 0 : muster_time_since(window, until - now);
}

void muster_limits_export(const struct muster_limits *l, muster_time now, struct muster_text *t)
{
    for (uint32_t i = 0; i < MUSTER_LIMIT_COUNT; i++) {
        uint32_t used = muster_limits_used(l, now, (enum muster_limit)i);
        muster_text_add(t, i > 0 ? " " : "");
        muster_text_add(t, limits[i].name);
        muster_text_add(t, " ");
        muster_text_add_u64(t, used);
        for (uint32_t n = 0; n < used; n++) {
            muster_text_add(t, " ");
            muster_text_add_u64(t,
                                age_of(l->until[i][n], now, limits[i].window) / MUSTER_MILLISECOND);
        }
    }
}

/* The number in the next token, at most `most`. */
static bool parse_number(struct muster_bytes *text, uint64_t most, uint64_t *ret_value)
{
    return muster_text_parse_u64(muster_text_token(text), ret_value) == 0 && *ret_value <= most;
}

/* One limit's part of a text, as the times of leaving. */
static bool parse_part(struct muster_bytes *text, enum muster_limit limit, muster_time now,
                       muster_dur passed, muster_time newest_first[MUSTER_LIMIT_MAX])
{
    const uint64_t window_ms = limits[limit].window / MUSTER_MILLISECOND;
    uint64_t count = 0;
    if (!muster_text_equal(muster_text_token(text), limits[limit].name) ||
        !parse_number(text, MUSTER_LIMIT_MAX, &count))
        return false;
    uint64_t last_ms = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t age_ms = 0;
        if (!parse_number(text, window_ms - 1, &age_ms) || age_ms < last_ms)
            return false;
        muster_dur left = (window_ms - age_ms) * MUSTER_MILLISECOND;
        newest_first[i] = muster_time_add(now, muster_time_since(left, age_ms > 0 ? passed : 0));
        last_ms = age_ms;
    }
    return true;
}

bool muster_limits_import(struct muster_limits *l, muster_time now, muster_dur passed,
                          struct muster_bytes text)
{
    muster_time other[MUSTER_LIMIT_COUNT][MUSTER_LIMIT_MAX] = {0};
    bool valid =
        parse_part(&text, MUSTER_LIMIT_ACTIONS, now, passed, other[MUSTER_LIMIT_ACTIONS]) &&
        parse_part(&text, MUSTER_LIMIT_SAFE_MODE, now, passed, other[MUSTER_LIMIT_SAFE_MODE]) &&
        muster_text_token(&text).size == 0;
    for (uint32_t i = 0; i < MUSTER_LIMIT_COUNT; i++) {
        muster_time just_now = muster_time_add(now, limits[i].window);
        for (uint32_t n = 0; n < MUSTER_LIMIT_MAX; n++)
            l->until[i][n] = muster_time_max(l->until[i][n], valid ? other[i][n] : just_now);
    }
    return valid;
}

const char *muster_limit_remedy(enum muster_limit limit)
{
    switch (limit) {
    case MUSTER_LIMIT_ACTIONS:
        return "time, or a higher max_actions_per_hour";
    case MUSTER_LIMIT_SAFE_MODE:
        return "time, or a higher max_safe_mode_entries_per_day";
    case MUSTER_LIMIT_NONE:
        break;
    }
    return "nothing";
}

void muster_limits_describe(const struct muster_limits *l, muster_time now, struct muster_text *t)
{
    muster_text_add(t, "actions in the last hour: ");
    muster_text_add_u64(t, muster_limits_used(l, now, MUSTER_LIMIT_ACTIONS));
    muster_text_add(t, " of ");
    muster_text_add_u64(t, l->cfg.max_actions_per_hour);
    muster_text_add(t, "; safe mode entries in the last day: ");
    muster_text_add_u64(t, muster_limits_used(l, now, MUSTER_LIMIT_SAFE_MODE));
    muster_text_add(t, " of ");
    muster_text_add_u64(t, l->cfg.max_safe_mode_entries_per_day);
}
