/* SPDX-License-Identifier: Apache-2.0 */
/* Retries: see retry.h. */
#include "core/orchestrator/retry.h"

#include <assert.h>

#define ATTEMPTS 3
#define BASE     (500 * MUSTER_MILLISECOND)
#define CAP      (8 * MUSTER_SECOND)
#define GROWTH   3 /* of a decorrelated wait over the last one, at most */

_Static_assert(MUSTER_INTEGER_MAX < MUSTER_NEVER / GROWTH, "no sum or product of waits wraps");

void muster_retry_defaults(struct muster_retry_config *cfg)
{
    *cfg = (struct muster_retry_config){.max_attempts = ATTEMPTS,
                                        .base = BASE,
                                        .cap = CAP,
                                        .jitter = MUSTER_JITTER_FULL};
}

const char *muster_retry_check(const struct muster_retry_config *cfg)
{
    if (cfg->max_attempts == 0 || cfg->max_attempts > MUSTER_RETRY_ATTEMPTS_MAX)
        return "max_attempts";
    if (cfg->cap > MUSTER_INTEGER_MAX)
        return "cap";
    if (cfg->base == 0 || cfg->base > cfg->cap)
        return "base";
    return (uint32_t)cfg->jitter > MUSTER_JITTER_DECORRELATED ? "jitter" : NULL;
}

void muster_retry_init(struct muster_retry *r, const struct muster_retry_config *cfg, uint64_t seed)
{
    assert(!muster_retry_check(cfg));
    *r = (struct muster_retry){.cfg = *cfg, .random = {seed}, .last = cfg->base};
}

/* Doubling ends at the cap, after at most 53 rounds, whatever the attempt. */
static muster_dur ceiling(const struct muster_retry_config *cfg, uint32_t attempt)
{
    muster_dur wait = cfg->base;
    for (uint32_t n = 2; n < attempt && wait < cfg->cap; n++)
        wait *= 2;
    return muster_time_min(wait, cfg->cap);
}

static muster_dur draw(struct muster_retry *r, uint32_t attempt)
{
    muster_dur top = ceiling(&r->cfg, attempt);
    switch (r->cfg.jitter) {
    case MUSTER_JITTER_FULL:
        return muster_random_between(&r->random, 0, top);
    case MUSTER_JITTER_EQUAL:
        return muster_random_between(&r->random, top / 2, top);
    case MUSTER_JITTER_DECORRELATED:
        break;
    }
    top = muster_random_between(&r->random, r->cfg.base, GROWTH * r->last);
    return muster_time_min(top, r->cfg.cap);
}

bool muster_retry_wait(struct muster_retry *r, uint32_t attempt, muster_dur *ret_wait)
{
    assert(attempt > 0);
    if (attempt > r->cfg.max_attempts)
        return false;
    if (attempt == 1) {
        r->last = r->cfg.base;
        *ret_wait = 0;
        return true;
    }
    r->last = draw(r, attempt);
    assert(r->last <= r->cfg.cap);
    *ret_wait = r->last;
    return true;
}
