/* SPDX-License-Identifier: Apache-2.0 */
/* A node of the local coordinator, through the door. */
#include "core/coordinator/slot.h"
#include "tests/lib/door.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S(n) ((n)*MUSTER_SECOND)

enum {
    ASK_READ = 1,
    ASK_WRITE,
    ASK_SYNC,
    ASK_LEDGER_READ,
    ASK_LEDGER_WRITE,
    ASK_LEDGER_SYNC
}; /* local.c: low bytes of its tags */

static struct door *d;

static int set_up(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.members = 1});
    d->config.local = true;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

static uint64_t slot_epoch(void)
{
    struct muster_slot s;
    int error = muster_slot_decode(&s, (struct muster_bytes){d->disk, d->disk_size});
    return error ? 0 : s.epoch;
}

static void leads_as_soon_as_its_epoch_is_on_disk(void **state)
{
    (void)state;
    d->answer[ASK_SYNC] = DOOR_HANG;
    door_start(d, false);
    door_wait(d, S(1));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    assert_true(door_says(d, "lease=idle"));
    door_release(d, ASK_SYNC, DOOR_NORMAL);
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[0], 1);
    assert_true(door_says(d, "life=active lease=leading epoch=1 promise=1 known=1 fit=yes"));
    assert_int_equal(slot_epoch(), 1);
}

static void asks_no_store_for_anything(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, S(60));
    for (uint32_t i = 0; i < d->logged; i++)
        assert_false(d->log[i].effect.kind == MUSTER_OUT_REQUEST &&
                     d->log[i].effect.request.endpoint == MUSTER_ENDPOINT_STORE);
    assert_int_equal(d->spins, 0);
}

static void every_life_takes_a_higher_epoch(void **state)
{
    (void)state;
    for (uint64_t life = 1; life <= 5; life++) { /* both slots, and over both again */
        door_start(d, false);
        door_wait(d, S(1));
        assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[0], life);
        d->now += S(1);
    }
    assert_int_equal(door_notes(d, MUSTER_NOTE_BOOTSTRAPPED), 1);
}

static void damaged_or_foreign_state_is_not_no_state(void **state)
{
    (void)state;
    memset(d->disk, 0x5a, MUSTER_SLOT_SIZE);
    d->disk_size = MUSTER_SLOT_SIZE;
    door_start(d, true);
    door_wait(d, S(60));
    assert_non_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    door_mark(d);
    memset(d->disk, 0, sizeof d->disk);
    d->disk_size = 0;
    door_start(d, true);
    door_wait(d, S(1));
    struct muster_slot own;
    assert_int_equal(muster_slot_decode(&own, (struct muster_bytes){d->disk, d->disk_size}), 0);
    for (int i = 0; i < 2; i++) {
        struct muster_slot foreign = own;
        foreign.cluster += i == 0;
        foreign.electorate += i == 1;
        muster_slot_encode(&foreign, d->disk + muster_slot_offset(own.sequence));
        d->now += S(1);
        door_mark(d);
        door_start(d, true);
        door_wait(d, S(60));
        assert_non_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
        assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    }
}

static void unreadable_disk_is_not_no_state(void **state)
{
    (void)state;
    d->answer[ASK_READ] = DOOR_LOSE;
    door_start(d, true);
    door_wait(d, S(10));
    assert_non_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
}

static void failed_write_is_tried_again_under_a_higher_epoch(void **state)
{
    (void)state;
    d->answer[ASK_SYNC] = DOOR_LOSE;
    door_start(d, false);
    door_wait(d, d->config.renew_every * 2 + S(1));
    assert_int_equal(door_notes(d, MUSTER_NOTE_PROMISE_FAILED), 3);
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    d->answer[ASK_SYNC] = DOOR_NORMAL;
    door_wait(d, d->config.renew_every);
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[0], 4);
    assert_int_equal(slot_epoch(), 4);
}

static void lease_is_renewed_before_it_ends(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, S(1));
    muster_time until = door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[2];
    for (int i = 0; i < 40; i++) {
        door_wait(d, S(1));
        const struct door_entry *e = door_note(d, MUSTER_NOTE_LEASE_EXTENDED);
        until = e ? e->effect.arg[2] : until;
        assert_true(until > d->now);
    }
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
}

static void after_a_stall_the_lease_is_renewed_before_anything_starts(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, S(1));
    door_stall(d, S(8)); /* shorter than the lease */
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->effect.arg[0],
                     MUSTER_RESULT_SKIPPED_NOT_LEADER);
    assert_non_null(door_note(d, MUSTER_NOTE_STALLED));
    assert_true(door_note(d, MUSTER_NOTE_LEASE_EXTENDED)->effect.arg[2] > d->now);
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
}

static void target_that_knows_a_higher_epoch_is_outbid(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    const struct door_entry *e = door_effect(d, MUSTER_OUT_ACTION);
    assert_int_equal(e->effect.action.epoch, 1);
    d->answer[ASK_SYNC] = DOOR_HANG;
    door_end_action(d, e->effect.tag, 1, MUSTER_RESULT_FENCED, 41);
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_FENCED);
    door_wait(d, S(1));
    assert_true(door_says(d, "lease=idle"));
    d->answer[ASK_SYNC] = DOOR_NORMAL;
    door_release(d, ASK_SYNC, DOOR_NORMAL);
    door_wait(d, S(1));
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[0], 42);
    assert_int_equal(slot_epoch(), 42);
}

static void absurd_epoch_of_a_target_is_passed_over(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_end_action(d, intent, 1, MUSTER_RESULT_FENCED, UINT64_MAX);
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
}

static void its_own_vote_decides(void **state)
{
    (void)state;
    d->health = "system=FAILED failed=3 circuit=CLOSED failures_1h=0";
    door_start(d, false);
    door_wait(d, S(12));
    assert_int_equal(door_note(d, MUSTER_NOTE_CONSENSUS_APPLIED)->effect.arg[3], MUSTER_MODE_SAFE);
    door_mark(d);
    d->health = "system=UNKNOWN";
    door_wait(d, S(12));
    assert_null(door_note(d, MUSTER_NOTE_CONSENSUS_APPLIED)); /* UNKNOWN agrees with nothing */
}

static void shutdown_waits_for_what_runs_and_then_stops(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    door_wait(d, S(1));
    assert_null(door_note(d, MUSTER_NOTE_STOPPED));
    door_end_action(d, intent, 1, MUSTER_RESULT_SUCCESS, 0);
    door_wait(d, S(1));
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_SHUTDOWN);
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_true(muster_node_deadline(d->node) == MUSTER_NEVER);
}

static void shutdown_before_the_disk_has_answered_stops(void **state)
{
    (void)state;
    d->answer[ASK_READ] = DOOR_HANG;
    door_start(d, false);
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
}

static void shutdown_while_an_epoch_is_written_waits_for_its_end(void **state)
{
    (void)state;
    d->answer[ASK_SYNC] = DOOR_HANG;
    door_start(d, false);
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    assert_null(door_note(d, MUSTER_NOTE_STOPPED));
    door_release(d, ASK_SYNC, DOOR_NORMAL);
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
}

static void there_is_nobody_to_hand_over_to(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, MUSTER_SECOND);
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    assert_int_equal(door_note(d, MUSTER_NOTE_HANDOVER_REFUSED)->effect.arg[0],
                     MUSTER_REFUSAL_ALONE);
    door_command(d, MUSTER_VERB_SWITCHOVER, "n1");
    assert_int_equal(door_notes(d, MUSTER_NOTE_HANDOVER_REFUSED), 2);
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
}

static uint64_t pauses(void)
{
    return door_notes(d, MUSTER_NOTE_PAUSE_DURABLE);
}

static void pause_is_kept_over_a_restart(void **state)
{
    (void)state;
    door_start(d, false);
    door_command(d, MUSTER_VERB_PAUSE, "");
    assert_int_equal(door_note(d, MUSTER_NOTE_PAUSE_REFUSED)->effect.arg[1],
                     MUSTER_REFUSAL_NOT_LEADER);
    door_wait(d, MUSTER_SECOND);
    door_command(d, MUSTER_VERB_PAUSE, "");
    assert_int_equal(pauses(), 0);
    door_wait(d, 3 * DOOR_ROUND_TRIP);
    assert_int_equal(pauses(), 1);
    assert_true(door_says(d, "lease=leading epoch=1"));
    door_start(d, false);
    door_wait(d, MUSTER_SECOND);
    assert_true(door_says(d, "lease=leading epoch=2"));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->effect.arg[0],
                     MUSTER_RESULT_SKIPPED_PAUSED);
    door_command(d, MUSTER_VERB_RESUME, "");
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode"); /* not durable yet */
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    door_wait(d, 3 * DOOR_ROUND_TRIP);
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_int_equal(d->spins, 0);
}

static void pause_that_the_disk_refuses_holds_and_is_tried_again(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, MUSTER_SECOND);
    d->answer[3] = DOOR_LOSE; /* the sync */
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_wait(d, 2 * d->config.renew_every);
    assert_int_equal(pauses(), 0);
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    d->answer[3] = DOOR_NORMAL;
    door_wait(d, d->config.renew_every);
    assert_int_equal(pauses(), 1);
    assert_int_equal(d->spins, 0);
}

static void words_in_quick_succession_end_with_the_last(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, MUSTER_SECOND);
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_command(d, MUSTER_VERB_RESUME, "");
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_wait(d, MUSTER_SECOND);
    const struct door_entry *e = door_note(d, MUSTER_NOTE_PAUSE_DURABLE);
    assert_int_equal(e->effect.arg[0], 1);
    assert_int_equal(e->effect.arg[2], 3);
    assert_int_equal(pauses(), 1);
}

static void pause_that_is_under_way_when_leadership_ends_is_not_acknowledged(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, MUSTER_SECOND);
    d->answer[3] = DOOR_LOSE;
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    assert_int_equal(door_note(d, MUSTER_NOTE_PAUSE_REFUSED)->effect.arg[1], MUSTER_REFUSAL_ENDED);
    door_wait(d, MUSTER_SECOND);
    assert_int_equal(pauses(), 0);
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
}

static void epoch_counts_when_write_and_sync_have_ended_in_whatever_order(void **state)
{
    (void)state;
    d->answer[ASK_WRITE] = DOOR_HANG;
    door_start(d, false);
    door_wait(d, S(1)); /* the sync has ended */
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    door_release(d, ASK_WRITE, DOOR_NORMAL);
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[0], 1);
}

static void failed_write_is_no_epoch_though_the_sync_ends_well(void **state)
{
    (void)state;
    d->answer[ASK_WRITE] = DOOR_REFUSE;
    door_start(d, false);
    door_wait(d, S(1));
    assert_int_equal(door_note(d, MUSTER_NOTE_PROMISE_FAILED)->effect.arg[2],
                     MUSTER_STATUS_NOSPACE);
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
}

static void higher_epoch_that_is_heard_of_while_one_is_written_is_outbid(void **state)
{
    (void)state;
    d->answer[ASK_SYNC] = DOOR_HANG;
    door_start(d, false);
    door_wait(d, S(1));
    door_end_action(d, 77, 1, MUSTER_RESULT_FENCED, 41); /* of an earlier life */
    d->answer[ASK_SYNC] = DOOR_NORMAL;
    door_release(d, ASK_SYNC, DOOR_NORMAL);
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED)); /* epoch 1 is on the disk, and too low */
    door_wait(d, S(1));
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[0], 42);
}

static void epoch_of_a_target_makes_nobody_fit(void **state)
{
    (void)state;
    memset(d->disk, 0x5a, MUSTER_SLOT_SIZE);
    d->disk_size = MUSTER_SLOT_SIZE;
    door_start(d, true);
    door_wait(d, S(1));
    door_end_action(d, 77, 1, MUSTER_RESULT_FENCED, 41);
    door_wait(d, S(30));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    assert_true(door_says(d, "known=41 fit=no"));
}

static void stall_before_it_leads_costs_nothing(void **state)
{
    (void)state;
    d->answer[ASK_SYNC] = DOOR_HANG;
    door_start(d, false);
    door_wait(d, S(1));
    door_stall(d, S(60));
    door_timer(d);
    assert_non_null(door_note(d, MUSTER_NOTE_STALLED));
    d->answer[ASK_SYNC] = DOOR_NORMAL;
    door_release(d, ASK_SYNC, DOOR_NORMAL);
    assert_true(door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[2] > d->now);
}

static void answers_to_nobody_and_messages_change_nothing(void **state)
{
    (void)state;
    static const uint64_t tags[] = {0, 0x100, 0x1ff, 0x100 | ASK_SYNC, 0x100 | ASK_READ};
    door_start(d, false);
    door_wait(d, S(1));
    assert_true(door_says(d, "lease=leading epoch=1"));
    door_mark(d);
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        struct muster_input in = {.kind = MUSTER_IN_DISK, .tag = tags[i]};
        in.status = MUSTER_STATUS_IOERROR;
        door_input(d, &in);
    }
    door_push(d, "W");
    assert_int_equal(d->logged, 0);
    assert_true(door_says(d, "lease=leading epoch=1"));
}

static void pause_that_was_acknowledged_outlives_a_leadership_without_another_word(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_wait(d, S(1));
    assert_int_equal(pauses(), 1);
    door_end_action(d, 77, 1, MUSTER_RESULT_FENCED, 41);
    door_wait(d, S(1));
    assert_true(door_says(d, "lease=leading epoch=42"));
    assert_true(door_says(d, "recovery=paused"));
    assert_int_equal(pauses(), 1);
}

static void description_says_how_far_a_shutdown_has_come(void **state)
{
    (void)state;
    d->answer[ASK_SYNC] = DOOR_HANG;
    door_start(d, false);
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    assert_true(door_says(d, "life=leaving"));
    door_release(d, ASK_SYNC, DOOR_NORMAL);
    assert_true(door_says(d, "life=left"));
}

/* ---- what must not be forgotten (R16) ---- */

static struct muster_effect triggered(void)
{
    door_mark(d);
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    door_wait(d, S(1));
    const struct door_entry *e = door_effect(d, MUSTER_OUT_ACTION);
    return e ? e->effect : (struct muster_effect){.kind = 0};
}

static void action_starts_when_the_own_disk_has_it(void **state)
{
    (void)state;
    d->config.hold_history = true;
    door_start(d, false);
    door_wait(d, S(1));
    d->answer[ASK_LEDGER_SYNC] = DOOR_HANG;
    assert_int_equal(triggered().kind, 0);
    assert_non_null(door_note(d, MUSTER_NOTE_ACTION_PREPARED));
    door_release(d, ASK_LEDGER_SYNC, DOOR_LOSE); /* it failed, and is tried again */
    door_wait(d, S(1));
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    d->answer[ASK_LEDGER_SYNC] = DOOR_NORMAL;
    door_wait(d, S(4));
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_int_equal(d->spins, 0);
}

static void cooldown_outlives_the_process(void **state)
{
    (void)state;
    d->config.hold_history = true;
    door_start(d, false);
    door_wait(d, S(1));
    struct muster_effect e = triggered();
    assert_int_equal(e.kind, MUSTER_OUT_ACTION);
    door_end_action(d, e.tag, 1, MUSTER_RESULT_SUCCESS, 0);
    door_wait(d, S(1));
    door_start(d, false);
    door_wait(d, S(1));
    assert_non_null(door_note(d, MUSTER_NOTE_LEDGER_INHERITED));
    assert_int_equal(triggered().kind, 0);
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->effect.arg[0],
                     MUSTER_RESULT_SKIPPED_COOLDOWN);
    door_wait(d, S(300));
    assert_int_equal(triggered().kind, MUSTER_OUT_ACTION);
    assert_int_equal(d->spins, 0);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(action_starts_when_the_own_disk_has_it),
        HERE(cooldown_outlives_the_process),
        HERE(leads_as_soon_as_its_epoch_is_on_disk),
        HERE(asks_no_store_for_anything),
        HERE(every_life_takes_a_higher_epoch),
        HERE(damaged_or_foreign_state_is_not_no_state),
        HERE(unreadable_disk_is_not_no_state),
        HERE(failed_write_is_tried_again_under_a_higher_epoch),
        HERE(lease_is_renewed_before_it_ends),
        HERE(after_a_stall_the_lease_is_renewed_before_anything_starts),
        HERE(target_that_knows_a_higher_epoch_is_outbid),
        HERE(absurd_epoch_of_a_target_is_passed_over),
        HERE(its_own_vote_decides),
        HERE(shutdown_waits_for_what_runs_and_then_stops),
        HERE(shutdown_before_the_disk_has_answered_stops),
        HERE(shutdown_while_an_epoch_is_written_waits_for_its_end),
        HERE(there_is_nobody_to_hand_over_to),
        HERE(pause_is_kept_over_a_restart),
        HERE(pause_that_the_disk_refuses_holds_and_is_tried_again),
        HERE(words_in_quick_succession_end_with_the_last),
        HERE(pause_that_is_under_way_when_leadership_ends_is_not_acknowledged),
        HERE(epoch_counts_when_write_and_sync_have_ended_in_whatever_order),
        HERE(failed_write_is_no_epoch_though_the_sync_ends_well),
        HERE(higher_epoch_that_is_heard_of_while_one_is_written_is_outbid),
        HERE(epoch_of_a_target_makes_nobody_fit),
        HERE(stall_before_it_leads_costs_nothing),
        HERE(answers_to_nobody_and_messages_change_nothing),
        HERE(pause_that_was_acknowledged_outlives_a_leadership_without_another_word),
        HERE(description_says_how_far_a_shutdown_has_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
