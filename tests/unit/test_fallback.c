/* SPDX-License-Identifier: Apache-2.0 */
/* The fallback manager: which mode, why, and that the unknown never makes it better. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/notes.h"
#include "core/orchestrator/fallback.h"
#include "core/text.h"

static struct muster_effects out;

static void observe(struct muster_fallback *f, muster_time now, const char *health)
{
    struct muster_health h;
    muster_health_parse(&h, muster_text_bytes(health));
    out.count = 0;
    out.used = 0;
    muster_fallback_observe(f, now, &h, &out);
}

static void assert_noted(uint64_t mode, uint64_t from, uint64_t cause)
{
    assert_int_equal(out.count, 1);
    assert_int_equal(out.at[0].kind, MUSTER_OUT_NOTE);
    assert_int_equal(out.at[0].note, MUSTER_NOTE_FALLBACK);
    assert_int_equal(out.at[0].arg[0], mode);
    assert_int_equal(out.at[0].arg[1], from);
    assert_int_equal(out.at[0].arg[2], cause);
    assert_true(muster_text_equal(out.at[0].data, muster_fallback_cause_text(cause)));
}

static enum muster_fallback_mode judged(const char *health, enum muster_fallback_mode present)
{
    struct muster_health h;
    enum muster_fallback_cause cause = MUSTER_FALLBACK_NONE;
    muster_health_parse(&h, muster_text_bytes(health));
    enum muster_fallback_mode mode = muster_fallback_judge(&h, present, &cause);
    assert_true((mode == present) == (cause == MUSTER_FALLBACK_NONE));
    return mode;
}

#define P MUSTER_MODE_PRIMARY
#define H MUSTER_MODE_HEURISTIC
#define S MUSTER_MODE_SAFE
#define U MUSTER_MODE_UNKNOWN

static void each_health_calls_for_its_mode(void **state)
{
    (void)state;
    static const struct {
        const char *health;
        enum muster_fallback_mode present, mode;
    } rows[] = {
        {"failed=0 circuit=CLOSED failures_1h=0", S, P},
        {"failed=1 circuit=HALF_OPEN failures_1h=50", H, P},
        {"failed=2 circuit=CLOSED failures_1h=0", P, S},
        {"failed=2 circuit=OPEN failures_1h=99", U, S},
        {"failed=2", P, S},
        {"failed=1 circuit=OPEN failures_1h=0", P, H},
        {"failed=1 circuit=OPEN", S, H},
        {"failed=1 circuit=CLOSED failures_1h=51", P, H},
        /* What is unknown keeps the present mode, or worsens it by what is known. */
        {"", U, U},
        {"", P, P},
        {"", S, S},
        {"circuit=CLOSED failures_1h=0", S, S},
        {"circuit=CLOSED failures_1h=0", U, U},
        {"failed=0 circuit=CLOSED", H, H},
        {"failed=0 failures_1h=0", H, H},
        {"circuit=OPEN", P, H},
        {"circuit=OPEN", S, S},
        {"circuit=OPEN", H, H},
        {"failures_1h=51", U, H},
        {"component.a=FAILED component.b=? circuit=CLOSED failures_1h=0", S, S},
        {"component.a=FAILED component.b=FAILED component.c=?", P, S},
        {"component.a=FAILED component.b=HEALTHY circuit=CLOSED failures_1h=0", S, P},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(judged(rows[i].health, rows[i].present), rows[i].mode);
}

static void transitions_are_recorded_with_their_reasons(void **state)
{
    (void)state;
    struct muster_fallback f;
    muster_fallback_init(&f);
    observe(&f, 1, "");
    assert_int_equal(out.count, 0);
    observe(&f, 2, "failed=0 circuit=CLOSED failures_1h=0");
    assert_noted(P, U, MUSTER_FALLBACK_RECOVERED);
    observe(&f, 3, "failed=0 circuit=OPEN failures_1h=0");
    assert_noted(H, P, MUSTER_FALLBACK_CIRCUIT);
    observe(&f, 4, "failed=0 circuit=CLOSED failures_1h=60");
    assert_int_equal(out.count, 0);
    observe(&f, 5, "failed=3");
    assert_noted(S, H, MUSTER_FALLBACK_COMPONENTS);
    assert_int_equal(f.since, 5);
    assert_int_equal(f.transitions, 3);
    observe(&f, 6, "failed=1 circuit=CLOSED failures_1h=60");
    assert_noted(H, S, MUSTER_FALLBACK_RETRIES);
}

static void consensus_sets_the_mode_until_own_health_changes(void **state)
{
    (void)state;
    struct muster_fallback f;
    muster_fallback_init(&f);
    observe(&f, 1, "failed=0 circuit=CLOSED failures_1h=0");
    out.count = 0;
    out.used = 0;
    assert_true(muster_fallback_decide(&f, 2, H, &out));
    assert_noted(H, P, MUSTER_FALLBACK_CONSENSUS);
    assert_int_equal(f.local, P);
    observe(&f, 3, "failed=0 circuit=CLOSED failures_1h=0");
    assert_int_equal(out.count, 0);
    assert_int_equal(f.mode, H);
    assert_true(muster_fallback_decide(&f, 4, H, &out));
    assert_false(muster_fallback_decide(&f, 4, U, &out));
    assert_false(muster_fallback_decide(&f, 4, S + 1, &out));
    assert_int_equal(out.count, 0);
    observe(&f, 5, "failed=2");
    assert_noted(S, H, MUSTER_FALLBACK_COMPONENTS);
}

static void safe_mode_cascades(void **state)
{
    (void)state;
    struct muster_fallback f;
    muster_fallback_init(&f);
    out.count = 0;
    out.used = 0;
    muster_fallback_cascade(&f, 1, &out);
    assert_noted(S, U, MUSTER_FALLBACK_SAFE_MODE);
    assert_int_equal(f.local, U);
    muster_fallback_cascade(&f, 2, &out);
    assert_int_equal(out.count, 1);
    assert_int_equal(f.since, 1);
    assert_string_equal(muster_fallback_cause_text(MUSTER_FALLBACK_CAUSE_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_health_calls_for_its_mode),
        cmocka_unit_test(transitions_are_recorded_with_their_reasons),
        cmocka_unit_test(consensus_sets_the_mode_until_own_health_changes),
        cmocka_unit_test(safe_mode_cascades),
    };
    return cmocka_run_group_tests_name("fallback", tests, NULL, NULL);
}
