/* SPDX-License-Identifier: Apache-2.0 */
/* A node's config: the exact text and place of every complaint, all of them in one run. */
#include "tests/lib/config_fixture.h"

static struct config_fixture f;

#define LOAD(text)  config_load(&f, text)
#define CHAIN(step) "recovery_policies:\n  x_fault:\n    escalation_chain:\n      - " step "\n"
#define REFUSES(text, ...)                                                                         \
    do {                                                                                           \
        LOAD(text);                                                                                \
        assert_int_equal(f.error, MUSTER_E_INVALID);                                               \
        SAYS(&f, __VA_ARGS__);                                                                     \
        config_drop(&f);                                                                           \
    } while (0)
#define TAKES(text, ...)                                                                           \
    do {                                                                                           \
        LOAD(text);                                                                                \
        SAYS(&f, __VA_ARGS__);                                                                     \
        assert_int_equal(f.error, 0);                                                              \
        config_drop(&f);                                                                           \
    } while (0)

/* ---- conditions ---- */

static void conditions_are_complained_of_at_the_very_word(void **state)
{
    (void)state;
    REFUSES(CHAIN("{action: safe_mode, condition: \"severity >= 0.7 and durration > 5\"}"),
            "4:61: error: unknown name 'durration', did you mean 'duration'?");
    REFUSES(CHAIN("action: safe_mode\n        condition: severity >= HIHG or always"),
            "5:32: error: unknown name 'HIHG', did you mean 'HIGH'?");
    REFUSES(CHAIN("{action: safe_mode, condition: 'severity >= \"HIHG\"'}"),
            "4:53: error: unknown level 'HIHG', did you mean 'HIGH'?");
    REFUSES(CHAIN("{action: safe_mode, condition: é or always}"),
            "4:40: error: unexpected byte 0xc3");
    REFUSES(CHAIN("{action: safe_mode, condition: \"'é' or x\"}"),
            "4:41: error: unknown level '?\?'");
    REFUSES(CHAIN("{action: restart_radio, condition: restrt_failed}"),
            "4:44: error: unknown action 'restrt', did you mean 'restart_failed'?");
    REFUSES(CHAIN("{action: safe_mode, condition: severity >=}"),
            "4:51: error: expected a value at the end");
    REFUSES(CHAIN("{action: safe_mode, condition: \"\"}"), "4:41: error: the condition is empty");
    REFUSES(CHAIN("{action: safe_mode, condition: [always]}"),
            "4:40: error: expected a condition such as \"severity >= 0.7\", not a list");
}

static void conditions_that_do_not_stand_as_they_read_are_complained_of_where_they_begin(
    void **state)
{
    (void)state;
    REFUSES(CHAIN("{action: safe_mode, condition: \"step\\u0020> x\"}"),
            "4:40: error: unknown name 'x'");
    REFUSES(CHAIN("{action: safe_mode, condition: \"step\n          > x\"}"),
            "4:40: error: unknown name 'x'");
    REFUSES(CHAIN("action: safe_mode\n        condition: |\n          step > x"),
            "5:20: error: unknown name 'x'");
    REFUSES(CHAIN("{action: safe_mode, condition: \"step > ${X:x}\"}"),
            "4:40: error: unknown name 'x'");
    REFUSES(CHAIN("{action: safe_mode, condition: 'severity == ''HOHE'''}"),
            "4:40: error: unknown level 'HOHE'");
}

static void an_action_by_its_mere_name_or_of_no_step_is_told_apart(void **state)
{
    (void)state;
    REFUSES(CHAIN("{action: enter_safe_mode, condition: enter_safe_mode}"),
            "4:46: error: unknown name 'enter_safe_mode', did you mean 'enter_safe_mode_failed'?");
    REFUSES(CHAIN("{action: safe_mode, condition: restart_radio_failed}"),
            "4:40: error: unknown action 'restart_radio': no step of this config runs it");
}

static void type_without_a_policy_is_warned_of_when_one_is_near(void **state)
{
    (void)state;
    TAKES(CHAIN("{action: safe_mode, condition: payload_subsystem_fault or xx_fault}"),
          "4:67: warning: no policy is for 'xx_fault', did you mean 'x_fault'?");
    TAKES("recovery_policies:\n  power_fault:\n    escalation_chain:\n"
          "      - {action: safe_mode, condition: step > 1 and powr_fault}\n",
          "4:53: warning: no policy is for 'powr_fault', did you mean 'power_fault'?");
}

/* ---- policies ---- */

static void policies_say_what_is_wrong(void **state)
{
    (void)state;
    REFUSES("recovery_policies: []",
            "1:20: error: expected a mapping such as {power_fault: {escalation_chain: […]}}, not a "
            "list");
    REFUSES("recovery_policies: {Power: {}}",
            "1:21: error: 'Power' is no type of anomaly: 1 to 31 of a-z, 0-9 and _");
    REFUSES("recovery_policies: {a: 5, b: {}, c: {escalation_chain: []}}",
            "1:24: error: expected a mapping such as {escalation_chain: […]}, not '5'",
            "1:30: error: policy 'b' needs an 'escalation_chain'",
            "1:56: error: policy 'c' needs at least one step");
    REFUSES("recovery_policies: {a: {severity_treshold: 1, severity_threshold: 1.5,\n"
            " escalation_chain: {}}}",
            "1:25: error: unknown key 'severity_treshold', did you mean 'severity_threshold'?",
            "1:67: error: '1.5' is out of range; expected 0..1",
            "2:20: error: expected a list of steps, not a mapping");
}

static void steps_say_what_is_wrong(void **state)
{
    (void)state;
    REFUSES(CHAIN("{condition: always}"), "4:9: error: a step needs an 'action'");
    REFUSES(CHAIN("safe_mode"),
            "4:9: error: expected a step such as {action: alert_ground}, not 'safe_mode'");
    REFUSES(CHAIN("{action: alert_grund}"),
            "4:18: error: unknown action 'alert_grund', did you mean 'alert_ground'?");
    REFUSES(CHAIN("{action: sing}"),
            "4:18: error: unknown action 'sing'; name it under 'recovery_actions'");
    REFUSES(CHAIN("{action: [a]}"), "4:18: error: expected the name of an action, not a list");
    REFUSES(CHAIN("{action: safe_mode, timeout: 0, parms: {}}"),
            "4:41: error: unknown key 'parms', did you mean 'params'?",
            "4:38: error: '0' is out of range; expected 1ns..9007199.254740991s");
}

static void parameters_have_a_bound(void **state)
{
    (void)state;
    char text[2000], long_[600];
    memset(long_, 'x', sizeof long_);
    REFUSES(CHAIN("{action: safe_mode, params: 5}"),
            "4:37: error: expected a mapping such as {channel: emergency}, not '5'");
    REFUSES(CHAIN("{action: safe_mode, params: {a: [[[[[[[[8]]]]]]]]}}"),
            "4:48: error: parameters are nested too deeply");
    snprintf(text, sizeof text, CHAIN("{action: safe_mode, params: {a: %.503s}}"), long_);
    LOAD(text);
    assert_int_equal(f.error, 0);
    assert_int_equal(strlen(f.c.enhanced.step[0].params), MUSTER_PARAMS_MAX);
    config_drop(&f);
    snprintf(text, sizeof text, CHAIN("{action: safe_mode, params: {a: %.504s}}"), long_);
    REFUSES(text, "4:37: error: the parameters are 512 bytes of JSON, at most 511 are allowed");
}

/* ---- phases ---- */

static void phases_say_what_is_wrong(void **state)
{
    (void)state;
    REFUSES("phases: {}", "1:9: error: 'phases' needs at least one phase");
    REFUSES("phases: [LAUNCH]", "1:9: error: expected a mapping such as {LAUNCH: {allowed_actions: "
                                "[LOG_EVENT]}}, not a list");
    REFUSES("phases: {'A B': {}}",
            "1:10: error: 'A B' is no name of a phase: 1 to 31 letters, digits and '_'");
    REFUSES("phases:\n  SAFE_MODE:\n    forbiden_actions: []\n    severity_thresholds: {HGIH: "
            "LOG_ONLY, LOW: LOGONLY}\n",
            "3:5: error: unknown key 'forbiden_actions', did you mean 'forbidden_actions'?",
            "4:27: error: unknown key 'HGIH', did you mean 'HIGH'?",
            "4:48: error: unknown word 'LOGONLY', did you mean 'LOG_ONLY'?");
}

static void responses_say_what_is_wrong(void **state)
{
    (void)state;
    REFUSES("phases: {A: {allowed_actions: [LOG_EVNT, NO_ESCALATION, DANCE, [x]]}}",
            "1:32: error: unknown response 'LOG_EVNT', did you mean 'LOG_EVENT'?",
            "1:42: error: 'NO_ESCALATION' ends rules, it is no action",
            "1:57: error: unknown response 'DANCE'; map it under 'responses'",
            "1:64: error: expected a response, not a list");
    REFUSES("phases: {A: {forbidden_actions: SAFE_MODE}}",
            "1:33: error: expected a list of responses, not 'SAFE_MODE'");
    REFUSES("{orchestrator: enhanced, responses: {dance: safe_mode, DANCE: sfae_mode, SING: sing}}",
            "1:38: error: 'dance' is no response: 1 to 31 of A-Z, 0-9 and _",
            "1:63: error: unknown action 'sfae_mode', did you mean 'safe_mode'?",
            "1:80: error: unknown action 'sing'; name it under 'recovery_actions'");
}

static void rules_say_what_is_wrong(void **state)
{
    (void)state;
    REFUSES(
        "phases: {A: {escalation_rules: [{}, 5, {condition: step > y, action: FIRE_THRUSTERS},\n"
        "  {condition: always, action: SAFE_MOD, justification: \"\"}]}}",
        "1:33: error: a rule needs a 'condition'", "1:33: error: a rule needs an 'action'",
        "1:37: error: expected a rule such as {condition: always, action: NO_ESCALATION}, not "
        "'5'",
        "1:70: error: 'FIRE_THRUSTERS' stands for no action here; map it under 'responses'",
        "2:31: error: unknown response 'SAFE_MOD', did you mean 'SAFE_MODE'?",
        "2:56: error: expected a text of 1 to 95 bytes, not 0", "1:59: error: unknown name 'y'");
}

static void phases_that_are_not_there_are_errors(void **state)
{
    (void)state;
    REFUSES("{phases: {CRUISE: {}, SAFE_MODE: {}}, initial_phase: CRUSE,\n"
            " transitions: {CRUISE: [LAUNCH], SAFEMODE: [CRUISE, {}], SAFE_MODE: CRUISE},\n"
            " recovery_actions: {safe_mode: {phase_restrictions: {CRUIS: false, CRUISE: 0}}}}",
            "2:25: error: unknown phase 'LAUNCH'; expected one of CRUISE, SAFE_MODE",
            "2:34: error: unknown phase 'SAFEMODE', did you mean 'SAFE_MODE'?",
            "2:53: error: expected the name of a phase, not a mapping",
            "2:69: error: expected a list of phases, not 'CRUISE'",
            "1:54: error: unknown phase 'CRUSE', did you mean 'CRUISE'?",
            "1:23: warning: nothing leads to phase 'SAFE_MODE'; name it under 'transitions'",
            "3:54: error: unknown phase 'CRUIS', did you mean 'CRUISE'?",
            "3:76: error: '0' is not true or false");
}

static void phases_that_look_wrong_are_warned_of(void **state)
{
    (void)state;
    TAKES("phases:\n  LAUNCH: {allowed_actions: [ALERT_ONLY], forbidden_actions: [PING_GROUND]}\n"
          "  ORBIT: {}\n",
          "2:3: warning: phase 'LAUNCH' both allows and forbids 'alert_ground': it is forbidden",
          "3:3: warning: nothing leads to phase 'ORBIT'; name it under 'transitions'");
}

/* ---- the rest ---- */

static void limits_have_bounds(void **state)
{
    (void)state;
    REFUSES("orchestrator: enhanced\nadvanced:\n  max_concurrent_actions: 9\n"
            "  action_timeout_multiplier: 0\n  verification_delay_seconds: 0\n"
            "  max_verification_attempts: 0\n  escalation_failure_threshold: 0\n"
            "  max_actions_per_hour: 65\n  max_safe_mode_entries_per_day: -1\n"
            "  auto_escalate_on_failure: yes\n  max_actions_per_our: 3\n",
            "11:3: error: unknown key 'max_actions_per_our', did you mean 'max_actions_per_hour'?",
            "3:27: error: '9' is out of range; expected 1..8",
            "4:30: error: '0' is out of range; expected 0.1..100",
            "5:31: error: '0' is out of range; expected 1ms..9007199.254740991s",
            "6:30: error: '0' is out of range; expected 1..100",
            "10:29: error: 'yes' is not true or false",
            "7:33: error: '0' is out of range; expected 1..1000",
            "8:25: error: '65' is out of range; expected 0..64",
            "9:34: error: '-1' is not a whole number");
    REFUSES("orchestrator: enhanced\nblast_radius: {share: 101%, min_healthy: 65, zone: 1}\n",
            "2:46: error: unknown key 'zone', did you mean 'zones'?",
            "2:23: error: '101%' is out of range; expected 0..1",
            "2:42: error: '65' is out of range; expected 0..64");
    REFUSES(
        "orchestrator: enhanced\nglobal: {default_action: SHRUG, min_confidence_for_action: 2,\n"
        " min_confidence: 1, recurrence_window_seconds: x}\nadvanced: 5\n",
        "3:2: error: unknown key 'min_confidence'",
        "2:26: error: unknown word 'SHRUG'; expected one of NO_ACTION, LOG_ONLY, "
        "ALERT_OPERATORS, CONTROLLED_ACTION, ESCALATE_SAFE_MODE",
        "2:60: error: '2' is out of range; expected 0..1",
        "3:48: error: 'x' is not a duration; write a number and ns, us, ms, s, m, h or d, such "
        "as 15s",
        "4:11: error: expected a mapping such as {max_actions_per_hour: 10}, not '5'");
}

static void attempts_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    REFUSES("action_backoff: {base: 9, cap: 8}\naction_breaker: perhaps\n",
            "1:17: error: 'base', the first wait, is longer than 'cap', the longest",
            "2:17: error: 'perhaps' is not true or false");
    REFUSES("action_backoff: [1]\naction_breaker: {failure_threshold: 0, failures: 3}\n",
            "1:17: error: expected a mapping, true or false, not a list",
            "2:40: error: unknown key 'failures'; expected one of failure_threshold, "
            "success_threshold, recovery_timeout, probe_timeout",
            "2:37: error: '0' is out of range; expected 1..1000000");
}

static void more_healthy_members_than_there_are_do_not_fit(void **state)
{
    (void)state;
    LOAD("{orchestrator: enhanced, blast_radius: {min_healthy: 4}}");
    assert_int_equal(f.error, 0);
    assert_int_equal(muster_node_config_fits(&f.c.core, 4, f.doc.root, &f.d), 0);
    SAYS_NOTHING(&f);
    assert_int_equal(muster_node_config_fits(&f.c.core, 3, f.doc.root, &f.d), MUSTER_E_INVALID);
    SAYS(&f, "1:54: error: 'min_healthy' asks for 4 healthy members, the cluster has 3");
    config_drop(&f);
}

static void origins_wire_has_its_own_times(void **state)
{
    (void)state;
    config_load(&f, "coordinator: {wire: astra}\n");
    SAYS_NOTHING(&f);
    const struct muster_config *c = &f.c.core;
    assert_int_equal(c->wire, MUSTER_WIRE_ASTRA);
    assert_true(c->lease_ttl == 30 * MUSTER_SECOND && c->renew_every == 15 * MUSTER_SECOND);
    assert_true(c->renew_deadline == c->lease_ttl - c->margin && c->jitter == c->poll_every);
    assert_true(muster_config_trusts_store(c, 5));
    config_drop(&f);
    config_load(&f, "coordinator: {wire: astra}\nlease_ttl: 30s\nrenew_every: 3s\nvote_ttl: 20s\n"
                    "authority: voters\n");
    SAYS(&f, "3:1: warning: 'renew_every' has no effect with 'wire: astra': it is 15s there",
         "4:1: warning: 'vote_ttl' has no effect with 'wire: astra': it is 30s there",
         "5:1: warning: 'authority: voters' has no effect with 'wire: astra': whoever holds the "
         "lock in the store leads");
    assert_int_equal(f.error, 0);
    config_drop(&f);
    config_load(&f, "coordinator: {type: local, wire: astra}\nlease_ttl: 20s\n");
    SAYS(&f, "1:28: warning: 'wire' has no effect on 'type: local', which has no store");
    assert_true(f.c.core.lease_ttl == 20 * MUSTER_SECOND);
    config_drop(&f);
    REFUSES("coordinator: {wire: astra}\nwork_items: 3\n",
            "2:13: error: 'work_items' must be 0 with 'wire: astra': the origin's wire has no work "
            "items");
    REFUSES("coordinator: {wire: astro}\n",
            "1:21: error: unknown word 'astro', did you mean 'astra'?");
    config_load(&f, "coordinator: {wire: bridge}\nwork_items: 3\n");
    SAYS_NOTHING(&f);
    assert_true(f.c.core.lease_ttl == 15 * MUSTER_SECOND);
    config_drop(&f);
}

static void older_names_are_warned_of_once(void **state)
{
    (void)state;
    TAKES("{dry_run: true, policies: {}}",
          "1:2: warning: 'dry_run' is an older name; write 'dry_run_mode'",
          "1:17: warning: 'policies' is an older name; write 'recovery_policies'");
    REFUSES("{dry_run: true, dry_run_mode: true}",
            "1:2: error: 'dry_run' is an older name of 'dry_run_mode', which is here as well");
    REFUSES("{dry_run_mod: true, orchestrator: advanced}",
            "1:2: error: unknown key 'dry_run_mod', did you mean 'dry_run_mode'?",
            "1:35: error: unknown word 'advanced'; expected one of recovery, enhanced");
}

static void keys_without_meaning_are_noted_once_each(void **state)
{
    (void)state;
    TAKES("logging: {level: INFO, slack_webhook: ''}\n"
          "recovery_actions: {safe_mode: {description: a}, cache_purge: {description: b}}\n"
          "phases: {A: {description: c, threshold_multiplier: 2}, SAFE_MODE: {description: d,"
          " threshold_multiplier: 1}}\n"
          "advanced: {history_retention_days: 30, max_history_entries: 1}\n"
          "global: {log_all_decisions: true}\nblast_radius: {zones: 2}\n",
          "1:1: note: 'logging' has no effect here", "2:32: note: 'description' has no effect here",
          "5:10: note: 'log_all_decisions' has no effect here",
          "3:30: note: 'threshold_multiplier' has no effect here",
          "4:12: note: 'history_retention_days' has no effect here",
          "4:40: note: 'max_history_entries' has no effect here",
          "6:16: note: 'zones' has no effect here");
    REFUSES("logging: {levle: INFO}", "1:11: error: unknown key 'levle', did you mean 'level'?",
            "1:1: note: 'logging' has no effect here");
}

static void keys_that_the_basic_orchestrator_does_not_read_are_warned_of(void **state)
{
    (void)state;
    TAKES("{orchestrator: recovery, recovery_policies: {x: 5}, advanced: {}, recovery_actions: "
          "{safe_mode: {phase_restrictions: {}}}}",
          "1:98: note: 'phase_restrictions' has no effect here",
          "1:26: warning: 'recovery_policies' has no effect on the basic orchestrator; write "
          "'orchestrator: enhanced'",
          "1:53: warning: 'advanced' has no effect on the basic orchestrator; write "
          "'orchestrator: enhanced'");
}

static void everything_is_said_in_one_run(void **state)
{
    (void)state;
    REFUSES("lease_ttl: 0\n" CHAIN("{action: x, condition: y}") "phases: {A: {allowed_actions: "
                                                                "[z]}}\n",
            "1:12: error: '0' needs a unit (ns, us, ms, s, m, h, d), such as 0s or 0ms",
            "5:18: error: unknown action 'x'; name it under 'recovery_actions'",
            "6:32: error: unknown response 'z'; map it under 'responses'",
            "5:32: error: unknown name 'y'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_are_complained_of_at_the_very_word),
        cmocka_unit_test(
            conditions_that_do_not_stand_as_they_read_are_complained_of_where_they_begin),
        cmocka_unit_test(an_action_by_its_mere_name_or_of_no_step_is_told_apart),
        cmocka_unit_test(type_without_a_policy_is_warned_of_when_one_is_near),
        cmocka_unit_test(policies_say_what_is_wrong),
        cmocka_unit_test(steps_say_what_is_wrong),
        cmocka_unit_test(parameters_have_a_bound),
        cmocka_unit_test(phases_say_what_is_wrong),
        cmocka_unit_test(responses_say_what_is_wrong),
        cmocka_unit_test(rules_say_what_is_wrong),
        cmocka_unit_test(phases_that_are_not_there_are_errors),
        cmocka_unit_test(phases_that_look_wrong_are_warned_of),
        cmocka_unit_test(limits_have_bounds),
        cmocka_unit_test(attempts_that_make_no_sense_are_refused),
        cmocka_unit_test(more_healthy_members_than_there_are_do_not_fit),
        cmocka_unit_test(origins_wire_has_its_own_times),
        cmocka_unit_test(older_names_are_warned_of_once),
        cmocka_unit_test(keys_without_meaning_are_noted_once_each),
        cmocka_unit_test(keys_that_the_basic_orchestrator_does_not_read_are_warned_of),
        cmocka_unit_test(everything_is_said_in_one_run),
    };
    return cmocka_run_group_tests_name("node_config_errors", tests, NULL, NULL);
}
