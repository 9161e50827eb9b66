/* SPDX-License-Identifier: Apache-2.0 */
/* What a suite of runs came to, as data, and the writers of it.
 *
 * Writers put bytes into a stream and leave it to the caller to ask the stream for errors. */
#ifndef MUSTER_REPORTS_REPORT_H
#define MUSTER_REPORTS_REPORT_H

#include "sim/coverage/coverage.h"
#include "sim/world.h"

#include <stdio.h>

/* How a run ended: the exit codes of the command line. */
enum muster_report_code {
    MUSTER_REPORT_PASSED = 0,
    MUSTER_REPORT_VIOLATED = 1, /* a safety property */
    MUSTER_REPORT_UNMET = 2,    /* an expectation or liveness */
    MUSTER_REPORT_DIVERGED = 3, /* not deterministic */
    MUSTER_REPORT_INVALID = 65, /* of a scenario: its file is invalid … */
    MUSTER_REPORT_INTERNAL = 70,
    MUSTER_REPORT_IO = 74, /* … or cannot be read */
};

/* What a person needs of a run that failed. Texts are never null. */
struct muster_report_failure {
    const char *property; /* or "expect", "determinism", "no_crash", … */
    const char *text;     /* why */
    const char *file;     /* where the expectation stands; empty for a property */
    uint32_t line, column;
    bool timed; /* at and record say when it failed */
    muster_time at;
    uint64_t record;
    const char *events;  /* the last events that matter, or both sides of a difference; lines */
    const char *command; /* reproduces it */
    const char *trace;   /* path; empty when none was written */
};

struct muster_report_run {
    uint64_t seed;
    uint64_t hash, events;
    muster_dur simulated, wall;
    enum muster_report_code code;
    bool done; /* it ran: false after --fail-fast or an interrupt */
    bool expected_failure;
    struct muster_report_failure *failure; /* null when it passed */
};

struct muster_report_scenario {
    const char *name, *path, *defends; /* defends may be null */
    uint32_t nodes;
    uint64_t seed_first, seed_last;
    struct muster_report_run *runs; /* seed_last - seed_first + 1; null when it did not load … */
    enum muster_report_code broken; /* … then why: INVALID or IO … */
    const char *problem;            /* … and the first complaint; else null */
};

struct muster_report_suite {
    const struct muster_report_scenario *scenarios;
    uint32_t count;
    muster_dur wall;                        /* from beginning to end */
    const struct muster_coverage *coverage; /* null: nobody asked for it */
};

/* What the runs of a scenario add up to. */
struct muster_report_total {
    uint64_t runs, failed;
    uint64_t not_run; /* seeds that --fail-fast or an interrupt left out */
    uint64_t hash;    /* chain of the runs' hashes, in order of seeds */
    uint64_t events;
    muster_dur simulated, wall;
    enum muster_report_code code; /* the gravest */
};
void muster_report_sum(const struct muster_report_scenario *s, struct muster_report_total *total);

/* The graver of two exit codes: 70, 74, 65, 64, 3, 1, 2, 0. */
int muster_report_graver(int a, int b);
const char *muster_report_verdict(enum muster_report_code code);
/* The same of a scenario; what would be "passed" is "incomplete" while seeds are missing, and
 * "not_run" when all of them are. */
const char *muster_report_total_verdict(const struct muster_report_total *total);

/* "412 ms", "52.3 s", "30m00s", "5h12m": for people. */
void muster_report_duration(muster_dur d, char *text, size_t size);
/* A point in virtual time, exact: "52.3s", "0.000001s". */
void muster_report_instant(muster_time t, char *text, size_t size);

/* One record as a readable line, snprintf's convention. */
size_t muster_report_record(char *line, size_t size, const struct muster_record *r,
                            const char *name, const struct muster_scenario *s);
/* Whether the record tells a person something: not the routine of every tick. */
bool muster_report_matters(const struct muster_record *r);

/* One line a scenario; name_width: of the longest name. */
void muster_report_line(FILE *out, const struct muster_report_scenario *s, int name_width,
                        bool color);
/* What failed in it; nothing when all passed. */
void muster_report_failures(FILE *out, const struct muster_report_scenario *s, bool color);
void muster_report_summary(FILE *out, const struct muster_report_suite *suite, bool color);
/* GitHub annotations: one ::error line for each failed scenario. */
void muster_report_github(FILE *out, const struct muster_report_scenario *s);

/* JUnit's XML: valid for any bytes in names and texts. */
void muster_report_junit(FILE *out, const struct muster_report_suite *suite);
/* An array of scenarios, each with its runs; then the coverage, if there is one. */
void muster_report_json(FILE *out, const struct muster_report_suite *suite);

#endif
