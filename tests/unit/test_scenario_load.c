/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario files: what loads, and how it is resolved. */
#include "tests/lib/scenario_fixture.h"

static void check_normative_setting(const struct muster_scenario *s)
{
    assert_string_equal(s->name, "leader-crash");
    assert_true(s->seed_first == 1 && s->seed_last == 20 && s->duration == 90 * MUSTER_SECOND);
    assert_ptr_equal(s->process, &ours);
    assert_int_equal(s->members, 3);
    assert_int_equal(s->voters, 3);
    assert_string_equal(s->names[2], "n3");
    assert_true(((const struct muster_config *)s->config)->lease_ttl == 15 * MUSTER_SECOND);
    assert_true(s->stream.latency.min == MUSTER_MILLISECOND);
    assert_true(s->datagram.latency.max == 5 * MUSTER_MILLISECOND);
    assert_int_equal(s->link_count, 1);
    assert_int_equal(s->links[0].b.kind, MUSTER_AT_STORE);
    assert_true(s->links[0].link.latency.min == 80 * MUSTER_MILLISECOND);
    assert_int_equal(s->health_count, 1);
    assert_string_equal(s->health[0].text,
                        "system=HEALTHY failed=0 degraded=0 total=3 circuit=OPEN "
                        "retry=STABLE failures_1h=0 fallback=PRIMARY");
    assert_int_equal(s->target_count, 1);
    assert_int_equal(s->target[0].result, MUSTER_TARGET_HANG);
    assert_true(s->target[0].takes == 40 * MUSTER_SECOND);
    assert_int_equal(s->target[0].heals, 1);
    assert_true(s->target[0].fences && s->target[0].deduplicates);
    assert_int_equal(s->assumptions, 15);
}

static void check_normative_timeline(const struct muster_scenario *s)
{
    assert_int_equal(s->entry_count, 3);
    const struct muster_entry *e = s->timeline;
    assert_true(e[0].at == 30 * MUSTER_SECOND && e[0].binding == 0);
    assert_int_equal(e[0].who.at[0].selector.kind, MUSTER_SELECT_LEADER);
    assert_string_equal(e[0].text, "{at: 30s, crash: leader, as: old}");
    assert_int_equal(e[1].verb, MUSTER_DO_RESTART);
    assert_int_equal(e[1].when, MUSTER_EVENT_NOTE + MUSTER_NOTE_LEADER_ELECTED);
    assert_int_equal(e[1].who.at[0].selector.kind, MUSTER_SELECT_NAMED);
    assert_int_equal(e[1].binding, MUSTER_ANY);
    assert_int_equal(e[2].partition.sides, 2);
    assert_int_equal(e[2].partition.side[1].count, 3);
    assert_true(e[2].partition.side[1].at[2].is_endpoint);
    assert_true(e[2].lasts == 5 * MUSTER_SECOND);
    assert_int_equal(s->expect_count, 1);
    assert_true(s->expect[0].negate && s->expect[0].has_who);
    assert_true(s->expect[0].at == 52 * MUSTER_SECOND);
    assert_int_equal(s->property_count, 1);
    assert_true(s->properties[0].named);
}

static void normative_example_loads(void **state)
{
    (void)state;
    struct fixture f = {.sources = {.sealed = true}};
    add(&f, "n.yml", normative);
    load_file(&f, "n.yml");
    if (!f.s)
        print_error("%s", printed(&f));
    assert_non_null(f.s);
    check_normative_setting(f.s);
    check_normative_timeline(f.s);
    done(&f);
}

static void defaults_hold_where_nothing_is_said(void **state)
{
    (void)state;
    struct fixture f;
    load_good(&f, "");
    assert_string_equal(f.s->name, "s");
    assert_int_equal(f.s->members, 3);
    assert_true(f.s->seed_first == 1 && f.s->seed_last == 1);
    assert_true(f.s->events_max == 50000000);
    assert_true(f.s->disk.max == 3 * MUSTER_MILLISECOND);
    assert_int_equal(f.s->store.persistence, MUSTER_PERSIST_ALWAYS);
    assert_int_equal(f.s->property_count, 1);
    assert_false(f.s->properties[0].named);
    assert_int_equal(f.d.count, 0);
    done(&f);
}

static void every_verb_loads(void **state)
{
    (void)state;
    struct fixture f;
    load_good(&f,
              "store: {replicas: 2, lag: 5ms}\n"
              "targets: {radio: {runs: restart_radio}}\n"
              "timeline:\n"
              "  - {at: 1s, crash: n1, disk: torn}\n"
              "  - {at: 2s, pause: [n1, followers], for: 3s}\n"
              "  - {at: 2s, resume: all}\n"
              "  - {at: 3s, slow: n2, by: 100ms}\n"
              "  - {at: 3s, stop: leader, optional: true}\n"
              "  - {at: 3s, twin: n3, as: double}\n"
              "  - {at: 4s, partition: [[minority], [store.1], [radio, health]], one_way: true}\n"
              "  - {at: 4s, heal: true}\n"
              "  - {at: 5s, link: n1-n2, loss: 10%, tail: {share: 1%, max: 1s}}\n"
              "  - {at: 5s, reset: any, endpoint: store}\n"
              "  - {at: 6s, clock: n1, which: wall, step: -2s}\n"
              "  - {at: 6s, clock: store, drift: -300ppm}\n"
              "  - {at: 7s, health: {n1: {retry: 60}, n2: {system: FAILED}}}\n"
              "  - {at: 7s, target: radio, result: fail, for: 5s}\n"
              "  - {at: 8s, store: failover, replica: 2, stay: [n1]}\n"
              "  - {at: 8s, store: answer, error: READONLY, for: 2s}\n"
              "  - {whenever: crash, of: n1, then: 2s, store: lose_reply, on: double}\n"
              "  - {at: 9s, disk: slow, of: n1, latency: 1s}\n"
              "  - {at: 9s, trigger: safe_mode, reason: drill, on: n2}\n"
              "  - {at: 9s, command: hello there, to: all}\n"
              "  - {at: 9s, voter_init: n3, floor: 7}\n"
              "  - {at: 9s, restart: n1}\n"
              "  - {at: 9s, restart: n2, electorate: next}\n"
              "cluster: {nodes: 4, voters: 3, next: [n1, n2, n4]}\n");
    assert_int_equal(f.s->entry_count, 24); /* health is two */
    assert_int_equal(f.s->timeline[0].crash.disk, 1);
    assert_int_equal(f.s->timeline[8].link.link.loss_ppm, 100000);
    assert_true(f.s->timeline[8].link.link.latency.max == 5 * MUSTER_MILLISECOND);
    assert_true(f.s->timeline[10].clock.step == -2 * (int64_t)MUSTER_SECOND);
    assert_int_equal(f.s->timeline[11].clock.which, MUSTER_CLOCK_STORE);
    assert_int_equal(f.s->timeline[13].who.at[0].selector.index, 1);
    assert_int_equal(f.s->timeline[14].target.config.result, MUSTER_TARGET_FAIL);
    assert_int_equal(f.s->timeline[15].store.instance, 2);
    assert_string_equal(f.s->timeline[16].store.word, "READONLY");
    assert_true(f.s->timeline[17].whenever && f.s->timeline[17].has_of);
    assert_int_equal(f.s->timeline[17].who.at[0].selector.kind, MUSTER_SELECT_NAMED);
    assert_string_equal(f.s->timeline[19].order.more, "drill");
    assert_int_equal(f.s->timeline[21].voter_init.floor, 7);
    assert_int_equal(f.s->timeline[22].restart.electorate, 0);
    assert_int_equal(f.s->timeline[23].restart.electorate, 1 + MUSTER_ELECTORATE_NEXT);
    assert_int_equal(f.s->voters, 4);
    assert_int_equal(f.s->place[MUSTER_ELECTORATE_FIRST].voters, 3);
    assert_int_equal(f.s->place[MUSTER_ELECTORATE_NEXT].leaving, 4);
    done(&f);
}

static void member_is_restarted_with_another_config(void **state)
{
    (void)state;
    struct fixture f;
    load_good(&f, "cluster: {config: {lease_ttl: 20s}, configs: {a: {lease_ttl: 21s}, b: {}}}\n"
                  "timeline:\n"
                  "  - {at: 1s, restart: n1, config: a}\n"
                  "  - {at: 2s, restart: n1, config: b, bootstrap: true}\n"
                  "  - {at: 3s, restart: n1, config: first}\n"
                  "  - {at: 4s, store: set, key: k, value: '{}'}\n");
    assert_int_equal(f.s->config_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(((const struct muster_config *)f.s->configs[i])->lease_ttl ==
                    (i == 1 ? 21 : 20) * MUSTER_SECOND);
    assert_int_equal(f.s->timeline[0].restart.config, 2);
    assert_int_equal(f.s->timeline[1].restart.config, 3);
    assert_true(f.s->timeline[1].restart.bootstrap);
    assert_int_equal(f.s->timeline[2].restart.config, 1);
    assert_string_equal(f.s->timeline[3].store.value, "{}");
    done(&f);
    static const char *const bad[][2] = {
        {"timeline: [{at: 1s, restart: n1, config: c}]\n",
         "3:42: error: there is no config 'c'; g"},
        {"timeline: [{at: 1s, store: set, key: k}]\n",
         "3:12: error: 'set' needs 'key' and 'value'"},
        {"cluster: {configs: {a: 3}}\n",
         "3:24: error: expected a mapping such as {lease_ttl: 20s}"},
        {"cluster: {configs: {a: {}, b: {}, c: {}, d: {}, e: {}}}\n", "3:49: error: more than 4 c"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        load(&f, bad[i][0]);
        assert_null(f.s);
        assert_non_null(strstr(printed(&f), bad[i][1]));
        done(&f);
    }
}

static void health_adds_up_over_points_and_timeline(void **state)
{
    (void)state;
    struct fixture f;
    load_good(&f, "health: {n1: [{at: 30s, healthy: true}, {at: 10s, retry: 12}]}\n"
                  "timeline:\n"
                  "  - {at: 20s, health: {n1: {components: {power: FAILED, radio: DEGRADED}}}}\n"
                  "  - {at: 21s, for: 1s, health: {n1: {accuracy: 0.7}}}\n"
                  "  - {at: 25s, health: {n1: {circuit_breaker: {state: OPEN, "
                  "open_duration_seconds: 400}}}}\n");
    assert_true(f.s->health[0].at == 10 * MUSTER_SECOND);
    assert_string_equal(f.s->health[0].text,
                        "system=HEALTHY failed=0 degraded=0 total=3 circuit=CLOSED retry=ELEVATED "
                        "failures_1h=12 fallback=PRIMARY");
    assert_string_equal(f.s->timeline[0].health.text,
                        "system=HEALTHY failed=1 degraded=1 total=3 circuit=CLOSED retry=ELEVATED "
                        "failures_1h=12 fallback=PRIMARY component.power=FAILED "
                        "component.radio=DEGRADED");
    assert_non_null(strstr(f.s->timeline[1].health.text, "accuracy_ppm=700000"));
    assert_null(strstr(f.s->timeline[2].health.text, "accuracy_ppm"));
    assert_non_null(strstr(f.s->timeline[2].health.text, "circuit=OPEN open_s=400 retry=ELEVATED"));
    assert_string_equal(f.s->health[1].text,
                        "system=HEALTHY failed=0 degraded=0 total=3 circuit=CLOSED retry=STABLE "
                        "failures_1h=0 fallback=PRIMARY");
    done(&f);
}

static void every_expectation_loads(void **state)
{
    (void)state;
    struct fixture f;
    load_good(&f, "targets: {radio: {runs: restart_radio}}\n"
                  "expect:\n"
                  "  - {leader: any}\n"
                  "  - {at: 5s, leader: none}\n"
                  "  - {during: [10s, 20s], leader: n1}\n"
                  "  - {event: leader_elected, count: 2}\n"
                  "  - {event: crash, of: n1, at_most: 0}\n"
                  "  - {by: 30s, after: 10s, mode: SAFE, of: n2}\n"
                  "  - {result: skipped_cooldown, action: safe_mode, at_least: 3}\n"
                  "  - {target: radio, accepted: 1}\n"
                  "  - {state: {role: leader, epoch: 3}, of: n1}\n");
    const struct muster_expectation *x = f.s->expect;
    assert_int_equal(f.s->expect_count, 10);
    assert_true(x[0].any && x[0].timing == MUSTER_EXPECT_BY && x[0].at == 60 * MUSTER_SECOND);
    assert_true(x[1].none && x[1].timing == MUSTER_EXPECT_AT);
    assert_true(x[2].timing == MUSTER_EXPECT_DURING && x[2].from == 10 * MUSTER_SECOND);
    assert_true(x[3].min == 2 && x[3].max == 2);
    assert_true(x[4].min == 0 && x[4].max == 0 && x[4].timing == MUSTER_EXPECT_DURING);
    assert_int_equal(x[5].value, 3); /* MUSTER_MODE_SAFE */
    assert_int_equal(x[6].value, MUSTER_RESULT_SKIPPED_COOLDOWN);
    assert_true(x[6].min == 3 && x[6].max == MUSTER_ANY);
    assert_true(x[7].min == 1 && x[7].max == 1);
    assert_string_equal(x[8].word, "role=leader");
    assert_string_equal(x[9].word, "epoch=3");
    done(&f);
}

static void includes_merge_and_variables_cross_files(void **state)
{
    (void)state;
    struct fixture f = {.sources = {.sealed = true}};
    add(&f, "suite/s.yml",
        "version: 1\nduration: ${LONG}\ninclude: [lib/base.inc.yaml]\n"
        "parameters: {ttl: 20s}\ncluster: {nodes: 5}\n"
        "timeline: [{at: 2s, crash: n5}]\n");
    add(&f, "suite/lib/base.inc.yaml",
        "include: deep.inc.yaml\nenv: {LONG: 40s, ttl: 16s}\n"
        "cluster: {nodes: 4, config: {lease_ttl: '${ttl}'}}\n"
        "timeline: [{at: 1s, crash: n4}]\n");
    add(&f, "suite/lib/deep.inc.yaml", "tags: [deep]\nduration: 10s\n");
    load_file(&f, "suite/s.yml");
    if (!f.s)
        print_error("%s", printed(&f));
    assert_non_null(f.s);
    assert_true(f.s->duration == 40 * MUSTER_SECOND);
    assert_int_equal(f.s->members, 5);
    assert_true(((const struct muster_config *)f.s->config)->lease_ttl == 20 * MUSTER_SECOND);
    assert_string_equal(f.s->timeline[0].text, "{at: 1s, crash: n4}");
    assert_string_equal(f.s->timeline[1].text, "{at: 2s, crash: n5}");
    assert_string_equal(f.s->tags[0], "deep");
    done(&f);
}

static void notes_of_other_processes_are_events(void **state)
{
    (void)state;
    struct fixture f;
    load_good(&f, "cluster: {process: ping}\ntimeline: [{when: ponged, crash: n1}]\n");
    assert_int_equal(f.s->timeline[0].when, MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM);
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normative_example_loads),
        cmocka_unit_test(defaults_hold_where_nothing_is_said),
        cmocka_unit_test(every_verb_loads),
        cmocka_unit_test(member_is_restarted_with_another_config),
        cmocka_unit_test(health_adds_up_over_points_and_timeline),
        cmocka_unit_test(every_expectation_loads),
        cmocka_unit_test(includes_merge_and_variables_cross_files),
        cmocka_unit_test(notes_of_other_processes_are_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
