/* SPDX-License-Identifier: Apache-2.0 */
/* What operators told a process, and what it handed out: for properties of the orchestrator. */
#include "sim/check/orders.h"

#include "core/coordinator/work_record.h"
#include "core/flat.h"

#include <string.h>

const struct muster_enhanced_config *muster_check_enhanced(const struct muster_world *w)
{
    const struct muster_config *c = muster_check_config(w);
    return c ? c->enhanced : NULL;
}

uint32_t muster_check_action(const struct muster_world *w, const struct muster_record *r)
{
    const struct muster_config *c = muster_check_config(w);
    struct muster_flat_reader reader;
    struct muster_flat_value array, name;
    muster_flat_reader_init(&reader, r->data);
    if (!c || muster_flat_next(&reader, &array) != 0 || muster_flat_next(&reader, &name) != 0)
        return MUSTER_ACTIONS_MAX;
    return muster_acting_find(&c->recovery, name.bytes);
}

bool muster_check_is_safe_mode(const struct muster_config *c, uint64_t action)
{
    return action < c->recovery.action_count &&
           (strcmp(c->recovery.action[action].name, "safe_mode") == 0 ||
            strcmp(c->recovery.action[action].name, "enter_safe_mode") == 0);
}

bool muster_check_is_action(const struct muster_record *r)
{
    return r->arg[1] != 0 && !muster_work_is_intent(r->tag);
}

bool muster_check_order(const struct muster_record *r, uint64_t verb)
{
    return r->kind == MUSTER_EVENT_INPUT + MUSTER_IN_COMMAND && r->arg[0] == verb;
}
