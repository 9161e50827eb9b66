/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: windows exact to the nanosecond, ages that survive a restart, hostile texts.
 * Random sequences are in test_limits_model.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/orchestrator/limits.h"
#include "core/random.h"

#define HOUR  (3600 * MUSTER_SECOND)
#define DAY   (24 * HOUR)
#define START (100 * DAY)

#define ACTIONS   MUSTER_LIMIT_ACTIONS
#define SAFE_MODE MUSTER_LIMIT_SAFE_MODE
#define NONE      MUSTER_LIMIT_NONE

static struct muster_limits made(uint32_t actions, uint32_t safe_mode)
{
    struct muster_limits_config cfg = {actions, safe_mode};
    struct muster_limits l;
    muster_limits_init(&l, &cfg);
    return l;
}

static void assert_asked(const struct muster_limits *l, muster_time now, bool safe_mode,
                         enum muster_limit limit, muster_time until)
{
    struct muster_limit_answer answer = muster_limits_ask(l, now, safe_mode);
    assert_int_equal(answer.limit, limit);
    assert_true(answer.until == until);
}

static const char *exported(const struct muster_limits *l, muster_time now)
{
    static char room[MUSTER_LIMITS_TEXT_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_limits_export(l, now, &t);
    assert_false(muster_text_is_cut(&t));
    return room;
}

static bool import(struct muster_limits *l, muster_time now, const char *text)
{
    return muster_limits_import(l, now, 0, muster_text_bytes(text));
}

/* ---- the table ---- */

static void defaults_are_those_of_the_spec(void **state)
{
    (void)state;
    struct muster_limits_config cfg;
    muster_limits_defaults(&cfg);
    assert_null(muster_limits_check(&cfg));
    assert_int_equal(cfg.max_actions_per_hour, 10);
    assert_int_equal(cfg.max_safe_mode_entries_per_day, 5);
    cfg.max_actions_per_hour = cfg.max_safe_mode_entries_per_day = MUSTER_LIMIT_MAX;
    assert_null(muster_limits_check(&cfg));
    cfg.max_safe_mode_entries_per_day++;
    assert_string_equal(muster_limits_check(&cfg), "max_safe_mode_entries_per_day");
    cfg.max_actions_per_hour = UINT32_MAX;
    assert_string_equal(muster_limits_check(&cfg), "max_actions_per_hour");
}

static void window_has_room_again_at_the_very_moment(void **state)
{
    (void)state;
    struct muster_limits l = made(2, 5);
    assert_asked(&l, START, false, NONE, 0);
    muster_limits_count(&l, START, false);
    assert_asked(&l, START, false, NONE, 0);
    muster_limits_count(&l, START + 10, false);
    assert_asked(&l, START + 10, false, ACTIONS, START + HOUR);
    assert_asked(&l, START + HOUR - 1, false, ACTIONS, START + HOUR);
    assert_asked(&l, START + HOUR, false, NONE, 0);
    muster_limits_count(&l, START + HOUR, false);
    assert_asked(&l, START + HOUR + 9, false, ACTIONS, START + HOUR + 10);
    assert_asked(&l, START + HOUR + 10, false, NONE, 0);
    assert_int_equal(muster_limits_used(&l, START + HOUR + 9, ACTIONS), 2);
    assert_int_equal(muster_limits_used(&l, START + HOUR + 10, ACTIONS), 1);
}

static void more_than_the_limit_only_delays(void **state)
{
    (void)state;
    struct muster_limits l = made(2, 5);
    for (muster_time t = 0; t < 5; t++) /* counted whatever the limit says */
        muster_limits_count(&l, START + t, false);
    assert_asked(&l, START + 5, false, ACTIONS, START + HOUR + 3);
    assert_int_equal(muster_limits_used(&l, START + 5, ACTIONS), 5);
    assert_asked(&l, START + HOUR + 3, false, NONE, 0);
}

static void safe_mode_counts_in_both_windows(void **state)
{
    (void)state;
    struct muster_limits l = made(3, 1);
    muster_limits_count(&l, START, true);
    assert_asked(&l, START, false, NONE, 0);
    assert_asked(&l, START, true, SAFE_MODE, START + DAY);
    muster_limits_count(&l, START + 1, false);
    muster_limits_count(&l, START + 1, false);
    assert_asked(&l, START + 1, false, ACTIONS, START + HOUR);
    assert_asked(&l, START + 1, true, SAFE_MODE, START + DAY);
    assert_asked(&l, START + HOUR, false, NONE, 0);
    assert_asked(&l, START + DAY - 1, true, SAFE_MODE, START + DAY);
    assert_asked(&l, START + DAY, true, NONE, 0);
}

/* Room or full, by either limit and both, and which of both answers. */
static void limit_that_stops_longer_answers(void **state)
{
    (void)state;
    struct muster_limits l = made(1, 1);
    muster_limits_inherit(&l, START, SAFE_MODE, DAY - 5);
    assert_asked(&l, START, true, SAFE_MODE, START + 5);
    assert_asked(&l, START, false, NONE, 0);
    muster_limits_inherit(&l, START, ACTIONS, HOUR - 6);
    assert_asked(&l, START, true, ACTIONS, START + 6);
    assert_asked(&l, START, false, ACTIONS, START + 6);
    muster_limits_inherit(&l, START, SAFE_MODE, DAY - 7);
    assert_asked(&l, START, true, SAFE_MODE, START + 7);
    l = made(0, 1); /* no time clears it: longest of all */
    assert_asked(&l, START, false, ACTIONS, 0);
    muster_limits_count(&l, START, true);
    assert_asked(&l, START, true, ACTIONS, 0);
    assert_asked(&l, MUSTER_NEVER, false, ACTIONS, 0);
    l = made(1, 0);
    assert_asked(&l, START, false, NONE, 0);
    assert_asked(&l, START, true, SAFE_MODE, 0);
    muster_limits_count(&l, START, true);
    assert_asked(&l, START, true, SAFE_MODE, 0);
    l = made(0, 0);
    assert_asked(&l, START, true, SAFE_MODE, 0);
}

static void greatest_limit_is_kept_exactly_and_memory_bounded(void **state)
{
    (void)state;
    struct muster_limits l = made(MUSTER_LIMIT_MAX, MUSTER_LIMIT_MAX);
    for (uint32_t i = 0; i < MUSTER_LIMIT_MAX; i++) {
        assert_asked(&l, START + i, true, NONE, 0);
        muster_limits_count(&l, START + i, true);
    }
    muster_time now = START + MUSTER_LIMIT_MAX;
    assert_asked(&l, now, false, ACTIONS, START + HOUR);
    muster_limits_count(&l, now, true); /* pushes the oldest out */
    assert_asked(&l, now, false, ACTIONS, START + 1 + HOUR);
    assert_asked(&l, now, true, SAFE_MODE, START + 1 + DAY);
    muster_limits_inherit(&l, now, ACTIONS, HOUR - 1); /* older than all: no place, no effect */
    assert_asked(&l, now, false, ACTIONS, START + 1 + HOUR);
    assert_int_equal(muster_limits_used(&l, now, ACTIONS), MUSTER_LIMIT_MAX);
}

static void inherited_age_counts_unknown_as_just_now(void **state)
{
    (void)state;
    struct muster_limits l = made(1, 1);
    muster_limits_inherit(&l, 7, ACTIONS, HOUR); /* left its window already */
    muster_limits_inherit(&l, 7, ACTIONS, MUSTER_NEVER - 1);
    assert_asked(&l, 7, false, NONE, 0);
    muster_limits_inherit(&l, 7, ACTIONS, HOUR - 1); /* older than this clock */
    assert_asked(&l, 7, false, ACTIONS, 8);
    assert_asked(&l, 8, false, NONE, 0);
    muster_limits_inherit(&l, 7, ACTIONS, MUSTER_NEVER);
    assert_asked(&l, 8, false, ACTIONS, 7 + HOUR);
    assert_asked(&l, 8, true, ACTIONS, 7 + HOUR); /* of one limit only */
    muster_limits_inherit(&l, 7, SAFE_MODE, MUSTER_NEVER);
    assert_asked(&l, 8, true, SAFE_MODE, 7 + DAY);
}

static void end_of_time_does_not_wrap(void **state)
{
    (void)state;
    struct muster_limits l = made(1, 1);
    muster_time now = MUSTER_NEVER - HOUR - 1;
    muster_limits_count(&l, now, true);
    assert_asked(&l, now, false, ACTIONS, MUSTER_NEVER - 1);
    assert_asked(&l, MUSTER_NEVER - 2, false, ACTIONS, MUSTER_NEVER - 1);
    assert_asked(&l, MUSTER_NEVER - 1, false, NONE, 0);
    assert_asked(&l, MUSTER_NEVER - 1, true, SAFE_MODE, MUSTER_NEVER);
    assert_string_equal(exported(&l, now), "actions 1 0 safe_mode 1 0");
    assert_string_equal(exported(&l, MUSTER_NEVER - 2), "actions 1 3599999 safe_mode 1 0");
    assert_false(import(&l, MUSTER_NEVER - 1, "?"));
    assert_asked(&l, MUSTER_NEVER - 1, false, ACTIONS, MUSTER_NEVER);
}

static void clock_that_goes_back_makes_nothing_older(void **state)
{
    (void)state;
    struct muster_limits l = made(1, 1);
    muster_limits_count(&l, START, true);
    assert_asked(&l, START - DAY, false, ACTIONS, START + HOUR);
    assert_string_equal(exported(&l, START - DAY), "actions 1 0 safe_mode 1 0");
}

/* ---- handing on ---- */

static void ages_are_handed_on_youngest_first_rounded_down(void **state)
{
    (void)state;
    struct muster_limits l = made(10, 5);
    assert_string_equal(exported(&l, START), "actions 0 safe_mode 0");
    muster_limits_count(&l, START, true);
    muster_limits_count(&l, START + 1500 * MUSTER_MILLISECOND, false);
    assert_string_equal(exported(&l, START + 1500 * MUSTER_MILLISECOND),
                        "actions 2 0 1500 safe_mode 1 1500");
    assert_string_equal(exported(&l, START + 1500 * MUSTER_MILLISECOND - 1 + HOUR - MUSTER_SECOND),
                        "actions 1 3598999 safe_mode 1 3600499");
    assert_string_equal(exported(&l, START + DAY), "actions 0 safe_mode 0");
}

static void restart_changes_nothing_but_the_clock(void **state)
{
    (void)state;
    const muster_dur step = 60 * MUSTER_SECOND;
    struct muster_limits old = made(10, 5);
    for (uint32_t i = 0; i < 10; i++)
        muster_limits_count(&old, START + i * step, i < 5);
    muster_time now = START + 20 * step;
    struct muster_limits l = made(10, 5);
    assert_true(import(&l, 3, exported(&old, now)));
    assert_asked(&l, 3, false, ACTIONS, 3 + HOUR - 20 * step);
    assert_asked(&l, 3, true, SAFE_MODE, 3 + DAY - 20 * step);
    assert_string_equal(exported(&l, 3), "actions 10 660000 720000 780000 840000 900000 960000 "
                                         "1020000 1080000 1140000 1200000 "
                                         "safe_mode 5 960000 1020000 1080000 1140000 1200000");
}

static void longest_export_fits(void **state)
{
    (void)state;
    struct muster_limits l = made(MUSTER_LIMIT_MAX, MUSTER_LIMIT_MAX);
    for (uint32_t i = 0; i < MUSTER_LIMIT_MAX; i++) {
        muster_limits_inherit(&l, START, ACTIONS, HOUR - 1);
        muster_limits_inherit(&l, START, SAFE_MODE, DAY - 1);
    }
    const char *text = exported(&l, START);
    assert_in_range(strlen(text), MUSTER_LIMITS_TEXT_MAX - 64, MUSTER_LIMITS_TEXT_MAX - 1);
    struct muster_limits next = made(MUSTER_LIMIT_MAX, MUSTER_LIMIT_MAX);
    assert_true(import(&next, START, text));
    assert_string_equal(exported(&next, START), text);
}

static void accounts_of_the_same_actions_do_not_add_up(void **state)
{
    (void)state;
    struct muster_limits l = made(10, 5);
    for (int i = 0; i < 2; i++) {
        assert_true(import(&l, START, "actions 2 1000 9000 safe_mode 1 9000"));
        assert_true(import(&l, START, "actions 1 900 safe_mode 0"));
        assert_true(import(&l, START, "actions 0 safe_mode 0"));
        assert_true(import(&l, START, "actions 3 2000 8000 70000 safe_mode 2 10000 20000"));
        assert_string_equal(exported(&l, START), "actions 3 900 8000 70000 safe_mode 2 9000 20000");
    }
    muster_limits_inherit(&l, START, ACTIONS, 5 * MUSTER_SECOND); /* which adds */
    assert_string_equal(exported(&l, START),
                        "actions 4 900 5000 8000 70000 safe_mode 2 9000 20000");
}

static void assert_all_just_now(const struct muster_limits *l, muster_time now)
{
    assert_int_equal(muster_limits_used(l, now, ACTIONS), MUSTER_LIMIT_MAX);
    assert_int_equal(muster_limits_used(l, now, SAFE_MODE), MUSTER_LIMIT_MAX);
    assert_asked(l, now, false, ACTIONS, now + HOUR);
    assert_asked(l, now, true, SAFE_MODE, now + DAY);
}

static void malformed_text_counts_as_everything_just_now(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        " ",
        "actions",
        "actions 0",
        "actions 0 safe_mode",
        "actions 0 safe_mode 0 0",
        "actions 0 safe_mode 0 x",
        "actions 1 safe_mode 0",
        "actions 0 1 safe_mode 0",
        "actions 2 1 safe_mode 0",
        "actions 1 -1 safe_mode 0",
        "actions 1 ? safe_mode 0",
        "actions 1 1.5 safe_mode 0",
        "actions 1 0x1 safe_mode 0",
        "actions 2 5 4 safe_mode 0",     /* not the youngest first */
        "actions 1 3600000 safe_mode 0", /* out of its window */
        "actions 0 safe_mode 1 86400000",
        "actions 1 99999999999999999999 safe_mode 0",
        "actions 65 safe_mode 0",
        "actions 18446744073709551615 safe_mode 0",
        "actions 18446744073709551616 safe_mode 0",
        "safe_mode 0 actions 0",
        "Actions 0 safe_mode 0",
        "actions 0 safe_mode 0 actions 0 safe_mode 0",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct muster_limits l = made(10, 5);
        muster_limits_inherit(&l, START, ACTIONS, 5);
        assert_false(import(&l, START, rows[i]));
        assert_all_just_now(&l, START);
    }
    struct muster_limits l = made(10, 5);
    assert_false(muster_limits_import(&l, START, 0, (struct muster_bytes){NULL, 0}));
    assert_all_just_now(&l, START);
    static const uint8_t zero_inside[] = "actions 0\0safe_mode 0";
    assert_false(muster_limits_import(&l, START, 0,
                                      (struct muster_bytes){zero_inside, sizeof zero_inside - 1}));
}

/* One more than there are would be seen; here 65 well-formed ages. */
static void too_many_ages_are_malformed(void **state)
{
    (void)state;
    char text[512] = "actions 65";
    for (int i = 0; i < 65; i++)
        strcat(text, " 7");
    strcat(text, " safe_mode 0");
    struct muster_limits l = made(10, 5);
    assert_false(import(&l, START, text));
    assert_all_just_now(&l, START);
}

/* Cut anywhere, a text never makes a limit wider than the whole does. */
static void text_that_was_cut_off_is_no_wider(void **state)
{
    (void)state;
    static const char whole[] = "actions 3 1234 56789 3456789 safe_mode 2 1234 86399999";
    struct muster_limits all = made(3, 2);
    assert_true(import(&all, START, whole));
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        struct muster_limits l = made(3, 2);
        muster_limits_import(&l, START, 0, (struct muster_bytes){(const uint8_t *)whole, size});
        for (int limit = 0; limit < MUSTER_LIMIT_COUNT; limit++)
            for (int n = 0; n < MUSTER_LIMIT_MAX; n++)
                assert_true(l.until[limit][n] >= all.until[limit][n]);
    }
}

static void garbage_is_read_without_harm(void **state)
{
    (void)state;
    static const char *const words[] = {
        "actions", "safe_mode",           "0", "1", "2", "64", "3599999", " ", "\n",
        "\xff",    "18446744073709551615"};
    struct muster_random random = {3};
    uint32_t valid = 0;
    for (uint32_t i = 0; i < 200000; i++) {
        char text[256] = "actions 0 ";
        uint64_t count = muster_random_below(&random, 8);
        if (muster_random_chance(&random, 200000))
            text[0] = 0;
        for (uint64_t n = 0; n < count; n++) {
            strcat(text, words[muster_random_below(&random, sizeof words / sizeof words[0])]);
            strcat(text, " ");
        }
        struct muster_limits l = made(10, 5);
        if (import(&l, START, text))
            valid++;
        else
            assert_all_just_now(&l, START);
    }
    assert_in_range(valid, 100, 100000);
}

static void people_are_told(void **state)
{
    (void)state;
    char room[128];
    struct muster_text t;
    struct muster_limits l = made(10, 5);
    muster_limits_count(&l, START, true);
    muster_limits_count(&l, START, false);
    muster_text_init(&t, room, sizeof room);
    muster_limits_describe(&l, START, &t);
    assert_string_equal(
        room, "actions in the last hour: 2 of 10; safe mode entries in the last day: 1 of 5");
    assert_string_equal(muster_limit_remedy(ACTIONS), "time, or a higher max_actions_per_hour");
    assert_string_equal(muster_limit_remedy(SAFE_MODE),
                        "time, or a higher max_safe_mode_entries_per_day");
    assert_string_equal(muster_limit_remedy(NONE), "nothing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_spec),
        cmocka_unit_test(window_has_room_again_at_the_very_moment),
        cmocka_unit_test(more_than_the_limit_only_delays),
        cmocka_unit_test(safe_mode_counts_in_both_windows),
        cmocka_unit_test(limit_that_stops_longer_answers),
        cmocka_unit_test(greatest_limit_is_kept_exactly_and_memory_bounded),
        cmocka_unit_test(inherited_age_counts_unknown_as_just_now),
        cmocka_unit_test(end_of_time_does_not_wrap),
        cmocka_unit_test(clock_that_goes_back_makes_nothing_older),
        cmocka_unit_test(ages_are_handed_on_youngest_first_rounded_down),
        cmocka_unit_test(restart_changes_nothing_but_the_clock),
        cmocka_unit_test(longest_export_fits),
        cmocka_unit_test(accounts_of_the_same_actions_do_not_add_up),
        cmocka_unit_test(malformed_text_counts_as_everything_just_now),
        cmocka_unit_test(too_many_ages_are_malformed),
        cmocka_unit_test(text_that_was_cut_off_is_no_wider),
        cmocka_unit_test(garbage_is_read_without_harm),
        cmocka_unit_test(people_are_told),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
