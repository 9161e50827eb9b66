/* SPDX-License-Identifier: Apache-2.0 */
/* Health as JSON: what is well said arrives at the core, what is not is unknown, never healthy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/orchestrator/health.h"
#include "live/health.h"

static char room[MUSTER_LIVE_HEALTH_TEXT_ROOM];
static struct muster_text text;
static char why[200];

static int translate(struct muster_bytes json)
{
    memset(why, 'w', sizeof why - 1);
    muster_text_init(&text, room, sizeof room);
    return muster_health_text(json, &text, why, sizeof why);
}

static void assert_becomes(const char *json, const char *expected, const char *complaint)
{
    assert_int_equal(translate(muster_text_bytes(json)), 0);
    assert_string_equal(room, expected);
    assert_int_equal(text.length, strlen(expected));
    assert_string_equal(why, complaint);
}

static void assert_refused(const char *json, const char *expected)
{
    assert_int_equal(translate(muster_text_bytes(json)), MUSTER_E_INVALID);
    assert_string_equal(room, "");
    assert_int_equal(text.length, 0);
    assert_string_equal(why, expected);
}

static struct muster_health parsed(const char *json)
{
    struct muster_health h;
    assert_int_equal(translate(muster_text_bytes(json)), 0);
    muster_health_parse(&h, muster_text_written(&text));
    return h;
}

static void the_whole_state_arrives_at_the_core(void **state)
{
    (void)state;
    struct muster_health h =
        parsed("{\"system\": {\"status\": \"DEGRADED\", \"failed_components\": 1,"
               "              \"degraded_components\": 2, \"total_components\": 9},"
               " \"circuit_breaker\": {\"state\": \"HALF_OPEN\", \"open_duration_seconds\": 301.9},"
               " \"retry\": {\"state\": \"CRITICAL\", \"failures_1h\": 51},"
               " \"fallback\": {\"mode\": \"SAFE\"}, \"accuracy\": 0.93,"
               " \"components\": {\"db\": {\"status\": \"FAILED\"}}, \"else\": [1, {}, null]}");
    assert_string_equal(why, "");
    assert_string_equal(room, "system=DEGRADED failed=1 degraded=2 total=9 circuit=HALF_OPEN "
                              "open_s=301 retry=CRITICAL failures_1h=51 fallback=SAFE "
                              "accuracy_ppm=930000 component.db=FAILED");
    assert_int_equal(h.system, MUSTER_SYSTEM_DEGRADED);
    assert_int_equal(h.failed_components, 1);
    assert_int_equal(h.degraded_components, 2);
    assert_int_equal(h.total_components, 9);
    assert_int_equal(h.circuit, MUSTER_CIRCUIT_HALF_OPEN);
    assert_int_equal(h.open_duration, 301 * MUSTER_SECOND);
    assert_int_equal(h.retry, MUSTER_RETRY_CRITICAL);
    assert_int_equal(h.failures_1h, 51);
    assert_int_equal(h.fallback, MUSTER_MODE_SAFE);
    assert_int_equal(h.accuracy_ppm, 930000);
}

static void what_is_missing_is_left_out(void **state)
{
    (void)state;
    assert_becomes("{}", "", "");
    assert_becomes(" {\"system\": {}, \"retry\": {\"failures_1h\": 0}, \"components\": {}}\n",
                   "failures_1h=0", "");
    struct muster_health h = parsed("{}"), unknown;
    muster_health_unknown(&unknown);
    assert_memory_equal(&h, &unknown, sizeof h);
}

/* Every word, in both cases, is one that the core knows; only UNKNOWN is unknown. */
static void states_are_read_in_either_case(void **state)
{
    (void)state;
    static const struct {
        const char *part, *name, *words[4];
    } rows[] = {
        {"system", "status", {"HEALTHY", "DEGRADED", "FAILED", "UNKNOWN"}},
        {"circuit_breaker", "state", {"CLOSED", "HALF_OPEN", "OPEN", "UNKNOWN"}},
        {"retry", "state", {"STABLE", "ELEVATED", "CRITICAL", "UNKNOWN"}},
        {"fallback", "mode", {"PRIMARY", "HEURISTIC", "SAFE", "UNKNOWN"}},
    };
    char json[200], word[32];
    for (size_t i = 0; i < 4; i++) {
        for (int w = 0; w < 8; w++) {
            (void)snprintf(word, sizeof word, "%s", rows[i].words[w / 2]);
            for (char *c = word; w % 2 && *c; c++)
                *c = (char)(*c == '_' ? *c : *c | 0x20);
            (void)snprintf(json, sizeof json, "{\"%s\": {\"%s\": \"%s\"}}", rows[i].part,
                           rows[i].name, word);
            struct muster_health h = parsed(json);
            unsigned found =
                (unsigned)h.system + (unsigned)h.circuit + (unsigned)h.retry + (unsigned)h.fallback;
            assert_int_equal(found, (w / 2 + 1) % 4);
            assert_string_equal(why, "");
        }
    }
}

static void a_malformed_value_is_unknown_and_nothing_stands_in_for_it(void **state)
{
    (void)state;
    static const char *const bad[] = {"null",
                                      "true",
                                      "\"HEALTY\"",
                                      "\"\"",
                                      "\"HEALTHY \"",
                                      "\"OPEN\\n\"",
                                      "[]",
                                      "{}",
                                      "\"5\"",
                                      "-1",
                                      "\"a word that is much longer than any of ours\"",
                                      "-0.5",
                                      "1e300",
                                      "9007199254740992",
                                      "123456789012345678901234567890"};
    char json[400];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(json, sizeof json,
                       "{\"system\": {\"failed_components\": %s, \"status\": \"HEALTHY\"},"
                       " \"retry\": {\"failures_1h\": 0, \"state\": %s}, \"accuracy\": %s,"
                       " \"components\": {\"a\": {\"status\": \"HEALTHY\"}}}",
                       bad[i], bad[i], bad[i]);
        struct muster_health h = parsed(json);
        assert_true(h.failed_components == MUSTER_COUNT_UNKNOWN);
        assert_int_equal(h.retry, MUSTER_RETRY_UNKNOWN);
        assert_true(h.accuracy_ppm == MUSTER_COUNT_UNKNOWN);
        assert_int_equal(h.system, MUSTER_SYSTEM_HEALTHY); /* the rest is believed */
        assert_int_equal(h.failures_1h, 0);
        assert_string_equal(why, "system.failed_components is malformed");
    }
}

static void a_malformed_part_is_unknown_as_a_whole(void **state)
{
    (void)state;
    assert_becomes(
        "{\"system\": 5, \"circuit_breaker\": [], \"retry\": null, \"fallback\": \"SAFE\","
        " \"components\": {\"a\": {\"status\": \"HEALTHY\"}}}",
        "system=UNKNOWN failed=UNKNOWN degraded=UNKNOWN total=UNKNOWN circuit=UNKNOWN "
        "open_s=UNKNOWN retry=UNKNOWN failures_1h=UNKNOWN fallback=UNKNOWN "
        "component.a=HEALTHY",
        "system is malformed");
    assert_becomes("{\"accuracy\": {\"accuracy\": 1}}", "accuracy_ppm=UNKNOWN",
                   "accuracy is malformed");
}

static void numbers_are_rounded_down(void **state)
{
    (void)state;
    assert_becomes("{\"system\": {\"failed_components\": 1.999, \"degraded_components\": -0.0,"
                   " \"total_components\": 9007199254740991}, \"retry\": {\"failures_1h\": 2e1}}",
                   "failed=1 degraded=0 total=9007199254740991 failures_1h=20", "");
}

static void a_share_becomes_its_ppm_exactly(void **state)
{
    (void)state;
    char json[64], expected[64];
    for (unsigned ppm = 0; ppm <= MUSTER_PPM; ppm += 7) {
        (void)snprintf(json, sizeof json, "{\"accuracy\": %u.%06u9}", ppm / MUSTER_PPM,
                       ppm % MUSTER_PPM);
        json[strlen(json) - 2] = ppm % 2 ? '9' : '0';
        (void)snprintf(expected, sizeof expected, "accuracy_ppm=%u", ppm);
        assert_becomes(json, expected, "");
    }
    assert_becomes("{\"accuracy\": 1}", "accuracy_ppm=1000000", "");
    assert_becomes("{\"accuracy\": 1.0000001}", "accuracy_ppm=UNKNOWN", "accuracy is malformed");
    assert_becomes("{\"accuracy\": 1e-320}", "accuracy_ppm=0", "");
}

/* ---- components ---- */

static void components_that_are_not_well_said_count_as_unknown(void **state)
{
    (void)state;
    struct muster_health h = parsed(
        "{\"components\": {\"a\": {\"status\": \"failed\"}, \"b-1.x_Y\": {\"status\": 7},"
        " \"c\": 7, \"d\": {}, \"\": {\"status\": \"FAILED\"},"
        " \"x=1 system\": {\"status\": \"HEALTHY\"}, \"\\u00e9\": {\"status\": \"FAILED\"}}}");
    assert_string_equal(room, "component.a=FAILED component.b-1.x_Y=UNKNOWN component.c=UNKNOWN "
                              "component.d=UNKNOWN component.?=UNKNOWN component.?=UNKNOWN "
                              "component.?=UNKNOWN");
    assert_string_equal(why, "components.b-1.x_Y is malformed");
    assert_int_equal(h.failed_components, 1);
    assert_int_equal(h.unknown_components, 6);
    assert_int_equal(h.total_components, 7);
    assert_becomes("{\"components\": [\"a\"]}", "", "components is malformed");
    assert_becomes("{\"components\": {\" \": {\"status\": \"FAILED\"}}}", "component.?=UNKNOWN",
                   "components has a bad name");
}

static void components_that_do_not_fit_are_all_left_out(void **state)
{
    (void)state;
    static char json[200000];
    size_t used = (size_t)snprintf(json, sizeof json, "{\"accuracy\": 0.5, \"components\": {");
    for (int i = 0; i < 2000; i++)
        used += (size_t)snprintf(json + used, sizeof json - used,
                                 "%s\"component-%d\": {\"status\": \"HEALTHY\"}", i ? "," : "", i);
    (void)snprintf(json + used, sizeof json - used, "}}");
    assert_becomes(json, "accuracy_ppm=500000", "components are too many");
}

static void a_text_without_room_is_refused(void **state)
{
    (void)state;
    struct muster_bytes json =
        muster_text_bytes("{\"accuracy\": 0.5, \"components\": {\"a\": {}}}");
    char small[sizeof "accuracy_ppm=500000 component.a=UNKNOWN"];
    for (size_t size = 0; size <= sizeof small; size++) {
        memset(small, 'x', sizeof small);
        muster_text_init(&text, small, size);
        int error = muster_health_text(json, &text, why, size);
        assert_int_equal(error, size < sizeof "accuracy_ppm=500000" ? MUSTER_E_INVALID : 0);
        const char *expected = error ? "" : "accuracy_ppm=500000";
        if (size == sizeof small)
            expected = "accuracy_ppm=500000 component.a=UNKNOWN";
        if (size > 0)
            assert_string_equal(small, expected);
        assert_int_equal(text.length, strlen(expected));
    }
}

/* ---- no health at all ---- */

static void what_is_no_json_object_is_refused(void **state)
{
    (void)state;
    assert_refused("", "no valid JSON in line 1, column 0: '[' or '{' expected");
    assert_refused("[]", "no JSON object");
    assert_refused("5", "no valid JSON in line 1, column 1: '[' or '{' expected");
    assert_refused("{\"accuracy\": NaN}", "no valid JSON in line 1, column 16: invalid token");
    assert_refused("{\"accuracy\": -Infinity}",
                   "no valid JSON in line 1, column 14: invalid token");
    assert_refused("{\"accuracy\": 1e999}",
                   "no valid JSON in line 1, column 18: real number overflow");
    assert_refused("{\"accuracy\":\n\n 01}", "no valid JSON in line 3, column 2: invalid token");
    assert_refused("{\"accuracy\": 1}\nx",
                   "no valid JSON in line 2, column 1: end of file expected");
    assert_refused("{\"accuracy\": 1, \"accuracy\": 1}",
                   "no valid JSON in line 1, column 26: duplicate object key");
    assert_refused("{\"system\": {\"status\": \"HEALTHY\"",
                   "no valid JSON in line 1, column 31: '}' expected");
    assert_int_equal(translate((struct muster_bytes){NULL, 0}), MUSTER_E_INVALID);
    assert_int_equal(translate((struct muster_bytes){(const uint8_t *)"{}\0", 3}),
                     MUSTER_E_INVALID);
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    static char json[1 << 20];
    memset(json, '[', sizeof json - 1);
    assert_refused(json, "no valid JSON in line 1, column 2049: maximum parsing depth reached");
    for (size_t i = 0; i + 5 < sizeof json; i += 5)
        memcpy(json + i, "{\"a\":", 5);
    assert_refused(json, "no valid JSON in line 1, column 10241: maximum parsing depth reached");
}

/* ---- whatever comes ---- */

static uint32_t draw(uint32_t below)
{
    static uint32_t seed = 1;
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)seed * below >> 32);
}

/* Whatever went in: a line, of tokens that the core knows, and one line of complaint. */
static void assert_sound(int error)
{
    assert_true(error == 0 || error == MUSTER_E_INVALID);
    assert_true(error == 0 || text.length == 0);
    assert_int_equal(text.length, strlen(room));
    for (const char *c = room; *c; c++)
        assert_in_range(*c, ' ', '~');
    for (const char *c = why; *c; c++)
        assert_true((uint8_t)*c >= ' ');
    struct muster_bytes rest = muster_text_written(&text), name;
    for (struct muster_bytes value = muster_text_token(&rest); value.size > 0;
         value = muster_text_token(&rest)) {
        assert_true(muster_text_split(&value, '=', &name));
        assert_true(value.size > 0 && name.size > 0);
        assert_null(memchr(value.at, '=', value.size));
    }
    struct muster_health h;
    muster_health_parse(&h, muster_text_written(&text));
    assert_true(muster_health_score(&h) <= MUSTER_PPM);
}

static void mutated_states_never_harm(void **state)
{
    (void)state;
    static const char sound[] =
        "{\"system\": {\"status\": \"DEGRADED\", \"failed_components\": 1}, \"accuracy\": 0.9,\n"
        "\"circuit_breaker\": {\"state\": \"OPEN\", \"open_duration_seconds\": 301},\n"
        "\"retry\": {\"state\": \"STABLE\", \"failures_1h\": 51},"
        "\"fallback\": {\"mode\": \"SAFE\"},"
        "\"components\": {\"a\": {\"status\": \"FAILED\"}, \"b\": {\"status\": \"HEALTHY\"}}}";
    static const char salt[] = "{}[]\",:\\0123456789-+.eE nulltrue\n\t\xff\xc3";
    uint32_t accepted = 0;
    for (int round = 0; round < 20000; round++) {
        uint8_t json[sizeof sound + 8];
        size_t size = sizeof sound - 1;
        memcpy(json, sound, size);
        for (uint32_t left = 1 + draw(4); left > 0; left--) {
            size_t at = draw((uint32_t)size);
            switch (draw(4)) {
            case 0:
                json[at] = (uint8_t)draw(256);
                break;
            case 1:
                json[at] = (uint8_t)salt[draw(sizeof salt)];
                break;
            case 2:
                memmove(json + at, json + at + 1, --size - at);
                break;
            default:
                memmove(json + at + 1, json + at, size++ - at);
                break;
            }
        }
        uint8_t *exact = malloc(size); /* so that a sanitizer sees who reads beyond */
        assert_non_null(exact);
        memcpy(exact, json, size);
        int error = translate((struct muster_bytes){exact, size});
        free(exact);
        assert_sound(error);
        accepted += error == 0;
    }
    assert_in_range(accepted, 1000, 19000); /* both ways were gone */
}

static void every_prefix_and_random_bytes_never_harm(void **state)
{
    (void)state;
    uint8_t bytes[64];
    for (int round = 0; round < 5000; round++) {
        size_t size = draw(sizeof bytes);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)draw(256);
        bytes[0] = '{';
        assert_sound(translate((struct muster_bytes){bytes, size}));
    }
    static const char sound[] = "{\"components\": {\"a\": {\"status\": \"FAILED\"}}}";
    for (size_t size = 0; size < sizeof sound - 1; size++)
        assert_int_equal(translate((struct muster_bytes){(const uint8_t *)sound, size}),
                         MUSTER_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_state_arrives_at_the_core),
        cmocka_unit_test(what_is_missing_is_left_out),
        cmocka_unit_test(states_are_read_in_either_case),
        cmocka_unit_test(a_malformed_value_is_unknown_and_nothing_stands_in_for_it),
        cmocka_unit_test(a_malformed_part_is_unknown_as_a_whole),
        cmocka_unit_test(numbers_are_rounded_down),
        cmocka_unit_test(a_share_becomes_its_ppm_exactly),
        cmocka_unit_test(components_that_are_not_well_said_count_as_unknown),
        cmocka_unit_test(components_that_do_not_fit_are_all_left_out),
        cmocka_unit_test(a_text_without_room_is_refused),
        cmocka_unit_test(what_is_no_json_object_is_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(mutated_states_never_harm),
        cmocka_unit_test(every_prefix_and_random_bytes_never_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
