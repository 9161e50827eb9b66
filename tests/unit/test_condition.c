/* SPDX-License-Identifier: Apache-2.0 */
/* The condition language: what every construct gives, and what is said of every mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/orchestrator/condition.h"
#include "core/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const actions[] = {"restart_radio", "stabilize_attitude", "cache_purge", "2nd"};
static struct muster_anomaly_types types;
static struct muster_condition_names names;

static void names_init(void)
{
    types = (struct muster_anomaly_types){
        .name = {"power_fault", "unknown_anomaly", "comm_fault"},
        .count = 3,
    };
    names = (struct muster_condition_names){
        .actions = {actions, COUNT(actions)},
        .types = &types,
    };
}

static struct muster_condition_facts facts(void)
{
    struct muster_condition_facts f;
    muster_condition_facts_init(&f);
    f.severity_ppm = 850000;
    f.confidence_ppm = 600000;
    f.recurrence_count = 2;
    f.duration = 180 * MUSTER_SECOND;
    f.step = 3;
    f.simultaneous_faults = 1;
    return f;
}

static struct muster_condition compiled(const char *text)
{
    struct muster_condition c;
    struct muster_condition_error e;
    memset(&c, 0xa5, sizeof c);
    if (muster_condition_compile(muster_text_bytes(text), &names, &c, &e) != 0)
        fail_msg("'%s' at %u: %s", text, e.offset, e.text);
    return c;
}

static bool holds(const char *text, const struct muster_condition_facts *f)
{
    struct muster_condition c = compiled(text);
    return muster_condition_holds(&c, f);
}

struct row {
    const char *text;
    bool holds;
};

static void assert_rows(const struct row *rows, size_t count, struct muster_condition_facts f)
{
    for (size_t i = 0; i < count; i++) {
        if (holds(rows[i].text, &f) != rows[i].holds)
            fail_msg("'%s' is not %s", rows[i].text, rows[i].holds ? "true" : "false");
    }
}

/* ---- what holds ---- */

static void every_relation_compares_below_at_and_above(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"severity >= 0.84", true},  {"severity >= 0.85", true},  {"severity >= 0.86", false},
        {"severity <= 0.84", false}, {"severity <= 0.85", true},  {"severity <= 0.86", true},
        {"severity > 0.84", true},   {"severity > 0.85", false},  {"severity > 0.86", false},
        {"severity < 0.84", false},  {"severity < 0.85", false},  {"severity < 0.86", true},
        {"severity == 0.84", false}, {"severity == 0.85", true},  {"severity == 0.86", false},
        {"severity != 0.84", true},  {"severity != 0.85", false}, {"severity != 0.86", true},
    };
    names_init();
    assert_rows(rows, COUNT(rows), facts());
}

static void constant_on_the_left_mirrors_the_relation(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0.86 >= severity", true},    {"0.84 >= severity", false},   {"0.85 >= severity", true},
        {"0.84 <= severity", true},    {"0.86 <= severity", false},   {"0.85 <= severity", true},
        {"0.86 > severity", true},     {"0.85 > severity", false},    {"0.84 > severity", false},
        {"0.84 < severity", true},     {"0.85 < severity", false},    {"0.86 < severity", false},
        {"0.85 == severity", true},    {"0.84 == severity", false},   {"0.84 != severity", true},
        {"0.85 != severity", false},   {"CRITICAL > severity", true}, {"HIGH > severity", false},
        {"'MEDIUM' < severity", true},
    };
    names_init();
    assert_rows(rows, COUNT(rows), facts());
}

static void every_variable_reads_its_fact(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"severity == 0.85", true},
        {"confidence == 0.6", true},
        {"recurrence_count == 2", true},
        {"recurrence == 2", true},
        {"duration == 180", true},
        {"step == 3", true},
        {"simultaneous_faults == 1", true},
        {"severity > confidence", true},
        {"confidence > severity", false},
        {"recurrence_count < step", true},
        {"recurrence_count >= simultaneous_faults", true},
        {"severity == severity", true},
        {"step >= 2.5", true},
        {"step >= 3.000001", false},
    };
    names_init();
    assert_rows(rows, COUNT(rows), facts());
}

static void levels_compare_the_class_of_severity(void **state)
{
    (void)state;
    static const struct {
        uint32_t severity_ppm;
        enum muster_level level;
    } rows[] = {
        {0, MUSTER_LEVEL_LOW},           {399999, MUSTER_LEVEL_LOW},
        {400000, MUSTER_LEVEL_MEDIUM},   {699999, MUSTER_LEVEL_MEDIUM},
        {700000, MUSTER_LEVEL_HIGH},     {899999, MUSTER_LEVEL_HIGH},
        {900000, MUSTER_LEVEL_CRITICAL}, {1000000, MUSTER_LEVEL_CRITICAL},
    };
    static const char *const signs[] = {">=", "<=", ">", "<", "==", "!="};
    names_init();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct muster_condition_facts f = facts();
        f.severity_ppm = rows[i].severity_ppm;
        assert_int_equal(muster_level_of(f.severity_ppm), rows[i].level);
        for (uint32_t level = 0; level < MUSTER_LEVEL_COUNT; level++) {
            bool expected[] = {rows[i].level >= level, rows[i].level <= level,
                               rows[i].level > level,  rows[i].level < level,
                               rows[i].level == level, rows[i].level != level};
            for (size_t s = 0; s < COUNT(signs); s++) {
                char text[40];
                snprintf(text, sizeof text, "severity %s %s", signs[s], muster_level_text(level));
                assert_int_equal(holds(text, &f), expected[s]);
                snprintf(text, sizeof text, "severity%s\"%s\"", signs[s], muster_level_text(level));
                assert_int_equal(holds(text, &f), expected[s]);
            }
        }
    }
}

static void words_of_the_language_read_in_either_case(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ALWAYS", true},
        {"Not Always", false},
        {"always AND NOT severity >= critical", true},
        {"power_fault Or severity == 'High'", true},
    };
    enum muster_level level = MUSTER_LEVEL_LOW;
    names_init();
    assert_rows(rows, COUNT(rows), facts());
    assert_int_equal(muster_level_parse(muster_text_bytes("Critical"), &level), 0);
    assert_int_equal(level, MUSTER_LEVEL_CRITICAL);
    assert_int_equal(muster_level_parse(muster_text_bytes("CRITICA"), &level), MUSTER_E_NOTFOUND);
    assert_int_equal(muster_level_parse(muster_text_bytes(""), &level), MUSTER_E_NOTFOUND);
    assert_int_equal(level, MUSTER_LEVEL_CRITICAL);
    assert_string_equal(muster_level_text(MUSTER_LEVEL_MEDIUM), "MEDIUM");
    assert_string_equal(muster_level_text(MUSTER_LEVEL_COUNT), "?");
}

static void failed_and_fault_read_their_own_bit(void **state)
{
    (void)state;
    static const char *const texts[] = {"restart_radio_failed", "stabilize_attitude_failed",
                                        "cache_purge_failed", "2nd_failed"};
    names_init();
    for (uint32_t i = 0; i < COUNT(texts); i++) {
        struct muster_condition_facts f = facts();
        f.failed = UINT64_C(1) << i;
        assert_true(holds(texts[i], &f));
        f.failed = ~f.failed;
        f.active = UINT64_MAX;
        assert_false(holds(texts[i], &f));
    }
    struct muster_condition_facts f = facts();
    f.active = 1 << 0;
    assert_true(holds("power_fault", &f));
    assert_false(holds("comm_fault", &f));
    f.active = ~(UINT64_C(1) << 2);
    f.failed = UINT64_MAX;
    assert_false(holds("comm_fault", &f));
}

static void short_names_mean_two_actions_unless_the_caller_has_such_an_action(void **state)
{
    (void)state;
    struct muster_condition_facts f = facts();
    names_init();
    f.failed = 1 << 0;
    assert_true(holds("restart_failed", &f));
    assert_false(holds("stabilization_failed", &f));
    f.failed = 1 << 1;
    assert_false(holds("restart_failed", &f));
    assert_true(holds("stabilization_failed", &f));
    const char *const own[] = {"restart_radio", "restart"};
    names.actions = (struct muster_names){own, COUNT(own)};
    assert_true(holds("restart_failed", &f));
    f.failed = 1 << 0;
    assert_false(holds("restart_failed", &f));
}

/* T stands for a true boolean, F for a false one. */
static void precedence_is_not_then_and_then_or(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"T or T and F", true},
        {"F and T or T", true},
        {"F and (T or T)", false},
        {"(T or T) and F", false},
        {"T or F and F", true},
        {"(T or F) and F", false},
        {"not F and F", false},
        {"not (F and F)", true},
        {"not T or T", true},
        {"not (T or T)", false},
        {"not not T", true},
        {"not not not T", false},
        {"T and not F", true},
        {"F or not F and T", true},
        {"T and T and F", false},
        {"F or F or T", true},
        {"T and F or F and T", false},
        {"T and F or T and T", true},
        {"((((T))))", true},
        {"not(F)and(T)", true},
        {"not severity >= 0.86", true},
        {"not severity >= 0.86 and F", false},
        {"severity >= 0.86 or step == 3 and T", true},
        {"F and F or not F and not F", true},
    };
    struct muster_condition_facts f = facts();
    names_init();
    f.active = 1 << 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[200];
        size_t used = 0;
        for (const char *at = rows[i].text; *at; at++) {
            const char *word = *at == 'T' ? "power_fault" : *at == 'F' ? "comm_fault" : NULL;
            used += word ? (size_t)snprintf(text + used, sizeof text - used, "%s", word)
                         : (size_t)snprintf(text + used, sizeof text - used, "%c", *at);
        }
        if (holds(text, &f) != rows[i].holds)
            fail_msg("'%s' is not %s", rows[i].text, rows[i].holds ? "true" : "false");
    }
}

/* Of the form that the origin's files have. */
static void conditions_of_the_origins_form_compile(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"always", true},
        {"severity >= 0.7", true},
        {"severity >= 0.86 or recurrence_count >= 2", true},
        {"severity >= 0.9 or duration > 179", true},
        {"severity >= 0.9 or stabilization_failed", false},
        {"severity >= 0.9 or restart_failed", false},
        {"severity >= CRITICAL", false},
        {"severity >= HIGH and recurrence >= 2", true},
        {"simultaneous_faults >= 2", false},
        {"power_fault and severity >= HIGH", false},
        {"camera_subsystem_fault and severity >= HIGH", false},
    };
    names_init();
    names.types_open = true;
    assert_rows(rows, COUNT(rows), facts());
}

static void blanks_mean_nothing(void **state)
{
    (void)state;
    names_init();
    struct muster_condition tight = compiled("severity>=0.7 and(step<2 or not power_fault)");
    struct muster_condition loose =
        compiled(" \t\nseverity  >=\r\n 0.7 and ( step < 2 or\tnot power_fault ) \n");
    assert_memory_equal(&tight, &loose, sizeof tight);
}

static void numbers_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ppm;
    } rows[] = {
        {"0", 0},
        {"1", 1000000},
        {"0.29", 290000},
        {"0.000001", 1},
        {".5", 500000},
        {"5.", 5000000},
        {"007.250", 7250000},
        {"0.123456000000000", 123456},
        {"18446744073709.551615", UINT64_MAX},
    };
    names_init();
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[60];
        snprintf(text, sizeof text, "severity >= %s", rows[i].text);
        struct muster_condition c = compiled(text);
        assert_int_equal(c.number_count, 1);
        assert_true(c.number_ppm[0] == rows[i].ppm);
    }
}

static void duration_counts_whole_microseconds(void **state)
{
    (void)state;
    struct muster_condition_facts f = facts();
    names_init();
    f.duration = 180 * MUSTER_SECOND + MUSTER_MICROSECOND;
    assert_true(holds("duration > 180", &f));
    assert_true(holds("duration == 180.000001", &f));
    f.duration = 180 * MUSTER_SECOND + MUSTER_MICROSECOND - 1;
    assert_false(holds("duration > 180", &f));
    f.duration = MUSTER_NEVER - 1;
    assert_true(holds("duration > 18446744073", &f));
    assert_false(holds("duration > 18446744074", &f));
}

static void largest_counts_do_not_wrap(void **state)
{
    (void)state;
    struct muster_condition_facts f = facts();
    names_init();
    f.recurrence_count = UINT32_MAX - 1;
    assert_true(holds("recurrence == 4294967294", &f));
    assert_true(holds("recurrence < 4294967294.000001", &f));
    assert_true(holds("recurrence > 4294967293.999999", &f));
}

static void unknown_fact_makes_every_comparison_false(void **state)
{
    (void)state;
    static const char *const variables[] = {"severity", "confidence", "recurrence",
                                            "duration", "step",       "simultaneous_faults"};
    static const char *const signs[] = {">=", "<=", ">", "<", "==", "!="};
    struct muster_condition_facts f;
    names_init();
    muster_condition_facts_init(&f);
    for (size_t v = 0; v < COUNT(variables); v++) {
        for (size_t s = 0; s < COUNT(signs); s++) {
            char text[80];
            snprintf(text, sizeof text, "%s %s 0.5", variables[v], signs[s]);
            assert_false(holds(text, &f));
            snprintf(text, sizeof text, "0.5 %s %s", signs[s], variables[v]);
            assert_false(holds(text, &f));
            snprintf(text, sizeof text, "%s %s %s", variables[v], signs[s], variables[v]);
            assert_false(holds(text, &f));
            snprintf(text, sizeof text, "not %s %s 0.5", variables[v], signs[s]);
            assert_true(holds(text, &f));
        }
    }
    assert_false(holds("severity >= LOW", &f));
    assert_false(holds("severity < CRITICAL", &f));
    assert_false(holds("power_fault or restart_failed", &f));
    f = facts();
    f.step = MUSTER_FACT_UNKNOWN;
    assert_false(holds("severity < step", &f));
    assert_false(holds("step < severity", &f));
}

static void zeroed_condition_never_holds_and_always_does(void **state)
{
    (void)state;
    struct muster_condition_facts f = facts();
    struct muster_condition zero = {.step_count = 0}, always;
    names_init();
    assert_false(muster_condition_holds(&zero, &f));
    muster_condition_always(&always);
    assert_true(muster_condition_holds(&always, &f));
    struct muster_condition written = compiled("always");
    assert_memory_equal(&always, &written, sizeof always);
}

/* ---- names ---- */

static void open_types_are_added_once(void **state)
{
    (void)state;
    names_init();
    names.types_open = true;
    struct muster_condition first = compiled("payload_fault and not comm_fault");
    struct muster_condition second = compiled("payload_fault and not comm_fault");
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(types.count, 4);
    assert_string_equal(types.name[3], "payload_fault");
    assert_int_equal(muster_anomaly_type_find(&types, muster_text_bytes("payload_fault")), 3);
    assert_int_equal(muster_anomaly_type_find(&types, muster_text_bytes("payload")),
                     MUSTER_NAME_NONE);
    struct muster_condition_facts f = facts();
    f.active = 1 << 3;
    assert_true(muster_condition_holds(&first, &f));
}

static void candidates_are_every_word_there_is(void **state)
{
    (void)state;
    static const char *const expected[] = {"severity",
                                           "confidence",
                                           "recurrence_count",
                                           "duration",
                                           "step",
                                           "simultaneous_faults",
                                           "recurrence",
                                           "always",
                                           "and",
                                           "or",
                                           "not",
                                           "restart_radio_failed",
                                           "stabilize_attitude_failed",
                                           "cache_purge_failed",
                                           "2nd_failed",
                                           "restart_failed",
                                           "stabilization_failed",
                                           "power_fault",
                                           "comm_fault"};
    char room[MUSTER_CONDITION_WORD_MAX];
    uint32_t i = 0;
    names_init();
    for (; muster_condition_candidate(&names, MUSTER_CONDITION_OFFER_NAMES, i, room); i++) {
        assert_true(i < COUNT(expected));
        assert_string_equal(room, expected[i]);
    }
    assert_int_equal(i, COUNT(expected));
    names.actions.count = 1; /* without stabilize_attitude its short name leads nowhere */
    assert_true(muster_condition_candidate(&names, MUSTER_CONDITION_OFFER_NAMES, 12, room));
    assert_string_equal(room, "restart_failed");
    assert_true(muster_condition_candidate(&names, MUSTER_CONDITION_OFFER_NAMES, 13, room));
    assert_string_equal(room, "power_fault");
    for (i = 0; muster_condition_candidate(&names, MUSTER_CONDITION_OFFER_LEVELS, i, room); i++)
        assert_string_equal(room, muster_level_text(i));
    assert_int_equal(i, MUSTER_LEVEL_COUNT);
    assert_false(muster_condition_candidate(&names, MUSTER_CONDITION_OFFER_NOTHING, 0, room));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_relation_compares_below_at_and_above),
        cmocka_unit_test(constant_on_the_left_mirrors_the_relation),
        cmocka_unit_test(every_variable_reads_its_fact),
        cmocka_unit_test(levels_compare_the_class_of_severity),
        cmocka_unit_test(words_of_the_language_read_in_either_case),
        cmocka_unit_test(failed_and_fault_read_their_own_bit),
        cmocka_unit_test(short_names_mean_two_actions_unless_the_caller_has_such_an_action),
        cmocka_unit_test(precedence_is_not_then_and_then_or),
        cmocka_unit_test(conditions_of_the_origins_form_compile),
        cmocka_unit_test(blanks_mean_nothing),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(duration_counts_whole_microseconds),
        cmocka_unit_test(largest_counts_do_not_wrap),
        cmocka_unit_test(unknown_fact_makes_every_comparison_false),
        cmocka_unit_test(zeroed_condition_never_holds_and_always_does),
        cmocka_unit_test(open_types_are_added_once),
        cmocka_unit_test(candidates_are_every_word_there_is),
    };
    return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
