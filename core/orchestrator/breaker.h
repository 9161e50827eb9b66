/* SPDX-License-Identifier: Apache-2.0 */
/* The circuit breaker: stops the calls to something that keeps failing, and tries it again with one
 * probe at a time (SPEC 1).
 *
 *   state       event                              next state   and
 *   CLOSED      ask                                CLOSED       the call may go
 *   CLOSED      a call ended well                  CLOSED       one failure is taken off
 *   CLOSED      a call failed                      CLOSED       one failure more
 *   CLOSED        and failure_threshold is reached OPEN
 *   OPEN        ask                                OPEN         refused
 *   OPEN        recovery_timeout is over           HALF_OPEN    no success yet, no probe
 *   HALF_OPEN   ask, no probe under way            HALF_OPEN    the call may go: it is the probe
 *   HALF_OPEN   ask, a probe under way             HALF_OPEN    refused
 *   HALF_OPEN   the probe ended well               HALF_OPEN    one success more, no probe
 *   HALF_OPEN     and success_threshold is reached CLOSED       no failure
 *   HALF_OPEN   the probe failed                   OPEN
 *   HALF_OPEN   probe_timeout is over              OPEN         a stuck probe has failed
 *   any         any other call ended               the same     not counted
 *
 * Every call that may go gets a ticket, and its end counts only while that ticket is current. Each
 * change of state and each probe makes the tickets before it void, so a call that began before the
 * circuit opened is never taken for the probe, nor a probe that was given up for the next one.
 *
 * Time is the lease clock. What time brings about happens at its own exact moment, however late the
 * next call comes: asking often and asking seldom give the same states.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_BREAKER_H
#define MUSTER_CORE_ORCHESTRATOR_BREAKER_H

#include "core/orchestrator/health.h"
#include "core/text.h"

#define MUSTER_BREAKER_THRESHOLD_MAX 1000000

struct muster_breaker_config {
    uint32_t failure_threshold;  /* failures that open it: 5; 1..MUSTER_BREAKER_THRESHOLD_MAX */
    uint32_t success_threshold;  /* probes that close it: 2; 1..MUSTER_BREAKER_THRESHOLD_MAX */
    muster_dur recovery_timeout; /* from OPEN to HALF_OPEN: 30 s; 1..MUSTER_INTEGER_MAX ns */
    muster_dur probe_timeout; /* of a probe: 0, which is recovery_timeout; ..MUSTER_INTEGER_MAX */
};

/* Plain data; fields are read by queries and tests, written here only, and are those of the last
 * call: muster_breaker_state knows what time has done since. */
struct muster_breaker {
    struct muster_breaker_config cfg;
    enum muster_circuit_state state; /* CLOSED, OPEN, HALF_OPEN; never UNKNOWN */
    uint32_t failures;               /* CLOSED: below failure_threshold */
    uint32_t successes;              /* HALF_OPEN: below success_threshold */
    bool probing;                    /* HALF_OPEN: a probe is under way */
    uint64_t ticket;                 /* the one that counts */
    uint64_t opened;                 /* how often it has opened */
    muster_time since;               /* the state began */
    muster_time until; /* OPEN: HALF_OPEN from then on; probing: given up then; else MUSTER_NEVER */
};

/* May a call go? */
struct muster_breaker_answer {
    bool go;
    bool probe;        /* go: it is the probe, to be given up within probe_timeout */
    uint64_t ticket;   /* go: for muster_breaker_end */
    muster_time until; /* refused: no call may go before, unless the probe ends; go: 0 */
};

void muster_breaker_defaults(struct muster_breaker_config *cfg);
/* The first field whose value is out of its range; null when all are well. */
const char *muster_breaker_check(const struct muster_breaker_config *cfg);

/* CLOSED, without failures. cfg is copied; muster_breaker_check has found nothing (asserted). */
void muster_breaker_init(struct muster_breaker *b, const struct muster_breaker_config *cfg,
                         muster_time now);

/* May a call go now? When it may, it is taken to go: a probe is under way from here. */
struct muster_breaker_answer muster_breaker_ask(struct muster_breaker *b, muster_time now);
/* The call with this ticket ended; at the very moment of its timeout a probe is late. Whoever gives
 * a probe up says that it failed. Returns whether the end counted. */
bool muster_breaker_end(struct muster_breaker *b, muster_time now, uint64_t ticket, bool ok);
/* Let time do its part; the other calls do so by themselves. */
void muster_breaker_tick(struct muster_breaker *b, muster_time now);

/* When time changes the state next; MUSTER_NEVER: it does not. */
muster_time muster_breaker_deadline(const struct muster_breaker *b);
enum muster_circuit_state muster_breaker_state(const struct muster_breaker *b, muster_time now);
/* For people: "CLOSED, 2 of 5 failures", "OPEN, a probe may go in 18s", "HALF_OPEN, 1 of 2
 * successes, probing". */
void muster_breaker_describe(const struct muster_breaker *b, muster_time now,
                             struct muster_text *t);

#endif
