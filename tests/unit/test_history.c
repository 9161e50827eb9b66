/* SPDX-License-Identifier: Apache-2.0 */
/* The history and the cooldowns: a bounded ring, lines on disk, nothing acknowledged too early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/notes.h"
#include "core/orchestrator/cooldown.h"
#include "core/orchestrator/history.h"

static const char *const names[] = {"n1", "n2"};
static const struct muster_place place = {.index = 0, .count = 2, .voters = 2, .names = names};
static struct muster_config config;
static struct muster_history history;
static struct muster_effects out;

static int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    muster_history_init(&history);
    memset(&out, 0, sizeof out);
    return 0;
}

static void clear_out(void)
{
    out.count = 0;
    out.used = 0;
}

/* intent 0 adds a why-not record. */
static void add(uint64_t intent)
{
    struct muster_history_record r = {.intent = intent,
                                      .epoch = 3,
                                      .value = 320 * MUSTER_SECOND,
                                      .began = 10,
                                      .ended = 20,
                                      .subject = 1,
                                      .cause = MUSTER_CAUSE_CIRCUIT_OPEN,
                                      .attempts = 2};
    r.result = intent ? MUSTER_RESULT_FAILED : MUSTER_RESULT_SKIPPED_COOLDOWN;
    muster_history_add(&history, &r);
}

static void save(void)
{
    clear_out();
    muster_history_save(&history, &config.recovery, &place, &out);
}

static void ends(uint64_t tag, enum muster_status status)
{
    struct muster_input in = {.kind = MUSTER_IN_DISK, .status = (uint16_t)status, .tag = tag};
    clear_out();
    muster_history_disk(&history, &config.recovery, &place, &in, &out);
}

/* Appends, then one sync; the tags of both. */
static void assert_batch(uint32_t appends, uint64_t *ret_append, uint64_t *ret_sync)
{
    assert_int_equal(out.count, appends + 1);
    for (uint32_t i = 0; i <= appends; i++) {
        assert_int_equal(out.at[i].kind, MUSTER_OUT_DISK);
        assert_int_equal(out.at[i].disk.file, MUSTER_HISTORY_FILE);
        assert_int_equal(out.at[i].disk.operation,
                         i < appends ? MUSTER_DISK_APPEND : MUSTER_DISK_SYNC);
        assert_true(muster_history_owns(out.at[i].tag));
    }
    *ret_append = out.at[0].tag;
    *ret_sync = out.at[appends].tag;
}

static void assert_line(uint32_t effect, const char *text)
{
    struct muster_bytes data = out.at[effect].data;
    assert_int_equal(data.size, strlen(text));
    assert_memory_equal(data.at, text, data.size);
}

static void the_oldest_gives_way_and_is_counted(void **state)
{
    (void)state;
    assert_int_equal(muster_history_oldest(&history), 0);
    assert_null(muster_history_at(&history, 0));
    for (uint64_t i = 1; i <= MUSTER_HISTORY_RECORDS + 2; i++)
        add(i == 1 ? 0 : i);
    assert_int_equal(muster_history_oldest(&history), 2);
    assert_null(muster_history_at(&history, 1));
    assert_int_equal(muster_history_at(&history, 2)->intent, 3);
    assert_null(muster_history_at(&history, history.next));
    assert_int_equal(history.dropped, 2);
    assert_int_equal(history.unsaved, 1);
    save();
    assert_int_equal(history.batch_intent[0], 3);
}

static void an_ended_action_becomes_durable_by_a_sync(void **state)
{
    (void)state;
    uint64_t append, sync;
    assert_true(muster_history_saved(&history));
    add(0);
    save();
    assert_int_equal(out.count, 0);
    assert_true(muster_history_saved(&history));
    add(7);
    assert_false(muster_history_saved(&history));
    save();
    assert_batch(1, &append, &sync);
    assert_line(0, "\nintent=7 action=circuit_restart subject=n2 result=failed epoch=3 attempts=2 "
                   "began=10 ended=20 reason=\"circuit OPEN for 320s\" check=2126bb96\n");
    assert_false(muster_history_saved(&history));
    ends(append, MUSTER_STATUS_OK);
    assert_int_equal(out.count, 0);
    ends(sync, MUSTER_STATUS_OK);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.at[0].note, MUSTER_NOTE_HISTORY_DURABLE);
    assert_int_equal(out.at[0].arg[0], 7);
    assert_int_equal(out.at[0].arg[1], 1);
    assert_true(muster_history_saved(&history));
    ends(sync, MUSTER_STATUS_OK);
    assert_int_equal(out.count, 0);
}

static void what_comes_meanwhile_waits_for_the_next_batch(void **state)
{
    (void)state;
    uint64_t append, sync, append2, sync2;
    add(1);
    save();
    assert_batch(1, &append, &sync);
    for (uint64_t i = 2; i <= MUSTER_HISTORY_BATCH + 3; i++)
        add(i);
    save();
    assert_int_equal(out.count, 0);
    ends(sync, MUSTER_STATUS_OK);
    assert_int_equal(out.count, 1 + MUSTER_HISTORY_BATCH + 1);
    append2 = out.at[1].tag;
    sync2 = out.at[out.count - 1].tag;
    assert_true(append2 != append && sync2 != sync);
    assert_int_equal(out.at[1].data.at[0], 'i');
    /* Ends of an earlier batch say nothing about this one. */
    ends(sync, MUSTER_STATUS_OK);
    ends(append, MUSTER_STATUS_IOERROR);
    ends(sync2, MUSTER_STATUS_OK);
    assert_int_equal(out.count, MUSTER_HISTORY_BATCH + 3);
    assert_int_equal(history.durable, 1 + MUSTER_HISTORY_BATCH);
}

static void a_failed_append_or_sync_is_written_again(void **state)
{
    (void)state;
    uint64_t append, sync;
    add(1);
    add(0);
    add(2);
    save();
    assert_batch(2, &append, &sync);
    ends(append, MUSTER_STATUS_NOSPACE);
    ends(append, MUSTER_STATUS_OK);
    ends(sync, MUSTER_STATUS_OK);
    assert_int_equal(out.count, 0);
    assert_false(muster_history_saved(&history));
    save();
    assert_batch(2, &append, &sync);
    assert_int_equal(out.at[0].data.at[0], '\n');
    assert_int_equal(out.at[1].data.at[0], 'i');
    ends(append, MUSTER_STATUS_OK);
    ends(sync, MUSTER_STATUS_IOERROR);
    assert_int_equal(out.count, 0);
    save();
    assert_batch(2, &append, &sync);
    ends(sync, MUSTER_STATUS_OK);
    assert_int_equal(out.count, 2);
    assert_int_equal(history.durable, 2);
    assert_int_equal(history.unsaved, 0);
}

static void what_the_ring_lost_during_a_failed_batch_is_counted(void **state)
{
    (void)state;
    uint64_t append, sync;
    add(1);
    add(2);
    save();
    assert_batch(2, &append, &sync);
    for (uint64_t i = 0; i < MUSTER_HISTORY_RECORDS - 1; i++)
        add(0);
    assert_int_equal(history.unsaved, 0);
    ends(sync, MUSTER_STATUS_IOERROR);
    assert_int_equal(history.unsaved, 1);
    save();
    assert_batch(1, &append, &sync);
    assert_int_equal(history.batch_intent[0], 2);
    for (uint64_t i = 0; i < 5; i++)
        add(0);
    ends(sync, MUSTER_STATUS_OK);
    assert_int_equal(out.at[0].arg[0], 2);
    assert_int_equal(history.unsaved, 1);
}

static void reasons_say_what_was_measured(void **state)
{
    (void)state;
    static const struct {
        struct muster_history_record record;
        const char *text;
    } rows[] = {
        {{.cause = MUSTER_CAUSE_RETRY_FAILURES, .value = 51}, "51 retry failures in 1h"},
        {{.cause = MUSTER_CAUSE_FAILED_COMPONENTS, .value = 2}, "2 failed components"},
        {{.cause = MUSTER_CAUSE_ACCURACY, .value = 790000}, "accuracy of 790000 ppm"},
        {{.cause = MUSTER_CAUSE_MANUAL}, "manual"},
        {{.cause = MUSTER_CAUSE_MANUAL, .text = "drill"}, "manual: drill"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char room[64];
        struct muster_text t;
        muster_text_init(&t, room, sizeof room);
        muster_history_reason(&t, &rows[i].record);
        assert_string_equal(room, rows[i].text);
    }
}

static void tags_are_told_apart_from_intents(void **state)
{
    (void)state;
    assert_false(muster_history_owns(MUSTER_HISTORY_TAGS - 1));
    assert_true(muster_history_owns(MUSTER_HISTORY_TAGS));
    assert_true(muster_history_owns(MUSTER_INTEGER_MAX));
    assert_false(muster_history_owns(MUSTER_INTEGER_MAX + 1));
}

static void a_cooldown_is_never_shortened(void **state)
{
    (void)state;
    struct muster_cooldowns c;
    muster_cooldown_init(&c);
    assert_int_equal(muster_cooldown_until(&c, 1, 0), 0);
    muster_cooldown_start(&c, 1, 100, 50);
    assert_int_equal(muster_cooldown_until(&c, 1, 149), 150);
    assert_int_equal(muster_cooldown_until(&c, 1, 150), 0);
    assert_int_equal(muster_cooldown_until(&c, 0, 100), 0);
    muster_cooldown_start(&c, 1, 100, 10);
    assert_int_equal(muster_cooldown_until(&c, 1, 100), 150);
    muster_cooldown_inherit(&c, 1, 100, 20, 100);
    assert_int_equal(muster_cooldown_until(&c, 1, 100), 180);
    muster_cooldown_inherit(&c, 1, 100, 1000, 100);
    assert_int_equal(muster_cooldown_until(&c, 1, 100), 180);
    muster_cooldown_inherit(&c, 1, 100, MUSTER_NEVER, 100);
    assert_int_equal(muster_cooldown_until(&c, 1, 100), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_oldest_gives_way_and_is_counted, set_up),
        cmocka_unit_test_setup(an_ended_action_becomes_durable_by_a_sync, set_up),
        cmocka_unit_test_setup(what_comes_meanwhile_waits_for_the_next_batch, set_up),
        cmocka_unit_test_setup(a_failed_append_or_sync_is_written_again, set_up),
        cmocka_unit_test_setup(what_the_ring_lost_during_a_failed_batch_is_counted, set_up),
        cmocka_unit_test_setup(reasons_say_what_was_measured, set_up),
        cmocka_unit_test_setup(tags_are_told_apart_from_intents, set_up),
        cmocka_unit_test_setup(a_cooldown_is_never_shortened, set_up),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
