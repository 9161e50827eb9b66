/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrence: what is within the window counts, in bounded memory, and never too low. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/orchestrator/recurrence.h"
#include "core/text.h"

#define WINDOW (3600 * MUSTER_SECOND)

static struct muster_recurrence r;

static uint32_t add(muster_time now, const char *type)
{
    return muster_recurrence_add(&r, now, WINDOW, muster_text_bytes(type));
}

static uint32_t count(muster_time now, const char *type)
{
    return muster_recurrence_count(&r, now, WINDOW, muster_text_bytes(type));
}

static uint32_t add_numbered(muster_time now, uint32_t number)
{
    char type[16];
    snprintf(type, sizeof type, "type%u", number);
    return add(now, type);
}

static void types_count_apart(void **state)
{
    (void)state;
    muster_recurrence_init(&r);
    assert_int_equal(count(0, "power_fault"), 0);
    assert_int_equal(add(1, "power_fault"), 1);
    assert_int_equal(add(2, "comm_fault"), 1);
    assert_int_equal(add(3, "power_fault"), 2);
    assert_int_equal(count(3, "power_fault"), 2);
    assert_int_equal(count(3, "comm_fault"), 1);
    assert_int_equal(count(3, "power"), 0);
}

static void exactly_the_window_old_still_counts(void **state)
{
    (void)state;
    muster_recurrence_init(&r);
    (void)add(7, "power_fault");
    (void)add(8, "power_fault");
    assert_int_equal(count(7 + WINDOW, "power_fault"), 2);
    assert_int_equal(count(8 + WINDOW, "power_fault"), 1);
    assert_int_equal(count(9 + WINDOW, "power_fault"), 0);
    assert_int_equal(add(9 + WINDOW, "power_fault"), 1);
}

static void counts_saturate_and_the_ring_goes_round(void **state)
{
    (void)state;
    muster_recurrence_init(&r);
    for (uint32_t i = 1; i <= 3 * MUSTER_RECURRENCE_TIMES_MAX; i++) {
        uint32_t expected = i < MUSTER_RECURRENCE_TIMES_MAX ? i : MUSTER_RECURRENCE_TIMES_MAX;
        assert_int_equal(add(i * MUSTER_SECOND, "power_fault"), expected);
    }
    /* The newest 32 are those of 65 s to 96 s. */
    assert_int_equal(count(65 * MUSTER_SECOND + WINDOW, "power_fault"), 32);
    assert_int_equal(count(66 * MUSTER_SECOND + WINDOW, "power_fault"), 31);
    assert_int_equal(count(96 * MUSTER_SECOND + WINDOW, "power_fault"), 1);
    assert_int_equal(count(97 * MUSTER_SECOND + WINDOW, "power_fault"), 0);
}

static void types_beyond_the_slots_count_together(void **state)
{
    (void)state;
    muster_recurrence_init(&r);
    for (uint32_t i = 0; i < MUSTER_RECURRENCE_TYPES_MAX; i++)
        assert_int_equal(add_numbered(i, i), 1);
    assert_int_equal(add(100, "one_more"), 1);
    assert_int_equal(add(101, "yet_another"), 2);
    assert_int_equal(add(102, "one_more"), 3);
    assert_int_equal(count(102, "never_seen"), 3);
    assert_int_equal(add_numbered(103, 0), 2);
    assert_int_equal(add_numbered(103, 31), 2);
}

static void forgotten_type_gives_its_slot_and_the_heir_keeps_what_was_shared(void **state)
{
    (void)state;
    muster_recurrence_init(&r);
    (void)add_numbered(0, 0);
    for (uint32_t i = 1; i < MUSTER_RECURRENCE_TYPES_MAX; i++)
        (void)add_numbered(10, i);
    assert_int_equal(add(WINDOW - 1, "one_more"), 1);
    assert_int_equal(add(WINDOW, "one_more"), 2); /* type0 is exactly the window old */
    assert_int_equal(add(WINDOW + 1, "one_more"), 3);
    assert_string_equal(r.slot[0].type, "one_more");
    assert_int_equal(add(WINDOW + 2, "yet_another"), 3); /* the shared two, and itself */
    assert_int_equal(count(WINDOW + 2, "one_more"), 3);
    assert_int_equal(count(2 * WINDOW + 1, "one_more"), 1);
}

static void what_is_no_name_is_shared(void **state)
{
    (void)state;
    static const uint8_t nul[] = {'a', 0, 'b'};
    const struct muster_bytes with_nul = {nul, sizeof nul};
    muster_recurrence_init(&r);
    assert_int_equal(add(1, ""), 1);
    assert_int_equal(add(2, "a_name_of_exactly_32_bytes_is_too"), 2);
    assert_int_equal(muster_recurrence_add(&r, 3, WINDOW, with_nul), 3);
    assert_int_equal(muster_recurrence_count(&r, 3, WINDOW, with_nul), 3);
    assert_int_equal(muster_recurrence_add(&r, 4, WINDOW, (struct muster_bytes){NULL, 0}), 4);
    assert_string_equal(r.slot[0].type, "");
    assert_int_equal(r.slot[0].count, 0);
    assert_int_equal(add(5, "a_name_of_exactly_31_bytes_fits"), 5); /* may have been shared */
    assert_string_equal(r.slot[0].type, "a_name_of_exactly_31_bytes_fits");
}

static void flood_of_types_hides_none(void **state)
{
    (void)state;
    muster_recurrence_init(&r);
    (void)add(0, "power_fault");
    for (uint32_t i = 0; i < 10000; i++)
        (void)add_numbered(i * MUSTER_MILLISECOND, i);
    assert_int_equal(add(10 * MUSTER_SECOND, "power_fault"), 2);
    assert_int_equal(add(11 * MUSTER_SECOND, "new_fault"), MUSTER_RECURRENCE_TIMES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_count_apart),
        cmocka_unit_test(exactly_the_window_old_still_counts),
        cmocka_unit_test(counts_saturate_and_the_ring_goes_round),
        cmocka_unit_test(types_beyond_the_slots_count_together),
        cmocka_unit_test(forgotten_type_gives_its_slot_and_the_heir_keeps_what_was_shared),
        cmocka_unit_test(what_is_no_name_is_shared),
        cmocka_unit_test(flood_of_types_hides_none),
    };
    return cmocka_run_group_tests_name("recurrence", tests, NULL, NULL);
}
