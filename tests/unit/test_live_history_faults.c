/* SPDX-License-Identifier: Apache-2.0 */
/* The history in trouble: full disks, failing syncs, kills, other people, databases not ours. */
#include "tests/lib/history_fixture.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

/* ---- what goes wrong ---- */

static void what_was_not_committed_is_gone_after_a_close(void **state)
{
    (void)state;
    append(line_of(1, "success"));
    commit();
    append(line_of(2, "success"));
    add("started", 3, 1);
    reopen();
    assert_string_equal(query(INTENTS), "1");
}

static void every_commit_is_synced(void **state)
{
    (void)state;
    for (uint64_t intent = 1; intent < 5; intent++) {
        append(line_of(intent, "success"));
        faulty_io.syncs = 0;
        commit();
        assert_true(faulty_io.syncs > 0);
    }
}

static void a_sync_that_fails_takes_its_batch_with_it(void **state)
{
    (void)state;
    append(line_of(1, "success"));
    commit();
    append(line_of(2, "success"));
    faulty_io.sync_error = EIO;
    assert_int_equal(muster_live_history_commit(history), MUSTER_STATUS_IOERROR);
    assert_string_equal(muster_live_history_why(history), "disk I/O error: i/o error");
    faulty_io.sync_error = 0;
    commit(); /* a new one, of nothing */
    assert_string_equal(query(INTENTS), "1");
    append(line_of(2, "success"));
    commit();
    assert_string_equal(query(INTENTS), "1 2");
}

static void a_full_disk_or_quota_is_told_apart(void **state)
{
    (void)state;
    static const int errors[] = {ENOSPC, EDQUOT, EIO, EFBIG};
    for (size_t i = 0; i < 4; i++) {
        uint32_t expected = i < 2 ? MUSTER_STATUS_NOSPACE : MUSTER_STATUS_IOERROR;
        append(line_of(1, "success"));
        faulty_io.write_error = errors[i];
        assert_int_equal(muster_live_history_commit(history), expected);
        faulty_io.write_error = 0;
        assert_string_equal(query("SELECT count(*) FROM history"), "0");
    }
}

/* A big transaction is written before its commit, so an append can fail in its midst. */
static void after_a_failed_line_nothing_since_the_last_commit_is_acknowledged(void **state)
{
    (void)state;
    uint64_t intent = 1;
    append(line_of(UINT32_MAX, "success"));
    commit();
    faulty_io.write_error = ENOSPC;
    while (intent < 100000 && append(line_of(intent, "success")) == MUSTER_STATUS_OK)
        intent++;
    assert_in_range(intent, 2, 99999);
    faulty_io.write_error = 0;
    assert_int_equal(append(line_of(7, "success")), MUSTER_STATUS_NOSPACE);
    assert_int_equal(muster_live_history_commit(history), MUSTER_STATUS_NOSPACE);
    assert_string_equal(query(INTENTS), "4294967295");
    append(line_of(8, "success"));
    commit();
    assert_string_equal(query(INTENTS), "4294967295 8");
}

static void a_disk_that_is_full_takes_the_batch_again_when_there_is_room(void **state)
{
    (void)state;
    muster_live_history_close(history);
    history = NULL;
    if (!scratch_mount("small", 256)) {
        print_message("not allowed to mount a small disk: not tested\n");
        skip();
    }
    history = muster_live_history_open(scratch_path("small/history.db"), refusal, sizeof refusal);
    assert_non_null(history);
    append(line_of(1, "success"));
    commit();
    scratch_fill("small/filler");
    uint32_t status = MUSTER_STATUS_OK;
    for (uint64_t intent = 2; intent < 1000 && status == MUSTER_STATUS_OK; intent++) {
        append(line_of(intent, "success"));
        status = muster_live_history_commit(history);
    }
    assert_int_equal(status, MUSTER_STATUS_NOSPACE);
    assert_int_equal(unlink(scratch_path("small/filler")), 0);
    append(line_of(5000, "success"));
    commit();
    assert_read(200, line_of(5000, "success"));
    muster_live_history_close(history);
    history = NULL;
    assert_int_equal(umount(scratch_path("small")), 0);
}

static void a_read_that_fails_tells_it_and_spoils_no_commit(void **state)
{
    (void)state;
    size_t size = 1;
    append(line_of(1, "success"));
    commit();
    reopen();
    faulty_io.read_error = EIO;
    assert_int_equal(muster_live_history_read(history, found, 4096, &size), MUSTER_STATUS_IOERROR);
    assert_int_equal(size, 0);
    faulty_io.read_error = 0;
    commit();
    append(line_of(2, "success"));
    commit();
    assert_read(4096, two(line_of(1, "success"), line_of(2, "success")));
}

/* ---- a kill ---- */

/* A child appends, tells by a byte, and waits for its end. */
static void killed_child(bool commits)
{
    int ready[2];
    char byte = 0;
    muster_live_history_close(history);
    history = NULL;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        history = open_history();
        bool well = history && append(line_of(1, "success")) == MUSTER_STATUS_OK &&
                    muster_live_history_commit(history) == MUSTER_STATUS_OK &&
                    append(line_of(2, "success")) == MUSTER_STATUS_OK &&
                    (!commits || muster_live_history_commit(history) == MUSTER_STATUS_OK);
        byte = well ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            (void)pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(ready[0]);
    (void)close(ready[1]);
    reopen();
}

static void a_kill_before_the_commit_leaves_what_was_acknowledged(void **state)
{
    (void)state;
    killed_child(false);
    assert_string_equal(query(INTENTS), "1");
    append(line_of(2, "success")); /* the core gives it again, or does not know of it */
    commit();
    assert_string_equal(query(INTENTS), "1 2");
}

static void a_kill_after_the_commit_leaves_all(void **state)
{
    (void)state;
    killed_child(true);
    assert_string_equal(query(INTENTS), "1 2");
}

/* ---- other people ---- */

static void a_reader_does_not_hold_a_commit_up(void **state)
{
    (void)state;
    sqlite3 *db;
    append(line_of(1, "success"));
    commit();
    assert_int_equal(sqlite3_open(scratch_path("history.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT * FROM history", NULL, NULL, NULL), SQLITE_OK);
    for (uint64_t intent = 2; intent < 50; intent++) {
        append(line_of(intent, "success"));
        commit();
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_string_equal(query("SELECT count(*) FROM history"), "49");
}

static void a_writer_by_hand_makes_it_fail_until_it_is_done(void **state)
{
    (void)state;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scratch_path("history.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    time_t before = time(NULL);
    for (uint64_t intent = 1; intent <= 8; intent++) /* a batch waits once, not eight times */
        assert_int_equal(append(line_of(intent, "success")), MUSTER_STATUS_IOERROR);
    assert_in_range(time(NULL) - before, 0, 3);
    assert_int_equal(muster_live_history_commit(history), MUSTER_STATUS_IOERROR);
    assert_string_equal(muster_live_history_why(history), "database is locked");
    assert_null(open_history());
    assert_non_null(strstr(refusal, "another program holds it locked; end that program"));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    append(line_of(1, "success"));
    commit();
    assert_string_equal(query(INTENTS), "1");
}

/* ---- databases that are not taken ---- */

static void assert_refused(const char *what)
{
    muster_live_history_close(history);
    history = open_history();
    assert_null(history);
    assert_null(strchr(refusal, '\n'));
    assert_memory_equal(refusal, scratch, strlen(scratch));
    if (!strstr(refusal, what))
        fail_msg("'%s' is not in '%s'", what, refusal);
}

static void garbage_is_refused_and_left_as_it_is(void **state)
{
    (void)state;
    static char garbage[4096];
    muster_live_history_close(history);
    history = NULL;
    memset(garbage, 'g', sizeof garbage);
    scratch_write("history.db", garbage, sizeof garbage);
    (void)unlink(scratch_path("history.db-wal"));
    assert_refused("no SQLite database; move it away");
    struct stat s;
    assert_int_equal(stat(scratch_path("history.db"), &s), 0);
    assert_int_equal(s.st_size, sizeof garbage);
}

static void a_damaged_database_is_refused(void **state)
{
    (void)state;
    append(line_of(1, "success"));
    commit();
    muster_live_history_close(history);
    history = NULL;
    int fd = open(scratch_path("history.db"), O_WRONLY);
    assert_int_equal(pwrite(fd, "damaged damaged damaged", 23, 100), 23);
    assert_int_equal(close(fd), 0);
    assert_refused("damaged; move it away");
}

static void an_empty_file_is_a_new_database(void **state)
{
    (void)state;
    muster_live_history_close(history);
    scratch_write("history.db", "", 0);
    history = open_history();
    assert_non_null(history);
    assert_string_equal(query("PRAGMA user_version"), "1");
}

static void a_later_version_is_refused(void **state)
{
    (void)state;
    query("PRAGMA user_version = 7");
    assert_refused("made by a later version of muster (table 7, this one knows 1); run that one");
    query("PRAGMA user_version = -1");
    assert_refused("made by a later version of muster (table -1");
    assert_string_equal(query("PRAGMA user_version"), "-1");
}

static void somebody_elses_database_is_refused_and_left_as_it_is(void **state)
{
    (void)state;
    muster_live_history_close(history);
    history = NULL;
    scratch_write("history.db", "", 0);
    query("CREATE TABLE history(mine)");
    assert_refused("a database of something else; move it away");
    assert_string_equal(query("PRAGMA journal_mode"), "delete");
    query("PRAGMA user_version = 1");
    assert_refused("no column named"); /* ours by its version, not by its table */
}

static void a_folder_that_is_not_there_is_refused(void **state)
{
    (void)state;
    assert_null(muster_live_history_open("/nowhere/history.db", refusal, sizeof refusal));
    assert_string_equal(refusal, "/nowhere/history.db: cannot be opened; let this user write it and"
                                 " its folder");
}

static bool open_without_rights(void)
{
    struct muster_live_history *h = open_history();
    return !h && strstr(refusal, "; let this user write it and its folder");
}

static void a_database_or_folder_that_may_not_be_written_is_refused(void **state)
{
    (void)state;
    append(line_of(1, "success"));
    commit();
    muster_live_history_close(history);
    history = NULL;
    assert_int_equal(chmod(scratch_path("history.db"), 0444), 0);
    assert_int_equal(chmod(scratch, 0777), 0);
    assert_true(scratch_as_nobody(open_without_rights)); /* the file */
    assert_int_equal(chmod(scratch_path("history.db"), 0666), 0);
    assert_int_equal(chmod(scratch, 0555), 0);
    assert_true(scratch_as_nobody(open_without_rights)); /* the folder */
    assert_int_equal(chmod(scratch, 0755), 0);
    assert_int_equal(unlink(scratch_path("history.db")), 0);
    assert_int_equal(chmod(scratch, 0555), 0);
    assert_true(scratch_as_nobody(open_without_rights)); /* a new file in it */
    assert_int_equal(chmod(scratch, 0755), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
    const struct CMUnitTest tests[] = {
        TEST(what_was_not_committed_is_gone_after_a_close),
        TEST(every_commit_is_synced),
        TEST(a_sync_that_fails_takes_its_batch_with_it),
        TEST(a_full_disk_or_quota_is_told_apart),
        TEST(after_a_failed_line_nothing_since_the_last_commit_is_acknowledged),
        TEST(a_disk_that_is_full_takes_the_batch_again_when_there_is_room),
        TEST(a_read_that_fails_tells_it_and_spoils_no_commit),
        TEST(a_kill_before_the_commit_leaves_what_was_acknowledged),
        TEST(a_kill_after_the_commit_leaves_all),
        TEST(a_reader_does_not_hold_a_commit_up),
        TEST(a_writer_by_hand_makes_it_fail_until_it_is_done),
        TEST(garbage_is_refused_and_left_as_it_is),
        TEST(a_damaged_database_is_refused),
        TEST(an_empty_file_is_a_new_database),
        TEST(a_later_version_is_refused),
        TEST(somebody_elses_database_is_refused_and_left_as_it_is),
        TEST(a_folder_that_is_not_there_is_refused),
        TEST(a_database_or_folder_that_may_not_be_written_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
