/* SPDX-License-Identifier: Apache-2.0 */
/* A member while one electorate gives way to the next (R8): n4 takes the place of n3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/door.h"

#define S(seconds) ((seconds)*MUSTER_SECOND)

static struct door *d;
static uint64_t before; /* digest of the electorate before */

static void open_as(uint32_t index)
{
    d = door_open(&(struct door_options){.index = index, .members = 4, .peers_vote = true});
    d->place.generation = 2;
    d->place.joining = 8;
    d->place.leaving = 4;
    d->electorate = muster_electorate_digest(&d->place, MUSTER_ELECTORATE_NOW);
    before = muster_electorate_digest(&d->place, MUSTER_ELECTORATE_BEFORE);
}

static int set_up(void **state)
{
    (void)state;
    open_as(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

static void put_slot(uint64_t electorate, uint64_t generation, uint64_t settled)
{
    struct muster_slot s = {.sequence = 4,
                            .electorate = electorate,
                            .generation = generation,
                            .settled = settled,
                            .epoch = 6,
                            .attempt = 0xaa,
                            .known = 7};
    s.cluster = muster_slot_hash(MUSTER_SLOT_HASH_START, "muster", 6);
    memset(d->disk, 0, sizeof d->disk);
    muster_slot_encode(&s, d->disk + muster_slot_offset(s.sequence));
    d->disk_size = 2 * MUSTER_SLOT_SIZE;
}

static struct muster_slot slot(void)
{
    struct muster_slot s;
    assert_int_equal(muster_slot_decode(&s, (struct muster_bytes){d->disk, d->disk_size}), 0);
    return s;
}

static struct muster_member_record own(void)
{
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    return r;
}

static void state_of_the_electorate_before_is_taken_over_with_its_promise(void **state)
{
    (void)state;
    put_slot(before, 0, 0); /* from before there were generations */
    door_start(d, true);
    door_wait(d, S(14));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_ELECTORATE_HELD);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[0], 2);
    assert_true(e->effect.arg[1] == d->electorate);
    assert_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
    assert_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    assert_true(door_says(d, "promise=6 known=7 fit=yes"));
    struct muster_slot s = slot();
    assert_int_equal(s.sequence, 5);
    assert_int_equal(s.generation, 2);
    assert_true(s.electorate == d->electorate);
    assert_int_equal(s.settled, 0);
    assert_int_equal(s.attempt, 0xaa);
    struct muster_member_record r = own();
    assert_true(r.electorate == d->electorate);
    assert_int_equal(r.generation, 2);
    assert_int_equal(r.settled, 0);
    assert_int_equal(r.state, MUSTER_MEMBER_ACTIVE);
}

static void voter_is_not_fit_until_the_disk_holds_the_next_electorate(void **state)
{
    (void)state;
    put_slot(before, 1, 1);
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_LOSE;
    door_start(d, false);
    door_wait(d, S(13));
    assert_true(door_says(d, "fit=no"));
    assert_int_equal(own().state, MUSTER_MEMBER_UNFIT);
    door_command(d, MUSTER_VERB_VOTER_INIT, "floor=100"); /* it has a state */
    assert_int_equal(door_note(d, MUSTER_NOTE_VOTER_INIT_REFUSED)->effect.arg[0],
                     MUSTER_INIT_NEEDLESS);
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_NORMAL;
    door_wait(d, S(2));
    assert_int_equal(door_notes(d, MUSTER_NOTE_ELECTORATE_HELD), 1);
    assert_true(door_says(d, "promise=6 known=7 fit=yes"));
    assert_true(slot().sequence > 5);
}

static void voter_does_not_go_back(void **state)
{
    (void)state;
    put_slot(d->electorate, 2, 2);
    d->place.generation = d->place.joining = d->place.leaving = 0;
    d->place.voters = 3;
    d->electorate = before;
    door_start(d, false);
    door_wait(d, S(2));
    assert_non_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
}

static void electorate_before_is_needed_until_the_change_is_settled(void **state)
{
    (void)state;
    for (uint64_t settled = 0; settled <= 2; settled += 2) {
        door_close(d);
        d = door_open(&(struct door_options){.members = 4, .voters = 3});
        d->place.generation = 2;
        put_slot(muster_electorate_digest(&d->place, MUSTER_ELECTORATE_NOW), 2, settled);
        door_start(d, false);
        door_wait(d, S(2));
        assert_int_equal(door_notes(d, MUSTER_NOTE_VOTER_UNFIT), settled == 0);
    }
}

static void first_state_of_a_later_generation_is_settled(void **state)
{
    (void)state;
    door_close(d);
    d = door_open(&(struct door_options){.members = 3});
    d->place.generation = 5;
    door_start(d, true);
    door_wait(d, S(2));
    assert_int_equal(slot().generation, 5);
    assert_int_equal(slot().settled, 5);
}

static void that_it_is_settled_is_learnt_said_and_kept(void **state)
{
    (void)state;
    put_slot(d->electorate, 2, 0);
    door_start(d, false);
    door_wait(d, S(12));
    assert_int_equal(own().settled, 0);
    d->peer[3].settled = 2;
    door_wait(d, S(2));
    assert_int_equal(door_notes(d, MUSTER_NOTE_ELECTORATE_SETTLED), 1);
    assert_int_equal(own().settled, 2);
    assert_int_equal(slot().settled, 2);
    assert_int_equal(slot().attempt, 0xaa);
    d->peer[3].settled = 0;
    door_start(d, false);
    door_wait(d, S(14));
    assert_int_equal(own().settled, 2);
    assert_int_equal(door_notes(d, MUSTER_NOTE_ELECTORATE_SETTLED), 1); /* it is no news */
}

static void leader_of_both_electorates_settles_the_change(void **state)
{
    (void)state;
    put_slot(d->electorate, 2, 0);
    d->peer[1].up = false; /* n1 and n3 of the old, n1 and n4 of the new */
    door_start(d, false);
    door_wait(d, S(18));
    assert_true(door_says(d, "lease=leading"));
    assert_int_equal(door_notes(d, MUSTER_NOTE_ELECTORATE_SETTLED), 1);
    assert_int_equal(slot().settled, 2);
}

static void half_of_a_change_leads_nobody(void **state)
{
    (void)state;
    put_slot(d->electorate, 2, 0);
    d->peer[1].up = d->peer[2].up = false; /* n1 and n4: a majority of the new alone */
    door_start(d, false);
    door_wait(d, S(60));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    assert_non_null(door_note(d, MUSTER_NOTE_ACQUIRED));
}

static void only_voters_of_the_new_electorate_decide(void **state)
{
    (void)state;
    put_slot(d->electorate, 2, 2);
    d->peer[2].mode = MUSTER_MODE_SAFE; /* it has left */
    door_start(d, false);
    door_wait(d, S(30));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_CONSENSUS);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[2], MUSTER_OUTCOME_DECIDED);
    assert_int_equal(e->effect.arg[3], 3);
    d->peer[3].electorate_off = 1;
    door_wait(d, S(10));
    assert_int_equal(door_note(d, MUSTER_NOTE_CONSENSUS)->effect.arg[3], 3); /* the same answer */
    assert_true(door_says(d, "lease=leading"));
}

static void two_voters_are_counted_of_the_new_electorate(void **state)
{
    (void)state;
    d->place.voters = 3;
    d->place.joining = 0; /* n3 leaves three */
    door_start(d, false);
    assert_int_equal(door_notes(d, MUSTER_NOTE_TWO_VOTERS), 1);
}

/* ---- voter-init while the electorate changes ---- */

static void init(void)
{
    door_start(d, false);
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_VOTER_INIT, "floor=100");
    door_wait(d, S(50));
}

static void who_joins_hears_voters_of_either_electorate(void **state)
{
    (void)state;
    door_close(d);
    open_as(3);
    d->peer[0].electorate_off = d->peer[1].electorate_off = before - d->electorate;
    d->peer[2].up = false;
    init();
    assert_non_null(door_note(d, MUSTER_NOTE_VOTER_INITIALISED));
    assert_int_equal(slot().generation, 2);
    assert_int_equal(slot().settled, 0);
}

static void who_joins_hears_more_than_one_of_the_new_electorate(void **state)
{
    (void)state;
    door_close(d);
    open_as(3);
    d->peer[1].up = false; /* n1 and n3, but n3 leaves */
    init();
    assert_int_equal(door_note(d, MUSTER_NOTE_VOTER_INIT_REFUSED)->effect.arg[0],
                     MUSTER_INIT_NO_MAJORITY);
}

static void who_is_in_both_hears_a_majority_of_each(void **state)
{
    (void)state;
    d->peer[2].up = false; /* n2 and n4: all others of the new, one of two of the old */
    init();
    assert_int_equal(door_note(d, MUSTER_NOTE_VOTER_INIT_REFUSED)->effect.arg[0],
                     MUSTER_INIT_NO_MAJORITY);
    d->peer[3].settled = 2; /* the old one is not asked any more */
    door_mark(d);
    init();
    assert_non_null(door_note(d, MUSTER_NOTE_VOTER_INITIALISED));
    assert_int_equal(slot().settled, 2);
}

static void state_that_is_being_taken_over_is_not_taken_over_twice(void **state)
{
    (void)state;
    put_slot(before, 1, 1);
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_HANG;
    door_start(d, false);
    door_wait(d, S(20));
    uint32_t writes = 0;
    for (uint32_t i = 0; i < d->logged; i++)
        writes += d->log[i].effect.kind == MUSTER_OUT_DISK &&
                  d->log[i].effect.disk.file == MUSTER_SLOT_FILE &&
                  d->log[i].effect.disk.operation == MUSTER_DISK_WRITE;
    assert_int_equal(writes, 1);
    door_release(d, MUSTER_ASK_SLOT_SYNC, DOOR_NORMAL);
    assert_int_equal(door_notes(d, MUSTER_NOTE_ELECTORATE_HELD), 1);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(state_of_the_electorate_before_is_taken_over_with_its_promise),
        HERE(voter_is_not_fit_until_the_disk_holds_the_next_electorate),
        HERE(voter_does_not_go_back),
        HERE(electorate_before_is_needed_until_the_change_is_settled),
        HERE(first_state_of_a_later_generation_is_settled),
        HERE(that_it_is_settled_is_learnt_said_and_kept),
        HERE(leader_of_both_electorates_settles_the_change),
        HERE(half_of_a_change_leads_nobody),
        HERE(only_voters_of_the_new_electorate_decide),
        HERE(two_voters_are_counted_of_the_new_electorate),
        HERE(who_joins_hears_voters_of_either_electorate),
        HERE(who_joins_hears_more_than_one_of_the_new_electorate),
        HERE(who_is_in_both_hears_a_majority_of_each),
        HERE(state_that_is_being_taken_over_is_not_taken_over_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
