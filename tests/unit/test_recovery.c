/* SPDX-License-Identifier: Apache-2.0 */
/* The basic recovery orchestrator: conditions, rules, retries, why not, and one end an intent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/flat.h"
#include "core/notes.h"
#include "core/orchestrator/recovery.h"

#define EFFECTS_MAX 32 /* of one call, and bytes of room */
#define ROOM_MAX    8192
#define BASE        UINT64_C(1000)
#define MEMBERS     3
#define HEALTHY     "failed=0 circuit=CLOSED failures_1h=0"
#define LATER       (1000 * MUSTER_SECOND)

static const char *const names[] = {"n1", "n2", "n3"};
static const struct muster_place place = {.index = 0,
                                          .count = MEMBERS,
                                          .voters = 3,
                                          .names = names};
static struct muster_config config;
static struct muster_recovery r;
static struct muster_member_view subjects[MEMBERS];
static struct muster_authority leader, follower;
static struct muster_effects out;

static void init(const struct muster_place *where, uint64_t intent_base)
{
    struct muster_acting_options options;
    muster_acting_options_basic(&options);
    muster_recovery_init(&r, &config.recovery, where, &options, intent_base);
}

static struct muster_turn turn(muster_time now, const struct muster_authority *a)
{
    return (struct muster_turn){now, a, &out, MUSTER_TURN_NOTES_MAX};
}

static void lost(const struct muster_authority *a)
{
    struct muster_turn t = turn(0, a);
    muster_acting_lost(&r.acting, &t);
}

static int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    init(&place, BASE);
    memset(subjects, 0, sizeof subjects);
    leader = (struct muster_authority){.leads = true, .epoch = 4, .not_after = MUSTER_NEVER};
    follower = (struct muster_authority){.refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER, .epoch = 4};
    memset(&out, 0, sizeof out);
    return 0;
}

static void clear_out(void)
{
    out.count = 0;
    out.used = 0;
}

static void cycle(muster_time now, const char *health, const struct muster_authority *a)
{
    struct muster_health own;
    muster_health_parse(&own, muster_text_bytes(health));
    clear_out();
    struct muster_sight sight = {&own, subjects, MEMBERS};
    struct muster_turn t = turn(now, a);
    muster_recovery_cycle(&r, &t, &sight);
}

static void ended(muster_time now, uint64_t intent, uint64_t attempt, uint64_t result,
                  const struct muster_authority *a)
{
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .now = now, .tag = intent};
    in.action.attempt = attempt;
    in.action.result = result;
    clear_out();
    struct muster_turn t = turn(now, a);
    muster_recovery_ended(&r, &t, &in);
}

static void trigger(muster_time now, const char *action, const char *reason,
                    const struct muster_authority *a)
{
    char text[256];
    snprintf(text, sizeof text, "%s %s", action, reason);
    struct muster_turn t = turn(now, a);
    clear_out();
    muster_recovery_trigger(&r, &t, muster_text_bytes(text));
}

static uint32_t count_notes(uint16_t note)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < out.count; i++)
        count += out.at[i].kind == MUSTER_OUT_NOTE && out.at[i].note == note;
    return count;
}

static const struct muster_effect *find(uint16_t kind, uint16_t note)
{
    for (uint32_t i = 0; i < out.count; i++) {
        if (out.at[i].kind == kind && out.at[i].note == note)
            return &out.at[i];
    }
    return NULL;
}

/* Exactly one action was handed out, with its note when it is the first attempt. */
static const struct muster_effect *assert_started(uint64_t intent, uint64_t action,
                                                  uint64_t subject)
{
    const struct muster_effect *e = find(MUSTER_OUT_ACTION, 0);
    const struct muster_effect *note = find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_STARTED);
    assert_non_null(e);
    assert_non_null(note);
    assert_int_equal(e->tag, intent);
    assert_int_equal(e->action.attempt, 1);
    assert_int_equal(note->arg[0], intent);
    assert_int_equal(note->arg[1], e->action.epoch);
    assert_int_equal(note->arg[2], action);
    assert_int_equal(note->arg[3], subject);
    return e;
}

static void assert_ended(uint64_t intent, uint64_t epoch, uint64_t result, uint64_t action)
{
    const struct muster_effect *note = find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_ENDED);
    assert_non_null(note);
    assert_int_equal(count_notes(MUSTER_NOTE_ACTION_ENDED), 1);
    assert_int_equal(note->arg[0], intent);
    assert_int_equal(note->arg[1], epoch);
    assert_int_equal(note->arg[2], result);
    assert_int_equal(note->arg[3], action);
    assert_null(find(MUSTER_OUT_ACTION, 0));
    assert_true(muster_acting_drained(&r.acting));
}

/* Exactly one why-not, and nothing handed out. */
static void assert_skipped(uint64_t result, uint64_t action, uint64_t until, const char *text)
{
    const struct muster_effect *note = find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_SKIPPED);
    assert_non_null(note);
    assert_int_equal(count_notes(MUSTER_NOTE_ACTION_SKIPPED), 1);
    assert_int_equal(note->arg[0], result);
    assert_int_equal(note->arg[1], action);
    assert_int_equal(note->arg[2], until);
    assert_null(find(MUSTER_OUT_ACTION, 0));
    if (text) {
        assert_int_equal(note->data.size, strlen(text));
        assert_memory_equal(note->data.at, text, note->data.size);
    }
}

static void assert_data(const struct muster_effect *e, const char *action, const char *subject,
                        const char *reason)
{
    struct muster_flat_reader reader;
    struct muster_flat_value v;
    muster_flat_reader_init(&reader, e->data);
    assert_int_equal(muster_flat_next(&reader, &v), 0);
    assert_int_equal(v.count, 3);
    assert_int_equal(muster_flat_next(&reader, &v), 0);
    assert_true(muster_text_equal(v.bytes, action));
    assert_int_equal(muster_flat_next(&reader, &v), 0);
    assert_true(muster_text_equal(v.bytes, subject));
    assert_int_equal(muster_flat_next(&reader, &v), 0);
    assert_true(muster_text_equal(v.bytes, reason));
    assert_int_equal(muster_flat_next(&reader, &v), MUSTER_E_NOTFOUND);
}

static void assert_quiet(void)
{
    assert_null(find(MUSTER_OUT_ACTION, 0));
    assert_int_equal(count_notes(MUSTER_NOTE_ACTION_SKIPPED), 0);
    assert_int_equal(count_notes(MUSTER_NOTE_ACTION_STARTED), 0);
}

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
    assert_int_equal(r.acting.counts[MUSTER_RESULT_CONDITION_NOT_MET], 1);
    assert_int_equal(r.acting.counts[MUSTER_RESULT_SKIPPED_CONCURRENCY], 2);
    const struct muster_history_record *last =
        muster_history_at(&r.acting.history, r.acting.history.next - 1);
    assert_int_equal(last->result, MUSTER_RESULT_CONDITION_NOT_MET);
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
        cmocka_unit_test_setup(retries_keep_the_intent_and_end_once, set_up),
        cmocka_unit_test_setup(no_retry_without_the_very_authority, set_up),
        cmocka_unit_test_setup(an_impossible_result_is_unknown, set_up),
        cmocka_unit_test_setup(losing_the_lease_cancels_cluster_actions_once, set_up),
        cmocka_unit_test_setup(the_leader_acts_for_fresh_members_in_turn, set_up),
        cmocka_unit_test_setup(success_of_safe_mode_cascades, set_up),
        cmocka_unit_test_setup(a_trigger_needs_no_condition_but_obeys_the_rules, set_up),
        cmocka_unit_test_setup(what_ended_is_saved_and_saved_again_after_a_failure, set_up),
        cmocka_unit_test_setup(the_new_why_nots_of_a_cycle_are_bounded, set_up),
        cmocka_unit_test_setup(describe_says_what_runs_and_what_does_not, set_up),
    };
    return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
