/* SPDX-License-Identifier: Apache-2.0 */
/* The disk on a real machine: what the twin in the simulator does, and the folder around it. */
#include "tests/lib/disk_fixture.h"

#include "core/coordinator/slot.h"

#include <signal.h>
#include <sqlite3.h>

static const uint64_t plain[] = {0, 2, 3};

static off_t size_of(const char *name)
{
    struct stat s;
    return stat(scratch_path(name), &s) == 0 ? s.st_size : -1;
}

static void a_file_that_is_not_there_reads_as_empty_and_syncs(void **state)
{
    (void)state;
    for (uint64_t file = 0; file < MUSTER_DISK_FILES; file++) {
        assert_text(file, "");
        assert_int_equal(sync_of(file), MUSTER_STATUS_OK);
    }
    assert_int_equal(size_of("disk/slots"), -1);
    assert_int_equal(size_of("disk/file2"), -1);
    assert_int_equal(said_count, 0);
}

static void a_write_replaces_and_gaps_are_zero(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(write_at(plain[i], 4, "efgh"), MUSTER_STATUS_OK);
        assert_text(plain[i], "\0\0\0\0efgh");
        assert_int_equal(write_at(plain[i], 2, "cdE"), MUSTER_STATUS_OK);
        assert_int_equal(append_to(plain[i], "ij"), MUSTER_STATUS_OK);
        assert_int_equal(append_to(plain[i], ""), MUSTER_STATUS_OK);
        assert_int_equal(sync_of(plain[i]), MUSTER_STATUS_OK);
        assert_text(plain[i], "\0\0cdEfghij");
    }
    reopen();
    for (size_t i = 0; i < 3; i++)
        assert_text(plain[i], "\0\0cdEfghij");
    assert_int_equal(size_of("disk/slots"), 10);
    assert_int_equal(size_of("disk/file2"), 10);
    assert_int_equal(size_of("disk/file3"), 10);
}

static void a_read_gives_the_first_4096_bytes(void **state)
{
    (void)state;
    char data[5001];
    memset(data, 'x', sizeof data - 1);
    data[4095] = 'y';
    data[5000] = 0;
    assert_int_equal(write_at(2, 0, data), MUSTER_STATUS_OK);
    assert_int_equal(append_to(2, "z"), MUSTER_STATUS_OK);
    assert_holds(2, data, MUSTER_DISK_READ_MAX);
    assert_int_equal(size_of("disk/file2"), 5001);
}

static void a_slot_of_the_core_is_found_again(void **state)
{
    (void)state;
    uint8_t bytes[MUSTER_SLOT_SIZE];
    struct muster_slot slot = {.sequence = 3, .cluster = 9, .epoch = 5, .attempt = 6, .known = 8};
    muster_slot_encode(&slot, bytes);
    struct muster_effect e = {.kind = MUSTER_OUT_DISK, .data = {bytes, sizeof bytes}};
    e.disk.operation = MUSTER_DISK_WRITE;
    e.disk.offset = muster_slot_offset(3);
    muster_live_disk_begin(disk, &e);
    wait_for(1);
    assert_int_equal(sync_of(0), MUSTER_STATUS_OK);
    reopen();
    const struct answer *a = carry_out(MUSTER_DISK_READ, 0, 0, "");
    struct muster_slot found;
    assert_int_equal(muster_slot_decode(&found, (struct muster_bytes){a->data, a->size}), 0);
    assert_memory_equal(&found, &slot, sizeof slot);
}

static void answers_come_in_order_and_never_from_within(void **state)
{
    (void)state;
    char text[32];
    for (uint64_t i = 0; i < MUSTER_EFFECTS_MAX; i++) {
        enum muster_disk_operation o = i % 4 == 3 ? MUSTER_DISK_READ : MUSTER_DISK_APPEND;
        (void)snprintf(text, sizeof text, "%llu,", (unsigned long long)i);
        begin(i, o, 2, 0, text);
    }
    assert_int_equal(answer_count, 0);
    wait_for(MUSTER_EFFECTS_MAX);
    for (uint64_t i = 0; i < MUSTER_EFFECTS_MAX; i++)
        assert_int_equal(answers[i].tag, i);
    assert_memory_equal(answers[3].data, "0,1,2,", answers[3].size);
    assert_memory_equal(answers[7].data, "0,1,2,4,5,6,", answers[7].size);
}

static void begin_another(const struct answer *a)
{
    if (a->tag < 500)
        begin(a->tag + 1, MUSTER_DISK_APPEND, 3, 0, ".");
}

static void an_answer_may_begin_the_next_operation(void **state)
{
    (void)state;
    on_answer = begin_another;
    for (uint64_t i = 0; i < MUSTER_EFFECTS_MAX; i++)
        begin(499, MUSTER_DISK_APPEND, 3, 0, ".");
    wait_for(2 * MUSTER_EFFECTS_MAX);
    begin(0, MUSTER_DISK_APPEND, 3, 0, ".");
    wait_for(2 * MUSTER_EFFECTS_MAX + 501);
    assert_int_equal(size_of("disk/file3"), 2 * MUSTER_EFFECTS_MAX + 501);
}

/* ---- the history ---- */

static void lines_are_appended_synced_and_read(void **state)
{
    (void)state;
    assert_int_equal(append_to(1, "\n" LINE "intent=8 torn"), MUSTER_STATUS_OK);
    assert_text(1, LINE);
    assert_int_equal(sync_of(1), MUSTER_STATUS_OK);
    reopen();
    assert_text(1, LINE);
}

static void the_history_has_no_places_to_write_to(void **state)
{
    (void)state;
    assert_int_equal(write_at(1, 0, LINE), MUSTER_STATUS_IOERROR);
    assert_string_equal(said[0], "disk_failed: write 'history.db': only lines can be added");
}

static void note(const char *kind)
{
    struct muster_live_history_line line = {.wall = 1};
    (void)snprintf(line.kind, sizeof line.kind, "%s", kind);
    muster_live_disk_note(disk, &line);
}

/* Rows that another program finds; -1: it does not come to read. */
static int rows(void)
{
    sqlite3 *db;
    sqlite3_stmt *s = NULL;
    int count = -1;
    if (sqlite3_open(scratch_path("disk/history.db"), &db) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT count(*) FROM history", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        count = sqlite3_column_int(s, 0);
    (void)sqlite3_finalize(s);
    (void)sqlite3_close(db);
    return count;
}

static void notes_are_committed_with_the_next_sync(void **state)
{
    (void)state;
    note("leader");
    note("mode");
    assert_int_equal(append_to(1, LINE), MUSTER_STATUS_OK);
    assert_int_equal(rows(), 0);
    assert_int_equal(sync_of(1), MUSTER_STATUS_OK);
    assert_int_equal(rows(), 3);
    assert_int_equal(answer_count, 2);
}

static void notes_are_committed_by_themselves_within_a_second(void **state)
{
    (void)state;
    uint64_t began = uv_hrtime();
    note("leader");
    while (rows() == 0) {
        assert_true(uv_hrtime() - began < 3 * MUSTER_SECOND);
        uv_sleep(20);
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_true(uv_hrtime() - began >= MUSTER_SECOND * 9 / 10);
    note("mode"); /* also while operations keep the thread busy */
    began = uv_hrtime();
    while (rows() == 1) {
        assert_true(uv_hrtime() - began < 3 * MUSTER_SECOND);
        assert_int_equal(append_to(2, "x"), MUSTER_STATUS_OK);
    }
    assert_int_equal(said_count, 0);
}

static void notes_are_committed_by_a_close(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        note("skipped");
    close_disk();
    assert_int_equal(rows(), 10);
    disk = open_disk(scratch_path("disk"));
}

static void more_notes_than_the_disk_can_take_are_counted_and_said(void **state)
{
    (void)state;
    for (int i = 0; i < MUSTER_EFFECTS_MAX + 5; i++) /* the loop hears of none as they come */
        note("skipped");
    assert_int_equal(sync_of(1), MUSTER_STATUS_OK);
    assert_int_equal(rows(), MUSTER_EFFECTS_MAX);
    assert_int_equal(said_count, 1);
    assert_string_equal(said[0],
                        "history_notes_lost: 5 notes are not in the history: the disk is too slow");
    note("skipped");
    assert_int_equal(sync_of(1), MUSTER_STATUS_OK);
    assert_int_equal(rows(), MUSTER_EFFECTS_MAX + 1);
    assert_int_equal(said_count, 1);
}

/* ---- the folder and its lock ---- */

static void the_loop_ends_only_after_a_close(void **state)
{
    (void)state;
    assert_true(uv_loop_alive(&loop));
    assert_int_equal(sync_of(0), MUSTER_STATUS_OK);
    assert_true(uv_loop_alive(&loop));
    close_disk();
    assert_false(uv_loop_alive(&loop));
}

static void a_close_carries_out_what_was_begun_and_answers_nothing(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < MUSTER_EFFECTS_MAX; i++)
        begin(i, MUSTER_DISK_APPEND, 2, 0, ".");
    note("leader");
    close_disk();
    assert_int_equal(answer_count, 0);
    assert_int_equal(size_of("disk/file2"), MUSTER_EFFECTS_MAX);
}

static void close_now(const struct answer *a)
{
    (void)a;
    muster_live_disk_close(disk);
    disk = NULL;
}

static void an_answer_may_close_the_disk(void **state)
{
    (void)state;
    on_answer = close_now;
    for (uint64_t i = 0; i < 10; i++)
        begin(i, MUSTER_DISK_APPEND, 2, 0, ".");
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(answer_count, 1);
    assert_int_equal(size_of("disk/file2"), 10);
}

static void a_new_folder_is_for_its_user_alone(void **state)
{
    (void)state;
    struct stat s;
    assert_int_equal(write_at(0, 0, "x"), MUSTER_STATUS_OK);
    assert_int_equal(stat(scratch_path("disk"), &s), 0);
    assert_int_equal(s.st_mode & 0777, 0700);
    assert_int_equal(stat(scratch_path("disk/slots"), &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
}

static void a_second_disk_on_the_folder_is_refused_while_the_first_is_open(void **state)
{
    (void)state;
    char expected[700];
    (void)snprintf(expected, sizeof expected,
                   "%s: in use by another process, number %ld; stop that one, or give this one a "
                   "folder of its own",
                   scratch_path("disk"), (long)getpid());
    assert_null(open_disk(scratch_path("disk")));
    assert_string_equal(refusal, expected);
    assert_int_equal(sync_of(0), MUSTER_STATUS_OK); /* the first is well */
    reopen();
}

/* A child opens the disk, does as it is told, says so by a byte, and is killed. */
static void killed_child(void (*part)(void))
{
    int ready[2];
    char byte = 0;
    close_disk();
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        assert_int_equal(uv_loop_fork(&loop), 0);
        disk = open_disk(scratch_path("disk"));
        part();
        (void)!write(ready[1], "y", 1);
        (void)pause();
        _exit(1);
    }
    assert_int_equal(close(ready[1]), 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_null(open_disk(scratch_path("disk"))); /* it has the lock */
    assert_non_null(strstr(refusal, "another process, number "));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(close(ready[0]), 0);
    reopen();
}

static void acknowledge(void)
{
    (void)write_at(0, 0, "slot");
    (void)append_to(1, LINE);
    if (sync_of(0) != MUSTER_STATUS_OK || sync_of(1) != MUSTER_STATUS_OK)
        _exit(1);
}

static void only_append(void)
{
    if (append_to(1, LINE) != MUSTER_STATUS_OK)
        _exit(1);
}

static void what_was_acknowledged_outlives_a_kill(void **state)
{
    (void)state;
    killed_child(acknowledge);
    assert_text(0, "slot");
    assert_text(1, LINE);
}

static void a_line_that_was_not_synced_does_not_outlive_a_kill(void **state)
{
    (void)state;
    killed_child(only_append);
    assert_text(1, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_is_not_there_reads_as_empty_and_syncs),
        TEST(a_write_replaces_and_gaps_are_zero),
        TEST(a_read_gives_the_first_4096_bytes),
        TEST(a_slot_of_the_core_is_found_again),
        TEST(answers_come_in_order_and_never_from_within),
        TEST(an_answer_may_begin_the_next_operation),
        TEST(lines_are_appended_synced_and_read),
        TEST(the_history_has_no_places_to_write_to),
        TEST(notes_are_committed_with_the_next_sync),
        TEST(notes_are_committed_by_themselves_within_a_second),
        TEST(notes_are_committed_by_a_close),
        TEST(more_notes_than_the_disk_can_take_are_counted_and_said),
        TEST(the_loop_ends_only_after_a_close),
        TEST(a_close_carries_out_what_was_begun_and_answers_nothing),
        TEST(an_answer_may_close_the_disk),
        TEST(a_new_folder_is_for_its_user_alone),
        TEST(a_second_disk_on_the_folder_is_refused_while_the_first_is_open),
        TEST(what_was_acknowledged_outlives_a_kill),
        TEST(a_line_that_was_not_synced_does_not_outlive_a_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
