/* SPDX-License-Identifier: Apache-2.0 */
/* Holding the ledger, through the door: an action of the cluster waits for a majority of disks, and
 * a new leader for what its majority knows (R16). */
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

static void open_door(const struct door_options *options)
{
    d = door_open(options);
    d->config.hold_history = true;
}

static int fresh(void **state)
{
    (void)state;
    open_door(&(struct door_options){.peers_vote = true});
    return 0;
}

static int leading(void **state)
{
    fresh(state);
    door_start(d, true);
    door_wait(d, S(20));
    assert_true(door_says(d, "lease=leading epoch=1"));
    door_mark(d);
    return 0;
}

/* As `leading`, and the others take no ledger over. */
static int alone(void **state)
{
    leading(state);
    d->peer[1].deaf = d->peer[2].deaf = true;
    return 0;
}

/* A ledger that says that safe_mode ended so many ms ago. */
static void put_ledger(char text[DOOR_TEXT_MAX], uint64_t epoch, uint64_t count, unsigned age_ms)
{
    struct muster_ledger l = {.version = {epoch, count}};
    struct muster_text t;
    l.size =
        (uint32_t)snprintf((char *)l.text, sizeof l.text,
                           "ended 1 safe_mode %u open 0 storm 0 0 limits actions 0 safe_mode 0",
                           age_ms);
    muster_text_init(&t, text, DOOR_TEXT_MAX);
    muster_ledger_write(&l, &t);
}

static const struct door_entry *triggered(void)
{
    door_mark(d);
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    door_wait(d, S(3));
    return door_effect(d, MUSTER_OUT_ACTION);
}

static enum muster_result skipped(void)
{
    const struct door_entry *e = door_note(d, MUSTER_NOTE_ACTION_SKIPPED);
    assert_non_null(e);
    return (enum muster_result)e->effect.arg[0];
}

/* ---- the leader ---- */

static void cluster_in_which_nothing_was_begun_writes_no_ledger(void **state)
{
    (void)state;
    door_wait(d, S(60));
    assert_null(door_request(d, "SET {muster:muster}:ledger"));
    assert_null(door_request(d, "MGET {muster:muster}:ledger"));
    assert_int_equal(d->ledger_size, 0);
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.ledger.epoch, 0);
    assert_int_equal(d->spins, 0);
}

static void action_starts_when_a_majority_has_it_on_disk(void **state)
{
    (void)state;
    d->peer[2].deaf = true; /* one other voter is a majority */
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_non_null(door_note(d, MUSTER_NOTE_ACTION_PREPARED));
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_true(door_says(d, "prepared=safe_mode"));
    door_wait(d, S(3));
    const struct door_entry *e = door_effect(d, MUSTER_OUT_ACTION);
    assert_non_null(e);
    assert_int_equal(e->effect.action.epoch, 1);
    const struct door_entry *durable = door_note(d, MUSTER_NOTE_LEDGER_DURABLE);
    assert_int_equal(durable->effect.arg[0], 1);
    assert_int_equal(durable->effect.arg[1], 1);
    assert_int_equal(d->spins, 0);
}

static void own_disk_alone_starts_nothing(void **state)
{
    (void)state;
    assert_null(triggered());
    assert_true(d->ledger_size > 0);
    door_wait(d, S(60));
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_int_equal(door_notes(d, MUSTER_NOTE_ACTION_ENDED), 1); /* given up */
    assert_int_equal(d->spins, 0);
}

static void disks_of_voters_behind_another_do_not_count(void **state)
{
    (void)state;
    d->peer[2].up = false;
    d->peer[1].votes = false;
    d->peer[1].promise.attempt ^= 1;
    d->peer[1].ledger = (struct muster_ledger_version){1, 1};
    assert_null(triggered());
}

static void failed_sync_is_not_held_and_tried_again(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_LEDGER_SYNC] = DOOR_LOSE;
    assert_null(triggered());
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.ledger.epoch, 0);
    d->answer[MUSTER_ASK_LEDGER_SYNC] = DOOR_NORMAL;
    door_wait(d, S(6));
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_int_equal(d->spins, 0);
}

static void refused_key_is_written_again(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_LEDGER_SET] = DOOR_ERROR;
    d->error = "OOM command not allowed";
    assert_null(triggered());
    assert_true(door_requests(d, "SET {muster:muster}:ledger") < 8); /* at the pace of readings */
    d->answer[MUSTER_ASK_LEDGER_SET] = DOOR_NORMAL;
    door_wait(d, S(6));
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
}

static void key_is_written_with_every_heartbeat(void **state)
{
    (void)state;
    assert_non_null(triggered());
    door_mark(d);
    d->own_ledger[0] = 0; /* the store forgets */
    door_wait(d, S(6));
    assert_non_null(door_request(d, "SET {muster:muster}:ledger:n1 L 1 1 "));
    assert_true(d->own_ledger[0] != 0);
}

static void end_is_in_the_next_version(void **state)
{
    (void)state;
    uint64_t intent = triggered()->effect.tag;
    door_end_action(d, intent, 1, MUSTER_RESULT_SUCCESS, 0);
    door_wait(d, S(3));
    assert_int_equal(door_note(d, MUSTER_NOTE_LEDGER_DURABLE)->effect.arg[1], 2);
    assert_non_null(strstr(d->own_ledger, "ended 1 safe_mode 0 open 0"));
}

static void lost_leadership_gives_up_what_is_prepared(void **state)
{
    (void)state;
    assert_null(triggered());
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    door_wait(d, S(1));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_ACTION_ENDED);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[2], MUSTER_RESULT_CANCELLED);
    d->peer[1].deaf = d->peer[2].deaf = false;
    door_wait(d, S(30));
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
}

static void switched_off_nothing_waits(void **state)
{
    (void)state;
    d->config.hold_history = false;
    door_start(d, true);
    door_wait(d, S(20));
    door_mark(d);
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_null(door_note(d, MUSTER_NOTE_ACTION_PREPARED));
}

/* ---- the successor ---- */

static void voter_takes_the_newest_ledger_over(void **state)
{
    (void)state;
    d->peer[1].known = d->peer[2].known = 4;
    d->peer[1].deaf = d->peer[2].deaf = true;
    d->peer[1].ledger = (struct muster_ledger_version){3, 9};
    d->peer[2].ledger = (struct muster_ledger_version){4, 2};
    put_ledger(d->peer[1].ledger_text, 3, 9, 200000);
    put_ledger(d->peer[2].ledger_text, 4, 2, 100000);
    door_start(d, true); /* the cluster has an epoch: no first state, but it holds all the same */
    door_wait(d, S(20));
    assert_non_null(door_request(d, "MGET {muster:muster}:ledger:n3"));
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.ledger.epoch, 4);
    assert_int_equal(r.ledger.count, 2);
    assert_non_null(strstr(d->own_ledger, "L 4 2 "));
    assert_int_equal(d->spins, 0);
}

/* It leads, and one of those who stand behind it says a newer version than it can get. */
static int uninformed(void **state)
{
    leading(state);
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    d->peer[2].up = false;
    d->peer[1].deaf = true;
    d->peer[1].ledger = (struct muster_ledger_version){1, 5};
    door_wait(d, S(40));
    assert_true(door_says(d, "lease=leading epoch=2"));
    return 0;
}

static void leader_does_not_act_before_it_knows_what_its_majority_holds(void **state)
{
    (void)state;
    assert_null(triggered());
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_NOT_LEADER);
    assert_true(door_requests(d, "MGET {muster:muster}:ledger:n2") < 8);
    put_ledger(d->peer[1].ledger_text, 1, 5, 290000);
    door_wait(d, S(3));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_LEDGER_INHERITED);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[0], 1);
    assert_int_equal(e->effect.arg[1], 5);
    assert_null(triggered());
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_COOLDOWN);
    door_wait(d, S(10));
    d->peer[1].deaf = false;
    assert_non_null(triggered());
    assert_int_equal(d->spins, 0);
}

static void other_majority_that_knows_no_more_will_do(void **state)
{
    (void)state;
    d->peer[2].up = true; /* holds nothing, and stands behind it as well */
    door_wait(d, S(3));
    d->peer[2].deaf = false;
    assert_non_null(triggered());
}

static void value_that_is_not_the_one_promised_is_asked_for_again(void **state)
{
    (void)state;
    put_ledger(d->peer[1].ledger_text, 1, 4, 0);
    d->peer[1].ledger_text[strlen(d->peer[1].ledger_text) - 1] = 'x';
    assert_null(triggered());
    put_ledger(d->peer[1].ledger_text, 1, 4, 0); /* well-formed, and older than was said */
    assert_null(triggered());
    assert_null(door_note(d, MUSTER_NOTE_LEDGER_INHERITED));
}

static void what_is_no_list_of_ledgers_changes_nothing(void **state)
{
    (void)state;
    put_ledger(d->peer[1].ledger_text, 1, 5, 290000);
    d->answer[MUSTER_ASK_LEDGER_GET] = DOOR_ERROR;
    d->error = "BUSY Redis is busy running a script.";
    door_wait(d, S(3));
    d->answer[MUSTER_ASK_LEDGER_GET] = DOOR_RAW;
    d->raw = (struct muster_bytes){(const uint8_t *)"", 0};
    door_wait(d, S(3));
    assert_null(door_note(d, MUSTER_NOTE_LEDGER_INHERITED));
    assert_null(triggered());
    d->answer[MUSTER_ASK_LEDGER_GET] = DOOR_NORMAL;
    door_wait(d, S(3));
    assert_non_null(door_note(d, MUSTER_NOTE_LEDGER_INHERITED));
    assert_int_equal(d->spins, 0);
}

/* ---- restarts ---- */

static void restarted_member_has_its_ledger_from_the_disk(void **state)
{
    (void)state;
    uint64_t intent = triggered()->effect.tag;
    door_end_action(d, intent, 1, MUSTER_RESULT_SUCCESS, 0);
    door_wait(d, S(3));
    for (uint32_t i = 1; i < 3; i++) { /* nobody else has it */
        d->peer[i].ledger = (struct muster_ledger_version){0, 0};
        d->peer[i].deaf = true;
    }
    d->own_ledger[0] = d->leader[0] = 0;
    door_start(d, false);
    door_wait(d, S(40));
    assert_true(door_says(d, "lease=leading epoch=2"));
    assert_null(triggered());
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_COOLDOWN);
}

static void damaged_ledger_counts_as_if_all_had_just_been_done(void **state)
{
    (void)state;
    d->leader[0] = 0;
    d->ledger_size = 200;
    memset(d->ledger, 0x5a, sizeof d->ledger);
    door_start(d, false);
    door_wait(d, S(40));
    assert_true(door_says(d, "lease=leading epoch=2"));
    assert_null(triggered());
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_COOLDOWN);
    door_wait(d, S(300));
    assert_non_null(triggered());
}

static void ledger_knows_an_epoch(void **state)
{
    (void)state;
    assert_non_null(triggered());
    d->leader[0] = d->epoch[0] = 0;
    d->disk_size = 0;
    for (uint32_t i = 1; i < 3; i++) {
        d->peer[i].up = false;
    }
    door_start(d, true);
    door_wait(d, S(20));
    assert_non_null(door_note(d, MUSTER_NOTE_BOOTSTRAP_REFUSED));
}

/* ---- the store as the authority ---- */

static int store_says(void **state)
{
    (void)state;
    open_door(&(struct door_options){.members = 2, .peers_vote = true});
    d->config.authority = MUSTER_AUTHORITY_STORE;
    d->peer[1].deaf = true;
    return 0;
}

static void store_and_own_disk_hold_it(void **state)
{
    (void)state;
    door_start(d, true);
    door_wait(d, S(20));
    d->answer[MUSTER_ASK_LEDGER_SET] = DOOR_HANG;
    assert_null(triggered());
    assert_true(d->ledger_size > 0);
    door_release(d, MUSTER_ASK_LEDGER_SET, DOOR_NORMAL);
    door_wait(d, S(3));
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
}

static void new_leader_reads_every_voters_ledger(void **state)
{
    (void)state;
    d->peer[1].up = false; /* its record has expired, its ledger has not */
    put_ledger(d->peer[1].ledger_text, 1, 5, 0);
    snprintf(d->epoch, sizeof d->epoch, "1");
    d->answer[MUSTER_ASK_LEDGER_GET] = DOOR_LOSE;
    door_start(d, true);
    door_wait(d, S(20));
    assert_null(triggered());
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_NOT_LEADER);
    d->answer[MUSTER_ASK_LEDGER_GET] = DOOR_NORMAL;
    door_wait(d, S(5));
    assert_non_null(door_note(d, MUSTER_NOTE_LEDGER_INHERITED));
    assert_null(triggered());
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_COOLDOWN);
}

#define TEST(name, before) cmocka_unit_test_setup_teardown(name, before, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cluster_in_which_nothing_was_begun_writes_no_ledger, leading),
        TEST(action_starts_when_a_majority_has_it_on_disk, leading),
        TEST(own_disk_alone_starts_nothing, alone),
        TEST(disks_of_voters_behind_another_do_not_count, alone),
        TEST(failed_sync_is_not_held_and_tried_again, leading),
        TEST(refused_key_is_written_again, leading),
        TEST(key_is_written_with_every_heartbeat, leading),
        TEST(end_is_in_the_next_version, leading),
        TEST(lost_leadership_gives_up_what_is_prepared, alone),
        TEST(switched_off_nothing_waits, fresh),
        TEST(voter_takes_the_newest_ledger_over, fresh),
        TEST(leader_does_not_act_before_it_knows_what_its_majority_holds, uninformed),
        TEST(other_majority_that_knows_no_more_will_do, uninformed),
        TEST(value_that_is_not_the_one_promised_is_asked_for_again, uninformed),
        TEST(what_is_no_list_of_ledgers_changes_nothing, uninformed),
        TEST(restarted_member_has_its_ledger_from_the_disk, leading),
        TEST(damaged_ledger_counts_as_if_all_had_just_been_done, leading),
        TEST(ledger_knows_an_epoch, leading),
        TEST(store_and_own_disk_hold_it, store_says),
        TEST(new_leader_reads_every_voters_ledger, store_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
