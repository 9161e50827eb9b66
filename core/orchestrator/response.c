/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions and response words: see response.h. */
#include "core/orchestrator/response.h"

#include <assert.h>

static const char *const decision_texts[] = {
#define X(name) #name,
    MUSTER_DECISIONS(X)
#undef X
};

const char *muster_decision_text(uint64_t decision)
{
    return decision < MUSTER_DECISION_COUNT ? decision_texts[decision] : "?";
}

int muster_decision_parse(struct muster_bytes word, enum muster_decision *ret_decision)
{
    for (uint32_t i = 0; i < MUSTER_DECISION_COUNT; i++) {
        if (muster_text_equal(word, decision_texts[i])) {
            *ret_decision = (enum muster_decision)i;
            return 0;
        }
    }
    return MUSTER_E_NOTFOUND;
}

const char *muster_decision_action(enum muster_decision decision)
{
    switch (decision) {
    case MUSTER_DECISION_LOG_ONLY:
        return "log_detailed_state";
    case MUSTER_DECISION_ALERT_OPERATORS:
        return "alert_ground";
    case MUSTER_DECISION_ESCALATE_SAFE_MODE:
        return "enter_safe_mode";
    case MUSTER_DECISION_NO_ACTION:
    case MUSTER_DECISION_CONTROLLED_ACTION:
    case MUSTER_DECISION_COUNT:
        break;
    }
    return NULL;
}

void muster_responses_defaults(struct muster_responses *r)
{
    static const char *const rows[][2] = {
        {"RESTART_SERVICE", "circuit_restart"},
        {"THERMAL_REGULATION", "activate_cooling"},
        {"POWER_LOAD_BALANCING", "reduce_power_load"},
        {"STABILIZATION", "stabilize_attitude"},
        {"ENTER_SAFE_MODE", "enter_safe_mode"},
        {"SAFE_MODE", "enter_safe_mode"},
        {"ALERT_ONLY", "alert_ground"},
        {"PING_GROUND", "alert_ground"},
        {"LOG_EVENT", "log_detailed_state"},
        {"LOG_ONLY", "log_detailed_state"},
        {"MONITOR", "log_detailed_state"},
    };
    memset(r, 0, sizeof *r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int ret =
            muster_responses_map(r, muster_text_bytes(rows[i][0]), muster_text_bytes(rows[i][1]));
        assert(ret == 0);
        (void)ret;
    }
}

/* The row of a word; the count when it is not in the table. */
static uint32_t find(const struct muster_responses *r, struct muster_bytes word)
{
    uint32_t i = 0;
    assert(r->count <= MUSTER_RESPONSES_MAX);
    while (i < r->count && !muster_text_equal(word, r->word[i]))
        i++;
    return i;
}

static bool is_name(struct muster_bytes name)
{
    return name.size > 0 && name.size <= MUSTER_NAME_MAX;
}

int muster_responses_map(struct muster_responses *r, struct muster_bytes word,
                         struct muster_bytes action)
{
    uint32_t i = find(r, word);
    if (!is_name(word) || !is_name(action))
        return MUSTER_E_INVALID;
    if (i == MUSTER_RESPONSES_MAX)
        return MUSTER_E_NOSPACE;
    if (i == r->count) {
        memcpy(r->word[i], word.at, word.size);
        r->count++;
    }
    memset(r->action[i], 0, sizeof r->action[i]);
    memcpy(r->action[i], action.at, action.size);
    return 0;
}

/* The decision an action carries out. */
static enum muster_decision decision_of(const char *action)
{
    for (uint32_t i = 0; i < MUSTER_DECISION_COUNT; i++) {
        const char *own = muster_decision_action((enum muster_decision)i);
        if (own && strcmp(own, action) == 0)
            return (enum muster_decision)i;
    }
    return MUSTER_DECISION_CONTROLLED_ACTION;
}

int muster_responses_read(const struct muster_responses *r, struct muster_bytes word,
                          const struct muster_names *actions, struct muster_response *ret_response)
{
    if (muster_text_equal(word, "NO_ESCALATION")) {
        *ret_response = (struct muster_response){MUSTER_DECISION_NO_ACTION, MUSTER_NAME_NONE, true};
        return 0;
    }
    uint32_t row = find(r, word);
    struct muster_bytes name = row < r->count ? muster_text_bytes(r->action[row]) : word;
    uint32_t action = muster_names_find(actions, name);
    if (action == MUSTER_NAME_NONE)
        return row < r->count ? MUSTER_E_INVALID : MUSTER_E_NOTFOUND;
    *ret_response = (struct muster_response){decision_of(actions->at[action]), action, false};
    return 0;
}
