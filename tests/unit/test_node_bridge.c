/* SPDX-License-Identifier: Apache-2.0 */
/* A bridge behind its door: it leads with the native lease and the origin's lock, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/lib/door.h"

#define S(count) ((muster_time)(count)*MUSTER_SECOND)
#define POLL     (MUSTER_ASTRA_TAG + MUSTER_ASTRA_ASK_POLL)
#define LOCK     (MUSTER_ASTRA_TAG + MUSTER_ASTRA_ASK_LOCK)
#define TIME     UINT64_C(1767225600000042)

static struct door *d;

/* n2 is a bridge, too; n3 speaks the origin's wire and has no native record. */
static int set_up(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    d->config.wire = MUSTER_WIRE_BRIDGE;
    d->peer[2].up = false;
    d->store_time = TIME;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(d->spins, 0);
    door_close(d);
    return 0;
}

static void lead(void)
{
    door_start(d, true);
    door_wait(d, S(30));
    assert_true(door_says(d, "lease=leading"));
    door_mark(d);
}

static uint64_t reason(void)
{
    return door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2];
}

static void leads_with_both_and_above_every_epoch_of_the_lock(void **state)
{
    (void)state;
    door_start(d, true);
    assert_int_equal(door_note(d, MUSTER_NOTE_WIRE_BRIDGE)->effect.arg[0], 3);
    door_wait(d, S(30));
    assert_true(door_says(d, "wire=bridge lock=held"));
    assert_string_equal(d->lock, "n1");
    assert_true(door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[0] == TIME + 1);
    assert_true(door_note(d, MUSTER_NOTE_ORIGIN_LOCK)->at <
                door_note(d, MUSTER_NOTE_CAMPAIGN)->at + 1);
    assert_non_null(door_request(d, "SET astra:resilience:vote:n1")); /* both kinds of vote */
    assert_non_null(door_request(d, "SET {muster:muster}:node:n1"));
    assert_null(door_note(d, MUSTER_NOTE_WIRE_SETTLED));
    door_wait(d, S(60)); /* the lock is renewed beside the lease */
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
}

static void lock_of_the_origins_leader_is_waited_for(void **state)
{
    (void)state;
    strcpy(d->lock, "n3");
    door_start(d, true);
    door_wait(d, S(60));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    assert_string_equal(d->leader, "");
    d->lock[0] = 0;
    door_wait(d, S(5));
    assert_true(door_says(d, "lease=leading"));
}

static void without_a_native_majority_the_lock_is_let_be(void **state)
{
    (void)state;
    d->peer[1].up = false;
    door_start(d, true);
    door_wait(d, S(60));
    assert_null(door_note(d, MUSTER_NOTE_ORIGIN_LOCK));
    assert_string_equal(d->lock, "");
    d->peer[1].up = true;
    d->peer[1].state = 'U'; /* it is there, and its promise would not count */
    door_wait(d, S(30));
    assert_null(door_note(d, MUSTER_NOTE_ORIGIN_LOCK));
}

static void lock_is_given_back_when_no_majority_promises(void **state)
{
    (void)state;
    d->peer[1].votes = false;
    door_start(d, true);
    door_wait(d, S(60));
    assert_non_null(door_note(d, MUSTER_NOTE_ATTEMPT_RELEASED));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    assert_true(door_notes(d, MUSTER_NOTE_ORIGIN_LOCK) > 2); /* had, and given back */
}

static void lost_lock_ends_the_lease(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) { /* a reading, the renewal, or its time tells */
        d->lock[0] = d->leader[0] = 0;
        d->expires = false;
        d->now += S(1);
        lead();
        if (how == 0) {
            strcpy(d->lock, "n3");
        } else {
            d->answer[POLL] = DOOR_HANG;
            d->expires = how == 1;
            d->answer[LOCK] = how == 1 ? DOOR_NORMAL : DOOR_HANG;
        }
        door_wait(d, S(31));
        assert_int_equal(reason(), MUSTER_LOST_ORIGIN_LOCK);
        assert_int_equal(door_note(d, MUSTER_NOTE_ORIGIN_LOCK)->effect.arg[0], 0);
        assert_int_equal(d->leader[0], 'R'); /* the lease is released, too */
        d->answer[POLL] = d->answer[LOCK] = DOOR_NORMAL;
    }
}

static void lease_lasts_no_longer_than_the_lock(void **state)
{
    (void)state;
    lead();
    d->answer[LOCK] = DOOR_ERROR;
    d->error = "READONLY";
    door_wait(d, S(31));
    assert_int_equal(reason(), MUSTER_LOST_ORIGIN_LOCK);
    const struct door_entry *e = door_note(d, MUSTER_NOTE_LEASE_EXTENDED);
    assert_true(e->effect.arg[2] <= door_note(d, MUSTER_NOTE_LEADER_LOST)->at);
}

static void shutdown_gives_both_back(void **state)
{
    (void)state;
    lead();
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    door_wait(d, S(2));
    assert_int_equal(d->leader[0], 'R');
    assert_string_equal(d->lock, "");
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_true(muster_node_deadline(d->node) == MUSTER_NEVER);
}

static void when_every_voter_is_native_the_lock_is_let_go(void **state)
{
    (void)state;
    lead();
    d->peer[2].up = true;
    door_wait(d, S(20));
    assert_int_equal(door_note(d, MUSTER_NOTE_WIRE_SETTLED)->effect.arg[0], 3);
    assert_string_equal(d->lock, "");
    assert_true(door_says(d, "lease=leading"));
    assert_true(door_says(d, "wire=settled"));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
    door_mark(d);
    d->peer[2].up = false; /* it stays so, whatever comes */
    strcpy(d->lock, "n3");
    door_wait(d, S(40));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
    assert_null(door_request(d, "SET astra:resilience:vote:n1"));
    assert_int_equal(door_notes(d, MUSTER_NOTE_ORIGIN_LOCK), 0);
}

static void settled_cluster_elects_without_the_lock(void **state)
{
    (void)state;
    d->peer[2].up = true;
    door_start(d, true);
    door_wait(d, S(30));
    assert_non_null(door_note(d, MUSTER_NOTE_WIRE_SETTLED));
    assert_non_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    assert_null(door_note(d, MUSTER_NOTE_ORIGIN_LOCK));
    assert_true(door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[0] == TIME + 1);
}

static void wire_is_not_settled_before_the_time_is_told(void **state)
{
    (void)state;
    d->peer[2].up = true;
    d->answer[MUSTER_ASTRA_TAG + MUSTER_ASTRA_ASK_TIME] = DOOR_ERROR;
    d->error = "NOPERM this user has no permissions to run the 'time' command";
    door_start(d, true);
    door_wait(d, S(30));
    assert_null(door_note(d, MUSTER_NOTE_WIRE_SETTLED));
    assert_non_null(door_note(d, MUSTER_NOTE_STORE_ERROR));
    assert_true(door_requests(d, "TIME") <= 15); /* at the pace of the readings */
    d->answer[MUSTER_ASTRA_TAG + MUSTER_ASTRA_ASK_TIME] = DOOR_NORMAL;
    door_wait(d, S(3));
    assert_non_null(door_note(d, MUSTER_NOTE_WIRE_SETTLED));
}

static void own_old_key_is_given_back_when_it_is_not_wanted(void **state)
{
    (void)state;
    strcpy(d->lock, "n1");
    d->peer[1].up = false;
    door_start(d, true);
    door_wait(d, S(5));
    assert_string_equal(d->lock, "");
}

static void operators_verbs_are_the_native_ones(void **state)
{
    (void)state;
    lead();
    door_command(d, MUSTER_VERB_PAUSE, "");
    assert_non_null(door_note(d, MUSTER_NOTE_PAUSE_ASKED));
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    door_wait(d, S(1));
    assert_int_equal(reason(), MUSTER_LOST_SWITCHOVER);
    assert_string_equal(d->lock, ""); /* for the successor */
}

static void after_a_stall_nothing_starts_before_an_echo(void **state)
{
    (void)state;
    lead();
    door_stall(d, S(4));
    door_timer(d);
    assert_non_null(door_note(d, MUSTER_NOTE_STALLED));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
}

static void higher_epoch_of_a_target_ends_both(void **state)
{
    (void)state;
    lead();
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    const struct door_entry *a = door_effect(d, MUSTER_OUT_ACTION);
    door_end_action(d, a->effect.tag, 1, MUSTER_RESULT_FENCED, TIME + 99);
    assert_int_equal(reason(), MUSTER_LOST_FENCED);
    assert_string_equal(d->lock, "n1"); /* what ran may still be ending */
    door_wait(d, S(1));
    assert_non_null(door_note(d, MUSTER_NOTE_ORIGIN_LOCK));
}

static void bridge_that_refuses_for_a_twin_renews_nothing(void **state)
{
    (void)state;
    lead();
    for (int i = 0; i < 8; i++) { /* its record advances, beside ours, with a lower incarnation */
        struct muster_member_record r = {.state = MUSTER_MEMBER_ACTIVE,
                                         .incarnation = {1, 1},
                                         .sequence = 50 + (uint64_t)i,
                                         .electorate = d->electorate,
                                         .generation = 1};
        struct muster_text t;
        muster_text_init(&t, d->own, sizeof d->own);
        muster_member_record_write(&r, &t);
        door_wait(d, d->config.poll_every);
    }
    assert_non_null(door_note(d, MUSTER_NOTE_DUPLICATE_ID));
    door_wait(d, S(2));
    door_mark(d);
    door_wait(d, S(60)); /* the lock ends with its TTL */
    assert_null(door_request(d, "EVAL"));
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(leads_with_both_and_above_every_epoch_of_the_lock),
        HERE(lock_of_the_origins_leader_is_waited_for),
        HERE(without_a_native_majority_the_lock_is_let_be),
        HERE(lock_is_given_back_when_no_majority_promises),
        HERE(lost_lock_ends_the_lease),
        HERE(lease_lasts_no_longer_than_the_lock),
        HERE(shutdown_gives_both_back),
        HERE(when_every_voter_is_native_the_lock_is_let_go),
        HERE(settled_cluster_elects_without_the_lock),
        HERE(wire_is_not_settled_before_the_time_is_told),
        HERE(own_old_key_is_given_back_when_it_is_not_wanted),
        HERE(operators_verbs_are_the_native_ones),
        HERE(after_a_stall_nothing_starts_before_an_echo),
        HERE(higher_epoch_of_a_target_ends_both),
        HERE(bridge_that_refuses_for_a_twin_renews_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
