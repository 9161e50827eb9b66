/* SPDX-License-Identifier: Apache-2.0 */
/* One run of one scenario, with its trace and its second run. */
#ifndef MUSTER_TOOLS_RUNNER_H
#define MUSTER_TOOLS_RUNNER_H

#include "sim/coverage/coverage.h"
#include "sim/trace/trace.h"

/* What a run came to, in one piece: it crosses a pipe. */
struct muster_run_result {
    uint32_t scenario; /* index in the suite */
    int32_t code;      /* enum muster_report_code */
    uint64_t seed;
    uint64_t hash, events;
    muster_dur simulated, wall;
    bool expected_failure, timed;
    uint32_t line, column;
    muster_time failed_at;
    uint64_t failed_record;
    char property[64];
    char text[512];
    char file[256];
    char trace[512];       /* path of the trace, if one was written */
    char difference[2200]; /* both sides, when two runs of one seed differ */
};

#define MUSTER_RUNNER_ARENA ((size_t)256 << 20)

struct muster_runner {
    struct muster_arena first, second; /* the second elsewhere: addresses must not matter */
    bool check_all;                    /* run every seed twice, not every twentieth */
    struct muster_coverage *coverage;  /* what the runs reach is added; may be null */
};

/* Map the arenas. Returns false when the system refuses. */
bool muster_runner_open(struct muster_runner *r);
void muster_runner_close(struct muster_runner *r);

/* Run a seed; trace: where to write its trace, or null. *result is overwritten, but `scenario`. */
void muster_runner_run(struct muster_runner *r, const struct muster_scenario *s, uint64_t seed,
                       const char *trace, struct muster_run_result *result);

/* The plain run, once, in an empty arena; false when the arena is too small. */
bool muster_runner_once(struct muster_arena *a, const struct muster_scenario *s, uint64_t seed,
                        muster_record_sink sink, void *cookie, struct muster_verdict *verdict);

/* Nanoseconds that have passed on the machine's own clock, for speed only. */
muster_time muster_runner_now(void);

#endif
