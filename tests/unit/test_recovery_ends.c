/* SPDX-License-Identifier: Apache-2.0 */
/* The basic recovery orchestrator: retries, lost leases, and one end an intent. */
#include "tests/lib/recovery_fixture.h"

static void retries_keep_the_intent_and_end_once(void **state)
{
    (void)state;
    config.recovery.action[2].max_retries = 2;
    cycle(1, "failed=2", &leader);
    assert_started(BASE, 2, 0);
    leader.not_after = LATER;
    ended(2, BASE, 1, MUSTER_RESULT_FAILED, &leader);
    const struct muster_effect *e = find(MUSTER_OUT_ACTION, 0);
    assert_non_null(e);
    assert_int_equal(out.count, 1);
    assert_int_equal(e->tag, BASE);
    assert_int_equal(e->action.attempt, 2);
    assert_int_equal(e->action.not_after, LATER);
    ended(3, BASE, 1, MUSTER_RESULT_FAILED, &leader);
    ended(3, BASE + 1, 2, MUSTER_RESULT_FAILED, &leader);
    assert_int_equal(out.count, 0); /* not ours, not this attempt */
    ended(4, BASE, 2, MUSTER_RESULT_TIMED_OUT, &leader);
    assert_int_equal(find(MUSTER_OUT_ACTION, 0)->action.attempt, 3);
    ended(5, BASE, 3, MUSTER_RESULT_TIMED_OUT, &leader);
    assert_ended(BASE, 4, MUSTER_RESULT_TIMED_OUT, 2);
    ended(6, BASE, 3, MUSTER_RESULT_SUCCESS, &leader);
    assert_int_equal(out.count, 0);
    assert_int_equal(muster_history_at(&r.acting.history, 0)->attempts, 3);
}

static void no_retry_without_the_very_authority(void **state)
{
    (void)state;
    for (int i = 0; i < 7; i++) {
        (void)set_up(state);
        config.recovery.action[2].max_retries = 2;
        cycle(1, "failed=2", &leader);
        uint64_t result = MUSTER_RESULT_FAILED;
        switch (i) {
        case 0:
            leader.epoch++;
            break;
        case 1:
            leader = follower;
            break;
        case 2:
            leader.draining = true;
            break;
        case 3:
            lost(&follower);
            break;
        case 4:
            result = MUSTER_RESULT_UNKNOWN;
            break;
        case 5:
            result = MUSTER_RESULT_FENCED;
            break;
        default:
            leader.not_after = 2;
            break;
        }
        ended(2, BASE, 1, result, &leader);
        assert_ended(BASE, 4, result, 2);
    }
    (void)set_up(state);
    config.recovery.action[1].max_retries = 1;
    cycle(1, "failures_1h=51", &follower);
    ended(2, BASE, 1, MUSTER_RESULT_FAILED, &follower);
    assert_int_equal(find(MUSTER_OUT_ACTION, 0)->action.attempt, 2); /* local: no lease needed */
}

static void an_impossible_result_is_unknown(void **state)
{
    (void)state;
    cycle(1, "failed=2", &leader);
    ended(2, BASE, 1, MUSTER_RESULT_SKIPPED_COOLDOWN, &leader);
    assert_ended(BASE, 4, MUSTER_RESULT_UNKNOWN, 2);
}

static void losing_the_lease_cancels_cluster_actions_once(void **state)
{
    (void)state;
    clear_out();
    lost(&follower);
    assert_int_equal(out.count, 0);
    cycle(1, "failed=2", &leader);
    assert_false(muster_acting_drained(&r.acting));
    clear_out();
    lost(&follower);
    lost(&follower);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.at[0].kind, MUSTER_OUT_CANCEL);
    assert_int_equal(out.at[0].tag, BASE);
    ended(2, BASE, 1, MUSTER_RESULT_CANCELLED, &follower);
    assert_ended(BASE, 4, MUSTER_RESULT_CANCELLED, 2);
    cycle(3, "failures_1h=51", &follower);
    clear_out();
    lost(&follower);
    assert_int_equal(out.count, 0);
}

static void success_of_safe_mode_cascades(void **state)
{
    (void)state;
    cycle(1, "accuracy_ppm=0", &leader);
    assert_int_equal(r.fallback.mode, MUSTER_MODE_UNKNOWN);
    ended(2, BASE, 1, MUSTER_RESULT_SUCCESS, &leader);
    assert_int_equal(r.fallback.mode, MUSTER_MODE_SAFE);
    assert_int_equal(count_notes(MUSTER_NOTE_FALLBACK), 1);
    (void)set_up(state);
    cycle(1, "accuracy_ppm=0", &leader);
    ended(2, BASE, 1, MUSTER_RESULT_FAILED, &leader);
    assert_int_equal(r.fallback.mode, MUSTER_MODE_UNKNOWN);
    trigger(3, "cache_purge", "", &leader);
    ended(4, BASE + 1, 1, MUSTER_RESULT_SUCCESS, &leader);
    assert_int_equal(r.fallback.mode, MUSTER_MODE_UNKNOWN);
}

static void what_ended_is_saved_and_saved_again_after_a_failure(void **state)
{
    (void)state;
    cycle(1, "failures_1h=51", &follower);
    ended(2, BASE, 1, MUSTER_RESULT_SUCCESS, &follower);
    struct muster_input in = {.kind = MUSTER_IN_DISK, .status = MUSTER_STATUS_IOERROR};
    in.tag = out.at[out.count - 1].tag;
    assert_int_equal(out.at[out.count - 1].disk.operation, MUSTER_DISK_SYNC);
    assert_true(muster_history_owns(in.tag));
    assert_false(muster_history_owns(BASE));
    clear_out();
    muster_orchestrator_recovery.disk(&r, &in, &out);
    assert_int_equal(out.count, 0);
    cycle(3, HEALTHY, &follower);
    in.tag = out.at[out.count - 1].tag;
    in.status = MUSTER_STATUS_OK;
    clear_out();
    muster_orchestrator_recovery.disk(&r, &in, &out);
    assert_int_equal(count_notes(MUSTER_NOTE_HISTORY_DURABLE), 1);
    assert_int_equal(out.at[0].arg[0], BASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(retries_keep_the_intent_and_end_once, set_up),
        cmocka_unit_test_setup(no_retry_without_the_very_authority, set_up),
        cmocka_unit_test_setup(an_impossible_result_is_unknown, set_up),
        cmocka_unit_test_setup(losing_the_lease_cancels_cluster_actions_once, set_up),
        cmocka_unit_test_setup(success_of_safe_mode_cascades, set_up),
        cmocka_unit_test_setup(what_ended_is_saved_and_saved_again_after_a_failure, set_up),
    };
    return cmocka_run_group_tests_name("recovery_ends", tests, NULL, NULL);
}
