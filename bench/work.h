/* SPDX-License-Identifier: Apache-2.0 */
/* The work that every program of the comparison does: generator, hash, delays, payload. Equal
 * hashes prove equal work; bench/compare knows the reference ones. */
#ifndef MUSTER_BENCH_WORK_H
#define MUSTER_BENCH_WORK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WORK_SEED UINT64_C(42)
#define WORK_IN_FLIGHT 64
#define WORK_PAYLOAD 100

/* xoshiro256** for draws, FNV-1a over 64-bit words for the hash of what happened. */
struct work {
    uint64_t state[4];
    uint64_t hash;
};

static inline uint64_t work_rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static inline void work_begin(struct work *w)
{
    uint64_t seed = WORK_SEED;
    for (int i = 0; i < 4; i++) { /* splitmix64 spreads the seed over the state */
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = seed;
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        w->state[i] = z ^ z >> 31;
    }
    w->hash = UINT64_C(0xcbf29ce484222325);
}

/* A number below `bound`, which is below 2^32. */
static inline uint64_t work_draw(struct work *w, uint64_t bound)
{
    uint64_t *s = w->state;
    uint64_t drawn = work_rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = work_rotate(s[3], 45);
    return (drawn >> 32) * bound >> 32;
}

static inline void work_mix(struct work *w, uint64_t word)
{
    w->hash = (w->hash ^ word) * UINT64_C(0x100000001b3);
}

/* Timers fire after (0, 1 s]. */
static inline uint64_t work_delay(struct work *w)
{
    return 1 + work_draw(w, UINT64_C(1000000000));
}

/* Messages take 1 ms, give or take 0.2 ms. */
static inline uint64_t work_latency(struct work *w)
{
    return 800000 + work_draw(w, 400001);
}

/* Somebody else than oneself. */
static inline uint32_t work_peer(struct work *w, uint32_t self, uint32_t nodes)
{
    uint32_t drawn = (uint32_t)work_draw(w, nodes - 1);
    return drawn >= self ? drawn + 1 : drawn;
}

/* The payload of message k: its number, then k as every byte. */
static inline void work_fill(uint8_t payload[WORK_PAYLOAD], uint64_t k)
{
    memset(payload, (int)(k & 0xff), WORK_PAYLOAD);
    memcpy(payload, &k, sizeof k);
}

static inline double work_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The line that bench/compare reads; every program prints exactly this. */
static inline void work_report(const struct work *w, const char *bench, const char *peer,
                               uint32_t n, uint64_t events, double seconds, uint64_t simulated_ns)
{
    double rate = seconds > 0 ? (double)events / seconds : 0.0;
    printf("bench=%s peer=%s n=%" PRIu32 " events=%" PRIu64 " seconds=%.6f eps=%.0f", bench, peer,
           n, events, seconds, rate);
    printf(" hash=%016" PRIx64 " sim_s=%.3f\n", w->hash, (double)simulated_ns * 1e-9);
}

#endif
