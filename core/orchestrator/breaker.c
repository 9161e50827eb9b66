/* SPDX-License-Identifier: Apache-2.0 */
/* The circuit breaker: see breaker.h. */
#include "core/orchestrator/breaker.h"

#include <assert.h>
#include <string.h>

#define FAILURES  5
#define SUCCESSES 2
#define RECOVERY  (30 * MUSTER_SECOND)

void muster_breaker_defaults(struct muster_breaker_config *cfg)
{
    *cfg = (struct muster_breaker_config){.failure_threshold = FAILURES,
                                          .success_threshold = SUCCESSES,
                                          .recovery_timeout = RECOVERY};
}

static bool is_threshold(uint32_t value)
{
    return value >= 1 && value <= MUSTER_BREAKER_THRESHOLD_MAX;
}

const char *muster_breaker_check(const struct muster_breaker_config *cfg)
{
    if (!is_threshold(cfg->failure_threshold))
        return "failure_threshold";
    if (!is_threshold(cfg->success_threshold))
        return "success_threshold";
    if (cfg->recovery_timeout == 0 || cfg->recovery_timeout > MUSTER_INTEGER_MAX)
        return "recovery_timeout";
    return cfg->probe_timeout > MUSTER_INTEGER_MAX ? "probe_timeout" : NULL;
}

/* Begin a state, without counts and without a probe; what was under way no longer counts. */
static void enter(struct muster_breaker *b, enum muster_circuit_state state, muster_time at,
                  muster_time until)
{
    b->state = state;
    b->failures = b->successes = 0;
    b->probing = false;
    b->ticket++;
    b->since = at;
    b->until = until;
}

static void trip(struct muster_breaker *b, muster_time at)
{
    assert(b->state != MUSTER_CIRCUIT_OPEN);
    enter(b, MUSTER_CIRCUIT_OPEN, at, muster_time_add(at, b->cfg.recovery_timeout));
    b->opened++;
}

/* A time that was cut off at MUSTER_NEVER never comes. */
static bool is_due(const struct muster_breaker *b, muster_time now)
{
    return b->until != MUSTER_NEVER && now >= b->until;
}

void muster_breaker_init(struct muster_breaker *b, const struct muster_breaker_config *cfg,
                         muster_time now)
{
    assert(!muster_breaker_check(cfg));
    memset(b, 0, sizeof *b);
    b->cfg = *cfg;
    if (b->cfg.probe_timeout == 0)
        b->cfg.probe_timeout = b->cfg.recovery_timeout;
    enter(b, MUSTER_CIRCUIT_CLOSED, now, MUSTER_NEVER);
}

void muster_breaker_tick(struct muster_breaker *b, muster_time now)
{
    /* At most both: a probe that hung, and the wait after it. */
    if (b->state == MUSTER_CIRCUIT_HALF_OPEN && is_due(b, now))
        trip(b, b->until);
    if (b->state == MUSTER_CIRCUIT_OPEN && is_due(b, now))
        enter(b, MUSTER_CIRCUIT_HALF_OPEN, b->until, MUSTER_NEVER);
}

struct muster_breaker_answer muster_breaker_ask(struct muster_breaker *b, muster_time now)
{
    muster_breaker_tick(b, now);
    if (b->state == MUSTER_CIRCUIT_OPEN || b->probing)
        return (struct muster_breaker_answer){.until = b->until};
    bool probe = b->state == MUSTER_CIRCUIT_HALF_OPEN;
    if (probe) {
        b->probing = true;
        b->ticket++;
        b->until = muster_time_add(now, b->cfg.probe_timeout);
    }
    return (struct muster_breaker_answer){.go = true, .probe = probe, .ticket = b->ticket};
}

static void probe_ended(struct muster_breaker *b, muster_time now, bool ok)
{
    if (!ok) {
        trip(b, now);
    } else if (b->successes + 1 >= b->cfg.success_threshold) {
        enter(b, MUSTER_CIRCUIT_CLOSED, now, MUSTER_NEVER);
    } else {
        b->successes++;
        b->probing = false;
        b->until = MUSTER_NEVER;
    }
}

static void call_ended(struct muster_breaker *b, muster_time now, bool ok)
{
    if (ok)
        b->failures -= b->failures > 0;
    else if (b->failures + 1 >= b->cfg.failure_threshold)
        trip(b, now);
    else
        b->failures++;
}

bool muster_breaker_end(struct muster_breaker *b, muster_time now, uint64_t ticket, bool ok)
{
    muster_breaker_tick(b, now);
    bool call = b->state == MUSTER_CIRCUIT_CLOSED;
    if (ticket != b->ticket || (!call && !b->probing))
        return false;
    if (call)
        call_ended(b, now, ok);
    else
        probe_ended(b, now, ok);
    return true;
}

muster_time muster_breaker_deadline(const struct muster_breaker *b)
{
    assert(b->state != MUSTER_CIRCUIT_CLOSED || b->until == MUSTER_NEVER);
    return b->until;
}

enum muster_circuit_state muster_breaker_state(const struct muster_breaker *b, muster_time now)
{
    struct muster_breaker then = *b;
    muster_breaker_tick(&then, now);
    return then.state;
}

static void add_count(struct muster_text *t, uint32_t count, uint32_t of, const char *what)
{
    muster_text_add(t, ", ");
    muster_text_add_u64(t, count);
    muster_text_add(t, " of ");
    muster_text_add_u64(t, of);
    muster_text_add(t, what);
}

void muster_breaker_describe(const struct muster_breaker *b, muster_time now, struct muster_text *t)
{
    struct muster_breaker then = *b;
    muster_breaker_tick(&then, now);
    assert(then.state != MUSTER_CIRCUIT_UNKNOWN);
    muster_text_add(t, muster_circuit_text(then.state));
    switch (then.state) {
    case MUSTER_CIRCUIT_CLOSED:
        add_count(t, then.failures, then.cfg.failure_threshold, " failures");
        break;
    case MUSTER_CIRCUIT_OPEN:
        muster_text_add(t, ", a probe may go in ");
        muster_text_add_duration(t, muster_time_since(then.until, now));
        break;
    case MUSTER_CIRCUIT_UNKNOWN: /* of others only */
    case MUSTER_CIRCUIT_HALF_OPEN:
        add_count(t, then.successes, then.cfg.success_threshold, " successes");
        muster_text_add(t, then.probing ? ", probing" : "");
        break;
    }
}
