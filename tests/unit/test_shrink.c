/* SPDX-License-Identifier: Apache-2.0 */
/* Shrinking: what is left of a failing scenario, and that it fails in the same way. The failures
 * are made by properties of our own, which say exactly what it takes. */
#include "sim/shrink/shrink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA ((size_t)64 << 20)

/* ---- properties that fail on demand ---- */

struct seen {
    uint64_t crashes, pauses;
};

static size_t seen_size(const struct muster_world *w)
{
    (void)w;
    return sizeof(struct seen);
}

/* It takes a crash, and after it a pause of somebody else. */
static void see_both(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct seen *s = self;
    muster_judged(w);
    if (r->kind == MUSTER_EVENT_CRASH)
        s->crashes |= UINT64_C(1) << r->process;
    else if (s->crashes & ~(UINT64_C(1) << r->process))
        muster_violated(w, "%s stands still", muster_world_name(w, r->process));
}

static void see_drift(void *self, struct muster_world *w, const struct muster_record *r)
{
    (void)self;
    muster_judged(w);
    if ((int32_t)r->arg[2] > 3000)
        muster_violated(w, "a clock drifts by %u ppm", (unsigned)r->arg[2]);
}

static const uint16_t both_kinds[] = {MUSTER_EVENT_CRASH, MUSTER_EVENT_PAUSE, 0};
static const uint16_t clock_kinds[] = {MUSTER_EVENT_CLOCK, 0};
static const struct muster_property not_both = {
    .name = "not_both",
    .rule = "nobody stands still after somebody else has crashed",
    .class = MUSTER_SAFETY,
    .by_default = true,
    .kinds = both_kinds,
    .size = seen_size,
    .see = see_both,
};
static const struct muster_property clocks_run = {
    .name = "clocks_run",
    .rule = "clocks drift by at most 3000 ppm",
    .class = MUSTER_SAFETY,
    .kinds = clock_kinds,
    .size = seen_size,
    .see = see_drift,
};
static void end_never(void *self, struct muster_world *w)
{
    (void)self;
    muster_judged(w);
    muster_violated(w, "it never holds");
}

static const struct muster_property never = {
    .name = "never",
    .rule = "nothing is good enough",
    .class = MUSTER_LIVENESS,
    .end = end_never,
};
static const struct muster_process *const processes[] = {&muster_process_node, NULL};
static const struct muster_property *const properties[] = {&not_both, &clocks_run, &never, NULL};
static const struct muster_registry registry = {processes, properties};

/* ---- a search in this process ---- */

struct fixture {
    struct muster_arena arena;
    struct muster_memory memory;
    struct muster_shrink_result result;
    uint64_t runs, most; /* budget */
    uint64_t steps;
    int error;
};

static uint32_t run_here(void *cookie, const struct muster_shrink_try *tries, uint32_t count,
                         bool (*wanted)(const void *goal, const struct muster_shrink_outcome *o),
                         const void *goal, struct muster_shrink_outcome *ret, uint64_t *runs)
{
    struct fixture *f = cookie;
    for (uint32_t i = 0; i < count; i++) {
        f->runs++;
        ++*runs;
        muster_shrink_run(&tries[i], &registry, &f->arena, ret);
        if (wanted(goal, ret))
            return i;
    }
    return count;
}

static bool is_over(void *cookie)
{
    const struct fixture *f = cookie;
    return f->runs >= f->most;
}

static void count_steps(void *cookie, const struct muster_shrink_stats *stats)
{
    struct fixture *f = cookie;
    f->steps++;
    assert_int_equal(stats->accepted, f->steps);
}

static const struct muster_doc *resolve(struct fixture *f, const char *text)
{
    struct muster_sources sources = {.sealed = true};
    struct muster_diagnostics *d = muster_memory_take(&f->memory, sizeof *d);
    muster_source_add(&sources, "storm.yaml", text, strlen(text));
    const struct muster_doc *root = muster_scenario_resolve("storm.yaml", &sources, &f->memory, d);
    muster_diagnostics_print(d, stderr);
    assert_non_null(root);
    muster_sources_free(&sources);
    return root;
}

static void shrink_within(struct fixture *f, const char *text, const char *property, uint64_t most)
{
    *f = (struct fixture){.most = most};
    assert_int_equal(muster_arena_map(&f->arena, ARENA, NULL), 0);
    const struct muster_shrink_ops ops = {f, run_here, is_over, count_steps};
    const struct muster_shrink_request request = {.root = resolve(f, text),
                                                  .path = "storm.yaml",
                                                  .output = "out.yaml",
                                                  .seed = 7,
                                                  .property = property,
                                                  .registry = &registry,
                                                  .ops = &ops};
    f->error = muster_shrink(&request, &f->memory, &f->result);
}

static void shrink(struct fixture *f, const char *text)
{
    shrink_within(f, text, NULL, UINT64_MAX);
    if (f->error)
        fail_msg("%s: %s", f->result.outcome.property, f->result.outcome.text);
    assert_true(f->result.stats.complete);
}

static void done(struct fixture *f)
{
    muster_arena_unmap(&f->arena);
    muster_memory_free(&f->memory);
}

/* The result, loaded and run anew. */
static void assert_fails_as(struct fixture *f, const char *property)
{
    struct muster_shrink_outcome o;
    const struct muster_shrink_try t = {f->result.text, f->result.size, f->result.seed, 0,
                                        MUSTER_SHRINK_ANY};
    muster_shrink_run(&t, &registry, &f->arena, &o);
    assert_true(muster_shrink_fails(&o));
    assert_string_equal(o.property, property);
    assert_string_equal(o.text, f->result.outcome.text);
    assert_string_equal(o.signature, f->result.outcome.signature);
}

static void assert_has(const struct fixture *f, const char *line)
{
    if (!strstr(f->result.text, line))
        fail_msg("no '%s' in\n%s", line, f->result.text);
}

static void assert_has_not(const struct fixture *f, const char *text)
{
    if (strstr(f->result.text, text))
        fail_msg("'%s' in\n%s", text, f->result.text);
}

#define HEAD                                                                                       \
    "version: 1\n"                                                                                 \
    "name: storm\n"                                                                                \
    "tags: [a]\n"                                                                                  \
    "duration: 300s\n"

static const char storm[] =
    HEAD "env: {PLACE: n5}\n"
         "cluster: {nodes: 7, config: {heartbeat_every: 4s}}\n"
         "network: {latency: 1ms..9ms, links: {n1-store: {latency: 40ms}, n2-n5: {latency: 1ms}}}\n"
         "clocks: {n2: {drift: +100ppm}, n6: {offset: 3h}}\n"
         "health: {n3: [{at: 50s, failures_1h: 12}], n5: [{at: 60s, healthy: true}]}\n"
         "targets: {safety: {runs: safe_mode, heals: n4}}\n"
         "timeline:\n"
         "  - {at: 21s, clock: n4, which: wall, step: +1h}\n"
         "  - {at: 25s, for: 3s, slow: n3, by: 30ms}\n"
         "  - {at: 30s, crash: leader, as: old}\n"
         "  - {at: 40s, restart: old}\n"
         "  - {at: 45s, for: 9s, partition: [[n5, n6], [n7, store]]}\n"
         "  - {at: 50s, for: 9s, partition: [[n1], [n2, n3, store]]}\n"
         "  - {at: 61300ms, crash: '${PLACE}', disk: torn}\n"
         "  - {at: 70s, store: flushall}\n"
         "  - {at: 81234567us, for: 17s, pause: n7}\n"
         "  - {at: 120s, restart: n5}\n"
         "  - {at: 130s, reset: all}\n"
         "  - {at: 140s, crash: [n1, n2], optional: true}\n"
         "expect: [{by: 299s, leader: any}, {at: 20s, leader: {not: n3}, after: 1s}]\n"
         "eventually: []\n";

/* ---- what is left ---- */

static void of_a_storm_the_two_entries_are_left_that_it_takes(void **state)
{
    struct fixture f;
    (void)state;
    char *text = strdup(storm);
    char *at = strstr(text, "expect:");
    *at = 0; /* its expectations fail before */
    shrink(&f, text);
    free(text);
    assert_int_equal(f.result.stats.entries_before, 12);
    assert_int_equal(f.result.stats.nodes_before, 7);
    assert_int_equal(f.result.stats.entries, 2);
    assert_int_equal(f.result.stats.nodes, 3); /* fewer would trust the store */
    assert_fails_as(&f, "not_both");
    assert_has(&f, "cluster: {nodes: 3}\n");
    assert_has_not(&f, "always"); /* it is judged anyway */
    assert_has(&f, "\nseeds: ");
    assert_has_not(&f, "n7");
    assert_has_not(&f, "network");
    assert_has_not(&f, "disk");
    assert_has_not(&f, "4567us");
    assert_has_not(&f, "for: 17s");
    assert_has_not(&f, "${");
    done(&f);
}

static void the_result_says_what_fails_and_how_to_see_it(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "timeline:\n"
                    "  - {at: 30s, crash: leader}\n"
                    "  - {at: 40s, pause: n1, optional: true}\n"
                    "  - {at: 40s, pause: n2, optional: true}\n");
    assert_memory_equal(f.result.text,
                        "# Fails: not_both. Rule: nobody stands still after somebody else", 60);
    assert_has(&f, "\n# Why: n");
    assert_has(&f, " stands still (at ");
    assert_has(&f, "# From storm.yaml, seed 7: nodes 3 -> 3, entries 3 -> 2.\n");
    assert_has(&f, "# Again: muster run out.yaml --seed ");
    assert_has(&f, "\nname: storm-shrunk\n");
    assert_has(&f, "\ndefends: not_both, nobody stands still after somebody else has crashed\n");
    assert_has(&f, "crash: leader}  # hits n");
    done(&f);
}

static void an_event_becomes_the_time_at_which_it_came(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "timeline:\n"
                    "  - {when: leader_elected, then: 3s, crash: leader}\n"
                    "  - {when: crash, then: 10s, pause: [n1, n2, n3], optional: true}\n");
    assert_has_not(&f, "when:");
    assert_has_not(&f, "then:");
    assert_fails_as(&f, "not_both");
    done(&f);
}

static void who_spoke_of_what_is_gone_is_gone_too(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "timeline:\n"
                    "  - {at: 30s, pause: leader, as: x, for: 5s}\n"
                    "  - {at: 50s, crash: x}\n"
                    "  - {at: 55s, restart: x}\n"
                    "  - {at: 60s, crash: n1, optional: true}\n"
                    "  - {at: 70s, pause: followers}\n");
    assert_int_equal(f.result.stats.entries, 2);
    assert_has_not(&f, "as:");
    assert_has_not(&f, " x");
    done(&f);
}

static void named_nodes_keep_their_names(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "cluster: {nodes: [ada, bob, cyd, dan, eve]}\n"
                    "timeline:\n"
                    "  - {at: 30s, crash: eve}\n"
                    "  - {at: 40s, partition: [[ada, cyd], [bob, dan]]}\n"
                    "  - {at: 50s, pause: dan}\n");
    assert_int_equal(f.result.stats.nodes, 3);
    assert_has(&f, "nodes: [ada, dan, eve]");
    assert_has(&f, "crash: eve");
    done(&f);
}

static void under_the_stores_authority_two_nodes_do(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "cluster: {nodes: 4, config: {authority: store}}\n"
                    "timeline: [{at: 30s, crash: n3}, {at: 40s, pause: n4}]\n");
    assert_int_equal(f.result.stats.nodes, 2);
    assert_fails_as(&f, "not_both");
    done(&f);
}

static void a_clock_stays_within_what_is_assumed(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "cluster: {nodes: 3, config: {max_clock_drift_ppm: 5000, poll_interval: 9s}}\n"
                    "timeline: [{at: 30s, clock: n1, drift: +4000ppm}]\n"
                    "always: [clocks_run]\n");
    assert_has(&f, "max_clock_drift_ppm: 5000");
    assert_has(&f, "always: [clocks_run]\n");
    assert_has_not(&f, "poll_interval");
    assert_fails_as(&f, "clocks_run");
    done(&f);
}

static void of_expectations_the_one_that_failed_is_kept(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "timeline: [{at: 100s, reset: n2}, {at: 120s, store: flushall}]\n"
                    "expect:\n"
                    "  - {by: 60s, leader: any}\n"
                    "  - {by: 200s, event: crash, at_least: 1}\n"
                    "  - {by: 250s, leader: none}\n");
    assert_has(&f, "expect:\n  - {by: 200s, event: crash, at_least: 1}\n");
    assert_has_not(&f, "leader");
    assert_has_not(&f, "timeline");
    assert_fails_as(&f, "expect");
    done(&f);
}

static void an_expectation_does_not_fail_for_want_of_a_restart(void **state)
{
    struct fixture f;
    (void)state;
    /* n1 alone is down when it fails: the others must be up. */
    shrink(&f, HEAD "timeline:\n"
                    "  - {at: 50s, crash: all}\n"
                    "  - {at: 60s, restart: [n2, n3]}\n"
                    "expect: [{by: 150s, after: 149s, leader: n1}]\n");
    assert_true(f.result.outcome.down <= 1);
    assert_fails_as(&f, "expect");
    done(&f);
}

static void where_liveness_fails_a_change_of_voters_goes_on(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "cluster: {nodes: 4, voters: 3, next: [n1, n2, n4]}\n"
                    "timeline:\n"
                    "  - {at: 40s, reset: n3}\n"
                    "  - {at: 45s, crash: [n1, n4]}\n"
                    "  - {at: 50s, restart: n4, electorate: next}\n"
                    "  - {at: 60s, restart: n1, electorate: next}\n"
                    "eventually: [never]\n");
    assert_has(&f, "restart: n3, electorate: next"); /* it was n4 */
    assert_has(&f, "restart: n1, electorate: next");
    assert_has(&f, "eventually: [never]\n");
    assert_has_not(&f, "reset");
    done(&f);
}

static void entries_after_the_failure_may_all_go_at_once(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "timeline: [{at: 200s, reset: n1}, {at: 210s, reset: n2}]\n"
                    "eventually: [never]\n");
    assert_has_not(&f, "reset");
    assert_fails_as(&f, "never");
    done(&f);
}

/* ---- what cannot be shrunk ---- */

static void what_passes_cannot_be_shrunk(void **state)
{
    struct fixture f;
    (void)state;
    shrink_within(&f, HEAD, NULL, UINT64_MAX);
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_true(f.result.outcome.loaded);
    assert_int_equal(f.result.outcome.code, 0);
    assert_null(f.result.text);
    assert_int_equal(f.result.stats.runs, 1);
    done(&f);
}

static void another_failure_than_was_meant_is_none(void **state)
{
    struct fixture f;
    (void)state;
    shrink_within(&f, HEAD "timeline: [{at: 30s, crash: n1}, {at: 40s, pause: n2}]\n", "clocks_run",
                  UINT64_MAX);
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_string_equal(f.result.outcome.property, "not_both");
    done(&f);
}

static void what_was_never_judged_has_not_failed(void **state)
{
    struct fixture f;
    (void)state;
    shrink_within(&f, HEAD "always: [clocks_run]\n", NULL, UINT64_MAX);
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_true(f.result.outcome.never_judged);
    done(&f);
    shrink_within(&f, HEAD "timeline: [{when: code_crashed, crash: n1}]\n", NULL, UINT64_MAX);
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_string_equal(f.result.outcome.property, "timeline");
    done(&f);
}

static void a_file_that_does_not_load_says_so(void **state)
{
    struct fixture f;
    (void)state;
    shrink_within(&f, "version: 1\n", NULL, UINT64_MAX);
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_false(f.result.outcome.loaded);
    done(&f);
}

/* ---- budget and order ---- */

static void a_spent_budget_gives_the_best_so_far(void **state)
{
    char *text = strdup(storm);
    *strstr(text, "expect:") = 0;
    (void)state;
    for (uint64_t most = 1; most < 60; most += 7) {
        struct fixture f;
        shrink_within(&f, text, NULL, most);
        assert_int_equal(f.error, 0);
        assert_false(f.result.stats.complete);
        assert_true(f.runs <= most + MUSTER_SHRINK_BATCH_MAX + 2);
        assert_fails_as(&f, "not_both");
        done(&f);
    }
    free(text);
}

static void the_same_search_gives_the_same_bytes(void **state)
{
    struct fixture f, g;
    char *text = strdup(storm);
    *strstr(text, "expect:") = 0;
    (void)state;
    shrink(&f, text);
    shrink(&g, text);
    assert_string_equal(f.result.text, g.result.text);
    assert_int_equal(f.result.stats.runs, g.result.stats.runs);
    free(text);
    done(&f);
    done(&g);
}

static void what_was_shrunk_is_as_small_as_it_gets(void **state)
{
    struct fixture f, again;
    char *text = strdup(storm);
    *strstr(text, "expect:") = 0;
    (void)state;
    shrink(&f, text);
    shrink_within(&again, f.result.text, NULL, UINT64_MAX);
    assert_int_equal(again.result.stats.entries, f.result.stats.entries);
    assert_int_equal(again.result.stats.nodes, f.result.stats.nodes);
    free(text);
    done(&f);
    done(&again);
}

static void what_needs_no_entry_at_all_ends(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "cluster: {nodes: 3}\n"
                    "timeline: [{at: 80s, pause: n1, for: 2s}]\n"
                    "eventually: [never]\n");
    assert_has_not(&f, "pause");
    assert_fails_as(&f, "never");
    done(&f);
}

static void nothing_is_left_that_the_linter_warns_of(void **state)
{
    struct fixture f;
    (void)state;
    shrink(&f, HEAD "cluster: {nodes: 3}\n"
                    "timeline:\n"
                    "  - {at: 30s, pause: n1}\n"
                    "  - {at: 40s, resume: n1}\n"
                    "  - {at: 50s, crash: n2}\n"
                    "  - {at: 60s, pause: n3}\n");
    assert_int_equal(f.result.outcome.warnings, 0);
    assert_has(&f, "nodes: 3"); /* two would be warned of */
    assert_fails_as(&f, "not_both");
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_storm_the_two_entries_are_left_that_it_takes),
        cmocka_unit_test(the_result_says_what_fails_and_how_to_see_it),
        cmocka_unit_test(an_event_becomes_the_time_at_which_it_came),
        cmocka_unit_test(who_spoke_of_what_is_gone_is_gone_too),
        cmocka_unit_test(named_nodes_keep_their_names),
        cmocka_unit_test(under_the_stores_authority_two_nodes_do),
        cmocka_unit_test(a_clock_stays_within_what_is_assumed),
        cmocka_unit_test(of_expectations_the_one_that_failed_is_kept),
        cmocka_unit_test(an_expectation_does_not_fail_for_want_of_a_restart),
        cmocka_unit_test(where_liveness_fails_a_change_of_voters_goes_on),
        cmocka_unit_test(entries_after_the_failure_may_all_go_at_once),
        cmocka_unit_test(what_passes_cannot_be_shrunk),
        cmocka_unit_test(another_failure_than_was_meant_is_none),
        cmocka_unit_test(what_was_never_judged_has_not_failed),
        cmocka_unit_test(a_file_that_does_not_load_says_so),
        cmocka_unit_test(a_spent_budget_gives_the_best_so_far),
        cmocka_unit_test(the_same_search_gives_the_same_bytes),
        cmocka_unit_test(what_was_shrunk_is_as_small_as_it_gets),
        cmocka_unit_test(what_needs_no_entry_at_all_ends),
        cmocka_unit_test(nothing_is_left_that_the_linter_warns_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
