/* SPDX-License-Identifier: Apache-2.0 */
/* The node as leader: how it comes to the lease, keeps it and loses it (R3, R4, R11, R13–R15). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/door.h"

#define S(seconds)    ((seconds)*MUSTER_SECOND)
#define FAILED_HEALTH "system=FAILED failed=3 circuit=CLOSED failures_1h=0"

static struct door *d;

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

/* A fresh cluster whose other voters follow. */
static int fresh(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    door_start(d, true);
    return 0;
}

static int leading(void **state)
{
    fresh(state);
    door_wait(d, S(17));
    assert_true(door_says(d, "lease=leading epoch=1"));
    return 0;
}

static void steps_down_with(enum muster_lost reason)
{
    const struct door_entry *lost = door_note(d, MUSTER_NOTE_LEADER_LOST);
    assert_non_null(lost);
    assert_int_equal(lost->effect.arg[2], reason);
}

static void fresh_cluster_elects_after_a_full_lease(void **state)
{
    (void)state;
    door_wait(d, S(17));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_LEADER_ELECTED);
    assert_non_null(e);
    assert_true(e->at >= DOOR_START + d->config.lease_ttl);
    assert_true(e->at <= DOOR_START + d->config.lease_ttl + d->config.jitter + S(1));
    assert_int_equal(e->effect.arg[0], 1);
    assert_int_equal(door_notes(d, MUSTER_NOTE_CAMPAIGN), 1);
    assert_int_equal(door_notes(d, MUSTER_NOTE_BOOTSTRAPPED), 1);
    assert_int_equal(d->spins, 0);
}

static void promise_is_on_disk_before_it_is_published(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_NORMAL;
    door_wait(d, S(14));
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_HANG;
    door_wait(d, S(3));
    assert_non_null(door_note(d, MUSTER_NOTE_ACQUIRED));
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.promise.epoch, 0);
    door_release(d, MUSTER_ASK_SLOT_SYNC, DOOR_NORMAL);
    door_wait(d, S(1));
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.promise.epoch, 1);
}

static void failed_sync_is_no_promise(void **state)
{
    (void)state;
    door_wait(d, S(14));
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_LOSE;
    door_wait(d, S(3));
    assert_non_null(door_note(d, MUSTER_NOTE_PROMISE_FAILED));
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    assert_true(door_says(d, "promise=0"));
}

static void failed_write_is_no_promise_even_if_the_sync_ends_well(void **state)
{
    (void)state;
    door_wait(d, S(14));
    d->answer[MUSTER_ASK_SLOT_WRITE] = DOOR_REFUSE;
    door_wait(d, S(3));
    assert_non_null(door_note(d, MUSTER_NOTE_PROMISE_FAILED));
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    assert_int_equal(door_note(d, MUSTER_NOTE_PROMISE_FAILED)->effect.arg[2],
                     MUSTER_STATUS_NOSPACE);
}

static void unconfirmed_attempt_is_released_after_confirm_timeout(void **state)
{
    (void)state;
    d->peer[1].votes = d->peer[2].votes = false;
    door_wait(d, S(17));
    const struct door_entry *campaign = door_note(d, MUSTER_NOTE_CAMPAIGN);
    assert_non_null(campaign);
    muster_time sent = campaign->at;
    door_run(d, sent + d->config.confirm_timeout - 1);
    assert_true(door_says(d, "lease=confirming"));
    door_run(d, sent + d->config.confirm_timeout + 10 * MUSTER_MILLISECOND);
    assert_non_null(door_note(d, MUSTER_NOTE_ATTEMPT_RELEASED));
    assert_non_null(door_note(d, MUSTER_NOTE_RELEASED));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    assert_int_equal(d->leader[0], 'R');
    assert_int_equal(d->spins, 0);
}

static void echoes_of_a_majority_extend_the_lease(void **state)
{
    (void)state;
    door_mark(d);
    door_wait(d, S(60));
    assert_in_range(door_notes(d, MUSTER_NOTE_LEASE_EXTENDED), 18, 21);
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
    assert_int_equal(door_notes(d, MUSTER_NOTE_LEADER_ELECTED), 0);
    assert_int_equal(d->spins, 0);
}

static void lease_runs_from_the_sending_not_the_reply(void **state)
{
    (void)state;
    door_mark(d);
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_HANG;
    door_wait(d, S(4));
    const struct door_entry *renewal = door_request(d, "EVALSHA");
    assert_non_null(renewal);
    muster_time sent = renewal->at;
    door_mark(d);
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_NORMAL;
    door_release(d, MUSTER_ASK_SCRIPT, DOOR_NORMAL);
    door_push(d, "W n2");
    door_wait(d, 10 * MUSTER_MILLISECOND);
    const struct door_entry *e = door_note(d, MUSTER_NOTE_LEASE_EXTENDED);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[2], sent + d->config.lease_ttl - d->config.margin);
}

static void without_echoes_the_leader_steps_down_at_renew_deadline(void **state)
{
    (void)state;
    door_mark(d);
    d->peer[1].votes = d->peer[2].votes = false;
    door_wait(d, d->config.renew_deadline + S(1));
    steps_down_with(MUSTER_LOST_DEADLINE);
    /* The store is well: the tombstone follows once the last effect is cancelled. */
    const struct door_entry *lost = door_note(d, MUSTER_NOTE_LEADER_LOST);
    const struct door_entry *released = door_note(d, MUSTER_NOTE_RELEASED);
    assert_non_null(released);
    assert_true(released->at >= lost->at + d->config.stop_time);
    assert_int_equal(d->spins, 0);
}

static void readonly_is_retried_until_renew_deadline(void **state)
{
    (void)state;
    door_mark(d);
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_ERROR;
    d->error = "READONLY You can't write against a read only replica.";
    door_wait(d, d->config.renew_deadline - S(4));
    assert_true(door_requests(d, "EVALSHA") >= 3);
    assert_true(door_requests(d, "EVALSHA") <= 8);
    const struct door_entry *error = door_note(d, MUSTER_NOTE_STORE_ERROR);
    assert_memory_equal(error->text, d->error, strlen(error->text));
    assert_int_equal(error->effect.arg[0], MUSTER_REACTION_RETRY);
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
    door_wait(d, S(5));
    steps_down_with(MUSTER_LOST_DEADLINE);
}

static void renewal_with_unknown_outcome_is_read_before_it_is_repeated(void **state)
{
    (void)state;
    door_mark(d);
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_LOSE_REPLY;
    door_wait(d, S(3) + S(1) + 100 * MUSTER_MILLISECOND);
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_NORMAL;
    door_wait(d, S(10));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
    assert_true(door_says(d, "lease=leading epoch=1"));
}

static void missing_record_at_renewal_is_lost_and_never_recreated(void **state)
{
    (void)state;
    door_mark(d);
    d->leader[0] = 0;
    d->answer[MUSTER_ASK_POLL] = DOOR_HANG;
    door_wait(d, S(4));
    steps_down_with(MUSTER_LOST_RECORD_GONE);
    assert_int_equal(d->leader[0], 0);
}

static void missing_record_in_a_reading_is_lost(void **state)
{
    (void)state;
    door_mark(d);
    d->leader[0] = 0;
    door_wait(d, S(2));
    steps_down_with(MUSTER_LOST_RECORD_GONE);
    assert_int_equal(d->leader[0], 0);
    /* Its own promise and echo forbid a new campaign for a full lease. */
    door_wait(d, S(8));
    assert_int_equal(door_notes(d, MUSTER_NOTE_CAMPAIGN), 0);
}

static void record_of_another_ends_leadership(void **state)
{
    (void)state;
    door_mark(d);
    door_foreign_leader(d, 5, 0xbeef, 0);
    door_wait(d, S(2));
    steps_down_with(MUSTER_LOST_RECORD_GONE);
    assert_true(door_says(d, "known=5"));
}

static void noscript_is_answered_with_the_whole_script(void **state)
{
    (void)state;
    d->scripts_known = false;
    door_wait(d, S(17));
    const struct door_entry *whole = door_request(d, "EVAL local");
    assert_non_null(whole);
    assert_non_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    assert_int_equal(door_note(d, MUSTER_NOTE_STORE_ERROR)->effect.arg[0],
                     MUSTER_REACTION_LOAD_SCRIPT);
    assert_int_equal(door_notes(d, MUSTER_NOTE_CAMPAIGN), 1);
}

static void noscript_of_the_whole_script_is_an_error_like_others(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_ERROR;
    d->error = "NOSCRIPT No matching script.";
    door_wait(d, S(17));
    assert_non_null(door_request(d, "EVAL local"));
    assert_null(door_note(d, MUSTER_NOTE_ACQUIRED));
    assert_true(door_requests(d, "EVAL local") <= 4);
}

static void lost_acquire_ack_is_recognised_by_attempt(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_LOSE_REPLY;
    for (int i = 0; i < 200 && !door_note(d, MUSTER_NOTE_CAMPAIGN); i++)
        door_wait(d, 100 * MUSTER_MILLISECOND);
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_NORMAL;
    door_wait(d, S(3));
    assert_int_equal(door_notes(d, MUSTER_NOTE_CAMPAIGN), 1);
    assert_int_equal(door_notes(d, MUSTER_NOTE_ACQUIRED), 1);
    const struct door_entry *e = door_note(d, MUSTER_NOTE_LEADER_ELECTED);
    assert_non_null(e);
    muster_time sent = door_note(d, MUSTER_NOTE_CAMPAIGN)->at;
    assert_true(e->effect.arg[2] >= sent + d->config.lease_ttl - d->config.margin);
}

static void acquire_that_never_arrived_is_given_up(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_LOSE;
    for (int i = 0; i < 200 && !door_note(d, MUSTER_NOTE_CAMPAIGN); i++)
        door_wait(d, 100 * MUSTER_MILLISECOND);
    assert_true(door_says(d, "lease=acquiring"));
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_HANG;
    muster_time sent = door_note(d, MUSTER_NOTE_CAMPAIGN)->at;
    door_run(d, sent + d->config.confirm_timeout);
    assert_true(door_says(d, "lease=idle"));
    assert_null(door_note(d, MUSTER_NOTE_ACQUIRED));
}

static void zombie_acquire_is_released_by_its_owner(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_LOSE;
    d->peer[1].votes = d->peer[2].votes = false;
    for (int i = 0; i < 200 && !door_note(d, MUSTER_NOTE_CAMPAIGN); i++)
        door_wait(d, 100 * MUSTER_MILLISECOND);
    const struct door_entry *c = door_note(d, MUSTER_NOTE_CAMPAIGN);
    uint64_t attempt = c->effect.arg[1];
    door_run(d, c->at + d->config.confirm_timeout);
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_NORMAL;
    door_mark(d);
    /* Another attempt may be under way by now; what comes late is of the first. */
    snprintf(d->leader, sizeof d->leader, "H 9 %llx 0 n1 %016llx%016llx 0 0",
             (unsigned long long)attempt, (unsigned long long)DOOR_HIGH,
             (unsigned long long)DOOR_LOW);
    door_wait(d, S(3));
    const struct door_entry *z = door_note(d, MUSTER_NOTE_ZOMBIE_RELEASED);
    assert_non_null(z);
    assert_int_equal(z->effect.arg[0], 9);
    assert_int_equal(z->effect.arg[1], attempt);
    assert_non_null(door_note(d, MUSTER_NOTE_RELEASED));
}

static void after_a_stall_nothing_starts_before_a_new_majority_echo(void **state)
{
    (void)state;
    d->health = FAILED_HEALTH;
    door_mark(d);
    door_stall(d, S(7));
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_HANG;
    door_timer(d);
    assert_non_null(door_note(d, MUSTER_NOTE_STALLED));
    assert_true(door_says(d, "lease=leading"));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode by hand");
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->effect.arg[0],
                     MUSTER_RESULT_SKIPPED_NO_QUORUM);
    assert_non_null(door_request(d, "EVALSHA"));
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_NORMAL;
    door_release(d, MUSTER_ASK_SCRIPT, DOOR_NORMAL);
    door_wait(d, S(2));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode by hand");
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
}

static void stall_beyond_the_lease_ends_it(void **state)
{
    (void)state;
    door_mark(d);
    door_stall(d, S(30));
    door_timer(d);
    steps_down_with(MUSTER_LOST_EXPIRED);
    assert_non_null(door_note(d, MUSTER_NOTE_STALLED));
}

static const struct door_entry *start_cluster_action(void)
{
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode test");
    const struct door_entry *a = door_effect(d, MUSTER_OUT_ACTION);
    assert_non_null(a);
    return a;
}

static void action_carries_the_epoch_and_the_end_of_the_lease(void **state)
{
    (void)state;
    uint64_t until = door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[2];
    const struct door_entry *a = start_cluster_action();
    assert_int_equal(a->effect.action.epoch, 1);
    assert_int_equal(a->effect.action.attempt, 1);
    assert_true(a->effect.action.not_after >= until);
    assert_true(a->effect.action.not_after <= d->now + d->config.lease_ttl - d->config.margin);
}

static void reason_of_a_trigger_begins_with_its_first_word(void **state)
{
    (void)state;
    assert_string_equal(start_cluster_action()->text, "safe_mode n1 manual: test");
}

static void step_down_cancels_running_cluster_actions(void **state)
{
    (void)state;
    const struct door_entry *a = start_cluster_action();
    uint64_t intent = a->effect.tag;
    door_foreign_leader(d, 5, 0xbeef, 0);
    door_wait(d, S(2));
    const struct door_entry *cancel = door_effect(d, MUSTER_OUT_CANCEL);
    assert_non_null(cancel);
    assert_int_equal(cancel->effect.tag, intent);
    assert_int_equal(cancel->at, door_note(d, MUSTER_NOTE_LEADER_LOST)->at);
}

static void fenced_action_ends_leadership_and_raises_the_known_epoch(void **state)
{
    (void)state;
    const struct door_entry *a = start_cluster_action();
    door_end_action(d, a->effect.tag, 1, MUSTER_RESULT_FENCED, 8);
    steps_down_with(MUSTER_LOST_FENCED);
    assert_true(door_says(d, "known=8"));
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_ENDED)->effect.arg[2], MUSTER_RESULT_FENCED);
    door_wait(d, S(40));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_LEADER_ELECTED);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[0], 9);
}

static void epoch_of_a_target_that_is_not_higher_changes_nothing(void **state)
{
    (void)state;
    const struct door_entry *a = start_cluster_action();
    door_end_action(d, a->effect.tag, 1, MUSTER_RESULT_SUCCESS, 1);
    assert_true(door_says(d, "lease=leading"));
    door_end_action(d, 1, 1, MUSTER_RESULT_SUCCESS, UINT64_MAX);
    assert_true(door_says(d, "known=1 "));
}

static void heartbeat_publishes_health_and_state(void **state)
{
    (void)state;
    d->health = FAILED_HEALTH;
    door_wait(d, d->config.heartbeat_every);
    door_mark(d);
    door_wait(d, d->config.heartbeat_every);
    assert_int_equal(door_requests(d, "SET {muster:muster}:health:"), 1);
    assert_string_equal(
        door_request(d, "SET {muster:muster}:health:")->text,
        "SET {muster:muster}:health:n1 circuit=CLOSED mode=SAFE score=600000 PX 60000");
    assert_string_equal(door_request(d, "PUBLISH {muster:muster}:state S")->text,
                        "PUBLISH {muster:muster}:state S n1 circuit=CLOSED mode=SAFE score=600000");
}

static void disabled_recovery_acts_on_nothing(void **state)
{
    (void)state;
    d->config.recovery.enabled = false;
    d->health = "failed=5 circuit=OPEN open_s=900 failures_1h=900";
    door_start(d, true);
    door_wait(d, S(90));
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_null(door_note(d, MUSTER_NOTE_ACTION_SKIPPED));
}

static void enabled_recovery_acts_on_its_own_poll(void **state)
{
    (void)state;
    d->health = "failed=0 circuit=OPEN open_s=900 failures_1h=0";
    door_wait(d, S(90));
    assert_memory_equal(door_effect(d, MUSTER_OUT_ACTION)->text, "circuit_restart n1", 18);
}

int main(void)
{
#define IN(setting, name) cmocka_unit_test_setup_teardown(name, setting, tear_down)
    const struct CMUnitTest tests[] = {
        IN(fresh, fresh_cluster_elects_after_a_full_lease),
        IN(leading, heartbeat_publishes_health_and_state),
        IN(fresh, promise_is_on_disk_before_it_is_published),
        IN(fresh, failed_sync_is_no_promise),
        IN(fresh, failed_write_is_no_promise_even_if_the_sync_ends_well),
        IN(fresh, unconfirmed_attempt_is_released_after_confirm_timeout),
        IN(leading, echoes_of_a_majority_extend_the_lease),
        IN(leading, lease_runs_from_the_sending_not_the_reply),
        IN(leading, without_echoes_the_leader_steps_down_at_renew_deadline),
        IN(leading, readonly_is_retried_until_renew_deadline),
        IN(leading, renewal_with_unknown_outcome_is_read_before_it_is_repeated),
        IN(leading, missing_record_at_renewal_is_lost_and_never_recreated),
        IN(leading, missing_record_in_a_reading_is_lost),
        IN(leading, record_of_another_ends_leadership),
        IN(fresh, noscript_is_answered_with_the_whole_script),
        IN(fresh, noscript_of_the_whole_script_is_an_error_like_others),
        IN(fresh, lost_acquire_ack_is_recognised_by_attempt),
        IN(fresh, acquire_that_never_arrived_is_given_up),
        IN(fresh, zombie_acquire_is_released_by_its_owner),
        IN(leading, after_a_stall_nothing_starts_before_a_new_majority_echo),
        IN(leading, stall_beyond_the_lease_ends_it),
        IN(fresh, disabled_recovery_acts_on_nothing),
        IN(fresh, enabled_recovery_acts_on_its_own_poll),
        IN(leading, action_carries_the_epoch_and_the_end_of_the_lease),
        IN(leading, reason_of_a_trigger_begins_with_its_first_word),
        IN(leading, step_down_cancels_running_cluster_actions),
        IN(leading, fenced_action_ends_leadership_and_raises_the_known_epoch),
        IN(leading, epoch_of_a_target_that_is_not_higher_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
