/* SPDX-License-Identifier: Apache-2.0 */
/* A small allocator with size classes over a span of the arena, for what must free: the Lua state
 * of the fake store. Its own state is inside the span. Deterministic: same calls, same offsets. */
#ifndef MUSTER_SIM_HEAP_H
#define MUSTER_SIM_HEAP_H

#include "core/types.h"

struct muster_heap;

/* Format a span of at least 4 KiB. */
struct muster_heap *muster_heap_format(void *span, size_t size);
/* Null when full. Alignment 16. */
void *muster_heap_take(struct muster_heap *h, size_t size);
void muster_heap_give(struct muster_heap *h, void *p, size_t size);
/* Give the end of a block back; never fails. 0 < size <= old_size; the block is of `size` from then
 * on. */
void muster_heap_shrink(struct muster_heap *h, void *p, size_t old_size, size_t size);

#endif
