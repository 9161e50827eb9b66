/* SPDX-License-Identifier: Apache-2.0 */
/* Small texts: appenders that cut, exact parsers, tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/text.h"

static void numbers_are_written_exactly(void **state)
{
    (void)state;
    char room[128];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add_u64(&t, 0);
    muster_text_add(&t, " ");
    muster_text_add_u64(&t, UINT64_MAX);
    muster_text_add(&t, " ");
    muster_text_add_hex(&t, 0, 0);
    muster_text_add(&t, " ");
    muster_text_add_hex(&t, 0xbeef, 8);
    muster_text_add(&t, " ");
    muster_text_add_hex(&t, UINT64_MAX, 2);
    assert_string_equal(room, "0 18446744073709551615 0 0000beef ffffffffffffffff");
    assert_int_equal(t.length, strlen(room));
    assert_false(muster_text_is_cut(&t));
    assert_int_equal(muster_text_written(&t).size, t.length);
}

static void durations_take_the_largest_unit_they_reach(void **state)
{
    (void)state;
    static const struct {
        muster_dur duration;
        const char *text;
    } rows[] = {
        {0, "0s"},
        {15 * MUSTER_SECOND, "15s"},
        {1500 * MUSTER_MILLISECOND, "1.5s"},
        {687473684, "687.473684ms"},
        {10 * MUSTER_MILLISECOND + 10, "10.00001ms"},
        {7 * MUSTER_MICROSECOND, "7us"},
        {1, "1ns"},
        {1001, "1.001us"},
        {MUSTER_SECOND + 1, "1.000000001s"},
        {MUSTER_NEVER, "never"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char room[32];
        struct muster_text t;
        muster_text_init(&t, room, sizeof room);
        muster_text_add_duration(&t, rows[i].duration);
        assert_string_equal(room, rows[i].text);
    }
}

static void text_that_does_not_fit_is_cut_and_counted(void **state)
{
    (void)state;
    char room[6];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add(&t, "");
    muster_text_add(&t, "hello");
    assert_false(muster_text_is_cut(&t));
    muster_text_add(&t, "!");
    assert_true(muster_text_is_cut(&t));
    muster_text_add(&t, "more");
    assert_string_equal(room, "hello");
    assert_int_equal(t.length, 10);
    assert_int_equal(muster_text_written(&t).size, 5);
    muster_text_init(&t, room, 4);
    muster_text_add(&t, "hello");
    assert_string_equal(room, "hel");
    muster_text_init(&t, NULL, 0);
    muster_text_add(&t, "hello");
    assert_int_equal(t.length, 5);
    assert_int_equal(muster_text_written(&t).size, 0);
}

static void parsers_take_whole_unsigned_numbers_only(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1a",
                                      "1:",
                                      "0x10",
                                      "/",
                                      "18446744073709551616",
                                      "99999999999999999999"};
    static const char *const bad_hex[] = {"", "g", "G", "@", "`", "0x1", "11112222333344445"};
    uint64_t value = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(muster_text_parse_u64(muster_text_bytes(bad[i]), &value),
                         MUSTER_E_INVALID);
    for (size_t i = 0; i < sizeof bad_hex / sizeof bad_hex[0]; i++)
        assert_int_equal(muster_text_parse_hex(muster_text_bytes(bad_hex[i]), &value),
                         MUSTER_E_INVALID);
    assert_int_equal(value, 7);
    assert_int_equal(muster_text_parse_u64(muster_text_bytes("18446744073709551615"), &value), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(muster_text_parse_u64(muster_text_bytes("007"), &value), 0);
    assert_int_equal(value, 7);
    assert_int_equal(muster_text_parse_hex(muster_text_bytes("00Ff09aA"), &value), 0);
    assert_int_equal(value, 0xff09aa);
}

static void tokens_are_runs_of_non_blanks(void **state)
{
    (void)state;
    struct muster_bytes rest = muster_text_bytes(" \t one\r\ntwo ");
    assert_true(muster_text_equal(muster_text_token(&rest), "one"));
    assert_true(muster_text_equal(muster_text_token(&rest), "two"));
    assert_int_equal(muster_text_token(&rest).size, 0);
    assert_int_equal(rest.size, 0);
    rest = (struct muster_bytes){NULL, 0};
    assert_int_equal(muster_text_token(&rest).size, 0);
    assert_true(muster_text_equal(rest, ""));
    assert_false(muster_text_equal(rest, "x"));
    assert_false(muster_text_equal(muster_text_bytes("y"), "x"));
}

static void split_takes_the_head_and_its_separator(void **state)
{
    (void)state;
    struct muster_bytes head;
    struct muster_bytes rest = muster_text_bytes("a=b=c");
    assert_true(muster_text_split(&rest, '=', &head));
    assert_true(muster_text_equal(head, "a"));
    assert_true(muster_text_equal(rest, "b=c"));
    assert_false(muster_text_split(&rest, ':', &head));
    assert_true(muster_text_equal(head, "b=c"));
    assert_int_equal(rest.size, 0);
    assert_false(muster_text_split(&rest, ':', &head));
    assert_int_equal(head.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_exactly),
        cmocka_unit_test(durations_take_the_largest_unit_they_reach),
        cmocka_unit_test(text_that_does_not_fit_is_cut_and_counted),
        cmocka_unit_test(parsers_take_whole_unsigned_numbers_only),
        cmocka_unit_test(tokens_are_runs_of_non_blanks),
        cmocka_unit_test(split_takes_the_head_and_its_separator),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
