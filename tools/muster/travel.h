/* SPDX-License-Identifier: Apache-2.0 */
/* `muster replay --at` and `--step`: the state of a trace's processes at any of its records. */
#ifndef MUSTER_TOOLS_TRAVEL_H
#define MUSTER_TOOLS_TRAVEL_H

#include "sim/trace/player.h"

#include <stdio.h>

/* What was asked for. */
struct muster_travel {
    const char *at;    /* a time or the number of a record; null: the end, for --step the start */
    const char *state; /* names with commas between, or "all"; null: all, for --step none */
    bool step;
};

/* One trace on the way. */
struct muster_traveller {
    const struct muster_trace *trace;
    struct muster_player *player;
    bool shown[MUSTER_PROCESSES_MAX]; /* whose state is to be printed */
};

/* Print the states that were asked for, or walk. Returns an exit code; complaints that are no
 * diagnostics go to standard error. */
int muster_travel_run(const struct muster_travel *x, const struct muster_trace *t,
                      const struct muster_registry *registry, struct muster_diagnostics *d);

/* ---- between travel.c, instant.c and step.c ---- */

/* The position behind a record ("812") or behind all that happened up to a time ("12.5s"; "+2s":
 * since the first record). False, with a line for a person, when it is neither or lies outside. */
bool muster_travel_position(const struct muster_trace *t, const char *word, size_t *position,
                            char *problem, size_t size);
/* The index of a process by name, complaining as above. */
bool muster_travel_process(const struct muster_trace *t, const char *name, uint16_t *process,
                           char *problem, size_t size);
/* Go there; tells a divergence and returns an exit code. */
int muster_travel_go(struct muster_traveller *x, size_t position);
/* Walk by commands from standard input, single keys when it is a terminal. */
int muster_travel_step(struct muster_traveller *x);

/* The record that led to where the traveller is, as a line. */
void muster_instant_record(const struct muster_traveller *x);
/* What a process is there; which datagrams are on their way and which faults last. */
void muster_instant_process(const struct muster_traveller *x, uint16_t process);
void muster_instant_world(const struct muster_traveller *x);
/* And what the store holds, where the run can be repeated. */
void muster_instant_store(const struct muster_traveller *x);

#endif
