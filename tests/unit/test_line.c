/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of a trace line against a plain way of writing the same bytes. */
#include "trace/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEXT_MAX 26

/* One byte after the other, as the format says. */
static void escape(char *out, const uint8_t *text, size_t size)
{
    *out++ = '"';
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n')
            out += sprintf(out, "\\n");
        else if (text[i] < 0x20 || text[i] > 0x7e)
            out += sprintf(out, "\\u00%02x", text[i]);
        else
            out += sprintf(out, "%s%c", text[i] == '"' || text[i] == '\\' ? "\\" : "", text[i]);
    }
    *out++ = '"';
    *out = 0;
}

static void check_text(const uint8_t *text, size_t size)
{
    char expected[2 + MUSTER_LINE_ESCAPED * TEXT_MAX + 1];
    /* No more than what counts may be touched: the block ends where the text's bound does. */
    char *room = malloc(2 + MUSTER_LINE_ESCAPED * size);
    assert_non_null(room);
    escape(expected, text, size);
    size_t length = (size_t)(muster_line_text(room, (struct muster_bytes){text, size}) - room);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(room, expected, length);
    free(room);
}

static void every_byte_is_escaped_wherever_it_stands(void **state)
{
    (void)state;
    uint8_t text[TEXT_MAX];
    for (size_t size = 0; size <= TEXT_MAX; size++) {
        for (size_t at = 0; at < size; at++) {
            for (unsigned c = 0; c <= 255; c++) {
                memset(text, c & 1 ? '~' : ' ', sizeof text);
                text[at] = (uint8_t)c;
                check_text(text, size);
            }
        }
    }
}

static void neighbours_do_not_hide_one_another(void **state)
{
    (void)state;
    static const uint8_t edge[] = {0,   1,    0x1f, 0x20, 0x21, '"',  '#',
                                   '[', '\\', ']',  0x7e, 0x7f, 0x80, 255};
    uint8_t text[TEXT_MAX];
    for (size_t a = 0; a < sizeof edge; a++) {
        for (size_t b = 0; b < sizeof edge; b++) {
            for (size_t i = 0; i < sizeof text; i++)
                text[i] = i % 3 == 0 ? edge[a] : i % 3 == 1 ? edge[b] : 'x';
            check_text(text, sizeof text);
        }
    }
}

static void check_number(uint64_t value)
{
    char room[32], expected[32];
    snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
    *muster_line_decimal(room, value) = 0;
    assert_string_equal(room, expected);
    if (value > MUSTER_INTEGER_MAX)
        snprintf(expected, sizeof expected, "\"0x%llx\"", (unsigned long long)value);
    *muster_line_number(room, value) = 0;
    assert_string_equal(room, expected);
}

static void numbers_of_every_length_have_all_their_digits(void **state)
{
    (void)state;
    for (uint64_t value = 0; value <= 10100; value++)
        check_number(value);
    for (uint64_t power = 10; power <= UINT64_MAX / 10; power *= 10) {
        check_number(power - 1);
        check_number(power);
        check_number(power + 1);
        check_number(power / 3);
    }
    check_number(MUSTER_INTEGER_MAX);
    check_number(MUSTER_INTEGER_MAX + 1);
    check_number(UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_escaped_wherever_it_stands),
        cmocka_unit_test(neighbours_do_not_hide_one_another),
        cmocka_unit_test(numbers_of_every_length_have_all_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
