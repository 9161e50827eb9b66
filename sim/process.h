/* SPDX-License-Identifier: Apache-2.0 */
/* The small tables by which anything is put into a world: a process (config/process.h), a property,
 * a registry of both. */
#ifndef MUSTER_SIM_PROCESS_H
#define MUSTER_SIM_PROCESS_H

#include "config/process.h"
#include "trace/record.h"

struct muster_world;

enum muster_property_class {
    MUSTER_SAFETY,   /* judged at every event; exit 1 */
    MUSTER_LIVENESS, /* judged at the end or when its time is up; exit 2 */
};

/* What a property takes for granted; where a scenario drops it, the property is `not judged`. */
#define MUSTER_ASSUMPTIONS(X)                                                                      \
    X(DRIFT, "drift", "every lease clock within max_clock_drift_ppm of true time")                 \
    X(DURABLE, "durable_voters", "what a voter's disk acknowledged it keeps")                      \
    X(UNIQUE, "unique_ids", "no two processes share an id")                                        \
    X(FENCING, "fencing_targets", "targets compare epochs and deduplicate")

enum muster_assumption_index {
#define X(id, name, what) MUSTER_ASSUME_INDEX_##id,
    MUSTER_ASSUMPTIONS(X)
#undef X
};
enum muster_assumption {
#define X(id, name, what) MUSTER_ASSUME_##id = 1 << MUSTER_ASSUME_INDEX_##id,
    MUSTER_ASSUMPTIONS(X)
#undef X
};

/* A kind of property. It keeps its own small state, sees each record once and costs what changed.
 * It judges by ground truth: records of the world, true clocks (world queries), not what a node
 * believes. */
struct muster_property {
    const char *name;
    const char *rule;    /* what must hold, one sentence */
    const char *explain; /* a paragraph for `muster explain`: why, source, what a violation means */
    enum muster_property_class class;
    uint32_t assumes;      /* MUSTER_ASSUME_* */
    bool by_default;       /* judged in every scenario, not only where it is named */
    const uint16_t *kinds; /* records it wants to see, ends with 0; null for all */
    size_t (*size)(const struct muster_world *w);
    void (*init)(void *self, const struct muster_world *w); /* memory comes zeroed; may be null */
    void (*see)(void *self, struct muster_world *w,
                const struct muster_record *r);      /* may be null */
    void (*end)(void *self, struct muster_world *w); /* after the last event; may be null */
};

/* Called by properties: the premise came true, so that it was put to the test … */
void muster_judged(struct muster_world *w);
/* … and it does not hold. Recorded once per property and run; the run stops unless told
 * otherwise. */
void muster_violated(struct muster_world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a property may ask of the world: ground truth. */
uint32_t muster_world_members(const struct muster_world *w); /* processes, twins included */
uint32_t muster_world_voters(const struct muster_world *w);  /* of any electorate */
/* What it was started with last: its electorate. */
const struct muster_place *muster_world_place(const struct muster_world *w, uint32_t process);
const char *muster_world_name(const struct muster_world *w, uint32_t process);
muster_time muster_world_now(const struct muster_world *w);
/* The true reading of a process's lease clock, also while it is paused or down. */
muster_time muster_world_clock(const struct muster_world *w, uint32_t process);
bool muster_world_running(const struct muster_world *w,
                          uint32_t process); /* not crashed; paused counts */
/* The config of the processes, as its table's config_load filled it. */
const void *muster_world_config(const struct muster_world *w);
/* Of one, as it was started with last. */
const void *muster_world_config_of(const struct muster_world *w, uint32_t process);
/* The process's state, for properties of one's own processes; null while it is down. */
const void *muster_world_state(const struct muster_world *w, uint32_t process);
/* Whether the process has kept to its memory so far: nothing has been written to the bytes before
 * and behind it. */
bool muster_world_bounded(const struct muster_world *w, uint32_t process);
/* When the last fault ended for good, so far; 0 if there was none. Liveness counts from here. */
muster_time muster_world_calm_since(const struct muster_world *w);

/* Everything a program brings along: its own and whatever it wants of ours. Lists end with null. */
struct muster_registry {
    const struct muster_process *const *processes;
    const struct muster_property *const *properties;
};

/* muster's own tables: process `muster` and the shipped properties. */
extern const struct muster_registry muster_registry_builtin;

/* The command line (docs/architecture.md, README). registry: one's own tables, added to the
 * built-in ones; may be null. Returns the exit code. */
int muster_main(int argc, char **argv, const struct muster_registry *registry);

#endif
