/* SPDX-License-Identifier: Apache-2.0 */
/* The durable slots: the newest valid one counts, and damage is told from nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/coordinator/slot.h"

static uint8_t file[2 * MUSTER_SLOT_SIZE];

static struct muster_slot make(uint64_t sequence)
{
    struct muster_slot s;
    memset(&s, 0, sizeof s);
    s.sequence = sequence;
    s.cluster = 11;
    s.disk_high = 12;
    s.disk_low = 13;
    s.electorate = 14;
    s.epoch = 15;
    s.attempt = UINT64_MAX;
    s.known = 16;
    s.pause = (struct muster_pause){16, 17};
    return s;
}

static int set_up(void **state)
{
    (void)state;
    memset(file, 0, sizeof file);
    struct muster_slot a = make(4), b = make(5);
    muster_slot_encode(&a, file + muster_slot_offset(4));
    muster_slot_encode(&b, file + muster_slot_offset(5));
    return 0;
}

static int decode(struct muster_slot *s, size_t size)
{
    return muster_slot_decode(s, (struct muster_bytes){file, size});
}

static void newest_valid_slot_counts(void **state)
{
    (void)state;
    struct muster_slot s, b = make(5);
    assert_int_equal(decode(&s, sizeof file), 0);
    assert_memory_equal(&s, &b, sizeof s);
    struct muster_slot c = make(6);
    muster_slot_encode(&c, file);
    assert_int_equal(decode(&s, sizeof file), 0);
    assert_int_equal(s.sequence, 6);
}

/* Bytes 72 to 87 of slots of a version that knew no pause are zero. */
static void slot_without_a_pause_is_not_paused(void **state)
{
    (void)state;
    struct muster_slot s, old = make(6);
    old.pause = (struct muster_pause){0, 0};
    muster_slot_encode(&old, file);
    for (size_t i = 72; i < 120; i++)
        assert_int_equal(file[i], 0);
    assert_int_equal(decode(&s, sizeof file), 0);
    assert_memory_equal(&s, &old, sizeof s);
    assert_false(muster_pause_is_on(s.pause));
}

static void later_word_of_a_leader_and_any_word_of_a_later_leader_are_newer(void **state)
{
    (void)state;
    struct muster_pause none = {0, 0}, p = muster_pause_next(none, 3, true);
    assert_true(muster_pause_is_on(p) && muster_pause_is_newer(p, none));
    assert_false(muster_pause_is_newer(p, p));
    struct muster_pause again = muster_pause_next(p, 3, true), off = muster_pause_next(p, 3, false);
    assert_true(muster_pause_is_on(again) && muster_pause_is_newer(again, off));
    assert_true(!muster_pause_is_on(off) && muster_pause_is_newer(off, p));
    struct muster_pause later = muster_pause_next(again, 4, false);
    assert_true(!muster_pause_is_on(later) && muster_pause_is_newer(later, again));
    assert_true(muster_pause_is_newer(muster_pause_next(off, 4, true), again));
}

static void any_flipped_bit_falls_back_to_the_other_slot(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * MUSTER_SLOT_SIZE; bit++) {
        struct muster_slot s;
        uint8_t *at = file + MUSTER_SLOT_SIZE + bit / 8;
        *at ^= (uint8_t)(1 << bit % 8);
        /* The last word holds the checksum in 4 of its 8 bytes; none may differ. */
        assert_int_equal(decode(&s, sizeof file), 0);
        assert_int_equal(s.sequence, 4);
        *at ^= (uint8_t)(1 << bit % 8);
    }
}

static void torn_second_slot_costs_only_itself(void **state)
{
    (void)state;
    struct muster_slot s;
    for (size_t size = MUSTER_SLOT_SIZE; size < sizeof file; size++) {
        assert_int_equal(decode(&s, size), 0);
        assert_int_equal(s.sequence, 4);
    }
}

static void nothing_is_told_from_damage(void **state)
{
    (void)state;
    struct muster_slot s;
    assert_int_equal(decode(&s, 0), MUSTER_E_NOTFOUND);
    assert_int_equal(decode(&s, 20), MUSTER_E_CORRUPT);
    assert_int_equal(s.sequence, 0);
    memset(file, 0, sizeof file);
    assert_int_equal(decode(&s, sizeof file), MUSTER_E_NOTFOUND);
    file[200] = 1;
    assert_int_equal(decode(&s, sizeof file), MUSTER_E_CORRUPT);
}

static void slot_in_the_wrong_place_does_not_count(void **state)
{
    (void)state;
    struct muster_slot s, odd = make(7);
    memset(file, 0, sizeof file);
    muster_slot_encode(&odd, file);
    assert_int_equal(decode(&s, sizeof file), MUSTER_E_CORRUPT);
}

static void slots_alternate(void **state)
{
    (void)state;
    assert_int_equal(muster_slot_offset(2), 0);
    assert_int_equal(muster_slot_offset(3), MUSTER_SLOT_SIZE);
}

static void hash_tells_names_and_their_order_apart(void **state)
{
    (void)state;
    uint64_t ab = muster_slot_hash(MUSTER_SLOT_HASH_START, "ab", 2);
    uint64_t ba = muster_slot_hash(MUSTER_SLOT_HASH_START, "ba", 2);
    assert_true(ab != ba);
    assert_true(muster_slot_hash(MUSTER_SLOT_HASH_START, "", 0) == MUSTER_SLOT_HASH_START);
    assert_true(muster_slot_hash(MUSTER_SLOT_HASH_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(newest_valid_slot_counts, set_up),
        cmocka_unit_test_setup(slot_without_a_pause_is_not_paused, set_up),
        cmocka_unit_test(later_word_of_a_leader_and_any_word_of_a_later_leader_are_newer),
        cmocka_unit_test_setup(any_flipped_bit_falls_back_to_the_other_slot, set_up),
        cmocka_unit_test_setup(torn_second_slot_costs_only_itself, set_up),
        cmocka_unit_test_setup(nothing_is_told_from_damage, set_up),
        cmocka_unit_test_setup(slot_in_the_wrong_place_does_not_count, set_up),
        cmocka_unit_test(slots_alternate),
        cmocka_unit_test(hash_tells_names_and_their_order_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
