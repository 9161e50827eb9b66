/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks of a real machine. */
#include "live/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct timespec read_clock(clockid_t clock, const char *name)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) {
        perror(name);
        exit(70); /* without a lease clock nothing that follows is safe */
    }
    return t;
}

muster_time muster_live_clock(void)
{
    struct timespec t = read_clock(CLOCK_BOOTTIME, "CLOCK_BOOTTIME");
    return (muster_time)t.tv_sec * MUSTER_SECOND + (muster_time)t.tv_nsec;
}

uint64_t muster_live_wall(void)
{
    struct timespec t = read_clock(CLOCK_REALTIME, "CLOCK_REALTIME");
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
