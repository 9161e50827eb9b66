/* SPDX-License-Identifier: Apache-2.0 */
/* Weighted rendezvous hashing: shares by weight, little movement, the same everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/coordinator/work_choose.h"

#define ITEMS 20000
#define ONE   (UINT64_C(1) << 24)

static const struct muster_work_candidate five[] = {
    {"n1", MUSTER_PPM}, {"n2", MUSTER_PPM}, {"n3", MUSTER_PPM}, {"n4", MUSTER_PPM}, {"n5", 500000},
};

static uint32_t choose(uint32_t item, const struct muster_work_candidate *candidate, uint32_t count)
{
    char id[32];
    snprintf(id, sizeof id, "item-%u", item);
    return muster_work_rendezvous.choose(id, candidate, count);
}

static void count(const struct muster_work_candidate *candidate, uint32_t n, uint32_t share[])
{
    for (uint32_t i = 0; i < n; i++)
        share[i] = 0;
    for (uint32_t i = 0; i < ITEMS; i++)
        share[choose(i, candidate, n)]++;
}

static void logarithm_of_a_power_of_two_is_exact(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(muster_work_neglog2(UINT64_C(1) << i), (64 - i) * ONE);
    assert_int_equal(muster_work_neglog2(0), 64 * ONE);
    assert_int_equal(muster_work_neglog2(UINT64_MAX), 1); /* never 0: it divides */
}

static void logarithm_falls_and_is_right_to_six_digits(void **state)
{
    static const struct {
        uint64_t u, log; /* of u / 2^64, rounded, in units of 2^-24 */
    } known[] = {
        {UINT64_C(13835058055282163712), 6963174}, /* 3/4 */
        {UINT64_C(5534023222112865484), 29141447}, /* 3/10 */
        {UINT64_C(184467440737095516), 111465410}, /* 1/100 */
    };
    (void)state;
    for (uint32_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_in_range(muster_work_neglog2(known[i].u), known[i].log - 16, known[i].log + 16);
    uint64_t before = muster_work_neglog2(1);
    for (uint64_t u = 1; u < UINT64_MAX / 3; u = u * 2 + u / 2 + 1) {
        assert_true(muster_work_neglog2(u) <= before);
        before = muster_work_neglog2(u);
    }
}

static void equal_weights_have_equal_shares(void **state)
{
    uint32_t share[4];
    (void)state;
    count(five, 4, share);
    for (uint32_t i = 0; i < 4; i++)
        assert_in_range(share[i], ITEMS / 4 - ITEMS / 50, ITEMS / 4 + ITEMS / 50);
}

static void half_the_weight_has_half_the_share(void **state)
{
    uint32_t share[5];
    (void)state;
    count(five, 5, share);
    for (uint32_t i = 0; i < 4; i++) /* 1 of 4.5 */
        assert_in_range(share[i], ITEMS * 2 / 9 - ITEMS / 50, ITEMS * 2 / 9 + ITEMS / 50);
    assert_in_range(share[4], ITEMS / 9 - ITEMS / 50, ITEMS / 9 + ITEMS / 50);
}

static void who_leaves_gives_up_only_its_own(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t before = choose(i, five, 5);
        struct muster_work_candidate left[4];
        for (uint32_t j = 0, n = 0; j < 5; j++)
            if (j != 2)
                left[n++] = five[j];
        uint32_t after = choose(i, left, 4);
        if (before != 2)
            assert_string_equal(left[after].name, five[before].name);
    }
}

static void who_weakens_gives_up_and_nobody_else_does(void **state)
{
    struct muster_work_candidate weaker[5];
    uint32_t moved = 0;
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        weaker[i] = five[i];
    weaker[1].weight = 600000;
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t before = choose(i, five, 5), after = choose(i, weaker, 5);
        assert_true(before == after || before == 1);
        moved += before != after;
    }
    /* from 1 of 4.5 to 0.6 of 4.1 */
    assert_in_range(moved, ITEMS * 6 / 100, ITEMS * 10 / 100);
}

static void order_of_the_candidates_does_not_matter(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        struct muster_work_candidate turned[5];
        for (uint32_t j = 0; j < 5; j++)
            turned[j] = five[4 - j];
        assert_int_equal(choose(i, five, 5), 4 - choose(i, turned, 5));
    }
}

static void only_one_is_chosen_whatever_its_weight(void **state)
{
    const struct muster_work_candidate one = {"n1", 1};
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(choose(i, &one, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithm_of_a_power_of_two_is_exact),
        cmocka_unit_test(logarithm_falls_and_is_right_to_six_digits),
        cmocka_unit_test(equal_weights_have_equal_shares),
        cmocka_unit_test(half_the_weight_has_half_the_share),
        cmocka_unit_test(who_leaves_gives_up_only_its_own),
        cmocka_unit_test(who_weakens_gives_up_and_nobody_else_does),
        cmocka_unit_test(order_of_the_candidates_does_not_matter),
        cmocka_unit_test(only_one_is_chosen_whatever_its_weight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
