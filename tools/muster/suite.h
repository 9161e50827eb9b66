/* SPDX-License-Identifier: Apache-2.0 */
/* The scenarios that a command is about, loaded. */
#ifndef MUSTER_TOOLS_SUITE_H
#define MUSTER_TOOLS_SUITE_H

#include "sim/scenario/scenario.h"
#include "tools/muster/paths.h"

struct muster_suite_entry {
    const char *path;
    struct muster_scenario *scenario; /* null when the file did not load */
    char *problem;                    /* its first complaint, then … */
    bool unreadable;                  /* … and whether it is invalid or could not be read */
    char *trace_name; /* "<name>" in "<name>-<seed>.jsonl": unlike any other in the suite */
};

struct muster_suite {
    struct muster_paths paths;
    struct muster_suite_entry *at;
    uint32_t count;
    int code; /* gravest trouble with paths and files */
};

#define MUSTER_SUITE_TAGS_MAX 32

struct muster_suite_request {
    const struct muster_registry *registry;
    const char
        *tags[MUSTER_SUITE_TAGS_MAX + 1]; /* a scenario with any of them is wanted; none: all */
    bool lint;                            /* ask for warnings, too */
};

/* Load what the paths lead to; complaints go to standard error. */
void muster_suite_load(struct muster_suite *s, const struct muster_suite_request *request);
void muster_suite_free(struct muster_suite *s);

#endif
