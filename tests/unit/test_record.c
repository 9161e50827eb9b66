/* SPDX-License-Identifier: Apache-2.0 */
/* The table of events and the run hash. */
#include "trace/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void every_kind_has_a_row_that_its_name_finds(void **state)
{
    uint32_t rows = 0;
    (void)state;
    for (uint16_t kind = 1; kind < MUSTER_EVENT_NOTE + MUSTER_NOTE_COUNT; kind++) {
        const struct muster_event_type *type = muster_event_type(kind);
        if (!type)
            continue;
        rows++;
        assert_int_equal(muster_event_by_name(type->name), kind);
        assert_true(strlen(type->what) > 0);
        for (uint32_t i = 0; i < 4; i++)
            assert_non_null(type->arg[i]);
    }
    uint32_t names = 0;
    for (const char *const *name = muster_event_names(); *name; name++, names++)
        assert_int_not_equal(muster_event_by_name(*name), 0);
    assert_int_equal(rows, names);
}

static void inputs_and_effects_are_told_apart_by_prefix(void **state)
{
    (void)state;
    assert_string_equal(muster_event_type(MUSTER_EVENT_INPUT + MUSTER_IN_START)->name, "in.start");
    assert_string_equal(muster_event_type(MUSTER_EVENT_INPUT + MUSTER_IN_COMMAND)->name,
                        "in.command");
    assert_string_equal(muster_event_type(MUSTER_EVENT_EFFECT + MUSTER_OUT_SEND)->name, "out.send");
    assert_string_equal(muster_event_type(MUSTER_EVENT_EFFECT + MUSTER_OUT_CANCEL)->name,
                        "out.cancel");
    assert_string_equal(muster_event_type(MUSTER_EVENT_CRASH)->name, "crash");
    assert_string_equal(muster_event_type(MUSTER_EVENT_NOTE + MUSTER_NOTE_STOPPED)->name,
                        "stopped");
}

static void forms_say_how_data_is_shown(void **state)
{
    (void)state;
    assert_int_equal(muster_event_type(MUSTER_EVENT_EFFECT + MUSTER_OUT_REQUEST)->form,
                     MUSTER_DATA_FLAT);
    assert_int_equal(muster_event_type(MUSTER_EVENT_INPUT + MUSTER_IN_MESSAGE)->form,
                     MUSTER_DATA_TEXT);
    assert_int_equal(muster_event_type(MUSTER_EVENT_DURABLE)->form, MUSTER_DATA_BYTES);
    assert_int_equal(muster_event_type(MUSTER_EVENT_HEALTH_SET)->form, MUSTER_DATA_TEXT);
    assert_int_equal(muster_event_type(MUSTER_EVENT_INPUT + MUSTER_IN_TIMER)->form,
                     MUSTER_DATA_NONE);
}

static void kinds_that_do_not_exist_have_no_row(void **state)
{
    (void)state;
    assert_null(muster_event_type(0));
    assert_null(muster_event_type(MUSTER_EVENT_EFFECT + MUSTER_OUT_NOTE));
    assert_null(muster_event_type(MUSTER_EVENT_WORLD_END));
    assert_null(muster_event_type(MUSTER_EVENT_NOTE + MUSTER_NOTE_COUNT));
    assert_null(muster_event_type(MUSTER_EVENT_KINDS));
    assert_null(muster_event_type(UINT16_MAX));
    assert_int_equal(muster_event_by_name("no_such_event"), 0);
    assert_int_equal(muster_event_by_name(""), 0);
}

static void custom_notes_are_generic(void **state)
{
    const struct muster_event_type *type;
    (void)state;
    type = muster_event_type(MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM);
    assert_non_null(type);
    assert_string_equal(type->arg[0], "arg1");
    assert_ptr_equal(type, muster_event_type(MUSTER_EVENT_KINDS - 1));
}

static void no_argument_is_called_as_a_key_of_the_trace(void **state)
{
    static const char *const keys[] = {"i", "t", "p", "k", "m", "c", "tag", "data", "text"};
    static const char *const input_keys[] = {"clock", "wall", "status"};
    (void)state;
    for (uint16_t kind = 1; kind < MUSTER_EVENT_KINDS; kind++) {
        const struct muster_event_type *type = muster_event_type(kind);
        for (uint32_t i = 0; type && i < 4; i++) {
            for (uint32_t k = 0; k < sizeof keys / sizeof *keys; k++)
                assert_string_not_equal(type->arg[i], keys[k]);
            for (uint32_t k = 0; kind < MUSTER_EVENT_EFFECT && k < 3; k++)
                assert_string_not_equal(type->arg[i], input_keys[k]);
        }
    }
}

static const struct muster_record sample = {
    .number = 7,
    .time = 11,
    .clock = 13,
    .wall = 17,
    .message = 19,
    .cause = 23,
    .tag = 29,
    .arg = {31, 37, 41, 43},
    .kind = 3,
    .process = 2,
    .status = 1,
    .data = {(const uint8_t *)"bytes", 5},
};

static void the_hash_is_the_same_on_every_machine(void **state)
{
    (void)state;
    assert_true(muster_record_hash(MUSTER_HASH_START, &sample) == UINT64_C(0x060861f6be8b035d));
}

static void every_field_counts_in_the_hash(void **state)
{
    uint64_t whole = muster_record_hash(MUSTER_HASH_START, &sample);
    struct muster_record r[] = {sample, sample, sample, sample, sample, sample, sample, sample,
                                sample, sample, sample, sample, sample, sample, sample, sample};
    uint32_t n = 0;
    (void)state;
    r[n++].number++;
    r[n++].time++;
    r[n++].clock++;
    r[n++].wall++;
    r[n++].message++;
    r[n++].cause++;
    r[n++].tag++;
    for (uint32_t i = 0; i < 4; i++)
        r[n++].arg[i]++;
    r[n++].kind++;
    r[n++].process++;
    r[n++].status++;
    r[n++].data.size--;
    r[n++].data = (struct muster_bytes){(const uint8_t *)"bytez", 5};
    assert_int_equal(n, sizeof r / sizeof *r);
    for (uint32_t i = 0; i < n; i++)
        assert_true(muster_record_hash(MUSTER_HASH_START, &r[i]) != whole);
    assert_true(muster_record_hash(MUSTER_HASH_START + 1, &sample) != whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_a_row_that_its_name_finds),
        cmocka_unit_test(inputs_and_effects_are_told_apart_by_prefix),
        cmocka_unit_test(forms_say_how_data_is_shown),
        cmocka_unit_test(kinds_that_do_not_exist_have_no_row),
        cmocka_unit_test(custom_notes_are_generic),
        cmocka_unit_test(no_argument_is_called_as_a_key_of_the_trace),
        cmocka_unit_test(the_hash_is_the_same_on_every_machine),
        cmocka_unit_test(every_field_counts_in_the_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
