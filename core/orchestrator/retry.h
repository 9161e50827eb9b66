/* SPDX-License-Identifier: Apache-2.0 */
/* Retries: whether there is another attempt, and how long to wait before it (SPEC 1).
 *
 *   attempt             jitter         wait before it, every value equally likely
 *   1                   any            none
 *   2 .. max_attempts   FULL           0 .. ceiling
 *                       EQUAL          ceiling / 2 .. ceiling
 *                       DECORRELATED   base .. 3 x the wait before the last attempt (before the
 *                                      second: 3 x base), and what exceeds the cap is the cap
 *   above               any            there is none
 *
 * ceiling is base x 2^(attempt - 2), at most cap. The kinds are those of Marc Brooker, "Exponential
 * Backoff And Jitter", AWS Architecture Blog, 2015: doubling alone keeps those that failed together
 * in step; FULL spreads them best, EQUAL never waits for next to nothing, DECORRELATED forgets when
 * they began.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_RETRY_H
#define MUSTER_CORE_ORCHESTRATOR_RETRY_H

#include "core/random.h"

#define MUSTER_RETRY_ATTEMPTS_MAX 1000000

enum muster_jitter { MUSTER_JITTER_FULL, MUSTER_JITTER_EQUAL, MUSTER_JITTER_DECORRELATED };

struct muster_retry_config {
    uint32_t max_attempts; /* with the first one: 3; 1..MUSTER_RETRY_ATTEMPTS_MAX */
    muster_dur base;       /* 500 ms; 1 ns..cap */
    muster_dur cap;        /* of every wait: 8 s; ..MUSTER_INTEGER_MAX ns */
    enum muster_jitter jitter;
};

/* Of one thing that is tried again; plain data, written here only. */
struct muster_retry {
    struct muster_retry_config cfg;
    struct muster_random random;
    muster_dur last; /* the wait before the last attempt; base before there was one */
};

void muster_retry_defaults(struct muster_retry_config *cfg);
/* The first field whose value is out of its range; null when all are well. */
const char *muster_retry_check(const struct muster_retry_config *cfg);

/* cfg is copied; muster_retry_check has found nothing (asserted). Objects with one seed retry in
 * step, which is what jitter is against: give each its own. */
void muster_retry_init(struct muster_retry *r, const struct muster_retry_config *cfg,
                       uint64_t seed);

/* Is there an attempt with this number (1, 2, …), and how long is the wait before it, counted from
 * the end of the one before? False: there is none, and *ret_wait is untouched. Attempt 1 begins a
 * new series. */
bool muster_retry_wait(struct muster_retry *r, uint32_t attempt, muster_dur *ret_wait);

#endif
