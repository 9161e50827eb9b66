/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of the fuzzer: drawn and mutated by the thousand, each is a scenario without a complaint,
 * and reads back as it was written. */
#include "sim/fuzz/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DRAWS 1500

static struct muster_plan plan, other, again;
static char text[MUSTER_PLAN_TEXT_MAX], second[MUSTER_PLAN_TEXT_MAX];

/* A text as a scenario, without errors and warnings, or the test fails and shows it. */
static struct muster_scenario *load(const char *yaml)
{
    static struct muster_diagnostics d;
    struct muster_sources sources = {.sealed = true};
    memset(&d, 0, sizeof d);
    muster_source_add(&sources, "plan.yaml", yaml, strlen(yaml));
    struct muster_scenario *s =
        muster_scenario_load("plan.yaml", &sources, &muster_registry_builtin, &d);
    if (s)
        muster_scenario_lint(s, &d);
    if (!s || d.errors + d.warnings > 0) {
        muster_diagnostics_print(&d, stderr);
        fputs(yaml, stderr);
        fail();
    }
    return s;
}

static void assert_round_trip(const struct muster_plan_frame *f)
{
    muster_plan_write(&plan, text);
    struct muster_scenario *s = load(text);
    assert_true(muster_plan_read(&again, f, s));
    muster_plan_write(&again, second);
    assert_string_equal(text, second);
    assert_int_equal(again.count, plan.count);
    assert_int_equal(again.allowed, plan.allowed);
    assert_int_equal(again.assumptions, plan.assumptions);
    assert_int_equal(again.calm, plan.calm);
    for (uint32_t i = 0; i < plan.count; i++) {
        assert_int_equal(again.entry[i].fault, plan.entry[i].fault);
        assert_int_equal(again.entry[i].pinned, plan.entry[i].pinned);
    }
    muster_scenario_free(s);
}

static void assert_draws(uint32_t nodes)
{
    struct muster_plan_frame f;
    muster_plan_frame_empty(&f, nodes);
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        muster_plan_draw(&plan, &f, seed);
        assert_round_trip(&f);
    }
}

static void what_is_drawn_is_a_scenario_and_reads_back(void **state)
{
    (void)state;
    assert_draws(3);
    assert_draws(5);
}

static void the_smallest_and_the_largest_clusters_are_drawn_too(void **state)
{
    (void)state;
    assert_draws(1);
    assert_draws(2);
    assert_draws(64);
}

static void what_is_mutated_stays_a_scenario(void **state)
{
    (void)state;
    struct muster_plan_frame f;
    muster_plan_frame_empty(&f, 3);
    muster_plan_draw(&plan, &f, 0);
    for (uint64_t seed = 1; seed < DRAWS; seed++) {
        struct muster_plan from = plan;
        muster_plan_draw(&other, &f, seed * 7);
        muster_plan_mutate(&plan, &f, &from, &other, seed);
        assert_round_trip(&f);
    }
}

static void the_same_seed_draws_the_same_plan(void **state)
{
    (void)state;
    struct muster_plan_frame f;
    muster_plan_frame_empty(&f, 3);
    muster_plan_draw(&plan, &f, 42);
    muster_plan_draw(&again, &f, 42);
    assert_memory_equal(&plan, &again, sizeof plan);
    muster_plan_draw(&other, &f, 43);
    assert_memory_not_equal(&plan, &other, sizeof plan);
}

static void every_kind_of_fault_that_can_be_had_is_drawn(void **state)
{
    (void)state;
    struct muster_plan_frame f;
    uint64_t seen = 0;
    muster_plan_frame_empty(&f, 3);
    for (uint64_t seed = 0; seed < 4000; seed++) {
        muster_plan_draw(&plan, &f, seed);
        for (uint32_t i = 0; i < plan.count; i++)
            seen |= UINT64_C(1) << plan.entry[i].fault;
    }
    const uint64_t never = MUSTER_FAULT_BIT(NONE) | MUSTER_FAULT_BIT(RESTART) |
                           MUSTER_FAULT_BIT(HEAL) | MUSTER_FAULT_BIT(STORE_RESTART) |
                           MUSTER_FAULT_BIT(STORE_REJOIN) | MUSTER_FAULT_BIT(DISK_GOOD) |
                           MUSTER_FAULT_BIT(COMMAND) | MUSTER_FAULT_BIT(PHASE) |
                           MUSTER_FAULT_BIT(ACKNOWLEDGE) | MUSTER_FAULT_BIT(STORE_SET);
    assert_int_equal(seen | never, (UINT64_C(1) << MUSTER_FAULT_COUNT) - 1);
    assert_int_equal(seen & never, 0);
}

static void faults_end_before_it_is_calm(void **state)
{
    (void)state;
    struct muster_plan_frame f;
    muster_plan_frame_empty(&f, 3);
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        muster_plan_draw(&plan, &f, seed);
        for (uint32_t i = 0; i < plan.count; i++) {
            const struct muster_plan_entry *e = &plan.entry[i];
            muster_time last = e->event ? e->until : e->at;
            assert_true(last >= 2 * MUSTER_SECOND || e->event);
            assert_true(last + e->then + e->lasts <= plan.calm);
        }
    }
}

static const char scenario[] =
    "version: 1\nname: own\nseeds: 1..3\nduration: 90s\n"
    "cluster: {nodes: [a, b, c], config: {lease_ttl: 10s, renew_every: 2s, renew_deadline: 6s,"
    " poll_every: 1s}}\n"
    "fuzz: {faults: [pause, store_evict, store_reset], nodes: [b], count: 3..6, length: 1s..2s, "
    "until: 40s}\n"
    "timeline:\n  - {at: 30s, crash: leader, as: old, for: 5s}\n"
    "  - {when: leader_elected, of: b, pause: old, for: 1s, optional: true}\n"
    "expect: [{by: 60s, leader: any}]\n";

static void a_scenario_keeps_its_own_entries_and_its_bounds(void **state)
{
    (void)state;
    struct muster_plan_frame f;
    const char *problem = NULL;
    static struct muster_plan base;
    struct muster_scenario *s = load(scenario);
    assert_true(muster_plan_frame_of(&f, &base, s, &problem));
    assert_int_equal(base.count, 2);
    assert_int_equal(base.calm, 40 * MUSTER_SECOND);
    for (uint64_t seed = 1; seed < 300; seed++) {
        if (seed % 2)
            muster_plan_draw(&plan, &f, seed);
        else
            muster_plan_mutate(&plan, &f, &again, &again, seed);
        uint32_t pinned = 0;
        for (uint32_t i = 0; i < plan.count; i++) {
            const struct muster_plan_entry *e = &plan.entry[i];
            pinned += e->pinned;
            if (e->pinned)
                continue;
            assert_true(e->fault == MUSTER_FAULT_PAUSE || e->fault == MUSTER_FAULT_STORE_EVICT ||
                        e->fault == MUSTER_FAULT_STORE_RESET);
            if (e->fault == MUSTER_FAULT_PAUSE)
                assert_string_equal(e->what, "pause: b");
        }
        assert_int_equal(pinned, 2);
        assert_round_trip(&f);
    }
    muster_plan_write(&plan, text);
    assert_non_null(strstr(text, "{at: 30s, crash: leader, as: old, for: 5s}"));
    assert_null(strstr(text, "expect:"));
    muster_scenario_free(s);
}

static void another_cluster_is_not_read_into_a_frame(void **state)
{
    (void)state;
    struct muster_plan_frame f;
    struct muster_scenario *s = load(scenario);
    muster_plan_frame_empty(&f, 3);
    assert_false(muster_plan_read(&plan, &f, s)); /* three nodes of other names */
    muster_plan_frame_empty(&f, 5);
    assert_false(muster_plan_read(&plan, &f, s));
    muster_scenario_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_drawn_is_a_scenario_and_reads_back),
        cmocka_unit_test(the_smallest_and_the_largest_clusters_are_drawn_too),
        cmocka_unit_test(what_is_mutated_stays_a_scenario),
        cmocka_unit_test(the_same_seed_draws_the_same_plan),
        cmocka_unit_test(every_kind_of_fault_that_can_be_had_is_drawn),
        cmocka_unit_test(faults_end_before_it_is_calm),
        cmocka_unit_test(a_scenario_keeps_its_own_entries_and_its_bounds),
        cmocka_unit_test(another_cluster_is_not_read_into_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
