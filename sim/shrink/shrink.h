/* SPDX-License-Identifier: Apache-2.0 */
/* From a failing run to the smallest scenario that fails in the same way.
 *
 * A search over documents, not over traces: a smaller scenario is written, loaded and run like any
 * other, and taken when the same property fails (of expectations the same entry, of crashes the
 * same assert). Every step is smaller or simpler than the one before, so the search ends; it is
 * repeated until a whole round finds nothing, or the budget is spent. It goes from large to small:
 *
 *   less time, fewer entries of the timeline (ddmin), fewer nodes, whatever key of the file can be
 *   left out, fewer entries under other seeds, `at` for `when`, shorter and rounder times, a seed
 *   of 1..20.
 *
 * The order of the tries decides, never which of them ended first: the result is the same whatever
 * the number of jobs, as long as the budget lasts.
 *
 * A step must not leave the ground on which the core has promised anything, or the result would
 * fail with the best of cores: where `drift` is assumed no clock leaves `max_clock_drift_ppm` that
 * kept to it before, and a majority's authority does not become the store's for want of a third
 * voter.
 *
 * Nor does a step leave more for `muster lint` to warn of than was there before.
 *
 * A liveness property takes for granted that operators end what they begin: no restart with the
 * next electorate goes, and no voter_init.
 *
 * An expectation has no premise of its own, so a step can make it fail for a better reason than the
 * bug: a leader that is expected back when nobody has been restarted. Steps that leave more down or
 * cut off than the first run do not count then; more is not known here. A property is better. */
#ifndef MUSTER_SIM_SHRINK_SHRINK_H
#define MUSTER_SIM_SHRINK_SHRINK_H

#include "sim/arena.h"
#include "sim/shrink/signature.h"
#include "sim/world.h"

#define MUSTER_SHRINK_ITEMS_MAX 256 /* entries of a timeline of which it is told how they fired */
#define MUSTER_SHRINK_BATCH_MAX 64  /* tries that are handed over at once */

/* What a scenario may be that takes it off that ground. */
enum muster_shrink_limit {
    MUSTER_SHRINK_DRIFTS = 1, /* a clock leaves the bound that the scenario assumes */
    MUSTER_SHRINK_STORE = 2,  /* the store's authority, whose guarantees are void when it forgets */
    MUSTER_SHRINK_ANY = 3,
};

/* What one try came to; no pointers, so that it crosses to another process. */
struct muster_shrink_outcome {
    bool loaded;       /* else nothing more is said */
    bool never_judged; /* failed because the property was not put to the test */
    uint32_t limits;   /* MUSTER_SHRINK_*: where it is that the core promises less */
    uint32_t warnings; /* of muster lint */
    int32_t code;      /* enum muster_outcome_code; 0 passed */
    uint64_t events;
    uint32_t members;
    uint32_t down, cut;   /* processes that are down when it fails; pairs of endpoints cut off */
    uint32_t changes;     /* operators' entries: restarts with the next electorate, voter_init */
    uint32_t expectation; /* of a failed one: which of the list */
    char property[64], text[512];
    muster_time failed_at;
    char signature[MUSTER_SIGNATURE_SIZE];
    uint32_t items; /* of the timeline, in the order of the file */
    struct {
        muster_time at;                /* when it fired first; MUSTER_NEVER: it did not */
        char hit[MUSTER_NAME_MAX + 5]; /* the first process that it did something to; or empty */
    } item[MUSTER_SHRINK_ITEMS_MAX];
};

/* One scenario, one seed. */
struct muster_shrink_try {
    const char *text; /* YAML; complete in itself */
    size_t size;
    uint64_t seed;
    uint64_t events_max; /* a run with more is stopped; 0: as the scenario says */
    uint32_t limits;     /* MUSTER_SHRINK_*: what it may do; more, and it counts as not loaded */
};

/* Load and run a try in the arena, which is reset before. Code under test that dies takes the
 * caller with it: run what may in a child. *o is written while the run goes on, so that a child's
 * death leaves what is known; `loaded` is true from before the run on. */
void muster_shrink_run(const struct muster_shrink_try *t, const struct muster_registry *registry,
                       struct muster_arena *a, struct muster_shrink_outcome *o);
/* What an outcome becomes when the child died in the run: a failure of no_crash. */
void muster_shrink_crashed(struct muster_shrink_outcome *o, const char *text);

/* What the search has come to. */
struct muster_shrink_stats {
    uint64_t runs, accepted;
    uint32_t entries_before, entries; /* of the timeline */
    uint32_t nodes_before, nodes;
    bool complete; /* a whole round found nothing more; else the budget was spent */
};

/* Who runs the tries, and when it is enough. */
struct muster_shrink_ops {
    void *cookie;
    /* Run 1..MUSTER_SHRINK_BATCH_MAX tries, in any order and as many at a time as may be, and
     * return the index of the first, in their order, whose outcome is `wanted`, with *ret its
     * outcome; `count` when none is. Tries behind that one need not be run, nor any when the budget
     * is spent: but a try that comes alone always is. Adds to *runs what was run. */
    uint32_t (*run)(void *cookie, const struct muster_shrink_try *tries, uint32_t count,
                    bool (*wanted)(const void *goal, const struct muster_shrink_outcome *o),
                    const void *goal, struct muster_shrink_outcome *ret, uint64_t *runs);
    bool (*over)(void *cookie); /* the budget is spent */
    /* After each step that was taken; may be null. */
    void (*progress)(void *cookie, const struct muster_shrink_stats *stats);
};

struct muster_shrink_request {
    const struct muster_doc *root; /* as muster_scenario_resolve gives it */
    const char *path;              /* of the scenario, for the comments */
    const char *output;            /* what the result will be called; null: not known */
    uint64_t seed;
    const char *property; /* null: the one that fails; else any other failure is none */
    const struct muster_registry *registry;
    const struct muster_shrink_ops *ops;
};

struct muster_shrink_result {
    const char *text; /* the commented scenario, in `memory` */
    size_t size;
    uint64_t seed;
    struct muster_shrink_outcome outcome; /* of the last run */
    struct muster_shrink_stats stats;
};

/* Shrink. Returns 0, also when the budget ended it: the result is then the best so far. Else
 * MUSTER_E_INVALID with *ret->outcome what the run at the given seed came to: it does not load,
 * does not fail, fails otherwise than was asked, or fails in a way that says nothing of the code
 * (an entry that found nobody, a property that was never judged). *memory takes everything. */
int muster_shrink(const struct muster_shrink_request *request, struct muster_memory *memory,
                  struct muster_shrink_result *ret);

/* Whether a failure is one that shrinking can do something for. */
bool muster_shrink_fails(const struct muster_shrink_outcome *o);

#endif
