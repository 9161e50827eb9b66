/* SPDX-License-Identifier: Apache-2.0 */
/* Running a seed, and now and then once more to see that nothing but the seed decides. */
#include "tools/muster/runner.h"
#include "reports/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHECKED_EVERY 20 /* one in so many seeds is run twice */
#define POISON_FIRST  0xa5
#define POISON_SECOND 0x5a

muster_time muster_runner_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (muster_time)t.tv_sec * MUSTER_SECOND + (muster_time)t.tv_nsec;
}

bool muster_runner_open(struct muster_runner *r)
{
    void *elsewhere = (void *)(uintptr_t)UINT64_C(0x310000000000);
    if (muster_arena_map(&r->first, MUSTER_RUNNER_ARENA, NULL))
        return false;
    if (muster_arena_map(&r->second, MUSTER_RUNNER_ARENA, elsewhere) == 0)
        return true;
    muster_arena_unmap(&r->first);
    return false;
}

void muster_runner_close(struct muster_runner *r)
{
    muster_arena_unmap(&r->first);
    muster_arena_unmap(&r->second);
}

bool muster_runner_once(struct muster_arena *a, const struct muster_scenario *s, uint64_t seed,
                        muster_record_sink sink, void *cookie, struct muster_verdict *verdict)
{
    struct muster_world *w = muster_world_create(a, s, seed);
    if (!w)
        return false;
    muster_world_sink(w, sink, cookie);
    while (muster_world_run(w, MUSTER_NEVER))
        continue;
    muster_world_finish(w, verdict);
    return true;
}

static void fail(struct muster_run_result *result, int code, const char *property, const char *text)
{
    result->code = muster_report_graver(result->code, code);
    snprintf(result->property, sizeof result->property, "%s", property);
    snprintf(result->text, sizeof result->text, "%s", text);
}

static void take_verdict(struct muster_run_result *result, const struct muster_verdict *v)
{
    result->code = (int32_t)v->code;
    result->hash = v->hash;
    result->events = v->events;
    result->simulated = v->ended;
    result->expected_failure = v->expected_failure;
    if (v->code == MUSTER_RUN_PASSED)
        return;
    result->timed = true;
    result->failed_at = v->failed_at;
    result->failed_record = v->failed_record;
    fail(result, (int)v->code, v->property ? v->property : "internal", v->text);
    if (v->mark.source) {
        snprintf(result->file, sizeof result->file, "%s", v->mark.source->path);
        result->line = v->mark.line;
        result->column = v->mark.column;
    }
}

static bool run_once(struct muster_arena *a, uint8_t poison, const struct muster_scenario *s,
                     uint64_t seed, muster_record_sink sink, void *cookie,
                     struct muster_verdict *verdict, struct muster_run_result *result)
{
    muster_arena_reset(a, poison);
    if (muster_runner_once(a, s, seed, sink, cookie, verdict))
        return true;
    char text[128];
    snprintf(text, sizeof text, "the world of this scenario does not fit into %zu MiB",
             MUSTER_RUNNER_ARENA >> 20);
    fail(result, MUSTER_REPORT_INTERNAL, "memory", text);
    return false;
}

/* ---- where two runs of one seed part ---- */

struct comparison {
    uint64_t *hash; /* after each record of the first run */
    size_t count, capacity;
    size_t seen; /* records of the second run */
    uint64_t chain;
    uint64_t number; /* of the first record that differs; 0: none so far */
    char line[1024];
};

static void remember(void *cookie, const struct muster_world *w, const struct muster_record *r)
{
    struct comparison *c = cookie;
    (void)w;
    if (c->count == c->capacity) {
        size_t larger = c->capacity ? 2 * c->capacity : 65536;
        uint64_t *moved = realloc(c->hash, larger * sizeof *moved);
        if (!moved)
            return; /* then the second run seems to go on where this list ends */
        c->hash = moved;
        c->capacity = larger;
    }
    c->chain = muster_record_hash(c->chain, r);
    c->hash[c->count++] = c->chain;
}

static void show(struct comparison *c, const struct muster_world *w, const struct muster_record *r)
{
    const char *name = r->process == MUSTER_NOBODY ? NULL : muster_world_name(w, r->process);
    muster_trace_line(c->line, sizeof c->line, r, name,
                      muster_world_scenario(w)->process->note_names);
}

static void compare(void *cookie, const struct muster_world *w, const struct muster_record *r)
{
    struct comparison *c = cookie;
    size_t i = c->seen++;
    c->chain = muster_record_hash(c->chain, r);
    if (c->number || (i < c->count && c->hash[i] == c->chain))
        return;
    c->number = i + 1;
    show(c, w, r);
}

static void find(void *cookie, const struct muster_world *w, const struct muster_record *r)
{
    struct comparison *c = cookie;
    if (++c->seen == c->number)
        show(c, w, r);
}

static void explain_difference(struct muster_runner *r, const struct muster_scenario *s,
                               uint64_t seed, struct muster_run_result *result)
{
    struct comparison c = {.chain = MUSTER_HASH_START};
    struct muster_verdict v;
    char second[1024];
    if (!run_once(&r->first, POISON_FIRST, s, seed, remember, &c, &v, result))
        return;
    c.chain = MUSTER_HASH_START;
    if (run_once(&r->second, POISON_SECOND, s, seed, compare, &c, &v, result)) {
        bool shorter = !c.number && c.seen < c.count;
        if (shorter)
            c.number = c.seen + 1;
        snprintf(second, sizeof second, "%s", c.number && !shorter ? c.line : "(it has ended)");
        c.seen = 0;
        snprintf(c.line, sizeof c.line, "(it has ended)");
        if (!c.number)
            snprintf(result->difference, sizeof result->difference,
                     "the difference did not come again when both runs were watched\n");
        else if (run_once(&r->first, POISON_FIRST, s, seed, find, &c, &v, result))
            snprintf(result->difference, sizeof result->difference, "first:  %s\nsecond: %s\n",
                     c.line, second);
    }
    free(c.hash);
}

static void run_again(struct muster_runner *r, const struct muster_scenario *s, uint64_t seed,
                      struct muster_run_result *result)
{
    struct muster_verdict again;
    char text[256];
    if (!run_once(&r->second, POISON_SECOND, s, seed, NULL, NULL, &again, result) ||
        again.hash == result->hash)
        return;
    snprintf(text, sizeof text,
             "%s, seed %" PRIu64 ": two runs give two hashes, %016" PRIx64 " and %016" PRIx64,
             s->name, seed, result->hash, again.hash);
    fail(result, MUSTER_REPORT_DIVERGED, "determinism", text);
    result->timed = false;
    result->file[0] = 0;
    explain_difference(r, s, seed, result);
}

/* ---- the run ---- */

/* Who sees the records of a run: its trace, its coverage. */
struct audience {
    struct muster_trace_writer *writer; /* may be null */
    struct muster_coverage_watch watch; /* of nothing, unless `seen` is set */
};

static void show_all(void *cookie, const struct muster_world *w, const struct muster_record *r)
{
    struct audience *x = cookie;
    if (x->writer)
        muster_trace_record(x->writer, w, r);
    if (x->watch.seen)
        muster_coverage_see(&x->watch, w, r);
}

static void close_trace(struct muster_trace_writer *writer, const char *path,
                        const struct muster_verdict *v, struct muster_run_result *result)
{
    char text[512];
    int error = muster_trace_close(writer, v);
    if (error) {
        unlink(path); /* half a trace looks like a run that was cut off */
        snprintf(text, sizeof text, "cannot write trace '%s': %s", path, strerror(-error));
        fail(result, MUSTER_REPORT_IO, "trace", text);
    } else {
        snprintf(result->trace, sizeof result->trace, "%s", path);
    }
}

void muster_runner_run(struct muster_runner *r, const struct muster_scenario *s, uint64_t seed,
                       const char *trace, struct muster_run_result *result)
{
    const uint32_t scenario = result->scenario;
    struct muster_verdict v = {.code = MUSTER_RUN_INTERNAL};
    struct audience audience;
    memset(&audience, 0, sizeof audience);
    audience.watch.seen = r->coverage;
    memset(result, 0, sizeof *result);
    result->scenario = scenario;
    result->seed = seed;
    if (trace && !(audience.writer = muster_trace_create(trace, s, seed))) {
        char text[512];
        snprintf(text, sizeof text, "cannot create trace '%s': %s", trace, strerror(errno));
        fail(result, MUSTER_REPORT_IO, "trace", text);
        return;
    }
    muster_time before = muster_runner_now();
    bool heard = trace || r->coverage;
    bool ran =
        run_once(&r->first, POISON_FIRST, s, seed, heard ? show_all : NULL, &audience, &v, result);
    if (ran)
        take_verdict(result, &v);
    if (trace)
        close_trace(audience.writer, trace, &v, result);
    result->wall = muster_runner_now() - before;
    if (ran && (r->check_all || seed % CHECKED_EVERY == 1))
        run_again(r, s, seed, result);
}
