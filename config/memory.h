/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a loaded file: many small pieces that live and end together. */
#ifndef MUSTER_CONFIG_MEMORY_H
#define MUSTER_CONFIG_MEMORY_H

#include "core/types.h"

struct muster_chunk;

/* Empty when zeroed. */
struct muster_memory {
    struct muster_chunk *newest;
};

/* Say that memory is short and end the program (exit 70). */
_Noreturn void muster_memory_short(void);
/* malloc that is never null, for a library that cannot tell when memory was short. */
void *muster_memory_need(size_t size);

/* Zeroed, aligned to 16, valid until muster_memory_free. Never null: where a machine cannot give
 * a loader its few megabytes, muster_memory_short. */
void *muster_memory_take(struct muster_memory *m, size_t size);
/* A copy of `size` bytes with a 0 behind them. */
char *muster_memory_copy(struct muster_memory *m, const char *text, size_t size);
/* Let `from` live and end with *m; *from is empty afterwards. */
void muster_memory_join(struct muster_memory *m, struct muster_memory *from);
void muster_memory_free(struct muster_memory *m);

#endif
