/* SPDX-License-Identifier: Apache-2.0 */
/* Tries of a search (sim/shrink/shrink.h), run in forked workers: one that dies takes nothing with
 * it, and is a failure of no_crash. */
#ifndef MUSTER_TOOLS_SHRINK_POOL_H
#define MUSTER_TOOLS_SHRINK_POOL_H

#include "sim/shrink/shrink.h"

#include <signal.h>

struct muster_shrink_pool {
    /* The caller's. */
    const struct muster_registry *registry;
    uint32_t jobs;
    muster_time deadline;              /* by muster_runner_now(); MUSTER_NEVER: none */
    uint64_t runs_max, events_max;     /* a budget that is the same on every machine, with any
                                          number of jobs; looked at between batches; 0: none */
    const volatile sig_atomic_t *stop; /* not 0: the same as an interrupt; may be null */
    void (*progress)(const struct muster_shrink_stats *stats); /* may be null */
    /* What came of it. */
    bool interrupted; /* SIGINT or SIGTERM came: nothing but a try alone is run any more */
    bool failed;      /* no processes, or no memory; it has been complained of */
    /* Inside. */
    struct muster_shrink_outcome *outcomes; /* shared with the workers */
    const struct muster_shrink_try *tries;
    uint32_t count, found;
    bool (*wanted)(const void *goal, const struct muster_shrink_outcome *o);
    const void *goal;
    uint64_t runs;
    uint64_t runs_spent, events_spent; /* as if one worker had done it */
    struct muster_arena arena;         /* a worker's */
    struct muster_shrink_ops ops;
};

/* The caller's fields are set, the rest is zero. Returns the table for muster_shrink, which lives
 * in the pool; null, after a complaint, when memory is short. */
const struct muster_shrink_ops *muster_shrink_pool_open(struct muster_shrink_pool *p);
void muster_shrink_pool_close(struct muster_shrink_pool *p);

#endif
