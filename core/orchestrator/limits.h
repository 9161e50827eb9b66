/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: so many actions an hour, so many entries into safe mode a day (SPEC 1), in sliding
 * windows. Time is the lease clock; loss of state never widens a limit (SPEC R16).
 *
 * An action counted at t is in its window from t to before t + window. A window is full when the
 * limit is reached by what is in it, and has room again at the very moment when the oldest of the
 * newest `max` leaves it:
 *
 *   window   event                         next     and
 *   room     ask                           room     free
 *   room     counted, inherited            room     unless the limit is now reached: full
 *   full     ask                           full     stopped until then
 *   full     counted, inherited            full     later, never sooner
 *   full     the oldest leaves it          room
 *   any      malformed text is imported    full     as if all had just been done
 *
 * With max 0 the window is always full, and no time clears it.
 *
 * Handed on, an action is its age, because the next reader has another clock:
 *   actions <count> <age> … safe_mode <count> <age> …
 * in decimal, ages in ms, rounded down, youngest first: "actions 2 0 1500 safe_mode 1 1500". The
 * counts tell when a text was cut off; against changed bytes its carrier has to guard. The time
 * that a text was under way is not known and counts as none.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_LIMITS_H
#define MUSTER_CORE_ORCHESTRATOR_LIMITS_H

#include "core/text.h"
#include "core/types.h"

#define MUSTER_LIMIT_MAX       64   /* the greatest limit; what is older is forgotten */
#define MUSTER_LIMITS_TEXT_MAX 1152 /* bytes of an export with the final 0; about 150 by default */

enum muster_limit {
    MUSTER_LIMIT_ACTIONS,   /* window: 1 h */
    MUSTER_LIMIT_SAFE_MODE, /* window: 24 h */
    MUSTER_LIMIT_COUNT,
    MUSTER_LIMIT_NONE = MUSTER_LIMIT_COUNT, /* in an answer: nothing stops it */
};

struct muster_limits_config {
    uint32_t max_actions_per_hour;          /* 10; 0..MUSTER_LIMIT_MAX */
    uint32_t max_safe_mode_entries_per_day; /* 5; 0..MUSTER_LIMIT_MAX */
};

struct muster_limit_answer {
    enum muster_limit limit; /* the one that stops it, or NONE */
    muster_time until;       /* stopped by it until then; 0: no time clears it */
};

/* Plain data; written here only. */
struct muster_limits {
    struct muster_limits_config cfg;
    /* When each action leaves its window, the newest first; 0: none. Those that have left stay
     * until newer ones push them out. */
    muster_time until[MUSTER_LIMIT_COUNT][MUSTER_LIMIT_MAX];
};

void muster_limits_defaults(struct muster_limits_config *cfg);
/* The first field whose value is out of its range; null when all are well. */
const char *muster_limits_check(const struct muster_limits_config *cfg);

/* Nothing counted. cfg is copied; muster_limits_check has found nothing (asserted). */
void muster_limits_init(struct muster_limits *l, const struct muster_limits_config *cfg);

/* May an action, which enters safe mode or not, start now? When both limits stop it, the one that
 * does so longer answers. */
struct muster_limit_answer muster_limits_ask(const struct muster_limits *l, muster_time now,
                                             bool safe_mode);
/* It started: counted in both windows when it enters safe mode, whatever the limits say. */
void muster_limits_count(struct muster_limits *l, muster_time now, bool safe_mode);
/* Another member, or an earlier incarnation, started one `age` ago, which has not been counted
 * here; an unknown age (MUSTER_NEVER) counts as just now. Of one limit only. */
void muster_limits_inherit(struct muster_limits *l, muster_time now, enum muster_limit limit,
                           muster_dur age);
/* How many are in the window. */
uint32_t muster_limits_used(const struct muster_limits *l, muster_time now,
                            enum muster_limit limit);

/* Append what is in the windows; fits into MUSTER_LIMITS_TEXT_MAX. */
void muster_limits_export(const struct muster_limits *l, muster_time now, struct muster_text *t);
/* One that was counted at `from` has really started only now. */
void muster_limits_move(struct muster_limits *l, muster_time from, muster_time now, bool safe_mode);

/* Take over another account of the same actions, so long (`passed`) after it was read: what had no
 * age in it counts as just now all the same, as it may have started after it was written.
 * Otherwise: the younger of both youngest ones counts as the
 * youngest, and so on. Then neither order nor repetition of accounts matters, no limit gets wider,
 * and the fullest account holds. Of different actions use muster_limits_inherit, which adds. False:
 * the text is malformed, and everything counts as just now. */
bool muster_limits_import(struct muster_limits *l, muster_time now, muster_dur passed,
                          struct muster_bytes text);

/* What clears a limit, for people. */
const char *muster_limit_remedy(enum muster_limit limit);
/* For people: "actions in the last hour: 3 of 10; safe mode entries in the last day: 1 of 5". */
void muster_limits_describe(const struct muster_limits *l, muster_time now, struct muster_text *t);

#endif
