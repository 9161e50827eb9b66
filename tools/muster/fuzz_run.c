/* SPDX-License-Identifier: Apache-2.0 */
/* The runs of one round of `muster fuzz`, over workers. */
#include "reports/report.h"
#include "tools/muster/fuzz.h"
#include "tools/muster/options.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POISON_FIRST   0xa5
#define POISON_SECOND  0x5a
#define CHECKED_EVERY  64 /* one in so many inputs is run twice */
#define RANGE          4  /* inputs handed to a worker at a time */
#define PROGRESS_EVERY (200 * MUSTER_MILLISECOND)

/* ---- in a worker ---- */

struct watch {
    struct muster_coverage_watch coverage;
    struct muster_signature signature;
};

static void see(void *cookie, const struct muster_world *w, const struct muster_record *r)
{
    struct watch *x = cookie;
    muster_coverage_see(&x->coverage, w, r);
    muster_signature_see(&x->signature, r);
}

static bool open_worker(void *cookie)
{
    struct muster_fuzz *x = cookie;
    signal(SIGTERM, SIG_DFL); /* the parent's handler is not for a worker */
    return muster_runner_open(&x->runner);
}

static void tell(struct muster_run_result *result, int code, const char *property, const char *text)
{
    result->code = code;
    snprintf(result->property, sizeof result->property, "%s", property);
    snprintf(result->text, sizeof result->text, "%s", text);
}

static void take_verdict(struct muster_run_result *result, const struct muster_verdict *v)
{
    result->hash = v->hash;
    result->events = v->events;
    result->simulated = v->ended;
    if (v->code == MUSTER_RUN_PASSED)
        return;
    tell(result, (int)v->code, v->property ? v->property : "internal", v->text);
    result->timed = true;
    result->failed_at = v->failed_at;
    result->failed_record = v->failed_record;
}

/* The same input on a differently filled arena: nothing but the input may decide. */
static void run_again(struct muster_fuzz *x, const struct muster_scenario *s, uint64_t seed,
                      struct muster_fuzz_told *told, struct muster_run_result *result)
{
    struct muster_verdict v;
    muster_arena_reset(&x->runner.second, POISON_SECOND);
    if (!muster_runner_once(&x->runner.second, s, seed, NULL, NULL, &v) || v.hash == result->hash)
        return;
    char text[160];
    snprintf(text, sizeof text, "two runs give two hashes, %016" PRIx64 " and %016" PRIx64,
             result->hash, v.hash);
    tell(result, MUSTER_REPORT_DIVERGED, "determinism", text);
    snprintf(told->signature, sizeof told->signature, "determinism");
    result->timed = false;
}

static void run_scenario(struct muster_fuzz *x, const struct muster_scenario *s, uint64_t seed,
                         struct muster_fuzz_told *told, struct muster_run_result *result)
{
    struct watch watch;
    struct muster_verdict v = {.code = MUSTER_RUN_INTERNAL};
    memset(&watch, 0, sizeof watch);
    watch.coverage.seen = x->coverage;
    watch.coverage.fresh = told->fresh;
    watch.coverage.fresh_most = MUSTER_FUZZ_FRESH_MAX;
    muster_arena_reset(&x->runner.first, POISON_FIRST);
    bool ran = muster_runner_once(&x->runner.first, s, seed, see, &watch, &v);
    told->fresh_count = watch.coverage.fresh_count;
    if (!ran) {
        tell(result, MUSTER_REPORT_INTERNAL, "memory", "the world does not fit into its arena");
        return;
    }
    take_verdict(result, &v);
    if (v.code != MUSTER_RUN_PASSED)
        muster_signature_write(&watch.signature, s, result->property, result->text,
                               told->signature);
    if (seed % CHECKED_EVERY == 1)
        run_again(x, s, seed, told, result);
}

static void work(void *cookie, uint64_t index, struct muster_run_result *result)
{
    static char text[MUSTER_PLAN_TEXT_MAX];
    static struct muster_diagnostics d;
    struct muster_fuzz *x = cookie;
    const struct muster_plan *p = &x->plans[index];
    memset(result, 0, sizeof *result);
    result->seed = index;
    memset(&d, 0, sizeof d);
    muster_plan_write(p, text);
    struct muster_scenario *s = muster_fuzz_load_text(x, "plan.yaml", text, &d);
    if (!s) {
        tell(result, MUSTER_REPORT_INVALID, "plan", d.count > 0 ? d.at[0].text : "");
        return;
    }
    run_scenario(x, s, p->seed, &x->told[index], result);
    muster_scenario_free(s);
}

/* ---- in the parent ---- */

static bool is_wanted(void *cookie, const struct muster_jobs_range *range)
{
    (void)cookie;
    (void)range;
    return true;
}

static void show_progress(struct muster_fuzz *x)
{
    muster_time now = muster_runner_now();
    if (!x->progress || now - x->shown < PROGRESS_EVERY)
        return;
    x->shown = now;
    uint64_t ms = (now - x->started) / MUSTER_MILLISECOND + 1;
    fprintf(stderr,
            "\r\033[K%" PRIu64 " runs, %" PRIu64 "/s, %" PRIu64 " events/s, %u cells, %" PRIu64
            " kept, "
            "%" PRIu64 " failed (%u ways)",
            x->runs, x->runs * 1000 / ms, x->events / ms * 1000, (unsigned)x->cells, x->kept_count,
            x->failed, (unsigned)x->ways);
    fflush(stderr);
}

static void done(void *cookie, const struct muster_run_result *result)
{
    struct muster_fuzz *x = cookie;
    x->results[result->seed] = *result;
    x->done[result->seed] = true;
    x->runs++;
    x->events += result->events;
    x->simulated += result->simulated;
    show_progress(x);
}

enum muster_jobs_end muster_fuzz_run(struct muster_fuzz *x)
{
    struct muster_jobs_range ranges[MUSTER_FUZZ_ROUND];
    size_t n = 0;
    for (uint32_t i = 0; i < x->count; i += RANGE) {
        uint32_t last = i + RANGE < x->count ? i + RANGE - 1 : x->count - 1;
        ranges[n++] = (struct muster_jobs_range){0, i, last};
    }
    for (uint32_t i = 0; i < x->count; i++)
        x->told[i].fresh_count = x->told[i].signature[0] = 0;
    memset(x->done, 0, sizeof x->done);
    const struct muster_jobs jobs = {
        .workers = x->request.jobs,
        .ranges = ranges,
        .count = n,
        .cookie = x,
        .open = open_worker,
        .work = work,
        .wanted = is_wanted,
        .done = done,
    };
    return muster_jobs_run(&jobs);
}
