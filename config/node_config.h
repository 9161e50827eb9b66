/* SPDX-License-Identifier: Apache-2.0 */
/* The config of a member as files bring it: the core's, and that of the enhanced orchestrator. */
#ifndef MUSTER_CONFIG_NODE_CONFIG_H
#define MUSTER_CONFIG_NODE_CONFIG_H

#include "config/core_config.h"
#include "core/orchestrator/enhanced.h"

/* Not to be moved or copied once it is loaded: core points to what stands behind it. */
struct muster_node_config {
    struct muster_config core; /* .enhanced: null for the basic orchestrator */
    struct muster_enhanced_config enhanced;
    struct muster_acting_options acting; /* of the basic one, when core.acting says so */
};

/* Fill *c from a mapping (null: nothing), which has, beside the keys of muster_core_config_load:
 *
 *   orchestrator: recovery | enhanced       # enhanced when any of the next three is there
 *   dry_run_mode: false                     # `dry_run` is an older name
 *   recovery_policies:                      # `policies` is an older name
 *     power_fault:                          # type of anomaly; unknown_anomaly: every other
 *       severity_threshold: 0.7             # 0.8
 *       escalation_chain:
 *         - {action: NAME, condition: "severity >= 0.7", params: {…}, timeout: 30}
 *   phases:                                 # exactly these exist then, beginning in the first
 *     LAUNCH:
 *       allowed_actions: [WORD, …]          # responses, or actions themselves
 *       forbidden_actions: [WORD, …]
 *       severity_thresholds: {CRITICAL: ESCALATE_SAFE_MODE, …}
 *       escalation_rules: [{condition: "severity >= CRITICAL", action: WORD, justification: TEXT}]
 *   transitions: {LAUNCH: [DEPLOYMENT, SAFE_MODE]}   # of a phase: all of them
 *   initial_phase: LAUNCH
 *   responses: {ISOLATE_SUBSYSTEM: cut_off}          # words for actions, beside SPEC 1's
 *   global: {default_action: LOG_ONLY, min_confidence_for_action: 0.7,
 *            min_confidence_for_escalation: 0.8, recurrence_window_seconds: 3600}
 *   advanced: {max_concurrent_actions: 1, action_timeout_multiplier: 1.5,
 *              verify_recovery_success: true, verification_delay_seconds: 30,
 *              max_verification_attempts: 3, auto_escalate_on_failure: true,
 *              escalation_failure_threshold: 2, max_actions_per_hour: 10,
 *              max_safe_mode_entries_per_day: 5, anomaly_active_seconds: 300}
 *   blast_radius: {share: 10%, min_healthy: 0, min_healthy_share: 51%, clear_after: 0s}
 *   recovery_actions: {NAME: {phase_restrictions: {LAUNCH: false}}}
 *
 * and of both orchestrators, off unless said for the basic one:
 *
 *   action_backoff: {base: 500ms, cap: 8s, jitter: full | equal | decorrelated}   # or false
 *   action_breaker: {failure_threshold: 5, success_threshold: 2, recovery_timeout: 30,
 *                    probe_timeout: 0}                                            # or false
 *
 * Numbers without a unit are seconds here. Actions of SPEC 1 that a policy or a phase names are
 * defined with their defaults where the file does not. Keys of the origin's files that steer
 * nothing here (description, threshold_multiplier, …) are noted once each. Transitions of SPEC 1
 * between phases of its names are there unless the file says otherwise; every phase leads to
 * SAFE_MODE.
 * `others` and the result are those of muster_core_config_load. */
int muster_node_config_load(struct muster_node_config *c, const struct muster_doc *mapping,
                            const char *const *others, struct muster_diagnostics *d);

/* Whether a key is one of those above, of the core or the enhanced orchestrator. */
bool muster_node_config_has(const char *key);

/* Complain of what does not fit a cluster of so many members. 0 or MUSTER_E_INVALID. */
int muster_node_config_fits(const struct muster_config *core, uint32_t members,
                            const struct muster_doc *mapping, struct muster_diagnostics *d);

#endif
