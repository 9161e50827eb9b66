/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts of an intent: the breaker around an action, the wait between two attempts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/notes.h"
#include "core/orchestrator/acting.h"
#include "core/orchestrator/recovery.h"

#define BASE  UINT64_C(1000)
#define S(n)  ((n)*MUSTER_SECOND)
#define LATER S(1000)

enum { LOCAL = MUSTER_ACTION_CACHE_PURGE, CLUSTER = MUSTER_ACTION_SAFE_MODE };

static const char *const names[] = {"n1", "n2", "n3"};
static const struct muster_place place = {.count = 3, .voters = 3, .names = names};
static struct muster_config config;
static struct muster_acting a;
static struct muster_acting_options options;
static struct muster_authority authority;
static struct muster_effects out;
static struct muster_why_not block;
static struct muster_end end;

static void init(void)
{
    memset(&block, 0, sizeof block);
    muster_acting_init(&a, &config.recovery, &place, &options, BASE);
}

static int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    for (uint32_t i = 0; i < config.recovery.action_count; i++) {
        config.recovery.action[i].cooldown = 0;
        config.recovery.action[i].max_retries = 3;
    }
    muster_acting_options_basic(&options);
    muster_retry_defaults(&options.retry);
    muster_breaker_defaults(&options.breaker);
    options.retry.jitter = MUSTER_JITTER_EQUAL;
    authority = (struct muster_authority){.leads = true, .epoch = 4, .not_after = MUSTER_NEVER};
    init();
    return 0;
}

static struct muster_turn turn(muster_time now)
{
    out.count = out.used = 0;
    return (struct muster_turn){now, &authority, &out, MUSTER_TURN_NOTES_MAX};
}

static enum muster_result want(muster_time now, uint32_t action, uint32_t subject)
{
    struct muster_demand d = {.action = action,
                              .subject = subject,
                              .holds = true,
                              .cause = MUSTER_CAUSE_MANUAL};
    struct muster_turn t = turn(now);
    return muster_acting_consider(&a, &t, &d, &block);
}

static enum muster_stage ends(muster_time now, uint64_t intent, uint64_t attempt,
                              enum muster_result result)
{
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .now = now, .tag = intent};
    in.action.attempt = attempt;
    in.action.result = result;
    struct muster_turn t = turn(now);
    return muster_acting_ended(&a, &t, &in, &end);
}

/* The wait is over: true when the intent has ended. */
static bool again(muster_time now)
{
    struct muster_turn t = turn(now);
    uint32_t due = muster_acting_to_retry(&a, now, 0);
    assert_true(due < MUSTER_RUNS_MAX);
    return muster_acting_retry(&a, &t, due, &end);
}

static uint32_t handed_out(void)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < out.count; i++)
        n += out.at[i].kind == MUSTER_OUT_ACTION;
    return n;
}

/* ---- the wait ---- */

static void back_off(void)
{
    options.backs_off = true;
    init();
}

static void retry_waits_as_long_as_its_jitter_says(void **state)
{
    (void)state;
    back_off();
    muster_dur ceiling = options.retry.base;
    assert_int_equal(want(LATER, LOCAL, 0), MUSTER_RESULT_SUCCESS);
    for (uint32_t attempt = 1; attempt <= 3; attempt++, ceiling *= 2) {
        assert_int_equal(ends(LATER, BASE, attempt, MUSTER_RESULT_FAILED), MUSTER_STAGE_RUNS);
        assert_int_equal(handed_out(), 0);
        muster_time at = muster_acting_again_at(&a);
        assert_true(at >= LATER + ceiling / 2 && at <= LATER + ceiling);
        assert_int_equal(muster_acting_to_retry(&a, at - 1, 0), MUSTER_RUNS_MAX);
        assert_false(again(at));
        assert_int_equal(handed_out(), 1);
        assert_int_equal(out.at[0].action.attempt, attempt + 1);
        assert_true(muster_acting_again_at(&a) == MUSTER_NEVER);
    }
    assert_int_equal(ends(LATER, BASE, 4, MUSTER_RESULT_TIMED_OUT), MUSTER_STAGE_ENDED);
    assert_int_equal(end.result, MUSTER_RESULT_TIMED_OUT);
}

static void without_backoff_a_retry_goes_at_once(void **state)
{
    (void)state;
    assert_int_equal(want(LATER, LOCAL, 0), MUSTER_RESULT_SUCCESS);
    assert_int_equal(ends(LATER, BASE, 1, MUSTER_RESULT_FAILED), MUSTER_STAGE_RUNS);
    assert_int_equal(handed_out(), 1);
}

static void waiting_is_under_way(void **state)
{
    (void)state;
    back_off();
    (void)want(LATER, LOCAL, 0);
    (void)ends(LATER, BASE, 1, MUSTER_RESULT_FAILED);
    assert_true(muster_acting_runs(&a, LOCAL, 0) == BASE);
    assert_false(muster_acting_drained(&a));
    assert_int_equal(want(LATER, CLUSTER, 0), MUSTER_RESULT_SKIPPED_CONCURRENCY);
    /* An end that is told twice is one end. */
    assert_int_equal(ends(LATER, BASE, 1, MUSTER_RESULT_SUCCESS), MUSTER_STAGE_RUNS);
    assert_true(muster_acting_runs(&a, LOCAL, 0) == BASE);
    char text[256];
    struct muster_text t;
    muster_text_init(&t, text, sizeof text);
    muster_acting_describe(&a, &t, "");
    assert_non_null(strstr(text, "waiting=cache_purge"));
}

static void pause_it(void)
{
    a.paused = true;
}
static void dry_run_it(void)
{
    a.dry_run = true;
}
static void forbid_it(void)
{
    a.forbidden = 1u << CLUSTER;
}
static void lose_leadership(void)
{
    authority.leads = false;
    authority.refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER;
}
static void lead_again(void)
{
    authority.epoch = 5;
}
static void leave(void)
{
    authority.draining = true;
}

static void rule_that_came_meanwhile_ends_the_intent_as_its_last_attempt_ended(void **state)
{
    static void (*const rules[])(void) = {pause_it,        dry_run_it, forbid_it,
                                          lose_leadership, lead_again, leave};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        (void)set_up(state);
        back_off();
        (void)want(LATER, CLUSTER, 0);
        assert_int_equal(ends(LATER, BASE, 1, MUSTER_RESULT_TIMED_OUT), MUSTER_STAGE_RUNS);
        rules[i]();
        assert_true(again(muster_acting_again_at(&a)));
        assert_int_equal(handed_out(), 0);
        assert_int_equal(end.result, MUSTER_RESULT_TIMED_OUT);
        assert_true(muster_acting_drained(&a));
        (void)set_up(state); /* the same where a retry goes at once */
        (void)want(LATER, CLUSTER, 0);
        rules[i]();
        assert_int_equal(ends(LATER, BASE, 1, MUSTER_RESULT_FAILED), MUSTER_STAGE_ENDED);
        assert_int_equal(handed_out(), 0);
    }
}

static void lost_lease_and_shutdown_end_the_wait(void **state)
{
    (void)state;
    options.concurrent_max = 2;
    back_off();
    (void)want(LATER, CLUSTER, 0);
    (void)want(LATER, LOCAL, 0);
    (void)ends(LATER, BASE, 1, MUSTER_RESULT_FAILED);
    (void)ends(LATER, BASE + 1, 1, MUSTER_RESULT_FAILED);
    struct muster_turn t = turn(LATER + 1);
    muster_acting_lost(&a, &t);
    assert_int_equal(out.count, 0); /* nothing is at a target, so there is nothing to cancel */
    assert_true(muster_acting_again_at(&a) == LATER + 1);
    assert_true(again(LATER + 1));
    assert_int_equal(end.action, CLUSTER);
    assert_true(muster_acting_again_at(&a) > LATER + 1); /* the local one goes on */
    t = turn(LATER + 2);
    authority.draining = true;
    muster_acting_drain(&a, &t);
    assert_true(again(LATER + 2));
    assert_true(muster_acting_drained(&a));
}

/* ---- the breaker ---- */

static void breaks(uint32_t max_retries)
{
    options.breaks = true;
    for (uint32_t i = 0; i < config.recovery.action_count; i++)
        config.recovery.action[i].max_retries = max_retries;
    init();
}

/* Each attempt of its own intent. */
static void attempts(muster_time now, uint32_t times, enum muster_result result)
{
    for (uint32_t i = 0; i < times; i++) {
        assert_int_equal(want(now, LOCAL, 0), MUSTER_RESULT_SUCCESS);
        uint64_t intent = muster_acting_runs(&a, LOCAL, 0);
        assert_int_equal(ends(now, intent, 1, result), MUSTER_STAGE_ENDED);
    }
}

static void fifth_failure_opens_the_circuit_for_thirty_seconds(void **state)
{
    static const enum muster_result failures[] = {MUSTER_RESULT_FAILED, MUSTER_RESULT_TIMED_OUT,
                                                  MUSTER_RESULT_UNKNOWN};
    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        breaks(0);
        attempts(LATER, 4, failures[i]);
        assert_int_equal(a.breaker[LOCAL].state, MUSTER_CIRCUIT_CLOSED);
        attempts(LATER, 1, failures[i]);
        assert_int_equal(want(LATER, LOCAL, 0), MUSTER_RESULT_SKIPPED_CIRCUIT_OPEN);
        assert_true(block.until == LATER + S(30));
        assert_int_equal(want(LATER + S(30) - 1, LOCAL, 0), MUSTER_RESULT_SKIPPED_CIRCUIT_OPEN);
        assert_int_equal(want(LATER + S(30) - 1, CLUSTER, 0), MUSTER_RESULT_SUCCESS);
        (void)ends(LATER + S(30) - 1, BASE + 5, 1, MUSTER_RESULT_SUCCESS);
        assert_int_equal(want(LATER + S(30), LOCAL, 0), MUSTER_RESULT_SUCCESS);
        assert_true(a.run[0].probe);
    }
}

static void what_says_nothing_of_the_target_opens_nothing(void **state)
{
    (void)state;
    breaks(0);
    attempts(LATER, 4, MUSTER_RESULT_FAILED);
    attempts(LATER, 3, MUSTER_RESULT_CANCELLED);
    assert_int_equal(a.breaker[LOCAL].failures, 4);
    attempts(LATER, 1, MUSTER_RESULT_FENCED); /* an answer, if not the one hoped for */
    assert_int_equal(a.breaker[LOCAL].failures, 3);
    attempts(LATER, 1, MUSTER_RESULT_SUCCESS);
    assert_int_equal(a.breaker[LOCAL].failures, 2);
}

static void two_probes_that_end_well_close_it(void **state)
{
    (void)state;
    breaks(0);
    attempts(LATER, 5, MUSTER_RESULT_FAILED);
    attempts(LATER + S(30), 1, MUSTER_RESULT_SUCCESS);
    assert_int_equal(a.breaker[LOCAL].state, MUSTER_CIRCUIT_HALF_OPEN);
    attempts(LATER + S(30), 1, MUSTER_RESULT_SUCCESS);
    assert_int_equal(a.breaker[LOCAL].state, MUSTER_CIRCUIT_CLOSED);
}

static void probe_that_does_not_end_well_opens_it_again(void **state)
{
    static const enum muster_result results[] = {MUSTER_RESULT_FAILED, MUSTER_RESULT_CANCELLED};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        breaks(3);
        config.recovery.action[LOCAL].max_retries = 0;
        attempts(LATER, 5, MUSTER_RESULT_FAILED);
        config.recovery.action[LOCAL].max_retries = 3;
        attempts(LATER + S(100), 1, results[i]); /* no retry either: the circuit is open */
        assert_int_equal(want(LATER + S(130) - 1, LOCAL, 0), MUSTER_RESULT_SKIPPED_CIRCUIT_OPEN);
        assert_true(block.until == LATER + S(130));
    }
}

static void one_probe_at_a_time_however_long_it_takes(void **state)
{
    (void)state;
    options.concurrent_max = 4;
    breaks(0);
    attempts(LATER, 5, MUSTER_RESULT_FAILED);
    assert_int_equal(want(LATER + S(30), LOCAL, 0), MUSTER_RESULT_SUCCESS);
    assert_int_equal(want(LATER + S(500), LOCAL, 1), MUSTER_RESULT_SKIPPED_CIRCUIT_OPEN);
    assert_true(block.until == 0); /* the end of the probe clears it, and no time */
    assert_int_equal(ends(LATER + S(500), BASE + 5, 1, MUSTER_RESULT_SUCCESS), MUSTER_STAGE_ENDED);
    assert_int_equal(want(LATER + S(500), LOCAL, 1), MUSTER_RESULT_SUCCESS);
}

static void every_attempt_counts_and_an_open_circuit_ends_the_retries(void **state)
{
    (void)state;
    options.breaker.failure_threshold = 2;
    options.backs_off = true;
    breaks(3);
    (void)want(LATER, LOCAL, 0);
    assert_int_equal(ends(LATER, BASE, 1, MUSTER_RESULT_FAILED), MUSTER_STAGE_RUNS);
    assert_false(again(LATER + S(1)));
    assert_int_equal(ends(LATER + S(1), BASE, 2, MUSTER_RESULT_FAILED), MUSTER_STAGE_ENDED);
    assert_int_equal(end.result, MUSTER_RESULT_FAILED);
}

static void circuit_that_opens_during_the_wait_ends_it(void **state)
{
    (void)state;
    options.breaker.failure_threshold = 2;
    options.backs_off = true;
    options.concurrent_max = 2;
    breaks(3);
    (void)want(LATER, LOCAL, 0);
    (void)want(LATER, LOCAL, 1);
    assert_int_equal(ends(LATER, BASE, 1, MUSTER_RESULT_TIMED_OUT), MUSTER_STAGE_RUNS);
    assert_int_equal(ends(LATER, BASE + 1, 1, MUSTER_RESULT_FAILED), MUSTER_STAGE_ENDED);
    assert_true(again(muster_acting_again_at(&a)));
    assert_int_equal(end.result, MUSTER_RESULT_TIMED_OUT);
    assert_int_equal(handed_out(), 0);
}

static void asking_and_dry_run_take_no_probe(void **state)
{
    (void)state;
    breaks(0);
    attempts(LATER, 5, MUSTER_RESULT_FAILED);
    a.dry_run = true;
    assert_int_equal(want(LATER + S(30), LOCAL, 0), MUSTER_RESULT_SKIPPED_DRY_RUN);
    a.dry_run = false;
    assert_int_equal(want(LATER + S(31), LOCAL, 0), MUSTER_RESULT_SUCCESS);
}

/* ---- the basic orchestrator ---- */

static void basic_orchestrator_backs_off_when_its_config_asks_for_it(void **state)
{
    (void)state;
    static struct muster_recovery r;
    const struct muster_orchestrator_kind *table = &muster_orchestrator_recovery;
    options.backs_off = true;
    config.acting = &options;
    table->init(&r, &config, &place, BASE);
    struct muster_turn t = turn(LATER);
    table->event(&r, &t, MUSTER_VERB_TRIGGER, muster_text_bytes("cache_purge"));
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .now = LATER, .tag = BASE};
    in.action.attempt = 1;
    in.action.result = MUSTER_RESULT_FAILED;
    t = turn(LATER);
    table->ended(&r, &t, &in);
    muster_time due = table->deadline(&r);
    assert_true(due > LATER && due <= LATER + options.retry.base);
    t = turn(due);
    table->advance(&r, &t);
    assert_int_equal(handed_out(), 1);
    assert_true(table->deadline(&r) == MUSTER_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(retry_waits_as_long_as_its_jitter_says, set_up),
        cmocka_unit_test_setup(without_backoff_a_retry_goes_at_once, set_up),
        cmocka_unit_test_setup(waiting_is_under_way, set_up),
        cmocka_unit_test_setup(rule_that_came_meanwhile_ends_the_intent_as_its_last_attempt_ended,
                               set_up),
        cmocka_unit_test_setup(lost_lease_and_shutdown_end_the_wait, set_up),
        cmocka_unit_test_setup(fifth_failure_opens_the_circuit_for_thirty_seconds, set_up),
        cmocka_unit_test_setup(what_says_nothing_of_the_target_opens_nothing, set_up),
        cmocka_unit_test_setup(two_probes_that_end_well_close_it, set_up),
        cmocka_unit_test_setup(probe_that_does_not_end_well_opens_it_again, set_up),
        cmocka_unit_test_setup(one_probe_at_a_time_however_long_it_takes, set_up),
        cmocka_unit_test_setup(every_attempt_counts_and_an_open_circuit_ends_the_retries, set_up),
        cmocka_unit_test_setup(circuit_that_opens_during_the_wait_ends_it, set_up),
        cmocka_unit_test_setup(asking_and_dry_run_take_no_probe, set_up),
        cmocka_unit_test_setup(basic_orchestrator_backs_off_when_its_config_asks_for_it, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
