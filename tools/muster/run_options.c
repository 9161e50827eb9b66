/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `muster run`, and the files that they name. */
#include "tools/muster/jobs.h"
#include "tools/muster/run.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SEEDS_MAX        UINT64_C(10000000) /* of one scenario: each keeps a place in the report */
#define JOBS_DEFAULT_MAX 16

enum {
    OPT_SEED,
    OPT_SEEDS,
    OPT_JOBS,
    OPT_FILTER,
    OPT_FAIL_FAST,
    OPT_MAX_EVENTS,
    OPT_JUNIT,
    OPT_JSON,
    OPT_TRACE_DIR,
    OPT_TRACE_FAILURES,
    OPT_CHECK,
    OPT_QUIET,
    OPT_NO_COLOR,
    OPT_GITHUB,
    OPT_COVERAGE,
};

const struct muster_option muster_run_options[] = {
    [OPT_SEED] = {"--seed", "N", "run this seed only"},
    [OPT_SEEDS] = {"--seeds", "A..B", "run these seeds, both included [those of the file]"},
    [OPT_JOBS] = {"--jobs", "N", "worker processes; the output does not depend on it [processors]"},
    [OPT_FILTER] = {"--filter", "TAG",
                    "only scenarios with this tag; may be repeated, any of them counts"},
    [OPT_FAIL_FAST] = {"--fail-fast", NULL, "stop at the first failure"},
    [OPT_MAX_EVENTS] = {"--max-events", "N",
                        "a run that takes more events fails [the file's events_max]"},
    [OPT_JUNIT] = {"--junit", "FILE", "write JUnit XML; - is standard output"},
    [OPT_JSON] = {"--json", "FILE", "write JSON, with the hash of every run; - is standard output"},
    [OPT_TRACE_DIR] = {"--trace-dir", "DIR",
                       "write traces; of more than 1000 runs in all, of failures only"},
    [OPT_TRACE_FAILURES] = {"--trace-failures", NULL,
                            "with --trace-dir: write traces of failures only"},
    [OPT_CHECK] = {"--check-determinism", NULL, "run every seed twice and compare [one in twenty]"},
    [OPT_QUIET] = {"--quiet", NULL, "print failures only"},
    [OPT_NO_COLOR] = {"--no-color", NULL, "no colours, also without NO_COLOR set"},
    [OPT_GITHUB] = {"--github", NULL, "print annotations for GitHub"},
    [OPT_COVERAGE] = {"--coverage", "FILE",
                      "print what rules fired under which fault, and add it to this file"},
    {NULL, NULL, NULL},
};

static int wrong_value(const struct muster_options *o, int i, const char *value, const char *wanted)
{
    return muster_options_usage(o, "invalid value '%s' for '%s': %s", value,
                                o->command->options[i].name, wanted);
}

static int read_seeds(const struct muster_options *o, int i, const char *value,
                      struct muster_run_request *r)
{
    bool good = i == OPT_SEED ? muster_options_number(value, 0, MUSTER_INTEGER_MAX, &r->seed_first)
                              : muster_options_range(value, &r->seed_first, &r->seed_last);
    if (r->seeded)
        return muster_options_usage(o, "give '--seed' or '--seeds', and once");
    if (!good)
        return wrong_value(o, i, value,
                           i == OPT_SEED ? "a number is wanted, such as 7"
                                         : "a range is wanted, such as 1..200");
    r->seeded = true;
    if (i == OPT_SEED)
        r->seed_last = r->seed_first;
    if (r->seed_last - r->seed_first >= SEEDS_MAX)
        return wrong_value(o, i, value, "at most 10,000,000 seeds at a time");
    return 0;
}

static int read_value(const struct muster_options *o, int i, const char *value,
                      struct muster_run_request *r)
{
    uint64_t number;
    switch (i) {
    case OPT_SEED:
    case OPT_SEEDS:
        return read_seeds(o, i, value, r);
    case OPT_JOBS:
        if (!muster_options_number(value, 1, MUSTER_JOBS_MAX, &number))
            return wrong_value(o, i, value, "1 to 256 are possible");
        r->jobs = (uint32_t)number;
        return 0;
    case OPT_FILTER:
        if (r->tag_count == MUSTER_SUITE_TAGS_MAX)
            return muster_options_usage(o, "too many '--filter'");
        r->tags[r->tag_count++] = value;
        return 0;
    case OPT_MAX_EVENTS:
        if (!muster_options_number(value, 1, MUSTER_INTEGER_MAX, &r->max_events))
            return wrong_value(o, i, value, "a number from 1 is wanted");
        return 0;
    case OPT_JUNIT:
        r->junit = value;
        return 0;
    case OPT_JSON:
        r->json = value;
        return 0;
    case OPT_COVERAGE:
        r->coverage = value;
        return 0;
    case OPT_TRACE_DIR:
        r->trace_dir = value;
        return 0;
    default:
        break;
    }
    r->fail_fast |= i == OPT_FAIL_FAST;
    r->check_all |= i == OPT_CHECK;
    r->quiet |= i == OPT_QUIET;
    r->no_color |= i == OPT_NO_COLOR;
    r->github |= i == OPT_GITHUB;
    r->trace_failures |= i == OPT_TRACE_FAILURES;
    return 0;
}

static bool is_output(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

bool muster_run_takes_output(const struct muster_run_request *r)
{
    return is_output(r->junit) || is_output(r->json);
}

int muster_run_read(struct muster_options *o, struct muster_run_request *r,
                    struct muster_suite *suite)
{
    const char *value;
    bool named = false;
    int i, error;
    /* First pass: all options, so that wrong usage is told before any folder is walked. */
    while ((i = muster_options_next(o, &value)) != MUSTER_OPTION_END) {
        if (i == MUSTER_OPTION_WRONG)
            return MUSTER_EXIT_USAGE;
        if (i == MUSTER_OPTION_OPERAND)
            named = true;
        else if ((error = read_value(o, i, value, r)))
            return error;
    }
    if (!named)
        return muster_options_usage(o, "no scenario given: name a file or a folder");
    if (r->trace_failures && !r->trace_dir)
        return muster_options_usage(o, "'--trace-failures' needs '--trace-dir DIR'");
    if (r->coverage && r->fail_fast)
        return muster_options_usage(o, "'--coverage' needs every run; leave '--fail-fast' out");
    if (is_output(r->junit) && is_output(r->json))
        return muster_options_usage(o, "only one of '--junit' and '--json' can be '-'");
    if (r->jobs == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        r->jobs = processors < 1                  ? 1
                  : processors > JOBS_DEFAULT_MAX ? JOBS_DEFAULT_MAX
                                                  : (uint32_t)processors;
    }
    o->at = 2;
    o->operands_only = false;
    while ((i = muster_options_next(o, &value)) != MUSTER_OPTION_END) {
        if (i == MUSTER_OPTION_OPERAND)
            suite->code = muster_report_graver(suite->code, muster_paths_add(&suite->paths, value));
    }
    return 0;
}

static FILE *create(const char *path)
{
    FILE *out = is_output(path) ? stdout : fopen(path, "we");
    if (!out)
        muster_options_say("cannot write '%s': %s", path, strerror(errno));
    return out;
}

static int finish(FILE *out, const char *path)
{
    if (out == stdout)
        return 0; /* whoever ends the program looks at it */
    errno = 0;
    bool bad = ferror(out) != 0;
    if (fclose(out) == 0 && !bad)
        return 0;
    muster_options_say("cannot write '%s': %s", path, errno ? strerror(errno) : "write error");
    return MUSTER_EXIT_IO;
}

int muster_run_write(const struct muster_run_request *r, const struct muster_report_suite *suite)
{
    int error = 0;
    if (r->junit) {
        FILE *out = create(r->junit);
        if (out)
            muster_report_junit(out, suite);
        error = out ? finish(out, r->junit) : MUSTER_EXIT_IO;
    }
    if (r->json) {
        FILE *out = create(r->json);
        if (out)
            muster_report_json(out, suite);
        error = muster_report_graver(error, out ? finish(out, r->json) : MUSTER_EXIT_IO);
    }
    return error;
}
