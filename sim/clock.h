/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual clock: true time in, its own reading out, with offset, drift and steps. A line per
 * stretch: reading = base_reading + elapsed + elapsed * drift / 10^6, exact integers. */
#ifndef MUSTER_SIM_CLOCK_H
#define MUSTER_SIM_CLOCK_H

#include "core/types.h"

struct muster_clock {
    muster_time base_true, base_reading;
    int32_t drift_ppm;
};

#define MUSTER_DRIFT_MAX_PPM 900000 /* a clock may run at a tenth or nearly twice of true time */

muster_time muster_clock_read(const struct muster_clock *c, muster_time t);
/* The first true time at which the clock reads at least `reading`; MUSTER_NEVER stays
 * MUSTER_NEVER. */
muster_time muster_clock_when(const struct muster_clock *c, muster_time reading);
/* From t on: step (may be negative: the reading stops at 0) and new drift. */
void muster_clock_change(struct muster_clock *c, muster_time t, int64_t step, int32_t drift_ppm);

#endif
