/* SPDX-License-Identifier: Apache-2.0 */
/* The enhanced orchestrator: reports of anomalies, and their escalation chains. */
#include "tests/lib/enhanced_fixture.h"

/* ---- chains ---- */

static void chain_goes_step_by_step_two_seconds_apart(void **state)
{
    (void)state;
    report(LATER, "type=power_fault severity_ppm=950000 confidence_ppm=900000");
    assert_int_equal(note(MUSTER_NOTE_ANOMALY)->arg[0], MUSTER_DECISION_CONTROLLED_ACTION);
    assert_int_equal(started(), POWER);
    assert_true(says("anomaly=power_fault step=1"));
    assert_true(table->deadline(e) == MUSTER_NEVER); /* waits for its end */
    ends(LATER + S(1), BASE, MUSTER_RESULT_SUCCESS);
    assert_int_equal(started(), ACTIONS);
    assert_true(table->deadline(e) == LATER + S(3));
    advance(LATER + S(3) - 1);
    assert_int_equal(started(), ACTIONS);
    advance(LATER + S(3));
    assert_int_equal(started(), ALERT);
    ends(LATER + S(4), BASE + 1, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(6));
    assert_int_equal(started(), ENTER_SAFE);
    ends(LATER + S(7), BASE + 2, MUSTER_RESULT_SUCCESS);
    assert_true(says("anomaly=power_fault step=0")); /* at rest */
    assert_true(table->deadline(e) == MUSTER_NEVER);
}

static void condition_that_does_not_hold_gives_way_at_once(void **state)
{
    (void)state;
    report(LATER, "type=power_fault severity_ppm=750000");
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(2));
    assert_int_equal(started(), ACTIONS);
    assert_true(says("step=0")); /* both of the rest */
    assert_int_equal(out.count, 2);
    for (uint32_t i = 0; i < 2; i++) { /* … and each is told */
        assert_int_equal(out.at[i].note, MUSTER_NOTE_ACTION_SKIPPED);
        assert_int_equal(out.at[i].arg[0], MUSTER_RESULT_CONDITION_NOT_MET);
        assert_int_equal(out.at[i].arg[1], i == 0 ? ALERT : ENTER_SAFE);
    }
}

static void failed_action_is_a_fact_of_the_chain(void **state)
{
    (void)state;
    report(LATER, "type=power_fault severity_ppm=750000");
    ends(LATER, BASE, MUSTER_RESULT_FAILED);
    advance(LATER + S(2));
    assert_int_equal(started(), ALERT);
}

static void two_failures_escalate_whatever_the_condition_says(void **state)
{
    (void)state;
    report(LATER, "type=power_fault severity_ppm=750000");
    ends(LATER, BASE, MUSTER_RESULT_FAILED);
    advance(LATER + S(2));
    ends(LATER + S(2), BASE + 1, MUSTER_RESULT_TIMED_OUT);
    advance(LATER + S(4));
    assert_int_equal(started(), ENTER_SAFE); /* severity is below 0.9 */
    (void)tear_down(state);
    (void)set_up(state);
    enhanced.auto_escalate = false;
    report(LATER, "type=power_fault severity_ppm=750000");
    ends(LATER, BASE, MUSTER_RESULT_FAILED);
    advance(LATER + S(2));
    ends(LATER + S(2), BASE + 1, MUSTER_RESULT_FAILED);
    advance(LATER + S(4));
    assert_int_equal(started(), ACTIONS);
}

static void rule_that_stops_a_step_lets_the_next_one_follow(void **state)
{
    (void)state;
    e->base.acting.forbidden = 1u << POWER;
    report(LATER, "type=power_fault severity_ppm=950000");
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_PHASE_RESTRICTION);
    advance(LATER + S(2));
    assert_int_equal(started(), ALERT);
}

static void obstacle_holds_the_same_step_up(void **state)
{
    (void)state;
    event_as(LATER, MUSTER_VERB_ANOMALY, "type=power_fault severity_ppm=950000", &follower);
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_NOT_LEADER);
    assert_true(says("step=1"));
    assert_true(table->deadline(e) == LATER + S(2));
    advance(LATER + S(2));
    assert_int_equal(started(), POWER);
    report(LATER + S(3), "type=thermal_fault severity_ppm=950000");
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_CONCURRENCY);
    ends(LATER + S(4), BASE, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(5));
    assert_int_equal(started(), COOLING);
}

static void step_waits_for_the_same_action_of_somebody_else(void **state)
{
    (void)state;
    event_as(LATER, MUSTER_VERB_TRIGGER, "activate_cooling drill", &leader);
    assert_int_equal(started(), COOLING);
    report(LATER, "type=thermal_fault severity_ppm=950000");
    assert_int_equal(started(), ACTIONS);
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_CONCURRENCY);
    assert_true(says("anomaly=thermal_fault step=1"));
    ends(LATER + S(1), BASE, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(2));
    assert_int_equal(started(), COOLING); /* no cooldown is configured */
}

static void severity_below_the_threshold_is_refused_with_a_reason(void **state)
{
    (void)state;
    report(LATER, "type=power_fault severity_ppm=699999");
    assert_int_equal(skipped(), MUSTER_RESULT_CONDITION_NOT_MET);
    report(LATER, "type=thermal_fault"); /* not said is not high */
    assert_int_equal(skipped(), MUSTER_RESULT_CONDITION_NOT_MET);
    report(LATER, "type=power_fault severity_ppm=700000");
    assert_int_equal(started(), POWER);
}

static void type_without_a_policy_is_an_unknown_anomaly(void **state)
{
    (void)state;
    report(LATER, "type=gremlins severity_ppm=900000");
    assert_int_equal(started(), LOG);
    (void)tear_down(state);
    (void)set_up(state);
    enhanced.policy_count = 2;
    start();
    report(LATER, "type=gremlins severity_ppm=900000");
    assert_int_equal(out.count, 1); /* nobody speaks of it, and that is told */
    assert_int_equal(note(MUSTER_NOTE_ANOMALY)->arg[0], MUSTER_DECISION_NO_ACTION);
    assert_true(says("anomaly=gremlins")); /* conditions may still speak of it */
}

static void malformed_parts_are_unknown(void **state)
{
    static const char *const types[] = {
        "",           "type=",    "type=0123456789012345678901234567890a", "type=a\"b", "type=a\\b",
        "type=a\x01", "type=\x7f"};
    (void)state;
    report(LATER, "type=power_fault severity_ppm=1000001 confidence_ppm=x recurrence= junk =");
    assert_int_equal(skipped(), MUSTER_RESULT_CONDITION_NOT_MET);
    assert_int_equal(note(MUSTER_NOTE_ANOMALY)->arg[1], MUSTER_FACT_UNKNOWN);
    assert_int_equal(note(MUSTER_NOTE_ANOMALY)->arg[2], MUSTER_FACT_UNKNOWN);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char text[96];
        snprintf(text, sizeof text, "%s severity_ppm=900000", types[i]);
        start();
        report(LATER, text);
        assert_int_equal(started(), LOG); /* a fault is a fault */
        assert_true(says("anomaly=unknown_anomaly"));
    }
    start();
    report(LATER, "type=0123456789012345678901234567890 severity_ppm=900000");
    assert_true(says("anomaly=0123456789012345678901234567890"));
}

static void anomaly_that_comes_again_brings_newer_facts_only(void **state)
{
    (void)state;
    report(LATER, "type=power_fault severity_ppm=750000");
    report(LATER + 1, "type=power_fault severity_ppm=950000 recurrence=7");
    assert_int_equal(started(), ACTIONS);
    assert_int_equal(note(MUSTER_NOTE_ANOMALY)->arg[3], 7);
    ends(LATER + S(1), BASE, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(3));
    assert_int_equal(started(), ALERT); /* 0.95 by now */
}

static void anomaly_is_over_when_it_is_not_reported_any_more(void **state)
{
    (void)state;
    report(LATER, "type=thermal_fault severity_ppm=950000");
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(300) - 1);
    assert_true(says("anomaly=thermal_fault"));
    advance(LATER + S(300));
    assert_false(says("anomaly="));
}

static void oldest_gives_way_to_one_anomaly_too_many(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= MUSTER_ANOMALIES_MAX; i++) {
        char text[64];
        snprintf(text, sizeof text, "type=odd_%u severity_ppm=100000", i);
        report(LATER + i, text);
    }
    assert_false(says("anomaly=odd_0 "));
    assert_true(says("anomaly=odd_1 "));
    assert_true(says("anomaly=odd_16 "));
}

static void lost_lease_does_not_leave_a_chain_waiting(void **state)
{
    (void)state;
    enhanced.acting.verify_delay = S(30);
    start();
    report(LATER, "type=power_fault severity_ppm=950000");
    struct muster_turn t = turn(LATER, &follower);
    table->lost(e, &t);
    assert_int_equal(out.at[0].kind, MUSTER_OUT_CANCEL);
    ends(LATER + S(1), BASE, MUSTER_RESULT_CANCELLED);
    advance(LATER + S(3));
    assert_int_equal(started(), ALERT);
    ends(LATER + S(4), BASE + 1, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(6));
    assert_int_equal(started(), ENTER_SAFE);
    ends(LATER + S(7), BASE + 2, MUSTER_RESULT_SUCCESS); /* verified while the chain goes on */
    t = turn(LATER + S(8), &follower);
    table->lost(e, &t);
    assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], MUSTER_RESULT_UNVERIFIED);
}

static void whatever_forbids_leading_holds_a_step_up(void **state)
{
    (void)state;
    static const enum muster_result reasons[] = {MUSTER_RESULT_SKIPPED_NO_QUORUM,
                                                 MUSTER_RESULT_SKIPPED_STORE_LOST};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        start();
        follower.refusal = reasons[i];
        event_as(LATER, MUSTER_VERB_ANOMALY, "type=power_fault severity_ppm=950000", &follower);
        assert_int_equal(skipped(), reasons[i]);
        assert_true(says("step=1"));
        advance(LATER + S(2));
        assert_int_equal(started(), POWER);
    }
    start();
    leader.paused = true;
    report(LATER, "type=power_fault severity_ppm=950000");
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_PAUSED);
    leader.paused = false;
    advance(LATER + S(2));
    assert_int_equal(started(), POWER);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(chain_goes_step_by_step_two_seconds_apart),
        HERE(condition_that_does_not_hold_gives_way_at_once),
        HERE(failed_action_is_a_fact_of_the_chain),
        HERE(two_failures_escalate_whatever_the_condition_says),
        HERE(rule_that_stops_a_step_lets_the_next_one_follow),
        HERE(obstacle_holds_the_same_step_up),
        HERE(step_waits_for_the_same_action_of_somebody_else),
        HERE(severity_below_the_threshold_is_refused_with_a_reason),
        HERE(type_without_a_policy_is_an_unknown_anomaly),
        HERE(malformed_parts_are_unknown),
        HERE(anomaly_that_comes_again_brings_newer_facts_only),
        HERE(anomaly_is_over_when_it_is_not_reported_any_more),
        HERE(oldest_gives_way_to_one_anomaly_too_many),
        HERE(lost_lease_does_not_leave_a_chain_waiting),
        HERE(whatever_forbids_leading_holds_a_step_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
