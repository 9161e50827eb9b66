/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the fuzzer's plans give one another. Not for others. */
#ifndef MUSTER_SIM_FUZZ_INSIDE_H
#define MUSTER_SIM_FUZZ_INSIDE_H

#include "sim/fuzz/plan.h"

/* Faults are kept away from the first moments, in which voters write their first state. */
#define PLAN_FIRST (2 * MUSTER_SECOND)

#define X(id, name, what) | MUSTER_ASSUME_##id
enum { PLAN_ASSUMPTIONS = 0 MUSTER_ASSUMPTIONS(X) }; /* all there are */
#undef X

/* Between low and high, every order of magnitude alike. 0 < low. */
uint64_t draw_wide(struct muster_random *r, uint64_t low, uint64_t high);
/* One of the bits that are set; 0 for none. */
uint32_t draw_bit(struct muster_random *r, uint64_t set);

/* entry.c: a whole entry of a kind that the plan allows; false when it cannot be had. */
bool entry_draw(struct muster_plan_entry *e, const struct muster_plan *p,
                const struct muster_plan_frame *f, uint32_t fault, struct muster_random *r);
/* What it does and to whom, anew. */
bool entry_draw_what(struct muster_plan_entry *e, const struct muster_plan *p,
                     const struct muster_plan_frame *f, struct muster_random *r);
/* When, and for how long. */
void entry_draw_when(struct muster_plan_entry *e, const struct muster_plan *p,
                     const struct muster_plan_frame *f, struct muster_random *r);
/* How it lasts. */
enum entry_kind { ENTRY_INSTANT, ENTRY_LASTS, ENTRY_EITHER };
enum entry_kind entry_kind(uint32_t fault);

/* draw.c: the conditions of a plan that is drawn from nothing. */
void draw_network(struct muster_plan *p, struct muster_random *r);
void draw_clocks(struct muster_plan *p, const struct muster_plan_frame *f, struct muster_random *r);
void draw_disk(struct muster_plan *p, struct muster_random *r);

/* plan.c: put entries into bounds and order. */
void plan_repair(struct muster_plan *p);
/* Faults that a scenario of this make allows. */
uint64_t plan_allowed(const struct muster_scenario *s, const struct muster_plan_frame *f);
/* How long it has to be quiet at the end, for liveness to be judged. */
muster_dur plan_quiet(const struct muster_scenario *s);

#endif
