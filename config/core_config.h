/* SPDX-License-Identifier: Apache-2.0 */
/* struct muster_config from a mapping: what a scenario's cluster.config and musterd's file say of
 * the core; node_config.h reads the rest of it. */
#ifndef MUSTER_CONFIG_CORE_CONFIG_H
#define MUSTER_CONFIG_CORE_CONFIG_H

#include "config/document.h"
#include "core/config.h"
#include "core/text.h"

/* Fill *c with the defaults, then with what the mapping says (null: nothing), derive and check
 * (SPEC R6). Keys: every duration of struct muster_config by its name, cluster,
 * coordinator{type: redis|local, wire: native|astra|bridge}, authority: voters|store,
 * max_clock_drift_ppm, quorum_threshold,
 * poll_interval, enabled, thresholds{…}, cooldowns{action: duration},
 * recovery_actions{action: {enabled, timeout, max_retries, cooldown, scope}} as in the origin's
 * recovery.yaml; keys in `others` (ends with null; may be null) are somebody else's in the same
 * mapping. Every complaint in one run; returns 0 or MUSTER_E_INVALID. */
int muster_core_config_load(struct muster_config *c, const struct muster_doc *mapping,
                            const char *const *others, struct muster_diagnostics *d);

/* The whole config, with that of the enhanced orchestrator if there is one, as a mapping in flow
 * style that loads as the same config (node_config.h): what a recording carries along. Nothing of
 * it is secret. */
#define MUSTER_CORE_CONFIG_TEXT_MAX (384 * 1024)
void muster_core_config_write(const struct muster_config *c, struct muster_text *t);

/* The actions that are known by name (SPEC 1), also where no config mentions them; ends with null.
 */
#define MUSTER_CORE_ACTIONS_MAX 12
const char *const *muster_core_actions(void);

#endif
