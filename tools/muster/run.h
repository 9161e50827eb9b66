/* SPDX-License-Identifier: Apache-2.0 */
/* `muster run`: what was asked for, and the writing of what came of it. */
#ifndef MUSTER_TOOLS_RUN_H
#define MUSTER_TOOLS_RUN_H

#include "reports/report.h"
#include "tools/muster/options.h"
#include "tools/muster/suite.h"

struct muster_run_request {
    const char *tags[MUSTER_SUITE_TAGS_MAX + 1];
    uint32_t tag_count;
    bool seeded; /* seeds were given: they override the file's */
    uint64_t seed_first, seed_last;
    uint64_t max_events; /* 0: the file's */
    uint32_t jobs;
    bool fail_fast, check_all, quiet, no_color, github, trace_failures;
    const char *junit, *json, *trace_dir, *coverage;
};

extern const struct muster_option muster_run_options[];

/* Read the command line, collect the paths. Returns 0 or, after a complaint, an exit code: then
 * nothing is to be run. Trouble with a path stands in suite->code; the others are there. */
int muster_run_read(struct muster_options *o, struct muster_run_request *r,
                    struct muster_suite *suite);

/* Whether one of the files is standard output, "-": the report for people then goes elsewhere. */
bool muster_run_takes_output(const struct muster_run_request *r);

/* Write the files that were asked for; returns 0 or, after a complaint, an exit code. */
int muster_run_write(const struct muster_run_request *r, const struct muster_report_suite *suite);

#endif
