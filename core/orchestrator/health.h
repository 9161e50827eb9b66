/* SPDX-License-Identifier: Apache-2.0 */
/* A health sample (SPEC 1), its text form, its score.
 *
 * The text is one line of tokens, in any order, separated by blanks:
 *   system=HEALTHY|DEGRADED|FAILED|UNKNOWN failed=N degraded=N total=N
 *   circuit=CLOSED|OPEN|HALF_OPEN|UNKNOWN open_s=N
 *   retry=STABLE|ELEVATED|CRITICAL|UNKNOWN failures_1h=N
 *   fallback=PRIMARY|HEURISTIC|SAFE accuracy_ppm=N component.NAME=STATUS
 * What is missing, misspelt or malformed is UNKNOWN, never healthy and never a crash. JSON becomes
 * this text at the edge, so the core parses without allocation.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_HEALTH_H
#define MUSTER_CORE_ORCHESTRATOR_HEALTH_H

#include "core/types.h"

enum muster_system_status {
    MUSTER_SYSTEM_UNKNOWN,
    MUSTER_SYSTEM_HEALTHY,
    MUSTER_SYSTEM_DEGRADED,
    MUSTER_SYSTEM_FAILED
};
enum muster_circuit_state {
    MUSTER_CIRCUIT_UNKNOWN,
    MUSTER_CIRCUIT_CLOSED,
    MUSTER_CIRCUIT_HALF_OPEN,
    MUSTER_CIRCUIT_OPEN
};
enum muster_retry_state {
    MUSTER_RETRY_UNKNOWN,
    MUSTER_RETRY_STABLE,
    MUSTER_RETRY_ELEVATED,
    MUSTER_RETRY_CRITICAL
};
enum muster_fallback_mode {
    MUSTER_MODE_UNKNOWN,
    MUSTER_MODE_PRIMARY,
    MUSTER_MODE_HEURISTIC,
    MUSTER_MODE_SAFE
};
enum muster_health_class { MUSTER_HEALTH_FAILED, MUSTER_HEALTH_DEGRADED, MUSTER_HEALTH_HEALTHY };

#define MUSTER_COUNT_UNKNOWN UINT64_MAX /* a number that was not reported */

struct muster_health {
    enum muster_system_status system;
    uint64_t failed_components, degraded_components, total_components;
    enum muster_circuit_state circuit;
    muster_dur open_duration; /* MUSTER_NEVER when not reported */
    enum muster_retry_state retry;
    uint64_t failures_1h;
    enum muster_fallback_mode fallback;
    uint64_t accuracy_ppm;
    uint64_t unknown_components; /* `component.` tokens without a status: failed_components may be
                                    more */
};

/* Everything unknown. */
void muster_health_unknown(struct muster_health *h);
/* Parse; total by design. `component.` tokens count into failed/degraded/total when those are not
 * given; a retry state that is not given follows from failures_1h; a key given twice is malformed;
 * an unknown key is passed over. */
void muster_health_parse(struct muster_health *h, struct muster_bytes text);
/* 0.40 system + 0.35 circuit + 0.25 retry, in ppm. */
uint32_t muster_health_score(const struct muster_health *h);
enum muster_health_class muster_health_classify(uint32_t score_ppm);

const char *muster_circuit_text(uint64_t state);
const char *muster_mode_text(uint64_t mode);

#endif
