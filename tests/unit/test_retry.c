/* SPDX-License-Identifier: Apache-2.0 */
/* Retries: how many, bounds that are kept and reached, and waits that are spread evenly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/orchestrator/retry.h"

#define F         MUSTER_JITTER_FULL
#define E         MUSTER_JITTER_EQUAL
#define D         MUSTER_JITTER_DECORRELATED
#define MS(count) ((muster_dur)(count)*MUSTER_MILLISECOND)

static struct muster_retry made(uint32_t max_attempts, muster_dur base, muster_dur cap,
                                enum muster_jitter jitter, uint64_t seed)
{
    struct muster_retry_config cfg = {max_attempts, base, cap, jitter};
    struct muster_retry r;
    muster_retry_init(&r, &cfg, seed);
    return r;
}

static muster_dur waited(struct muster_retry *r, uint32_t attempt)
{
    muster_dur wait = MUSTER_NEVER;
    assert_true(muster_retry_wait(r, attempt, &wait));
    assert_true(wait <= r->cfg.cap);
    return wait;
}

static void defaults_are_those_of_the_spec(void **state)
{
    (void)state;
    struct muster_retry_config cfg;
    muster_retry_defaults(&cfg);
    assert_null(muster_retry_check(&cfg));
    assert_int_equal(cfg.max_attempts, 3);
    assert_int_equal(cfg.base, MS(500));
    assert_int_equal(cfg.cap, MS(8000));
    assert_int_equal(cfg.jitter, F);
}

static void there_are_max_attempts_and_no_more(void **state)
{
    (void)state;
    for (int jitter = F; jitter <= D; jitter++) {
        for (uint32_t most = 1; most <= 4; most++) {
            struct muster_retry r = made(most, 10, 80, (enum muster_jitter)jitter, 1);
            for (uint32_t attempt = 1; attempt <= most; attempt++)
                waited(&r, attempt);
            muster_dur untouched = 77;
            struct muster_retry before = r;
            assert_false(muster_retry_wait(&r, most + 1, &untouched));
            assert_false(muster_retry_wait(&r, UINT32_MAX, &untouched));
            assert_int_equal(untouched, 77);
            assert_int_equal(r.random.state, before.random.state);
            assert_int_equal(r.last, before.last);
        }
    }
}

static void first_attempt_goes_at_once_and_draws_nothing(void **state)
{
    (void)state;
    struct muster_retry r = made(3, 10, 80, D, 5);
    assert_int_equal(waited(&r, 1), 0);
    assert_int_equal(r.random.state, 5);
}

/* The least and the greatest of many waits before one attempt, each at the end of a series. */
static void range_of(struct muster_retry *r, uint32_t attempt, muster_dur *ret_least,
                     muster_dur *ret_most)
{
    *ret_least = MUSTER_NEVER;
    *ret_most = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        muster_dur wait = 0;
        for (uint32_t n = 1; n <= attempt; n++)
            wait = waited(r, n);
        *ret_least = muster_time_min(*ret_least, wait);
        *ret_most = muster_time_max(*ret_most, wait);
    }
}

static void bounds_are_kept_and_both_ends_reached(void **state)
{
    (void)state;
    static const struct {
        enum muster_jitter jitter;
        muster_dur base, cap;
        uint32_t attempt;
        muster_dur least, most;
    } rows[] = {
        {F, 5, 35, 2, 0, 5},   {F, 5, 35, 3, 0, 10},
        {F, 5, 35, 4, 0, 20},  {F, 5, 35, 5, 0, 35}, /* not 40: the cap */
        {F, 5, 35, 6, 0, 35},  {F, 1, 1, 2, 0, 1},
        {E, 5, 35, 2, 2, 5}, /* of an odd ceiling the half is rounded down */
        {E, 5, 35, 3, 5, 10},  {E, 5, 35, 4, 10, 20},
        {E, 5, 35, 5, 17, 35}, {E, 5, 35, 6, 17, 35},
        {E, 1, 1, 2, 0, 1},    {D, 5, 35, 2, 5, 15},
        {D, 5, 35, 3, 5, 35}, /* not 45 */
        {D, 5, 35, 6, 5, 35},  {D, 1, 1, 2, 1, 1},
        {D, 7, 7, 5, 7, 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        muster_dur least, most;
        struct muster_retry r = made(10, rows[i].base, rows[i].cap, rows[i].jitter, i);
        range_of(&r, rows[i].attempt, &least, &most);
        assert_int_equal(least, rows[i].least);
        assert_int_equal(most, rows[i].most);
    }
}

static void decorrelated_wait_is_bounded_by_three_times_the_last(void **state)
{
    (void)state;
    struct muster_retry r = made(1000, 10, 100000, D, 3);
    muster_dur last = 10;
    uint32_t shorter = 0;
    waited(&r, 1);
    for (uint32_t n = 2; n <= 1000; n++) {
        muster_dur wait = waited(&r, n);
        assert_in_range(wait, 10, last * 3);
        shorter += wait < last;
        last = wait;
    }
    assert_in_range(shorter, 200, 500); /* it goes down as well */
    waited(&r, 1);
    assert_in_range(waited(&r, 2), 10, 30); /* a new series has forgotten */
}

/* Waits before an attempt, counted in BINS equal parts of [low, high]; none is far from its share:
 * chi-square with 15 degrees of freedom exceeds 37.7 once in a thousand seeds; ours is fixed. */
#define BINS  16
#define DRAWS 160000

static void assert_even(enum muster_jitter jitter, uint32_t attempt, muster_dur low,
                        muster_dur high)
{
    struct muster_retry r = made(5, MS(500), MS(8000), jitter, 42);
    uint64_t bin[BINS] = {0};
    uint64_t sum = 0; /* of the squares */
    for (uint32_t i = 0; i < DRAWS; i++) {
        waited(&r, 1);
        muster_dur wait = waited(&r, attempt);
        assert_in_range(wait, low, high);
        bin[(wait - low) * BINS / (high - low + 1)]++;
    }
    for (uint32_t i = 0; i < BINS; i++) {
        uint64_t share = DRAWS / BINS;
        uint64_t away = bin[i] > share ? bin[i] - share : share - bin[i];
        sum += away * away;
    }
    assert_true(sum * 10 < 377 * (DRAWS / BINS));
}

static void waits_are_spread_evenly(void **state)
{
    (void)state;
    assert_even(F, 2, 0, MS(500));
    assert_even(F, 3, 0, MS(1000));
    assert_even(F, 5, 0, MS(4000)); /* above 2^32 ns the generator goes another way: next */
    assert_even(E, 2, MS(250), MS(500));
    assert_even(E, 5, MS(2000), MS(4000));
    assert_even(D, 2, MS(500), MS(1500));
    struct muster_retry r = made(6, MS(8000), MS(8000), F, 1);
    muster_dur least, most;
    range_of(&r, 2, &least, &most);
    assert_in_range(least, 0, MS(10));
    assert_in_range(most, MS(7990), MS(8000));
}

static void same_seed_same_waits_other_seed_others(void **state)
{
    (void)state;
    struct muster_retry a = made(50, MS(500), MS(8000), F, 9);
    struct muster_retry b = made(50, MS(500), MS(8000), F, 9);
    struct muster_retry c = made(50, MS(500), MS(8000), F, 10);
    uint32_t equal = 0;
    for (uint32_t n = 2; n <= 50; n++) {
        muster_dur wait = waited(&a, n);
        assert_int_equal(waited(&b, n), wait);
        equal += waited(&c, n) == wait;
    }
    assert_int_equal(equal, 0);
}

static void greatest_values_do_not_wrap(void **state)
{
    (void)state;
    for (int jitter = F; jitter <= D; jitter++) {
        struct muster_retry r = made(MUSTER_RETRY_ATTEMPTS_MAX, MUSTER_INTEGER_MAX - 1,
                                     MUSTER_INTEGER_MAX, (enum muster_jitter)jitter, 4);
        muster_dur most = 0;
        for (uint32_t n = 1; n < 2000; n++)
            most = muster_time_max(most, waited(&r, n));
        assert_in_range(most, MUSTER_INTEGER_MAX / 100 * 99, MUSTER_INTEGER_MAX);
        waited(&r, MUSTER_RETRY_ATTEMPTS_MAX);
        r = made(MUSTER_RETRY_ATTEMPTS_MAX, 1, MUSTER_INTEGER_MAX, (enum muster_jitter)jitter, 4);
        waited(&r, 64);
        waited(&r, 65);
        waited(&r, MUSTER_RETRY_ATTEMPTS_MAX);
    }
    struct muster_retry r = made(100, 1, MUSTER_INTEGER_MAX, E, 4); /* 2^52, then the cap */
    assert_in_range(waited(&r, 54), UINT64_C(1) << 51, UINT64_C(1) << 52);
    assert_in_range(waited(&r, 55), MUSTER_INTEGER_MAX / 2, MUSTER_INTEGER_MAX);
    assert_in_range(waited(&r, 100), MUSTER_INTEGER_MAX / 2, MUSTER_INTEGER_MAX);
}

static void each_bound_of_the_config_is_named(void **state)
{
    (void)state;
    static const struct muster_retry_config good[] = {
        {1, 1, 1, F},
        {MUSTER_RETRY_ATTEMPTS_MAX, MUSTER_INTEGER_MAX, MUSTER_INTEGER_MAX, D},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_null(muster_retry_check(&good[i]));
    static const struct {
        struct muster_retry_config cfg;
        const char *field;
    } bad[] = {
        {{0, 1, 1, F}, "max_attempts"},
        {{MUSTER_RETRY_ATTEMPTS_MAX + 1, 1, 1, F}, "max_attempts"},
        {{1, 1, MUSTER_INTEGER_MAX + 1, F}, "cap"},
        {{1, 1, MUSTER_NEVER, F}, "cap"},
        {{1, 0, 1, F}, "base"},
        {{1, 0, 0, F}, "base"},
        {{1, 2, 1, F}, "base"},
        {{1, 1, 1, (enum muster_jitter)(D + 1)}, "jitter"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_string_equal(muster_retry_check(&bad[i].cfg), bad[i].field);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_spec),
        cmocka_unit_test(there_are_max_attempts_and_no_more),
        cmocka_unit_test(first_attempt_goes_at_once_and_draws_nothing),
        cmocka_unit_test(bounds_are_kept_and_both_ends_reached),
        cmocka_unit_test(decorrelated_wait_is_bounded_by_three_times_the_last),
        cmocka_unit_test(waits_are_spread_evenly),
        cmocka_unit_test(same_seed_same_waits_other_seed_others),
        cmocka_unit_test(greatest_values_do_not_wrap),
        cmocka_unit_test(each_bound_of_the_config_is_named),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
