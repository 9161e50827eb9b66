/* SPDX-License-Identifier: Apache-2.0 */
/* Tries over workers: see shrink_pool.h. */
#include "tools/muster/shrink_pool.h"
#include "reports/report.h"
#include "tools/muster/jobs.h"
#include "tools/muster/options.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define SHARED (MUSTER_SHRINK_BATCH_MAX * sizeof(struct muster_shrink_outcome))

static bool is_over(void *cookie)
{
    struct muster_shrink_pool *p = cookie;
    p->interrupted = p->interrupted || (p->stop && *p->stop);
    return p->interrupted || p->failed || muster_runner_now() >= p->deadline;
}

static bool is_spent(void *cookie)
{
    const struct muster_shrink_pool *p = cookie;
    return is_over(cookie) || (p->runs_max > 0 && p->runs_spent >= p->runs_max) ||
           (p->events_max > 0 && p->events_spent >= p->events_max);
}

/* ---- in a worker ---- */

static bool open_worker(void *cookie)
{
    struct muster_shrink_pool *p = cookie;
    const struct rlimit none = {0, 0};
    signal(SIGTERM, SIG_DFL);      /* a handler of the parent's is not for a worker */
    setrlimit(RLIMIT_CORE, &none); /* a search for a crash crashes a hundred times */
    return muster_arena_map(&p->arena, MUSTER_RUNNER_ARENA, NULL) == 0;
}

static void work(void *cookie, uint64_t seed, struct muster_run_result *result)
{
    struct muster_shrink_pool *p = cookie;
    const uint32_t i = result->scenario;
    memset(result, 0, sizeof *result);
    result->scenario = i;
    result->seed = seed;
    muster_shrink_run(&p->tries[i], p->registry, &p->arena, &p->outcomes[i]);
}

/* ---- in the parent ---- */

static bool is_needed(void *cookie, const struct muster_jobs_range *range)
{
    struct muster_shrink_pool *p = cookie;
    return range->scenario < p->found && (p->count == 1 || !is_over(p));
}

static void done(void *cookie, const struct muster_run_result *result)
{
    struct muster_shrink_pool *p = cookie;
    struct muster_shrink_outcome *o = &p->outcomes[result->scenario];
    p->runs++;
    if (result->code == MUSTER_REPORT_INTERNAL)
        o->loaded = false; /* killed from outside: there is no verdict */
    else if (result->code != MUSTER_REPORT_PASSED && o->loaded)
        muster_shrink_crashed(o, result->text);
    if (result->scenario < p->found && p->wanted(p->goal, o))
        p->found = result->scenario;
}

/* Tries behind the first that is wanted do not count: whether they were made is luck. */
static void spend(struct muster_shrink_pool *p)
{
    for (uint32_t i = 0; i < p->count && i <= p->found; i++) {
        p->runs_spent++;
        p->events_spent += p->outcomes[i].events;
    }
}

static uint32_t run(void *cookie, const struct muster_shrink_try *tries, uint32_t count,
                    bool (*wanted)(const void *goal, const struct muster_shrink_outcome *o),
                    const void *goal, struct muster_shrink_outcome *ret, uint64_t *runs)
{
    struct muster_shrink_pool *p = cookie;
    struct muster_jobs_range ranges[MUSTER_SHRINK_BATCH_MAX];
    for (uint32_t i = 0; i < count; i++)
        ranges[i] = (struct muster_jobs_range){i, tries[i].seed, tries[i].seed};
    memset(p->outcomes, 0, count * sizeof *p->outcomes);
    p->tries = tries;
    p->count = p->found = count;
    p->wanted = wanted;
    p->goal = goal;
    p->runs = 0;
    const struct muster_jobs jobs = {
        .workers = p->jobs < count ? p->jobs : count,
        .ranges = ranges,
        .count = count,
        .cookie = p,
        .open = open_worker,
        .work = work,
        .wanted = is_needed,
        .done = done,
    };
    enum muster_jobs_end end = muster_jobs_run(&jobs);
    p->interrupted = p->interrupted || end == MUSTER_JOBS_INTERRUPTED;
    p->failed = p->failed || end == MUSTER_JOBS_FAILED;
    *runs += p->runs;
    spend(p);
    if (p->found < count)
        *ret = p->outcomes[p->found];
    return p->found;
}

static void progress(void *cookie, const struct muster_shrink_stats *stats)
{
    struct muster_shrink_pool *p = cookie;
    if (p->progress)
        p->progress(stats);
}

const struct muster_shrink_ops *muster_shrink_pool_open(struct muster_shrink_pool *p)
{
    void *shared = mmap(NULL, SHARED, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        muster_options_say("out of memory");
        return NULL;
    }
    p->outcomes = shared;
    p->ops = (struct muster_shrink_ops){p, run, is_spent, progress};
    return &p->ops;
}

void muster_shrink_pool_close(struct muster_shrink_pool *p)
{
    if (p->outcomes)
        munmap(p->outcomes, SHARED);
    p->outcomes = NULL;
}
