/* SPDX-License-Identifier: Apache-2.0 */
/* `muster fuzz`: a campaign of drawn and mutated plans, in rounds.
 *
 * Input n of a campaign is made from its number and from the corpus as it was after the round
 * before, and what a round came to is merged in the order of the inputs: so the number of workers
 * decides nothing. */
#ifndef MUSTER_TOOLS_FUZZ_H
#define MUSTER_TOOLS_FUZZ_H

#include "sim/coverage/coverage.h"
#include "sim/fuzz/plan.h"
#include "sim/shrink/shrink.h"
#include "tools/muster/jobs.h"
#include "tools/muster/options.h"
#include "tools/muster/paths.h"
#include "tools/muster/suite.h"

#include <signal.h>

#define MUSTER_FUZZ_ROUND        256  /* inputs of a round */
#define MUSTER_FUZZ_CORPUS_MAX   4096 /* plans kept in memory */
#define MUSTER_FUZZ_FINDINGS_MAX 512
#define MUSTER_FUZZ_FRESH_MAX    4096 /* new cells that one run can tell of */

struct muster_fuzz_request {
    const char *corpus, *out, *coverage; /* null: not written */
    struct muster_paths merge;
    uint64_t first, last; /* numbers of inputs */
    bool seeded;          /* they were given */
    uint64_t runs;        /* 0: as many as time allows */
    muster_dur time;      /* 0: as many as runs say */
    bool shrinks;
    muster_dur shrink_time; /* of a finding; 0: a number of runs instead */
    uint32_t shard, shards;
    uint32_t nodes, jobs;
    bool quiet;
};

/* What one run tells beside its result; in memory that worker and parent share. */
struct muster_fuzz_told {
    uint32_t fresh_count;
    uint32_t fresh[MUSTER_FUZZ_FRESH_MAX];
    char signature[MUSTER_SIGNATURE_SIZE]; /* of a failure; empty when the run ended the worker */
};

struct muster_fuzz_kept {
    struct muster_plan *plan;
    uint32_t frame;
};

/* Failures with one signature. */
struct muster_fuzz_finding {
    char signature[MUSTER_SIGNATURE_SIZE]; /* as it was found … */
    char shrunk[MUSTER_SIGNATURE_SIZE]; /* … and of what is left of it; empty: it was not shrunk */
    uint32_t same;                      /* 0, or 1 + the finding that it shrank to as well */
    bool tried;                         /* to be written */
    uint64_t count;
    int32_t code;
    char property[64];
    char path[256]; /* empty: only counted */
};

struct muster_fuzz {
    struct muster_fuzz_request request;
    const struct muster_registry *registry;
    const char *program;
    struct muster_suite suite;
    struct muster_plan_frame *frames;
    struct muster_plan *bases;
    uint32_t frame_count;

    /* The round. */
    struct muster_plan *plans; /* MUSTER_FUZZ_ROUND of them */
    uint32_t frame_of[MUSTER_FUZZ_ROUND];
    uint32_t count;
    struct muster_fuzz_told *told;     /* the same, shared */
    struct muster_run_result *results; /* the same; seed: the index */
    bool done[MUSTER_FUZZ_ROUND];

    struct muster_fuzz_kept kept[MUSTER_FUZZ_CORPUS_MAX];
    uint64_t kept_count; /* ever; the newest of them are there */
    struct muster_coverage *coverage;
    uint32_t cells;
    struct muster_fuzz_finding findings[MUSTER_FUZZ_FINDINGS_MAX];
    uint32_t finding_count, ways; /* ways: without those that are the same */

    struct muster_runner runner; /* a worker's */
    muster_time started, shown;
    uint64_t runs, events, failed, invalid;
    muster_dur simulated;
    uint64_t next; /* number of the next input */
    bool progress;
    const volatile sig_atomic_t *stop; /* not 0: an interrupt came */
    int code;
};

/* fuzz_options.c: the command line; returns an exit code after complaints. */
extern const struct muster_option muster_fuzz_options[];
int muster_fuzz_read(struct muster_options *o, struct muster_fuzz_request *r,
                     struct muster_suite *suite);

/* fuzz_run.c: run the plans of the round, into results and told. */
enum muster_jobs_end muster_fuzz_run(struct muster_fuzz *x);

/* fuzz_files.c. Complaints go to standard error; codes are exit codes.
 * Keep a plan in the corpus' folder, unless it is there already. */
int muster_fuzz_save_plan(const struct muster_fuzz *x, const struct muster_plan *p);
/* Where the campaign is to go on. */
int muster_fuzz_save_next(const struct muster_fuzz *x);
uint64_t muster_fuzz_load_next(const struct muster_fuzz *x);
/* A failing plan becomes a scenario, as small as can be, and a trace in the folder of findings; its
 * path is in *f then. Or it shrinks to what has been written before: f->same says to what. */
int muster_fuzz_save_finding(struct muster_fuzz *x, const struct muster_plan *p,
                             const struct muster_run_result *result, struct muster_fuzz_finding *f);
/* fuzz_shrink.c: a scenario that fails as `property`, made smaller within the budget; *result lives
 * in *memory. False when it is to stay as it is. */
bool muster_fuzz_shrink(const struct muster_fuzz *x, const struct muster_shrink_request *request,
                        struct muster_memory *memory, struct muster_shrink_result *result);
/* fuzz_files.c. A plan from a file, and the frame it belongs to; false when it belongs to none. */
bool muster_fuzz_load_plan(const struct muster_fuzz *x, const char *path, struct muster_plan *p,
                           uint32_t *ret_frame);
/* The scenario of a text; null after complaints, which are in *d. */
struct muster_scenario *muster_fuzz_load_text(const struct muster_fuzz *x, const char *path,
                                              const char *text, struct muster_diagnostics *d);
int muster_fuzz_make_folder(const char *path);

#endif
