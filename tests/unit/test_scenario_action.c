/* SPDX-License-Identifier: Apache-2.0 */
/* Names of actions in a scenario, and work items: good ones load, misspelt ones are errors wherever
 * they stand. */
#include "sim/scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct muster_process other = {.name = "other"};
static const struct muster_process *const processes[] = {&muster_process_node, &other, NULL};
static const struct muster_property strict = {
    .name = "strict",
    .by_default = true,
    .assumes =
        MUSTER_ASSUME_DRIFT | MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE | MUSTER_ASSUME_FENCING,
};
static const struct muster_property *const properties[] = {&strict, NULL};
static const struct muster_registry registry = {processes, properties};

/* What is said of a scenario whose first three lines are fixed, warnings included. */
static char *complaints_of(const char *process, const char *more)
{
    static struct muster_diagnostics d;
    struct muster_sources sources = {.sealed = true};
    char text[1024], *said;
    size_t size;
    d = (struct muster_diagnostics){.count = 0};
    snprintf(text, sizeof text, "version: 1\nduration: 60s\ncluster: {process: %s}\n%s", process,
             more);
    muster_source_add(&sources, "s.yml", text, strlen(text));
    struct muster_scenario *s = muster_scenario_load("s.yml", &sources, &registry, &d);
    if (s)
        muster_scenario_lint(s, &d);
    FILE *out = open_memstream(&said, &size);
    muster_diagnostics_print(&d, out);
    fclose(out);
    muster_scenario_free(s);
    muster_sources_free(&sources);
    return said;
}

static void expect_said(const char *process, const char *more, const char *what)
{
    char *said = complaints_of(process, more);
    assert_string_equal(said, what);
    free(said);
}

static void a_misspelt_action_is_an_error_wherever_it_stands(void **state)
{
    (void)state;
    expect_said("muster", "timeline: [{at: 20s, trigger: cirucit_restart, on: n1}]\n",
                "s.yml:4:31: error: unknown action 'cirucit_restart', did you mean "
                "'circuit_restart'?\n"
                "timeline: [{at: 20s, trigger: cirucit_restart, on: n1}]\n"
                "                              ^\n");
    expect_said("muster", "expect: [{result: failed, action: cirucit_restart, at_most: 0}]\n",
                "s.yml:4:35: error: unknown action 'cirucit_restart', did you mean "
                "'circuit_restart'?\n"
                "expect: [{result: failed, action: cirucit_restart, at_most: 0}]\n"
                "                                  ^\n");
    expect_said("muster", "targets: {a: {runs: restart_raido}}\n",
                "s.yml:4:21: error: unknown action 'restart_raido', did you mean 'restart_radio'?\n"
                "targets: {a: {runs: restart_raido}}\n"
                "                    ^\n");
    expect_said("muster",
                "targets: {a: {runs: safe_mode}}\ntimeline: [{at: 1s, target: a, runs: zzz}]\n",
                "s.yml:5:38: error: unknown action 'zzz'\n"
                "timeline: [{at: 1s, target: a, runs: zzz}]\n"
                "                                     ^\n");
}

static void actions_of_the_config_and_of_the_spec_are_known(void **state)
{
    (void)state;
    expect_said("muster, config: {recovery_actions: {warp_drive: {}}}",
                "targets: {a: {runs: warp_drive}, b: {runs: default}, c: {runs: cache_purge}}\n"
                "timeline: [{at: 1s, trigger: warp_drive}, {at: 2s, trigger: activate_cooling}]\n"
                "expect: [{result: success, action: warp_drive}]\n",
                "");
}

static void an_expectation_of_an_action_that_is_not_configured_is_warned_of(void **state)
{
    (void)state;
    expect_said("muster", "expect: [{result: failed, action: restart_radio, at_most: 0}]\n",
                "s.yml:4:10: warning: action 'restart_radio' is not in the config: it has no "
                "results\n"
                "expect: [{result: failed, action: restart_radio, at_most: 0}]\n"
                "         ^\n");
}

static void another_process_may_call_its_actions_as_it_likes(void **state)
{
    (void)state;
    expect_said("other",
                "targets: {a: {runs: anything}}\n"
                "timeline: [{at: 1s, trigger: whatever}]\n"
                "expect: [{result: success, action: what}]\n",
                "");
}

#define WORKING "muster, config: {work_items: 8}"

static void a_work_item_needs_an_id_and_an_action_that_is_known(void **state)
{
    (void)state;
    expect_said(
        WORKING,
        "timeline:\n"
        "  - {at: 1s, work: {id: a-1.b:c_D, action: safe_mode, idempotent: true, params: x y}}\n"
        "  - {at: 1s, work: {id: b, action: cache_purge}, on: all, every: 1us, count: 100000}\n",
        "");
    expect_said(WORKING, "timeline: [{at: 1s, work: {id: a}}]\n",
                "s.yml:4:27: error: a work item needs 'id' and 'action'\n"
                "timeline: [{at: 1s, work: {id: a}}]\n"
                "                          ^\n");
    expect_said(WORKING, "timeline: [{at: 1s, work: {id: a b, action: safe_mode}}]\n",
                "s.yml:4:32: error: 'a b' is no id of an item: letters, digits, '_', '-', '.', "
                "':'\n"
                "timeline: [{at: 1s, work: {id: a b, action: safe_mode}}]\n"
                "                               ^\n");
    expect_said(WORKING, "timeline: [{at: 1s, work: {id: a, action: zzz}}]\n",
                "s.yml:4:43: error: unknown action 'zzz'\n"
                "timeline: [{at: 1s, work: {id: a, action: zzz}}]\n"
                "                                          ^\n");
    expect_said(WORKING, "timeline: [{at: 1s, work: a}]\n",
                "s.yml:4:27: error: expected an item such as {id: a, action: safe_mode}, not 'a'\n"
                "timeline: [{at: 1s, work: a}]\n"
                "                          ^\n");
}

static void several_work_items_need_a_pace(void **state)
{
    (void)state;
    expect_said(WORKING, "timeline: [{at: 1s, work: {id: a, action: safe_mode}, count: 5}]\n",
                "s.yml:4:12: error: 'count' needs 'every', such as every: 50ms\n"
                "timeline: [{at: 1s, work: {id: a, action: safe_mode}, count: 5}]\n"
                "           ^\n");
}

static void work_for_nodes_that_take_none_is_warned_of(void **state)
{
    (void)state;
    expect_said("muster", "timeline: [{at: 1s, work: {id: a, action: safe_mode}}]\n",
                "s.yml:4:12: warning: the nodes take no work; give them config: {work_items: 64}\n"
                "timeline: [{at: 1s, work: {id: a, action: safe_mode}}]\n"
                "           ^\n");
    expect_said("muster, config: {work_items: 65}", "",
                "s.yml:3:49: error: '65' is out of range; expected 0..64\n"
                "cluster: {process: muster, config: {work_items: 65}}\n"
                "                                                ^\n");
}

static void expect_warning(const char *more, const char *where, const char *assumption)
{
    char text[200], *said = complaints_of("muster", more);
    snprintf(text, sizeof text, "s.yml:%s: warning: ", where);
    if (strncmp(said, text, strlen(text)) != 0)
        fail_msg("no '%s' in '%s'", text, said);
    assert_non_null(strstr(said, "breaks what 'strict' takes for granted"));
    snprintf(text, sizeof text, "'assumptions: {%s: false}'", assumption);
    assert_non_null(strstr(said, text));
    free(said);
}

static void a_fault_outside_of_the_assumptions_is_warned_of(void **state)
{
    (void)state;
    expect_warning("timeline: [{at: 1s, twin: n1}]\n", "4:12", "unique_ids");
    expect_warning("timeline: [{at: 1s, crash: n1, disk: lost}]\n", "4:12", "durable_voters");
    expect_warning("timeline: [{at: 1s, disk: rot, on: n1}]\n", "4:12", "durable_voters");
    expect_warning("timeline: [{at: 1s, disk: lost, on: n1}]\n", "4:12", "durable_voters");
    expect_warning("timeline: [{at: 1s, clock: n1, step: +9s}]\n", "4:12", "drift");
    expect_warning("timeline: [{at: 1s, clock: n1, drift: +501ppm}]\n", "4:12", "drift");
    expect_warning("clocks: {n2: {drift: -501ppm}}\n", "4:10", "drift");
    expect_warning("targets: {t: {runs: safe_mode, fences: false}}\n", "4:11", "fencing_targets");
}

static void what_is_assumed_in_so_many_words_or_not_broken_is_not_warned_of(void **state)
{
    (void)state;
    expect_said("muster", "timeline: [{at: 1s, twin: n1}]\nassumptions: {unique_ids: false}\n", "");
    expect_said("muster", "timeline: [{at: 1s, twin: n1}]\nassumptions: {unique_ids: true}\n", "");
    expect_said("muster", "timeline: [{at: 1s, clock: n1, drift: +500ppm}]\n", "");
    expect_said("muster", "timeline: [{at: 1s, clock: n1, which: wall, step: +9s}]\n", "");
    expect_said("muster", "timeline: [{at: 1s, crash: n1, disk: torn}]\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_misspelt_action_is_an_error_wherever_it_stands),
        cmocka_unit_test(actions_of_the_config_and_of_the_spec_are_known),
        cmocka_unit_test(an_expectation_of_an_action_that_is_not_configured_is_warned_of),
        cmocka_unit_test(a_work_item_needs_an_id_and_an_action_that_is_known),
        cmocka_unit_test(several_work_items_need_a_pace),
        cmocka_unit_test(work_for_nodes_that_take_none_is_warned_of),
        cmocka_unit_test(a_fault_outside_of_the_assumptions_is_warned_of),
        cmocka_unit_test(what_is_assumed_in_so_many_words_or_not_broken_is_not_warned_of),
        cmocka_unit_test(another_process_may_call_its_actions_as_it_likes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
