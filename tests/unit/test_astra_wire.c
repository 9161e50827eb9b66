/* SPDX-License-Identifier: Apache-2.0 */
/* The origin's JSON: written as the origin writes it, read with more care than it did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/coordinator/astra_wire.h"
#include "core/json.h"

static const struct muster_self well = {MUSTER_CIRCUIT_CLOSED, MUSTER_MODE_PRIMARY, 920000, 0};

static int parse(const char *text)
{
    struct muster_astra_vote v;
    return muster_astra_vote_parse(&v, muster_text_bytes(text));
}

static void vote_has_this_very_text(void **state)
{
    (void)state;
    char room[MUSTER_ASTRA_JSON_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_astra_vote_write(&well, UINT64_C(1767225600123), &t);
    assert_string_equal(room,
                        "{\"circuit_breaker_state\": \"CLOSED\", \"fallback_mode\": \"PRIMARY\", "
                        "\"health_score\": 0.920000, "
                        "\"timestamp\": \"2026-01-01T00:00:00.123000\"}");
}

static void state_and_health_are_json(void **state)
{
    (void)state;
    char room[MUSTER_ASTRA_JSON_MAX];
    struct muster_text t;
    struct muster_json j;
    struct muster_json_member m;
    muster_text_init(&t, room, sizeof room);
    muster_astra_state_write(&well, "a-name-of-thirty-one-characters", true,
                             UINT64_C(253402300799999), &t);
    assert_false(muster_text_is_cut(&t));
    assert_string_equal(
        room, "{\"instance_id\": \"a-name-of-thirty-one-characters\", \"is_leader\": true, "
              "\"timestamp\": \"9999-12-31T23:59:59.999000\", \"state\": "
              "{\"circuit_breaker\": {\"state\": \"CLOSED\"}, "
              "\"fallback\": {\"mode\": \"PRIMARY\"}, \"health_score\": 0.920000}}");
    int n = 0;
    assert_int_equal(muster_json_open(&j, muster_text_written(&t)), 0);
    while (muster_json_next(&j, &m) == 0)
        n++;
    assert_int_equal(n, 4);
    muster_text_init(&t, room, sizeof room);
    muster_astra_health_write(&(struct muster_self){0}, 0, &t);
    assert_string_equal(room, "{\"circuit_breaker\": {\"state\": \"UNKNOWN\"}, "
                              "\"fallback\": {\"mode\": \"UNKNOWN\"}, \"health_score\": 0.000000, "
                              "\"timestamp\": \"1970-01-01T00:00:00.000000\"}");
}

static void dates_are_those_of_the_calendar(void **state)
{
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *text;
    } all[] = {
        {951782399, "2000-02-28T23:59:59"},  {951782400, "2000-02-29T00:00:00"},
        {951868800, "2000-03-01T00:00:00"},  {1709164800, "2024-02-29T00:00:00"},
        {1740787200, "2025-03-01T00:00:00"}, {4107542400, "2100-03-01T00:00:00"},
        {1798761599, "2026-12-31T23:59:59"}, {1798761600, "2027-01-01T00:00:00"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char room[MUSTER_ASTRA_JSON_MAX];
        struct muster_text t;
        muster_text_init(&t, room, sizeof room);
        muster_astra_vote_write(&well, all[i].seconds * 1000, &t);
        assert_non_null(strstr(room, all[i].text));
    }
}

static void vote_comes_back_as_written(void **state)
{
    (void)state;
    for (uint64_t circuit = 0; circuit <= MUSTER_CIRCUIT_OPEN; circuit++) {
        for (uint64_t mode = 0; mode <= MUSTER_MODE_SAFE; mode++) {
            struct muster_self self = {(enum muster_circuit_state)circuit,
                                       (enum muster_fallback_mode)mode, 123456, 0};
            struct muster_astra_vote v;
            char room[MUSTER_ASTRA_JSON_MAX];
            struct muster_text t;
            muster_text_init(&t, room, sizeof room);
            muster_astra_vote_write(&self, 5, &t);
            assert_int_equal(muster_astra_vote_parse(&v, muster_text_written(&t)), 0);
            assert_int_equal(v.circuit, circuit);
            assert_int_equal(v.mode, mode);
            assert_int_equal(v.score, 123456);
        }
    }
}

static void what_is_not_said_or_known_is_unknown(void **state)
{
    (void)state;
    struct muster_astra_vote v;
    static const char *const all[] = {
        "{\"timestamp\": \"t\"}",
        "{\"timestamp\": \"t\", \"circuit_breaker_state\": \"closed\", \"fallback_mode\": \"\"}",
        "{\"circuit_breaker_state\": \"SPLIT\", \"fallback_mode\": \"FINE\", \"timestamp\": \"\"}",
        "{\"weight\": [1, {\"circuit_breaker_state\": \"OPEN\"}], \"timestamp\": \"t\"}",
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(muster_astra_vote_parse(&v, muster_text_bytes(all[i])), 0);
        assert_int_equal(v.circuit, MUSTER_CIRCUIT_UNKNOWN);
        assert_int_equal(v.mode, MUSTER_MODE_UNKNOWN);
        assert_int_equal(v.score, 0);
    }
    assert_int_equal(muster_astra_vote_parse(
                         &v, muster_text_bytes("{\"fallback_mode\": \"SAFE\", \"timestamp\": \"t\","
                                               " \"fallback_mode\": \"PRIMARY\"}")),
                     0);
    assert_int_equal(v.mode, MUSTER_MODE_PRIMARY); /* as the origin's own reader has it */
}

static void malformed_vote_is_no_vote(void **state)
{
    (void)state;
    static const char *const all[] = {
        "",
        "OPEN",
        "{}",
        "{\"circuit_breaker_state\": \"OPEN\"}",
        "{\"timestamp\": 17}",
        "{\"timestamp\": \"t\", \"circuit_breaker_state\": null}",
        "{\"timestamp\": \"t\", \"fallback_mode\": [\"SAFE\"]}",
        "{\"timestamp\": \"t\", \"health_score\": \"0.5\"}",
        "{\"timestamp\": \"t\", \"health_score\": 1.5}",
        "{\"timestamp\": \"t\", \"health_score\": NaN}",
        "{\"timestamp\": \"t\"",
        "{\"timestamp\": \"t\"}}",
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (parse(all[i]) != MUSTER_E_INVALID)
            fail_msg("%s was taken", all[i]);
}

static void timestamp_is_seen_to_change_and_nothing_else(void **state)
{
    (void)state;
    struct muster_astra_vote a, b, c;
    muster_astra_vote_parse(&a, muster_text_bytes("{\"timestamp\": \"yesterday\"}"));
    muster_astra_vote_parse(&b, muster_text_bytes("{ \"x\": 1, \"timestamp\": \"yesterday\"}"));
    muster_astra_vote_parse(&c, muster_text_bytes("{\"timestamp\": \"today\"}"));
    assert_true(a.stamp == b.stamp && a.stamp != c.stamp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vote_has_this_very_text),
        cmocka_unit_test(state_and_health_are_json),
        cmocka_unit_test(dates_are_those_of_the_calendar),
        cmocka_unit_test(vote_comes_back_as_written),
        cmocka_unit_test(what_is_not_said_or_known_is_unknown),
        cmocka_unit_test(malformed_vote_is_no_vote),
        cmocka_unit_test(timestamp_is_seen_to_change_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
