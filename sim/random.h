/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness by name: one generator (core/random.h) per link, disk, process and fault, derived from
 * the seed and a stable name, so that a draw added in one place moves no other. */
#ifndef MUSTER_SIM_RANDOM_H
#define MUSTER_SIM_RANDOM_H

#include "core/random.h"

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

#endif
