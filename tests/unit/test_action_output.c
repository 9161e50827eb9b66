/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says: the end of its output, the lines on its result pipe. */
#include "live/action_output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct muster_live_report report;
static struct muster_live_tail tail;

static int fresh(void **state)
{
    (void)state;
    memset(&report, 0, sizeof report);
    memset(&tail, 0, sizeof tail);
    return 0;
}

static void tell(const char *text)
{
    muster_live_report_add(&report, muster_text_bytes(text));
}

static void expect_wrong(const char *line)
{
    assert_true(report.wrong);
    assert_int_equal(report.wrong_size, strlen(line));
    assert_memory_equal(report.wrong_line, line, strlen(line));
}

static void highest_epoch_and_last_result_count(void **state)
{
    (void)state;
    tell("epoch=7\nresult=failed\nepoch=12\nepoch=9\nresult=unknown\n");
    muster_live_report_end(&report);
    assert_int_equal(report.epoch, 12);
    assert_true(report.has_result);
    assert_int_equal(report.result, MUSTER_RESULT_UNKNOWN);
    assert_false(report.wrong);
}

static void every_result_a_command_may_tell_is_known(void **state)
{
    const enum muster_result results[] = {MUSTER_RESULT_SUCCESS, MUSTER_RESULT_FAILED,
                                          MUSTER_RESULT_FENCED, MUSTER_RESULT_UNKNOWN};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        fresh(state);
        tell("result=");
        tell(muster_result_text(results[i]));
        tell("\n");
        assert_true(report.has_result);
        assert_int_equal(report.result, results[i]);
    }
}

static void lines_come_in_any_pieces(void **state)
{
    static const char text[] = "epoch=41\nresult=fenced\n";
    for (size_t step = 1; step < sizeof text; step++) {
        fresh(state);
        for (size_t i = 0; i < strlen(text); i += step) {
            size_t left = strlen(text) - i;
            struct muster_bytes piece = {(const uint8_t *)text + i, left < step ? left : step};
            muster_live_report_add(&report, piece);
        }
        assert_int_equal(report.epoch, 41);
        assert_int_equal(report.result, MUSTER_RESULT_FENCED);
        assert_false(report.wrong);
    }
}

static void last_line_counts_without_its_end(void **state)
{
    (void)state;
    tell("result=success");
    assert_false(report.has_result);
    muster_live_report_end(&report);
    assert_true(report.has_result);
    assert_int_equal(report.result, MUSTER_RESULT_SUCCESS);
}

static void what_is_not_understood_changes_nothing_and_is_kept(void **state)
{
    const char *lines[] = {"hello",
                           "epoch=",
                           "epoch=-1",
                           "epoch=12x",
                           "epoch = 1",
                           "epoch=18446744073709551616",
                           "epoch=0x10",
                           "result=timed_out",
                           "result=",
                           "result=success ",
                           "result=success\r",
                           "Result=success",
                           "=",
                           "epoch=9007199254740992"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        fresh(state);
        tell(lines[i]);
        tell("\n");
        assert_int_equal(report.epoch, 0);
        assert_false(report.has_result);
        expect_wrong(lines[i]);
    }
}

static void first_wrong_line_is_the_one_kept(void **state)
{
    (void)state;
    tell("one\ntwo\n\n\nepoch=3\n");
    expect_wrong("one");
    assert_int_equal(report.epoch, 3);
}

static void longest_line_is_read_and_a_longer_one_is_wrong(void **state)
{
    char line[MUSTER_LIVE_LINE_MAX + 3];
    /* Leading zeros make a valid line of any length. */
    memset(line, '0', sizeof line);
    memcpy(line, "epoch=", 6);
    strcpy(line + MUSTER_LIVE_LINE_MAX - 1, "5\n");
    tell(line);
    assert_int_equal(report.epoch, 5);
    assert_false(report.wrong);
    fresh(state);
    line[MUSTER_LIVE_LINE_MAX - 1] = '0';
    strcpy(line + MUSTER_LIVE_LINE_MAX, "5\n");
    tell(line);
    assert_int_equal(report.epoch, 0);
    assert_true(report.wrong);
    assert_int_equal(report.wrong_size, MUSTER_LIVE_LINE_MAX);
    tell("epoch=6\n");
    assert_int_equal(report.epoch, 6);
}

static void endless_line_takes_no_more_room(void **state)
{
    uint8_t room[4096];
    (void)state;
    memset(room, 'a', sizeof room);
    for (int i = 0; i < 100; i++)
        muster_live_report_add(&report, (struct muster_bytes){room, sizeof room});
    assert_int_equal(report.used, MUSTER_LIVE_LINE_MAX + 1);
    muster_live_report_end(&report);
    assert_int_equal(report.wrong_size, MUSTER_LIVE_LINE_MAX);
    assert_false(report.has_result);
}

static void expect_tail_of(const uint8_t *all, size_t size)
{
    size_t kept = size < MUSTER_LIVE_TAIL_MAX ? size : MUSTER_LIVE_TAIL_MAX;
    assert_int_equal(tail.used, kept);
    assert_memory_equal(tail.at, all + size - kept, kept);
}

static void tail_is_the_last_bytes_whatever_the_pieces(void **state)
{
    static uint8_t all[10000];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)(i * 7 + i / 256);
    const size_t steps[] = {1, 3, 100, 2047, 2048, 2049, 4096, 10000};
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        fresh(state);
        for (size_t i = 0; i < sizeof all; i += steps[s]) {
            size_t left = sizeof all - i, size = left < steps[s] ? left : steps[s];
            muster_live_tail_add(&tail, (struct muster_bytes){all + i, size});
            expect_tail_of(all, i + size);
        }
    }
    muster_live_tail_add(&tail, (struct muster_bytes){NULL, 0});
    expect_tail_of(all, sizeof all);
}

static void others_bytes_become_one_printable_line(void **state)
{
    char room[64];
    struct muster_text t;
    static const char bytes[] = "a\nb\t\x1b[31m\x7f\xc3\xa4~\0end \r\n\n";
    (void)state;
    muster_text_init(&t, room, sizeof room);
    muster_live_add_printable(&t, bytes, sizeof bytes - 1);
    assert_string_equal(room, "a b  [31m ??~ end");
    muster_text_init(&t, room, sizeof room);
    muster_live_add_printable(&t, "\n \r\n", 4);
    assert_string_equal(room, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(highest_epoch_and_last_result_count, fresh),
        cmocka_unit_test_setup(every_result_a_command_may_tell_is_known, fresh),
        cmocka_unit_test_setup(lines_come_in_any_pieces, fresh),
        cmocka_unit_test_setup(last_line_counts_without_its_end, fresh),
        cmocka_unit_test_setup(what_is_not_understood_changes_nothing_and_is_kept, fresh),
        cmocka_unit_test_setup(first_wrong_line_is_the_one_kept, fresh),
        cmocka_unit_test_setup(longest_line_is_read_and_a_longer_one_is_wrong, fresh),
        cmocka_unit_test_setup(endless_line_takes_no_more_room, fresh),
        cmocka_unit_test_setup(tail_is_the_last_bytes_whatever_the_pieces, fresh),
        cmocka_unit_test_setup(others_bytes_become_one_printable_line, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
