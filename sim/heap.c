/* SPDX-License-Identifier: Apache-2.0 */
/* Size classes over a span, in granules of 16 bytes: exact up to 512 bytes, then four classes an
 * octave.
 *
 * A block carries no header, the caller tells its size when giving it back. When no class and no
 * fresh room serves a request, free neighbours are merged by way of a bitmap (one bit a granule)
 * and cut anew. */
#include "sim/heap.h"

#include <assert.h>
#include <string.h>

#define GRANULE    16
#define EXACT      32 /* classes 1..32 hold as many granules */
#define CLASSES    128
#define SPAN_LEAST 4096

struct muster_heap {
    uint32_t first; /* first granule handed out; 0 is this struct, so 0 is "none" */
    uint32_t fresh; /* granules from here on were never handed out */
    uint32_t end;
    uint32_t spare;
    uint32_t list[CLASSES]; /* per class: first free block; its first word names the next */
    uint8_t map[];          /* scratch of merge() */
};

/* Granules of a class; the inverse of class_of() for sizes that are a class exactly. */
static uint32_t class_size(uint32_t c)
{
    if (c <= EXACT)
        return c;
    uint32_t octave = (c - EXACT - 1) / 4;
    uint32_t quarter = (c - EXACT - 1) % 4;
    return (5 + quarter) << (octave + 3);
}

/* The least class that holds `n` granules. */
static uint32_t class_of(uint32_t n)
{
    if (n <= EXACT)
        return n;
    uint32_t octave = 0;
    while (n > UINT32_C(8) << (octave + 3))
        octave++;
    uint32_t step = UINT32_C(1) << (octave + 3);
    return EXACT + 1 + octave * 4 + (n + step - 1) / step - 5;
}

static uint32_t *block(struct muster_heap *h, uint32_t at)
{
    assert(at >= h->first);
    assert(at < h->fresh);
    return (uint32_t *)(void *)((uint8_t *)h + (size_t)at * GRANULE);
}

static void push(struct muster_heap *h, uint32_t class, uint32_t at)
{
    *block(h, at) = h->list[class];
    h->list[class] = at;
}

static uint32_t pop(struct muster_heap *h, uint32_t class)
{
    uint32_t at = h->list[class];
    if (at)
        h->list[class] = *block(h, at);
    return at;
}

struct muster_heap *muster_heap_format(void *span, size_t size)
{
    assert((uintptr_t)span % GRANULE == 0);
    assert(size >= SPAN_LEAST);
    assert(size / GRANULE <= INT32_MAX);
    struct muster_heap *h = span;
    uint32_t end = (uint32_t)(size / GRANULE);
    uint32_t head = (uint32_t)((sizeof(*h) + end / 8 + GRANULE) / GRANULE);
    *h = (struct muster_heap){.first = head, .fresh = head, .end = end};
    return h;
}

/* Give `n` granules to the lists, in as few blocks as classes allow. */
static void cut(struct muster_heap *h, uint32_t at, uint32_t n)
{
    while (n > 0) {
        uint32_t class = class_of(n);
        assert(class > 0);
        if (class_size(class) > n)
            class --;
        push(h, class, at);
        at += class_size(class);
        n -= class_size(class);
    }
}

/* Join free neighbours. Costs the whole span, and runs only when it is that or refusing. */
static void merge(struct muster_heap *h)
{
    memset(h->map, 0, h->end / 8 + 1);
    for (uint32_t c = 1; c < CLASSES; c++)
        for (uint32_t at = pop(h, c); at; at = pop(h, c))
            for (uint32_t i = at; i < at + class_size(c); i++)
                h->map[i / 8] |= (uint8_t)(1u << i % 8);
    uint32_t run = 0;
    for (uint32_t i = h->first; i < h->fresh; i++) {
        if (h->map[i / 8] & 1u << i % 8) {
            run++;
            continue;
        }
        cut(h, i - run, run);
        run = 0;
    }
    h->fresh -= run;
}

/* The smallest block of a larger class, its rest given back to the lists. */
static uint32_t split(struct muster_heap *h, uint32_t class)
{
    for (uint32_t c = class; c < CLASSES; c++) {
        uint32_t at = pop(h, c);
        if (!at)
            continue;
        cut(h, at + class_size(class), class_size(c) - class_size(class));
        return at;
    }
    return 0;
}

static uint32_t take_fresh(struct muster_heap *h, uint32_t n)
{
    if (n > h->end - h->fresh)
        return 0;
    uint32_t at = h->fresh;
    h->fresh += n;
    return at;
}

static uint32_t class_of_bytes(size_t size)
{
    return class_of((uint32_t)((size + GRANULE - 1) / GRANULE));
}

static uint32_t number_of(const struct muster_heap *h, const void *p)
{
    size_t offset = (size_t)((const uint8_t *)p - (const uint8_t *)h);
    assert(offset % GRANULE == 0);
    return (uint32_t)(offset / GRANULE);
}

void *muster_heap_take(struct muster_heap *h, size_t size)
{
    if (size == 0 || size / GRANULE >= h->end)
        return NULL;
    uint32_t class = class_of_bytes(size);
    assert(class < CLASSES);
    uint32_t at = pop(h, class);
    if (!at)
        at = take_fresh(h, class_size(class));
    if (!at)
        at = split(h, class);
    if (!at) {
        merge(h);
        at = take_fresh(h, class_size(class));
    }
    if (!at)
        at = split(h, class);
    return at ? block(h, at) : NULL;
}

void muster_heap_give(struct muster_heap *h, void *p, size_t size)
{
    if (!p || size == 0)
        return;
    push(h, class_of_bytes(size), number_of(h, p));
}

void muster_heap_shrink(struct muster_heap *h, void *p, size_t old_size, size_t size)
{
    assert(size > 0);
    assert(size <= old_size);
    uint32_t had = class_size(class_of_bytes(old_size));
    uint32_t keeps = class_size(class_of_bytes(size));
    cut(h, number_of(h, p) + keeps, had - keeps);
}
