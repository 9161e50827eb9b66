/* SPDX-License-Identifier: Apache-2.0 */
/* The list of the shipped properties: safety first, then liveness. */
#include "sim/check/registry.h"

#include "sim/check/check.h"

const struct muster_property *const muster_builtin_properties[] = {
    &muster_check_one_leader_per_epoch,
    &muster_check_one_valid_lease,
    &muster_check_lease_has_majority,
    &muster_check_promise_only_rises,
    &muster_check_own_attempt,
    &muster_check_twin_refuses,
    &muster_check_unknown_read_first,
    &muster_check_store_spared,
    &muster_check_steps_down_in_time,
    &muster_check_effect_epoch,
    &muster_check_no_late_effect,
    &muster_check_no_stale_effect,
    &muster_check_sealed_first,
    &muster_check_effect_once,
    &muster_check_decided_with_quorum,
    &muster_check_pause_kept,
    &muster_check_history_held,
    &muster_check_cooldown_kept,
    &muster_check_one_terminal_record,
    &muster_check_concurrency_kept,
    &muster_check_phase_restrictions_kept,
    &muster_check_limits_kept,
    &muster_check_blast_radius_kept,
    &muster_check_dry_run_runs_nothing,
    &muster_check_history_kept,
    &muster_check_work_once,
    &muster_check_memory_bounded,
    &muster_check_leader_returns,
    &muster_check_members_listed,
    &muster_check_intents_end,
    &muster_check_faults_answered,
    &muster_check_leadership_stable,
    &muster_check_work_ends,
    NULL,
};
