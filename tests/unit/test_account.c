/* SPDX-License-Identifier: Apache-2.0 */
/* Intents that wait for the ledger, the ledger's text, and who goes on with it (R16). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/notes.h"
#include "core/orchestrator/acting.h"

#define BASE  UINT64_C(1000)
#define LATER (1000 * MUSTER_SECOND)
#define S(n)  ((n)*MUSTER_SECOND)

static const char *const names[] = {"n1", "n2", "n3"};
static const struct muster_place place = {.count = 3, .voters = 3, .names = names};
static struct muster_config config;
static struct muster_acting a, heir;
static struct muster_acting_options options;
static struct muster_authority leader;
static struct muster_effects out;
static struct muster_why_not block;
static struct muster_end end;
static char room[4096];

static int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    muster_acting_options_basic(&options);
    muster_limits_defaults(&options.limits);
    muster_blast_defaults(&options.blast);
    options.limited = options.bounded = true;
    options.concurrent_max = 2;
    options.blast.share_ppm = MUSTER_PPM;
    leader = (struct muster_authority){.leads = true,
                                       .holds = true,
                                       .epoch = 4,
                                       .not_after = MUSTER_NEVER,
                                       .refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER};
    memset(&block, 0, sizeof block);
    muster_acting_init(&a, &config.recovery, &place, &options, BASE);
    muster_acting_init(&heir, &config.recovery, &place, &options, 2 * BASE);
    muster_blast_see(&a.blast, LATER, 3);
    muster_blast_see(&heir.blast, LATER, 3);
    return 0;
}

static struct muster_turn turn(muster_time now)
{
    out.count = out.used = 0;
    return (struct muster_turn){now, &leader, &out, MUSTER_TURN_NOTES_MAX};
}

static enum muster_result want(struct muster_acting *x, muster_time now, uint32_t action)
{
    struct muster_demand d = {.action = action, .holds = true, .cause = MUSTER_CAUSE_MANUAL};
    struct muster_turn t = turn(now);
    return muster_acting_consider(x, &t, &d, &block);
}

/* Time passes and attempts go, as an orchestrator's `advance` does it. */
static uint32_t advance(muster_time now)
{
    struct muster_turn t = turn(now);
    uint32_t ends = 0;
    muster_acting_release(&a, &t);
    for (uint32_t i = 0; (i = muster_acting_to_retry(&a, now, i)) < MUSTER_RUNS_MAX; i++)
        ends += muster_acting_retry(&a, &t, i, &end);
    return ends;
}

static const struct muster_effect *find(uint16_t kind, uint16_t note)
{
    for (uint32_t i = 0; i < out.count; i++)
        if (out.at[i].kind == kind && out.at[i].note == note)
            return &out.at[i];
    return NULL;
}

/* The ledger as it would be handed in, which counts as done. */
static struct muster_bytes account(muster_time now, uint64_t version)
{
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    assert_true(muster_acting_account(&a, now, &t));
    muster_acting_entrusted(&a, version);
    return muster_text_written(&t);
}

static void prepared_safe_mode(void)
{
    assert_int_equal(want(&a, LATER, 2), MUSTER_RESULT_SUCCESS);
    assert_non_null(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_PREPARED));
    assert_null(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_STARTED));
    assert_null(find(MUSTER_OUT_ACTION, 0));
    (void)account(LATER, 7);
}

static void starts_when_its_version_is_held_and_not_before(void **state)
{
    (void)state;
    prepared_safe_mode();
    leader.held = 6;
    assert_int_equal(advance(LATER + 1), 0);
    assert_null(find(MUSTER_OUT_ACTION, 0));
    leader.held = 7;
    assert_int_equal(advance(LATER + S(1)), 0);
    assert_non_null(find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_STARTED));
    const struct muster_effect *e = find(MUSTER_OUT_ACTION, 0);
    assert_non_null(e);
    assert_int_equal(e->tag, BASE);
    assert_int_equal(e->action.attempt, 1);
    assert_int_equal(advance(LATER + S(2)), 0); /* once */
    assert_null(find(MUSTER_OUT_ACTION, 0));
    assert_int_equal(a.run[0].record.began, LATER + S(1));
    assert_false(a.news);
}

static void version_of_another_epoch_starts_nothing(void **state)
{
    (void)state;
    prepared_safe_mode();
    leader.held = 100;
    leader.epoch = 5;
    (void)advance(LATER + 1);
    assert_null(find(MUSTER_OUT_ACTION, 0));
}

static void intent_without_a_version_is_not_held(void **state)
{
    (void)state;
    assert_int_equal(want(&a, LATER, 2), MUSTER_RESULT_SUCCESS);
    leader.held = 100;
    (void)advance(LATER + 1);
    assert_null(find(MUSTER_OUT_ACTION, 0));
}

static void local_action_waits_for_nothing(void **state)
{
    (void)state;
    assert_int_equal(want(&a, LATER, 0), MUSTER_RESULT_SUCCESS);
    assert_non_null(find(MUSTER_OUT_ACTION, 0));
    assert_false(a.news);
}

static void prepared_takes_part_in_concurrency(void **state)
{
    (void)state;
    a.options.concurrent_max = 1;
    prepared_safe_mode();
    assert_int_equal(want(&a, LATER, 1), MUSTER_RESULT_SKIPPED_CONCURRENCY);
    assert_false(muster_acting_idle(&a));
    assert_false(muster_acting_drained(&a));
}

static void ends_as_cancelled(muster_time now)
{
    assert_int_equal(advance(now), 1);
    const struct muster_effect *e = find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_ENDED);
    assert_non_null(e);
    assert_int_equal(e->arg[0], BASE);
    assert_int_equal(e->arg[2], MUSTER_RESULT_CANCELLED);
    assert_null(find(MUSTER_OUT_ACTION, 0));
    assert_null(find(MUSTER_OUT_CANCEL, 0));
    assert_true(muster_acting_drained(&a));
    assert_true(a.news); /* a successor may know that it was prepared */
}

static void rule_that_stops_it_meanwhile_cancels_it(void **state)
{
    for (int rule = 0; rule < 7; rule++) {
        set_up(state);
        prepared_safe_mode();
        leader.held = 7;
        leader.paused = rule == 0;
        leader.frozen = rule == 1;
        leader.draining = rule == 2;
        leader.leads = rule != 3;
        a.paused = rule == 4;
        a.dry_run = rule == 5;
        if (rule == 6)
            muster_blast_see(&a.blast, LATER + 1, 0);
        ends_as_cancelled(LATER + 1);
    }
}

static void loss_of_leadership_cancels_it(void **state)
{
    (void)state;
    prepared_safe_mode();
    struct muster_turn t = turn(LATER + 1);
    muster_acting_lost(&a, &t);
    assert_int_equal(muster_acting_again_at(&a), LATER + 1);
    leader.held = 7; /* too late */
    ends_as_cancelled(LATER + 1);
}

static void drain_cancels_it(void **state)
{
    (void)state;
    prepared_safe_mode();
    struct muster_turn t = turn(LATER + 1);
    muster_acting_drain(&a, &t);
    ends_as_cancelled(LATER + 1);
}

static void not_held_in_time_is_given_up(void **state)
{
    (void)state;
    prepared_safe_mode();
    muster_dur timeout = config.recovery.action[2].timeout;
    assert_int_equal(advance(LATER + timeout - 1), 0);
    assert_int_equal(muster_acting_again_at(&a), LATER + timeout);
    ends_as_cancelled(LATER + timeout);
}

static void answer_to_what_is_only_prepared_is_passed_over(void **state)
{
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .tag = BASE};
    (void)state;
    prepared_safe_mode();
    in.action.attempt = 1;
    struct muster_turn t = turn(LATER + 1);
    assert_int_equal(muster_acting_ended(&a, &t, &in, &end), MUSTER_STAGE_RUNS);
    assert_false(muster_acting_drained(&a));
}

static void limits_count_from_the_start(void **state)
{
    (void)state;
    prepared_safe_mode();
    leader.held = 7;
    (void)advance(LATER + S(5));
    assert_int_equal(muster_limits_used(&a.limits, LATER + S(3604), MUSTER_LIMIT_ACTIONS), 1);
    assert_int_equal(muster_limits_used(&a.limits, LATER + S(3605), MUSTER_LIMIT_ACTIONS), 0);
    assert_int_equal(muster_limits_used(&a.limits, LATER + S(86404), MUSTER_LIMIT_SAFE_MODE), 1);
    assert_int_equal(muster_limits_used(&a.limits, LATER + S(86405), MUSTER_LIMIT_SAFE_MODE), 0);
}

/* ---- the text ---- */

static void run_to_its_end(muster_time now)
{
    prepared_safe_mode();
    leader.held = 7;
    (void)advance(LATER);
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .tag = BASE};
    in.action.attempt = 1;
    struct muster_turn t = turn(now);
    assert_int_equal(muster_acting_ended(&a, &t, &in, &end), MUSTER_STAGE_ENDED);
}

static void text_tells_what_is_open_and_what_has_ended(void **state)
{
    (void)state;
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    assert_false(muster_acting_account(&a, LATER, &t));
    assert_int_equal(want(&a, LATER, 2), MUSTER_RESULT_SUCCESS);
    assert_true(muster_text_equal(
        account(LATER + S(2), 7),
        "ended 0 open 1 safe_mode 1000 storm 0 0 limits actions 1 0 safe_mode 1 0"));
    leader.held = 7;
    (void)advance(LATER);
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .tag = BASE};
    in.action.attempt = 1;
    struct muster_turn now = turn(LATER + S(10));
    (void)muster_acting_ended(&a, &now, &in, &end);
    assert_true(muster_text_equal(
        account(LATER + S(12), 8),
        "ended 1 safe_mode 2000 open 0 storm 0 0 limits actions 1 12000 safe_mode 1 12000"));
}

static muster_time free_from(muster_time now)
{
    return muster_cooldown_until(&heir.cooldowns, 2, now);
}

static void heir_goes_on_with_what_is_left_of_a_cooldown(void **state)
{
    (void)state;
    run_to_its_end(LATER + S(10));
    struct muster_bytes text = account(LATER + S(12), 8);
    muster_acting_take_over(&heir, S(50), text, S(30)); /* another clock */
    assert_int_equal(free_from(S(50)), S(50) + S(300 - 32));
    assert_int_equal(muster_limits_used(&heir.limits, S(50), MUSTER_LIMIT_ACTIONS), 1);
    assert_int_equal(muster_limits_used(&heir.limits, S(50 + 3600 - 42) - 1, MUSTER_LIMIT_ACTIONS),
                     1);
    assert_int_equal(muster_limits_used(&heir.limits, S(50 + 3600 - 42), MUSTER_LIMIT_ACTIONS), 0);
}

static void open_intent_counts_as_just_now_however_long_ago_it_was_read(void **state)
{
    (void)state;
    assert_int_equal(want(&a, LATER, 2), MUSTER_RESULT_SUCCESS);
    struct muster_bytes text = account(LATER + S(2), 7);
    muster_acting_take_over(&heir, S(5000), text, S(4000));
    assert_int_equal(free_from(S(5000)), S(5300));
    assert_int_equal(muster_limits_used(&heir.limits, S(5000 + 3599), MUSTER_LIMIT_ACTIONS), 1);
    heir.news = true;
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    assert_true(muster_acting_account(&heir, S(5001), &t)); /* its own intents alone are open */
    assert_true(muster_text_equal(
        muster_text_written(&t),
        "ended 1 safe_mode 1000 open 0 storm 0 0 limits actions 1 1000 safe_mode 1 1000"));
}

static void nothing_inherited_shortens_what_is_known(void **state)
{
    (void)state;
    run_to_its_end(LATER + S(10));
    struct muster_bytes text = account(LATER + S(12), 8);
    muster_acting_inherit(&heir, LATER, 2, 0);
    muster_acting_take_over(&heir, LATER, text, S(250));
    assert_int_equal(free_from(LATER), LATER + S(300));
}

static void storm_is_inherited_as_a_block(void **state)
{
    (void)state;
    muster_blast_see(&a.blast, LATER, 0);
    muster_acting_storm(&a);
    struct muster_bytes text = account(LATER, 1);
    assert_true(muster_text_equal(text, "ended 0 open 0 storm 1 0 limits actions 0 safe_mode 0"));
    muster_acting_take_over(&heir, LATER, text, 0);
    assert_int_equal(want(&heir, LATER, 2), MUSTER_RESULT_SKIPPED_BLAST_RADIUS);
}

static void action_of_another_config_is_passed_over(void **state)
{
    (void)state;
    muster_acting_take_over(&heir, LATER,
                            muster_text_bytes("ended 2 dance 5 safe_mode 7 open 1 sing 9 storm 0 0 "
                                              "limits actions 0 safe_mode 0"),
                            0);
    assert_int_equal(free_from(LATER), LATER + S(300) - 7 * MUSTER_MILLISECOND);
    assert_int_equal(muster_limits_used(&heir.limits, LATER, MUSTER_LIMIT_ACTIONS), 0);
}

static void malformed_text_counts_as_if_all_had_just_been_done(void **state)
{
    const char *whole = "ended 1 safe_mode 7 open 1 safe_mode 9 storm 0 0 limits actions 1 5 "
                        "safe_mode 0";
    for (size_t size = 0; size < strlen(whole); size++) {
        if (size > strlen(whole) - 1)
            break; /* a number that is cut is another number */
        set_up(state);
        muster_acting_take_over(&heir, LATER, (struct muster_bytes){(const uint8_t *)whole, size},
                                S(9000));
        assert_int_equal(free_from(LATER), LATER + S(300));
        assert_int_equal(want(&heir, LATER + S(301), 2), MUSTER_RESULT_SKIPPED_RATE_LIMIT);
    }
    set_up(state);
    muster_acting_take_over(&heir, LATER, muster_text_bytes(whole), S(9000));
    assert_int_equal(want(&heir, LATER + S(301), 2), MUSTER_RESULT_SUCCESS);
}

static void fullest_text_fits(void **state)
{
    (void)state;
    struct muster_recovery_config *r = &config.recovery;
    for (uint32_t i = r->action_count; i < MUSTER_ACTIONS_MAX; i++)
        r->action[i] = r->action[2];
    for (uint32_t i = 3; i < MUSTER_ACTIONS_MAX; i++) {
        memset(r->action[i].name, 'a' + (int)i % 26, MUSTER_NAME_MAX);
        r->action[i].name[0] = (char)('A' + (int)i % 26);
        r->action[i].scope = MUSTER_SCOPE_CLUSTER;
    }
    r->action_count = MUSTER_ACTIONS_MAX;
    options.concurrent_max = MUSTER_RUNS_MAX;
    options.limits.max_actions_per_hour = options.limits.max_safe_mode_entries_per_day = 64;
    options.bounded = false;
    muster_acting_init(&a, r, &place, &options, MUSTER_HISTORY_TAGS - 100);
    for (uint32_t i = 0; i < MUSTER_LIMIT_MAX; i++)
        muster_limits_count(&a.limits, LATER, true);
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        assert_int_equal(want(&a, LATER + S(3600), 3 + i), MUSTER_RESULT_SUCCESS);
    for (uint32_t i = 0; i < MUSTER_ACTIONS_MAX; i++)
        muster_acting_inherit(&a, LATER, i, 0);
    assert_true(account(LATER + S(86000), 1).size <= 3584); /* MUSTER_LEDGER_MAX */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(starts_when_its_version_is_held_and_not_before, set_up),
        cmocka_unit_test_setup(version_of_another_epoch_starts_nothing, set_up),
        cmocka_unit_test_setup(intent_without_a_version_is_not_held, set_up),
        cmocka_unit_test_setup(local_action_waits_for_nothing, set_up),
        cmocka_unit_test_setup(prepared_takes_part_in_concurrency, set_up),
        cmocka_unit_test_setup(rule_that_stops_it_meanwhile_cancels_it, set_up),
        cmocka_unit_test_setup(loss_of_leadership_cancels_it, set_up),
        cmocka_unit_test_setup(drain_cancels_it, set_up),
        cmocka_unit_test_setup(not_held_in_time_is_given_up, set_up),
        cmocka_unit_test_setup(answer_to_what_is_only_prepared_is_passed_over, set_up),
        cmocka_unit_test_setup(limits_count_from_the_start, set_up),
        cmocka_unit_test_setup(text_tells_what_is_open_and_what_has_ended, set_up),
        cmocka_unit_test_setup(heir_goes_on_with_what_is_left_of_a_cooldown, set_up),
        cmocka_unit_test_setup(open_intent_counts_as_just_now_however_long_ago_it_was_read, set_up),
        cmocka_unit_test_setup(nothing_inherited_shortens_what_is_known, set_up),
        cmocka_unit_test_setup(storm_is_inherited_as_a_block, set_up),
        cmocka_unit_test_setup(action_of_another_config_is_passed_over, set_up),
        cmocka_unit_test_setup(malformed_text_counts_as_if_all_had_just_been_done, set_up),
        cmocka_unit_test_setup(fullest_text_fits, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
