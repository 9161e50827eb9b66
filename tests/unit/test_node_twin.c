/* SPDX-License-Identifier: Apache-2.0 */
/* Twins: of two members with one id the newcomer, or the higher incarnation, refuses (R9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/lib/door.h"

#define S(seconds) ((seconds)*MUSTER_SECOND)

static struct door *d;

static int set_up(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

static void put_own(char state, uint64_t high, uint64_t low, uint64_t sequence)
{
    struct muster_member_record r = {.state = (enum muster_member_state)state,
                                     .incarnation = {high, low},
                                     .sequence = sequence,
                                     .electorate = d->electorate};
    struct muster_text t;
    muster_text_init(&t, d->own, sizeof d->own);
    muster_member_record_write(&r, &t);
}

static void member_joins_after_two_heartbeats_without_a_twin(void **state)
{
    (void)state;
    door_start(d, true);
    door_wait(d, 2 * d->config.heartbeat_every + d->config.poll_every);
    assert_null(door_note(d, MUSTER_NOTE_JOINED));
    assert_int_equal(d->own[2], MUSTER_MEMBER_JOINING);
    door_wait(d, d->config.poll_every + 10 * MUSTER_MILLISECOND);
    assert_non_null(door_note(d, MUSTER_NOTE_JOINED));
    assert_int_equal(d->own[2], MUSTER_MEMBER_ACTIVE);
}

static void record_of_a_dead_incarnation_is_waited_out(void **state)
{
    (void)state;
    put_own('A', 1, 1, 50);
    door_start(d, true);
    door_wait(d, S(9));
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.incarnation.high, 1); /* not overwritten: it might be alive */
    door_wait(d, S(4));
    assert_non_null(door_note(d, MUSTER_NOTE_JOINED));
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.incarnation.high, DOOR_HIGH);
}

static void twin_that_advances_makes_the_newcomer_refuse(void **state)
{
    (void)state;
    put_own('A', UINT64_MAX, 1, 50); /* higher: but it was here first */
    door_start(d, true);
    door_wait(d, S(4));
    put_own('A', UINT64_MAX, 1, 51);
    door_wait(d, S(3));
    assert_null(door_note(d, MUSTER_NOTE_DUPLICATE_ID)); /* a command that came late */
    put_own('A', UINT64_MAX, 1, 52);
    door_wait(d, S(3));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_DUPLICATE_ID);
    assert_non_null(e);
    assert_true(e->effect.arg[0] == UINT64_MAX);
    assert_int_equal(e->effect.arg[1], 1);
    assert_true(door_says(d, "life=refused"));
    assert_true(muster_node_deadline(d->node) == MUSTER_NEVER);
    door_mark(d);
    door_push(d, "W n2");
    door_timer(d);
    assert_int_equal(d->logged, 0);
}

static void of_two_newcomers_the_lower_incarnation_stays(void **state)
{
    (void)state;
    put_own('J', DOOR_HIGH, DOOR_LOW + 1, 50);
    door_start(d, true);
    door_wait(d, S(4));
    put_own('J', DOOR_HIGH, DOOR_LOW + 1, 51);
    door_wait(d, S(3));
    put_own('J', DOOR_HIGH, DOOR_LOW + 1, 52);
    door_wait(d, S(10));
    assert_non_null(door_note(d, MUSTER_NOTE_JOINED));
    assert_null(door_note(d, MUSTER_NOTE_DUPLICATE_ID));
}

static void of_two_newcomers_the_higher_incarnation_refuses(void **state)
{
    (void)state;
    put_own('J', DOOR_HIGH, DOOR_LOW - 1, 50);
    door_start(d, true);
    door_wait(d, S(4));
    put_own('J', DOOR_HIGH, DOOR_LOW - 1, 51);
    door_wait(d, S(3));
    assert_null(door_note(d, MUSTER_NOTE_DUPLICATE_ID)); /* a command that came late */
    put_own('J', DOOR_HIGH, DOOR_LOW - 1, 52);
    door_wait(d, S(3));
    assert_non_null(door_note(d, MUSTER_NOTE_DUPLICATE_ID));
}

static void active_member_outlasts_a_newcomer_with_its_id(void **state)
{
    (void)state;
    door_start(d, true);
    door_wait(d, S(12));
    for (uint64_t i = 0; i < 4; i++) {
        put_own('J', 0, 1, 50 + i);
        door_wait(d, S(2));
    }
    assert_null(door_note(d, MUSTER_NOTE_DUPLICATE_ID));
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.incarnation.high, DOOR_HIGH); /* it says so again */
}

static void leader_that_meets_a_lower_active_twin_stops_at_once(void **state)
{
    (void)state;
    door_start(d, true);
    door_wait(d, S(18));
    assert_true(door_says(d, "lease=leading"));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    for (uint64_t i = 0; i < 6; i++) {
        put_own('A', 0, 1, 50 + i);
        door_wait(d, S(2));
    }
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_DUPLICATE);
    assert_non_null(door_note(d, MUSTER_NOTE_DUPLICATE_ID));
    assert_non_null(door_effect(d, MUSTER_OUT_CANCEL));
}

static void refused_member_asks_the_store_for_nothing_more(void **state)
{
    (void)state;
    door_start(d, true);
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_HANG;
    for (int i = 0; i < 200 && !door_note(d, MUSTER_NOTE_CAMPAIGN); i++)
        door_wait(d, 100 * MUSTER_MILLISECOND);
    for (uint64_t i = 0; i < 6; i++) {
        put_own('A', 0, 1, 50 + i);
        door_wait(d, S(2));
    }
    assert_true(door_says(d, "life=refused"));
    door_mark(d);
    d->scripts_known = false;
    door_release(d, MUSTER_ASK_SCRIPT, DOOR_NORMAL); /* NOSCRIPT */
    assert_null(door_effect(d, MUSTER_OUT_REQUEST));
}

static void refused_member_starts_no_action(void **state)
{
    (void)state;
    put_own('A', 1, 1, 50);
    door_start(d, true);
    door_wait(d, S(4));
    put_own('A', 1, 1, 52);
    door_wait(d, S(4));
    assert_true(door_says(d, "life=refused"));
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
}

static void refused_member_stops_without_a_word_to_the_store(void **state)
{
    (void)state;
    put_own('A', 1, 1, 50);
    door_start(d, true);
    door_wait(d, S(4));
    put_own('A', 1, 1, 52);
    door_wait(d, S(4));
    assert_true(door_says(d, "life=refused"));
    door_mark(d);
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    door_wait(d, S(1));
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_int_equal(door_requests(d, "SET"), 0);
    assert_true(muster_node_deadline(d->node) == MUSTER_NEVER);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(member_joins_after_two_heartbeats_without_a_twin),
        HERE(record_of_a_dead_incarnation_is_waited_out),
        HERE(twin_that_advances_makes_the_newcomer_refuse),
        HERE(of_two_newcomers_the_lower_incarnation_stays),
        HERE(of_two_newcomers_the_higher_incarnation_refuses),
        HERE(active_member_outlasts_a_newcomer_with_its_id),
        HERE(leader_that_meets_a_lower_active_twin_stops_at_once),
        HERE(refused_member_asks_the_store_for_nothing_more),
        HERE(refused_member_starts_no_action),
        HERE(refused_member_stops_without_a_word_to_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
