/* SPDX-License-Identifier: Apache-2.0 */
/* The enhanced orchestrator: verification, phases, switches, the blast radius, the end. */
#include "tests/lib/enhanced_fixture.h"

/* ---- verification ---- */

static void verify(void)
{
    enhanced.acting.verify_delay = S(30);
    enhanced.acting.verify_attempts = 1;
    start();
}

static void verification_looks_at_what_called_for_the_action(void **state)
{
    static const struct {
        const char *fault, *there, *gone, *unknown;
    } cases[] = {
        {"circuit=OPEN open_s=400", "circuit=OPEN open_s=1", "circuit=CLOSED", ""},
        {"failures_1h=51", "failures_1h=51", "failures_1h=50", ""},
        {"failed=2", "failed=2", "failed=1", ""},
        {"accuracy_ppm=1", "accuracy_ppm=799999", "accuracy_ppm=800000", ""},
    };
    (void)state;
    verify();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const seen[] = {cases[i].there, cases[i].gone, cases[i].unknown};
        for (size_t k = 0; k < 3; k++) {
            start();
            cycle(LATER, cases[i].fault, 2);
            assert_true(started() < ACTIONS);
            ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
            assert_true(table->sample_at(e) <= LATER + S(30));
            sample(LATER + S(30), seen[k]);
            assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2],
                             k == 1 ? MUSTER_RESULT_SUCCESS : MUSTER_RESULT_UNVERIFIED);
        }
    }
}

static void anomaly_reported_again_is_not_gone(void **state)
{
    (void)state;
    verify();
    static const struct {
        const char *health;
        bool again;
        enum muster_result result;
    } cases[] = {{FINE, false, MUSTER_RESULT_SUCCESS},
                 {FINE, true, MUSTER_RESULT_UNVERIFIED},
                 {"system=FAILED", false, MUSTER_RESULT_UNVERIFIED},
                 {"", false, MUSTER_RESULT_UNVERIFIED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start();
        report(LATER, "type=thermal_fault severity_ppm=950000");
        ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
        if (cases[i].again)
            report(LATER + S(5), "type=thermal_fault severity_ppm=100000");
        sample(LATER + S(30), cases[i].health);
        assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], cases[i].result);
    }
}

static void operators_action_is_verified_by_the_system(void **state)
{
    (void)state;
    verify();
    static const char *const seen[] = {"system=HEALTHY", "system=FAILED", ""};
    for (size_t i = 0; i < 3; i++) {
        start();
        event_as(LATER, MUSTER_VERB_TRIGGER, "activate_cooling", &leader);
        ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
        sample(LATER + S(30), seen[i]);
        assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2],
                         i == 0 ? MUSTER_RESULT_SUCCESS : MUSTER_RESULT_UNVERIFIED);
    }
}

static void action_for_another_member_is_verified_by_what_that_one_publishes(void **state)
{
    (void)state;
    verify();
    for (uint32_t healthy = 0; healthy <= 1; healthy++) {
        start();
        cycle(LATER, FINE, 0); /* n2 and n3 have failed components */
        assert_int_equal(note(MUSTER_NOTE_ACTION_STARTED)->arg[3], 1);
        ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
        struct muster_sight sight = sight_of(FINE, healthy);
        struct muster_turn t = turn(LATER + S(30), &leader);
        table->observe(e, &t, &sight);
        assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2],
                         healthy == 1 ? MUSTER_RESULT_SUCCESS : MUSTER_RESULT_UNVERIFIED);
    }
    start();
    cycle(LATER, FINE, 0);
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    struct muster_sight sight = sight_of(FINE, 2);
    members[1].fresh = false; /* what it published is old: nobody knows */
    struct muster_turn t = turn(LATER + S(30), &leader);
    table->observe(e, &t, &sight);
    assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], MUSTER_RESULT_UNVERIFIED);
}

static void what_only_tells_of_a_fault_is_not_verified(void **state)
{
    (void)state;
    verify();
    event_as(LATER, MUSTER_VERB_TRIGGER, "alert_ground", &leader);
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], MUSTER_RESULT_SUCCESS);
}

static void each_look_asks_for_reports_since_the_last_one(void **state)
{
    (void)state;
    verify();
    enhanced.acting.verify_attempts = 2;
    start();
    report(LATER, "type=thermal_fault severity_ppm=950000");
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    report(LATER + S(1), "type=thermal_fault severity_ppm=950000"); /* it takes a while to cool */
    sample(LATER + S(30), FINE);
    assert_null(note(MUSTER_NOTE_ACTION_ENDED));
    sample(LATER + S(60), FINE);
    assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], MUSTER_RESULT_SUCCESS);
}

static void look_that_was_asked_for_is_not_asked_for_again(void **state)
{
    (void)state;
    verify();
    report(LATER, "type=thermal_fault severity_ppm=950000");
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    assert_true(table->poll(e, LATER + S(29)));
    assert_true(table->sample_at(e) == LATER + S(30));
    assert_false(table->poll(e, LATER + S(30)));
    assert_true(table->sample_at(e) > LATER + S(30)); /* the answer is awaited: nothing spins */
}

/* ---- phases, switches ---- */

static void phase_decides_before_the_policy(void **state)
{
    (void)state;
    enhanced.phases_decide = true;
    static const struct {
        const char *text;
        enum muster_decision decision;
        uint64_t action;
    } cases[] = {
        {"type=power_fault severity_ppm=950000 confidence_ppm=600000", MUSTER_DECISION_NO_ACTION,
         ACTIONS},
        {"type=power_fault severity_ppm=300000 confidence_ppm=900000", MUSTER_DECISION_LOG_ONLY,
         LOG},
        {"type=power_fault severity_ppm=750000 confidence_ppm=900000",
         MUSTER_DECISION_CONTROLLED_ACTION, POWER},
        {"type=gremlins severity_ppm=950000 confidence_ppm=900000",
         MUSTER_DECISION_ESCALATE_SAFE_MODE, ENTER_SAFE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enhanced.phases.initial =
            muster_phase_find(&enhanced.phases, muster_text_bytes("NOMINAL_OPS"));
        start();
        report(LATER, cases[i].text);
        assert_int_equal(note(MUSTER_NOTE_ANOMALY)->arg[0], cases[i].decision);
        assert_int_equal(started(), cases[i].action);
    }
    enhanced.policy_count = 2; /* nothing speaks of gremlins, and they are left to a policy */
    start();
    report(LATER, "type=gremlins severity_ppm=750000 confidence_ppm=900000");
    assert_int_equal(started(), ACTIONS);
}

static void launch_alerts_where_nominal_operations_act(void **state)
{
    (void)state;
    enhanced.phases_decide = true;
    start();
    report(LATER, "type=power_fault severity_ppm=750000 confidence_ppm=900000");
    assert_int_equal(note(MUSTER_NOTE_ANOMALY)->arg[0], MUSTER_DECISION_ALERT_OPERATORS);
    assert_int_equal(started(), ALERT);
}

static void phase_moves_by_verb_as_far_as_it_may(void **state)
{
    (void)state;
    uint32_t deployment = muster_phase_find(&enhanced.phases, muster_text_bytes("DEPLOYMENT"));
    enhanced.restricted[deployment] = 1u << POWER;
    start();
    assert_true(says("phase=LAUNCH dry_run=off"));
    event_as(LATER, MUSTER_VERB_PHASE, "PAYLOAD_OPS", &leader);
    assert_non_null(note(MUSTER_NOTE_PHASE_REFUSED));
    event_as(LATER, MUSTER_VERB_PHASE, "NOWHERE", &leader);
    assert_int_equal(note(MUSTER_NOTE_PHASE_REFUSED)->arg[0], MUSTER_PHASES_MAX);
    event_as(LATER, MUSTER_VERB_PHASE, "LAUNCH", &leader);
    assert_int_equal(out.count, 0); /* it is there */
    event_as(LATER, MUSTER_VERB_PHASE, "DEPLOYMENT", &leader);
    assert_int_equal(note(MUSTER_NOTE_PHASE)->arg[0], deployment);
    report(LATER, "type=power_fault severity_ppm=750000");
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_PHASE_RESTRICTION);
}

static void entering_safe_mode_is_a_phase(void **state)
{
    (void)state;
    event_as(LATER, MUSTER_VERB_TRIGGER, "enter_safe_mode", &leader);
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    assert_true(says("phase=SAFE_MODE"));
    event_as(LATER, MUSTER_VERB_TRIGGER, "safe_mode", &leader);
    ends(LATER, BASE + 1, MUSTER_RESULT_SUCCESS);
    assert_true(says("mode=SAFE"));
}

static void phase_moves_at_the_deed_and_not_when_it_is_verified(void **state)
{
    (void)state;
    verify();
    event_as(LATER, MUSTER_VERB_TRIGGER, "enter_safe_mode", &leader);
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    assert_null(note(MUSTER_NOTE_ACTION_ENDED));
    assert_true(says("phase=SAFE_MODE"));
    sample(LATER + S(30), "system=FAILED");
    assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], MUSTER_RESULT_UNVERIFIED);
    assert_null(note(MUSTER_NOTE_PHASE));
    start();
    event_as(LATER, MUSTER_VERB_TRIGGER, "enter_safe_mode", &leader);
    ends(LATER, BASE, MUSTER_RESULT_TIMED_OUT);
    assert_true(says("phase=LAUNCH"));
}

static void missions_without_a_safe_mode_phase_stay_where_they_are(void **state)
{
    (void)state;
    uint32_t safe = muster_phase_find(&enhanced.phases, muster_text_bytes("SAFE_MODE"));
    memcpy(enhanced.phases.phase[safe].name, "SHELTER", sizeof "SHELTER");
    start();
    event_as(LATER, MUSTER_VERB_TRIGGER, "enter_safe_mode", &leader);
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    assert_null(note(MUSTER_NOTE_PHASE));
    assert_null(note(MUSTER_NOTE_PHASE_REFUSED));
}

static void dry_run_is_switched(void **state)
{
    (void)state;
    event_as(LATER, MUSTER_VERB_DRY_RUN, "maybe", &leader);
    assert_int_equal(out.count, 0);
    event_as(LATER, MUSTER_VERB_DRY_RUN, "on", &leader);
    assert_int_equal(note(MUSTER_NOTE_DRY_RUN)->arg[0], 1);
    report(LATER, "type=thermal_fault severity_ppm=950000");
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_DRY_RUN);
    event_as(LATER + S(1), MUSTER_VERB_DRY_RUN, "off", &leader);
    report(LATER + S(2), "type=thermal_fault severity_ppm=950000");
    assert_int_equal(started(), COOLING);
}

static void storm_blocks_until_it_is_acknowledged(void **state)
{
    (void)state;
    event_as(LATER, MUSTER_VERB_ACKNOWLEDGE, "", &leader);
    assert_int_equal(out.count, 0); /* no bounds, no storm */
    enhanced.acting.bounded = true;
    start();
    cycle(LATER, FINE, 2);
    assert_null(note(MUSTER_NOTE_STORM));
    cycle(LATER + S(30), "failed=1 circuit=CLOSED failures_1h=0", 0);
    assert_int_equal(note(MUSTER_NOTE_STORM)->arg[1], 0);
    report(LATER + S(31), "type=thermal_fault severity_ppm=950000");
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_BLAST_RADIUS);
    event_as(LATER + S(32), MUSTER_VERB_ACKNOWLEDGE, "", &leader);
    assert_int_equal(note(MUSTER_NOTE_STORM)->arg[0], MUSTER_STORM_ACKNOWLEDGED);
    report(LATER + S(33), "type=thermal_fault severity_ppm=950000");
    assert_int_equal(started(), COOLING);
}

static void shutdown_ends_what_is_verified_and_history_is_kept(void **state)
{
    (void)state;
    verify();
    report(LATER, "type=thermal_fault severity_ppm=950000");
    assert_false(table->drained(e));
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    assert_true(table->drained(e));
    struct muster_turn t = turn(LATER + S(1), &leader);
    table->drain(e, &t);
    assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], MUSTER_RESULT_UNVERIFIED);
    assert_false(table->saved(e));
    struct muster_input in = {.kind = MUSTER_IN_DISK, .tag = out.at[out.count - 1].tag};
    assert_true(table->owns(e, in.tag));
    out.count = 0;
    table->disk(e, &in, &out);
    assert_true(table->saved(e));
    assert_int_equal(table->metrics(e)[MUSTER_RESULT_UNVERIFIED], 1);
    t = turn(LATER + S(2), &leader);
    assert_true(table->agreed(e, &t, MUSTER_MODE_SAFE));
}

static void without_recovery_nothing_is_polled_and_reports_are_refused(void **state)
{
    (void)state;
    config.recovery.enabled = false;
    start();
    assert_true(table->sample_at(e) == MUSTER_NEVER);
    assert_false(table->poll(e, LATER));
    report(LATER, "type=thermal_fault severity_ppm=950000");
    assert_int_equal(started(), ACTIONS);
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_DISABLED);
}

static void verb_of_somebody_else_is_passed_over(void **state)
{
    (void)state;
    event_as(LATER, MUSTER_VERB_SWITCHOVER, "n2", &leader);
    assert_int_equal(out.count, 0);
}

static void handover_waits_for_what_runs_and_results_are_counted(void **state)
{
    (void)state;
    assert_true(table->idle(e));
    event_as(LATER, MUSTER_VERB_TRIGGER, "activate_cooling", &leader);
    assert_false(table->idle(e));
    assert_false(table->drained(e));
    event_as(LATER, MUSTER_VERB_TRIGGER, "reduce_power_load", &leader);
    ends(LATER + S(1), BASE, MUSTER_RESULT_FAILED);
    assert_true(table->idle(e));
    assert_int_equal(table->metrics(e)[MUSTER_RESULT_FAILED], 1);
    assert_int_equal(table->metrics(e)[MUSTER_RESULT_SKIPPED_CONCURRENCY], 1);
    assert_int_equal(table->metrics(e)[MUSTER_RESULT_SUCCESS], 0);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(verification_looks_at_what_called_for_the_action),
        HERE(anomaly_reported_again_is_not_gone),
        HERE(operators_action_is_verified_by_the_system),
        HERE(action_for_another_member_is_verified_by_what_that_one_publishes),
        HERE(what_only_tells_of_a_fault_is_not_verified),
        HERE(each_look_asks_for_reports_since_the_last_one),
        HERE(look_that_was_asked_for_is_not_asked_for_again),
        HERE(phase_decides_before_the_policy),
        HERE(launch_alerts_where_nominal_operations_act),
        HERE(phase_moves_by_verb_as_far_as_it_may),
        HERE(entering_safe_mode_is_a_phase),
        HERE(phase_moves_at_the_deed_and_not_when_it_is_verified),
        HERE(missions_without_a_safe_mode_phase_stay_where_they_are),
        HERE(dry_run_is_switched),
        HERE(storm_blocks_until_it_is_acknowledged),
        HERE(shutdown_ends_what_is_verified_and_history_is_kept),
        HERE(without_recovery_nothing_is_polled_and_reports_are_refused),
        HERE(verb_of_somebody_else_is_passed_over),
        HERE(handover_waits_for_what_runs_and_results_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
