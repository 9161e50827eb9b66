/* SPDX-License-Identifier: Apache-2.0 */
/* A health sample: what is missing, misspelt or malformed is unknown; score and classes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/orchestrator/health.h"
#include "core/text.h"

static struct muster_health parsed(const char *text)
{
    struct muster_health h;
    memset(&h, 0xa5, sizeof h);
    muster_health_parse(&h, muster_text_bytes(text));
    return h;
}

static void a_whole_line_is_read(void **state)
{
    (void)state;
    struct muster_health h = parsed("system=DEGRADED failed=1 degraded=2 total=9 circuit=OPEN "
                                    "open_s=301 retry=CRITICAL failures_1h=51 fallback=HEURISTIC "
                                    "accuracy_ppm=790000\n");
    assert_int_equal(h.system, MUSTER_SYSTEM_DEGRADED);
    assert_int_equal(h.failed_components, 1);
    assert_int_equal(h.degraded_components, 2);
    assert_int_equal(h.total_components, 9);
    assert_int_equal(h.circuit, MUSTER_CIRCUIT_OPEN);
    assert_int_equal(h.open_duration, 301 * MUSTER_SECOND);
    assert_int_equal(h.retry, MUSTER_RETRY_CRITICAL);
    assert_int_equal(h.failures_1h, 51);
    assert_int_equal(h.fallback, MUSTER_MODE_HEURISTIC);
    assert_int_equal(h.accuracy_ppm, 790000);
    assert_int_equal(h.unknown_components, 0);
}

static void assert_unknown(const struct muster_health *h)
{
    assert_int_equal(h->system, MUSTER_SYSTEM_UNKNOWN);
    assert_true(h->failed_components == MUSTER_COUNT_UNKNOWN);
    assert_true(h->degraded_components == MUSTER_COUNT_UNKNOWN);
    assert_true(h->total_components == MUSTER_COUNT_UNKNOWN);
    assert_int_equal(h->circuit, MUSTER_CIRCUIT_UNKNOWN);
    assert_true(h->open_duration == MUSTER_NEVER);
    assert_int_equal(h->retry, MUSTER_RETRY_UNKNOWN);
    assert_true(h->failures_1h == MUSTER_COUNT_UNKNOWN);
    assert_int_equal(h->fallback, MUSTER_MODE_UNKNOWN);
    assert_true(h->accuracy_ppm == MUSTER_COUNT_UNKNOWN);
}

static void what_is_not_said_well_is_unknown(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "  \n",
        "system circuit retry",
        "=HEALTHY",
        "sytem=HEALTHY Circuit=CLOSED",
        "system=healthy circuit=CLOSEDx retry=stable fallback=primary",
        "system= circuit= retry= failed= open_s=",
        "failed=-1 degraded=1.5 total=x open_s=1e9 failures_1h=99999999999999999999",
        "failed=9007199254740992 open_s=9007200 accuracy_ppm=1000001",
        "failures_1h=3 failures_1h=3",
        "system=HEALTHY system=FAILED circuit=CLOSED circuit=CLOSED",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct muster_health h = parsed(rows[i]);
        assert_unknown(&h);
        assert_int_equal(muster_health_score(&h), 500000);
    }
}

static void components_are_counted_when_counts_are_not_given(void **state)
{
    (void)state;
    struct muster_health h = parsed("component.a=FAILED component.b=DEGRADED component.c=HEALTHY "
                                    "component.d=FAILED component.e=? component.=FAILED");
    assert_int_equal(h.failed_components, 2);
    assert_int_equal(h.degraded_components, 1);
    assert_int_equal(h.total_components, 5);
    assert_int_equal(h.unknown_components, 1);
    h = parsed("component.a=FAILED failed=7 degraded=8 total=9 component.b=?");
    assert_int_equal(h.failed_components, 7);
    assert_int_equal(h.degraded_components, 8);
    assert_int_equal(h.total_components, 9);
    assert_int_equal(h.unknown_components, 0);
    h = parsed("component.a=FAILED failed=many");
    assert_true(h.failed_components == MUSTER_COUNT_UNKNOWN);
}

static void retry_state_follows_from_failures(void **state)
{
    (void)state;
    assert_int_equal(parsed("failures_1h=4").retry, MUSTER_RETRY_STABLE);
    assert_int_equal(parsed("failures_1h=5").retry, MUSTER_RETRY_ELEVATED);
    assert_int_equal(parsed("failures_1h=19").retry, MUSTER_RETRY_ELEVATED);
    assert_int_equal(parsed("failures_1h=20").retry, MUSTER_RETRY_CRITICAL);
    assert_int_equal(parsed("failures_1h=20 retry=STABLE").retry, MUSTER_RETRY_STABLE);
    assert_int_equal(parsed("failures_1h=1 retry=oops").retry, MUSTER_RETRY_UNKNOWN);
}

static void score_is_the_weighted_sum(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t score;
        enum muster_health_class class;
    } rows[] = {
        {"system=HEALTHY circuit=CLOSED retry=STABLE", 1000000, MUSTER_HEALTH_HEALTHY},
        {"system=HEALTHY circuit=HALF_OPEN retry=STABLE", 825000, MUSTER_HEALTH_HEALTHY},
        {"system=DEGRADED circuit=CLOSED retry=STABLE", 840000, MUSTER_HEALTH_HEALTHY},
        {"system=DEGRADED circuit=CLOSED retry=ELEVATED", 715000, MUSTER_HEALTH_DEGRADED},
        {"system=FAILED circuit=OPEN retry=CRITICAL", 0, MUSTER_HEALTH_FAILED},
        {"system=HEALTHY circuit=OPEN retry=CRITICAL", 400000, MUSTER_HEALTH_FAILED},
        {"system=HEALTHY", 700000, MUSTER_HEALTH_DEGRADED},
        {"", 500000, MUSTER_HEALTH_DEGRADED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct muster_health h = parsed(rows[i].text);
        assert_int_equal(muster_health_score(&h), rows[i].score);
        assert_int_equal(muster_health_classify(rows[i].score), rows[i].class);
    }
    assert_int_equal(muster_health_classify(799999), MUSTER_HEALTH_DEGRADED);
    assert_int_equal(muster_health_classify(499999), MUSTER_HEALTH_FAILED);
}

static void texts_are_those_of_the_votes(void **state)
{
    (void)state;
    assert_string_equal(muster_circuit_text(MUSTER_CIRCUIT_HALF_OPEN), "HALF_OPEN");
    assert_string_equal(muster_circuit_text(4), "?");
    assert_string_equal(muster_mode_text(MUSTER_MODE_SAFE), "SAFE");
    assert_string_equal(muster_mode_text(UINT64_MAX), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_line_is_read),
        cmocka_unit_test(what_is_not_said_well_is_unknown),
        cmocka_unit_test(components_are_counted_when_counts_are_not_given),
        cmocka_unit_test(retry_state_follows_from_failures),
        cmocka_unit_test(score_is_the_weighted_sum),
        cmocka_unit_test(texts_are_those_of_the_votes),
    };
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
