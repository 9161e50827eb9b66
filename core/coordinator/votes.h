/* SPDX-License-Identifier: Apache-2.0 */
/* Consensus over the votes of the configured voters (SPEC 2), as a pure function. */
#ifndef MUSTER_CORE_COORDINATOR_VOTES_H
#define MUSTER_CORE_COORDINATOR_VOTES_H

#include "core/config.h"
#include "core/orchestrator/health.h"

enum muster_outcome {
    MUSTER_OUTCOME_NONE = 0,
    MUSTER_OUTCOME_DECIDED = 1,
    MUSTER_OUTCOME_NO_QUORUM = 2, /* fewer fresh votes than needed: nothing is applied */
    MUSTER_OUTCOME_SPLIT_BRAIN =
        3, /* enough votes, but no answer has enough of them: nothing is applied */
};

struct muster_vote {
    bool fresh; /* of the current incarnation, sequence advanced within three heartbeats */
    enum muster_circuit_state circuit;
    enum muster_fallback_mode mode;
};

/* ConsensusDecision of the origin; leader and epoch are added by the caller. */
struct muster_decision {
    enum muster_outcome outcome;
    enum muster_circuit_state circuit; /* UNKNOWN unless decided */
    enum muster_fallback_mode mode;
    uint32_t voting; /* fresh votes */
    uint32_t needed;
    uint32_t strength_ppm; /* the smaller majority, as a share of the configured voters */
};

/* voters: length of vote[], the configured number, present or not. UNKNOWN agrees with nothing, not
 * even with another UNKNOWN. */
struct muster_decision muster_votes_decide(const struct muster_vote *vote, uint32_t voters,
                                           uint32_t threshold_ppm);

#endif
