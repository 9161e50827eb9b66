/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a trace as they were at any of its records: fed the recorded inputs, held
 * against the recorded effects, forwards and backwards.
 *
 * A position is a number of records: at position N, records 1 to N have been taken in. */
#ifndef MUSTER_SIM_TRACE_PLAYER_H
#define MUSTER_SIM_TRACE_PLAYER_H

#include "sim/trace/trace.h"

struct muster_player;

/* At position 0, with the scenario that the trace brings along. Null after a complaint. The trace
 * must outlive it. */
struct muster_player *muster_player_open(const struct muster_trace *t,
                                         const struct muster_registry *registry,
                                         struct muster_diagnostics *d);
void muster_player_close(struct muster_player *p); /* may be null */

/* Compare only records with from <= t <= until, of one process or (MUSTER_NOBODY) of all. */
void muster_player_compare(struct muster_player *p, muster_time from, muster_time until,
                           uint16_t node);

/* Take in the next record; there must be one. Returns 0, MUSTER_E_NOSPACE when memory is short, or
 * MUSTER_E_INVALID with a divergence: then the position stays before the record that differs. */
int muster_player_step(struct muster_player *p, struct muster_divergence *divergence);
/* At the end of a complete trace: nothing may have been put out that no record has shown. Returns
 * 0, or MUSTER_E_INVALID with a divergence. */
int muster_player_finish(struct muster_player *p, struct muster_divergence *divergence);
/* Go to a position, at most the number of records. Going back costs a part of the way from the
 * start: copies of the processes are kept on the way. Errors as above; the position is then the
 * last one that could be reached. */
int muster_player_seek(struct muster_player *p, size_t position,
                       struct muster_divergence *divergence);

size_t muster_player_position(const struct muster_player *p);
/* What the trace brought along; lives as long as the player. */
const struct muster_scenario *muster_player_scenario(const struct muster_player *p);
/* The state of a process; null while it is down or has not been started. Valid until the position
 * changes. */
const void *muster_player_state(const struct muster_player *p, uint32_t process);
/* What its lease clock read at its last input. */
muster_time muster_player_clock(const struct muster_player *p, uint32_t process);

#endif
