/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `muster fuzz`. */
#include "reports/report.h"
#include "tools/muster/fuzz.h"
#include "tools/muster/options.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOBS_DEFAULT_MAX 16
#define TIME_DEFAULT     (60 * MUSTER_SECOND)

enum {
    OPT_NODES,
    OPT_SEEDS,
    OPT_RUNS,
    OPT_TIME,
    OPT_JOBS,
    OPT_CORPUS,
    OPT_OUT,
    OPT_SHRINK,
    OPT_SHARD,
    OPT_MERGE,
    OPT_COVERAGE,
    OPT_QUIET,
};

const struct muster_option muster_fuzz_options[] = {
    [OPT_NODES] = {"--nodes", "N", "without a scenario: a cluster of so many [3]"},
    [OPT_SEEDS] = {"--seeds", "A..B", "these inputs, both included [1.., or where --corpus ended]"},
    [OPT_RUNS] = {"--runs", "N", "so many inputs"},
    [OPT_TIME] = {"--time", "T", "for so long, such as 10m [60s, unless --seeds or --runs]"},
    [OPT_JOBS] = {"--jobs", "N", "worker processes; findings do not depend on it [processors]"},
    [OPT_CORPUS] = {"--corpus", "DIR", "inputs that reached something new: read, used, added to"},
    [OPT_OUT] = {"-o", "DIR", "where findings go, a scenario and a trace each [findings]"},
    [OPT_SHRINK] = {"--shrink-time", "T",
                    "make each finding smaller for so long; 0: not at all [2000 runs]"},
    [OPT_SHARD] = {"--shard", "I/N", "only every N-th input, beginning with the I-th"},
    [OPT_MERGE] = {"--merge", "DIR", "run what is in there, too, and keep what is new; repeatable"},
    [OPT_COVERAGE] = {"--coverage", "FILE", "add the cells that were reached to this file"},
    [OPT_QUIET] = {"--quiet", NULL, "print findings only"},
    {NULL, NULL, NULL},
};

static int wrong_value(const struct muster_options *o, int i, const char *value, const char *wanted)
{
    return muster_options_usage(o, "invalid value '%s' for '%s': %s", value,
                                o->command->options[i].name, wanted);
}

static bool read_shard(const char *value, struct muster_fuzz_request *r)
{
    char first[16];
    uint64_t i, n;
    const char *slash = strchr(value, '/');
    size_t size = slash ? (size_t)(slash - value) : sizeof first;
    if (size >= sizeof first)
        return false;
    memcpy(first, value, size);
    first[size] = 0;
    if (!muster_options_number(slash + 1, 1, 1000000, &n) ||
        !muster_options_number(first, 1, n, &i))
        return false;
    r->shard = (uint32_t)i - 1;
    r->shards = (uint32_t)n;
    return true;
}

static int read_value(const struct muster_options *o, int i, const char *value,
                      struct muster_fuzz_request *r)
{
    uint64_t number;
    switch (i) {
    case OPT_NODES:
        if (!muster_options_number(value, 1, MUSTER_MEMBERS_MAX, &number))
            return wrong_value(o, i, value, "1 to 64 are possible");
        r->nodes = (uint32_t)number;
        return 0;
    case OPT_SEEDS:
        if (!muster_options_range(value, &r->first, &r->last))
            return wrong_value(o, i, value, "a range is wanted, such as 1..100000");
        r->seeded = true;
        return 0;
    case OPT_RUNS:
        return muster_options_number(value, 0, MUSTER_INTEGER_MAX, &r->runs)
                   ? 0
                   : wrong_value(o, i, value, "a number is wanted");
    case OPT_TIME:
        return muster_options_time(value, &r->time) && r->time > 0
                   ? 0
                   : wrong_value(o, i, value, "a length of time is wanted, such as 60s");
    case OPT_JOBS:
        if (!muster_options_number(value, 1, MUSTER_JOBS_MAX, &number))
            return wrong_value(o, i, value, "1 to 256 are possible");
        r->jobs = (uint32_t)number;
        return 0;
    case OPT_SHRINK:
        r->shrinks = muster_options_time(value, &r->shrink_time) && r->shrink_time > 0;
        return r->shrinks || strcmp(value, "0") == 0
                   ? 0
                   : wrong_value(o, i, value, "a length of time is wanted, such as 20s, or 0");
    case OPT_SHARD:
        return read_shard(value, r) ? 0 : wrong_value(o, i, value, "such as 2/8 is wanted");
    default:
        break;
    }
    if (i == OPT_CORPUS)
        r->corpus = value;
    if (i == OPT_OUT)
        r->out = value;
    if (i == OPT_COVERAGE)
        r->coverage = value;
    r->quiet |= i == OPT_QUIET;
    return 0;
}

/* An empty folder, or one that is not there yet, has nothing to give. */
static int add_inputs(struct muster_paths *paths, const char *folder)
{
    struct stat st;
    return stat(folder, &st) == 0 ? muster_paths_add_some(paths, folder) : 0;
}

static int check(const struct muster_options *o, struct muster_fuzz_request *r, bool runs)
{
    if (r->jobs == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        r->jobs = processors < 1                  ? 1
                  : processors > JOBS_DEFAULT_MAX ? JOBS_DEFAULT_MAX
                                                  : (uint32_t)processors;
    }
    if (r->corpus && r->out && strcmp(r->corpus, r->out) == 0)
        return muster_options_usage(o, "'--corpus' and '-o' are two folders");
    if (runs && r->runs == 0) { /* nothing but what --corpus and --merge bring */
        r->first = 1;
        r->last = 0;
    }
    if (!r->seeded && !runs && r->time == 0)
        r->time = TIME_DEFAULT;
    return 0;
}

int muster_fuzz_read(struct muster_options *o, struct muster_fuzz_request *r,
                     struct muster_suite *suite)
{
    const char *value;
    bool named = false, runs = false;
    int i, error = 0;
    *r = (struct muster_fuzz_request){
        .first = 1, .last = MUSTER_INTEGER_MAX, .shards = 1, .shrinks = true, .out = "findings"};
    while ((i = muster_options_next(o, &value)) != MUSTER_OPTION_END) {
        if (i == MUSTER_OPTION_WRONG)
            return MUSTER_EXIT_USAGE;
        named |= i == MUSTER_OPTION_OPERAND;
        runs |= i == OPT_RUNS;
        if (i >= 0 && (error = read_value(o, i, value, r)))
            return error;
    }
    if (named && r->nodes > 0)
        return muster_options_usage(o, "'--nodes' is for runs without a scenario");
    if ((error = check(o, r, runs)))
        return error;
    r->nodes = r->nodes ? r->nodes : 3;
    if (r->corpus)
        error = add_inputs(&r->merge, r->corpus);
    o->at = 2;
    o->operands_only = false;
    while ((i = muster_options_next(o, &value)) != MUSTER_OPTION_END) {
        int failed = i == OPT_MERGE               ? muster_paths_add_some(&r->merge, value)
                     : i == MUSTER_OPTION_OPERAND ? muster_paths_add(&suite->paths, value)
                                                  : 0;
        error = muster_report_graver(error, failed);
    }
    return error;
}
