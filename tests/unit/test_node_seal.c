/* SPDX-License-Identifier: Apache-2.0 */
/* A new leader seals its targets before anything else (R14). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/seal.h"
#include "tests/lib/door.h"

#define S(seconds) ((seconds)*MUSTER_SECOND)

static struct door *d;

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    d->seals = DOOR_HANG;
    return 0;
}

/* Further actions of the cluster, `count` in all. */
static void add_actions(uint32_t count)
{
    struct muster_recovery_config *r = &d->config.recovery;
    for (uint32_t n = 1; n < count; n++) {
        struct muster_action_config *a = &r->action[r->action_count++];
        *a = r->action[MUSTER_ACTION_SAFE_MODE];
        snprintf(a->name, sizeof a->name, "action_%u", (unsigned)n);
    }
}

/* Up to the moment of the election. */
static void elect(void)
{
    door_start(d, true);
    for (int i = 0; i < 40000 && !door_note(d, MUSTER_NOTE_LEADER_ELECTED); i++)
        door_wait(d, MUSTER_MILLISECOND / 2);
    assert_non_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
}

static bool starts(void)
{
    door_mark(d);
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    return door_effect(d, MUSTER_OUT_ACTION) != NULL;
}

static void each_action_of_the_cluster_is_sealed_before_any_starts(void **state)
{
    (void)state;
    add_actions(3);
    d->config.recovery.action[4].enabled = false;
    elect();
    assert_int_equal(door_seals(d), 2); /* of three one is not enabled; two are local */
    const struct door_entry *e = &d->log[d->logged - 1];
    assert_int_equal(e->effect.kind, MUSTER_OUT_ACTION);
    assert_string_equal(e->text, "action_1 n1 seal");
    assert_int_equal(e->effect.action.epoch, 1);
    assert_int_equal(e->effect.action.attempt, 0);
    assert_int_equal(e->effect.action.timeout, d->config.renew_every);
    assert_true(muster_seal_owns(e->effect.tag) && e->effect.tag <= MUSTER_INTEGER_MAX);
    assert_true(e->effect.action.not_after <= d->now + d->config.lease_ttl);
    uint64_t last = e->effect.tag;
    assert_false(starts());
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->effect.arg[0],
                     MUSTER_RESULT_SKIPPED_NOT_LEADER);
    door_end_action(d, last - 1, 0, MUSTER_RESULT_SUCCESS, 1);
    assert_false(starts());
    door_end_action(d, last, 0, MUSTER_RESULT_SUCCESS, 1);
    const struct door_entry *sealed = door_note(d, MUSTER_NOTE_SEALED);
    assert_int_equal(sealed->effect.arg[0], 1);
    assert_int_equal(sealed->effect.arg[1], 2);
    assert_int_equal(sealed->effect.arg[2], 0);
    assert_true(starts());
}

static void local_actions_do_not_wait(void **state)
{
    (void)state;
    elect();
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
}

static void target_that_cannot_be_sealed_is_told_of_and_not_waited_for(void **state)
{
    (void)state;
    d->seals = DOOR_LOSE;
    elect();
    door_wait(d, S(1));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_UNSEALED);
    assert_string_equal(e->text, "safe_mode");
    assert_int_equal(e->effect.arg[0], 1);
    assert_int_equal(e->effect.arg[1], MUSTER_ACTION_SAFE_MODE);
    assert_int_equal(e->effect.arg[2], MUSTER_RESULT_FAILED);
    assert_int_equal(door_note(d, MUSTER_NOTE_SEALED)->effect.arg[2], 1);
    assert_true(starts());
}

static void target_that_does_not_answer_is_waited_for_up_to_renew_every(void **state)
{
    (void)state;
    elect();
    muster_time elected = d->now;
    door_run(d, elected + d->config.renew_every - S(1));
    assert_false(starts());
    door_run(d, elected + d->config.renew_every);
    assert_int_equal(door_note(d, MUSTER_NOTE_UNSEALED)->effect.arg[2], MUSTER_RESULT_TIMED_OUT);
    assert_int_equal(door_notes(d, MUSTER_NOTE_SEALED), 1);
    assert_true(starts());
    assert_int_equal(d->spins, 0);
}

static void end_that_comes_too_late_changes_nothing(void **state)
{
    (void)state;
    elect();
    uint64_t tag = d->log[d->logged - 1].effect.tag;
    door_wait(d, S(4));
    door_mark(d);
    door_end_action(d, tag, 0, MUSTER_RESULT_FAILED, 0);
    assert_null(door_note(d, MUSTER_NOTE_UNSEALED));
    assert_null(door_note(d, MUSTER_NOTE_SEALED));
}

static void many_targets_are_sealed_a_few_at_a_time(void **state)
{
    (void)state;
    add_actions(MUSTER_ACTIONS_MAX - 2);
    elect();
    assert_int_equal(door_seals(d), MUSTER_SEALS_MAX);
    d->seals = DOOR_NORMAL;
    uint64_t last = d->log[d->logged - 1].effect.tag;
    for (uint32_t i = 0; i < MUSTER_SEALS_MAX; i++)
        door_end_action(d, last - i, 0, MUSTER_RESULT_SUCCESS, 1);
    door_wait(d, S(1));
    assert_int_equal(door_seals(d), MUSTER_ACTIONS_MAX - 2);
    assert_int_equal(door_note(d, MUSTER_NOTE_SEALED)->effect.arg[1], MUSTER_ACTIONS_MAX - 2);
}

static void many_targets_that_do_not_answer_are_all_told_of(void **state)
{
    (void)state;
    add_actions(MUSTER_ACTIONS_MAX - 2);
    elect();
    door_wait(d, d->config.renew_every + S(1));
    assert_int_equal(door_notes(d, MUSTER_NOTE_UNSEALED), MUSTER_ACTIONS_MAX - 2);
    assert_int_equal(door_note(d, MUSTER_NOTE_SEALED)->effect.arg[2], MUSTER_ACTIONS_MAX - 2);
    assert_true(starts());
    for (uint32_t i = 0; i < d->logged; i++)
        assert_true(d->log[i].effect.note != MUSTER_NOTE_SEALED);
}

static void target_that_knows_a_higher_epoch_ends_the_leadership(void **state)
{
    (void)state;
    d->seals = DOOR_RAW;
    d->seal_epoch = 9;
    elect();
    door_wait(d, S(1));
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_FENCED);
    assert_true(door_says(d, "known=9"));
    assert_null(door_note(d, MUSTER_NOTE_SEALED));
}

static void leadership_that_ends_gives_the_seals_up(void **state)
{
    (void)state;
    elect();
    uint64_t tag = d->log[d->logged - 1].effect.tag;
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    assert_int_equal(door_effect(d, MUSTER_OUT_CANCEL)->effect.tag, tag);
    door_wait(d, S(5));
    assert_null(door_note(d, MUSTER_NOTE_SEALED));
    assert_int_equal(d->spins, 0);
}

static void next_leadership_seals_anew_with_its_epoch(void **state)
{
    (void)state;
    d->seals = DOOR_NORMAL;
    elect();
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    door_mark(d);
    door_wait(d, S(40));
    assert_true(door_says(d, "lease=leading epoch=2"));
    assert_int_equal(door_note(d, MUSTER_NOTE_SEALED)->effect.arg[0], 2);
}

static void stall_while_sealing_begins_it_again(void **state)
{
    (void)state;
    elect();
    door_stall(d, S(6));
    door_timer(d);
    assert_non_null(door_effect(d, MUSTER_OUT_CANCEL));
    d->seals = DOOR_NORMAL;
    door_wait(d, S(2));
    assert_int_equal(door_notes(d, MUSTER_NOTE_SEALED), 1);
    assert_int_equal(door_seals(d), 2);
    assert_true(starts());
    assert_int_equal(d->spins, 0);
}

static void stall_afterwards_does_not(void **state)
{
    (void)state;
    d->seals = DOOR_NORMAL;
    elect();
    door_wait(d, S(1));
    door_stall(d, S(6));
    door_wait(d, S(3));
    assert_int_equal(door_seals(d), 1);
    assert_true(starts());
}

static void config_leaves_it_out(void **state)
{
    (void)state;
    d->config.seal_targets = false;
    elect();
    assert_int_equal(door_seals(d), 0);
    assert_true(starts());
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(each_action_of_the_cluster_is_sealed_before_any_starts),
        HERE(local_actions_do_not_wait),
        HERE(target_that_cannot_be_sealed_is_told_of_and_not_waited_for),
        HERE(target_that_does_not_answer_is_waited_for_up_to_renew_every),
        HERE(end_that_comes_too_late_changes_nothing),
        HERE(many_targets_are_sealed_a_few_at_a_time),
        HERE(many_targets_that_do_not_answer_are_all_told_of),
        HERE(target_that_knows_a_higher_epoch_ends_the_leadership),
        HERE(leadership_that_ends_gives_the_seals_up),
        HERE(next_leadership_seals_anew_with_its_epoch),
        HERE(stall_while_sealing_begins_it_again),
        HERE(stall_afterwards_does_not),
        HERE(config_leaves_it_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
