/* SPDX-License-Identifier: Apache-2.0 */
/* From the result of a failed run to what a person needs of it. */
#ifndef MUSTER_TOOLS_FAILURE_H
#define MUSTER_TOOLS_FAILURE_H

#include "reports/report.h"
#include "tools/muster/runner.h"

struct muster_failure_request {
    const struct muster_scenario *scenario;
    const char *path;    /* of the scenario, as it was given */
    const char *program; /* as it was called */
    uint64_t max_events; /* as it was given; 0: not */
};

/* Make the report of a failure, on the heap; null when memory is short. */
struct muster_report_failure *muster_failure_make(const struct muster_run_result *result,
                                                  const struct muster_failure_request *request);
/* Repeat the run, in a child because it may crash, and fill in its last events. trace: where to
 * write its trace as far as it comes; null: nowhere. */
void muster_failure_watch(struct muster_report_failure *f, uint64_t seed,
                          const struct muster_scenario *s, const char *trace);
void muster_failure_free(struct muster_report_failure *f);

#endif
