/* SPDX-License-Identifier: Apache-2.0 */
/* The node as voter: promises, echoes, and which of them count. */
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

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    door_start(d, true);
    return 0;
}

/* n2 leads with (1, beef), which this voter has promised. */
static int following(void **state)
{
    fresh(state);
    door_wait(d, S(13));
    door_foreign_leader(d, 1, 0xbeef, 0);
    door_wait(d, S(4));
    assert_true(door_says(d, "promise=1"));
    return 0;
}

static int leading(void **state)
{
    fresh(state);
    door_wait(d, S(17));
    assert_true(door_says(d, "lease=leading epoch=1"));
    return 0;
}

static struct muster_member_record own(void)
{
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    return r;
}

static void nobody_leads(void)
{
    door_wait(d, S(22));
    assert_non_null(door_note(d, MUSTER_NOTE_ACQUIRED));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
}

static void voter_waits_a_full_lease_after_its_last_new_echo(void **state)
{
    (void)state;
    door_foreign_leader(d, 1, 0xbeef, 5);
    door_wait(d, S(2));
    assert_int_equal(own().echo, 5);
    door_mark(d);
    muster_time latest = d->now;
    door_foreign_leader(d, 2, 0xcafe, 0);
    door_run(d, latest + d->config.lease_ttl - S(2));
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    door_foreign_leader(d, 2, 0xcafe, 3); /* it lives: its counter moves */
    door_run(d, latest + d->config.lease_ttl + S(1));
    assert_int_equal(door_note(d, MUSTER_NOTE_PROMISED)->effect.arg[0], 2);
}

static void attempt_that_stands_still_for_longer_than_confirm_timeout_is_not_promised(void **state)
{
    (void)state;
    door_foreign_leader(d, 1, 0xbeef, 5);
    door_wait(d, S(2));
    door_mark(d);
    muster_time latest = d->now;
    door_foreign_leader(d, 2, 0xcafe, 0);
    /* soon after, it would be dead, and this member campaign itself */
    door_run(d, latest + d->config.lease_ttl + 50 * MUSTER_MILLISECOND);
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
}

static void echo_of_another_pair_does_not_count(void **state)
{
    (void)state;
    door_foreign_leader(d, 1, 0xbeee, 5); /* same epoch, another attempt */
    door_wait(d, S(5));
    assert_int_equal(own().echo, 0);
    assert_int_equal(own().promise.attempt, 0xbeef);
}

static void counter_that_goes_back_is_no_new_echo(void **state)
{
    (void)state;
    door_foreign_leader(d, 1, 0xbeef, 5);
    door_wait(d, S(2));
    door_foreign_leader(d, 1, 0xbeef, 4);
    door_wait(d, S(2));
    assert_int_equal(own().echo, 5);
}

static void tombstone_of_the_promised_pair_ends_the_wait(void **state)
{
    (void)state;
    snprintf(d->leader, sizeof d->leader, "R 1 beef 0 n2 %032x", 1);
    door_mark(d);
    door_wait(d, S(4));
    assert_non_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    assert_true(door_says(d, "lease=leading epoch=2"));
}

static void record_that_replaced_the_tombstone_ends_the_wait(void **state)
{
    (void)state;
    snprintf(d->leader, sizeof d->leader, "H 2 cafe 0 n3 %032x 1 beef", 1);
    door_mark(d);
    door_wait(d, S(2));
    const struct door_entry *p = door_note(d, MUSTER_NOTE_PROMISED);
    assert_non_null(p);
    assert_int_equal(p->effect.arg[0], 2);
}

static void tombstone_of_another_pair_does_not_end_the_wait(void **state)
{
    (void)state;
    snprintf(d->leader, sizeof d->leader, "R 1 beee 0 n2 %032x", 1);
    door_mark(d);
    door_wait(d, S(4));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
}

static void record_that_stands_still_for_a_full_lease_is_replaced(void **state)
{
    (void)state;
    door_mark(d);
    door_wait(d, d->config.lease_ttl - S(5));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    door_wait(d, S(10));
    assert_non_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    assert_true(door_says(d, "lease=leading epoch=2"));
}

static void record_that_is_renewed_is_not_replaced(void **state)
{
    (void)state;
    door_mark(d);
    for (uint64_t renewal = 1; renewal < 12; renewal++) {
        door_foreign_leader(d, 1, 0xbeef, renewal);
        door_wait(d, S(3));
    }
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
}

static void electorate_digest_mismatch_does_not_count(void **state)
{
    (void)state;
    d->peer[1].electorate_off = d->peer[2].electorate_off = 1;
    d->peer[1].up = d->peer[2].up = false; /* else it would not even campaign */
    for (int i = 0; i < 200 && !door_note(d, MUSTER_NOTE_ACQUIRED); i++)
        door_wait(d, 100 * MUSTER_MILLISECOND);
    d->peer[1].up = d->peer[2].up = true;
    nobody_leads();
}

static void promise_of_an_unfit_voter_does_not_count(void **state)
{
    (void)state;
    d->peer[1].state = d->peer[2].state = 'U';
    nobody_leads();
}

static void promise_of_another_attempt_does_not_count(void **state)
{
    (void)state;
    d->peer[1].votes = d->peer[2].votes = false;
    door_wait(d, S(17));
    d->peer[1].promise = d->peer[2].promise = (struct muster_pair){1, 0xbad};
    door_wait(d, S(3));
    assert_non_null(door_note(d, MUSTER_NOTE_ACQUIRED));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
}

static void absent_voters_do_not_shrink_the_majority(void **state)
{
    (void)state;
    d->peer[1].up = d->peer[2].up = false;
    nobody_leads();
}

static void member_beyond_the_electorate_does_not_count(void **state)
{
    (void)state;
    door_close(d);
    d = door_open(&(struct door_options){.members = 8, .voters = 3, .peers_vote = true});
    d->peer[1].up = d->peer[2].up = false;
    door_start(d, true);
    nobody_leads();
}

static void counter_that_was_never_sent_extends_nothing(void **state)
{
    (void)state;
    struct muster_leader_record r;
    assert_int_equal(muster_leader_record_parse(&r, muster_text_bytes(d->leader)), 0);
    for (uint32_t i = 1; i < 3; i++) {
        d->peer[i].votes = false;
        d->peer[i].echo = 1000;
    }
    door_mark(d);
    door_wait(d, S(2));
    /* The own echo is the smaller one, so one stands for the majority only with the own. */
    d->peer[2].promise.attempt++;
    door_wait(d, d->config.renew_deadline);
    assert_true(door_says(d, "lease=leading"));
}

int main(void)
{
#define IN(setting, name) cmocka_unit_test_setup_teardown(name, setting, tear_down)
    const struct CMUnitTest tests[] = {
        IN(following, voter_waits_a_full_lease_after_its_last_new_echo),
        IN(following, attempt_that_stands_still_for_longer_than_confirm_timeout_is_not_promised),
        IN(following, echo_of_another_pair_does_not_count),
        IN(following, counter_that_goes_back_is_no_new_echo),
        IN(following, tombstone_of_the_promised_pair_ends_the_wait),
        IN(following, record_that_replaced_the_tombstone_ends_the_wait),
        IN(following, tombstone_of_another_pair_does_not_end_the_wait),
        IN(following, record_that_stands_still_for_a_full_lease_is_replaced),
        IN(following, record_that_is_renewed_is_not_replaced),
        IN(fresh, electorate_digest_mismatch_does_not_count),
        IN(fresh, promise_of_an_unfit_voter_does_not_count),
        IN(fresh, promise_of_another_attempt_does_not_count),
        IN(fresh, absent_voters_do_not_shrink_the_majority),
        IN(fresh, member_beyond_the_electorate_does_not_count),
        IN(leading, counter_that_was_never_sent_extends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
