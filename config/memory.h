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

/* Zeroed, aligned to 16, valid until muster_memory_free. Never null: a machine that cannot give a
 * loader its few megabytes ends the program (exit 70). */
void *muster_memory_take(struct muster_memory *m, size_t size);
/* A copy of `size` bytes with a 0 behind them. */
char *muster_memory_copy(struct muster_memory *m, const char *text, size_t size);
/* Let `from` live and end with *m; *from is empty afterwards. */
void muster_memory_join(struct muster_memory *m, struct muster_memory *from);
void muster_memory_free(struct muster_memory *m);

#endif
