/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the ports: a machine that cannot give them their few kilobytes ends the program. */
#ifndef MUSTER_LIVE_MEMORY_H
#define MUSTER_LIVE_MEMORY_H

#include <stdio.h>
#include <stdlib.h>

/* Zeroed, to be freed by the caller. Never null. */
static inline void *live_take(size_t size)
{
    void *at = calloc(1, size > 0 ? size : 1);
    if (!at) {
        fputs("muster: out of memory\n", stderr);
        exit(70);
    }
    return at;
}

#endif
