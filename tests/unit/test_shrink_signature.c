/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures: what two failures have in common, and what tells them apart. */
#include "sim/shrink/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOTE(id) ((uint16_t)(MUSTER_EVENT_NOTE + MUSTER_NOTE_##id))

static const char *const own_notes[] = {"ponged", NULL};
static const struct muster_process ping = {.name = "ping", .note_names = own_notes};

static struct muster_scenario scenario(void)
{
    struct muster_scenario s = {.process = &ping, .members = 2};
    s.names[0] = "ada";
    s.names[1] = "n2";
    return s;
}

static void see(struct muster_signature *x, uint16_t kind)
{
    static uint64_t number;
    const struct muster_record r = {.number = ++number, .time = 5 * number, .kind = kind};
    muster_signature_see(x, &r);
}

static void assert_line(const struct muster_signature *x, const char *property, const char *text,
                        const char *expected)
{
    char line[MUSTER_SIGNATURE_SIZE];
    const struct muster_scenario s = scenario();
    muster_signature_write(x, &s, property, text, line);
    assert_string_equal(line, expected);
}

static void nothing_but_the_property_is_a_signature(void **state)
{
    const struct muster_signature x = {.count = 0};
    (void)state;
    assert_line(&x, "one_valid_lease", "n2 leads", "one_valid_lease:");
}

static void the_last_three_kinds_count_in_whatever_order(void **state)
{
    static const uint16_t orders[][5] = {
        {MUSTER_EVENT_STORE, NOTE(STALLED), MUSTER_EVENT_CRASH, NOTE(LEADER_ELECTED),
         MUSTER_EVENT_PAUSE},
        {MUSTER_EVENT_PAUSE, MUSTER_EVENT_CRASH, MUSTER_EVENT_PAUSE, NOTE(LEADER_ELECTED),
         MUSTER_EVENT_CRASH},
        {NOTE(STALLED), MUSTER_EVENT_CRASH, MUSTER_EVENT_CRASH, MUSTER_EVENT_PAUSE,
         NOTE(LEADER_ELECTED)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct muster_signature x = {.count = 0};
        for (size_t k = 0; k < 5; k++)
            see(&x, orders[i][k]);
        assert_line(&x, "p", "", "p: crash leader_elected pause");
    }
}

static void what_comes_all_the_time_does_not_count(void **state)
{
    struct muster_signature x = {.count = 0};
    (void)state;
    see(&x, MUSTER_EVENT_CRASH);
    see(&x, NOTE(LEASE_EXTENDED));
    see(&x, NOTE(CONSENSUS));
    see(&x, NOTE(MEMBER_LIVE));
    see(&x, MUSTER_EVENT_EXECUTED);
    see(&x, MUSTER_EVENT_FIRED);
    see(&x, MUSTER_EVENT_INPUT + MUSTER_IN_TIMER);
    see(&x, MUSTER_EVENT_EFFECT + MUSTER_OUT_SEND);
    assert_line(&x, "p", "", "p: crash");
}

static void notes_of_ones_own_have_their_names(void **state)
{
    struct muster_signature x = {.count = 0};
    (void)state;
    see(&x, (uint16_t)(MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM));
    assert_line(&x, "p", "", "p: ponged");
}

static void an_expectation_is_told_without_numbers_and_names(void **state)
{
    const struct muster_signature x = {.count = 0};
    (void)state;
    assert_line(&x, "expect", "expected {by: 52.5s, leader: ada}: the leader is n2 with epoch 17",
                "expect expected {by: #s, leader: NODE}: the leader is NODE with epoch #:");
}

static void a_crash_is_its_assert(void **state)
{
    static const char *const texts[] = {
        "the code under test died of signal 6 (Aborted): muster: ../core/a.c:12: f: Assertion "
        "`n < 7' failed.",
        "the code under test died of signal 6 (Aborted): x: /a/b/core/a.c:312: f: Assertion "
        "`n < 8' failed.",
    };
    char line[MUSTER_SIGNATURE_SIZE];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        muster_signature_crash(texts[i], line);
        assert_string_equal(line, "no_crash f: Assertion `n < #' failed.");
    }
    muster_signature_crash("the code under test died of signal 11 (Segmentation fault)", line);
    assert_string_equal(line, "no_crash signal # (Segmentation fault)");
    muster_signature_crash(": Assertion", line);
    assert_string_equal(line, "no_crash : Assertion");
    muster_signature_crash("", line);
    assert_string_equal(line, "no_crash ");
}

static void what_does_not_fit_is_cut_off(void **state)
{
    char text[1000], line[MUSTER_SIGNATURE_SIZE], small[8];
    struct muster_signature x = {.count = 0};
    const struct muster_scenario s = scenario();
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    see(&x, MUSTER_EVENT_CRASH);
    muster_signature_write(&x, &s, "expect", text, line);
    assert_true(strlen(line) < sizeof line);
    muster_signature_crash(text, line);
    assert_true(strlen(line) < sizeof line);
    muster_signature_plain("12 n2 ada 345", s.names, small, sizeof small);
    assert_true(strlen(small) < sizeof small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_the_property_is_a_signature),
        cmocka_unit_test(the_last_three_kinds_count_in_whatever_order),
        cmocka_unit_test(what_comes_all_the_time_does_not_count),
        cmocka_unit_test(notes_of_ones_own_have_their_names),
        cmocka_unit_test(an_expectation_is_told_without_numbers_and_names),
        cmocka_unit_test(a_crash_is_its_assert),
        cmocka_unit_test(what_does_not_fit_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
