/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual disk: what is durable, what a crash leaves, faults. */
#include "sim/disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct muster_arena arena;
static struct muster_disk disk;
static struct muster_random source;

static int fresh(void **state)
{
    (void)state;
    memset(&disk, 0, sizeof disk);
    source.state = 1;
    return muster_arena_map(&arena, (size_t)1 << 20, NULL);
}

static int done(void **state)
{
    (void)state;
    muster_arena_unmap(&arena);
    return 0;
}

static enum muster_status write_text(uint64_t offset, const char *text)
{
    struct muster_bytes data = {(const uint8_t *)text, strlen(text)};
    return muster_disk_write(&disk, &arena, 0, offset, data);
}

static void expect(struct muster_bytes found, const char *text)
{
    assert_int_equal(found.size, strlen(text));
    assert_memory_equal(found.at, text, found.size);
}

static void a_crash_keeps_what_was_synced_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(write_text(0, "old"), MUSTER_STATUS_OK);
    assert_int_equal(muster_disk_sync(&disk, 0, &source), MUSTER_STATUS_OK);
    assert_int_equal(write_text(MUSTER_DISK_END, "new"), MUSTER_STATUS_OK);
    expect(muster_disk_read(&disk, 0, 0), "oldnew");
    muster_disk_crash(&disk, MUSTER_DISK_KEPT, &source);
    expect(muster_disk_read(&disk, 0, 0), "old");
}

static void a_torn_crash_leaves_a_prefix_of_what_was_dirty(void **state)
{
    (void)state;
    bool none = false, some = false, all = false;
    for (uint64_t seed = 1; seed < 200; seed++) {
        fresh(state);
        source.state = seed;
        write_text(0, "0123456789");
        muster_disk_crash(&disk, MUSTER_DISK_TORN, &source);
        struct muster_bytes left = muster_disk_read(&disk, 0, 0);
        assert_true(left.size <= 10);
        assert_memory_equal(left.size ? left.at : (const uint8_t *)"", "0123456789", left.size);
        none |= left.size == 0;
        some |= left.size > 0 && left.size < 10;
        all |= left.size == 10;
        muster_arena_unmap(&arena);
    }
    assert_true(none && some && all);
    fresh(state);
}

static void a_full_disk_takes_nothing_and_says_so(void **state)
{
    (void)state;
    disk.full = true;
    assert_int_equal(write_text(0, "x"), MUSTER_STATUS_NOSPACE);
    assert_int_equal(muster_disk_read(&disk, 0, 0).size, 0);
    disk.full = false;
    assert_int_equal(write_text(MUSTER_DISK_FILE_MAX, "x"), MUSTER_STATUS_NOSPACE);
}

static void a_failed_sync_may_have_kept_a_part(void **state)
{
    (void)state;
    disk.error = true;
    assert_int_equal(write_text(0, "0123456789"), MUSTER_STATUS_OK);
    assert_int_equal(muster_disk_sync(&disk, 0, &source), MUSTER_STATUS_IOERROR);
    assert_true(muster_disk_durable(&disk, 0).size <= 10);
    disk.error = false;
    assert_int_equal(muster_disk_sync(&disk, 0, &source), MUSTER_STATUS_OK);
    expect(muster_disk_durable(&disk, 0), "0123456789");
}

static void a_failed_sync_keeps_nothing_all_or_a_part_each_of_them_often(void **state)
{
    char text[1001];
    uint32_t none = 0, part = 0, all = 0;
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        done(state);
        fresh(state);
        source.state = seed;
        disk.error = true;
        write_text(0, text);
        assert_int_equal(muster_disk_sync(&disk, 0, &source), MUSTER_STATUS_IOERROR);
        size_t left = muster_disk_durable(&disk, 0).size;
        none += left == 0;
        all += left == 1000;
        part += left > 0 && left < 1000;
    }
    assert_true(none > 60 && part > 60 && all > 60);
}

static void a_gap_reads_as_zeroes(void **state)
{
    (void)state;
    assert_int_equal(write_text(4, "x"), MUSTER_STATUS_OK);
    assert_memory_equal(muster_disk_read(&disk, 0, 0).at, "\0\0\0\0x", 5);
}

static void rot_flips_one_bit_of_what_is_durable(void **state)
{
    (void)state;
    write_text(0, "0000");
    muster_disk_sync(&disk, 0, &source);
    muster_disk_rot(&disk, &source);
    const uint8_t *at = muster_disk_durable(&disk, 0).at;
    int bits = 0;
    for (int i = 0; i < 4; i++)
        bits += __builtin_popcount(at[i] ^ '0');
    assert_int_equal(bits, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_crash_keeps_what_was_synced_and_no_more, fresh, done),
        cmocka_unit_test_setup_teardown(a_torn_crash_leaves_a_prefix_of_what_was_dirty, fresh,
                                        done),
        cmocka_unit_test_setup_teardown(a_full_disk_takes_nothing_and_says_so, fresh, done),
        cmocka_unit_test_setup_teardown(a_failed_sync_may_have_kept_a_part, fresh, done),
        cmocka_unit_test_setup_teardown(
            a_failed_sync_keeps_nothing_all_or_a_part_each_of_them_often, fresh, done),
        cmocka_unit_test_setup_teardown(a_gap_reads_as_zeroes, fresh, done),
        cmocka_unit_test_setup_teardown(rot_flips_one_bit_of_what_is_durable, fresh, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
