/* SPDX-License-Identifier: Apache-2.0 */
/* An input of `muster fuzz`: a scenario by chance. Drawn, or mutated from one that was worth
 * keeping, and written as an ordinary scenario; that text is what runs, so everything that is found
 * is a scenario already.
 *
 * A plan has two halves. Until `calm` faults strike; then whoever is down is restarted, and what
 * follows is quiet for as long as liveness needs to be judged. Every fault lies inside the
 * assumptions of the scenario: what one gives up, its faults may break.
 *
 * Nothing but the numbers that go in decides what comes out: no time, no address, no hash. */
#ifndef MUSTER_SIM_FUZZ_PLAN_H
#define MUSTER_SIM_FUZZ_PLAN_H

#include "core/random.h"
#include "core/text.h"
#include "sim/scenario/scenario.h"

#define MUSTER_PLAN_ENTRIES_MAX 48
#define MUSTER_PLAN_WHAT_MAX    192
#define MUSTER_PLAN_HEAD_MAX    8192
#define MUSTER_PLAN_PART_MAX    512
#define MUSTER_PLAN_TEXT_MAX    32768 /* of a plan as YAML */

/* What all plans of one campaign have in common. */
struct muster_plan_frame {
    uint32_t members;
    const char *names[MUSTER_MEMBERS_MAX];
    struct muster_fuzz_bounds bounds;
    const struct muster_plan *base; /* a scenario's own; null: plans are drawn from nothing */
};

struct muster_plan_entry {
    uint8_t fault; /* enum muster_fault */
    bool pinned;   /* the scenario's own: stays as it is */
    bool whenever;
    uint16_t event;                  /* kind of the record that fires it; 0: a time does */
    muster_time at, until;           /* until: of an event */
    muster_dur then, lasts;          /* lasts: 0 for good, or an instant */
    char what[MUSTER_PLAN_WHAT_MAX]; /* the verb and its keys: "crash: leader, disk: torn" */
};

struct muster_plan {
    uint64_t seed; /* of the world */
    muster_dur duration;
    muster_time calm;
    uint32_t voters, replicas, targets;
    uint32_t assumptions;     /* MUSTER_ASSUME_* that hold */
    uint32_t drift_ppm;       /* that clocks may have while that assumption holds */
    muster_dur pace;          /* renew_every, or a tenth of the duration: what `soon` means here */
    uint64_t allowed;         /* a bit for each enum muster_fault that may strike */
    const char *const *notes; /* of a process that is not ours, ends with null; else null */
    char target[MUSTER_NAME_MAX + 1];   /* one to be misused; empty: none */
    char anomaly[MUSTER_NAME_MAX + 1];  /* a type that a policy speaks of; empty: none */
    char head[MUSTER_PLAN_HEAD_MAX];    /* sections as YAML, but for those below */
    char network[MUSTER_PLAN_PART_MAX]; /* one line, or nothing */
    char clocks[MUSTER_PLAN_PART_MAX];
    char disk[MUSTER_PLAN_PART_MAX];
    uint32_t count;
    struct muster_plan_entry entry[MUSTER_PLAN_ENTRIES_MAX];
};

/* Frames: from nothing but a number of nodes (1..MUSTER_MEMBERS_MAX), or from a scenario, whose
 * plan goes into *base. Both outlive the frame. Of a scenario that is too large to be written
 * again, or has more entries than a plan, *problem says so and false comes back. */
void muster_plan_frame_empty(struct muster_plan_frame *f, uint32_t nodes);
bool muster_plan_frame_of(struct muster_plan_frame *f, struct muster_plan *base,
                          const struct muster_scenario *s, const char **problem);

/* A plan drawn for a seed. */
void muster_plan_draw(struct muster_plan *p, const struct muster_plan_frame *f, uint64_t seed);
/* A mutation of one, with entries of another (which may be the same). */
void muster_plan_mutate(struct muster_plan *p, const struct muster_plan_frame *f,
                        const struct muster_plan *from, const struct muster_plan *other,
                        uint64_t seed);

/* As YAML. Never cut: what a plan can hold fits. Returns the length. */
size_t muster_plan_write(const struct muster_plan *p, char text[MUSTER_PLAN_TEXT_MAX]);
/* Back from a scenario that was loaded from such a text. False when it has other members than the
 * frame, or does not fit. */
bool muster_plan_read(struct muster_plan *p, const struct muster_plan_frame *f,
                      const struct muster_scenario *s);

#endif
