/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults, derived values and load checks of a node's config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/config.h"

static struct muster_config finished(void)
{
    struct muster_config c;
    muster_config_defaults(&c);
    muster_config_finish(&c);
    return c;
}

static void defaults_are_those_of_the_spec_and_pass(void **state)
{
    (void)state;
    struct muster_config c = finished();
    char text[256];
    assert_null(muster_config_check(&c, 0, text, sizeof text));
    assert_string_equal(text, "");
    assert_string_equal(c.cluster, "muster");
    assert_int_equal(c.jitter, 750 * MUSTER_MILLISECOND);
    assert_int_equal(c.confirm_timeout, 6 * MUSTER_SECOND);
    assert_int_equal(c.quorum_threshold_ppm, 500000);
    assert_int_equal(c.recovery.action_count, 3);
    assert_string_equal(c.recovery.action[MUSTER_ACTION_CIRCUIT_RESTART].name, "circuit_restart");
    assert_string_equal(c.recovery.action[MUSTER_ACTION_CACHE_PURGE].name, "cache_purge");
    assert_string_equal(c.recovery.action[MUSTER_ACTION_SAFE_MODE].name, "safe_mode");
    assert_int_equal(c.recovery.action[MUSTER_ACTION_CACHE_PURGE].scope, MUSTER_SCOPE_LOCAL);
    assert_int_equal(c.recovery.action[MUSTER_ACTION_SAFE_MODE].scope, MUSTER_SCOPE_CLUSTER);
    assert_int_equal(c.recovery.action[0].cooldown, 300 * MUSTER_SECOND);
}

static void finish_keeps_what_was_given(void **state)
{
    (void)state;
    struct muster_config c;
    muster_config_defaults(&c);
    c.jitter = 1;
    c.confirm_timeout = 2;
    c.margin = 3;
    muster_config_finish(&c);
    assert_int_equal(c.jitter, 1);
    assert_int_equal(c.confirm_timeout, 2);
    assert_int_equal(c.margin, 3);
}

static void margin_is_rounded_up_and_never_wraps(void **state)
{
    (void)state;
    const muster_dur fixed = 102 * MUSTER_MILLISECOND;
    const muster_dur stop = 100 * MUSTER_MILLISECOND;
    /* 2 x 0.0005 x 15 s / 1.0005 = 14.9925… ms */
    assert_int_equal(muster_config_margin_min(15 * MUSTER_SECOND, 500, stop), fixed + 14992504);
    assert_int_equal(muster_config_margin_min(15 * MUSTER_SECOND, 0, stop), fixed);
    assert_int_equal(muster_config_margin_min(1000001, 1, stop), fixed + 2);
    assert_int_equal(muster_config_margin_min(1000002, 1, stop), fixed + 3);
    assert_true(muster_config_margin_min(UINT64_MAX, MUSTER_PPM, 0) == MUSTER_NEVER);
    assert_true(muster_config_margin_min(1000, UINT32_MAX, 0) == 1000 + 2 * MUSTER_MILLISECOND);
    assert_true(muster_config_margin_min(1000, 0, MUSTER_NEVER) == MUSTER_NEVER);
}

static void votes_needed_is_more_than_the_share(void **state)
{
    (void)state;
    static const uint32_t rows[][3] = {{1, 500000, 1}, {2, 500000, 2},  {3, 500000, 2},
                                       {4, 500000, 3}, {5, 500000, 3},  {5, 600000, 4},
                                       {3, 666666, 2}, {3, 666667, 3},  {5, 1000000, 5},
                                       {0, 500000, 0}, {15, 999999, 15}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(muster_config_votes_needed(rows[i][0], rows[i][1]), rows[i][2]);
}

/* The one complaint of a config. */
static void expect(const struct muster_config *c, const char *key, const char *text)
{
    char got[256];
    const char *at = muster_config_check(c, 0, got, sizeof got);
    assert_non_null(at);
    assert_string_equal(got, text);
    assert_string_equal(at, key);
    assert_null(muster_config_check(c, 1, got, sizeof got));
}

static void the_times_of_the_lease_keep_their_order(void **state)
{
    (void)state;
    struct muster_config c = finished();
    c.poll_every = 1500 * MUSTER_MILLISECOND + 1;
    expect(&c, "poll_every",
           "'poll_every' must be at most 1.5s (renew_every / 2), not 1.500000001s");
    c = finished();
    c.jitter++;
    expect(&c, "jitter", "'jitter' must be at most 750ms (renew_every / 4), not 750.000001ms");
    c = finished();
    c.renew_deadline = 7 * MUSTER_SECOND;
    expect(&c, "renew_deadline",
           "'renew_deadline' must be above 7s (2 x renew_every + request_timeout), not 7s");
    c = finished();
    c.margin = MUSTER_SECOND;
    c.renew_deadline = 14 * MUSTER_SECOND;
    expect(&c, "renew_deadline",
           "'renew_deadline' must be below 14s (lease_ttl - margin), not 14s");
    c = finished();
    c.margin--;
    expect(&c, "margin",
           "'margin' must be at least 116.992504ms (2 x drift x lease_ttl / (1 + drift) + 2ms + "
           "stop_time), not 116.992503ms");
}

static void numbers_stay_within_their_bounds(void **state)
{
    (void)state;
    struct muster_config c = finished();
    c.quorum_threshold_ppm = 499999;
    expect(&c, "quorum_threshold", "'quorum_threshold' must be between 0.5 and 1, not 499999 ppm");
    c.quorum_threshold_ppm = 1000001;
    expect(&c, "quorum_threshold", "'quorum_threshold' must be between 0.5 and 1, not 1000001 ppm");
    c = finished();
    c.recovery.failed_components = 0;
    expect(&c, "thresholds",
           "'thresholds.failed_components' must be between 1 and 9007199254740991, not 0");
    c = finished();
    c.recovery.min_anomaly_accuracy_ppm = 1000001;
    expect(&c, "thresholds",
           "'thresholds.min_anomaly_accuracy' must be between 0 and 1, not 1000001 ppm");
    c = finished();
    c.heartbeat_every = 0;
    expect(&c, "heartbeat_every", "'heartbeat_every' must be above 0s, not 0s");
    c.heartbeat_every = MUSTER_INTEGER_MAX + 1;
    expect(
        &c, "heartbeat_every",
        "'heartbeat_every' must be at most 9007199.254740991s (104 days), not 9007199.254740992s");
    c = finished();
    c.max_clock_drift_ppm = MUSTER_PPM;
    char text[128];
    assert_string_equal(muster_config_check(&c, 1, text, sizeof text), "max_clock_drift_ppm");
    assert_string_equal(text, "'max_clock_drift_ppm' must be between 0 and 999999, not 1000000");
}

static void actions_are_checked_by_name(void **state)
{
    (void)state;
    struct muster_config c = finished();
    struct muster_action_config *a = &c.recovery.action[MUSTER_ACTION_SAFE_MODE];
    a->max_retries = 11;
    expect(&c, "recovery_actions",
           "action 'safe_mode': 'max_retries' must be between 0 and 10, not 11");
    a->max_retries = 10;
    a->timeout = 0;
    expect(&c, "recovery_actions",
           "'timeout' of action 'safe_mode' must be above 0s and at most 104 days, not 0s");
    a->timeout = MUSTER_NEVER;
    expect(&c, "recovery_actions",
           "'timeout' of action 'safe_mode' must be above 0s and at most 104 days, not never");
    a->timeout = 1;
    a->cooldown = MUSTER_NEVER;
    expect(&c, "cooldowns", "'cooldown' of action 'safe_mode' must be at most 104 days, not never");
    a->cooldown = 0;
    c.recovery.action[3] = c.recovery.action[0];
    c.recovery.action_count = 4;
    expect(&c, "recovery_actions",
           "'recovery_actions' must have names, each once, not 'circuit_restart'");
    c.recovery.action[3].name[0] = 0;
    expect(&c, "recovery_actions", "'recovery_actions' must have names, each once, not ''");
}

static void every_complaint_can_be_had(void **state)
{
    (void)state;
    struct muster_config c = finished();
    c.health_ttl = 0;
    c.jitter *= 2;
    c.quorum_threshold_ppm = 0;
    char text[128];
    assert_string_equal(muster_config_check(&c, 0, text, sizeof text), "health_ttl");
    assert_string_equal(muster_config_check(&c, 1, text, sizeof text), "jitter");
    assert_string_equal(muster_config_check(&c, 2, text, sizeof text), "quorum_threshold");
    assert_null(muster_config_check(&c, 3, text, sizeof text));
    assert_string_equal(text, "");
}

static void authority_is_the_voters_from_three_on_unless_said(void **state)
{
    (void)state;
    struct muster_config c;
    muster_config_defaults(&c);
    assert_true(muster_config_trusts_store(&c, 1));
    assert_true(muster_config_trusts_store(&c, 2));
    assert_false(muster_config_trusts_store(&c, 3));
    c.authority = MUSTER_AUTHORITY_VOTERS;
    assert_false(muster_config_trusts_store(&c, 1));
    c.authority = MUSTER_AUTHORITY_STORE;
    assert_true(muster_config_trusts_store(&c, 15));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_spec_and_pass),
        cmocka_unit_test(finish_keeps_what_was_given),
        cmocka_unit_test(margin_is_rounded_up_and_never_wraps),
        cmocka_unit_test(votes_needed_is_more_than_the_share),
        cmocka_unit_test(the_times_of_the_lease_keep_their_order),
        cmocka_unit_test(numbers_stay_within_their_bounds),
        cmocka_unit_test(actions_are_checked_by_name),
        cmocka_unit_test(every_complaint_can_be_had),
        cmocka_unit_test(authority_is_the_voters_from_three_on_unless_said),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
