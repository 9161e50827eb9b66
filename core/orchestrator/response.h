/* SPDX-License-Identifier: Apache-2.0 */
/* The words a phase policy answers in: decisions, and responses that stand for actions (SPEC 1). */
#ifndef MUSTER_CORE_ORCHESTRATOR_RESPONSE_H
#define MUSTER_CORE_ORCHESTRATOR_RESPONSE_H

#include "core/config.h"
#include "core/orchestrator/names.h"

/* What is decided about an anomaly, from weak to strong. */
#define MUSTER_DECISIONS(X)                                                                        \
    X(NO_ACTION)                                                                                   \
    X(LOG_ONLY)                                                                                    \
    X(ALERT_OPERATORS)                                                                             \
    X(CONTROLLED_ACTION)                                                                           \
    X(ESCALATE_SAFE_MODE)

enum muster_decision {
#define X(name) MUSTER_DECISION_##name,
    MUSTER_DECISIONS(X)
#undef X
        MUSTER_DECISION_COUNT
};

/* The word of a decision; "?" outside the range. */
const char *muster_decision_text(uint64_t decision);
/* Errors: MUSTER_E_NOTFOUND; *ret_decision is untouched. */
int muster_decision_parse(struct muster_bytes word, enum muster_decision *ret_decision);

/* The action by which a decision is carried out; null for NO_ACTION, and for CONTROLLED_ACTION,
 * which leaves it open. */
const char *muster_decision_action(enum muster_decision decision);

#define MUSTER_RESPONSES_MAX 32

/* Response words and the names of the actions they stand for. Needed while a config is loaded. */
struct muster_responses {
    char word[MUSTER_RESPONSES_MAX][MUSTER_NAME_MAX + 1];
    char action[MUSTER_RESPONSES_MAX][MUSTER_NAME_MAX + 1];
    uint32_t count;
};

/* The table of SPEC 1. */
void muster_responses_defaults(struct muster_responses *r);
/* Add a word, or give a known one another action. Errors: MUSTER_E_INVALID when either is empty or
 * longer than a name, MUSTER_E_NOSPACE when the table is full. */
int muster_responses_map(struct muster_responses *r, struct muster_bytes word,
                         struct muster_bytes action);

/* What a word comes to. */
struct muster_response {
    enum muster_decision decision; /* whose action it is: CONTROLLED_ACTION if no other's */
    uint32_t action;               /* index in the caller's list; MUSTER_NAME_NONE: none */
    bool ends;                     /* NO_ESCALATION: no further rule is asked */
};

/* Read a word of the table, NO_ESCALATION, or the name of an action itself. Errors:
 * MUSTER_E_NOTFOUND when it is none of them, MUSTER_E_INVALID when it stands for an action that the
 * caller does not have; *ret_response is then untouched. */
int muster_responses_read(const struct muster_responses *r, struct muster_bytes word,
                          const struct muster_names *actions, struct muster_response *ret_response);

#endif
