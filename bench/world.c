/* SPDX-License-Identifier: Apache-2.0 */
/* The whole world at work: a scenario run again and again, with all its checks.
 *   world run SCENARIO SECONDS        events a second, times real time, runs a second
 *   world trace SCENARIO RUNS FILE    the same runs with and without a trace on disk
 *   world snapshot SCENARIO TIMES     microseconds of a snapshot, and of a restore */
#include "sim/world.h"
#include "bench/work.h"
#include "sim/trace/trace.h"

#include <stdlib.h>

#define ARENA ((size_t)256 << 20)

static struct muster_arena arena;

static const struct muster_scenario *load(const char *path)
{
    struct muster_sources sources = {0};
    static struct muster_diagnostics d;
    const struct muster_scenario *s =
        muster_scenario_load(path, &sources, &muster_registry_builtin, &d);
    if (!s) {
        muster_diagnostics_print(&d, stderr);
        exit(65);
    }
    return s;
}

static struct muster_world *create(const struct muster_scenario *s, uint64_t seed)
{
    muster_arena_reset(&arena, 0);
    struct muster_world *w = muster_world_create(&arena, s, seed);
    if (!w)
        exit(70);
    return w;
}

/* One run to its end; adds its events, exits when it fails: a broken run is no measurement. */
static void finish(struct muster_world *w, struct muster_verdict *v)
{
    muster_world_run(w, MUSTER_NEVER);
    muster_world_finish(w, v);
    if (v->code != MUSTER_RUN_PASSED) {
        fprintf(stderr, "run failed: %s\n", v->text);
        exit(1);
    }
}

static void repeat(const struct muster_scenario *s, double seconds)
{
    uint64_t events = 0, runs = 0, hash = 0;
    double start = work_seconds(), used;
    do {
        struct muster_verdict v;
        finish(create(s, ++runs), &v);
        events += v.events;
        hash ^= v.hash;
        used = work_seconds() - start;
    } while (used < seconds);
    double simulated = (double)runs * (double)s->duration * 1e-9;
    printf("bench=world events=%" PRIu64 " seconds=%.6f eps=%.0f sim_s=%.3f runs=%" PRIu64
           " rps=%.0f speed=%.0f hash=%016" PRIx64 "\n",
           events, used, (double)events / used, simulated, runs, (double)runs / used,
           simulated / used, hash);
}

static double traced(const struct muster_scenario *s, uint64_t runs, const char *path)
{
    double start = work_seconds();
    for (uint64_t seed = 1; seed <= runs; seed++) {
        struct muster_verdict v;
        struct muster_world *w = create(s, seed);
        struct muster_trace_writer *t = path ? muster_trace_create(path, s, seed) : NULL;
        if (t)
            muster_world_sink(w, muster_trace_record, t);
        finish(w, &v);
        if (path && (!t || muster_trace_close(t, &v) != 0))
            exit(74);
    }
    return work_seconds() - start;
}

static void snapshot(const struct muster_scenario *s, uint64_t times)
{
    struct muster_world *w = create(s, 1);
    muster_world_run(w, s->duration / 2);
    size_t size = muster_world_snapshot_size(w);
    void *copy = malloc(size);
    if (!copy)
        exit(70);
    double start = work_seconds();
    for (uint64_t i = 0; i < times; i++)
        muster_world_snapshot(w, copy);
    double middle = work_seconds();
    for (uint64_t i = 0; i < times; i++)
        muster_world_restore(w, copy);
    double end = work_seconds();
    printf("bench=snapshot bytes=%zu snapshot_us=%.2f restore_us=%.2f\n", size,
           (middle - start) * 1e6 / (double)times, (end - middle) * 1e6 / (double)times);
    free(copy);
}

int main(int argc, char **argv)
{
    if (argc < 4 || muster_arena_map(&arena, ARENA, NULL) != 0) {
        fprintf(stderr, "usage: world run SCENARIO SECONDS | trace SCENARIO RUNS FILE | "
                        "snapshot SCENARIO TIMES\n");
        return 64;
    }
    const struct muster_scenario *s = load(argv[2]);
    if (strcmp(argv[1], "run") == 0) {
        repeat(s, strtod(argv[3], NULL));
    } else if (strcmp(argv[1], "trace") == 0 && argc == 5) {
        uint64_t runs = strtoull(argv[3], NULL, 10);
        double without = traced(s, runs, NULL), with = traced(s, runs, argv[4]);
        printf("bench=trace without_s=%.6f with_s=%.6f ratio=%.2f\n", without, with,
               with / without);
    } else if (strcmp(argv[1], "snapshot") == 0) {
        snapshot(s, strtoull(argv[3], NULL, 10));
    } else {
        return 64;
    }
    return 0;
}
