/* SPDX-License-Identifier: Apache-2.0 */
/* Consensus over votes: the electorate is what is configured, never what happens to be present. */
#include "core/coordinator/votes.h"

#include <assert.h>

#define ANSWERS 4 /* both enums have an UNKNOWN of 0 and three values */

/* The answer with most votes and how many it has; UNKNOWN (0) is not counted. */
static uint32_t most(const uint32_t count[ANSWERS], uint32_t *votes)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < ANSWERS; i++)
        if (count[i] > (best ? count[best] : 0))
            best = i;
    *votes = best ? count[best] : 0;
    return best;
}

struct muster_decision muster_votes_decide(const struct muster_vote *vote, uint32_t voters,
                                           uint32_t threshold_ppm)
{
    assert(voters > 0 && voters <= MUSTER_VOTERS_MAX);
    struct muster_decision d = {.needed = muster_config_votes_needed(voters, threshold_ppm)};
    uint32_t circuit[ANSWERS] = {0}, mode[ANSWERS] = {0};
    for (uint32_t i = 0; i < voters; i++) {
        if (!vote[i].fresh)
            continue;
        assert(vote[i].circuit < ANSWERS && vote[i].mode < ANSWERS);
        d.voting++;
        circuit[vote[i].circuit]++;
        mode[vote[i].mode]++;
    }
    if (d.voting < d.needed) {
        d.outcome = MUSTER_OUTCOME_NO_QUORUM;
        return d;
    }
    uint32_t circuit_votes, mode_votes;
    uint32_t circuit_answer = most(circuit, &circuit_votes);
    uint32_t mode_answer = most(mode, &mode_votes);
    if (circuit_votes < d.needed || mode_votes < d.needed) {
        d.outcome = MUSTER_OUTCOME_SPLIT_BRAIN;
        return d;
    }
    uint32_t weaker = circuit_votes < mode_votes ? circuit_votes : mode_votes;
    d.outcome = MUSTER_OUTCOME_DECIDED;
    d.circuit = (enum muster_circuit_state)circuit_answer;
    d.mode = (enum muster_fallback_mode)mode_answer;
    d.strength_ppm = (uint32_t)((uint64_t)weaker * MUSTER_PPM / voters);
    return d;
}
