/* SPDX-License-Identifier: Apache-2.0 */
/* A node's config: what policies, phases and limits load as, and that what is written loads the
 * same. */
#include "tests/lib/config_fixture.h"

static struct config_fixture f;

static void load(const char *text)
{
    config_load(&f, text);
    if (f.error != 0 || f.d.errors > 0)
        fail_msg("%s", f.d.count > 0 ? f.d.at[0].text : "refused without a word");
}

static uint32_t action(const char *name)
{
    for (uint32_t i = 0; i < f.c.core.recovery.action_count; i++) {
        if (strcmp(f.c.core.recovery.action[i].name, name) == 0)
            return i;
    }
    fail_msg("no action '%s'", name);
    return 0;
}

static bool step_holds(uint32_t step, uint32_t severity_ppm)
{
    struct muster_condition_facts facts;
    muster_condition_facts_init(&facts);
    facts.severity_ppm = severity_ppm;
    return muster_condition_holds(&f.c.enhanced.step[step].condition, &facts);
}

/* ---- which orchestrator ---- */

static void orchestrator_is_basic_unless_the_config_asks_for_more(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool enhanced;
    } rows[] = {
        {"{}", false},
        {"{poll_interval: 5}", false},
        {"{orchestrator: enhanced}", true},
        {"{dry_run_mode: false}", true},
        {"{recovery_policies: {}}", true},
        {"{phases: {SAFE_MODE: {}}}", true},
        {"{orchestrator: recovery}", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        load(rows[i].text);
        assert_ptr_equal(f.c.core.enhanced, rows[i].enhanced ? &f.c.enhanced : NULL);
        config_drop(&f);
    }
    memset(&f, 0, sizeof f);
    assert_int_equal(muster_node_config_load(&f.c, NULL, NULL, &f.d), 0);
    assert_null(f.c.core.enhanced);
}

static void enhanced_without_more_has_the_defaults(void **state)
{
    (void)state;
    static struct muster_enhanced_config plain;
    load("{orchestrator: enhanced}");
    muster_enhanced_config_defaults(&plain, &f.c.core.recovery);
    assert_memory_equal(&f.c.enhanced, &plain, sizeof plain);
    SAYS_NOTHING(&f);
    config_drop(&f);
}

/* ---- policies ---- */

static void policies_load_with_their_chains(void **state)
{
    (void)state;
    load("dry_run_mode: true\n"
         "recovery_policies:\n"
         "  power_fault:\n"
         "    severity_threshold: 0.7\n"
         "    escalation_chain:\n"
         "      - {action: reduce_power_load, condition: \"severity >= 0.7\", timeout: 30}\n"
         "      - action: cache_purge\n"
         "        params: {b: [1, -2.5e3, '3', true, ~, no], a: {\"x \\\"y\\\"\": \"\\t\"}}\n"
         "  unknown_anomaly: {escalation_chain: [{action: alert_ground, timeout: 1.5s}]}\n");
    const struct muster_enhanced_config *c = &f.c.enhanced;
    SAYS_NOTHING(&f);
    assert_true(c->dry_run);
    assert_int_equal(c->policy_count, 2);
    assert_string_equal(c->policy[0].type, "power_fault");
    assert_int_equal(c->policy[0].severity_threshold_ppm, 700000);
    assert_int_equal(c->policy[0].count, 2);
    assert_int_equal(c->policy[1].first, 2);
    assert_int_equal(c->policy[1].severity_threshold_ppm, 800000);
    assert_int_equal(c->step[0].action, action("reduce_power_load"));
    assert_true(c->step[0].timeout == 30 * MUSTER_SECOND);
    assert_true(step_holds(0, 700000));
    assert_false(step_holds(0, 699999));
    assert_int_equal(c->step[1].action, MUSTER_ACTION_CACHE_PURGE);
    assert_true(step_holds(1, 0));
    assert_string_equal(c->step[1].params,
                        "{\"b\":[1,-2.5e3,\"3\",true,null,\"no\"],\"a\":{\"x \\\"y\\\"\":"
                        "\"\\u0009\"}}");
    assert_true(c->step[2].timeout == 1500 * MUSTER_MILLISECOND);
    assert_string_equal(c->step[2].params, "");
    assert_int_equal(c->types.count, 1);
    assert_string_equal(c->types.name[0], "power_fault");
    config_drop(&f);
}

static void named_actions_are_defined_with_their_defaults(void **state)
{
    (void)state;
    load("{recovery_policies: {x: {escalation_chain: [{action: restart_radio},"
         " {action: log_detailed_state, condition: restart_failed}]}}}");
    assert_int_equal(f.c.core.recovery.action_count, 5);
    const struct muster_action_config *radio = &f.c.core.recovery.action[action("restart_radio")];
    assert_true(radio->enabled);
    assert_int_equal(radio->scope, MUSTER_SCOPE_CLUSTER);
    assert_true(radio->timeout == 30 * MUSTER_SECOND);
    assert_true(radio->cooldown == 300 * MUSTER_SECOND);
    assert_int_equal(f.c.core.recovery.action[4].scope, MUSTER_SCOPE_LOCAL);
    config_drop(&f);
}

static void restrictions_forbid_an_action_in_its_phases(void **state)
{
    (void)state;
    load("{dry_run_mode: false, recovery_actions: {valve: {phase_restrictions: {LAUNCH: false,"
         " NOMINAL_OPS: true, SAFE_MODE: false}}}}");
    const uint32_t bit = UINT32_C(1) << action("valve");
    assert_int_equal(f.c.enhanced.restricted[0], bit);
    assert_int_equal(f.c.enhanced.restricted[2], 0);
    assert_int_equal(f.c.enhanced.restricted[4], bit);
    config_drop(&f);
}

/* ---- phases ---- */

static void phases_of_the_file_are_all_there_are(void **state)
{
    (void)state;
    load("phases:\n"
         "  NOMINAL_OPS:\n"
         "    allowed_actions: [LOG_EVENT, safe_mode]\n"
         "    forbidden_actions: [RESTART_SERVICE]\n"
         "    severity_thresholds: {HIGH: ALERT_OPERATORS}\n"
         "    escalation_rules:\n"
         "      - {condition: 'severity >= HIGH', action: ENTER_SAFE_MODE, justification: why}\n"
         "      - {condition: always, action: NO_ESCALATION}\n"
         "  CRUISE:\n"
         "  SAFE_MODE: {}\n"
         "transitions: {NOMINAL_OPS: [CRUISE, SAFE_MODE]}\n"
         "initial_phase: CRUISE\n"
         "global: {default_action: ALERT_OPERATORS, min_confidence_for_action: 0.5,"
         " min_confidence_for_escalation: 60%, recurrence_window_seconds: 7}\n");
    const struct muster_phase_config *c = &f.c.enhanced.phases;
    SAYS_NOTHING(&f);
    assert_true(f.c.enhanced.phases_decide);
    assert_int_equal(c->phase_count, 3);
    assert_int_equal(c->initial, 1);
    assert_true(c->phase[0].allowed ==
                (UINT64_C(1) << action("log_detailed_state") | 1 << MUSTER_ACTION_SAFE_MODE));
    assert_true(c->phase[0].forbidden == 1 << MUSTER_ACTION_CIRCUIT_RESTART);
    assert_int_equal(c->phase[0].decision[MUSTER_LEVEL_HIGH], MUSTER_DECISION_ALERT_OPERATORS);
    assert_int_equal(c->phase[0].decision[MUSTER_LEVEL_MEDIUM], MUSTER_DECISION_CONTROLLED_ACTION);
    assert_int_equal(c->phase[1].decision[MUSTER_LEVEL_LOW], MUSTER_DECISION_ALERT_OPERATORS);
    assert_int_equal(c->phase[0].next, 6);
    assert_int_equal(c->phase[1].next, 4); /* every phase leads to SAFE_MODE */
    assert_int_equal(c->phase[2].next, 1); /* as SPEC 1 has it, of the phases that there are */
    assert_int_equal(c->rule_count, 2);
    assert_int_equal(c->rule[0].response.decision, MUSTER_DECISION_ESCALATE_SAFE_MODE);
    assert_string_equal(c->rule[0].justification, "why");
    assert_true(c->rule[1].response.ends);
    assert_int_equal(c->action_of[MUSTER_DECISION_ALERT_OPERATORS], action("alert_ground"));
    assert_int_equal(c->action_of[MUSTER_DECISION_ESCALATE_SAFE_MODE], action("enter_safe_mode"));
    assert_int_equal(c->default_decision, MUSTER_DECISION_ALERT_OPERATORS);
    assert_int_equal(c->min_confidence_for_action_ppm, 500000);
    assert_int_equal(c->min_confidence_for_escalation_ppm, 600000);
    assert_true(c->recurrence_window == 7 * MUSTER_SECOND);
    config_drop(&f);
}

static void responses_map_words_to_actions(void **state)
{
    (void)state;
    load("recovery_actions: {cut_off: {}}\n"
         "responses: {ISOLATE_SUBSYSTEM: cut_off, STABILIZATION: restart_radio}\n"
         "phases: {A: {forbidden_actions: [ISOLATE_SUBSYSTEM, STABILIZATION, FIRE_THRUSTERS],"
         " escalation_rules: [{condition: step > 1, action: ISOLATE_SUBSYSTEM}]},"
         " SAFE_MODE: {forbidden_actions: [FIRE_THRUSTERS]}}\n");
    const struct muster_phase_config *c = &f.c.enhanced.phases;
    assert_true(c->phase[0].forbidden ==
                (UINT64_C(1) << action("cut_off") | UINT64_C(1) << action("restart_radio")));
    assert_int_equal(c->rule[0].response.action, action("cut_off"));
    SAYS(&f, "3:68: note: 'FIRE_THRUSTERS' stands for no action here; 'responses' can map it");
    config_drop(&f);
}

/* ---- attempts ---- */

static void backoff_and_breaker_are_off_for_the_basic_one_until_it_asks(void **state)
{
    (void)state;
    load("{action_backoff: false}");
    assert_null(f.c.core.acting);
    config_drop(&f);
    load("{action_breaker: true}");
    assert_ptr_equal(f.c.core.acting, &f.c.acting);
    assert_true(f.c.acting.breaks);
    assert_false(f.c.acting.backs_off);
    assert_int_equal(f.c.acting.breaker.failure_threshold, 5);
    assert_true(f.c.acting.verify_delay == 0);
    config_drop(&f);
    load("{action_backoff: {base: 1, cap: 1m, jitter: equal}}");
    assert_true(f.c.core.acting->backs_off);
    assert_true(f.c.acting.retry.base == MUSTER_SECOND);
    assert_true(f.c.acting.retry.cap == 60 * MUSTER_SECOND);
    assert_int_equal(f.c.acting.retry.jitter, MUSTER_JITTER_EQUAL);
    SAYS_NOTHING(&f);
    config_drop(&f);
}

static void backoff_and_breaker_are_on_for_the_enhanced_one_until_it_declines(void **state)
{
    (void)state;
    load("{orchestrator: enhanced, action_breaker: {failure_threshold: 2, success_threshold: 3,"
         " recovery_timeout: 4, probe_timeout: 5}}");
    const struct muster_acting_options *a = &f.c.enhanced.acting;
    assert_true(a->backs_off && a->breaks);
    assert_true(a->retry.base == 500 * MUSTER_MILLISECOND);
    assert_int_equal(a->breaker.failure_threshold, 2);
    assert_int_equal(a->breaker.success_threshold, 3);
    assert_true(a->breaker.recovery_timeout == 4 * MUSTER_SECOND);
    assert_true(a->breaker.probe_timeout == 5 * MUSTER_SECOND);
    config_drop(&f);
    load("{orchestrator: enhanced, action_breaker: false, action_backoff: false}");
    assert_false(a->backs_off || a->breaks);
    config_drop(&f);
}

/* ---- advanced, blast radius ---- */

static void limits_and_bounds_load(void **state)
{
    (void)state;
    load("{orchestrator: enhanced,"
         " advanced: {max_concurrent_actions: 3, action_timeout_multiplier: 2,"
         "  verification_delay_seconds: 5, max_verification_attempts: 4,"
         "  auto_escalate_on_failure: false, escalation_failure_threshold: 7,"
         "  max_actions_per_hour: 0, max_safe_mode_entries_per_day: 64,"
         "  anomaly_active_seconds: 1m},"
         " blast_radius: {share: 5%, min_healthy: 2, min_healthy_share: 0, clear_after: 60}}");
    const struct muster_enhanced_config *c = &f.c.enhanced;
    SAYS_NOTHING(&f);
    assert_int_equal(c->acting.concurrent_max, 3);
    assert_int_equal(c->acting.timeout_ppm, 2000000);
    assert_true(c->acting.verify_delay == 5 * MUSTER_SECOND);
    assert_int_equal(c->acting.verify_attempts, 4);
    assert_false(c->auto_escalate);
    assert_int_equal(c->escalation_failure_threshold, 7);
    assert_int_equal(c->acting.limits.max_actions_per_hour, 0);
    assert_int_equal(c->acting.limits.max_safe_mode_entries_per_day, 64);
    assert_true(c->active_for == 60 * MUSTER_SECOND);
    assert_true(c->acting.bounded);
    assert_int_equal(c->acting.blast.share_ppm, 50000);
    assert_int_equal(c->acting.blast.healthy_min, 2);
    assert_int_equal(c->acting.blast.healthy_min_ppm, 0);
    assert_true(c->acting.blast.clear_after == 60 * MUSTER_SECOND);
    config_drop(&f);
    load("{dry_run_mode: false, advanced: {verify_recovery_success: false,"
         " verification_delay_seconds: 5}}");
    assert_true(f.c.enhanced.acting.verify_delay == 0);
    assert_false(f.c.enhanced.acting.bounded);
    config_drop(&f);
}

/* ---- what is written ---- */

/* What is written loads without a word as the same bytes, and is written the same again. */
static void comes_back_the_same(const char *what)
{
    static struct config_fixture again;
    static char text[MUSTER_CORE_CONFIG_TEXT_MAX], twice[MUSTER_CORE_CONFIG_TEXT_MAX];
    struct muster_text t;
    muster_text_init(&t, text, sizeof text);
    muster_core_config_write(&f.c.core, &t);
    assert_false(muster_text_is_cut(&t));
    config_load(&again, text);
    if (again.d.count > 0)
        fail_msg("%s: %s", what, again.d.at[0].text);
    muster_text_init(&t, twice, sizeof twice);
    muster_core_config_write(&again.c.core, &t);
    assert_string_equal(text, twice);
    if (f.c.core.enhanced)
        f.c.core.enhanced = again.c.core.enhanced;
    if (f.c.core.acting)
        f.c.core.acting = again.c.core.acting;
    assert_memory_equal(&f.c, &again.c, sizeof f.c);
    config_drop(&again);
}

static void examples_load_and_come_back_the_same(void **state)
{
    (void)state;
    static const char *const paths[] = {"examples/config/recovery.yaml",
                                        "examples/config/policies.yaml",
                                        "examples/config/phases.yaml"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct muster_sources sources = {0};
        struct muster_diagnostics d = {0};
        const struct muster_mark none = {0};
        const struct muster_source *source = muster_source_open(&sources, paths[i], &d, none);
        assert_non_null(source);
        load(source->text);
        SAYS_NOTHING(&f);
        comes_back_the_same(paths[i]);
        config_drop(&f);
        muster_sources_free(&sources);
    }
}

static void what_needs_escapes_comes_back_the_same(void **state)
{
    (void)state;
    load("{recovery_policies: {x: {escalation_chain: [{action: cache_purge, params: {"
         "\"$${key}\": \"$${HOME} $$${x}\", \"\": \"\\u2028\\ufeff\\x7f\\u0085é\\U0001F600\\\\\","
         " ' a: #b': \"it's \\\"{[\", n: \"null\", t: \"true\", d: \"1\", e: [[], {}]}}]}},"
         " phases: {null: {escalation_rules: [{condition: \"always\", action: safe_mode,"
         " justification: \"a \\\"$${b}\\\" c:\\n #d\"}]}}, initial_phase: 'null',"
         " transitions: {null: ['null']}}");
    assert_string_equal(f.c.enhanced.phases.rule[0].justification, "a \"${b}\" c:\n #d");
    comes_back_the_same("escapes");
    config_drop(&f);
}

static void empty_parts_come_back_the_same(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{}",
        "{orchestrator: enhanced}",
        "{coordinator: {type: local}}",
        "{coordinator: {wire: astra}}",
        "{coordinator: {type: redis, wire: bridge}}",
        "{recovery_policies: {}, blast_radius: {}}",
        "{orchestrator: enhanced, action_backoff: false, action_breaker: false}",
        "{action_backoff: {jitter: decorrelated, cap: 3}, action_breaker: {probe_timeout: 9}}",
        "{phases: {SAFE_MODE: {}}, advanced: {verify_recovery_success: false}}",
        "{dry_run_mode: true, transitions: {LAUNCH: [], SAFE_MODE: [SAFE_MODE]}}",
        "{orchestrator: enhanced, initial_phase: PAYLOAD_OPS}",
        "{dry_run_mode: true, recovery_actions: {x: {phase_restrictions: {LAUNCH: false}}}}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        load(rows[i]);
        comes_back_the_same(rows[i]);
        config_drop(&f);
    }
}

/* Every table full, every text as long as it may be: what is written fits. */
static void the_largest_config_is_written_whole(void **state)
{
    (void)state;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "recovery_actions:\n");
    for (int i = 0; i < MUSTER_ACTIONS_MAX - 6; i++) /* three are known, three carry decisions */
        fprintf(out, "  action_%024d: {}\n", i);
    fprintf(out, "recovery_policies:\n");
    for (int i = 0; i < 16; i++) {
        fprintf(out, "  t%024d_fault:\n    escalation_chain:\n", i);
        for (int k = 0; k < MUSTER_POLICY_STEPS_MAX / 16; k++) {
            fprintf(out, "      - action: action_%024d\n        params: {a: '", k);
            for (int j = 0; j < 251; j++)
                fputs("$${", out);
            fputs("'}\n        condition: \"", out);
            for (int j = 0; j < 24; j++)
                fprintf(out, "%saction_%024d_failed", j > 0 ? " or " : "", j % 4);
            fputs("\"\n", out);
        }
    }
    fprintf(out, "phases:\n");
    for (int i = 0; i < MUSTER_PHASES_MAX; i++) {
        fprintf(out, "  PHASE_%024d:\n    escalation_rules:\n", i);
        for (int k = 0; k < MUSTER_PHASE_RULES_MAX / MUSTER_PHASES_MAX; k++)
            fprintf(out,
                    "      - {action: safe_mode, condition: always, justification: \"%095d\"}\n",
                    k);
        fprintf(out, "    forbidden_actions: [");
        for (int k = 0; k < MUSTER_ACTIONS_MAX - 6; k++)
            fprintf(out, "%saction_%024d", k > 0 ? ", " : "", k);
        fprintf(out, "]\n");
    }
    fprintf(out, "transitions:\n  PHASE_%024d: [", 0);
    for (int i = 0; i < MUSTER_PHASES_MAX; i++)
        fprintf(out, "%sPHASE_%024d", i > 0 ? ", " : "", i);
    fprintf(out, "]\n");
    fclose(out);
    load(text);
    SAYS_NOTHING(&f);
    assert_int_equal(f.c.core.recovery.action_count, MUSTER_ACTIONS_MAX);
    assert_int_equal(f.c.enhanced.step_count, MUSTER_POLICY_STEPS_MAX);
    assert_int_equal(f.c.enhanced.phases.rule_count, MUSTER_PHASE_RULES_MAX);
    comes_back_the_same("the largest");
    config_drop(&f);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orchestrator_is_basic_unless_the_config_asks_for_more),
        cmocka_unit_test(enhanced_without_more_has_the_defaults),
        cmocka_unit_test(policies_load_with_their_chains),
        cmocka_unit_test(named_actions_are_defined_with_their_defaults),
        cmocka_unit_test(restrictions_forbid_an_action_in_its_phases),
        cmocka_unit_test(phases_of_the_file_are_all_there_are),
        cmocka_unit_test(responses_map_words_to_actions),
        cmocka_unit_test(limits_and_bounds_load),
        cmocka_unit_test(backoff_and_breaker_are_off_for_the_basic_one_until_it_asks),
        cmocka_unit_test(backoff_and_breaker_are_on_for_the_enhanced_one_until_it_declines),
        cmocka_unit_test(examples_load_and_come_back_the_same),
        cmocka_unit_test(what_needs_escapes_comes_back_the_same),
        cmocka_unit_test(empty_parts_come_back_the_same),
        cmocka_unit_test(the_largest_config_is_written_whole),
    };
    return cmocka_run_group_tests_name("node_config", tests, NULL, NULL);
}
