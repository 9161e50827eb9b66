/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual world: one scenario, one seed, one total order of events, one block of memory.
 *
 * Order of events: by time, then class (faults and timeline first, then deliveries, then timers,
 * then expectations), then sequence of scheduling. Nothing else decides. */
#ifndef MUSTER_SIM_WORLD_H
#define MUSTER_SIM_WORLD_H

#include "sim/arena.h"
#include "sim/scenario/scenario.h"

enum muster_outcome_code { /* of one run; the values are exit codes of SPEC 6 */
                           MUSTER_RUN_PASSED = 0,
                           MUSTER_RUN_SAFETY = 1,
                           MUSTER_RUN_UNMET = 2, /* an expectation or a liveness property */
                           MUSTER_RUN_INTERNAL = 70,
};

/* What one run came to. */
struct muster_verdict {
    enum muster_outcome_code code;
    uint64_t hash;   /* run hash */
    uint64_t events; /* steps of the world's loop */
    uint64_t records;
    muster_time ended;       /* virtual time */
    bool expected_failure;   /* failed as `expect_failure` says, so it passed */
    bool never_judged;       /* the property was named and not put to the test: not violated */
    const char *property;    /* the property or "expect" that failed first; null if none */
    char text[256];          /* why, for a person */
    struct muster_mark mark; /* expectation: where it stands */
    muster_time failed_at;
    uint64_t failed_record; /* number of the record at which it failed */
    uint32_t not_judged;    /* properties that an assumption puts out of force */
};

/* Sees every record, e.g. to write a trace. Must not change the world. */
typedef void (*muster_record_sink)(void *cookie, const struct muster_world *w,
                                   const struct muster_record *r);

/* Make the world of a scenario in the arena; it fills the arena from the front (which must be
 * empty). Null when the arena is too small. */
struct muster_world *muster_world_create(struct muster_arena *a, const struct muster_scenario *s,
                                         uint64_t seed);

/* Install a sink; a run's hash does not depend on it. Not part of the snapshot. */
void muster_world_sink(struct muster_world *w, muster_record_sink sink, void *cookie);

/* Run until virtual time `until` (at most the scenario's end) or a failure. True while there is
 * more. */
bool muster_world_run(struct muster_world *w, muster_time until);

/* After the end: liveness, what was never judged. Idempotent. */
void muster_world_finish(struct muster_world *w, struct muster_verdict *verdict);

/* Snapshot: a copy of the arena's used part. Valid for the process that took it and its forks. */
size_t muster_world_snapshot_size(const struct muster_world *w);
void muster_world_snapshot(const struct muster_world *w, void *copy);
void muster_world_restore(struct muster_world *w, const void *copy);

/* A key at an instance of the store, for a person. Spans are valid during the call. */
struct muster_world_key {
    uint32_t instance;
    bool up, master;                /* that instance */
    struct muster_bytes key, value; /* value: of a string … */
    uint32_t parts;                 /* … and how many fields or members of what is none; else 0 */
    uint64_t expires_ms;            /* from now; 0: never */
};
/* Show every key that has not expired, by instance, in the order of their entries. */
void muster_world_keys(const struct muster_world *w,
                       void (*see)(void *cookie, const struct muster_world_key *key), void *cookie);

uint64_t muster_world_hash(const struct muster_world *w);
uint64_t muster_world_seed(const struct muster_world *w);
const struct muster_scenario *muster_world_scenario(const struct muster_world *w);

#endif
