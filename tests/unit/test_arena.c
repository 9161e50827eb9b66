/* SPDX-License-Identifier: Apache-2.0 */
/* The arena and the heap inside it. */
#include "sim/arena.h"
#include "sim/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void arena_gives_zeroed_aligned_memory_after_a_poisoned_reset(void **state)
{
    (void)state;
    struct muster_arena a;
    assert_int_equal(muster_arena_map(&a, 100000, NULL), 0);
    assert_int_equal(a.size % 4096, 0);
    uint8_t *first = muster_arena_take(&a, 33);
    uint8_t *second = muster_arena_take(&a, 100);
    assert_ptr_equal(second, first + 48);
    memset(first, 7, 33);
    muster_arena_reset(&a, 0xa5);
    assert_int_equal(first[40], 0xa5);
    assert_int_equal(a.used, 0);
    assert_ptr_equal(muster_arena_take(&a, 33), first);
    for (int i = 0; i < 33; i++)
        assert_int_equal(first[i], 0);
    muster_arena_unmap(&a);
    assert_null(a.base);
}

static void arena_refuses_when_full_and_stays_usable(void **state)
{
    (void)state;
    struct muster_arena a;
    assert_int_equal(muster_arena_map(&a, 4096, NULL), 0);
    assert_null(muster_arena_take(&a, 4097));
    assert_non_null(muster_arena_take(&a, 4090));
    assert_null(muster_arena_take(&a, 1));
    assert_non_null(muster_arena_take(&a, 0));
    muster_arena_unmap(&a);
    assert_int_equal(muster_arena_map(&a, SIZE_MAX / 2, NULL), MUSTER_E_NOSPACE);
}

static void arena_prefers_the_address_asked_for(void **state)
{
    (void)state;
    struct muster_arena a;
    void *wish = (void *)(uintptr_t)UINT64_C(0x210000000000);
    assert_int_equal(muster_arena_map(&a, 4096, wish), 0);
    assert_non_null(a.base);
    muster_arena_unmap(&a);
}

static void *span_of(struct muster_arena *a, size_t size)
{
    assert_int_equal(muster_arena_map(a, size, NULL), 0);
    return muster_arena_take(a, size);
}

static void heap_reuses_what_was_given_back(void **state)
{
    (void)state;
    struct muster_arena a;
    struct muster_heap *h = muster_heap_format(span_of(&a, 8192), 8192);
    void *p = muster_heap_take(h, 40);
    assert_int_equal((uintptr_t)p % 16, 0);
    muster_heap_give(h, p, 40);
    assert_ptr_equal(muster_heap_take(h, 48), p);
    muster_heap_give(h, NULL, 10);
    assert_null(muster_heap_take(h, 0));
    assert_null(muster_heap_take(h, SIZE_MAX));
    muster_arena_unmap(&a);
}

static void heap_merges_small_blocks_into_a_large_one_when_full(void **state)
{
    (void)state;
    struct muster_arena a;
    void *small[512];
    int count = 0;
    struct muster_heap *h = muster_heap_format(span_of(&a, 16384), 16384);
    while ((small[count] = muster_heap_take(h, 64)) != NULL)
        count++;
    assert_in_range(count, 200, 250);
    for (int i = 0; i < count; i++)
        muster_heap_give(h, small[i], 64);
    void *large = muster_heap_take(h, 12000);
    assert_non_null(large);
    assert_non_null(muster_heap_take(h, 64));
    muster_arena_unmap(&a);
}

static void heap_shrinks_in_place_and_takes_the_end_back(void **state)
{
    (void)state;
    struct muster_arena a;
    struct muster_heap *h = muster_heap_format(span_of(&a, 8192), 8192);
    uint8_t *p = muster_heap_take(h, 512);
    muster_heap_shrink(h, p, 512, 100);
    assert_ptr_equal(muster_heap_take(h, 400), p + 112);
    muster_heap_shrink(h, p, 100, 100);
    muster_arena_unmap(&a);
}

/* Blocks never overlap, whatever the order of calls: each is filled with its own byte and
 * checked. */
static void heap_blocks_stay_apart_under_random_use(void **state)
{
    (void)state;
    struct muster_arena a;
    struct {
        uint8_t *at;
        size_t size;
    } block[100] = {{0}};
    uint32_t seed = 1;
    struct muster_heap *h = muster_heap_format(span_of(&a, 65536), 65536);
    for (int round = 0; round < 200000; round++) {
        seed = seed * 1664525 + 1013904223;
        size_t i = (seed >> 8) % 100;
        for (size_t b = 0; b < block[i].size; b++)
            assert_int_equal(block[i].at[b], i);
        if (block[i].at)
            muster_heap_give(h, block[i].at, block[i].size);
        block[i].size = 1 + (seed >> 16) % (seed % 7 == 0 ? 8000 : 300);
        block[i].at = muster_heap_take(h, block[i].size);
        if (!block[i].at)
            block[i].size = 0;
        else
            memset(block[i].at, (int)i, block[i].size);
    }
    muster_arena_unmap(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_zeroed_aligned_memory_after_a_poisoned_reset),
        cmocka_unit_test(arena_refuses_when_full_and_stays_usable),
        cmocka_unit_test(arena_prefers_the_address_asked_for),
        cmocka_unit_test(heap_reuses_what_was_given_back),
        cmocka_unit_test(heap_merges_small_blocks_into_a_large_one_when_full),
        cmocka_unit_test(heap_shrinks_in_place_and_takes_the_end_back),
        cmocka_unit_test(heap_blocks_stay_apart_under_random_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
