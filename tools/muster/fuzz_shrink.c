/* SPDX-License-Identifier: Apache-2.0 */
/* What `muster fuzz` finds is made smaller before it is written. */
#include "tools/muster/fuzz.h"
#include "tools/muster/shrink_pool.h"

/* A few seconds of one processor for a cluster of three. Counted in runs and events, or what is
 * found would depend on the machine; the time is for what never ends. */
#define RUNS_MAX   2000
#define EVENTS_MAX UINT64_C(20000000)
#define TIME_MAX   (60 * MUSTER_SECOND)

bool muster_fuzz_shrink(const struct muster_fuzz *x, const struct muster_shrink_request *request,
                        struct muster_memory *memory, struct muster_shrink_result *result)
{
    const bool timed = x->request.shrink_time > 0;
    struct muster_shrink_pool pool = {.registry = x->registry,
                                      .jobs = x->request.jobs,
                                      .stop = x->stop,
                                      .runs_max = timed ? 0 : RUNS_MAX,
                                      .events_max = timed ? 0 : EVENTS_MAX};
    pool.deadline = muster_runner_now() + (timed ? x->request.shrink_time : TIME_MAX);
    struct muster_shrink_request own = *request;
    own.registry = x->registry;
    own.ops = muster_shrink_pool_open(&pool);
    bool good = own.ops && muster_shrink(&own, memory, result) == 0 && !pool.failed;
    muster_shrink_pool_close(&pool);
    return good;
}
