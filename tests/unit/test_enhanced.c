/* SPDX-License-Identifier: Apache-2.0 */
/* The enhanced orchestrator: anomalies, phases, chains, verification, through its table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "core/notes.h"
#include "core/orchestrator/enhanced.h"

#define BASE  UINT64_C(1000)
#define S(n)  ((n)*MUSTER_SECOND)
#define LATER S(1000)
#define FINE  "system=HEALTHY failed=0 circuit=CLOSED failures_1h=0"

enum { CIRCUIT, PURGE, SAFE, POWER, COOLING, ENTER_SAFE, ALERT, LOG, ACTIONS };

static const struct muster_orchestrator_kind *const table = &muster_orchestrator_enhanced;
static const char *const names[] = {"n1", "n2", "n3"};
static const struct muster_place place = {.count = 3, .voters = 3, .names = names};
static struct muster_config config;
static struct muster_enhanced_config enhanced;
static struct muster_enhanced *e;
static struct muster_authority leader, follower;
static struct muster_effects out;
static const char *action_names[ACTIONS];

/* ---- a config in C ---- */

static void add_action(const char *name, enum muster_scope scope)
{
    struct muster_action_config *a = &config.recovery.action[config.recovery.action_count++];
    snprintf(a->name, sizeof a->name, "%s", name);
    *a = (struct muster_action_config){.enabled = true, .scope = scope, .timeout = S(10)};
    snprintf(a->name, sizeof a->name, "%s", name);
}

static void add_policy(const char *type, uint32_t threshold_ppm)
{
    struct muster_policy *p = &enhanced.policy[enhanced.policy_count++];
    snprintf(p->type, sizeof p->type, "%s", type);
    p->severity_threshold_ppm = threshold_ppm;
    p->first = enhanced.step_count;
}

static void add_step(uint32_t action, const char *condition)
{
    struct muster_policy_step *step = &enhanced.step[enhanced.step_count++];
    struct muster_condition_names known = {{action_names, ACTIONS}, &enhanced.types, true};
    struct muster_condition_error error;
    step->action = action;
    assert_int_equal(muster_condition_compile(muster_text_bytes(condition), &known,
                                              &step->condition, &error),
                     0);
    enhanced.policy[enhanced.policy_count - 1].count++;
}

static void start(void)
{
    free(e);
    size_t size = table->size(&config, &place);
    e = aligned_alloc(16, (size + 15) & ~(size_t)15);
    assert_non_null(e);
    memset(e, 0, size);
    table->init(e, &config, &place, BASE);
}

static int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    add_action("reduce_power_load", MUSTER_SCOPE_CLUSTER);
    add_action("activate_cooling", MUSTER_SCOPE_CLUSTER);
    add_action("enter_safe_mode", MUSTER_SCOPE_CLUSTER);
    add_action("alert_ground", MUSTER_SCOPE_CLUSTER);
    add_action("log_detailed_state", MUSTER_SCOPE_LOCAL);
    for (uint32_t i = 0; i < ACTIONS; i++)
        action_names[i] = config.recovery.action[i].name;
    muster_enhanced_config_defaults(&enhanced, &config.recovery);
    enhanced.acting.verify_delay = 0;
    enhanced.acting.limits.max_actions_per_hour = 60;
    add_policy("power_fault", 700000);
    add_step(POWER, "severity >= 0.7");
    add_step(ALERT, "severity >= 0.8 or reduce_power_load_failed");
    add_step(ENTER_SAFE, "severity >= 0.9");
    add_policy("thermal_fault", 600000);
    add_step(COOLING, "always");
    add_policy("unknown_anomaly", 850000);
    add_step(LOG, "always");
    config.enhanced = &enhanced;
    leader = (struct muster_authority){.leads = true, .epoch = 4, .not_after = MUSTER_NEVER};
    follower = (struct muster_authority){.refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER};
    start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(e);
    e = NULL;
    return 0;
}

/* ---- inputs ---- */

static struct muster_turn turn(muster_time now, const struct muster_authority *a)
{
    out.count = out.used = 0;
    return (struct muster_turn){now, a, &out, MUSTER_TURN_NOTES_MAX};
}

static void event_as(muster_time now, uint64_t verb, const char *text,
                     const struct muster_authority *a)
{
    struct muster_turn t = turn(now, a);
    table->event(e, &t, verb, muster_text_bytes(text));
    table->advance(e, &t);
}

static void report(muster_time now, const char *text)
{
    event_as(now, MUSTER_VERB_ANOMALY, text, &leader);
}

static void advance(muster_time now)
{
    struct muster_turn t = turn(now, &leader);
    table->advance(e, &t);
}

static void ends(muster_time now, uint64_t intent, enum muster_result result)
{
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .now = now, .tag = intent};
    in.action.attempt = 1;
    in.action.result = result;
    struct muster_turn t = turn(now, &leader);
    table->ended(e, &t, &in);
    table->advance(e, &t);
}

static void sample(muster_time now, const char *text)
{
    struct muster_health h;
    muster_health_unknown(&h);
    muster_health_parse(&h, muster_text_bytes(text));
    struct muster_turn t = turn(now, &leader);
    table->poll(e, now);
    table->observe(e, &t, &h);
}

static void cycle(muster_time now, const char *text, uint32_t healthy_others)
{
    struct muster_health h;
    struct muster_member_view member[3] = {{false, MUSTER_COUNT_UNKNOWN}};
    for (uint32_t i = 1; i < 3; i++)
        member[i] = (struct muster_member_view){true, i <= healthy_others ? 0 : 9};
    struct muster_sight sight = {&h, member, 3};
    muster_health_unknown(&h);
    muster_health_parse(&h, muster_text_bytes(text));
    struct muster_turn t = turn(now, &leader);
    table->cycle(e, &t, &sight);
}

static const struct muster_effect *note(uint16_t which)
{
    for (uint32_t i = out.count; i-- > 0;)
        if (out.at[i].kind == MUSTER_OUT_NOTE && out.at[i].note == which)
            return &out.at[i];
    return NULL;
}

/* The action that was handed out, or ACTIONS. */
static uint64_t started(void)
{
    const struct muster_effect *n = note(MUSTER_NOTE_ACTION_STARTED);
    return n ? n->arg[2] : ACTIONS;
}

static uint64_t skipped(void)
{
    const struct muster_effect *n = note(MUSTER_NOTE_ACTION_SKIPPED);
    return n ? n->arg[0] : MUSTER_RESULT_SUCCESS;
}

static bool says(const char *text)
{
    char room[2048];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    table->describe(e, &t);
    return strstr(room, text) != NULL;
}

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
    assert_int_equal(skipped(), MUSTER_RESULT_CONDITION_NOT_MET);
    assert_int_equal(started(), ACTIONS);
    assert_true(says("step=0")); /* both of the rest */
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
    report(LATER, "type=gremlins severity_ppm=900000");
    assert_int_equal(out.count, 0); /* nobody speaks of it */
}

static void malformed_reports_are_unknown_or_passed_over(void **state)
{
    (void)state;
    report(LATER, "severity_ppm=900000");
    assert_int_equal(out.count, 0);
    report(LATER, "type=power_fault severity_ppm=1000001 confidence_ppm=x recurrence= junk =");
    assert_int_equal(skipped(), MUSTER_RESULT_CONDITION_NOT_MET);
    assert_int_equal(note(MUSTER_NOTE_ANOMALY)->arg[1], MUSTER_FACT_UNKNOWN);
    report(LATER, "type=0123456789012345678901234567890123456789 severity_ppm=900000");
    assert_int_equal(out.count, 0);
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
    ends(LATER + S(4), BASE + 1, MUSTER_RESULT_SUCCESS); /* verified while the chain goes on */
    advance(LATER + S(6));
    assert_int_equal(started(), ENTER_SAFE);
    t = turn(LATER + S(7), &follower);
    table->lost(e, &t);
    assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2], MUSTER_RESULT_UNVERIFIED);
}

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
        event_as(LATER, MUSTER_VERB_TRIGGER, "alert_ground", &leader);
        ends(LATER, BASE, MUSTER_RESULT_SUCCESS);
        sample(LATER + S(30), seen[i]);
        assert_int_equal(note(MUSTER_NOTE_ACTION_ENDED)->arg[2],
                         i == 0 ? MUSTER_RESULT_SUCCESS : MUSTER_RESULT_UNVERIFIED);
    }
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
        HERE(malformed_reports_are_unknown_or_passed_over),
        HERE(anomaly_that_comes_again_brings_newer_facts_only),
        HERE(anomaly_is_over_when_it_is_not_reported_any_more),
        HERE(oldest_gives_way_to_one_anomaly_too_many),
        HERE(lost_lease_does_not_leave_a_chain_waiting),
        HERE(verification_looks_at_what_called_for_the_action),
        HERE(anomaly_reported_again_is_not_gone),
        HERE(operators_action_is_verified_by_the_system),
        HERE(look_that_was_asked_for_is_not_asked_for_again),
        HERE(phase_decides_before_the_policy),
        HERE(launch_alerts_where_nominal_operations_act),
        HERE(phase_moves_by_verb_as_far_as_it_may),
        HERE(entering_safe_mode_is_a_phase),
        HERE(dry_run_is_switched),
        HERE(storm_blocks_until_it_is_acknowledged),
        HERE(shutdown_ends_what_is_verified_and_history_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
