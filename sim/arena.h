/* SPDX-License-Identifier: Apache-2.0 */
/* One block that holds all state of a simulated world, so that a snapshot is a copy and a restore
 * is a copy back. Mapped once per process, at a fixed address where the system allows it, and never
 * moved. Memory is handed out front to back and never given back one by one; what needs freeing
 * (Lua) keeps free lists of its own inside (heap.h). */
#ifndef MUSTER_SIM_ARENA_H
#define MUSTER_SIM_ARENA_H

#include "core/types.h"

struct muster_arena {
    uint8_t *base;
    size_t size;     /* mapped */
    size_t used;     /* handed out from the front; a snapshot copies this much */
    size_t reserved; /* handed out from the back */
};

/* Map `size` bytes (rounded up to pages), preferably at `address` (null: 0x200000000000).
 * Errors: MUSTER_E_NOSPACE. */
int muster_arena_map(struct muster_arena *a, size_t size, void *address);
void muster_arena_unmap(struct muster_arena *a);

/* Zeroed memory, aligned to 16, or null when the arena is full. */
void *muster_arena_take(struct muster_arena *a, size_t size);

/* Memory from the back, not zeroed and no part of a snapshot: tables whose users keep account of
 * what is in use, scratch. Aligned to 64; null when the arena is full. */
void *muster_arena_reserve(struct muster_arena *a, size_t size);

/* Give everything back at once. poison: fill what was used with this byte first, so that a read of
 * memory nobody initialised shows as a difference between two runs (take zeroes again). */
void muster_arena_reset(struct muster_arena *a, uint8_t poison);

#endif
