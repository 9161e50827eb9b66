/* SPDX-License-Identifier: Apache-2.0 */
/* `muster shrink`: from a failing run to the smallest scenario that fails in the same way. */
#include "config/document_edit.h"
#include "config/document_write.h"
#include "reports/report.h"
#include "sim/trace/trace.h"
#include "tools/muster/failure.h"
#include "tools/muster/jobs.h"
#include "tools/muster/options.h"
#include "tools/muster/shrink_pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIME_DEFAULT     (20 * MUSTER_SECOND)
#define JOBS_DEFAULT_MAX 16
#define RESERVE          10 /* a tenth of the time is for the last runs and the trace */

enum { OPT_SEED, OPT_PROPERTY, OPT_TIME, OPT_JOBS, OPT_OUTPUT };

static const struct muster_option options[] = {
    [OPT_SEED] = {"--seed", "N", "the seed that fails [the first that does; of a trace its own]"},
    [OPT_PROPERTY] = {"--property", "NAME", "the failure that is meant [the one that comes first]"},
    [OPT_TIME] = {"--time", "T", "stop with the best so far after this time [20s]"},
    [OPT_JOBS] = {"--jobs", "N", "worker processes; the result does not depend on it [processors]"},
    [OPT_OUTPUT] = {"-o", "FILE",
                    "where the scenario goes, and beside it its trace; - is standard "
                    "output [NAME-shrunk.yaml]"},
    {NULL, NULL, NULL},
};

struct shrink {
    const struct muster_registry *registry;
    const char *program, *input, *property, *output;
    muster_dur time;
    uint32_t jobs;
    bool seeded;
    uint64_t seed;
    struct muster_memory memory;
    struct muster_diagnostics *d;
    struct muster_sources sources;  /* of the scenario */
    const char *path;               /* of the scenario: the input, or what the trace says */
    const struct muster_doc *root;  /* the scenario, whole */
    uint64_t seed_first, seed_last; /* where a failing one is looked for */
    struct muster_shrink_pool pool;
    struct muster_shrink_result result;
};

/* ---- input ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* A trace brings its scenario along, and its seed. */
static int open_trace(struct shrink *x)
{
    struct muster_trace *t = muster_trace_read(x->input, x->d);
    int code = 0;
    if (!t)
        return x->d->io ? MUSTER_EXIT_IO : MUSTER_EXIT_INVALID;
    if (!t->sources.first) {
        muster_options_say("'%s' is no run of a scenario: 'muster shrink' wants a trace that "
                           "'muster run --trace-dir' wrote",
                           x->input);
        code = MUSTER_EXIT_INVALID;
    } else {
        x->path = muster_memory_copy(&x->memory, t->scenario, strlen(t->scenario));
        x->sources = t->sources;
        x->sources.sealed = true;
        t->sources = (struct muster_sources){0};
        if (!x->seeded)
            x->seed = t->seed;
        x->seeded = true;
    }
    muster_trace_free(t);
    return code;
}

/* Loaded once, so that every error of the file is told. */
static int open_scenario(struct shrink *x)
{
    int code = ends_with(x->input, ".jsonl") ? open_trace(x) : 0;
    if (code)
        return code;
    x->path = x->path ? x->path : x->input;
    struct muster_scenario *s = muster_scenario_load(x->path, &x->sources, x->registry, x->d);
    if (!s)
        return x->d->io ? MUSTER_EXIT_IO : MUSTER_EXIT_INVALID;
    x->seed_first = x->seeded ? x->seed : s->seed_first;
    x->seed_last = x->seeded ? x->seed : s->seed_last;
    x->sources = s->sources;
    s->sources = (struct muster_sources){0};
    muster_scenario_free(s);
    x->root = muster_scenario_resolve(x->path, &x->sources, &x->memory, x->d);
    return x->root ? 0 : MUSTER_EXIT_INVALID;
}

/* ---- a seed that fails ---- */

static bool is_failure(const void *goal, const struct muster_shrink_outcome *o)
{
    const struct shrink *x = goal;
    return muster_shrink_fails(o) && (!x->property || strcmp(x->property, o->property) == 0);
}

static int nothing_fails(const struct shrink *x, const struct muster_shrink_outcome *o)
{
    const char *what = x->property ? x->property : "anything";
    if (x->pool.failed)
        return MUSTER_EXIT_INTERNAL;
    if (x->pool.interrupted)
        return MUSTER_EXIT_INTERRUPTED;
    if (o && !muster_shrink_fails(o) && o->code != 0)
        muster_options_say("'%s' with seed %" PRIu64
                           " fails in a way that says nothing of the code: "
                           "%s: %s",
                           x->path, x->seed_first, o->property, o->text);
    else if (o && o->code != 0)
        muster_options_say("'%s' with seed %" PRIu64 " violates %s, not %s", x->path, x->seed_first,
                           o->property, what);
    else if (x->seeded)
        muster_options_say("'%s' passes with seed %" PRIu64 ": there is nothing to shrink; leave "
                           "'--seed' out to look for one that fails",
                           x->path, x->seed_first);
    else
        muster_options_say(
            "'%s' passes with seeds %" PRIu64 "..%" PRIu64
            ": there is nothing to shrink; 'muster run %s --seeds 1..1000' tries more",
            x->path, x->seed_first, x->seed_last, x->path);
    return MUSTER_EXIT_USAGE;
}

static int find_seed(struct shrink *x, const struct muster_shrink_ops *ops)
{
    struct muster_shrink_try tries[MUSTER_SHRINK_BATCH_MAX];
    struct muster_shrink_outcome o = {.loaded = false};
    uint64_t runs = 0;
    size_t size;
    const struct muster_document_style style = {0};
    const struct muster_doc_edit turned = {muster_doc_get(x->root, "expect_failure"), NULL};
    const struct muster_doc *root = muster_doc_copy(x->root, &turned, 1, &x->memory);
    const char *text = muster_document_write(root, &style, &x->memory, &size);
    for (uint64_t first = x->seed_first;; first += MUSTER_SHRINK_BATCH_MAX) {
        uint32_t n = 0;
        for (; n < MUSTER_SHRINK_BATCH_MAX && x->seed_last - first >= n; n++)
            tries[n] = (struct muster_shrink_try){text, size, first + n, 0, MUSTER_SHRINK_ANY};
        uint32_t found = ops->run(ops->cookie, tries, n, is_failure, x, &o, &runs);
        if (found < n) {
            x->seed = first + found;
            return 0;
        }
        if (ops->over(ops->cookie) || x->seed_last - first < MUSTER_SHRINK_BATCH_MAX)
            return nothing_fails(x, x->seeded ? &x->pool.outcomes[0] : NULL);
    }
}

/* ---- output ---- */

static const char *default_output(struct shrink *x)
{
    const struct muster_doc *name = muster_doc_get(x->root, "name");
    const char *slash = strrchr(x->path, '/'), *stem = slash ? slash + 1 : x->path;
    bool named = name && name->text && *name->text && !strchr(name->text, '/');
    size_t size = named ? strlen(name->text) : strcspn(stem, ".");
    static const char end[] = "-shrunk.yaml";
    char *path = muster_memory_take(&x->memory, size + sizeof end);
    memcpy(path, named ? name->text : stem, size);
    memcpy(path + size, end, sizeof end);
    return path;
}

static int choose_output(struct shrink *x)
{
    if (x->output && strcmp(x->output, "-") != 0 && strcmp(x->output, x->input) == 0) {
        muster_options_say("'%s' is the scenario itself; name another file with '-o'", x->output);
        return MUSTER_EXIT_USAGE;
    }
    if (x->output)
        return 0;
    x->output = default_output(x);
    if (access(x->output, F_OK) != 0)
        return 0;
    muster_options_say("'%s' is there already; name another file, or this one, with '-o'",
                       x->output);
    return MUSTER_EXIT_IO;
}

static int write_scenario(const struct shrink *x)
{
    bool standard = strcmp(x->output, "-") == 0;
    FILE *out = standard ? stdout : fopen(x->output, "we");
    if (!out) {
        muster_options_say("cannot write '%s': %s", x->output, strerror(errno));
        return MUSTER_EXIT_IO;
    }
    fwrite(x->result.text, 1, x->result.size, out);
    bool bad = ferror(out) != 0;
    if ((!standard && fclose(out) != 0) || bad) {
        muster_options_say("cannot write '%s': %s", x->output, strerror(errno));
        return MUSTER_EXIT_IO;
    }
    return 0;
}

/* The trace of what was written, and what a report says of a failure. */
static int report(struct shrink *x, muster_dur wall)
{
    const struct muster_shrink_result *r = &x->result;
    bool standard = strcmp(x->output, "-") == 0;
    FILE *out = standard ? stderr : stdout;
    struct muster_sources sources = {.sealed = true};
    const size_t stem = strlen(x->output) - (ends_with(x->output, ".yaml") ? 5 : 0);
    char *trace = muster_memory_take(&x->memory, stem + sizeof ".jsonl");
    memcpy(trace, x->output, stem);
    memcpy(trace + stem, ".jsonl", sizeof ".jsonl");
    muster_source_add(&sources, x->output, r->text, r->size);
    struct muster_scenario *s = muster_scenario_load(x->output, &sources, x->registry, x->d);
    struct muster_run_result run = {.seed = r->seed, .timed = true};
    run.failed_record = UINT64_MAX;
    snprintf(run.property, sizeof run.property, "%s", r->outcome.property);
    const struct muster_failure_request request = {.scenario = s,
                                                   .path = x->output,
                                                   .program = x->program};
    struct muster_report_failure *f = s ? muster_failure_make(&run, &request) : NULL;
    if (f)
        muster_failure_watch(f, r->seed, s, standard ? NULL : trace);
    fprintf(out, "%s  nodes %u -> %u, entries %u -> %u (%" PRIu64 " runs, %.1f s%s)\n", x->output,
            (unsigned)r->stats.nodes_before, (unsigned)r->stats.nodes,
            (unsigned)r->stats.entries_before, (unsigned)r->stats.entries, r->stats.runs,
            (double)wall / (double)MUSTER_SECOND, r->stats.complete ? "" : ", not finished");
    fprintf(out, "  %s: %s\n", r->outcome.property, r->outcome.text);
    fprintf(out, "  signature: %s\n", r->outcome.signature);
    if (f && f->events[0])
        fprintf(out, "  last events that matter:\n%s", f->events);
    if (f && !standard)
        fprintf(out, "  again:  %s\n", f->command);
    if (f && f->trace[0])
        fprintf(out, "  trace:  %s\n", f->trace);
    bool lost = !standard && !(f && f->trace[0]);
    if (lost)
        muster_options_say("cannot write the trace '%s'", trace);
    muster_failure_free(f);
    muster_scenario_free(s);
    muster_sources_free(&sources);
    return lost ? MUSTER_EXIT_IO : 0;
}

/* ---- the command ---- */

/* Between two batches of tries; while one is under way, the pool hears of it. */
static volatile sig_atomic_t stop;

static void on_interrupt(int signal)
{
    (void)signal;
    stop = 1;
}

static void clear_progress(const struct shrink *x)
{
    if (x->pool.progress)
        fputs("\r\033[K", stderr);
}

static void show_progress(const struct muster_shrink_stats *s)
{
    fprintf(stderr, "\r\033[Knodes %u, entries %u after %" PRIu64 " runs", (unsigned)s->nodes,
            (unsigned)s->entries, s->runs);
    fflush(stderr);
}

static int shrink(struct shrink *x)
{
    const muster_time before = muster_runner_now();
    x->pool.registry = x->registry;
    x->pool.jobs = x->jobs;
    x->pool.deadline = MUSTER_NEVER;
    x->pool.stop = &stop;
    signal(SIGINT, on_interrupt);
    x->pool.progress = isatty(STDERR_FILENO) ? show_progress : NULL;
    const struct muster_shrink_ops *ops = muster_shrink_pool_open(&x->pool);
    if (!ops)
        return MUSTER_EXIT_INTERNAL;
    int code = find_seed(x, ops);
    if (code)
        return code;
    x->pool.deadline = muster_runner_now() + x->time - x->time / RESERVE;
    const struct muster_shrink_request request = {.root = x->root,
                                                  .path = x->path,
                                                  .output = x->output,
                                                  .seed = x->seed,
                                                  .property = x->property,
                                                  .registry = x->registry,
                                                  .ops = ops};
    int error = muster_shrink(&request, &x->memory, &x->result);
    clear_progress(x);
    if (error)
        return nothing_fails(x, &x->result.outcome);
    code = write_scenario(x);
    if (code == 0)
        code = report(x, muster_runner_now() - before);
    if (!x->pool.interrupted)
        return code;
    muster_options_say("interrupted: this is the best so far");
    return code ? code : MUSTER_EXIT_INTERRUPTED;
}

static int wrong_property(const struct muster_options *o, const struct shrink *x)
{
    const char *names[128] = {"expect", "no_crash", "no_livelock", "events_max"};
    size_t n = 4;
    for (const struct muster_property *const *p = x->registry->properties; p && *p && n < 127; p++)
        names[n++] = (*p)->name;
    names[n] = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], x->property) == 0)
            return 0;
    }
    const char *near = muster_suggest(x->property, names);
    if (near)
        return muster_options_usage(o, "unknown property '%s', did you mean '%s'?", x->property,
                                    near);
    return muster_options_usage(o, "unknown property '%s'; 'muster list --properties' names them",
                                x->property);
}

static int read_value(const struct muster_options *o, int i, const char *value, struct shrink *x)
{
    uint64_t number;
    switch (i) {
    case OPT_SEED:
        x->seeded = muster_options_number(value, 0, MUSTER_INTEGER_MAX, &x->seed);
        return x->seeded ? 0
                         : muster_options_usage(o,
                                                "invalid value '%s' for '--seed': a number is "
                                                "wanted, such as 7",
                                                value);
    case OPT_PROPERTY:
        x->property = value;
        return wrong_property(o, x);
    case OPT_TIME:
        if (muster_options_time(value, &x->time) && x->time > 0 &&
            x->time <= 365 * 86400 * MUSTER_SECOND)
            return 0;
        return muster_options_usage(o,
                                    "invalid value '%s' for '--time': a time is wanted, such as "
                                    "20s",
                                    value);
    case OPT_JOBS:
        if (!muster_options_number(value, 1, MUSTER_JOBS_MAX, &number))
            return muster_options_usage(o, "invalid value '%s' for '--jobs': 1 to 256 are possible",
                                        value);
        x->jobs = (uint32_t)number;
        return 0;
    default:
        x->output = value;
        return 0;
    }
}

static int read_words(struct muster_options *o, struct shrink *x)
{
    const char *value;
    int i, code = 0;
    while (code == 0 && (i = muster_options_next(o, &value)) != MUSTER_OPTION_END) {
        if (i == MUSTER_OPTION_WRONG)
            code = MUSTER_EXIT_USAGE;
        else if (i != MUSTER_OPTION_OPERAND)
            code = read_value(o, i, value, x);
        else if (x->input)
            code = muster_options_usage(o, "one operand too many: '%s'", value);
        else
            x->input = value;
    }
    if (code == 0 && !x->input)
        code = muster_options_usage(o, "no scenario given, nor a trace");
    return code;
}

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    struct muster_memory own = {0};
    struct shrink *x = muster_memory_take(&own, sizeof *x);
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    x->registry = registry;
    x->program = o->argv[0];
    x->time = TIME_DEFAULT;
    x->jobs = processors < 1                  ? 1
              : processors > JOBS_DEFAULT_MAX ? JOBS_DEFAULT_MAX
                                              : (uint32_t)processors;
    x->d = muster_memory_take(&own, sizeof *x->d);
    int code = read_words(o, x);
    if (code == 0)
        code = open_scenario(x);
    if (code == 0)
        code = choose_output(x);
    muster_diagnostics_print(x->d, stderr);
    *x->d = (struct muster_diagnostics){.count = 0};
    if (code == 0)
        code = shrink(x);
    muster_shrink_pool_close(&x->pool);
    muster_sources_free(&x->sources);
    muster_memory_free(&x->memory);
    muster_memory_free(&own);
    return code;
}

const struct muster_command muster_command_shrink = {
    .name = "shrink",
    .operands = "SCENARIO|TRACE",
    .summary = "make the smallest scenario that fails in the same way as a run",
    .options = options,
    .run = run,
};
