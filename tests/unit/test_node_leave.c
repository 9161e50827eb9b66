/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a member: draining, the tombstone, and nothing after it (R1, R12). */
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

static int leading(void **state)
{
    fresh(state);
    door_wait(d, S(17));
    assert_true(door_says(d, "lease=leading epoch=1"));
    return 0;
}

static void shut_down(void)
{
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
}

static void shutdown_drains_then_leaves_a_tombstone(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    shut_down();
    door_wait(d, S(5));
    assert_non_null(door_note(d, MUSTER_NOTE_DRAINING));
    assert_true(door_says(d, "lease=leading")); /* what runs needs the lease */
    assert_null(door_effect(d, MUSTER_OUT_CANCEL));
    door_end_action(d, intent, 1, MUSTER_RESULT_SUCCESS, 0);
    door_wait(d, S(1));
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_SHUTDOWN);
    assert_non_null(door_note(d, MUSTER_NOTE_RELEASED));
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_memory_equal(d->leader, "R 1 ", 4);
    assert_non_null(strstr(door_request(d, "EVALSHA")->text, " 15000")); /* a full lease_ttl */
    assert_non_null(strstr(door_request(d, "PUBLISH")->text, "W n1"));
    assert_true(door_says(d, "life=left"));
    assert_true(muster_node_deadline(d->node) == MUSTER_NEVER);
    assert_int_equal(d->spins, 0);
}

static void draining_member_takes_no_more_work(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    shut_down();
    shut_down();
    assert_int_equal(door_notes(d, MUSTER_NOTE_DRAINING), 1);
    door_mark(d);
    door_command(d, MUSTER_VERB_TRIGGER, "cache_purge");
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->effect.arg[0],
                     MUSTER_RESULT_SKIPPED_PAUSED);
}

static void shutdown_waits_for_a_renewal_under_way_without_spinning(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_HANG;
    door_wait(d, S(3));
    shut_down();
    door_timer(d);
    assert_true(muster_node_deadline(d->node) > d->now);
    assert_null(door_note(d, MUSTER_NOTE_STOPPED));
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_NORMAL;
    door_release(d, MUSTER_ASK_SCRIPT, DOOR_NORMAL);
    door_wait(d, S(1));
    assert_int_equal(d->leader[0], 'R');
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_int_equal(d->spins, 0);
}

static void lost_release_does_not_hold_the_shutdown_up(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_LOSE;
    shut_down();
    door_wait(d, S(3));
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_null(door_note(d, MUSTER_NOTE_RELEASED));
}

static void acquire_that_ends_during_shutdown_is_released(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_HANG;
    for (int i = 0; i < 200 && !door_note(d, MUSTER_NOTE_CAMPAIGN); i++)
        door_wait(d, 100 * MUSTER_MILLISECOND);
    shut_down();
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_NORMAL;
    door_release(d, MUSTER_ASK_SCRIPT, DOOR_NORMAL);
    door_wait(d, S(2));
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_int_equal(d->leader[0], 'R');
}

static void draining_member_does_not_campaign(void **state)
{
    (void)state;
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    door_wait(d, d->config.lease_ttl + 2 * MUSTER_MILLISECOND);
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN)); /* planned, within the jitter */
    shut_down();
    door_wait(d, S(3));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
}

static void history_that_the_disk_refuses_delays_the_stop_by_renew_deadline(void **state)
{
    (void)state;
    d->history_sync = DOOR_LOSE;
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    shut_down();
    door_end_action(d, intent, 1, MUSTER_RESULT_SUCCESS, 0);
    muster_time ended = d->now;
    door_wait(d, d->config.renew_deadline - 1);
    assert_null(door_note(d, MUSTER_NOTE_STOPPED));
    door_wait(d, S(1));
    const struct door_entry *stopped = door_note(d, MUSTER_NOTE_STOPPED);
    assert_non_null(stopped);
    assert_true(stopped->at >= ended + d->config.renew_deadline);
}

static void refused_member_stops_though_the_disk_refuses_its_history(void **state)
{
    (void)state;
    d->history_sync = DOOR_LOSE;
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_end_action(d, intent, 1, MUSTER_RESULT_SUCCESS, 0);
    for (unsigned i = 0; i < 6; i++) {
        snprintf(d->own, sizeof d->own, "V A %032x %016llx %u 0 0 0 0 0 0 0 0 1 1", 1,
                 (unsigned long long)d->electorate, i + 1);
        door_wait(d, S(2));
    }
    assert_true(door_says(d, "life=refused"));
    shut_down();
    door_wait(d, d->config.renew_deadline + S(1));
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
}

static void refused_member_stops_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        snprintf(d->own, sizeof d->own, "V A %032x %016llx %u 0 0 0 0 0 0 0 0 1 1", 1,
                 (unsigned long long)d->electorate, i + 1);
        door_wait(d, S(2));
    }
    assert_true(door_says(d, "life=refused"));
    shut_down();
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
}

static void shutdown_while_loading_stays_stopped(void **state)
{
    (void)state;
    door_close(d);
    d = door_open(&(struct door_options){.peers_vote = true});
    d->answer[MUSTER_ASK_SLOT_READ] = DOOR_HANG;
    door_start(d, true);
    shut_down();
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    door_mark(d);
    door_release(d, MUSTER_ASK_SLOT_READ, DOOR_NORMAL);
    assert_int_equal(d->logged, 0);
    assert_true(door_says(d, "life=left"));
}

static void nothing_comes_from_a_stopped_member(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_POLL] = DOOR_HANG;
    door_wait(d, S(2));
    shut_down();
    door_wait(d, S(1));
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    door_mark(d);
    d->peer[2].known = 7;
    door_foreign_leader(d, 7, 0xbeef, 0);
    door_release(d, MUSTER_ASK_POLL, DOOR_NORMAL);
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    door_push(d, "W n2");
    door_timer(d);
    door_wait(d, S(60));
    assert_int_equal(d->logged, 0);
}

static void leaving_follower_writes_no_tombstone(void **state)
{
    (void)state;
    door_wait(d, S(13));
    door_foreign_leader(d, 1, 0xbeef, 0);
    door_wait(d, S(4));
    door_mark(d);
    shut_down();
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_null(door_request(d, "EVALSHA"));
    assert_int_equal(d->leader[0], 'H');
}

int main(void)
{
#define IN(setting, name) cmocka_unit_test_setup_teardown(name, setting, tear_down)
    const struct CMUnitTest tests[] = {
        IN(leading, shutdown_drains_then_leaves_a_tombstone),
        IN(leading, draining_member_takes_no_more_work),
        IN(leading, shutdown_waits_for_a_renewal_under_way_without_spinning),
        IN(leading, lost_release_does_not_hold_the_shutdown_up),
        IN(fresh, acquire_that_ends_during_shutdown_is_released),
        IN(fresh, draining_member_does_not_campaign),
        IN(leading, history_that_the_disk_refuses_delays_the_stop_by_renew_deadline),
        IN(leading, refused_member_stops_though_the_disk_refuses_its_history),
        IN(leading, refused_member_stops_at_once),
        IN(fresh, shutdown_while_loading_stays_stopped),
        IN(leading, nothing_comes_from_a_stopped_member),
        IN(fresh, leaving_follower_writes_no_tombstone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
