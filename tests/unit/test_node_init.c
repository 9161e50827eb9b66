/* SPDX-License-Identifier: Apache-2.0 */
/* A voter that lost its durable state, and an operator who lets it vote again (R7). */
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

static int set_up(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    d->peer[1].known = 3;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

static void put_slot(uint64_t sequence, const char *cluster, uint64_t epoch)
{
    struct muster_slot s = {.sequence = sequence,
                            .electorate = d->electorate,
                            .epoch = epoch,
                            .attempt = 0xaa,
                            .known = epoch};
    s.cluster = muster_slot_hash(MUSTER_SLOT_HASH_START, cluster, strlen(cluster));
    muster_slot_encode(&s, d->disk + muster_slot_offset(s.sequence));
    d->disk_size = 2 * MUSTER_SLOT_SIZE;
}

static struct muster_slot slot(void)
{
    struct muster_slot s;
    assert_int_equal(muster_slot_decode(&s, (struct muster_bytes){d->disk, d->disk_size}), 0);
    return s;
}

static void ask(const char *text)
{
    door_command(d, MUSTER_VERB_VOTER_INIT, text);
}

/* Exactly one refusal so far, for this reason; and the voter has no state. */
static void refused(enum muster_init_refusal reason)
{
    assert_int_equal(door_notes(d, MUSTER_NOTE_VOTER_INIT_REFUSED), 1);
    assert_int_equal(door_note(d, MUSTER_NOTE_VOTER_INIT_REFUSED)->effect.arg[0], reason);
    assert_null(door_note(d, MUSTER_NOTE_VOTER_INITIALISED));
}

static void start_unfit(void)
{
    door_start(d, false);
    door_wait(d, S(1));
    assert_true(door_says(d, "fit=no"));
}

static void state_is_formed_at_the_floor_and_promised_to_nobody(void **state)
{
    (void)state;
    start_unfit();
    ask("floor=7");
    door_wait(d, S(30));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_VOTER_INITIALISED);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[0], 7);
    assert_null(door_note(d, MUSTER_NOTE_VOTER_INIT_REFUSED));
    assert_int_equal(door_notes(d, MUSTER_NOTE_VOTER_INITIALISED), 1);
    struct muster_slot s = slot();
    assert_int_equal(s.epoch, 7);
    assert_int_equal(s.attempt, 0);
    assert_int_equal(s.known, 7);
    assert_int_equal(s.electorate, d->electorate);
    assert_int_equal(s.disk_high, DOOR_HIGH);
}

static void state_is_kept_over_a_restart(void **state)
{
    state_is_formed_at_the_floor_and_promised_to_nobody(state);
    door_start(d, false);
    door_wait(d, S(1));
    assert_true(door_says(d, "promise=7 known=7 fit=yes"));
}

static void nothing_is_formed_within_a_lease_of_the_start(void **state)
{
    (void)state;
    d->config.heartbeat_every = S(1) / 2; /* the others say much, but too early */
    start_unfit();
    ask("floor=7");
    door_run(d, DOOR_START + d->config.lease_ttl - 1);
    assert_true(door_says(d, "fit=no"));
    door_wait(d, 2 * d->config.poll_every);
    assert_true(door_says(d, "fit=yes"));
}

static void formed_voter_waits_a_full_lease_before_it_promises(void **state)
{
    (void)state;
    door_foreign_leader(d, 3, 0xbeef, 0);
    start_unfit();
    ask("floor=3");
    for (uint64_t i = 1; !door_note(d, MUSTER_NOTE_VOTER_INITIALISED); i++) {
        assert_true(i < 60);
        door_foreign_leader(d, 3, 0xbeef, i); /* promised by the others, not by this one */
        door_wait(d, S(1));
    }
    muster_time formed = door_note(d, MUSTER_NOTE_VOTER_INITIALISED)->at;
    for (uint64_t i = 0; d->now + S(1) < formed + d->config.lease_ttl; i++) {
        door_foreign_leader(d, 4, 0xcafe, i);
        door_wait(d, S(1));
    }
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    for (uint64_t i = 20; i < 23; i++) {
        door_foreign_leader(d, 4, 0xcafe, i);
        door_wait(d, S(1));
    }
    assert_int_equal(door_note(d, MUSTER_NOTE_PROMISED)->effect.arg[0], 4);
    assert_true(door_note(d, MUSTER_NOTE_PROMISED)->at >= formed + d->config.lease_ttl);
}

static void floor_itself_is_never_promised(void **state)
{
    (void)state;
    start_unfit();
    ask("floor=7");
    door_wait(d, S(31));
    assert_true(door_says(d, "fit=yes"));
    for (uint64_t i = 0; i < 30; i++) {
        door_foreign_leader(d, 7, 0xbeef, i);
        door_wait(d, S(1));
    }
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.promise.epoch, 7);
    assert_int_equal(r.promise.attempt, 0);
    assert_int_equal(r.state, MUSTER_MEMBER_ACTIVE);
}

static void text_that_is_no_floor_is_refused(void **state)
{
    static const char *const texts[] = {"",         "floor",      "floor=",
                                        "floor=x",  "floor=-1",   "floor=7 8",
                                        "above=7",  "7",          "floor =7",
                                        "floor==7", "floor=0x10", "floor=9007199254740991"};
    (void)state;
    start_unfit();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        door_mark(d);
        ask(texts[i]);
        refused(MUSTER_INIT_MALFORMED);
    }
    door_wait(d, S(60));
    assert_true(door_says(d, "fit=no"));
}

static void highest_floor_leaves_epochs_above_it(void **state)
{
    uint64_t floor = 0;
    (void)state;
    assert_int_equal(muster_voter_init_parse(muster_text_bytes(" floor=4503599627370495\n"),
                                             &floor),
                     0);
    assert_true(floor == MUSTER_FLOOR_MAX);
    assert_int_equal(muster_voter_init_parse(muster_text_bytes("floor=4503599627370496"), &floor),
                     MUSTER_E_INVALID);
    assert_true(floor == MUSTER_FLOOR_MAX);
}

static void voter_with_a_valid_state_needs_none(void **state)
{
    (void)state;
    put_slot(4, "muster", 6);
    door_start(d, false);
    door_wait(d, S(1));
    ask("floor=70");
    refused(MUSTER_INIT_NEEDLESS);
    assert_int_equal(slot().epoch, 6);
}

static void member_that_is_no_voter_needs_none(void **state)
{
    (void)state;
    door_close(d);
    d = door_open(&(struct door_options){.index = 3, .members = 4, .voters = 3});
    door_start(d, false);
    door_wait(d, S(1));
    ask("floor=7");
    refused(MUSTER_INIT_NEEDLESS);
}

static void first_state_that_comes_before_it_wins(void **state)
{
    (void)state;
    d->peer[1].known = 0;
    d->answer[MUSTER_ASK_POLL] = DOOR_HANG;
    door_start(d, true);
    door_wait(d, 2 * DOOR_ROUND_TRIP);
    ask("floor=7");
    d->answer[MUSTER_ASK_POLL] = DOOR_NORMAL;
    door_release(d, MUSTER_ASK_POLL, DOOR_NORMAL);
    door_wait(d, S(4));
    assert_non_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
    refused(MUSTER_INIT_NEEDLESS);
}

static void disk_that_could_not_be_read_is_refused(void **state)
{
    (void)state;
    put_slot(4, "muster", 6);
    d->answer[MUSTER_ASK_SLOT_READ] = DOOR_LOSE;
    start_unfit();
    ask("floor=70");
    refused(MUSTER_INIT_UNREADABLE);
}

static void floor_below_what_is_known_is_refused_at_once(void **state)
{
    (void)state;
    start_unfit();
    ask("floor=2");
    refused(MUSTER_INIT_FLOOR_LOW);
    const struct door_entry *e = door_note(d, MUSTER_NOTE_VOTER_INIT_REFUSED);
    assert_int_equal(e->effect.arg[1], 2);
    assert_int_equal(e->effect.arg[2], 3);
}

static void floor_below_what_is_heard_later_is_refused(void **state)
{
    (void)state;
    start_unfit();
    ask("floor=3");
    d->peer[2].known = 9;
    door_wait(d, S(40));
    refused(MUSTER_INIT_FLOOR_LOW);
    assert_true(door_says(d, "fit=no"));
}

static void floor_below_the_counter_in_the_store_is_refused(void **state)
{
    (void)state;
    start_unfit();
    ask("floor=3");
    snprintf(d->epoch, sizeof d->epoch, "4");
    door_wait(d, S(40));
    refused(MUSTER_INIT_FLOOR_LOW);
}

static void one_of_two_others_is_no_majority(void **state)
{
    (void)state;
    start_unfit();
    d->peer[2].up = false;
    ask("floor=7");
    door_run(d, DOOR_START + d->config.lease_ttl + d->config.vote_ttl - 1);
    assert_null(door_note(d, MUSTER_NOTE_VOTER_INIT_REFUSED));
    door_wait(d, S(1));
    refused(MUSTER_INIT_NO_MAJORITY);
}

static void record_that_stands_still_is_not_heard(void **state)
{
    (void)state;
    d->peer[2].still = true; /* an older dump shows it, its voter is dead */
    start_unfit();
    ask("floor=7");
    door_wait(d, S(60));
    refused(MUSTER_INIT_NO_MAJORITY);
}

static void voter_that_advances_once_in_each_of_its_lives_is_not_heard(void **state)
{
    (void)state;
    start_unfit();
    ask("floor=7");
    for (uint32_t i = 0; i < 16; i++) { /* it may be the last command of the life before */
        d->peer[1].restarts++;
        d->peer[2].restarts++;
        door_wait(d, d->config.heartbeat_every);
    }
    refused(MUSTER_INIT_NO_MAJORITY);
}

static void unfit_voter_is_not_heard(void **state)
{
    (void)state;
    d->peer[2].state = MUSTER_MEMBER_UNFIT;
    start_unfit();
    ask("floor=7");
    door_wait(d, S(60));
    refused(MUSTER_INIT_NO_MAJORITY);
}

static void voter_of_another_electorate_is_not_heard(void **state)
{
    (void)state;
    d->peer[2].electorate_off = 1;
    start_unfit();
    ask("floor=7");
    door_wait(d, S(60));
    refused(MUSTER_INIT_NO_MAJORITY);
}

static void three_of_four_others_are_a_majority(void **state)
{
    (void)state;
    door_close(d);
    d = door_open(&(struct door_options){.members = 5, .voters = 5});
    d->peer[4].up = false;
    start_unfit();
    ask("floor=7");
    door_wait(d, S(40));
    assert_non_null(door_note(d, MUSTER_NOTE_VOTER_INITIALISED));
}

static void voter_alone_takes_the_floor_after_a_lease(void **state)
{
    (void)state;
    door_close(d);
    d = door_open(&(struct door_options){.members = 1});
    start_unfit();
    ask("floor=7");
    door_run(d, DOOR_START + d->config.lease_ttl - 1);
    assert_true(door_says(d, "fit=no"));
    door_wait(d, S(3));
    assert_true(door_says(d, "promise=7 known=7 fit=yes"));
}

static void disk_that_does_not_take_the_state_is_told_and_it_can_be_asked_again(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_LOSE;
    start_unfit();
    ask("floor=7");
    door_wait(d, S(40));
    refused(MUSTER_INIT_DISK);
    assert_true(door_says(d, "fit=no"));
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_NORMAL;
    ask("floor=8");
    door_wait(d, S(20));
    assert_true(door_says(d, "promise=8 known=8 fit=yes"));
    assert_int_equal(slot().sequence, 2); /* the first may be on the disk */
}

static void damaged_state_gives_way_to_the_new_one(void **state)
{
    (void)state;
    put_slot(4, "muster", 6);
    d->disk[50] ^= 1;
    start_unfit();
    ask("floor=7");
    door_wait(d, S(30));
    assert_true(door_says(d, "fit=yes"));
    assert_int_equal(slot().epoch, 7);
}

static void foreign_state_does_not_outlast_the_new_one(void **state)
{
    (void)state;
    put_slot(500, "elsewhere", 6);
    start_unfit();
    ask("floor=7");
    door_wait(d, S(30));
    assert_true(door_says(d, "fit=yes"));
    assert_int_equal(slot().sequence, 501);
    door_start(d, false);
    door_wait(d, S(1));
    assert_true(door_says(d, "promise=7"));
}

static void second_word_of_the_operator_takes_the_place_of_the_first(void **state)
{
    (void)state;
    start_unfit();
    ask("floor=7");
    door_wait(d, S(10));
    ask("floor=9");
    door_wait(d, S(40));
    assert_int_equal(door_notes(d, MUSTER_NOTE_VOTER_INITIALISED), 1);
    assert_int_equal(door_note(d, MUSTER_NOTE_VOTER_INITIALISED)->effect.arg[0], 9);
}

static void before_the_disk_has_answered_it_is_too_early(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SLOT_READ] = DOOR_HANG;
    door_start(d, false);
    ask("floor=7");
    refused(MUSTER_INIT_NOT_NOW);
}

static void shutdown_ends_what_is_pending(void **state)
{
    (void)state;
    start_unfit();
    ask("floor=7");
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    refused(MUSTER_INIT_NOT_NOW);
    door_mark(d);
    ask("floor=7"); /* stopped: nothing comes any more */
    assert_int_equal(d->logged, 0);
}

static void twin_ends_what_is_pending(void **state)
{
    struct muster_member_record r = {.state = MUSTER_MEMBER_ACTIVE, .incarnation = {1, 1}};
    (void)state;
    start_unfit();
    ask("floor=7");
    for (r.sequence = 50; r.sequence < 56; r.sequence++) {
        struct muster_text t;
        muster_text_init(&t, d->own, sizeof d->own);
        muster_member_record_write(&r, &t);
        door_wait(d, S(2));
    }
    assert_true(door_says(d, "life=refused"));
    refused(MUSTER_INIT_NOT_NOW);
    door_mark(d);
    ask("floor=7");
    refused(MUSTER_INIT_NOT_NOW);
}

/* ---- a process that is its own cluster ---- */

static void local_floor_is_outbid(void **state)
{
    (void)state;
    d->config.local = true;
    put_slot(4, "elsewhere", 6);
    door_start(d, false);
    ask("floor=7");
    refused(MUSTER_INIT_NOT_NOW); /* the disk has not answered */
    door_wait(d, S(1));
    assert_true(door_says(d, "fit=no"));
    ask("floor=");
    ask("floor=7");
    assert_int_equal(door_notes(d, MUSTER_NOTE_VOTER_INIT_REFUSED), 2);
    door_wait(d, S(1));
    assert_int_equal(door_note(d, MUSTER_NOTE_VOTER_INITIALISED)->effect.arg[0], 7);
    assert_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
    assert_true(door_says(d, "lease=leading epoch=8"));
    assert_int_equal(slot().sequence, 5);
    ask("floor=70");
    assert_int_equal(door_note(d, MUSTER_NOTE_VOTER_INIT_REFUSED)->effect.arg[0],
                     MUSTER_INIT_NEEDLESS);
}

static void local_disk_that_cannot_be_read_or_a_low_floor_is_refused(void **state)
{
    (void)state;
    d->config.local = true;
    d->answer[1] = DOOR_LOSE; /* its read */
    door_start(d, false);
    door_wait(d, S(1));
    ask("floor=7");
    refused(MUSTER_INIT_UNREADABLE);
    d->answer[1] = DOOR_NORMAL;
    put_slot(4, "elsewhere", 6);
    door_start(d, false);
    door_wait(d, S(1));
    door_end_action(d, 1, 1, MUSTER_RESULT_FENCED, 20); /* a target knows more */
    door_mark(d);
    ask("floor=7");
    refused(MUSTER_INIT_FLOOR_LOW);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(state_is_formed_at_the_floor_and_promised_to_nobody),
        HERE(state_is_kept_over_a_restart),
        HERE(nothing_is_formed_within_a_lease_of_the_start),
        HERE(formed_voter_waits_a_full_lease_before_it_promises),
        HERE(floor_itself_is_never_promised),
        HERE(text_that_is_no_floor_is_refused),
        HERE(highest_floor_leaves_epochs_above_it),
        HERE(voter_with_a_valid_state_needs_none),
        HERE(member_that_is_no_voter_needs_none),
        HERE(first_state_that_comes_before_it_wins),
        HERE(disk_that_could_not_be_read_is_refused),
        HERE(floor_below_what_is_known_is_refused_at_once),
        HERE(floor_below_what_is_heard_later_is_refused),
        HERE(floor_below_the_counter_in_the_store_is_refused),
        HERE(one_of_two_others_is_no_majority),
        HERE(record_that_stands_still_is_not_heard),
        HERE(voter_that_advances_once_in_each_of_its_lives_is_not_heard),
        HERE(unfit_voter_is_not_heard),
        HERE(voter_of_another_electorate_is_not_heard),
        HERE(three_of_four_others_are_a_majority),
        HERE(voter_alone_takes_the_floor_after_a_lease),
        HERE(disk_that_does_not_take_the_state_is_told_and_it_can_be_asked_again),
        HERE(damaged_state_gives_way_to_the_new_one),
        HERE(foreign_state_does_not_outlast_the_new_one),
        HERE(second_word_of_the_operator_takes_the_place_of_the_first),
        HERE(before_the_disk_has_answered_it_is_too_early),
        HERE(shutdown_ends_what_is_pending),
        HERE(twin_ends_what_is_pending),
        HERE(local_floor_is_outbid),
        HERE(local_disk_that_cannot_be_read_or_a_low_floor_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
