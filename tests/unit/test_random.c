/* SPDX-License-Identifier: Apache-2.0 */
/* The generator: the published sequence, and bounds that are kept and reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/random.h"

static void sequence_is_that_of_splitmix64(void **state)
{
    (void)state;
    /* The first outputs of the reference implementation for this seed (Vigna, splitmix64.c). */
    static const uint64_t expected[] = {UINT64_C(6457827717110365317),
                                        UINT64_C(3203168211198807973),
                                        UINT64_C(9817491932198370423),
                                        UINT64_C(4593380528125082431),
                                        UINT64_C(16408922859458223821)};
    struct muster_random r = {1234567};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_true(muster_random_next(&r) == expected[i]);
}

static void bounds_are_kept_and_reached(void **state)
{
    (void)state;
    struct muster_random r = {1};
    bool low = false, high = false;
    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t v = muster_random_between(&r, 5, 8);
        assert_in_range(v, 5, 8);
        low = low || v == 5;
        high = high || v == 8;
    }
    assert_true(low && high);
    assert_int_equal(muster_random_between(&r, 7, 7), 7);
    assert_int_equal(muster_random_between(&r, 7, 6), 7);
    assert_int_equal(muster_random_below(&r, 1), 0);
    bool upper_half = false;
    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t v = muster_random_below(&r, UINT64_MAX);
        assert_true(v < UINT64_MAX);
        upper_half = upper_half || v > UINT64_MAX / 2;
        assert_true(muster_random_below(&r, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
    }
    assert_true(upper_half);
}

static void chance_is_a_ratio(void **state)
{
    (void)state;
    struct muster_random r = {2};
    uint32_t hits = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        assert_false(muster_random_chance(&r, 0));
        assert_true(muster_random_chance(&r, MUSTER_PPM));
        hits += muster_random_chance(&r, 250000);
    }
    assert_in_range(hits, 24500, 25500); /* 3.6 standard deviations; the seed is fixed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequence_is_that_of_splitmix64),
        cmocka_unit_test(bounds_are_kept_and_reached),
        cmocka_unit_test(chance_is_a_ratio),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
