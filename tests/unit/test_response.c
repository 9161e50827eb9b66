/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a phase policy: what they stand for, and those of a config's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/orchestrator/response.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { RESTART, COOL, SAFE, ALERT, LOG };
static const char *const action_names[] = {"circuit_restart", "activate_cooling", "enter_safe_mode",
                                           "alert_ground", "log_detailed_state"};
static const struct muster_names actions = {action_names, COUNT(action_names)};
static struct muster_responses responses;

static void response_words_stand_for_the_actions_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int ret;
        enum muster_decision decision;
        uint32_t action;
    } rows[] = {
        {"RESTART_SERVICE", 0, MUSTER_DECISION_CONTROLLED_ACTION, RESTART},
        {"THERMAL_REGULATION", 0, MUSTER_DECISION_CONTROLLED_ACTION, COOL},
        {"ENTER_SAFE_MODE", 0, MUSTER_DECISION_ESCALATE_SAFE_MODE, SAFE},
        {"SAFE_MODE", 0, MUSTER_DECISION_ESCALATE_SAFE_MODE, SAFE},
        {"ALERT_ONLY", 0, MUSTER_DECISION_ALERT_OPERATORS, ALERT},
        {"PING_GROUND", 0, MUSTER_DECISION_ALERT_OPERATORS, ALERT},
        {"LOG_EVENT", 0, MUSTER_DECISION_LOG_ONLY, LOG},
        {"LOG_ONLY", 0, MUSTER_DECISION_LOG_ONLY, LOG},
        {"MONITOR", 0, MUSTER_DECISION_LOG_ONLY, LOG},
        {"NO_ESCALATION", 0, MUSTER_DECISION_NO_ACTION, MUSTER_NAME_NONE},
        {"alert_ground", 0, MUSTER_DECISION_ALERT_OPERATORS, ALERT},
        {"circuit_restart", 0, MUSTER_DECISION_CONTROLLED_ACTION, RESTART},
        {"POWER_LOAD_BALANCING", MUSTER_E_INVALID, 0, 0},
        {"STABILIZATION", MUSTER_E_INVALID, 0, 0},
        {"FIRE_THRUSTERS", MUSTER_E_NOTFOUND, 0, 0},
        {"alert_only", MUSTER_E_NOTFOUND, 0, 0},
        {"", MUSTER_E_NOTFOUND, 0, 0},
    };
    muster_responses_defaults(&responses);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct muster_response response = {MUSTER_DECISION_COUNT, 77, false};
        int ret =
            muster_responses_read(&responses, muster_text_bytes(rows[i].word), &actions, &response);
        assert_int_equal(ret, rows[i].ret);
        assert_int_equal(response.action, ret == 0 ? rows[i].action : 77);
        assert_int_equal(response.decision, ret == 0 ? rows[i].decision : MUSTER_DECISION_COUNT);
        assert_int_equal(response.ends, strcmp(rows[i].word, "NO_ESCALATION") == 0);
    }
}

static int map(const char *word, const char *action)
{
    return muster_responses_map(&responses, muster_text_bytes(word), muster_text_bytes(action));
}

static void config_maps_words_of_its_own(void **state)
{
    (void)state;
    struct muster_response response;
    muster_responses_defaults(&responses);
    assert_int_equal(map("FIRE_THRUSTERS", "activate_cooling"), 0);
    assert_int_equal(map("MONITOR", "alert_ground"), 0);
    assert_int_equal(map("A_WORD_OF_31_BYTES_STILL_FITS__", "an_action_of_31_bytes_fits_too_"), 0);
    assert_int_equal(muster_responses_read(&responses, muster_text_bytes("FIRE_THRUSTERS"),
                                           &actions, &response),
                     0);
    assert_int_equal(response.action, COOL);
    assert_int_equal(muster_responses_read(&responses, muster_text_bytes("MONITOR"), &actions,
                                           &response),
                     0);
    assert_int_equal(response.decision, MUSTER_DECISION_ALERT_OPERATORS);
    assert_int_equal(map("", "alert_ground"), MUSTER_E_INVALID);
    assert_int_equal(map("WORD", ""), MUSTER_E_INVALID);
    assert_int_equal(map("WORD", "an_action_of_32_bytes_is_too_long"), MUSTER_E_INVALID);
    assert_int_equal(responses.count, 13);
    for (uint32_t i = responses.count; i < MUSTER_RESPONSES_MAX; i++) {
        char word[16];
        snprintf(word, sizeof word, "WORD%u", i);
        assert_int_equal(map(word, "alert_ground"), 0);
    }
    assert_int_equal(map("ONE_MORE", "alert_ground"), MUSTER_E_NOSPACE);
    assert_int_equal(map("MONITOR", "log_detailed_state"), 0);
}

static void decisions_have_words_both_ways(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MUSTER_DECISION_COUNT; i++) {
        enum muster_decision decision = MUSTER_DECISION_COUNT;
        const char *word = muster_decision_text(i);
        assert_int_equal(muster_decision_parse(muster_text_bytes(word), &decision), 0);
        assert_int_equal(decision, i);
    }
    enum muster_decision decision = MUSTER_DECISION_LOG_ONLY;
    assert_int_equal(muster_decision_parse(muster_text_bytes("log_only"), &decision),
                     MUSTER_E_NOTFOUND);
    assert_int_equal(decision, MUSTER_DECISION_LOG_ONLY);
    assert_string_equal(muster_decision_text(MUSTER_DECISION_ESCALATE_SAFE_MODE),
                        "ESCALATE_SAFE_MODE");
    assert_string_equal(muster_decision_text(MUSTER_DECISION_COUNT), "?");
    assert_null(muster_decision_action(MUSTER_DECISION_NO_ACTION));
    assert_null(muster_decision_action(MUSTER_DECISION_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(response_words_stand_for_the_actions_of_the_specification),
        cmocka_unit_test(config_maps_words_of_its_own),
        cmocka_unit_test(decisions_have_words_both_ways),
    };
    return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}
