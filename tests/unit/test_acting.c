/* SPDX-License-Identifier: Apache-2.0 */
/* Intents: every rule, dry run, verification, concurrency, one end each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/notes.h"
#include "core/orchestrator/acting.h"

#define BASE  UINT64_C(1000)
#define LATER (1000 * MUSTER_SECOND)
#define DELAY (30 * MUSTER_SECOND)

static const char *const names[] = {"n1", "n2", "n3"};
static const struct muster_place place = {.count = 3, .voters = 3, .names = names};
static struct muster_config config;
static struct muster_acting a;
static struct muster_acting_options options;
static struct muster_authority leader, follower;
static struct muster_effects out;
static struct muster_why_not block;
static struct muster_end end;

static void init(uint64_t base)
{
    muster_acting_init(&a, &config.recovery, &place, &options, base);
}

static int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    muster_acting_options_basic(&options);
    muster_limits_defaults(&options.limits);
    muster_blast_defaults(&options.blast);
    leader = (struct muster_authority){.leads = true, .epoch = 4, .not_after = MUSTER_NEVER};
    follower = (struct muster_authority){.refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER};
    memset(&block, 0, sizeof block);
    memset(&out, 0, sizeof out);
    init(BASE);
    return 0;
}

static struct muster_turn turn(muster_time now, const struct muster_authority *authority)
{
    out.count = out.used = 0;
    return (struct muster_turn){now, authority, &out, MUSTER_TURN_NOTES_MAX};
}

static enum muster_result want(muster_time now, uint32_t action, uint32_t subject)
{
    struct muster_demand d = {.action = action,
                              .subject = subject,
                              .holds = true,
                              .cause = MUSTER_CAUSE_MANUAL};
    struct muster_turn t = turn(now, &leader);
    return muster_acting_consider(&a, &t, &d, &block);
}

static bool ends(muster_time now, uint64_t intent, uint64_t attempt, enum muster_result result)
{
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .now = now, .tag = intent};
    in.action.attempt = attempt;
    in.action.result = result;
    struct muster_turn t = turn(now, &leader);
    return muster_acting_ended(&a, &t, &in, &end) == MUSTER_STAGE_ENDED;
}

static bool look(muster_time now, enum muster_look what)
{
    struct muster_turn t = turn(now, &leader);
    uint32_t due = muster_acting_to_verify(&a, now, 0);
    assert_true(due < MUSTER_RUNS_MAX);
    return muster_acting_look(&a, &t, due, what, &end);
}

static const struct muster_effect *find(uint16_t kind, uint16_t note)
{
    for (uint32_t i = 0; i < out.count; i++)
        if (out.at[i].kind == kind && out.at[i].note == note)
            return &out.at[i];
    return NULL;
}

/* ---- rules ---- */

static void rules_are_asked_in_their_order(void **state)
{
    (void)state;
    options.limited = true;
    options.limits.max_actions_per_hour = 0;
    init(BASE);
    struct muster_demand d = {.action = 2, .holds = true, .cause = MUSTER_CAUSE_MANUAL};
    struct muster_turn t = turn(LATER, &follower);
    config.recovery.action[2].enabled = false;
    a.paused = true;
    a.forbidden = 1u << 2;
    muster_acting_inherit(&a, LATER, 2, 0);
    assert_int_equal(muster_acting_consider(&a, &t, &d, &block), MUSTER_RESULT_SKIPPED_DISABLED);
    config.recovery.action[2].enabled = true;
    assert_int_equal(muster_acting_consider(&a, &t, &d, &block), MUSTER_RESULT_SKIPPED_PAUSED);
    a.paused = false;
    assert_int_equal(muster_acting_consider(&a, &t, &d, &block), MUSTER_RESULT_SKIPPED_NOT_LEADER);
    t.authority = &leader;
    assert_int_equal(muster_acting_consider(&a, &t, &d, &block),
                     MUSTER_RESULT_SKIPPED_PHASE_RESTRICTION);
    a.forbidden = 0;
    assert_int_equal(muster_acting_consider(&a, &t, &d, &block), MUSTER_RESULT_SKIPPED_COOLDOWN);
    t.now = LATER + 300 * MUSTER_SECOND;
    assert_int_equal(muster_acting_consider(&a, &t, &d, &block), MUSTER_RESULT_SKIPPED_RATE_LIMIT);
    assert_null(find(MUSTER_OUT_ACTION, 0));
    assert_int_equal(a.counts[MUSTER_RESULT_SKIPPED_RATE_LIMIT], 1);
}

static void limit_stops_until_the_oldest_leaves_its_hour(void **state)
{
    (void)state;
    options.limited = true;
    options.limits.max_actions_per_hour = 2;
    init(BASE);
    config.recovery.action[1].cooldown = 0;
    for (uint64_t i = 0; i < 2; i++) {
        assert_int_equal(want(LATER + i, 1, 0), MUSTER_RESULT_SUCCESS);
        assert_true(ends(LATER + i, BASE + i, 1, MUSTER_RESULT_SUCCESS));
    }
    assert_int_equal(want(LATER + 2, 1, 0), MUSTER_RESULT_SKIPPED_RATE_LIMIT);
    assert_true(block.until == LATER + 3600 * MUSTER_SECOND);
    assert_int_equal(want(LATER + 3600 * MUSTER_SECOND - 1, 1, 0),
                     MUSTER_RESULT_SKIPPED_RATE_LIMIT);
    assert_int_equal(want(LATER + 3600 * MUSTER_SECOND, 1, 0), MUSTER_RESULT_SUCCESS);
}

static void safe_mode_has_a_limit_of_its_own(void **state)
{
    (void)state;
    options.limited = true;
    options.limits.max_safe_mode_entries_per_day = 1;
    init(BASE);
    config.recovery.action[2].cooldown = 0;
    assert_int_equal(want(LATER, 2, 0), MUSTER_RESULT_SUCCESS);
    assert_true(ends(LATER, BASE, 1, MUSTER_RESULT_SUCCESS));
    assert_int_equal(want(LATER + 1, 2, 0), MUSTER_RESULT_SKIPPED_RATE_LIMIT);
    assert_int_equal(want(LATER + 1, 1, 0), MUSTER_RESULT_SUCCESS);
}

static void blast_radius_stops_in_a_storm(void **state)
{
    (void)state;
    options.bounded = true;
    init(BASE);
    muster_blast_see(&a.blast, LATER, 1);
    assert_int_equal(want(LATER, 2, 1), MUSTER_RESULT_SKIPPED_BLAST_RADIUS);
    assert_true(muster_blast_acknowledge(&a.blast));
    assert_int_equal(want(LATER, 2, 1), MUSTER_RESULT_SUCCESS);
    assert_int_equal(a.blast.running[1], 1);
    assert_true(ends(LATER, BASE, 1, MUSTER_RESULT_FAILED));
    assert_int_equal(a.blast.running[1], 0);
}

static void dry_run_runs_nothing_and_costs_nothing(void **state)
{
    (void)state;
    options.limited = true;
    init(BASE);
    a.dry_run = true;
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SKIPPED_DRY_RUN);
    assert_null(find(MUSTER_OUT_ACTION, 0));
    assert_int_equal(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_SKIPPED)->arg[0],
                     MUSTER_RESULT_SKIPPED_DRY_RUN);
    assert_int_equal(muster_limits_used(&a.limits, LATER, MUSTER_LIMIT_ACTIONS), 0);
    a.dry_run = false;
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS); /* no cooldown */
}

static void every_refusal_names_what_clears_it(void **state)
{
    (void)state;
    for (uint64_t r = MUSTER_RESULT_SKIPPED_COOLDOWN; r < MUSTER_RESULT_COUNT; r++)
        assert_string_not_equal(muster_acting_remedy(&leader, r), "nothing");
    assert_string_equal(muster_acting_remedy(&leader, MUSTER_RESULT_SUCCESS), "nothing");
    assert_string_equal(muster_acting_remedy(&leader, MUSTER_RESULT_SKIPPED_PAUSED),
                        "the operator's resume");
    struct muster_authority leaving = leader;
    leaving.draining = true;
    assert_string_equal(muster_acting_remedy(&leaving, MUSTER_RESULT_SKIPPED_PAUSED),
                        "a restart: this member is shutting down");
}

static void refusal_without_a_rule_is_told_once_with_its_remedy(void **state)
{
    (void)state;
    struct muster_demand d = {.action = 1,
                              .holds = true,
                              .cause = MUSTER_CAUSE_MANUAL,
                              .remedy = "a higher severity"};
    struct muster_turn t = turn(LATER, &leader);
    muster_acting_refuse(&a, &t, &d, MUSTER_RESULT_CONDITION_NOT_MET, &block);
    muster_acting_refuse(&a, &t, &d, MUSTER_RESULT_CONDITION_NOT_MET, &block);
    assert_int_equal(out.count, 1);
    assert_int_equal(a.counts[MUSTER_RESULT_CONDITION_NOT_MET], 2);
    assert_non_null(strstr((const char *)out.at[0].data.at, "cleared by a higher severity"));
}

/* ---- intents ---- */

static void concurrency_counts_what_runs(void **state)
{
    (void)state;
    options.concurrent_max = 2;
    init(BASE);
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS);
    assert_int_equal(want(LATER, 2, 1), MUSTER_RESULT_SUCCESS);
    assert_int_equal(want(LATER, 0, 0), MUSTER_RESULT_SKIPPED_CONCURRENCY);
    assert_true(ends(LATER, BASE, 1, MUSTER_RESULT_SUCCESS));
    assert_int_equal(want(LATER, 0, 0), MUSTER_RESULT_SUCCESS);
    assert_false(muster_acting_drained(&a));
}

static void what_runs_is_not_begun_again(void **state)
{
    (void)state;
    options.concurrent_max = 8;
    init(BASE);
    assert_int_equal(want(LATER, 2, 1), MUSTER_RESULT_SUCCESS);
    assert_int_equal(want(LATER, 2, 1), MUSTER_RESULT_SUCCESS);
    assert_null(find(MUSTER_OUT_ACTION, 0)); /* it runs already */
    struct muster_demand d = {.action = 2, .subject = 1, .holds = true};
    struct muster_turn t = turn(LATER, &leader);
    d.cause = MUSTER_CAUSE_MANUAL;
    assert_int_equal(muster_acting_demand(&a, &t, &d), MUSTER_RESULT_SKIPPED_CONCURRENCY);
}

static void timeout_is_multiplied_and_never_wraps(void **state)
{
    (void)state;
    options.timeout_ppm = 1500000;
    init(BASE);
    config.recovery.action[1].timeout = 3 * MUSTER_SECOND + 1;
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS);
    assert_true(find(MUSTER_OUT_ACTION, 0)->action.timeout == 4500 * MUSTER_MILLISECOND + 1);
    assert_true(ends(LATER, BASE, 1, MUSTER_RESULT_SUCCESS));
    config.recovery.action[2].timeout = MUSTER_NEVER - 5;
    assert_int_equal(want(LATER, 2, 0), MUSTER_RESULT_SUCCESS);
    assert_true(find(MUSTER_OUT_ACTION, 0)->action.timeout == MUSTER_NEVER);
}

static void demand_brings_its_own_timeout_and_parameters(void **state)
{
    (void)state;
    struct muster_demand d = {.action = 1,
                              .holds = true,
                              .cause = MUSTER_CAUSE_MANUAL,
                              .timeout = 7,
                              .params = "{\"aggressive\":true}"};
    struct muster_turn t = turn(LATER, &leader);
    assert_int_equal(muster_acting_consider(&a, &t, &d, &block), MUSTER_RESULT_SUCCESS);
    const struct muster_effect *e = find(MUSTER_OUT_ACTION, 0);
    assert_int_equal(e->action.timeout, 7);
    assert_int_equal(e->data.at[1], 4); /* action, subject, reason, parameters */
    assert_memory_equal(e->data.at + e->data.size - 19, "{\"aggressive\":true}", 19);
}

static void intents_run_on_from_their_base_and_around(void **state)
{
    (void)state;
    config.recovery.action[1].cooldown = 0;
    init(MUSTER_HISTORY_TAGS - 1);
    assert_int_equal(want(1, 1, 0), MUSTER_RESULT_SUCCESS);
    assert_true(ends(1, MUSTER_HISTORY_TAGS - 1, 1, MUSTER_RESULT_SUCCESS));
    assert_int_equal(want(1, 1, 0), MUSTER_RESULT_SUCCESS);
    assert_true(ends(1, 1, 1, MUSTER_RESULT_SUCCESS)); /* 0 is no intent */
}

static void inherited_cooldown_holds(void **state)
{
    (void)state;
    muster_acting_inherit(&a, LATER, 1, 100 * MUSTER_SECOND);
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SKIPPED_COOLDOWN);
    assert_true(block.until == LATER + 200 * MUSTER_SECOND);
}

static void end_of_another_life_is_passed_over(void **state)
{
    (void)state;
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS);
    assert_false(ends(LATER, BASE + 7, 1, MUSTER_RESULT_SUCCESS));
    assert_false(ends(LATER, BASE, 2, MUSTER_RESULT_SUCCESS));
    assert_false(ends(LATER, 0, 0, MUSTER_RESULT_SUCCESS));
    assert_false(muster_acting_drained(&a));
}

/* ---- verification ---- */

static void verify_it(uint32_t attempts)
{
    options.verify_delay = DELAY;
    options.verify_attempts = attempts;
    init(BASE);
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS);
    assert_true(muster_acting_look_at(&a) == MUSTER_NEVER);
    assert_false(ends(LATER, BASE, 1, MUSTER_RESULT_SUCCESS));
    assert_true(muster_acting_look_at(&a) == LATER + DELAY);
    assert_true(muster_acting_drained(&a));            /* it does not run any more … */
    assert_true(muster_acting_runs(&a, 1, 0) == BASE); /* … but has not ended */
}

static void success_counts_once_the_fault_is_gone(void **state)
{
    (void)state;
    verify_it(3);
    assert_int_equal(muster_acting_to_verify(&a, LATER + DELAY - 1, 0), MUSTER_RUNS_MAX);
    assert_true(look(LATER + DELAY, MUSTER_LOOK_GONE));
    assert_int_equal(end.result, MUSTER_RESULT_SUCCESS);
    assert_int_equal(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_ENDED)->arg[2],
                     MUSTER_RESULT_SUCCESS);
}

static void fault_that_persists_makes_it_unverified(void **state)
{
    (void)state;
    verify_it(3);
    assert_false(look(LATER + DELAY, MUSTER_LOOK_PERSISTS));
    assert_true(muster_acting_look_at(&a) == LATER + 2 * DELAY);
    assert_false(look(LATER + 2 * DELAY, MUSTER_LOOK_UNKNOWN));
    assert_true(look(LATER + 3 * DELAY, MUSTER_LOOK_PERSISTS));
    assert_int_equal(end.result, MUSTER_RESULT_UNVERIFIED);
    assert_int_equal(want(LATER + 3 * DELAY, 1, 0), MUSTER_RESULT_SKIPPED_COOLDOWN);
}

static void fault_that_goes_at_the_last_look_is_a_success(void **state)
{
    (void)state;
    verify_it(2);
    assert_false(look(LATER + DELAY, MUSTER_LOOK_UNKNOWN));
    assert_true(look(LATER + 2 * DELAY, MUSTER_LOOK_GONE));
    assert_int_equal(end.result, MUSTER_RESULT_SUCCESS);
}

static void failure_needs_no_verification(void **state)
{
    (void)state;
    options.verify_delay = DELAY;
    options.verify_attempts = 1;
    init(BASE);
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS);
    assert_true(ends(LATER, BASE, 1, MUSTER_RESULT_FAILED));
    assert_int_equal(end.result, MUSTER_RESULT_FAILED);
}

static void lost_lease_ends_what_is_verified_and_cancels_what_runs(void **state)
{
    (void)state;
    options.verify_delay = DELAY;
    options.verify_attempts = 3;
    options.concurrent_max = 2;
    init(BASE);
    assert_int_equal(want(LATER, 2, 1), MUSTER_RESULT_SUCCESS);
    assert_false(ends(LATER, BASE, 1, MUSTER_RESULT_SUCCESS));
    config.recovery.action[2].cooldown = 0;
    assert_int_equal(want(LATER, 2, 2), MUSTER_RESULT_SUCCESS);
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS); /* local: stays */
    struct muster_turn t = turn(LATER, &follower);
    muster_acting_lost(&a, &t);
    assert_int_equal(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_ENDED)->arg[0], BASE);
    assert_int_equal(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_ENDED)->arg[2],
                     MUSTER_RESULT_UNVERIFIED);
    assert_int_equal(find(MUSTER_OUT_CANCEL, 0)->tag, BASE + 1);
    t = turn(LATER, &follower);
    muster_acting_lost(&a, &t);
    assert_int_equal(out.count, 0); /* once */
    assert_true(muster_acting_runs(&a, 1, 0));
}

static void shutdown_waits_for_no_verification(void **state)
{
    (void)state;
    verify_it(3);
    struct muster_turn t = turn(LATER, &follower);
    muster_acting_drain(&a, &t);
    assert_int_equal(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_ENDED)->arg[2],
                     MUSTER_RESULT_UNVERIFIED);
    assert_true(muster_acting_look_at(&a) == MUSTER_NEVER);
}

static void every_place_may_be_taken_by_what_is_verified(void **state)
{
    (void)state;
    options.verify_delay = DELAY;
    options.verify_attempts = 1;
    for (uint32_t i = 0; i < 3; i++)
        config.recovery.action[i].cooldown = 0;
    init(BASE);
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++) {
        assert_int_equal(want(LATER, i / 3, i % 3), MUSTER_RESULT_SUCCESS);
        assert_false(ends(LATER, BASE + i, 1, MUSTER_RESULT_SUCCESS));
    }
    assert_true(muster_acting_drained(&a)); /* nothing runs, and yet there is no room */
    assert_int_equal(want(LATER, 2, 2), MUSTER_RESULT_SKIPPED_CONCURRENCY);
    assert_true(look(LATER + DELAY, MUSTER_LOOK_GONE));
    assert_int_equal(want(LATER + DELAY, 2, 2), MUSTER_RESULT_SUCCESS);
}

static void handover_waits_for_what_runs_under_the_lease_only(void **state)
{
    (void)state;
    options.verify_delay = DELAY;
    options.verify_attempts = 1;
    options.concurrent_max = 2;
    init(BASE);
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS); /* local */
    assert_true(muster_acting_idle(&a));
    assert_int_equal(want(LATER, 2, 1), MUSTER_RESULT_SUCCESS);
    assert_false(muster_acting_idle(&a));
    assert_false(ends(LATER, BASE + 1, 1, MUSTER_RESULT_SUCCESS)); /* it is verified */
    assert_true(muster_acting_idle(&a));
}

static void success_of_what_was_cancelled_or_ends_in_a_shutdown_is_not_verified(void **state)
{
    (void)state;
    options.verify_delay = DELAY;
    options.verify_attempts = 1;
    options.concurrent_max = 2;
    init(BASE);
    assert_int_equal(want(LATER, 2, 1), MUSTER_RESULT_SUCCESS);
    struct muster_turn t = turn(LATER, &follower);
    muster_acting_lost(&a, &t);
    assert_true(ends(LATER, BASE, 1, MUSTER_RESULT_SUCCESS));
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS);
    leader.draining = true;
    assert_true(ends(LATER, BASE + 1, 1, MUSTER_RESULT_SUCCESS));
    assert_int_equal(end.result, MUSTER_RESULT_SUCCESS);
    assert_true(muster_acting_look_at(&a) == MUSTER_NEVER);
}

static void probe_has_the_time_that_is_configured(void **state)
{
    (void)state;
    options.breaks = true;
    muster_breaker_defaults(&options.breaker);
    options.breaker.failure_threshold = 1;
    options.breaker.probe_timeout = 5 * MUSTER_SECOND;
    config.recovery.action[1].cooldown = 0;
    init(BASE);
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS);
    assert_true(ends(LATER, BASE, 1, MUSTER_RESULT_FAILED));
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SKIPPED_CIRCUIT_OPEN);
    const muster_time probe = LATER + options.breaker.recovery_timeout;
    options.concurrent_max = 2;
    assert_int_equal(want(probe, 1, 0), MUSTER_RESULT_SUCCESS);
    assert_int_equal(a.breaker[1].cfg.probe_timeout, 5 * MUSTER_SECOND);
}

static void refusal_with_another_end_of_its_reason_is_news(void **state)
{
    (void)state;
    assert_int_equal(want(LATER, 1, 0), MUSTER_RESULT_SUCCESS);
    assert_true(ends(LATER, BASE, 1, MUSTER_RESULT_SUCCESS));
    assert_int_equal(want(LATER + 1, 1, 0), MUSTER_RESULT_SKIPPED_COOLDOWN);
    assert_non_null(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_SKIPPED));
    assert_int_equal(want(LATER + 2, 1, 0), MUSTER_RESULT_SKIPPED_COOLDOWN);
    assert_null(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_SKIPPED)); /* no news */
    block.until++;
    assert_int_equal(want(LATER + 3, 1, 0), MUSTER_RESULT_SKIPPED_COOLDOWN);
    assert_non_null(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_SKIPPED));
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        HERE(rules_are_asked_in_their_order),
        HERE(limit_stops_until_the_oldest_leaves_its_hour),
        HERE(safe_mode_has_a_limit_of_its_own),
        HERE(blast_radius_stops_in_a_storm),
        HERE(dry_run_runs_nothing_and_costs_nothing),
        HERE(every_refusal_names_what_clears_it),
        HERE(refusal_without_a_rule_is_told_once_with_its_remedy),
        HERE(concurrency_counts_what_runs),
        HERE(what_runs_is_not_begun_again),
        HERE(timeout_is_multiplied_and_never_wraps),
        HERE(demand_brings_its_own_timeout_and_parameters),
        HERE(intents_run_on_from_their_base_and_around),
        HERE(inherited_cooldown_holds),
        HERE(end_of_another_life_is_passed_over),
        HERE(success_counts_once_the_fault_is_gone),
        HERE(fault_that_persists_makes_it_unverified),
        HERE(fault_that_goes_at_the_last_look_is_a_success),
        HERE(failure_needs_no_verification),
        HERE(lost_lease_ends_what_is_verified_and_cancels_what_runs),
        HERE(shutdown_waits_for_no_verification),
        HERE(every_place_may_be_taken_by_what_is_verified),
        HERE(handover_waits_for_what_runs_under_the_lease_only),
        HERE(success_of_what_was_cancelled_or_ends_in_a_shutdown_is_not_verified),
        HERE(probe_has_the_time_that_is_configured),
        HERE(refusal_with_another_end_of_its_reason_is_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
