/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing one entry of a timeline: what it does, to whom, when, and for how long. */
#include "sim/fuzz/inside.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define WHO_MAX 40

/* ---- numbers ---- */

uint64_t draw_wide(struct muster_random *r, uint64_t low, uint64_t high)
{
    assert(low > 0);
    if (high <= low)
        return low;
    uint32_t first = 63 - (uint32_t)__builtin_clzll(low);
    uint32_t last = 63 - (uint32_t)__builtin_clzll(high);
    uint32_t order = (uint32_t)muster_random_between(r, first, last);
    uint64_t from = UINT64_C(1) << order, to = order < 63 ? from * 2 - 1 : UINT64_MAX - 1;
    return muster_random_between(r, from > low ? from : low, to < high ? to : high);
}

uint32_t draw_bit(struct muster_random *r, uint64_t set)
{
    uint32_t n = (uint32_t)__builtin_popcountll(set);
    if (n == 0)
        return 0;
    for (uint64_t skip = muster_random_below(r, n); skip > 0; skip--)
        set &= set - 1;
    return (uint32_t)__builtin_ctzll(set);
}

static const char *draw_word(struct muster_random *r, const char *const *words)
{
    uint32_t n = 0;
    while (words[n])
        n++;
    return words[muster_random_below(r, n)];
}

/* In whole microseconds: short to read, and fine enough to hit between two events. */
static muster_dur draw_length(struct muster_random *r, muster_dur low, muster_dur high)
{
    uint64_t us = draw_wide(r, low / MUSTER_MICROSECOND + 1, high / MUSTER_MICROSECOND + 1);
    return us >= 100000 ? us / 1000 * MUSTER_MILLISECOND : us * MUSTER_MICROSECOND;
}

static const char *length(muster_dur d, char room[24])
{
    struct muster_text t;
    muster_text_init(&t, room, 24);
    muster_text_add_duration(&t, d);
    return room;
}

/* ---- who ---- */

static uint64_t members_of(const struct muster_plan_frame *f)
{
    uint64_t all = f->members < 64 ? (UINT64_C(1) << f->members) - 1 : UINT64_MAX;
    return f->bounds.members & all;
}

static bool is_everybody(const struct muster_plan_frame *f)
{
    return (uint32_t)__builtin_popcountll(members_of(f)) == f->members;
}

static const char *draw_member(const struct muster_plan_frame *f, struct muster_random *r)
{
    return f->names[draw_bit(r, members_of(f))];
}

static const char *draw_who(const struct muster_plan_frame *f, struct muster_random *r)
{
    static const char *const roles[] = {"leader", "leader", "leader", "followers",
                                        "any",    "any",    "all",    NULL};
    bool role = is_everybody(f) && muster_random_below(r, 2) == 0;
    return role ? draw_word(r, roles) : draw_member(f, r);
}

/* The names of some members, and the store. */
static size_t say_side(const struct muster_plan_frame *f, uint64_t members, bool store, char *text,
                       size_t size)
{
    size_t n = (size_t)snprintf(text, size, "[");
    const char *before = "";
    for (uint32_t i = 0; i < f->members && n < size; i++) {
        if (!(members >> i & 1))
            continue;
        n += (size_t)snprintf(text + n, size - n, "%s%s", before, f->names[i]);
        before = ", ";
    }
    if (n < size && store)
        n += (size_t)snprintf(text + n, size - n, "%sstore", before);
    if (n < size)
        n += (size_t)snprintf(text + n, size - n, "]");
    return n;
}

/* Two sides of a partition: a cut through the members, the store on either side or on none. False
 * when they are too long to say. */
static bool draw_sides(const struct muster_plan_frame *f, struct muster_random *r, char *text,
                       size_t size)
{
    static const char *const ready[] = {"[[leader], [followers, store]]",
                                        "[[leader, store], [followers]]",
                                        "[[leader], [followers]]",
                                        "[[followers], [store]]",
                                        "[[leader], [store]]",
                                        "[[all], [store]]",
                                        "[[any], [store]]",
                                        NULL};
    if (is_everybody(f) && muster_random_below(r, 2) == 0) {
        snprintf(text, size, "%s", draw_word(r, ready + (f->members > 1 ? 0 : 4)));
        return true;
    }
    char left[MUSTER_PLAN_WHAT_MAX], right[MUSTER_PLAN_WHAT_MAX];
    uint64_t members = members_of(f), some = muster_random_next(r) & members;
    if (some == 0)
        some = UINT64_C(1) << draw_bit(r, members);
    uint64_t rest = members & ~some;
    uint64_t store = rest == 0 ? 1 : muster_random_below(r, 3); /* 2: it keeps all its links */
    if (say_side(f, some, store == 0, left, sizeof left) >= sizeof left ||
        say_side(f, rest, store == 1, right, sizeof right) >= sizeof right)
        return false;
    return (size_t)snprintf(text, size, "[%s, %s]", left, right) < size;
}

/* ---- what ---- */

static int say_link(const struct muster_plan_frame *f, struct muster_random *r, char *text,
                    size_t size, const struct muster_plan *p)
{
    char least[24], most[24];
    muster_dur high = draw_length(r, MUSTER_MILLISECOND, p->pace * 2);
    const char *a = draw_member(f, r), *b = draw_member(f, r);
    bool store = a == b || muster_random_below(r, 2) == 0;
    uint64_t loss = store ? 0 : draw_wide(r, 1, 100);
    int n = snprintf(text, size, "link: %s-%s, latency: %s..%s", a, store ? "store" : b,
                     length(high / 4, least), length(high, most));
    if (n > 0 && (size_t)n < size && loss > 0)
        n += snprintf(text + n, size - (size_t)n, ", loss: %u%%", (unsigned)loss);
    return n;
}

static int say_clock(uint32_t fault, const struct muster_plan *p, const struct muster_plan_frame *f,
                     struct muster_random *r, char *text, size_t size)
{
    char room[24];
    bool back = muster_random_below(r, 2) == 0;
    uint32_t limit = p->assumptions & MUSTER_ASSUME_DRIFT ? p->drift_ppm : 200000;
    muster_dur step = draw_length(r, MUSTER_MILLISECOND, 3600 * MUSTER_SECOND);
    unsigned ppm = (unsigned)draw_wide(r, 1, limit > 0 ? limit : 1);
    const char *who = draw_who(f, r);
    switch (fault) {
    case MUSTER_FAULT_CLOCK_DRIFT:
        return snprintf(text, size, "clock: %s, drift: %s%uppm", who, back ? "-" : "", ppm);
    case MUSTER_FAULT_CLOCK_STEP:
        return snprintf(text, size, "clock: %s, step: +%s", who, length(step, room));
    case MUSTER_FAULT_CLOCK_WALL:
        return snprintf(text, size, "clock: %s, which: wall, step: %s%s", who, back ? "-" : "+",
                        length(step, room));
    default:
        return snprintf(text, size, "clock: store, step: %s%s", back ? "-" : "+",
                        length(step, room));
    }
}

static int say_health(const struct muster_plan_frame *f, struct muster_random *r, char *text,
                      size_t size)
{
    static const char *const states[] = {"circuit_breaker: OPEN",
                                         "circuit_breaker: HALF_OPEN",
                                         "failures_1h: 60, retry: CRITICAL",
                                         "failed_components: 2",
                                         "failed_components: 1, system: DEGRADED",
                                         "system: FAILED, failed_components: 3",
                                         "accuracy: 0.5",
                                         "fallback: SAFE",
                                         "system: UNKNOWN, circuit_breaker: UNKNOWN",
                                         NULL};
    const char *who = draw_member(f, r);
    return snprintf(text, size, "health: {%s: {%s}}", who, draw_word(r, states));
}

static int say_target(uint32_t fault, const struct muster_plan *p, struct muster_random *r,
                      char *text, size_t size)
{
    static const char *const results[] = {"success", "fail", "hang", NULL};
    static const char *const careless[] = {"fences: false", "deduplicates: false",
                                           "fences: false, deduplicates: false", NULL};
    char room[24];
    muster_dur takes = draw_length(r, MUSTER_MILLISECOND, 4 * p->pace);
    const char *result = draw_word(r, results);
    bool unfenced = fault == MUSTER_FAULT_TARGET_UNFENCED;
    return snprintf(text, size, "target: %s, result: %s, takes: %s%s%s", p->target, result,
                    length(takes, room), unfenced ? ", " : "",
                    unfenced ? draw_word(r, careless) : "");
}

static int say_store(uint32_t fault, const struct muster_plan *p, const struct muster_plan_frame *f,
                     struct muster_random *r, char *text, size_t size)
{
    static const char *const answers[] = {"READONLY", "LOADING",    "MASTERDOWN", "MISCONF",
                                          "OOM",      "BUSY",       "NOREPLICAS", "NOAUTH",
                                          "NOPERM",   "UNKILLABLE", "MOVED",      "ASK",
                                          NULL};
    static const char *const keys[] = {"leader", "epoch", "vote", "voter", "node", NULL};
    const char *name = muster_fault_names[fault] + strlen("store_");
    char room[24];
    switch (fault) {
    case MUSTER_FAULT_STORE_FAILOVER: {
        unsigned replica = (unsigned)muster_random_between(r, 1, p->replicas);
        const char *stay = muster_random_below(r, 2) ? draw_member(f, r) : NULL;
        return snprintf(text, size, "store: failover, replica: %u%s%s%s", replica,
                        stay ? ", stay: [" : "", stay ? stay : "", stay ? "]" : "");
    }
    case MUSTER_FAULT_STORE_ANSWER:
        return snprintf(text, size, "store: answer, error: %s", draw_word(r, answers));
    case MUSTER_FAULT_STORE_SLOW:
        return snprintf(text, size, "store: slow, latency: %s",
                        length(draw_length(r, MUSTER_MILLISECOND, 2 * p->pace), room));
    case MUSTER_FAULT_STORE_EVICT:
        return snprintf(text, size, "store: evict, key: %s", draw_word(r, keys));
    case MUSTER_FAULT_STORE_LOSE_REPLY:
        return snprintf(text, size, "store: lose_reply, on: %s", draw_who(f, r));
    default:
        return snprintf(text, size, "store: %s", name);
    }
}

static int say_disk(uint32_t fault, const struct muster_plan *p, const struct muster_plan_frame *f,
                    struct muster_random *r, char *text, size_t size)
{
    char room[24];
    const char *name = muster_fault_names[fault] + strlen("disk_"), *who = draw_who(f, r);
    if (fault != MUSTER_FAULT_DISK_SLOW)
        return snprintf(text, size, "disk: %s, on: %s", name, who);
    return snprintf(text, size, "disk: slow, latency: %s, on: %s",
                    length(draw_length(r, MUSTER_MILLISECOND, 2 * p->pace), room), who);
}

/* What an operator or a submitter asks for. */
static int say_order(uint32_t fault, const struct muster_plan *p, const struct muster_plan_frame *f,
                     struct muster_random *r, char *text, size_t size)
{
    static const char *const actions[] = {"circuit_restart", "cache_purge", "safe_mode", NULL};
    static const char *const shares[] = {"0.3", "0.7", "0.75", "0.9", "1", NULL};
    const char *who = draw_who(f, r);
    unsigned number = (unsigned)muster_random_below(r, 1000);
    bool odd = number % 2 == 1;
    switch (fault) {
    case MUSTER_FAULT_TRIGGER:
        return snprintf(text, size, "trigger: %s, on: %s", draw_word(r, actions), who);
    case MUSTER_FAULT_ANOMALY:
        return snprintf(text, size, "anomaly: {type: %s, severity: %s, confidence: 0.9}, on: %s",
                        p->anomaly, draw_word(r, shares), who);
    case MUSTER_FAULT_DRY_RUN:
        return snprintf(text, size, "dry_run: %s, on: %s", odd ? "true" : "false", who);
    case MUSTER_FAULT_SWITCHOVER:
        return snprintf(text, size, "switchover: %s", draw_member(f, r));
    case MUSTER_FAULT_PAUSE_RECOVERY:
        return snprintf(text, size, "pause_recovery: %s", odd ? "true" : "false");
    case MUSTER_FAULT_VOTER_INIT:
        return snprintf(text, size, "voter_init: %s, floor: %u", draw_member(f, r), 1000 + number);
    case MUSTER_FAULT_WORK:
        return snprintf(text, size,
                        "work: {id: w%u, action: cache_purge, idempotent: %s}, on: %s, "
                        "every: 50ms, count: %u",
                        number, odd ? "true" : "false", who, 1 + number % 5);
    default:
        return snprintf(text, size, "%s: %s", muster_fault_names[fault], who);
    }
}

bool entry_draw_what(struct muster_plan_entry *e, const struct muster_plan *p,
                     const struct muster_plan_frame *f, struct muster_random *r)
{
    const size_t size = sizeof e->what;
    char sides[MUSTER_PLAN_WHAT_MAX], room[24];
    int n;
    switch (e->fault) {
    case MUSTER_FAULT_CRASH_TORN:
        n = snprintf(e->what, size, "crash: %s, disk: torn", draw_who(f, r));
        break;
    case MUSTER_FAULT_CRASH_LOST:
        n = snprintf(e->what, size, "crash: %s, disk: lost", draw_member(f, r));
        break;
    case MUSTER_FAULT_SLOW: {
        muster_dur by = draw_length(r, MUSTER_MILLISECOND, 2 * p->pace);
        n = snprintf(e->what, size, "slow: %s, by: %s", draw_who(f, r), length(by, room));
        break;
    }
    case MUSTER_FAULT_PARTITION:
    case MUSTER_FAULT_PARTITION_ONE_WAY:
        if (!draw_sides(f, r, sides, sizeof sides))
            return false;
        n = snprintf(e->what, size, "partition: %s%s", sides,
                     e->fault == MUSTER_FAULT_PARTITION ? "" : ", one_way: true");
        break;
    case MUSTER_FAULT_LINK:
        n = say_link(f, r, e->what, size, p);
        break;
    case MUSTER_FAULT_CLOCK_DRIFT:
    case MUSTER_FAULT_CLOCK_STEP:
    case MUSTER_FAULT_CLOCK_WALL:
    case MUSTER_FAULT_CLOCK_STORE:
        n = say_clock(e->fault, p, f, r, e->what, size);
        break;
    case MUSTER_FAULT_HEALTH:
        n = say_health(f, r, e->what, size);
        break;
    case MUSTER_FAULT_TARGET:
    case MUSTER_FAULT_TARGET_UNFENCED:
        n = say_target(e->fault, p, r, e->what, size);
        break;
    default:
        if (e->fault >= MUSTER_FAULT_STORE_FLUSHALL && e->fault < MUSTER_FAULT_DISK_FULL)
            n = say_store(e->fault, p, f, r, e->what, size);
        else if (e->fault >= MUSTER_FAULT_DISK_FULL && e->fault < MUSTER_FAULT_TRIGGER)
            n = say_disk(e->fault, p, f, r, e->what, size);
        else
            n = say_order(e->fault, p, f, r, e->what, size);
        break;
    }
    return n > 0 && (size_t)n < size;
}

/* ---- when ---- */

enum entry_kind entry_kind(uint32_t fault)
{
    const uint64_t bit = UINT64_C(1) << fault;
    const uint64_t lasts =
        MUSTER_FAULT_BIT(CRASH) | MUSTER_FAULT_BIT(CRASH_TORN) | MUSTER_FAULT_BIT(CRASH_LOST) |
        MUSTER_FAULT_BIT(STOP) | MUSTER_FAULT_BIT(PAUSE) | MUSTER_FAULT_BIT(SLOW) |
        MUSTER_FAULT_BIT(PARTITION) | MUSTER_FAULT_BIT(PARTITION_ONE_WAY) | MUSTER_FAULT_BIT(LINK) |
        MUSTER_FAULT_BIT(CLOCK_DRIFT) | MUSTER_FAULT_BIT(TARGET) |
        MUSTER_FAULT_BIT(TARGET_UNFENCED) | MUSTER_FAULT_BIT(STORE_CRASH) |
        MUSTER_FAULT_BIT(STORE_FAILOVER) | MUSTER_FAULT_BIT(STORE_ANSWER) |
        MUSTER_FAULT_BIT(STORE_SLOW) | MUSTER_FAULT_BIT(DISK_FULL) | MUSTER_FAULT_BIT(DISK_ERROR) |
        MUSTER_FAULT_BIT(DISK_SLOW);
    if (bit & MUSTER_FAULT_BIT(HEALTH))
        return ENTRY_EITHER;
    return bit & lasts ? ENTRY_LASTS : ENTRY_INSTANT;
}

/* Moments at which something is under way. */
static const uint16_t moments[] = {
#define NOTE(id) MUSTER_EVENT_NOTE + MUSTER_NOTE_##id
    NOTE(CAMPAIGN),        NOTE(ACQUIRED),      NOTE(PROMISED),       NOTE(LEADER_ELECTED),
    NOTE(LEASE_EXTENDED),  NOTE(LEADER_LOST),   NOTE(RELEASED),       NOTE(ATTEMPT_RELEASED),
    NOTE(STORE_LOST),      NOTE(STORE_BACK),    NOTE(STALLED),        NOTE(JOINED),
    NOTE(CONSENSUS),       NOTE(MEMBER_GONE),   NOTE(ACTION_STARTED), NOTE(ACTION_ENDED),
    NOTE(ACTION_SKIPPED),  NOTE(HANDOVER),      NOTE(PAUSE_ASKED),    NOTE(SEALED),
    NOTE(WORK_ACCEPTED),   NOTE(WORK_ASSIGNED), NOTE(WORK_GRANTED),   NOTE(WORK_STARTED),
    NOTE(HISTORY_DURABLE),
#undef NOTE
    MUSTER_EVENT_RESTART,  MUSTER_EVENT_CRASH,  MUSTER_EVENT_RESUME,
};
#define MOMENTS (sizeof moments / sizeof moments[0])
#define OTHERS  3 /* the last of them are of any process */

static uint16_t draw_moment(const struct muster_plan *p, struct muster_random *r)
{
    uint32_t notes = 0;
    while (p->notes && p->notes[notes])
        notes++;
    if (!p->notes)
        return moments[muster_random_below(r, MOMENTS)];
    uint32_t i = (uint32_t)muster_random_below(r, notes + OTHERS);
    return i < notes ? (uint16_t)(MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM + i)
                     : moments[MOMENTS - OTHERS + (i - notes)];
}

/* Half of all times lie close behind another entry's: faults that meet are what hurts. */
static muster_time draw_time(const struct muster_plan *p, struct muster_random *r)
{
    muster_time at = muster_random_between(r, PLAN_FIRST, p->calm);
    if (p->count > 0 && muster_random_below(r, 2) == 0) {
        at = p->entry[muster_random_below(r, p->count)].at;
        at += draw_length(r, MUSTER_MICROSECOND, p->pace * 2);
    }
    at = at < PLAN_FIRST ? PLAN_FIRST : at;
    return at < p->calm ? at / MUSTER_MICROSECOND * MUSTER_MICROSECOND : p->calm;
}

void entry_draw_when(struct muster_plan_entry *e, const struct muster_plan *p,
                     const struct muster_plan_frame *f, struct muster_random *r)
{
    enum entry_kind kind = entry_kind(e->fault);
    e->at = draw_time(p, r);
    e->event = 0;
    e->whenever = false;
    e->until = e->then = e->lasts = 0;
    if (kind == ENTRY_LASTS || (kind == ENTRY_EITHER && muster_random_below(r, 2) == 0))
        e->lasts = draw_length(r, f->bounds.shortest, f->bounds.longest);
    if (muster_random_below(r, 3) != 0)
        return;
    e->event = draw_moment(p, r);
    e->whenever = kind == ENTRY_LASTS && muster_random_below(r, 4) == 0;
    if (muster_random_below(r, 2) == 0)
        e->then = draw_length(r, MUSTER_MICROSECOND, p->pace);
    e->until = p->calm;
}

bool entry_draw(struct muster_plan_entry *e, const struct muster_plan *p,
                const struct muster_plan_frame *f, uint32_t fault, struct muster_random *r)
{
    *e = (struct muster_plan_entry){.fault = (uint8_t)fault};
    entry_draw_when(e, p, f, r);
    return entry_draw_what(e, p, f, r);
}
