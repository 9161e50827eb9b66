/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out when a test wants it to: malloc and its kin, for the whole program and every
 * library in it. One thread. */
#ifndef MUSTER_TESTS_LIB_SHORT_MEMORY_H
#define MUSTER_TESTS_LIB_SHORT_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* From now on the n-th allocation (1, 2, …) fails; onwards: and every later one. */
void short_memory_arm(uint64_t n, bool onwards);
/* No more; returns whether one has failed. */
bool short_memory_disarm(void);
/* Count an allocation of another kind; whether it has to fail. */
bool short_memory_strikes(void);
/* Blocks that are handed out and not given back. */
int64_t short_memory_blocks(void);

#endif
