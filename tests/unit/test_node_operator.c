/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator asks of a leader: to step down, to hand over (R12). */
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
    d = door_open(&(struct door_options){.members = 4, .voters = 3, .peers_vote = true});
    door_start(d, true);
    return 0;
}

static int leading(void **state)
{
    fresh(state);
    door_wait(d, S(20));
    assert_true(door_says(d, "lease=leading epoch=1"));
    door_mark(d);
    return 0;
}

static void assert_refused(enum muster_refusal reason)
{
    const struct door_entry *e = door_note(d, MUSTER_NOTE_HANDOVER_REFUSED);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[0], reason);
    assert_null(door_note(d, MUSTER_NOTE_HANDOVER));
    door_mark(d);
}

static void stepping_down_releases_at_once_and_keeps_back_for_a_lease_ttl(void **state)
{
    (void)state;
    muster_time asked = d->now;
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_STEP_DOWN);
    assert_int_equal(door_effect(d, MUSTER_OUT_CANCEL)->effect.tag, intent);
    door_wait(d, S(1));
    assert_memory_equal(d->leader, "R 1 ", 4);
    assert_null(strstr(d->leader, " n2"));
    door_run(d, asked + d->config.lease_ttl - 1);
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    door_wait(d, S(3));
    assert_non_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    assert_int_equal(d->spins, 0);
}

static void switchover_waits_for_what_runs_under_the_lease_and_begins_nothing(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart"); /* local: nobody waits for it */
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    assert_string_equal(door_note(d, MUSTER_NOTE_HANDOVER)->text, "n2");
    door_wait(d, S(4));
    assert_true(door_says(d, "lease=leading"));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->effect.arg[0],
                     MUSTER_RESULT_SKIPPED_NOT_LEADER);
    door_end_action(d, intent, 1, MUSTER_RESULT_SUCCESS, 0);
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_SWITCHOVER);
    door_wait(d, 100 * MUSTER_MILLISECOND);
    assert_non_null(door_note(d, MUSTER_NOTE_RELEASED));
    assert_string_equal(strrchr(d->leader, ' '), " n2");
    assert_null(door_effect(d, MUSTER_OUT_CANCEL));
}

static void action_that_fails_during_a_switchover_is_not_tried_again(void **state)
{
    (void)state;
    d->config.recovery.action[MUSTER_ACTION_SAFE_MODE].max_retries = 3;
    door_start(d, false);
    door_wait(d, S(60));
    assert_true(door_says(d, "lease=leading"));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_command(d, MUSTER_VERB_SWITCHOVER, "n3");
    door_mark(d);
    door_end_action(d, intent, 1, MUSTER_RESULT_FAILED, 0);
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_SWITCHOVER);
}

static void who_does_not_lead_refuses_both(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    assert_refused(MUSTER_REFUSAL_NOT_LEADER);
    door_wait(d, S(2));
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    assert_refused(MUSTER_REFUSAL_NOT_LEADER);
}

static void switchover_to_whom_cannot_follow_is_refused_with_the_reason(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_SWITCHOVER, "");
    assert_refused(MUSTER_REFUSAL_NO_MEMBER);
    door_command(d, MUSTER_VERB_SWITCHOVER, "n22");
    assert_refused(MUSTER_REFUSAL_NO_MEMBER);
    door_command(d, MUSTER_VERB_SWITCHOVER, "n4");
    assert_refused(MUSTER_REFUSAL_NO_VOTER);
    door_command(d, MUSTER_VERB_SWITCHOVER, "n1");
    assert_refused(MUSTER_REFUSAL_LEADS_ALREADY);
    d->peer[1].state = 'U';
    door_wait(d, S(6));
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    assert_refused(MUSTER_REFUSAL_NOT_LIVE);
    d->peer[1].state = 'A';
    d->peer[1].electorate_off = 1;
    door_wait(d, S(6));
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    assert_refused(MUSTER_REFUSAL_NOT_READY);
    d->peer[1].electorate_off = 0;
    d->peer[1].votes = false;
    d->peer[1].promise.attempt ^= 1;
    door_wait(d, S(6));
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    assert_refused(MUSTER_REFUSAL_NOT_READY);
    d->peer[1].up = false;
    door_wait(d, S(2));
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    assert_refused(MUSTER_REFUSAL_NOT_LIVE);
    assert_true(door_says(d, "lease=leading epoch=1"));
}

static void successor_that_is_lost_meanwhile_ends_the_switchover_and_not_the_leadership(
    void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    d->peer[1].up = false;
    door_wait(d, S(2));
    door_mark(d);
    door_end_action(d, intent, 1, MUSTER_RESULT_SUCCESS, 0);
    assert_refused(MUSTER_REFUSAL_NOT_LIVE);
    door_wait(d, S(6));
    assert_true(door_says(d, "lease=leading epoch=1"));
    door_command(d, MUSTER_VERB_SWITCHOVER, "n3");
    assert_non_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
}

static void leadership_that_ends_by_itself_ends_the_switchover(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    door_mark(d);
    door_foreign_leader(d, 9, 0xaa, 0);
    door_wait(d, S(3));
    assert_refused(MUSTER_REFUSAL_ENDED);
    assert_false(door_says(d, "lease=leading"));
}

static void newest_wish_counts(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    door_command(d, MUSTER_VERB_SWITCHOVER, "n3");
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_STEP_DOWN);
    assert_null(door_note(d, MUSTER_NOTE_HANDOVER_REFUSED));
    door_wait(d, S(1));
    assert_null(strstr(d->leader, " n3"));
}

static void shutdown_during_a_switchover_still_names_the_successor(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_command(d, MUSTER_VERB_SWITCHOVER, "n3");
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    door_end_action(d, intent, 1, MUSTER_RESULT_SUCCESS, 0);
    door_wait(d, S(1));
    assert_string_equal(strrchr(d->leader, ' '), " n3");
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_int_equal(d->spins, 0);
}

/* This member as a voter of a leadership of n2 that ends. */
static void promise_to_n2(const char *tombstone_tail)
{
    struct muster_leader_record r;
    d->peer[1].votes = d->peer[2].votes = false;
    door_wait(d, S(1)); /* the first state is on disk */
    door_foreign_leader(d, 5, 0xaa, 0);
    for (uint32_t i = 1; i < 15; i++) {
        door_wait(d, S(3));
        door_foreign_leader(d, 5, 0xaa, i);
    }
    assert_true(door_says(d, "promise=5"));
    assert_int_equal(muster_leader_record_parse(&r, muster_text_bytes(d->leader)), 0);
    d->leader[0] = 'R';
    char *end = strstr(d->leader, " 0 0");
    snprintf(end, (size_t)(d->leader + sizeof d->leader - end), "%s", tombstone_tail);
    door_mark(d);
    door_push(d, "W n2");
}

static void named_successor_campaigns_without_jitter(void **state)
{
    (void)state;
    promise_to_n2(" n1");
    door_wait(d, 2 * DOOR_ROUND_TRIP);
    assert_non_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
}

static void others_hold_back_for_a_confirm_timeout(void **state)
{
    (void)state;
    promise_to_n2(" n3");
    door_wait(d, d->config.confirm_timeout);
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    door_wait(d, d->config.renew_every / 2 + d->config.jitter);
    assert_non_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
}

static void who_stepped_down_campaigns_when_it_is_named(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    door_wait(d, S(1));
    char tail[] = " n1";
    assert_int_equal(d->leader[0], 'R');
    snprintf(d->leader + strlen(d->leader), sizeof tail, "%s", tail);
    door_push(d, "W n2");
    door_wait(d, 2 * DOOR_ROUND_TRIP);
    assert_non_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
}

static void leadership_that_ends_with_what_was_waited_for_ends_the_switchover(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    door_mark(d);
    door_end_action(d, intent, 1, MUSTER_RESULT_FENCED, 9);
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_FENCED);
    assert_refused(MUSTER_REFUSAL_ENDED);
    door_wait(d, S(3));
    assert_null(strstr(d->leader, " n2"));
}

int main(void)
{
#define IN(setting, name) cmocka_unit_test_setup_teardown(name, setting, tear_down)
    const struct CMUnitTest tests[] = {
        IN(leading, stepping_down_releases_at_once_and_keeps_back_for_a_lease_ttl),
        IN(leading, switchover_waits_for_what_runs_under_the_lease_and_begins_nothing),
        IN(leading, action_that_fails_during_a_switchover_is_not_tried_again),
        IN(fresh, who_does_not_lead_refuses_both),
        IN(leading, switchover_to_whom_cannot_follow_is_refused_with_the_reason),
        IN(leading, successor_that_is_lost_meanwhile_ends_the_switchover_and_not_the_leadership),
        IN(leading, leadership_that_ends_by_itself_ends_the_switchover),
        IN(leading, newest_wish_counts),
        IN(leading, shutdown_during_a_switchover_still_names_the_successor),
        IN(fresh, named_successor_campaigns_without_jitter),
        IN(fresh, others_hold_back_for_a_confirm_timeout),
        IN(leading, who_stepped_down_campaigns_when_it_is_named),
        IN(leading, leadership_that_ends_with_what_was_waited_for_ends_the_switchover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
