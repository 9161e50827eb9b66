/* SPDX-License-Identifier: Apache-2.0 */
/* Names of actions in a scenario: known ones load, misspelt ones are errors wherever they stand. */
#include "sim/scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct muster_process other = {.name = "other"};
static const struct muster_process *const processes[] = {&muster_process_node, &other, NULL};
static const struct muster_registry registry = {processes, NULL};

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_misspelt_action_is_an_error_wherever_it_stands),
        cmocka_unit_test(actions_of_the_config_and_of_the_spec_are_known),
        cmocka_unit_test(an_expectation_of_an_action_that_is_not_configured_is_warned_of),
        cmocka_unit_test(another_process_may_call_its_actions_as_it_likes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
