/* SPDX-License-Identifier: Apache-2.0 */
/* Anomalies, phases, dry run and acknowledgements in a timeline, and complaints about them. */
#include "sim/scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct muster_process *const processes[] = {&muster_process_node, NULL};
static const struct muster_registry registry = {processes, NULL};
static struct muster_diagnostics d;
static struct muster_sources sources; /* of the newest one, which complaints quote */

static struct muster_scenario *load_with(const char *config, const char *timeline)
{
    char text[1024];
    muster_sources_free(&sources);
    sources = (struct muster_sources){.sealed = true};
    d = (struct muster_diagnostics){.count = 0};
    snprintf(text, sizeof text,
             "version: 1\nduration: 60s\ncluster: {process: muster%s}\ntimeline:\n  - %s\n", config,
             timeline);
    muster_source_add(&sources, "s.yml", text, strlen(text));
    return muster_scenario_load("s.yml", &sources, &registry, &d);
}

static struct muster_scenario *load(const char *timeline)
{
    return load_with("", timeline);
}

static bool is_said(const char *what)
{
    char *said;
    size_t size;
    FILE *out = open_memstream(&said, &size);
    muster_diagnostics_print(&d, out);
    fclose(out);
    bool there = strstr(said, what) != NULL;
    if (!there)
        print_message("%s", said);
    free(said);
    return there;
}

static void anomaly_becomes_what_the_core_reads(void **state)
{
    static const struct {
        const char *entry, *text;
    } cases[] = {
        {"{at: 1s, anomaly: {type: power_fault, severity: 0.92, confidence: 90%, recurrence: 2}}",
         "type=power_fault severity_ppm=920000 confidence_ppm=900000 recurrence=2"},
        {"{at: 1s, anomaly: {type: odd, severity: 0}, on: n2}", "type=odd severity_ppm=0"},
        {"{at: 1s, anomaly: {type: odd}}", "type=odd"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct muster_scenario *s = load(cases[i].entry);
        assert_non_null(s);
        const struct muster_entry *e = &s->timeline[0];
        assert_int_equal(e->verb, MUSTER_DO_ANOMALY);
        assert_string_equal(e->order.text, cases[i].text);
        assert_int_equal(e->who.at[0].selector.kind,
                         i == 1 ? MUSTER_SELECT_MEMBER : MUSTER_SELECT_LEADER);
        muster_scenario_free(s);
    }
}

static void phases_and_switches_are_for_all_unless_it_is_said(void **state)
{
    static const struct {
        const char *entry, *text;
        enum muster_verb_kind verb;
    } cases[] = {{"{at: 1s, phase: LAUNCH}", "LAUNCH", MUSTER_DO_PHASE},
                 {"{at: 1s, dry_run: true}", "on", MUSTER_DO_DRY_RUN},
                 {"{at: 1s, dry_run: false}", "off", MUSTER_DO_DRY_RUN}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct muster_scenario *s = load(cases[i].entry);
        assert_non_null(s);
        assert_int_equal(s->timeline[0].verb, cases[i].verb);
        assert_string_equal(s->timeline[0].order.text, cases[i].text);
        assert_int_equal(s->timeline[0].who.at[0].selector.kind, MUSTER_SELECT_ALL);
        muster_scenario_free(s);
    }
    struct muster_scenario *s = load("{at: 1s, acknowledge: leader}");
    assert_non_null(s);
    assert_int_equal(s->timeline[0].verb, MUSTER_DO_ACKNOWLEDGE);
    muster_scenario_free(s);
}

static void malformed_orders_are_errors(void **state)
{
    static const char *const cases[][2] = {
        {"{at: 1s, anomaly: power_fault}", "a mapping such as {type: power_fault"},
        {"{at: 1s, anomaly: {severity: 0.5}}", "'anomaly' needs 'type'"},
        {"{at: 1s, anomaly: {type: two words}}", "'two words' is no type of anomaly"},
        {"{at: 1s, anomaly: {type: a, severity: 1.5}}", "1.5' is out of range"},
        {"{at: 1s, anomaly: {type: a, confidence: sure}}", "s.yml:5:"},
        {"{at: 1s, anomaly: {type: a, recurrence: -1}}", "s.yml:5:"},
        {"{at: 1s, anomaly: {type: a, severty: 1}}", "did you mean 'severity'?"},
        {"{at: 1s, dry_run: perhaps}", "s.yml:5:"},
        {"{at: 1s, phase: [LAUNCH]}", "s.yml:5:"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(load(cases[i][0]));
        assert_true(is_said(cases[i][1]));
    }
}

static void basic_orchestrator_does_nothing_with_them(void **state)
{
    static const char *const cases[] = {"{at: 1s, anomaly: {type: a}}", "{at: 1s, phase: LAUNCH}",
                                        "{at: 1s, dry_run: true}", "{at: 1s, acknowledge: all}"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct muster_scenario *s = load(cases[i]);
        assert_non_null(s);
        muster_scenario_lint(s, &d);
        assert_true(is_said("warning: the basic orchestrator knows no anomalies"));
        muster_scenario_free(s);
    }
}

static void origins_wire_refuses_what_it_has_no_word_for(void **state)
{
    static const char *const cases[] = {"{at: 1s, pause_recovery: true}",
                                        "{at: 1s, switchover: n2}",
                                        "{at: 1s, voter_init: n2, floor: 3}"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        bool mixed = i % 2 == 1;
        struct muster_scenario *s = load_with(mixed ? ", config: {coordinator: {wire: astra}}, "
                                                      "configs: {b: {coordinator: {wire: bridge}}}"
                                                    : ", config: {coordinator: {wire: astra}}",
                                              cases[i / 2]);
        assert_non_null(s);
        muster_scenario_lint(s, &d);
        assert_int_equal(d.count > 0 &&
                             is_said("warning: a member with 'wire: astra' refuses that"),
                         !mixed);
        muster_scenario_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anomaly_becomes_what_the_core_reads),
        cmocka_unit_test(phases_and_switches_are_for_all_unless_it_is_said),
        cmocka_unit_test(malformed_orders_are_errors),
        cmocka_unit_test(basic_orchestrator_does_nothing_with_them),
        cmocka_unit_test(origins_wire_refuses_what_it_has_no_word_for),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    muster_sources_free(&sources);
    return failed;
}
