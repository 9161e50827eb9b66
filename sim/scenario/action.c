/* SPDX-License-Identifier: Apache-2.0 */
/* Names of actions: an expectation of one that does not exist could never fail. */
#include "sim/scenario/inside.h"

#include "config/core_config.h"

#include <assert.h>
#include <string.h>

const struct muster_config *own_config(const struct muster_scenario *s)
{
    bool own = s->process && strcmp(s->process->name, "muster") == 0;
    return own ? s->config : NULL;
}

bool is_configured(const struct muster_config *config, const char *action)
{
    for (uint32_t i = 0; i < config->recovery.action_count; i++) {
        if (strcmp(config->recovery.action[i].name, action) == 0)
            return true;
    }
    return false;
}

void check_action(struct loader *l, const struct muster_doc *node, const char *more)
{
    enum { MOST = MUSTER_ACTIONS_MAX + MUSTER_CORE_ACTIONS_MAX + 2 };
    const char *all[MOST];
    uint32_t n = 0;
    const struct muster_config *config = own_config(l->s);
    if (!config)
        return;
    for (uint32_t i = 0; i < config->recovery.action_count; i++)
        all[n++] = config->recovery.action[i].name;
    for (const char *const *known = muster_core_actions(); *known; known++) {
        if (!is_configured(config, *known))
            all[n++] = *known;
    }
    if (more)
        all[n++] = more;
    assert(n < MOST);
    all[n] = NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(all[i], node->text) == 0)
            return;
    }
    complain_unknown(l, node, "action", all);
}
