/* SPDX-License-Identifier: Apache-2.0 */
/* The fallback manager: which mode a member works in, and why (SPEC 1).
 *
 * Two modes are kept apart. `local` follows from the own health alone; it is what the member votes
 * for. `mode` is in force: it moves with local when local changes, and is set by a decision of the
 * cluster or by a safe_mode action that succeeded, until one of them moves it again.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_FALLBACK_H
#define MUSTER_CORE_ORCHESTRATOR_FALLBACK_H

#include "core/orchestrator/health.h"
#include "core/port.h"

#define MUSTER_FALLBACK_FAILED_COMPONENTS 2  /* at least: SAFE */
#define MUSTER_FALLBACK_RETRY_FAILURES    50 /* more than: HEURISTIC */

/* Why the mode changed, in the note FALLBACK. The order is part of the trace format: append. */
#define MUSTER_FALLBACK_CAUSES(X)                                                                  \
    X(NONE, "no sample yet")                                                                       \
    X(COMPONENTS, "too many failed components")                                                    \
    X(CIRCUIT, "circuit is open")                                                                  \
    X(RETRIES, "too many retry failures")                                                          \
    X(RECOVERED, "health allows it")                                                               \
    X(CONSENSUS, "decided by the cluster")                                                         \
    X(SAFE_MODE, "cascade of a safe_mode action")

enum muster_fallback_cause {
#define X(name, text) MUSTER_FALLBACK_##name,
    MUSTER_FALLBACK_CAUSES(X)
#undef X
        MUSTER_FALLBACK_CAUSE_COUNT
};

struct muster_fallback {
    muster_time since;    /* the mode in force is so since */
    uint64_t transitions; /* of the mode in force */
    enum muster_fallback_mode local;
    enum muster_fallback_mode mode;
    enum muster_fallback_cause cause; /* of the mode in force */
    uint32_t reserved;
};

/* Both modes UNKNOWN: nothing has been seen yet. */
void muster_fallback_init(struct muster_fallback *f);

/* The mode that a health sample calls for. What is unknown never makes it better: the present mode
 * stays, unless the known parts alone call for a worse one. *ret_cause is set when the result
 * differs from present. */
enum muster_fallback_mode muster_fallback_judge(const struct muster_health *health,
                                                enum muster_fallback_mode present,
                                                enum muster_fallback_cause *ret_cause);

/* A health sample was taken. Notes FALLBACK when the mode in force changes; so do the next two. */
void muster_fallback_observe(struct muster_fallback *f, muster_time now,
                             const struct muster_health *health, struct muster_effects *out);
/* A decision of the cluster sets the mode. False, and nothing changes, when the mode is UNKNOWN or
 * none. */
bool muster_fallback_decide(struct muster_fallback *f, muster_time now, uint64_t mode,
                            struct muster_effects *out);
/* A safe_mode action succeeded: SAFE. */
void muster_fallback_cascade(struct muster_fallback *f, muster_time now,
                             struct muster_effects *out);

const char *muster_fallback_cause_text(uint64_t cause);

#endif
