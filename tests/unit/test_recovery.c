/* SPDX-License-Identifier: Apache-2.0 */
/* The basic recovery orchestrator: conditions, rules, and why not. */
#include "tests/lib/recovery_fixture.h"

static void polls_come_once_an_interval(void **state)
{
    (void)state;
    assert_int_equal(muster_orchestrator_recovery.sample_at(&r), 0);
    assert_true(muster_recovery_poll(&r, 5));
    assert_int_equal(muster_orchestrator_recovery.sample_at(&r), 5 + 30 * MUSTER_SECOND);
    assert_false(muster_recovery_poll(&r, 5));
    assert_false(muster_recovery_poll(&r, 4 + 30 * MUSTER_SECOND));
    assert_true(muster_recovery_poll(&r, LATER));
    assert_int_equal(muster_orchestrator_recovery.sample_at(&r), LATER + 30 * MUSTER_SECOND);
}

static void conditions_hold_beyond_their_bounds_only(void **state)
{
    (void)state;
    static const struct {
        const char *health;
        int action; /* -1: none */
        const char *name, *reason;
    } rows[] = {
        {HEALTHY, -1, NULL, NULL},
        {"", -1, NULL, NULL},
        {"failed=0 circuit=OPEN open_s=300 failures_1h=0", -1, NULL, NULL},
        {"failed=0 circuit=OPEN failures_1h=0", -1, NULL, NULL},
        {"failed=0 circuit=HALF_OPEN open_s=301 failures_1h=0", -1, NULL, NULL},
        {"open_s=301", -1, NULL, NULL},
        {"circuit=OPEN open_s=301", 0, "circuit_restart", "circuit OPEN for 301s"},
        {"failures_1h=50", -1, NULL, NULL},
        {"failures_1h=51", 1, "cache_purge", "51 retry failures in 1h"},
        {"failed=1", -1, NULL, NULL},
        {"failed=2", 2, "safe_mode", "2 failed components"},
        {"component.a=FAILED component.b=?", -1, NULL, NULL},
        {"component.a=FAILED component.b=FAILED component.c=?", 2, "safe_mode",
         "2 failed components"},
        {"accuracy_ppm=800000", -1, NULL, NULL},
        {"accuracy_ppm=799999", 2, "safe_mode", "accuracy of 799999 ppm"},
        {"failed=3 accuracy_ppm=1", 2, "safe_mode", "3 failed components"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)set_up(state);
        cycle(1, rows[i].health, &leader);
        if (rows[i].action < 0) {
            assert_quiet();
            continue;
        }
        assert_data(assert_started(BASE, (uint64_t)rows[i].action, 0), rows[i].name, "n1",
                    rows[i].reason);
    }
}

static void scope_decides_on_epoch_and_not_after(void **state)
{
    (void)state;
    leader.not_after = 77;
    cycle(1, "failed=2", &leader);
    const struct muster_effect *e = assert_started(BASE, 2, 0);
    assert_int_equal(e->action.epoch, 4);
    assert_int_equal(e->action.not_after, 77);
    assert_int_equal(e->action.timeout, 10 * MUSTER_SECOND);
    (void)set_up(state);
    cycle(1, "failures_1h=51", &follower);
    e = assert_started(BASE, 1, 0);
    assert_int_equal(e->action.epoch, 0);
    assert_int_equal(e->action.not_after, 1 + 60 * MUSTER_SECOND);
}

static void cooldown_runs_from_the_end_also_after_a_failure(void **state)
{
    (void)state;
    const muster_time end = 5 * MUSTER_SECOND;
    const muster_time until = end + 300 * MUSTER_SECOND;
    cycle(1, "failures_1h=51", &follower);
    cycle(2, "failures_1h=51", &follower);
    assert_quiet(); /* it is being acted on: no why-not */
    ended(end, BASE, 1, MUSTER_RESULT_FAILED, &follower);
    assert_ended(BASE, 0, MUSTER_RESULT_FAILED, 1);
    const struct muster_history_record *record = muster_history_at(&r.acting.history, 0);
    assert_int_equal(record->began, 1);
    assert_int_equal(record->ended, end);
    assert_int_equal(r.acting.counts[MUSTER_RESULT_FAILED], 1);
    cycle(until - 1, "failures_1h=51", &follower);
    assert_skipped(
        MUSTER_RESULT_SKIPPED_COOLDOWN, 1, until,
        "cache_purge for n1 (51 retry failures in 1h): cleared by the end of the cooldown");
    cycle(until, "failures_1h=51", &follower);
    assert_started(BASE + 1, 1, 0);
}

static void why_not_is_noted_when_it_changes_and_counted_always(void **state)
{
    (void)state;
    cycle(1, "failed=2", &follower);
    assert_skipped(MUSTER_RESULT_SKIPPED_NOT_LEADER, 2, 0, NULL);
    cycle(2, "failed=2", &follower);
    assert_quiet();
    assert_int_equal(r.acting.counts[MUSTER_RESULT_SKIPPED_NOT_LEADER], 2);
    follower.refusal = MUSTER_RESULT_SKIPPED_NO_QUORUM;
    cycle(3, "failed=2", &follower);
    assert_skipped(MUSTER_RESULT_SKIPPED_NO_QUORUM, 2, 0, NULL);
    assert_int_equal(r.acting.latest[2].result, MUSTER_RESULT_SKIPPED_NO_QUORUM);
    cycle(4, "", &follower);
    cycle(5, "failed=2", &follower);
    assert_skipped(MUSTER_RESULT_SKIPPED_NO_QUORUM, 2, 0, NULL); /* told anew after the unknown */
    cycle(6, HEALTHY, &follower);
    cycle(7, "failed=2", &follower);
    assert_skipped(MUSTER_RESULT_SKIPPED_NO_QUORUM, 2, 0, NULL);
    follower.refusal = MUSTER_RESULT_SKIPPED_STORE_LOST;
    cycle(8, "failed=2", &follower);
    assert_skipped(MUSTER_RESULT_SKIPPED_STORE_LOST, 2, 0, NULL);
    const struct muster_history_record *last =
        muster_history_at(&r.acting.history, r.acting.history.next - 1);
    assert_int_equal(last->intent, 0);
    assert_int_equal(last->result, MUSTER_RESULT_SKIPPED_STORE_LOST);
}

static void each_rule_stops_an_action(void **state)
{
    (void)state;
    leader.not_after = 10;
    cycle(10, "failed=2", &leader);
    assert_skipped(MUSTER_RESULT_SKIPPED_NOT_LEADER, 2, 0, NULL);
    leader.not_after = MUSTER_NEVER;
    leader.draining = true;
    cycle(11, "failed=2", &leader);
    assert_skipped(MUSTER_RESULT_SKIPPED_PAUSED, 2, 0, NULL);
    leader.draining = false;
    config.recovery.action[2].enabled = false;
    cycle(12, "failed=2", &leader);
    assert_skipped(MUSTER_RESULT_SKIPPED_DISABLED, 2, 0, NULL);
    config.recovery.action[2].enabled = true;
    config.recovery.enabled = false;
    cycle(13, "failures_1h=51", &leader);
    assert_skipped(MUSTER_RESULT_SKIPPED_DISABLED, 1, 0, NULL);
    config.recovery.enabled = true;
    cycle(14, "circuit=OPEN open_s=301 failures_1h=51", &leader);
    assert_started(BASE, 0, 0);
    assert_int_equal(count_notes(MUSTER_NOTE_ACTION_SKIPPED), 1);
    assert_int_equal(r.acting.latest[1].result, MUSTER_RESULT_SKIPPED_CONCURRENCY);
}

static void the_leader_acts_for_fresh_members_in_turn(void **state)
{
    (void)state;
    config.recovery.action[2].cooldown = 0;
    subjects[0] = (struct muster_member_view){true, 9}; /* the own entry is not read */
    subjects[1] = (struct muster_member_view){true, 2};
    subjects[2] = (struct muster_member_view){true, 3};
    cycle(1, HEALTHY, &leader);
    assert_data(assert_started(BASE, 2, 1), "safe_mode", "n2", "2 failed components");
    assert_int_equal(r.subject[2].result, MUSTER_RESULT_SKIPPED_CONCURRENCY);
    ended(2, BASE, 1, MUSTER_RESULT_SUCCESS, &leader);
    cycle(3, HEALTHY, &leader);
    assert_started(BASE + 1, 2, 2);
    ended(4, BASE + 1, 1, MUSTER_RESULT_SUCCESS, &leader);
    subjects[1].fresh = false;
    subjects[2].failed_components = MUSTER_COUNT_UNKNOWN;
    cycle(5, HEALTHY, &leader);
    assert_quiet();
    assert_int_equal(r.subject[1].result, MUSTER_RESULT_SUCCESS);
    subjects[1].fresh = true;
    cycle(6, HEALTHY, &follower);
    assert_quiet(); /* the others are the leader's */
    config.recovery.action[2].scope = MUSTER_SCOPE_LOCAL;
    cycle(7, HEALTHY, &leader);
    assert_quiet();
}

static void a_trigger_needs_no_condition_but_obeys_the_rules(void **state)
{
    (void)state;
    trigger(1, "safe_mode", "x", &follower);
    assert_skipped(MUSTER_RESULT_SKIPPED_NOT_LEADER, 2, 0,
                   "safe_mode for n1 (manual: x): cleared by leadership of this member; else the "
                   "leader acts");
    trigger(2, "cache_purge", "a \"b\\\n\x7f\x1f\xff 0123456789012345678901234567", &follower);
    assert_data(assert_started(BASE, 1, 0), "cache_purge", "n1",
                "manual: a _b_____ 012345678901234567890");
    trigger(3, "circuit_restart", "", &follower);
    assert_skipped(MUSTER_RESULT_SKIPPED_CONCURRENCY, 0, 0,
                   "circuit_restart for n1 (manual): cleared by the end of the action that runs");
    trigger(4, "circuit_restart", "", &follower);
    assert_int_equal(count_notes(MUSTER_NOTE_ACTION_SKIPPED), 1); /* an operator hears each time */
    trigger(5, "purge", "", &follower);
    assert_skipped(MUSTER_RESULT_CONDITION_NOT_MET, MUSTER_ACTIONS_MAX, 0,
                   "unknown action for n1 (manual): cleared by the name of a configured action");
    assert_int_equal(muster_orchestrator_recovery.metrics(&r)[MUSTER_RESULT_CONDITION_NOT_MET], 1);
    assert_int_equal(muster_orchestrator_recovery.metrics(&r)[MUSTER_RESULT_SKIPPED_CONCURRENCY],
                     2);
    const struct muster_history_record *last =
        muster_history_at(&r.acting.history, r.acting.history.next - 1);
    assert_int_equal(last->result, MUSTER_RESULT_CONDITION_NOT_MET);
}

static void the_new_why_nots_of_a_cycle_are_bounded(void **state)
{
    (void)state;
    static const char *many_names[MUSTER_MEMBERS_MAX];
    static struct muster_member_view many[MUSTER_MEMBERS_MAX];
    struct muster_place all = {.index = 1, .count = MUSTER_MEMBERS_MAX, .voters = 3};
    all.names = many_names;
    for (uint32_t i = 0; i < MUSTER_MEMBERS_MAX; i++) {
        many_names[i] = "a-member-with-a-name-of-31-byte";
        many[i] = (struct muster_member_view){true, UINT64_MAX - 1};
    }
    init(&all, BASE);
    struct muster_health own;
    muster_health_parse(&own, muster_text_bytes("failed=2 circuit=OPEN open_s=301 failures_1h=51"));
    trigger(1, "cache_purge", "", &leader);
    uint32_t skips = 0;
    for (muster_time now = 2; now < 20; now++) {
        clear_out();
        struct muster_sight sight = {&own, many, MUSTER_MEMBERS_MAX};
        struct muster_turn t = turn(now, &leader);
        muster_recovery_cycle(&r, &t, &sight);
        assert_true(count_notes(MUSTER_NOTE_ACTION_SKIPPED) <= MUSTER_TURN_NOTES_MAX);
        assert_true(out.count <= EFFECTS_MAX);
        assert_true(out.used <= ROOM_MAX);
        skips += count_notes(MUSTER_NOTE_ACTION_SKIPPED);
    }
    assert_int_equal(skips, 1 + MUSTER_MEMBERS_MAX);
}

static void describe_says_what_runs_and_what_does_not(void **state)
{
    (void)state;
    char room[256];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_orchestrator_recovery.describe(&r, &t);
    assert_string_equal(room, "running=none mode=UNKNOWN vote=UNKNOWN durable=0");
    cycle(1, "failed=2 circuit=CLOSED failures_1h=51", &follower);
    muster_text_init(&t, room, sizeof room);
    muster_orchestrator_recovery.describe(&r, &t);
    assert_string_equal(room, "running=cache_purge subject=n1 intent=1000 attempt=1 mode=SAFE "
                              "vote=SAFE safe_mode=skipped_not_leader durable=0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(polls_come_once_an_interval, set_up),
        cmocka_unit_test_setup(conditions_hold_beyond_their_bounds_only, set_up),
        cmocka_unit_test_setup(scope_decides_on_epoch_and_not_after, set_up),
        cmocka_unit_test_setup(cooldown_runs_from_the_end_also_after_a_failure, set_up),
        cmocka_unit_test_setup(why_not_is_noted_when_it_changes_and_counted_always, set_up),
        cmocka_unit_test_setup(each_rule_stops_an_action, set_up),
        cmocka_unit_test_setup(the_leader_acts_for_fresh_members_in_turn, set_up),
        cmocka_unit_test_setup(a_trigger_needs_no_condition_but_obeys_the_rules, set_up),
        cmocka_unit_test_setup(the_new_why_nots_of_a_cycle_are_bounded, set_up),
        cmocka_unit_test_setup(describe_says_what_runs_and_what_does_not, set_up),
    };
    return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
