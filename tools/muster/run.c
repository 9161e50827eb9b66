/* SPDX-License-Identifier: Apache-2.0 */
/* `muster run`: scenarios times seeds over workers, reported in the order in which they stand. */
#include "tools/muster/run.h"
#include "reports/coverage.h"
#include "tools/muster/failure.h"
#include "tools/muster/jobs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRACES_MAX     1000 /* runs of a suite of which every one leaves a trace */
#define RANGE_MAX      32   /* seeds handed to a worker at a time */
#define WATCHED_MAX    3    /* failures of one scenario that are repeated for their last events */
#define PROGRESS_EVERY (100 * MUSTER_MILLISECOND)

struct run {
    struct muster_run_request request;
    struct muster_suite suite;
    const char *program;
    struct muster_report_scenario *scenarios; /* as the suite's entries */
    uint64_t *left;                           /* runs that have not ended, of each */
    uint32_t printed;                         /* scenarios that have been reported */
    struct muster_jobs_range *ranges;
    size_t range_count;
    struct {
        uint32_t scenario;
        uint64_t seed;
    } limit;                          /* --fail-fast: nothing after this counts */
    struct muster_runner runner;      /* a worker's */
    struct muster_coverage *coverage; /* shared with the workers; null unless asked for */
    FILE *out;                        /* the report that people read */
    int name_width;
    bool color, progress;
    bool trace_all;    /* every run leaves a trace, not only a first one and one that fails */
    muster_time shown; /* when the progress was last printed */
    uint64_t done, total;
    int code;
};

static uint64_t seeds_of(const struct muster_report_scenario *s)
{
    return s->seed_last - s->seed_first + 1;
}

/* ---- in a worker ---- */

static bool open_worker(void *cookie)
{
    struct run *x = cookie;
    x->runner.check_all = x->request.check_all;
    x->runner.coverage = x->coverage;
    return muster_runner_open(&x->runner);
}

static char *trace_path(const struct run *x, uint32_t scenario, uint64_t seed)
{
    char *path;
    int n = asprintf(&path, "%s/%s-%" PRIu64 ".jsonl", x->request.trace_dir,
                     x->suite.at[scenario].trace_name, seed);
    return n < 0 ? NULL : path;
}

/* Whether a run leaves a trace even when it passes. */
static bool is_traced(const struct run *x, uint32_t scenario, uint64_t seed)
{
    if (!x->request.trace_dir || x->request.trace_failures)
        return false;
    return x->trace_all || seed == x->scenarios[scenario].seed_first;
}

static void work(void *cookie, uint64_t seed, struct muster_run_result *result)
{
    struct run *x = cookie;
    const struct muster_scenario *s = x->suite.at[result->scenario].scenario;
    char *path = x->request.trace_dir ? trace_path(x, result->scenario, seed) : NULL;
    bool traced = is_traced(x, result->scenario, seed);
    muster_runner_run(&x->runner, s, seed, traced ? path : NULL, result);
    if (path && !traced && result->code != MUSTER_REPORT_PASSED)
        muster_runner_run(&x->runner, s, seed, path, result);
    free(path);
}

/* ---- in the parent ---- */

static bool is_beyond(const struct run *x, uint32_t scenario, uint64_t seed)
{
    return scenario > x->limit.scenario || (scenario == x->limit.scenario && seed > x->limit.seed);
}

static bool is_range_wanted(void *cookie, const struct muster_jobs_range *range)
{
    return !is_beyond(cookie, range->scenario, range->first);
}

static struct muster_failure_request failure_request(const struct run *x, uint32_t scenario)
{
    return (struct muster_failure_request){
        .scenario = x->suite.at[scenario].scenario,
        .path = x->suite.at[scenario].path,
        .program = x->program,
        .max_events = x->request.max_events,
    };
}

static void clear_progress(const struct run *x)
{
    if (x->progress)
        fputs("\r\033[K", stderr);
}

static void show_progress(struct run *x)
{
    muster_time now = muster_runner_now();
    if (!x->progress || now - x->shown < PROGRESS_EVERY || x->printed >= x->suite.count)
        return;
    x->shown = now;
    fprintf(stderr, "\r\033[K%" PRIu64 " of %" PRIu64 " runs, %s", x->done, x->total,
            x->scenarios[x->printed].name);
    fflush(stderr);
}

/* The first failures are told in full: repeat them, for their last events. */
static void watch_failures(struct run *x, uint32_t i)
{
    struct muster_report_scenario *s = &x->scenarios[i];
    uint32_t watched = 0;
    for (uint64_t k = 0; s->runs && k < seeds_of(s) && watched < WATCHED_MAX; k++) {
        struct muster_report_failure *f = s->runs[k].failure;
        if (!f)
            continue;
        watched++;
        if (f->events[0] || s->runs[k].code == MUSTER_REPORT_IO ||
            s->runs[k].code == MUSTER_REPORT_INTERNAL)
            continue;
        bool lost = x->request.trace_dir && !f->trace[0];
        char *path = lost ? trace_path(x, i, s->runs[k].seed) : NULL;
        muster_failure_watch(f, s->runs[k].seed, x->suite.at[i].scenario, path);
        free(path);
    }
}

/* A worker that died or was dismissed leaves a file that it had not begun to write. */
static void sweep_traces(const struct run *x, uint32_t i)
{
    const struct muster_report_scenario *s = &x->scenarios[i];
    for (uint64_t k = 0; s->runs && k < seeds_of(s); k++) {
        const struct muster_report_run *r = &s->runs[k];
        struct stat st;
        if (!is_traced(x, i, r->seed) || (r->done && (!r->failure || r->failure->trace[0])))
            continue;
        char *path = trace_path(x, i, r->seed);
        if (path && lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
            unlink(path);
        free(path);
    }
}

static void print_scenario(struct run *x, uint32_t i)
{
    const struct muster_report_scenario *s = &x->scenarios[i];
    struct muster_report_total total;
    watch_failures(x, i);
    sweep_traces(x, i);
    muster_report_sum(s, &total);
    clear_progress(x);
    if ((total.runs > 0 || !s->runs) && (!x->request.quiet || total.code != MUSTER_REPORT_PASSED)) {
        muster_report_line(x->out, s, x->name_width, x->color);
        muster_report_failures(x->out, s, x->color);
        if (x->request.github)
            muster_report_github(x->out, s);
        fflush(x->out);
    }
    x->code = muster_report_graver(x->code, total.code);
}

static void print_complete(struct run *x)
{
    while (x->printed < x->suite.count && x->left[x->printed] == 0)
        print_scenario(x, x->printed++);
}

static void done(void *cookie, const struct muster_run_result *result)
{
    struct run *x = cookie;
    struct muster_report_scenario *s = &x->scenarios[result->scenario];
    if (is_beyond(x, result->scenario, result->seed))
        return;
    struct muster_report_run *r = &s->runs[result->seed - s->seed_first];
    r->code = (enum muster_report_code)result->code;
    r->hash = result->hash;
    r->events = result->events;
    r->simulated = result->simulated;
    r->wall = result->wall;
    r->expected_failure = result->expected_failure;
    r->done = true;
    if (r->code != MUSTER_REPORT_PASSED) {
        const struct muster_failure_request request = failure_request(x, result->scenario);
        r->failure = muster_failure_make(result, &request);
        if (!r->failure)
            x->code = MUSTER_EXIT_INTERNAL;
        if (x->request.fail_fast) {
            x->limit.scenario = result->scenario;
            x->limit.seed = result->seed;
        }
    }
    x->done++;
    x->left[result->scenario]--;
    print_complete(x);
    show_progress(x);
}

/* --fail-fast: what ran beyond the first failure does not count, whoever was faster. */
static void forget_beyond(struct run *x)
{
    for (uint32_t i = x->limit.scenario; i < x->suite.count; i++) {
        struct muster_report_scenario *s = &x->scenarios[i];
        for (uint64_t k = 0; s->runs && k < seeds_of(s); k++) {
            if (!is_beyond(x, i, s->runs[k].seed))
                continue;
            muster_failure_free(s->runs[k].failure);
            s->runs[k] = (struct muster_report_run){.seed = s->runs[k].seed};
        }
    }
}

/* ---- before and after ---- */

static bool prepare_scenario(struct run *x, uint32_t i)
{
    struct muster_suite_entry *e = &x->suite.at[i];
    struct muster_report_scenario *s = &x->scenarios[i];
    s->path = s->name = e->path;
    s->problem = e->problem;
    s->broken = e->unreadable ? MUSTER_REPORT_IO : MUSTER_REPORT_INVALID;
    if (!e->scenario)
        return true;
    if (x->request.max_events)
        e->scenario->events_max = x->request.max_events;
    s->name = e->scenario->name;
    s->defends = e->scenario->defends;
    s->nodes = e->scenario->members;
    s->seed_first = x->request.seeded ? x->request.seed_first : e->scenario->seed_first;
    s->seed_last = x->request.seeded ? x->request.seed_last : e->scenario->seed_last;
    s->runs = calloc(seeds_of(s), sizeof *s->runs);
    for (uint64_t k = 0; s->runs && k < seeds_of(s); k++)
        s->runs[k].seed = s->seed_first + k;
    x->left[i] = seeds_of(s);
    x->total += seeds_of(s);
    return s->runs && (e->trace_name || !x->request.trace_dir);
}

/* Small enough that every worker has something to do, large enough to be worth the handing out. */
static uint64_t range_step(const struct run *x, uint32_t i)
{
    uint64_t step = x->left[i] / (4 * x->request.jobs);
    return step < 1 ? 1 : step > RANGE_MAX ? RANGE_MAX : step;
}

static bool make_ranges(struct run *x)
{
    size_t room = 1;
    for (uint32_t i = 0; i < x->suite.count; i++)
        room += x->left[i] / range_step(x, i) + 1;
    x->ranges = calloc(room, sizeof *x->ranges);
    for (uint32_t i = 0; x->ranges && i < x->suite.count; i++) {
        uint64_t step = range_step(x, i);
        uint64_t first = x->scenarios[i].seed_first;
        for (uint64_t left = x->left[i]; left > 0;) {
            uint64_t n = left < step ? left : step;
            x->ranges[x->range_count++] = (struct muster_jobs_range){i, first, first + n - 1};
            first += n;
            left -= n;
        }
    }
    return x->ranges != NULL;
}

static bool prepare(struct run *x)
{
    x->scenarios = calloc(x->suite.count + 1, sizeof *x->scenarios);
    x->left = calloc(x->suite.count + 1, sizeof *x->left);
    if (!x->scenarios || !x->left)
        return false;
    for (uint32_t i = 0; i < x->suite.count; i++) {
        if (!prepare_scenario(x, i))
            return false;
        int width = (int)strlen(x->scenarios[i].name);
        x->name_width = width > x->name_width && width <= 48 ? width : x->name_width;
    }
    x->trace_all = x->total <= TRACES_MAX;
    if (x->request.trace_dir && !x->trace_all && !x->request.trace_failures)
        muster_options_say("there are more than %d runs: failures and the first seed of each "
                           "scenario leave a trace",
                           TRACES_MAX);
    x->limit.scenario = UINT32_MAX;
    x->out = muster_run_takes_output(&x->request) ? stderr : stdout;
    x->color = !x->request.no_color && !getenv("NO_COLOR") && isatty(fileno(x->out));
    x->progress = !x->request.quiet && isatty(STDERR_FILENO);
    if (x->request.coverage) {
        void *at = mmap(NULL, sizeof *x->coverage, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
            return false;
        x->coverage = at;
    }
    return make_ranges(x);
}

static void release(struct run *x)
{
    if (x->coverage)
        munmap(x->coverage, sizeof *x->coverage);
    for (uint32_t i = 0; x->scenarios && i < x->suite.count; i++) {
        struct muster_report_scenario *s = &x->scenarios[i];
        for (uint64_t k = 0; s->runs && k < seeds_of(s); k++)
            muster_failure_free(s->runs[k].failure);
        free(s->runs);
    }
    free(x->scenarios);
    free(x->left);
    free(x->ranges);
    muster_suite_free(&x->suite);
    free(x);
}

static int run_suite(struct run *x)
{
    const struct muster_jobs jobs = {
        .workers = x->request.jobs,
        .ranges = x->ranges,
        .count = x->range_count,
        .cookie = x,
        .open = open_worker,
        .work = work,
        .wanted = is_range_wanted,
        .done = done,
    };
    muster_time before = muster_runner_now();
    print_complete(x);
    enum muster_jobs_end end = muster_jobs_run(&jobs);
    forget_beyond(x);
    while (x->printed < x->suite.count)
        print_scenario(x, x->printed++);
    clear_progress(x);
    const struct muster_report_suite report = {x->scenarios, x->suite.count,
                                               muster_runner_now() - before, x->coverage};
    if (end == MUSTER_JOBS_FAILED)
        x->code = MUSTER_EXIT_INTERNAL;
    if (end == MUSTER_JOBS_INTERRUPTED)
        fprintf(x->out, "interrupted after %" PRIu64 " of %" PRIu64 " runs\n", x->done, x->total);
    if (!x->request.quiet || end == MUSTER_JOBS_INTERRUPTED)
        muster_report_summary(x->out, &report, x->color);
    if (x->coverage && !x->request.quiet)
        muster_coverage_table(x->out, x->coverage);
    x->code = muster_report_graver(x->code, muster_run_write(&x->request, &report));
    if (x->coverage)
        x->code =
            muster_report_graver(x->code, muster_coverage_save(x->request.coverage, x->coverage));
    x->code = muster_report_graver(x->code, x->suite.code);
    /* What did not run did not pass, whatever the rest came to. */
    return end == MUSTER_JOBS_INTERRUPTED && x->code == 0 ? MUSTER_EXIT_INTERRUPTED : x->code;
}

static bool make_trace_dir(const char *dir)
{
    struct stat st;
    if (!dir)
        return true;
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        muster_options_say("cannot create folder '%s': %s", dir, strerror(errno));
        return false;
    }
    if (stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    muster_options_say("cannot write traces to '%s': it is no folder", dir);
    return false;
}

static int load_and_run(struct run *x, const struct muster_registry *registry)
{
    struct muster_suite_request request = {.registry = registry};
    memcpy(request.tags, x->request.tags, sizeof request.tags);
    muster_suite_load(&x->suite, &request);
    if (x->suite.count == 0) {
        if (x->suite.code == 0)
            muster_options_say("no scenario has the tag '%s'", x->request.tags[0]);
        return muster_report_graver(x->suite.code, x->suite.code ? 0 : MUSTER_EXIT_USAGE);
    }
    if (!make_trace_dir(x->request.trace_dir))
        return MUSTER_EXIT_IO;
    if (!prepare(x)) {
        muster_options_say("out of memory");
        return MUSTER_EXIT_INTERNAL;
    }
    return run_suite(x);
}

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    struct run *x = calloc(1, sizeof *x);
    if (!x) {
        muster_options_say("out of memory");
        return MUSTER_EXIT_INTERNAL;
    }
    x->program = o->argv[0];
    int code = muster_run_read(o, &x->request, &x->suite);
    if (code == 0)
        code = load_and_run(x, registry);
    release(x);
    return code;
}

const struct muster_command muster_command_run = {
    .name = "run",
    .operands = "PATH…",
    .summary = "run scenarios (files, or folders of them) and report",
    .options = muster_run_options,
    .run = run,
};
