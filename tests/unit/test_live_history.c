/* SPDX-License-Identifier: Apache-2.0 */
/* The history in SQLite: what was acknowledged is there, once, whatever happens. */
#include "tests/lib/history_fixture.h"

#include <errno.h>
#include <time.h>

static void a_new_database_has_its_table_version_and_log(void **state)
{
    (void)state;
    assert_string_equal(query("PRAGMA user_version"), "1");
    assert_string_equal(query("PRAGMA journal_mode"), "wal");
    assert_string_equal(query("SELECT group_concat(name, ' ') FROM pragma_table_info('history')"),
                        "id wall kind intent action subject result epoch attempts began_ns "
                        "ended_ns reason line");
    assert_read(4096, "");
    commit(); /* of nothing */
    reopen();
    assert_string_equal(query("SELECT count(*) FROM history"), "0");
}

static void a_line_becomes_a_row_with_all_its_fields(void **state)
{
    (void)state;
    assert_int_equal(append(line_of(5, "failed")), MUSTER_STATUS_OK);
    assert_string_equal(query("SELECT count(*) FROM history"), "0");
    commit();
    assert_string_equal(query("SELECT wall, kind, intent, action, subject, result, epoch, attempts,"
                              " began_ns, ended_ns, reason FROM history"),
                        "2023-11-14T22:13:20.123Z|ended|5|cache_purge|n2|failed|7|2|10|20|"
                        "51 retry failures in 1h");
    assert_read(4096, line_of(5, "failed"));
}

/* The writer of the lines is the core itself here. */
static void lines_of_the_core_are_understood(void **state)
{
    static const char *const names[] = {"n1", "n-2"};
    static struct muster_history core;
    static struct muster_effects out;
    struct muster_config cfg;
    struct muster_place place = {.count = 2, .voters = 2, .names = names};
    (void)state;
    muster_config_defaults(&cfg);
    muster_history_init(&core);
    out.count = out.used = 0;
    for (uint64_t intent = 1; intent <= 3; intent++) {
        struct muster_history_record r = {.intent = intent,
                                          .ended = MUSTER_NEVER,
                                          .subject = 1,
                                          .result = MUSTER_RESULT_TIMED_OUT,
                                          .cause = MUSTER_CAUSE_MANUAL,
                                          .text = "why not reason=x check=0"};
        muster_history_add(&core, &r);
    }
    muster_history_save(&core, &cfg.recovery, &place, &out);
    assert_int_equal(out.count, 4);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(muster_live_history_append(history, out.at[i].data, WALL),
                         MUSTER_STATUS_OK);
    commit();
    assert_string_equal(query("SELECT intent, subject, result, ended_ns, reason FROM history"
                              " WHERE intent <> 2"),
                        "1|n-2|timed_out|9223372036854775807|manual: why not reason=x check=0 "
                        "3|n-2|timed_out|9223372036854775807|manual: why not reason=x check=0");
}

static void a_repeated_line_replaces_itself(void **state)
{
    (void)state;
    append(line_of(5, "success"));
    append(line_of(6, "success"));
    commit();
    append(line_of(5, "success"));
    append(line_of(5, "unverified"));
    commit();
    assert_string_equal(query("SELECT id, intent, result FROM history ORDER BY id"),
                        "1|5|unverified 2|6|success");
}

static void what_started_becomes_what_ended_and_keeps_its_beginning(void **state)
{
    (void)state;
    add("started", 5, 3);
    add("skipped", 0, 0);
    commit();
    append(line_of(5, "success"));
    commit();
    assert_string_equal(query("SELECT id, kind, intent, action, result, began_ns FROM history"),
                        "2|skipped|-|safe_mode|-|0 3|ended|5|cache_purge|success|3");
    add("started", 5, 99); /* too late: it has ended */
    add("started", 6, 0);
    append(line_of(6, "failed"));
    commit();
    assert_string_equal(query("SELECT kind, intent, began_ns FROM history WHERE id > 2"),
                        "ended|5|3 ended|6|10");
    assert_read(4096, two(line_of(5, "success"), line_of(6, "failed")));
}

static void notes_without_an_intent_never_replace_each_other(void **state)
{
    (void)state;
    add("started", 0, 1);
    add("started", 0, 2);
    add("leader", 5, 3); /* only what started or ended has one */
    add("mode", 5, 4);
    append(line_of(5, "success"));
    commit();
    assert_string_equal(query("SELECT kind, intent FROM history"),
                        "started|- started|- leader|- mode|- ended|5");
}

static void a_note_may_fill_its_fields_to_the_last_byte(void **state)
{
    (void)state;
    struct muster_live_history_line line = {.wall = UINT64_MAX, .epoch = UINT64_MAX};
    memset(line.kind, 'k', sizeof line.kind);
    memset(line.reason, 'r', sizeof line.reason);
    assert_int_equal(muster_live_history_add(history, &line), MUSTER_STATUS_OK);
    commit();
    assert_string_equal(query("SELECT wall, kind, length(reason), epoch FROM history"),
                        "9999-12-31T23:59:59.999Z|kkkkkkkkkkkkkkkk|256|9223372036854775807");
}

/* ---- lines that are none ---- */

static void a_torn_line_is_passed_over_wherever_it_is_torn(void **state)
{
    (void)state;
    char batch[3 * MUSTER_HISTORY_LINE_MAX];
    char whole[MUSTER_HISTORY_LINE_MAX];
    size_t size = strlen(strcpy(whole, line_of(1, "success")));
    for (size_t at = 0; at < size - 1; at++) {
        (void)snprintf(batch, sizeof batch, "%.*s\n%s", (int)at, whole, line_of(2, "failed"));
        assert_int_equal(append(batch), MUSTER_STATUS_OK);
        (void)snprintf(batch, sizeof batch, "%s%s", at == 0 ? "\n" : whole + at,
                       line_of(3, "failed"));
        assert_int_equal(append(batch), MUSTER_STATUS_OK);
    }
    commit();
    assert_string_equal(query(INTENTS), "2 3");
    (void)snprintf(batch, sizeof batch, "%.*s", (int)size - 1, whole);
    append(batch); /* whole, but for its line break */
    commit();
    assert_string_equal(query(INTENTS), "2 3 1");
}

static void a_line_with_one_wrong_bit_is_passed_over(void **state)
{
    (void)state;
    char line[MUSTER_HISTORY_LINE_MAX];
    const char *whole = line_of(1, "success");
    for (size_t i = 0; i + 1 < strlen(whole) * 8; i++) {
        memcpy(line, whole, strlen(whole) + 1);
        line[i / 8] = (char)(line[i / 8] ^ 1 << i % 8);
        if (line[i / 8] >= 'A' && line[i / 8] <= 'F')
            continue; /* a digit of the check in the other case */
        assert_int_equal(append(line), MUSTER_STATUS_OK);
    }
    commit();
    assert_string_equal(query("SELECT count(*) FROM history"), "0");
}

static void random_bytes_are_passed_over(void **state)
{
    (void)state;
    uint8_t bytes[300];
    uint32_t draw = 1;
    for (int round = 0; round < 3000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            draw = draw * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(draw >> 24);
            if (draw >> 16 & 1)
                bytes[i] = (uint8_t) "\n =\"check"[bytes[i] % 9];
        }
        struct muster_bytes data = {bytes, round % (int)sizeof bytes};
        assert_int_equal(muster_live_history_append(history, data, WALL), MUSTER_STATUS_OK);
    }
    commit();
    assert_string_equal(query("SELECT count(*) FROM history"), "0");
}

static void a_checked_line_is_kept_whatever_its_fields_are(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", " reason=\"", "intent=x epoch=-1 action reason=\"\"\"",
                                         "intent=99999999999999999999"};
    char line[200];
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        (void)snprintf(line, sizeof line, "%s check=%08x\n", bodies[i], checksum(bodies[i]));
        assert_int_equal(append(line), MUSTER_STATUS_OK);
    }
    commit();
    assert_string_equal(query("SELECT intent, action, reason FROM history"),
                        "-|-|- -|-|- -|-|\" -|-|-");
}

/* ---- reading ---- */

static void the_newest_lines_that_fit_are_read_oldest_first(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 3; i++)
        append(line_of(i, "success"));
    add("skipped", 0, 0);
    size_t size = strlen(line_of(1, "success"));
    assert_read(0, "");
    assert_read(size - 1, "");
    assert_read(size, line_of(3, "success"));
    assert_read(2 * size - 1, line_of(3, "success"));
    assert_read(2 * size, two(line_of(2, "success"), line_of(3, "success")));
    commit();
    reopen();
    assert_read(2 * size, two(line_of(2, "success"), line_of(3, "success")));
}

/* ---- many ---- */

static void ten_thousand_lines_take_little_time(void **state)
{
    (void)state;
    time_t before = time(NULL);
    for (uint64_t intent = 1; intent <= 10000; intent++) {
        assert_int_equal(append(line_of(intent, "success")), MUSTER_STATUS_OK);
        if (intent % MUSTER_HISTORY_BATCH == 0)
            commit();
    }
    assert_in_range(time(NULL) - before, 0, 60);
    assert_string_equal(query("SELECT count(*), min(intent), max(intent) FROM history"),
                        "10000|1|10000");
}

static void the_table_is_bounded_and_lesser_rows_go_first(void **state)
{
    (void)state;
    const uint64_t lesser = 3000, ended = MUSTER_LIVE_HISTORY_ROWS - lesser;
    for (uint64_t i = 1; i <= ended / 2; i++)
        append(line_of(i, "success"));
    for (uint64_t i = 0; i < lesser; i++)
        add("skipped", 0, 0);
    for (uint64_t i = ended / 2 + 1; i <= ended; i++)
        append(line_of(i, "success"));
    commit();
    assert_string_equal(query("SELECT count(*) FROM history"), "100000");
    append(line_of(1, "success")); /* again: still no more of them */
    commit();
    assert_string_equal(query("SELECT count(*) FROM history"), "100000");
    append(line_of(ended + 1, "success"));
    faulty_io.sync_error = EIO; /* what was pruned is there again */
    assert_int_equal(muster_live_history_commit(history), MUSTER_STATUS_IOERROR);
    faulty_io.sync_error = 0;
    assert_string_equal(query("SELECT count(*) FROM history"), "100000");
    append(line_of(ended + 1, "success"));
    commit();
    assert_string_equal(query("SELECT count(*), sum(kind = 'ended'), min(intent) FROM history"),
                        "99000|97001|1");
    for (uint64_t i = ended + 2; i <= ended + 3010; i++) {
        append(line_of(i, "success"));
        if (i % 1000 == 0)
            commit();
    }
    commit();
    reopen();
    for (uint64_t i = ended + 3011; i <= ended + 6000; i++)
        append(line_of(i, "success"));
    commit();
    assert_string_equal(query("SELECT count(*) <= 100000, sum(kind <> 'ended'), max(intent),"
                              " min(intent) > 1 FROM history"),
                        "1|0|103000|1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
    const struct CMUnitTest tests[] = {
        TEST(a_new_database_has_its_table_version_and_log),
        TEST(a_line_becomes_a_row_with_all_its_fields),
        TEST(lines_of_the_core_are_understood),
        TEST(a_repeated_line_replaces_itself),
        TEST(what_started_becomes_what_ended_and_keeps_its_beginning),
        TEST(notes_without_an_intent_never_replace_each_other),
        TEST(a_note_may_fill_its_fields_to_the_last_byte),
        TEST(a_torn_line_is_passed_over_wherever_it_is_torn),
        TEST(a_line_with_one_wrong_bit_is_passed_over),
        TEST(random_bytes_are_passed_over),
        TEST(a_checked_line_is_kept_whatever_its_fields_are),
        TEST(the_newest_lines_that_fit_are_read_oldest_first),
        TEST(ten_thousand_lines_take_little_time),
        TEST(the_table_is_bounded_and_lesser_rows_go_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
