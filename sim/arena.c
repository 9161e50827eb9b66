/* SPDX-License-Identifier: Apache-2.0 */
/* The one block of a world: see arena.h. */
#include "sim/arena.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT     16
#define LINE          64 /* of cache: tables from the back begin at one */
#define PAGE          4096
#define USUAL_ADDRESS ((void *)(uintptr_t)UINT64_C(0x200000000000))

int muster_arena_map(struct muster_arena *a, size_t size, void *address)
{
    *a = (struct muster_arena){NULL, 0, 0, 0};
    if (size == 0 || size > SIZE_MAX - PAGE)
        return MUSTER_E_NOSPACE;
    size = (size + PAGE - 1) / PAGE * PAGE;
    /* A wish, not a demand: sanitizers forbid some ranges, and the address is no contract. */
    void *base = mmap(address ? address : USUAL_ADDRESS, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return MUSTER_E_NOSPACE;
    *a = (struct muster_arena){base, size, 0, 0};
    return 0;
}

void muster_arena_unmap(struct muster_arena *a)
{
    if (a->base)
        (void)munmap(a->base, a->size);
    *a = (struct muster_arena){NULL, 0, 0, 0};
}

void *muster_arena_take(struct muster_arena *a, size_t size)
{
    assert(a->base);
    assert(a->used % ALIGNMENT == 0);
    assert(a->used + a->reserved <= a->size);
    if (size > a->size - a->reserved - a->used)
        return NULL;
    /* The mapping is a multiple of the alignment, so what fits unrounded fits rounded. */
    void *p = a->base + a->used;
    a->used += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(p, 0, size);
    return p;
}

void *muster_arena_reserve(struct muster_arena *a, size_t size)
{
    assert(a->base);
    assert(a->used + a->reserved <= a->size);
    size_t left = a->size - a->used - a->reserved;
    if (size > left || (size + LINE - 1) / LINE * LINE > left)
        return NULL;
    a->reserved += (size + LINE - 1) / LINE * LINE;
    return a->base + a->size - a->reserved;
}

void muster_arena_reset(struct muster_arena *a, uint8_t poison)
{
    assert(a->used <= a->size);
    if (a->used > 0)
        memset(a->base, poison, a->used);
    a->used = a->reserved = 0;
}
