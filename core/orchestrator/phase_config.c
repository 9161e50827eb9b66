/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mission phases and its defaults: see phase.h. */
#include "core/orchestrator/phase.h"

#include <assert.h>

_Static_assert(MUSTER_PHASES_MAX <= 32, "a phase keeps those that may follow in 32 bits");

enum { LAUNCH, DEPLOYMENT, NOMINAL_OPS, PAYLOAD_OPS, SAFE_MODE };

#define LOG      MUSTER_DECISION_LOG_ONLY
#define ALERT    MUSTER_DECISION_ALERT_OPERATORS
#define ACT      MUSTER_DECISION_CONTROLLED_ACTION
#define ESCALATE MUSTER_DECISION_ESCALATE_SAFE_MODE

static const struct {
    const char *name;
    enum muster_decision decision[MUSTER_LEVEL_COUNT];
    uint32_t next;
} defaults[] = {
    [LAUNCH] = {"LAUNCH", {LOG, LOG, ALERT, ESCALATE}, 1U << DEPLOYMENT | 1U << SAFE_MODE},
    [DEPLOYMENT] = {"DEPLOYMENT", {LOG, LOG, ALERT, ESCALATE}, 1U << NOMINAL_OPS | 1U << SAFE_MODE},
    [NOMINAL_OPS] = {"NOMINAL_OPS", {LOG, ACT, ACT, ESCALATE}, 1U << PAYLOAD_OPS | 1U << SAFE_MODE},
    [PAYLOAD_OPS] = {"PAYLOAD_OPS", {LOG, ACT, ACT, ESCALATE}, 1U << NOMINAL_OPS | 1U << SAFE_MODE},
    [SAFE_MODE] = {"SAFE_MODE",
                   {LOG, LOG, LOG, LOG},
                   1U << NOMINAL_OPS | 1U << DEPLOYMENT | 1U << LAUNCH},
};

void muster_phase_config_defaults(struct muster_phase_config *c, const struct muster_names *actions)
{
    assert(actions->count <= MUSTER_PHASE_ACTIONS_MAX);
    memset(c, 0, sizeof *c);
    c->default_decision = MUSTER_DECISION_LOG_ONLY;
    c->min_confidence_for_action_ppm = 700000;
    c->min_confidence_for_escalation_ppm = 800000;
    c->recurrence_window = 3600 * MUSTER_SECOND;
    for (uint32_t i = 0; i < MUSTER_DECISION_COUNT; i++) {
        const char *name = muster_decision_action((enum muster_decision)i);
        c->action_of[i] = MUSTER_NAME_NONE;
        if (name)
            c->action_of[i] = muster_names_find(actions, muster_text_bytes(name));
    }
    for (uint32_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        struct muster_phase_policy *p = &c->phase[c->phase_count++];
        memcpy(p->name, defaults[i].name, strlen(defaults[i].name));
        memcpy(p->decision, defaults[i].decision, sizeof p->decision);
        p->next = defaults[i].next;
    }
}

int muster_phase_config_add(struct muster_phase_config *c, struct muster_bytes name,
                            uint32_t *ret_phase)
{
    if (name.size == 0 || name.size > MUSTER_NAME_MAX)
        return MUSTER_E_INVALID;
    if (muster_phase_find(c, name) != MUSTER_NAME_NONE)
        return MUSTER_E_INVALID;
    if (c->phase_count == MUSTER_PHASES_MAX)
        return MUSTER_E_NOSPACE;
    struct muster_phase_policy *p = &c->phase[c->phase_count];
    memset(p, 0, sizeof *p);
    memcpy(p->name, name.at, name.size);
    for (uint32_t i = 0; i < MUSTER_LEVEL_COUNT; i++)
        p->decision[i] = c->default_decision;
    *ret_phase = c->phase_count++;
    return 0;
}

uint32_t muster_phase_find(const struct muster_phase_config *c, struct muster_bytes name)
{
    assert(c->phase_count <= MUSTER_PHASES_MAX);
    for (uint32_t i = 0; i < c->phase_count; i++) {
        if (muster_text_equal(name, c->phase[i].name))
            return i;
    }
    return MUSTER_NAME_NONE;
}
