/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks of a real machine. Needs nothing but libc, for tools that do without the loop. */
#ifndef MUSTER_LIVE_CLOCK_H
#define MUSTER_LIVE_CLOCK_H

#include "core/types.h"

/* The lease clock: CLOCK_BOOTTIME, which goes on while the machine sleeps (SPEC R6); ns. Ends the
 * program when the system has no such clock. */
muster_time muster_live_clock(void);
/* The wall clock in ms since 1970, for people only. */
uint64_t muster_live_wall(void);

#endif
