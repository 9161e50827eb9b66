/* SPDX-License-Identifier: Apache-2.0 */
/* Flat values: what fits is read back, what is cut off or foreign is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/flat.h"

static uint8_t room[256];

static struct muster_bytes sample(void)
{
    struct muster_flat_writer w;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, 6);
    muster_flat_text(&w, MUSTER_FLAT_BULK, "key");
    muster_flat_text(&w, MUSTER_FLAT_STATUS, "OK");
    muster_flat_text(&w, MUSTER_FLAT_ERROR, "ERR");
    muster_flat_integer(&w, INT64_MIN);
    muster_flat_nil(&w);
    muster_flat_bytes(&w, MUSTER_FLAT_BULK, NULL, 0);
    return muster_flat_written(&w);
}

static void values_come_back_as_written(void **state)
{
    (void)state;
    static const char types[] = {'$', '+', '-', ':', '_', '$'};
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, sample());
    assert_int_equal(muster_flat_next(&r, &v), 0);
    assert_int_equal(v.count, 6);
    for (size_t i = 0; i < sizeof types; i++) {
        assert_int_equal(muster_flat_next(&r, &v), 0);
        assert_int_equal(v.type, types[i]);
        assert_int_equal(v.count, 0);
        assert_int_equal(muster_flat_is_text(&v), types[i] == '$' || types[i] == '+');
        if (v.type == MUSTER_FLAT_INTEGER)
            assert_true(v.integer == INT64_MIN);
    }
    assert_int_equal(muster_flat_next(&r, &v), MUSTER_E_NOTFOUND);
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    struct muster_bytes whole = sample();
    for (size_t size = 0; size < whole.size; size++) {
        struct muster_flat_reader r;
        muster_flat_reader_init(&r, (struct muster_bytes){whole.at, size});
        assert_true(muster_flat_skip(&r) != 0);
        assert_int_equal(r.left.size, size);
    }
}

static void writer_that_is_full_stays_full(void **state)
{
    (void)state;
    struct muster_bytes whole = sample();
    size_t needed = whole.size;
    for (size_t size = 0; size < needed; size++) {
        struct muster_flat_writer w;
        uint8_t small[256];
        muster_flat_writer_init(&w, small, size);
        muster_flat_array(&w, 2);
        muster_flat_integer(&w, 7);
        muster_flat_text(&w, MUSTER_FLAT_BULK, "a text that is longer than what is left here");
        muster_flat_nil(&w);
        assert_true(w.full);
        assert_true(w.used <= size);
        assert_int_equal(muster_flat_written(&w).size, 0);
    }
}

static int next_of(const char *bytes, size_t size)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, (struct muster_bytes){(const uint8_t *)bytes, size});
    return muster_flat_next(&r, &v);
}

static void foreign_heads_are_refused(void **state)
{
    (void)state;
    assert_int_equal(next_of("$\1\0\0", 4), MUSTER_E_CORRUPT);
    assert_int_equal(next_of("?\0\0\0\0", 5), MUSTER_E_CORRUPT);
    assert_int_equal(next_of(":\4\0\0\0abcd", 9), MUSTER_E_CORRUPT);
    assert_int_equal(next_of("_\1\0\0\0a", 6), MUSTER_E_CORRUPT);
    assert_int_equal(next_of("$\377\377\377\377a", 6), MUSTER_E_CORRUPT);
    assert_int_equal(next_of("*\377\377\377\377", 5), 0);
}

static void skipping_passes_over_everything_inside(void **state)
{
    (void)state;
    struct muster_flat_writer w;
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, 2);
    muster_flat_array(&w, 0);
    muster_flat_array(&w, 1);
    muster_flat_text(&w, MUSTER_FLAT_BULK, "deep");
    muster_flat_integer(&w, 7);
    muster_flat_reader_init(&r, muster_flat_written(&w));
    assert_int_equal(muster_flat_skip(&r), 0);
    assert_int_equal(muster_flat_next(&r, &v), 0);
    assert_int_equal(v.integer, 7);
}

static void nesting_has_a_bound(void **state)
{
    (void)state;
    struct muster_flat_writer w;
    struct muster_flat_reader r;
    muster_flat_writer_init(&w, room, sizeof room);
    for (int i = 0; i < 20; i++)
        muster_flat_array(&w, 1);
    muster_flat_nil(&w);
    muster_flat_reader_init(&r, muster_flat_written(&w));
    assert_int_equal(muster_flat_skip(&r), MUSTER_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_as_written),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(writer_that_is_full_stays_full),
        cmocka_unit_test(foreign_heads_are_refused),
        cmocka_unit_test(skipping_passes_over_everything_inside),
        cmocka_unit_test(nesting_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
