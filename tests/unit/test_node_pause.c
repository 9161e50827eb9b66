/* SPDX-License-Identifier: Apache-2.0 */
/* Pausing the cluster's recovery: at once, acknowledged when durable, never forgotten (R16). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
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

static int leading(void **state)
{
    fresh(state);
    door_wait(d, S(20));
    assert_true(door_says(d, "lease=leading epoch=1"));
    door_mark(d);
    return 0;
}

/* As `leading`, and the others take no pause over. */
static int alone(void **state)
{
    leading(state);
    d->peer[1].deaf = d->peer[2].deaf = true;
    return 0;
}

static bool starts(void)
{
    door_mark(d);
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    const struct door_entry *skipped = door_note(d, MUSTER_NOTE_ACTION_SKIPPED);
    if (skipped)
        assert_int_equal(skipped->effect.arg[0], MUSTER_RESULT_SKIPPED_PAUSED);
    return door_effect(d, MUSTER_OUT_ACTION) != NULL;
}

static struct muster_slot on_disk(void)
{
    struct muster_slot s;
    assert_int_equal(muster_slot_decode(&s, (struct muster_bytes){d->disk, d->disk_size}), 0);
    return s;
}

static void pause_holds_at_once_and_is_acknowledged_when_a_majority_has_it_on_disk(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_PAUSE, "painting");
    assert_string_equal(door_note(d, MUSTER_NOTE_PAUSE_ASKED)->text, "painting");
    assert_false(starts());
    assert_non_null(
        strstr(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->text, "the operator's resume"));
    d->peer[1].deaf = false; /* one other voter is a majority */
    door_wait(d, S(3));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_PAUSE_DURABLE);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[0], 1);
    assert_int_equal(e->effect.arg[1], 1);
    assert_int_equal(e->effect.arg[2], 1);
    assert_int_equal(door_notes(d, MUSTER_NOTE_PAUSE_DURABLE), 1);
    assert_false(starts());
    assert_true(door_says(d, "recovery=paused"));
    assert_int_equal(d->spins, 0);
}

static void own_disk_alone_acknowledges_nothing(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_wait(d, S(5));
    assert_true(muster_pause_is_on(on_disk().pause));
    assert_null(door_note(d, MUSTER_NOTE_PAUSE_DURABLE));
}

static void disks_of_the_others_without_the_promise_acknowledge_nothing(void **state)
{
    (void)state;
    d->peer[2].up = false;
    door_command(d, MUSTER_VERB_PAUSE, "");
    d->peer[1].pause = (struct muster_pause){1, 1};
    d->peer[1].votes = false;
    d->peer[1].promise.attempt ^= 1;
    door_wait(d, S(3));
    assert_null(door_note(d, MUSTER_NOTE_PAUSE_DURABLE));
}

static void older_pause_of_the_others_acknowledges_nothing(void **state)
{
    (void)state;
    d->peer[1].pause = d->peer[2].pause = (struct muster_pause){1, 1};
    door_wait(d, S(3));
    door_command(d, MUSTER_VERB_PAUSE, "");
    assert_int_equal(door_note(d, MUSTER_NOTE_PAUSE_ASKED)->effect.arg[2], 3);
    door_wait(d, S(3));
    assert_null(door_note(d, MUSTER_NOTE_PAUSE_DURABLE));
}

static void resume_holds_when_a_majority_has_it_on_disk(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_wait(d, S(3));
    d->peer[1].deaf = d->peer[2].deaf = true;
    door_command(d, MUSTER_VERB_RESUME, "");
    door_wait(d, S(3));
    assert_false(starts());
    d->peer[2].deaf = false;
    door_wait(d, S(3));
    assert_int_equal(door_note(d, MUSTER_NOTE_PAUSE_DURABLE)->effect.arg[0], 0);
    assert_true(starts());
}

static void action_that_fails_during_a_pause_is_not_tried_again(void **state)
{
    (void)state;
    d->config.recovery.action[MUSTER_ACTION_SAFE_MODE].max_retries = 3;
    door_start(d, false);
    door_wait(d, S(60));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_mark(d);
    door_end_action(d, intent, 1, MUSTER_RESULT_FAILED, 0);
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_ENDED)->effect.arg[2], MUSTER_RESULT_FAILED);
}

static void local_actions_go_on(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
}

static void who_does_not_lead_refuses(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_wait(d, S(2));
    door_command(d, MUSTER_VERB_RESUME, "");
    assert_int_equal(door_notes(d, MUSTER_NOTE_PAUSE_REFUSED), 2);
    assert_int_equal(door_note(d, MUSTER_NOTE_PAUSE_REFUSED)->effect.arg[1],
                     MUSTER_REFUSAL_NOT_LEADER);
    assert_null(door_note(d, MUSTER_NOTE_PAUSE_ASKED));
}

static void leadership_that_ends_leaves_the_operator_without_an_acknowledgement(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    const struct door_entry *e = door_note(d, MUSTER_NOTE_PAUSE_REFUSED);
    assert_int_equal(e->effect.arg[0], 1);
    assert_int_equal(e->effect.arg[1], MUSTER_REFUSAL_ENDED);
    d->peer[1].deaf = d->peer[2].deaf = false;
    door_wait(d, S(3));
    assert_null(door_note(d, MUSTER_NOTE_PAUSE_DURABLE));
}

static void pause_that_one_voter_of_the_majority_knows_of_binds_the_new_leader(void **state)
{
    (void)state;
    door_wait(d, S(1)); /* the first state is on disk */
    d->peer[1].pause = (struct muster_pause){7, 1};
    d->peer[1].known = 7;
    door_wait(d, S(20));
    assert_true(door_says(d, "lease=leading epoch=8"));
    assert_true(door_says(d, "recovery=paused"));
    assert_false(starts());
    assert_int_equal(on_disk().pause.epoch, 7);
    door_command(d, MUSTER_VERB_RESUME, "");
    door_wait(d, S(3));
    assert_true(starts());
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.pause.epoch, 8);
}

static void pause_of_another_electorate_is_none(void **state)
{
    (void)state;
    d->peer[1].pause = (struct muster_pause){7, 1};
    d->peer[1].known = 7;
    d->peer[1].electorate_off = 1;
    door_wait(d, S(3));
    assert_true(door_says(d, "recovery=on"));
}

static void restart_and_loss_of_the_store_keep_the_pause(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_wait(d, S(3));
    d->leader[0] = d->own[0] = d->epoch[0] = 0;
    for (uint32_t i = 1; i < 3; i++)
        d->peer[i].pause = (struct muster_pause){0, 0};
    door_start(d, false);
    door_wait(d, S(60));
    assert_true(door_says(d, "lease=leading epoch=2"));
    assert_false(starts());
}

static void pause_does_not_count_as_a_promise(void **state)
{
    (void)state;
    uint64_t sequence = on_disk().sequence;
    uint32_t promised = door_notes(d, MUSTER_NOTE_PROMISED);
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_wait(d, S(1));
    struct muster_slot s = on_disk();
    assert_true(s.sequence > sequence);
    assert_int_equal(s.epoch, 1);
    assert_int_equal(door_notes(d, MUSTER_NOTE_PROMISED), promised);
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_true(r.echo > 0); /* what was echoed of the pair stays echoed */
}

static void pause_that_the_disk_refuses_holds_and_is_tried_once_in_renew_every(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_LOSE;
    uint64_t before = on_disk().sequence;
    door_command(d, MUSTER_VERB_PAUSE, "");
    door_wait(d, 2 * d->config.renew_every);
    assert_true(on_disk().sequence > before);
    assert_true(on_disk().sequence <= before + 6); /* every other number, three tries */
    assert_null(door_note(d, MUSTER_NOTE_PAUSE_DURABLE));
    assert_null(door_note(d, MUSTER_NOTE_PROMISE_FAILED));
    assert_true(door_says(d, "lease=leading epoch=1"));
    assert_false(starts());
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_NORMAL;
    door_wait(d, 2 * d->config.renew_every);
    assert_non_null(door_note(d, MUSTER_NOTE_PAUSE_DURABLE));
    assert_int_equal(d->spins, 0);
}

static void where_the_store_rules_every_voter_has_to_hold_a_pause(void **state)
{
    (void)state;
    d->config.authority = MUSTER_AUTHORITY_STORE;
    d->peer[1].deaf = d->peer[2].deaf = true;
    door_start(d, true);
    door_wait(d, S(40));
    assert_true(door_says(d, "lease=leading"));
    door_command(d, MUSTER_VERB_PAUSE, "");
    d->peer[1].deaf = false;
    door_wait(d, S(5));
    assert_true(muster_pause_is_on(on_disk().pause));
    assert_null(door_note(d, MUSTER_NOTE_PAUSE_DURABLE));
    d->peer[2].deaf = false;
    door_wait(d, S(5));
    assert_non_null(door_note(d, MUSTER_NOTE_PAUSE_DURABLE));
    memset(d->leader, 0, sizeof d->leader);
    d->peer[1].up = d->peer[2].up = false;
    door_start(d, false);
    door_wait(d, S(40));
    assert_true(door_says(d, "lease=leading"));
    assert_false(starts());
}

static void leader_that_knows_of_a_later_leaders_word_refuses(void **state)
{
    (void)state;
    d->peer[1].known = 2;
    d->peer[1].pause = (struct muster_pause){2, 1};
    door_wait(d, S(3));
    assert_true(door_says(d, "lease=leading epoch=1"));
    assert_true(door_says(d, "recovery=paused"));
    door_mark(d);
    door_command(d, MUSTER_VERB_RESUME, "");
    assert_int_equal(door_note(d, MUSTER_NOTE_PAUSE_REFUSED)->effect.arg[1],
                     MUSTER_REFUSAL_NOT_LEADER);
    assert_null(door_note(d, MUSTER_NOTE_PAUSE_ASKED));
    assert_true(door_says(d, "recovery=paused"));
}

int main(void)
{
#define IN(setting, name) cmocka_unit_test_setup_teardown(name, setting, tear_down)
    const struct CMUnitTest tests[] = {
        IN(alone, pause_holds_at_once_and_is_acknowledged_when_a_majority_has_it_on_disk),
        IN(alone, own_disk_alone_acknowledges_nothing),
        IN(alone, disks_of_the_others_without_the_promise_acknowledge_nothing),
        IN(alone, older_pause_of_the_others_acknowledges_nothing),
        IN(leading, resume_holds_when_a_majority_has_it_on_disk),
        IN(leading, action_that_fails_during_a_pause_is_not_tried_again),
        IN(leading, local_actions_go_on),
        IN(fresh, who_does_not_lead_refuses),
        IN(alone, leadership_that_ends_leaves_the_operator_without_an_acknowledgement),
        IN(fresh, pause_that_one_voter_of_the_majority_knows_of_binds_the_new_leader),
        IN(leading, pause_of_another_electorate_is_none),
        IN(leading, restart_and_loss_of_the_store_keep_the_pause),
        IN(leading, pause_does_not_count_as_a_promise),
        IN(fresh, where_the_store_rules_every_voter_has_to_hold_a_pause),
        IN(leading, pause_that_the_disk_refuses_holds_and_is_tried_once_in_renew_every),
        IN(leading, leader_that_knows_of_a_later_leaders_word_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
