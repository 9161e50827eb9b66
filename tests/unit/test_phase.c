/* SPDX-License-Identifier: Apache-2.0 */
/* Mission phases: what follows upon what, and what an anomaly is answered with, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/orchestrator/phase.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { RESTART, COOL, SAFE, ALERT, LOG };
static const char *const action_names[] = {"circuit_restart", "activate_cooling", "enter_safe_mode",
                                           "alert_ground", "log_detailed_state"};
static const struct muster_names actions = {action_names, COUNT(action_names)};

enum { LAUNCH, DEPLOYMENT, NOMINAL_OPS, PAYLOAD_OPS, SAFE_MODE };

static struct muster_phase_config cfg;
static struct muster_responses responses;
static struct muster_anomaly_types types;

static void config_init(void)
{
    muster_phase_config_defaults(&cfg, &actions);
    muster_responses_defaults(&responses);
    memset(&types, 0, sizeof types);
}

/* Add an escalation rule, as the edge will do. */
static void rule(uint32_t phase, const char *condition, const char *response, const char *why)
{
    struct muster_phase_rule *added = &cfg.rule[cfg.rule_count++];
    struct muster_condition_names names = {actions, &types, true};
    struct muster_condition_error e;
    added->phase = phase;
    assert_int_equal(muster_condition_compile(muster_text_bytes(condition), &names,
                                              &added->condition, &e),
                     0);
    assert_int_equal(muster_responses_read(&responses, muster_text_bytes(response), &actions,
                                           &added->response),
                     0);
    snprintf(added->justification, sizeof added->justification, "%s", why);
}

static struct muster_condition_facts facts(uint32_t severity_ppm, uint32_t confidence_ppm)
{
    struct muster_condition_facts f;
    muster_condition_facts_init(&f);
    f.severity_ppm = severity_ppm;
    f.confidence_ppm = confidence_ppm;
    return f;
}

static struct muster_phase_decision decide(uint32_t phase, struct muster_condition_facts f)
{
    struct muster_phase_decision d;
    memset(&d, 0xa5, sizeof d);
    muster_phase_decide(&cfg, phase, &f, &d);
    return d;
}

static void assert_reason(const struct muster_phase_decision *d, const char *expected)
{
    char room[400];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_phase_reason(&t, &cfg, d);
    assert_string_equal(room, expected);
}

/* ---- the table of phases ---- */

static void default_transitions_are_those_of_the_specification(void **state)
{
    (void)state;
    static const bool follows[5][5] = {
        [LAUNCH] = {false, true, false, false, true},
        [DEPLOYMENT] = {false, false, true, false, true},
        [NOMINAL_OPS] = {false, false, false, true, true},
        [PAYLOAD_OPS] = {false, false, true, false, true},
        [SAFE_MODE] = {true, true, true, false, false},
    };
    config_init();
    assert_int_equal(cfg.phase_count, 5);
    for (uint32_t from = 0; from < 5; from++) {
        for (uint32_t to = 0; to < 5; to++)
            assert_int_equal(muster_phase_may_follow(&cfg, from, to), follows[from][to]);
        assert_false(muster_phase_may_follow(&cfg, from, 5));
        assert_false(muster_phase_may_follow(&cfg, from, MUSTER_NAME_NONE));
    }
    assert_int_equal(muster_phase_find(&cfg, muster_text_bytes("PAYLOAD_OPS")), PAYLOAD_OPS);
    assert_int_equal(muster_phase_find(&cfg, muster_text_bytes("payload_ops")), MUSTER_NAME_NONE);
}

static void added_phase_answers_by_default_until_it_has_a_policy(void **state)
{
    (void)state;
    uint32_t phase;
    config_init();
    cfg.default_decision = MUSTER_DECISION_ALERT_OPERATORS;
    assert_int_equal(muster_phase_config_add(&cfg, muster_text_bytes("CRUISE"), &phase), 0);
    assert_int_equal(phase, 5);
    assert_string_equal(cfg.phase[phase].name, "CRUISE");
    assert_int_equal(decide(phase, facts(1000000, 1000000)).decision,
                     MUSTER_DECISION_ALERT_OPERATORS);
    assert_false(muster_phase_may_follow(&cfg, LAUNCH, phase));
    assert_false(muster_phase_may_follow(&cfg, phase, LAUNCH));
}

static void sixteen_phases_fit_and_names_are_checked(void **state)
{
    (void)state;
    uint32_t phase = 99;
    config_init();
    assert_int_equal(muster_phase_config_add(&cfg, muster_text_bytes("LAUNCH"), &phase),
                     MUSTER_E_INVALID);
    assert_int_equal(muster_phase_config_add(&cfg, muster_text_bytes(""), &phase),
                     MUSTER_E_INVALID);
    assert_int_equal(muster_phase_config_add(
                         &cfg, muster_text_bytes("A_NAME_OF_32_BYTES_IS_ONE_TOO_MANY"), &phase),
                     MUSTER_E_INVALID);
    assert_int_equal(phase, 99);
    assert_int_equal(muster_phase_config_add(&cfg,
                                             muster_text_bytes("A_NAME_OF_31_BYTES_STILL_FITS__"),
                                             &phase),
                     0);
    for (uint32_t i = cfg.phase_count; i < MUSTER_PHASES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "P%u", i);
        assert_int_equal(muster_phase_config_add(&cfg, muster_text_bytes(name), &phase), 0);
        assert_int_equal(phase, i);
    }
    assert_int_equal(muster_phase_config_add(&cfg, muster_text_bytes("P16"), &phase),
                     MUSTER_E_NOSPACE);
}

static void node_goes_only_where_it_may(void **state)
{
    (void)state;
    struct muster_phase p;
    config_init();
    muster_phase_init(&p, &cfg, 5);
    assert_int_equal(p.current, LAUNCH);
    assert_int_equal(p.since, 5);
    assert_int_equal(muster_phase_enter(&p, 6, NOMINAL_OPS), MUSTER_E_INVALID);
    assert_int_equal(muster_phase_enter(&p, 6, 5), MUSTER_E_INVALID);
    assert_int_equal(muster_phase_enter(&p, 6, MUSTER_NAME_NONE), MUSTER_E_INVALID);
    assert_int_equal(muster_phase_enter(&p, 6, LAUNCH), 0);
    assert_int_equal(p.current, LAUNCH);
    assert_int_equal(p.since, 5);
    assert_int_equal(muster_phase_enter(&p, 7, SAFE_MODE), 0);
    assert_int_equal(muster_phase_enter(&p, 8, NOMINAL_OPS), 0);
    assert_int_equal(muster_phase_enter(&p, 9, PAYLOAD_OPS), 0);
    assert_int_equal(p.current, PAYLOAD_OPS);
    assert_int_equal(p.since, 9);
    cfg.initial = DEPLOYMENT;
    muster_phase_init(&p, &cfg, 0);
    assert_int_equal(p.current, DEPLOYMENT);
}

/* ---- decisions ---- */

static void class_of_severity_decides_by_phase(void **state)
{
    (void)state;
    static const uint32_t severity_ppm[] = {399999, 400000, 700000, 900000};
    enum { L = MUSTER_DECISION_LOG_ONLY, A = MUSTER_DECISION_ALERT_OPERATORS };
    enum { C = MUSTER_DECISION_CONTROLLED_ACTION, E = MUSTER_DECISION_ESCALATE_SAFE_MODE };
    static const int expected[5][4] = {
        [LAUNCH] = {L, L, A, E},      [DEPLOYMENT] = {L, L, A, E}, [NOMINAL_OPS] = {L, C, C, E},
        [PAYLOAD_OPS] = {L, C, C, E}, [SAFE_MODE] = {L, L, L, L},
    };
    static const uint32_t action_of[] = {MUSTER_NAME_NONE, LOG, ALERT, MUSTER_NAME_NONE, SAFE};
    config_init();
    for (uint32_t phase = 0; phase < 5; phase++) {
        for (uint32_t level = 0; level < MUSTER_LEVEL_COUNT; level++) {
            struct muster_phase_decision d = decide(phase, facts(severity_ppm[level], 800000));
            assert_int_equal(d.decision, expected[phase][level]);
            assert_int_equal(d.action, action_of[d.decision]);
            assert_int_equal(d.cause, MUSTER_PHASE_BY_SEVERITY);
            assert_int_equal(d.hold, MUSTER_PHASE_NOT_HELD);
            assert_int_equal(d.phase, phase);
        }
    }
}

static void too_little_confidence_acts_on_nothing(void **state)
{
    (void)state;
    config_init();
    rule(NOMINAL_OPS, "always", "ENTER_SAFE_MODE", "");
    struct muster_phase_decision d = decide(NOMINAL_OPS, facts(1000000, 699999));
    assert_int_equal(d.decision, MUSTER_DECISION_NO_ACTION);
    assert_int_equal(d.action, MUSTER_NAME_NONE);
    assert_reason(&d, "severity 1 (CRITICAL), confidence 0.699999, in NOMINAL_OPS: NO_ACTION "
                      "because confidence is not at least 0.7");
    d = decide(NOMINAL_OPS, facts(1000000, MUSTER_FACT_UNKNOWN));
    assert_int_equal(d.decision, MUSTER_DECISION_NO_ACTION);
    assert_reason(&d, "severity 1 (CRITICAL), confidence unknown, in NOMINAL_OPS: NO_ACTION "
                      "because confidence is not at least 0.7");
    assert_int_equal(decide(NOMINAL_OPS, facts(700000, 700000)).decision,
                     MUSTER_DECISION_CONTROLLED_ACTION);
}

static void without_confidence_to_escalate_the_next_lower_class_answers(void **state)
{
    (void)state;
    config_init();
    struct muster_phase_decision d = decide(LAUNCH, facts(950000, 799999));
    assert_int_equal(d.decision, MUSTER_DECISION_ALERT_OPERATORS);
    assert_int_equal(d.action, ALERT);
    assert_reason(&d, "severity 0.95 (CRITICAL), confidence 0.799999, in LAUNCH: ALERT_OPERATORS "
                      "by severity, not ESCALATE_SAFE_MODE because confidence is not at least 0.8");
    d = decide(NOMINAL_OPS, facts(950000, 750000));
    assert_int_equal(d.decision, MUSTER_DECISION_CONTROLLED_ACTION);
    for (uint32_t level = 0; level < MUSTER_LEVEL_COUNT; level++)
        cfg.phase[LAUNCH].decision[level] = MUSTER_DECISION_ESCALATE_SAFE_MODE;
    d = decide(LAUNCH, facts(0, 750000));
    assert_int_equal(d.decision, MUSTER_DECISION_ALERT_OPERATORS);
    assert_int_equal(decide(LAUNCH, facts(0, 800000)).decision, MUSTER_DECISION_ESCALATE_SAFE_MODE);
}

static void without_confidence_to_escalate_rules_have_no_effect_but_are_told(void **state)
{
    (void)state;
    config_init();
    rule(NOMINAL_OPS, "severity >= HIGH and recurrence >= 3", "ENTER_SAFE_MODE", "it persists");
    struct muster_condition_facts f = facts(700000, 790000);
    f.recurrence_count = 3;
    struct muster_phase_decision d = decide(NOMINAL_OPS, f);
    assert_int_equal(d.decision, MUSTER_DECISION_CONTROLLED_ACTION);
    assert_int_equal(d.rule, MUSTER_PHASE_RULES_MAX);
    assert_reason(&d, "severity 0.7 (HIGH), confidence 0.79, 3 within 3600s, in NOMINAL_OPS: "
                      "CONTROLLED_ACTION by severity, not ESCALATE_SAFE_MODE because confidence "
                      "is not at least 0.8");
    f.recurrence_count = 2;
    assert_int_equal(decide(NOMINAL_OPS, f).hold, MUSTER_PHASE_NOT_HELD);
}

static void unknown_severity_is_answered_by_default_and_by_rules(void **state)
{
    (void)state;
    config_init();
    rule(LAUNCH, "simultaneous_faults >= 2", "ENTER_SAFE_MODE", "");
    struct muster_condition_facts f = facts(MUSTER_FACT_UNKNOWN, 900000);
    struct muster_phase_decision d = decide(LAUNCH, f);
    assert_int_equal(d.decision, MUSTER_DECISION_LOG_ONLY);
    assert_int_equal(d.action, LOG);
    assert_reason(&d, "severity unknown, confidence 0.9, in LAUNCH: LOG_ONLY by default");
    f.simultaneous_faults = 2;
    d = decide(LAUNCH, f);
    assert_reason(&d, "severity unknown, confidence 0.9, in LAUNCH: ESCALATE_SAFE_MODE by rule 1");
    cfg.default_decision = MUSTER_DECISION_ESCALATE_SAFE_MODE;
    f = facts(MUSTER_FACT_UNKNOWN, 700000);
    assert_int_equal(decide(LAUNCH, f).decision, MUSTER_DECISION_ALERT_OPERATORS);
}

/* ---- rules ---- */

static void rule_of_its_own_phase_escalates(void **state)
{
    (void)state;
    config_init();
    rule(LAUNCH, "severity >= CRITICAL", "ENTER_SAFE_MODE", "critical faults end a launch");
    rule(NOMINAL_OPS, "severity >= CRITICAL", "ENTER_SAFE_MODE", "");
    rule(NOMINAL_OPS, "power_fault and severity >= HIGH", "ENTER_SAFE_MODE", "no power");
    struct muster_condition_facts f = facts(850000, 900000);
    f.active = 1;
    struct muster_phase_decision d = decide(NOMINAL_OPS, f);
    assert_int_equal(d.decision, MUSTER_DECISION_ESCALATE_SAFE_MODE);
    assert_int_equal(d.action, SAFE);
    assert_int_equal(d.rule, 2);
    assert_reason(&d, "severity 0.85 (HIGH), confidence 0.9, in NOMINAL_OPS: ESCALATE_SAFE_MODE "
                      "by rule 2 (no power)");
    assert_int_equal(decide(LAUNCH, f).decision, MUSTER_DECISION_ALERT_OPERATORS);
    f.active = 0;
    assert_int_equal(decide(NOMINAL_OPS, f).decision, MUSTER_DECISION_CONTROLLED_ACTION);
    d = decide(LAUNCH, facts(900000, 900000));
    assert_reason(&d, "severity 0.9 (CRITICAL), confidence 0.9, in LAUNCH: ESCALATE_SAFE_MODE by "
                      "rule 1 (critical faults end a launch)");
}

static void strongest_rule_wins_and_none_weakens(void **state)
{
    (void)state;
    config_init();
    rule(NOMINAL_OPS, "always", "LOG_EVENT", "weaker");
    rule(NOMINAL_OPS, "severity >= HIGH", "RESTART_SERVICE", "as strong");
    rule(NOMINAL_OPS, "severity >= HIGH", "THERMAL_REGULATION", "as strong as the one before");
    struct muster_phase_decision d = decide(NOMINAL_OPS, facts(750000, 900000));
    assert_int_equal(d.decision, MUSTER_DECISION_CONTROLLED_ACTION);
    assert_int_equal(d.action, RESTART);
    assert_int_equal(d.rule, 1);
    d = decide(NOMINAL_OPS, facts(650000, 900000));
    assert_int_equal(d.decision, MUSTER_DECISION_CONTROLLED_ACTION);
    assert_int_equal(d.action, MUSTER_NAME_NONE);
    assert_int_equal(d.cause, MUSTER_PHASE_BY_SEVERITY);
    rule(NOMINAL_OPS, "always", "SAFE_MODE", "strongest, though last");
    assert_int_equal(decide(NOMINAL_OPS, facts(750000, 900000)).rule, 3);
}

static void no_escalation_ends_the_rules_and_leaves_the_class_of_severity(void **state)
{
    (void)state;
    config_init();
    rule(SAFE_MODE, "recurrence >= 5", "ALERT_ONLY", "");
    rule(SAFE_MODE, "always", "NO_ESCALATION", "already there");
    rule(SAFE_MODE, "always", "ENTER_SAFE_MODE", "never asked");
    struct muster_condition_facts f = facts(950000, 900000);
    struct muster_phase_decision d = decide(SAFE_MODE, f);
    assert_int_equal(d.decision, MUSTER_DECISION_LOG_ONLY);
    assert_int_equal(d.end_rule, 1);
    assert_reason(&d, "severity 0.95 (CRITICAL), confidence 0.9, in SAFE_MODE: LOG_ONLY by "
                      "severity, no further rules by rule 2 (already there)");
    f.recurrence_count = 5;
    assert_int_equal(decide(SAFE_MODE, f).decision, MUSTER_DECISION_ALERT_OPERATORS);
    rule(LAUNCH, "always", "NO_ESCALATION", "");
    assert_int_equal(decide(LAUNCH, facts(950000, 900000)).decision,
                     MUSTER_DECISION_ESCALATE_SAFE_MODE);
}

/* ---- lists ---- */

static void forbidden_beats_allowed_and_unlisted_is_allowed(void **state)
{
    (void)state;
    config_init();
    cfg.phase[LAUNCH].allowed = 1U << ALERT | 1U << COOL;
    cfg.phase[LAUNCH].forbidden = 1U << RESTART | 1U << COOL;
    assert_int_equal(muster_phase_permission(&cfg, LAUNCH, ALERT), MUSTER_PERMISSION_ALLOWED);
    assert_int_equal(muster_phase_permission(&cfg, LAUNCH, COOL), MUSTER_PERMISSION_FORBIDDEN);
    assert_int_equal(muster_phase_permission(&cfg, LAUNCH, RESTART), MUSTER_PERMISSION_FORBIDDEN);
    assert_int_equal(muster_phase_permission(&cfg, LAUNCH, LOG), MUSTER_PERMISSION_UNLISTED);
    assert_int_equal(muster_phase_permission(&cfg, DEPLOYMENT, COOL), MUSTER_PERMISSION_UNLISTED);
    cfg.phase[LAUNCH].forbidden = UINT64_C(1) << 63;
    assert_int_equal(muster_phase_permission(&cfg, LAUNCH, 63), MUSTER_PERMISSION_FORBIDDEN);
}

static void forbidden_escalation_falls_to_the_next_lower_class(void **state)
{
    (void)state;
    config_init();
    rule(NOMINAL_OPS, "severity >= CRITICAL", "SAFE_MODE", "");
    cfg.phase[NOMINAL_OPS].forbidden = 1U << SAFE;
    struct muster_phase_decision d = decide(NOMINAL_OPS, facts(950000, 900000));
    assert_int_equal(d.decision, MUSTER_DECISION_CONTROLLED_ACTION);
    assert_reason(&d, "severity 0.95 (CRITICAL), confidence 0.9, in NOMINAL_OPS: "
                      "CONTROLLED_ACTION by severity, not ESCALATE_SAFE_MODE because the phase "
                      "forbids it");
}

static void forbidden_alert_falls_to_the_log_and_forbidden_log_to_nothing(void **state)
{
    (void)state;
    config_init();
    cfg.phase[LAUNCH].forbidden = 1U << ALERT;
    struct muster_phase_decision d = decide(LAUNCH, facts(750000, 900000));
    assert_int_equal(d.decision, MUSTER_DECISION_LOG_ONLY);
    assert_int_equal(d.action, LOG);
    assert_int_equal(d.wanted, MUSTER_DECISION_ALERT_OPERATORS);
    cfg.phase[LAUNCH].forbidden |= 1U << LOG;
    d = decide(LAUNCH, facts(750000, 900000));
    assert_int_equal(d.decision, MUSTER_DECISION_NO_ACTION);
    assert_int_equal(d.action, MUSTER_NAME_NONE);
    assert_reason(&d, "severity 0.75 (HIGH), confidence 0.9, in LAUNCH: NO_ACTION by severity, "
                      "not ALERT_OPERATORS because the phase forbids it");
    cfg.phase[LAUNCH].forbidden |= 1U << SAFE;
    assert_int_equal(decide(LAUNCH, facts(950000, 900000)).decision, MUSTER_DECISION_NO_ACTION);
}

static void rule_whose_action_is_forbidden_gives_way_to_the_next(void **state)
{
    (void)state;
    config_init();
    rule(LAUNCH, "always", "RESTART_SERVICE", "");
    rule(LAUNCH, "severity >= HIGH", "THERMAL_REGULATION", "warm");
    cfg.phase[LAUNCH].forbidden = 1U << RESTART;
    struct muster_phase_decision d = decide(LAUNCH, facts(750000, 900000));
    assert_int_equal(d.action, COOL);
    assert_int_equal(d.hold, MUSTER_PHASE_NOT_HELD);
    d = decide(LAUNCH, facts(500000, 900000));
    assert_reason(&d, "severity 0.5 (MEDIUM), confidence 0.9, in LAUNCH: LOG_ONLY by severity, "
                      "not CONTROLLED_ACTION because the phase forbids it");
}

static void decision_without_its_action_leaves_it_open(void **state)
{
    (void)state;
    const struct muster_names none = {NULL, 0};
    muster_phase_config_defaults(&cfg, &none);
    struct muster_phase_decision d = decide(LAUNCH, facts(950000, 900000));
    assert_int_equal(d.decision, MUSTER_DECISION_ESCALATE_SAFE_MODE);
    assert_int_equal(d.action, MUSTER_NAME_NONE);
}

/* ---- the handler ---- */

static void handler_counts_what_recurs_within_the_window(void **state)
{
    (void)state;
    struct muster_phase p;
    struct muster_phase_decision d;
    const struct muster_bytes radio = muster_text_bytes("radio"), heat = muster_text_bytes("heat");
    config_init();
    rule(LAUNCH, "severity >= HIGH and recurrence >= 2", "ENTER_SAFE_MODE", "repeated");
    muster_phase_init(&p, &cfg, 0);
    struct muster_condition_facts f = facts(750000, 900000);
    muster_phase_handle(&p, 0, radio, &f, &d);
    assert_int_equal(f.recurrence_count, 1);
    assert_int_equal(d.decision, MUSTER_DECISION_ALERT_OPERATORS);
    f = facts(750000, 900000);
    muster_phase_handle(&p, 1, heat, &f, &d);
    assert_int_equal(d.decision, MUSTER_DECISION_ALERT_OPERATORS);
    f = facts(750000, 900000);
    muster_phase_handle(&p, 3600 * MUSTER_SECOND, radio, &f, &d);
    assert_int_equal(d.decision, MUSTER_DECISION_ESCALATE_SAFE_MODE);
    assert_reason(&d, "severity 0.75 (HIGH), confidence 0.9, 2 within 3600s, in LAUNCH: "
                      "ESCALATE_SAFE_MODE by rule 1 (repeated)");
    f = facts(750000, 900000);
    muster_phase_handle(&p, 3600 * MUSTER_SECOND + 2, heat, &f, &d);
    assert_int_equal(f.recurrence_count, 1);
}

static void handler_believes_a_source_that_has_seen_more(void **state)
{
    (void)state;
    struct muster_phase p;
    struct muster_phase_decision d;
    config_init();
    muster_phase_init(&p, &cfg, 0);
    struct muster_condition_facts f = facts(750000, 900000);
    f.recurrence_count = 7;
    muster_phase_handle(&p, 0, muster_text_bytes("radio"), &f, &d);
    assert_int_equal(d.recurrence_count, 7);
    f.recurrence_count = 0;
    muster_phase_handle(&p, 0, muster_text_bytes("radio"), &f, &d);
    assert_int_equal(d.recurrence_count, 2);
}

static void handler_decides_by_the_phase_it_is_in(void **state)
{
    (void)state;
    struct muster_phase p;
    struct muster_phase_decision d;
    config_init();
    muster_phase_init(&p, &cfg, 0);
    assert_int_equal(muster_phase_enter(&p, 1, SAFE_MODE), 0);
    struct muster_condition_facts f = facts(950000, 900000);
    muster_phase_handle(&p, 2, muster_text_bytes("radio"), &f, &d);
    assert_int_equal(d.phase, SAFE_MODE);
    assert_int_equal(d.decision, MUSTER_DECISION_LOG_ONLY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_transitions_are_those_of_the_specification),
        cmocka_unit_test(added_phase_answers_by_default_until_it_has_a_policy),
        cmocka_unit_test(sixteen_phases_fit_and_names_are_checked),
        cmocka_unit_test(node_goes_only_where_it_may),
        cmocka_unit_test(class_of_severity_decides_by_phase),
        cmocka_unit_test(too_little_confidence_acts_on_nothing),
        cmocka_unit_test(without_confidence_to_escalate_the_next_lower_class_answers),
        cmocka_unit_test(without_confidence_to_escalate_rules_have_no_effect_but_are_told),
        cmocka_unit_test(unknown_severity_is_answered_by_default_and_by_rules),
        cmocka_unit_test(rule_of_its_own_phase_escalates),
        cmocka_unit_test(strongest_rule_wins_and_none_weakens),
        cmocka_unit_test(no_escalation_ends_the_rules_and_leaves_the_class_of_severity),
        cmocka_unit_test(forbidden_beats_allowed_and_unlisted_is_allowed),
        cmocka_unit_test(forbidden_escalation_falls_to_the_next_lower_class),
        cmocka_unit_test(forbidden_alert_falls_to_the_log_and_forbidden_log_to_nothing),
        cmocka_unit_test(rule_whose_action_is_forbidden_gives_way_to_the_next),
        cmocka_unit_test(decision_without_its_action_leaves_it_open),
        cmocka_unit_test(handler_counts_what_recurs_within_the_window),
        cmocka_unit_test(handler_believes_a_source_that_has_seen_more),
        cmocka_unit_test(handler_decides_by_the_phase_it_is_in),
    };
    return cmocka_run_group_tests_name("phase", tests, NULL, NULL);
}
