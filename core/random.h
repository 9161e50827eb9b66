/* SPDX-License-Identifier: Apache-2.0 */
/* A small seeded generator: SplitMix64 (Steele, Lea, Flood 2014), a counter with a mixing function.
 * Its state lies in the object that draws, so that a draw added in one moves no other. Not for
 * secrets. Ratios are integers; nothing here is a float. */
#ifndef MUSTER_CORE_RANDOM_H
#define MUSTER_CORE_RANDOM_H

#include "core/types.h"

struct muster_random {
    uint64_t state; /* begins as the seed; every value will do */
};

static inline uint64_t muster_random_next(struct muster_random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Uniform in [0, n), n > 0. */
static inline uint64_t muster_random_below(struct muster_random *r, uint64_t n)
{
    if (n <=
        UINT32_MAX) /* bias below 2^-32 for small n: nobody can tell, and one draw is one draw */
        return (muster_random_next(r) >> 32) * n >> 32;
    uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    uint64_t v = muster_random_next(r);
    while (v >= limit)
        v = muster_random_next(r);
    return v % n;
}

/* Uniform in [low, high]; high - low below UINT64_MAX. */
static inline uint64_t muster_random_between(struct muster_random *r, uint64_t low, uint64_t high)
{
    return high > low ? low + muster_random_below(r, high - low + 1) : low;
}

/* True with a probability in parts per million. */
static inline bool muster_random_chance(struct muster_random *r, uint32_t ppm)
{
    return ppm > 0 && muster_random_below(r, MUSTER_PPM) < ppm;
}

#endif
