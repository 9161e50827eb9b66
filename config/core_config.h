/* SPDX-License-Identifier: Apache-2.0 */
/* struct muster_config from a mapping: the keys of a scenario's cluster.config and of musterd's
 * file. */
#ifndef MUSTER_CONFIG_CORE_CONFIG_H
#define MUSTER_CONFIG_CORE_CONFIG_H

#include "config/document.h"
#include "core/config.h"

/* Fill *c with the defaults, then with what the mapping says (null: nothing), derive and check
 * (SPEC R6). Keys: every duration of struct muster_config by its name, cluster,
 * coordinator{type: redis|local}, max_clock_drift_ppm, quorum_threshold, poll_interval, enabled,
 * thresholds{…}, cooldowns{action: duration}, recovery_actions{action: {enabled, timeout,
 * max_retries, cooldown, scope}} as in the origin's recovery.yaml. Every complaint in one run;
 * returns 0 or MUSTER_E_INVALID. */
int muster_core_config_load(struct muster_config *c, const struct muster_doc *mapping,
                            struct muster_diagnostics *d);

/* The actions that are known by name (SPEC 1), also where no config mentions them; ends with null.
 */
#define MUSTER_CORE_ACTIONS_MAX 12
const char *const *muster_core_actions(void);

#endif
