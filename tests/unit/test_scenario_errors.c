/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario files that do not load, or look wrong: the exact text of what is said. */
#include "tests/lib/scenario_fixture.h"

static void include_cycles_and_missing_files_are_errors(void **state)
{
    (void)state;
    struct fixture f = {.sources = {.sealed = true}};
    add(&f, "s.yml", "version: 1\ninclude: [a.inc.yaml, plain.yml, gone.inc.yaml]\n");
    add(&f, "a.inc.yaml", "include: [a.inc.yaml]\n");
    load_file(&f, "s.yml");
    assert_null(f.s);
    assert_true(f.d.io);
    assert_string_equal(
        printed(&f),
        "a.inc.yaml:1:11: error: cannot include 'a.inc.yaml': it includes itself\n"
        "include: [a.inc.yaml]\n          ^\n"
        "s.yml:1:1: error: the scenario needs a 'duration', such as duration: 60s\nversion: 1\n^\n"
        "s.yml:2:23: error: 'plain.yml' is no fragment; included files are named *.inc.yaml\n"
        "include: [a.inc.yaml, plain.yml, gone.inc.yaml]\n                      ^\n"
        "s.yml:2:34: error: cannot read 'gone.inc.yaml': it is not among the files given\n"
        "include: [a.inc.yaml, plain.yml, gone.inc.yaml]\n                                 ^\n");
    done(&f);
}

static void typing_errors_get_suggestions(void **state)
{
    (void)state;
    expect_error(
        "durtion: 5s\n",
        "s.yml:3:1: error: unknown key 'durtion', did you mean 'duration'?\ndurtion: 5s\n^\n");
    expect_error("timeline: [{at: 5s, crahs: leader}]\n",
                 "s.yml:3:21: error: unknown key 'crahs', did you mean 'crash'?\n"
                 "timeline: [{at: 5s, crahs: leader}]\n                    ^\n");
    expect_error("timeline: [{at: 5s, crash: n4}]\n",
                 "s.yml:3:28: error: unknown node 'n4', did you mean 'n1'?\n"
                 "timeline: [{at: 5s, crash: n4}]\n                           ^\n");
    expect_error(
        "timeline: [{when: leader_electd, crash: all}]\n",
        "s.yml:3:19: error: unknown event 'leader_electd', did you mean 'leader_elected'?\n"
        "timeline: [{when: leader_electd, crash: all}]\n                  ^\n");
    expect_error("always: [one_leader_per_epok]\n",
                 "s.yml:3:10: error: unknown property 'one_leader_per_epok', did you mean "
                 "'one_leader_per_epoch'?\nalways: [one_leader_per_epok]\n         ^\n");
    expect_error("always: [no_crash]\n",
                 "s.yml:3:10: error: 'no_crash' is judged in every run and is not named\n"
                 "always: [no_crash]\n         ^\n");
    expect_error(
        "always: [leader_back]\n",
        "s.yml:3:10: error: 'leader_back' is a liveness property; list it under 'eventually'\n"
        "always: [leader_back]\n         ^\n");
    expect_error("cluster: {process: mustre}\n",
                 "s.yml:3:20: error: unknown process 'mustre', did you mean 'muster'?\n"
                 "cluster: {process: mustre}\n                   ^\n");
    expect_error(
        "timeline: [{at: 5s, target: radoi, result: fail}]\n"
        "targets: {radio: {runs: restart_radio}}\n",
        "s.yml:3:29: error: unknown target 'radoi', did you mean 'radio'?\n"
        "timeline: [{at: 5s, target: radoi, result: fail}]\n                            ^\n");
}

static void wrong_kinds_and_times_are_told(void **state)
{
    (void)state;
    expect_error(
        "network: [1ms]\n",
        "s.yml:3:10: error: expected a mapping under 'network', not a list\nnetwork: [1ms]\n"
        "         ^\n");
    expect_error("timeline: {at: 5s}\n",
                 "s.yml:3:11: error: expected a list under 'timeline', not a mapping\n"
                 "timeline: {at: 5s}\n          ^\n");
    expect_error("timeline: [{at: 61s, crash: n1}]\n",
                 "s.yml:3:17: error: '61s' is after the end; the scenario lasts 60s\n"
                 "timeline: [{at: 61s, crash: n1}]\n                ^\n");
    expect_error(
        "timeline: [{crash: n1}]\n",
        "s.yml:3:12: error: an entry needs 'at: T', or 'when: EVENT' with or without 'after: T'\n"
        "timeline: [{crash: n1}]\n           ^\n");
    expect_error(
        "timeline: [{at: 1s}]\n",
        "s.yml:3:12: error: an entry needs a verb, such as crash: leader or partition: [[n1], "
        "[n2]]\ntimeline: [{at: 1s}]\n           ^\n");
    expect_error("timeline: [{at: 1s, crash: n1, pause: n2}]\n",
                 "s.yml:3:32: error: 'crash' and 'pause' in one entry; make two of it\n"
                 "timeline: [{at: 1s, crash: n1, pause: n2}]\n                               ^\n");
    expect_error(
        "network: {latency: 5ms..1ms}\n",
        "s.yml:3:20: error: '5ms..1ms' ends before it begins\nnetwork: {latency: 5ms..1ms}\n"
        "                   ^\n");
    expect_error("cluster: {nodes: 65}\n",
                 "s.yml:3:18: error: '65' is out of range; expected 1..64\ncluster: {nodes: 65}\n"
                 "                 ^\n");
    expect_error(
        "timeline: [{at: 1s, store: failover}]\n",
        "s.yml:3:12: error: 'failover' needs a replica; give the scenario store: {replicas: 1}\n"
        "timeline: [{at: 1s, store: failover}]\n           ^\n");
    expect_error("seeds: 1-20\n",
                 "s.yml:3:8: error: '1-20' are no seeds; write one number or a range such "
                 "as 1..20\nseeds: 1-20\n       ^\n");
}

static void every_error_is_reported_in_one_run(void **state)
{
    (void)state;
    expect_error(
        "seeds: 5..1\nclocks: {n9: {drift: 1%}}\nexpect: [{by: 99s, leader: any}, {lader: n1}]\n",
        "s.yml:3:8: error: '5..1' ends before it begins\nseeds: 5..1\n       ^\n"
        "s.yml:4:10: error: unknown node 'n9', did you mean 'n1'?\n"
        "clocks: {n9: {drift: 1%}}\n         ^\n"
        "s.yml:5:15: error: '99s' is after the end; the scenario lasts 60s\n"
        "expect: [{by: 99s, leader: any}, {lader: n1}]\n              ^\n"
        "s.yml:5:35: error: unknown key 'lader', did you mean 'leader'?\n"
        "expect: [{by: 99s, leader: any}, {lader: n1}]\n                                  ^\n");
}

static void lint_warns_of_what_does_nothing(void **state)
{
    (void)state;
    struct fixture f;
    load_good(&f, "targets: {radio: {runs: restart_radio}}\n"
                  "timeline:\n"
                  "  - {at: 5s, partition: [[store], [radio]]}\n"
                  "  - {at: 6s, link: radio-store, latency: 1s}\n"
                  "  - {at: 6s, link: n1-store, loss: 10%}\n"
                  "  - {after: 60s, when: crash, restart: n1}\n"
                  "  - {at: 7s, crash: n1, as: gone}\n"
                  "  - {at: 8s, resume: n1}\n");
    muster_scenario_lint(f.s, &f.d);
    assert_string_equal(
        printed(&f),
        "s.yml: warning: target 'radio' waits for action 'restart_radio', which nothing runs\n"
        "s.yml:5:5: warning: this partition separates nothing: its sides have no traffic\n"
        "  - {at: 5s, partition: [[store], [radio]]}\n    ^\n"
        "s.yml:6:5: warning: nothing ever travels over this link\n"
        "  - {at: 6s, link: radio-store, latency: 1s}\n    ^\n"
        "s.yml:7:5: warning: loss, duplicate and reorder do nothing to a stream; only node to node "
        "is "
        "datagrams\n  - {at: 6s, link: n1-store, loss: 10%}\n    ^\n"
        "s.yml:8:5: warning: this entry can never fire: it is armed when the scenario ends\n"
        "  - {after: 60s, when: crash, restart: n1}\n    ^\n"
        "s.yml:9:5: warning: nothing speaks of 'gone', which is bound here\n"
        "  - {at: 7s, crash: n1, as: gone}\n    ^\n"
        "s.yml:10:5: warning: 'resume' with no pause before it\n  - {at: 8s, resume: n1}\n    ^\n");
    done(&f);
}

/* Each file ends in errors, at once, and in no crash. */
static void bad_files_end_at_once(void **state)
{
    (void)state;
    static const char *const files[] = {
        "alias-bomb.yaml",    "anchor-missing.yaml", "binary.yaml",      "deep.yaml",
        "duplicate-key.yaml", "empty.yaml",          "huge-number.yaml", "list.yaml",
        "nul.yaml",           "scalar.yaml",         "tab.yaml",         "typing-error.yaml",
        "unit.yaml",          "unknown-node.yaml",   "missing.yaml",     ".",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct fixture f = {0};
        char path[128];
        snprintf(path, sizeof path, "tests/bad/%s", files[i]);
        clock_t begin = clock();
        load_file(&f, path);
        assert_true(clock() - begin < CLOCKS_PER_SEC);
        assert_null(f.s);
        assert_true(f.d.errors > 0);
        assert_int_equal(f.d.io, strcmp(files[i], "missing.yaml") == 0 || files[i][0] == '.');
        printed(&f);
        done(&f);
    }
}

/* Cut and garbled versions of a good file: an error or a scenario, never anything else. */
static void garbled_scenarios_never_crash(void **state)
{
    (void)state;
    static const char spice[] = "[]{}:,-\n '\"*&$#%0159nsm\t\xff";
    uint64_t seed = 7;
    for (uint32_t round = 0; round < 4000; round++) {
        char text[sizeof normative];
        memcpy(text, normative, sizeof text);
        for (uint32_t i = 0; i < 1 + round % 4; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            text[(seed >> 33) % (sizeof text - 1)] = spice[(seed >> 20) % (sizeof spice - 1)];
        }
        if (round % 8 == 0)
            text[(seed >> 40) % sizeof text] = 0;
        struct fixture f = {.sources = {.sealed = true}};
        add(&f, "g.yml", text);
        load_file(&f, "g.yml");
        assert_true((f.s != NULL) == (f.d.errors == 0));
        if (f.s)
            muster_scenario_lint(f.s, &f.d);
        printed(&f);
        done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(include_cycles_and_missing_files_are_errors),
        cmocka_unit_test(typing_errors_get_suggestions),
        cmocka_unit_test(wrong_kinds_and_times_are_told),
        cmocka_unit_test(every_error_is_reported_in_one_run),
        cmocka_unit_test(lint_warns_of_what_does_nothing),
        cmocka_unit_test(bad_files_end_at_once),
        cmocka_unit_test(garbled_scenarios_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
