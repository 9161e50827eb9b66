/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a JSON object in place: members as they stand, and everything that is no JSON refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/text.h"

/* Members until the end; -1 when it is malformed. Exactly as much memory as the text has, so that a
 * sanitizer sees a byte too far. */
static int members_of(const char *text)
{
    struct muster_json j;
    struct muster_json_member m;
    size_t size = strlen(text);
    uint8_t *copy = malloc(size + (size == 0));
    memcpy(copy, text, size);
    int n = 0, error = muster_json_open(&j, (struct muster_bytes){copy, size});
    while (!error && !(error = muster_json_next(&j, &m)))
        n++;
    free(copy);
    return error == MUSTER_E_NOTFOUND ? n : -1;
}

static void members_are_read_as_they_stand(void **state)
{
    (void)state;
    static const char text[] =
        " {\"a\" : \"x\\\"y\\u00e4\" ,\"b\":-1.5e+3, \"c\":\ttrue,\n\"d\":null,"
        "\"e\":{\"f\":[1,{}, []]},\"g\":[ ]} ";
    static const struct {
        const char *key;
        enum muster_json_kind kind;
        const char *value;
    } wanted[] = {
        {"a", MUSTER_JSON_STRING, "x\\\"y\\u00e4"},
        {"b", MUSTER_JSON_NUMBER, "-1.5e+3"},
        {"c", MUSTER_JSON_WORD, "true"},
        {"d", MUSTER_JSON_WORD, "null"},
        {"e", MUSTER_JSON_NEST, "{\"f\":[1,{}, []]}"},
        {"g", MUSTER_JSON_NEST, "[ ]"},
    };
    struct muster_json j;
    struct muster_json_member m;
    assert_int_equal(muster_json_open(&j, muster_text_bytes(text)), 0);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_int_equal(muster_json_next(&j, &m), 0);
        assert_true(muster_text_equal(m.key, wanted[i].key));
        assert_int_equal(m.kind, wanted[i].kind);
        assert_true(muster_text_equal(m.value, wanted[i].value));
    }
    assert_int_equal(muster_json_next(&j, &m), MUSTER_E_NOTFOUND);
}

static void every_form_of_a_value_is_known(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",           "-0",
        "10",          "1.0",
        "1E5",         "1e-5",
        "\"\"",        "\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "true",        "false",
        "[1, 2]",      "[[],[]]",
        "{}",          "{\"a\":{\"b\":1},\"c\":2}",
        "\"\\uABcd\"", "[[[[[[[[1]]]]]]]]",
    };
    char text[200];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, "{\"k\":%s,\"l\":1}", good[i]);
        assert_int_equal(members_of(text), 2);
    }
    assert_int_equal(members_of("{}"), 0);
    assert_int_equal(members_of("{\"a\":1,\"a\":2}"),
                     2); /* what two of them mean is the caller's */
}

static void what_is_no_json_is_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[]",
        "1",
        "{}{}",
        "{} x",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":\"x",
        "{\"a",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":+1}",
        "{\"a\":tru}",
        "{\"a\":nul",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\\",
        "{\"a\":\"\\u1",
        "{\"a\":\"\n\"}",
        "{\"a\":[1}",
        "{\"a\":{1:2}}",
        "{\"a\":[1,]}",
        "{\"a\":{\"b\"}}",
        "{\"a\":{\"b\" 1}}",
        "{\"a\":[}",
        "{\"a\":[",
        "{\"a\":[1 2]}",
        "{\"a\":[[[[[[[[[1]]]]]]]]]}",
        "{\"a\":{\"b\":1,}}",
        "{\"a\":{,}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (members_of(bad[i]) != -1)
            fail_msg("%s was taken", bad[i]);
}

static void object_that_is_too_long_is_malformed(void **state)
{
    (void)state;
    char text[MUSTER_JSON_MAX + 2];
    memset(text, ' ', sizeof text);
    memcpy(text, "{}", 2);
    text[MUSTER_JSON_MAX] = 0;
    assert_int_equal(members_of(text), 0);
    text[MUSTER_JSON_MAX] = ' ';
    text[MUSTER_JSON_MAX + 1] = 0;
    assert_int_equal(members_of(text), -1);
}

/* Cut, and with any byte changed: never more than what is there, never a crash. */
static void damaged_object_is_read_within_its_bounds(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":\"x\\u00e4\",\"b\":[1,{\"c\":-2.5e-7}],\"d\":null}";
    char copy[sizeof text];
    for (size_t cut = 0; cut < sizeof text - 1; cut++) {
        memcpy(copy, text, cut);
        copy[cut] = 0;
        assert_int_equal(members_of(copy), -1);
    }
    for (size_t at = 0; at < sizeof text - 1; at++) {
        for (int byte = 1; byte < 256; byte++) {
            memcpy(copy, text, sizeof text);
            copy[at] = (char)byte;
            assert_true(members_of(copy) <= 4);
        }
    }
}

static void shares_are_exact_to_six_digits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ppm; /* -1: refused */
    } all[] = {
        {"0", 0},
        {"1", 1000000},
        {"1.0", 1000000},
        {"0.92", 920000},
        {"0.9249999999999999", 924999},
        {"0.123456789012345678901234567890", 123456},
        {"1.00000000000000000000000000001", 1000000},
        {"9.2e-1", 920000},
        {"92E-2", 920000},
        {"0.092e+1", 920000},
        {"1e-05", 10},
        {"1e-99999999999", 0},
        {"0e99999999999", 0},
        {"0.000000000000000000000000000001e30", -1}, /* digits beyond the sixth are dropped */
        {"1.1", -1},
        {"2", -1},
        {"1e1", -1},
        {"1e999999", -1},
        {"100000000000000000000000000", -1},
        {"99999999999999999999999999999999e-32", 999999},
        {"-0.5", -1},
        {"-0", -1},
        {"", -1},
        {"x", -1},
        {"0.5x", -1},
        {"1.", -1},
        {"\"1\"", -1},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        uint32_t ppm = 77;
        int error = muster_json_ppm(muster_text_bytes(all[i].text), &ppm);
        if (error != (all[i].ppm < 0 ? MUSTER_E_INVALID : 0) ||
            ppm != (all[i].ppm < 0 ? 77 : all[i].ppm))
            fail_msg("%s: %d, %u", all[i].text, error, (unsigned)ppm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read_as_they_stand),
        cmocka_unit_test(every_form_of_a_value_is_known),
        cmocka_unit_test(what_is_no_json_is_malformed),
        cmocka_unit_test(object_that_is_too_long_is_malformed),
        cmocka_unit_test(damaged_object_is_read_within_its_bounds),
        cmocka_unit_test(shares_are_exact_to_six_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
