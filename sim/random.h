/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness by name: one small generator per link, disk, process and fault, derived from the seed
 * and a stable name, so that a draw added in one place moves no other. Counter-based: SplitMix64
 * (Steele, Lea, Flood 2014) over key + n. Ratios are integers; nothing here is a float. */
#ifndef MUSTER_SIM_RANDOM_H
#define MUSTER_SIM_RANDOM_H

#include "core/types.h"

struct muster_random {
    uint64_t state;
};

/* Derive from a seed and a name; `salt` separates things with one name (incarnations, entries). */
static inline struct muster_random muster_random_named(uint64_t seed, const char *name,
                                                       uint64_t salt)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ seed * UINT64_C(0x9e3779b97f4a7c15);
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
    h = (h ^ salt) * UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    return (struct muster_random){h * UINT64_C(0xd6e8feb86659fd93)};
}

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

/* Uniform in [low, high]. */
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
