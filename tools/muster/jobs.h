/* SPDX-License-Identifier: Apache-2.0 */
/* Runs spread over forked workers: never threads, so that one that dies takes nothing with it. */
#ifndef MUSTER_TOOLS_JOBS_H
#define MUSTER_TOOLS_JOBS_H

#include "tools/muster/runner.h"

#define MUSTER_JOBS_MAX 256

/* A piece of work: some seeds of one scenario. */
struct muster_jobs_range {
    uint32_t scenario;
    uint64_t first, last;
};

struct muster_jobs {
    uint32_t workers;
    const struct muster_jobs_range *ranges; /* handed out in this order */
    size_t count;
    void *cookie;
    /* In a worker: once, before anything else; false when it cannot work. */
    bool (*open)(void *cookie);
    /* In a worker: one run. result->scenario is set. */
    void (*work)(void *cookie, uint64_t seed, struct muster_run_result *result);
    /* In the parent, before a range is handed out: false skips it. */
    bool (*wanted)(void *cookie, const struct muster_jobs_range *range);
    /* In the parent: a result, in no order but that of the seeds of one range. */
    void (*done)(void *cookie, const struct muster_run_result *result);
};

enum muster_jobs_end { MUSTER_JOBS_DONE, MUSTER_JOBS_INTERRUPTED, MUSTER_JOBS_FAILED };

/* Run it all. A worker that dies in a run is replaced, and its run is a violation of `no_crash`,
 * with the signal and what it said on standard error. One that is killed from outside (SIGKILL,
 * SIGTERM) is replaced and its run repeated; killed again at the same run, that run has the code
 * INTERNAL. SIGINT and SIGTERM to the parent end it: INTERRUPTED.
 * FAILED, after a complaint, when the system gives no processes. */
enum muster_jobs_end muster_jobs_run(const struct muster_jobs *j);

/* How a dead child ended, as a text: "signal 6 (Aborted)". */
void muster_jobs_death(int status, char *text, size_t size);

#endif
