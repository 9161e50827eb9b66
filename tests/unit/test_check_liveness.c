/* SPDX-License-Identifier: Apache-2.0 */
/* Every shipped liveness property, by records made by hand: it fires, and is silent next to
 * that. */
#include "core/text.h"
#include "sim/check/registry.h"
#include "tests/lib/check_world.h"

#define BOUND (S(15 + 6) + 500 * 21 * MUSTER_MICROSECOND + MUSTER_MILLISECOND)
#define FIT   (S(15) + 500 * 15 * MUSTER_MICROSECOND + MUSTER_MILLISECOND)

static void a_leader_returns_within_the_bound(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_leader_returns);
    ELECTED(&w, S(20), 0, 1, 0xa, S(100));
    SEE(&w, S(50), 0, MUSTER_EVENT_CRASH, 0);
    w.down[0] = true;
    w.calm = S(50);
    ELECTED(&w, S(50) + BOUND, 1, 2, 0xb, S(200));
    finish(&w, S(100));
    holds(&w);
    open_world(&w, &muster_check_leader_returns);
    ELECTED(&w, S(20), 0, 1, 0xa, S(50)); /* runs out on a process that stands still */
    ELECTED(&w, S(50) + BOUND + MUSTER_MILLISECOND, 1, 2, 0xb, S(200));
    fires(&w, "elected too late: no leader for 21.012 s since 50.000 s, with a majority up "
              "and no fault; the bound is 21.011 s");
    open_world(&w, &muster_check_leader_returns);
    finish(&w, FIT + BOUND);
    holds(&w);
    finish(&w, FIT + BOUND + MUSTER_MILLISECOND);
    fires(&w, "at the end: no leader for 21.012 s since 15.008 s, with a majority up and no "
              "fault; the bound is 21.011 s");
}

static void nobody_owes_a_leader_without_calm_or_majority(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_leader_returns);
    w.calm = S(90);
    finish(&w, S(100));
    says_nothing(&w);
    open_world(&w, &muster_check_leader_returns);
    w.down[0] = w.down[1] = true;
    finish(&w, S(100));
    says_nothing(&w);
    open_world(&w, &muster_check_leader_returns);
    w.down[0] = true;
    SEE(&w, S(80), 1, MUSTER_EVENT_RESTART, 2);
    finish(&w, S(80) + FIT + BOUND - 1);
    says_nothing(&w);
    open_world(&w, &muster_check_leader_returns);
    SEE(&w, S(0), 0, MUSTER_EVENT_PAUSE, 0);
    SEE(&w, S(0), 1, MUSTER_EVENT_PAUSE, 0);
    finish(&w, S(100));
    says_nothing(&w);
}

static void quiet_times_keep_their_leader(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_leadership_stable);
    w.calm = S(50);
    SEE(&w, S(60), 0, NOTE_KIND(LEADER_LOST), 1, 0xa, MUSTER_LOST_DEADLINE);
    says_nothing(&w);
    SEE(&w, S(80), 0, NOTE_KIND(LEADER_LOST), 2, 0xb, MUSTER_LOST_SHUTDOWN);
    finish(&w, S(90));
    holds(&w);
    SEE(&w, S(90), 0, NOTE_KIND(LEADER_LOST), 3, 0xc, MUSTER_LOST_DEADLINE);
    fires(&w, "n1 lost epoch 3 (no majority echo within renew_deadline) 40.000 s after the "
              "last fault");
}

static void the_leader_lists_who_is_up(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_members_listed);
    SEE(&w, S(10), 0, NOTE_KIND(MEMBER_LIVE), 1);
    SEE(&w, S(10), 0, NOTE_KIND(MEMBER_LIVE), 2);
    ELECTED(&w, S(20), 0, 1, 0xa, S(1000));
    SEE(&w, S(30), 0, NOTE_KIND(MEMBER_GONE), 2);
    w.down[2] = true;
    finish(&w, S(40));
    holds(&w);
    w.down[2] = false;
    SEE(&w, S(50), 2, MUSTER_EVENT_RESTART, 2);
    finish(&w, S(60)); /* it has had no time yet */
    holds(&w);
    finish(&w, S(70));
    fires(&w, "n1 leads and does not list n3 as live, which has been up since 50.000 s");
}

static void actions_come_to_an_end(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_intents_end);
    STARTED(&w, S(1), 0, 5, 2, 0);
    ENDED(&w, S(50), 0, 5, MUSTER_RESULT_SUCCESS, 2);
    STARTED(&w, S(60), 1, 6, 2, 0);
    SEE(&w, S(61), 1, MUSTER_EVENT_CRASH, 0);
    STARTED(&w, S(70), 0, 7, 1, 0);
    finish(&w, S(70 + 2 * 61));
    holds(&w);
    finish(&w, S(70 + 2 * 61 + 1));
    fires(&w, "n1 started cache_purge (intent 7) at 70.000 s and it has no end after 123.000 "
              "s");
}

static void set_health(struct muster_world *w, muster_time t, uint16_t member, const char *text)
{
    show(w, (struct muster_record){.time = t,
                                   .process = member,
                                   .kind = MUSTER_EVENT_HEALTH_SET,
                                   .data = muster_text_bytes(text)});
}

static void faults_are_answered(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_faults_answered);
    ELECTED(&w, S(10), 0, 1, 0xa, S(10000));
    set_health(&w, S(20), 1, "system=FAILED failed=2 circuit=CLOSED");
    SEE(&w, S(80), 1, NOTE_KIND(ACTION_SKIPPED), MUSTER_RESULT_SKIPPED_NOT_LEADER, 2, 0, 1);
    set_health(&w, S(100), 2, "failed=0 circuit=OPEN");
    STARTED(&w, S(420), 2, 5, 0, 2);
    set_health(&w, S(430), 2, "failed=0 circuit=CLOSED failures_1h=51");
    set_health(&w, S(480), 2, "failed=0 circuit=CLOSED failures_1h=50"); /* too short to be owed */
    finish(&w, S(490));
    holds(&w);
    set_health(&w, S(500), 2, "accuracy_ppm=799999");
    STARTED(&w, S(505), 0, 6, 2, 1); /* for another member */
    finish(&w, S(570));
    fires(&w, "n3 has called for safe_mode since 500.000 s: neither was it started nor is it "
              "said why not");
}

static void an_open_circuit_is_owed_an_answer_only_after_its_bound(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_faults_answered);
    ELECTED(&w, S(10), 0, 1, 0xa, S(10000));
    set_health(&w, S(20), 0, "circuit=OPEN");
    finish(&w, S(20 + 301 + 60));
    says_nothing(&w);
    set_health(&w, S(400), 0, "circuit=CLOSED"); /* over, but it was never answered */
    fires(&w, "n1 has called for circuit_restart since 321.000 s: neither was it started nor "
              "is it said why not");
}

static void every_property_says_what_it_is(void **state)
{
    (void)state;
    for (uint32_t i = 0; muster_builtin_properties[i]; i++) {
        const struct muster_property *p = muster_builtin_properties[i];
        assert_true(strlen(p->rule) > 20 && strlen(p->explain) > 200);
        assert_non_null(p->see);
        assert_true(p->by_default == (p->class == MUSTER_SAFETY));
        for (uint32_t q = 0; q < i; q++)
            assert_string_not_equal(p->name, muster_builtin_properties[q]->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leader_returns_within_the_bound),
        cmocka_unit_test(nobody_owes_a_leader_without_calm_or_majority),
        cmocka_unit_test(quiet_times_keep_their_leader),
        cmocka_unit_test(the_leader_lists_who_is_up),
        cmocka_unit_test(actions_come_to_an_end),
        cmocka_unit_test(faults_are_answered),
        cmocka_unit_test(an_open_circuit_is_owed_an_answer_only_after_its_bound),
        cmocka_unit_test(every_property_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
