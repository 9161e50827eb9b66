/* SPDX-License-Identifier: Apache-2.0 */
/* The disk in trouble: syncs that fail, full disks, interrupted writes, folders that are none. */
#include "tests/lib/disk_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

/* ---- syncs ---- */

static void a_failed_sync_is_told_and_the_next_write_stands_for_itself(void **state)
{
    (void)state;
    assert_int_equal(write_at(0, 0, "old"), MUSTER_STATUS_OK);
    faulty_io.sync_error = EIO;
    assert_int_equal(sync_of(0), MUSTER_STATUS_IOERROR);
    faulty_io.sync_error = 0;
    /* The kernel takes its pages for clean now: a sync alone would succeed without the data. */
    assert_int_equal(sync_of(0), MUSTER_STATUS_IOERROR);
    assert_int_equal(sync_of(2), MUSTER_STATUS_OK); /* another file */
    assert_int_equal(write_at(0, 0, "new"), MUSTER_STATUS_OK);
    assert_int_equal(sync_of(0), MUSTER_STATUS_OK);
    assert_text(0, "new");
    reopen();
    assert_text(0, "new");
}

static void a_failed_sync_opens_the_file_anew(void **state)
{
    (void)state;
    assert_int_equal(write_at(0, 0, "old"), MUSTER_STATUS_OK);
    assert_int_equal(rename(scratch_path("disk/slots"), scratch_path("disk/elsewhere")), 0);
    assert_int_equal(append_to(0, "er"), MUSTER_STATUS_OK); /* still the same one */
    faulty_io.sync_error = EIO;
    assert_int_equal(sync_of(0), MUSTER_STATUS_IOERROR);
    faulty_io.sync_error = 0;
    assert_text(0, "");
    assert_int_equal(write_at(0, 0, "new"), MUSTER_STATUS_OK);
    assert_int_equal(sync_of(0), MUSTER_STATUS_OK);
    assert_text(0, "new");
}

static void a_new_file_is_synced_with_its_folder_once(void **state)
{
    (void)state;
    assert_int_equal(write_at(2, 0, "x"), MUSTER_STATUS_OK);
    faulty_io.folder_error = EIO;
    assert_int_equal(sync_of(2), MUSTER_STATUS_IOERROR);
    assert_string_equal(said[0], "disk_failed: sync the folder of 'file2': i/o error");
    faulty_io.folder_error = 0;
    faulty_io.syncs = faulty_io.folder_syncs = 0;
    for (int i = 0; i < 3; i++)
        assert_int_equal(sync_of(2), MUSTER_STATUS_OK);
    assert_int_equal(faulty_io.syncs, 3);
    assert_int_equal(faulty_io.folder_syncs, 1);
    assert_int_equal(write_at(3, 0, "x"), MUSTER_STATUS_OK);
    faulty_io.folder_error = EINVAL; /* some file systems have nothing to sync there */
    assert_int_equal(sync_of(3), MUSTER_STATUS_OK);
}

static void full_disks_and_quotas_are_no_space_and_all_else_is_an_error(void **state)
{
    (void)state;
    static const struct {
        int error;
        enum muster_status status;
    } rows[] = {{ENOSPC, MUSTER_STATUS_NOSPACE},
                {EDQUOT, MUSTER_STATUS_NOSPACE},
                {EIO, MUSTER_STATUS_IOERROR},
                {EROFS, MUSTER_STATUS_IOERROR}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        faulty_io.write_error = rows[i].error;
        assert_int_equal(write_at(0, 0, "x"), rows[i].status);
        assert_int_equal(append_to(2, "x"), rows[i].status);
        faulty_io.write_error = 0;
        assert_int_equal(write_at(0, 0, "x"), MUSTER_STATUS_OK);
        faulty_io.sync_error = rows[i].error;
        assert_int_equal(sync_of(0), rows[i].status);
        faulty_io.sync_error = 0;
        assert_int_equal(append_to(1, LINE), MUSTER_STATUS_OK);
        faulty_io.write_error = rows[i].error;
        assert_int_equal(sync_of(1), rows[i].status);
        faulty_io.write_error = 0;
        assert_text(1, "");
    }
}

static void each_new_reason_is_said_once_and_so_is_the_recovery(void **state)
{
    (void)state;
    faulty_io.sync_error = EIO;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write_at(0, 0, "x"), MUSTER_STATUS_OK);
        assert_int_equal(sync_of(0), MUSTER_STATUS_IOERROR);
    }
    assert_int_equal(said_count, 1);
    assert_string_equal(said[0], "disk_failed: sync 'slots': i/o error");
    faulty_io.write_error = ENOSPC;
    faulty_io.sync_error = 0;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write_at(2, 0, "x"), MUSTER_STATUS_NOSPACE);
        assert_int_equal(sync_of(2), MUSTER_STATUS_OK); /* of nothing: it is not well again */
    }
    assert_int_equal(said_count, 2);
    assert_string_equal(said[1], "disk_failed: write 'file2': no space left on device");
    faulty_io.write_error = 0;
    assert_int_equal(write_at(0, 0, "x"), MUSTER_STATUS_OK);
    assert_int_equal(sync_of(0), MUSTER_STATUS_OK);
    assert_int_equal(said_count, 3);
    assert_string_equal(said[2], "disk_recovered: sync 'slots': i/o error");
}

/* A commit that is for notes only must not make a batch of the core look committed. */
static void a_commit_of_notes_that_fails_fails_the_sync_of_the_lines_it_took_along(void **state)
{
    (void)state;
    struct muster_live_history_line line = {.kind = "leader"};
    muster_live_disk_note(disk, &line);
    assert_int_equal(append_to(1, LINE), MUSTER_STATUS_OK);
    faulty_io.sync_error = EIO;
    while (said_count == 0) /* within a second */
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_string_equal(said[0], "disk_failed: sync 'history.db': disk I/O error: i/o error");
    faulty_io.sync_error = 0;
    assert_int_equal(sync_of(1), MUSTER_STATUS_IOERROR);
    assert_text(1, "");
    assert_int_equal(append_to(1, LINE), MUSTER_STATUS_OK);
    assert_int_equal(sync_of(1), MUSTER_STATUS_OK);
    assert_text(1, LINE);
}

static void a_commit_of_notes_alone_that_fails_concerns_no_later_sync(void **state)
{
    (void)state;
    struct muster_live_history_line line = {.kind = "leader"};
    faulty_io.sync_error = EIO;
    muster_live_disk_note(disk, &line);
    while (said_count == 0)
        (void)uv_run(&loop, UV_RUN_ONCE);
    faulty_io.sync_error = 0;
    assert_int_equal(append_to(1, LINE), MUSTER_STATUS_OK);
    assert_int_equal(sync_of(1), MUSTER_STATUS_OK);
    assert_text(1, LINE);
}

/* ---- writes ---- */

static void interrupted_and_short_writes_and_reads_go_on(void **state)
{
    (void)state;
    char data[2001];
    for (size_t i = 0; i < sizeof data - 1; i++)
        data[i] = (char)('a' + i % 26);
    data[2000] = 0;
    faulty_io.share = 7;
    faulty_io.interruptions = 3;
    assert_int_equal(write_at(0, 0, data), MUSTER_STATUS_OK);
    faulty_io.interruptions = 3;
    assert_holds(0, data, 2000);
    faulty_io.share = 0;
    assert_holds(0, data, 2000);
}

static void a_read_that_fails_gives_nothing(void **state)
{
    (void)state;
    assert_int_equal(write_at(0, 0, "slot"), MUSTER_STATUS_OK);
    assert_int_equal(append_to(1, LINE), MUSTER_STATUS_OK);
    assert_int_equal(sync_of(1), MUSTER_STATUS_OK);
    reopen();
    faulty_io.read_error = EIO;
    for (uint64_t file = 0; file < 2; file++) {
        const struct answer *a = carry_out(MUSTER_DISK_READ, file, 0, "");
        assert_int_equal(a->status, MUSTER_STATUS_IOERROR);
        assert_int_equal(a->size, 0);
    }
    faulty_io.read_error = 0;
    assert_text(0, "slot");
    assert_text(1, LINE);
    assert_string_equal(said[0], "disk_failed: read 'slots': i/o error");
}

static void a_file_that_may_not_grow_is_an_error_and_keeps_what_fits(void **state)
{
    (void)state;
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 6;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum muster_status first = append_to(2, "1234"), second = append_to(2, "5678");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(first, MUSTER_STATUS_OK);
    assert_int_equal(second, MUSTER_STATUS_IOERROR);
    assert_text(2, "123456"); /* torn, as the core expects of a line that failed */
    assert_string_equal(said[0], "disk_failed: write 'file2': file too large");
}

static void an_offset_beyond_all_files_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(write_at(2, UINT64_MAX - 1, "x"), MUSTER_STATUS_IOERROR);
    assert_int_equal(write_at(2, INT64_MAX - 1, "xx"), MUSTER_STATUS_IOERROR);
    assert_text(2, "");
}

static void a_full_disk_has_no_space_until_there_is_room(void **state)
{
    (void)state;
    close_disk();
    if (!scratch_mount("small", 512)) {
        print_message("not allowed to mount a small disk: not tested\n");
        disk = open_disk(scratch_path("disk"));
        skip();
    }
    disk = open_disk(scratch_path("small/disk"));
    assert_non_null(disk);
    assert_int_equal(write_at(0, 0, "slot"), MUSTER_STATUS_OK);
    scratch_fill("small/filler");
    assert_int_equal(write_at(0, 0, "SLOT"), MUSTER_STATUS_OK); /* it has its place */
    assert_int_equal(append_to(2, "x"), MUSTER_STATUS_NOSPACE);
    char large[8000];
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = 0;
    assert_int_equal(append_to(0, large), MUSTER_STATUS_NOSPACE);
    enum muster_status status = MUSTER_STATUS_OK;
    for (int i = 0; i < 200 && status == MUSTER_STATUS_OK; i++) {
        assert_int_equal(append_to(1, LINE), MUSTER_STATUS_OK);
        status = sync_of(1);
    }
    assert_int_equal(status, MUSTER_STATUS_NOSPACE);
    assert_int_equal(unlink(scratch_path("small/filler")), 0);
    assert_int_equal(append_to(2, "x"), MUSTER_STATUS_OK);
    assert_int_equal(sync_of(2), MUSTER_STATUS_OK);
    assert_int_equal(append_to(1, LINE), MUSTER_STATUS_OK);
    assert_int_equal(sync_of(1), MUSTER_STATUS_OK);
    assert_text(1, LINE);
    close_disk();
    assert_int_equal(umount(scratch_path("small")), 0);
}

/* ---- opening ---- */

static void what_an_earlier_process_did_not_sync_is_synced_before_it_is_read(void **state)
{
    (void)state;
    assert_int_equal(write_at(0, 0, "slot"), MUSTER_STATUS_OK);
    close_disk();
    faulty_io.syncs = 0;
    disk = open_disk(scratch_path("disk"));
    assert_non_null(disk);
    assert_true(faulty_io.syncs > 0);
    close_disk();
    faulty_io.sync_error = EIO;
    disk = open_disk(scratch_path("disk"));
    assert_null(disk);
    assert_non_null(strstr(refusal, "/disk/slots: i/o error; "));
    faulty_io.sync_error = 0;
    faulty_io.folder_error = EIO;
    disk = open_disk(scratch_path("disk"));
    assert_null(disk);
    assert_non_null(strstr(refusal, "/disk: i/o error; see to the disk"));
    faulty_io.folder_error = 0;
    faulty_io.folder_syncs = 0;
    disk = open_disk(scratch_path("new")); /* with its parent */
    assert_int_equal(faulty_io.folder_syncs, 2);
}

static void assert_refused(const char *folder, const char *path, const char *why)
{
    char expected[1024];
    (void)snprintf(expected, sizeof expected, "%s: %s", path, why);
    disk = open_disk(folder);
    assert_null(disk);
    assert_string_equal(refusal, expected);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* nothing of it is left on the loop */
}

static void a_folder_that_is_none_is_refused(void **state)
{
    (void)state;
    const char *file = scratch_path("file"), *lost = scratch_path("lost"), *orphan;
    close_disk();
    scratch_write("file", "", 0);
    assert_refused(file, file, "not a directory; choose a folder, not a file");
    assert_int_equal(symlink("nowhere", lost), 0);
    assert_refused(lost, lost,
                   "no such file or directory; make its parent folder, or choose another one");
    orphan = scratch_path("no/parent");
    assert_refused(orphan, orphan,
                   "no such file or directory; make its parent folder, or choose another one");
    assert_refused("", "",
                   "no such file or directory; make its parent folder, or choose another one");
}

static void a_file_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char advice[] = "it must be a plain file that this process's user may write";
    const char *folder = scratch_path("disk"), *slots = scratch_path("disk/slots");
    char why[200];
    close_disk();
    assert_int_equal(mkdir(slots, 0700), 0);
    (void)snprintf(why, sizeof why, "illegal operation on a directory; %s", advice);
    assert_refused(folder, slots, why);
    assert_int_equal(rmdir(slots), 0);
    assert_int_equal(mkfifo(slots, 0600), 0);
    (void)snprintf(why, sizeof why, "invalid argument; %s", advice);
    assert_refused(folder, slots, why);
    assert_int_equal(unlink(slots), 0);
    assert_int_equal(symlink("elsewhere", slots), 0);
    (void)snprintf(why, sizeof why, "too many symbolic links encountered; %s", advice);
    assert_refused(folder, slots, why);
}

static void a_history_that_is_none_is_refused(void **state)
{
    (void)state;
    char garbage[2048];
    close_disk();
    memset(garbage, 'g', sizeof garbage);
    scratch_write("disk/history.db", garbage, sizeof garbage);
    assert_refused(scratch_path("disk"), scratch_path("disk/history.db"),
                   "no SQLite database; move it away, and a new history is begun");
    assert_int_equal(unlink(scratch_path("disk/history.db")), 0);
    disk = open_disk(scratch_path("disk")); /* the lock was given back */
    assert_non_null(disk);
}

static bool open_without_rights(void)
{
    return uv_loop_fork(&loop) == 0 && !open_disk(scratch_path("disk")) &&
           strstr(refusal, ": permission denied; ");
}

static void a_folder_that_may_not_be_written_is_refused(void **state)
{
    (void)state;
    assert_int_equal(write_at(0, 0, "slot"), MUSTER_STATUS_OK);
    close_disk();
    assert_int_equal(chmod(scratch, 0755), 0);
    assert_int_equal(chmod(scratch_path("disk"), 0000), 0); /* not even looked into */
    assert_true(scratch_as_nobody(open_without_rights));
    assert_int_equal(chmod(scratch_path("disk"), 0755), 0);
    assert_int_equal(chmod(scratch_path("disk/lock"), 0444), 0);
    assert_true(scratch_as_nobody(open_without_rights));
    assert_int_equal(chmod(scratch_path("disk/lock"), 0666), 0);
    assert_int_equal(chmod(scratch_path("disk/slots"), 0444), 0);
    assert_true(scratch_as_nobody(open_without_rights));
    assert_int_equal(remove(scratch_path("disk/lock")), 0);
    assert_int_equal(chmod(scratch_path("disk"), 0555), 0); /* no lock can be made */
    assert_true(scratch_as_nobody(open_without_rights));
    assert_int_equal(chmod(scratch_path("disk"), 0755), 0);
}

static void a_folder_on_a_disk_that_cannot_be_written_is_refused(void **state)
{
    (void)state;
    close_disk();
    if (!scratch_mount("fixed", 512)) {
        print_message("not allowed to mount a small disk: not tested\n");
        skip();
    }
    const char *folder = scratch_path("fixed/disk");
    disk = open_disk(folder);
    assert_non_null(disk);
    close_disk();
    assert_int_equal(mount(NULL, scratch_path("fixed"), NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    assert_refused(folder, folder,
                   "read-only file system; choose a folder on a disk that can be written");
    assert_int_equal(umount(scratch_path("fixed")), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
    const struct CMUnitTest tests[] = {
        TEST(a_failed_sync_is_told_and_the_next_write_stands_for_itself),
        TEST(a_failed_sync_opens_the_file_anew),
        TEST(a_new_file_is_synced_with_its_folder_once),
        TEST(full_disks_and_quotas_are_no_space_and_all_else_is_an_error),
        TEST(each_new_reason_is_said_once_and_so_is_the_recovery),
        TEST(a_commit_of_notes_that_fails_fails_the_sync_of_the_lines_it_took_along),
        TEST(a_commit_of_notes_alone_that_fails_concerns_no_later_sync),
        TEST(interrupted_and_short_writes_and_reads_go_on),
        TEST(a_read_that_fails_gives_nothing),
        TEST(a_file_that_may_not_grow_is_an_error_and_keeps_what_fits),
        TEST(an_offset_beyond_all_files_is_an_error),
        TEST(a_full_disk_has_no_space_until_there_is_room),
        TEST(what_an_earlier_process_did_not_sync_is_synced_before_it_is_read),
        TEST(a_folder_that_is_none_is_refused),
        TEST(a_file_that_is_none_is_refused),
        TEST(a_history_that_is_none_is_refused),
        TEST(a_folder_that_may_not_be_written_is_refused),
        TEST(a_folder_on_a_disk_that_cannot_be_written_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
