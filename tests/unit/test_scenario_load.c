/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario files: what loads and how it is resolved, and the exact text of what does not. */
#include "config/core_config.h"
#include "sim/scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* ---- a registry of our own, so that no shipped table is needed ---- */

static int config_load(void *config, const struct muster_doc *mapping, struct muster_diagnostics *d)
{
    return muster_core_config_load(config, mapping, NULL, d);
}

static int describe(const void *self, char *text, size_t size)
{
    (void)self;
    if (size > 0)
        text[0] = 0;
    return 0;
}

static const char *const note_names[] = {"ponged", NULL};
static const struct muster_process ours = {.name = "muster",
                                           .config_size = sizeof(struct muster_config),
                                           .config_load = config_load,
                                           .describe = describe};
static const struct muster_process ping = {.name = "ping", .note_names = note_names};
static const struct muster_process *const processes[] = {&ours, &ping, NULL};
static const struct muster_property one_leader = {.name = "one_leader_per_epoch",
                                                  .class = MUSTER_SAFETY,
                                                  .by_default = true};
static const struct muster_property no_repeat = {.name = "no_repeat", .class = MUSTER_SAFETY};
static const struct muster_property leader_back = {.name = "leader_back", .class = MUSTER_LIVENESS};
static const struct muster_property *const properties[] = {&one_leader, &no_repeat, &leader_back,
                                                           NULL};
static const struct muster_registry registry = {processes, properties};

struct fixture {
    struct muster_sources sources;
    struct muster_diagnostics d;
    struct muster_scenario *s;
    char *text;
    size_t size;
};

static void add(struct fixture *f, const char *path, const char *text)
{
    muster_source_add(&f->sources, path, text, strlen(text));
}

static void load_file(struct fixture *f, const char *path)
{
    f->s = muster_scenario_load(path, &f->sources, &registry, &f->d);
}

/* A scenario whose first two lines are fixed; `more` begins in line 3. */
static void load(struct fixture *f, const char *more)
{
    char text[8192];
    *f = (struct fixture){.sources = {.sealed = true}};
    snprintf(text, sizeof text, "version: 1\nduration: 60s\n%s", more);
    add(f, "s.yml", text);
    load_file(f, "s.yml");
}

static const char *printed(struct fixture *f)
{
    free(f->text);
    FILE *out = open_memstream(&f->text, &f->size);
    muster_diagnostics_print(&f->d, out);
    fclose(out);
    return f->text;
}

static void done(struct fixture *f)
{
    muster_scenario_free(f->s);
    muster_sources_free(&f->sources);
    free(f->text);
}

static void load_good(struct fixture *f, const char *more)
{
    load(f, more);
    if (!f->s)
        print_error("%s", printed(f));
    assert_non_null(f->s);
}

static void expect_error(const char *more, const char *error)
{
    struct fixture f;
    load(&f, more);
    assert_null(f.s);
    assert_string_equal(printed(&f), error);
    done(&f);
}

/* The example of SPEC 4. */
static const char normative[] =
    "version: 1\n"
    "name: leader-crash\n"
    "defends: R5, a follower leads only after the lease ran out\n"
    "seeds: 1..20\n"
    "duration: 90s\n"
    "cluster: {process: muster, nodes: 3, config: {lease_ttl: 15s}}\n"
    "network: {latency: 1ms..5ms, links: {n1-store: {latency: 80ms}}}\n"
    "health: {n2: [{at: 20s, circuit_breaker: OPEN}]}\n"
    "targets: {radio: {runs: restart_radio, result: hang, for: 40s, heals: n2}}\n"
    "timeline:\n"
    "  - {at: 30s, crash: leader, as: old}\n"
    "  - {after: 30s, when: leader_elected, restart: old}\n"
    "  - {at: 60s, for: 5s, partition: [[n1], [n2, n3, store]]}\n"
    "expect: [{by: 52s, leader: {not: old}}]\n"
    "always: [one_leader_per_epoch]\n";

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

static void notes_of_other_processes_are_events(void **state)
{
    (void)state;
    struct fixture f;
    load_good(&f, "cluster: {process: ping}\ntimeline: [{when: ponged, crash: n1}]\n");
    assert_int_equal(f.s->timeline[0].when, MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM);
    done(&f);
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
        cmocka_unit_test(normative_example_loads),
        cmocka_unit_test(defaults_hold_where_nothing_is_said),
        cmocka_unit_test(every_verb_loads),
        cmocka_unit_test(member_is_restarted_with_another_config),
        cmocka_unit_test(health_adds_up_over_points_and_timeline),
        cmocka_unit_test(every_expectation_loads),
        cmocka_unit_test(includes_merge_and_variables_cross_files),
        cmocka_unit_test(include_cycles_and_missing_files_are_errors),
        cmocka_unit_test(typing_errors_get_suggestions),
        cmocka_unit_test(wrong_kinds_and_times_are_told),
        cmocka_unit_test(every_error_is_reported_in_one_run),
        cmocka_unit_test(notes_of_other_processes_are_events),
        cmocka_unit_test(lint_warns_of_what_does_nothing),
        cmocka_unit_test(bad_files_end_at_once),
        cmocka_unit_test(garbled_scenarios_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
