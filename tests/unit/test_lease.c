/* SPDX-License-Identifier: Apache-2.0 */
/* The lease alone: one step at a time, where the whole node would hide the step. */
#include "tests/lib/lease_fixture.h"

static int confirming(void **state)
{
    set_up(state);
    now += config.lease_ttl;
    see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    run_script(true);
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
    return 0;
}

static int leading(void **state)
{
    confirming(state);
    write_slot(MUSTER_STATUS_OK);
    others_promise(0);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
    return 0;
}

static void lease_ends_at_its_exact_deadline(void **state)
{
    (void)state;
    muster_time end = l.echoed + config.renew_deadline;
    assert_true(end < l.until);
    assert_true(muster_lease_leads(&l, end - 1));
    assert_false(muster_lease_leads(&l, end));
    assert_int_equal(l.until, l.echoed + config.lease_ttl - config.margin);
    l.echoed = l.until; /* were it not for renew_deadline */
    assert_true(muster_lease_leads(&l, l.until - 1));
    assert_false(muster_lease_leads(&l, l.until));
}

static void fitness_and_activity_are_needed_for_a_promise(void **state)
{
    (void)state;
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    now += config.lease_ttl;
    l.active = false;
    see();
    l.active = true;
    l.fit = false;
    see();
    assert_int_equal(l.writing.sequence, 0);
    l.fit = true;
    see();
    assert_int_equal(l.writing.epoch, 5);
}

static void slot_of_a_promise_goes_to_the_other_place_also_after_a_failure(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_IOERROR);
    assert_int_equal(notes(MUSTER_NOTE_PROMISE_FAILED), 1);
    now += config.renew_every;
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    see();
    uint64_t second = l.writing.sequence;
    assert_true(second > 2);
    assert_true(muster_slot_offset(second) != muster_slot_offset(l.slot.sequence));
    write_slot(MUSTER_STATUS_NOSPACE);
    now += config.renew_every;
    see();
    assert_true(l.writing.sequence > second);
    assert_true(muster_slot_offset(l.writing.sequence) != muster_slot_offset(l.slot.sequence));
}

static void candidate_whose_own_promise_fails_gives_the_attempt_up_and_lets_others_try(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_IOERROR);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
    assert_int_equal(notes(MUSTER_NOTE_ATTEMPT_RELEASED), 1);
    snprintf(stored, sizeof stored, "R 1 aa 0 n2 %032x", 9);
    now += config.lease_ttl - 1;
    see();
    assert_true(l.campaign_at == MUSTER_NEVER);
}

static void failed_promise_is_tried_again_once_in_renew_every(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_IOERROR);
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    now += config.renew_every - 1;
    see();
    assert_int_equal(l.writing.sequence, 0);
    now += 1;
    see();
    assert_int_equal(l.writing.epoch, 5);
}

static void promising_higher_gives_the_own_attempt_up(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_OK);
    l.released = true; /* were it not for the wait */
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
    assert_int_equal(notes(MUSTER_NOTE_ATTEMPT_RELEASED), 1);
    assert_int_equal(l.writing.epoch, 5);
}

static void own_promise_is_needed_beside_those_of_the_others(void **state)
{
    (void)state;
    others_promise(0);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
    write_slot(MUSTER_STATUS_OK);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
}

static void echo_that_comes_too_late_does_not_begin_a_lease(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_OK);
    others_promise(0);
    l.confirm_by = MUSTER_NEVER;
    now = l.script_sent + config.renew_deadline;
    see();
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
}

static void counter_whose_sending_is_forgotten_extends_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < MUSTER_LEASE_SENDS; i++) {
        renew(true);
        l.echoed = now; /* a majority follows, as far as it goes */
        l.until = now + config.lease_ttl;
    }
    muster_time until = l.until;
    others_promise(0); /* the slot of counter 0 has been taken by counter 8 */
    l.echoed -= config.renew_every;
    see();
    assert_int_equal(notes(MUSTER_NOTE_LEASE_EXTENDED), 0);
    assert_int_equal(l.until, until);
}

static void renewal_answered_with_anothers_record_is_lost(void **state)
{
    (void)state;
    renew(false);
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    out.count = out.used = 0;
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(notes(MUSTER_NOTE_LEADER_LOST), 1);
    assert_int_equal(out.at[0].arg[2], MUSTER_LOST_RECORD_GONE);
    assert_false(l.record_known);
}

static void renewal_answered_with_another_attempt_of_ours_is_lost(void **state)
{
    (void)state;
    renew(false);
    snprintf(stored, sizeof stored, "H 5 %llx 0 n1 %032x 0 0", (unsigned long long)l.pair.attempt,
             1); /* the attempt, but another epoch */
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
}

static void renewal_that_the_store_lost_is_sent_again_at_once(void **state)
{
    (void)state;
    char before[MUSTER_RECORD_MAX];
    memcpy(before, stored, sizeof before);
    renew(true);
    memcpy(stored, before, sizeof stored); /* an older dump */
    renew(false);
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(l.script, MUSTER_LEASE_RENEW);
    run_script(true);
    struct muster_leader_record r;
    assert_int_equal(muster_leader_record_parse(&r, span()), 0);
    assert_int_equal(r.counter, l.counter);
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
}

static void acquire_of_a_held_record_changes_nothing(void **state)
{
    (void)state;
    now += config.lease_ttl;
    see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    muster_lease_script_sent(&l, now, &out);
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
    assert_int_equal(l.release_at, MUSTER_NEVER);
}

static void record_that_is_read_before_the_acknowledgement_is_recognised(void **state)
{
    (void)state;
    now += config.lease_ttl;
    see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    run_script(false);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
    muster_lease_script_done(&l, now, span(), &out); /* the acknowledgement adds nothing */
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
}

static void campaign_is_not_started_when_a_leader_has_come_meanwhile(void **state)
{
    (void)state;
    now += config.lease_ttl;
    see();
    assert_true(l.campaign_at != MUSTER_NEVER);
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    see();
    assert_int_equal(l.campaign_at, MUSTER_NEVER);
}

static void attempts_are_never_zero_and_differ(void **state)
{
    (void)state;
    uint64_t first = l.pair.attempt;
    assert_true(first != 0);
    muster_lease_step_down(&l, now, MUSTER_LOST_DEADLINE, 0, &out);
    muster_lease_tick(&l, now, &out);
    if (l.script == MUSTER_LEASE_RELEASE)
        run_script(true);
    write_slot(MUSTER_STATUS_OK);
    see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    run_script(true);
    assert_true(l.pair.attempt != first);
    assert_int_equal(l.pair.epoch, 2);
}

static void epoch_beyond_the_integers_is_not_heard(void **state)
{
    (void)state;
    muster_lease_heard(&l, now, MUSTER_INTEGER_MAX + 1, &out);
    assert_int_equal(l.known, 1);
    muster_lease_heard(&l, now, 0, &out);
    assert_int_equal(l.known, 1);
}

static void echo_that_comes_after_the_lease_would_have_ended_begins_none(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_OK);
    others_promise(0);
    l.confirm_by = MUSTER_NEVER;
    now = l.script_sent + config.lease_ttl;
    see();
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
}

static void renewal_answered_with_the_own_tombstone_is_lost(void **state)
{
    (void)state;
    renew(false);
    snprintf(stored, sizeof stored, "R 1 %llx 1 n1 %032x", (unsigned long long)l.pair.attempt, 1);
    out.count = out.used = 0;
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(out.at[0].arg[2], MUSTER_LOST_RECORD_GONE);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
}

static void own_attempt_under_another_epoch_is_not_the_own_record(void **state)
{
    (void)state;
    snprintf(stored, sizeof stored, "H 7 %llx 0 n1 %032x 0 0", (unsigned long long)l.pair.attempt,
             1);
    see();
    assert_int_equal(notes(MUSTER_NOTE_LEADER_LOST), 1);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
}

static void record_that_is_too_long_is_never_taken_for_dead(void **state)
{
    (void)state;
    static char absurd[4 * MUSTER_RECORD_MAX];
    memset(absurd, 'H', sizeof absurd);
    struct muster_lease_view v = {.voter = voter, .present = present};
    v.leader_text = (struct muster_bytes){(const uint8_t *)absurd, sizeof absurd};
    for (int i = 0; i < 3; i++) {
        now += config.lease_ttl;
        out.count = out.used = 0;
        muster_lease_see(&l, now, &v, &out);
        assert_false(l.dead);
    }
}

static void script_answered_with_what_is_no_record_is_lost(void **state)
{
    (void)state;
    static char absurd[4 * MUSTER_RECORD_MAX];
    memset(absurd, '1', sizeof absurd);
    renew(false);
    out.count = out.used = 0;
    muster_lease_script_done(&l, now, (struct muster_bytes){(const uint8_t *)absurd, sizeof absurd},
                             &out);
    assert_int_equal(notes(MUSTER_NOTE_LEADER_LOST), 1);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
}

static void late_acquire_that_left_no_record_leaves_nothing_to_release(void **state)
{
    (void)state;
    now += config.lease_ttl;
    see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    run_script(false);
    muster_lease_step_down(&l, now, MUSTER_LOST_SHUTDOWN, 0, &out);
    assert_false(muster_lease_is_released(&l)); /* its end is not known yet */
    muster_lease_script_done(&l, now, muster_text_bytes("?"), &out);
    assert_int_equal(l.script, MUSTER_LEASE_NOTHING);
    assert_int_equal(l.release_at, MUSTER_NEVER);
    assert_true(muster_lease_is_released(&l));
}

static void renewal_that_fails_after_stepping_down_leaves_the_release_due(void **state)
{
    (void)state;
    renew(false);
    muster_lease_step_down(&l, now, MUSTER_LOST_SHUTDOWN, MUSTER_SECOND, &out);
    muster_lease_script_failed(&l, now, false, &out);
    assert_int_equal(l.renew_at, MUSTER_NEVER);
    assert_false(muster_lease_is_released(&l));
    now += MUSTER_SECOND;
    muster_lease_tick(&l, now, &out);
    assert_int_equal(l.script, MUSTER_LEASE_RELEASE);
    run_script(true);
    assert_true(muster_lease_is_released(&l));
}

static void campaign_whose_time_comes_while_draining_or_led_is_dropped(void **state)
{
    (void)state;
    now += config.lease_ttl;
    see();
    now = l.campaign_at;
    assert_true(now != MUSTER_NEVER);
    l.draining = true;
    muster_lease_tick(&l, now, &out);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
    assert_int_equal(l.campaign_at, MUSTER_NEVER);
    l.draining = false;
    see();
    assert_true(l.campaign_at != MUSTER_NEVER);
    l.leaderless = false;
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
}

static void promise_of_another_that_fails_gives_no_attempt_up(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_OK);
    others_promise(0);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
    l.writing = l.slot; /* what the voter half was asked for under the own leadership */
    l.writing.sequence++;
    l.writing.epoch = l.known = 5;
    write_slot(MUSTER_STATUS_IOERROR);
    assert_int_equal(notes(MUSTER_NOTE_PROMISE_FAILED), 1);
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
}

int main(void)
{
#define IN(setting, name) cmocka_unit_test_setup(name, setting)
    const struct CMUnitTest tests[] = {
        IN(leading, lease_ends_at_its_exact_deadline),
        IN(set_up, fitness_and_activity_are_needed_for_a_promise),
        IN(confirming, slot_of_a_promise_goes_to_the_other_place_also_after_a_failure),
        IN(confirming, candidate_whose_own_promise_fails_gives_the_attempt_up_and_lets_others_try),
        IN(confirming, failed_promise_is_tried_again_once_in_renew_every),
        IN(confirming, promising_higher_gives_the_own_attempt_up),
        IN(confirming, own_promise_is_needed_beside_those_of_the_others),
        IN(confirming, echo_that_comes_too_late_does_not_begin_a_lease),
        IN(leading, counter_whose_sending_is_forgotten_extends_nothing),
        IN(leading, renewal_answered_with_anothers_record_is_lost),
        IN(leading, renewal_answered_with_another_attempt_of_ours_is_lost),
        IN(leading, renewal_that_the_store_lost_is_sent_again_at_once),
        IN(set_up, acquire_of_a_held_record_changes_nothing),
        IN(set_up, record_that_is_read_before_the_acknowledgement_is_recognised),
        IN(set_up, campaign_is_not_started_when_a_leader_has_come_meanwhile),
        IN(confirming, attempts_are_never_zero_and_differ),
        IN(confirming, epoch_beyond_the_integers_is_not_heard),
        IN(confirming, echo_that_comes_after_the_lease_would_have_ended_begins_none),
        IN(leading, renewal_answered_with_the_own_tombstone_is_lost),
        IN(leading, own_attempt_under_another_epoch_is_not_the_own_record),
        IN(set_up, record_that_is_too_long_is_never_taken_for_dead),
        IN(leading, script_answered_with_what_is_no_record_is_lost),
        IN(set_up, late_acquire_that_left_no_record_leaves_nothing_to_release),
        IN(leading, renewal_that_fails_after_stepping_down_leaves_the_release_due),
        IN(set_up, campaign_whose_time_comes_while_draining_or_led_is_dropped),
        IN(confirming, promise_of_another_that_fails_gives_no_attempt_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
