/* SPDX-License-Identifier: Apache-2.0 */
/* The origin's leader lock, as one member sees it: who asks, how long it holds, when it is given
 * back.
 *
 *   FREE --take--> taking --the store says yes--> HELD --renewals--> HELD
 *   HELD --another's or gone in the store, time is up, dropped--> FREE
 *
 * It holds until LOCK_TTL - margin after the sending of the newest TAKE or RENEW that the store has
 * acknowledged, on the own clock: whether it holds is never believed for longer than the store can
 * keep the key. A renewal that fails is repeated every retry_every while it holds, after the next
 * reading if its outcome is not known. What is dropped is deleted by a script that compares;
 * if that fails the key ends with its TTL, or is found.
 *
 * The lock names an id and nothing else. So a command of an earlier life, or one that was held up,
 * cannot be told from a present one: a late RELEASE deletes the lock that the same member has taken
 * since (docs/guarantees.md).
 */
#ifndef MUSTER_CORE_COORDINATOR_ASTRA_LOCK_H
#define MUSTER_CORE_COORDINATOR_ASTRA_LOCK_H

#include "core/coordinator/astra_wire.h"

struct muster_astra_lock {
    muster_dur usable;      /* LOCK_TTL - margin */
    muster_dur retry_every; /* after a failure */
    bool held;
    muster_time since; /* sending of the newest acknowledged TAKE or RENEW */
    muster_time until; /* it holds before this; 0: it does not */
    uint64_t taken;    /* the store's clock when it was taken, us since 1970 */
    uint64_t renewals; /* acknowledged since then */
    muster_time renew_at, release_at;
    muster_time take_from;           /* not before, after a refusal */
    bool must_read;                  /* the last script's outcome is not known */
    enum muster_astra_script script; /* running or wanted */
    bool running;
    muster_time sent; /* of the script that runs */
};

/* What became of the lock. */
enum muster_astra_news {
    MUSTER_ASTRA_SAME,
    MUSTER_ASTRA_TAKEN,
    MUSTER_ASTRA_EXTENDED,
    MUSTER_ASTRA_LOST,     /* another's, or gone */
    MUSTER_ASTRA_RELEASED, /* given back */
};

/* Whom a reading shows in the lock. */
enum muster_astra_holder { MUSTER_ASTRA_NOBODY, MUSTER_ASTRA_OWN, MUSTER_ASTRA_OTHER };

void muster_astra_lock_init(struct muster_astra_lock *l, const struct muster_config *cfg);

/* May it be asked for now? */
bool muster_astra_lock_is_idle(const struct muster_astra_lock *l);
/* Ask for it; only while idle and not held. */
void muster_astra_lock_take(struct muster_astra_lock *l);
/* No more held, and given back `at` (MUSTER_NEVER: it is not there any more). */
void muster_astra_lock_drop(struct muster_astra_lock *l, muster_time at);
/* A key of the own name that nobody holds: give it back. Only while idle and not held. */
void muster_astra_lock_clear(struct muster_astra_lock *l);

/* Time passes: a renewal or a release becomes wanted. `until` is for the caller to see. */
void muster_astra_lock_tick(struct muster_astra_lock *l, muster_time now);
muster_time muster_astra_lock_deadline(const struct muster_astra_lock *l);

/* The wanted script was handed to the store. */
void muster_astra_lock_sent(struct muster_astra_lock *l, muster_time now);
/* It ended with a reply, which is no error; or (failed) with an error or without one. unknown:
 * perhaps it was executed. */
enum muster_astra_news muster_astra_lock_done(struct muster_astra_lock *l,
                                              struct muster_bytes reply);
void muster_astra_lock_failed(struct muster_astra_lock *l, bool unknown);
/* A reading, sent at `asked`, shows the lock. */
enum muster_astra_news muster_astra_lock_seen(struct muster_astra_lock *l, muster_time asked,
                                              enum muster_astra_holder holder);

#endif
