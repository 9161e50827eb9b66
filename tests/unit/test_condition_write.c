/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions written back from their programs: the text, and that it compiles to the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/orchestrator/condition.h"
#include "core/random.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const actions[] = {"restart_radio", "stabilize_attitude", "cache_purge"};
static struct muster_anomaly_types types = {.name = {"power_fault", "comm_fault"}, .count = 2};
static const struct muster_condition_names names = {{actions, COUNT(actions)}, &types, false};

/* The condition as it is written; what is written compiles to the same bytes. */
static const char *written(const char *text)
{
    static char room[2 * MUSTER_CONDITION_TEXT_MAX];
    struct muster_condition c, again;
    struct muster_condition_error e;
    struct muster_text t;
    if (muster_condition_compile(muster_text_bytes(text), &names, &c, &e) != 0)
        fail_msg("'%s' at %u: %s", text, e.offset, e.text);
    muster_text_init(&t, room, sizeof room);
    muster_condition_write(&c, &names, &t);
    assert_false(muster_text_is_cut(&t));
    if (muster_condition_compile(muster_text_bytes(room), &names, &again, &e) != 0)
        fail_msg("'%s', written of '%s', at %u: %s", room, text, e.offset, e.text);
    assert_memory_equal(&c, &again, sizeof c);
    return room;
}

static void every_construct_is_written_as_it_reads(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"ALWAYS", "always"},
        {"severity>=0.70", "severity >= 0.7"},
        {"0.000001 < confidence", "confidence > 0.000001"},
        {"3 >= recurrence", "recurrence_count <= 3"},
        {"duration != 18446744073709", "duration != 18446744073709"},
        {"step==1.05", "step == 1.05"},
        {"severity < 'high'", "severity < HIGH"},
        {"simultaneous_faults > step", "simultaneous_faults > step"},
        {"restart_failed OR stabilization_failed",
         "restart_radio_failed or stabilize_attitude_failed"},
        {"not(not(comm_fault))", "not not comm_fault"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(written(rows[i][0]), rows[i][1]);
}

static void parentheses_stand_only_where_they_are_needed(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"((always)) and (step > 1)", "always and step > 1"},
        {"(always and comm_fault) or power_fault", "always and comm_fault or power_fault"},
        {"always and (comm_fault or power_fault)", "always and (comm_fault or power_fault)"},
        {"(always or comm_fault) and power_fault", "(always or comm_fault) and power_fault"},
        {"always and (comm_fault and power_fault)", "always and (comm_fault and power_fault)"},
        {"(always and comm_fault) and power_fault", "always and comm_fault and power_fault"},
        {"always or (comm_fault or power_fault)", "always or (comm_fault or power_fault)"},
        {"not (comm_fault or power_fault)", "not (comm_fault or power_fault)"},
        {"not (step > 1) and always", "not step > 1 and always"},
        {"not (step > 1 and always)", "not (step > 1 and always)"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(written(rows[i][0]), rows[i][1]);
}

static void condition_that_never_holds_has_no_text(void **state)
{
    (void)state;
    const struct muster_condition never = {0};
    char room[8] = "x";
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_condition_write(&never, &names, &t);
    assert_int_equal(t.length, 0);
}

/* A random condition of at most `tokens` tokens, in needless parentheses now and then. */
static uint32_t put_random(struct muster_random *r, struct muster_text *t, uint32_t tokens)
{
    static const char *const values[] = {"always", "power_fault", "restart_failed",
                                         "cache_purge_failed"};
    uint64_t pick = muster_random_below(r, 6);
    if (pick == 0 && tokens >= 3) {
        muster_text_add(t, "(");
        uint32_t used = put_random(r, t, tokens - 2);
        muster_text_add(t, ")");
        return used + 2;
    }
    if (pick == 1 && tokens >= 4) {
        muster_text_add(t, "not (");
        uint32_t used = put_random(r, t, tokens - 3);
        muster_text_add(t, ")");
        return used + 3;
    }
    if (pick <= 3 && tokens >= 9) {
        bool and_ = muster_random_below(r, 2) == 0;
        muster_text_add(t, "(");
        uint32_t used = put_random(r, t, (tokens - 5) / 2);
        muster_text_add(t, and_ ? ") and (" : ") or (");
        used += put_random(r, t, (tokens - 5) / 2);
        muster_text_add(t, ")");
        return used + 5;
    }
    if (pick == 4 && tokens >= 3) {
        muster_text_add(t, "severity >= 0.");
        muster_text_add_u64(t, muster_random_below(r, MUSTER_PPM));
        return 3;
    }
    muster_text_add(t, values[muster_random_below(r, COUNT(values))]);
    return 1;
}

static void random_conditions_come_back_the_same(void **state)
{
    (void)state;
    struct muster_random r = {7};
    for (int i = 0; i < 20000; i++) {
        char text[MUSTER_CONDITION_TEXT_MAX];
        struct muster_text t;
        muster_text_init(&t, text, sizeof text);
        (void)put_random(&r, &t, MUSTER_CONDITION_TOKENS_MAX);
        assert_false(muster_text_is_cut(&t));
        (void)written(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_construct_is_written_as_it_reads),
        cmocka_unit_test(parentheses_stand_only_where_they_are_needed),
        cmocka_unit_test(condition_that_never_holds_has_no_text),
        cmocka_unit_test(random_conditions_come_back_the_same),
    };
    return cmocka_run_group_tests_name("condition_write", tests, NULL, NULL);
}
