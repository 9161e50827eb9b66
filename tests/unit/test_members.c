/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there: by the advance of a sequence on the observer's own clock, with hysteresis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/coordinator/members.h"

#define COUNT    20
#define S(count) ((muster_time)(count)*MUSTER_SECOND)

static struct muster_config config;
static struct muster_member memory[COUNT];
static struct muster_members m;
static struct muster_effects out;

static int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    memset(memory, 0, sizeof memory);
    memset(&out, 0, sizeof out);
    muster_members_init(&m, &config, memory, COUNT);
    return 0;
}

static void see(muster_time now, uint32_t index, unsigned incarnation, unsigned sequence)
{
    char text[MUSTER_RECORD_MAX];
    snprintf(text, sizeof text, "V A %032x %016x %u 0 0 0 0 1 1 5 0 1 1", incarnation, 3, sequence);
    muster_members_see(&m, now, index, muster_text_bytes(text));
}

static void judge(muster_time now)
{
    out.count = out.used = 0;
    muster_members_judge(&m, now, now, 64, &out);
}

static void expect_note(uint16_t note, uint32_t index)
{
    assert_int_equal(out.count, 1);
    assert_int_equal(out.at[0].note, note);
    assert_int_equal(out.at[0].arg[0], index);
}

static void member_is_live_after_two_advances(void **state)
{
    (void)state;
    see(S(1), 2, 1, 1);
    judge(S(1));
    assert_int_equal(out.count, 0);
    see(S(5), 2, 1, 2);
    judge(S(5));
    expect_note(MUSTER_NOTE_MEMBER_LIVE, 2);
    judge(S(6));
    assert_int_equal(out.count, 0);
}

static void silent_member_is_suspect_then_gone(void **state)
{
    (void)state;
    see(S(1), 2, 1, 1);
    see(S(5), 2, 1, 2);
    judge(S(5));
    judge(S(5) + 3 * config.heartbeat_every);
    assert_int_equal(out.count, 0);
    judge(S(5) + 3 * config.heartbeat_every + 1);
    expect_note(MUSTER_NOTE_MEMBER_SUSPECT, 2);
    judge(S(5) + config.vote_ttl);
    assert_int_equal(out.count, 0);
    judge(S(5) + config.vote_ttl + 1);
    expect_note(MUSTER_NOTE_MEMBER_GONE, 2);
}

static void one_stray_record_does_not_bring_a_member_back(void **state)
{
    (void)state;
    silent_member_is_suspect_then_gone(state);
    see(S(50), 2, 1, 3);
    judge(S(50));
    assert_int_equal(out.count, 0);
    judge(S(66)); /* late again, but it was gone before */
    assert_int_equal(out.count, 0);
    see(S(67), 2, 1, 4);
    see(S(70), 2, 1, 5);
    judge(S(70));
    expect_note(MUSTER_NOTE_MEMBER_LIVE, 2);
}

static void record_that_stands_still_is_no_advance(void **state)
{
    (void)state;
    see(S(1), 2, 1, 9);
    see(S(5), 2, 1, 9);
    see(S(6), 2, 1, 8); /* an older dump */
    judge(S(6));
    assert_int_equal(out.count, 0);
    assert_int_equal(memory[2].advanced, S(1));
}

static void new_incarnation_is_an_advance(void **state)
{
    (void)state;
    see(S(1), 2, 1, 9);
    see(S(5), 2, 2, 1);
    judge(S(5));
    expect_note(MUSTER_NOTE_MEMBER_LIVE, 2);
}

static void vote_is_fresh_for_three_heartbeats(void **state)
{
    (void)state;
    assert_false(muster_members_fresh(&m, S(1), 2));
    see(S(1), 2, 1, 1);
    judge(S(1));
    assert_false(muster_members_fresh(&m, S(1), 2)); /* it may be old: seen for the first time */
    see(S(30), 2, 1, 2);
    assert_true(muster_members_fresh(&m, S(1) + 3 * config.heartbeat_every, 2));
    assert_false(muster_members_fresh(&m, S(1) + 3 * config.heartbeat_every + 1, 2));
}

static void missing_or_malformed_record_is_absent(void **state)
{
    (void)state;
    static const char long_text[MUSTER_RECORD_MAX + 8] = "V A ";
    see(S(1), 2, 1, 1);
    muster_members_see(&m, S(2), 2, muster_text_bytes("V A nonsense"));
    assert_false(muster_members_fresh(&m, S(2), 2));
    assert_false(m.present[2]);
    assert_int_equal(memory[2].record.sequence, 1); /* the last valid one is kept */
    see(S(3), 2, 1, 1);
    assert_true(m.present[2]);
    muster_members_see(&m, S(4), 2, (struct muster_bytes){NULL, 0});
    assert_false(m.present[2]);
    muster_members_see(&m, S(5), 2,
                       (struct muster_bytes){(const uint8_t *)long_text, sizeof long_text});
    assert_false(m.present[2]);
}

static void broken_tail_behind_a_known_head_is_absent(void **state)
{
    (void)state;
    char text[MUSTER_RECORD_MAX];
    see(S(1), 2, 1, 1);
    snprintf(text, sizeof text, "V A %032x %016x 2 broken", 1, 3);
    muster_members_see(&m, S(2), 2, muster_text_bytes(text));
    assert_false(m.present[2]);
    assert_int_equal(memory[2].record.sequence, 1);
}

static void member_beyond_the_voters_is_seen_but_is_no_voter(void **state)
{
    (void)state;
    see(S(1), MUSTER_VOTERS_MAX, 1, 1);
    see(S(5), MUSTER_VOTERS_MAX, 1, 2);
    judge(S(5));
    expect_note(MUSTER_NOTE_MEMBER_LIVE, MUSTER_VOTERS_MAX);
}

static void notes_of_one_call_are_bounded_and_none_is_lost(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        see(S(1), i, 1, 1);
        see(S(5), i, 1, 2);
    }
    uint32_t seen = 0;
    for (int calls = 0; calls < 3; calls++) {
        out.count = out.used = 0;
        muster_members_judge(&m, S(5), S(5), 8, &out);
        assert_true(out.count <= 8);
        seen += out.count;
    }
    assert_int_equal(seen, COUNT);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        HERE(member_is_live_after_two_advances),
        HERE(silent_member_is_suspect_then_gone),
        HERE(one_stray_record_does_not_bring_a_member_back),
        HERE(record_that_stands_still_is_no_advance),
        HERE(new_incarnation_is_an_advance),
        HERE(vote_is_fresh_for_three_heartbeats),
        HERE(missing_or_malformed_record_is_absent),
        HERE(broken_tail_behind_a_known_head_is_absent),
        HERE(member_beyond_the_voters_is_seen_but_is_no_voter),
        HERE(notes_of_one_call_are_bounded_and_none_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
