/* SPDX-License-Identifier: Apache-2.0 */
/* `muster fuzz`: draw, run, keep what is new, tell what failed. */
#include "tools/muster/fuzz.h"
#include "reports/coverage.h"
#include "reports/report.h"
#include "tools/muster/options.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SAME_MAX  5  /* findings of one property that are written … */
#define TRIED_MAX 12 /* … and that are made small for it: some are the same then */

/* Between two rounds; within one, muster_jobs_run looks out itself. */
static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---- making a round ---- */

/* Half of the inputs are drawn, half are mutations of what was kept; of these half of the newest
 * quarter, which is where something was found last. */
static const struct muster_fuzz_kept *choose(const struct muster_fuzz *x, struct muster_random *r)
{
    uint64_t there =
        x->kept_count < MUSTER_FUZZ_CORPUS_MAX ? x->kept_count : MUSTER_FUZZ_CORPUS_MAX;
    uint64_t newest = there / 4 + 1;
    bool new = muster_random_below(r, 2) == 0;
    uint64_t back = muster_random_below(r, new ? newest : there);
    return &x->kept[(x->kept_count - 1 - back) % MUSTER_FUZZ_CORPUS_MAX];
}

static void make_plan(struct muster_fuzz *x, uint32_t i, uint64_t seed)
{
    struct muster_random r = {seed ^ UINT64_C(0x66757a7a)};
    x->frame_of[i] = (uint32_t)(seed % x->frame_count);
    if (x->kept_count == 0 || muster_random_below(&r, 2) == 0) {
        muster_plan_draw(&x->plans[i], &x->frames[x->frame_of[i]], seed);
        return;
    }
    const struct muster_fuzz_kept *from = choose(x, &r), *other = choose(x, &r);
    if (other->frame != from->frame)
        other = from;
    x->frame_of[i] = from->frame;
    muster_plan_mutate(&x->plans[i], &x->frames[from->frame], from->plan, other->plan, seed);
}

static uint64_t shard_of(const struct muster_fuzz *x, uint64_t seed)
{
    return (seed - x->request.first) % x->request.shards;
}

/* The next inputs of this shard; false when there are none left. */
static bool make_round(struct muster_fuzz *x)
{
    x->count = 0;
    while (x->count < MUSTER_FUZZ_ROUND && x->next <= x->request.last) {
        uint64_t seed = x->next++;
        if (shard_of(x, seed) != x->request.shard)
            continue;
        if (x->request.runs > 0 && x->runs + x->count == x->request.runs) {
            x->next--;
            break;
        }
        make_plan(x, x->count++, seed);
    }
    return x->count > 0;
}

/* ---- what it came to ---- */

/* Of a run that killed its worker, of the runs of one input that differ, or of a run that was told
 * of before. */
static void sign(const struct muster_run_result *result, const struct muster_fuzz_told *told,
                 char signature[static MUSTER_SIGNATURE_SIZE])
{
    if (told->signature[0])
        memcpy(signature, told->signature, MUSTER_SIGNATURE_SIZE);
    else if (strcmp(result->property, "no_crash") == 0)
        muster_signature_crash(result->text, signature);
    else
        snprintf(signature, MUSTER_SIGNATURE_SIZE, "%s", result->property);
}

/* Whether one more of a property is worth a file, and the time to make it small. */
static bool is_wanted(const struct muster_fuzz *x, const char *property)
{
    uint32_t written = 0, tried = 0;
    for (uint32_t i = 0; i < x->finding_count; i++) {
        if (strcmp(x->findings[i].property, property) != 0)
            continue;
        written += x->findings[i].path[0] != 0;
        tried += x->findings[i].tried;
    }
    return written < SAME_MAX && tried < TRIED_MAX;
}

static void take_failure(struct muster_fuzz *x, uint32_t i)
{
    const struct muster_run_result *result = &x->results[i];
    char signature[MUSTER_SIGNATURE_SIZE];
    sign(result, &x->told[i], signature);
    x->failed++;
    x->code = muster_report_graver(x->code, result->code);
    for (uint32_t k = 0; k < x->finding_count; k++) {
        struct muster_fuzz_finding *f = &x->findings[k];
        if (strcmp(f->signature, signature) == 0) {
            x->findings[f->same ? f->same - 1 : k].count++;
            return;
        }
    }
    if (x->finding_count == MUSTER_FUZZ_FINDINGS_MAX)
        return;
    struct muster_fuzz_finding *f = &x->findings[x->finding_count];
    *f = (struct muster_fuzz_finding){.count = 1, .code = result->code};
    f->tried = is_wanted(x, result->property);
    x->finding_count++;
    memcpy(f->signature, signature, sizeof signature);
    snprintf(f->property, sizeof f->property, "%s", result->property);
    if (f->tried)
        x->code =
            muster_report_graver(x->code, muster_fuzz_save_finding(x, &x->plans[i], result, f));
    if (f->same)
        x->findings[f->same - 1].count++;
    else
        x->ways++;
}

/* In memory the oldest gives way; its file stays. */
static void keep(struct muster_fuzz *x, uint32_t i)
{
    struct muster_fuzz_kept *place = &x->kept[x->kept_count % MUSTER_FUZZ_CORPUS_MAX];
    if (!place->plan)
        place->plan = malloc(sizeof *place->plan);
    if (!place->plan)
        return;
    *place->plan = x->plans[i];
    place->frame = x->frame_of[i];
    x->kept_count++;
    x->code = muster_report_graver(x->code, muster_fuzz_save_plan(x, place->plan));
}

/* In the order of the inputs, whoever ran them. Inputs behind the first that did not run do not
 * count: they are made again. */
static void merge_round(struct muster_fuzz *x)
{
    for (uint32_t i = 0; i < x->count && x->done[i]; i++) {
        const struct muster_fuzz_told *told = &x->told[i];
        uint32_t fresh = 0;
        if (x->results[i].code == MUSTER_REPORT_INVALID) {
            if (x->invalid++ == 0)
                muster_options_say("input %" PRIu64 " is no scenario: %s", x->plans[i].seed,
                                   x->results[i].text);
            continue;
        }
        for (uint32_t k = 0; k < told->fresh_count; k++)
            fresh += muster_coverage_add(x->coverage, told->fresh[k]);
        x->cells += fresh;
        if (x->results[i].code != MUSTER_REPORT_PASSED)
            take_failure(x, i);
        else if (fresh > 0)
            keep(x, i);
    }
}

static enum muster_jobs_end run_round(struct muster_fuzz *x)
{
    enum muster_jobs_end end = muster_fuzz_run(x);
    if (end == MUSTER_JOBS_INTERRUPTED)
        interrupted = 1; /* what failed is written as it is: nothing is made smaller any more */
    merge_round(x);
    return end == MUSTER_JOBS_DONE && interrupted ? MUSTER_JOBS_INTERRUPTED : end;
}

/* ---- a campaign ---- */

/* What earlier campaigns have kept and found is run once, before anything else. */
static enum muster_jobs_end run_files(struct muster_fuzz *x, const struct muster_paths *paths)
{
    for (size_t i = 0; i < paths->count;) {
        x->count = 0;
        for (; i < paths->count && x->count < MUSTER_FUZZ_ROUND; i++)
            x->count +=
                muster_fuzz_load_plan(x, paths->at[i], &x->plans[x->count], &x->frame_of[x->count]);
        enum muster_jobs_end end = run_round(x);
        if (end != MUSTER_JOBS_DONE)
            return end;
    }
    return MUSTER_JOBS_DONE;
}

static bool is_time_up(const struct muster_fuzz *x)
{
    return x->request.time > 0 && muster_runner_now() - x->started >= x->request.time;
}

static uint64_t first_undone(const struct muster_fuzz *x)
{
    for (uint32_t i = 0; i < x->count; i++)
        if (!x->done[i])
            return x->plans[i].seed;
    return x->next;
}

static enum muster_jobs_end run_campaign(struct muster_fuzz *x)
{
    enum muster_jobs_end end = run_files(x, &x->request.merge);
    x->runs = x->events = 0;
    x->started = muster_runner_now();
    while (end == MUSTER_JOBS_DONE && !is_time_up(x) && make_round(x)) {
        end = run_round(x);
        x->next = first_undone(x);
        x->code = muster_report_graver(x->code, muster_fuzz_save_next(x));
    }
    return end;
}

static void print_findings(const struct muster_fuzz *x)
{
    for (uint32_t i = 0; i < x->finding_count; i++) {
        const struct muster_fuzz_finding *f = &x->findings[i];
        if (f->same)
            continue;
        printf("%-24s  %6" PRIu64 " times", f->property, f->count);
        if (f->path[0])
            printf("  %s run %s%s", x->program, f->path,
                   f->code == MUSTER_REPORT_DIVERGED ? " --check-determinism" : "");
        putchar('\n');
    }
}

static void print_summary(const struct muster_fuzz *x, enum muster_jobs_end end)
{
    char wall[32], simulated[32];
    muster_dur took = muster_runner_now() - x->started;
    muster_report_duration(took, wall, sizeof wall);
    muster_report_duration(x->simulated, simulated, sizeof simulated);
    if (x->progress)
        fputs("\r\033[K", stderr);
    print_findings(x);
    if (x->request.quiet && x->finding_count == 0 && end == MUSTER_JOBS_DONE)
        return;
    printf("%s%" PRIu64 " runs, %s in %s, %u cells, %" PRIu64 " kept: %" PRIu64
           " failed in %u %s\n",
           end == MUSTER_JOBS_INTERRUPTED ? "interrupted after " : "", x->runs, simulated, wall,
           (unsigned)x->cells, x->kept_count, x->failed, (unsigned)x->ways,
           x->ways == 1 ? "way" : "ways");
    if (x->invalid > 0)
        printf("%" PRIu64 " inputs were no scenarios\n", x->invalid);
}

/* ---- before and after ---- */

/* A scenario to fuzz; those that document a failure would do nothing but fail. */
static void add_frame(struct muster_fuzz *x, const struct muster_suite_entry *e)
{
    const char *problem = "it documents a failure";
    struct muster_plan_frame *f = &x->frames[x->frame_count];
    struct muster_plan *base = &x->bases[x->frame_count];
    if (!e->scenario->expect_failure && muster_plan_frame_of(f, base, e->scenario, &problem))
        x->frame_count++;
    else if (!x->request.quiet)
        muster_options_say("'%s' is left out: %s", e->path, problem);
}

static int make_frames(struct muster_fuzz *x)
{
    x->frames = calloc(x->suite.count + 1, sizeof *x->frames);
    x->bases = calloc(x->suite.count + 1, sizeof *x->bases);
    if (!x->frames || !x->bases)
        return MUSTER_EXIT_INTERNAL;
    for (uint32_t i = 0; i < x->suite.count; i++)
        add_frame(x, &x->suite.at[i]);
    if (x->suite.count == 0)
        muster_plan_frame_empty(&x->frames[x->frame_count++], x->request.nodes);
    if (x->frame_count > 0)
        return 0;
    muster_options_say("no scenario is left to fuzz");
    return MUSTER_EXIT_INVALID;
}

static void *share(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static bool prepare(struct muster_fuzz *x)
{
    x->plans = calloc(MUSTER_FUZZ_ROUND, sizeof *x->plans);
    x->results = calloc(MUSTER_FUZZ_ROUND, sizeof *x->results);
    x->coverage = calloc(1, sizeof *x->coverage);
    x->told = share(MUSTER_FUZZ_ROUND * sizeof *x->told);
    x->progress = !x->request.quiet && isatty(STDERR_FILENO);
    return x->plans && x->results && x->coverage && x->told;
}

static void release(struct muster_fuzz *x)
{
    for (uint32_t i = 0; i < MUSTER_FUZZ_CORPUS_MAX; i++)
        free(x->kept[i].plan);
    if (x->told)
        munmap(x->told, MUSTER_FUZZ_ROUND * sizeof *x->told);
    free(x->plans);
    free(x->results);
    free(x->coverage);
    free(x->frames);
    free(x->bases);
    muster_paths_free(&x->request.merge);
    muster_suite_free(&x->suite);
    free(x);
}

static int make_folders(struct muster_fuzz *x)
{
    int code = 0;
    if (x->request.corpus)
        code = muster_fuzz_make_folder(x->request.corpus);
    if (x->request.out)
        code = muster_report_graver(code, muster_fuzz_make_folder(x->request.out));
    return code;
}

static int fuzz(struct muster_fuzz *x)
{
    const struct muster_suite_request request = {.registry = x->registry};
    if (x->suite.paths.count > 0)
        muster_suite_load(&x->suite, &request);
    if (!prepare(x)) {
        muster_options_say("out of memory");
        return MUSTER_EXIT_INTERNAL;
    }
    int code = x->suite.code ? x->suite.code : make_frames(x);
    if (code || (code = make_folders(x)))
        return code;
    uint64_t next = x->request.corpus && !x->request.seeded ? muster_fuzz_load_next(x) : 0;
    x->next = next > x->request.first ? next : x->request.first;
    x->started = muster_runner_now();
    const struct sigaction look_out = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &look_out, NULL);
    sigaction(SIGTERM, &look_out, NULL);
    enum muster_jobs_end end = run_campaign(x);
    print_summary(x, end);
    if (x->request.coverage)
        x->code =
            muster_report_graver(x->code, muster_coverage_save(x->request.coverage, x->coverage));
    if (end == MUSTER_JOBS_FAILED)
        x->code = MUSTER_EXIT_INTERNAL;
    return end == MUSTER_JOBS_INTERRUPTED && x->code == 0 ? MUSTER_EXIT_INTERRUPTED : x->code;
}

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    struct muster_fuzz *x = calloc(1, sizeof *x);
    if (!x) {
        muster_options_say("out of memory");
        return MUSTER_EXIT_INTERNAL;
    }
    x->registry = registry;
    x->program = o->argv[0];
    x->stop = &interrupted;
    int code = muster_fuzz_read(o, &x->request, &x->suite);
    if (code == 0)
        code = fuzz(x);
    release(x);
    return code;
}

const struct muster_command muster_command_fuzz = {
    .name = "fuzz",
    .operands = "[SCENARIO…]",
    .summary = "look for failures nobody thought of: scenarios by chance, steered by coverage",
    .options = muster_fuzz_options,
    .run = run,
};
