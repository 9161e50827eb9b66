/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual clocks: readings, the first instant of a reading, drift and steps. */
#include "sim/clock.h"

#include "sim/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void without_drift_a_reading_is_offset_plus_time(void **state)
{
    (void)state;
    struct muster_clock c = {0, 5 * MUSTER_SECOND, 0};
    assert_int_equal(muster_clock_read(&c, 0), 5 * MUSTER_SECOND);
    assert_int_equal(muster_clock_read(&c, 7), 5 * MUSTER_SECOND + 7);
    assert_int_equal(muster_clock_when(&c, 5 * MUSTER_SECOND + 7), 7);
    assert_int_equal(muster_clock_when(&c, 1), 0);
    assert_true(muster_clock_when(&c, MUSTER_NEVER) == MUSTER_NEVER);
}

static void drift_is_exact_over_a_million_seconds(void **state)
{
    (void)state;
    struct muster_clock fast = {0, 0, 500}, slow = {0, 0, -500};
    muster_time t = UINT64_C(1000000) * MUSTER_SECOND;
    assert_int_equal(muster_clock_read(&fast, t), t + 500 * MUSTER_SECOND);
    assert_int_equal(muster_clock_read(&slow, t), t - 500 * MUSTER_SECOND);
}

static void when_is_the_first_instant_that_reads_so(void **state)
{
    (void)state;
    struct muster_random r = {1};
    static const int32_t drifts[] = {-899999, -500000, -500, -1, 1, 3, 500, 100000, 899999};
    for (size_t i = 0; i < sizeof drifts / sizeof drifts[0]; i++)
        for (int n = 0; n < 2000; n++) {
            struct muster_clock c = {muster_random_below(&r, 1000),
                                     muster_random_below(&r, UINT64_C(1) << 40), drifts[i]};
            muster_time reading = c.base_reading + muster_random_below(&r, UINT64_C(1) << (n % 50));
            muster_time t = muster_clock_when(&c, reading);
            assert_true(muster_clock_read(&c, t) >= reading);
            assert_true(t == c.base_true || muster_clock_read(&c, t - 1) < reading);
        }
}

static void a_change_keeps_the_reading_but_for_its_step(void **state)
{
    (void)state;
    struct muster_clock c = {0, 100, 0};
    muster_clock_change(&c, 50, 0, 500);
    assert_int_equal(muster_clock_read(&c, 50), 150);
    muster_clock_change(&c, 50, 1000, 0);
    assert_int_equal(muster_clock_read(&c, 51), 1151);
    muster_clock_change(&c, 60, -5000, 0);
    assert_int_equal(muster_clock_read(&c, 60), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_drift_a_reading_is_offset_plus_time),
        cmocka_unit_test(drift_is_exact_over_a_million_seconds),
        cmocka_unit_test(when_is_the_first_instant_that_reads_so),
        cmocka_unit_test(a_change_keeps_the_reading_but_for_its_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
