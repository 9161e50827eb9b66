/* SPDX-License-Identifier: Apache-2.0 */
/* The enhanced orchestrator: failures that escalate, answers of the phases, crowds, bounds. */
#include "tests/lib/enhanced_fixture.h"

#define POWER_FAULT "type=power_fault severity_ppm="

/* ---- what counts as a failure ---- */

static uint32_t failures(void)
{
    return e->anomaly[0].failures;
}

static void failure_is_what_is_not_known_to_have_helped(void **state)
{
    static const struct {
        enum muster_result result;
        uint32_t failures;
    } cases[] = {
        {MUSTER_RESULT_SUCCESS, 0},   {MUSTER_RESULT_FAILED, 2}, {MUSTER_RESULT_TIMED_OUT, 2},
        {MUSTER_RESULT_UNKNOWN, 2},   {MUSTER_RESULT_FENCED, 1}, /* these say nothing of it */
        {MUSTER_RESULT_CANCELLED, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start();
        report(LATER, POWER_FAULT "750000");
        e->anomaly[0].failures = 1;
        ends(LATER, BASE, cases[i].result);
        assert_int_equal(failures(), cases[i].failures);
        assert_int_equal(e->anomaly[0].facts.failed, cases[i].failures == 2 ? 1u << POWER : 0);
        assert_true(table->deadline(e) == LATER + S(2)); /* the chain goes on all the same */
    }
}

static void alert_that_succeeds_cures_nothing(void **state)
{
    (void)state;
    report(LATER, POWER_FAULT "850000");
    ends(LATER, BASE, MUSTER_RESULT_FAILED);
    advance(LATER + S(2));
    assert_int_equal(started(), ALERT);
    ends(LATER + S(2), BASE + 1, MUSTER_RESULT_SUCCESS);
    assert_int_equal(failures(), 1);
}

static void end_of_an_earlier_outbreak_is_no_fact_of_this_one(void **state)
{
    (void)state;
    enhanced.active_for = S(5);
    start();
    report(LATER, POWER_FAULT "750000");
    advance(LATER + S(5)); /* over, but its action runs */
    assert_true(says("anomaly=power_fault step=1"));
    report(LATER + S(6), POWER_FAULT "750000");
    ends(LATER + S(7), BASE, MUSTER_RESULT_FAILED);
    assert_int_equal(failures(), 0);
    advance(LATER + S(9));
    assert_int_equal(started(), ACTIONS); /* alert_ground wants reduce_power_load_failed */
    assert_int_equal(skipped(), MUSTER_RESULT_CONDITION_NOT_MET);
}

static void outbreak_begins_anew_when_it_was_over(void **state)
{
    (void)state;
    report(LATER, POWER_FAULT "750000");
    ends(LATER, BASE, MUSTER_RESULT_FAILED);
    report(LATER + S(300), POWER_FAULT "650000"); /* to the nanosecond */
    assert_int_equal(failures(), 0);
    assert_int_equal(e->anomaly[0].facts.failed, 0);
    assert_true(e->anomaly[0].first_seen == LATER + S(300));
    assert_true(table->deadline(e) == MUSTER_NEVER);
}

/* ---- escalation ---- */

static void verify(void)
{
    enhanced.acting.verify_delay = S(30);
    enhanced.acting.verify_attempts = 1;
    start();
}

static void failure_seen_after_the_chain_came_to_rest_escalates(void **state)
{
    (void)state;
    enhanced.escalation_failure_threshold = 1;
    verify();
    report(LATER, POWER_FAULT "750000");
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(2));
    assert_true(says("verifying=reduce_power_load"));
    assert_true(says("step=0"));
    sample(LATER + S(30), "system=FAILED");
    assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], MUSTER_RESULT_UNVERIFIED);
    assert_true(table->deadline(e) == LATER + S(32));
    advance(LATER + S(32));
    assert_int_equal(started(), ALERT); /* behind the furthest step, whatever its condition */
    assert_int_equal(failures(), 0);
}

static void verification_that_ends_well_escalates_nothing(void **state)
{
    (void)state;
    enhanced.escalation_failure_threshold = 1;
    verify();
    report(LATER, POWER_FAULT "750000");
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(2));
    sample(LATER + S(30), FINE);
    assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], MUSTER_RESULT_SUCCESS);
    assert_true(table->deadline(e) == MUSTER_NEVER);
}

static void escalation_ends_with_the_chain_and_with_the_anomaly(void **state)
{
    (void)state;
    enhanced.escalation_failure_threshold = 0;               /* 0 is 1 */
    report(LATER, "type=thermal_fault severity_ppm=950000"); /* one step only */
    ends(LATER, BASE, MUSTER_RESULT_FAILED);
    assert_int_equal(failures(), 1);
    assert_true(table->deadline(e) == MUSTER_NEVER);
    enhanced.active_for = S(20);
    verify();
    report(LATER, POWER_FAULT "750000");
    ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(2));
    sample(LATER + S(30), "system=FAILED"); /* unverified, but nobody reports it any more */
    assert_true(table->deadline(e) == MUSTER_NEVER);
}

static void first_step_is_never_forced(void **state)
{
    (void)state;
    enhanced.step[0] = enhanced.step[1]; /* its condition: 0.8, or reduce_power_load failed */
    start();
    report(LATER, POWER_FAULT "850000");
    e->anomaly[0].failures = 5;
    ends(LATER, BASE, MUSTER_RESULT_CANCELLED);
    e->anomaly[0].chain = MUSTER_CHAIN_RESTS;
    report(LATER + S(1), POWER_FAULT "750000");
    assert_int_equal(skipped(), MUSTER_RESULT_CONDITION_NOT_MET);
    assert_int_equal(started(), ALERT); /* the second one is */
}

/* ---- answers of the phases ---- */

static void nominal(void)
{
    enhanced.phases_decide = true;
    enhanced.phases.initial = muster_phase_find(&enhanced.phases, muster_text_bytes("NOMINAL_OPS"));
    start();
}

#define SURE " confidence_ppm=900000"

static void answer_waits_for_an_obstacle_to_go(void **state)
{
    (void)state;
    nominal();
    report(LATER, POWER_FAULT "750000" SURE);
    assert_int_equal(started(), POWER);
    report(LATER + S(1), POWER_FAULT "950000" SURE);
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_CONCURRENCY);
    assert_true(table->deadline(e) == LATER + S(3));
    advance(LATER + S(3));
    assert_int_equal(started(), ACTIONS);
    assert_null(note(MUSTER_NOTE_ACTION_SKIPPED));   /* no news */
    report(LATER + S(4), POWER_FAULT "100000" SURE); /* weaker: it is told, the other one waits */
    assert_int_equal(note(MUSTER_NOTE_ANOMALY)->arg[0], MUSTER_DECISION_LOG_ONLY);
    ends(LATER + S(4), BASE, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(5));
    assert_int_equal(started(), ENTER_SAFE);
}

static void answer_is_for_its_phase_and_for_its_anomaly(void **state)
{
    (void)state;
    nominal();
    event_as(LATER, MUSTER_VERB_TRIGGER, "activate_cooling", &leader);
    report(LATER, POWER_FAULT "950000" SURE);
    event_as(LATER + S(1), MUSTER_VERB_PHASE, "SAFE_MODE", &leader);
    advance(LATER + S(2));
    assert_int_equal(skipped(), MUSTER_RESULT_CONDITION_NOT_MET);
    assert_true(table->deadline(e) == MUSTER_NEVER);
    nominal();
    event_as(LATER, MUSTER_VERB_TRIGGER, "activate_cooling", &leader);
    report(LATER, POWER_FAULT "950000" SURE);
    advance(LATER + S(300)); /* over */
    assert_int_equal(started(), ACTIONS);
    assert_true(table->deadline(e) == MUSTER_NEVER);
}

static void stronger_answer_takes_the_place_of_a_weaker_one(void **state)
{
    (void)state;
    nominal();
    event_as(LATER, MUSTER_VERB_TRIGGER, "activate_cooling", &leader);
    report(LATER, POWER_FAULT "100000" SURE);
    assert_int_equal(e->anomaly[0].answer, LOG);
    report(LATER, POWER_FAULT "950000" SURE);
    assert_int_equal(e->anomaly[0].answer, ENTER_SAFE);
}

static void answer_that_a_rule_stops_is_told_and_done_with(void **state)
{
    (void)state;
    nominal();
    e->base.acting.forbidden = 1u << ENTER_SAFE;
    report(LATER, POWER_FAULT "950000" SURE);
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_PHASE_RESTRICTION);
    assert_true(table->deadline(e) == MUSTER_NEVER);
}

/* ---- facts ---- */

static void anomalies_without_a_policy_are_active_too(void **state)
{
    (void)state;
    add_policy("radio_fault", 0);
    add_step(ALERT, "gyro_fault and simultaneous_faults >= 2");
    enhanced.policy[2] = enhanced.policy[--enhanced.policy_count]; /* no unknown_anomaly */
    start();
    report(LATER, "type=radio_fault severity_ppm=500000");
    assert_int_equal(skipped(), MUSTER_RESULT_CONDITION_NOT_MET);
    report(LATER + S(1), "type=gyro_fault");
    report(LATER + S(2), "type=radio_fault severity_ppm=500000");
    assert_int_equal(started(), ALERT);
}

static void chain_under_way_outlives_a_severity_that_falls(void **state)
{
    (void)state;
    report(LATER, POWER_FAULT "750000");
    report(LATER + S(1), POWER_FAULT "100000"); /* below the threshold: newer facts, no refusal */
    assert_null(note(MUSTER_NOTE_ACTION_SKIPPED));
    ends(LATER + S(1), BASE, MUSTER_RESULT_SUCCESS);
    advance(LATER + S(3));
    assert_int_equal(skipped(), MUSTER_RESULT_CONDITION_NOT_MET);
}

/* ---- crowds, dry run, bounds ---- */

static void crowd(muster_time now, unsigned first, unsigned count, const char *severity)
{
    for (unsigned i = first; i < first + count; i++) {
        char text[64];
        snprintf(text, sizeof text, "type=odd_%u severity_ppm=%s", i, severity);
        report(now, text);
    }
}

static void one_at_rest_gives_way_before_one_under_way(void **state)
{
    (void)state;
    report(LATER, POWER_FAULT "750000");
    crowd(LATER + 1, 0, MUSTER_ANOMALIES_MAX - 1, "100000");
    crowd(LATER + 2, 90, 1, "100000");
    assert_true(says("anomaly=power_fault step=1"));
    assert_false(says("anomaly=odd_0 "));
    assert_true(e->crowded_out == LATER + 2);
}

static void what_is_crowded_out_is_told_and_unknown_to_verification(void **state)
{
    (void)state;
    verify();
    report(LATER, POWER_FAULT "750000");
    crowd(LATER + 1, 0, MUSTER_ANOMALIES_MAX - 1, "900000"); /* each waits for its turn */
    crowd(LATER + 2, 90, 1, "900000");
    uint32_t first = 0;
    while (first < out.count && out.at[first].note != MUSTER_NOTE_ACTION_SKIPPED)
        first++;
    assert_true(first < out.count);
    assert_int_equal(out.at[first].arg[0], MUSTER_RESULT_CONDITION_NOT_MET);
    assert_int_equal(out.at[first].arg[1], ALERT); /* what came next */
    ends(LATER + 3, BASE, MUSTER_RESULT_SUCCESS);
    sample(LATER + S(31), FINE);
    const struct muster_effect *ended = note(MUSTER_NOTE_ACTION_ENDED);
    assert_non_null(ended);
    assert_int_equal(ended->arg[2], MUSTER_RESULT_UNVERIFIED);
}

static void dry_run_goes_through_the_chain_and_stops_a_retry(void **state)
{
    (void)state;
    config.recovery.action[POWER].max_retries = 3;
    event_as(LATER, MUSTER_VERB_DRY_RUN, "on", &leader);
    report(LATER, POWER_FAULT "950000");
    assert_int_equal(skipped(), MUSTER_RESULT_SKIPPED_DRY_RUN);
    advance(LATER + S(2));
    assert_int_equal(note(MUSTER_NOTE_ACTION_SKIPPED)->arg[1], ALERT);
    event_as(LATER + S(3), MUSTER_VERB_DRY_RUN, "off", &leader);
    advance(LATER + S(4));
    assert_int_equal(started(), ENTER_SAFE);
    ends(LATER + S(4), BASE, MUSTER_RESULT_SUCCESS);
    report(LATER + S(5), POWER_FAULT "950000");
    assert_int_equal(started(), POWER);
    event_as(LATER + S(6), MUSTER_VERB_DRY_RUN, "on", &leader);
    ends(LATER + S(7), BASE + 1, MUSTER_RESULT_FAILED);
    assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], MUSTER_RESULT_FAILED);
    assert_true(muster_acting_again_at(&e->base.acting) == MUSTER_NEVER);
}

/* Eight actions at once with all the parameters they may have, and more to tell than fits into one
 * call. */
static void worst_call_fits_and_nothing_spins(void **state)
{
    (void)state;
    enhanced.acting.concurrent_max = MUSTER_RUNS_MAX;
    enhanced.policy_count = 0;
    enhanced.step_count = 0;
    for (uint32_t i = 0; i < 8; i++) {
        char type[32];
        snprintf(type, sizeof type, "fault_with_a_very_long_name__%02u", i);
        add_policy(type, 0);
        for (uint32_t k = 0; k < 7; k++)
            add_step(LOG, "severity > 1");
        add_step(i, "always");
        memset(enhanced.step[enhanced.step_count - 1].params, 'p', MUSTER_PARAMS_MAX);
    }
    start();
    uint32_t calls = 0, told = 0, ran = 0, most = 0;
    struct muster_turn t = turn(LATER, &leader);
    for (uint32_t i = 0; i < 8; i++) {
        char text[96];
        snprintf(text, sizeof text, "type=%s severity_ppm=900000", enhanced.policy[i].type);
        table->event(e, &t, MUSTER_VERB_ANOMALY, muster_text_bytes(text));
    }
    while (table->deadline(e) <= LATER && calls++ < 10) {
        advance(LATER);
        most = out.used > most ? out.used : most;
        assert_true(out.count <= MUSTER_TURN_NOTES_MAX + 2 * MUSTER_RUNS_MAX);
        for (uint32_t i = 0; i < out.count; i++) {
            told += out.at[i].note == MUSTER_NOTE_ACTION_SKIPPED;
            ran += out.at[i].kind == MUSTER_OUT_ACTION;
        }
    }
    assert_int_equal(told, 8 * 7); /* none is lost, though no call tells of more than twelve */
    assert_int_equal(ran, 8);
    assert_int_equal(calls, 5);
    assert_true(most < MUSTER_EFFECTS_ROOM / 2);
    assert_true(table->deadline(e) == MUSTER_NEVER); /* all wait for their ends */
}

/* Whatever is reported and however it ends: the deadline is never in the past after a call, but
 * when there is more to tell. */
static void deadline_is_never_in_the_past(void **state)
{
    (void)state;
    static const char *const types[] = {"power_fault", "thermal_fault", "gremlins", "odd"};
    struct muster_random random = {7};
    muster_time now = LATER;
    nominal();
    enhanced.acting.verify_delay = S(1);
    start();
    for (uint32_t i = 0; i < 20000; i++) {
        char text[96];
        uint64_t dice = muster_random_below(&random, 8);
        uint64_t severity = muster_random_below(&random, MUSTER_PPM + 1);
        uint64_t type = muster_random_below(&random, 4);
        uint64_t intent = e->base.acting.run[muster_random_below(&random, 8)].record.intent;
        bool leads = muster_random_below(&random, 4) > 0;
        now += muster_random_below(&random, S(3));
        snprintf(text, sizeof text, "type=%s severity_ppm=%u" SURE, types[type],
                 (unsigned)severity);
        if (dice < 2)
            event_as(now, MUSTER_VERB_ANOMALY, text, leads ? &leader : &follower);
        else if (dice < 4 && intent != 0)
            ends(now, intent, (enum muster_result)muster_random_below(&random, 7));
        else if (dice == 4)
            sample(now, type == 0 ? "system=FAILED" : FINE);
        else
            advance(now);
        for (uint32_t n = 0; table->deadline(e) <= now; n++) {
            assert_true(n < 4);
            advance(now);
        }
    }
    assert_true(table->metrics(e)[MUSTER_RESULT_SUCCESS] > 0);
    assert_true(table->metrics(e)[MUSTER_RESULT_UNVERIFIED] > 0);
}

static void retry_that_waits_is_stopped_by_dry_run(void **state)
{
    (void)state;
    config.recovery.action[POWER].max_retries = 3;
    start();
    report(LATER, POWER_FAULT "950000");
    ends(LATER + S(1), BASE, MUSTER_RESULT_FAILED);
    muster_time again = muster_acting_again_at(&e->base.acting);
    assert_true(again > LATER + S(1) && again != MUSTER_NEVER);
    event_as(LATER + S(1), MUSTER_VERB_DRY_RUN, "on", &leader);
    advance(again);
    assert_int_equal(started(), ACTIONS);
    const struct muster_effect *ended = note(MUSTER_NOTE_ACTION_ENDED);
    assert_non_null(ended);
    assert_int_equal(ended->arg[2], MUSTER_RESULT_FAILED);
    assert_int_equal(e->anomaly[0].failures, 1); /* the chain has heard of it */
    assert_true(muster_acting_again_at(&e->base.acting) == MUSTER_NEVER);
}

static void place_of_one_that_is_over_is_taken_before_all_others(void **state)
{
    (void)state;
    report(LATER, "type=odd_0");
    report(LATER + S(200), "type=odd_1");
    advance(LATER + S(301));
    assert_false(says("anomaly=odd_0 "));
    report(LATER + S(302), "type=odd_2");
    assert_string_equal(e->anomaly[0].name, "odd_2");
    assert_true(says("anomaly=odd_1 "));
    assert_true(e->crowded_out == 0);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(failure_is_what_is_not_known_to_have_helped),
        HERE(alert_that_succeeds_cures_nothing),
        HERE(end_of_an_earlier_outbreak_is_no_fact_of_this_one),
        HERE(outbreak_begins_anew_when_it_was_over),
        HERE(failure_seen_after_the_chain_came_to_rest_escalates),
        HERE(verification_that_ends_well_escalates_nothing),
        HERE(escalation_ends_with_the_chain_and_with_the_anomaly),
        HERE(first_step_is_never_forced),
        HERE(answer_waits_for_an_obstacle_to_go),
        HERE(answer_is_for_its_phase_and_for_its_anomaly),
        HERE(stronger_answer_takes_the_place_of_a_weaker_one),
        HERE(answer_that_a_rule_stops_is_told_and_done_with),
        HERE(anomalies_without_a_policy_are_active_too),
        HERE(chain_under_way_outlives_a_severity_that_falls),
        HERE(one_at_rest_gives_way_before_one_under_way),
        HERE(what_is_crowded_out_is_told_and_unknown_to_verification),
        HERE(dry_run_goes_through_the_chain_and_stops_a_retry),
        HERE(worst_call_fits_and_nothing_spins),
        HERE(deadline_is_never_in_the_past),
        HERE(retry_that_waits_is_stopped_by_dry_run),
        HERE(place_of_one_that_is_over_is_taken_before_all_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
