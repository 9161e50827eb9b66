/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the enhanced orchestrator: each holds on the edge and fires beyond it. */
#include "tests/lib/check_world.h"

#include "core/flat.h"
#include "sim/check/orders.h"

enum { PURGE = 1, SAFE_MODE = 2, ENTER = 3, LAUNCH = 0 };

static struct muster_enhanced_config enhanced;

static void open_enhanced(struct muster_world *w, const struct muster_property *property)
{
    open_world(w, property);
    struct muster_recovery_config *r = &w->config.recovery;
    r->action_count = 0;
    static const char *const names[] = {"circuit_restart", "cache_purge", "safe_mode",
                                        "enter_safe_mode"};
    for (uint32_t i = 0; i < 4; i++)
        snprintf(r->action[r->action_count++].name, MUSTER_NAME_MAX + 1, "%s", names[i]);
    muster_enhanced_config_defaults(&enhanced, r);
    w->config.enhanced = &enhanced;
    if (property->init)
        property->init(w->memory, w);
}

static void told(struct muster_world *w, uint64_t verb, const char *text)
{
    struct muster_record r = {.time = w->now, .kind = TOLD};
    r.arg[0] = verb;
    r.data = muster_text_bytes(text);
    w->property->see(w->memory, w, &r);
}

static void handed_out(struct muster_world *w, uint64_t intent, const char *action)
{
    uint8_t room[64];
    struct muster_flat_writer f;
    muster_flat_writer_init(&f, room, sizeof room);
    muster_flat_array(&f, 1);
    muster_flat_text(&f, MUSTER_FLAT_BULK, action);
    struct muster_record r = {.time = w->now, .kind = HANDED_OUT, .tag = intent};
    r.arg[1] = 1;
    r.data = muster_flat_written(&f);
    w->property->see(w->memory, w, &r);
}

static void came_back(struct muster_world *w, uint64_t intent, enum muster_result result)
{
    struct muster_record r = {.time = w->now, .kind = CAME_BACK, .tag = intent};
    r.arg[0] = result;
    w->property->see(w->memory, w, &r);
}

static void phase_follows_orders_and_deeds(void **state)
{
    struct muster_world w;
    (void)state;
    open_enhanced(&w, &muster_check_phase_restrictions_kept);
    uint32_t safe = muster_phase_find(&enhanced.phases, muster_text_bytes("SAFE_MODE"));
    enhanced.restricted[safe] = 1u << PURGE;
    handed_out(&w, 1, "cache_purge");
    handed_out(&w, 2, "no_such_action");
    told(&w, MUSTER_VERB_PHASE, "PAYLOAD_OPS"); /* may not follow */
    told(&w, MUSTER_VERB_TRIGGER, "SAFE_MODE"); /* another verb */
    handed_out(&w, 3, "enter_safe_mode");
    came_back(&w, 3, MUSTER_RESULT_FAILED);
    handed_out(&w, 4, "cache_purge");
    holds(&w);
    came_back(&w, 3, MUSTER_RESULT_SUCCESS);
    handed_out(&w, 5, "cache_purge");
    fires(&w, "n1 handed cache_purge out (intent 5) in SAFE_MODE, which does not allow it");
    open_enhanced(&w, &muster_check_phase_restrictions_kept);
    enhanced.phases.phase[safe].forbidden = 1u << PURGE;
    told(&w, MUSTER_VERB_PHASE, "SAFE_MODE");
    SEE(&w, S(1), 0, MUSTER_EVENT_RESTART, 0); /* begins in LAUNCH again */
    handed_out(&w, 1, "cache_purge");
    holds(&w);
    told(&w, MUSTER_VERB_PHASE, "SAFE_MODE");
    handed_out(&w, 2, "cache_purge");
    fires(&w, "n1 handed cache_purge out (intent 2) in SAFE_MODE, which does not allow it");
}

static void dry_run_is_what_was_ordered(void **state)
{
    struct muster_world w;
    (void)state;
    open_enhanced(&w, &muster_check_dry_run_runs_nothing);
    handed_out(&w, 1, "cache_purge");
    told(&w, MUSTER_VERB_DRY_RUN, "on");
    told(&w, MUSTER_VERB_DRY_RUN, "off");
    handed_out(&w, 2, "cache_purge");
    told(&w, MUSTER_VERB_DRY_RUN, "on");
    SEE(&w, S(1), 0, NOTE_KIND(ACTION_SKIPPED), MUSTER_RESULT_SKIPPED_DRY_RUN);
    holds(&w);
    handed_out(&w, 3, "cache_purge");
    fires(&w, "n1 handed intent 3 out (attempt 1) in dry run");
}

static void hour_and_day_slide(void **state)
{
    struct muster_world w;
    (void)state;
    open_enhanced(&w, &muster_check_limits_kept);
    enhanced.acting.limits.max_actions_per_hour = 2;
    STARTED(&w, S(10), 0, 1, PURGE, 0);
    STARTED(&w, S(20), 0, 2, PURGE, 0);
    STARTED(&w, S(20), 1, 3, PURGE, 0); /* another process */
    STARTED(&w, S(3610), 0, 4, PURGE, 0);
    holds(&w);
    STARTED(&w, S(3620) - 1, 0, 5, PURGE, 0);
    fires(&w, "n1 started intent 5 beyond 'max_actions_per_hour: 2'");
    open_enhanced(&w, &muster_check_limits_kept);
    enhanced.acting.limits.max_safe_mode_entries_per_day = 1;
    STARTED(&w, S(10), 0, 1, SAFE_MODE, 0);
    STARTED(&w, S(11), 0, 2, PURGE, 0);
    STARTED(&w, S(86410), 0, 3, ENTER, 0);
    SEE(&w, S(86411), 0, MUSTER_EVENT_RESTART, 0); /* not known any more */
    STARTED(&w, S(86412), 0, 4, ENTER, 0);
    holds(&w);
    STARTED(&w, S(86413), 0, 5, SAFE_MODE, 0);
    fires(&w, "n1 started intent 5 beyond 'max_safe_mode_entries_per_day: 1'");
    open_enhanced(&w, &muster_check_limits_kept);
    enhanced.acting.limits.max_actions_per_hour = 0;
    STARTED(&w, S(10), 0, 1, PURGE, 0);
    fires(&w, "n1 started intent 1 beyond 'max_actions_per_hour: 0'");
}

static void share_counts_targets_and_a_storm_stops_all(void **state)
{
    struct muster_world w;
    (void)state;
    open_enhanced(&w, &muster_check_blast_radius_kept);
    enhanced.acting.bounded = true;
    STARTED(&w, S(1), 0, 1, PURGE, 0);
    SEE(&w, S(1), 0, NOTE_KIND(ACTION_STARTED), 2, 4, PURGE, 0); /* the same target */
    ENDED(&w, S(2), 0, 1, MUSTER_RESULT_SUCCESS, PURGE);
    ENDED(&w, S(2), 0, 2, MUSTER_RESULT_SUCCESS, PURGE);
    SEE(&w, S(3), 0, NOTE_KIND(ACTION_STARTED), 3, 4, PURGE, 2);
    holds(&w);
    SEE(&w, S(3), 0, NOTE_KIND(ACTION_STARTED), 4, 4, PURGE, 1);
    fires(&w, "n1 started intent 4: 2 targets are under recovery, at most 1 may be");
    open_enhanced(&w, &muster_check_blast_radius_kept);
    enhanced.acting.bounded = true;
    SEE(&w, S(1), 0, NOTE_KIND(STORM), MUSTER_STORM_ON);
    SEE(&w, S(2), 0, NOTE_KIND(STORM), MUSTER_STORM_ACKNOWLEDGED);
    STARTED(&w, S(3), 0, 1, PURGE, 0);
    holds(&w);
    SEE(&w, S(4), 0, NOTE_KIND(STORM), MUSTER_STORM_OVER);
    SEE(&w, S(5), 0, NOTE_KIND(ACTION_STARTED), 2, 4, PURGE, 0);
    fires(&w, "n1 started intent 2 in a storm");
}

static void concurrency_follows_the_config_and_verification_runs_nothing(void **state)
{
    struct muster_world w;
    (void)state;
    open_enhanced(&w, &muster_check_concurrency_kept);
    enhanced.acting.concurrent_max = 2;
    STARTED(&w, S(1), 0, 1, PURGE, 0);
    STARTED(&w, S(1), 0, 2, SAFE_MODE, 0);
    came_back(&w, 1, MUSTER_RESULT_SUCCESS); /* being verified */
    STARTED(&w, S(2), 0, 3, ENTER, 0);
    came_back(&w, 2, MUSTER_RESULT_FAILED); /* may be tried again */
    holds(&w);
    STARTED(&w, S(3), 0, 4, PURGE, 0);
    fires(&w, "n1 started intent 4 while its intent 3 still runs");
}

#define FAULT "type=power_fault severity_ppm=700000"
#define OWED                                                                                       \
    "n1 was told of power_fault, which has called for safe_mode since 20.000 s: neither was it "   \
    "started nor does a rule that lasts forbid it"

/* n1 leads, and safe_mode is the first step for a power fault. */
static void open_mission(struct muster_world *w)
{
    open_enhanced(w, &muster_check_anomalies_answered);
    snprintf(enhanced.policy[0].type, sizeof enhanced.policy[0].type, "power_fault");
    enhanced.policy[0].severity_threshold_ppm = 700000;
    enhanced.policy[0].count = enhanced.policy_count = enhanced.step_count = 1;
    enhanced.step[0].action = SAFE_MODE;
    ELECTED(w, S(10), 0, 1, 0xa, S(10000));
    w->now = S(20);
}

static void said(struct muster_world *w, muster_time t, uint16_t kind, uint64_t a, uint64_t b,
                 uint64_t c, const char *text)
{
    struct muster_record r = {.time = t, .kind = kind, .arg = {a, b, c}};
    r.data = muster_text_bytes(text);
    show(w, r);
}

static void anomaly_is_owed_an_action_once_nothing_holds_it_up(void **state)
{
    struct muster_world w;
    (void)state;
    open_mission(&w);
    told(&w, MUSTER_VERB_ANOMALY, FAULT);
    said(&w, S(20), NOTE_KIND(ACTION_SKIPPED), MUSTER_RESULT_SKIPPED_CONCURRENCY, SAFE_MODE, 0,
         "safe_mode for n1 (power_fault): cleared by the end of what runs");
    said(&w, S(21), NOTE_KIND(ACTION_STARTED), 7, 0, SAFE_MODE, "manual"); /* for somebody else */
    finish(&w, S(60));
    said(&w, S(61), NOTE_KIND(ACTION_ENDED), 7, 0, 0, "");
    finish(&w, S(81));
    says_nothing(&w);
    finish(&w, S(82));
    fires(&w, OWED);
}

static void anomaly_is_answered_by_a_start_or_a_rule_that_lasts(void **state)
{
    struct muster_world w;
    (void)state;
    open_mission(&w);
    told(&w, MUSTER_VERB_ANOMALY, FAULT);
    said(&w, S(21), NOTE_KIND(ACTION_PREPARED), 7, 0, SAFE_MODE, "power_fault of severity 700000");
    said(&w, S(22), NOTE_KIND(ACTION_ENDED), 7, 0, 0, "");
    finish(&w, S(100));
    holds(&w);
    open_mission(&w);
    told(&w, MUSTER_VERB_ANOMALY, FAULT);
    said(&w, S(21), NOTE_KIND(ACTION_SKIPPED), MUSTER_RESULT_SKIPPED_COOLDOWN, SAFE_MODE, 0,
         "safe_mode for n1 (power_fault of severity 700000 ppm): cleared by the end of it");
    finish(&w, S(100));
    holds(&w);
}

static void answer_is_for_the_anomaly_and_for_the_action(void **state)
{
    static const char *const others[] = {"power_faults", "a_power_fault", "power"};
    struct muster_world w;
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        open_mission(&w);
        told(&w, MUSTER_VERB_ANOMALY, FAULT);
        said(&w, S(21), NOTE_KIND(ACTION_STARTED), 7, 0, SAFE_MODE, others[i]);
        said(&w, S(22), NOTE_KIND(ACTION_ENDED), 7, 0, 0, "");
        said(&w, S(23), NOTE_KIND(ACTION_STARTED), 8, 0, PURGE, "power_fault");
        said(&w, S(24), NOTE_KIND(ACTION_ENDED), 8, 0, 0, "");
        finish(&w, S(60));
        fires(&w, OWED);
    }
}

static void nothing_is_owed_by_who_may_not_act(void **state)
{
    struct muster_world w;
    (void)state;
    open_mission(&w);
    told(&w, MUSTER_VERB_ANOMALY, "type=power_fault severity_ppm=699999");
    told(&w, MUSTER_VERB_ANOMALY, "type=power_fault severity_ppm=x");
    told(&w, MUSTER_VERB_ANOMALY, "type=gremlins severity_ppm=900000"); /* no policy */
    finish(&w, S(100));
    told(&w, MUSTER_VERB_ANOMALY, FAULT);
    SEE(&w, S(101), 0, NOTE_KIND(PAUSE_ASKED), 1);
    finish(&w, S(200));
    SEE(&w, S(200), 0, NOTE_KIND(PAUSE_DURABLE), 0);
    finish(&w, S(219));
    SEE(&w, S(219), 0, NOTE_KIND(LEADER_LOST), 1);
    finish(&w, S(300));
    ELECTED(&w, S(390), 0, 2, 0xb, S(10000)); /* it is over at 400 s */
    finish(&w, S(500));
    says_nothing(&w);
    open_mission(&w);
    told(&w, MUSTER_VERB_ANOMALY, FAULT);
    SEE(&w, S(21), 0, NOTE_KIND(DRAINING), 0);
    finish(&w, S(100));
    says_nothing(&w);
}

static void what_the_phase_has_decided_is_owed(void **state)
{
    struct muster_world w;
    (void)state;
    open_mission(&w);
    enhanced.phases_decide = true;
    enhanced.phases.action_of[MUSTER_DECISION_ESCALATE_SAFE_MODE] = SAFE_MODE;
    enhanced.phases.action_of[MUSTER_DECISION_LOG_ONLY] = MUSTER_NAME_NONE;
    told(&w, MUSTER_VERB_ANOMALY, FAULT);
    said(&w, S(20), NOTE_KIND(ANOMALY), MUSTER_DECISION_LOG_ONLY, 0, 0, "power_fault");
    finish(&w, S(100));
    says_nothing(&w);
    told(&w, MUSTER_VERB_ANOMALY, FAULT);
    said(&w, S(100), NOTE_KIND(ANOMALY), MUSTER_DECISION_ESCALATE_SAFE_MODE, 0, 0, "power_fault");
    finish(&w, S(200));
    fires(&w, "n1 was told of power_fault, which has called for safe_mode since 100.000 s: neither "
              "was it started nor does a rule that lasts forbid it");
    open_mission(&w);
    enhanced.phases_decide = true;
    told(&w, MUSTER_VERB_ANOMALY, FAULT);
    said(&w, S(20), NOTE_KIND(ANOMALY), MUSTER_DECISION_CONTROLLED_ACTION, 0, 0, "power_fault");
    finish(&w, S(100));
    fires(&w, OWED);
}

static void basic_orchestrator_is_not_judged(void **state)
{
    static const struct muster_property *const all[] = {&muster_check_phase_restrictions_kept,
                                                        &muster_check_dry_run_runs_nothing,
                                                        &muster_check_limits_kept,
                                                        &muster_check_blast_radius_kept};
    struct muster_world w;
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        open_enhanced(&w, all[i]);
        w.config.enhanced = NULL;
        told(&w, MUSTER_VERB_DRY_RUN, "on");
        handed_out(&w, 1, "cache_purge");
        STARTED(&w, S(1), 0, 1, PURGE, 0);
        assert_int_equal(w.judged, 0);
        assert_int_equal(w.violated, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phase_follows_orders_and_deeds),
        cmocka_unit_test(dry_run_is_what_was_ordered),
        cmocka_unit_test(hour_and_day_slide),
        cmocka_unit_test(share_counts_targets_and_a_storm_stops_all),
        cmocka_unit_test(concurrency_follows_the_config_and_verification_runs_nothing),
        cmocka_unit_test(anomaly_is_owed_an_action_once_nothing_holds_it_up),
        cmocka_unit_test(anomaly_is_answered_by_a_start_or_a_rule_that_lasts),
        cmocka_unit_test(answer_is_for_the_anomaly_and_for_the_action),
        cmocka_unit_test(nothing_is_owed_by_who_may_not_act),
        cmocka_unit_test(what_the_phase_has_decided_is_owed),
        cmocka_unit_test(basic_orchestrator_is_not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
