/* SPDX-License-Identifier: Apache-2.0 */
/* Limits in random sequences, restarts among them, against a list that forgets nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/orchestrator/limits.h"
#include "core/random.h"

#define HOUR (3600 * MUSTER_SECOND)
#define DAY  (24 * HOUR)

#define ACTIONS   MUSTER_LIMIT_ACTIONS
#define SAFE_MODE MUSTER_LIMIT_SAFE_MODE
#define NONE      MUSTER_LIMIT_NONE

/* When each was started, on a clock of its own, in no order and for ever. */
#define EVENTS 1024

struct reference {
    int64_t at[MUSTER_LIMIT_COUNT][EVENTS];
    uint32_t count[MUSTER_LIMIT_COUNT];
    uint32_t max[MUSTER_LIMIT_COUNT];
};

static const int64_t window_of[MUSTER_LIMIT_COUNT] = {(int64_t)HOUR, (int64_t)DAY};

static void remember(struct reference *r, int limit, int64_t at)
{
    assert_true(r->count[limit] < EVENTS);
    r->at[limit][r->count[limit]++] = at;
}

static uint32_t in_window(const struct reference *r, int limit, int64_t now)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->count[limit]; i++)
        count += r->at[limit][i] > now - window_of[limit];
    return count;
}

/* The first moment from now on with room: now, or when one of them leaves. */
static int64_t free_from(const struct reference *r, int limit, int64_t now)
{
    int64_t first = INT64_MAX;
    if (in_window(r, limit, now) < r->max[limit])
        return now;
    for (uint32_t i = 0; i < r->count[limit]; i++) {
        int64_t leaves = r->at[limit][i] + window_of[limit];
        if (leaves > now && leaves < first && in_window(r, limit, leaves) < r->max[limit])
            first = leaves;
    }
    return first;
}

static void assert_agrees(const struct reference *r, const struct muster_limits *l, int64_t now)
{
    int64_t free_at[MUSTER_LIMIT_COUNT];
    for (int limit = 0; limit < MUSTER_LIMIT_COUNT; limit++) {
        free_at[limit] = free_from(r, limit, now);
        uint32_t used = in_window(r, limit, now);
        assert_int_equal(muster_limits_used(l, (muster_time)now, (enum muster_limit)limit),
                         used < MUSTER_LIMIT_MAX ? used : MUSTER_LIMIT_MAX);
    }
    struct muster_limit_answer a = muster_limits_ask(l, (muster_time)now, false);
    assert_int_equal(a.limit, free_at[ACTIONS] > now ? ACTIONS : NONE);
    assert_int_equal(a.until, free_at[ACTIONS] > now ? free_at[ACTIONS] : 0);
    int64_t both = free_at[ACTIONS] > free_at[SAFE_MODE] ? free_at[ACTIONS] : free_at[SAFE_MODE];
    a = muster_limits_ask(l, (muster_time)now, true);
    assert_int_equal(a.limit != NONE, both > now);
    assert_int_equal(a.until, both > now ? both : 0);
    if (a.limit != NONE)
        assert_int_equal(free_at[a.limit], both);
}

/* A restart: another clock, and whole milliseconds of age. */
static void restart(struct reference *r, struct muster_limits *l, int64_t *now, int64_t clock)
{
    char room[MUSTER_LIMITS_TEXT_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_limits_export(l, (muster_time)*now, &t);
    struct muster_limits_config cfg = l->cfg;
    muster_limits_init(l, &cfg);
    assert_true(muster_limits_import(l, (muster_time)clock, 0, muster_text_written(&t)));
    for (int limit = 0; limit < MUSTER_LIMIT_COUNT; limit++)
        for (uint32_t i = 0; i < r->count[limit]; i++) {
            int64_t age = *now - r->at[limit][i];
            int64_t rounding = age < window_of[limit] ? age % (int64_t)MUSTER_MILLISECOND : 0;
            r->at[limit][i] = clock - (age - rounding);
        }
    *now = clock;
}

static int64_t some_time(struct muster_random *random)
{
    static const int64_t steps[] = {0, 1, 999999, 1000000, 1000001};
    const int64_t parts[] = {(int64_t)HOUR / 7, (int64_t)HOUR / 2, (int64_t)HOUR, (int64_t)DAY / 3,
                             (int64_t)DAY};
    int64_t t = steps[muster_random_below(random, 5)];
    if (muster_random_chance(random, 600000))
        t += parts[muster_random_below(random, muster_random_chance(random, 200000) ? 5 : 3)] - 1;
    return t;
}

static void run_sequence(uint64_t seed, uint32_t *stopped)
{
    struct muster_random random = {seed};
    struct reference r = {.max = {(uint32_t)muster_random_between(&random, 1, 12)}};
    r.max[SAFE_MODE] = (uint32_t)muster_random_between(&random, 1, 6);
    struct muster_limits_config cfg = {r.max[ACTIONS], r.max[SAFE_MODE]};
    struct muster_limits l;
    muster_limits_init(&l, &cfg);
    int64_t now = some_time(&random);
    uint64_t honest = muster_random_below(&random, 2); /* only starts what may */
    for (uint32_t step = 0; step < 100; step++) {
        uint64_t what = muster_random_below(&random, 20);
        bool safe_mode = muster_random_chance(&random, 300000);
        if (what < 8) {
            now += some_time(&random);
        } else if (what < 17) {
            bool may = muster_limits_ask(&l, (muster_time)now, safe_mode).limit == NONE;
            *stopped += !may;
            if (honest && !may)
                continue;
            muster_limits_count(&l, (muster_time)now, safe_mode);
            remember(&r, ACTIONS, now);
            if (safe_mode)
                remember(&r, SAFE_MODE, now);
        } else if (what < 19) {
            int64_t age = some_time(&random);
            bool unknown = muster_random_chance(&random, 200000);
            muster_limits_inherit(&l, (muster_time)now, safe_mode ? SAFE_MODE : ACTIONS,
                                  unknown ? MUSTER_NEVER : (muster_dur)age);
            remember(&r, safe_mode ? SAFE_MODE : ACTIONS, unknown ? now : now - age);
        } else {
            restart(&r, &l, &now, some_time(&random));
        }
        assert_agrees(&r, &l, now);
    }
}

static void random_sequences_are_those_of_the_reference(void **state)
{
    (void)state;
    uint32_t stopped = 0;
    for (uint64_t seed = 0; seed < 5000; seed++)
        run_sequence(seed, &stopped);
    assert_true(stopped > 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_sequences_are_those_of_the_reference),
    };
    return cmocka_run_group_tests_name("limits_model", tests, NULL, NULL);
}
