/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger on disk and in the store: what is written is read back, and nothing else is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/coordinator/hold.h"
#include "core/coordinator/ledger.h"

#define CLUSTER UINT64_C(77)
#define NOW     (5 * MUSTER_SECOND)

static struct muster_ledger ledger, back;
static uint8_t bytes[MUSTER_LEDGER_HEAD + MUSTER_LEDGER_MAX];
static uint64_t sequence;

static void fill(struct muster_ledger *l, uint64_t epoch, uint64_t count, size_t size)
{
    memset(l, 0, sizeof *l);
    l->version = (struct muster_ledger_version){epoch, count};
    l->size = (uint32_t)size;
    for (size_t i = 0; i < size; i++)
        l->text[i] = (uint8_t)('a' + i % 26);
}

static int decode(uint32_t slot, size_t size)
{
    memset(&back, 0, sizeof back);
    sequence = 0;
    return muster_ledger_decode(&back, &sequence, CLUSTER, slot,
                                (struct muster_bytes){bytes, size});
}

static void slot_comes_back_as_written(void **state)
{
    static const size_t sizes[] = {0, 1, 100, MUSTER_LEDGER_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fill(&ledger, 7, 3, sizes[i]);
        size_t size = muster_ledger_encode(&ledger, 9, CLUSTER, bytes);
        assert_int_equal(size, MUSTER_LEDGER_HEAD + sizes[i]);
        assert_int_equal(decode(1, size), 0);
        assert_int_equal(sequence, 9);
        assert_int_equal(back.version.epoch, 7);
        assert_int_equal(back.version.count, 3);
        assert_int_equal(back.size, sizes[i]);
        assert_memory_equal(back.text, ledger.text, sizes[i]);
    }
}

static void slot_with_any_byte_changed_is_corrupt(void **state)
{
    (void)state;
    fill(&ledger, 7, 3, 90);
    size_t size = muster_ledger_encode(&ledger, 9, CLUSTER, bytes);
    for (size_t i = 0; i < size; i++) {
        if (i >= 56 && i < MUSTER_LEDGER_HEAD)
            continue; /* no account is taken of what is between head and text */
        bytes[i] ^= 0x10;
        assert_int_equal(decode(1, size), MUSTER_E_CORRUPT);
        assert_int_equal(back.version.epoch, 0);
        bytes[i] ^= 0x10;
    }
    for (size_t cut = 1; cut < size; cut++)
        assert_int_equal(decode(1, cut), MUSTER_E_CORRUPT);
    assert_int_equal(decode(0, size), MUSTER_E_CORRUPT); /* it is the other one's */
}

static void empty_zeroed_and_foreign_slots_are_none(void **state)
{
    (void)state;
    fill(&ledger, 7, 3, 90);
    size_t size = muster_ledger_encode(&ledger, 9, CLUSTER + 1, bytes);
    assert_int_equal(decode(1, size), MUSTER_E_NOTFOUND);
    assert_int_equal(decode(1, 0), MUSTER_E_NOTFOUND);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(decode(1, sizeof bytes), MUSTER_E_NOTFOUND);
}

static void value_comes_back_as_written(void **state)
{
    static char room[MUSTER_LEDGER_VALUE_MAX];
    struct muster_text t;
    (void)state;
    fill(&ledger, MUSTER_INTEGER_MAX, MUSTER_INTEGER_MAX, MUSTER_LEDGER_MAX);
    muster_text_init(&t, room, sizeof room);
    muster_ledger_write(&ledger, &t);
    assert_false(muster_text_is_cut(&t));
    memset(&back, 0, sizeof back);
    assert_int_equal(muster_ledger_parse(&back, muster_text_written(&t)), 0);
    assert_int_equal(back.version.epoch, MUSTER_INTEGER_MAX);
    assert_int_equal(back.version.count, MUSTER_INTEGER_MAX);
    assert_int_equal(back.size, MUSTER_LEDGER_MAX);
    assert_memory_equal(back.text, ledger.text, MUSTER_LEDGER_MAX);
}

static void malformed_values_are_none(void **state)
{
    static char room[MUSTER_LEDGER_VALUE_MAX];
    static const char *const texts[] = {"",
                                        "L",
                                        "L 1",
                                        "L 1 2",
                                        "L 1 2 00000000",
                                        "M 1 2 0 x",
                                        "L 0 2 0 x",
                                        "L -1 2 0 x",
                                        "L 1 z 0 x",
                                        "L 1 2 g x",
                                        "L  1 2 0 x",
                                        "L 1 2 0 x",
                                        "L 9999999999999999999999 2 0 x",
                                        "L 9007199254740992 2 0 x"};
    struct muster_text t;
    (void)state;
    memset(&back, 0, sizeof back);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(muster_ledger_parse(&back, muster_text_bytes(texts[i])), MUSTER_E_INVALID);
    fill(&ledger, 3, 1, 40);
    muster_text_init(&t, room, sizeof room);
    muster_ledger_write(&ledger, &t);
    for (size_t i = 0; i < t.length; i++) {
        char was = room[i];
        room[i] = was == '3' ? 'x' : '3';
        if (muster_ledger_parse(&back, muster_text_written(&t)) == 0)
            assert_true(i >= 2 && i <= 4); /* the version is compared, not checked */
        room[i] = was;
        assert_int_equal(muster_ledger_parse(&back, (struct muster_bytes){(uint8_t *)room, i}),
                         MUSTER_E_INVALID);
    }
}

/* ---- the two slots of a file ---- */

static uint8_t file[2 * MUSTER_LEDGER_SLOT];

static void load(struct muster_hold *h)
{
    memset(h, 0, sizeof *h);
    for (uint32_t i = 0; i < 2; i++)
        muster_hold_load(h, NOW, CLUSTER, MUSTER_STATUS_OK,
                         (struct muster_bytes){file + (size_t)i * MUSTER_LEDGER_SLOT,
                                               MUSTER_LEDGER_SLOT});
    assert_true(muster_hold_is_loaded(h));
}

/* The next version, written to the file up to `keep` bytes of it. */
static void write_next(struct muster_hold *h, size_t keep, enum muster_status status)
{
    uint64_t offset;
    muster_hold_take(h, NOW, 4, muster_text_bytes("ended 0"));
    assert_int_equal(muster_hold_write_at(h), h->write_from);
    size_t size = muster_hold_begin(h, CLUSTER, &offset, bytes);
    assert_int_equal(muster_hold_write_at(h), MUSTER_NEVER);
    memcpy(file + offset, bytes, keep < size ? keep : size);
    muster_hold_written(h, NOW, status);
}

static void torn_write_costs_only_itself(void **state)
{
    static struct muster_hold h, again;
    (void)state;
    memset(file, 0, sizeof file);
    load(&h);
    assert_int_equal(h.known.version.epoch, 0);
    assert_false(h.known.damaged);
    for (uint64_t n = 1; n <= 6; n++) {
        write_next(&h, SIZE_MAX, MUSTER_STATUS_OK);
        assert_int_equal(h.disk.count, 2 * n - 1);
        write_next(&h, 44, MUSTER_STATUS_IOERROR); /* torn, and not acknowledged */
        assert_int_equal(h.disk.count, 2 * n - 1);
        load(&again);
        assert_int_equal(again.known.version.count, 2 * n - 1);
        assert_int_equal(again.disk.count, 2 * n - 1);
        assert_false(again.known.damaged);
        assert_int_equal(again.known.read_at, NOW);
    }
}

static void file_that_cannot_be_read_is_damaged(void **state)
{
    static struct muster_hold h;
    (void)state;
    memset(file, 0, sizeof file);
    load(&h);
    write_next(&h, 44, MUSTER_STATUS_IOERROR);
    load(&h);
    assert_true(h.known.damaged);
    assert_int_equal(h.known.version.epoch, 0);
    memset(&h, 0, sizeof h);
    memset(file, 0, sizeof file);
    muster_hold_load(&h, NOW, CLUSTER, MUSTER_STATUS_IOERROR, (struct muster_bytes){NULL, 0});
    muster_hold_load(&h, NOW, CLUSTER, MUSTER_STATUS_OK, (struct muster_bytes){NULL, 0});
    assert_true(h.known.damaged);
    muster_hold_take(&h, NOW, 4, muster_text_bytes("ended 0"));
    assert_false(h.known.damaged); /* what is written now is known */
}

static void older_leader_writes_no_version_over_a_newer_one(void **state)
{
    static struct muster_hold h;
    (void)state;
    memset(&h, 0, sizeof h);
    assert_int_equal(muster_hold_take(&h, NOW, 4, muster_text_bytes("a")), 1);
    assert_int_equal(muster_hold_take(&h, NOW, 4, muster_text_bytes("b")), 2);
    assert_int_equal(muster_hold_take(&h, NOW, 6, muster_text_bytes("c")), 1);
    assert_true(muster_hold_take(&h, NOW, 5, muster_text_bytes("d")) == UINT64_MAX);
    assert_int_equal(h.known.version.epoch, 6);
    assert_int_equal(h.known.text[0], 'c');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slot_comes_back_as_written),
        cmocka_unit_test(slot_with_any_byte_changed_is_corrupt),
        cmocka_unit_test(empty_zeroed_and_foreign_slots_are_none),
        cmocka_unit_test(value_comes_back_as_written),
        cmocka_unit_test(malformed_values_are_none),
        cmocka_unit_test(torn_write_costs_only_itself),
        cmocka_unit_test(file_that_cannot_be_read_is_damaged),
        cmocka_unit_test(older_leader_writes_no_version_over_a_newer_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
