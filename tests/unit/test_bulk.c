/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk traffic to the store: when it keeps away, and when it comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/coordinator/bulk.h"
#include "core/notes.h"

#define S(seconds) ((seconds)*MUSTER_SECOND)

static struct muster_config config;
static struct muster_bulk bulk;
static struct muster_effects out;

static int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    muster_bulk_init(&bulk, &config);
    out.count = out.used = 0;
    return 0;
}

/* One request that goes, and ends like that a second later. */
static void go(muster_time now, enum muster_bulk_kind kind, bool well)
{
    assert_true(muster_bulk_may(&bulk, now, kind, &out));
    muster_bulk_ended(&bulk, now + S(1), kind, well, &out);
}

static void says(const char *text)
{
    char room[128];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_bulk_describe(&bulk, &t);
    assert_string_equal(room, text);
}

static void noted(uint32_t count, uint64_t circuit)
{
    assert_int_equal(out.count, count);
    const struct muster_effect *e = &out.at[count - 1];
    assert_int_equal(e->kind, MUSTER_OUT_NOTE);
    assert_int_equal(e->note, MUSTER_NOTE_BULK_CIRCUIT);
    assert_int_equal(e->arg[0], circuit);
    assert_memory_equal(e->data.at, "bulk_health", 11);
}

static void fifth_failure_keeps_one_kind_away_and_not_the_other(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        go(S(5) * i, MUSTER_BULK_HEALTH, false);
        go(S(5) * i, MUSTER_BULK_STATE, true);
    }
    noted(1, MUSTER_CIRCUIT_OPEN);
    says("bulk_health=OPEN bulk_state=CLOSED");
    assert_false(muster_bulk_may(&bulk, S(25), MUSTER_BULK_HEALTH, &out));
    assert_true(muster_bulk_may(&bulk, S(25), MUSTER_BULK_STATE, &out));
    assert_int_equal(out.count, 1);
}

static void store_that_is_well_again_gets_all_of_it_after_two_probes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        go(S(5) * i, MUSTER_BULK_HEALTH, false);
    assert_false(muster_bulk_may(&bulk, S(51) - 1, MUSTER_BULK_HEALTH, &out));
    go(S(51), MUSTER_BULK_HEALTH, true);
    noted(2, MUSTER_CIRCUIT_HALF_OPEN);
    go(S(56), MUSTER_BULK_HEALTH, true);
    noted(3, MUSTER_CIRCUIT_CLOSED);
    says("bulk_health=CLOSED bulk_state=CLOSED");
}

static void probe_that_fails_keeps_it_away_again(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        go(S(5) * i, MUSTER_BULK_HEALTH, false);
    go(S(51), MUSTER_BULK_HEALTH, false);
    noted(3, MUSTER_CIRCUIT_OPEN);
    assert_false(muster_bulk_may(&bulk, S(56), MUSTER_BULK_HEALTH, &out));
}

static void probe_whose_end_is_not_heard_in_time_has_failed(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        go(S(5) * i, MUSTER_BULK_HEALTH, false);
    assert_true(muster_bulk_may(&bulk, S(51), MUSTER_BULK_HEALTH, &out));
    muster_bulk_ended(&bulk, S(51) + config.request_timeout + S(1), MUSTER_BULK_HEALTH, true, &out);
    noted(3, MUSTER_CIRCUIT_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fifth_failure_keeps_one_kind_away_and_not_the_other, set_up),
        cmocka_unit_test_setup(store_that_is_well_again_gets_all_of_it_after_two_probes, set_up),
        cmocka_unit_test_setup(probe_that_fails_keeps_it_away_again, set_up),
        cmocka_unit_test_setup(probe_whose_end_is_not_heard_in_time_has_failed, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
