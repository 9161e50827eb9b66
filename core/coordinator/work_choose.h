/* SPDX-License-Identifier: Apache-2.0 */
/* Which node gets a work item: a strategy is a constant table, and can be replaced.
 *
 * Shipped is rendezvous hashing (Thaler and Ravishankar 1998), weighted: every candidate draws a
 * number from the hash of item and name, as likely as its weight demands, and the best one wins.
 * Who leaves gives up only its own items; who comes takes a fair share from each. Without floats:
 * of u uniform in (0, 1), the candidate with the largest weight / -log2(u) wins with a probability
 * proportional to its weight.
 */
#ifndef MUSTER_CORE_COORDINATOR_WORK_CHOOSE_H
#define MUSTER_CORE_COORDINATOR_WORK_CHOOSE_H

#include "core/config.h"

/* A node that may get the item: live, healthy, not about to leave. */
struct muster_work_candidate {
    const char *name;
    uint32_t weight; /* its health score, ppm: 1..MUSTER_PPM */
};

struct muster_work_strategy {
    const char *name;
    /* The position of the chosen one. count is at least 1; a strategy answers the same for the same
     * arguments and keeps nothing. */
    uint32_t (*choose)(const char *id, const struct muster_work_candidate *candidate,
                       uint32_t count);
};

extern const struct muster_work_strategy muster_work_rendezvous;

/* -log2(u / 2^64) in units of 2^-24, at least 1; u 0 counts as 1. For tests. */
uint64_t muster_work_neglog2(uint64_t u);

#endif
