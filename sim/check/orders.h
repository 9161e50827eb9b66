/* SPDX-License-Identifier: Apache-2.0 */
/* What operators told a process, and what it handed out. Not for others. */
#ifndef MUSTER_SIM_CHECK_ORDERS_H
#define MUSTER_SIM_CHECK_ORDERS_H

#include "core/orchestrator/enhanced.h"
#include "sim/check/check.h"

#define HANDED_OUT (MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION)
#define TOLD       (MUSTER_EVENT_INPUT + MUSTER_IN_COMMAND)
#define CAME_BACK  (MUSTER_EVENT_INPUT + MUSTER_IN_ACTION)

/* The config of the enhanced orchestrator; null where it is not the one that runs. */
const struct muster_enhanced_config *muster_check_enhanced(const struct muster_world *w);
/* The action of a HANDED_OUT record, by the name in it; MUSTER_ACTIONS_MAX: none of the config. */
uint32_t muster_check_action(const struct muster_world *w, const struct muster_record *r);
/* Whether an action enters safe mode, as the limits count it. */
bool muster_check_is_safe_mode(const struct muster_config *c, uint64_t action);
/* Whether a HANDED_OUT record is an action of the orchestrator: no seal (core/seal.h), which does
 * nothing, and no run of a work item, which knows neither phases nor dry run nor a pause. */
bool muster_check_is_action(const struct muster_record *r);
/* Whether the record is an operator's verb. */
bool muster_check_order(const struct muster_record *r, uint64_t verb);

#endif
